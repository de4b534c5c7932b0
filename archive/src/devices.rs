//! The shelves and readers of an archive: whatever drives them, seen through the vendor contracts.
//!
//! ```
//! use archive::devices::{Devices, SimulatedDevices};
//!
//! let slot = "HZ/R1/B1/C01/A/01/1/01".parse()?;
//! let devices = SimulatedDevices::new([&slot], 50.0)?;
//! assert!(devices.shelf(&slot).is_ok());
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! An integrator implements [`Devices`] over the drivers of a site; a person who carries boxes is
//! part of it ([`Devices::place`]).

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;

use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::{Error, ErrorKind};
use archive_shelving::layout::AisleId;
use archive_shelving::motion::ShelfMotion;
use archive_shelving::reading::TagInventory;
use archive_shelving::simulated::{Physics, SimulatedRoom};

/// The devices around slots.
pub trait Devices: Debug + Send + Sync {
    /// What moves the carriages around `slot`.
    ///
    /// # Errors
    /// `NotFound` where no device serves the slot.
    fn shelf(&self, slot: &SlotAddress) -> Result<Arc<dyn ShelfMotion>, Error>;

    /// What reads tags around `slot`.
    ///
    /// # Errors
    /// `NotFound` where no device serves the slot.
    fn reader(&self, slot: &SlotAddress) -> Result<Arc<dyn TagInventory>, Error>;

    /// The aisle through which `slot` is reached.
    ///
    /// # Errors
    /// `NotFound` where no device serves the slot.
    fn aisle(&self, slot: &SlotAddress) -> Result<AisleId, Error>;

    /// Has the box with `tag` put into `slot`, whose aisle is open: tells a person, or a simulation.
    /// Returning does not prove that it stands there; the reader does.
    ///
    /// # Errors
    /// Where nobody could be told.
    fn place(&self, tag: TagEpc, slot: &SlotAddress) -> Result<(), Error>;
}

/// A store-room without devices: people put boxes into slots and say so by
/// [`Archive::confirm_by_hand`](crate::Archive::confirm_by_hand).
#[derive(Debug, Clone, Copy, Default)]
pub struct ByHand;

impl ByHand {
    fn none<T>() -> Result<T, Error> {
        let message = "has no devices: put the box there and confirm it by hand";
        Err(Error::new(ErrorKind::Unsupported, "store-room", message))
    }
}

impl Devices for ByHand {
    fn shelf(&self, _: &SlotAddress) -> Result<Arc<dyn ShelfMotion>, Error> {
        Self::none()
    }

    fn reader(&self, _: &SlotAddress) -> Result<Arc<dyn TagInventory>, Error> {
        Self::none()
    }

    fn aisle(&self, _: &SlotAddress) -> Result<AisleId, Error> {
        Self::none()
    }

    fn place(&self, _: TagEpc, _: &SlotAddress) -> Result<(), Error> {
        Self::none()
    }
}

/// A room in memory whose boxes stand where they are placed.
#[derive(Debug)]
pub struct SimulatedDevices {
    room: SimulatedRoom,
}

impl SimulatedDevices {
    /// A room with the banks that `slots` describe, moving `hasten` times faster than life.
    ///
    /// # Errors
    /// `InvalidInput` where an address is none that a bank can have.
    pub fn new<'a>(slots: impl IntoIterator<Item = &'a SlotAddress>, hasten: f64) -> Result<Self, Error> {
        let layouts = archive_shelving::layout::BankLayout::of_slots(slots)?;
        let room = SimulatedRoom::builder(layouts).physics(Physics::default().hastened(hasten)).build()?;
        Ok(Self { room })
    }

    /// The room, to let things go wrong in it.
    #[must_use]
    pub fn room(&self) -> &SimulatedRoom {
        &self.room
    }
}

impl Devices for SimulatedDevices {
    fn shelf(&self, slot: &SlotAddress) -> Result<Arc<dyn ShelfMotion>, Error> {
        Ok(Arc::new(self.room.shelf_of(slot)?))
    }

    fn reader(&self, slot: &SlotAddress) -> Result<Arc<dyn TagInventory>, Error> {
        Ok(Arc::new(self.room.reader_of(slot)?))
    }

    fn aisle(&self, slot: &SlotAddress) -> Result<AisleId, Error> {
        self.room.aisle_of(slot)
    }

    fn place(&self, tag: TagEpc, slot: &SlotAddress) -> Result<(), Error> {
        self.room.place(tag, slot)
    }
}

/// Runs device work to its end from any thread, also from inside another runtime.
#[derive(Debug)]
pub(crate) struct DeviceRuntime {
    runtime: Option<tokio::runtime::Runtime>,
}

impl DeviceRuntime {
    pub(crate) fn new() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("archive-devices")
            .enable_all()
            .build()
            .map_err(|e| {
                Error::new(ErrorKind::Unavailable, "device runtime", "cannot be started").with_source(e)
            })?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Runs `work` and waits for it.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Error> {
        let lost = || Error::new(ErrorKind::Internal, "device runtime", "gave the work up");
        let runtime = self.runtime.as_ref().ok_or_else(lost)?;
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        runtime.spawn(async move {
            // The receiver waits until this is sent or dropped.
            let _ = sender.send(work.await);
        });
        receiver.recv().map_err(|_| lost())
    }
}

impl Drop for DeviceRuntime {
    fn drop(&mut self) {
        // A plain drop would block, which another runtime's thread may not do.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
