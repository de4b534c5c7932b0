//! Numbered migrations with stored hashes: which schema a file has and how it gets to this one.
//!
//! A migration and the note that it ran are one transaction, so one that is interrupted left nothing
//! behind. A file says by its application id that it is a catalogue; nothing is written to one that
//! says otherwise.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::fault::Fault;
use crate::sql::migration_hash;
use crate::{Error, ErrorKind};

/// "ARCV": written into the header of every catalogue.
const APPLICATION_ID: i64 = 0x4152_4356;

/// In order; one that was released never changes, since its hash stands in users' files.
const MIGRATIONS: &[(&str, &str)] = &[
    ("catalogue", include_str!("schema/0001_catalogue.sql")),
    ("evidence log", include_str!("schema/0002_evidence_log.sql")),
    ("search", include_str!("schema/0003_search.sql")),
    ("loans", include_str!("schema/0004_loans.sql")),
    ("custody", include_str!("schema/0005_custody.sql")),
    ("sealed values", include_str!("schema/0006_sealed_values.sql")),
    ("tag history", include_str!("schema/0007_tag_history.sql")),
    ("decisions", include_str!("schema/0008_decisions.sql")),
    ("growing boxes", include_str!("schema/0009_growing_boxes.sql")),
    ("quick checks", include_str!("schema/0010_quick_checks.sql")),
    ("rules by reference", include_str!("schema/0011_rules_by_reference.sql")),
];

/// Refuses a database that is not a catalogue, before anything is written to it.
pub(super) fn recognise(connection: &Connection, path: &Path) -> Result<(), Error> {
    let fault = Fault::new(path, "read the schema");
    // In one look: another process may be making the catalogue at this moment.
    let look = || -> rusqlite::Result<(i64, i64)> {
        let snapshot = connection.unchecked_transaction()?;
        let tables = snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let id = snapshot.query_row("PRAGMA application_id", [], |row| row.get(0))?;
        Ok((id, tables))
    };
    let (id, tables) = look().map_err(|e| fault.of(e))?;
    if id == APPLICATION_ID || (id == 0 && tables == 0) {
        return Ok(());
    }
    Err(Error::invalid(
        path.display().to_string(),
        "is a database of another program, not a catalogue: name another path",
    ))
}

/// Brings the schema to the newest version that this program knows.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    apply(connection, path, MIGRATIONS)
}

