//! Disposal (鉴定销毁): what is due, what is held back, and who must agree before it is destroyed.
//!
//! ```
//! use archive_core::disposal::end_of_retention;
//! use archive_core::holding::Retention;
//!
//! // Ten years are counted from the year after the file's own.
//! assert_eq!(end_of_retention(2014, Retention::D10), chrono::NaiveDate::from_ymd_opt(2024, 12, 31));
//! assert_eq!(end_of_retention(2014, Retention::Y), None, "for ever");
//! ```
//!
//! A disposal list is proposed by one person, approved by as many others as the policy asks for, two at
//! least, and only then carried out. A legal hold on a single file stops the list it is on. What is
//! destroyed keeps its catalogue entry.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::holding::Retention;
use crate::identifier::{ReferenceCode, RequestKey, RoleCode};
use crate::policy::{Ability, Policy};

/// The last day on which a file of `year` must be kept; none where it is kept for ever.
#[must_use]
pub fn end_of_retention(year: u16, retention: Retention) -> Option<NaiveDate> {
    let years = match retention {
        Retention::D10 => 10,
        Retention::D30 => 30,
        Retention::Y => return None,
    };
    NaiveDate::from_ymd_opt(i32::from(year) + years, 12, 31)
}

/// 诉讼保全: a file that must not be destroyed, whatever its age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// 档号.
    pub reference: ReferenceCode,
    /// Why.
    pub reason: String,
    /// Who set it.
    pub by: String,
    /// Since when.
    pub since: NaiveDate,
}

/// Somebody's agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub person: String,
    /// In which role.
    pub role: RoleCode,
    /// When.
    pub on: NaiveDate,
}

/// How far a list has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListState {
    /// It waits for approvals.
    Proposed,
    /// Enough persons agreed.
    Approved,
    /// It was carried out.
    CarriedOut,
}

/// 鉴定销毁清单.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalList {
    /// The key by which it is known.
    pub key: RequestKey,
    /// The files.
    pub references: Vec<ReferenceCode>,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed_on: NaiveDate,
    /// Who agreed.
    pub approvals: Vec<Approval>,
    /// When it was carried out.
    pub carried_out: Option<NaiveDate>,
}

impl DisposalList {
    /// A new list.
    ///
    /// # Errors
    /// `InvalidInput` without files, with a file twice, or without a person; `Denied` where the role may
    /// not propose.
    pub fn propose(
        key: RequestKey,
        references: Vec<ReferenceCode>,
        person: &str,
        role: &RoleCode,
        policy: &Policy,
        on: NaiveDate,
    ) -> Result<Self, Error> {
        let wrong = |message: &str| Err(Error::invalid(format!("disposal list {key}"), message));
        if references.is_empty() {
            return wrong("has no files");
        }
        if references.iter().collect::<BTreeSet<_>>().len() != references.len() {
            return wrong("names a file twice");
        }
        check_person(&key, person)?;
        check_role(&key, role, Ability::ProposeDisposal, policy)?;
        let proposed_by = person.trim().to_owned();
        Ok(Self { key, references, proposed_by, proposed_on: on, approvals: Vec::new(), carried_out: None })
    }

    /// How far it has come under `policy`.
    #[must_use]
    pub fn state(&self, policy: &Policy) -> ListState {
        if self.carried_out.is_some() {
            ListState::CarriedOut
        } else if self.approvals.len() >= usize::from(policy.disposal().approvals) {
            ListState::Approved
        } else {
            ListState::Proposed
        }
    }

    /// Somebody agrees. The same person again changes nothing.
    ///
    /// # Errors
    /// `Denied` where the person proposed the list or the role may not approve; `Conflict` where it was
    /// carried out.
    pub fn approve(
        &mut self,
        person: &str,
        role: &RoleCode,
        policy: &Policy,
        on: NaiveDate,
    ) -> Result<(), Error> {
        check_person(&self.key, person)?;
        check_role(&self.key, role, Ability::ApproveDisposal, policy)?;
        let person = person.trim();
        let object = format!("disposal list {}", self.key);
        if person == self.proposed_by {
            let message = format!("was proposed by {person}, who cannot approve it, too: ask another person");
            return Err(Error::new(ErrorKind::Denied, object, message));
        }
        if self.carried_out.is_some() {
            return Err(Error::new(ErrorKind::Conflict, object, "was carried out already"));
        }
        if !self.approvals.iter().any(|a| a.person == person) {
            self.approvals.push(Approval { person: person.to_owned(), role: role.clone(), on });
        }
        Ok(())
    }

