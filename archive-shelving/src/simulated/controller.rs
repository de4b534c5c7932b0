//! A Modbus controller in front of a simulated bank, on the wire or in memory.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use nom::Parser;
use nom::number::streaming::{be_u8, be_u16};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;

use super::chance::Chance;
use super::shelf::SimulatedShelf;
use crate::ability::Environment;
use crate::dial::{Dial, Link};
use crate::modbus::ModbusMap;
use crate::motion::{MoveTarget, ShelfMotion};

/// What the line does to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// The answer never comes.
    Lose,
    /// The answer comes after this long.
    Delay(Duration),
    /// The answer comes twice.
    Duplicate,
    /// The answer carries the number of another call.
    Misnumber,
    /// So many bytes of the answer come, then the connection ends.
    Reset(usize),
}

/// A Modbus controller (family of its map) that moves the carriages of a simulated bank.
///
/// Serves Modbus TCP: reading and writing single coils and holding registers.
#[derive(Debug, Clone)]
pub struct SimulatedController(Arc<Controller>);

#[derive(Debug)]
struct Controller {
    shelf: SimulatedShelf,
    map: ModbusMap,
    memory: Mutex<Memory>,
    line: watch::Sender<bool>,
    moves: AtomicU64,
}

#[derive(Debug)]
struct Memory {
    target: u16,
    coils: BTreeMap<u16, bool>,
    injected: VecDeque<WireFault>,
    /// Applies to writes of command coils alone: the command acts, its answer is lost.
    lose_command_answer: bool,
    fault_rate: f64,
    chance: Chance,
    stops_heard: u64,
}

/// The longest Modbus TCP frame after its length field.
const LONGEST_BODY: u16 = 254;
const ILLEGAL_FUNCTION: u8 = 1;
const ILLEGAL_ADDRESS: u8 = 2;
const ILLEGAL_VALUE: u8 = 3;

impl SimulatedController {
    /// A controller in front of `shelf` that understands `map`.
    #[must_use]
    pub fn new(shelf: SimulatedShelf, map: ModbusMap) -> Self {
        let memory = Memory {
            target: 0,
            coils: BTreeMap::new(),
            injected: VecDeque::new(),
            lose_command_answer: false,
            fault_rate: 0.0,
            chance: Chance::new(1),
            stops_heard: 0,
        };
        let (line, _) = watch::channel(true);
        Self(Arc::new(Controller { shelf, map, memory: Mutex::new(memory), line, moves: AtomicU64::new(0) }))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // No code panics between two changes that belong together.
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a fault for the next answer.
    pub fn inject(&self, fault: WireFault) {
        self.memory().injected.push_back(fault);
    }

    /// Carries out the next command and loses its answer.
    pub fn lose_next_command_answer(&self) {
        self.memory().lose_command_answer = true;
    }

    /// Harms so large a share of all answers by chance, with all faults.
    pub fn harm(&self, share: f64, seed: u64) {
        let mut memory = self.memory();
        (memory.fault_rate, memory.chance) = (share.clamp(0.0, 1.0), Chance::new(seed));
    }

    /// Cuts or mends the line: open connections end, and nobody gets through.
    pub fn set_line(&self, up: bool) {
        self.0.line.send_replace(up);
    }

    /// How many pulses of the stop coil came in.
    #[must_use]
    pub fn stops_heard(&self) -> u64 {
        self.memory().stops_heard
    }

    /// Dials this controller in memory; needs a runtime when it is used.
    #[must_use]
    pub fn dial(&self) -> impl Dial + use<> {
        MemoryDial(self.clone())
    }

    /// Serves every connection of `listener` until the listener fails.
    ///
    /// # Errors
    /// The listener's.
    pub async fn listen(self, listener: tokio::net::TcpListener) -> io::Result<()> {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let controller = self.clone();
            tokio::spawn(async move {
                // A client that breaks its connection is its own affair.
                let _ = controller.serve(stream).await;
            });
        }
    }

