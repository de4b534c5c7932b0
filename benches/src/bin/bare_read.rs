//! Reads all columns of Parquet files and does nothing with them: what any comparison pays first.
//!
//! usage: `bare_read FILE...`; run by `reconcile/measure.py`.

use std::fs::File;
use std::process::ExitCode;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn main() -> ExitCode {
    for path in std::env::args().skip(1) {
        match read(&path) {
            Ok(rows) => println!("{path}: {rows} rows"),
            Err(error) => {
                eprintln!("{path}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn read(path: &str) -> Result<usize, Box<dyn std::error::Error>> {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.with_batch_size(8192).build()?;
    let mut rows = 0;
    for batch in reader {
        rows += batch?.num_rows();
    }
    Ok(rows)
}
