//! Content in a directory: one file for each, below the first two digits of its digest.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use archive_core::Error;

use super::{read, write_whole};

/// The directory that holds all content.
#[derive(Debug)]
pub(crate) struct ContentDirectory {
    root: PathBuf,
}

impl ContentDirectory {
    /// The content under `root`, which is created where it is not there.
    pub(super) fn open(root: PathBuf) -> Result<Self, Error> {
        fs::create_dir_all(&root).map_err(|e| Error::io(&root, "create the content directory", e))?;
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// How many bytes are kept at `relative`; `None` where nothing is.
    pub(super) fn size(&self, relative: &Path) -> Option<u64> {
        fs::metadata(self.root.join(relative)).ok().filter(fs::Metadata::is_file).map(|meta| meta.len())
    }

    pub(super) fn write(&self, relative: &Path, bytes: &[u8]) -> Result<(), Error> {
        let path = self.root.join(relative);
        let directory = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(directory).map_err(|e| Error::io(directory, "create a content directory", e))?;
        write_whole(&path, bytes).map_err(|e| Error::io(&path, "write the document", e))
    }

    pub(super) fn read(&self, relative: &Path) -> Result<Vec<u8>, Error> {
        read(&self.root.join(relative))
    }

    pub(super) fn remove(&self, relative: &Path) -> Result<bool, Error> {
        let path = self.root.join(relative);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(Error::io(&path, "remove the content", e)),
        }
    }

    pub(super) fn set_aside(&self, relative: &Path, aside: &Path) -> Result<(), Error> {
        let path = self.root.join(relative);
        if !path.exists() {
            return Ok(());
        }
        fs::rename(&path, self.root.join(aside))
            .map_err(|e| Error::io(&path, "set the damaged file aside", e))
    }

    /// All files under the root.
    pub(super) fn all(&self) -> Result<BTreeSet<PathBuf>, Error> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![PathBuf::new()];
        while let Some(directory) = waiting.pop() {
            let full = self.root.join(&directory);
            for entry in fs::read_dir(&full).map_err(|e| Error::io(&full, "list", e))? {
                let entry = entry.map_err(|e| Error::io(&full, "list", e))?;
                let relative = directory.join(Path::new(&entry.file_name()));
                if entry.path().is_dir() {
                    waiting.push(relative);
                } else {
                    found.insert(relative);
                }
            }
        }
        Ok(found)
    }
}
