//! Sites full of tagged boxes, people who misplace them, and what readers hear of it all.

use std::time::Duration;

use archive_core::Error;
use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::identifier::BoxNumber;

use super::chance::Chance;
use super::radio::{Radio, TagRadio};
use super::room::SimulatedRoom;
use crate::epc::UserCode;
use crate::inventory::{Place, Visit};
use crate::layout::{AisleId, BankLayout};
use crate::reading::{AntennaPort, InventoryReport, TagRead};

/// Marks the tags of simulated boxes.
const ISSUER: u32 = 0x5349;

/// Bays, levels and places of one face (面): 504 slots.
const BAYS: u32 = 6;
const LEVELS: u32 = 7;
const POSITIONS: u32 = 12;

/// How large a population is, and how it is heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PopulationPlan {
    /// 库区.
    pub sites: u16,
    /// 库房 of a site.
    pub rooms: u16,
    /// 区 of a room.
    pub banks: u16,
    /// 列 of a bank, 2 to 999.
    pub carriages: u16,
    /// Boxes on one face, at most 504.
    pub boxes_a_face: u32,
    /// How tags are heard; one visit is one round.
    pub radio: Radio,
}

impl Default for PopulationPlan {
    /// One bank of ten carriages with 2,000 boxes.
    fn default() -> Self {
        Self { sites: 1, rooms: 1, banks: 1, carriages: 10, boxes_a_face: 100, radio: Radio::default() }
    }
}

/// A box of a [`Population`]: what the register says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedBox {
    /// 盒号.
    pub number: BoxNumber,
    /// 电子标签.
    pub tag: TagEpc,
    /// The slot that it belongs in.
    pub slot: SlotAddress,
}

/// Seeded boxes in banks, for inventories of up to millions of tags; [`Population::furnish`] puts them
/// into a [`SimulatedRoom`] with its devices.
#[derive(Debug, Clone)]
pub struct Population {
    layouts: Vec<BankLayout>,
    radio: Radio,
    boxes: Vec<SimulatedBox>,
    tags: Vec<TagRadio>,
    /// For each box the number of the aisle of its slot, over all banks.
    home: Vec<u32>,
    /// For each box where it really stands; `None` where it is gone.
    stands: Vec<Option<u32>>,
    /// For each aisle the boxes that really stand there.
    at: Vec<Vec<u32>>,
    /// For each aisle its place, and the number of its bank.
    places: Vec<(Place, usize)>,
    chance: Chance,
}

impl Population {
    /// Every box in its slot.
    ///
    /// # Errors
    /// `InvalidInput` where the plan has no box, more than ten million, or a bank or face of impossible
    /// size.
    pub fn new(plan: &PopulationPlan, seed: u64) -> Result<Self, Error> {
        plan.radio.check()?;
        let banks = u64::from(plan.sites) * u64::from(plan.rooms) * u64::from(plan.banks);
        let boxes = banks * u64::from(plan.carriages) * 2 * u64::from(plan.boxes_a_face);
        let faces = (2..=999).contains(&plan.carriages)
            && (1..=BAYS * LEVELS * POSITIONS).contains(&plan.boxes_a_face);
        if boxes == 0 || boxes > 10_000_000 || !faces {
            return Err(Error::invalid(
                "simulated population",
                "needs 1 to 10,000,000 boxes, 2 to 999 carriages a bank and 1 to 504 boxes a face",
            ));
        }
        let mut population = Self {
            layouts: Vec::new(),
            radio: plan.radio,
            boxes: Vec::with_capacity(boxes as usize),
            tags: Vec::with_capacity(boxes as usize),
            home: Vec::with_capacity(boxes as usize),
            stands: Vec::new(),
            at: Vec::new(),
            places: Vec::new(),
            chance: Chance::new(seed),
        };
        for site in 1..=plan.sites {
            for room in 1..=plan.rooms {
                for bank in 1..=plan.banks {
                    let columns = (1..=plan.carriages).map(|n| format!("C{n}"));
                    let names = [format!("S{site}"), format!("R{room}"), format!("B{bank}")];
                    let layout = BankLayout::new(&names[0], &names[1], &names[2], columns)?;
                    population.fill(layout, plan.boxes_a_face)?;
                }
            }
        }
        population.stands = population.home.iter().map(|home| Some(*home)).collect();
        population.at = vec![Vec::new(); population.places.len()];
        for (number, home) in (0..).zip(&population.home) {
            population.at[*home as usize].push(number);
        }
        Ok(population)
    }

