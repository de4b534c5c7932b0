//! What is filed, and what became of it.
//!
//! ```
//! use archive_store::Draw;
//! use archive_core::identifier::ReferenceCode;
//!
//! // The numbering rule stands outside; the store only says which value is next.
//! let draw: Draw<ReferenceCode> = Draw::new("KH·2024-D30-YX", 1, 9999, |n| format!("Z109-KH·2024-D30-YX-{n:04}").parse());
//! assert_eq!(draw.write(7)?.as_str(), "Z109-KH·2024-D30-YX-0007");
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! The life of a request: filed and [`Reserved`](FilingState::Reserved) (the number is given, the
//! slot is taken), then [`Confirmed`](FilingState::Confirmed) once the paper stands on the shelf, or
//! [`Void`](FilingState::Void). Each step is one transaction, so a crash leaves one of these states
//! and the same call again goes on from it.
//!
//! Limits: an entry has at most [`DOCUMENT_LIMIT`] documents and [`JSON_LIMIT`] bytes of readings
//! or findings.

use std::fmt;

use archive_core::holding::{ArchiveBox, BoxKey, CustodyMode, SlotAddress, TagEpc};
use archive_core::identifier::{
    BoxNumber, CustomerNumber, DocumentId, ProcessCode, ReferenceCode, RequestKey, SystemRecordKey, quoted,
};
use archive_core::policy::PolicyVersion;
use archive_core::record::{Digest, Document};
use archive_core::units::Millimetres;
use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::shelf::Sighting;

/// The most documents that one entry may have.
pub const DOCUMENT_LIMIT: usize = 10_000;
/// The most entries that one batch may have, which bounds how long other writers wait for it.
pub const BATCH_LIMIT: usize = 100_000;
/// The most files that one page of them may have.
pub const PAGE_LIMIT: usize = 10_000;
/// The most bytes of readings, and of findings, that one entry may have.
pub const JSON_LIMIT: usize = 16 << 20;
/// The most bytes of a counter's scope, a reason, a policy's name or version.
pub const TEXT_LIMIT: usize = 1024;

/// How the next number of a counter is drawn and written.
///
/// The scope names the counter: every printed part of the number before the running one. The writer
/// is called inside the transaction, so it must neither block nor call the catalogue.
pub struct Draw<N> {
    pub(crate) scope: String,
    pub(crate) first: u64,
    pub(crate) last: u64,
    write: Box<dyn Fn(u64) -> Result<N, Error> + Send>,
}

impl<N> Draw<N> {
    /// A draw from the counter `scope`, which begins at `first` and is full after `last`.
    pub fn new(
        scope: impl Into<String>,
        first: u64,
        last: u64,
        write: impl Fn(u64) -> Result<N, Error> + Send + 'static,
    ) -> Self {
        Self { scope: scope.into(), first, last, write: Box::new(write) }
    }

    /// The number whose running part is `value`.
    ///
    /// # Errors
    /// The rule's own, where it cannot write the value.
    pub fn write(&self, value: u64) -> Result<N, Error> {
        (self.write)(value)
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        check_text("counter scope", &self.scope)?;
        if self.first > self.last || self.last >= i64::MAX as u64 {
            return Err(Error::invalid(
                format!("counter {}", quoted(&self.scope)),
                format!("runs from {} to {}, which holds no number", self.first, self.last),
            ));
        }
        Ok(())
    }
}

impl<N> fmt::Debug for Draw<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draw")
            .field("scope", &self.scope)
            .field("first", &self.first)
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

/// A filing request, with everything already decided but number, box and slot.
#[derive(Debug)]
pub struct FilingEntry {
    /// The key by which the request is known.
    pub request: RequestKey,
    /// The digest of what was requested: tells the same request from another under its key.
    pub digest: Digest,
    /// When it was made.
    pub when: DateTime<Utc>,
    /// Until when the reservation stands without confirmation; for ever where absent.
    pub expires: Option<DateTime<Utc>>,
    /// 户号.
    pub customer: CustomerNumber,
    /// The business process that made the papers.
    pub process: ProcessCode,
    /// The row of the marketing system that the file belongs to.
    pub system_record: SystemRecordKey,
    /// Fonds, year, retention and organisation.
    pub key: BoxKey,
    /// The policy that decided.
    pub policy: PolicyVersion,
    /// How the archive number is drawn.
    pub number: Draw<ReferenceCode>,
    /// The file's documents, in order. Their ids are unique in the whole catalogue.
    pub documents: Vec<Document>,
    /// What was read from them, as JSON; it may be empty text.
    pub readings: String,
    /// What is doubtful or wrong, as JSON; it may be empty text.
    pub findings: String,
    /// How the papers are kept.
    pub custody: Custody,
    /// The file that they belong to, for documents that came late ([`crate::closing`]).
    pub joins: Option<ReferenceCode>,
}

/// How the papers of one entry are kept.
#[derive(Debug)]
pub enum Custody {
    /// Electronic files alone.
    Electronic,
    /// Paper, in a box, in a slot.
    CentralPaper(Shelving),
}

impl Custody {
    /// The mode without its details.
    #[must_use]
    pub fn mode(&self) -> CustodyMode {
        match self {
            Self::Electronic => CustodyMode::Electronic,
            Self::CentralPaper(_) => CustodyMode::CentralPaper,
        }
    }
}

/// How paper finds its box and its slot.
///
/// The file goes into the newest box of its key where there is room, so that a box holds consecutive
/// files. Otherwise a new box is made and takes a slot.
#[derive(Debug)]
pub struct Shelving {
    /// How much of a box the file takes.
    pub thickness: Millimetres,
    /// The spines that a new box may have, the most wanted first.
    pub spines: Vec<Millimetres>,
    /// How the number of a new box is drawn.
    pub box_number: Draw<BoxNumber>,
    /// The slots that a new box may take, the most wanted first. Where absent, the narrowest free slot
    /// that fits, in the order in which slots were added.
    pub slots: Option<Vec<SlotAddress>>,
    /// Whether the papers of a full box may move into a wider one of the spines in the same slot, under the
    /// same number ([`Event::BoxGrown`](crate::Event::BoxGrown)), before a new box is made.
    pub grows: bool,
}

/// That paper stands where it was meant to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShelfReceipt {
    /// When it was put there.
    pub when: DateTime<Utc>,
    /// The tag that was seen on the box; `None` where no reader looked.
    pub tag: Option<TagEpc>,
}

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilingState {
    /// It has its number, box and slot; nobody confirmed that the paper stands there.
    Reserved,
    /// It is where the catalogue says.
    Confirmed,
    /// It was cancelled or voided; its number is never given again.
    Void,
}

