//! Scratch files, in a directory of the caller's choice or the system's.

use std::fs::File;
use std::io::{Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use archive_core::Error;
use archive_reconcile::tables::{Scratch, ScratchFile};

/// A directory for fingerprints that do not fit the memory. Its files have no name there and are gone
/// with the process, however it ends.
#[derive(Debug, Clone)]
pub struct ScratchDirectory {
    path: PathBuf,
}

impl ScratchDirectory {
    /// Scratch files in `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Scratch files where the system keeps its own.
    #[must_use]
    pub fn of_system() -> Self {
        Self { path: std::env::temp_dir() }
    }
}

impl Scratch for ScratchDirectory {
    fn create(&self) -> Result<Box<dyn ScratchFile>, Error> {
        let file = tempfile::tempfile_in(&self.path);
        let file = file.map_err(|e| Error::io(&self.path, "make a scratch file in it", e))?;
        Ok(Box::new(Unnamed { file, directory: self.path.clone() }))
    }
}

struct Unnamed {
    file: File,
    directory: PathBuf,
}

impl ScratchFile for Unnamed {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(|e| {
            Error::io(
                &self.directory,
                "write scratch files: free some space, or choose another by --scratch",
                e,
            )
        })
    }

    fn reread(mut self: Box<Self>) -> Result<Box<dyn Read + Send>, Error> {
        self.file.rewind().map_err(|e| Error::io(&self.directory, "read scratch files", e))?;
        Ok(Box::new(self.file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use archive_core::ErrorKind;

    #[test]
    fn what_is_written_is_read_and_leaves_nothing_behind() {
        let place = tempfile::tempdir().unwrap();
        let mut file = ScratchDirectory::new(place.path()).create().unwrap();
        file.append(b"ab").unwrap();
        file.append(b"c").unwrap();
        let mut text = String::new();
        file.reread().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_directory_that_is_none_is_named() {
        let error = ScratchDirectory::new(Path::new("/nowhere/at/all")).create().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().starts_with("/nowhere/at/all: cannot make a scratch file"), "{error}");
    }

    #[test]
    fn a_full_disk_names_the_directory() {
        // A device on which every write finds the disk full.
        let Ok(file) = File::options().write(true).open("/dev/full") else {
            eprintln!("== SKIPPED a_full_disk_names_the_directory: there is no /dev/full");
            return;
        };
        let mut full = Unnamed { file, directory: "/scratch".into() };
        let error = full.append(&[0; 1 << 16]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("/scratch") && error.to_string().contains("free some space"));
    }
}
