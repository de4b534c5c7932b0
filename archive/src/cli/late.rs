//! Verbs on late documents and on files that take no more of them.

use std::path::PathBuf;

use archive::{Error, SubmittedDocument};
use archive_core::identifier::{ReferenceCode, RequestKey};
use clap::Args;

use super::{Directory, Outcome, output};

/// Arguments of `archive join`.
#[derive(Debug, Args)]
pub(super) struct Join {
    /// The archive number of the file.
    reference: ReferenceCode,
    /// The documents.
    #[arg(required = true)]
    documents: Vec<PathBuf>,
    /// The request's key.
    #[arg(long)]
    key: RequestKey,
    #[command(flatten)]
    directory: Directory,
}

impl Join {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let documents = self.documents.iter().map(SubmittedDocument::new).collect();
        let outcome = self.directory.open()?.join(&self.reference, self.key.clone(), documents)?;
        super::catalogued::print_outcome(&outcome)?;
        Ok(Outcome::Done)
    }
}

/// Arguments of `archive close`.
#[derive(Debug, Args)]
pub(super) struct Close {
    /// The archive number of the file.
    reference: ReferenceCode,
    /// Who closes it.
    #[arg(long)]
    by: String,
    /// Why.
    #[arg(long, default_value = "办结")]
    reason: String,
    #[command(flatten)]
    directory: Directory,
}

impl Close {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let closing = self.directory.open()?.close_file(&self.reference, &self.by, &self.reason)?;
        output::print(format_args!("{} takes no more documents since {}", self.reference, closing.when))?;
        Ok(Outcome::Done)
    }
}
