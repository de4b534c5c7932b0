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
//! A document may come with what the caller knows of it:
//!
//! ```
//! use archive::filing::SubmittedDocument;
//!
//! let json = r#"{ "path": "deed.pdf", "type": "title_deed", "form": "original", "pages": 3 }"#;
//! let document: SubmittedDocument = serde_json::from_str(json).unwrap();
//! assert_eq!(document.document_type.unwrap().as_str(), "title_deed");
//! assert_eq!(serde_json::from_str::<SubmittedDocument>("\"deed.pdf\"").unwrap().pages, None);
//! ```
//!
//! Request and outcome are plain values with a JSON form, which is also their form in the C and
//! Python bindings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use archive_core::completeness::Completeness;
use archive_core::evidence::{Region, Verdict};
use archive_core::facts::Facts;
use archive_core::holding::{CustodyMode, SlotAddress, TagEpc};
use archive_core::identifier::{
    BoxNumber, DocumentId, DocumentType, FieldName, ProcessCode, ReferenceCode, RequestKey, StageCode,
};
use archive_core::policy::PolicyVersion;
use archive_core::record::{Carrier, Customer, Digest, DocumentForm, Record};
use archive_core::units::{Confidence, Millimetres, Pages};
use archive_core::{Error, ErrorKind};
use archive_ocr::DocumentFinding;
use archive_reconcile::Finding;
use archive_shelving::plan::slot_choice::Proposal;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::capture::{Duplicate, Format, Look};

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
    /// The stage that the process has reached, where it has stages; all of them where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageCode>,
    /// The documents, each a path or a path with what is known of it.
    pub documents: Vec<SubmittedDocument>,
    /// What the marketing system claims; nothing is compared where it is empty.
    #[serde(default)]
    pub record: Record,
    /// What is known of the case, for papers that are needed only sometimes.
    #[serde(default)]
    pub facts: Facts,
}

/// A document as it comes in: a file, and what the caller knows of it.
///
/// In JSON it is a path alone, or an object:
/// `{ "path": "deed.tif", "type": "title_deed", "form": "original", "carrier": "paper", "pages": 3 }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "SubmittedForm", into = "SubmittedForm")]
pub struct SubmittedDocument {
    /// Where its content lies.
    pub path: PathBuf,
    /// What kind of document it is; read from the page where absent.
    pub document_type: Option<DocumentType>,
    /// Whether it is an original.
    pub form: Option<DocumentForm>,
    /// What carries it; the format decides where absent.
    pub carrier: Option<Carrier>,
    /// How many pages it has; counted where absent and possible.
    pub pages: Option<Pages>,
}

impl SubmittedDocument {
    /// The document at `path`, of which nothing more is known.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), document_type: None, form: None, carrier: None, pages: None }
    }

    /// The document at `path`, of a known type.
    #[must_use]
    pub fn of_type(path: impl Into<PathBuf>, document_type: DocumentType) -> Self {
        Self { document_type: Some(document_type), ..Self::new(path) }
    }
}

impl<P: Into<PathBuf>> From<P> for SubmittedDocument {
    fn from(path: P) -> Self {
        Self::new(path)
    }
}

/// The two forms of a submitted document in JSON.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum SubmittedForm {
    Path(PathBuf),
    Known(KnownDocument),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownDocument {
    path: PathBuf,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    document_type: Option<DocumentType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    form: Option<DocumentForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    carrier: Option<Carrier>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pages: Option<Pages>,
}

impl From<SubmittedForm> for SubmittedDocument {
    fn from(form: SubmittedForm) -> Self {
        match form {
            SubmittedForm::Path(path) => Self::new(path),
            SubmittedForm::Known(k) => Self {
                path: k.path,
                document_type: k.document_type,
                form: k.form,
                carrier: k.carrier,
                pages: k.pages,
            },
        }
    }
}

impl From<SubmittedDocument> for SubmittedForm {
    fn from(d: SubmittedDocument) -> Self {
        if d == SubmittedDocument::new(&d.path) {
            return Self::Path(d.path);
        }
        Self::Known(KnownDocument {
            path: d.path,
            document_type: d.document_type,
            form: d.form,
            carrier: d.carrier,
            pages: d.pages,
        })
    }
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
    /// That the box was full and is to be changed for a wider one in its slot, under the same number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub box_grew: Option<BoxGrowth>,
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
    /// Documents that are like others which are there already.
    #[serde(default)]
    pub duplicates: Vec<Duplicate>,
    /// Why the box stands where it does, with the runners-up; none where the file joined a box that had a
    /// slot, or its box was moved since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_choice: Option<Proposal>,
}

/// That the papers of a box move into a wider one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxGrowth {
    /// The spine of the box that was full.
    pub from: Millimetres,
    /// The spine of the box to take.
    pub to: Millimetres,
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
    /// Whether it is an original; none where nobody said.
    #[serde(default)]
    pub form: Option<DocumentForm>,
    /// What carries it.
    #[serde(default = "paper")]
    pub carrier: Carrier,
    /// The format of its content; none where it was filed before formats were kept.
    #[serde(default)]
    pub format: Option<Format>,
    /// How many pages it has.
    pub pages: Pages,
    /// Its look, where it was read as a page.
    #[serde(default)]
    pub look: Option<Look>,
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

/// What was filed before carriers were kept was paper.
fn paper() -> Carrier {
    Carrier::Paper
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

    /// Checks what the types cannot, on the day `today`.
    pub(crate) fn check(&self, today: NaiveDate) -> Result<(), Error> {
        let wrong = |message: String| {
            Err(Error::new(ErrorKind::InvalidInput, format!("request {}", self.key), message))
        };
        if self.documents.is_empty() {
            return wrong("has no documents; name at least one".into());
        }
        if self.date > today {
            return wrong(format!("has the date {}, which lies in the future: it is {today}", self.date));
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
