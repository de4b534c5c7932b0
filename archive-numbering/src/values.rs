//! The values that go into a number.
//!
//! ```
//! let rule = archive_numbering::shipped::rule("DA-T-22-件")?;
//! let mut values = rule.values();
//! values.set("全宗号", "Z109")?;
//! values.set("件号", 7_u64)?;
//! values.set_date("形成日期", chrono::NaiveDate::from_ymd_opt(2024, 3, 5).unwrap())?;
//! assert!(values.set("年", "2024").is_err(), "there is no such field");
//! # Ok::<(), archive_core::Error>(())
//! ```

use std::fmt;

use archive_core::identifier::quoted;
use archive_core::{Error, ErrorKind};
use chrono::{Datelike, NaiveDate};

use crate::field::Kind;
use crate::limits;
use crate::rule::Rule;
use crate::syntax::DatePart;

/// A field of one rule, found once by [`Rule::field`] and then used without a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub(crate) u8);

/// The value of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Characters or a code, as printed; a number or a date in the field's own writing.
    Text(&'a str),
    /// A number or a year.
    Number(u64),
    /// A day, of which a field shows its part.
    Date(NaiveDate),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u16> for Value<'_> {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<NaiveDate> for Value<'_> {
    fn from(date: NaiveDate) -> Self {
        Self::Date(date)
    }
}

/// Values for the fields of one rule, made by [`Rule::values`].
#[derive(Clone)]
pub struct Values<'a> {
    rule: &'a Rule,
    slots: [Option<Value<'a>>; limits::FIELDS],
}

impl<'a> Values<'a> {
    #[inline]
    pub(crate) fn new(rule: &'a Rule) -> Self {
        Self { rule, slots: [None; limits::FIELDS] }
    }

    /// Sets the field `name`.
    ///
    /// # Errors
    /// `NotFound` where the rule has no such field. Whether the value fits is checked when the
    /// number is made.
    pub fn set(&mut self, name: &str, value: impl Into<Value<'a>>) -> Result<&mut Self, Error> {
        let id = self.rule.field(name)?;
        Ok(self.put(id, value))
    }

    /// Sets the field `id`.
    #[inline]
    pub fn put(&mut self, id: FieldId, value: impl Into<Value<'a>>) -> &mut Self {
        if let Some(slot) = self.slots.get_mut(usize::from(id.0)) {
            *slot = Some(value.into());
        }
        self
    }

    /// Sets every field that is taken from the record's date `source` (取自).
    ///
    /// # Errors
    /// `NotFound` where no field is taken from it.
    pub fn set_date(&mut self, source: &str, date: NaiveDate) -> Result<&mut Self, Error> {
        let mut found = false;
        for (i, field) in self.rule.checked().fields.iter().enumerate() {
            if field.source.as_deref() == Some(source) {
                found = true;
                self.slots[i] = Some(match &field.kind {
                    Kind::Digits { part: Some(DatePart::Month), .. } => Value::Number(date.month().into()),
                    Kind::Digits { part: Some(DatePart::Day), .. } => Value::Number(date.day().into()),
                    Kind::Digits { .. } => Value::Number(u64::try_from(date.year()).unwrap_or(u64::MAX)),
                    _ => Value::Date(date),
                });
            }
        }
        if found {
            return Ok(self);
        }
        Err(Error::new(
            ErrorKind::NotFound,
            format!("date {} of rule {}", quoted(source), self.rule.name()),
            "is not what any field is taken from",
        ))
    }

    #[inline]
    pub(crate) fn get(&self, field: usize) -> Option<Value<'a>> {
        self.slots[field]
    }

    #[inline]
    pub(crate) fn is_for(&self, rule: &Rule) -> bool {
        self.rule.is(rule)
    }
}

/// Values may be personal data and stay out of logs.
impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = self.rule.field_names().zip(&self.slots).filter(|(_, slot)| slot.is_some());
        f.debug_set().entries(set.map(|(name, _)| name)).finish()
    }
}
