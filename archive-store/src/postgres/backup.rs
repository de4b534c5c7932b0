//! A backup of a catalogue in a server: every table at one moment, in one file.
//!
//! The file is lines and counted bytes: a title, the schema's version, then for each table its name and its
//! rows as the server's own `COPY` writes them, in parts of which each says its length, and at the end the
//! SHA-256 of all that was before. A file that was cut or changed is refused.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use archive_core::identifier::quoted;
use sha2::{Digest, Sha256};

use super::migration::{self, MIGRATIONS};
use super::session::PostgresSession;
use crate::group_commit::Session as _;
use crate::operations::tables::move_sequences;
use crate::sql::{Transaction, values};
use crate::{Error, ErrorKind};

const TITLE: &str = "archive-store backup 1";
/// The most bytes of one part.
const PART: usize = 1 << 20;

/// All tables, in the order in which they were made: none refers to a later one.
fn tables(session: &PostgresSession) -> Result<Vec<String>, Error> {
    Transaction::new(session).all(
        "SELECT CAST(c.relname AS TEXT) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname <> 'archive_migration' ORDER BY c.oid",
        values![],
        |row| row.string(0),
    )
}

/// What passes through is hashed.
struct Hashed<T> {
    inner: T,
    hash: Sha256,
}

impl<T: Write> Hashed<T> {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.hash.update(bytes);
        self.inner.write_all(bytes)
    }
}

/// Writes the backup; nothing is left at `to` where that fails.
pub(super) fn write(session: &PostgresSession, to: &Path) -> Result<(), Error> {
    if to.exists() {
        let message = "is there already: name a new file for the backup";
        return Err(Error::new(ErrorKind::Conflict, to.display().to_string(), message));
    }
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let written = write_part(session, &part).and_then(|()| {
        let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::rename(&part, to)
            .and_then(|()| File::open(parent)?.sync_all())
            .map_err(|e| Error::io(to, "write the backup", e))
    });
    if written.is_err() {
        // What is half a backup is worth nothing.
        let _ = std::fs::remove_file(&part);
    }
    written
}

fn write_part(session: &PostgresSession, part: &Path) -> Result<(), Error> {
    let fault = |e| Error::io(part, "write the backup", e);
    let file = File::create(part).map_err(fault)?;
    let mut output = Hashed { inner: BufWriter::new(file), hash: Sha256::new() };
    session.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    let version = migration::version(session)?.unwrap_or(0);
    output.put(format!("{TITLE}\nschema {version}\n").as_bytes()).map_err(fault)?;
    let mut buffer = vec![0; PART];
    for table in tables(session)? {
        output.put(format!("table {table}\n").as_bytes()).map_err(fault)?;
        // The driver's error and the file's are of two kinds: the file's is carried out beside.
        let copied = session.client(|client| {
            let mut rows = client.copy_out(&format!("COPY \"{table}\" TO STDOUT"))?;
            let mut copy = || -> std::io::Result<()> {
                // Its end is told once: what reads on gets an error.
                let mut ended = false;
                while !ended {
                    let mut filled = 0;
                    while filled < buffer.len() && !ended {
                        let read = rows.read(&mut buffer[filled..])?;
                        filled += read;
                        ended = read == 0;
                    }
                    if filled > 0 {
                        output.put(format!("{filled}\n").as_bytes())?;
                        output.put(&buffer[..filled])?;
                    }
                }
                output.put(b"0\n")
            };
            Ok(copy())
        })?;
        copied.map_err(fault)?;
    }
    session.roll_back();
    let digest: [u8; 32] = output.hash.finalize().into();
    let mut file = output.inner;
    let line = format!("sha256 {}\n", archive_core::record::Digest(digest));
    file.write_all(line.as_bytes()).and_then(|()| file.flush()).map_err(fault)?;
    file.get_ref().sync_all().map_err(fault)
}

