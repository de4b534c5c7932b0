//! What the schema forbids, what the audit sees, and what the log proves.

use std::fs;

use archive_store::conformance::{entry, slot};
use archive_store::{Catalogue, SqliteCatalogue};

use crate::hostile::closed_with;

#[test]
fn the_schema_itself_forbids_what_must_not_be() {
    let (_folder, path) = closed_with(2);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.pragma_update(None, "foreign_keys", true).unwrap();
    for (sql, part) in [
        (
            "INSERT INTO number (kind, scope, value, code) SELECT kind, scope, next + 1, 'X' FROM counter",
            "not the next",
        ),
        ("INSERT INTO number (kind, scope, value, code) VALUES ('file', 'none', 1, 'X')", "not the next"),
        ("UPDATE counter SET next = next + 1", "only moves with its numbers"),
        ("UPDATE counter SET next = first", "only moves with its numbers"),
        ("DELETE FROM counter", "never removed"),
        ("DELETE FROM number", "never given back"),
        ("UPDATE number SET code = 'X' WHERE id = 1", "never changes"),
        (
            "UPDATE slot SET box_id = (SELECT max(id) FROM box) WHERE box_id = (SELECT min(id) FROM box)",
            "another box",
        ),
        ("UPDATE slot SET width = 1", "too narrow"),
        ("DELETE FROM slot", "holds a box"),
        ("UPDATE slot SET box_id = NULL", "CHECK"),
        ("UPDATE box SET filled = spine + 1", "CHECK"),
        ("UPDATE box SET spine = 51", "too narrow"),
        ("UPDATE box SET year = 1999", "FOREIGN KEY"),
        ("DELETE FROM box", "FOREIGN KEY"),
        ("UPDATE file SET year = 1999", "keeps its number"),
        ("UPDATE file SET state = 'lost' WHERE id = 1", "CHECK"),
        ("UPDATE document SET carrier = 'stone'", "CHECK"),
        ("UPDATE document SET live = 2", "CHECK"),
        ("UPDATE file SET box_id = 99", "FOREIGN KEY"),
        ("DELETE FROM file", "never deleted"),
        (
            "INSERT INTO slot (address, width, state, box_id, since) SELECT 'A', 50, 'reserved', id, '' FROM box",
            "begins free",
        ),
        ("UPDATE document SET id = 'same'", "UNIQUE"),
        ("DELETE FROM system_record", "FOREIGN KEY"),
        ("UPDATE leaf SET event = 'x'", "never changes"),
        ("DELETE FROM leaf", "never changes"),
        ("INSERT INTO leaf VALUES (99, NULL, 'x', zeroblob(32))", "FOREIGN KEY"),
        ("INSERT INTO leaf VALUES (-1, NULL, 'x', zeroblob(32))", "FOREIGN KEY"),
        ("INSERT INTO leaf VALUES (1, NULL, 'x', zeroblob(32))", "UNIQUE"),
        ("INSERT INTO room SELECT 'more', id, spine - filled + 1 FROM box", "CHECK"),
        ("INSERT INTO room SELECT 'more', 99, 1", "FOREIGN KEY"),
        ("UPDATE room SET thickness = 1", "taken once"),
        ("DELETE FROM room", "given back by a void file"),
        ("UPDATE file SET box_id = NULL, thickness = NULL, custody = 'electronic'", "keeps its number"),
        ("UPDATE log_head SET size = size + 1", "grows by its leaves"),
        ("DELETE FROM log_head", "never changes"),
    ] {
        let error = other.execute_batch(sql).unwrap_err().to_string();
        assert!(error.contains(part), "{sql}: {error}");
    }
    // What takes more than one statement.
    for (before, sql, part) in [
        ("UPDATE box SET state = 'closed'", "INSERT INTO room SELECT 'more', id, 1 FROM box", "not open"),
        (
            "INSERT INTO customer VALUES ('c', 'n', 'business', 't')",
            "INSERT INTO business_process VALUES ('work order r0', 'c', 'p', 't', NULL)",
            "FOREIGN KEY",
        ),
        (
            "INSERT INTO counter VALUES ('file', 'x', 1, 1);
             INSERT INTO number (kind, scope, value, code) VALUES ('file', 'x', 1, 'X1')",
            "INSERT INTO file SELECT 99, n.id, 'new', request_digest, state, customer, system_record, process, fonds, year,
                 retention, organisation, policy_name, policy_version, f.custody, box_id, thickness, readings, findings,
                 filed_at, expires_at, confirmed_at FROM file f, number n WHERE f.id = 1 AND n.code = 'X1'",
            "FOREIGN KEY",
        ),
    ] {
        other.execute_batch(&format!("BEGIN; {before}")).unwrap();
        let error = other.execute_batch(sql).unwrap_err().to_string();
        assert!(error.contains(part), "{sql}: {error}");
        other.execute_batch("ROLLBACK").unwrap();
    }
    drop(other);
    assert_eq!(SqliteCatalogue::open(&path).unwrap().audit().unwrap(), []);
}

