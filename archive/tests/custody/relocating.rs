//! Batch relocation by a mapping, over processes, stops and undoing; and advice that becomes one.

use std::process::{Command, Output};

use archive::relocation::load_mapping;
use archive::using::LendRequest;
use archive::{Archive, ErrorKind};
use archive_core::holding::{BoxKey, Retention, SlotAddress};
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_core::policy::PolicyVersion;
use archive_core::record::{Carrier, Digest, Document};
use archive_core::units::{Millimetres, Pages};
use archive_store::{Custody, Draw, FilingEntry, LoanRequest, MoveState, ShelfReceipt, Shelving};
use chrono::{TimeDelta, Utc};

use crate::scene::Scene;

fn slot(column: u8, position: u8) -> SlotAddress {
    format!("HZ/R1/B1/C{column:02}/A/01/1/{position:02}").parse().unwrap()
}

fn number(n: usize) -> BoxNumber {
    format!("H{n:04}").parse().unwrap()
}

/// Box `n` of customer `n / 2`, as if it had been filed `days` ago and stood in `at` since.
fn stand(archive: &Archive, n: usize, at: &SlotAddress, days: i64) {
    let key: RequestKey = format!("old-{n}").parse().unwrap();
    let when = Utc::now() - TimeDelta::days(days);
    let entry = FilingEntry {
        request: key.clone(),
        digest: Digest([n as u8; 32]),
        when,
        expires: None,
        customer: format!("33{:04}", n / 2).parse().unwrap(),
        process: "dunning".parse().unwrap(),
        system_record: format!("row-{n}").parse().unwrap(),
        key: BoxKey {
            fonds: "Z109".parse().unwrap(),
            year: 2024,
            retention: Retention::D10,
            organisation: format!("YX{n:02}").parse().unwrap(),
        },
        policy: PolicyVersion { name: "old".into(), version: "1".into() },
        number: Draw::new("old", 1, 99, |n| format!("OLD-{n:04}").parse()),
        documents: vec![Document {
            id: format!("old-{n}").parse().unwrap(),
            document_type: None,
            carrier: Carrier::Paper,
            pages: Pages(4),
            date: None,
            digest: Digest([1; 32]),
            path: "old.png".into(),
        }],
        readings: String::new(),
        findings: String::new(),
        custody: Custody::CentralPaper(Shelving {
            thickness: Millimetres(30),
            spines: vec![Millimetres(50)],
            box_number: Draw::new("old boxes", 1, 99, |n| format!("H{n:04}").parse()),
            slots: Some(vec![at.clone()]),
            grows: false,
        }),
        joins: None,
    };
    archive.catalogue().file(entry).unwrap();
    archive.catalogue().confirm(&key, ShelfReceipt { when, tag: None }).unwrap();
}

fn where_is(archive: &Archive, n: usize) -> SlotAddress {
    archive.catalogue().box_status(&number(n)).unwrap().slot
}

fn run(scene: &Scene, arguments: &[&str]) -> Output {
    let directory = scene.path("holdings");
    Command::new(env!("CARGO_BIN_EXE_archive"))
        .args(arguments)
        .args(["--archive", directory.to_str().unwrap()])
        .output()
        .unwrap()
}

