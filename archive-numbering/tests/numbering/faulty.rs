//! The folder of faulty rules: each is rejected, with the counterexample that stands beside it.
//! `UPDATE_GOLDEN=1` rewrites the expectations.

use std::collections::BTreeSet;
use std::path::Path;

use archive_numbering::report::{Proof, check};

#[test]
fn faulty_rules_are_rejected_with_their_counterexamples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("faulty");
    let mut seen = BTreeSet::new();
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "rule")) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let report = check(name, &std::fs::read_to_string(path).unwrap());
        assert!(!report.sound, "{name} is sound");
        let proof = Proof::ALL
            .into_iter()
            .find(|proof| name.starts_with(serde_json::to_value(proof).unwrap().as_str().unwrap()))
            .unwrap_or_else(|| panic!("{name} names no proof"));
        // Exactly the proof that the file is about fails.
        for finding in &report.findings {
            assert_eq!(finding.proof, Some(proof), "{name}: {finding}");
            assert!(finding.counterexample.is_some(), "{name}: {finding}");
        }
        seen.insert(proof);
        let found = serde_json::to_string_pretty(&report.findings).unwrap() + "\n";
        let golden = path.with_extension("json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(found, expected, "{name}: UPDATE_GOLDEN=1 rewrites {}", golden.display());
    }
    assert_eq!(seen.len(), Proof::ALL.len(), "{seen:?}: a proof has no faulty rule");
}
