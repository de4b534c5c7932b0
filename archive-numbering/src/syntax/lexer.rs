//! The lexical parts of the rule language: words, signs, numbers, quotes, comments.

use chrono::NaiveDate;
use nom::bytes::complete::{take_while, take_while1};
use nom::character::complete::char as one;
use nom::combinator::map;
use nom::error::{ErrorKind, ParseError};
use nom::{Err, IResult, Parser};

use super::keywords::*;
use super::*;
use crate::limits;

/// Why a parser stopped.
#[derive(Debug)]
pub(super) struct Stuck<'a> {
    pub(super) rest: &'a str,
    pub(super) message: String,
    /// Whether `message` is what was expected, to be joined with other expectations.
    pub(super) expected: bool,
}

impl<'a> ParseError<&'a str> for Stuck<'a> {
    fn from_error_kind(rest: &'a str, _: ErrorKind) -> Self {
        Self { rest, message: String::new(), expected: true }
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }

    /// Of two alternatives, the one that came further knows better.
    fn or(self, other: Self) -> Self {
        match self.rest.len().cmp(&other.rest.len()) {
            std::cmp::Ordering::Less => self,
            std::cmp::Ordering::Greater => other,
            std::cmp::Ordering::Equal if self.expected && other.expected && !self.message.is_empty() => {
                let message = if self.message.contains(&other.message) {
                    self.message
                } else {
                    format!("{} or {}", self.message, other.message)
                };
                Self { message, ..other }
            }
            std::cmp::Ordering::Equal => other,
        }
    }
}

pub(super) type Parsed<'a, T> = IResult<&'a str, T, Stuck<'a>>;

/// Fails, but lets an alternative try.
pub(super) fn expected<'a, T>(rest: &'a str, what: impl Into<String>) -> Parsed<'a, T> {
    Err(Err::Error(Stuck { rest, message: what.into(), expected: true }))
}

/// Fails for good: what stands here is understood, and wrong.
pub(super) fn wrong<'a, T>(rest: &'a str, message: impl Into<String>) -> Parsed<'a, T> {
    Err(Err::Failure(Stuck { rest, message: message.into(), expected: false }))
}

/// After this point, a failure is final.
pub(super) fn must<'a, T>(
    mut parser: impl FnMut(&'a str) -> Parsed<'a, T>,
) -> impl FnMut(&'a str) -> Parsed<'a, T> {
    move |text| match parser(text) {
        Err(Err::Error(stuck)) => Err(Err::Failure(stuck)),
        other => other,
    }
}

/// What stands at the beginning of `rest`, for a message.
pub(super) fn found(rest: &str) -> String {
    let word: String = rest.chars().take_while(|&c| is_word(c)).take(24).collect();
    match rest.chars().next() {
        None => "the end of the text".into(),
        Some('\n' | '\r') => "the end of the line".into(),
        Some('#') => "a comment: put it on a line of its own, before the statement".into(),
        Some(c) if word.is_empty() => format!("{c:?}"),
        Some(_) => format!("{word:?}"),
    }
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

pub(super) fn space(text: &str) -> Parsed<'_, ()> {
    map(take_while(char::is_whitespace), |_| ()).parse(text)
}

/// White space and comments between statements: comments that stand alone.
pub(super) fn between(text: &str) -> Parsed<'_, Vec<String>> {
    let mut comments = Vec::new();
    let (mut rest, ()) = space(text)?;
    while let Some(comment) = rest.strip_prefix('#') {
        let end = comment.find('\n').unwrap_or(comment.len());
        comments.push(comment_text(&comment[..end]));
        rest = space(&comment[end..])?.0;
    }
    Ok((rest, comments))
}

/// A comment without the blank behind its sign; its other blanks may be layout.
fn comment_text(comment: &str) -> String {
    comment.strip_prefix(' ').unwrap_or(comment).trim_end().to_owned()
}

/// A comment on the line that a statement ends on.
pub(super) fn behind(text: &str) -> Parsed<'_, Option<String>> {
    let blank = text.trim_start_matches([' ', '\t']);
    match blank.strip_prefix('#') {
        Some(comment) => {
            let end = comment.find('\n').unwrap_or(comment.len());
            Ok((&comment[end..], Some(comment_text(&comment[..end]))))
        }
        None => Ok((text, None)),
    }
}

pub(super) fn word(text: &str) -> Parsed<'_, &str> {
    let (text, ()) = space(text)?;
    take_while1(is_word).parse(text)
}

pub(super) fn keyword<'a>(keyword: Keyword) -> impl FnMut(&'a str) -> Parsed<'a, ()> {
    move |text| {
        let (start, ()) = space(text)?;
        match word(start) {
            // Before a sign of equality, the same word is the name of the next field.
            Ok((rest, found)) if keyword.is(found) && sign(EQUALS)(rest).is_err() => Ok((rest, ())),
            _ => expected(start, format!("{} ({})", keyword.0, keyword.1)),
        }
    }
}

