//! A connection to PostgreSQL behind the seam.

use std::cell::{Cell as Flag, RefCell};
use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;

use postgres::types::private::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Statement};

use super::{Server, fault};
use crate::group_commit::Session;
use crate::sql::{Cell, Columns, Dialect, Link, Row, Value};
use crate::tables::TABLES;
use crate::{Error, ErrorKind};

/// A client and the statements that it prepared.
struct Connection {
    client: Client,
    statements: HashMap<String, Statement>,
}

pub(super) struct PostgresSession {
    server: Server,
    action: &'static str,
    connection: RefCell<Option<Connection>>,
    /// Whether the connection was lost since the transaction began.
    ended: Flag<bool>,
}

impl fmt::Debug for PostgresSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSession").field("server", &self.server).finish_non_exhaustive()
    }
}

impl PostgresSession {
    /// `action` is what errors say could not be done. Connects at the first transaction.
    pub(super) fn new(server: Server, action: &'static str) -> Self {
        Self { server, action, connection: RefCell::new(None), ended: Flag::new(false) }
    }

    pub(super) fn place(&self) -> &str {
        &self.server.place
    }

    fn fault(&self, error: postgres::Error) -> Error {
        fault::of(&self.server.place, self.action, error)
    }

    /// Connects and sets everything on which the promises rest.
    pub(super) fn connect(&self) -> Result<(), Error> {
        *self.connection.borrow_mut() = None;
        let mut client = self.server.encryption.connect(&self.server.config, &self.server.place)?;
        let options = &self.server.options;
        client
            .batch_execute(&format!(
                "SET synchronous_commit = on; SET statement_timeout = {}; SET lock_timeout = {};
                 SET idle_in_transaction_session_timeout = {}; SET client_min_messages = warning",
                options.statement_wait.as_millis(),
                options.lock_wait.as_millis(),
                options.statement_wait.as_millis().saturating_mul(2),
            ))
            .map_err(|e| self.fault(e))?;
        for (setting, wanted, message) in [
            ("fsync", "on", "runs with fsync off and would lose what it acknowledged: turn it on"),
            (
                "server_encoding",
                "UTF8",
                "does not keep text in UTF-8: make the database with ENCODING 'UTF8'",
            ),
        ] {
            let found: String = client
                .query_one(&format!("SHOW {setting}"), &[])
                .and_then(|row| row.try_get(0))
                .map_err(|e| self.fault(e))?;
            if found != wanted {
                return Err(Error::new(ErrorKind::Unsupported, self.server.place.clone(), message));
            }
        }
        *self.connection.borrow_mut() = Some(Connection { client, statements: HashMap::new() });
        Ok(())
    }

    /// Runs `operation` on the client; a connection that is found lost is forgotten.
    fn with<T>(
        &self,
        operation: impl FnOnce(&mut Connection) -> Result<T, postgres::Error>,
    ) -> Result<T, Error> {
        self.with_mapped(operation, |error| self.fault(error))
    }

    fn with_mapped<T>(
        &self,
        operation: impl FnOnce(&mut Connection) -> Result<T, postgres::Error>,
        map: impl FnOnce(postgres::Error) -> Error,
    ) -> Result<T, Error> {
        let mut slot = self.connection.borrow_mut();
        let Some(connection) = slot.as_mut() else {
            self.ended.set(true);
            let message =
                format!("cannot {}: the connection was lost; nothing was written, retry", self.action);
            return Err(Error::new(ErrorKind::Unavailable, self.server.place.clone(), message));
        };
        let result = operation(connection);
        if connection.client.is_closed() {
            *slot = None;
            self.ended.set(true);
        }
        result.map_err(map)
    }

    /// Several statements without values.
    pub(super) fn batch(&self, sql: &str) -> Result<(), Error> {
        self.with(|connection| connection.client.batch_execute(sql))
    }

    /// Gives the driver's client to `operation`, for what has no place behind the seam.
    pub(super) fn client<T>(
        &self,
        operation: impl FnOnce(&mut Client) -> Result<T, postgres::Error>,
    ) -> Result<T, Error> {
        self.with(|connection| operation(&mut connection.client))
    }

    /// Begins a transaction with `sql`, on a new connection where the old one was lost while it was idle.
    pub(super) fn begin_with(&self, sql: &str) -> Result<(), Error> {
        self.ended.set(false);
        if self.connection.borrow().is_some() {
            let begun = self.batch(sql);
            if begun.is_ok() || self.connection.borrow().is_some() {
                if begun.is_err() {
                    self.roll_back();
                }
                return begun;
            }
        }
        self.connect()?;
        self.ended.set(false);
        self.batch(sql).inspect_err(|_| self.roll_back())
    }
}

