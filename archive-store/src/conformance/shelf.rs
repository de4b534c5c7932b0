//! Slots, and what becomes of files and boxes after they were filed.

use archive_core::holding::Slot;
use archive_core::units::Millimetres;
use chrono::{DateTime, Utc};

use super::{at, box_number, document, entry, receipt, refused, request, shelving, slot, tag, with_slots};
use crate::filing::{Custody, FilingEntry, FilingState, Locator, ShelfReceipt, Standing};
use crate::loan::LoanRequest;
use crate::shelf::{Inventory, InventoryFinding, Sighting, SlotFilter, SlotUse, TagHeard};
use crate::{Catalogue, ErrorKind};

pub(super) fn slots_are_added_once(catalogue: &dyn Catalogue) {
    assert_eq!(catalogue.add_slots(vec![slot(2, 20), slot(1, 50)]).unwrap(), 2);
    assert_eq!(catalogue.add_slots(vec![slot(1, 50), slot(3, 50)]).unwrap(), 1);
    let all = catalogue.slots(&SlotFilter::default()).unwrap();
    let addresses: Vec<&str> = all.iter().map(|s| s.slot.address.position()).collect();
    assert_eq!(addresses, ["2", "1", "3"]);
    assert!(all.iter().all(|s| s.used == SlotUse::Free && s.box_number.is_none()));
}

pub(super) fn a_slot_never_changes_its_width(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 1);
    refused(catalogue.add_slots(vec![slot(2, 50), slot(1, 20)]), ErrorKind::Conflict, &["/1", "50 mm"]);
    refused(catalogue.add_slots(vec![slot(2, 0)]), ErrorKind::InvalidInput, &["0 mm"]);
    assert_eq!(catalogue.slots(&SlotFilter::default()).unwrap().len(), 1);
}

pub(super) fn slots_are_filtered(catalogue: &dyn Catalogue) {
    let other = Slot { address: "HZ/R10/B1/C01/A/1/1/1".parse().unwrap(), width: Millimetres(30) };
    catalogue.add_slots(vec![slot(1, 20), slot(2, 50), other]).unwrap();
    catalogue.file(FilingEntry { custody: Custody::CentralPaper(shelving(40)), ..entry("a") }).unwrap();
    let count = |filter: SlotFilter| catalogue.slots(&filter).unwrap().len();
    assert_eq!(count(SlotFilter::free()), 2);
    assert_eq!(count(SlotFilter { used: Some(SlotUse::Reserved), ..SlotFilter::default() }), 1);
    assert_eq!(count(SlotFilter { at_least: Millimetres(30), ..SlotFilter::free() }), 1);
    assert_eq!(count(SlotFilter { within: Some("HZ/R1".into()), ..SlotFilter::default() }), 2);
    assert_eq!(count(SlotFilter { within: Some("HZ/%".into()), ..SlotFilter::default() }), 0);
    assert_eq!(count(SlotFilter { limit: Some(1), ..SlotFilter::default() }), 1);
}

pub(super) fn confirming_is_recorded_once(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    catalogue.file(entry("a")).unwrap();
    let seen = ShelfReceipt { when: at(5), tag: Some(tag(1)) };
    let confirmed = catalogue.confirm(&request("a"), seen).unwrap();
    assert_eq!((confirmed.state, confirmed.confirmed), (FilingState::Confirmed, Some(at(5))));
    let place = confirmed.place.clone().unwrap();
    assert_eq!((place.standing, place.tag), (Standing::Confirmed, Some(tag(1))));
    assert_eq!(catalogue.confirm(&request("a"), receipt(9)).unwrap(), confirmed);
    assert_eq!(catalogue.file(entry("a")).unwrap(), confirmed);
    assert_eq!(catalogue.pending().unwrap(), []);
    refused(catalogue.confirm(&request("z"), receipt(1)), ErrorKind::NotFound, &["request z", "never filed"]);
}

