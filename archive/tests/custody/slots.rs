//! Which slot a box gets and why, advice, rounds and space, through the facade and the command.

use archive::rounds::RoundTimes;
use archive::slots::NewBox;
use archive::using::LendRequest;
use archive::{Archive, ErrorKind, Shelving};
use archive_core::record::CustomerClass;
use archive_core::units::Millimetres;
use archive_shelving::plan::slot_choice::Block;
use archive_store::{SlotFilter, SlotUse};
use std::process::Command;

use crate::scene::Scene;

fn new_box() -> NewBox {
    NewBox {
        process: "dunning".parse().unwrap(),
        class: CustomerClass::Business,
        year: 2024,
        customer: None,
        spine: Millimetres(50),
        site: None,
    }
}

/// Files until `boxes` boxes are begun: a case of many pages fills a box.
fn fill(scene: &Scene, archive: &Archive, boxes: usize) {
    for n in 0..boxes {
        let mut request = scene.dunning(&format!("fill-{n}"));
        request.documents[0].pages = Some(archive_core::units::Pages(700));
        let filed = archive.file(&request).unwrap();
        assert!(matches!(filed.shelving, Shelving::Confirmed { .. }), "{:?}", filed.shelving);
    }
}

#[test]
fn a_filing_says_why_its_box_stands_where_it_does() {
    let scene = Scene::new();
    let archive = scene.open();
    let proposed = archive.propose_slot(&new_box(), 3).unwrap();
    assert_eq!((proposed.runners_up.len(), proposed.possible), (3, 720));
    let first = scene.file(&archive, "r-1");
    let choice = first.slot_choice.clone().unwrap();
    assert_eq!(Some(&choice.best.slot), first.slot.as_ref());
    assert_eq!(
        (Some(&choice.number), choice.policy.name.as_str()),
        (first.box_number.as_ref(), "reference-slots")
    );
    assert!(!choice.runners_up.is_empty());
    // The same answer again, also from another process; a file that joins the box chose nothing.
    assert_eq!(scene.open().file(&scene.dunning("r-1")).unwrap().slot_choice, Some(choice));
    let second = scene.file(&archive, "r-2");
    assert_eq!((second.box_number, second.slot_choice), (first.box_number.clone(), None));
    // The index follows: the slot is taken, and the box would stand nowhere better.
    let number = first.box_number.unwrap();
    assert_eq!(archive.propose_slot(&new_box(), 0).unwrap().ruled_out.taken, 1);
    let again = archive.propose_slot_for(&number, 0).unwrap();
    assert_eq!((again.possible, Some(again.best.slot)), (720, first.slot));
}

#[test]
fn what_other_processes_did_is_known() {
    let scene = Scene::new();
    let (here, there) = (scene.open(), scene.open());
    assert_eq!(here.propose_slot(&new_box(), 0).unwrap().possible, 720);
    let filed = scene.file(&there, "r-1");
    let (number, slot) = (filed.box_number.unwrap(), filed.slot.unwrap());
    assert_eq!(here.propose_slot(&new_box(), 0).unwrap().possible, 719);
    let to = "HZ/R1/B1/C01/A/01/1/01".parse().unwrap();
    there.catalogue().move_box(&number, &to, chrono::Utc::now()).unwrap();
    let moving = here.propose_slot(&new_box(), 0).unwrap();
    assert_eq!((moving.ruled_out.taken, moving.ruled_out.reserved), (1, 1));
    there.catalogue().confirm_move(&number, chrono::Utc::now()).unwrap();
    let moved = here.propose_slot(&new_box(), 720).unwrap();
    assert_eq!((moved.ruled_out.taken, moved.ruled_out.reserved), (1, 0));
    let free = here.catalogue().slots(&SlotFilter::free()).unwrap();
    assert!(free.iter().any(|status| status.slot.address == slot));
}

#[test]
fn many_file_at_once_and_each_box_has_a_slot_of_its_own() {
    let scene = Scene::new();
    let archives = [scene.open(), scene.open()];
    let requests: Vec<_> = (0..16)
        .map(|n| {
            let mut request = scene.dunning(&format!("r-{n}"));
            request.documents[0].pages = Some(archive_core::units::Pages(700));
            request
        })
        .collect();
    std::thread::scope(|scope| {
        for (n, request) in requests.iter().enumerate() {
            let archive = &archives[n % 2];
            scope.spawn(move || archive.file(request).unwrap());
        }
    });
    let used = archives[0].catalogue().slots(&SlotFilter::default()).unwrap();
    assert_eq!(used.iter().filter(|status| status.used != SlotUse::Free).count(), 16);
    assert!(archives[0].catalogue().audit().unwrap().is_empty());
}

#[test]
fn a_room_without_a_slot_is_refused_with_the_reasons() {
    let scene = Scene::new();
    let archive = scene.open();
    let first = scene.file(&archive, "r-1");
    let bank = "HZ/R1/B1".parse().unwrap();
    for column in ["C01", "C02", "C03", "C04"] {
        archive.block_column(&bank, column, Some(Block::Faulty)).unwrap();
    }
    assert_eq!(archive.block_column(&bank, "C99", None).unwrap_err().kind(), ErrorKind::NotFound);
    let error = archive.propose_slot(&new_box(), 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("on a faulty column"), "{error}");
    // A box that has room needs no slot.
    assert_eq!(scene.file(&archive, "r-2").box_number, first.box_number);
    let mut request = scene.dunning("r-3");
    request.documents[0].pages = Some(archive_core::units::Pages(970));
    let error = archive.file(&request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.report().contains("720 on a faulty column"), "{}", error.report());
    archive.block_column(&bank, "C02", None).unwrap();
    assert!(archive.file(&request).unwrap().slot.unwrap().column() == "C02");
}

