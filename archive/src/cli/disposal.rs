//! Verbs on disposal, boxes and consignments.

use archive::disposal::due_table;
use archive::sites::Consignment;
use archive::{Error, SubmittedDocument};
use archive_core::disposal::DisposalList;
use archive_core::identifier::{BoxNumber, ReferenceCode, RequestKey, RoleCode};
use archive_core::units::Millimetres;
use clap::{Args, Subcommand};
use std::path::PathBuf;

use super::custody::Target;
use super::{Directory, Outcome, output};

/// Who does something, and in which role.
#[derive(Debug, Args)]
pub(super) struct Person {
    /// The person's name.
    #[arg(long)]
    by: String,
    /// The person's role in the policy.
    #[arg(long)]
    role: RoleCode,
    #[command(flatten)]
    directory: Directory,
}

/// Verbs on disposal.
#[derive(Debug, Subcommand)]
pub(super) enum Disposal {
    /// List the files whose time is over.
    Due {
        #[command(flatten)]
        target: Target,
    },
    /// Keep a file from disposal.
    Hold {
        /// The archive number.
        reference: ReferenceCode,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        person: Person,
    },
    /// Lift the hold on a file.
    Lift {
        /// The archive number.
        reference: ReferenceCode,
        #[command(flatten)]
        person: Person,
    },
    /// Propose files for disposal.
    Propose {
        /// The list's key.
        key: RequestKey,
        /// The archive numbers.
        #[arg(required = true)]
        references: Vec<ReferenceCode>,
        #[command(flatten)]
        person: Person,
    },
    /// Agree to a list.
    Approve {
        /// The list's key.
        key: RequestKey,
        #[command(flatten)]
        person: Person,
    },
    /// Destroy what is on an approved list, and write the certificate.
    CarryOut {
        /// The list's key.
        key: RequestKey,
        #[command(flatten)]
        certificate: Target,
    },
}

impl Disposal {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Due { target } => {
                let archive = target.directory.open()?;
                let today = chrono::Utc::now().date_naive();
                target.table(&due_table(&archive.due_for_disposal(today)?))
            }
            Self::Hold { reference, reason, person } => {
                person.directory.open()?.hold(reference, reason, &person.by, &person.role)?;
                output::print(format_args!("{reference} is held"))?;
                Ok(Outcome::Done)
            }
            Self::Lift { reference, person } => {
                person.directory.open()?.lift_hold(reference, &person.by, &person.role)?;
                output::print(format_args!("{reference} is no longer held"))?;
                Ok(Outcome::Done)
            }
            Self::Propose { key, references, person } => {
                let archive = person.directory.open()?;
                tell(&archive.propose_disposal(key.clone(), references.clone(), &person.by, &person.role)?)
            }
            Self::Approve { key, person } => {
                tell(&person.directory.open()?.approve_disposal(key, &person.by, &person.role)?)
            }
            Self::CarryOut { key, certificate } => {
                let destroyed = certificate.directory.open()?.carry_out_disposal(key)?;
                output::print(format_args!(
                    "{} files destroyed, {} contents removed",
                    destroyed.files, destroyed.contents
                ))?;
                certificate.table(&destroyed.to_table())
            }
        }
    }
}

fn tell(list: &DisposalList) -> Result<Outcome, Error> {
    let (files, approvals) = (list.references.len(), list.approvals.len());
    output::print(format_args!(
        "{}: {files} files, proposed by {}, {approvals} approvals",
        list.key, list.proposed_by
    ))?;
    Ok(Outcome::Done)
}

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
    output::print(format_args!(
        "{} arrived, {} on their way",
        consignment.arrived.len(),
        consignment.under_way.len()
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

/// Arguments of `archive join`.
#[derive(Debug, Args)]
pub(super) struct Join {
    /// The archive number of the file.
    reference: ReferenceCode,
    /// The documents.
    #[arg(required = true)]
    documents: Vec<PathBuf>,
    /// The request's key.
    #[arg(long)]
    key: RequestKey,
    #[command(flatten)]
    directory: Directory,
}

impl Join {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let documents = self.documents.iter().map(SubmittedDocument::new).collect();
        let outcome = self.directory.open()?.join(&self.reference, self.key.clone(), documents)?;
        super::catalogued::print_outcome(&outcome)?;
        Ok(Outcome::Done)
    }
}
