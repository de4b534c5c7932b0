//! The simulated room: what shelves and readers do together, and what goes wrong.

use std::time::Duration;

use archive_core::ErrorKind;
use archive_core::holding::{SlotAddress, TagEpc};
use archive_shelving::device_error::{Certainty, Interlock, Retry};
use archive_shelving::layout::{AisleId, BankLayout};
use archive_shelving::motion::{
    MoveOutcome, MoveProgress, MoveTarget, OperationId, Refusal, ShelfMotion, ShelfMotionExt,
};
use archive_shelving::reading::{InventoryRequest, Sighting, TagInventory, TagInventoryExt};
use archive_shelving::simulated::{Fault, FaultRates, Physics, Radio, ReadRates, SimulatedRoom};

fn slot(text: &str) -> SlotAddress {
    text.parse().unwrap()
}

fn tag(number: u64) -> TagEpc {
    archive_shelving::epc::UserCode::new(1, number).unwrap().to_tag()
}

fn op(text: &str) -> OperationId {
    text.parse().unwrap()
}

/// A bank of five carriages, and the slot before its third.
fn room() -> (SimulatedRoom, SlotAddress) {
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3", "C4", "C5"]).unwrap();
    (SimulatedRoom::builder([bank]).build().unwrap(), slot("HZ/R1/B1/C3/A/1/1/1"))
}

#[tokio::test(start_paused = true)]
async fn a_move_reports_progress_and_arrives() {
    let (room, slot) = room();
    let shelf = room.shelf_of(&slot).unwrap();
    let mut handle = shelf.start(op("1"), MoveTarget::Open(AisleId(2))).await.unwrap();
    let mut seen = Vec::new();
    while let Some(progress) = handle.next().await {
        let end = matches!(progress, MoveProgress::Ended(_));
        seen.push(progress);
        if end {
            break;
        }
    }
    assert!(seen.len() > 10, "{seen:?}");
    assert_eq!(seen.last(), Some(&MoveProgress::Ended(MoveOutcome::Done)));
    let state = shelf.state().await.unwrap();
    assert_eq!((state.open, state.moving), (Some(AisleId(2)), false));
}

