//! 循环盘点: which aisles to check next, where there is no time for all.

use std::time::Duration;

use archive_core::Error;
use serde::{Deserialize, Serialize};

use super::places::Place;

/// Aisles times seconds up to which the choice is the best there is.
const EXACT: u64 = 50_000_000;

/// How probably things have gone wrong in an aisle since it was last checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AisleRisk {
    /// The aisle.
    pub place: Place,
    /// Days since it was last checked.
    pub days: f64,
    /// How many boxes it holds.
    pub boxes: u32,
    /// How often a box was taken or put back since then.
    pub accesses: u32,
    /// What an error does there, beside errors elsewhere: 1 is usual.
    pub harm: f64,
    /// How long checking it takes; counted in whole seconds, rounded up.
    pub lasts: Duration,
}

/// How often boxes go astray, and when an aisle must be checked in any case.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CycleCount {
    /// The probability that an access leaves a box in a wrong place.
    pub astray_an_access: f64,
    /// The probability that a box goes astray in a day without an access that anybody wrote down.
    pub astray_a_day: f64,
    /// Days after which an aisle comes first, whatever its risk.
    pub overdue: f64,
}

impl Default for CycleCount {
    /// One access in 200 goes wrong, one box in 100,000 a day, and every aisle is checked once a year.
    fn default() -> Self {
        Self { astray_an_access: 0.005, astray_a_day: 1e-5, overdue: 365.0 }
    }
}

impl CycleCount {
    /// The errors to be expected in an aisle.
    #[must_use]
    pub fn errors(&self, aisle: &AisleRisk) -> f64 {
        let silent = -(-self.astray_a_day * aisle.days).exp_m1();
        f64::from(aisle.boxes) * silent + f64::from(aisle.accesses) * self.astray_an_access
    }
}

/// What to check, and how good the choice is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The aisles to check: those that are overdue, then the others, each in the order of their names.
    pub places: Vec<Place>,
    /// Aisles that are overdue and for which the time does not suffice.
    pub overdue_left: Vec<Place>,
    /// How long it takes.
    pub lasts: Duration,
    /// The errors that it will find, on average, times their harm.
    pub found: f64,
    /// No choice that checks the same overdue aisles finds more than this.
    pub at_most: f64,
}

/// Chooses the aisles whose check, within `time`, finds the most errors, weighed by their harm.
///
/// Overdue aisles come first, the longest unchecked at the head. Among the others the choice is
/// optimal where aisles times seconds stay below 50 million (1,000 aisles and 13 hours); beyond, the
/// aisles are taken by errors a second, and [`Check::at_most`] bounds what a better choice could find.
///
/// # Errors
/// `InvalidInput` where an aisle stands twice, a number is negative or none, a probability is above 1,
/// a check takes no time, or the time is above 30 days.
pub fn cycle_count(aisles: &[AisleRisk], rule: &CycleCount, time: Duration) -> Result<Check, Error> {
    check(aisles, rule, time)?;
    let seconds = |d: Duration| d.as_secs() + u64::from(d.subsec_nanos() > 0);
    let mut left = time.as_secs();
    let (mut overdue, mut others): (Vec<&AisleRisk>, Vec<&AisleRisk>) =
        aisles.iter().partition(|aisle| aisle.days > rule.overdue);
    overdue.sort_by(|a, b| b.days.total_cmp(&a.days).then_with(|| a.place.cmp(&b.place)));
    others.sort_by(|a, b| a.place.cmp(&b.place));
    let (mut chosen, mut overdue_left) = (Vec::new(), Vec::new());
    for aisle in overdue {
        match left.checked_sub(seconds(aisle.lasts)) {
            Some(rest) => {
                left = rest;
                chosen.push(aisle);
            }
            None => overdue_left.push(aisle.place.clone()),
        }
    }
    let weight = |aisle: &AisleRisk| rule.errors(aisle) * aisle.harm;
    let first: f64 = chosen.iter().map(|aisle| weight(aisle)).sum();
    let items: Vec<(f64, u64)> = others.iter().map(|a| (weight(a), seconds(a.lasts))).collect();
    let exact = (items.len() as u64).saturating_mul(left + 1) <= EXACT;
    let (picked, bound) = if exact { best(&items, left) } else { by_rate(&items, left) };
    chosen.extend(picked.iter().map(|at| others[*at]));
    let found = first + picked.iter().map(|at| items[*at].0).sum::<f64>();
    Ok(Check {
        lasts: Duration::from_secs(chosen.iter().map(|a| seconds(a.lasts)).sum()),
        places: chosen.into_iter().map(|a| a.place.clone()).collect(),
        overdue_left,
        found,
        at_most: bound.map_or(found, |bound| first + bound),
    })
}

