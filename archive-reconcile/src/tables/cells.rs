//! Columns of cells: their fingerprints, and their text.

use std::collections::HashMap;
use std::fmt::Write as _;

use archive_core::record::ValueKind;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayAccessor, ArrowPrimitiveType, downcast_dictionary_array, downcast_integer_array,
};
use arrow_schema::{DataType, TimeUnit};

use super::form::{Form, Number};
use crate::schema::{Comparator, Comparison};

/// What a column is compared as.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role<'a> {
    Key,
    Field(&'a Comparison),
}

impl Role<'_> {
    pub(crate) fn form<'t>(&self, text: &'t str, scratch: &'t mut String) -> Form<'t> {
        match self {
            Self::Key => Form::of_key(text, scratch),
            Self::Field(field) => Form::of_text(field, text, scratch),
        }
    }

    /// Whether numbers keep their value in the canonical form, so that typed numbers need no text.
    fn takes_numbers(&self) -> bool {
        let kind = |k| matches!(k, ValueKind::CapacityKva | ValueKind::VoltageKv | ValueKind::Decimal);
        matches!(self, Self::Field(f)
            if f.comparator == Comparator::Kind && f.codes.is_empty() && kind(f.kind))
    }

    fn takes_days(&self) -> bool {
        matches!(self, Self::Field(f)
            if f.comparator == Comparator::Kind && f.codes.is_empty() && f.kind == ValueKind::Date)
    }

    /// Whether a text's form costs more than looking it up.
    fn is_slow(&self) -> bool {
        matches!(self, Self::Field(f) if !f.codes.is_empty() || f.kind == ValueKind::AmountCny)
    }
}

/// Adds the fingerprints of a column's cells to those of the rows, and remembers those of cells
/// that come again and again.
#[derive(Debug)]
pub(crate) struct Fingerprinter<'a> {
    role: Role<'a>,
    seed: u64,
    absent: u128,
    numbers: Memo,
    texts: HashMap<Box<str>, u128>,
    scratch: String,
    /// Fingerprints of a dictionary's values, and the dictionary that they belong to.
    values: Vec<u128>,
    dictionary: Option<arrow_array::ArrayRef>,
}

/// A direct-mapped memory of fingerprints by number.
#[derive(Debug)]
struct Memo(Vec<(i128, i32, u128)>);

impl Memo {
    const BITS: u32 = 10;

    fn get(&mut self, value: i128, scale: i32, compute: impl FnOnce() -> u128) -> u128 {
        let slot = (value as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - Self::BITS);
        if self.0.is_empty() {
            // No column has this scale, so that an empty slot is never taken for a value.
            self.0.resize(1 << Self::BITS, (0, i32::MIN, 0));
        }
        let entry = &mut self.0[slot as usize];
        if (entry.0, entry.1) != (value, scale) {
            *entry = (value, scale, compute());
        }
        entry.2
    }
}

/// How many texts of a slow kind are remembered; those beyond are computed each time.
const TEXTS: usize = 8192;

impl<'a> Fingerprinter<'a> {
    pub(crate) fn new(role: Role<'a>, seed: u64) -> Self {
        Self {
            role,
            seed,
            absent: Form::Absent.fingerprint(seed),
            numbers: Memo(Vec::new()),
            texts: HashMap::new(),
            scratch: String::new(),
            values: Vec::new(),
            dictionary: None,
        }
    }

    /// The fingerprint of an absent cell.
    pub(crate) fn absent(&self) -> u128 {
        self.absent
    }

    /// Adds each cell's fingerprint to its row's sum.
    pub(crate) fn add(&mut self, column: &dyn Array, sums: &mut [u128]) {
        debug_assert_eq!(column.len(), sums.len());
        match column.data_type() {
            DataType::Utf8 => self.add_texts(column.as_string::<i32>(), sums),
            DataType::LargeUtf8 => self.add_texts(column.as_string::<i64>(), sums),
            DataType::Utf8View => self.add_texts(column.as_string_view(), sums),
            DataType::Dictionary(..) => self.add_dictionary(column, sums),
            DataType::Decimal128(_, scale) if self.role.takes_numbers() => {
                let scale = i32::from(*scale);
                self.add_numbers(column.as_primitive::<Decimal128Type>(), |v| v, scale, sums);
            }
            DataType::Int64 if self.role.takes_numbers() => {
                self.add_numbers(column.as_primitive::<Int64Type>(), i128::from, 0, sums);
            }
            DataType::Int32 if self.role.takes_numbers() => {
                self.add_numbers(column.as_primitive::<Int32Type>(), i128::from, 0, sums);
            }
            DataType::Date32 if self.role.takes_days() => self.add_days(column, sums),
            _ => self.add_rendered(column, sums),
        }
    }

