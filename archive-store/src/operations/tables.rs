//! The whole catalogue read out and read in, table by table.

use std::borrow::Cow;
use std::sync::mpsc::{Receiver, SyncSender};

use super::search::{Words, enter_words};
use super::{audit, boxing, lookup, parties};
use crate::sql::{Cell, Dialect, Row, Transaction, Value, conflict, values};
use crate::tables::{Part, Rows, TABLES, Table, Values};
use crate::{Error, ErrorKind};

/// How many rows are read and sent at a time.
const PAGE: usize = 4096;
/// How many files' words are gathered before they are entered.
const WORDS: usize = 1000;

fn names(table: &Table, count: usize) -> String {
    table.columns[..count].iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

fn placeholders(count: usize) -> String {
    (1..=count).map(|n| format!("?{n}")).collect::<Vec<_>>().join(", ")
}

/// The value of `row` in a column.
fn value_at(column: &Values, row: usize) -> Value<'_> {
    match column {
        Values::Int(values) => Value::from(values[row]),
        Values::Text(values) => Value::from(values[row].as_deref()),
        Values::Bytes(values) => Value::from(values[row].as_deref()),
    }
}

/// Appends the cell to the column that it belongs to.
fn take(column: &mut Values, row: &Row<'_>, at: usize) -> Result<(), Error> {
    match (column, row.0.cell(at)?) {
        (Values::Int(values), Cell::Int(number)) => values.push(Some(number)),
        (Values::Text(values), Cell::Text(text)) => values.push(Some(text.to_owned())),
        (Values::Bytes(values), Cell::Bytes(bytes)) => values.push(Some(bytes.to_vec())),
        (Values::Int(values), Cell::Null) => values.push(None),
        (Values::Text(values), Cell::Null) => values.push(None),
        (Values::Bytes(values), Cell::Null) => values.push(None),
        (_, other) => return Err(row.unknown(at, &format!("{other:?}"))),
    }
    Ok(())
}

/// Sends every row of every table.
pub(crate) fn export(tx: &Transaction<'_>, to: &SyncSender<Rows>) -> Result<(), Error> {
    for table in TABLES {
        let (all, key) = (names(table, table.columns.len()), names(table, table.key));
        let first = format!("SELECT {all} FROM {} ORDER BY {key} LIMIT {PAGE}", table.name);
        let next = format!(
            "SELECT {all} FROM {} WHERE ({key}) > ({}) ORDER BY {key} LIMIT {PAGE}",
            table.name,
            placeholders(table.key)
        );
        let mut last: Vec<Value<'static>> = Vec::new();
        loop {
            let mut columns: Vec<Values> = table.columns.iter().map(|c| Values::of(c.kind)).collect();
            let sql = if last.is_empty() { &first } else { &next };
            let read = tx.all(sql, &last, |row| {
                columns.iter_mut().enumerate().try_for_each(|(at, column)| take(column, row, at))
            })?;
            if read.is_empty() {
                break;
            }
            last =
                columns[..table.key].iter().map(|column| owned(value_at(column, read.len() - 1))).collect();
            to.send(Rows { table, columns }).map_err(|_| {
                let message = "stopped, since whoever takes the rows went away: export again";
                Error::new(ErrorKind::Unavailable, "the export of the catalogue", message)
            })?;
            if read.len() < PAGE {
                break;
            }
        }
    }
    Ok(())
}

fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Null => Value::Null,
        Value::Int(number) => Value::Int(number),
        Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
        Value::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
    }
}

fn refuse_unless_empty(tx: &Transaction<'_>) -> Result<(), Error> {
    for table in TABLES.iter().filter(|table| table.name != "log_head") {
        if tx.exists(&format!("SELECT 1 FROM {} LIMIT 1", table.name), values![])? {
            let message = format!("has rows in its table {}: import into a new one", table.name);
            return Err(conflict("the catalogue", message));
        }
    }
    Ok(())
}

/// The triggers tell how rows come about one after another; for rows that are all there at once they are
/// off, until this is dropped.
struct Quiet<'a>(&'a Transaction<'a>);

impl<'a> Quiet<'a> {
    fn begin(tx: &'a Transaction<'a>) -> Result<Self, Error> {
        let quiet = Self(tx);
        tx.set_triggers(false).map(|()| quiet)
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // A transaction that failed takes its own change of the triggers back.
        if let Err(error) = self.0.set_triggers(true) {
            tracing::debug!("{}", error.report());
        }
    }
}

