//! Registers and reads that do not fit: each becomes an error or a finding that names it, and the rest of
//! the inventory goes on.

use std::time::Duration;

use archive_core::ErrorKind;
use archive_core::holding::TagEpc;
use archive_shelving::inventory::{
    Answer, Doubt, ExpectedBox, Finding, Limits, Model, Place, ReadBank, StockTaking,
};
use archive_shelving::layout::AisleId;
use archive_shelving::reading::{Antenna, AntennaPort, TagRead};

use super::inventory::{expected, layout, place, read, taking, visit, walk};

const GOOD: Option<i16> = Some(-55);

/// Box 1 stands in aisle 4 and is read well, whatever else happens; the findings.
#[track_caller]
fn check(others: &[ExpectedBox], disturb: impl Fn(&mut StockTaking), expect: &[Finding]) -> Vec<Answer> {
    let boxed = expected(1, 4, (0, 0));
    let mut boxes = vec![boxed.clone()];
    boxes.extend_from_slice(others);
    let mut taking = taking(&boxes);
    walk(&mut taking, 3, |_, aisle| if aisle == 4 { vec![read(boxed.tag, 4, GOOD)] } else { vec![] });
    disturb(&mut taking);
    let found = taking.conclude();
    assert_eq!(found.boxes[0].answer, Answer::Present);
    assert_eq!(found.findings, expect);
    found.boxes.into_iter().map(|b| b.answer).collect()
}

fn tag(text: &str) -> TagEpc {
    text.parse().unwrap()
}

#[test]
fn foreign_tags_are_told_from_noise() {
    let (known, noise) = (tag("2C14257BF4607200000000FF"), tag("FFFFFFFFFFFFFFFFFFFFFFFF"));
    let disturb = |t: &mut StockTaking| {
        for second in [500, 510] {
            t.add(&visit(2, second, vec![read(known, 2, GOOD), read(noise, 2, None)]));
        }
        t.add(&visit(3, 520, vec![read(known, 3, Some(-70))]));
    };
    let [foreign, undecodable] = [
        Finding::ForeignTag {
            tag: known,
            says: "urn:epc:id:gdti:0614141.12345.255".into(),
            place: place(2),
            visits: 2,
        },
        Finding::UndecodableTag { tag: noise, place: place(2), visits: 2 },
    ];
    check(&[], disturb, &[foreign, undecodable]);
}

#[test]
fn a_flood_of_made_up_codes_keeps_the_memory() {
    let disturb = |t: &mut StockTaking| {
        let code = |n: u32| tag(&format!("FFFFFFFFFFFFFFFF{n:08X}"));
        t.add(&visit(2, 500, (0..100_003).map(|n| read(code(n), 2, GOOD)).collect()));
    };
    let boxed = expected(1, 4, (0, 0));
    let mut taking = taking(std::slice::from_ref(&boxed));
    disturb(&mut taking);
    let found = taking.conclude();
    assert_eq!(found.findings.len(), 100_001);
    assert!(found.findings.contains(&Finding::MoreForeignTags { reads: 3 }));
}

#[test]
fn reads_by_wrong_antennas_count_for_nothing() {
    let other = expected(2, 6, (0, 0));
    let disturb = |t: &mut StockTaking| {
        let wrong = |antenna| TagRead { antenna: AntennaPort(antenna), ..read(other.tag, 6, GOOD) };
        t.add(&visit(6, 500, vec![wrong(0), wrong(99), wrong(99), wrong(2)]));
    };
    let [a, b, c] = [(0, 1), (99, 2)]
        .map(|(antenna, reads)| Finding::UnknownAntenna {
            place: place(6),
            antenna: AntennaPort(antenna),
            reads,
        })
        .into_iter()
        .chain([Finding::OtherAisle { place: place(6), antenna: AntennaPort(2), reads: 1 }])
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let answers = check(std::slice::from_ref(&other), disturb, &[a, b, c]);
    assert_eq!(answers[1], Answer::Unverified { doubt: Doubt::Silent });
}

#[test]
fn an_antenna_over_the_whole_bank_looks_into_every_aisle() {
    let antennas = vec![Antenna { port: AntennaPort(7), aisle: None }];
    let bank = ReadBank::with_antennas(layout(), antennas).unwrap();
    let boxed = expected(1, 4, (0, 0));
    let mut taking = StockTaking::new(Model::default(), vec![bank], [boxed.clone()]).unwrap();
    let over = TagRead { antenna: AntennaPort(7), aisle: None, ..read(boxed.tag, 4, GOOD) };
    (0..3).for_each(|n| taking.add(&visit(4, n * 10, vec![over])));
    assert_eq!(taking.conclude().boxes[0].answer, Answer::Present);
}

