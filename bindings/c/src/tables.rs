//! Two tables compared by key: files, or streams of the Arrow C stream interface.

use std::ffi::{c_char, c_void};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use archive::snapshots::{CsvStyle, Findings, open_schema, reconcile_files};
use archive_core::Error;
use archive_reconcile::Schema;
use archive_reconcile::tables::{
    MemorySnapshot, Options, Progress, Stage, Summary, check_foreign_batch, findings_schema, reconcile_tables,
};
use arrow_array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{RecordBatch, RecordBatchIterator, RecordBatchReader};
use serde::Deserialize;

use crate::boundary::{MaError, MaStatus, give_json, guard, text};

/// What a comparison is doing.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaStage {
    /// The left table is read.
    Left = 0,
    /// The right table is read.
    Right = 1,
    /// Left rows that differ are fetched.
    Fetch = 2,
}

/// Told how far a comparison is, on the calling thread: `rows` of `of` are done, 0 where the whole is
/// not known. Return false to cancel; the call then ends in `MA_STATUS_UNAVAILABLE`. `context` is the
/// caller's own.
pub type MaProgress =
    Option<unsafe extern "C" fn(context: *mut c_void, stage: MaStage, rows: u64, of: u64) -> bool>;

/// How two tables are compared, as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableOptions {
    keys: Vec<String>,
    schema: Option<PathBuf>,
    #[serde(default)]
    ignore: Vec<String>,
    memory: Option<u64>,
    group_limit: Option<u64>,
    #[serde(default)]
    lossless: bool,
}

impl TableOptions {
    fn parse(options: &str) -> Result<Self, Error> {
        serde_json::from_str(options)
            .map_err(|e| Error::invalid("argument options", "are no options of a comparison").with_source(e))
    }

    fn schema(&self) -> Result<Schema, Error> {
        Ok(open_schema(self.schema.as_deref())?.ignoring(self.ignore.iter().cloned()))
    }

    fn options<'a>(&self, progress: &'a dyn Fn(Progress) -> ControlFlow<()>) -> Options<'a> {
        let default = Options::default();
        Options {
            memory: self.memory,
            group_limit: self.group_limit.unwrap_or(default.group_limit),
            progress: Some(progress),
            ..default
        }
    }
}

/// Compares the tables in the files `left` and `right` (Parquet, Arrow or CSV) and writes what differs
/// to the file `out` (`.parquet` or `.csv`). `options` is a JSON object: `keys` (an array of column
/// names) and, where wanted, `schema` (a path), `ignore`, `memory` (bytes), `group_limit`, `lossless`.
/// `*summary` becomes a JSON object with the number of rows and of differences.
///
/// # Safety
/// `left`, `right`, `options` and `out` must point to as many bytes as the lengths behind them say;
/// `progress` must be null or callable with `context`; `summary` and `error` must each be null or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_reconcile_files(
    left: *const c_char,
    left_length: usize,
    right: *const c_char,
    right_length: usize,
    options: *const c_char,
    options_length: usize,
    out: *const c_char,
    out_length: usize,
    progress: MaProgress,
    context: *mut c_void,
    summary: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(summary, error, || {
            let left = Path::new(text("left", left, left_length)?);
            let right = Path::new(text("right", right, right_length)?);
            let options = TableOptions::parse(text("options", options, options_length)?)?;
            let style = CsvStyle::of(options.lossless);
            let findings = Findings::create(Path::new(text("out", out, out_length)?))?.with_style(style);
            let tell = |now: Progress| tell(progress, context, now);
            let schema = options.schema()?;
            let found =
                reconcile_files(left, right, &options.keys, &schema, &options.options(&tell), findings)?;
            give_summary(&found)
        })
    }
}

/// Compares two tables given as streams of the Arrow C stream interface; both are consumed, also where
/// the call fails. `options` as for `ma_reconcile_files`. `*out` becomes a stream of what differs: the
/// key columns, then `kind`, `field`, `left_value`, `right_value`, `severity`, `reason`; the caller
/// releases it. `*summary` becomes a JSON object with the number of rows and of differences. No table
/// data is copied.
///
/// # Safety
/// `left` and `right` must each be null or a stream that was not released; `options` must point to
/// `options_length` bytes; `progress` must be null or callable with `context`; `out`, `summary` and
/// `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_reconcile(
    left: *mut FFI_ArrowArrayStream,
    right: *mut FFI_ArrowArrayStream,
    options: *const c_char,
    options_length: usize,
    progress: MaProgress,
    context: *mut c_void,
    out: *mut FFI_ArrowArrayStream,
    summary: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        // Before anything can fail: the streams are consumed in any case.
        let (left, right) = (take("left", left), take("right", right));
        guard(summary, error, move || {
            let (left, right) = (read("left", left?)?, read("right", right?)?);
            if out.is_null() {
                return Err(Error::invalid("argument out", "is null"));
            }
            let options = TableOptions::parse(text("options", options, options_length)?)?;
            let tell = |now: Progress| tell(progress, context, now);
            let mut batches: Vec<RecordBatch> = Vec::new();
            let mut keep = |batch: RecordBatch| {
                batches.push(batch);
                Ok(())
            };
            let schema = options.schema()?;
            let found =
                reconcile_tables(&left, &right, &options.keys, &schema, &options.options(&tell), &mut keep)?;
            let answer = give_summary(&found)?;
            let findings =
                RecordBatchIterator::new(batches.into_iter().map(Ok), findings_schema(&options.keys));
            out.write(FFI_ArrowArrayStream::new(Box::new(findings)));
            Ok(answer)
        })
    }
}

/// Moves a stream out of the caller's, which counts as released from then on.
///
/// # Safety
/// `stream` must be null or a stream that was not released.
unsafe fn take(name: &str, stream: *mut FFI_ArrowArrayStream) -> Result<FFI_ArrowArrayStream, Error> {
    if stream.is_null() {
        return Err(Error::invalid(format!("argument {name}"), "is null"));
    }
    // SAFETY: not null, and the caller vouches for the rest.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(stream) };
    if stream.release.is_none() {
        return Err(Error::invalid(format!("argument {name}"), "is a stream that was released"));
    }
    Ok(stream)
}

fn read(name: &str, stream: FFI_ArrowArrayStream) -> Result<MemorySnapshot, Error> {
    let unreadable = |e| Error::invalid(format!("argument {name}"), "cannot be read").with_source(e);
    let reader = ArrowArrayStreamReader::try_new(stream).map_err(unreadable)?;
    let schema = reader.schema();
    let mut batches = reader.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    // Nothing of them is shown: a slice without rows may begin behind the end of its buffers.
    batches.retain(|batch| batch.num_rows() > 0);
    batches.iter().try_for_each(|batch| check_foreign_batch(&format!("argument {name}"), batch))?;
    MemorySnapshot::new(name, schema, batches)
}

/// Calls the caller's function, where there is one.
///
/// # Safety
/// `progress` must be null or callable with `context`.
unsafe fn tell(progress: MaProgress, context: *mut c_void, now: Progress) -> ControlFlow<()> {
    let Some(progress) = progress else { return ControlFlow::Continue(()) };
    let stage = match now.stage {
        Stage::Left => MaStage::Left,
        Stage::Right => MaStage::Right,
        Stage::Fetch => MaStage::Fetch,
    };
    // SAFETY: as the caller vouches.
    let goes_on = unsafe { progress(context, stage, now.rows, now.of.unwrap_or(0)) };
    if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

fn give_summary(summary: &Summary) -> Result<*mut c_char, Error> {
    give_json(&archive::snapshots::summary_json(summary))
}
