//! `archive review`: decisions that reviewers made on the exception page.

use std::path::PathBuf;

use archive::Error;
use archive::alert_book::AlertBook;
use clap::{Args, Subcommand};

use super::alerts::{BookFile, rules_of};
use super::{Directory, Outcome, output};

/// Verbs of `archive review`.
#[derive(Debug, Subcommand)]
pub(super) enum Review {
    /// Take a file of decisions into the book of alerts and the evidence log; all or nothing.
    Import(Import),
}

impl Review {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Import(verb) => verb.run(),
        }
    }
}

/// Arguments of `archive review import`.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file that the exception page exported.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    directory: Directory,
    #[command(flatten)]
    book: BookFile,
    /// The rules of early warning, for findings that were no alerts yet; the shipped ones where absent.
    #[arg(long, value_name = "TOML")]
    rules: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Import {
    fn run(&self) -> Result<Outcome, Error> {
        let review = archive::review::Review::load(&self.file)?;
        let rules = rules_of(self.rules.as_deref())?;
        let archive = self.directory.open()?;
        let mut book = AlertBook::open(&self.book.path(&self.directory))?;
        let imported = archive.import_review(&review, &mut book, &rules)?;
        if self.json {
            output::print_json(&imported)?;
        } else {
            output::print(format_args!(
                "{} decisions taken, {} known already",
                imported.taken, imported.known
            ))?;
        }
        Ok(Outcome::Done)
    }
}
