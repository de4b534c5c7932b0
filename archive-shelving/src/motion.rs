//! The contract for moving shelves: start, watch, stop.
//!
//! ```
//! use archive_shelving::layout::AisleId;
//! use archive_shelving::motion::{MoveOutcome, MoveTarget, ShelfMotion};
//! use archive_shelving::simulated::SimulatedRoom;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), archive_core::Error> {
//! let slot = "HZ/R1/B1/C01/B/01/4/05".parse()?;
//! let room = SimulatedRoom::of_slots([&slot])?;
//! let shelf = room.shelf_of(&slot)?;
//! let mut running = shelf.start("request-17".parse()?, MoveTarget::Open(AisleId(1))).await?;
//! assert_eq!(running.outcome().await, MoveOutcome::Done);
//! assert_eq!(shelf.state().await?.open, Some(AisleId(1)));
//! # Ok(())
//! # }
//! ```
//!
//! - A move is a running thing with a name: [`ShelfMotion::start`] returns a [`MoveHandle`] at once,
//!   its progress is watched, and it ends in exactly one of three ways ([`MoveOutcome`]).
//! - Dropping a handle, or cancelling any future, stops nothing. [`ShelfMotion::stop`] does, in a lane
//!   of its own.
//! - What was asked for ([`BankState::setpoint`]) and what is ([`BankState::open`],
//!   [`BankState::gaps`]) are two values. A state that cannot be read is an error, never the last value.
//!
//! Limits: software is not the safety system. Hardware interlocks decide; a driver checks before it
//! sends, reports what it hears, never unlocks by itself and never repeats a movement by itself.

use std::fmt;
use std::fmt::Debug;
use std::str::FromStr;
use std::time::Duration;

use archive_core::Error;
use archive_core::identifier::quoted;
use archive_core::units::Millimetres;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::ability::{AccessLock, Environment};
use crate::device_error::{DeviceError, Interlock};
use crate::layout::AisleId;

/// Moves the carriages of one bank of mobile shelving (密集架).
///
/// # Contract
/// Each line is checked by the kit in `conformance`.
/// - **Safety.** No carriage moves while an interlock is on. An interlock that comes on during a move
///   ends it as [`MoveOutcome::Refused`]; nothing resumes when it goes off again.
/// - **Once.** A driver never repeats a movement by itself, whatever went wrong.
/// - **Identity.** The same operation id with the same target returns the same operation, running or
///   ended, and moves nothing again; with another target it is a `Conflict`.
/// - **Ordering.** One move at a time: a second operation is refused as `Conflict`, not queued.
/// - **Cancellation.** Dropping a handle or a future stops nothing and loses nothing:
///   [`ShelfMotion::state`] still tells the truth, and the same id finds the operation.
/// - **Time-out.** Every method ends within [`ShelfCapabilities::answer_limit`], every operation
///   within [`ShelfCapabilities::move_limit`].
#[async_trait]
pub trait ShelfMotion: Debug + Send + Sync {
    /// What this bank can do. Constant, answered without asking the device.
    fn capabilities(&self) -> ShelfCapabilities;

    /// Where the carriages are now, as the device reports it.
    ///
    /// # Errors
    /// `Unavailable` where the device cannot be asked: never an earlier value instead. After a
    /// reconnect the state is read anew.
    async fn state(&self) -> Result<BankState, DeviceError>;

    /// Starts a move and returns as soon as the device accepted it.
    ///
    /// # Errors
    /// Nothing moves unless the certainty is `MaybeExecuted`.
    /// - `InvalidInput`: the bank has no such aisle.
    /// - `Refused` with the interlock: a protection is on.
    /// - `Conflict`: another operation runs, or this id was used for another target.
    /// - `Unavailable` (not sent): the link is down.
    /// - `OutcomeUnknown` (maybe executed): sent without an answer; read the state first. The same id
    ///   then returns what the driver knows of the operation and still moves nothing again.
    async fn start(&self, operation: OperationId, target: MoveTarget) -> Result<MoveHandle, DeviceError>;

    /// Stops all carriages of the bank; the running operation ends as [`MoveOutcome::Refused`] with
    /// [`Refusal::Stopped`]. Stopping what stands still is no error.
    ///
    /// Has a lane of its own: it never waits behind a poll or a running start, and it is sent even
    /// while an interlock is on.
    ///
    /// # Errors
    /// `Unavailable` or `OutcomeUnknown`: carriages may still move. Use the emergency stop.
    async fn stop(&self) -> Result<(), DeviceError>;

    /// The climate sensors, where [`ShelfCapabilities::environment`] says that there are some.
    fn as_environment(&self) -> Option<&dyn Environment>;

    /// The lock and the light, where [`ShelfCapabilities::access_lock`] says that there is one.
    fn as_access_lock(&self) -> Option<&dyn AccessLock>;
}