pub(super) fn a_tag_is_on_one_box(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    catalogue.file(entry("a")).unwrap();
    catalogue.file(entry("b")).unwrap();
    let seen = |n| ShelfReceipt { when: at(1), tag: Some(tag(n)) };
    catalogue.confirm(&request("a"), seen(1)).unwrap();
    refused(catalogue.confirm(&request("b"), seen(1)), ErrorKind::Conflict, &["tag 0101", "H0001"]);
    assert_eq!(catalogue.request(&request("b")).unwrap().unwrap().state, FilingState::Reserved);
    catalogue.confirm(&request("b"), seen(2)).unwrap();
    // A third file joins the second's box, where another tag is seen.
    catalogue.file(FilingEntry { custody: Custody::CentralPaper(shelving(5)), ..entry("c") }).unwrap();
    refused(catalogue.confirm(&request("c"), seen(3)), ErrorKind::Conflict, &["tag 0303", "0202"]);
    catalogue.confirm(&request("c"), receipt(3)).unwrap();
}

pub(super) fn cancelling_voids_and_frees(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 1);
    let filed = catalogue.file(entry("a")).unwrap();
    refused(catalogue.cancel(&request("a"), " ", at(1)), ErrorKind::InvalidInput, &["reason"]);
    let gone = catalogue.cancel(&request("a"), "papers withdrawn", at(1)).unwrap();
    assert_eq!((gone.state, &gone.place), (FilingState::Void, &None));
    assert_eq!(gone.void_reason.as_deref(), Some("papers withdrawn"));
    assert_eq!(catalogue.cancel(&request("a"), "again", at(2)).unwrap(), gone);
    assert_eq!(catalogue.file(entry("a")).unwrap(), gone);
    refused(catalogue.confirm(&request("a"), receipt(3)), ErrorKind::Conflict, &["papers withdrawn"]);
    refused(catalogue.cancel(&request("z"), "r", at(1)), ErrorKind::NotFound, &["request z"]);
    // Number and box number are not given again; slot and documents are free.
    let next = FilingEntry { documents: vec![document("a/contract")], ..entry("b") };
    let next = catalogue.file(next).unwrap();
    assert_ne!(next.reference, filed.reference);
    let place = next.place.unwrap();
    assert_eq!(place.archive_box.number.as_str(), "H0002");
    assert_eq!(place.slot, slot(1, 50).address);
    let counters = catalogue.counters().unwrap();
    assert!(counters.iter().all(|c| c.given == 2 && c.voided == 1 && c.next == 3), "{counters:?}");
}

pub(super) fn a_shared_box_outlives_a_cancelled_file(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 1);
    catalogue.file(entry("a")).unwrap();
    catalogue.file(FilingEntry { custody: Custody::CentralPaper(shelving(5)), ..entry("b") }).unwrap();
    catalogue.cancel(&request("a"), "withdrawn", at(1)).unwrap();
    let place = catalogue.confirm(&request("b"), receipt(2)).unwrap().place.unwrap();
    assert_eq!((place.archive_box.number.as_str(), place.archive_box.filled), ("H0001", Millimetres(5)));
    // A box that stands in its slot stays there even when it is empty.
    let reference = catalogue.request(&request("b")).unwrap().unwrap().reference;
    catalogue.void_number(&reference, "misfiled", at(3)).unwrap();
    assert_eq!(catalogue.slots(&SlotFilter::free()).unwrap(), []);
    assert_eq!(catalogue.locate(&Locator::Box("H0001".parse().unwrap())).unwrap(), []);
    let joined = catalogue.file(entry("c")).unwrap().place.unwrap();
    assert_eq!((joined.archive_box.number.as_str(), joined.standing), ("H0001", Standing::Confirmed));
}

pub(super) fn a_confirmed_request_is_voided_by_number(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 1);
    let reference = catalogue.file(entry("a")).unwrap().reference;
    catalogue.confirm(&request("a"), receipt(1)).unwrap();
    refused(
        catalogue.cancel(&request("a"), "r", at(2)),
        ErrorKind::Conflict,
        &["confirmed", reference.as_str()],
    );
    let gone = catalogue.void_number(&reference, "misfiled", at(3)).unwrap();
    assert_eq!((gone.state, gone.void_reason.as_deref()), (FilingState::Void, Some("misfiled")));
    assert_eq!(catalogue.void_number(&reference, "again", at(4)).unwrap(), gone);
    let unknown = catalogue.void_number(&"Z-1".parse().unwrap(), "r", at(3));
    refused(unknown, ErrorKind::NotFound, &["reference code Z-1", "never given"]);
    let found = catalogue.locate(&Locator::Reference(reference)).unwrap();
    assert_eq!(found[0].filed.state, FilingState::Void);
}

