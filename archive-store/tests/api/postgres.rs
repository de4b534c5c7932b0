//! The catalogue in a real server, which the tests start themselves.

use std::time::Duration;

use archive_store::conformance::{self, at, entry, slot};
use archive_store::{
    Catalogue, Custody, Draw, Error, ErrorKind, FilingEntry, Locator, PostgresCatalogue, PostgresOptions,
    Search, SlotFilter, open,
};

use crate::server::server;

/// A catalogue with three slots and as many files as asked for.
fn catalogue(url: &str, files: u32) -> PostgresCatalogue {
    let catalogue = PostgresCatalogue::open(url).unwrap();
    catalogue.add_slots((1..=3).map(|n| slot(n, 50)).collect()).unwrap();
    for n in 0..files {
        catalogue.file(entry(&format!("r{n}"))).unwrap();
    }
    catalogue
}

fn electronic(key: &str) -> FilingEntry {
    let mut entry = entry(key);
    entry.custody = Custody::Electronic;
    entry.number = Draw::new("many", 1, 9_999_999, |n| format!("M{n:07}").parse());
    entry
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, part: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{}", error.report());
    assert!(error.to_string().contains(part), "{error}");
}

/// A client in the schema of `url`, for what is done past the catalogue.
fn client(url: &str) -> postgres::Client {
    postgres::Client::connect(url, postgres::NoTls).unwrap()
}

#[test]
fn postgres_conforms() {
    let Some(server) = server() else { return };
    conformance::run(|| open(&server.url()).unwrap());
}

#[test]
fn what_was_filed_is_there_after_a_crash_of_the_server() {
    let Some(_) = server() else { return };
    // One of its own, since all others would lose their connections.
    let server = crate::server::fresh();
    let url = server.url();
    let catalogue = catalogue(&url, 3);
    server.stop("immediate");
    refused(catalogue.file(electronic("lost")), ErrorKind::Unavailable, "postgres://127.0.0.1");
    refused(catalogue.pending(), ErrorKind::Unavailable, "postgres://127.0.0.1");
    refused(PostgresCatalogue::open(&url), ErrorKind::Unavailable, "cannot connect");
    server.begin();
    // Connections are made anew at the next call.
    assert_eq!(catalogue.pending().unwrap().len(), 3);
    assert_eq!(catalogue.request(&"lost".parse().unwrap()).unwrap(), None);
    catalogue.file(electronic("found")).unwrap();
    assert_eq!(catalogue.audit().unwrap(), []);
}

#[test]
fn a_connection_lost_within_a_transaction_changes_nothing() {
    let Some(server) = server() else { return };
    let url = server.url();
    let catalogue = catalogue(&url, 1);
    // The number writer runs inside the transaction: there the server ends the connection.
    let mut cut = electronic("cut");
    let inner = url.clone();
    cut.number = Draw::new("many", 1, 9_999_999, move |n| {
        let schema = inner.rsplit("%3D").next().unwrap_or_default();
        client(&inner)
            .execute(
                "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.pid IN
                     (SELECT l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                      JOIN pg_namespace n ON n.oid = c.relnamespace
                      WHERE c.relname = 'log_head' AND n.nspname = $1)",
                &[&schema],
            )
            .unwrap();
        std::thread::sleep(Duration::from_millis(50));
        format!("M{n:07}").parse()
    });
    refused(catalogue.file(cut), ErrorKind::Unavailable, "nothing was written");
    assert_eq!(catalogue.request(&"cut".parse().unwrap()).unwrap(), None);
    let filed = catalogue.file(electronic("cut")).unwrap();
    assert_eq!(filed.reference.as_str(), "M0000001");
    assert_eq!(catalogue.audit().unwrap(), []);
}

#[test]
fn a_lock_of_another_program_is_waited_for_and_named() {
    let Some(server) = server() else { return };
    let url = server.url();
    drop(catalogue(&url, 1));
    let options = PostgresOptions { lock_wait: Duration::from_secs(1), ..PostgresOptions::default() };
    let catalogue = PostgresCatalogue::open_with(&url, options).unwrap();
    let mut other = client(&url);
    other.batch_execute("BEGIN; LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE").unwrap();
    refused(catalogue.file(electronic("waits")), ErrorKind::Unavailable, "holds its lock");
    other.batch_execute("ROLLBACK").unwrap();
    catalogue.file(electronic("waits")).unwrap();
    // A statement that takes too long is ended by the server.
    let options = PostgresOptions { statement_wait: Duration::from_secs(2), ..PostgresOptions::default() };
    let hasty = PostgresCatalogue::open_with(&url, options).unwrap();
    other.batch_execute("BEGIN; LOCK TABLE slot IN ACCESS EXCLUSIVE MODE").unwrap();
    refused(hasty.slots(&SlotFilter::default()), ErrorKind::Unavailable, "took too long");
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(hasty.slots(&SlotFilter::default()).unwrap().len(), 3);
}

