//! One error type for every crate, whose kind answers *what can the caller do?*
//!
//! ```
//! use archive_core::{Error, ErrorKind};
//!
//! let error = Error::new(ErrorKind::NotFound, "slot HZ/R1/B1/C1/A/1/1/1", "is not in the catalogue");
//! assert_eq!(error.kind(), ErrorKind::NotFound);
//! assert_eq!(error.to_string(), "slot HZ/R1/B1/C1/A/1/1/1: is not in the catalogue");
//! ```
//!
//! Findings are data, not errors: a doubtful field or a misplaced box belongs in a result.

use std::error::Error as StdError;
use std::fmt;
use std::path::Path;

use serde::Serialize;

/// What a caller can do about an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// Fix the value that was given.
    InvalidInput,
    /// What was named does not exist: reload, decide.
    NotFound,
    /// Somebody else was first, or the same key means something else: reload, decide.
    Conflict,
    /// A part is out of reach (engine, model, device, lock): restore it and retry.
    Unavailable,
    /// The device or the rule said no; the link is sound.
    Refused,
    /// A command was sent and no answer came: read the state before anything else.
    OutcomeUnknown,
    /// This part cannot do it: choose another way.
    Unsupported,
    /// The caller lacks the right to do it.
    Denied,
    /// Stored data is not what was written: stop and report.
    Corrupt,
    /// A fault of this software: stop and report.
    Internal,
}

impl ErrorKind {
    /// The kind's name in messages, logs and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid-input",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::Unsupported => "unsupported",
            Self::Denied => "denied",
            Self::Corrupt => "corrupt",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure: which object, what is wrong with it, why, and what the caller can do.
///
/// Shared by all crates of the workspace, so that a caller handles one type. Its message is for
/// people; programs use [`Error::kind`].
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    object: String,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error about `object` (a path, an identifier, a device), saying in `message` what is
    /// wrong and what to do.
    #[must_use]
    pub fn new(kind: ErrorKind, object: impl Into<String>, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, object: object.into(), message: message.into(), source: None }))
    }

    /// An [`ErrorKind::InvalidInput`] error: the caller must fix the value.
    #[must_use]
    pub fn invalid(object: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, object, message)
    }

    /// The error of an operation on the file or directory at `path`, of the kind that the
    /// system's error calls for.
    #[must_use]
    pub fn io(path: &Path, action: &str, source: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match source.kind() {
            Io::NotFound => ErrorKind::NotFound,
            Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::Denied,
            Io::StorageFull | Io::QuotaExceeded | Io::WouldBlock | Io::TimedOut => ErrorKind::Unavailable,
            Io::InvalidData | Io::UnexpectedEof => ErrorKind::Corrupt,
            Io::IsADirectory | Io::NotADirectory | Io::InvalidInput | Io::InvalidFilename => {
                ErrorKind::InvalidInput
            }
            _ => ErrorKind::Unavailable,
        };
        Self::new(kind, path.display().to_string(), format!("cannot {action}")).with_source(source)
    }

    /// Attaches the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What the caller can do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The object that the error is about.
    #[must_use]
    pub fn object(&self) -> &str {
        &self.0.object
    }

    /// What is wrong with the object.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The whole story in one sentence: this error and its causes, joined by colons.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let line = error.to_string();
            // Some libraries repeat their cause in their own message.
            if !text.ends_with(&line) {
                text.push_str(": ");
                text.push_str(&line);
            }
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.object, self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_joins_causes_once() {
        let io = std::io::Error::new(std::io::ErrorKind::StorageFull, "no space left");
        let error = Error::io(Path::new("/data/catalogue.db"), "write", io);
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(error.report(), "/data/catalogue.db: cannot write: no space left");
        let outer = Error::new(ErrorKind::Unavailable, "catalogue", "no space left")
            .with_source(std::io::Error::other("no space left"));
        assert_eq!(outer.report(), "catalogue: no space left");
    }
}
