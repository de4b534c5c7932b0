//! A table of PostgreSQL as a snapshot.

use std::sync::{Arc, Mutex};

use archive_core::{Error, ErrorKind};
use archive_reconcile::tables::{Batches, Snapshot, pick_rows};
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use csv::StringRecord;
use postgres::{Client, NoTls};

use super::BATCH_ROWS;
use super::read_ahead::ahead;

/// A table or view in a PostgreSQL database, as it stands when it is opened: every reading sees the rows
/// of one transaction, whatever others write meanwhile. Its columns are read as text.
///
/// Limits: no encryption; connect through a local socket or a tunnel. A comparison of tables whose rows
/// come in another order each time, as a view's may, ends in a conflict.
pub struct PostgresTable {
    url: String,
    name: String,
    /// As SQL writes it.
    table: String,
    schema: SchemaRef,
    /// The snapshot that all readings share.
    snapshot: String,
    /// The transaction that keeps it.
    _keeper: Mutex<Client>,
}

impl std::fmt::Debug for PostgresTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address may hold a password.
        f.debug_struct("PostgresTable").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PostgresTable {
    /// Opens `table` (with its schema, where it is not in the search path) at the address `url`, such as
    /// `host=/run/postgresql dbname=marketing` or `postgresql://reader@localhost/marketing`.
    ///
    /// # Errors
    /// `Unavailable` where the server cannot be reached; `NotFound` where there is no such table.
    pub fn open(url: &str, table: &str) -> Result<Self, Error> {
        let name = format!("table {table}");
        let failed = |e: postgres::Error| failure(&name, e);
        let mut keeper = connect(url, &name)?;
        keeper.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").map_err(failed)?;
        let found: Option<String> =
            keeper.query_one("SELECT to_regclass($1)::text", &[&table]).map_err(failed)?.get(0);
        let Some(quoted) = found else {
            return Err(Error::new(
                ErrorKind::NotFound,
                name,
                "is not in the database, or not in the search path",
            ));
        };
        let columns = "SELECT attname::text FROM pg_attribute \
                       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
        let columns = keeper.query(columns, &[&table]).map_err(failed)?;
        let fields: Vec<_> =
            columns.iter().map(|row| Field::new(row.get::<_, String>(0), DataType::Utf8, true)).collect();
        let snapshot = keeper.query_one("SELECT pg_export_snapshot()", &[]).map_err(failed)?.get(0);
        Ok(Self {
            url: url.to_owned(),
            name,
            table: quoted,
            schema: Arc::new(Schema::new(fields)),
            snapshot,
            _keeper: Mutex::new(keeper),
        })
    }
}

fn connect(url: &str, name: &str) -> Result<Client, Error> {
    Client::connect(url, NoTls).map_err(|e| {
        let message = "is out of reach: is the server up, and the address right?";
        Error::new(ErrorKind::Unavailable, name, message).with_source(e)
    })
}

fn failure(name: &str, error: postgres::Error) -> Error {
    let kind = match error.code().map(postgres::error::SqlState::code) {
        // insufficient_privilege
        Some("42501") => ErrorKind::Denied,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, name, "cannot be read").with_source(error)
}

/// Reads all rows and hands batches to `send`, until it wants no more.
fn read(
    (url, name, snapshot): (&str, &str, &str),
    query: &str,
    schema: &SchemaRef,
    send: &mut dyn FnMut(Result<RecordBatch, Error>) -> bool,
) -> Result<(), Error> {
    let failed = |e: postgres::Error| failure(name, e);
    let mut client = connect(url, name)?;
    // Rows come in the order in which they lie on disk, the same in each reading.
    let settings = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '{snapshot}'; \
         SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0; \
         SET LOCAL client_encoding = 'UTF8'"
    );
    client.batch_execute(&settings).map_err(failed)?;
    let rows = client.copy_out(query).map_err(failed)?;
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(rows);
    let mut record = StringRecord::new();
    loop {
        let mut columns: Vec<_> = schema.fields().iter().map(|_| StringBuilder::new()).collect();
        let mut count = 0;
        while count < BATCH_ROWS {
            let more = rows.read_record(&mut record).map_err(|e| {
                Error::new(ErrorKind::Unavailable, name, "broke off while it was read").with_source(e)
            })?;
            if !more {
                break;
            }
            // The first cell only marks the row.
            columns
                .iter_mut()
                .zip(record.iter().skip(1))
                .for_each(|(column, cell)| column.append_value(cell));
            count += 1;
        }
        if count == 0 {
            return Ok(());
        }
        let arrays = columns.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef).collect();
        let batch = RecordBatch::try_new(schema.clone(), arrays)
            .map_err(|e| Error::new(ErrorKind::Internal, name, "cannot be put in a batch").with_source(e));
        if !send(batch) {
            return Ok(());
        }
    }
}

impl Snapshot for PostgresTable {
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
        let schema = self.schema.project(columns).map_err(|e| {
            Error::new(ErrorKind::Internal, &self.name, "was asked for a column it lacks").with_source(e)
        })?;
        let schema = Arc::new(schema);
        let quoted = |name: &String| format!("\"{}\"::text", name.replace('"', "\"\""));
        let columns: Vec<String> = schema.fields().iter().map(|f| quoted(f.name())).collect();
        // Every row has a cell: one of a single absent value would be an empty line, which is none.
        let query =
            format!("COPY (SELECT '.', {} FROM {}) TO STDOUT (FORMAT csv)", columns.join(", "), self.table);
        let (url, name, snapshot) = (self.url.clone(), self.name.clone(), self.snapshot.clone());
        Ok(ahead(move |send| {
            if let Err(error) = read((&url, &name, &snapshot), &query, &schema, send) {
                send(Err(error));
            }
        }))
    }

    fn fetch<'a>(&'a self, columns: &[usize], rows: &'a [u64]) -> Result<Batches<'a>, Error> {
        Ok(pick_rows(self.read(columns)?, rows))
    }
}
