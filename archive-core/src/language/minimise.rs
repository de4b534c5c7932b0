//! From a deterministic automaton to the smallest one with the same members.

use std::collections::HashMap;

use super::automaton::{Automaton, DEAD, Draft, Edge, backwards};
use super::char_class::successor;
use super::{STATE_LIMIT, TRANSITION_LIMIT, WORK_LIMIT};
use crate::Error;

/// Trims and minimises `draft`.
pub(super) fn minimise(draft: Draft) -> Result<Automaton, Error> {
    let draft = trim(&draft);
    // Without cycles, equal states are found in one pass from the ends; a text with 10⁵
    // characters then costs 10⁵ steps.
    let minimal = match backwards(draft.len(), |s| &draft.edges[s as usize]) {
        Some(order) => fold_acyclic(&draft, &order)?,
        None => refine(draft)?,
    };
    let transitions: usize = minimal.edges.iter().map(Vec::len).sum();
    if minimal.len() > STATE_LIMIT || transitions > TRANSITION_LIMIT {
        return Err(too_large());
    }
    Ok(Automaton::from_minimal(&minimal))
}

/// The refusal of a language beyond the limits.
pub(super) fn too_large() -> Error {
    Error::invalid(
        "language",
        format!(
            "needs more than {STATE_LIMIT} states, {TRANSITION_LIMIT} transitions or {WORK_LIMIT} steps: \
             make it of fewer or shorter parts"
        ),
    )
}

/// Keeps the states that lie on a way from the start to a member, and the start.
fn trim(draft: &Draft) -> Draft {
    let count = draft.len();
    let mut reached = vec![false; count];
    reached[draft.start as usize] = true;
    let mut walk = vec![draft.start];
    let mut before: Vec<Vec<u32>> = vec![Vec::new(); count];
    while let Some(state) = walk.pop() {
        for edge in &draft.edges[state as usize] {
            before[edge.to as usize].push(state);
            if !reached[edge.to as usize] {
                reached[edge.to as usize] = true;
                walk.push(edge.to);
            }
        }
    }
    let mut useful: Vec<bool> = (0..count).map(|s| reached[s] && draft.accepting[s]).collect();
    walk.extend((0..count as u32).filter(|&s| useful[s as usize]));
    while let Some(state) = walk.pop() {
        for &from in &before[state as usize] {
            if !useful[from as usize] {
                useful[from as usize] = true;
                walk.push(from);
            }
        }
    }
    useful[draft.start as usize] = true;

    let mut number = vec![DEAD; count];
    let mut trimmed = Draft::default();
    for state in (0..count).filter(|&s| useful[s]) {
        number[state] = trimmed.push(draft.accepting[state]);
    }
    for state in (0..count).filter(|&s| useful[s]) {
        let edges = draft.edges[state].iter().filter(|e| useful[e.to as usize]);
        trimmed.edges[number[state] as usize] =
            joined(edges.map(|e| Edge { to: number[e.to as usize], ..*e }));
    }
    trimmed.start = number[draft.start as usize];
    // A start that leads to no member can still have edges to itself.
    if !trimmed.accepting.contains(&true) {
        trimmed.edges[trimmed.start as usize].clear();
    }
    trimmed
}

/// `edges` with those joined that touch and lead to one state.
fn joined(edges: impl IntoIterator<Item = Edge>) -> Vec<Edge> {
    let mut joined: Vec<Edge> = Vec::new();
    for edge in edges {
        match joined.last_mut() {
            Some(last) if last.to == edge.to && successor(last.hi) == Some(edge.lo) => last.hi = edge.hi,
            _ => joined.push(edge),
        }
    }
    joined
}

/// States that were made from their ends, each kind once.
#[derive(Default)]
pub(super) struct Register {
    known: HashMap<(bool, Vec<Edge>), u32>,
    draft: Draft,
}

impl Register {
    /// The one state that accepts so and leads on by `edges`, which lead to states of this
    /// register.
    pub(super) fn state(&mut self, accepting: bool, edges: impl IntoIterator<Item = Edge>) -> u32 {
        let key = (accepting, joined(edges));
        if let Some(&state) = self.known.get(&key) {
            return state;
        }
        let state = self.draft.push(accepting);
        self.draft.edges[state as usize].clone_from(&key.1);
        self.known.insert(key, state);
        state
    }

    pub(super) fn len(&self) -> usize {
        self.draft.len()
    }

    pub(super) fn finish(mut self, start: u32) -> Draft {
        self.draft.start = start;
        self.draft
    }
}

fn fold_acyclic(draft: &Draft, order: &[u32]) -> Result<Draft, Error> {
    let mut register = Register::default();
    let mut number = vec![DEAD; draft.len()];
    for &state in order {
        let edges = draft.edges[state as usize].iter().map(|e| Edge { to: number[e.to as usize], ..*e });
        number[state as usize] = register.state(draft.accepting[state as usize], edges);
        if register.len() > STATE_LIMIT {
            return Err(too_large());
        }
    }
    Ok(register.finish(number[draft.start as usize]))
}

