//! From columns of values to a column of numbers.

use std::sync::Arc;

use archive_core::Error;
use archive_numbering::{FieldId, NumberBuffer, Rule, Value, Values};
use arrow_array::builder::{BooleanBufferBuilder, NullBufferBuilder, make_view};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringViewArray};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::{DataType, Schema};
use rayon::prelude::*;

use super::{CHUNK_ROWS, HELD_BYTES, texts};
use crate::columns::{Cell, Cells};

/// Makes numbers of the columns of a table, which are named after fields.
///
/// # Errors
/// `NotFound` where the rule has no such field; `InvalidInput`, naming the row, where values make no number, unless
/// that is to be `or_null`.
pub(crate) fn format(
    rule: &Rule,
    schema: &Schema,
    batches: &[RecordBatch],
    or_null: bool,
) -> Result<ArrayRef, Error> {
    let ids = schema.fields().iter().map(|field| rule.field(field.name())).collect::<Result<Vec<_>, _>>()?;
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let mut views = vec![0; rows];
    let mut chunks: Vec<Chunk<'_, '_>> = Vec::new();
    let (mut rest, mut first) = (views.as_mut_slice(), 0);
    for batch in batches {
        let columns = schema.fields().iter().zip(batch.columns());
        let columns =
            columns.map(|(field, column)| Given::of(field.name(), column)).collect::<Result<Vec<_>, _>>()?;
        for start in (0..batch.num_rows()).step_by(CHUNK_ROWS) {
            let (views, behind) = rest.split_at_mut(CHUNK_ROWS.min(batch.num_rows() - start));
            let buffer = chunks.len() as u32;
            chunks.push(Chunk { columns: columns.clone(), start, first: first + start, views, buffer });
            rest = behind;
        }
        first += batch.num_rows();
    }
    let written = chunks
        .into_par_iter()
        .map(|chunk| chunk.write(rule, &ids, or_null))
        .collect::<Result<Vec<_>, Error>>()?;
    let mut nulls = NullBufferBuilder::new(rows);
    for (_, valid) in &written {
        nulls.append_buffer(valid);
    }
    let buffers = written.into_iter().map(|(buffer, _)| buffer).collect();
    // SAFETY: each view is zero or of a number, which is UTF-8 and was written where the view says.
    Ok(Arc::new(unsafe { texts(views.into(), buffers, nulls.finish()) }))
}

/// A column of values.
#[derive(Clone)]
enum Given<'a> {
    /// The usual one.
    Texts {
        column: &'a StringViewArray,
        /// The bytes of its views.
        views: &'a [u8],
    },
    Cells(Cells<'a>),
}

impl<'a> Given<'a> {
    fn of(name: &str, column: &'a ArrayRef) -> Result<Self, Error> {
        Ok(match column.data_type() {
            DataType::Utf8View => {
                let column = column.as_string_view();
                Self::Texts { column, views: column.views().inner().as_slice() }
            }
            _ => Self::Cells(Cells::of(name, column)?),
        })
    }

    /// The value at `row`; `None` for one that is absent or negative.
    #[inline]
    fn get(&self, row: usize) -> Option<Value<'_>> {
        match self {
            Self::Texts { column, .. } if column.nulls().is_some_and(|nulls| nulls.is_null(row)) => None,
            Self::Texts { column, views } => {
                let length = column.views()[row] as u32 as usize;
                if length > HELD_BYTES {
                    return Some(Value::Text(column.value(row)));
                }
                let held = views.get(16 * row + 4..16 * row + 4 + length)?;
                // SAFETY: the column was checked when it came in: what a view holds is UTF-8.
                Some(Value::Text(unsafe { str::from_utf8_unchecked(held) }))
            }
            Self::Cells(cells) => match cells.get(row) {
                Cell::Text(text) => Some(Value::Text(text)),
                Cell::Number(number) => Some(Value::Number(number)),
                Cell::Day(day) => Some(Value::Date(day)),
                Cell::Negative(_) | Cell::Absent => None,
            },
        }
    }

    /// Whether the value at `row` is the one before, as is seen at once.
    #[inline]
    fn is_as_before(&self, row: usize) -> bool {
        match self {
            Self::Texts { column, .. } => {
                let views: &[u128] = column.views();
                row > 0
                    && views[row] == views[row - 1]
                    && column.nulls().is_none_or(|nulls| nulls.is_valid(row - 1) && nulls.is_valid(row))
            }
            Self::Cells(_) => false,
        }
    }
}

/// Rows that one thread takes at a time.
struct Chunk<'a, 'v> {
    columns: Vec<Given<'a>>,
    /// Its first row in the columns, and in the table.
    start: usize,
    first: usize,
    /// Where the numbers are shown.
    views: &'v mut [u128],
    /// Which buffer has its numbers.
    buffer: u32,
}

impl Chunk<'_, '_> {
    /// The numbers that are not held by their views, and which rows have one.
    fn write(self, rule: &Rule, ids: &[FieldId], or_null: bool) -> Result<(Buffer, NullBuffer), Error> {
        let mut written = Vec::with_capacity(self.views.len() * 32);
        let mut valid = BooleanBufferBuilder::new(self.views.len());
        let mut buffer = NumberBuffer::new();
        let mut values: Values<'_> = rule.values();
        for (row, view) in self.views.iter_mut().enumerate() {
            let mut complete = true;
            for (id, column) in ids.iter().zip(&self.columns) {
                if row > 0 && column.is_as_before(self.start + row) {
                    continue;
                }
                match column.get(self.start + row) {
                    Some(value) => {
                        values.put(*id, value);
                    }
                    None => complete = false,
                }
            }
            let number = if complete {
                rule.format_bytes(&values, &mut buffer)
            } else {
                Err(Error::invalid("values", "lack a value, or have a negative one"))
            };
            match number {
                Ok(number) => {
                    // Rows and numbers have limits: this is a few megabytes.
                    *view = make_view(number, self.buffer, written.len() as u32);
                    written.extend_from_slice(number);
                    valid.append(true);
                }
                Err(_) if or_null => valid.append(false),
                Err(error) => {
                    let object = format!("row {}", self.first + row);
                    return Err(Error::invalid(object, "makes no number").with_source(error));
                }
            }
        }
        Ok((written.into(), NullBuffer::new(valid.finish())))
    }
}
