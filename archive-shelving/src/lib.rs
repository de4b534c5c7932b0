//! Driver contracts, simulators and codecs for smart mobile shelving (智能密集架) with RFID.
//!
//! ```
//! use std::time::Duration;
//!
//! use archive_shelving::epc::Gdti96;
//! use archive_shelving::motion::{MoveOutcome, ShelfMotionExt};
//! use archive_shelving::reading::{Sighting, TagInventoryExt};
//! use archive_shelving::simulated::SimulatedRoom;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), archive_core::Error> {
//! let slot = "HZ/R1/B1/C03/A/02/4/05".parse()?;
//! let room = SimulatedRoom::of_slots([&slot])?;
//! let tag = Gdti96::new("0614141", "12345", 400)?.to_tag();
//! room.place(tag, &slot)?;
//!
//! // Open the aisle before the slot, then read until the box's tag is seen.
//! let aisle = room.aisle_of(&slot)?;
//! let outcome = room.shelf_of(&slot)?.open_aisle("request-17".parse()?, aisle).await?;
//! assert_eq!(outcome, MoveOutcome::Done);
//! let sighting = room.reader_of(&slot)?.look_for(tag, aisle, Duration::from_secs(1), 5).await?;
//! assert!(matches!(sighting, Sighting::Seen { .. }));
//! # Ok(())
//! # }
//! ```
//!
//! In reading order:
//! - [`layout`]: which aisle gives access to a slot;
//! - [`motion`], [`reading`], [`ability`]: what a vendor implements; small object-safe traits;
//! - [`device_error`]: what a failure means: did it act, what held it back, what may be tried;
//! - [`epc`]: what stands on a box's tag;
//! - [`llrp`]: the readers' protocol as a codec without input or output;
//! - [`dial`]: how a driver reaches its device;
//! - [`polled`]: one driver for every controller that is asked; below it
//! - [`modbus`]: shelf controllers behind Modbus TCP or RTU, their register maps as data;
//! - [`llrp_reader`]: a driver for readers that speak LLRP;
//! - [`udp_controller`]: shelf controllers behind UDP, their frames and codes as data;
//! - [`http_controller`]: shelf controllers behind HTTP, their answers as data;
//! - [`plan`]: slots, moves, the order of aisles, space; values in, values out;
//! - [`inventory`]: where each box is, inferred from noisy reads; values in, values out;
//! - [`sync`]: what the catalogue may follow by itself of what devices report; values in, values out;
//! - [`simulated`]: a room in memory, for tests, demos and development without hardware;
//! - `conformance` (feature): the kit that proves a driver.
//!
//! Limits: software is not the safety system. Hardware interlocks decide; drivers check before they
//! send, report what they hear, and never repeat a movement by themselves.
#![forbid(unsafe_code)]

pub mod ability;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod device_error;
pub mod dial;
pub mod epc;
pub mod http_controller;
pub mod inventory;
pub mod layout;
pub mod llrp;
pub mod llrp_reader;
pub mod modbus;
pub mod motion;
pub mod plan;
pub mod polled;
pub mod reading;
pub mod simulated;
pub mod sync;
pub mod udp_controller;
mod vendor_map;
