//! What every exported function shares: statuses, errors, text in and out, the panic guard.

use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use archive_core::{Error, ErrorKind};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest text that is taken from C, in bytes.
pub const TEXT_LIMIT: usize = 64 << 20;

/// The largest image file that is taken from C, in bytes.
pub const FILE_LIMIT: usize = 256 << 20;

/// The version of this binary interface; it grows with every incompatible change.
const ABI_VERSION: u32 = 1;

/// What became of a call, and what the caller can do.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaStatus {
    /// Done.
    Ok = 0,
    /// Fix the value that was given.
    InvalidInput = 1,
    /// What was named does not exist.
    NotFound = 2,
    /// The same name means something else already.
    Conflict = 3,
    /// A part is out of reach: restore it and call again.
    Unavailable = 4,
    /// A device or a rule said no.
    Refused = 5,
    /// A command was sent and no answer came: read the state first.
    OutcomeUnknown = 6,
    /// This part cannot do it.
    Unsupported = 7,
    /// The caller lacks the right to do it.
    Denied = 8,
    /// Stored data is not what was written.
    Corrupt = 9,
    /// A fault of the library.
    Internal = 10,
}

impl From<ErrorKind> for MaStatus {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidInput => Self::InvalidInput,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Conflict => Self::Conflict,
            ErrorKind::Unavailable => Self::Unavailable,
            ErrorKind::Refused => Self::Refused,
            ErrorKind::OutcomeUnknown => Self::OutcomeUnknown,
            ErrorKind::Unsupported => Self::Unsupported,
            ErrorKind::Denied => Self::Denied,
            ErrorKind::Corrupt => Self::Corrupt,
            _ => Self::Internal,
        }
    }
}

/// Why a call failed.
#[derive(Debug)]
pub struct MaError {
    status: MaStatus,
    object: CString,
    message: CString,
}

/// Text for C: a zero byte inside it would end it early, so it is shown instead.
fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{2400}")).unwrap_or_default()
}

/// Runs `work`, writes its result to `out`, and turns errors and panics into a status and an error
/// object.
///
/// # Safety
/// `out` and `error` must each be null or point to a writable pointer.
pub(crate) unsafe fn guard<T>(
    out: *mut *mut T,
    error: *mut *mut MaError,
    work: impl FnOnce() -> Result<*mut T, Error>,
) -> MaStatus {
    let write = || {
        if out.is_null() {
            return Err(Error::invalid("argument out", "is null"));
        }
        let value = work()?;
        // SAFETY: `out` is not null, and the caller lets us write.
        unsafe { out.write(value) };
        Ok(())
    };
    // SAFETY: as the caller vouches.
    unsafe { guard_call(error, write) }
}

/// Runs `work`, which writes its own results, and turns errors and panics into a status and an error
/// object.
///
/// # Safety
/// `error` must be null or point to a writable pointer.
pub(crate) unsafe fn guard_call(
    error: *mut *mut MaError,
    work: impl FnOnce() -> Result<(), Error>,
) -> MaStatus {
    let failure = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => return MaStatus::Ok,
        Ok(Err(failure)) => failure,
        Err(payload) => {
            // The payload's own drop may panic too; it is given up instead.
            std::mem::forget(payload);
            Error::new(ErrorKind::Internal, "library", "panicked; report it")
        }
    };
    let status = failure.kind().into();
    if !error.is_null() {
        // A verb of the command line, where there is a function for it.
        let message = failure.report().replace("`archive init`", "`ma_archive_create`");
        let object = MaError { status, object: c_text(failure.object()), message: c_text(&message) };
        // SAFETY: `error` is not null and the caller lets us write.
        unsafe { error.write(Box::into_raw(Box::new(object))) };
    }
    status
}

/// The text at `data` of `length` bytes.
///
/// # Safety
/// `data` must be null or point to `length` readable bytes that nobody changes meanwhile.
pub(crate) unsafe fn text<'a>(name: &str, data: *const c_char, length: usize) -> Result<&'a str, Error> {
    // SAFETY: as the caller vouches.
    let bytes = unsafe { array(name, data.cast::<u8>(), length) }?;
    std::str::from_utf8(bytes)
        .map_err(|e| Error::invalid(format!("argument {name}"), "is not UTF-8").with_source(e))
}

/// A request as JSON.
///
/// # Safety
/// `request` must be null or point to `length` readable bytes.
pub(crate) unsafe fn taken<T: DeserializeOwned>(
    what: &str,
    request: *const c_char,
    length: usize,
) -> Result<T, Error> {
    // SAFETY: as the caller vouches.
    serde_json::from_str(unsafe { text("request", request, length) }?)
        .map_err(|e| Error::invalid("argument request", format!("is no {what} request")).with_source(e))
}

/// The `length` items at `data`: at most [`TEXT_LIMIT`] bytes.
///
/// # Safety
/// `data` must be null or point to `length` readable items that nobody changes meanwhile.
pub(crate) unsafe fn array<'a, T>(name: &str, data: *const T, length: usize) -> Result<&'a [T], Error> {
    // SAFETY: as the caller vouches.
    unsafe { slice(name, data, length, items::<T>()) }
}

