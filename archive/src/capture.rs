//! Capture of documents on every carrier: what a file is by its content, its fixity, its look.
//!
//! ```
//! use archive::capture::{Format, identify};
//!
//! let format = identify("contract.pdf", b"%PDF-1.7 ...")?;
//! assert_eq!(format, Format::Pdf);
//! // A name is a claim; the content decides.
//! assert_eq!(identify("photo.jpg", b"%PDF-1.7 ...")?, Format::Pdf);
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! Scans and photographs are JPEG, PNG or TIFF; born-digital documents PDF or OFD; recordings WAV, MP3,
//! FLAC, M4A or OGG; videos MP4, MOV, AVI or MKV. Anything else is refused with what to do. The name's
//! extension never decides.
//!
//! Limits: of a PDF its structure is read, not its text; of recordings only the head.

mod duplicates;
mod fixity;
mod look;
mod pdf;

use archive_core::record::Carrier;
use archive_core::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

pub use self::duplicates::{Duplicate, Likeness};
pub use self::fixity::{Fixity, Suite};
pub use self::look::Look;
pub use self::pdf::PdfFacts;

/// The format of a file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// TIFF.
    Tiff,
    /// PDF.
    Pdf,
    /// OFD (GB/T 33190).
    Ofd,
    /// WAV.
    Wav,
    /// MP3.
    Mp3,
    /// FLAC.
    Flac,
    /// MPEG-4 audio.
    M4a,
    /// Ogg.
    Ogg,
    /// MPEG-4 video.
    Mp4,
    /// QuickTime.
    Mov,
    /// AVI.
    Avi,
    /// Matroska and WebM.
    Mkv,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 14] = [
        Self::Jpeg,
        Self::Png,
        Self::Tiff,
        Self::Pdf,
        Self::Ofd,
        Self::Wav,
        Self::Mp3,
        Self::Flac,
        Self::M4a,
        Self::Ogg,
        Self::Mp4,
        Self::Mov,
        Self::Avi,
        Self::Mkv,
    ];

    /// The extension under which content of this format is kept.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Tiff => "tif",
            Self::Pdf => "pdf",
            Self::Ofd => "ofd",
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
            Self::Flac => "flac",
            Self::M4a => "m4a",
            Self::Ogg => "ogg",
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::Avi => "avi",
            Self::Mkv => "mkv",
        }
    }

    /// What carries a document of this format where nobody says otherwise: an image is taken for the scan
    /// of a paper.
    #[must_use]
    pub fn carrier(self) -> Carrier {
        match self {
            Self::Jpeg | Self::Png | Self::Tiff => Carrier::Paper,
            Self::Pdf | Self::Ofd => Carrier::Electronic,
            Self::Wav | Self::Mp3 | Self::Flac | Self::M4a | Self::Ogg => Carrier::Audio,
            Self::Mp4 | Self::Mov | Self::Avi | Self::Mkv => Carrier::Video,
        }
    }

    /// Whether it is a still image, which can be read as a page.
    #[must_use]
    pub fn is_image(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Tiff)
    }

    /// Whether a document of this format may be said to be on `carrier`.
    #[must_use]
    pub fn may_be_on(self, carrier: Carrier) -> bool {
        match carrier {
            Carrier::Paper => self.is_image() || matches!(self, Self::Pdf | Self::Ofd),
            Carrier::Image => self.is_image(),
            Carrier::Electronic => self.is_image() || matches!(self, Self::Pdf | Self::Ofd),
            Carrier::Audio | Carrier::Video => self.carrier() == carrier,
        }
    }
}

