//! Slot choice: hard rules, costs, batches, advice, and hostile requests.

use std::time::Duration;

use archive_core::ErrorKind;
use archive_core::holding::{BoxKey, CustodyMode, Retention, Slot, SlotAddress};
use archive_core::units::{Grams, Millimetres};
use archive_shelving::plan::opening::{Drive, Opening};
use archive_shelving::plan::relocation::{Standing, relocate};
use archive_shelving::plan::slot_choice::{
    Block, BoxProfile, Hold, REFERENCE_TEXT, RuledOut, SlotIndex, SlotPolicy,
};
use proptest::prelude::*;

/// Slots of one bank at HZ: two levels of three on each side of each carriage.
fn slots(carriages: usize) -> Vec<Slot> {
    let mut slots = Vec::new();
    for carriage in 1..=carriages {
        for side in ["A", "B"] {
            for place in 0..6 {
                let (level, position) = (place / 3 + 1, place % 3 + 1);
                let address = format!("HZ/R1/B1/C{carriage}/{side}/1/{level}/{position}");
                slots.push(Slot { address: address.parse().unwrap(), width: Millimetres(50) });
            }
        }
    }
    slots
}

fn profile(number: usize) -> BoxProfile {
    BoxProfile {
        number: format!("X{number}").parse().unwrap(),
        key: BoxKey {
            fonds: "Z109".parse().unwrap(),
            year: 2024,
            retention: Retention::D30,
            organisation: "YX01".parse().unwrap(),
        },
        process: "new-connection-lv".parse().unwrap(),
        customer: None,
        spine: Millimetres(30),
        mass: Grams(2000),
        custody: CustodyMode::CentralPaper,
        site: None,
        monthly_retrievals: 0.1,
    }
}

fn of_customer(number: usize, customer: &str, rate: f64) -> BoxProfile {
    BoxProfile { customer: Some(customer.parse().unwrap()), monthly_retrievals: rate, ..profile(number) }
}

fn policy(changes: &[(&str, &str)]) -> SlotPolicy {
    let mut text = REFERENCE_TEXT.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    SlotPolicy::parse("slots.toml", &text).unwrap()
}

fn address(text: &str) -> SlotAddress {
    text.parse().unwrap()
}

#[test]
fn boxes_of_one_customer_stand_together() {
    let slots = slots(8);
    let mut index = SlotIndex::new(SlotPolicy::reference(), &slots).unwrap();
    let far = address("HZ/R1/B1/C7/A/1/1/1");
    index.hold(&of_customer(1, "C1", 0.5), &far, Hold::Standing).unwrap();
    index.hold(&of_customer(2, "C2", 0.5), &address("HZ/R1/B1/C2/A/1/1/1"), Hold::Standing).unwrap();
    let proposal = index.choose(&of_customer(3, "C1", 0.5), 2).unwrap();
    // The aisle between C6 and C7.
    let best = proposal.best.slot.to_string();
    assert!(best.starts_with("HZ/R1/B1/C6/B/") || best.starts_with("HZ/R1/B1/C7/A/"), "{proposal}");
    assert!(proposal.runners_up.iter().all(|next| next.costs.total() >= proposal.best.costs.total()));
}

#[test]
fn a_proposal_explains_itself() {
    let slots = slots(3);
    let mut index = SlotIndex::new(SlotPolicy::reference(), &slots).unwrap();
    index.hold(&of_customer(1, "C1", 1.0), &slots[0].address, Hold::Standing).unwrap();
    index.hold(&of_customer(2, "C2", 1.0), &slots[18].address, Hold::Reserved).unwrap();
    let text = index.choose(&of_customer(3, "C1", 1.0), 1).unwrap().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[0].starts_with("box X3: slot HZ/R1/B1/C1/A/1/1/2, ") && lines[0].contains("opening"),
        "{text}"
    );
    assert!(lines[1].starts_with("  2. HZ/R1/B1/"), "{text}");
    assert_eq!(
        lines[2],
        "  of 34 slots it fits in; ruled out: 1 taken, 1 reserved (policy reference-slots 2026.1)"
    );
}

#[track_caller]
fn check_ruled_out(index: &SlotIndex, profile: &BoxProfile, expected: RuledOut) {
    match index.choose(profile, 0) {
        Ok(proposal) => assert_eq!(proposal.ruled_out, expected),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Conflict);
            let text = format!("box {}: no slot takes it ({expected})", profile.number);
            assert!(error.to_string().starts_with(&text), "{error}");
        }
    }
}

