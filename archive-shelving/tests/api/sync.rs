//! What the catalogue may follow by itself: single cases, and properties over random ledgers.

use std::collections::BTreeSet;

use archive_core::holding::{SlotAddress, TagEpc};
use archive_shelving::epc::UserCode;
use archive_shelving::layout::{AisleId, BankLayout, BankName};
use archive_shelving::sync::{Conflict, Decision, Evidence, Ledger, Place, Standing, decide};
use proptest::prelude::*;

fn slot(number: usize) -> SlotAddress {
    // Two slots a side; side B of a carriage and side A of the next share an aisle.
    let (carriage, side, position) = (number / 4 + 1, ["A", "B"][number / 2 % 2], number % 2 + 1);
    format!("HZ/R1/B1/C{carriage:02}/{side}/1/1/{position}").parse().unwrap()
}

fn tag(number: usize) -> TagEpc {
    UserCode::new(1, number as u64).unwrap().to_tag()
}

fn layout() -> BankLayout {
    BankLayout::new("HZ", "R1", "B1", (1..=8).map(|n| format!("C{n:02}"))).unwrap()
}

fn aisle(number: usize) -> Place {
    let slot = slot(number);
    Place::Aisle(BankName::of(&slot), layout().aisle_of(&slot).unwrap())
}

/// Boxes in slots 0 and 1 (one aisle); slot 2 is box 2's, on its way to slot 6; box 4 is out of slot 4; slots 8
/// and 12 are free, each alone in its aisle; 16 and 17 are free in one aisle.
fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    (0..32).for_each(|n| ledger.set_aisle(slot(n), layout().aisle_of(&slot(n)).unwrap()));
    ledger.add_box(tag(0), Standing::In(slot(0)));
    ledger.add_box(tag(1), Standing::In(slot(1)));
    ledger.add_box(tag(2), Standing::OnItsWay { from: Some(slot(2)), to: slot(6) });
    ledger.add_box(tag(4), Standing::Out(slot(4)));
    [8, 12, 16, 17].into_iter().for_each(|n| ledger.add_free(slot(n)));
    ledger
}

fn seen(number: usize, place: Place) -> Evidence {
    Evidence::Seen { tag: tag(number), place }
}

#[track_caller]
fn check(evidence: &[Evidence], expected: &[Decision]) {
    assert_eq!(decide(&ledger(), evidence), expected, "{evidence:?}");
}

fn finding(number: usize, conflict: Conflict) -> Decision {
    Decision::Finding { tag: tag(number), conflict }
}

#[test]
fn what_is_where_it_should_be_needs_nothing() {
    check(&[seen(0, aisle(0)), seen(1, Place::Slot(slot(1))), seen(2, aisle(2)), seen(2, aisle(2))], &[]);
    check(&[seen(2, Place::Slot(slot(6)))], &[]);
    check(&[], &[]);
    // A slot and the aisle before it are one sighting.
    check(&[seen(0, aisle(0)), seen(0, Place::Slot(slot(0)))], &[]);
    check(&[Evidence::Absent { tag: tag(4) }, Evidence::Absent { tag: tag(99) }], &[]);
}

#[test]
fn a_box_in_another_slot_is_followed_where_the_slot_is_certain() {
    let moved = |to| Decision::Moved { tag: tag(0), from: slot(0), to: slot(to) };
    check(&[seen(0, Place::Slot(slot(17)))], &[moved(17)]);
    check(&[seen(0, aisle(8))], &[moved(8)]);
    check(&[seen(0, aisle(17)), seen(0, Place::Slot(slot(17)))], &[moved(17)]);
    check(&[seen(0, aisle(16))], &[finding(0, Conflict::SlotUnclear { place: aisle(16) })]);
    check(&[seen(0, aisle(24))], &[finding(0, Conflict::NoRoom { place: aisle(24) })]);
}

#[test]
fn a_box_that_is_gone_or_back_is_followed() {
    check(&[Evidence::Absent { tag: tag(1) }], &[Decision::TakenOut { tag: tag(1), from: slot(1) }]);
    check(&[seen(4, aisle(4))], &[Decision::PutBack { tag: tag(4), slot: slot(4) }]);
    check(&[seen(4, aisle(8))], &[finding(4, Conflict::BackElsewhere { place: aisle(8) })]);
}

