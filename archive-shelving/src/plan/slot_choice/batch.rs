//! Slots for a batch of boxes, as one assignment problem.

use std::collections::HashMap;
use std::fmt;

use archive_core::identifier::BoxNumber;
use archive_core::policy::PolicyVersion;
use archive_core::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use super::proposal::{Choice, Costs};
use super::traits::{BoxProfile, Traits};
use super::transport::{Transport, UNPLACED, proven};
use super::{Hold, SlotIndex};

/// Costs are counted in µs of opening time a month.
const SCALE: f64 = 1e6;

/// How many rounds of the assignment add what was left out of the first.
const ROUNDS: usize = 6;

/// A box for which there is no slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaced {
    /// 盒号.
    pub number: BoxNumber,
    /// Why.
    pub reason: String,
}

/// Slots for a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// A slot for each box that has one, in the order of the batch.
    pub placed: Vec<(BoxNumber, Choice)>,
    /// The boxes without a slot, in the order of the batch.
    pub unplaced: Vec<Unplaced>,
    /// What the slots cost, in seconds of opening time a month: each box at the costs before the
    /// batch, and those of its customer beside it.
    pub cost: f64,
    /// No assignment of as many boxes costs less.
    pub bound: f64,
    /// How many boxes stand on another face than the assignment problem says, since a level does not
    /// carry them there or must not hold them.
    pub moved_by_levels: usize,
    /// The policy that decided.
    pub policy: PolicyVersion,
}

impl Assignment {
    /// How far the cost may be from the least: a share of the bound; 0 where it is proven the least.
    #[must_use]
    pub fn gap(&self) -> f64 {
        let above = self.cost - self.bound;
        // The costs are rounded to a µs each.
        if above <= 2.0 * self.placed.len() as f64 / SCALE { 0.0 } else { above / self.bound.abs().max(1e-9) }
    }
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} boxes placed at {:.3} s a month, proven not below {:.3} s (gap {:.4} %); {} without a slot",
            self.placed.len(),
            self.cost,
            self.bound,
            self.gap() * 100.0,
            self.unplaced.len()
        )
    }
}

/// Boxes alike, and what each costs in each aisle, in µs.
struct Class {
    members: Vec<usize>,
    traits: Traits,
    /// How many boxes of its customer are in the batch.
    of_customer: u32,
    aisles: Vec<i64>,
}

/// Free slots alike: those of one face and width.
struct Sink {
    face: usize,
    width: u32,
}

