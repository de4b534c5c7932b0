//! 批量移位: a batch of boxes to other slots, in the fewest moves.
//!
//! ```
//! use archive_core::holding::Slot;
//! use archive_core::units::Millimetres;
//! use archive_shelving::plan::relocation::{Standing, relocate};
//!
//! let width = Millimetres(50);
//! let slot = |n: u8| -> Result<Slot, archive_core::Error> {
//!     Ok(Slot { address: format!("HZ/R1/B1/C1/A/1/1/{n}").parse()?, width })
//! };
//! let room = [slot(1)?, slot(2)?, slot(3)?];
//! let standing = |name: &str, at: &Slot| -> Result<Standing, archive_core::Error> {
//!     Ok(Standing { number: name.parse()?, spine: Millimetres(30), slot: at.address.clone() })
//! };
//! // Two boxes change places: one waits in the third slot.
//! let boxes = [standing("X1", &room[0])?, standing("X2", &room[1])?];
//! let wanted =
//!     [("X1".parse()?, room[1].address.clone()), ("X2".parse()?, room[0].address.clone())];
//! let plan = relocate(&room, &boxes, &wanted)?;
//! assert_eq!((plan.moves().len(), plan.closed_cycles()), (3, 1));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Each slot takes one box, so the wanted moves fall into chains that end in an empty slot and
//! closed cycles that touch none. A chain is carried out from its end; a cycle needs one move more,
//! into a spare slot and out of it again. No plan has fewer moves: each misplaced box moves at least
//! once, and the first box of a cycle to move cannot move to its own slot, which is taken.
//!
//! Among the orders with that number of moves, one is chosen that opens few aisles (通道): it stays
//! with the aisles that are open as long as something can be done there. That order is not proven
//! to be the best.
//!
//! A plan may be left after any move. What is left of it is a plan; so is a new one made from where
//! the boxes stand then, with as many moves. [`Relocation::undo`] leads back.
//!
//! Limits: one site at a time; a move to another site is a [`consignment`](super::consignment).

mod order;

use archive_core::holding::{Slot, SlotAddress};
use archive_core::identifier::BoxNumber;
use archive_core::units::Millimetres;
use archive_core::{Error, ErrorKind};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::order::{Aisles, Step};
use super::lookup::Lookup;

/// A box, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// 盒号.
    pub number: BoxNumber,
    /// The thickness of its spine, which a slot must offer.
    pub spine: Millimetres,
    /// Its slot now.
    pub slot: SlotAddress,
}

/// One box carried from one slot to another, which is empty when its turn comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// 盒号.
    pub number: BoxNumber,
    /// Where it stands.
    pub from: SlotAddress,
    /// Where it goes.
    pub to: SlotAddress,
}

/// The moves of a batch, in an order in which each can be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relocation {
    moves: Vec<Move>,
    closed_cycles: usize,
    openings: usize,
}

impl Relocation {
    /// The moves in their order.
    #[must_use]
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// How many closed cycles there are: moves beyond one a misplaced box.
    #[must_use]
    pub fn closed_cycles(&self) -> usize {
        self.closed_cycles
    }

    /// How often an aisle is opened, where each bank has one open aisle at a time and none at first.
    #[must_use]
    pub fn openings(&self) -> usize {
        self.openings
    }

    /// The moves that lead back after the first `done` were carried out.
    #[must_use]
    pub fn undo(&self, done: usize) -> Vec<Move> {
        let back = |m: &Move| Move { number: m.number.clone(), from: m.to.clone(), to: m.from.clone() };
        self.moves.iter().take(done).rev().map(back).collect()
    }
}

/// The fewest moves that bring each box of `wanted` to its slot. `slots` are all slots that may be
/// used, `standing` all boxes in them; a box that `wanted` does not name stays where it is.
///
/// Takes time and memory in proportion to slots and boxes.
///
/// # Errors
/// - `InvalidInput`: a slot or a box is given twice, two boxes stand in one slot or are wanted in
///   one, a box is wider than its new slot, or the new slot is at another site.
/// - `NotFound`: a box or a slot is unknown.
/// - `Conflict`: a slot is taken by a box that stays, or a closed cycle has no empty slot to use.
pub fn relocate(
    slots: &[Slot],
    standing: &[Standing],
    wanted: &[(BoxNumber, SlotAddress)],
) -> Result<Relocation, Error> {
    let (room, aisles) = rayon::join(|| Room::new(slots, standing, wanted), || Aisles::new(slots));
    let ((mut room, numbers), aisles) = (room?, aisles?);
    let mut walk = order::Walk::new(&aisles);
    walk.chains(&mut room);
    let closed_cycles = walk.cycles(&mut room)?;
    let (steps, openings) = walk.finish();
    let moves = written(&steps, slots, standing, wanted, &numbers);
    Ok(Relocation { moves, closed_cycles, openings })
}

