//! What can follow two writings of one field, of which one is the beginning of the other.

use std::collections::HashSet;

use super::Search;
use crate::tracks::TooComplex;

impl Search<'_> {
    /// A short text from the state `next` to the end that compares greater than itself behind
    /// `rest`, or lower if so asked.
    pub(super) fn tail_alike(&self, next: u32, rest: &str, lower: bool) -> Option<String> {
        let mut best: Option<String> = None;
        let mut queue = vec![(next, String::new())];
        let mut at = 0;
        while let Some((state, text)) = queue.get(at).cloned() {
            at += 1;
            // A text that ends where it agrees with itself behind `rest` is the lower one.
            if lower
                && self.tracks.accepting[state as usize]
                && best.as_ref().is_none_or(|b| text.len() < b.len())
            {
                best = Some(text.clone());
            }
            let due = rest.chars().chain(text.chars()).nth(text.chars().count())?;
            for track in &self.tracks.tracks[state as usize] {
                let away = if lower { track.lo } else { above(due).max(track.lo) };
                if if lower { away < due } else { away > due && away <= track.hi } {
                    let tail = format!("{text}{away}{}", self.completions[track.to as usize]);
                    let rank = |tail: &String| (tail.chars().count(), tail.clone());
                    if best.as_ref().is_none_or(|known| rank(&tail) < rank(known)) {
                        best = Some(tail);
                    }
                }
                if track.lo <= due && due <= track.hi && queue.len() < crate::limits::CODES {
                    queue.push((track.to, format!("{text}{due}")));
                }
            }
        }
        best
    }

    /// The shortest two continuations, of a short writing (from the state `short` on) and of a
    /// long one (from `long` on), of which the short one's compares greater, or lower if so asked.
    pub(super) fn tails(&self, short: u32, long: Long<'_>, lower: bool) -> Result<Option<Tails>, TooComplex> {
        let mut best: Option<Tails> = None;
        let mut known = HashSet::new();
        let mut queue = vec![(short, long, String::new())];
        let mut at = 0;
        while let Some((x, y, text)) = queue.get(at).cloned() {
            if best.as_ref().is_some_and(|best| best.length <= 2 * text.chars().count()) {
                break;
            }
            let mut offer = |short: String, long: String| {
                let tails = Tails { length: short.chars().count() + long.chars().count(), short, long };
                if best.as_ref().is_none_or(|known| tails < *known) {
                    best = Some(tails);
                }
            };
            let to_end = |c: char, to: u32| format!("{text}{c}{}", self.completions[to as usize]);
            let ways = self.ways(&y);
            for p in &self.tracks.tracks[x as usize] {
                if !lower && matches!(y, Long::At(state) if self.tracks.accepting[state as usize]) {
                    offer(to_end(p.lo, p.to), text.clone());
                }
                for (q_lo, q_hi, q_to) in &ways {
                    let apart = if lower { p.lo < *q_hi } else { *q_lo < p.hi };
                    if apart {
                        let p_c = if lower { p.lo } else { above(*q_lo).max(p.lo) };
                        let q_c = if lower { above(p.lo).max(*q_lo) } else { *q_lo };
                        offer(to_end(p_c, p.to), format!("{text}{q_c}{}", self.end_of(q_to)));
                    }
                    let (lo, hi) = (p.lo.max(*q_lo), p.hi.min(*q_hi));
                    if lo <= hi && known.insert((p.to, q_to.clone())) {
                        if known.len() > crate::limits::PROOF_STATES {
                            return Err(TooComplex);
                        }
                        queue.push((p.to, q_to.clone(), format!("{text}{lo}")));
                    }
                }
            }
            if lower && self.tracks.accepting[x as usize] {
                for (q_lo, _, q_to) in &ways {
                    offer(text.clone(), format!("{text}{q_lo}{}", self.end_of(q_to)));
                }
            }
            at += 1;
        }
        Ok(best)
    }

    /// The steps from a place in a long writing.
    fn ways<'l>(&self, long: &Long<'l>) -> Vec<(char, char, Long<'l>)> {
        match *long {
            Long::Rest(rest, next) => {
                let mut chars = rest.chars();
                let Some(c) = chars.next() else { return self.ways(&Long::At(next)) };
                vec![(c, c, if chars.as_str().is_empty() { Long::At(next) } else { Long::Rest(chars.as_str(), next) })]
            }
            Long::Within(state, piece) => self
                .ways(&Long::At(state))
                .into_iter()
                .filter(|way| matches!(way.2, Long::At(to) if self.tracks.piece_of[to as usize] as usize == piece))
                .collect(),
            Long::At(state) => self.tracks.tracks[state as usize]
                .iter()
                .map(|track| (track.lo, track.hi, Long::At(track.to)))
                .collect(),
        }
    }

    fn end_of(&self, long: &Long<'_>) -> String {
        match *long {
            Long::Rest(rest, next) => format!("{rest}{}", self.completions[next as usize]),
            Long::Within(state, _) | Long::At(state) => self.completions[state as usize].clone(),
        }
    }
}

/// A place in the longer of two writings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Long<'a> {
    /// Before the rest of a code, behind which the state follows.
    Rest(&'a str, u32),
    /// In the part with this number, which the next step does not leave.
    Within(u32, usize),
    At(u32),
}

/// Continuations of a short and of a long writing; shorter ones first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tails {
    pub(super) length: usize,
    pub(super) long: String,
    pub(super) short: String,
}

/// The next character.
pub(super) fn above(c: char) -> char {
    (c..=char::MAX).nth(1).unwrap_or(c)
}
