//! Policy as data: how long, in which form and in which boxes files are kept, which papers a
//! business process needs, and who puts right what is missing.
//!
//! ```
//! use archive_core::holding::Retention;
//! use archive_core::policy::Policy;
//!
//! let policy = Policy::reference();
//! let process = policy.process(&"new-connection-lv".parse()?)?;
//! assert_eq!(process.retention, Retention::D30);
//! // Every rule says where it comes from and how sure it is.
//! assert_eq!(policy.boxing_basis().to_string(), "A: DA/T 22-2015 §6.4");
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Standards differ by province and year: a policy pack is a versioned TOML text, and every decision
//! records the pack's name and version. [`Policy::reference`] is the one that is shipped.
//!
//! A pack is checked as a whole before it decides anything: a rule that goes in a circle or that
//! nothing can fulfil is refused with file, line and key. [`contradictions`] compares packs that would
//! be in force together, and [`impact`] says which existing files a change of pack would touch.

mod basis;
mod build;
mod contradiction;
mod impact;
mod pack_text;
mod processes;
mod rules;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use self::basis::{Basis, Certainty};
pub use self::contradiction::{Contradiction, contradictions};
pub use self::impact::{Change, FileSummary, Impact, TouchedFile, impact};
pub use self::rules::{
    Ability, CustodyRule, DisposalRule, DocumentRule, FactEntry, FilingOrder, FilingRule, FixityRule,
    InterimRule, LendingRule, Process, ReminderRule, Role, ScanStandard, Stage,
};
use crate::boxing::BoxingRule;
use crate::error::{Error, ErrorKind};
use crate::facts::{FactRule, Facts};
use crate::holding::{CustodyMode, Retention};
use crate::identifier::{DocumentType, FondsNumber, OrganisationCode, ProcessCode, RoleCode};
use crate::record::CustomerClass;

/// The text of the shipped policy, to start one's own from.
pub const REFERENCE_TEXT: &str = include_str!("../policy/reference.toml");

/// Which policy, in which version, made a decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// The policy's name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl std::fmt::Display for PolicyVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// A checked policy pack.
#[derive(Debug, Clone)]
pub struct Policy {
    version: PolicyVersion,
    effective: NaiveDate,
    supersedes: Option<String>,
    fonds: FondsNumber,
    organisation: OrganisationCode,
    custody: BTreeMap<CustomerClass, CustodyRule>,
    interim: Vec<InterimRule>,
    boxing: BoxingRule,
    boxing_basis: Basis,
    filing: BTreeMap<CustomerClass, FilingRule>,
    scans: Vec<ScanStandard>,
    roles: BTreeMap<RoleCode, Role>,
    reminders: ReminderRule,
    lending: LendingRule,
    disposal: DisposalRule,
    fixity: FixityRule,
    facts: Vec<FactEntry>,
    fact_rules: Vec<FactRule>,
    documents: BTreeMap<DocumentType, DocumentRule>,
    processes: BTreeMap<ProcessCode, Process>,
    places: Places,
}

/// Where each rule stands in its text: for messages about a rule of a checked policy.
#[derive(Debug, Clone, Default)]
struct Places {
    name: String,
    by_key: BTreeMap<String, String>,
}

impl Places {
    fn get(&self, key: &str) -> String {
        self.by_key.get(key).cloned().unwrap_or_else(|| format!("{}, key {key}", self.name))
    }
}

/// How long a file is kept, and which rule says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionDecision {
    /// How long.
    pub period: Retention,
    /// The document type whose rule is longer than the process's; none where the process decides.
    pub because_of: Option<DocumentType>,
    /// What says so.
    pub basis: Basis,
}

