//! A Parquet file as a snapshot.
//!
//! Columns that a dictionary was written for are read as that dictionary and indices, row group by
//! row group, so that each of its values is decoded and looked at once; the others by the reader of
//! the crate `parquet`.

mod dictionary;
mod hybrid;

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use archive_core::{Error, ErrorKind};
use archive_reconcile::tables::{Batches, Snapshot};
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    RowSelection, RowSelectionPolicy,
};

use self::dictionary::DictionaryChunk;
use super::BATCH_ROWS;
use super::read_ahead::read_ahead;

#[derive(Clone)]
pub(super) struct ParquetFile {
    path: PathBuf,
    name: String,
    /// Text is read as views, which don't copy.
    metadata: ArrowReaderMetadata,
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
        let fields: Vec<_> = schema.fields().iter().map(|f| with_views(f)).collect();
        let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
        // Where the reader does not know views, it reads the plain types.
        let metadata = ArrowReaderMetadata::try_new(plain.metadata().clone(), options).unwrap_or(plain);
        Ok(Self { path: path.to_owned(), name, metadata, schema })
    }

    /// Reads `columns` of the rows of the row group `group` that `rows` picks, all without it.
    fn group(
        &self,
        file: &Arc<File>,
        group: usize,
        columns: &[usize],
        rows: Option<Vec<usize>>,
    ) -> Result<Group, Failure> {
        let metadata = self.metadata.metadata();
        let chunks = metadata.row_group(group);
        let total = usize::try_from(chunks.num_rows())?;
        // In a flat schema, the leaves are the columns.
        let leaves = metadata.file_metadata().schema_descr();
        let is_flat = leaves.num_columns() == leaves.root_schema().get_fields().len();
        let is_dictionary = |column: usize| {
            is_flat && dictionary::is_readable(chunks.column(column), self.schema.field(column))
        };
        let mut sorted: Vec<usize> = columns.iter().copied().filter(|c| !is_dictionary(*c)).collect();
        sorted.sort_unstable();
        let column = |c: &usize| -> Result<Column, Failure> {
            Ok(match sorted.binary_search(c) {
                Ok(position) => Column::Plain(position),
                Err(_) => {
                    let field = self.schema.field(*c);
                    Column::Dictionary(Box::new(DictionaryChunk::open(
                        file.clone(),
                        chunks.column(*c),
                        field,
                        total,
                    )?))
                }
            })
        };
        let columns_of_group = columns.iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let field = |(i, column): (&usize, &Column)| match column {
            Column::Plain(_) => self.metadata.schema().field(*i).clone(),
            Column::Dictionary(chunk) => {
                let field = self.schema.field(*i);
                Field::new(field.name(), chunk.data_type(), field.is_nullable())
            }
        };
        let schema =
            Arc::new(Schema::new(columns.iter().zip(&columns_of_group).map(field).collect::<Vec<_>>()));
        let left = rows.as_ref().map_or(total, Vec::len);
        let plain = if sorted.is_empty() {
            None
        } else {
            let mask = ProjectionMask::roots(leaves, sorted.iter().copied());
            let mut builder =
                ParquetRecordBatchReaderBuilder::new_with_metadata(file.try_clone()?, self.metadata.clone())
                    .with_row_groups(vec![group])
                    .with_projection(mask)
                    .with_batch_size(BATCH_ROWS);
            if let Some(rows) = &rows {
                // Skipping what lies between single rows is cheaper than decoding it, up to a point.
                if rows.len() < total / 8 {
                    builder = builder.with_row_selection_policy(RowSelectionPolicy::Selectors);
                }
                builder =
                    builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges(rows), total));
            }
            Some(builder.build()?)
        };
        Ok(Group { schema, plain, columns: columns_of_group, rows, done: 0, left })
    }

    /// Reads `columns` of each row group with the rows that are wanted of it.
    fn groups(
        &self,
        columns: &[usize],
        wanted: Vec<(usize, Option<Vec<usize>>)>,
    ) -> Result<Batches<'static>, Error> {
        let file = Arc::new(File::open(&self.path).map_err(|e| Error::io(&self.path, "open the table", e))?);
        let columns = columns.to_vec();
        // All parts are shared, so that a clone costs next to nothing.
        let table = self.clone();
        let (mut wanted, mut group, mut done) = (wanted.into_iter(), None::<Group>, 0);
        let mut next = move |table: &Self| -> Result<Option<RecordBatch>, Failure> {
            loop {
                if let Some(open) = &mut group
                    && let Some(batch) = open.next()?
                {
                    return Ok(Some(batch));
                }
                let Some((number, rows)) = wanted.next() else { return Ok(None) };
                group = Some(table.group(&file, number, &columns, rows)?);
            }
        };
        let mut failed = false;
        let batches = std::iter::from_fn(move || {
            if failed {
                return None;
            }
            let batch = next(&table).transpose()?;
            failed = batch.is_err();
            done += batch.as_ref().map_or(0, RecordBatch::num_rows);
            Some(batch.map_err(|e| table.damaged(done).with_source(e)))
        });
        Ok(read_ahead(Box::new(batches)))
    }

    fn damaged(&self, rows: usize) -> Error {
        let message = format!("is damaged after {rows} rows that were read: copy it again");
        Error::new(ErrorKind::Corrupt, &self.name, message)
    }

    fn group_rows(&self) -> impl Iterator<Item = usize> + Send + '_ {
        let groups = self.metadata.metadata().row_groups();
        groups.iter().map(|group| usize::try_from(group.num_rows()).unwrap_or(0))
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A row group that is being read.
struct Group {
    schema: SchemaRef,
    /// The columns that are no dictionaries, in the file's order.
    plain: Option<ParquetRecordBatchReader>,
    /// The columns in the order in which they were asked for.
    columns: Vec<Column>,
    rows: Option<Vec<usize>>,
    done: usize,
    left: usize,
}

