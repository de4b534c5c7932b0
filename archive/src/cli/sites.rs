//! Verbs on boxes: consignments between sites, sites that were cut off, boxes that are half full.

use std::path::PathBuf;

use archive::Error;
use archive::sites::Consignment;
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_core::units::Millimetres;
use clap::{Args, Subcommand};

use super::{Directory, Outcome, output};

/// Verbs on consignments between sites.
#[derive(Debug, Subcommand)]
pub(super) enum Consign {
    /// Send boxes to another site.
    Send {
        /// The consignment's key.
        key: RequestKey,
        /// The boxes.
        #[arg(required = true)]
        boxes: Vec<BoxNumber>,
        /// The site that they go to.
        #[arg(long)]
        to: String,
        #[command(flatten)]
        directory: Directory,
    },
    /// Record which boxes of a consignment arrived.
    Receive {
        /// The consignment's key.
        key: RequestKey,
        /// The boxes.
        #[arg(required = true)]
        boxes: Vec<BoxNumber>,
        #[command(flatten)]
        directory: Directory,
    },
    /// Recall a consignment: what is on its way stays, what arrived is sent back.
    Recall {
        /// The consignment's key.
        key: RequestKey,
        #[command(flatten)]
        directory: Directory,
    },
    /// Tell where the boxes of a consignment are.
    Show {
        /// The consignment's key.
        key: RequestKey,
        #[command(flatten)]
        directory: Directory,
    },
    /// Take over what a site filed while it was cut off.
    Merge {
        /// The site's archive directory.
        site: PathBuf,
        #[command(flatten)]
        directory: Directory,
    },
}

impl Consign {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Send { key, boxes, to, directory } => show(&directory.open()?.send(key, boxes, to)?),
            Self::Receive { key, boxes, directory } => show(&directory.open()?.receive(key, boxes)?),
            Self::Recall { key, directory } => show(&directory.open()?.recall(key)?),
            Self::Show { key, directory } => show(&directory.open()?.consignment(key)?),
            Self::Merge { site, directory } => {
                let site = Directory { path: site.clone() }.open()?;
                let merged = directory.open()?.merge_site(&site)?;
                output::print(format_args!(
                    "{} files are new, {} were known",
                    merged.new.len(),
                    merged.known
                ))?;
                Ok(Outcome::Done)
            }
        }
    }
}

fn show(consignment: &Consignment) -> Result<Outcome, Error> {
    for number in &consignment.under_way {
        output::print(format_args!("{number} is on its way to {}", consignment.to))?;
    }
    for number in &consignment.coming_back {
        output::print(format_args!("{number} is on its way back"))?;
    }
    output::print(format_args!(
        "{} arrived, {} on their way, {} coming back, {} back",
        consignment.arrived.len(),
        consignment.under_way.len(),
        consignment.coming_back.len(),
        consignment.back.len()
    ))?;
    Ok(Outcome::Done)
}

/// Arguments of `archive rebox`.
#[derive(Debug, Args)]
pub(super) struct Rebox {
    /// Only what saves so many millimetres of shelf or more.
    #[arg(long, default_value_t = 50)]
    saving: u32,
    #[command(flatten)]
    directory: Directory,
}

impl Rebox {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        for proposal in self.directory.open()?.reboxing_proposals(Millimetres(self.saving))? {
            output::print_json(&proposal)?;
        }
        Ok(Outcome::Done)
    }
}
