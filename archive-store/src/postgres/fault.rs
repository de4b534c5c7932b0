//! What a fault of PostgreSQL means to the caller.

use postgres::error::SqlState;

use crate::{Error, ErrorKind};

/// An error outside of a commit: nothing was written.
pub(super) fn of(place: &str, action: &str, error: postgres::Error) -> Error {
    let (kind, advice) = advise(&error);
    Error::new(kind, place, format!("cannot {action}: {advice}")).with_source(error)
}

/// An error of the commit itself. Where the connection was lost under it, only the server knows.
pub(super) fn of_commit(place: &str, error: postgres::Error) -> Error {
    if error.code().is_some_and(|code| !is_shutdown(code)) {
        return of(place, "commit", error);
    }
    let message = "cannot tell whether it could commit: the connection was lost in the commit; make the same request again to learn";
    Error::new(ErrorKind::OutcomeUnknown, place, message).with_source(error)
}

fn is_shutdown(code: &SqlState) -> bool {
    matches!(*code, SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW)
        || code.code().starts_with("08")
}

fn advise(error: &postgres::Error) -> (ErrorKind, &'static str) {
    let Some(code) = error.code() else {
        return match error.is_closed()
            || std::error::Error::source(error).is_some_and(|s| s.is::<std::io::Error>())
        {
            true => (
                ErrorKind::Unavailable,
                "the connection was lost: see to the server, then retry; nothing was written",
            ),
            false => {
                (ErrorKind::Unavailable, "the server did not answer as it should: see to it, then retry")
            }
        };
    };
    match *code {
        SqlState::QUERY_CANCELED => (ErrorKind::Unavailable, "the server took too long: retry later"),
        SqlState::LOCK_NOT_AVAILABLE => {
            (ErrorKind::Unavailable, "another program holds its lock: close that one or wait, then retry")
        }
        SqlState::T_R_DEADLOCK_DETECTED | SqlState::T_R_SERIALIZATION_FAILURE => {
            (ErrorKind::Unavailable, "another program was in the way: retry")
        }
        SqlState::INVALID_PASSWORD
        | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        | SqlState::INSUFFICIENT_PRIVILEGE
        | SqlState::READ_ONLY_SQL_TRANSACTION => {
            (ErrorKind::Denied, "the server refuses the user: check name, password and rights")
        }
        SqlState::INVALID_CATALOG_NAME => {
            (ErrorKind::NotFound, "there is no such database: make it, or check the URL")
        }
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => {
            (ErrorKind::Corrupt, "the server's pages are damaged: stop, and restore a backup")
        }
        SqlState::RAISE_EXCEPTION => (ErrorKind::Conflict, "the catalogue's own rules forbid it"),
        _ if is_shutdown(code) => (
            ErrorKind::Unavailable,
            "the server is going down or coming up: retry later; nothing was written",
        ),
        _ => match code.code().get(..2) {
            Some("53") => {
                (ErrorKind::Unavailable, "the server lacks room, memory or connections: retry later")
            }
            Some("57" | "58") => (ErrorKind::Unavailable, "the server is in trouble: see to it, then retry"),
            Some("23") => (ErrorKind::Conflict, "the catalogue's own rules forbid it"),
            Some("22" | "54") => (ErrorKind::InvalidInput, "a value does not fit the database: change it"),
            _ => (ErrorKind::Internal, "the server refused the statement: report it"),
        },
    }
}
