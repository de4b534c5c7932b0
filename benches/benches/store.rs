//! How fast requests are filed and found, beside the ways that one would write by hand.
//!
//! `cargo bench -p archive-benches --bench store -- [SECONDS [DIRECTORY]]`
//!
//! All figures come from one run on one disk, so that their ratios mean something. "Naive" is the same
//! catalogue with one commit for each request: every writer has a handle of its own. "Raw" is the same
//! rows put in and read by the driver alone, without checks, types or triggers.

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use archive_benches::processor_seconds;
use archive_core::holding::{BoxKey, Retention};
use archive_core::policy::PolicyVersion;
use archive_core::record::{Carrier, Digest, Document};
use archive_core::units::Pages;
use archive_store::{Catalogue, Custody, Draw, FilingEntry, Locator, SqliteCatalogue, SqliteOptions};

const WRITERS: u64 = 64;

fn main() -> Result<(), Box<dyn Error>> {
    // The bench runner adds an option of its own.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let seconds = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let span = Duration::from_secs(seconds);
    let folder = match arguments.next() {
        Some(directory) => tempfile::tempdir_in(directory)?,
        None => tempfile::tempdir()?,
    };
    let grouped = grouped(&folder.path().join("grouped.db"), span)?;
    let naive = naive(&folder.path().join("naive.db"), span)?;
    println!("{WRITERS} writers: {:.1} times the naive rate", grouped / naive);
    let mut processor = Vec::new();
    let ratio = median_ratio(|round| {
        let (batch, used) = batch(&folder.path().join(format!("batch-{round}.db")))?;
        let (raw, raw_used) = raw_batch(&folder.path().join(format!("raw-{round}.db")))?;
        processor.push(raw_used / used);
        Ok(batch / raw)
    })?;
    processor.sort_by(f64::total_cmp);
    println!("batch: {ratio:.2} of the raw rate, {:.2} by processor time", processor[2]);
    let path = folder.path().join("batch-0.db");
    let ratio = median_ratio(|_| Ok(point_reads(&path)? / raw_point_reads(&path)?))?;
    println!("point reads: {ratio:.2} of the raw rate");
    Ok(())
}

/// The middle of five ratios, each of two measurements one after the other: a machine that others use
/// slows both.
fn median_ratio(mut ratio: impl FnMut(u32) -> Result<f64, Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    let mut ratios = (0..5).map(&mut ratio).collect::<Result<Vec<_>, _>>()?;
    ratios.sort_by(f64::total_cmp);
    Ok(ratios[2])
}

fn entry(key: &str) -> Result<FilingEntry, archive_core::Error> {
    Ok(FilingEntry {
        request: key.parse()?,
        digest: Digest([1; 32]),
        when: chrono::Utc::now(),
        expires: None,
        customer: format!("33{key}").parse()?,
        process: "new-connection-lv".parse()?,
        system_record: format!("work order {key}").parse()?,
        key: BoxKey {
            fonds: "Z109".parse()?,
            year: 2024,
            retention: Retention::D30,
            organisation: "YX".parse()?,
        },
        policy: PolicyVersion { name: "example".into(), version: "1".into() },
        number: Draw::new("KH·2024-D30-YX", 1, 9_999_999, |n| format!("Z109-KH·2024-D30-YX-{n:07}").parse()),
        documents: vec![Document {
            id: format!("{key}/contract").parse()?,
            document_type: Some("supply_contract".parse()?),
            carrier: Carrier::Electronic,
            pages: Pages(4),
            date: None,
            digest: Digest([2; 32]),
            path: "contract.jpg".into(),
        }],
        readings: r#"{"contract_capacity_kva":"400","supply_voltage_kv":"10"}"#.into(),
        findings: "[]".into(),
        custody: Custody::Electronic,
        joins: None,
    })
}

/// Files from all writers for `span`; returns requests a second.
fn measure(
    span: Duration,
    file: impl Fn(u64, FilingEntry) -> Result<(), archive_core::Error> + Sync,
) -> (f64, Duration) {
    let (done, worst) = (AtomicU64::new(0), AtomicU64::new(0));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (done, worst, file) = (&done, &worst, &file);
            scope.spawn(move || {
                for n in 0.. {
                    if start.elapsed() >= span {
                        break;
                    }
                    let begun = Instant::now();
                    let entry = entry(&format!("{writer}-{n}")).expect("the entry is well formed");
                    match file(writer, entry) {
                        Ok(()) => done.fetch_add(1, Ordering::Relaxed),
                        // A naive writer may give up on the lock; its wait counts all the same.
                        Err(_) => 0,
                    };
                    worst.fetch_max(begun.elapsed().as_micros() as u64, Ordering::Relaxed);
                }
            });
        }
    });
    let rate = done.into_inner() as f64 / start.elapsed().as_secs_f64();
    (rate, Duration::from_micros(worst.into_inner()))
}