/// The moves with their names; `numbers` are the boxes of the rows of `wanted`.
///
/// Most boxes go straight from where they stand to where they are wanted. Those moves are written in the
/// order of the lists, which lie in memory one after the other, and not in that of the steps.
fn written(
    steps: &[Step],
    slots: &[Slot],
    standing: &[Standing],
    wanted: &[(BoxNumber, SlotAddress)],
    numbers: &[usize],
) -> Vec<Move> {
    let mut moves: Vec<Option<Move>> = vec![None; steps.len()];
    let mut turns = vec![None; standing.len()];
    for (turn, step) in steps.iter().enumerate() {
        let Some(before) = turns[step.number as usize].replace(turn) else { continue };
        for detour in [before, turn] {
            let Step { number, from, to } = steps[detour];
            let address = |slot: u32| slots[slot as usize].address.clone();
            let number = standing[number as usize].number.clone();
            moves[detour] = Some(Move { number, from: address(from), to: address(to) });
        }
    }
    for ((_, to), number) in wanted.iter().zip(numbers) {
        let Some(written) = turns[*number].map(|turn| &mut moves[turn]) else { continue };
        let Standing { number, slot, .. } = &standing[*number];
        written.get_or_insert_with(|| Move { number: number.clone(), from: slot.clone(), to: to.clone() });
    }
    moves.into_iter().flatten().collect()
}

/// The number of a slot or a box, or none: in 32 bits, since what is looked up at random shall lie near.
/// No list that fits in memory has more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Number(u32);

impl Number {
    const NONE: Self = Self(u32::MAX);

    fn new(number: usize) -> Self {
        Self(number as u32)
    }

    fn get(self) -> Option<usize> {
        (self != Self::NONE).then_some(self.0 as usize)
    }
}

/// What is known of a slot.
#[derive(Debug, Clone, Copy)]
struct SlotState {
    /// The box in it.
    holder: Number,
    /// The box that shall have it.
    heir: Number,
}

/// What is known of a box.
#[derive(Debug, Clone, Copy)]
struct BoxState {
    /// Its slot.
    place: u32,
    /// The slot that it shall have and does not have yet.
    target: Number,
}

/// Slots and boxes by their numbers in the lists.
struct Room<'a> {
    slots: &'a [Slot],
    boxes: &'a [Standing],
    slot_states: Vec<SlotState>,
    box_states: Vec<BoxState>,
}

impl<'a> Room<'a> {
    /// The room, and the boxes of the rows of `wanted`.
    fn new(
        slots: &'a [Slot],
        boxes: &'a [Standing],
        wanted: &[(BoxNumber, SlotAddress)],
    ) -> Result<(Self, Vec<usize>), Error> {
        let address_of = |at: usize| slots[at].address.as_str();
        let number_of = |at: usize| boxes[at].number.as_str();
        // Looking up waits for memory most of the time, so that two at once take half of it.
        let (slot_numbers, numbers) =
            rayon::join(|| Lookup::new(slots.len(), address_of), || Lookup::new(boxes.len(), number_of));
        let slot_numbers =
            slot_numbers.map_err(|at| Error::invalid(slot_object(&slots[at].address), "is given twice"))?;
        let slot = |address: &SlotAddress| slot_numbers.find(address.as_str(), address_of);
        let places: Vec<_> = boxes.par_iter().map(|standing| slot(&standing.slot)).collect();
        let mut room = Self {
            slots,
            boxes,
            slot_states: vec![SlotState { holder: Number::NONE, heir: Number::NONE }; slots.len()],
            box_states: Vec::with_capacity(boxes.len()),
        };
        for (number, (standing, at)) in boxes.iter().zip(places).enumerate() {
            let at = at.ok_or_else(|| unknown(&standing.slot))?;
            let holder = std::mem::replace(&mut room.slot_states[at].holder, Number::new(number));
            if let Some(other) = holder.get() {
                let message = format!("holds the boxes {} and {}", boxes[other].number, standing.number);
                return Err(Error::invalid(slot_object(&standing.slot), message));
            }
            room.box_states.push(BoxState { place: at as u32, target: Number::NONE });
        }
        let numbers =
            numbers.map_err(|at| Error::invalid(box_object(&boxes[at].number), "stands in two slots"))?;
        let found: Vec<_> = wanted
            .par_iter()
            .enumerate()
            .map(|(row, (number, address))| {
                // Both lists often have one order.
                let hint = boxes.get(row).is_some_and(|standing| standing.number == *number).then_some(row);
                let to = slot(address);
                let width = to.map_or(Millimetres(0), |to| slots[to].width);
                (hint.or_else(|| numbers.find(number.as_str(), number_of)), to, width)
            })
            .collect();
        room.want(wanted, &found)?;
        // Whatever was not found was refused.
        Ok((room, found.into_iter().filter_map(|(number, ..)| number).collect()))
    }

