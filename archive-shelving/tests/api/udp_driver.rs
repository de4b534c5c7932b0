//! The UDP driver against the simulated controller of family B: the kit, faults on the wire, real sockets.

use archive_core::ErrorKind;
use archive_shelving::dial::UdpDial;
use archive_shelving::layout::AisleId;
use archive_shelving::motion::{MoveOutcome, ShelfMotion, ShelfMotionExt};
use archive_shelving::polled::PolledShelf;
use archive_shelving::simulated::{Physics, SimulatedRoom, SimulatedUdpController};
use archive_shelving::udp_controller::UdpMap;

use crate::wire_bench::{Bench, line_tests, op};

pub(crate) fn bench() -> Bench {
    Bench::new(|shelf| {
        let controller = SimulatedUdpController::new(shelf, UdpMap::simulated_b());
        let shelf = PolledShelf::over_udp("bank HZ/R1/B1", 1, 3, UdpMap::simulated_b(), controller.dial());
        (Box::new(controller), shelf.unwrap())
    })
}

line_tests!(
    crate::udp_driver::bench,
    [
        "every-operation-ends",
        "lock-refuses-moves",
        "nothing-unlocks-by-itself",
        "light-of-unknown-aisle-is-invalid"
    ]
);

#[tokio::test]
async fn a_map_that_cannot_stop_or_ask_is_refused() {
    let controller = UdpDial::new("127.0.0.1:9");
    let error = PolledShelf::over_udp("bank", 1, 3, UdpMap::family_b(), controller.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("commands.stop: ask the vendor"), "{error}");
    for columns in [0, 201] {
        let map = UdpMap::simulated_b();
        let error = PolledShelf::over_udp("bank", 1, columns, map, controller.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

#[tokio::test]
async fn it_works_over_real_sockets() {
    let bank = archive_shelving::layout::BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
    let room = SimulatedRoom::builder([bank]).physics(Physics::default().hastened(200.0)).build().unwrap();
    let slot = "HZ/R1/B1/C2/A/1/1/1".parse().unwrap();
    let controller = SimulatedUdpController::new(room.shelf_of(&slot).unwrap(), UdpMap::simulated_b());
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    tokio::spawn(controller.listen(socket));
    let dial = UdpDial::new(address);
    let shelf = PolledShelf::over_udp("bank", 1, 3, UdpMap::simulated_b(), dial).unwrap();
    assert_eq!(shelf.open_aisle(op("1"), AisleId(2)).await.unwrap(), MoveOutcome::Done);
    assert_eq!(room.really_open(&slot).unwrap(), Some(AisleId(2)));
}

#[tokio::test]
async fn a_port_that_nobody_serves_is_a_clear_error() {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    drop(socket);
    let shelf = PolledShelf::over_udp("bank B9", 1, 3, UdpMap::simulated_b(), UdpDial::new(address)).unwrap();
    let error = shelf.state().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    // What the system tells of a closed port depends on how soon it answers.
    assert!(error.to_string().contains("check the line"), "{error}");
}
