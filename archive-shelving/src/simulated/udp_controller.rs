//! A controller of family B in front of a simulated bank, on the wire or in memory.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use super::line::Line;
use super::shelf::SimulatedShelf;
use super::wire_fault::{Harm, WireFault};
use crate::ability::Environment;
use crate::device_error::Interlock;
use crate::dial::{DatagramDial, Datagrams};
use crate::layout::AisleId;
use crate::motion::{MoveTarget, ShelfMotion};
use crate::udp_controller::{ColumnState, Command, Event, Frame, UdpMap};

/// A UDP controller (family of its map) whose zone 1 is a simulated bank.
#[derive(Debug, Clone)]
pub struct SimulatedUdpController(Arc<Device>);

#[derive(Debug)]
struct Device {
    shelf: SimulatedShelf,
    map: UdpMap,
    line: Line,
    harm: Harm,
    moves: AtomicU64,
    stops: AtomicU64,
    /// Answers that come after the next one, each with the way to whoever asked.
    held: Mutex<VecDeque<(Vec<u8>, Way)>>,
}

/// The way back to whoever asked.
#[derive(Debug, Clone)]
enum Way {
    Wire(Arc<UdpSocket>, std::net::SocketAddr),
    Memory(mpsc::UnboundedSender<Vec<u8>>),
}

impl Way {
    async fn send(&self, datagram: Vec<u8>) {
        match self {
            // Whoever asked may be gone: datagrams get lost.
            Self::Wire(socket, address) => drop(socket.send_to(&datagram, address).await),
            Self::Memory(inbox) => drop(inbox.send(datagram)),
        }
    }
}

impl SimulatedUdpController {
    /// The zone that is the bank.
    pub const ZONE: u8 = 1;

