//! The whole catalogue as tables.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use archive_core::record::{Customer, CustomerClass};

use super::{at, entry, receipt, refused, request, slot, tag, with_slots};
use crate::filing::{Draw, ShelfReceipt};
use crate::key_provider::{KeyBytes, KeyProvider, KeyRing};
use crate::loan::LoanRequest;
use crate::party::BusinessProcess;
use crate::sealed::{SealEntry, SealedKind, Secret};
use crate::search::Search;
use crate::shelf::{InventoryFinding, Sighting, TagHeard};
use crate::tables::{Part, Rows, Values};
use crate::{
    Catalogue, Custody, DisposalProposal, Error, ErrorKind, FilingEntry, Inventory, LegalHold,
    MemoryCatalogue,
};

/// Everything in a catalogue, in the order in which it is exported.
///
/// # Panics
/// Where it cannot be exported.
pub fn rows_of(catalogue: &dyn Catalogue) -> Vec<Rows> {
    let (sender, received) = sync_channel(2);
    std::thread::scope(|scope| {
        let sent = scope.spawn(|| catalogue.export(sender));
        let rows = received.iter().collect();
        sent.join().unwrap().unwrap();
        rows
    })
}

fn import(catalogue: &dyn Catalogue, parts: Vec<Part>) -> Result<(), Error> {
    let (sender, received) = sync_channel(parts.len());
    parts.into_iter().for_each(|part| sender.send(part).unwrap());
    drop(sender);
    catalogue.import(received)
}

fn whole(rows: &[Rows]) -> Vec<Part> {
    rows.iter().cloned().map(Part::Rows).chain([Part::End]).collect()
}

/// Something in nearly every table.
fn fill(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 6);
    let number = catalogue.file(entry("a")).unwrap().reference;
    catalogue.confirm(&request("a"), ShelfReceipt { when: at(1), tag: Some(tag(1)) }).unwrap();
    catalogue.file(entry("b")).unwrap();
    catalogue.cancel(&request("b"), "withdrawn", at(2)).unwrap();
    let kept = catalogue.file(entry("c")).unwrap().reference;
    catalogue.confirm(&request("c"), receipt(3)).unwrap();
    let loan = LoanRequest {
        key: request("loan"),
        reference: number.clone(),
        borrower: "审计科".into(),
        purpose: "稽查".into(),
        when: at(4),
        due: None,
    };
    catalogue.lend(&loan).unwrap();
    let draw = Draw::new("NEW", 1, 9, |n| format!("NEW-{n}").parse());
    catalogue.renumber(&kept, draw, "换号", at(5)).unwrap();
    let box_number = super::box_number("H0001");
    catalogue.move_box(&box_number, &slot(5, 50).address, at(6)).unwrap();
    let customer = Customer {
        number: "33a".parse().unwrap(),
        name: "杭州永泰纺织有限公司".into(),
        class: CustomerClass::Business,
    };
    catalogue.enter_customer(&customer, at(7)).unwrap();
    let heard = Some(TagHeard { tag: tag(1), seen: 3, missed: 1 });
    let sighting = Sighting::Present;
    let findings = vec![InventoryFinding { box_number: box_number.clone(), sighting, heard }];
    catalogue.record_inventory(Inventory { key: request("i"), when: at(8), findings }).unwrap();
    let hold = LegalHold {
        key: request("h"),
        references: vec![number],
        reason: "诉讼".into(),
        by: "赵法务".into(),
        when: at(9),
        lifted: None,
    };
    catalogue.place_legal_hold(&hold).unwrap();
    let proposal = DisposalProposal {
        key: request("list"),
        references: vec!["NEW-1".parse().unwrap()],
        reason: "到期".into(),
        by: "李档案".into(),
        role: Some("archivist".parse().unwrap()),
        needed: 3,
        when: at(10),
    };
    catalogue.propose_disposal(&proposal).unwrap();
    let role = "archive-manager".parse().unwrap();
    catalogue.approve_disposal(&request("list"), "王主管", Some(&role), at(10)).unwrap();
    let main: archive_core::identifier::ReferenceCode = "NEW-1".parse().unwrap();
    let custody = Custody::Electronic;
    catalogue.file(FilingEntry { joins: Some(main.clone()), custody, ..entry("late") }).unwrap();
    catalogue.close(&main, "李档案", "办结", at(10)).unwrap();
    let keys: Arc<dyn KeyProvider> = Arc::new(KeyRing::new("k1".parse().unwrap(), KeyBytes::new([5; 32])));
    let value = Secret::new("13500000000").unwrap();
    let seal = SealEntry { customer: "33a".parse().unwrap(), kind: SealedKind::Phone, value, when: at(11) };
    catalogue.seal(&seal, &keys).unwrap();
}

