//! Cells of Arrow columns, whatever type a data frame chose for them.

use std::fmt;
use std::sync::Arc;

use archive_core::Error;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, Date32Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_schema::DataType;
use chrono::{Days, NaiveDate};

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    Absent,
    Text(&'a str),
    Number(u64),
    Negative(i64),
    Day(NaiveDate),
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Negative(number) => write!(f, "{number}"),
            Self::Day(day) => write!(f, "{day}"),
        }
    }
}

/// How a cell of a column is got at: the type is looked at once a column, not once a cell.
type Get<'a> = Arc<dyn Fn(usize) -> Cell<'a> + Send + Sync + 'a>;

/// The cells of a piece of a column.
#[derive(Clone)]
pub(crate) struct Cells<'a> {
    array: &'a dyn Array,
    get: Get<'a>,
}

impl<'a> Cells<'a> {
    /// The cells of `array`; `name` stands in errors.
    ///
    /// # Errors
    /// `InvalidInput` where the column has a type that is neither text nor whole number nor day.
    pub(crate) fn of(name: &str, array: &'a ArrayRef) -> Result<Self, Error> {
        Ok(Self { array: array.as_ref(), get: getter(name, array.as_ref())? })
    }

    /// The cell at `row`, below the column's length.
    pub(crate) fn get(&self, row: usize) -> Cell<'a> {
        if self.array.is_null(row) { Cell::Absent } else { (self.get)(row) }
    }
}

fn getter<'a>(name: &str, array: &'a dyn Array) -> Result<Get<'a>, Error> {
    Ok(match array.data_type() {
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            Arc::new(|row| Cell::Text(texts.value(row)))
        }
        DataType::LargeUtf8 => {
            let texts = array.as_string::<i64>();
            Arc::new(|row| Cell::Text(texts.value(row)))
        }
        DataType::Utf8View => {
            let texts = array.as_string_view();
            Arc::new(|row| Cell::Text(texts.value(row)))
        }
        DataType::Int8 => integers::<Int8Type>(array),
        DataType::Int16 => integers::<Int16Type>(array),
        DataType::Int32 => integers::<Int32Type>(array),
        DataType::Int64 => integers::<Int64Type>(array),
        DataType::UInt8 => integers::<UInt8Type>(array),
        DataType::UInt16 => integers::<UInt16Type>(array),
        DataType::UInt32 => integers::<UInt32Type>(array),
        DataType::UInt64 => {
            let numbers = array.as_primitive::<UInt64Type>();
            Arc::new(|row| Cell::Number(numbers.value(row)))
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>();
            Arc::new(|row| day(days.value(row)))
        }
        DataType::Dictionary(keys, _) => match keys.as_ref() {
            DataType::Int8 => dictionary::<Int8Type>(name, array)?,
            DataType::Int16 => dictionary::<Int16Type>(name, array)?,
            DataType::Int32 => dictionary::<Int32Type>(name, array)?,
            DataType::Int64 => dictionary::<Int64Type>(name, array)?,
            DataType::UInt8 => dictionary::<UInt8Type>(name, array)?,
            DataType::UInt16 => dictionary::<UInt16Type>(name, array)?,
            _ => dictionary::<UInt32Type>(name, array)?,
        },
        DataType::Null => Arc::new(|_| Cell::Absent),
        other => {
            let message = format!("is of type {other}: give texts, whole numbers or dates");
            return Err(Error::invalid(format!("column {name}"), message));
        }
    })
}

fn integers<'a, T: ArrowPrimitiveType>(array: &'a dyn Array) -> Get<'a>
where
    T::Native: Into<i64>,
{
    let numbers = array.as_primitive::<T>();
    Arc::new(|row| {
        let number: i64 = numbers.value(row).into();
        u64::try_from(number).map_or(Cell::Negative(number), Cell::Number)
    })
}

/// A day counted from 1970-01-01; one that the calendar does not reach is no value.
fn day<'a>(days: i32) -> Cell<'a> {
    let distance = Days::new(days.unsigned_abs().into());
    let day = if days < 0 {
        NaiveDate::default().checked_sub_days(distance)
    } else {
        NaiveDate::default().checked_add_days(distance)
    };
    day.map_or(Cell::Absent, Cell::Day)
}

fn dictionary<'a, K: ArrowDictionaryKeyType>(name: &str, array: &'a dyn Array) -> Result<Get<'a>, Error> {
    let Some(dictionary) = array.as_dictionary_opt::<K>() else {
        let message = format!("is of type {}: give texts, whole numbers or dates", array.data_type());
        return Err(Error::invalid(format!("column {name}"), message));
    };
    let values = Cells::of(name, dictionary.values())?;
    Ok(Arc::new(move |row| dictionary.key(row).map_or(Cell::Absent, |key| values.get(key))))
}
