//! Modbus without numbers: a late answer looks like the answer to the next question.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use archive_shelving::dial::{Dial, Link};
use archive_shelving::layout::AisleId;
use archive_shelving::modbus::{Framing, ModbusMap};
use archive_shelving::motion::{MoveOutcome, ShelfMotion, ShelfMotionExt};
use archive_shelving::polled::PolledShelf;
use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, SimplexStream, WriteHalf};

/// One serial line for all sessions: what is sent to a port that was closed comes out of the next one.
#[derive(Debug, Clone)]
struct SerialLine {
    inbound: Arc<tokio::sync::Mutex<ReadHalf<SimplexStream>>>,
    outbound: Arc<tokio::sync::Mutex<WriteHalf<SimplexStream>>>,
}

#[async_trait]
impl Dial for SerialLine {
    async fn dial(&self) -> io::Result<Box<dyn Link>> {
        let (near, far) = tokio::io::duplex(4096);
        let (mut from_driver, mut to_driver) = tokio::io::split(far);
        let (inbound, outbound) = (Arc::clone(&self.inbound), Arc::clone(&self.outbound));
        let pump = tokio::spawn(async move {
            let mut inbound = inbound.lock().await;
            let mut bytes = [0; 256];
            while let Ok(count @ 1..) = inbound.read(&mut bytes).await {
                if to_driver.write_all(&bytes[..count]).await.is_err() {
                    return;
                }
            }
        });
        tokio::spawn(async move {
            let mut outbound = outbound.lock().await;
            let mut bytes = [0; 256];
            while let Ok(count @ 1..) = from_driver.read(&mut bytes).await {
                if outbound.write_all(&bytes[..count]).await.is_err() {
                    return;
                }
            }
            // The port is closed: what comes now waits for the next one.
            pump.abort();
        });
        Ok(Box::new(near))
    }
}

#[derive(Debug, Default)]
struct Memory {
    target: u16,
    open: u16,
    /// How long the next answers take.
    delays: Vec<Duration>,
    /// How many of the next answers have a wrong check byte.
    corrupt: u32,
}

fn crc(bytes: &[u8]) -> [u8; 2] {
    let crc = bytes.iter().fold(0xFFFF_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xA001 } else { 0 })
    });
    crc.to_le_bytes()
}

/// A controller on a serial line, which answers in order, however late.
fn controller() -> (SerialLine, Arc<Mutex<Memory>>) {
    let (mut requests, to_device) = tokio::io::simplex(4096);
    let (from_device, mut answers) = tokio::io::simplex(4096);
    let memory = Arc::new(Mutex::new(Memory { open: 1, ..Memory::default() }));
    let device = Arc::clone(&memory);
    tokio::spawn(async move {
        // Every request that the driver makes has eight bytes.
        let mut request = [0; 8];
        while requests.read_exact(&mut request).await.is_ok() {
            assert_eq!(crc(&request[..6]), request[6..], "the driver's checksum");
            let address = u16::from_be_bytes([request[2], request[3]]);
            let value = u16::from_be_bytes([request[4], request[5]]);
            let (mut answer, delay, corrupt) = {
                let mut memory = device.lock().unwrap();
                let body = match (request[1], address) {
                    (1, _) => vec![1, 0],
                    (3, 13) => [&[2][..], &memory.open.to_be_bytes()].concat(),
                    (3, 10) => [&[2][..], &memory.target.to_be_bytes()].concat(),
                    (3, 11) => vec![2, 0x00, 203],
                    (3, 12) => vec![2, 0x01, 0xE0],
                    (3, _) => vec![2, 0, 0],
                    (6, _) => {
                        memory.target = value;
                        request[2..6].to_vec()
                    }
                    (5, 2205) => {
                        if value == 0xFF00 {
                            memory.open = memory.target;
                        }
                        request[2..6].to_vec()
                    }
                    _ => request[2..6].to_vec(),
                };
                let delay = if memory.delays.is_empty() { Duration::ZERO } else { memory.delays.remove(0) };
                let corrupt = memory.corrupt > 0;
                memory.corrupt = memory.corrupt.saturating_sub(1);
                ([&request[..2], &body].concat(), delay, corrupt)
            };
            answer.extend(crc(&answer));
            if corrupt {
                *answer.last_mut().unwrap() ^= 1;
            }
            tokio::time::sleep(delay).await;
            if answers.write_all(&answer).await.is_err() {
                return;
            }
        }
    });
    let line = SerialLine {
        inbound: Arc::new(tokio::sync::Mutex::new(from_device)),
        outbound: Arc::new(tokio::sync::Mutex::new(to_device)),
    };
    (line, memory)
}

#[tokio::test(start_paused = true)]
async fn a_move_works_over_rtu() {
    let (line, _) = controller();
    let shelf = PolledShelf::over_modbus("bank", 4, ModbusMap::family_a(), Framing::Rtu, line);
    let outcome = shelf.open_aisle("1".parse().unwrap(), AisleId(2)).await.unwrap();
    assert_eq!(outcome, MoveOutcome::Done);
}

#[tokio::test(start_paused = true)]
async fn a_late_register_is_not_taken_for_the_next_one() {
    let (line, memory) = controller();
    let shelf = PolledShelf::over_modbus("bank", 4, ModbusMap::family_a(), Framing::Rtu, line);
    assert_eq!(shelf.state().await.unwrap().open, Some(AisleId(0)));
    for late in [510, 600, 900] {
        // The temperature, register 11, is answered when the humidity or the open aisle is asked for.
        memory.lock().unwrap().delays = vec![Duration::from_millis(late)];
        let climate = shelf.as_environment().unwrap().climate().await;
        assert!(climate.is_err(), "{late} ms: {climate:?}");
        let state = shelf.state().await.unwrap();
        assert_eq!(state.open, Some(AisleId(0)), "{late} ms: a stale register");
        let climate = shelf.as_environment().unwrap().climate().await.unwrap();
        assert_eq!(climate.humidity.unwrap().to_string(), "48.0 % RH", "{late} ms: a stale register");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_a_wrong_check_byte_is_none() {
    let (line, memory) = controller();
    let shelf = PolledShelf::over_modbus("bank", 4, ModbusMap::family_a(), Framing::Rtu, line);
    assert_eq!(shelf.state().await.unwrap().open, Some(AisleId(0)));
    memory.lock().unwrap().corrupt = 1;
    let error = shelf.state().await.unwrap_err();
    assert_eq!(error.kind(), archive_core::ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("the line is dialled anew"), "{error}");
    assert_eq!(shelf.state().await.unwrap().open, Some(AisleId(0)));
}
