//! The catalogue: records, boxes, slots and numbers, in one transactional store.
//!
//! ```
//! use archive_store::{Catalogue, SqliteCatalogue, SlotFilter};
//! use archive_core::holding::Slot;
//! use archive_core::units::Millimetres;
//!
//! # fn main() -> Result<(), archive_core::Error> {
//! # let folder = tempfile::tempdir().unwrap();
//! let catalogue = SqliteCatalogue::open(&folder.path().join("catalogue.db"))?;
//! let slot = Slot { address: "HZ/R1/B1/C01/A/1/1/1".parse()?, width: Millimetres(50) };
//! assert_eq!(catalogue.add_slots(vec![slot])?, 1);
//! assert_eq!(catalogue.slots(&SlotFilter::free())?.len(), 1);
//! # Ok(()) }
//! ```
//!
//! - [`Catalogue`] is the contract; [`open()`] chooses who keeps it by URL: [`SqliteCatalogue`] in one file,
//!   [`MemoryCatalogue`] for tests, `PostgresCatalogue` (feature `postgres`) in a server.
//! - [`filing`]: the one transaction that ties archive, system record and slot together.
//! - [`shelf`]: slots, and what an inventory saw of them.
//! - [`audit`]: the trinity link checked from each of its three ends, and the numbers' gaps.
//! - [`party`], [`document`]: customers and their processes, versions and fixity of documents.
//! - [`closing`]: late documents, and files that take no more of them.
//! - [`loan`], [`disposal`], [`relocation`]: paper that left the shelf, leaves it for good, or moves.
//! - [`review`], [`stock`]: what reviewers decided, and boxes and slots by state.
//! - [`search`]: Chinese, exact, in any of a file's names and readings.
//! - [`evidence_log`], [`merkle`]: every change as a leaf of a Merkle tree, with proofs.
//! - [`signed_checkpoint`], [`signed_note`]: checkpoints that others keep, and proofs that need no catalogue.
//! - [`sealed`], [`key_provider`]: personal data that is sealed, and where the keys come from.
//! - [`tables`]: the whole catalogue as rows, from any backend into any other.
//! - [`conformance`] (feature): the kit that every backend passes.
//!
//! What must always hold is held by the schema itself: a number is given once, a slot holds one
//! box, a box never mixes fonds, year, retention or organisation, and reserved room is taken.
//! An answer is given only once the data would survive a power cut.
//!
//! Limits: no clock, every moment is passed in.
#![forbid(unsafe_code)]

pub mod audit;
mod backend;
mod catalogue;
pub mod closing;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod disposal;
pub mod document;
pub mod evidence_log;
pub mod filing;
mod group_commit;
pub mod key_provider;
pub mod loan;
pub mod merkle;
mod open;
mod operations;
pub mod party;
#[cfg(feature = "postgres")]
mod postgres;
mod randomness;
pub mod relocation;
pub mod review;
pub mod sealed;
pub mod search;
pub mod shelf;
pub mod signed_checkpoint;
pub mod signed_note;
mod sql;
mod sqlite;
pub mod stock;
pub mod tables;

pub use archive_core::{Error, ErrorKind};
pub use audit::{Break, CounterState, End};
pub use catalogue::Catalogue;
pub use closing::Closing;
pub use disposal::{Approval, DisposalList, DisposalProposal, DisposalState, LegalHold};
pub use document::{DigestSuite, DocumentVersion, Fixity, FixityCheck, FixityFinding};
pub use evidence_log::{Checkpoint, ConsistencyProof, Event, InclusionProof, LogEntry, LogVerification};
pub use filing::{
    Custody, Draw, Filed, FilingEntry, FilingState, Located, Locator, Place, ShelfReceipt, Shelving, Standing,
};
pub use key_provider::{KeyBytes, KeyId, KeyProvider, KeyRing};
pub use loan::{Loan, LoanRequest};
pub use open::open;
pub use party::BusinessProcess;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresCatalogue, PostgresOptions};
pub use relocation::{MoveState, PlannedMove, Relocation, RelocationItem, RelocationPlan};
pub use review::{FindingReview, REVIEW_LIMIT};
pub use sealed::{Access, Resealed, SealEntry, SealedKind, Secret, Unsealed};
pub use search::Search;
pub use shelf::{
    BoxStatus, HoldEnd, Inventory, InventoryFinding, InventorySummary, Sighting, SiteStatus, SlotFilter,
    SlotHold, SlotStatus, SlotUse, TagHeard,
};
pub use signed_checkpoint::{LogProof, SignedCheckpoint};
pub use sqlite::{MemoryCatalogue, SqliteCatalogue, SqliteOptions};
pub use stock::{BoxUse, MappedBox, MappedSlot, Retrieval, ShelvedBox, Stock};

/// The crate's README, whose example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
