//! Batch relocation: beside an exhaustive search, by carrying plans out, and with hostile requests.

use std::collections::{BTreeMap, HashMap, VecDeque};

use archive_core::ErrorKind;
use archive_core::holding::{Slot, SlotAddress};
use archive_core::identifier::BoxNumber;
use archive_core::units::Millimetres;
use archive_shelving::plan::relocation::{Move, Relocation, Standing, relocate};
use proptest::prelude::*;

/// Slots of one bank: ten to a side, one aisle after the other.
fn slot(n: usize, width: u32) -> Slot {
    let (carriage, side, bay) = (n / 20 + 1, if n % 20 < 10 { "A" } else { "B" }, n % 10 + 1);
    let address = format!("HZ/R1/B1/C{carriage}/{side}/{bay}/1/1").parse().unwrap();
    Slot { address, width: Millimetres(width) }
}

fn slots(count: usize) -> Vec<Slot> {
    (0..count).map(|n| slot(n, 50)).collect()
}

fn number(n: usize) -> BoxNumber {
    format!("X{n}").parse().unwrap()
}

/// Box n stands in slot `places[n]`.
fn standing(slots: &[Slot], places: &[usize]) -> Vec<Standing> {
    let stand = |(n, at): (usize, &usize)| Standing {
        number: number(n),
        spine: Millimetres(30),
        slot: slots[*at].address.clone(),
    };
    places.iter().enumerate().map(stand).collect()
}

fn wanted(slots: &[Slot], places: &[usize]) -> Vec<(BoxNumber, SlotAddress)> {
    places.iter().enumerate().map(|(n, at)| (number(n), slots[*at].address.clone())).collect()
}

/// Carries moves out; each must find its box where it says, and its slot empty.
#[track_caller]
fn carry_out(standing: &[Standing], moves: &[Move]) -> BTreeMap<SlotAddress, BoxNumber> {
    let mut room: BTreeMap<_, _> = standing.iter().map(|s| (s.slot.clone(), s.number.clone())).collect();
    for step in moves {
        assert_eq!(room.remove(&step.from).as_ref(), Some(&step.number), "{step:?}");
        assert_eq!(room.insert(step.to.clone(), step.number.clone()), None, "{step:?}");
    }
    room
}

fn plan(slots: &[Slot], from: &[usize], to: &[usize]) -> Relocation {
    let standing = standing(slots, from);
    let plan = relocate(slots, &standing, &wanted(slots, to)).unwrap();
    let goal = carry_out(&self::standing(slots, to), &[]);
    assert_eq!(carry_out(&standing, plan.moves()), goal, "{from:?} to {to:?}");
    plan
}

/// The least number of moves from every state of `boxes` boxes in `count` slots to the one in which
/// box n stands in slot n: a search over all states, backwards, since moves can be reversed.
fn exhaustive(boxes: usize, count: usize) -> HashMap<Vec<usize>, usize> {
    let goal: Vec<usize> = (0..boxes).collect();
    let mut least = HashMap::from([(goal.clone(), 0)]);
    let mut queue = VecDeque::from([goal]);
    while let Some(state) = queue.pop_front() {
        let next = least[&state] + 1;
        for empty in (0..count).filter(|s| !state.contains(s)) {
            for moved in 0..boxes {
                let mut other = state.clone();
                other[moved] = empty;
                least.entry(other.clone()).or_insert_with(|| {
                    queue.push_back(other);
                    next
                });
            }
        }
    }
    least
}

