//! The room: slots by level (层), face (面), column (列) and aisle (通道), and what each still takes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use archive_core::holding::{Slot, SlotAddress};
use archive_core::{Error, ErrorKind};

use super::traits::{Traits, UNKNOWN};
use crate::layout::AisleId;
use crate::plan::faces::{Faces, Prefixes};
use crate::plan::lookup::Lookup;

/// What is in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Free,
    Standing,
    Reserved,
}

/// One level of one bay of one face.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) face: u32,
    pub(super) free: u32,
    pub(super) load: u32,
    /// What its boxes have in common; [`UNKNOWN`] where it is empty.
    pub(super) group: u32,
    pub(super) boxes: u32,
    /// When its boxes are disposed of, where that is one year for all.
    pub(super) disposal: Option<u16>,
}

/// What a face still takes, so that most faces are judged without a look at their levels.
#[derive(Debug, Clone)]
pub(super) struct FaceState {
    pub(super) aisle: u32,
    pub(super) column: u32,
    pub(super) site: u32,
    pub(super) slots: u32,
    pub(super) standing: u32,
    pub(super) reserved: u32,
    /// Free slots by width.
    pub(super) free_by_width: Vec<u32>,
    /// No level carries more than this now.
    pub(super) most_load: u32,
    /// The group of all its levels that have boxes; none where there are several.
    pub(super) only_group: Option<u32>,
}

impl FaceState {
    pub(super) fn free(&self) -> u32 {
        self.slots - self.standing - self.reserved
    }
}

/// Slots, and what stands in them.
#[derive(Debug)]
pub(super) struct Shelves<'a> {
    pub(super) slots: Cow<'a, [Slot]>,
    numbers: Lookup,
    pub(super) content: Vec<Content>,
    level_of: Vec<u32>,
    pub(super) levels: Vec<Level>,
    slots_of_level: Grouped,
    pub(super) faces: Vec<FaceState>,
    levels_of_face: Grouped,
    /// For each column its slots and those that are taken.
    pub(super) columns: Vec<(u32, u32)>,
    pub(super) column_names: HashMap<(String, String), u32>,
    /// For each aisle its slots and those that are free.
    pub(super) aisles: Vec<(u32, u32)>,
    pub(super) widths: Vec<u32>,
}

/// Numbers by group: those of group g lie at `start[g]..start[g + 1]`.
#[derive(Debug)]
struct Grouped {
    start: Vec<u32>,
    members: Vec<u32>,
}

impl Grouped {
    fn new(groups: usize, of: impl Iterator<Item = u32> + Clone) -> Self {
        let mut start = vec![0_u32; groups + 1];
        for group in of.clone() {
            start[group as usize + 1] += 1;
        }
        for at in 0..groups {
            start[at + 1] += start[at];
        }
        let mut next = start.clone();
        let mut members = vec![0; start[groups] as usize];
        for (member, group) in of.enumerate() {
            let at = &mut next[group as usize];
            members[*at as usize] = member as u32;
            *at += 1;
        }
        Self { start, members }
    }

    fn range(&self, group: usize) -> Range<usize> {
        self.start[group] as usize..self.start[group + 1] as usize
    }

    fn of(&self, group: usize) -> &[u32] {
        &self.members[self.range(group)]
    }
}

