//! The transaction that ties archive, system record and slot, and its undoing.
//!
//! Every function here runs under one savepoint: an error on any line takes back the number, the box
//! and the slot together.

use archive_core::identifier::{DocumentId, ReferenceCode, RequestKey, quoted};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::boxing::find_box;
use super::evidence;
use super::fault::{Fault, conflict, is_taken};
use super::lookup::{self, carrier_text, time_text};
use super::numbers::draw;
use super::search::Words;
use super::writer::Writing;
use crate::evidence_log::{Content, Event, digest_of};
use crate::filing::{Custody, Filed, FilingEntry, FilingState, ShelfReceipt};
use crate::{Error, ErrorKind};

/// What was just written must be there to read.
fn read_back(connection: &Connection, fault: Fault<'_>, request: &RequestKey) -> Result<Filed, Error> {
    lookup::request(connection, fault, request)?.ok_or_else(|| {
        Error::new(
            ErrorKind::Internal,
            format!("request {request}"),
            "vanished while it was written: report it",
        )
    })
}

fn required(connection: &Connection, fault: Fault<'_>, request: &RequestKey) -> Result<Filed, Error> {
    lookup::request(connection, fault, request)?.ok_or_else(|| {
        let message = "was never filed: check the key, or file it first";
        Error::new(ErrorKind::NotFound, format!("request {request}"), message)
    })
}

pub(super) fn file(writing: &Writing<'_>, fault: Fault<'_>, entry: &FilingEntry) -> Result<Filed, Error> {
    let connection: &Connection = writing;
    let stored: Option<String> = connection
        .prepare_cached("SELECT request_digest FROM file WHERE request = ?1")
        .and_then(|mut s| s.query_row([entry.request.as_str()], |row| row.get(0)).optional())
        .map_err(|e| fault.of(e))?;
    if let Some(stored) = stored {
        if stored == entry.digest.to_string() {
            return read_back(connection, fault, &entry.request);
        }
        let message = "was used before for another request: give this one a key of its own";
        return Err(conflict(format!("request key {}", entry.request), message));
    }
    tie_system_record(connection, fault, entry)?;
    let (number_id, reference) = draw(connection, fault, "file", &entry.number)?;
    let (box_id, place) = match &entry.custody {
        Custody::Electronic => (None, None),
        Custody::CentralPaper(shelving) => {
            let (box_id, place) = find_box(connection, fault, entry, shelving)?;
            (Some(box_id), Some(place))
        }
    };
    let when = time_text(entry.when);
    // Electronic files have no shelf to reach: they are where the catalogue says at once.
    let (state, custody, confirmed) = match place {
        Some(_) => ("reserved", "central-paper", None),
        None => ("confirmed", "electronic", Some(&when)),
    };
    let confirmed_at = confirmed.map(|_| entry.when);
    connection
        .prepare_cached(
            "INSERT INTO file (number_id, request, request_digest, state, customer, system_record, process, fonds,
                 year, retention, organisation, policy_name, policy_version, custody, box_id, thickness, readings,
                 findings, filed_at, expires_at, confirmed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                number_id,
                entry.request.as_str(),
                entry.digest.to_string(),
                state,
                entry.customer.as_str(),
                entry.system_record.as_str(),
                entry.process.as_str(),
                entry.key.fonds.as_str(),
                entry.key.year,
                entry.key.retention.code(),
                entry.key.organisation.as_str(),
                entry.policy.name,
                entry.policy.version,
                custody,
                box_id,
                place.as_ref().map(|place| place.thickness.0),
                entry.readings,
                entry.findings,
                when,
                entry.expires.map(time_text),
                confirmed,
            ])
        })
        .map_err(|e| fault.of(e))?;
    let file_id = connection.last_insert_rowid();
    enter_documents(connection, fault, entry, file_id)?;
    writing.enter_words(Words::of(file_id, entry, reference.as_str()));
    let event = Event::Filed {
        reference: reference.clone(),
        request: entry.request.clone(),
        content: digest_of(&Content {
            customer: &entry.customer,
            process: &entry.process,
            system_record: &entry.system_record,
            key: &entry.key,
            policy: &entry.policy,
            custody: entry.custody.mode(),
            thickness: place.as_ref().map(|place| place.thickness),
            documents: &entry.documents,
            readings: &entry.readings,
            findings: &entry.findings,
            filed: entry.when,
            expires: entry.expires,
        })?,
        box_number: place.as_ref().map(|place| place.archive_box.number.clone()),
        slot: place.as_ref().map(|place| place.slot.clone()),
        at: entry.when,
    };
    evidence::append(connection, fault, Some(file_id), &event)?;
    // Made from the entry instead of read back, which would cost as much as all the rest. That both are
    // the same is what the conformance kit checks.
    Ok(Filed {
        request: entry.request.clone(),
        reference,
        state: if place.is_some() { FilingState::Reserved } else { FilingState::Confirmed },
        already: false,
        customer: entry.customer.clone(),
        process: entry.process.clone(),
        system_record: entry.system_record.clone(),
        key: entry.key.clone(),
        policy: entry.policy.clone(),
        filed: entry.when,
        expires: entry.expires,
        confirmed: confirmed_at,
        void_reason: None,
        place,
    })
}

