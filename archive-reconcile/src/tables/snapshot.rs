//! What is compared: a table that can be read twice.
//!
//! ```
//! use std::sync::Arc;
//! use archive_reconcile::tables::{MemorySnapshot, Snapshot};
//! use arrow_array::{ArrayRef, RecordBatch, StringArray};
//!
//! let numbers: ArrayRef = Arc::new(StringArray::from(vec!["0001", "0002", "0003"]));
//! let batch = RecordBatch::try_from_iter([("account_no", numbers)]).unwrap();
//! let snapshot = MemorySnapshot::new("papers", batch.schema(), vec![batch])?;
//! let third: Vec<_> = snapshot.fetch(&[0], &[2])?.collect::<Result<_, _>>()?;
//! assert_eq!(third[0].num_rows(), 1);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! The comparison reads every row once and remembers 24 bytes of each; the rows that differ are
//! fetched again. A source that changes between the two readings is noticed and refused.

use archive_core::Error;
use arrow_array::{RecordBatch, UInt64Array};
use arrow_schema::SchemaRef;
use arrow_select::take::take_record_batch;

/// Batches of a snapshot, in its order of rows.
pub type Batches<'a> = Box<dyn Iterator<Item = Result<RecordBatch, Error>> + Send + 'a>;

/// A table whose rows have one order, and that can be read more than once.
///
/// # Contract
/// - Every reading yields the same rows in the same order.
/// - A batch has the columns that were asked for, in the order in which they were asked for, each
///   with a type that renders as the schema's type does (text may come as a dictionary or as views).
/// - Errors name the snapshot and, where one is at fault, the column and the row.
pub trait Snapshot: Sync {
    /// What the snapshot is called in messages: a path, usually.
    fn name(&self) -> &str;

    /// Its columns.
    fn schema(&self) -> SchemaRef;

    /// How many rows it has, where that is known without reading them.
    fn row_count(&self) -> Option<u64>;

    /// Reads `columns`, positions in the schema, of all rows.
    ///
    /// # Errors
    /// What opening the source ends in; batches carry the errors of reading it.
    fn read(&self, columns: &[usize]) -> Result<Batches<'_>, Error>;

    /// Reads `columns` of the rows at the ascending positions `rows`.
    ///
    /// # Errors
    /// As [`Snapshot::read`].
    fn fetch<'a>(&'a self, columns: &[usize], rows: &'a [u64]) -> Result<Batches<'a>, Error>;

    /// What stands behind the cell of `field` in the row with this key, such as a paper and how surely it was
    /// read; it is added to the reason of a finding. The parts of a key come folded and in upper case.
    ///
    /// # Errors
    /// Those of looking it up.
    fn witness(&self, _key: &[&str], _field: &str) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

/// Picks the rows at the ascending positions `rows` out of all `batches`: a [`Snapshot::fetch`] for
/// sources that can only be read from the beginning.
#[must_use]
pub fn pick_rows<'a>(batches: Batches<'a>, rows: &'a [u64]) -> Batches<'a> {
    let (mut first, mut rest) = (0_u64, rows);
    let pick = move |batch: Result<RecordBatch, Error>| -> Option<Result<RecordBatch, Error>> {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error)),
        };
        let next = first + batch.num_rows() as u64;
        let (here, later) = rest.split_at(rest.partition_point(|row| *row < next));
        let positions = UInt64Array::from_iter_values(here.iter().map(|row| row - first));
        (first, rest) = (next, later);
        if here.is_empty() {
            return None;
        }
        let internal = |e| {
            Error::new(archive_core::ErrorKind::Internal, "a batch", "cannot be picked from").with_source(e)
        };
        Some(take_record_batch(&batch, &positions).map_err(internal))
    };
    Box::new(batches.filter_map(pick))
}

/// A snapshot in memory: batches that came from elsewhere (Python, Spark, a query).
#[derive(Debug, Clone)]
pub struct MemorySnapshot {
    name: String,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl MemorySnapshot {
    /// A snapshot of `batches`.
    ///
    /// # Errors
    /// `InvalidInput`, naming the batch, where one has other columns than `schema`.
    pub fn new(name: impl Into<String>, schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Self, Error> {
        let name = name.into();
        for (i, batch) in batches.iter().enumerate() {
            let fields = |s: &SchemaRef| -> Vec<_> {
                s.fields().iter().map(|f| (f.name().clone(), f.data_type().clone())).collect()
            };
            if fields(&batch.schema()) != fields(&schema) {
                let message =
                    format!("batch {i} has other columns than the first: give all batches one schema");
                return Err(Error::invalid(name, message));
            }
        }
        Ok(Self { name, schema, batches })
    }
}

impl Snapshot for MemorySnapshot {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn row_count(&self) -> Option<u64> {
        Some(self.batches.iter().map(|b| b.num_rows() as u64).sum())
    }

    fn read(&self, columns: &[usize]) -> Result<Batches<'_>, Error> {
        let columns = columns.to_vec();
        let project = move |batch: &RecordBatch| {
            batch
                .project(&columns)
                .map_err(|e| Error::invalid(&self.name, "has no such column").with_source(e))
        };
        Ok(Box::new(self.batches.iter().map(project)))
    }

    fn fetch<'a>(&'a self, columns: &[usize], rows: &'a [u64]) -> Result<Batches<'a>, Error> {
        Ok(pick_rows(self.read(columns)?, rows))
    }
}
