//! Slots that are kept before there is a box.

use archive_core::holding::SlotAddress;
use archive_core::identifier::RequestKey;
use chrono::{DateTime, Utc};

use super::evidence;
use super::lookup::time_text;
use crate::evidence_log::Event;
use crate::shelf::{HoldEnd, SlotHold};
use crate::sql::{Row, Transaction, conflict, values};
use crate::{Error, ErrorKind};

const HOLD: &str = "SELECT h.key, s.address, h.at, h.expires_at, h.outcome FROM slot_hold h
    JOIN slot s ON s.id = h.slot_id";

fn hold(row: &Row<'_>) -> Result<SlotHold, Error> {
    Ok(SlotHold {
        key: row.parsed(0)?,
        address: row.parsed(1)?,
        when: row.parsed(2)?,
        expires: row.parsed(3)?,
        ended: match row.string_option(4)?.as_deref() {
            None => None,
            Some("used") => Some(HoldEnd::Used),
            Some("released") => Some(HoldEnd::Released),
            Some("expired") => Some(HoldEnd::Expired),
            Some(other) => return Err(row.unknown(4, other)),
        },
    })
}

fn find(tx: &Transaction<'_>, key: &RequestKey) -> Result<Option<SlotHold>, Error> {
    tx.one(&format!("{HOLD} WHERE h.key = ?1"), values![key.as_str()], hold)
}

pub(crate) fn begin(tx: &Transaction<'_>, wanted: &SlotHold) -> Result<SlotHold, Error> {
    if let Some(known) = find(tx, &wanted.key)? {
        if known.address == wanted.address && known.when == wanted.when && known.expires == wanted.expires {
            return Ok(known);
        }
        let message = format!("keeps slot {} already: give this hold a key of its own", known.address);
        return Err(conflict(format!("request key {}", wanted.key), message));
    }
    let slot: Option<(i64, String)> =
        tx.one("SELECT id, state FROM slot WHERE address = ?1", values![wanted.address.as_str()], |row| {
            Ok((row.int(0)?, row.string(1)?))
        })?;
    let object = format!("slot {}", wanted.address);
    let Some((slot_id, state)) = slot else {
        return Err(Error::new(ErrorKind::NotFound, object, "is not in the catalogue"));
    };
    if state != "free" {
        return Err(conflict(object, format!("is {state}: choose a free one")));
    }
    refuse_if_held(tx, &wanted.address)?;
    tx.insert_new(
        "INSERT INTO slot_hold (key, slot_id, at, expires_at) VALUES (?1, ?2, ?3, ?4)",
        values![wanted.key.as_str(), slot_id, time_text(wanted.when), time_text(wanted.expires)],
    )?;
    let event = Event::SlotHeld {
        key: wanted.key.clone(),
        slot: wanted.address.clone(),
        until: wanted.expires,
        at: wanted.when,
    };
    evidence::append(tx, None, &event)?;
    Ok(SlotHold { ended: None, ..wanted.clone() })
}

pub(crate) fn release(
    tx: &Transaction<'_>,
    key: &RequestKey,
    when: DateTime<Utc>,
) -> Result<SlotHold, Error> {
    let Some(known) = find(tx, key)? else {
        return Err(Error::new(ErrorKind::NotFound, format!("slot hold {key}"), "is not in the catalogue"));
    };
    if known.ended.is_some() {
        return Ok(known);
    }
    end(tx, known, HoldEnd::Released, when)
}

fn end(
    tx: &Transaction<'_>,
    known: SlotHold,
    outcome: HoldEnd,
    when: DateTime<Utc>,
) -> Result<SlotHold, Error> {
    let text = match outcome {
        HoldEnd::Used => "used",
        HoldEnd::Released => "released",
        HoldEnd::Expired => "expired",
    };
    tx.execute(
        "UPDATE slot_hold SET ended_at = ?2, outcome = ?3 WHERE key = ?1",
        values![known.key.as_str(), time_text(when), text],
    )?;
    let event =
        Event::SlotReleased { key: known.key.clone(), slot: known.address.clone(), outcome, at: when };
    evidence::append(tx, None, &event)?;
    Ok(SlotHold { ended: Some(outcome), ..known })
}

/// Ends the holds that ran out before `now`.
pub(crate) fn expire(tx: &Transaction<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    let sql = format!("{HOLD} WHERE h.ended_at IS NULL AND h.expires_at < ?1 ORDER BY h.id");
    for known in tx.all(&sql, values![time_text(now)], hold)? {
        end(tx, known, HoldEnd::Expired, now)?;
    }
    Ok(())
}

/// Ends the hold of a slot that a box is about to take.
pub(crate) fn use_slot(tx: &Transaction<'_>, slot_id: i64, when: DateTime<Utc>) -> Result<(), Error> {
    let sql = format!("{HOLD} WHERE h.slot_id = ?1 AND h.ended_at IS NULL");
    match tx.one(&sql, values![slot_id], hold)? {
        Some(known) => end(tx, known, HoldEnd::Used, when).map(drop),
        None => Ok(()),
    }
}

/// A slot that is held is not free for others.
pub(crate) fn refuse_if_held(tx: &Transaction<'_>, address: &SlotAddress) -> Result<(), Error> {
    let sql = format!("{HOLD} WHERE s.address = ?1 AND h.ended_at IS NULL");
    match tx.one(&sql, values![address.as_str()], hold)? {
        Some(known) => {
            let message =
                format!("is held for request {} until {}: choose a free one", known.key, known.expires);
            Err(conflict(format!("slot {address}"), message))
        }
        None => Ok(()),
    }
}
