//! Two tables compared by key: files or data frames in, findings out.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use archive::snapshots::{self, CsvStyle, reconcile_snapshots};
use archive_core::Error;
use archive_reconcile::Schema;
use archive_reconcile::tables::{
    self, MemorySnapshot, Options, Progress, Snapshot, Stage, Summary, findings_schema, reconcile_tables,
};
use pyo3::prelude::*;

use crate::archive::Archive;
use crate::capsule::Chunks;
use crate::errors::{detached, json, raise};
use crate::table::Table;

/// How often a caller is told how far the comparison is, and Ctrl-C is looked for.
const TELL: Duration = Duration::from_millis(100);

/// One side of a comparison.
enum Side {
    /// What [`snapshots::open_source`] opens.
    File(PathBuf),
    /// What the papers of an open archive say.
    Papers(Py<Archive>),
    Memory(MemorySnapshot),
}

impl Side {
    fn of(py: Python<'_>, name: &str, side: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(path) = side.extract::<PathBuf>() {
            return Ok(Self::File(path));
        }
        if let Ok(archive) = side.cast::<Archive>() {
            return Ok(Self::Papers(archive.clone().unbind()));
        }
        let chunks = Chunks::of(name, side)?;
        detached(py, || {
            let (schema, batches) = chunks.into_table(name)?;
            Ok(Self::Memory(MemorySnapshot::new(name, schema, batches)?))
        })
    }

    fn open(&self) -> Result<Box<dyn Snapshot + '_>, Error> {
        Ok(match self {
            Self::File(path) => match path.to_str() {
                Some(name) => snapshots::open_source(name)?,
                None => snapshots::open(path)?,
            },
            Self::Papers(archive) => Box::new(archive.get().facade().papers_table()?),
            Self::Memory(snapshot) => Box::new(snapshot.clone()),
        })
    }

    /// # Errors
    /// `InvalidInput` where findings in the file `out` cannot be those of this side.
    fn goes_with(&self, out: &Path) -> Result<(), Error> {
        match self {
            Self::File(path) => snapshots::refuse_overwriting(path, out),
            Self::Papers(_) => Ok(()),
            Self::Memory(_) => {
                Err(Error::invalid("argument out", "goes with two paths; tables in memory give a table"))
            }
        }
    }
}

/// Tells Python how far a comparison is, at most so often, and hears Ctrl-C.
struct Teller {
    callback: Option<Py<PyAny>>,
    last: Cell<Option<Instant>>,
    raised: RefCell<Option<PyErr>>,
}

impl Teller {
    fn tell(&self, progress: Progress) -> ControlFlow<()> {
        let now = Instant::now();
        if self.last.get().is_some_and(|last| now - last < TELL) {
            return ControlFlow::Continue(());
        }
        self.last.set(Some(now));
        let told = Python::attach(|py| {
            py.check_signals()?;
            let Some(callback) = &self.callback else { return Ok(()) };
            let stage = match progress.stage {
                Stage::Left => "left",
                Stage::Right => "right",
                Stage::Fetch => "fetch",
            };
            callback.call1(py, (stage, progress.rows, progress.of)).map(drop)
        });
        match told {
            Ok(()) => ControlFlow::Continue(()),
            Err(raised) => {
                *self.raised.borrow_mut() = Some(raised);
                ControlFlow::Break(())
            }
        }
    }
}

/// What a comparison uses beside its two tables.
struct Plan {
    keys: Vec<String>,
    schema: Schema,
    memory: Option<u64>,
    group_limit: Option<u64>,
}

impl Plan {
    fn run(
        &self,
        left: &Side,
        right: &Side,
        teller: &Teller,
        sink: Sink,
    ) -> Result<(Summary, Vec<arrow_array::RecordBatch>), Error> {
        let tell = |progress: Progress| teller.tell(progress);
        let options = Options { memory: self.memory, progress: Some(&tell), ..Options::default() };
        let options = Options { group_limit: self.group_limit.unwrap_or(options.group_limit), ..options };
        if let Sink::File(out) = &sink {
            left.goes_with(out.path())?;
            right.goes_with(out.path())?;
        }
        let (left, right) = (left.open()?, right.open()?);
        let (left, right) = (left.as_ref(), right.as_ref());
        match sink {
            Sink::File(out) => {
                let (keys, schema) = (&self.keys, &self.schema);
                let summary = reconcile_snapshots(left, right, keys, schema, &options, out, &mut |_| {})?;
                Ok((summary, Vec::new()))
            }
            Sink::Memory => {
                let mut found = Vec::new();
                let mut keep = |batch| {
                    found.push(batch);
                    Ok(())
                };
                let summary = reconcile_tables(left, right, &self.keys, &self.schema, &options, &mut keep)?;
                Ok((summary, found))
            }
        }
    }
}

/// Where findings go.
enum Sink {
    Memory,
    File(snapshots::Findings),
}

/// Compares two tables by key; gives the findings, unless they went to a file, and the summary as
/// JSON.
#[pyfunction]
#[pyo3(signature = (left, right, *, keys, schema=None, ignore=Vec::new(), memory=None, group_limit=None, out=None, lossless=false, progress=None))]
#[expect(clippy::too_many_arguments, reason = "Python's keyword arguments, each with its default")]
pub(crate) fn reconcile(
    py: Python<'_>,
    left: &Bound<'_, PyAny>,
    right: &Bound<'_, PyAny>,
    keys: Vec<String>,
    schema: Option<PathBuf>,
    ignore: Vec<String>,
    memory: Option<u64>,
    group_limit: Option<u64>,
    out: Option<PathBuf>,
    lossless: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Option<Table>, String)> {
    let schema = snapshots::open_schema(schema.as_deref()).map_err(raise)?.ignoring(ignore);
    let sink = match &out {
        Some(path) => {
            let style = CsvStyle::of(lossless);
            Sink::File(snapshots::Findings::create(path).map_err(raise)?.with_style(style))
        }
        None => Sink::Memory,
    };
    let (left, right) = (Side::of(py, "left", left)?, Side::of(py, "right", right)?);
    let plan = Plan { keys, schema, memory, group_limit };
    let teller = Teller { callback: progress, last: Cell::new(None), raised: RefCell::new(None) };
    // The teller goes into the detached call and comes back with what Python raised, if it did.
    let (result, teller) = detached(py, move || {
        let result = plan.run(&left, &right, &teller, sink);
        Ok((result.map(|found| (found, plan.keys)), teller))
    })?;
    if let Some(raised) = teller.raised.into_inner() {
        return Err(raised);
    }
    let ((summary, batches), keys) = result.map_err(raise)?;
    let table = out.is_none().then(|| Table::new(findings_schema(&keys), batches));
    Ok((table, json(&snapshots::summary_json(&summary))?))
}

/// The bucket of each row of a table of key columns, for Spark to bring the rows of one key together.
#[pyfunction]
pub(crate) fn key_buckets(py: Python<'_>, keys: &Bound<'_, PyAny>, buckets: u32) -> PyResult<Vec<u32>> {
    let chunks = Chunks::of("keys", keys)?;
    detached(py, || {
        let (_, batches) = chunks.into_table("keys")?;
        Ok(batches.iter().flat_map(|batch| tables::key_buckets(batch, buckets)).collect())
    })
}
