//! The driver that callers hold, and the task that owns the connection.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::collector::Collector;
use super::line::{ANSWER_LIMIT, Line, LineFault, tolerate};
use super::request;
use crate::device_error::{DeviceError, Retry};
use crate::dial::Dial;
use crate::polled::Backoff;
use crate::reading::{
    Antenna, AntennaPort, InventoryReport, InventoryRequest, ReaderCapabilities, TagInventory,
};

/// Drives one LLRP reader. Clones share one connection.
#[derive(Debug, Clone)]
pub struct LlrpReader {
    limits: Arc<ReaderCapabilities>,
    calls: mpsc::Sender<Call>,
}

#[derive(Debug)]
struct Call {
    request: InventoryRequest,
    reply: oneshot::Sender<Result<InventoryReport, DeviceError>>,
}

/// How many calls may wait for the reader.
const QUEUE: usize = 64;
/// The longest that one call may read.
const LONGEST: Duration = Duration::from_secs(600);

impl LlrpReader {
    /// A driver of the reader called `name`, whose antennas look into the given aisles, and the task
    /// that owns its connection. Nothing is dialled before the first call.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn new(name: impl Into<String>, antennas: Vec<Antenna>, dial: impl Dial + 'static) -> Self {
        let limits = Arc::new(ReaderCapabilities {
            name: name.into(),
            antennas,
            longest: LONGEST,
            // A call dials, configures, cleans up, adds, enables, starts and deletes.
            answer_limit: ANSWER_LIMIT * 10,
        });
        let (calls, called) = mpsc::channel(QUEUE);
        let session = Session {
            limits: Arc::clone(&limits),
            dial: Box::new(dial),
            line: None,
            backoff: Backoff::new(&limits.name),
            operation: 0,
        };
        tokio::spawn(session.run(called));
        Self { limits, calls }
    }
}

#[async_trait]
impl TagInventory for LlrpReader {
    fn capabilities(&self) -> ReaderCapabilities {
        ReaderCapabilities::clone(&self.limits)
    }

    async fn inventory(&self, request: InventoryRequest) -> Result<InventoryReport, DeviceError> {
        let name = &self.limits.name;
        if request.duration.is_zero() || request.duration > LONGEST {
            let message = format!("cannot read for {:?}: choose up to {LONGEST:?}", request.duration);
            return Err(DeviceError::invalid(name, message));
        }
        if let Some(aisle) = request.aisle
            && ports(&self.limits.antennas, aisle.into()).is_empty()
        {
            return Err(DeviceError::invalid(name, format!("has no antenna in {aisle}")));
        }
        let (reply, answer) = oneshot::channel();
        self.calls.try_send(Call { request, reply }).map_err(|_| {
            DeviceError::not_sent(name, "too many calls wait for it: ask less often").with_retry(Retry::Later)
        })?;
        answer.await.unwrap_or_else(|_| {
            Err(DeviceError::not_sent(name, "its session ended: is the runtime shutting down?"))
        })
    }
}

/// The antennas that hear an aisle; none where every antenna is meant.
fn ports(antennas: &[Antenna], aisle: Option<crate::layout::AisleId>) -> Vec<AntennaPort> {
    let Some(aisle) = aisle else { return Vec::new() };
    antennas.iter().filter(|a| a.aisle.is_none_or(|other| other == aisle)).map(|a| a.port).collect()
}

struct Session {
    limits: Arc<ReaderCapabilities>,
    dial: Box<dyn Dial>,
    line: Option<Line>,
    backoff: Backoff,
    /// Counts operations, so that a late report is never this call's.
    operation: u16,
}

impl Session {
    async fn run(mut self, mut calls: mpsc::Receiver<Call>) {
        while let Some(call) = self.next_call(&mut calls).await {
            // A caller that went away needs no answer.
            if call.reply.is_closed() {
                continue;
            }
            let Call { request, mut reply } = call;
            let outcome = tokio::select! {
                biased;
                outcome = self.inventory(request) => Some(outcome),
                () = reply.closed() => None,
            };
            match outcome {
                Some(outcome) => drop(reply.send(outcome)),
                None => self.abandon().await,
            }
        }
        if let Some(mut line) = self.line.take()
            && let Ok(goodbye) = request::plain("CLOSE_CONNECTION", u32::MAX)
        {
            let _ = line.send(&goodbye, Instant::now() + Duration::from_millis(200)).await;
        }
    }

    /// Waits for a call; meanwhile listens, and gives up a reader that fell silent.
    async fn next_call(&mut self, calls: &mut mpsc::Receiver<Call>) -> Option<Call> {
        loop {
            let Some(line) = &mut self.line else { return calls.recv().await };
            let patience = line.heard + request::KEEPALIVE * 3;
            let heard = tokio::select! {
                biased;
                call = calls.recv() => return call,
                heard = line.receive() => heard,
                () = sleep_until(patience) => Err(LineFault::Silent),
            };
            let handled = match heard {
                Ok(message) => line.handle(&message, &self.limits.antennas).await,
                Err(fault) => Err(fault),
            };
            if let Err(fault) = handled {
                tracing::warn!(reader = self.limits.name, ?fault, "connection lost");
                self.line = None;
            }
        }
    }

