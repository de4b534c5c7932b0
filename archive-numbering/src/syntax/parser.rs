//! From text to a rule file, with nom. A parser that fails names what it expected where.
//!
//! Every loop consumes at least a character, and nothing recurses, so that time and memory are
//! linear in the text.

use nom::branch::alt;
use nom::character::complete::satisfy;
use nom::combinator::map;
use nom::{Err, Parser};

use super::fields::field_kind;
use super::keywords::*;
use super::lexer::*;
use super::*;
use crate::limits;

/// Where the text is wrong and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxFault {
    /// A byte offset.
    pub(crate) at: usize,
    pub(crate) message: String,
}

pub(crate) fn parse(text: &str) -> Result<RuleFile, SyntaxFault> {
    if text.len() > limits::TEXT {
        let message = format!("the text has {} bytes, more than {}", text.len(), limits::TEXT);
        return Err(SyntaxFault { at: 0, message });
    }
    file(text, text).map_err(|error| {
        let stuck = match error {
            Err::Error(stuck) | Err::Failure(stuck) => stuck,
            Err::Incomplete(_) => Stuck { rest: "", message: "more text".into(), expected: true },
        };
        let message = if stuck.expected {
            format!("expected {}, found {}", stuck.message, found(stuck.rest))
        } else {
            stuck.message
        };
        SyntaxFault { at: text.len() - stuck.rest.len(), message }
    })
}

fn field<'a>(file: &'a str, text: &'a str) -> Parsed<'a, Statement> {
    let (rest, name) = name(file)(text)?;
    let (rest, ()) = must(sign(EQUALS))(rest)?;
    let (rest, kind) = must(|text| field_kind(file, text))(rest)?;
    Ok((rest, Statement::Field(name, kind)))
}

fn format<'a>(file: &'a str, text: &'a str) -> Parsed<'a, Statement> {
    let (rest, ()) = keyword(FORMAT)(text)?;
    let (start, ()) = space(rest)?;
    let (rest, value) = must(quoted)(start)?;
    if value.len() > limits::FORMAT {
        return wrong(start, format!("a format has at most {} bytes", limits::FORMAT));
    }
    let offset = file.len() - start.len();
    Ok((rest, Statement::Format(At { value: parts(start, &value, offset)?, at: offset })))
}

/// Cuts a format into literal text and `{fields}`; `{{` and `}}` stand for braces.
fn parts<'a>(place: &'a str, format: &str, offset: usize) -> Result<Vec<Part>, Err<Stuck<'a>>> {
    let fail = |message: &str| {
        Err(Err::Failure(Stuck { rest: place, message: message.to_owned(), expected: false }))
    };
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        let doubled = rest[c.len_utf8()..].starts_with(c);
        match c {
            '{' | '}' if doubled => {
                literal.push(c);
                rest = &rest[2..];
            }
            '{' => {
                let Some(end) = rest.find('}') else { return fail("a \"{\" in the format is not closed") };
                if !literal.is_empty() {
                    parts.push(Part::Literal(At { value: std::mem::take(&mut literal), at: offset }));
                }
                parts.push(Part::Field(At { value: rest[1..end].trim().to_owned(), at: offset }));
                rest = &rest[end + 1..];
            }
            '}' => return fail("a \"}\" in the format has no \"{\": write }} for a brace"),
            c => {
                literal.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        if parts.len() > limits::PARTS {
            return fail("the format has too many parts");
        }
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(At { value: literal, at: offset }));
    }
    Ok(parts)
}

fn sort<'a>(file: &'a str, text: &'a str) -> Parsed<'a, Statement> {
    let (start, ()) = space(text)?;
    let (rest, ()) = keyword(SORT)(start)?;
    let (rest, value) = must(|t| names(file, t))(rest)?;
    Ok((rest, Statement::Sort(At { value, at: file.len() - start.len() })))
}

fn aliases<'a>(file: &'a str, text: &'a str) -> Parsed<'a, Statement> {
    let (rest, ()) = keyword(ALIASES)(text)?;
    let (mut rest, first) = must(at(file, |t| alias(file, t)))(rest)?;
    let mut all = vec![first];
    while let Ok((after, next)) = match at(file, |t| alias(file, t))(rest) {
        Err(failure @ Err::Failure(_)) => return Err(failure),
        other => other,
    } {
        all.push(next);
        rest = after;
    }
    Ok((rest, Statement::Aliases(all)))
}