pub(super) fn an_exported_catalogue_is_imported_whole(catalogue: &dyn Catalogue) {
    let source = MemoryCatalogue::new().unwrap();
    fill(&source);
    let rows = rows_of(&source);
    import(catalogue, whole(&rows)).unwrap();
    assert_eq!(rows_of(catalogue), rows);
    assert_eq!(catalogue.checkpoint().unwrap(), source.checkpoint().unwrap());
    let search = Search::words("NEW");
    assert_eq!(catalogue.search(&search).unwrap(), source.search(&search).unwrap());
    assert!(!catalogue.search(&search).unwrap().is_empty(), "the index was made anew");
    // Both go on in the same way: numbers, boxes, slots and rows.
    for both in [catalogue, &source] {
        let filed = both.file(entry("d")).unwrap();
        assert_eq!(filed.reference.as_str(), "Z109-KH·2024-D30-YX-0005");
        both.confirm_move(&super::box_number("H0001"), at(20)).unwrap();
        both.give_back(&request("loan"), at(21)).unwrap();
    }
    assert_eq!(rows_of(catalogue), rows_of(&source));
    refused(import(catalogue, whole(&rows)), ErrorKind::Conflict, &["has rows"]);
}

pub(super) fn an_older_export_is_completed(catalogue: &dyn Catalogue) {
    let source = MemoryCatalogue::new().unwrap();
    fill(&source);
    let process = BusinessProcess {
        key: "zz-unfiled".parse().unwrap(),
        customer: "33a".parse().unwrap(),
        process: "new-connection-hv".parse().unwrap(),
        opened: at(12),
        closed: None,
    };
    source.enter_process(&process).unwrap();
    let rows = rows_of(&source);
    // A process for which nothing was filed had no row among the system records.
    let mut older = rows.clone();
    let records = older.iter_mut().filter(|rows| rows.table.name == "system_record");
    records.for_each(|rows| rows.columns.iter_mut().for_each(drop_last));
    assert_ne!(older, rows);
    import(catalogue, whole(&older)).unwrap();
    assert_eq!(rows_of(catalogue), rows);
    assert!(catalogue.processes(&process.customer).unwrap().contains(&process));
}

pub(super) fn a_hostile_import_changes_nothing(catalogue: &dyn Catalogue) {
    let source = MemoryCatalogue::new().unwrap();
    fill(&source);
    let rows = rows_of(&source);
    let changed = |name: &str, change: &dyn Fn(&mut Rows)| {
        let mut rows = rows.clone();
        rows.iter_mut().filter(|rows| rows.table.name == name).for_each(change);
        whole(&rows)
    };
    let text = |column: usize, to: &'static str| {
        move |rows: &mut Rows| {
            if let Values::Text(values) = &mut rows.columns[column] {
                values[0] = Some(to.into());
            }
        }
    };
    let int = |column: usize, to: Option<i64>| {
        move |rows: &mut Rows| {
            if let Values::Int(values) = &mut rows.columns[column] {
                values[0] = to;
            }
        }
    };
    let mut cut = whole(&rows);
    cut.pop();
    refused(import(catalogue, cut), ErrorKind::Unavailable, &["ended before"]);
    refused(import(catalogue, vec![]), ErrorKind::Unavailable, &["ended before"]);
    for (parts, kind, part) in [
        (vec![Part::End], ErrorKind::Corrupt, "no head"),
        (changed("file", &text(5, "another")), ErrorKind::Corrupt, "rules forbid"),
        (changed("file", &text(17, "{}")), ErrorKind::Corrupt, "it was changed"),
        (changed("file", &text(17, "no JSON")), ErrorKind::Corrupt, "rules forbid"),
        (changed("file", &text(4, "open")), ErrorKind::Corrupt, "rules forbid"),
        (changed("box", &int(7, Some(1))), ErrorKind::Corrupt, "breaks"),
        (changed("box", &int(3, None)), ErrorKind::Corrupt, "rules forbid"),
        (changed("counter", &int(3, Some(99))), ErrorKind::Corrupt, "breaks"),
        (changed("leaf", &text(2, "{}")), ErrorKind::Corrupt, "log entry 0"),
        (changed("leaf", &|rows| rows.columns.iter_mut().for_each(drop_last)), ErrorKind::Corrupt, "break"),
        (changed("log_head", &int(1, Some(3))), ErrorKind::Corrupt, "breaks"),
        (
            changed("document", &|rows| rows.columns.iter_mut().for_each(drop_last)),
            ErrorKind::Corrupt,
            "breaks",
        ),
        (changed("slot", &|rows| drop(rows.columns.pop())), ErrorKind::InvalidInput, "table slot"),
        (changed("slot", &|rows| rows.columns.swap(0, 1)), ErrorKind::InvalidInput, "table slot"),
        (changed("slot", &|rows| drop_last(&mut rows.columns[2])), ErrorKind::InvalidInput, "one length"),
    ] {
        let error = import(catalogue, parts).unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.report());
        assert!(error.report().contains(part), "{part:?} in {}", error.report());
        assert_eq!(catalogue.checkpoint().unwrap().size, 0, "nothing stays");
    }
    let reversed: Vec<Part> = rows.iter().rev().cloned().map(Part::Rows).chain([Part::End]).collect();
    refused(import(catalogue, reversed), ErrorKind::Corrupt, &["rules forbid"]);
    import(catalogue, whole(&rows)).unwrap();
    assert_eq!(rows_of(catalogue), rows);
}

fn drop_last(values: &mut Values) {
    match values {
        Values::Int(values) => drop(values.pop()),
        Values::Text(values) => drop(values.pop()),
        Values::Bytes(values) => drop(values.pop()),
    }
}
