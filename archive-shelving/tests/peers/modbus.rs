//! Modbus: our driver before servers of others, our simulated controller behind a client of others.

use std::path::PathBuf;
use std::process::Command;

use archive_core::holding::SlotAddress;
use archive_shelving::dial::{Dial, Parity, SerialDial, TcpDial};
use archive_shelving::layout::{AisleId, BankLayout};
use archive_shelving::modbus::{Framing, ModbusMap};
use archive_shelving::motion::{MoveOutcome, ShelfMotion, ShelfMotionExt};
use archive_shelving::polled::PolledShelf;
use archive_shelving::simulated::{SimulatedController, SimulatedRoom};

use crate::peer::{Peer, free_port, has_program, python_with, run, scratch, script, serial_line};

async fn check_the_driver(framing: Framing, dial: impl Dial + 'static) {
    let shelf = PolledShelf::over_modbus("bank", 4, ModbusMap::family_a(), framing, dial);
    for (number, aisle) in [2, 0, 3].into_iter().enumerate() {
        let operation = format!("peer-{number}").parse().unwrap();
        assert_eq!(shelf.open_aisle(operation, AisleId(aisle)).await.unwrap(), MoveOutcome::Done);
        assert_eq!(shelf.state().await.unwrap().open, Some(AisleId(aisle)));
    }
    let climate = shelf.as_environment().unwrap().climate().await.unwrap();
    assert_eq!(climate.humidity.unwrap().to_string(), "48.0 % RH");
    shelf.stop().await.unwrap();
}

#[tokio::test]
async fn the_driver_opens_aisles_of_pymodbus() {
    let Some(python) = python_with("pymodbus.server") else { return };
    let port = free_port().to_string();
    let mut peer = Command::new(python);
    let (_peer, said) = Peer::start_and_hear(peer.arg(script("modbus_controller.py")).arg(&port)).await;
    assert_eq!(said, "ready");
    check_the_driver(Framing::Tcp, TcpDial::new(format!("127.0.0.1:{port}"))).await;
}

/// The controller on libmodbus, built here; `None` where libmodbus is absent.
fn libmodbus_server() -> Option<PathBuf> {
    let program = scratch("libmodbus").join(format!("modbus_server-{}", std::process::id()));
    let has_header = ["/usr/include/modbus/modbus.h", "/usr/local/include/modbus/modbus.h"];
    if !has_header.iter().any(|path| std::path::Path::new(path).is_file()) {
        // Says so, or fails, as for any program.
        has_program("libmodbus-dev");
        return None;
    }
    let mut compiler = Command::new("cc");
    compiler.args(["-I/usr/include/modbus", "-I/usr/local/include/modbus", "-o"]).arg(&program);
    let built = compiler.arg(script("modbus_server.c")).arg("-lmodbus").status().unwrap();
    assert!(built.success(), "cc: {built}");
    Some(program)
}

#[tokio::test]
async fn the_driver_opens_aisles_of_libmodbus() {
    let Some(server) = libmodbus_server() else { return };
    let port = free_port().to_string();
    let (_peer, said) = Peer::start_and_hear(Command::new(&server).args(["tcp", &port])).await;
    assert_eq!(said, "ready");
    check_the_driver(Framing::Tcp, TcpDial::new(format!("127.0.0.1:{port}"))).await;

    if !has_program("socat") {
        return;
    }
    let (_line, near, far) = serial_line("libmodbus").await;
    let (_peer, said) = Peer::start_and_hear(Command::new(&server).arg("rtu").arg(far)).await;
    assert_eq!(said, "ready");
    check_the_driver(Framing::Rtu, SerialDial::new(near, 19_200, Parity::None)).await;
}

fn room() -> (SimulatedRoom, SlotAddress) {
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
    (SimulatedRoom::builder([bank]).build().unwrap(), "HZ/R1/B1/C1/A/1/1/1".parse().unwrap())
}

/// What mbpoll reads from registers 10 to 14 and coil 2148, then writes: aisle 3, and the coil that opens it.
async fn check_the_simulator(room: &SimulatedRoom, slot: &SlotAddress, line: &[&str], device: &str) {
    let poll = |arguments: &[&str]| {
        let mut command = Command::new("mbpoll");
        command.args(["-0", "-1", "-q"]).args(line).args(arguments);
        command
    };
    let registers = run(poll(&["-t", "4", "-r", "10", "-c", "5", device])).await;
    let values: Vec<&str> =
        registers.lines().filter_map(|line| line.split("]:").nth(1)).map(str::trim).collect();
    // Target, temperature, humidity, open aisle, alarm.
    assert_eq!(values, ["0", "203", "480", "1", "0"], "{registers}");
    let coil = run(poll(&["-t", "0", "-r", "2148", "-c", "1", device])).await;
    assert!(coil.contains("[2148]: \t0"), "{coil}");
    run(poll(&["-t", "4", "-r", "10", device, "3"])).await;
    let before = room.moves_begun(slot).unwrap();
    run(poll(&["-t", "0", "-r", "2205", device, "1"])).await;
    assert_eq!(room.moves_begun(slot).unwrap(), before + 1);
}

#[tokio::test]
async fn mbpoll_drives_the_simulated_controller() {
    if !has_program("mbpoll") {
        return;
    }
    let (room, slot) = room();
    let controller = SimulatedController::new(room.shelf_of(&slot).unwrap(), ModbusMap::family_a());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    tokio::spawn(controller.listen(listener));
    check_the_simulator(&room, &slot, &["-m", "tcp", "-p", &port], "127.0.0.1").await;

    if !has_program("socat") {
        return;
    }
    let (_line, near, far) = serial_line("mbpoll").await;
    let (room, slot) = self::room();
    let controller = SimulatedController::new(room.shelf_of(&slot).unwrap(), ModbusMap::family_a());
    let port = SerialDial::new(far, 19_200, Parity::None).dial().await.unwrap();
    tokio::spawn(async move { controller.serve_rtu(port).await });
    let line = ["-m", "rtu", "-b", "19200", "-P", "none", "-a", "1"];
    check_the_simulator(&room, &slot, &line, near.to_str().unwrap()).await;
}
