//! What must not be a catalogue, what locks it, and what fills it: a clear error each time, and the
//! data as it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use archive_store::conformance::{at, entry, slot};
use archive_store::{Catalogue, Error, ErrorKind, Locator, SlotFilter, SqliteCatalogue, SqliteOptions};

fn fresh() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    (folder, path)
}

/// A closed catalogue with `files` files; everything is in the one file, nothing in its log.
pub(crate) fn closed_with(files: u32) -> (tempfile::TempDir, PathBuf) {
    let (folder, path) = fresh();
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    catalogue.add_slots((1..=files.max(1)).map(|n| slot(n, 50)).collect()).unwrap();
    for n in 0..files {
        catalogue.file(entry(&format!("r{n}"))).unwrap();
    }
    (folder, path)
}

#[track_caller]
fn check<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, path: &Path, part: &str) {
    let error = result.unwrap_err();
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{}", error.report());
    assert!(text.contains(&path.display().to_string()), "{text:?} does not name {}", path.display());
    assert!(text.contains(part), "{text:?} does not say {part:?}");
}

#[test]
fn a_path_that_cannot_hold_a_catalogue_is_refused() {
    let (folder, path) = fresh();
    check(SqliteCatalogue::open(folder.path()), ErrorKind::InvalidInput, folder.path(), "is a directory");
    let missing = folder.path().join("no/such/catalogue.db");
    check(SqliteCatalogue::open(&missing), ErrorKind::NotFound, &missing, "make it first");
    let below_file = path.join("x.db");
    fs::write(&path, b"").unwrap();
    check(SqliteCatalogue::open(&below_file), ErrorKind::InvalidInput, &below_file, "cannot open");
    let long = folder.path().join("x".repeat(10_000));
    assert!(SqliteCatalogue::open(&long).is_err());
    assert_eq!(SqliteCatalogue::open(Path::new("")).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(SqliteCatalogue::open(Path::new("a\0b")).unwrap_err().kind(), ErrorKind::InvalidInput);
}

/// Even a superuser cannot make a file in /proc.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let error = SqliteCatalogue::open(Path::new("/proc/catalogue.db")).unwrap_err();
    assert!(error.to_string().contains("/proc"), "{error}");
    assert!(
        matches!(error.kind(), ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::Unavailable),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_catalogue_that_may_not_be_written_is_denied() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = closed_with(1);
    let allow = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    allow(0o444);
    let refused = fs::OpenOptions::new().write(true).open(&path).is_err();
    if refused {
        check(SqliteCatalogue::open(&path), ErrorKind::Denied, &path, "may not be written");
    } else {
        eprintln!("skipped: permissions do not bind the superuser, who runs this test");
    }
    allow(0o644);
    let close = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    close(0o555);
    if refused {
        let new = folder.path().join("new.db");
        check(SqliteCatalogue::open(&new), ErrorKind::Denied, folder.path(), "write");
    }
    close(0o755);
}

#[test]
fn what_is_no_database_is_refused_and_left_alone() {
    let (_folder, path) = fresh();
    for bytes in [b"%PDF-1.7 not a catalogue at all, although long enough".repeat(100), vec![0xff; 4096]] {
        fs::write(&path, &bytes).unwrap();
        check(SqliteCatalogue::open(&path), ErrorKind::Corrupt, &path, "no SQLite database");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn another_programs_database_is_refused_and_left_alone() {
    let (_folder, path) = fresh();
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE album (title TEXT); INSERT INTO album VALUES ('x')").unwrap();
    drop(foreign);
    let before = fs::read(&path).unwrap();
    check(SqliteCatalogue::open(&path), ErrorKind::InvalidInput, &path, "another program");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let (_folder, path) = closed_with(1);
    let later = rusqlite::Connection::open(&path).unwrap();
    later.pragma_update(None, "user_version", 999).unwrap();
    drop(later);
    check(SqliteCatalogue::open(&path), ErrorKind::Unsupported, &path, "has schema 999");
    for bad in [-1, i64::from(i32::MIN)] {
        rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", bad).unwrap();
        check(SqliteCatalogue::open(&path), ErrorKind::Unsupported, &path, "has schema -");
    }
}

#[test]
fn a_schema_changed_behind_its_back_is_corrupt() {
    let (_folder, path) = closed_with(1);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("UPDATE migration SET hash = 'x' WHERE version = 1").unwrap();
    drop(other);
    check(SqliteCatalogue::open(&path), ErrorKind::Corrupt, &path, "another migration 1");
}

#[test]
fn a_truncated_catalogue_never_answers_wrongly() {
    let (_folder, path) = closed_with(20);
    let whole = fs::read(&path).unwrap();
    // Cut within the last page alone it would be whole but for some zeros, which pages without
    // checksums cannot show.
    for kept in [1, 15, 16, 99, 100, 512, 4095, 4096, whole.len() / 2, whole.len() - 4096] {
        fs::write(&path, &whole[..kept]).unwrap();
        let outcome = SqliteCatalogue::open(&path).and_then(|c| c.audit());
        match outcome {
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::InvalidInput),
                "{kept}: {}",
                error.report()
            ),
            Ok(breaks) => assert!(!breaks.is_empty(), "{kept} of {} bytes pass the audit", whole.len()),
        }
    }
}

/// A small generator, so that the damage is the same in every run.
fn step(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn flipped_bytes_never_panic() {
    let (_folder, path) = closed_with(20);
    let whole = fs::read(&path).unwrap();
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut noticed = 0;
    for _ in 0..60 {
        let mut damaged = whole.clone();
        for _ in 0..1 + step(&mut state) % 40 {
            let place = step(&mut state) as usize % damaged.len();
            damaged[place] ^= 1 << (step(&mut state) % 8);
        }
        fs::write(&path, &damaged).unwrap();
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(path.with_file_name(format!("catalogue.db{suffix}")));
        }
        // Whatever it answers, it answers: no panic, no endless loop, and no message that floods.
        let Ok(catalogue) = SqliteCatalogue::open(&path) else {
            noticed += 1;
            continue;
        };
        let heard = [
            catalogue.audit().map(|breaks| breaks.len()),
            catalogue.pending().map(|_| 0),
            catalogue.slots(&SlotFilter::default()).map(|_| 0),
            catalogue.locate(&Locator::Customer("33r3".parse().unwrap())).map(|_| 0),
            catalogue.file(entry("new")).map(|_| 0),
        ];
        for error in heard.iter().filter_map(|r| r.as_ref().err()) {
            assert!(error.to_string().len() < 1000, "{error}");
        }
        noticed += u32::from(heard.iter().any(|r| !matches!(r, Ok(0))));
    }
    // SQLite has no checksums: a flip within a value may be a value.
    assert!(noticed > 30, "only {noticed} of 60 damaged files were noticed");
}

#[test]
fn a_lock_is_waited_for_and_named() {
    let (_folder, path) = closed_with(1);
    let options = SqliteOptions { lock_wait: Duration::from_millis(200), ..SqliteOptions::default() };
    let catalogue = SqliteCatalogue::open_with(&path, options.clone()).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let start = Instant::now();
    check(catalogue.cancel(&"r0".parse().unwrap(), "r", at(1)), ErrorKind::Unavailable, &path, "its lock");
    assert!(start.elapsed() >= Duration::from_millis(150), "{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    // Reading goes on beside a writer, and so does opening.
    assert_eq!(catalogue.pending().unwrap().len(), 1);
    drop(SqliteCatalogue::open_with(&path, options).unwrap());
    other.execute_batch("ROLLBACK").unwrap();
    catalogue.cancel(&"r0".parse().unwrap(), "r", at(1)).unwrap();
}

#[test]
fn a_lock_that_ends_in_time_is_not_noticed() {
    let (_folder, path) = closed_with(1);
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(150));
        other.execute_batch("ROLLBACK").unwrap();
    });
    catalogue.cancel(&"r0".parse().unwrap(), "r", at(1)).unwrap();
    release.join().unwrap();
}

