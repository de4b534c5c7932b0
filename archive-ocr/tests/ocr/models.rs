//! The engine's library and the models: missing, damaged, of another kind, and at work.

use std::fs;
use std::path::{Path, PathBuf};

use archive_core::evidence::Verdict;
use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};
use archive_ocr::manifest::{ModelManifest, SHIPPED_TEXT};
use archive_ocr::{PageImage, Reader, ReaderConfig};
use sha2::{Digest as _, Sha256};

/// The directory of real models, or `None` with a word on standard error.
fn models() -> Option<PathBuf> {
    let directory = std::env::var_os("ARCHIVE_MODELS").filter(|v| !v.is_empty()).map(PathBuf::from);
    if directory.is_none() {
        let required = std::env::var_os("ARCHIVE_REQUIRE_MODELS").is_some_and(|v| v == "1");
        assert!(!required, "ARCHIVE_REQUIRE_MODELS=1, but ARCHIVE_MODELS names no directory");
        eprintln!("SKIPPED: name the directory of the models in ARCHIVE_MODELS to run this test");
    }
    directory
}

#[track_caller]
fn check_closed(directory: &Path, kind: ErrorKind, message: &str) -> Error {
    let error = Reader::open(&ReaderConfig::new(directory)).unwrap_err();
    assert_eq!(error.kind(), kind, "{}", error.report());
    assert!(error.report().contains(message), "{}", error.report());
    error
}

/// Writes `bytes` as both models, with a manifest that names them.
fn pretend(directory: &Path, bytes: &[u8]) {
    let manifest = ModelManifest::shipped();
    let digest = Digest(Sha256::digest(bytes).into()).to_string();
    let mut text = SHIPPED_TEXT.to_owned();
    for (file, known) in [
        (&manifest.detector.file, manifest.detector.sha256),
        (&manifest.recogniser.file, manifest.recogniser.sha256),
    ] {
        fs::write(directory.join(file), bytes).unwrap();
        text = text.replace(&known.to_string(), &digest);
    }
    fs::write(directory.join("manifest.toml"), text).unwrap();
}

#[test]
fn an_empty_directory_says_what_to_run() {
    let directory = tempfile::tempdir().unwrap();
    let error = check_closed(directory.path(), ErrorKind::Unavailable, "run `archive setup`");
    assert!(error.to_string().contains("ch_PP-OCRv4_det_infer.onnx"), "{error}");
    check_closed(&directory.path().join("nowhere"), ErrorKind::Unavailable, "run `archive setup`");
}

#[test]
fn a_damaged_model_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(ModelManifest::shipped().detector.file), b"damaged").unwrap();
    let error = check_closed(directory.path(), ErrorKind::Corrupt, "damaged or another one");
    assert!(error.to_string().contains("ch_PP-OCRv4_det_infer.onnx"), "{error}");
}

#[test]
fn a_missing_library_is_an_error_that_can_be_mended() {
    let directory = tempfile::tempdir().unwrap();
    pretend(directory.path(), b"no model");
    // Once the process has opened a library, a reader runs on that one: this test may come later.
    let error = Reader::open(&ReaderConfig::new(directory.path())).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Corrupt), "{}", error.report());
    assert!(error.to_string().contains("archive setup"), "{error}");
    // A second try must not hang on what the first one left behind.
    assert!(Reader::open(&ReaderConfig::new(directory.path())).is_err());
}

#[test]
fn a_broken_manifest_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("manifest.toml"), "version = ").unwrap();
    check_closed(directory.path(), ErrorKind::InvalidInput, "manifest.toml line 1");
}

#[test]
fn a_file_that_is_no_model_is_refused_by_the_engine() {
    let Some(models) = models() else { return };
    let directory = tempfile::tempdir().unwrap();
    let library = archive_ocr::engine::find_library(&models).unwrap();
    fs::copy(&library, directory.path().join(library.file_name().unwrap())).unwrap();
    pretend(directory.path(), b"no model");
    check_closed(directory.path(), ErrorKind::Corrupt, "no model that the engine can load");
}

#[test]
fn a_model_of_another_kind_is_refused() {
    let Some(models) = models() else { return };
    let manifest = ModelManifest::shipped();
    let directory = tempfile::tempdir().unwrap();
    let library = archive_ocr::engine::find_library(&models).unwrap();
    fs::copy(&library, directory.path().join(library.file_name().unwrap())).unwrap();
    // The detector in the recogniser's place.
    pretend(directory.path(), &fs::read(models.join(&manifest.detector.file)).unwrap());
    check_closed(directory.path(), ErrorKind::Corrupt, "it is no text recogniser");
}

#[test]
fn a_real_page_is_read_and_verified() {
    let Some(models) = models() else { return };
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples");
    let reader = Reader::open(&ReaderConfig::new(models)).unwrap();
    let reading = reader.read(&PageImage::open(samples.join("contract.jpg")).unwrap()).unwrap();
    assert_eq!(reading.document_type.as_ref().unwrap().as_str(), "supply_contract");
    let field = |name: &str| &reading.fields[&name.parse().unwrap()];
    assert_eq!(field("account_no").value, "3342125369");
    assert_eq!(field("deposit_cny").value, "835900");
    assert_eq!(field("deposit_cny").verify("835900").verdict, Verdict::Match);
    assert_eq!(field("deposit_cny").verify("836400").verdict, Verdict::Mismatch);
    for noise in [0, 255] {
        let blank = PageImage::from_plane("blank", 900, 1200, vec![noise; 900 * 1200]).unwrap();
        assert!(reader.read(&blank).unwrap().fields.is_empty());
    }
}
