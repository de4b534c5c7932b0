//! Reading files back: one query shape for every way in which a file is looked for.

use std::path::PathBuf;
use std::str::FromStr;

use archive_core::holding::{ArchiveBox, BoxKey, CustodyMode};
use archive_core::identifier::RequestKey;
use archive_core::policy::PolicyVersion;
use archive_core::record::{Carrier, Document};
use archive_core::units::{Millimetres, Pages};
use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::fault::Fault;
use crate::filing::{Filed, FilingState, Located, Locator, Place, Standing};
use crate::shelf::Sighting;
use crate::{Error, ErrorKind};

/// Times are text of one length in UTC, which sorts as the times do.
pub(super) fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

/// The value in a column that was written by `Display`.
pub(super) fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(e)))
}

pub(super) fn parsed_option<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    if row.get_ref(column)? == rusqlite::types::ValueRef::Null {
        return Ok(None);
    }
    parsed(row, column).map(Some)
}

fn unknown(column: usize, text: String) -> rusqlite::Error {
    let error = Error::new(ErrorKind::Corrupt, format!("stored value {text:?}"), "is none that was written");
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
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

fn filed(row: &Row<'_>) -> rusqlite::Result<Filed> {
    let state = match row.get_ref(2)?.as_str()? {
        "reserved" => FilingState::Reserved,
        "confirmed" => FilingState::Confirmed,
        "void" => FilingState::Void,
        other => return Err(unknown(2, other.to_owned())),
    };
    let key = BoxKey {
        fonds: parsed(row, 6)?,
        year: row.get(7)?,
        retention: parsed(row, 8)?,
        organisation: parsed(row, 9)?,
    };
    // A box without a slot is a break that the audit names; the file itself stays readable.
    let place = match (parsed_option(row, 17)?, parsed_option(row, 21)?) {
        (Some(number), Some(slot)) => Some(Place {
            thickness: Millimetres(row.get(16)?),
            archive_box: ArchiveBox {
                number,
                key: key.clone(),
                spine: Millimetres(row.get(18)?),
                filled: Millimetres(row.get(19)?),
            },
            tag: parsed_option(row, 20)?,
            slot,
            standing: match row.get_ref(22)?.as_str()? {
                "reserved" => Standing::Reserved,
                "confirmed" => Standing::Confirmed,
                other => return Err(unknown(22, other.to_owned())),
            },
        }),
        _ => None,
    };
    Ok(Filed {
        request: parsed(row, 0)?,
        reference: parsed(row, 1)?,
        state,
        already: true,
        customer: parsed(row, 3)?,
        process: parsed(row, 4)?,
        system_record: parsed(row, 5)?,
        key,
        policy: PolicyVersion { name: row.get(10)?, version: row.get(11)? },
        filed: parsed(row, 12)?,
        expires: parsed_option(row, 13)?,
        confirmed: parsed_option(row, 14)?,
        void_reason: row.get(15)?,
        place,
    })
}

pub(super) fn request(
    connection: &Connection,
    fault: Fault<'_>,
    request: &RequestKey,
) -> Result<Option<Filed>, Error> {
    connection
        .prepare_cached(&of_files("WHERE f.request = ?1"))
        .and_then(|mut statement| statement.query_row([request.as_str()], filed).optional())
        .map_err(|e| fault.of(e))
}

pub(super) fn pending(connection: &Connection, fault: Fault<'_>) -> Result<Vec<Filed>, Error> {
    matching(connection, fault, "f.state = 'reserved' ORDER BY f.id", [])
}

/// The requests whose reservation ran out before `now`.
pub(super) fn expired(
    connection: &Connection,
    fault: Fault<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Filed>, Error> {
    matching(connection, fault, "f.state = 'reserved' AND f.expires_at < ?1 ORDER BY f.id", [time_text(now)])
}

/// The files for which `condition` holds, which also says in which order.
pub(super) fn matching(
    connection: &Connection,
    fault: Fault<'_>,
    condition: &str,
    parameters: impl Params,
) -> Result<Vec<Filed>, Error> {
    connection
        .prepare_cached(&of_files(&format!("WHERE {condition}")))
        .and_then(|mut statement| statement.query_map(parameters, filed)?.collect())
        .map_err(|e| fault.of(e))
}

/// As [`matching`], for files that the search index finds by `?1`. The index leads, so that files are
/// looked up one by one until the limit is reached and not all before the first is known.
pub(super) fn matching_words(
    connection: &Connection,
    fault: Fault<'_>,
    condition: &str,
    parameters: impl Params,
) -> Result<Vec<Filed>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM search CROSS JOIN file f ON f.id = search.rowid {JOINS}
         WHERE search MATCH ?1 AND {condition}"
    );
    connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_map(parameters, filed)?.collect())
        .map_err(|e| fault.of(e))
}

