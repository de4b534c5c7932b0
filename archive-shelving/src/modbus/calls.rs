//! Single calls on the line: dialling, asking, and dropping a session that cannot be trusted.

use std::pin::pin;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};
use tokio_modbus::client::{Client, Context, rtu, tcp};
use tokio_modbus::{ExceptionCode, Request, Response, Slave};

use super::Framing;
use crate::device_error::DeviceError;
use crate::dial::{Dial, Link};
use crate::polled::{Backoff, STOP_PATIENCE, StopLane};

/// The line to one controller: the link, or when to dial again.
pub(super) struct Calls {
    name: String,
    unit: u8,
    limit: Duration,
    framing: Framing,
    dial: Box<dyn Dial>,
    context: Option<Context>,
    backoff: Backoff,
    was_up: bool,
    /// A call was given up: on a line without numbers its late answer may still come.
    poisoned: bool,
    /// A stop is on its way: nothing is waited for that can be done later.
    urgent: bool,
}

/// Why a call gave no value.
#[derive(Debug)]
pub(super) enum CallFault {
    /// There was no link: no byte left.
    NoLink(std::io::Error),
    /// The device answered no.
    Exception(ExceptionCode),
    /// The session broke, or stayed silent: the call may have acted.
    Lost(String),
}

impl Calls {
    pub(super) fn new(
        name: String,
        unit: u8,
        limit: Duration,
        framing: Framing,
        dial: Box<dyn Dial>,
    ) -> Self {
        let backoff = Backoff::new(&name);
        let (context, was_up, poisoned, urgent) = (None, false, false, false);
        Self { name, unit, limit, framing, dial, context, backoff, was_up, poisoned, urgent }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Begins or ends the sending of a stop: it dials at once, whatever the back-off says, and waits for no
    /// quiet line.
    pub(super) fn hurry(&mut self, on: bool) {
        self.urgent = on;
        if on {
            self.backoff.skip();
        } else if self.poisoned {
            // The stop went out on a line that may still hold a late answer.
            self.context = None;
        }
    }

    /// A fault of a call that moves nothing.
    pub(super) fn before_acting(&self, fault: CallFault) -> DeviceError {
        match fault {
            CallFault::NoLink(error) => {
                let message = "cannot be reached: check the line, the address and the controller's power";
                DeviceError::not_sent(&self.name, message).with_source(error)
            }
            CallFault::Lost(why) => {
                DeviceError::not_sent(&self.name, format!("{why}: the line is dialled anew"))
            }
            CallFault::Exception(code) => DeviceError::rejected(
                &self.name,
                format!(
                    "answered with Modbus exception {code:?}: does the register map fit this controller?"
                ),
            ),
        }
    }

    /// An answer that fits no question: whatever follows on this session cannot be trusted either.
    pub(super) fn nonsense(&mut self) -> DeviceError {
        self.context = None;
        DeviceError::not_sent(&self.name, "answered another question: the line is dialled anew")
    }

    /// One question and its answer, on the link that is there.
    pub(super) async fn ask(
        &mut self,
        request: Request<'static>,
        lane: &mut StopLane,
    ) -> Result<Response, CallFault> {
        // Taken, so that whatever ends this call early drops the session with it: a late answer
        // must never meet the next question.
        let no_link = || CallFault::NoLink(std::io::ErrorKind::NotConnected.into());
        let mut context = self.context.take().ok_or_else(no_link)?;
        let question = request.clone();
        let answer = {
            let mut calling = pin!(timeout(self.limit, context.call(request)));
            tokio::select! {
                biased;
                answer = &mut calling => answer.ok(),
                () = lane.asked() => timeout(STOP_PATIENCE, calling).await.ok().and_then(Result::ok),
            }
        };
        // Until the answer is known to be this question's, the line is not to be trusted.
        let was_poisoned = std::mem::replace(&mut self.poisoned, true);
        match answer {
            Some(Ok(Ok(response))) if answers(&question, &response) => {
                self.poisoned = was_poisoned;
                self.context = Some(context);
                Ok(response)
            }
            Some(Ok(Ok(_))) => Err(CallFault::Lost("answered another question".to_owned())),
            Some(Ok(Err(exception))) => {
                self.poisoned = was_poisoned;
                self.context = Some(context);
                Err(CallFault::Exception(exception))
            }
            Some(Err(error)) => Err(CallFault::Lost(format!("the session broke ({error})"))),
            None if lane.is_asked() => Err(CallFault::Lost("was interrupted by a stop".to_owned())),
            None => Err(CallFault::Lost(format!("did not answer within {:?}", self.limit))),
        }
    }

    /// Throws away what comes until the line has been quiet for as long as an answer may take.
    ///
    /// On a line without numbers a late answer looks like the answer to the next question; a serial
    /// port that is opened anew still receives it.
    async fn drain(&mut self, link: &mut Box<dyn Link>, lane: &mut StopLane) {
        let end = Instant::now() + self.limit * 4;
        let mut bytes = [0; 256];
        while Instant::now() < end {
            tokio::select! {
                biased;
                // A stop does not wait for quiet.
                () = lane.asked() => return,
                read = timeout(self.limit, link.read(&mut bytes)) => match read {
                    Ok(Ok(1..)) => {}
                    _ => return,
                },
            }
        }
    }

    /// Dials where there is no link; says whether it did.
    pub(super) async fn connect_where_needed(&mut self, lane: &mut StopLane) -> Result<bool, CallFault> {
        if self.context.is_some() {
            return Ok(false);
        }
        let wait = self.backoff.wait();
        if !wait.is_zero() {
            return Err(CallFault::NoLink(std::io::Error::other(format!("dialled again in {wait:?}"))));
        }
        let dialled = match timeout(self.limit, self.dial.dial()).await {
            Ok(dialled) => dialled,
            Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
        };
        let mut link = match dialled {
            Ok(link) => link,
            Err(error) => {
                self.backoff.failed();
                // Each change is logged once, not each failed attempt.
                if std::mem::replace(&mut self.was_up, false) {
                    tracing::warn!(device = self.name, %error, "line lost");
                }
                return Err(CallFault::NoLink(error));
            }
        };
        if self.framing == Framing::Rtu && self.poisoned && !self.urgent {
            self.drain(&mut link, lane).await;
        }
        let quiet = !self.urgent && !lane.is_asked();
        if self.framing == Framing::Tcp || quiet {
            self.poisoned = false;
        }
        let slave = Slave(self.unit);
        self.context = Some(match self.framing {
            Framing::Tcp => tcp::attach_slave(link, slave),
            Framing::Rtu => rtu::attach_slave(link, slave),
        });
        self.backoff.succeeded();
        if !std::mem::replace(&mut self.was_up, true) {
            tracing::info!(device = self.name, "connected");
        }
        Ok(true)
    }
}

/// Whether a response can be the answer to a request: right function, size, and echo.
fn answers(request: &Request<'_>, response: &Response) -> bool {
    match (request, response) {
        (Request::ReadCoils(_, count), Response::ReadCoils(coils)) => coils.len() >= usize::from(*count),
        (Request::ReadHoldingRegisters(_, count), Response::ReadHoldingRegisters(words)) => {
            words.len() == usize::from(*count)
        }
        (Request::WriteSingleCoil(coil, on), Response::WriteSingleCoil(echo, state)) => {
            (coil, on) == (echo, state)
        }
        (Request::WriteSingleRegister(register, word), Response::WriteSingleRegister(echo, value)) => {
            (register, word) == (echo, value)
        }
        _ => false,
    }
}