#[track_caller]
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_mapping_is_carried_out_over_processes_and_taken_back() {
    let scene = Scene::new();
    let archive = scene.open();
    for n in 1..=5 {
        stand(&archive, n, &slot(1, n as u8), 10);
    }
    drop(archive);
    // 1 and 2 change places, 3 follows 4 into an empty slot; 5 stays.
    let mapping = scene.path("mapping.csv");
    let rows = [(1, slot(1, 2)), (2, slot(1, 1)), (3, slot(1, 4)), (4, slot(3, 1)), (5, slot(1, 5))];
    let text: String = rows.iter().map(|(n, to)| format!("{},{to}\n", number(*n))).collect();
    std::fs::write(&mapping, format!("box,slot\n{text}")).unwrap();
    let path = mapping.to_str().unwrap();
    let planned = done(&run(&scene, &["relocate", "plan", path, "--key", "m/7"]));
    assert!(planned.contains("5 moves, 1 closed cycles") && planned.contains("under way"), "{planned}");
    assert_eq!(done(&run(&scene, &["relocate", "plan", path, "--key", "m/7"])), planned);
    assert_eq!(done(&run(&scene, &["relocate", "list"])), "m/7\n");
    // One move a process, until nothing is left.
    let mut processes = 0;
    while !done(&run(&scene, &["relocate", "show", "m/7"])).ends_with("; done\n") {
        done(&run(&scene, &["relocate", "carry-out", "m/7", "--moves", "1"]));
        processes += 1;
    }
    assert_eq!(processes, 5);
    let archive = scene.open();
    assert!(rows.iter().all(|(n, to)| where_is(&archive, *n) == *to));
    assert!(archive.catalogue().audit().unwrap().is_empty());

    // Back again, by hand at first.
    let key: RequestKey = "m/7".parse().unwrap();
    let back = archive.undo_relocation(&key).unwrap();
    let first = back.moves.iter().find(|m| m.state == Some(MoveState::Returning)).unwrap();
    archive.receive_relocated(&key, &first.box_number.clone(), None).unwrap();
    let rest = archive.carry_out_relocation(&key, usize::MAX).unwrap();
    assert!(rest.stopped.is_none() && rest.progress.done && rest.progress.undone, "{rest:?}");
    assert!((1..=5).all(|n| where_is(&archive, n) == slot(1, n as u8)));
    assert_eq!(archive.undo_relocation(&key).unwrap(), rest.progress);
}

#[test]
fn a_plan_half_done_is_taken_back() {
    let scene = Scene::new();
    let archive = scene.open();
    (1..=4).for_each(|n| stand(&archive, n, &slot(1, n as u8), 10));
    // Two cycles: the spare slot of the first is wanted again by the second.
    let wanted = [(1, 2), (2, 1), (3, 4), (4, 3)].map(|(n, at)| (number(n), slot(1, at)));
    for moves in 0..=6 {
        let key: RequestKey = format!("m-{moves}").parse().unwrap();
        assert_eq!(archive.plan_relocation(&key, &wanted).unwrap().moves.len(), 6);
        let carried = archive.carry_out_relocation(&key, moves).unwrap();
        assert_eq!((carried.received.len(), carried.progress.done), (moves, moves == 6));
        archive.undo_relocation(&key).unwrap();
        let back = archive.carry_out_relocation(&key, usize::MAX).unwrap();
        assert!(back.progress.done && back.stopped.is_none(), "{moves}: {back:?}");
        assert!((1..=4).all(|n| where_is(&archive, n) == slot(1, n as u8)), "{moves}");
        assert!(archive.catalogue().audit().unwrap().is_empty());
    }
}

