//! The content of documents: files named by their digest, written once and never changed.
//!
//! A file is written beside its place, flushed to the disk and renamed into it, so that a crash or a
//! full disk leaves no half-written document. A file without a catalogue entry (a crash came between
//! the two) does no harm: the next filing of the same content finds it there.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};
use sha2::{Digest as _, Sha256};

/// The most bytes that a document may have.
pub(crate) const SIZE_LIMIT: u64 = 256 << 20;

/// The directory that holds all content.
#[derive(Debug)]
pub(crate) struct ContentStore {
    root: PathBuf,
}

/// The digest of `bytes`.
pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// Reads the document at `path`.
///
/// # Errors
/// Where there is none, where it is empty, or where it is larger than [`SIZE_LIMIT`].
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let meta = fs::metadata(path).map_err(|e| Error::io(path, "open", e))?;
    let wrong = |message: String| Err(Error::invalid(path.display().to_string(), message));
    if !meta.is_file() {
        return wrong("is not a file".into());
    }
    if meta.len() == 0 {
        return wrong("is empty; scan it again".into());
    }
    if meta.len() > SIZE_LIMIT {
        return wrong(format!("has {} bytes, more than {SIZE_LIMIT}", meta.len()));
    }
    fs::read(path).map_err(|e| Error::io(path, "read", e))
}

/// Writes `bytes` beside `path`, flushes them and renames them into place: after a crash the file is as it
/// was before, or whole.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    let directory = path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = fs::File::create(&partial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partial, path))
        // The new name is on the disk only with its directory.
        .and_then(|()| fs::File::open(directory)?.sync_all());
    written.inspect_err(|_| {
        let _ = fs::remove_file(&partial);
    })
}

impl ContentStore {
    /// The content under `root`, which is created where it is not there.
    pub(crate) fn open(root: PathBuf) -> Result<Self, Error> {
        fs::create_dir_all(&root).map_err(|e| Error::io(&root, "create the content directory", e))?;
        Ok(Self { root })
    }

    /// The path of the content `digest` with the extension of its format, relative to the root.
    pub(crate) fn relative_path(digest: &Digest, extension: &str) -> PathBuf {
        let name = digest.to_string();
        PathBuf::from(&name[..2]).join(format!("{name}.{extension}"))
    }

    /// The directory that holds all content.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether the content `digest` is there already.
    pub(crate) fn has(&self, digest: &Digest, extension: &str) -> bool {
        self.root.join(Self::relative_path(digest, extension)).is_file()
    }

    /// Keeps `bytes` under `digest`; gives the path relative to the root.
    pub(crate) fn keep(&self, digest: &Digest, extension: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let relative = Self::relative_path(digest, extension);
        let path = self.root.join(&relative);
        if fs::metadata(&path).is_ok_and(|meta| meta.len() == bytes.len() as u64) {
            return Ok(relative);
        }
        let directory = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(directory).map_err(|e| Error::io(directory, "create a content directory", e))?;
        write_whole(&path, bytes).map_err(|e| Error::io(&path, "write the document", e))?;
        Ok(relative)
    }

    /// Removes the content at `relative`; gives whether it was there.
    pub(crate) fn remove(&self, relative: &Path) -> Result<bool, Error> {
        let path = self.root.join(relative);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(Error::io(&path, "remove the content", e)),
        }
    }

    /// The content at `relative`, checked against its digest.
    pub(crate) fn load(&self, relative: &Path, expected: &Digest) -> Result<Vec<u8>, Error> {
        let path = self.root.join(relative);
        let bytes = read(&path)?;
        let found = digest(&bytes);
        if found == *expected {
            return Ok(bytes);
        }
        let message =
            format!("has SHA-256 {found} where the catalogue says {expected}; restore it from a copy");
        Err(Error::new(ErrorKind::Corrupt, path.display().to_string(), message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_kept_once_and_checked_when_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let store = ContentStore::open(directory.path().join("content")).unwrap();
        let key = digest(b"scan");
        let relative = store.keep(&key, "jpg", b"scan").unwrap();
        assert_eq!(store.keep(&key, "jpg", b"scan").unwrap(), relative);
        assert_eq!(store.load(&relative, &key).unwrap(), b"scan");
        fs::write(store.root.join(&relative), b"scam").unwrap();
        assert_eq!(store.load(&relative, &key).unwrap_err().kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn a_write_that_fails_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let store = ContentStore::open(directory.path().join("content")).unwrap();
        let key = digest(b"scan");
        // A directory stands where the file should go.
        let path = store.root.join(ContentStore::relative_path(&key, "jpg"));
        fs::create_dir_all(path.join("x")).unwrap();
        assert!(store.keep(&key, "jpg", b"scan").is_err());
        let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "only the directory that was in the way");
    }

    #[test]
    fn what_is_no_document_is_told_so() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(read(&directory.path().join("none")).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(read(directory.path()).unwrap_err().to_string().contains("is not a file"));
        let empty = directory.path().join("empty.jpg");
        fs::write(&empty, b"").unwrap();
        assert!(read(&empty).unwrap_err().to_string().contains("is empty"));
    }
}
