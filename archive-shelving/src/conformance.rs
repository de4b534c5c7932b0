//! The kit that proves a driver: run it until the report is green.
//!
//! ```
//! use archive_shelving::conformance::{SimulatedShelfRig, check_shelf};
//! use archive_shelving::simulated::SimulatedRoom;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), archive_core::Error> {
//! let slot = "HZ/R1/B1/C03/A/02/4/05".parse()?;
//! let room = SimulatedRoom::of_slots([&slot])?;
//! let shelf = room.shelf_of(&slot)?;
//! let report = check_shelf(&shelf, &SimulatedShelfRig::new(room, slot)).await;
//! assert!(report.is_green(), "{report}");
//! # Ok(())
//! # }
//! ```
//!
//! - A check carries the line of the contract that it proves, so a red line says what to read.
//! - What a driver alone cannot show (somebody walks in, the line breaks) the kit asks of a *rig*:
//!   [`ShelfRig`], [`ReaderRig`]. What a rig cannot do is skipped, and the report says so. A real
//!   device on a bench may start with [`NoRig`].
//! - **The carriages really move.** Keep the bank clear of people and run it beside the emergency stop.
//!
//! Limits: the kit trusts the limits that a driver declares and waits no longer than those. It proves
//! a driver against its rig, not the hardware's safety. [`VERSION`] changes with the traits.

mod reader;
mod rig;
mod shelf;
mod shelf_bench;
mod shelf_faults;

#[cfg(test)]
mod broken_readers;
#[cfg(test)]
mod broken_shelves;

use std::fmt;

pub use reader::check_reader;
pub use rig::{NoRig, ReaderRig, RigAnswer, ShelfRig, SimulatedReaderRig, SimulatedShelfRig};
use serde::Serialize;
pub use shelf::{check_shelf, watch_shelf};

/// The version of the contracts that the kit proves.
pub const VERSION: u32 = 1;

/// What the kit found, check by check.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    device: String,
    checks: Vec<Check>,
}

/// One check and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The check's name, stable within a [`VERSION`].
    pub name: &'static str,
    /// The line of the contract that it proves.
    pub contract: &'static str,
    /// What it found.
    pub result: CheckResult,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckResult {
    /// The driver keeps this line of the contract.
    Passed,
    /// It does not; says what was seen.
    Failed(String),
    /// Could not be tried; says why.
    Skipped(&'static str),
}

impl CheckResult {
    /// It in one word, as reports begin their lines.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Skipped(_) => "skip",
            Self::Failed(_) => "FAIL",
        }
    }
}

impl Report {
    fn new(device: &str) -> Self {
        Self { device: device.to_owned(), checks: Vec::new() }
    }

    fn record(&mut self, name: &'static str, contract: &'static str, verdict: Verdict) -> &Check {
        let result = match verdict {
            Ok(()) => CheckResult::Passed,
            Err(Ending::Fail(what)) => CheckResult::Failed(what),
            Err(Ending::Skip(why)) => CheckResult::Skipped(why),
        };
        self.checks.push(Check { name, contract, result });
        &self.checks[self.checks.len() - 1]
    }

    /// Whether no check failed. Skipped checks do not spoil it, but see [`Report::skipped`].
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.failed().next().is_none()
    }

    /// All checks in the order in which they ran.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The names of the checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &'static str> {
        self.checks.iter().filter(|c| matches!(c.result, CheckResult::Failed(_))).map(|c| c.name)
    }

    /// The names of the checks that were skipped.
    pub fn skipped(&self) -> impl Iterator<Item = &'static str> {
        self.checks.iter().filter(|c| matches!(c.result, CheckResult::Skipped(_))).map(|c| c.name)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (failed, skipped) = (self.failed().count(), self.skipped().count());
        let passed = self.checks.len() - failed - skipped;
        writeln!(f, "{}: {passed} passed, {failed} failed, {skipped} skipped (kit {VERSION})", self.device)?;
        for check in &self.checks {
            let word = check.result.word();
            match &check.result {
                CheckResult::Passed => writeln!(f, "  {word:4}  {}", check.name)?,
                CheckResult::Skipped(why) => writeln!(f, "  {word:4}  {}: {why}", check.name)?,
                CheckResult::Failed(what) => {
                    writeln!(f, "  {word:4}  {}: {what}", check.name)?;
                    writeln!(f, "        contract: {}", check.contract)?;
                }
            }
        }
        Ok(())
    }
}

/// Why a check ended before its last line.
#[derive(Debug)]
enum Ending {
    Fail(String),
    Skip(&'static str),
}

type Verdict<T = ()> = Result<T, Ending>;

fn fail<T>(what: impl Into<String>) -> Verdict<T> {
    Err(Ending::Fail(what.into()))
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { fail(what()) }
}

/// Skips the check where the rig cannot do what it needs.
fn needs(answer: RigAnswer, why: &'static str) -> Verdict {
    match answer {
        RigAnswer::Done => Ok(()),
        RigAnswer::Cannot => Err(Ending::Skip(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_well() {
        let mut report = Report::new("bank HZ/R1/B1");
        report.record("good", "It is good.", Ok(()));
        report.record("bad", "It is never bad.", fail("was bad"));
        report.record("odd", "It is even.", Err(Ending::Skip("the rig cannot count")));
        assert!(!report.is_green());
        assert_eq!(
            report.to_string(),
            "bank HZ/R1/B1: 1 passed, 1 failed, 1 skipped (kit 1)\n  ok    good\n  FAIL  bad: was bad\n        \
             contract: It is never bad.\n  skip  odd: the rig cannot count\n"
        );
    }
}
