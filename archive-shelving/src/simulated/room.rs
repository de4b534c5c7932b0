//! The room that simulated shelves and readers share: banks, slots, tags, people.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::{Error, ErrorKind};

use super::bank::{Bank, Physics};
use super::chance::Chance;
use super::faults::{Fault, FaultRates, FaultSource};
use super::radio::{Radio, TagRadio};
use super::reader::SimulatedReader;
use super::shelf::{Operations, SimulatedShelf};
use crate::device_error::Interlock;
use crate::layout::{AisleId, BankLayout, BankName};

/// Describes a room before it is built.
#[derive(Debug, Clone)]
#[must_use]
pub struct RoomBuilder {
    layouts: Vec<BankLayout>,
    seed: u64,
    physics: Physics,
    radio: Radio,
    faults: FaultRates,
}

impl RoomBuilder {
    /// Another seed for reads and faults; the default is 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Other mechanics.
    pub fn physics(mut self, physics: Physics) -> Self {
        self.physics = physics;
        self
    }

    /// Other read rates.
    pub fn radio(mut self, radio: Radio) -> Self {
        self.radio = radio;
        self
    }

    /// Faults by chance; none by default.
    pub fn faults(mut self, faults: FaultRates) -> Self {
        self.faults = faults;
        self
    }

    /// The room.
    ///
    /// # Errors
    /// `InvalidInput` where a speed or width is not positive, or a rate is no probability, or two
    /// banks share a name.
    pub fn build(self) -> Result<SimulatedRoom, Error> {
        if !self.physics.is_valid() {
            return Err(Error::invalid(
                "simulated physics",
                "needs a positive speed and acceleration, and an aisle of 1 to 10000 mm",
            ));
        }
        let FaultRates { lose_command, lose_answer, lose_report, stall } = self.faults;
        let rates = [lose_command, lose_answer, lose_report, stall];
        if !rates.iter().all(|rate| (0.0..=1.0).contains(rate)) || rates.iter().sum::<f64>() > 1.0 {
            return Err(Error::invalid(
                "simulated fault rates",
                "must be probabilities whose sum is at most 1",
            ));
        }
        self.radio.check()?;
        let mut seeds = Chance::new(self.seed);
        let mut banks = BTreeMap::new();
        for layout in self.layouts {
            let (name, columns) = (layout.name().clone(), layout.columns().len());
            let place = BankPlace {
                bank: Bank::new(columns, self.physics),
                layout: Arc::new(layout),
                operations: Operations::default(),
                faults: FaultSource {
                    injected: VecDeque::new(),
                    rates: self.faults,
                    chance: Chance::new(seeds.next_u64()),
                },
            };
            if banks.insert(name.clone(), place).is_some() {
                return Err(Error::invalid(format!("bank {name}"), "stands twice in the room"));
            }
        }
        let inner = Inner {
            banks,
            tags: BTreeMap::new(),
            radio: self.radio,
            chance: Chance::new(seeds.next_u64()),
            physics: self.physics,
        };
        Ok(SimulatedRoom { inner: Arc::new(Mutex::new(inner)) })
    }
}

/// A room of simulated banks and readers. Clones share one room.
#[derive(Debug, Clone)]
pub struct SimulatedRoom {
    pub(crate) inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) banks: BTreeMap<BankName, BankPlace>,
    pub(crate) tags: BTreeMap<TagEpc, PlacedTag>,
    pub(crate) radio: Radio,
    pub(crate) chance: Chance,
    pub(crate) physics: Physics,
}

#[derive(Debug)]
pub(crate) struct BankPlace {
    pub(crate) bank: Bank,
    pub(crate) layout: Arc<BankLayout>,
    pub(crate) operations: Operations,
    pub(crate) faults: FaultSource,
}

#[derive(Debug, Clone)]
pub(crate) struct PlacedTag {
    pub(crate) slot: SlotAddress,
    pub(crate) bank: BankName,
    pub(crate) aisle: AisleId,
    pub(crate) radio: TagRadio,
}