#[tokio::test(start_paused = true)]
async fn somebody_walking_in_ends_the_move_and_nothing_resumes() {
    let (room, slot) = room();
    let shelf = room.shelf_of(&slot).unwrap();
    let mut handle = shelf.start(op("1"), MoveTarget::Open(AisleId(4))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    room.person_enters(&slot).unwrap();
    assert_eq!(handle.outcome().await, MoveOutcome::Refused(Refusal::Interlock(Interlock::Person)));
    let before = shelf.state().await.unwrap();
    room.people_leave(&slot).unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(shelf.state().await.unwrap().gaps, before.gaps);
    assert_eq!(room.moves_begun(&slot).unwrap(), 1);
    // The same name is the same, ended, move; another name moves again.
    let mut again = shelf.start(op("1"), MoveTarget::Open(AisleId(4))).await.unwrap();
    assert!(matches!(again.outcome().await, MoveOutcome::Refused(_)));
    assert_eq!(shelf.open_aisle(op("2"), AisleId(4)).await.unwrap(), MoveOutcome::Done);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_found_again_by_its_name() {
    let (room, slot) = room();
    let shelf = room.shelf_of(&slot).unwrap();
    room.inject(&slot, Fault::LoseAnswer).unwrap();
    let target = MoveTarget::Open(AisleId(1));
    let error = shelf.start(op("1"), target).await.unwrap_err();
    assert_eq!((error.kind(), error.certainty()), (ErrorKind::OutcomeUnknown, Certainty::MaybeExecuted));
    let mut handle = shelf.start(op("1"), target).await.unwrap();
    assert_eq!(handle.outcome().await, MoveOutcome::Done);
    assert_eq!(room.moves_begun(&slot).unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cut_line_is_unavailable_and_no_brake() {
    let (room, slot) = room();
    let shelf = room.shelf_of(&slot).unwrap();
    let _running = shelf.start(op("1"), MoveTarget::Open(AisleId(1))).await.unwrap();
    room.set_link(&slot, false).unwrap();
    let error = shelf.state().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::AfterReconnect));
    assert!(error.to_string().contains("check the line"), "{error}");
    assert!(shelf.stop().await.is_err());
    tokio::time::sleep(Duration::from_secs(60)).await;
    room.set_link(&slot, true).unwrap();
    assert_eq!(shelf.state().await.unwrap().open, Some(AisleId(1)));
}

#[tokio::test(start_paused = true)]
async fn a_stall_trips_the_drive_interlock() {
    let (room, slot) = room();
    let shelf = room.shelf_of(&slot).unwrap();
    room.inject(&slot, Fault::Stall).unwrap();
    let outcome = shelf.open_aisle(op("1"), AisleId(5)).await.unwrap();
    assert_eq!(outcome, MoveOutcome::Refused(Refusal::Interlock(Interlock::Drive)));
    assert_eq!(shelf.open_aisle(op("2"), AisleId(5)).await.unwrap_err().interlock(), Some(Interlock::Drive));
    room.set_interlock(&slot, Interlock::Drive, false).unwrap();
    assert_eq!(shelf.open_aisle(op("3"), AisleId(5)).await.unwrap(), MoveOutcome::Done);
}

#[tokio::test(start_paused = true)]
async fn every_operation_of_a_faulty_room_ends_and_none_moves_twice() {
    for seed in 0..300 {
        let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
        let faults = FaultRates { lose_command: 0.2, lose_answer: 0.2, lose_report: 0.1, stall: 0.1 };
        let room = SimulatedRoom::builder([bank]).seed(seed).faults(faults).build().unwrap();
        let slot = slot("HZ/R1/B1/C1/A/1/1/1");
        let shelf = room.shelf_of(&slot).unwrap();
        let mut accepted = 0;
        for number in 0..6_u16 {
            let target = MoveTarget::Open(AisleId(number % 4));
            match shelf.move_and_wait(op(&number.to_string()), target).await {
                Ok(_) => accepted += 1,
                Err(error) if error.certainty() == Certainty::MaybeExecuted => accepted += 1,
                Err(_) => {}
            }
            // Whatever happened, an operator looks, and the bank is ready for the next.
            tokio::time::sleep(Duration::from_secs(60)).await;
            room.set_interlock(&slot, Interlock::Drive, false).unwrap();
            assert!(!shelf.state().await.unwrap().moving);
        }
        assert_eq!(room.moves_begun(&slot).unwrap(), accepted, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_box_in_the_open_aisle_is_seen_and_an_absent_one_is_unverified() {
    let (room, slot) = room();
    room.place_with_rate(tag(1), &slot, 0.9).unwrap();
    let aisle = room.aisle_of(&slot).unwrap();
    room.shelf_of(&slot).unwrap().open_aisle(op("1"), aisle).await.unwrap();
    let reader = room.reader_of(&slot).unwrap();
    let round = Duration::from_millis(500);
    let Sighting::Seen { best, round: first } = reader.look_for(tag(1), aisle, round, 5).await.unwrap()
    else {
        panic!("not seen");
    };
    assert_eq!((best.aisle, first), (Some(aisle), 1));
    let absent = reader.look_for(tag(2), aisle, round, 5).await.unwrap();
    assert!(matches!(absent, Sighting::Unverified { rounds: 5, other_reads: 1.. }), "{absent:?}");
}

#[tokio::test(start_paused = true)]
async fn neighbours_stray_in_more_weakly() {
    let (room, mine) = room();
    let beside = slot("HZ/R1/B1/C4/A/1/1/1");
    for number in 0..50 {
        room.place_with_rate(tag(number), &mine, 0.9).unwrap();
        room.place_with_rate(tag(100 + number), &beside, 0.9).unwrap();
    }
    let aisle = room.aisle_of(&mine).unwrap();
    room.shelf_of(&mine).unwrap().open_aisle(op("1"), aisle).await.unwrap();
    let request = InventoryRequest { aisle: Some(aisle), duration: Duration::from_secs(1) };
    let report = room.reader_of(&mine).unwrap().inventory(request).await.unwrap();
    let (own, strays): (Vec<_>, Vec<_>) = report.reads.iter().partition(|r| r.epc < tag(100));
    assert_eq!(own.len(), 50);
    assert!((1..25).contains(&strays.len()), "{} strays", strays.len());
    let mean = |reads: &[&archive_shelving::reading::TagRead]| {
        reads.iter().map(|r| f64::from(r.rssi.unwrap().0)).sum::<f64>() / reads.len() as f64
    };
    assert!(mean(&own) > mean(&strays) + 5.0);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_reads() {
    let mut reports = Vec::new();
    for _ in 0..2 {
        let (room, slot) = room();
        for number in 0..30 {
            room.place(tag(number), &slot).unwrap();
        }
        let request = InventoryRequest { aisle: None, duration: Duration::from_secs(2) };
        reports.push(room.reader_of(&slot).unwrap().inventory(request).await.unwrap());
    }
    assert_eq!(reports[0], reports[1]);
    assert!(!reports[0].reads.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_box_moves_with_its_tag() {
    let (room, here) = room();
    let there = slot("HZ/R1/B1/C5/B/1/1/1");
    room.place(tag(1), &here).unwrap();
    room.place(tag(1), &there).unwrap();
    assert_eq!(room.slot_of(tag(1)), Some(there.clone()));
    assert_eq!(room.remove(tag(1)), Some(there));
    assert_eq!(room.slot_of(tag(1)), None);
}

#[tokio::test(start_paused = true)]
async fn hostile_requests_end_in_clear_errors() {
    let (room, here) = room();
    let shelf = room.shelf_of(&here).unwrap();
    let error = shelf.start(op("1"), MoveTarget::Open(AisleId(u16::MAX))).await.unwrap_err();
    assert_eq!(error.to_string(), "bank HZ/R1/B1: has no aisle 65535: name one from 0 to 5");
    assert_eq!(error.certainty(), Certainty::NotSent);

    let error = room.shelf_of(&slot("HZ/R9/B1/C1/A/1/1/1")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(room.place(tag(1), &slot("HZ/R1/B1/C9/A/1/1/1")).is_err());
    assert!(room.place_with_rate(tag(1), &here, f64::NAN).is_err());

    let reader = room.reader_of(&here).unwrap();
    for (aisle, duration) in
        [(Some(AisleId(6)), Duration::from_secs(1)), (None, Duration::ZERO), (None, Duration::MAX)]
    {
        let error = reader.inventory(InventoryRequest { aisle, duration }).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    assert!(reader.look_for(tag(1), AisleId(0), Duration::from_secs(1), 0).await.is_err());
}

#[test]
fn impossible_rooms_are_not_built() {
    let builder = || SimulatedRoom::builder([BankLayout::new("HZ", "R1", "B1", ["C1"]).unwrap()]);
    assert!(builder().physics(Physics::default().hastened(0.0)).build().is_err());
    assert!(builder().physics(Physics { speed: f64::NAN, ..Physics::default() }).build().is_err());
    assert!(builder().faults(FaultRates { stall: 1.5, ..FaultRates::default() }).build().is_err());
    let radio = Radio { rates: ReadRates::Beta { a: 0.0, b: 1.0 }, ..Radio::default() };
    assert!(builder().radio(radio).build().is_err());
    let twice = [(); 2].map(|()| BankLayout::new("HZ", "R1", "B1", ["C1"]).unwrap());
    assert!(SimulatedRoom::builder(twice).build().is_err());
}
