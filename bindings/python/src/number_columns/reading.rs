//! From a column of numbers to a column for each field.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use archive_core::Error;
use archive_numbering::{FieldId, Places, Rule};
use arrow_array::builder::{NullBufferBuilder, make_view};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringViewArray, new_null_array};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::take::take;
use rayon::prelude::*;

use super::{CHUNK_ROWS, HELD_BYTES, impossible, texts};
use crate::columns::{Cell, Cells};

/// Takes a column apart that comes in `pieces`: a text column a field, the number as it must be written, and what is
/// wrong where there is none.
///
/// # Errors
/// `InvalidInput` where the column is of a type that has neither texts nor numbers.
pub(crate) fn parse(rule: &Rule, pieces: &[ArrayRef]) -> Result<(SchemaRef, Vec<RecordBatch>), Error> {
    let text = |name: &str| Field::new(name, DataType::Utf8View, true);
    let mut fields: Vec<Field> = rule.field_names().map(text).collect();
    let taken = |name: &str| fields.iter().any(|field| field.name() == name);
    // A rule may have a field of one of these names.
    let free = |name: &str| if taken(name) { format!("{name}_") } else { name.to_owned() };
    let (number, error) = (free("number"), free("error"));
    fields.extend([text(&number), text(&error)]);
    let schema = Arc::new(Schema::new(fields));
    let ids = rule.field_names().map(|name| rule.field(name)).collect::<Result<Vec<_>, _>>()?;
    let chunks = pieces.iter().flat_map(|piece| {
        let rows = piece.len();
        (0..rows).step_by(CHUNK_ROWS).map(move |start| piece.slice(start, CHUNK_ROWS.min(rows - start)))
    });
    let chunks: Vec<ArrayRef> = chunks.collect();
    let same = Same::default();
    let batches = chunks
        .par_iter()
        .map(|chunk| {
            let columns = match views(chunk)? {
                Some(numbers) => take_apart(rule, &ids, &numbers, &same),
                None => refuse(ids.len(), chunk, &same)?,
            };
            RecordBatch::try_new(Arc::clone(&schema), columns).map_err(impossible)
        })
        .collect::<Result<Vec<_>, Error>>()?;
    Ok((schema, batches))
}

/// The texts of a column as views of its buffers; `None` for a column of something else.
fn views(column: &ArrayRef) -> Result<Option<StringViewArray>, Error> {
    Ok(match column.data_type() {
        DataType::Utf8View => Some(column.as_string_view().clone()),
        DataType::Utf8 => Some(column.as_string::<i32>().into()),
        DataType::LargeUtf8 => Some(column.as_string::<i64>().into()),
        DataType::Dictionary(..) => {
            let dictionary = column.as_any_dictionary();
            let Some(values) = views(dictionary.values())? else { return Ok(None) };
            let taken = take(&values, dictionary.keys(), None).map_err(impossible)?;
            Some(taken.as_string_view().clone())
        }
        _ => None,
    })
}

/// Rows whose numbers are found before their fields are shown, column by column.
const BLOCK_ROWS: usize = 64;

/// A number and where it lies.
#[derive(Clone, Copy)]
struct Origin<'a> {
    view: u128,
    /// The bytes that it lies among, and its first one.
    among: &'a [u8],
    at: usize,
}

