//! Figures of the custody rules: `cargo run --release -p archive-core --example custody_figures`.
//!
//! Prints the median of five runs of the completeness matrix of a million cases and of boxing 100,000
//! files, with the shelf that plans take beside the bound that none can beat.

use std::time::{Duration, Instant};

use archive_core::boxing::packing::{FileToBox, Order, lower_bound, pack};
use archive_core::completeness::branch::{Branch, BranchCase};
use archive_core::completeness::{Case, Holding};
use archive_core::facts::Facts;
use archive_core::holding::{BoxKey, Retention};
use archive_core::policy::Policy;
use archive_core::units::Millimetres;
use chrono::NaiveDate;

/// Numbers by a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn median(mut run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..5).map(|_| run()).collect();
    times.sort();
    times[2]
}

fn cases(
    policy: &Policy,
    branch: &Branch,
    count: usize,
    today: NaiveDate,
) -> Result<Vec<BranchCase>, archive_core::Error> {
    let processes: Vec<_> = policy.processes().collect();
    let mut chance = Chance(7);
    let mut cases = Vec::with_capacity(count);
    for index in 0..count {
        let process = processes[index % processes.len()];
        let mut held = Vec::new();
        for requirement in &process.requirements {
            if chance.below(20) > 0 {
                held.push(Holding::of(requirement.one_of[0].clone(), "x"));
            }
        }
        let mut facts = Facts::new();
        for name in ["delegated", "leased", "project", "paid_up", "violation", "disputed"] {
            if chance.below(10) > 0 {
                facts.insert(name.parse()?, (chance.below(4) == 0).into());
            }
        }
        cases.push(branch.case(&process.code, &Case { facts: Some(&facts), ..Case::new(&held, today) })?);
    }
    Ok(cases)
}

fn files(count: usize) -> Result<Vec<FileToBox>, archive_core::Error> {
    let mut chance = Chance(1);
    (0..count)
        .map(|_| {
            let thickness = match chance.below(10) {
                0..=5 => 1 + chance.below(4),
                6..=8 => 3 + chance.below(10),
                _ => 8 + chance.below(30),
            };
            let key = BoxKey {
                fonds: "Z109".parse()?,
                year: 2020 + u16::try_from(chance.below(5)).unwrap_or(0),
                retention: if chance.below(2) == 0 { Retention::D30 } else { Retention::D10 },
                organisation: format!("YX{:02}", chance.below(4)).parse()?,
            };
            Ok(FileToBox { key, thickness: Millimetres(u32::try_from(thickness).unwrap_or(1)) })
        })
        .collect()
}

fn main() -> Result<(), archive_core::Error> {
    let policy = Policy::reference();
    let branch = Branch::new(&policy)?;
    let today = NaiveDate::from_ymd_opt(2024, 5, 1).unwrap_or_default();
    let cases = cases(&policy, &branch, 1_000_000, today)?;
    let mut complete = 0;
    let time = median(|| {
        let began = Instant::now();
        complete = branch.matrix(&cases, today).figures.complete;
        began.elapsed()
    });
    println!("completeness matrix of 1,000,000 cases: {:.3} s, {complete} complete", time.as_secs_f64());

    let files = files(100_000)?;
    let bound = lower_bound(&files, policy.boxing())?;
    for order in [Order::BestUse, Order::Number] {
        let mut shelf = 0;
        let time = median(|| {
            let began = Instant::now();
            shelf = pack(&files, policy.boxing(), order).map_or(0, |plan| plan.shelf());
            began.elapsed()
        });
        let above = (shelf as f64 / bound as f64 - 1.0) * 100.0;
        println!(
            "boxing 100,000 files, {order:?}: {:.3} s, {shelf} mm of shelf, {above:.2}% above the bound",
            time.as_secs_f64()
        );
    }
    Ok(())
}
