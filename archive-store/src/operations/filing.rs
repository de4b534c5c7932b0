//! The transaction that ties archive, system record and slot, and its undoing.
//!
//! Every function here runs under one savepoint: an error on any line takes back the number, the box
//! and the slot together.

use std::sync::mpsc::{Receiver, sync_channel};

use archive_core::identifier::{DocumentId, ReferenceCode, RequestKey, quoted};
use archive_core::record::Digest;
use chrono::{DateTime, Utc};

use super::boxing::{find_box, take_room};
use super::lookup::{self, carrier_text, time_text};
use super::numbers::draw;
use super::parties::enter_system_record;
use super::search::{Unnumbered, Words};
use super::{closing, evidence};
use crate::evidence_log::{Content, Event, digest_of};
use crate::filing::{Custody, Filed, FilingEntry, FilingState, ShelfReceipt};
use crate::sql::{Transaction, conflict, values};
use crate::{Error, ErrorKind};

/// What was just written must be there to read.
fn read_back(tx: &Transaction<'_>, request: &RequestKey) -> Result<Filed, Error> {
    lookup::request(tx, request)?.ok_or_else(|| {
        Error::new(
            ErrorKind::Internal,
            format!("request {request}"),
            "vanished while it was written: report it",
        )
    })
}

pub(crate) fn required(tx: &Transaction<'_>, request: &RequestKey) -> Result<Filed, Error> {
    lookup::request(tx, request)?.ok_or_else(|| {
        let message = "was never filed: check the key, or file it first";
        Error::new(ErrorKind::NotFound, format!("request {request}"), message)
    })
}

/// A checked entry with all that can be computed of it outside of the transaction, so that others need not
/// wait for that.
#[derive(Debug)]
pub(crate) struct Prepared {
    entry: FilingEntry,
    content: Digest,
    words: Unnumbered,
    /// Digests and times as the tables hold them.
    digest: String,
    documents: Vec<String>,
    when: String,
}

impl Prepared {
    pub(crate) fn new(entry: FilingEntry) -> Result<Self, Error> {
        entry.check()?;
        let thickness = match &entry.custody {
            Custody::Electronic => None,
            Custody::CentralPaper(shelving) => Some(shelving.thickness),
        };
        let content = digest_of(&Content {
            customer: &entry.customer,
            process: &entry.process,
            system_record: &entry.system_record,
            key: &entry.key,
            policy: &entry.policy,
            custody: entry.custody.mode(),
            thickness,
            documents: &entry.documents,
            readings: &entry.readings,
            findings: &entry.findings,
            filed: entry.when,
            expires: entry.expires,
        })?;
        Ok(Self {
            content,
            words: Unnumbered::of(&entry),
            digest: entry.digest.to_string(),
            documents: entry.documents.iter().map(|document| document.digest.to_string()).collect(),
            when: time_text(entry.when),
            entry,
        })
    }
}

/// The entries of a batch, prepared while those before them are filed.
pub(crate) struct Batch {
    left: usize,
    ready: std::vec::IntoIter<Prepared>,
    coming: Option<Receiver<Result<Vec<Prepared>, Error>>>,
}

impl Batch {
    /// How many entries are prepared at a time.
    const PART: usize = 256;

    /// Begins to prepare `entries`; a few at once, many on a thread of their own.
    ///
    /// # Errors
    /// Those of the first part, before anything is filed.
    pub(crate) fn begin(entries: Vec<FilingEntry>) -> Result<Self, Error> {
        let left = entries.len();
        let mut entries = entries.into_iter().map(Prepared::new);
        let ready: Vec<Prepared> = entries.by_ref().take(Self::PART).collect::<Result<_, _>>()?;
        let mut coming = None;
        if left > Self::PART {
            let (parts, receiver) = sync_channel(8);
            coming = Some(receiver);
            std::thread::Builder::new()
                .name("catalogue-batch".into())
                .spawn(move || {
                    while entries.len() > 0 {
                        // A transaction that failed takes no more.
                        if parts.send(entries.by_ref().take(Self::PART).collect()).is_err() {
                            break;
                        }
                    }
                })
                .map_err(|e| {
                    let message = "cannot start the thread that prepares it: retry, or file it in parts";
                    Error::new(ErrorKind::Unavailable, "batch", message).with_source(e)
                })?;
        }
        Ok(Self { left, ready: ready.into_iter(), coming })
    }
}

