//! The medium layout (载体结构) in which electronic files are handed over between archives.
//!
//! ```text
//! 说明文件.TXT          who hands over what, when, in which encoding, and a seal over itself and the list
//! 文件目录.XML          顺序号 档号 责任者 题名 日期 密级 电子档案名称 备注, and the digest of each file
//! 电子档案/年度-类别/档号/…
//! 其他/…
//! ```
//!
//! The two text files are in UTF-8 or GB18030; names of files on the medium are UTF-8. Reading checks
//! everything before it gives anything: unsafe names, links, stray files, a missing or changed file, a
//! list that is broken.

mod directory;
mod seal;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use archive_core::{Error, ErrorKind};
use chrono::NaiveDate;

use super::Encoding;
use super::names;
use crate::capture::{Fixity, Suite};

/// The name of the description.
pub const DESCRIPTION: &str = "说明文件.TXT";
/// The name of the list.
pub const DIRECTORY: &str = "文件目录.XML";
/// The directory of the files.
pub const FILES: &str = "电子档案";
/// The directory of everything else.
pub const OTHERS: &str = "其他";

/// The most bytes of a file on a medium.
const FILE_LIMIT: u64 = 1 << 30;

/// One line of the list: an archival unit and its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// 档号.
    pub reference: String,
    /// 责任者.
    pub responsible: String,
    /// 题名.
    pub title: String,
    /// 日期.
    pub date: Option<NaiveDate>,
    /// 密级.
    pub secrecy: String,
    /// 备注.
    pub note: String,
    /// 电子档案名称: its files, in order.
    pub files: Vec<ListedFile>,
}

/// A file on the medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// Its path from the top of the medium, with "/".
    pub path: String,
    /// Its fixity.
    pub fixity: Fixity,
    /// How many bytes it has.
    pub length: u64,
}

/// A medium under way. It stands at its path only once it is whole.
#[derive(Debug)]
pub struct MediumWriter {
    path: PathBuf,
    partial: PathBuf,
    encoding: Encoding,
    suite: Suite,
    lines: Vec<Line>,
    taken: BTreeSet<String>,
    finished: bool,
}

impl MediumWriter {
    /// A medium that will stand at `path`.
    ///
    /// # Errors
    /// `Conflict` where something stands there; those of creating directories.
    pub fn begin(path: &Path, encoding: Encoding, suite: Suite) -> Result<Self, Error> {
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
        for directory in [FILES, OTHERS] {
            let directory = partial.join(directory);
            fs::create_dir_all(&directory).map_err(|e| Error::io(&directory, "create the medium", e))?;
        }
        let (path, lines, taken) = (path.to_path_buf(), Vec::new(), BTreeSet::new());
        Ok(Self { path, partial, encoding, suite, lines, taken, finished: false })
    }

    /// Adds an archival unit whose `files` lie under `group` (年度-类别); `line` has no files yet.
    ///
    /// # Errors
    /// `InvalidInput` for a name that leaves the medium; `Conflict` for one that falls together with
    /// another on some file systems; those of writing.
    pub fn add(&mut self, group: &str, mut line: Line, files: &[(String, Vec<u8>)]) -> Result<(), Error> {
        for (name, content) in files {
            let path = format!("{FILES}/{group}/{}/{name}", line.reference);
            self.write(&path, content)?;
            let fixity = Fixity::of(self.suite, content);
            line.files.push(ListedFile { path, fixity, length: content.len() as u64 });
        }
        self.lines.push(line);
        Ok(())
    }

    /// Adds a file under `其他/`. It is listed, too: an unlisted file is a stray one.
    ///
    /// # Errors
    /// As for [`MediumWriter::add`].
    pub fn add_other(&mut self, name: &str, content: &[u8]) -> Result<(), Error> {
        let path = format!("{OTHERS}/{name}");
        self.write(&path, content)?;
        let fixity = Fixity::of(self.suite, content);
        let files = vec![ListedFile { path, fixity, length: content.len() as u64 }];
        self.lines.push(Line {
            reference: String::new(),
            responsible: String::new(),
            title: name.to_owned(),
            date: None,
            secrecy: String::new(),
            note: OTHERS.to_owned(),
            files,
        });
        Ok(())
    }

