//! In which order the moves open few aisles.

use std::collections::BTreeMap;

use archive_core::holding::Slot;
use archive_core::{Error, ErrorKind};

use super::{Room, box_object};
use crate::plan::faces::Faces;

/// One move, by the numbers of box and slots.
pub(super) struct Step {
    pub(super) number: u32,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// Which aisle each slot is reached through, and which bank each aisle belongs to.
pub(super) struct Aisles {
    of_slot: Vec<u32>,
    bank: Vec<usize>,
    bank_count: usize,
}

impl Aisles {
    /// The aisles of the banks that the addresses describe.
    pub(super) fn new(slots: &[Slot]) -> Result<Self, Error> {
        let Faces { of_slot, faces, aisles, banks, .. } = Faces::new(slots)?;
        Ok(Self {
            of_slot: of_slot.into_iter().map(|face| faces[face as usize].aisle as u32).collect(),
            bank: aisles.into_iter().map(|(bank, _)| bank).collect(),
            bank_count: banks.len(),
        })
    }

    fn of(&self, slot: usize) -> usize {
        self.of_slot[slot] as usize
    }
}

/// The steps so far, and which aisle of each bank is open after them.
pub(super) struct Walk<'a> {
    aisles: &'a Aisles,
    open: Vec<Option<usize>>,
    steps: Vec<Step>,
    openings: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(aisles: &'a Aisles) -> Self {
        Self { aisles, open: vec![None; aisles.bank_count], steps: Vec::new(), openings: 0 }
    }

    pub(super) fn finish(self) -> (Vec<Step>, usize) {
        (self.steps, self.openings)
    }

    /// Carries a box to an empty slot; gives the slot that became empty.
    fn go(&mut self, room: &mut Room, number: usize, to: usize) -> usize {
        let from = room.carry(number, to);
        for slot in [from, to] {
            let aisle = self.aisles.of(slot);
            if self.open[self.aisles.bank[aisle]].replace(aisle) != Some(aisle) {
                self.openings += 1;
            }
        }
        self.steps.push(Step { number: number as u32, from: from as u32, to: to as u32 });
        from
    }

    /// Carries out all that leads to empty slots, from the open aisles first.
    pub(super) fn chains(&mut self, room: &mut Room) {
        let mut ready = Ready::new(self.aisles);
        for number in 0..room.boxes.len() {
            if let Some(to) = room.target(number)
                && room.is_empty(to)
            {
                ready.add(&self.open, number, room.place(number), to);
            }
        }
        while let Some((number, to)) = ready.take(&self.open) {
            let empty = self.go(room, number, to);
            ready.opened(&self.open, [empty, to]);
            // The slot that became empty lets one more box move.
            if let Some(next) = room.heir_of(empty) {
                ready.add(&self.open, next, room.place(next), empty);
            }
        }
    }

    /// Carries out the closed cycles, which are all that is left, and counts them.
    pub(super) fn cycles(&mut self, room: &mut Room) -> Result<usize, Error> {
        let spares = Spares::new(self.aisles, room);
        let mut order: Vec<usize> = (0..room.boxes.len()).filter(|b| room.target(*b).is_some()).collect();
        order.sort_by_key(|b| self.aisles.of(room.place(*b)));
        let mut count = 0;
        for first in order {
            if room.target(first).is_none() {
                continue;
            }
            let before = |number: usize| room.heir_of(room.place(number)).filter(|next| *next != first);
            let members: Vec<usize> = std::iter::successors(Some(first), |number| before(*number)).collect();
            let (parked, spare) = spares.choose(self.aisles, room, &members)?;
            let mut empty = self.go(room, parked, spare);
            while let Some(next) = room.heir_of(empty) {
                empty = self.go(room, next, empty);
            }
            count += 1;
        }
        Ok(count)
    }
}

/// The moves whose slot is empty, by the aisle that they start from.
struct Ready<'a> {
    aisles: &'a Aisles,
    /// Those that end in the same aisle, and those that end elsewhere.
    lists: [Vec<Vec<(u32, u32)>>; 2],
    /// The banks whose open aisle has one.
    open: [Banks; 2],
    /// Aisles that may have one; each as often as one was added.
    begun: Vec<u32>,
}

