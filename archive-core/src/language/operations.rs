//! How languages are made, and made of each other.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::automaton::{Automaton, Draft, Edge};
use super::char_class::{predecessor, successor};
use super::determinise::Nondeterministic;
use super::minimise::{Register, minimise, too_large};
use super::{CharClass, Language, STATE_LIMIT, WORK_LIMIT};
use crate::Error;

/// Each constructor refuses what would exceed the limits of the [module](super) with
/// `InvalidInput`.
impl Language {
    /// No member at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::small(&[false], None)
    }

    /// The empty text alone.
    #[must_use]
    pub fn epsilon() -> Self {
        Self::small(&[true], None)
    }

    /// The texts of one character out of `class`.
    #[must_use]
    pub fn class(class: &CharClass) -> Self {
        if class.is_empty() { Self::empty() } else { Self::small(&[false, true], Some(class)) }
    }

    /// A language of one state, or of two with `class` between them.
    fn small(accepting: &[bool], class: Option<&CharClass>) -> Self {
        let mut draft = Draft::default();
        for &accepts in accepting {
            draft.push(accepts);
        }
        draft.edges[0].extend(class.into_iter().flat_map(CharClass::ranges).map(|range| Edge {
            lo: *range.start(),
            hi: *range.end(),
            to: 1,
        }));
        Automaton::from_minimal(&draft).into()
    }

    /// One text.
    ///
    /// # Errors
    /// `InvalidInput` for a text beyond the limits.
    pub fn literal(text: &str) -> Result<Self, Error> {
        Self::words([text])
    }

    /// A dictionary: every word of `words`.
    ///
    /// # Errors
    /// `InvalidInput` for a dictionary beyond the limits.
    pub fn words<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let mut words: Vec<S> = words.into_iter().collect();
        words.sort_unstable_by(|a, b| a.as_ref().cmp(b.as_ref()));

        // Words come in order, so that only the states along the latest word can still change;
        // all others are final and shared with their equals.
        let mut register = Register::default();
        let mut open = vec![Open::default()];
        let mut previous: &str = "";
        for word in &words {
            let word = word.as_ref();
            let shared = word.chars().zip(previous.chars()).take_while(|(a, b)| a == b).count();
            close(&mut open, shared, &mut register);
            for c in word.chars().skip(shared) {
                if register.len() + open.len() > STATE_LIMIT {
                    return Err(too_large());
                }
                open.push(Open { by: c, ..Open::default() });
            }
            if let Some(last) = open.last_mut() {
                last.accepting = true;
            }
            previous = word;
        }
        close(&mut open, 0, &mut register);
        let root = open.swap_remove(0);
        let start = register.state(root.accepting, root.edges);
        minimise(register.finish(start)).map(Self::from)
    }

    /// What an automaton accepts that is given by its steps: where it starts, which states accept,
    /// and which ranges of characters lead from a state to which others. Ranges may overlap: it may
    /// go several ways at once.
    ///
    /// ```
    /// use archive_core::language::Language;
    ///
    /// // Digits whose sum is even, at most three.
    /// let even = Language::from_steps(
    ///     (0, 0),
    ///     |&(read, sum)| read > 0 && sum == 0,
    ///     |&(read, sum)| {
    ///         let digits = if read < 3 { '0'..='9' } else { '1'..='0' };
    ///         digits.map(|c| (c..=c, (read + 1, (sum + c as u32) % 2))).collect()
    ///     },
    /// )?;
    /// assert!(even.matches("112") && !even.matches("12") && !even.matches("1122"));
    /// # Ok::<(), archive_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for a result beyond the limits.
    pub fn from_steps<S: Clone + Eq + Hash>(
        start: S,
        accepting: impl Fn(&S) -> bool,
        steps: impl Fn(&S) -> Vec<(RangeInclusive<char>, S)>,
    ) -> Result<Self, Error> {
        let mut nfa = Nondeterministic::default();
        let mut known = HashMap::from([(start.clone(), nfa.push(accepting(&start)))]);
        let mut queue = vec![start];
        let mut work = 0;
        let mut at = 0;
        while let Some(state) = queue.get(at).cloned() {
            for (range, next) in steps(&state) {
                work += 1;
                if work > WORK_LIMIT || queue.len() > 2 * STATE_LIMIT {
                    return Err(too_large());
                }
                if range.is_empty() {
                    continue;
                }
                let to = match known.get(&next) {
                    Some(&to) => to,
                    None => {
                        let to = nfa.push(accepting(&next));
                        known.insert(next.clone(), to);
                        queue.push(next);
                        to
                    }
                };
                nfa.step(at as u32, Edge { lo: *range.start(), hi: *range.end(), to });
            }
            at += 1;
        }
        nfa.determinise(0).map(Self::from)
    }

    /// A member of this one followed by a member of `next`.
    ///
    /// # Errors
    /// `InvalidInput` for a result beyond the limits.
    pub fn concat(&self, next: &Self) -> Result<Self, Error> {
        Self::sequence([self, next])
    }

    /// A member of each of `parts`, one after the other.
    ///
    /// # Errors
    /// `InvalidInput` for a result beyond the limits.
    pub fn sequence<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Result<Self, Error> {
        let mut nfa = Nondeterministic::default();
        let start = nfa.push(false);
        let mut ends = vec![start];
        for part in parts {
            ends = append(&mut nfa, &ends, part)?;
        }
        finish(nfa, start, &ends)
    }

    /// The members of either.
    ///
    /// # Errors
    /// `InvalidInput` for a result beyond the limits.
    pub fn union(&self, other: &Self) -> Result<Self, Error> {
        Self::any_of([self, other])
    }

    /// The members of all of `parts`.
    ///
    /// # Errors
    /// `InvalidInput` for a result beyond the limits.
    pub fn any_of<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Result<Self, Error> {
        let mut nfa = Nondeterministic::default();
        let start = nfa.push(false);
        let mut ends = Vec::new();
        for part in parts {
            ends.extend(append(&mut nfa, &[start], part)?);
        }
        finish(nfa, start, &ends)
    }

    /// The members and the empty text.
    ///
    /// # Errors
    /// `InvalidInput` for a result beyond the limits.
    pub fn optional(&self) -> Result<Self, Error> {
        self.repeat(0, Some(1))
    }

    /// From `min` to `max` members one after the other; without `max`, any number from `min`.
    /// Where `max` is below `min`, nothing.
    ///
    /// # Errors
    /// `InvalidInput` for a result beyond the limits.
    pub fn repeat(&self, min: u32, max: Option<u32>) -> Result<Self, Error> {
        if max.is_some_and(|max| max < min) {
            return Ok(Self::empty());
        }
        if self.is_empty() || *self == Self::epsilon() {
            return Ok(if min == 0 { Self::epsilon() } else { self.clone() });
        }
        let mut nfa = Nondeterministic::default();
        let start = nfa.push(false);
        let mut ends = vec![start];
        for _ in 0..min {
            ends = append(&mut nfa, &ends, self)?;
        }
        match max {
            Some(max) => {
                let mut all = ends.clone();
                for _ in min..max {
                    ends = append(&mut nfa, &ends, self)?;
                    all.extend_from_slice(&ends);
                }
                ends = all;
            }
            None => {
                // One state in the middle keeps the silent steps linear in number.
                let again = nfa.push(false);
                ends.iter().for_each(|&end| nfa.join(end, again));
                for end in append(&mut nfa, &[again], self)? {
                    nfa.join(end, again);
                }
                ends = vec![again];
            }
        }
        finish(nfa, start, &ends)
    }

    /// The members of both.
    ///
    /// # Errors
    /// `InvalidInput` for a result beyond the limits.
    pub fn intersection(&self, other: &Self) -> Result<Self, Error> {
        self.product(other, false)
    }

    /// The members that `other` does not have.
    ///
    /// # Errors
    /// `InvalidInput` for a result beyond the limits.
    pub fn difference(&self, other: &Self) -> Result<Self, Error> {
        self.product(other, true)
    }

    /// Walks both at once. A difference goes on where the other one cannot.
    fn product(&self, other: &Self, difference: bool) -> Result<Self, Error> {
        let (left, right) = (&self.automaton, &other.automaton);
        let mut draft = Draft::default();
        let mut known: HashMap<(u32, Option<u32>), u32> = HashMap::new();
        let mut queue: Vec<(u32, Option<u32>)> = Vec::new();
        let mut state_of = |pair: (u32, Option<u32>), draft: &mut Draft, queue: &mut Vec<_>| {
            *known.entry(pair).or_insert_with(|| {
                let other = pair.1.is_some_and(|s| right.is_accepting(s));
                queue.push(pair);
                draft.push(left.is_accepting(pair.0) && other != difference)
            })
        };
        state_of((0, Some(0)), &mut draft, &mut queue);
        let mut work = 0;
        let mut at = 0;
        while let Some(&(a, b)) = queue.get(at) {
            let mut edges = Vec::new();
            for (lo, hi, to) in overlay(left.edges(a), b.map_or(&[], |b| right.edges(b)), difference) {
                edges.push(Edge { lo, hi, to: state_of(to, &mut draft, &mut queue) });
            }
            work += edges.len() + 1;
            if work > WORK_LIMIT || draft.len() > 2 * STATE_LIMIT {
                return Err(too_large());
            }
            draft.edges[at] = edges;
            at += 1;
        }
        minimise(draft).map(Self::from)
    }
}