#[test]
fn two_handles_on_one_file_share_the_counters() {
    let (_folder, path) = fresh();
    let handles = [SqliteCatalogue::open(&path).unwrap(), SqliteCatalogue::open(&path).unwrap()];
    handles[0].add_slots((1..=40).map(|n| slot(n, 50)).collect()).unwrap();
    std::thread::scope(|scope| {
        for (h, handle) in handles.iter().enumerate() {
            scope.spawn(move || {
                for n in 0..20 {
                    handle.file(entry(&format!("h{h}-{n}"))).unwrap();
                }
            });
        }
    });
    let files = handles[1].counters().unwrap().into_iter().find(|c| !c.boxes).unwrap();
    assert_eq!((files.given, files.next), (40, 41));
    assert_eq!(handles[0].audit().unwrap(), []);
}

#[test]
fn a_full_disk_refuses_and_keeps_what_was_there() {
    let (_folder, path) = fresh();
    let options = SqliteOptions { quota: Some(600 << 10), ..SqliteOptions::default() };
    let catalogue = SqliteCatalogue::open_with(&path, options).unwrap();
    catalogue.add_slots((1..=100).map(|n| slot(n, 50)).collect()).unwrap();
    let mut kept = 0;
    let error = loop {
        let mut big = entry(&format!("r{kept}"));
        big.readings = format!("\"{}\"", "x".repeat(20_000));
        match catalogue.file(big) {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 100, "the quota does not bind");
    };
    check::<()>(Err(error), ErrorKind::Unavailable, &path, "full: make room");
    assert!(kept > 2, "{kept} fit");
    // What was acknowledged is there, what was refused is not.
    assert_eq!(catalogue.pending().unwrap().len(), kept);
    assert_eq!(catalogue.request(&format!("r{kept}").parse().unwrap()).unwrap(), None);
    assert_eq!(catalogue.audit().unwrap(), []);
    drop(catalogue);
    let larger = SqliteCatalogue::open(&path).unwrap();
    let filed = larger.file(entry(&format!("r{kept}"))).unwrap();
    assert!(filed.reference.as_str().ends_with(&format!("{:04}", kept + 1)), "{filed:?}");
}

#[test]
fn a_number_writer_that_calls_back_is_refused_not_hung() {
    let (_folder, path) = closed_with(1);
    let catalogue = std::sync::Arc::new(SqliteCatalogue::open(&path).unwrap());
    let inner = std::sync::Arc::downgrade(&catalogue);
    let mut calling = entry("b");
    calling.number = archive_store::Draw::new("c", 1, 9, move |_| {
        inner.upgrade().unwrap().add_slots(vec![slot(5, 5)])?;
        "N".parse()
    });
    check(catalogue.file(calling), ErrorKind::Internal, &path, "called the catalogue");
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let (_folder, path) = closed_with(1);
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    let mut bad = entry("b");
    bad.documents[0].path = std::ffi::OsString::from_vec(vec![b'a', 0xff]).into();
    let error = catalogue.file(bad).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.object(), "document b/contract");
}
