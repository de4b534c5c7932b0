//! Copies for the reading room, with watermark and purpose.

use std::fs::OpenOptions;
use std::io::Write as _;

use archive_core::Error;
use archive_core::identifier::{DocumentId, ReferenceCode};
use archive_core::record::Digest;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::archive::Archive;
use crate::capture::identify;
use crate::cataloguing::gathering::document_name;
use crate::content;
use crate::printing::{Align, Canvas, Font, Printout};

/// The register of copies, in the archive's directory.
const REGISTER: &str = "reading-room.jsonl";

/// Who wants to read what, and why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingRequest {
    /// 档号.
    pub reference: ReferenceCode,
    /// 查阅人.
    pub reader: String,
    /// 利用目的.
    pub purpose: String,
    /// Only these documents; all where absent.
    #[serde(default)]
    pub documents: Option<Vec<DocumentId>>,
}

/// The reader is personal data and stays out of logs.
impl std::fmt::Debug for ReadingRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadingRequest").field("reference", &self.reference).finish_non_exhaustive()
    }
}

/// A copy for the reading room.
#[derive(Debug, Clone)]
pub struct ReadingCopy {
    /// The PDF.
    pub printout: Printout,
    /// The documents on it.
    pub documents: Vec<DocumentId>,
    /// The documents that cannot be shown on paper: recordings, and PDF files, which are handed out by
    /// themselves.
    pub not_shown: Vec<DocumentId>,
}

/// One line of the register.
#[derive(Serialize)]
struct Entry<'a> {
    when: DateTime<Utc>,
    #[serde(flatten)]
    request: &'a ReadingRequest,
    shown: &'a [DocumentId],
    copy: Digest,
}

impl Archive {
    /// Makes a copy for the reading room and enters it in the register, `reading-room.jsonl`.
    ///
    /// Each page bears a watermark of reader, purpose and day across the image. Limits: the watermark is
    /// drawn over the image in the PDF, so hand out paper or a locked screen, not the file, where it matters.
    ///
    /// # Errors
    /// `InvalidInput` without reader or purpose, or where a document is not in the file; `NotFound` for an
    /// unknown file; `Corrupt` where a document is not what was filed.
    pub fn reading_copy(&self, request: &ReadingRequest, font: &Font) -> Result<ReadingCopy, Error> {
        let wrong = |message: &str| {
            Err(Error::invalid(format!("reading request for {}", request.reference), message))
        };
        for (text, message) in [(&request.reader, "names no reader"), (&request.purpose, "gives no purpose")]
        {
            if text.trim().is_empty() || text.chars().count() > 100 || text.chars().any(char::is_control) {
                return wrong(&format!("{message} of 1 to 100 characters"));
            }
        }
        let file = self.live_file(&request.reference)?;
        let mut wanted = request.documents.iter().flatten();
        if let Some(unknown) = wanted.find(|id| !file.documents.iter().any(|d| d.id == **id)) {
            return wrong(&format!("asks for document {unknown}, which is not in the file"));
        }
        let chosen =
            file.documents.iter().filter(|d| request.documents.as_ref().is_none_or(|w| w.contains(&d.id)));
        let day = self.today().format("%Y-%m-%d").to_string();
        let mark = format!("仅供查阅 {} {} {day}", request.reader, request.purpose);
        let mut canvas = Canvas::new(font, &format!("阅览副本 {}", request.reference));
        let mut documents = Vec::new();
        let mut not_shown = Vec::new();
        for document in chosen {
            let bytes = self.content(document)?;
            let format = identify(&document.path.display().to_string(), &bytes)?;
            if !format.is_image() {
                not_shown.push(document.id.clone());
                continue;
            }
            let (width, height) = Canvas::A4_PORTRAIT;
            let mut shown = false;
            canvas.page((width, height), |page| {
                shown = page.image(8.0, 14.0, width - 16.0, height - 30.0, &bytes);
                page.watermark((width, height), 15.0, &mark);
                let title = format!("{}　{}", request.reference, document_name(self.policy(), document));
                page.text(10.0, 9.0, 8.0, &title);
                page.text(
                    10.0,
                    height - 7.0,
                    8.0,
                    &format!("查阅人：{}　目的：{}", request.reader, request.purpose),
                );
                page.aligned(width - 10.0, height - 7.0, 8.0, &day, Align::Right);
            });
            if shown { &mut documents } else { &mut not_shown }.push(document.id.clone());
        }
        if documents.is_empty() {
            return wrong("asks for documents of which none can be shown on paper");
        }
        let printout = canvas.finish()?;
        let copy = content::digest(&printout.pdf);
        self.register(&Entry { when: Utc::now(), request, shown: &documents, copy })?;
        Ok(ReadingCopy { printout, documents, not_shown })
    }

    fn register(&self, entry: &Entry<'_>) -> Result<(), Error> {
        let path = self.config.directory().join(REGISTER);
        let mut line = serde_json::to_string(entry).map_err(|e| {
            Error::new(archive_core::ErrorKind::Internal, REGISTER, "cannot be written").with_source(e)
        })?;
        line.push('\n');
        // One write of one line: two that copy at once do not mix theirs.
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(line.as_bytes()).and_then(|()| file.sync_all()))
            .map_err(|e| Error::io(&path, "enter the copy in the register", e))
    }
}
