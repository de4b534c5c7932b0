//! A CSV file as a snapshot of text columns, in UTF-8 or GB18030.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use archive_core::identifier::quoted;
use archive_core::{Error, ErrorKind};
use archive_reconcile::tables::{Batches, Snapshot, pick_rows};
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use csv::ByteRecord;

use super::BATCH_ROWS;
use super::encoding::{self, Encoding};
use super::read_ahead::read_ahead;

/// The most bytes that one row may have. A quote that is never closed makes one row of the rest of
/// the file; it must not take as much memory.
const ROW_LIMIT: u64 = 16 << 20;

pub(super) struct CsvFile {
    path: PathBuf,
    encoding: Encoding,
    name: String,
    schema: SchemaRef,
}

/// Reads a file and stops where no row ended for [`ROW_LIMIT`] bytes.
struct Rationed {
    file: BufReader<File>,
    since_row: Arc<AtomicU64>,
}

impl Read for Rationed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        if self.since_row.fetch_add(read as u64, Ordering::Relaxed) > ROW_LIMIT {
            let message = format!("one row has more than {ROW_LIMIT} bytes: a quote is not closed");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
        }
        Ok(read)
    }
}

struct Rows {
    reader: csv::Reader<Rationed>,
    since_row: Arc<AtomicU64>,
    name: String,
    encoding: Encoding,
    header: Vec<String>,
}

impl Rows {
    /// Opens the file and reads its header.
    fn open(path: &Path, encoding: Encoding) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|e| Error::io(path, "open the table", e))?;
        let since_row = Arc::new(AtomicU64::new(0));
        let mut file = BufReader::with_capacity(1 << 16, file);
        skip_byte_order_mark(&mut file).map_err(|e| Error::io(path, "read the table", e))?;
        let rationed = Rationed { file, since_row: since_row.clone() };
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(false).from_reader(rationed);
        let mut rows = Self { reader, since_row, name, encoding, header: Vec::new() };
        let mut record = ByteRecord::new();
        if !rows.next(&mut record)? {
            return Err(Error::invalid(&rows.name, "is empty: a table has a header at least"));
        }
        for (i, cell) in record.iter().enumerate() {
            let cell = rows.text(cell, 1, &format!("{}", i + 1))?;
            if cell.trim().is_empty() {
                let message = format!("column {} has no name: name it in the header", i + 1);
                return Err(Error::invalid(format!("{} line 1", rows.name), message));
            }
            let cell = cell.into_owned();
            rows.header.push(cell);
        }
        Ok(rows)
    }

    fn next(&mut self, record: &mut ByteRecord) -> Result<bool, Error> {
        let more = self.reader.read_byte_record(record).map_err(|error| {
            let line = error.position().map_or_else(|| self.reader.position().line(), csv::Position::line);
            let place = format!("{} line {line}", self.name);
            match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    Error::invalid(place, format!("has {len} cells and the header {expected_len}"))
                }
                _ => Error::invalid(place, "is no row of this table").with_source(error),
            }
        })?;
        self.since_row.store(0, Ordering::Relaxed);
        Ok(more)
    }

    fn text<'c>(&self, cell: &'c [u8], line: u64, column: &str) -> Result<Cow<'c, str>, Error> {
        self.encoding.decode(cell).ok_or_else(|| {
            let place = format!("{} line {line}, column {}", self.name, quoted(column));
            Error::invalid(
                place,
                "is cut off within a character, or was changed meanwhile: export the table anew",
            )
        })
    }

    fn batch(&mut self, columns: &[usize], schema: &SchemaRef) -> Option<Result<RecordBatch, Error>> {
        let mut builders: Vec<_> = columns.iter().map(|_| StringBuilder::new()).collect();
        let mut record = ByteRecord::new();
        let mut count = 0;
        while count < BATCH_ROWS {
            match self.next(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Some(Err(error)),
            }
            count += 1;
            for (builder, column) in builders.iter_mut().zip(columns) {
                // All records have the header's length, in which the columns were found.
                let line = record.position().map_or(0, csv::Position::line);
                match self.text(&record[*column], line, &self.header[*column]) {
                    Ok(text) => builder.append_value(text),
                    Err(error) => return Some(Err(error)),
                }
            }
        }
        if count == 0 {
            return None;
        }
        let arrays = builders.iter_mut().map(|b| Arc::new(b.finish()) as ArrayRef).collect();
        let internal =
            |e| Error::new(ErrorKind::Internal, &self.name, "cannot be put in a batch").with_source(e);
        Some(RecordBatch::try_new(schema.clone(), arrays).map_err(internal))
    }
}

/// Passes over the byte order mark that some programs put before UTF-8.
fn skip_byte_order_mark(file: &mut BufReader<File>) -> std::io::Result<()> {
    use std::io::BufRead as _;
    if file.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        file.consume(3);
    }
    Ok(())
}

impl CsvFile {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|e| Error::io(path, "open the table", e))?;
        let encoding = encoding::detect(&name, BufReader::with_capacity(1 << 16, file))?;
        let rows = Rows::open(path, encoding)?;
        let fields: Vec<_> = rows.header.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
        Ok(Self { path: path.to_owned(), encoding, name: rows.name, schema: Arc::new(Schema::new(fields)) })
    }
}

impl Snapshot for CsvFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn row_count(&self) -> Option<u64> {
        None
    }

    fn read(&self, columns: &[usize]) -> Result<Batches<'_>, Error> {
        let mut rows = Rows::open(&self.path, self.encoding)?;
        let columns = columns.to_vec();
        let schema = self.schema.project(&columns).map_err(|e| {
            Error::new(ErrorKind::Internal, &self.name, "was asked for a column it lacks").with_source(e)
        })?;
        let schema = Arc::new(schema);
        let mut failed = false;
        Ok(read_ahead(Box::new(std::iter::from_fn(move || {
            if failed {
                return None;
            }
            let batch = rows.batch(&columns, &schema);
            failed = matches!(batch, Some(Err(_)));
            batch
        }))))
    }

    fn fetch<'a>(&'a self, columns: &[usize], rows: &'a [u64]) -> Result<Batches<'a>, Error> {
        Ok(pick_rows(self.read(columns)?, rows))
    }
}
