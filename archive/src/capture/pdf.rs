//! What the structure of a PDF tells: pages, encryption, scripts.
//!
//! ```
//! use archive::capture::PdfFacts;
//!
//! let error = PdfFacts::of("a.pdf", b"%PDF-1.4 and then nothing").unwrap_err();
//! assert!(error.to_string().contains("cannot be opened"), "{error}");
//! ```

use archive_core::Error;
use archive_core::units::Pages;

/// The most bytes of a PDF whose structure is read.
const SIZE_LIMIT: usize = 256 << 20;

/// What the structure of a PDF tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PdfFacts {
    /// How many pages it has.
    pub pages: Pages,
    /// Whether it is encrypted: no archive keeps what it may be unable to open one day.
    pub encrypted: bool,
}

impl PdfFacts {
    /// Reads the structure of a PDF; `name` stands in errors.
    ///
    /// # Errors
    /// `InvalidInput` where it cannot be opened or has no pages.
    pub fn of(name: &str, content: &[u8]) -> Result<Self, Error> {
        if content.len() > SIZE_LIMIT {
            return Err(Error::invalid(
                name,
                format!("is a PDF of more than {} MiB: split it", SIZE_LIMIT >> 20),
            ));
        }
        let broken = |message: &str| {
            Error::invalid(name, format!("is a PDF that cannot be opened: {message}; make it anew"))
        };
        let document = lopdf::Document::load_mem(content)
            .map_err(|e| broken("its structure is broken").with_source(e))?;
        let encrypted = document.trailer.has(b"Encrypt");
        let pages = document.get_pages().len();
        if pages == 0 && !encrypted {
            return Err(broken("it has no pages"));
        }
        Ok(Self { pages: Pages(u32::try_from(pages).unwrap_or(u32::MAX)), encrypted })
    }
}
