//! Numbers that first differ in a field of which each writing begins the next, where a field that ranks
//! higher is printed behind it.
//!
//! Which of two such numbers comes first, as bytes and by value, depends on what follows, and what follows is
//! read by both with a shift: `0|12` and `01|2`. Both are walked character by character, breadth first,
//! for each pair of writings and each field that may decide the order. Of the fields that rank above the
//! deciding one, both numbers must have the same value; their texts are part of the walk's state as long as
//! only one of the two has written them. Once the texts part, or one ends, the bytes are decided and the rest
//! is chosen as short as the wanted order of values allows.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use super::words::{all_of, all_words, least_and_greatest, walk};
use super::{Pair, Search};
use crate::checked::characters::reachable;
use crate::explanation::shortest_from;
use crate::field::Kind;
use crate::limits::PROOF_STATES;
use crate::tracks::TooComplex;

/// What the values of the fields behind the first difference have to be, by their pieces.
struct Wish {
    /// The same in both numbers.
    equal: Vec<usize>,
    /// Different, which decides the order; none where the first difference decides it.
    decider: Option<usize>,
}

impl Wish {
    fn is_about(&self, piece: usize) -> bool {
        self.decider == Some(piece) || self.equal.contains(&piece)
    }
}

/// One of two numbers, as far as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Side<'a> {
    /// What its value of the first field that differs still has to write.
    rest: &'a str,
    /// Where it is behind that.
    state: u32,
    /// What it wrote of each field that the wish is about, until both have written it.
    texts: BTreeMap<usize, String>,
}

/// Two numbers with one text so far.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Both<'a> {
    sides: [Side<'a>; 2],
    /// How the first compares with the second by value, once that is known.
    decided: Option<Ordering>,
}

/// A step of one side: the characters from `lo` to `hi` lead to `to`.
struct Step {
    lo: char,
    hi: char,
    to: u32,
}

impl Search<'_> {
    /// The shortest pair that breaks the order and first differs in `piece`, whose writings are `chain`; and
    /// the field that decides.
    pub(super) fn behind_chain(
        &self,
        piece: usize,
        chain: &[String],
    ) -> Result<Option<(Pair, usize)>, TooComplex> {
        let Some(own) = self.rule.pieces[piece].field else { return Ok(None) };
        let above: Vec<(usize, usize)> = (piece + 1..self.rule.pieces.len())
            .filter_map(|at| Some((at, self.rule.pieces[at].field?)))
            .filter(|&(at, field)| {
                self.rank(field) < self.rank(own) && self.rule.pieces[at].language.size() != Some(1)
            })
            .collect();
        let (ends, left) = (self.ends(), Cell::new(PROOF_STATES));
        let (before, _) = self.around(piece);
        let mut best: Option<(Pair, usize)> = None;
        for (i, short) in chain.iter().enumerate() {
            for long in &chain[i + 1..] {
                let own_decides = (self.rank(own) != usize::MAX).then_some((None, own));
                for (decider, field) in above.iter().map(|&(at, field)| (Some(at), field)).chain(own_decides)
                {
                    let is_higher = |other: &usize| self.rank(*other) < self.rank(field);
                    let equal = above.iter().filter(|(_, f)| is_higher(f)).map(|&(at, _)| at).collect();
                    let wish = Wish { equal, decider };
                    let walk = Walk {
                        search: self,
                        piece,
                        wish,
                        ends: &ends,
                        is_narrowed: Cell::new(false),
                        left: &left,
                    };
                    let decided = decider.is_none().then(|| self.compare(own, short, long));
                    let Some(tails) = walk.shortest(&long[short.len()..], decided)? else { continue };
                    let pair = tails.map(|tail| format!("{before}{short}{tail}"));
                    let [first, second] = pair;
                    let pair = if first < second { (first, second) } else { (second, first) };
                    if best.as_ref().is_none_or(|(known, _)| super::rank(&pair) < super::rank(known)) {
                        best = Some((pair, field));
                    }
                }
            }
        }
        Ok(best)
    }

    /// For each state the shortest text to the end of its part.
    fn ends(&self) -> Vec<String> {
        let of_piece = |piece: &crate::checked::Piece| -> Vec<String> {
            let texts = reachable(&piece.language).into_iter();
            texts.map(|state| shortest_from(&piece.language, state).unwrap_or_default()).collect()
        };
        self.rule.pieces.iter().flat_map(of_piece).collect()
    }
}

