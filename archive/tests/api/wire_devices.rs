//! `archive simulate` and `archive prove`: simulated devices on the wire, and the kit against them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use archive_shelving::dial::{TcpDial, UdpDial};
use archive_shelving::http_controller::HttpMap;
use archive_shelving::layout::AisleId;
use archive_shelving::llrp_reader::LlrpReader;
use archive_shelving::modbus::{Framing, ModbusMap};
use archive_shelving::motion::{MoveOutcome, ShelfMotion, ShelfMotionExt};
use archive_shelving::polled::PolledShelf;
use archive_shelving::reading::{Antenna, AntennaPort, InventoryRequest, TagInventory};
use archive_shelving::udp_controller::UdpMap;

use crate::scene::{Scene, assert_fails, command, models_are_there, run, text};

/// A simulation that ends with the test.
struct Simulation {
    child: Child,
    lines: Vec<String>,
}

impl Drop for Simulation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Simulation {
    /// Starts the command and hears `lines` lines.
    fn start(command: &mut Command, lines: usize) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let lines: Vec<String> = output.lines().take(lines).map(Result::unwrap).collect();
        Self { child, lines }
    }

    /// The address after the name of a protocol.
    fn address(&self, protocol: &str) -> String {
        let line = self.lines.iter().find(|line| line.starts_with(protocol));
        line.unwrap_or_else(|| panic!("{protocol}: {:?}", self.lines)).rsplit(": ").next().unwrap().to_owned()
    }
}

fn simulate(arguments: &[&str]) -> Command {
    let mut command = command(["simulate", arguments[0]]);
    command.args(&arguments[1..]);
    command
}

#[tokio::test]
async fn one_simulated_bank_serves_every_protocol() {
    let any = "127.0.0.1:0";
    let lines = ["--modbus", any, "--udp", any, "--http", any, "--llrp", any];
    let own = ["--carriages", "3", "--hasten", "200", "--rate", "0.9"];
    let arguments: Vec<&str> = ["shelf"].into_iter().chain(lines).chain(own).collect();
    let simulation = Simulation::start(&mut simulate(&arguments), 5);
    assert_eq!(simulation.lines[0], "60 tags in bank HZ/R1/B1");

    let modbus = TcpDial::new(simulation.address("Modbus TCP"));
    let http = TcpDial::new(simulation.address("HTTP"));
    let udp = UdpDial::new(simulation.address("UDP"));
    let shelves = [
        PolledShelf::over_modbus("modbus", 4, ModbusMap::family_a(), Framing::Tcp, modbus),
        PolledShelf::over_udp("udp", 1, 3, UdpMap::simulated_b(), udp).unwrap(),
        PolledShelf::over_http("http", 3, HttpMap::simulated_c(), http).unwrap(),
    ];
    // All three move the same carriages.
    for (number, shelf) in shelves.iter().enumerate() {
        let aisle = AisleId(number as u16 + 1);
        let moved = shelf.open_aisle(format!("op-{number}").parse().unwrap(), aisle).await.unwrap();
        assert_eq!(moved, MoveOutcome::Done);
        for other in &shelves {
            assert_eq!(other.state().await.unwrap().open, Some(aisle));
        }
    }
    let antenna = |n: u16| Antenna { port: AntennaPort(n), aisle: Some(AisleId(n - 1)) };
    let dial = TcpDial::new(simulation.address("LLRP"));
    let reader = LlrpReader::new("reader", (1..=4).map(antenna).collect(), dial);
    let request = InventoryRequest { aisle: Some(AisleId(3)), duration: Duration::from_millis(500) };
    assert!(!reader.inventory(request).await.unwrap().reads.is_empty());
}

#[test]
fn a_reader_is_proven_on_the_wire() {
    let simulation = Simulation::start(&mut simulate(&["reader", "--llrp", "127.0.0.1:0"]), 2);
    let address = simulation.address("LLRP");
    let mut prove = command(["prove", "reader"]);
    let output = run(prove.args(["--llrp", &address, "--antennas", "6", "--json"]));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.iter().any(|check| check["result"] == "passed"), "{report}");
}

#[test]
fn what_is_not_there_is_a_finding_and_soon() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut prove = command(["prove", "reader"]);
    let output = run(prove.args(["--llrp", &closed, "--antennas", "2"]));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("FAIL  device-answers: inventory: reader at"), "{report}");
    assert!(report.contains("check the line"), "{report}");
}

#[test]
fn mistakes_are_named() {
    let used = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = used.local_addr().unwrap().to_string();
    let failures = [
        (vec!["shelf", "--modbus", &address], 4, "is the port in use?"),
        (vec!["shelf", "--rtu", "/dev/no-such-port"], 4, "/dev/no-such-port: cannot be opened"),
        (vec!["shelf", "--http", "127.0.0.1:0", "--faults", "2"], 3, "--faults"),
        (vec!["shelf", "--http", "127.0.0.1:0", "--hasten", "0"], 3, "simulated physics"),
        (vec!["reader", "--llrp", "127.0.0.1:0", "--rate", "1.5"], 3, "simulated radio"),
        (vec!["reader", "--llrp", "127.0.0.1:0", "--rates", "no-such.csv"], 4, "no-such.csv"),
        (vec!["reader", "--llrp", "127.0.0.1:0", "--archive", "/no/such/place"], 3, "/no/such/place"),
    ];
    for (arguments, code, message) in failures {
        assert_fails(&run(&mut simulate(&arguments)), code, &[message]);
    }
    // Without a line there is nothing to serve, or to prove.
    assert_eq!(run(&mut simulate(&["shelf"])).status.code(), Some(2));
    assert_eq!(run(&mut command(["prove", "shelf"])).status.code(), Some(2));
}

#[test]
fn the_population_is_the_catalogues_and_each_tag_may_have_its_rate() {
    if !models_are_there("the_population_is_the_catalogues_and_each_tag_may_have_its_rate") {
        return;
    }
    let scene = Scene::new();
    let archive = scene.open();
    archive.file(&scene.short_request("r-1")).unwrap();
    let standing = archive.standing_tags().unwrap();
    let [(tag, _)] = standing.as_slice() else { panic!("{standing:?}") };
    drop(archive);
    let rates = scene.path("rates.csv");
    let holdings = scene.holdings();
    let arguments =
        ["reader", "--llrp", "127.0.0.1:0", "--archive", text(&holdings), "--rates", text(&rates)];
    std::fs::write(&rates, format!("tag,rate\n{tag},0.5\n")).unwrap();
    let simulation = Simulation::start(&mut simulate(&arguments), 1);
    assert!(simulation.lines[0].starts_with("1 tags in bank "), "{:?}", simulation.lines);
    for (table, message) in [
        ("tag,rate\n2C14257BF460720000000190,0.5\n", "is not in the bank"),
        ("tag,rate\nno tag,0.5\n", "tag"),
        ("tag\n1\n", "has no tag and rate"),
    ] {
        std::fs::write(&rates, table).unwrap();
        assert_fails(&run(&mut simulate(&arguments)), 3, &[message]);
    }
}