#[test]
fn a_blocked_column_is_left_by_every_process_and_every_plan() {
    let scene = Scene::new();
    let archive = scene.open();
    let filed = scene.file(&archive, "r-1");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_archive"));
        let output = command.args(arguments).arg("--archive").arg(scene.path("holdings")).output().unwrap();
        let (told, complaint) = (output.stdout, output.stderr);
        (output.status.code(), [told, complaint].map(|text| String::from_utf8(text).unwrap()).concat())
    };
    // The index of this process is made; another process blocks what it would choose.
    let before = archive.propose_slot(&new_box(), 0).unwrap();
    let chosen = before.slots().next().unwrap().clone();
    let column = chosen.column().to_owned();
    assert_eq!(run(&["slots", "block", "HZ/R1/B1", &column, "--as", "locked"]).0, Some(0));
    let (_, told) = run(&["slots", "blocked"]);
    assert_eq!(told, format!("column {column} of bank HZ/R1/B1: locked\n"));
    let after = archive.propose_slot(&new_box(), 0).unwrap();
    assert!(after.slots().all(|slot| slot.column() != column) && after.ruled_out.locked > 0, "{after}");
    let mapping = [(filed.box_number.unwrap(), chosen)];
    let error = archive.plan_relocation(&"m".parse().unwrap(), &mapping).unwrap_err();
    assert!(
        error.kind() == ErrorKind::Conflict && error.to_string().contains("on a locked column"),
        "{error}"
    );

    assert_eq!(run(&["slots", "unblock", "HZ/R1/B1", &column]).0, Some(0));
    assert_eq!(archive.blocked_columns().unwrap(), []);
    assert_eq!(archive.propose_slot(&new_box(), 0).unwrap().to_string(), before.to_string());
    let (code, told) = run(&["slots", "block", "HZ/R1/B1", "C77"]);
    assert!(code == Some(3) && told.contains("column C77 of bank HZ/R1/B1"), "{told}");
    std::fs::write(scene.path("holdings").join("blocked_columns.json"), "[{]").unwrap();
    let error = archive.propose_slot(&new_box(), 0).unwrap_err();
    assert!(
        error.kind() == ErrorKind::Corrupt && error.to_string().contains("blocked_columns.json"),
        "{error}"
    );
}

#[test]
fn what_is_no_box_is_refused() {
    let scene = Scene::new();
    let archive = scene.open();
    let refused = |wanted: NewBox, kind, word: &str| {
        let error = archive.propose_slot(&wanted, 1).unwrap_err();
        assert!(error.kind() == kind && error.to_string().contains(word), "{error}");
    };
    refused(NewBox { process: "none".parse().unwrap(), ..new_box() }, ErrorKind::NotFound, "none");
    refused(
        NewBox { class: CustomerClass::Residential, ..new_box() },
        ErrorKind::Unsupported,
        "electronically",
    );
    refused(NewBox { spine: Millimetres(0), ..new_box() }, ErrorKind::InvalidInput, "thickness");
    refused(NewBox { spine: Millimetres(51), ..new_box() }, ErrorKind::Conflict, "720 too narrow");
    refused(NewBox { spine: Millimetres(u32::MAX), ..new_box() }, ErrorKind::Conflict, "too narrow");
    refused(NewBox { site: Some("X".into()), ..new_box() }, ErrorKind::Conflict, "not at a site");
    let unknown = archive.propose_slot_for(&"X1".parse().unwrap(), 1).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
}

#[test]
fn boxes_that_are_fetched_often_are_advised_to_stand_together() {
    let scene = Scene::new();
    let archive = scene.open();
    fill(&scene, &archive, 2);
    assert!(archive.advise_slots(10, 0.0).unwrap().moves.is_empty());
    // Far from each other, and fetched: each is a day old, so that there is a rate.
    let references: Vec<_> = archive.locate("3388985508").unwrap().into_iter().map(|l| l.filed).collect();
    let now = chrono::Utc::now();
    for (filed, slot) in references.iter().zip(["HZ/R1/B1/C01/A/01/1/01", "HZ/R1/B1/C04/B/01/1/01"]) {
        let number = filed.place.as_ref().unwrap().archive_box.number.clone();
        archive.catalogue().move_box(&number, &slot.parse().unwrap(), now).unwrap();
        archive.catalogue().confirm_move(&number, now).unwrap();
        let request = LendRequest {
            key: format!("loan-{number}").parse().unwrap(),
            reference: filed.reference.clone(),
            borrower: "Audit office".into(),
            purpose: "tariff review".into(),
        };
        archive.lend_file(&request).unwrap();
    }
    // What was made today stood for no month: nothing is expected, and nothing advised.
    assert!(archive.advise_slots(10, 0.0).unwrap().moves.is_empty());

    let names: Vec<String> = references.iter().map(|filed| filed.reference.to_string()).collect();
    let round = archive.plan_retrieval(&names, &RoundTimes::default()).unwrap();
    assert_eq!((round.boxes.len(), round.boxes[0].len()), (2, 1));
    assert!(round.round.is_proven_shortest());
    assert_eq!(archive.plan_inventory_walk(&RoundTimes::default()).unwrap().boxes.len(), 2);
    let unknown = archive.plan_retrieval(&["nothing".into()], &RoundTimes::default()).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);

    let outlook = archive.space(120).unwrap();
    assert_eq!((outlook.sites.len(), outlook.sites[0].free), (1, 718));
    assert!(outlook.freed.is_empty() && outlook.sites[0].growth[0].1 > 1.0, "{outlook:?}");
    assert_eq!(archive.space(5000).unwrap_err().kind(), ErrorKind::InvalidInput);
}
