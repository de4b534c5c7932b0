//! Reading files back: one query shape for every way in which a file is looked for.

use std::path::PathBuf;

use archive_core::holding::{ArchiveBox, BoxKey, CustodyMode};
use archive_core::identifier::{ReferenceCode, RequestKey};
use archive_core::policy::PolicyVersion;
use archive_core::record::{Carrier, Document};
use archive_core::units::{Millimetres, Pages};
use chrono::{DateTime, SecondsFormat, Utc};

use crate::filing::{Filed, FilingState, Located, Locator, Place, Standing};
use crate::shelf::Sighting;
use crate::sql::{Row, Transaction, Value, values};
use crate::{Error, ErrorKind};

/// Times are text of one length in UTC, which sorts as the times do.
pub(crate) fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

/// What [`filed`] and [`located`] read, from `file f` and [`JOINS`].
const COLUMNS: &str = "
    f.request, n.code, f.state, f.customer, f.process, f.system_record, f.fonds, f.year, f.retention,
           f.organisation, f.policy_name, f.policy_version, f.filed_at, f.expires_at, f.confirmed_at,
           n.void_reason, f.thickness, bn.code, b.spine, b.filled, b.tag,
           coalesce(stands.address, awaits.address), coalesce(stands.state, awaits.state),
           f.id, f.custody, f.readings, f.findings, f.box_id
";
const JOINS: &str = "
    JOIN number n ON n.id = f.number_id
    LEFT JOIN box b ON b.id = f.box_id AND f.state <> 'void'
    LEFT JOIN number bn ON bn.id = b.number_id
    LEFT JOIN slot stands ON stands.box_id = b.id AND stands.state = 'confirmed'
    LEFT JOIN slot awaits ON awaits.box_id = b.id AND awaits.state = 'reserved'
";

/// The query for files that the rest of it chooses.
fn of_files(rest: &str) -> String {
    format!("SELECT {COLUMNS} FROM file f {JOINS} {rest}")
}

fn filed(row: &Row<'_>) -> Result<Filed, Error> {
    let state = match row.text(2)? {
        "reserved" => FilingState::Reserved,
        "confirmed" => FilingState::Confirmed,
        "void" => FilingState::Void,
        other => return Err(row.unknown(2, other)),
    };
    let key = BoxKey {
        fonds: row.parsed(6)?,
        year: row.int(7)?,
        retention: row.parsed(8)?,
        organisation: row.parsed(9)?,
    };
    // A box without a slot is a break that the audit names; the file itself stays readable.
    let place = match (row.parsed_option(17)?, row.parsed_option(21)?) {
        (Some(number), Some(slot)) => Some(Place {
            thickness: Millimetres(row.int(16)?),
            archive_box: ArchiveBox {
                number,
                key: key.clone(),
                spine: Millimetres(row.int(18)?),
                filled: Millimetres(row.int(19)?),
            },
            tag: row.parsed_option(20)?,
            slot,
            standing: match row.text(22)? {
                "reserved" => Standing::Reserved,
                "confirmed" => Standing::Confirmed,
                other => return Err(row.unknown(22, other)),
            },
        }),
        _ => None,
    };
    Ok(Filed {
        request: row.parsed(0)?,
        reference: row.parsed(1)?,
        state,
        already: true,
        customer: row.parsed(3)?,
        process: row.parsed(4)?,
        system_record: row.parsed(5)?,
        key,
        policy: PolicyVersion { name: row.string(10)?, version: row.string(11)? },
        filed: row.parsed(12)?,
        expires: row.parsed_option(13)?,
        confirmed: row.parsed_option(14)?,
        void_reason: row.string_option(15)?,
        place,
    })
}

pub(crate) fn request(tx: &Transaction<'_>, request: &RequestKey) -> Result<Option<Filed>, Error> {
    tx.one(&of_files("WHERE f.request = ?1"), values![request.as_str()], filed)
}

pub(crate) fn pending(tx: &Transaction<'_>) -> Result<Vec<Filed>, Error> {
    matching(tx, "f.state = 'reserved' ORDER BY f.id", values![])
}

/// The requests whose reservation ran out before `now`.
pub(crate) fn expired(tx: &Transaction<'_>, now: DateTime<Utc>) -> Result<Vec<Filed>, Error> {
    matching(tx, "f.state = 'reserved' AND f.expires_at < ?1 ORDER BY f.id", values![time_text(now)])
}

