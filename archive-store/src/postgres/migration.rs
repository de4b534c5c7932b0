//! Numbered migrations with stored hashes, as in the other dialect: all of them and the note that they ran
//! are one transaction, so one that is interrupted left nothing behind.

use super::session::PostgresSession;
use crate::group_commit::Session as _;
use crate::sql::{Transaction, migration_hash, values};
use crate::{Error, ErrorKind};

/// In order; one that was released never changes, since its hash stands in users' databases.
pub(super) const MIGRATIONS: &[(&str, &str)] = &[
    ("catalogue", include_str!("schema/0001_catalogue.sql")),
    ("evidence log", include_str!("schema/0002_evidence_log.sql")),
    ("custody", include_str!("schema/0003_custody.sql")),
    ("sealed values", include_str!("schema/0004_sealed_values.sql")),
    ("tag history", include_str!("schema/0005_tag_history.sql")),
    ("decisions", include_str!("schema/0006_decisions.sql")),
    ("growing boxes", include_str!("schema/0007_growing_boxes.sql")),
];

/// Two programs that open one database at once take turns: "ARCV".
const LOCK: &str = "BEGIN; SELECT pg_advisory_xact_lock(1095910230)";

/// Brings the schema to the newest version that this program knows.
pub(super) fn migrate(session: &PostgresSession) -> Result<(), Error> {
    in_turn(session, || apply(session, MIGRATIONS))
}

/// Runs `operation` in a transaction of which there is one at a time.
pub(super) fn in_turn<T>(
    session: &PostgresSession,
    operation: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    session.begin_with(LOCK)?;
    operation().and_then(|value| session.commit().map(|()| value)).inspect_err(|_| session.roll_back())
}

/// The schema's version; `None` where the database is empty.
pub(super) fn version(session: &PostgresSession) -> Result<Option<usize>, Error> {
    let tx = Transaction::new(session);
    let tables: Vec<String> = tx.all(
        "SELECT CAST(c.relname AS TEXT) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
        values![],
        |row| row.string(0),
    )?;
    if tables.is_empty() {
        return Ok(None);
    }
    if !tables.iter().any(|table| table == "archive_migration") {
        return Err(Error::invalid(
            session.place(),
            "is a database of another program, not a catalogue: name another one",
        ));
    }
    tx.only("SELECT count(*) FROM archive_migration", values![], |row| row.int(0)).map(Some)
}

/// Applies those of `known` that are missing, in the transaction that is open.
pub(super) fn apply(session: &PostgresSession, known: &[(&str, &str)]) -> Result<(), Error> {
    let found = version(session)?;
    if found.is_none() {
        session.batch(
            "CREATE TABLE archive_migration (version BIGINT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL)",
        )?;
    }
    let found = found.unwrap_or(0);
    if found > known.len() {
        let message =
            format!("has schema {found}; this program knows up to {}: use a newer one", known.len());
        return Err(Error::new(ErrorKind::Unsupported, session.place(), message));
    }
    let tx = Transaction::new(session);
    for (index, (name, sql)) in known.iter().enumerate() {
        if index >= found {
            session.batch(sql)?;
            tx.execute(
                "INSERT INTO archive_migration (version, name, hash) VALUES (?1, ?2, ?3)",
                values![index + 1, *name, migration_hash(sql)],
            )?;
            continue;
        }
        let stored =
            tx.one("SELECT hash FROM archive_migration WHERE version = ?1", values![index + 1], |row| {
                row.string(0)
            })?;
        if stored != Some(migration_hash(sql)) {
            let message = format!(
                "was made by another migration {} ({name}) than this program's: restore a backup, or use the program that made it",
                index + 1
            );
            return Err(Error::new(ErrorKind::Corrupt, session.place(), message));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "../../tests/support/server.rs"]
mod server;

#[cfg(test)]
mod tests {
    use super::super::{PostgresOptions, Server};
    use super::*;

    fn session(url: &str) -> PostgresSession {
        let session = PostgresSession::new(Server::at(url, PostgresOptions::default()).unwrap(), "migrate");
        session.connect().unwrap();
        session
    }

    /// At each end of a statement; the bodies of functions hold some of their own.
    fn statements(sql: &str) -> Vec<String> {
        let mut statements = vec![String::new()];
        let mut within = false;
        for line in sql.lines() {
            let statement = statements.last_mut().unwrap();
            statement.push_str(line);
            statement.push('\n');
            within ^= line.matches("$$").count() % 2 == 1;
            if !within && line.trim_end().ends_with(';') {
                statements.push(String::new());
            }
        }
        statements.retain(|statement| !statement.trim().is_empty());
        statements
    }

    fn tables(url: &str) -> Vec<String> {
        Transaction::new(&session(url))
            .all(
                "SELECT CAST(c.relname AS TEXT) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = current_schema() ORDER BY 1",
                values![],
                |row| row.string(0),
            )
            .unwrap()
    }

    /// Each of the real ones, its connection lost after each of its statements, then gone through.
    #[test]
    fn every_migration_recovers_from_an_interruption_after_each_statement() {
        let Some(server) = server::server() else { return };
        for old in 0..MIGRATIONS.len() {
            let url = server.url();
            if old > 0 {
                let session = session(&url);
                in_turn(&session, || apply(&session, &MIGRATIONS[..old])).unwrap();
            }
            let before = tables(&url);
            let all = statements(MIGRATIONS[old].1);
            assert!(!all.is_empty(), "no statements in migration {}", old + 1);
            for done in 0..=all.len() {
                let session = session(&url);
                session.begin_with(LOCK).unwrap();
                for statement in &all[..done] {
                    session.batch(statement).unwrap();
                }
                drop(session);
                assert_eq!(tables(&url), before, "after {done} statements of migration {}", old + 1);
            }
            let catalogue = super::super::PostgresCatalogue::open(&url).unwrap();
            assert_eq!(crate::Catalogue::audit(&catalogue).unwrap(), []);
        }
    }
}