impl Iterator for Batch {
    type Item = Result<Prepared, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        if let Some(prepared) = self.ready.next() {
            return Some(Ok(prepared));
        }
        let part = self.coming.as_ref().and_then(|coming| coming.recv().ok()).unwrap_or_else(|| {
            let message = "was not prepared to its end; nothing was written: report it";
            Err(Error::new(ErrorKind::Internal, "batch", message))
        });
        match part {
            Ok(part) => self.ready = part.into_iter(),
            Err(error) => return Some(Err(error)),
        }
        self.ready.next().map(Ok)
    }
}

pub(crate) fn file(tx: &Transaction<'_>, prepared: Prepared) -> Result<Filed, Error> {
    let entry = &prepared.entry;
    let stored: Option<String> = tx.one(
        "SELECT request_digest FROM file WHERE request = ?1",
        values![entry.request.as_str()],
        |row| row.string(0),
    )?;
    if let Some(stored) = stored {
        if stored == prepared.digest {
            return read_back(tx, &entry.request);
        }
        let message = "was used before for another request: give this one a key of its own";
        return Err(conflict(format!("request key {}", entry.request), message));
    }
    tie_system_record(tx, entry)?;
    let (number_id, reference) = draw(tx, "file", &entry.number)?;
    let (box_id, place, grown) = match &entry.custody {
        Custody::Electronic => (None, None, None),
        Custody::CentralPaper(shelving) => {
            let (box_id, place, grown) = find_box(tx, entry, shelving)?;
            take_room(tx, entry.request.as_str(), box_id, place.thickness.0)?;
            (Some(box_id), Some(place), grown)
        }
    };
    let when = &prepared.when;
    // Electronic files have no shelf to reach: they are where the catalogue says at once.
    let (state, custody, confirmed) = match place {
        Some(_) => ("reserved", "central-paper", None),
        None => ("confirmed", "electronic", Some(when)),
    };
    let confirmed_at = confirmed.map(|_| entry.when);
    let file_id = tx.insert_new("INSERT INTO file (number_id, request, request_digest, state, customer, system_record, process, fonds,
                 year, retention, organisation, policy_name, policy_version, custody, box_id, thickness, readings,
                 findings, filed_at, expires_at, confirmed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)", values![
                number_id,
                entry.request.as_str(),
                &prepared.digest,
                state,
                entry.customer.as_str(),
                entry.system_record.as_str(),
                entry.process.as_str(),
                entry.key.fonds.as_str(),
                entry.key.year,
                entry.key.retention.code(),
                entry.key.organisation.as_str(),
                &entry.policy.name,
                &entry.policy.version,
                custody,
                box_id,
                place.as_ref().map(|place| place.thickness.0),
                &entry.readings,
                &entry.findings,
                when,
                entry.expires.map(time_text),
                confirmed,
            ])?;
    enter_documents(tx, &prepared, file_id)?;
    tx.pending.borrow_mut().words.push(Words::of(file_id, reference.as_str(), &prepared.words));
    let event = Event::Filed {
        reference: reference.clone(),
        request: entry.request.clone(),
        content: prepared.content,
        box_number: place.as_ref().map(|place| place.archive_box.number.clone()),
        slot: place.as_ref().map(|place| place.slot.clone()),
        at: entry.when,
    };
    evidence::append(tx, Some(file_id), &event)?;
    if let (Some(grown), Some(place)) = (grown, &place) {
        let box_number = place.archive_box.number.clone();
        let event = Event::BoxGrown { box_number, from: grown.from, to: grown.to, at: entry.when };
        evidence::append(tx, Some(file_id), &event)?;
    }
    if let Some(main) = &entry.joins {
        closing::join(tx, main, (file_id, &reference), entry.when)?;
    }
    // Made from the entry instead of read back, which would cost as much as all the rest. That both are
    // the same is what the conformance kit checks.
    let entry = prepared.entry;
    Ok(Filed {
        request: entry.request,
        reference,
        state: if place.is_some() { FilingState::Reserved } else { FilingState::Confirmed },
        already: false,
        customer: entry.customer,
        process: entry.process,
        system_record: entry.system_record,
        key: entry.key,
        policy: entry.policy,
        filed: entry.when,
        expires: entry.expires,
        confirmed: confirmed_at,
        void_reason: None,
        place,
    })
}

