//! The Modbus driver against the simulated controller: the kit, faults on the wire, real sockets.

use std::time::Duration;

use archive_core::ErrorKind;
use archive_core::holding::SlotAddress;
use archive_shelving::device_error::{Certainty, Interlock};
use archive_shelving::dial::TcpDial;
use archive_shelving::layout::{AisleId, BankLayout};
use archive_shelving::modbus::{Framing, ModbusMap};
use archive_shelving::motion::{MoveOutcome, MoveTarget, OperationId, Refusal, ShelfMotion, ShelfMotionExt};
use archive_shelving::polled::PolledShelf;
use archive_shelving::simulated::{SimulatedController, SimulatedRoom, WireFault};

struct Bench {
    room: SimulatedRoom,
    slot: SlotAddress,
    controller: SimulatedController,
    shelf: PolledShelf,
}

fn bench() -> Bench {
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
    let room = SimulatedRoom::builder([bank]).build().unwrap();
    let slot: SlotAddress = "HZ/R1/B1/C2/A/1/1/1".parse().unwrap();
    let controller = SimulatedController::new(room.shelf_of(&slot).unwrap(), ModbusMap::family_a());
    let map = ModbusMap::family_a();
    let shelf = PolledShelf::over_modbus("bank HZ/R1/B1", 4, map, Framing::Tcp, controller.dial());
    Bench { room, slot, controller, shelf }
}

