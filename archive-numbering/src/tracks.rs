//! A format as tracks: an automaton that knows in which part of the number it is.
//!
//! Where a [`Language`](archive_core::language::Language) says which texts are numbers, tracks also
//! say how: several ways through them with one text are several readings of it. Proofs walk two
//! tracks at once, breadth first, so that the first disagreement they meet is a shortest one.

use std::collections::{HashSet, VecDeque};

use crate::checked::CheckedRule;
use crate::checked::characters::reachable;
use crate::limits;
use crate::report::FieldWriting;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Track {
    pub(crate) lo: char,
    pub(crate) hi: char,
    pub(crate) to: u32,
    /// The character that the input stands for, if it is an alias.
    pub(crate) meant: Option<char>,
}

#[derive(Debug, Default)]
pub(crate) struct Tracks {
    pub(crate) tracks: Vec<Vec<Track>>,
    /// The part of the format that the last character belongs to.
    pub(crate) piece_of: Vec<u32>,
    pub(crate) accepting: Vec<bool>,
    /// The first state of each piece.
    pub(crate) base: Vec<u32>,
}

impl Tracks {
    pub(crate) fn new(rule: &CheckedRule) -> Self {
        let mut all = Self::default();
        for (piece, part) in rule.pieces.iter().enumerate() {
            let base = all.tracks.len() as u32;
            all.base.push(base);
            let last = piece + 1 == rule.pieces.len();
            for state in reachable(&part.language) {
                let steps = part.language.transitions(state).map(|(range, to)| Track {
                    lo: *range.start(),
                    hi: *range.end(),
                    to: base + to.index() as u32,
                    meant: None,
                });
                all.tracks.push(steps.collect());
                all.piece_of.push(piece as u32);
                all.accepting.push(last && part.language.is_accepting(state));
            }
        }
        // Where a part may end, the next one may begin. No part is empty, so that one step is
        // enough.
        for (piece, part) in rule.pieces.iter().enumerate() {
            let Some(&next) = all.base.get(piece + 1) else { break };
            let entry = all.tracks[next as usize].clone();
            for state in reachable(&part.language).into_iter().filter(|&s| part.language.is_accepting(s)) {
                let from = all.base[piece] as usize + state.index();
                all.tracks[from].extend_from_slice(&entry);
            }
        }
        all
    }

    /// The tracks of what may be typed: each character that has an alias may come as that.
    pub(crate) fn with_aliases(mut self, aliases: &[(char, char)]) -> Self {
        for tracks in &mut self.tracks {
            for at in 0..tracks.len() {
                let track = tracks[at];
                let typed = aliases.iter().filter(|&&(_, meant)| track.lo <= meant && meant <= track.hi);
                tracks.extend(typed.map(|&(typed, meant)| Track {
                    lo: typed,
                    hi: typed,
                    to: track.to,
                    meant: Some(meant),
                }));
            }
        }
        self
    }

    /// For each state a shortest text to the end, and of these the smallest.
    pub(crate) fn completions(&self) -> Vec<String> {
        let count = self.tracks.len();
        let mut length = vec![usize::MAX; count];
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); count];
        for (from, tracks) in self.tracks.iter().enumerate() {
            tracks.iter().for_each(|track| before[track.to as usize].push(from as u32));
        }
        let mut queue: VecDeque<u32> = (0..count as u32).filter(|&s| self.accepting[s as usize]).collect();
        queue.iter().for_each(|&s| length[s as usize] = 0);
        let mut order = Vec::new();
        while let Some(state) = queue.pop_front() {
            order.push(state);
            for &from in &before[state as usize] {
                if length[from as usize] == usize::MAX {
                    length[from as usize] = length[state as usize] + 1;
                    queue.push_back(from);
                }
            }
        }
        let mut texts = vec![String::new(); count];
        for state in order.into_iter().filter(|&s| length[s as usize] > 0) {
            let nearer = |t: &&Track| length[t.to as usize].wrapping_add(1) == length[state as usize];
            let best = self.tracks[state as usize]
                .iter()
                .filter(nearer)
                .map(|t| format!("{}{}", t.lo, texts[t.to as usize]))
                .min();
            texts[state as usize] = best.unwrap_or_default();
        }
        texts
    }

    /// What each field reads in `text`, when the characters fall into the parts `pieces`.
    pub(crate) fn reading(&self, rule: &CheckedRule, text: &str, states: &[u32]) -> Vec<FieldWriting> {
        let mut writings: Vec<FieldWriting> = Vec::new();
        let mut last = None;
        for (c, &state) in text.chars().zip(states) {
            let piece = self.piece_of[state as usize];
            if let Some(field) = rule.pieces[piece as usize].field {
                if last != Some(piece) {
                    let field = rule.fields[field].name.clone();
                    writings.push(FieldWriting { field, text: String::new() });
                }
                if let Some(writing) = writings.last_mut() {
                    writing.text.push(c);
                }
            }
            last = Some(piece);
        }
        writings
    }
}

