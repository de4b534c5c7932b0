//! A scanned page in memory, decoded within limits that are checked before decoding.
//!
//! ```
//! use archive_ocr::PageImage;
//!
//! let error = PageImage::from_bytes("scan.jpg", b"not an image").unwrap_err();
//! assert!(error.to_string().starts_with("scan.jpg: is no image"), "{error}");
//! ```
//!
//! Reading needs one plane of brightness. Of a colour scan the red channel is kept: in it the red
//! of a stamp is nearly as bright as paper, while black and blue ink stay dark, so most of what a
//! stamp hides comes back.
//!
//! Limits: JPEG, PNG and TIFF, still images of one page, at most [`PIXEL_LIMIT`] pixels and
//! [`BYTE_LIMIT`] bytes.

use std::fmt;
use std::io::{Cursor, Read};
use std::path::Path;

use archive_core::{Error, ErrorKind};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

/// The most pixels that a page may have: an A3 sheet at 600 dpi has 70 million.
pub const PIXEL_LIMIT: u64 = 80_000_000;

/// The most bytes that an image file may have.
pub const BYTE_LIMIT: u64 = 256 << 20;

/// The least pixels on a side that a page may have.
const SIDE_MINIMUM: u32 = 16;

/// A decoded page: one plane of brightness.
#[derive(Clone)]
pub struct PageImage {
    name: String,
    width: u32,
    height: u32,
    colour: bool,
    plane: Vec<u8>,
}

/// Pixels may be personal data and stay out of logs.
impl fmt::Debug for PageImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageImage({:?}, {} x {})", self.name, self.width, self.height)
    }
}

impl PageImage {
    /// Decodes the image file at `path`.
    ///
    /// # Errors
    /// `NotFound`, `Denied` and the like where it cannot be read; else as [`PageImage::from_bytes`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let io = |e| Error::io(path, "read the image", e);
        let file = std::fs::File::open(path).map_err(io)?;
        if file.metadata().map_err(io)?.is_dir() {
            return Err(Error::invalid(path.display().to_string(), "is a directory, not an image file"));
        }
        let mut bytes = Vec::new();
        file.take(BYTE_LIMIT + 1).read_to_end(&mut bytes).map_err(io)?;
        Self::from_bytes(&path.display().to_string(), &bytes)
    }

    /// Decodes an image held in memory; `name` stands in errors.
    ///
    /// # Errors
    /// - `InvalidInput`: empty, truncated, damaged, too large or too small.
    /// - `Unsupported`: no JPEG, PNG or TIFF, an animation, or several pages in one file.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        let invalid = |message: String| Error::invalid(name, message);
        if bytes.is_empty() {
            return Err(invalid("is empty: scan the page again".to_owned()));
        }
        if bytes.len() as u64 > BYTE_LIMIT {
            return Err(invalid(format!("has more than {} MiB: scan at 300 dpi", BYTE_LIMIT >> 20)));
        }
        let format = image::guess_format(bytes).map_err(|_| {
            let what = if bytes.starts_with(b"%PDF") { "is a PDF" } else { "is no image" };
            Error::new(ErrorKind::Unsupported, name, format!("{what}: give a JPEG, PNG or TIFF scan"))
        })?;
        if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::Tiff) {
            let message = format!("is {format:?}: give a JPEG, PNG or TIFF scan");
            return Err(Error::new(ErrorKind::Unsupported, name, message));
        }
        if format == ImageFormat::Png {
            refuse_animation(name, bytes)?;
        }
        let damaged = |e: image::ImageError| {
            invalid("is damaged or truncated: scan the page again".to_owned()).with_source(e)
        };
        let mut decoder =
            ImageReader::with_format(Cursor::new(bytes), format).into_decoder().map_err(damaged)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > PIXEL_LIMIT {
            let message = format!("has {width} x {height} pixels, more than {PIXEL_LIMIT}: scan at 300 dpi");
            return Err(invalid(message));
        }
        if width < SIDE_MINIMUM || height < SIDE_MINIMUM {
            return Err(invalid(format!("has {width} x {height} pixels: too small to be a page")));
        }
        let mut limits = image::Limits::default();
        // The largest page in 16-bit colour with transparency.
        limits.max_alloc = Some(PIXEL_LIMIT * 8);
        decoder.set_limits(limits).map_err(damaged)?;
        let decoded = DynamicImage::from_decoder(decoder).map_err(damaged)?;
        let (colour, plane) = brightness(decoded);
        Ok(Self { name: name.to_owned(), width, height, colour, plane })
    }

    /// A page from its brightness, row by row: 0 is black.
    ///
    /// # Errors
    /// `InvalidInput` where the plane's length is not `width` times `height`, or a limit is exceeded.
    pub fn from_plane(name: &str, width: u32, height: u32, plane: Vec<u8>) -> Result<Self, Error> {
        let pixels = u64::from(width) * u64::from(height);
        if plane.len() as u64 != pixels || pixels > PIXEL_LIMIT || width.min(height) < SIDE_MINIMUM {
            let message = format!("{} values make no page of {width} x {height} pixels", plane.len());
            return Err(Error::invalid(name, message));
        }
        Ok(Self { name: name.to_owned(), width, height, colour: false, plane })
    }

    /// The name that stands in errors.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Pixels in a row.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Whether the scan has colours.
    #[must_use]
    pub fn is_colour(&self) -> bool {
        self.colour
    }

    /// The brightness row by row: 0 is black.
    #[must_use]
    pub fn plane(&self) -> &[u8] {
        &self.plane
    }
}

fn refuse_animation(name: &str, bytes: &[u8]) -> Result<(), Error> {
    // A damaged header is reported by the decoding that follows.
    let animated = image::codecs::png::PngDecoder::new(Cursor::new(bytes))
        .and_then(|decoder| decoder.is_apng())
        .unwrap_or(false);
    if animated {
        return Err(Error::new(ErrorKind::Unsupported, name, "is an animation: give one still image a page"));
    }
    Ok(())
}

/// Whether the image has colours, and its plane of brightness.
fn brightness(image: DynamicImage) -> (bool, Vec<u8>) {
    match image {
        DynamicImage::ImageLuma8(grey) => (false, grey.into_raw()),
        DynamicImage::ImageLuma16(_) => (false, image.into_luma8().into_raw()),
        image if image.color().has_alpha() => {
            // What is transparent is paper.
            let over_paper = |p: &image::Rgba<u8>| {
                let alpha = u32::from(p.0[3]);
                ((u32::from(p.0[0]) * alpha + 255 * (255 - alpha)) / 255) as u8
            };
            (image.color().has_color(), image.into_rgba8().pixels().map(over_paper).collect())
        }
        image => (true, image.into_rgb8().into_raw().chunks_exact(3).map(|p| p[0]).collect()),
    }
}
