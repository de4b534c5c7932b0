//! The catalogue in a PostgreSQL server.
//!
//! The operations are those of every backend. What is this one's own: a writer thread whose transactions
//! begin by locking the head of the evidence log, so that writers of all processes take turns and none can
//! wait for another in a circle; reading threads with a snapshot each; a connection that was lost is made
//! anew at the next transaction, never within one.
//!
//! The driver runs on threads of its own and may be called from inside an async runtime.

mod backup;
mod fault;
mod migration;
mod readers;
mod session;
mod tls;

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use postgres::Config;

use crate::backend::Backend;
use crate::group_commit::Writer;
use crate::sql::Transaction;
use crate::{Error, ErrorKind};
use readers::Readers;
use session::PostgresSession;
use tls::Encryption;

/// How a catalogue in a server is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// How long connecting may take.
    pub connect_wait: Duration,
    /// How long a lock of another program is waited for.
    pub lock_wait: Duration,
    /// How long one statement may take.
    pub statement_wait: Duration,
    /// How many read at once, each over a connection of its own.
    pub readers: usize,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connect_wait: Duration::from_secs(10),
            lock_wait: Duration::from_secs(30),
            statement_wait: Duration::from_secs(120),
            readers: 4,
        }
    }
}

/// Where the server is and what is expected of it.
#[derive(Clone)]
pub(crate) struct Server {
    config: Config,
    encryption: Encryption,
    options: PostgresOptions,
    /// Host and database, without the password.
    place: String,
}

/// The password stays out of logs.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Server {
    fn at(url: &str, options: PostgresOptions) -> Result<Self, Error> {
        if url.contains('\0') {
            return Err(Error::invalid("the catalogue's URL", "holds a NUL character"));
        }
        let (url, encryption) = tls::of_url(url)?;
        let mut config = Config::from_str(&url).map_err(|e| {
            // The text itself may hold a password.
            Error::invalid("the catalogue's URL", "is not postgres://user@host/database").with_source(e)
        })?;
        let host = config.get_hosts().first().map_or_else(
            || "localhost".to_owned(),
            |host| match host {
                postgres::config::Host::Tcp(name) => name.clone(),
                #[cfg(unix)]
                postgres::config::Host::Unix(path) => path.display().to_string(),
            },
        );
        let place = format!("postgres://{host}/{}", config.get_dbname().unwrap_or_default());
        config.connect_timeout(options.connect_wait);
        config.keepalives_idle(Duration::from_secs(30));
        if config.get_application_name().is_none() {
            config.application_name("archive-store");
        }
        Ok(Self { config, encryption, options, place })
    }
}

/// A [`Catalogue`](crate::Catalogue) in a PostgreSQL server.
///
/// Connections are encrypted where the URL says so: `sslmode=verify-full` (or `require`, which is the same
/// here), with the certificates that the system trusts or those of `sslrootcert=FILE`.
#[derive(Debug)]
pub struct PostgresCatalogue {
    server: Server,
    writer: Writer,
    readers: Readers,
}

impl PostgresCatalogue {
    /// Opens the catalogue in the database at `url` (`postgres://user:password@host:port/database`); makes
    /// its tables where the database is empty.
    ///
    /// # Errors
    /// `InvalidInput` where the URL is none, its `sslmode` promises nothing or the database is another program's, `NotFound` where there is
    /// no such database, `Denied` where the server refuses the
    /// user or does not prove to be itself, `Unavailable` where it is out of reach,
    /// `Unsupported` where its schema is newer than this program, its encoding is not UTF-8 or it runs
    /// without `fsync`, `Corrupt` where its schema was made otherwise than by this program.
    pub fn open(url: &str) -> Result<Self, Error> {
        Self::open_with(url, PostgresOptions::default())
    }

    /// Opens with other options than the default.
    ///
    /// # Errors
    /// As [`PostgresCatalogue::open`].
    pub fn open_with(url: &str, options: PostgresOptions) -> Result<Self, Error> {
        let server = Server::at(url, options)?;
        let session = on_a_thread(|| {
            let session = PostgresSession::new(server.clone(), "write");
            session.connect()?;
            migration::migrate(&session)?;
            Ok(session)
        })?;
        let writer = Writer::start(session, &server.place)?;
        let readers = Readers::start(&server)?;
        Ok(Self { server, writer, readers })
    }

    /// Makes a catalogue in the empty database at `url` from a backup that
    /// [`Catalogue::back_up`](crate::Catalogue::back_up) wrote, and opens it.
    ///
    /// # Errors
    /// Those of [`PostgresCatalogue::open`]; `Conflict` where the database is not empty; `InvalidInput` where
    /// the file is no backup, `Corrupt` where it is damaged, and then the database is as it was.
    pub fn restore(url: &str, from: &Path) -> Result<Self, Error> {
        let server = Server::at(url, PostgresOptions::default())?;
        on_a_thread(|| {
            let session = PostgresSession::new(server.clone(), "restore the backup");
            session.connect()?;
            backup::restore(&session, from)
        })?;
        Self::open(url)
    }

    /// How many requests were written since opening, and in how many commits.
    #[must_use]
    pub fn requests_and_commits(&self) -> (u64, u64) {
        self.writer.tally.both()
    }
}

/// Runs `operation` where no async runtime is: the driver brings one of its own.
fn on_a_thread<T: Send>(operation: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    std::thread::scope(|scope| scope.spawn(operation).join()).unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Internal, "the database driver", "panicked: report it"))
    })
}

impl Backend for PostgresCatalogue {
    fn read<T, F>(&self, operation: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.readers.read(operation)
    }

    fn write<T, F>(&self, operation: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.writer.write(operation)
    }

    /// [`PostgresCatalogue::restore`] makes a catalogue of the copy.
    fn copy_to(&self, to: &Path) -> Result<(), Error> {
        on_a_thread(|| {
            let session = PostgresSession::new(self.server.clone(), "read for the backup");
            session.connect()?;
            backup::write(&session, to)
        })
    }
}
