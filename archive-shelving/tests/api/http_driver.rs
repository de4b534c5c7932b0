//! The HTTP driver against the simulated controller of family C: the kit, faults on the wire, strange answers.

use std::io;
use std::time::Duration;

use archive_core::ErrorKind;
use archive_shelving::device_error::{Certainty, Interlock};
use archive_shelving::dial::{Dial, Link, TcpDial};
use archive_shelving::http_controller::HttpMap;
use archive_shelving::layout::{AisleId, BankLayout};
use archive_shelving::motion::{MoveOutcome, MoveTarget, ShelfMotion, ShelfMotionExt};
use archive_shelving::polled::PolledShelf;
use archive_shelving::simulated::{Physics, SimulatedHttpController, SimulatedRoom};
use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::wire_bench::{Bench, line_tests, op};

pub(crate) fn bench() -> Bench {
    Bench::new(|shelf| {
        let controller = SimulatedHttpController::new(shelf);
        let shelf = PolledShelf::over_http("bank HZ/R1/B1", 3, HttpMap::simulated_c(), controller.dial());
        (Box::new(controller), shelf.unwrap())
    })
}

line_tests!(crate::http_driver::bench, ["every-operation-ends"]);

#[tokio::test(start_paused = true)]
async fn the_lock_is_an_interlock_and_only_unlock_opens_it() {
    let Bench { shelf, .. } = bench();
    let lock = shelf.as_access_lock().unwrap();
    lock.lock().await.unwrap();
    assert!(lock.is_locked().await.unwrap());
    let error = shelf.open_aisle(op("1"), AisleId(2)).await.unwrap_err();
    assert_eq!(error.interlock(), Some(Interlock::Lock));
    assert_eq!(lock.set_light(AisleId(1), true).await.unwrap_err().kind(), ErrorKind::Unsupported);
    lock.unlock().await.unwrap();
    assert_eq!(shelf.open_aisle(op("2"), AisleId(2)).await.unwrap(), MoveOutcome::Done);
}

/// Answers every status well, and everything else with the same bytes.
#[derive(Debug)]
struct Strange(&'static str);

#[async_trait]
impl Dial for Strange {
    async fn dial(&self) -> io::Result<Box<dyn Link>> {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let answer = self.0;
        tokio::spawn(async move {
            let mut request = vec![0; 4096];
            let length = far.read(&mut request).await.unwrap_or(0);
            let asked = String::from_utf8_lossy(&request[..length]).into_owned();
            let status = r#"{"ColumnNo":0,"Success":true,"Data":{"OpenAisle":1,"Moving":false,
                "Locked":false,"Alarm":0}}"#;
            let good = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{status}", status.len());
            let answer = if asked.contains("GetMjjStatus") { good } else { answer.to_owned() };
            let _ = far.write_all(answer.as_bytes()).await;
            // A connection that stays open says nothing: the answer has its length.
            tokio::time::sleep(Duration::from_secs(5)).await;
        });
        Ok(Box::new(near))
    }
}

#[tokio::test(start_paused = true)]
async fn strange_answers_to_a_command_are_refusals_or_unknown() {
    use Certainty::{MaybeExecuted, Rejected};
    let cases = [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Rejected, "HTTP status 404"),
        ("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", MaybeExecuted, "HTTP status 503"),
        // A redirect is not followed: the request would be sent twice.
        ("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", MaybeExecuted, "302"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<p>", MaybeExecuted, "no JSON"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n{", MaybeExecuted, "longer than 65536"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", MaybeExecuted, "nothing at /ColumnNo"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n{\"ColumnNo\":9,\"Success\":true}",
            MaybeExecuted,
            "about column 9, not 2",
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n", MaybeExecuted, "the connection broke"),
        ("", MaybeExecuted, "did not answer within 500ms"),
    ];
    for (answer, certainty, message) in cases {
        let shelf = PolledShelf::over_http("bank B9", 3, HttpMap::simulated_c(), Strange(answer)).unwrap();
        let error = shelf.start(op("1"), MoveTarget::Open(AisleId(2))).await.unwrap_err();
        assert_eq!(error.certainty(), certainty, "{answer:?}: {error}");
        assert!(error.to_string().contains(message), "{answer:?}: {error}");
    }
}

#[tokio::test]
async fn it_works_over_real_sockets() {
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
    let room = SimulatedRoom::builder([bank]).physics(Physics::default().hastened(200.0)).build().unwrap();
    let slot = "HZ/R1/B1/C2/A/1/1/1".parse().unwrap();
    let controller = SimulatedHttpController::new(room.shelf_of(&slot).unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(controller.listen(listener));
    let dial = TcpDial::new(address);
    let shelf = PolledShelf::over_http("bank", 3, HttpMap::simulated_c(), dial).unwrap();
    assert_eq!(shelf.open_aisle(op("1"), AisleId(2)).await.unwrap(), MoveOutcome::Done);
    assert_eq!(room.really_open(&slot).unwrap(), Some(AisleId(2)));
}

#[tokio::test(start_paused = true)]
async fn a_server_is_not_harmed_by_what_is_no_request() {
    for bytes in [
        &b"\x00\x01"[..],
        b"POST /MjjWebApi HTTP/1.1\r\n\r\n",
        b"GET /\xFF HTTP/1.1\r\n\r\n",
        &[b'x'; 20_000],
    ] {
        let (mut near, far) = tokio::io::duplex(1 << 16);
        let bank = BankLayout::new("HZ", "R1", "B1", ["C1"]).unwrap();
        let room = SimulatedRoom::builder([bank]).build().unwrap();
        let slot = "HZ/R1/B1/C1/A/1/1/1".parse().unwrap();
        let controller = SimulatedHttpController::new(room.shelf_of(&slot).unwrap());
        let served = tokio::spawn(async move { controller.serve(far).await });
        near.write_all(bytes).await.unwrap();
        near.shutdown().await.unwrap();
        let _ = served.await.unwrap();
        assert_eq!(room.moves_begun(&slot).unwrap(), 0);
    }
}
