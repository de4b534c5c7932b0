//! 复核: what reviewers decided on the exception page, taken back into the book of alerts.
//!
//! ```
//! use archive::review::Review;
//!
//! let text = r#"{
//!     "format": "marketing-archive review", "version": 1,
//!     "archive": { "size": 3, "root": "0101010101010101010101010101010101010101010101010101010101010101" },
//!     "decisions": []
//! }"#;
//! assert!(Review::parse("review.json", text)?.decisions.is_empty());
//! assert!(Review::parse("review.json", &text.replace("\"version\": 1", "\"version\": 2")).is_err());
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! The page of [`crate::report`] exports decisions as such a file. It is taken as a whole or not at all: every
//! decision must be about a file, a customer, a paper and a field of this archive, and none may contradict
//! another or what was decided before. What was taken already changes nothing. A decision reaches the book of
//! alerts, from which the next judgement learns, and the evidence log of the catalogue.
//!
//! Several files of one customer that differ in one field are alerts of their own.
//!
//! Limits: [`Review::SIZE_LIMIT`] bytes a file; a decision is as good as the name that the reviewer typed.

use std::collections::BTreeMap;
use std::path::Path;

use archive_core::evidence::ReviewDecision;
use archive_core::identifier::{ReferenceCode, quoted};
use archive_core::{Error, ErrorKind};
use archive_reconcile::FindingKind;
use archive_reconcile::alerts::{Decided, Observation, Rules, fault_of_name};
use archive_reconcile::tables::Difference;
use archive_store::{Checkpoint, FilingState, FindingReview, Located, Locator};
use chrono::{Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::alert_book::AlertBook;
use crate::archive::Archive;
use crate::cataloguing::gathering::read_back;
use crate::content::digest;
use crate::report::{FindingId, Subject};

/// What a file of decisions calls itself.
const FORMAT: &str = "marketing-archive review";

/// A file of decisions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "console", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// `marketing-archive review`.
    #[cfg_attr(feature = "console", schema(pattern = "^marketing-archive review$"))]
    format: String,
    /// 1.
    #[cfg_attr(feature = "console", schema(minimum = 1, maximum = 1))]
    version: u32,
    /// The state of the evidence log of the archive whose page it was.
    #[cfg_attr(feature = "console", schema(inline, value_type = LogState))]
    pub archive: Checkpoint,
    /// What was decided, in the order of the page.
    pub decisions: Vec<FindingDecision>,
}

/// What was decided on one finding.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "console", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FindingDecision {
    /// The finding's name, which follows from what it says.
    #[cfg_attr(feature = "console", schema(value_type = String))]
    pub finding: FindingId,
    /// What it says.
    pub subject: Subject,
    /// `confirm`: the record is wrong; `reject`: it is right; `unsure`: paper and record alone do not tell.
    #[cfg_attr(feature = "console", schema(value_type = String, pattern = "^(confirm|reject|unsure)$"))]
    pub decision: ReviewDecision,
    /// What the reviewer noted; empty where nothing.
    #[cfg_attr(feature = "console", schema(max_length = 2000))]
    pub note: String,
    /// Who decided.
    #[cfg_attr(feature = "console", schema(min_length = 1, max_length = 100))]
    pub by: String,
    /// The day.
    pub day: NaiveDate,
}

/// What taking a file of decisions came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "console", derive(utoipa::ToSchema))]
pub struct Imported {
    /// Decisions that were new.
    pub taken: usize,
    /// Decisions that were known already and changed nothing.
    pub known: usize,
}

/// How a state of the log is written, for the description of the console's API.
#[cfg(feature = "console")]
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it describes what the store's own type looks like in JSON")]
struct LogState {
    /// How many entries it had.
    size: u64,
    /// The root of the tree over them, SHA-256 in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    root: String,
}

impl Review {
    /// The most bytes of a file: some tens of thousands of decisions.
    pub const SIZE_LIMIT: usize = 32 << 20;
    /// The most characters of a note.
    pub const NOTE_LIMIT: usize = 2000;

