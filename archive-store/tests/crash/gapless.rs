//! Eight writers, one counter, one request in ten rolled back after its number was drawn.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use archive_store::conformance::{entry, shelving};
use archive_store::{Catalogue, Custody, Draw, ErrorKind, Shelving, SqliteCatalogue};

const WRITERS: u64 = 8;

/// Each writer makes `each` requests.
pub(crate) fn run(each: u64) {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = SqliteCatalogue::open(&folder.path().join("catalogue.db")).unwrap();
    let rate = draw(&catalogue, each);
    let (requests, commits) = catalogue.requests_and_commits();
    println!("gapless: {requests} requests in {commits} commits; {rate}");
}

/// Draws from all writers, checks what is there, and tells of it.
pub(crate) fn draw(catalogue: &dyn Catalogue, each: u64) -> String {
    let start = Instant::now();
    let rolled_back = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let rolled_back = &rolled_back;
            scope.spawn(move || {
                for n in 0..each {
                    let mut entry = entry(&format!("g{writer}-{n}"));
                    entry.number =
                        Draw::new("shared", 1, u64::from(u32::MAX), |n| format!("G{n:010}").parse());
                    entry.custody = Custody::Electronic;
                    if (writer + n).is_multiple_of(10) {
                        // There is no slot at all, which is known only after the number was drawn.
                        entry.custody =
                            Custody::CentralPaper(Shelving { slots: Some(vec![]), ..shelving(20) });
                        assert_eq!(catalogue.file(entry).unwrap_err().kind(), ErrorKind::Conflict);
                        rolled_back.fetch_add(1, Ordering::Relaxed);
                    } else {
                        catalogue.file(entry).unwrap();
                    }
                }
            });
        }
    });
    let seconds = start.elapsed().as_secs_f64();
    let rolled_back = rolled_back.into_inner();
    let counters = catalogue.counters().unwrap();
    assert_eq!(counters.len(), 1, "{counters:?}");
    let kept = WRITERS * each - rolled_back;
    // As many as were kept, from the first to the last, and each once by the schema and the audit.
    assert_eq!((counters[0].given, counters[0].next), (kept, kept + 1));
    assert_eq!(catalogue.audit().unwrap(), []);
    format!(
        "{WRITERS} writers at {:.0}/s, {rolled_back} rolled back, {kept} numbers, 0 gaps, 0 duplicates",
        (WRITERS * each) as f64 / seconds
    )
}
