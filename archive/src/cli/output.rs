//! Printing: JSON lines for programs, sentences and bars for people.

use std::fmt::Display;
use std::io::Write as _;

use archive::setup::Progress;
use archive::{Error, ErrorKind};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Writes an error to standard error as one sentence.
pub(super) fn complain(error: &Error) {
    eprintln!("archive: {}", error.report());
}

/// Writes `line` and a line end to standard output. A reader that went away (`| head`) ends the
/// program quietly, as other commands end.
pub(super) fn print(line: impl Display) -> Result<(), Error> {
    writeln!(std::io::stdout().lock(), "{line}").or_else(|error| {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        Err(Error::new(ErrorKind::Unavailable, "standard output", "cannot be written").with_source(error))
    })
}

/// Writes `value` as one JSON line to standard output.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string(value)
        .map_err(|e| Error::new(ErrorKind::Internal, "JSON", "cannot be written").with_source(e))?;
    print(text)
}

/// A bar over `total` things; drawn only where a terminal looks on.
pub(super) fn bar(total: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(total as u64).with_message(what);
    bar.set_style(style("{msg} [{bar:30}] {pos}/{len} {eta}"));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .map_or_else(|_| ProgressStyle::default_bar(), |s| s.progress_chars("=> "))
}

/// Shows a set-up: a bar for each package where a terminal looks on, else a line for each.
#[derive(Debug, Default)]
pub(super) struct SetupDisplay {
    current: Option<(String, ProgressBar)>,
}

impl SetupDisplay {
    pub(super) fn show(&mut self, progress: Progress<'_>) {
        match progress {
            Progress::Ready => {}
            Progress::Fetching { package, bytes, total } => {
                if self.current.as_ref().is_none_or(|(name, _)| name != package) {
                    let bar = ProgressBar::new(total);
                    bar.set_style(style("fetching {msg} [{bar:30}] {bytes}/{total_bytes} {eta}"));
                    bar.set_message(package.to_owned());
                    if bar.is_hidden() {
                        eprintln!("fetching {package} ({:.1} MB)", total as f64 / 1e6);
                    }
                    self.current = Some((package.to_owned(), bar));
                }
                if let Some((_, bar)) = &self.current {
                    bar.set_position(bytes);
                }
            }
            Progress::Unpacking { .. } => {
                if let Some((_, bar)) = self.current.take() {
                    bar.finish();
                }
            }
        }
    }
}