fn enter_documents(
    connection: &Connection,
    fault: Fault<'_>,
    entry: &FilingEntry,
    file_id: i64,
) -> Result<(), Error> {
    let mut statement = connection
        .prepare_cached(
            "INSERT INTO document (file_id, position, id, document_type, carrier, pages, date, digest, path)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
        .map_err(|e| fault.of(e))?;
    for (position, document) in entry.documents.iter().enumerate() {
        let entered = statement.execute(params![
            file_id,
            position,
            document.id.as_str(),
            document.document_type.as_ref().map(|t| t.as_str()),
            carrier_text(document.carrier),
            document.pages.0,
            document.date.map(|d| d.to_string()),
            document.digest.to_string(),
            document.path.to_str(),
        ]);
        if let Err(error) = entered {
            return Err(match is_taken(&error) {
                true => document_is_filed(connection, fault, &document.id)?,
                false => fault.of(error),
            });
        }
    }
    Ok(())
}

fn document_is_filed(connection: &Connection, fault: Fault<'_>, id: &DocumentId) -> Result<Error, Error> {
    let holder: String = connection
        .query_row(
            "SELECT n.code FROM document d JOIN file f ON f.id = d.file_id JOIN number n ON n.id = f.number_id
             WHERE d.id = ?1 AND d.live = 1",
            [id.as_str()],
            |row| row.get(0),
        )
        .map_err(|e| fault.of(e))?;
    let message = format!("is already filed under {holder}: give the new document an id of its own");
    Ok(conflict(format!("document {id}"), message))
}

fn tie_system_record(connection: &Connection, fault: Fault<'_>, entry: &FilingEntry) -> Result<(), Error> {
    let key = entry.system_record.as_str();
    let new = connection
        .prepare_cached("INSERT INTO system_record (key, customer) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
        .and_then(|mut s| s.execute([key, entry.customer.as_str()]))
        .map_err(|e| fault.of(e))?;
    if new == 1 {
        return Ok(());
    }
    let customer: String = connection
        .prepare_cached("SELECT customer FROM system_record WHERE key = ?1")
        .and_then(|mut s| s.query_row([key], |row| row.get(0)))
        .map_err(|e| fault.of(e))?;
    if customer == entry.customer.as_str() {
        return Ok(());
    }
    let message = format!("belongs to customer {customer}, not {}: check both numbers", entry.customer);
    Err(conflict(format!("system record {key}"), message))
}

pub(super) fn confirm(
    connection: &Connection,
    fault: Fault<'_>,
    request: &RequestKey,
    receipt: &ShelfReceipt,
) -> Result<Filed, Error> {
    let filed = required(connection, fault, request)?;
    match filed.state {
        FilingState::Confirmed => return Ok(filed),
        FilingState::Void => {
            let reason = filed.void_reason.unwrap_or_default();
            let message =
                format!("was cancelled ({}): file the papers again under a new key", quoted(&reason));
            return Err(conflict(format!("request {request}"), message));
        }
        FilingState::Reserved => {}
    }
    let when = time_text(receipt.when);
    let (file_id, box_id): (i64, i64) = connection
        .prepare_cached("SELECT id, box_id FROM file WHERE request = ?1")
        .and_then(|mut s| s.query_row([request.as_str()], |row| Ok((row.get(0)?, row.get(1)?))))
        .map_err(|e| fault.of(e))?;
    if let Some(tag) = receipt.tag {
        set_tag(connection, fault, box_id, &tag.to_string())?;
    }
    connection
        .prepare_cached(
            "UPDATE slot SET state = 'confirmed', since = ?2 WHERE box_id = ?1 AND state = 'reserved'
             AND NOT EXISTS (SELECT 1 FROM slot WHERE box_id = ?1 AND state = 'confirmed')",
        )
        .and_then(|mut s| s.execute(params![box_id, when]))
        .map_err(|e| fault.of(e))?;
    connection
        .prepare_cached("UPDATE file SET state = 'confirmed', confirmed_at = ?2 WHERE request = ?1")
        .and_then(|mut s| s.execute([request.as_str(), &when]))
        .map_err(|e| fault.of(e))?;
    let event = Event::Confirmed { reference: filed.reference, tag: receipt.tag, at: receipt.when };
    evidence::append(connection, fault, Some(file_id), &event)?;
    read_back(connection, fault, request)
}

fn set_tag(connection: &Connection, fault: Fault<'_>, box_id: i64, tag: &str) -> Result<(), Error> {
    let holder: Option<(i64, String)> = connection
        .prepare_cached("SELECT b.id, n.code FROM box b JOIN number n ON n.id = b.number_id WHERE b.tag = ?1")
        .and_then(|mut s| s.query_row([tag], |row| Ok((row.get(0)?, row.get(1)?))).optional())
        .map_err(|e| fault.of(e))?;
    match holder {
        Some((holder, _)) if holder == box_id => return Ok(()),
        Some((_, number)) => {
            let message = format!("is on box {number}: check which box stands in the slot");
            return Err(conflict(format!("tag {tag}"), message));
        }
        None => {}
    }
    let present: Option<String> = connection
        .prepare_cached("SELECT tag FROM box WHERE id = ?1")
        .and_then(|mut s| s.query_row([box_id], |row| row.get(0)))
        .map_err(|e| fault.of(e))?;
    if let Some(present) = present {
        let message = format!("was seen where tag {present} is expected: check which box stands in the slot");
        return Err(conflict(format!("tag {tag}"), message));
    }
    connection
        .prepare_cached("UPDATE box SET tag = ?2 WHERE id = ?1")
        .and_then(|mut s| s.execute(params![box_id, tag]))
        .map_err(|e| fault.of(e))?;
    Ok(())
}

pub(super) fn cancel(
    connection: &Connection,
    fault: Fault<'_>,
    request: &RequestKey,
    reason: &str,
    when: DateTime<Utc>,
) -> Result<Filed, Error> {
    let filed = required(connection, fault, request)?;
    match filed.state {
        FilingState::Void => Ok(filed),
        FilingState::Confirmed => {
            let message = format!("was confirmed as {}: void that number instead", filed.reference);
            Err(conflict(format!("request {request}"), message))
        }
        FilingState::Reserved => void(connection, fault, request, reason, when),
    }
}

pub(super) fn expire(
    connection: &Connection,
    fault: Fault<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Filed>, Error> {
    let mut cancelled = Vec::new();
    for filed in lookup::expired(connection, fault, now)? {
        let reason = filed.expires.map(|e| format!("reservation ran out at {e}")).unwrap_or_default();
        cancelled.push(void(connection, fault, &filed.request, &reason, now)?);
    }
    Ok(cancelled)
}

pub(super) fn void_number(
    connection: &Connection,
    fault: Fault<'_>,
    number: &ReferenceCode,
    reason: &str,
    when: DateTime<Utc>,
) -> Result<Filed, Error> {
    let request: Option<RequestKey> = connection
        .prepare_cached(
            "SELECT f.request FROM file f JOIN number n ON n.id = f.number_id WHERE n.kind = 'file' AND n.code = ?1",
        )
        .and_then(|mut s| s.query_row([number.as_str()], |row| lookup::parsed(row, 0)).optional())
        .map_err(|e| fault.of(e))?;
    let Some(request) = request else {
        let message = "was never given: check the number";
        return Err(Error::new(ErrorKind::NotFound, format!("reference code {number}"), message));
    };
    let filed = required(connection, fault, &request)?;
    if filed.state == FilingState::Void {
        return Ok(filed);
    }
    void(connection, fault, &request, reason, when)
}

/// Takes a live file out: its number is void, its room is free, and a box that never reached its slot
/// and holds nothing else is withdrawn. A box that stands in a slot stays there, since somebody has to
/// fetch it.
fn void(
    connection: &Connection,
    fault: Fault<'_>,
    request: &RequestKey,
    reason: &str,
    when: DateTime<Utc>,
) -> Result<Filed, Error> {
    let at = when;
    let when = time_text(when);
    let lent: Option<String> = connection
        .prepare_cached(
            "SELECT l.key FROM loan l JOIN file f ON f.id = l.file_id WHERE f.request = ?1 AND l.returned_at IS NULL",
        )
        .and_then(|mut s| s.query_row([request.as_str()], |row| row.get(0)).optional())
        .map_err(|e| fault.of(e))?;
    if let Some(loan) = lent {
        let message = format!("is on loan {loan}: wait until it is returned");
        return Err(conflict(format!("the file of request {request}"), message));
    }
    let (file_id, number_id, box_id): (i64, i64, Option<i64>) = connection
        .prepare_cached("SELECT id, number_id, box_id FROM file WHERE request = ?1")
        .and_then(|mut s| s.query_row([request.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))))
        .map_err(|e| fault.of(e))?;
    let run = || -> rusqlite::Result<()> {
        connection
            .prepare_cached("UPDATE file SET state = 'void' WHERE request = ?1")?
            .execute([request.as_str()])?;
        let void_number = "UPDATE number SET voided_at = ?2, void_reason = ?3 WHERE id = ?1";
        connection.prepare_cached(void_number)?.execute(params![number_id, when, reason])?;
        let Some(box_id) = box_id else { return Ok(()) };
        let abandoned: Option<i64> = connection
            .prepare_cached(
                "SELECT b.number_id FROM box b WHERE b.id = ?1 AND b.state <> 'withdrawn'
                   AND NOT EXISTS (SELECT 1 FROM file WHERE box_id = b.id AND state <> 'void')
                   AND NOT EXISTS (SELECT 1 FROM slot WHERE box_id = b.id AND state = 'confirmed')",
            )?
            .query_row([box_id], |row| row.get(0))
            .optional()?;
        let Some(box_number_id) = abandoned else { return Ok(()) };
        connection
            .prepare_cached("UPDATE slot SET box_id = NULL, state = 'free', since = NULL WHERE box_id = ?1")?
            .execute([box_id])?;
        connection
            .prepare_cached("UPDATE box SET state = 'withdrawn', tag = NULL WHERE id = ?1")?
            .execute([box_id])?;
        connection.prepare_cached(void_number)?.execute(params![box_number_id, when, reason])?;
        Ok(())
    };
    run().map_err(|e| fault.of(e))?;
    let filed = read_back(connection, fault, request)?;
    let event = Event::Voided { reference: filed.reference.clone(), reason: reason.to_owned(), at };
    evidence::append(connection, fault, Some(file_id), &event)?;
    Ok(filed)
}
