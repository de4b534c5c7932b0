//! Where a rule comes from and how sure it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::identifier::quoted;

/// How sure a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Certainty {
    /// A standard's or an authority's own text was seen.
    A,
    /// A secondary source says so.
    B,
    /// Common practice: check it against your province's rules before use.
    C,
}

/// A rule's source, written `A: DA/T 22-2015 §6.4`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Basis {
    /// How sure it is.
    pub certainty: Certainty,
    /// What says so.
    pub source: String,
}

impl FromStr for Basis {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::invalid(
                format!("basis {}", quoted(text)),
                "must say how sure the rule is and what says so, such as \"A: DA/T 22-2015 §6.4\"",
            )
        };
        let (certainty, source) = text.split_once(':').ok_or_else(wrong)?;
        let certainty = match certainty {
            "A" => Certainty::A,
            "B" => Certainty::B,
            "C" => Certainty::C,
            _ => return Err(wrong()),
        };
        let source = source.trim();
        if source.is_empty() || source.chars().count() > 300 || source.chars().any(char::is_control) {
            return Err(wrong());
        }
        Ok(Self { certainty, source: source.to_owned() })
    }
}

impl TryFrom<String> for Basis {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Basis> for String {
    fn from(basis: Basis) -> Self {
        basis.to_string()
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.certainty, self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_reads_back_and_never_lacks_its_source() {
        let basis: Basis = "A: DA/T 22-2015 §6.4".parse().unwrap();
        assert_eq!(basis.to_string().parse::<Basis>().unwrap(), basis);
        for bad in ["", "A", "A:", "D: hearsay", "A: \n", "certain"] {
            assert!(bad.parse::<Basis>().is_err(), "{bad}");
        }
    }
}
