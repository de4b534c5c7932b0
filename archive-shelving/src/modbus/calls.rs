//! Single calls on the line: dialling, asking, and dropping a session that cannot be trusted.

use std::pin::pin;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};
use tokio_modbus::client::{Client, Context, rtu, tcp};
use tokio_modbus::{ExceptionCode, Request, Response, Slave};

use super::Framing;
use super::session::Session;
use crate::ability::{Climate, DeciCelsius, PermilleHumidity};
use crate::device_error::DeviceError;
use crate::dial::Link;
use crate::motion::BankState;
use crate::simulated::Chance;

/// The link, or when to dial again.
pub(super) struct Line {
    pub(super) context: Option<Context>,
    pub(super) failures: u32,
    pub(super) next_try: Instant,
    pub(super) jitter: Chance,
    pub(super) was_up: bool,
    /// A call was given up: on a line without numbers its late answer may still come.
    pub(super) poisoned: bool,
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

/// The first wait before dialling again; doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
impl Session {
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

    /// Sets a coil, waits, clears it. The coil acts when it is set.
    pub(super) async fn pulse(&mut self, coil: u16) -> Result<(), DeviceError> {
        match self.call(Request::WriteSingleCoil(coil, true)).await {
            Ok(_) => {}
            Err(CallFault::Lost(why)) => {
                self.release.push(coil);
                let message =
                    format!("{why} after the command was sent: read the state before anything else");
                return Err(DeviceError::maybe_executed(&self.name, message));
            }
            Err(fault) => return Err(self.before_acting(fault)),
        }
        self.release.push(coil);
        // A stop does not wait for the pulse of another command.
        tokio::select! {
            biased;
            Some(reply) = self.stops.recv() => self.waiting.push(reply),
            () = tokio::time::sleep(self.map.pulse()) => {}
        }
        // Where this fails, the next session clears it first.
        let _ = self.clear_coils().await;
        Ok(())
    }

    pub(super) async fn clear_coils(&mut self) -> Result<(), CallFault> {
        while let Some(coil) = self.release.last().copied() {
            self.raw_call(Request::WriteSingleCoil(coil, false)).await?;
            self.release.pop();
        }
        Ok(())
    }

    pub(super) async fn read_state(&mut self) -> Result<BankState, DeviceError> {
        let running = self.read_coil(self.map.state.running.coil).await? == self.map.state.running.on;
        let protected = self.read_coil(self.map.state.protected.coil).await? == self.map.state.protected.on;
        let open = self.read_register(self.map.registers.open_aisle).await?;
        let alarm = match self.map.registers.alarm {
            Some(register) if protected => Some(self.read_register(register).await?),
            _ => None,
        };
        let interlocks = if protected { vec![self.map.interlock(alarm)] } else { Vec::new() };
        Ok(BankState {
            open: self.map.aisle_numbered(open).filter(|_| !running),
            gaps: None,
            moving: running,
            setpoint: self.setpoint,
            interlocks,
        })
    }

    pub(super) async fn read_climate(&mut self) -> Result<Climate, DeviceError> {
        let mut temperature = None;
        if let Some(register) = self.map.registers.temperature {
            // Controllers write degrees below zero in two's complement.
            temperature = Some(DeciCelsius(self.read_register(register).await? as i16));
        }
        let mut humidity = None;
        if let Some(register) = self.map.registers.humidity {
            humidity = Some(PermilleHumidity(self.read_register(register).await?));
        }
        Ok(Climate { temperature, humidity, smoke: None })
    }

    pub(super) async fn read_coil(&mut self, coil: u16) -> Result<bool, DeviceError> {
        match self.call(Request::ReadCoils(coil, 1)).await.map_err(|fault| self.before_acting(fault))? {
            Response::ReadCoils(coils) if !coils.is_empty() => Ok(coils[0]),
            _ => Err(self.nonsense()),
        }
    }

    pub(super) async fn read_register(&mut self, register: u16) -> Result<u16, DeviceError> {
        let request = Request::ReadHoldingRegisters(register, 1);
        match self.call(request).await.map_err(|fault| self.before_acting(fault))? {
            Response::ReadHoldingRegisters(words) if words.len() == 1 => Ok(words[0]),
            _ => Err(self.nonsense()),
        }
    }

    /// An answer that fits no question: whatever follows on this session cannot be trusted either.
    pub(super) fn nonsense(&mut self) -> DeviceError {
        self.line.context = None;
        DeviceError::not_sent(&self.name, "answered another question: the line is dialled anew")
    }

