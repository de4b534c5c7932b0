//! The task that owns the line: one call at a time, stops first, poisoned sessions dropped.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::controller::{Controller, StopLane, StopReply, stopped_before};
use super::driver::Operations;
use crate::ability::Climate;
use crate::device_error::{Certainty, DeviceError};
use crate::motion::{BankState, MoveOutcome, MoveReporter, MoveTarget, Refusal};

/// What callers ask of the session.
#[derive(Debug)]
pub(super) enum Ask {
    State(oneshot::Sender<Result<BankState, DeviceError>>),
    Climate(oneshot::Sender<Result<Climate, DeviceError>>),
    IsLocked(oneshot::Sender<Result<bool, DeviceError>>),
    SetLock(bool, oneshot::Sender<Result<(), DeviceError>>),
    Start(Arc<Entry>),
}

/// One operation: where its callers learn whether it was accepted, and how it ends.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) reporter: MoveReporter,
    pub(super) target: MoveTarget,
    pub(super) accepted: watch::Sender<Acceptance>,
}

#[derive(Debug, Clone)]
pub(super) enum Acceptance {
    Pending,
    Accepted,
    Failed(DeviceError),
}

pub(super) struct Session<C> {
    controller: C,
    asks: mpsc::Receiver<Ask>,
    lane: StopLane,
    operations: Operations,
    /// Questions that were taken out of the queue in a search for starts.
    deferred: VecDeque<Ask>,
    setpoint: Option<MoveTarget>,
    active: Option<Active>,
}

/// The running operation.
#[derive(Debug)]
struct Active {
    entry: Arc<Entry>,
    deadline: Instant,
    /// Until then a bank that stands still may just not have begun.
    patience: Instant,
    seen_running: bool,
    stopped: bool,
}

/// How often an idle line is tried, so that a half-open one is noticed.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// How long a controller may take to set carriages in motion.
const START_PATIENCE: Duration = Duration::from_secs(3);

impl<C: Controller> Session<C> {
    pub(super) fn new(
        controller: C,
        asks: mpsc::Receiver<Ask>,
        stops: mpsc::UnboundedReceiver<StopReply>,
        operations: Operations,
    ) -> Self {
        Self {
            controller,
            asks,
            lane: StopLane::new(stops),
            operations,
            deferred: VecDeque::new(),
            setpoint: None,
            active: None,
        }
    }

    /// Runs until the last driver is dropped.
    pub(super) async fn run(mut self) {
        let mut next_look = Instant::now() + KEEPALIVE;
        loop {
            if let Some(ask) = self.deferred.pop_front() {
                self.answer(ask).await;
            } else {
                tokio::select! {
                    biased;
                    is_asked = self.lane.next() => if !is_asked {
                        return;
                    },
                    ask = self.asks.recv() => match ask {
                        Some(ask) => self.answer(ask).await,
                        None => return,
                    },
                    () = sleep_until(next_look) => {}
                }
            }
            self.serve_stops().await;
            // A flood of questions must not keep a running move from being looked at, nor double it.
            let due = Instant::now() >= next_look;
            match (&self.active, due) {
                (Some(_), true) => self.track().await,
                // Nobody waits for this; it finds a dead line and mends it.
                (None, true) => drop(self.read_state().await),
                (Some(_), false) => {}
                (None, false) => continue,
            }
            let pause = if self.active.is_some() { self.controller.poll() } else { KEEPALIVE };
            next_look = next_look.min(Instant::now() + pause);
            if due {
                next_look = Instant::now() + pause;
            }
        }
    }

    async fn answer(&mut self, ask: Ask) {
        match ask {
            // A caller that went away needs no answer, and the line is slow.
            Ask::State(reply) if reply.is_closed() => {}
            Ask::Climate(reply) if reply.is_closed() => {}
            Ask::State(reply) => {
                let state = self.read_state().await;
                // What a caller may conclude from this state, the operation's end must not lag behind.
                self.observe(&state);
                let _ = reply.send(state);
            }
            Ask::Climate(reply) => {
                let _ = reply.send(self.controller.read_climate(&mut self.lane).await);
            }
            Ask::IsLocked(reply) => {
                let _ = reply.send(self.controller.is_locked(&mut self.lane).await);
            }
            // Whoever asked may be gone: locking still does what was asked, unlocking does not.
            Ask::SetLock(false, reply) if reply.is_closed() => {}
            Ask::SetLock(locked, reply) => {
                let _ = reply.send(self.controller.set_lock(locked, &mut self.lane).await);
            }
            Ask::Start(entry) => {
                let started = self.start(&entry).await;
                self.conclude(entry, started);
            }
        }
    }

