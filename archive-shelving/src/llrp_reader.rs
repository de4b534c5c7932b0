//! A driver for readers that speak LLRP.
//!
//! ```
//! use std::time::Duration;
//!
//! use archive_shelving::llrp_reader::LlrpReader;
//! use archive_shelving::reading::{Sighting, TagInventory, TagInventoryExt};
//! use archive_shelving::simulated::{SimulatedLlrpReader, SimulatedRoom};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), archive_core::Error> {
//! let slot = "HZ/R1/B1/C01/A/02/4/05".parse()?;
//! let tag = "2C14257BF460720000000190".parse()?;
//! let room = SimulatedRoom::of_slots([&slot])?;
//! room.place_with_rate(tag, &slot, 0.9)?;
//! // A simulated reader; a real one is dialled with `TcpDial::new("192.168.1.30:5084")`.
//! let device = room.reader_of(&slot)?;
//! let antennas = device.capabilities().antennas;
//! let reader = LlrpReader::new("reader HZ/R1/B1", antennas, SimulatedLlrpReader::new(device).dial());
//! let aisle = room.aisle_of(&slot)?;
//! let sighting = reader.look_for(tag, aisle, Duration::from_secs(1), 3).await?;
//! assert!(matches!(sighting, Sighting::Seen { .. }));
//! # Ok(())
//! # }
//! ```
//!
//! - One task owns the connection, for a reader serves one client. Nothing is sent before the reader
//!   said that the connection stands; keep-alives are answered, and a reader that falls silent loses
//!   its connection instead of the driver its patience.
//! - Every call adds a reader operation of its own under an id from [`OWN_RANGE`], and deletes it at the
//!   end or when the caller goes away; on connecting, leftovers of that range are deleted. Reports of
//!   other operations are not this call's reads.
//! - Answers are found by message id. A connection that broke a rule or a time limit is dropped.
//!
//! Limits: LLRP 1.0.1, which readers of 1.1 speak too; no TLS; no access to tag memory.

mod collector;
mod driver;
mod line;
mod request;

pub use driver::LlrpReader;

/// The ids of reader operations that this driver adds and deletes.
pub const OWN_RANGE: std::ops::RangeInclusive<u32> = 0x4152_0000..=0x4152_FFFF;
