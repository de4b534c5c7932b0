//! Why a text is no number, and how a beginning may go on.
//!
//! ```
//! let rule = archive_numbering::shipped::rule("DA-T-22-件")?;
//! let wrong = rule.explain("Z109-KH·2O24-D30-BGS-0007").unwrap();
//! assert_eq!((wrong.character, wrong.field.as_deref()), (10, Some("年度")));
//! assert_eq!(wrong.to_string(), "character 10 ('O') does not fit: expected 0 in 年度 (a number from 2000 to 2099 in 4 digits)");
//!
//! let partial = rule.complete("Z109-KH·20")?;
//! assert_eq!(partial.next[0].characters, "0-9");
//! assert_eq!(rule.complete("Z109-KH·2024-D3")?.forced, "0-");
//! # Ok::<(), archive_core::Error>(())
//! ```

use std::collections::VecDeque;
use std::fmt;

use archive_core::Error;
use archive_core::identifier::quoted;
use archive_core::language::{CharClass, Language, StateId};
use serde::Serialize;

use crate::field::listed;
use crate::rule::Rule;

/// What may stand at one place of a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// The field; `None` for a separator.
    pub field: Option<String>,
    /// The characters, such as `0-9A-Z`.
    pub characters: String,
    /// What the whole field holds.
    pub meaning: Option<String>,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.characters)?;
        match (&self.field, &self.meaning) {
            (Some(field), Some(meaning)) => write!(f, " in {field} ({meaning})"),
            (Some(field), None) => write!(f, " in {field}"),
            _ => Ok(()),
        }
    }
}

/// Where a text fails to be a number, and what was expected there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The byte offset.
    pub byte: usize,
    /// The character, counted from 1.
    pub character: usize,
    /// What stands there; `None` where the text ends too early.
    pub found: Option<char>,
    /// The field that could not be read, where there is but one.
    pub field: Option<String>,
    /// What could have stood there; empty where the number should have ended.
    pub expected: Vec<Expected>,
    /// Whether all but the check characters is right.
    pub check_failed: bool,
}

/// Where a text fails.
enum Failure {
    /// What can follow after these states does not.
    Step { states: Vec<u32>, byte: usize, character: usize, found: Option<char> },
    /// All but the check characters is right.
    Check(Explanation),
}

impl Failure {
    fn of(rule: &Rule, text: &str) -> Option<Self> {
        let tracks = rule.tracks();
        let (mut states, mut next): (Vec<u32>, Vec<u32>) = (vec![0], Vec::new());
        let mut character = 1;
        for (byte, c) in text.char_indices() {
            step(rule, &states, c, &mut next);
            if next.is_empty() {
                // An alias that is read as its character is no fault: look behind it.
                if let Some(canonical) = rule.undo_aliases(text) {
                    return if canonical == text { None } else { Self::of(rule, &canonical) };
                }
                return Some(Self::Step { states, byte, character, found: Some(c) });
            }
            std::mem::swap(&mut states, &mut next);
            character += 1;
        }
        if !states.iter().any(|&state| tracks.accepting[state as usize]) {
            return Some(Self::Step { states, byte: text.len(), character, found: None });
        }
        let (field, byte, due) = rule.machine().failing_check(text)?;
        let name = rule.checked().fields[field].name.clone();
        Some(Self::Check(Explanation {
            byte,
            character: text[..byte].chars().count() + 1,
            found: text[byte..].chars().next(),
            field: Some(name.clone()),
            expected: vec![Expected { field: Some(name), characters: due, meaning: None }],
            check_failed: true,
        }))
    }
}

impl Explanation {
    pub(crate) fn of(rule: &Rule, text: &str) -> Option<Self> {
        Some(match Failure::of(rule, text)? {
            Failure::Step { states, byte, character, found } => {
                Self::at(rule, &states, byte, character, found)
            }
            Failure::Check(explanation) => explanation,
        })
    }

    /// What [`Explanation::of`] gives, as text. In columns many numbers fail at one place, and what is expected there
    /// is put into words once.
    pub(crate) fn message(rule: &Rule, text: &str) -> Option<String> {
        Some(match Failure::of(rule, text)? {
            Failure::Step { states, byte, character, found } => match states[..] {
                [state] => {
                    let expected = rule.expected_after(state, || {
                        Listed(&Self::at(rule, &states, byte, character, found).expected).to_string()
                    });
                    format!("{}{expected}", Place { character, found })
                }
                _ => Self::at(rule, &states, byte, character, found).to_string(),
            },
            Failure::Check(explanation) => explanation.to_string(),
        })
    }

