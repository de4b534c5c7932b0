//! Rules by which a box gets its slot, each told the same, and the time that its aisles take to open.
//!
//! The rules beside the plan are those of the literature: random, first fit, nearest free, classes
//! by turnover, and cube-per-order index (Heskett 1963: the box with the least thickness for a
//! retrieval nearest). Nearest means the aisle that is opened fastest from the middle of its bank.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use archive_core::holding::{Slot, SlotAddress};
use archive_core::units::Millimetres;
use archive_shelving::layout::AisleId;
use archive_shelving::plan::opening::{Drive, Opening};
use archive_shelving::plan::slot_choice::{BoxProfile, Hold, SlotIndex, SlotPolicy};

use crate::chance::Chance;
use crate::simulated_year::{Event, Year};

/// A room of several banks.
#[derive(Debug, Clone)]
pub struct Room {
    /// All slots, aisle by aisle.
    pub slots: Vec<Slot>,
    /// For each slot its aisle, over all banks.
    pub aisle: Vec<usize>,
    /// For each aisle its bank and its place there.
    pub aisles: Vec<(usize, AisleId)>,
    /// How its carriages move.
    pub opening: Opening,
}

impl Room {
    /// `banks` banks of `carriages` carriages, whose sides have `bays` bays of five levels of eight.
    #[must_use]
    pub fn new(banks: usize, carriages: usize, bays: usize, opening: Opening) -> Self {
        let mut room = Self { slots: Vec::new(), aisle: Vec::new(), aisles: Vec::new(), opening };
        for bank in 0..banks {
            for aisle in 0..=carriages {
                let sides = [(aisle, "B"), (aisle + 1, "A")];
                for (carriage, side) in sides.into_iter().filter(|(c, _)| (1..=carriages).contains(c)) {
                    for place in 0..bays * 40 {
                        let (bay, level, position) = (place / 40, place / 8 % 5, place % 8);
                        let address = format!("HZ/R1/B{bank}/C{carriage}/{side}/{bay}/{level}/{position}");
                        let address = address.parse().expect("it is an address");
                        room.slots.push(Slot { address, width: Millimetres(50) });
                        room.aisle.push(room.aisles.len());
                    }
                }
                // A bank has at most 999 carriages.
                room.aisles.push((bank, AisleId(aisle as u16)));
            }
        }
        room
    }

    /// The aisles from the one that is opened fastest, bank by bank in turn.
    #[must_use]
    pub fn nearest_aisles(&self) -> Vec<usize> {
        let middle = self.aisles.iter().map(|(_, id)| id.0).max().unwrap_or(0).div_ceil(2);
        let mut order: Vec<usize> = (0..self.aisles.len()).collect();
        order.sort_by_key(|aisle| (self.aisles[*aisle].1.0.abs_diff(middle), *aisle));
        order
    }
}

/// A rule for the next box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Any free slot.
    Random,
    /// The first free slot.
    FirstFit,
    /// A free slot in the aisle that opens soonest now.
    NearestFree,
    /// A free slot in the zone of its class: a fifth, three tenths and half of the room for the boxes
    /// with the most, middle and least retrievals.
    Classes,
    /// The slots by nearness to the boxes by thickness for a retrieval.
    CubePerOrder,
    /// The same, where the rule is told how often each box will be fetched.
    CubePerOrderTold,
    /// The plan of this workspace.
    Plan,
}

impl Rule {
    /// All rules, the plan last.
    pub const ALL: [Self; 7] = [
        Self::Random,
        Self::FirstFit,
        Self::NearestFree,
        Self::Classes,
        Self::CubePerOrder,
        Self::CubePerOrderTold,
        Self::Plan,
    ];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::FirstFit => "first fit",
            Self::NearestFree => "nearest free",
            Self::Classes => "three classes",
            Self::CubePerOrder => "cube-per-order index",
            Self::CubePerOrderTold => "cube-per-order index, told the true rates",
            Self::Plan => "slot_choice",
        }
    }
}

/// What a year under a rule took.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// Opening time for each box fetched.
    pub seconds_a_retrieval: f64,
    /// Openings for each box fetched.
    pub openings_a_retrieval: f64,
}

/// The banks as they stand, and what they did.
struct Banks<'a> {
    room: &'a Room,
    open: Vec<Option<AisleId>>,
    time: Duration,
    openings: usize,
    retrievals: usize,
}

