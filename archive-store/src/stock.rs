//! 架上现状: what stands in which slot, for those who plan; whole at first, then what changed.
//!
//! ```
//! use archive_store::{Catalogue as _, MemoryCatalogue};
//!
//! let catalogue = MemoryCatalogue::new()?;
//! let state = catalogue.stock(None)?;
//! assert!(state.boxes.is_empty());
//! // Nothing changed since.
//! assert_eq!(catalogue.stock(Some(state.upto))?.boxes, []);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Changes are read from the evidence log, so that they include those that other processes made.

use archive_core::holding::{Slot, SlotAddress};
use archive_core::identifier::{BoxNumber, CustomerNumber, ProcessCode};
use archive_core::units::Millimetres;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::shelf::{BoxStatus, Sighting, SlotUse};

/// After so many entries of the log the whole state is read anew instead of what changed.
pub const CHANGE_LIMIT: u64 = 10_000;

/// What stands on the shelves, or what changed there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// How many entries the log has: ask from here next time.
    pub upto: u64,
    /// Whether this is everything and not what changed alone.
    pub whole: bool,
    /// Boxes with a slot: all, or those of which something changed.
    pub boxes: Vec<ShelvedBox>,
    /// Boxes that changed and have no slot now.
    pub gone: Vec<BoxNumber>,
    /// Slots that are kept for a request without a box: all, or those that came to be.
    pub kept: Vec<SlotAddress>,
    /// Slots that were given up.
    pub given_up: Vec<SlotAddress>,
}

/// A box with a slot, and what matters of its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShelvedBox {
    /// The box and its slot.
    pub status: BoxStatus,
    /// The process of most of its files; `None` where it is empty.
    pub process: Option<ProcessCode>,
    /// 户号, where all its files are of one customer.
    pub customer: Option<CustomerNumber>,
    /// When it was made.
    pub made: DateTime<Utc>,
}

/// How long nobody looked for a box, and how often it was opened since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxUse {
    /// 盒号.
    pub number: BoxNumber,
    /// Where it stands.
    pub slot: SlotAddress,
    /// When an inventory last had an answer, whatever it was; when the box was made where none had.
    pub checked: DateTime<Utc>,
    /// How often a file was lent from it or given back to it since then.
    pub accesses: u32,
}

/// A slot as a map of the room shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedSlot {
    /// The slot.
    pub slot: Slot,
    /// Whether it is taken.
    pub used: SlotUse,
    /// The box that stands there, or that it is kept for.
    pub archive_box: Option<MappedBox>,
}

/// A box as a map of the room shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedBox {
    /// 盒号.
    pub number: BoxNumber,
    /// How wide it is.
    pub spine: Millimetres,
    /// How much of it is taken.
    pub filled: Millimetres,
    /// The live files in it.
    pub files: u32,
    /// How often a file of it was lent in the time that was asked for.
    pub loans: u32,
    /// What the latest inventory that looked for it saw.
    pub last_seen: Option<Sighting>,
    /// When that was.
    pub seen_at: Option<DateTime<Utc>>,
}

/// That a file was fetched from its box, by a loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retrieval {
    /// The process of the file.
    pub process: ProcessCode,
    /// When its box was made.
    pub made: DateTime<Utc>,
    /// When it was fetched.
    pub when: DateTime<Utc>,
}
