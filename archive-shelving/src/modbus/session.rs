//! The task that owns the line: one call at a time, stops first, poisoned sessions dropped.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tokio_modbus::Request;

use super::Framing;
use super::calls::Line;
use super::driver::Operations;
use super::map::ModbusMap;
use crate::ability::Climate;
use crate::device_error::{Certainty, DeviceError, Retry};
use crate::dial::Dial;
use crate::motion::{BankState, MoveOutcome, MoveReporter, MoveTarget, Refusal};
use crate::simulated::Chance;

/// What callers ask of the session.
#[derive(Debug)]
pub(super) enum Ask {
    State(oneshot::Sender<Result<BankState, DeviceError>>),
    Climate(oneshot::Sender<Result<Climate, DeviceError>>),
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

pub(super) type StopReply = oneshot::Sender<Result<(), DeviceError>>;

pub(super) struct Session {
    pub(super) name: String,
    pub(super) map: ModbusMap,
    pub(super) framing: Framing,
    pub(super) dial: Box<dyn Dial>,
    pub(super) asks: mpsc::Receiver<Ask>,
    pub(super) stops: mpsc::UnboundedReceiver<StopReply>,
    pub(super) operations: Operations,
    pub(super) line: Line,
    /// Stops that came while a call was in flight.
    pub(super) waiting: Vec<StopReply>,
    /// Questions that were taken out of the queue in a search for starts.
    pub(super) deferred: VecDeque<Ask>,
    /// Coils that were set and not yet cleared.
    pub(super) release: Vec<u16>,
    pub(super) setpoint: Option<MoveTarget>,
    active: Option<Active>,
    /// A stop is on its way: nothing is waited for that can be done later.
    pub(super) urgent: bool,
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

impl Session {
    pub(super) fn new(
        name: String,
        map: ModbusMap,
        framing: Framing,
        dial: Box<dyn Dial>,
        asks: mpsc::Receiver<Ask>,
        stops: mpsc::UnboundedReceiver<StopReply>,
        operations: Operations,
    ) -> Self {
        // Jitter keeps a room of drivers from dialling in step; it needs to differ, not to be secret.
        let seed = name
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3));
        let line = Line {
            context: None,
            failures: 0,
            next_try: Instant::now(),
            jitter: Chance::new(seed),
            was_up: false,
            poisoned: false,
        };
        Self {
            name,
            map,
            framing,
            dial,
            asks,
            stops,
            operations,
            line,
            waiting: Vec::new(),
            deferred: VecDeque::new(),
            release: Vec::new(),
            setpoint: None,
            active: None,
            urgent: false,
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
                    stop = self.stops.recv() => match stop {
                        Some(reply) => self.waiting.push(reply),
                        None => return,
                    },
                    ask = self.asks.recv() => match ask {
                        Some(ask) => self.answer(ask).await,
                        None => return,
                    },
                    () = sleep_until(next_look) => {}
                }
            }
            while let Ok(reply) = self.stops.try_recv() {
                self.waiting.push(reply);
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
            let pause = if self.active.is_some() { self.map.poll() } else { KEEPALIVE };
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
                let climate = self.read_climate().await;
                let _ = reply.send(climate);
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
                deadline: now + self.map.move_limit(),
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

    /// Reads, checks, writes the target and pulses the coil: once, whatever happens.
    async fn start(&mut self, entry: &Entry) -> Result<(), DeviceError> {
        let state = self.read_state().await;
        self.observe(&state);
        let state = state?;
        if let Some(active) = &self.active {
            let running = active.entry.reporter.handle();
            let message = format!("operation {} is still running: wait or stop it", running.operation());
            return Err(DeviceError::conflict(&self.name, message));
        }
        if state.moving {
            let message = "carriages move that nobody here set in motion: wait until they stand";
            return Err(DeviceError::conflict(&self.name, message));
        }
        if let Some(interlock) = state.interlocks.first() {
            let message = format!("interlock {interlock} is on: remove its cause, then try again");
            return Err(DeviceError::rejected(&self.name, message).with_interlock(*interlock));
        }
        let coil = match entry.target {
            MoveTarget::Open(aisle) => {
                let number = self.map.number_of(aisle);
                let write = Request::WriteSingleRegister(self.map.registers.target_aisle, number);
                // The target alone moves nothing: without an answer nothing was started.
                self.call(write).await.map_err(|fault| self.before_acting(fault))?;
                self.map.coils.open
            }
            MoveTarget::Close => self.map.coils.close,
            MoveTarget::Ventilate => match self.map.coils.ventilate {
                Some(coil) => coil,
                None => return Err(DeviceError::unsupported(&self.name, "cannot ventilate")),
            },
        };
        if !self.waiting.is_empty() {
            return Err(self.stopped_before());
        }
        self.pulse(coil).await
    }

    fn stopped_before(&self) -> DeviceError {
        DeviceError::rejected(&self.name, "was asked to stop before the move was sent")
            .with_retry(Retry::Later)
    }

    async fn serve_stops(&mut self) {
        while !self.waiting.is_empty() {
            let replies = std::mem::take(&mut self.waiting);
            // A stop dials at once, whatever the back-off says.
            self.line.next_try = Instant::now();
            self.urgent = true;
            let stopped = self.pulse(self.map.coils.stop).await;
            self.urgent = false;
            if self.line.poisoned {
                // The stop went out on a line that may still hold a late answer.
                self.line.context = None;
            }
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

    /// Who asks to stop means the moves that wait, too; questions keep their order.
    fn refuse_queued_starts(&mut self) {
        let mut asks: Vec<Ask> = self.deferred.drain(..).collect();
        asks.extend(std::iter::from_fn(|| self.asks.try_recv().ok()));
        for ask in asks {
            match ask {
                Ask::Start(entry) => {
                    let refused = self.stopped_before();
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
                // Where no aisle is the target, standing still after moving is all there is to see.
                _ if active.seen_running && !matches!(active.entry.target, MoveTarget::Open(_)) => {
                    Some(MoveOutcome::Done)
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
            let late = || format!("did not end within {:?}: read the state", self.map.move_limit());
            (now >= active.deadline).then(|| MoveOutcome::Unknown(late()))
        });
        if let Some(outcome) = outcome {
            active.entry.reporter.finish(outcome);
            self.active = None;
        }
    }
}
