//! `archive reconcile --left L --right R`: two tables in files, row by row.

use std::ops::ControlFlow;
use std::path::Path;

use archive::Error;
use archive::snapshots::{
    CsvStyle, Findings, ScratchDirectory, open_schema, open_source, reconcile_snapshots, refuse_overwriting,
    summary_json, write_candidates,
};
use archive_reconcile::tables::{OneSidedKeys, Options, Progress, Stage, Summary};
use chrono::NaiveDate;

use super::{Outcome, output};

/// What to compare, and where what differs is written.
#[derive(Debug)]
pub(super) struct Tables<'a> {
    /// The archive's table: a path, `catalogue:DIR` or a database's table.
    pub(super) left: &'a str,
    /// The marketing system's table.
    pub(super) right: &'a str,
    /// The columns that name a row.
    pub(super) keys: &'a [String],
    /// The schema of comparison; `None` for the shipped one.
    pub(super) schema: Option<&'a Path>,
    /// Columns that are not compared.
    pub(super) ignore: &'a [String],
    /// The bytes that fingerprints and differing rows may take.
    pub(super) memory: Option<u64>,
    /// Where fingerprints are written that do not fit; the system's place where absent.
    pub(super) scratch: Option<&'a Path>,
    /// The day of the comparison, from which the schema's grace is counted.
    pub(super) today: NaiveDate,
    /// The file of findings, or a directory for it.
    pub(super) out: &'a Path,
    /// The file of candidates for rows that stand on one side only.
    pub(super) candidates: Option<&'a Path>,
    /// Whether CSV is written for programs instead of spreadsheets.
    pub(super) lossless: bool,
    /// Whether the summary is printed as JSON.
    pub(super) json: bool,
    /// Whether differences are told by the exit code.
    pub(super) check: bool,
}

/// Compares two tables, writes what differs, and prints how much.
pub(super) fn run(tables: &Tables<'_>) -> Result<Outcome, Error> {
    let schema = open_schema(tables.schema)?.ignoring(tables.ignore.iter().cloned());
    let style = CsvStyle::of(tables.lossless);
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
    let scratch = tables.scratch.map_or_else(ScratchDirectory::of_system, ScratchDirectory::new);
    let options = Options {
        memory: tables.memory,
        scratch: Some(&scratch),
        today: Some(tables.today),
        progress: Some(&progress),
        ..Options::default()
    };
    let candidates = tables.candidates.map(Findings::create).transpose()?;
    let mut found = 0;
    let result: Result<Summary, Error> = (|| {
        for input in [tables.left, tables.right] {
            refuse_overwriting(Path::new(input), out.path())?;
        }
        let (left, right) = (open_source(tables.left)?, open_source(tables.right)?);
        let mut one_sided = OneSidedKeys::default();
        let (left, right, keys) = (left.as_ref(), right.as_ref(), tables.keys);
        let summary = reconcile_snapshots(left, right, keys, &schema, &options, out, &mut |batch| {
            if tables.candidates.is_some() {
                one_sided.gather(batch, keys.len());
            }
        })?;
        if let Some(candidates) = candidates {
            found = write_candidates(left, right, keys, &schema, &one_sided, candidates.with_style(style))?;
        }
        Ok(summary)
    })();
    bar.finish_and_clear();
    let summary = result?;
    let counts = summary.counts;
    if tables.json {
        let mut answer = summary_json(&summary);
        answer["candidates"] = serde_json::json!(tables.candidates.map(|_| found));
        answer["out"] = serde_json::json!(tables.out);
        output::print_json(&answer)?;
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
        if let Some(path) = tables.candidates {
            output::print(format_args!("{found} candidates for rows on one side only; {}", path.display()))?;
        }
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
