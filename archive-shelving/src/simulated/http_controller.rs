//! A controller of family C in front of a simulated bank, on the wire or in memory.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpListener;

use super::line::{Line, MemoryDial, Served, listen};
use super::shelf::SimulatedShelf;
use super::wire_fault::{Harm, HarmedSender, WireFault};
use crate::ability::{AccessLock, Environment};
use crate::device_error::{DeviceError, Interlock};
use crate::dial::{Dial, Link};
use crate::http_controller::{HttpMap, HttpOperation, HttpRequest};
use crate::layout::AisleId;
use crate::motion::{MoveTarget, ShelfMotion};

/// An HTTP controller of family C that moves the carriages of a simulated bank and answers as
/// [`HttpMap::simulated_c`] says.
#[derive(Debug, Clone)]
pub struct SimulatedHttpController(Arc<Device>);

#[derive(Debug)]
struct Device {
    shelf: SimulatedShelf,
    map: HttpMap,
    line: Line,
    harm: Harm,
    moves: AtomicU64,
    stops: AtomicU64,
}

/// The longest request that is read.
const LONGEST_REQUEST: usize = 8 << 10;

impl SimulatedHttpController {
    /// A controller in front of `shelf`.
    #[must_use]
    pub fn new(shelf: SimulatedShelf) -> Self {
        let (moves, stops) = (AtomicU64::new(0), AtomicU64::new(0));
        let map = HttpMap::simulated_c();
        Self(Arc::new(Device { shelf, map, line: Line::new(), harm: Harm::none(), moves, stops }))
    }

    /// Queues a fault for the next answer.
    pub fn inject(&self, fault: WireFault) {
        self.0.harm.inject(fault);
    }

    /// Carries out the next command and loses its answer.
    pub fn lose_next_command_answer(&self) {
        self.0.harm.lose_next_command_answer();
    }

    /// Harms so large a share of all answers by chance, with all faults.
    pub fn harm(&self, share: f64, seed: u64) {
        self.0.harm.set(share, seed);
    }

    /// Cuts or mends the line: open connections end, and nobody gets through.
    pub fn set_line(&self, up: bool) {
        self.0.line.set(up);
    }

    /// How many requests to stop came in.
    #[must_use]
    pub fn stops_heard(&self) -> u64 {
        self.0.stops.load(Ordering::Relaxed)
    }

    /// Dials this controller in memory; needs a runtime when it is used.
    #[must_use]
    pub fn dial(&self) -> impl Dial + use<> {
        MemoryDial(self.clone())
    }

    /// Serves every connection of `listener`, for ever.
    pub async fn listen(self, listener: TcpListener) -> Infallible {
        listen(self, listener).await
    }

    /// Serves one connection: one request, one answer.
    ///
    /// # Errors
    /// `InvalidData` where no request comes, `ConnectionReset` where the line is cut, and the stream's.
    pub async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        self.0.line.guard(self.serve_request(&mut stream)).await
    }

    async fn serve_request(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
        let mut received = Vec::new();
        while !received.ends_with(b"\r\n\r\n") {
            if received.len() >= LONGEST_REQUEST || stream.read_buf(&mut received).await? == 0 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "not an HTTP request"));
            }
        }
        let line = received.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let target = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.strip_prefix("GET "))
            .and_then(|line| line.strip_suffix(" HTTP/1.1"));
        let request = target.and_then(|target| target.parse::<HttpRequest>().ok());
        let (status, body, is_command) = match request {
            Some(request) => {
                let (body, is_command) = self.carry_out(request).await;
                ("200 OK", body.to_string(), is_command)
            }
            None => ("400 Bad Request", String::new(), false),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: \
             close\r\n\r\n",
            body.len()
        );
        // The column stands first in the answer.
        let number = head.len() + r#"{"ColumnNo":"#.len();
        let answer = [head, body].concat().into_bytes();
        HarmedSender::default().send(stream, answer, number, self.0.harm.next(is_command)).await
    }

    /// What a request does; the answer, and whether it was a command to move.
    async fn carry_out(&self, request: HttpRequest) -> (Value, bool) {
        let (shelf, HttpRequest { operation, column }) = (&self.0.shelf, request);
        let columns = shelf.capabilities().aisles - 1;
        let index = column.checked_sub(self.0.map.first_column).filter(|index| *index < columns);
        let done = match (operation, index) {
            (HttpOperation::GetMjjStatus, _) => return (self.status(column).await, false),
            (HttpOperation::StopMove, _) => {
                self.0.stops.fetch_add(1, Ordering::Relaxed);
                (shelf.stop().await, false)
            }
            (HttpOperation::Lock, _) => (shelf.lock().await, false),
            (HttpOperation::UnLock, _) => (shelf.unlock().await, false),
            (HttpOperation::LeftMove, Some(index)) => {
                (self.start(MoveTarget::Open(AisleId(index + 1))).await, true)
            }
            (HttpOperation::RightMove, Some(index)) => {
                (self.start(MoveTarget::Open(AisleId(index))).await, true)
            }
            (HttpOperation::Ventilate, _) => (self.start(MoveTarget::Ventilate).await, true),
            (HttpOperation::Reset, _) => (Ok(()), false),
            (HttpOperation::LeftMove | HttpOperation::RightMove, None) => {
                (Err(DeviceError::invalid("controller", format!("has no column {column}"))), true)
            }
        };
        match done {
            (Ok(()), is_command) => (json!({"ColumnNo": column, "Success": true}), is_command),
            (Err(error), is_command) => {
                let alarm = error.interlock().map_or(0, |interlock| self.alarm_code(interlock));
                let answer = json!({
                    "ColumnNo": column, "Success": false, "Message": error.message(), "Alarm": alarm,
                });
                (answer, is_command)
            }
        }
    }

    async fn start(&self, target: MoveTarget) -> Result<(), DeviceError> {
        let number = self.0.moves.fetch_add(1, Ordering::Relaxed);
        let id = format!("http-{number}").parse().expect("letters and digits are valid");
        self.0.shelf.start(id, target).await.map(drop)
    }

    fn alarm_code(&self, interlock: Interlock) -> u64 {
        // A code that no map has still means that something protects the bank.
        self.0.map.alarm_code(interlock).unwrap_or(0xFF)
    }

    async fn status(&self, column: u16) -> Value {
        // The controller stands beside its bank: no line between them can break.
        let state = self.0.shelf.state_beside();
        let climate = self.0.shelf.climate().await.ok();
        let degrees = climate.and_then(|climate| climate.temperature).map(|t| f64::from(t.0) / 10.0);
        let percent = climate.and_then(|climate| climate.humidity).map(|h| f64::from(h.0) / 10.0);
        let alarm = state.interlocks.iter().find(|interlock| **interlock != Interlock::Lock);
        json!({"ColumnNo": column, "Success": true, "Data": {
            "OpenAisle": state.open.map_or(0, |aisle| aisle.0 + 1),
            "Moving": state.moving,
            "Locked": state.interlocks.contains(&Interlock::Lock),
            "Alarm": alarm.map_or(0, |interlock| self.alarm_code(*interlock)),
            "Temperature": degrees,
            "Humidity": percent,
        }})
    }
}

impl Served for SimulatedHttpController {
    fn line(&self) -> &Line {
        &self.0.line
    }

    async fn serve_link(self, link: Box<dyn Link>) -> io::Result<()> {
        self.serve(link).await
    }
}
