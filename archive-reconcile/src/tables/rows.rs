//! Rows that were kept to be compared cell by cell, as text.

use arrow_array::RecordBatch;

use super::cells::render;

/// Rows of text cells, end to end, and the fingerprint of each row's key.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    columns: usize,
    text: String,
    /// Where each row begins in the text.
    starts: Vec<usize>,
    /// Where each cell ends, counted from where its row begins. A null cell and an empty one are both
    /// no value, so that an end is all there is to know. [`TOO_LONG`] beyond 4 GiB.
    ends: Vec<u32>,
    keys: Vec<u64>,
    too_long: bool,
}

/// An end that 32 bits do not hold.
const TOO_LONG: u32 = u32::MAX;

impl Rows {
    pub(crate) fn new(columns: usize) -> Self {
        Self { columns, ..Self::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn key(&self, row: usize) -> u64 {
        self.keys[row]
    }

    /// Keeps the first `cells` cells of the row `row` of `batch`; the others are kept as no value.
    pub(crate) fn push(&mut self, batch: &RecordBatch, row: usize, cells: usize, key: u64) {
        let start = self.text.len();
        for column in &batch.columns()[..cells.min(self.columns)] {
            render(column.as_ref(), row, &mut self.text);
            let end = self.end(start);
            self.ends.push(end);
        }
        let end = self.end(start);
        self.ends.resize(self.ends.len() + self.columns.saturating_sub(cells), end);
        self.starts.push(start);
        self.keys.push(key);
    }

    fn end(&mut self, start: usize) -> u32 {
        let end = u32::try_from(self.text.len() - start).unwrap_or(TOO_LONG);
        self.too_long |= end == TOO_LONG;
        end
    }

    /// Whether a row was met whose cells are longer together than can be kept.
    pub(crate) fn is_too_long(&self) -> bool {
        self.too_long
    }

    /// A cell's text; `None` where it is null or empty.
    pub(crate) fn cell(&self, row: usize, column: usize) -> Option<&str> {
        let first = row * self.columns;
        let from = if column == 0 { 0 } else { self.ends[first + column - 1] as usize };
        let to = self.ends[first + column] as usize;
        let start = self.starts[row];
        self.text.get(start + from..start + to).filter(|text| !text.is_empty())
    }

    /// The bytes that the rows take.
    pub(crate) fn bytes(&self) -> u64 {
        (self.text.capacity()
            + self.ends.capacity() * 4
            + (self.starts.capacity() + self.keys.capacity()) * 8) as u64
    }
}
