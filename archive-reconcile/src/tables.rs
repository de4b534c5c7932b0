//! Two tables, compared by key: every difference, with both values, its severity and its reason.
//!
//! ```
//! use std::sync::Arc;
//! use archive_reconcile::Schema;
//! use archive_reconcile::tables::{MemorySnapshot, Options, reconcile_tables};
//! use arrow_array::cast::AsArray;
//! use arrow_array::{ArrayRef, RecordBatch, StringArray};
//!
//! let table = |name: &str, capacity: Vec<&str>| {
//!     let numbers: ArrayRef = Arc::new(StringArray::from(vec!["0001", "0002"]));
//!     let capacity: ArrayRef = Arc::new(StringArray::from(capacity));
//!     let columns = [("account_no", numbers), ("contract_capacity_kva", capacity)];
//!     let batch = RecordBatch::try_from_iter(columns).unwrap();
//!     MemorySnapshot::new(name, batch.schema(), vec![batch])
//! };
//! let papers = table("papers", vec!["４００千伏安", "500kVA"])?;
//! let system = table("system", vec!["400.00", "315"])?;
//! let mut found = Vec::new();
//! let keys = ["account_no".to_owned()];
//! let summary = reconcile_tables(&papers, &system, &keys, &Schema::reference(), &Options::default(), &mut |batch| {
//!     found.push(batch);
//!     Ok(())
//! })?;
//! assert_eq!(summary.counts.mismatches, 1);
//! let account = found[0].column_by_name("account_no").unwrap().as_string::<i32>().value(0);
//! assert_eq!(account, "0002");
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! # How
//! Each row is read once and turned into 128 bits of fingerprint over the canonical forms of its
//! cells, under a seed that differs from run to run. The left rows' fingerprints are held by key;
//! right rows that meet their equal are done with. All others are kept, their left partners
//! fetched again, and compared cell by cell, on their text.
//!
//! # What holds
//! - **Equal rows.** A difference escapes only where two different rows of one key share 128 bits:
//!   2⁻¹²⁸ a differing row, 10⁻³⁰ for a billion of them. Whoever knows the seed could make such
//!   rows; it is drawn for each run.
//! - **Keys** are looked up by 64 bits. Two keys that share them are met as kept rows, whose keys are
//!   compared by letter, and the pass is done again under other bits.
//! - **Absent values** (null, or text of nothing but white space) equal each other and differ from
//!   every value. A row without a key is never matched; it is reported, with how many there are.
//! - **Duplicates.** A key that stands more than once on a side is one finding, with the number of
//!   rows on either side. Its rows are paired equal ones first, then in the order of their cells; a
//!   row left over is compared with the other side's first. Of a key with more rows than
//!   [`Options::group_limit`], rows are counted and not compared, and the finding says so.
//! - **Keys' writing.** Keys are compared folded and in upper case: a blank or a full-width digit is
//!   no other customer.
//! - **Order.** Findings come in the order of keys, where one pass was enough.
//!
//! # Limits
//! Nested and binary columns are refused. Fewer than 4.29 billion rows on the left. Memory grows by
//! 35 to 45 bytes a left row and by the text of the rows that differ; beyond [`Options::memory`],
//! fingerprints go to [`Options::scratch`] and come back a part of the keys at a time. Without scratch, or
//! where the rows that differ are too many, the tables are read several times.

mod buckets;
pub(crate) mod cells;
mod continuous;
mod findings;
pub(crate) mod fold;
mod foreign;
pub(crate) mod form;
mod groups;
mod index;
mod one_sided;
mod pass;
mod plan;
mod rows;
mod snapshot;
mod spill;

use std::hash::{BuildHasher, RandomState};
use std::ops::ControlFlow;

use archive_core::Error;
use arrow_array::RecordBatch;
use chrono::NaiveDate;

use crate::schema::Schema;
use pass::Pass;
use plan::Plan;

pub use buckets::key_buckets;
pub use continuous::{Changes, Continuous, Delta, Side};
pub use findings::{Difference, findings_schema};
pub use foreign::{check_foreign_batch, check_foreign_column};
pub use one_sided::{Linked, OneSidedKeys, link_tables};
pub use snapshot::{Batches, MemorySnapshot, Snapshot, pick_rows};
pub use spill::{Scratch, ScratchFile};

/// What a comparison may use, and whom it tells how far it is.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The bytes that fingerprints and kept rows may take; `None` for as many as needed. Batches that
    /// are being read come on top.
    pub memory: Option<u64>,
    /// Where fingerprints are written that do not fit `memory`; without it the tables are read several
    /// times instead.
    pub scratch: Option<&'a dyn Scratch>,
    /// The most rows of one key that are compared with each other.
    pub group_limit: u64,
    /// The day of the comparison, from which the schema's grace is counted; none without.
    pub today: Option<NaiveDate>,
    /// Told after each batch; [`ControlFlow::Break`] cancels.
    pub progress: Option<&'a dyn Fn(Progress) -> ControlFlow<()>>,
    /// The seed of all fingerprints; `None` draws one, which is what one wants outside tests.
    pub seed: Option<u64>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { memory: None, scratch: None, group_limit: 1000, today: None, progress: None, seed: None }
    }
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("memory", &self.memory)
            .field("group_limit", &self.group_limit)
            .finish()
    }
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The left table is read.
    Left,
    /// The right table is read.
    Right,
    /// Left rows that differ are fetched.
    Fetch,
}

