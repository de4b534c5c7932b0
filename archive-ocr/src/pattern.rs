//! Patterns in schemas: a small notation for the writings of a value.

use std::collections::BTreeMap;

use archive_core::Error;
use archive_core::language::{CharClass, Language};

/// The most characters that a pattern may have.
const LENGTH_LIMIT: usize = 2000;

/// How deep groups may stand in each other.
const DEPTH_LIMIT: usize = 16;

/// The language of a pattern: characters stand for themselves, `[A-Z0-9]` for one of a class,
/// `(a|b)` for one of several, and `?`, `*`, `+`, `{4}`, `{2,30}` say how often.
///
/// # Errors
/// `InvalidInput` naming the pattern, the place and what was expected there.
pub(crate) fn compile(pattern: &str) -> Result<Language, Error> {
    compile_with(pattern, &BTreeMap::new())
}

/// As [`compile`], where `<name>` stands for a list of words.
pub(crate) fn compile_with(pattern: &str, lists: &BTreeMap<String, Language>) -> Result<Language, Error> {
    let mut parser = Parser { pattern, rest: pattern.chars().collect(), at: 0, lists };
    if parser.rest.len() > LENGTH_LIMIT {
        return Err(Error::invalid("pattern", format!("has more than {LENGTH_LIMIT} characters")));
    }
    let language = parser.alternatives(0)?;
    match parser.peek() {
        None => Ok(language),
        Some(c) => Err(parser.fault(&format!("{c:?} closes nothing"))),
    }
}

struct Parser<'a> {
    pattern: &'a str,
    rest: Vec<char>,
    at: usize,
    lists: &'a BTreeMap<String, Language>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    fn fault(&self, message: &str) -> Error {
        let object = format!("pattern {}", archive_core::identifier::quoted(self.pattern));
        Error::invalid(object, format!("character {}: {message}", self.at + 1))
    }

    fn alternatives(&mut self, depth: usize) -> Result<Language, Error> {
        if depth > DEPTH_LIMIT {
            return Err(self.fault(&format!("groups stand more than {DEPTH_LIMIT} deep")));
        }
        let mut all = vec![self.sequence(depth)?];
        while self.take('|') {
            all.push(self.sequence(depth)?);
        }
        Language::any_of(&all)
    }

    fn sequence(&mut self, depth: usize) -> Result<Language, Error> {
        let mut parts = Vec::new();
        while let Some(c) = self.peek() {
            if matches!(c, '|' | ')') {
                break;
            }
            self.at += 1;
            let part = match c {
                '(' => {
                    let group = self.alternatives(depth + 1)?;
                    if !self.take(')') {
                        return Err(self.fault("expected ) to close the group"));
                    }
                    group
                }
                '[' => Language::class(&self.class()?),
                '<' => self.list()?,
                '?' | '*' | '+' | '{' | ']' | '}' => {
                    return Err(self.fault(&format!("{c:?} has nothing before it to act on")));
                }
                '\\' => match self.peek() {
                    Some(c) => {
                        self.at += 1;
                        Language::class(&CharClass::from_ranges([c..=c]))
                    }
                    None => return Err(self.fault("expected a character after \\")),
                },
                c => Language::class(&CharClass::from_ranges([c..=c])),
            };
            parts.push(self.repeated(part)?);
        }
        Language::sequence(&parts)
    }

    fn list(&mut self) -> Result<Language, Error> {
        let name: String = self.rest[self.at..].iter().take_while(|c| **c != '>').collect();
        let Some(list) = self.lists.get(&name) else {
            return Err(self.fault(&format!("there is no list {}", archive_core::identifier::quoted(&name))));
        };
        self.at += name.chars().count() + 1;
        Ok(list.clone())
    }

    fn class(&mut self) -> Result<CharClass, Error> {
        let mut ranges = Vec::new();
        loop {
            let Some(low) = self.peek() else { return Err(self.fault("expected ] to close the class")) };
            self.at += 1;
            if low == ']' {
                break;
            }
            let mut high = low;
            if self.peek() == Some('-') && self.rest.get(self.at + 1).is_some_and(|c| *c != ']') {
                high = self.rest[self.at + 1];
                self.at += 2;
            }
            if low > high {
                return Err(self.fault(&format!("the range {low}-{high} runs backwards")));
            }
            ranges.push(low..=high);
        }
        if ranges.is_empty() {
            Err(self.fault("the class is empty"))
        } else {
            Ok(CharClass::from_ranges(ranges))
        }
    }

    fn repeated(&mut self, part: Language) -> Result<Language, Error> {
        let Some(c) = self.peek() else { return Ok(part) };
        let (min, max) = match c {
            '?' => (0, Some(1)),
            '*' => (0, None),
            '+' => (1, None),
            '{' => {
                self.at += 1;
                let min = self.number()?;
                let max = if !self.take(',') {
                    Some(min)
                } else if self.peek() == Some('}') {
                    None
                } else {
                    Some(self.number()?)
                };
                if self.peek() != Some('}') {
                    return Err(self.fault("expected } to close the count"));
                }
                if max.is_some_and(|max| max < min) {
                    return Err(self.fault("the count runs backwards"));
                }
                (min, max)
            }
            _ => return Ok(part),
        };
        self.at += 1;
        part.repeat(min, max)
    }

    fn number(&mut self) -> Result<u32, Error> {
        let digits: String = self.rest[self.at..].iter().take_while(|c| c.is_ascii_digit()).take(4).collect();
        self.at += digits.len();
        digits.parse().map_err(|_| self.fault("expected a number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let language = compile(pattern).unwrap();
        for text in yes {
            assert!(language.matches(text), "{pattern} should have {text}");
        }
        for text in no {
            assert!(!language.matches(text), "{pattern} should not have {text}");
        }
    }

    #[test]
    fn patterns_mean_what_they_say() {
        check("[A-Z]{4}[0-9]{3}", &["ABCD123"], &["ABC123", "ABCD1234"]);
        check("1[3-9][0-9]+", &["139"], &["12", "13"]);
        check("(10|0\\.4)(kV|千伏)", &["10kV", "0.4千伏"], &["0,4kV", "10"]);
        check("a?b*c{1,2}", &["c", "abbcc"], &["ab"]);
        check("[一-龥A-]{2,}", &["甲A-"], &["甲"]);
    }

    #[test]
    fn broken_patterns_name_the_place() {
        for bad in
            ["(a", "a)", "[a", "[]", "[z-a]", "*", "a{", "a{2", "a{x}", "a\\", "a{3,2}", "<nobody>", "<"]
        {
            let error = compile(bad).unwrap_err();
            assert_eq!(error.kind(), archive_core::ErrorKind::InvalidInput, "{bad}: {error}");
        }
        assert!(compile(&"(".repeat(1000)).is_err());
        assert!(compile(&"a".repeat(100_000)).is_err());
        assert!(compile("((([0-9]{999}){999}){999}){999}").is_err());
    }
}