fn enter_documents(tx: &Transaction<'_>, prepared: &Prepared, file_id: i64) -> Result<(), Error> {
    let documents = prepared.entry.documents.iter().zip(&prepared.documents);
    for (position, (document, digest)) in documents.enumerate() {
        let entered = tx.execute(
            "INSERT INTO document (file_id, position, id, document_type, carrier, pages, date, digest, path)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            values![
                file_id,
                position,
                document.id.as_str(),
                document.document_type.as_ref().map(|t| t.as_str()),
                carrier_text(document.carrier),
                document.pages.0,
                document.date.map(|d| d.to_string()),
                digest,
                document.path.to_str(),
            ],
        )?;
        if entered == 0 {
            return Err(document_is_filed(tx, &document.id)?);
        }
    }
    Ok(())
}

fn document_is_filed(tx: &Transaction<'_>, id: &DocumentId) -> Result<Error, Error> {
    let holder: String = tx.only(
        "SELECT n.code FROM document d JOIN file f ON f.id = d.file_id JOIN number n ON n.id = f.number_id
         WHERE d.id = ?1 AND d.live = 1",
        values![id.as_str()],
        |row| row.string(0),
    )?;
    let message = format!("is already filed under {holder}: give the new document an id of its own");
    Ok(conflict(format!("document {id}"), message))
}

fn tie_system_record(tx: &Transaction<'_>, entry: &FilingEntry) -> Result<(), Error> {
    let key = entry.system_record.as_str();
    if enter_system_record(tx, key, entry.customer.as_str())? {
        return Ok(());
    }
    let customer: String =
        tx.only("SELECT customer FROM system_record WHERE key = ?1", values![key], |row| row.string(0))?;
    if customer == entry.customer.as_str() {
        return Ok(());
    }
    let message = format!("belongs to customer {customer}, not {}: check both numbers", entry.customer);
    Err(conflict(format!("system record {key}"), message))
}

pub(crate) fn confirm(
    tx: &Transaction<'_>,
    request: &RequestKey,
    receipt: &ShelfReceipt,
) -> Result<Filed, Error> {
    let filed = required(tx, request)?;
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
    let (file_id, box_id): (i64, i64) =
        tx.only("SELECT id, box_id FROM file WHERE request = ?1", values![request.as_str()], |row| {
            Ok((row.int(0)?, row.int(1)?))
        })?;
    if let Some(tag) = receipt.tag {
        set_tag(tx, box_id, &tag.to_string())?;
    }
    tx.execute(
        "UPDATE slot SET state = 'confirmed', since = ?2 WHERE box_id = ?1 AND state = 'reserved'
             AND NOT EXISTS (SELECT 1 FROM slot WHERE box_id = ?1 AND state = 'confirmed')",
        values![box_id, &when],
    )?;
    tx.execute(
        "UPDATE file SET state = 'confirmed', confirmed_at = ?2 WHERE request = ?1",
        values![request.as_str(), &when],
    )?;
    let event = Event::Confirmed { reference: filed.reference, tag: receipt.tag, at: receipt.when };
    evidence::append(tx, Some(file_id), &event)?;
    read_back(tx, request)
}

fn set_tag(tx: &Transaction<'_>, box_id: i64, tag: &str) -> Result<(), Error> {
    let holder: Option<(i64, String)> = tx.one(
        "SELECT b.id, n.code FROM box b JOIN number n ON n.id = b.number_id WHERE b.tag = ?1",
        values![tag],
        |row| Ok((row.int(0)?, row.string(1)?)),
    )?;
    match holder {
        Some((holder, _)) if holder == box_id => return Ok(()),
        Some((_, number)) => {
            let message = format!("is on box {number}: check which box stands in the slot");
            return Err(conflict(format!("tag {tag}"), message));
        }
        None => {}
    }
    let present: Option<String> =
        tx.only("SELECT tag FROM box WHERE id = ?1", values![box_id], |row| row.string_option(0))?;
    if let Some(present) = present {
        let message = format!("was seen where tag {present} is expected: check which box stands in the slot");
        return Err(conflict(format!("tag {tag}"), message));
    }
    tx.execute("UPDATE box SET tag = ?2 WHERE id = ?1", values![box_id, tag])?;
    Ok(())
}

