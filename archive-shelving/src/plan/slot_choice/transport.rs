//! The transport problem: units of each source to sinks of limited capacity at the least cost.
//!
//! Successive shortest paths with prices on the sinks (Jonker and Volgenant 1987, for classes instead
//! of single units). The prices prove the result: no solution costs less than
//! Σ supply × min (cost + price) − Σ capacity × price, whatever the prices are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What a unit costs that finds no sink; above all real costs.
pub(super) const UNPLACED: i64 = 1 << 50;

/// Sources with their supply, and for each the sinks it may use with the cost of a unit.
#[derive(Debug)]
pub(super) struct Transport {
    supply: Vec<u32>,
    capacity: Vec<u32>,
    arcs: Vec<Vec<(u32, i64)>>,
}

/// Where the units go, and what it proves.
#[derive(Debug)]
pub(super) struct Solution {
    /// For each source the sinks and units.
    pub(super) flows: Vec<Vec<(u32, u32)>>,
    /// For each source the units that found no sink.
    pub(super) unplaced: Vec<u32>,
    /// What a unit of each sink is worth.
    pub(super) prices: Vec<i64>,
}

/// How a sink is reached on the cheapest path.
#[derive(Debug, Clone, Copy)]
struct Reached {
    distance: i64,
    /// The source whose unit comes here, and the sink that it leaves; none where it comes anew.
    by: u32,
    from: Option<u32>,
    done: bool,
}

const FAR: Reached = Reached { distance: i64::MAX, by: 0, from: None, done: false };

impl Transport {
    /// `arcs` give for each source the sinks with their costs, in the order of the sinks.
    pub(super) fn new(supply: Vec<u32>, mut capacity: Vec<u32>, mut arcs: Vec<Vec<(u32, i64)>>) -> Self {
        // One sink more takes what finds no other.
        for arcs in &mut arcs {
            arcs.push((capacity.len() as u32, UNPLACED));
        }
        capacity.push(u32::MAX);
        Self { supply, capacity, arcs }
    }

    pub(super) fn solve(&self) -> Solution {
        let sinks = self.capacity.len();
        let mut work = Work {
            problem: self,
            spare: self.capacity.clone(),
            prices: vec![0; sinks],
            flows: vec![Vec::new(); self.supply.len()],
            users: vec![Vec::new(); sinks],
            reached: vec![FAR; sinks],
            touched: Vec::new(),
        };
        for (source, supply) in self.supply.iter().enumerate() {
            let mut left = *supply;
            while left > 0 {
                left -= work.send(source, left);
            }
        }
        let last = sinks as u32 - 1;
        let left_out = |flows: &mut Vec<(u32, u32)>| {
            let units = flows.iter().filter(|(sink, _)| *sink == last).map(|(_, units)| units).sum();
            flows.retain(|(sink, _)| *sink != last);
            units
        };
        let unplaced = work.flows.iter_mut().map(left_out).collect();
        let prices = work.prices[..sinks - 1].iter().map(|price| -price).collect();
        Solution { flows: work.flows, unplaced, prices }
    }

    fn cost(&self, source: usize, sink: u32) -> i64 {
        let arcs = &self.arcs[source];
        arcs[arcs.partition_point(|(other, _)| *other < sink)].1
    }
}

/// The least cost that `prices` (none negative) prove, over arcs that `cheapest` looks through: for
/// each source the least cost and price of a sink.
pub(super) fn proven(supply: &[u32], capacity: &[u32], prices: &[i64], cheapest: &[i64]) -> i128 {
    let product = |(units, value): (&u32, &i64)| i128::from(*units) * i128::from(*value);
    let paid: i128 = supply.iter().zip(cheapest).map(product).sum();
    paid - capacity.iter().zip(prices).map(product).sum::<i128>()
}

struct Work<'a> {
    problem: &'a Transport,
    spare: Vec<u32>,
    /// Never positive; 0 where there is capacity to spare.
    prices: Vec<i64>,
    flows: Vec<Vec<(u32, u32)>>,
    /// For each sink the sources that have units there.
    users: Vec<Vec<u32>>,
    reached: Vec<Reached>,
    touched: Vec<u32>,
}