impl Origin<'_> {
    const NONE: Self = Self { view: 0, among: &[], at: 0 };

    /// The number.
    #[inline]
    fn text(&self) -> &[u8] {
        &self.among[self.at..self.at + self.view as u32 as usize]
    }

    /// The view of the part that begins at `start`, has `length` bytes and of these holds the `held` ones.
    #[inline]
    fn held_part(&self, start: usize, length: usize, held: u128) -> u128 {
        // Where the part is, after four bytes that give way to its length.
        let at = self.at.wrapping_add(start).wrapping_sub(4);
        let bytes = match self.among.get(at..).and_then(<[u8]>::first_chunk) {
            Some(chunk) => u128::from_le_bytes(*chunk),
            None => self.edge(start),
        };
        bytes & held | length as u128
    }

    /// The view of a part that is too long to be held.
    fn shown_part(&self, place: &Range<usize>) -> u128 {
        // The first four bytes, the same buffer, further on.
        let shown = (self.view >> 64) + ((place.start as u128) << 32);
        shown << 64 | self.held_part(place.start, place.len(), HELD[4])
    }

    /// The view of a part.
    #[inline]
    fn part(&self, place: &Range<usize>) -> u128 {
        match HELD.get(place.len()) {
            Some(held) => self.held_part(place.start, place.len(), *held),
            None => self.shown_part(place),
        }
    }

    /// The part that begins at `start`, where four bytes before it or twelve behind are none of the buffer.
    #[cold]
    fn edge(&self, start: usize) -> u128 {
        let bytes = self.among.get(self.at + start..).unwrap_or_default();
        bytes.iter().take(HELD_BYTES).rev().fold(0, |all, byte| all << 8 | u128::from(*byte)) << 32
    }
}

/// The bits of so many bytes in the view that holds them.
const HELD: [u128; HELD_BYTES + 1] = {
    let mut bits = [0; HELD_BYTES + 1];
    let mut length = 1;
    while length <= HELD_BYTES {
        bits[length] = u128::MAX >> (128 - 8 * length) << 32;
        length += 1;
    }
    bits
};

/// One field of the numbers of a chunk.
struct Part {
    id: FieldId,
    /// What stands in all rows up to now, as long as it is the same.
    same: Option<u128>,
    /// What stands in each row, from when it no longer was.
    each: Vec<u128>,
    /// The most bytes of it.
    longest: usize,
}

impl Part {
    fn new(id: FieldId) -> Self {
        Self { id, same: None, each: Vec::new(), longest: 0 }
    }

    /// Appends the field of numbers that stand behind `before` others in a chunk of `rows`; whatever where there is none.
    fn append(&mut self, found: &[Option<Places<'_>>], origins: &[Origin<'_>], before: usize, rows: usize) {
        let id = self.id;
        // Most numbers beside each other have the same shape.
        let first = found.first().and_then(Option::as_ref);
        let shape = first.filter(|first| found.iter().all(|places| places.as_ref() == Some(*first)));
        if let Some(place) = shape.and_then(|places| places.get(id)) {
            self.longest = self.longest.max(place.len());
            let (start, length) = (place.start, place.len());
            match HELD.get(length).copied() {
                Some(held) => {
                    let part = move |origin: &Origin<'_>| origin.held_part(start, length, held);
                    self.extend(origins.iter().map(part), before, rows);
                }
                None => self.extend(origins.iter().map(|origin| origin.shown_part(&place)), before, rows),
            }
            return;
        }
        let part = |(places, origin): (&Option<Places<'_>>, &Origin<'_>)| {
            let place = places.as_ref().and_then(|places| places.get(id))?;
            Some((origin.part(&place), place.len()))
        };
        let parts: Vec<Option<(u128, usize)>> = found.iter().zip(origins).map(part).collect();
        self.longest = parts.iter().flatten().fold(self.longest, |longest, (_, length)| longest.max(*length));
        // A row without a number may hold anything: best what makes it no other.
        let first = parts.iter().flatten().map(|(view, _)| *view).next();
        let Some(mut last) = self.same.or(first) else { return self.skip(parts.len()) };
        let views: Vec<u128> = parts
            .iter()
            .map(|part| {
                last = part.map_or(last, |(view, _)| view);
                last
            })
            .collect();
        self.extend(views.into_iter(), before, rows);
    }

    /// Appends rows without a number.
    fn skip(&mut self, rows: usize) {
        if !self.each.is_empty() {
            self.each.extend(std::iter::repeat_n(0, rows));
        }
    }

