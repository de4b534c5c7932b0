//! The papers of an archive as a snapshot: a row for each customer, a column for each field.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;

use archive_core::{Error, ErrorKind};
use archive_reconcile::tables::{Batches, MemorySnapshot, Snapshot};
use archive_store::Search;
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::Archive;

/// What the filed papers of an archive say, and for each cell which paper says it.
#[derive(Debug)]
pub struct PapersTable<A> {
    archive: A,
    table: MemorySnapshot,
}

impl<A: Borrow<Archive> + Sync> PapersTable<A> {
    /// The table of `archive`: the column `account_no` and one for each other field of the schema of
    /// comparison. Of several papers with a field, the first speaks; that they contradict each other is told by
    /// [`Archive::reconcile`].
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn of(archive: A) -> Result<Self, Error> {
        let table = archive.borrow().papers_batch()?;
        Ok(Self { archive, table })
    }
}

impl<A: Borrow<Archive> + Sync> Snapshot for PapersTable<A> {
    fn name(&self) -> &str {
        self.table.name()
    }

    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn row_count(&self) -> Option<u64> {
        self.table.row_count()
    }

    fn read(&self, columns: &[usize]) -> Result<Batches<'_>, Error> {
        self.table.read(columns)
    }

    fn fetch<'a>(&'a self, columns: &[usize], rows: &'a [u64]) -> Result<Batches<'a>, Error> {
        self.table.fetch(columns, rows)
    }

    /// The paper that the table's value is from, and how surely it was read.
    fn witness(&self, key: &[&str], field: &str) -> Result<Option<String>, Error> {
        let [customer] = key else { return Ok(None) };
        let (Ok(customer), Ok(field)) = (customer.parse(), field.parse()) else { return Ok(None) };
        let documents = self.archive.borrow().documents_of(&customer)?.unwrap_or_default();
        let read = documents.iter().find_map(|document| Some((document, document.fields.get(&field)?)));
        Ok(read.map(|(document, read)| {
            let (name, page, confidence) = (&document.name, read.page + 1, read.confidence.get());
            let against = read.evidence.map_or(String::new(), |nats| format!(", {nats:+.1} nats at filing"));
            format!("{name} page {page}, read with confidence {confidence:.3}{against}")
        }))
    }
}

impl Archive {
    /// What the filed papers say, as a table to compare with.
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn papers_table(&self) -> Result<PapersTable<&Self>, Error> {
        PapersTable::of(self)
    }

    fn papers_batch(&self) -> Result<MemorySnapshot, Error> {
        let all = Search::all();
        let customers: BTreeSet<_> =
            self.catalogue().search(&all)?.into_iter().map(|filed| filed.customer).collect();
        let fields: Vec<_> = self
            .schema()
            .fields()
            .map(|f| f.name.clone())
            .filter(|name| name.as_str() != "account_no")
            .collect();
        let mut number = StringBuilder::new();
        let mut columns: Vec<_> = fields.iter().map(|_| StringBuilder::new()).collect();
        for customer in customers {
            let Some(papers) = self.papers_of(&customer)? else { continue };
            number.append_value(customer.as_str());
            for (column, field) in columns.iter_mut().zip(&fields) {
                let value = papers.iter().filter(|p| p.field == *field).find_map(|p| p.value.as_deref());
                column.append_option(value);
            }
        }
        let mut arrays = vec![Arc::new(number.finish()) as ArrayRef];
        arrays.extend(columns.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        let mut schema = vec![Field::new("account_no", DataType::Utf8, false)];
        schema.extend(fields.iter().map(|name| Field::new(name.as_str(), DataType::Utf8, true)));
        let schema = Arc::new(Schema::new(schema));
        let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(|e| {
            Error::new(ErrorKind::Internal, "papers", "cannot be put in a table").with_source(e)
        })?;
        MemorySnapshot::new("papers of the archive", schema, vec![batch])
    }
}