fn apply(connection: &mut Connection, path: &Path, known: &[(&str, &str)]) -> Result<(), Error> {
    let fault = Fault::new(path, "bring the schema up to date");
    let version = |c: &Connection| c.query_row("PRAGMA user_version", [], |r| r.get::<_, i64>(0));
    let refuse_newer = |found: i64| {
        if usize::try_from(found).is_ok_and(|f| f <= known.len()) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Unsupported,
            path.display().to_string(),
            format!("has schema {found}; this program knows up to {}: use a newer one", known.len()),
        ))
    };
    let found = version(connection).map_err(|e| fault.of(e))?;
    refuse_newer(found)?;
    if usize::try_from(found) != Ok(known.len()) {
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|e| fault.of(e))?;
        // Another process may have come first.
        let found = version(&transaction).map_err(|e| fault.of(e))?;
        refuse_newer(found)?;
        let run = || -> rusqlite::Result<()> {
            if found == 0 {
                transaction.execute_batch(
                    "CREATE TABLE migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL) STRICT",
                )?;
                transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            }
            // `refuse_newer` made sure that it is within bounds.
            for (index, (name, sql)) in known.iter().enumerate().skip(found as usize) {
                transaction.execute_batch(sql)?;
                transaction.execute(
                    "INSERT INTO migration (version, name, hash) VALUES (?1, ?2, ?3)",
                    (index as i64 + 1, name, migration_hash(sql)),
                )?;
            }
            transaction.pragma_update(None, "user_version", known.len() as i64)
        };
        run().map_err(|e| fault.of(e))?;
        transaction.commit().map_err(|e| fault.of(e))?;
    }
    for (index, (name, sql)) in known.iter().enumerate() {
        let stored: Option<String> = connection
            .query_row("SELECT hash FROM migration WHERE version = ?1", [index as i64 + 1], |row| row.get(0))
            .optional()
            .map_err(|e| fault.of(e))?;
        if stored != Some(migration_hash(sql)) {
            return Err(Error::new(
                ErrorKind::Corrupt,
                path.display().to_string(),
                format!(
                    "was made by another migration {} ({name}) than this program's: restore a backup, or use the program that made it",
                    index + 1
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::fallible_iterator::FallibleIterator as _;

    use super::*;

    #[track_caller]
    fn check(found: Result<(), Error>, kind: ErrorKind, part: &str) {
        let error = found.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }

    #[test]
    fn an_older_schema_is_brought_up_to_date_and_a_newer_one_refused() {
        let path = Path::new("memory");
        let mut connection = Connection::open_in_memory().unwrap();
        let old = [("one", "CREATE TABLE a (x)")];
        let new = [("one", "CREATE TABLE a (x)"), ("two", "ALTER TABLE a ADD COLUMN y")];
        apply(&mut connection, path, &old).unwrap();
        connection.execute("INSERT INTO a VALUES (1)", []).unwrap();
        apply(&mut connection, path, &new).unwrap();
        let row: (i64, Option<i64>) =
            connection.query_row("SELECT x, y FROM a", [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
        assert_eq!(row, (1, None));
        check(
            apply(&mut connection, path, &old),
            ErrorKind::Unsupported,
            "has schema 2; this program knows up to 1",
        );
    }

    #[test]
    fn a_migration_that_differs_is_refused() {
        let path = Path::new("memory");
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, path, &[("one", "CREATE TABLE a (x)")]).unwrap();
        let other = [("one", "CREATE TABLE a (y)")];
        check(apply(&mut connection, path, &other), ErrorKind::Corrupt, "another migration 1 (one)");
    }

    #[test]
    fn an_interrupted_migration_leaves_nothing() {
        let path = Path::new("memory");
        let mut connection = Connection::open_in_memory().unwrap();
        // Every prefix of the statements, then a fault where the next would be.
        let statements = ["CREATE TABLE a (x);", "CREATE TABLE b (x);", "INSERT INTO a VALUES (1);"];
        for done in 0..=statements.len() {
            let broken = format!("{} fault;", statements[..done].concat());
            assert!(apply(&mut connection, path, &[("one", &broken)]).is_err());
            let tables: i64 =
                connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0)).unwrap();
            assert_eq!(tables, 0);
        }
        apply(&mut connection, path, &[("one", &statements.concat())]).unwrap();
    }

    /// Each of the real ones, cut after each of its statements as a kill would, then gone through.
    #[test]
    fn every_migration_recovers_from_an_interruption_after_each_statement() {
        let folder = tempfile::tempdir().unwrap();
        for old in 0..MIGRATIONS.len() {
            let path = folder.path().join(format!("{old}.db"));
            let mut connection = Connection::open(&path).unwrap();
            connection.pragma_update(None, "synchronous", "OFF").unwrap();
            let _: String = connection.query_row("PRAGMA journal_mode = WAL", [], |r| r.get(0)).unwrap();
            if old > 0 {
                apply(&mut connection, &path, &MIGRATIONS[..old]).unwrap();
            }
            let schema = |c: &Connection| -> Vec<String> {
                let mut tables =
                    c.prepare("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name").unwrap();
                tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
            };
            let before = schema(&connection);
            let mut done = 0;
            loop {
                let cut = Connection::open(&path).unwrap();
                cut.execute_batch("BEGIN IMMEDIATE").unwrap();
                let mut batch = rusqlite::Batch::new(&cut, MIGRATIONS[old].1);
                let mut ran = 0;
                while ran < done
                    && let Some(mut statement) = batch.next().unwrap()
                {
                    statement.execute([]).unwrap();
                    ran += 1;
                }
                drop(cut);
                assert_eq!(schema(&connection), before, "after {ran} statements of migration {}", old + 1);
                if ran < done {
                    break;
                }
                done += 1;
            }
            assert!(done > 1, "migration {} has no statement", old + 1);
            migrate(&mut connection, &path).unwrap();
            drop(connection);
            let catalogue = crate::SqliteCatalogue::open(&path).unwrap();
            assert_eq!(crate::Catalogue::audit(&catalogue).unwrap(), []);
        }
    }

    /// A file of the ninth schema keeps its rows and counts on; what its rows may hold is still checked.
    #[test]
    fn rows_of_an_older_schema_are_held_to_the_same_rules() {
        let path = Path::new("memory");
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, path, &MIGRATIONS[..9]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO counter VALUES ('file', 'a', 4, 4);
                 INSERT INTO number (kind, scope, value, code) VALUES ('file', 'a', 4, 'A4'), ('file', 'a', 5, 'A5');
                 INSERT INTO system_record VALUES ('r', 'c');
                 INSERT INTO file (number_id, request, request_digest, state, customer, system_record, process, fonds, year,
                     retention, organisation, policy_name, policy_version, custody, readings, findings, filed_at, confirmed_at)
                 VALUES (1, 'q', 'd', 'confirmed', 'c', 'r', 'p', 'f', 2024, 'D30', 'o', 'n', '1', 'electronic', '', '', 't', 't');
                 INSERT INTO document (file_id, position, id, carrier, pages, digest, path)
                 VALUES (1, 0, 'doc', 'paper', 1, printf('%064d', 0), 'x');
                 INSERT INTO counter VALUES ('box', 'b', 1, 1);
                 INSERT INTO number (kind, scope, value, code) VALUES ('box', 'b', 1, 'B1');
                 INSERT INTO box (number_id, fonds, year, retention, organisation, spine, state, made_at)
                 VALUES (3, 'f', 2024, 'D30', 'o', 50, 'open', 't');
                 INSERT INTO file (number_id, request, request_digest, state, customer, system_record, process, fonds, year,
                     retention, organisation, policy_name, policy_version, custody, box_id, thickness, readings, findings,
                     filed_at) VALUES (2, 'paper', 'd', 'reserved', 'c', 'r', 'p', 'f', 2024, 'D30', 'o', 'n', '1',
                     'central-paper', 1, 15, '', '', 't');
                 INSERT INTO customer VALUES ('c', 'n', 'business', 't');
                 INSERT INTO business_process VALUES ('r', 'c', 'p', 't', NULL), ('unfiled', 'c', 'p', 't', NULL);
                 INSERT INTO leaf VALUES (0, NULL, 'x', zeroblob(32)), (1, NULL, 'x', zeroblob(32))",
            )
            .unwrap();
        migrate(&mut connection, path).unwrap();
        let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(one("SELECT integrity_check FROM pragma_integrity_check"), "ok");
        let rows = "SELECT file.state || carrier || live || next FROM file, document, counter
             WHERE file.id = 1 AND counter.kind = 'file'";
        assert_eq!(one(rows), "confirmedpaper16");
        assert_eq!(one("SELECT box.filled || group_concat(room.request) FROM box, room"), "15paper");
        assert_eq!(one("SELECT group_concat(key) FROM system_record"), "r,unfiled");
        assert_eq!(one("SELECT group_concat(coalesce(previous, 'none')) FROM leaf"), "none,0");
        assert_eq!(one("SELECT count(*) || '' FROM pragma_foreign_key_check"), "0");
        // A list of values would be made into a table for each row.
        let lists = "SELECT count(*) || '' FROM sqlite_schema WHERE name IN ('file', 'document') AND sql LIKE '% IN (%'";
        assert_eq!(one(lists), "0");
        for (sql, part) in [
            ("UPDATE file SET state = 'lost'", "CHECK"),
            ("UPDATE document SET carrier = 'stone'", "CHECK"),
            ("UPDATE document SET live = 2", "CHECK"),
            ("INSERT INTO number (kind, scope, value, code) VALUES ('file', 'a', 7, 'A7')", "not the next"),
            ("INSERT INTO number (kind, scope, value, code) VALUES ('file', 'a', 5, 'A7')", "not the next"),
            ("UPDATE counter SET next = 7", "only moves with its numbers"),
            ("INSERT INTO leaf VALUES (3, NULL, 'x', zeroblob(32))", "FOREIGN KEY"),
            ("INSERT INTO room VALUES ('more', 1, 36)", "CHECK"),
            ("UPDATE file SET box_id = 2 WHERE id = 2", "FOREIGN KEY"),
            ("INSERT INTO business_process VALUES ('new', 'c', 'p', 't', NULL)", "FOREIGN KEY"),
        ] {
            let error = connection.execute_batch(sql).unwrap_err().to_string();
            assert!(error.contains(part), "{sql}: {error}");
        }
        connection
            .execute_batch(
                "INSERT INTO number (kind, scope, value, code) VALUES ('file', 'a', 6, 'A6'), ('file', 'a', 7, 'A7');
                 UPDATE counter SET next = 8 WHERE kind = 'file'",
            )
            .unwrap();
        // What the last numbers were is not forgotten where they are lost.
        connection
            .execute_batch("DROP TRIGGER number_is_never_given_back; DELETE FROM number WHERE value = 7")
            .unwrap();
        let again = "INSERT INTO number (kind, scope, value, code) VALUES ('file', 'a', 7, 'A7')";
        assert!(connection.execute_batch(again).is_err());
    }
}
