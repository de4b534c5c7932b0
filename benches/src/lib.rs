//! Measurements beside peers, as ratios in one run.
//!
//! ```
//! use archive_benches::compare;
//!
//! let table = compare("sums", 10, &mut [
//!     ("loop", Box::new(|| (0..100_u64).fold(0, |sum, n| sum + n))),
//!     ("formula", Box::new(|| 100 * 99 / 2)),
//! ]);
//! assert_eq!(table.rows.len(), 2);
//! assert!(table.to_string().contains("formula"));
//! ```
//!
//! A machine that is shared gives no steady times. Candidates therefore run in turn, many short
//! rounds each, and the fastest round of each counts; what is reported is the ratio to the first
//! one. Where valgrind is at hand, instruction counts stand beside the times.
//!
//! `cargo bench -p archive-benches` runs all; each file under `benches/` is one subject.
//!
//! [`plot`] draws the figures that `docs/` shows; [`presence`] holds peers of the inventory.
#![forbid(unsafe_code)]

pub mod chance;
pub mod plot;
pub mod presence;
pub mod simulated_year;
pub mod storage_rules;

use std::error::Error;
use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The processor time of this process so far, in seconds, to a hundredth.
///
/// # Errors
/// Where the system has no `/proc`, as only Linux has.
pub fn processor_seconds() -> Result<f64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // utime and stime, in hundredths of a second on Linux.
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => Ok((user + system) / 100.0),
        _ => Err("/proc/self/stat does not say how much time was used".into()),
    }
}

/// How long one round of a candidate takes, at least.
const ROUND: Duration = Duration::from_micros(200);

/// The fastest round of each candidate.
#[derive(Debug, Clone)]
pub struct Table {
    /// What is compared.
    pub title: String,
    /// Each candidate, how long one run of it takes in ns, and its instructions where known.
    pub rows: Vec<Row>,
}

/// One candidate.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// One run in ns.
    pub nanoseconds: f64,
    /// One run in instructions, where they were counted.
    pub instructions: Option<f64>,
}

/// A candidate: its name, and one run whose result is used.
pub type Candidate<'a> = (&'a str, Box<dyn FnMut() -> u64 + 'a>);

/// Runs `candidates` in turn, `rounds` times each.
pub fn compare(title: &str, rounds: usize, candidates: &mut [Candidate<'_>]) -> Table {
    let mut times: Vec<(u32, f64)> = Vec::new();
    for (_, run) in candidates.iter_mut() {
        let mut runs = 1_u32;
        while time(runs, run) < ROUND && runs < 1 << 20 {
            runs *= 2;
        }
        times.push((runs, f64::INFINITY));
    }
    for _ in 0..rounds {
        for ((_, run), (runs, best)) in candidates.iter_mut().zip(&mut times) {
            *best = best.min(time(*runs, run).as_nanos() as f64 / f64::from(*runs));
        }
    }
    let rows = candidates.iter().zip(times).map(|((name, _), (_, nanoseconds))| Row {
        name: (*name).to_owned(),
        nanoseconds,
        instructions: None,
    });
    Table { title: title.to_owned(), rows: rows.collect() }
}

fn time(runs: u32, run: &mut dyn FnMut() -> u64) -> Duration {
    let start = Instant::now();
    for _ in 0..runs {
        black_box(run());
    }
    start.elapsed()
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<42} {:>12} {:>8} {:>14} {:>8}", self.title, "ns", "ratio", "instructions", "ratio")?;
        let first = self.rows.first();
        for row in &self.rows {
            let base = first.map_or(f64::NAN, |first| first.nanoseconds);
            write!(f, "  {:<40} {:>12.1} {:>8.2}", row.name, row.nanoseconds, row.nanoseconds / base)?;
            match (row.instructions, first.and_then(|first| first.instructions)) {
                (Some(count), Some(base)) => writeln!(f, " {count:>14.0} {:>8.2}", count / base)?,
                _ => writeln!(f)?,
            }
        }
        Ok(())
    }
}
