//! `archive rule`: prove numbering rules, lay them out.

use std::path::{Path, PathBuf};

use archive::{Error, ErrorKind};
use archive_core::data_file;
use archive_numbering::{Keywords, check, format_text};
use clap::{Subcommand, ValueEnum};

use super::{Outcome, output};

/// Verbs on rule files.
#[derive(Debug, Subcommand)]
pub(super) enum Rule {
    /// Prove the rules of files sound, or show the shortest counterexample; 3 where one is rejected.
    Check {
        /// Rule files; the rules of one file are proven together.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Print one JSON line a file.
        #[arg(long)]
        json: bool,
    },
    /// Lay rule files out anew.
    Fmt {
        /// Rule files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Write nothing; exit with 1 where a file would change.
        #[arg(long)]
        check: bool,
        /// Turn all keywords into this language; kept as in the file's first rule where absent.
        #[arg(long, value_enum)]
        keywords: Option<Language>,
    },
}

/// The language of keywords.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Language {
    Chinese,
    English,
}

impl Rule {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Check { files, json } => each(files, |path| check_file(path, *json)),
            Self::Fmt { files, check, keywords } => {
                let keywords = keywords.map(|language| match language {
                    Language::Chinese => Keywords::Chinese,
                    Language::English => Keywords::English,
                });
                each(files, |path| format_file(path, *check, keywords))
            }
        }
    }
}

/// Handles each file; one that fails is reported and the rest goes on.
fn each(
    files: &[PathBuf],
    mut handle: impl FnMut(&Path) -> Result<Outcome, Error>,
) -> Result<Outcome, Error> {
    let mut outcome = Outcome::Done;
    for path in files {
        match handle(path) {
            Ok(Outcome::Done) => {}
            Ok(other) if outcome == Outcome::Done => outcome = other,
            Ok(_) => {}
            Err(error) => {
                output::complain(&error);
                outcome = Outcome::PartlyFailed(error.kind());
            }
        }
    }
    Ok(outcome)
}

fn check_file(path: &Path, json: bool) -> Result<Outcome, Error> {
    let text = data_file::read(path)?;
    let report = check(&path.display().to_string(), &text);
    if json { output::print_json(&report) } else { output::print(&report) }?;
    match report.findings.first() {
        None => Ok(Outcome::Done),
        Some(finding) => {
            let object = format!("{} line {} column {}", path.display(), finding.line, finding.column);
            Err(Error::invalid(object, finding.message.clone()))
        }
    }
}

fn format_file(path: &Path, check: bool, keywords: Option<Keywords>) -> Result<Outcome, Error> {
    let text = data_file::read(path)?;
    let formatted = format_text(&text, keywords).map_err(|rejection| {
        let message = rejection.findings().first().map_or(String::new(), ToString::to_string);
        Error::new(ErrorKind::InvalidInput, path.display().to_string(), message)
    })?;
    if formatted == text {
        return Ok(Outcome::Done);
    }
    if check {
        output::print(format_args!("{} would change", path.display()))?;
        return Ok(Outcome::Findings);
    }
    std::fs::write(path, formatted).map_err(|e| Error::io(path, "write", e))?;
    Ok(Outcome::Done)
}