    /// Notes where boxes shall go: `found` are the numbers of box and slot of each row of `wanted`, and the
    /// width of the slot.
    fn want(
        &mut self,
        wanted: &[(BoxNumber, SlotAddress)],
        found: &[(Option<usize>, Option<usize>, Millimetres)],
    ) -> Result<(), Error> {
        let boxes = self.boxes;
        let mut named = vec![false; boxes.len()];
        for ((number, address), (at, to, width)) in wanted.iter().zip(found) {
            let Some(at) = *at else {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    box_object(number),
                    "stands in none of the slots",
                ));
            };
            if std::mem::replace(&mut named[at], true) {
                return Err(Error::invalid(box_object(number), "is wanted in two slots"));
            }
            let to = to.ok_or_else(|| unknown(address))?;
            let heir = std::mem::replace(&mut self.slot_states[to].heir, Number::new(at));
            if let Some(other) = heir.get() {
                let message = format!("is wanted for the boxes {} and {number}", boxes[other].number);
                return Err(Error::invalid(slot_object(address), message));
            }
            if boxes[at].slot.site() != address.site() {
                let message = format!("stands at another site than slot {address}: send it as a consignment");
                return Err(Error::invalid(box_object(number), message));
            }
            if boxes[at].spine > *width {
                let message = format!("is {} thick, slot {address} takes {width}", boxes[at].spine);
                return Err(Error::invalid(box_object(number), message));
            }
            let state = &mut self.box_states[at];
            if state.place as usize != to {
                state.target = Number::new(to);
            }
        }
        let taken = |(number, state): (usize, &BoxState)| {
            let to = state.target.get()?;
            let holder = self.slot_states[to].holder.get()?;
            self.target(holder).is_none().then_some((number, holder, to))
        };
        let Some((number, holder, to)) = self.box_states.par_iter().enumerate().find_map_first(taken) else {
            return Ok(());
        };
        let message = format!(
            "is wanted for box {}, and taken by box {}, which stays",
            boxes[number].number, boxes[holder].number
        );
        Err(Error::new(ErrorKind::Conflict, slot_object(&self.slots[to].address), message))
    }

    /// Carries a box to an empty slot; gives the slot that became empty.
    fn carry(&mut self, number: usize, to: usize) -> usize {
        let state = &mut self.box_states[number];
        let from = std::mem::replace(&mut state.place, to as u32) as usize;
        if state.target.get() == Some(to) {
            state.target = Number::NONE;
        }
        self.slot_states[from].holder = Number::NONE;
        self.slot_states[to].holder = Number::new(number);
        from
    }

    /// The slot that a box shall have and does not have yet.
    fn target(&self, number: usize) -> Option<usize> {
        self.box_states[number].target.get()
    }

    /// The slot in which a box stands.
    fn place(&self, number: usize) -> usize {
        self.box_states[number].place as usize
    }

    fn is_empty(&self, slot: usize) -> bool {
        self.slot_states[slot].holder == Number::NONE
    }

    /// The box that can move now that `slot` is empty.
    fn heir_of(&self, slot: usize) -> Option<usize> {
        self.slot_states[slot].heir.get().filter(|heir| self.target(*heir) == Some(slot))
    }
}

fn unknown(address: &SlotAddress) -> Error {
    Error::new(ErrorKind::NotFound, slot_object(address), "is not among the slots of this plan")
}

fn slot_object(address: &SlotAddress) -> String {
    format!("slot {address}")
}

fn box_object(number: &BoxNumber) -> String {
    format!("box {number}")
}
