//! Aisle order: beside all orders, on seeded rounds, and with hostile requests.

use std::time::Duration;

use archive_core::ErrorKind;
use archive_shelving::layout::AisleId;
use archive_shelving::plan::aisle_order::{BankStart, Round, Visit, round_in_order, shortest_round};
use archive_shelving::plan::opening::{Drive, Opening};
use proptest::prelude::*;

fn bank(number: usize, drive: Drive, seconds: u64, open: Option<u16>) -> BankStart {
    BankStart {
        name: format!("HZ/R1/B{number}").parse().unwrap(),
        opening: Opening::new(drive, Duration::from_secs(seconds)).unwrap(),
        open: open.map(AisleId),
    }
}

fn visit(number: usize, aisle: u16, seconds: u64) -> Visit {
    Visit {
        bank: format!("HZ/R1/B{number}").parse().unwrap(),
        aisle: AisleId(aisle),
        stay: Duration::from_secs(seconds),
    }
}

/// The shortest of all orders, by trying each.
fn by_trying(banks: &[BankStart], visits: &mut Vec<Visit>, fixed: usize, way: Duration) -> Duration {
    if fixed == visits.len() {
        return round_in_order(banks, visits, way).unwrap();
    }
    let mut least = Duration::MAX;
    for next in fixed..visits.len() {
        visits.swap(fixed, next);
        least = least.min(by_trying(banks, visits, fixed + 1, way));
        visits.swap(fixed, next);
    }
    least
}

/// Checks that a round says of itself what carrying it out gives.
#[track_caller]
fn check_honest(banks: &[BankStart], visits: &[Visit], way: Duration, round: &Round) {
    let again: Vec<Visit> = round
        .stops()
        .iter()
        .map(|stop| {
            let same = visits.iter().filter(|v| (&v.bank, v.aisle) == (&stop.bank, stop.aisle));
            Visit { bank: stop.bank.clone(), aisle: stop.aisle, stay: same.map(|v| v.stay).sum() }
        })
        .collect();
    assert_eq!(round_in_order(banks, &again, way).unwrap(), round.time());
    let stays: Duration = again.iter().map(|visit| visit.stay).sum();
    assert_eq!(stays, visits.iter().map(|visit| visit.stay).sum());
    assert!(round.bound() <= round.time());
}

fn drive() -> impl Strategy<Value = Drive> {
    prop_oneof![Just(Drive::Together), Just(Drive::OneAtATime)]
}

proptest! {
    #[test]
    fn no_order_of_a_few_aisles_is_shorter(
        banks in prop::collection::vec((drive(), 1_u64..20, prop::option::of(0_u16..8)), 1..4),
        aisles in prop::collection::btree_set((0_usize..3, 0_u16..8), 1..7),
        stays in prop::collection::vec(0_u64..60, 7),
        way in 0_u64..30,
    ) {
        let starts: Vec<BankStart> = banks
            .iter()
            .enumerate()
            .map(|(n, (drive, seconds, open))| bank(n, *drive, *seconds, *open))
            .collect();
        let mut visits: Vec<Visit> = aisles
            .iter()
            .zip(&stays)
            .map(|((number, aisle), stay)| visit(number % starts.len(), *aisle, *stay))
            .collect();
        let way = Duration::from_secs(way);
        let round = shortest_round(&starts, &visits, way).unwrap();
        check_honest(&starts, &visits, way, &round);
        // Aisles that are given twice are visited once, which no order of all visits can do.
        visits.sort_by(|a, b| (&a.bank, a.aisle).cmp(&(&b.bank, b.aisle)));
        visits.dedup_by(|b, a| {
            let same = (&a.bank, a.aisle) == (&b.bank, b.aisle);
            if same {
                a.stay += b.stay;
            }
            same
        });
        prop_assert_eq!(round.time(), by_trying(&starts, &mut visits, 0, way));
        prop_assert!(round.is_proven_shortest());
    }

    #[test]
    fn one_bank_of_any_size_is_crossed_once(
        drive in drive(),
        open in prop::option::of(0_u16..1000),
        aisles in prop::collection::btree_set(0_u16..1000, 1..200),
    ) {
        let start = [bank(0, drive, 10, open)];
        let visits: Vec<Visit> = aisles.iter().map(|aisle| visit(0, *aisle, 30)).collect();
        let round = shortest_round(&start, &visits, Duration::ZERO).unwrap();
        check_honest(&start, &visits, Duration::ZERO, &round);
        let (low, high) = (aisles.first().unwrap(), aisles.last().unwrap());
        let widths = match (drive, open) {
            (Drive::Together, Some(open)) => aisles.iter().filter(|aisle| **aisle != open).count() as u64,
            (Drive::Together, None) => aisles.len() as u64,
            (Drive::OneAtATime, None) => 1 + u64::from(high - low),
            (Drive::OneAtATime, Some(open)) => {
                u64::from(high - low) + u64::from(open.abs_diff(*low).min(open.abs_diff(*high)))
            }
        };
        prop_assert_eq!(round.time(), Duration::from_secs(30 * aisles.len() as u64 + 10 * widths));
        prop_assert!(round.is_proven_shortest());
    }
}