impl FilingState {
    /// Its name in data.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Confirmed => "confirmed",
            Self::Void => "void",
        }
    }
}

impl fmt::Display for FilingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
    /// The request's key.
    pub request: RequestKey,
    /// 档号.
    pub reference: ReferenceCode,
    /// How far it has come.
    pub state: FilingState,
    /// Whether the request had been filed before this call.
    pub already: bool,
    /// 户号.
    pub customer: CustomerNumber,
    /// The business process.
    pub process: ProcessCode,
    /// The row of the marketing system.
    pub system_record: SystemRecordKey,
    /// Fonds, year, retention and organisation.
    pub key: BoxKey,
    /// The policy that decided.
    pub policy: PolicyVersion,
    /// When it was filed.
    pub filed: DateTime<Utc>,
    /// Until when its reservation stands.
    pub expires: Option<DateTime<Utc>>,
    /// When it was confirmed.
    pub confirmed: Option<DateTime<Utc>>,
    /// Why its number is void.
    pub void_reason: Option<String>,
    /// Its box and slot; `None` in electronic custody and where the number is void.
    pub place: Option<Place>,
}

/// The box of a file and the slot of the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// How much of the box the file takes.
    pub thickness: Millimetres,
    /// The box.
    pub archive_box: ArchiveBox,
    /// The tag on the box, where one was seen.
    pub tag: Option<TagEpc>,
    /// Where the box stands or will stand.
    pub slot: SlotAddress,
    /// Which of the two.
    pub standing: Standing,
}

/// Whether a box is in its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The slot is taken for it; nobody confirmed that it stands there.
    Reserved,
    /// It stands there.
    Confirmed,
}

/// By what a file is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Locator {
    /// 档号.
    Reference(ReferenceCode),
    /// 户号.
    Customer(CustomerNumber),
    /// A document of the file.
    Document(DocumentId),
    /// The row of the marketing system.
    SystemRecord(SystemRecordKey),
    /// The request that filed it.
    Request(RequestKey),
    /// 盒号.
    Box(BoxNumber),
    /// 储位.
    Slot(SlotAddress),
    /// 电子标签.
    Tag(TagEpc),
    /// The file whose late documents it holds; any number that that file bears or bore.
    Joins(ReferenceCode),
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference(id) => write!(f, "reference code {id}"),
            Self::Customer(id) => write!(f, "customer {id}"),
            Self::Document(id) => write!(f, "document {id}"),
            Self::SystemRecord(id) => write!(f, "system record {id}"),
            Self::Request(id) => write!(f, "request {id}"),
            Self::Box(id) => write!(f, "box {id}"),
            Self::Slot(id) => write!(f, "slot {id}"),
            Self::Tag(id) => write!(f, "tag {id}"),
            Self::Joins(id) => write!(f, "late documents of reference code {id}"),
        }
    }
}

