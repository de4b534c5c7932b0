//! The book of alerts in a file: early warning that outlives a process.
//!
//! ```
//! use archive::alert_book::AlertBook;
//! use archive_reconcile::alerts::{Rules, Vanished};
//!
//! # let directory = tempfile::tempdir().unwrap();
//! # let path = directory.path().join("alerts.json");
//! let mut file = AlertBook::open(&path)?;
//! let day = "2024-05-01".parse().unwrap();
//! let notices = file.book.observe(&Rules::reference(), &[], &[], Vanished::Unknown, day);
//! assert!(notices.is_empty());
//! file.save()?;
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! Whoever opens the book holds it alone: the next one waits. The file is written beside its place and
//! renamed into it, so that after a crash it is the book from before or from after.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use archive_core::identifier::quoted;
use archive_core::{Error, ErrorKind};
use archive_reconcile::alerts::{Book, ChangeOrder};

use crate::content;

/// A book of alerts, the file that it lies in, and the right to change it.
#[derive(Debug)]
pub struct AlertBook {
    /// All alerts.
    pub book: Book,
    path: PathBuf,
    /// Locked until it is dropped. The book's own file is replaced by each change and cannot hold a lock.
    _lock: File,
}

impl AlertBook {
    /// The most bytes of a book: some millions of alerts.
    pub const SIZE_LIMIT: u64 = 2 << 30;

    /// Where the book of an archive in `directory` lies, unless somebody names another place.
    #[must_use]
    pub fn path_in(directory: &Path) -> PathBuf {
        directory.join("alerts.json")
    }

    /// Opens the book at `path`, an empty one where there is none yet, and waits for whoever has it open.
    ///
    /// # Errors
    /// Those of reading it; `Corrupt`, naming the line, where it is no book of alerts.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".lock");
        let beside = PathBuf::from(beside);
        let lock = File::create(&beside).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => {
                let message =
                    "cannot lie there: the directory is not there; name that of the archive, or the book";
                Error::new(ErrorKind::NotFound, path.display().to_string(), message).with_source(e)
            }
            _ => Error::io(&beside, "create", e),
        })?;
        lock.lock().map_err(|e| Error::io(&beside, "lock", e))?;
        let book = match fs::metadata(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Book::default(),
            Err(e) => return Err(Error::io(path, "read", e)),
            Ok(meta) if meta.len() > Self::SIZE_LIMIT => {
                let message = format!("has {} bytes, more than {}", meta.len(), Self::SIZE_LIMIT);
                return Err(Error::invalid(path.display().to_string(), message));
            }
            Ok(_) => {
                let text = fs::read(path).map_err(|e| Error::io(path, "read", e))?;
                serde_json::from_slice(&text).map_err(|e| {
                    let message = "is no book of alerts; bring it back from a copy";
                    Error::new(ErrorKind::Corrupt, path.display().to_string(), message).with_source(e)
                })?
            }
        };
        Ok(Self { book, path: path.to_owned(), _lock: lock })
    }

    /// Writes the book, whole or not at all.
    ///
    /// # Errors
    /// Those of writing it; the file is as it was then.
    pub fn save(&self) -> Result<(), Error> {
        let text = serde_json::to_vec(&self.book).map_err(|e| {
            Error::new(ErrorKind::Internal, "book of alerts", "cannot be written").with_source(e)
        })?;
        content::write_whole(&self.path, &text)
            .map_err(|e| Error::io(&self.path, "write the book of alerts", e))
    }
}

/// Reads the change orders that are open from a CSV table with the columns `key`, `process` and `opened` (a
/// day such as 2024-05-01).
///
/// # Errors
/// Those of reading it; `InvalidInput`, naming file and line, where a row is no order.
pub fn read_orders(path: &Path) -> Result<Vec<ChangeOrder>, Error> {
    let text = fs::read(path).map_err(|e| Error::io(path, "read", e))?;
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let place = |line: u64| format!("{} line {line}", path.display());
    let header = reader.headers().map_err(|e| Error::invalid(place(1), "is no header").with_source(e))?;
    let column = |name: &str| {
        header.iter().position(|n| n == name).ok_or_else(|| {
            let message = format!("has no column {name}; it needs key, process and opened");
            Error::invalid(place(1), message)
        })
    };
    let (key, process, opened) = (column("key")?, column("process")?, column("opened")?);
    let orders = reader.records().map(|row| {
        let row = row.map_err(|e| {
            let line = e.position().map_or(1, csv::Position::line);
            Error::invalid(place(line), "is no row of this table").with_source(e)
        })?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |column| row.get(column).unwrap_or_default();
        let day = cell(opened).parse().map_err(|e| {
            let message =
                format!("has {} in opened, which is no day such as 2024-05-01", quoted(cell(opened)));
            Error::invalid(place(line), message).with_source(e)
        })?;
        if cell(key).is_empty() || cell(process).is_empty() {
            return Err(Error::invalid(place(line), "has no key or no process"));
        }
        Ok(ChangeOrder { key: cell(key).to_owned(), process: cell(process).to_owned(), opened: day })
    });
    orders.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_book_is_told_and_left_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("alerts.json");
        fs::write(&path, "{\"alerts\": {\"0\": ").unwrap();
        let error = AlertBook::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(
            error.report().contains("alerts.json") && error.report().contains("line 1"),
            "{}",
            error.report()
        );
        assert!(fs::read_to_string(&path).unwrap().starts_with("{\"alerts\""));
    }

    #[test]
    fn a_second_opener_waits_for_the_first() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("alerts.json");
        let first = AlertBook::open(&path).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| AlertBook::open(&path).unwrap());
            std::thread::sleep(std::time::Duration::from_millis(50));
            assert!(!second.is_finished());
            first.save().unwrap();
            drop(first);
            second.join().unwrap();
        });
    }

    #[test]
    fn an_order_that_is_none_names_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("orders.csv");
        let read = |text: &str| {
            fs::write(&path, text).unwrap();
            read_orders(&path)
        };
        let orders = read("opened,key,process\n2024-05-01, 0001 ,capacity-change\n").unwrap();
        assert_eq!((orders[0].key.as_str(), orders[0].opened.to_string().as_str()), ("0001", "2024-05-01"));
        for (text, words) in [
            ("key,process\n1,x\n", "line 1: has no column opened"),
            ("key,process,opened\n1,x,soon\n", "line 2: has \"soon\" in opened"),
            ("key,process,opened\n1,x,2024-05-01\n,x,2024-05-01\n", "line 3: has no key"),
            ("key,process,opened\n1,x\n", "line 2: is no row"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
