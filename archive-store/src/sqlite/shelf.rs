//! Slots and inventories.

use archive_core::holding::Slot;
use archive_core::units::Millimetres;
use rusqlite::{Connection, OptionalExtension, params};

use super::evidence;
use super::fault::Fault;
use super::lookup::{parsed, parsed_option, time_text};
use crate::evidence_log::{Event, digest_of};
use crate::shelf::{Inventory, Sighting, SlotFilter, SlotStatus, SlotUse};
use crate::{Error, ErrorKind};

pub(super) fn add_slots(connection: &Connection, fault: Fault<'_>, slots: &[Slot]) -> Result<usize, Error> {
    let mut added = Vec::new();
    for slot in slots {
        if slot.width.0 == 0 {
            return Err(Error::invalid(format!("slot {}", slot.address), "is 0 mm wide: measure it"));
        }
        let known: Option<u32> = connection
            .prepare_cached("SELECT width FROM slot WHERE address = ?1")
            .and_then(|mut s| s.query_row([slot.address.as_str()], |row| row.get(0)).optional())
            .map_err(|e| fault.of(e))?;
        match known {
            Some(width) if width != slot.width.0 => {
                let message = format!("is known as {width} mm wide, not {}: check which is true", slot.width);
                return Err(Error::new(ErrorKind::Conflict, format!("slot {}", slot.address), message));
            }
            Some(_) => {}
            None => {
                connection
                    .prepare_cached("INSERT INTO slot (address, width) VALUES (?1, ?2)")
                    .and_then(|mut s| s.execute(params![slot.address.as_str(), slot.width.0]))
                    .map_err(|e| fault.of(e))?;
                added.push(slot);
            }
        }
    }
    if !added.is_empty() {
        let event = Event::SlotsAdded { count: added.len(), list: digest_of(&added)? };
        evidence::append(connection, fault, None, &event)?;
    }
    Ok(added.len())
}

pub(super) fn slots(
    connection: &Connection,
    fault: Fault<'_>,
    filter: &SlotFilter,
) -> Result<Vec<SlotStatus>, Error> {
    let used = filter.used.map(|used| match used {
        SlotUse::Free => "free",
        SlotUse::Reserved => "reserved",
        SlotUse::Confirmed => "confirmed",
    });
    // Compared as text up to a separator, so that R1 is not R10 and no pattern character counts.
    let within = filter.within.as_deref().map(|part| format!("{}/", part.trim_end_matches('/')));
    let limit = filter.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
    let run = || -> rusqlite::Result<Vec<SlotStatus>> {
        connection
            .prepare_cached(
                "SELECT s.address, s.width, s.state, n.code FROM slot s
                 LEFT JOIN box b ON b.id = s.box_id LEFT JOIN number n ON n.id = b.number_id
                 WHERE s.width >= ?1 AND (?2 IS NULL OR s.state = ?2)
                   AND (?3 IS NULL OR substr(s.address, 1, length(?3)) = ?3)
                 ORDER BY s.id LIMIT ?4",
            )?
            .query_map(params![filter.at_least.0, used, within, limit], |row| {
                Ok(SlotStatus {
                    slot: Slot { address: parsed(row, 0)?, width: Millimetres(row.get(1)?) },
                    used: match row.get_ref(2)?.as_str()? {
                        "free" => SlotUse::Free,
                        "reserved" => SlotUse::Reserved,
                        _ => SlotUse::Confirmed,
                    },
                    box_number: parsed_option(row, 3)?,
                })
            })?
            .collect()
    };
    run().map_err(|e| fault.of(e))
}

pub(super) fn record_inventory(
    connection: &Connection,
    fault: Fault<'_>,
    inventory: &Inventory,
) -> Result<(), Error> {
    let content = digest_of(inventory)?;
    let digest = content.to_string();
    let known: Option<String> = connection
        .prepare_cached("SELECT digest FROM inventory WHERE key = ?1")
        .and_then(|mut s| s.query_row([inventory.key.as_str()], |row| row.get(0)).optional())
        .map_err(|e| fault.of(e))?;
    if let Some(known) = known {
        if known == digest {
            return Ok(());
        }
        let message = "was recorded before with other findings: give this one a key of its own";
        return Err(Error::new(ErrorKind::Conflict, format!("inventory {}", inventory.key), message));
    }
    connection
        .prepare_cached("INSERT INTO inventory (key, digest, at) VALUES (?1, ?2, ?3)")
        .and_then(|mut s| s.execute(params![inventory.key.as_str(), digest, time_text(inventory.when)]))
        .map_err(|e| fault.of(e))?;
    let inventory_id = connection.last_insert_rowid();
    for finding in &inventory.findings {
        let number = finding.box_number.as_str();
        let box_id: Option<i64> = connection
            .prepare_cached(
                "SELECT b.id FROM box b JOIN number n ON n.id = b.number_id WHERE n.kind = 'box' AND n.code = ?1",
            )
            .and_then(|mut s| s.query_row([number], |row| row.get(0)).optional())
            .map_err(|e| fault.of(e))?;
        let Some(box_id) = box_id else {
            let message = format!("is not in the catalogue; inventory {} names it", inventory.key);
            return Err(Error::new(ErrorKind::NotFound, format!("box {number}"), message));
        };
        let (sighting, seen) = match &finding.sighting {
            Sighting::Present => ("present", None),
            Sighting::Misplaced { seen } => ("misplaced", Some(seen.as_str())),
            Sighting::Missing => ("missing", None),
            Sighting::Unverified => ("unverified", None),
        };
        let new = connection
            .prepare_cached("INSERT INTO sighting (box_id, inventory_id, sighting, seen) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")
            .and_then(|mut s| s.execute(params![box_id, inventory_id, sighting, seen]))
            .map_err(|e| fault.of(e))?;
        if new == 0 {
            let message = format!("names box {number} twice");
            return Err(Error::invalid(format!("inventory {}", inventory.key), message));
        }
    }
    let event = Event::InventoryRecorded { key: inventory.key.clone(), content, at: inventory.when };
    evidence::append(connection, fault, None, &event)
}
