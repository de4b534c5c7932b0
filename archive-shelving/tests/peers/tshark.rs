//! tshark dissects what our drivers and simulators say to each other.

use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use archive_core::holding::SlotAddress;
use archive_shelving::dial::{Dial, Link};
use archive_shelving::layout::{AisleId, BankLayout};
use archive_shelving::llrp_reader::LlrpReader;
use archive_shelving::modbus::{Framing, ModbusMap};
use archive_shelving::motion::ShelfMotionExt;
use archive_shelving::polled::PolledShelf;
use archive_shelving::reading::{InventoryRequest, TagInventory};
use archive_shelving::simulated::{SimulatedController, SimulatedLlrpReader, SimulatedRoom};
use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

use crate::peer::{has_program, run, scratch};

/// Pieces of a conversation, in their order; `true` where the driver spoke.
type Recording = Arc<Mutex<Vec<(bool, Vec<u8>)>>>;

/// Dials another device and records what is said.
#[derive(Debug)]
struct Tapped<D> {
    inner: D,
    recording: Recording,
}

#[async_trait]
impl<D: Dial> Dial for Tapped<D> {
    async fn dial(&self) -> io::Result<Box<dyn Link>> {
        let (near, middle) = tokio::io::duplex(1 << 16);
        let (from_driver, to_driver) = tokio::io::split(middle);
        let (from_device, to_device) = tokio::io::split(self.inner.dial().await?);
        tokio::spawn(copy(true, from_driver, to_device, Arc::clone(&self.recording)));
        tokio::spawn(copy(false, from_device, to_driver, Arc::clone(&self.recording)));
        Ok(Box::new(near))
    }
}

async fn copy<R: tokio::io::AsyncRead, W: tokio::io::AsyncWrite>(
    by_driver: bool,
    mut from: ReadHalf<R>,
    mut to: WriteHalf<W>,
    recording: Recording,
) {
    let mut bytes = vec![0; 1 << 14];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        recording.lock().unwrap().push((by_driver, bytes[..length].to_vec()));
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

/// A capture file: each piece as a TCP segment between two hosts, the device at `port`.
fn capture(recording: &Recording, port: u16) -> Vec<u8> {
    const RAW_IP: u32 = 101;
    let mut file = Vec::new();
    for word in [0xA1B2_C3D4, 0x0004_0002, 0, 0, 65_535, RAW_IP] {
        file.extend(u32::to_le_bytes(word));
    }
    // What each side has said so far, in bytes.
    let mut said = [1_u32, 1];
    for (number, (by_driver, bytes)) in recording.lock().unwrap().iter().enumerate() {
        let (from, to) = if *by_driver { (0, 1) } else { (1, 0) };
        let ports = [40_000, port];
        let length = 40 + bytes.len() as u16;
        let mut packet =
            vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, from as u8, 10, 0, 0, to as u8];
        packet[2..4].copy_from_slice(&length.to_be_bytes());
        packet.extend(ports[from].to_be_bytes());
        packet.extend(ports[to].to_be_bytes());
        packet.extend(said[from].to_be_bytes());
        packet.extend(said[to].to_be_bytes());
        // Twenty bytes of header; ACK and PSH; a window; no checksum, which tshark does not ask for.
        packet.extend([0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]);
        packet.extend(bytes);
        said[from] += bytes.len() as u32;
        for word in [number as u32 / 1000, number as u32 % 1000, packet.len() as u32, packet.len() as u32] {
            file.extend(u32::to_le_bytes(word));
        }
        file.extend(packet);
    }
    file
}

/// Every piece is dissected as `protocol`, none has an error; gives the values of `field`.
async fn check_dissection(recording: &Recording, port: u16, protocol: &str, field: &str) -> Vec<String> {
    let path = scratch("tshark").join(format!("{protocol}.pcap"));
    std::fs::write(&path, capture(recording, port)).unwrap();
    let tshark = |arguments: &[&str]| {
        let mut command = Command::new("tshark");
        command.arg("-r").arg(&path).args(arguments);
        command
    };
    const ERROR: u32 = 0x0080_0000;
    let errors = format!("_ws.malformed || _ws.expert.severity >= {ERROR}");
    assert_eq!(run(tshark(&["-Y", &errors, "-V"])).await, "");
    let values = run(tshark(&["-Y", protocol, "-T", "fields", "-E", "occurrence=a", "-e", field])).await;
    values.lines().flat_map(|line| line.split(',')).map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn tshark_dissects_our_frames() {
    if !has_program("tshark") {
        return;
    }
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
    let room = SimulatedRoom::builder([bank]).build().unwrap();
    let slot: SlotAddress = "HZ/R1/B1/C2/A/1/1/1".parse().unwrap();
    for number in 0..200 {
        let tag = archive_shelving::epc::UserCode::new(1, number).unwrap().to_tag();
        room.place_with_rate(tag, &slot, 0.9).unwrap();
    }

    let recording = Recording::default();
    let controller = SimulatedController::new(room.shelf_of(&slot).unwrap(), ModbusMap::family_a());
    let dial = Tapped { inner: controller.dial(), recording: Arc::clone(&recording) };
    let shelf = PolledShelf::over_modbus("bank", 4, ModbusMap::family_a(), Framing::Tcp, dial);
    shelf.open_aisle("1".parse().unwrap(), AisleId(3)).await.unwrap();
    let functions = check_dissection(&recording, 502, "mbtcp", "modbus.func_code").await;
    let pieces = recording.lock().unwrap().len();
    assert_eq!(functions.len(), pieces, "{functions:?}");
    for function in ["1", "3", "5", "6"] {
        assert!(functions.iter().any(|found| found == function), "{functions:?}");
    }

    let recording = Recording::default();
    let device = room.reader_of(&slot).unwrap();
    let antennas = device.capabilities().antennas;
    let dial = Tapped { inner: SimulatedLlrpReader::new(device).dial(), recording: Arc::clone(&recording) };
    let reader = LlrpReader::new("reader", antennas, dial);
    let request = InventoryRequest { aisle: Some(AisleId(1)), duration: Duration::from_secs(6) };
    reader.inventory(request).await.unwrap();
    let types = check_dissection(&recording, 5084, "llrp", "llrp.type").await;
    // The reports, a keep-alive and its answer, and a reader operation's life.
    for kind in ["61", "62", "72", "63", "3", "13", "20", "30", "24", "34", "22", "32", "21", "31"] {
        assert!(types.iter().any(|found| found == kind), "{kind} is not among {types:?}");
    }
}
