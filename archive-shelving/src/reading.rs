//! The contract for reading tags, and what a reading may conclude.
//!
//! ```
//! use std::time::Duration;
//!
//! use archive_shelving::reading::{Sighting, TagInventoryExt};
//! use archive_shelving::motion::ShelfMotionExt;
//! use archive_shelving::simulated::SimulatedRoom;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), archive_core::Error> {
//! let slot = "HZ/R1/B1/C01/B/01/4/05".parse()?;
//! let tag = "2C14257BF460720000000190".parse()?;
//! let room = SimulatedRoom::of_slots([&slot])?;
//! room.place(tag, &slot)?;
//! let aisle = room.aisle_of(&slot)?;
//! room.shelf_of(&slot)?.open_aisle("op-1".parse()?, aisle).await?;
//! let reader = room.reader_of(&slot)?;
//! let sighting = reader.look_for(tag, aisle, Duration::from_secs(1), 8).await?;
//! assert!(matches!(sighting, Sighting::Seen { .. }));
//! # Ok(())
//! # }
//! ```
//!
//! Reading in dense shelving is a matter of chance: a tag that was not read may still be there, and a
//! tag that was read may stand in the next aisle. So one round never says "missing"; the answer to a
//! search is *seen* or *unverified*, and inference over many rounds belongs to an inventory.
//!
//! Limits: tags of 96 bits. Reads of other lengths are counted in [`InventoryReport::foreign`].

use std::fmt;
use std::fmt::Debug;
use std::time::Duration;

use archive_core::holding::TagEpc;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::device_error::DeviceError;
use crate::layout::AisleId;

/// Reads the tags of one bank.
///
/// # Contract
/// - **Freshness.** A report holds reads made during this call, never earlier ones.
/// - **Truth.** Every read names an antenna from [`ReaderCapabilities::antennas`]; what the device did
///   not report is `None`. A call that lost reads says so in [`InventoryReport::complete`].
/// - **Ordering.** Calls may overlap; a device that reads one aisle at a time answers them in turn.
/// - **Cancellation.** Dropping the future leaves the reader ready for the next call.
/// - **Time-out.** A call ends within its duration and [`ReaderCapabilities::answer_limit`].
#[async_trait]
pub trait TagInventory: Debug + Send + Sync {
    /// What this reader can do. Constant, answered without asking the device.
    fn capabilities(&self) -> ReaderCapabilities;

    /// Reads tags for a while, and returns what was read.
    ///
    /// # Errors
    /// - `InvalidInput`: no antenna serves the aisle, or the duration is zero or above
    ///   [`ReaderCapabilities::longest`].
    /// - `Unavailable`: the reader cannot be asked.
    /// - `Refused`: the reader answered no.
    async fn inventory(&self, request: InventoryRequest) -> Result<InventoryReport, DeviceError>;
}

/// What a reader can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderCapabilities {
    /// The device's name in messages, such as `reader HZ/R1/B1`.
    pub name: String,
    /// The antennas and the aisles that they look into.
    pub antennas: Vec<Antenna>,
    /// The longest duration of one call.
    pub longest: Duration,
    /// The longest that a call takes beyond its duration.
    pub answer_limit: Duration,
}

/// An antenna and the aisle that it looks into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Antenna {
    /// The reader's number of it, from 1.
    pub port: AntennaPort,
    /// The aisle; `None` where it hears the whole bank.
    pub aisle: Option<AisleId>,
}

/// A reader's number of an antenna, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AntennaPort(pub u16);

impl fmt::Display for AntennaPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "antenna {}", self.0)
    }
}

/// A signal's strength in whole dBm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dbm(pub i16);

impl fmt::Display for Dbm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} dBm", self.0)
    }
}

/// What to read, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InventoryRequest {
    /// The aisle; `None` reads with every antenna.
    pub aisle: Option<AisleId>,
    /// How long to read.
    pub duration: Duration,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryReport {
    /// The reads, in the order of the device.
    pub reads: Vec<TagRead>,
    /// How many reads had a code that is not 96 bits long.
    pub foreign: u32,
    /// How long the reader read.
    pub lasted: Duration,
    /// `false` where the device reported, or the link suggests, that reads were lost.
    pub complete: bool,
}

/// One tag, read by one antenna.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagRead {
    /// The tag's code.
    pub epc: TagEpc,
    /// The antenna that read it.
    pub antenna: AntennaPort,
    /// The aisle that the antenna looks into. The tag may stand in a neighbouring one.
    pub aisle: Option<AisleId>,
    /// The strongest signal, where the device tells.
    pub rssi: Option<Dbm>,
    /// When it was first read, counted from the start of the call, where the device tells.
    pub at: Option<Duration>,
    /// How often it was read, at least 1.
    pub count: u16,
}

/// What a search for one tag found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sighting {
    /// It was read.
    Seen {
        /// The strongest read.
        best: TagRead,
        /// The round in which it was first read, from 1.
        round: u32,
    },
    /// It was not read; it may still be there.
    Unverified {
        /// How many rounds were read.
        rounds: u32,
        /// How many reads of other tags came in: zero hints at a deaf reader, not at a missing box.
        other_reads: usize,
    },
}

mod sealed {
    pub trait Sealed {}
    impl<T: super::TagInventory + ?Sized> Sealed for T {}
}

/// Conveniences over every [`TagInventory`].
#[async_trait]
pub trait TagInventoryExt: TagInventory + sealed::Sealed {
    /// Reads `aisle` round by round until `tag` is seen, at most `rounds` times.
    ///
    /// # Errors
    /// Those of [`TagInventory::inventory`], and `InvalidInput` for zero rounds.
    async fn look_for(
        &self,
        tag: TagEpc,
        aisle: AisleId,
        round: Duration,
        rounds: u32,
    ) -> Result<Sighting, DeviceError> {
        if rounds == 0 {
            return Err(DeviceError::invalid(format!("search for tag {tag}"), "needs at least one round"));
        }
        let mut other_reads = 0;
        for number in 1..=rounds {
            let request = InventoryRequest { aisle: Some(aisle), duration: round };
            let report = self.inventory(request).await?;
            let mine = report.reads.iter().filter(|read| read.epc == tag);
            if let Some(best) = mine.max_by_key(|read| read.rssi) {
                return Ok(Sighting::Seen { best: *best, round: number });
            }
            other_reads += report.reads.len();
        }
        Ok(Sighting::Unverified { rounds, other_reads })
    }
}

impl<T: TagInventory + ?Sized> TagInventoryExt for T {}
