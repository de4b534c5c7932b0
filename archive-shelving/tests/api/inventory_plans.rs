//! More passes where they pay, cycle counts, and corrections of a register.

use std::time::Duration;

use archive_core::ErrorKind;
use archive_shelving::inventory::{
    AisleRisk, Answer, Belief, CycleCount, ExpectedBox, Register, Stands, TagHistory, VisitCost, cycle_count,
};
use proptest::prelude::*;

use super::inventory::{expected, place, read, taking, visit, walk};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn certainty_asks_for_nothing() {
    let boxes: Vec<ExpectedBox> = (0..40).map(|n| expected(n, (n % 10) as u16, (0, 0))).collect();
    let mut taking = taking(&boxes);
    walk(&mut taking, 2, |_, aisle| {
        let here = boxes.iter().enumerate().filter(|(n, _)| (n % 10) as u16 == aisle);
        here.map(|(_, b)| read(b.tag, aisle, Some(-55))).collect()
    });
    assert_eq!(taking.more_passes(&VisitCost::default()).unwrap(), []);
}

#[test]
fn doubt_that_reading_resolves_asks_for_the_aisle() {
    // Two passes: boxes of aisle 3 were not read yet, and most of their tags are read half the time.
    let boxes: Vec<ExpectedBox> = (0..6).map(|n| expected(n, 3, (5, 5))).collect();
    let mut taking = taking(&boxes);
    walk(&mut taking, 2, |_, _| vec![]);
    let proposals = taking.more_passes(&VisitCost::default()).unwrap();
    assert_eq!(proposals.len(), 1, "{proposals:?}");
    assert_eq!(proposals[0].place, place(3));
    assert!(proposals[0].answers > 4.0, "{proposals:?}");
    // Where a person is faster than the shelf, nothing pays.
    let cost = VisitCost { by_hand: SECOND, ..VisitCost::default() };
    assert_eq!(taking.more_passes(&cost).unwrap(), []);
}

#[test]
fn doubt_that_reading_does_not_resolve_stops() {
    // Sixty silent passes, and a tag that was never read before: more of the same says nothing.
    let boxed = expected(1, 3, (0, 60));
    let mut taking = taking(std::slice::from_ref(&boxed));
    walk(&mut taking, 60, |_, _| vec![]);
    assert!(matches!(taking.conclude().boxes[0].answer, Answer::Unverified { .. }));
    assert_eq!(taking.more_passes(&VisitCost::default()).unwrap(), []);
}

#[test]
fn silence_is_read_on_until_it_says_missing() {
    // One pass over ten aisles takes two minutes, looking for five boxes by hand five.
    let boxes: Vec<ExpectedBox> = (0..5).map(|n| expected(n, 3, (20, 10))).collect();
    let mut taking = taking(&boxes);
    walk(&mut taking, 1, |_, _| vec![]);
    let mut rounds = 0;
    loop {
        let proposals = taking.more_passes(&VisitCost::default()).unwrap();
        if proposals.is_empty() {
            break;
        }
        rounds += 1;
        assert!(rounds < 20, "never stops");
        for proposal in proposals {
            for n in 0..proposal.visits {
                taking.add(&visit(proposal.place.aisle.0, 1000 * rounds + u64::from(n) * 10, vec![]));
            }
        }
    }
    let found = taking.conclude();
    assert!(found.boxes.iter().all(|b| b.answer == Answer::Missing), "{:?}", found.boxes[0]);
}

