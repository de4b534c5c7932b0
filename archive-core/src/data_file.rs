//! Rules that are data: TOML read into types, with errors that name file, line and key.
//!
//! ```
//! #[derive(serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Limits {
//!     shelves: u8,
//! }
//!
//! let error = archive_core::data_file::parse::<Limits>("limits.toml", "shelves = 300").err().unwrap();
//! assert!(error.to_string().starts_with("limits.toml line 1, key shelves: "), "{error}");
//! ```
//!
//! Policies, form schemas, comparison schemas and vendor maps all come through here. A text of
//! more than [`SIZE_LIMIT`] bytes is refused before it is parsed.

use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind};

/// The most bytes that a data file may have.
pub const SIZE_LIMIT: usize = 4 << 20;

/// The text of the data file at `path`; refused unread where it is larger than [`SIZE_LIMIT`].
///
/// # Errors
/// Those of reading it; `InvalidInput` where it is too large.
pub fn read(path: &Path) -> Result<String, Error> {
    let meta = std::fs::metadata(path).map_err(|e| Error::io(path, "read", e))?;
    if meta.len() > SIZE_LIMIT as u64 {
        let message = format!("has {} bytes, more than {SIZE_LIMIT}", meta.len());
        return Err(Error::invalid(path.display().to_string(), message));
    }
    std::fs::read_to_string(path).map_err(|e| Error::io(path, "read as UTF-8 text", e))
}

/// Reads `text` as a `T`; `name` (a path, usually) stands in errors.
///
/// # Errors
/// `InvalidInput` where the text is no TOML, or not that of a `T`.
pub fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Error> {
    if text.len() > SIZE_LIMIT {
        return Err(Error::invalid(name, format!("has {} bytes, more than {SIZE_LIMIT}", text.len())));
    }
    toml::from_str(text).map_err(|error| match error.span() {
        Some(span) => error_at(name, text, span, error.message()),
        None => Error::invalid(name, error.message()),
    })
}

/// An `InvalidInput` error about the part of the data file `name` at `span`, which names its line
/// and key. For faults that only the reader of the values can see.
#[must_use]
pub fn error_at(name: &str, text: &str, span: Range<usize>, message: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, place(name, text, span), message)
}

/// Where in the data file `name` the part at `span` stands: its line and key, for messages.
#[must_use]
pub fn place(name: &str, text: &str, span: Range<usize>) -> String {
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let mut place = format!("{name} line {line}");
    if let Some(key) = key_at(text, line) {
        place.push_str(", key ");
        place.push_str(&key);
    }
    place
}

/// The dotted key that holds the value on `line`: the last table header above it, and the key that
/// begins the line or, inside a multi-line value, the nearest line above that has one.
fn key_at(text: &str, line: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().take(line).collect();
    let is_header =
        |l: &str| l.trim_start().starts_with('[') && l.trim_end().ends_with(']') && !l.contains('=');
    let table = lines.iter().rev().find(|l| is_header(l)).map(|l| l.trim().trim_matches(['[', ']']).trim());
    if lines.last().is_some_and(|l| is_header(l)) {
        return table.map(str::to_owned);
    }
    let key = lines
        .iter()
        .rev()
        .take_while(|l| !is_header(l))
        .find_map(|l| l.split_once('='))
        .map(|(k, _)| k.trim());
    let bare = |k: &&str| !k.is_empty() && k.len() <= 64 && !k.contains(['"', '{', '[', '#']);
    match (table, key.filter(bare)) {
        (Some(table), Some(key)) => Some(format!("{table}.{key}")),
        (None, Some(key)) => Some(key.to_owned()),
        (table, None) => table.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors of reading it matter")]
    struct Sample {
        title: String,
        boxing: Option<Boxing>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors of reading it matter")]
    struct Boxing {
        spines: Vec<u32>,
    }

    #[track_caller]
    fn check(text: &str, place: &str) {
        let error = parse::<Sample>("p.toml", text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.object(), place, "{error}");
    }

    #[test]
    fn errors_name_line_and_key() {
        check("title = 3", "p.toml line 1, key title");
        check("title = \"a\"\nshelf = 1", "p.toml line 2, key shelf");
        check("title = \"a\"\n[boxing]\nspines = [1,\n  -2]", "p.toml line 4, key boxing.spines");
        check("title = \"a\"\n[boxing]\n", "p.toml line 2, key boxing");
        check("title = \"a", "p.toml line 1, key title");
        check("\u{0}", "p.toml line 1");
    }

    #[test]
    fn a_huge_file_is_refused_unread() {
        let error = parse::<Sample>("p.toml", &" ".repeat(SIZE_LIMIT + 1)).unwrap_err();
        assert!(error.to_string().contains("more than 4194304"));
        assert!(parse::<Sample>("p.toml", &"[".repeat(100_000)).is_err(), "deep nesting ends in an error");
    }
}
