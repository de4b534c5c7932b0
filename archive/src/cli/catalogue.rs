//! Verbs on the catalogue as a whole.

use std::path::PathBuf;

use archive::{Config, Error, catalogue_files};
use clap::Subcommand;

use super::{Directory, Outcome, output};

/// Verbs on the catalogue as a whole.
#[derive(Debug, Subcommand)]
pub(super) enum Catalogue {
    /// Copy the catalogue as it is at this moment to a new file, while others go on working: of a file, a database
    /// that can take its place; of a server, what `PostgresCatalogue::restore` takes.
    BackUp {
        /// The new file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        directory: Directory,
    },
    /// Write every table to a Parquet file.
    Export {
        /// The new directory for the files.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        #[command(flatten)]
        directory: Directory,
    },
    /// Read exported tables into a catalogue that is empty, of whatever backend.
    Import {
        /// The directory of the files.
        from: PathBuf,
        #[command(flatten)]
        directory: Directory,
    },
}

impl Catalogue {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let (Self::BackUp { directory, .. }
        | Self::Export { directory, .. }
        | Self::Import { directory, .. }) = self;
        // Opened as it is: an archive would enter its slots at once.
        let catalogue = archive_store::open(Config::load(&directory.path)?.catalogue())?;
        let (done, manifest, path) = match self {
            Self::BackUp { out, .. } => {
                catalogue.back_up(out)?;
                output::print(format_args!("backed up to {}", out.display()))?;
                return Ok(Outcome::Done);
            }
            Self::Export { out, .. } => ("written to", catalogue_files::export(&*catalogue, out)?, out),
            Self::Import { from, .. } => ("taken in from", catalogue_files::import(&*catalogue, from)?, from),
        };
        let rows: u64 = manifest.tables.values().map(|table| table.rows).sum();
        output::print(format_args!(
            "{rows} rows {done} {}; {} log entries",
            path.display(),
            manifest.checkpoint.size
        ))?;
        Ok(Outcome::Done)
    }
}
