//! The whole life of one request: filed, confirmed, located, and asked for again.
//!
//! `cargo run -p archive-store --example file_one -- catalogue.db`

use std::error::Error;
use std::path::Path;

use archive_core::holding::{BoxKey, Retention, Slot};
use archive_core::policy::PolicyVersion;
use archive_core::record::{Carrier, Digest, Document};
use archive_core::units::{Millimetres, Pages};
use archive_store::{
    Catalogue, Custody, Draw, FilingEntry, Locator, ShelfReceipt, Shelving, SlotFilter, SqliteCatalogue,
};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: file_one CATALOGUE")?;
    let catalogue = SqliteCatalogue::open(Path::new(&path))?;
    catalogue.add_slots(vec![Slot { address: "HZ/R1/B1/C01/A/1/1/1".parse()?, width: Millimetres(50) }])?;

    let now = chrono::Utc::now();
    let entry = FilingEntry {
        request: "example-1".parse()?,
        digest: Digest([1; 32]),
        when: now,
        expires: None,
        customer: "3388985508".parse()?,
        process: "new-connection-lv".parse()?,
        system_record: "work order 1".parse()?,
        key: BoxKey {
            fonds: "Z109".parse()?,
            year: 2024,
            retention: Retention::D30,
            organisation: "YX".parse()?,
        },
        policy: PolicyVersion { name: "example".into(), version: "1".into() },
        number: Draw::new("KH·2024-D30-YX", 1, 9999, |n| format!("Z109-KH·2024-D30-YX-{n:04}").parse()),
        documents: vec![Document {
            id: "example-1/contract".parse()?,
            document_type: Some("supply_contract".parse()?),
            carrier: Carrier::Paper,
            pages: Pages(4),
            date: None,
            digest: Digest([2; 32]),
            path: "contract.jpg".into(),
        }],
        readings: String::new(),
        findings: String::new(),
        custody: Custody::CentralPaper(Shelving {
            thickness: Millimetres(2),
            spines: vec![Millimetres(30)],
            box_number: Draw::new("boxes", 1, 9999, |n| format!("H{n:04}").parse()),
            slots: None,
            grows: false,
        }),
        joins: None,
    };
    let request = entry.request.clone();
    let filed = catalogue.file(entry)?;
    println!("{} {:?}, filed before: {}", filed.reference, filed.state, filed.already);
    let filed = catalogue.confirm(&request, ShelfReceipt { when: now, tag: None })?;
    if let Some(place) = &filed.place {
        println!("box {} stands in {}", place.archive_box.number, place.slot);
    }
    let located = catalogue.locate(&Locator::Customer("3388985508".parse()?))?;
    println!("{} file of the customer, {} document", located.len(), located[0].documents.len());
    println!(
        "{} free slots, {} breaks",
        catalogue.slots(&SlotFilter::free())?.len(),
        catalogue.audit()?.len()
    );
    Ok(())
}
