//! Verbs on what leaves the archive: transfer packages, evidence packages, copies for readers.

use std::path::{Path, PathBuf};

use archive::printing::Font;
use archive::transfer::{self, Layout};
use archive::using::ReadingRequest;
use archive::{Error, ErrorKind};
use archive_core::identifier::ReferenceCode;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};

use super::printing::say;
use super::{Directory, Outcome, output};

/// Verbs on transfer packages.
#[derive(Debug, Subcommand)]
pub(super) enum Transfer {
    /// Write files as a package.
    Export {
        /// The archive numbers.
        #[arg(required = true)]
        references: Vec<ReferenceCode>,
        /// Where the package is to stand.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The package's form.
        #[arg(long, default_value = "bagit",
            value_parser = PossibleValuesParser::new(Layout::NAMES).try_map(|name| name.parse::<Layout>()))]
        layout: Layout,
        #[command(flatten)]
        directory: Directory,
    },
    /// Check a package: 3 where it is not sound.
    Validate {
        /// The package.
        package: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// File what a package holds.
    TakeIn {
        /// The package.
        package: PathBuf,
        #[command(flatten)]
        directory: Directory,
    },
}

impl Transfer {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Export { references, out, layout, directory } => {
                let done = directory.open()?.export(references, *layout, out)?;
                output::print(format_args!(
                    "{}: {} files, {} documents",
                    done.path.display(),
                    done.files,
                    done.documents
                ))?;
            }
            Self::Validate { package, json } => return validate(package, *json),
            Self::TakeIn { package, directory } => {
                for (reference, outcome) in directory.open()?.take_in(package)?.files {
                    let again = if outcome.repeated { " (taken in before)" } else { "" };
                    output::print(format_args!("{reference} is {} here{again}", outcome.reference_code))?;
                }
            }
        }
        Ok(Outcome::Done)
    }
}

fn validate(package: &Path, json: bool) -> Result<Outcome, Error> {
    let report = transfer::validate(package)?;
    if json {
        output::print_json(&report)?;
    } else {
        for warning in &report.warnings {
            output::print(format_args!("warning: {warning}"))?;
        }
        for fault in &report.faults {
            output::print(format_args!("fault: {fault}"))?;
        }
    }
    if report.is_sound() {
        if !json {
            output::print(format_args!("{}: sound; {} files", package.display(), report.files))?;
        }
        return Ok(Outcome::Done);
    }
    let message = format!("is no sound package: {} faults", report.faults.len());
    Err(Error::new(ErrorKind::Corrupt, package.display().to_string(), message))
}

/// Arguments of `archive copy`.
#[derive(Debug, Args)]
pub(super) struct ReadingCopy {
    /// The archive number.
    reference: ReferenceCode,
    /// 查阅人.
    #[arg(long)]
    reader: String,
    /// 利用目的.
    #[arg(long)]
    purpose: String,
    /// The PDF.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    directory: Directory,
}

impl ReadingCopy {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let request = ReadingRequest {
            reference: self.reference.clone(),
            reader: self.reader.clone(),
            purpose: self.purpose.clone(),
            documents: None,
        };
        let copy = self.directory.open()?.reading_copy(&request, &Font::find()?)?;
        for id in &copy.not_shown {
            output::print(format_args!("{id}: cannot be shown on paper"))?;
        }
        say(&self.out, &copy.printout.write(&self.out)?)
    }
}

/// Arguments of `archive evidence`.
#[derive(Debug, Args)]
pub(super) struct Evidence {
    /// The archive number.
    reference: ReferenceCode,
    /// What the evidence is for.
    #[arg(long)]
    purpose: String,
    /// Where the package is to stand.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    directory: Directory,
}

impl Evidence {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let archive = self.directory.open()?;
        let path = archive.evidence_package(&self.reference, &self.purpose, &self.out, &Font::find()?)?;
        output::print(format_args!("{}: a bag with documents, digests and proofs", path.display()))?;
        Ok(Outcome::Done)
    }
}
