//! Slots and inventories.

use super::evidence;
use super::lookup::time_text;
use crate::evidence_log::{Event, digest_of};
use crate::shelf::{
    Inventory, InventoryFinding, InventorySummary, Sighting, SiteStatus, SlotFilter, SlotStatus, SlotUse,
    TagHeard,
};
use crate::sql::{Dialect, Transaction, values};
use crate::{Error, ErrorKind};
use archive_core::holding::Slot;
use archive_core::identifier::RequestKey;
use archive_core::units::Millimetres;

pub(crate) fn add_slots(tx: &Transaction<'_>, slots: &[Slot]) -> Result<usize, Error> {
    let mut added = Vec::new();
    for slot in slots {
        if slot.width.0 == 0 {
            return Err(Error::invalid(format!("slot {}", slot.address), "is 0 mm wide: measure it"));
        }
        let known: Option<u32> =
            tx.one("SELECT width FROM slot WHERE address = ?1", values![slot.address.as_str()], |row| {
                row.int(0)
            })?;
        match known {
            Some(width) if width != slot.width.0 => {
                let message = format!("is known as {width} mm wide, not {}: check which is true", slot.width);
                return Err(Error::new(ErrorKind::Conflict, format!("slot {}", slot.address), message));
            }
            Some(_) => {}
            None => {
                tx.execute(
                    "INSERT INTO slot (address, width) VALUES (?1, ?2)",
                    values![slot.address.as_str(), slot.width.0],
                )?;
                added.push(slot);
            }
        }
    }
    if !added.is_empty() {
        let event = Event::SlotsAdded { count: added.len(), list: digest_of(&added)? };
        evidence::append(tx, None, &event)?;
    }
    Ok(added.len())
}

pub(crate) fn slots(tx: &Transaction<'_>, filter: &SlotFilter) -> Result<Vec<SlotStatus>, Error> {
    let used = filter.used.map(|used| match used {
        SlotUse::Free => "free",
        SlotUse::Reserved => "reserved",
        SlotUse::Confirmed => "confirmed",
    });
    let within = filter.within.as_deref().map(address_prefix);
    let limit = filter.limit.map_or(i64::MAX, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
    // A slot that is held has no box yet and is reserved all the same.
    tx.all(
        "SELECT s.address, s.width, s.state, n.code FROM
             (SELECT id, address, width, box_id, CASE WHEN state = 'free' AND EXISTS
                 (SELECT 1 FROM slot_hold h WHERE h.slot_id = slot.id AND h.ended_at IS NULL)
              THEN 'reserved' ELSE state END AS state FROM slot) s
         LEFT JOIN box b ON b.id = s.box_id LEFT JOIN number n ON n.id = b.number_id
         WHERE s.width >= ?1 AND (CAST(?2 AS TEXT) IS NULL OR s.state = ?2)
           AND (CAST(?3 AS TEXT) IS NULL OR substr(s.address, 1, length(CAST(?3 AS TEXT))) = ?3)
         ORDER BY s.id LIMIT ?4",
        values![filter.at_least.0, used, within, limit],
        |row| {
            Ok(SlotStatus {
                slot: Slot { address: row.parsed(0)?, width: Millimetres(row.int(1)?) },
                used: match row.text(2)? {
                    "free" => SlotUse::Free,
                    "reserved" => SlotUse::Reserved,
                    _ => SlotUse::Confirmed,
                },
                box_number: row.parsed_option(3)?,
            })
        },
    )
}

/// What the addresses of slots within `part` begin with: text up to a separator, so that R1 is not R10, and no
/// pattern, so that no character counts for another.
pub(super) fn address_prefix(part: &str) -> String {
    format!("{}/", part.trim_end_matches('/'))
}

pub(crate) fn record_inventory(tx: &Transaction<'_>, inventory: &Inventory) -> Result<(), Error> {
    let content = digest_of(inventory)?;
    let digest = content.to_string();
    let known: Option<String> =
        tx.one("SELECT digest FROM inventory WHERE key = ?1", values![inventory.key.as_str()], |row| {
            row.string(0)
        })?;
    if let Some(known) = known {
        if known == digest {
            return Ok(());
        }
        let message = "was recorded before with other findings: give this one a key of its own";
        return Err(Error::new(ErrorKind::Conflict, format!("inventory {}", inventory.key), message));
    }
    let inventory_id = tx.insert_new(
        "INSERT INTO inventory (key, digest, at) VALUES (?1, ?2, ?3)",
        values![inventory.key.as_str(), &digest, time_text(inventory.when)],
    )?;
    for finding in &inventory.findings {
        let number = finding.box_number.as_str();
        let box_id: Option<i64> = tx.one(
            "SELECT b.id FROM box b JOIN number n ON n.id = b.number_id WHERE n.kind = 'box' AND n.code = ?1",
            values![number],
            |row| row.int(0),
        )?;
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
        let new = tx.execute("INSERT INTO sighting (box_id, inventory_id, sighting, seen) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING", values![box_id, inventory_id, sighting, seen])?;
        if new == 0 {
            let message = format!("names box {number} twice");
            return Err(Error::invalid(format!("inventory {}", inventory.key), message));
        }
        if let Some(heard) = finding.heard {
            tx.execute(
                "INSERT INTO tag_history (tag, inventory_id, seen, missed) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (tag) DO UPDATE SET inventory_id = ?2, seen = ?3, missed = ?4",
                values![heard.tag.to_string(), inventory_id, heard.seen, heard.missed],
            )?;
        }
    }
    let event = Event::InventoryRecorded { key: inventory.key.clone(), content, at: inventory.when };
    evidence::append(tx, None, &event)
}

/// The inventory that was recorded under `key`.
pub(crate) fn inventory(tx: &Transaction<'_>, key: &RequestKey) -> Result<Option<Inventory>, Error> {
    let found = tx.one("SELECT id, at FROM inventory WHERE key = ?1", values![key.as_str()], |row| {
        Ok((row.int::<i64>(0)?, row.parsed(1)?))
    })?;
    let Some((id, when)) = found else { return Ok(None) };
    let findings = tx.all(
        "SELECT n.code, s.sighting, s.seen FROM sighting s JOIN box b ON b.id = s.box_id
         JOIN number n ON n.id = b.number_id WHERE s.inventory_id = ?1 ORDER BY s.box_id",
        values![id],
        |row| {
            let sighting = super::lookup::sighting(row, 1)?;
            Ok(InventoryFinding { box_number: row.parsed(0)?, sighting, heard: None })
        },
    )?;
    Ok(Some(Inventory { key: key.clone(), when, findings }))
}

/// The latest inventories in figures, newest first.
pub(crate) fn inventories(tx: &Transaction<'_>, limit: usize) -> Result<Vec<InventorySummary>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.all(
        "SELECT i.key, i.at,
             count(CASE WHEN s.sighting = 'present' THEN 1 END),
             count(CASE WHEN s.sighting = 'misplaced' THEN 1 END),
             count(CASE WHEN s.sighting = 'missing' THEN 1 END),
             count(CASE WHEN s.sighting = 'unverified' THEN 1 END)
         FROM (SELECT id, key, at FROM inventory ORDER BY at DESC, id DESC LIMIT ?1) i
         LEFT JOIN sighting s ON s.inventory_id = i.id
         GROUP BY i.id, i.key, i.at ORDER BY i.at DESC, i.id DESC",
        values![limit],
        |row| {
            Ok(InventorySummary {
                key: row.parsed(0)?,
                when: row.parsed(1)?,
                present: row.int(2)?,
                misplaced: row.int(3)?,
                missing: row.int(4)?,
                unverified: row.int(5)?,
            })
        },
    )
}

