//! What must hold at the end of a year.

use std::collections::{BTreeMap, BTreeSet};

use archive_core::Error;
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_store::{Located, Locator, SlotFilter};

use crate::archive::Archive;

/// What was found.
pub(super) struct Found {
    pub(super) boxes: u64,
    pub(super) broken: Vec<String>,
}

pub(super) fn check(archive: &Archive, out: &[RequestKey], loans: u64) -> Result<Found, Error> {
    let catalogue = archive.catalogue();
    let mut broken: Vec<String> = catalogue.audit()?.iter().map(ToString::to_string).collect();
    let mut fault = |holds: bool, message: &dyn Fn() -> String| {
        if !holds {
            broken.push(message());
        }
    };
    let mut files: Vec<Located> = Vec::new();
    archive.each_file(&mut |file| {
        files.push(file.clone());
        Ok(())
    })?;

    // From the archive's end: no number twice, and each leads to its file.
    let numbers: BTreeSet<_> = files.iter().map(|f| &f.filed.reference).collect();
    fault(numbers.len() == files.len(), &|| "a number was given twice".into());

    // From the record's end, once for each record.
    let mut by_record: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for file in &files {
        by_record.entry(&file.filed.system_record).or_default().insert(&file.filed.reference);
    }
    for (record, expected) in &by_record {
        let found = catalogue.locate(&Locator::SystemRecord((*record).clone()))?;
        let found: BTreeSet<_> = found.iter().map(|f| &f.filed.reference).collect();
        fault(expected.is_subset(&found), &|| format!("record {record} does not lead to its files"));
    }

    // From the slot's end, once for each slot.
    let mut by_box: BTreeMap<&BoxNumber, (u32, BTreeSet<_>)> = BTreeMap::new();
    for file in &files {
        if let Some(place) = &file.filed.place {
            let entry = by_box.entry(&place.archive_box.number).or_default();
            entry.0 += place.thickness.0;
            entry.1.insert(&file.filed.reference);
        }
    }
    for (number, (thickness, expected)) in &by_box {
        let status = catalogue.box_status(number)?;
        fault(status.moving_to.is_none(), &|| format!("box {number} never arrived"));
        fault(*thickness <= status.archive_box.spine.0, &|| format!("box {number} is overfull"));
        let found = catalogue.locate(&Locator::Slot(status.slot.clone()))?;
        let found: BTreeSet<_> = found.iter().map(|f| &f.filed.reference).collect();
        fault(*expected == found, &|| format!("slot {} does not lead to its files", status.slot));
    }
    let mut held = BTreeSet::new();
    for slot in catalogue.slots(&SlotFilter::default())? {
        if let Some(number) = slot.box_number {
            fault(held.insert(number.clone()), &|| format!("box {number} is in two slots"));
        }
    }

    // Every document is there, is what was filed, and leads to its file.
    for file in &files {
        for document in &file.documents {
            if let Err(error) = archive.content(document) {
                fault(false, &|| error.to_string());
            }
            let found = catalogue.locate(&Locator::Document(document.id.clone()))?;
            let leads = found.iter().any(|f| f.filed.reference == file.filed.reference);
            fault(leads, &|| format!("document {} does not lead to its file", document.id));
        }
    }

    // Every loan is accounted for.
    let open: BTreeSet<RequestKey> = catalogue.open_loans()?.into_iter().map(|l| l.request.key).collect();
    let expected: BTreeSet<RequestKey> = out.iter().cloned().collect();
    fault(open == expected && open.len() as u64 == loans, &|| {
        format!("{} loans are out and {} were expected", open.len(), expected.len())
    });
    fault(archive.pending()?.is_empty(), &|| "a request was left pending".into());
    for counter in catalogue.counters()? {
        fault(counter.next - counter.first == counter.given, &|| {
            format!("counter {} has a gap", counter.scope)
        });
    }
    Ok(Found { boxes: by_box.len() as u64, broken })
}