#[test]
fn costs_that_cannot_be_are_refused() {
    let taking = taking(&[expected(1, 3, (0, 0))]);
    let usual = VisitCost::default();
    for bad in [
        VisitCost { reading: Duration::ZERO, ..usual },
        VisitCost { opening: Duration::MAX, ..usual },
        VisitCost { by_hand: Duration::MAX, ..usual },
    ] {
        assert_eq!(taking.more_passes(&bad).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

fn aisle(n: u16, days: f64, accesses: u32) -> AisleRisk {
    AisleRisk { place: place(n), days, boxes: 500, accesses, harm: 1.0, lasts: 30 * SECOND }
}

#[test]
fn busy_aisles_and_overdue_ones_come_first() {
    let aisles = [aisle(0, 10.0, 0), aisle(1, 10.0, 400), aisle(2, 400.0, 0), aisle(3, 10.0, 90)];
    let check = cycle_count(&aisles, &CycleCount::default(), 90 * SECOND).unwrap();
    assert_eq!(check.places, [place(2), place(1), place(3)]);
    assert_eq!((check.lasts, check.overdue_left.len()), (90 * SECOND, 0));
    assert_eq!(check.found, check.at_most);
    let check = cycle_count(&aisles, &CycleCount::default(), 29 * SECOND).unwrap();
    assert_eq!((check.places, check.overdue_left), (vec![], vec![place(2)]));
}

#[test]
fn harm_outweighs_numbers() {
    let mut secret = aisle(1, 10.0, 10);
    secret.harm = 100.0;
    let check = cycle_count(&[aisle(0, 10.0, 200), secret], &CycleCount::default(), 30 * SECOND).unwrap();
    assert_eq!(check.places, [place(1)]);
}

#[test]
fn cycle_counts_that_cannot_be_are_refused() {
    let rule = CycleCount::default();
    let good = aisle(1, 1.0, 1);
    let refused = |aisles: &[AisleRisk], rule, time| {
        let error = cycle_count(aisles, &rule, time).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.to_string()
    };
    let one = |bad: AisleRisk| refused(&[bad], rule, SECOND);
    assert!(one(AisleRisk { days: f64::NAN, ..good.clone() }).starts_with("HZ/R1/B1 aisle 1: needs days"));
    assert!(one(AisleRisk { harm: -1.0, ..good.clone() }).contains("needs days and harm"));
    assert!(one(AisleRisk { lasts: Duration::ZERO, ..good.clone() }).contains("needs a check"));
    assert!(refused(&[good.clone(), good.clone()], rule, SECOND).contains("stands twice"));
    let bad = CycleCount { astray_a_day: 2.0, ..rule };
    assert!(refused(std::slice::from_ref(&good), bad, SECOND).contains("probabilities"));
    assert!(refused(&[good], rule, Duration::MAX).contains("at most 30 days"));
    assert_eq!(cycle_count(&[], &rule, SECOND).unwrap().places, []);
}

#[test]
fn a_province_is_chosen_within_its_bound() {
    // 3,000 aisles and a day: beyond the exact choice.
    let aisles: Vec<AisleRisk> = (0..3_000_u32)
        .map(|n| {
            let bank = format!("S{n}/R1/B1").parse().unwrap();
            let place = archive_shelving::inventory::Place { bank, ..place(0) };
            let lasts = Duration::from_secs(20 + u64::from(n * 7 % 41));
            AisleRisk { place, lasts, ..aisle(0, f64::from(n * 13 % 300), n * 31 % 97) }
        })
        .collect();
    let check = cycle_count(&aisles, &CycleCount::default(), Duration::from_secs(86_400)).unwrap();
    assert!(check.lasts <= Duration::from_secs(86_400));
    assert!(check.found <= check.at_most && check.found > 0.999 * check.at_most, "{check:?}");
}

/// Boxes 0 to 2: in place, gone, and in aisle 8; box 3 unverified.
fn found() -> (Register, archive_shelving::inventory::Conclusion) {
    let boxes: Vec<ExpectedBox> =
        (0..4).map(|n| expected(n, 2, if n == 3 { (0, 0) } else { (20, 0) })).collect();
    let mut taking = taking(&boxes);
    walk(&mut taking, 9, |_, aisle| match aisle {
        2 => vec![read(boxes[0].tag, 2, Some(-55))],
        8 => vec![read(boxes[2].tag, 8, Some(-55))],
        _ => vec![],
    });
    let belief =
        |b: &ExpectedBox| Belief { slot: b.slot.clone(), stands: Stands::InSlot, history: b.history };
    let register = Register::new(boxes.iter().map(|b| (b.number.clone(), belief(b))));
    (register, taking.conclude())
}

#[test]
fn corrections_are_accepted_and_undone() {
    let (mut register, conclusion) = found();
    let before = register.clone();
    let corrections = register.propose(&conclusion).unwrap();
    // The first one only knows its tag better; the unverified box gives none.
    assert_eq!(corrections.iter().map(|c| c.moves()).collect::<Vec<_>>(), [false, true, true]);
    register.accept(&corrections).unwrap();
    let belief = |n: u32| register.get(&format!("X{n}").parse().unwrap()).unwrap().clone();
    assert_eq!(belief(0).history, TagHistory { seen: 29, missed: 0 });
    assert_eq!(belief(1).stands, Stands::Missing);
    assert_eq!(belief(2).stands, Stands::InAisle { place: place(8) });
    assert_eq!(register.iter().count(), 4);
    // The same inventory suggests what is known already: only histories would grow again.
    let again = register.accept(&corrections).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Conflict);
    let undo: Vec<_> = corrections.iter().map(|c| c.undo()).collect();
    register.accept(&undo).unwrap();
    assert_eq!(register, before);
    assert_eq!(register.accept(&undo).unwrap_err().kind(), ErrorKind::Conflict);
}

#[test]
fn corrections_that_do_not_fit_change_nothing() {
    let (mut register, conclusion) = found();
    let before = register.clone();
    let corrections = register.propose(&conclusion).unwrap();
    let twice = [corrections[1].clone(), corrections[1].clone()];
    assert!(register.accept(&twice).unwrap_err().to_string().starts_with("box X1: is corrected twice"));
    let mut stale = corrections.clone();
    stale[2].before.stands = Stands::Missing;
    assert_eq!(register.accept(&stale).unwrap_err().kind(), ErrorKind::Conflict);
    stale[2].number = "X99".parse().unwrap();
    assert_eq!(register.accept(&stale).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(register, before);
    assert_eq!(Register::default().propose(&conclusion).unwrap_err().kind(), ErrorKind::NotFound);
    let moved = register.iter().map(|(number, b)| {
        (number.clone(), Belief { slot: "HZ/R1/B1/C9/A/1/1/9".parse().unwrap(), ..b.clone() })
    });
    assert_eq!(Register::new(moved).propose(&conclusion).unwrap_err().kind(), ErrorKind::Conflict);
}

proptest! {
    /// Whatever is accepted is undone.
    #[test]
    fn any_choice_of_corrections_is_undone(chosen in proptest::collection::vec(any::<bool>(), 3)) {
        let (mut register, conclusion) = found();
        let before = register.clone();
        let all = register.propose(&conclusion).unwrap();
        let some: Vec<_> = all.into_iter().zip(chosen).filter(|(_, yes)| *yes).map(|(c, _)| c).collect();
        register.accept(&some).unwrap();
        register.accept(&some.iter().rev().map(|c| c.undo()).collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(register, before);
    }
}
