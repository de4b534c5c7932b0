//! The Modbus driver against the simulated controller: the kit, faults on the wire, real sockets.

use archive_core::ErrorKind;
use archive_core::holding::SlotAddress;
use archive_shelving::dial::TcpDial;
use archive_shelving::layout::{AisleId, BankLayout};
use archive_shelving::modbus::{Framing, ModbusMap};
use archive_shelving::motion::{MoveOutcome, ShelfMotion, ShelfMotionExt};
use archive_shelving::polled::PolledShelf;
use archive_shelving::simulated::{SimulatedController, SimulatedRoom};

use crate::wire_bench::{Bench, line_tests, op};

pub(crate) fn bench() -> Bench {
    Bench::new(|shelf| {
        let controller = SimulatedController::new(shelf, ModbusMap::family_a());
        let map = ModbusMap::family_a();
        let shelf = PolledShelf::over_modbus("bank HZ/R1/B1", 4, map, Framing::Tcp, controller.dial());
        (Box::new(controller), shelf)
    })
}

line_tests!(
    crate::modbus_driver::bench,
    [
        "every-operation-ends",
        "lock-refuses-moves",
        "nothing-unlocks-by-itself",
        "light-of-unknown-aisle-is-invalid"
    ]
);

#[tokio::test]
async fn it_works_over_real_sockets() {
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
    let fast = archive_shelving::simulated::Physics::default().hastened(200.0);
    let room = SimulatedRoom::builder([bank]).physics(fast).build().unwrap();
    let slot: SlotAddress = "HZ/R1/B1/C2/A/1/1/1".parse().unwrap();
    let controller = SimulatedController::new(room.shelf_of(&slot).unwrap(), ModbusMap::family_a());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(controller.listen(listener));
    let shelf =
        PolledShelf::over_modbus("bank", 4, ModbusMap::family_a(), Framing::Tcp, TcpDial::new(address));
    assert_eq!(shelf.open_aisle(op("1"), AisleId(2)).await.unwrap(), MoveOutcome::Done);
    assert_eq!(room.really_open(&slot).unwrap(), Some(AisleId(2)));
}

#[tokio::test]
async fn a_port_that_nobody_serves_is_a_clear_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let shelf =
        PolledShelf::over_modbus("bank B9", 4, ModbusMap::family_a(), Framing::Tcp, TcpDial::new(address));
    let error = shelf.state().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let shared = archive_core::Error::from(error).report();
    assert!(shared.starts_with("bank B9: cannot be reached: check the line"), "{shared}");
    assert!(shared.contains("refused"), "{shared}");
}

#[tokio::test(start_paused = true)]
async fn a_server_is_not_harmed_by_what_is_no_modbus() {
    use tokio::io::AsyncWriteExt;
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0, 1, 0, 0, 0xFF, 0xFF, 1, 1], &[0, 1, 0, 0, 0, 0], &[0]]
    {
        let (mut near, far) = tokio::io::duplex(256);
        let served = tokio::spawn({
            let bank = BankLayout::new("HZ", "R1", "B1", ["C1"]).unwrap();
            let room = SimulatedRoom::builder([bank]).build().unwrap();
            let shelf = room.shelf_of(&"HZ/R1/B1/C1/A/1/1/1".parse().unwrap()).unwrap();
            async move { SimulatedController::new(shelf, ModbusMap::family_a()).serve(far).await }
        });
        near.write_all(bytes).await.unwrap();
        drop(near);
        let _ = served.await.unwrap();
    }
}