/// Numbers that another program drew leave the counter behind; the next one still follows them.
#[test]
fn a_counter_catches_up_with_numbers_that_others_drew() {
    let (_folder, path) = closed_with(2);
    let other = rusqlite::Connection::open(&path).unwrap();
    let drawn = "INSERT INTO number (kind, scope, value, code)
        SELECT kind, scope, next, 'drawn elsewhere' FROM counter WHERE kind = 'file'";
    other.execute_batch(drawn).unwrap();
    // Twice, and no row is where the counter says.
    let error = other.execute_batch(&drawn.replace("elsewhere", "twice")).unwrap_err().to_string();
    assert!(error.contains("not the next"), "{error}");
    drop(other);
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    let mut after = entry("after");
    after.custody = archive_store::Custody::Electronic;
    catalogue.file(after).unwrap();
    let counters = catalogue.counters().unwrap();
    assert_eq!((counters[0].first, counters[0].next, counters[0].given), (1, 5, 4), "{counters:?}");
    // The number lies on nothing, which is for the audit to say.
    let breaks = catalogue.audit().unwrap();
    assert_eq!(breaks.len(), 1, "{breaks:?}");
    assert!(breaks[0].to_string().contains("on no file and no box"), "{breaks:?}");
}

/// An entry of the log that a whole forged log would hold in its place, its head made to fit.
#[test]
fn a_forged_log_is_seen_by_a_checkpoint_alone() {
    let (_folder, path) = closed_with(3);
    let kept = SqliteCatalogue::open(&path).unwrap().checkpoint().unwrap();
    std::fs::remove_file(&path).unwrap();
    let forged = SqliteCatalogue::open(&path).unwrap();
    forged.add_slots((1..=3).map(|n| slot(n, 50)).collect()).unwrap();
    for n in 0..3 {
        let mut other = entry(&format!("r{n}"));
        other.readings = "\"forged\"".into();
        forged.file(other).unwrap();
    }
    assert_eq!(forged.audit().unwrap(), []);
    let breaks = forged.verify(&[kept]).unwrap().breaks;
    assert!(breaks.iter().any(|b| b.to_string().contains("another root")), "{breaks:?}");
}

#[test]
fn a_long_log_keeps_its_nodes() {
    let (_folder, path) = closed_with(0);
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    let electronic = |n: u32| {
        let mut entry = entry(&format!("e{n}"));
        entry.custody = archive_store::Custody::Electronic;
        entry
    };
    catalogue.file_batch((0..700).map(electronic).collect()).unwrap();
    let checkpoint = catalogue.checkpoint().unwrap();
    assert_eq!(catalogue.verify(&[checkpoint]).unwrap().breaks, []);
    for position in [0, 255, 256, 511, 512, 700] {
        assert!(catalogue.prove_inclusion(position, 701).unwrap().holds(&checkpoint), "{position}");
    }
    drop(catalogue);
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch(
            "DROP TRIGGER node_never_changes; UPDATE node SET hash = zeroblob(32) WHERE position = 1",
        )
        .unwrap();
    drop(other);
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    let breaks = catalogue.verify(&[checkpoint]).unwrap().breaks;
    assert_eq!(breaks.len(), 1, "{breaks:?}");
    assert!(breaks[0].object.contains("node 1 of level 8"), "{breaks:?}");
}

