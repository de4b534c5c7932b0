//! What stands on the shelves, from tables and from the log.

use std::collections::{BTreeMap, BTreeSet};

use archive_core::holding::{ArchiveBox, BoxKey, Slot, SlotAddress};
use archive_core::identifier::{BoxNumber, CustomerNumber, ProcessCode};
use archive_core::units::Millimetres;
use chrono::{DateTime, Utc};

use super::shelf::address_prefix;
use super::{evidence, lookup};
use crate::Error;
use crate::evidence_log::{Event, LogEntry};
use crate::filing::Standing;
use crate::shelf::{BoxStatus, SlotUse};
use crate::sql::{Row, Transaction, Value, values};
use crate::stock::{BoxUse, CHANGE_LIMIT, MappedBox, MappedSlot, Retrieval, ShelvedBox, Stock};

const BOXES: &str = "
    SELECT b.id, n.code, b.fonds, b.year, b.retention, b.organisation, b.spine, b.filled, b.tag,
           stands.address, awaits.address, b.made_at
    FROM box b JOIN number n ON n.id = b.number_id
    LEFT JOIN slot stands ON stands.box_id = b.id AND stands.state = 'confirmed'
    LEFT JOIN slot awaits ON awaits.box_id = b.id AND awaits.state = 'reserved'
    WHERE b.state <> 'withdrawn' AND (stands.id IS NOT NULL OR awaits.id IS NOT NULL)";

const FILES: &str = "
    SELECT f.box_id, f.process, count(*), min(f.customer), max(f.customer) FROM file f
    WHERE f.box_id IS NOT NULL AND f.state <> 'void'";

pub(crate) fn stock(tx: &Transaction<'_>, since: Option<u64>) -> Result<Stock, Error> {
    let upto = evidence::checkpoint(tx)?.size;
    match since {
        // A log that is shorter than it was is another catalogue's.
        Some(since) if since <= upto && upto - since <= CHANGE_LIMIT => changes(tx, since, upto),
        _ => whole(tx, upto),
    }
}

fn whole(tx: &Transaction<'_>, upto: u64) -> Result<Stock, Error> {
    let contents = contents(tx, &format!("{FILES} GROUP BY f.box_id, f.process"), values![])?;
    let boxes = tx.all(BOXES, values![], |row| shelved(row, &contents))?;
    let kept = tx.all(
        "SELECT s.address FROM slot_hold h JOIN slot s ON s.id = h.slot_id WHERE h.ended_at IS NULL ORDER BY s.id",
        values![],
        |row| row.parsed(0),
    )?;
    Ok(Stock { upto, whole: true, boxes, gone: Vec::new(), kept, given_up: Vec::new() })
}

fn changes(tx: &Transaction<'_>, since: u64, upto: u64) -> Result<Stock, Error> {
    let mut numbers: BTreeSet<BoxNumber> = BTreeSet::new();
    let mut slots: BTreeMap<SlotAddress, bool> = BTreeMap::new();
    let entries = tx.all(
        "SELECT l.position, l.event, n.code FROM leaf l LEFT JOIN file f ON f.id = l.file_id
         LEFT JOIN box b ON b.id = f.box_id LEFT JOIN number n ON n.id = b.number_id
         WHERE l.position >= ?1 ORDER BY l.position",
        values![since],
        |row| {
            let entry = LogEntry { position: row.int(0)?, event: row.string(1)? };
            Ok((entry, row.parsed_option::<BoxNumber>(2)?))
        },
    )?;
    for (entry, of_file) in entries {
        numbers.extend(of_file);
        // What a newer program wrote may be about slots: then everything is read.
        let Ok(event) = entry.event() else { return whole(tx, upto) };
        match event {
            Event::Filed { box_number: Some(number), .. }
            | Event::MoveBegun { box_number: number, .. }
            | Event::Moved { box_number: number, .. }
            | Event::MoveCancelled { box_number: number, .. }
            | Event::BoxGrown { box_number: number, .. }
            | Event::Vacated { box_number: number, .. } => {
                numbers.insert(number);
            }
            Event::SlotHeld { slot, .. } => {
                slots.insert(slot, true);
            }
            Event::SlotReleased { slot, .. } => {
                slots.insert(slot, false);
            }
            Event::SlotsAdded { .. } => return whole(tx, upto),
            _ => {}
        }
    }
    let (mut boxes, mut gone) = (Vec::new(), Vec::new());
    for number in numbers {
        let contents = contents(
            tx,
            &format!(
                "{FILES} AND f.box_id = (SELECT b.id FROM box b JOIN number n ON n.id = b.number_id
                     WHERE n.kind = 'box' AND n.code = ?1) GROUP BY f.box_id, f.process"
            ),
            values![number.as_str()],
        )?;
        let found = tx.one(
            &format!("{BOXES} AND n.kind = 'box' AND n.code = ?1"),
            values![number.as_str()],
            |row| shelved(row, &contents),
        )?;
        match found {
            Some(shelved) => boxes.push(shelved),
            None => gone.push(number),
        }
    }
    let (kept, given_up): (Vec<_>, Vec<_>) = slots.into_iter().partition(|(_, kept)| *kept);
    let addresses = |slots: Vec<(SlotAddress, bool)>| slots.into_iter().map(|(slot, _)| slot).collect();
    Ok(Stock { upto, whole: false, boxes, gone, kept: addresses(kept), given_up: addresses(given_up) })
}