impl Banks<'_> {
    /// Opens the aisles of some slots, in the best order within each bank: the open one first, then to
    /// the nearer end and across.
    fn fetch(&mut self, slots: impl Iterator<Item = usize>) {
        let mut wanted: BTreeSet<(usize, AisleId)> = BTreeSet::new();
        for slot in slots {
            self.retrievals += 1;
            wanted.insert(self.room.aisles[self.room.aisle[slot]]);
        }
        for bank in 0..self.open.len() {
            let mut aisles: Vec<AisleId> =
                wanted.range((bank, AisleId(0))..=(bank, AisleId(u16::MAX))).map(|(_, id)| *id).collect();
            let (Some(low), Some(high)) = (aisles.first(), aisles.last()) else { continue };
            if let Some(open) = self.open[bank] {
                if open.0.abs_diff(high.0) < open.0.abs_diff(low.0) {
                    aisles.reverse();
                }
                if let Some(at) = aisles.iter().position(|aisle| *aisle == open) {
                    let open = aisles.remove(at);
                    aisles.insert(0, open);
                }
            }
            for aisle in aisles {
                self.time += self.room.opening.time(self.open[bank], aisle);
                self.openings += usize::from(self.open[bank] != Some(aisle));
                self.open[bank] = Some(aisle);
            }
        }
    }
}

/// Slots given out by one of the simple rules.
struct Shelf<'a> {
    room: &'a Room,
    year: &'a Year,
    rule: Rule,
    taken: Vec<bool>,
    free: usize,
    /// Slots from the nearest.
    near: Vec<usize>,
    /// Boxes, the most wanted first, by what the rule ranks them by.
    ranks: Vec<usize>,
    chance: Chance,
}

impl<'a> Shelf<'a> {
    fn new(room: &'a Room, year: &'a Year, rule: Rule) -> Self {
        let mut place = vec![0; room.aisles.len()];
        for (at, aisle) in room.nearest_aisles().into_iter().enumerate() {
            place[aisle] = at;
        }
        let mut near: Vec<usize> = (0..room.slots.len()).collect();
        near.sort_by_key(|slot| (place[room.aisle[*slot]], *slot));
        let rate = |b: usize| match rule {
            Rule::CubePerOrderTold => year.true_rate[b],
            _ => year.boxes[b].monthly_retrievals,
        };
        let key = |b: usize| match rule {
            Rule::CubePerOrder | Rule::CubePerOrderTold => f64::from(year.boxes[b].spine.0) / rate(b),
            _ => -rate(b),
        };
        let mut order: Vec<usize> = (0..year.boxes.len()).collect();
        order.sort_by(|a, b| key(*a).total_cmp(&key(*b)).then(a.cmp(b)));
        let mut ranks = vec![0; order.len()];
        for (rank, b) in order.iter().copied().enumerate() {
            ranks[b] = rank;
        }
        let count = room.slots.len();
        Self { room, year, rule, taken: vec![false; count], free: count, near, ranks, chance: Chance::new(7) }
    }

    fn take(&mut self, slot: usize) -> usize {
        assert!(!std::mem::replace(&mut self.taken[slot], true), "a slot is given twice");
        self.free -= 1;
        slot
    }

    fn any_free(&mut self, slots: &[usize]) -> Option<usize> {
        let free: Vec<usize> = slots.iter().copied().filter(|slot| !self.taken[*slot]).collect();
        (!free.is_empty()).then(|| free[self.chance.below(free.len())])
    }

    /// The free slot nearest to a place in the order of nearness.
    fn around(&self, place: usize) -> usize {
        let near = |step: usize| [place.checked_sub(step), Some(place + step)];
        let places = (0..self.near.len()).flat_map(near).flatten().filter(|at| *at < self.near.len());
        places.map(|at| self.near[at]).find(|slot| !self.taken[*slot]).expect("the room has a free slot")
    }

    fn choose(&mut self, number: usize, open: &[Option<AisleId>]) -> usize {
        let slot = match self.rule {
            Rule::Random => {
                let all: Vec<usize> = (0..self.room.slots.len()).collect();
                self.any_free(&all).expect("the room has a free slot")
            }
            Rule::FirstFit => self.taken.iter().position(|taken| !taken).expect("the room has a free slot"),
            Rule::NearestFree => {
                let time = |slot: &usize| {
                    let (bank, aisle) = self.room.aisles[self.room.aisle[*slot]];
                    self.room.opening.time(open[bank], aisle)
                };
                let free = (0..self.room.slots.len()).filter(|slot| !self.taken[*slot]);
                free.min_by_key(time).expect("the room has a free slot")
            }
            Rule::Classes => {
                let share = self.ranks[number] as f64 / self.year.boxes.len() as f64;
                let (slots, all) = (self.near.clone(), self.near.len());
                let zones = [&slots[..all / 5], &slots[all / 5..all / 2], &slots[all / 2..]];
                let class = usize::from(share >= 0.2) + usize::from(share >= 0.5);
                let order = [class, (class + 1) % 3, (class + 2) % 3];
                order.iter().find_map(|zone| self.any_free(zones[*zone])).expect("the room has a free slot")
            }
            Rule::CubePerOrder | Rule::CubePerOrderTold => {
                let share = self.ranks[number] as f64 / self.year.boxes.len() as f64;
                self.around((share * self.near.len() as f64) as usize)
            }
            Rule::Plan => unreachable!("the plan has an index of its own"),
        };
        self.take(slot)
    }
}

