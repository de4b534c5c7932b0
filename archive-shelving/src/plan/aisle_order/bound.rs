//! What no round can be shorter than.
//!
//! - A bank is either moving, waiting or visited: a round takes at least the stays in one bank and the
//!   least time in which it opens all their aisles.
//! - The person is either in an aisle, on the way or waiting: a round takes at least all stays, and
//!   between two of them either the way to another bank or an opening of the same one.
//! - Of several banks only one is visited first, and only one last: the others wait for the first
//!   stay, or are done before the last.

use super::micros;
use super::search::{Problem, Task, Walk};
use crate::layout::AisleId;
use crate::plan::opening::{Drive, Opening};

/// How many of the nearest aisles to each side are tried next.
const NEARBY: usize = 3;

/// What is left to visit in one bank.
#[derive(Debug, Clone, Copy)]
pub(super) struct BankLeft {
    visits: usize,
    stays: u64,
    low: AisleId,
    high: AisleId,
    /// Whether the aisle that is open is among them.
    open: bool,
}

/// The visits that are left.
#[derive(Debug, Clone)]
pub(super) struct Left {
    tasks: Vec<bool>,
    banks: Vec<BankLeft>,
}

impl Left {
    pub(super) fn new(problem: &Problem) -> Self {
        let none = BankLeft { visits: 0, stays: 0, low: AisleId(u16::MAX), high: AisleId(0), open: false };
        let mut left =
            Self { tasks: vec![true; problem.tasks.len()], banks: vec![none; problem.banks.len()] };
        for Task { bank, aisle, stay } in &problem.tasks {
            let of_bank = &mut left.banks[*bank];
            of_bank.visits += 1;
            of_bank.stays += stay;
            of_bank.low = of_bank.low.min(*aisle);
            of_bank.high = of_bank.high.max(*aisle);
            of_bank.open |= problem.banks[*bank].open == Some(*aisle);
        }
        left
    }

    /// Takes a visit that is made; gives what is needed to put it back.
    pub(super) fn take(&mut self, problem: &Problem, task: usize) -> (usize, BankLeft) {
        self.tasks[task] = false;
        let Task { bank, aisle, stay } = problem.tasks[task];
        let of_bank = &mut self.banks[bank];
        let before = *of_bank;
        of_bank.visits -= 1;
        of_bank.stays -= stay;
        // Each aisle is visited once, and this one is open now.
        of_bank.open = false;
        let left = |task: &usize| self.tasks[*task] && problem.tasks[*task].bank == bank;
        if aisle == of_bank.low {
            of_bank.low = (task..problem.tasks.len()).find(left).map_or(aisle, |t| problem.tasks[t].aisle);
        }
        if aisle == of_bank.high {
            of_bank.high = (0..task).rev().find(left).map_or(aisle, |t| problem.tasks[t].aisle);
        }
        (bank, before)
    }

    /// Puts back the visit that was taken last.
    pub(super) fn put_back(&mut self, task: usize, (bank, before): (usize, BankLeft)) {
        self.tasks[task] = true;
        self.banks[bank] = before;
    }

    /// The visits among which the next one of a good round is: in each bank the open aisle, or the
    /// nearest and the farthest to both sides, or those with the longest and shortest stay.
    pub(super) fn sensible(&self, problem: &Problem, walk: &Walk) -> Vec<usize> {
        let mut tasks = Vec::new();
        let mut begin = 0;
        while begin < problem.tasks.len() {
            let bank = problem.tasks[begin].bank;
            let end = begin + problem.tasks[begin..].partition_point(|task| task.bank == bank);
            let left = || (begin..end).filter(|task| self.tasks[*task]);
            let open = walk.banks[bank].0;
            let aisle = |task: &usize| problem.tasks[*task].aisle;
            let mut some: Vec<Option<usize>> = Vec::new();
            match (problem.banks[bank].opening.drive(), open) {
                (_, Some(open)) if left().any(|task| aisle(&task) == open) => {
                    some.push(left().find(|task| aisle(task) == open));
                }
                (Drive::OneAtATime, Some(open)) => {
                    // What is crossed twice is visited on the way out or on the way back.
                    some.extend(left().rev().filter(|task| aisle(task) < open).take(NEARBY).map(Some));
                    some.extend(left().filter(|task| aisle(task) > open).take(NEARBY).map(Some));
                    some.extend([left().next(), left().next_back()]);
                }
                _ => {
                    let stay = |task: &usize| problem.tasks[*task].stay;
                    some.extend([left().min_by_key(stay), left().max_by_key(stay)]);
                    some.extend([left().next(), left().next_back()]);
                }
            }
            let first = tasks.len();
            for task in some.into_iter().flatten() {
                if !tasks[first..].contains(&task) {
                    tasks.push(task);
                }
            }
            begin = end;
        }
        tasks
    }

    /// A time before which a round that stands so cannot end.
    pub(super) fn bound(&self, problem: &Problem, walk: &Walk) -> u64 {
        let of_banks = self.banks.iter().enumerate().filter(|(_, left)| left.visits > 0).map(|(at, left)| {
            let (open, since) = walk.banks[at];
            since + left.opening(problem.banks[at].opening, open) + left.stays
        });
        of_banks.max().unwrap_or(walk.now).max(walk.now + self.of_person(problem, walk))
    }

