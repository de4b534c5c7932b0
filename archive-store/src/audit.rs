//! The trinity link (三位一体) checked from each of its three ends, and the numbers' gaps.
//!
//! ```
//! use archive_store::{Break, End};
//!
//! let found = Break { end: End::Slot, object: "slot HZ/R1/B1/C01/A/1/1/1".into(), message: "holds no box".into() };
//! assert_eq!(found.to_string(), "from the slot: slot HZ/R1/B1/C01/A/1/1/1: holds no box");
//! ```
//!
//! The schema forbids every break that is listed here; what an audit finds was done past it: by a
//! fault of the disk, another program, or this one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// From where a break was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum End {
    /// From the archival unit: its number, its system record, its box.
    Archive,
    /// From the row of the marketing system: its files.
    Record,
    /// From the slot: its box, and the files in it.
    Slot,
    /// From the counters: gaps and duplicates.
    Number,
    /// From the evidence log: its own hashes, and what it says of each file.
    Log,
    /// From the store itself: its pages, indexes and references.
    Store,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Archive => "archive",
            Self::Record => "record",
            Self::Slot => "slot",
            Self::Number => "number",
            Self::Log => "log",
            Self::Store => "store",
        })
    }
}

/// Something that must hold and does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// From where it was seen.
    pub end: End,
    /// What is broken.
    pub object: String,
    /// How.
    pub message: String,
}

impl Break {
    pub(crate) fn new(end: End, object: impl Into<String>, message: impl Into<String>) -> Self {
        Self { end, object: object.into(), message: message.into() }
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from the {}: {}: {}", self.end, self.object, self.message)
    }
}

/// One counter and the numbers that it gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterState {
    /// Its name.
    pub scope: String,
    /// Whether it counts boxes or files.
    pub boxes: bool,
    /// The value that it began at.
    pub first: u64,
    /// The value that it gives next.
    pub next: u64,
    /// How many numbers are on record; `next - first` where none is lost.
    pub given: u64,
    /// How many of those are void.
    pub voided: u64,
}