    /// Serves one connection until it ends.
    ///
    /// # Errors
    /// `InvalidData` where a frame is no Modbus, `ConnectionReset` where the line is cut, and the
    /// stream's.
    pub async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let mut line = self.0.line.subscribe();
        tokio::select! {
            _ = line.wait_for(|up| !up) => Err(io::ErrorKind::ConnectionReset.into()),
            served = self.serve_frames(&mut stream) => served,
        }
    }

    async fn serve_frames(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
        loop {
            let mut header = [0; 6];
            match stream.read_exact(&mut header).await {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            }
            let [id @ .., protocol_high, protocol_low, length_high, length_low] = header;
            let length = u16::from_be_bytes([length_high, length_low]);
            if (protocol_high, protocol_low) != (0, 0) || !(3..=LONGEST_BODY).contains(&length) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "not a Modbus TCP frame"));
            }
            let mut body = vec![0; usize::from(length)];
            stream.read_exact(&mut body).await?;
            let answer = self.carry_out(body[0], &body[1..]).await;
            self.send(stream, id, &answer).await?;
        }
    }

    async fn send(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        id: [u8; 2],
        answer: &(Vec<u8>, bool),
    ) -> io::Result<()> {
        let (body, is_command) = answer;
        // Answers have at most 254 bytes.
        let mut frame = [&id[..], &[0, 0], &(body.len() as u16).to_be_bytes(), body].concat();
        match self.next_fault(*is_command) {
            Some(WireFault::Lose) => return Ok(()),
            Some(WireFault::Delay(delay)) => tokio::time::sleep(delay).await,
            Some(WireFault::Duplicate) => frame = frame.repeat(2),
            Some(WireFault::Misnumber) => frame[1] ^= 0x55,
            Some(WireFault::Reset(bytes)) => {
                stream.write_all(&frame[..bytes.min(frame.len())]).await?;
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            None => {}
        }
        stream.write_all(&frame).await
    }

    fn next_fault(&self, is_command: bool) -> Option<WireFault> {
        let mut memory = self.memory();
        if is_command && std::mem::take(&mut memory.lose_command_answer) {
            return Some(WireFault::Lose);
        }
        if let Some(fault) = memory.injected.pop_front() {
            return Some(fault);
        }
        let rate = memory.fault_rate;
        if !memory.chance.happens(rate) {
            return None;
        }
        let draw = memory.chance.next_u64();
        Some(match draw % 5 {
            0 => WireFault::Lose,
            1 => WireFault::Delay(Duration::from_millis(draw >> 8 & 0x3FF)),
            2 => WireFault::Duplicate,
            3 => WireFault::Misnumber,
            _ => WireFault::Reset((draw >> 8 & 0xF) as usize),
        })
    }

    /// Answers one request; says whether it was a command.
    async fn carry_out(&self, unit: u8, request: &[u8]) -> (Vec<u8>, bool) {
        let function = request.first().copied().unwrap_or_default();
        match self.answer(request).await {
            Ok((data, is_command)) => ([&[unit, function][..], &data].concat(), is_command),
            Err(exception) => (vec![unit, function | 0x80, exception], false),
        }
    }

    async fn answer(&self, request: &[u8]) -> Result<(Vec<u8>, bool), u8> {
        let parsed: nom::IResult<&[u8], (u8, u16, u16)> = (be_u8, be_u16, be_u16).parse(request);
        let (_, (function, address, value)) = parsed.map_err(|_| ILLEGAL_VALUE)?;
        match function {
            1 => {
                if value != 1 {
                    return Err(ILLEGAL_VALUE);
                }
                Ok((vec![1, u8::from(self.coil(address).await?)], false))
            }
            3 => {
                if value != 1 {
                    return Err(ILLEGAL_VALUE);
                }
                let word = self.register(address).await?.to_be_bytes();
                Ok((vec![2, word[0], word[1]], false))
            }
            5 => {
                let on = match value {
                    0xFF00 => true,
                    0 => false,
                    _ => return Err(ILLEGAL_VALUE),
                };
                self.set_coil(address, on).await?;
                Ok((request[1..5].to_vec(), on))
            }
            6 => {
                if address != self.0.map.registers.target_aisle {
                    return Err(ILLEGAL_ADDRESS);
                }
                self.memory().target = value;
                Ok((request[1..5].to_vec(), false))
            }
            _ => Err(ILLEGAL_FUNCTION),
        }
    }

    async fn coil(&self, address: u16) -> Result<bool, u8> {
        let map = &self.0.map;
        // The controller stands beside its bank: no line between them can break.
        let state = self.0.shelf.state_beside();
        if address == map.state.running.coil {
            return Ok(state.moving == map.state.running.on);
        }
        if address == map.state.protected.coil {
            let protected = !state.interlocks.is_empty();
            return Ok(protected == map.state.protected.on);
        }
        self.memory().coils.get(&address).copied().ok_or(ILLEGAL_ADDRESS)
    }

    async fn register(&self, address: u16) -> Result<u16, u8> {
        let (map, state) = (&self.0.map, self.0.shelf.state_beside());
        let registers = &map.registers;
        if address == registers.open_aisle {
            return Ok(state.open.map_or(0, |aisle| map.number_of(aisle)));
        }
        if address == registers.target_aisle {
            return Ok(self.memory().target);
        }
        if Some(address) == registers.alarm {
            return Ok(state.interlocks.first().map_or(0, |interlock| map.alarm_code(*interlock)));
        }
        let climate = self.0.shelf.climate().await.map_err(|_| ILLEGAL_ADDRESS)?;
        if Some(address) == registers.temperature {
            return climate.temperature.map(|t| t.0 as u16).ok_or(ILLEGAL_ADDRESS);
        }
        if Some(address) == registers.humidity {
            return climate.humidity.map(|h| h.0).ok_or(ILLEGAL_ADDRESS);
        }
        Err(ILLEGAL_ADDRESS)
    }

    async fn set_coil(&self, address: u16, on: bool) -> Result<(), u8> {
        let coils = &self.0.map.coils;
        let rises = on && self.memory().coils.insert(address, on) != Some(true);
        if !on {
            self.memory().coils.insert(address, false);
        }
        let target = if address == coils.open {
            let number = self.memory().target;
            MoveTarget::Open(self.0.map.aisle_numbered(number).ok_or(ILLEGAL_VALUE)?)
        } else if address == coils.close {
            MoveTarget::Close
        } else if Some(address) == coils.ventilate {
            MoveTarget::Ventilate
        } else if address == coils.stop {
            if rises {
                self.memory().stops_heard += 1;
                let _ = self.0.shelf.stop().await;
            }
            return Ok(());
        } else {
            return Err(ILLEGAL_ADDRESS);
        };
        if rises {
            let number = self.0.moves.fetch_add(1, Ordering::Relaxed);
            let id = format!("controller-{number}").parse().expect("letters and digits are valid");
            // A programme of this kind takes no notice of a command that its protections refuse.
            let _ = self.0.shelf.start(id, target).await;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryDial(SimulatedController);

#[async_trait]
impl Dial for MemoryDial {
    async fn dial(&self) -> io::Result<Box<dyn Link>> {
        if !*self.0.0.line.borrow() {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (near, far) = tokio::io::duplex(4096);
        let controller = self.0.clone();
        tokio::spawn(async move {
            let _ = controller.serve(far).await;
        });
        Ok(Box::new(near))
    }
}