    /// All stays, and between them the way or an opening.
    ///
    /// Aisles of one bank that are visited one after the other make a chain. Its links cost no less than the
    /// cheapest that join so many aisles: on a line, those between neighbours. Between two chains of a bank
    /// lies one of another bank.
    fn of_person(&self, problem: &Problem, walk: &Walk) -> u64 {
        let way = problem.way;
        let mut least = self.banks.iter().map(|left| left.stays).sum::<u64>();
        // A link that costs more than the way is not made: the person walks to another bank instead.
        let (mut chains, mut banks, mut most) = (0, 0, (0, 0));
        for bank in (0..self.banks.len()).filter(|bank| self.is_open_to(walk, *bank)) {
            let mut of_bank = 1;
            self.links(problem, walk, bank, |link| {
                least += link.min(way);
                of_bank += usize::from(link > way);
            });
            chains += of_bank;
            banks += 1;
            most = most.max((of_bank, bank));
        }
        least += way * (banks - 1);
        let (of_bank, bank) = most;
        let others = chains - of_bank + usize::from(walk.at.is_none_or(|at| at == bank));
        if of_bank > others {
            // Chains of that bank are joined all the same, or others are parted.
            let mut dearer = Vec::new();
            for other in (0..self.banks.len()).filter(|bank| self.is_open_to(walk, *bank)) {
                self.links(problem, walk, other, |link| {
                    if (other == bank) == (link > way) {
                        dearer.push(link.abs_diff(way));
                    }
                });
            }
            dearer.sort_unstable();
            least += dearer.iter().take(of_bank - others).sum::<u64>();
        }
        least
    }

    /// Whether the person is in a bank, or has to come there.
    fn is_open_to(&self, walk: &Walk, bank: usize) -> bool {
        self.banks[bank].visits > 0 || walk.at == Some(bank)
    }

    /// What it takes to open the next of neighbours, for those aisles of a bank that are left and the one
    /// where the person is.
    fn links(&self, problem: &Problem, walk: &Walk, bank: usize, mut link: impl FnMut(u64)) {
        let opening = problem.banks[bank].opening;
        let mut here = walk.banks[bank].0.filter(|_| walk.at == Some(bank));
        let mut last: Option<AisleId> = None;
        let mut next = |aisle: AisleId| {
            if let Some(last) = last.replace(aisle) {
                link(micros(opening.time(Some(last), aisle)));
            }
        };
        for task in problem.of_bank(bank).filter(|task| self.tasks[*task]) {
            let aisle = problem.tasks[task].aisle;
            if let Some(open) = here.take_if(|open| *open < aisle) {
                next(open);
            }
            next(aisle);
        }
        here.into_iter().for_each(next);
    }
}

impl BankLeft {
    /// The least time in which the bank opens all aisles that are left.
    fn opening(&self, opening: Opening, open: Option<AisleId>) -> u64 {
        let width = micros(opening.width());
        let steps = match (opening.drive(), open) {
            (Drive::Together, _) => self.visits - usize::from(self.open),
            (Drive::OneAtATime, None) => 1 + usize::from(self.high.0 - self.low.0),
            (Drive::OneAtATime, Some(open)) => self.steps_from(open),
        };
        steps as u64 * width
    }

    /// How many widths carriages move one after the other from where the bank stands.
    fn steps_from(&self, open: AisleId) -> usize {
        let ends = [open.0.abs_diff(self.low.0), open.0.abs_diff(self.high.0)];
        usize::from(self.high.0 - self.low.0) + usize::from(ends[0].min(ends[1]))
    }

    /// The same, where the first aisle is not entered before `head`.
    fn opening_after(&self, problem: &Problem, bank: usize, head: u64) -> u64 {
        let (opening, open) = (problem.banks[bank].opening, problem.banks[bank].open);
        let width = micros(opening.width());
        let tasks = problem.tasks.iter().filter(|task| task.bank == bank);
        let first = |task: &Task| {
            let ready = micros(opening.time(open, task.aisle)).max(head);
            let rest = match opening.drive() {
                Drive::Together => self.visits - 1,
                Drive::OneAtATime => self.steps_from(task.aisle),
            };
            ready + rest as u64 * width
        };
        tasks.map(first).min().unwrap_or(0)
    }
}

impl Problem<'_> {
    /// A time below which no round is.
    pub(super) fn bound(&self) -> u64 {
        let left = Left::new(self);
        let walk = Walk::new(self.banks);
        let used: Vec<usize> = (0..self.banks.len()).filter(|bank| left.banks[*bank].visits > 0).collect();
        // When the person leaves the first aisle at the earliest, if it is one of this bank.
        let leaves = |bank: usize| {
            let tasks = self.tasks.iter().filter(|task| task.bank == bank);
            let leave = |task: &Task| {
                micros(self.banks[bank].opening.time(self.banks[bank].open, task.aisle)) + task.stay
            };
            tasks.map(leave).min().unwrap_or(0)
        };
        let shortest = |bank: usize| {
            self.tasks.iter().filter(|task| task.bank == bank).map(|task| task.stay).min().unwrap_or(0)
        };
        let mut least = u64::MAX;
        for first in &used {
            let head = leaves(*first) + self.way;
            let cores: Vec<u64> = used
                .iter()
                .map(|bank| {
                    let head = if bank == first { 0 } else { head };
                    left.banks[*bank].opening_after(self, *bank, head) + left.banks[*bank].stays
                })
                .collect();
            for last in &used {
                let tail = self.way + shortest(*last);
                let ends =
                    used.iter().zip(&cores).map(|(bank, core)| core + if bank == last { 0 } else { tail });
                least = least.min(ends.max().unwrap_or(0));
            }
        }
        let entered = used.iter().map(|bank| {
            let tasks = self.tasks.iter().filter(|task| task.bank == *bank);
            let time =
                |task: &Task| micros(self.banks[*bank].opening.time(self.banks[*bank].open, task.aisle));
            tasks.map(time).min().unwrap_or(0)
        });
        let of_person = entered.min().unwrap_or(0) + left.bound(self, &walk).min(left.of_person(self, &walk));
        least.max(of_person)
    }
}