/// The files for which `condition` holds, which also says in which order.
pub(crate) fn matching(
    tx: &Transaction<'_>,
    condition: &str,
    parameters: &[Value<'_>],
) -> Result<Vec<Filed>, Error> {
    tx.all(&of_files(&format!("WHERE {condition}")), parameters, filed)
}

/// As [`matching`], over a search index that is joined by `index`. The index leads, so that files are
/// looked up one by one until the limit is reached and not all before the first is known.
pub(crate) fn matching_index(
    tx: &Transaction<'_>,
    index: &str,
    condition: &str,
    parameters: &[Value<'_>],
) -> Result<Vec<Filed>, Error> {
    tx.all(&format!("SELECT {COLUMNS} FROM {index} {JOINS} WHERE {condition}"), parameters, filed)
}

/// The rows of the file that bears or bore the number `?1`.
const BEARER: &str = "SELECT f.id FROM file f JOIN number n ON n.id = f.number_id WHERE n.kind = 'file' AND n.code = ?1
    UNION ALL SELECT a.file_id FROM alias a JOIN number n ON n.id = a.number_id WHERE n.kind = 'file' AND n.code = ?1";

/// The row of the file that bears `number`, or bore it before it was renumbered.
pub(crate) fn file_row(tx: &Transaction<'_>, number: &ReferenceCode) -> Result<Option<i64>, Error> {
    tx.one(BEARER, values![number.as_str()], |row| row.int(0))
}

/// As [`file_row`], for a file that must be there.
pub(crate) fn required_row(tx: &Transaction<'_>, number: &ReferenceCode) -> Result<i64, Error> {
    file_row(tx, number)?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("reference code {number}"), "is not in the catalogue")
    })
}

/// The file in row `file_id`.
pub(crate) fn file_in(tx: &Transaction<'_>, file_id: i64) -> Result<Filed, Error> {
    tx.only(&of_files("WHERE f.id = ?1"), values![file_id], filed)
}

/// Everything of the file in row `file_id`.
pub(crate) fn located_in(tx: &Transaction<'_>, file_id: i64) -> Result<Located, Error> {
    tx.only(&of_files("WHERE f.id = ?1"), values![file_id], |row| located(tx, row))
}

pub(crate) fn locate(tx: &Transaction<'_>, locator: &Locator) -> Result<Vec<Located>, Error> {
    let bearer = format!("f.id IN ({BEARER})");
    let joined = format!("f.id IN (SELECT j.file_id FROM joined_file j WHERE j.main_id IN ({BEARER}))");
    let (condition, name) = match locator {
        Locator::Reference(id) => (bearer.as_str(), id.to_string()),
        Locator::Customer(id) => ("f.customer = ?1", id.to_string()),
        Locator::Document(id) => {
            ("f.id = (SELECT file_id FROM document WHERE id = ?1 AND live = 1)", id.to_string())
        }
        Locator::SystemRecord(id) => ("f.system_record = ?1", id.to_string()),
        Locator::Request(id) => ("f.request = ?1", id.to_string()),
        Locator::Box(id) => (
            "f.state <> 'void' AND f.box_id = (SELECT id FROM box WHERE number_id =
                (SELECT id FROM number WHERE kind = 'box' AND code = ?1))",
            id.to_string(),
        ),
        Locator::Slot(id) => {
            ("f.state <> 'void' AND f.box_id = (SELECT box_id FROM slot WHERE address = ?1)", id.to_string())
        }
        Locator::Tag(id) => {
            ("f.state <> 'void' AND f.box_id = (SELECT id FROM box WHERE tag = ?1)", id.to_string())
        }
        Locator::Joins(id) => (joined.as_str(), id.to_string()),
    };
    let sql = of_files(&format!("WHERE {condition} ORDER BY f.id"));
    let found = tx.all(&sql, values![&name], |row| located(tx, row))?;
    if found.is_empty() && !is_known_place(tx, locator, &name)? {
        return Err(Error::new(ErrorKind::NotFound, locator.to_string(), "is not in the catalogue"));
    }
    Ok(found)
}

/// Whether `locator` names a box or a slot that is there, full or empty, or a file that nothing joined.
fn is_known_place(tx: &Transaction<'_>, locator: &Locator, name: &str) -> Result<bool, Error> {
    let sql = match locator {
        Locator::Joins(_) => BEARER,
        Locator::Box(_) => "SELECT 1 FROM number WHERE kind = 'box' AND code = ?1",
        Locator::Slot(_) => "SELECT 1 FROM slot WHERE address = ?1",
        Locator::Tag(_) => "SELECT 1 FROM box WHERE tag = ?1",
        _ => return Ok(false),
    };
    tx.exists(sql, values![name])
}