/// What a bank can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfCapabilities {
    /// The device's name in messages, such as `bank HZ/R1/B1`.
    pub name: String,
    /// How many aisles can be named: 0 to `aisles - 1`.
    pub aisles: u16,
    /// Whether carriages can be spread evenly for ventilation.
    pub ventilate: bool,
    /// Whether [`BankState::gaps`] is reported.
    pub reports_gaps: bool,
    /// Whether [`ShelfMotion::as_environment`] returns sensors.
    pub environment: bool,
    /// Whether [`ShelfMotion::as_access_lock`] returns a lock.
    pub access_lock: bool,
    /// The longest that a method takes to answer.
    pub answer_limit: Duration,
    /// The longest that an operation takes to end.
    pub move_limit: Duration,
}

/// What the carriages are asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveTarget {
    /// Open one aisle, closing every other.
    Open(AisleId),
    /// Close all aisles but the first, as for the night.
    Close,
    /// 通风: spread the carriages evenly, where supported.
    Ventilate,
}

impl fmt::Display for MoveTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(aisle) => write!(f, "open {aisle}"),
            Self::Close => f.write_str("close"),
            Self::Ventilate => f.write_str("ventilate"),
        }
    }
}

/// The caller's name for one move; the same name again is the same move.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OperationId(Box<str>);

impl OperationId {
    /// The most bytes that it may have.
    pub const LIMIT: usize = 128;

    /// The id as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OperationId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let valid = |c: char| c.is_alphanumeric() || "-_.:/#".contains(c);
        if text.is_empty() || text.len() > Self::LIMIT || !text.chars().all(valid) {
            return Err(Error::invalid(
                format!("operation id {}", quoted(text)),
                "is not 1 to 128 bytes of letters, digits and \"-_.:/#\"",
            ));
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for OperationId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<OperationId> for String {
    fn from(id: OperationId) -> String {
        id.0.into()
    }
}

/// What a device reports of a bank, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankState {
    /// The aisle that stands fully open, if one does.
    pub open: Option<AisleId>,
    /// The width of each aisle from left to right, where the device reports it.
    pub gaps: Option<Vec<Millimetres>>,
    /// Whether a carriage moves.
    pub moving: bool,
    /// The last accepted target; what the carriages were asked to do, not where they are.
    pub setpoint: Option<MoveTarget>,
    /// The protections that are on.
    pub interlocks: Vec<Interlock>,
}

/// How a move ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveOutcome {
    /// The target is reached, as the device reports.
    Done,
    /// The device ended the move before the target, and said so.
    Refused(Refusal),
    /// The move was sent and nobody knows its end: read the state first. Says why.
    Unknown(String),
}

impl fmt::Display for MoveOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::Unknown(why) => write!(f, "outcome unknown: {why}"),
        }
    }
}

/// Why a device ended a move.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A protection came on.
    Interlock(Interlock),
    /// Somebody asked it to stop.
    Stopped,
    /// Another reason, in the device's words.
    Device(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interlock(interlock) => write!(f, "interlock {interlock} is on"),
            Self::Stopped => f.write_str("stopped on request"),
            Self::Device(reason) => f.write_str(reason),
        }
    }
}

/// How far a move is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveProgress {
    /// The device accepted the command.
    Accepted,
    /// Carriages move; how much of the way is done where the device tells, in thousandths.
    Moving {
        /// 0 to 1000, never decreasing.
        permille: Option<u16>,
    },
    /// The move is over; nothing follows.
    Ended(MoveOutcome),
}

/// A running or ended move. Dropping it stops nothing.
#[derive(Debug, Clone)]
pub struct MoveHandle {
    operation: OperationId,
    target: MoveTarget,
    progress: watch::Receiver<MoveProgress>,
}

impl MoveHandle {
    /// The operation's name.
    #[must_use]
    pub fn operation(&self) -> &OperationId {
        &self.operation
    }

    /// What it was asked to do.
    #[must_use]
    pub fn target(&self) -> MoveTarget {
        self.target
    }

    /// The latest progress.
    #[must_use]
    pub fn progress(&self) -> MoveProgress {
        self.progress.borrow().clone()
    }

    /// Waits for the next progress; `None` after the end. Steps may be skipped, the end never is.
    pub async fn next(&mut self) -> Option<MoveProgress> {
        self.progress.changed().await.ok()?;
        Some(self.progress.borrow_and_update().clone())
    }

    /// Waits for the end. May be cancelled and called again.
    pub async fn outcome(&mut self) -> MoveOutcome {
        let ended = self.progress.wait_for(|p| matches!(p, MoveProgress::Ended(_))).await;
        match ended.as_deref() {
            Ok(MoveProgress::Ended(outcome)) => outcome.clone(),
            // The reporter publishes an end when it is dropped; this is what that end would say.
            _ => MoveOutcome::Unknown(MoveReporter::LOST.to_owned()),
        }
    }
}

/// The driver's end of a [`MoveHandle`]. Dropping it without an end publishes
/// [`MoveOutcome::Unknown`], so that no caller waits for ever.
#[derive(Debug)]
pub struct MoveReporter {
    operation: OperationId,
    target: MoveTarget,
    progress: watch::Sender<MoveProgress>,
}

impl MoveReporter {
    const LOST: &'static str = "the driver gave the operation up without a result";