impl<'a> Ready<'a> {
    fn new(aisles: &'a Aisles) -> Self {
        let lists = || vec![Vec::new(); aisles.bank.len()];
        let banks = || Banks::new(aisles.bank_count);
        Self { aisles, lists: [lists(), lists()], open: [banks(), banks()], begun: Vec::new() }
    }

    fn add(&mut self, open: &[Option<usize>], number: usize, from: usize, to: usize) {
        let (aisle, other) = (self.aisles.of(from), self.aisles.of(to));
        let kind = usize::from(aisle != other);
        self.lists[kind][aisle].push((number as u32, to as u32));
        self.begun.push(aisle as u32);
        let bank = self.aisles.bank[aisle];
        if open[bank] == Some(aisle) {
            self.open[kind].set(bank, true);
        }
    }

    /// Notes that the aisles of two slots were opened.
    fn opened(&mut self, open: &[Option<usize>], slots: [usize; 2]) {
        for slot in slots {
            let bank = self.aisles.bank[self.aisles.of(slot)];
            for (lists, banks) in self.lists.iter().zip(&mut self.open) {
                banks.set(bank, open[bank].is_some_and(|aisle| !lists[aisle].is_empty()));
            }
        }
    }

    fn take(&mut self, open: &[Option<usize>]) -> Option<(usize, usize)> {
        let mut near = self.lists.iter_mut().zip(&self.open).filter_map(|(lists, banks)| {
            let aisle = open[banks.first()?]?;
            lists[aisle].pop()
        });
        let mut found = near.next();
        while found.is_none() {
            let aisle = self.begun.pop()? as usize;
            found = self.lists.iter_mut().find_map(|lists| lists[aisle].pop());
        }
        found.map(|(number, to)| (number as usize, to as usize))
    }
}

/// Some of the banks.
struct Banks(Vec<u64>);

impl Banks {
    fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn set(&mut self, bank: usize, with: bool) {
        let bit = 1 << (bank % 64);
        if with {
            self.0[bank / 64] |= bit;
        } else {
            self.0[bank / 64] &= !bit;
        }
    }

    /// The first of them.
    fn first(&self) -> Option<usize> {
        let word = self.0.iter().position(|word| *word != 0)?;
        Some(word * 64 + self.0[word].trailing_zeros() as usize)
    }
}

/// The widest empty slot of each aisle. A cycle gives back the one that it used.
struct Spares(BTreeMap<usize, usize>);

impl Spares {
    fn new(aisles: &Aisles, room: &Room) -> Self {
        let mut of_aisle = BTreeMap::new();
        for slot in (0..room.slots.len()).filter(|s| room.is_empty(*s)) {
            let known = of_aisle.entry(aisles.of(slot)).or_insert(slot);
            if room.slots[slot].width > room.slots[*known].width {
                *known = slot;
            }
        }
        Self(of_aisle)
    }

    /// Which box of a cycle waits, and in which slot: in its own aisle where that can be.
    fn choose(&self, aisles: &Aisles, room: &Room, members: &[usize]) -> Result<(usize, usize), Error> {
        let fits = |number: usize, slot: usize| {
            room.boxes[number].spine <= room.slots[slot].width
                && room.boxes[number].slot.site() == room.slots[slot].address.site()
        };
        let near = members.iter().find_map(|&number| {
            let spare = *self.0.get(&aisles.of(room.place(number)))?;
            fits(number, spare).then_some((number, spare))
        });
        // The thinnest box fits wherever one of them does.
        let thinnest = members.iter().copied().min_by_key(|number| room.boxes[*number].spine);
        let far = || thinnest.and_then(|b| self.0.values().find(|s| fits(b, **s)).map(|s| (b, *s)));
        near.or_else(far).ok_or_else(|| {
            let message = format!(
                "changes places with {} others, and no empty slot at its site takes one of them: clear one first",
                members.len() - 1
            );
            Error::new(ErrorKind::Conflict, box_object(&room.boxes[members[0]].number), message)
        })
    }
}
