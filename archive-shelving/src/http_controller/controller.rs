//! What the session asks, as single requests.

use std::time::Duration;

use archive_core::Error;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Body, Bytes};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::time::timeout;

use super::map::{HttpMap, Refused};
use super::request::{HttpOperation, HttpRequest};
use crate::ability::Climate;
use crate::device_error::DeviceError;
use crate::dial::{Dial, Link};
use crate::layout::AisleId;
use crate::motion::{BankState, MoveTarget, ShelfCapabilities};
use crate::polled::{Backoff, Controller, PolledShelf, STOP_PATIENCE, StopLane, stopped_before};

/// How often a stop is sent before nobody knows whether it was heard.
const STOPS: u32 = 3;
/// The longest answer, in bytes.
const LONGEST_ANSWER: usize = 64 << 10;

impl PolledShelf {
    /// A driver of the bank called `name`, with `columns` carriages, behind a controller that speaks HTTP.
    /// Nothing is dialled before the first question.
    ///
    /// # Errors
    /// `InvalidInput` for no carriage, or more than can be numbered.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn over_http(
        name: impl Into<String>,
        columns: u16,
        map: HttpMap,
        dial: impl Dial + 'static,
    ) -> Result<Self, Error> {
        let name = name.into();
        if !(1..=999).contains(&columns) || map.first_column.checked_add(columns).is_none() {
            return Err(Error::invalid(name, format!("has {columns} carriages, not 1 to 999")));
        }
        // A start asks for the state and sends; a stop in the lane and polls may be ahead of it.
        let answer_limit = map.call_limit() * 10;
        let limits = ShelfCapabilities {
            name: name.clone(),
            aisles: columns + 1,
            ventilate: true,
            reports_gaps: false,
            environment: map.has_climate(),
            access_lock: map.has_lock(),
            answer_limit,
            move_limit: (map.move_limit() + Duration::from_secs(10)).max(answer_limit),
        };
        let backoff = Backoff::new(&name);
        Ok(Self::spawn(limits, HttpController { name, map, dial: Box::new(dial), backoff }))
    }
}

struct HttpController {
    name: String,
    map: HttpMap,
    dial: Box<dyn Dial>,
    backoff: Backoff,
}

/// Why a request gave no answer that can be used.
enum Fault {
    /// There was no connection: no byte left.
    NoLink(std::io::Error),
    /// The controller answered no.
    Refused(Refused),
    /// It was sent, wholly or in part, and no answer came that can be understood.
    Lost(String),
}

impl Controller for HttpController {
    fn name(&self) -> &str {
        &self.name
    }

    fn poll(&self) -> Duration {
        self.map.poll()
    }

    fn move_limit(&self) -> Duration {
        self.map.move_limit()
    }

    async fn read_state(&mut self, lane: &mut StopLane) -> Result<BankState, DeviceError> {
        let answer = self.status(lane).await?;
        self.map.bank_state(&answer).map_err(|why| self.not_understood(why))
    }

    async fn read_climate(&mut self, lane: &mut StopLane) -> Result<Climate, DeviceError> {
        let answer = self.status(lane).await?;
        Ok(self.map.climate(&answer))
    }

    async fn command(&mut self, target: MoveTarget, lane: &mut StopLane) -> Result<(), DeviceError> {
        let first = self.map.first_column;
        let (operation, column) = match target {
            // A column that moves left opens the aisle on its right.
            MoveTarget::Open(AisleId(aisle @ 1..)) => (HttpOperation::LeftMove, first + aisle - 1),
            MoveTarget::Open(AisleId(0)) | MoveTarget::Close => (HttpOperation::RightMove, first),
            MoveTarget::Ventilate => (HttpOperation::Ventilate, self.map.all_columns),
        };
        if lane.is_asked() {
            return Err(stopped_before(&self.name));
        }
        self.act(operation, column, "read the state before anything else", lane).await
    }

    async fn stop(&mut self, lane: &mut StopLane) -> Result<(), DeviceError> {
        let mut last = None;
        for _ in 0..STOPS {
            self.backoff.skip();
            match self.get(HttpOperation::StopMove, self.map.all_columns, lane).await {
                Ok(_) => return Ok(()),
                Err(fault) => last = Some(fault),
            }
        }
        // Never sent, as far as any attempt tells, or unheard: both need the same from the operator.
        Err(match last {
            Some(fault @ Fault::NoLink(_)) => self.before_acting(fault),
            _ => {
                let message = "nobody knows whether the stop was heard: use the emergency stop";
                DeviceError::maybe_executed(&self.name, message)
            }
        })
    }

    async fn is_locked(&mut self, lane: &mut StopLane) -> Result<bool, DeviceError> {
        let answer = self.status(lane).await?;
        self.map.is_locked(&answer).map_err(|why| self.not_understood(why))
    }

    async fn set_lock(&mut self, locked: bool, lane: &mut StopLane) -> Result<(), DeviceError> {
        let operation = if locked { HttpOperation::Lock } else { HttpOperation::UnLock };
        self.act(operation, self.map.all_columns, "ask whether it is locked", lane).await
    }
}

