//! A catalogue without a file.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::thread::ThreadId;

use rusqlite::Connection;

use super::fault::Fault;
use super::session::SqliteSession;
use super::{check_new, copy_out, migration, settle};
use crate::backend::Backend;
use crate::group_commit::{Session, finish};
use crate::sql::Transaction;
use crate::{Error, ErrorKind};

const NAME: &str = "memory:";

/// A [`Catalogue`](crate::Catalogue) in memory, which ends with its handle: for tests, and to try things
/// out. Its calls take turns.
pub struct MemoryCatalogue {
    session: Mutex<SqliteSession>,
    /// Who holds the session, since waiting for oneself would never end.
    holder: Mutex<Option<ThreadId>>,
}

impl fmt::Debug for MemoryCatalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCatalogue").finish_non_exhaustive()
    }
}

impl MemoryCatalogue {
    /// An empty catalogue.
    ///
    /// # Errors
    /// `Unavailable` where there is no memory for it.
    pub fn new() -> Result<Self, Error> {
        let path = Path::new(NAME);
        let fault = Fault::new(path, "open it");
        let mut connection = Connection::open_in_memory().map_err(|e| fault.of(e))?;
        settle(&connection).map_err(|e| fault.of(e))?;
        migration::migrate(&mut connection, path)?;
        let session = SqliteSession::new(connection, path, "write");
        Ok(Self { session: Mutex::new(session), holder: Mutex::new(None) })
    }

    /// Runs `operation` while nobody else uses the session.
    fn alone<T>(&self, operation: impl FnOnce(&SqliteSession) -> Result<T, Error>) -> Result<T, Error> {
        let own = std::thread::current().id();
        if *self.holder.lock().unwrap_or_else(|e| e.into_inner()) == Some(own) {
            let message =
                "a number writer called the catalogue, which waits for it: let it only write numbers";
            return Err(Error::new(ErrorKind::Internal, NAME, message));
        }
        let session = self.session.lock().unwrap_or_else(|e| e.into_inner());
        *self.holder.lock().unwrap_or_else(|e| e.into_inner()) = Some(own);
        let result = catch_unwind(AssertUnwindSafe(|| operation(&session))).unwrap_or_else(|_| {
            session.roll_back();
            let message = "panicked; nothing was written: report it";
            Err(Error::new(ErrorKind::Internal, "a catalogue request", message))
        });
        *self.holder.lock().unwrap_or_else(|e| e.into_inner()) = None;
        result
    }
}

impl Backend for MemoryCatalogue {
    fn read<T, F>(&self, operation: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.alone(|session| operation(&Transaction::new(session)))
    }

    fn write<T, F>(&self, operation: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.alone(|session| {
            session.begin()?;
            let tx = Transaction::new(session);
            operation(&tx)
                .and_then(|value| finish(&tx).map(|()| value))
                .and_then(|value| session.commit().map(|()| value))
                .inspect_err(|_| session.roll_back())
        })
    }

    /// The copy is a catalogue in a file.
    fn copy_to(&self, to: &Path) -> Result<(), Error> {
        check_new(to)?;
        self.alone(|session| copy_out(to, session.connection()))
    }
}