pub(super) fn reservations_run_out(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 3);
    for (key, expires) in [("a", Some(at(10))), ("b", Some(at(20))), ("c", None)] {
        catalogue
            .file(FilingEntry { expires, custody: Custody::CentralPaper(shelving(20)), ..entry(key) })
            .unwrap();
    }
    assert_eq!(catalogue.expire(at(10)).unwrap(), []);
    let gone = catalogue.expire(at(15)).unwrap();
    assert_eq!(gone.iter().map(|f| f.request.as_str()).collect::<Vec<_>>(), ["a"]);
    assert!(gone[0].void_reason.as_deref().unwrap().contains("ran out"), "{gone:?}");
    assert_eq!(catalogue.expire(at(15)).unwrap(), []);
    // Who confirms in time is safe for ever.
    catalogue.confirm(&request("b"), receipt(16)).unwrap();
    assert_eq!(catalogue.expire(at(1_000_000)).unwrap(), []);
    assert_eq!(catalogue.pending().unwrap().len(), 1);
}

pub(super) fn a_clock_may_go_backwards(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    catalogue.file(FilingEntry { when: at(100), expires: Some(at(50)), ..entry("a") }).unwrap();
    catalogue.file(FilingEntry { when: at(-100), ..entry("b") }).unwrap();
    assert_eq!(catalogue.expire(at(-1000)).unwrap(), []);
    let confirmed = catalogue.confirm(&request("a"), receipt(-500)).unwrap();
    assert_eq!(confirmed.confirmed, Some(at(-500)));
    catalogue.cancel(&request("b"), "r", at(-2000)).unwrap();
    let far = FilingEntry { when: DateTime::<Utc>::MAX_UTC, ..entry("c") };
    refused(catalogue.file(far), ErrorKind::InvalidInput, &["check the clock"]);
}

pub(super) fn a_move_keeps_both_slots(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 3);
    catalogue.file(entry("a")).unwrap();
    let number = box_number("H0001");
    let address = |n| slot(n, 50).address;
    let used = || {
        let all = catalogue.slots(&SlotFilter::default()).unwrap();
        all.iter().map(|s| s.used).collect::<Vec<_>>()
    };
    use SlotUse::{Confirmed, Free, Reserved};
    // Nobody put it anywhere yet: it just gets another place.
    let status = catalogue.move_box(&number, &address(2), at(1)).unwrap();
    assert_eq!((status.slot, status.standing, status.moving_to), (address(2), Standing::Reserved, None));
    assert_eq!(used(), [Free, Reserved, Free]);
    catalogue.confirm(&request("a"), ShelfReceipt { when: at(2), tag: Some(tag(1)) }).unwrap();
    let moving = catalogue.move_box(&number, &address(3), at(3)).unwrap();
    assert_eq!((&moving.slot, &moving.moving_to), (&address(2), &Some(address(3))));
    assert_eq!(catalogue.move_box(&number, &address(3), at(4)).unwrap(), moving);
    assert_eq!(used(), [Free, Confirmed, Reserved]);
    refused(catalogue.move_box(&number, &address(1), at(4)), ErrorKind::Conflict, &["H0001", "/3"]);
    // A file that comes meanwhile goes into the box where it stands.
    let thin = Custody::CentralPaper(shelving(1));
    let joined = catalogue.file(FilingEntry { custody: thin, ..entry("b") }).unwrap().place.unwrap();
    assert_eq!((joined.slot, joined.standing), (address(2), Standing::Confirmed));
    catalogue.cancel_move(&number, at(5)).unwrap();
    catalogue.cancel_move(&number, at(5)).unwrap();
    assert_eq!(used(), [Free, Confirmed, Free]);
    catalogue.move_box(&number, &address(1), at(6)).unwrap();
    let moved = catalogue.confirm_move(&number, at(7)).unwrap();
    assert_eq!((&moved.slot, moved.standing, &moved.moving_to), (&address(1), Standing::Confirmed, &None));
    assert_eq!(catalogue.confirm_move(&number, at(8)).unwrap(), moved);
    assert_eq!(catalogue.box_status(&number).unwrap(), moved);
    assert_eq!(used(), [Confirmed, Free, Free]);
    let found = catalogue.locate(&Locator::Slot(address(1))).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].filed.place.as_ref().unwrap().tag, Some(tag(1)));
}

