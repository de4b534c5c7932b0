//! What happens to files after they were filed: holds, new numbers, versions, disposal, relocation.

use archive_core::evidence::ReviewDecision;
use archive_core::holding::SlotAddress;
use archive_core::identifier::{ReferenceCode, RoleCode};
use archive_core::record::{Customer, CustomerClass, Digest};
use archive_core::units::Pages;

use super::{at, box_number, counter_next, entry, receipt, refused, request, shelving, tag, with_slots};
use crate::disposal::{DisposalProposal, DisposalState, LegalHold};
use crate::document::{DigestSuite, DocumentVersion, Fixity, FixityCheck, FixityFinding};
use crate::filing::{Custody, Draw, FilingEntry, FilingState, Locator, ShelfReceipt, Shelving};
use crate::party::BusinessProcess;
use crate::relocation::{MoveState, PlannedMove, Relocation, RelocationPlan};
use crate::review::FindingReview;
use crate::search::Search;
use crate::shelf::{HoldEnd, SlotFilter, SlotHold};
use crate::{Catalogue, ErrorKind, Event};

fn address(n: u32) -> SlotAddress {
    super::slot(n, 50).address
}

fn hold(key: &str, n: u32) -> SlotHold {
    SlotHold { key: request(key), address: address(n), when: at(0), expires: at(60), ended: None }
}

/// Files `key` on paper that fills a box of 50 mm, and confirms it.
fn confirmed(catalogue: &dyn Catalogue, key: &str) -> crate::Filed {
    let mut entry = entry(key);
    entry.custody = Custody::CentralPaper(shelving(50));
    catalogue.file(entry).unwrap();
    catalogue.confirm(&request(key), receipt(1)).unwrap()
}

/// Pre-select, hold, file into it; release; run out.
pub(super) fn a_held_slot_is_kept_for_its_request(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 3);
    let kept = catalogue.hold_slot(&hold("k1", 2)).unwrap();
    assert_eq!(catalogue.hold_slot(&hold("k1", 2)).unwrap(), kept);
    refused(catalogue.hold_slot(&hold("k1", 3)), ErrorKind::Conflict, &["k1"]);
    refused(catalogue.hold_slot(&hold("k2", 2)), ErrorKind::Conflict, &["held for request k1"]);
    refused(catalogue.hold_slot(&hold("k2", 99)), ErrorKind::NotFound, &["slot"]);
    let free = catalogue.slots(&SlotFilter::free()).unwrap();
    assert!(free.iter().all(|status| status.slot.address != address(2)), "{free:?}");
    // Others go past it, its own request takes it, whatever else it wishes.
    let place = |key: &str| {
        let mut entry = entry(key);
        entry.custody =
            Custody::CentralPaper(Shelving { slots: Some((1..=3).map(address).collect()), ..shelving(50) });
        catalogue.file(entry).unwrap().place.unwrap().slot
    };
    assert_eq!(place("other"), address(1));
    assert_eq!(place("another"), address(3));
    assert_eq!(place("k1"), address(2));
    assert_eq!(catalogue.release_slot(&request("k1"), at(2)).unwrap().ended, Some(HoldEnd::Used));
    refused(catalogue.release_slot(&request("none"), at(2)), ErrorKind::NotFound, &["none"]);
    catalogue.add_slots(vec![super::slot(4, 50), super::slot(5, 50)]).unwrap();
    catalogue.hold_slot(&hold("k4", 4)).unwrap();
    refused(
        catalogue.move_box(&box_number("H0001"), &address(4), at(3)),
        ErrorKind::Conflict,
        &["held for request k4"],
    );
    assert_eq!(catalogue.release_slot(&request("k4"), at(3)).unwrap().ended, Some(HoldEnd::Released));
    catalogue.hold_slot(&hold("k5", 5)).unwrap();
    catalogue.expire(at(60)).unwrap();
    assert_eq!(catalogue.slots(&SlotFilter::free()).unwrap().len(), 1);
    catalogue.expire(at(61)).unwrap();
    assert_eq!(catalogue.slots(&SlotFilter::free()).unwrap().len(), 2);
}