/// Two walks with one input that end in members, and where each was after each character.
#[derive(Debug)]
pub(crate) struct TwoWalks {
    pub(crate) input: String,
    pub(crate) states: [Vec<u32>; 2],
    /// What each takes the input for.
    pub(crate) meant: [String; 2],
}

/// A proof that would need more states than [`limits::PROOF_STATES`].
#[derive(Debug)]
pub(crate) struct TooComplex;

/// The characters that stand for others.
pub(crate) struct AliasCharacters {
    ascii: u128,
    others: Vec<char>,
}

impl AliasCharacters {
    pub(crate) fn new(aliases: &[(char, char)]) -> Self {
        let typed = || aliases.iter().map(|&(typed, _)| typed);
        let ascii = typed().filter(char::is_ascii).fold(0, |bits, c| bits | 1 << u32::from(c));
        let mut others: Vec<char> = typed().filter(|c| !c.is_ascii()).collect();
        others.sort_unstable();
        Self { ascii, others }
    }

    pub(crate) fn contains(&self, c: char) -> bool {
        if c.is_ascii() { self.ascii >> u32::from(c) & 1 == 1 } else { self.others.binary_search(&c).is_ok() }
    }
}

/// The shortest input (and of these the smallest) with which `a` and `b` both end in a member and
/// `differ` held in at least one step; with `differed`, in any case.
pub(crate) fn shortest_disagreement(
    a: &Tracks,
    b: &Tracks,
    differed: bool,
    differ: impl Fn(&Track, &Track) -> bool,
) -> Result<Option<TwoWalks>, TooComplex> {
    /// Where both are, and whether they differed.
    type Pair = (u32, u32, bool);
    struct Node {
        at: Pair,
        from: usize,
        typed: char,
        meant: (char, char),
    }
    let start = (0, 0, differed);
    let mut nodes = vec![Node { at: start, from: usize::MAX, typed: '\0', meant: ('\0', '\0') }];
    let mut known: HashSet<Pair> = HashSet::from([start]);
    let mut steps: Vec<(char, (char, char), Pair)> = Vec::new();
    let mut at = 0;
    while at < nodes.len() {
        let (p, q, differed) = nodes[at].at;
        if differed && a.accepting[p as usize] && b.accepting[q as usize] {
            let mut walks =
                TwoWalks { input: String::new(), states: [vec![], vec![]], meant: Default::default() };
            let mut trail = Vec::new();
            let mut node = &nodes[at];
            while node.from != usize::MAX {
                trail.push(node);
                node = &nodes[node.from];
            }
            for node in trail.into_iter().rev() {
                walks.input.push(node.typed);
                walks.states[0].push(node.at.0);
                walks.states[1].push(node.at.1);
                walks.meant[0].push(node.meant.0);
                walks.meant[1].push(node.meant.1);
            }
            return Ok(Some(walks));
        }
        steps.clear();
        for x in &a.tracks[p as usize] {
            for y in &b.tracks[q as usize] {
                let (lo, hi) = (x.lo.max(y.lo), x.hi.min(y.hi));
                if lo <= hi {
                    let meant = (x.meant.unwrap_or(lo), y.meant.unwrap_or(lo));
                    steps.push((lo, meant, (x.to, y.to, differed || differ(x, y))));
                }
            }
        }
        steps.sort_unstable();
        for &(typed, meant, to) in &steps {
            if known.insert(to) {
                if nodes.len() >= limits::PROOF_STATES {
                    return Err(TooComplex);
                }
                nodes.push(Node { at: to, from: at, typed, meant });
            }
        }
        at += 1;
    }
    Ok(None)
}