impl<'a> Shelves<'a> {
    /// Empty shelves, and for each aisle its bank and its place there. `site_number` numbers the sites.
    pub(super) fn new(
        slots: Cow<'a, [Slot]>,
        mut site_number: impl FnMut(&str) -> u32,
    ) -> Result<(Self, Vec<(usize, AisleId)>), Error> {
        let faces = Faces::new(&slots)?;
        let numbers = Lookup::new(slots.len(), |at| slots[at].address.as_str())
            .map_err(|at| Error::invalid(format!("slot {}", slots[at].address), "is given twice"))?;
        let mut interned = Prefixes::new(7);
        let mut levels: Vec<Level> = Vec::new();
        let mut level_of = Vec::with_capacity(slots.len());
        for (at, slot) in slots.iter().enumerate() {
            let level = interned.number(slot.address.as_str());
            if level as usize == levels.len() {
                let face = faces.of_slot[at];
                levels.push(Level { face, free: 0, load: 0, group: UNKNOWN, boxes: 0, disposal: None });
            }
            levels[level as usize].free += 1;
            level_of.push(level);
        }
        let mut widths: Vec<u32> = slots.iter().map(|slot| slot.width.0).collect();
        widths.sort_unstable();
        widths.dedup();
        let mut column_names = HashMap::new();
        let mut columns = Vec::new();
        let mut states: Vec<FaceState> = Vec::with_capacity(faces.faces.len());
        for (face, example) in faces.faces.iter().zip(&faces.examples) {
            let name = (faces.banks[face.bank].to_string(), example.column().to_owned());
            let column = *column_names.entry(name).or_insert_with(|| {
                columns.push((0, 0));
                columns.len() as u32 - 1
            });
            states.push(FaceState {
                aisle: face.aisle as u32,
                column,
                site: site_number(example.site()),
                slots: 0,
                standing: 0,
                reserved: 0,
                free_by_width: vec![0; widths.len()],
                most_load: 0,
                only_group: Some(UNKNOWN),
            });
        }
        let mut aisles = vec![(0, 0); faces.aisles.len()];
        for (slot, face) in slots.iter().zip(&faces.of_slot) {
            let state = &mut states[*face as usize];
            state.slots += 1;
            state.free_by_width[widths.partition_point(|w| *w < slot.width.0)] += 1;
            columns[state.column as usize].0 += 1;
            let aisle: &mut (u32, u32) = &mut aisles[state.aisle as usize];
            aisle.0 += 1;
            aisle.1 += 1;
        }
        let places = faces.aisles;
        let shelves = Self {
            content: vec![Content::Free; slots.len()],
            slots,
            numbers,
            slots_of_level: Grouped::new(levels.len(), level_of.iter().copied()),
            levels_of_face: Grouped::new(states.len(), levels.iter().map(|level| level.face)),
            level_of,
            levels,
            faces: states,
            columns,
            column_names,
            aisles,
            widths,
        };
        Ok((shelves, places))
    }

    /// The number of a slot.
    pub(super) fn slot(&self, address: &SlotAddress) -> Result<usize, Error> {
        let address_of = |at: usize| self.slots[at].address.as_str();
        self.numbers.find(address.as_str(), address_of).ok_or_else(|| {
            let message = "is not among the slots of this plan";
            Error::new(ErrorKind::NotFound, format!("slot {address}"), message)
        })
    }

    pub(super) fn face_of(&self, slot: usize) -> usize {
        self.levels[self.level_of[slot] as usize].face as usize
    }

    pub(super) fn aisle_of(&self, slot: usize) -> usize {
        self.faces[self.face_of(slot)].aisle as usize
    }

    pub(super) fn levels_of(&self, face: usize) -> &[u32] {
        self.levels_of_face.of(face)
    }

    pub(super) fn slots_of(&self, level: usize) -> &[u32] {
        self.slots_of_level.of(level)
    }

    /// The free slots of a face that a spine fits in.
    pub(super) fn fitting(&self, face: usize, spine: u32) -> u32 {
        let from = self.widths.partition_point(|w| *w < spine);
        self.faces[face].free_by_width[from..].iter().sum()
    }

    /// Whether the level carries the box and may hold it beside what it has.
    pub(super) fn level_takes(&self, level: usize, traits: &Traits, limit: u32) -> bool {
        let level = &self.levels[level];
        level.free > 0
            && level.load.saturating_add(traits.mass) <= limit
            && (level.boxes == 0 || level.group == traits.group)
    }

