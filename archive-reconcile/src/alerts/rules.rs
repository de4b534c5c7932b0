//! Which findings are told when, and what waits: the rules of early warning, as data.

use std::collections::BTreeSet;

use archive_core::{Error, data_file};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Observation;
use crate::schema::Severity;
use crate::tables::Difference;

/// The text of the shipped rules, to start one's own from.
pub const REFERENCE_TEXT: &str = include_str!("../../schema/alerts.toml");

/// When people are told of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// As soon as it is seen.
    AtOnce,
    /// In the list of the day.
    Daily,
}

/// One rule: which findings it is about, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Kinds of findings (`missing_left`, `missing_right`, `duplicate`, `mismatch`); all where empty.
    #[serde(default)]
    pub kinds: BTreeSet<String>,
    /// Fields; all, and findings without one, where empty.
    #[serde(default)]
    pub fields: BTreeSet<String>,
    /// The least severity.
    #[serde(default = "minor")]
    pub least: Severity,
    /// When people are told.
    pub route: Route,
    /// The days without anybody acting after which the alert goes one level higher, each time anew.
    #[serde(default)]
    pub escalate_after_days: Option<u32>,
}

fn minor() -> Severity {
    Severity::Minor
}

/// What waits while a change order is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    /// The business processes of the orders.
    pub processes: BTreeSet<String>,
    /// The fields that such an order changes.
    pub fields: BTreeSet<String>,
    /// The days after which an order that is still open suppresses nothing any more.
    pub most_days: u32,
}

/// The rules of early warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The first that fits a finding decides; a finding that none fits is no alert.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
    /// What waits while an order is open.
    #[serde(default)]
    pub suppress: Vec<Suppression>,
}

impl Rules {
    /// Reads rules from TOML; `name` (a path, usually) stands in errors.
    ///
    /// # Errors
    /// `InvalidInput`, naming file, line and key, where the text is no such rules; or where a kind of
    /// finding has no such name.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let rules: Self = data_file::parse(name, text)?;
        match rules.rules.iter().flat_map(|r| &r.kinds).find(|kind| Difference::named(kind).is_none()) {
            Some(kind) => {
                let known = Difference::ALL.map(Difference::as_str).join(", ");
                let message = format!("{kind} is no kind of finding: the kinds are {known}");
                Err(Error::invalid(name, message))
            }
            None => Ok(rules),
        }
    }

    /// The rules that are shipped.
    ///
    /// # Panics
    /// Never: a test reads them.
    #[must_use]
    pub fn reference() -> Self {
        Self::parse("alerts.toml", REFERENCE_TEXT).expect("the shipped rules are checked by a test")
    }

    pub(super) fn rule(&self, finding: &Observation) -> Option<&Rule> {
        self.rules.iter().find(|rule| {
            let field = finding.field.as_ref();
            (rule.kinds.is_empty() || rule.kinds.contains(&finding.kind))
                && (rule.fields.is_empty() || field.is_some_and(|f| rule.fields.contains(f)))
                && finding.severity >= rule.least
        })
    }

    pub(super) fn suppresses(&self, finding: &Observation, orders: &[ChangeOrder], today: NaiveDate) -> bool {
        let of_key = |order: &&ChangeOrder| order.key == finding.key;
        orders.iter().filter(of_key).any(|order| {
            self.suppress.iter().any(|rule| {
                let age = (today - order.opened).num_days();
                rule.processes.contains(&order.process)
                    && finding.field.as_ref().is_some_and(|f| rule.fields.contains(f))
                    && (0..=i64::from(rule.most_days)).contains(&age)
            })
        })
    }
}

/// An order that is open, during which system and papers differ rightly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeOrder {
    /// The customer's key.
    pub key: String,
    /// Its business process.
    pub process: String,
    /// The day on which it was opened.
    pub opened: NaiveDate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_rules_name_what_is_wrong() {
        let kind = REFERENCE_TEXT.replacen("\"duplicate\"", "\"twice\"", 1);
        assert!(Rules::parse("a.toml", &kind).unwrap_err().to_string().contains("twice is no kind"));
        let key = REFERENCE_TEXT.replacen("route", "root", 1);
        assert!(Rules::parse("a.toml", &key).unwrap_err().to_string().contains("a.toml line"));
    }
}