/// One of `signs`, which are the same sign in half and full width; the first is the usual one.
pub(super) fn sign<'a>(signs: &'static [char]) -> impl FnMut(&'a str) -> Parsed<'a, ()> {
    move |text| {
        let (start, ()) = space(text)?;
        match start.chars().next() {
            Some(c) if signs.contains(&c) => Ok((&start[c.len_utf8()..], ())),
            _ => expected(start, format!("{:?}", signs[0])),
        }
    }
}

pub(super) const EQUALS: &[char] = &['=', '＝'];
pub(super) const COMMA: &[char] = &[',', '，', '、'];
pub(super) const OPEN: &[char] = &['(', '（'];
pub(super) const CLOSE: &[char] = &[')', '）'];
pub(super) const OPEN_BRACE: &[char] = &['{', '｛'];
pub(super) const CLOSE_BRACE: &[char] = &['}', '｝'];

pub(super) fn name<'a>(file: &'a str) -> impl FnMut(&'a str) -> Parsed<'a, Name> {
    move |text| {
        let (start, ()) = space(text)?;
        let Ok((rest, word)) = word(start) else { return expected(start, "a name") };
        if STATEMENTS.iter().any(|k| k.is(word)) {
            return expected(start, "a name, which is no keyword");
        }
        if word.chars().count() > limits::NAME {
            return wrong(start, format!("a name has at most {} characters", limits::NAME));
        }
        if !word.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return expected(start, "a name, which begins with a letter");
        }
        Ok((rest, At { value: word.to_owned(), at: file.len() - start.len() }))
    }
}

/// `parser`'s value and where it begins.
pub(super) fn at<'a, T>(
    file: &'a str,
    mut parser: impl FnMut(&'a str) -> Parsed<'a, T>,
) -> impl FnMut(&'a str) -> Parsed<'a, At<T>> {
    move |text| {
        let (start, ()) = space(text)?;
        let (rest, value) = parser(start)?;
        Ok((rest, At { value, at: file.len() - start.len() }))
    }
}

pub(super) fn integer(text: &str) -> Parsed<'_, u64> {
    let (start, ()) = space(text)?;
    let digits = start.len() - start.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 {
        return expected(start, "a whole number");
    }
    match start[..digits].parse() {
        Ok(value) => Ok((&start[digits..], value)),
        Err(_) => wrong(start, "a number of more than 20 digits is beyond every limit"),
    }
}

pub(super) fn date(text: &str) -> Parsed<'_, NaiveDate> {
    let (start, ()) = space(text)?;
    match word(start) {
        Ok((rest, word)) if word.len() == 10 => match NaiveDate::parse_from_str(word, "%Y-%m-%d") {
            Ok(date) => Ok((rest, date)),
            Err(_) => wrong(start, "is no day of the calendar"),
        },
        _ => expected(start, "a date such as 2024-01-01"),
    }
}

/// Text in quotes; `\"` and `\\` stand for a quote and a backslash.
pub(super) fn quoted(text: &str) -> Parsed<'_, String> {
    let (start, ()) = space(text)?;
    let (rest, _) = one::<_, Stuck<'_>>('"')
        .parse(start)
        .or_else(|_: Err<Stuck<'_>>| expected(start, "text in \"quotes\""))?;
    let mut value = String::new();
    let mut chars = rest.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Ok((&rest[i + 1..], value)),
            '\n' | '\r' => return wrong(start, "the quotes are not closed on their line"),
            '\\' => match chars.next() {
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                _ => return wrong(&rest[i..], "after \"\\\" in quotes comes \"\\\" or a quote"),
            },
            c => value.push(c),
        }
    }
    wrong(start, "the quotes are not closed")
}

pub(super) fn one_character<'a>(file: &'a str) -> impl FnMut(&'a str) -> Parsed<'a, At<char>> {
    move |text| {
        let (rest, value) = at(file, quoted)(text)?;
        let mut chars = value.value.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Ok((rest, At { value: c, at: value.at })),
            _ => wrong(&file[value.at..], "exactly one character is needed in these quotes"),
        }
    }
}

pub(super) fn names<'a>(file: &'a str, text: &'a str) -> Parsed<'a, Vec<Name>> {
    let (mut rest, first) = name(file)(text)?;
    let mut names = vec![first];
    while let Ok((after, ())) = sign(COMMA)(rest) {
        let (after, next) = must(name(file))(after)?;
        names.push(next);
        rest = after;
        if names.len() > limits::FIELDS {
            return wrong(rest, format!("a list names at most {} fields", limits::FIELDS));
        }
    }
    Ok((rest, names))
}

pub(super) fn names_in_parentheses<'a>(file: &'a str, text: &'a str) -> Parsed<'a, Vec<Name>> {
    let (rest, ()) = must(sign(OPEN))(text)?;
    let (rest, names) = must(|t| names(file, t))(rest)?;
    let (rest, ()) = must(sign(CLOSE))(rest)?;
    Ok((rest, names))
}
