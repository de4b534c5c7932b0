//! Programs that nobody here wrote, on the wire.
//!
//! Needs Python 3 with `pymodbus` (3.10 or later, not 3.16.0) and `sllurp` (3.0.5); `ARCHIVE_PYTHON`
//! names the interpreter. An absent peer is skipped loudly, and an error where
//! `ARCHIVE_REQUIRE_PEERS=1`.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use archive_core::holding::SlotAddress;
use archive_shelving::dial::TcpDial;
use archive_shelving::layout::{AisleId, BankLayout};
use archive_shelving::modbus::{Framing, ModbusMap};
use archive_shelving::motion::{MoveOutcome, ShelfMotion, ShelfMotionExt};
use archive_shelving::polled::PolledShelf;
use archive_shelving::simulated::{SimulatedLlrpReader, SimulatedRoom};

/// The interpreter, where it has the module.
fn python_with(module: &str) -> Option<String> {
    let python = std::env::var("ARCHIVE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let import = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    if import.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    assert!(
        std::env::var("ARCHIVE_REQUIRE_PEERS").as_deref() != Ok("1"),
        "{python} cannot import {module}: install it, or name another interpreter in ARCHIVE_PYTHON"
    );
    eprintln!("SKIPPED: {python} cannot import {module}, so this peer was not tested");
    None
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// A peer that ends with the test.
struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_modbus_driver_opens_an_aisle_of_pymodbus() {
    let Some(python) = python_with("pymodbus.server") else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut peer = Command::new(python);
    peer.arg(script("modbus_controller.py")).arg(port.to_string());
    let mut peer = Peer(peer.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let output = peer.0.stdout.take().unwrap();
    let ready = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).map(|_| line)
    });
    let ready = tokio::time::timeout(Duration::from_secs(60), ready).await;
    assert_eq!(ready.expect("the peer starts in time").unwrap().unwrap(), "ready\n");

    let dial = TcpDial::new(format!("127.0.0.1:{port}"));
    let shelf = PolledShelf::over_modbus("bank", 4, ModbusMap::family_a(), Framing::Tcp, dial);
    for (number, aisle) in [2, 0, 3].into_iter().enumerate() {
        let operation = format!("peer-{number}").parse().unwrap();
        assert_eq!(shelf.open_aisle(operation, AisleId(aisle)).await.unwrap(), MoveOutcome::Done);
        assert_eq!(shelf.state().await.unwrap().open, Some(AisleId(aisle)));
    }
    let climate = shelf.as_environment().unwrap().climate().await.unwrap();
    assert_eq!(climate.humidity.unwrap().to_string(), "48.0 % RH");
}

#[tokio::test]
async fn sllurp_reads_the_simulated_reader() {
    let Some(python) = python_with("sllurp.llrp") else { return };
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2"]).unwrap();
    let room = SimulatedRoom::builder([bank]).build().unwrap();
    let slot: SlotAddress = "HZ/R1/B1/C1/A/1/1/1".parse().unwrap();
    let tags = ["2C14257BF460720000000190", "2C14257BF460720000000191"];
    for tag in tags {
        room.place_with_rate(tag.parse().unwrap(), &slot, 1.0).unwrap();
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let server = SimulatedLlrpReader::new(room.reader_of(&slot).unwrap());
    tokio::spawn(server.listen(listener));
    let read = tokio::task::spawn_blocking(move || {
        Command::new(python).arg(script("llrp_client.py")).args([&port, "30"]).output()
    });
    let output = read.await.unwrap().unwrap();
    let codes = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(codes.lines().collect::<Vec<_>>(), tags, "{}", String::from_utf8_lossy(&output.stderr));
}