fn grouped(path: &Path, span: Duration) -> Result<f64, Box<dyn Error>> {
    let catalogue = SqliteCatalogue::open(path)?;
    let (rate, worst) = measure(span, |_, entry| catalogue.file(entry).map(drop));
    let (requests, commits) = catalogue.requests_and_commits();
    println!(
        "grouped: {rate:.0} requests/s, worst wait {worst:.1?}, {:.4} commits a request",
        commits as f64 / requests.max(1) as f64
    );
    Ok(rate)
}

fn naive(path: &Path, span: Duration) -> Result<f64, Box<dyn Error>> {
    let options = SqliteOptions { lock_wait: Duration::from_secs(60), ..SqliteOptions::default() };
    let handles = (0..WRITERS)
        .map(|_| SqliteCatalogue::open_with(path, options.clone()))
        .collect::<Result<Vec<_>, _>>()?;
    let (rate, worst) = measure(span, |writer, entry| handles[writer as usize].file(entry).map(drop));
    println!("naive: {rate:.0} requests/s, worst wait {worst:.1?}");
    Ok(rate)
}

const BATCH: u64 = 50_000;

/// Requests a second, and the processor time of all in seconds.
fn batch(path: &Path) -> Result<(f64, f64), Box<dyn Error>> {
    let catalogue = SqliteCatalogue::open(path)?;
    let entries = (0..BATCH).map(|n| entry(&format!("b-{n}"))).collect::<Result<Vec<_>, _>>()?;
    let (start, used) = (Instant::now(), processor_seconds()?);
    let filed = catalogue.file_batch(entries)?;
    let used = processor_seconds()? - used;
    let rate = filed.len() as f64 / start.elapsed().as_secs_f64();
    println!("batch: {rate:.0} requests/s, {used:.2} s of processor time");
    Ok((rate, used))
}

/// The rows that one request makes, and the indexes that find them; words and hashes come for nothing.
const RAW_SCHEMA: &str = "
    CREATE TABLE number (id INTEGER PRIMARY KEY, kind TEXT, scope TEXT, value INTEGER, code TEXT,
        voided_at TEXT, void_reason TEXT, UNIQUE (kind, code), UNIQUE (kind, scope, value));
    CREATE TABLE system_record (key TEXT PRIMARY KEY, customer TEXT, UNIQUE (key, customer)) WITHOUT ROWID;
    CREATE TABLE file (id INTEGER PRIMARY KEY, number_id INTEGER UNIQUE, request TEXT UNIQUE, request_digest TEXT,
        state TEXT, customer TEXT, system_record TEXT, process TEXT, fonds TEXT, year INTEGER, retention TEXT,
        organisation TEXT, policy_name TEXT, policy_version TEXT, custody TEXT, readings TEXT, findings TEXT,
        filed_at TEXT, confirmed_at TEXT);
    CREATE INDEX file_by_customer ON file (customer);
    CREATE INDEX file_by_system_record ON file (system_record);
    CREATE TABLE document (file_id INTEGER, position INTEGER, live INTEGER, id TEXT, document_type TEXT, carrier TEXT,
        pages INTEGER, digest TEXT, path TEXT, PRIMARY KEY (file_id, position)) WITHOUT ROWID;
    CREATE UNIQUE INDEX document_by_id ON document (id);
    CREATE TABLE leaf (position INTEGER PRIMARY KEY, file_id INTEGER, event TEXT, hash BLOB);
    CREATE INDEX leaf_by_file ON leaf (file_id);
    CREATE VIRTUAL TABLE search USING fts5 (words, facets, content = '', columnsize = 0,
        tokenize = 'unicode61 remove_diacritics 0', prefix = '1');";