/// `?1` is `$1` here.
fn translate(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut characters = sql.chars().peekable();
    while let Some(character) = characters.next() {
        let placeholder = character == '?' && characters.peek().is_some_and(char::is_ascii_digit);
        text.push(if placeholder { '$' } else { character });
    }
    text
}

impl Connection {
    fn statement(&mut self, sql: &str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&translate(sql))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) if *ty == Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
            Value::Int(number) => number.to_sql(ty, out),
            Value::Text(text) => text.as_ref().to_sql(ty, out),
            Value::Bytes(bytes) => bytes.as_ref().to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn references<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

struct PostgresRow<'a> {
    row: &'a postgres::Row,
    session: &'a PostgresSession,
}

impl Columns for PostgresRow<'_> {
    fn cell(&self, column: usize) -> Result<Cell<'_>, Error> {
        let kind = self.row.columns().get(column).map(|c| c.type_().clone()).unwrap_or(Type::UNKNOWN);
        let cell = match kind {
            Type::INT8 => self.row.try_get::<_, Option<i64>>(column).map(|n| n.map(Cell::Int)),
            Type::INT4 => self.row.try_get::<_, Option<i32>>(column).map(|n| n.map(|n| Cell::Int(n.into()))),
            Type::BYTEA => self.row.try_get::<_, Option<&[u8]>>(column).map(|b| b.map(Cell::Bytes)),
            _ => self.row.try_get::<_, Option<&str>>(column).map(|t| t.map(Cell::Text)),
        };
        cell.map(|cell| cell.unwrap_or(Cell::Null)).map_err(|e| self.session.fault(e))
    }

    fn place(&self) -> &str {
        self.session.place()
    }
}

impl Link for PostgresSession {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Error> {
        self.with(|connection| {
            let statement = connection.statement(sql)?;
            connection.client.execute(&statement, &references(values))
        })
    }

    fn insert(&self, sql: &str, values: &[Value<'_>]) -> Result<Option<i64>, Error> {
        let sql = format!("{sql} RETURNING id");
        self.with(|connection| {
            let statement = connection.statement(&sql)?;
            let row = connection.client.query_opt(&statement, &references(values))?;
            row.map(|row| row.try_get(0)).transpose()
        })
    }

    fn set_triggers(&self, on: bool) -> Result<(), Error> {
        let what = if on { "ENABLE" } else { "DISABLE" };
        TABLES
            .iter()
            .try_for_each(|table| self.batch(&format!("ALTER TABLE \"{}\" {what} TRIGGER USER", table.name)))
    }

    fn visit(
        &self,
        sql: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        // All rows first, so that `each` may ask further; callers read what may be long in pages.
        let rows = self.with(|connection| {
            let statement = connection.statement(sql)?;
            connection.client.query(&statement, &references(values))
        })?;
        for row in &rows {
            if !each(&Row(&PostgresRow { row, session: self }))? {
                break;
            }
        }
        Ok(())
    }
}

impl Session for PostgresSession {
    fn begin(&self) -> Result<(), Error> {
        // Writers take turns at the head of the log, which each of them moves anyway.
        self.begin_with("BEGIN; SELECT size FROM log_head WHERE id = 1 FOR UPDATE")
    }

    fn savepoint(&self) -> Result<(), Error> {
        self.batch("SAVEPOINT request")
    }

    fn roll_back_part(&self) -> Result<(), Error> {
        self.batch("ROLLBACK TO SAVEPOINT request")
    }

    /// Fails where a statement failed and the operation took no notice, since then the server would turn
    /// the commit into its opposite without a word.
    fn release(&self) -> Result<(), Error> {
        self.batch("RELEASE SAVEPOINT request")
    }

    fn is_ended(&self) -> bool {
        self.ended.get()
    }

    fn commit(&self) -> Result<(), Error> {
        self.with_mapped(
            |connection| connection.client.batch_execute("COMMIT"),
            |error| fault::of_commit(&self.server.place, error),
        )
    }

    fn roll_back(&self) {
        // Where the connection is gone the server rolls back by itself.
        if self.connection.borrow().is_some()
            && let Err(error) = self.batch("ROLLBACK")
        {
            tracing::error!("cannot roll back: {}", error.report());
            *self.connection.borrow_mut() = None;
        }
    }
}
