//! Verbs on disposal.

use archive::Error;
use archive::disposal::due_table;
use archive_core::identifier::{ReferenceCode, RequestKey, RoleCode};
use archive_store::{DisposalList, DisposalState};
use clap::{Args, Subcommand};

use super::printing::Target;
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