impl Policy {
    /// Reads a policy from TOML; `name` (a path, usually) stands in errors.
    ///
    /// # Errors
    /// `InvalidInput`, naming file, line and key, where the text is no policy, contradicts itself, goes
    /// in a circle or asks for what nothing can fulfil.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        build::build(name, text)
    }

    /// The policy that is shipped, for State-Grid-style marketing files.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn reference() -> Self {
        static REFERENCE: OnceLock<Policy> = OnceLock::new();
        let parse =
            || Self::parse("reference.toml", REFERENCE_TEXT).expect("a test checks the shipped policy");
        REFERENCE.get_or_init(parse).clone()
    }

    /// Its name and version, for the record of a decision.
    #[must_use]
    pub fn version(&self) -> &PolicyVersion {
        &self.version
    }

    /// The day from which it holds.
    #[must_use]
    pub fn effective(&self) -> NaiveDate {
        self.effective
    }

    /// The pack that it takes the place of, as name or as name and version.
    #[must_use]
    pub fn supersedes(&self) -> Option<&str> {
        self.supersedes.as_deref()
    }

    /// 全宗号 of the files filed under this policy.
    #[must_use]
    pub fn fonds(&self) -> &FondsNumber {
        &self.fonds
    }

    /// 机构(问题)代码 of the files filed under this policy by time.
    #[must_use]
    pub fn organisation(&self) -> &OrganisationCode {
        &self.organisation
    }

    /// 机构(问题)代码 of a file of `process` for a customer of `class`: the organisation where files
    /// lie by time, the subject of the process where they lie by business type.
    #[must_use]
    pub fn grouping(&self, class: CustomerClass, process: &Process) -> OrganisationCode {
        match self.filing_order(class).order {
            FilingOrder::Time => self.organisation.clone(),
            FilingOrder::Process => process.subject.clone(),
        }
    }

    /// How the papers of a customer of `class` are kept for good.
    #[must_use]
    pub fn custody(&self, class: CustomerClass) -> CustodyMode {
        self.custody_rule(class).mode
    }

    /// How the papers of a customer of `class` are kept, with the rule's details.
    #[must_use]
    pub fn custody_rule(&self, class: CustomerClass) -> &CustodyRule {
        // `parse` filled in both classes.
        &self.custody[&class]
    }

    /// The states that papers of `class` may be in for a while, in the order of the pack.
    pub fn interim_states(&self, class: CustomerClass) -> impl Iterator<Item = &InterimRule> {
        self.interim.iter().filter(move |rule| rule.class == class)
    }

    /// How boxes are filled.
    #[must_use]
    pub fn boxing(&self) -> &BoxingRule {
        &self.boxing
    }

    /// What says how boxes are filled.
    #[must_use]
    pub fn boxing_basis(&self) -> &Basis {
        &self.boxing_basis
    }

    /// In which order the files of customers of `class` lie.
    #[must_use]
    pub fn filing_order(&self, class: CustomerClass) -> &FilingRule {
        // `parse` filled in both classes.
        &self.filing[&class]
    }

    /// What scans of `document` must be like: the standard that names it, else the general one.
    #[must_use]
    pub fn scan_standard(&self, document: Option<&DocumentType>) -> Option<&ScanStandard> {
        let named = self.scans.iter().find(|s| document.is_some_and(|d| s.documents.contains(d)));
        named.or_else(|| self.scans.iter().find(|s| s.documents.is_empty()))
    }

    /// All roles, by code.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }

    /// The role `code`; none where the policy does not know it.
    #[must_use]
    pub fn role(&self, code: &RoleCode) -> Option<&Role> {
        self.roles.get(code)
    }

    /// When people are reminded of deferred papers.
    #[must_use]
    pub fn reminders(&self) -> &ReminderRule {
        &self.reminders
    }

    /// How long files are lent.
    #[must_use]
    pub fn lending(&self) -> &LendingRule {
        &self.lending
    }

    /// How files are disposed of.
    #[must_use]
    pub fn disposal(&self) -> &DisposalRule {
        &self.disposal
    }

    /// How often content is checked.
    #[must_use]
    pub fn fixity(&self) -> &FixityRule {
        &self.fixity
    }

    /// The facts that its conditions ask for.
    #[must_use]
    pub fn facts(&self) -> &[FactEntry] {
        &self.facts
    }

    pub(crate) fn fact_rules(&self) -> &[FactRule] {
        &self.fact_rules
    }

    /// Checks the facts that a request gives.
    ///
    /// # Errors
    /// `InvalidInput` for a fact that the policy does not know, or whose value is of another kind.
    pub fn check_facts(&self, facts: &Facts) -> Result<(), Error> {
        for (name, fact) in facts {
            let Some(rule) = self.fact_rules.iter().find(|r| r.name == *name) else {
                let known: Vec<&str> = self.fact_rules.iter().map(|r| r.name.as_str()).collect();
                let message = format!("is not in policy {}; it knows {}", self.version, known.join(", "));
                return Err(Error::invalid(format!("fact {name}"), message));
            };
            rule.check(fact)?;
        }
        Ok(())
    }

    /// What it says of documents of type `code`; none where it does not know the type.
    #[must_use]
    pub fn document(&self, code: &DocumentType) -> Option<&DocumentRule> {
        self.documents.get(code)
    }

    /// All document types, by code.
    pub fn documents(&self) -> impl Iterator<Item = &DocumentRule> {
        self.documents.values()
    }

    /// How long a file of `process` with `documents` is kept: the longest of what process and documents
    /// ask for.
    #[must_use]
    pub fn retention<'a>(
        &self,
        process: &Process,
        documents: impl IntoIterator<Item = &'a DocumentType>,
    ) -> RetentionDecision {
        let mut decision =
            RetentionDecision { period: process.retention, because_of: None, basis: process.basis.clone() };
        for rule in documents.into_iter().filter_map(|code| self.documents.get(code)) {
            if let Some(period) = rule.retention.filter(|period| *period > decision.period) {
                let because_of = Some(rule.code.clone());
                decision = RetentionDecision { period, because_of, basis: rule.basis.clone() };
            }
        }
        decision
    }

    /// What it says of the process `code`.
    ///
    /// # Errors
    /// `NotFound` where it does not know the process; the message lists those that it knows.
    pub fn process(&self, code: &ProcessCode) -> Result<&Process, Error> {
        self.processes.get(code).ok_or_else(|| {
            let known: Vec<&str> = self.processes.keys().map(ProcessCode::as_str).collect();
            Error::new(
                ErrorKind::NotFound,
                format!("process {code}"),
                format!("is not in policy {}; it knows {}", self.version, known.join(", ")),
            )
        })
    }

    /// All processes, by code.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.processes.values()
    }
}

#[cfg(test)]
mod tests;
