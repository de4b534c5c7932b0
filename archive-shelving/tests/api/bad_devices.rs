//! Devices that are silent, flood, hang up, speak another language, or vanish: each ends in an error that says
//! what to do, and the driver finds the good device that comes after.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use archive_core::ErrorKind;
use archive_shelving::dial::{DatagramDial, Datagrams, Dial, Link, Parity, SerialDial};
use archive_shelving::http_controller::HttpMap;
use archive_shelving::layout::BankLayout;
use archive_shelving::llrp_reader::LlrpReader;
use archive_shelving::modbus::{Framing, ModbusMap};
use archive_shelving::motion::ShelfMotion;
use archive_shelving::polled::PolledShelf;
use archive_shelving::reading::{InventoryRequest, TagInventory};
use archive_shelving::simulated::{
    SimulatedController, SimulatedHttpController, SimulatedLlrpReader, SimulatedRoom, SimulatedUdpController,
};
use archive_shelving::udp_controller::UdpMap;
use async_trait::async_trait;
use tokio::io::AsyncWriteExt;

/// What a device does instead of answering.
#[derive(Debug, Clone, Copy)]
enum Bad {
    Silent,
    HangsUp,
    Floods(&'static [u8]),
}

/// Noise, another protocol, and frames that are good and answer nothing.
const BAD: [Bad; 6] = [
    Bad::Silent,
    Bad::HangsUp,
    Bad::Floods(&[0xFF; 1024]),
    Bad::Floods(&[0x00; 1024]),
    Bad::Floods(b"SSH-2.0-OpenSSH_9.2\r\n"),
    // A Modbus answer, an LLRP keep-alive, an HTTP head, each again and again.
    Bad::Floods(&[0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 7, 0x04, 0x3E, 0, 0, 0, 10, 0, 0, 0, 1]),
];

/// Dials bad devices at first, then a good one.
#[derive(Debug)]
struct Mended<D> {
    bad: Bad,
    left: AtomicU32,
    good: D,
}

impl<D> Mended<D> {
    fn new(bad: Bad, good: D) -> Self {
        Self { bad, left: AtomicU32::new(1), good }
    }

