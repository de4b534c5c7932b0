use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::holding::Retention;
use crate::policy::Policy;

fn key(year: u16) -> BoxKey {
    BoxKey {
        fonds: "Z109".parse().unwrap(),
        year,
        retention: Retention::D30,
        organisation: "YX01".parse().unwrap(),
    }
}

fn files(thickness: &[u32]) -> Vec<FileToBox> {
    thickness.iter().map(|t| FileToBox { key: key(2024), thickness: Millimetres(*t) }).collect()
}

#[track_caller]
fn check(thickness: &[u32], order: Order, expected: &[(u32, &[usize])]) {
    let plan = pack(&files(thickness), Policy::reference().boxing(), order).unwrap();
    let found: Vec<(u32, &[usize])> = plan.boxes.iter().map(|b| (b.spine.0, b.files.as_slice())).collect();
    assert_eq!(found, expected);
}

#[test]
fn boxes_are_filled_in_order_or_best() {
    check(&[30, 20, 30, 20], Order::Number, &[(50, &[0, 1]), (50, &[2, 3])]);
    // A box for the first two would be a tenth empty; three boxes of the right width are full.
    check(&[30, 15, 5, 20], Order::Number, &[(50, &[0, 1, 2]), (20, &[3])]);
    check(&[30, 15, 25, 20, 10], Order::BestUse, &[(50, &[0, 3]), (50, &[1, 2, 4])]);
    check(&[1], Order::BestUse, &[(20, &[0])]);
    check(&[], Order::Number, &[]);
}

#[test]
fn years_never_share_a_box() {
    let mut mixed = files(&[5, 5, 5]);
    mixed[1].key = key(2023);
    for order in [Order::Number, Order::BestUse] {
        let plan = pack(&mixed, Policy::reference().boxing(), order).unwrap();
        assert_eq!(plan.boxes.len(), 2);
    }
}

#[test]
fn what_fits_no_box_is_named() {
    for bad in [0, 51] {
        let error = pack(&files(&[5, bad]), Policy::reference().boxing(), Order::Number).unwrap_err();
        assert!(error.to_string().starts_with("file 1 to be boxed: "), "{error}");
    }
}

/// Files as they are: most are thin, a few fill half a box.
fn county(count: usize) -> Vec<FileToBox> {
    let mut state = 1_u64;
    let mut next = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    (0..count)
        .map(|_| {
            let thickness = match next(10) {
                0..=5 => 1 + next(4),
                6..=8 => 3 + next(10),
                _ => 8 + next(30),
            };
            let year = u16::try_from(2020 + next(5)).unwrap();
            FileToBox { key: key(year), thickness: Millimetres(u32::try_from(thickness).unwrap()) }
        })
        .collect()
}

#[test]
fn plans_come_within_two_hundredths_of_the_bound() {
    let policy = Policy::reference();
    let files = county(20_000);
    let bound = lower_bound(&files, policy.boxing()).unwrap();
    let best = pack(&files, policy.boxing(), Order::BestUse).unwrap().shelf();
    assert!(best >= bound && best * 100 <= bound * 102, "{best} of {bound}");
    let ordered = pack(&files, policy.boxing(), Order::Number).unwrap().shelf();
    assert!(ordered >= best, "order costs shelf: {ordered} of {best}");
}

proptest! {
    #[test]
    fn every_file_is_in_one_box_that_takes_it(thickness in prop::collection::vec(1_u32..=50, 0..60)) {
        let policy = Policy::reference();
        let files = files(&thickness);
        let bound = lower_bound(&files, policy.boxing()).unwrap();
        for order in [Order::Number, Order::BestUse] {
            let plan = pack(&files, policy.boxing(), order).unwrap();
            let mut seen = BTreeSet::new();
            for planned in &plan.boxes {
                let sum: u32 = planned.files.iter().map(|i| thickness[*i]).sum();
                prop_assert_eq!(sum, planned.filled.0);
                prop_assert!(planned.filled <= planned.spine);
                prop_assert!(policy.boxing().spines.contains(&planned.spine));
                prop_assert!(planned.files.iter().all(|i| seen.insert(*i)));
                if order == Order::Number {
                    prop_assert!(planned.files.windows(2).all(|pair| pair[1] == pair[0] + 1));
                }
            }
            prop_assert_eq!(seen.len(), thickness.len());
            prop_assert!(plan.shelf() >= bound);
        }
    }

    #[test]
    fn no_other_cut_of_a_sequence_takes_less_shelf(thickness in prop::collection::vec(1_u32..=50, 1..9)) {
        let policy = Policy::reference();
        let files = files(&thickness);
        let plan = pack(&files, policy.boxing(), Order::Number).unwrap();
        // Every set of places to cut at.
        let least = (0_u32..1 << (thickness.len() - 1)).filter_map(|cuts| {
            let mut shelf = 0;
            let mut sum = 0;
            for (index, part) in thickness.iter().enumerate() {
                sum += part;
                if index + 1 == thickness.len() || cuts >> index & 1 == 1 {
                    shelf += u64::from(policy.boxing().spine_for(Millimetres(sum))?.0);
                    sum = 0;
                }
            }
            Some(shelf)
        }).min();
        prop_assert_eq!(Some(plan.shelf()), least);
    }
}