/// The walk of two numbers from their first difference on.
struct Walk<'s> {
    search: &'s Search<'s>,
    /// The part in which they differ first.
    piece: usize,
    wish: Wish,
    ends: &'s [String],
    /// Whether a step had too many characters to try them all, so that finding nothing proves nothing.
    is_narrowed: Cell<bool>,
    /// The places and ends that may still be looked at, over all walks from one part.
    left: &'s Cell<usize>,
}

impl Walk<'_> {
    /// The shortest two texts behind a short writing, where the second one's begins with `rest`, that break
    /// the order.
    fn shortest(&self, rest: &str, decided: Option<Ordering>) -> Result<Option<[String; 2]>, TooComplex> {
        let Some(&next) = self.search.tracks.base.get(self.piece + 1) else { return Ok(None) };
        let side = |rest| Side { rest, state: next, texts: BTreeMap::new() };
        let begin = Both { sides: [side(""), side(rest)], decided };
        let mut best: Option<[String; 2]> = None;
        let mut known = HashSet::from([begin.clone()]);
        let mut queue = vec![(begin, String::new())];
        let mut at = 0;
        while let Some((both, text)) = queue.get(at).cloned() {
            at += 1;
            let least = 2 * text.chars().count() + both.sides.iter().map(|s| self.least(s)).sum::<usize>();
            if best.as_ref().is_some_and(|best| length(best) <= least) {
                continue;
            }
            if self.is_spent() {
                break;
            }
            let mut offer = |tails: Option<[String; 2]>| {
                let whole = tails.map(|tails| tails.map(|tail| format!("{text}{tail}")));
                if let Some(whole) = whole
                    && best.as_ref().is_none_or(|b| (length(&whole), &whole) < (length(b), b))
                {
                    best = Some(whole);
                }
            };
            let steps = [self.steps(&both.sides[0]), self.steps(&both.sides[1])];
            // One ends, and the other goes on: the shorter one comes first.
            for (ended, other) in [(0, 1), (1, 0)] {
                if both.sides[ended].rest.is_empty()
                    && self.search.tracks.accepting[both.sides[ended].state as usize]
                {
                    for step in &steps[other] {
                        for c in self.chars(step, None) {
                            let mut onward = both.clone();
                            self.advance(&mut onward.sides[other], step, c);
                            let bytes = if ended == 0 { Ordering::Less } else { Ordering::Greater };
                            let mut written = [String::new(), String::new()];
                            written[other].push(c);
                            offer(self.finish(onward, bytes, written)?);
                        }
                    }
                }
            }
            for first in &steps[0] {
                for second in &steps[1] {
                    self.part(&both, (first, second), &mut offer)?;
                    for c in self.common(first, second) {
                        if self.is_spent() {
                            break;
                        }
                        let mut onward = both.clone();
                        self.advance(&mut onward.sides[0], first, c);
                        self.advance(&mut onward.sides[1], second, c);
                        if self.settle(&mut onward) && known.insert(onward.clone()) {
                            queue.push((onward, format!("{text}{c}")));
                        }
                    }
                }
            }
        }
        if best.is_none() && (self.is_narrowed.get() || self.is_spent()) { Err(TooComplex) } else { Ok(best) }
    }

    /// Offers the ends of texts that part by a step of each side.
    fn part(
        &self,
        both: &Both<'_>,
        (first, second): (&Step, &Step),
        offer: &mut dyn FnMut(Option<[String; 2]>),
    ) -> Result<(), TooComplex> {
        for a in self.chars(first, Some(second)) {
            for b in self.chars(second, Some(first)) {
                if self.is_spent() {
                    return Ok(());
                }
                if a == b {
                    continue;
                }
                let mut onward = both.clone();
                self.advance(&mut onward.sides[0], first, a);
                self.advance(&mut onward.sides[1], second, b);
                offer(self.finish(onward, a.cmp(&b), [a.to_string(), b.to_string()])?);
            }
        }
        Ok(())
    }

    fn steps(&self, side: &Side<'_>) -> Vec<Step> {
        if let Some(c) = side.rest.chars().next() {
            return vec![Step { lo: c, hi: c, to: side.state }];
        }
        let tracks = &self.search.tracks.tracks[side.state as usize];
        tracks.iter().map(|track| Step { lo: track.lo, hi: track.hi, to: track.to }).collect()
    }

    fn piece_of(&self, state: u32) -> usize {
        self.search.tracks.piece_of[state as usize] as usize
    }

    /// The characters of a step that make a difference: all, where the text is to be known; else the least
    /// and the greatest, and those beside the ends of the other side's step.
    fn chars(&self, step: &Step, other: Option<&Step>) -> Vec<char> {
        if self.wish.is_about(self.piece_of(step.to))
            && let Some(all) = self.all_of(step.lo, step.hi)
        {
            return all;
        }
        let mut chars = vec![step.lo, step.hi];
        let beside = other.into_iter().flat_map(|o| [super::tails::above(o.lo), super::tails::above(o.hi)]);
        chars.extend(beside.filter(|c| (step.lo..=step.hi).contains(c)));
        chars.sort_unstable();
        chars.dedup();
        chars
    }

    /// The characters by which both sides can go on, one where the text does not matter.
    fn common(&self, first: &Step, second: &Step) -> Vec<char> {
        let (lo, hi) = (first.lo.max(second.lo), first.hi.min(second.hi));
        let matters = [first, second].iter().any(|step| self.wish.is_about(self.piece_of(step.to)));
        match (lo <= hi, matters) {
            (false, _) => Vec::new(),
            (true, true) => self.all_of(lo, hi).unwrap_or_else(|| vec![lo, hi]),
            (true, false) => vec![lo],
        }
    }

    /// All characters of a step, unless they are too many.
    fn all_of(&self, lo: char, hi: char) -> Option<Vec<char>> {
        let chars = all_of(lo, hi);
        self.is_narrowed.set(self.is_narrowed.get() || chars.is_err());
        chars.ok()
    }

    /// Whether no more may be looked at; each question takes one from what is left.
    fn is_spent(&self) -> bool {
        self.left.set(self.left.get().saturating_sub(1));
        self.left.get() == 0
    }

    /// The least that a side still has to write, whatever the wish.
    fn least(&self, side: &Side<'_>) -> usize {
        let rest = side.rest.chars().count();
        // A side that is still in its rest has written nothing of what follows.
        rest + self.search.completions[side.state as usize].chars().count()
    }

    fn advance(&self, side: &mut Side<'_>, step: &Step, c: char) {
        if !side.rest.is_empty() {
            side.rest = &side.rest[c.len_utf8()..];
            return;
        }
        side.state = step.to;
        let piece = self.piece_of(step.to);
        if self.wish.is_about(piece) {
            side.texts.entry(piece).or_default().push(c);
        }
    }

    /// What a side wrote of a part, and whether that is all.
    fn written<'t>(&self, side: &'t Side<'_>, piece: usize) -> (&'t str, bool) {
        let is_done = side.rest.is_empty() && piece < self.piece_of(side.state);
        (side.texts.get(&piece).map_or("", String::as_str), is_done)
    }

    /// Compares what both have written; `false` where the wish cannot come true any more.
    fn settle(&self, both: &mut Both<'_>) -> bool {
        for &piece in &self.wish.equal {
            let ((a, a_done), (b, b_done)) =
                (self.written(&both.sides[0], piece), self.written(&both.sides[1], piece));
            let fits = match (a_done, b_done) {
                (true, true) => a == b,
                (true, false) => a.starts_with(b),
                (false, true) => b.starts_with(a),
                (false, false) => a.starts_with(b) || b.starts_with(a),
            };
            if !fits {
                return false;
            }
            if a_done && b_done {
                both.sides.iter_mut().for_each(|side| drop(side.texts.remove(&piece)));
            }
        }
        if let Some(piece) = self.wish.decider {
            let ((a, a_done), (b, b_done)) =
                (self.written(&both.sides[0], piece), self.written(&both.sides[1], piece));
            if a_done && b_done && both.decided.is_none() {
                let order = self.compare(piece, a, b);
                if order.is_eq() {
                    return false;
                }
                both.decided = Some(order);
                both.sides.iter_mut().for_each(|side| drop(side.texts.remove(&piece)));
            }
        }
        true
    }

    fn compare(&self, piece: usize, a: &str, b: &str) -> Ordering {
        self.search.rule.pieces[piece].field.map_or(Ordering::Equal, |field| self.search.compare(field, a, b))
    }

    /// The shortest ends of two numbers whose bytes compare as `bytes`, behind what each has `written` last,
    /// so that their values compare the other way.
    fn finish(
        &self,
        mut both: Both<'_>,
        bytes: Ordering,
        written: [String; 2],
    ) -> Result<Option<[String; 2]>, TooComplex> {
        // The ends of fields that both have written are compared here, those of others are chosen.
        if !self.settle(&mut both) || both.decided.is_some_and(|order| order != bytes.reverse()) {
            return Ok(None);
        }
        let mut ends = written;
        for (end, side) in ends.iter_mut().zip(&both.sides) {
            end.push_str(side.rest);
        }
        for piece in self.piece + 1..self.search.rule.pieces.len() {
            let sides = [0, 1].map(|i| self.written(&both.sides[i], piece));
            let is_settled = sides.iter().all(|(_, done)| *done);
            let words = if is_settled {
                continue;
            } else if self.wish.equal.contains(&piece) {
                let longest = if sides[1].0.len() > sides[0].0.len() { sides[1] } else { sides[0] };
                let done = sides.iter().find(|(_, done)| *done);
                let Some(word) =
                    done.map(|(text, _)| (*text).to_owned()).or_else(|| self.completed(piece, longest.0))
                else {
                    return Ok(None);
                };
                Some([word.clone(), word])
            } else if self.wish.decider == Some(piece) && both.decided.is_none() {
                let Some(words) = self.two_in_order(piece, sides, bytes.reverse())? else { return Ok(None) };
                Some(words)
            } else {
                None
            };
            for (i, end) in ends.iter_mut().enumerate() {
                let (text, is_done) = sides[i];
                match &words {
                    _ if is_done => {}
                    Some(words) => end.push_str(&words[i][text.len()..]),
                    None => end.push_str(&self.ends[self.place(&both.sides[i], piece) as usize]),
                }
            }
        }
        Ok(Some(ends))
    }

    /// The state of a side in a part that it has not ended: at its beginning, where it has not begun.
    fn place(&self, side: &Side<'_>, piece: usize) -> u32 {
        let is_in = side.rest.is_empty() && self.piece_of(side.state) == piece;
        if is_in { side.state } else { self.search.tracks.base[piece] }
    }

    /// The shortest word of a part that begins with `text`.
    fn completed(&self, piece: usize, text: &str) -> Option<String> {
        let language = &self.search.rule.pieces[piece].language;
        Some(format!("{text}{}", shortest_from(language, walk(language, text)?)?))
    }

    /// The shortest words of a part, each beginning with what a side wrote, of which the first compares with
    /// the second as `order`.
    fn two_in_order(
        &self,
        piece: usize,
        sides: [(&str, bool); 2],
        order: Ordering,
    ) -> Result<Option<[String; 2]>, TooComplex> {
        let mut best: Option<[String; 2]> = None;
        let [firsts, seconds] = [self.extremes(piece, sides[0])?, self.extremes(piece, sides[1])?];
        for a in &firsts {
            for b in &seconds {
                if self.compare(piece, a, b) == order {
                    let words = [a.clone(), b.clone()];
                    if best.as_ref().is_none_or(|known| (length(&words), &words) < (length(known), known)) {
                        best = Some(words);
                    }
                }
            }
        }
        Ok(best)
    }

    /// For each length the lowest and the highest word of a part that begins with what a side wrote: where any
    /// two words stand in an order, two of these do that are as long.
    fn extremes(&self, piece: usize, (text, is_done): (&str, bool)) -> Result<Vec<String>, TooComplex> {
        if is_done {
            return Ok(vec![text.to_owned()]);
        }
        let part = &self.search.rule.pieces[piece];
        let words = match part.field.map(|field| &self.search.rule.fields[field].kind) {
            Some(Kind::Codes { codes, .. }) => {
                codes.iter().map(|code| code.text.clone()).filter(|code| code.starts_with(text)).collect()
            }
            Some(kind) if is_in_order_of_text(kind) => least_and_greatest(&part.language, text),
            _ => all_words(&part.language, text)?,
        };
        let mut by_length: BTreeMap<usize, [String; 2]> = BTreeMap::new();
        for word in words {
            let [lowest, highest] =
                by_length.entry(word.chars().count()).or_insert_with(|| [word.clone(), word.clone()]);
            if self.compare(piece, &word, lowest).is_lt() {
                lowest.clone_from(&word);
            }
            if self.compare(piece, &word, highest).is_gt() {
                *highest = word;
            }
        }
        Ok(by_length.into_values().flatten().collect())
    }
}

/// Whether words of one length stand in the order of their text.
fn is_in_order_of_text(kind: &Kind) -> bool {
    match kind {
        Kind::Chars(_) | Kind::Check { .. } => true,
        Kind::Codes { .. } => false,
        // A century in two digits may turn within the years.
        Kind::Date(date) => date.year_digits() != Some(2),
        Kind::Digits { .. } | Kind::Sequence(_) => kind.numeric().is_some_and(|number| !number.cut),
    }
}

fn length(texts: &[String; 2]) -> usize {
    texts.iter().map(|text| text.chars().count()).sum()
}
