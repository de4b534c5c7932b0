//! A condition: what it says and whether it holds.

use std::fmt;

use rust_decimal::Decimal;

use super::{Fact, FactKind, FactRule, Facts, parser};
use crate::Error;
use crate::identifier::FactName;

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `=`
    Equal,
    /// `!=`
    Unequal,
}

impl Comparison {
    /// Whether `a` compares so to `b`.
    #[must_use]
    pub fn holds<T: Ord>(self, a: &T, b: &T) -> bool {
        match self {
            Self::AtLeast => a >= b,
            Self::Above => a > b,
            Self::AtMost => a <= b,
            Self::Below => a < b,
            Self::Equal => a == b,
            Self::Unequal => a != b,
        }
    }

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::AtMost => "<=",
            Self::Below => "<",
            Self::Equal => "=",
            Self::Unequal => "!=",
        }
    }
}

/// A condition on facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// A flag holds.
    Flag(FactName),
    /// A number compares so to another.
    Number(FactName, Comparison, Decimal),
    /// A choice is this word, or any other one.
    Choice {
        /// The fact.
        name: FactName,
        /// The word.
        word: String,
        /// Whether it must be that word.
        equal: bool,
    },
    /// The condition does not hold.
    Not(Box<Condition>),
    /// All of them hold.
    All(Vec<Condition>),
    /// Any of them holds.
    Any(Vec<Condition>),
}

impl Condition {
    /// Reads `text`, whose names must be among `rules`. Facts that are derived are replaced by what
    /// they follow from.
    ///
    /// # Errors
    /// `InvalidInput` with the place in the text and what was expected there.
    pub fn parse(text: &str, rules: &[FactRule]) -> Result<Self, Error> {
        parser::parse(text, rules)
    }

    /// Whether it holds; `None` where that is not known.
    #[must_use]
    pub fn holds(&self, facts: &Facts) -> Option<bool> {
        match self {
            Self::Flag(name) => match facts.get(name)? {
                Fact::Flag(flag) => Some(*flag),
                _ => None,
            },
            Self::Number(name, comparison, bound) => match facts.get(name)? {
                Fact::Number(number) => Some(comparison.holds(number, bound)),
                _ => None,
            },
            Self::Choice { name, word, equal } => match facts.get(name)? {
                Fact::Choice(given) => Some((given == word) == *equal),
                _ => None,
            },
            Self::Not(inner) => inner.holds(facts).map(|holds| !holds),
            Self::All(parts) => fold(parts.iter().map(|p| p.holds(facts)), false),
            Self::Any(parts) => fold(parts.iter().map(|p| p.holds(facts)), true),
        }
    }

    /// The facts that it asks for.
    pub fn names(&self) -> Vec<&FactName> {
        let mut names = Vec::new();
        self.collect_names(&mut names);
        names.sort();
        names.dedup();
        names
    }

    fn collect_names<'a>(&'a self, names: &mut Vec<&'a FactName>) {
        match self {
            Self::Flag(name) | Self::Number(name, ..) | Self::Choice { name, .. } => names.push(name),
            Self::Not(inner) => inner.collect_names(names),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|p| p.collect_names(names)),
        }
    }

    /// The facts that are not known and without which nobody can tell whether it holds.
    #[must_use]
    pub fn unknown<'a>(&'a self, facts: &Facts) -> Vec<&'a FactName> {
        self.names().into_iter().filter(|name| !facts.contains_key(*name)).collect()
    }

    pub(super) fn substitute(&self, rules: &[FactRule]) -> Self {
        match self {
            Self::Flag(name) => match rules.iter().find(|r| r.name == *name).map(|r| &r.kind) {
                Some(FactKind::Derived(condition)) => (**condition).clone(),
                _ => self.clone(),
            },
            Self::Not(inner) => Self::Not(Box::new(inner.substitute(rules))),
            Self::All(parts) => Self::All(parts.iter().map(|p| p.substitute(rules)).collect()),
            Self::Any(parts) => Self::Any(parts.iter().map(|p| p.substitute(rules)).collect()),
            other => other.clone(),
        }
    }
}

/// `and` (whose decisive answer is false) and `or` (whose decisive answer is true).
fn fold(parts: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut answer = Some(!decisive);
    for part in parts {
        match part {
            Some(part) if part == decisive => return Some(decisive),
            Some(_) => {}
            None => answer = None,
        }
    }
    answer
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                match part {
                    Self::Any(_) | Self::All(_) => write!(f, "({part})")?,
                    _ => write!(f, "{part}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::Flag(name) => write!(f, "{name}"),
            Self::Number(name, comparison, bound) => write!(f, "{name} {} {bound}", comparison.symbol()),
            Self::Choice { name, word, equal } => {
                write!(f, "{name} {} '{word}'", if *equal { "=" } else { "!=" })
            }
            Self::Not(inner) => match **inner {
                Self::Any(_) | Self::All(_) => write!(f, "not ({inner})"),
                _ => write!(f, "not {inner}"),
            },
            Self::All(parts) => joined(f, parts, "and"),
            Self::Any(parts) => joined(f, parts, "or"),
        }
    }
}