pub(super) fn a_move_goes_only_where_there_is_room(catalogue: &dyn Catalogue) {
    catalogue.add_slots(vec![slot(1, 50), slot(2, 10), slot(3, 50)]).unwrap();
    catalogue.file(entry("a")).unwrap();
    catalogue.file(entry("b")).unwrap();
    let number = box_number("H0001");
    let to = |n| catalogue.move_box(&number, &slot(n, 50).address, at(1));
    refused(to(2), ErrorKind::Conflict, &["/2", "10 mm", "20 mm"]);
    refused(to(3), ErrorKind::Conflict, &["/3", "reserved"]);
    refused(to(9), ErrorKind::NotFound, &["/9"]);
    refused(catalogue.box_status(&box_number("H9")), ErrorKind::NotFound, &["box H9"]);
    refused(catalogue.confirm_move(&box_number("H9"), at(1)), ErrorKind::NotFound, &["box H9"]);
    // A slot that a move keeps is not given to a new box.
    catalogue.confirm(&request("a"), receipt(2)).unwrap();
    catalogue.add_slots(vec![slot(4, 50)]).unwrap();
    to(4).unwrap();
    refused(catalogue.file(entry("c")), ErrorKind::Conflict, &["slots", "3 of 4"]);
}

pub(super) fn only_an_empty_box_is_vacated(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let reference = catalogue.file(entry("a")).unwrap().reference;
    catalogue.confirm(&request("a"), ShelfReceipt { when: at(1), tag: Some(tag(1)) }).unwrap();
    let number = box_number("H0001");
    refused(catalogue.vacate(&number, "r", at(2)), ErrorKind::Conflict, &["box H0001", "1 files"]);
    catalogue.void_number(&reference, "disposed of", at(3)).unwrap();
    catalogue.move_box(&number, &slot(2, 50).address, at(4)).unwrap();
    assert_eq!(catalogue.vacate(&number, "empty", at(5)).unwrap(), slot(1, 50).address);
    assert_eq!(catalogue.slots(&SlotFilter::free()).unwrap().len(), 2);
    refused(catalogue.vacate(&number, "empty", at(6)), ErrorKind::NotFound, &["box H0001"]);
    // Its tag may go onto another box, its number may not.
    let next = catalogue.file(entry("b")).unwrap().place.unwrap();
    assert_eq!(next.archive_box.number, box_number("H0002"));
    catalogue.confirm(&request("b"), ShelfReceipt { when: at(7), tag: Some(tag(1)) }).unwrap();
}

pub(super) fn a_file_is_lent_once_at_a_time(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let reference = catalogue.file(entry("a")).unwrap().reference;
    let wish = |key: &str| LoanRequest {
        key: request(key),
        reference: reference.clone(),
        borrower: "Audit office".into(),
        purpose: "tariff review".into(),
        when: at(10),
        due: Some(at(1000)),
    };
    refused(catalogue.lend(&wish("l1")), ErrorKind::Conflict, &[reference.as_str(), "reserved"]);
    catalogue.confirm(&request("a"), receipt(1)).unwrap();
    let loan = catalogue.lend(&wish("l1")).unwrap();
    assert_eq!(catalogue.lend(&wish("l1")).unwrap(), loan);
    assert_eq!(catalogue.open_loans().unwrap(), [loan]);
    let other = LoanRequest { purpose: "another".into(), ..wish("l1") };
    refused(catalogue.lend(&other), ErrorKind::Conflict, &["loan l1", "key of its own"]);
    refused(catalogue.lend(&wish("l2")), ErrorKind::Conflict, &["loan l1", "wait"]);
    refused(catalogue.void_number(&reference, "r", at(11)), ErrorKind::Conflict, &["loan l1"]);
    // A clock that went backwards in between is recorded as it is.
    let back = catalogue.give_back(&request("l1"), at(5)).unwrap();
    assert_eq!(back.returned, Some(at(5)));
    assert_eq!(catalogue.give_back(&request("l1"), at(30)).unwrap(), back);
    assert_eq!(catalogue.lend(&wish("l1")).unwrap(), back);
    assert_eq!(catalogue.open_loans().unwrap(), []);
    catalogue.lend(&wish("l2")).unwrap();
    let latest = |limit| -> Vec<String> {
        let loans = catalogue.latest_loans(limit).unwrap();
        loans.iter().map(|loan| format!("{} {}", loan.request.key, loan.returned.is_some())).collect()
    };
    assert_eq!(latest(9), ["l2 false", "l1 true"], "out and back, the newest first");
    assert_eq!(latest(1), ["l2 false"]);
    catalogue.give_back(&request("l2"), at(40)).unwrap();
    catalogue.void_number(&reference, "r", at(50)).unwrap();
    refused(catalogue.lend(&wish("l3")), ErrorKind::Conflict, &["void"]);
    refused(catalogue.give_back(&request("l9"), at(1)), ErrorKind::NotFound, &["loan l9"]);
    let unknown = LoanRequest { reference: "Z".parse().unwrap(), ..wish("l4") };
    refused(catalogue.lend(&unknown), ErrorKind::NotFound, &["file Z"]);
    let electronic = FilingEntry { custody: Custody::Electronic, ..entry("e") };
    let reference = catalogue.file(electronic).unwrap().reference;
    refused(catalogue.lend(&LoanRequest { reference, ..wish("l5") }), ErrorKind::Conflict, &["electronic"]);
    let nobody = LoanRequest { borrower: "\n".into(), ..wish("l6") };
    refused(catalogue.lend(&nobody), ErrorKind::InvalidInput, &["borrower"]);
}

