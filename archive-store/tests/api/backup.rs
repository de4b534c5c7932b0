use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use archive_store::conformance::{entry, slot};
use archive_store::{Catalogue, Custody, Draw, ErrorKind, Locator, Search, SqliteCatalogue};

use crate::hostile::closed_with;

#[test]
fn a_backup_of_a_running_catalogue_is_one_moment_of_it() {
    let (folder, path) = closed_with(3);
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    let (stop, filed) = (AtomicBool::new(false), AtomicU64::new(0));
    let kept = catalogue.checkpoint().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (catalogue, stop, filed) = (&catalogue, &stop, &filed);
            scope.spawn(move || {
                for n in 0.. {
                    let mut entry = entry(&format!("b{thread}-{n}"));
                    entry.number = Draw::new("many", 1, 999_999, |n| format!("M{n:06}").parse());
                    entry.custody = Custody::Electronic;
                    catalogue.file(entry).unwrap();
                    filed.fetch_add(1, Ordering::Relaxed);
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
        }
        for n in 0..3 {
            let before = filed.load(Ordering::Relaxed);
            let copy = folder.path().join(format!("backup-{n}.db"));
            catalogue.back_up(&copy).unwrap();
            let restored = SqliteCatalogue::open(&copy).unwrap();
            assert_eq!(restored.audit().unwrap(), []);
            assert_eq!(restored.verify(&[kept]).unwrap().breaks, []);
            let counters = restored.counters().unwrap();
            let many = counters.iter().find(|c| c.scope == "many").map_or(0, |c| c.given);
            assert!(many >= before, "{many} in the backup, {before} were filed before it");
            // It is a catalogue of its own: found, searched and written.
            assert_eq!(restored.locate(&Locator::Customer("33r1".parse().unwrap())).unwrap().len(), 1);
            assert_eq!(restored.search(&Search::words("33r1")).unwrap().len(), 1);
            restored.add_slots(vec![slot(99, 50)]).unwrap();
            restored.file(entry("after")).unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_backup_never_overwrites_and_leaves_no_half() {
    let (folder, path) = closed_with(1);
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = catalogue.back_up(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let missing = folder.path().join("none/backup.db");
    assert_eq!(catalogue.back_up(&missing).unwrap_err().kind(), ErrorKind::NotFound);
    // What an earlier backup left half written is no hindrance.
    let copy = folder.path().join("copy.db");
    std::fs::write(folder.path().join("copy.db.part"), b"half").unwrap();
    catalogue.back_up(&copy).unwrap();
    assert!(!folder.path().join("copy.db.part").exists());
    assert_eq!(SqliteCatalogue::open(&copy).unwrap().audit().unwrap(), []);
}
