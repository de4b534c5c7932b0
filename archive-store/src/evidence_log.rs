//! Every change as a leaf of a Merkle tree, written in the transaction of the change itself.
//!
//! ```
//! use archive_store::{Catalogue, Checkpoint, SqliteCatalogue};
//!
//! # let folder = tempfile::tempdir().unwrap();
//! let catalogue = SqliteCatalogue::open(&folder.path().join("catalogue.db"))?;
//! // Kept elsewhere: three lines of text that stand for the whole log.
//! let kept = catalogue.checkpoint()?.to_string();
//! let kept: Checkpoint = kept.parse()?;
//! assert!(catalogue.verify(&[kept])?.holds());
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A log alone cannot show that its end was cut off or that all of it was made anew: a [`Checkpoint`]
//! that is kept outside of the catalogue can. What is logged of a file's content is its digest, so the
//! log holds no personal data and a changed row is still seen.
//!
//! Limits: a checkpoint proves something only where the catalogue's owner cannot write; one that must travel
//! is signed ([`crate::signed_checkpoint`]).

mod check;

use std::fmt;
use std::str::FromStr;

use archive_core::evidence::ReviewDecision;
use archive_core::holding::{BoxKey, CustodyMode, SlotAddress, TagEpc};
use archive_core::identifier::{
    BoxNumber, CustomerNumber, DocumentId, ProcessCode, ReferenceCode, RequestKey, RoleCode, SystemRecordKey,
    quoted,
};
use archive_core::policy::PolicyVersion;
use archive_core::record::{Digest, Document};
use archive_core::units::Millimetres;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::document::{Fixity, FixityFinding};
use crate::key_provider::KeyId;
use crate::merkle::{leaf_hash, verify_consistency, verify_inclusion};
use crate::sealed::SealedKind;
use crate::shelf::HoldEnd;
use crate::{Error, ErrorKind};

pub use check::{LogCheck, LogVerification};

