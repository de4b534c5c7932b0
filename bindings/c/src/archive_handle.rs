//! The archive: open, file, find, take stock.

use std::ffi::c_char;
use std::path::Path;

use archive::{Archive, Config, Error, FilingRequest};
use archive_store::LoanRequest;
use chrono::Utc;
use serde::Serialize;

use crate::boundary::{MaError, MaStatus, borrow, free, give_json, guard, taken, text};

/// An open archive.
#[derive(Debug)]
pub struct MaArchive {
    pub(crate) archive: Archive,
}

/// Opens the archive in the directory `path`.
///
/// # Safety
/// `path` must point to `length` bytes; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_open(
    path: *const c_char,
    length: usize,
    out: *mut *mut MaArchive,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches.
    unsafe { open(path, length, Config::load, out, error) }
}

/// Makes an archive with the shipped settings in the directory `path`, where it has none yet, and
/// opens it.
///
/// # Safety
/// `path` must point to `length` bytes; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_create(
    path: *const c_char,
    length: usize,
    out: *mut *mut MaArchive,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches.
    unsafe { open(path, length, Config::create, out, error) }
}

/// Opens the archive at `path` with the settings that `config` loads or makes there.
///
/// # Safety
/// As [`ma_archive_open`].
unsafe fn open(
    path: *const c_char,
    length: usize,
    config: impl FnOnce(&Path) -> Result<Config, Error>,
    out: *mut *mut MaArchive,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let path = text("path", path, length)?;
            if path.is_empty() {
                return Err(Error::invalid("argument path", "is empty"));
            }
            let config = config(Path::new(path))?;
            Ok(Box::into_raw(Box::new(MaArchive { archive: Archive::open(config)? })))
        })
    }
}

/// Asks an archive, and gives the answer as JSON.
///
/// # Safety
/// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
pub(crate) unsafe fn answer<T: Serialize>(
    archive: *const MaArchive,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
    ask: impl FnOnce(&Archive) -> Result<T, Error>,
) -> MaStatus {
    // SAFETY: as the caller vouches.
    unsafe { guard(out, error, || give_json(&ask(&borrow("archive", archive)?.archive)?)) }
}

/// Files a customer's papers: `request` is a filing request as JSON, `*out` becomes its outcome as
/// JSON. The same request again under the same key changes nothing and gives the same answer.
///
/// # Safety
/// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and
/// `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_file(
    archive: *const MaArchive,
    request: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let request: FilingRequest = taken("filing", request, length)?;
            archive.file(&request)
        })
    }
}

/// Finds files by archive number, customer, document, box, slot, request or tag; `*out` becomes a
/// JSON array.
///
/// # Safety
/// `archive` must be null or an open archive; `name` must point to `length` bytes; `out` and `error`
/// must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_locate(
    archive: *const MaArchive,
    name: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe { answer(archive, out, error, |archive| archive.locate(text("name", name, length)?)) }
}

/// Reads the tags of all aisles with boxes; `*out` becomes the report as JSON.
///
/// # Safety
/// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_inventory(
    archive: *const MaArchive,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe { answer(archive, out, error, |archive| archive.inventory()) }
}

/// Goes on with every filing whose box is not known to stand in its slot; `*out` becomes a JSON array
/// of request keys with their states.
///
/// # Safety
/// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_resume(
    archive: *const MaArchive,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let resumed = borrow("archive", archive)?.archive.resume()?;
            let rows: Vec<_> = resumed.iter().map(|(filed, shelving)| (&filed.request, shelving)).collect();
            give_json(&rows)
        })
    }
}

/// Closes an archive. Nobody may use it any more.
///
/// # Safety
/// `archive` must be null or an open archive that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_free(archive: *mut MaArchive) {
    // SAFETY: as the caller vouches.
    unsafe { free(archive) };
}

/// Lends a file's paper: `request` is a JSON object with `key`, `reference`, `borrower`, `purpose`,
/// `when` and `due` (times as RFC 3339, `due` may be null); `*out` becomes the loan as JSON. The same
/// loan again changes nothing.
///
/// # Safety
/// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and
/// `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_lend(
    archive: *const MaArchive,
    request: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let request: LoanRequest = taken("loan", request, length)?;
            archive.catalogue().lend(&request)
        })
    }
}

/// Records now that the loan with the key `loan` came back; `*out` becomes the loan as JSON. Again
/// changes nothing.
///
/// # Safety
/// `archive` must be null or an open archive; `loan` must point to `length` bytes; `out` and `error`
/// must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_give_back(
    archive: *const MaArchive,
    loan: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let loan = text("loan", loan, length)?.parse()?;
            archive.catalogue().give_back(&loan, Utc::now())
        })
    }
}

/// The loans that are out, oldest first; `*out` becomes a JSON array.
///
/// # Safety
/// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_open_loans(
    archive: *const MaArchive,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe { answer(archive, out, error, |archive| archive.catalogue().open_loans()) }
}

/// Keeps the slot `to` for the box `number`, which stays where it is until `ma_archive_confirm_move`;
/// `*out` becomes the box as JSON.
///
/// # Safety
/// `archive` must be null or an open archive; `number` must point to `number_length` bytes and `to` to
/// `to_length`; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_move_box(
    archive: *const MaArchive,
    number: *const c_char,
    number_length: usize,
    to: *const c_char,
    to_length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let number = text("number", number, number_length)?.parse()?;
            let to = text("to", to, to_length)?.parse()?;
            archive.catalogue().move_box(&number, &to, Utc::now())
        })
    }
}

/// Records that the box `number` stands in the slot that it was moved to; `*out` becomes the box as
/// JSON.
///
/// # Safety
/// `archive` must be null or an open archive; `number` must point to `length` bytes; `out` and `error`
/// must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_confirm_move(
    archive: *const MaArchive,
    number: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let number = text("number", number, length)?.parse()?;
            archive.catalogue().confirm_move(&number, Utc::now())
        })
    }
}

/// Checks everything that must hold; `*out` becomes a JSON array of what does not.
///
/// # Safety
/// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_audit(
    archive: *const MaArchive,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe { answer(archive, out, error, |archive| archive.catalogue().audit()) }
}