pub(super) fn an_old_number_goes_on_to_resolve(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let first = catalogue.file(entry("a")).unwrap().reference;
    let other = catalogue.file(entry("b")).unwrap().reference;
    let series = |scope: &str| Draw::new(scope, 1, 9, |n| format!("Z109-NEW-{n}").parse());
    let renamed = catalogue.renumber(&first, series("new"), "wrong series", at(2)).unwrap();
    assert_eq!(renamed.reference.as_str(), "Z109-NEW-1");
    for name in [&first, &renamed.reference] {
        let found = catalogue.locate(&Locator::Reference(name.clone())).unwrap();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0].filed.reference, renamed.reference);
        assert_eq!(catalogue.aliases(name).unwrap(), std::slice::from_ref(&first));
        assert_eq!(catalogue.history(name).unwrap().len(), 2);
    }
    assert_eq!(catalogue.aliases(&other).unwrap(), []);
    // The search follows, and the old number alone is no word of the file any more.
    let found = catalogue.search(&Search::words("Z109-NEW-1")).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(catalogue.search(&Search::words(first.as_str())).unwrap(), []);
    // Neither is given again, and an old one is not renumbered.
    refused(catalogue.renumber(&first, series("new"), "again", at(3)), ErrorKind::Conflict, &["Z109-NEW-1"]);
    let again = Draw::new("other", 1, 9, |_| "Z109-NEW-1".parse());
    refused(catalogue.renumber(&other, again, "a mistake", at(3)), ErrorKind::Conflict, &["Z109-NEW-1"]);
    let unknown = "Z109-NONE".parse().unwrap();
    refused(catalogue.renumber(&unknown, series("new"), "none", at(3)), ErrorKind::NotFound, &["Z109-NONE"]);
    assert_eq!(catalogue.search(&Search::words("Z109-NEW")).unwrap().len(), 1);
    // A void file keeps its number.
    catalogue.void_number(&first, "a test", at(4)).unwrap();
    let void = catalogue.renumber(&renamed.reference, series("new"), "late", at(5));
    refused(void, ErrorKind::Conflict, &["is void"]);
    assert_eq!(catalogue.locate(&Locator::Reference(first)).unwrap()[0].filed.state, FilingState::Void);
}

pub(super) fn versions_follow_one_another(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 1);
    catalogue.file(entry("a")).unwrap();
    let id: archive_core::identifier::DocumentId = "a/contract".parse().unwrap();
    let next = |version: u32, content: &[u8]| DocumentVersion {
        document: id.clone(),
        version,
        fixity: Fixity::of(DigestSuite::Sm3, content),
        pages: Pages(5),
        path: format!("scans/{version}.jpg").into(),
        reason: "scanned anew".into(),
        when: at(2),
    };
    let first = catalogue.versions(&id).unwrap();
    assert_eq!((first.len(), first[0].version, first[0].fixity.suite), (1, 1, DigestSuite::Sha256));
    catalogue.add_version(&next(2, b"two")).unwrap();
    catalogue.add_version(&next(2, b"two")).unwrap();
    refused(catalogue.add_version(&next(2, b"other")), ErrorKind::Conflict, &["version 2"]);
    refused(catalogue.add_version(&next(4, b"four")), ErrorKind::Conflict, &["the next, which is 3"]);
    assert_eq!(catalogue.versions(&id).unwrap()[1], next(2, b"two"));
    let check = |version: u32, found: FixityFinding| FixityCheck {
        document: id.clone(),
        version,
        found,
        when: at(3),
    };
    let seen = [check(1, FixityFinding::Intact), check(2, FixityFinding::Damaged)];
    for check in &seen {
        catalogue.record_fixity(check).unwrap();
        catalogue.record_fixity(check).unwrap();
    }
    assert_eq!(catalogue.fixity_checks(&id).unwrap(), seen);
    for version in [0, 3, u32::MAX] {
        let unknown = catalogue.record_fixity(&check(version, FixityFinding::Missing));
        refused(unknown, ErrorKind::NotFound, &["a/contract"]);
    }
    let unknown = "none".parse().unwrap();
    refused(catalogue.versions(&unknown), ErrorKind::NotFound, &["none"]);
}

