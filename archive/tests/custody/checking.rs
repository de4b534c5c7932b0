//! The four natures, fixity scans within a budget, and restoring from a copy.

use archive::checks::{Answer, MalwareScanner, Nature, Occasion};
use archive::{Archive, Config, Error};
use std::sync::Arc;

use crate::scene::Scene;

fn content_of(scene: &Scene, archive: &Archive, request: &str, index: usize) -> std::path::PathBuf {
    let located = archive.locate(request).unwrap();
    scene.path("holdings/content").join(&located[0].documents[index].path)
}

fn copy_content(scene: &Scene) -> std::path::PathBuf {
    let copies = scene.path("backup");
    for (path, bytes) in crate::scene::snapshot(&scene.path("holdings/content")) {
        let target = copies.join(path.strip_prefix(scene.path("holdings/content")).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, bytes).unwrap();
    }
    copies
}

#[derive(Debug)]
struct Suspicious;

impl MalwareScanner for Suspicious {
    fn name(&self) -> String {
        "suspicious 1".into()
    }

    fn scan(&self, _: &str, content: &[u8]) -> Result<Option<String>, Error> {
        Ok(content.windows(5).any(|w| w == b"virus").then(|| "Test.Virus".into()))
    }
}

#[test]
fn a_sound_file_passes_and_a_damaged_one_fails_where_it_is_damaged() {
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = scene.file(&archive, "r-1");
    let report = archive.check_file(&outcome.reference_code, Occasion::Filing).unwrap();
    assert_eq!(report.failed().count(), 0, "{:?}", report.failed().collect::<Vec<_>>());
    // Without a scanner nobody knows.
    assert!(report.results.iter().any(|r| r.nature == Nature::Safety && r.answer == Answer::Unverified));
    for nature in [Nature::Authenticity, Nature::Integrity, Nature::Usability] {
        assert!(report.results.iter().any(|r| r.nature == nature && r.answer == Answer::Passed));
    }
    assert!(report.to_table().rows.len() > 10);

    let path = content_of(&scene, &archive, "r-1", 0);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let report = archive.check_file(&outcome.reference_code, Occasion::Transfer).unwrap();
    let failed: Vec<_> = report.failed().map(|r| (r.nature, r.item)).collect();
    assert_eq!(failed, [(Nature::Integrity, "内容存在且未变")]);
    assert_eq!(archive.check_holdings(Occasion::LongTerm).unwrap().failed().count(), 1);
}

#[test]
fn a_scanner_is_asked_where_one_is_connected() {
    let scene = Scene::new();
    let mut config = Config::load(&scene.path("holdings")).unwrap();
    config.scanner = Some(Arc::new(Suspicious));
    let archive = Archive::open(config).unwrap();
    let mut request = scene.dunning("r-1");
    request.documents[0] = scene.document("bad.pdf", Some("dunning_notice"), "virus");
    let outcome = archive.file(&request).unwrap();
    let report = archive.check_file(&outcome.reference_code, Occasion::Filing).unwrap();
    let failed: Vec<_> = report.failed().map(|r| r.message.as_str()).collect();
    assert_eq!(failed, ["suspicious 1: Test.Virus"]);
}

#[test]
fn a_scan_goes_on_within_its_budget_and_damage_is_restored() {
    let scene = Scene::new();
    let archive = scene.open();
    for key in ["r-1", "r-2", "r-3"] {
        scene.file(&archive, key);
    }
    let copies = copy_content(&scene);
    let first = archive.fixity_scan(Some(1)).unwrap();
    assert_eq!((first.checked, first.round_complete, first.last_round), (1, false, None));
    let rest = archive.fixity_scan(None).unwrap();
    assert_eq!(
        (rest.checked, rest.round_complete, rest.damaged.len()),
        (5, true, 0),
        "goes on where it ended"
    );

    let damaged = content_of(&scene, &archive, "r-2", 1);
    std::fs::write(&damaged, b"damaged").unwrap();
    std::fs::remove_file(content_of(&scene, &archive, "r-3", 0)).unwrap();
    let scan = archive.fixity_scan(None).unwrap();
    assert_eq!((scan.checked, scan.damaged.len()), (6, 2));

    // A copy that is damaged itself is not used.
    let lost = content_of(&scene, &archive, "r-3", 0);
    let copy_of_lost = copies.join(lost.strip_prefix(scene.path("holdings/content")).unwrap());
    let good = std::fs::read(&copy_of_lost).unwrap();
    std::fs::write(&copy_of_lost, b"worse").unwrap();
    let outcome = archive.restore(&copies).unwrap();
    assert_eq!((outcome.restored.len(), outcome.lost.len()), (1, 1));
    std::fs::write(&copy_of_lost, good).unwrap();
    let outcome = archive.restore(&copies).unwrap();
    assert_eq!((outcome.restored.len(), outcome.lost.len()), (1, 0));
    assert_eq!(archive.fixity_scan(None).unwrap().damaged.len(), 0);
    let mut aside = damaged.into_os_string();
    aside.push(".damaged");
    assert_eq!(std::fs::read(aside).unwrap(), b"damaged", "kept as evidence");
}
