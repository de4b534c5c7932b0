//! Columns of numbers taken apart and made, without a look at the same byte twice.
//!
//! Fields of a number are shown where the number lies: a field of up to twelve bytes is held by its view, a longer
//! one points into the buffer of the column that was given. So is a number in its canonical writing.

mod reading;
mod writing;

use archive_core::{Error, ErrorKind};
use arrow_array::StringViewArray;
use arrow_buffer::{Buffer, NullBuffer, ScalarBuffer};
use arrow_schema::ArrowError;

pub(crate) use reading::parse;
pub(crate) use writing::format;

/// Rows that one thread takes at a time.
const CHUNK_ROWS: usize = 1 << 15;

/// The longest text that a view holds itself.
const HELD_BYTES: usize = 12;

/// A column of `views`, where `nulls` has none of its rows.
///
/// # Safety
/// Each view holds a text in UTF-8 with zeros behind it, or shows one that lies in `buffers`.
unsafe fn texts(
    views: ScalarBuffer<u128>,
    buffers: Vec<Buffer>,
    nulls: Option<NullBuffer>,
) -> StringViewArray {
    // SAFETY: as the caller promises.
    unsafe { StringViewArray::new_unchecked(views, buffers, nulls) }
}

fn impossible(error: ArrowError) -> Error {
    Error::new(ErrorKind::Internal, "columns", "do not go together").with_source(error)
}