/// What lies in one box.
struct Contents {
    process: ProcessCode,
    files: u64,
    customer: Option<CustomerNumber>,
}

/// What lies in boxes, by their row ids.
fn contents(
    tx: &Transaction<'_>,
    sql: &str,
    parameters: &[Value<'_>],
) -> Result<BTreeMap<i64, Contents>, Error> {
    let mut found: BTreeMap<i64, Contents> = BTreeMap::new();
    let rows = tx.all(sql, parameters, |row| {
        let (first, last): (CustomerNumber, CustomerNumber) = (row.parsed(3)?, row.parsed(4)?);
        let customer = (first == last).then_some(first);
        Ok((row.int(0)?, Contents { process: row.parsed(1)?, files: row.int(2)?, customer }))
    })?;
    for (box_id, part) in rows {
        let Some(known) = found.get_mut(&box_id) else {
            found.insert(box_id, part);
            continue;
        };
        if known.customer != part.customer {
            known.customer = None;
        }
        // Among equals the first by name, whatever the order of the rows.
        if (part.files, &known.process) > (known.files, &part.process) {
            (known.process, known.files) = (part.process, part.files);
        }
    }
    Ok(found)
}

fn shelved(row: &Row<'_>, contents: &BTreeMap<i64, Contents>) -> Result<ShelvedBox, Error> {
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
    let (slot, standing, moving_to) = match row.parsed_option(9)? {
        Some(slot) => (slot, Standing::Confirmed, awaits),
        None => (row.parsed(10)?, Standing::Reserved, None),
    };
    let inside = contents.get(&row.int::<i64>(0)?);
    Ok(ShelvedBox {
        status: BoxStatus { archive_box, tag, slot, standing, moving_to },
        process: inside.map(|inside| inside.process.clone()),
        customer: inside.and_then(|inside| inside.customer.clone()),
        made: row.parsed(11)?,
    })
}

/// Every loan that was ever made of a file in a box, oldest first.
pub(crate) fn retrievals(tx: &Transaction<'_>) -> Result<Vec<Retrieval>, Error> {
    tx.all(
        "SELECT f.process, b.made_at, l.lent_at FROM loan l JOIN file f ON f.id = l.file_id
         JOIN box b ON b.id = f.box_id ORDER BY l.id",
        values![],
        |row| Ok(Retrieval { process: row.parsed(0)?, made: row.parsed(1)?, when: row.parsed(2)? }),
    )
}

/// How long nobody looked for each box that stands in a slot, and how often it was opened since.
pub(crate) fn box_uses(tx: &Transaction<'_>) -> Result<Vec<BoxUse>, Error> {
    let mut accesses: BTreeMap<i64, Vec<DateTime<Utc>>> = BTreeMap::new();
    let loans = tx.all(
        "SELECT f.box_id, l.lent_at, l.returned_at FROM loan l JOIN file f ON f.id = l.file_id
         WHERE f.box_id IS NOT NULL",
        values![],
        |row| Ok((row.int(0)?, row.parsed::<DateTime<Utc>>(1)?, row.parsed_option(2)?)),
    )?;
    for (box_id, lent, returned) in loans {
        accesses.entry(box_id).or_default().extend(std::iter::once(lent).chain(returned));
    }
    tx.all(
        "SELECT b.id, n.code, s.address, b.made_at,
             (SELECT max(i.at) FROM sighting g JOIN inventory i ON i.id = g.inventory_id
              WHERE g.box_id = b.id AND g.sighting <> 'unverified')
         FROM box b JOIN number n ON n.id = b.number_id
         JOIN slot s ON s.box_id = b.id AND s.state = 'confirmed'
         WHERE b.state <> 'withdrawn' ORDER BY b.id",
        values![],
        |row| {
            let seen: Option<DateTime<Utc>> = row.parsed_option(4)?;
            let checked = seen.map_or_else(|| row.parsed(3), Ok)?;
            let since =
                accesses.get(&row.int::<i64>(0)?).into_iter().flatten().filter(|at| **at > checked).count();
            let accesses = u32::try_from(since).unwrap_or(u32::MAX);
            Ok(BoxUse { number: row.parsed(1)?, slot: row.parsed(2)?, checked, accesses })
        },
    )
}

/// The slots below `within` with what a map shows of their boxes, in the order in which they were added.
pub(crate) fn shelf_map(
    tx: &Transaction<'_>,
    within: &str,
    since: DateTime<Utc>,
) -> Result<Vec<MappedSlot>, Error> {
    let loans: BTreeMap<i64, u32> = tx
        .all(
            "SELECT f.box_id, count(*) FROM loan l JOIN file f ON f.id = l.file_id
             WHERE f.box_id IS NOT NULL AND l.lent_at >= ?1 GROUP BY f.box_id",
            values![lookup::time_text(since)],
            |row| Ok((row.int(0)?, row.int(1)?)),
        )?
        .into_iter()
        .collect();
    tx.all(
        "SELECT s.address, s.width, s.state, b.id, n.code, b.spine, b.filled,
             (SELECT count(*) FROM file f WHERE f.box_id = b.id AND f.state <> 'void'),
             g.sighting, g.seen, i.at,
             (SELECT count(*) FROM slot_hold h WHERE h.slot_id = s.id AND h.ended_at IS NULL)
         FROM slot s LEFT JOIN box b ON b.id = s.box_id LEFT JOIN number n ON n.id = b.number_id
         LEFT JOIN sighting g ON g.box_id = b.id AND g.inventory_id =
             (SELECT j.id FROM sighting x JOIN inventory j ON j.id = x.inventory_id
              WHERE x.box_id = b.id ORDER BY j.at DESC, j.id DESC LIMIT 1)
         LEFT JOIN inventory i ON i.id = g.inventory_id
         WHERE substr(s.address, 1, length(CAST(?1 AS TEXT))) = ?1 ORDER BY s.id",
        values![address_prefix(within)],
        |row| {
            let archive_box = match row.int_option::<i64>(3)? {
                None => None,
                Some(id) => Some(MappedBox {
                    number: row.parsed(4)?,
                    spine: Millimetres(row.int(5)?),
                    filled: Millimetres(row.int(6)?),
                    files: row.int(7)?,
                    loans: loans.get(&id).copied().unwrap_or(0),
                    seen_at: row.parsed_option(10)?,
                    last_seen: match row.parsed_option::<DateTime<Utc>>(10)? {
                        Some(_) => Some(lookup::sighting(row, 8)?),
                        None => None,
                    },
                }),
            };
            // A slot that is held has no box yet and is reserved all the same.
            let used = match row.text(2)? {
                "free" if row.int::<u32>(11)? == 0 => SlotUse::Free,
                "free" | "reserved" => SlotUse::Reserved,
                _ => SlotUse::Confirmed,
            };
            let slot = Slot { address: row.parsed(0)?, width: Millimetres(row.int(1)?) };
            Ok(MappedSlot { slot, used, archive_box })
        },
    )
}
