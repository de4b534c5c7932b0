//! Proposals to re-box (重新装盒) what disposal and corrections left half full.
//!
//! ```
//! use archive_core::boxing::reboxing::{BoxedFiles, propose};
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
//! let half = |number: &str| BoxedFiles {
//!     number: number.parse().unwrap(),
//!     key: key.clone(),
//!     spine: Millimetres(50),
//!     files: vec![Millimetres(12), Millimetres(12)],
//! };
//! let proposals = propose(&[half("H1"), half("H2")], policy.boxing(), 30)?;
//! assert_eq!((proposals[0].saved.0, proposals[0].emptied.len()), (50, 1));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A proposal is for one key; nothing is moved until somebody accepts it. Files keep their order.

use std::collections::BTreeMap;

use serde::Serialize;

use super::BoxingRule;
use super::packing::{FileToBox, Order, pack};
use crate::error::Error;
use crate::holding::BoxKey;
use crate::identifier::BoxNumber;
use crate::units::Millimetres;

/// A box and the thickness of each of its files, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxedFiles {
    /// Its number.
    pub number: BoxNumber,
    /// What its files have in common.
    pub key: BoxKey,
    /// Its spine.
    pub spine: Millimetres,
    /// Its files.
    pub files: Vec<Millimetres>,
}

/// A file that should change its box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileMove {
    /// The box that it lies in.
    pub from: BoxNumber,
    /// Its place there, from 0.
    pub place: usize,
    /// The box that it should go to.
    pub to: BoxNumber,
}

/// What should be done with the boxes of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The key.
    pub key: BoxKey,
    /// The files that move, in order.
    pub moves: Vec<FileMove>,
    /// The boxes that stay, with the spine that they then need.
    pub kept: Vec<(BoxNumber, Millimetres)>,
    /// The boxes that are empty afterwards.
    pub emptied: Vec<BoxNumber>,
    /// The shelf that is saved.
    pub saved: Millimetres,
}

/// Proposals for `boxes`, in the order of their numbers; one for each key whose shelf shrinks by
/// `least_saving` millimetres or more.
///
/// # Errors
/// `InvalidInput` where a box holds a file that fits no box.
pub fn propose(boxes: &[BoxedFiles], rule: &BoxingRule, least_saving: u32) -> Result<Vec<Proposal>, Error> {
    let mut by_key: BTreeMap<&BoxKey, Vec<&BoxedFiles>> = BTreeMap::new();
    for boxed in boxes {
        by_key.entry(&boxed.key).or_default().push(boxed);
    }
    let mut proposals = Vec::new();
    for (key, boxes) in by_key {
        let proposal = propose_one(key, &boxes, rule)?;
        if proposal.saved.0 >= least_saving.max(1) {
            proposals.push(proposal);
        }
    }
    Ok(proposals)
}

fn propose_one(key: &BoxKey, boxes: &[&BoxedFiles], rule: &BoxingRule) -> Result<Proposal, Error> {
    let mut files = Vec::new();
    let mut from = Vec::new();
    for (index, boxed) in boxes.iter().enumerate() {
        for (place, thickness) in boxed.files.iter().enumerate() {
            files.push(FileToBox { key: key.clone(), thickness: *thickness });
            from.push((index, place));
        }
    }
    let plan = pack(&files, rule, Order::Number)?;
    let before: u64 = boxes.iter().map(|b| u64::from(b.spine.0)).sum();
    let saved = Millimetres(u32::try_from(before.saturating_sub(plan.shelf())).unwrap_or(u32::MAX));

    // Each planned box keeps the number of an old one, in order: the first of its files' boxes that
    // nobody took yet, so that most files stay where they are.
    let mut moves = Vec::new();
    let mut kept = Vec::new();
    let mut taken = vec![false; boxes.len()];
    for planned in &plan.boxes {
        let own = planned.files.iter().map(|file| from[*file].0).find(|old| !taken[*old]);
        let Some(target) = own.or_else(|| taken.iter().position(|t| !t)) else {
            // More boxes than before: such a plan saves nothing and is not proposed.
            return Ok(Proposal {
                key: key.clone(),
                moves: Vec::new(),
                kept,
                emptied: Vec::new(),
                saved: Millimetres(0),
            });
        };
        taken[target] = true;
        kept.push((boxes[target].number.clone(), planned.spine));
        for file in &planned.files {
            let (old, place) = from[*file];
            if old != target {
                let (from, to) = (boxes[old].number.clone(), boxes[target].number.clone());
                moves.push(FileMove { from, place, to });
            }
        }
    }
    let emptied = boxes.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(b, _)| b.number.clone());
    Ok(Proposal { key: key.clone(), moves, kept, emptied: emptied.collect(), saved })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::holding::Retention;
    use crate::policy::Policy;

    fn boxed(number: &str, year: u16, files: &[u32]) -> BoxedFiles {
        let key = BoxKey {
            fonds: "Z109".parse().unwrap(),
            year,
            retention: Retention::D30,
            organisation: "YX01".parse().unwrap(),
        };
        let files = files.iter().map(|t| Millimetres(*t)).collect();
        BoxedFiles { number: number.parse().unwrap(), key, spine: Millimetres(50), files }
    }

    #[test]
    fn half_empty_boxes_are_joined_and_keys_stay_apart() {
        let boxes = [
            boxed("H1", 2024, &[20]),
            boxed("H2", 2024, &[10, 20]),
            boxed("H3", 2023, &[20]),
            boxed("H4", 2024, &[]),
        ];
        let proposals = propose(&boxes, Policy::reference().boxing(), 10).unwrap();
        assert_eq!(proposals.len(), 2);
        assert_eq!(proposals[0].kept, [("H3".parse().unwrap(), Millimetres(20))], "a thinner box will do");
        let year = &proposals[1];
        assert_eq!(year.saved, Millimetres(100));
        assert_eq!(year.kept, [("H1".parse().unwrap(), Millimetres(50))]);
        assert_eq!(year.emptied, ["H2".parse().unwrap(), "H4".parse().unwrap()]);
        let moves: Vec<_> = year.moves.iter().map(|m| (m.from.as_str(), m.place, m.to.as_str())).collect();
        assert_eq!(moves, [("H2", 0, "H1"), ("H2", 1, "H1")]);
    }

    #[test]
    fn full_boxes_are_left_alone() {
        let boxes = [boxed("H1", 2024, &[30, 20]), boxed("H2", 2024, &[50])];
        assert!(propose(&boxes, Policy::reference().boxing(), 1).unwrap().is_empty());
    }
}
