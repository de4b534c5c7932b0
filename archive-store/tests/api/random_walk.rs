//! Any sequence of calls leaves everything that must hold, and nothing that was answered is forgotten.

use std::collections::BTreeMap;

use archive_core::holding::{BoxKey, TagEpc};
use archive_store::conformance::{at, entry, shelving, slot};
use archive_store::{
    Catalogue, Custody, ErrorKind, FilingEntry, FilingState, LoanRequest, ShelfReceipt, SlotFilter,
    SqliteCatalogue,
};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    File { key: u8, thickness: u32, year: u16, electronic: bool, expires: Option<i64> },
    Confirm { key: u8, tag: Option<u8> },
    Cancel { key: u8 },
    Void { key: u8 },
    Expire { now: i64 },
    Move { number: u8, to: u32 },
    ConfirmMove { number: u8 },
    CancelMove { number: u8 },
    Vacate { number: u8 },
    Lend { key: u8, loan: u8 },
    GiveBack { loan: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let (key, number, loan) = (0_u8..12, 1_u8..8, 0_u8..4);
    prop_oneof![
        4 => (key.clone(), 1_u32..=50, 2023_u16..2025, any::<bool>(), prop::option::of(0_i64..100)).prop_map(
            |(key, thickness, year, electronic, expires)| Step::File { key, thickness, year, electronic, expires }
        ),
        3 => (key.clone(), prop::option::of(0_u8..4)).prop_map(|(key, tag)| Step::Confirm { key, tag }),
        1 => key.clone().prop_map(|key| Step::Cancel { key }),
        1 => key.clone().prop_map(|key| Step::Void { key }),
        1 => (-50_i64..100).prop_map(|now| Step::Expire { now }),
        2 => (number.clone(), 1_u32..8).prop_map(|(number, to)| Step::Move { number, to }),
        2 => number.clone().prop_map(|number| Step::ConfirmMove { number }),
        1 => number.clone().prop_map(|number| Step::CancelMove { number }),
        1 => number.prop_map(|number| Step::Vacate { number }),
        1 => (key, loan.clone()).prop_map(|(key, loan)| Step::Lend { key, loan }),
        1 => loan.prop_map(|loan| Step::GiveBack { loan }),
    ]
}

/// Takes one step. Whatever is refused is refused for a reason that the caller can act on.
fn take(catalogue: &SqliteCatalogue, step: &Step) -> Result<(), archive_core::Error> {
    let request = |key: &u8| format!("k{key}").parse().unwrap();
    let number = |number: &u8| format!("H{number:04}").parse().unwrap();
    match step {
        Step::File { key, thickness, year, electronic, expires } => {
            let base = entry(&format!("k{key}"));
            let custody = match electronic {
                true => Custody::Electronic,
                false => Custody::CentralPaper(shelving(*thickness)),
            };
            let box_key = BoxKey { year: *year, ..base.key.clone() };
            let expires = expires.map(at);
            catalogue.file(FilingEntry { custody, key: box_key, expires, ..base }).map(drop)
        }
        Step::Confirm { key, tag } => {
            let receipt = ShelfReceipt { when: at(5), tag: tag.map(|t| TagEpc([t; 12])) };
            catalogue.confirm(&request(key), receipt).map(drop)
        }
        Step::Cancel { key } => catalogue.cancel(&request(key), "a walk", at(6)).map(drop),
        Step::Void { key } => match catalogue.request(&request(key))? {
            Some(filed) => catalogue.void_number(&filed.reference, "a walk", at(7)).map(drop),
            None => Ok(()),
        },
        Step::Expire { now } => catalogue.expire(at(*now)).map(drop),
        Step::Move { number: n, to } => {
            catalogue.move_box(&number(n), &slot(*to, 50).address, at(8)).map(drop)
        }
        Step::ConfirmMove { number: n } => catalogue.confirm_move(&number(n), at(9)).map(drop),
        Step::CancelMove { number: n } => catalogue.cancel_move(&number(n), at(9)).map(drop),
        Step::Vacate { number: n } => catalogue.vacate(&number(n), "a walk", at(10)).map(drop),
        Step::Lend { key, loan } => match catalogue.request(&request(key))? {
            Some(filed) => catalogue
                .lend(&LoanRequest {
                    key: format!("l{loan}").parse().unwrap(),
                    reference: filed.reference,
                    borrower: "somebody".into(),
                    purpose: "a walk".into(),
                    when: at(11),
                    due: None,
                })
                .map(drop),
            None => Ok(()),
        },
        Step::GiveBack { loan } => {
            catalogue.give_back(&format!("l{loan}").parse().unwrap(), at(12)).map(drop)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_leaves_a_whole_catalogue(steps in prop::collection::vec(step(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.db");
        let catalogue = SqliteCatalogue::open(&path).unwrap();
        // Slots of several widths, too few for all.
        catalogue.add_slots((1..8).map(|n| slot(n, 20 + n * 5)).collect()).unwrap();
        let mut given = BTreeMap::new();
        let kept = catalogue.checkpoint().unwrap();
        for step in &steps {
            if let Err(error) = take(&catalogue, step) {
                prop_assert!(
                    matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound),
                    "{:?}: {}", step, error.report()
                );
            }
            // A request keeps its number, and what is void stays void.
            for key in 0..12 {
                let Some(filed) = catalogue.request(&format!("k{key}").parse().unwrap()).unwrap() else {
                    prop_assert!(!given.contains_key(&key), "request k{} is gone after {:?}", key, step);
                    continue;
                };
                let void = filed.state == FilingState::Void;
                let (number, was_void) = given.insert(key, (filed.reference.clone(), void)).unwrap_or((filed.reference.clone(), void));
                prop_assert_eq!(&number, &filed.reference);
                prop_assert!(void || !was_void);
                prop_assert!(void || filed.place.is_some() || filed.state == FilingState::Confirmed);
            }
        }
        let breaks = catalogue.audit().unwrap();
        prop_assert!(breaks.is_empty(), "{:?}", breaks);
        prop_assert!(catalogue.verify(&[kept]).unwrap().holds());
        let numbers: std::collections::BTreeSet<_> = given.values().map(|(number, _)| number).collect();
        prop_assert_eq!(numbers.len(), given.len());
        // Opened again, it is the same.
        let all = SlotFilter::default();
        let (slots, pending, loans) = (catalogue.slots(&all).unwrap(), catalogue.pending().unwrap(), catalogue.open_loans().unwrap());
        drop(catalogue);
        let again = SqliteCatalogue::open(&path).unwrap();
        prop_assert_eq!(again.slots(&all).unwrap(), slots);
        prop_assert_eq!(again.pending().unwrap(), pending);
        prop_assert_eq!(again.open_loans().unwrap(), loans);
    }
}
