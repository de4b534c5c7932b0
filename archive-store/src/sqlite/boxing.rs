//! Which box takes a file, and which slot a new box.

use archive_core::holding::{ArchiveBox, SlotAddress};
use archive_core::units::Millimetres;
use rusqlite::{Connection, OptionalExtension, params};

use super::fault::{Fault, conflict};
use super::lookup::{parsed, parsed_option, time_text};
use super::numbers::draw;
use crate::Error;
use crate::filing::{FilingEntry, Place, Shelving, Standing};

/// The box for the entry: the newest of its key where there is room, else a new one in a slot.
///
/// Older boxes with room are passed by, so that each box holds consecutive files and its spine can
/// state the first and the last.
pub(super) fn find_box(
    connection: &Connection,
    fault: Fault<'_>,
    entry: &FilingEntry,
    shelving: &Shelving,
) -> Result<(i64, Place), Error> {
    let key = &entry.key;
    let newest = connection
        .prepare_cached(
            "SELECT b.id, b.spine, b.filled, b.tag, n.code, coalesce(stands.address, awaits.address),
                 stands.id IS NOT NULL
             FROM box b JOIN number n ON n.id = b.number_id
             LEFT JOIN slot stands ON stands.box_id = b.id AND stands.state = 'confirmed'
             LEFT JOIN slot awaits ON awaits.box_id = b.id AND awaits.state = 'reserved'
             WHERE b.id = (SELECT max(id) FROM box WHERE state = 'open' AND fonds = ?1 AND year = ?2
                 AND retention = ?3 AND organisation = ?4)",
        )
        .and_then(|mut s| {
            let parameters =
                params![key.fonds.as_str(), key.year, key.retention.code(), key.organisation.as_str()];
            let to_place = |row: &rusqlite::Row<'_>| {
                let place = Place {
                    thickness: shelving.thickness,
                    archive_box: ArchiveBox {
                        number: parsed(row, 4)?,
                        key: key.clone(),
                        spine: Millimetres(row.get(1)?),
                        filled: Millimetres(row.get(2)?),
                    },
                    tag: parsed_option(row, 3)?,
                    slot: parsed(row, 5)?,
                    standing: if row.get(6)? { Standing::Confirmed } else { Standing::Reserved },
                };
                Ok((row.get(0)?, place))
            };
            s.query_row(parameters, to_place).optional()
        })
        .map_err(|e| fault.of(e))?;
    if let Some((box_id, mut place)) = newest
        && place.archive_box.room() >= shelving.thickness
    {
        place.archive_box.filled.0 += shelving.thickness.0;
        return Ok((box_id, place));
    }
    let (slot_id, slot, spine) = choose_slot(connection, fault, shelving)?;
    let (number_id, number) = draw(connection, fault, "box", &shelving.box_number)?;
    let when = time_text(entry.when);
    connection
        .prepare_cached(
            "INSERT INTO box (number_id, fonds, year, retention, organisation, spine, state, made_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7)",
        )
        .and_then(|mut s| {
            s.execute(params![
                number_id,
                key.fonds.as_str(),
                key.year,
                key.retention.code(),
                key.organisation.as_str(),
                spine.0,
                when,
            ])
        })
        .map_err(|e| fault.of(e))?;
    let box_id = connection.last_insert_rowid();
    connection
        .prepare_cached("UPDATE slot SET box_id = ?1, state = 'reserved', since = ?2 WHERE id = ?3")
        .and_then(|mut s| s.execute(params![box_id, when, slot_id]))
        .map_err(|e| fault.of(e))?;
    let archive_box = ArchiveBox { number, key: key.clone(), spine, filled: shelving.thickness };
    let standing = Standing::Reserved;
    Ok((box_id, Place { thickness: shelving.thickness, archive_box, tag: None, slot, standing }))
}

/// A free slot and the spine of the box for it: the first wanted spine for which there is a slot.
fn choose_slot(
    connection: &Connection,
    fault: Fault<'_>,
    shelving: &Shelving,
) -> Result<(i64, SlotAddress, Millimetres), Error> {
    let to_slot = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, parsed(row, 1)?));
    for spine in shelving.spines.iter().copied().filter(|spine| *spine >= shelving.thickness) {
        let found = match &shelving.slots {
            None => connection
                .prepare_cached(
                    "SELECT id, address FROM slot WHERE box_id IS NULL AND width >= ?1 ORDER BY width, id LIMIT 1",
                )
                .and_then(|mut s| s.query_row([spine.0], to_slot).optional())
                .map_err(|e| fault.of(e))?,
            Some(wanted) => {
                let mut found = None;
                for address in wanted {
                    found = connection
                        .prepare_cached(
                            "SELECT id, address FROM slot WHERE address = ?1 AND box_id IS NULL AND width >= ?2",
                        )
                        .and_then(|mut s| {
                            s.query_row(params![address.as_str(), spine.0], to_slot).optional()
                        })
                        .map_err(|e| fault.of(e))?;
                    if found.is_some() {
                        break;
                    }
                }
                found
            }
        };
        if let Some((slot_id, address)) = found {
            return Ok((slot_id, address, spine));
        }
    }
    let (all, free): (i64, i64) = connection
        .query_row("SELECT count(*), count(*) - count(box_id) FROM slot", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map_err(|e| fault.of(e))?;
    let needed = shelving.thickness;
    let message = match &shelving.slots {
        Some(wanted) => format!(
            "none of the {} named is free and takes a box for {needed} of paper: name others, of which {free} are free",
            wanted.len()
        ),
        None => format!(
            "are full: {} of {all} are taken, and none of the {free} free ones takes a box for {needed} of paper; add or vacate slots",
            all - free
        ),
    };
    Err(conflict("slots".into(), message))
}
