//! The Chinese font that pages are set in.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use archive_core::{Error, ErrorKind};

use crate::setup;

/// Where Debian's packages put fonts that will do, the best first, with the face in a collection whose
/// forms are those of the mainland.
const KNOWN_PLACES: [(&str, u32); 4] = [
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/opentype/source-han-sans/SourceHanSansSC-Regular.otf", 0),
    ("/usr/share/fonts/truetype/arphic-gbsn00lp/gbsn00lp.ttf", 0),
];

/// Characters that a font for catalogues must have: some fallback fonts lack letters and digits.
const PROBE: [char; 4] = ['档', '号', 'Z', '0'];

/// A font with Chinese characters.
#[derive(Clone)]
pub struct Font {
    path: PathBuf,
    data: Arc<Vec<u8>>,
    face: u32,
}

impl fmt::Debug for Font {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Font({})", self.path.display())
    }
}

impl Font {
    /// The font that `ARCHIVE_FONT` names; else one of Debian's packages `fonts-wqy-microhei` or
    /// `fonts-noto-cjk`; else the one that `archive setup` fetched.
    ///
    /// # Errors
    /// `Unavailable` where there is none, saying how to get one.
    pub fn find() -> Result<Self, Error> {
        if let Some(path) = std::env::var_os("ARCHIVE_FONT").filter(|v| !v.is_empty()) {
            return Self::open(Path::new(&path), 0);
        }
        if let Some((path, face)) = Self::system() {
            return Self::open(&path, face);
        }
        let fetched = setup::cache_dir().ok().and_then(|cache| setup::installed_font(&cache));
        match fetched {
            Some(path) => Self::open(&path, 0),
            None => Err(Error::new(
                ErrorKind::Unavailable,
                "Chinese font",
                "is not there: run `archive setup`, or install fonts-wqy-microhei, or name one in ARCHIVE_FONT",
            )),
        }
    }

    /// A font that the system's packages brought, and its face.
    pub(crate) fn system() -> Option<(PathBuf, u32)> {
        let found = KNOWN_PLACES.iter().find(|(path, _)| Path::new(path).is_file());
        found.map(|(path, face)| (PathBuf::from(path), *face))
    }

    /// The font file at `path`; `face` counts the faces of a collection from 0.
    ///
    /// # Errors
    /// Those of reading it; `InvalidInput` where it is no font, or lacks Chinese characters, letters or digits.
    pub fn open(path: &Path, face: u32) -> Result<Self, Error> {
        let data = std::fs::read(path).map_err(|e| Error::io(path, "read the font", e))?;
        let wrong = |message: &str| Error::invalid(path.display().to_string(), message);
        let parsed = ttf_parser::Face::parse(&data, face).map_err(|e| wrong("is no font").with_source(e))?;
        if PROBE.iter().any(|c| parsed.glyph_index(*c).is_none()) {
            return Err(wrong("lacks Chinese characters, letters or digits"));
        }
        Ok(Self { path: path.to_path_buf(), data: Arc::new(data), face })
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn data(&self) -> Arc<Vec<u8>> {
        Arc::clone(&self.data)
    }

    pub(super) fn face(&self) -> u32 {
        self.face
    }

    /// The widths of characters.
    pub(super) fn metrics(&self) -> Option<ttf_parser::Face<'_>> {
        ttf_parser::Face::parse(&self.data, self.face).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_chinese_font_is_told_so() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("font.ttf");
        std::fs::write(&path, b"no font").unwrap();
        assert!(Font::open(&path, 0).unwrap_err().to_string().contains("is no font"));
        assert_eq!(Font::open(&scratch.path().join("none"), 0).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