    fn at(rule: &Rule, states: &[u32], byte: usize, character: usize, found: Option<char>) -> Self {
        let tracks = rule.tracks();
        let mut pieces: Vec<(u32, Vec<std::ops::RangeInclusive<char>>)> = Vec::new();
        for track in states.iter().flat_map(|&state| &tracks.tracks[state as usize]) {
            let piece = tracks.piece_of[track.to as usize];
            match pieces.iter_mut().find(|known| known.0 == piece) {
                Some(known) => known.1.push(track.lo..=track.hi),
                None => pieces.push((piece, vec![track.lo..=track.hi])),
            }
        }
        pieces.sort_by_key(|piece| piece.0);
        let expected: Vec<Expected> = pieces
            .into_iter()
            .map(|(piece, ranges)| {
                let field = rule.checked().pieces[piece as usize].field.map(|f| &rule.checked().fields[f]);
                let class = CharClass::from_ranges(ranges);
                let characters =
                    if field.is_some() { listed(&class) } else { format!("{:?}", listed(&class)) };
                Expected {
                    field: field.map(|f| f.name.clone()),
                    characters,
                    meaning: field.map(|f| f.kind.expectation()),
                }
            })
            .collect();
        let mut fields = expected.iter().filter_map(|e| e.field.clone());
        let field = fields.next().filter(|_| fields.next().is_none());
        Self { byte, character, found, field, expected, check_failed: false }
    }
}

/// The states after `c`, where `states` were before it.
fn step(rule: &Rule, states: &[u32], c: char, next: &mut Vec<u32>) {
    next.clear();
    let tracks = states.iter().flat_map(|&state| &rule.tracks().tracks[state as usize]);
    next.extend(tracks.filter(|track| track.lo <= c && c <= track.hi).map(|track| track.to));
    next.sort_unstable();
    next.dedup();
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Place { character: self.character, found: self.found })?;
        if self.check_failed {
            let due = self.expected.first().map_or("", |e| &e.characters);
            return write!(
                f,
                "{due} as {} by the other characters",
                self.field.as_deref().unwrap_or("check")
            );
        }
        write!(f, "{}", Listed(&self.expected))
    }
}

/// Where a text fails, up to what is expected there.
struct Place {
    character: usize,
    found: Option<char>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.found {
            Some(c) => write!(f, "character {} ({c:?}) does not fit: expected ", self.character),
            None => {
                write!(f, "ends too early, after character {}: expected ", self.character.saturating_sub(1))
            }
        }
    }
}

/// What is expected at one place.
struct Listed<'a>(&'a [Expected]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the end");
        }
        for (i, expected) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", or ")?;
            }
            write!(f, "{expected}")?;
        }
        Ok(())
    }
}

/// How a beginning can go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Completion {
    /// What must follow, whatever number it becomes.
    pub forced: String,
    /// Whether beginning and forced part are a number.
    pub is_number: bool,
    /// What can follow then.
    pub next: Vec<Expected>,
    /// The smallest of the shortest numbers that begin so.
    pub example: Option<String>,
}

impl Completion {
    pub(crate) fn of(rule: &Rule, beginning: &str) -> Result<Self, Error> {
        let language = rule.language()?;
        let mut state = language.start();
        for c in beginning.chars() {
            state = language.step(state, c).ok_or_else(|| {
                let message =
                    rule.explain(beginning).map_or("has a wrong check character".into(), |e| e.to_string());
                Error::invalid(format!("beginning {} under rule {}", quoted(beginning), rule.name()), message)
            })?;
        }
        let mut text = beginning.to_owned();
        while let Some((c, next)) = only_way(&language, state) {
            text.push(c);
            state = next;
        }
        let (mut states, mut after) = (vec![0], Vec::new());
        for c in text.chars() {
            step(rule, &states, c, &mut after);
            std::mem::swap(&mut states, &mut after);
        }
        let next = Explanation::at(rule, &states, 0, 0, None).expected;
        let example = shortest_from(&language, state).map(|rest| format!("{text}{rest}"));
        let forced = text[beginning.len()..].to_owned();
        Ok(Self { forced, is_number: language.is_accepting(state), next, example })
    }
}

/// The one character that can follow, where the number cannot end.
fn only_way(language: &Language, state: StateId) -> Option<(char, StateId)> {
    let mut ways = language.transitions(state);
    let (range, next) = ways.next()?;
    let only = range.start() == range.end() && ways.next().is_none() && !language.is_accepting(state);
    only.then_some((*range.start(), next))
}

/// The shortest text from `state` to the end of a number, and of these the smallest.
pub(crate) fn shortest_from(language: &Language, state: StateId) -> Option<String> {
    let mut seen = vec![false; language.state_count()];
    seen[state.index()] = true;
    let mut queue = VecDeque::from([(state, String::new())]);
    while let Some((state, text)) = queue.pop_front() {
        if language.is_accepting(state) {
            return Some(text);
        }
        for (range, to) in language.transitions(state) {
            if !std::mem::replace(&mut seen[to.index()], true) {
                queue.push_back((to, format!("{text}{}", range.start())));
            }
        }
    }
    None
}
