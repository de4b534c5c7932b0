//! A connection to SQLite behind the seam.

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::fault::Fault;
use crate::Error;
use crate::group_commit::Session;
use crate::sql::{Cell, Columns, Dialect, Link, Row, Value};

pub(super) struct SqliteSession {
    connection: Connection,
    path: PathBuf,
    name: String,
    action: &'static str,
}

impl std::fmt::Debug for SqliteSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteSession").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SqliteSession {
    /// `action` is what errors say could not be done.
    pub(super) fn new(connection: Connection, path: &Path, action: &'static str) -> Self {
        Self { connection, path: path.to_owned(), name: path.display().to_string(), action }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    fn fault(&self) -> Fault<'_> {
        Fault::new(&self.path, self.action)
    }

    fn cached(&self, sql: &str) -> Result<(), Error> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(drop)
            .map_err(|e| self.fault().of(e))
    }

    /// Begins a snapshot.
    pub(super) fn begin_reading(&self) -> Result<(), Error> {
        self.cached("BEGIN")
    }

    /// Ends a snapshot; returns whether that went well.
    pub(super) fn end_reading(&self) -> bool {
        self.cached("ROLLBACK").is_ok()
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

struct SqliteRow<'a> {
    row: &'a rusqlite::Row<'a>,
    session: &'a SqliteSession,
}

impl Columns for SqliteRow<'_> {
    fn cell(&self, column: usize) -> Result<Cell<'_>, Error> {
        let fault = || self.session.fault();
        match self.row.get_ref(column).map_err(|e| fault().of(e))? {
            ValueRef::Null => Ok(Cell::Null),
            ValueRef::Integer(number) => Ok(Cell::Int(number)),
            ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => Ok(Cell::Text(text)),
                Err(error) => Err(fault().of(rusqlite::Error::Utf8Error(column, error))),
            },
            ValueRef::Blob(bytes) => Ok(Cell::Bytes(bytes)),
            ValueRef::Real(_) => {
                let kind = rusqlite::types::Type::Real;
                Err(fault().of(rusqlite::Error::InvalidColumnType(column, String::new(), kind)))
            }
        }
    }

    fn place(&self) -> &str {
        &self.session.name
    }
}

impl Link for SqliteSession {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Error> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params_from_iter(values)))
            .map(|changed| changed as u64)
            .map_err(|e| self.fault().of(e))
    }

    fn insert(&self, sql: &str, values: &[Value<'_>]) -> Result<Option<i64>, Error> {
        let changed = self.execute(sql, values)?;
        Ok((changed > 0).then(|| self.connection.last_insert_rowid()))
    }

    fn set_triggers(&self, on: bool) -> Result<(), Error> {
        self.connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, on)
            .map(drop)
            .map_err(|e| self.fault().of(e))
    }

    fn visit(
        &self,
        sql: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| self.fault().of(e))?;
        let mut rows = statement.query(params_from_iter(values)).map_err(|e| self.fault().of(e))?;
        while let Some(row) = rows.next().map_err(|e| self.fault().of(e))? {
            if !each(&Row(&SqliteRow { row, session: self }))? {
                break;
            }
        }
        Ok(())
    }
}

impl Session for SqliteSession {
    fn begin(&self) -> Result<(), Error> {
        self.cached("BEGIN IMMEDIATE")
    }

    fn savepoint(&self) -> Result<(), Error> {
        self.cached("SAVEPOINT request")
    }

    fn roll_back_part(&self) -> Result<(), Error> {
        self.cached("ROLLBACK TO request")
    }

    fn release(&self) -> Result<(), Error> {
        self.cached("RELEASE request")
    }

    fn is_ended(&self) -> bool {
        self.connection.is_autocommit()
    }

    fn commit(&self) -> Result<(), Error> {
        self.connection.execute_batch("COMMIT").map_err(|error| self.fault().of_commit(error))
    }

    fn roll_back(&self) {
        // Where the transaction is already gone there is nothing to roll back.
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!("cannot roll back: {error}");
        }
    }
}
