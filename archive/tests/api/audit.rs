//! `archive audit`: signed checkpoints that are kept elsewhere, and proofs that need no archive.

use archive_store::conformance::entry;
use archive_store::{Custody, FilingEntry};

use crate::scene::{Scene, assert_fails, command, run, text};

/// A file of one electronic document, whose papers nobody reads.
fn electronic(key: &str) -> FilingEntry {
    FilingEntry { custody: Custody::Electronic, ..entry(key) }
}

#[test]
fn a_checkpoint_kept_elsewhere_shows_what_was_changed_since() {
    let scene = Scene::new();
    let holdings = scene.holdings();
    let at = text(&holdings).to_owned();
    let (secret, kept, proofs) = (scene.path("secret.key"), scene.path("kept.txt"), scene.path("proofs"));
    let made = run(&mut command(["audit", "key", "archive.example/hz", "--out", text(&secret)]));
    let public = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    assert!(public.starts_with("archive.example/hz+"), "{public}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = run(&mut command(["audit", "key", "archive.example/hz", "--out", text(&secret)]));
    assert_fails(&again, 3, &["secret.key", "is there already"]);

    let archive = scene.open();
    let reference = archive.catalogue().file(electronic("r-1")).unwrap().reference.to_string();
    archive.catalogue().file(electronic("r-2")).unwrap();
    drop(archive);
    let signed = run(&mut command([
        "audit",
        "checkpoint",
        "--archive",
        &at,
        "--key",
        text(&secret),
        "--out",
        text(&kept),
    ]));
    assert!(signed.status.success(), "{signed:?}");
    let verify = |key: &str| {
        run(&mut command([
            "audit",
            "verify",
            "--archive",
            &at,
            "--checkpoint",
            text(&kept),
            "--public-key",
            key,
        ]))
    };
    let key_file = scene.path("public.key");
    std::fs::write(&key_file, &public).unwrap();
    for key in [public.as_str(), text(&key_file)] {
        let whole = verify(key);
        assert!(whole.status.success(), "{whole:?}");
        assert!(String::from_utf8(whole.stdout).unwrap().contains("go on from 3 kept"));
    }
    let other =
        run(&mut command(["audit", "key", "archive.example/hz", "--out", text(&scene.path("2.key"))]));
    let other = String::from_utf8(other.stdout).unwrap();
    assert_fails(&verify(other.trim()), 3, &["is not signed by archive.example/hz"]);

    let proven = run(&mut command([
        "audit",
        "prove",
        &reference,
        "--archive",
        &at,
        "--checkpoint",
        text(&kept),
        "--public-key",
        &public,
        "--out",
        text(&proofs),
    ]));
    assert!(proven.status.success(), "{proven:?}");
    let proof = proofs.join("entry-1.tlog-proof");
    let check = || run(&mut command(["audit", "check-proof", text(&proof), "--public-key", &public]));
    let entry = String::from_utf8(check().stdout).unwrap();
    assert!(entry.contains(&reference) && entry.contains("\"filed\""), "{entry}");

    let sound = run(&mut command(["audit", "catalogue", "--archive", &at]));
    assert!(sound.status.success(), "{sound:?}");
    let database = rusqlite::Connection::open(holdings.join("catalogue.db")).unwrap();
    database
        .execute_batch(
            "DROP TRIGGER leaf_never_changes;
             UPDATE leaf SET event = replace(event, 'r-2', 'r-9') WHERE position = 2",
        )
        .unwrap();
    drop(database);
    let changed = verify(&public);
    assert_eq!(changed.status.code(), Some(1), "{changed:?}");
    let said = String::from_utf8(changed.stdout).unwrap();
    assert!(said.starts_with("from the log: log entry 2: is not what was hashed"), "{said}");
    let broken = run(&mut command(["audit", "catalogue", "--archive", &at, "--json"]));
    assert_eq!(broken.status.code(), Some(1), "{broken:?}");

    let forged = std::fs::read_to_string(&proof).unwrap().replace("index 1", "index 2");
    std::fs::write(&proof, forged).unwrap();
    assert_fails(&check(), 3, &["log entry 2", "is not in the log"]);
    std::fs::write(&kept, "no checkpoint").unwrap();
    assert_fails(&verify(&public), 3, &["kept.txt", "no empty line"]);
}