/// How far a comparison is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Rows done in this stage.
    pub rows: u64,
    /// All rows of this stage, where that is known.
    pub of: Option<u64>,
}

/// How many differences of each kind were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Keys that stand on the right only.
    pub missing_left: u64,
    /// Keys that stand on the left only.
    pub missing_right: u64,
    /// Keys that stand more than once on a side.
    pub duplicates: u64,
    /// Cells that differ.
    pub mismatches: u64,
    /// Left rows without a key.
    pub keyless_left: u64,
    /// Right rows without a key.
    pub keyless_right: u64,
}

impl Counts {
    /// Whether nothing differs at all.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        *self == Self::default()
    }
}

/// What was compared and how much differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows of the left table.
    pub left_rows: u64,
    /// Rows of the right table.
    pub right_rows: u64,
    /// Differences by kind.
    pub counts: Counts,
    /// The columns that were compared.
    pub fields: Vec<String>,
    /// How many times the tables were read.
    pub passes: u32,
}

/// Why a pass came to no end.
pub(crate) enum Stop {
    Error(Error),
    /// Two keys share the bits that they are looked up by.
    Collision,
    /// The pass needs more memory than it may take.
    Overflow,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl pass::Comparison<'_> {
    /// Compares through scratch files; `false` where the rows that differ do not fit the memory, and
    /// nothing was handed on.
    fn spill(
        &self,
        scratch: &dyn Scratch,
        memory: u64,
        summary: &mut Summary,
        sink: &mut dyn FnMut(RecordBatch) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        // Half of the memory for the index of a part; buffers and rows that differ take the rest. A
        // table of unknown length is taken for a large one.
        let rows = self.left.row_count().unwrap_or(1 << 26);
        let fits = |parts: &u32| index::Index::bytes_for(rows / u64::from(*parts) / 15 * 16) <= memory / 2;
        let parts = (0..=MOST_PARTS).map(|power| 1_u32 << power).find(fits).unwrap_or(1 << MOST_PARTS);
        for bits in 0..3 {
            summary.passes += 1;
            match self.run_spilled(scratch, parts, bits, summary, sink) {
                Ok(()) => return Ok(true),
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Overflow) => return Ok(false),
                Err(Stop::Collision) => {}
            }
        }
        Err(Pass::no_bits_left())
    }
}

/// Parts of a spilled table, as a power of two.
const MOST_PARTS: u32 = 10;

/// How often a pass may be halved: 4096 readings of both tables are no way to finish.
const MOST_HALVINGS: u32 = 12;

/// Compares two tables by `keys` and hands findings to `sink`, in batches of
/// [`findings_schema`]'s columns.
///
/// # Errors
/// `InvalidInput` where the tables' columns do not go together, naming table and column, or where
/// [`Options::memory`] is too little; `Conflict` where a table changed while it was read;
/// `Unavailable` where the caller cancelled; and what reading the tables or `sink` ends in.
pub fn reconcile_tables(
    left: &dyn Snapshot,
    right: &dyn Snapshot,
    keys: &[String],
    schema: &Schema,
    options: &Options<'_>,
    sink: &mut dyn FnMut(RecordBatch) -> Result<(), Error>,
) -> Result<Summary, Error> {
    let plan = Plan::new(left, right, keys, schema)?;
    let seed = options.seed.unwrap_or_else(|| RandomState::new().hash_one("fingerprints"));
    let rows = left.row_count().unwrap_or(0);
    let enough = |halvings: &u32| {
        // A quarter is left for rows that differ.
        options.memory.is_none_or(|memory| index::Index::bytes_for(rows >> halvings) <= memory / 4 * 3)
    };
    let first = (0..MOST_HALVINGS).find(enough).unwrap_or(MOST_HALVINGS);
    let mut open: Vec<Pass> =
        (0..1_u64 << first).rev().map(|part| Pass { halvings: first, part, bits: 0 }).collect();
    let mut summary =
        Summary { fields: plan.fields.iter().map(|f| f.name.to_string()).collect(), ..Summary::default() };
    let comparison = pass::Comparison { left, right, plan: &plan, schema, options, seed };
    if let (Some(scratch), Some(memory)) = (options.scratch, options.memory)
        && (first > 0 || left.row_count().is_none())
        && comparison.spill(scratch, memory, &mut summary, sink)?
    {
        return Ok(summary);
    }
    while let Some(pass) = open.pop() {
        summary.passes += 1;
        match comparison.run(pass, &mut summary, sink) {
            Ok(()) => {}
            Err(Stop::Error(error)) => return Err(error),
            Err(Stop::Collision) => open.push(pass.under_other_bits()?),
            Err(Stop::Overflow) if pass.halvings < MOST_HALVINGS => open.extend(pass.halved()),
            Err(Stop::Overflow) => {
                let memory = options.memory.unwrap_or(u64::MAX);
                let message = format!("{memory} bytes are too little for these tables: allow more memory");
                return Err(Error::invalid("the comparison", message));
            }
        }
    }
    Ok(summary)
}
