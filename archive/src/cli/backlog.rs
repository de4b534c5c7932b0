//! Many files, read side by side: their pages in order, and a journal from which a run that was
//! killed goes on.

use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use archive::{Error, ErrorKind};
use archive_core::record::Digest;
use archive_ocr::{PageFiles, PageImage, PageReading, Reader, page_file};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Outcome, output};

/// What a folder's files must end in to be pages.
const EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "tif", "tiff", "pdf"];

/// The files that the paths name: a folder stands for the page files in it, at any depth, in the
/// order of their names.
pub(super) fn files_of(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            add_folder(path, &mut files)?;
        } else {
            // One that is missing is reported in its turn.
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn add_folder(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let io = |e| Error::io(folder, "list the folder", e);
    let mut entries: Vec<(PathBuf, bool)> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        // A link to a folder may lead back to where it lies.
        entries.push((entry.path(), entry.file_type().map_err(io)?.is_dir()));
    }
    entries.sort();
    for (path, is_folder) in entries {
        let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        if is_folder {
            add_folder(&path, files)?;
        } else if extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str())) {
            files.push(path);
        }
    }
    Ok(())
}

/// One page of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PageId {
    /// The file.
    pub(super) path: PathBuf,
    /// Its content.
    pub(super) digest: Digest,
    /// The page in it, from 1.
    pub(super) page: u32,
}

/// A page that was read, or why it was not.
pub(super) struct PageResult {
    pub(super) id: PageId,
    pub(super) reading: Result<PageReading, Error>,
    /// Opening and decoding.
    pub(super) decode: Duration,
    /// Everything.
    pub(super) total: Duration,
}

/// A page on its way to a reader.
struct Opened {
    number: usize,
    id: PageId,
    image: Result<PageImage, Error>,
    decode: Duration,
}