#[test]
fn two_programs_share_one_database_without_gaps() {
    let Some(server) = server() else { return };
    let url = server.url();
    let catalogues = [catalogue(&url, 0), catalogue(&url, 0)];
    std::thread::scope(|scope| {
        for writer in 0..8_usize {
            let catalogue = &catalogues[writer % 2];
            scope.spawn(move || {
                for n in 0..25 {
                    let mut entry = electronic(&format!("w{writer}-{n}"));
                    if (writer + n) % 10 == 0 {
                        // Known to be impossible only after the number was drawn.
                        let shelving =
                            archive_store::Shelving { slots: Some(vec![]), ..conformance::shelving(20) };
                        entry.custody = Custody::CentralPaper(shelving);
                        refused(catalogue.file(entry), ErrorKind::Conflict, "slots");
                    } else {
                        catalogue.file(entry).unwrap();
                    }
                }
            });
        }
    });
    let counters = catalogues[1].counters().unwrap();
    assert_eq!((counters[0].given, counters[0].next), (181, 182), "{counters:?}");
    assert_eq!(catalogues[0].audit().unwrap(), []);
}

#[test]
fn numbers_sort_byte_by_byte() {
    let Some(server) = server() else { return };
    let url = server.url();
    drop(catalogue(&url, 0));
    let collations = client(&url)
        .query(
            "SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
             JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_collation k ON k.oid = a.attcollation
             WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname <> 'archive_migration'
               AND a.attnum > 0 AND k.collname <> 'C'",
            &[],
        )
        .unwrap();
    let names: Vec<String> = collations.iter().map(|row| row.get(0)).collect();
    assert_eq!(names, Vec::<String>::new());
}

#[test]
fn the_schema_itself_forbids_what_must_not_be() {
    let Some(server) = server() else { return };
    let url = server.url();
    let catalogue = catalogue(&url, 2);
    let mut other = client(&url);
    for (sql, part) in [
        (
            "INSERT INTO number (kind, scope, value, code) SELECT kind, scope, next + 1, 'X' FROM counter",
            "not the next",
        ),
        ("UPDATE counter SET next = next + 1", "only moves with a number"),
        ("UPDATE counter SET next = first", "only moves with a number"),
        ("DELETE FROM counter", "never removed"),
        ("DELETE FROM number", "never given back"),
        ("UPDATE number SET code = 'X'", "never changes"),
        (
            "UPDATE slot SET box_id = (SELECT max(id) FROM box) WHERE box_id = (SELECT min(id) FROM box)",
            "another box",
        ),
        ("UPDATE slot SET width = 1", "too narrow"),
        ("DELETE FROM slot WHERE box_id IS NOT NULL", "holds a box"),
        ("UPDATE slot SET box_id = NULL", "check constraint"),
        ("UPDATE box SET filled = spine + 1", "check constraint"),
        ("UPDATE box SET spine = 51", "too narrow"),
        ("UPDATE box SET year = 1999", "foreign key"),
        ("DELETE FROM box", "foreign key"),
        ("UPDATE file SET year = 1999", "keeps its number"),
        ("UPDATE file SET number_id = (SELECT max(id) FROM number)", "until an alias stands for it"),
        ("UPDATE file SET box_id = 99", "foreign key"),
        ("UPDATE file SET readings = '{'", "check constraint"),
        ("DELETE FROM file", "never deleted"),
        ("UPDATE document SET id = 'same'", "unique constraint"),
        ("DELETE FROM system_record", "foreign key"),
        ("UPDATE leaf SET event = 'x'", "never changes"),
        ("DELETE FROM leaf", "never changes"),
        ("TRUNCATE leaf", "never changes"),
        ("INSERT INTO leaf VALUES (99, NULL, 'x', decode(repeat('00', 32), 'hex'))", "grows at its end"),
        ("UPDATE log_head SET size = size + 1", "grows by its leaves"),
        ("DELETE FROM log_head", "never changes"),
    ] {
        let error = other.batch_execute(sql).expect_err(sql);
        let text = error.as_db_error().map(|e| e.message().to_owned()).unwrap_or_default();
        assert!(text.contains(part), "{sql}: {text}");
    }
    assert_eq!(catalogue.audit().unwrap(), []);
}