/// A file that was looked for: everything that the catalogue knows of it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Located {
    /// Its number, state, box and slot.
    pub filed: Filed,
    /// How its papers are kept.
    pub custody: CustodyMode,
    /// Its documents, in order.
    pub documents: Vec<Document>,
    /// What was read from them, as JSON.
    pub readings: String,
    /// What was doubtful or wrong, as JSON.
    pub findings: String,
    /// What the latest inventory saw of its box.
    pub last_seen: Option<Sighting>,
}

/// Readings hold personal data and stay out of logs.
impl fmt::Debug for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Located")
            .field("filed", &self.filed)
            .field("custody", &self.custody)
            .field("documents", &self.documents)
            .field("last_seen", &self.last_seen)
            .finish_non_exhaustive()
    }
}

impl FilingEntry {
    /// Checks what can be known without the catalogue.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |message: String| Err(Error::invalid(format!("request {}", self.request), message));
        check_time("filing time", self.when)?;
        if let Some(expires) = self.expires {
            check_time("expiry", expires)?;
        }
        check_text("policy name", &self.policy.name)?;
        check_text("policy version", &self.policy.version)?;
        self.number.check()?;
        if self.documents.is_empty() {
            return wrong("has no document: name at least one".into());
        }
        if self.documents.len() > DOCUMENT_LIMIT {
            return wrong(format!("has {} documents, more than {DOCUMENT_LIMIT}", self.documents.len()));
        }
        let mut ids = std::collections::HashSet::new();
        for document in &self.documents {
            if !ids.insert(&document.id) {
                return wrong(format!("names document {} twice", document.id));
            }
            match document.path.to_str() {
                None => {
                    let document = format!("document {}", document.id);
                    return Err(Error::invalid(document, "has a path that is not UTF-8: rename the file"));
                }
                Some(path) if path.len() > 4096 || path.contains('\0') => {
                    let document = format!("document {}", document.id);
                    return Err(Error::invalid(document, "has a path that no system can open"));
                }
                Some(_) => {}
            }
        }
        for (name, json) in [("readings", &self.readings), ("findings", &self.findings)] {
            if json.len() > JSON_LIMIT {
                return wrong(format!("has {} bytes of {name}, more than {JSON_LIMIT}", json.len()));
            }
            if json.is_empty() {
                continue;
            }
            if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(json) {
                return wrong(format!("has {name} that are no JSON: {error}"));
            }
        }
        let Custody::CentralPaper(shelving) = &self.custody else { return Ok(()) };
        shelving.box_number.check()?;
        if shelving.thickness.0 == 0 {
            return wrong("has paper of no thickness".into());
        }
        if shelving.spines.len() > 1000 || shelving.slots.as_ref().is_some_and(|s| s.len() > 100_000) {
            return wrong("names more than 1000 spines or 100000 slots".into());
        }
        if !shelving.spines.iter().any(|spine| *spine >= shelving.thickness) {
            let widest = shelving.spines.iter().max().copied().unwrap_or_default();
            return wrong(format!(
                "is {} thick and the widest box takes {widest}: split it into several files",
                shelving.thickness
            ));
        }
        Ok(())
    }
}

/// Checks the size of a batch.
pub(crate) fn check_batch(entries: &[FilingEntry]) -> Result<(), Error> {
    if entries.len() > BATCH_LIMIT {
        let message = format!("has {} entries, more than {BATCH_LIMIT}: file it in parts", entries.len());
        return Err(Error::invalid("batch", message));
    }
    Ok(())
}

/// Checks a text that is kept but not parsed: neither empty nor long, and printable.
pub(crate) fn check_text(name: &str, text: &str) -> Result<(), Error> {
    let fault = if text.trim().is_empty() {
        "is empty".to_owned()
    } else if text.len() > TEXT_LIMIT {
        format!("is longer than {TEXT_LIMIT} bytes")
    } else if text.chars().any(char::is_control) {
        "contains a control character".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("{name} {}", quoted(text)), fault))
}

/// Times are kept as text that sorts, which four digits of a year allow.
pub(crate) fn check_time(name: &str, time: DateTime<Utc>) -> Result<(), Error> {
    if (0..=9999).contains(&time.year()) {
        return Ok(());
    }
    Err(Error::invalid(format!("{name} {time}"), "lies outside the years 0 to 9999: check the clock"))
}
