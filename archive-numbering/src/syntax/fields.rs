//! The kinds of fields: what stands behind a field's sign of equality.

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::take_while1;
use nom::combinator::{map, opt};

use super::keywords::*;
use super::lexer::*;
use super::*;
use crate::limits;

/// The kind of a field.
pub(super) fn field_kind<'a>(file: &'a str, text: &'a str) -> Parsed<'a, FieldText> {
    alt((
        |t| chars(file, t),
        |t| digits(file, t),
        |t| codes(file, t),
        |t| date_field(file, t),
        |t| sequence(file, t),
        |t| check(file, t),
    ))
    .parse(text)
}

fn width<'a>(file: &'a str) -> impl FnMut(&'a str) -> Parsed<'a, At<Width>> {
    at(file, |text| {
        let (rest, ()) = sign(OPEN_BRACE)(text)?;
        let (rest, min) = must(integer)(rest)?;
        let (rest, max) = match sign(COMMA)(rest) {
            Ok((rest, ())) => must(integer)(rest)?,
            Err(_) => (rest, min),
        };
        let (rest, ()) = must(sign(CLOSE_BRACE))(rest)?;
        match (u32::try_from(min), u32::try_from(max)) {
            (Ok(min), Ok(max)) => Ok((rest, Width { min, max })),
            _ => wrong(text, format!("a width of {} is beyond every limit", min.max(max))),
        }
    })
}

fn class(text: &str) -> Parsed<'_, Vec<(char, char)>> {
    let (mut rest, ()) = sign(&['['])(text)?;
    let mut ranges = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(']') {
            return if ranges.is_empty() {
                wrong(text, "the class has no character")
            } else {
                Ok((after, ranges))
            };
        }
        let (after, lo) = class_character(rest)?;
        match after.strip_prefix('-').filter(|behind| !behind.starts_with(']')) {
            Some(behind) => {
                let (behind, hi) = class_character(behind)?;
                if hi < lo {
                    return wrong(rest, format!("the range {lo}-{hi} is empty: write {hi}-{lo}"));
                }
                ranges.push((lo, hi));
                rest = behind;
            }
            None => {
                ranges.push((lo, lo));
                rest = after;
            }
        }
    }
}

fn class_character(text: &str) -> Parsed<'_, char> {
    let mut chars = text.chars();
    match chars.next() {
        None | Some('\n' | '\r') => expected(text, "\"]\" to end the class"),
        Some('\\') => match chars.next() {
            Some(c @ ('\\' | ']' | '[' | '-')) => Ok((chars.as_str(), c)),
            _ => wrong(text, "after \"\\\" in a class comes one of \\ ] [ -"),
        },
        Some('[') => wrong(text, "write \\[ for a bracket in a class"),
        Some(c) if c.is_whitespace() => wrong(text, "a number has no white space: remove it from the class"),
        Some(c) => Ok((chars.as_str(), c)),
    }
}

fn chars<'a>(file: &'a str, text: &'a str) -> Parsed<'a, FieldText> {
    let (rest, ()) = keyword(CHARS)(text)?;
    let (rest, class) = must(at(file, class))(rest)?;
    let (rest, width) = must(width(file))(rest)?;
    match keyword(PAD)(rest) {
        Ok((rest, ())) => {
            let (rest, pad) = must(one_character(file))(rest)?;
            Ok((rest, FieldText::Chars { class, width, pad: Some(pad) }))
        }
        Err(_) => Ok((rest, FieldText::Chars { class, width, pad: None })),
    }
}

/// `范围 a..b` or `世纪 a..b`.
fn range<'a>(file: &'a str) -> impl FnMut(&'a str) -> Parsed<'a, At<(u64, u64)>> {
    move |text| {
        let (rest, ()) = alt((keyword(RANGE), keyword(CENTURY))).parse(text)?;
        must(at(file, |text| {
            let (rest, low) = integer(text)?;
            let Some(rest) = rest.strip_prefix("..") else { return expected(rest, "\"..\"") };
            let (rest, high) = must(integer)(rest)?;
            if high < low {
                return wrong(text, format!("the range {low}..{high} is empty: write {high}..{low}"));
            }
            Ok((rest, (low, high)))
        }))(rest)
    }
}

fn digits<'a>(file: &'a str, text: &'a str) -> Parsed<'a, FieldText> {
    let (rest, ()) = keyword(DIGITS)(text)?;
    let (rest, width) = must(width(file))(rest)?;
    let (rest, range) = opt(range(file)).parse(rest)?;
    let (rest, source) = match keyword(FROM)(rest) {
        Ok((rest, ())) => {
            let (rest, source) = must(name(file))(rest)?;
            let part = word(rest)
                .ok()
                .filter(|(after, _)| sign(EQUALS)(after).is_err())
                .and_then(|(after, word)| DATE_PARTS.iter().find(|(k, _)| k.is(word)).map(|p| (after, p.1)));
            let (rest, part) = part.unwrap_or((rest, DatePart::Year));
            (rest, Some((source, part)))
        }
        Err(_) => (rest, None),
    };
    Ok((rest, FieldText::Digits { width, range, source }))
}

/// A code or a label: bare, up to a sign of the list, or in quotes.
fn code_text(text: &str) -> Parsed<'_, String> {
    let (start, ()) = space(text)?;
    if start.starts_with('"') {
        return quoted(start);
    }
    let is_code = |c: char| !c.is_whitespace() && !"=＝,，、<＜{}｛｝\"#".contains(c);
    match take_while1::<_, _, Stuck<'_>>(is_code).parse(start) {
        Ok((rest, code)) => Ok((rest, code.to_owned())),
        Err(_) => expected(start, "a code"),
    }
}

