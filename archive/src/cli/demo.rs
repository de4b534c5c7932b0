//! `archive demo`: the main job on the sample scans, end to end.

use std::path::PathBuf;
use std::time::Instant;

use archive::{Archive, Config, Error, samples};
use clap::Args;

use super::{Outcome, catalogued, output, setup};

/// Arguments of `archive demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Where scans, catalogue and report go.
    #[arg(long, value_name = "DIR", default_value = "archive-demo")]
    out: PathBuf,
    /// Print the outcome as JSON instead of the summary.
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let models = setup::ensure()?;
        let begin = Instant::now();
        // Each run is a request of its own: a second run files the papers anew, into the same box.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let request = samples::write(&self.out.join("scans"), format!("demo-{}", now.as_millis()).parse()?)?;
        let mut config = Config::create(&self.out.join("archive"))?;
        config.models = Some(models);
        let archive = Archive::open(config)?;
        let bar = output::bar(1, "reading, checking and filing three papers");
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        let outcome = archive.file(&request)?;
        bar.finish_and_clear();
        let page = archive.report_filings(&self.out.join("report"), std::slice::from_ref(&outcome))?;
        if self.json {
            output::print_json(&outcome)?;
            return Ok(Outcome::Done);
        }
        output::print(
            "Three papers of one customer were read, checked against the marketing system and filed:\n",
        )?;
        catalogued::print_outcome(&outcome)?;
        let inventory = archive.inventory()?;
        output::print(format_args!(
            "\n{} of {} boxes seen by the tag reader. Done in {:.1} s.",
            inventory.boxes.iter().filter(|b| b.sighting == archive_store::Sighting::Present).count(),
            inventory.boxes.len(),
            begin.elapsed().as_secs_f64(),
        ))?;
        output::print(format_args!("Report, with the scan beside each finding: {}", page.display()))?;
        output::print(format_args!(
            "Look further: archive locate {} --archive {}",
            outcome.reference_code,
            archive.config().directory().display(),
        ))?;
        Ok(Outcome::Done)
    }
}
