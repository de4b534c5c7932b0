//! Which box takes a file, and which slot a new box.

use super::lookup::time_text;
use super::numbers::draw;
use crate::Error;
use crate::filing::{FilingEntry, Place, Shelving, Standing};
use crate::sql::{Dialect, Row, Transaction, conflict, values};
use archive_core::boxing::open_box::{self, OpenBox, Placement};
use archive_core::holding::{ArchiveBox, SlotAddress};
use archive_core::identifier::RequestKey;
use archive_core::units::Millimetres;

/// That a box became a wider one.
pub(crate) struct Grown {
    pub(crate) from: Millimetres,
    pub(crate) to: Millimetres,
}

/// The box for the entry: the newest of its key where there is room, or where it may grow; else a new one
/// in a slot.
///
/// Older boxes with room are passed by, so that each box holds consecutive files and its spine can
/// state the first and the last.
pub(crate) fn find_box(
    tx: &Transaction<'_>,
    entry: &FilingEntry,
    shelving: &Shelving,
) -> Result<(i64, Place, Option<Grown>), Error> {
    let key = &entry.key;
    let newest = tx.one(
        "SELECT b.id, b.spine, b.filled, b.tag, n.code, coalesce(stands.address, awaits.address),
             CASE WHEN stands.id IS NULL THEN 0 ELSE 1 END,
             (SELECT min(width) FROM slot WHERE box_id = b.id)
         FROM box b JOIN number n ON n.id = b.number_id
         LEFT JOIN slot stands ON stands.box_id = b.id AND stands.state = 'confirmed'
         LEFT JOIN slot awaits ON awaits.box_id = b.id AND awaits.state = 'reserved'
         WHERE b.id = (SELECT max(id) FROM box WHERE state = 'open' AND fonds = ?1 AND year = ?2
             AND retention = ?3 AND organisation = ?4)",
        values![key.fonds.as_str(), key.year, key.retention.code(), key.organisation.as_str()],
        |row| {
            let place = Place {
                thickness: shelving.thickness,
                archive_box: ArchiveBox {
                    number: row.parsed(4)?,
                    key: key.clone(),
                    spine: Millimetres(row.int(1)?),
                    filled: Millimetres(row.int(2)?),
                },
                tag: row.parsed_option(3)?,
                slot: row.parsed(5)?,
                standing: if row.int::<i64>(6)? == 1 { Standing::Confirmed } else { Standing::Reserved },
            };
            // A slot at least, since the box has an address.
            Ok((row.int::<i64>(0)?, place, Millimetres(row.int(7)?)))
        },
    )?;
    if let Some((box_id, mut place, slot_width)) = newest {
        let (spine, filled) = (place.archive_box.spine, place.archive_box.filled);
        let wider: &[Millimetres] = if shelving.grows { &shelving.spines } else { &[] };
        let open = OpenBox { spine, filled, slot_width };
        place.archive_box.filled = Millimetres(filled.0.saturating_add(shelving.thickness.0));
        match open_box::place(Some(open), shelving.thickness, wider) {
            Placement::Into => return Ok((box_id, place, None)),
            Placement::Grow { spine: to } => {
                tx.execute("UPDATE box SET spine = ?2 WHERE id = ?1", values![box_id, to.0])?;
                place.archive_box.spine = to;
                return Ok((box_id, place, Some(Grown { from: spine, to })));
            }
            Placement::New => {}
        }
    }
    let (slot_id, slot, spine) = choose_slot(tx, &entry.request, shelving)?;
    let (number_id, number) = draw(tx, "box", &shelving.box_number)?;
    let when = time_text(entry.when);
    let box_id = tx.insert_new(
        "INSERT INTO box (number_id, fonds, year, retention, organisation, spine, state, made_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7)",
        values![
            number_id,
            key.fonds.as_str(),
            key.year,
            key.retention.code(),
            key.organisation.as_str(),
            spine.0,
            &when,
        ],
    )?;
    super::holds::use_slot(tx, slot_id, entry.when)?;
    tx.execute(
        "UPDATE slot SET box_id = ?1, state = 'reserved', since = ?2 WHERE id = ?3",
        values![box_id, &when, slot_id],
    )?;
    let archive_box = ArchiveBox { number, key: key.clone(), spine, filled: shelving.thickness };
    let standing = Standing::Reserved;
    let place = Place { thickness: shelving.thickness, archive_box, tag: None, slot, standing };
    Ok((box_id, place, None))
}

/// Takes room in a box for the file of a request, before the file is entered.
pub(crate) fn take_room(
    tx: &Transaction<'_>,
    request: &str,
    box_id: i64,
    thickness: u32,
) -> Result<(), Error> {
    match tx.dialect() {
        Dialect::Sqlite => tx.execute(
            "INSERT INTO room (request, box_id, thickness) VALUES (?1, ?2, ?3)",
            values![request, box_id, thickness],
        )?,
        // There, the file itself takes it.
        #[cfg(feature = "postgres")]
        Dialect::Postgres => 0,
    };
    Ok(())
}

/// A free slot and the spine of the box for it: the first wanted spine for which there is a slot.
fn choose_slot(
    tx: &Transaction<'_>,
    request: &RequestKey,
    shelving: &Shelving,
) -> Result<(i64, SlotAddress, Millimetres), Error> {
    let to_slot = |row: &Row<'_>| Ok((row.int::<i64>(0)?, row.parsed(1)?));
    // A slot that is held for a request is free for that request alone, and the first that it gets.
    let held =
        "SELECT s.id, s.address FROM slot s JOIN slot_hold h ON h.slot_id = s.id AND h.ended_at IS NULL
         WHERE h.key = ?1 AND s.box_id IS NULL AND s.width >= ?2";
    let unheld = "box_id IS NULL AND NOT EXISTS
         (SELECT 1 FROM slot_hold h WHERE h.slot_id = slot.id AND h.ended_at IS NULL)";
    for spine in shelving.spines.iter().copied().filter(|spine| *spine >= shelving.thickness) {
        let mut found = tx.one(held, values![request.as_str(), spine.0], to_slot)?;
        match &shelving.slots {
            _ if found.is_some() => {}
            None => {
                let sql = format!(
                    "SELECT id, address FROM slot WHERE {unheld} AND width >= ?1 ORDER BY width, id LIMIT 1"
                );
                found = tx.one(&sql, values![spine.0], to_slot)?;
            }
            Some(wanted) => {
                let sql =
                    format!("SELECT id, address FROM slot WHERE address = ?1 AND {unheld} AND width >= ?2");
                for address in wanted {
                    found = tx.one(&sql, values![address.as_str(), spine.0], to_slot)?;
                    if found.is_some() {
                        break;
                    }
                }
            }
        }
        if let Some((slot_id, address)) = found {
            return Ok((slot_id, address, spine));
        }
    }
    let (all, free): (i64, i64) =
        tx.only("SELECT count(*), count(*) - count(box_id) FROM slot", values![], |row| {
            Ok((row.int(0)?, row.int(1)?))
        })?;
    let needed = shelving.thickness;
    let message = match &shelving.slots {
        Some(wanted) if wanted.is_empty() => format!(
            "include none that suits a box for {needed} of paper: {free} of {all} are free; add or vacate slots"
        ),
        Some(wanted) => format!(
            "none of the {} named is free and takes a box for {needed} of paper: name others, of which {free} are free",
            wanted.len()
        ),
        None => format!(
            "are full: {} of {all} are taken, and none of the {free} free ones takes a box for {needed} of paper; add or vacate slots",
            all - free
        ),
    };
    Err(conflict("slots", message))
}
