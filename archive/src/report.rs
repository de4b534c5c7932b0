//! The exception page: findings for people, each with the scan beside it, as a page that opens from disk.
//!
//! ```no_run
//! # fn show(archive: &archive::Archive, outcomes: &[archive::FilingOutcome]) -> Result<(), archive::Error> {
//! let page = archive.report_filings("out/report".as_ref(), outcomes)?;
//! println!("open {}", page.display());
//! # Ok(())
//! # }
//! ```
//!
//! The report is a directory: `index.html` and, beside it in `pages`, the page images that it shows. It needs
//! no network. The data lie in the page as JSON, in which nothing can be taken for markup, and reach the screen
//! as text alone; a content security policy keeps any other script from running. Decisions that a reviewer
//! makes on the page leave it as a file, which [`crate::review`] takes back.
//!
//! Limits: [`Report::EXCEPTION_LIMIT`] findings; of more, the most severe are shown and the page says how many
//! are not.

mod gathering;
mod page;
mod pictures;

use std::fs;
use std::path::{Path, PathBuf};

use archive_core::Error;
use archive_core::completeness::Item;
use archive_core::completeness::branch::Matrix;
use archive_core::evidence::Region;
use archive_core::holding::SlotAddress;
use archive_core::identifier::{
    BoxNumber, CustomerNumber, FieldName, ProcessCode, ReferenceCode, RequestKey,
};
use archive_core::policy::PolicyVersion;
use archive_core::record::Digest;
use archive_core::units::Confidence;
use archive_reconcile::{Finding, FindingKind, Severity};
use archive_store::Checkpoint;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::content::digest;
use crate::filing::{RejectedDocument, Shelving};
use crate::judging::Silent;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The state of the archive's evidence log: tells this archive from others when decisions come back.
    pub archive: Checkpoint,
    /// The day on which it was made.
    pub made: NaiveDate,
    /// How many customers were compared.
    pub compared: usize,
    /// Customers of the marketing system of whom no papers are filed.
    pub without_papers: Vec<CustomerNumber>,
    /// Documents that could not be asked.
    pub silent: Vec<Silent>,
    /// The findings.
    pub exceptions: Vec<Exception>,
    /// How many findings are not shown, because there are more than [`Report::EXCEPTION_LIMIT`].
    pub left_out: usize,
    /// The files that the findings are about.
    pub files: Vec<FileState>,
    /// How complete the files of the compared customers are, by process and paper.
    pub completeness: Option<Matrix>,
}

/// A finding, and what a person needs to decide on it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exception {
    /// Names it in a file of decisions.
    pub id: FindingId,
    /// What it says.
    #[serde(flatten)]
    pub subject: Subject,
    /// The field's name for people.
    pub label: String,
    /// The site where the papers stand; none where they are kept electronically.
    pub site: Option<String>,
    /// The day on which the papers were filed.
    pub day: NaiveDate,
    /// The evidence against the record's claim, in nats; not a number where nobody measured it.
    pub evidence: f64,
    /// The probability that the record is wrong, where it was judged.
    pub probability: Option<f64>,
    /// How sure the reader is of the paper's value.
    pub confidence: Option<Confidence>,
    /// The paper's value as printed.
    pub printed: Option<String>,
    /// The place on the paper.
    pub picture: Picture,
}

/// What a finding says: which file, paper and field, and both values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "console", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// 档号 of the file.
    #[cfg_attr(
        feature = "console",
        schema(
            value_type = String,
            min_length = 1,
            max_length = 128,
            pattern = r"^[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]([^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff])?$"
        )
    )]
    pub reference: ReferenceCode,
    /// 户号.
    #[cfg_attr(
        feature = "console",
        schema(
            value_type = String,
            min_length = 1,
            max_length = 64,
            pattern = r"^[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]([^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff])?$"
        )
    )]
    pub customer: CustomerNumber,
    /// `mismatch`, `papers-disagree`, `unreadable` or `missing-in-record`.
    #[cfg_attr(
        feature = "console",
        schema(value_type = String, pattern = "^(mismatch|papers-disagree|unreadable|missing-in-record)$")
    )]
    pub kind: FindingKind,
    /// The field.
    #[cfg_attr(
        feature = "console",
        schema(
            value_type = String,
            min_length = 1,
            max_length = 64,
            pattern = r"^[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]([^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff])?$"
        )
    )]
    pub field: FieldName,
    /// The paper that speaks most clearly.
    pub document: String,
    /// Its value, where one was read.
    pub paper: Option<String>,
    /// The record's value, where it has one.
    pub record: Option<String>,
    /// How much it matters: `minor`, `major` or `critical`.
    #[cfg_attr(feature = "console", schema(value_type = String, pattern = "^(minor|major|critical)$"))]
    pub severity: Severity,
    /// Why it matters.
    pub reason: String,
}

impl Subject {
    /// What `finding` says of the file `reference` of `customer`.
    #[must_use]
    pub fn new(reference: ReferenceCode, customer: CustomerNumber, finding: &Finding) -> Self {
        Self {
            reference,
            customer,
            kind: finding.kind,
            field: finding.field.clone(),
            document: finding.document.clone(),
            paper: finding.paper.clone(),
            record: finding.record.clone(),
            severity: finding.severity,
            reason: finding.reason.clone(),
        }
    }

    /// The digest of all that it says.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // Such plain values always have a JSON form; were one without, its digest would name no finding.
        digest(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// Its name: the same for the same finding, and another where anything of it differs.
    #[must_use]
    pub fn id(&self) -> FindingId {
        FindingId(self.digest().to_string()[..32].to_owned())
    }
}

/// Names a finding: half of the digest of what it says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(String);

impl std::fmt::Display for FindingId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The place on a page that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Picture {
    /// The page image.
    Shown {
        /// Its path relative to `index.html`.
        path: String,
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// Where the value stands.
        region: Option<Region>,
    },
    /// There is nothing to show.
    Absent {
        /// Why.
        reason: String,
    },
}

/// A file, where it stands and which of its papers are there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileState {
    /// 档号.
    pub reference: ReferenceCode,
    /// 户号.
    pub customer: CustomerNumber,
    /// The business process.
    pub process: ProcessCode,
    /// The request that filed it.
    pub request: RequestKey,
    /// 档案盒, for paper.
    pub box_number: Option<BoxNumber>,
    /// 储位 of the box.
    pub slot: Option<SlotAddress>,
    /// Whether the box was seen there, where this is told of a filing.
    pub shelving: Option<Shelving>,
    /// The policy that decided.
    pub policy: PolicyVersion,
    /// Which papers are there.
    pub papers: Vec<Item>,
    /// Documents that were not filed.
    pub rejected: Vec<RejectedDocument>,
}

impl Report {
    /// The most findings on a page.
    pub const EXCEPTION_LIMIT: usize = 20_000;

    /// Writes `index.html` into `directory`, whose `pages` holds the pictures; gives its path.
    ///
    /// # Errors
    /// Those of writing it.
    pub fn write(&self, directory: &Path) -> Result<PathBuf, Error> {
        fs::create_dir_all(directory).map_err(|e| Error::io(directory, "create the report directory", e))?;
        let path = directory.join("index.html");
        fs::write(&path, page::render(self)?).map_err(|e| Error::io(&path, "write the report", e))?;
        Ok(path)
    }
}
