//! The words of a part of the format: those that begin with a text, and the least and the greatest of them.

use archive_core::language::{Language, StateId};

use crate::checked::characters::reachable;
use crate::explanation::shortest_from;
use crate::limits::PROOF_STATES;
use crate::tracks::TooComplex;

/// Characters of one step that are tried one by one.
const STEP_CHARS: usize = 1024;

/// The writings of a language of which each begins the next, shortest first; `None` for other languages.
pub(super) fn chain(language: &Language) -> Option<Vec<String>> {
    let mut writings = Vec::new();
    let (mut state, mut text) = (language.start(), String::new());
    loop {
        if language.is_accepting(state) {
            writings.push(text.clone());
        }
        let mut onward = language.transitions(state).filter(|(_, to)| shortest_from(language, *to).is_some());
        let Some((range, to)) = onward.next() else { return Some(writings) };
        let is_single = range.start() == range.end() && onward.next().is_none();
        if !is_single || text.chars().count() > crate::limits::CHARS {
            return None;
        }
        text.push(*range.start());
        state = to;
    }
}

/// The characters from `lo` to `hi`, unless they are too many to try.
pub(super) fn all_of(lo: char, hi: char) -> Result<Vec<char>, TooComplex> {
    let chars: Vec<char> = (lo..=hi).take(STEP_CHARS + 1).collect();
    if chars.len() > STEP_CHARS { Err(TooComplex) } else { Ok(chars) }
}

/// Where `text` leads; `None` where no word begins so.
pub(super) fn walk(language: &Language, text: &str) -> Option<StateId> {
    text.chars().try_fold(language.start(), |state, c| language.step(state, c))
}

/// All words that begin with `text`.
pub(super) fn all_words(language: &Language, text: &str) -> Result<Vec<String>, TooComplex> {
    let Some(start) = walk(language, text) else { return Ok(Vec::new()) };
    let (mut words, mut open) = (Vec::new(), vec![(start, text.to_owned())]);
    while let Some((state, text)) = open.pop() {
        for (range, to) in language.transitions(state) {
            let onward = all_of(*range.start(), *range.end())?;
            open.extend(onward.into_iter().map(|c| (to, format!("{text}{c}"))));
        }
        if language.is_accepting(state) {
            words.push(text);
        }
        if words.len() + open.len() > PROOF_STATES {
            return Err(TooComplex);
        }
    }
    Ok(words)
}

/// For each length the least and the greatest word, as text, that begins with `text`.
pub(super) fn least_and_greatest(language: &Language, text: &str) -> Vec<String> {
    let Some(start) = walk(language, text) else { return Vec::new() };
    let states = reachable(language);
    // Whether a state is so many characters before an end.
    let mut ends: Vec<Vec<bool>> = vec![states.iter().map(|state| language.is_accepting(*state)).collect()];
    let mut words = Vec::new();
    for more in 0..=crate::limits::CHARS {
        if ends[more][start.index()] {
            for greatest in [false, true] {
                let (mut state, mut word) = (start, text.to_owned());
                for left in (0..more).rev() {
                    let onward = language.transitions(state).filter(|(_, to)| ends[left][to.index()]);
                    let step = match greatest {
                        true => {
                            onward.max_by_key(|(range, _)| *range.end()).map(|(range, to)| (*range.end(), to))
                        }
                        false => onward
                            .min_by_key(|(range, _)| *range.start())
                            .map(|(range, to)| (*range.start(), to)),
                    };
                    let Some((c, to)) = step else { break };
                    word.push(c);
                    state = to;
                }
                words.push(word);
            }
        }
        let before =
            states.iter().map(|state| language.transitions(*state).any(|(_, to)| ends[more][to.index()]));
        ends.push(before.collect());
    }
    words
}
