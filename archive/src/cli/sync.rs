//! `archive sync`: the catalogue follows what the readers see.

use archive::{Error, SyncChange};
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_shelving::sync::Decision;
use clap::Args;

use super::{Directory, Outcome, output};

/// Arguments of `archive sync`.
#[derive(Debug, Args)]
pub(super) struct Sync {
    #[command(flatten)]
    directory: Directory,
    /// Show the automatic changes so far; change nothing.
    #[arg(long, conflicts_with = "undo")]
    list: bool,
    /// Take a change back, by the name that --list shows.
    #[arg(long, value_name = "CHANGE")]
    undo: Option<RequestKey>,
    /// Accept what this inventory saw, by the key that `archive inventory` tells, instead of reading anew.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["list", "undo"])]
    inventory: Option<RequestKey>,
    /// Accept it of this box alone; several may be named.
    #[arg(long = "box", value_name = "BOX", requires = "inventory")]
    boxes: Vec<BoxNumber>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Exit with 1 where something is left to a person.
    #[arg(long)]
    check: bool,
}

impl Sync {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let archive = self.directory.open()?;
        if let Some(id) = &self.undo {
            self.print(&archive.undo_sync(id)?)?;
            return Ok(Outcome::Done);
        }
        if self.list {
            archive.sync_changes()?.iter().try_for_each(|change| self.print(change))?;
            return Ok(Outcome::Done);
        }
        let report = match &self.inventory {
            Some(key) => archive.accept_inventory(key, &self.boxes)?,
            None => archive.synchronise(&archive.inventory()?.evidence()?)?,
        };
        if self.json {
            output::print_json(&report)?;
        } else {
            report.changes.iter().try_for_each(|change| self.print(change))?;
            report.findings.iter().try_for_each(|finding| output::print(format_args!("look: {finding}")))?;
            let (changes, findings) = (report.changes.len(), report.findings.len());
            output::print(format_args!("{changes} changes, {findings} left to a person"))?;
        }
        let left = self.check && !report.findings.is_empty();
        Ok(if left { Outcome::Findings } else { Outcome::Done })
    }

    fn print(&self, change: &SyncChange) -> Result<(), Error> {
        if self.json {
            return output::print_json(change);
        }
        let what = match &change.decision {
            Decision::Moved { from, to, .. } => format!("moved from {from} to {to}"),
            Decision::TakenOut { from, .. } => format!("taken out of {from}"),
            Decision::PutBack { slot, .. } => format!("put back into {slot}"),
            Decision::Finding { conflict, .. } => conflict.to_string(),
        };
        let undone = if change.undone { ", undone" } else { "" };
        output::print(format_args!("{}: box {} {what}{undone}", change.id, change.box_number))
    }
}
