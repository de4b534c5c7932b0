//! Validating a bag.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use archive_core::{Error, ErrorKind};
use unicode_normalization::UnicodeNormalization as _;

use super::digests::{self, Algorithm};
use super::manifest::{self, Entry};
use super::{BagReport, Fault};
use crate::transfer::names;

/// The most bytes of a tag file, and the most files of a bag.
const TAG_FILE_LIMIT: u64 = 256 << 20;
const FILE_LIMIT: usize = 5_000_000;

/// Files that operating systems leave behind.
const SYSTEM_FILES: [&str; 4] = [".DS_Store", "Thumbs.db", "desktop.ini", ".Spotlight-V100"];

/// Checks the bag at `path`: complete, and each file what its manifests say.
///
/// What is wrong with the bag is in the report, not an error.
///
/// # Errors
/// Those of reading the directory.
pub fn validate(path: &Path) -> Result<BagReport, Error> {
    if !path.is_dir() {
        return Err(Error::new(
            ErrorKind::NotFound,
            path.display().to_string(),
            "is no directory, so it is no bag",
        ));
    }
    let mut bag = Bag {
        root: path.to_path_buf(),
        report: BagReport::default(),
        encoding: encoding_rs::UTF_8,
        lacks_system_files: false,
    };
    bag.check()?;
    Ok(bag.report)
}

struct Bag {
    root: PathBuf,
    report: BagReport,
    encoding: &'static encoding_rs::Encoding,
    /// Whether a file that only an operating system needed is gone: then the payload's sum is no more true.
    lacks_system_files: bool,
}

/// What manifests of one algorithm say: the digest of each file, by its name as found on the disk.
type Listed = BTreeMap<String, String>;

impl Bag {
    fn fault(&mut self, file: &str, message: impl Into<String>) {
        self.report.faults.push(Fault { file: file.to_owned(), message: message.into() });
    }

    fn warning(&mut self, file: &str, message: impl Into<String>) {
        self.report.warnings.push(Fault { file: file.to_owned(), message: message.into() });
    }

    fn check(&mut self) -> Result<(), Error> {
        if !self.declaration()? {
            return Ok(());
        }
        let found = self.files()?;
        let on_disk: BTreeMap<String, &String> = found.iter().map(|f| (f.nfc().collect(), f)).collect();
        let mut payload_manifests: BTreeMap<Algorithm, Listed> = BTreeMap::new();
        let mut tag_manifests: BTreeMap<Algorithm, Listed> = BTreeMap::new();
        for name in found.iter().filter(|f| !f.contains('/')) {
            let Some(rest) = name.strip_suffix(".txt") else { continue };
            let (of_tags, algorithm) =
                match (rest.strip_prefix("tagmanifest-"), rest.strip_prefix("manifest-")) {
                    (Some(algorithm), _) => (true, algorithm),
                    (_, Some(algorithm)) => (false, algorithm),
                    _ => continue,
                };
            let Some(known) = Algorithm::by_name(algorithm) else {
                self.fault(name, format!("is made by {algorithm}, which is not known here"));
                continue;
            };
            let listed = self.manifest(name, &on_disk, of_tags)?;
            if of_tags { &mut tag_manifests } else { &mut payload_manifests }.insert(known, listed);
        }
        if payload_manifests.is_empty() {
            self.fault("manifest", "is missing: a bag has at least one");
        }
        if !self.root.join("data").is_dir() {
            self.fault("data", "is missing: a bag has a payload directory");
        }
        self.fetch_list(&on_disk)?;
        let payload: Vec<&String> = found.iter().filter(|f| f.starts_with("data/")).collect();
        self.completeness(&payload, &payload_manifests);
        self.fixity(&payload_manifests, true)?;
        self.fixity(&tag_manifests, false)?;
        self.info()?;
        self.oddities(&found);
        Ok(())
    }

