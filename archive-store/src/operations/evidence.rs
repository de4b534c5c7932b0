//! The evidence log in tables: appended to by every change, read for proofs and checks.

use archive_core::holding::CustodyMode;
use archive_core::identifier::ReferenceCode;
use archive_core::record::Digest;

use super::lookup;
use crate::audit::{Break, End};
use crate::evidence_log::{
    Checkpoint, ConsistencyProof, Content, Event, InclusionProof, LogCheck, LogEntry, LogVerification,
    digest_of,
};
use crate::filing::FilingState;
use crate::merkle::{self, Frontier, Nodes, leaf_hash, node_hash};
use crate::sql::{Transaction, values};
use crate::{Error, ErrorKind};

/// Levels between those whose nodes are stored.
const STEP: u32 = 8;

fn damaged(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, "the evidence log", format!("{message}: restore a backup"))
}

fn head(tx: &Transaction<'_>) -> Result<Frontier, Error> {
    let (size, bytes): (u64, Vec<u8>) = tx.only("SELECT size, frontier FROM log_head", values![], |row| {
        Ok((row.int(0)?, row.bytes(1)?.to_vec()))
    })?;
    Frontier::from_bytes(size, &bytes).ok_or_else(|| damaged("has a head that is none"))
}

/// Appends `event`, which is about the file `file_id` where there is one. The head follows with
/// [`write_head`].
pub(crate) fn append(tx: &Transaction<'_>, file_id: Option<i64>, event: &Event) -> Result<(), Error> {
    let text = serde_json::to_string(event).map_err(|e| {
        Error::new(ErrorKind::Internal, "an entry of the log", "cannot be written: report it").with_source(e)
    })?;
    let known = tx.pending.borrow_mut().log.take();
    let mut tree = match known {
        Some(tree) => tree,
        None => head(tx)?,
    };
    let hash = leaf_hash(text.as_bytes());
    tx.execute(
        "INSERT INTO leaf (position, file_id, event, hash) VALUES (?1, ?2, ?3, ?4)",
        values![tree.size(), file_id, &text, hash.0.as_slice()],
    )?;
    let mut completed = Vec::new();
    tree.push_noting(hash, |level, position, hash| {
        if level.is_multiple_of(STEP) {
            completed.push((level, position, hash));
        }
    });
    for (level, position, hash) in completed {
        tx.execute(
            "INSERT INTO node (level, position, hash) VALUES (?1, ?2, ?3)",
            values![level, position, hash.0.as_slice()],
        )?;
    }
    tx.pending.borrow_mut().log = Some(tree);
    Ok(())
}

/// Writes the head for all that the transaction appended.
pub(crate) fn write_head(tx: &Transaction<'_>) -> Result<(), Error> {
    let Some(tree) = tx.pending.borrow_mut().log.take() else { return Ok(()) };
    let bytes = tree.to_bytes();
    tx.execute("UPDATE log_head SET size = ?1, frontier = ?2", values![tree.size(), bytes.as_slice()])?;
    Ok(())
}

pub(crate) fn checkpoint(tx: &Transaction<'_>) -> Result<Checkpoint, Error> {
    let tree = head(tx)?;
    Ok(Checkpoint { size: tree.size(), root: tree.root() })
}

pub(crate) fn history(tx: &Transaction<'_>, number: &ReferenceCode) -> Result<Vec<LogEntry>, Error> {
    let file_id = lookup::required_row(tx, number)?;
    entries_of(tx, file_id)
}

pub(crate) fn entries_of(tx: &Transaction<'_>, file_id: i64) -> Result<Vec<LogEntry>, Error> {
    tx.all("SELECT position, event FROM leaf WHERE file_id = ?1 ORDER BY position", values![file_id], |row| {
        Ok(LogEntry { position: row.int(0)?, event: row.string(1)? })
    })
}

/// The stored hashes, and those between them made from the ones below.
struct Stored<'a>(&'a Transaction<'a>);

impl Nodes for Stored<'_> {
    fn node(&self, level: u32, position: u64) -> Result<Digest, Error> {
        if !level.is_multiple_of(STEP) {
            let left = self.node(level - 1, position * 2)?;
            return Ok(node_hash(left, self.node(level - 1, position * 2 + 1)?));
        }
        let hash = match level {
            0 => self
                .0
                .one("SELECT hash FROM leaf WHERE position = ?1", values![position], |row| row.hash(0))?,
            _ => self.0.one(
                "SELECT hash FROM node WHERE level = ?1 AND position = ?2",
                values![level, position],
                |row| row.hash(0),
            )?,
        };
        hash.map(Digest).ok_or_else(|| damaged(&format!("lacks node {position} of level {level}")))
    }
}

/// Proofs are made for any earlier size, but not for one that the log has not reached.
fn check_size(tx: &Transaction<'_>, size: u64) -> Result<(), Error> {
    let present = head(tx)?.size();
    if size <= present {
        return Ok(());
    }
    let message = format!("is longer than this one, which has {present}: verify it against the checkpoint");
    Err(Error::new(ErrorKind::NotFound, format!("the log of {size} entries"), message))
}

