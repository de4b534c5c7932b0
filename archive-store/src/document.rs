//! Versions of documents, and checks that their content is still what was filed.
//!
//! ```
//! use archive_store::{DigestSuite, Fixity};
//!
//! let fixity = Fixity::of(DigestSuite::Sm3, b"abc");
//! // The example of GB/T 32905-2016, annex A.1.
//! assert_eq!(fixity.to_string(), "sm3:66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
//! assert!(fixity.fits(b"abc") && !fixity.fits(b"abd"));
//! assert_eq!(fixity.to_string().parse::<Fixity>()?, fixity);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! The document as filed is version 1. A version never changes and none is deleted: what is wrong is
//! followed by a better one with a reason.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use archive_core::identifier::{DocumentId, quoted};
use archive_core::record::Digest;
use archive_core::units::Pages;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::filing::{check_text, check_time};

/// By which function a digest was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestSuite {
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SM3 (GB/T 32905-2016).
    Sm3,
}

impl DigestSuite {
    /// The suite's id in files and tables.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sm3 => "sm3",
        }
    }
}

impl FromStr for DigestSuite {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "sha256" => Ok(Self::Sha256),
            "sm3" => Ok(Self::Sm3),
            _ => Err(Error::invalid(format!("digest suite {}", quoted(text)), "is none of sha256, sm3")),
        }
    }
}

/// 固化信息: a digest together with how it was made. As text: `suite:hexadecimal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fixity {
    /// How it was made.
    pub suite: DigestSuite,
    /// The digest.
    pub digest: Digest,
}

impl Fixity {
    /// The fixity of `content`.
    #[must_use]
    pub fn of(suite: DigestSuite, content: &[u8]) -> Self {
        let digest = match suite {
            DigestSuite::Sha256 => Sha256::digest(content).into(),
            DigestSuite::Sm3 => sm3::Sm3::digest(content).into(),
        };
        Self { suite, digest: Digest(digest) }
    }

    /// Whether `content` is what it was made of.
    #[must_use]
    pub fn fits(&self, content: &[u8]) -> bool {
        Self::of(self.suite, content) == *self
    }
}

impl fmt::Display for Fixity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.suite.id(), self.digest)
    }
}

impl FromStr for Fixity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (suite, digest) = text.split_once(':').ok_or_else(|| {
            Error::invalid(format!("fixity {}", quoted(text)), "is not suite:digest, such as sha256:e3b0…")
        })?;
        Ok(Self { suite: suite.parse()?, digest: digest.parse()? })
    }
}

/// A version of a document's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentVersion {
    /// The document.
    pub document: DocumentId,
    /// From 1, which is the document as filed.
    pub version: u32,
    /// What proves its content unchanged.
    pub fixity: Fixity,
    /// How many pages it has.
    pub pages: Pages,
    /// Where its content lies.
    pub path: PathBuf,
    /// Why it was made; "as filed" for the first.
    pub reason: String,
    /// When it was made.
    pub when: DateTime<Utc>,
}

impl DocumentVersion {
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_text("reason", &self.reason)?;
        check_time("time of the version", self.when)?;
        match self.path.to_str() {
            Some(path) if path.len() <= 4096 && !path.contains('\0') => Ok(()),
            _ => Err(Error::invalid(
                format!("document {}", self.document),
                "has a path that is not UTF-8 or that no system can open",
            )),
        }
    }
}

/// What a check of a document's content found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixityFinding {
    /// It is what was filed.
    Intact,
    /// It is something else.
    Damaged,
    /// It is not there.
    Missing,
}

/// One check of a document's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixityCheck {
    /// The document.
    pub document: DocumentId,
    /// Which version was checked.
    pub version: u32,
    /// What was found.
    pub found: FixityFinding,
    /// When.
    pub when: DateTime<Utc>,
}
