//! What the characters of a rule's parts are.

use archive_core::language::{CharClass, Language, StateId};

/// All characters that occur in members.
pub(crate) fn characters(language: &Language) -> CharClass {
    let states = reachable(language);
    states.into_iter().flat_map(|state| language.transitions(state).map(|(range, _)| range)).collect()
}

/// All states of `language`.
pub(crate) fn reachable(language: &Language) -> Vec<StateId> {
    let mut seen = vec![false; language.state_count()];
    let mut states = vec![language.start()];
    seen[0] = true;
    let mut at = 0;
    while let Some(&state) = states.get(at) {
        for (_, to) in language.transitions(state) {
            if !std::mem::replace(&mut seen[to.index()], true) {
                states.push(to);
            }
        }
        at += 1;
    }
    // Minimal automata number their states in this very order.
    states
}

/// The most bytes that a member can have: an upper bound.
pub(super) fn widest_bytes(language: &Language) -> usize {
    let widest = characters(language).ranges().map(|range| range.end().len_utf8()).max().unwrap_or(0);
    match language.size() {
        Some(1) => language.shortest().map_or(0, |text| text.len()),
        _ => language.longest().unwrap_or(0) * widest,
    }
}

/// Control, white space, private and invisible characters.
pub(super) fn unprintable() -> &'static CharClass {
    static CLASS: std::sync::OnceLock<CharClass> = std::sync::OnceLock::new();
    CLASS.get_or_init(|| {
        CharClass::from_ranges([
            '\0'..=' ',
            '\u{7f}'..='\u{a0}',
            '\u{ad}'..='\u{ad}',
            '\u{34f}'..='\u{34f}',
            '\u{61c}'..='\u{61c}',
            '\u{115f}'..='\u{1160}',
            '\u{1680}'..='\u{1680}',
            '\u{17b4}'..='\u{17b5}',
            '\u{180b}'..='\u{180f}',
            '\u{2000}'..='\u{200f}',
            '\u{2028}'..='\u{202f}',
            '\u{205f}'..='\u{206f}',
            '\u{3000}'..='\u{3000}',
            '\u{3164}'..='\u{3164}',
            '\u{e000}'..='\u{f8ff}',
            '\u{fe00}'..='\u{fe0f}',
            '\u{feff}'..='\u{feff}',
            '\u{ffa0}'..='\u{ffa0}',
            '\u{fff0}'..='\u{ffff}',
            '\u{e0000}'..='\u{10ffff}',
        ])
    })
}
