//! From values to a number.

use archive_core::Error;
use archive_core::identifier::quoted;
use chrono::Datelike;

use crate::field::{Chars, Date, DateToken, Kind, Numeric};
use crate::limits;
use crate::machine::{self, Action, Spans, Step};
use crate::rule::Rule;
use crate::values::{Value, Values};
use crate::word::{self, Word};

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
    bytes: Bytes,
    length: u8,
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
        Self { bytes: CLEAR, length: 0 }
    }

    /// The number that was written last, as UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The number that was written last.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only whole texts are written, each of them UTF-8.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// Room for a number and the word that is written last; any offset that a byte holds is within.
type Bytes = [u8; u8::MAX as usize + 9];
const CLEAR: Bytes = [0; u8::MAX as usize + 9];

/// Writes `word` at `length`, and what comes next over its unused bytes; returns the new length. The
/// compiler of rules bounds a number's length, so that there is always room.
#[inline]
fn put(bytes: &mut Bytes, length: u8, word: Word) -> u8 {
    if let Some(room) = bytes[usize::from(length)..].first_chunk_mut() {
        *room = word.bytes.to_le_bytes();
    }
    length + word.length as u8
}

/// Where the less usual values are written, behind what is written already.
struct Room<'a> {
    bytes: &'a mut Bytes,
    length: u8,
}

impl Room<'_> {
    /// Writes the last `width` digits of `value`, which is below 10⁸.
    fn push_digits(&mut self, value: u32, width: usize) {
        let word = Word { bytes: word::digits(value, width), length: width };
        self.length = put(self.bytes, self.length, word);
    }

    fn push(&mut self, text: &[u8]) {
        let at = usize::from(self.length);
        if let Some(room) = self.bytes.get_mut(at..at + text.len()) {
            room.copy_from_slice(text);
            self.length += text.len() as u8;
        }
    }
}

/// Writes the number of `values` into `buffer`; on failure leaves that empty.
pub(crate) fn write(rule: &Rule, values: &Values<'_>, buffer: &mut NumberBuffer) -> Result<(), Error> {
    buffer.length = 0;
    buffer.length = write_parts(rule, values, &mut buffer.bytes)?;
    Ok(())
}

/// The writing of one field, which is no check character.
pub(crate) fn field_text(rule: &Rule, field: usize, values: &Values<'_>) -> Result<Box<str>, Error> {
    let mut buffer = NumberBuffer::new();
    let mut room = Room { bytes: &mut buffer.bytes, length: 0 };
    write_field(rule, field, values, &mut room)?;
    buffer.length = room.length;
    Ok(buffer.as_str().into())
}

/// Writes a number and returns its length.
fn write_parts(rule: &Rule, values: &Values<'_>, bytes: &mut Bytes) -> Result<u8, Error> {
    if !values.is_for(rule) {
        return Err(Error::invalid(format!("rule {}", rule.name()), "was given values of another rule"));
    }
    // Only check characters ask where the other fields stand.
    if rule.machine().checks.is_empty() {
        write_steps::<false>(rule, values, bytes)
    } else {
        write_steps::<true>(rule, values, bytes)
    }
}

/// Writes the fields one behind the other. The length is kept out of memory, since each write waits
/// for the one before to say where it ends.
#[inline]
fn write_steps<const SPANS: bool>(rule: &Rule, values: &Values<'_>, bytes: &mut Bytes) -> Result<u8, Error> {
    let mut spans = [(0, 0); limits::FIELDS];
    let mut length = 0;
    for step in &rule.machine().steps {
        length = put(bytes, length, step.before);
        let from = length;
        length = match usual(step, values) {
            Some(word) => put(bytes, length, word),
            None => {
                let mut room = Room { bytes, length };
                write_slowly(rule, step, values, &spans, &mut room)?;
                room.length
            }
        };
        if SPANS && let Some(span) = spans.get_mut(step.field) {
            *span = (from, length);
        }
    }
    Ok(length)
}

/// The writing of the usual kinds of values; `None` for others and for wrong ones.
// As a call it would return its word through memory: a fifth of what a number costs.
#[inline(always)]
fn usual(step: &Step, values: &Values<'_>) -> Option<Word> {
    let text = || match values.get(step.field) {
        Some(Value::Text(text)) => Some(Word { bytes: word::short(text.as_bytes())?, length: text.len() }),
        _ => None,
    };
    match &step.action {
        Action::Digits(digits) => match values.get(step.field) {
            Some(Value::Number(value)) => Some(Word { bytes: digits.write(value)?, length: digits.width }),
            Some(Value::Text(_)) => {
                text().filter(|word| word.length == digits.width && digits.takes(word.bytes))
            }
            _ => None,
        },
        Action::Fixed { class, width, highest } => {
            text().filter(|word| word.length == *width && class.takes(word.bytes, *highest))
        }
        Action::Run { class, min, max } => text().filter(|word| {
            (*min..=*max).contains(&word.length) && class.takes(word.bytes, word::highest_bits(word.length))
        }),
        Action::Codes(codes) => {
            // Not `contains`, which would be a call.
            text().filter(|word| codes.iter().any(|code| code == word))
        }
        Action::Literal(_) | Action::Any => None,
    }
}

/// Writes whatever [`usual`] does not.
#[inline(never)]
fn write_slowly(
    rule: &Rule,
    step: &Step,
    values: &Values<'_>,
    spans: &Spans,
    out: &mut Room<'_>,
) -> Result<(), Error> {
    if let Action::Literal(literal) = &step.action {
        out.push(literal);
        return Ok(());
    }
    if let Kind::Check { system, of } = &rule.checked().fields[step.field].kind {
        let parts = of.iter().map(|&f| &out.bytes[usize::from(spans[f].0)..usize::from(spans[f].1)]);
        if let Some(check) = machine::check(*system, parts) {
            out.push(check.as_bytes());
        }
        return Ok(());
    }
    write_field(rule, step.field, values, out)
}

/// Appends the writing of one field, which is no check character.
fn write_field(rule: &Rule, field: usize, values: &Values<'_>, out: &mut Room<'_>) -> Result<(), Error> {
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

fn write_number(number: &Numeric, value: Value<'_>, out: &mut Room<'_>) -> Option<()> {
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

fn write_text(rule: &Rule, kind: &Kind, field: usize, text: &str, out: &mut Room<'_>) -> Option<()> {
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

fn write_date(rule: &Rule, date: &Date, field: usize, value: Value<'_>, out: &mut Room<'_>) -> Option<()> {
    match value {
        Value::Text(text) => rule.machine().takes(field, text).then(|| out.push(text.as_bytes())),
        Value::Date(day) => {
            let year = u64::try_from(day.year()).ok().filter(|y| (date.low..=date.high).contains(y))?;
            for token in &date.pattern {
                match *token {
                    DateToken::Year(digits) => out.push_digits(year as u32, digits as usize),
                    DateToken::Month => out.push_digits(day.month(), 2),
                    DateToken::Day => out.push_digits(day.day(), 2),
                    DateToken::Sign(c) => out.push(c.encode_utf8(&mut [0; 4]).as_bytes()),
                }
            }
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
