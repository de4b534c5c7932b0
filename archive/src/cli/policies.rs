//! `archive policy`: check packs, lay them side by side, see what a change would touch.

use std::path::{Path, PathBuf};

use archive::{Config, Error, ErrorKind, NumberRules};
use archive_core::data_file;
use archive_core::policy::{Change, Policy, contradictions};
use clap::Subcommand;

use super::{Directory, Outcome, output};

/// Verbs on policy packs.
#[derive(Debug, Subcommand)]
pub(super) enum Packs {
    /// Check packs one by one and, where there are several, against each other; 3 where one is refused.
    Check {
        /// Policy packs; the shipped one where none is given.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The archive whose number rules must print the packs' fonds and organisation; the shipped rules where none
        /// is given.
        #[arg(long, value_name = "DIR")]
        archive: Option<PathBuf>,
        /// Print one JSON line a pack.
        #[arg(long)]
        json: bool,
    },
    /// Print the shipped pack, to start one's own from.
    Show,
    /// Show which existing files a pack would touch, before it applies.
    Impact {
        /// The pack that is to apply.
        #[arg(value_name = "FILE")]
        pack: PathBuf,
        #[command(flatten)]
        directory: Directory,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Exit with 1 where a file would be touched.
        #[arg(long)]
        check: bool,
    },
}

impl Packs {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Check { files, archive, json } => check(files, archive.as_deref(), *json),
            Self::Show => {
                output::print(archive_core::policy::REFERENCE_TEXT.trim_end())?;
                Ok(Outcome::Done)
            }
            Self::Impact { pack, directory, json, check } => impact(pack, directory, *json, *check),
        }
    }
}

fn load(path: &Path) -> Result<Policy, Error> {
    Policy::parse(&path.display().to_string(), &data_file::read(path)?)
}

fn check(files: &[PathBuf], archive: Option<&Path>, json: bool) -> Result<Outcome, Error> {
    let rules = match archive {
        Some(directory) => Config::load(directory)?.rules().clone(),
        None => NumberRules::shipped()?,
    };
    let mut outcome = Outcome::Done;
    let mut packs = Vec::new();
    if files.is_empty() {
        let pack = Policy::reference();
        rules.check_policy(&pack)?;
        packs.push(pack);
    }
    for path in files {
        let pack = load(path).and_then(|pack| rules.check_policy(&pack).map(|()| pack));
        match pack {
            Ok(pack) => packs.push(pack),
            Err(error) => {
                output::complain(&error);
                outcome = Outcome::PartlyFailed(error.kind());
            }
        }
    }
    for pack in &packs {
        let requirements: usize = pack.processes().map(|p| p.requirements.len()).sum();
        if json {
            output::print_json(&serde_json::json!({
                "pack": pack.version(),
                "effective": pack.effective(),
                "processes": pack.processes().count(),
                "papers": requirements,
                "documents": pack.documents().count(),
            }))?;
        } else {
            output::print(format_args!(
                "{}: sound; from {}; {} processes ask for {requirements} papers of {} kinds",
                pack.version(),
                pack.effective(),
                pack.processes().count(),
                pack.documents().count(),
            ))?;
        }
    }
    for found in contradictions(&packs) {
        output::complain(&Error::new(ErrorKind::Conflict, "policy packs", found.to_string()));
        outcome = Outcome::PartlyFailed(ErrorKind::Conflict);
    }
    Ok(outcome)
}

fn impact(pack: &Path, directory: &Directory, json: bool, check: bool) -> Result<Outcome, Error> {
    let new = load(pack)?;
    let archive = archive::Archive::open(Config::load(&directory.path)?)?;
    let impact = archive.policy_impact(&new)?;
    if json {
        output::print_json(&impact)?;
    } else {
        for file in &impact.touched {
            for change in &file.changes {
                output::print(format_args!("{}: {}", file.reference, describe(change)))?;
            }
        }
        output::print(format_args!(
            "from {} to {}: {} of {} files would be touched",
            impact.from,
            impact.to,
            impact.touched.len(),
            impact.looked_at
        ))?;
    }
    Ok(if check && !impact.touched.is_empty() { Outcome::Findings } else { Outcome::Done })
}

fn describe(change: &Change) -> String {
    match change {
        Change::Retention { from, to } => format!("kept {to} instead of {from}"),
        Change::Custody { from, to } => format!("custody {to} instead of {from}"),
        Change::Grouping { from, to } => format!("filed under {to} instead of {from}"),
        Change::Completeness { from, to, newly_open, no_longer_open } => {
            let mut text = format!("{to} instead of {from}");
            for (what, names) in [("newly open", newly_open), ("no longer open", no_longer_open)] {
                if !names.is_empty() {
                    text.push_str(&format!("; {what}: {}", names.join(", ")));
                }
            }
            text
        }
        Change::ProcessGone => "its process is not in the new pack".to_owned(),
    }
}