fn check(aisles: &[AisleRisk], rule: &CycleCount, time: Duration) -> Result<(), Error> {
    if time > Duration::from_secs(30 * 86_400) {
        return Err(Error::invalid(format!("cycle count of {time:?}"), "must take at most 30 days"));
    }
    let rates = [rule.astray_an_access, rule.astray_a_day];
    if !rates.iter().all(|p| (0.0..=1.0).contains(p)) || !(0.0..=1e6).contains(&rule.overdue) {
        let message = "needs probabilities of 0 to 1, and 0 to a million days until an aisle is overdue";
        return Err(Error::invalid("cycle count", message));
    }
    let mut seen = std::collections::BTreeSet::new();
    for aisle in aisles {
        let wrong = |message: &str| Err(Error::invalid(aisle.place.to_string(), message));
        if !seen.insert(&aisle.place) {
            return wrong("stands twice in the cycle count");
        }
        if !(0.0..=1e6).contains(&aisle.days) || !(0.0..=1e6).contains(&aisle.harm) {
            return wrong("needs days and harm of 0 to a million");
        }
        if aisle.lasts.is_zero() || aisle.lasts > Duration::from_secs(86_400) {
            return wrong("needs a check that takes more than nothing and at most a day");
        }
    }
    Ok(())
}

/// The best choice, by dynamic programming over seconds.
fn best(items: &[(f64, u64)], time: u64) -> (Vec<usize>, Option<f64>) {
    // The caller limits items times seconds.
    let width = time as usize + 1;
    let mut most = vec![0.0_f64; width];
    let mut taken = vec![false; width * items.len()];
    for (at, (gain, lasts)) in items.iter().enumerate() {
        let lasts = *lasts as usize;
        for end in (lasts..width).rev() {
            let with = most[end - lasts] + gain;
            if with > most[end] {
                most[end] = with;
                taken[at * width + end] = true;
            }
        }
    }
    let (mut end, mut picked) = (width - 1, Vec::new());
    for at in (0..items.len()).rev() {
        if taken[at * width + end] {
            picked.push(at);
            end -= items[at].1 as usize;
        }
    }
    picked.reverse();
    (picked, None)
}

/// By gain a second; the bound is what fits if the first one that does not fit could be cut.
fn by_rate(items: &[(f64, u64)], time: u64) -> (Vec<usize>, Option<f64>) {
    let rate = |at: &usize| items[*at].0 / items[*at].1 as f64;
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|a, b| rate(b).total_cmp(&rate(a)).then(a.cmp(b)));
    let (mut left, mut picked, mut gained, mut bound) = (time, Vec::new(), 0.0, None);
    for at in order {
        let (gain, lasts) = items[at];
        match left.checked_sub(lasts) {
            Some(rest) => {
                left = rest;
                gained += gain;
                picked.push(at);
            }
            None => {
                bound.get_or_insert(gained + gain * left as f64 / lasts as f64);
            }
        }
    }
    picked.sort_unstable();
    (picked, bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few aisles of all sizes, seeded.
    fn items(seed: u64, count: usize) -> Vec<(f64, u64)> {
        let mut chance = crate::simulated::Chance::new(seed);
        (0..count).map(|_| (chance.unit(), 1 + chance.next_u64() % 30)).collect()
    }

    fn value(items: &[(f64, u64)], picked: &[usize]) -> f64 {
        picked.iter().map(|at| items[*at].0).sum()
    }

    #[test]
    fn the_choice_is_that_of_an_exhaustive_search() {
        for seed in 0..60 {
            let items = items(seed, 10);
            let time = 20 + seed;
            let all = (0..1_u32 << 10)
                .map(|set| -> Vec<usize> { (0..10).filter(|at| set >> at & 1 == 1).collect() });
            let fits = all.filter(|set| set.iter().map(|at| items[*at].1).sum::<u64>() <= time);
            let most = fits.map(|set| value(&items, &set)).fold(0.0, f64::max);
            let (picked, _) = best(&items, time);
            assert!((value(&items, &picked) - most).abs() < 1e-12, "seed {seed}");
            assert!(picked.iter().map(|at| items[*at].1).sum::<u64>() <= time);
            let (quick, bound) = by_rate(&items, time);
            assert!(value(&items, &quick) <= most + 1e-12);
            assert!(bound.unwrap_or(value(&items, &quick)) >= most - 1e-12, "seed {seed}");
        }
    }
}
