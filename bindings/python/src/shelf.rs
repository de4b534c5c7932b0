//! Mobile shelving behind a controller that is written in Python, and the kit that proves it.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use archive_core::{Error, ErrorKind};
use archive_shelving::conformance::{Check, NoRig, RigAnswer, ShelfRig, watch_shelf};
use archive_shelving::device_error::{DeviceError, Interlock};
use archive_shelving::layout::AisleId;
use archive_shelving::motion::{BankState, MoveTarget, ShelfMotion, ShelfMotionExt};
use archive_shelving::polled::{PolledShelf, VendorController, VendorLimits};
use pyo3::prelude::*;
use tokio::runtime::Runtime;

use crate::errors::{InvalidInput, NotFound, OutcomeUnknown, Refused, Unavailable, detached, raise};
use crate::waiting::interruptible;

/// The three calls of a controller, each a Python function that blocks until its answer is there.
#[derive(Debug)]
struct Calls {
    name: String,
    state: Py<PyAny>,
    command: Py<PyAny>,
    stop: Py<PyAny>,
}

impl Calls {
    /// What an exception says of a command that may have acted: only its class can tell that it did not.
    fn outcome(&self, py: Python<'_>, raised: PyErr, acts: bool) -> DeviceError {
        let message = raised.value(py).to_string();
        let sent_nothing = raised.is_instance_of::<Unavailable>(py)
            || raised.is_instance_of::<InvalidInput>(py)
            || raised.is_instance_of::<NotFound>(py);
        let error = if raised.is_instance_of::<Refused>(py) {
            DeviceError::rejected(&self.name, message)
        } else if sent_nothing || (!acts && !raised.is_instance_of::<OutcomeUnknown>(py)) {
            DeviceError::not_sent(&self.name, message)
        } else {
            DeviceError::maybe_executed(&self.name, message)
        };
        error.with_source(raised.to_string())
    }
}

fn interlock(name: &str) -> Interlock {
    // A protection that nobody knows still protects.
    Interlock::ALL.into_iter().find(|known| known.as_str() == name).unwrap_or(Interlock::Drive)
}

impl VendorController for Calls {
    fn state(&self) -> Result<BankState, DeviceError> {
        Python::attach(|py| {
            let answer = self
                .state
                .call0(py)
                .and_then(|answer| answer.extract::<(Option<u16>, bool, Vec<String>)>(py));
            let (open, moving, interlocks) = answer.map_err(|raised| self.outcome(py, raised, false))?;
            Ok(BankState {
                open: open.map(AisleId),
                gaps: None,
                moving,
                setpoint: None,
                interlocks: interlocks.iter().map(|name| interlock(name)).collect(),
            })
        })
    }

    fn command(&self, target: MoveTarget) -> Result<(), DeviceError> {
        let target = match target {
            MoveTarget::Open(AisleId(aisle)) => ("open", Some(aisle)),
            MoveTarget::Close => ("close", None),
            MoveTarget::Ventilate => ("ventilate", None),
        };
        Python::attach(|py| match self.command.call1(py, target) {
            Ok(_) => Ok(()),
            Err(raised) => Err(self.outcome(py, raised, true)),
        })
    }

    fn stop(&self) -> Result<(), DeviceError> {
        Python::attach(|py| match self.stop.call0(py) {
            Ok(_) => Ok(()),
            Err(raised) => Err(self.outcome(py, raised, true)),
        })
    }
}

/// The bench around a controller: a Python function of a verb and a value.
#[derive(Debug)]
struct Bench(Py<PyAny>);

impl Bench {
    /// What the bench answers; `None` where it cannot.
    async fn ask(&self, verb: &'static str, value: bool) -> Option<Option<i64>> {
        let bench = Python::attach(|py| self.0.clone_ref(py));
        let asked = tokio::task::spawn_blocking(move || {
            Python::attach(|py| {
                bench.call1(py, (verb, value)).and_then(|a| a.extract::<(bool, Option<i64>)>(py)).ok()
            })
        });
        let (can, answer) = asked.await.ok()??;
        can.then_some(answer)
    }

    async fn act(&self, verb: &'static str, value: bool) -> RigAnswer {
        self.ask(verb, value).await.map_or(RigAnswer::Cannot, |_| RigAnswer::Done)
    }
}

#[async_trait::async_trait]
impl ShelfRig for Bench {
    async fn reset(&self) {
        self.ask("reset", true).await;
    }

