//! The kit that every backend of [`Catalogue`] passes.
//!
//! ```
//! use archive_store::{SqliteCatalogue, conformance};
//!
//! # let folder = tempfile::tempdir().unwrap();
//! let mut made = 0;
//! conformance::run(|| {
//!     made += 1;
//!     Box::new(SqliteCatalogue::open(&folder.path().join(format!("{made}.db"))).unwrap())
//! });
//! ```
//!
//! Each line of the trait's contract has a check here that needs nothing but the trait. What a crash,
//! a full disk or a lock does is each backend's own test.

mod custody;
mod evidence;
mod filing;
mod finding;
mod sealed;
mod shelf;
mod stock;
mod tables;

use std::panic::{AssertUnwindSafe, catch_unwind};

use archive_core::holding::{BoxKey, Retention, Slot, TagEpc};
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_core::policy::PolicyVersion;
use archive_core::record::{Carrier, Digest, Document};
use archive_core::units::{Millimetres, Pages};
use chrono::{DateTime, TimeDelta, Utc};

use crate::filing::{Custody, Draw, FilingEntry, ShelfReceipt, Shelving};
use crate::{Catalogue, Error, ErrorKind};

pub use tables::rows_of;

type Check = fn(&dyn Catalogue);

/// Name and body of each check.
const CHECKS: &[(&str, Check)] = &[
    ("slots are added once", shelf::slots_are_added_once),
    ("a slot never changes its width", shelf::a_slot_never_changes_its_width),
    ("slots are filtered", shelf::slots_are_filtered),
    ("filing ties number, record, box and slot", filing::filing_ties_all),
    ("the same request again changes nothing", filing::the_same_request_again_changes_nothing),
    ("another request under a known key is refused", filing::another_request_under_a_known_key_is_refused),
    ("a batch is filed as a whole", filing::a_batch_is_filed_as_a_whole),
    ("electronic custody takes no box", filing::electronic_custody_takes_no_box),
    ("files of one key share a box until it is full", filing::files_of_one_key_share_a_box),
    ("boxes never mix", filing::boxes_never_mix),
    ("a box grows as far as its slot allows", filing::a_box_grows_in_its_slot),
    ("wanted slots are taken in their order", filing::wanted_slots_are_taken_in_their_order),
    ("full slots are a conflict that consumes nothing", filing::full_slots_consume_nothing),
    ("a full counter is a conflict that consumes nothing", filing::a_full_counter_consumes_nothing),
    ("a failing number writer consumes nothing", filing::a_failing_writer_consumes_nothing),
    ("a number written twice is refused", filing::a_number_written_twice_is_refused),
    ("confirming is recorded once", shelf::confirming_is_recorded_once),
    ("a tag is on one box", shelf::a_tag_is_on_one_box),
    ("cancelling voids the number and frees the slot", shelf::cancelling_voids_and_frees),
    ("a box with other files outlives a cancelled one", shelf::a_shared_box_outlives_a_cancelled_file),
    ("a confirmed request is voided by its number alone", shelf::a_confirmed_request_is_voided_by_number),
    ("reservations run out", shelf::reservations_run_out),
    ("a clock that goes backwards breaks nothing", shelf::a_clock_may_go_backwards),
    ("files are found by every name", finding::files_are_found_by_every_name),
    ("a document is filed once", filing::a_document_is_filed_once),
    ("a system record has one customer", filing::a_system_record_has_one_customer),
    ("a move keeps both slots until it is confirmed", shelf::a_move_keeps_both_slots),
    ("a move goes only where there is room", shelf::a_move_goes_only_where_there_is_room),
    ("only an empty box is vacated", shelf::only_an_empty_box_is_vacated),
    ("a file is lent once at a time", shelf::a_file_is_lent_once_at_a_time),
    ("the stock follows the log", stock::the_stock_follows_the_log),
    ("loans are remembered as retrievals", stock::loans_are_remembered_as_retrievals),
    ("a box tells how long nobody looked for it", stock::a_box_tells_how_long_nobody_looked),
    ("a map shows slots and what was seen", stock::a_map_shows_slots_and_what_was_seen),
    ("inventories are recorded once", shelf::inventories_are_recorded_once),
    ("tags keep what was heard of them", shelf::tags_keep_what_was_heard_of_them),
    ("files are gone through page by page", finding::files_are_gone_through_page_by_page),
    ("words of two characters are found exactly", finding::words_are_found_exactly),
    ("a search is narrowed by every filter", finding::a_search_is_narrowed),
    ("a held slot is kept for its request", custody::a_held_slot_is_kept_for_its_request),
    ("an old number goes on to resolve", custody::an_old_number_goes_on_to_resolve),
    ("versions follow one another", custody::versions_follow_one_another),
    ("customers and processes agree with files", custody::customers_and_processes_agree_with_files),
    ("disposal takes the approval of two", custody::disposal_takes_the_approval_of_two),
    ("a rejected list disposes of nothing", custody::a_rejected_list_disposes_of_nothing),
    ("a legal hold keeps a file", custody::a_legal_hold_keeps_a_file),
    ("late documents join an open file", custody::late_documents_join_an_open_file),
    ("decisions on findings are logged once", custody::decisions_on_findings_are_logged_once),
    ("a hold binds late documents, too", custody::a_hold_binds_late_documents),
    ("a relocation is receipted and undone", custody::a_relocation_is_receipted_and_undone),
    ("several sites are one catalogue", custody::several_sites_are_one_catalogue),
    ("every change is in the log", evidence::every_change_is_in_the_log),
    ("the log proves what it holds", evidence::the_log_proves_what_it_holds),
    ("sealed values are read for a purpose", sealed::sealed_values_are_read_for_a_purpose),
    ("keys take over from one another", sealed::keys_take_over_from_one_another),
    ("an exported catalogue is imported whole", tables::an_exported_catalogue_is_imported_whole),
    ("an older export is completed", tables::an_older_export_is_completed),
    ("a hostile import changes nothing", tables::a_hostile_import_changes_nothing),
    ("hostile entries are refused", filing::hostile_entries_are_refused),
    ("threads get each number once", filing::threads_get_each_number_once),
];

