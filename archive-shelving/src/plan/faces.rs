//! Which face (面), aisle (通道) and bank (区) each of a million slots belongs to, by number.

use std::collections::HashMap;

use archive_core::Error;
use archive_core::holding::{Slot, SlotAddress};
use foldhash::fast::RandomState;

use crate::layout::{AisleId, BankLayout, BankName};

/// One side of one carriage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Face {
    /// The number of the aisle that it looks into, over all banks.
    pub(super) aisle: usize,
    /// The number of its bank.
    pub(super) bank: usize,
}

/// The faces of some slots, and the aisles and banks that they make.
#[derive(Debug)]
pub(super) struct Faces<'a> {
    /// For each slot its face.
    pub(super) of_slot: Vec<u32>,
    /// A slot of each face, for its names.
    pub(super) examples: Vec<&'a SlotAddress>,
    pub(super) faces: Vec<Face>,
    /// For each aisle its bank, and its place there.
    pub(super) aisles: Vec<(usize, AisleId)>,
    pub(super) banks: Vec<BankName>,
}

impl<'a> Faces<'a> {
    /// The faces that the addresses describe.
    ///
    /// # Errors
    /// `InvalidInput` where a side is unknown or a bank has more than [`BankLayout::LIMIT`] carriages.
    pub(super) fn new(slots: &'a [Slot]) -> Result<Self, Error> {
        // Slots share a face by the thousand: the layout is asked once for each.
        let mut interned = Prefixes::new(5);
        let mut examples: Vec<&SlotAddress> = Vec::new();
        let mut of_slot = Vec::with_capacity(slots.len());
        for slot in slots {
            let face = interned.number(slot.address.as_str());
            if face as usize == examples.len() {
                examples.push(&slot.address);
            }
            of_slot.push(face);
        }
        let layouts = BankLayout::of_slots(examples.iter().copied())?;
        let banks: HashMap<&BankName, usize> =
            layouts.iter().enumerate().map(|(at, layout)| (layout.name(), at)).collect();
        let mut numbers = HashMap::new();
        let mut aisles = Vec::new();
        let mut faces = Vec::with_capacity(examples.len());
        for address in &examples {
            // The layouts were made of these addresses.
            let bank = banks[&BankName::of(address)];
            let id = layouts[bank].aisle_of(address)?;
            let aisle = *numbers.entry((bank, id)).or_insert_with(|| {
                aisles.push((bank, id));
                aisles.len() - 1
            });
            faces.push(Face { aisle, bank });
        }
        let banks = layouts.iter().map(|layout| layout.name().clone()).collect();
        Ok(Self { of_slot, examples, faces, aisles, banks })
    }
}

/// Numbers the first parts of addresses in the order in which they appear.
#[derive(Debug)]
pub(super) struct Prefixes<'a> {
    parts: usize,
    numbers: HashMap<&'a str, u32, RandomState>,
    last: (&'a str, u32),
}

impl<'a> Prefixes<'a> {
    /// For prefixes of so many parts.
    pub(super) fn new(parts: usize) -> Self {
        Self { parts, numbers: HashMap::default(), last: ("", 0) }
    }

    pub(super) fn number(&mut self, address: &'a str) -> u32 {
        let end = address.bytes().enumerate().filter(|(_, byte)| *byte == b'/').nth(self.parts - 1);
        let prefix = end.map_or(address, |(at, _)| &address[..at]);
        // Lists of slots go along the shelves.
        if prefix != self.last.0 {
            // There are no more prefixes than slots, of which 32 bits count all that memory holds.
            let next = self.numbers.len() as u32;
            self.last = (prefix, *self.numbers.entry(prefix).or_insert(next));
        }
        self.last.1
    }
}