/// The format of `content`; `name` stands in errors.
///
/// # Errors
/// `Unsupported` where it is none of the formats that an archive keeps; the message says what it is and
/// what to do.
pub fn identify(name: &str, content: &[u8]) -> Result<Format, Error> {
    let unsupported = |what: &str, way: &str| {
        Err(Error::new(ErrorKind::Unsupported, name, format!("is {what}, which no archive keeps: {way}")))
    };
    if is_ofd(content) {
        return Ok(Format::Ofd);
    }
    let Some(kind) = infer::get(content) else {
        let text = std::str::from_utf8(&content[..content.len().min(512)]).is_ok();
        let what = if text { "plain text" } else { "of unknown format" };
        return unsupported(what, "give a scan, a PDF, a photograph or a recording");
    };
    Ok(match kind.extension() {
        "jpg" => Format::Jpeg,
        "png" => Format::Png,
        "tif" => Format::Tiff,
        "pdf" => Format::Pdf,
        "wav" => Format::Wav,
        "mp3" => Format::Mp3,
        "flac" => Format::Flac,
        "m4a" => Format::M4a,
        "ogg" | "opus" => Format::Ogg,
        "mp4" | "m4v" => Format::Mp4,
        "mov" => Format::Mov,
        "avi" => Format::Avi,
        "mkv" | "webm" => Format::Mkv,
        office @ ("doc" | "docx" | "xls" | "xlsx" | "ppt" | "pptx" | "odt" | "rtf") => {
            return unsupported(&format!("an office document ({office})"), "print it to PDF");
        }
        packed @ ("zip" | "rar" | "7z" | "gz" | "tar" | "bz2" | "xz") => {
            return unsupported(&format!("a compressed package ({packed})"), "unpack it and give its files");
        }
        image @ ("bmp" | "gif" | "webp" | "heif" | "avif" | "jp2" | "psd") => {
            return unsupported(&format!("an image as {image}"), "convert it to TIFF, PNG or JPEG");
        }
        other => {
            return unsupported(
                &format!("{} ({other})", kind.mime_type()),
                "give a scan, a PDF or a recording",
            );
        }
    })
}

/// OFD is a ZIP package whose first member, by custom, or some member near the head is `OFD.xml`.
fn is_ofd(content: &[u8]) -> bool {
    content.starts_with(b"PK\x03\x04")
        && content[..content.len().min(4096)].windows(7).any(|w| w == b"OFD.xml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content: &[u8], expected: Format) {
        assert_eq!(identify("x", content).unwrap(), expected);
    }

    #[test]
    fn content_decides_on_every_carrier() {
        check(b"\xff\xd8\xff\xe0\0\x10JFIF\0", Format::Jpeg);
        check(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Format::Png);
        check(b"II*\0\x08\0\0\0\0\0", Format::Tiff);
        check(b"%PDF-1.4\n", Format::Pdf);
        check(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\0\0\0OFD.xml", Format::Ofd);
        check(b"RIFF\x24\0\0\0WAVEfmt ", Format::Wav);
        check(b"ID3\x03\0\0\0", Format::Mp3);
        check(b"fLaC\0\0\0\x22", Format::Flac);
        check(b"OggS\0\x02\0\0", Format::Ogg);
        check(b"\0\0\0\x18ftypM4A \0\0\0\0", Format::M4a);
        check(b"\0\0\0\x18ftypisom\0\0\0\0isom", Format::Mp4);
        check(b"\0\0\0\x14ftypqt  \0\0\0\0", Format::Mov);
        check(b"RIFF\x24\0\0\0AVI LIST", Format::Avi);
        let mut matroska = b"\x1aE\xdf\xa3\xa3B\x82\x88matroska".to_vec();
        matroska.resize(300, 0);
        check(&matroska, Format::Mkv);
    }

    #[track_caller]
    fn check_refused(content: &[u8], words: &str) {
        let error = identify("a.bin", content).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains(words), "{error}");
    }

    #[test]
    fn what_no_archive_keeps_is_refused_with_a_way_out() {
        check_refused(b"hello", "plain text");
        check_refused(b"\x00\x01\x02\xfe", "unknown format");
        check_refused(b"PK\x03\x04\x14\0", "unpack it");
        check_refused(b"BM\x36\0\0\0", "convert it to TIFF");
        check_refused(b"MZ\x90\0\x03\0\0\0", "which no archive keeps");
        check_refused(b"", "plain text");
    }
}
