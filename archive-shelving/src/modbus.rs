//! Shelf controllers behind Modbus TCP or RTU: a map of registers as data, and a driver.
//!
//! ```
//! use archive_shelving::modbus::{Framing, ModbusMap};
//! use archive_shelving::motion::{MoveOutcome, ShelfMotion, ShelfMotionExt};
//! use archive_shelving::polled::PolledShelf;
//! use archive_shelving::simulated::{SimulatedController, SimulatedRoom};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), archive_core::Error> {
//! // A simulated controller; a real one is dialled with `TcpDial`.
//! let slot = "HZ/R1/B1/C03/A/02/4/05".parse()?;
//! let room = SimulatedRoom::of_slots([&slot])?;
//! let map = ModbusMap::family_a();
//! let controller = SimulatedController::new(room.shelf_of(&slot)?, map.clone());
//!
//! let shelf = PolledShelf::over_modbus("bank HZ/R1/B1", 2, map, Framing::Tcp, controller.dial());
//! let outcome = shelf.open_aisle("request-17".parse()?, room.aisle_of(&slot)?).await?;
//! assert_eq!(outcome, MoveOutcome::Done);
//! assert_eq!(shelf.state().await?.open, Some(room.aisle_of(&slot)?));
//! # Ok(())
//! # }
//! ```
//!
//! - What differs by vendor is a [`ModbusMap`], read from TOML with errors that name line and key.
//! - A call that times out, fails or is interrupted takes its session with it, so a late answer meets
//!   nobody; the next call dials anew, with back-off and jitter. Nothing is kept over a reconnect: every
//!   state is read from the device. A serial line is drained first, since it has no sessions.
//! - A start reads the state first, writes the target, then pulses the coil once. Only an unanswered
//!   pulse is `MaybeExecuted`; it is never pulsed again.
//!
//! Limits: the controller must report which aisle is open; one that does not cannot be driven safely,
//! and its map is refused. No lock: family A has a coil that unlocks and none that locks.

mod calls;
mod controller;
mod map;

pub use map::ModbusMap;

/// How Modbus frames are written on the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// With a header that numbers each call.
    Tcp,
    /// With a checksum and no number, as on a serial line: dial a serial port, or a gateway.
    Rtu,
}
