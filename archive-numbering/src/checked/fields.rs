//! Fields as written to fields whose parts fit together.

use archive_core::language::CharClass;

use super::Builder;
use super::characters::unprintable;
use crate::field::{Chars, Code, DEFAULT_YEARS, Date, DateToken, Kind, Numeric, Sequence, power_of_ten};
use crate::limits;
use crate::syntax::*;

impl Builder {
    pub(super) fn kind(&mut self, name: &Name, text: &FieldText) -> Option<Kind> {
        match text {
            FieldText::Chars { class, width, pad } => {
                self.width(width, limits::CHARS)?;
                let set: CharClass = class.value.iter().map(|&(lo, hi)| lo..=hi).collect();
                self.printable(class.at, &set)?;
                if let Some(pad) = pad {
                    self.printable(pad.at, &CharClass::from_ranges([pad.value..=pad.value]))?;
                }
                let Width { min, max } = width.value;
                // In one width there is nothing to pad.
                let pad = pad.as_ref().map(|pad| pad.value).filter(|_| min < max);
                Some(Kind::Chars(Chars { class: set, min, max, pad }))
            }
            FieldText::Digits { width, range, source } => {
                self.width(width, limits::DIGITS)?;
                let Width { min, max } = width.value;
                let part = source.as_ref().map(|(_, part)| *part);
                let cut = part == Some(DatePart::Year) && max < 4;
                if cut && min != max {
                    self.fault(width.at, "a year that is cut to its last digits has one width, such as {2}");
                    return None;
                }
                let natural = match part {
                    None => (0, power_of_ten(max) - 1),
                    Some(DatePart::Year) => DEFAULT_YEARS,
                    Some(DatePart::Month) => (1, 12),
                    Some(DatePart::Day) => (1, 31),
                };
                let (low, high) = range.as_ref().map_or(natural, |range| range.value);
                if part == Some(DatePart::Year) && !(1..=9999).contains(&high) {
                    self.fault(width.at, format!("the year {high} is none of 1 to 9999"));
                    return None;
                }
                let number = self.numeric(name, min, max, low, high, cut)?;
                Some(Kind::Digits { number, part })
            }
            FieldText::Codes { codes, ordered } => {
                for code in codes {
                    let length = code.value.text.chars().count();
                    if length == 0 || length > limits::CHARS {
                        let message = format!("a code has 1 to {} characters, not {length}", limits::CHARS);
                        self.fault(code.at, message);
                        return None;
                    }
                    self.printable(code.at, &CharClass::of(&code.value.text))?;
                }
                let codes = codes
                    .iter()
                    .map(|code| Code { text: code.value.text.clone(), label: code.value.label.clone() });
                Some(Kind::Codes { codes: codes.collect(), ordered: *ordered })
            }
            FieldText::Date { pattern, years, .. } => self.date(pattern, years.as_ref()).map(Kind::Date),
            FieldText::Sequence(text) => self.sequence(name, text),
            FieldText::Check { system, of } => {
                let of = self.find_all(of);
                Some(Kind::Check { system: system.value, of })
            }
        }
    }

    fn width(&mut self, width: &At<Width>, limit: usize) -> Option<()> {
        let Width { min, max } = width.value;
        let message = if min == 0 {
            "a width is at least 1: a part of a number is never empty".to_owned()
        } else if max < min {
            format!("the width {{{min},{max}}} is empty: write {{{max},{min}}}")
        } else if max as usize > limit {
            format!("a width of {max} is more than {limit}")
        } else {
            return Some(());
        };
        self.fault(width.at, message);
        None
    }

    /// Refuses characters that cannot stand in a reference code, or that nobody sees.
    pub(super) fn printable(&mut self, at: usize, set: &CharClass) -> Option<()> {
        match unprintable().intersection(set).ranges().next() {
            None => Some(()),
            Some(range) => {
                let c = range.start().escape_unicode();
                self.fault(at, format!("{c} cannot stand in a number: it is white space or invisible"));
                None
            }
        }
    }

