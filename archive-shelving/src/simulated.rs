//! A room in memory: carriages that move, readers that miss tags, people who walk in.
//!
//! ```
//! use archive_shelving::device_error::Interlock;
//! use archive_shelving::motion::{ShelfMotion, ShelfMotionExt};
//! use archive_shelving::simulated::SimulatedRoom;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), archive_core::Error> {
//! let slot = "HZ/R1/B1/C01/B/01/4/05".parse()?;
//! let room = SimulatedRoom::of_slots([&slot])?;
//! let shelf = room.shelf_of(&slot)?;
//! let aisle = room.aisle_of(&slot)?;
//! shelf.open_aisle("op-1".parse()?, aisle).await?;
//!
//! // Nothing moves while somebody stands in an aisle.
//! room.person_enters(&slot)?;
//! let refused = shelf.open_aisle("op-2".parse()?, archive_shelving::layout::AisleId(0)).await;
//! assert_eq!(refused.unwrap_err().interlock(), Some(Interlock::Person));
//! # Ok(())
//! # }
//! ```
//!
//! Carriages follow a trapezoid: they speed up, run, and slow down ([`Physics`]), all on tokio's clock,
//! so that a test with paused time runs at once and a demo can be hastened ([`Physics::hastened`]).
//! Chance is seeded: the same seed and the same calls give the same reads and the same faults.
//!
//! [`Population`] is the same radio without devices: sites full of boxes and people who misplace them,
//! for inventories of millions of tags; [`Population::furnish`] puts it into a room.
//!
//! Limits: the radio model is a stand-in, not physics. A tag in the open aisle is read with its own
//! probability a round, one behind a neighbouring carriage now and then ([`Radio`]).

mod bank;
mod chance;
mod faults;
mod http_controller;
mod line;
mod llrp_reader;
mod modbus_controller;
mod population;
mod radio;
mod reader;
mod room;
mod shelf;
mod udp_controller;
mod wire_fault;

pub use bank::Physics;
pub(crate) use chance::Chance;
pub use faults::{Fault, FaultRates};
pub use http_controller::SimulatedHttpController;
pub use llrp_reader::SimulatedLlrpReader;
pub use modbus_controller::SimulatedController;
pub use population::{Population, PopulationPlan, SimulatedBox};
pub use radio::{Radio, ReadRates};
pub use reader::SimulatedReader;
pub use room::{RoomBuilder, SimulatedRoom};
pub use shelf::SimulatedShelf;
pub use udp_controller::SimulatedUdpController;
pub use wire_fault::WireFault;
