//! Long calls that Ctrl-C ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use archive_core::Error;
use pyo3::prelude::*;

use crate::errors::{panicked, raise};

/// How often a waiting call looks for signals: sooner than a person notices.
const LOOK: Duration = Duration::from_millis(50);

/// Runs `work` on a thread of its own, without the interpreter, while this one looks for Ctrl-C.
///
/// Python handles signals on its main thread alone, so that a call which held that thread would be
/// deaf to them. On Ctrl-C `cancel` is set, the work's end is awaited (what it began must not go on
/// behind the caller's back), and `KeyboardInterrupt` is raised.
pub(crate) fn interruptible<T: Send>(
    py: Python<'_>,
    cancel: &AtomicBool,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> PyResult<T> {
    py.detach(|| {
        thread::scope(|scope| {
            let (ended, end) = mpsc::channel::<()>();
            let worker = scope.spawn(move || {
                // Dropped at the end of the work, also where it panics.
                let _ended = ended;
                work()
            });
            let mut interrupt = None;
            while end.recv_timeout(LOOK) == Err(mpsc::RecvTimeoutError::Timeout) {
                if interrupt.is_none()
                    && let Err(signal) = Python::attach(|py| py.check_signals())
                {
                    cancel.store(true, Ordering::Relaxed);
                    interrupt = Some(signal);
                }
            }
            let result = worker.join().unwrap_or_else(|payload| {
                std::mem::forget(payload);
                Err(panicked())
            });
            match interrupt {
                Some(signal) => Err(signal),
                None => result.map_err(raise),
            }
        })
    })
}
