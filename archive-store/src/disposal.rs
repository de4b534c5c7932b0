//! 销毁: lists of files to be disposed of, approved by two, and holds that forbid it.
//!
//! ```
//! use archive_store::{DisposalList, DisposalProposal, DisposalState};
//!
//! let proposal = DisposalProposal {
//!     key: "disposal-2034-1".parse()?,
//!     references: vec!["Z109-KH·2024-D10-YX-0001".parse()?],
//!     reason: "kept for ten years".into(),
//!     by: "李档案".into(),
//!     role: Some("archivist".parse()?),
//!     needed: 2,
//!     when: "2034-06-01T09:00:00Z".parse().unwrap(),
//! };
//! // Persons stay out of logs.
//! assert!(!format!("{proposal:?}").contains("李档案"));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A list is proposed by one person and approved by two others or more; only then is it executed, which voids
//! all its files in one transaction. Any of them may reject it before. A file under a legal hold (冻结) is not
//! disposed of and not voided, whoever approved, and neither are the late documents that joined it. The
//! schema itself holds these rules.
//!
//! Limits: whether a file's retention ran out, and what a role may do, is the caller's to decide, under the
//! policy in force.

use std::fmt;

use archive_core::identifier::{ReferenceCode, RequestKey, RoleCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::filing::{check_text, check_time};

/// The most files that one list or hold may name.
pub const ITEM_LIMIT: usize = 100_000;
/// The fewest who must approve a list.
pub const APPROVALS: u8 = 2;

/// A wish to dispose of files.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalProposal {
    /// The key by which the list is known.
    pub key: RequestKey,
    /// 档号 of each file.
    pub references: Vec<ReferenceCode>,
    /// Why.
    pub reason: String,
    /// Who proposes it.
    pub by: String,
    /// In which role.
    pub role: Option<RoleCode>,
    /// How many others must approve it: [`APPROVALS`] at least.
    pub needed: u8,
    /// When.
    pub when: DateTime<Utc>,
}

/// Who proposes is personal data and stays out of logs.
impl fmt::Debug for DisposalProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisposalProposal")
            .field("key", &self.key)
            .field("files", &self.references.len())
            .field("when", &self.when)
            .finish_non_exhaustive()
    }
}

impl DisposalProposal {
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_items(&format!("disposal list {}", self.key), &self.references)?;
        check_text("reason", &self.reason)?;
        check_text("person", &self.by)?;
        if self.needed < APPROVALS {
            let message = format!("asks for {} approvals: ask for {APPROVALS} or more", self.needed);
            return Err(Error::invalid(format!("disposal list {}", self.key), message));
        }
        check_time("time of the proposal", self.when)
    }
}

fn check_items(object: &str, references: &[ReferenceCode]) -> Result<(), Error> {
    if references.is_empty() || references.len() > ITEM_LIMIT {
        let message = format!("names {} files: name 1 to {ITEM_LIMIT}", references.len());
        return Err(Error::invalid(object, message));
    }
    let mut seen = std::collections::HashSet::new();
    match references.iter().find(|reference| !seen.insert(*reference)) {
        Some(twice) => Err(Error::invalid(object, format!("names file {twice} twice"))),
        None => Ok(()),
    }
}

/// How far a list has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisposalState {
    /// It waits for approvals or for its execution.
    Proposed,
    /// Somebody said no.
    Rejected,
    /// Its files are void.
    Executed,
}

/// One person's yes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub person: String,
    /// In which role.
    pub role: Option<RoleCode>,
    /// When.
    pub when: DateTime<Utc>,
}

/// The person stays out of logs.
impl fmt::Debug for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Approval").field("when", &self.when).finish_non_exhaustive()
    }
}

/// A list and what became of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalList {
    /// What was proposed.
    pub proposal: DisposalProposal,
    /// Who approved, in order of their names.
    pub approvals: Vec<Approval>,
    /// How far it has come.
    pub state: DisposalState,
    /// When it was rejected or executed.
    pub ended: Option<DateTime<Utc>>,
    /// Who rejected it.
    pub rejected_by: Option<String>,
    /// Why it was rejected.
    pub rejected_because: Option<String>,
}

/// Who rejected it stays out of logs.
impl fmt::Debug for DisposalList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisposalList")
            .field("proposal", &self.proposal)
            .field("approvals", &self.approvals)
            .field("state", &self.state)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl DisposalList {
    /// Whether enough persons approved it and nobody rejected it.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        self.state != DisposalState::Rejected && self.approvals.len() >= usize::from(self.proposal.needed)
    }
}

/// 冻结: files that must be kept whatever their retention says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalHold {
    /// The key by which the hold is known.
    pub key: RequestKey,
    /// 档号 of each file.
    pub references: Vec<ReferenceCode>,
    /// Why, such as the number of a case at court.
    pub reason: String,
    /// Who ordered it.
    pub by: String,
    /// Since when.
    pub when: DateTime<Utc>,
    /// When it was lifted.
    pub lifted: Option<DateTime<Utc>>,
}

/// Who ordered it stays out of logs.
impl fmt::Debug for LegalHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegalHold")
            .field("key", &self.key)
            .field("files", &self.references.len())
            .field("when", &self.when)
            .field("lifted", &self.lifted)
            .finish_non_exhaustive()
    }
}

impl LegalHold {
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_items(&format!("legal hold {}", self.key), &self.references)?;
        check_text("reason", &self.reason)?;
        check_text("person", &self.by)?;
        check_time("time of the hold", self.when)
    }
}