pub(super) fn customers_and_processes_agree_with_files(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 1);
    let filed = catalogue.file(entry("a")).unwrap();
    let mut customer =
        Customer {
            number: filed.customer.clone(), name: "某某公司".into(), class: CustomerClass::Business
        };
    assert_eq!(catalogue.customer(&customer.number).unwrap(), None);
    let mut process = BusinessProcess {
        key: filed.system_record.clone(),
        customer: customer.number.clone(),
        process: filed.process.clone(),
        opened: at(0),
        closed: None,
    };
    refused(catalogue.enter_process(&process), ErrorKind::NotFound, &["enter them first"]);
    for name in ["某某公司", "某某有限公司"] {
        customer.name = name.into();
        catalogue.enter_customer(&customer, at(1)).unwrap();
        catalogue.enter_customer(&customer, at(1)).unwrap();
        assert_eq!(catalogue.customer(&customer.number).unwrap().as_ref(), Some(&customer));
    }
    catalogue.enter_process(&process).unwrap();
    process.closed = Some(at(9));
    catalogue.enter_process(&process).unwrap();
    catalogue.enter_process(&process).unwrap();
    assert_eq!(catalogue.processes(&customer.number).unwrap(), [process.clone()]);
    process.closed = None;
    refused(catalogue.enter_process(&process), ErrorKind::Conflict, &["work order a"]);
    // A row has one customer, whichever came first.
    let other = Customer { number: "other".parse().unwrap(), ..customer.clone() };
    catalogue.enter_customer(&other, at(2)).unwrap();
    process.customer = other.number.clone();
    refused(catalogue.enter_process(&process), ErrorKind::Conflict, &["work order a", "33a"]);
    process.key = "work order b".parse().unwrap();
    catalogue.enter_process(&process).unwrap();
    refused(catalogue.file(entry("b")), ErrorKind::Conflict, &[]);
    customer.name = "x".repeat(2000);
    refused(catalogue.enter_customer(&customer, at(3)), ErrorKind::InvalidInput, &["customer name"]);
}

fn role(code: &str) -> RoleCode {
    code.parse().unwrap()
}

fn proposal(key: &str, files: &[&crate::Filed]) -> DisposalProposal {
    DisposalProposal {
        key: request(key),
        references: files.iter().map(|filed| filed.reference.clone()).collect(),
        reason: "kept for ten years".into(),
        by: "proposer".into(),
        role: Some(role("archivist")),
        needed: 2,
        when: at(5),
    }
}

pub(super) fn disposal_takes_the_approval_of_two(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let (a, b) = (confirmed(catalogue, "a"), confirmed(catalogue, "b"));
    let key = request("list");
    let list = catalogue.propose_disposal(&proposal("list", &[&a, &b])).unwrap();
    let later = DisposalProposal { when: at(50), ..proposal("list", &[&a, &b]) };
    assert_eq!(catalogue.propose_disposal(&later).unwrap(), list, "whenever it is asked for again");
    let one = DisposalProposal { needed: 1, ..proposal("one", &[&a]) };
    refused(catalogue.propose_disposal(&one), ErrorKind::InvalidInput, &["list one", "1 approvals"]);
    refused(catalogue.propose_disposal(&proposal("list", &[&a])), ErrorKind::Conflict, &["other files"]);
    refused(catalogue.propose_disposal(&proposal("second", &[&a])), ErrorKind::Conflict, &["list list"]);
    refused(catalogue.propose_disposal(&proposal("none", &[])), ErrorKind::InvalidInput, &["0 files"]);
    refused(catalogue.approve_disposal(&key, "proposer", None, at(6)), ErrorKind::Denied, &["others"]);
    refused(catalogue.execute_disposal(&key, at(6)), ErrorKind::Denied, &["0 of 2 approvals"]);
    catalogue.approve_disposal(&key, "one", Some(&role("legal")), at(6)).unwrap();
    let once = catalogue.approve_disposal(&key, "one", Some(&role("archivist")), at(7)).unwrap();
    assert_eq!(once.approvals.len(), 1, "one person in two roles counts once");
    assert_eq!(once.approvals[0].role, Some(role("legal")));
    assert!(!once.is_approved());
    refused(catalogue.execute_disposal(&key, at(8)), ErrorKind::Denied, &["1 of 2 approvals"]);
    assert!(catalogue.approve_disposal(&key, "two", None, at(8)).unwrap().is_approved());
    let done = catalogue.execute_disposal(&key, at(9)).unwrap();
    assert_eq!((done.state, done.ended, done.approvals.len()), (DisposalState::Executed, Some(at(9)), 2));
    assert_eq!(catalogue.execute_disposal(&key, at(10)).unwrap(), done);
    assert_eq!(catalogue.disposal(&key).unwrap(), Some(done));
    for filed in [&a, &b] {
        let now = catalogue.request(&filed.request).unwrap().unwrap();
        assert_eq!(now.state, FilingState::Void);
        assert!(now.void_reason.unwrap().contains("list list"));
    }
    refused(catalogue.reject_disposal(&key, "two", "late", at(11)), ErrorKind::Conflict, &["executed"]);
    assert_eq!(catalogue.disposal(&request("none")).unwrap(), None);
}

