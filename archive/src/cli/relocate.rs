//! `archive relocate`: many boxes to other slots, by a mapping.

use std::path::PathBuf;

use archive::Error;
use archive::relocation::{RelocationProgress, load_mapping};
use archive_core::holding::TagEpc;
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_store::MoveState;
use clap::{Args, Subcommand};

use super::{Directory, Outcome, output};

/// Verbs on batch relocations.
#[derive(Debug, Subcommand)]
pub(super) enum Relocate {
    /// Plan the fewest moves that bring each box of a mapping to its slot.
    Plan {
        /// CSV with the columns box and slot.
        mapping: PathBuf,
        /// The plan's key; the same plan again changes nothing.
        #[arg(long)]
        key: RequestKey,
        #[command(flatten)]
        target: Target,
    },
    /// Show how far a plan has come.
    Show {
        /// The plan's key.
        key: RequestKey,
        #[command(flatten)]
        target: Target,
    },
    /// List the keys of all plans.
    List {
        #[command(flatten)]
        directory: Directory,
    },
    /// Carry out the next moves with the devices; go on after any stop.
    CarryOut {
        /// The plan's key.
        key: RequestKey,
        /// The most moves; all that are left where absent.
        #[arg(long)]
        moves: Option<usize>,
        #[command(flatten)]
        target: Target,
    },
    /// Give the receipt of a box that a person put where the plan sends it.
    Receive {
        /// The plan's key.
        key: RequestKey,
        /// The box.
        number: BoxNumber,
        /// The tag that was seen on it.
        #[arg(long)]
        tag: Option<TagEpc>,
        #[command(flatten)]
        target: Target,
    },
    /// Take a plan back: what has moved is sent back, each box with its receipt.
    Undo {
        /// The plan's key.
        key: RequestKey,
        #[command(flatten)]
        target: Target,
    },
}

/// Where and how.
#[derive(Debug, Args)]
pub(super) struct Target {
    #[command(flatten)]
    directory: Directory,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Relocate {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Plan { mapping, key, target } => {
                let mapping = load_mapping(mapping)?;
                target.print(&target.directory.open()?.plan_relocation(key, &mapping)?)
            }
            Self::Show { key, target } => target.print(&target.directory.open()?.relocation(key)?),
            Self::List { directory } => {
                directory.open()?.relocations()?.iter().try_for_each(output::print)?;
                Ok(Outcome::Done)
            }
            Self::CarryOut { key, moves, target } => {
                let done = target.directory.open()?.carry_out_relocation(key, moves.unwrap_or(usize::MAX))?;
                if target.json {
                    output::print_json(&done)?;
                } else {
                    target.print(&done.progress)?;
                    output::print(format_args!("{} boxes moved now", done.received.len()))?;
                }
                match done.stopped {
                    Some(reason) => {
                        let object = format!("relocation {key}");
                        let message = format!("stopped at {reason}; the same call goes on from there");
                        Err(Error::new(archive::ErrorKind::Refused, object, message))
                    }
                    None => Ok(Outcome::Done),
                }
            }
            Self::Receive { key, number, tag, target } => {
                target.print(&target.directory.open()?.receive_relocated(key, number, *tag)?)
            }
            Self::Undo { key, target } => target.print(&target.directory.open()?.undo_relocation(key)?),
        }
    }
}

impl Target {
    fn print(&self, progress: &RelocationProgress) -> Result<Outcome, Error> {
        if self.json {
            output::print_json(progress)?;
            return Ok(Outcome::Done);
        }
        for m in &progress.moves {
            let state = match m.state {
                None => "later",
                Some(MoveState::Waiting) => "waits for its slot",
                Some(MoveState::Moving) => "to be moved",
                Some(MoveState::Moved) => "moved",
                Some(MoveState::Cancelled) => "stays",
                Some(MoveState::Returning) => "to be brought back",
                Some(MoveState::Returned) => "back",
            };
            let from = m.from.as_ref().map_or(String::new(), |from| format!(" from {from}"));
            output::print(format_args!("box {}{from} to {}: {state}", m.box_number, m.to))?;
        }
        output::print(format_args!(
            "{} moves, {} closed cycles, {} aisle openings; {}{}",
            progress.moves.len(),
            progress.closed_cycles,
            progress.openings,
            if progress.undone { "taken back, " } else { "" },
            if progress.done { "done" } else { "under way" },
        ))?;
        Ok(Outcome::Done)
    }
}
