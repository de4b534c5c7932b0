//! The driver that callers hold: it hands questions to the session and remembers operations.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};

use super::Framing;
use super::map::ModbusMap;
use super::session::{Acceptance, Ask, Entry, Session, StopReply};
use crate::ability::{AccessLock, Climate, Environment};
use crate::device_error::{Certainty, DeviceError, Retry};
use crate::dial::Dial;
use crate::motion::{
    BankState, MoveHandle, MoveReporter, MoveTarget, OperationId, ShelfCapabilities, ShelfMotion,
};

/// Drives one bank behind a Modbus controller. Clones share one session.
#[derive(Debug, Clone)]
pub struct ModbusShelf {
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

impl ModbusShelf {
    /// A driver of the bank called `name`, with `aisles` aisles, and the task that owns its line.
    /// Nothing is dialled before the first question.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        aisles: u16,
        map: ModbusMap,
        framing: Framing,
        dial: impl Dial + 'static,
    ) -> Self {
        let name = name.into();
        let limits = ShelfCapabilities {
            name: name.clone(),
            aisles,
            ventilate: map.coils.ventilate.is_some(),
            reports_gaps: false,
            environment: map.registers.temperature.is_some() || map.registers.humidity.is_some(),
            access_lock: false,
            // A start dials, clears a coil, and makes six calls and a pulse; polls may be ahead of it.
            answer_limit: map.call_limit() * 10 + map.pulse() * 2,
            move_limit: (map.move_limit() + Duration::from_secs(10))
                .max(map.call_limit() * 10 + map.pulse() * 2),
        };
        let (asks, asked) = mpsc::channel(QUEUE);
        let (stops, stopped) = mpsc::unbounded_channel();
        let operations = Operations::default();
        let session = Session::new(name, map, framing, Box::new(dial), asked, stopped, operations.clone());
        tokio::spawn(session.run());
        Self { limits: Arc::new(limits), asks, stops, operations }
    }

    fn object(&self) -> &str {
        &self.limits.name
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
impl ShelfMotion for ModbusShelf {
    fn capabilities(&self) -> ShelfCapabilities {
        ShelfCapabilities::clone(&self.limits)
    }

    async fn state(&self) -> Result<BankState, DeviceError> {
        self.ask(Ask::State).await
    }

    async fn start(&self, operation: OperationId, target: MoveTarget) -> Result<MoveHandle, DeviceError> {
        match target {
            MoveTarget::Open(aisle) if aisle.0 >= self.limits.aisles => {
                let message =
                    format!("has no {aisle}: name one from 0 to {}", self.limits.aisles.saturating_sub(1));
                return Err(DeviceError::invalid(self.object(), message));
            }
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
        None
    }
}

#[async_trait]
impl Environment for ModbusShelf {
    async fn climate(&self) -> Result<Climate, DeviceError> {
        self.ask(Ask::Climate).await
    }
}