pub(super) fn late_documents_join_an_open_file(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let (main, other) = (confirmed(catalogue, "a"), confirmed(catalogue, "b"));
    let joining = |key: &str, main: &ReferenceCode| FilingEntry {
        joins: Some(main.clone()),
        custody: Custody::Electronic,
        ..entry(key)
    };
    let joined = |main: &ReferenceCode| catalogue.locate(&Locator::Joins(main.clone())).unwrap();
    assert_eq!(joined(&main.reference), []);
    let late = catalogue.file(joining("late", &main.reference)).unwrap();
    assert!(catalogue.file(joining("late", &main.reference)).unwrap().already);
    let found = joined(&main.reference);
    assert_eq!(found.iter().map(|file| &file.filed.reference).collect::<Vec<_>>(), [&late.reference]);
    assert_eq!(joined(&other.reference), []);
    // They go together.
    let alone = catalogue.propose_disposal(&proposal("alone", &[&main]));
    refused(alone, ErrorKind::Conflict, &[main.reference.as_str(), late.reference.as_str()]);
    catalogue.propose_disposal(&proposal("both", &[&main, &late])).unwrap();
    catalogue.reject_disposal(&request("both"), "li", "still needed", at(6)).unwrap();
    // Nothing is half done where it cannot join.
    let unknown = "Z109-NONE".parse().unwrap();
    let before = counter_next(catalogue, false);
    refused(catalogue.file(joining("c", &unknown)), ErrorKind::NotFound, &["Z109-NONE"]);
    refused(catalogue.file(joining("c", &late.reference)), ErrorKind::Conflict, &["joined", "name that one"]);
    refused(catalogue.locate(&Locator::Joins(unknown.clone())), ErrorKind::NotFound, &["Z109-NONE"]);
    refused(catalogue.close(&unknown, "li", "done", at(3)), ErrorKind::NotFound, &["Z109-NONE"]);
    refused(catalogue.close(&late.reference, "li", "done", at(3)), ErrorKind::Conflict, &["joined"]);
    refused(catalogue.close(&main.reference, "", "done", at(3)), ErrorKind::InvalidInput, &["person"]);
    assert_eq!(catalogue.closing(&main.reference).unwrap(), None);
    let closing = catalogue.close(&main.reference, "li", "done", at(3)).unwrap();
    assert_eq!(catalogue.close(&main.reference, "wang", "again", at(4)).unwrap(), closing);
    assert_eq!(catalogue.closing(&main.reference).unwrap(), Some(closing));
    refused(catalogue.file(joining("c", &main.reference)), ErrorKind::Refused, &["was closed"]);
    catalogue.void_number(&other.reference, "a test", at(5)).unwrap();
    refused(catalogue.file(joining("c", &other.reference)), ErrorKind::Conflict, &["is void"]);
    assert_eq!(before, counter_next(catalogue, false));
    let logged: Vec<String> =
        catalogue.history(&main.reference).unwrap().into_iter().map(|entry| entry.event).collect();
    assert!(logged[2].contains("joined") && logged[3].contains("closed") && logged.len() == 4, "{logged:?}");
    // The number that the file bore before leads to what joined it, too.
    let new = Draw::new("new", 1, 9, |n| format!("Z109-NEW-{n}").parse());
    catalogue.renumber(&main.reference, new, "wrong series", at(6)).unwrap();
    assert_eq!(joined(&main.reference).len(), 1);
}

