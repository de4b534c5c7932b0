//! From an automaton that may go several ways at once to one that never does.

use std::collections::HashMap;

use super::automaton::{Automaton, Draft, Edge};
use super::char_class::{predecessor, successor};
use super::minimise::{minimise, too_large};
use super::{STATE_LIMIT, WORK_LIMIT};
use crate::Error;

/// An automaton with several ways and with silent steps.
#[derive(Default)]
pub(super) struct Nondeterministic {
    accepting: Vec<bool>,
    edges: Vec<Vec<Edge>>,
    silent: Vec<Vec<u32>>,
}

impl Nondeterministic {
    pub(super) fn push(&mut self, accepting: bool) -> u32 {
        self.accepting.push(accepting);
        self.edges.push(Vec::new());
        self.silent.push(Vec::new());
        (self.accepting.len() - 1) as u32
    }

    /// Adds a step over characters.
    pub(super) fn step(&mut self, from: u32, edge: Edge) {
        self.edges[from as usize].push(edge);
    }

    /// Adds a silent step.
    pub(super) fn join(&mut self, from: u32, to: u32) {
        self.silent[from as usize].push(to);
    }

    /// Adds all states of `part`, none accepting; returns its start and its ends.
    pub(super) fn insert(&mut self, part: &Automaton) -> Result<(u32, Vec<u32>), Error> {
        let base = self.accepting.len();
        if base + part.state_count() > 2 * STATE_LIMIT {
            return Err(too_large());
        }
        let mut ends = Vec::new();
        for state in 0..part.state_count() as u32 {
            let added = self.push(false);
            self.edges[added as usize] =
                part.edges(state).iter().map(|e| Edge { to: e.to + base as u32, ..*e }).collect();
            if part.is_accepting(state) {
                ends.push(added);
            }
        }
        Ok((base as u32, ends))
    }

    /// The smallest deterministic automaton with the same members: a state of it is a set of
    /// states of this one.
    pub(super) fn determinise(&self, start: u32) -> Result<Automaton, Error> {
        let mut work = 0;
        let mut draft = Draft::default();
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut queue: Vec<Vec<u32>> = Vec::new();
        let mut closure = Closure { stamp: vec![0; self.accepting.len()], now: 0 };

        let first = closure.of(self, [start].into_iter(), &mut work)?;
        draft.start = draft.push(first.iter().any(|&s| self.accepting[s as usize]));
        known.insert(first.clone(), draft.start);
        queue.push(first);
        let mut at = 0;
        while at < queue.len() {
            let set = std::mem::take(&mut queue[at]);
            let mut out: Vec<Edge> =
                set.iter().flat_map(|&s| self.edges[s as usize].iter().copied()).collect();
            out.sort_unstable();
            for (lo, hi, targets) in sweep(&out, &mut work)? {
                let set = closure.of(self, targets.into_iter(), &mut work)?;
                let to = match known.get(&set) {
                    Some(&state) => state,
                    None => {
                        if draft.len() >= 2 * STATE_LIMIT {
                            return Err(too_large());
                        }
                        let state = draft.push(set.iter().any(|&s| self.accepting[s as usize]));
                        known.insert(set.clone(), state);
                        queue.push(set);
                        state
                    }
                };
                draft.edges[at].push(Edge { lo, hi, to });
            }
            at += 1;
        }
        minimise(draft)
    }
}

/// Adds silently reached states; `stamp` tells what the present call has seen.
struct Closure {
    stamp: Vec<u32>,
    now: u32,
}

impl Closure {
    fn of(
        &mut self,
        nfa: &Nondeterministic,
        states: impl Iterator<Item = u32>,
        work: &mut usize,
    ) -> Result<Vec<u32>, Error> {
        self.now += 1;
        let mut set: Vec<u32> = Vec::new();
        for state in states {
            if self.stamp[state as usize] != self.now {
                self.stamp[state as usize] = self.now;
                set.push(state);
            }
        }
        let mut at = 0;
        while let Some(&state) = set.get(at) {
            for &to in &nfa.silent[state as usize] {
                if self.stamp[to as usize] != self.now {
                    self.stamp[to as usize] = self.now;
                    set.push(to);
                }
            }
            at += 1;
        }
        spend(work, set.len())?;
        set.sort_unstable();
        Ok(set)
    }
}

fn spend(work: &mut usize, steps: usize) -> Result<(), Error> {
    *work += steps;
    if *work > WORK_LIMIT { Err(too_large()) } else { Ok(()) }
}

/// Cuts sorted `edges`, which may overlap, into ranges with all the states that each leads to.
fn sweep(edges: &[Edge], work: &mut usize) -> Result<Vec<(char, char, Vec<u32>)>, Error> {
    spend(work, edges.len())?;
    let mut pieces = Vec::new();
    let mut active: Vec<Edge> = Vec::new();
    let mut next = 0;
    let mut at = match edges.first() {
        Some(edge) => edge.lo,
        None => return Ok(pieces),
    };
    loop {
        active.retain(|edge| edge.hi >= at);
        while next < edges.len() && edges[next].lo <= at {
            active.push(edges[next]);
            next += 1;
        }
        spend(work, active.len() + 1)?;
        let coming = edges.get(next).map(|edge| edge.lo);
        let Some(nearest_end) = active.iter().map(|edge| edge.hi).min() else {
            match coming {
                Some(lo) => at = lo,
                None => return Ok(pieces),
            }
            continue;
        };
        // `coming` lies behind `at`, so that it has a predecessor.
        let hi = coming.and_then(predecessor).map_or(nearest_end, |before| before.min(nearest_end));
        pieces.push((at, hi, active.iter().map(|edge| edge.to).collect()));
        match successor(hi) {
            Some(after) => at = after,
            None => return Ok(pieces),
        }
    }
}
