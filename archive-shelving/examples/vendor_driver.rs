//! A whole driver to copy: a vendor's library below, `ShelfMotion` above, and the kit's verdict.
//!
//! `cargo run -p archive-shelving --features conformance --example vendor_driver` prints the kit's report and
//! ends with status 1 where it is not green. `docs/write-a-driver.md` explains it step by step.
//!
//! Limits: the library answers at once. One that waits for its device would hold up a stop here:
//! `PolledShelf::over_vendor` runs its calls on threads of their own.

use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use archive_shelving::ability::{AccessLock, Environment};
use archive_shelving::conformance::{RigAnswer, ShelfRig, check_shelf};
use archive_shelving::device_error::{DeviceError, Interlock};
use archive_shelving::layout::AisleId;
use archive_shelving::motion::{
    BankState, MoveHandle, MoveOutcome, MoveReporter, MoveTarget, OperationId, Refusal, ShelfCapabilities,
    ShelfMotion,
};
use async_trait::async_trait;

/// Stands for the vendor's own library: commands go in, numbers come out, and everything may fail.
mod library {
    use std::sync::Mutex;
    use std::time::Duration;

    use tokio::time::Instant;

    /// The library's only error: the line is down, nothing was sent.
    #[derive(Debug)]
    pub(crate) struct NoLine;

    impl std::fmt::Display for NoLine {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("error -7")
        }
    }

    impl std::error::Error for NoLine {}

    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Status {
        /// The aisle that is open, from 1; 0 for none.
        pub(crate) open: u16,
        pub(crate) running: bool,
        /// 0, or the code of what protects the bank.
        pub(crate) alarm: u8,
    }

    #[derive(Debug)]
    pub(crate) struct Cabinet(Mutex<Inner>);

    #[derive(Debug)]
    struct Inner {
        open: u16,
        moving: Option<(u16, Instant)>,
        alarm: u8,
        line: bool,
        moves: u64,
    }

    const TRAVEL: Duration = Duration::from_secs(4);

    impl Inner {
        fn settle(&mut self) {
            if let Some((target, begun)) = self.moving
                && begun.elapsed() >= TRAVEL
            {
                (self.open, self.moving) = (target, None);
            }
        }
    }

    impl Cabinet {
        pub(crate) fn new() -> Self {
            Self(Mutex::new(Inner { open: 1, moving: None, alarm: 0, line: true, moves: 0 }))
        }

        fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
            let mut inner = self.0.lock().expect("the library does not panic");
            inner.settle();
            act(&mut inner)
        }

        fn send<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> Result<T, NoLine> {
            self.with(|inner| inner.line.then(|| act(inner)).ok_or(NoLine))
        }

        pub(crate) fn status(&self) -> Result<Status, NoLine> {
            self.send(|i| Status { open: i.open, running: i.moving.is_some(), alarm: i.alarm })
        }

        pub(crate) fn go(&self, aisle: u16) -> Result<(), NoLine> {
            self.send(|i| {
                i.moves += 1;
                (i.open, i.moving) = (0, Some((aisle, Instant::now())));
            })
        }

        pub(crate) fn halt(&self) -> Result<(), NoLine> {
            self.send(|i| i.moving = None)
        }

        // What only a test bench can do.
        pub(crate) fn set_alarm(&self, code: u8) {
            self.with(|i| {
                i.alarm = code;
                if code != 0 {
                    i.moving = None;
                }
            });
        }

        pub(crate) fn set_line(&self, up: bool) {
            self.with(|i| i.line = up);
        }

        pub(crate) fn moves(&self) -> u64 {
            self.with(|i| i.moves)
        }

        pub(crate) fn really_open(&self) -> u16 {
            self.with(|i| i.open)
        }
    }
}

use library::{Cabinet, NoLine, Status};

/// How often a running move is looked at.
const LOOK: Duration = Duration::from_millis(100);
const MOVE_LIMIT: Duration = Duration::from_secs(30);
/// How many operations are remembered: more than a day's.
const REMEMBERED: usize = 1000;

/// The driver. Clones drive the same cabinet.
#[derive(Debug, Clone)]
struct CabinetShelf(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    cabinet: Arc<Cabinet>,
    aisles: u16,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Recent operations by their names: the same name again must find the same move.
    operations: VecDeque<Arc<MoveReporter>>,
    setpoint: Option<MoveTarget>,
    stopped: bool,
}

impl CabinetShelf {
    const NAME: &'static str = "cabinet 1";