pub(super) fn decisions_on_findings_are_logged_once(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let (a, b) = (confirmed(catalogue, "a"), confirmed(catalogue, "b"));
    let review = |filed: &crate::Filed, content: u8| FindingReview {
        reference: filed.reference.clone(),
        finding: Digest([1; 32]),
        decision: ReviewDecision::Confirm,
        content: Digest([content; 32]),
        when: at(3),
    };
    let unknown = FindingReview { reference: "Z109-NONE".parse().unwrap(), ..review(&a, 1) };
    let before = catalogue.checkpoint().unwrap();
    let refused_batch = catalogue.record_reviews(vec![review(&a, 1), unknown]);
    refused(refused_batch, ErrorKind::NotFound, &["Z109-NONE"]);
    let too_many = catalogue.record_reviews(vec![review(&a, 1); crate::REVIEW_LIMIT + 1]);
    refused(too_many, ErrorKind::InvalidInput, &["split it"]);
    assert_eq!(catalogue.checkpoint().unwrap(), before, "all or none");

    assert_eq!(catalogue.record_reviews(vec![review(&a, 1), review(&b, 1), review(&a, 1)]).unwrap(), 2);
    let later = FindingReview { when: at(9), ..review(&a, 1) };
    assert_eq!(catalogue.record_reviews(vec![later, review(&a, 2)]).unwrap(), 1);
    let history = catalogue.history(&a.reference).unwrap();
    let decisions = history.iter().filter(|e| matches!(e.event().unwrap(), Event::Reviewed { .. })).count();
    assert_eq!(decisions, 2, "{history:?}");
    assert!(catalogue.verify(&[before]).unwrap().holds());
}

pub(super) fn a_hold_binds_late_documents(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 1);
    let main = confirmed(catalogue, "a");
    let hold = |key: &str, reason: &str| LegalHold {
        key: request(key),
        references: vec![main.reference.clone()],
        reason: reason.into(),
        by: "court".into(),
        when: at(3),
        lifted: None,
    };
    catalogue.place_legal_hold(&hold("case", "case 7")).unwrap();
    let standing = catalogue.place_legal_hold(&hold("second", "case 8")).unwrap();
    let joins = Some(main.reference.clone());
    let late = catalogue.file(FilingEntry { joins, custody: Custody::Electronic, ..entry("late") }).unwrap();
    let voided = catalogue.void_number(&late.reference, "a test", at(4));
    refused(voided, ErrorKind::Conflict, &["legal hold case", "case 7"]);
    refused(catalogue.propose_disposal(&proposal("list", &[&late])), ErrorKind::Conflict, &["legal hold"]);
    catalogue.lift_legal_hold(&request("case"), "court", at(5)).unwrap();
    assert_eq!(catalogue.standing_holds().unwrap(), [standing]);
    refused(catalogue.void_number(&late.reference, "a test", at(6)), ErrorKind::Conflict, &["case 8"]);
    catalogue.lift_legal_hold(&request("second"), "court", at(7)).unwrap();
    assert_eq!(catalogue.standing_holds().unwrap(), []);
    assert_eq!(catalogue.void_number(&late.reference, "a test", at(8)).unwrap().state, FilingState::Void);
}

pub(super) fn a_rejected_list_disposes_of_nothing(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 1);
    let a = confirmed(catalogue, "a");
    catalogue.propose_disposal(&proposal("list", &[&a])).unwrap();
    let key = request("list");
    let list = catalogue.reject_disposal(&key, "two", "still needed", at(6)).unwrap();
    assert_eq!(list.state, DisposalState::Rejected);
    assert_eq!(list.rejected_because.as_deref(), Some("still needed"));
    assert_eq!(catalogue.reject_disposal(&key, "three", "again", at(7)).unwrap(), list);
    refused(catalogue.approve_disposal(&key, "two", None, at(8)), ErrorKind::Conflict, &["rejected"]);
    refused(catalogue.execute_disposal(&key, at(8)), ErrorKind::Conflict, &["rejected"]);
    // It may be proposed again.
    catalogue.propose_disposal(&proposal("next", &[&a])).unwrap();
    assert_eq!(catalogue.request(&a.request).unwrap().unwrap().state, FilingState::Confirmed);
}

