//! Which boxes to move to other slots, and what it saves.

use std::fmt;

use archive_core::holding::SlotAddress;
use archive_core::identifier::BoxNumber;
use serde::{Deserialize, Serialize};

use super::{Content, SlotIndex};

/// One box that stands better elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Improvement {
    /// 盒号.
    pub number: BoxNumber,
    /// Its slot now.
    pub from: SlotAddress,
    /// A slot that is free when its turn comes.
    pub to: SlotAddress,
    /// The opening time that this move saves after those before it, in seconds a month.
    pub saved: f64,
}

/// Moves in an order in which each can be carried out, and what they are for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advice {
    /// The moves: one for each box.
    pub moves: Vec<Improvement>,
    /// The room's expected opening time before, in seconds a month.
    pub before: f64,
    /// And after all moves.
    pub after: f64,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} moves bring the expected opening time from {:.0} s to {:.0} s a month",
            self.moves.len(),
            self.before,
            self.after
        )
    }
}

impl SlotIndex<'_> {
    /// Boxes to move one by one to free slots, `most` at most, each saving at least `least` seconds of
    /// opening time a month. Nothing is changed.
    ///
    /// Looks at the twenty boxes for each move that are fetched most, in that order: what is seldom
    /// fetched saves nothing. A box that is on its way, or on a column that is blocked, stays.
    ///
    /// The moves are greedy: another set of as many may save more.
    pub fn advise(&mut self, most: usize, least: f64) -> Advice {
        let before = self.opening_seconds_a_month();
        let mut candidates: Vec<(BoxNumber, f64)> = self
            .held
            .iter()
            .filter(|(_, held)| {
                let column = self.shelves.faces[self.shelves.face_of(held.slot)].column;
                self.shelves.content[held.slot] == Content::Standing && !self.blocked.contains_key(&column)
            })
            .map(|(number, held)| (number.clone(), held.traits.rate))
            .collect();
        candidates.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        candidates.truncate(most.saturating_mul(20));
        let mut moves: Vec<(BoxNumber, usize, usize, f64)> = Vec::new();
        for (number, _) in candidates {
            if moves.len() == most {
                break;
            }
            let seconds = self.opening_seconds_a_month();
            let held = self.held[&number];
            self.shift(&number, None);
            let stay = self.stock.costs(&held.traits, &self.shelves.aisles, &self.policy);
            let stay =
                self.with_balance(stay[self.shelves.aisle_of(held.slot)], self.shelves.face_of(held.slot));
            let best = self.best(&held.traits, 1).0.first().copied();
            let better = best.filter(|(_, costs)| costs.total() < stay.total());
            let slot = better.map_or(held.slot, |(slot, _)| slot);
            self.put_content(number.clone(), held.traits, slot, Content::Standing);
            let saved = seconds - self.opening_seconds_a_month();
            if slot != held.slot && saved >= least && saved > 0.0 {
                moves.push((number, held.slot, slot, saved));
            } else if slot != held.slot {
                self.shift(&number, Some(held.slot));
            }
        }
        let after = self.opening_seconds_a_month();
        for (number, from, ..) in moves.iter().rev() {
            self.shift(number, Some(*from));
        }
        self.stock.price();
        let address = |slot: usize| self.shelves.slots[slot].address.clone();
        let moves = moves
            .into_iter()
            .map(|(number, from, to, saved)| Improvement {
                number,
                from: address(from),
                to: address(to),
                saved,
            })
            .collect();
        Advice { moves, before, after }
    }

    /// Takes a standing box out of its slot, and puts it into another one.
    fn shift(&mut self, number: &BoxNumber, to: Option<usize>) {
        // The caller knows that the box is held.
        let Some(held) = self.held.remove(number) else { return };
        self.stock.remove(self.shelves.aisle_of(held.slot), &held.traits, &self.policy);
        self.shelves.clear(held.slot, &held.traits);
        if let Some(slot) = to {
            self.put_content(number.clone(), held.traits, slot, Content::Standing);
        }
    }
}
