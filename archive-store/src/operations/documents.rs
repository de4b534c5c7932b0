//! Versions and fixity checks of documents in tables.

use std::path::PathBuf;

use archive_core::identifier::DocumentId;
use archive_core::units::Pages;

use super::evidence;
use super::lookup::time_text;
use crate::document::{DigestSuite, DocumentVersion, Fixity, FixityCheck, FixityFinding};
use crate::evidence_log::Event;
use crate::sql::{Transaction, conflict, values};
use crate::{Error, ErrorKind};

/// The row of a live document: file and position.
fn find(tx: &Transaction<'_>, id: &DocumentId) -> Result<(i64, i64), Error> {
    tx.one(
        "SELECT file_id, position FROM document WHERE id = ?1 AND live = 1",
        values![id.as_str()],
        |row| Ok((row.int(0)?, row.int(1)?)),
    )?
    .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("document {id}"), "is not in the catalogue"))
}

pub(crate) fn versions(tx: &Transaction<'_>, id: &DocumentId) -> Result<Vec<DocumentVersion>, Error> {
    let (file_id, position) = find(tx, id)?;
    tx.all(
        "SELECT 1 AS version, 'sha256' AS suite, d.digest, d.pages, d.path, 'as filed' AS reason, f.filed_at AS at
         FROM document d JOIN file f ON f.id = d.file_id WHERE d.file_id = ?1 AND d.position = ?2
         UNION ALL SELECT version, suite, digest, pages, path, reason, at FROM document_version
         WHERE file_id = ?1 AND position = ?2 ORDER BY 1",
        values![file_id, position],
        |row| {
            let suite: DigestSuite = row.parsed(1)?;
            Ok(DocumentVersion {
                document: id.clone(),
                version: row.int(0)?,
                fixity: Fixity { suite, digest: row.parsed(2)? },
                pages: Pages(row.int(3)?),
                path: PathBuf::from(row.text(4)?),
                reason: row.string(5)?,
                when: row.parsed(6)?,
            })
        },
    )
}

pub(crate) fn add_version(tx: &Transaction<'_>, added: &DocumentVersion) -> Result<(), Error> {
    let (file_id, position) = find(tx, &added.document)?;
    let known = versions(tx, &added.document)?;
    let object = format!("document {} version {}", added.document, added.version);
    if let Some(same) = known.iter().find(|known| known.version == added.version) {
        if same == added {
            return Ok(());
        }
        let message = format!("is there with another content; the next version is {}", known.len() + 1);
        return Err(conflict(object, message));
    }
    if added.version as usize != known.len() + 1 {
        return Err(conflict(object, format!("is not the next, which is {}", known.len() + 1)));
    }
    tx.execute(
        "INSERT INTO document_version (file_id, position, version, suite, digest, pages, path, reason, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        values![
            file_id,
            position,
            added.version,
            added.fixity.suite.id(),
            added.fixity.digest.to_string(),
            added.pages.0,
            added.path.to_str(),
            &added.reason,
            time_text(added.when),
        ],
    )?;
    let event = Event::VersionAdded {
        document: added.document.clone(),
        version: added.version,
        fixity: added.fixity,
        at: added.when,
    };
    evidence::append(tx, Some(file_id), &event)
}

pub(crate) fn record_fixity(tx: &Transaction<'_>, check: &FixityCheck) -> Result<(), Error> {
    let (file_id, position) = find(tx, &check.document)?;
    let known = versions(tx, &check.document)?.len();
    if check.version == 0 || check.version as usize > known {
        let message = format!("is not there: the document has {known}");
        let object = format!("document {} version {}", check.document, check.version);
        return Err(Error::new(ErrorKind::NotFound, object, message));
    }
    let found = match check.found {
        FixityFinding::Intact => "intact",
        FixityFinding::Damaged => "damaged",
        FixityFinding::Missing => "missing",
    };
    let last = checks_of(tx, &check.document, file_id, position)?;
    if last.last() == Some(check) {
        return Ok(());
    }
    tx.insert_new(
        "INSERT INTO fixity_check (file_id, position, version, found, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        values![file_id, position, check.version, found, time_text(check.when)],
    )?;
    let event = Event::FixityChecked {
        document: check.document.clone(),
        version: check.version,
        found: check.found,
        at: check.when,
    };
    evidence::append(tx, Some(file_id), &event)
}

pub(crate) fn fixity_checks(tx: &Transaction<'_>, id: &DocumentId) -> Result<Vec<FixityCheck>, Error> {
    let (file_id, position) = find(tx, id)?;
    checks_of(tx, id, file_id, position)
}

fn checks_of(
    tx: &Transaction<'_>,
    id: &DocumentId,
    file_id: i64,
    position: i64,
) -> Result<Vec<FixityCheck>, Error> {
    tx.all(
        "SELECT version, found, at FROM fixity_check WHERE file_id = ?1 AND position = ?2 ORDER BY id",
        values![file_id, position],
        |row| {
            Ok(FixityCheck {
                document: id.clone(),
                version: row.int(0)?,
                found: match row.text(1)? {
                    "intact" => FixityFinding::Intact,
                    "damaged" => FixityFinding::Damaged,
                    "missing" => FixityFinding::Missing,
                    other => return Err(row.unknown(1, other)),
                },
                when: row.parsed(2)?,
            })
        },
    )
}