    /// Reads the file at `path`; refused unread where it is larger than [`Review::SIZE_LIMIT`].
    ///
    /// # Errors
    /// Those of reading it, and of [`Review::parse`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let size = std::fs::metadata(path).map_err(|e| Error::io(path, "read", e))?.len();
        if size > Self::SIZE_LIMIT as u64 {
            return Err(too_large(&name, size));
        }
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, "read as UTF-8 text", e))?;
        Self::parse(&name, &text)
    }

    /// Reads `text`; `name` (a path, usually) stands in errors. The same decision twice is one.
    ///
    /// # Errors
    /// `InvalidInput` where it is no such file, of another version, has a key that is unknown, or a decision
    /// that is wrong by itself; `Conflict` where two decisions on a finding contradict each other.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        if text.len() > Self::SIZE_LIMIT {
            return Err(too_large(name, text.len() as u64));
        }
        let review: Self = serde_json::from_str(text).map_err(|e| {
            let message = "is no file of decisions as the exception page exports it";
            Error::invalid(name, message).with_source(e)
        })?;
        review.checked(name)
    }

    /// The decisions, each once, where none is wrong by itself and none contradicts another.
    pub(crate) fn checked(self, name: &str) -> Result<Self, Error> {
        let mut review = self;
        if review.format != FORMAT || review.version != 1 {
            let message = format!(
                "is {} of version {}; this program reads {FORMAT:?} of version 1",
                quoted(&review.format),
                review.version
            );
            return Err(Error::invalid(name, message));
        }
        let mut known: BTreeMap<FindingId, (ReviewDecision, String)> = BTreeMap::new();
        let mut kept = Vec::with_capacity(review.decisions.len());
        for decision in review.decisions {
            decision.check(name)?;
            let said = (decision.decision, decision.by.clone());
            match known.get(&decision.finding) {
                Some((before, _)) if *before == decision.decision => continue,
                Some((before, by)) => {
                    let message = format!(
                        "is decided twice in {name}: {before} by {}, and {} by {}",
                        quoted(by),
                        decision.decision,
                        quoted(&decision.by)
                    );
                    return Err(Error::new(ErrorKind::Conflict, decision.object(), message));
                }
                None => known.insert(decision.finding.clone(), said),
            };
            kept.push(decision);
        }
        review.decisions = kept;
        Ok(review)
    }
}

fn too_large(name: &str, size: u64) -> Error {
    Error::invalid(name, format!("has {size} bytes, more than {}", Review::SIZE_LIMIT))
}

impl FindingDecision {
    /// What it is about, for messages.
    fn object(&self) -> String {
        let Subject { reference, customer, field, .. } = &self.subject;
        format!("finding {} ({field} of customer {customer}, file {reference})", self.finding)
    }

    /// Checks what can be known without the archive.
    fn check(&self, file: &str) -> Result<(), Error> {
        let wrong = |message: String| Err(Error::invalid(format!("{file}: {}", self.object()), message));
        if self.finding != self.subject.id() {
            return wrong("does not bear the name of what it says: export it again from the page".into());
        }
        if let Some(fault) = fault_of_name(&self.by) {
            return wrong(format!("is decided by {}, which {fault}", quoted(&self.by)));
        }
        let is_text = |c: char| !c.is_control() || c == '\n' || c == '\t';
        if self.note.chars().count() > Review::NOTE_LIMIT || !self.note.chars().all(is_text) {
            let limit = Review::NOTE_LIMIT;
            return wrong(format!("has a note of more than {limit} characters, or with a control character"));
        }
        Ok(())
    }

    /// The finding as the book of alerts knows it.
    fn observation(&self) -> Observation {
        let subject = &self.subject;
        let kind = match subject.kind {
            FindingKind::Mismatch | FindingKind::PapersDisagree => Difference::Mismatch.as_str(),
            FindingKind::Unreadable => "unreadable",
            FindingKind::MissingInRecord => "missing_in_record",
        };
        Observation {
            key: subject.customer.as_str().to_owned(),
            kind: kind.to_owned(),
            field: Some(subject.field.to_string()),
            file: Some(subject.reference.to_string()),
            left: subject.paper.clone(),
            right: subject.record.clone(),
            severity: subject.severity,
            reason: subject.reason.clone(),
        }
    }

    /// What the evidence log keeps of it.
    fn logged(&self) -> Result<FindingReview, Error> {
        let content = serde_json::to_vec(&(self.decision, &self.by, &self.note, self.day)).map_err(|e| {
            Error::new(ErrorKind::Internal, self.object(), "cannot be written as JSON").with_source(e)
        })?;
        Ok(FindingReview {
            reference: self.subject.reference.clone(),
            finding: self.subject.digest(),
            decision: self.decision,
            content: digest(&content),
            when: Utc::now(),
        })
    }
}

