//! From values to a number.

use archive_core::Error;
use archive_core::identifier::quoted;
use chrono::Datelike;

use crate::field::{Chars, Date, Kind, Numeric};
use crate::limits;
use crate::machine::{self, Action, Machine};
use crate::rule::Rule;
use crate::values::{Value, Values};

/// Room for one number, to be used again and again.
///
/// ```
/// use archive_numbering::{NumberBuffer, shipped};
///
/// let rule = shipped::rule("DA-T-13-件")?;
/// let mut values = rule.values();
/// values.set("全宗号", "Z109")?.set("类别号", "KH")?.set("件号", 7_u64)?;
/// let mut buffer = NumberBuffer::new();
/// assert_eq!(rule.format_bytes(&values, &mut buffer)?, b"Z109-KH-0007");
/// assert_eq!(buffer.as_str(), "Z109-KH-0007");
/// # Ok::<(), archive_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct NumberBuffer {
    bytes: [u8; limits::NUMBER_BYTES + 8],
    length: usize,
}

impl Default for NumberBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl NumberBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: [0; limits::NUMBER_BYTES + 8], length: 0 }
    }

    /// The number that was written last, as UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// The number that was written last.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only whole texts are written, each of them UTF-8.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Writes eight bytes, of which `length` count.
    #[inline]
    fn push_word(&mut self, word: u64, length: usize) {
        // The compiler of rules bounds a number's length, so that there is room.
        if let Some(room) = self.bytes.get_mut(self.length..self.length + 8) {
            room.copy_from_slice(&word.to_le_bytes());
            self.length += length;
        }
    }

    fn push(&mut self, text: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.length..self.length + text.len()) {
            room.copy_from_slice(text);
            self.length += text.len();
        }
    }
}

/// Writes the number of `values` into `buffer`; on failure leaves that empty.
pub(crate) fn write(rule: &Rule, values: &Values<'_>, buffer: &mut NumberBuffer) -> Result<(), Error> {
    buffer.length = 0;
    let written = write_parts(rule, values, buffer);
    if written.is_err() {
        buffer.length = 0;
    }
    written
}

fn write_parts(rule: &Rule, values: &Values<'_>, buffer: &mut NumberBuffer) -> Result<(), Error> {
    if !values.is_for(rule) {
        return Err(Error::invalid(format!("rule {}", rule.name()), "was given values of another rule"));
    }
    let machine = rule.machine();
    let mut spans = [(0, 0); limits::FIELDS];
    for step in machine.steps() {
        let from = buffer.length;
        match &step.action {
            Action::Literal(word) => {
                buffer.push_word(word.bytes, usize::from(word.length));
                continue;
            }
            Action::LongLiteral(literal) => {
                buffer.push(literal);
                continue;
            }
            action => {
                let value = values.get(step.field);
                if !value.is_some_and(|value| write_quickly(machine, action, value, buffer)) {
                    write_slowly(rule, step.field, values, &spans, buffer)?;
                }
            }
        }
        spans[step.field] = (from as u8, buffer.length as u8);
    }
    Ok(())
}

/// Writes the usual kinds of values; `false` where it did not, whatever the reason.
#[inline]
fn write_quickly(machine: &Machine, action: &Action, value: Value<'_>, buffer: &mut NumberBuffer) -> bool {
    match (action, value) {
        (Action::Ascii { bit, min, max }, Value::Text(text)) => {
            let length = text.len();
            if length < usize::from(*min) || length > usize::from(*max) || length > 8 {
                return false;
            }
            let mut word = 0;
            for byte in text.bytes().rev() {
                if !machine.is_in(*bit, byte) {
                    return false;
                }
                word = word << 8 | u64::from(byte);
            }
            buffer.push_word(word, length);
            true
        }
        (Action::Codes(codes), Value::Text(text)) => match codes.iter().find(|code| code.is(text)) {
            Some(code) => {
                buffer.push_word(code.bytes, usize::from(code.length));
                true
            }
            None => false,
        },
        (Action::Digits { width, first, last, modulus, .. }, Value::Number(value)) => {
            if value < *first || value > *last {
                return false;
            }
            // At most eight digits, two at a time from the back.
            let mut rest = (value % modulus) as u32;
            let mut word = 0;
            let mut left = *width;
            while left >= 2 {
                let pair = rest % 100;
                rest /= 100;
                word = word << 16 | u64::from((pair % 10 + 48) << 8 | (pair / 10 + 48));
                left -= 2;
            }
            if left == 1 {
                word = word << 8 | u64::from(rest % 10 + 48);
            }
            buffer.push_word(word, usize::from(*width));
            true
        }
        _ => false,
    }
}