fn codes<'a>(file: &'a str, text: &'a str) -> Parsed<'a, FieldText> {
    let (rest, ()) = keyword(CODES)(text)?;
    let (mut rest, ()) = must(sign(OPEN_BRACE))(rest)?;
    let mut codes = Vec::new();
    let mut ordered = None;
    loop {
        let (after, text) = must(at(file, code_text))(rest)?;
        let (after, label) = match sign(EQUALS)(after) {
            Ok((after, ())) => map(must(code_text), Some).parse(after)?,
            Err(_) => (after, None),
        };
        codes.push(At { at: text.at, value: CodeText { text: text.value, label } });
        if codes.len() > limits::CODES {
            return wrong(after, format!("a list has at most {} codes", limits::CODES));
        }
        if let Ok((after, ())) = sign(CLOSE_BRACE)(after) {
            let ordered = ordered.unwrap_or(false);
            return Ok((after, FieldText::Codes { codes, ordered }));
        }
        let separator =
            |text| alt((map(sign(COMMA), |()| false), map(sign(&['<', '＜']), |()| true))).parse(text);
        let (next, less) = must(separator)(after)?;
        if ordered.is_some_and(|ordered| ordered != less) {
            return wrong(after, "a list of codes is separated by \",\" or, in order, by \"<\", not by both");
        }
        ordered = Some(less);
        rest = next;
    }
}

fn date_field<'a>(file: &'a str, text: &'a str) -> Parsed<'a, FieldText> {
    let (rest, ()) = keyword(DATE)(text)?;
    let (rest, ()) = must(sign(OPEN_BRACE))(rest)?;
    let (rest, pattern) = must(at(file, |t| match word(t) {
        Ok((rest, pattern)) => Ok((rest, pattern.to_owned())),
        Err(_) => expected(t, "a pattern such as YYYYMMDD"),
    }))(rest)?;
    let (rest, ()) = must(sign(CLOSE_BRACE))(rest)?;
    let (rest, years) = opt(range(file)).parse(rest)?;
    let (rest, source) = match keyword(FROM)(rest) {
        Ok((rest, ())) => map(must(name(file)), Some).parse(rest)?,
        Err(_) => (rest, None),
    };
    Ok((rest, FieldText::Date { pattern, years, source }))
}

fn sequence<'a>(file: &'a str, text: &'a str) -> Parsed<'a, FieldText> {
    let (rest, ()) = keyword(SEQUENCE)(text)?;
    let (mut rest, width) = must(width(file))(rest)?;
    let mut sequence =
        SequenceText { width, start: None, end: None, scope: Vec::new(), gapless: None, overflow: None };
    // The clauses may come in any order, each once.
    loop {
        let (start, ()) = space(rest)?;
        let Ok((after, clause)) = word(start) else { break };
        if sign(EQUALS)(after).is_ok() {
            break;
        }
        let twice = || wrong(start, format!("{clause} is said twice"));
        if START.is(clause) {
            let (after, value) = must(at(file, integer))(after)?;
            if sequence.start.replace(value).is_some() {
                return twice();
            }
            rest = after;
        } else if END.is(clause) {
            let (after, value) = must(at(file, integer))(after)?;
            if sequence.end.replace(value).is_some() {
                return twice();
            }
            rest = after;
        } else if PER.is(clause) {
            if !sequence.scope.is_empty() {
                return twice();
            }
            (rest, sequence.scope) = names_in_parentheses(file, after)?;
        } else if GAPLESS.is(clause) || GAPS.is(clause) {
            if sequence.gapless.replace(GAPLESS.is(clause)).is_some() {
                return twice();
            }
            rest = after;
        } else if REFUSE.is(clause) || WIDEN.is(clause) {
            let (after, value) = match keyword(TO)(after) {
                Ok((after, ())) if WIDEN.is(clause) => {
                    let (after, value) = must(integer)(after)?;
                    (after, Some(u32::try_from(value).unwrap_or(u32::MAX)))
                }
                _ => (after, None),
            };
            let value = if REFUSE.is(clause) { Overflow::Refuse } else { Overflow::Widen(value) };
            if sequence.overflow.replace(At { value, at: file.len() - start.len() }).is_some() {
                return twice();
            }
            rest = after;
        } else {
            break;
        }
    }
    Ok((rest, FieldText::Sequence(sequence)))
}

fn check<'a>(file: &'a str, text: &'a str) -> Parsed<'a, FieldText> {
    let (rest, ()) = keyword(CHECK)(text)?;
    let (rest, system) = must(at(file, |text| {
        let is_name = |c: char| is_word(c) || c == ',';
        match take_while1::<_, _, Stuck<'_>>(is_name).parse(text) {
            Ok((rest, system)) => match system.parse::<CheckSystem>() {
                Ok(system) => Ok((rest, system)),
                Err(error) => wrong(text, error.to_string()),
            },
            Err(_) => expected(text, "a check system such as ISO7064-11-2"),
        }
    }))(rest)?;
    let (rest, of) = names_in_parentheses(file, rest)?;
    Ok((rest, FieldText::Check { system, of }))
}
