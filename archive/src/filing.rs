//! What a business application asks for and what it gets back.
//!
//! ```
//! use archive::FilingRequest;
//!
//! let request: FilingRequest = serde_json::from_str(r#"{
//!     "key": "HZ-2024-000017",
//!     "customer": { "number": "3388985508", "name": "杭州永泰纺织有限公司", "class": "business" },
//!     "process": "new-connection-lv",
//!     "date": "2024-05-01",
//!     "documents": ["contract.jpg", "application.jpg"],
//!     "record": { "contract_capacity_kva": "400" }
//! }"#).unwrap();
//! assert_eq!(request.documents.len(), 2);
//! ```
//!
//! Request and outcome are plain values with a JSON form, which is also their form in the C and
//! Python bindings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use archive_core::completeness::{Completeness, Facts};
use archive_core::evidence::{Region, Verdict};
use archive_core::holding::{CustodyMode, SlotAddress, TagEpc};
use archive_core::identifier::{
    BoxNumber, DocumentId, DocumentType, FieldName, ProcessCode, ReferenceCode, RequestKey,
};
use archive_core::policy::PolicyVersion;
use archive_core::record::{Customer, Digest, Record};
use archive_core::units::{Confidence, Pages};
use archive_core::{Error, ErrorKind};
use archive_ocr::DocumentFinding;
use archive_reconcile::Finding;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One call's worth of papers: a customer, a business process, and scans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilingRequest {
    /// The caller's name for this request. The same request again under the same key changes
    /// nothing and gives the same answer.
    pub key: RequestKey,
    /// Whose papers they are.
    pub customer: Customer,
    /// The business process that they belong to.
    pub process: ProcessCode,
    /// The day on which the process was completed; it decides the year of the archive number.
    pub date: NaiveDate,
    /// The page images, one document each.
    pub documents: Vec<PathBuf>,
    /// What the marketing system claims; nothing is compared where it is empty.
    #[serde(default)]
    pub record: Record,
    /// What is known of the case, for papers that are needed only sometimes.
    #[serde(default)]
    pub facts: Facts,
}

impl FilingRequest {
    /// The most documents that one request may have.
    pub const DOCUMENT_LIMIT: usize = 1000;
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilingOutcome {
    /// The request's key.
    pub key: RequestKey,
    /// Whether an earlier call had filed it already.
    pub repeated: bool,
    /// 档号 that the file was given.
    pub reference_code: ReferenceCode,
    /// In which form the papers are kept.
    pub custody: CustodyMode,
    /// 档案盒 that the papers went into; none where they are kept electronically.
    pub box_number: Option<BoxNumber>,
    /// 储位 of the box.
    pub slot: Option<SlotAddress>,
    /// Whether the box stands in its slot.
    pub shelving: Shelving,
    /// The policy that decided.
    pub policy: PolicyVersion,
    /// The documents that were filed, in the request's order.
    pub documents: Vec<FiledDocument>,
    /// The documents that were not, and why; the others were filed all the same.
    pub rejected: Vec<RejectedDocument>,
    /// Which papers are there, missing or unverified.
    pub completeness: Completeness,
    /// Where the papers and the marketing system differ.
    pub findings: Vec<Finding>,
}

/// Whether the box stands in its slot: done, not needed, or not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Shelving {
    /// The papers are kept electronically.
    NotNeeded,
    /// The box's tag was seen in its slot's aisle.
    Confirmed {
        /// The tag.
        tag: TagEpc,
    },
    /// The slot is reserved and the next call, or `Archive::resume`, goes on from here.
    Pending {
        /// Why it is not confirmed.
        reason: String,
    },
}

/// A document in the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FiledDocument {
    /// Its name in the catalogue.
    pub id: DocumentId,
    /// The file name that it came with.
    pub name: String,
    /// What kind of document it is; none where nobody could tell.
    pub document_type: Option<DocumentType>,
    /// How many pages it has.
    pub pages: Pages,
    /// The fixity of its content.
    pub digest: Digest,
    /// Where its content lies, relative to the archive's directory.
    pub content: PathBuf,
    /// What was read from it.
    pub fields: BTreeMap<FieldName, ReadField>,
    /// What is wrong with it as a whole: pages that contradict each other, are missing or out of order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<DocumentFinding>,
}

/// A field that was read from a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadField {
    /// The canonical value.
    pub value: String,
    /// The text as printed.
    pub text: String,
    /// How sure the reader is.
    pub confidence: Confidence,
    /// The page that shows it best, counted from 0.
    #[serde(default)]
    pub page: usize,
    /// Where it stands on the page.
    pub region: Region,
    /// What the image says of the record's claim; none where there was no claim.
    pub verdict: Option<Verdict>,
    /// The evidence against the record's claim, in nats.
    pub evidence: Option<f64>,
}

/// A document that could not be filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedDocument {
    /// The file name that it came with.
    pub name: String,
    /// What the caller can do.
    pub kind: String,
    /// What is wrong with it.
    pub message: String,
}

impl FilingRequest {
    /// The digest of everything that is requested: tells the same request from another under its key.
    pub(crate) fn digest(&self) -> Result<Digest, Error> {
        let text = serde_json::to_vec(self).map_err(|e| {
            let object = format!("request {}", self.key);
            Error::invalid(object, "has a document path that is not UTF-8; rename the file").with_source(e)
        })?;
        Ok(crate::content::digest(&text))
    }

    /// Checks what the types cannot.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |message: String| {
            Err(Error::new(ErrorKind::InvalidInput, format!("request {}", self.key), message))
        };
        if self.documents.is_empty() {
            return wrong("has no documents; name at least one".into());
        }
        if self.documents.len() > Self::DOCUMENT_LIMIT {
            let count = self.documents.len();
            return wrong(format!("has {count} documents, more than {}; split it", Self::DOCUMENT_LIMIT));
        }
        if self.customer.name.trim().is_empty() || self.customer.name.chars().count() > 200 {
            return wrong("needs a customer name of 1 to 200 characters".into());
        }
        Ok(())
    }
}
