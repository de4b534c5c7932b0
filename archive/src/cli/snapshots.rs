//! `archive reconcile --left L --right R`: two tables in files, row by row.

use std::ops::ControlFlow;
use std::path::Path;

use archive::Error;
use archive::snapshots::{CsvStyle, Findings, reconcile_files};
use archive_core::data_file;
use archive_reconcile::Schema;
use archive_reconcile::tables::{Options, Progress, Stage};

use super::{Outcome, output};

/// What to compare, and where what differs is written.
#[derive(Debug)]
pub(super) struct Tables<'a> {
    /// The archive's table: Parquet, Arrow or CSV.
    pub(super) left: &'a Path,
    /// The marketing system's table.
    pub(super) right: &'a Path,
    /// The columns that name a row.
    pub(super) keys: &'a [String],
    /// The schema of comparison; `None` for the shipped one.
    pub(super) schema: Option<&'a Path>,
    /// Columns that are not compared.
    pub(super) ignore: &'a [String],
    /// The bytes that fingerprints and differing rows may take.
    pub(super) memory: Option<u64>,
    /// The file of findings, `.parquet` or `.csv`.
    pub(super) out: &'a Path,
    /// Whether CSV is written for programs instead of spreadsheets.
    pub(super) lossless: bool,
    /// Whether the summary is printed as JSON.
    pub(super) json: bool,
    /// Whether differences are told by the exit code.
    pub(super) check: bool,
}

/// Compares two tables, writes what differs, and prints how much.
pub(super) fn run(tables: &Tables<'_>) -> Result<Outcome, Error> {
    let schema = match tables.schema {
        Some(path) => {
            let text = data_file::read(path)?;
            Schema::parse(&path.display().to_string(), &text)?
        }
        None => Schema::reference(),
    };
    let schema = schema.ignoring(tables.ignore.iter().cloned());
    let style = if tables.lossless { CsvStyle::Lossless } else { CsvStyle::FormulaSafe };
    let out = Findings::create(tables.out)?.with_style(style);
    let bar = output::bar(0, "comparing");
    let progress = |progress: Progress| {
        bar.set_message(match progress.stage {
            Stage::Left => "reading left",
            Stage::Right => "reading right",
            Stage::Fetch => "fetching what differs",
        });
        bar.set_length(progress.of.unwrap_or(progress.rows));
        bar.set_position(progress.rows);
        ControlFlow::Continue(())
    };
    let options = Options { memory: tables.memory, progress: Some(&progress), ..Options::default() };
    let result = reconcile_files(tables.left, tables.right, tables.keys, &schema, &options, out);
    bar.finish_and_clear();
    let summary = result?;
    let counts = summary.counts;
    if tables.json {
        output::print_json(&serde_json::json!({
            "left_rows": summary.left_rows,
            "right_rows": summary.right_rows,
            "missing_left": counts.missing_left,
            "missing_right": counts.missing_right,
            "duplicates": counts.duplicates,
            "mismatches": counts.mismatches,
            "keyless_left": counts.keyless_left,
            "keyless_right": counts.keyless_right,
            "fields": summary.fields,
            "passes": summary.passes,
            "out": tables.out,
        }))?;
    } else {
        output::print(format_args!(
            "{} rows against {}: {} missing left, {} missing right, {} duplicate keys, {} cells differ; {}",
            summary.left_rows,
            summary.right_rows,
            counts.missing_left,
            counts.missing_right,
            counts.duplicates,
            counts.mismatches,
            tables.out.display(),
        ))?;
        if counts.keyless_left + counts.keyless_right > 0 {
            let (left, right) = (counts.keyless_left, counts.keyless_right);
            output::print(format_args!("rows without a key: {left} left, {right} right"))?;
        }
    }
    Ok(if tables.check && !counts.is_equal() { Outcome::Findings } else { Outcome::Done })
}

/// Reads a number of bytes such as `4GiB`, `512MiB` or `1000000`.
///
/// For `clap`'s `value_parser`, whose errors are text.
pub(super) fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return Err("write a number of bytes such as 4GiB, 512MiB or 1000000".to_owned()),
    };
    let bytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(factor));
    bytes
        .filter(|b| *b > 0)
        .ok_or_else(|| "write a number of bytes such as 4GiB, 512MiB or 1000000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_with_their_unit() {
        assert_eq!(parse_bytes("4GiB"), Ok(4 << 30));
        assert_eq!(parse_bytes("512 MiB"), Ok(512 << 20));
        assert_eq!(parse_bytes("1000000"), Ok(1_000_000));
        for bad in ["", "GiB", "4 giga", "-1", "0", "99999999999999999999", "99999999999GiB"] {
            assert!(parse_bytes(bad).is_err(), "{bad}");
        }
    }
}