#[test]
fn each_hard_rule_rules_out_and_is_counted() {
    let mut all = slots(2);
    all[0].width = Millimetres(20);
    all.push(Slot { address: address("NB/R1/B1/C1/A/1/1/1"), width: Millimetres(50) });
    let site = "[[site]]\nname = \"NB\"\ncustody = [\"electronic\"]\n\n[together]";
    let policy = policy(&[("[together]", site), ("level_kg = 60.0", "level_kg = 5.0")]);
    let mut index = SlotIndex::new(policy, &all).unwrap();
    let none = RuledOut::default();
    check_ruled_out(&index, &profile(1), RuledOut { site: 1, narrow: 1, ..none });

    let bank = "HZ/R1/B1".parse().unwrap();
    index.block(&bank, "C2", Some(Block::Locked)).unwrap();
    check_ruled_out(&index, &profile(1), RuledOut { site: 1, locked: 12, narrow: 1, ..none });
    index.block(&bank, "C2", Some(Block::Faulty)).unwrap();
    check_ruled_out(&index, &profile(1), RuledOut { site: 1, faulty: 12, narrow: 1, ..none });
    index.block(&bank, "C2", None).unwrap();

    // A level carries 5 kg: two boxes of 2 kg, no third.
    index.hold(&profile(2), &all[6].address, Hold::Standing).unwrap();
    index.hold(&profile(3), &all[7].address, Hold::Reserved).unwrap();
    let two = RuledOut { site: 1, taken: 1, reserved: 1, narrow: 1, load: 1, ..none };
    check_ruled_out(&index, &profile(1), two);
    // Another fonds may not stand on the levels that are begun.
    let mut other = profile(1);
    other.key.fonds = "Z200".parse().unwrap();
    other.mass = Grams(500);
    check_ruled_out(&index, &other, RuledOut { load: 0, mixing: 1, ..two });

    index.keep_for_pending("HZ", 19).unwrap();
    check_ruled_out(&index, &profile(1), two);
    index.keep_for_pending("HZ", 20).unwrap();
    check_ruled_out(&index, &profile(1), RuledOut { pending: 20, ..two });
    let far = BoxProfile { site: Some("QZ".into()), ..profile(1) };
    check_ruled_out(&index, &far, RuledOut { site: 25, ..none });

    // What was held is given back whole.
    index.keep_for_pending("HZ", 0).unwrap();
    index.release(&"X2".parse().unwrap()).unwrap();
    index.release(&"X3".parse().unwrap()).unwrap();
    check_ruled_out(&index, &profile(1), RuledOut { site: 1, narrow: 1, ..none });
    check_ruled_out(&index, &other, RuledOut { site: 1, narrow: 1, ..none });
    assert!(index.opening_seconds_a_month().abs() < 1e-6);
}

