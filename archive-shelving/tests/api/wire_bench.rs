//! What every driver over a line must do, whatever the protocol: one bench, one set of checks.

use std::time::Duration;

use archive_core::ErrorKind;
use archive_core::holding::SlotAddress;
use archive_shelving::device_error::{Certainty, Interlock};
use archive_shelving::layout::{AisleId, BankLayout};
use archive_shelving::motion::{MoveOutcome, MoveTarget, OperationId, Refusal, ShelfMotion, ShelfMotionExt};
use archive_shelving::polled::PolledShelf;
use archive_shelving::simulated::{
    SimulatedController, SimulatedHttpController, SimulatedRoom, SimulatedShelf, SimulatedUdpController,
    WireFault,
};

/// A simulated controller, as the checks need it.
pub(crate) trait Wire: std::fmt::Debug + Send + Sync {
    fn inject(&self, fault: WireFault);
    fn lose_next_command_answer(&self);
    fn harm(&self, share: f64, seed: u64);
    fn set_line(&self, up: bool);
    fn stops_heard(&self) -> u64;
}

macro_rules! wires {
    ($($controller:ty),*) => {$(
        impl Wire for $controller {
            fn inject(&self, fault: WireFault) {
                <$controller>::inject(self, fault);
            }
            fn lose_next_command_answer(&self) {
                <$controller>::lose_next_command_answer(self);
            }
            fn harm(&self, share: f64, seed: u64) {
                <$controller>::harm(self, share, seed);
            }
            fn set_line(&self, up: bool) {
                <$controller>::set_line(self, up);
            }
            fn stops_heard(&self) -> u64 {
                <$controller>::stops_heard(self)
            }
        }
    )*};
}

wires!(SimulatedController, SimulatedHttpController, SimulatedUdpController);

pub(crate) struct Bench {
    pub(crate) room: SimulatedRoom,
    pub(crate) slot: SlotAddress,
    pub(crate) controller: Box<dyn Wire>,
    pub(crate) shelf: PolledShelf,
}

impl Bench {
    /// A bank of three carriages; `connect` puts a controller before it and a driver before that.
    pub(crate) fn new(connect: impl FnOnce(SimulatedShelf) -> (Box<dyn Wire>, PolledShelf)) -> Self {
        let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
        let room = SimulatedRoom::builder([bank]).build().unwrap();
        let slot: SlotAddress = "HZ/R1/B1/C2/A/1/1/1".parse().unwrap();
        let (controller, shelf) = connect(room.shelf_of(&slot).unwrap());
        Self { room, slot, controller, shelf }
    }
}

pub(crate) fn op(text: &str) -> OperationId {
    text.parse().unwrap()
}

pub(crate) async fn check_every_aisle_opens(bench: Bench) {
    let Bench { room, slot, shelf, .. } = bench;
    for aisle in [3, 0, 2, 1] {
        let outcome = shelf.open_aisle(op(&format!("open-{aisle}")), AisleId(aisle)).await.unwrap();
        assert_eq!(outcome, MoveOutcome::Done);
        assert_eq!(room.really_open(&slot).unwrap(), Some(AisleId(aisle)));
        assert_eq!(shelf.state().await.unwrap().open, Some(AisleId(aisle)));
    }
    assert_eq!(shelf.move_and_wait(op("close"), MoveTarget::Close).await.unwrap(), MoveOutcome::Done);
    assert_eq!(room.really_open(&slot).unwrap(), Some(AisleId(0)));
    let climate = shelf.as_environment().unwrap().climate().await.unwrap();
    assert_eq!(climate.temperature.unwrap().to_string(), "20.3 °C");
    assert_eq!(climate.humidity.unwrap().to_string(), "48.0 % RH");
}

pub(crate) async fn check_alarms_are_interlocks(bench: Bench) {
    let Bench { room, slot, shelf, .. } = bench;
    for interlock in [Interlock::Smoke, Interlock::Pressure] {
        room.set_interlock(&slot, interlock, true).unwrap();
        assert_eq!(shelf.state().await.unwrap().interlocks, [interlock]);
        let error = shelf.open_aisle(op("1"), AisleId(3)).await.unwrap_err();
        assert_eq!((error.kind(), error.interlock()), (ErrorKind::Refused, Some(interlock)));
        room.set_interlock(&slot, interlock, false).unwrap();
    }
    assert_eq!(room.moves_begun(&slot).unwrap(), 0);
}

