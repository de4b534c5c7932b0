//! The driver that callers hold: it hands questions to the session and remembers operations.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};

use super::controller::{Controller, StopReply};
use super::session::{Acceptance, Ask, Entry, Session};
use crate::ability::{AccessLock, Climate, Environment};
use crate::device_error::{Certainty, DeviceError, Retry};
use crate::layout::AisleId;
use crate::motion::{
    BankState, MoveHandle, MoveReporter, MoveTarget, OperationId, ShelfCapabilities, ShelfMotion,
};

/// Drives one bank behind a controller that is asked. Clones share one session.
#[derive(Debug, Clone)]
pub struct PolledShelf {
    limits: Arc<ShelfCapabilities>,
    asks: mpsc::Sender<Ask>,
    stops: mpsc::UnboundedSender<StopReply>,
    operations: Operations,
}

/// The operations that the driver remembers, shared with its session.
#[derive(Debug, Clone, Default)]
pub(super) struct Operations(Arc<Mutex<VecDeque<Arc<Entry>>>>);

impl Operations {
    /// Enough for a day's moves; a caller that must know longer keeps the outcome.
    const REMEMBERED: usize = 1024;

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Entry>>> {
        // No code panics between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget(&self, entry: &Arc<Entry>) {
        self.lock().retain(|known| !Arc::ptr_eq(known, entry));
    }
}

/// How many questions may wait for the line.
const QUEUE: usize = 256;

impl PolledShelf {
    /// A driver with these limits, and the task that owns the line. Nothing is dialled before the first
    /// question.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub(crate) fn spawn(limits: ShelfCapabilities, controller: impl Controller) -> Self {
        let (asks, asked) = mpsc::channel(QUEUE);
        let (stops, stopped) = mpsc::unbounded_channel();
        let operations = Operations::default();
        let session = Session::new(controller, asked, stopped, operations.clone());
        tokio::spawn(session.run());
        Self { limits: Arc::new(limits), asks, stops, operations }
    }

    fn object(&self) -> &str {
        &self.limits.name
    }

    fn check_aisle(&self, aisle: AisleId) -> Result<(), DeviceError> {
        if aisle.0 < self.limits.aisles {
            return Ok(());
        }
        let message = format!("has no {aisle}: name one from 0 to {}", self.limits.aisles.saturating_sub(1));
        Err(DeviceError::invalid(self.object(), message))
    }

    fn submit(&self, ask: Ask) -> Result<(), DeviceError> {
        self.asks.try_send(ask).map_err(|error| {
            let message = match error {
                mpsc::error::TrySendError::Full(_) => "too many questions wait for the line: ask less often",
                mpsc::error::TrySendError::Closed(_) => "its session ended: is the runtime shutting down?",
            };
            DeviceError::not_sent(self.object(), message).with_retry(Retry::Later)
        })
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, DeviceError>>) -> Ask,
    ) -> Result<T, DeviceError> {
        let (reply, answer) = oneshot::channel();
        self.submit(question(reply))?;
        match tokio::time::timeout(self.limits.answer_limit, answer).await {
            Ok(Ok(answer)) => answer,
            _ => {
                Err(DeviceError::not_sent(self.object(), "gave no answer in time: the line is busy or lost"))
            }
        }
    }

    async fn set_lock(&self, locked: bool) -> Result<(), DeviceError> {
        let (reply, answer) = oneshot::channel();
        self.submit(Ask::SetLock(locked, reply))?;
        match tokio::time::timeout(self.limits.answer_limit, answer).await {
            Ok(Ok(answer)) => answer,
            _ => {
                let message = "gave no answer in time: ask whether it is locked";
                Err(DeviceError::maybe_executed(self.object(), message))
            }
        }
    }

    /// The operation of an id, remembered or now submitted; says whether it is new.
    fn enter(&self, id: &OperationId, target: MoveTarget) -> Result<(Arc<Entry>, bool), DeviceError> {
        let mut operations = self.operations.lock();
        if let Some(known) = operations.iter().find(|entry| entry.reporter.handle().operation() == id) {
            if known.target == target {
                return Ok((Arc::clone(known), false));
            }
            let message = format!("operation {id} was to {}, not to {target}", known.target);
            return Err(DeviceError::conflict(self.object(), message));
        }
        let entry = Arc::new(Entry {
            reporter: MoveReporter::new(id.clone(), target),
            target,
            accepted: watch::channel(Acceptance::Pending).0,
        });
        self.submit(Ask::Start(Arc::clone(&entry)))?;
        if operations.len() == Operations::REMEMBERED {
            operations.pop_front();
        }
        operations.push_back(Arc::clone(&entry));
        Ok((entry, true))
    }
}