    fn is_bad(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

#[async_trait]
impl<D: Dial> Dial for Mended<D> {
    async fn dial(&self) -> io::Result<Box<dyn Link>> {
        if !self.is_bad() {
            return self.good.dial().await;
        }
        let (near, mut far) = tokio::io::duplex(1 << 16);
        let bad = self.bad;
        tokio::spawn(async move {
            match bad {
                Bad::Silent => tokio::time::sleep(Duration::from_secs(3600)).await,
                Bad::HangsUp => {}
                // A device has a speed: without one, simulated time would stand still.
                Bad::Floods(bytes) => {
                    while far.write_all(bytes).await.is_ok() {
                        tokio::time::sleep(Duration::from_micros(100)).await;
                    }
                }
            }
        });
        Ok(Box::new(near))
    }
}

#[async_trait]
impl<D: DatagramDial> DatagramDial for Mended<D> {
    async fn open(&self) -> io::Result<Box<dyn Datagrams>> {
        if !self.is_bad() {
            return self.good.open().await;
        }
        Ok(Box::new(BadSocket(self.bad)))
    }
}

#[derive(Debug)]
struct BadSocket(Bad);

#[async_trait]
impl Datagrams for BadSocket {
    async fn send(&self, _datagram: &[u8]) -> io::Result<()> {
        Ok(())
    }

    async fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0 {
            Bad::Silent => std::future::pending().await,
            Bad::HangsUp => Err(io::ErrorKind::ConnectionRefused.into()),
            Bad::Floods(bytes) => {
                tokio::time::sleep(Duration::from_micros(100)).await;
                buffer[..bytes.len()].copy_from_slice(bytes);
                Ok(bytes.len())
            }
        }
    }
}

async fn check_shelf(bad: Bad, shelf: PolledShelf) {
    let begun = tokio::time::Instant::now();
    let limit = shelf.capabilities().answer_limit;
    if let Err(error) = shelf.state().await {
        // UDP asks again by itself, and may find the good device within one question.
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{bad:?}: {error}");
        let says = ["check the line", "dialled anew"].iter().any(|advice| error.to_string().contains(advice));
        assert!(says, "{bad:?}: {error}");
    }
    assert!(begun.elapsed() <= limit, "{bad:?}: {:?}", begun.elapsed());
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(shelf.state().await.is_ok(), "{bad:?}");
}

#[tokio::test(start_paused = true)]
async fn a_bad_device_is_told_and_the_good_one_after_it_found() {
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
    let room = SimulatedRoom::builder([bank]).build().unwrap();
    let slot = "HZ/R1/B1/C1/A/1/1/1".parse().unwrap();
    let shelf = || room.shelf_of(&slot).unwrap();
    for bad in BAD {
        let map = ModbusMap::family_a;
        let dial = Mended::new(bad, SimulatedController::new(shelf(), map()).dial());
        check_shelf(bad, PolledShelf::over_modbus("bank", 4, map(), Framing::Tcp, dial)).await;

        let dial = Mended::new(bad, SimulatedHttpController::new(shelf()).dial());
        check_shelf(bad, PolledShelf::over_http("bank", 3, HttpMap::simulated_c(), dial).unwrap()).await;

        let map = UdpMap::simulated_b;
        let dial = Mended::new(bad, SimulatedUdpController::new(shelf(), map()).dial());
        check_shelf(bad, PolledShelf::over_udp("bank", 1, 3, map(), dial).unwrap()).await;

        let device = room.reader_of(&slot).unwrap();
        let antennas = device.capabilities().antennas;
        let dial = Mended::new(bad, SimulatedLlrpReader::new(device).dial());
        let reader = LlrpReader::new("reader", antennas, dial);
        let request = InventoryRequest { aisle: None, duration: Duration::from_secs(1) };
        let error = reader.inventory(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{bad:?}: {error}");
        assert!(error.to_string().contains("dialled anew at the next call"), "{bad:?}: {error}");
        assert!(reader.inventory(request).await.is_ok(), "{bad:?}");
    }
}

/// A harmed LLRP line: what is reported was read in this call, whatever came late, twice or out of order. (That a
/// message is missing from the middle of a stream, nobody can see.)
#[tokio::test(start_paused = true)]
async fn a_harmed_reader_never_invents_reads() {
    for seed in 0..crate::wire_bench::schedules() {
        let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
        let room = SimulatedRoom::builder([bank]).seed(seed).build().unwrap();
        let slot = "HZ/R1/B1/C1/A/1/1/1".parse().unwrap();
        let tags: BTreeSet<_> =
            (0..20).map(|number| archive_shelving::epc::UserCode::new(1, number).unwrap().to_tag()).collect();
        tags.iter().for_each(|tag| room.place_with_rate(*tag, &slot, 1.0).unwrap());
        let device = room.reader_of(&slot).unwrap();
        let antennas = device.capabilities().antennas;
        let server = SimulatedLlrpReader::new(device);
        server.harm(0.1, seed);
        let reader = LlrpReader::new("reader", antennas, server.dial());
        let request =
            InventoryRequest { aisle: Some(room.aisle_of(&slot).unwrap()), duration: Duration::from_secs(1) };
        for round in 0..3 {
            if let Ok(report) = reader.inventory(request).await {
                let seen: BTreeSet<_> = report.reads.iter().map(|read| read.epc).collect();
                assert!(seen.is_subset(&tags), "seed {seed}, round {round}");
            }
        }
        // Gone tags are never read again: no report of an earlier call comes late.
        tags.iter().for_each(|tag| drop(room.remove(*tag)));
        for round in 0..2 {
            if let Ok(report) = reader.inventory(request).await {
                assert!(report.reads.is_empty(), "seed {seed}, round {round}: earlier reads");
            }
        }
    }
}

/// The pseudo-terminals that this process has open.
fn terminals() -> BTreeSet<PathBuf> {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let targets = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|path| path.starts_with("/dev/pts")).collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_serial_port_that_vanishes_is_told_and_found_again() {
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
    let room = SimulatedRoom::builder([bank]).build().unwrap();
    let shelf = room.shelf_of(&"HZ/R1/B1/C1/A/1/1/1".parse().unwrap()).unwrap();
    let controller = Arc::new(SimulatedController::new(shelf, ModbusMap::family_a()));
    // The port's name stays, as that of an adapter which is plugged in again.
    let name = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("port-{}", std::process::id()));
    let plug_in = || {
        let before = terminals();
        let (device, port) = serial2_tokio::SerialPort::pair().unwrap();
        let opened = terminals();
        let path = opened.difference(&before).next().unwrap();
        let _ = std::fs::remove_file(&name);
        std::os::unix::fs::symlink(path, &name).unwrap();
        let controller = Arc::clone(&controller);
        let serving = tokio::spawn(async move { controller.serve_rtu(device).await });
        (port, serving)
    };
    let (port, serving) = plug_in();
    let dial = SerialDial::new(&name, 19_200, Parity::None);
    let shelf = PolledShelf::over_modbus("bank B9", 4, ModbusMap::family_a(), Framing::Rtu, dial);
    assert!(shelf.state().await.is_ok());

    serving.abort();
    let _ = serving.await;
    drop(port);
    // The first question meets the broken session, a later one the missing port.
    for _ in 0..3 {
        let error = shelf.state().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        let report = archive_core::Error::from(error).report();
        let says = ["dialled anew", "check the line"].iter().any(|advice| report.contains(advice));
        assert!(report.starts_with("bank B9: ") && says, "{report}");
    }
    let (_port, _serving) = plug_in();
    for _ in 0..100 {
        if shelf.state().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the port is there again, and the driver does not find it");
}
