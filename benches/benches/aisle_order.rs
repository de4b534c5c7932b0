//! Rounds through aisles: the planned order against first come, first served and against sorting by
//! aisle, and how far from the shortest it may be.
//!
//! `cargo bench -p archive-benches --bench aisle_order`

use std::time::{Duration, Instant};

use archive_benches::chance::Chance;
use archive_benches::storage_rules::drives;
use archive_shelving::layout::AisleId;
use archive_shelving::plan::aisle_order::{BankStart, Round, Visit, round_in_order, shortest_round};
use archive_shelving::plan::opening::Opening;

const AISLES: usize = 21;
const SEEDS: u64 = 30;

/// Requests for single boxes in the order in which they came: 20 s to take one.
fn requests(banks: &[BankStart], count: usize, chance: &mut Chance) -> Vec<Visit> {
    let visit = |_| Visit {
        bank: banks[chance.below(banks.len())].name.clone(),
        // A bank has 21 aisles.
        aisle: AisleId(chance.below(AISLES) as u16),
        stay: Duration::from_secs(10 + chance.below(21) as u64),
    };
    (0..count).map(visit).collect()
}

/// All aisles, read two to five times at 15 s each.
fn inventory(banks: &[BankStart], chance: &mut Chance) -> Vec<Visit> {
    let mut visits = Vec::new();
    for bank in banks {
        for aisle in 0..AISLES as u16 {
            let stay = Duration::from_secs(15 * (2 + chance.below(4) as u64));
            visits.push(Visit { bank: bank.name.clone(), aisle: AisleId(aisle), stay });
        }
    }
    chance.shuffle(&mut visits);
    visits
}

fn banks(count: usize, opening: Opening, chance: &mut Chance) -> Vec<BankStart> {
    (0..count)
        .map(|n| BankStart {
            name: format!("HZ/R1/B{n}").parse().expect("it is a name"),
            opening,
            open: Some(AisleId(chance.below(AISLES) as u16)),
        })
        .collect()
}

#[derive(Default)]
struct Sums {
    stays: f64,
    in_turn: f64,
    sorted: f64,
    planned: f64,
    most_gap: f64,
    proven: u64,
    close: u64,
    longest: f64,
}

impl Sums {
    fn add(&mut self, banks: &[BankStart], visits: &[Visit], way: Duration) {
        let begun = Instant::now();
        let round: Round = shortest_round(banks, visits, way).expect("the visits are well-formed");
        self.longest = self.longest.max(begun.elapsed().as_secs_f64());
        let mut sorted = visits.to_vec();
        sorted.sort_by(|a, b| (&a.bank, a.aisle).cmp(&(&b.bank, b.aisle)));
        let time = |visits: &[Visit]| {
            round_in_order(banks, visits, way).expect("the visits are well-formed").as_secs_f64()
        };
        self.stays += visits.iter().map(|visit| visit.stay.as_secs_f64()).sum::<f64>();
        self.in_turn += time(visits);
        self.sorted += time(&sorted);
        self.planned += round.time().as_secs_f64();
        self.most_gap = self.most_gap.max(round.gap());
        self.proven += u64::from(round.is_proven_shortest());
        self.close += u64::from(round.gap() <= 0.01);
    }
}

fn main() {
    println!("{AISLES} aisles a bank, {SEEDS} seeds; shares are of the time beyond the stays");
    // A way shorter and one longer than an opening.
    [8, 20].map(Duration::from_secs).into_iter().for_each(measure);
}

fn measure(way: Duration) {
    println!("{way:?} between banks");
    println!(
        "{:<24} {:>5} {:>10} {:>12} {:>13} {:>8} {:>8} {:>9} {:>8}",
        "drive", "banks", "visits", "saved, FIFO", "saved, sorted", "proven", "≤ 1 %", "worst gap", "seconds"
    );
    for (name, opening) in drives() {
        for bank_count in [1, 2, 4] {
            for work in [10, 30, 100, 0] {
                let mut sums = Sums::default();
                for seed in 1..=SEEDS {
                    let mut chance = Chance::new(seed);
                    let banks = banks(bank_count, opening, &mut chance);
                    let visits = match work {
                        0 => inventory(&banks, &mut chance),
                        count => requests(&banks, count, &mut chance),
                    };
                    sums.add(&banks, &visits, way);
                }
                let saved = |other: f64| (1.0 - (sums.planned - sums.stays) / (other - sums.stays)) * 100.0;
                let label = if work == 0 { "inventory".to_owned() } else { work.to_string() };
                println!(
                    "{name:<24} {bank_count:>5} {label:>10} {:>11.1}% {:>12.1}% {:>5}/{SEEDS} {:>5}/{SEEDS} {:>8.2}% {:>8.3}",
                    saved(sums.in_turn),
                    saved(sums.sorted),
                    sums.proven,
                    sums.close,
                    sums.most_gap * 100.0,
                    sums.longest
                );
            }
        }
    }
}
