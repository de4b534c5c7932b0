//! Proof 5: numbers sorted as bytes stand in the declared order.
//!
//! Take two numbers and the first field in which they differ. Two things can break the order.
//! Either a field that is printed later ranks higher (the fields are declared in another order
//! than they are printed), or the two writings of this first field compare otherwise than their
//! values. The latter happens within the writings (`10` and `9`), or because one continues where
//! the other has ended and a sign follows: `1·` and `10`, since `·` is above all digits.

mod outranked;
mod tails;
mod words;

use archive_core::language::{CharClass, Language};

use tails::{Long, Tails};
use words::chain;

use super::{Failure, two_shortest};
use crate::checked::CheckedRule;
use crate::explanation::shortest_from;
use crate::field::{Code, Kind, Numeric, power_of_ten};
use crate::report::{Counterexample, Proof};
use crate::tracks::{TooComplex, Tracks};

/// Two numbers: bytes put the first before the second.
type Pair = (String, String);

pub(super) fn order(rule: &CheckedRule, tracks: &Tracks) -> Option<Failure> {
    let (at, sort) = rule.sort.as_ref()?;
    if let Some(&field) = sort.iter().find(|&&field| rule.piece_of(field).is_none()) {
        let message = format!("{} orders the numbers but is not printed: print it", rule.fields[field].name);
        return Some(Failure { proof: Proof::Order, at: *at, message, counterexample: None });
    }
    let search = Search { rule, tracks, sort, completions: tracks.completions() };
    let found = match search.shortest() {
        Ok(found) => found?,
        Err(TooComplex) => return Some(Failure::too_complex(Proof::Order, *at)),
    };
    let ((first, second), field) = found;
    let counterexample = Counterexample::WrongOrder { first, second, field: rule.fields[field].name.clone() };
    let advice =
        "print the fields in the declared order, in fixed widths or before a \"-\", or change the order";
    Some(Failure::new(Proof::Order, *at, counterexample, advice))
}

struct Search<'a> {
    rule: &'a CheckedRule,
    tracks: &'a Tracks,
    sort: &'a [usize],
    completions: Vec<String>,
}

