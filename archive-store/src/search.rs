//! Search in Chinese: text and query are cut into the same pairs of characters.
//!
//! ```
//! use archive_store::search::{Search, index_text};
//!
//! assert_eq!(index_text("杭州供电 400kVA"), "杭州 州供 供电 电 400kva");
//! let search = Search { year: Some(2024), ..Search::words("供电") };
//! assert_eq!(search.limit, 50);
//! ```
//!
//! Chinese is written without spaces, and an index of words or of triples misses words of two
//! characters. Each run of Chinese characters is indexed as its overlapping pairs and its last
//! character; each run of letters and digits as one word, lower case. A word of the query matches where
//! its characters stand in the same order with nothing between them, so what is found is exact.
//!
//! Indexed are the numbers of a file (reference code, customer, system record, request), its process,
//! its documents' ids and types, and every value in its readings.
//!
//! Process, year, retention and organisation are in the index too; state and site, which change, are
//! compared file by file.
//!
//! Limits: a word of letters or digits is found from its beginning, not from its middle; the text of
//! one file is indexed up to [`TEXT_LIMIT`] bytes.

use archive_core::holding::Retention;
use archive_core::identifier::{OrganisationCode, ProcessCode, quoted};
use archive_core::record::Document;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::Error;
use crate::filing::FilingState;

/// The most bytes of one file's text that are indexed.
pub const TEXT_LIMIT: usize = 1 << 20;
/// The most characters that a query may have.
pub const QUERY_LIMIT: usize = 200;

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Words with spaces between them, all of which must be there; may be empty.
    pub words: String,
    /// Only files whose box stands or will stand at this site.
    pub site: Option<String>,
    /// Only files of this process.
    pub process: Option<ProcessCode>,
    /// Only files of this year.
    pub year: Option<u16>,
    /// Only files kept so long.
    pub retention: Option<Retention>,
    /// Only files of this organisation.
    pub organisation: Option<OrganisationCode>,
    /// Only files in this state; live ones where absent.
    pub state: Option<FilingState>,
    /// At most so many, newest first.
    pub limit: usize,
}

impl Search {
    /// A search for `words` among all live files.
    #[must_use]
    pub fn words(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            site: None,
            process: None,
            year: None,
            retention: None,
            organisation: None,
            state: None,
            limit: 50,
        }
    }

    /// A search for all live files, however many there are.
    #[must_use]
    pub fn all() -> Self {
        Self { limit: usize::MAX, ..Self::words("") }
    }
}

/// What a character is to the index.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Written without spaces: indexed in pairs.
    Ideograph,
    /// Letters and digits: indexed as words.
    Word,
    /// Between words.
    Other,
}

fn class(c: char) -> Class {
    match c {
        '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}'
        | '〇' => Class::Ideograph,
        c if c.is_alphanumeric() => Class::Word,
        _ => Class::Other,
    }
}

/// Shows each character of `text` folded: compatibility forms and case do not matter.
fn fold(text: &str, each: impl FnMut(char)) {
    if text.is_ascii() {
        text.chars().map(|c| c.to_ascii_lowercase()).for_each(each);
    } else if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        text.chars().flat_map(char::to_lowercase).for_each(each);
    } else {
        text.nfkc().flat_map(char::to_lowercase).for_each(each);
    }
}

/// The tokens under which `text` is indexed, with spaces between them.
#[must_use]
pub fn index_text(text: &str) -> String {
    // Written as they come: every file's text goes through here.
    let mut tokens = String::with_capacity(text.len() + text.len() / 2);
    let (mut last, mut before) = (Class::Other, None);
    let begin = |tokens: &mut String| {
        if !tokens.is_empty() {
            tokens.push(' ');
        }
    };
    fold(text, |c| {
        let class = class(c);
        if let Some(before) = before.take() {
            begin(&mut tokens);
            tokens.push(before);
            if class == Class::Ideograph {
                tokens.push(c);
            }
        }
        match class {
            Class::Ideograph => before = Some(c),
            Class::Word => {
                if last != Class::Word {
                    begin(&mut tokens);
                }
                tokens.push(c);
            }
            Class::Other => {}
        }
        last = class;
    });
    if let Some(before) = before {
        begin(&mut tokens);
        tokens.push(before);
    }
    tokens
}

/// A word of a query: tokens that stand one after the other, the last perhaps a beginning.
#[derive(Debug, PartialEq)]
pub(crate) struct Phrase {
    pub(crate) tokens: Vec<String>,
    pub(crate) prefix: bool,
}

/// The words of a query, all of which are required.
pub(crate) fn phrases(words: &str) -> Result<Vec<Phrase>, Error> {
    if words.chars().nth(QUERY_LIMIT).is_some() {
        let message = format!("has more than {QUERY_LIMIT} characters: shorten it");
        return Err(Error::invalid(format!("search {}", quoted(words)), message));
    }
    let mut phrases = Vec::new();
    for word in words.split_whitespace() {
        let text = index_text(word);
        let mut tokens: Vec<String> = text.split_terminator(' ').map(str::to_owned).collect();
        // The text may go on where the query ends: pairs match as they are, what is no whole pair or
        // word matches as a beginning.
        let prefix = match &tokens[..] {
            [] => continue,
            [.., pair, last] => !is_tail(pair, last),
            [_] => true,
        };
        if !prefix {
            tokens.pop();
        }
        phrases.push(Phrase { tokens, prefix });
    }
    Ok(phrases)
}

/// Whether `last` is the end of the run of ideographs whose last pair is `pair`: no word ends with one.
fn is_tail(pair: &str, last: &str) -> bool {
    let mut characters = last.chars();
    let only = characters.next().filter(|c| characters.next().is_none() && class(*c) == Class::Ideograph);
    only.is_some_and(|c| pair.ends_with(c) && pair.chars().count() == 2)
}