fn op(text: &str) -> OperationId {
    text.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_aisle_opens_over_the_wire() {
    let Bench { room, slot, shelf, .. } = bench();
    assert_eq!(shelf.open_aisle(op("1"), AisleId(3)).await.unwrap(), MoveOutcome::Done);
    assert_eq!(room.really_open(&slot).unwrap(), Some(AisleId(3)));
    let climate = shelf.as_environment().unwrap().climate().await.unwrap();
    assert_eq!(climate.temperature.unwrap().to_string(), "20.3 °C");
}

#[tokio::test(start_paused = true)]
async fn alarms_become_interlocks() {
    let Bench { room, slot, shelf, .. } = bench();
    room.set_interlock(&slot, Interlock::Smoke, true).unwrap();
    assert_eq!(shelf.state().await.unwrap().interlocks, [Interlock::Smoke]);
    let error = shelf.open_aisle(op("1"), AisleId(3)).await.unwrap_err();
    assert_eq!((error.kind(), error.interlock()), (ErrorKind::Refused, Some(Interlock::Smoke)));
    assert_eq!(room.moves_begun(&slot).unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_never_taken_for_another() {
    let Bench { room, slot, controller, shelf } = bench();
    shelf.open_aisle(op("1"), AisleId(2)).await.unwrap();
    // The answer to a question about one register comes when the next one is asked.
    controller.inject(WireFault::Delay(Duration::from_millis(700)));
    let error = shelf.state().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    room.set_interlock(&slot, Interlock::Door, true).unwrap();
    for _ in 0..5 {
        let state = shelf.state().await.unwrap();
        assert_eq!((state.open, state.interlocks.len()), (Some(AisleId(2)), 1));
    }
    controller.inject(WireFault::Misnumber);
    assert!(shelf.state().await.is_err());
    controller.inject(WireFault::Duplicate);
    for _ in 0..5 {
        assert!(shelf.state().await.is_ok_and(|state| state.open == Some(AisleId(2))));
    }
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_command_is_not_sent_again() {
    let Bench { room, slot, controller, shelf } = bench();
    controller.lose_next_command_answer();
    let target = MoveTarget::Open(AisleId(3));
    let error = shelf.start(op("1"), target).await.unwrap_err();
    assert_eq!(error.certainty(), Certainty::MaybeExecuted);
    assert!(error.to_string().contains("read the state"), "{error}");
    let mut known = shelf.start(op("1"), target).await.unwrap();
    assert_eq!(known.outcome().await, MoveOutcome::Done);
    assert_eq!(room.moves_begun(&slot).unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_passes_a_full_queue_and_a_silent_call() {
    let Bench { controller, shelf, .. } = bench();
    let mut running = shelf.start(op("1"), MoveTarget::Open(AisleId(3))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    controller.inject(WireFault::Lose);
    let polls: Vec<_> = (0..200)
        .map(|_| {
            let shelf = shelf.clone();
            tokio::spawn(async move { shelf.state().await })
        })
        .collect();
    // The first poll is on the line, without an answer, when the stop is asked for.
    tokio::time::sleep(Duration::from_millis(1)).await;
    let begun = tokio::time::Instant::now();
    let heard = controller.stops_heard();
    let (stopped, delay) = tokio::join!(shelf.stop(), async {
        while controller.stops_heard() == heard {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        begun.elapsed()
    });
    stopped.unwrap();
    // The clock is simulated: this is the driver's own delay, not the machine's.
    assert!(delay <= Duration::from_millis(100), "{delay:?}");
    assert_eq!(running.outcome().await, MoveOutcome::Refused(Refusal::Stopped));
    for poll in polls {
        let _ = poll.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_queued_start_does_not_survive_a_stop() {
    let Bench { room, slot, controller, shelf } = bench();
    shelf.state().await.unwrap();
    controller.inject(WireFault::Delay(Duration::from_millis(300)));
    let poll = tokio::spawn({
        let shelf = shelf.clone();
        async move { shelf.state().await }
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    let start = tokio::spawn({
        let shelf = shelf.clone();
        async move { shelf.start(op("1"), MoveTarget::Open(AisleId(3))).await }
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    shelf.stop().await.unwrap();
    let error = start.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.certainty()), (ErrorKind::Refused, Certainty::Rejected), "{error}");
    let _ = poll.await.unwrap();
    assert_eq!(room.moves_begun(&slot).unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_absent_controller_is_unavailable_and_found_when_it_comes() {
    let Bench { controller, shelf, .. } = bench();
    controller.set_line(false);
    let error = shelf.state().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("check the line"), "{error}");
    controller.set_line(true);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(shelf.state().await.is_ok());
}

/// Every operation of a harmed line ends, nothing moves twice, and no state is another call's.
#[tokio::test(start_paused = true)]
async fn harmed_lines_never_move_anything_twice() {
    // The long form is for releases.
    let schedules = std::env::var("ARCHIVE_FAULT_SCHEDULES").map_or(50, |n| n.parse().unwrap());
    for seed in 0..schedules {
        let Bench { room, slot, controller, shelf } = bench();
        controller.harm(0.15, seed);
        for number in 0..3_u16 {
            let before = room.moves_begun(&slot).unwrap();
            let target = MoveTarget::Open(AisleId([3, 1, 2][usize::from(number)]));
            let moved = shelf.move_and_wait(op(&number.to_string()), target).await;
            // Long after everything has ended, whoever walks in must find the carriages at rest.
            tokio::time::sleep(Duration::from_secs(90)).await;
            let begun = room.moves_begun(&slot).unwrap() - before;
            match moved {
                Ok(MoveOutcome::Done) => {
                    assert_eq!(begun, 1, "seed {seed}");
                    assert_eq!(room.really_open(&slot).unwrap().map(MoveTarget::Open), Some(target));
                }
                Ok(_) => assert!(begun <= 1, "seed {seed}: {begun} moves"),
                Err(error) if error.certainty() == Certainty::MaybeExecuted => assert!(begun <= 1),
                Err(error) => assert_eq!(begun, 0, "seed {seed}: {error}"),
            }
            room.person_enters(&slot).unwrap();
            let begun = room.moves_begun(&slot).unwrap();
            assert!(shelf.start(op(&format!("p{number}")), MoveTarget::Close).await.is_err(), "seed {seed}");
            assert_eq!(room.moves_begun(&slot).unwrap(), begun, "seed {seed}");
            room.people_leave(&slot).unwrap();
            if let Ok(state) = shelf.state().await {
                assert_eq!(state.open, room.really_open(&slot).unwrap(), "seed {seed}: a stale state");
            }
        }
    }
}

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
            let controller = bench().controller;
            async move { controller.serve(far).await }
        });
        near.write_all(bytes).await.unwrap();
        drop(near);
        let _ = served.await.unwrap();
    }
}

#[cfg(feature = "conformance")]
mod kit {
    use archive_shelving::conformance::{RigAnswer, ShelfRig, SimulatedShelfRig, check_shelf};
    use async_trait::async_trait;

    use super::*;

    #[derive(Debug)]
    struct WireRig {
        inner: SimulatedShelfRig,
        controller: SimulatedController,
    }

    #[async_trait]
    impl ShelfRig for WireRig {
        async fn reset(&self) {
            self.inner.reset().await;
            self.controller.set_line(true);
        }

        async fn person(&self, inside: bool) -> RigAnswer {
            self.inner.person(inside).await
        }

        async fn link(&self, up: bool) -> RigAnswer {
            self.controller.set_line(up);
            RigAnswer::Done
        }

        async fn lose_next_answer(&self) -> RigAnswer {
            self.controller.lose_next_command_answer();
            RigAnswer::Done
        }

        async fn lose_next_report(&self) -> RigAnswer {
            // This controller sends no reports: it is polled.
            RigAnswer::Cannot
        }

        async fn moves_begun(&self) -> Option<u64> {
            self.inner.moves_begun().await
        }

        async fn really_open(&self) -> Option<Option<AisleId>> {
            self.inner.really_open().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_driver_is_green() {
        let Bench { room, slot, controller, shelf } = bench();
        let rig = WireRig { inner: SimulatedShelfRig::new(room, slot), controller };
        let report = check_shelf(&shelf, &rig).await;
        assert!(report.is_green(), "{report}");
        let skipped: Vec<_> = report.skipped().collect();
        let expected = [
            "every-operation-ends",
            "lock-refuses-moves",
            "nothing-unlocks-by-itself",
            "light-of-unknown-aisle-is-invalid",
        ];
        assert_eq!(skipped, expected, "{report}");
    }
}
