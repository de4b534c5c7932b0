//! What a protocol does for the session: single questions and commands, each of which a stop may cut short.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::ability::Climate;
use crate::device_error::{DeviceError, Retry};
use crate::motion::{BankState, MoveTarget};

pub(crate) type StopReply = oneshot::Sender<Result<(), DeviceError>>;

/// Stops that were asked for and not yet served.
#[derive(Debug)]
pub(crate) struct StopLane {
    inbox: mpsc::UnboundedReceiver<StopReply>,
    waiting: Vec<StopReply>,
}

impl StopLane {
    pub(super) fn new(inbox: mpsc::UnboundedReceiver<StopReply>) -> Self {
        Self { inbox, waiting: Vec::new() }
    }

    /// Waits for the next stop and keeps it; `false` where nobody is left to ask. May be cancelled.
    pub(super) async fn next(&mut self) -> bool {
        match self.inbox.recv().await {
            Some(reply) => {
                self.waiting.push(reply);
                true
            }
            None => false,
        }
    }

    /// Waits until a further stop is asked for. May be cancelled.
    pub(crate) async fn asked(&mut self) {
        if !self.next().await {
            std::future::pending::<()>().await;
        }
    }

    /// Whether a stop waits.
    pub(crate) fn is_asked(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes every stop that was asked for so far.
    pub(super) fn take(&mut self) -> Vec<StopReply> {
        while let Ok(reply) = self.inbox.try_recv() {
            self.waiting.push(reply);
        }
        std::mem::take(&mut self.waiting)
    }
}

/// One protocol to one bank. The session asks one thing at a time and cancels nothing; a method that
/// finds a stop in the lane ends soon.
pub(crate) trait Controller: Send + 'static {
    /// The device's name in messages.
    fn name(&self) -> &str;

    /// How often a running move is looked at.
    fn poll(&self) -> Duration;

    /// The longest that a move takes before its outcome is unknown.
    fn move_limit(&self) -> Duration;

    /// Where the carriages are; the session adds the setpoint.
    fn read_state(
        &mut self,
        lane: &mut StopLane,
    ) -> impl Future<Output = Result<BankState, DeviceError>> + Send;

    fn read_climate(
        &mut self,
        lane: &mut StopLane,
    ) -> impl Future<Output = Result<Climate, DeviceError>> + Send;

    /// Sends a move, once. Nothing moves unless this succeeds or is `MaybeExecuted`.
    fn command(
        &mut self,
        target: MoveTarget,
        lane: &mut StopLane,
    ) -> impl Future<Output = Result<(), DeviceError>> + Send;

    /// Stops everything. May dial at once and repeat itself.
    fn stop(&mut self, lane: &mut StopLane) -> impl Future<Output = Result<(), DeviceError>> + Send;

    /// Whether the bank is locked, where it has a lock.
    fn is_locked(&mut self, lane: &mut StopLane) -> impl Future<Output = Result<bool, DeviceError>> + Send {
        let _ = lane;
        std::future::ready(Err(DeviceError::unsupported(self.name(), "has no lock")))
    }

    /// Locks or unlocks, where it has a lock.
    fn set_lock(
        &mut self,
        locked: bool,
        lane: &mut StopLane,
    ) -> impl Future<Output = Result<(), DeviceError>> + Send {
        let _ = (locked, lane);
        std::future::ready(Err(DeviceError::unsupported(self.name(), "has no lock")))
    }
}

/// A move that was not sent because a stop came first.
pub(crate) fn stopped_before(name: &str) -> DeviceError {
    DeviceError::rejected(name, "was asked to stop before the move was sent").with_retry(Retry::Later)
}