/// Takes all rows in, makes the search index, and audits the whole.
pub(crate) fn import(tx: &Transaction<'_>, parts: &Receiver<Part>) -> Result<(), Error> {
    refuse_unless_empty(tx)?;
    {
        let _quiet = Quiet::begin(tx)?;
        tx.execute("DELETE FROM log_head", values![])?;
        loop {
            match parts.recv() {
                Ok(Part::Rows(rows)) => insert(tx, &rows)?,
                Ok(Part::End) => break,
                Err(_) => {
                    let message = "ended before all rows were there: nothing was imported";
                    return Err(Error::new(ErrorKind::Unavailable, "the import of a catalogue", message));
                }
            }
        }
    }
    let damaged = |message: String| {
        Error::new(ErrorKind::Corrupt, "what is imported", format!("{message}; export the catalogue again"))
    };
    if !tx.exists("SELECT 1 FROM log_head", values![])? {
        return Err(damaged("has no head of the evidence log".into()));
    }
    let mut gathered = 0;
    lookup::each_file(tx, |file_id, located| {
        tx.pending.borrow_mut().words.push(Words::of_located(file_id, &located?));
        gathered += 1;
        if gathered % WORDS == 0 { enter_words(tx) } else { Ok(()) }
    })?;
    enter_words(tx)?;
    #[cfg(feature = "postgres")]
    if tx.dialect() == Dialect::Postgres {
        move_sequences(tx)?;
    }
    let breaks = audit::audit(tx)?;
    match breaks.first() {
        None => Ok(()),
        Some(first) => Err(damaged(format!("has {} breaks, first {first}", breaks.len()))),
    }
}

fn insert(tx: &Transaction<'_>, rows: &Rows) -> Result<(), Error> {
    let table = rows.table;
    let whole = rows.columns.len() == table.columns.len()
        && rows.columns.iter().zip(table.columns).all(|(v, c)| v.kind() == c.kind && v.len() == rows.len());
    if !whole {
        let message = "does not have the columns of the catalogue's table, all of one length";
        return Err(Error::invalid(format!("table {}", table.name), message));
    }
    // Ids are those of the rows, not new ones.
    let overriding = match tx.dialect() {
        Dialect::Sqlite => "",
        #[cfg(feature = "postgres")]
        Dialect::Postgres => "OVERRIDING SYSTEM VALUE ",
    };
    let count = table.columns.len();
    let sql = format!(
        "INSERT INTO {} ({}) {overriding}VALUES ({})",
        table.name,
        names(table, count),
        placeholders(count)
    );
    for row in 0..rows.len() {
        let values: Vec<Value<'_>> = rows.columns.iter().map(|column| value_at(column, row)).collect();
        enter_referred(tx, table, &values).and_then(|()| tx.execute(&sql, &values)).map_err(|e| {
            match e.kind() {
                ErrorKind::Conflict | ErrorKind::Internal | ErrorKind::InvalidInput => {
                    let message = "has a row that the catalogue's rules forbid: export the catalogue again";
                    Error::new(ErrorKind::Corrupt, format!("table {}", table.name), message)
                        .with_source(e.report())
                }
                _ => e,
            }
        })?;
    }
    Ok(())
}

/// Enters what a row refers to and says itself: the room that a file takes, and the row of the marketing system
/// that a process belongs to, which exports of older catalogues lack where nothing was filed yet.
fn enter_referred(tx: &Transaction<'_>, table: &Table, row: &[Value<'_>]) -> Result<(), Error> {
    let value = |name: &str| table.columns.iter().zip(row).find(|(c, _)| c.name == name).map(|(_, v)| v);
    if table.name == "file"
        && let (Some(Value::Text(request)), Some(Value::Int(box_id)), Some(Value::Int(thickness))) =
            (value("request"), value("box_id"), value("thickness"))
    {
        let thickness = u32::try_from(*thickness).unwrap_or(0);
        boxing::take_room(tx, request, *box_id, thickness)?;
    }
    if table.name == "business_process"
        && let (Some(Value::Text(key)), Some(Value::Text(customer))) = (value("key"), value("customer"))
    {
        parties::enter_system_record(tx, key, customer)?;
    }
    Ok(())
}

/// Rows brought their ids along; what makes new ones goes on behind them.
#[cfg(feature = "postgres")]
pub(crate) fn move_sequences(tx: &Transaction<'_>) -> Result<(), Error> {
    let tables: Vec<String> = tx.all(
        "SELECT CAST(c.relname AS TEXT) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = current_schema() AND a.attidentity <> '' AND a.attname = 'id'",
        values![],
        |row| row.string(0),
    )?;
    for table in tables {
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 0) + 1, false) FROM \"{table}\""
        );
        tx.only(&sql, values![], |_| Ok(()))?;
    }
    Ok(())
}