/// What inventories heard of tags, in order of their codes.
pub(crate) fn tag_histories(tx: &Transaction<'_>) -> Result<Vec<TagHeard>, Error> {
    tx.all("SELECT tag, seen, missed FROM tag_history ORDER BY tag", values![], |row| {
        Ok(TagHeard { tag: row.parsed(0)?, seen: row.int(1)?, missed: row.int(2)? })
    })
}

/// What stands at each site, in order of their names.
pub(crate) fn sites(tx: &Transaction<'_>) -> Result<Vec<SiteStatus>, Error> {
    let site = match tx.dialect() {
        Dialect::Sqlite => "substr(address, 1, instr(address, '/') - 1)",
        #[cfg(feature = "postgres")]
        Dialect::Postgres => "split_part(address, '/', 1)",
    };
    let sql = format!(
        "SELECT s.site, count(*), CAST(sum(s.free) AS BIGINT), CAST(sum(s.stands) AS BIGINT),
             CAST(sum(s.files) AS BIGINT) FROM
             (SELECT {site} AS site,
                 CASE WHEN box_id IS NULL AND NOT EXISTS
                     (SELECT 1 FROM slot_hold h WHERE h.slot_id = slot.id AND h.ended_at IS NULL)
                 THEN 1 ELSE 0 END AS free,
                 CASE WHEN state = 'confirmed' THEN 1 ELSE 0 END AS stands,
                 CASE WHEN state = 'confirmed' THEN
                     (SELECT count(*) FROM file f WHERE f.box_id = slot.box_id AND f.state <> 'void')
                 ELSE 0 END AS files FROM slot) s GROUP BY s.site ORDER BY s.site"
    );
    tx.all(&sql, values![], |row| {
        Ok(SiteStatus {
            site: row.string(0)?,
            slots: row.int(1)?,
            free: row.int(2)?,
            boxes: row.int(3)?,
            files: row.int(4)?,
        })
    })
}
