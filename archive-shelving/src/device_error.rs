//! What a device's failure means: did the command act, what held it back, what may be tried.
//!
//! ```
//! use archive_shelving::device_error::{Certainty, DeviceError, Interlock, Retry};
//!
//! let error = DeviceError::rejected("bank HZ/R1/B1", "somebody stands in aisle 3: wait until it is free")
//!     .with_interlock(Interlock::Person);
//! assert_eq!(error.certainty(), Certainty::Rejected);
//! assert_eq!(error.retry(), Retry::AfterOperator);
//! let shared: archive_core::Error = error.into();
//! assert_eq!(shared.kind(), archive_core::ErrorKind::Refused);
//! ```
//!
//! Three questions matter after a failed command, and a message answers none of them reliably:
//! whether it may have acted ([`Certainty`]), which protection said no ([`Interlock`]), and what
//! would make another attempt sensible ([`Retry`]). The kind of the shared
//! [`archive_core::Error`] follows from the certainty unless a driver says otherwise.
//!
//! Limits: a retry class is advice. Nothing in this crate repeats a movement by itself.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use archive_core::ErrorKind;
use serde::{Deserialize, Serialize};

/// Whether a failed command may have acted on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// No byte of the command left: nothing happened.
    NotSent,
    /// The device answered no: nothing happened.
    Rejected,
    /// It was sent, wholly or in part, and no answer came: read the state before anything else.
    MaybeExecuted,
}

/// A protection that keeps carriages still. Hardware decides; the driver reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Interlock {
    /// Somebody is in an aisle or at its entrance.
    Person,
    /// A thing lies in the way.
    Obstacle,
    /// A pressure bar or strip was touched.
    Pressure,
    /// A door is open.
    Door,
    /// The bank is locked by an operator.
    Lock,
    /// Smoke was reported.
    Smoke,
    /// A carriage is too heavy or a motor draws too much.
    Overload,
    /// A carriage stands at or beyond its end of travel.
    Limit,
    /// A motor or its controller failed.
    Drive,
}

impl Interlock {
    /// Every protection, in the order of the type.
    pub const ALL: [Self; 9] = [
        Self::Person,
        Self::Obstacle,
        Self::Pressure,
        Self::Door,
        Self::Lock,
        Self::Smoke,
        Self::Overload,
        Self::Limit,
        Self::Drive,
    ];

    /// The protection's name in messages, logs and vendor maps.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Obstacle => "obstacle",
            Self::Pressure => "pressure",
            Self::Door => "door",
            Self::Lock => "lock",
            Self::Smoke => "smoke",
            Self::Overload => "overload",
            Self::Limit => "limit",
            Self::Drive => "drive",
        }
    }
}

impl fmt::Display for Interlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What would make another attempt sensible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// The same command can never succeed: change it.
    Never,
    /// A person must remove the cause first.
    AfterOperator,
    /// The link must be back, and the state read again.
    AfterReconnect,
    /// The device is busy: later.
    Later,
}

/// A failed command or query: the object, the cause, and what is known about its effect.
///
/// Converts into [`archive_core::Error`], keeping kind, message and source.
#[derive(Debug, Clone)]
pub struct DeviceError(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: ErrorKind,
    certainty: Certainty,
    interlock: Option<Interlock>,
    retry: Retry,
    object: String,
    message: String,
    /// Shared, so that every caller who waited for one answer gets the whole error.
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl DeviceError {
    fn new(
        kind: ErrorKind,
        certainty: Certainty,
        retry: Retry,
        object: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let (object, message) = (object.into(), message.into());
        Self(Box::new(Inner { kind, certainty, interlock: None, retry, object, message, source: None }))
    }

    /// The link was down: nothing was sent. Kind `Unavailable`, to be retried after a reconnect.
    #[must_use]
    pub fn not_sent(object: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, Certainty::NotSent, Retry::AfterReconnect, object, message)
    }

    /// The device, or the driver's own check before sending, said no. Kind `Refused`, to be
    /// retried after an operator looked.
    #[must_use]
    pub fn rejected(object: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, Certainty::Rejected, Retry::AfterOperator, object, message)
    }

    /// The command was sent and no answer came. Kind `OutcomeUnknown`: read the state first.
    #[must_use]
    pub fn maybe_executed(object: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::OutcomeUnknown, Certainty::MaybeExecuted, Retry::AfterReconnect, object, message)
    }

    /// The caller's value is wrong; nothing was sent.
    #[must_use]
    pub fn invalid(object: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, Certainty::NotSent, Retry::Never, object, message)
    }

    /// Another operation is under way, or the same operation id means something else; nothing
    /// was sent.
    #[must_use]
    pub fn conflict(object: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, Certainty::Rejected, Retry::Later, object, message)
    }

    /// This device cannot do it, ever; nothing was sent.
    #[must_use]
    pub fn unsupported(object: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, Certainty::NotSent, Retry::Never, object, message)
    }

    /// Names the protection that said no.
    #[must_use]
    pub fn with_interlock(mut self, interlock: Interlock) -> Self {
        self.0.interlock = Some(interlock);
        self
    }

    /// Overrides the retry class.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Attaches the cause, such as a vendor's own error.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// What the caller can do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the command may have acted.
    #[must_use]
    pub fn certainty(&self) -> Certainty {
        self.0.certainty
    }

    /// The protection that said no, where one did.
    #[must_use]
    pub fn interlock(&self) -> Option<Interlock> {
        self.0.interlock
    }

    /// What would make another attempt sensible.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// The device or part that the error is about.
    #[must_use]
    pub fn object(&self) -> &str {
        &self.0.object
    }

    /// What is wrong and what to do.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.object, self.0.message)
    }
}

impl StdError for DeviceError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

impl From<DeviceError> for archive_core::Error {
    fn from(error: DeviceError) -> Self {
        let inner = *error.0;
        let shared = Self::new(inner.kind, inner.object, inner.message);
        match inner.source {
            Some(source) => shared.with_source(source),
            None => shared,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_follows_from_the_certainty() {
        assert_eq!(DeviceError::not_sent("bank", "link down").kind(), ErrorKind::Unavailable);
        assert_eq!(DeviceError::rejected("bank", "no").kind(), ErrorKind::Refused);
        assert_eq!(DeviceError::maybe_executed("bank", "no answer").kind(), ErrorKind::OutcomeUnknown);
    }

    #[test]
    fn the_shared_error_keeps_the_whole_story() {
        let error = DeviceError::not_sent("bank HZ/R1/B1", "cannot connect")
            .with_source(std::io::Error::other("connection refused"));
        let shared = archive_core::Error::from(error);
        assert_eq!(shared.report(), "bank HZ/R1/B1: cannot connect: connection refused");
    }
}
