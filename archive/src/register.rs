//! The register of custody (业务台账): what was decided beside the catalogue, in the order in which it
//! was, each entry chained to the one before.
//!
//! Holds, disposal lists, closed files and consignments are events here. An entry is one JSON line with the
//! digest of the line before it, appended under a lock and flushed before its effect is begun. A last line
//! that a crash cut short is no entry: what it announced never began.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use archive_core::disposal::{DisposalList, Hold};
use archive_core::identifier::{BoxNumber, ReferenceCode, RequestKey};
use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::content;

/// The name of the register in an archive's directory.
const FILE: &str = "register.jsonl";
/// The most bytes of a register.
const SIZE_LIMIT: u64 = 1 << 30;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Happened {
    /// A file must not be destroyed.
    Held(Hold),
    /// It may be again.
    Lifted { reference: ReferenceCode, by: String },
    /// A list was proposed, approved by somebody, or carried out: its new state.
    Disposal(DisposalList),
    /// A list begins to be carried out.
    DisposalBegun { key: RequestKey },
    /// A file takes no more documents.
    Closed { reference: ReferenceCode, by: String, reason: String },
    /// Boxes were sent to another site.
    Sent { key: RequestKey, to: String, boxes: Vec<BoxNumber> },
    /// Boxes of a consignment arrived.
    Arrived { key: RequestKey, boxes: Vec<BoxNumber> },
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    at: DateTime<Utc>,
    previous: Digest,
    #[serde(flatten)]
    happened: Happened,
}

/// The register of one archive.
#[derive(Debug)]
pub(crate) struct Register {
    path: PathBuf,
}

impl Register {
    pub(crate) fn in_directory(directory: &std::path::Path) -> Self {
        Self { path: directory.join(FILE) }
    }

    /// Everything that happened, oldest first.
    ///
    /// # Errors
    /// `Corrupt` where an entry is not chained to the one before.
    pub(crate) fn all(&self) -> Result<Vec<Happened>, Error> {
        if !self.path.exists() {
            return Ok(Vec::new());
        }
        let mut file = File::open(&self.path).map_err(|e| Error::io(&self.path, "open the register", e))?;
        Ok(self.read(&mut file)?.0)
    }

    /// Appends what `decide` makes of everything so far, under a lock; nothing where it makes none.
    pub(crate) fn append(
        &self,
        decide: impl FnOnce(&[Happened]) -> Result<Option<Happened>, Error>,
    ) -> Result<(), Error> {
        let io = |action: &str, e| Error::io(&self.path, action, e);
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&self.path)
            .map_err(|e| io("open the register", e))?;
        file.lock().map_err(|e| io("lock the register", e))?;
        let (so_far, previous, length) = self.read(&mut file)?;
        let Some(happened) = decide(&so_far)? else { return Ok(()) };
        let entry = Entry { at: Utc::now(), previous, happened };
        let mut line = serde_json::to_string(&entry)
            .map_err(|e| Error::new(ErrorKind::Internal, FILE, "cannot be written").with_source(e))?;
        line.push('\n');
        // A line that a crash cut short goes before the next one is written.
        file.set_len(length).map_err(|e| io("mend the register", e))?;
        file.write_all(line.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|e| io("write the register", e))
    }

    /// The entries, the digest of the last one, and how many bytes they have together.
    fn read(&self, file: &mut File) -> Result<(Vec<Happened>, Digest, u64), Error> {
        let io = |e| Error::io(&self.path, "read the register", e);
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        file.take(SIZE_LIMIT).read_to_end(&mut text).map_err(io)?;
        let mut entries = Vec::new();
        let mut previous = Digest([0; 32]);
        let mut length = 0;
        for (line, number) in text.split_inclusive(|b| *b == b'\n').zip(1..) {
            let Some(content) = line.strip_suffix(b"\n") else { break };
            let corrupt = |message: &str| {
                Error::new(ErrorKind::Corrupt, format!("{} line {number}", self.path.display()), message)
            };
            let entry: Entry =
                serde_json::from_slice(content).map_err(|e| corrupt("is no entry").with_source(e))?;
            if entry.previous != previous {
                return Err(corrupt("is not chained to the entry before: one was changed or removed"));
            }
            previous = content::digest(content);
            length += line.len() as u64;
            entries.push(entry.happened);
        }
        Ok((entries, previous, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(reference: &str) -> Happened {
        Happened::Closed { reference: reference.parse().unwrap(), by: "李".into(), reason: "办结".into() }
    }

    #[test]
    fn entries_read_back_and_a_line_cut_short_is_none() {
        let scratch = tempfile::tempdir().unwrap();
        let register = Register::in_directory(scratch.path());
        assert!(register.all().unwrap().is_empty());
        register.append(|_| Ok(Some(closed("A")))).unwrap();
        let mut text = std::fs::read(&register.path).unwrap();
        text.extend_from_slice(b"{\"at\":\"2025");
        std::fs::write(&register.path, text).unwrap();
        assert_eq!(register.all().unwrap(), [closed("A")]);
        register.append(|so_far| Ok((so_far.len() == 1).then(|| closed("B")))).unwrap();
        register.append(|_| Ok(None)).unwrap();
        assert_eq!(register.all().unwrap(), [closed("A"), closed("B")]);
    }

    #[test]
    fn an_entry_that_was_changed_or_removed_is_seen() {
        let scratch = tempfile::tempdir().unwrap();
        let register = Register::in_directory(scratch.path());
        for name in ["A", "B", "C"] {
            register.append(|_| Ok(Some(closed(name)))).unwrap();
        }
        let text = std::fs::read_to_string(&register.path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for broken in
            [text.replacen("办结", "未结", 1), format!("{}\n{}\n", lines[0], lines[2]), "{}\n".into()]
        {
            std::fs::write(&register.path, broken).unwrap();
            assert_eq!(register.all().unwrap_err().kind(), ErrorKind::Corrupt);
        }
    }
}
