//! One reading of both tables, for all keys or a part of them.

use std::collections::HashMap;

use archive_core::{Error, ErrorKind};
use arrow_array::RecordBatch;

use super::cells::{Fingerprinter, Role};
use super::findings::{Difference, Findings, Row};
use super::groups::{self, Judge, Kept, Repeats};
use super::index::{Index, ROW_LIMIT, state};
use super::plan::Plan;
use super::rows::Rows;
use super::snapshot::Snapshot;
use super::{Options, Progress, Stage, Stop, Summary};
use crate::schema::{RowRule, RowRules, Schema};

/// Which keys a pass compares, and which bits of their fingerprints it looks them up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pass {
    /// How often the keys were halved.
    pub(crate) halvings: u32,
    /// Which part of them this is.
    pub(crate) part: u64,
    /// Which 64 bits of a key's 128.
    pub(crate) bits: u32,
}

impl Pass {
    /// The same keys under other bits.
    ///
    /// # Errors
    /// `Internal` where no bits are left: two keys share all 128.
    pub(crate) fn under_other_bits(self) -> Result<Self, Error> {
        if self.bits == 2 {
            return Err(Self::no_bits_left());
        }
        Ok(Self { bits: self.bits + 1, ..self })
    }

    /// Two keys share all 128 bits.
    pub(super) fn no_bits_left() -> Error {
        Error::new(ErrorKind::Internal, "the comparison", "met two keys of one fingerprint: run it again")
    }

    /// The two halves of the keys.
    pub(crate) fn halved(self) -> [Self; 2] {
        [0, 1].map(|half| Self { halvings: self.halvings + 1, part: self.part << 1 | half, bits: self.bits })
    }

    fn has(self, key: u128) -> bool {
        // The upper half's upper bits: no table is indexed by them unless the first choice failed.
        self.halvings == 0 || (key >> (128 - self.halvings)) as u64 == self.part
    }

    pub(super) fn key(self, key: u128) -> u64 {
        match self.bits {
            0 => key as u64,
            1 => (key >> 64) as u64,
            #[cfg(test)]
            tests::FEW => key as u64 & 0xff,
            _ => (key >> 32) as u64,
        }
    }
}

/// What all passes share.
pub(crate) struct Comparison<'a> {
    pub(crate) left: &'a dyn Snapshot,
    pub(crate) right: &'a dyn Snapshot,
    pub(crate) plan: &'a Plan,
    pub(crate) schema: &'a Schema,
    pub(crate) options: &'a Options<'a>,
    pub(crate) seed: u64,
}

/// The fingerprints of a batch's rows.
pub(super) struct Prints<'a> {
    plan: &'a Plan,
    columns: Vec<Fingerprinter<'a>>,
    key_columns: usize,
    pub(super) keys: Vec<u128>,
    pub(super) rows: Vec<u128>,
    /// Whether a row lacks a part of its key; empty where none does.
    keyless: Vec<bool>,
    cells: Vec<u128>,
}

