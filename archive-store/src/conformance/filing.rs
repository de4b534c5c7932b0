//! Filing: numbers, boxes and slots in one transaction.

use archive_core::holding::{BoxKey, CustodyMode, Retention};
use archive_core::policy::PolicyVersion;
use archive_core::record::Digest;
use archive_core::units::Millimetres;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{at, counter_next, document, entry, receipt, refused, request, shelving, slot, tag, with_slots};
use crate::filing::{
    Custody, Draw, Filed, FilingEntry, FilingState, Locator, ShelfReceipt, Shelving, Standing,
};
use crate::shelf::{SlotFilter, SlotUse};
use crate::{Catalogue, Error, ErrorKind};

pub(super) fn filing_ties_all(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let filed = catalogue.file(entry("a")).unwrap();
    assert_eq!(filed.reference.as_str(), "Z109-KH·2024-D30-YX-0001");
    assert_eq!((filed.state, filed.already), (FilingState::Reserved, false));
    assert_eq!(filed.system_record.as_str(), "work order a");
    assert_eq!(filed.filed, at(0));
    let place = filed.place.clone().unwrap();
    assert_eq!(place.archive_box.number.as_str(), "H0001");
    assert_eq!(place.archive_box.key, filed.key);
    assert_eq!((place.archive_box.spine, place.archive_box.filled), (Millimetres(20), Millimetres(15)));
    assert_eq!((place.slot, place.standing), (slot(1, 50).address, Standing::Reserved));
    assert_eq!(catalogue.pending().unwrap(), [Filed { already: true, ..filed }]);
    // A second file in the same box, before and after somebody saw the box.
    let thin = |key| FilingEntry { custody: Custody::CentralPaper(shelving(2)), ..entry(key) };
    let second = catalogue.file(thin("b")).unwrap();
    let stored = || catalogue.pending().unwrap().pop().unwrap();
    assert_eq!(stored(), Filed { already: true, ..second });
    catalogue.confirm(&request("a"), ShelfReceipt { when: at(1), tag: Some(tag(1)) }).unwrap();
    let third = catalogue.file(FilingEntry { expires: Some(at(9)), ..thin("c") }).unwrap();
    assert_eq!(third.place.as_ref().unwrap().tag, Some(tag(1)));
    assert_eq!(stored(), Filed { already: true, ..third });
    catalogue.cancel(&request("b"), "r", at(2)).unwrap();
    let status = catalogue.slots(&SlotFilter { limit: Some(1), ..SlotFilter::default() }).unwrap();
    assert_eq!(status[0].used, SlotUse::Confirmed);
    assert_eq!(status[0].box_number.as_ref().unwrap().as_str(), "H0001");
}

pub(super) fn the_same_request_again_changes_nothing(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let first = catalogue.file(entry("a")).unwrap();
    // The caller's other decisions do not matter any more: what was filed stands.
    let again = FilingEntry { when: at(60), documents: vec![document("other")], ..entry("a") };
    assert_eq!(catalogue.file(again).unwrap(), Filed { already: true, ..first.clone() });
    assert_eq!(catalogue.request(&request("a")).unwrap(), Some(Filed { already: true, ..first }));
    assert_eq!(catalogue.request(&request("b")).unwrap(), None);
    assert_eq!(counter_next(catalogue, false), 2);
}

pub(super) fn another_request_under_a_known_key_is_refused(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    catalogue.file(entry("a")).unwrap();
    let other = FilingEntry { digest: Digest([8; 32]), ..entry("a") };
    refused(catalogue.file(other), ErrorKind::Conflict, &["request key a", "key of its own"]);
}