#[test]
fn visits_of_places_that_nobody_knows_are_named() {
    let [bank, aisle] = [
        Place { bank: "HZ/R9/B9".parse().unwrap(), aisle: AisleId(0) },
        Place { aisle: AisleId(10), ..place(0) },
    ];
    let disturb = |t: &mut StockTaking| {
        for at in [&bank, &aisle, &bank] {
            let mut visit = visit(0, 500, vec![read(expected(1, 4, (0, 0)).tag, 0, GOOD)]);
            visit.place = at.clone();
            t.add(&visit);
        }
    };
    let expect = [
        Finding::UnknownPlace { place: aisle.clone(), reads: 1 },
        Finding::UnknownPlace { place: bank.clone(), reads: 2 },
    ];
    check(&[], disturb, &expect);
}

#[test]
fn times_out_of_order_are_named_and_the_reads_count() {
    let other = expected(2, 6, (0, 0));
    let disturb = |t: &mut StockTaking| {
        let at = |ms| TagRead { at: Some(Duration::from_millis(ms)), ..read(other.tag, 6, GOOD) };
        // Backwards, and beyond the end of the visit (200 ms).
        t.add(&visit(6, 500, vec![at(20), at(10), at(900)]));
        // Begins before the last one ended.
        t.add(&visit(6, 500, vec![at(20)]));
        t.add(&visit(6, u64::MAX, vec![at(20)]));
    };
    let expect = [
        Finding::TimesOutOfOrder { place: place(6), reads: 2 },
        Finding::OverlappingVisit { place: place(6), begun: Duration::from_secs(500) },
    ];
    assert_eq!(check(std::slice::from_ref(&other), disturb, &expect)[1], Answer::Present);
}

#[test]
fn impossible_strengths_and_other_code_lengths_are_counted() {
    let other = expected(2, 6, (0, 0));
    let disturb = |t: &mut StockTaking| {
        for dbm in [i16::MIN, i16::MAX, 21, -121] {
            let mut one = visit(6, 500, vec![read(other.tag, 6, Some(dbm))]);
            one.begun = Duration::from_secs(500 + dbm.unsigned_abs() as u64);
            one.report.foreign = 2;
            t.add(&one);
        }
    };
    let boxes = [expected(1, 4, (0, 0)), other.clone()];
    let mut taking = taking(&boxes);
    disturb(&mut taking);
    let found = taking.conclude();
    assert_eq!(found.boxes[1].answer, Answer::Present);
    assert!(found.findings.contains(&Finding::ImpossibleStrength { place: place(6), reads: 4 }));
    assert!(found.findings.contains(&Finding::OtherCodeLength { place: place(6), reads: 8 }));
}

#[test]
fn one_code_on_two_tags_is_named() {
    let twice = expected(2, 6, (0, 0));
    let disturb = |t: &mut StockTaking| {
        for second in 0..6 {
            let aisle = if second % 2 == 0 { 6 } else { 1 };
            t.add(&visit(aisle, 500 + second * 10, vec![read(twice.tag, aisle, GOOD)]));
        }
    };
    let places = [place(1), place(6)];
    let expect = [Finding::DuplicatedTag { tag: twice.tag, number: twice.number.clone(), places }];
    let answers = check(std::slice::from_ref(&twice), disturb, &expect);
    assert_eq!(answers[1], Answer::Unverified { doubt: Doubt::TagInTwoPlaces });
}

#[test]
fn a_box_carried_during_the_inventory_is_named() {
    let carried = expected(2, 6, (0, 0));
    let disturb = |t: &mut StockTaking| {
        for second in 0..6 {
            let aisle = if second < 3 { 6 } else { 1 };
            t.add(&visit(aisle, 500 + second * 10, vec![read(carried.tag, aisle, GOOD)]));
        }
    };
    let expect = [Finding::CarriedTag {
        tag: carried.tag,
        number: carried.number.clone(),
        from: place(6),
        to: place(1),
    }];
    check(std::slice::from_ref(&carried), disturb, &expect);
}

#[test]
fn registers_that_share_a_tag_or_name_no_slot_are_named() {
    let [one, mut two, mut nowhere] = [2, 3, 4].map(|n| expected(n, 6, (0, 0)));
    two.tag = one.tag;
    nowhere.slot = "HZ/R7/B7/C1/A/1/1/1".parse().unwrap();
    let mut beyond = expected(5, 6, (0, 0));
    beyond.slot = "HZ/R1/B1/C77/A/1/1/1".parse().unwrap();
    let expect = [
        Finding::SharedTag { tag: one.tag, numbers: vec![one.number.clone(), two.number.clone()] },
        Finding::UnknownSlot { number: nowhere.number.clone(), slot: nowhere.slot.clone() },
        Finding::UnknownSlot { number: beyond.number.clone(), slot: beyond.slot.clone() },
    ];
    let disturb = |t: &mut StockTaking| t.add(&visit(6, 500, vec![read(nowhere.tag, 6, GOOD)]));
    let answers = check(&[one.clone(), two, nowhere.clone(), beyond], disturb, &expect);
    let doubts = [Doubt::SharedTag, Doubt::SharedTag, Doubt::UnknownSlot, Doubt::UnknownSlot];
    assert_eq!(answers[1..], doubts.map(|doubt| Answer::Unverified { doubt }));
}