impl SlotIndex<'_> {
    /// Slots for a batch, together at the least cost. Nothing is changed.
    ///
    /// Boxes alike and slots alike are taken together, and solved as a transport problem by successive
    /// shortest paths; its prices prove a bound over all slots. Load and mixing are then held level by
    /// level; a box that a level refuses takes the best slot that is left.
    ///
    /// # Errors
    /// `InvalidInput` where a box is none that can stand or is given twice; `Conflict` where a box has
    /// a slot already. That a box finds no slot is a result.
    pub fn assign(&mut self, batch: &[BoxProfile]) -> Result<Assignment, Error> {
        self.stock.price();
        let classes = self.classes(batch)?;
        let mut order: Vec<usize> = (0..classes.len()).collect();
        // Those with the fewest places first: fewer detours.
        order.sort_by_key(|class| std::cmp::Reverse(classes[*class].traits.spine));
        let classes: Vec<&Class> = order.iter().map(|class| &classes[*class]).collect();
        let (sinks, capacity) = self.sinks();
        let supply: Vec<u32> = classes.iter().map(|class| class.members.len() as u32).collect();
        let open: Vec<Vec<bool>> = classes.iter().map(|class| self.ruled_out(&class.traits).1).collect();
        let balance: Vec<i64> =
            sinks.iter().map(|sink| micro(self.with_balance(Costs::default(), sink.face).total())).collect();
        let arc = |class: usize, sink: usize| {
            let Sink { face, width } = sinks[sink];
            let state = &self.shelves.faces[face];
            (width >= classes[class].traits.spine && open[class][state.site as usize])
                .then(|| classes[class].aisles[state.aisle as usize] + balance[sink])
        };
        let mut arcs: Vec<Vec<(u32, i64)>> = (0..classes.len())
            .map(|class| cheapest_arcs(&capacity, batch.len(), |s| arc(class, s)))
            .collect();
        let mut round = 0;
        let (solution, bound) = loop {
            round += 1;
            let solution = Transport::new(supply.clone(), capacity.clone(), arcs.clone()).solve();
            let mut cheapest = vec![UNPLACED; classes.len()];
            let mut better = 0;
            for class in 0..classes.len() {
                let priced = |(sink, cost): &(u32, i64)| cost + solution.prices[*sink as usize];
                let known = arcs[class].iter().map(priced).min().unwrap_or(UNPLACED).min(UNPLACED);
                cheapest[class] = known;
                for sink in 0..sinks.len() {
                    let Some(cost) = arc(class, sink) else { continue };
                    let reduced = cost + solution.prices[sink];
                    cheapest[class] = cheapest[class].min(reduced);
                    if reduced < known {
                        let at = arcs[class].partition_point(|(other, _)| (*other as usize) < sink);
                        arcs[class].insert(at, (sink as u32, cost));
                        better += 1;
                    }
                }
            }
            let bound = proven(&supply, &capacity, &solution.prices, &cheapest);
            if better == 0 || round == ROUNDS {
                break (solution, bound);
            }
        };
        let wanted: Vec<(usize, usize)> = solution
            .flows
            .iter()
            .enumerate()
            .flat_map(|(class, flows)| {
                let faces = flows.iter().flat_map(|(sink, units)| {
                    std::iter::repeat_n(sinks[*sink as usize].face, *units as usize)
                });
                classes[class].members.iter().copied().zip(faces).collect::<Vec<_>>()
            })
            .collect();
        let unplaced: i128 = solution.unplaced.iter().map(|units| i128::from(*units)).sum();
        let bound = (bound - unplaced * i128::from(UNPLACED)) as f64 / SCALE;
        self.carry_out(batch, &wanted, &classes, bound)
    }

    /// Gives each box a slot on the face that was found for it, or the best one left.
    fn carry_out(
        &mut self,
        batch: &[BoxProfile],
        wanted: &[(usize, usize)],
        classes: &[&Class],
        bound: f64,
    ) -> Result<Assignment, Error> {
        let limit = self.policy.level_load().0;
        let mut slots: Vec<Option<usize>> = vec![None; batch.len()];
        let mut class_of = vec![0; batch.len()];
        for (number, class) in classes.iter().enumerate() {
            class.members.iter().for_each(|member| class_of[*member] = number);
        }
        for (at, face) in wanted {
            let traits = classes[class_of[*at]].traits;
            if let Some(slot) = self.shelves.best_slot(*face, &traits, limit) {
                self.put(batch[*at].number.clone(), traits, slot, Hold::Reserved);
                slots[*at] = Some(slot);
            }
        }
        let (mut unplaced, mut moved_by_levels) = (Vec::new(), 0);
        for (at, profile) in batch.iter().enumerate() {
            if slots[at].is_some() {
                continue;
            }
            match self.choose(profile, 0) {
                Ok(proposal) => {
                    let slot = self.shelves.slot(&proposal.best.slot)?;
                    self.put(profile.number.clone(), classes[class_of[at]].traits, slot, Hold::Reserved);
                    slots[at] = Some(slot);
                    moved_by_levels += 1;
                }
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    let reason = error.message().to_owned();
                    unplaced.push(Unplaced { number: profile.number.clone(), reason });
                }
                Err(error) => return Err(error),
            }
        }
        for (profile, slot) in batch.iter().zip(&slots) {
            if slot.is_some() {
                self.release(&profile.number)?;
            }
        }
        self.stock.price();
        let mut choices: Vec<Option<Choice>> = vec![None; batch.len()];
        for class in classes {
            let aisles = self.costs_of(&class.traits, class.of_customer);
            for member in &class.members {
                let Some(slot) = slots[*member] else { continue };
                let face = self.shelves.face_of(slot);
                let costs = self.with_balance(aisles[self.shelves.faces[face].aisle as usize], face);
                let slot = self.shelves.slots[slot].address.clone();
                choices[*member] = Some(Choice { slot, costs });
            }
        }
        let numbers = batch.iter().map(|profile| profile.number.clone());
        let placed: Vec<(BoxNumber, Choice)> =
            numbers.zip(choices).filter_map(|(number, choice)| Some((number, choice?))).collect();
        let cost = placed.iter().map(|(_, choice)| choice.costs.total()).sum();
        let policy = self.policy.version().clone();
        Ok(Assignment { placed, unplaced, cost, bound, moved_by_levels, policy })
    }

    /// The boxes of the batch that are alike: a customer without a box in the room is like another
    /// with as many boxes in the batch.
    fn classes(&mut self, batch: &[BoxProfile]) -> Result<Vec<Class>, Error> {
        let mut traits = Vec::with_capacity(batch.len());
        let mut numbers: HashMap<&BoxNumber, usize> = HashMap::new();
        let mut customers: HashMap<u32, u32> = HashMap::new();
        for (at, profile) in batch.iter().enumerate() {
            if numbers.insert(&profile.number, at).is_some() {
                return Err(Error::invalid(format!("box {}", profile.number), "is given twice"));
            }
            if let Some(slot) = self.slot_of(&profile.number) {
                let message = format!("has slot {slot} already");
                return Err(Error::new(ErrorKind::Conflict, format!("box {}", profile.number), message));
            }
            let one = self.names.learn(profile, self.policy.separation())?;
            if let Some(customer) = one.customer {
                *customers.entry(customer).or_default() += 1;
            }
            traits.push(one);
        }
        let mut classes: Vec<Class> = Vec::new();
        let mut known: HashMap<_, usize> = HashMap::new();
        for (at, one) in traits.into_iter().enumerate() {
            let count = one.customer.map_or(1, |customer| customers[&customer]);
            let stands = one.customer.filter(|customer| self.stock.has_customer(*customer));
            let key = (
                (one.customer.is_some(), stands, count, one.site, one.custody),
                (one.series, one.disposal, one.group, one.spine, one.mass, one.rate.to_bits()),
            );
            let class = *known.entry(key).or_insert_with(|| {
                let aisles = self.costs_of(&one, count).iter().map(|costs| micro(costs.total())).collect();
                classes.push(Class { members: Vec::new(), traits: one, of_customer: count, aisles });
                classes.len() - 1
            });
            classes[class].members.push(at);
        }
        Ok(classes)
    }

    /// What each of `count` boxes alike costs in each aisle.
    fn costs_of(&self, traits: &Traits, count: u32) -> Vec<Costs> {
        self.stock.costs_of_many(traits, count, &self.shelves.aisles, &self.policy)
    }

    /// The free slots by face and width, and how many of each may be used.
    fn sinks(&self) -> (Vec<Sink>, Vec<u32>) {
        let mut sinks = Vec::new();
        let mut capacity: Vec<u32> = Vec::new();
        for (face, state) in self.shelves.faces.iter().enumerate() {
            if self.blocked.contains_key(&state.column) {
                continue;
            }
            for (width, free) in self.shelves.widths.iter().zip(&state.free_by_width) {
                if *free > 0 {
                    sinks.push(Sink { face, width: *width });
                    capacity.push(*free);
                }
            }
        }
        // What is kept for announced boxes is taken from where most is free.
        for (site, pending) in &self.pending {
            let mut left = *pending;
            let mut of_site: Vec<usize> =
                (0..sinks.len()).filter(|s| self.shelves.faces[sinks[*s].face].site == *site).collect();
            of_site.sort_by_key(|sink| std::cmp::Reverse(capacity[*sink]));
            for sink in of_site {
                let kept = left.min(capacity[sink].into()) as u32;
                capacity[sink] -= kept;
                left -= u64::from(kept);
            }
        }
        (sinks, capacity)
    }
}

fn micro(seconds: f64) -> i64 {
    // Far below `UNPLACED`, whatever the weights are.
    (seconds * SCALE).round().clamp(-1e13, 1e13) as i64
}

/// The cheapest sinks of a class that together take twice the batch, in the order of their numbers.
fn cheapest_arcs(capacity: &[u32], batch: usize, arc: impl Fn(usize) -> Option<i64>) -> Vec<(u32, i64)> {
    const FEWEST: usize = 24;
    let mut all: Vec<(i64, u32)> =
        (0..capacity.len()).filter_map(|sink| Some((arc(sink)?, sink as u32))).collect();
    all.sort_unstable();
    let (mut taken, mut count) = (0_usize, 0);
    while count < all.len() && (count < FEWEST || taken < batch) {
        taken += capacity[all[count].1 as usize] as usize;
        count += 1;
    }
    all.truncate(count);
    let mut arcs: Vec<(u32, i64)> = all.into_iter().map(|(cost, sink)| (sink, cost)).collect();
    arcs.sort_unstable();
    arcs
}