    /// A controller in front of `shelf` that understands `map`.
    #[must_use]
    pub fn new(shelf: SimulatedShelf, map: UdpMap) -> Self {
        Self(Arc::new(Device {
            shelf,
            map,
            line: Line::new(),
            harm: Harm::none(),
            moves: AtomicU64::new(0),
            stops: AtomicU64::new(0),
            held: Mutex::default(),
        }))
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

    /// Cuts or mends the line: datagrams are lost both ways.
    pub fn set_line(&self, up: bool) {
        self.0.line.set(up);
    }

    /// How many stops came in.
    #[must_use]
    pub fn stops_heard(&self) -> u64 {
        self.0.stops.load(Ordering::Relaxed)
    }

    /// Opens sockets to this controller in memory; needs a runtime when it is used.
    #[must_use]
    pub fn dial(&self) -> impl DatagramDial + use<> {
        MemoryDial(self.clone())
    }

    /// Answers the datagrams that come to `socket`, for ever.
    ///
    /// # Errors
    /// The socket's, where it can receive nothing any more.
    pub async fn listen(self, socket: UdpSocket) -> io::Result<()> {
        let socket = Arc::new(socket);
        let mut buffer = vec![0; 1 << 16];
        loop {
            match socket.recv_from(&mut buffer).await {
                Ok((length, from)) => {
                    self.take(&buffer[..length], Way::Wire(Arc::clone(&socket), from)).await;
                }
                // An earlier answer met a closed port.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Carries out what a datagram asks, and answers.
    async fn take(&self, datagram: &[u8], way: Way) {
        for frame in self.0.map.decode(datagram).frames {
            if frame.zone != Self::ZONE || !self.0.line.is_up() {
                continue;
            }
            let (events, is_command) = self.carry_out(&frame).await;
            if events.is_empty() {
                continue;
            }
            let answer = events.iter().map(|event| self.0.map.event_frame(event, Self::ZONE));
            self.answer(answer.collect(), is_command, way.clone()).await;
        }
    }

    async fn answer(&self, mut frames: Vec<Frame>, is_command: bool, way: Way) {
        let fault = self.0.harm.next(is_command);
        if fault == Some(WireFault::Misnumber) {
            frames.iter_mut().for_each(|frame| frame.column ^= 0x55);
        }
        // Events have at most four data bytes.
        let mut datagram: Vec<u8> =
            frames.iter().filter_map(|frame| self.0.map.encode(frame).ok()).flatten().collect();
        let held = || self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Some(WireFault::Lose) => return,
            Some(WireFault::Reorder) => return held().push_back((datagram, way)),
            Some(WireFault::Delay(delay)) => {
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    way.send(datagram).await;
                });
                return;
            }
            Some(WireFault::Duplicate) => way.send(datagram.clone()).await,
            Some(WireFault::Reset(bytes)) => datagram.truncate(bytes),
            Some(WireFault::Misnumber) | None => {}
        }
        way.send(datagram).await;
        let late: Vec<_> = held().drain(..).collect();
        for (datagram, way) in late {
            way.send(datagram).await;
        }
    }

    /// What a frame does; the events that answer it, and whether it was a command to move.
    async fn carry_out(&self, frame: &Frame) -> (Vec<Event>, bool) {
        let (map, shelf, column) = (&self.0.map, &self.0.shelf, frame.column);
        let index = u16::from(column.wrapping_sub(map.bank.first_column));
        let columns = shelf.capabilities().aisles - 1;
        let target = match map.command_of(frame) {
            Some(Command::Query) if index < columns => return (self.status(column, index), false),
            Some(Command::QueryClimate) => {
                let climate = shelf.climate().await;
                return (
                    climate.map(|climate| Event::Climate { zone: Self::ZONE, climate }).into_iter().collect(),
                    false,
                );
            }
            Some(Command::Stop) => {
                self.0.stops.fetch_add(1, Ordering::Relaxed);
                let _ = shelf.stop().await;
                return (vec![Event::Arrived { column }], false);
            }
            Some(Command::OpenLeft) if index < columns => MoveTarget::Open(AisleId(index)),
            Some(Command::OpenRight) if index < columns => MoveTarget::Open(AisleId(index + 1)),
            Some(Command::Close) => MoveTarget::Close,
            Some(Command::Ventilate) => MoveTarget::Ventilate,
            _ => return (Vec::new(), false),
        };
        let number = self.0.moves.fetch_add(1, Ordering::Relaxed);
        let id = format!("udp-{number}").parse().expect("letters and digits are valid");
        match shelf.start(id, target).await {
            Ok(_) => (vec![Event::Moving { column }], true),
            // Busy: it takes no notice.
            Err(error) => {
                (error.interlock().map(|interlock| self.alarm(column, interlock)).into_iter().collect(), true)
            }
        }
    }

    fn alarm(&self, column: u8, interlock: Interlock) -> Event {
        // A code that no map has still means that something protects the bank.
        let code = self.0.map.alarm_code(interlock).unwrap_or(0xFF);
        Event::Alarm { column, code, interlock }
    }

    fn status(&self, column: u8, index: u16) -> Vec<Event> {
        // The controller stands beside its bank: no line between them can break.
        let state = self.0.shelf.state_beside();
        let alarms = state.interlocks.iter().filter(|interlock| **interlock != Interlock::Lock);
        let mut events: Vec<Event> = alarms.map(|interlock| self.alarm(column, *interlock)).collect();
        let gaps = state.gaps.unwrap_or_default();
        let is_open = |aisle: u16| gaps.get(usize::from(aisle)).is_some_and(|gap| gap.0 > 0);
        events.push(if state.moving {
            Event::Moving { column }
        } else if state.interlocks.contains(&Interlock::Lock) {
            Event::Column { column, state: ColumnState::Locked }
        } else {
            let state = match (is_open(index), is_open(index + 1)) {
                (false, false) => ColumnState::Closed,
                (true, false) => ColumnState::OpenLeft,
                (false, true) => ColumnState::OpenRight,
                (true, true) => ColumnState::OpenBoth,
            };
            Event::Column { column, state }
        });
        events
    }
}

#[derive(Debug)]
struct MemoryDial(SimulatedUdpController);

#[derive(Debug)]
struct MemorySocket {
    controller: SimulatedUdpController,
    outbox: mpsc::UnboundedSender<Vec<u8>>,
    inbox: tokio::sync::Mutex<mpsc::UnboundedReceiver<Vec<u8>>>,
}

#[async_trait]
impl DatagramDial for MemoryDial {
    async fn open(&self) -> io::Result<Box<dyn Datagrams>> {
        let (outbox, inbox) = mpsc::unbounded_channel();
        Ok(Box::new(MemorySocket { controller: self.0.clone(), outbox, inbox: inbox.into() }))
    }
}

#[async_trait]
impl Datagrams for MemorySocket {
    async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        self.controller.take(datagram, Way::Memory(self.outbox.clone())).await;
        Ok(())
    }

    async fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let ended = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let datagram = self.inbox.lock().await.recv().await.ok_or_else(ended)?;
        let length = datagram.len().min(buffer.len());
        buffer[..length].copy_from_slice(&datagram[..length]);
        Ok(length)
    }
}
