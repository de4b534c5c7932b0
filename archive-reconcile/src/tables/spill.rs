//! Tables whose fingerprints do not fit the memory given: they are written to scratch files, a part of
//! the keys each, and compared part by part. Each table is read once, and its differing rows again.

use std::collections::HashMap;
use std::io::Read;

use archive_core::{Error, ErrorKind};
use arrow_array::RecordBatch;

use super::groups::{Kept, Repeats};
use super::index::{Index, state};
use super::pass::{Comparison, Keyless, Prints};
use super::rows::Rows;
use super::snapshot::Snapshot;
use super::{Stage, Stop, Summary};

/// Where scratch files lie: a directory, usually. Given by the caller, since this crate does no I/O.
pub trait Scratch: Sync {
    /// A new, empty file, which is gone when it is dropped.
    ///
    /// # Errors
    /// `Unavailable` where there is no room.
    fn create(&self) -> Result<Box<dyn ScratchFile>, Error>;
}

/// A file that is written from the beginning to the end, and then read once.
pub trait ScratchFile: Send {
    /// Appends `bytes`.
    ///
    /// # Errors
    /// `Unavailable`, naming the file, where the disk is full.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Error>;

    /// Reads it from the beginning.
    ///
    /// # Errors
    /// Those of reading it.
    fn reread(self: Box<Self>) -> Result<Box<dyn Read + Send>, Error>;
}

/// A row in a scratch file: its key's fingerprint, its own, and its position.
const RECORD: usize = 40;

/// Records that a part gathers before they are written.
const BUFFER: usize = 256 * RECORD;

struct Part {
    file: Box<dyn ScratchFile>,
    buffer: Vec<u8>,
    rows: u64,
}