pub(super) fn inventories_are_recorded_once(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    catalogue.file(entry("a")).unwrap();
    let inventory = |key: &str, minutes, sighting: Sighting| Inventory {
        key: request(key),
        when: at(minutes),
        findings: vec![InventoryFinding { box_number: box_number("H0001"), sighting, heard: None }],
    };
    let seen = || catalogue.locate(&Locator::Request(request("a"))).unwrap()[0].last_seen.clone();
    assert_eq!(seen(), None);
    catalogue.record_inventory(inventory("i1", 10, Sighting::Missing)).unwrap();
    assert_eq!(seen(), Some(Sighting::Missing));
    let elsewhere = Sighting::Misplaced { seen: slot(2, 50).address };
    catalogue.record_inventory(inventory("i2", 20, elsewhere.clone())).unwrap();
    catalogue.record_inventory(inventory("i2", 20, elsewhere.clone())).unwrap();
    // One that was made earlier and comes later does not hide the later one.
    catalogue.record_inventory(inventory("i3", 15, Sighting::Present)).unwrap();
    assert_eq!(seen(), Some(elsewhere.clone()));
    let other = catalogue.record_inventory(inventory("i2", 20, Sighting::Unverified));
    refused(other, ErrorKind::Conflict, &["inventory i2", "other findings"]);
    let mut unknown = inventory("i4", 30, Sighting::Present);
    let nobody = InventoryFinding { box_number: box_number("H9"), ..unknown.findings[0].clone() };
    unknown.findings.push(nobody);
    refused(catalogue.record_inventory(unknown), ErrorKind::NotFound, &["box H9", "i4"]);
    let mut twice = inventory("i4", 30, Sighting::Present);
    twice.findings.extend(twice.findings.clone());
    refused(catalogue.record_inventory(twice), ErrorKind::InvalidInput, &["inventory i4", "H0001 twice"]);
    assert_eq!(catalogue.inventory(&request("i2")).unwrap(), Some(inventory("i2", 20, elsewhere)));
    assert_eq!(catalogue.inventory(&request("i4")).unwrap(), None);
}

pub(super) fn tags_keep_what_was_heard_of_them(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 1);
    catalogue.file(entry("a")).unwrap();
    let inventory = |key: &str, heard| Inventory {
        key: request(key),
        when: at(10),
        findings: vec![InventoryFinding {
            box_number: box_number("H0001"),
            sighting: Sighting::Present,
            heard,
        }],
    };
    let heard = |seen, missed| TagHeard { tag: tag(1), seen, missed };
    catalogue.record_inventory(inventory("i1", None)).unwrap();
    assert_eq!(catalogue.tag_histories().unwrap(), []);
    catalogue.record_inventory(inventory("i2", Some(heard(3, 1)))).unwrap();
    catalogue.record_inventory(inventory("i3", Some(heard(u32::MAX, 0)))).unwrap();
    // The same again does not bring the older one back.
    catalogue.record_inventory(inventory("i2", Some(heard(3, 1)))).unwrap();
    let other = catalogue.record_inventory(inventory("i2", Some(heard(3, 2))));
    refused(other, ErrorKind::Conflict, &["inventory i2", "other findings"]);
    assert_eq!(catalogue.tag_histories().unwrap(), [heard(u32::MAX, 0)]);
}
