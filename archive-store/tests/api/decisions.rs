//! What the schema of each backend itself forbids of decisions about files, whoever writes to it.

use archive_store::conformance::{at, entry, slot};
use archive_store::{
    Catalogue, Custody, DisposalProposal, FilingEntry, LegalHold, ShelfReceipt, SqliteCatalogue,
};

/// Files a (closed, with late documents), b (open), and a list of both that one person approved.
fn decide(catalogue: &dyn Catalogue) {
    catalogue.add_slots((1..=3).map(|n| slot(n, 50)).collect()).unwrap();
    let mut references = Vec::new();
    for key in ["a", "b"] {
        references.push(catalogue.file(entry(key)).unwrap().reference);
        catalogue.confirm(&key.parse().unwrap(), ShelfReceipt { when: at(1), tag: None }).unwrap();
    }
    let joins = Some(references[0].clone());
    let late = FilingEntry { joins, custody: Custody::Electronic, ..entry("late") };
    let late = catalogue.file(late).unwrap().reference;
    catalogue.close(&references[0], "李档案", "办结", at(2)).unwrap();
    let list = DisposalProposal {
        key: "list".parse().unwrap(),
        references: [references.as_slice(), &[late]].concat(),
        reason: "到期".into(),
        by: "李档案".into(),
        role: None,
        needed: 2,
        when: at(3),
    };
    catalogue.propose_disposal(&list).unwrap();
    catalogue.approve_disposal(&list.key, "王主管", None, at(4)).unwrap();
    let hold = LegalHold {
        key: "case".parse().unwrap(),
        references,
        reason: "诉讼".into(),
        by: "赵法务".into(),
        when: at(5),
        lifted: None,
    };
    catalogue.place_legal_hold(&hold).unwrap();
}

/// Statements in the words that both dialects share, and what they must be refused with.
const FORBIDDEN: &[(&str, &str)] = &[
    ("UPDATE disposal_list SET state = 'executed', ended_at = 'x'", "needs its approvals"),
    ("UPDATE disposal_list SET needed = 3", "only ends"),
    ("UPDATE disposal_list SET proposer_role = 'legal'", "only ends"),
    ("UPDATE disposal_approval SET role = 'legal'", "never changes"),
    ("UPDATE closing SET reason = 'x'", "stays closed"),
    ("DELETE FROM closing", "stays closed"),
    ("UPDATE joined_file SET main_id = (SELECT id FROM file WHERE request = 'b')", "stays with it"),
    ("DELETE FROM joined_file", "stays with it"),
    (
        "INSERT INTO joined_file (file_id, main_id) SELECT b.id, a.id FROM file a, file b
         WHERE a.request = 'a' AND b.request = 'b'",
        "late documents join",
    ),
    (
        "INSERT INTO joined_file (file_id, main_id) SELECT b.id, l.id FROM file l, file b
         WHERE l.request = 'late' AND b.request = 'b'",
        "late documents join",
    ),
    ("INSERT INTO joined_file (file_id, main_id) SELECT id, id FROM file WHERE request = 'b'", "constraint"),
    ("UPDATE file SET state = 'void' WHERE request = 'late'", "legal hold"),
];

#[test]
fn sqlite_itself_keeps_decisions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    decide(&catalogue);
    let other = rusqlite::Connection::open(&path).unwrap();
    for (sql, part) in FORBIDDEN {
        let error = other.execute_batch(sql).expect_err(sql).to_string();
        assert!(error.contains(part), "{sql}: {error}");
    }
    assert_eq!(catalogue.audit().unwrap(), []);
}

#[test]
fn postgres_itself_keeps_decisions() {
    let Some(server) = crate::server::server() else { return };
    let url = server.url();
    let catalogue = archive_store::PostgresCatalogue::open(&url).unwrap();
    decide(&catalogue);
    let mut other = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    for (sql, part) in FORBIDDEN {
        let error = other.batch_execute(sql).expect_err(sql);
        let text = error.as_db_error().map(|e| e.message().to_owned()).unwrap_or_default();
        assert!(text.contains(part), "{sql}: {text}");
    }
    assert_eq!(catalogue.audit().unwrap(), []);
}
