//! Boxes from slot to slot, and off the shelf.

use archive_core::holding::{ArchiveBox, BoxKey, SlotAddress};
use archive_core::identifier::BoxNumber;
use archive_core::units::Millimetres;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::evidence;
use super::fault::Fault;
use super::lookup::{parsed, parsed_option, time_text};
use crate::evidence_log::Event;
use crate::filing::Standing;
use crate::shelf::BoxStatus;
use crate::{Error, ErrorKind};

/// A box's row id and what is known of it. A withdrawn box is not found.
fn find(connection: &Connection, fault: Fault<'_>, number: &BoxNumber) -> Result<(i64, BoxStatus), Error> {
    let found = connection
        .prepare_cached(
            "SELECT b.id, n.code, b.fonds, b.year, b.retention, b.organisation, b.spine, b.filled, b.tag,
                 stands.address, awaits.address
             FROM box b JOIN number n ON n.id = b.number_id
             LEFT JOIN slot stands ON stands.box_id = b.id AND stands.state = 'confirmed'
             LEFT JOIN slot awaits ON awaits.box_id = b.id AND awaits.state = 'reserved'
             WHERE n.kind = 'box' AND n.code = ?1 AND b.state <> 'withdrawn'",
        )
        .and_then(|mut s| {
            s.query_row([number.as_str()], |row| {
                let archive_box = ArchiveBox {
                    number: parsed(row, 1)?,
                    key: BoxKey {
                        fonds: parsed(row, 2)?,
                        year: row.get(3)?,
                        retention: parsed(row, 4)?,
                        organisation: parsed(row, 5)?,
                    },
                    spine: Millimetres(row.get(6)?),
                    filled: Millimetres(row.get(7)?),
                };
                let tag = parsed_option(row, 8)?;
                let awaits: Option<SlotAddress> = parsed_option(row, 10)?;
                let status = match parsed_option(row, 9)? {
                    Some(slot) => {
                        BoxStatus { archive_box, tag, slot, standing: Standing::Confirmed, moving_to: awaits }
                    }
                    None => BoxStatus {
                        archive_box,
                        tag,
                        slot: parsed(row, 10)?,
                        standing: Standing::Reserved,
                        moving_to: None,
                    },
                };
                Ok((row.get(0)?, status))
            })
            .optional()
        })
        .map_err(|e| fault.of(e))?;
    found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("box {number}"), "is not on any shelf"))
}

pub(super) fn status(
    connection: &Connection,
    fault: Fault<'_>,
    number: &BoxNumber,
) -> Result<BoxStatus, Error> {
    find(connection, fault, number).map(|(_, status)| status)
}

fn free(connection: &Connection, fault: Fault<'_>, address: &SlotAddress) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE slot SET box_id = NULL, state = 'free', since = NULL WHERE address = ?1")
        .and_then(|mut s| s.execute([address.as_str()]))
        .map(drop)
        .map_err(|e| fault.of(e))
}

