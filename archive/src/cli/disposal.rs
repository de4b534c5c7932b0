//! Verbs on disposal.

use std::path::PathBuf;

use archive::Error;
use archive::cataloguing::Printed;
use archive::disposal::due_table;
use archive::snapshots::CsvStyle;
use archive_core::identifier::{ReferenceCode, RequestKey, RoleCode};
use archive_store::{DisposalList, DisposalState};
use clap::{Args, Subcommand};

use super::printing::{Target, say};
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
        directory: Directory,
        /// Write the list into a file: .pdf, .xlsx or .csv.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write CSV for programs: cells that a spreadsheet would take for formulas stay as they are.
        #[arg(long, requires = "out")]
        lossless: bool,
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
    /// Say no to a list, which ends it.
    Reject {
        /// The list's key.
        key: RequestKey,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        person: Person,
    },
    /// Tell how far a list has come.
    Show {
        /// The list's key.
        key: RequestKey,
        #[command(flatten)]
        directory: Directory,
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
            Self::Due { directory, out, lossless } => {
                let due = directory.open()?.due_for_disposal(chrono::Utc::now().date_naive())?;
                if let Some(path) = out {
                    let table = due_table(&due);
                    return say(path, &Printed::Table(&table).write(path, CsvStyle::of(*lossless))?);
                }
                for file in &due {
                    let why = file.held_back.as_ref().map_or(String::new(), |why| format!(", {why}"));
                    output::print(format_args!("{}: kept until {}{why}", file.reference, file.until))?;
                }
                output::print(format_args!("{} files are due", due.len()))?;
                Ok(Outcome::Done)
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
            Self::Reject { key, reason, person } => {
                let archive = person.directory.open()?;
                tell(&archive.reject_disposal(key, &person.by, &person.role, reason)?)
            }
            Self::Show { key, directory } => tell(&directory.open()?.disposal_list(key)?),
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
    let proposal = &list.proposal;
    let (files, approvals) = (proposal.references.len(), list.approvals.len());
    let state = match list.state {
        DisposalState::Executed => "carried out",
        DisposalState::Rejected => "rejected",
        DisposalState::Proposed if list.is_approved() => "approved",
        DisposalState::Proposed => "waits for approvals",
    };
    output::print(format_args!(
        "{}: {files} files, proposed by {}, {approvals} of {} approvals, {state}",
        proposal.key, proposal.by, proposal.needed
    ))?;
    Ok(Outcome::Done)
}
