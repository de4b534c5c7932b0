//! Reads a condition from its text.

use rust_decimal::Decimal;

use super::condition::{Comparison, Condition};
use super::{FactKind, FactRule, in_range};
use crate::Error;
use crate::identifier::quoted;

/// The most bytes of a condition, and the deepest nesting of brackets and `not`.
const SIZE_LIMIT: usize = 1000;
const DEPTH_LIMIT: usize = 32;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(Decimal),
    Operator(Comparison),
    Open,
    Close,
}

pub(super) fn parse(text: &str, rules: &[FactRule]) -> Result<Condition, Error> {
    if text.len() > SIZE_LIMIT {
        return Err(Error::invalid("condition", format!("has {} bytes, more than {SIZE_LIMIT}", text.len())));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens: &tokens, position: 0, rules };
    let condition = parser.any(0)?;
    match parser.tokens.get(parser.position) {
        None => Ok(condition.substitute(rules)),
        Some(_) => Err(parser.wrong("\"and\", \"or\" or the end")),
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Error> {
    let wrong = |at: usize, message: &str| {
        let column = text[..at].chars().count() + 1;
        Err(Error::invalid(format!("condition {} character {column}", quoted(text)), message))
    };
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '\'' => match rest[1..].find('\'') {
                Some(end) => (Token::Text(rest[1..=end].to_owned()), end + 2),
                None => return wrong(at, "opens a quotation that nothing closes"),
            },
            '>' | '<' | '=' | '!' => match rest {
                r if r.starts_with(">=") => (Token::Operator(Comparison::AtLeast), 2),
                r if r.starts_with("<=") => (Token::Operator(Comparison::AtMost), 2),
                r if r.starts_with("!=") => (Token::Operator(Comparison::Unequal), 2),
                r if r.starts_with('>') => (Token::Operator(Comparison::Above), 1),
                r if r.starts_with('<') => (Token::Operator(Comparison::Below), 1),
                r if r.starts_with('=') => (Token::Operator(Comparison::Equal), 1),
                _ => return wrong(at, "is no comparison; use one of >= > <= < = !="),
            },
            c if c.is_ascii_digit() => {
                let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
                match rest[..length].parse::<Decimal>() {
                    Ok(number) if in_range(number) => (Token::Number(number), length),
                    _ => return wrong(at, "is no number from 0 to 10^12 with at most 3 decimals"),
                }
            }
            c if c.is_alphabetic() || c == '_' => {
                let length =
                    rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
                (Token::Word(rest[..length].to_owned()), length)
            }
            _ => return wrong(at, "is no name, number, comparison or bracket"),
        };
        tokens.push((at, token));
        rest = &rest[length..];
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [(usize, Token)],
    position: usize,
    rules: &'a [FactRule],
}

impl Parser<'_> {
    fn wrong(&self, expected: &str) -> Error {
        let at = self.tokens.get(self.position).map_or(self.text.len(), |(at, _)| *at);
        let column = self.text[..at].chars().count() + 1;
        Error::invalid(
            format!("condition {} character {column}", quoted(self.text)),
            format!("needs {expected} here"),
        )
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.position), Some((_, Token::Word(w))) if w == word);
        self.position += usize::from(found);
        found
    }

    fn any(&mut self, depth: usize) -> Result<Condition, Error> {
        let mut parts = vec![self.all(depth)?];
        while self.take_word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Condition, Error> {
        let mut parts = vec![self.one(depth)?];
        while self.take_word("and") {
            parts.push(self.one(depth)?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn one(&mut self, depth: usize) -> Result<Condition, Error> {
        if depth > DEPTH_LIMIT {
            return Err(self.wrong("less nesting"));
        }
        if self.take_word("not") {
            return Ok(Condition::Not(Box::new(self.one(depth + 1)?)));
        }
        match self.tokens.get(self.position) {
            Some((_, Token::Open)) => {
                self.position += 1;
                let inner = self.any(depth + 1)?;
                match self.tokens.get(self.position) {
                    Some((_, Token::Close)) => {
                        self.position += 1;
                        Ok(inner)
                    }
                    _ => Err(self.wrong("\")\"")),
                }
            }
            Some((_, Token::Word(word))) => {
                let Some(rule) = self.rules.iter().find(|r| r.name.as_str() == word) else {
                    let known: Vec<&str> = self.rules.iter().map(|r| r.name.as_str()).collect();
                    return Err(self.wrong(&format!("one of the facts {}", known.join(", "))));
                };
                self.position += 1;
                self.compared(rule)
            }
            _ => Err(self.wrong("the name of a fact, \"not\" or \"(\"")),
        }
    }

    fn compared(&mut self, rule: &FactRule) -> Result<Condition, Error> {
        let operator = match self.tokens.get(self.position) {
            Some((_, Token::Operator(operator))) => Some(*operator),
            _ => None,
        };
        let operand = self.tokens.get(self.position + 1).map(|(_, token)| token);
        match (&rule.kind, operator) {
            (FactKind::Flag | FactKind::Derived(_), None) => Ok(Condition::Flag(rule.name.clone())),
            (FactKind::Flag | FactKind::Derived(_), Some(_)) => {
                Err(self.wrong(&format!("no comparison: {} holds or does not", rule.name)))
            }
            (FactKind::Number { .. }, Some(operator)) => match operand {
                Some(Token::Number(bound)) => {
                    self.position += 2;
                    Ok(Condition::Number(rule.name.clone(), operator, *bound))
                }
                _ => Err(self.wrong(&format!("a number to compare {} with", rule.name))),
            },
            (FactKind::Choice { of }, Some(operator @ (Comparison::Equal | Comparison::Unequal))) => {
                match operand {
                    Some(Token::Text(word)) if of.contains(word) => {
                        self.position += 2;
                        let equal = operator == Comparison::Equal;
                        Ok(Condition::Choice { name: rule.name.clone(), word: word.clone(), equal })
                    }
                    _ => Err(self.wrong(&format!("one of '{}'", of.join("', '")))),
                }
            }
            (FactKind::Number { .. }, None) => Err(self.wrong(&format!("a comparison of {}", rule.name))),
            (FactKind::Choice { .. }, _) => Err(self.wrong(&format!("{} = or != a word", rule.name))),
        }
    }
}

fn one_or(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Fact, Facts};
    use proptest::prelude::*;

    fn rules() -> Vec<FactRule> {
        let rule = |name: &str, kind| FactRule::new(name.parse().unwrap(), name, kind);
        vec![
            rule("delegated", FactKind::Flag),
            rule("voltage_kv", FactKind::Number { unit: "kV".into() }),
            rule("title", FactKind::Choice { of: vec!["owned".into(), "leased".into()] }),
        ]
    }

    #[track_caller]
    fn check(text: &str, delegated: Option<bool>, kilovolts: Option<u32>, expected: Option<bool>) {
        let mut facts = Facts::new();
        facts.extend(delegated.map(|d| ("delegated".parse().unwrap(), Fact::Flag(d))));
        facts.extend(kilovolts.map(|v| ("voltage_kv".parse().unwrap(), Fact::Number(v.into()))));
        let condition = Condition::parse(text, &rules()).unwrap();
        assert_eq!(condition.holds(&facts), expected, "{text}");
    }

    #[test]
    fn unknown_stays_unknown_unless_the_other_side_decides() {
        check("voltage_kv >= 10", None, Some(10), Some(true));
        check("voltage_kv < 10", None, Some(10), Some(false));
        check("voltage_kv >= 10 and delegated", None, Some(10), None);
        check("voltage_kv >= 10 and delegated", None, Some(1), Some(false));
        check("voltage_kv >= 10 or delegated", None, Some(10), Some(true));
        check("not (delegated or voltage_kv = 10)", Some(true), None, Some(false));
        check("not delegated", None, None, None);
        check("title = 'leased'", None, None, None);
    }

    #[track_caller]
    fn check_rejected(text: &str, place: &str, message: &str) {
        let error = Condition::parse(text, &rules()).unwrap_err();
        assert!(error.object().ends_with(place) && error.message().contains(message), "{error}");
    }

    #[test]
    fn a_wrong_condition_names_its_place() {
        check_rejected("voltage_kv >= ", "character 12", "a number");
        check_rejected("voltage_kv", "character 11", "a comparison");
        check_rejected("voltage >= 10", "character 1", "one of the facts delegated");
        check_rejected("delegated = 1", "character 11", "no comparison");
        check_rejected("title = 'stolen'", "character 7", "one of 'owned'");
        check_rejected("title > 'owned'", "character 7", "= or != a word");
        check_rejected("(delegated", "character 11", "\")\"");
        check_rejected("delegated)", "character 10", "the end");
        check_rejected("", "character 1", "the name of a fact");
        check_rejected("delegated and", "character 14", "the name of a fact");
        check_rejected("voltage_kv >= 1.2.3", "character 15", "is no number");
        check_rejected("电压 ￥", "character 4", "is no name");
        check_rejected("title = 'x", "character 9", "nothing closes");
        check_rejected(&"(".repeat(900), "character 34", "less nesting");
        check_rejected(&"not ".repeat(200), "character 133", "less nesting");
        assert!(Condition::parse(&" ".repeat(2000), &rules()).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_an_answer(text in "[a-z_ ()'><=!0-9.电]{0,60}") {
            if let Ok(condition) = Condition::parse(&text, &rules()) {
                let again = Condition::parse(&condition.to_string(), &rules()).unwrap();
                prop_assert_eq!(again.to_string(), condition.to_string());
            }
        }
    }
}
