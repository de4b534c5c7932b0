//! 通道次序: in which order one person visits aisles, so that the round is the shortest.
//!
//! ```
//! use std::time::Duration;
//! use archive_shelving::layout::AisleId;
//! use archive_shelving::plan::aisle_order::{BankStart, Visit, shortest_round};
//! use archive_shelving::plan::opening::{Drive, Opening};
//!
//! let opening = Opening::new(Drive::OneAtATime, Duration::from_secs(10))?;
//! let bank = BankStart { name: "HZ/R1/B1".parse()?, opening, open: Some(AisleId(5)) };
//! let visits = [9, 1, 4].map(|n| Visit {
//!     bank: bank.name.clone(),
//!     aisle: AisleId(n),
//!     stay: Duration::from_secs(60),
//! });
//! let round = shortest_round(&[bank], &visits, Duration::from_secs(20))?;
//! let order: Vec<u16> = round.stops().iter().map(|stop| stop.aisle.0).collect();
//! assert_eq!(order, [4, 1, 9]); // the nearer end first: 1 + 3 + 8 widths
//! assert_eq!(round.time(), Duration::from_secs(3 * 60 + 12 * 10));
//! assert!(round.is_proven_shortest());
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! The same holds for fetching boxes and for an inventory: a stay is the time that is spent in an aisle,
//! to fetch its boxes or to read its tags so many times. Visits to one aisle are made as one. Banks
//! move by themselves: while a person is in one bank, the others open their next aisles. A bank does
//! not move while a person is in it.
//!
//! - One bank: the order is the shortest, for any number of aisles and both models of drive
//!   ([`Drive`](super::opening::Drive)): a person who fetches everything crosses from the nearer end
//!   to the other.
//! - Several banks, [`EXACT`] visits or fewer: all orders are searched, cut off by bounds.
//! - More: a beam search, widened until the round is within [`CLOSE`] of what is proven or
//!   [`WIDEST`] is reached; then, up to 64 visits, all orders as far as [`BUDGET`] goes, and
//!   [`FAR_BUDGET`] where the proven gap is more than [`FAR`].
//!   [`Round::bound`] is the proof: no round is shorter.
//!
//! Limits: one person; the way between any two banks takes the same time; the person may begin
//! anywhere.

mod bound;
mod search;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use archive_core::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use self::search::Problem;
use super::opening::Opening;
use crate::layout::{AisleId, BankLayout, BankName};

/// Up to so many visits all orders are searched.
pub const EXACT: usize = 11;

/// Beyond that the search of all orders is given up after so many steps, where the round is near.
pub const BUDGET: u64 = 200_000;

/// Where a round may be longer than the shortest by more than this share, more steps are tried.
pub const FAR: f64 = 0.01;

/// After so many steps the search is given up even there.
pub const FAR_BUDGET: u64 = 2_000_000;

/// A round is close where no round can be shorter by more than this share.
pub const CLOSE: f64 = 0.001;

/// How many unfinished rounds are kept beside each other, at most.
pub const WIDEST: usize = 2048;

/// The longest stay in an aisle.
pub const LONGEST_STAY: Duration = Duration::from_secs(7 * 24 * 3600);

/// A bank, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankStart {
    /// Its name.
    pub name: BankName,
    /// How it moves.
    pub opening: Opening,
    /// The aisle that stands open; `None` where nobody knows, or none does.
    pub open: Option<AisleId>,
}

/// An aisle to visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Its bank.
    pub bank: BankName,
    /// The aisle.
    pub aisle: AisleId,
    /// How long the person stays.
    pub stay: Duration,
}

/// One aisle on a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Its bank.
    pub bank: BankName,
    /// The aisle.
    pub aisle: AisleId,
    /// When the person walks in, after the round's beginning.
    pub enter: Duration,
    /// When the person has left, and the bank may move.
    pub leave: Duration,
}

/// Aisles in the order in which to visit them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    stops: Vec<Stop>,
    bound: Duration,
}

