//! Batch relocation of a million boxes: moves against the naive way, openings against chain order.
//!
//! `cargo bench -p archive-benches --bench relocation` prints a table; an argument sets the number
//! of boxes.

use std::time::Instant;

use archive_core::holding::Slot;
use archive_core::units::Millimetres;
use archive_shelving::plan::relocation::{Standing, relocate};

/// Slots on one face of a carriage: 6 bays of 7 levels of 12.
const FACE: usize = 504;

/// Carriages in a bank.
const CARRIAGES: usize = 20;

fn slot(n: usize) -> Slot {
    let (face, place) = (n / FACE, n % FACE);
    let (bank, carriage, side) = (face / 2 / CARRIAGES, face / 2 % CARRIAGES, ["A", "B"][face % 2]);
    let (bay, level, position) = (place / 84, place / 12 % 7, place % 12);
    let address = format!("HZ/R1/B{bank}/C{carriage}/{side}/{bay}/{level}/{position}");
    Slot { address: address.parse().expect("it is an address"), width: Millimetres(50) }
}

/// A seeded shuffle (Fisher–Yates over SplitMix64).
fn shuffle(values: &mut [usize], mut seed: u64) {
    for i in (1..values.len()).rev() {
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        values.swap(i, ((z ^ (z >> 31)) % (i as u64 + 1)) as usize);
    }
}

fn main() {
    let argument = std::env::args().skip(1).find_map(|a| a.parse().ok());
    let most: usize = argument.unwrap_or(1_000_000);
    println!(
        "{:>9} {:>9} {:>9} {:>7} {:>12} {:>14} {:>8}",
        "boxes", "misplaced", "moves", "cycles", "moves a box", "openings a move", "seconds"
    );
    for boxes in [1_000, 30_000, most] {
        // A tenth of the slots is empty.
        let count = boxes + boxes / 9 + 1;
        let slots: Vec<Slot> = (0..count).map(slot).collect();
        let mut from: Vec<usize> = (0..count).collect();
        shuffle(&mut from, 1);
        let mut to: Vec<usize> = (0..count).collect();
        shuffle(&mut to, 2);
        let standing: Vec<Standing> = from[..boxes]
            .iter()
            .enumerate()
            .map(|(n, at)| Standing {
                number: format!("X{n}").parse().expect("it is a number"),
                spine: Millimetres(30),
                slot: slots[*at].address.clone(),
            })
            .collect();
        let wanted: Vec<_> =
            standing.iter().zip(&to).map(|(s, at)| (s.number.clone(), slots[*at].address.clone())).collect();
        let misplaced = from[..boxes].iter().zip(&to).filter(|(a, b)| a != b).count();
        let begun = Instant::now();
        let plan = relocate(&slots, &standing, &wanted).expect("there is an empty slot");
        let seconds = begun.elapsed().as_secs_f64();
        let moves = plan.moves().len();
        println!(
            "{boxes:>9} {misplaced:>9} {moves:>9} {:>7} {:>12.4} {:>15.3} {seconds:>8.2}",
            plan.closed_cycles(),
            moves as f64 / misplaced as f64,
            plan.openings() as f64 / moves as f64,
        );
    }
    println!(
        "The naive way, each box by way of a spare slot, takes 2 moves a box and opens an aisle for nearly each half."
    );
}
