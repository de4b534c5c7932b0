//! The whole catalogue as Parquet files, for analysts and for another backend.
//!
//! ```
//! use archive::catalogue_files;
//! use archive_store::{Catalogue, MemoryCatalogue};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let out = folder.path().join("holdings");
//! let (from, to) = (MemoryCatalogue::new()?, MemoryCatalogue::new()?);
//! let written = catalogue_files::export(&from, &out)?;
//! assert_eq!(catalogue_files::import(&to, &out)?, written);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A directory with a file for each table (`file.parquet`, `document.parquet`, …; see
//! [`archive_store::tables::TABLES`]) and `manifest.json`, which holds the number of rows and the SHA-256 of
//! each file and the checkpoint of the evidence log. It stands at its path only once it is whole.
//!
//! What is imported is checked three times: each file against its digest, each row by the catalogue's own
//! rules, and the whole by the audit, with the log made anew.
//!
//! Limits: content (scans) is not part of it. Values that are sealed stay so.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use archive_core::record::Digest;
use archive_core::{Error, ErrorKind, data_file};
use archive_store::tables::{Column, ColumnKind, Part, Rows, TABLES, Table, Values};
use archive_store::{Catalogue, Checkpoint};
use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{Array as _, ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

const MANIFEST: &str = "manifest.json";
const FORMAT: &str = "archive catalogue 1";
/// How many parts wait between reading and writing.
const WAITING: usize = 4;
/// How many rows are read from a file at a time.
const BATCH_ROWS: usize = 4096;

/// What an export holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    /// The evidence log's state.
    pub checkpoint: Checkpoint,
    /// What each table's file holds.
    pub tables: BTreeMap<String, TableFile>,
}

/// What a table's file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// How many rows.
    pub rows: u64,
    /// The SHA-256 of the file.
    pub sha256: Digest,
}

fn data_type(column: &Column) -> DataType {
    match column.kind {
        ColumnKind::Int => DataType::Int64,
        ColumnKind::Text => DataType::Utf8,
        ColumnKind::Bytes => DataType::Binary,
    }
}

fn schema_of(table: &Table) -> SchemaRef {
    let fields = table.columns.iter().map(|c| Field::new(c.name, data_type(c), c.nullable));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn file_name(table: &str) -> String {
    format!("{table}.parquet")
}

fn array(values: Values) -> ArrayRef {
    match values {
        Values::Int(values) => Arc::new(Int64Array::from(values)),
        Values::Text(values) => {
            let mut builder = StringBuilder::new();
            values.into_iter().for_each(|value| builder.append_option(value));
            Arc::new(builder.finish())
        }
        Values::Bytes(values) => {
            let mut builder = BinaryBuilder::new();
            values.into_iter().for_each(|value| builder.append_option(value));
            Arc::new(builder.finish())
        }
    }
}

fn values(column: &ArrayRef) -> Values {
    match column.data_type() {
        DataType::Int64 => Values::Int(column.as_primitive::<Int64Type>().iter().collect()),
        DataType::Binary => {
            Values::Bytes(column.as_binary::<i32>().iter().map(|v| v.map(<[u8]>::to_vec)).collect())
        }
        // The schema was compared with the table's before.
        _ => Values::Text(column.as_string::<i32>().iter().map(|v| v.map(str::to_owned)).collect()),
    }
}

fn digest_of(path: &Path) -> Result<Digest, Error> {
    let fault = |e| Error::io(path, "read the table", e);
    let mut file = File::open(path).map_err(fault)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer).map_err(fault)?;
        if read == 0 {
            return Ok(Digest(hash.finalize().into()));
        }
        hash.update(&buffer[..read]);
    }
}

/// Writes the whole of `catalogue` to the new directory `to`.
///
/// # Errors
/// `Conflict` where something is at `to`; those of reading the catalogue and writing the files, and then
/// nothing is left there.
pub fn export(catalogue: &dyn Catalogue, to: &Path) -> Result<Manifest, Error> {
    if to.exists() {
        let message = "is there already: name a new directory";
        return Err(Error::new(ErrorKind::Conflict, to.display().to_string(), message));
    }
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    // What an export that was cut short left is worth nothing.
    let _ = std::fs::remove_dir_all(&part);
    std::fs::create_dir(&part).map_err(|e| Error::io(&part, "make the directory", e))?;
    let written = write_all(catalogue, &part).and_then(|manifest| {
        let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::rename(&part, to)
            .and_then(|()| File::open(parent)?.sync_all())
            .map_err(|e| Error::io(to, "write the export", e))?;
        Ok(manifest)
    });
    if written.is_err() {
        let _ = std::fs::remove_dir_all(&part);
    }
    written
}

