//! Why a renumbering was not accepted.

use std::fmt;

use archive_core::Error;
use archive_core::identifier::quoted;
use serde::Serialize;

/// Why a renumbering is not safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PlanFault {
    /// A field of the new rule has no source.
    Missing {
        /// The field.
        field: String,
    },
    /// Two old numbers would become one.
    Merged {
        /// The two old numbers.
        old: [String; 2],
        /// What both would become.
        new: String,
        /// The old field that gets lost.
        field: String,
    },
    /// An old number has no new one.
    Unfit {
        /// The old number.
        old: String,
        /// The new field that cannot take its value.
        field: String,
        /// The value.
        value: String,
    },
    /// A new number is an old number of another file.
    Taken {
        /// The number.
        number: String,
        /// What the old number would become.
        new: Option<String>,
    },
    /// The proof would need too many states.
    TooComplex,
}

impl fmt::Display for PlanFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { field } => {
                write!(f, "{field} has no source: carry a field over, or give a constant")
            }
            Self::Merged { old: [a, b], new, field } => {
                write!(f, "{a} and {b} would both become {new}: carry {field} over")
            }
            Self::Unfit { old, field, value } => {
                write!(f, "{old} would have no new number: {field} cannot be {}", quoted(value))
            }
            Self::Taken { number, new: Some(new) } => write!(
                f,
                "{number} could be the new number of one file and the old number of another, which becomes {new}: \
                 change the format"
            ),
            Self::Taken { number, new: None } => {
                write!(f, "{number} could be the new number of one file and the old number of another")
            }
            Self::TooComplex => write!(f, "the rules are too complex to prove this: shorten their fields"),
        }
    }
}

/// Why a renumbering was not accepted: at least one fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanRejection {
    faults: Vec<PlanFault>,
}

impl PlanRejection {
    pub(super) fn new(faults: Vec<PlanFault>) -> Self {
        Self { faults }
    }

    /// What is wrong.
    #[must_use]
    pub fn faults(&self) -> &[PlanFault] {
        &self.faults
    }
}

impl fmt::Display for PlanRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.faults.iter().map(PlanFault::to_string).collect();
        write!(f, "renumbering: {}", faults.join("; "))
    }
}

impl std::error::Error for PlanRejection {}

impl From<PlanRejection> for Error {
    fn from(rejection: PlanRejection) -> Self {
        let faults: Vec<String> = rejection.faults.iter().map(PlanFault::to_string).collect();
        Self::invalid("renumbering", faults.join("; "))
    }
}
