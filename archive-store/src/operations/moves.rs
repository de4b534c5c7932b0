//! Boxes from slot to slot, and off the shelf.

use super::evidence;
use super::lookup::time_text;
use crate::evidence_log::Event;
use crate::filing::Standing;
use crate::shelf::BoxStatus;
use crate::sql::{Transaction, values};
use crate::{Error, ErrorKind};
use archive_core::holding::{ArchiveBox, BoxKey, SlotAddress};
use archive_core::identifier::BoxNumber;
use archive_core::units::Millimetres;
use chrono::{DateTime, Utc};

/// A box's row id and what is known of it. A withdrawn box is not found.
pub(crate) fn find(tx: &Transaction<'_>, number: &BoxNumber) -> Result<(i64, BoxStatus), Error> {
    let found = tx.one(
        "SELECT b.id, n.code, b.fonds, b.year, b.retention, b.organisation, b.spine, b.filled, b.tag,
                 stands.address, awaits.address
             FROM box b JOIN number n ON n.id = b.number_id
             LEFT JOIN slot stands ON stands.box_id = b.id AND stands.state = 'confirmed'
             LEFT JOIN slot awaits ON awaits.box_id = b.id AND awaits.state = 'reserved'
             WHERE n.kind = 'box' AND n.code = ?1 AND b.state <> 'withdrawn'",
        values![number.as_str()],
        |row| {
            let archive_box = ArchiveBox {
                number: row.parsed(1)?,
                key: BoxKey {
                    fonds: row.parsed(2)?,
                    year: row.int(3)?,
                    retention: row.parsed(4)?,
                    organisation: row.parsed(5)?,
                },
                spine: Millimetres(row.int(6)?),
                filled: Millimetres(row.int(7)?),
            };
            let tag = row.parsed_option(8)?;
            let awaits: Option<SlotAddress> = row.parsed_option(10)?;
            let status = match row.parsed_option(9)? {
                Some(slot) => {
                    BoxStatus { archive_box, tag, slot, standing: Standing::Confirmed, moving_to: awaits }
                }
                None => BoxStatus {
                    archive_box,
                    tag,
                    slot: row.parsed(10)?,
                    standing: Standing::Reserved,
                    moving_to: None,
                },
            };
            Ok((row.int(0)?, status))
        },
    )?;
    found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("box {number}"), "is not on any shelf"))
}

pub(crate) fn status(tx: &Transaction<'_>, number: &BoxNumber) -> Result<BoxStatus, Error> {
    find(tx, number).map(|(_, status)| status)
}

fn free(tx: &Transaction<'_>, address: &SlotAddress) -> Result<(), Error> {
    tx.execute(
        "UPDATE slot SET box_id = NULL, state = 'free', since = NULL WHERE address = ?1",
        values![address.as_str()],
    )?;
    Ok(())
}

pub(crate) fn begin(
    tx: &Transaction<'_>,
    number: &BoxNumber,
    to: &SlotAddress,
    when: DateTime<Utc>,
) -> Result<BoxStatus, Error> {
    let (box_id, before) = find(tx, number)?;
    if before.moving_to.as_ref().unwrap_or(&before.slot) == to {
        return Ok(before);
    }
    if let Some(other) = &before.moving_to {
        let message = format!("is on its way to {other}: confirm or cancel that move first");
        return Err(Error::new(ErrorKind::Conflict, format!("box {number}"), message));
    }
    let target: Option<(String, u32)> =
        tx.one("SELECT state, width FROM slot WHERE address = ?1", values![to.as_str()], |row| {
            Ok((row.string(0)?, row.int(1)?))
        })?;
    let objection = match target {
        None => return Err(Error::new(ErrorKind::NotFound, format!("slot {to}"), "is not in the catalogue")),
        Some((state, _)) if state != "free" => Some(format!("is {state}: choose a free one")),
        Some((_, width)) if width < before.archive_box.spine.0 => Some(format!(
            "is {width} mm wide and box {number} {}: choose a wider one",
            before.archive_box.spine
        )),
        Some(_) => None,
    };
    if let Some(message) = objection {
        return Err(Error::new(ErrorKind::Conflict, format!("slot {to}"), message));
    }
    super::holds::refuse_if_held(tx, to)?;
    // A box that nobody put anywhere yet just gets another reservation.
    if before.standing == Standing::Reserved {
        free(tx, &before.slot)?;
    }
    tx.execute(
        "UPDATE slot SET box_id = ?1, state = 'reserved', since = ?2 WHERE address = ?3",
        values![box_id, time_text(when), to.as_str()],
    )?;
    let event = Event::MoveBegun { box_number: number.clone(), from: before.slot, to: to.clone(), at: when };
    evidence::append(tx, None, &event)?;
    status(tx, number)
}

