//! A year of a county branch, simulated: what is filed, lent, sent, damaged, merged and destroyed, with
//! faults and crashes by a seed, and every invariant checked at its end.
//!
//! ```no_run
//! use archive::simulation::{Year, simulate};
//!
//! let summary = simulate(&Year { processes: 20_000, seed: 7 }, "scratch".as_ref())?;
//! assert!(summary.broken.is_empty(), "{:?}", summary.broken);
//! println!("{summary}");
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! Three sites: HZ, where papers come in; XS, where boxes are sent each month; LA, which is cut off for a
//! month, files on its own and is merged afterwards. Nothing is read from pages, since that is measured
//! elsewhere; everything else is the real thing: content on the disk, numbers, boxes, the log.

mod checks;
mod papers;
mod year;

use std::fmt;
use std::path::Path;

use archive_core::Error;
use serde::Serialize;

/// What is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Year {
    /// How many business processes end in the year.
    pub processes: usize,
    /// Decides everything that chance decides.
    pub seed: u64,
}

/// What happened, and whether everything held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Processes that were filed.
    pub processes: u64,
    /// Their documents.
    pub documents: u64,
    /// Late documents that joined a file.
    pub late: u64,
    /// Crashes after which the program was started again.
    pub crashes: u64,
    /// Boxes that could not be confirmed at once.
    pub device_faults: u64,
    /// Requests that came twice.
    pub repeated: u64,
    /// Files that were voided.
    pub voided: u64,
    /// Loans, and how many of them came back.
    pub loans: u64,
    /// Loans that came back.
    pub returned: u64,
    /// Boxes that were sent to another site.
    pub boxes_sent: u64,
    /// Files that a site filed while it was cut off.
    pub merged: u64,
    /// Files that were destroyed.
    pub destroyed: u64,
    /// Files that a hold kept from it.
    pub held: u64,
    /// Contents that were damaged, found and restored.
    pub restored: u64,
    /// Boxes at the end.
    pub boxes: u64,
    /// What must hold and does not; empty where all is well.
    pub broken: Vec<String>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "filed       {} processes with {} documents, {} late",
            self.processes, self.documents, self.late
        )?;
        writeln!(
            f,
            "faults      {} crashes, {} device faults, {} requests that came twice",
            self.crashes, self.device_faults, self.repeated
        )?;
        writeln!(f, "boxes       {}, of which {} were sent to another site", self.boxes, self.boxes_sent)?;
        writeln!(f, "loans       {}, of which {} came back", self.loans, self.returned)?;
        writeln!(f, "cut off     {} files merged", self.merged)?;
        writeln!(f, "disposal    {} destroyed, {} held, {} voided", self.destroyed, self.held, self.voided)?;
        writeln!(f, "content     {} damaged, found and restored", self.restored)?;
        write!(f, "invariants  ")?;
        match self.broken.as_slice() {
            [] => write!(f, "all hold"),
            broken => {
                writeln!(f, "{} BROKEN", broken.len())?;
                broken.iter().try_for_each(|b| writeln!(f, "  {b}"))
            }
        }
    }
}

/// Simulates a year in `directory`, which must be empty or not there.
///
/// # Errors
/// `Conflict` where the directory is not empty; whatever a correct archive never gives.
pub fn simulate(year: &Year, directory: &Path) -> Result<Summary, Error> {
    year::run(year, directory)
}