    fn conclude(&mut self, entry: Arc<Entry>, started: Result<(), DeviceError>) {
        let unsure = matches!(&started, Err(error) if error.certainty() == Certainty::MaybeExecuted);
        if started.is_ok() || unsure {
            let now = Instant::now();
            self.setpoint = Some(entry.target);
            self.active = Some(Active {
                entry: Arc::clone(&entry),
                deadline: now + self.controller.move_limit(),
                patience: now + START_PATIENCE,
                seen_running: false,
                stopped: false,
            });
        }
        match started {
            Ok(()) => {
                entry.accepted.send_replace(Acceptance::Accepted);
            }
            Err(error) => {
                if !unsure {
                    // Nothing happened: the same id may be tried again by whoever decides so.
                    self.operations.forget(&entry);
                    entry.reporter.finish(MoveOutcome::Refused(Refusal::Device(error.message().to_owned())));
                }
                entry.accepted.send_replace(Acceptance::Failed(error));
            }
        }
    }

    /// Reads, checks, and sends the move: once, whatever happens.
    async fn start(&mut self, entry: &Entry) -> Result<(), DeviceError> {
        let state = self.read_state().await;
        self.observe(&state);
        let state = state?;
        if let Some(active) = &self.active {
            let running = active.entry.reporter.handle();
            let message = format!("operation {} is still running: wait or stop it", running.operation());
            return Err(DeviceError::conflict(self.controller.name(), message));
        }
        if state.moving {
            let message = "carriages move that nobody here set in motion: wait until they stand";
            return Err(DeviceError::conflict(self.controller.name(), message));
        }
        if let Some(interlock) = state.interlocks.first() {
            let message = format!("interlock {interlock} is on: remove its cause, then try again");
            return Err(DeviceError::rejected(self.controller.name(), message).with_interlock(*interlock));
        }
        self.controller.command(entry.target, &mut self.lane).await
    }

    async fn serve_stops(&mut self) {
        loop {
            let replies = self.lane.take();
            if replies.is_empty() {
                return;
            }
            let stopped = self.controller.stop(&mut self.lane).await;
            if stopped.is_ok()
                && let Some(active) = &mut self.active
            {
                active.stopped = true;
            }
            for reply in replies {
                let _ = reply.send(stopped.clone());
            }
            self.refuse_queued_starts();
        }
    }

    async fn read_state(&mut self) -> Result<BankState, DeviceError> {
        let state = self.controller.read_state(&mut self.lane).await?;
        Ok(BankState { setpoint: self.setpoint, ..state })
    }

    /// Who asks to stop means the moves that wait, too; questions keep their order.
    fn refuse_queued_starts(&mut self) {
        let mut asks: Vec<Ask> = self.deferred.drain(..).collect();
        asks.extend(std::iter::from_fn(|| self.asks.try_recv().ok()));
        for ask in asks {
            match ask {
                Ask::Start(entry) => {
                    let refused = stopped_before(self.controller.name());
                    self.conclude(entry, Err(refused));
                }
                question => self.deferred.push_back(question),
            }
        }
    }

    /// Looks at the running operation.
    async fn track(&mut self) {
        let state = self.read_state().await;
        self.observe(&state);
    }

    /// Ends the running operation where the device's state says so, or time is up.
    fn observe(&mut self, state: &Result<BankState, DeviceError>) {
        let Some(active) = &mut self.active else { return };
        let now = Instant::now();
        let outcome = match state {
            Ok(state) if state.moving => {
                active.seen_running = true;
                active.entry.reporter.moving(None);
                None
            }
            Ok(state) => match (state.interlocks.first(), state.open.map(MoveTarget::Open)) {
                (Some(interlock), _) => Some(MoveOutcome::Refused(Refusal::Interlock(*interlock))),
                (None, open) if open == Some(active.entry.target) => Some(MoveOutcome::Done),
                _ if active.stopped => Some(MoveOutcome::Refused(Refusal::Stopped)),
                // Where no aisle is the target, standing still after moving is all there is to see; a move
                // that is shorter than the time between two looks is not seen.
                _ if !matches!(active.entry.target, MoveTarget::Open(_)) => {
                    let unseen =
                        || MoveOutcome::Unknown("was not seen to move: look at the carriages".to_owned());
                    match active.seen_running {
                        true => Some(MoveOutcome::Done),
                        false => (now >= active.patience).then(unseen),
                    }
                }
                _ if active.seen_running || now >= active.patience => {
                    let reason = "the controller stands still before the target is reached";
                    Some(MoveOutcome::Refused(Refusal::Device(reason.to_owned())))
                }
                _ => None,
            },
            Err(_) => None,
        };
        let outcome = outcome.or_else(|| {
            let limit = self.controller.move_limit();
            let late = || format!("did not end within {limit:?}: read the state");
            (now >= active.deadline).then(|| MoveOutcome::Unknown(late()))
        });
        if let Some(outcome) = outcome {
            active.entry.reporter.finish(outcome);
            self.active = None;
        }
    }
}
