//! How an automaton is held, and what can be read off it.

use std::collections::VecDeque;
use std::sync::OnceLock;

/// No state.
pub(super) const DEAD: u32 = u32::MAX;

/// Up to so many states, a table for ASCII pays for its memory (half a KiB a state).
const ASCII_TABLE_STATES: usize = 1024;

/// One transition: the characters from `lo` to `hi`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Edge {
    pub(super) lo: char,
    pub(super) hi: char,
    pub(super) to: u32,
}

/// A deterministic automaton on its way to being minimal: edges ascend and do not overlap.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) start: u32,
    pub(super) accepting: Vec<bool>,
    pub(super) edges: Vec<Vec<Edge>>,
}

impl Draft {
    /// A new state without edges.
    pub(super) fn push(&mut self, accepting: bool) -> u32 {
        self.accepting.push(accepting);
        self.edges.push(Vec::new());
        (self.accepting.len() - 1) as u32
    }

    pub(super) fn len(&self) -> usize {
        self.accepting.len()
    }
}

/// A minimal automaton, its states numbered by the order in which a breadth-first walk meets
/// them, its edges in one array. Equal languages are equal values.
#[derive(Debug)]
pub(super) struct Automaton {
    /// The edges of state `s` are `edges[first_edge[s]..first_edge[s + 1]]`.
    first_edge: Vec<u32>,
    edges: Vec<Edge>,
    accepting: Vec<bool>,
    /// 128 next states a state, made when first needed.
    ascii: OnceLock<Option<Box<[u32]>>>,
}

impl PartialEq for Automaton {
    fn eq(&self, other: &Self) -> bool {
        self.accepting == other.accepting && self.first_edge == other.first_edge && self.edges == other.edges
    }
}

impl Eq for Automaton {}

impl Automaton {
    /// Numbers the states of a trimmed and minimal draft.
    pub(super) fn from_minimal(draft: &Draft) -> Self {
        let mut number = vec![DEAD; draft.len()];
        let mut order = Vec::with_capacity(draft.len());
        number[draft.start as usize] = 0;
        order.push(draft.start);
        let mut automaton = Self {
            first_edge: vec![0],
            edges: Vec::new(),
            accepting: Vec::with_capacity(draft.len()),
            ascii: OnceLock::new(),
        };
        let mut at = 0;
        while let Some(&state) = order.get(at) {
            for edge in &draft.edges[state as usize] {
                if number[edge.to as usize] == DEAD {
                    number[edge.to as usize] = order.len() as u32;
                    order.push(edge.to);
                }
                automaton.edges.push(Edge { to: number[edge.to as usize], ..*edge });
            }
            automaton.first_edge.push(automaton.edges.len() as u32);
            automaton.accepting.push(draft.accepting[state as usize]);
            at += 1;
        }
        automaton
    }

    pub(super) fn state_count(&self) -> usize {
        self.accepting.len()
    }

    pub(super) fn is_accepting(&self, state: u32) -> bool {
        self.accepting.get(state as usize).copied().unwrap_or(false)
    }

    pub(super) fn edges(&self, state: u32) -> &[Edge] {
        match self.first_edge.get(state as usize..) {
            Some(&[first, end, ..]) => &self.edges[first as usize..end as usize],
            _ => &[],
        }
    }

    pub(super) fn step(&self, state: u32, c: char) -> u32 {
        if c.is_ascii()
            && let Some(table) = self.ascii.get_or_init(|| self.ascii_table())
        {
            return table.get(state as usize * 128 + c as usize).copied().unwrap_or(DEAD);
        }
        self.search(state, c)
    }

    fn search(&self, state: u32, c: char) -> u32 {
        let edges = self.edges(state);
        let after = edges.partition_point(|edge| edge.lo <= c);
        match edges[..after].last() {
            Some(edge) if c <= edge.hi => edge.to,
            _ => DEAD,
        }
    }

    fn ascii_table(&self) -> Option<Box<[u32]>> {
        if self.state_count() > ASCII_TABLE_STATES {
            return None;
        }
        let states = 0..self.state_count() as u32;
        Some(states.flat_map(|s| ('\0'..='\x7f').map(move |c| self.search(s, c))).collect())
    }

    pub(super) fn shortest(&self) -> Option<String> {
        // A queue that goes by ascending characters meets each state first by its shortest and,
        // of these, smallest text.
        let mut came_from: Vec<Option<(u32, char)>> = vec![None; self.state_count()];
        let mut queue = VecDeque::from([0]);
        while let Some(state) = queue.pop_front() {
            if self.accepting[state as usize] {
                let mut text = Vec::new();
                let mut at = state;
                while let Some((before, c)) = came_from[at as usize] {
                    text.push(c);
                    at = before;
                }
                return Some(text.iter().rev().collect());
            }
            for edge in self.edges(state) {
                if edge.to != 0 && came_from[edge.to as usize].is_none() {
                    came_from[edge.to as usize] = Some((state, edge.lo));
                    queue.push_back(edge.to);
                }
            }
        }
        None
    }

    pub(super) fn size(&self) -> Option<u64> {
        let mut members = vec![0_u64; self.state_count()];
        for &state in self.backwards()?.iter() {
            let mut sum = u64::from(self.accepting[state as usize]);
            for edge in self.edges(state) {
                let width = (edge.lo..=edge.hi).count() as u64;
                sum = sum.checked_add(width.checked_mul(members[edge.to as usize])?)?;
            }
            members[state as usize] = sum;
        }
        Some(members[0])
    }

    pub(super) fn longest(&self) -> Option<usize> {
        let mut length = vec![0; self.state_count()];
        for &state in self.backwards()?.iter() {
            let longest = self.edges(state).iter().map(|edge| length[edge.to as usize] + 1).max();
            length[state as usize] = longest.unwrap_or(0);
        }
        let empty = self.edges(0).is_empty() && !self.accepting[0];
        (!empty).then(|| length[0])
    }

    /// All states, each after those that it leads to; `None` where there is a cycle.
    fn backwards(&self) -> Option<Vec<u32>> {
        backwards(self.state_count(), |s| self.edges(s))
    }
}

/// All of `count` states, each after those that it leads to; `None` where there is a cycle.
pub(super) fn backwards<'a>(count: usize, edges: impl Fn(u32) -> &'a [Edge]) -> Option<Vec<u32>> {
    let mut incoming = vec![0_u32; count];
    for state in 0..count as u32 {
        edges(state).iter().for_each(|edge| incoming[edge.to as usize] += 1);
    }
    let mut order: Vec<u32> = (0..count as u32).filter(|&s| incoming[s as usize] == 0).collect();
    let mut at = 0;
    while let Some(&state) = order.get(at) {
        for edge in edges(state) {
            incoming[edge.to as usize] -= 1;
            if incoming[edge.to as usize] == 0 {
                order.push(edge.to);
            }
        }
        at += 1;
    }
    order.reverse();
    (order.len() == count).then_some(order)
}