    /// The best slot of a face for a box: on a level of what is disposed of together, then on one that
    /// is begun, then the narrowest.
    pub(super) fn best_slot(&self, face: usize, traits: &Traits, limit: u32) -> Option<usize> {
        let mut best = None;
        for level in self.levels_of(face) {
            let level = *level as usize;
            if !self.level_takes(level, traits, limit) {
                continue;
            }
            let state = &self.levels[level];
            let company = match state.boxes {
                0 => 1,
                _ if state.disposal == traits.disposal => 0,
                _ => 2,
            };
            for slot in self.slots_of(level) {
                let slot = *slot as usize;
                let width = self.slots[slot].width.0;
                if self.content[slot] == Content::Free && width >= traits.spine {
                    let rank = (company, width, slot);
                    if best.is_none_or(|known| rank < known) {
                        best = Some(rank);
                    }
                }
            }
        }
        best.map(|(_, _, slot)| slot)
    }

    /// Puts a box in a free slot.
    pub(super) fn fill(&mut self, slot: usize, content: Content, traits: &Traits) {
        let level = self.level_of[slot] as usize;
        self.occupy(slot, content);
        let state = &mut self.levels[level];
        state.load = state.load.saturating_add(traits.mass);
        state.disposal =
            (state.boxes == 0 || state.disposal == traits.disposal).then_some(traits.disposal).flatten();
        state.boxes += 1;
        state.group = traits.group;
        let (load, face) = (state.load, state.face as usize);
        let face = &mut self.faces[face];
        face.most_load = face.most_load.max(load);
        face.only_group = match face.only_group {
            Some(UNKNOWN) => Some(traits.group),
            Some(group) if group == traits.group => Some(group),
            _ => None,
        };
    }

    /// Counts a free slot as taken, by whatever it is.
    pub(super) fn occupy(&mut self, slot: usize, content: Content) {
        self.content[slot] = content;
        let level = &mut self.levels[self.level_of[slot] as usize];
        level.free -= 1;
        let face = &mut self.faces[level.face as usize];
        match content {
            Content::Reserved => face.reserved += 1,
            Content::Standing | Content::Free => face.standing += 1,
        }
        let width = self.widths.partition_point(|w| *w < self.slots[slot].width.0);
        face.free_by_width[width] -= 1;
        self.columns[face.column as usize].1 += 1;
        self.aisles[face.aisle as usize].1 -= 1;
    }

    /// Counts a slot as free again.
    pub(super) fn leave(&mut self, slot: usize) {
        let content = std::mem::replace(&mut self.content[slot], Content::Free);
        let level = &mut self.levels[self.level_of[slot] as usize];
        level.free += 1;
        let face = &mut self.faces[level.face as usize];
        match content {
            Content::Reserved => face.reserved -= 1,
            Content::Standing | Content::Free => face.standing -= 1,
        }
        let width = self.widths.partition_point(|w| *w < self.slots[slot].width.0);
        face.free_by_width[width] += 1;
        self.columns[face.column as usize].1 -= 1;
        self.aisles[face.aisle as usize].1 += 1;
    }

    /// Takes a box out of its slot.
    pub(super) fn clear(&mut self, slot: usize, traits: &Traits) {
        let level = self.level_of[slot] as usize;
        self.leave(slot);
        let state = &mut self.levels[level];
        state.load = state.load.saturating_sub(traits.mass);
        state.boxes -= 1;
        if state.boxes == 0 {
            (state.group, state.disposal) = (UNKNOWN, None);
        }
        let number = state.face as usize;
        let (mut most_load, mut only_group) = (0, Some(UNKNOWN));
        for level in self.levels_of_face.of(number) {
            let level = &self.levels[*level as usize];
            most_load = most_load.max(level.load);
            only_group = match only_group {
                _ if level.boxes == 0 => only_group,
                Some(UNKNOWN) => Some(level.group),
                Some(group) if group == level.group => only_group,
                _ => None,
            };
        }
        let face = &mut self.faces[number];
        (face.most_load, face.only_group) = (most_load, only_group);
    }
}
