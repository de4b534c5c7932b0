//! The evidence log in tables: appended to by every change, read for proofs and checks.

use archive_core::holding::CustodyMode;
use archive_core::identifier::ReferenceCode;
use archive_core::record::Digest;
use rusqlite::{Connection, OptionalExtension, params};

use super::fault::Fault;
use super::lookup;
use crate::audit::{Break, End};
use crate::evidence_log::{
    Checkpoint, ConsistencyProof, Content, Event, InclusionProof, LogCheck, LogEntry, digest_of,
};
use crate::filing::FilingState;
use crate::merkle::{self, Frontier, Nodes, leaf_hash, node_hash};
use crate::{Error, ErrorKind};

/// Levels between those whose nodes are stored.
const STEP: u32 = 8;

fn damaged(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, "the evidence log", format!("{message}: restore a backup"))
}

fn head(connection: &Connection, fault: Fault<'_>) -> Result<Frontier, Error> {
    let (size, bytes): (u64, Vec<u8>) = connection
        .prepare_cached("SELECT size, frontier FROM log_head")
        .and_then(|mut s| s.query_row([], |row| Ok((row.get(0)?, row.get(1)?))))
        .map_err(|e| fault.of(e))?;
    Frontier::from_bytes(size, &bytes).ok_or_else(|| damaged("has a head that is none"))
}

/// Appends `event`, which is about the file `file_id` where there is one.
pub(super) fn append(
    connection: &Connection,
    fault: Fault<'_>,
    file_id: Option<i64>,
    event: &Event,
) -> Result<(), Error> {
    let text = serde_json::to_string(event).map_err(|e| {
        Error::new(ErrorKind::Internal, "an entry of the log", "cannot be written: report it").with_source(e)
    })?;
    let mut tree = head(connection, fault)?;
    let hash = leaf_hash(text.as_bytes());
    let run = || -> rusqlite::Result<()> {
        connection
            .prepare_cached("INSERT INTO leaf (position, file_id, event, hash) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![tree.size(), file_id, text, hash.0])?;
        let mut completed = Vec::new();
        tree.push_noting(hash, |level, position, hash| {
            if level.is_multiple_of(STEP) {
                completed.push((level, position, hash));
            }
        });
        for (level, position, hash) in completed {
            connection
                .prepare_cached("INSERT INTO node (level, position, hash) VALUES (?1, ?2, ?3)")?
                .execute(params![level, position, hash.0])?;
        }
        connection
            .prepare_cached("UPDATE log_head SET size = ?1, frontier = ?2")?
            .execute(params![tree.size(), tree.to_bytes()])
            .map(drop)
    };
    let mut run = run;
    run().map_err(|e| fault.of(e))
}

pub(super) fn checkpoint(connection: &Connection, fault: Fault<'_>) -> Result<Checkpoint, Error> {
    let tree = head(connection, fault)?;
    Ok(Checkpoint { size: tree.size(), root: tree.root() })
}

pub(super) fn history(
    connection: &Connection,
    fault: Fault<'_>,
    number: &ReferenceCode,
) -> Result<Vec<LogEntry>, Error> {
    let file_id: Option<i64> = connection
        .prepare_cached(
            "SELECT f.id FROM file f JOIN number n ON n.id = f.number_id WHERE n.kind = 'file' AND n.code = ?1",
        )
        .and_then(|mut s| s.query_row([number.as_str()], |row| row.get(0)).optional())
        .map_err(|e| fault.of(e))?;
    let Some(file_id) = file_id else {
        let message = "is not in the catalogue";
        return Err(Error::new(ErrorKind::NotFound, format!("reference code {number}"), message));
    };
    entries_of(connection, file_id).map_err(|e| fault.of(e))
}

fn entries_of(connection: &Connection, file_id: i64) -> rusqlite::Result<Vec<LogEntry>> {
    connection
        .prepare_cached("SELECT position, event FROM leaf WHERE file_id = ?1 ORDER BY position")?
        .query_map([file_id], |row| Ok(LogEntry { position: row.get(0)?, event: row.get(1)? }))?
        .collect()
}

/// The stored hashes, and those between them made from the ones below.
struct Stored<'a> {
    connection: &'a Connection,
    fault: Fault<'a>,
}

impl Nodes for Stored<'_> {
    fn node(&self, level: u32, position: u64) -> Result<Digest, Error> {
        if !level.is_multiple_of(STEP) {
            let left = self.node(level - 1, position * 2)?;
            return Ok(node_hash(left, self.node(level - 1, position * 2 + 1)?));
        }
        let hash: Option<[u8; 32]> = match level {
            0 => self
                .connection
                .prepare_cached("SELECT hash FROM leaf WHERE position = ?1")
                .and_then(|mut s| s.query_row([position], |row| row.get(0)).optional()),
            _ => self
                .connection
                .prepare_cached("SELECT hash FROM node WHERE level = ?1 AND position = ?2")
                .and_then(|mut s| s.query_row(params![level, position], |row| row.get(0)).optional()),
        }
        .map_err(|e| self.fault.of(e))?;
        hash.map(Digest).ok_or_else(|| damaged(&format!("lacks node {position} of level {level}")))
    }
}