impl Part {
    fn push(&mut self, key: u128, print: u128, row: u64) -> Result<(), Error> {
        self.buffer.extend_from_slice(&key.to_le_bytes());
        self.buffer.extend_from_slice(&print.to_le_bytes());
        self.buffer.extend_from_slice(&row.to_le_bytes());
        self.rows += 1;
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.file.append(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Calls `each` with every record, in the order of rows.
    fn read(mut self, mut each: impl FnMut(u128, u128, u64) -> Result<(), Stop>) -> Result<(), Stop> {
        self.flush()?;
        let mut reader = self.file.reread()?;
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(BUFFER, 0);
        let mut left = usize::try_from(self.rows).unwrap_or(usize::MAX);
        while left > 0 {
            let bytes = left.min(BUFFER / RECORD) * RECORD;
            reader.read_exact(&mut buffer[..bytes]).map_err(|e| {
                let message = "cannot be read back: was it changed meanwhile?";
                Error::new(ErrorKind::Unavailable, "a scratch file", message).with_source(e)
            })?;
            for record in buffer[..bytes].chunks_exact(RECORD) {
                let half = |at: usize| {
                    // A record has 40 bytes.
                    let bytes = record[at..at + 8].try_into().unwrap_or([0; 8]);
                    u64::from_le_bytes(bytes)
                };
                let whole = |at: usize| u128::from(half(at + 8)) << 64 | u128::from(half(at));
                each(whole(0), whole(16), half(32))?;
            }
            left -= bytes / RECORD;
        }
        Ok(())
    }
}

/// Rows to be fetched: their position, key, state, and whether of a missing row only the key is wanted.
#[derive(Default)]
struct Wanted {
    rows: Vec<(u64, u64, u8, bool)>,
}

impl Comparison<'_> {
    /// Compares all keys through scratch files, in `parts` parts (a power of two).
    ///
    /// # Errors
    /// [`Stop::Overflow`] where the rows that differ do not fit; [`Stop::Collision`] where two keys
    /// share the bits that they are looked up by.
    pub(super) fn run_spilled(
        &self,
        scratch: &dyn Scratch,
        parts: u32,
        bits: u32,
        summary: &mut Summary,
        sink: &mut dyn FnMut(RecordBatch) -> Result<(), Error>,
    ) -> Result<(), Stop> {
        let pass = super::pass::Pass { halvings: 0, part: 0, bits };
        let mut prints = Prints::new(self.plan, self.seed);
        let (left_parts, left_keyless, left_rows) =
            self.write_parts(scratch, parts, &mut prints, self.left, &self.plan.left, Stage::Left)?;
        let (right_parts, right_keyless, right_rows) =
            self.write_parts(scratch, parts, &mut prints, self.right, &self.plan.right, Stage::Right)?;
        let group_limit = self.options.group_limit.max(1);
        let (mut left, mut right) = (Wanted::default(), Wanted::default());
        let mut repeats = HashMap::new();
        let mut right_counts: HashMap<u64, u64> = HashMap::new();
        for (left_part, right_part) in left_parts.into_iter().zip(right_parts) {
            let rows = usize::try_from(left_part.rows).unwrap_or(0);
            let mut index = Index::new(rows, false, group_limit);
            left_part.read(|key, print, row| {
                // The limit of rows was checked when they were written.
                index.push(row as u32, pass.key(key), print);
                Ok(())
            })?;
            right_part.read(|key, print, row| {
                let key = pass.key(key);
                let mut is_missing = true;
                if let Some(first) = index.look_up(key) {
                    if index.meets_equal(first, print) {
                        return Ok(());
                    }
                    index.mark(first, state::COMPARE);
                    is_missing = false;
                }
                let count = right_counts.entry(key).or_insert(0);
                *count += 1;
                if *count <= group_limit {
                    right.rows.push((row, key, 0, is_missing));
                }
                Ok(())
            })?;
            for (row, bits) in index.states().iter().enumerate() {
                if index.is_wanted(row) {
                    left.rows.push((index.place(row), index.key(row), *bits, *bits == 0));
                }
            }
            repeats.extend(index.repeats());
            let wanted = (left.rows.len() + right.rows.len()) as u64 * 32;
            self.check_memory(index.bytes() + wanted + right_counts.capacity() as u64 * 17)?;
        }
        let (left, states) = self.fetch_wanted(pass, &mut prints, left, self.left, &self.plan.left, 0)?;
        let (right, _) =
            self.fetch_wanted(pass, &mut prints, right, self.right, &self.plan.right, left.bytes())?;
        let kept = Kept { repeats: Repeats(&repeats), left, states, right, right_counts, group_limit };
        self.report(&kept, (&left_keyless, &right_keyless), summary, sink)?;
        (summary.left_rows, summary.right_rows) = (left_rows, right_rows);
        Ok(())
    }

    fn write_parts(
        &self,
        scratch: &dyn Scratch,
        count: u32,
        prints: &mut Prints<'_>,
        side: &dyn Snapshot,
        columns: &[usize],
        stage: Stage,
    ) -> Result<(Vec<Part>, Keyless, u64), Stop> {
        let part = |_| Ok(Part { file: scratch.create()?, buffer: Vec::new(), rows: 0 });
        let mut parts = (0..count).map(part).collect::<Result<Vec<_>, Error>>()?;
        let (mut row, mut keyless) = (0_u64, Keyless::default());
        for batch in side.read(columns)? {
            let batch = batch?;
            prints.of(&batch);
            for (i, (key, print)) in prints.keys.iter().zip(&prints.rows).enumerate() {
                if prints.is_keyless(i) {
                    keyless.meet(row);
                } else {
                    // The upper bits, which no index is looked up by at first; `count` is a power of two.
                    let part = (key >> 96) as u32 & (count - 1);
                    parts[part as usize].push(*key, *print, row)?;
                }
                row += 1;
            }
            self.check_rows(row)?;
            self.tell(stage, row, side.row_count())?;
        }
        Ok((parts, keyless, row))
    }

    fn fetch_wanted(
        &self,
        pass: super::pass::Pass,
        prints: &mut Prints<'_>,
        mut wanted: Wanted,
        side: &dyn Snapshot,
        columns: &[usize],
        held: u64,
    ) -> Result<(Rows, Vec<u8>), Stop> {
        wanted.rows.sort_unstable();
        let places: Vec<u64> = wanted.rows.iter().map(|(place, ..)| *place).collect();
        let mut rows = Rows::new(columns.len());
        let changed =
            || Error::new(ErrorKind::Conflict, side.name(), "changed while it was being read: run it again");
        if !places.is_empty() {
            for batch in side.fetch(columns, &places)? {
                let batch = batch?;
                prints.keys_of(&batch);
                for (i, print) in prints.keys.iter().enumerate() {
                    let (_, key, _, is_missing) = *wanted.rows.get(rows.len()).ok_or_else(changed)?;
                    if pass.key(*print) != key {
                        return Err(changed().into());
                    }
                    let cells = if is_missing { self.plan.keys.len() } else { columns.len() };
                    rows.push(&batch, i, cells, key);
                }
                super::pass::check_length(&rows, side)?;
                self.check_memory(held + rows.bytes() + places.len() as u64 * 40)?;
                self.tell(Stage::Fetch, rows.len() as u64, Some(places.len() as u64))?;
            }
        }
        if rows.len() != wanted.rows.len() {
            return Err(changed().into());
        }
        Ok((rows, wanted.rows.iter().map(|(.., state, _)| *state).collect()))
    }
}