    /// Checks that it may be carried out now.
    ///
    /// # Errors
    /// `Denied` where approvals are missing; `Conflict` where a file is held.
    pub fn check_ready(&self, policy: &Policy, holds: &[Hold]) -> Result<(), Error> {
        let object = || format!("disposal list {}", self.key);
        if let Some(hold) = holds.iter().find(|h| self.references.contains(&h.reference)) {
            let message = format!("has {}, which is held: {}", hold.reference, hold.reason);
            return Err(Error::new(ErrorKind::Conflict, object(), message));
        }
        if self.state(policy) == ListState::Proposed {
            let (found, asked) = (self.approvals.len(), policy.disposal().approvals);
            let message = format!("has {found} of {asked} approvals: let other persons approve it");
            return Err(Error::new(ErrorKind::Denied, object(), message));
        }
        Ok(())
    }
}

fn check_person(key: &RequestKey, person: &str) -> Result<(), Error> {
    let length = person.trim().chars().count();
    if (1..=100).contains(&length) && !person.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::invalid(format!("disposal list {key}"), "needs a person's name of 1 to 100 characters"))
}

fn check_role(key: &RequestKey, role: &RoleCode, ability: Ability, policy: &Policy) -> Result<(), Error> {
    if policy.role(role).is_some_and(|r| r.may.contains(&ability)) {
        return Ok(());
    }
    let able: Vec<&str> =
        policy.roles().filter(|r| r.may.contains(&ability)).map(|r| r.code.as_str()).collect();
    let message = format!("cannot be handled so by the role {role}; {} may", able.join(", "));
    Err(Error::new(ErrorKind::Denied, format!("disposal list {key}"), message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2025, 1, d).unwrap()
    }

    fn role(code: &str) -> RoleCode {
        code.parse().unwrap()
    }

    fn list() -> DisposalList {
        let references = vec!["Z109-KH·2014-D10-YX01-0001".parse().unwrap()];
        let policy = Policy::reference();
        DisposalList::propose("d-1".parse().unwrap(), references, "李", &role("archivist"), &policy, day(1))
            .unwrap()
    }

    #[test]
    fn two_other_persons_must_agree() {
        let policy = Policy::reference();
        let mut list = list();
        assert_eq!(list.check_ready(&policy, &[]).unwrap_err().kind(), ErrorKind::Denied);
        let own = list.approve(" 李 ", &role("archive-manager"), &policy, day(2)).unwrap_err();
        assert!(own.kind() == ErrorKind::Denied && own.to_string().contains("another person"), "{own}");
        let counter = list.approve("王", &role("counter"), &policy, day(2)).unwrap_err();
        assert!(counter.to_string().contains("archive-manager, legal may"), "{counter}");
        list.approve("王", &role("archive-manager"), &policy, day(2)).unwrap();
        list.approve("王", &role("legal"), &policy, day(3)).unwrap();
        assert_eq!(list.state(&policy), ListState::Proposed, "one person in two roles is one person");
        list.approve("赵", &role("legal"), &policy, day(3)).unwrap();
        assert_eq!(list.state(&policy), ListState::Approved);
        list.check_ready(&policy, &[]).unwrap();
    }

    #[test]
    fn a_hold_stops_an_approved_list() {
        let policy = Policy::reference();
        let mut list = list();
        for (person, code) in [("王", "archive-manager"), ("赵", "legal")] {
            list.approve(person, &role(code), &policy, day(2)).unwrap();
        }
        let reference = list.references[0].clone();
        let hold = Hold { reference, reason: "诉讼".into(), by: "赵".into(), since: day(3) };
        let error = list.check_ready(&policy, &[hold]).unwrap_err();
        assert!(
            error.kind() == ErrorKind::Conflict && error.to_string().contains("is held: 诉讼"),
            "{error}"
        );
        list.carried_out = Some(day(4));
        assert!(list.approve("钱", &role("legal"), &policy, day(5)).is_err());
    }

    #[test]
    fn a_list_without_files_or_persons_is_refused() {
        let policy = Policy::reference();
        let propose = |references: &[&str], person: &str| {
            let references = references.iter().map(|r| r.parse().unwrap()).collect();
            DisposalList::propose(
                "d".parse().unwrap(),
                references,
                person,
                &role("archivist"),
                &policy,
                day(1),
            )
        };
        assert!(propose(&[], "李").is_err());
        assert!(propose(&["a", "a"], "李").is_err());
        assert!(propose(&["a"], " ").is_err());
        assert!(propose(&["a"], "李\n").is_err());
    }
}