    /// The caller went away half-way: the operation is deleted, or the connection dropped.
    async fn abandon(&mut self) {
        let rospec = self.rospec();
        if let Some(line) = &mut self.line {
            line.collector = None;
            if line.mid_message || line.delete(rospec, &self.limits.antennas).await.is_err() {
                self.line = None;
            }
        }
    }

    fn rospec(&self) -> u32 {
        OWN_FIRST + u32::from(self.operation)
    }

    async fn inventory(&mut self, request: InventoryRequest) -> Result<InventoryReport, DeviceError> {
        self.connect().await?;
        self.operation = self.operation.wrapping_add(1);
        let rospec = self.rospec();
        let limits = Arc::clone(&self.limits);
        let line = self.line.as_mut().expect("connect leaves a line");
        match read(line, rospec, request, &limits.antennas).await {
            Ok(report) => Ok(report),
            Err(LineFault::Refused { code, text }) => {
                let message = format!("refused to read (status {code}: {text:?}): check its configuration");
                let refused = DeviceError::rejected(&limits.name, message);
                if line.delete(rospec, &limits.antennas).await.is_err() {
                    self.line = None;
                }
                Err(refused)
            }
            Err(fault) => {
                self.line = None;
                Err(self.unavailable(&fault))
            }
        }
    }

    fn unavailable(&self, fault: &LineFault) -> DeviceError {
        let why = match fault {
            LineFault::Broken(why) => why.clone(),
            LineFault::Silent => "stayed silent".to_owned(),
            LineFault::Refused { code, text } => format!("refused (status {code}: {text:?})"),
        };
        DeviceError::not_sent(&self.limits.name, format!("{why}: it is dialled anew at the next call"))
    }

    async fn connect(&mut self) -> Result<(), DeviceError> {
        if self.line.is_some() {
            return Ok(());
        }
        tokio::time::sleep(self.backoff.wait().min(ANSWER_LIMIT)).await;
        let name = &self.limits.name;
        let dialled = match timeout(ANSWER_LIMIT, self.dial.dial()).await {
            Ok(Ok(stream)) => {
                Line::open(stream, &self.limits.antennas).await.map_err(|f| self.unavailable(&f))
            }
            Ok(Err(error)) => Err(DeviceError::not_sent(
                name,
                "cannot be reached: check the line, the address and the reader's power",
            )
            .with_source(error)),
            Err(_) => {
                Err(DeviceError::not_sent(name, "does not answer the dial: check the line and the address"))
            }
        };
        match dialled {
            Ok(line) => {
                self.line = Some(line);
                self.backoff.succeeded();
                Ok(())
            }
            Err(error) => {
                self.backoff.failed();
                Err(error)
            }
        }
    }
}

const OWN_FIRST: u32 = *super::OWN_RANGE.start();

/// How long a reader may take to report after an operation's time is over.
const GRACE: Duration = Duration::from_secs(1);

/// Collects reports until the operation ends; says whether it did before the deadline.
async fn collect_until(line: &mut Line, deadline: Instant, antennas: &[Antenna]) -> Result<bool, LineFault> {
    while line.collector.as_ref().is_some_and(|collector| !collector.ended) {
        match line.receive_until(deadline).await {
            Ok(message) => line.handle(&message, antennas).await?,
            Err(LineFault::Silent) => return Ok(false),
            Err(fault) => return Err(fault),
        }
    }
    Ok(true)
}

/// Adds, enables and starts an operation, collects until it ends, and deletes it.
async fn read(
    line: &mut Line,
    rospec: u32,
    request: InventoryRequest,
    antennas: &[Antenna],
) -> Result<InventoryReport, LineFault> {
    let ports = ports(antennas, request.aisle);
    let add = |id| request::add_operation(id, rospec, &ports, request.duration);
    line.request(add, "ADD_ROSPEC_RESPONSE", antennas).await?;
    line.collector = Some(Collector::new(rospec));
    let enable = |id| request::about("ENABLE_ROSPEC", id, rospec);
    line.request(enable, "ENABLE_ROSPEC_RESPONSE", antennas).await?;
    let begun = Instant::now();
    let start = |id| request::about("START_ROSPEC", id, rospec);
    line.request(start, "START_ROSPEC_RESPONSE", antennas).await?;
    if !collect_until(line, begun + request.duration + GRACE, antennas).await? {
        // A reader that does not mind its own end: it is told to stop, and what it has then is the report.
        let stop = |id| request::about("STOP_ROSPEC", id, rospec);
        tolerate(line.request(stop, "STOP_ROSPEC_RESPONSE", antennas).await)?;
        if !collect_until(line, Instant::now() + GRACE, antennas).await?
            && let Some(collector) = &mut line.collector
        {
            // What came is given, and may not be all.
            collector.complete = false;
        }
    }
    let lasted = begun.elapsed().min(request.duration + ANSWER_LIMIT);
    line.delete(rospec, antennas).await?;
    let Some(mut collected) = line.collector.take() else { return Err(LineFault::Silent) };
    for read in &mut collected.reads {
        // A reader's clock may run ahead of this one.
        read.at = read.at.map(|at| at.min(lasted));
    }
    let Collector { reads, foreign, complete, .. } = collected;
    Ok(InventoryReport { reads, foreign, lasted, complete })
}