impl<'a> Prints<'a> {
    pub(super) fn new(plan: &'a Plan, seed: u64) -> Self {
        let roles = plan.keys.iter().map(|_| Role::Key).chain(plan.fields.iter().map(Role::Field));
        // Columns' seeds lie far apart: the kind of a form is added to them.
        let seeds = (1_u64..).map(|i| seed ^ i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let columns = roles.zip(seeds).map(|(role, seed)| Fingerprinter::new(role, seed)).collect();
        let empty = Vec::new;
        Self {
            plan,
            columns,
            key_columns: plan.keys.len(),
            keys: empty(),
            rows: empty(),
            keyless: Vec::new(),
            cells: empty(),
        }
    }

    /// Fingerprints the keys alone.
    pub(super) fn keys_of(&mut self, batch: &RecordBatch) {
        self.keys.clear();
        self.keys.resize(batch.num_rows(), 0);
        self.keyless.clear();
        for (fingerprinter, column) in self.columns[..self.key_columns].iter_mut().zip(batch.columns()) {
            self.cells.clear();
            self.cells.resize(batch.num_rows(), 0);
            fingerprinter.add(column.as_ref(), &mut self.cells);
            let absent = fingerprinter.absent();
            if self.cells.contains(&absent) {
                self.keyless.resize(batch.num_rows(), false);
                self.keyless
                    .iter_mut()
                    .zip(&self.cells)
                    .for_each(|(keyless, cell)| *keyless |= *cell == absent);
            }
            self.keys.iter_mut().zip(&self.cells).for_each(|(key, cell)| *key = key.wrapping_add(*cell));
        }
    }

    /// Fingerprints keys and rows; a row's fingerprint includes its key's.
    pub(super) fn of(&mut self, batch: &RecordBatch) {
        self.keys_of(batch);
        self.rows.clone_from(&self.keys);
        let fields = self.columns[self.key_columns..].iter_mut().zip(&batch.columns()[self.key_columns..]);
        for (i, (fingerprinter, column)) in fields.enumerate() {
            match self.plan.dates[i] {
                None => fingerprinter.add(column.as_ref(), &mut self.rows),
                Some(date) => {
                    let dates = batch.column(self.key_columns + date);
                    fingerprinter.add_dated(column, dates, &self.plan.fields[date], &mut self.rows);
                }
            }
        }
    }

    pub(super) fn is_keyless(&self, row: usize) -> bool {
        self.keyless.get(row).copied().unwrap_or(false)
    }
}

/// Rows whose memory is asked for together.
const CHUNK: usize = 256;

/// Rows without a key: how many, and the first.
#[derive(Default)]
pub(super) struct Keyless {
    count: u64,
    first: u64,
}

impl Keyless {
    pub(super) fn meet(&mut self, row: u64) {
        if self.count == 0 {
            self.first = row;
        }
        self.count += 1;
    }
}

impl Comparison<'_> {
    /// Compares the keys of `pass`.
    pub(crate) fn run(
        &self,
        pass: Pass,
        summary: &mut Summary,
        sink: &mut dyn FnMut(RecordBatch) -> Result<(), Error>,
    ) -> Result<(), Stop> {
        let mut prints = Prints::new(self.plan, self.seed);
        let (mut index, left_keyless, left_rows) = self.read_left(pass, &mut prints)?;
        let (right, right_counts, right_keyless, right_rows) =
            self.read_right(pass, &mut prints, &mut index)?;
        let (left, states) = self.fetch_left(pass, &mut prints, &index, right.bytes())?;
        let repeats = index.repeats();
        let group_limit = self.options.group_limit.max(1);
        let kept = Kept { repeats: Repeats(&repeats), left, states, right, right_counts, group_limit };
        self.report(&kept, (&left_keyless, &right_keyless), summary, sink)?;
        (summary.left_rows, summary.right_rows) = (left_rows, right_rows);
        Ok(())
    }

    /// Compares the rows that were kept, and hands on what differs.
    pub(super) fn report(
        &self,
        kept: &Kept<'_>,
        (left_keyless, right_keyless): (&Keyless, &Keyless),
        summary: &mut Summary,
        sink: &mut dyn FnMut(RecordBatch) -> Result<(), Error>,
    ) -> Result<(), Stop> {
        let mut findings = Findings::new(&self.plan.keys, sink);
        let sides = [self.left, self.right];
        let judge = Judge { plan: self.plan, schema: self.schema, today: self.options.today, sides };
        groups::compare(&judge, kept, &mut findings, &mut summary.counts)?;
        // Each pass reads all rows; the first to finish reports those without a key.
        let counts = &mut summary.counts;
        if counts.keyless_left == 0 && counts.keyless_right == 0 {
            (counts.keyless_left, counts.keyless_right) = (left_keyless.count, right_keyless.count);
            self.report_keyless(left_keyless, true, &mut findings)?;
            self.report_keyless(right_keyless, false, &mut findings)?;
            findings.flush()?;
        }
        Ok(())
    }

    fn report_keyless(
        &self,
        keyless: &Keyless,
        is_left: bool,
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        if keyless.count == 0 {
            return Ok(());
        }
        let count = keyless.count.to_string();
        let RowRules { missing_left, missing_right, .. } = self.schema.rows();
        let (name, kind, left, right, RowRule { severity, .. }) = match is_left {
            true => (self.left.name(), Difference::MissingRight, Some(&*count), None, missing_right),
            false => (self.right.name(), Difference::MissingLeft, None, Some(&*count), missing_left),
        };
        let reason = format!(
            "rows of {name} without a value in {}: {count}, the first is row {}",
            self.plan.keys.join(" or "),
            keyless.first + 1
        );
        let row = Row { kind, field: None, left, right, severity: *severity, reason: &reason };
        findings.push(self.plan.keys.iter().map(|_| None), &row)
    }