fn write_all(catalogue: &dyn Catalogue, directory: &Path) -> Result<Manifest, Error> {
    let (sender, received) = sync_channel(WAITING);
    let written = std::thread::scope(|scope| {
        let sent = scope.spawn(|| catalogue.export(sender));
        let written = write_tables(directory, received);
        let sent = sent.join().unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Internal, "the export of the catalogue", "panicked: report it"))
        });
        // Where the disk is full, the catalogue only sees that nobody takes its rows.
        let written = written?;
        sent.map(|()| written)
    })?;
    let (rows, checkpoint) = written;
    let mut tables = BTreeMap::new();
    for (table, rows) in TABLES.iter().zip(rows) {
        let sha256 = digest_of(&directory.join(file_name(table.name)))?;
        tables.insert(table.name.to_owned(), TableFile { rows, sha256 });
    }
    let manifest = Manifest { format: FORMAT.into(), checkpoint, tables };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|e| {
        Error::new(ErrorKind::Internal, MANIFEST, "cannot be written: report it").with_source(e)
    })?;
    let path = directory.join(MANIFEST);
    crate::content::write_whole(&path, &text).map_err(|e| Error::io(&path, "write the manifest", e))?;
    Ok(manifest)
}

/// A table's file that is being written.
struct TableWriter {
    path: PathBuf,
    writer: ArrowWriter<File>,
}

impl TableWriter {
    fn begin(directory: &Path, table: &Table) -> Result<Self, Error> {
        let path = directory.join(file_name(table.name));
        let file = File::create(&path).map_err(|e| Error::io(&path, "write the table", e))?;
        let compression = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(compression).build();
        let writer = ArrowWriter::try_new(file, schema_of(table), Some(properties));
        let writer = writer.map_err(|e| cannot_write(&path, e))?;
        Ok(Self { path, writer })
    }

    fn write(&mut self, rows: Rows) -> Result<(), Error> {
        let schema = schema_of(rows.table);
        let batch = RecordBatch::try_new(schema, rows.columns.into_iter().map(array).collect())
            .map_err(|e| cannot_write(&self.path, e))?;
        self.writer.write(&batch).map_err(|e| cannot_write(&self.path, e))
    }

    fn finish(self) -> Result<(), Error> {
        let file = self.writer.into_inner().map_err(|e| cannot_write(&self.path, e))?;
        file.sync_all().map_err(|e| Error::io(&self.path, "write the table", e))
    }
}

fn cannot_write(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = "cannot be written: make room, then export again";
    Error::new(ErrorKind::Unavailable, path.display().to_string(), message).with_source(error)
}

/// Writes all that comes; gives the rows of each table, and the state of the log that they hold.
fn write_tables(directory: &Path, received: Receiver<Rows>) -> Result<(Vec<u64>, Checkpoint), Error> {
    let (mut counts, mut head) = (Vec::new(), None);
    let mut received = received.into_iter().peekable();
    for table in TABLES {
        let (mut writer, mut count) = (TableWriter::begin(directory, table)?, 0);
        while let Some(rows) = received.next_if(|rows| rows.table == table) {
            count += rows.len() as u64;
            if table.name == "log_head" {
                head = Some(rows.clone());
            }
            writer.write(rows)?;
        }
        writer.finish()?;
        counts.push(count);
    }
    Ok((counts, checkpoint_of(head.as_ref())?))
}

/// The checkpoint in the row of `log_head`.
fn checkpoint_of(head: Option<&Rows>) -> Result<Checkpoint, Error> {
    let read = || match head?.columns.as_slice() {
        [_, Values::Int(size), Values::Bytes(frontier)] => {
            let (size, frontier) = (u64::try_from((*size.first()?)?).ok()?, frontier.first()?.as_ref()?);
            archive_store::merkle::Frontier::from_bytes(size, frontier)
        }
        _ => None,
    };
    let tree = read()
        .ok_or_else(|| Error::new(ErrorKind::Corrupt, "the evidence log", "has no head: restore a backup"))?;
    Ok(Checkpoint { size: tree.size(), root: tree.root() })
}

