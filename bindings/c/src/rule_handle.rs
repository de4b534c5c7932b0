//! Numbering rules: compile, parse, format, explain.

use std::collections::BTreeMap;
use std::ffi::c_char;
use std::ops::Range;

use archive_core::Error;
use archive_numbering::{FieldId, NumberBuffer, Rule, Validity, Value, check};
use serde::Deserialize;

use crate::boundary::{
    MaError, MaStatus, array, array_mut, borrow, free, give_json, give_text, guard, guard_call, text,
};

/// A numbering rule, proven sound.
#[derive(Debug)]
pub struct MaRule {
    rule: Rule,
    /// Its fields in the order of the text, looked up once.
    fields: Vec<FieldId>,
}

/// A part of a number, in bytes from its beginning.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaSpan {
    /// Its first byte.
    pub start: u32,
    /// The byte behind its last one; equal to `start` for a field that the rule does not print.
    pub end: u32,
}

/// A text of the caller's: UTF-8 without a terminator. Null for a value that is not given.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct MaText {
    /// The first byte.
    pub data: *const c_char,
    /// How many bytes.
    pub length: usize,
}

/// Compiles the numbering rule `source` and proves it; the error gives the place or the shortest
/// counterexample.
///
/// # Safety
/// `source` must point to `length` bytes; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_rule_compile(
    source: *const c_char,
    length: usize,
    out: *mut *mut MaRule,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let rule = Rule::compile(text("source", source, length)?)?;
            let fields = rule.field_names().map(|name| rule.field(name)).collect::<Result<_, _>>()?;
            Ok(Box::into_raw(Box::new(MaRule { rule, fields })))
        })
    }
}

/// Checks a rule text; `*out` becomes the report as JSON: the proofs of each rule, and a
/// counterexample for each that failed. A rule that is not sound is a report, not an error.
///
/// # Safety
/// `source` must point to `length` bytes; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_rule_check(
    source: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe { guard(out, error, || give_json(&check("rule text", text("source", source, length)?))) }
}

/// How many fields the rule has; 0 for null.
///
/// # Safety
/// `rule` must be null or a compiled rule.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_rule_field_count(rule: *const MaRule) -> usize {
    // SAFETY: as the caller vouches.
    unsafe { rule.as_ref() }.map_or(0, |rule| rule.fields.len())
}

/// The name of the field at `position`, in the order of the rule's text.
///
/// # Safety
/// `rule` must be null or a compiled rule; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_rule_field_name(
    rule: *const MaRule,
    position: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let rule = borrow("rule", rule)?;
            let name = rule.rule.field_names().nth(position).ok_or_else(|| {
                let message = format!("is {position}: the rule has {} fields", rule.fields.len());
                Error::invalid("argument position", message)
            })?;
            Ok(give_text(name))
        })
    }
}

/// Takes `number` apart; `*out` becomes a JSON object of field names and writings. The error says
/// where the number fails and what was expected there.
///
/// # Safety
/// `rule` must be null or a compiled rule; `number` must point to `length` bytes; `out` and `error`
/// must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_rule_parse(
    rule: *const MaRule,
    number: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let parsed = borrow("rule", rule)?.rule.parse(text("number", number, length)?)?;
            give_json(&parsed.fields().collect::<BTreeMap<_, _>>())
        })
    }
}

/// Takes `number` apart without any allocation: `spans[i]` becomes the place of field `i` in it.
/// `capacity` is how many spans there is room for, at least `ma_rule_field_count`. A number in an
/// accepted but not canonical writing is refused as `MA_STATUS_CONFLICT`: see `ma_rule_canonical`.
///
/// # Safety
/// `rule` must be null or a compiled rule; `number` must point to `length` bytes; `spans` must be null or
/// have room for `capacity` spans; `error` must be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_rule_spans(
    rule: *const MaRule,
    number: *const c_char,
    length: usize,
    spans: *mut MaSpan,
    capacity: usize,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard_call(error, || {
            let rule = borrow("rule", rule)?;
            let bytes = array("number", number.cast::<u8>(), length)?;
            let spans = array_mut("spans", spans, capacity)?;
            if spans.len() < rule.fields.len() {
                let message =
                    format!("has room for {capacity} spans, and the rule has {}", rule.fields.len());
                return Err(Error::invalid("argument capacity", message));
            }
            let Some(places) = rule.rule.places(bytes) else {
                return find_fields(rule, text("number", number, length)?, spans);
            };
            for (span, field) in spans.iter_mut().zip(&rule.fields) {
                *span = span_of(places.get(*field));
            }
            Ok(())
        })
    }
}

/// A place in a number, which has at most 240 bytes.
fn span_of(place: Option<Range<usize>>) -> MaSpan {
    place.map_or(MaSpan { start: 0, end: 0 }, |place| MaSpan {
        start: place.start as u32,
        end: place.end as u32,
    })
}