    /// One call, on a link that is dialled where there is none and whose coils are cleared first.
    pub(super) async fn call(&mut self, request: Request<'static>) -> Result<Response, CallFault> {
        if self.line.context.is_none() {
            self.connect().await?;
            self.clear_coils().await?;
        }
        self.raw_call(request).await
    }

    pub(super) async fn raw_call(&mut self, request: Request<'static>) -> Result<Response, CallFault> {
        // Taken, so that whatever ends this call early drops the session with it: a late answer
        // must never meet the next question.
        let no_link = || CallFault::NoLink(std::io::ErrorKind::NotConnected.into());
        let mut context = self.line.context.take().ok_or_else(no_link)?;
        let limit = self.map.call_limit();
        let question = request.clone();
        let answer = {
            let mut calling = pin!(timeout(limit, context.call(request)));
            tokio::select! {
                biased;
                answer = &mut calling => answer.ok(),
                Some(reply) = self.stops.recv() => {
                    self.waiting.push(reply);
                    timeout(super::STOP_PATIENCE, calling).await.ok().and_then(Result::ok)
                }
            }
        };
        // Until the answer is known to be this question's, the line is not to be trusted.
        let was_poisoned = std::mem::replace(&mut self.line.poisoned, true);
        match answer {
            Some(Ok(Ok(response))) if answers(&question, &response) => {
                self.line.poisoned = was_poisoned;
                self.line.context = Some(context);
                Ok(response)
            }
            Some(Ok(Ok(_))) => Err(CallFault::Lost("answered another question".to_owned())),
            Some(Ok(Err(exception))) => {
                self.line.poisoned = was_poisoned;
                self.line.context = Some(context);
                Err(CallFault::Exception(exception))
            }
            Some(Err(error)) => Err(CallFault::Lost(format!("the session broke ({error})"))),
            None if self.waiting.is_empty() => {
                Err(CallFault::Lost(format!("did not answer within {limit:?}")))
            }
            None => Err(CallFault::Lost("was interrupted by a stop".to_owned())),
        }
    }

    /// Throws away what comes until the line has been quiet for as long as an answer may take.
    ///
    /// On a line without numbers a late answer looks like the answer to the next question; a serial
    /// port that is opened anew still receives it.
    pub(super) async fn drain(&mut self, link: &mut Box<dyn Link>) {
        let limit = self.map.call_limit();
        let end = Instant::now() + limit * 4;
        let mut bytes = [0; 256];
        while Instant::now() < end {
            tokio::select! {
                biased;
                // A stop does not wait for quiet.
                Some(reply) = self.stops.recv() => return self.waiting.push(reply),
                read = timeout(limit, link.read(&mut bytes)) => match read {
                    Ok(Ok(1..)) => {}
                    _ => return,
                },
            }
        }
    }

    pub(super) async fn connect(&mut self) -> Result<(), CallFault> {
        let now = Instant::now();
        if now < self.line.next_try {
            let wait = self.line.next_try - now;
            return Err(CallFault::NoLink(std::io::Error::other(format!("dialled again in {wait:?}"))));
        }
        let dialled = match timeout(self.map.call_limit(), self.dial.dial()).await {
            Ok(dialled) => dialled,
            Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
        };
        match dialled {
            Ok(mut link) => {
                if self.framing == Framing::Rtu && self.line.poisoned && !self.urgent {
                    self.drain(&mut link).await;
                }
                let quiet = !self.urgent && self.waiting.is_empty();
                if self.framing == Framing::Tcp || quiet {
                    self.line.poisoned = false;
                }
                let slave = Slave(self.map.unit);
                self.line.context = Some(match self.framing {
                    Framing::Tcp => tcp::attach_slave(link, slave),
                    Framing::Rtu => rtu::attach_slave(link, slave),
                });
                self.line.failures = 0;
                if !std::mem::replace(&mut self.line.was_up, true) {
                    tracing::info!(device = self.name, "connected");
                }
                Ok(())
            }
            Err(error) => {
                let doubled = FIRST_WAIT.saturating_mul(1 << self.line.failures.min(10)).min(LONGEST_WAIT);
                self.line.failures += 1;
                self.line.next_try = Instant::now() + doubled.mul_f64(0.5 + 0.5 * self.line.jitter.unit());
                // Each change is logged once, not each failed attempt.
                if std::mem::replace(&mut self.line.was_up, false) {
                    tracing::warn!(device = self.name, %error, "line lost");
                }
                Err(CallFault::NoLink(error))
            }
        }
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
