//! Sealed values past the catalogue: in its files, and where somebody changes them there.

use std::path::Path;
use std::sync::Arc;

use archive_core::policy::Policy;
use archive_store::conformance::at;
use archive_store::{
    Access, Catalogue, ErrorKind, KeyBytes, KeyProvider, KeyRing, SealEntry, SealedKind, Secret,
    SqliteCatalogue,
};
use proptest::prelude::*;

const PHONE: &str = "13500007719";
const ID: &str = "110101190001019993";
const PHOTOGRAPH: &str = "id-cards/zhang-7719.jpg";

pub(crate) fn keys() -> Arc<dyn KeyProvider> {
    Arc::new(KeyRing::new("k1".parse().unwrap(), KeyBytes::new([7; 32])))
}

pub(crate) fn access() -> Access {
    Access::under(&Policy::reference(), &"legal".parse().unwrap(), "赵法务", "诉讼", at(5)).unwrap()
}

/// Seals, finds, reads and reseals values of each kind.
pub(crate) fn work_with_secrets(catalogue: &dyn Catalogue) {
    let kinds =
        [(SealedKind::Phone, PHONE), (SealedKind::IdNumber, ID), (SealedKind::IdPhotograph, PHOTOGRAPH)];
    for (kind, value) in kinds {
        let value = Secret::new(value).unwrap();
        let entry =
            SealEntry { customer: "3388985508".parse().unwrap(), kind, value: value.clone(), when: at(0) };
        catalogue.seal(&entry, &keys()).unwrap();
        assert_eq!(catalogue.find_sealed(kind, &value, &access(), &keys()).unwrap().len(), 1);
    }
    assert_eq!(catalogue.unseal(&entry_customer(), None, &access(), &keys()).unwrap().len(), 3);
    let mut ring = KeyRing::new("k1".parse().unwrap(), KeyBytes::new([7; 32]));
    ring.add("k2".parse().unwrap(), KeyBytes::new([8; 32])).unwrap();
    let both: Arc<dyn KeyProvider> = Arc::new(ring);
    assert_eq!(catalogue.reseal(100, at(9), &both).unwrap().left, 0);
}

fn entry_customer() -> archive_core::identifier::CustomerNumber {
    "3388985508".parse().unwrap()
}

/// The files below `folder` that hold one of the secrets, or a key.
pub(crate) fn files_with_secrets(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    let (old, new) = ("\u{7}".repeat(32), "\u{8}".repeat(32));
    let needles = [PHONE, ID, PHOTOGRAPH, &old, &new];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).unwrap().flatten() {
            if entry.path().is_dir() {
                waiting.push(entry.path());
            } else if let Ok(bytes) = std::fs::read(entry.path()) {
                // A server may end a file between the listing and the reading.
                let text = String::from_utf8_lossy(&bytes);
                for needle in needles.iter().filter(|needle| text.contains(**needle)) {
                    found.push(format!("{needle:?} in {}", entry.path().display()));
                }
            }
        }
    }
    found
}

#[test]
fn nothing_sealed_stands_in_the_database_or_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    work_with_secrets(&catalogue);
    let wal = folder.path().join("catalogue.db-wal");
    assert!(wal.metadata().unwrap().len() > 0, "the write-ahead log holds it");
    assert_eq!(files_with_secrets(folder.path()), Vec::<String>::new());
    catalogue.back_up(&folder.path().join("copy.db")).unwrap();
    drop(catalogue);
    assert_eq!(files_with_secrets(folder.path()), Vec::<String>::new());
    // The search itself sees what is in the clear: the customer's number is.
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.windows(10).any(|window| window == b"3388985508"));
}

