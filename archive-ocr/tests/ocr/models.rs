//! The engine's library and the models: missing, damaged, of another kind, and at work.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use archive_core::evidence::Verdict;
use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};
use archive_ocr::detection::Turn;
use archive_ocr::engine::OnnxEngine;
use archive_ocr::manifest::{Arithmetic, ModelManifest, SHIPPED_TEXT};
use archive_ocr::{Cancellation, PageImage, ReadOptions, Reader, ReaderConfig};
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
fn another_model_plugs_in_by_a_manifest() {
    let Some(models) = models() else { return };
    let directory = tempfile::tempdir().unwrap();
    let library = archive_ocr::engine::find_library(&models).unwrap();
    let shipped = ModelManifest::shipped();
    let other = "ch_PP-OCRv4_rec_infer.onnx";
    for path in [library, models.join(&shipped.detector.file), models.join(other)] {
        fs::copy(&path, directory.path().join(path.file_name().unwrap())).unwrap();
    }
    let digest = Digest(Sha256::digest(fs::read(models.join(other)).unwrap()).into()).to_string();
    let text = SHIPPED_TEXT
        .replace(&shipped.recogniser.file, other)
        .replace(&shipped.recogniser.sha256.to_string(), &digest)
        .replace(&shipped.recogniser.name, "PP-OCRv4 mobile text recogniser");
    fs::write(directory.path().join("manifest.toml"), text).unwrap();
    let reader = Reader::open(&ReaderConfig::new(directory.path())).unwrap();
    assert!(format!("{reader:?}").contains("PP-OCRv4 mobile text recogniser"), "{reader:?}");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples");
    let reading = reader.read(&PageImage::open(samples.join("contract.jpg")).unwrap()).unwrap();
    assert_eq!(reading.fields[&"account_no".parse().unwrap()].value, "3342125369");
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

#[test]
fn eight_bits_read_what_floating_point_numbers_read() {
    let Some(models) = models() else { return };
    let page =
        PageImage::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/contract.jpg")).unwrap();
    let config = ReaderConfig::new(&models);
    let mut manifest = ModelManifest::shipped();
    assert_eq!(manifest.recogniser.glance, Arithmetic::Int8);
    let quick = Reader::open(&config).unwrap().read(&page).unwrap();
    manifest.recogniser.glance = Arithmetic::Float32;
    let engine = OnnxEngine::open(&models, &manifest).unwrap();
    let exact = Reader::with_engine(Box::new(engine), &config).unwrap().read(&page).unwrap();
    assert!(exact.fields.len() > 8, "{:?}", exact.fields.keys());
    for (name, field) in &exact.fields {
        assert_eq!(quick.fields[name].value, field.value, "{name}");
        assert!((quick.fields[name].confidence.get() - field.confidence.get()).abs() < 0.2, "{name}");
    }
}

#[test]
fn a_model_without_a_part_for_eight_bits_is_named() {
    let Some(models) = models() else { return };
    // The classifier of directions has small layers alone.
    let file = "ch_ppocr_mobile_v2.0_cls_mobile.onnx";
    let mut manifest = ModelManifest::shipped();
    manifest.recogniser.file = file.to_owned();
    manifest.recogniser.sha256 = Digest(Sha256::digest(fs::read(models.join(file)).unwrap()).into());
    let error = OnnxEngine::open(&models, &manifest).unwrap_err();
    assert!(error.to_string().contains(file), "{error}");
}

/// The sample contract as its brightness, turned clockwise by so many quarter turns.
fn turned(page: &PageImage, quarters: usize) -> PageImage {
    let (mut width, mut height) = (page.width() as usize, page.height() as usize);
    let mut plane = page.plane().to_vec();
    for _ in 0..quarters {
        plane = (0..width * height)
            .map(|i| {
                let (x, y) = (i % height, i / height);
                plane[(height - 1 - x) * width + y]
            })
            .collect();
        (width, height) = (height, width);
    }
    PageImage::from_plane("turned", width as u32, height as u32, plane).unwrap()
}

#[test]
fn a_page_that_lies_on_its_side_or_upside_down_is_read_all_the_same() {
    let Some(models) = models() else { return };
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples");
    let reader = Reader::open(&ReaderConfig::new(models)).unwrap();
    let upright = PageImage::open(samples.join("contract.jpg")).unwrap();
    let field = "account_no".parse().unwrap();
    let region = reader.read(&upright).unwrap().fields[&field].region;
    let turns = [Turn::Clockwise, Turn::UpsideDown, Turn::Anticlockwise];
    for (quarters, expected) in (1..).zip(turns) {
        let reading = reader.read(&turned(&upright, quarters)).unwrap();
        assert_eq!(reading.quality.turn, expected);
        let found = &reading.fields[&field];
        assert_eq!(found.value, "3342125369", "{expected:?}");
        assert_eq!(reading.fields[&"deposit_cny".parse().unwrap()].verify("835900").verdict, Verdict::Match);
        // The region lies where the value lies on the page as it came.
        let (w, h) = (upright.width(), upright.height());
        let middle =
            |r: archive_core::evidence::Region| ((r.left() + r.right()) / 2, (r.top() + r.bottom()) / 2);
        let (x, y) = middle(region);
        let expected_at = [(h - y, x), (w - x, h - y), (y, w - x)][quarters - 1];
        let at = middle(found.region);
        assert!(
            at.0.abs_diff(expected_at.0) < 15 && at.1.abs_diff(expected_at.1) < 15,
            "{at:?} {expected_at:?}"
        );
    }
}

#[test]
fn a_cancelled_call_ends() {
    let Some(models) = models() else { return };
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples");
    let reader = Reader::open(&ReaderConfig::new(models)).unwrap();
    let page = PageImage::open(samples.join("contract.jpg")).unwrap();
    for cancellation in [Cancellation::after(Duration::ZERO), Cancellation::after(Duration::from_millis(30))]
    {
        let options = ReadOptions { cancellation, ..ReadOptions::default() };
        let error = reader.read_with(&page, &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("cancelled"), "{error}");
    }
    assert!(!reader.read(&page).unwrap().fields.is_empty(), "the reader works on");
}

#[test]
fn noise_is_no_text() {
    let Some(models) = models() else { return };
    let reader = Reader::open(&ReaderConfig::new(models)).unwrap();
    let mut state = 1_u32;
    let plane = (0..900 * 1200)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let reading = reader.read(&PageImage::from_plane("noise", 900, 1200, plane).unwrap()).unwrap();
    assert!(reading.fields.is_empty() && reading.document_type.is_none());
}