fn alias<'a>(file: &'a str, text: &'a str) -> Parsed<'a, Alias> {
    let characters = |text: &'a str| {
        let (rest, ()) = sign(OPEN_BRACE)(text)?;
        let Some(end) = rest.find(['}', '｝']) else { return wrong(text, "the braces are not closed") };
        let from: String = rest[..end].chars().filter(|c| !c.is_whitespace()).collect();
        if from.is_empty() {
            return wrong(text, "the braces hold no character");
        }
        let rest = &rest[end..];
        let (rest, _) = satisfy(|c| c == '}' || c == '｝').parse(rest)?;
        let (start, ()) = space(rest)?;
        let Some(rest) = start.strip_prefix("->").or_else(|| start.strip_prefix('→')) else {
            return must(|t| expected(t, "\"->\""))(start);
        };
        let (rest, to) = must(one_character(file))(rest)?;
        Ok((rest, Alias::Characters(from, to)))
    };
    alt((
        map(keyword(FULL_WIDTH), |()| Alias::FullWidth),
        map(keyword(LOWER_CASE), |()| Alias::LowerCase),
        characters,
    ))
    .parse(text)
}

fn statement<'a>(file: &'a str, text: &'a str) -> Parsed<'a, Statement> {
    alt((|t| format(file, t), |t| sort(file, t), |t| aliases(file, t), |t| field(file, t))).parse(text)
}

fn rule_head<'a>(file: &'a str, text: &'a str) -> Parsed<'a, RuleText> {
    let (rest, ()) = keyword(RULE)(text)?;
    let (rest, name) = must(name(file))(rest)?;
    let (rest, ()) = must(keyword(VERSION))(rest)?;
    let (rest, version) = must(at(file, integer))(rest)?;
    let Ok(number) = u32::try_from(version.value) else {
        return wrong(&file[version.at..], "a version is at most 4294967295");
    };
    let (rest, ()) = must(keyword(EFFECTIVE))(rest)?;
    let (rest, effective) = must(date)(rest)?;
    let (rest, until) = match keyword(UNTIL)(rest) {
        Ok((rest, ())) => map(must(at(file, date)), Some).parse(rest)?,
        Err(_) => (rest, None),
    };
    if let Some(until) = until.as_ref().filter(|until| until.value <= effective) {
        return wrong(&file[until.at..], format!("the rule ends on {}, before it begins", until.value));
    }
    let (rest, counter) = match keyword(COUNTER)(rest) {
        Ok((rest, ())) => map(must(self::name(file)), Some).parse(rest)?,
        Err(_) => (rest, None),
    };
    let rule = RuleText {
        comments: Comments::default(),
        name,
        version: number,
        effective,
        until: until.map(|until| until.value),
        counter,
        statements: Vec::new(),
    };
    Ok((rest, rule))
}

fn file<'a>(file: &'a str, text: &'a str) -> Result<RuleFile, Err<Stuck<'a>>> {
    let is_next = |text: &str, k: Keyword| word(text).is_ok_and(|(_, word)| k.is(word));
    let (mut rest, mut before) = between(text)?;
    let english = word(rest).is_ok_and(|(_, word)| word.is_ascii());
    let mut parsed = RuleFile {
        keywords: if english { Keywords::English } else { Keywords::Chinese },
        namespace: None,
        rules: Vec::new(),
        closing: Vec::new(),
    };
    if is_next(rest, NAMESPACE) {
        let (after, ()) = keyword(NAMESPACE)(rest)?;
        let (after, name) = must(name(file))(after)?;
        let (after, behind) = behind(after)?;
        parsed.namespace = Some((Comments { before, behind }, name));
        (rest, before) = between(after)?;
    }
    loop {
        if rest.is_empty() {
            if parsed.rules.is_empty() {
                expected::<()>(rest, "规则 (rule)")?;
            }
            parsed.closing = before;
            return Ok(parsed);
        }
        let after = if is_next(rest, RULE) || parsed.rules.is_empty() {
            if parsed.rules.len() == limits::RULES {
                wrong::<()>(rest, format!("a file has at most {} rules", limits::RULES))?;
            }
            let (after, mut rule) = rule_head(file, rest)?;
            let (after, behind) = behind(after)?;
            rule.comments = Comments { before, behind };
            parsed.rules.push(rule);
            after
        } else {
            let (after, statement) = statement(file, rest)?;
            let (after, behind) = behind(after)?;
            if let Some(rule) = parsed.rules.last_mut() {
                if rule.statements.len() == limits::FIELDS + 3 {
                    wrong::<()>(
                        rest,
                        format!(
                            "a rule has at most {} fields, one format, one order and one list of aliases",
                            limits::FIELDS
                        ),
                    )?;
                }
                rule.statements.push((Comments { before, behind }, statement));
            }
            after
        };
        (rest, before) = between(after)?;
    }
}
