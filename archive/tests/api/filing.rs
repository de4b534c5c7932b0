//! The one call, from scans to a confirmed slot.

use std::sync::atomic::Ordering;

use archive::{ErrorKind, RowComparison, Shelving};
use archive_core::completeness::State;
use archive_core::record::CustomerClass;
use archive_reconcile::FindingKind;
use archive_reconcile::tables::Snapshot as _;
use archive_shelving::motion::ShelfMotionExt;

use crate::scene::{Scene, command, models_are_there, run, text};

#[test]
fn papers_become_a_file_with_number_box_slot_and_alerts() {
    if !models_are_there("papers_become_a_file_with_number_box_slot_and_alerts") {
        return;
    }
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = archive.file(&scene.request("r-1")).unwrap();

    assert!(!outcome.repeated);
    assert!(matches!(outcome.shelving, Shelving::Confirmed { .. }), "{:?}", outcome.shelving);
    let kinds: Vec<_> =
        outcome.documents.iter().map(|d| d.document_type.as_ref().unwrap().as_str()).collect();
    assert_eq!(kinds, ["supply_contract", "application_form", "meter_work_order"]);
    // The title deed is missing, and nobody committed to bring it.
    assert_eq!(outcome.completeness.state(), State::Incomplete);
    // Exactly the four cells that are wrong on purpose.
    let found: Vec<_> =
        outcome.findings.iter().map(|f| (f.field.as_str(), f.paper.as_deref().unwrap())).collect();
    let wrong = [
        ("contract_capacity_kva", "80"),
        ("ct_ratio", "50/5"),
        ("phone", "17642423960"),
        ("deposit_cny", "835900"),
    ];
    assert_eq!(found, wrong);
    assert!(outcome.findings.iter().all(|f| f.kind == FindingKind::Mismatch && f.evidence > 0.0));

    // The trinity link, from each of its ends.
    let slot = outcome.slot.as_ref().unwrap().as_str();
    for name in [outcome.reference_code.as_str(), "3342125369", slot, "r-1", outcome.documents[0].id.as_str()]
    {
        let located = archive.locate(name).unwrap();
        assert_eq!(located[0].filed.reference, outcome.reference_code, "{name}");
    }
    assert!(archive.catalogue().audit().unwrap().is_empty());
    assert!(archive.inventory().unwrap().is_clean());

    // What was filed can be had back, and a changed bit is told.
    let document = &archive.locate("r-1").unwrap()[0].documents[0];
    let content = archive.content(document).unwrap();
    assert_eq!(content, std::fs::read(scene.path("scans/contract.jpg")).unwrap());
    let path = scene.config().content().join(&document.path);
    std::fs::write(&path, [&content[..9], b"?", &content[10..]].concat()).unwrap();
    assert_eq!(archive.content(document).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn the_same_request_again_changes_nothing() {
    if !models_are_there("the_same_request_again_changes_nothing") {
        return;
    }
    let scene = Scene::new();
    let request = scene.short_request("r-1");
    let first = scene.open().file(&request).unwrap();
    // The caller may have removed its scans, and this may be another process.
    std::fs::remove_file(&request.documents[0].path).unwrap();
    let archive = scene.open();
    let mut again = archive.file(&request).unwrap();
    assert!(again.repeated);
    again.repeated = false;
    assert_eq!(again, first);
    assert_eq!(
        archive.catalogue().counters().unwrap().iter().map(|c| c.given).sum::<u64>(),
        2,
        "a file and a box"
    );

    let mut other = request.clone();
    other.process = "capacity-change".parse().unwrap();
    assert_eq!(archive.file(&other).unwrap_err().kind(), ErrorKind::Conflict);
    std::fs::write(&request.documents[0].path, b"another scan").unwrap();
    let error = archive.file(&request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("another contract.jpg"), "{error}");
}

#[test]
fn a_household_is_filed_electronically() {
    if !models_are_there("a_household_is_filed_electronically") {
        return;
    }
    let scene = Scene::new();
    let archive = scene.open();
    let mut request = scene.short_request("r-1");
    request.customer.class = CustomerClass::Residential;
    let outcome = archive.file(&request).unwrap();
    assert_eq!((outcome.box_number, outcome.slot, outcome.shelving), (None, None, Shelving::NotNeeded));
    assert!(archive.file(&request).unwrap().repeated);
    assert!(archive.pending().unwrap().is_empty());
}

#[test]
fn what_the_shelf_refuses_stays_reserved_until_the_next_call() {
    if !models_are_there("what_the_shelf_refuses_stays_reserved_until_the_next_call") {
        return;
    }
    let scene = Scene::new();
    let (archive, devices) = scene.open_breakable();
    devices.broken.store(true, Ordering::SeqCst);
    let request = scene.short_request("r-1");
    let pending = archive.file(&request).unwrap();
    let Shelving::Pending { reason } = &pending.shelving else { panic!("{:?}", pending.shelving) };
    assert!(reason.contains("is cut off"), "{reason}");
    assert_eq!(archive.pending().unwrap().len(), 1);

    devices.broken.store(false, Ordering::SeqCst);
    // Somebody stands in another aisle that is open: refused, still reserved.
    let slot = pending.slot.as_ref().unwrap();
    let room = devices.devices.room();
    let other = "HZ/R1/B1/C01/A/01/1/01".parse().unwrap();
    let (shelf, aisle) = (room.shelf_of(&other).unwrap(), room.aisle_of(&other).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(shelf.open_aisle("test".parse().unwrap(), aisle)).unwrap();
    room.person_enters(&other).unwrap();
    let Shelving::Pending { reason } = archive.file(&request).unwrap().shelving else { panic!("refused") };
    assert!(reason.contains("person"), "{reason}");
    room.people_leave(&other).unwrap();

    let done = archive.file(&request).unwrap();
    assert!(done.repeated && matches!(done.shelving, Shelving::Confirmed { .. }), "{:?}", done.shelving);
    assert_eq!((done.reference_code, done.slot.as_ref()), (pending.reference_code, Some(slot)));
    assert!(archive.pending().unwrap().is_empty());
}

#[test]
fn resume_completes_what_an_earlier_process_left() {
    if !models_are_there("resume_completes_what_an_earlier_process_left") {
        return;
    }
    let scene = Scene::new();
    {
        let (archive, devices) = scene.open_breakable();
        devices.broken.store(true, Ordering::SeqCst);
        archive.file(&scene.short_request("r-1")).unwrap();
    }
    let archive = scene.open();
    let resumed = archive.resume().unwrap();
    assert!(matches!(resumed[..], [(_, Shelving::Confirmed { .. })]), "{resumed:?}");
    assert!(archive.resume().unwrap().is_empty());
}

#[test]
fn filed_papers_are_compared_with_a_table() {
    if !models_are_there("filed_papers_are_compared_with_a_table") {
        return;
    }
    let scene = Scene::new();
    let archive = scene.open();
    archive.file(&scene.short_request("r-1")).unwrap();
    let path = scene.path("table.csv");
    std::fs::write(&path, "account_no,ct_ratio,supply_voltage_kv\n3342125369,800/5,6\n3300000000,50/5,10\n")
        .unwrap();
    let table = archive::records::RecordTable::load(&path, "account_no").unwrap();
    let rows = archive.reconcile(&table).unwrap();
    assert!(matches!(&rows[0], RowComparison::NoPapers { customer } if customer.as_str() == "3300000000"));
    let RowComparison::Compared { findings, .. } = &rows[1] else { panic!("{rows:?}") };
    let mismatches: Vec<_> =
        findings.iter().filter(|f| f.kind == FindingKind::Mismatch).map(|f| f.field.as_str()).collect();
    assert_eq!(mismatches, ["ct_ratio"]);
    // The same papers as a side of a comparison of tables.
    let papers = archive.papers_table().unwrap();
    let rows: Vec<_> = papers.read(&[0]).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1);
    let ratio = papers.schema().index_of("ct_ratio").unwrap();
    let batch = papers.read(&[ratio]).unwrap().next().unwrap().unwrap();
    assert!(format!("{batch:?}").contains("50/5"), "{batch:?}");
    // A finding names the paper and how surely it was read.
    let out = scene.path("findings.csv");
    let left = format!("catalogue:{}", text(&scene.holdings()));
    std::fs::write(&path, "account_no,ct_ratio\n3342125369,800/5\n").unwrap();
    let columns: Vec<String> = papers.schema().fields().iter().map(|f| f.name().clone()).collect();
    let ignored = columns.iter().filter(|c| !["account_no", "ct_ratio"].contains(&c.as_str()));
    let output = run(command(["reconcile", "--left", &left, "--right", text(&path), "--key", "account_no"])
        .args(["--out", text(&out)])
        .args(ignored.flat_map(|c| ["--ignore", c.as_str()])));
    assert!(output.status.success(), "{output:?}");
    let findings = std::fs::read_to_string(&out).unwrap();
    assert!(findings.contains("contract.jpg page 1, read with confidence 0.9"), "{findings}");
}

#[test]
fn the_facade_may_be_called_inside_an_async_runtime() {
    let scene = Scene::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let archive = scene.open();
        assert!(archive.inventory().unwrap().is_clean());
    });
}