pub(super) fn a_batch_is_filed_as_a_whole(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    assert_eq!(catalogue.file_batch(vec![]).unwrap(), []);
    let filed = catalogue.file_batch(vec![entry("a"), entry("b"), entry("a")]).unwrap();
    assert_eq!(filed.iter().map(|f| f.already).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(filed[1].reference.as_str(), "Z109-KH·2024-D30-YX-0002");
    // The slots are full for the second of these.
    let paper = |key| FilingEntry { custody: Custody::CentralPaper(shelving(5)), ..entry(key) };
    refused(catalogue.file_batch(vec![paper("c"), entry("d")]), ErrorKind::Conflict, &["slots"]);
    assert_eq!(catalogue.request(&request("c")).unwrap(), None);
    // A long one is prepared in parts, and what is wrong with a late entry shows only then.
    let long = || {
        let one = |n| FilingEntry { custody: Custody::Electronic, ..entry(&format!("long-{n}")) };
        (0..300).map(one).collect::<Vec<_>>()
    };
    let mut wrong = long();
    wrong[290].readings = "no JSON".into();
    refused(catalogue.file_batch(wrong), ErrorKind::InvalidInput, &["long-290", "no JSON"]);
    let mut taken = long();
    taken[280].documents = entry("b").documents;
    refused(catalogue.file_batch(taken), ErrorKind::Conflict, &["is already filed under", "0002"]);
    assert_eq!(catalogue.request(&request("long-0")).unwrap(), None);
    assert_eq!(counter_next(catalogue, false), 3);
    let filed = catalogue.file_batch(long()).unwrap();
    assert!(filed.iter().enumerate().all(|(n, f)| f.request == request(&format!("long-{n}"))));
    assert_eq!((filed.len(), counter_next(catalogue, false)), (300, 303));
}

pub(super) fn electronic_custody_takes_no_box(catalogue: &dyn Catalogue) {
    let filed = catalogue.file(FilingEntry { custody: Custody::Electronic, ..entry("a") }).unwrap();
    assert_eq!((filed.state, &filed.place), (FilingState::Confirmed, &None));
    assert_eq!(filed.confirmed, Some(at(0)));
    let stored = catalogue.request(&request("a")).unwrap().unwrap();
    assert_eq!(stored, Filed { already: true, ..filed.clone() });
    assert_eq!(catalogue.pending().unwrap(), []);
    let again = catalogue.confirm(&request("a"), receipt(1)).unwrap();
    assert_eq!(again, Filed { already: true, ..filed });
    let located = catalogue.locate(&Locator::Request(request("a"))).unwrap();
    assert_eq!(located[0].custody, CustodyMode::Electronic);
}

pub(super) fn files_of_one_key_share_a_box(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 3);
    let file = |key, thickness| {
        let custody = Custody::CentralPaper(shelving(thickness));
        let place = catalogue.file(FilingEntry { custody, ..entry(key) }).unwrap().place.unwrap();
        (place.archive_box.number.to_string(), place.archive_box.filled.0, place.slot)
    };
    assert_eq!(file("a", 15), ("H0001".into(), 15, slot(1, 50).address));
    assert_eq!(file("b", 5), ("H0001".into(), 20, slot(1, 50).address));
    assert_eq!(file("c", 1), ("H0002".into(), 1, slot(2, 50).address));
    // Too thick for what is left and for the narrow spine.
    assert_eq!(file("d", 30), ("H0003".into(), 30, slot(3, 50).address));
    // The newest box has room; the older one has too, and is passed by.
    assert_eq!(file("e", 2), ("H0003".into(), 32, slot(3, 50).address));
}

