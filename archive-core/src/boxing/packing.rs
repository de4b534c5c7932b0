//! Boxes for many files at once.
//!
//! ```
//! use archive_core::boxing::packing::{FileToBox, Order, pack};
//! use archive_core::policy::Policy;
//! use archive_core::units::Millimetres;
//!
//! let policy = Policy::reference();
//! let key = archive_core::holding::BoxKey {
//!     fonds: policy.fonds().clone(),
//!     year: 2024,
//!     retention: archive_core::holding::Retention::D30,
//!     organisation: policy.organisation().clone(),
//! };
//! let files: Vec<_> = [30, 20, 30, 20].map(|mm| FileToBox { key: key.clone(), thickness: Millimetres(mm) }).into();
//! let plan = pack(&files, policy.boxing(), Order::BestUse)?;
//! assert_eq!(plan.boxes.len(), 2, "two full boxes of 50 mm");
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! In [`Order::Number`] a box holds consecutive files, as its spine says (first to last item); the plan
//! is the best one of that kind, found by dynamic programming. In [`Order::BestUse`] any files of one
//! key may share a box: each box is begun by the thickest file that is left and filled exactly where the
//! rest allows it.
//!
//! [`lower_bound`] is what no plan can beat: the thickness of each key's files, rounded up to what
//! spines can add up to.

use std::collections::BTreeMap;

use serde::Serialize;

use super::BoxingRule;
use crate::error::Error;
use crate::holding::BoxKey;
use crate::units::Millimetres;

/// A file that needs a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileToBox {
    /// What its box must have in common with it.
    pub key: BoxKey,
    /// How thick it is.
    pub thickness: Millimetres,
}

/// Whether a box holds consecutive files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// 按件号: each box holds consecutive files of its key, in the order given.
    Number,
    /// Any files of one key share a box, so that the shelf is used best.
    BestUse,
}

/// A box of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedBox {
    /// What its files have in common.
    pub key: BoxKey,
    /// Its spine.
    pub spine: Millimetres,
    /// How much of it is filled.
    pub filled: Millimetres,
    /// Its files, by their places in what was given.
    pub files: Vec<usize>,
}

/// Boxes for files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The boxes, by key.
    pub boxes: Vec<PlannedBox>,
}

impl Plan {
    /// The shelf that the boxes take, in millimetres.
    #[must_use]
    pub fn shelf(&self) -> u64 {
        self.boxes.iter().map(|b| u64::from(b.spine.0)).sum()
    }
}

/// Plans boxes for `files`.
///
/// # Errors
/// `InvalidInput` for a file that is thicker than every box, or of no thickness.
pub fn pack(files: &[FileToBox], rule: &BoxingRule, order: Order) -> Result<Plan, Error> {
    let mut boxes = Vec::new();
    for (key, members) in by_key(files, rule)? {
        let groups = match order {
            Order::Number => consecutive(files, &members, rule),
            Order::BestUse => best_use(files, members, rule),
        };
        boxes.extend(groups.into_iter().map(|members| planned(key, members, files, rule)));
    }
    Ok(Plan { boxes })
}

/// The least shelf, in millimetres, that any plan for `files` takes.
///
/// # Errors
/// As for [`pack`].
pub fn lower_bound(files: &[FileToBox], rule: &BoxingRule) -> Result<u64, Error> {
    let groups = by_key(files, rule)?;
    let total = |members: &[usize]| members.iter().map(|i| u64::from(files[*i].thickness.0)).sum();
    Ok(groups.values().map(|members| least_sum(total(members), rule)).sum())
}

/// The least sum of spines that is at least `total`.
fn least_sum(total: u64, rule: &BoxingRule) -> u64 {
    // Above the square of the widest spine every multiple of the spines' common divisor is a sum.
    let widest = u64::from(rule.widest().0);
    let divisor = rule.spines.iter().fold(0, |d, s| gcd(d, u64::from(s.0)));
    let range = usize::try_from(widest * widest).unwrap_or(usize::MAX);
    if total > widest * widest {
        return total.div_ceil(divisor) * divisor;
    }
    let mut sums = vec![false; range + 1];
    sums[0] = true;
    for sum in 0..=range {
        if sums[sum] {
            for spine in rule.spines.iter().map(|s| s.0 as usize).filter(|s| sum + s <= range) {
                sums[sum + spine] = true;
            }
        }
    }
    (total..=widest * widest).find(|s| sums[*s as usize]).unwrap_or(total)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn by_key<'a>(files: &'a [FileToBox], rule: &BoxingRule) -> Result<BTreeMap<&'a BoxKey, Vec<usize>>, Error> {
    let mut groups: BTreeMap<&BoxKey, Vec<usize>> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        if file.thickness.0 == 0 || file.thickness > rule.widest() {
            let message = format!(
                "is {} thick and boxes take 1 to {}: split it into several files",
                file.thickness,
                rule.widest()
            );
            return Err(Error::invalid(format!("file {index} to be boxed"), message));
        }
        groups.entry(&file.key).or_default().push(index);
    }
    Ok(groups)
}

