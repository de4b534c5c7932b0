//! How often a box will be fetched (借阅), from history by business process and age.
//!
//! ```
//! use archive_shelving::plan::demand::RetrievalHistory;
//!
//! let process = "new-connection-hv".parse()?;
//! let mut history = RetrievalHistory::default();
//! history.observe(&process, 0, 1200.0, 60)?; // 100 boxes in their first year
//! history.observe(&process, 1, 1200.0, 12)?;
//! assert!(history.monthly(&process, 0) > 3.0 * history.monthly(&process, 1));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Retrievals of a cell (process and age in years) are counted against the months that its boxes
//! stood. A cell with little history leans on its process, and a process on all: the rate is the mean
//! of a gamma distribution whose prior has the rate of the wider group and the weight of
//! [`PRIOR_BOX_MONTHS`].
//!
//! Limits: boxes of one cell are alike; what is known of one customer alone is not used.

use std::collections::BTreeMap;

use archive_core::Error;
use archive_core::identifier::ProcessCode;

/// How many months of one box the rate of the wider group is worth: ten boxes for a year.
pub const PRIOR_BOX_MONTHS: f64 = 120.0;

/// Ages from here on, in years, are one.
pub const OLDEST: u16 = 30;

/// Retrievals and the months in which they were made.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Count {
    box_months: f64,
    retrievals: f64,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.box_months += other.box_months;
        self.retrievals += other.retrievals;
    }

    /// The rate, leaning on `prior`.
    fn rate(self, prior: f64) -> f64 {
        (self.retrievals + prior * PRIOR_BOX_MONTHS) / (self.box_months + PRIOR_BOX_MONTHS)
    }
}

/// What was fetched so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RetrievalHistory {
    all: Count,
    processes: BTreeMap<ProcessCode, Count>,
    cells: BTreeMap<(ProcessCode, u16), Count>,
}

impl RetrievalHistory {
    /// Adds `retrievals` of boxes of `process` that were `age` years old and stood for `box_months`
    /// months, all boxes together.
    ///
    /// # Errors
    /// `InvalidInput` where the months are negative or no number, or there were retrievals in none.
    pub fn observe(
        &mut self,
        process: &ProcessCode,
        age: u16,
        box_months: f64,
        retrievals: u64,
    ) -> Result<(), Error> {
        let object = || format!("history of process {process} at {age} years");
        if !(0.0..=1e12).contains(&box_months) {
            return Err(Error::invalid(object(), format!("has {box_months} months")));
        }
        if retrievals > 0 && box_months == 0.0 {
            return Err(Error::invalid(object(), format!("has {retrievals} retrievals in no time")));
        }
        let count = Count { box_months, retrievals: retrievals as f64 };
        self.all.add(count);
        self.processes.entry(process.clone()).or_default().add(count);
        self.cells.entry((process.clone(), age.min(OLDEST))).or_default().add(count);
        Ok(())
    }

    /// The retrievals to expect of one box a month. Without any history: none.
    #[must_use]
    pub fn monthly(&self, process: &ProcessCode, age: u16) -> f64 {
        let all = if self.all.box_months > 0.0 { self.all.retrievals / self.all.box_months } else { 0.0 };
        let process_rate = self.processes.get(process).copied().unwrap_or_default().rate(all);
        let cell = self.cells.get(&(process.clone(), age.min(OLDEST)));
        cell.copied().unwrap_or_default().rate(process_rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_without_history_leans_on_its_process_and_that_on_all() {
        let (known, new): (ProcessCode, ProcessCode) = ("a".parse().unwrap(), "b".parse().unwrap());
        let mut history = RetrievalHistory::default();
        assert_eq!(history.monthly(&known, 3), 0.0);
        history.observe(&known, 0, 1e6, 100_000).unwrap();
        assert!((history.monthly(&known, 0) - 0.1).abs() < 1e-6);
        assert!((history.monthly(&known, 7) - 0.1).abs() < 1e-6);
        assert!((history.monthly(&new, 0) - 0.1).abs() < 1e-6);
        history.observe(&known, u16::MAX, 1e6, 0).unwrap();
        assert_eq!(history.monthly(&known, OLDEST), history.monthly(&known, 31));
        assert!(history.monthly(&known, OLDEST) < 0.001);
    }

    #[test]
    fn what_cannot_have_been_is_refused() {
        let process: ProcessCode = "a".parse().unwrap();
        let mut history = RetrievalHistory::default();
        for months in [f64::NAN, -1.0, f64::INFINITY] {
            assert!(history.observe(&process, 0, months, 1).is_err(), "{months}");
        }
        let error = history.observe(&process, 2, 0.0, 3).unwrap_err();
        assert_eq!(error.to_string(), "history of process a at 2 years: has 3 retrievals in no time");
        assert_eq!(history, RetrievalHistory::default());
    }
}
