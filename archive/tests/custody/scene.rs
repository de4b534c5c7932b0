//! What the tests share: archives that read no pages, and documents on every carrier.

use std::path::{Path, PathBuf};

use archive::config::SETTINGS;
use archive::{Archive, Config, FilingOutcome, FilingRequest, SubmittedDocument};
use archive_core::record::DocumentForm;

/// A scratch directory with an archive that reads no pages.
pub(crate) struct Scene {
    scratch: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let scene = Self { scratch };
        scene.make("holdings");
        scene
    }

    /// Another archive in the same scratch directory.
    pub(crate) fn make(&self, name: &str) {
        Config::create(&self.path(name)).expect("the shipped settings");
        let path = self.path(name).join(SETTINGS);
        let settings = std::fs::read_to_string(&path).expect("the settings");
        let quick = settings.replace("hasten = 50.0", "hasten = 2000.0");
        std::fs::write(&path, format!("reading = \"off\"\n{quick}")).expect("the settings are written");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    pub(crate) fn open(&self) -> Archive {
        self.open_named("holdings")
    }

    pub(crate) fn open_named(&self, name: &str) -> Archive {
        Archive::open(Config::load(&self.path(name)).expect("the settings load")).expect("the archive opens")
    }

    /// A document of `kind` whose content is that of `name`'s format, with `mark` in it.
    pub(crate) fn document(&self, name: &str, kind: Option<&str>, mark: &str) -> SubmittedDocument {
        let path = self.path(name);
        let content = match name.rsplit('.').next() {
            Some("pdf") => pdf(mark),
            Some("wav") => [b"RIFF\x24\0\0\0WAVEfmt ", mark.as_bytes()].concat(),
            Some("mp4") => [b"\0\0\0\x18ftypisom\0\0\0\0isom", mark.as_bytes()].concat(),
            Some("png") => png(mark),
            _ => mark.as_bytes().to_vec(),
        };
        std::fs::write(&path, content).expect("the document is written");
        let mut document = SubmittedDocument::new(path);
        document.document_type = kind.map(|k| k.parse().expect("a document type"));
        document
    }

    /// A complete dunning case of a business, on paper.
    pub(crate) fn dunning(&self, key: &str) -> FilingRequest {
        let notice = self.document(&format!("{key}-notice.png"), Some("dunning_notice"), &format!("{key} n"));
        let receipt =
            self.document(&format!("{key}-receipt.png"), Some("dunning_receipt"), &format!("{key} r"));
        request(key, "dunning", vec![notice, receipt])
    }

    pub(crate) fn file(&self, archive: &Archive, key: &str) -> FilingOutcome {
        archive.file(&self.dunning(key)).expect("the case is filed")
    }
}

pub(crate) fn request(key: &str, process: &str, documents: Vec<SubmittedDocument>) -> FilingRequest {
    let mut request: FilingRequest = serde_json::from_value(serde_json::json!({
        "key": key,
        "customer": { "number": "3388985508", "name": "杭州永泰纺织有限公司", "class": "business" },
        "process": process,
        "date": "2024-05-01",
        "documents": [],
    }))
    .expect("a request");
    request.documents = documents;
    request
}

pub(crate) fn original(mut document: SubmittedDocument) -> SubmittedDocument {
    document.form = Some(DocumentForm::Original);
    document
}

/// A small page with `mark` in its pixels.
pub(crate) fn png(mark: &str) -> Vec<u8> {
    let image = image::GrayImage::from_fn(160, 220, |x, y| {
        let byte = mark
            .as_bytes()
            .get((x as usize / 8 + y as usize / 11) % mark.len().max(1))
            .copied()
            .unwrap_or(b'?');
        image::Luma([if (u32::from(byte) >> (x % 8)) & 1 == 1 && y % 11 < 7 { 20 } else { 240 }])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).expect("a PNG");
    bytes.into_inner()
}

/// A PDF of two empty pages with `mark` in a comment.
pub(crate) fn pdf(mark: &str) -> Vec<u8> {
    let mut text = format!("%PDF-1.4\n%{mark}\n");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ];
    let mut offsets = Vec::new();
    for (object, number) in objects.iter().zip(1..) {
        offsets.push(text.len());
        text.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let start = text.len();
    text.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    offsets.iter().for_each(|offset| text.push_str(&format!("{offset:010} 00000 n \n")));
    text.push_str(&format!(
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    ));
    text.into_bytes()
}

/// Whether a program that nobody here wrote is there. Where not: says so loudly, or fails where it is
/// required.
pub(crate) fn peer_is_there(test: &str, program: &str, arguments: &[&str]) -> bool {
    let found =
        std::process::Command::new(program).args(arguments).output().is_ok_and(|o| o.status.success());
    if !found {
        assert!(
            std::env::var_os("ARCHIVE_REQUIRE_PEERS").is_none(),
            "{test}: {program} is required and not there"
        );
        eprintln!("SKIPPED {test}: {program} {arguments:?} is not there");
    }
    found
}

/// Every file below `root`, with its content: to see that nothing was half done.
pub(crate) fn snapshot(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_path_buf()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
            if entry.path().is_dir() {
                waiting.push(entry.path());
            } else {
                found.push((entry.path(), std::fs::read(entry.path()).expect("a file")));
            }
        }
    }
    found.sort();
    found
}
