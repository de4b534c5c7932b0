//! `archive simulate-year`: a county branch for a year, and whether every invariant holds at its end.

use std::path::PathBuf;

use archive::Error;
use clap::Args;

use super::{Outcome, output};

/// Arguments of `archive simulate-year`.
#[derive(Debug, Args)]
pub(super) struct SimulateYear {
    /// How many business processes end in the year; each has about five documents.
    #[arg(long, default_value_t = 20_000)]
    processes: usize,
    /// Decides everything that chance decides.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// A new directory for it.
    #[arg(long, value_name = "DIR")]
    directory: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl SimulateYear {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        use archive::simulation::{Year, simulate};
        let began = std::time::Instant::now();
        let summary = simulate(&Year { processes: self.processes, seed: self.seed }, &self.directory)?;
        if self.json {
            output::print_json(&summary)?;
        } else {
            output::print(&summary)?;
            output::print(format_args!("time        {:.1} s", began.elapsed().as_secs_f64()))?;
        }
        Ok(if summary.broken.is_empty() { Outcome::Done } else { Outcome::Findings })
    }
}
