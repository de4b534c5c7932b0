//! Putting damaged content right from a copy.

use std::path::{Path, PathBuf};

use archive_core::Error;
use archive_core::record::Digest;
use serde::Serialize;

use crate::archive::Archive;
use crate::content;

/// What became of damaged content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Content that is whole again.
    pub restored: Vec<PathBuf>,
    /// Content of which the copy has nothing, or nothing better.
    pub lost: Vec<PathBuf>,
}

impl Archive {
    /// Puts every damaged or missing document right from `copies`, a directory with the same layout as
    /// `content` (a backup of it). A copy is used only where its digest is the document's.
    ///
    /// The damaged file is kept beside its place as `….damaged`, as evidence.
    ///
    /// # Errors
    /// Those of the catalogue and of writing.
    pub fn restore(&self, copies: &Path) -> Result<Restored, Error> {
        let mut damaged: Vec<(PathBuf, Digest)> = Vec::new();
        self.each_file(&mut |file| {
            for document in &file.documents {
                if self.content.load(&document.path, &document.digest).is_err() {
                    damaged.push((document.path.clone(), document.digest));
                }
            }
            Ok(())
        })?;
        damaged.sort();
        damaged.dedup();
        let mut outcome = Restored::default();
        for (relative, digest) in damaged {
            let copy = copies.join(&relative);
            match content::read(&copy).ok().filter(|bytes| content::digest(bytes) == digest) {
                None => outcome.lost.push(relative),
                Some(bytes) => {
                    self.content.replace(&relative, &bytes)?;
                    tracing::info!(path = %relative.display(), "restored from a copy");
                    outcome.restored.push(relative);
                }
            }
        }
        Ok(outcome)
    }
}