/// What happened. A leaf is this as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// Slots came into the catalogue.
    SlotsAdded {
        /// How many.
        count: usize,
        /// The digest of the list as JSON.
        list: Digest,
    },
    /// A file was entered.
    Filed {
        /// 档号.
        reference: ReferenceCode,
        /// The request's key.
        request: RequestKey,
        /// The digest of what must never change of it.
        content: Digest,
        /// 盒号, for paper.
        box_number: Option<BoxNumber>,
        /// 储位, for paper.
        slot: Option<SlotAddress>,
        /// When.
        at: DateTime<Utc>,
    },
    /// A box that was full became a wider one in its slot, for the file that this is logged of.
    BoxGrown {
        /// 盒号.
        box_number: BoxNumber,
        /// Its spine before.
        from: Millimetres,
        /// Its spine now.
        to: Millimetres,
        /// When.
        at: DateTime<Utc>,
    },
    /// A file's paper stands where it was meant to stand.
    Confirmed {
        /// 档号.
        reference: ReferenceCode,
        /// The tag that was seen.
        tag: Option<TagEpc>,
        /// When.
        at: DateTime<Utc>,
    },
    /// A file's number is void.
    Voided {
        /// 档号.
        reference: ReferenceCode,
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// A box is to go to another slot, which is kept for it.
    MoveBegun {
        /// 盒号.
        box_number: BoxNumber,
        /// Where it stands.
        from: SlotAddress,
        /// Where it goes.
        to: SlotAddress,
        /// When.
        at: DateTime<Utc>,
    },
    /// A box reached its other slot.
    Moved {
        /// 盒号.
        box_number: BoxNumber,
        /// Where it stood.
        from: SlotAddress,
        /// Where it stands.
        to: SlotAddress,
        /// When.
        at: DateTime<Utc>,
    },
    /// A box stays where it is.
    MoveCancelled {
        /// 盒号.
        box_number: BoxNumber,
        /// Where it does not go.
        to: SlotAddress,
        /// When.
        at: DateTime<Utc>,
    },
    /// An empty box left the shelf.
    Vacated {
        /// 盒号.
        box_number: BoxNumber,
        /// The slot that is free.
        slot: SlotAddress,
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// A file was lent.
    Lent {
        /// 档号.
        reference: ReferenceCode,
        /// The loan's key.
        loan: RequestKey,
        /// The digest of the loan as JSON.
        content: Digest,
        /// When.
        at: DateTime<Utc>,
    },
    /// A file came back.
    Returned {
        /// 档号.
        reference: ReferenceCode,
        /// The loan's key.
        loan: RequestKey,
        /// When.
        at: DateTime<Utc>,
    },
    /// An inventory was recorded.
    InventoryRecorded {
        /// Its key.
        key: RequestKey,
        /// The digest of it as JSON.
        content: Digest,
        /// When it was made.
        at: DateTime<Utc>,
    },
    /// A free slot is kept.
    SlotHeld {
        /// The key of the request that it is kept for.
        key: RequestKey,
        /// 储位.
        slot: SlotAddress,
        /// Until when.
        until: DateTime<Utc>,
        /// When.
        at: DateTime<Utc>,
    },
    /// A slot is no longer kept.
    SlotReleased {
        /// The key of the request that it was kept for.
        key: RequestKey,
        /// 储位.
        slot: SlotAddress,
        /// Why.
        outcome: HoldEnd,
        /// When.
        at: DateTime<Utc>,
    },
    /// A customer was entered, or entered anew.
    CustomerEntered {
        /// 户号.
        customer: CustomerNumber,
        /// The digest of the customer as JSON.
        content: Digest,
        /// When.
        at: DateTime<Utc>,
    },
    /// A business process was entered, or its end.
    ProcessEntered {
        /// The row of the marketing system.
        key: SystemRecordKey,
        /// The digest of the process as JSON.
        content: Digest,
        /// When.
        at: DateTime<Utc>,
    },
    /// A document's content was replaced by a better one.
    VersionAdded {
        /// The document.
        document: DocumentId,
        /// Its new version.
        version: u32,
        /// What proves that unchanged.
        fixity: Fixity,
        /// When.
        at: DateTime<Utc>,
    },
    /// A document's content was compared with its fixity.
    FixityChecked {
        /// The document.
        document: DocumentId,
        /// Its version.
        version: u32,
        /// What was found.
        found: FixityFinding,
        /// When.
        at: DateTime<Utc>,
    },
    /// Late documents joined a file.
    Joined {
        /// 档号 of the file.
        reference: ReferenceCode,
        /// 档号 of what joined it.
        late: ReferenceCode,
        /// When.
        at: DateTime<Utc>,
    },
    /// A file takes no more documents.
    Closed {
        /// 档号.
        reference: ReferenceCode,
        /// The digest of the closing as JSON.
        content: Digest,
        /// When.
        at: DateTime<Utc>,
    },
    /// A reviewer decided on a finding about a file.
    Reviewed {
        /// 档号.
        reference: ReferenceCode,
        /// The digest of what the finding says, as JSON.
        finding: Digest,
        /// What was decided.
        decision: ReviewDecision,
        /// The digest of the decision with its note and reviewer, as JSON.
        content: Digest,
        /// When it came in.
        at: DateTime<Utc>,
    },
    /// A file got another number; the old one goes on to resolve.
    Renumbered {
        /// 档号 before.
        reference: ReferenceCode,
        /// 档号 after.
        to: ReferenceCode,
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// Files are to be disposed of.
    DisposalProposed {
        /// The list's key.
        list: RequestKey,
        /// The digest of the proposal as JSON.
        content: Digest,
        /// When.
        at: DateTime<Utc>,
    },
    /// One person said yes to a disposal list.
    DisposalApproved {
        /// The list's key.
        list: RequestKey,
        /// The digest of the approval as JSON.
        content: Digest,
        /// When.
        at: DateTime<Utc>,
    },
    /// One person said no to a disposal list.
    DisposalRejected {
        /// The list's key.
        list: RequestKey,
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// The files of a list were disposed of.
    Disposed {
        /// The list's key.
        list: RequestKey,
        /// When.
        at: DateTime<Utc>,
    },
    /// Files must be kept.
    HoldPlaced {
        /// The hold's key.
        hold: RequestKey,
        /// The digest of the hold as JSON.
        content: Digest,
        /// When.
        at: DateTime<Utc>,
    },
    /// Files need no longer be kept.
    HoldLifted {
        /// The hold's key.
        hold: RequestKey,
        /// When.
        at: DateTime<Utc>,
    },
    /// Many boxes are to be moved.
    RelocationPlanned {
        /// The plan's key.
        plan: RequestKey,
        /// The digest of the plan as JSON.
        content: Digest,
        /// When.
        at: DateTime<Utc>,
    },
    /// The boxes of a plan stay or come back.
    RelocationUndone {
        /// The plan's key.
        plan: RequestKey,
        /// When.
        at: DateTime<Utc>,
    },
    /// A personal value was sealed.
    Sealed {
        /// The value's id.
        value: u64,
        /// 户号.
        customer: CustomerNumber,
        /// What it is.
        kind: SealedKind,
        /// The key that it was sealed with.
        key: KeyId,
        /// When.
        at: DateTime<Utc>,
    },
    /// Somebody looked at personal values.
    Unsealed {
        /// 户号.
        customer: CustomerNumber,
        /// Of one kind alone.
        kind: Option<SealedKind>,
        /// The ids of the values that were shown.
        values: Vec<u64>,
        /// In which role.
        role: RoleCode,
        /// Who.
        person: String,
        /// What for.
        purpose: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// Somebody asked whose a personal value is.
    SealedSearched {
        /// What it is.
        kind: SealedKind,
        /// How many customers were found.
        found: u64,
        /// In which role.
        role: RoleCode,
        /// Who.
        person: String,
        /// What for.
        purpose: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// A personal value was taken out for good.
    SealWithdrawn {
        /// The value's id.
        value: u64,
        /// 户号.
        customer: CustomerNumber,
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// Personal values went over to another key.
    Resealed {
        /// The key.
        key: KeyId,
        /// How many.
        values: u64,
        /// When.
        at: DateTime<Utc>,
    },
}

/// A leaf of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its place, from 0.
    pub position: u64,
    /// The bytes that are hashed: an [`Event`] as JSON.
    pub event: String,
}

impl LogEntry {
    /// Reads the event.
    ///
    /// # Errors
    /// `Unsupported` where a newer program wrote it.
    pub fn event(&self) -> Result<Event, Error> {
        serde_json::from_str(&self.event).map_err(|e| {
            let object = format!("log entry {}", self.position);
            Error::new(ErrorKind::Unsupported, object, "is of a kind that this program does not know")
                .with_source(e)
        })
    }
}

/// What must never change of a file, whose digest stands in the log.
#[derive(Serialize)]
pub(crate) struct Content<'a> {
    pub(crate) customer: &'a CustomerNumber,
    pub(crate) process: &'a ProcessCode,
    pub(crate) system_record: &'a SystemRecordKey,
    pub(crate) key: &'a BoxKey,
    pub(crate) policy: &'a PolicyVersion,
    pub(crate) custody: CustodyMode,
    pub(crate) thickness: Option<Millimetres>,
    pub(crate) documents: &'a [Document],
    pub(crate) readings: &'a str,
    pub(crate) findings: &'a str,
    pub(crate) filed: DateTime<Utc>,
    pub(crate) expires: Option<DateTime<Utc>>,
}

/// The digest of `value` as JSON; the order of fields is that of the type.
pub(crate) fn digest_of(value: &impl Serialize) -> Result<Digest, Error> {
    let text = serde_json::to_vec(value).map_err(|e| {
        Error::new(ErrorKind::Internal, "an entry of the log", "cannot be written: report it").with_source(e)
    })?;
    Ok(Digest(Sha256::digest(&text).into()))
}

/// The state of the whole log at one moment, to be kept elsewhere. As text: a title, the number of
/// entries, the root hash, a line each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// How many entries the log had.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Digest,
}

const TITLE: &str = "archive-store log 1";

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}\n{}\n{}", self.size, self.root)
    }
}