/// Late, doubled, misnumbered and cut answers: an error or the truth, never an earlier state.
pub(crate) async fn check_no_answer_is_taken_for_another(bench: Bench) {
    let Bench { room, slot, controller, shelf } = bench;
    shelf.open_aisle(op("1"), AisleId(2)).await.unwrap();
    let faults = [
        WireFault::Delay(Duration::from_millis(700)),
        WireFault::Reorder,
        WireFault::Misnumber,
        WireFault::Duplicate,
        WireFault::Lose,
        WireFault::Reset(0),
        WireFault::Reset(3),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        controller.inject(fault);
        if let Ok(state) = shelf.state().await {
            assert_eq!((state.open, state.interlocks.len()), (Some(AisleId(2)), 0), "{fault:?}");
        }
        // The world changes while the harmed answer is still under way.
        room.set_interlock(&slot, Interlock::Smoke, true).unwrap();
        for _ in 0..3 {
            if let Ok(state) = shelf.state().await {
                assert_eq!((state.open, state.interlocks.len()), (Some(AisleId(2)), 1), "{fault:?}");
            }
        }
        room.set_interlock(&slot, Interlock::Smoke, false).unwrap();
        let aisle = AisleId([1, 2][number % 2]);
        let _ = shelf.open_aisle(op(&format!("there-{number}")), aisle).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        let really = room.really_open(&slot).unwrap();
        assert_eq!(shelf.state().await.unwrap().open, really, "{fault:?}");
        let _ = shelf.open_aisle(op(&format!("back-{number}")), AisleId(2)).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
}

pub(crate) async fn check_an_unanswered_command_is_not_sent_again(bench: Bench) {
    let Bench { room, slot, controller, shelf } = bench;
    controller.lose_next_command_answer();
    let target = MoveTarget::Open(AisleId(3));
    let error = shelf.start(op("1"), target).await.unwrap_err();
    assert_eq!(error.certainty(), Certainty::MaybeExecuted);
    assert!(error.to_string().contains("read the state"), "{error}");
    let mut known = shelf.start(op("1"), target).await.unwrap();
    assert_eq!(known.outcome().await, MoveOutcome::Done);
    assert_eq!(room.moves_begun(&slot).unwrap(), 1);
}

pub(crate) async fn check_a_stop_passes_a_full_queue_and_a_silent_call(bench: Bench) {
    let Bench { controller, shelf, .. } = bench;
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

pub(crate) async fn check_a_queued_start_does_not_survive_a_stop(bench: Bench) {
    let Bench { room, slot, controller, shelf } = bench;
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

pub(crate) async fn check_an_absent_controller_is_found_when_it_comes(bench: Bench) {
    let Bench { controller, shelf, .. } = bench;
    controller.set_line(false);
    let error = shelf.state().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("check the line"), "{error}");
    controller.set_line(true);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(shelf.state().await.is_ok());
}

/// How many seeded schedules of faults are tried; `ARCHIVE_FAULT_SCHEDULES` asks for the long form.
pub(crate) fn schedules() -> u64 {
    std::env::var("ARCHIVE_FAULT_SCHEDULES").map_or(20, |n| n.parse().unwrap())
}

/// Every operation of a harmed line ends, nothing moves twice or while an interlock is on, and no state is
/// another call's.
pub(crate) async fn check_harmed_lines_never_move_anything_twice(bench: impl Fn() -> Bench) {
    for seed in 0..schedules() {
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

#[cfg(feature = "conformance")]
pub(crate) mod kit {
    use archive_shelving::conformance::{RigAnswer, ShelfRig, SimulatedShelfRig, check_shelf};
    use async_trait::async_trait;

    use super::*;

    #[derive(Debug)]
    struct WireRig {
        inner: SimulatedShelfRig,
        controller: Box<dyn Wire>,
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
            // These controllers send no reports: they are polled.
            RigAnswer::Cannot
        }

        async fn moves_begun(&self) -> Option<u64> {
            self.inner.moves_begun().await
        }

        async fn really_open(&self) -> Option<Option<AisleId>> {
            self.inner.really_open().await
        }
    }

    /// The kit's report is green and skips exactly these checks.
    pub(crate) async fn check_green(bench: Bench, skipped: &[&str]) {
        let Bench { room, slot, controller, shelf } = bench;
        let rig = WireRig { inner: SimulatedShelfRig::new(room, slot), controller };
        let report = check_shelf(&shelf, &rig).await;
        assert!(report.is_green(), "{report}");
        assert_eq!(report.skipped().collect::<Vec<_>>(), skipped, "{report}");
    }
}

/// The same checks as tests of one protocol; `bench` makes its bench.
macro_rules! line_tests {
    ($bench:path, $skipped:expr) => {
        mod on_the_line {
            use $crate::wire_bench::*;

            #[tokio::test(start_paused = true)]
            async fn every_aisle_opens() {
                check_every_aisle_opens($bench()).await;
            }

            #[tokio::test(start_paused = true)]
            async fn alarms_are_interlocks() {
                check_alarms_are_interlocks($bench()).await;
            }

            #[tokio::test(start_paused = true)]
            async fn no_answer_is_taken_for_another() {
                check_no_answer_is_taken_for_another($bench()).await;
            }

            #[tokio::test(start_paused = true)]
            async fn an_unanswered_command_is_not_sent_again() {
                check_an_unanswered_command_is_not_sent_again($bench()).await;
            }

            #[tokio::test(start_paused = true)]
            async fn a_stop_passes_a_full_queue_and_a_silent_call() {
                check_a_stop_passes_a_full_queue_and_a_silent_call($bench()).await;
            }

            #[tokio::test(start_paused = true)]
            async fn a_queued_start_does_not_survive_a_stop() {
                check_a_queued_start_does_not_survive_a_stop($bench()).await;
            }

            #[tokio::test(start_paused = true)]
            async fn an_absent_controller_is_found_when_it_comes() {
                check_an_absent_controller_is_found_when_it_comes($bench()).await;
            }

            #[tokio::test(start_paused = true)]
            async fn harmed_lines_never_move_anything_twice() {
                check_harmed_lines_never_move_anything_twice($bench).await;
            }

            #[cfg(feature = "conformance")]
            #[tokio::test(start_paused = true)]
            async fn the_kit_is_green() {
                kit::check_green($bench(), &$skipped).await;
            }
        }
    };
}
pub(crate) use line_tests;
