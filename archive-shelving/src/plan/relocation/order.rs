//! In which order the moves open few aisles.

use std::collections::BTreeMap;

use archive_core::holding::Slot;
use archive_core::{Error, ErrorKind};

use super::{Room, box_object};
use crate::plan::faces::Faces;

/// One move, by the numbers of box and slots.
pub(super) struct Step {
    pub(super) number: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Which aisle each slot is reached through, and which bank each aisle belongs to.
pub(super) struct Aisles {
    of_slot: Vec<usize>,
    bank: Vec<usize>,
    bank_count: usize,
}

impl Aisles {
    /// The aisles of the banks that the addresses describe.
    pub(super) fn new(slots: &[Slot]) -> Result<Self, Error> {
        let Faces { of_slot, faces, aisles, banks, .. } = Faces::new(slots)?;
        Ok(Self {
            of_slot: of_slot.into_iter().map(|face| faces[face as usize].aisle).collect(),
            bank: aisles.into_iter().map(|(bank, _)| bank).collect(),
            bank_count: banks.len(),
        })
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
            let aisle = self.aisles.of_slot[slot];
            if self.open[self.aisles.bank[aisle]].replace(aisle) != Some(aisle) {
                self.openings += 1;
            }
        }
        self.steps.push(Step { number, from, to });
        from
    }

    /// Carries out all that leads to empty slots, from the open aisles first.
    pub(super) fn chains(&mut self, room: &mut Room) {
        let mut ready = Ready::new(self.aisles.bank.len());
        for number in 0..room.boxes.len() {
            if let Some(to) = room.target[number]
                && room.holder[to].is_none()
            {
                ready.add(self.aisles, number, room.place[number], to);
            }
        }
        while let Some((number, to)) = ready.take(&self.open) {
            let empty = self.go(room, number, to);
            // The slot that became empty lets one more box move.
            if let Some(next) = room.heir_of(empty) {
                ready.add(self.aisles, next, room.place[next], empty);
            }
        }
    }

    /// Carries out the closed cycles, which are all that is left, and counts them.
    pub(super) fn cycles(&mut self, room: &mut Room) -> Result<usize, Error> {
        let spares = Spares::new(self.aisles, room);
        let mut order: Vec<usize> = (0..room.boxes.len()).filter(|b| room.target[*b].is_some()).collect();
        order.sort_by_key(|b| self.aisles.of_slot[room.place[*b]]);
        let mut count = 0;
        for first in order {
            if room.target[first].is_none() {
                continue;
            }
            let before = |number: usize| room.heir_of(room.place[number]).filter(|next| *next != first);
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
struct Ready {
    /// Those that end in the same aisle.
    within: Vec<Vec<(usize, usize)>>,
    away: Vec<Vec<(usize, usize)>>,
    /// Aisles that may have one; each as often as one was added.
    begun: Vec<usize>,
}

impl Ready {
    fn new(aisle_count: usize) -> Self {
        Self { within: vec![Vec::new(); aisle_count], away: vec![Vec::new(); aisle_count], begun: Vec::new() }
    }

    fn add(&mut self, aisles: &Aisles, number: usize, from: usize, to: usize) {
        let aisle = aisles.of_slot[from];
        let list = if aisles.of_slot[to] == aisle { &mut self.within } else { &mut self.away };
        list[aisle].push((number, to));
        self.begun.push(aisle);
    }

    fn take(&mut self, open: &[Option<usize>]) -> Option<(usize, usize)> {
        let open = || open.iter().flatten().copied();
        if let Some(found) = open().find_map(|aisle| self.within[aisle].pop()) {
            return Some(found);
        }
        if let Some(found) = open().find_map(|aisle| self.away[aisle].pop()) {
            return Some(found);
        }
        while let Some(aisle) = self.begun.pop() {
            if let Some(found) = self.within[aisle].pop().or_else(|| self.away[aisle].pop()) {
                return Some(found);
            }
        }
        None
    }
}

/// The widest empty slot of each aisle. A cycle gives back the one that it used.
struct Spares(BTreeMap<usize, usize>);

impl Spares {
    fn new(aisles: &Aisles, room: &Room) -> Self {
        let mut of_aisle = BTreeMap::new();
        for slot in (0..room.slots.len()).filter(|s| room.holder[*s].is_none()) {
            let known = of_aisle.entry(aisles.of_slot[slot]).or_insert(slot);
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
            let spare = *self.0.get(&aisles.of_slot[room.place[number]])?;
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
