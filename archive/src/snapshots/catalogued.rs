//! The papers of an archive as a snapshot: a row for each customer, a column for each field.

use std::collections::BTreeSet;
use std::sync::Arc;

use archive_core::{Error, ErrorKind};
use archive_reconcile::tables::MemorySnapshot;
use archive_store::Search;
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

use crate::Archive;

impl Archive {
    /// What the filed papers say, as a table with the column `account_no` and one for each other field of
    /// the schema of comparison. Of several papers with a field, the first speaks; that they contradict
    /// each other is told by [`Archive::reconcile`].
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn papers_table(&self) -> Result<MemorySnapshot, Error> {
        let all = Search { limit: i32::MAX as usize, ..Search::words("") };
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