#[test]
fn what_no_box_is_and_no_room_has_is_refused() {
    let all = slots(1);
    let mut index = SlotIndex::new(SlotPolicy::reference(), &all).unwrap();
    let refused = |index: &SlotIndex, profile: BoxProfile| index.choose(&profile, 3).unwrap_err().to_string();
    for rate in [f64::NAN, -1.0, f64::INFINITY, 1e300] {
        let text = refused(&index, BoxProfile { monthly_retrievals: rate, ..profile(1) });
        assert_eq!(text, format!("box X1: is expected to be fetched {rate} times a month"));
    }
    let text = refused(&index, BoxProfile { spine: Millimetres(0), ..profile(1) });
    assert_eq!(text, "box X1: has no thickness");
    let text = refused(&index, BoxProfile { mass: Grams(0), ..profile(1) });
    assert_eq!(text, "box X1: has no mass");
    let text = refused(&index, BoxProfile { custody: CustodyMode::Electronic, ..profile(1) });
    assert_eq!(text, "box X1: is in electronic custody, which has no slot");
    let text = refused(&index, BoxProfile { spine: Millimetres(u32::MAX), ..profile(1) });
    assert!(text.starts_with("box X1: no slot takes it (12 too narrow)"), "{text}");
    let text = refused(&index, BoxProfile { mass: Grams(u32::MAX), ..profile(1) });
    assert!(text.starts_with("box X1: no slot takes it (12 on a level that does not carry it)"), "{text}");

    index.hold(&profile(1), &all[0].address, Hold::Standing).unwrap();
    let error = index.hold(&profile(2), &all[0].address, Hold::Standing).unwrap_err();
    assert_eq!(error.to_string(), "slot HZ/R1/B1/C1/A/1/1/1: is taken, and wanted for box X2");
    let error = index.hold(&profile(1), &all[1].address, Hold::Standing).unwrap_err();
    assert_eq!(error.to_string(), "box X1: has slot HZ/R1/B1/C1/A/1/1/1 already");
    let error = index.hold(&profile(2), &address("NB/R1/B1/C1/A/1/1/1"), Hold::Standing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(index.release(&"X9".parse().unwrap()).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(index.block(&"HZ/R1/B1".parse().unwrap(), "C9", None).is_err());
    assert!(index.keep_for_pending("XX", 1).is_err());
    assert!(index.expect_growth(&profile(1).series(), f64::NAN).is_err());
    assert!(index.expect_boxes([0.1, f64::NAN]).is_err());

    for (number, slot) in all.iter().enumerate().skip(1) {
        index.hold(&profile(number + 1), &slot.address, Hold::Standing).unwrap();
    }
    let error = index.choose(&profile(99), 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().starts_with("box X99: no slot takes it (12 taken): free some"), "{error}");
    let twice = [all[0].clone(), all[0].clone()];
    assert!(
        SlotIndex::new(SlotPolicy::reference(), &twice).unwrap_err().to_string().contains("is given twice")
    );
    let empty = SlotIndex::new(SlotPolicy::reference(), &[]).unwrap();
    assert!(empty.choose(&profile(1), 3).unwrap_err().to_string().contains("no slot takes it (none)"));
}

#[test]
fn what_is_disposed_of_together_stands_together() {
    let all = slots(6);
    let mut index = SlotIndex::new(SlotPolicy::reference(), &all).unwrap();
    let with_year = |number: usize, year: u16| {
        let mut profile = BoxProfile { monthly_retrievals: 0.0, ..profile(number) };
        profile.key.year = year;
        profile
    };
    index.hold(&with_year(1, 2015), &address("HZ/R1/B1/C2/B/1/1/1"), Hold::Standing).unwrap();
    index.hold(&with_year(2, 2020), &address("HZ/R1/B1/C5/B/1/1/1"), Hold::Standing).unwrap();
    let face = |profile| index.choose(&profile, 0).unwrap().best.slot.to_string()[..13].to_owned();
    let (first, second) = (face(with_year(3, 2015)), face(with_year(4, 2020)));
    // One aisle serves both sides.
    assert!(["HZ/R1/B1/C2/B", "HZ/R1/B1/C3/A"].contains(&first.as_str()), "{first}");
    assert!(["HZ/R1/B1/C5/B", "HZ/R1/B1/C6/A"].contains(&second.as_str()), "{second}");
}

#[test]
fn room_is_left_beside_a_series_that_grows() {
    let all = slots(6);
    let mut index = SlotIndex::new(policy(&[("series = 0.05", "series = 0.9")]), &all).unwrap();
    // The aisle before C1 has six slots, that between C1 and C2 twelve.
    for (number, slot) in all.iter().filter(|slot| slot.address.column() != "C1").enumerate().step_by(2) {
        let mut other = BoxProfile { monthly_retrievals: 1.0, ..profile(100 + number) };
        other.process = "meter-change".parse().unwrap();
        index.hold(&other, &slot.address, Hold::Standing).unwrap();
    }
    let series = profile(1).series();
    let costs = |index: &SlotIndex| {
        let proposal = index.choose(&profile(1), 20).unwrap();
        let of_face = |face: &str| {
            let mut all = std::iter::once(&proposal.best).chain(&proposal.runners_up);
            all.find(|choice| choice.slot.to_string().starts_with(face)).unwrap().costs.growth
        };
        (of_face("HZ/R1/B1/C1/A"), of_face("HZ/R1/B1/C1/B"))
    };
    assert_eq!(costs(&index).0, 0.0);
    index.expect_growth(&series, 0.3).unwrap();
    let (narrow, wide) = costs(&index);
    assert!(narrow > 0.0 && narrow > wide, "{narrow} {wide}");
}

#[test]
fn a_batch_is_placed_at_the_proven_least_cost() {
    let all = slots(6);
    let mut index = SlotIndex::new(SlotPolicy::reference(), &all).unwrap();
    for (number, slot) in all.iter().enumerate().step_by(7) {
        index
            .hold(&of_customer(number, &format!("C{}", number % 5), 0.3), &slot.address, Hold::Standing)
            .unwrap();
    }
    let batch: Vec<BoxProfile> =
        (100..140).map(|n| of_customer(n, &format!("C{}", n % 9), (n % 4) as f64 * 0.2)).collect();
    let before = index.opening_seconds_a_month();
    let assignment = index.assign(&batch).unwrap();
    assert_eq!((assignment.placed.len(), assignment.unplaced.len()), (40, 0));
    assert_eq!(assignment.gap(), 0.0, "{assignment}");
    assert!((index.opening_seconds_a_month() - before).abs() < 1e-6, "nothing is changed");
    let again = index.assign(&batch).unwrap();
    assert!((again.cost - assignment.cost).abs() < 1e-6, "{again} after {assignment}");
    for (number, choice) in &assignment.placed {
        let profile = batch.iter().find(|profile| profile.number == *number).unwrap();
        index.hold(profile, &choice.slot, Hold::Reserved).unwrap();
    }
}

#[test]
fn a_batch_that_does_not_fit_goes_on_with_the_rest() {
    let mut all = slots(1);
    all[3].width = Millimetres(20);
    let mut index = SlotIndex::new(SlotPolicy::reference(), &all).unwrap();
    index.keep_for_pending("HZ", 2).unwrap();
    let batch: Vec<BoxProfile> = (0..15).map(profile).collect();
    let assignment = index.assign(&batch).unwrap();
    // Twelve slots, one too narrow, two kept.
    assert_eq!((assignment.placed.len(), assignment.unplaced.len()), (9, 6));
    assert!(assignment.unplaced[0].reason.contains("no slot takes it"), "{:?}", assignment.unplaced[0]);
    let twice = [profile(1), profile(1)];
    assert_eq!(index.assign(&twice).unwrap_err().to_string(), "box X1: is given twice");
    assert!(index.assign(&[]).unwrap().placed.is_empty());
}

#[test]
fn levels_are_held_in_a_batch() {
    let all = slots(2);
    let light = policy(&[("level_kg = 60.0", "level_kg = 4.5")]);
    let mut index = SlotIndex::new(light, &all).unwrap();
    let batch: Vec<BoxProfile> = (0..20).map(profile).collect();
    let assignment = index.assign(&batch).unwrap();
    // Eight levels, of which each carries two boxes of 2 kg.
    assert_eq!((assignment.placed.len(), assignment.unplaced.len()), (16, 4), "{assignment}");
}

#[test]
fn advice_saves_what_it_says_in_moves_that_can_be_made() {
    let all = slots(8);
    let mut index = SlotIndex::new(SlotPolicy::reference(), &all).unwrap();
    let mut standing = Vec::new();
    for (number, slot) in all.iter().enumerate().filter(|(n, _)| n % 3 != 0) {
        let profile = of_customer(number, &format!("C{}", number % 11), (number % 7) as f64 * 0.1);
        index.hold(&profile, &slot.address, Hold::Standing).unwrap();
        standing.push(Standing { number: profile.number, spine: profile.spine, slot: slot.address.clone() });
    }
    let advice = index.advise(12, 0.01);
    assert!(!advice.moves.is_empty() && advice.moves.len() <= 12, "{advice}");
    assert!((index.opening_seconds_a_month() - advice.before).abs() < 1e-6);
    let saved: f64 = advice.moves.iter().map(|step| step.saved).sum();
    assert!((advice.before - advice.after - saved).abs() < 1e-6 && saved > 0.0);
    assert!(advice.moves.iter().all(|step| step.saved >= 0.01));
    let wanted: Vec<_> = advice.moves.iter().map(|step| (step.number.clone(), step.to.clone())).collect();
    let plan = relocate(&all, &standing, &wanted).unwrap();
    assert_eq!((plan.moves().len(), plan.closed_cycles()), (wanted.len(), 0));
    for step in &advice.moves {
        let number = step.number.as_str()[1..].parse::<usize>().unwrap();
        let profile = of_customer(number, &format!("C{}", number % 11), (number % 7) as f64 * 0.1);
        assert_eq!(index.release(&step.number).unwrap(), &step.from);
        index.hold(&profile, &step.to, Hold::Standing).unwrap();
    }
    assert!((index.opening_seconds_a_month() - advice.after).abs() < 1e-6);
    assert!(index.advise(0, 0.0).moves.is_empty());
    assert!(index.advise(usize::MAX, f64::INFINITY).moves.is_empty());
}

/// A box of few kinds, so that they meet on levels.
fn any_box() -> impl Strategy<Value = BoxProfile> {
    let kinds = (0_usize..4, 0_usize..3, 0_u16..3, 1_u32..60, 1_u32..30_000, 0.0..3.0);
    kinds.prop_map(|(customer, fonds, year, spine, mass, rate)| {
        let mut profile = BoxProfile {
            customer: (customer > 0).then(|| format!("C{customer}").parse().unwrap()),
            spine: Millimetres(spine),
            mass: Grams(mass),
            monthly_retrievals: rate,
            ..profile(0)
        };
        profile.key.fonds = format!("Z{fonds}").parse().unwrap();
        profile.key.year += year;
        profile
    })
}

proptest! {
    #[test]
    fn no_choice_breaks_a_rule_and_none_is_missed(
        boxes in prop::collection::vec((any_box(), any::<bool>()), 1..60),
        blocked in prop::option::of(1_usize..4),
        together in any::<bool>(),
    ) {
        let all = slots(4);
        let drive = if together { Drive::Together } else { Drive::OneAtATime };
        let opening = Opening::new(drive, Duration::from_secs(12)).unwrap();
        let mut index = SlotIndex::new(SlotPolicy::reference().with_opening(opening), &all).unwrap();
        let column = blocked.map(|n| format!("C{n}"));
        if let Some(column) = &column {
            index.block(&"HZ/R1/B1".parse().unwrap(), column, Some(Block::Faulty)).unwrap();
        }
        let mut stands: Vec<(BoxProfile, SlotAddress)> = Vec::new();
        let level = |slot: &SlotAddress| slot.to_string().rsplit_once('/').unwrap().0.to_owned();
        for (number, (profile, take_out)) in boxes.into_iter().enumerate() {
            let profile = BoxProfile { number: format!("X{number}").parse().unwrap(), ..profile };
            // The slots that the rules leave, found by looking at each.
            let possible = all.iter().filter(|slot| {
                let beside: Vec<&BoxProfile> =
                    stands.iter().filter(|(_, at)| level(at) == level(&slot.address)).map(|(p, _)| p).collect();
                let load: u32 = beside.iter().map(|other| other.mass.0).sum();
                Some(slot.address.column()) != column.as_deref()
                    && stands.iter().all(|(_, at)| *at != slot.address)
                    && slot.width >= profile.spine
                    && load + profile.mass.0 <= 60_000
                    && beside.iter().all(|other| other.key.fonds == profile.key.fonds)
            });
            let possible: Vec<&SlotAddress> = possible.map(|slot| &slot.address).collect();
            match index.choose(&profile, 2) {
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::Conflict);
                    prop_assert!(possible.is_empty(), "{}", error);
                }
                Ok(proposal) => {
                    prop_assert_eq!(proposal.possible, possible.len() as u64);
                    for slot in proposal.slots() {
                        prop_assert!(possible.contains(&slot), "{}", proposal);
                    }
                    prop_assert!(proposal.best.costs.total().is_finite());
                    index.hold(&profile, &proposal.best.slot, Hold::Standing).unwrap();
                    stands.push((profile, proposal.best.slot));
                }
            }
            if take_out && !stands.is_empty() {
                let (gone, at) = stands.swap_remove(stands.len() / 2);
                prop_assert_eq!(index.release(&gone.number).unwrap(), &at);
            }
        }
        let seconds = index.opening_seconds_a_month();
        prop_assert!(seconds.is_finite() && seconds >= 0.0);
        for (profile, _) in &stands {
            index.release(&profile.number).unwrap();
        }
        prop_assert!(index.opening_seconds_a_month().abs() < 1e-6);
    }
}

