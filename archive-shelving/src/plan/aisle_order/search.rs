//! Searching for the shortest round: all orders of a few visits, a beam of many.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use foldhash::fast::RandomState;

use super::bound::Left;
use super::{BUDGET, BankStart, CLOSE, EXACT, FAR, FAR_BUDGET, Stop, WIDEST, micros};
use crate::layout::AisleId;
use crate::plan::opening::{Drive, Opening};

/// Where the person and the banks are. Times in µs.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    pub(super) now: u64,
    pub(super) at: Option<usize>,
    /// For each bank the aisle that is open and since when it may move.
    pub(super) banks: Vec<(Option<AisleId>, u64)>,
}

impl Walk {
    pub(super) fn new(banks: &[BankStart]) -> Self {
        Self { now: 0, at: None, banks: banks.iter().map(|bank| (bank.open, 0)).collect() }
    }

    /// When the person could walk into an aisle next.
    fn enter(&self, opening: Opening, bank: usize, aisle: AisleId, way: u64) -> u64 {
        let (open, since) = self.banks[bank];
        let ready = since + micros(opening.time(open, aisle));
        let there = if self.at.is_some_and(|at| at != bank) { self.now + way } else { self.now };
        ready.max(there)
    }

    /// Makes a visit; says when the person walks in.
    pub(super) fn go(
        &mut self,
        banks: &[BankStart],
        bank: usize,
        aisle: AisleId,
        stay: u64,
        way: u64,
    ) -> u64 {
        let enter = self.enter(banks[bank].opening, bank, aisle, way);
        self.now = enter + stay;
        self.at = Some(bank);
        self.banks[bank] = (Some(aisle), self.now);
        enter
    }
}

/// One aisle to visit, by numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task {
    pub(super) bank: usize,
    pub(super) aisle: AisleId,
    pub(super) stay: u64,
}

/// Visits to put in order.
pub(super) struct Problem<'a> {
    pub(super) banks: &'a [BankStart],
    /// By bank and aisle.
    pub(super) tasks: Vec<Task>,
    /// For each bank the number of its first task, and behind the last the number of tasks.
    ends: Vec<usize>,
    pub(super) way: u64,
}

/// An unfinished round.
#[derive(Clone)]
struct Partial {
    walk: Walk,
    left: Left,
    /// The last visit, and the number of the round before it.
    trail: usize,
}

impl<'a> Problem<'a> {
    pub(super) fn new(
        banks: &'a [BankStart],
        visits: BTreeMap<(usize, AisleId), Duration>,
        way: Duration,
    ) -> Self {
        let tasks: Vec<Task> = visits
            .into_iter()
            .map(|((bank, aisle), stay)| Task { bank, aisle, stay: micros(stay) })
            .collect();
        let ends = (0..=banks.len()).map(|bank| tasks.partition_point(|task| task.bank < bank)).collect();
        Self { banks, tasks, ends, way: micros(way) }
    }

    /// The tasks of a bank, in the order of their aisles.
    pub(super) fn of_bank(&self, bank: usize) -> std::ops::Range<usize> {
        self.ends[bank]..self.ends[bank + 1]
    }

    /// An order of the tasks, and a time below which no order is.
    pub(super) fn solve(&self) -> (Vec<usize>, u64) {
        let Some(first) = self.tasks.first() else { return (Vec::new(), 0) };
        if self.tasks.iter().all(|task| task.bank == first.bank) {
            let order = self.across();
            let time = self.time(&order);
            return (order, time);
        }
        let bound = self.bound();
        let mut best = self.beam(16);
        let mut time = self.time(&best);
        let mut width = 64;
        while width <= WIDEST && time as f64 > bound as f64 * (1.0 + CLOSE) {
            let order = self.beam(width);
            let other = self.time(&order);
            if other < time {
                (best, time) = (order, other);
            }
            width *= 4;
        }
        if time <= bound || self.tasks.len() > 64 {
            return (best, bound);
        }
        let (seen, order) = (HashMap::default(), Vec::new());
        let mut all = AllOrders { problem: self, best, time, bound, steps: 0, seen, order };
        all.search(&mut Walk::new(self.banks), &mut Left::new(self), 0);
        // Where the search came to its end no order is shorter.
        let proven = if all.is_spent() { bound } else { all.time };
        (all.best, proven)
    }

