//! What stands in which aisle, and what one box more costs there.

use archive_core::holding::CustodyMode;

use super::policy::SlotPolicy;
use super::prices::{Rates, prices};
use super::proposal::Costs;
use super::traffic::Traffic;
use super::traits::Traits;
use crate::layout::AisleId;
use crate::plan::opening::Opening;

/// A box with its slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) slot: usize,
    pub(super) traits: Traits,
}

/// Boxes of one kind in one aisle, and their retrievals a month.
#[derive(Debug, Clone, Copy)]
struct Part {
    aisle: u32,
    boxes: u32,
    rate: f64,
}

/// For each kind (by number) the aisles where it stands.
#[derive(Debug, Default)]
struct Parts(Vec<Vec<Part>>);

impl Parts {
    fn of(&self, kind: u32) -> &[Part] {
        self.0.get(kind as usize).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, kind: u32, aisle: usize, rate: f64) -> Part {
        let at = kind as usize;
        if at >= self.0.len() {
            self.0.resize(at + 1, Vec::new());
        }
        let parts = &mut self.0[at];
        let found = parts.iter().position(|part| part.aisle as usize == aisle).unwrap_or_else(|| {
            parts.push(Part { aisle: aisle as u32, boxes: 0, rate: 0.0 });
            parts.len() - 1
        });
        let before = parts[found];
        parts[found].boxes += 1;
        parts[found].rate += rate;
        before
    }

    fn remove(&mut self, kind: u32, aisle: usize, rate: f64) -> Part {
        let parts = &mut self.0[kind as usize];
        let found = parts
            .iter()
            .position(|part| part.aisle as usize == aisle)
            .expect("what is removed was added to this aisle");
        parts[found].boxes -= 1;
        parts[found].rate -= rate;
        let after = parts[found];
        if after.boxes == 0 {
            parts.swap_remove(found);
            return Part { rate: 0.0, ..after };
        }
        after
    }
}

/// How often an aisle is visited for boxes that are fetched `rate` times a month in all, each with
/// probability `together` when one of the others is.
fn visits(boxes: u32, rate: f64, together: f64) -> f64 {
    if boxes == 0 {
        return 0.0;
    }
    if together <= 0.0 || boxes == 1 {
        return rate;
    }
    // Requests reach the group rate / (boxes × together) times a month; each misses a box with
    // probability 1 − together.
    let boxes = f64::from(boxes);
    rate / (boxes * together) * (1.0 - (1.0 - together).powf(boxes))
}

/// What stands in the aisles.
#[derive(Debug)]
pub(super) struct Stock {
    pub(super) traffic: Traffic,
    customers: Parts,
    series: Parts,
    disposals: Parts,
    growth: Vec<f64>,
    boxes: u64,
    rates: Rates,
    /// Those of boxes that will come.
    expected: Rates,
    slots: Vec<u32>,
    /// What a slot of each aisle is worth to other boxes.
    prices: Vec<f64>,
    /// Changes since the prices were made.
    changes: u64,
}

impl Stock {
    /// Nothing, in aisles of so many `slots`, each in its bank and at its place there.
    pub(super) fn new(opening: Opening, aisles: &[(usize, AisleId)], slots: Vec<u32>) -> Self {
        let banks = aisles.iter().map(|(bank, _)| bank + 1).max().unwrap_or(0);
        Self {
            traffic: Traffic::new(opening, aisles, banks),
            customers: Parts::default(),
            series: Parts::default(),
            disposals: Parts::default(),
            growth: Vec::new(),
            boxes: 0,
            rates: Rates::default(),
            expected: Rates::default(),
            prices: vec![0.0; slots.len()],
            slots,
            changes: 0,
        }
    }

    /// Replaces what is known of boxes that will come.
    pub(super) fn set_expected(&mut self, expected: Rates) {
        self.expected = expected;
        self.price();
    }

    /// Makes the prices anew where enough has changed.
    fn changed(&mut self) {
        self.changes += 1;
        if self.changes >= 8 + self.boxes / 256 {
            self.price();
        }
    }

    /// Makes the prices from what stands here now: before and after a plan that puts boxes somewhere
    /// and takes them back, so that it leaves the same prices.
    pub(super) fn price(&mut self) {
        self.changes = 0;
        let fetched = self.rates.sum();
        let visits = if fetched > 0.0 { (self.traffic.all_visits() / fetched).min(1.0) } else { 1.0 };
        self.prices = prices(&self.traffic, &self.slots, [&self.rates, &self.expected], visits);
    }

    pub(super) fn set_growth(&mut self, series: u32, boxes_a_month: f64) {
        let at = series as usize;
        if at >= self.growth.len() {
            self.growth.resize(at + 1, 0.0);
        }
        self.growth[at] = boxes_a_month;
    }