    fn fill(&mut self, layout: BankLayout, boxes_a_face: u32) -> Result<(), Error> {
        let bank = self.layouts.len();
        let first = self.places.len();
        for aisle in layout.aisles() {
            self.places.push((Place { bank: layout.name().clone(), aisle }, bank));
        }
        for (carriage, column) in layout.columns().enumerate() {
            for (side, letter) in ["A", "B"].into_iter().enumerate() {
                for n in 0..boxes_a_face {
                    let number = self.boxes.len();
                    self.boxes.push(SimulatedBox {
                        number: format!("X{number}").parse()?,
                        tag: UserCode::new(ISSUER, number as u64)?.to_tag(),
                        slot: face_slot(&layout, column, letter, n)?,
                    });
                    self.tags.push(self.radio.draw(&mut self.chance));
                    // There are fewer aisles than boxes.
                    self.home.push((first + carriage + side) as u32);
                }
            }
        }
        self.layouts.push(layout);
        Ok(())
    }

    /// The banks.
    #[must_use]
    pub fn layouts(&self) -> &[BankLayout] {
        &self.layouts
    }

    /// The boxes as the register knows them.
    #[must_use]
    pub fn boxes(&self) -> &[SimulatedBox] {
        &self.boxes
    }

    /// All aisles, bank by bank, from left to right.
    pub fn places(&self) -> impl ExactSizeIterator<Item = &Place> {
        self.places.iter().map(|(place, _)| place)
    }

    /// Where box `number` really stands; `None` where it is gone, or there is no such box.
    #[must_use]
    pub fn really_at(&self, number: usize) -> Option<&Place> {
        let place = self.stands.get(number).copied().flatten()?;
        Some(&self.places[place as usize].0)
    }

    /// Whether box `number` really stands in the aisle of its slot.
    #[must_use]
    pub fn is_at_home(&self, number: usize) -> bool {
        self.stands.get(number).is_some_and(|place| *place == self.home.get(number).copied())
    }

    /// People misplace boxes: each box with probability `misplaced` goes to another aisle, of which a
    /// share `adjacent` to one beside its own, and with probability `missing` disappears.
    ///
    /// # Errors
    /// `InvalidInput` where one is no probability, or the first and the last exceed 1 together.
    pub fn people_err(&mut self, misplaced: f64, adjacent: f64, missing: f64) -> Result<(), Error> {
        let shares = [misplaced, adjacent, missing, misplaced + missing];
        if !shares.iter().all(|p| (0.0..=1.0).contains(p)) {
            return Err(Error::invalid("errors of people", "must be probabilities"));
        }
        for number in 0..self.boxes.len() {
            let draw = self.chance.unit();
            if draw < missing {
                self.stands[number] = None;
            } else if draw < missing + misplaced {
                self.stands[number] = Some(self.another_aisle(number, adjacent));
            }
        }
        self.at.iter_mut().for_each(Vec::clear);
        for (number, place) in (0..).zip(&self.stands) {
            if let Some(place) = place {
                self.at[*place as usize].push(number);
            }
        }
        Ok(())
    }

    fn another_aisle(&mut self, number: usize, adjacent: f64) -> u32 {
        let home = self.home[number];
        if self.chance.happens(adjacent) {
            let beside = self.beside(home);
            return beside[(self.chance.next_u64() % beside.len() as u64) as usize];
        }
        loop {
            let place = (self.chance.next_u64() % self.places.len() as u64) as u32;
            if place != home {
                return place;
            }
        }
    }

    /// The aisles behind the rows on either side: at least one, since a bank has three aisles or more.
    fn beside(&self, place: u32) -> Vec<u32> {
        let bank = |p: u32| self.places.get(p as usize).map(|(_, bank)| *bank);
        let [left, right] = [place.checked_sub(1), Some(place + 1)];
        [left, right].into_iter().flatten().filter(|p| bank(*p) == bank(place)).collect()
    }

    /// One visit of an aisle: it stands open, and its antenna reads for one round.
    ///
    /// # Errors
    /// `NotFound` where there is no such aisle.
    pub fn visit(&mut self, place: &Place, begun: Duration) -> Result<Visit, Error> {
        let number = self.places.binary_search_by(|(p, _)| self.order(p, place)).map_err(|_| {
            Error::new(archive_core::ErrorKind::NotFound, place.to_string(), "is not in the population")
        })?;
        // Places are numbered in 32 bits.
        let number = number as u32;
        let mut reads = Vec::new();
        let beside = self.beside(number).into_iter().map(|p| (p, 1));
        for (from, distance) in std::iter::once((number, 0)).chain(beside) {
            for boxed in &self.at[from as usize] {
                let tag = self.tags[*boxed as usize];
                if let Some(strength) = self.radio.hear(tag, distance, 1.0, &mut self.chance) {
                    let epc = self.boxes[*boxed as usize].tag;
                    reads.push(TagRead {
                        epc,
                        antenna: AntennaPort(place.aisle.0 + 1),
                        aisle: Some(place.aisle),
                        rssi: Some(strength),
                        at: Some(Duration::ZERO),
                        count: 1,
                    });
                }
            }
        }
        let report = InventoryReport { reads, foreign: 0, lasted: self.radio.round, complete: true };
        Ok(Visit { place: place.clone(), begun, report })
    }