pub(super) fn a_legal_hold_keeps_a_file(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let (a, b) = (confirmed(catalogue, "a"), confirmed(catalogue, "b"));
    let list = request("list");
    catalogue.propose_disposal(&proposal("list", &[&a, &b])).unwrap();
    catalogue.approve_disposal(&list, "one", None, at(6)).unwrap();
    catalogue.approve_disposal(&list, "two", None, at(6)).unwrap();
    let case = LegalHold {
        key: request("case"),
        references: vec![b.reference.clone()],
        reason: "case 7".into(),
        by: "court".into(),
        when: at(6),
        lifted: None,
    };
    let placed = catalogue.place_legal_hold(&case).unwrap();
    assert_eq!(catalogue.place_legal_hold(&case).unwrap(), placed);
    let other = LegalHold { reason: "case 8".into(), ..case.clone() };
    refused(catalogue.place_legal_hold(&other), ErrorKind::Conflict, &["case"]);
    refused(catalogue.execute_disposal(&list, at(7)), ErrorKind::Conflict, &["legal hold case"]);
    refused(catalogue.void_number(&b.reference, "a test", at(7)), ErrorKind::Conflict, &["legal hold case"]);
    // All or none: the other file of the list is there still.
    assert_eq!(catalogue.request(&a.request).unwrap().unwrap().state, FilingState::Confirmed);
    assert_eq!(catalogue.legal_holds(&b.reference).unwrap(), [placed]);
    let lifted = catalogue.lift_legal_hold(&request("case"), "court", at(8)).unwrap();
    assert_eq!(lifted.lifted, Some(at(8)));
    assert_eq!(catalogue.lift_legal_hold(&request("case"), "court", at(9)).unwrap(), lifted);
    refused(catalogue.lift_legal_hold(&request("none"), "court", at(9)), ErrorKind::NotFound, &["none"]);
    catalogue.execute_disposal(&list, at(9)).unwrap();
    assert_eq!(catalogue.request(&b.request).unwrap().unwrap().state, FilingState::Void);
}

fn plan(key: &str, moves: &[(&str, u32)]) -> RelocationPlan {
    let moves = moves
        .iter()
        .map(|(number, to)| PlannedMove { box_number: box_number(number), to: address(*to) })
        .collect();
    RelocationPlan { key: request(key), when: at(10), moves }
}

fn states(relocation: &Relocation) -> Vec<MoveState> {
    relocation.items.iter().map(|item| item.state).collect()
}

fn stands_in(catalogue: &dyn Catalogue, number: &str) -> SlotAddress {
    catalogue.box_status(&box_number(number)).unwrap().slot
}

