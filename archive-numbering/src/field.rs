//! A checked field: its values, how each is written, and the language of its writings.

use archive_core::Error;
use archive_core::language::{CharClass, Language};

use crate::check_characters::CheckSystem;
use crate::syntax::DatePart;

/// The years that a date has where the rule does not say.
pub(crate) const DEFAULT_YEARS: (u64, u64) = (1900, 2099);

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// Where it stands in the text.
    pub(crate) at: usize,
    pub(crate) kind: Kind,
    pub(crate) source: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Chars(Chars),
    Digits { number: Numeric, part: Option<DatePart> },
    Codes { codes: Vec<Code>, ordered: bool },
    Date(Date),
    Sequence(Sequence),
    Check { system: CheckSystem, of: Vec<usize> },
}

#[derive(Debug, Clone)]
pub(crate) struct Chars {
    pub(crate) class: CharClass,
    pub(crate) min: u32,
    pub(crate) max: u32,
    /// Put before a value that is shorter than `max`.
    pub(crate) pad: Option<char>,
}

#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) text: String,
    pub(crate) label: Option<String>,
}

/// Whole numbers from `low` to `high`, written with at least `min` and at most `max` digits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numeric {
    pub(crate) min: u32,
    pub(crate) max: u32,
    pub(crate) low: u64,
    pub(crate) high: u64,
    /// Only the last `max` digits are written: a year in two digits.
    pub(crate) cut: bool,
    /// The last value that was asked for, which may not fit: proof 6 looks at it.
    pub(crate) wanted: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    pub(crate) number: Numeric,
    pub(crate) scope: Vec<usize>,
    pub(crate) gapless: bool,
    /// Whether the rule says what happens at the end.
    pub(crate) has_end: bool,
}

/// A date, written largest unit first.
#[derive(Debug, Clone)]
pub(crate) struct Date {
    pub(crate) pattern: Vec<DateToken>,
    pub(crate) low: u64,
    pub(crate) high: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateToken {
    /// The year in so many digits, 2 or 4.
    Year(u32),
    Month,
    Day,
    Sign(char),
}

/// 10ⁿ, for n up to 19.
pub(crate) fn power_of_ten(n: u32) -> u64 {
    10_u64.saturating_pow(n)
}

impl Numeric {
    /// The value that `writing`, a text of digits, stands for; `None` where it is none of the
    /// rule's values in the rule's writing.
    pub(crate) fn read(&self, digits: &[u8]) -> Option<u64> {
        if digits.len() < self.min as usize || digits.len() > self.max as usize {
            return None;
        }
        let mut value = 0_u64;
        for &b in digits {
            let digit = b.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            value = value * 10 + u64::from(digit);
        }
        self.value_of(value, digits.len() as u32)
    }

    /// The value that `written` in `digits` digits stands for.
    #[inline]
    pub(crate) fn value_of(&self, written: u64, digits: u32) -> Option<u64> {
        let mut value = written;
        if self.cut {
            let modulus = power_of_ten(self.max);
            value = self.low + (written + modulus - self.low % modulus) % modulus;
        } else if digits > self.min && written < power_of_ten(digits - 1) {
            return None;
        }
        (self.low..=self.high).contains(&value).then_some(value)
    }

    /// The number that is written for `value`, and in how many digits.
    #[inline]
    pub(crate) fn written(&self, value: u64) -> (u64, u32) {
        if self.cut {
            return (value % power_of_ten(self.max), self.max);
        }
        let mut digits = self.min;
        while digits < self.max && value >= power_of_ten(digits) {
            digits += 1;
        }
        (value, digits)
    }

    pub(crate) fn write(&self, value: u64) -> String {
        let (written, digits) = self.written(value);
        format!("{written:0width$}", width = digits as usize)
    }

    fn expectation(&self) -> String {
        let digits =
            if self.min == self.max { self.max.to_string() } else { format!("{} to {}", self.min, self.max) };
        format!("a number from {} to {} in {digits} digits", self.low, self.high)
    }

    /// The written numbers of `digits` digits as ranges.
    pub(crate) fn ranges(&self, digits: u32) -> Vec<(u64, u64)> {
        let modulus = power_of_ten(digits);
        if self.cut {
            if self.high - self.low >= modulus - 1 {
                return vec![(0, modulus - 1)];
            }
            let (low, high) = (self.low % modulus, self.high % modulus);
            return if low <= high { vec![(low, high)] } else { vec![(0, high), (low, modulus - 1)] };
        }
        let least = if digits == self.min { 0 } else { power_of_ten(digits - 1) };
        let (low, high) = (self.low.max(least), self.high.min(modulus - 1));
        if low <= high { vec![(low, high)] } else { Vec::new() }
    }

