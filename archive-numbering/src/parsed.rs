//! A number that was read: what stands in each of its fields.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use archive_core::identifier::ReferenceCode;

use crate::machine::Spans;
use crate::rule::Rule;
use crate::values::{FieldId, Value, Values};

/// Where the fields of a number stand, in bytes.
#[derive(Debug, Clone)]
pub struct Places<'a>(pub(crate) &'a Spans);

impl PartialEq for Places<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // Numbers of one shape have their places from it.
        std::ptr::eq(self.0, other.0) || self.0 == other.0
    }
}

impl Eq for Places<'_> {}

impl Places<'_> {
    /// The place of the field `id`; `None` where the rule does not print it.
    #[inline]
    #[must_use]
    pub fn get(&self, id: FieldId) -> Option<Range<usize>> {
        let &(start, end) = self.0.get(usize::from(id.0))?;
        // No part of a number is empty.
        if start == end { None } else { Some(usize::from(start)..usize::from(end)) }
    }
}

/// A number read by a rule: its canonical text and where each field stands in it.
#[derive(Clone)]
pub struct Parsed<'a> {
    rule: &'a Rule,
    text: Cow<'a, str>,
    pub(crate) spans: Spans,
}

impl<'a> Parsed<'a> {
    #[inline]
    pub(crate) fn new(rule: &'a Rule, text: &'a str) -> Self {
        Self { rule, text: Cow::Borrowed(text), spans: Spans::default() }
    }

    /// The number in its canonical writing, where another one was typed.
    pub(crate) fn canonical(rule: &'a Rule, text: String, spans: Spans) -> Self {
        Self { rule, text: Cow::Owned(text), spans }
    }

    /// The canonical text, where another one was typed.
    pub(crate) fn into_alias(self) -> Option<String> {
        match self.text {
            Cow::Borrowed(_) => None,
            Cow::Owned(canonical) => Some(canonical),
        }
    }

    /// The rule that read it.
    #[must_use]
    pub fn rule(&self) -> &Rule {
        self.rule
    }

    /// The number as it must be written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The number as an identifier.
    #[must_use]
    pub fn reference_code(&self) -> Option<ReferenceCode> {
        self.text.parse().ok()
    }

    /// Where its fields stand in the canonical text.
    #[inline]
    #[must_use]
    pub fn places(&self) -> Places<'_> {
        Places(&self.spans)
    }

    /// What stands in the field `id`; `None` where the rule does not print it.
    #[inline]
    #[must_use]
    pub fn get(&self, id: FieldId) -> Option<&str> {
        let (start, end) = *self.spans.get(usize::from(id.0))?;
        // No part of a number is empty.
        if start == end { None } else { self.text.get(usize::from(start)..usize::from(end)) }
    }

    /// What stands in the field `name`; `None` where the rule does not print it.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(self.rule.field(name).ok()?)
    }

    /// The value of the number or year in the field `id`; `None` where the field is none.
    #[inline]
    #[must_use]
    pub fn value(&self, id: FieldId) -> Option<u64> {
        let &(start, end) = self.spans.get(usize::from(id.0))?;
        let text = self.text.as_bytes().get(usize::from(start)..usize::from(end))?;
        match self.rule.machine().value(usize::from(id.0), text) {
            Some(value) => Some(value),
            None => self.rule.checked().fields.get(usize::from(id.0))?.kind.numeric()?.read(text),
        }
    }

    /// The value of the number or year `name`; `None` where the field is none.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.value(self.rule.field(name).ok()?)
    }

    /// The printed fields and what stands in them, in the order of the text.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rule.field_names().enumerate().filter_map(|(i, name)| Some((name, self.get(FieldId(i as u8))?)))
    }

    /// Its values, from which [`Rule::format`] makes the same number again.
    #[must_use]
    pub fn values(&self) -> Values<'_> {
        let mut values = self.rule.values();
        for i in 0..self.rule.checked().fields.len() {
            let id = FieldId(i as u8);
            if let Some(text) = self.get(id) {
                values.put(id, Value::Text(text));
            }
        }
        values
    }
}

impl fmt::Debug for Parsed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.fields()).finish()
    }
}