/// Spines of 20 and 40 mm in slots of 50 mm and of 30 mm.
pub(super) fn a_box_grows_in_its_slot(catalogue: &dyn Catalogue) {
    catalogue.add_slots(vec![slot(1, 50), slot(2, 30)]).unwrap();
    let since = catalogue.stock(None).unwrap().upto;
    let grows = |key: &str, thickness: u32| FilingEntry {
        custody: Custody::CentralPaper(Shelving {
            spines: vec![Millimetres(20), Millimetres(40)],
            slots: Some(vec![slot(1, 50).address, slot(2, 30).address]),
            grows: true,
            ..shelving(thickness)
        }),
        ..entry(key)
    };
    let place = |key: &str, thickness: u32| {
        let place = catalogue.file(grows(key, thickness)).unwrap().place.unwrap();
        let archive_box = place.archive_box;
        (archive_box.number.to_string(), archive_box.spine.0, archive_box.filled.0)
    };
    assert_eq!(place("a", 15), ("H0001".into(), 20, 15));
    assert_eq!(place("b", 10), ("H0001".into(), 40, 25), "the same box, wider");
    let stored = catalogue.request(&request("b")).unwrap().unwrap().place.unwrap();
    assert_eq!((stored.archive_box.spine, stored.archive_box.filled), (Millimetres(40), Millimetres(25)));
    assert_eq!(catalogue.stock(Some(since)).unwrap().boxes[0].status.archive_box.spine, Millimetres(40));
    let reference = catalogue.request(&request("b")).unwrap().unwrap().reference;
    let events = catalogue.history(&reference).unwrap();
    assert!(
        matches!(events[1].event().unwrap(), crate::Event::BoxGrown { from, to, .. } if from.0 == 20 && to.0 == 40),
        "{events:?}"
    );
    // No spine takes more, and the next slot is too narrow for more than 20 mm.
    assert_eq!(place("c", 16), ("H0002".into(), 20, 16));
    refused(catalogue.file(grows("d", 5)), ErrorKind::Conflict, &["slots"]);
    // Where it may not grow, it stays what it is.
    let mut stays = grows("e", 5);
    if let Custody::CentralPaper(shelving) = &mut stays.custody {
        shelving.grows = false;
    }
    refused(catalogue.file(stays), ErrorKind::Conflict, &["slots"]);
}

pub(super) fn boxes_never_mix(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 5);
    let base = || entry("x").key;
    let keys = [
        base(),
        BoxKey { year: 2023, ..base() },
        BoxKey { retention: Retention::Y, ..base() },
        BoxKey { organisation: "CW".parse().unwrap(), ..base() },
        BoxKey { fonds: "Z110".parse().unwrap(), ..base() },
    ];
    let mut boxes = BTreeSet::new();
    for (n, key) in keys.into_iter().enumerate() {
        let thin = Custody::CentralPaper(shelving(1));
        let filed = catalogue.file(FilingEntry { key, custody: thin, ..entry(&format!("k{n}")) }).unwrap();
        boxes.insert(filed.place.unwrap().archive_box.number);
    }
    assert_eq!(boxes.len(), 5);
}

pub(super) fn wanted_slots_are_taken_in_their_order(catalogue: &dyn Catalogue) {
    catalogue.add_slots(vec![slot(1, 50), slot(2, 10), slot(3, 20), slot(4, 50)]).unwrap();
    let wanted = |n: u32, slots: &[u32]| {
        let slots = Some(slots.iter().map(|s| slot(*s, 0).address).collect());
        let custody = Custody::CentralPaper(Shelving { slots, ..shelving(20) });
        catalogue.file(FilingEntry { custody, ..entry(&format!("w{n}")) })
    };
    // The first is not in the catalogue, the second is too narrow.
    assert_eq!(wanted(1, &[9, 2, 4, 1]).unwrap().place.unwrap().slot, slot(4, 50).address);
    assert_eq!(wanted(2, &[4, 3]).unwrap().place.unwrap().slot, slot(3, 20).address);
    refused(wanted(3, &[4, 3, 2]), ErrorKind::Conflict, &["slots", "none of the 3 named"]);
    assert_eq!(counter_next(catalogue, false), 3);
    assert_eq!(counter_next(catalogue, true), 3);
}

pub(super) fn full_slots_consume_nothing(catalogue: &dyn Catalogue) {
    refused(catalogue.file(entry("a")), ErrorKind::Conflict, &["slots", "0 of 0"]);
    catalogue.add_slots(vec![slot(1, 20), slot(2, 10)]).unwrap();
    catalogue.file(entry("a")).unwrap();
    refused(catalogue.file(entry("b")), ErrorKind::Conflict, &["slots", "1 of 2", "15 mm"]);
    assert_eq!(catalogue.request(&request("b")).unwrap(), None);
    refused(catalogue.locate(&Locator::Customer("33b".parse().unwrap())), ErrorKind::NotFound, &["33b"]);
    catalogue.add_slots(vec![slot(3, 20)]).unwrap();
    assert_eq!(catalogue.file(entry("b")).unwrap().reference.as_str(), "Z109-KH·2024-D30-YX-0002");
}