impl HttpController {
    async fn status(&mut self, lane: &mut StopLane) -> Result<Value, DeviceError> {
        let answer = self.get(HttpOperation::GetMjjStatus, self.map.all_columns, lane).await;
        answer.map_err(|fault| self.before_acting(fault))
    }

    /// A request that changes something: sent once, whatever becomes of it.
    async fn act(
        &mut self,
        operation: HttpOperation,
        column: u16,
        advice: &str,
        lane: &mut StopLane,
    ) -> Result<(), DeviceError> {
        match self.get(operation, column, lane).await {
            Ok(_) => Ok(()),
            Err(Fault::Lost(why)) => {
                let message = format!("{why} after the command was sent: {advice}");
                Err(DeviceError::maybe_executed(&self.name, message))
            }
            Err(fault) => Err(self.before_acting(fault)),
        }
    }

    /// A fault of a request that changes nothing.
    fn before_acting(&self, fault: Fault) -> DeviceError {
        match fault {
            Fault::NoLink(error) => {
                let message = "cannot be reached: check the line, the address and the controller's power";
                DeviceError::not_sent(&self.name, message).with_source(error)
            }
            Fault::Lost(why) => DeviceError::not_sent(&self.name, format!("{why}: it is dialled anew")),
            Fault::Refused(Refused { reason, interlock }) => {
                let refused = DeviceError::rejected(&self.name, format!("refused: {reason}"));
                interlock.map_or(refused.clone(), |interlock| refused.with_interlock(interlock))
            }
        }
    }

    fn not_understood(&self, why: String) -> DeviceError {
        DeviceError::not_sent(&self.name, why)
    }

    /// One request on a connection of its own, and its answer.
    async fn get(
        &mut self,
        operation: HttpOperation,
        column: u16,
        lane: &mut StopLane,
    ) -> Result<Value, Fault> {
        let link = self.connect().await?;
        let request = HttpRequest { operation, column }.to_string();
        let asking = exchange(link, &request);
        let mut asking = std::pin::pin!(timeout(self.map.call_limit(), asking));
        let hurried = lane.is_asked();
        let answered = tokio::select! {
            biased;
            answered = &mut asking => answered.ok(),
            () = lane.asked(), if !hurried => {
                timeout(STOP_PATIENCE, asking).await.ok().and_then(Result::ok)
            }
        };
        let answer = match answered {
            Some(answered) => answered?,
            None if lane.is_asked() && !hurried => {
                return Err(Fault::Lost("was interrupted by a stop".to_owned()));
            }
            None => {
                return Err(Fault::Lost(format!("did not answer within {:?}", self.map.call_limit())));
            }
        };
        match self.map.accepted(&answer, column) {
            Ok(Ok(())) => Ok(answer),
            Ok(Err(refused)) => Err(Fault::Refused(refused)),
            Err(why) => Err(Fault::Lost(why)),
        }
    }

    async fn connect(&mut self) -> Result<Box<dyn Link>, Fault> {
        let wait = self.backoff.wait();
        if !wait.is_zero() {
            return Err(Fault::NoLink(std::io::Error::other(format!("dialled again in {wait:?}"))));
        }
        let dialled = match timeout(self.map.call_limit(), self.dial.dial()).await {
            Ok(dialled) => dialled,
            Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
        };
        match dialled {
            Ok(link) => {
                self.backoff.succeeded();
                Ok(link)
            }
            Err(error) => {
                self.backoff.failed();
                Err(Fault::NoLink(error))
            }
        }
    }
}

/// Ends a connection's task with the request that it was for.
struct Connection(tokio::task::JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn exchange(link: Box<dyn Link>, target: &str) -> Result<Value, Fault> {
    let lost = |error: &dyn std::error::Error| Fault::Lost(format!("the connection broke ({error})"));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(link)).await.map_err(|error| lost(&error))?;
    let _connection = Connection(tokio::spawn(async move {
        // Its error meets the request, too.
        let _ = connection.await;
    }));
    let request = hyper::Request::get(target)
        .header(hyper::header::HOST, "controller")
        .header(hyper::header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| lost(&error))?;
    let response = sender.send_request(request).await.map_err(|error| lost(&error))?;
    let status = response.status();
    if status.is_client_error() {
        // The request itself was turned down.
        return Err(Fault::Refused(Refused { reason: format!("HTTP status {status}"), interlock: None }));
    }
    if !status.is_success() {
        return Err(Fault::Lost(format!("answered with HTTP status {status}")));
    }
    let body = response.into_body();
    if body.size_hint().lower() > LONGEST_ANSWER as u64 {
        return Err(Fault::Lost(format!("its answer is longer than {LONGEST_ANSWER} bytes")));
    }
    let body = Limited::new(body, LONGEST_ANSWER).collect().await;
    let body = body.map_err(|error| Fault::Lost(format!("its answer broke off ({error})")))?;
    serde_json::from_slice(&body.to_bytes())
        .map_err(|error| Fault::Lost(format!("its answer is no JSON ({error})")))
}
