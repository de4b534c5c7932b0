//! Inventories that know the tags from earlier ones, and findings that are accepted and taken back.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use archive::devices::SimulatedDevices;
use archive::using::LendRequest;
use archive::{Archive, Config, ErrorKind, InventoryReport, Shelving};
use archive_core::holding::SlotAddress;
use archive_core::units::Pages;
use archive_shelving::inventory::{CycleCount, Doubt, Place};
use archive_shelving::layout::AisleId;
use archive_store::{Inventory, InventoryFinding, Sighting};

use crate::scene::Scene;

/// What a command ends with, and what it tells.
fn run(scene: &Scene, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_archive"));
    let output = command.args(arguments).arg("--archive").arg(scene.path("holdings")).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_silent_tag_that_was_always_heard_is_missing_and_what_is_misplaced_is_accepted() {
    let scene = Scene::new();
    let config = Config::load(&scene.path("holdings")).unwrap();
    let devices = SimulatedDevices::new(config.slots().iter().map(|slot| &slot.address), 2000.0).unwrap();
    let devices = Arc::new(devices);
    let archive = Archive::open_with(config, Arc::<SimulatedDevices>::clone(&devices)).unwrap();
    let room = devices.room();
    let mut boxes = Vec::new();
    // One in each aisle.
    for face in ["C02/B", "C01/A", "C01/B", "C03/B", "C04/B"] {
        let mut request = scene.dunning(&face.replace('/', "-"));
        request.documents[0].pages = Some(Pages(900));
        let filed = archive.file(&request).unwrap();
        let Shelving::Confirmed { tag } = filed.shelving else { panic!("{:?}", filed.shelving) };
        let number = filed.box_number.unwrap();
        let slot = format!("HZ/R1/B1/{face}/01/1/02").parse().unwrap();
        archive.catalogue().move_box(&number, &slot, chrono::Utc::now()).unwrap();
        archive.catalogue().confirm_move(&number, chrono::Utc::now()).unwrap();
        room.place_with_rate(tag, &slot, 1.0).unwrap();
        boxes.push((number, slot, tag));
    }
    let (number, slot, tag) = boxes[0].clone();
    let of_first = |report: &InventoryReport| {
        let found = report.boxes.iter().find(|b| b.box_number == number).unwrap();
        (found.sighting.clone(), found.doubt)
    };

    // Never heard of before: a silent tag may be one of those that are never read.
    room.remove(tag);
    assert_eq!(of_first(&archive.inventory().unwrap()), (Sighting::Unverified, Some(Doubt::Silent)));
    assert!(archive.catalogue().tag_histories().unwrap().iter().all(|heard| heard.tag != tag));
    room.place_with_rate(tag, &slot, 1.0).unwrap();
    let heard = |visits: u32| {
        assert!(archive.inventory().unwrap().is_clean());
        let histories = archive.catalogue().tag_histories().unwrap();
        let heard = *histories.iter().find(|heard| heard.tag == tag).unwrap();
        assert!(heard.seen >= visits && heard.missed == 0, "{heard:?}");
    };
    (1..=12).for_each(heard);
    // Known from many inventories, also by another process: silent now, it is gone.
    room.remove(tag);
    drop(archive);
    let config = Config::load(&scene.path("holdings")).unwrap();
    let archive = Archive::open_with(config, Arc::<SimulatedDevices>::clone(&devices)).unwrap();
    let gone = archive.inventory().unwrap();
    assert_eq!(of_first(&gone), (Sighting::Missing, None));
    assert_eq!(archive.catalogue().box_status(&number).unwrap().slot, slot, "nothing moves by itself");

    // In another aisle: accepted for this box alone, and taken back.
    let elsewhere = "HZ/R1/B1/C01/A/01/1/01".parse().unwrap();
    room.place_with_rate(tag, &elsewhere, 1.0).unwrap();
    let astray = archive.inventory().unwrap();
    assert_eq!(of_first(&astray).0, Sighting::Misplaced { seen: elsewhere.clone() });
    let outdated = archive.accept_inventory(&gone.key, &[]).unwrap();
    assert!(outdated.changes.is_empty() && outdated.findings[0].contains("since"), "{outdated:?}");
    let other = archive.accept_inventory(&astray.key, &[boxes[1].0.clone()]).unwrap();
    assert!(other.changes.is_empty() && other.findings.is_empty(), "{other:?}");
    let accepted = archive.accept_inventory(&astray.key, std::slice::from_ref(&number)).unwrap();
    assert_eq!(accepted.changes.len(), 1, "{accepted:?}");
    assert_eq!(archive.catalogue().box_status(&number).unwrap().slot, elsewhere);
    archive.undo_sync(&accepted.changes[0].id).unwrap();
    assert_eq!(archive.catalogue().box_status(&number).unwrap().slot, slot);
    assert!(archive.catalogue().audit().unwrap().is_empty());

    let unknown = archive.accept_inventory(&"none".parse().unwrap(), &[]).unwrap_err();
    assert!(unknown.kind() == ErrorKind::NotFound && unknown.to_string().contains("inventory none"));
    let stranger = archive.accept_inventory(&astray.key, &["X9".parse().unwrap()]).unwrap_err();
    assert!(stranger.kind() == ErrorKind::NotFound && stranger.to_string().contains("box X9"), "{stranger}");
}

#[test]
fn where_there_is_no_time_for_all_the_aisle_that_was_opened_most_is_checked() {
    let scene = Scene::new();
    let config = Config::load(&scene.path("holdings")).unwrap();
    let devices = SimulatedDevices::new(config.slots().iter().map(|slot| &slot.address), 2000.0).unwrap();
    let devices = Arc::new(devices);
    let archive = Archive::open_with(config, Arc::<SimulatedDevices>::clone(&devices)).unwrap();
    let mut filed = Vec::new();
    for face in ["C01/A", "C02/B", "C04/B"] {
        let mut request = scene.dunning(&face.replace('/', "-"));
        request.documents[0].pages = Some(Pages(900));
        let outcome = archive.file(&request).unwrap();
        let Shelving::Confirmed { tag } = outcome.shelving else { panic!("{:?}", outcome.shelving) };
        let number = outcome.box_number.unwrap();
        let slot: SlotAddress = format!("HZ/R1/B1/{face}/01/1/02").parse().unwrap();
        archive.catalogue().move_box(&number, &slot, chrono::Utc::now()).unwrap();
        archive.catalogue().confirm_move(&number, chrono::Utc::now()).unwrap();
        devices.room().place_with_rate(tag, &slot, 1.0).unwrap();
        filed.push((number, slot, tag, outcome.reference_code));
    }
    let lending = LendRequest {
        key: "loan".parse().unwrap(),
        reference: filed[1].3.clone(),
        borrower: "Audit office".into(),
        purpose: "tariff review".into(),
    };
    archive.lend_file(&lending).unwrap();
    archive.take_back(&lending.key).unwrap();

    let plan = |seconds| {
        let (time, reading) = (Duration::from_secs(seconds), Duration::from_secs(30));
        archive.plan_cycle_count(&CycleCount::default(), time, reading)
    };
    let one = plan(60).unwrap();
    assert!(one.places.len() == 1 && (0.01..0.011).contains(&one.found), "{one:?}");
    assert_eq!(plan(600).unwrap().places.len(), 3);
    assert_eq!(plan(10).unwrap().places, []);
    assert_eq!(plan(u64::MAX).unwrap_err().kind(), ErrorKind::InvalidInput);
    let told = run(&scene, &["inventory", "--minutes", "1", "--plan"]);
    assert!(told.0 == Some(0) && told.1.contains("1 aisles in"), "{told:?}");
    assert_eq!(run(&scene, &["inventory", "--plan"]).0, Some(2));

    // A box of another aisle stands there: both are found, and nothing is said of the third.
    devices.room().place_with_rate(filed[2].2, &filed[1].1, 1.0).unwrap();
    let report = archive.inventory_of(&one.places).unwrap();
    let seen: Vec<_> = report.boxes.iter().map(|b| (&b.box_number, &b.sighting)).collect();
    let first = "HZ/R1/B1/C02/B/01/1/01".parse().unwrap();
    let expected = [(&filed[1].0, &Sighting::Present), (&filed[2].0, &Sighting::Misplaced { seen: first })];
    assert_eq!(seen, expected);
    assert!(report.unread.is_empty(), "{:?}", report.unread);
    // What was checked has nothing to be found now.
    assert!(plan(60).unwrap().found < 0.001);
    let nowhere = Place { bank: "HZ/R9/B9".parse().unwrap(), aisle: AisleId(0) };
    let error = archive.inventory_of(&[nowhere]).unwrap_err();
    assert_eq!(error.to_string(), "HZ/R9/B9 aisle 0: has no slots in the catalogue");
}

#[test]
fn the_command_accepts_an_inventory_by_its_key() {
    let scene = Scene::new();
    let archive = scene.open();
    let filed = scene.file(&archive, "a");
    let (number, to) = (filed.box_number.unwrap(), "HZ/R1/B1/C01/A/01/1/01".parse().unwrap());
    let findings = vec![InventoryFinding {
        box_number: number.clone(),
        sighting: Sighting::Misplaced { seen: to },
        heard: None,
    }];
    let inventory = Inventory { key: "walk-1".parse().unwrap(), when: chrono::Utc::now(), findings };
    archive.catalogue().record_inventory(inventory).unwrap();
    drop(archive);
    let run = |arguments: &[&str]| run(&scene, arguments);
    let (code, told) = run(&["sync", "--inventory", "walk-1", "--box", number.as_str()]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("moved from") && told.contains("1 changes, 0 left to a person"), "{told}");
    let change = told.split(": ").next().unwrap().to_owned();
    assert_eq!(run(&["sync", "--undo", &change]).0, Some(0));
    assert_eq!(scene.open().catalogue().box_status(&number).unwrap().slot, filed.slot.unwrap());
    assert_eq!(run(&["sync", "--inventory", "walk-2"]).0, Some(3));
    assert_eq!(run(&["sync", "--box", number.as_str()]).0, Some(2));
}
