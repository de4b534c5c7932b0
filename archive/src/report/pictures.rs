//! The page images of a report, copied beside it once each.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use archive_core::evidence::Region;
use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};
use archive_ocr::pdf::PdfRenderer;
use archive_ocr::{PageFiles, PageImage};
use image::metadata::Orientation;
use image::{ImageDecoder as _, ImageFormat, ImageReader};

use super::Picture;
use crate::archive::Archive;
use crate::filing::FiledDocument;

/// A page image beside the report.
#[derive(Debug, Clone)]
struct Copied {
    path: String,
    width: u32,
    height: u32,
}

/// The page images that were copied so far.
#[derive(Debug)]
pub(super) struct Pictures<'a> {
    archive: &'a Archive,
    directory: PathBuf,
    known: BTreeMap<(Digest, usize), Result<Copied, String>>,
}

impl<'a> Pictures<'a> {
    pub(super) fn new(archive: &'a Archive, report: &Path) -> Result<Self, Error> {
        let directory = report.join("pages");
        fs::create_dir_all(&directory)
            .map_err(|e| Error::io(&directory, "create the report directory", e))?;
        Ok(Self { archive, directory, known: BTreeMap::new() })
    }

    /// The page `page` of `document`, with a place marked. What cannot be shown says why.
    pub(super) fn of(&mut self, document: &FiledDocument, page: usize, region: Option<Region>) -> Picture {
        let key = (document.digest, page);
        if !self.known.contains_key(&key) {
            // Content that cannot be shown is no reason to withhold the findings.
            let copied = self.copy(document, page).map_err(|error| {
                tracing::warn!(document = document.name, %error, "the report shows no image");
                error.report()
            });
            self.known.insert(key, copied);
        }
        match &self.known[&key] {
            Ok(Copied { path, width, height }) => {
                Picture::Shown { path: path.clone(), width: *width, height: *height, region }
            }
            Err(reason) => Picture::Absent { reason: reason.clone() },
        }
    }

    /// Copies a page; what browsers do not show becomes PNG.
    fn copy(&self, document: &FiledDocument, page: usize) -> Result<Copied, Error> {
        let bytes = self.archive.content.load(&document.content, &document.digest)?;
        let shown = match image::guess_format(&bytes) {
            Ok(ImageFormat::Jpeg) => Some("jpg"),
            Ok(ImageFormat::Png) => Some("png"),
            _ => None,
        };
        let (bytes, extension, (width, height)) = match shown {
            Some(extension) => {
                let dimensions = dimensions(&document.name, &bytes)?;
                (bytes, extension, dimensions)
            }
            None => {
                let image = decoded(&document.name, bytes, page)?;
                (png(&image)?, "png", (image.width(), image.height()))
            }
        };
        let name = format!("{}-{page}.{extension}", &document.digest.to_string()[..16]);
        let target = self.directory.join(&name);
        fs::write(&target, bytes).map_err(|e| Error::io(&target, "write", e))?;
        Ok(Copied { path: format!("pages/{name}"), width, height })
    }
}

fn unreadable(name: &str) -> impl Fn(image::ImageError) -> Error {
    move |e| Error::new(ErrorKind::Corrupt, name, "cannot be shown").with_source(e)
}

/// Width and height as browsers show the image and the reader reads it: turned as the camera noted.
fn dimensions(name: &str, bytes: &[u8]) -> Result<(u32, u32), Error> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut decoder = reader
        .map_err(|e| Error::new(ErrorKind::Corrupt, name, "cannot be shown").with_source(e))?
        .into_decoder()
        .map_err(unreadable(name))?;
    let (width, height) = decoder.dimensions();
    Ok(match decoder.orientation() {
        Ok(
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH,
        ) => (height, width),
        _ => (width, height),
    })
}

fn decoded(name: &str, bytes: Vec<u8>, page: usize) -> Result<PageImage, Error> {
    let mut pages = PageFiles::with_pdf(PdfRenderer::from_environment()).pages_of(name, bytes)?;
    for _ in 0..page {
        pages.skip_page();
    }
    let message = || format!("has no page {}", page + 1);
    pages.next().ok_or_else(|| Error::new(ErrorKind::NotFound, name, message()))?
}

fn png(page: &PageImage) -> Result<Vec<u8>, Error> {
    let mut bytes = Cursor::new(Vec::new());
    let colour = image::ExtendedColorType::L8;
    image::write_buffer_with_format(
        &mut bytes,
        page.plane(),
        page.width(),
        page.height(),
        colour,
        ImageFormat::Png,
    )
    .map_err(unreadable(page.name()))?;
    Ok(bytes.into_inner())
}
