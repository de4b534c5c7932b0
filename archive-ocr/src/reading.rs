//! What was read on a page: fields with their place, confidence and alternatives, and the evidence
//! for or against a claimed value.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use archive_core::evidence::Region;
use archive_core::identifier::{DocumentType, FieldName};
use archive_core::units::Confidence;

use crate::candidates::Candidate;
use crate::page_number::PageNumber;
use crate::quality::Quality;
use crate::schema::FieldSchema;
use crate::view::View;

/// What was read on one page.
#[derive(Debug, Clone)]
pub struct PageReading {
    /// The kind of paper; `None` where no title could be recognised.
    pub document_type: Option<DocumentType>,
    /// The title as read.
    pub title: Option<String>,
    /// The fields that were found.
    pub fields: BTreeMap<FieldName, FieldReading>,
    /// The number that the page bears, where it was asked for and could be read.
    pub page_number: Option<PageNumber>,
    /// How sure the recogniser was of what it read: the mean probability of its characters, from 0
    /// to 1. A page below 0.9 or so is hardly legible.
    pub legibility: f32,
    /// How good the scan is.
    pub quality: Quality,
    /// Pixels in a row of the image.
    pub width: u32,
    /// Rows of the image.
    pub height: u32,
    /// Where the time went.
    pub timing: Timing,
}

/// Where the time of reading a page went. Lines are read side by side, so all parts but `total` are
/// summed over threads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// Finding text, in the model.
    pub detect: Duration,
    /// Reading lines, in the model.
    pub recognise: Duration,
    /// What the models are given: shrinking the page, cutting lines out of it.
    pub prepare: Duration,
    /// Finding labels, and values under their languages.
    pub decide: Duration,
    /// The lines that were read.
    pub lines: usize,
    /// Those among them that were second looks at a doubtful value.
    pub second_looks: usize,
    /// Everything, from the decoded image to the fields.
    pub total: Duration,
}

/// One field as read.
#[derive(Clone)]
pub struct FieldReading {
    /// The value in its canonical form, as the marketing system exports it.
    pub value: String,
    /// The value as printed.
    pub text: String,
    /// The probability that the value is right.
    pub confidence: Confidence,
    /// How far the value is ahead of all others together, in nats; infinite where no other fits.
    pub lead: f64,
    /// How well the value fits its place, in nats: 0 is as well as the freest reading of it.
    pub fit: f64,
    /// Where it stands.
    pub region: Region,
    /// Other values that it may be, best first.
    pub alternatives: Vec<Candidate>,
    pub(crate) score: f64,
    /// That of the page.
    pub(crate) legibility: f32,
    pub(crate) schema: Arc<FieldSchema>,
    pub(crate) views: Vec<View>,
}

/// Values may be personal data and stay out of logs.
impl fmt::Debug for FieldReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldReading")
            .field("confidence", &self.confidence)
            .field("region", &self.region)
            .field("score", &self.score)
            .finish_non_exhaustive()
    }
}