    /// A new operation, accepted and not yet moving.
    #[must_use]
    pub fn new(operation: OperationId, target: MoveTarget) -> Self {
        let (progress, _) = watch::channel(MoveProgress::Accepted);
        Self { operation, target, progress }
    }

    /// A handle for a caller; any number of them may exist.
    #[must_use]
    pub fn handle(&self) -> MoveHandle {
        MoveHandle {
            operation: self.operation.clone(),
            target: self.target,
            progress: self.progress.subscribe(),
        }
    }

    /// Publishes how far the carriages are: 0 to 1000 thousandths, where the device tells. Ignored
    /// once the operation ended; a smaller figure than before is raised to it.
    pub fn moving(&self, permille: Option<u16>) {
        let clamped = permille.map(|p| p.min(1000));
        self.progress.send_if_modified(|now| {
            let next = match now {
                MoveProgress::Ended(_) => return false,
                MoveProgress::Accepted => clamped,
                MoveProgress::Moving { permille: before } => clamped.max(*before),
            };
            let next = MoveProgress::Moving { permille: next };
            let changed = *now != next;
            *now = next;
            changed
        });
    }

    /// Waits until no handle is left: what a broken driver in the kit's tests listens to.
    #[cfg(test)]
    pub(crate) async fn abandoned(&self) {
        self.progress.closed().await;
    }

    /// Publishes the end. The first end stands; later ones are ignored.
    pub fn finish(&self, outcome: MoveOutcome) {
        self.progress.send_if_modified(|now| {
            if matches!(now, MoveProgress::Ended(_)) {
                return false;
            }
            *now = MoveProgress::Ended(outcome);
            true
        });
    }
}

impl Drop for MoveReporter {
    fn drop(&mut self) {
        self.finish(MoveOutcome::Unknown(Self::LOST.to_owned()));
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T: super::ShelfMotion + ?Sized> Sealed for T {}
}

/// Conveniences over every [`ShelfMotion`]; nothing that a driver could forget to forward.
#[async_trait]
pub trait ShelfMotionExt: ShelfMotion + sealed::Sealed {
    /// Starts a move and waits for its end, at most [`ShelfCapabilities::move_limit`].
    ///
    /// A move that does not end in time is asked to stop, once, and is reported as
    /// [`MoveOutcome::Unknown`]: the carriages may have reached the target or stand half-way.
    ///
    /// # Errors
    /// Those of [`ShelfMotion::start`].
    async fn move_and_wait(
        &self,
        operation: OperationId,
        target: MoveTarget,
    ) -> Result<MoveOutcome, DeviceError> {
        let limit = self.capabilities().move_limit;
        let mut handle = self.start(operation, target).await?;
        match tokio::time::timeout(limit, handle.outcome()).await {
            Ok(outcome) => Ok(outcome),
            Err(_) => {
                let stopped = match self.stop().await {
                    Ok(()) => "it was asked to stop".to_owned(),
                    Err(error) => format!("it could not be stopped ({error}): use the emergency stop"),
                };
                Ok(MoveOutcome::Unknown(format!("{target} did not end within {limit:?}; {stopped}")))
            }
        }
    }

    /// Opens one aisle and waits: [`ShelfMotionExt::move_and_wait`] with [`MoveTarget::Open`].
    ///
    /// # Errors
    /// Those of [`ShelfMotion::start`].
    async fn open_aisle(&self, operation: OperationId, aisle: AisleId) -> Result<MoveOutcome, DeviceError> {
        self.move_and_wait(operation, MoveTarget::Open(aisle)).await
    }
}

impl<T: ShelfMotion + ?Sized> ShelfMotionExt for T {}

#[cfg(test)]
mod tests {
    use super::*;

    fn reporter() -> MoveReporter {
        MoveReporter::new("op".parse().unwrap(), MoveTarget::Close)
    }

    #[tokio::test]
    async fn a_forgotten_operation_ends_as_unknown() {
        let reporter = reporter();
        let mut handle = reporter.handle();
        drop(reporter);
        assert!(matches!(handle.outcome().await, MoveOutcome::Unknown(_)));
    }

    #[tokio::test]
    async fn the_first_end_stands_and_progress_never_falls() {
        let reporter = reporter();
        let mut handle = reporter.handle();
        reporter.moving(Some(700));
        reporter.moving(Some(200));
        assert_eq!(handle.progress(), MoveProgress::Moving { permille: Some(700) });
        reporter.finish(MoveOutcome::Done);
        reporter.finish(MoveOutcome::Refused(Refusal::Stopped));
        reporter.moving(Some(900));
        assert_eq!(handle.outcome().await, MoveOutcome::Done);
        // A handle taken after the end knows the end too.
        assert_eq!(reporter.handle().outcome().await, MoveOutcome::Done);
    }

    #[test]
    fn hostile_operation_ids_are_rejected() {
        for bad in ["", "a b", "a\n", "\u{202e}x", &"x".repeat(129)] {
            assert!(bad.parse::<OperationId>().is_err(), "{bad:?}");
        }
    }
}