impl FromStr for Checkpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            let message = format!("is not the three lines {TITLE:?}, number of entries, root hash");
            Error::invalid(format!("checkpoint {}", quoted(text)), message)
        };
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        if lines.next() != Some(TITLE) {
            return Err(wrong());
        }
        let size = lines.next().and_then(|line| line.parse().ok()).ok_or_else(wrong)?;
        let root = lines.next().and_then(|line| line.parse().ok()).ok_or_else(wrong)?;
        if lines.next().is_some() {
            return Err(wrong());
        }
        let checkpoint = Self { size, root };
        // One writing for each checkpoint: no sign, no leading zero.
        match checkpoint.to_string().trim_end() == text.trim_end_matches('\n') {
            true => Ok(checkpoint),
            false => Err(wrong()),
        }
    }
}

/// That an entry stands in the log of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InclusionProof {
    /// The entry.
    pub entry: LogEntry,
    /// The hashes beside its path to the root, from below.
    pub hashes: Vec<Digest>,
}

impl InclusionProof {
    /// Whether it proves that the entry is in the log of `checkpoint`.
    #[must_use]
    pub fn holds(&self, checkpoint: &Checkpoint) -> bool {
        let leaf = leaf_hash(self.entry.event.as_bytes());
        verify_inclusion(leaf, self.entry.position, checkpoint.size, &self.hashes, checkpoint.root)
    }
}

/// That the log of one checkpoint is the beginning of that of a later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsistencyProof {
    /// The hashes, from below.
    pub hashes: Vec<Digest>,
}

impl ConsistencyProof {
    /// Whether it proves that the log of `old` is the beginning of that of `new`.
    #[must_use]
    pub fn holds(&self, old: &Checkpoint, new: &Checkpoint) -> bool {
        verify_consistency((old.size, old.root), (new.size, new.root), &self.hashes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_read_back_and_nothing_else_does() {
        let checkpoint = Checkpoint { size: 12, root: Digest([0xab; 32]) };
        assert_eq!(checkpoint.to_string().parse::<Checkpoint>().unwrap(), checkpoint);
        let text = checkpoint.to_string();
        for bad in [
            String::new(),
            text.replace("12", "-1"),
            text.replace("12", "+12"),
            text.replace("12", "012"),
            text.replace("12", "99999999999999999999"),
            text.replace("ab", "AB"),
            text.replace("ab", "zz"),
            text.replace("log 1", "log 2"),
            format!("{text}more"),
            format!("{text}\n\nmore\n"),
            text.replace('\n', "\r\n"),
            "x".repeat(10_000_000),
        ] {
            let error = bad.parse::<Checkpoint>().unwrap_err();
            assert!(error.to_string().len() < 400, "{error}");
        }
    }
}