/// How many files are read at a time, so that a server's answer never holds the whole catalogue.
const PAGE: usize = 1000;

/// Every file with its row, oldest first; an error in place of one whose values cannot be read.
pub(crate) fn each_file(
    tx: &Transaction<'_>,
    mut visit: impl FnMut(i64, Result<Located, Error>) -> Result<(), Error>,
) -> Result<(), Error> {
    let sql = of_files("WHERE f.id > ?1 ORDER BY f.id LIMIT ?2");
    let mut last = i64::MIN;
    loop {
        let page = tx.all(&sql, values![last, PAGE], |row| Ok((row.int::<i64>(23)?, located(tx, row))))?;
        let Some((end, _)) = page.last() else { return Ok(()) };
        last = *end;
        for (id, file) in page {
            visit(id, file)?;
        }
    }
}

/// The live files in rows after `place`, with their rows.
pub(crate) fn files_after(
    tx: &Transaction<'_>,
    place: u64,
    limit: usize,
) -> Result<Vec<(u64, Located)>, Error> {
    let Ok(place) = i64::try_from(place) else { return Ok(Vec::new()) };
    let sql = of_files("WHERE f.id > ?1 AND f.state <> 'void' ORDER BY f.id LIMIT ?2");
    tx.all(&sql, values![place, limit], |row| Ok((row.int(23)?, located(tx, row)?)))
}

/// What a file takes of its box, void or not.
pub(crate) fn thickness(tx: &Transaction<'_>, file_id: i64) -> Result<Option<Millimetres>, Error> {
    tx.only("SELECT thickness FROM file WHERE id = ?1", values![file_id], |row| {
        Ok(row.int_option(0)?.map(Millimetres))
    })
}

fn located(tx: &Transaction<'_>, row: &Row<'_>) -> Result<Located, Error> {
    let filed = filed(row)?;
    let file_id: i64 = row.int(23)?;
    let custody = match row.text(24)? {
        "electronic" => CustodyMode::Electronic,
        "central-paper" => CustodyMode::CentralPaper,
        other => return Err(row.unknown(24, other)),
    };
    let documents = tx.all(
        "SELECT id, document_type, carrier, pages, date, digest, path FROM document
         WHERE file_id = ?1 ORDER BY position",
        values![file_id],
        document,
    )?;
    let last_seen = match row.int_option::<i64>(27)? {
        Some(box_id) if filed.place.is_some() => last_seen(tx, box_id)?,
        _ => None,
    };
    Ok(Located { filed, custody, documents, readings: row.string(25)?, findings: row.string(26)?, last_seen })
}

/// The latest by the inventory's own time; of two at one time, the one recorded last.
fn last_seen(tx: &Transaction<'_>, box_id: i64) -> Result<Option<Sighting>, Error> {
    tx.one(
        "SELECT s.sighting, s.seen FROM sighting s JOIN inventory i ON i.id = s.inventory_id
         WHERE s.box_id = ?1 ORDER BY i.at DESC, i.id DESC LIMIT 1",
        values![box_id],
        |row| sighting(row, 0),
    )
}

/// A sighting whose kind stands in `column`, and its slot in the next.
pub(crate) fn sighting(row: &Row<'_>, column: usize) -> Result<Sighting, Error> {
    Ok(match row.text(column)? {
        "present" => Sighting::Present,
        "misplaced" => Sighting::Misplaced { seen: row.parsed(column + 1)? },
        "missing" => Sighting::Missing,
        "unverified" => Sighting::Unverified,
        other => return Err(row.unknown(column, other)),
    })
}

fn document(row: &Row<'_>) -> Result<Document, Error> {
    Ok(Document {
        id: row.parsed(0)?,
        document_type: row.parsed_option(1)?,
        carrier: match row.text(2)? {
            "paper" => Carrier::Paper,
            "image" => Carrier::Image,
            "electronic" => Carrier::Electronic,
            "audio" => Carrier::Audio,
            "video" => Carrier::Video,
            other => return Err(row.unknown(2, other)),
        },
        pages: Pages(row.int(3)?),
        date: row.parsed_option(4)?,
        digest: row.parsed(5)?,
        path: PathBuf::from(row.text(6)?),
    })
}

pub(crate) fn carrier_text(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Paper => "paper",
        Carrier::Image => "image",
        Carrier::Electronic => "electronic",
        Carrier::Audio => "audio",
        Carrier::Video => "video",
    }
}