impl Work<'_> {
    /// Sends as many of `units` as the cheapest path from `source` takes, one at least.
    fn send(&mut self, source: usize, units: u32) -> u32 {
        let mut heap = BinaryHeap::new();
        self.relax(source, None, 0, &mut heap);
        // The last sink always has room.
        while let Some(Reverse((distance, sink))) = heap.pop() {
            let at = sink as usize;
            if self.reached[at].done || distance > self.reached[at].distance {
                continue;
            }
            if self.spare[at] == 0 {
                self.reached[at].done = true;
                for user in self.users[at].clone() {
                    let paid = self.problem.cost(user as usize, sink) - self.prices[at];
                    self.relax(user as usize, Some(sink), distance - paid, &mut heap);
                }
                continue;
            }
            for touched in &self.touched {
                let reached = self.reached[*touched as usize];
                if reached.done {
                    self.prices[*touched as usize] += reached.distance - distance;
                }
            }
            let sent = self.carry(sink, units);
            for touched in self.touched.drain(..) {
                self.reached[touched as usize] = FAR;
            }
            return sent;
        }
        units
    }

    /// Looks along the arcs of a source that gives up a unit in `from`.
    fn relax(
        &mut self,
        source: usize,
        from: Option<u32>,
        base: i64,
        heap: &mut BinaryHeap<Reverse<(i64, u32)>>,
    ) {
        for (sink, cost) in &self.problem.arcs[source] {
            let at = *sink as usize;
            let distance = base + cost - self.prices[at];
            let known = &mut self.reached[at];
            if !known.done && distance < known.distance {
                if known.distance == i64::MAX {
                    self.touched.push(*sink);
                }
                *known = Reached { distance, by: source as u32, from, done: false };
                heap.push(Reverse((distance, *sink)));
            }
        }
    }

    /// Shifts units along the path that ends in `end`.
    fn carry(&mut self, end: u32, units: u32) -> u32 {
        let mut amount = units.min(self.spare[end as usize]);
        let mut at = end;
        while let Reached { by, from: Some(from), .. } = self.reached[at as usize] {
            amount = amount.min(self.units(by, from));
            at = from;
        }
        self.spare[end as usize] -= amount;
        at = end;
        loop {
            let Reached { by, from, .. } = self.reached[at as usize];
            self.change(by, at, i64::from(amount));
            let Some(from) = from else { break };
            self.change(by, from, -i64::from(amount));
            at = from;
        }
        amount
    }

    fn units(&self, source: u32, sink: u32) -> u32 {
        let flows = &self.flows[source as usize];
        flows.iter().find(|(other, _)| *other == sink).map_or(0, |(_, units)| *units)
    }

    fn change(&mut self, source: u32, sink: u32, by: i64) {
        let flows = &mut self.flows[source as usize];
        let at = flows.iter().position(|(other, _)| *other == sink).unwrap_or_else(|| {
            flows.push((sink, 0));
            self.users[sink as usize].push(source);
            flows.len() - 1
        });
        // A path takes no more than was there.
        flows[at].1 = (i64::from(flows[at].1) + by) as u32;
        if flows[at].1 == 0 {
            flows.swap_remove(at);
            self.users[sink as usize].retain(|user| *user != source);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The least cost by trying every assignment of single units.
    fn by_trying(supply: &[u32], capacity: &mut [u32], arcs: &[Vec<(u32, i64)>], source: usize) -> i128 {
        let Some(units) = supply.get(source) else { return 0 };
        if *units == 0 {
            return by_trying(supply, capacity, arcs, source + 1);
        }
        let mut fewer = supply.to_vec();
        fewer[source] -= 1;
        let mut least = i128::from(UNPLACED) + by_trying(&fewer, capacity, arcs, source);
        for (sink, cost) in &arcs[source] {
            if capacity[*sink as usize] > 0 {
                capacity[*sink as usize] -= 1;
                least = least.min(i128::from(*cost) + by_trying(&fewer, capacity, arcs, source));
                capacity[*sink as usize] += 1;
            }
        }
        least
    }

    proptest! {
        #[test]
        fn no_solution_costs_less_and_the_prices_prove_it(
            supply in prop::collection::vec(0_u32..3, 1..4),
            capacity in prop::collection::vec(0_u32..3, 1..4),
            costs in prop::collection::vec(prop::option::weighted(0.8, -20_i64..20), 16),
        ) {
            let arcs: Vec<Vec<(u32, i64)>> = (0..supply.len())
                .map(|i| {
                    let cost = |j: usize| costs[i * 4 + j].map(|cost| (j as u32, cost));
                    (0..capacity.len()).filter_map(cost).collect()
                })
                .collect();
            let solution = Transport::new(supply.clone(), capacity.clone(), arcs.clone()).solve();
            let least = by_trying(&supply, &mut capacity.clone(), &arcs, 0);
            let unplaced: i128 = solution.unplaced.iter().map(|units| i128::from(*units)).sum();
            let mut cost = unplaced * i128::from(UNPLACED);
            for (flows, arcs) in solution.flows.iter().zip(&arcs) {
                for (sink, units) in flows {
                    let arc = arcs.iter().find(|(other, _)| other == sink).unwrap();
                    cost += i128::from(*units) * i128::from(arc.1);
                }
            }
            prop_assert_eq!(cost, least);
            let cheapest: Vec<i64> = arcs
                .iter()
                .map(|arcs| {
                    let real = arcs.iter().map(|(sink, cost)| cost + solution.prices[*sink as usize]);
                    real.chain([UNPLACED]).min().unwrap()
                })
                .collect();
            prop_assert!(solution.prices.iter().all(|price| *price >= 0));
            prop_assert_eq!(proven(&supply, &capacity, &solution.prices, &cheapest), least);
            for (i, flows) in solution.flows.iter().enumerate() {
                let placed: u32 = flows.iter().map(|(_, units)| units).sum();
                prop_assert_eq!(placed + solution.unplaced[i], supply[i]);
            }
            for (j, room) in capacity.iter().enumerate() {
                let used: u32 = solution.flows.iter().flatten().filter(|f| f.0 == j as u32).map(|f| f.1).sum();
                prop_assert!(used <= *room);
            }
        }
    }
}
