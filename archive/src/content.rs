//! The content of documents: named by its digest, written once and never changed, in a directory or in an
//! object store (feature `object-store`).
//!
//! A file is written beside its place, flushed to the disk and renamed into it, so that a crash or a
//! full disk leaves no half-written document; an object is there whole or not at all. Content without a
//! catalogue entry (a crash came between the two) does no harm: the next filing of the same content finds it
//! there. Whatever is read is compared with its digest.

mod directory;
#[cfg(feature = "object-store")]
mod objects;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};
use sha2::{Digest as _, Sha256};

use self::directory::ContentDirectory;
#[cfg(feature = "object-store")]
use self::objects::ObjectContent;

/// The most bytes that a document may have.
pub(crate) const SIZE_LIMIT: u64 = 256 << 20;

/// What holds all content.
#[derive(Debug)]
pub(crate) enum ContentStore {
    Directory(ContentDirectory),
    #[cfg(feature = "object-store")]
    Objects(ObjectContent),
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
    // Two threads that keep the same content at once write two files, or one would move the other's away half written.
    static WRITES: AtomicU64 = AtomicU64::new(0);
    let write = WRITES.fetch_add(1, Ordering::Relaxed);
    let partial = path.with_extension(format!("{}-{write}.partial", std::process::id()));
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

/// Runs the same on whatever holds the content.
macro_rules! on_each {
    ($store:expr, $content:ident => $result:expr) => {
        match $store {
            ContentStore::Directory($content) => $result,
            #[cfg(feature = "object-store")]
            ContentStore::Objects($content) => $result,
        }
    };
}

impl ContentStore {
    /// The content at `place`: a directory, which is created where it is not there, or `s3://bucket/prefix`.
    pub(crate) fn open(place: &str) -> Result<Self, Error> {
        if !place.contains("://") {
            return ContentDirectory::open(place.into()).map(Self::Directory);
        }
        #[cfg(feature = "object-store")]
        return ObjectContent::open(place).map(Self::Objects);
        #[cfg(not(feature = "object-store"))]
        Err(Error::new(
            ErrorKind::Unsupported,
            "content in an object store",
            "needs this program built with feature `object-store`",
        ))
    }

    /// The path of the content `digest` with the extension of its format, relative to the root.
    pub(crate) fn relative_path(digest: &Digest, extension: &str) -> PathBuf {
        let name = digest.to_string();
        PathBuf::from(&name[..2]).join(format!("{name}.{extension}"))
    }

    /// The directory that holds all content, where it is one.
    pub(crate) fn directory(&self) -> Option<&Path> {
        match self {
            Self::Directory(content) => Some(content.root()),
            #[cfg(feature = "object-store")]
            Self::Objects(_) => None,
        }
    }

    /// Where the content at `relative` lies, for people.
    pub(crate) fn place(&self, relative: &Path) -> String {
        match self {
            Self::Directory(content) => content.root().join(relative).display().to_string(),
            #[cfg(feature = "object-store")]
            Self::Objects(content) => content.place(relative),
        }
    }

    /// Whether the content `digest` is there already.
    pub(crate) fn has(&self, digest: &Digest, extension: &str) -> Result<bool, Error> {
        Ok(self.size(&Self::relative_path(digest, extension))?.is_some())
    }

    /// How many bytes are kept at `relative`; `None` where nothing is.
    fn size(&self, relative: &Path) -> Result<Option<u64>, Error> {
        match self {
            Self::Directory(content) => Ok(content.size(relative)),
            #[cfg(feature = "object-store")]
            Self::Objects(content) => content.size(relative),
        }
    }

    /// Keeps `bytes` under `digest`; gives the path relative to the root.
    pub(crate) fn keep(&self, digest: &Digest, extension: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let relative = Self::relative_path(digest, extension);
        if self.size(&relative)? != Some(bytes.len() as u64) {
            on_each!(self, content => content.write(&relative, bytes))?;
        }
        Ok(relative)
    }

    /// Removes the content at `relative`; gives whether it was there.
    pub(crate) fn remove(&self, relative: &Path) -> Result<bool, Error> {
        on_each!(self, content => content.remove(relative))
    }

    /// The content at `relative`, checked against its digest.
    pub(crate) fn load(&self, relative: &Path, expected: &Digest) -> Result<Vec<u8>, Error> {
        let bytes = on_each!(self, content => content.read(relative))?;
        let found = digest(&bytes);
        if found == *expected {
            return Ok(bytes);
        }
        let message =
            format!("has SHA-256 {found} where the catalogue says {expected}; restore it from a copy");
        Err(Error::new(ErrorKind::Corrupt, self.place(relative), message))
    }

    /// Puts `bytes` into the place of damaged content, which is kept beside it.
    pub(crate) fn replace(&self, relative: &Path, bytes: &[u8]) -> Result<(), Error> {
        let mut aside = relative.as_os_str().to_owned();
        aside.push(".damaged");
        on_each!(self, content => content.set_aside(relative, Path::new(&aside)))?;
        let extension = relative.extension().and_then(|e| e.to_str()).unwrap_or("bin");
        self.keep(&digest(bytes), extension, bytes).map(drop)
    }

    /// What is kept and is none of `known`, in order.
    pub(crate) fn stray(&self, known: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>, Error> {
        let all = on_each!(self, content => content.all())?;
        Ok(all.into_iter().filter(|path| !known.contains(path)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_kept_once_and_checked_when_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let store = ContentStore::open(directory.path().join("content").to_str().unwrap()).unwrap();
        let key = digest(b"scan");
        let relative = store.keep(&key, "jpg", b"scan").unwrap();
        assert_eq!(store.keep(&key, "jpg", b"scan").unwrap(), relative);
        assert_eq!(store.load(&relative, &key).unwrap(), b"scan");
        fs::write(store.place(&relative), b"scam").unwrap();
        assert_eq!(store.load(&relative, &key).unwrap_err().kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn threads_keep_the_same_content_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let store = ContentStore::open(directory.path().join("content").to_str().unwrap()).unwrap();
        for round in 0..20_u8 {
            let content = vec![round; 100_000];
            let key = digest(&content);
            let together = std::sync::Barrier::new(8);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        together.wait();
                        let relative = store.keep(&key, "jpg", &content).unwrap();
                        assert_eq!(store.load(&relative, &key).unwrap(), content);
                    });
                }
            });
        }
        assert_eq!(store.stray(&BTreeSet::new()).unwrap().len(), 20, "nothing else is left");
    }

    #[test]
    fn a_write_that_fails_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let store = ContentStore::open(directory.path().join("content").to_str().unwrap()).unwrap();
        let key = digest(b"scan");
        // A directory stands where the file should go.
        let path = PathBuf::from(store.place(&ContentStore::relative_path(&key, "jpg")));
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
