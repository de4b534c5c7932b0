//! The evidence log.

use archive_core::record::Digest;

use super::{at, entry, receipt, refused, request, slot, tag, with_slots};
use crate::evidence_log::{Checkpoint, Event};
use crate::filing::{Custody, FilingEntry, ShelfReceipt};
use crate::merkle::Frontier;
use crate::shelf::Inventory;
use crate::{Catalogue, ErrorKind};

pub(super) fn every_change_is_in_the_log(catalogue: &dyn Catalogue) {
    let size = || catalogue.checkpoint().unwrap().size;
    assert_eq!(catalogue.checkpoint().unwrap().root, Frontier::default().root());
    with_slots(catalogue, 2);
    assert_eq!(size(), 1);
    catalogue.add_slots(vec![slot(1, 50)]).unwrap();
    let reference = catalogue.file(entry("a")).unwrap().reference;
    catalogue.file(entry("a")).unwrap();
    assert_eq!(size(), 2);
    catalogue.confirm(&request("a"), ShelfReceipt { when: at(3), tag: Some(tag(1)) }).unwrap();
    catalogue.confirm(&request("a"), receipt(4)).unwrap();
    assert_eq!(size(), 3);
    catalogue.file(entry("b")).unwrap();
    catalogue.cancel(&request("b"), "withdrawn", at(5)).unwrap();
    catalogue.cancel(&request("b"), "withdrawn", at(6)).unwrap();
    assert_eq!(size(), 5);
    let inventory = Inventory { key: request("i"), when: at(7), findings: vec![] };
    catalogue.record_inventory(inventory.clone()).unwrap();
    catalogue.record_inventory(inventory).unwrap();
    assert_eq!(size(), 6);
    refused(catalogue.file(FilingEntry { digest: Digest([1; 32]), ..entry("a") }), ErrorKind::Conflict, &[]);
    assert_eq!(size(), 6);
    catalogue.void_number(&reference, "misfiled", at(8)).unwrap();
    let events: Vec<Event> =
        catalogue.history(&reference).unwrap().iter().map(|e| e.event().unwrap()).collect();
    let (filed, rest) = events.split_first().unwrap();
    assert!(matches!(filed, Event::Filed { reference: r, .. } if *r == reference), "{filed:?}");
    let expected = [
        Event::Confirmed { reference: reference.clone(), tag: Some(tag(1)), at: at(3) },
        Event::Voided { reference: reference.clone(), reason: "misfiled".into(), at: at(8) },
    ];
    assert_eq!(rest, expected);
    refused(catalogue.history(&"Z".parse().unwrap()), ErrorKind::NotFound, &["reference code Z"]);
}

pub(super) fn the_log_proves_what_it_holds(catalogue: &dyn Catalogue) {
    let electronic = |key: &str| FilingEntry { custody: Custody::Electronic, ..entry(key) };
    let mut checkpoints = vec![catalogue.checkpoint().unwrap()];
    for n in 0..9 {
        catalogue.file(electronic(&format!("p{n}"))).unwrap();
        checkpoints.push(catalogue.checkpoint().unwrap());
    }
    let latest = checkpoints[9];
    for old in &checkpoints {
        let found = catalogue.verify(&[*old]).unwrap();
        assert_eq!((found.present, found.agreed, found.breaks), (latest, Some(*old), vec![]));
        let proof = catalogue.prove_consistency(old.size, latest.size).unwrap();
        assert!(proof.holds(old, &latest), "{old:?}");
        for position in 0..old.size {
            let proof = catalogue.prove_inclusion(position, old.size).unwrap();
            assert!(proof.holds(old), "{position} in {old:?}");
            let mut other = proof.clone();
            other.entry.event = other.entry.event.replace("filed", "Filed");
            assert!(!other.holds(old));
        }
    }
    // A checkpoint of another history, and one of a log that was longer.
    let wrong = Checkpoint { root: Digest([1; 32]), ..checkpoints[5] };
    let found = catalogue.verify(&[latest, wrong, checkpoints[3], checkpoints[6]]).unwrap();
    assert_eq!((found.agreed, found.disputed), (Some(checkpoints[3]), Some(wrong)));
    let breaks = found.breaks;
    assert!(breaks.iter().any(|b| b.message.contains("another root")), "{breaks:?}");
    let longer = Checkpoint { size: 99, ..latest };
    let found = catalogue.verify(&[longer]).unwrap();
    assert_eq!(found.disputed, Some(longer));
    let breaks = found.breaks;
    assert!(breaks.iter().any(|b| b.message.contains("its end was cut")), "{breaks:?}");
    refused(catalogue.prove_inclusion(9, 9), ErrorKind::InvalidInput, &["9"]);
    refused(catalogue.prove_inclusion(0, 99), ErrorKind::NotFound, &["99", "has 9"]);
    refused(catalogue.prove_consistency(9, 99), ErrorKind::NotFound, &["99"]);
    refused(catalogue.prove_consistency(9, 8), ErrorKind::InvalidInput, &["9"]);
    refused(catalogue.prove_inclusion(0, u64::MAX), ErrorKind::NotFound, &[]);
}