/// Finds the fields of a number that its bytes alone do not show.
#[cold]
fn find_fields(rule: &MaRule, number: &str, spans: &mut [MaSpan]) -> Result<(), Error> {
    let parsed = rule.rule.parse(number)?;
    if parsed.as_str().as_ptr() != number.as_ptr() {
        return Err(not_canonical(parsed.as_str()));
    }
    for (span, field) in spans.iter_mut().zip(&rule.fields) {
        *span = span_of(parsed.get(*field).map(|part| {
            let start = part.as_ptr() as usize - number.as_ptr() as usize;
            start..start + part.len()
        }));
    }
    Ok(())
}

#[cold]
fn not_canonical(canonical: &str) -> Error {
    let message = format!("is an accepted writing of {canonical}: use that");
    Error::new(archive_core::ErrorKind::Conflict, "argument number", message)
}

/// The number as it must be written: `*out` becomes it. The error says where the text fails.
///
/// # Safety
/// `rule` must be null or a compiled rule; `number` must point to `length` bytes; `out` and `error`
/// must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_rule_canonical(
    rule: *const MaRule,
    number: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let parsed = borrow("rule", rule)?.rule.parse(text("number", number, length)?)?;
            Ok(give_text(parsed.as_str()))
        })
    }
}

/// Where a text fails to be a number and what was expected there; `*out` becomes a JSON object, or
/// `null` for a number.
///
/// # Safety
/// `rule` must be null or a compiled rule; `number` must point to `length` bytes; `out` and `error`
/// must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_rule_explain(
    rule: *const MaRule,
    number: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let rule = &borrow("rule", rule)?.rule;
            let number = text("number", number, length)?;
            match rule.validate(number) {
                Validity::Invalid { explanation } => give_json(&explanation),
                _ => give_json(&serde_json::Value::Null),
            }
        })
    }
}

/// A value in JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum JsonValue {
    Number(u64),
    Text(String),
}

/// The number of `values`, a JSON object of field names with texts or numbers; `*out` becomes it. Check
/// characters are computed, not given.
///
/// # Safety
/// `rule` must be null or a compiled rule; `values` must point to `length` bytes; `out` and `error` must
/// each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_rule_format(
    rule: *const MaRule,
    values: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let rule = &borrow("rule", rule)?.rule;
            let values: BTreeMap<String, JsonValue> = serde_json::from_str(text("values", values, length)?)
                .map_err(|e| {
                Error::invalid("argument values", "is no object of texts and numbers").with_source(e)
            })?;
            let mut given = rule.values();
            for (name, value) in &values {
                match value {
                    JsonValue::Number(number) => given.set(name, *number)?,
                    JsonValue::Text(text) => given.set(name, text.as_str())?,
                };
            }
            Ok(give_text(rule.format(&given)?.as_str()))
        })
    }
}

/// Writes the number of `values` into the caller's `buffer` without any allocation: `values[i]` is what
/// field `i` is written as. `*written` becomes its length in bytes; there is no terminator. A number has
/// at most 240 bytes.
///
/// # Safety
/// `rule` must be null or a compiled rule; `values` must point to `count` texts, each with as many bytes
/// as it says; `buffer` must be null or have room for `capacity` bytes; `written` and `error` must each be
/// null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_rule_write(
    rule: *const MaRule,
    values: *const MaText,
    count: usize,
    buffer: *mut c_char,
    capacity: usize,
    written: *mut usize,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard_call(error, || {
            let rule = borrow("rule", rule)?;
            let given_values = array("values", values, count)?;
            if given_values.len() > rule.fields.len() {
                let message = format!("is {count}: the rule has {} fields", rule.fields.len());
                return Err(Error::invalid("argument count", message));
            }
            let mut given = rule.rule.values();
            for (value, field) in given_values.iter().zip(&rule.fields) {
                if !value.data.is_null() {
                    given.put(*field, Value::Text(text("values", value.data, value.length)?));
                }
            }
            let mut number = NumberBuffer::new();
            let number = rule.rule.format_bytes(&given, &mut number)?;
            let buffer = array_mut("buffer", buffer.cast::<u8>(), capacity)?;
            let Some(place) = buffer.get_mut(..number.len()) else {
                let message = format!("has room for {capacity} bytes, and the number has {}", number.len());
                return Err(Error::invalid("argument buffer", message));
            };
            if written.is_null() {
                return Err(Error::invalid("argument written", "is null"));
            }
            place.copy_from_slice(number);
            written.write(number.len());
            Ok(())
        })
    }
}

/// Frees a rule.
///
/// # Safety
/// `rule` must be null or a compiled rule that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_rule_free(rule: *mut MaRule) {
    // SAFETY: as the caller vouches.
    unsafe { free(rule) };
}
