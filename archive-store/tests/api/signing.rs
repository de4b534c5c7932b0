//! Signed notes, checkpoints and proofs, against the vectors of those who made the formats.

use archive_core::record::Digest;
use archive_store::conformance::{entry, slot};
use archive_store::merkle::{verify_consistency, verify_inclusion};
use archive_store::signed_note::{NoteSigner, PublicKey, SignedNote, SigningKey};
use archive_store::{
    Catalogue, Custody, ErrorKind, LogProof, MemoryCatalogue, SignedCheckpoint, SqliteCatalogue,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Inclusion {
    file: String,
    leaf_idx: u64,
    tree_size: u64,
    root: String,
    leaf_hash: String,
    proof: Option<Vec<String>>,
    #[serde(rename = "desc")]
    _desc: String,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Consistency {
    file: String,
    size1: u64,
    size2: u64,
    root1: String,
    root2: String,
    proof: Option<Vec<String>>,
    #[serde(rename = "desc")]
    _desc: String,
    want_err: bool,
}

#[derive(Deserialize)]
struct Vectors {
    inclusion: Vec<Inclusion>,
    consistency: Vec<Consistency>,
}

/// `None` where the text is no hash, as some vectors have it on purpose.
fn hash(text: &str) -> Option<Digest> {
    BASE64.decode(text).ok()?.try_into().ok().map(Digest)
}

fn hashes(proof: Option<Vec<String>>) -> Option<Vec<Digest>> {
    proof.unwrap_or_default().iter().map(|text| hash(text)).collect()
}

#[test]
fn proofs_are_judged_as_transparency_dev_judges_them() {
    let vectors: Vectors = serde_json::from_str(include_str!("transparency-dev/merkle.json")).unwrap();
    assert_eq!((vectors.inclusion.len(), vectors.consistency.len()), (98, 98));
    let (mut good, mut bad) = (0, 0);
    let mut judge = |file: &str, holds: Option<bool>, want_err: bool| {
        // Go compares roots of any length; one that is no hash has no place in the types here.
        let no_hashes = file.ends_with("sizes-are-equal-one-and-proof-is-empty.json");
        let holds = holds.unwrap_or(no_hashes);
        assert_eq!(holds, !want_err, "{file}");
        if holds { good += 1 } else { bad += 1 }
    };
    for v in vectors.inclusion {
        let holds = (|| {
            let (leaf, root) = (hash(&v.leaf_hash)?, hash(&v.root)?);
            Some(verify_inclusion(leaf, v.leaf_idx, v.tree_size, &hashes(v.proof)?, root))
        })();
        judge(&v.file, holds, v.want_err);
    }
    for v in vectors.consistency {
        let holds = (|| {
            let (old, new) = (hash(&v.root1)?, hash(&v.root2)?);
            Some(verify_consistency((v.size1, old), (v.size2, new), &hashes(v.proof)?))
        })();
        judge(&v.file, holds, v.want_err);
    }
    assert!(good > 5 && bad > 100, "{good} proofs hold and {bad} do not");
}

const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PETERS_NOTE: &str = "If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
";
const SUMDB: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const SUMDB_NOTE: &str = "go.sum database tree
6476701
mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=

— sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=
";
const LOG: &str = "Log+2271c621+AemuH5ooBpEPcr+W8onrjA1NfuzBVHdezakU81Ekarvs";
const LOG_SECRET: &str = "PRIVATE+KEY+Log+2271c621+AdEIq9FLRQni54Wg68T96VJO+iayOaulswav2DUMKgvQ";
const KNOWN_SECRET: &str = "PRIVATE+KEY+Known+451c786d+AXAQ0T7lbwuY4ABJ9/MYY9bWV3hmSyOGVt2x42NkmdUH";

fn key(text: &str) -> PublicKey {
    text.parse().unwrap()
}

#[test]
fn notes_are_read_and_written_as_go_does() {
    // Ed25519 signs the same text the same way each time, so the whole note is known.
    let secret: SigningKey = PETER_SECRET.parse().unwrap();
    assert_eq!(secret.public_key(), key(PETER));
    assert_eq!(secret.public_key().to_string(), PETER);
    assert_eq!(secret.to_secret_text(), PETER_SECRET);
    let text = PETERS_NOTE.split_once("\n\n").unwrap().0.to_owned() + "\n";
    let note = SignedNote::sign(&text, &[&secret]).unwrap();
    assert_eq!(note.to_string(), PETERS_NOTE);
    let read: SignedNote = PETERS_NOTE.parse().unwrap();
    assert_eq!(read, note);
    assert_eq!(read.verified_by(&key(PETER)).unwrap(), text);
    // The public log of Go's modules, whose origin is not its key's name.
    let read: SignedNote = SUMDB_NOTE.parse().unwrap();
    assert!(read.verified_by(&key(SUMDB)).unwrap().starts_with("go.sum database tree\n6476701\n"));
    let error = SUMDB_NOTE.parse::<SignedCheckpoint>().unwrap().verified_by(&key(SUMDB)).unwrap_err();
    assert!(error.to_string().contains("another log"), "{error}");
    for vector in [
        LOG,
        "logandmap+38581672+Ab/PCr1eCclRPRMBqw/r5An1xO71MCnImLiospEq6b4l",
        "KnownAgain+4893b26c+AQ+LR7BFF/F/dkpIBjBpSvT0crkteizuUkavAoGeaYMj",
        "Unknown+fdbb2e08+AWgRIYZ+8x1Vl+1Q+sR8zciNHiYI1SdlBjNw+RV0rots",
    ] {
        assert_eq!(key(vector).to_string(), vector);
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, archive_store::Error>, kind: ErrorKind, part: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(part) && error.to_string().len() < 600, "{part:?} in {error}");
}

#[test]
fn hostile_keys_notes_and_signatures_are_refused() {
    use ErrorKind::{Corrupt, InvalidInput, NotFound, Unsupported};
    // ECDSA and static CT keys of public logs.
    for other in [
        "rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=",
        "ct.googleapis.com/logs/us1/argon2024+7deb49d0+BTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABB25bKnLaZTFXOa2pgO70rjcVEMXKJkMBgFQHZ1kwFlGK9zIAx0FtC2oCfeZQe0E++VXuiYE9hFSzhRlOy92K8A=",
    ] {
        refused(other.parse::<PublicKey>(), Unsupported, "another kind");
    }
    refused(LOG.replace("2271c621", "2271c622").parse::<PublicKey>(), InvalidInput, "not its key's");
    refused(LOG.replace("2271c621", "2271C621").parse::<PublicKey>(), InvalidInput, "hexadecimal");
    refused("bananas+12344556".parse::<PublicKey>(), InvalidInput, "name+id+key");
    refused("a b+12345678+AAAA".parse::<PublicKey>(), InvalidInput, "without spaces");
    refused("a+12345678+THIS_IS_NOT_BASE64!".parse::<PublicKey>(), InvalidInput, "base64");
    refused("a+12345678+AQ==".parse::<PublicKey>(), InvalidInput, "32 bytes");
    refused(PETER_SECRET.parse::<PublicKey>(), InvalidInput, "private key");
    refused("x".repeat(10_000_000).parse::<PublicKey>(), InvalidInput, "name+id+key");
    // The point of order one, which "signs" anything.
    let weak = [&[1_u8, 1][..], &[0; 31]].concat();
    refused(format!("a+00000000+{}", BASE64.encode(weak)).parse::<PublicKey>(), InvalidInput, "weak");
    let broken = PETER_SECRET.replace("c74f20a3", "c74f20a4").parse::<SigningKey>().unwrap_err();
    assert!(!broken.report().contains("AYEKFAL"), "{broken}");
    refused(PETER.parse::<SigningKey>(), InvalidInput, "PRIVATE+KEY+");
    assert!(!format!("{:?}", PETER_SECRET.parse::<SigningKey>().unwrap()).contains("AYEKFAL"));

    let note: SignedNote = PETERS_NOTE.parse().unwrap();
    refused(note.verified_by(&key(LOG)), NotFound, "not signed by Log");
    let changed: SignedNote = PETERS_NOTE.replace("problem is", "solution is").parse().unwrap();
    refused(changed.verified_by(&key(PETER)), Corrupt, "was changed");
    let short: SignedNote =
        PETERS_NOTE.replace("x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8", "x08go/ZJkuBS").parse().unwrap();
    refused(short.verified_by(&key(PETER)), Corrupt, "was changed");
    for (bad, part) in [
        (String::new(), "no empty line"),
        ("text\n".into(), "no empty line"),
        (PETERS_NOTE.trim_end().into(), "line end"),
        (PETERS_NOTE.replace("—", "-"), "signature line"),
        (PETERS_NOTE.replace(" x08go", " !08go"), "signature line"),
        (PETERS_NOTE.replace("x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=", "x08g"), "signature line"),
        (PETERS_NOTE.replace("then", "then\t"), "control character"),
        (PETERS_NOTE.replace('\n', "\r\n"), "no empty line"),
        ("x\n".repeat(1_000_000), "1000000"),
        (format!("text\n\n{}", "— a AAAAAAA=\n".repeat(101)), "more than 100"),
    ] {
        refused(bad.parse::<SignedNote>(), InvalidInput, part);
    }
    let secret: SigningKey = PETER_SECRET.parse().unwrap();
    refused(SignedNote::sign("no line end", &[&secret]), InvalidInput, "line end");
    refused(SignedNote::sign("nobody\n", &[]), InvalidInput, "0 keys");
    refused(SigningKey::generate("a+b"), InvalidInput, "plus");
}

#[test]
fn signatures_of_others_beside_the_logs_are_kept_and_not_asked() {
    let log: SigningKey = LOG_SECRET.parse().unwrap();
    let known: Result<SigningKey, _> = KNOWN_SECRET.parse();
    refused(known, ErrorKind::InvalidInput, "not its key's");
    let witness = SigningKey::generate("witness.example").unwrap();
    let text = "Log\n42\ng9tLOhqpNHJxHLDYYsvnvKzp3cpUOChGTbkuORwuGp8=\n";
    let note = SignedNote::sign(text, &[&witness, &log]).unwrap().to_string();
    let read: SignedCheckpoint = note.parse().unwrap();
    assert_eq!(read.verified_by(&key(LOG)).unwrap().size, 42);
    assert_eq!(read.to_string(), note);
    for (bad, part) in [
        ("Log\n42\n", "third line"),
        ("Log\n", "second line"),
        ("Log\nbananas\ng9tLOhqpNHJxHLDYYsvnvKzp3cpUOChGTbkuORwuGp8=\n", "second line"),
        ("Log\n-34\ng9tLOhqpNHJxHLDYYsvnvKzp3cpUOChGTbkuORwuGp8=\n", "second line"),
        ("Log\n042\ng9tLOhqpNHJxHLDYYsvnvKzp3cpUOChGTbkuORwuGp8=\n", "second line"),
        ("Log\n3438945738945739845734895735\ng9tLOhqpNHJxHLDYYsvnvKzp3cpUOChGTbkuORwuGp8=\n", "second line"),
        ("Log\n123\nThisIsn'tBase64\n", "third line"),
        ("Log\n123\nYmFuYW5hcw==\n", "third line"),
        ("Else\n42\ng9tLOhqpNHJxHLDYYsvnvKzp3cpUOChGTbkuORwuGp8=\n", "another log"),
        ("\n42\ng9tLOhqpNHJxHLDYYsvnvKzp3cpUOChGTbkuORwuGp8=\n", "another log"),
        ("Log\n42\ng9tLOhqpNHJxHLDYYsvnvKzp3cpUOChGTbkuORwuGp8=\nmore\n\n\n", "empty line"),
    ] {
        let signed = SignedNote::sign(bad, &[&log]).unwrap().to_string().parse::<SignedCheckpoint>().unwrap();
        refused(signed.verified_by(&key(LOG)), ErrorKind::InvalidInput, part);
    }
    let extended = format!("{text}an extension\n");
    let signed: SignedCheckpoint = SignedNote::sign(&extended, &[&log]).unwrap().to_string().parse().unwrap();
    assert_eq!(signed.verified_by(&key(LOG)).unwrap().size, 42);
}

fn electronic(n: u32) -> archive_store::FilingEntry {
    archive_store::FilingEntry { custody: Custody::Electronic, ..entry(&format!("e{n}")) }
}

/// A change that its maker made to fit is placed between the checkpoints that were kept; one that was not
/// is named.
#[test]
fn the_place_of_a_change_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    let catalogue = SqliteCatalogue::open(&path).unwrap();
    let mut kept = Vec::new();
    for n in 0..40 {
        catalogue.file(electronic(n)).unwrap();
        if n % 10 == 9 {
            kept.push(catalogue.checkpoint().unwrap());
        }
    }
    let whole = catalogue.verify(&kept).unwrap();
    assert!(whole.holds() && whole.agreed == Some(kept[3]), "{whole:?}");
    drop(catalogue);

    let change = |sql: &str| {
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch(&format!("DROP TRIGGER IF EXISTS leaf_never_changes; {sql}")).unwrap();
        drop(other);
        SqliteCatalogue::open(&path).unwrap()
    };
    let catalogue = change("UPDATE leaf SET event = replace(event, 'e17', 'x17') WHERE position = 17");
    let found = catalogue.verify(&kept).unwrap();
    assert!(found.breaks[0].to_string().contains("log entry 17"), "{found:?}");
    assert_eq!((found.agreed, found.disputed), (Some(kept[0]), Some(kept[1])));
    drop(catalogue);

    // The hash of the entry, too: now only the root tells.
    let event: String = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT event FROM leaf WHERE position = 17", [], |row| row.get(0))
        .unwrap();
    let forged = archive_store::merkle::leaf_hash(event.as_bytes());
    let catalogue = change(&format!("UPDATE leaf SET hash = x'{forged}' WHERE position = 17"));
    let found = catalogue.verify(&kept).unwrap();
    assert_eq!((found.agreed, found.disputed), (Some(kept[0]), Some(kept[1])));
    assert!(!found.holds());
}

#[test]
fn a_proof_is_checked_without_the_catalogue() {
    let catalogue = MemoryCatalogue::new().unwrap();
    catalogue.add_slots(vec![slot(1, 50)]).unwrap();
    for n in 0..12 {
        catalogue.file(electronic(n)).unwrap();
    }
    let secret = SigningKey::generate("archive.example/hz").unwrap();
    let public = secret.public_key();
    let signed = SignedCheckpoint::sign(&catalogue.checkpoint().unwrap(), &secret).unwrap();
    catalogue.file(electronic(12)).unwrap();
    for position in 0..13 {
        let text = LogProof::of(&catalogue, position, &signed, &public).unwrap().to_string();
        let read: LogProof = text.parse().unwrap();
        assert_eq!(read.to_string(), text);
        assert_eq!(read.verified_by(&public).unwrap().position, position);
    }
    refused(LogProof::of(&catalogue, 13, &signed, &public), ErrorKind::InvalidInput, "13");
    let text = LogProof::of(&catalogue, 5, &signed, &public).unwrap().to_string();
    let other = SigningKey::generate("archive.example/hz").unwrap().public_key();
    refused(text.parse::<LogProof>().unwrap().verified_by(&other), ErrorKind::NotFound, "not signed");
    let moved: LogProof = text.replace("index 5", "index 6").parse().unwrap();
    refused(moved.verified_by(&public), ErrorKind::Corrupt, "log entry 6");
    let foreign = MemoryCatalogue::new().unwrap();
    (0..20).for_each(|n| drop(foreign.file(electronic(n + 100)).unwrap()));
    refused(LogProof::of(&foreign, 5, &signed, &public), ErrorKind::Corrupt, "was changed");
    for (from, to, part) in [
        ("proof@v1", "proof@v2", "does not begin"),
        ("index 5", "index -5", "index"),
        ("index 5", "index notanumber", "index"),
        ("index 5", "index 05", "index"),
        ("extra ", "extra !!", "extra data"),
        ("index 5\n", "index 5\n!!notbase64!!\n", "32 bytes"),
        ("index 5\n", "index 5\nAAAA\n", "32 bytes"),
        ("\n\n", "\n", "32 bytes"),
    ] {
        refused(text.replacen(from, to, 1).parse::<LogProof>(), ErrorKind::InvalidInput, part);
    }
    let line = format!("{}\n", BASE64.encode([0; 32]));
    let long = text.replacen("index 5\n", &format!("index 5\n{}", line.repeat(65)), 1);
    refused(long.parse::<LogProof>(), ErrorKind::InvalidInput, "too many");
    refused("x".repeat(10_000_000).parse::<LogProof>(), ErrorKind::InvalidInput, "2000000");
}
