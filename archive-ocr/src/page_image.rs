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
//! A photo that says how its camera was held comes out upright.
//!
//! Limits: JPEG, PNG and TIFF, still images of one page, at most [`PIXEL_LIMIT`] pixels and
//! [`BYTE_LIMIT`] bytes. Files of several pages are opened by [`PageFiles`](crate::page_file::PageFiles).

use std::fmt;
use std::io::Cursor;
use std::path::Path;

use archive_core::{Error, ErrorKind};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use crate::page_file;
use crate::tiff_pages;

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
    /// Whether the file ended before the picture did.
    ends_early: bool,
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
        Self::from_bytes(&path.display().to_string(), &page_file::read(path)?)
    }

    /// Decodes an image held in memory; `name` stands in errors.
    ///
    /// # Errors
    /// - `InvalidInput`: empty, truncated, damaged, too large or too small. A JPEG of which only a
    ///   later part is missing is a page: see [`PageImage::ends_early`].
    /// - `Unsupported`: no JPEG, PNG or TIFF, an animation, or several pages in one file.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        let format = format_of(name, bytes)?;
        if format == ImageFormat::Tiff {
            let pages = tiff_pages::directories(bytes).len();
            if pages > 1 {
                let message = format!("has {pages} pages: open it as a file of pages");
                return Err(Error::new(ErrorKind::Unsupported, name, message));
            }
        }
        if format == ImageFormat::Png {
            refuse_animation(name, bytes)?;
        }
        Self::decode(name, bytes, format)
    }

    /// Decodes the first page of an image of a known format.
    pub(crate) fn decode(name: &str, bytes: &[u8], format: ImageFormat) -> Result<Self, Error> {
        let invalid = |message: String| Error::invalid(name, message);
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
        // A camera's note that cannot be read is no fault of the picture.
        let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
        let mut decoded = DynamicImage::from_decoder(decoder).map_err(damaged)?;
        decoded.apply_orientation(orientation);
        let (width, height) = (decoded.width(), decoded.height());
        let (colour, plane) = brightness(decoded);
        let ends_early = format == ImageFormat::Jpeg && jpeg_ends_early(bytes);
        Ok(Self { name: name.to_owned(), width, height, colour, ends_early, plane })
    }

    /// A page from its brightness, row by row: 0 is black. `colour` tells whether it had colours.
    pub(crate) fn from_scan(
        name: &str,
        (width, height): (u32, u32),
        colour: bool,
        plane: Vec<u8>,
    ) -> Result<Self, Error> {
        Self::from_plane(name, width, height, plane).map(|page| Self { colour, ..page })
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
        Ok(Self { name: name.to_owned(), width, height, colour: false, ends_early: false, plane })
    }

    /// The same page with other brightness.
    pub(crate) fn with_plane(&self, plane: Vec<u8>) -> Self {
        debug_assert_eq!(plane.len(), self.plane.len(), "a page keeps its size");
        Self { name: self.name.clone(), plane, ..*self }
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

    /// Whether the file ended before the picture did: what was missing is grey, or as the last rows.
    #[must_use]
    pub fn ends_early(&self) -> bool {
        self.ends_early
    }

    /// The brightness row by row: 0 is black.
    #[must_use]
    pub fn plane(&self) -> &[u8] {
        &self.plane
    }
}

/// The format of an image that may be a page.
pub(crate) fn format_of(name: &str, bytes: &[u8]) -> Result<ImageFormat, Error> {
    if bytes.is_empty() {
        return Err(Error::invalid(name, "is empty: scan the page again"));
    }
    if bytes.len() as u64 > BYTE_LIMIT {
        let message = format!("has more than {} MiB: scan at 300 dpi", BYTE_LIMIT >> 20);
        return Err(Error::invalid(name, message));
    }
    let unsupported = |what: String| {
        Error::new(ErrorKind::Unsupported, name, format!("{what}: give a JPEG, PNG or TIFF scan"))
    };
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::Tiff)) => Ok(format),
        Ok(format) => Err(unsupported(format!("is {format:?}"))),
        Err(_) if bytes.starts_with(b"%PDF") => Err(unsupported("is a PDF".to_owned())),
        Err(_) => Err(unsupported("is no image".to_owned())),
    }
}

/// Whether a JPEG file lacks its end marker, which cannot occur within the picture's data.
fn jpeg_ends_early(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xda;
    // Segments before the picture may hold a small picture with an end of its own: go past them.
    let mut rest = bytes.get(2..).unwrap_or_default();
    loop {
        match rest {
            [0xff, 0xff, ..] => rest = &rest[1..],
            [0xff, START_OF_SCAN, data @ ..] => {
                return !data.windows(2).rev().any(|pair| pair == [0xff, 0xd9]);
            }
            [0xff, _, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                rest = rest.get(2 + length..).unwrap_or_default();
            }
            _ => return true,
        }
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
