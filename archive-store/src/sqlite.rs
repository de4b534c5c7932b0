//! The catalogue in one SQLite file.
//!
//! Write-ahead log, `synchronous=FULL`, one writer thread that commits in groups, and reading
//! connections beside it that see the last commit. Other processes may use the same file: a lock is
//! waited for, then named.

mod fault;
mod memory;
mod migration;
mod session;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::backend::Backend;
use crate::group_commit::Writer;
use crate::sql::Transaction;
use crate::{Error, ErrorKind};
use fault::Fault;
pub use memory::MemoryCatalogue;
use session::SqliteSession;

/// Below it a reset of the write-ahead log could lose a commit.
const OLDEST_SQLITE: i32 = 3_051_003;

/// Reading connections that are kept open.
const IDLE_READERS: usize = 8;

/// How a catalogue is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    /// How long a lock of another program is waited for.
    pub lock_wait: Duration,
    /// The most bytes that the file may have, in whole pages; without limit where absent.
    pub quota: Option<u64>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { lock_wait: Duration::from_secs(5), quota: None }
    }
}

/// A [`Catalogue`](crate::Catalogue) in one SQLite file.
#[derive(Debug)]
pub struct SqliteCatalogue {
    path: PathBuf,
    options: SqliteOptions,
    writer: Writer,
    readers: Mutex<Vec<SqliteSession>>,
}

impl SqliteCatalogue {
    /// Opens the catalogue at `path`; makes it where nothing is there.
    ///
    /// # Errors
    /// `InvalidInput` where the path is a directory or another program's database, `NotFound` where its
    /// directory is missing, `Denied` where it may not be written, `Corrupt` where it is damaged or no
    /// database, `Unsupported` where its schema is newer than this program, `Unavailable` where it is
    /// locked for longer than the wait.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, SqliteOptions::default())
    }

    /// Opens the catalogue at `path` with other options than the default.
    ///
    /// # Errors
    /// As [`SqliteCatalogue::open`].
    pub fn open_with(path: &Path, options: SqliteOptions) -> Result<Self, Error> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            let message = "is older than 3.51.3 and may lose commits: link a newer one";
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("SQLite {}", rusqlite::version()),
                message,
            ));
        }
        check_place(path)?;
        let fresh = !path.exists();
        let mut connection = connect(path, &options, OpenFlags::SQLITE_OPEN_CREATE)?;
        let fault = Fault::new(path, "open it");
        migration::recognise(&connection, path)?;
        let mode = set_write_ahead(&connection, options.lock_wait).map_err(|e| fault.of(e))?;
        if mode != "wal" {
            let message =
                "its file system has no shared memory for the write-ahead log: move it to a local disk";
            return Err(Error::new(ErrorKind::Unsupported, path.display().to_string(), message));
        }
        migration::migrate(&mut connection, path)?;
        if let Some(quota) = options.quota {
            let page: u64 =
                connection.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(|e| fault.of(e))?;
            // The answer is the limit in force; a quota below the present size means no growth.
            connection
                .query_row(&format!("PRAGMA max_page_count = {}", (quota / page).max(1)), [], |_| Ok(()))
                .map_err(|e| fault.of(e))?;
        }
        // In KiB where negative. The writer touches the ends of every index, readers one path each.
        connection.pragma_update(None, "cache_size", -32_768).map_err(|e| fault.of(e))?;
        if fresh {
            // SQLite flushes the file but not its name.
            flush_directory(path)?;
        }
        let writer =
            Writer::start(SqliteSession::new(connection, path, "write"), &path.display().to_string())?;
        Ok(Self { path: path.to_owned(), options, writer, readers: Mutex::new(Vec::new()) })
    }

    /// Where the catalogue lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many requests were written since opening, and in how many commits.
    #[must_use]
    pub fn requests_and_commits(&self) -> (u64, u64) {
        self.writer.tally.both()
    }
}