    fn numeric(
        &mut self,
        name: &Name,
        min: u32,
        max: u32,
        low: u64,
        high: u64,
        cut: bool,
    ) -> Option<Numeric> {
        // What does not fit is for proof 6 to show; the rest of the rule is looked at without it.
        let fits = if cut { high } else { high.min(power_of_ten(max) - 1) };
        if low > fits {
            let message =
                format!("{} begins at {low}, which needs more than {max} digits: widen it", name.value);
            self.fault(name.at, message);
            return None;
        }
        Some(Numeric { min, max, low, high: fits, cut, wanted: high })
    }

    fn date(&mut self, pattern: &At<String>, years: Option<&At<(u64, u64)>>) -> Option<Date> {
        let mut tokens = Vec::new();
        let mut rest = pattern.value.as_str();
        while let Some(c) = rest.chars().next() {
            let token = if rest.starts_with("YYYY") {
                DateToken::Year(4)
            } else if rest.starts_with("YY") {
                DateToken::Year(2)
            } else if rest.starts_with("MM") {
                DateToken::Month
            } else if rest.starts_with("DD") {
                DateToken::Day
            } else {
                DateToken::Sign(c)
            };
            let length = match token {
                DateToken::Year(digits) => digits as usize,
                DateToken::Sign(c) => c.len_utf8(),
                _ => 2,
            };
            rest = &rest[length..];
            tokens.push(token);
        }
        let rank = |token: &DateToken| match token {
            DateToken::Year(_) => Some(0),
            DateToken::Month => Some(1),
            DateToken::Day => Some(2),
            DateToken::Sign(_) => None,
        };
        let ranks: Vec<i32> = tokens.iter().filter_map(rank).collect();
        let separators = tokens.iter().all(|t| !matches!(t, DateToken::Sign(c) if c.is_alphanumeric()));
        let consecutive = ranks.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        if ranks.is_empty() || !separators || !consecutive || ranks == [2] {
            let message = format!(
                "{:?} is no date pattern: write YYYY or YY, MM and DD in this order, such as YYYYMMDD",
                pattern.value
            );
            self.fault(pattern.at, message);
            return None;
        }
        let (low, high) = years.map_or(DEFAULT_YEARS, |years| years.value);
        if low == 0 || high > 9999 {
            self.fault(pattern.at, format!("the years {low}..{high} are not within 1..9999"));
            return None;
        }
        Some(Date { pattern: tokens, low, high })
    }

    fn sequence(&mut self, name: &Name, text: &SequenceText) -> Option<Kind> {
        self.width(&text.width, limits::DIGITS)?;
        let Width { min, mut max } = text.width.value;
        if let Some(At { value: Overflow::Widen(Some(to)), at }) = text.overflow {
            if to <= max || to as usize > limits::DIGITS {
                let message =
                    format!("it can widen to {} up to {} digits, not to {to}", max + 1, limits::DIGITS);
                self.fault(at, message);
                return None;
            }
            max = to;
        }
        let first = text.start.as_ref().map_or(1, |start| start.value);
        let last = text.end.as_ref().map_or(power_of_ten(max) - 1, |end| end.value);
        if last < first {
            self.fault(name.at, format!("it ends at {last}, before it begins at {first}"));
            return None;
        }
        let scope = self.find_all(&text.scope);
        let own = self.names.iter().position(|n| *n == name.value);
        if own.is_some_and(|own| scope.contains(&own)) {
            self.fault(name.at, format!("{} cannot count within itself", name.value));
            return None;
        }
        let number = self.numeric(name, min, max, first, last, false)?;
        let has_end = !matches!(text.overflow, None | Some(At { value: Overflow::Widen(None), .. }));
        Some(Kind::Sequence(Sequence { number, scope, gapless: text.gapless.unwrap_or(true), has_end }))
    }
}