/// Reads the export in the directory `from` into `catalogue`, which is empty: all of it or nothing.
///
/// # Errors
/// `NotFound` where there is none; `InvalidInput` where it is none of this program's, or a table has other
/// columns; `Corrupt` where a file is not what was written or the audit finds a break; those of
/// [`Catalogue::import`].
pub fn import(catalogue: &dyn Catalogue, from: &Path) -> Result<Manifest, Error> {
    let manifest = read_manifest(&from.join(MANIFEST))?;
    for table in TABLES {
        let path = from.join(file_name(table.name));
        // Read once to compare and once to import: a file that was changed does not begin to be imported.
        let found = digest_of(&path)?;
        let known = manifest.tables.get(table.name);
        if known.is_none_or(|known| known.sha256 != found) {
            let message = "is not what the manifest says: copy the export again";
            return Err(Error::new(ErrorKind::Corrupt, path.display().to_string(), message));
        }
    }
    let (sender, parts) = sync_channel(WAITING);
    std::thread::scope(|scope| {
        let read = scope.spawn(|| read_tables(from, &manifest, sender));
        let imported = catalogue.import(parts);
        let read = read.join().unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Internal, "the import of a catalogue", "panicked: report it"))
        });
        // A file that cannot be read is why the rows ended; a row that is refused is why nobody took more.
        match (read, imported) {
            (Ok(true), imported) => imported,
            (Ok(false), Ok(())) => Err(Error::new(
                ErrorKind::Internal,
                "the import of a catalogue",
                "ended before its files did: report it",
            )),
            (Ok(false), imported) => imported,
            (Err(error), _) => Err(error),
        }
    })?;
    Ok(manifest)
}

fn read_manifest(path: &Path) -> Result<Manifest, Error> {
    let object = || path.display().to_string();
    let manifest: Manifest = serde_json::from_str(&data_file::read(path)?)
        .map_err(|e| Error::invalid(object(), "is no manifest of an exported catalogue").with_source(e))?;
    let ours = TABLES.iter().all(|table| manifest.tables.contains_key(table.name));
    if manifest.format != FORMAT || !ours || manifest.tables.len() != TABLES.len() {
        let message = "is of another version than this program's: use the program that wrote it";
        return Err(Error::new(ErrorKind::Unsupported, object(), message));
    }
    Ok(manifest)
}

/// Sends all rows; whether somebody took them to the end.
fn read_tables(from: &Path, manifest: &Manifest, to: SyncSender<Part>) -> Result<bool, Error> {
    for table in TABLES {
        let path = from.join(file_name(table.name));
        let damaged = |message: &str| Error::new(ErrorKind::Corrupt, path.display().to_string(), message);
        let file = File::open(&path).map_err(|e| Error::io(&path, "open the table", e))?;
        let no_parquet = |e| damaged("is no whole Parquet file: copy the export again").with_source(e);
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(no_parquet)?;
        let fields = builder.schema().fields();
        let same = fields.len() == table.columns.len()
            && fields
                .iter()
                .zip(table.columns)
                .all(|(f, c)| f.name() == c.name && *f.data_type() == data_type(c));
        if !same {
            let names: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
            let message = format!("has other columns than {}: export the catalogue again", names.join(", "));
            return Err(Error::invalid(path.display().to_string(), message));
        }
        let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(no_parquet)?;
        let mut rows = 0;
        for batch in reader {
            let batch = batch
                .map_err(|e| damaged("has rows that cannot be read: copy the export again").with_source(e))?;
            rows += batch.num_rows() as u64;
            let batch = Rows { table, columns: batch.columns().iter().map(values).collect() };
            // The last table; what does not fit is said before the end, so that nothing is imported.
            if table.name == "log_head" && checkpoint_of(Some(&batch))? != manifest.checkpoint {
                return Err(damaged(
                    "holds another checkpoint than the manifest: export the catalogue again",
                ));
            }
            if to.send(Part::Rows(batch)).is_err() {
                return Ok(false);
            }
        }
        if manifest.tables.get(table.name).is_none_or(|known| known.rows != rows) {
            return Err(damaged("has another number of rows than the manifest says: copy the export again"));
        }
    }
    Ok(to.send(Part::End).is_ok())
}