fn raw_batch(path: &Path) -> Result<(f64, f64), Box<dyn Error>> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(RAW_SCHEMA)?;
    let (digest, when) = ("1".repeat(64), chrono::Utc::now().to_rfc3339());
    let (start, used) = (Instant::now(), processor_seconds()?);
    let transaction = connection.transaction()?;
    {
        let mut number = transaction.prepare(
            "INSERT INTO number (kind, scope, value, code) VALUES ('file', 'KH·2024-D30-YX', ?1, ?2)",
        )?;
        let mut record = transaction.prepare("INSERT INTO system_record VALUES (?1, ?2)")?;
        let mut file = transaction.prepare(
            "INSERT INTO file (number_id, request, request_digest, state, customer, system_record, process, fonds, year,
                 retention, organisation, policy_name, policy_version, custody, readings, findings, filed_at, confirmed_at)
             VALUES (?1, ?2, ?3, 'confirmed', ?4, ?5, 'new-connection-lv', 'Z109', 2024, 'D30', 'YX', 'example', '1',
                 'electronic', ?6, '[]', ?7, ?7)",
        )?;
        let mut document = transaction.prepare(
            "INSERT INTO document VALUES (?1, 0, 1, ?2, 'supply_contract', 'electronic', 4, ?3, 'contract.jpg')",
        )?;
        let mut leaf = transaction.prepare("INSERT INTO leaf VALUES (?1, ?2, ?3, ?4)")?;
        let mut search =
            transaction.prepare("INSERT INTO search (rowid, words, facets) VALUES (?1, ?2, ?3)")?;
        let readings = r#"{"contract_capacity_kva":"400","supply_voltage_kv":"10"}"#;
        for n in 0..BATCH {
            let key = format!("b-{n}");
            number.execute((n + 1, format!("Z109-KH·2024-D30-YX-{:07}", n + 1)))?;
            let id = transaction.last_insert_rowid();
            record.execute((format!("work order {key}"), format!("33{key}")))?;
            let (customer, order) = (format!("33{key}"), format!("work order {key}"));
            file.execute((id, &key, &digest, customer, order, readings, &when))?;
            let file_id = transaction.last_insert_rowid();
            document.execute((file_id, format!("{key}/contract"), &digest))?;
            let event = format!(
                r#"{{"event":"filed","reference":"Z109-KH·2024-D30-YX-{:07}","request":"{key}","content":"{digest}","box_number":null,"slot":null,"at":"{when}"}}"#,
                n + 1
            );
            leaf.execute((n, file_id, event, [7_u8; 32]))?;
            let words = format!(
                "z109 kh 2024 d30 yx {:07} 33b {n} work order b {n} b {n} new connection lv b {n} contract supply contract 400 10",
                n + 1
            );
            search.execute((file_id, words, "p6e65772d636f6e6e656374696f6e2d6c76 y2024 r443330 o5958"))?;
        }
    }
    transaction.commit()?;
    let used = processor_seconds()? - used;
    let rate = BATCH as f64 / start.elapsed().as_secs_f64();
    println!("raw batch: {rate:.0} requests/s, {used:.2} s of processor time");
    Ok((rate, used))
}

const READS: u64 = 50_000;

fn point_reads(path: &Path) -> Result<f64, Box<dyn Error>> {
    let catalogue = SqliteCatalogue::open(path)?;
    let start = Instant::now();
    for n in 0..READS {
        let name = format!("b-{}", n * 7919 % BATCH).parse()?;
        assert_eq!(catalogue.locate(&Locator::Request(name))?.len(), 1);
    }
    let rate = READS as f64 / start.elapsed().as_secs_f64();
    println!("point reads: {rate:.0}/s");
    Ok(rate)
}

/// The same columns of file, number and documents, as text.
fn raw_point_reads(path: &Path) -> Result<f64, Box<dyn Error>> {
    let connection = rusqlite::Connection::open(path)?;
    let mut file = connection.prepare(
        "SELECT f.id, n.code, f.state, f.customer, f.process, f.system_record, f.fonds, f.year, f.retention,
            f.organisation, f.policy_name, f.policy_version, f.filed_at, f.confirmed_at, f.readings, f.findings
         FROM file f JOIN number n ON n.id = f.number_id WHERE f.request = ?1",
    )?;
    let mut document = connection.prepare(
        "SELECT id, document_type, carrier, pages, date, digest, path FROM document WHERE file_id = ?1 ORDER BY position",
    )?;
    let start = Instant::now();
    for n in 0..READS {
        let row: Vec<rusqlite::types::Value> =
            file.query_row([format!("b-{}", n * 7919 % BATCH)], |row| (0..16).map(|c| row.get(c)).collect())?;
        let rusqlite::types::Value::Integer(id) = row[0] else { return Err("no id".into()) };
        let documents: Vec<Vec<rusqlite::types::Value>> = document
            .query_map([id], |row| (0..7).map(|c| row.get(c)).collect())?
            .collect::<Result<_, _>>()?;
        assert_eq!(documents.len(), 1);
    }
    let rate = READS as f64 / start.elapsed().as_secs_f64();
    println!("raw point reads: {rate:.0}/s");
    Ok(rate)
}