impl From<Automaton> for Language {
    fn from(automaton: Automaton) -> Self {
        Self { automaton: Arc::new(automaton) }
    }
}

/// A state along the latest word, before it is known what else leads on from it.
#[derive(Default)]
struct Open {
    /// The character that led here.
    by: char,
    accepting: bool,
    edges: Vec<Edge>,
}

/// Registers the open states behind the first `keep` characters.
fn close(open: &mut Vec<Open>, keep: usize, register: &mut Register) {
    while open.len() > keep + 1 {
        if let Some(last) = open.pop() {
            let to = register.state(last.accepting, last.edges);
            if let Some(before) = open.last_mut() {
                before.edges.push(Edge { lo: last.by, hi: last.by, to });
            }
        }
    }
}

/// Adds `part` behind `ends`; returns its own ends.
fn append(nfa: &mut Nondeterministic, ends: &[u32], part: &Language) -> Result<Vec<u32>, Error> {
    let (start, new_ends) = nfa.insert(&part.automaton)?;
    ends.iter().for_each(|&end| nfa.join(end, start));
    Ok(new_ends)
}

/// Makes `ends` accept.
fn finish(mut nfa: Nondeterministic, start: u32, ends: &[u32]) -> Result<Language, Error> {
    let accept = nfa.push(true);
    ends.iter().for_each(|&end| nfa.join(end, accept));
    nfa.determinise(start).map(Language::from)
}

/// The parts of `left`'s edges that `right` also has and, if asked for, those that it has not.
fn overlay(left: &[Edge], right: &[Edge], alone_too: bool) -> Vec<(char, char, (u32, Option<u32>))> {
    let mut pieces = Vec::new();
    let mut next = 0;
    for edge in left {
        let mut at = Some(edge.lo);
        while right.get(next).is_some_and(|r| r.hi < edge.lo) {
            next += 1;
        }
        let mut with = next;
        while let (Some(from), Some(r)) = (at, right.get(with))
            && r.lo <= edge.hi
            && from <= edge.hi
        {
            if alone_too
                && from < r.lo
                && let Some(before) = predecessor(r.lo)
            {
                pieces.push((from, before, (edge.to, None)));
            }
            let hi = r.hi.min(edge.hi);
            pieces.push((from.max(r.lo), hi, (edge.to, Some(r.to))));
            at = successor(hi);
            with += 1;
        }
        if let Some(from) = at
            && alone_too
            && from <= edge.hi
        {
            pieces.push((from, edge.hi, (edge.to, None)));
        }
    }
    pieces
}