/// The query in the language of FTS5. `None` where there is no word in it.
pub(crate) fn match_expression(phrases: &[Phrase]) -> Option<String> {
    // Tokens hold letters, digits and ideographs alone, so no quote can end the phrase.
    let text: Vec<_> = phrases
        .iter()
        .map(|phrase| format!("\"{}\"{}", phrase.tokens.join(" "), if phrase.prefix { " *" } else { "" }))
        .collect();
    (!text.is_empty()).then(|| text.join(" AND "))
}

/// Everything of a file that is searched but its number, in parts that no word spans.
pub(crate) fn text_of(names: [&str; 4], documents: &[Document], readings: &str) -> String {
    let mut parts: Vec<String> = names.map(str::to_owned).into();
    for document in documents {
        parts.push(document.id.to_string());
        parts.extend(document.document_type.as_ref().map(ToString::to_string));
    }
    // It was checked to be JSON or empty.
    if let Ok(readings) = serde_json::from_str(readings) {
        collect_values(readings, &mut parts);
    }
    let mut text = String::new();
    for part in parts {
        if text.len() + part.len() > TEXT_LIMIT {
            break;
        }
        text.push_str(&part);
        text.push('\n');
    }
    text
}

/// The strings and numbers in `value`, without the names of its fields.
fn collect_values(value: serde_json::Value, parts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => parts.push(text),
        serde_json::Value::Number(number) => parts.push(number.to_string()),
        serde_json::Value::Array(values) => values.into_iter().for_each(|v| collect_values(v, parts)),
        serde_json::Value::Object(fields) => fields.into_iter().for_each(|(_, v)| collect_values(v, parts)),
        serde_json::Value::Null | serde_json::Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_query(words: &str, expected: &str) {
        let phrases = phrases(words).unwrap();
        assert_eq!(match_expression(&phrases).unwrap_or_default(), expected, "{words}");
    }

    #[test]
    fn queries_are_phrases_of_the_same_pairs() {
        check_query("供电", "\"供电\"");
        check_query("供电所", "\"供电 电所\"");
        check_query("电", "\"电\" *");
        check_query("杭州 ２０２４", "\"杭州\" AND \"2024\" *");
        check_query("Z109-KH·2024", "\"z109 kh 2024\" *");
        check_query("Z109··KH", "\"z109 kh\" *");
        check_query("杭州A厂", "\"杭州 州 a 厂\" *");
        check_query("", "");
        check_query(" \t，。", "");
        check_query("\"OR\" NEAR(", "\"or\" * AND \"near\" *");
        check_query("a.\" OR b.\"\"*", "\"a\" * AND \"or\" * AND \"b\" *");
        check_query("</script><img src=\"x\">", "\"script img\" * AND \"src x\" *");
        assert!(phrases(&"电".repeat(201)).is_err());
    }

    #[test]
    fn an_index_text_holds_each_pair() {
        assert_eq!(index_text("杭州,供电"), "杭州 州 供电 电");
        assert_eq!(index_text("Ａ甲"), "a 甲");
        assert_eq!(index_text("…"), "");
        assert_eq!(index_text("杭州。。（供电）--AB\">--"), "杭州 州 供电 电 ab");
    }

    /// Runs of one class, folded.
    fn runs(text: &str) -> Vec<(Class, Vec<char>)> {
        let mut runs: Vec<(Class, Vec<char>)> = Vec::new();
        let mut last = Class::Other;
        fold(text, |c| {
            let class = class(c);
            match runs.last_mut() {
                // What stands between words never joins one, or a quote in it would end a phrase.
                Some((_, run)) if class == last && class != Class::Other => run.push(c),
                _ if class != Class::Other => runs.push((class, vec![c])),
                _ => {}
            }
            last = class;
        });
        runs
    }

    /// Appends the tokens of a run that ends where the text's own run ends.
    fn push_tokens(tokens: &mut Vec<String>, class: Class, run: &[char]) {
        match class {
            Class::Ideograph => {
                tokens.extend(run.windows(2).map(|pair| pair.iter().collect()));
                tokens.extend(run.last().map(char::to_string));
            }
            _ => tokens.push(run.iter().collect()),
        }
    }

    /// The tokens of a query's word, cut run by run, and whether the last is a beginning.
    fn cut_by_runs(word: &str) -> Option<(Vec<String>, bool)> {
        let mut runs = runs(word);
        let (class, last) = runs.pop()?;
        let mut tokens = Vec::new();
        for (class, run) in &runs {
            push_tokens(&mut tokens, *class, run);
        }
        let prefix = class == Class::Word || last.len() == 1;
        match prefix {
            true => tokens.push(last.iter().collect()),
            false => tokens.extend(last.windows(2).map(|pair| pair.iter().collect())),
        }
        Some((tokens, prefix))
    }

    proptest::proptest! {
        #[test]
        fn texts_and_queries_are_cut_alike(text in "[杭州供电a-zＡ０-９éﬁ①〇… ,·\u{301}]{0,12}") {
            let mut tokens = Vec::new();
            for (class, run) in runs(&text) {
                push_tokens(&mut tokens, class, &run);
            }
            assert_eq!(index_text(&text), tokens.join(" "));
            let cut: Vec<_> = text.split_whitespace().filter_map(cut_by_runs).collect();
            let found = phrases(&text).unwrap().into_iter().map(|phrase| (phrase.tokens, phrase.prefix));
            assert_eq!(found.collect::<Vec<_>>(), cut);
        }
    }
}