    fn read_left(&self, pass: Pass, prints: &mut Prints<'_>) -> Result<(Index, Keyless, u64), Stop> {
        let of = self.left.row_count();
        let room = usize::try_from(of.unwrap_or(0) >> pass.halvings).unwrap_or(0);
        // Parts differ in size by chance.
        let room = if pass.halvings == 0 { room } else { room + room / 16 };
        let mut index = Index::new(room.min(ROW_LIMIT), pass.halvings == 0, self.options.group_limit.max(1));
        let (mut row, mut keyless) = (0_u64, Keyless::default());
        for batch in self.left.read(&self.plan.left)? {
            let batch = batch?;
            prints.of(&batch);
            self.check_rows(row + batch.num_rows() as u64)?;
            let chunks = prints.keys.chunks(CHUNK).zip(prints.rows.chunks(CHUNK));
            for (i, (keys, rows)) in chunks.enumerate() {
                index.warm(keys.iter().map(|k| pass.key(*k)), false);
                for (j, (key, print)) in keys.iter().zip(rows).enumerate() {
                    if prints.is_keyless(i * CHUNK + j) {
                        keyless.meet(row);
                        index.push_keyless();
                    } else if pass.has(*key) {
                        // Below ROW_LIMIT.
                        index.push(row as u32, pass.key(*key), *print);
                    }
                    row += 1;
                }
            }
            self.check_memory(index.bytes())?;
            self.tell(Stage::Left, row, of)?;
        }
        Ok((index, keyless, row))
    }

    fn read_right(
        &self,
        pass: Pass,
        prints: &mut Prints<'_>,
        index: &mut Index,
    ) -> Result<(Rows, HashMap<u64, u64>, Keyless, u64), Stop> {
        let of = self.right.row_count();
        let mut kept = Rows::new(self.plan.right.len());
        let mut counts: HashMap<u64, u64> = HashMap::new();
        let (mut row, mut keyless) = (0_u64, Keyless::default());
        for batch in self.right.read(&self.plan.right)? {
            let batch = batch?;
            prints.of(&batch);
            let chunks = prints.keys.chunks(CHUNK).zip(prints.rows.chunks(CHUNK));
            for (i, (keys, rows)) in chunks.enumerate() {
                let lookups = || keys.iter().map(|k| pass.key(*k));
                index.warm(lookups(), false);
                index.warm(lookups(), true);
                for (j, (key, print)) in keys.iter().zip(rows).enumerate() {
                    let in_batch = i * CHUNK + j;
                    row += 1;
                    if prints.is_keyless(in_batch) {
                        keyless.meet(row - 1);
                        continue;
                    }
                    if !pass.has(*key) {
                        continue;
                    }
                    let key = pass.key(*key);
                    // Of a row that is missing on the left, the key is reported and nothing else.
                    let mut cells = self.plan.keys.len();
                    if let Some(first) = index.look_up(key) {
                        if index.meets_equal(first, *print) {
                            continue;
                        }
                        index.mark(first, state::COMPARE);
                        cells = self.plan.right.len();
                    }
                    let count = counts.entry(key).or_insert(0);
                    *count += 1;
                    if *count <= self.options.group_limit.max(1) {
                        kept.push(&batch, in_batch, cells, key);
                    }
                }
            }
            check_length(&kept, self.right)?;
            self.check_memory(index.bytes() + kept.bytes() + counts.capacity() as u64 * 17)?;
            self.tell(Stage::Right, row, of)?;
        }
        Ok((kept, counts, keyless, row))
    }