impl Search<'_> {
    /// The shortest pair that breaks the order, and the field that decides the declared order.
    fn shortest(&self) -> Result<Option<(Pair, usize)>, TooComplex> {
        let mut best: Option<(Pair, usize)> = None;
        let mut offer = |pair: Option<Pair>, field: usize| {
            if let Some(pair) = pair
                && best.as_ref().is_none_or(|(known, _)| rank(&pair) < rank(known))
            {
                best = Some((pair, field));
            }
        };
        for (pair, field) in self.misplaced()? {
            offer(Some(pair), field);
        }
        for &field in self.sort {
            if let Some(piece) = self.rule.piece_of(field) {
                offer(self.within(field, piece), field);
                // What follows is chosen freely there, which must not decide the order.
                if self.is_outranked(field, piece) {
                    if chain(&self.rule.pieces[piece].language).is_none() {
                        offer(self.behind_alike(field, piece), field);
                    }
                } else {
                    offer(self.behind(field, piece)?, field);
                }
            }
        }
        Ok(best)
    }

    /// The smallest texts before and behind `piece`.
    fn around(&self, piece: usize) -> (String, String) {
        let text = |pieces: &[crate::checked::Piece]| -> String {
            pieces.iter().map(|p| p.language.shortest().unwrap_or_default()).collect()
        };
        (text(&self.rule.pieces[..piece]), text(&self.rule.pieces[piece + 1..]))
    }

    fn rank(&self, field: usize) -> usize {
        self.sort.iter().position(|&f| f == field).unwrap_or(usize::MAX)
    }

    /// Whether a field that ranks higher is printed behind `piece`.
    fn is_outranked(&self, field: usize, piece: usize) -> bool {
        self.rule.pieces[piece + 1..].iter().any(|later| {
            later.field.is_some_and(|f| self.rank(f) < self.rank(field)) && later.language.size() != Some(1)
        })
    }

    /// Pairs in which a field that ranks higher is printed behind one that ranks lower.
    fn misplaced(&self) -> Result<Vec<(Pair, usize)>, TooComplex> {
        let mut found = Vec::new();
        for (i, early) in self.rule.pieces.iter().enumerate() {
            let Some(field) = early.field else { continue };
            // A check character follows from what it checks: it is never the first to differ.
            if matches!(self.rule.fields[field].kind, Kind::Check { .. }) {
                continue;
            }
            if !self.is_outranked(field, i) {
                continue;
            }
            // Where each writing begins the next, it depends on what follows.
            if let Some(chain) = chain(&early.language) {
                found.extend(self.behind_chain(i, &chain)?);
                continue;
            }
            // Of two writings that part within the field, one comes first whatever follows: such a
            // pair always breaks the order. A shorter pair may.
            let apart = two_apart(&early.language).ok_or(TooComplex)?;
            let early_pairs: Vec<[String; 2]> =
                two_shortest(&early.language).into_iter().chain([apart]).collect();
            for (j, late) in self.rule.pieces.iter().enumerate().skip(i + 1) {
                let Some(deciding) = late.field.filter(|&late| self.rank(late) < self.rank(field)) else {
                    continue;
                };
                let number = |early: &str, late: &str| -> String {
                    let text = |k: usize| match k {
                        _ if k == i => early.to_owned(),
                        _ if k == j => late.to_owned(),
                        _ => self.rule.pieces[k].language.shortest().unwrap_or_default(),
                    };
                    (0..self.rule.pieces.len()).map(text).collect()
                };
                if let Some(late_pair) = two_shortest(&late.language) {
                    let [low, high] = self.in_order(deciding, late_pair);
                    for [a, b] in &early_pairs {
                        for (early_of_high, early_of_low) in [(a, b), (b, a)] {
                            let (high, low) = (number(early_of_high, &high), number(early_of_low, &low));
                            if high < low {
                                found.push(((high, low), deciding));
                            }
                        }
                    }
                }
            }
        }
        Ok(found)
    }

    /// Two values of `field`, the lower one by the declared order first.
    fn in_order(&self, field: usize, [a, b]: [String; 2]) -> [String; 2] {
        if self.compare(field, &a, &b).is_gt() { [b, a] } else { [a, b] }
    }

    /// The declared order of two writings of `field`.
    fn compare(&self, field: usize, a: &str, b: &str) -> std::cmp::Ordering {
        match &self.rule.fields[field].kind {
            Kind::Codes { codes, ordered: true } => {
                let place = |text: &str| codes.iter().position(|code| code.text == text);
                place(a).cmp(&place(b))
            }
            Kind::Date(date) => {
                // Largest unit first: only a century in two digits can turn the order around.
                let year = |text: &str| {
                    let digits = date.year_digits()?;
                    let number = Numeric {
                        min: digits,
                        max: digits,
                        low: date.low,
                        high: date.high,
                        cut: true,
                        wanted: 0,
                    };
                    number.read(&text.as_bytes()[..digits as usize])
                };
                (year(a), a).cmp(&(year(b), b))
            }
            kind => match kind.numeric() {
                Some(number) => number.read(a.as_bytes()).cmp(&number.read(b.as_bytes())),
                // Codes without an order of their own stand in that of their text.
                None => a.cmp(b),
            },
        }
    }

    /// Two values of one field whose writings part, and then compare the wrong way.
    fn within(&self, field: usize, piece: usize) -> Option<Pair> {
        let (first, second) = match &self.rule.fields[field].kind {
            Kind::Codes { codes, ordered: true } => self.within_codes(codes)?,
            Kind::Digits { number, .. } => within_numbers(number)?,
            Kind::Sequence(sequence) => within_numbers(&sequence.number)?,
            Kind::Date(date) => {
                let digits = date.year_digits()?;
                let number = Numeric {
                    min: digits,
                    max: digits,
                    low: date.low,
                    high: date.high,
                    cut: true,
                    wanted: 0,
                };
                let (first, second) = within_numbers(&number)?;
                let text = |year: String| Some(date.write(number.read(year.as_bytes())?, 1, 1));
                (text(first)?, text(second)?)
            }
            _ => return None,
        };
        let (before, behind) = self.around(piece);
        Some((format!("{before}{first}{behind}"), format!("{before}{second}{behind}")))
    }

    fn within_codes(&self, codes: &[Code]) -> Option<(String, String)> {
        if codes.is_sorted_by(|a, b| a.text < b.text) {
            return None;
        }
        let mut best: Option<(usize, (String, String))> = None;
        for (i, low) in codes.iter().enumerate() {
            for high in &codes[i + 1..] {
                let (low, high) = (&low.text, &high.text);
                // One that is the beginning of the other leaves the decision to what follows.
                if high < low && !low.starts_with(high.as_str()) {
                    let length = low.chars().count() + high.chars().count();
                    let pair = (high.clone(), low.clone());
                    if best.as_ref().is_none_or(|known| (length, &pair) < (known.0, &known.1)) {
                        best = Some((length, pair));
                    }
                }
            }
        }
        best.map(|(_, pair)| pair)
    }

    /// Two values of one field, one writing the beginning of the other, where what follows the
    /// shorter one compares the wrong way with the rest of the longer one.
    fn behind(&self, field: usize, piece: usize) -> Result<Option<Pair>, TooComplex> {
        if let Kind::Codes { codes, ordered: true } = &self.rule.fields[field].kind {
            return self.behind_codes(codes, piece);
        }
        let language = &self.rule.pieces[piece].language;
        // At the end of the number, the shorter one comes first, as bytes and as a value.
        let Some(&next) = self.tracks.base.get(piece + 1) else { return Ok(None) };
        let (before, _) = self.around(piece);
        let mut best: Option<(usize, Pair)> = None;
        // Each state where a value can end and another go on, with the shortest text to it.
        for (state, text) in shortest_texts(language) {
            if language.is_accepting(state) && language.transitions(state).next().is_some() {
                let long = self.tracks.base[piece] + state.index() as u32;
                let Some(tails) = self.tails(next, Long::Within(long, piece), false)? else { continue };
                let pair =
                    (format!("{before}{text}{}", tails.long), format!("{before}{text}{}", tails.short));
                let length = tails.length + 2 * text.chars().count();
                if best.as_ref().is_none_or(|known| (length, &pair) < (known.0, &known.1)) {
                    best = Some((length, pair));
                }
            }
        }
        Ok(best.map(|(_, pair)| pair))
    }

    /// As [`Self::behind`], with one text behind both writings.
    fn behind_alike(&self, field: usize, piece: usize) -> Option<Pair> {
        let language = &self.rule.pieces[piece].language;
        let mut pairs: Vec<(String, String)> = Vec::new();
        if let Kind::Codes { codes, .. } = &self.rule.fields[field].kind {
            for short in codes {
                let longer = codes
                    .iter()
                    .filter(|long| long.text.len() > short.text.len() && long.text.starts_with(&short.text));
                pairs.extend(longer.map(|long| (short.text.clone(), long.text.clone())));
            }
        } else {
            for (state, text) in shortest_texts(language) {
                if language.is_accepting(state) {
                    let onward = language.transitions(state).filter_map(|(range, to)| {
                        Some(format!("{text}{}{}", range.start(), shortest_from(language, to)?))
                    });
                    pairs.extend(
                        onward
                            .min_by_key(|t| (t.chars().count(), t.clone()))
                            .map(|long| (text.clone(), long)),
                    );
                }
            }
        }
        let (before, _) = self.around(piece);
        let &next = self.tracks.base.get(piece + 1)?;
        pairs
            .into_iter()
            .filter_map(|(short, long)| {
                let rest = &long[short.len()..];
                let lower = self.compare(field, &short, &long).is_gt();
                let behind = self.tail_alike(next, rest, lower)?;
                let (short, long) = (format!("{before}{short}{behind}"), format!("{before}{long}{behind}"));
                Some(if lower { (short, long) } else { (long, short) })
            })
            .min_by_key(|pair| (pair.0.chars().count() + pair.1.chars().count(), pair.clone()))
    }

    /// As [`Self::behind`], for codes, whose order is their own.
    fn behind_codes(&self, codes: &[Code], piece: usize) -> Result<Option<Pair>, TooComplex> {
        let (before, _) = self.around(piece);
        let mut best: Option<(usize, Pair)> = None;
        for (i, short) in codes.iter().enumerate() {
            for (j, long) in codes.iter().enumerate() {
                let Some(rest) = long.text.strip_prefix(&short.text).filter(|rest| !rest.is_empty()) else {
                    continue;
                };
                // Where the order puts the long code first, bytes must not put the short one first.
                let lower = j < i;
                let tails = match self.tracks.base.get(piece + 1) {
                    Some(&next) => self.tails(next, Long::Rest(rest, next), lower)?,
                    None => lower.then(|| Tails { length: 0, short: String::new(), long: rest.to_owned() }),
                };
                let Some(tails) = tails else { continue };
                let short = format!("{before}{}{}", short.text, tails.short);
                let long = format!("{}{}{}", before, &long.text[..long.text.len() - rest.len()], tails.long);
                let pair = if lower { (short, long) } else { (long, short) };
                let length = pair.0.chars().count() + pair.1.chars().count();
                if best.as_ref().is_none_or(|known| (length, &pair) < (known.0, &known.1)) {
                    best = Some((length, pair));
                }
            }
        }
        Ok(best.map(|(_, pair)| pair))
    }
}

