//! LLRP: a client of others reads our simulated reader, our driver reads an emulator of others.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use archive_core::holding::SlotAddress;
use archive_shelving::dial::TcpDial;
use archive_shelving::layout::{AisleId, BankLayout};
use archive_shelving::llrp_reader::LlrpReader;
use archive_shelving::reading::{Antenna, AntennaPort, InventoryRequest, TagInventory};
use archive_shelving::simulated::{SimulatedLlrpReader, SimulatedRoom};

use crate::peer::{Peer, free_port, python_with, run, script};

const TAGS: [&str; 2] = ["2C14257BF460720000000190", "2C14257BF460720000000191"];

#[tokio::test]
async fn sllurp_reads_the_simulated_reader() {
    let Some(python) = python_with("sllurp.llrp") else { return };
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2"]).unwrap();
    let room = SimulatedRoom::builder([bank]).build().unwrap();
    let slot: SlotAddress = "HZ/R1/B1/C1/A/1/1/1".parse().unwrap();
    for tag in TAGS {
        room.place_with_rate(tag.parse().unwrap(), &slot, 1.0).unwrap();
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let server = SimulatedLlrpReader::new(room.reader_of(&slot).unwrap());
    tokio::spawn(server.listen(listener));
    let mut client = Command::new(python);
    client.arg(script("llrp_client.py")).args([&port, "30"]);
    let codes = run(client).await;
    assert_eq!(codes.lines().collect::<Vec<_>>(), TAGS);
}

#[tokio::test]
async fn the_driver_reads_an_emulator_of_others() {
    let Some(python) = python_with("llrpkit.emulator") else { return };
    let port = free_port().to_string();
    let mut emulator = Command::new(python);
    let (_emulator, said) = Peer::start_and_hear(emulator.arg(script("llrp_emulator.py")).arg(&port)).await;
    assert_eq!(said, "ready");
    let antennas = [1, 2].map(|n| Antenna { port: AntennaPort(n), aisle: Some(AisleId(n - 1)) });
    let reader = LlrpReader::new("reader", antennas.to_vec(), TcpDial::new(format!("127.0.0.1:{port}")));
    for (aisle, expected) in
        [(Some(AisleId(0)), &TAGS[..1]), (Some(AisleId(1)), &TAGS[1..]), (None, &TAGS[..])]
    {
        let request = InventoryRequest { aisle, duration: Duration::from_secs(1) };
        let report = reader.inventory(request).await.unwrap();
        let read: BTreeSet<String> = report.reads.iter().map(|read| read.epc.to_string()).collect();
        assert_eq!(read.into_iter().collect::<Vec<_>>(), expected, "{aisle:?}: {report:?}");
        for read in &report.reads {
            assert!(read.rssi.is_some_and(|rssi| (-90..=-20).contains(&rssi.0)), "{read:?}");
        }
    }
}
