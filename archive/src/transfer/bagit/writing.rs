//! Writing a bag.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use archive_core::{Error, ErrorKind};
use unicode_normalization::UnicodeNormalization as _;

use super::digests::Algorithm;
use super::manifest::encoded;
use crate::transfer::names;

/// The manifests that a bag is written with.
const MANIFESTS: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

/// A bag under way. It stands at its path only once it is whole.
#[derive(Debug)]
pub struct BagWriter {
    path: PathBuf,
    partial: PathBuf,
    /// Paths below `data/` and their digests, by what file systems may hold for one name.
    payload: BTreeMap<String, (String, Vec<String>)>,
    bytes: u64,
    finished: bool,
}

impl BagWriter {
    /// A bag that will stand at `path`.
    ///
    /// # Errors
    /// `Conflict` where something stands there; those of creating directories.
    pub fn begin(path: &Path) -> Result<Self, Error> {
        if path.exists() {
            return Err(Error::new(
                ErrorKind::Conflict,
                path.display().to_string(),
                "is there already: name another place",
            ));
        }
        let mut partial = path.as_os_str().to_owned();
        partial.push(format!(".{}.partial", std::process::id()));
        let partial = PathBuf::from(partial);
        let data = partial.join("data");
        fs::create_dir_all(&data).map_err(|e| Error::io(&data, "create the bag", e))?;
        let payload = BTreeMap::new();
        Ok(Self { path: path.to_path_buf(), partial, payload, bytes: 0, finished: false })
    }

    /// Adds a file at `name` below `data/`. The name is kept in NFC.
    ///
    /// # Errors
    /// `InvalidInput` where the name leaves the bag; `Conflict` where another file has this name, or one
    /// that differs in case or normalisation alone; those of writing.
    pub fn add(&mut self, name: &str, content: &[u8]) -> Result<(), Error> {
        let name: String = name.nfc().collect();
        let relative = names::safe(&name)?;
        let folded = names::folded(&name);
        if let Some((other, _)) = self.payload.get(&folded) {
            let message = format!("falls together with {other:?} on some file systems: rename it");
            return Err(Error::new(ErrorKind::Conflict, format!("path {name:?}"), message));
        }
        let path = self.partial.join("data").join(&relative);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(|e| Error::io(directory, "create a directory", e))?;
        }
        write_file(&path, content)?;
        let digests = MANIFESTS.iter().map(|a| a.of(content)).collect();
        let written = relative.to_string_lossy().into_owned();
        self.payload.insert(folded, (format!("data/{written}"), digests));
        self.bytes += content.len() as u64;
        Ok(())
    }

    /// Writes manifests and tag files and puts the bag into its place. `info` goes into `bag-info.txt`.
    ///
    /// # Errors
    /// `InvalidInput` where an entry of `info` is no line; those of writing.
    pub fn finish(mut self, info: &[(&str, &str)]) -> Result<PathBuf, Error> {
        let mut tag_files: Vec<(String, String)> =
            vec![("bagit.txt".into(), "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n".into())];
        let mut text = format!("Payload-Oxum: {}.{}\n", self.bytes, self.payload.len());
        for (name, value) in info {
            let plain = |s: &str| !s.is_empty() && !s.chars().any(char::is_control);
            if !plain(name) || name.contains(':') || !plain(value) {
                return Err(Error::invalid(format!("bag-info entry {name:?}"), "must be one line"));
            }
            text.push_str(&format!("{name}: {value}\n"));
        }
        tag_files.push(("bag-info.txt".into(), text));
        for (index, algorithm) in MANIFESTS.iter().enumerate() {
            let lines: String = self
                .payload
                .values()
                .map(|(path, digests)| format!("{}  {}\n", digests[index], encoded(path)))
                .collect();
            tag_files.push((format!("manifest-{}.txt", algorithm.name()), lines));
        }
        for (name, content) in &tag_files {
            write_file(&self.partial.join(name), content.as_bytes())?;
        }
        for algorithm in MANIFESTS {
            let lines: String = tag_files
                .iter()
                .map(|(name, text)| format!("{}  {name}\n", algorithm.of(text.as_bytes())))
                .collect();
            write_file(
                &self.partial.join(format!("tagmanifest-{}.txt", algorithm.name())),
                lines.as_bytes(),
            )?;
        }
        fs::rename(&self.partial, &self.path)
            .map_err(|e| Error::io(&self.path, "put the bag into its place", e))?;
        self.finished = true;
        Ok(self.path.clone())
    }
}

fn write_file(path: &Path, content: &[u8]) -> Result<(), Error> {
    let written =
        fs::File::create(path).and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    written.map_err(|e| Error::io(path, "write", e))
}

/// Half a bag would look like a whole one.
impl Drop for BagWriter {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::bagit::validate;

    #[test]
    fn a_written_bag_is_valid_and_half_a_bag_leaves_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("bag");
        let mut bag = BagWriter::begin(&path).unwrap();
        // A decomposed name is written composed.
        bag.add("2024/扫描 a\u{308}.jpg", b"scan").unwrap();
        bag.add("100%.txt", b"").unwrap();
        drop(BagWriter::begin(&scratch.path().join("other")).unwrap());
        bag.finish(&[("Source-Organization", "Z109")]).unwrap();
        let report = validate(&path).unwrap();
        assert!(report.is_valid() && report.warnings.is_empty(), "{report:?}");
        assert_eq!(report.payload.len(), 2);
        assert!(path.join("data/2024/扫描 ä.jpg").exists());
        let left: Vec<_> = fs::read_dir(scratch.path()).unwrap().flatten().map(|e| e.file_name()).collect();
        assert_eq!(left, ["bag"]);
    }

    #[test]
    fn hostile_names_are_refused_or_told() {
        let scratch = tempfile::tempdir().unwrap();
        let mut bag = BagWriter::begin(&scratch.path().join("bag")).unwrap();
        assert_eq!(bag.add("../x", b"").unwrap_err().kind(), ErrorKind::InvalidInput);
        bag.add("Scan.jpg", b"").unwrap();
        assert_eq!(bag.add("scan.JPG", b"").unwrap_err().kind(), ErrorKind::Conflict);
        bag.add("ä.jpg", b"").unwrap();
        assert_eq!(bag.add("a\u{308}.jpg", b"").unwrap_err().kind(), ErrorKind::Conflict);
        assert!(bag.finish(&[("A", "1\nB: 2")]).is_err());
    }
}
