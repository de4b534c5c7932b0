//! The catalogue follows what readers report; every change can be taken back.

use archive::{Archive, ErrorKind};
use archive_core::holding::{SlotAddress, TagEpc};
use archive_shelving::sync::{Decision, Evidence, Place};
use archive_store::{SlotFilter, SlotUse};

use crate::scene::{Scene, assert_fails, command, models_are_there, run, text};

/// An archive with one box on the shelf: its tag and its slot.
fn one_box(scene: &Scene) -> (Archive, TagEpc, SlotAddress) {
    let archive = scene.open();
    archive.file(&scene.short_request("r-1")).unwrap();
    let standing = archive.standing_tags().unwrap();
    let [(tag, slot)] = standing.as_slice() else { panic!("{standing:?}") };
    let (tag, slot) = (*tag, slot.clone());
    (archive, tag, slot)
}

fn free_slots(archive: &Archive) -> Vec<SlotAddress> {
    let free = SlotFilter { used: Some(SlotUse::Free), ..SlotFilter::default() };
    archive.catalogue().slots(&free).unwrap().into_iter().map(|status| status.slot.address).collect()
}

fn seen(tag: TagEpc, slot: &SlotAddress) -> Evidence {
    Evidence::Seen { tag, place: Place::Slot(slot.clone()) }
}

#[test]
fn a_box_that_was_put_back_elsewhere_is_followed_and_undone() {
    if !models_are_there("a_box_that_was_put_back_elsewhere_is_followed_and_undone") {
        return;
    }
    let scene = Scene::new();
    let (archive, tag, old) = one_box(&scene);
    let new = free_slots(&archive).pop().unwrap();
    let report = archive.synchronise(&[seen(tag, &new)]).unwrap();
    let [change] = report.changes.as_slice() else { panic!("{report:?}") };
    assert_eq!(change.decision, Decision::Moved { tag, from: old.clone(), to: new.clone() });
    assert_eq!(archive.standing_tags().unwrap(), [(tag, new.clone())]);
    assert!(archive.catalogue().audit().unwrap().is_empty());
    // The same report again needs nothing.
    assert!(archive.synchronise(&[seen(tag, &new)]).unwrap().changes.is_empty());

    let undone = archive.undo_sync(&change.id).unwrap();
    assert!(undone.undone && archive.undo_sync(&change.id).unwrap().undone);
    assert_eq!(archive.standing_tags().unwrap(), [(tag, old)]);
    assert_eq!(archive.sync_changes().unwrap(), [undone]);
    let error = archive.undo_sync(&"no-such-change".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn a_box_that_is_gone_is_told_and_comes_back() {
    if !models_are_there("a_box_that_is_gone_is_told_and_comes_back") {
        return;
    }
    let scene = Scene::new();
    let (archive, tag, slot) = one_box(&scene);
    let gone = [Evidence::Absent { tag }];
    let report = archive.synchronise(&gone).unwrap();
    assert_eq!(report.changes[0].decision, Decision::TakenOut { tag, from: slot.clone() });
    // Told once; its slot is kept.
    assert!(archive.synchronise(&gone).unwrap().changes.is_empty());
    assert_eq!(archive.standing_tags().unwrap(), [(tag, slot.clone())]);
    let back = archive.synchronise(&[seen(tag, &slot)]).unwrap();
    assert_eq!(back.changes[0].decision, Decision::PutBack { tag, slot });
    assert!(archive.undo_sync(&back.changes[0].id).unwrap().undone);
}

#[test]
fn conflicts_change_nothing_and_are_findings() {
    if !models_are_there("conflicts_change_nothing_and_are_findings") {
        return;
    }
    let scene = Scene::new();
    let (archive, tag, slot) = one_box(&scene);
    let free = free_slots(&archive);
    let foreign: TagEpc = "2C14257BF460720000000190".parse().unwrap();
    let evidence = [seen(tag, &free[0]), seen(tag, &free[1]), seen(foreign, &slot)];
    let report = archive.synchronise(&evidence).unwrap();
    assert!(report.changes.is_empty(), "{report:?}");
    assert_eq!(report.findings.len(), 2);
    assert!(report.findings.iter().any(|f| f.contains("contradicts itself")), "{report:?}");
    assert!(report.findings.iter().any(|f| f.contains("a tag that no box has")), "{report:?}");
    assert_eq!(archive.standing_tags().unwrap(), [(tag, slot)]);
}

#[test]
fn a_crash_between_begun_and_done_is_finished() {
    if !models_are_there("a_crash_between_begun_and_done_is_finished") {
        return;
    }
    let scene = Scene::new();
    let (archive, tag, old) = one_box(&scene);
    let new = free_slots(&archive).pop().unwrap();
    archive.synchronise(&[seen(tag, &new)]).unwrap();
    archive.undo_sync(&archive.sync_changes().unwrap()[0].id.clone()).unwrap();
    assert_eq!(archive.standing_tags().unwrap(), [(tag, old)]);
    // What a crash leaves: a change that was begun, and the beginning of a line.
    let path = scene.holdings().join("sync.jsonl");
    let journal = std::fs::read_to_string(&path).unwrap();
    let begun = journal.lines().next().unwrap();
    std::fs::write(&path, format!("{begun}\n{}", r#"{"done":"#)).unwrap();
    assert!(archive.synchronise(&[]).unwrap().changes.is_empty());
    assert_eq!(archive.standing_tags().unwrap(), [(tag, new)]);
    // A journal that is none is refused, whole.
    std::fs::write(&path, "no journal\n").unwrap();
    let error = archive.synchronise(&[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("sync.jsonl line 1"), "{error}");
}

#[test]
fn the_command_lists_and_undoes() {
    let scene = Scene::new();
    let holdings = scene.holdings();
    let sync = |arguments: &[&str]| {
        let mut command = command(["sync", "--archive"]);
        run(command.arg(text(&holdings)).args(arguments))
    };
    let output = sync(&["--check"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0 changes, 0 left to a person\n");
    assert_eq!(sync(&["--list"]).stdout, b"");
    assert_fails(&sync(&["--undo", "sync-1"]), 3, &["is no automatic change"]);
}
