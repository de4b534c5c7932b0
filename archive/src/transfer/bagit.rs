//! BagIt (RFC 8493): bags that prove what they hold.
//!
//! Written bags are version 1.0 with SHA-256 and SHA-512 manifests, in UTF-8, names in NFC. Bags that
//! are read may be of any version from 0.93, with MD5, SHA-1, SHA-2 or SM3 manifests, and tag files in
//! UTF-8, UTF-16 or ISO-8859-1.
//!
//! Validation gives findings: what makes a bag invalid, and what is only suspicious. Nothing is fetched:
//! a bag whose `fetch.txt` names what is not there is incomplete.

mod digests;
mod manifest;
mod validation;
mod writing;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::validation::validate;
pub use self::writing::BagWriter;

/// Whether a bag may be used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BagReport {
    /// The version that it declares.
    pub version: String,
    /// The files below `data/`, with their lengths.
    pub payload: Vec<(String, u64)>,
    /// The entries of `bag-info.txt`.
    pub info: Vec<(String, String)>,
    /// What makes it invalid.
    pub faults: Vec<Fault>,
    /// What is allowed and suspicious.
    pub warnings: Vec<Fault>,
}

impl BagReport {
    /// Whether it is complete and each file is what its manifests say.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.faults.is_empty()
    }
}

/// One thing that is wrong with a bag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The file that it is about.
    pub file: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.message)
    }
}
