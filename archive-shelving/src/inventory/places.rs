//! The aisles of an inventory by number, and which antennas look into them.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use archive_core::Error;
use archive_core::holding::SlotAddress;
use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use crate::layout::{AisleId, BankLayout, BankName};
use crate::reading::{Antenna, AntennaPort};

/// Where a box stands, as far as readers can tell: an aisle (通道) of a bank (区).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The bank.
    pub bank: BankName,
    /// The aisle.
    pub aisle: AisleId,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.bank, self.aisle)
    }
}

/// A bank that takes part in an inventory, and the antennas of its reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadBank {
    layout: BankLayout,
    antennas: Vec<Antenna>,
}

impl ReadBank {
    /// A bank with one antenna an aisle: antenna n looks into aisle n − 1.
    #[must_use]
    pub fn new(layout: BankLayout) -> Self {
        let antenna = |aisle: AisleId| Antenna { port: AntennaPort(aisle.0 + 1), aisle: Some(aisle) };
        Self { antennas: layout.aisles().map(antenna).collect(), layout }
    }

    /// A bank whose reader has these antennas
    /// ([`ReaderCapabilities::antennas`](crate::reading::ReaderCapabilities)).
    ///
    /// # Errors
    /// `InvalidInput` where a port stands twice, or an antenna looks into an aisle that the bank does
    /// not have.
    pub fn with_antennas(layout: BankLayout, antennas: Vec<Antenna>) -> Result<Self, Error> {
        let mut ports = BTreeSet::new();
        for antenna in &antennas {
            let object = || format!("bank {}: {}", layout.name(), antenna.port);
            if !ports.insert(antenna.port) {
                return Err(Error::invalid(object(), "stands twice among the reader's antennas"));
            }
            if let Some(aisle) = antenna.aisle.filter(|aisle| aisle.0 >= layout.aisle_count()) {
                let message = format!("looks into {aisle}, and the bank has {}", layout.aisle_count());
                return Err(Error::invalid(object(), message));
            }
        }
        Ok(Self { layout, antennas })
    }
}

/// What an antenna's read says of the aisle that is visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    Here,
    Elsewhere,
    Unknown,
}

/// All aisles of all banks, numbered from left to right and bank by bank.
#[derive(Debug)]
pub(super) struct Places {
    banks: Vec<ReadBank>,
    /// The number of each bank's first aisle, and behind them the number of all.
    first: Vec<u32>,
    by_name: HashMap<BankName, usize, RandomState>,
}

impl Places {
    /// # Errors
    /// `InvalidInput` where a bank stands twice or there is none.
    pub(super) fn new(banks: Vec<ReadBank>) -> Result<Self, Error> {
        if banks.is_empty() {
            return Err(Error::invalid("inventory", "has no bank to look into"));
        }
        let (mut by_name, mut first) = (HashMap::default(), vec![0]);
        for (at, bank) in banks.iter().enumerate() {
            if by_name.insert(bank.layout.name().clone(), at).is_some() {
                let object = format!("bank {}", bank.layout.name());
                return Err(Error::invalid(object, "stands twice in the inventory"));
            }
            first.push(first[at] + u32::from(bank.layout.aisle_count()));
        }
        Ok(Self { banks, first, by_name })
    }

    pub(super) fn len(&self) -> u32 {
        self.first[self.banks.len()]
    }

    pub(super) fn number(&self, place: &Place) -> Option<u32> {
        let bank = *self.by_name.get(&place.bank)?;
        let aisle = place.aisle.0;
        (aisle < self.banks[bank].layout.aisle_count()).then(|| self.first[bank] + u32::from(aisle))
    }

    fn bank_of(&self, number: u32) -> usize {
        self.first.partition_point(|first| *first <= number) - 1
    }

    pub(super) fn place(&self, number: u32) -> Place {
        let bank = self.bank_of(number);
        // A bank has at most 1,000 aisles.
        let aisle = AisleId((number - self.first[bank]) as u16);
        Place { bank: self.banks[bank].layout.name().clone(), aisle }
    }

    /// The aisles behind the rows of boxes on either side.
    pub(super) fn beside(&self, number: u32) -> [Option<u32>; 2] {
        let bank = self.bank_of(number);
        let left = (number > self.first[bank]).then(|| number - 1);
        let right = (number + 1 < self.first[bank + 1]).then_some(number + 1);
        [left, right]
    }

    pub(super) fn are_near(&self, one: u32, other: u32) -> bool {
        one == other || self.beside(one).contains(&Some(other))
    }

    /// Where `antenna` looks, seen from a place.
    pub(super) fn looks(&self, number: u32, antenna: AntennaPort) -> Looks {
        let bank = self.bank_of(number);
        let here = number - self.first[bank];
        match self.banks[bank].antennas.iter().find(|a| a.port == antenna) {
            None => Looks::Unknown,
            Some(Antenna { aisle: Some(aisle), .. }) if u32::from(aisle.0) != here => Looks::Elsewhere,
            Some(_) => Looks::Here,
        }
    }

    /// The aisle that a slot is reached through.
    pub(super) fn of_slot(&self, slot: &SlotAddress) -> Option<u32> {
        let bank = *self.by_name.get(&BankName::of(slot))?;
        let aisle = self.banks[bank].layout.aisle_of(slot).ok()?;
        Some(self.first[bank] + u32::from(aisle.0))
    }
}

/// Looks up slots that stand beside each other, by the thousand, at the price of one look-up a face.
pub(super) struct SlotFinder<'a> {
    places: &'a Places,
    faces: HashMap<String, Option<u32>, RandomState>,
    last: (String, Option<u32>),
}

impl<'a> SlotFinder<'a> {
    pub(super) fn new(places: &'a Places) -> Self {
        Self { places, faces: HashMap::default(), last: (String::new(), None) }
    }

    pub(super) fn place_of(&mut self, slot: &SlotAddress) -> Option<u32> {
        // site/room/bank/column/side
        let text = slot.as_str();
        let face = text.match_indices('/').nth(4).map_or(text, |(at, _)| &text[..at]);
        if self.last.0 != face {
            let found = match self.faces.get(face) {
                Some(found) => *found,
                None => *self.faces.entry(face.to_owned()).or_insert(self.places.of_slot(slot)),
            };
            self.last = (face.to_owned(), found);
        }
        self.last.1
    }
}
