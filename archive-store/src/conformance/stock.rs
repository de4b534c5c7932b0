//! What stands on the shelves, whole and by what changed.

use archive_core::identifier::ReferenceCode;

use super::{at, box_number, entry, receipt, request, shelving, slot, with_slots};
use crate::filing::{Custody, FilingEntry, Standing};
use crate::loan::LoanRequest;
use crate::shelf::{Inventory, InventoryFinding, Sighting, SlotHold};
use crate::stock::{BoxUse, CHANGE_LIMIT, MappedSlot, Stock};
use crate::{Catalogue, SlotFilter, SlotUse};

pub(super) fn the_stock_follows_the_log(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 4);
    let address = |n| slot(n, 50).address;
    let empty = catalogue.stock(None).unwrap();
    assert!(empty.whole && empty.boxes.is_empty() && empty.kept.is_empty());
    let mut upto = empty.upto;
    let mut since = || {
        let changed = catalogue.stock(Some(upto)).unwrap();
        upto = changed.upto;
        changed
    };
    let nothing =
        |upto| Stock { upto, whole: false, boxes: vec![], gone: vec![], kept: vec![], given_up: vec![] };
    assert_eq!(since(), nothing(empty.upto));

    catalogue.file(FilingEntry { custody: Custody::CentralPaper(shelving(15)), ..entry("a") }).unwrap();
    let filed = since();
    let [shelved] = &filed.boxes[..] else { panic!("{filed:?}") };
    assert_eq!((&shelved.status.slot, shelved.status.standing), (&address(1), Standing::Reserved));
    assert_eq!((shelved.customer.clone(), shelved.made), (Some("33a".parse().unwrap()), at(0)));
    assert_eq!(shelved.process, Some(entry("a").process));
    // A second customer's file: the box is no longer of one. One file of another process is not most.
    let joining = FilingEntry { custody: Custody::CentralPaper(shelving(5)), ..entry("b") };
    catalogue.file(FilingEntry { process: "another".parse().unwrap(), ..joining }).unwrap();
    let joined = since();
    assert_eq!((joined.boxes.len(), joined.boxes[0].customer.clone()), (1, None));
    assert_eq!(joined.boxes[0].process, Some("another".parse().unwrap()).min(shelved.process.clone()));
    catalogue.confirm(&request("a"), receipt(1)).unwrap();
    assert_eq!(since().boxes[0].status.standing, Standing::Confirmed);

    catalogue.move_box(&box_number("H0001"), &address(3), at(2)).unwrap();
    assert_eq!(since().boxes[0].status.moving_to, Some(address(3)));
    catalogue.confirm_move(&box_number("H0001"), at(3)).unwrap();
    let moved = since();
    assert_eq!((&moved.boxes[0].status.slot, &moved.boxes[0].status.moving_to), (&address(3), &None));

    let hold = SlotHold { key: request("z"), address: address(4), when: at(4), expires: at(9), ended: None };
    catalogue.hold_slot(&hold).unwrap();
    assert_eq!(since().kept, [address(4)]);
    assert_eq!(catalogue.stock(None).unwrap().kept, [address(4)]);
    catalogue.release_slot(&request("z"), at(5)).unwrap();
    assert_eq!(since().given_up, [address(4)]);

    // A box that never reached its slot goes with its only file.
    catalogue.file(FilingEntry { custody: Custody::CentralPaper(shelving(40)), ..entry("c") }).unwrap();
    assert_eq!(since().boxes[0].status.slot, address(1));
    catalogue.cancel(&request("c"), "withdrawn", at(6)).unwrap();
    let gone = since();
    assert_eq!((gone.boxes.len(), gone.gone), (0, vec![box_number("H0002")]));

    // The whole says the same; new slots and another catalogue's log are the whole again.
    let whole = catalogue.stock(None).unwrap();
    assert_eq!((whole.boxes, whole.upto), (moved.boxes, upto));
    assert!(catalogue.stock(Some(upto + 1)).unwrap().whole);
    assert!(catalogue.stock(Some(u64::MAX - CHANGE_LIMIT)).unwrap().whole);
    catalogue.add_slots(vec![slot(9, 50)]).unwrap();
    assert!(catalogue.stock(Some(upto)).unwrap().whole);
    assert_eq!(catalogue.slots(&SlotFilter::free()).unwrap().len(), 4);
}

/// A file is lent at minute `from` and given back at minute `to`.
fn lend(catalogue: &dyn Catalogue, key: &str, reference: &ReferenceCode, from: i64, to: i64) {
    let request = LoanRequest {
        key: request(key),
        reference: reference.clone(),
        borrower: "Audit office".into(),
        purpose: "tariff review".into(),
        when: at(from),
        due: None,
    };
    catalogue.lend(&request).unwrap();
    catalogue.give_back(&request.key, at(to)).unwrap();
}