fn planned(key: &BoxKey, members: Vec<usize>, files: &[FileToBox], rule: &BoxingRule) -> PlannedBox {
    let filled = Millimetres(members.iter().map(|i| files[*i].thickness.0).sum());
    let spine = rule.spine_for(filled).unwrap_or(rule.widest());
    PlannedBox { key: key.clone(), spine, filled, files: members }
}

/// The cheapest way to cut the sequence into boxes: shelf first, then the number of boxes.
fn consecutive(files: &[FileToBox], members: &[usize], rule: &BoxingRule) -> Vec<Vec<usize>> {
    let thickness: Vec<u32> = members.iter().map(|i| files[*i].thickness.0).collect();
    // The best cost of the first n files, and where its last box begins.
    let mut best: Vec<((u64, u32), usize)> = vec![((0, 0), 0)];
    for end in 1..=thickness.len() {
        let mut sum = 0;
        let mut choice = ((u64::MAX, u32::MAX), end - 1);
        for start in (0..end).rev() {
            sum += thickness[start];
            let Some(spine) = rule.spine_for(Millimetres(sum)) else { break };
            let (shelf, boxes) = best[start].0;
            let cost = (shelf + u64::from(spine.0), boxes + 1);
            if cost < choice.0 {
                choice = (cost, start);
            }
        }
        best.push(choice);
    }
    let mut groups = Vec::new();
    let mut end = members.len();
    while end > 0 {
        let start = best[end].1;
        groups.push(members[start..end].to_vec());
        end = start;
    }
    groups.reverse();
    groups
}

/// Files of each thickness, the latest on top.
struct Stock {
    by_thickness: Vec<Vec<usize>>,
    thickest: usize,
}

impl Stock {
    fn take(&mut self, thickness: usize) -> Option<usize> {
        self.by_thickness[thickness].pop()
    }

    fn thickest(&mut self) -> Option<usize> {
        while self.thickest > 0 && self.by_thickness[self.thickest].is_empty() {
            self.thickest -= 1;
        }
        (self.thickest > 0).then_some(self.thickest)
    }
}

fn best_use(files: &[FileToBox], members: Vec<usize>, rule: &BoxingRule) -> Vec<Vec<usize>> {
    let widest = rule.widest().0 as usize;
    let mut stock = Stock { by_thickness: vec![Vec::new(); widest + 1], thickest: widest };
    // Taken from the end, so that the earliest files go first.
    for index in members.into_iter().rev() {
        stock.by_thickness[files[index].thickness.0 as usize].push(index);
    }
    let mut groups = Vec::new();
    while let Some(first) = stock.thickest() {
        let begun: Vec<usize> = stock.take(first).into_iter().collect();
        let sizes = fill(&stock, first, rule);
        let mut group = begun;
        group.extend(sizes.into_iter().filter_map(|size| stock.take(size)));
        group.sort_unstable();
        groups.push(group);
    }
    groups.sort_unstable();
    groups
}

/// The thicknesses that fill a box best that holds a file of `first` already: the spine with the least
/// waste for its width, the widest of those; in it, thick files before thin ones.
fn fill(stock: &Stock, first: usize, rule: &BoxingRule) -> Vec<usize> {
    let room = rule.widest().0 as usize - first;
    // last[sum]: the thinnest file of a filling of exactly that sum that uses thick files first.
    let mut last: Vec<Option<usize>> = vec![None; room + 1];
    let mut reached = vec![false; room + 1];
    reached[0] = true;
    for size in (1..=room.min(stock.thickest)).rev() {
        let count = stock.by_thickness[size].len();
        if count == 0 {
            continue;
        }
        // How many files of this size a sum needs; none where it was reached without them.
        let mut used = vec![0_usize; room + 1];
        for sum in size..=room {
            if !reached[sum] && reached[sum - size] && used[sum - size] < count {
                reached[sum] = true;
                used[sum] = used[sum - size] + 1;
                last[sum] = Some(size);
            }
        }
        if reached[room] {
            break;
        }
    }
    let waste = |spine: usize| {
        let sum = (0..=spine - first).rev().find(|s| reached[*s]).unwrap_or(0);
        (spine - first - sum, sum)
    };
    let spines = rule.spines.iter().map(|s| s.0 as usize).filter(|s| *s >= first);
    let best = spines.map(|spine| (spine, waste(spine))).min_by(|(a, (wa, _)), (b, (wb, _))| {
        // wa / a against wb / b, without division; the wider of equals.
        (wa * b).cmp(&(wb * a)).then(b.cmp(a))
    });
    let mut sum = best.map_or(0, |(_, (_, sum))| sum);
    let mut sizes = Vec::new();
    while let Some(size) = last[sum] {
        sizes.push(size);
        sum -= size;
    }
    sizes
}

#[cfg(test)]
mod tests;