    /// Fetches the left rows that are to be compared or reported, with their states.
    fn fetch_left(
        &self,
        pass: Pass,
        prints: &mut Prints<'_>,
        index: &Index,
        kept: u64,
    ) -> Result<(Rows, Vec<u8>), Stop> {
        let rows: Vec<usize> = (0..index.states().len()).filter(|row| index.is_wanted(*row)).collect();
        let places: Vec<u64> = rows.iter().map(|row| index.place(*row)).collect();
        let changed = || {
            Error::new(ErrorKind::Conflict, self.left.name(), "changed while it was being read: run it again")
        };
        let mut fetched = Rows::new(self.plan.left.len());
        if places.is_empty() {
            return Ok((fetched, Vec::new()));
        }
        for batch in self.left.fetch(&self.plan.left, &places)? {
            let batch = batch?;
            prints.keys_of(&batch);
            for (i, key) in prints.keys.iter().enumerate() {
                let row = *rows.get(fetched.len()).ok_or_else(changed)?;
                if pass.key(*key) != index.key(row) {
                    return Err(changed().into());
                }
                let missing_on_the_right = index.states()[row] == 0;
                let cells = if missing_on_the_right { self.plan.keys.len() } else { self.plan.left.len() };
                fetched.push(&batch, i, cells, index.key(row));
            }
            check_length(&fetched, self.left)?;
            self.check_memory(index.bytes() + kept + fetched.bytes())?;
            self.tell(Stage::Fetch, fetched.len() as u64, Some(rows.len() as u64))?;
        }
        if fetched.len() != rows.len() {
            return Err(changed().into());
        }
        let states = rows.iter().map(|row| index.states()[*row]).collect();
        Ok((fetched, states))
    }

    /// An error where the left table has more rows than an index holds.
    pub(super) fn check_rows(&self, rows: u64) -> Result<(), Error> {
        if rows > ROW_LIMIT as u64 {
            let message = format!("has more than {ROW_LIMIT} rows: split it by key");
            return Err(Error::new(ErrorKind::Unsupported, self.left.name(), message));
        }
        Ok(())
    }

    pub(super) fn check_memory(&self, bytes: u64) -> Result<(), Stop> {
        match self.options.memory {
            Some(memory) if bytes > memory => Err(Stop::Overflow),
            _ => Ok(()),
        }
    }

    pub(super) fn tell(&self, stage: Stage, rows: u64, of: Option<u64>) -> Result<(), Error> {
        match self.options.progress {
            Some(progress) if progress(Progress { stage, rows, of }).is_break() => {
                Err(Error::new(ErrorKind::Unavailable, "the comparison", "was cancelled by its caller"))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn check_length(rows: &Rows, side: &dyn Snapshot) -> Result<(), Error> {
    if rows.is_too_long() {
        let message = "has a row of more than 4 GiB of text: ignore the long column in the schema";
        return Err(Error::new(ErrorKind::Unsupported, side.name(), message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::MemorySnapshot;
    use super::*;
    use arrow_array::{ArrayRef, StringArray};
    use std::sync::Arc;

    /// Bits so few that keys are sure to share them.
    pub(super) const FEW: u32 = 99;

    #[test]
    fn keys_that_share_their_bits_are_noticed_before_anything_is_said() {
        let table = |from: u32, to: u32| {
            let keys: ArrayRef = Arc::new(StringArray::from_iter_values((from..to).map(|i| i.to_string())));
            let batch = RecordBatch::try_from_iter([("k", keys)]).unwrap();
            MemorySnapshot::new("s", batch.schema(), vec![batch]).unwrap()
        };
        let (left, right, schema) = (table(0, 1000), table(1, 1001), Schema::reference());
        let plan = Plan::new(&left, &right, &["k".to_owned()], &schema).unwrap();
        let options = Options::default();
        let comparison = Comparison {
            left: &left,
            right: &right,
            plan: &plan,
            schema: &schema,
            options: &options,
            seed: 1,
        };
        let mut found = 0;
        let run = |bits, found: &mut usize| {
            let mut summary = Summary::default();
            let result = comparison.run(Pass { halvings: 0, part: 0, bits }, &mut summary, &mut |batch| {
                *found += batch.num_rows();
                Ok(())
            });
            (result, summary.counts)
        };
        let (result, counts) = run(FEW, &mut found);
        assert!(matches!(result, Err(Stop::Collision)));
        assert!(found == 0 && counts.is_equal());
        for bits in 0..=2 {
            let (result, counts) = run(bits, &mut found);
            assert!(result.is_ok());
            assert_eq!((counts.missing_left, counts.missing_right), (1, 1));
        }
        assert_eq!(found, 6);
        assert!(Pass { halvings: 0, part: 0, bits: 2 }.under_other_bits().is_err());
    }

    #[test]
    fn halves_share_all_keys_between_them() {
        let whole = Pass { halvings: 2, part: 3, bits: 0 };
        for key in [u128::MAX, u128::MAX << 126, 0xc, 0xe << 124] {
            let [a, b] = whole.halved();
            assert_eq!(whole.has(key), a.has(key) ^ b.has(key));
        }
    }
}