pub(super) fn loans_are_remembered_as_retrievals(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 1);
    assert_eq!(catalogue.retrievals().unwrap(), []);
    let reference = catalogue.file(entry("a")).unwrap().reference;
    catalogue.confirm(&request("a"), receipt(1)).unwrap();
    lend(catalogue, "l1", &reference, 10, 11);
    lend(catalogue, "l2", &reference, 30, 31);
    let made: Vec<_> = catalogue.retrievals().unwrap().iter().map(|r| (r.made, r.when)).collect();
    assert_eq!(made, [(at(0), at(10)), (at(0), at(30))]);
    assert!(catalogue.retrievals().unwrap().iter().all(|r| r.process == entry("a").process));
}

pub(super) fn a_box_tells_how_long_nobody_looked(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let reference = catalogue.file(entry("a")).unwrap().reference;
    assert_eq!(catalogue.box_uses().unwrap(), [], "no box stands yet");
    catalogue.confirm(&request("a"), receipt(1)).unwrap();
    let used = |checked, accesses| {
        [BoxUse { number: box_number("H0001"), slot: slot(1, 50).address, checked: at(checked), accesses }]
    };
    assert_eq!(catalogue.box_uses().unwrap(), used(0, 0));
    lend(catalogue, "l1", &reference, 10, 20);
    assert_eq!(catalogue.box_uses().unwrap(), used(0, 2));
    let inventory = |minutes: i64, sighting| Inventory {
        key: request(&format!("i{minutes}")),
        when: at(minutes),
        findings: vec![InventoryFinding { box_number: box_number("H0001"), sighting, heard: None }],
    };
    catalogue.record_inventory(inventory(15, Sighting::Present)).unwrap();
    assert_eq!(catalogue.box_uses().unwrap(), used(15, 1));
    // No answer is no check.
    catalogue.record_inventory(inventory(40, Sighting::Unverified)).unwrap();
    assert_eq!(catalogue.box_uses().unwrap(), used(15, 1));
    catalogue.record_inventory(inventory(50, Sighting::Missing)).unwrap();
    assert_eq!(catalogue.box_uses().unwrap(), used(50, 0));
}

pub(super) fn a_map_shows_slots_and_what_was_seen(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 3);
    let reference = catalogue.file(entry("a")).unwrap().reference;
    let site = slot(1, 50).address.site().to_owned();
    let map = || catalogue.shelf_map(&site, at(15)).unwrap();
    let used = |map: &[MappedSlot]| map.iter().map(|s| s.used).collect::<Vec<_>>();
    assert_eq!(used(&map()), [SlotUse::Reserved, SlotUse::Free, SlotUse::Free]);
    let hold = SlotHold {
        key: request("z"),
        address: slot(2, 50).address,
        when: at(1),
        expires: at(9),
        ended: None,
    };
    catalogue.hold_slot(&hold).unwrap();
    catalogue.confirm(&request("a"), receipt(1)).unwrap();
    assert_eq!(used(&map()), [SlotUse::Confirmed, SlotUse::Reserved, SlotUse::Free]);
    assert_eq!(map()[1].archive_box, None);
    let in_box = || map()[0].archive_box.clone().unwrap();
    assert_eq!((in_box().files, in_box().loans, in_box().last_seen, in_box().seen_at), (1, 0, None, None));
    assert!(in_box().filled <= in_box().spine && in_box().number == box_number("H0001"));
    lend(catalogue, "l1", &reference, 10, 11);
    lend(catalogue, "l2", &reference, 15, 16);
    assert_eq!(in_box().loans, 1, "those from minute 15 on");
    let inventory = |minutes: i64, sighting| Inventory {
        key: request(&format!("i{minutes}")),
        when: at(minutes),
        findings: vec![InventoryFinding { box_number: box_number("H0001"), sighting, heard: None }],
    };
    let elsewhere = Sighting::Misplaced { seen: slot(3, 50).address };
    catalogue.record_inventory(inventory(40, elsewhere.clone())).unwrap();
    catalogue.record_inventory(inventory(30, Sighting::Missing)).unwrap();
    assert_eq!((in_box().last_seen, in_box().seen_at), (Some(elsewhere), Some(at(40))));
    // No part of a name, and no pattern.
    for within in [&site[..1], "%", ""] {
        assert_eq!(catalogue.shelf_map(within, at(0)).unwrap(), [], "{within:?}");
    }
    let figures: Vec<_> = catalogue
        .inventories(9)
        .unwrap()
        .into_iter()
        .map(|i| (i.when, i.present, i.misplaced, i.missing, i.unverified))
        .collect();
    assert_eq!(figures, [(at(40), 0, 1, 0, 0), (at(30), 0, 0, 1, 0)]);
    assert_eq!(catalogue.inventories(1).unwrap()[0].key, request("i40"));
}
