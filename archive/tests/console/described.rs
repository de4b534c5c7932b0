//! The API beside its own description, by schemathesis: every value that the description allows and many that it
//! does not, and whether the answers are what it says.

use std::process::Command;

use archive_reconcile::Severity;
use archive_reconcile::alerts::{Observation, Rules, Vanished};

use crate::scene::{Scene, peer_is_there};
use crate::served::Served;

#[test]
fn answers_are_what_the_description_says() {
    if !peer_is_there("schemathesis", "python3", &["-m", "schemathesis.cli", "--version"]) {
        return;
    }
    let scene = Scene::new();
    let archive = scene.open();
    for key in ["r-1", "r-2"] {
        scene.file(&archive, key);
    }
    archive.inventory().unwrap();
    let book = archive.config().directory().join("alerts.json");
    let mut file = archive::alert_book::AlertBook::open(&book).unwrap();
    let findings = ["1", "2", "3"].map(|key| Observation {
        key: key.into(),
        kind: "mismatch".into(),
        field: Some("ct_ratio".into()),
        file: None,
        left: Some("200/5".into()),
        right: None,
        severity: Severity::Critical,
        reason: "metered energy is multiplied by the wrong ratio".into(),
    });
    file.book.observe(&Rules::reference(), &findings, &[], Vanished::Unknown, "2024-05-01".parse().unwrap());
    file.save().unwrap();
    drop(file);
    let served = Served::new(archive);
    let mut command = Command::new("python3");
    // Its data base of failures and its cache stay in the scratch directory.
    command
        .current_dir(scene.path("holdings"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "127.0.0.1");
    let root = env!("CARGO_MANIFEST_DIR");
    command
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(format!("{root}/tests/console/schemathesis.toml"));
    command.arg("run").arg(format!("{root}/../docs/openapi.json"));
    command.arg("--url").arg(format!("http://{}", served.address));
    command.arg("--header").arg(format!("Authorization: Bearer {}", served.token));
    command.args(["--checks", "all", "--phases", "coverage,fuzzing", "--max-examples", "10", "--seed", "7"]);
    command.args(["--workers", "1", "--suppress-health-check", "all", "--no-color", "--warnings", "off"]);
    let output = command.output().expect("schemathesis starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}
