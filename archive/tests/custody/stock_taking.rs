//! Inventories that know the tags from earlier ones, and findings that are accepted and taken back.

use std::process::Command;
use std::sync::Arc;

use archive::devices::SimulatedDevices;
use archive::{Archive, Config, ErrorKind, InventoryReport, Shelving};
use archive_core::units::Pages;
use archive_shelving::inventory::Doubt;
use archive_store::{Inventory, InventoryFinding, Sighting, TagHeard};

use crate::scene::Scene;

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
        heard
    };
    // As if there had been twenty more.
    let known = heard(1);
    let findings = vec![InventoryFinding {
        box_number: number.clone(),
        sighting: Sighting::Present,
        heard: Some(TagHeard { seen: known.seen + 20, ..known }),
    }];
    let earlier = Inventory { key: "earlier".parse().unwrap(), when: chrono::Utc::now(), findings };
    archive.catalogue().record_inventory(earlier).unwrap();
    heard(22);
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
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_archive"));
        let output = command.args(arguments).arg("--archive").arg(scene.path("holdings")).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, told) = run(&["sync", "--inventory", "walk-1", "--box", number.as_str()]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("moved from") && told.contains("1 changes, 0 left to a person"), "{told}");
    let change = told.split(": ").next().unwrap().to_owned();
    assert_eq!(run(&["sync", "--undo", &change]).0, Some(0));
    assert_eq!(scene.open().catalogue().box_status(&number).unwrap().slot, filed.slot.unwrap());
    assert_eq!(run(&["sync", "--inventory", "walk-2"]).0, Some(3));
    assert_eq!(run(&["sync", "--box", number.as_str()]).0, Some(2));
}
