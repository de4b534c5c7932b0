//! The seam between what the catalogue does and the database that keeps it.
//!
//! Every operation is written once, in SQL that both dialects read, over a [`Transaction`]. What a
//! dialect does otherwise (placeholders, row ids, the search index) lies behind [`Link`] or is asked of
//! [`Dialect`]; driver types stay in the backends.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use archive_core::identifier::quoted;
use sha2::{Digest as _, Sha256};

use crate::merkle::Frontier;
use crate::operations::numbers::Counter;
use crate::operations::search::Words;
use crate::{Error, ErrorKind};

/// Whose SQL is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
}

/// A value bound to a statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
}

macro_rules! from_number {
    ($($number:ty),*) => {$(
        impl From<$number> for Value<'_> {
            fn from(number: $number) -> Self {
                // Counters and sizes are checked to fit; what does not fit matches nothing.
                Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
            }
        }
    )*};
}
from_number!(i64, u64, u32, u16, usize);

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The values of a statement, in the order of `?1`, `?2`, …
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::sql::Value::from($value)),*] };
}
pub(crate) use values;

/// A value in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// A driver's row.
pub(crate) trait Columns {
    /// # Errors
    /// `Corrupt` where the column holds what no catalogue writes.
    fn cell(&self, column: usize) -> Result<Cell<'_>, Error>;
    /// The catalogue's name, for errors.
    fn place(&self) -> &str;
}

/// A row, read by position. A value of another kind than the schema promises is `Corrupt`.
pub(crate) struct Row<'a>(pub(crate) &'a dyn Columns);

impl Row<'_> {
    fn corrupt(&self, column: usize) -> Error {
        let message = format!("a stored value (column {column}) is none that was written: restore a backup");
        Error::new(ErrorKind::Corrupt, self.0.place(), message)
    }

    /// A value that is not among those that the schema allows.
    pub(crate) fn unknown(&self, column: usize, text: &str) -> Error {
        self.corrupt(column).with_source(format!("{} is unknown", quoted(text)))
    }

    pub(crate) fn text(&self, column: usize) -> Result<&str, Error> {
        match self.0.cell(column)? {
            Cell::Text(text) => Ok(text),
            _ => Err(self.corrupt(column)),
        }
    }

    pub(crate) fn string(&self, column: usize) -> Result<String, Error> {
        self.text(column).map(str::to_owned)
    }

    pub(crate) fn string_option(&self, column: usize) -> Result<Option<String>, Error> {
        match self.0.cell(column)? {
            Cell::Null => Ok(None),
            _ => self.string(column).map(Some),
        }
    }

    pub(crate) fn int<T: TryFrom<i64>>(&self, column: usize) -> Result<T, Error> {
        match self.0.cell(column)? {
            Cell::Int(number) => T::try_from(number).map_err(|_| self.corrupt(column)),
            _ => Err(self.corrupt(column)),
        }
    }

    pub(crate) fn int_option<T: TryFrom<i64>>(&self, column: usize) -> Result<Option<T>, Error> {
        match self.0.cell(column)? {
            Cell::Null => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<&[u8], Error> {
        match self.0.cell(column)? {
            Cell::Bytes(bytes) => Ok(bytes),
            _ => Err(self.corrupt(column)),
        }
    }

    pub(crate) fn hash(&self, column: usize) -> Result<[u8; 32], Error> {
        self.bytes(column)?.try_into().map_err(|_| self.corrupt(column))
    }

    /// The value in a column that was written by `Display`.
    pub(crate) fn parsed<T>(&self, column: usize) -> Result<T, Error>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.text(column)?.parse().map_err(|e: T::Err| self.corrupt(column).with_source(e))
    }

    pub(crate) fn parsed_option<T>(&self, column: usize) -> Result<Option<T>, Error>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        match self.0.cell(column)? {
            Cell::Null => Ok(None),
            _ => self.parsed(column).map(Some),
        }
    }
}

/// A connection as an operation sees it. SQL is written with `?1`, `?2`, … for its values.
pub(crate) trait Link {
    fn dialect(&self) -> Dialect;

