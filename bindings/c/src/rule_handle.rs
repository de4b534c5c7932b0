//! Numbering rules: compile, parse.

use std::collections::BTreeMap;
use std::ffi::c_char;

use archive_numbering::Rule;

use crate::boundary::{MaError, MaStatus, borrow, free, give_json, guard, text};

/// A numbering rule, proven sound.
#[derive(Debug)]
pub struct MaRule {
    rule: Rule,
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
            Ok(Box::into_raw(Box::new(MaRule { rule })))
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

/// Frees a rule.
///
/// # Safety
/// `rule` must be null or a compiled rule that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_rule_free(rule: *mut MaRule) {
    // SAFETY: as the caller vouches.
    unsafe { free(rule) };
}