pub(crate) fn prove_inclusion(
    tx: &Transaction<'_>,
    position: u64,
    size: u64,
) -> Result<InclusionProof, Error> {
    check_size(tx, size)?;
    let hashes = merkle::inclusion_proof(&Stored(tx), position, size)?;
    let event =
        tx.only("SELECT event FROM leaf WHERE position = ?1", values![position], |row| row.string(0))?;
    Ok(InclusionProof { entry: LogEntry { position, event }, hashes })
}

pub(crate) fn prove_consistency(tx: &Transaction<'_>, old: u64, new: u64) -> Result<ConsistencyProof, Error> {
    check_size(tx, new)?;
    let hashes = merkle::consistency_proof(&Stored(tx), old, new)?;
    Ok(ConsistencyProof { hashes })
}

/// Checks the log from end to end, and against checkpoints where there are some.
pub(crate) fn verify(tx: &Transaction<'_>, checkpoints: &[Checkpoint]) -> Result<LogVerification, Error> {
    let head = match head(tx) {
        Ok(head) => head,
        // A head that is none is a finding; what the leaves say is still worth hearing.
        Err(error) if error.kind() == ErrorKind::Corrupt => Frontier::default(),
        Err(error) => return Err(error),
    };
    let mut check = LogCheck::new(checkpoints);
    const PAGE: usize = 10_000;
    let mut last = i64::MIN;
    loop {
        let page = tx.all(
            "SELECT position, event, hash FROM leaf WHERE position > ?1 ORDER BY position LIMIT ?2",
            values![last, PAGE],
            |row| Ok((row.int::<i64>(0)?, row.string(1)?, Digest(row.hash(2)?))),
        )?;
        let Some((end, ..)) = page.last() else { break };
        last = *end;
        for (position, event, stored) in page {
            // A negative position cannot be inserted; seen as one past the end, it is reported.
            let position = u64::try_from(position).unwrap_or(u64::MAX);
            for (level, at, hash) in check.push(position, event.as_bytes(), stored) {
                if !level.is_multiple_of(STEP) {
                    continue;
                }
                let kept = tx.one(
                    "SELECT hash FROM node WHERE level = ?1 AND position = ?2",
                    values![level, at],
                    |row| row.hash(0),
                )?;
                if kept != Some(hash.0) {
                    check.note(format!("node {at} of level {level}"), "is not the hash of what is below it");
                }
            }
        }
    }
    Ok(check.finish(&head))
}

/// Compares every file with what the log says of it.
pub(crate) fn compare_files(tx: &Transaction<'_>) -> Result<Vec<Break>, Error> {
    let mut breaks = Vec::new();
    lookup::each_file(tx, |file_id, located| {
        if breaks.len() >= 1000 {
            return Ok(());
        }
        let located = match located {
            Ok(located) => located,
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                let message = format!("cannot be read: {}", error.report());
                breaks.push(Break::new(End::Store, format!("file row {file_id}"), message));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let mut found = |message: &str| {
            let object = format!("file {}", located.filed.reference);
            breaks.push(Break::new(End::Log, object, message));
        };
        let filed = &located.filed;
        let content = digest_of(&Content {
            customer: &filed.customer,
            process: &filed.process,
            system_record: &filed.system_record,
            key: &filed.key,
            policy: &filed.policy,
            custody: located.custody,
            thickness: lookup::thickness(tx, file_id)?,
            documents: &located.documents,
            readings: &located.readings,
            findings: &located.findings,
            filed: filed.filed,
            expires: filed.expires,
        })?;
        let (mut logged, mut bears) = (None, None);
        let (mut confirmed, mut voided) = (located.custody == CustodyMode::Electronic, false);
        let entries = match entries_of(tx, file_id) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                found("has entries in the log that cannot be read");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for entry in entries {
            match entry.event() {
                Ok(Event::Filed { reference, request, content, .. }) if request == filed.request => {
                    bears = Some(reference);
                    logged = Some(content);
                }
                Ok(Event::Renumbered { to, .. }) => bears = Some(to),
                Ok(Event::Confirmed { .. }) => confirmed = true,
                Ok(Event::Voided { reason, .. }) => voided = Some(&reason) == filed.void_reason.as_ref(),
                _ => {}
            }
        }
        match logged {
            None => found("is not in the log"),
            Some(logged) if logged != content => found("is not what the log says was filed: it was changed"),
            Some(_) if bears.as_ref() != Some(&filed.reference) => {
                found("bears another number than the log says");
            }
            Some(_) => {}
        }
        if filed.state == FilingState::Confirmed && !confirmed {
            found("is confirmed, of which the log knows nothing");
        }
        if (filed.state == FilingState::Void) != voided {
            found("is void, or says why, otherwise than the log says");
        }
        Ok(())
    })?;
    Ok(breaks)
}
