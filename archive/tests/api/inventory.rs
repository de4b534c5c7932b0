//! Stock-taking, where boxes are gone, joined by strangers, or behind devices that fail.

use std::sync::atomic::Ordering;

use archive_core::holding::TagEpc;
use archive_shelving::inventory::{Doubt, Finding};
use archive_store::Sighting;

use crate::scene::{Scene, models_are_there};

#[test]
fn what_stands_where_is_inferred_and_recorded() {
    if !models_are_there("what_stands_where_is_inferred_and_recorded") {
        return;
    }
    let scene = Scene::new();
    let (archive, devices) = scene.open_breakable();
    let outcome = archive.file(&scene.short_request("r-1")).unwrap();
    let (slot, room) = (outcome.slot.unwrap(), devices.devices.room());
    let archive::Shelving::Confirmed { tag } = outcome.shelving else { panic!("{:?}", outcome.shelving) };
    let last_seen = || archive.locate("r-1").unwrap()[0].last_seen.clone();
    let report = || {
        let mut report = archive.inventory().unwrap();
        assert_eq!(report.boxes.len(), 1);
        (report.boxes.remove(0), report)
    };

    let (boxed, rest) = report();
    assert_eq!((boxed.sighting, boxed.doubt), (Sighting::Present, None));
    assert!(boxed.posterior.present > 0.99 && rest.findings.is_empty(), "{rest:?}");

    // A stranger beside it.
    let stranger: TagEpc = "2C14257BF460720000000190".parse().unwrap();
    room.place_with_rate(stranger, &slot, 1.0).unwrap();
    let (boxed, rest) = report();
    assert_eq!((boxed.sighting, rest.foreign), (Sighting::Present, vec![stranger]));
    assert!(matches!(&rest.findings[..], [Finding::ForeignTag { tag, .. }] if *tag == stranger));
    room.remove(stranger);

    // Gone: a tag without a history may be one of those that are never read.
    room.remove(tag);
    let (boxed, _) = report();
    assert_eq!((boxed.sighting, boxed.doubt), (Sighting::Unverified, Some(Doubt::Silent)));
    assert_eq!(last_seen(), Some(Sighting::Unverified));

    // Cut off: the box is unverified for another reason, and the report names it.
    devices.broken.store(true, Ordering::SeqCst);
    let (boxed, rest) = report();
    assert_eq!((boxed.sighting, boxed.doubt), (Sighting::Unverified, Some(Doubt::AisleNotRead)));
    assert!(rest.unread[0].contains("is cut off"), "{:?}", rest.unread);
}