impl Archive {
    /// Takes the decisions of `review` into `book` and the evidence log, and saves the book; all or nothing. A
    /// finding that was no alert becomes one, by `rules`.
    ///
    /// A crash between log and book leaves decisions that are logged and not in the book: the same file again
    /// takes them.
    ///
    /// # Errors
    /// - `Conflict` where the file comes from a page of another archive, or a decision contradicts one that was
    ///   taken before.
    /// - `InvalidInput` where a decision was made before the papers were filed, or will be.
    /// - `NotFound`, naming the finding, where its file, customer, paper or field is not in this archive.
    /// - Those of the catalogue and of writing the book.
    pub fn import_review(
        &self,
        review: &Review,
        book: &mut AlertBook,
        rules: &Rules,
    ) -> Result<Imported, Error> {
        self.refuse_other_archive(review)?;
        let mut files = BTreeMap::new();
        for decision in &review.decisions {
            self.find_subject(decision, &mut files)?;
        }
        let mut changed = book.book.clone();
        let mut taken = 0;
        for decision in &review.decisions {
            let note = decision.note.trim();
            let decided = Decided {
                decision: decision.decision,
                by: decision.by.trim().to_owned(),
                note: (!note.is_empty()).then(|| note.to_owned()),
                day: decision.day,
            };
            let is_new = changed.decide(rules, &decision.observation(), &decided).map_err(|error| {
                Error::new(error.kind(), decision.object(), "cannot be decided so").with_source(error)
            })?;
            taken += usize::from(is_new);
        }
        let logged = review.decisions.iter().map(FindingDecision::logged).collect::<Result<Vec<_>, _>>()?;
        self.catalogue.record_reviews(logged)?;
        let before = std::mem::replace(&mut book.book, changed);
        if let Err(error) = book.save() {
            book.book = before;
            return Err(error);
        }
        Ok(Imported { taken, known: review.decisions.len() - taken })
    }

    /// Refuses a file whose page was not made from an earlier state of this archive.
    pub(crate) fn refuse_other_archive(&self, review: &Review) -> Result<(), Error> {
        let (then, now) = (review.archive, self.catalogue.checkpoint()?);
        let goes_on = then.size > 0
            && then.size <= now.size
            && self.catalogue.prove_consistency(then.size, now.size)?.holds(&then, &now);
        if goes_on {
            return Ok(());
        }
        let object = format!("a review of a log with {} entries", then.size);
        let message = "comes from a page of another archive, or of this one before an older copy was brought back: \
                       write the page again and review that";
        Err(Error::new(ErrorKind::Conflict, object, message))
    }

    /// Refuses a decision on what is not in this archive.
    fn find_subject(
        &self,
        decision: &FindingDecision,
        files: &mut BTreeMap<ReferenceCode, Vec<Located>>,
    ) -> Result<(), Error> {
        let subject = &decision.subject;
        let unknown = |message: String| Err(Error::new(ErrorKind::NotFound, decision.object(), message));
        if !files.contains_key(&subject.reference) {
            let found = match self.catalogue.locate(&Locator::Reference(subject.reference.clone())) {
                Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
                found => found?,
            };
            files.insert(subject.reference.clone(), found);
        }
        let live = files[&subject.reference].iter().filter(|f| f.filed.state != FilingState::Void);
        let Some(file) = live.into_iter().find(|f| f.filed.customer == subject.customer) else {
            return unknown("is of no file that this archive holds of that customer".into());
        };
        if !read_back(file)?.iter().any(|d| d.name == subject.document) {
            let message = format!("is of the paper {}, which is not in the file", quoted(&subject.document));
            return unknown(message);
        }
        // The reviewer's clock may be in another time zone than this one.
        let (first, last) = (file.filed.filed.date_naive() - Days::new(1), self.today() + Days::new(1));
        if !(first..=last).contains(&decision.day) {
            let message =
                format!("was decided on {}, before the papers were filed or after today", decision.day);
            return Err(Error::invalid(decision.object(), message));
        }
        if !self.schema().fields().any(|f| f.name == subject.field) {
            return unknown("is of a field that this archive does not compare".into());
        }
        Ok(())
    }
}