    #[inline]
    fn extend(&mut self, views: impl ExactSizeIterator<Item = u128> + Clone, before: usize, rows: usize) {
        if self.each.is_empty() {
            let Some(first) = self.same.or_else(|| views.clone().next()) else { return };
            self.same = Some(first);
            // Not one by one: most columns are the same throughout, or not at all.
            if views.clone().fold(0, |other, view| other | (view ^ first)) == 0 {
                return;
            }
            self.each.reserve_exact(rows);
            self.each.extend(std::iter::repeat_n(first, before));
        }
        self.each.extend(views);
    }

    /// Shows the field of a number that was found later than those around it.
    fn put(&mut self, row: usize, behind: usize, rows: usize, places: &Places<'_>, origin: &Origin<'_>) {
        let Some(place) = places.get(self.id) else { return };
        self.longest = self.longest.max(place.len());
        let view = origin.part(&place);
        if self.each.is_empty() {
            if self.same == Some(view) {
                return;
            }
            self.each.reserve_exact(rows);
            self.each.extend(std::iter::repeat_n(self.same.unwrap_or(0), behind));
        }
        if let Some(part) = self.each.get_mut(row) {
            *part = view;
        }
    }
}

/// Views of columns that are the same in all rows, which chunks share.
#[derive(Default)]
struct Same(Mutex<HashMap<u128, ScalarBuffer<u128>>>);

impl Same {
    fn views(&self, view: u128, rows: usize) -> ScalarBuffer<u128> {
        if rows < CHUNK_ROWS {
            return vec![view; rows].into();
        }
        // Nothing panics while it is locked; and what is in it stays true.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(view).or_insert_with(|| vec![view; rows].into()).slice(0, rows)
    }
}

/// Takes the numbers of one chunk apart.
fn take_apart(rule: &Rule, ids: &[FieldId], numbers: &StringViewArray, same: &Same) -> Vec<ArrayRef> {
    let rows = numbers.len();
    let views: &[u128] = numbers.views();
    let held = numbers.views().inner().as_slice();
    let given = numbers.nulls();
    let origin = |row: usize| {
        let view = views[row];
        let (length, buffer, start) = (view as u32 as usize, (view >> 64) as u32, (view >> 96) as u32);
        match length {
            ..=HELD_BYTES => Origin { view, among: held, at: 16 * row + 4 },
            _ => Origin { view, among: &numbers.data_buffers()[buffer as usize], at: start as usize },
        }
    };
    let mut parts: Vec<Part> = ids.iter().map(|id| Part::new(*id)).collect();
    // A bit a row: whether there is a number.
    let mut valid: Vec<u64> = Vec::with_capacity(rows.div_ceil(BLOCK_ROWS));
    let mut canonical: Option<Vec<u128>> = None;
    // Numbers that had to be written anew.
    let mut written = Vec::new();
    let mut errors = Vec::new();
    let mut origins = [Origin::NONE; BLOCK_ROWS];
    let mut found = [const { None }; BLOCK_ROWS];
    let mut later = Vec::new();
    for start in (0..rows).step_by(BLOCK_ROWS) {
        let block = start..(start + BLOCK_ROWS).min(rows);
        let mut bits = 0_u64;
        for (at, row) in block.clone().enumerate() {
            if given.is_some_and(|nulls| nulls.is_null(row)) {
                found[at] = None;
                continue;
            }
            origins[at] = origin(row);
            found[at] = rule.places(origins[at].text());
            match found[at] {
                Some(_) => bits |= 1 << at,
                None => later.push((at, row, origins[at])),
            }
        }
        for part in &mut parts {
            part.append(&found[..block.len()], &origins[..block.len()], start, rows);
        }
        for (at, row, origin) in later.drain(..) {
            let text = numbers.value(row);
            let put = |parts: &mut [Part], row, places: &Places<'_>, origin: &Origin<'_>| {
                parts.iter_mut().for_each(|part| part.put(row, block.end, rows, places, origin));
            };
            match rule.parse(text) {
                Ok(parsed) if parsed.as_str().as_ptr() == text.as_ptr() => {
                    bits |= 1 << at;
                    put(&mut parts, row, &parsed.places(), &origin);
                }
                Ok(parsed) => {
                    bits |= 1 << at;
                    let number = parsed.as_str().as_bytes();
                    // Rows and numbers have limits: this is a few megabytes.
                    let place = written.len();
                    let view = make_view(number, numbers.data_buffers().len() as u32, place as u32);
                    written.extend_from_slice(number);
                    put(&mut parts, row, &parsed.places(), &Origin { view, among: &written, at: place });
                    canonical.get_or_insert_with(|| views.to_vec())[row] = view;
                }
                Err(error) => errors.push((row, error.report())),
            }
        }
        valid.push(bits);
    }
    let nulls =
        Some(NullBuffer::new(BooleanBuffer::new(valid.into(), 0, rows))).filter(|n| n.null_count() > 0);
    let mut buffers = numbers.data_buffers().to_vec();
    if !written.is_empty() {
        buffers.push(written.into());
    }
    let field = |part: Part| {
        let nulls = if rule.is_printed(part.id) { nulls.clone() } else { Some(NullBuffer::new_null(rows)) };
        let shown = if part.longest > HELD_BYTES { buffers.clone() } else { Vec::new() };
        let views = match part.each.is_empty() {
            true => same.views(part.same.unwrap_or(0), rows),
            false => part.each.into(),
        };
        // SAFETY: each view is zero, or of a field of a number that the rule took, which is whole characters: held up
        // to twelve bytes, and else shown in the buffer of the number. Only where no view shows any there are no buffers.
        Arc::new(unsafe { texts(views, shown, nulls) }) as ArrayRef
    };
    let mut columns: Vec<ArrayRef> = parts.into_iter().map(field).collect();
    columns.push(match canonical {
        // SAFETY: the views of the column that was given, and others of texts in the buffer behind its own.
        Some(views) => Arc::new(unsafe { texts(views.into(), buffers, nulls) }),
        // SAFETY: the column that was given, with some of its rows taken out.
        None => Arc::new(unsafe { texts(numbers.views().clone(), buffers, nulls) }),
    });
    columns.push(reasons(rows, &errors, same));
    columns
}