/// Damage done past the schema is seen from the end where it was done.
#[test]
fn the_audit_sees_each_break_from_its_end() {
    use archive_store::End;
    let cases: &[(&str, End, &str)] = &[
        ("DELETE FROM number WHERE kind = 'file' AND value = 2", End::Archive, "has no number"),
        (
            "UPDATE number SET voided_at = 'x', void_reason = 'y' WHERE kind = 'file' AND value = 1",
            End::Archive,
            "is live",
        ),
        ("UPDATE file SET state = 'void' WHERE id = 1", End::Archive, "is void but"),
        ("DELETE FROM system_record WHERE key = 'work order r1'", End::Archive, "work order r1"),
        ("DELETE FROM box WHERE id = 1", End::Archive, "a box that is not there"),
        ("DELETE FROM slot WHERE box_id = 1", End::Archive, "no slot"),
        (
            "UPDATE file SET state = 'confirmed', confirmed_at = 'x' WHERE id = 1",
            End::Archive,
            "its box is not",
        ),
        ("DELETE FROM document WHERE file_id = 1", End::Archive, "no document"),
        ("INSERT INTO system_record VALUES ('stray', '1')", End::Record, "system record stray: has no file"),
        ("UPDATE file SET customer = 'other' WHERE id = 1", End::Record, "of customer other"),
        ("DELETE FROM box WHERE id = 1", End::Slot, "/1: is taken by a box"),
        ("UPDATE slot SET width = 1 WHERE box_id = 1", End::Slot, "is 1 mm wide"),
        ("DELETE FROM file WHERE id = 1", End::Slot, "holds no file"),
        ("UPDATE box SET filled = 3 WHERE id = 1", End::Slot, "counts 3 mm and holds 15 mm"),
        ("UPDATE file SET year = 1999 WHERE id = 1", End::Slot, "mixes"),
        ("UPDATE slot SET box_id = 1 WHERE box_id = 2", End::Slot, "stands in 2 slots"),
        (
            "DELETE FROM number WHERE kind = 'file' AND value = 2",
            End::Number,
            "gave 3 numbers and 2 are on record",
        ),
        ("UPDATE number SET value = 9 WHERE kind = 'file' AND value = 2", End::Number, "from 1 to 9"),
        ("UPDATE counter SET next = 3 WHERE kind = 'file'", End::Number, "gave 2 numbers and 3"),
        ("DELETE FROM file WHERE id = 1", End::Number, "on no file and no box"),
        (
            "UPDATE leaf SET event = replace(event, 'filed', 'Filed') WHERE position = 1",
            End::Log,
            "log entry 1",
        ),
        ("UPDATE leaf SET event = '', hash = zeroblob(32) WHERE position = 1", End::Log, "log entry 1"),
        ("DELETE FROM leaf WHERE position = 1", End::Log, "entry 1 is expected"),
        ("DELETE FROM leaf WHERE position = 3", End::Log, "ends with 4 entries"),
        ("UPDATE leaf SET position = -1 WHERE position = 1", End::Log, "is expected"),
        ("UPDATE log_head SET frontier = x'00'", End::Log, "ends with 0 entries"),
        ("UPDATE file SET readings = '\"other\"' WHERE id = 2", End::Log, "not what the log says was filed"),
        (
            "UPDATE document SET digest = replace(digest, '09', '19') WHERE file_id = 1",
            End::Log,
            "was changed",
        ),
        ("UPDATE file SET policy_version = 'x' WHERE id = 1", End::Log, "was changed"),
        ("UPDATE leaf SET file_id = NULL WHERE file_id = 1", End::Log, "is not in the log"),
        ("UPDATE file SET state = 'void' WHERE id = 1", End::Log, "is void"),
        ("DELETE FROM box WHERE id = 1", End::Store, "refers to a row of box"),
        ("UPDATE file SET filed_at = 'yesterday' WHERE id = 1", End::Store, "cannot be read"),
    ];
    let (_folder, path) = closed_with(3);
    let whole = fs::read(&path).unwrap();
    for (sql, end, part) in cases {
        fs::write(&path, &whole).unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        other.pragma_update(None, "foreign_keys", false).unwrap();
        let drop_guards: Vec<String> = other
            .prepare(
                "SELECT 'DROP TRIGGER ' || name FROM sqlite_schema WHERE type = 'trigger'
                      UNION ALL SELECT 'DROP INDEX slot_by_box'",
            )
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        other.execute_batch(&drop_guards.join(";")).unwrap();
        other.execute_batch(sql).unwrap();
        drop(other);
        let breaks = SqliteCatalogue::open(&path).unwrap().audit().unwrap();
        assert!(
            breaks.iter().any(|b| b.end == *end && b.to_string().contains(part)),
            "{sql}: {part:?} from the {end} is not among {breaks:#?}"
        );
    }
}

#[test]
fn what_is_exported_are_all_tables_and_columns() {
    use archive_store::tables::{ColumnKind, TABLES};
    let (_folder, path) = closed_with(0);
    let database = rusqlite::Connection::open(&path).unwrap();
    let mut names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut known: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let mut names: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|n| !matches!(*n, "migration" | "room") && !n.starts_with("search"))
        .collect();
    known.sort_unstable();
    names.sort_unstable();
    assert_eq!(known, names);
    for table in TABLES {
        let mut columns = database.prepare(&format!("PRAGMA table_info({})", table.name)).unwrap();
        let columns: Vec<(String, String, bool, i64)> = columns
            .query_map([], |row| Ok((row.get(1)?, row.get(2)?, row.get(3)?, row.get(5)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(columns.len(), table.columns.len(), "{}", table.name);
        for (at, (found, column)) in columns.iter().zip(table.columns).enumerate() {
            let kind = match column.kind {
                ColumnKind::Int => "INTEGER",
                ColumnKind::Text => "TEXT",
                ColumnKind::Bytes => "BLOB",
            };
            // A row id holds something without being told to.
            let nullable = !found.2 && found.3 == 0;
            let in_key = found.3 > 0;
            assert_eq!((found.0.as_str(), found.1.as_str(), nullable), (column.name, kind, column.nullable));
            assert_eq!(in_key, at < table.key, "{}.{}", table.name, column.name);
        }
    }
}