enum Column {
    /// The column at this position of the plain reader's batches.
    Plain(usize),
    Dictionary(Box<DictionaryChunk>),
}

impl Group {
    fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        if self.left == 0 {
            return Ok(None);
        }
        let plain = match &mut self.plain {
            Some(reader) => Some(reader.next().ok_or("a row group has fewer rows than it states")??),
            None => None,
        };
        let count = plain.as_ref().map_or(BATCH_ROWS.min(self.left), RecordBatch::num_rows);
        if count == 0 || count > self.left {
            return Err("a row group has more rows than it states".into());
        }
        let arrays = self.columns.iter_mut().map(|column| match (column, &plain, &self.rows) {
            (Column::Plain(position), Some(batch), _) => Ok(batch.column(*position).clone()),
            (Column::Plain(_), None, _) => Err("a column was not read".into()),
            (Column::Dictionary(chunk), _, None) => chunk.read(count),
            (Column::Dictionary(chunk), _, Some(rows)) => chunk.pick(&rows[self.done..self.done + count]),
        });
        let batch = RecordBatch::try_new(self.schema.clone(), arrays.collect::<Result<_, Failure>>()?)?;
        self.done += count;
        self.left -= count;
        Ok(Some(batch))
    }
}

fn with_views(field: &Field) -> Field {
    match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => {
            Field::new(field.name(), DataType::Utf8View, field.is_nullable())
        }
        _ => field.clone(),
    }
}

/// Neighbouring rows as ranges.
fn ranges(rows: &[usize]) -> impl Iterator<Item = Range<usize>> + '_ {
    // A chunk has an element.
    rows.chunk_by(|a, b| a + 1 == *b).map(|run| run[0]..run[run.len() - 1] + 1)
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
        let wanted = self.group_rows().enumerate().filter(|(_, rows)| *rows > 0);
        self.groups(columns, wanted.map(|(group, _)| (group, None)).collect())
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
        let (mut first, mut rest) = (0, rows);
        let wanted = self.group_rows().enumerate().filter_map(move |(group, count)| {
            let next = first + count as u64;
            let (here, later) = rest.split_at(rest.partition_point(|row| *row < next));
            // Row numbers of a row group fit a usize, as their count does.
            let here: Vec<usize> = here.iter().map(|row| (row - first) as usize).collect();
            (first, rest) = (next, later);
            (!here.is_empty()).then_some((group, Some(here)))
        });
        self.groups(columns, wanted.collect())
    }
}