pub(crate) fn confirm(
    tx: &Transaction<'_>,
    number: &BoxNumber,
    when: DateTime<Utc>,
) -> Result<BoxStatus, Error> {
    let (_, before) = find(tx, number)?;
    let Some(to) = before.moving_to.clone() else { return Ok(before) };
    free(tx, &before.slot)?;
    tx.execute(
        "UPDATE slot SET state = 'confirmed', since = ?2 WHERE address = ?1",
        values![to.as_str(), time_text(when)],
    )?;
    let event = Event::Moved { box_number: number.clone(), from: before.slot, to, at: when };
    evidence::append(tx, None, &event)?;
    status(tx, number)
}

pub(crate) fn cancel(
    tx: &Transaction<'_>,
    number: &BoxNumber,
    when: DateTime<Utc>,
) -> Result<BoxStatus, Error> {
    let (_, before) = find(tx, number)?;
    let Some(to) = before.moving_to.clone() else { return Ok(before) };
    free(tx, &to)?;
    let event = Event::MoveCancelled { box_number: number.clone(), to, at: when };
    evidence::append(tx, None, &event)?;
    status(tx, number)
}

pub(crate) fn vacate(
    tx: &Transaction<'_>,
    number: &BoxNumber,
    reason: &str,
    when: DateTime<Utc>,
) -> Result<SlotAddress, Error> {
    let (box_id, before) = find(tx, number)?;
    let files: i64 =
        tx.only("SELECT count(*) FROM file WHERE box_id = ?1 AND state <> 'void'", values![box_id], |row| {
            row.int(0)
        })?;
    if files > 0 {
        let message = format!("holds {files} files: void or dispose of them first");
        return Err(Error::new(ErrorKind::Conflict, format!("box {number}"), message));
    }
    free(tx, &before.slot)?;
    if let Some(to) = &before.moving_to {
        free(tx, to)?;
    }
    tx.execute("UPDATE box SET state = 'withdrawn', tag = NULL WHERE id = ?1", values![box_id])?;
    tx.execute(
        "UPDATE number SET voided_at = ?2, void_reason = ?3 WHERE id = (SELECT number_id FROM box WHERE id = ?1)",
        values![box_id, time_text(when), reason],
    )?;
    let event = Event::Vacated {
        box_number: number.clone(),
        slot: before.slot.clone(),
        reason: reason.to_owned(),
        at: when,
    };
    evidence::append(tx, None, &event)?;
    Ok(before.slot)
}

/// Whether the slot takes the box's spine, for a move that begins later.
pub(crate) fn refuse_if_narrow(
    tx: &Transaction<'_>,
    to: &SlotAddress,
    archive_box: &ArchiveBox,
) -> Result<(), Error> {
    let width: u32 =
        tx.only("SELECT width FROM slot WHERE address = ?1", values![to.as_str()], |row| row.int(0))?;
    if width >= archive_box.spine.0 {
        return Ok(());
    }
    let message = format!(
        "is {width} mm wide and box {} {}: choose a wider one",
        archive_box.number, archive_box.spine
    );
    Err(Error::new(ErrorKind::Conflict, format!("slot {to}"), message))
}