pub(super) fn locate(
    connection: &Connection,
    fault: Fault<'_>,
    locator: &Locator,
) -> Result<Vec<Located>, Error> {
    let (condition, name) = match locator {
        Locator::Reference(id) => ("n.kind = 'file' AND n.code = ?1", id.to_string()),
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
    };
    let run = || -> rusqlite::Result<Vec<Located>> {
        let mut statement =
            connection.prepare_cached(&of_files(&format!("WHERE {condition} ORDER BY f.id")))?;
        let mut rows = statement.query([&name])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(located(connection, row)?);
        }
        Ok(found)
    };
    let found = run().map_err(|e| fault.of(e))?;
    if found.is_empty() && !is_known_place(connection, locator, &name).map_err(|e| fault.of(e))? {
        return Err(Error::new(ErrorKind::NotFound, locator.to_string(), "is not in the catalogue"));
    }
    Ok(found)
}

/// Whether `locator` names a box or a slot that is there, full or empty.
fn is_known_place(connection: &Connection, locator: &Locator, name: &str) -> rusqlite::Result<bool> {
    let sql = match locator {
        Locator::Box(_) => "SELECT 1 FROM number WHERE kind = 'box' AND code = ?1",
        Locator::Slot(_) => "SELECT 1 FROM slot WHERE address = ?1",
        Locator::Tag(_) => "SELECT 1 FROM box WHERE tag = ?1",
        _ => return Ok(false),
    };
    connection.prepare_cached(sql)?.exists([name])
}

/// Every file with its row, oldest first; an error in place of one whose values cannot be read.
pub(super) fn each_file(
    connection: &Connection,
    fault: Fault<'_>,
    mut visit: impl FnMut(i64, Result<Located, Error>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut statement = connection.prepare(&of_files("ORDER BY f.id")).map_err(|e| fault.of(e))?;
    let mut rows = statement.query([]).map_err(|e| fault.of(e))?;
    while let Some(row) = rows.next().map_err(|e| fault.of(e))? {
        let id = row.get(23).map_err(|e| fault.of(e))?;
        visit(id, located(connection, row).map_err(|e| fault.of(e)))?;
    }
    Ok(())
}

/// What a file takes of its box, void or not.
pub(super) fn thickness(connection: &Connection, file_id: i64) -> rusqlite::Result<Option<Millimetres>> {
    connection
        .prepare_cached("SELECT thickness FROM file WHERE id = ?1")?
        .query_row([file_id], |row| Ok(row.get::<_, Option<u32>>(0)?.map(Millimetres)))
}

fn located(connection: &Connection, row: &Row<'_>) -> rusqlite::Result<Located> {
    let filed = filed(row)?;
    let file_id: i64 = row.get(23)?;
    let custody = match row.get_ref(24)?.as_str()? {
        "electronic" => CustodyMode::Electronic,
        "central-paper" => CustodyMode::CentralPaper,
        other => return Err(unknown(24, other.to_owned())),
    };
    let documents = connection
        .prepare_cached(
            "SELECT id, document_type, carrier, pages, date, digest, path FROM document
             WHERE file_id = ?1 ORDER BY position",
        )?
        .query_map([file_id], document)?
        .collect::<rusqlite::Result<_>>()?;
    let last_seen = match row.get::<_, Option<i64>>(27)? {
        Some(box_id) if filed.place.is_some() => last_seen(connection, box_id)?,
        _ => None,
    };
    Ok(Located { filed, custody, documents, readings: row.get(25)?, findings: row.get(26)?, last_seen })
}

/// The latest by the inventory's own time; of two at one time, the one recorded last.
fn last_seen(connection: &Connection, box_id: i64) -> rusqlite::Result<Option<Sighting>> {
    connection
        .prepare_cached(
            "SELECT s.sighting, s.seen FROM sighting s JOIN inventory i ON i.id = s.inventory_id
             WHERE s.box_id = ?1 ORDER BY i.at DESC, i.id DESC LIMIT 1",
        )?
        .query_row(params![box_id], |row| {
            Ok(match row.get_ref(0)?.as_str()? {
                "present" => Sighting::Present,
                "misplaced" => Sighting::Misplaced { seen: parsed(row, 1)? },
                "missing" => Sighting::Missing,
                "unverified" => Sighting::Unverified,
                other => return Err(unknown(0, other.to_owned())),
            })
        })
        .optional()
}

fn document(row: &Row<'_>) -> rusqlite::Result<Document> {
    Ok(Document {
        id: parsed(row, 0)?,
        document_type: parsed_option(row, 1)?,
        carrier: match row.get_ref(2)?.as_str()? {
            "paper" => Carrier::Paper,
            "image" => Carrier::Image,
            "electronic" => Carrier::Electronic,
            "audio" => Carrier::Audio,
            "video" => Carrier::Video,
            other => return Err(unknown(2, other.to_owned())),
        },
        pages: Pages(row.get(3)?),
        date: parsed_option(row, 4)?,
        digest: parsed(row, 5)?,
        path: PathBuf::from(row.get::<_, String>(6)?),
    })
}

pub(super) fn carrier_text(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Paper => "paper",
        Carrier::Image => "image",
        Carrier::Electronic => "electronic",
        Carrier::Audio => "audio",
        Carrier::Video => "video",
    }
}