impl Backend for SqliteCatalogue {
    fn read<T, F>(&self, operation: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    {
        let idle = self.readers.lock().unwrap_or_else(|e| e.into_inner()).pop();
        let session = match idle {
            Some(session) => session,
            None => {
                let connection = connect(&self.path, &self.options, OpenFlags::empty())?;
                let fault = Fault::new(&self.path, "read");
                connection.pragma_update(None, "query_only", true).map_err(|e| fault.of(e))?;
                SqliteSession::new(connection, &self.path, "read")
            }
        };
        session.begin_reading()?;
        let result = operation(&Transaction::new(&session));
        // A connection that cannot end its snapshot is dropped instead of kept.
        if session.end_reading() {
            let mut readers = self.readers.lock().unwrap_or_else(|e| e.into_inner());
            if readers.len() < IDLE_READERS {
                readers.push(session);
            }
        }
        result
    }

    fn write<T, F>(&self, operation: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.writer.write(operation)
    }

    /// The copy is a catalogue; restoring is opening it.
    fn copy_to(&self, to: &Path) -> Result<(), Error> {
        check_new(to)?;
        copy_out(to, &connect(&self.path, &self.options, OpenFlags::empty())?)
    }
}

/// Refuses a place for a copy where something is.
fn check_new(to: &Path) -> Result<(), Error> {
    check_place(to)?;
    if to.exists() {
        let message = "is there already: name a new file for the backup";
        return Err(Error::new(ErrorKind::Conflict, to.display().to_string(), message));
    }
    Ok(())
}

/// Copies the catalogue, all at one moment, to the new file `to`.
fn copy_out(to: &Path, connection: &Connection) -> Result<(), Error> {
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let fault = Fault::new(&part, "write the backup");
    let Some(name) = part.to_str() else {
        return Err(Error::invalid(to.display().to_string(), "is not UTF-8: name another path"));
    };
    // What a backup that was cut short left is worth nothing.
    let _ = std::fs::remove_file(&part);
    let copied = connection
        .execute("VACUUM INTO ?1", [name])
        .map_err(|e| cannot_open(&part, fault, e))
        .and_then(|_| {
            std::fs::File::open(&part)
                .and_then(|file| file.sync_all())
                .and_then(|()| std::fs::rename(&part, to))
                .map_err(|e| Error::io(to, "write the backup", e))
        });
    if copied.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    copied?;
    flush_directory(to)
}

/// Faults of the path that SQLite would only call "unable to open".
fn check_place(path: &Path) -> Result<(), Error> {
    if path.as_os_str().is_empty() || path.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(Error::invalid(format!("catalogue {path:?}"), "is no path: name a file"));
    }
    if path.is_dir() {
        return Err(Error::invalid(path.display().to_string(), "is a directory: name a file in it"));
    }
    match path.metadata() {
        Ok(data) if !data.is_file() => {
            Err(Error::invalid(path.display().to_string(), "is no regular file: name another path"))
        }
        // SQLite would take what is shorter than its smallest page for nothing, and begin anew. Empty is
        // what a crash at the very first moment leaves.
        Ok(data) if (1..512).contains(&data.len()) => {
            let message = format!(
                "has {} bytes and is no SQLite database: name another path, or restore a backup",
                data.len()
            );
            Err(Error::new(ErrorKind::Corrupt, path.display().to_string(), message))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let parent = directory(path);
            if parent.is_dir() {
                return Ok(());
            }
            let message = format!("directory {} does not exist: make it first", parent.display());
            Err(Error::new(ErrorKind::NotFound, path.display().to_string(), message))
        }
        Err(error) => Err(Error::io(path, "open the catalogue", error)),
    }
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn flush_directory(path: &Path) -> Result<(), Error> {
    let parent = directory(path);
    std::fs::File::open(parent)
        .and_then(|d| d.sync_all())
        .map_err(|e| Error::io(parent, "flush the directory of the catalogue", e))
}

/// Turns the write-ahead log on and returns the mode in force. Two processes that do so at once would
/// wait for each other, so SQLite tells one of them at once that the file is busy.
fn set_write_ahead(connection: &Connection, wait: Duration) -> rusqlite::Result<String> {
    let start = Instant::now();
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)) {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && start.elapsed() < wait =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            result => return result,
        }
    }
}

/// Why a file cannot be opened: SQLite does not say, so the directory is asked.
fn cannot_open(path: &Path, fault: Fault<'_>, error: rusqlite::Error) -> Error {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen) && !path.exists() {
        // Another name than the catalogue's, since closing a file drops the locks that others in this
        // process hold on it.
        let probe = directory(path).join(format!(".catalogue-probe-{}", std::process::id()));
        match std::fs::OpenOptions::new().write(true).create_new(true).open(&probe) {
            Ok(_) => {
                // It was made a moment ago, and an empty file left behind harms nobody.
                let _ = std::fs::remove_file(&probe);
            }
            Err(cause) => return Error::io(directory(path), "write into the catalogue's directory", cause),
        }
    }
    fault.of(error)
}

/// A connection to a file with everything set on which the promises rest.
fn connect(path: &Path, options: &SqliteOptions, extra: OpenFlags) -> Result<Connection, Error> {
    let fault = Fault::new(path, "open it");
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | extra;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| cannot_open(path, fault, e))?;
    // SQLite falls back to reading alone without a word.
    if connection.is_readonly("main").map_err(|e| fault.of(e))? {
        let message = "may not be written: ask for the right to";
        return Err(Error::new(ErrorKind::Denied, path.display().to_string(), message));
    }
    connection.busy_timeout(options.lock_wait).map_err(|e| fault.of(e))?;
    settle(&connection).map_err(|e| fault.of(e))?;
    Ok(connection)
}

/// Sets everything on which the promises rest.
fn settle(connection: &Connection) -> rusqlite::Result<()> {
    // What the file's schema says must not run code, and a damaged cell must not be followed.
    for (pragma, value) in [
        ("synchronous", "FULL"),
        ("fullfsync", "ON"),
        ("foreign_keys", "ON"),
        ("trusted_schema", "OFF"),
        ("cell_size_check", "ON"),
        ("temp_store", "MEMORY"),
    ] {
        connection.pragma_update(None, pragma, value)?;
    }
    // Plans must not depend on bound values, or else each new value has its statement compiled again,
    // which costs several times the point read itself.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(())
}