pub(super) fn a_full_counter_consumes_nothing(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 3);
    let number = || Draw::new("short", 5, 6, |n| format!("S-{n}").parse());
    let short = |key| FilingEntry { number: number(), ..entry(key) };
    assert_eq!(catalogue.file(short("a")).unwrap().reference.as_str(), "S-5");
    assert_eq!(catalogue.file(short("b")).unwrap().reference.as_str(), "S-6");
    refused(catalogue.file(short("c")), ErrorKind::Conflict, &["counter \"short\"", "is full", "6"]);
    assert_eq!(catalogue.slots(&SlotFilter::free()).unwrap().len(), 1);
    let moved = FilingEntry { number: Draw::new("short", 1, 9, |n| format!("T-{n}").parse()), ..entry("d") };
    refused(catalogue.file(moved), ErrorKind::Conflict, &["counter \"short\"", "began at 5, not at 1"]);
    // A counter of boxes may run out too.
    let one = |key| FilingEntry {
        key: BoxKey { year: 2020, ..entry(key).key },
        custody: Custody::CentralPaper(Shelving {
            box_number: Draw::new("one box", 1, 1, |n| format!("X{n}").parse()),
            ..shelving(20)
        }),
        ..entry(key)
    };
    catalogue.add_slots(vec![slot(7, 50)]).unwrap();
    catalogue.file(one("e")).unwrap();
    let next = counter_next(catalogue, false);
    refused(catalogue.file(one("f")), ErrorKind::Conflict, &["counter \"one box\"", "is full"]);
    assert_eq!(counter_next(catalogue, false), next);
}

pub(super) fn a_failing_writer_consumes_nothing(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let failing = Draw::new("f", 1, 9, |_| Err(Error::new(ErrorKind::Refused, "rule", "says no")));
    refused(catalogue.file(FilingEntry { number: failing, ..entry("a") }), ErrorKind::Refused, &["says no"]);
    let panicking = Draw::new("f", 1, 9, |_| panic!("on purpose: a number writer's fault must stay its own"));
    refused(
        catalogue.file(FilingEntry { number: panicking, ..entry("a") }),
        ErrorKind::Internal,
        &["panicked"],
    );
    // The box is drawn after the number, which is taken back with it.
    let box_number = Draw::new("b", 1, 9, |_| Err(Error::new(ErrorKind::Refused, "rule", "no box")));
    let custody = Custody::CentralPaper(Shelving { box_number, ..shelving(15) });
    refused(catalogue.file(FilingEntry { custody, ..entry("a") }), ErrorKind::Refused, &["no box"]);
    assert_eq!(catalogue.counters().unwrap(), []);
    assert_eq!(catalogue.slots(&SlotFilter::free()).unwrap().len(), 2);
    assert!(catalogue.file(entry("a")).unwrap().reference.as_str().ends_with("0001"));
}

pub(super) fn a_number_written_twice_is_refused(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 3);
    let constant = |scope: &str| Draw::new(scope, 1, 9, |_| "SAME".parse());
    catalogue.file(FilingEntry { number: constant("one"), ..entry("a") }).unwrap();
    let again = FilingEntry { number: constant("one"), ..entry("b") };
    refused(catalogue.file(again), ErrorKind::Conflict, &["number \"SAME\"", "given before"]);
    let elsewhere = FilingEntry { number: constant("two"), ..entry("b") };
    refused(catalogue.file(elsewhere), ErrorKind::Conflict, &["number \"SAME\"", "given before"]);
}

pub(super) fn a_document_is_filed_once(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    catalogue.file(entry("a")).unwrap();
    let again = FilingEntry { documents: vec![document("a/contract")], ..entry("b") };
    refused(catalogue.file(again), ErrorKind::Conflict, &["document a/contract", "-0001"]);
}

