//! An HTML report of filings: the scan beside each finding, with the region marked.
//!
//! ```no_run
//! # fn show(outcomes: &[archive::FilingOutcome]) -> Result<(), archive::Error> {
//! let page = archive::report::write("out/report".as_ref(), outcomes, "out/archive/content".as_ref())?;
//! println!("open {}", page.display());
//! # Ok(())
//! # }
//! ```
//!
//! The report is a directory: `index.html` and, beside it, the page images that it shows. It needs
//! no network and no script. Text from papers and records is escaped by the template engine.

mod page;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};

use crate::filing::{FiledDocument, FilingOutcome};

/// A page image as the report shows it.
#[derive(Debug)]
struct Picture {
    /// Its path relative to `index.html`.
    path: String,
    width: u32,
    height: u32,
}

/// Writes the report on `outcomes`, whose documents lie under `content`, into `directory`; gives the
/// path of its first page.
///
/// A document whose image is missing or damaged is shown without its picture.
///
/// # Errors
/// Those of writing files.
pub fn write(directory: &Path, outcomes: &[FilingOutcome], content: &Path) -> Result<PathBuf, Error> {
    let images = directory.join("pages");
    fs::create_dir_all(&images).map_err(|e| Error::io(&images, "create the report directory", e))?;
    let mut pictures = BTreeMap::new();
    for document in outcomes.iter().flat_map(|o| &o.documents) {
        // Content that cannot be shown is no reason to withhold the findings.
        if let Ok(picture) = copy_picture(document, content, &images) {
            pictures.insert(document.digest, picture);
        }
    }
    let path = directory.join("index.html");
    let html = page::render(outcomes, &pictures).into_string();
    fs::write(&path, html).map_err(|e| Error::io(&path, "write the report", e))?;
    Ok(path)
}

/// Copies a document's image to where the report shows it; what browsers do not show becomes PNG.
fn copy_picture(document: &FiledDocument, content: &Path, images: &Path) -> Result<Picture, Error> {
    let source = content.join(&document.content);
    let unreadable = |e: image::ImageError| {
        Error::new(ErrorKind::Corrupt, source.display().to_string(), "cannot be shown").with_source(e)
    };
    let reader = image::ImageReader::open(&source)
        .and_then(image::ImageReader::with_guessed_format)
        .map_err(|e| Error::io(&source, "open", e))?;
    let shown = match reader.format() {
        Some(image::ImageFormat::Jpeg) => Some("jpg"),
        Some(image::ImageFormat::Png) => Some("png"),
        _ => None,
    };
    let name = |digest: &Digest, extension: &str| format!("{}.{extension}", &digest.to_string()[..16]);
    match shown {
        Some(extension) => {
            let (width, height) = reader.into_dimensions().map_err(unreadable)?;
            let name = name(&document.digest, extension);
            let target = images.join(&name);
            fs::copy(&source, &target).map_err(|e| Error::io(&target, "write", e))?;
            Ok(Picture { path: format!("pages/{name}"), width, height })
        }
        None => {
            let image = reader.decode().map_err(unreadable)?;
            let name = name(&document.digest, "png");
            let target = images.join(&name);
            image.save(&target).map_err(unreadable)?;
            Ok(Picture { path: format!("pages/{name}"), width: image.width(), height: image.height() })
        }
    }
}