/// Proofs are made for any earlier size, but not for one that the log has not reached.
fn check_size(connection: &Connection, fault: Fault<'_>, size: u64) -> Result<(), Error> {
    let present = head(connection, fault)?.size();
    if size <= present {
        return Ok(());
    }
    let message = format!("is longer than this one, which has {present}: verify it against the checkpoint");
    Err(Error::new(ErrorKind::NotFound, format!("the log of {size} entries"), message))
}

pub(super) fn prove_inclusion(
    connection: &Connection,
    fault: Fault<'_>,
    position: u64,
    size: u64,
) -> Result<InclusionProof, Error> {
    check_size(connection, fault, size)?;
    let hashes = merkle::inclusion_proof(&Stored { connection, fault }, position, size)?;
    let event = connection
        .prepare_cached("SELECT event FROM leaf WHERE position = ?1")
        .and_then(|mut s| s.query_row([position], |row| row.get(0)))
        .map_err(|e| fault.of(e))?;
    Ok(InclusionProof { entry: LogEntry { position, event }, hashes })
}

pub(super) fn prove_consistency(
    connection: &Connection,
    fault: Fault<'_>,
    old: u64,
    new: u64,
) -> Result<ConsistencyProof, Error> {
    check_size(connection, fault, new)?;
    let hashes = merkle::consistency_proof(&Stored { connection, fault }, old, new)?;
    Ok(ConsistencyProof { hashes })
}

/// Checks the log from end to end, and against a checkpoint where there is one.
pub(super) fn verify(
    connection: &Connection,
    fault: Fault<'_>,
    checkpoint: Option<&Checkpoint>,
) -> Result<Vec<Break>, Error> {
    let head = match head(connection, fault) {
        Ok(head) => head,
        // A head that is none is a finding; what the leaves say is still worth hearing.
        Err(error) if error.kind() == ErrorKind::Corrupt => Frontier::default(),
        Err(error) => return Err(error),
    };
    let mut check = LogCheck::new(checkpoint);
    let mut run = || -> rusqlite::Result<()> {
        let mut statement = connection.prepare("SELECT position, event, hash FROM leaf ORDER BY position")?;
        let mut node = connection.prepare("SELECT hash FROM node WHERE level = ?1 AND position = ?2")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            // A negative position cannot be inserted; seen as one past the end, it is reported.
            let position = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(u64::MAX);
            let stored = Digest(row.get(2)?);
            for (level, at, hash) in check.push(position, row.get_ref(1)?.as_bytes()?, stored) {
                if !level.is_multiple_of(STEP) {
                    continue;
                }
                let kept: Option<[u8; 32]> =
                    node.query_row(params![level, at], |row| row.get(0)).optional()?;
                if kept != Some(hash.0) {
                    check.note(format!("node {at} of level {level}"), "is not the hash of what is below it");
                }
            }
        }
        Ok(())
    };
    run().map_err(|e| fault.of(e))?;
    Ok(check.finish(&head))
}

/// Compares every file with what the log says of it.
pub(super) fn compare_files(connection: &Connection, fault: Fault<'_>) -> Result<Vec<Break>, Error> {
    let mut breaks = Vec::new();
    lookup::each_file(connection, fault, |file_id, located| {
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
            thickness: lookup::thickness(connection, file_id).map_err(|e| fault.of(e))?,
            documents: &located.documents,
            readings: &located.readings,
            findings: &located.findings,
            filed: filed.filed,
            expires: filed.expires,
        })?;
        let (mut logged, mut confirmed, mut voided) =
            (None, located.custody == CustodyMode::Electronic, false);
        let entries = match entries_of(connection, file_id).map_err(|e| fault.of(e)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                found("has entries in the log that cannot be read");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for entry in entries {
            match entry.event() {
                Ok(Event::Filed { reference, request, content, .. })
                    if reference == filed.reference && request == filed.request =>
                {
                    logged = Some(content);
                }
                Ok(Event::Confirmed { .. }) => confirmed = true,
                Ok(Event::Voided { reason, .. }) => voided = Some(&reason) == filed.void_reason.as_ref(),
                _ => {}
            }
        }
        match logged {
            None => found("is not in the log"),
            Some(logged) if logged != content => found("is not what the log says was filed: it was changed"),
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
