//! Consignments: every step from every state, and hostile lists.

use archive_core::ErrorKind;
use archive_core::identifier::BoxNumber;
use archive_core::units::Millimetres;
use archive_shelving::plan::consignment::{Consignment, Item, State};
use chrono::{DateTime, Utc};
use proptest::prelude::*;

fn item(n: usize) -> Item {
    Item {
        number: number(n),
        spine: Millimetres(30),
        from: format!("HZ/R1/B1/C1/A/1/1/{n}").parse().unwrap(),
    }
}

fn number(n: usize) -> BoxNumber {
    format!("X{n}").parse().unwrap()
}

fn at(hour: u32) -> DateTime<Utc> {
    format!("2026-11-25T{hour:02}:00:00Z").parse().unwrap()
}

fn list(count: usize) -> Consignment {
    Consignment::new("2026-17", "HZ", "NB", (0..count).map(item).collect()).unwrap()
}

#[test]
fn a_list_for_people_says_all() {
    let sent = list(2).hand_over("Li", "Wang", at(8)).unwrap().receive("Zhao", at(15), &[number(1)]).unwrap();
    let expected = "consignment 2026-17 from HZ to NB: received in part
     1  X0  30 mm  HZ/R1/B1/C1/A/1/1/0
     2  X1  30 mm  HZ/R1/B1/C1/A/1/1/1
handed over by Li to Wang, 2026-11-25 08:00:00 UTC
1 received by Zhao, 2026-11-25 15:00:00 UTC
1 of 2 outstanding";
    assert_eq!(sent.to_string(), expected);
}

#[track_caller]
fn check_refused(result: Result<Consignment, archive_core::Error>, kind: ErrorKind, expected: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (kind, format!("consignment \"2026-17\": {expected}")));
}

#[test]
fn what_cannot_be_sent_is_named() {
    use ErrorKind::InvalidInput;
    let new = |from: &str, to: &str, items| Consignment::new("2026-17", from, to, items);
    check_refused(new("HZ", "HZ", vec![item(0)]), InvalidInput, "stays at site HZ: plan a relocation");
    check_refused(new("HZ", "NB", vec![]), InvalidInput, "lists 0 boxes, not 1 to 100000");
    check_refused(new("HZ", "NB", vec![item(0), item(0)]), InvalidInput, "lists box X0 twice");
    let same_slot = Item { number: number(9), ..item(0) };
    let message = "lists slot HZ/R1/B1/C1/A/1/1/0 twice";
    check_refused(new("HZ", "NB", vec![item(0), same_slot]), InvalidInput, message);
    check_refused(new("QZ", "NB", vec![item(0)]), InvalidInput, "lists box X0, which stands at site HZ");
    let message = "needs a name and two sites, each of 1 to 96 bytes";
    check_refused(new("HZ", " ", vec![item(0)]), InvalidInput, message);
    let many = (0..=Consignment::LIMIT).map(item).collect();
    check_refused(new("HZ", "NB", many), InvalidInput, "lists 100001 boxes, not 1 to 100000");
}

#[test]
fn a_step_out_of_turn_changes_nothing() {
    use ErrorKind::{Conflict, InvalidInput};
    let listed = list(2);
    let message = "is listed and cannot be received";
    check_refused(listed.receive("Zhao", at(9), &[number(0)]), Conflict, message);
    check_refused(
        listed.hand_over("", "Wang", at(8)),
        InvalidInput,
        "needs a person's name of 1 to 128 bytes",
    );
    let withdrawn = listed.withdraw().unwrap();
    check_refused(
        withdrawn.hand_over("Li", "Wang", at(8)),
        Conflict,
        "is withdrawn and cannot be handed over",
    );

    let sent = listed.hand_over("Li", "Wang", at(8)).unwrap();
    check_refused(sent.hand_over("Li", "Wang", at(8)), Conflict, "is handed over and cannot be handed over");
    check_refused(sent.withdraw(), Conflict, "is handed over and cannot be withdrawn");
    let receive = |boxes: &[BoxNumber]| sent.receive("Zhao", at(9), boxes);
    check_refused(receive(&[]), InvalidInput, "cannot be received without a box: name those found");
    check_refused(receive(&[number(7)]), InvalidInput, "does not list box X7");
    check_refused(receive(&[number(1), number(1)]), InvalidInput, "is received with box X1 twice");
    let early = sent.receive("Zhao", at(7), &[number(1)]);
    check_refused(early, InvalidInput, "cannot be received before it was handed over");
    let half = receive(&[number(1)]).unwrap();
    let again = half.receive("Zhao", at(10), &[number(1)]);
    check_refused(again, Conflict, "was received with box X1 before");
    let whole = half.receive("Zhao", at(10), &[number(0)]).unwrap();
    assert_eq!((whole.state(), whole.outstanding().count()), (State::Received, 0));
    check_refused(
        whole.receive("Zhao", at(11), &[number(0)]),
        Conflict,
        "is received and cannot be received",
    );
    assert_eq!(sent.foreign(&[number(0), number(5)]), [&number(5)]);
}

proptest! {
    /// Whatever is done in whatever order: each box is received once at most, and none before it left.
    #[test]
    fn nothing_is_lost_or_received_twice(
        steps in prop::collection::vec((0_u8..4, prop::collection::vec(0_usize..6, 0..5)), 0..20),
    ) {
        let mut consignment = list(5);
        for (step, boxes) in steps {
            let boxes: Vec<BoxNumber> = boxes.into_iter().map(number).collect();
            let next = match step {
                0 => consignment.hand_over("Li", "Wang", at(8)),
                1 => consignment.withdraw(),
                _ => consignment.receive("Zhao", at(9), &boxes),
            };
            if let Ok(next) = next {
                consignment = next;
            }
            let found: usize = consignment.receipts().iter().map(|receipt| receipt.boxes.len()).sum();
            prop_assert_eq!(found + consignment.outstanding().count(), 5);
            prop_assert!(found == 0 || consignment.handed_over().is_some());
            prop_assert_eq!(consignment.state() == State::Received, found == 5);
        }
    }
}

#[test]
fn what_was_stored_is_taken_step_by_step() {
    let sent = list(2).hand_over("Li", "Wang", at(8)).unwrap().receive("Zhao", at(15), &[number(1)]).unwrap();
    let text = serde_json::to_string(&sent).unwrap();
    assert_eq!(serde_json::from_str::<Consignment>(&text).unwrap(), sent);
    for (from, to, expected) in [
        (r#""boxes":["X1"]"#, r#""boxes":["X1","X1"]"#, "is received with box X1 twice"),
        (r#""withdrawn":false"#, r#""withdrawn":true"#, "is received in part and cannot be withdrawn"),
        (r#""to":"NB""#, r#""to":"HZ""#, "stays at site HZ"),
        (r#""withdrawn":false"#, r#""withdrawn":false,"lost":1"#, "unknown field `lost`"),
    ] {
        assert!(text.contains(from), "{text}");
        let error = serde_json::from_str::<Consignment>(&text.replace(from, to)).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