/// Damage done past the schema is seen from the end where it was done.
#[test]
fn the_audit_sees_what_was_done_past_the_rules() {
    use archive_store::End;
    let Some(server) = server() else { return };
    let url = server.url();
    let catalogue = catalogue(&url, 3);
    let mut other = client(&url);
    for (table, sql, end, part) in [
        ("slot", "UPDATE slot SET width = 1 WHERE box_id IS NOT NULL", End::Slot, "is 1 mm wide"),
        ("box", "UPDATE box SET filled = 3", End::Slot, "counts 3 mm"),
        ("counter", "UPDATE counter SET next = 9 WHERE kind = 'file'", End::Number, "gave 8 numbers and 3"),
        ("leaf", "UPDATE leaf SET event = '{}' WHERE position = 1", End::Log, "log entry 1"),
        ("file", "UPDATE file SET readings = '\"other\"'", End::Log, "was changed"),
        ("document", "DELETE FROM document", End::Archive, "has no document"),
        ("loan", "SELECT 1", End::Store, "turned off"),
    ] {
        other
            .batch_execute(&format!(
                "CREATE TABLE kept AS TABLE {table}; ALTER TABLE {table} DISABLE TRIGGER USER; {sql}"
            ))
            .unwrap();
        if end != End::Store {
            other.batch_execute(&format!("ALTER TABLE {table} ENABLE TRIGGER USER")).unwrap();
        }
        let breaks = catalogue.audit().unwrap();
        assert!(
            breaks.iter().any(|b| b.end == end && b.to_string().contains(part)),
            "{sql}: {part:?} from the {end} is not among {breaks:#?}"
        );
        // As it was: the rows of a table that others refer to are put back one by one.
        let back = match table {
            "slot" => "UPDATE slot t SET width = k.width FROM kept k WHERE k.id = t.id",
            "box" => "UPDATE box t SET filled = k.filled FROM kept k WHERE k.id = t.id",
            "counter" => {
                "UPDATE counter t SET next = k.next FROM kept k WHERE (k.kind, k.scope) = (t.kind, t.scope)"
            }
            "leaf" => "UPDATE leaf t SET event = k.event FROM kept k WHERE k.position = t.position",
            "file" => "UPDATE file t SET readings = k.readings FROM kept k WHERE k.id = t.id",
            "document" => "INSERT INTO document SELECT * FROM kept",
            _ => "SELECT 1",
        };
        other
            .batch_execute(&format!(
                "ALTER TABLE {table} DISABLE TRIGGER USER; {back}; ALTER TABLE {table} ENABLE TRIGGER USER; DROP TABLE kept"
            ))
            .unwrap();
        assert_eq!(catalogue.audit().unwrap(), [], "after {sql}");
    }
}

#[test]
fn databases_that_are_no_catalogue_of_ours_are_refused_untouched() {
    let Some(server) = server() else { return };
    let foreign = server.url();
    client(&foreign).batch_execute("CREATE TABLE orders (id INT)").unwrap();
    refused(PostgresCatalogue::open(&foreign), ErrorKind::InvalidInput, "another program");
    let newer = server.url();
    drop(catalogue(&newer, 0));
    client(&newer).batch_execute("INSERT INTO archive_migration VALUES (99, 'later', 'x')").unwrap();
    refused(PostgresCatalogue::open(&newer), ErrorKind::Unsupported, "use a newer one");
    let other = server.url();
    drop(catalogue(&other, 0));
    client(&other).batch_execute("UPDATE archive_migration SET hash = 'x' WHERE version = 2").unwrap();
    refused(PostgresCatalogue::open(&other), ErrorKind::Corrupt, "another migration 2");
    let missing = foreign.replace("/postgres?", "/nothing-here?");
    refused(PostgresCatalogue::open(&missing), ErrorKind::NotFound, "no such database");
    refused(PostgresCatalogue::open("postgres://\u{0}"), ErrorKind::InvalidInput, "URL");
    refused(PostgresCatalogue::open(&"x".repeat(10_000_000)), ErrorKind::InvalidInput, "URL");
    // A password is never shown.
    let secret = "postgres://archive:sesame@127.0.0.1:1/postgres";
    assert!(!PostgresCatalogue::open(secret).unwrap_err().report().contains("sesame"));
}