/// Two boxes, the second into the slot that the first leaves; undone half way and wholly.
pub(super) fn a_relocation_is_receipted_and_undone(catalogue: &dyn Catalogue) {
    use MoveState::{Cancelled, Moved, Moving, Returned, Returning, Waiting};
    with_slots(catalogue, 4);
    confirmed(catalogue, "a");
    confirmed(catalogue, "b");
    confirmed(catalogue, "c");
    let (one, two) = (box_number("H0001"), box_number("H0002"));
    let key = request("plan");
    refused(catalogue.plan_relocation(&plan("bad", &[("H0001", 2)])), ErrorKind::Conflict, &["confirmed"]);
    refused(catalogue.plan_relocation(&plan("bad", &[("H0009", 4)])), ErrorKind::NotFound, &["H0009"]);
    refused(
        catalogue.plan_relocation(&plan("bad", &[("H0001", 4), ("H0001", 4)])),
        ErrorKind::InvalidInput,
        &["twice"],
    );
    refused(catalogue.plan_relocation(&plan("bad", &[])), ErrorKind::InvalidInput, &["0 moves"]);
    let chain = plan("plan", &[("H0001", 4), ("H0002", 1)]);
    let planned = catalogue.plan_relocation(&chain).unwrap();
    assert_eq!(states(&planned), [Moving, Waiting]);
    assert_eq!(catalogue.plan_relocation(&chain).unwrap(), planned);
    refused(catalogue.plan_relocation(&plan("plan", &[("H0003", 4)])), ErrorKind::Conflict, &["other moves"]);
    // What belongs to a plan is not moved behind its back.
    refused(catalogue.confirm_move(&one, at(11)), ErrorKind::Conflict, &["relocation plan"]);
    refused(catalogue.receive_relocated(&key, &two, receipt(11)), ErrorKind::Conflict, &["waits"]);
    refused(
        catalogue.receive_relocated(&key, &box_number("H0003"), receipt(11)),
        ErrorKind::NotFound,
        &["H0003"],
    );
    let half = catalogue.receive_relocated(&key, &one, receipt(11)).unwrap();
    assert_eq!(states(&half), [Moved, Moving]);
    assert_eq!(half.items[0].received, Some(at(11)));
    assert_eq!(catalogue.receive_relocated(&key, &one, receipt(12)).unwrap(), half);
    assert_eq!(stands_in(catalogue, "H0001"), address(4));
    // Undone here, the second stays and the first comes back, with a receipt.
    let undone = catalogue.undo_relocation(&key, at(13)).unwrap();
    assert_eq!(states(&undone), [Returning, Cancelled]);
    assert_eq!(catalogue.undo_relocation(&key, at(14)).unwrap(), undone);
    assert!(!undone.is_done());
    let back = catalogue.receive_relocated(&key, &one, receipt(15)).unwrap();
    assert_eq!(states(&back), [Returned, Cancelled]);
    assert!(back.is_done());
    assert_eq!((stands_in(catalogue, "H0001"), stands_in(catalogue, "H0002")), (address(1), address(2)));
    // Undone at its end, a chain goes back in the opposite order.
    let key = request("again");
    catalogue.plan_relocation(&plan("again", &[("H0001", 4), ("H0002", 1)])).unwrap();
    catalogue.receive_relocated(&key, &one, receipt(16)).unwrap();
    let seen = ShelfReceipt { when: at(17), tag: Some(tag(1)) };
    assert_eq!(states(&catalogue.receive_relocated(&key, &two, seen).unwrap()), [Moved, Moved]);
    assert_eq!(states(&catalogue.undo_relocation(&key, at(18)).unwrap()), [Waiting, Returning]);
    refused(catalogue.receive_relocated(&key, &one, receipt(19)), ErrorKind::Conflict, &["waits"]);
    assert_eq!(states(&catalogue.receive_relocated(&key, &two, receipt(19)).unwrap()), [Returning, Returned]);
    let home = catalogue.receive_relocated(&key, &one, receipt(20)).unwrap();
    assert!(home.is_done());
    assert_eq!((stands_in(catalogue, "H0001"), stands_in(catalogue, "H0002")), (address(1), address(2)));
    assert_eq!(catalogue.relocation(&key).unwrap(), Some(home));
    assert_eq!(catalogue.relocation(&request("none")).unwrap(), None);
}

pub(super) fn several_sites_are_one_catalogue(catalogue: &dyn Catalogue) {
    let far = |n: u32| archive_core::holding::Slot {
        address: format!("NB/R1/B1/C01/A/1/1/{n}").parse().unwrap(),
        width: archive_core::units::Millimetres(50),
    };
    with_slots(catalogue, 2);
    catalogue.add_slots(vec![far(1), far(2), far(3)]).unwrap();
    confirmed(catalogue, "a");
    let mut there = entry("b");
    there.custody = Custody::CentralPaper(Shelving { slots: Some(vec![far(2).address]), ..shelving(50) });
    catalogue.file(there).unwrap();
    catalogue.confirm(&request("b"), receipt(1)).unwrap();
    let sites = catalogue.sites().unwrap();
    let told: Vec<_> = sites.iter().map(|s| (s.site.as_str(), s.slots, s.free, s.boxes, s.files)).collect();
    assert_eq!(told, [("HZ", 2, 1, 1, 1), ("NB", 3, 2, 1, 1)]);
    let at_site = |site: &str| Search { site: Some(site.into()), ..Search::words("合同 work") };
    assert_eq!(catalogue.search(&at_site("NB")).unwrap(), []);
    let at_site = |site: &str| Search { site: Some(site.into()), ..Search::words("work") };
    assert_eq!(catalogue.search(&at_site("NB")).unwrap()[0].request, request("b"));
    assert_eq!(catalogue.search(&at_site("HZ")).unwrap()[0].request, request("a"));
}
