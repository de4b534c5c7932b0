//! Which papers a customer's file lacks, why each is needed, and who can put it right.
//!
//! ```
//! use archive_core::completeness::{assess, Case, Holding, State};
//! use archive_core::policy::Policy;
//!
//! let policy = Policy::reference();
//! let process = policy.process(&"dunning".parse()?)?;
//! let held = [Holding::of("dunning_notice".parse()?, "notice.jpg")];
//! let today = chrono::NaiveDate::from_ymd_opt(2024, 5, 1).unwrap();
//! let result = assess(process, &Case::new(&held, today));
//! assert_eq!(result.state(), State::Incomplete);
//! let missing = result.open_items().next().unwrap();
//! assert_eq!((missing.name.as_str(), missing.by.as_ref().unwrap().as_str()), ("送达凭证", "biller"));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! - A paper may be any one of several documents, depend on facts of the case, be needed as an original
//!   or as a copy, and be due in a stage of its process: [`Requirement`].
//! - It may come later where a commitment (承诺书) is there, until a deadline: [`Deferral`].
//! - Each paper is present, deferred, overdue, missing or unverified. It is unverified where a document
//!   of unknown type might be it, where nobody said whether it is an original, or whether its condition
//!   holds: doubt is an answer of its own.
//! - [`branch`] gives the matrix of a whole branch, [`reminder`] tells whom to remind today.

pub mod branch;
mod judgement;
pub mod reminder;

use std::fmt;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use self::judgement::{Answer, Doubt, Sight};
use crate::facts::{Condition, Facts};
use crate::identifier::{DocumentType, RoleCode};
use crate::policy::{Basis, Process};
use crate::record::DocumentForm;

/// The most document types that a policy may know.
pub const TYPE_LIMIT: usize = 128;

/// One paper that a process needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The paper's name for people.
    pub name: String,
    /// The document types of which any one will do.
    pub one_of: Vec<DocumentType>,
    /// On what it depends; needed always where absent.
    pub when: Option<Condition>,
    /// Whether it must be an original; a copy's place may be taken by its original. Either where absent.
    pub form: Option<DocumentForm>,
    /// The stage, counted from 0, from which it is due.
    pub stage: usize,
    /// How it may come later.
    pub deferral: Option<Deferral>,
    /// Who can put it right where it is missing.
    pub by: RoleCode,
    /// What says so.
    pub basis: Basis,
}

/// 容缺: how a paper may come later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deferral {
    /// The document (承诺书) by which the customer commits to it.
    pub commitment: DocumentType,
    /// So many days after the filing at the latest.
    pub within_days: Option<u16>,
    /// Before this stage, counted from 0, begins.
    pub before_stage: Option<usize>,
}

/// A document that is at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Its kind; `None` where nobody could tell.
    pub document_type: Option<DocumentType>,
    /// Whether it is an original; `None` where nobody said.
    pub form: Option<DocumentForm>,
    /// What to call it in messages.
    pub name: String,
}

impl Holding {
    /// A document of a known type of which nobody said whether it is an original.
    #[must_use]
    pub fn of(document_type: DocumentType, name: &str) -> Self {
        Self { document_type: Some(document_type), form: None, name: name.to_owned() }
    }
}

/// One customer's case in one process.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The documents that are at hand.
    pub held: &'a [Holding],
    /// What is known of it.
    pub facts: Option<&'a Facts>,
    /// The stage that it has reached, counted from 0; all stages where absent.
    pub stage: Option<usize>,
    /// The day of the filing, from which deadlines count.
    pub filed: NaiveDate,
    /// The day of the answer.
    pub today: NaiveDate,
}

impl<'a> Case<'a> {
    /// A case with `held` papers, all stages reached, no facts known, filed today.
    #[must_use]
    pub fn new(held: &'a [Holding], today: NaiveDate) -> Self {
        Self { held, facts: None, stage: None, filed: today, today }
    }
}

/// What became of one requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Presence {
    /// It is there.
    Present {
        /// The document that answers it.
        document: String,
    },
    /// It may come later, as the customer committed.
    Deferred {
        /// The commitment.
        document: String,
        /// The last day for it; none where a stage is its limit.
        due: Option<NaiveDate>,
    },
    /// It was to come later and its time is over.
    Overdue {
        /// The commitment.
        document: String,
        /// The last day for it; none where a stage was its limit.
        due: Option<NaiveDate>,
    },
    /// It is not there.
    Missing,
    /// It may or may not be there or be needed.
    Unverified {
        /// Why nobody can tell yet.
        reason: String,
    },
}

/// A requirement and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The paper's name for people.
    pub name: String,
    /// What became of it.
    #[serde(flatten)]
    pub presence: Presence,
    /// Why it is needed: its condition, its stage, the rule's source.
    #[serde(default)]
    pub why: String,
    /// Who can put it right.
    #[serde(default)]
    pub by: Option<RoleCode>,
}

/// The whole file's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// All needed papers are there.
    Complete,
    /// All are there or committed to.
    CompleteWithDeferrals,
    /// Somebody must look at it.
    Unverified,
    /// A paper is missing or overdue.
    Incomplete,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete",
            Self::CompleteWithDeferrals => "complete-with-deferrals",
            Self::Unverified => "unverified",
            Self::Incomplete => "incomplete",
        })
    }
}

