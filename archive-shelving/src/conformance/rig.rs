//! The kit's hands: what happens around a device while a driver is being proven.

use std::fmt::Debug;

use archive_core::holding::{SlotAddress, TagEpc};
use async_trait::async_trait;

use crate::device_error::Interlock;
use crate::layout::AisleId;
use crate::simulated::{Fault, SimulatedRoom};

/// Whether a rig did what the kit asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RigAnswer {
    /// Done.
    Done,
    /// This rig cannot do it; the check is skipped.
    Cannot,
}

/// Acts on a shelf from outside its driver.
#[async_trait]
pub trait ShelfRig: Debug + Send + Sync {
    /// Brings the surroundings to rest: nobody inside, no interlock, the line up, unlocked.
    async fn reset(&self);

    /// Lets somebody walk into an aisle, or out again.
    async fn person(&self, inside: bool) -> RigAnswer;

    /// Cuts or mends the line between driver and device.
    async fn link(&self, up: bool) -> RigAnswer;

    /// Loses the answer to the next start, after the device carried it out.
    async fn lose_next_answer(&self) -> RigAnswer;

    /// Loses the report of the next move's end.
    async fn lose_next_report(&self) -> RigAnswer;

    /// How many times carriages were set in motion so far, seen from outside the driver.
    async fn moves_begun(&self) -> Option<u64>;

    /// The aisle that really stands open, seen from outside the driver; `None` where the rig cannot see.
    async fn really_open(&self) -> Option<Option<AisleId>>;
}

/// Acts on a reader from outside its driver.
#[async_trait]
pub trait ReaderRig: Debug + Send + Sync {
    /// Brings the surroundings to rest: no kit tag in the room, the line up.
    async fn reset(&self);

    /// Puts the kit's tag in an aisle, where it is easily read.
    async fn place(&self, tag: TagEpc, aisle: AisleId) -> RigAnswer;

    /// Takes the kit's tag away.
    async fn remove(&self, tag: TagEpc) -> RigAnswer;

    /// Cuts or mends the line between driver and reader.
    async fn link(&self, up: bool) -> RigAnswer;
}

/// No hands: whatever needs a rig is skipped.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRig;

#[async_trait]
impl ShelfRig for NoRig {
    async fn reset(&self) {}

    async fn person(&self, _inside: bool) -> RigAnswer {
        RigAnswer::Cannot
    }

    async fn link(&self, _up: bool) -> RigAnswer {
        RigAnswer::Cannot
    }

    async fn lose_next_answer(&self) -> RigAnswer {
        RigAnswer::Cannot
    }

    async fn lose_next_report(&self) -> RigAnswer {
        RigAnswer::Cannot
    }

    async fn moves_begun(&self) -> Option<u64> {
        None
    }

    async fn really_open(&self) -> Option<Option<AisleId>> {
        None
    }
}

#[async_trait]
impl ReaderRig for NoRig {
    async fn reset(&self) {}

    async fn place(&self, _tag: TagEpc, _aisle: AisleId) -> RigAnswer {
        RigAnswer::Cannot
    }

    async fn remove(&self, _tag: TagEpc) -> RigAnswer {
        RigAnswer::Cannot
    }

    async fn link(&self, _up: bool) -> RigAnswer {
        RigAnswer::Cannot
    }
}

/// The rig of a bank in a [`SimulatedRoom`].
///
/// For drivers that hold the room's own shelf. One that reaches it through a simulated controller needs a
/// rig around this one, which cuts the controller's line and loses the controller's answers.
#[derive(Debug, Clone)]
pub struct SimulatedShelfRig {
    room: SimulatedRoom,
    slot: SlotAddress,
}

const FOUND: &str = "new() takes a slot of the room";

impl SimulatedShelfRig {
    /// The rig of the bank that holds `slot`, in whose aisle people walk.
    ///
    /// # Panics
    /// Where the room has no such slot.
    #[must_use]
    pub fn new(room: SimulatedRoom, slot: SlotAddress) -> Self {
        room.aisle_of(&slot).expect("a rig needs a slot of its room");
        Self { room, slot }
    }
}

#[async_trait]
impl ShelfRig for SimulatedShelfRig {
    async fn reset(&self) {
        self.room.people_leave(&self.slot).expect(FOUND);
        self.room.set_link(&self.slot, true).expect(FOUND);
        for interlock in Interlock::ALL {
            // Person and Lock have causes of their own; the kit unlocks what it locked.
            let _ = self.room.set_interlock(&self.slot, interlock, false);
        }
    }

    async fn person(&self, inside: bool) -> RigAnswer {
        if inside {
            self.room.person_enters(&self.slot).expect(FOUND);
        } else {
            self.room.people_leave(&self.slot).expect(FOUND);
        }
        RigAnswer::Done
    }

    async fn link(&self, up: bool) -> RigAnswer {
        self.room.set_link(&self.slot, up).expect(FOUND);
        RigAnswer::Done
    }

    async fn lose_next_answer(&self) -> RigAnswer {
        self.room.inject(&self.slot, Fault::LoseAnswer).expect(FOUND);
        RigAnswer::Done
    }

    async fn lose_next_report(&self) -> RigAnswer {
        self.room.inject(&self.slot, Fault::LoseReport).expect(FOUND);
        RigAnswer::Done
    }

    async fn moves_begun(&self) -> Option<u64> {
        Some(self.room.moves_begun(&self.slot).expect(FOUND))
    }

    async fn really_open(&self) -> Option<Option<AisleId>> {
        Some(self.room.really_open(&self.slot).expect(FOUND))
    }
}

/// The rig of the reader of a bank in a [`SimulatedRoom`].
#[derive(Debug, Clone)]
pub struct SimulatedReaderRig {
    room: SimulatedRoom,
    slots: Vec<SlotAddress>,
}

impl SimulatedReaderRig {
    /// A rig that puts tags into `slots`, all of one bank: at least one, and one an aisle for checks
    /// that need several aisles.
    ///
    /// # Panics
    /// Where a slot is not in the room, or there is none.
    #[must_use]
    pub fn new(room: SimulatedRoom, slots: impl IntoIterator<Item = SlotAddress>) -> Self {
        let slots: Vec<SlotAddress> = slots.into_iter().collect();
        assert!(!slots.is_empty(), "a rig needs a slot of its room");
        for slot in &slots {
            room.aisle_of(slot).expect("a rig needs slots of its room");
        }
        Self { room, slots }
    }
}

#[async_trait]
impl ReaderRig for SimulatedReaderRig {
    async fn reset(&self) {
        self.room.set_link(&self.slots[0], true).expect(FOUND);
    }

    async fn place(&self, tag: TagEpc, aisle: AisleId) -> RigAnswer {
        match self.slots.iter().find(|slot| self.room.aisle_of(slot).is_ok_and(|a| a == aisle)) {
            Some(slot) => {
                self.room.place_with_rate(tag, slot, 1.0).expect(FOUND);
                RigAnswer::Done
            }
            None => RigAnswer::Cannot,
        }
    }

    async fn remove(&self, tag: TagEpc) -> RigAnswer {
        self.room.remove(tag);
        RigAnswer::Done
    }

    async fn link(&self, up: bool) -> RigAnswer {
        self.room.set_link(&self.slots[0], up).expect(FOUND);
        RigAnswer::Done
    }
}