#[test]
fn a_backup_of_a_running_catalogue_is_restored_as_it_was() {
    let Some(server) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let catalogue = catalogue(&server.url(), 3);
    let kept = catalogue.checkpoint().unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 0..20 {
                catalogue.file(electronic(&format!("b{n}"))).unwrap();
            }
        });
        catalogue.back_up(&file).unwrap();
        writer.join().unwrap();
    });
    refused(catalogue.back_up(&file), ErrorKind::Conflict, "there already");
    let url = server.url();
    let restored = PostgresCatalogue::restore(&url, &file).unwrap();
    assert_eq!(restored.audit().unwrap(), []);
    assert_eq!(restored.verify(&[kept]).unwrap().breaks, []);
    assert_eq!(restored.locate(&Locator::Customer("33r1".parse().unwrap())).unwrap().len(), 1);
    assert_eq!(restored.search(&Search::words("33r1")).unwrap().len(), 1);
    restored.file(electronic("after")).unwrap();
    restored.confirm(&"r0".parse().unwrap(), archive_store::ShelfReceipt { when: at(1), tag: None }).unwrap();
    assert_eq!(restored.audit().unwrap(), []);
    // Only into an empty database, and only what was written.
    refused(PostgresCatalogue::restore(&url, &file), ErrorKind::Conflict, "not empty");
    let whole = std::fs::read(&file).unwrap();
    let damaged = folder.path().join("damaged");
    for cut in [0, 10, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&damaged, &whole[..cut]).unwrap();
        let error = PostgresCatalogue::restore(&server.url(), &damaged).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::InvalidInput), "{}", error.report());
    }
    let mut flipped = whole.clone();
    let place = whole.windows(8).position(|w| w == b"contract").unwrap();
    flipped[place] = b'C';
    std::fs::write(&damaged, &flipped).unwrap();
    let url = server.url();
    refused(PostgresCatalogue::restore(&url, &damaged), ErrorKind::Corrupt, "not what was written");
    // The database is as it was: empty.
    PostgresCatalogue::open(&url).unwrap();
}

#[test]
fn nothing_sealed_stands_in_the_files_of_the_server() {
    let Some(_) = server() else { return };
    // One of its own, whose files nobody else fills.
    let server = crate::server::fresh();
    let catalogue = PostgresCatalogue::open(&server.url()).unwrap();
    crate::sealed::work_with_secrets(&catalogue);
    // The write-ahead log as it is, then the tables as they are written at the end.
    assert_eq!(crate::sealed::files_with_secrets(server.folder()), Vec::<String>::new());
    drop(catalogue);
    server.stop("fast");
    assert_eq!(crate::sealed::files_with_secrets(server.folder()), Vec::<String>::new());
}

#[test]
fn a_server_proves_itself_by_its_certificate_or_is_refused() {
    let Some(plain) = server() else { return };
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let server = crate::server::fresh_with_tls(&made.cert.pem(), &made.signing_key.serialize_pem());
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let own = write("own.pem", &made.cert.pem());
    let of_another = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let another = write("another.pem", &of_another.cert.pem());
    let url = server.url();
    for mode in ["verify-full", "require"] {
        let catalogue = catalogue(&format!("{}&sslmode={mode}&sslrootcert={own}", server.url()), 1);
        assert_eq!(catalogue.audit().unwrap(), []);
    }
    // What the server itself says of its connections.
    let encrypted = |url: &str| -> i64 {
        let _open = PostgresCatalogue::open(url).unwrap();
        let sql = "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
                   WHERE s.ssl AND a.application_name = 'archive-store'";
        server.client().query_one(sql, &[]).unwrap().get(0)
    };
    assert!(encrypted(&format!("{url}&sslmode=verify-full&sslrootcert={own}")) > 0);
    let refused_by = |url: String, part: &str| {
        let error = PostgresCatalogue::open(&url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{}", error.report());
        assert!(error.report().contains(part), "{}", error.report());
    };
    refused_by(
        format!("{url}&sslmode=verify-full&sslrootcert={another}"),
        "is not proven by its certificate",
    );
    refused_by(
        format!("{}&sslmode=verify-full&sslrootcert={own}", url.replace("127.0.0.1", "localhost")),
        "is not proven by its certificate",
    );
    // A server without TLS is not spoken to in the clear.
    let error =
        PostgresCatalogue::open(&format!("{}&sslmode=require&sslrootcert={own}", plain.url())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.report());
    assert!(error.report().contains("does not support TLS"), "{}", error.report());
}
