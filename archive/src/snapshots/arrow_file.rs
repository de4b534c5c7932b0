//! An Arrow IPC file as a snapshot.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use archive_core::{Error, ErrorKind};
use archive_reconcile::tables::{Batches, Snapshot, pick_rows};
use arrow_ipc::reader::FileReader;
use arrow_schema::SchemaRef;

pub(super) struct ArrowFile {
    path: PathBuf,
    name: String,
    schema: SchemaRef,
}

impl ArrowFile {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let schema = reader(path, None)?.schema();
        Ok(Self { path: path.to_owned(), name: path.display().to_string(), schema })
    }
}

fn reader(path: &Path, columns: Option<Vec<usize>>) -> Result<FileReader<BufReader<File>>, Error> {
    let file = File::open(path).map_err(|e| Error::io(path, "open the table", e))?;
    FileReader::try_new(BufReader::new(file), columns).map_err(|e| damaged(path).with_source(e))
}

fn damaged(path: &Path) -> Error {
    let message = "is no whole Arrow file: it was cut off or damaged; copy it again";
    Error::new(ErrorKind::Corrupt, path.display().to_string(), message)
}

impl Snapshot for ArrowFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn row_count(&self) -> Option<u64> {
        None
    }

    fn read(&self, columns: &[usize]) -> Result<Batches<'_>, Error> {
        let reader = reader(&self.path, Some(columns.to_vec()))?;
        Ok(Box::new(reader.map(|batch| batch.map_err(|e| damaged(&self.path).with_source(e)))))
    }

    fn fetch<'a>(&'a self, columns: &[usize], rows: &'a [u64]) -> Result<Batches<'a>, Error> {
        Ok(pick_rows(self.read(columns)?, rows))
    }
}