    pub(crate) fn language(&self) -> Result<Language, Error> {
        let digit = CharClass::from_ranges(['0'..='9']);
        let mut parts = Vec::new();
        for digits in self.min..=self.max {
            for (low, high) in self.ranges(digits) {
                parts.push(if (low, high) == (0, power_of_ten(digits) - 1) {
                    Language::class(&digit).repeat(digits, Some(digits))?
                } else {
                    interval(low, high, digits)?
                });
            }
        }
        match parts.len() {
            1 => Ok(parts.swap_remove(0)),
            _ => Language::any_of(&parts),
        }
    }
}

/// The numbers from `low` to `high` in exactly `digits` digits.
fn interval(low: u64, high: u64, digits: u32) -> Result<Language, Error> {
    // State: digits still to come, and whether those so far are those of `low` and of `high`.
    let digit_at = |value: u64, left: u32| (value / power_of_ten(left - 1) % 10) as u32;
    let digit = |d: u32| char::from_digit(d, 10).unwrap_or('0');
    Language::from_steps(
        (digits, true, true),
        |&(left, ..)| left == 0,
        |&(left, at_low, at_high)| {
            if left == 0 {
                return Vec::new();
            }
            let first = if at_low { digit_at(low, left) } else { 0 };
            let last = if at_high { digit_at(high, left) } else { 9 };
            // The digits strictly between the bounds lead to one state.
            let inner_first = if at_low { first + 1 } else { first };
            let inner_end = if at_high { last } else { last + 1 };
            let mut steps = Vec::with_capacity(3);
            if at_low {
                steps.push((digit(first)..=digit(first), (left - 1, true, at_high && first == last)));
            }
            if inner_first < inner_end {
                steps.push((digit(inner_first)..=digit(inner_end - 1), (left - 1, false, false)));
            }
            if at_high && (!at_low || first < last) {
                steps.push((digit(last)..=digit(last), (left - 1, false, true)));
            }
            steps
        },
    )
}

impl Date {
    pub(crate) fn year_digits(&self) -> Option<u32> {
        self.pattern.iter().find_map(|token| match token {
            DateToken::Year(digits) => Some(*digits),
            _ => None,
        })
    }

    pub(crate) fn shows(&self, token: DateToken) -> bool {
        self.pattern.contains(&token)
    }

    pub(crate) fn write(&self, year: u64, month: u32, day: u32) -> String {
        let token = |token: &DateToken| match *token {
            DateToken::Year(2) => format!("{:02}", year % 100),
            DateToken::Year(_) => format!("{year:04}"),
            DateToken::Month => format!("{month:02}"),
            DateToken::Day => format!("{day:02}"),
            DateToken::Sign(c) => c.to_string(),
        };
        self.pattern.iter().map(token).collect()
    }

    fn language(&self) -> Result<Language, Error> {
        let shows_day = self.shows(DateToken::Day);
        let mut kinds = Vec::new();
        // A year matters to the days that follow it only by whether it is a leap year.
        for leap in [false, true] {
            let years: Vec<u64> =
                (self.low..=self.high).filter(|&y| !shows_day || is_leap(y) == leap).collect();
            if years.is_empty() || (!shows_day && leap) {
                continue;
            }
            let mut days = Vec::new();
            for month in 1..=12 {
                let last = if shows_day { days_in(month, leap) } else { 1 };
                let rest = Self { pattern: self.after_year().to_vec(), ..*self };
                days.extend((1..=last).map(|day| rest.write(0, month, day)));
            }
            let year_only = Self { pattern: self.until_year().to_vec(), ..*self };
            let years = Language::words(years.iter().map(|&y| year_only.write(y, 1, 1)))?;
            kinds.push(years.concat(&Language::words(days)?)?);
        }
        Language::any_of(&kinds)
    }

    fn split(&self) -> usize {
        self.pattern.iter().position(|t| matches!(t, DateToken::Year(_))).map_or(0, |at| at + 1)
    }

    fn until_year(&self) -> &[DateToken] {
        &self.pattern[..self.split()]
    }