    /// One bank: what is open, then from the nearer end to the other.
    fn across(&self) -> Vec<usize> {
        let bank = &self.banks[self.tasks[0].bank];
        let mut order: Vec<usize> = (0..self.tasks.len()).collect();
        let (low, high) = (self.tasks[0].aisle, self.tasks[self.tasks.len() - 1].aisle);
        let Some(open) = bank.open else { return order };
        match bank.opening.drive() {
            Drive::Together => order.sort_by_key(|task| self.tasks[*task].aisle != open),
            Drive::OneAtATime => {
                if open.0.abs_diff(high.0) < open.0.abs_diff(low.0) {
                    order.reverse();
                }
                // What lies on the way to the nearer end is visited on the way.
                let (first, rest): (Vec<usize>, Vec<usize>) = order.iter().partition(|task| {
                    let aisle = self.tasks[**task].aisle;
                    let near = self.tasks[order[0]].aisle;
                    (near <= aisle && aisle <= open) || (open <= aisle && aisle <= near)
                });
                order = first.into_iter().rev().chain(rest).collect();
            }
        }
        order
    }

    pub(super) fn time(&self, order: &[usize]) -> u64 {
        let mut walk = Walk::new(self.banks);
        for task in order {
            let Task { bank, aisle, stay } = self.tasks[*task];
            walk.go(self.banks, bank, aisle, stay, self.way);
        }
        walk.now
    }

    pub(super) fn stops(&self, banks: &[BankStart], order: &[usize]) -> Vec<Stop> {
        let mut walk = Walk::new(banks);
        let stop = |task: &usize| {
            let Task { bank, aisle, stay } = self.tasks[*task];
            let enter = walk.go(banks, bank, aisle, stay, self.way);
            let (enter, leave) = (Duration::from_micros(enter), Duration::from_micros(walk.now));
            Stop { bank: banks[bank].name.clone(), aisle, enter, leave }
        };
        order.iter().map(stop).collect()
    }

    /// The best of the rounds that are found where `width` unfinished ones are kept.
    fn beam(&self, width: usize) -> Vec<usize> {
        let mut trails: Vec<(usize, usize)> = Vec::new();
        let nowhere = usize::MAX;
        let start = Partial { walk: Walk::new(self.banks), left: Left::new(self), trail: nowhere };
        let mut beam = vec![start];
        for _ in 0..self.tasks.len() {
            let mut next: Vec<(u64, u64, usize, usize)> = Vec::new();
            for (at, partial) in beam.iter().enumerate() {
                for task in partial.left.sensible(self, &partial.walk) {
                    let Task { bank, aisle, stay } = self.tasks[task];
                    let mut walk = partial.walk.clone();
                    walk.go(self.banks, bank, aisle, stay, self.way);
                    let mut left = partial.left.clone();
                    left.take(self, task);
                    next.push((left.bound(self, &walk), walk.now, at, task));
                }
            }
            next.sort_unstable();
            // Rounds that made the same visits and stand alike are one.
            let mut kept: Vec<Partial> = Vec::new();
            let mut last = (u64::MAX, u64::MAX, usize::MAX);
            for (bound, now, at, task) in next {
                if kept.len() == width {
                    break;
                }
                if (bound, now, task) == last {
                    continue;
                }
                last = (bound, now, task);
                let mut partial = beam[at].clone();
                let Task { bank, aisle, stay } = self.tasks[task];
                partial.walk.go(self.banks, bank, aisle, stay, self.way);
                partial.left.take(self, task);
                trails.push((task, partial.trail));
                partial.trail = trails.len() - 1;
                kept.push(partial);
            }
            beam = kept;
        }
        let best =
            beam.iter().min_by_key(|partial| partial.walk.now).map_or(nowhere, |partial| partial.trail);
        let step = |at: usize| (at != nowhere).then(|| trails[at]);
        let mut order: Vec<usize> =
            std::iter::successors(step(best), |(_, before)| step(*before)).map(|(task, _)| task).collect();
        order.reverse();
        order
    }
}