/// The `length` items at `data`, to be written.
///
/// # Safety
/// `data` must be null or point to `length` writable items that nobody else uses meanwhile.
pub(crate) unsafe fn array_mut<'a, T>(name: &str, data: *mut T, length: usize) -> Result<&'a mut [T], Error> {
    check_pointer(name, data, length, items::<T>())?;
    if length == 0 {
        return Ok(&mut []);
    }
    // SAFETY: as above.
    Ok(unsafe { std::slice::from_raw_parts_mut(data, length) })
}

/// The `size` bytes of a file at `data`: at most [`FILE_LIMIT`].
///
/// # Safety
/// `data` must be null or point to `size` readable bytes that nobody changes meanwhile.
pub(crate) unsafe fn file<'a>(name: &str, data: *const u8, size: usize) -> Result<&'a [u8], Error> {
    // SAFETY: as the caller vouches.
    unsafe { slice(name, data, size, FILE_LIMIT) }
}

/// The `length` items at `data`, of which at most `limit` are taken.
///
/// # Safety
/// As [`array`].
unsafe fn slice<'a, T>(name: &str, data: *const T, length: usize, limit: usize) -> Result<&'a [T], Error> {
    check_pointer(name, data, length, limit)?;
    if length == 0 {
        return Ok(&[]);
    }
    // SAFETY: not null, and the caller vouches for the items; the limit keeps them below isize::MAX.
    Ok(unsafe { std::slice::from_raw_parts(data, length) })
}

/// How many items of a kind fit into [`TEXT_LIMIT`] bytes.
const fn items<T>() -> usize {
    TEXT_LIMIT / if size_of::<T>() == 0 { 1 } else { size_of::<T>() }
}

fn check_pointer<T>(name: &str, data: *const T, length: usize, limit: usize) -> Result<(), Error> {
    let object = || format!("argument {name}");
    if length > limit {
        return Err(Error::invalid(object(), format!("is {length} long, more than {limit}")));
    }
    if data.is_null() && length > 0 {
        return Err(Error::invalid(object(), "is null"));
    }
    Ok(())
}

/// The handle behind a pointer.
///
/// # Safety
/// `handle` must be null or a handle of this library that was not freed.
pub(crate) unsafe fn borrow<'a, T>(name: &str, handle: *const T) -> Result<&'a T, Error> {
    // SAFETY: the caller vouches for it.
    unsafe { handle.as_ref() }.ok_or_else(|| Error::invalid(format!("argument {name}"), "is null"))
}

/// Gives `text` to C.
pub(crate) fn give_text(text: &str) -> *mut c_char {
    c_text(text).into_raw()
}

/// Gives `value` to C as JSON text.
pub(crate) fn give_json<T: Serialize>(value: &T) -> Result<*mut c_char, Error> {
    let text = serde_json::to_string(value)
        .map_err(|e| Error::new(ErrorKind::Internal, "answer", "cannot be written as JSON").with_source(e))?;
    Ok(give_text(&text))
}

/// The version of this binary interface. Compare it with the one that you compiled against.
#[unsafe(no_mangle)]
pub extern "C" fn ma_abi_version() -> u32 {
    ABI_VERSION
}

/// The status that the failed call returned.
///
/// # Safety
/// `error` must be null or an error of this library that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_error_status(error: *const MaError) -> MaStatus {
    // SAFETY: as the caller vouches.
    unsafe { error.as_ref() }.map_or(MaStatus::Ok, |e| e.status)
}

/// What went wrong, in one sentence; it lives as long as the error. Null gives the empty text.
///
/// # Safety
/// `error` must be null or an error of this library that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_error_message(error: *const MaError) -> *const c_char {
    // SAFETY: as the caller vouches.
    unsafe { error.as_ref() }.map_or(c"".as_ptr(), |e| e.message.as_ptr())
}

/// The object that the error is about; it lives as long as the error. Null gives the empty text.
///
/// # Safety
/// `error` must be null or an error of this library that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_error_object(error: *const MaError) -> *const c_char {
    // SAFETY: as the caller vouches.
    unsafe { error.as_ref() }.map_or(c"".as_ptr(), |e| e.object.as_ptr())
}

/// Frees an error.
///
/// # Safety
/// `error` must be null or an error of this library that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_error_free(error: *mut MaError) {
    // SAFETY: as the caller vouches.
    unsafe { free(error) };
}

/// Frees text that the library gave.
///
/// # Safety
/// `text` must be null or text that this library gave and that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_string_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: it came from `give_text`.
        drop(unsafe { CString::from_raw(text) });
    }
}

/// Frees a handle that came from a box.
///
/// # Safety
/// `handle` must be null or come from `Box::into_raw` and not be freed yet.
pub(crate) unsafe fn free<T>(handle: *mut T) {
    if !handle.is_null() {
        // A panic in a drop must not cross into C either.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: as the caller vouches.
            drop(unsafe { Box::from_raw(handle) });
        }));
    }
}