    fn after_year(&self) -> &[DateToken] {
        &self.pattern[self.split()..]
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(month: u32, leap: bool) -> u32 {
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Kind {
    /// All writings of the field. A check character is any character of its system here: what
    /// the proofs show then never rests on a check.
    pub(crate) fn language(&self) -> Result<Language, Error> {
        match self {
            Self::Chars(chars) => {
                let one = Language::class(&chars.class);
                match chars.pad {
                    None => one.repeat(chars.min, Some(chars.max)),
                    Some(pad) => {
                        let pad = Language::literal(pad.encode_utf8(&mut [0; 4]))?;
                        let mut widths = Vec::new();
                        for width in chars.min..=chars.max {
                            let fill = chars.max - width;
                            widths.push(
                                pad.repeat(fill, Some(fill))?.concat(&one.repeat(width, Some(width))?)?,
                            );
                        }
                        Language::any_of(&widths)
                    }
                }
            }
            Self::Digits { number, .. } => number.language(),
            Self::Sequence(sequence) => sequence.number.language(),
            Self::Codes { codes, .. } => Language::words(codes.iter().map(|code| &code.text)),
            Self::Date(date) => date.language(),
            Self::Check { system, .. } => {
                let width = system.width() as u32;
                Language::class(&system.check_alphabet()).repeat(width, Some(width))
            }
        }
    }

    /// What a value of the field is, for people.
    pub(crate) fn expectation(&self) -> String {
        match self {
            Self::Chars(chars) => {
                let width = if chars.min == chars.max {
                    chars.max.to_string()
                } else {
                    format!("{} to {}", chars.min, chars.max)
                };
                format!("{width} characters of {}", listed(&chars.class))
            }
            Self::Digits { number, .. } => number.expectation(),
            Self::Sequence(sequence) => sequence.number.expectation(),
            Self::Codes { codes, .. } => {
                const SHOWN: usize = 8;
                let mut names: Vec<String> = codes
                    .iter()
                    .take(SHOWN)
                    .map(|code| match &code.label {
                        Some(label) => format!("{} ({label})", code.text),
                        None => code.text.clone(),
                    })
                    .collect();
                if codes.len() > SHOWN {
                    names.push(format!("{} more", codes.len() - SHOWN));
                }
                format!("one of {}", names.join(", "))
            }
            Self::Date(date) => {
                let pattern: String = date
                    .pattern
                    .iter()
                    .map(|token| match token {
                        DateToken::Year(digits) => "Y".repeat(*digits as usize),
                        DateToken::Month => "MM".into(),
                        DateToken::Day => "DD".into(),
                        DateToken::Sign(c) => c.to_string(),
                    })
                    .collect();
                format!("a date {pattern} of the years {} to {}", date.low, date.high)
            }
            Self::Check { system, .. } => format!("the check of {system}"),
        }
    }

    pub(crate) fn numeric(&self) -> Option<&Numeric> {
        match self {
            Self::Digits { number, .. } => Some(number),
            Self::Sequence(sequence) => Some(&sequence.number),
            _ => None,
        }
    }
}

/// `class` as a person reads it: `0-9A-Z`.
pub(crate) fn listed(class: &CharClass) -> String {
    const SHOWN: usize = 12;
    let mut text = String::new();
    for (i, range) in class.ranges().enumerate() {
        if i == SHOWN {
            text.push('…');
            break;
        }
        text.push(*range.start());
        if range.start() != range.end() {
            text.push('-');
            text.push(*range.end());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numeric(min: u32, max: u32, low: u64, high: u64, cut: bool) -> Numeric {
        Numeric { min, max, low, high, cut, wanted: high }
    }

    /// Reading, writing and the language agree on every text of up to three digits.
    #[track_caller]
    fn check(number: Numeric) {
        let language = number.language().unwrap();
        for width in 1..=3 {
            for value in 0..power_of_ten(width) {
                let text = format!("{value:0w$}", w = width as usize);
                let read = number.read(text.as_bytes());
                assert_eq!(read.is_some(), language.matches(&text), "{number:?} {text}");
                if let Some(read) = read {
                    assert_eq!(number.write(read), text, "{number:?}");
                }
            }
        }
        for value in number.low..=number.high {
            assert!(language.matches(&number.write(value)), "{number:?} {value}");
        }
    }

    #[test]
    fn numbers_are_written_and_read_alike() {
        check(numeric(3, 3, 0, 999, false));
        check(numeric(3, 3, 7, 207, false));
        check(numeric(1, 3, 0, 999, false));
        check(numeric(1, 3, 8, 120, false));
        check(numeric(2, 3, 95, 105, false));
        check(numeric(2, 2, 1970, 2069, true));
        check(numeric(2, 2, 1995, 2004, true));
        check(numeric(1, 1, 5, 5, false));
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        let date = |pattern: &[DateToken], low, high| Date { pattern: pattern.to_vec(), low, high };
        use DateToken::*;
        let language = date(&[Year(4), Month, Day], 1900, 2099).language().unwrap();
        for good in ["20240229", "20231231", "20000229"] {
            assert!(language.matches(good), "{good}");
        }
        for bad in ["20230229", "19000229", "20240431", "21000101", "20241301", "20240100", "2024010"] {
            assert!(!language.matches(bad), "{bad}");
        }
        assert_eq!(language.size(), Some(73_049), "200 years, 49 of them leap years");
        let short = date(&[Year(2), Sign('-'), Month], 1970, 2069).language().unwrap();
        assert!(short.matches("69-12") && !short.matches("69-13"));
        assert_eq!(short.size(), Some(1200));
    }
}
