//! A Parquet file as a snapshot.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use archive_core::{Error, ErrorKind};
use archive_reconcile::tables::{Batches, Snapshot};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
    RowSelectionPolicy,
};
use parquet::basic::Encoding;
use parquet::file::metadata::ParquetMetaData;

use super::BATCH_ROWS;

pub(super) struct ParquetFile {
    path: PathBuf,
    name: String,
    /// For all rows: text as dictionaries where the file has them.
    metadata: ArrowReaderMetadata,
    /// For a few rows: a batch of them spans several dictionaries, which would have to be merged.
    sparse: ArrowReaderMetadata,
    schema: SchemaRef,
}

impl ParquetFile {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|e| Error::io(path, "open the table", e))?;
        let damaged = |e| {
            Error::new(
                ErrorKind::Corrupt,
                &name,
                "is no whole Parquet file: it was cut off or damaged; copy it again",
            )
            .with_source(e)
        };
        let plain = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(damaged)?;
        let schema = plain.schema().clone();
        let as_read = |dictionaries: bool| {
            let field =
                |(i, f): (usize, &Arc<Field>)| Arc::new(cheapest(f, i, plain.metadata(), dictionaries));
            let fields: Vec<_> = schema.fields().iter().enumerate().map(field).collect();
            let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
            // Where the reader does not know the cheaper types, it reads the plain ones.
            ArrowReaderMetadata::try_new(plain.metadata().clone(), options).unwrap_or_else(|_| plain.clone())
        };
        let (metadata, sparse) = (as_read(true), as_read(false));
        Ok(Self { path: path.to_owned(), name, metadata, sparse, schema })
    }

    fn batches(&self, columns: &[usize], rows: Option<RowSelection>) -> Result<Batches<'_>, Error> {
        let file = File::open(&self.path).map_err(|e| Error::io(&self.path, "open the table", e))?;
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), columns.iter().copied());
        let metadata = if rows.is_some() { &self.sparse } else { &self.metadata };
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS);
        if let Some(rows) = rows {
            // Skipping what lies between single rows is cheaper than decoding it, up to a point.
            let all = usize::try_from(self.row_count().unwrap_or(0)).unwrap_or(usize::MAX);
            if rows.row_count() < all / 8 {
                builder = builder.with_row_selection_policy(RowSelectionPolicy::Selectors);
            }
            builder = builder.with_row_selection(rows);
        }
        let reader = builder.build().map_err(|e| self.damaged(0).with_source(e))?;
        // The reader yields columns in the file's order; the caller asked for another.
        let mut sorted = columns.to_vec();
        sorted.sort_unstable();
        let order: Vec<usize> =
            columns.iter().map(|c| sorted.binary_search(c).expect("sorted holds each of columns")).collect();
        let mut done = 0;
        Ok(Box::new(reader.map(move |batch| {
            let batch =
                batch.and_then(|b| b.project(&order)).map_err(|e| self.damaged(done).with_source(e))?;
            done += batch.num_rows();
            Ok(batch)
        })))
    }

    fn damaged(&self, rows: usize) -> Error {
        let message = format!("is damaged after {rows} rows that were read: copy it again");
        Error::new(ErrorKind::Corrupt, &self.name, message)
    }
}

/// The type that text is cheapest to read as: as a dictionary where the file holds one and nothing
/// else, so that each of its values is looked at once; else as views, which don't copy.
fn cheapest(field: &Field, column: usize, metadata: &ParquetMetaData, dictionaries: bool) -> Field {
    if !matches!(field.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        return field.clone();
    }
    // A flat schema's leaves are its columns; in a nested one, text is read as it is.
    let leaves = metadata.file_metadata().schema_descr();
    if leaves.num_columns() != leaves.root_schema().get_fields().len() {
        return field.clone();
    }
    let dictionaries_only = dictionaries
        && metadata.row_groups().iter().all(|group| {
            let chunk = group.column(column);
            let only = |mask: &parquet::basic::EncodingMask| {
                mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
            };
            chunk.page_encoding_stats_mask().is_some_and(only)
        });
    let data_type = if dictionaries_only && metadata.num_row_groups() > 0 {
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
    } else {
        DataType::Utf8View
    };
    Field::new(field.name(), data_type, field.is_nullable())
}

/// Neighbouring rows as ranges.
fn ranges(rows: &[u64]) -> impl Iterator<Item = Range<usize>> + '_ {
    rows.chunk_by(|a, b| a + 1 == *b).map(|run| {
        // A chunk has an element; row numbers of a file in memory fit a usize.
        run[0] as usize..run[run.len() - 1] as usize + 1
    })
}

impl Snapshot for ParquetFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn row_count(&self) -> Option<u64> {
        u64::try_from(self.metadata.metadata().file_metadata().num_rows()).ok()
    }

    fn read(&self, columns: &[usize]) -> Result<Batches<'_>, Error> {
        self.batches(columns, None)
    }

    fn fetch<'a>(&'a self, columns: &[usize], rows: &'a [u64]) -> Result<Batches<'a>, Error> {
        let total = usize::try_from(self.row_count().unwrap_or(0)).unwrap_or(usize::MAX);
        if rows.last().is_some_and(|last| *last >= total as u64) {
            return Err(Error::new(
                ErrorKind::NotFound,
                &self.name,
                format!("has {total} rows, fewer than asked for"),
            ));
        }
        self.batches(columns, Some(RowSelection::from_consecutive_ranges(ranges(rows), total)))
    }
}
