//! Slots, and what an inventory saw of the boxes in them.
//!
//! ```
//! use archive_store::{SlotFilter, SlotUse};
//! use archive_core::units::Millimetres;
//!
//! // Pre-selection: free slots of one room that take a box of 50 mm.
//! let filter = SlotFilter { within: Some("HZ/R1".into()), at_least: Millimetres(50), ..SlotFilter::free() };
//! assert_eq!(filter.used, Some(SlotUse::Free));
//! ```
//!
//! A slot holds one box. A reservation takes it as surely as a box does, and so does a move that is under
//! way: the box keeps its old slot until somebody confirms that it stands in the new one.

use archive_core::holding::{ArchiveBox, Slot, SlotAddress, TagEpc};
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_core::units::Millimetres;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::filing::Standing;

/// Which slots are asked for; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlotFilter {
    /// Only slots so used.
    pub used: Option<SlotUse>,
    /// Only slots at least so wide.
    pub at_least: Millimetres,
    /// Only slots below this part of the address, such as `HZ/R1`.
    pub within: Option<String>,
    /// At most so many.
    pub limit: Option<usize>,
}

impl SlotFilter {
    /// The free slots.
    #[must_use]
    pub fn free() -> Self {
        Self { used: Some(SlotUse::Free), ..Self::default() }
    }
}

/// Whether a slot is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlotUse {
    /// Nothing stands there and nothing is meant to.
    Free,
    /// It is kept for a box that nobody confirmed yet.
    Reserved,
    /// A box stands there.
    Confirmed,
}

/// A slot and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotStatus {
    /// The slot.
    pub slot: Slot,
    /// Whether it is taken.
    pub used: SlotUse,
    /// By which box.
    pub box_number: Option<BoxNumber>,
}

/// A free slot that is kept before there is a box for it: the first step of its life.
///
/// Filing under the same key uses it; [`Catalogue::release_slot`](crate::Catalogue::release_slot) gives
/// it up, and so does [`Catalogue::expire`](crate::Catalogue::expire) once it ran out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotHold {
    /// The key of the request that will use it.
    pub key: RequestKey,
    /// The slot.
    pub address: SlotAddress,
    /// Since when.
    pub when: DateTime<Utc>,
    /// Until when.
    pub expires: DateTime<Utc>,
    /// How it ended; `None` while it stands.
    pub ended: Option<HoldEnd>,
}

/// How a hold ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldEnd {
    /// A box was put there.
    Used,
    /// It was given up.
    Released,
    /// It ran out.
    Expired,
}

/// What stands at one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteStatus {
    /// 库区.
    pub site: String,
    /// Slots in all.
    pub slots: u64,
    /// Slots that nothing stands in and nothing is meant to.
    pub free: u64,
    /// Boxes that stand there.
    pub boxes: u64,
    /// Live files in boxes there.
    pub files: u64,
}

/// A box on the shelf or on its way there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxStatus {
    /// The box.
    pub archive_box: ArchiveBox,
    /// The tag on it, where one was seen.
    pub tag: Option<TagEpc>,
    /// Where it stands or will stand.
    pub slot: SlotAddress,
    /// Which of the two.
    pub standing: Standing,
    /// The slot that is kept for it while it moves.
    pub moving_to: Option<SlotAddress>,
}

/// 盘点: one pass over boxes, as a reader or a person saw them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The key by which the inventory is known.
    pub key: RequestKey,
    /// When it was made.
    pub when: DateTime<Utc>,
    /// What it saw, and what it looked for and did not see.
    pub findings: Vec<InventoryFinding>,
}

/// An inventory in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventorySummary {
    /// The key by which the inventory is known.
    pub key: RequestKey,
    /// When it was made.
    pub when: DateTime<Utc>,
    /// Boxes where the catalogue says.
    pub present: u64,
    /// Boxes that were seen elsewhere.
    pub misplaced: u64,
    /// Boxes that were looked for and not seen.
    pub missing: u64,
    /// Boxes of which the reads do not allow an answer.
    pub unverified: u64,
}

/// What an inventory says of one box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryFinding {
    /// The box.
    pub box_number: BoxNumber,
    /// What was seen.
    pub sighting: Sighting,
    /// What was heard of its tag by then, this inventory included, where that is known better than before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<TagHeard>,
}

/// How often a tag was read, of the visits that should have read it: tags keep their read rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagHeard {
    /// 电子标签.
    pub tag: TagEpc,
    /// The visits in which it was read.
    pub seen: u32,
    /// The visits to its aisle in which it was not.
    pub missed: u32,
}

/// Whether a box is where the catalogue says. A doubtful read is an answer of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sighting", rename_all = "kebab-case")]
pub enum Sighting {
    /// It is.
    Present,
    /// It is elsewhere.
    Misplaced {
        /// Where it was seen.
        seen: SlotAddress,
    },
    /// It was looked for and not seen.
    Missing,
    /// The reads do not allow an answer.
    Unverified,
}