#[test]
fn no_plan_has_fewer_moves_on_any_state_up_to_seven_boxes() {
    let mut states = 0;
    for (boxes, count) in [(1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (4, 7), (5, 7)] {
        let slots = slots(count);
        let goal: Vec<usize> = (0..boxes).collect();
        for (state, least) in exhaustive(boxes, count) {
            let standing = standing(&slots, &state);
            let plan = relocate(&slots, &standing, &wanted(&slots, &goal)).unwrap();
            assert_eq!(plan.moves().len(), least, "{state:?}");
            states += 1;
        }
    }
    // 8!/1! states of seven boxes in eight slots, and so on: all of them were reached.
    assert_eq!(states, 2 + 6 + 24 + 120 + 720 + 5040 + 40_320 + 840 + 2520);
}

/// Where the boxes stand, and where they shall stand, among the same slots.
fn two_states() -> impl Strategy<Value = (usize, Vec<usize>, Vec<usize>)> {
    (2_usize..60).prop_flat_map(|count| {
        let all: Vec<usize> = (0..count).collect();
        let shuffled = || Just(all.clone()).prop_shuffle();
        (shuffled(), shuffled(), 1..count)
            .prop_map(move |(from, to, boxes)| (count, from[..boxes].to_vec(), to[..boxes].to_vec()))
    })
}

proptest! {
    #[test]
    fn a_plan_can_be_left_taken_up_again_and_undone((count, from, to) in two_states(), part in 0.0..1.0) {
        let slots = slots(count);
        let plan = plan(&slots, &from, &to);
        let misplaced = from.iter().zip(&to).filter(|(a, b)| a != b).count();
        prop_assert_eq!(plan.moves().len(), misplaced + plan.closed_cycles());

        let standing = standing(&slots, &from);
        let done = (plan.moves().len() as f64 * part) as usize;
        let half = carry_out(&standing, &plan.moves()[..done]);
        let now: Vec<Standing> = half
            .iter()
            .map(|(slot, number)| Standing {
                number: number.clone(),
                spine: Millimetres(30),
                slot: slot.clone(),
            })
            .collect();
        // A plan made from here needs no move more than was left.
        let rest = relocate(&slots, &now, &wanted(&slots, &to)).unwrap();
        prop_assert_eq!(rest.moves().len(), plan.moves().len() - done);
        prop_assert_eq!(carry_out(&now, &plan.undo(done)), carry_out(&standing, &[]));
    }
}

/// How often an aisle opens where these moves are carried out in their order: 20 slots an aisle,
/// shifted by one side, as the faces of two carriages look at each other.
fn openings(slots: &[Slot], moves: &[(usize, usize)]) -> usize {
    assert!(slots.iter().all(|s| s.address.bank() == "B1"));
    let walked = moves.iter().flat_map(|(from, to)| [from, to]).map(|slot| (slot + 10) / 20);
    let mut open = None;
    walked.filter(|aisle| open.replace(*aisle) != Some(*aisle)).count()
}

#[test]
fn a_batch_stays_with_the_aisles_that_are_open() {
    let slots = slots(800);
    // Every box goes three slots on: most stay in their aisle, and the last ones free the way.
    let from: Vec<usize> = (0..700).map(|n| n * 37 % 700).collect();
    let to: Vec<usize> = from.iter().map(|n| n + 3).collect();
    let plan = plan(&slots, &from, &to);
    assert_eq!(plan.moves().len(), 700);
    let mut naive: Vec<(usize, usize)> = from.into_iter().zip(to).collect();
    naive.sort_by_key(|(from, _)| std::cmp::Reverse(*from % 3 * 1000 + from));
    // Chain by chain, as each can be carried out, every aisle opens anew for each of the three
    // chains, and again after each box that comes from the aisle before.
    let chain_by_chain = openings(&slots, &naive);
    assert!(5 * plan.openings() <= 4 * chain_by_chain, "{} of {chain_by_chain}", plan.openings());
}

#[test]
fn a_box_that_is_not_named_stays() {
    let slots = slots(4);
    let standing = standing(&slots, &[0, 1]);
    let plan = relocate(&slots, &standing, &wanted(&slots, &[2])).unwrap();
    assert_eq!(plan.moves().len(), 1);
    assert_eq!(plan.moves()[0].number, number(0));
    assert!(relocate(&slots, &standing, &[]).unwrap().moves().is_empty());
    assert!(relocate(&[], &[], &[]).unwrap().moves().is_empty());
}

#[track_caller]
fn check_refused(
    slots: &[Slot],
    standing: &[Standing],
    wanted: &[(BoxNumber, SlotAddress)],
    kind: ErrorKind,
    expected: &str,
) {
    let error = relocate(slots, standing, wanted).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, expected));
}

#[test]
fn what_cannot_be_done_is_named() {
    use ErrorKind::{Conflict, InvalidInput, NotFound};
    let four = slots(4);
    let two = standing(&four, &[0, 1]);
    let at = |n: usize| four[n].address.clone();
    let far: SlotAddress = "NB/R1/B1/C1/A/1/1/1".parse().unwrap();

    let both = [(number(0), at(2)), (number(1), at(2))];
    check_refused(
        &four,
        &two,
        &both,
        InvalidInput,
        "slot HZ/R1/B1/C1/A/3/1/1: is wanted for the boxes X0 and X1",
    );
    let twice = [(number(0), at(2)), (number(0), at(3))];
    check_refused(&four, &two, &twice, InvalidInput, "box X0: is wanted in two slots");
    check_refused(&four, &two, &[(number(9), at(2))], NotFound, "box X9: stands in none of the slots");
    check_refused(
        &four,
        &two,
        &[(number(0), far.clone())],
        NotFound,
        "slot NB/R1/B1/C1/A/1/1/1: is not among the slots of this plan",
    );
    check_refused(
        &four,
        &two,
        &[(number(0), at(1))],
        Conflict,
        "slot HZ/R1/B1/C1/A/2/1/1: is wanted for box X0, and taken by box X1, which stays",
    );
    let abroad = [four.clone(), vec![Slot { address: far.clone(), width: Millimetres(50) }]].concat();
    check_refused(
        &abroad,
        &two,
        &[(number(0), far)],
        InvalidInput,
        "box X0: stands at another site than slot NB/R1/B1/C1/A/1/1/1: send it as a consignment",
    );
    let narrow = [slot(0, 50), slot(1, 50), slot(2, 20)];
    check_refused(
        &narrow,
        &two,
        &[(number(0), narrow[2].address.clone())],
        InvalidInput,
        "box X0: is 30 mm thick, slot HZ/R1/B1/C1/A/3/1/1 takes 20 mm",
    );
    let crossed = wanted(&narrow, &[1, 0]);
    let full = "box X0: changes places with 1 others, and no empty slot at its site takes one of them: clear one first";
    check_refused(&narrow, &two, &crossed, Conflict, full);
    check_refused(&narrow[..2], &two, &crossed, Conflict, full);
    check_refused(
        &[slot(0, 50), slot(0, 50)],
        &[],
        &[],
        InvalidInput,
        "slot HZ/R1/B1/C1/A/1/1/1: is given twice",
    );
    check_refused(
        &four,
        &standing(&four, &[1, 1]),
        &[],
        InvalidInput,
        "slot HZ/R1/B1/C1/A/2/1/1: holds the boxes X0 and X1",
    );
    let mut double = standing(&four, &[0, 1]);
    double[1].number = number(0);
    check_refused(&four, &double, &[], InvalidInput, "box X0: stands in two slots");
}