impl Round {
    /// The aisles in their order.
    #[must_use]
    pub fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// How long the round takes.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.stops.last().map_or(Duration::ZERO, |stop| stop.leave)
    }

    /// No round is shorter.
    #[must_use]
    pub fn bound(&self) -> Duration {
        self.bound
    }

    /// Whether no round is shorter than this one.
    #[must_use]
    pub fn is_proven_shortest(&self) -> bool {
        self.time() <= self.bound
    }

    /// By what share of the bound the round may be longer than the shortest.
    #[must_use]
    pub fn gap(&self) -> f64 {
        let bound = self.bound.as_secs_f64();
        if bound == 0.0 { 0.0 } else { (self.time().as_secs_f64() / bound - 1.0).max(0.0) }
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} aisles in {:.0} s", self.stops.len(), self.time().as_secs_f64())?;
        if self.is_proven_shortest() {
            return f.write_str(", proven the shortest");
        }
        let (bound, gap) = (self.bound.as_secs_f64(), self.gap() * 100.0);
        write!(f, ", proven not below {bound:.0} s (gap {gap:.2} %)")
    }
}

/// The shortest round that makes all visits, or one with a proven gap. `way` is how long a person
/// walks from one bank to another.
///
/// # Errors
/// `InvalidInput` where a bank is given twice, a stay or the way is longer than [`LONGEST_STAY`], or an
/// aisle is beyond all banks; `NotFound` where a visit names another bank.
pub fn shortest_round(banks: &[BankStart], visits: &[Visit], way: Duration) -> Result<Round, Error> {
    let numbers = check(banks, visits, way)?;
    let mut merged: BTreeMap<(usize, AisleId), Duration> = BTreeMap::new();
    for visit in visits {
        *merged.entry((numbers[&visit.bank], visit.aisle)).or_default() += visit.stay;
    }
    let problem = Problem::new(banks, merged, way);
    let (order, proven) = problem.solve();
    let stops = problem.stops(banks, &order);
    let time = stops.last().map_or(Duration::ZERO, |stop| stop.leave);
    Ok(Round { stops, bound: Duration::from_micros(proven).min(time) })
}

/// How long a round takes that makes the visits in the order in which they are given.
///
/// # Errors
/// Those of [`shortest_round`].
pub fn round_in_order(banks: &[BankStart], visits: &[Visit], way: Duration) -> Result<Duration, Error> {
    let numbers = check(banks, visits, way)?;
    let mut walk = search::Walk::new(banks);
    for visit in visits {
        walk.go(banks, numbers[&visit.bank], visit.aisle, micros(visit.stay), micros(way));
    }
    Ok(Duration::from_micros(walk.now))
}

fn micros(time: Duration) -> u64 {
    // A stay is a week at most.
    time.as_micros() as u64
}

fn check<'a>(
    banks: &'a [BankStart],
    visits: &[Visit],
    way: Duration,
) -> Result<BTreeMap<&'a BankName, usize>, Error> {
    let mut numbers = BTreeMap::new();
    for (at, bank) in banks.iter().enumerate() {
        if numbers.insert(&bank.name, at).is_some() {
            return Err(Error::invalid(format!("bank {}", bank.name), "is given twice"));
        }
    }
    if way > LONGEST_STAY {
        return Err(Error::invalid("way between banks", format!("takes {way:?}, more than a week")));
    }
    for visit in visits {
        let object = || format!("{} of bank {}", visit.aisle, visit.bank);
        if !numbers.contains_key(&visit.bank) {
            return Err(Error::new(ErrorKind::NotFound, object(), "belongs to no bank of this round"));
        }
        if usize::from(visit.aisle.0) > BankLayout::LIMIT {
            return Err(Error::invalid(object(), "is beyond the 1000 aisles that a bank may have"));
        }
        if visit.stay > LONGEST_STAY {
            let message = format!("is to be visited for {:?}, more than a week", visit.stay);
            return Err(Error::invalid(object(), message));
        }
    }
    Ok(numbers)
}