#[test]
fn a_seal_that_was_moved_or_changed_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    for (customer, phone) in [("1", "13500000001"), ("2", "13500000002")] {
        let value = Secret::new(phone).unwrap();
        let entry =
            SealEntry { customer: customer.parse().unwrap(), kind: SealedKind::Phone, value, when: at(0) };
        catalogue.seal(&entry, &keys()).unwrap();
    }
    drop(catalogue);
    let row = |c: &rusqlite::Connection, id: i64| -> Vec<u8> {
        c.query_row("SELECT sealed FROM sealed_value WHERE id = ?1", [id], |r| r.get(0)).unwrap()
    };
    let original = row(&rusqlite::Connection::open(&path).unwrap(), 1);
    for change in [
        "UPDATE sealed_value SET sealed = (SELECT sealed FROM sealed_value WHERE id = 2) WHERE id = 1",
        "DROP TRIGGER sealed_value_keeps_identity; UPDATE sealed_value SET customer = '9' WHERE id = 2;
         UPDATE sealed_value SET customer = '1', blind = zeroblob(32) WHERE id = 2",
        "UPDATE sealed_value SET sealed = zeroblob(60) WHERE id = 1",
    ] {
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch(change).unwrap();
        drop(other);
        let catalogue = SqliteCatalogue::open(&path).unwrap();
        let error = catalogue.unseal(&"1".parse().unwrap(), None, &access(), &keys()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains("sealed value"), "{error}");
        drop(catalogue);
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute("UPDATE sealed_value SET sealed = ?1 WHERE id = 1", [&original]).unwrap();
    }
    // What the schema forbids.
    let other = rusqlite::Connection::open(&path).unwrap();
    for (sql, part) in [
        ("DELETE FROM sealed_value", "never deleted"),
        ("UPDATE sealing_key SET proof = zeroblob(32)", "never changes"),
        ("UPDATE sealed_value SET sealed = NULL WHERE id = 1", "CHECK"),
    ] {
        let error = other.execute_batch(sql).unwrap_err().to_string();
        assert!(error.contains(part), "{sql}: {error}");
    }
}

#[test]
fn a_key_ring_is_read_from_its_owners_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    let refused = |text: &str, kind: ErrorKind, part: &str| {
        std::fs::write(&path, text).unwrap();
        let error = KeyRing::from_file(&path).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.report().contains(part) && !error.report().contains("c2VjcmV0"), "{}", error.report());
    };
    assert_eq!(KeyRing::from_file(&path).unwrap_err().kind(), ErrorKind::NotFound);
    KeyRing::add_to_file(&path, &"k1".parse().unwrap()).unwrap();
    KeyRing::add_to_file(&path, &"k2".parse().unwrap()).unwrap();
    let ring = KeyRing::from_file(&path).unwrap();
    assert_eq!(ring.current().unwrap().as_str(), "k2");
    assert!(ring.key(&"k1".parse().unwrap()).is_ok());
    assert!(!format!("{ring:?}").contains('='), "{ring:?}");
    let error = KeyRing::add_to_file(&path, &"k1".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    let error = ring.key(&"k9".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("key k9") && error.to_string().contains("keys.toml"), "{error}");
    let secret = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=";
    refused(&format!("current = \"k1\"\nkeys = \"{secret}\""), ErrorKind::InvalidInput, "is no key ring");
    refused(
        &format!("current = \"k2\"\n[keys]\nk1 = \"{secret}\""),
        ErrorKind::InvalidInput,
        "lacks its current key k2",
    );
    refused(
        "current = \"k1\"\n[keys]\nk1 = \"c2VjcmV0\"",
        ErrorKind::InvalidInput,
        "key k1 that is not 32 bytes",
    );
    refused("current = \"k 1\"\n[keys]\n", ErrorKind::InvalidInput, "is no key ring");
    refused(&"x".repeat(5_000_000), ErrorKind::InvalidInput, "more than");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(KeyRing::from_file(&path).unwrap_err().kind(), ErrorKind::Denied);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn any_value_is_read_back_as_it_was_entered(text in "[^\\p{C}]{1,60}") {
        prop_assume!(!text.trim().is_empty());
        let catalogue = archive_store::MemoryCatalogue::new().unwrap();
        let value = Secret::new(text.clone()).unwrap();
        let entry = SealEntry { customer: "1".parse().unwrap(), kind: SealedKind::IdPhotograph, value, when: at(0) };
        if catalogue.seal(&entry, &keys()).is_ok() {
            let found = catalogue.unseal(&"1".parse().unwrap(), None, &access(), &keys()).unwrap();
            prop_assert_eq!(found[0].value.expose(), text.as_str());
            let owner = catalogue.find_sealed(SealedKind::IdPhotograph, &found[0].value, &access(), &keys()).unwrap();
            prop_assert_eq!(owner.len(), 1);
        }
    }
}