    fn new(cabinet: Arc<Cabinet>, aisles: u16) -> Self {
        Self(Arc::new(Shared { cabinet, aisles, memory: Mutex::default() }))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The vendor's error travels as the source; its certainty is the vendor's to know.
    fn no_line(error: NoLine) -> DeviceError {
        DeviceError::not_sent(Self::NAME, "does not answer: check its line and power").with_source(error)
    }

    /// The vendor's codes, as interlocks. A code that nobody knows still protects.
    fn interlock(alarm: u8) -> Option<Interlock> {
        match alarm {
            0 => None,
            0x02 | 0x03 | 0x2A => Some(Interlock::Person),
            0x24 => Some(Interlock::Pressure),
            0x2E => Some(Interlock::Smoke),
            _ => Some(Interlock::Drive),
        }
    }

    /// Follows a move to its end, whoever still looks on.
    async fn follow(self, reporter: Arc<MoveReporter>, target: u16) {
        let deadline = tokio::time::Instant::now() + MOVE_LIMIT - LOOK * 10;
        let outcome = loop {
            tokio::time::sleep(LOOK).await;
            match self.0.cabinet.status() {
                Ok(Status { running: true, .. }) => reporter.moving(None),
                Ok(Status { open, .. }) if open == target => break MoveOutcome::Done,
                Ok(Status { alarm, .. }) => {
                    break MoveOutcome::Refused(match Self::interlock(alarm) {
                        Some(interlock) => Refusal::Interlock(interlock),
                        None if self.memory().stopped => Refusal::Stopped,
                        None => Refusal::Device("the cabinet stands still before its target".to_owned()),
                    });
                }
                // The line may come back before the time is up; until then nobody knows.
                Err(_) => {}
            }
            if tokio::time::Instant::now() >= deadline {
                break MoveOutcome::Unknown("no end was seen in time: read the state".to_owned());
            }
        };
        reporter.finish(outcome);
    }
}

#[async_trait]
impl ShelfMotion for CabinetShelf {
    fn capabilities(&self) -> ShelfCapabilities {
        ShelfCapabilities {
            name: Self::NAME.to_owned(),
            aisles: self.0.aisles,
            ventilate: false,
            reports_gaps: false,
            environment: false,
            access_lock: false,
            answer_limit: Duration::from_secs(1),
            move_limit: MOVE_LIMIT,
        }
    }

    async fn state(&self) -> Result<BankState, DeviceError> {
        let status = self.0.cabinet.status().map_err(Self::no_line)?;
        Ok(BankState {
            open: status.open.checked_sub(1).map(AisleId),
            gaps: None,
            moving: status.running,
            setpoint: self.memory().setpoint,
            interlocks: Self::interlock(status.alarm).into_iter().collect(),
        })
    }

    async fn start(&self, operation: OperationId, target: MoveTarget) -> Result<MoveHandle, DeviceError> {
        let aisle = match target {
            MoveTarget::Open(aisle) if aisle.0 < self.0.aisles => aisle.0 + 1,
            MoveTarget::Close => 1,
            MoveTarget::Open(aisle) => {
                return Err(DeviceError::invalid(Self::NAME, format!("has no {aisle}")));
            }
            MoveTarget::Ventilate => return Err(DeviceError::unsupported(Self::NAME, "cannot ventilate")),
        };
        // The lock is held from the look to the command, so that two callers cannot both find it free.
        // Nothing is awaited meanwhile: a caller who goes away leaves nothing half done.
        let mut memory = self.memory();
        let known = memory.operations.iter().map(|reporter| reporter.handle());
        if let Some(known) = known.into_iter().find(|handle| *handle.operation() == operation) {
            return match known.target() == target {
                true => Ok(known),
                false => Err(DeviceError::conflict(Self::NAME, format!("{operation} was another move"))),
            };
        }
        let status = self.0.cabinet.status().map_err(Self::no_line)?;
        if status.running {
            return Err(DeviceError::conflict(Self::NAME, "is moving: wait or stop it"));
        }
        if let Some(interlock) = Self::interlock(status.alarm) {
            let message = format!("interlock {interlock} is on: remove its cause, then try again");
            return Err(DeviceError::rejected(Self::NAME, message).with_interlock(interlock));
        }
        self.0.cabinet.go(aisle).map_err(Self::no_line)?;
        let reporter = Arc::new(MoveReporter::new(operation, target));
        if memory.operations.len() == REMEMBERED {
            memory.operations.pop_front();
        }
        memory.operations.push_back(Arc::clone(&reporter));
        (memory.setpoint, memory.stopped) = (Some(target), false);
        tokio::spawn(self.clone().follow(Arc::clone(&reporter), aisle));
        Ok(reporter.handle())
    }

    async fn stop(&self) -> Result<(), DeviceError> {
        self.memory().stopped = true;
        self.0.cabinet.halt().map_err(Self::no_line)
    }

    fn as_environment(&self) -> Option<&dyn Environment> {
        None
    }

    fn as_access_lock(&self) -> Option<&dyn AccessLock> {
        None
    }
}

/// What the bench can do around the cabinet. On real hardware this asks a person, or drives a relay.
#[derive(Debug)]
struct Bench(Arc<Cabinet>);

#[async_trait]
impl ShelfRig for Bench {
    async fn reset(&self) {
        self.0.set_alarm(0);
        self.0.set_line(true);
    }

    async fn person(&self, inside: bool) -> RigAnswer {
        self.0.set_alarm(if inside { 0x2A } else { 0 });
        RigAnswer::Done
    }

    async fn link(&self, up: bool) -> RigAnswer {
        self.0.set_line(up);
        RigAnswer::Done
    }

    async fn lose_next_answer(&self) -> RigAnswer {
        RigAnswer::Cannot
    }

    async fn lose_next_report(&self) -> RigAnswer {
        RigAnswer::Cannot
    }

    async fn moves_begun(&self) -> Option<u64> {
        Some(self.0.moves())
    }

    async fn really_open(&self) -> Option<Option<AisleId>> {
        Some(self.0.really_open().checked_sub(1).map(AisleId))
    }
}

// A real device needs the real clock: leave `start_paused` out.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> ExitCode {
    let cabinet = Arc::new(Cabinet::new());
    let report = check_shelf(&CabinetShelf::new(Arc::clone(&cabinet), 6), &Bench(cabinet)).await;
    println!("{report}");
    if report.is_green() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
