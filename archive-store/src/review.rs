//! 复核: what reviewers decided on findings, each in the history of its file.
//!
//! ```
//! use archive_core::evidence::ReviewDecision;
//! use archive_core::record::Digest;
//! use archive_store::FindingReview;
//!
//! let review = FindingReview {
//!     reference: "Z109-KH·2012-D30-YX01-0001".parse()?,
//!     finding: Digest([1; 32]),
//!     decision: ReviewDecision::Confirm,
//!     content: Digest([2; 32]),
//!     when: "2024-06-01T09:00:00Z".parse().unwrap(),
//! };
//! assert_eq!(review.decision.as_str(), "confirm");
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! The log holds digests alone: whoever keeps finding and decision can show that they were logged, and nobody
//! learns a name or a value from the log.

use archive_core::evidence::ReviewDecision;
use archive_core::identifier::ReferenceCode;
use archive_core::record::Digest;
use chrono::{DateTime, Utc};

/// A decision on a finding about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingReview {
    /// 档号 of the file.
    pub reference: ReferenceCode,
    /// The digest of what the finding says.
    pub finding: Digest,
    /// What was decided.
    pub decision: ReviewDecision,
    /// The digest of the decision with its note and reviewer.
    pub content: Digest,
    /// When it came in.
    pub when: DateTime<Utc>,
}

/// The most decisions that one call logs.
pub const REVIEW_LIMIT: usize = 100_000;
