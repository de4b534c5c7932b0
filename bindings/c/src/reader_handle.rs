//! Page images: fields read, claims verified.

use std::collections::BTreeMap;
use std::ffi::c_char;
use std::path::{Path, PathBuf};

use archive::{NumberRules, page_json};
use archive_core::Error;
use archive_core::record::Record;
use archive_ocr::schema::Schemas;
use archive_ocr::{PageImage, PageReading, Reader};
use serde::Deserialize;

use crate::boundary::{MaError, MaStatus, borrow, file, free, give_json, guard, taken, text};

/// A page reader.
#[derive(Debug)]
pub struct MaReader {
    reader: Reader,
}

/// What was read on a page: more than its fields, so that claims can be verified on it.
#[derive(Debug)]
pub struct MaReading {
    reading: PageReading,
}

/// Opens the models in the directory `models`, or those that `archive setup` fetched where it is the
/// empty text. `threads` is how many lines are read side by side; 0 for as many as there are cores.
///
/// # Safety
/// `models` must point to `length` bytes; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_reader_open(
    models: *const c_char,
    length: usize,
    threads: usize,
    out: *mut *mut MaReader,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let models = text("models", models, length)?;
            let models = (!models.is_empty()).then_some(Path::new(models));
            let reader = archive::open_reader(models, (threads > 0).then_some(threads), Schemas::shipped())?;
            Ok(Box::into_raw(Box::new(MaReader { reader })))
        })
    }
}

/// What a reader is opened with.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Opening {
    models: Option<PathBuf>,
    threads: Option<usize>,
    fields: Vec<PathBuf>,
    rules: Vec<PathBuf>,
}

/// Opens a reader that knows papers of your own. `request` is a JSON object, whose keys may all be absent: `models`, the
/// directory of the models (those that `archive setup` fetched where absent); `threads`, how many lines are read
/// side by side (as many as there are cores where absent); `fields`, an array of paths to files of fields and papers;
/// `rules`, an array of paths to rule files, which the patterns of fields may name.
///
/// # Safety
/// `request` must point to `length` bytes; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_reader_open_with(
    request: *const c_char,
    length: usize,
    out: *mut *mut MaReader,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let opening: Opening = taken("reader", request, length)?;
            let threads = opening.threads.filter(|threads| *threads > 0);
            let fields = archive::load_fields(&opening.fields, &NumberRules::with(&opening.rules)?)?;
            let reader = archive::open_reader(opening.models.as_deref(), threads, fields)?;
            Ok(Box::into_raw(Box::new(MaReader { reader })))
        })
    }
}

/// Reads the image file `image` of `size` bytes; `name` stands in errors. May be called from several
/// threads at a time.
///
/// # Safety
/// `reader` must be null or an open reader; `name` must point to `length` bytes and `image` to `size`
/// bytes; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_reader_read(
    reader: *const MaReader,
    name: *const c_char,
    length: usize,
    image: *const u8,
    size: usize,
    out: *mut *mut MaReading,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let reader = borrow("reader", reader)?;
            let name = text("name", name, length)?;
            let image = PageImage::from_bytes(name, file("image", image, size)?)?;
            let reading = reader.reader.read(&image)?;
            Ok(Box::into_raw(Box::new(MaReading { reading })))
        })
    }
}

/// Everything that is known of the page; `*out` becomes a JSON object: `doc_type`, `title`, `width`,
/// `height`, `seconds` and `fields`, by name, with `value`, `text`, `confidence`, `box`, `alternatives`.
///
/// # Safety
/// `reading` must be null or a reading; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_reading_json(
    reading: *const MaReading,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe { guard(out, error, || give_json(&page_json::reading(&borrow("reading", reading)?.reading))) }
}

/// What the page says of the claims in `record`, a JSON object of field names and values; `*out`
/// becomes a JSON array of `field`, `verdict`, `suspicion`, `read`, `record`, `box`, `differences`.
///
/// # Safety
/// `reading` must be null or a reading; `record` must point to `length` bytes; `out` and `error` must
/// each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_reading_verify(
    reading: *const MaReading,
    record: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let reading = borrow("reading", reading)?;
            let claims: BTreeMap<String, String> = serde_json::from_str(text("record", record, length)?)
                .map_err(|e| Error::invalid("argument record", "is no object of texts").with_source(e))?;
            let claims = claims
                .into_iter()
                .map(|(field, claim)| Ok((field.parse()?, claim)))
                .collect::<Result<Vec<_>, Error>>()?;
            give_json(&page_json::evidence(&reading.reading, &Record::new(claims)))
        })
    }
}

/// Frees a reading.
///
/// # Safety
/// `reading` must be null or a reading that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_reading_free(reading: *mut MaReading) {
    // SAFETY: as the caller vouches.
    unsafe { free(reading) };
}

/// Closes a reader. Readings that it gave stay good.
///
/// # Safety
/// `reader` must be null or an open reader that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_reader_free(reader: *mut MaReader) {
    // SAFETY: as the caller vouches.
    unsafe { free(reader) };
}