/// Reads the pages of all files that `is_done` does not know, and hands the results over in order.
///
/// A page or a file that fails is reported, and the rest goes on.
pub(super) fn each_page(
    reader: &Reader,
    files: &PageFiles,
    paths: &[PathBuf],
    what: &'static str,
    is_done: impl Fn(&PageId) -> bool + Sync,
    mut handle: impl FnMut(&PageResult) -> Result<(), Error>,
) -> Result<Outcome, Error> {
    let bar = output::bar(paths.len(), what);
    let mut outcome = Outcome::Done;
    let (to_readers, opened) = sync_channel::<Opened>(reader.threads());
    let (to_here, results) = sync_channel::<(usize, PageResult)>(reader.threads());
    let opened = Mutex::new(opened);
    let is_done = &is_done;
    std::thread::scope(|scope| {
        let opener = scope.spawn({
            let bar = bar.clone();
            move || {
                let mut number = 0;
                for path in paths {
                    let is_listened_to =
                        open_pages(files, path, is_done, &mut number, |page| to_readers.send(page).is_ok());
                    bar.inc(1);
                    if !is_listened_to {
                        return;
                    }
                }
            }
        });
        // One more than the reader's threads, so that a page waits for the next that is free.
        for _ in 0..=reader.threads() {
            let (opened, to_here) = (&opened, to_here.clone());
            scope.spawn(move || {
                while let Some(page) = next(opened) {
                    let number = page.number;
                    if to_here.send((number, read(reader, page))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(to_here);
        let mut waiting = BTreeMap::new();
        let mut expected = 0;
        for (number, result) in results {
            waiting.insert(number, result);
            while let Some(result) = waiting.remove(&expected) {
                expected += 1;
                if let Err(error) = &result.reading {
                    bar.suspend(|| output::complain(error));
                    outcome = Outcome::PartlyFailed(error.kind());
                }
                bar.suspend(|| handle(&result))?;
            }
        }
        opener.join().expect("opening does not panic");
        Ok::<_, Error>(())
    })?;
    bar.finish_and_clear();
    Ok(outcome)
}

fn next(opened: &Mutex<Receiver<Opened>>) -> Option<Opened> {
    opened.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv().ok()
}

fn read(reader: &Reader, page: Opened) -> PageResult {
    let begun = Instant::now();
    let reading = page.image.and_then(|image| reader.read(&image));
    PageResult { id: page.id, reading, decode: page.decode, total: page.decode + begun.elapsed() }
}

/// Opens the pages of a file one by one; gives whether somebody still takes them.
fn open_pages(
    files: &PageFiles,
    path: &Path,
    is_done: impl Fn(&PageId) -> bool,
    number: &mut usize,
    mut send: impl FnMut(Opened) -> bool,
) -> bool {
    let mut send = |id: PageId, image, decode| {
        *number += 1;
        send(Opened { number: *number - 1, id, image, decode })
    };
    let begun = Instant::now();
    let mut id = PageId { path: path.to_owned(), digest: Digest([0; 32]), page: 1 };
    let opened = page_file::read(path).and_then(|bytes| {
        id.digest = Digest(Sha256::digest(&bytes).into());
        // A file of one page that was read is not even decoded.
        files.pages_of(&path.display().to_string(), bytes)
    });
    let mut pages = match opened {
        Ok(pages) => pages,
        Err(error) => return is_done(&id) || send(id, Err(error), begun.elapsed()),
    };
    loop {
        while is_done(&id) {
            if !pages.skip_page() {
                break;
            }
            id.page += 1;
        }
        let begun = Instant::now();
        let Some(image) = pages.next() else { return true };
        if !send(id.clone(), image, begun.elapsed()) {
            return false;
        }
        id.page += 1;
    }
}

/// The lines of earlier runs and of this one: one JSON object a page.
///
/// A line is on the disk before the next page's. A kill may tear the last one; it is cut off, and
/// its page read again.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    done: HashSet<LineId>,
}

/// What of a line tells which page it is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
struct LineId {
    path: String,
    digest: Digest,
    page: u32,
}

impl PageId {
    /// The file as a line of a journal names it.
    pub(super) fn path_text(&self) -> String {
        self.path.display().to_string()
    }
}

impl Journal {
    /// Opens the journal at `path`, or makes it.
    ///
    /// # Errors
    /// `Conflict` where another run writes it; `Corrupt` for a file that is none; `Denied` and the
    /// like where it cannot be written.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let io = |e| Error::io(path, "open the journal", e);
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = options.map_err(io)?;
        file.try_lock().map_err(|e| match e {
            TryLockError::WouldBlock => {
                let message = "is written by another run: wait for it, or name another journal";
                Error::new(ErrorKind::Conflict, path.display().to_string(), message)
            }
            TryLockError::Error(e) => io(e),
        })?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(io)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut done = HashSet::new();
        for (number, line) in text[..whole].lines().enumerate() {
            let id = serde_json::from_str::<LineId>(line).map_err(|e| {
                let object = format!("{} line {}", path.display(), number + 1);
                let message = "is no line of a journal: name another file for what is read";
                Error::new(ErrorKind::Corrupt, object, message).with_source(e)
            })?;
            done.insert(id);
        }
        file.set_len(whole as u64).map_err(io)?;
        file.seek(SeekFrom::Start(whole as u64)).map_err(io)?;
        Ok(Self { path: path.to_owned(), file, done })
    }

    /// Whether a page was read before this run.
    pub(super) fn has(&self, page: &PageId) -> bool {
        self.done.contains(&LineId { path: page.path_text(), digest: page.digest, page: page.page })
    }

    /// Adds a line.
    pub(super) fn add(&self, line: &impl Serialize) -> Result<(), Error> {
        let io = |e| Error::io(&self.path, "write the journal", e);
        let mut text = serde_json::to_string(line)
            .map_err(|e| Error::new(ErrorKind::Internal, "JSON", "cannot be written").with_source(e))?;
        text.push('\n');
        (&self.file).write_all(text.as_bytes()).map_err(io)?;
        self.file.sync_data().map_err(io)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(page: u32) -> serde_json::Value {
        serde_json::json!({"path": "a.jpg", "digest": Digest([7; 32]), "page": page, "fields": {}})
    }

    #[test]
    fn a_torn_line_is_cut_off_and_its_page_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("read.jsonl");
        let journal = Journal::open(&path).unwrap();
        journal.add(&line(1)).unwrap();
        journal.add(&line(2)).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for torn in 0..whole.len() {
            std::fs::write(&path, &whole[..torn]).unwrap();
            let journal = Journal::open(&path).unwrap();
            let lines = whole[..torn].iter().filter(|b| **b == b'\n').count();
            assert_eq!(journal.done.len(), lines, "{torn} bytes");
            journal.add(&line(3)).unwrap();
            drop(journal);
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text.lines().count(), lines + 1);
        }
    }

    #[test]
    fn two_runs_do_not_share_a_journal() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("read.jsonl");
        let _first = Journal::open(&path).unwrap();
        assert_eq!(Journal::open(&path).unwrap_err().kind(), ErrorKind::Conflict);
    }

    #[test]
    fn a_file_of_another_kind_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("letter.txt");
        std::fs::write(&path, "Dear archivist,\nnothing here is JSON").unwrap();
        let error = Journal::open(&path).unwrap_err();
        assert!(error.to_string().contains("letter.txt line 1"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    }

    #[test]
    fn a_folder_stands_for_its_pages() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("inner")).unwrap();
        for name in ["b.PDF", "a.jpg", "notes.txt", "inner/c.tif"] {
            std::fs::write(directory.path().join(name), b"x").unwrap();
        }
        let files = files_of(&[directory.path().to_owned(), PathBuf::from("gone.jpg")]).unwrap();
        let names: Vec<_> = files.iter().filter_map(|f| f.file_name()?.to_str()).collect();
        assert_eq!(names, ["a.jpg", "b.PDF", "c.tif", "gone.jpg"]);
    }
}