/// Runs every check on a fresh catalogue from `open`, and audits each afterwards.
///
/// # Panics
/// Where a check fails, with the names of all that did.
pub fn run(mut open: impl FnMut() -> Box<dyn Catalogue>) {
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        let catalogue = open();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            check(catalogue.as_ref());
            assert_eq!(catalogue.audit().unwrap(), [], "the audit found a break");
        }));
        if outcome.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "not conforming: {}", failed.join("; "));
}

/// A moment for tests, `minutes` after a fixed one.
///
/// # Panics
/// Where it lies outside of the calendar.
#[must_use]
pub fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_717_200_000, 123_456_789).unwrap() + TimeDelta::minutes(minutes)
}

/// A request to file one document of 15 mm on paper under `key`, in boxes of 20 mm then 50 mm.
///
/// # Panics
/// Where `key` is no request key.
#[must_use]
pub fn entry(key: &str) -> FilingEntry {
    FilingEntry {
        request: key.parse().unwrap(),
        digest: Digest([7; 32]),
        when: at(0),
        expires: None,
        customer: format!("33{key}").parse().unwrap(),
        process: "new-connection-lv".parse().unwrap(),
        system_record: format!("work order {key}").parse().unwrap(),
        key: BoxKey {
            fonds: "Z109".parse().unwrap(),
            year: 2024,
            retention: Retention::D30,
            organisation: "YX".parse().unwrap(),
        },
        policy: PolicyVersion { name: "reference".into(), version: "2024.1".into() },
        number: Draw::new("KH·2024-D30-YX", 1, 9999, |n| format!("Z109-KH·2024-D30-YX-{n:04}").parse()),
        documents: vec![document(&format!("{key}/contract"))],
        readings: r#"{"contract_capacity_kva":"400"}"#.into(),
        findings: "[]".into(),
        custody: Custody::CentralPaper(shelving(15)),
        joins: None,
    }
}

/// A document for tests.
///
/// # Panics
/// Where `id` is no document id.
#[must_use]
pub fn document(id: &str) -> Document {
    Document {
        id: id.parse().unwrap(),
        document_type: Some("supply_contract".parse().unwrap()),
        carrier: Carrier::Paper,
        pages: Pages(4),
        date: chrono::NaiveDate::from_ymd_opt(2024, 5, 1),
        digest: Digest([9; 32]),
        path: format!("scans/{id}.jpg").into(),
    }
}

/// Shelving of `thickness` millimetres, in boxes of 20 mm then 50 mm.
#[must_use]
pub fn shelving(thickness: u32) -> Shelving {
    Shelving {
        thickness: Millimetres(thickness),
        spines: vec![Millimetres(20), Millimetres(50)],
        box_number: Draw::new("boxes", 1, 9999, |n| format!("H{n:04}").parse()),
        slots: None,
        grows: false,
    }
}

/// Slot number `n` of a room, `width` millimetres wide.
///
/// # Panics
/// Never.
#[must_use]
pub fn slot(n: u32, width: u32) -> Slot {
    Slot { address: format!("HZ/R1/B1/C01/A/1/1/{n}").parse().unwrap(), width: Millimetres(width) }
}

fn receipt(minutes: i64) -> ShelfReceipt {
    ShelfReceipt { when: at(minutes), tag: None }
}

fn tag(n: u8) -> TagEpc {
    TagEpc([n; 12])
}

fn with_slots(catalogue: &dyn Catalogue, count: u32) {
    assert_eq!(catalogue.add_slots((1..=count).map(|n| slot(n, 50)).collect()).unwrap(), count as usize);
}

fn request(key: &str) -> RequestKey {
    key.parse().unwrap()
}

fn counter_next(catalogue: &dyn Catalogue, boxes: bool) -> u64 {
    let counters = catalogue.counters().unwrap();
    counters.iter().find(|c| c.boxes == boxes).map_or(1, |c| c.next)
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, parts: &[&str]) {
    let error = result.unwrap_err();
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    for part in parts {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
    assert!(text.len() < 500, "a message of {} bytes", text.len());
}

fn box_number(text: &str) -> BoxNumber {
    text.parse().unwrap()
}
