//! Facts about a customer or a case, and conditions on them with three answers.
//!
//! ```
//! use archive_core::facts::{Condition, Fact, FactKind, FactRule, Facts};
//!
//! let voltage = FactRule::new("voltage_kv".parse()?, "供电电压", FactKind::Number { unit: "kV".into() });
//! let delegated = FactRule::new("delegated".parse()?, "委托办理", FactKind::Flag);
//! let rules = [voltage, delegated];
//! let condition = Condition::parse("voltage_kv >= 10 and not delegated", &rules)?;
//!
//! let facts = Facts::from([("voltage_kv".parse()?, Fact::Number(10.into()))]);
//! // Nobody said whether the case is delegated, so nobody can say whether the condition holds.
//! assert_eq!(condition.holds(&facts), None);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! The language: names of facts, `and`, `or`, `not`, brackets; a number is compared by `>=`, `>`, `<=`,
//! `<`, `=`, `!=`, a choice by `=` and `!=`. What is not known stays unknown through `and`, `or` and
//! `not`, unless the other side decides alone (Kleene's logic).
//!
//! A condition that can never hold, or that always holds, is a fault of its rule:
//! [`Condition::possible`] tries every combination that can make a difference.

mod condition;
mod parser;
mod trial;

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use self::condition::{Comparison, Condition};
pub use self::trial::Possibility;
use crate::Error;
use crate::identifier::{FactName, quoted};

/// What is known of a case. What is not named is unknown.
pub type Facts = BTreeMap<FactName, Fact>;

/// A fact's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// It holds or does not.
    Flag(bool),
    /// A quantity, in the unit of its [`FactRule`].
    Number(Decimal),
    /// One of a few words.
    Choice(String),
}

impl From<bool> for Fact {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Choice(word) => f.write_str(word),
        }
    }
}

/// What kind of value a fact has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactKind {
    /// It holds or does not.
    Flag,
    /// A quantity.
    Number {
        /// The unit in which it is given.
        unit: String,
    },
    /// One of these words.
    Choice {
        /// The words.
        of: Vec<String>,
    },
    /// It follows from other facts and is never given.
    Derived(Box<Condition>),
}

/// A fact that conditions may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRule {
    /// Its name in conditions and requests.
    pub name: FactName,
    /// Its name for people.
    pub label: String,
    /// What kind of value it has.
    pub kind: FactKind,
}

impl FactRule {
    /// A fact of `kind`.
    #[must_use]
    pub fn new(name: FactName, label: &str, kind: FactKind) -> Self {
        Self { name, label: label.to_owned(), kind }
    }

    /// Checks a value that a request gives for this fact.
    ///
    /// # Errors
    /// `InvalidInput` where the value is of another kind, or where the fact is never given.
    pub fn check(&self, fact: &Fact) -> Result<(), Error> {
        let wrong = |message: String| Err(Error::invalid(format!("fact {}", self.name), message));
        let given = quoted(&fact.to_string());
        match (&self.kind, fact) {
            (FactKind::Flag, Fact::Flag(_)) => Ok(()),
            (FactKind::Number { .. }, Fact::Number(number)) if in_range(*number) => Ok(()),
            (FactKind::Choice { of }, Fact::Choice(word)) if of.contains(word) => Ok(()),
            (FactKind::Flag, _) => wrong(format!("is {given}, which is neither true nor false")),
            (FactKind::Number { unit }, _) => wrong(format!(
                "is {given}, which is no number of {unit} from 0 to 10^12 with at most 3 decimals"
            )),
            (FactKind::Choice { of }, _) => wrong(format!("is {given}, which is none of {}", of.join(", "))),
            (FactKind::Derived(condition), _) => {
                wrong(format!("follows from \"{condition}\"; give those facts instead"))
            }
        }
    }
}

/// Thousandths keep numbers exact in a machine word.
fn thousandths(number: Decimal) -> Option<i64> {
    let scaled = number.checked_mul(Decimal::ONE_THOUSAND)?;
    scaled.fract().is_zero().then(|| i64::try_from(scaled.trunc()).ok()).flatten()
}

fn in_range(number: Decimal) -> bool {
    const MOST: i64 = 1_000_000_000_000_000;
    thousandths(number).is_some_and(|n| (0..=MOST).contains(&n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_tells_the_kinds_apart() {
        let facts: Facts =
            serde_json::from_str(r#"{"delegated": true, "voltage_kv": 10.5, "title": "lease"}"#).unwrap();
        assert_eq!(facts[&"delegated".parse().unwrap()], Fact::Flag(true));
        assert_eq!(facts[&"voltage_kv".parse().unwrap()], Fact::Number("10.5".parse().unwrap()));
        assert_eq!(facts[&"title".parse().unwrap()], Fact::Choice("lease".into()));
        let text = serde_json::to_string(&facts).unwrap();
        assert_eq!(serde_json::from_str::<Facts>(&text).unwrap(), facts, "they read back");
    }

    #[test]
    fn a_value_of_another_kind_is_refused() {
        let rule = FactRule::new("v".parse().unwrap(), "电压", FactKind::Number { unit: "kV".into() });
        assert!(rule.check(&Fact::Number(10.into())).is_ok());
        for bad in [
            Fact::Flag(true),
            Fact::Choice("high".into()),
            Fact::Number((-1).into()),
            Fact::Number(Decimal::MAX),
        ] {
            assert!(rule.check(&bad).is_err(), "{bad}");
        }
    }
}
