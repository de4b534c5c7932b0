//! How long the room's aisles take to open in a month, and what one more box changes.
//!
//! A bank stands where the last retrieval left it. Where aisle a is visited λ(a) times a month and
//! visits are independent, the bank spends C/λ a month, with C the sum of λ(a) λ(b) t(a, b) over all
//! pairs and λ that of all λ(a). Both sums are kept, so that a box more costs one look at its aisle.

use crate::layout::AisleId;
use crate::plan::opening::Opening;

/// Visits a month that change nothing, and keep sums from being none.
const NEXT_TO_NOTHING: f64 = 1e-9;

/// Visits to aisles, in visits a month; times in seconds.
#[derive(Debug)]
pub(super) struct Traffic {
    opening: Opening,
    width: f64,
    /// For each aisle its bank and its place there.
    aisles: Vec<(usize, AisleId)>,
    /// The aisles of each bank.
    of_bank: Vec<Vec<u32>>,
    visits: Vec<f64>,
    /// For each aisle the sum of λ(b) t(a, b).
    reach: Vec<f64>,
    /// For each bank λ and C.
    banks: Vec<(f64, f64)>,
}

impl Traffic {
    pub(super) fn new(opening: Opening, aisles: &[(usize, AisleId)], bank_count: usize) -> Self {
        let mut of_bank = vec![Vec::new(); bank_count];
        for (number, (bank, _)) in aisles.iter().enumerate() {
            of_bank[*bank].push(number as u32);
        }
        let mut traffic = Self {
            opening,
            width: opening.width().as_secs_f64(),
            aisles: aisles.to_vec(),
            of_bank,
            visits: vec![0.0; aisles.len()],
            reach: vec![0.0; aisles.len()],
            banks: vec![(0.0, 0.0); bank_count],
        };
        // A bank that nobody visits stands at its middle.
        for bank in 0..bank_count {
            let middle =
                traffic.of_bank[bank].iter().copied().min_by_key(|a| traffic.off_middle(*a as usize));
            if let Some(middle) = middle {
                traffic.add(middle as usize, NEXT_TO_NOTHING);
            }
        }
        traffic
    }

    /// What one visit more to `aisle` adds, in seconds, where it is one among very many.
    pub(super) fn worth(&self, aisle: usize) -> f64 {
        let (sum, pairs) = self.banks[self.aisles[aisle].0];
        (2.0 * self.reach[aisle] - pairs / sum) / sum
    }

    /// How many aisles lie between an aisle and the middle of its bank, twice counted.
    pub(super) fn off_middle(&self, aisle: usize) -> usize {
        let (bank, place) = self.aisles[aisle];
        (2 * usize::from(place.0)).abs_diff(self.of_bank[bank].len())
    }

    /// What `visits` more to `aisle` add to the opening time of its bank, in seconds a month.
    pub(super) fn added(&self, aisle: usize, visits: f64) -> f64 {
        let (sum, pairs) = self.banks[self.aisles[aisle].0];
        if sum + visits <= 0.0 {
            return 0.0;
        }
        (pairs + 2.0 * visits * self.reach[aisle]) / (sum + visits) - pairs / sum
    }

    /// Adds visits to an aisle; a negative number takes them away.
    pub(super) fn add(&mut self, aisle: usize, visits: f64) {
        let (bank, place) = self.aisles[aisle];
        let totals = &mut self.banks[bank];
        totals.0 += visits;
        totals.1 += 2.0 * visits * self.reach[aisle];
        self.visits[aisle] += visits;
        for other in &self.of_bank[bank] {
            let other = *other as usize;
            let steps = self.opening.steps(Some(place), self.aisles[other].1);
            self.reach[other] += visits * f64::from(steps) * self.width;
        }
    }

    /// The opening time of all banks, in seconds a month.
    pub(super) fn seconds(&self) -> f64 {
        self.banks
            .iter()
            .filter(|(sum, _)| *sum > 2.0 * NEXT_TO_NOTHING)
            .map(|(sum, pairs)| pairs.max(0.0) / sum)
            // Not `sum`, which for nothing is minus zero.
            .fold(0.0, |seconds, bank| seconds + bank)
    }

    /// All visits of all banks a month.
    pub(super) fn all_visits(&self) -> f64 {
        self.banks.iter().map(|(sum, _)| sum).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::plan::opening::Drive;

    #[track_caller]
    fn check(drive: Drive, expected: f64) {
        let opening = Opening::new(drive, Duration::from_secs(10)).unwrap();
        let aisles: Vec<(usize, AisleId)> = (0..4).map(|n| (0, AisleId(n))).collect();
        let mut traffic = Traffic::new(opening, &aisles, 1);
        let visits = [1.0, 2.0, 0.0, 5.0];
        for (aisle, count) in visits.iter().enumerate() {
            let added = traffic.added(aisle, *count);
            let before = traffic.seconds();
            traffic.add(aisle, *count);
            assert!((traffic.seconds() - before - added).abs() < 1e-6);
        }
        let pairs = (0..4).flat_map(|a| (0..4).map(move |b| (a, b)));
        let by_hand: f64 = pairs
            .map(|(a, b)| {
                let time = opening.time(Some(AisleId(a)), AisleId(b)).as_secs_f64();
                visits[usize::from(a)] * visits[usize::from(b)] * time / 8.0
            })
            .sum();
        assert!((traffic.seconds() - by_hand).abs() < 1e-6, "{} {by_hand}", traffic.seconds());
        assert!((by_hand - expected).abs() < 1e-9, "{by_hand}");
        for (aisle, count) in visits.iter().enumerate() {
            traffic.add(aisle, -count);
        }
        assert!(traffic.seconds().abs() < 1e-6);
    }

    #[test]
    fn a_room_that_nobody_visits_takes_no_time() {
        let opening = Opening::new(Drive::Together, Duration::from_secs(10)).unwrap();
        let traffic = Traffic::new(opening, &[(0, AisleId(0)), (0, AisleId(1))], 1);
        assert_eq!(format!("{:.0} s", traffic.seconds()), "0 s");
    }

    #[test]
    fn the_sums_are_those_over_all_pairs() {
        // Pairs 1·2, 1·5 and 2·5, each twice: 17 × 2 × 10 s over 8 visits.
        check(Drive::Together, 42.5);
        // The same by distance: 1·2·1 + 1·5·3 + 2·5·2 = 37.
        check(Drive::OneAtATime, 92.5);
    }
}