/// Shorter pairs first.
fn rank(pair: &Pair) -> (usize, &Pair) {
    (pair.0.chars().count() + pair.1.chars().count(), pair)
}

/// Two short members of which neither is the beginning of the other.
fn two_apart(language: &Language) -> Option<[String; 2]> {
    let any = Language::class(&CharClass::default().complement()).repeat(0, None).ok()?;
    let mut left = language.clone();
    // Each round sets a member aside that all others continue; there are at most as many as the
    // longest member has characters.
    for _ in 0..=crate::limits::CHARS {
        let first = left.shortest()?;
        let onward = Language::literal(&first).ok()?.concat(&any).ok()?;
        if let Some(second) = left.difference(&onward).ok()?.shortest() {
            return Some([first, second]);
        }
        left = left.difference(&Language::literal(&first).ok()?).ok()?;
    }
    None
}

/// Each state of `language` and the shortest text that leads to it.
fn shortest_texts(language: &Language) -> Vec<(archive_core::language::StateId, String)> {
    let mut known = vec![false; language.state_count()];
    known[0] = true;
    let mut queue = vec![(language.start(), String::new())];
    let mut at = 0;
    while let Some((state, text)) = queue.get(at).cloned() {
        for (range, to) in language.transitions(state) {
            if !std::mem::replace(&mut known[to.index()], true) {
                queue.push((to, format!("{text}{}", range.start())));
            }
        }
        at += 1;
    }
    queue
}

/// Two numbers, the first below the second as bytes and above it by value, which part before
/// either ends.
fn within_numbers(number: &Numeric) -> Option<(String, String)> {
    if number.cut {
        // The century turns within the window: 2000 is written 00, before 99.
        let modulus = power_of_ten(number.max);
        let turn = number.low.next_multiple_of(modulus);
        if turn == number.low || turn > number.high {
            return None;
        }
        return Some((number.write(turn), number.write(number.low)));
    }
    let mut best: Option<(u32, (String, String))> = None;
    for short in number.min..=number.max {
        for long in short + 1..=number.max {
            let (Some(&(_, most)), Some(&(least, _))) =
                (number.ranges(short).first(), number.ranges(long).first())
            else {
                continue;
            };
            let beginning = least / power_of_ten(long - short);
            let lowest = number.ranges(short)[0].0;
            if beginning < most && best.as_ref().is_none_or(|known| short + long < known.0) {
                let second = (beginning + 1).max(lowest);
                best = Some((short + long, (number.write(least), number.write(second))));
            }
        }
    }
    best.map(|(_, pair)| pair)
}
