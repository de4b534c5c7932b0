//! One driver for every controller that is asked and does not tell: what differs by protocol lies below.
//!
//! ```
//! use archive_shelving::modbus::{Framing, ModbusMap};
//! use archive_shelving::motion::ShelfMotion;
//! use archive_shelving::polled::PolledShelf;
//! use archive_shelving::simulated::{SimulatedController, SimulatedRoom};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), archive_core::Error> {
//! let slot = "HZ/R1/B1/C03/A/02/4/05".parse()?;
//! let room = SimulatedRoom::of_slots([&slot])?;
//! let map = ModbusMap::family_a();
//! let controller = SimulatedController::new(room.shelf_of(&slot)?, map.clone());
//! let shelf = PolledShelf::over_modbus("bank HZ/R1/B1", 2, map, Framing::Tcp, controller.dial());
//! assert!(!shelf.state().await?.moving);
//! # Ok(())
//! # }
//! ```
//!
//! - Where only a vendor's own library speaks to the device, three calls to it are enough:
//!   [`VendorController`], driven by [`PolledShelf::over_vendor`].
//! - One task owns the line. Whatever is asked waits its turn, except stops: they go before everything
//!   that waits, and what is under way gets [`STOP_PATIENCE`] before it is given up for the stop.
//! - An operation ends when the device's state says so, never because a command was answered.
//! - A command that moves carriages is sent once, after a state was read that allows it. Moves that wait
//!   when a stop comes are refused.
//! - An idle line is asked for its state now and then, so that a half-open one is noticed and mended
//!   before somebody needs it.
//!
//! Limits: a device that reports by itself, without being asked, is heard when it is asked next.

mod controller;
mod driver;
mod session;
mod vendor;

use std::time::Duration;

use tokio::time::Instant;

pub(crate) use controller::{Controller, StopLane, stopped_before};
pub use driver::PolledShelf;
pub use vendor::{VendorController, VendorLimits};

use crate::simulated::Chance;

/// How long what is under way may delay a stop.
pub const STOP_PATIENCE: Duration = Duration::from_millis(40);

/// When to dial again after failures: the wait doubles, with jitter, so that a room of drivers does not
/// dial in step.
#[derive(Debug)]
pub(crate) struct Backoff {
    failures: u32,
    next_try: Instant,
    jitter: Chance,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(5);

    /// For the device called `name`: jitter needs to differ by device, not to be secret.
    pub(crate) fn new(name: &str) -> Self {
        let seed = name
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3));
        Self { failures: 0, next_try: Instant::now(), jitter: Chance::new(seed) }
    }

    /// How long to wait before the next attempt; zero where none is needed.
    pub(crate) fn wait(&self) -> Duration {
        self.next_try.saturating_duration_since(Instant::now())
    }

    /// Makes the next attempt possible at once, as a stop needs.
    pub(crate) fn skip(&mut self) {
        self.next_try = Instant::now();
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }

    pub(crate) fn failed(&mut self) {
        let doubled = Self::FIRST.saturating_mul(1 << self.failures.min(10)).min(Self::LONGEST);
        self.failures += 1;
        self.next_try = Instant::now() + doubled.mul_f64(0.5 + 0.5 * self.jitter.unit());
    }
}