impl<T: BufRead> Hashed<T> {
    /// The next line without its end.
    fn line(&mut self) -> std::io::Result<String> {
        let mut bytes = Vec::new();
        // No line of a backup is long; more is damage.
        self.inner.by_ref().take(4096).read_until(b'\n', &mut bytes)?;
        self.hash.update(&bytes);
        if bytes.pop() != Some(b'\n') {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        String::from_utf8(bytes).map_err(|e| std::io::Error::new(std::io::ErrorKind::InvalidData, e))
    }
}

/// Reads the backup into the empty database of `session`, in one transaction.
pub(super) fn restore(session: &PostgresSession, from: &Path) -> Result<(), Error> {
    let file = File::open(from).map_err(|e| Error::io(from, "read the backup", e))?;
    let mut input = Hashed { inner: BufReader::new(file), hash: Sha256::new() };
    let no_backup = || Error::invalid(from.display().to_string(), "is no backup of a catalogue in a server");
    if input.line().map_err(|_| no_backup())? != TITLE {
        return Err(no_backup());
    }
    migration::in_turn(session, || {
        if migration::version(session).is_ok_and(|version| version.is_none()) {
            read_tables(session, from, &mut input)
        } else {
            let message = "is not empty: restore into a new database";
            Err(Error::new(ErrorKind::Conflict, session.place(), message))
        }
    })
}

fn read_tables(
    session: &PostgresSession,
    from: &Path,
    input: &mut Hashed<BufReader<File>>,
) -> Result<(), Error> {
    let damaged = |message: String| Error::new(ErrorKind::Corrupt, from.display().to_string(), message);
    let cut = |e| Error::io(from, "read the backup", e);
    let line = input.line().map_err(cut)?;
    let version: usize = line
        .strip_prefix("schema ")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| damaged(format!("has {} where its schema should be", quoted(&line))))?;
    let Some(known) = MIGRATIONS.get(..version) else {
        let message =
            format!("has schema {version}; this program knows up to {}: use a newer one", MIGRATIONS.len());
        return Err(Error::new(ErrorKind::Unsupported, from.display().to_string(), message));
    };
    migration::apply(session, known)?;
    let tables = tables(session)?;
    // The rows kept the rules when they were written; the digest says that they are the same.
    for table in &tables {
        session.batch(&format!("ALTER TABLE \"{table}\" DISABLE TRIGGER USER"))?;
    }
    session.batch("DELETE FROM log_head")?;
    loop {
        let before = input.hash.clone();
        let line = input.line().map_err(cut)?;
        if let Some(digest) = line.strip_prefix("sha256 ") {
            let found: [u8; 32] = before.finalize().into();
            if digest != archive_core::record::Digest(found).to_string() {
                return Err(damaged("is not what was written: take another backup".into()));
            }
            break;
        }
        let table = line.strip_prefix("table ").filter(|name| tables.iter().any(|table| table == name));
        let Some(table) = table else {
            return Err(damaged(format!("has {} where a table should begin", quoted(&line))));
        };
        read_rows(session, table, input).and_then(|copied| copied.map_err(cut))?;
    }
    for table in &tables {
        session.batch(&format!("ALTER TABLE \"{table}\" ENABLE TRIGGER USER"))?;
    }
    move_sequences(&Transaction::new(session))
}

/// Copies the parts of one table in.
fn read_rows(
    session: &PostgresSession,
    table: &str,
    input: &mut Hashed<BufReader<File>>,
) -> Result<std::io::Result<()>, Error> {
    session.client(|client| {
        let mut rows = client.copy_in(&format!("COPY \"{table}\" FROM STDIN"))?;
        let mut copy = || -> std::io::Result<()> {
            let damaged = || std::io::Error::from(std::io::ErrorKind::InvalidData);
            loop {
                let length: usize = input.line()?.parse().map_err(|_| damaged())?;
                if length == 0 {
                    return Ok(());
                }
                if length > PART {
                    return Err(damaged());
                }
                let mut part = vec![0; length];
                input.inner.read_exact(&mut part)?;
                input.hash.update(&part);
                rows.write_all(&part)?;
            }
        };
        match copy() {
            Ok(()) => rows.finish().map(|_| Ok(())),
            Err(error) => Ok(Err(error)),
        }
    })
}