#[test]
fn nine_aisles_equal_brute_force() {
    for (drive, way) in [(Drive::Together, 5), (Drive::OneAtATime, 15)] {
        let banks = [bank(0, drive, 12, Some(0)), bank(1, drive, 12, None)];
        let mut visits: Vec<Visit> =
            (0..9).map(|n| visit(n % 2, (n * 7 % 11) as u16, 8 + n as u64 * 5 % 17)).collect();
        let way = Duration::from_secs(way);
        let round = shortest_round(&banks, &visits, way).unwrap();
        assert_eq!(round.time(), by_trying(&banks, &mut visits, 0, way));
        assert_eq!(round.gap(), 0.0);
    }
}

#[test]
fn banks_open_while_the_person_is_elsewhere() {
    let banks = [bank(0, Drive::Together, 30, None), bank(1, Drive::Together, 30, None)];
    let visits: Vec<Visit> = (0..20).map(|n| visit(n % 2, (n / 2) as u16, 60)).collect();
    let round = shortest_round(&banks, &visits, Duration::from_secs(10)).unwrap();
    // One opening at first, then the way alone.
    assert_eq!(round.time(), Duration::from_secs(30 + 20 * 60 + 19 * 10));
    assert_eq!(round.to_string(), "20 aisles in 1420 s, proven the shortest");
}

#[test]
fn where_the_way_takes_longer_than_an_opening_neighbours_are_visited_together() {
    let banks = [bank(0, Drive::OneAtATime, 12, Some(0)), bank(1, Drive::OneAtATime, 12, Some(0))];
    // Three groups of three in each bank, far apart.
    let aisles = [0, 1, 2, 9, 10, 11, 18, 19, 20];
    let visits: Vec<Visit> =
        aisles.iter().flat_map(|aisle| [visit(0, *aisle, 30), visit(1, *aisle, 30)]).collect();
    let round = shortest_round(&banks, &visits, Duration::from_secs(20)).unwrap();
    // Within a group 12 s, between groups the way: a bank moves 7 widths in 20 + 114 + 20 s.
    assert_eq!(round.time(), Duration::from_secs(18 * 30 + 12 * 12 + 5 * 20));
    assert_eq!(round.to_string(), "18 aisles in 784 s, proven the shortest");
}

#[test]
fn what_cannot_be_walked_is_named() {
    let banks = [bank(0, Drive::Together, 12, None)];
    #[track_caller]
    fn check(banks: &[BankStart], visit: Visit, way: Duration, kind: ErrorKind, expected: &str) {
        for result in [
            shortest_round(banks, std::slice::from_ref(&visit), way).map(|round| round.time()),
            round_in_order(banks, std::slice::from_ref(&visit), way),
        ] {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (kind, expected));
        }
    }
    let (way, long) = (Duration::from_secs(5), Duration::MAX);
    let other = "aisle 3 of bank HZ/R1/B1: belongs to no bank of this round";
    check(&banks, visit(1, 3, 1), way, ErrorKind::NotFound, other);
    let far = "aisle 65535 of bank HZ/R1/B0: is beyond the 1000 aisles that a bank may have";
    check(&banks, visit(0, u16::MAX, 1), way, ErrorKind::InvalidInput, far);
    let stay = "aisle 0 of bank HZ/R1/B0: is to be visited for 9999999s, more than a week";
    check(&banks, visit(0, 0, 9_999_999), way, ErrorKind::InvalidInput, stay);
    let text = format!("way between banks: takes {long:?}, more than a week");
    check(&banks, visit(0, 0, 1), long, ErrorKind::InvalidInput, &text);
    let twice = [banks[0].clone(), banks[0].clone()];
    check(&twice, visit(0, 0, 1), way, ErrorKind::InvalidInput, "bank HZ/R1/B0: is given twice");
    let nothing = shortest_round(&banks, &[], way).unwrap();
    assert_eq!((nothing.time(), nothing.gap(), nothing.stops().len()), (Duration::ZERO, 0.0, 0));
    assert!(Opening::new(Drive::Together, Duration::ZERO).is_err());
    assert!(Opening::new(Drive::Together, Duration::MAX).is_err());
}
