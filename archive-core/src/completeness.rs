//! Which papers a customer's file lacks, with doubt as an answer of its own.
//!
//! ```
//! use archive_core::completeness::{assess, Facts, Holding, State};
//! use archive_core::policy::Policy;
//!
//! let policy = Policy::reference();
//! let process = policy.process(&"meter-change".parse()?)?;
//! let held = [Holding { document_type: Some("meter_work_order".parse()?), name: "order.jpg".into() }];
//! let today = chrono::NaiveDate::from_ymd_opt(2024, 5, 1).unwrap();
//! let result = assess(&process.requirements, &held, &Facts::default(), today);
//! assert_eq!(result.state(), State::Complete);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Three answers for each paper: present, missing, unverified. A paper is unverified where a
//! document of unknown type might be it, or where nobody said whether its condition holds.
//!
//! Limits: one stage a process; originals are not yet told from copies.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::identifier::DocumentType;

/// One paper that a process needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The paper's name for people.
    pub name: String,
    /// The document types of which any one will do.
    pub one_of: Vec<DocumentType>,
    /// The fact on which it depends, such as `delegated`; needed always where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The document (承诺书) by which the customer may hand it in later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred_by: Option<DocumentType>,
    /// How many days later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_days: Option<u16>,
}

/// What is known of a case: facts that hold, and facts that do not. What is not named is unknown.
pub type Facts = BTreeMap<String, bool>;

/// A document that is at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Its kind; `None` where nobody could tell.
    pub document_type: Option<DocumentType>,
    /// What to call it in messages.
    pub name: String,
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
        /// The last day for it.
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
}

/// The whole file's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// All needed papers are there.
    Complete,
    /// All are there or committed to.
    CompleteWithDeferrals,
    /// Somebody must look at it.
    Unverified,
    /// A paper is missing.
    Incomplete,
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
        let any = |test: fn(&Presence) -> bool| self.items.iter().any(|i| test(&i.presence));
        if any(|p| matches!(p, Presence::Missing)) {
            State::Incomplete
        } else if any(|p| matches!(p, Presence::Unverified { .. })) {
            State::Unverified
        } else if any(|p| matches!(p, Presence::Deferred { .. })) {
            State::CompleteWithDeferrals
        } else {
            State::Complete
        }
    }
}

/// Compares what is `held` with what is required, given the `facts` of the case, on the day
/// `filed`, from which deadlines count.
#[must_use]
pub fn assess(required: &[Requirement], held: &[Holding], facts: &Facts, filed: NaiveDate) -> Completeness {
    let find = |wanted: &DocumentType| held.iter().find(|h| h.document_type.as_ref() == Some(wanted));
    let unknown = held.iter().find(|h| h.document_type.is_none());
    let presence = |item: &Requirement, applies: Option<bool>| {
        if let Some(document) = item.one_of.iter().find_map(find) {
            return Presence::Present { document: document.name.clone() };
        }
        if let Some(document) = item.deferred_by.as_ref().and_then(find) {
            let due = item.within_days.and_then(|days| filed.checked_add_days(Days::new(days.into())));
            return Presence::Deferred { document: document.name.clone(), due };
        }
        match (applies, unknown) {
            (None, _) => {
                let fact = item.when.as_deref().unwrap_or_default();
                Presence::Unverified { reason: format!("nobody said whether the case is {fact:?}") }
            }
            (_, Some(document)) => {
                Presence::Unverified { reason: format!("{} is of unknown type", document.name) }
            }
            _ => Presence::Missing,
        }
    };
    let items = required.iter().filter_map(|item| {
        let applies = match &item.when {
            Some(fact) => facts.get(fact).copied(),
            None => Some(true),
        };
        (applies != Some(false)).then(|| Item { name: item.name.clone(), presence: presence(item, applies) })
    });
    Completeness { items: items.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(name: &str, one_of: &[&str]) -> Requirement {
        Requirement {
            name: name.into(),
            one_of: one_of.iter().map(|t| t.parse().unwrap()).collect(),
            when: None,
            deferred_by: None,
            within_days: None,
        }
    }

    fn holding(kind: Option<&str>) -> Holding {
        Holding { document_type: kind.map(|k| k.parse().unwrap()), name: kind.unwrap_or("scan").into() }
    }

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 1, 31).unwrap()
    }

    #[test]
    fn any_one_of_a_group_will_do() {
        let title = [requirement("title", &["title_deed", "lease"])];
        let result = assess(&title, &[holding(Some("lease"))], &Facts::new(), day());
        assert_eq!(result.state(), State::Complete);
        assert_eq!(assess(&title, &[], &Facts::new(), day()).state(), State::Incomplete);
    }

    #[test]
    fn a_document_of_unknown_type_leaves_doubt() {
        let title = [requirement("title", &["title_deed"])];
        let result = assess(&title, &[holding(None)], &Facts::new(), day());
        assert_eq!(result.state(), State::Unverified);
    }

    #[test]
    fn conditions_have_three_answers() {
        let mut item = requirement("power of attorney", &["power_of_attorney"]);
        item.when = Some("delegated".into());
        let state = |facts: Facts| assess(&[item.clone()], &[], &facts, day()).state();
        assert_eq!(state(Facts::from([("delegated".into(), false)])), State::Complete);
        assert_eq!(state(Facts::from([("delegated".into(), true)])), State::Incomplete);
        assert_eq!(state(Facts::new()), State::Unverified);
    }

    #[test]
    fn a_commitment_defers_with_a_due_day() {
        let mut item = requirement("title", &["title_deed"]);
        item.deferred_by = Some("commitment_letter".parse().unwrap());
        item.within_days = Some(30);
        let result = assess(&[item], &[holding(Some("commitment_letter"))], &Facts::new(), day());
        assert_eq!(result.state(), State::CompleteWithDeferrals);
        let due = NaiveDate::from_ymd_opt(2024, 3, 1);
        assert_eq!(
            result.items[0].presence,
            Presence::Deferred { document: "commitment_letter".into(), due }
        );
    }
}