/// The visits that were made, the bank where the person is, and the aisles that are open.
type Place = (u64, Option<usize>, Vec<Option<AisleId>>);

/// A search through all orders, cut off where a bound or another order with the same visits says that
/// nothing shorter follows.
struct AllOrders<'a> {
    problem: &'a Problem<'a>,
    best: Vec<usize>,
    time: u64,
    /// No order is shorter.
    bound: u64,
    /// How many were tried.
    steps: u64,
    /// By the visits that were made and where everything stands: since when, not all of it later.
    seen: HashMap<Place, Vec<Vec<u64>>, RandomState>,
    order: Vec<usize>,
}

impl AllOrders<'_> {
    fn search(&mut self, walk: &mut Walk, left: &mut Left, made: u64) {
        let problem = self.problem;
        if self.order.len() == problem.tasks.len() {
            if walk.now < self.time {
                self.time = walk.now;
                self.best.clone_from(&self.order);
            }
            return;
        }
        let mut next = Vec::new();
        for task in (0..problem.tasks.len()).filter(|task| made & 1 << task == 0) {
            let bound = self.with(walk, left, task, |_, walk, left| left.bound(problem, walk));
            if bound < self.time {
                next.push((bound, task));
            }
        }
        next.sort_unstable();
        for (bound, task) in next {
            if self.is_spent() {
                return;
            }
            if bound < self.time {
                self.with(walk, left, task, |all, walk, left| {
                    let made = made | 1 << task;
                    if !all.is_late(made, walk) {
                        all.steps += 1;
                        all.order.push(task);
                        all.search(walk, left, made);
                        all.order.pop();
                    }
                });
            }
        }
    }

    /// What `then` finds after a visit, which is taken back.
    fn with<T>(
        &mut self,
        walk: &mut Walk,
        left: &mut Left,
        task: usize,
        then: impl FnOnce(&mut Self, &mut Walk, &mut Left) -> T,
    ) -> T {
        let problem = self.problem;
        let Task { bank, aisle, stay } = problem.tasks[task];
        let before = (walk.now, walk.at, walk.banks[bank]);
        walk.go(problem.banks, bank, aisle, stay, problem.way);
        let taken = left.take(problem, task);
        let found = then(self, walk, left);
        left.put_back(task, taken);
        (walk.now, walk.at, walk.banks[bank]) = before;
        found
    }

    /// Whether it is given up: later, where the best so far may be far from the shortest.
    fn is_spent(&self) -> bool {
        let gap = self.time as f64 / self.bound as f64 - 1.0;
        self.problem.tasks.len() > EXACT && self.steps >= if gap > FAR { FAR_BUDGET } else { BUDGET }
    }

    /// Whether the same visits were made in another order after which nothing is later than now.
    fn is_late(&mut self, made: u64, walk: &Walk) -> bool {
        let open = walk.banks.iter().map(|(open, _)| *open).collect();
        let times: Vec<u64> =
            std::iter::once(walk.now).chain(walk.banks.iter().map(|(_, since)| *since)).collect();
        let seen = self.seen.entry((made, walk.at, open)).or_default();
        let no_later = |a: &[u64], b: &[u64]| a.iter().zip(b).all(|(a, b)| a <= b);
        if seen.iter().any(|other| no_later(other, &times)) {
            return true;
        }
        seen.retain(|other| !no_later(&times, other));
        seen.push(times);
        false
    }
}