#[test]
fn conflicts_are_left_to_a_person() {
    let taken = Conflict::SlotTaken { slot: slot(1), owner: tag(1) };
    check(&[seen(0, Place::Slot(slot(1)))], &[finding(0, taken)]);
    // What is kept for a box that is out, or on its way, is not free.
    let kept = Conflict::SlotTaken { slot: slot(4), owner: tag(4) };
    check(&[seen(0, Place::Slot(slot(4)))], &[finding(0, kept)]);
    let kept = Conflict::SlotTaken { slot: slot(6), owner: tag(2) };
    check(&[seen(0, Place::Slot(slot(6)))], &[finding(0, kept)]);
    let nowhere: SlotAddress = "HZ/R9/B9/C01/A/1/1/1".parse().unwrap();
    let unknown = Conflict::UnknownSlot { slot: nowhere.clone() };
    check(&[seen(0, Place::Slot(nowhere))], &[finding(0, unknown)]);
    let twice = Conflict::Contradiction { places: vec![aisle(8), aisle(12)] };
    check(&[seen(0, aisle(12)), seen(0, aisle(8))], &[finding(0, twice)]);
    let seen_and_absent = Conflict::Contradiction { places: vec![aisle(8)] };
    check(&[seen(0, aisle(8)), Evidence::Absent { tag: tag(0) }], &[finding(0, seen_and_absent)]);
    check(&[seen(9, aisle(8))], &[finding(9, Conflict::UnknownTag { place: aisle(8) })]);
    check(&[seen(2, aisle(12))], &[finding(2, Conflict::OnItsWay { place: aisle(12) })]);
    let disputed = Conflict::SlotDisputed { slot: slot(8), tags: vec![tag(0), tag(1)] };
    let both = [finding(0, disputed.clone()), finding(1, disputed)];
    check(&[seen(0, aisle(8)), seen(1, aisle(8))], &both);
    let Decision::Finding { conflict, .. } = &both[0] else { panic!() };
    assert_eq!(conflict.to_string(), "2 boxes were seen where only slot HZ/R1/B1/C03/A/1/1/1 is free");
}

fn any_place() -> impl Strategy<Value = Place> {
    prop_oneof![(0..32_usize).prop_map(|n| Place::Slot(slot(n))), (0..32_usize).prop_map(aisle)]
}

proptest! {
    #[test]
    fn decisions_never_break_the_ledger(
        standing in prop::collection::vec(0..3_u8, 12),
        evidence in prop::collection::vec((0..16_usize, prop::option::weighted(0.8, any_place())), 0..20),
        turn in 0..20_usize,
    ) {
        let mut ledger = Ledger::default();
        (0..32).for_each(|n| ledger.set_aisle(slot(n), layout().aisle_of(&slot(n)).unwrap()));
        let (mut boxes, mut used) = (Vec::new(), BTreeSet::new());
        for (number, kind) in standing.iter().enumerate() {
            used.extend(if *kind == 1 { vec![number, number + 12] } else { vec![number] });
            boxes.push(match kind {
                0 => Standing::In(slot(number)),
                1 => Standing::OnItsWay { from: Some(slot(number)), to: slot(number + 12) },
                _ => Standing::Out(slot(number)),
            });
            ledger.add_box(tag(number), boxes[number].clone());
        }
        let free: BTreeSet<SlotAddress> = (0..32).filter(|n| !used.contains(n)).map(slot).collect();
        free.iter().cloned().for_each(|slot| ledger.add_free(slot));
        let mut evidence: Vec<Evidence> = evidence
            .into_iter()
            .map(|(number, place)| match place {
                Some(place) => seen(number, place),
                None => Evidence::Absent { tag: tag(number) },
            })
            .collect();
        let decisions = decide(&ledger, &evidence);
        // The order does not matter.
        let middle = turn % evidence.len().max(1);
        evidence.rotate_left(middle);
        prop_assert_eq!(&decide(&ledger, &evidence), &decisions);

        // One decision a tag; nothing goes to a slot that is not free, nor two boxes to one.
        let tags: BTreeSet<TagEpc> = decisions.iter().map(Decision::tag).collect();
        prop_assert_eq!(tags.len(), decisions.len());
        let mut taken = BTreeSet::new();
        let mut after = ledger.clone();
        for decision in &decisions {
            let (tag, next) = match decision {
                Decision::Moved { tag, to, .. } => {
                    prop_assert!(free.contains(to) && taken.insert(to.clone()), "{decision:?}");
                    (tag, Standing::In(to.clone()))
                }
                Decision::TakenOut { tag, from } => (tag, Standing::Out(from.clone())),
                Decision::PutBack { tag, slot } => (tag, Standing::In(slot.clone())),
                Decision::Finding { .. } => continue,
            };
            after.add_box(*tag, next);
        }
        // Once followed, the same evidence changes nothing more.
        for decision in decide(&after, &evidence) {
            prop_assert!(matches!(decision, Decision::Finding { .. }), "{decision:?}");
        }
    }
}

#[test]
fn aisles_are_those_of_the_layout() {
    assert_eq!(aisle(0), Place::Aisle(BankName::of(&slot(0)), AisleId(0)));
    assert_eq!(aisle(2), aisle(4));
}