    fn write(&mut self, path: &str, content: &[u8]) -> Result<(), Error> {
        let relative = names::safe(path)?;
        if !self.taken.insert(names::folded(path)) {
            let message = "falls together with another name on some file systems: rename it";
            return Err(Error::new(ErrorKind::Conflict, format!("path {path:?}"), message));
        }
        let path = self.partial.join(relative);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(|e| Error::io(directory, "create a directory", e))?;
        }
        let written =
            fs::File::create(&path).and_then(|mut f| f.write_all(content).and_then(|()| f.sync_all()));
        written.map_err(|e| Error::io(&path, "write", e))
    }

    /// Writes description and list, and puts the medium into its place.
    ///
    /// # Errors
    /// Those of writing.
    pub fn finish(mut self, description: &str) -> Result<PathBuf, Error> {
        let units = self.lines.iter().filter(|l| !l.reference.is_empty()).count();
        let text = format!(
            "{description}\r\n档案数量：{units}\r\n文字编码：{}\r\n摘要算法：{}\r\n",
            self.encoding.name(),
            self.suite
        );
        let list = self.encoding.encode(&directory::write(&self.lines, self.encoding));
        let description = seal::sealed(&text, &list, self.encoding, self.suite);
        for (name, bytes) in [(DESCRIPTION, description), (DIRECTORY, list)] {
            let path = self.partial.join(name);
            let written =
                fs::File::create(&path).and_then(|mut f| f.write_all(&bytes).and_then(|()| f.sync_all()));
            written.map_err(|e| Error::io(&path, "write", e))?;
        }
        fs::rename(&self.partial, &self.path)
            .map_err(|e| Error::io(&self.path, "put the medium into its place", e))?;
        self.finished = true;
        Ok(self.path.clone())
    }
}

/// Half a medium would look like a whole one.
impl Drop for MediumWriter {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

/// Reads the medium at `path` and checks all of it. Gives its lines.
///
/// # Errors
/// `NotFound` where there is none; `Corrupt`, naming every fault, where the seal is broken or a file is
/// missing, changed, stray or leads out of the medium; `InvalidInput` where the list cannot be read.
pub fn read(path: &Path) -> Result<Vec<Line>, Error> {
    let list = path.join(DIRECTORY);
    if !list.is_file() {
        return Err(Error::new(
            ErrorKind::NotFound,
            path.display().to_string(),
            format!("is no medium: it has no {DIRECTORY}"),
        ));
    }
    let bytes = bounded_file(&list)?;
    let description = path.join(DESCRIPTION);
    if !description.is_file() {
        let message = format!("is no whole medium: it has no {DESCRIPTION}");
        return Err(Error::new(ErrorKind::Corrupt, path.display().to_string(), message));
    }
    if let Some(fault) = seal::fault(&bounded_file(&description)?, &bytes) {
        return Err(Error::new(ErrorKind::Corrupt, description.display().to_string(), fault));
    }
    let lines = directory::read(&list.display().to_string(), &bytes)?;
    let mut faults = Vec::new();
    let mut listed = BTreeSet::new();
    for file in lines.iter().flat_map(|l| &l.files) {
        match check(path, file) {
            Ok(()) => {}
            Err(error) => faults.push(error.to_string()),
        }
        if !listed.insert(file.path.clone()) {
            faults.push(format!("{}: is listed twice", file.path));
        }
    }
    for directory in [FILES, OTHERS] {
        stray(&path.join(directory), directory, &listed, &mut faults)?;
    }
    if faults.is_empty() {
        return Ok(lines);
    }
    let shown: Vec<&str> = faults.iter().map(String::as_str).take(10).collect();
    let message = format!("has {} faults, and nothing of it was taken: {}", faults.len(), shown.join("; "));
    Err(Error::new(ErrorKind::Corrupt, path.display().to_string(), message))
}

fn check(root: &Path, file: &ListedFile) -> Result<(), Error> {
    let path = root.join(names::safe(&file.path)?);
    let fault = |message: String| Err(Error::new(ErrorKind::Corrupt, file.path.clone(), message));
    let Ok(meta) = fs::symlink_metadata(&path) else { return fault("is listed and not there".into()) };
    if !meta.is_file() {
        return fault("is no file: a link may lead out of the medium".into());
    }
    if meta.len() != file.length {
        return fault(format!("has {} bytes where the list says {}", meta.len(), file.length));
    }
    let mut content = fs::File::open(&path).map_err(|e| Error::io(&path, "open", e))?;
    let found =
        Fixity::of_reader(file.fixity.suite, &mut content).map_err(|e| Error::io(&path, "read", e))?;
    if found == file.fixity {
        Ok(())
    } else {
        fault(format!("is {found} where the list says {}", file.fixity))
    }
}

fn stray(
    directory: &Path,
    prefix: &str,
    listed: &BTreeSet<String>,
    faults: &mut Vec<String>,
) -> Result<(), Error> {
    if !directory.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(directory).map_err(|e| Error::io(directory, "list", e))? {
        let entry = entry.map_err(|e| Error::io(directory, "list", e))?;
        let name = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(|e| Error::io(&entry.path(), "look at", e))?;
        if kind.is_dir() {
            stray(&entry.path(), &name, listed, faults)?;
        } else if !listed.contains(&name) {
            faults.push(format!("{name}: is a stray file"));
        }
    }
    Ok(())
}

/// The bytes of a file on a medium, bounded.
pub(super) fn bounded_file(path: &Path) -> Result<Vec<u8>, Error> {
    let length = fs::metadata(path).map_err(|e| Error::io(path, "look at", e))?.len();
    if length > FILE_LIMIT {
        return Err(Error::invalid(
            path.display().to_string(),
            format!("has {length} bytes, more than {FILE_LIMIT}"),
        ));
    }
    fs::read(path).map_err(|e| Error::io(path, "read", e))
}

#[cfg(test)]
mod tests;