impl SimulatedRoom {
    /// A room with the given banks.
    pub fn builder(layouts: impl IntoIterator<Item = BankLayout>) -> RoomBuilder {
        RoomBuilder {
            layouts: layouts.into_iter().collect(),
            seed: 1,
            physics: Physics::default(),
            radio: Radio::default(),
            faults: FaultRates::default(),
        }
    }

    /// A room with the banks and carriages that the addresses describe ([`BankLayout::of_slots`]),
    /// and defaults for everything else.
    ///
    /// # Errors
    /// Those of [`BankLayout::of_slots`].
    pub fn of_slots<'a>(slots: impl IntoIterator<Item = &'a SlotAddress>) -> Result<Self, Error> {
        Self::builder(BankLayout::of_slots(slots)?).build()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code panics between two writes that belong together, so a poisoned room is still whole.
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The shelf that holds a slot. Every call returns a driver of the same device.
    ///
    /// # Errors
    /// `NotFound` where the room has no such bank.
    pub fn shelf_of(&self, slot: &SlotAddress) -> Result<SimulatedShelf, Error> {
        let inner = self.lock();
        let place = inner.place_of(slot)?;
        Ok(SimulatedShelf::new(self.clone(), Arc::clone(&place.layout), inner.physics))
    }

    /// How many aisles the bank that holds a slot has.
    ///
    /// # Errors
    /// `NotFound` where the room has no such bank.
    pub fn aisles(&self, slot: &SlotAddress) -> Result<u16, Error> {
        Ok(self.lock().place_of(slot)?.layout.aisle_count())
    }

    /// The reader of the bank that holds a slot: one antenna an aisle.
    ///
    /// # Errors
    /// `NotFound` where the room has no such bank.
    pub fn reader_of(&self, slot: &SlotAddress) -> Result<SimulatedReader, Error> {
        let inner = self.lock();
        Ok(SimulatedReader::new(self.clone(), Arc::clone(&inner.place_of(slot)?.layout)))
    }

    /// The aisle through which a slot is reached.
    ///
    /// # Errors
    /// `NotFound` where the room has no such bank or carriage, `InvalidInput` for an unknown side.
    pub fn aisle_of(&self, slot: &SlotAddress) -> Result<AisleId, Error> {
        self.lock().place_of(slot)?.layout.aisle_of(slot)
    }

    /// Puts a box's tag in a slot, taking it from where it was. Its read rate is drawn when it first
    /// appears and stays with it.
    ///
    /// # Errors
    /// Those of [`SimulatedRoom::aisle_of`].
    pub fn place(&self, tag: TagEpc, slot: &SlotAddress) -> Result<(), Error> {
        let mut inner = self.lock();
        let radio = match inner.tags.get(&tag) {
            Some(placed) => placed.radio,
            None => {
                let radio = inner.radio;
                radio.draw(&mut inner.chance)
            }
        };
        inner.put(tag, slot, radio)
    }

    /// Puts a tag in a slot with a read rate of its own: the probability that one round reads it.
    ///
    /// # Errors
    /// Those of [`SimulatedRoom::aisle_of`], and `InvalidInput` where `rate` is no probability.
    pub fn place_with_rate(&self, tag: TagEpc, slot: &SlotAddress, rate: f64) -> Result<(), Error> {
        if !(0.0..=1.0).contains(&rate) {
            return Err(Error::invalid(
                format!("tag {tag}"),
                format!("has a read rate of {rate}, not 0 to 1"),
            ));
        }
        self.place_tag(tag, slot, TagRadio { rate, offset: 0.0 })
    }

    /// Puts a tag in a slot, with everything that is peculiar to it.
    pub(crate) fn place_tag(&self, tag: TagEpc, slot: &SlotAddress, radio: TagRadio) -> Result<(), Error> {
        self.lock().put(tag, slot, radio)
    }

    /// Takes a tag out of the room; says where it stood.
    pub fn remove(&self, tag: TagEpc) -> Option<SlotAddress> {
        self.lock().tags.remove(&tag).map(|placed| placed.slot)
    }

    /// Where a tag really stands: the truth that no reader has.
    #[must_use]
    pub fn slot_of(&self, tag: TagEpc) -> Option<SlotAddress> {
        self.lock().tags.get(&tag).map(|placed| placed.slot.clone())
    }

    /// Somebody walks into the aisle before a slot. Moving carriages stop at once.
    ///
    /// # Errors
    /// Those of [`SimulatedRoom::aisle_of`].
    pub fn person_enters(&self, slot: &SlotAddress) -> Result<(), Error> {
        let aisle = self.aisle_of(slot)?;
        self.with_bank(slot, |place| {
            *place.bank.people.entry(aisle).or_default() += 1;
            place.trip(Interlock::Person);
        })
    }

    /// Everybody leaves the aisle before a slot. Nothing starts moving by itself.
    ///
    /// # Errors
    /// Those of [`SimulatedRoom::aisle_of`].
    pub fn people_leave(&self, slot: &SlotAddress) -> Result<(), Error> {
        let aisle = self.aisle_of(slot)?;
        self.with_bank(slot, |place| {
            place.bank.people.remove(&aisle);
        })
    }

    /// Switches a protection of the bank that holds a slot on or off. `Person` and `Lock` have
    /// causes of their own: [`SimulatedRoom::person_enters`] and the lock.
    ///
    /// # Errors
    /// `NotFound` where the room has no such bank, `InvalidInput` for `Person` and `Lock`.
    pub fn set_interlock(&self, slot: &SlotAddress, interlock: Interlock, on: bool) -> Result<(), Error> {
        if matches!(interlock, Interlock::Person | Interlock::Lock) {
            return Err(Error::invalid(
                format!("interlock {interlock}"),
                "follows from people and locks in the room: change those",
            ));
        }
        self.with_bank(slot, |place| {
            if on {
                place.bank.interlocks.insert(interlock);
                place.trip(interlock);
            } else {
                place.bank.interlocks.remove(&interlock);
            }
        })
    }

    /// Cuts or mends the line between the drivers and the bank that holds a slot. Carriages that move
    /// go on moving: a line is no brake.
    ///
    /// # Errors
    /// `NotFound` where the room has no such bank.
    pub fn set_link(&self, slot: &SlotAddress, up: bool) -> Result<(), Error> {
        self.with_bank(slot, |place| place.bank.link_up = up)
    }

    /// Queues a fault for the bank that holds a slot.
    ///
    /// # Errors
    /// `NotFound` where the room has no such bank.
    pub fn inject(&self, slot: &SlotAddress, fault: Fault) -> Result<(), Error> {
        self.with_bank(slot, |place| place.faults.injected.push_back(fault))
    }

    /// How many times carriages of the bank that holds a slot were set in motion: a witness that no
    /// move was made twice.
    ///
    /// # Errors
    /// `NotFound` where the room has no such bank.
    pub fn moves_begun(&self, slot: &SlotAddress) -> Result<u64, Error> {
        self.with_bank(slot, |place| place.bank.moves_begun)
    }

    /// The aisle that really stands fully open, whatever a driver says.
    ///
    /// # Errors
    /// `NotFound` where the room has no such bank.
    pub fn really_open(&self, slot: &SlotAddress) -> Result<Option<AisleId>, Error> {
        self.with_bank(slot, |place| place.bank.state().open)
    }

    fn with_bank<T>(&self, slot: &SlotAddress, action: impl FnOnce(&mut BankPlace) -> T) -> Result<T, Error> {
        let mut inner = self.lock();
        inner.place_of(slot)?;
        let place = inner.banks.get_mut(&BankName::of(slot)).expect("place_of found the bank");
        place.settle();
        Ok(action(place))
    }
}

impl Inner {
    pub(crate) fn place_of(&self, slot: &SlotAddress) -> Result<&BankPlace, Error> {
        let name = BankName::of(slot);
        self.banks.get(&name).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("bank {name}"),
                format!("is not in the simulated room, which has {} banks", self.banks.len()),
            )
        })
    }

    fn put(&mut self, tag: TagEpc, slot: &SlotAddress, radio: TagRadio) -> Result<(), Error> {
        let aisle = self.place_of(slot)?.layout.aisle_of(slot)?;
        let bank = BankName::of(slot);
        self.tags.insert(tag, PlacedTag { slot: slot.clone(), bank, aisle, radio });
        Ok(())
    }
}