    /// `bagit.txt`: always UTF-8, two lines, no byte order mark.
    fn declaration(&mut self) -> Result<bool, Error> {
        let path = self.root.join("bagit.txt");
        if !path.is_file() {
            self.fault("bagit.txt", "is missing");
            return Ok(false);
        }
        let bytes = read_limited(&path)?;
        if bytes.starts_with(b"\xef\xbb\xbf") {
            self.fault("bagit.txt", "begins with a byte order mark, which the standard forbids");
            return Ok(false);
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            self.fault("bagit.txt", "is not UTF-8");
            return Ok(false);
        };
        let mut lines = manifest::lines(text).filter(|l| !l.is_empty());
        let version = lines.next().and_then(|l| l.strip_prefix("BagIt-Version:")).map(str::to_owned);
        let encoding =
            lines.next().and_then(|l| l.strip_prefix("Tag-File-Character-Encoding:")).map(str::to_owned);
        let (Some(version), Some(encoding)) = (version, encoding) else {
            self.fault(
                "bagit.txt",
                "does not say BagIt-Version and Tag-File-Character-Encoding, in this order",
            );
            return Ok(false);
        };
        let number = version.trim();
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !number.split_once('.').is_some_and(|(major, minor)| digits(major) && digits(minor)) {
            self.fault("bagit.txt", format!("has the version {number:?}, which is no number like 1.0"));
            return Ok(false);
        }
        self.report.version = number.to_owned();
        // Version 1.0 asks for exactly one space.
        let exact = |value: &str| value.strip_prefix(' ').is_some_and(|v| v == v.trim() && !v.is_empty());
        if self.is_one() && !(exact(&version) && exact(&encoding)) {
            self.fault("bagit.txt", "has white space other than one space after a colon");
        }
        match encoding_rs::Encoding::for_label(encoding.trim().as_bytes()) {
            Some(encoding) => self.encoding = encoding,
            None => {
                self.fault(
                    "bagit.txt",
                    format!("names the encoding {:?}, which is not known", encoding.trim()),
                );
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_one(&self) -> bool {
        self.report.version.starts_with("1.")
    }

    /// Every file of the bag, with "/" between the parts. Links are faults: they lead out of the bag.
    fn files(&mut self) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        let mut waiting = vec![(self.root.clone(), String::new())];
        while let Some((directory, prefix)) = waiting.pop() {
            let entries = fs::read_dir(&directory).map_err(|e| Error::io(&directory, "list", e))?;
            for entry in entries {
                let entry = entry.map_err(|e| Error::io(&directory, "list", e))?;
                let Ok(name) = entry.file_name().into_string() else {
                    self.fault(&prefix, "holds a file whose name is not UTF-8");
                    continue;
                };
                let relative = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
                let kind = entry.file_type().map_err(|e| Error::io(&entry.path(), "look at", e))?;
                if kind.is_symlink() {
                    self.fault(&relative, "is a link, which may lead out of the bag");
                } else if kind.is_dir() {
                    waiting.push((entry.path(), relative));
                } else if kind.is_file() {
                    found.push(relative);
                } else {
                    self.fault(&relative, "is neither a file nor a directory");
                }
                if found.len() > FILE_LIMIT {
                    return Err(Error::invalid(
                        self.root.display().to_string(),
                        format!("has more than {FILE_LIMIT} files"),
                    ));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn text_of(&mut self, name: &str) -> Result<String, Error> {
        let bytes = read_limited(&self.root.join(name))?;
        let (text, _, broken) = self.encoding.decode(&bytes);
        if broken {
            self.fault(name, format!("is not {}", self.encoding.name()));
        }
        Ok(text.into_owned())
    }

    fn manifest(
        &mut self,
        name: &str,
        on_disk: &BTreeMap<String, &String>,
        of_tags: bool,
    ) -> Result<Listed, Error> {
        let text = self.text_of(name)?;
        let mut listed = Listed::new();
        for entry in manifest::entries(&text) {
            let Entry { digest, path, by_md5sum } = match entry {
                Ok(entry) => entry,
                Err(line) => {
                    self.fault(name, format!("line {line} is no digest and path"));
                    continue;
                }
            };
            if by_md5sum {
                self.warning(name, format!("{path:?} is listed in the form of md5sum"));
            }
            if path.starts_with("./") {
                self.warning(name, format!("{path:?} begins with \"./\""));
            }
            let path = if self.is_one() { manifest::decoded(&path) } else { path };
            let Ok(safe) = names::safe(&path) else {
                self.fault(name, format!("lists {path:?}, which leaves the bag"));
                continue;
            };
            let safe = safe.to_string_lossy().into_owned();
            if of_tags == safe.starts_with("data/") {
                self.fault(name, format!("lists {safe:?}, which belongs into the other kind of manifest"));
                continue;
            }
            // A name in another normalisation form is the file that is there.
            let composed: String = safe.nfc().collect();
            let real = match on_disk.get(&composed) {
                Some(real) if **real != safe && !on_disk.values().any(|f| **f == safe) => {
                    self.warning(name, format!("{safe:?} is there in another Unicode form"));
                    (*real).clone()
                }
                None => match on_disk.values().find(|f| names::folded(f) == names::folded(&safe)) {
                    // A bag that was made where case means nothing.
                    Some(real) => {
                        self.warning(name, format!("{safe:?} is there in other letters, as {real:?}"));
                        (**real).clone()
                    }
                    None => safe,
                },
                _ => safe,
            };
            if let Some(other) = listed.get(&real) {
                if *other != digest {
                    self.fault(name, format!("lists {real:?} twice, with different digests"));
                } else if self.is_one() {
                    self.fault(name, format!("lists {real:?} twice"));
                } else {
                    self.warning(name, format!("lists {real:?} twice, with the same digest"));
                }
                continue;
            }
            listed.insert(real, digest);
        }
        Ok(listed)
    }

    /// `fetch.txt`: what is to be fetched must be listed, stay in the bag, and be there.
    fn fetch_list(&mut self, on_disk: &BTreeMap<String, &String>) -> Result<(), Error> {
        if !self.root.join("fetch.txt").is_file() {
            return Ok(());
        }
        let text = self.text_of("fetch.txt")?;
        for (number, line) in manifest::lines(&text).enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            let mut parts = line.trim().splitn(3, [' ', '\t']);
            let path = (parts.next(), parts.next(), parts.next());
            let (Some(_), Some(_), Some(path)) = path else {
                self.fault("fetch.txt", format!("line {} is no address, length and path", number + 1));
                continue;
            };
            match names::safe(path.trim()) {
                Err(_) => self.fault("fetch.txt", format!("names {path:?}, which leaves the bag")),
                Ok(safe) => {
                    let safe: String = safe.to_string_lossy().nfc().collect();
                    if !safe.starts_with("data/") {
                        self.fault("fetch.txt", format!("names {safe:?}, which is no payload"));
                    } else if !on_disk.contains_key(&safe) {
                        self.fault(&safe, "is to be fetched and not there yet");
                    }
                }
            }
        }
        Ok(())
    }

    /// Every payload file is listed, and every listed one is there.
    fn completeness(&mut self, payload: &[&String], manifests: &BTreeMap<Algorithm, Listed>) {
        let on_disk: BTreeSet<&str> = payload.iter().map(|f| f.as_str()).collect();
        for file in payload {
            let listing = manifests.values().filter(|listed| listed.contains_key(*file)).count();
            if listing == 0 {
                self.fault(file, "is in no manifest");
            } else if listing < manifests.len() && self.is_one() {
                self.fault(file, "is not in every manifest");
            }
        }
        let listed: BTreeSet<&String> = manifests.values().flat_map(BTreeMap::keys).collect();
        for file in listed {
            if !on_disk.contains(file.as_str()) {
                if is_system_file(file) {
                    self.lacks_system_files = true;
                    self.warning(
                        file,
                        "is listed and not there; an operating system made it and took it away",
                    );
                } else {
                    self.fault(file, "is listed and not there");
                }
            }
        }
    }

    /// Every listed file is what its digests say. Each is read once.
    fn fixity(&mut self, manifests: &BTreeMap<Algorithm, Listed>, payload: bool) -> Result<(), Error> {
        let files: BTreeSet<&String> = manifests.values().flat_map(BTreeMap::keys).collect();
        for file in files {
            let path = self.root.join(file);
            let of_file: Vec<(Algorithm, &String)> =
                manifests.iter().filter_map(|(a, listed)| listed.get(file).map(|d| (*a, d))).collect();
            if !path.is_file() {
                if !payload {
                    self.fault(file, "is listed and not there");
                }
                continue;
            }
            let algorithms: Vec<Algorithm> = of_file.iter().map(|(a, _)| *a).collect();
            let (found, length) = digests::of_file(&path, &algorithms)?;
            for ((algorithm, expected), found) in of_file.iter().zip(&found) {
                if *expected != found {
                    self.fault(
                        file,
                        format!("has {} {found} where its manifest says {expected}", algorithm.name()),
                    );
                }
            }
            if payload {
                self.report.payload.push((file.clone(), length));
            }
        }
        Ok(())
    }

    /// `bag-info.txt`, whose Payload-Oxum must be true.
    fn info(&mut self) -> Result<(), Error> {
        let name = if self.root.join("bag-info.txt").is_file() { "bag-info.txt" } else { "package-info.txt" };
        if !self.root.join(name).is_file() {
            return Ok(());
        }
        let text = self.text_of(name)?;
        match manifest::tags(&text) {
            Err(line) => self.fault(name, format!("line {line} is no name and value")),
            Ok(tags) => {
                let oxum = tags.iter().find(|(tag, _)| tag.eq_ignore_ascii_case("payload-oxum"));
                if let Some((_, oxum)) = oxum {
                    let bytes: u64 = self.report.payload.iter().map(|(_, length)| length).sum();
                    let expected = format!("{bytes}.{}", self.report.payload.len());
                    if *oxum != expected && self.report.faults.is_empty() && !self.lacks_system_files {
                        self.fault(name, format!("says Payload-Oxum {oxum} where there is {expected}"));
                    }
                }
                self.report.info = tags;
            }
        }
        Ok(())
    }

    fn oddities(&mut self, found: &[String]) {
        for group in names::collisions(found.iter().map(String::as_str)) {
            self.warning(group[0], format!("falls together with {:?} on some file systems", &group[1..]));
        }
        for file in found {
            if is_system_file(file) {
                self.warning(file, "was left behind by an operating system");
            }
        }
    }
}

fn is_system_file(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| SYSTEM_FILES.contains(&name))
}

fn read_limited(path: &Path) -> Result<Vec<u8>, Error> {
    let length = fs::metadata(path).map_err(|e| Error::io(path, "look at", e))?.len();
    if length > TAG_FILE_LIMIT {
        return Err(Error::invalid(
            path.display().to_string(),
            format!("is a tag file of {length} bytes, more than {TAG_FILE_LIMIT}"),
        ));
    }
    fs::read(path).map_err(|e| Error::io(path, "read", e))
}