pub(super) fn a_system_record_has_one_customer(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    catalogue.file(entry("a")).unwrap();
    let other = FilingEntry { system_record: "work order a".parse().unwrap(), ..entry("b") };
    refused(catalogue.file(other), ErrorKind::Conflict, &["system record work order a", "33a", "33b"]);
}

pub(super) fn hostile_entries_are_refused(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let huge = || "x".repeat(10_000_000);
    let draw = |scope: String, first, last| Draw::new(scope, first, last, |n| format!("N{n}").parse());
    let paper = |shelving| Custody::CentralPaper(shelving);
    let hostile = [
        ("no document", FilingEntry { documents: vec![], ..entry("a") }),
        ("twice", FilingEntry { documents: vec![document("d"), document("d")], ..entry("a") }),
        ("more than 10000", FilingEntry { documents: vec![document("d"); 10_001], ..entry("a") }),
        ("no JSON", FilingEntry { readings: "{".into(), ..entry("a") }),
        ("no JSON", FilingEntry { findings: "[".repeat(100_000), ..entry("a") }),
        ("bytes of readings", FilingEntry { readings: huge() + &huge(), ..entry("a") }),
        ("longer than 1024", FilingEntry { number: draw(huge(), 1, 9), ..entry("a") }),
        ("holds no number", FilingEntry { number: draw("s".into(), 9, 1), ..entry("a") }),
        ("holds no number", FilingEntry { number: draw("s".into(), 1, u64::MAX), ..entry("a") }),
        ("is empty", FilingEntry { number: draw(String::new(), 1, 9), ..entry("a") }),
        (
            "control character",
            FilingEntry { policy: PolicyVersion { name: "a\0b".into(), version: "1".into() }, ..entry("a") },
        ),
        ("widest box takes 50 mm", FilingEntry { custody: paper(shelving(51)), ..entry("a") }),
        ("no thickness", FilingEntry { custody: paper(shelving(0)), ..entry("a") }),
        (
            "widest box takes 0 mm",
            FilingEntry { custody: paper(Shelving { spines: vec![], ..shelving(1) }), ..entry("a") },
        ),
    ];
    for (part, entry) in hostile {
        refused(catalogue.file(entry), ErrorKind::InvalidInput, &[part]);
    }
    let reason = huge();
    catalogue.file(entry("a")).unwrap();
    refused(catalogue.cancel(&request("a"), &reason, at(1)), ErrorKind::InvalidInput, &["longer than 1024"]);
    let within = SlotFilter { within: Some(huge()), ..SlotFilter::default() };
    assert_eq!(catalogue.slots(&within).unwrap(), []);
    assert_eq!(counter_next(catalogue, false), 2);
}

pub(super) fn threads_get_each_number_once(catalogue: &dyn Catalogue) {
    const THREADS: u64 = 8;
    const EACH: u64 = 25;
    catalogue.add_slots((1..=200).map(|n| slot(n, 50)).collect()).unwrap();
    let refused = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let refused = &refused;
            scope.spawn(move || {
                for n in 0..EACH {
                    let mut entry = entry(&format!("t{thread}-{n}"));
                    // One in ten rolls back after its number was drawn.
                    if (thread + n) % 10 == 0 {
                        let no_slot = Some(vec![]);
                        entry.custody = Custody::CentralPaper(Shelving { slots: no_slot, ..shelving(20) });
                        assert_eq!(catalogue.file(entry).unwrap_err().kind(), ErrorKind::Conflict);
                        refused.fetch_add(1, Ordering::Relaxed);
                    } else {
                        catalogue.file(entry).unwrap();
                    }
                }
            });
        }
    });
    let kept = THREADS * EACH - refused.into_inner();
    let pending = catalogue.pending().unwrap();
    let numbers: BTreeSet<String> = pending.iter().map(|f| f.reference.to_string()).collect();
    let expected: BTreeSet<String> = (1..=kept).map(|n| format!("Z109-KH·2024-D30-YX-{n:04}")).collect();
    assert_eq!(numbers, expected);
    assert_eq!(pending.len() as u64, kept);
}