    /// As [`Fingerprinter::add`], of codes that were written on the day in the same row of `dates`.
    pub(crate) fn add_dated(
        &mut self,
        column: &dyn Array,
        dates: &dyn Array,
        date: &Comparison,
        sums: &mut [u128],
    ) {
        let (mut text, mut day, mut scratch) = (String::new(), String::new(), String::new());
        for (i, sum) in sums.iter_mut().enumerate() {
            text.clear();
            day.clear();
            let print = match (render(column, i, &mut text), self.role) {
                (true, Role::Field(field)) => {
                    render(dates, i, &mut day);
                    let day = Form::of_text(date, &day, &mut scratch).day();
                    Form::of_dated_text(field, &text, day, &mut self.scratch).fingerprint(self.seed)
                }
                _ => self.absent,
            };
            *sum = sum.wrapping_add(print);
        }
    }

    fn text(&mut self, text: &str) -> u128 {
        if !self.role.is_slow() {
            return self.role.form(text, &mut self.scratch).fingerprint(self.seed);
        }
        if let Some(known) = self.texts.get(text) {
            return *known;
        }
        let print = self.role.form(text, &mut self.scratch).fingerprint(self.seed);
        if self.texts.len() < TEXTS && text.len() <= 64 {
            self.texts.insert(text.into(), print);
        }
        print
    }

    fn add_texts<'t>(&mut self, column: impl ArrayAccessor<Item = &'t str>, sums: &mut [u128]) {
        let nullable = column.null_count() > 0;
        for (i, sum) in sums.iter_mut().enumerate() {
            let print = if nullable && column.is_null(i) { self.absent } else { self.text(column.value(i)) };
            *sum = sum.wrapping_add(print);
        }
    }

    fn add_numbers<T: ArrowPrimitiveType>(
        &mut self,
        column: &arrow_array::PrimitiveArray<T>,
        widen: impl Fn(T::Native) -> i128,
        scale: i32,
        sums: &mut [u128],
    ) {
        let seed = self.seed;
        let nullable = column.null_count() > 0;
        for (i, (sum, value)) in sums.iter_mut().zip(column.values()).enumerate() {
            let print = if nullable && column.is_null(i) {
                self.absent
            } else {
                let value = widen(*value);
                self.numbers.get(value, scale, || Form::Number(Number::new(value, scale)).fingerprint(seed))
            };
            *sum = sum.wrapping_add(print);
        }
    }

    fn add_days(&mut self, column: &dyn Array, sums: &mut [u128]) {
        let days = column.as_primitive::<Date32Type>();
        for (i, sum) in sums.iter_mut().enumerate() {
            let print = match (days.is_null(i), Form::of_day(days.value(i))) {
                (true, _) => self.absent,
                (false, Some(form)) => form.fingerprint(self.seed),
                (false, None) => {
                    let mut text = String::new();
                    render(column, i, &mut text);
                    self.text(&text)
                }
            };
            *sum = sum.wrapping_add(print);
        }
    }

    fn add_dictionary(&mut self, column: &dyn Array, sums: &mut [u128]) {
        let column = column.as_any_dictionary();
        let values = column.values();
        // Consecutive batches share one dictionary: the same array in memory.
        if !self.dictionary.as_ref().is_some_and(|known| known.to_data().ptr_eq(&values.to_data())) {
            let mut prints = vec![0; values.len()];
            self.add(values.as_ref(), &mut prints);
            self.values = prints;
            self.dictionary = Some(values.clone());
        }
        let (prints, absent) = (&self.values, self.absent);
        macro_rules! gather {
            ($keys:expr) => {{
                let keys = $keys;
                let nullable = keys.null_count() > 0;
                for (i, (sum, key)) in sums.iter_mut().zip(keys.values()).enumerate() {
                    let print = if nullable && keys.is_null(i) { absent } else { prints[*key as usize] };
                    *sum = sum.wrapping_add(print);
                }
            }};
        }
        let keys = column.keys();
        downcast_integer_array!(
            keys => gather!(keys),
            // A dictionary's keys are integers by its type.
            _ => {}
        );
    }

    fn add_rendered(&mut self, column: &dyn Array, sums: &mut [u128]) {
        let mut text = String::new();
        for (i, sum) in sums.iter_mut().enumerate() {
            text.clear();
            let print = if render(column, i, &mut text) { self.text(&text) } else { self.absent };
            *sum = sum.wrapping_add(print);
        }
    }
}

