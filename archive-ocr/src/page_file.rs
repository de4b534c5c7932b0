//! A file of one or more pages, as scanners and offices hand it over: an image, a TIFF of many
//! pages, a PDF.
//!
//! ```
//! use archive_ocr::page_file::PageFiles;
//!
//! let files = PageFiles::images();
//! let error = files.pages_of("papers.pdf", b"%PDF-1.7".to_vec()).unwrap_err();
//! assert!(error.to_string().starts_with("papers.pdf: is a PDF"), "{error}");
//! ```
//!
//! Pages come one at a time, so that a file of a thousand pages needs the memory of one. A page
//! that cannot be decoded is an error in its place; the pages after it still come.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use archive_core::{Error, ErrorKind};
use image::ImageFormat;

use crate::page_image::{BYTE_LIMIT, PageImage, format_of};
use crate::pdf::{PdfRenderer, RenderedPages};
use crate::tiff_pages;

/// Opens files of pages.
#[derive(Debug, Clone, Default)]
pub struct PageFiles {
    pdf: Option<PdfRenderer>,
}

impl PageFiles {
    /// Opens images and TIFF files; a PDF is `Unsupported`.
    #[must_use]
    pub fn images() -> Self {
        Self::default()
    }

    /// Opens PDF files too, by a program of its own: see [`pdf`](crate::pdf).
    #[must_use]
    pub fn with_pdf(renderer: PdfRenderer) -> Self {
        Self { pdf: Some(renderer) }
    }

    /// The pages of the file at `path`.
    ///
    /// # Errors
    /// `NotFound`, `Denied` and the like where it cannot be read; else as [`PageFiles::pages_of`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Pages, Error> {
        let path = path.as_ref();
        let bytes = read(path)?;
        self.pages_of(&path.display().to_string(), bytes)
    }

    /// The pages of a file held in memory; `name` stands in errors.
    ///
    /// # Errors
    /// - `InvalidInput`: empty or too large.
    /// - `Unsupported`: no JPEG, PNG or TIFF; a PDF where no renderer was given.
    /// - `Unavailable`: the renderer of PDF files does not start.
    pub fn pages_of(&self, name: &str, bytes: Vec<u8>) -> Result<Pages, Error> {
        if bytes.starts_with(b"%PDF") {
            let Some(renderer) = &self.pdf else {
                let message = "is a PDF: give JPEG, PNG or TIFF scans, or a renderer of PDF files";
                return Err(Error::new(ErrorKind::Unsupported, name, message));
            };
            return Ok(Pages(Source::Pdf(renderer.render(name, bytes)?)));
        }
        if format_of(name, &bytes)? != ImageFormat::Tiff {
            return Ok(Pages(Source::Still(Some((name.to_owned(), bytes)))));
        }
        let directories = tiff_pages::directories(&bytes);
        if directories.len() < 2 {
            return Ok(Pages(Source::Still(Some((name.to_owned(), bytes)))));
        }
        Ok(Pages(Source::Tiff { name: name.to_owned(), bytes, directories, next: 0 }))
    }
}

/// The bytes of the file at `path`. Of one that is larger than [`BYTE_LIMIT`], a byte more than that:
/// opening its pages then tells.
///
/// # Errors
/// `NotFound`, `Denied` and the like; `InvalidInput` for a directory.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let io = |e| Error::io(path, "read the image", e);
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.is_dir() {
        return Err(Error::invalid(path.display().to_string(), "is a directory, not an image file"));
    }
    let mut bytes = Vec::new();
    file.take(BYTE_LIMIT + 1).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

/// The pages of one file, in their order.
#[derive(Debug)]
pub struct Pages(Source);

enum Source {
    Still(Option<(String, Vec<u8>)>),
    Tiff { name: String, bytes: Vec<u8>, directories: Vec<u64>, next: usize },
    Pdf(RenderedPages),
}

/// Pixels may be personal data and stay out of logs.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Still(_) => "Still",
            Self::Tiff { .. } => "Tiff",
            Self::Pdf(_) => "Pdf",
        })
    }
}

impl Pages {
    /// Passes over a page without decoding it; `false` where there is none left.
    pub fn skip_page(&mut self) -> bool {
        match &mut self.0 {
            Source::Still(still) => still.take().is_some(),
            Source::Tiff { directories, next, .. } => {
                let is_there = *next < directories.len();
                *next += usize::from(is_there);
                is_there
            }
            Source::Pdf(pages) => pages.next().is_some(),
        }
    }
}

impl Iterator for Pages {
    type Item = Result<PageImage, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Still(still) => still.take().map(|(name, bytes)| PageImage::from_bytes(&name, &bytes)),
            Source::Tiff { name, bytes, directories, next } => {
                let directory = *directories.get(*next)?;
                *next += 1;
                tiff_pages::put_first(bytes, directory);
                Some(PageImage::decode(&format!("{name}, page {next}"), bytes, ImageFormat::Tiff))
            }
            Source::Pdf(pages) => pages.next(),
        }
    }
}