pub(crate) fn cancel(
    tx: &Transaction<'_>,
    request: &RequestKey,
    reason: &str,
    when: DateTime<Utc>,
) -> Result<Filed, Error> {
    let filed = required(tx, request)?;
    match filed.state {
        FilingState::Void => Ok(filed),
        FilingState::Confirmed => {
            let message = format!("was confirmed as {}: void that number instead", filed.reference);
            Err(conflict(format!("request {request}"), message))
        }
        FilingState::Reserved => void(tx, request, reason, when),
    }
}

pub(crate) fn expire(tx: &Transaction<'_>, now: DateTime<Utc>) -> Result<Vec<Filed>, Error> {
    let mut cancelled = Vec::new();
    for filed in lookup::expired(tx, now)? {
        let reason = filed.expires.map(|e| format!("reservation ran out at {e}")).unwrap_or_default();
        cancelled.push(void(tx, &filed.request, &reason, now)?);
    }
    super::holds::expire(tx, now)?;
    Ok(cancelled)
}

pub(crate) fn void_number(
    tx: &Transaction<'_>,
    number: &ReferenceCode,
    reason: &str,
    when: DateTime<Utc>,
) -> Result<Filed, Error> {
    let request: Option<RequestKey> = match lookup::file_row(tx, number)? {
        Some(file_id) => {
            tx.one("SELECT request FROM file WHERE id = ?1", values![file_id], |row| row.parsed(0))?
        }
        None => None,
    };
    let Some(request) = request else {
        let message = "was never given: check the number";
        return Err(Error::new(ErrorKind::NotFound, format!("reference code {number}"), message));
    };
    let filed = required(tx, &request)?;
    if filed.state == FilingState::Void {
        return Ok(filed);
    }
    void(tx, &request, reason, when)
}

/// Takes a live file out: its number is void, its room is free, and a box that never reached its slot
/// and holds nothing else is withdrawn. A box that stands in a slot stays there, since somebody has to
/// fetch it.
pub(crate) fn void(
    tx: &Transaction<'_>,
    request: &RequestKey,
    reason: &str,
    when: DateTime<Utc>,
) -> Result<Filed, Error> {
    let at = when;
    let when = time_text(when);
    let lent: Option<String> = tx.one("SELECT l.key FROM loan l JOIN file f ON f.id = l.file_id WHERE f.request = ?1 AND l.returned_at IS NULL", values![request.as_str()], |row| row.string(0))?;
    if let Some(loan) = lent {
        let message = format!("is on loan {loan}: wait until it is returned");
        return Err(conflict(format!("the file of request {request}"), message));
    }
    super::disposal::refuse_if_held(tx, request)?;
    let (file_id, number_id, box_id): (i64, i64, Option<i64>) = tx.only(
        "SELECT id, number_id, box_id FROM file WHERE request = ?1",
        values![request.as_str()],
        |row| Ok((row.int(0)?, row.int(1)?, row.int_option(2)?)),
    )?;
    tx.execute("UPDATE file SET state = 'void' WHERE id = ?1", values![file_id])?;
    let void_number = "UPDATE number SET voided_at = ?2, void_reason = ?3 WHERE id = ?1";
    tx.execute(void_number, values![number_id, &when, reason])?;
    if let Some(box_id) = box_id {
        let abandoned: Option<i64> = tx.one(
            "SELECT b.number_id FROM box b WHERE b.id = ?1 AND b.state <> 'withdrawn'
               AND NOT EXISTS (SELECT 1 FROM file WHERE box_id = b.id AND state <> 'void')
               AND NOT EXISTS (SELECT 1 FROM slot WHERE box_id = b.id AND state = 'confirmed')",
            values![box_id],
            |row| row.int(0),
        )?;
        if let Some(box_number_id) = abandoned {
            tx.execute(
                "UPDATE slot SET box_id = NULL, state = 'free', since = NULL WHERE box_id = ?1",
                values![box_id],
            )?;
            tx.execute("UPDATE box SET state = 'withdrawn', tag = NULL WHERE id = ?1", values![box_id])?;
            tx.execute(void_number, values![box_number_id, &when, reason])?;
        }
    }
    let filed = read_back(tx, request)?;
    let event = Event::Voided { reference: filed.reference.clone(), reason: reason.to_owned(), at };
    evidence::append(tx, Some(file_id), &event)?;
    Ok(filed)
}
