//! Packages: written, validated by others, read back, refused where a bit is flipped.

use archive::ErrorKind;
use archive::capture::Suite;
use archive::transfer::{Encoding, Layout, bagit, validate};

use crate::scene::{Scene, peer_is_there, snapshot};

const LAYOUTS: [Layout; 4] = [
    Layout::BagIt,
    Layout::Medium(Encoding::Utf8, Suite::Sha256),
    Layout::Medium(Encoding::Gb18030, Suite::Sm3),
    Layout::Medium(Encoding::Gb18030, Suite::Sha256),
];

#[test]
fn a_package_goes_round_in_every_layout() {
    let scene = Scene::new();
    let archive = scene.open();
    let files = ["r-1", "r-2"].map(|key| scene.file(&archive, key));
    let references = files.each_ref().map(|f| f.reference_code.clone());
    for (index, layout) in LAYOUTS.into_iter().enumerate() {
        let package = scene.path(&format!("package-{index}"));
        let done = archive.export(&references, layout, &package).unwrap();
        assert_eq!((done.files, done.documents), (2, 4));
        let other = format!("other-{index}");
        scene.make(&other);
        let receiver = scene.open_named(&other);
        let taken = receiver.take_in(&package).unwrap();
        assert_eq!(taken.files.len(), 2);
        for ((reference, outcome), sent) in taken.files.iter().zip(&files) {
            assert_eq!(reference, &sent.reference_code);
            let digests =
                |o: &archive::FilingOutcome| o.documents.iter().map(|d| d.digest).collect::<Vec<_>>();
            assert_eq!(digests(outcome), digests(sent));
            assert_eq!(outcome.completeness.state(), sent.completeness.state());
        }
        assert!(
            receiver.take_in(&package).unwrap().files.iter().all(|(_, o)| o.repeated),
            "again changes nothing"
        );
        assert!(receiver.catalogue().audit().unwrap().is_empty());
        assert_eq!(archive.export(&references, layout, &package).unwrap_err().kind(), ErrorKind::Conflict);
    }
}

#[test]
fn one_flipped_bit_anywhere_and_nothing_is_taken() {
    let scene = Scene::new();
    let archive = scene.open();
    let reference = scene.file(&archive, "r-1").reference_code;
    scene.make("receiver");
    let receiver = scene.open_named("receiver");
    for (index, layout) in LAYOUTS.into_iter().take(2).enumerate() {
        let package = scene.path(&format!("package-{index}"));
        archive.export(std::slice::from_ref(&reference), layout, &package).unwrap();
        let report = validate(&package).unwrap();
        assert!(report.is_sound() && report.files >= 2, "{report:?}");
        for (path, bytes) in snapshot(&package) {
            let mut flipped = bytes.clone();
            let middle = flipped.len() / 2;
            flipped[middle] ^= 4;
            std::fs::write(&path, &flipped).unwrap();
            let error = receiver.take_in(&package).unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::InvalidInput),
                "{}: {error}",
                path.display()
            );
            let report = validate(&package).unwrap();
            assert!(!report.is_sound(), "{}: {report:?}", path.display());
            std::fs::write(&path, bytes).unwrap();
        }
        assert_eq!(receiver.catalogue().counters().unwrap().len(), 0, "no number was given");
    }
}

#[test]
fn another_implementation_validates_our_bags() {
    let test = "another_implementation_validates_our_bags";
    if !peer_is_there(test, "python3", &["-c", "import bagit"]) {
        return;
    }
    let scene = Scene::new();
    let archive = scene.open();
    let reference = scene.file(&archive, "r-1").reference_code;
    let bag = scene.path("bag");
    archive.export(&[reference], Layout::BagIt, &bag).unwrap();
    let validate = |bag: &std::path::Path| {
        let mut python = std::process::Command::new("python3");
        python.args(["-m", "bagit", "--validate", "--quiet"]).arg(bag);
        python.output().unwrap()
    };
    let output = validate(&bag);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // And theirs is validated here.
    let directory = scene.path("theirs");
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("扫描.txt"), "content").unwrap();
    let mut make = std::process::Command::new("python3");
    make.args(["-m", "bagit", "--quiet", "--md5", "--sha256", "--sha512"]).arg(&directory);
    assert!(make.output().unwrap().status.success());
    assert!(bagit::validate(&directory).unwrap().is_valid());
}