/// What became of every requirement that applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// In the order of the policy.
    pub items: Vec<Item>,
}

impl Completeness {
    /// The worst of its items.
    #[must_use]
    pub fn state(&self) -> State {
        self.items.iter().map(|item| item.presence.state()).max().unwrap_or(State::Complete)
    }

    /// The items that somebody must put right.
    pub fn open_items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.presence.state() >= State::Unverified)
    }
}

impl Presence {
    /// What this alone makes of the whole file.
    #[must_use]
    pub fn state(&self) -> State {
        match self {
            Self::Present { .. } => State::Complete,
            Self::Deferred { .. } => State::CompleteWithDeferrals,
            Self::Unverified { .. } => State::Unverified,
            Self::Missing | Self::Overdue { .. } => State::Incomplete,
        }
    }
}

/// Compares what a case holds with what its process requires.
#[must_use]
pub fn assess(process: &Process, case: &Case<'_>) -> Completeness {
    let items = process.requirements.iter().filter_map(|requirement| {
        let presence = presence(requirement, case)?;
        let why = why(requirement, process);
        Some(Item { name: requirement.name.clone(), presence, why, by: Some(requirement.by.clone()) })
    });
    Completeness { items: items.collect() }
}

/// What became of `requirement`; none where it is not needed (yet).
fn presence(requirement: &Requirement, case: &Case<'_>) -> Option<Presence> {
    let no_facts = Facts::new();
    let facts = case.facts.unwrap_or(&no_facts);
    let accepted: Vec<&Holding> = requirement
        .one_of
        .iter()
        .flat_map(|wanted| case.held.iter().filter(move |h| h.document_type.as_ref() == Some(wanted)))
        .collect();
    let commitment = requirement
        .deferral
        .as_ref()
        .and_then(|d| case.held.iter().find(|h| h.document_type.as_ref() == Some(&d.commitment)));
    let untyped = case.held.iter().find(|h| h.document_type.is_none());
    let due = requirement.deferral.as_ref().and_then(|d| d.due(case.filed));
    let sight = Sight {
        applies: requirement.when.as_ref().map_or(Some(true), |w| w.holds(facts)),
        due_in_stage: case.stage.is_none_or(|stage| stage >= requirement.stage),
        right_form: accepted.iter().any(|h| judgement::is_right_form(requirement.form, h.form)),
        unsaid_form: accepted.iter().any(|h| h.form.is_none()),
        untyped: untyped.is_some(),
        committed: commitment.is_some(),
        late: requirement.deferral.as_ref().is_some_and(|d| d.is_late(due, case.today, case.stage)),
    };
    let first = |held: Option<&Holding>| held.map_or_else(String::new, |h| h.name.clone());
    Some(match sight.answer() {
        Answer::NotNeeded => return None,
        Answer::Present => {
            let right = accepted.iter().copied().find(|h| judgement::is_right_form(requirement.form, h.form));
            Presence::Present { document: first(right) }
        }
        Answer::Deferred => Presence::Deferred { document: first(commitment), due },
        Answer::Overdue => Presence::Overdue { document: first(commitment), due },
        Answer::Missing => Presence::Missing,
        Answer::Unverified(Doubt::Form) => {
            let document = first(accepted.iter().copied().find(|h| h.form.is_none()));
            Presence::Unverified { reason: format!("nobody said whether {document} is an original") }
        }
        Answer::Unverified(Doubt::Condition) => {
            let unknown = requirement.when.as_ref().map_or_else(Vec::new, |w| w.unknown(facts));
            let names: Vec<&str> = unknown.iter().map(|name| name.as_str()).collect();
            Presence::Unverified { reason: format!("nobody said {}", names.join(", ")) }
        }
        Answer::Unverified(Doubt::Type) => {
            Presence::Unverified { reason: format!("{} is of unknown type", first(untyped)) }
        }
    })
}

fn why(requirement: &Requirement, process: &Process) -> String {
    let mut why = match &requirement.when {
        Some(condition) => format!("needed where {condition}"),
        None => "always needed".to_owned(),
    };
    if let Some(stage) = process.stages.get(requirement.stage) {
        why.push_str(&format!(", from stage {} ({})", stage.code, stage.name));
    }
    if requirement.form == Some(DocumentForm::Original) {
        why.push_str(", as an original");
    }
    format!("{why} [{}]", requirement.basis)
}

impl Deferral {
    /// The last day for the paper of a case that was filed on `filed`; none where only a stage limits it.
    #[must_use]
    pub fn due(&self, filed: NaiveDate) -> Option<NaiveDate> {
        self.within_days.and_then(|days| filed.checked_add_days(Days::new(days.into())))
    }

    fn is_late(&self, due: Option<NaiveDate>, today: NaiveDate, stage: Option<usize>) -> bool {
        due.is_some_and(|due| due < today)
            || self.before_stage.is_some_and(|limit| stage.is_some_and(|stage| stage >= limit))
    }
}

#[cfg(test)]
mod tests;