    async fn person(&self, inside: bool) -> RigAnswer {
        self.act("person", inside).await
    }

    async fn link(&self, up: bool) -> RigAnswer {
        self.act("link", up).await
    }

    async fn lose_next_answer(&self) -> RigAnswer {
        self.act("lose_next_answer", true).await
    }

    async fn lose_next_report(&self) -> RigAnswer {
        self.act("lose_next_report", true).await
    }

    async fn moves_begun(&self) -> Option<u64> {
        self.ask("moves_begun", true).await?.and_then(|moves| u64::try_from(moves).ok())
    }

    async fn really_open(&self) -> Option<Option<AisleId>> {
        let open = self.ask("really_open", true).await?;
        Some(open.and_then(|open| u16::try_from(open).ok()).map(AisleId))
    }
}

/// A bank of mobile shelving, driven through a controller.
#[pyclass(frozen, module = "marketing_archive._native")]
pub(crate) struct Shelf {
    shelf: PolledShelf,
    /// Taken when the shelf is dropped, and there until then.
    runtime: Option<Runtime>,
}

impl Shelf {
    fn wait<T>(&self, call: impl Future<Output = T>) -> Result<T, Error> {
        match &self.runtime {
            Some(runtime) => Ok(runtime.block_on(call)),
            None => Err(Error::new(ErrorKind::Internal, "shelf", "was dropped")),
        }
    }
}

#[pymethods]
impl Shelf {
    #[new]
    #[pyo3(signature = (name, *, aisles, ventilate, poll, call_limit, move_limit, state, command, stop))]
    #[expect(clippy::too_many_arguments, reason = "Python's keyword arguments")]
    fn new(
        name: String,
        aisles: u16,
        ventilate: bool,
        poll: Duration,
        call_limit: Duration,
        move_limit: Duration,
        state: Py<PyAny>,
        command: Py<PyAny>,
        stop: Py<PyAny>,
    ) -> PyResult<Self> {
        let limits = VendorLimits { name: name.clone(), aisles, ventilate, poll, call_limit, move_limit };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().map_err(
                |e| raise(Error::new(ErrorKind::Unavailable, "threads", "cannot be made").with_source(e)),
            )?;
        let controller = Arc::new(Calls { name, state, command, stop });
        let shelf = {
            let _entered = runtime.enter();
            PolledShelf::over_vendor(limits, controller).map_err(raise)?
        };
        Ok(Self { shelf, runtime: Some(runtime) })
    }

    /// Opens an aisle and waits for the end.
    fn open_aisle(&self, py: Python<'_>, operation: &str, aisle: u16) -> PyResult<String> {
        let operation = operation.parse().map_err(raise)?;
        detached(py, || {
            let target = MoveTarget::Open(AisleId(aisle));
            Ok(self.wait(self.shelf.move_and_wait(operation, target))??.to_string())
        })
    }

    /// Where the carriages are: the open aisle, whether they move, which protections are on.
    fn state(&self, py: Python<'_>) -> PyResult<(Option<u16>, bool, Vec<&'static str>)> {
        let state = detached(py, || Ok(self.wait(self.shelf.state())??))?;
        let interlocks = state.interlocks.iter().map(|interlock| interlock.as_str()).collect();
        Ok((state.open.map(|open| open.0), state.moving, interlocks))
    }

    /// Stops all carriages.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || Ok(self.wait(self.shelf.stop())??))
    }

    /// Runs the conformance kit: whether it is green, and the report. `progress` is told the name of each check and
    /// what it found.
    #[pyo3(signature = (rig=None, progress=None))]
    fn check(
        &self,
        py: Python<'_>,
        rig: Option<Py<PyAny>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(bool, String)> {
        let cancelled = AtomicBool::new(false);
        let mut raised = None;
        let mut told = |check: &Check| {
            let tell = |progress: &Py<PyAny>| {
                Python::attach(|py| progress.call1(py, (check.name, check.result.word())))
            };
            raised = progress.as_ref().and_then(|progress| tell(progress).err());
            match raised.is_some() || cancelled.load(Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let report = interruptible(py, &cancelled, || match rig {
            Some(rig) => self.wait(watch_shelf(&self.shelf, &Bench(rig), &mut told)),
            None => self.wait(watch_shelf(&self.shelf, &NoRig, &mut told)),
        })?;
        match raised {
            Some(raised) => Err(raised),
            None => Ok((report.is_green(), report.to_string())),
        }
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        // A runtime waits for calls that still run, and those need the interpreter that is held here.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