/// What is wrong, in the rows where something is.
fn reasons(rows: usize, errors: &[(usize, String)], same: &Same) -> ArrayRef {
    if errors.is_empty() {
        // SAFETY: a view of zero is an empty text.
        return Arc::new(unsafe { texts(same.views(0, rows), Vec::new(), Some(NullBuffer::new_null(rows))) });
    }
    let reasons = StringViewArray::from_iter_values(errors.iter().map(|(_, reason)| reason));
    let mut views = Vec::with_capacity(rows);
    let mut valid = NullBufferBuilder::new(rows);
    for ((row, _), view) in errors.iter().zip(reasons.views()) {
        valid.append_n_nulls(row - views.len());
        valid.append_non_null();
        views.resize(*row, 0);
        views.push(*view);
    }
    valid.append_n_nulls(rows - views.len());
    views.resize(rows, 0);
    // SAFETY: each view is zero or one of the reasons, with their buffers.
    Arc::new(unsafe { texts(views.into(), reasons.data_buffers().to_vec(), valid.finish()) })
}

/// A column that has no texts has no numbers.
fn refuse(fields: usize, column: &ArrayRef, same: &Same) -> Result<Vec<ArrayRef>, Error> {
    let cells = Cells::of("numbers", column)?;
    let error = |row| match cells.get(row) {
        Cell::Absent => None,
        other => Some((row, Error::invalid("number", format!("is {other}, not a text")).report())),
    };
    let errors: Vec<(usize, String)> = (0..column.len()).filter_map(error).collect();
    let nothing = new_null_array(&DataType::Utf8View, column.len());
    let mut columns = vec![nothing; fields + 1];
    columns.push(reasons(column.len(), &errors, same));
    Ok(columns)
}