/// Appends the text of a cell, as a CSV export would write it; `false` where the cell is null.
pub(crate) fn render(column: &dyn Array, row: usize, out: &mut String) -> bool {
    if column.is_null(row) || *column.data_type() == DataType::Null {
        return false;
    }
    // Writing to a String cannot fail.
    macro_rules! plain {
        ($type:ty) => {{
            let _ = write!(out, "{}", column.as_primitive::<$type>().value(row));
        }};
    }
    match column.data_type() {
        DataType::Utf8 => out.push_str(column.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => out.push_str(column.as_string::<i64>().value(row)),
        DataType::Utf8View => out.push_str(column.as_string_view().value(row)),
        DataType::Dictionary(..) => {
            return downcast_dictionary_array!(
                column => {
                    // Null was seen above, so that the row has a value.
                    column.key(row).is_some_and(|key| render(column.values().as_ref(), key, out))
                },
                _ => false,
            );
        }
        DataType::Decimal128(_, scale) => {
            decimal(column.as_primitive::<Decimal128Type>().value(row), *scale, out)
        }
        DataType::Decimal64(_, scale) => {
            decimal(column.as_primitive::<Decimal64Type>().value(row).into(), *scale, out)
        }
        DataType::Decimal32(_, scale) => {
            decimal(column.as_primitive::<Decimal32Type>().value(row).into(), *scale, out)
        }
        DataType::Int8 => plain!(Int8Type),
        DataType::Int16 => plain!(Int16Type),
        DataType::Int32 => plain!(Int32Type),
        DataType::Int64 => plain!(Int64Type),
        DataType::UInt8 => plain!(UInt8Type),
        DataType::UInt16 => plain!(UInt16Type),
        DataType::UInt32 => plain!(UInt32Type),
        DataType::UInt64 => plain!(UInt64Type),
        DataType::Float32 => plain!(Float32Type),
        DataType::Float64 => plain!(Float64Type),
        DataType::Boolean => out.push_str(if column.as_boolean().value(row) { "true" } else { "false" }),
        DataType::Date32 => {
            moment(i64::from(column.as_primitive::<Date32Type>().value(row)) * 86_400, 0, out)
        }
        DataType::Date64 => {
            let millis = column.as_primitive::<Date64Type>().value(row);
            moment(millis.div_euclid(1000), (millis.rem_euclid(1000) * 1_000_000) as u32, out);
        }
        DataType::Timestamp(unit, _) => {
            let (value, per_second) = match unit {
                TimeUnit::Second => (column.as_primitive::<TimestampSecondType>().value(row), 1),
                TimeUnit::Millisecond => {
                    (column.as_primitive::<TimestampMillisecondType>().value(row), 1_000)
                }
                TimeUnit::Microsecond => {
                    (column.as_primitive::<TimestampMicrosecondType>().value(row), 1_000_000)
                }
                TimeUnit::Nanosecond => {
                    (column.as_primitive::<TimestampNanosecondType>().value(row), 1_000_000_000)
                }
            };
            let nanos = value.rem_euclid(per_second) * (1_000_000_000 / per_second);
            moment(value.div_euclid(per_second), nanos as u32, out);
        }
        // The plan lets no other type through.
        other => {
            let _ = write!(out, "{other}");
        }
    }
    true
}

fn decimal(value: i128, scale: i8, out: &mut String) {
    let Ok(scale) = usize::try_from(scale) else {
        let _ = write!(out, "{value}{:0<1$}", "", usize::from(scale.unsigned_abs()));
        return;
    };
    if value < 0 {
        out.push('-');
    }
    let digits = format!("{:0>1$}", value.unsigned_abs(), scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    out.push_str(whole);
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
}

/// A moment in UTC; a midnight is written as its day.
fn moment(seconds: i64, nanos: u32, out: &mut String) {
    let _ = match chrono::DateTime::from_timestamp(seconds, nanos) {
        Some(t) if seconds % 86_400 == 0 && nanos == 0 => write!(out, "{}", t.date_naive()),
        Some(t) => write!(out, "{}", t.naive_utc()),
        None => write!(out, "{seconds}.{nanos:09} s"),
    };
}