#[async_trait]
impl ShelfMotion for PolledShelf {
    fn capabilities(&self) -> ShelfCapabilities {
        ShelfCapabilities::clone(&self.limits)
    }

    async fn state(&self) -> Result<BankState, DeviceError> {
        self.ask(Ask::State).await
    }

    async fn start(&self, operation: OperationId, target: MoveTarget) -> Result<MoveHandle, DeviceError> {
        match target {
            MoveTarget::Open(aisle) => self.check_aisle(aisle)?,
            MoveTarget::Ventilate if !self.limits.ventilate => {
                return Err(DeviceError::unsupported(self.object(), "cannot ventilate"));
            }
            _ => {}
        }
        let (entry, is_new) = self.enter(&operation, target)?;
        let mut accepted = entry.accepted.subscribe();
        let settled = accepted.wait_for(|acceptance| !matches!(acceptance, Acceptance::Pending));
        let settled = match tokio::time::timeout(self.limits.answer_limit, settled).await {
            Ok(Ok(acceptance)) => acceptance.clone(),
            _ => {
                let message = "did not answer the start in time: read the state before anything else";
                return Err(DeviceError::maybe_executed(self.object(), message));
            }
        };
        match settled {
            // Who comes back with the id of an unanswered start gets what is known of it.
            Acceptance::Failed(error) if is_new || error.certainty() != Certainty::MaybeExecuted => {
                Err(error)
            }
            _ => Ok(entry.reporter.handle()),
        }
    }

    async fn stop(&self) -> Result<(), DeviceError> {
        let (reply, answer) = oneshot::channel();
        let unheard = || {
            let message = "nobody knows whether the stop was heard: use the emergency stop";
            DeviceError::maybe_executed(self.object(), message)
        };
        self.stops
            .send(reply)
            .map_err(|_| DeviceError::not_sent(self.object(), "its session ended: use the emergency stop"))?;
        match tokio::time::timeout(self.limits.answer_limit, answer).await {
            Ok(Ok(stopped)) => stopped,
            _ => Err(unheard()),
        }
    }

    fn as_environment(&self) -> Option<&dyn Environment> {
        self.limits.environment.then_some(self)
    }

    fn as_access_lock(&self) -> Option<&dyn AccessLock> {
        self.limits.access_lock.then_some(self)
    }
}

#[async_trait]
impl Environment for PolledShelf {
    async fn climate(&self) -> Result<Climate, DeviceError> {
        self.ask(Ask::Climate).await
    }
}

#[async_trait]
impl AccessLock for PolledShelf {
    async fn is_locked(&self) -> Result<bool, DeviceError> {
        self.ask(Ask::IsLocked).await
    }

    async fn lock(&self) -> Result<(), DeviceError> {
        self.set_lock(true).await
    }

    async fn unlock(&self) -> Result<(), DeviceError> {
        self.set_lock(false).await
    }

    async fn set_light(&self, aisle: AisleId, _on: bool) -> Result<(), DeviceError> {
        self.check_aisle(aisle)?;
        Err(DeviceError::unsupported(self.object(), "has no light that the driver knows of"))
    }
}