    /// The order in which [`Population::new`] makes places.
    fn order(&self, one: &Place, other: &Place) -> std::cmp::Ordering {
        let at = |place: &Place| -> (usize, AisleId) {
            let bank = self.layouts.iter().position(|layout| *layout.name() == place.bank);
            (bank.unwrap_or(usize::MAX), place.aisle)
        };
        at(one).cmp(&at(other))
    }

    /// Puts every box that is not gone into a simulated room, with the tag that it has here: the same
    /// population, seen through devices. A box that was misplaced stands in the first slot of its aisle.
    ///
    /// # Errors
    /// `NotFound` where the room lacks a bank of the population.
    pub fn furnish(&self, room: &SimulatedRoom) -> Result<(), Error> {
        for (number, (boxed, tag)) in self.boxes.iter().zip(&self.tags).enumerate() {
            let Some(place) = self.stands[number] else { continue };
            if place == self.home[number] {
                room.place_tag(boxed.tag, &boxed.slot, *tag)?;
                continue;
            }
            let (place, bank) = &self.places[place as usize];
            let layout = &self.layouts[*bank];
            // Aisle i lies before carriage i; the last aisle lies behind the last carriage.
            let (column, side) = match layout.columns().nth(usize::from(place.aisle.0)) {
                Some(column) => (column, "A"),
                None => (layout.columns().last().expect("a bank has carriages"), "B"),
            };
            room.place_tag(boxed.tag, &face_slot(layout, column, side, 0)?, *tag)?;
        }
        Ok(())
    }
}

/// Slot `n` of a face, bay by bay from the floor up.
fn face_slot(layout: &BankLayout, column: &str, side: &str, n: u32) -> Result<SlotAddress, Error> {
    let (bay, level, position) = (n / POSITIONS / LEVELS + 1, n / POSITIONS % LEVELS + 1, n % POSITIONS + 1);
    format!("{}/{column}/{side}/{bay:02}/{level}/{position:02}", layout.name()).parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population(seed: u64) -> Population {
        Population::new(&PopulationPlan::default(), seed).unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_people_and_reads() {
        let run = |seed| {
            let mut population = population(seed);
            population.people_err(0.02, 0.3, 0.005).unwrap();
            let place = population.places().nth(3).unwrap().clone();
            (population.stands.clone(), population.visit(&place, Duration::ZERO).unwrap())
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn homes_are_the_aisles_of_the_slots() {
        let population = population(1);
        for (boxed, home) in population.boxes.iter().zip(&population.home) {
            let aisle = population.layouts[0].aisle_of(&boxed.slot).unwrap();
            assert_eq!(population.places[*home as usize].0.aisle, aisle, "{}", boxed.slot);
        }
    }

    #[test]
    fn errors_and_reads_have_their_shares() {
        let plan = PopulationPlan { banks: 5, boxes_a_face: 200, ..PopulationPlan::default() };
        let mut population = Population::new(&plan, 3).unwrap();
        let count = population.boxes.len();
        population.people_err(0.02, 0.3, 0.005).unwrap();
        let gone = (0..count).filter(|n| population.really_at(*n).is_none()).count() as f64;
        let home = (0..count).filter(|n| population.is_at_home(*n)).count() as f64;
        assert!((gone / count as f64 - 0.005).abs() < 0.002, "{gone}");
        assert!((home / count as f64 - 0.975).abs() < 0.004, "{home}");
        let places: Vec<Place> = population.places().cloned().collect();
        let mut reads = 0;
        for place in &places {
            reads += population.visit(place, Duration::ZERO).unwrap().report.reads.len();
        }
        // 0.65 at home, and a thirtieth of it from each side; the outermost aisles have one side.
        let share = reads as f64 / count as f64;
        assert!((share - 0.65 * 0.995 * (1.0 + 2.0 / 30.0 * 0.95)).abs() < 0.02, "{share}");
    }

    #[test]
    fn impossible_populations_are_refused() {
        let plan = PopulationPlan::default();
        for bad in [
            PopulationPlan { sites: 0, ..plan },
            PopulationPlan { carriages: 1, ..plan },
            PopulationPlan { carriages: 1000, ..plan },
            PopulationPlan { boxes_a_face: 505, ..plan },
            PopulationPlan { sites: u16::MAX, rooms: u16::MAX, banks: u16::MAX, ..plan },
        ] {
            assert!(Population::new(&bad, 1).is_err(), "{bad:?}");
        }
        let mut population = population(1);
        assert!(population.people_err(0.9, 0.0, 0.2).is_err());
        assert!(population.people_err(f64::NAN, 0.0, 0.2).is_err());
        let nowhere = Place { bank: "S9/R1/B1".parse().unwrap(), aisle: AisleId(0) };
        assert!(population.visit(&nowhere, Duration::ZERO).is_err());
        let behind = Place { aisle: AisleId(11), ..population.places().next().unwrap().clone() };
        assert!(population.visit(&behind, Duration::ZERO).is_err());
    }
}