/// Twenty boxes of aisle 6 that were always read; the answers after three such visits.
fn all_silent(change: impl Fn(&mut archive_shelving::inventory::Visit)) -> (Vec<Answer>, Vec<Finding>) {
    let boxes: Vec<ExpectedBox> = (0..20).map(|n| expected(n, 6, (30, 0))).collect();
    let mut taking = taking(&boxes);
    for pass in 0..3 {
        for aisle in 0..10 {
            let mut visit = visit(aisle, pass * 100 + u64::from(aisle) * 10, vec![]);
            change(&mut visit);
            taking.add(&visit);
        }
    }
    let found = taking.conclude();
    (found.boxes.into_iter().map(|b| b.answer).collect(), found.findings)
}

#[test]
fn a_deaf_reader_makes_no_box_missing() {
    let (answers, findings) = all_silent(|_| {});
    assert!(answers.iter().all(|a| *a == Answer::Unverified { doubt: Doubt::AisleNotRead }), "{answers:?}");
    let deaf = |f: &Finding| matches!(f, Finding::DeafVisit { read: 0, expected: 20, .. });
    assert_eq!(findings.iter().filter(|f| deaf(f)).count(), 3, "{findings:?}");
}

#[test]
fn silence_in_a_visit_that_lost_reads_says_nothing() {
    let (answers, findings) = all_silent(|visit| visit.report.complete = false);
    assert!(answers.iter().all(|a| *a == Answer::Unverified { doubt: Doubt::AisleNotRead }), "{answers:?}");
    assert_eq!(findings.len(), 30);
    // What such a visit reads counts.
    let boxed = expected(1, 4, (0, 0));
    let mut taking = taking(std::slice::from_ref(&boxed));
    let mut partial = visit(4, 0, vec![read(boxed.tag, 4, GOOD)]);
    partial.report.complete = false;
    taking.add(&partial);
    assert_eq!(taking.conclude().boxes[0].answer, Answer::Present);
}

#[test]
fn an_aisle_that_was_not_visited_is_said_to_be_unread() {
    let boxed = expected(1, 4, (30, 0));
    let mut taking = taking(std::slice::from_ref(&boxed));
    assert_eq!(taking.conclude().boxes[0].answer, Answer::Unverified { doubt: Doubt::AisleNotRead });
    for aisle in [0, 1, 8, 9] {
        (0..20).for_each(|n| taking.add(&visit(aisle, n * 10, vec![])));
    }
    assert_eq!(taking.conclude().boxes[0].answer, Answer::Unverified { doubt: Doubt::AisleNotRead });
}

#[test]
fn a_tag_heard_everywhere_is_bounded_work() {
    let boxed = expected(1, 4, (0, 0));
    let mut taking = taking(std::slice::from_ref(&boxed));
    walk(&mut taking, 50, |_, aisle| vec![read(boxed.tag, aisle, GOOD); 50]);
    let found = taking.conclude();
    assert!(matches!(found.boxes[0].answer, Answer::Unverified { .. }), "{:?}", found.boxes[0]);
}

#[test]
fn registers_and_banks_that_cannot_be_are_refused() {
    let bank = || ReadBank::new(layout());
    let refused = |model, banks, boxes: Vec<ExpectedBox>| {
        let error = StockTaking::new(model, banks, boxes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.to_string()
    };
    let model = Model::default();
    let twice = vec![expected(1, 4, (0, 0)), expected(1, 5, (0, 0))];
    assert!(refused(model, vec![bank()], twice).starts_with("box X1: stands twice"));
    assert!(refused(model, vec![], vec![]).starts_with("inventory: has no bank"));
    assert!(refused(model, vec![bank(), bank()], vec![]).starts_with("bank HZ/R1/B1: stands twice"));
    let limits = Limits { missing: f64::NAN, ..model.limits };
    assert!(refused(Model { limits, ..model }, vec![bank()], vec![]).contains("limits.missing NaN"));
    let antenna = |port, aisle| Antenna { port: AntennaPort(port), aisle: Some(AisleId(aisle)) };
    let wrong = |antennas| ReadBank::with_antennas(layout(), antennas).unwrap_err().to_string();
    assert!(wrong(vec![antenna(1, 0), antenna(1, 1)]).contains("antenna 1: stands twice"));
    assert!(wrong(vec![antenna(3, 10)]).contains("antenna 3: looks into aisle 10"));
}