/// Writes any value.
fn write_slowly(
    rule: &Rule,
    field: usize,
    values: &Values<'_>,
    spans: &[(u8, u8); limits::FIELDS],
    buffer: &mut NumberBuffer,
) -> Result<(), Error> {
    if let Kind::Check { system, of } = &rule.checked().fields[field].kind {
        let parts = of.iter().map(|&f| &buffer.bytes[usize::from(spans[f].0)..usize::from(spans[f].1)]);
        if let Some(check) = machine::check(*system, parts) {
            buffer.push(check.as_bytes());
        }
        return Ok(());
    }
    write_field(rule, field, values, buffer)
}

/// Appends the writing of one field, which is no check character.
pub(crate) fn write_field(
    rule: &Rule,
    field: usize,
    values: &Values<'_>,
    out: &mut NumberBuffer,
) -> Result<(), Error> {
    let kind = &rule.checked().fields[field].kind;
    let value = values.get(field).ok_or_else(|| missing(rule, field))?;
    let done = match kind {
        Kind::Digits { number, .. } => write_number(number, value, out),
        Kind::Sequence(sequence) => write_number(&sequence.number, value, out),
        Kind::Codes { .. } | Kind::Chars(_) => match value {
            Value::Text(text) => write_text(rule, kind, field, text, out),
            _ => None,
        },
        Kind::Date(date) => write_date(rule, date, field, value, out),
        Kind::Check { .. } => None,
    };
    done.ok_or_else(|| wrong(rule, field, value))
}

fn write_number(number: &Numeric, value: Value<'_>, out: &mut NumberBuffer) -> Option<()> {
    let value = match value {
        Value::Number(value) => (number.low..=number.high).contains(&value).then_some(value)?,
        Value::Text(text) => number.read(text.as_bytes())?,
        Value::Date(_) => return None,
    };
    let (mut written, digits) = number.written(value);
    // Filled from the end; the limit on digits is 18.
    let mut buffer = [b'0'; 20];
    let mut at = buffer.len();
    while written > 0 {
        at -= 1;
        buffer[at] = b'0' + (written % 10) as u8;
        written /= 10;
    }
    let text = &buffer[buffer.len() - digits as usize..];
    out.push(text);
    Some(())
}

fn write_text(rule: &Rule, kind: &Kind, field: usize, text: &str, out: &mut NumberBuffer) -> Option<()> {
    match kind {
        Kind::Chars(Chars { pad: Some(pad), max, min, class }) => {
            let value = text.trim_start_matches(*pad);
            let count = value.chars().take(limits::CHARS + 1).count();
            if count < *min as usize || count > *max as usize || !value.chars().all(|c| class.contains(c)) {
                return None;
            }
            (count..*max as usize).for_each(|_| out.push(pad.encode_utf8(&mut [0; 4]).as_bytes()));
            out.push(value.as_bytes());
        }
        _ => {
            if !rule.machine().takes(field, text) {
                return None;
            }
            out.push(text.as_bytes());
        }
    }
    Some(())
}

fn write_date(
    rule: &Rule,
    date: &Date,
    field: usize,
    value: Value<'_>,
    out: &mut NumberBuffer,
) -> Option<()> {
    match value {
        Value::Text(text) => rule.machine().takes(field, text).then(|| out.push(text.as_bytes())),
        Value::Date(day) => {
            let year = u64::try_from(day.year()).ok().filter(|y| (date.low..=date.high).contains(y))?;
            out.push(date.write(year, day.month(), day.day()).as_bytes());
            Some(())
        }
        Value::Number(_) => None,
    }
}

fn object(rule: &Rule, field: usize) -> String {
    format!("{} of rule {}", rule.checked().fields[field].name, rule.name())
}

fn missing(rule: &Rule, field: usize) -> Error {
    let expected = rule.checked().fields[field].kind.expectation();
    Error::invalid(object(rule, field), format!("has no value: give {expected}"))
}

fn wrong(rule: &Rule, field: usize, value: Value<'_>) -> Error {
    let expected = rule.checked().fields[field].kind.expectation();
    let value = match value {
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        Value::Date(date) => date.to_string(),
    };
    Error::invalid(object(rule, field), format!("cannot be {value}: give {expected}"))
}
