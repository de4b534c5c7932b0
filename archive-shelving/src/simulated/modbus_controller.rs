//! A Modbus controller in front of a simulated bank, on the wire or in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nom::Parser;
use nom::number::streaming::{be_u8, be_u16};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpListener;

use super::line::{Line, MemoryDial, Served, listen};
use super::shelf::SimulatedShelf;
use super::wire_fault::{Harm, HarmedSender, WireFault};
use crate::ability::Environment;
use crate::dial::{Dial, Link};
use crate::modbus::ModbusMap;
use crate::motion::{MoveTarget, ShelfMotion};

/// A Modbus controller (family of its map) that moves the carriages of a simulated bank.
///
/// Serves Modbus TCP and RTU: reading coils and holding registers, writing single ones.
#[derive(Debug, Clone)]
pub struct SimulatedController(Arc<Controller>);

#[derive(Debug)]
struct Controller {
    shelf: SimulatedShelf,
    map: ModbusMap,
    memory: Mutex<Memory>,
    line: Line,
    harm: Harm,
    moves: AtomicU64,
}

#[derive(Debug)]
struct Memory {
    target: u16,
    coils: BTreeMap<u16, bool>,
    stops_heard: u64,
}

/// The longest Modbus TCP frame after its length field.
const LONGEST_BODY: u16 = 254;
/// Requests of functions 1 to 6 on a serial line: unit, function, address, value, check bytes.
const RTU_REQUEST: usize = 8;
/// The most coils or registers that one request may ask for.
const MOST_ITEMS: u16 = 125;
const ILLEGAL_FUNCTION: u8 = 1;
const ILLEGAL_ADDRESS: u8 = 2;
const ILLEGAL_VALUE: u8 = 3;

impl SimulatedController {
    /// A controller in front of `shelf` that understands `map`.
    #[must_use]
    pub fn new(shelf: SimulatedShelf, map: ModbusMap) -> Self {
        let memory = Memory { target: 0, coils: BTreeMap::new(), stops_heard: 0 };
        let (line, harm, moves) = (Line::new(), Harm::none(), AtomicU64::new(0));
        Self(Arc::new(Controller { shelf, map, memory: Mutex::new(memory), line, harm, moves }))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // No code panics between two changes that belong together.
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Serves every connection of `listener` for ever.
    pub async fn listen(self, listener: TcpListener) -> Infallible {
        listen(self, listener).await
    }

    /// Serves one connection until it ends.
    ///
    /// # Errors
    /// `InvalidData` where a frame is no Modbus, `ConnectionReset` where the line is cut, and the
    /// stream's.
    pub async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        self.0.line.guard(self.serve_frames(&mut stream)).await
    }

    async fn serve_frames(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
        let mut sender = HarmedSender::default();
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
            let (answer, is_command) = self.carry_out(body[0], &body[1..]).await;
            // Answers have at most 254 bytes.
            let frame = [&id[..], &[0, 0], &(answer.len() as u16).to_be_bytes(), &answer].concat();
            sender.send(stream, frame, 1, self.0.harm.next(is_command)).await?;
        }
    }

    /// Serves Modbus RTU on a serial line until it ends: requests to the map's unit, found by their check
    /// bytes, whatever stands between them.
    ///
    /// # Errors
    /// The stream's, and `ConnectionReset` where the line is cut.
    pub async fn serve_rtu(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        self.0.line.guard(self.serve_requests(&mut stream)).await
    }

    async fn serve_requests(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
        let (mut received, mut sender) = (Vec::new(), HarmedSender::default());
        loop {
            while let Some(request) = received.first_chunk::<RTU_REQUEST>() {
                let [unit, function, .., low, high] = *request;
                if crc16(&request[..RTU_REQUEST - 2]) != [low, high] || !(1..=6).contains(&function) {
                    received.remove(0);
                    continue;
                }
                let pdu = request[1..RTU_REQUEST - 2].to_vec();
                received.drain(..RTU_REQUEST);
                if unit == self.0.map.unit() {
                    let (mut answer, is_command) = self.carry_out(unit, &pdu).await;
                    answer.extend(crc16(&answer));
                    sender.send(stream, answer, 0, self.0.harm.next(is_command)).await?;
                }
            }
            if stream.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
        }
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
            1 | 3 if !(1..=MOST_ITEMS).contains(&value) => Err(ILLEGAL_VALUE),
            1 => {
                let mut bytes = vec![0; usize::from(value).div_ceil(8)];
                for index in 0..value {
                    let address = address.checked_add(index).ok_or(ILLEGAL_ADDRESS)?;
                    bytes[usize::from(index) / 8] |= u8::from(self.coil(address).await?) << (index % 8);
                }
                // At most 16 bytes.
                Ok(([&[bytes.len() as u8], &bytes[..]].concat(), false))
            }
            3 => {
                let mut bytes = vec![(value * 2) as u8];
                for index in 0..value {
                    let address = address.checked_add(index).ok_or(ILLEGAL_ADDRESS)?;
                    bytes.extend(self.register(address).await?.to_be_bytes());
                }
                Ok((bytes, false))
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
            let id = format!("modbus-{number}").parse().expect("letters and digits are valid");
            // A programme of this kind takes no notice of a command that its protections refuse.
            let _ = self.0.shelf.start(id, target).await;
        }
        Ok(())
    }
}

/// The check bytes of Modbus RTU, in the order of the wire.
fn crc16(bytes: &[u8]) -> [u8; 2] {
    let step = |crc: u16| crc >> 1 ^ if crc & 1 == 1 { 0xA001 } else { 0 };
    let crc = bytes.iter().fold(0xFFFF, |crc, byte| (0..8).fold(crc ^ u16::from(*byte), |crc, _| step(crc)));
    crc.to_le_bytes()
}

impl Served for SimulatedController {
    fn line(&self) -> &Line {
        &self.0.line
    }

    async fn serve_link(self, link: Box<dyn Link>) -> io::Result<()> {
        self.serve(link).await
    }
}
