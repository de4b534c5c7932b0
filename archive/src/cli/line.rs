//! The lines to devices, as arguments: where a shelf or a reader is reached, or where a simulated one serves.

use std::path::PathBuf;

use archive::{Error, ErrorKind};
use archive_core::data_file;
use archive_shelving::dial::Parity;
use clap::ValueEnum;

/// The check bit of a serial line.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum ParityArgument {
    #[default]
    None,
    Even,
    Odd,
}

impl From<ParityArgument> for Parity {
    fn from(parity: ParityArgument) -> Self {
        match parity {
            ParityArgument::None => Self::None,
            ParityArgument::Even => Self::Even,
            ParityArgument::Odd => Self::Odd,
        }
    }
}

/// The map in a file, or the shipped one where none is named.
pub(super) fn map_of<M>(
    path: Option<&PathBuf>,
    shipped: fn() -> M,
    parse: fn(&str, &str) -> Result<M, Error>,
) -> Result<M, Error> {
    match path {
        Some(path) => parse(&path.display().to_string(), &data_file::read(path)?),
        None => Ok(shipped()),
    }
}

/// Runs device work on this thread until it is done.
pub(super) fn run<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Error::new(ErrorKind::Unavailable, "device runtime", "cannot be started").with_source(error)
    })?;
    runtime.block_on(work)
}