#[test]
fn mappings_that_cannot_be_are_refused_by_name() {
    let scene = Scene::new();
    let archive = scene.open();
    (1..=3).for_each(|n| stand(&archive, n, &slot(1, n as u8), 10));
    let key: RequestKey = "m".parse().unwrap();
    let refused = |wanted: &[(BoxNumber, SlotAddress)], kind, words: [&str; 2]| {
        let error = archive.plan_relocation(&key, wanted).unwrap_err();
        let text = error.to_string();
        assert!(error.kind() == kind && words.iter().all(|word| text.contains(word)), "{text}");
    };
    let far = |address: &str| address.parse::<SlotAddress>().unwrap();
    use ErrorKind::{Conflict, InvalidInput, NotFound};
    refused(&[(number(1), slot(2, 1)), (number(2), slot(2, 1))], InvalidInput, ["H0001", "H0002"]);
    refused(&[(number(1), slot(2, 1)), (number(1), slot(2, 2))], InvalidInput, ["H0001", "two slots"]);
    refused(&[(number(1), far("HZ/R9/B1/C01/A/01/1/01"))], NotFound, ["HZ/R9", "not among the slots"]);
    refused(&[(number(9), slot(2, 1))], NotFound, ["H0009", "none of the slots"]);
    refused(&[(number(1), slot(1, 2))], Conflict, ["H0002", "stays"]);
    refused(&[(number(1), slot(1, 1))], Conflict, ["relocation m", "nothing to move"]);
    archive.catalogue().move_box(&number(3), &slot(4, 4), Utc::now()).unwrap();
    refused(&[(number(1), slot(4, 4))], Conflict, ["C04", "kept for another box"]);
    assert_eq!(archive.relocations().unwrap().len(), 0);
    archive.plan_relocation(&key, &[(number(1), slot(2, 1))]).unwrap();
    refused(&[(number(1), slot(2, 2))], Conflict, ["relocation m", "another mapping"]);
    let error = archive.receive_relocated(&key, &number(2), None).unwrap_err();
    assert_eq!(error.kind(), NotFound);
    for unknown in [archive.relocation(&"x".parse().unwrap()), archive.undo_relocation(&"x".parse().unwrap())]
    {
        assert_eq!(unknown.unwrap_err().kind(), NotFound);
    }

    let path = scene.path("mapping.csv");
    let broken = |text: &[u8], word: &str| {
        std::fs::write(&path, text).unwrap();
        let error = load_mapping(&path).unwrap_err();
        assert!(error.kind() == InvalidInput && error.report().contains(word), "{}", error.report());
    };
    broken(b"box,place\nH1,x\n", "no column \"slot\"");
    broken(b"box,slot\n", "no rows");
    broken(b"box,slot\nH1,HZ/R1\n", "line 2");
    broken(b"box,slot\n,HZ/R1/B1/C01/A/01/1/01\n", "line 2");
    broken(b"box,slot\nH1,HZ/R1/B1/C01/A/01/1/01,more\n", "line 2");
    broken(b"box,slot\n\xff,x\n", "mapping.csv");
    std::fs::write(&path, "\u{feff}slot , box\nHZ/R1/B1/C01/A/01/1/01, H1\n").unwrap();
    assert_eq!(load_mapping(&path).unwrap().len(), 1);
    // A plan that somebody wrote into by hand is refused, and nothing moves.
    let kept = std::fs::read_dir(scene.path("holdings/relocations")).unwrap().next().unwrap().unwrap();
    std::fs::write(kept.path(), "{").unwrap();
    assert_eq!(archive.relocation(&key).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(where_is(&archive, 1), slot(1, 1));
}

#[test]
fn what_is_fetched_often_is_advised_to_stand_together_and_then_moved() {
    let scene = Scene::new();
    let archive = scene.open();
    // Two boxes of one customer at both ends of the bank, fetched every ten days for a year.
    stand(&archive, 2, &slot(1, 1), 365);
    stand(&archive, 3, &slot(4, 1), 365);
    for day in (0..36).map(|n| n * 10) {
        for file in 1..=2 {
            let request = LoanRequest {
                key: format!("l-{day}-{file}").parse().unwrap(),
                reference: format!("OLD-{file:04}").parse().unwrap(),
                borrower: "Audit office".into(),
                purpose: "tariff review".into(),
                when: Utc::now() - TimeDelta::days(364 - day),
                due: None,
            };
            archive.catalogue().lend(&request).unwrap();
            archive.catalogue().give_back(&request.key, request.when + TimeDelta::hours(1)).unwrap();
        }
    }
    let open = LendRequest {
        key: "now".parse().unwrap(),
        reference: "OLD-0001".parse().unwrap(),
        borrower: "Audit office".into(),
        purpose: "tariff review".into(),
    };
    archive.lend_file(&open).unwrap();
    let path = scene.path("advice.csv");
    let told = done(&run(&scene, &["slots", "advise", "--least", "0.01", "--out", path.to_str().unwrap()]));
    assert!(told.contains("1 moves bring the expected opening time from"), "{told}");
    done(&run(&scene, &["relocate", "plan", path.to_str().unwrap(), "--key", "a"]));
    done(&run(&scene, &["relocate", "carry-out", "a"]));
    let archive = scene.open();
    let aisle = |n| archive.locate(number(n).as_str()).unwrap()[0].filed.place.clone().unwrap().slot;
    let (one, other) = (aisle(1), aisle(2));
    assert!(one.column() == other.column() || one.side() != other.side(), "{one} {other}");
    assert!(archive.advise_slots(10, 0.01).unwrap().moves.is_empty());

    let text = done(&run(&scene, &["slots", "propose", "H0001", "--runners-up", "2"]));
    assert_eq!(text.lines().count(), 4, "{text}");
    let text = done(&run(&scene, &["slots", "propose", "--process", "dunning", "--year", "2024"]));
    assert!(text.starts_with("box NEW: slot HZ/R1/B1/") && text.contains("policy reference-slots"), "{text}");
    assert!(done(&run(&scene, &["slots", "space", "--months", "60"])).starts_with("site HZ: 718 slots free"));
    let text = done(&run(&scene, &["round", "H0001", "H0002"]));
    assert!(text.contains("box H0002") && text.ends_with("proven the shortest\n"), "{text}");
    assert!(done(&run(&scene, &["round", "--inventory"])).contains("aisle"));
}