/// Hopcroft's algorithm: splits blocks of states by where they lead until none can be split.
fn refine(draft: Draft) -> Result<Draft, Error> {
    let incoming = incoming_by_atom(&draft)?;
    let mut partition = Partition::new(&draft.accepting);
    // Both first blocks are needed: transitions are partial, so that leading into neither is a
    // third case.
    let mut waiting: Vec<u32> = (0..partition.blocks.len() as u32).collect();
    let mut is_waiting = vec![true; partition.blocks.len()];
    let mut into: Vec<(u32, u32)> = Vec::new();
    while let Some(splitter) = waiting.pop() {
        is_waiting[splitter as usize] = false;
        into.clear();
        for &state in partition.members(splitter) {
            into.extend_from_slice(&incoming[state as usize]);
        }
        into.sort_unstable();
        for group in into.chunk_by(|a, b| a.0 == b.0) {
            for (old, new) in partition.split_by(group.iter().map(|&(_, from)| from)) {
                is_waiting.push(false);
                let smaller = if is_waiting[old as usize] || partition.size(new) <= partition.size(old) {
                    new
                } else {
                    old
                };
                is_waiting[smaller as usize] = true;
                waiting.push(smaller);
            }
        }
    }

    let mut minimal = Draft::default();
    for block in 0..partition.blocks.len() as u32 {
        let state = partition.members(block)[0] as usize;
        minimal.push(draft.accepting[state]);
        minimal.edges[block as usize] =
            joined(draft.edges[state].iter().map(|e| Edge { to: partition.block_of[e.to as usize], ..*e }));
    }
    minimal.start = partition.block_of[draft.start as usize];
    Ok(minimal)
}

/// For each state, the transitions into it as (atom, from), where atoms are the ranges of
/// characters that no edge tells apart.
fn incoming_by_atom(draft: &Draft) -> Result<Vec<Vec<(u32, u32)>>, Error> {
    let mut cuts: Vec<char> = Vec::new();
    for edge in draft.edges.iter().flatten() {
        cuts.push(edge.lo);
        cuts.extend(successor(edge.hi));
    }
    cuts.sort_unstable();
    cuts.dedup();
    let mut incoming: Vec<Vec<(u32, u32)>> = vec![Vec::new(); draft.len()];
    let mut total = 0;
    for (from, edges) in draft.edges.iter().enumerate() {
        for edge in edges {
            let first = cuts.partition_point(|&c| c < edge.lo);
            let end = cuts.partition_point(|&c| c <= edge.hi);
            total += end - first;
            if total > WORK_LIMIT {
                return Err(too_large());
            }
            incoming[edge.to as usize].extend((first..end).map(|atom| (atom as u32, from as u32)));
        }
    }
    Ok(incoming)
}

/// States in blocks; the members of a block lie side by side.
struct Partition {
    states: Vec<u32>,
    /// Where each state lies in `states`.
    place: Vec<usize>,
    block_of: Vec<u32>,
    blocks: Vec<Block>,
}

struct Block {
    first: usize,
    end: usize,
    /// Members up to here, from `first`, are marked in the split at hand.
    marked: usize,
}

impl Partition {
    fn new(accepting: &[bool]) -> Self {
        let count = accepting.len();
        let mut states: Vec<u32> = (0..count as u32).collect();
        states.sort_by_key(|&s| accepting[s as usize]);
        let rejecting = accepting.iter().filter(|a| !**a).count();
        let mut place = vec![0; count];
        states.iter().enumerate().for_each(|(i, &s)| place[s as usize] = i);
        let mut blocks = Vec::new();
        let mut block_of = vec![0; count];
        for (first, end) in [(0, rejecting), (rejecting, count)] {
            if first < end {
                states[first..end].iter().for_each(|&s| block_of[s as usize] = blocks.len() as u32);
                blocks.push(Block { first, end, marked: first });
            }
        }
        Self { states, place, block_of, blocks }
    }

    fn members(&self, block: u32) -> &[u32] {
        let block = &self.blocks[block as usize];
        &self.states[block.first..block.end]
    }

    fn size(&self, block: u32) -> usize {
        self.members(block).len()
    }

    /// Splits each block into its members within `marked` and the others, and returns the pairs
    /// (what keeps the old number, the new block).
    fn split_by(&mut self, marked: impl Iterator<Item = u32>) -> Vec<(u32, u32)> {
        let mut touched = Vec::new();
        for state in marked {
            let number = self.block_of[state as usize];
            let block = &mut self.blocks[number as usize];
            let at = self.place[state as usize];
            if at < block.marked {
                continue;
            }
            if block.marked == block.first {
                touched.push(number);
            }
            let other = self.states[block.marked];
            self.states.swap(at, block.marked);
            self.place[other as usize] = at;
            self.place[state as usize] = block.marked;
            block.marked += 1;
        }
        let mut split = Vec::new();
        for number in touched {
            let new = self.blocks.len() as u32;
            let block = &mut self.blocks[number as usize];
            let (first, marked) = (block.first, block.marked);
            block.marked = block.first;
            if marked < block.end {
                block.first = marked;
                block.marked = marked;
                self.states[first..marked].iter().for_each(|&s| self.block_of[s as usize] = new);
                self.blocks.push(Block { first, end: marked, marked: first });
                split.push((number, new));
            }
        }
        split
    }
}
