//! What differs between two tables, as a table.

use std::sync::Arc;

use archive_core::{Error, ErrorKind};
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema, SchemaRef};

use crate::schema::Severity;

/// In what way two tables differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// The key stands on the right only.
    MissingLeft,
    /// The key stands on the left only.
    MissingRight,
    /// The key stands more than once on a side; the values are the numbers of rows.
    Duplicate,
    /// One field of two paired rows differs.
    Mismatch,
}

impl Difference {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::MissingLeft, Self::MissingRight, Self::Duplicate, Self::Mismatch];

    /// The one with this name in the column `kind`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The name in the column `kind`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingLeft => "missing_left",
            Self::MissingRight => "missing_right",
            Self::Duplicate => "duplicate",
            Self::Mismatch => "mismatch",
        }
    }
}

impl Severity {
    /// The one with this name in the column `severity`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Minor, Self::Major, Self::Critical].into_iter().find(|severity| severity.as_str() == name)
    }

    /// The name in the column `severity`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// The columns of findings: the keys, then `kind`, `field`, `left_value`, `right_value`,
/// `severity` and `reason`, all text; keys, field and values may be null.
#[must_use]
pub fn findings_schema(keys: &[String]) -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let mut fields: Vec<Field> = keys.iter().map(|k| text(k, true)).collect();
    fields.push(text("kind", false));
    fields.extend(["field", "left_value", "right_value"].map(|name| text(name, true)));
    fields.extend(["severity", "reason"].map(|name| text(name, false)));
    Arc::new(ArrowSchema::new(fields))
}

/// One finding, borrowed from what it was found in.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) kind: Difference,
    pub(crate) field: Option<&'a str>,
    pub(crate) left: Option<&'a str>,
    pub(crate) right: Option<&'a str>,
    pub(crate) severity: Severity,
    pub(crate) reason: &'a str,
}

/// How many findings a batch has at most.
const BATCH: usize = 16_384;

/// Gathers findings into batches and hands them on.
pub(crate) struct Findings<'s> {
    schema: SchemaRef,
    columns: Vec<StringBuilder>,
    rows: usize,
    sink: &'s mut dyn FnMut(RecordBatch) -> Result<(), Error>,
}

impl<'s> Findings<'s> {
    pub(crate) fn new(keys: &[String], sink: &'s mut dyn FnMut(RecordBatch) -> Result<(), Error>) -> Self {
        let schema = findings_schema(keys);
        let columns = schema.fields().iter().map(|_| StringBuilder::new()).collect();
        Self { schema, columns, rows: 0, sink }
    }

    pub(crate) fn push<'k>(
        &mut self,
        keys: impl Iterator<Item = Option<&'k str>>,
        row: &Row<'k>,
    ) -> Result<(), Error> {
        let rest = [
            Some(row.kind.as_str()),
            row.field,
            row.left,
            row.right,
            Some(row.severity.as_str()),
            Some(row.reason),
        ];
        for (column, value) in self.columns.iter_mut().zip(keys.chain(rest)) {
            column.append_option(value);
        }
        self.rows += 1;
        if self.rows == BATCH { self.flush() } else { Ok(()) }
    }

    /// Hands on what is gathered.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let columns = self.columns.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(|e| {
            Error::new(ErrorKind::Internal, "findings", "cannot be put in a batch").with_source(e)
        })?;
        (self.sink)(batch)
    }
}
