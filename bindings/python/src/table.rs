//! Tables and columns that Python gets: Arrow data that any data frame takes without a copy.

use archive_core::Error;
use archive_core::identifier::quoted;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use crate::capsule::{Chunks, to_array, to_stream};
use crate::columns::Cells;
use crate::errors::{detached, raise};

/// A table of Arrow data.
#[pyclass(frozen, module = "marketing_archive._native")]
pub(crate) struct Table {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Table {
    pub(crate) fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches }
    }
}

#[pymethods]
impl Table {
    /// Takes a table of another library, without a copy.
    #[new]
    fn take(py: Python<'_>, table: &Bound<'_, PyAny>) -> PyResult<Self> {
        let chunks = Chunks::of("table", table)?;
        let (schema, batches) = detached(py, || chunks.into_table("table"))?;
        Ok(Self { schema, batches })
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A wish that the interface lets one decline.
        let _ = requested_schema;
        to_stream(py, self.schema.clone(), self.batches.clone())
    }

    fn __len__(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    fn column_names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// At most `limit` cells of a column from row `start` on, as text.
    fn texts(&self, column: &str, start: usize, limit: usize) -> PyResult<Vec<Option<String>>> {
        let at = self.schema.index_of(column).map_err(|_| {
            let names = self.column_names().join(", ");
            raise(Error::new(
                archive_core::ErrorKind::NotFound,
                format!("column {}", quoted(column)),
                format!("is none of {names}"),
            ))
        })?;
        let (mut texts, mut skip) = (Vec::new(), start);
        for batch in &self.batches {
            let array = batch.column(at);
            let cells = Cells::of(column, array).map_err(raise)?;
            for row in skip.min(array.len())..array.len() {
                if texts.len() == limit {
                    return Ok(texts);
                }
                let cell = cells.get(row);
                texts.push((cell != crate::columns::Cell::Absent).then(|| cell.to_string()));
            }
            skip = skip.saturating_sub(array.len());
        }
        Ok(texts)
    }
}

/// A column of Arrow data.
#[pyclass(frozen, module = "marketing_archive._native")]
pub(crate) struct Column {
    array: ArrayRef,
}

impl Column {
    pub(crate) fn new(array: ArrayRef) -> Self {
        Self { array }
    }
}

#[pymethods]
impl Column {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let _ = requested_schema;
        to_array(py, self.array.as_ref())
    }

    fn __len__(&self) -> usize {
        self.array.len()
    }

    /// At most `limit` cells from row `start` on, as text.
    fn texts(&self, start: usize, limit: usize) -> PyResult<Vec<Option<String>>> {
        let cells = Cells::of("column", &self.array).map_err(raise)?;
        let rows = start.min(self.array.len())..self.array.len();
        Ok(rows
            .take(limit)
            .map(|row| cells.get(row))
            .map(|cell| (cell != crate::columns::Cell::Absent).then(|| cell.to_string()))
            .collect())
    }
}