/// Lives through a year under a rule: first the boxes that stand there are put up, the most fetched
/// first, as the rule would have them; then what comes gets its slot when it comes.
///
/// # Panics
/// Where the room has fewer slots than the year has boxes.
#[must_use]
pub fn live(room: &Room, year: &Year, rule: Rule, policy: &SlotPolicy) -> Outcome {
    let bank_count = room.aisles.iter().map(|(bank, _)| bank + 1).max().unwrap_or(0);
    let mut banks = Banks {
        room,
        open: vec![Some(AisleId(0)); bank_count],
        time: Duration::ZERO,
        openings: 0,
        retrievals: 0,
    };
    let mut slots: Vec<usize> = vec![usize::MAX; year.boxes.len()];
    let mut shelf = Shelf::new(room, year, rule);
    let mut index = SlotIndex::new(policy.clone().with_opening(room.opening), &room.slots)
        .expect("the room is well-formed");
    let numbers: HashMap<_, usize> =
        room.slots.iter().enumerate().map(|(at, slot)| (slot.address.as_str(), at)).collect();
    if rule == Rule::Plan {
        arrange(&mut index, year);
        for (number, profile) in year.boxes[..year.standing].iter().enumerate() {
            slots[number] = numbers[index.slot_of(&profile.number).expect("it was put up").as_str()];
        }
    } else {
        for number in begin_with(year, rule) {
            slots[number] = shelf.choose(number, &banks.open);
        }
    }
    let mut put = |number: usize, open: &[Option<AisleId>]| {
        if rule != Rule::Plan {
            return shelf.choose(number, open);
        }
        let profile = &year.boxes[number];
        numbers[put_up(&mut index, profile).as_str()]
    };
    for event in &year.events {
        match event {
            Event::Arrival(number) => slots[*number] = put(*number, &banks.open),
            Event::Request(boxes) => banks.fetch(boxes.iter().map(|b| slots[*b])),
        }
    }
    let retrievals = banks.retrievals as f64;
    Outcome {
        seconds_a_retrieval: banks.time.as_secs_f64() / retrievals,
        openings_a_retrieval: banks.openings as f64 / retrievals,
    }
}

/// In which order the simple rules put up the boxes that stand there from the start.
fn begin_with(year: &Year, rule: Rule) -> Vec<usize> {
    let mut order: Vec<usize> = (0..year.standing).collect();
    if matches!(rule, Rule::Classes | Rule::CubePerOrder | Rule::CubePerOrderTold) {
        let rate = |b: &usize| year.boxes[*b].monthly_retrievals;
        order.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
    }
    order
}

fn put_up(index: &mut SlotIndex<'_>, profile: &BoxProfile) -> SlotAddress {
    let slot = index.choose(profile, 0).expect("the room has a free slot").best.slot;
    index.hold(profile, &slot, Hold::Standing).expect("the slot is free");
    slot
}

/// Puts up the boxes that stand there from the start: busy customers first, then each once more, now
/// that the others stand.
pub fn arrange(index: &mut SlotIndex<'_>, year: &Year) {
    let mut of_customer = HashMap::new();
    for profile in &year.boxes[..year.standing] {
        let (count, rate) = of_customer.entry(&profile.customer).or_insert((0.0, 0.0));
        *count += 1.0;
        *rate += profile.monthly_retrievals;
    }
    let key = |b: usize| {
        let (count, rate): (f64, f64) = of_customer[&year.boxes[b].customer];
        rate / count
    };
    let mut order: Vec<usize> = (0..year.standing).collect();
    order.sort_by(|a, b| {
        let names = || year.boxes[*a].customer.cmp(&year.boxes[*b].customer);
        key(*b).total_cmp(&key(*a)).then_with(names)
    });
    let rate = |b: usize| year.boxes[b].monthly_retrievals;
    let coming = year.standing..year.boxes.len();
    for (at, number) in order.iter().enumerate() {
        if at % 64 == 0 {
            let expected = order[at..].iter().copied().chain(coming.clone()).map(rate);
            index.expect_boxes(expected).expect("they are rates");
        }
        put_up(index, &year.boxes[*number]);
    }
    index.expect_boxes(coming.map(rate)).expect("they are rates");
    for _ in 0..2 {
        for profile in &year.boxes[..year.standing] {
            index.release(&profile.number).expect("it was put up");
            put_up(index, profile);
        }
    }
}

/// The drives and their names.
#[must_use]
pub fn drives() -> [(&'static str, Opening); 2] {
    let opening = |drive| Opening::new(drive, Duration::from_secs(12)).expect("it is a time");
    [
        ("all carriages together", opening(Drive::Together)),
        ("one carriage at a time", opening(Drive::OneAtATime)),
    ]
}
