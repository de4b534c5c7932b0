//! Names of things: each identifier is parsed once at the edge and cannot be wrong inside.
//!
//! ```
//! use archive_core::identifier::{CustomerNumber, ReferenceCode};
//!
//! let customer: CustomerNumber = "3388985508".parse().unwrap();
//! assert_eq!(customer.to_string(), "3388985508");
//! let error = "".parse::<ReferenceCode>().unwrap_err();
//! assert_eq!(error.to_string(), "reference code \"\": is empty");
//! ```
//!
//! Identifiers are compared byte by byte. What counts as the same number written differently
//! (full width, look-alike dashes) is decided by a numbering rule before a value gets here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Checks what holds for every identifier: not empty, not longer than `limit` characters, no
/// control or invisible formatting characters, no white space at either end.
fn check(name: &str, limit: usize, text: &str) -> Result<(), Error> {
    let fault = if text.is_empty() {
        "is empty".to_owned()
    } else if text.len() > limit * 4 || text.chars().count() > limit {
        format!("is longer than {limit} characters")
    } else if text.chars().any(|c| c.is_control() || is_invisible(c)) {
        "contains a control or invisible character".to_owned()
    } else if text.trim() != text {
        "begins or ends with white space".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("{name} {}", quoted(text)), fault))
}

/// Direction marks and zero-width characters make two different numbers, or names, look alike.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// `text` in quotes, escaped, and cut so that a hostile value cannot flood a message.
#[must_use]
pub fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{:?}… ({} bytes)", &text[..cut], text.len()),
        None => format!("{text:?}"),
    }
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $type:ident, $name:literal, $limit:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(Box<str>);

        impl $type {
            /// The most characters that it may have.
            pub const LIMIT: usize = $limit;

            /// The identifier as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                check($name, $limit, text)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $type {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(id: $type) -> String {
                id.0.into()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )*};
}

identifiers! {
    /// 档号: the number that identifies an archival unit in the whole fonds.
    ReferenceCode, "reference code", 128;
    /// 全宗号: the holdings of one organisation.
    FondsNumber, "fonds number", 32;
    /// 户号: the marketing system's number of a customer.
    CustomerNumber, "customer number", 64;
    /// 盒号: the number on a box's spine; it serves shelving only.
    BoxNumber, "box number", 64;
    /// The name of a document in the catalogue.
    DocumentId, "document id", 128;
    /// The key by which a filing request is known; the same key again is the same request.
    RequestKey, "request key", 128;
    /// 系统记录: the key of the row in the marketing system that a file belongs to.
    SystemRecordKey, "system record key", 128;
    /// The name of a field on a paper or in the marketing system, such as `contract_capacity_kva`.
    FieldName, "field name", 64;
    /// The code of a kind of document, such as `supply_contract`.
    DocumentType, "document type", 64;
    /// The code of a business process, such as `new-connection-lv`.
    ProcessCode, "process code", 64;
    /// The code of a stage of a business process, such as `completion`.
    StageCode, "stage", 64;
    /// The code of a role, such as `counter` (who takes papers in) or `archivist`.
    RoleCode, "role", 64;
    /// The name of a fact about a customer or a case, such as `voltage_kv` or `delegated`.
    FactName, "fact", 64;
    /// 机构(问题)代码: the organisation or subject that a file belongs to.
    OrganisationCode, "organisation code", 32;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_rejected(text: &str, fault: &str) {
        let error = text.parse::<BoxNumber>().unwrap_err();
        assert!(error.to_string().ends_with(fault), "{error}");
    }

    #[test]
    fn hostile_identifiers_are_rejected() {
        check_rejected("", "is empty");
        check_rejected(" B1", "begins or ends with white space");
        check_rejected("B\u{0}1", "control or invisible character");
        check_rejected("B\u{202e}1", "control or invisible character");
        check_rejected(&"9".repeat(65), "longer than 64 characters");
    }

    #[test]
    fn a_message_about_ten_megabytes_stays_short() {
        let error = "x".repeat(10_000_000).parse::<DocumentId>().unwrap_err();
        assert!(error.to_string().len() < 200);
    }

    #[test]
    fn serde_goes_through_the_same_check() {
        assert!(serde_json::from_str::<FieldName>("\"\"").is_err());
        let name: FieldName = serde_json::from_str("\"id_no\"").unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"id_no\"");
    }
}