#[test]
fn a_slot_that_is_kept_for_no_box_yet_is_reserved_until_it_is_given_up() {
    let slots = slots(1);
    let mut index = SlotIndex::new(SlotPolicy::reference(), slots.clone()).unwrap();
    let all = index.choose(&profile(1), 0).unwrap();
    assert!(index.is_free(&all.best.slot));
    index.keep(&all.best.slot).unwrap();
    index.keep(&all.best.slot).unwrap();
    assert!(!index.is_free(&all.best.slot));
    let fewer = index.choose(&profile(1), 0).unwrap();
    assert_eq!((fewer.possible, fewer.ruled_out.reserved), (all.possible - 1, 1));
    assert_ne!(fewer.best.slot, all.best.slot);
    let error = index.hold(&profile(1), &all.best.slot, Hold::Standing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    index.give_up(&all.best.slot).unwrap();
    assert_eq!(index.choose(&profile(1), 0).unwrap(), all);
    // What a box stands in is neither kept nor given up.
    index.hold(&profile(1), &all.best.slot, Hold::Standing).unwrap();
    index.keep(&all.best.slot).unwrap();
    index.give_up(&all.best.slot).unwrap();
    assert_eq!(index.slot_of(&profile(1).number), Some(&all.best.slot));
    let nowhere = "HZ/R9/B9/C1/A/1/1/1".parse().unwrap();
    assert_eq!(index.keep(&nowhere).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(index.give_up(&nowhere).unwrap_err().kind(), ErrorKind::NotFound);
}
