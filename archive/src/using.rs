//! Use (利用) of what is kept: lending, copies for the reading room, evidence for a dispute.
//!
//! - [`Archive::way_to`](crate::Archive::way_to): where a slot is and which aisle leads to it;
//! - [`Archive::lend_file`](crate::Archive::lend_file), [`overdue`](crate::Archive::overdue): paper that
//!   leaves the shelf, for as long as the policy says;
//! - [`reading_copy`](crate::Archive::reading_copy): a PDF with a watermark that names reader, purpose and
//!   day on every page;
//! - [`evidence_package`](crate::Archive::evidence_package): documents, fixity, proofs of the log and a
//!   readable cover, as a bag that anyone can check without this software.

mod evidence;
mod lending;
mod reading_room;
mod way;

pub use self::evidence::{EvidencePackage, HistoryEntry};
#[cfg(feature = "console")]
pub(crate) use self::lending::days_over;
pub use self::lending::{LendRequest, Overdue};
pub use self::reading_room::{ReadingCopy, ReadingRequest};
pub use self::way::Way;
