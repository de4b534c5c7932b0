//! What a slot is worth to the boxes that do not get it.
//!
//! Were all boxes known, the most fetched would get the aisles that open soonest, and so on down. The
//! price of an aisle makes each box want that aisle by itself: between two aisles that follow each
//! other in this order the price falls by what the box that is just as well off in both would lose.
//! The aisles that nobody needs cost nothing.

use super::traffic::Traffic;

/// Rates are counted by their logarithm: eight counts a factor of two.
const STEPS: f64 = 8.0;

/// The least rate that is told from none: once in 80 years.
const LEAST: f64 = 0.001;

/// How many boxes are fetched how often.
#[derive(Debug, Clone)]
pub(super) struct Rates {
    counts: Vec<f64>,
    boxes: f64,
    sum: f64,
}

impl Default for Rates {
    fn default() -> Self {
        // The most that is believed is 10⁹ times the least, 30 doublings.
        Self { counts: vec![0.0; 30 * STEPS as usize + 2], boxes: 0.0, sum: 0.0 }
    }
}

impl Rates {
    fn bucket(&self, rate: f64) -> usize {
        if rate < LEAST {
            return 0;
        }
        (1 + ((rate / LEAST).log2() * STEPS) as usize).min(self.counts.len() - 1)
    }

    /// Counts boxes of one rate; a negative number takes them away.
    pub(super) fn add(&mut self, rate: f64, boxes: f64) {
        let bucket = self.bucket(rate);
        self.counts[bucket] += boxes;
        self.boxes += boxes;
        self.sum += rate * boxes;
    }

    /// All retrievals a month.
    pub(super) fn sum(&self) -> f64 {
        self.sum
    }
}

/// The price of each aisle for one slot, in seconds of opening time a month. `slots` are those of each
/// aisle, `rates` all boxes that have or will have one, `visits` the share of retrievals for which an
/// aisle is visited.
pub(super) fn prices(traffic: &Traffic, slots: &[u32], rates: [&Rates; 2], visits: f64) -> Vec<f64> {
    let worth: Vec<f64> = (0..slots.len()).map(|aisle| traffic.worth(aisle)).collect();
    let mut order: Vec<usize> = (0..slots.len()).collect();
    order.sort_unstable_by(|a, b| worth[*a].total_cmp(&worth[*b]).then(a.cmp(b)));
    // The rate of the last box that finds room in the aisles so far.
    let mut bucket = rates[0].counts.len();
    let mut reached = 0.0;
    let mut room = 0.0;
    let mut last_rate = Vec::with_capacity(order.len());
    for aisle in &order {
        room += f64::from(slots[*aisle]);
        while reached < room && bucket > 0 {
            bucket -= 1;
            reached += rates[0].counts[bucket] + rates[1].counts[bucket];
        }
        let rate = if bucket == 0 { 0.0 } else { LEAST * ((bucket as f64 - 0.5) / STEPS).exp2() };
        last_rate.push(rate * visits);
    }
    let mut prices = vec![0.0; slots.len()];
    for at in (1..order.len()).rev() {
        let (better, worse) = (order[at - 1], order[at]);
        prices[better] = prices[worse] + last_rate[at - 1] * (worth[worse] - worth[better]);
    }
    prices
}
