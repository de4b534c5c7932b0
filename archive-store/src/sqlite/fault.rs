//! What a fault of SQLite means to the caller.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::{Error, ErrorKind};

/// Turns the driver's errors into ones that name the catalogue's path, the action and what to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault<'a> {
    path: &'a Path,
    action: &'a str,
}

impl<'a> Fault<'a> {
    pub(super) fn new(path: &'a Path, action: &'a str) -> Self {
        Self { path, action }
    }

    /// An error outside of a commit: nothing was written.
    pub(super) fn of(self, error: rusqlite::Error) -> Error {
        let (kind, advice) = advise(&error);
        let message = format!("cannot {}: {advice}", self.action);
        Error::new(kind, self.path.display().to_string(), message).with_source(error)
    }

    /// An error of the commit itself. Where the disk failed under it, the last frame of the log may or
    /// may not have reached the disk, and a restart decides which.
    pub(super) fn of_commit(self, error: rusqlite::Error) -> Error {
        let (kind, advice) = advise(&error);
        let known = matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::DiskFull
                    | ErrorCode::ConstraintViolation
            )
        );
        let path = self.path.display().to_string();
        if known {
            return Error::new(kind, path, format!("cannot {}: {advice}", self.action)).with_source(error);
        }
        let message = format!(
            "cannot tell whether it could {}: the disk failed in the commit; make the same request again to learn",
            self.action
        );
        Error::new(ErrorKind::OutcomeUnknown, path, message).with_source(error)
    }
}

fn advise(error: &rusqlite::Error) -> (ErrorKind, &'static str) {
    use rusqlite::Error as E;
    let Some(code) = error.sqlite_error_code() else {
        return match error {
            E::FromSqlConversionFailure(..)
            | E::IntegralValueOutOfRange(..)
            | E::InvalidColumnType(..)
            | E::Utf8Error(..) => {
                (ErrorKind::Corrupt, "a stored value is none that was written: restore a backup")
            }
            _ => (ErrorKind::Internal, "the statement does not suit the schema: report it"),
        };
    };
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            (ErrorKind::Unavailable, "another program holds its lock: close that one or wait, then retry")
        }
        ErrorCode::DiskFull => (
            ErrorKind::Unavailable,
            "the disk or the catalogue's quota is full: make room, then retry; nothing was written",
        ),
        ErrorCode::SystemIoFailure => {
            (ErrorKind::Unavailable, "the disk reports an error: check it, then retry; nothing was written")
        }
        ErrorCode::OutOfMemory => {
            (ErrorKind::Unavailable, "memory ran out: retry later; nothing was written")
        }
        ErrorCode::DatabaseCorrupt => {
            (ErrorKind::Corrupt, "its pages are damaged: stop, and restore a backup")
        }
        ErrorCode::NotADatabase => {
            (ErrorKind::Corrupt, "it is no SQLite database: name another path, or restore a backup")
        }
        ErrorCode::CannotOpen => (
            ErrorKind::Unavailable,
            "it or its -wal and -shm files cannot be opened: check that the directory exists and may be written",
        ),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            (ErrorKind::Denied, "the file or its directory may not be written: ask for the right to")
        }
        ErrorCode::TooBig => (ErrorKind::InvalidInput, "a value is too large for a database: shorten it"),
        ErrorCode::ConstraintViolation => (ErrorKind::Conflict, "the catalogue's own rules forbid it"),
        ErrorCode::SchemaChanged => (ErrorKind::Unavailable, "another program changed the schema: retry"),
        ErrorCode::FileLockingProtocolFailed => {
            (ErrorKind::Unavailable, "locks do not work there: move it to a local disk")
        }
        _ => (ErrorKind::Internal, "SQLite refused the statement: report it"),
    }
}