    /// Runs a statement without rows; returns how many rows it changed.
    fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Error>;

    /// Runs an `INSERT` into a table with an `id`; returns that of the new row, `None` where
    /// `ON CONFLICT DO NOTHING` did nothing.
    fn insert(&self, sql: &str, values: &[Value<'_>]) -> Result<Option<i64>, Error>;

    /// Turns the triggers of all tables off or on, for this connection or this transaction.
    fn set_triggers(&self, on: bool) -> Result<(), Error>;

    /// Runs a query and shows each row until `each` says that it has enough.
    fn visit(
        &self,
        sql: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool, Error>,
    ) -> Result<(), Error>;
}

/// The transaction that an operation runs in.
///
/// The words of the search index, the counters and the head of the evidence log are kept here and written
/// once for the whole transaction, just before it is committed: they cost far more a statement than a row.
pub(crate) struct Transaction<'a> {
    link: &'a dyn Link,
    pub(crate) pending: RefCell<Pending>,
}

/// What is written at the end of a transaction.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) words: Vec<Words>,
    /// The counters that this transaction drew from.
    pub(crate) counters: Vec<Counter>,
    /// The log with what this transaction appended; `None` before it was read.
    pub(crate) log: Option<Frontier>,
}

/// How far a transaction had come, to return there.
pub(crate) struct Mark {
    words: usize,
    /// Where each counter stood.
    counters: Vec<u64>,
    log: Option<Frontier>,
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("dialect", &self.dialect()).finish_non_exhaustive()
    }
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(link: &'a dyn Link) -> Self {
        Self { link, pending: RefCell::default() }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.link.dialect()
    }

    pub(crate) fn mark(&self) -> Mark {
        let pending = self.pending.borrow();
        let counters = pending.counters.iter().map(|counter| counter.next).collect();
        Mark { words: pending.words.len(), counters, log: pending.log.clone() }
    }

    /// Forgets what was to be written since `mark`.
    pub(crate) fn return_to(&self, mark: Mark) {
        let mut pending = self.pending.borrow_mut();
        pending.words.truncate(mark.words);
        // A counter that was met since may have been made since.
        pending.counters.truncate(mark.counters.len());
        for (counter, next) in pending.counters.iter_mut().zip(mark.counters) {
            counter.next = next;
        }
        pending.log = mark.log;
    }

    pub(crate) fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Error> {
        self.link.execute(sql, values)
    }

    pub(crate) fn insert(&self, sql: &str, values: &[Value<'_>]) -> Result<Option<i64>, Error> {
        self.link.insert(sql, values)
    }

    pub(crate) fn set_triggers(&self, on: bool) -> Result<(), Error> {
        self.link.set_triggers(on)
    }

    /// As [`Transaction::insert`] where nothing can be in the way.
    pub(crate) fn insert_new(&self, sql: &str, values: &[Value<'_>]) -> Result<i64, Error> {
        self.insert(sql, values)?
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a new row", "was not written: report it"))
    }

    /// The first row.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut found = None;
        self.link.visit(sql, values, &mut |row| {
            found = Some(read(row)?);
            Ok(false)
        })?;
        Ok(found)
    }

    /// The first row of a query that always has one.
    pub(crate) fn only<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.one(sql, values, read)?.ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "the catalogue", "lacks a row that it must have: restore a backup")
        })
    }

    pub(crate) fn exists(&self, sql: &str, values: &[Value<'_>]) -> Result<bool, Error> {
        self.one(sql, values, |_| Ok(())).map(|found| found.is_some())
    }

    /// Every row.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        self.link.visit(sql, values, &mut |row| {
            found.push(read(row)?);
            Ok(true)
        })?;
        Ok(found)
    }
}

/// What a migration is known by in the databases that it made: a changed one is refused.
pub(crate) fn migration_hash(sql: &str) -> String {
    archive_core::record::Digest(Sha256::digest(sql).into()).to_string()
}

/// An error about `object` that only another decision of the caller's mends.
pub(crate) fn conflict(object: impl Into<String>, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, object, message)
}
