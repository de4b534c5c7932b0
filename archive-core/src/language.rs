//! The automaton over characters that numbering compiles to and OCR decodes under.
//!
//! ```
//! use archive_core::language::{CharClass, Language};
//!
//! let digit = Language::class(&CharClass::from_ranges(['0'..='9']));
//! let year = Language::literal("20")?.concat(&digit.repeat(2, Some(2))?)?;
//! assert!(year.matches("2024"));
//! assert!(!year.matches("1999"));
//! assert_eq!(year.size(), Some(100));
//!
//! // What a decoder does: walk one character at a time and see what may come next.
//! let mut state = year.start();
//! for c in "20".chars() {
//!     state = year.step(state, c).unwrap();
//! }
//! assert_eq!(year.transitions(state).next().unwrap().0, '0'..='9');
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A [`Language`] is a set of texts, held as a deterministic automaton over Unicode scalar values
//! that is trimmed (each state lies on the way to a member), minimal and numbered canonically:
//! two languages are equal exactly where they have the same members. It is immutable, and its
//! clones share one automaton.
//!
//! A numbering rule, a unit's grammar and a dictionary are all of this type, so that each can
//! check input, prove itself free of ambiguity and say what a reader may read next.
//!
//! Limits: [`STATE_LIMIT`] states and [`TRANSITION_LIMIT`] transitions in a result,
//! [`WORK_LIMIT`] steps in making one. What would exceed them is refused as `InvalidInput`;
//! neither time nor memory grows beyond them.

mod automaton;
mod char_class;
mod determinise;
mod minimise;
mod operations;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use automaton::{Automaton, DEAD};
pub use char_class::CharClass;

/// The most states that a language may have.
pub const STATE_LIMIT: usize = 1 << 18;

/// The most transitions, each for one range of characters, that a language may have.
pub const TRANSITION_LIMIT: usize = 1 << 20;

/// The most transitions that may be looked at to make one language out of others.
pub const WORK_LIMIT: usize = 1 << 23;

/// A set of texts; see the [module](self).
#[derive(Clone, PartialEq, Eq)]
pub struct Language {
    automaton: Arc<Automaton>,
}

/// A state of a [`Language`]: what a text read so far still allows.
///
/// A state means something in the language that it came from alone. In another one it gives wrong
/// answers, but never a panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateId(u32);

impl StateId {
    /// The state's number, below [`Language::state_count`]; the start is 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl Language {
    /// The state before the first character.
    #[must_use]
    pub fn start(&self) -> StateId {
        StateId(0)
    }

    /// The state after one more character; `None` where no member goes on like this.
    #[must_use]
    pub fn step(&self, state: StateId, c: char) -> Option<StateId> {
        let to = self.automaton.step(state.0, c);
        (to != DEAD).then_some(StateId(to))
    }

    /// Whether the text that led to `state` is a member.
    #[must_use]
    pub fn is_accepting(&self, state: StateId) -> bool {
        self.automaton.is_accepting(state.0)
    }

    /// What may come next: ranges of characters in ascending order, none touching another that
    /// leads to the same state.
    pub fn transitions(&self, state: StateId) -> impl Iterator<Item = (RangeInclusive<char>, StateId)> + '_ {
        self.automaton.edges(state.0).iter().map(|edge| (edge.lo..=edge.hi, StateId(edge.to)))
    }

    /// How many states there are, at least one.
    #[must_use]
    pub fn state_count(&self) -> usize {
        self.automaton.state_count()
    }

    /// Whether `text` is a member.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut state = 0;
        for c in text.chars() {
            state = self.automaton.step(state, c);
            if state == DEAD {
                return false;
            }
        }
        self.automaton.is_accepting(state)
    }

    /// Whether it has no member at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // The automaton is trimmed: only the empty language has a state that leads nowhere.
        self.state_count() == 1 && !self.is_accepting(self.start()) && self.automaton.edges(0).is_empty()
    }

    /// The shortest member, and of the shortest the smallest in code point order.
    #[must_use]
    pub fn shortest(&self) -> Option<String> {
        self.automaton.shortest()
    }

    /// How many members there are; `None` where they are more than `u64::MAX` or without end.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.automaton.size()
    }

    /// The number of characters in the longest member; `None` where there is no member or no end.
    #[must_use]
    pub fn longest(&self) -> Option<usize> {
        self.automaton.longest()
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Language")
            .field("states", &self.state_count())
            .field("shortest", &self.shortest())
            .finish()
    }
}
