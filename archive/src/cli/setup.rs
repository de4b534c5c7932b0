//! `archive setup`.

use std::path::PathBuf;

use archive::{Error, setup};
use clap::Args;

use super::{Outcome, output};

/// Arguments of `archive setup`.
#[derive(Debug, Args)]
pub(super) struct Setup {
    /// Print the directory as JSON.
    #[arg(long)]
    json: bool,
}

impl Setup {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let directory = ensure()?;
        if self.json {
            output::print_json(&serde_json::json!({ "models": directory }))?;
        } else {
            let mut display = output::SetupDisplay::default();
            let font = setup::ensure_font(&setup::cache_dir()?, &mut |progress| display.show(progress))?;
            output::print(format_args!("engine and models are in {}", directory.display()))?;
            output::print(format_args!("the font for printing is {}", font.display()))?;
        }
        Ok(Outcome::Done)
    }
}

/// Fetches what is not there yet, showing progress.
pub(super) fn ensure() -> Result<PathBuf, Error> {
    let mut display = output::SetupDisplay::default();
    setup::ensure(&setup::cache_dir()?, &mut |progress| display.show(progress))
}
