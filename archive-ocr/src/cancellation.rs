//! Ending a call from outside: by hand, or after a time.
//!
//! ```
//! use archive_ocr::Cancellation;
//!
//! let cancellation = Cancellation::default();
//! let given_to_the_call = cancellation.clone();
//! cancellation.cancel();
//! assert!(given_to_the_call.is_cancelled());
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use archive_core::{Error, ErrorKind};

/// Tells a call to end. All clones are one.
///
/// A call looks before each run of a model, so it ends within the time of one run.
#[derive(Debug, Clone, Default)]
pub struct Cancellation {
    cancelled: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl Cancellation {
    /// Cancels by itself after `time`.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        Self { cancelled: Arc::default(), deadline: Instant::now().checked_add(time) }
    }

    /// Tells the call to end.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the call should end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed) || self.deadline.is_some_and(|d| Instant::now() >= d)
    }

    /// An error where the call should end; `object` is what it works on.
    pub(crate) fn check(&self, object: &str) -> Result<(), Error> {
        if self.is_cancelled() {
            let message = "was not read to its end: the call was cancelled, or its time was up";
            return Err(Error::new(ErrorKind::Unavailable, object, message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_is_up_cancels() {
        assert!(Cancellation::after(Duration::ZERO).is_cancelled());
        assert!(!Cancellation::after(Duration::MAX).is_cancelled(), "a time without end");
        assert!(!Cancellation::default().is_cancelled());
    }
}
