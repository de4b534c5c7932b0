//! PDF files, rendered by a program of its own, so that a hostile one harms nobody.
//!
//! A PDF of a few kilobytes may ask for terabytes, loop for ever or overflow a stack; no library in
//! the caller's own process can promise to survive that. So the pages are drawn in another process,
//! which limits its own memory, is given a time for each page, and is ended when it fails; the
//! caller gets the pages that were drawn before, and an error that names the file.
//!
//! That program is `archive` with the argument [`ARGUMENT`]; any program may take its place that
//! does the same by `pdf::serve` (feature `pdf-rendering`). Scanned pages are drawn at the
//! resolution of their images, others at 200 dpi.

#[cfg(feature = "pdf-rendering")]
mod rendering;

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use archive_core::{Error, ErrorKind};

#[cfg(feature = "pdf-rendering")]
pub use self::rendering::serve;
use crate::page_image::{PIXEL_LIMIT, PageImage};

/// The argument that makes `archive` render the PDF on its standard input.
pub const ARGUMENT: &str = "pdf-pages";

/// The memory that a rendering program should allow itself, in bytes.
pub const MEMORY_LIMIT: u64 = 2 << 30;

/// More pages than this are refused: split the file.
pub const PAGE_LIMIT: usize = 2000;

/// The first line of what the program writes, so that another program is noticed.
const GREETING: &str = "archive pages 1";

/// The longest line before a page's pixels.
const LINE_LIMIT: u64 = 4096;

/// Draws the pages of PDF files by a program of its own.
#[derive(Debug, Clone)]
pub struct PdfRenderer {
    program: PathBuf,
    page_time: Duration,
}

impl PdfRenderer {
    /// Draws by `program`, which understands [`ARGUMENT`].
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), page_time: Duration::from_secs(60) }
    }

    /// The program that `ARCHIVE_PROGRAM` names, else this very process's where it is `archive`, else
    /// `archive` in the search path.
    #[must_use]
    pub fn from_environment() -> Self {
        let named = std::env::var_os("ARCHIVE_PROGRAM").filter(|v| !v.is_empty()).map(PathBuf::from);
        let own = || {
            let own = std::env::current_exe().ok()?;
            (own.file_stem()? == "archive").then_some(own)
        };
        Self::new(named.or_else(own).unwrap_or_else(|| PathBuf::from("archive")))
    }

    /// The most time for one page; a minute by default.
    #[must_use]
    pub fn with_page_time(self, page_time: Duration) -> Self {
        Self { page_time, ..self }
    }

    /// Begins to draw the pages of a PDF; `name` stands in errors.
    pub(crate) fn render(&self, name: &str, bytes: Vec<u8>) -> Result<RenderedPages, Error> {
        let mut child = Command::new(&self.program)
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| unusable(&self.program, "cannot be started to render PDF files").with_source(e))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(mut input), Some(output)) = (input, output) else {
            return Err(unusable(&self.program, "has no standard input or output"));
        };
        // Either side may be slow or stop: neither waits for the other on this thread.
        std::thread::spawn(move || {
            // The program may end before it read all; what it wrote until then tells why.
            let _ = input.write_all(&bytes);
        });
        let (sender, messages) = sync_channel(1);
        let thread_name = name.to_owned();
        std::thread::spawn(move || receive(&thread_name, BufReader::new(output), &sender));
        Ok(RenderedPages {
            name: name.to_owned(),
            program: self.program.clone(),
            page_time: self.page_time,
            child,
            greeted: false,
            messages: Some(messages),
        })
    }
}

fn unusable(program: &Path, message: &str) -> Error {
    let message = format!("{message}: name the program `archive` in ARCHIVE_PROGRAM");
    Error::new(ErrorKind::Unavailable, program.display().to_string(), message)
}

/// What the program says.
enum Message {
    /// It speaks the right language.
    Greeting,
    /// A page, or why one could not be drawn.
    Page(Result<PageImage, Error>),
    /// All pages were drawn.
    End,
}

/// Reads what the program writes; stops at whatever is out of order.
fn receive(name: &str, mut output: impl BufRead, messages: &SyncSender<Message>) {
    let mut number = 0;
    while let Some(message) = receive_one(name, number + 1, &mut output) {
        number += usize::from(matches!(message, Message::Page(_)));
        let is_last = matches!(message, Message::End) || number >= PAGE_LIMIT;
        if messages.send(message).is_err() || is_last {
            return;
        }
    }
}

fn receive_one(name: &str, number: usize, output: &mut impl BufRead) -> Option<Message> {
    let mut line = String::new();
    output.by_ref().take(LINE_LIMIT).read_line(&mut line).ok()?;
    let line = line.strip_suffix('\n')?;
    let page = format!("{name}, page {number}");
    match line.split_once(' ') {
        _ if line == GREETING => Some(Message::Greeting),
        _ if line == "end" => Some(Message::End),
        Some(("fault", message)) => Some(Message::Page(Err(Error::invalid(page, message)))),
        Some(("page", sizes)) => {
            let mut sizes = sizes.split(' ').map(str::parse::<u32>);
            let (width, height, colour) =
                (sizes.next()?.ok()?, sizes.next()?.ok()?, sizes.next()?.ok()? != 0);
            let pixels = u64::from(width) * u64::from(height);
            if pixels > PIXEL_LIMIT {
                return None;
            }
            let mut plane = vec![0; usize::try_from(pixels).ok()?];
            output.read_exact(&mut plane).ok()?;
            Some(Message::Page(PageImage::from_scan(&page, (width, height), colour, plane)))
        }
        _ => None,
    }
}

/// The pages of a PDF, as they are drawn.
pub(crate) struct RenderedPages {
    name: String,
    program: PathBuf,
    page_time: Duration,
    child: Child,
    /// Whether the program speaks the right language.
    greeted: bool,
    /// `None` after the end.
    messages: Option<Receiver<Message>>,
}

impl fmt::Debug for RenderedPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderedPages").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Iterator for RenderedPages {
    type Item = Result<PageImage, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let message = self.messages.as_ref()?.recv_timeout(self.page_time);
            let error = match message {
                Ok(Message::Greeting) => {
                    self.greeted = true;
                    continue;
                }
                Ok(Message::Page(page)) => return Some(page),
                Ok(Message::End) => {
                    self.messages = None;
                    return None;
                }
                Err(RecvTimeoutError::Timeout) => {
                    let limit = self.page_time.as_secs_f32();
                    let message = format!("takes more than {limit} s to draw a page: print it and scan it");
                    Error::invalid(&self.name, message)
                }
                Err(RecvTimeoutError::Disconnected) if self.greeted => {
                    let message = "is damaged, or asks for more memory than a page may: print it and scan it";
                    Error::invalid(&self.name, message)
                }
                Err(RecvTimeoutError::Disconnected) => unusable(&self.program, "does not render PDF files"),
            };
            self.messages = None;
            return Some(Err(error));
        }
    }
}

/// The program may still be drawing.
impl Drop for RenderedPages {
    fn drop(&mut self) {
        self.messages = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