pub(super) fn begin(
    connection: &Connection,
    fault: Fault<'_>,
    number: &BoxNumber,
    to: &SlotAddress,
    when: DateTime<Utc>,
) -> Result<BoxStatus, Error> {
    let (box_id, before) = find(connection, fault, number)?;
    if before.moving_to.as_ref().unwrap_or(&before.slot) == to {
        return Ok(before);
    }
    if let Some(other) = &before.moving_to {
        let message = format!("is on its way to {other}: confirm or cancel that move first");
        return Err(Error::new(ErrorKind::Conflict, format!("box {number}"), message));
    }
    let target: Option<(String, u32)> = connection
        .prepare_cached("SELECT state, width FROM slot WHERE address = ?1")
        .and_then(|mut s| s.query_row([to.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional())
        .map_err(|e| fault.of(e))?;
    let fault_of_target = match target {
        None => return Err(Error::new(ErrorKind::NotFound, format!("slot {to}"), "is not in the catalogue")),
        Some((state, _)) if state != "free" => Some(format!("is {state}: choose a free one")),
        Some((_, width)) if width < before.archive_box.spine.0 => Some(format!(
            "is {width} mm wide and box {number} {}: choose a wider one",
            before.archive_box.spine
        )),
        Some(_) => None,
    };
    if let Some(message) = fault_of_target {
        return Err(Error::new(ErrorKind::Conflict, format!("slot {to}"), message));
    }
    // A box that nobody put anywhere yet just gets another reservation.
    if before.standing == Standing::Reserved {
        free(connection, fault, &before.slot)?;
    }
    connection
        .prepare_cached("UPDATE slot SET box_id = ?1, state = 'reserved', since = ?2 WHERE address = ?3")
        .and_then(|mut s| s.execute(params![box_id, time_text(when), to.as_str()]))
        .map_err(|e| fault.of(e))?;
    let event = Event::MoveBegun { box_number: number.clone(), from: before.slot, to: to.clone(), at: when };
    evidence::append(connection, fault, None, &event)?;
    status(connection, fault, number)
}

pub(super) fn confirm(
    connection: &Connection,
    fault: Fault<'_>,
    number: &BoxNumber,
    when: DateTime<Utc>,
) -> Result<BoxStatus, Error> {
    let (_, before) = find(connection, fault, number)?;
    let Some(to) = before.moving_to.clone() else { return Ok(before) };
    free(connection, fault, &before.slot)?;
    connection
        .prepare_cached("UPDATE slot SET state = 'confirmed', since = ?2 WHERE address = ?1")
        .and_then(|mut s| s.execute([to.as_str(), &time_text(when)]))
        .map_err(|e| fault.of(e))?;
    let event = Event::Moved { box_number: number.clone(), from: before.slot, to, at: when };
    evidence::append(connection, fault, None, &event)?;
    status(connection, fault, number)
}

pub(super) fn cancel(
    connection: &Connection,
    fault: Fault<'_>,
    number: &BoxNumber,
    when: DateTime<Utc>,
) -> Result<BoxStatus, Error> {
    let (_, before) = find(connection, fault, number)?;
    let Some(to) = before.moving_to.clone() else { return Ok(before) };
    free(connection, fault, &to)?;
    let event = Event::MoveCancelled { box_number: number.clone(), to, at: when };
    evidence::append(connection, fault, None, &event)?;
    status(connection, fault, number)
}

pub(super) fn vacate(
    connection: &Connection,
    fault: Fault<'_>,
    number: &BoxNumber,
    reason: &str,
    when: DateTime<Utc>,
) -> Result<SlotAddress, Error> {
    let (box_id, before) = find(connection, fault, number)?;
    let files: i64 = connection
        .prepare_cached("SELECT count(*) FROM file WHERE box_id = ?1 AND state <> 'void'")
        .and_then(|mut s| s.query_row([box_id], |row| row.get(0)))
        .map_err(|e| fault.of(e))?;
    if files > 0 {
        let message = format!("holds {files} files: void or dispose of them first");
        return Err(Error::new(ErrorKind::Conflict, format!("box {number}"), message));
    }
    free(connection, fault, &before.slot)?;
    if let Some(to) = &before.moving_to {
        free(connection, fault, to)?;
    }
    let run = || -> rusqlite::Result<()> {
        connection
            .prepare_cached("UPDATE box SET state = 'withdrawn', tag = NULL WHERE id = ?1")?
            .execute([box_id])?;
        connection
            .prepare_cached(
                "UPDATE number SET voided_at = ?2, void_reason = ?3 WHERE id = (SELECT number_id FROM box WHERE id = ?1)",
            )?
            .execute(params![box_id, time_text(when), reason])
            .map(drop)
    };
    run().map_err(|e| fault.of(e))?;
    let event = Event::Vacated {
        box_number: number.clone(),
        slot: before.slot.clone(),
        reason: reason.to_owned(),
        at: when,
    };
    evidence::append(connection, fault, None, &event)?;
    Ok(before.slot)
}