    /// Whether a box of the customer stands anywhere.
    pub(super) fn has_customer(&self, customer: u32) -> bool {
        !self.customers.of(customer).is_empty()
    }

    pub(super) fn add(&mut self, aisle: usize, traits: &Traits, policy: &SlotPolicy) {
        self.boxes += 1;
        self.series.add(traits.series, aisle, traits.rate);
        if let Some(year) = traits.disposal {
            self.disposals.add(year.into(), aisle, traits.rate);
        }
        let more = match traits.customer {
            None => traits.rate,
            Some(customer) => {
                let before = self.customers.add(customer, aisle, traits.rate);
                Self::more_visits(before, 1, traits.rate, policy)
            }
        };
        self.traffic.add(aisle, more);
        self.rates.add(traits.rate, 1.0);
        self.changed();
    }

    pub(super) fn remove(&mut self, aisle: usize, traits: &Traits, policy: &SlotPolicy) {
        self.boxes -= 1;
        self.series.remove(traits.series, aisle, traits.rate);
        if let Some(year) = traits.disposal {
            self.disposals.remove(year.into(), aisle, traits.rate);
        }
        let less = match traits.customer {
            None => traits.rate,
            Some(customer) => {
                let left = self.customers.remove(customer, aisle, traits.rate);
                Self::more_visits(left, 1, traits.rate, policy)
            }
        };
        self.traffic.add(aisle, -less);
        self.rates.add(traits.rate, -1.0);
        self.changed();
    }

    /// How many visits more `boxes` boxes with `rate` each add to a part.
    fn more_visits(before: Part, boxes: u32, rate: f64, policy: &SlotPolicy) -> f64 {
        let together = policy.with_customer();
        visits(before.boxes + boxes, before.rate + rate * f64::from(boxes), together)
            - visits(before.boxes, before.rate, together)
    }

    /// How often the room's boxes are fetched, each on its own, on average.
    fn mean_visits(&self) -> f64 {
        if self.boxes == 0 { 0.0 } else { self.traffic.all_visits() / self.boxes as f64 }
    }

    /// What the box costs in each aisle (of which `aisles` says slots and free slots), without what
    /// depends on the face.
    pub(super) fn costs(&self, traits: &Traits, aisles: &[(u32, u32)], policy: &SlotPolicy) -> Vec<Costs> {
        self.costs_of_many(traits, 1, aisles, policy)
    }

    /// The same for each of `count` boxes alike that go to one aisle.
    pub(super) fn costs_of_many(
        &self,
        traits: &Traits,
        count: u32,
        aisles: &[(u32, u32)],
        policy: &SlotPolicy,
    ) -> Vec<Costs> {
        debug_assert_eq!(traits.custody, CustodyMode::CentralPaper);
        let weights = policy.weights();
        let width = policy.opening().width().as_secs_f64();
        let mean = self.mean_visits();
        let each = |part: Part| Self::more_visits(part, count, traits.rate, policy) / f64::from(count);
        let nothing = Part { aisle: 0, boxes: 0, rate: 0.0 };
        let alone = if traits.customer.is_some() { each(nothing) } else { traits.rate };
        let growth = self.growth.get(traits.series as usize).copied().unwrap_or(0.0) * policy.growth_months();
        let apart = weights.series * policy.with_series() * traits.rate * width;
        let disposal = match traits.disposal {
            // One opening more, once, spread over the months of the retention at least.
            Some(_) => weights.disposal * width / 120.0,
            None => 0.0,
        };
        let mut costs: Vec<Costs> = aisles
            .iter()
            .enumerate()
            .map(|(aisle, (slots, free))| {
                let free_after = f64::from(free.saturating_sub(1));
                let share = free_after / f64::from((*slots).max(1));
                let mut taken = 0.0;
                if share < policy.reserve() {
                    taken += mean * width * (1.0 - share / policy.reserve());
                }
                if free_after < growth {
                    taken += apart * (1.0 - free_after / growth);
                }
                Costs {
                    opening: weights.opening * self.traffic.added(aisle, alone),
                    room_for_others: weights.room_for_others * self.prices[aisle],
                    series: apart,
                    growth: weights.growth * taken,
                    balance: 0.0,
                    disposal,
                }
            })
            .collect();
        for part in self.series.of(traits.series) {
            costs[part.aisle as usize].series = 0.0;
        }
        for part in traits.disposal.iter().flat_map(|year| self.disposals.of((*year).into())) {
            costs[part.aisle as usize].disposal = 0.0;
        }
        for part in traits.customer.iter().flat_map(|customer| self.customers.of(*customer)) {
            let cost = &mut costs[part.aisle as usize];
            cost.opening = weights.opening * self.traffic.added(part.aisle as usize, each(*part));
            // The room that is left here is left for boxes such as this one.
            cost.growth = 0.0;
        }
        costs
    }
}
