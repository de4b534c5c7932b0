//! Relocation plans in tables.

use archive_core::holding::SlotAddress;
use archive_core::identifier::{BoxNumber, RequestKey};
use chrono::{DateTime, Utc};

use super::lookup::time_text;
use super::{evidence, moves};
use crate::evidence_log::{Event, digest_of};
use crate::filing::{ShelfReceipt, Standing};
use crate::relocation::{MoveState, Relocation, RelocationItem, RelocationPlan};
use crate::sql::{Transaction, conflict, values};
use crate::{Error, ErrorKind};

fn object(key: &RequestKey) -> String {
    format!("relocation {key}")
}

fn find(tx: &Transaction<'_>, key: &RequestKey) -> Result<Option<(i64, Relocation)>, Error> {
    let found =
        tx.one("SELECT id, at, undone_at FROM relocation WHERE key = ?1", values![key.as_str()], |row| {
            let plan = Relocation {
                key: key.clone(),
                when: row.parsed(1)?,
                undone: row.parsed_option(2)?,
                items: Vec::new(),
            };
            Ok((row.int::<i64>(0)?, plan))
        })?;
    let Some((id, mut plan)) = found else { return Ok(None) };
    plan.items = tx.all(
        "SELECT n.code, a.address, b.address, i.state, i.received_at, i.tag FROM relocation_item i
         JOIN box x ON x.id = i.box_id JOIN number n ON n.id = x.number_id
         JOIN slot a ON a.id = i.from_slot JOIN slot b ON b.id = i.to_slot
         WHERE i.plan_id = ?1 ORDER BY i.position",
        values![id],
        |row| {
            Ok(RelocationItem {
                box_number: row.parsed(0)?,
                from: row.parsed(1)?,
                to: row.parsed(2)?,
                state: match row.text(3)? {
                    "waiting" => MoveState::Waiting,
                    "moving" => MoveState::Moving,
                    "moved" => MoveState::Moved,
                    "cancelled" => MoveState::Cancelled,
                    "returning" => MoveState::Returning,
                    "returned" => MoveState::Returned,
                    other => return Err(row.unknown(3, other)),
                },
                received: row.parsed_option(4)?,
                tag: row.parsed_option(5)?,
            })
        },
    )?;
    Ok(Some((id, plan)))
}

pub(crate) fn status(tx: &Transaction<'_>, key: &RequestKey) -> Result<Option<Relocation>, Error> {
    Ok(find(tx, key)?.map(|(_, plan)| plan))
}

fn required(tx: &Transaction<'_>, key: &RequestKey) -> Result<(i64, Relocation), Error> {
    find(tx, key)?.ok_or_else(|| Error::new(ErrorKind::NotFound, object(key), "is not in the catalogue"))
}

fn is_free(tx: &Transaction<'_>, slot: &SlotAddress) -> Result<bool, Error> {
    tx.exists("SELECT 1 FROM slot WHERE address = ?1 AND box_id IS NULL", values![slot.as_str()])
}

fn set_state(tx: &Transaction<'_>, plan_id: i64, position: usize, state: &str) -> Result<(), Error> {
    tx.execute(
        "UPDATE relocation_item SET state = ?3 WHERE plan_id = ?1 AND position = ?2",
        values![plan_id, position, state],
    )?;
    Ok(())
}

/// Refuses what would change a box behind the plan that moves it.
pub(crate) fn refuse_if_planned(tx: &Transaction<'_>, number: &BoxNumber) -> Result<(), Error> {
    let plan: Option<String> = tx.one(
        "SELECT r.key FROM relocation_item i JOIN relocation r ON r.id = i.plan_id JOIN box b ON b.id = i.box_id
         JOIN number n ON n.id = b.number_id
         WHERE n.kind = 'box' AND n.code = ?1 AND i.state IN ('waiting', 'moving', 'returning')",
        values![number.as_str()],
        |row| row.string(0),
    )?;
    match plan {
        Some(plan) => {
            let message = format!("is moved by relocation {plan}: give its receipt there, or undo that plan");
            Err(conflict(format!("box {number}"), message))
        }
        None => Ok(()),
    }
}

pub(crate) fn plan(tx: &Transaction<'_>, plan: &RelocationPlan) -> Result<Relocation, Error> {
    let content = digest_of(plan)?;
    let known =
        tx.one("SELECT digest, at FROM relocation WHERE key = ?1", values![plan.key.as_str()], |row| {
            Ok((row.string(0)?, row.parsed(1)?))
        })?;
    if let Some((known, when)) = known {
        // The same plan made at another moment is the same plan.
        if known == digest_of(&RelocationPlan { when, ..plan.clone() })?.to_string() {
            return Ok(required(tx, &plan.key)?.1);
        }
        return Err(conflict(object(&plan.key), "was planned before with other moves: use another key"));
    }
    let plan_id = tx.insert_new(
        "INSERT INTO relocation (key, digest, at) VALUES (?1, ?2, ?3)",
        values![plan.key.as_str(), content.to_string(), time_text(plan.when)],
    )?;
    evidence::append(tx, None, &Event::RelocationPlanned { plan: plan.key.clone(), content, at: plan.when })?;
    let mut left: Vec<SlotAddress> = Vec::new();
    for (position, planned) in plan.moves.iter().enumerate() {
        refuse_if_planned(tx, &planned.box_number)?;
        let (box_id, before) = moves::find(tx, &planned.box_number)?;
        let box_object = || format!("box {}", planned.box_number);
        if before.standing == Standing::Reserved || before.moving_to.is_some() {
            let message = "does not stand in its slot yet: confirm or cancel what is under way first";
            return Err(conflict(box_object(), message));
        }
        if before.slot == planned.to {
            return Err(conflict(box_object(), format!("stands in {} already: leave it out", planned.to)));
        }
        // A slot that an earlier box of the plan leaves is waited for.
        let waits = !is_free(tx, &planned.to)? && left.contains(&planned.to);
        if !waits {
            moves::begin(tx, &planned.box_number, &planned.to, plan.when)?;
        } else {
            moves::refuse_if_narrow(tx, &planned.to, &before.archive_box)?;
        }
        tx.execute(
            "INSERT INTO relocation_item (plan_id, position, box_id, from_slot, to_slot, state)
             SELECT ?1, ?2, ?3, a.id, b.id, ?4 FROM slot a, slot b WHERE a.address = ?5 AND b.address = ?6",
            values![
                plan_id,
                position,
                box_id,
                if waits { "waiting" } else { "moving" },
                before.slot.as_str(),
                planned.to.as_str(),
            ],
        )?;
        left.push(before.slot);
    }
    Ok(required(tx, &plan.key)?.1)
}

/// Records that a box of the plan stands where it was sent, and begins the moves that waited for it.
pub(crate) fn receive(
    tx: &Transaction<'_>,
    key: &RequestKey,
    number: &BoxNumber,
    receipt: &ShelfReceipt,
) -> Result<Relocation, Error> {
    let (plan_id, plan) = required(tx, key)?;
    let Some(position) = plan.items.iter().position(|item| item.box_number == *number) else {
        let message = format!("is not part of relocation {key}");
        return Err(Error::new(ErrorKind::NotFound, format!("box {number}"), message));
    };
    let state = match plan.items[position].state {
        MoveState::Moving => "moved",
        MoveState::Returning => "returned",
        MoveState::Moved | MoveState::Returned => return Ok(plan),
        MoveState::Waiting => {
            let message = format!("waits until slot {} is free", plan.items[position].to);
            return Err(conflict(format!("box {number}"), message));
        }
        MoveState::Cancelled => {
            return Err(conflict(format!("box {number}"), "was not moved: the plan was undone"));
        }
    };
    if let Some(seen) = receipt.tag
        && let Some(expected) = moves::status(tx, number)?.tag
        && expected != seen
    {
        let message =
            format!("was seen where tag {expected} of box {number} is expected: check which box it is");
        return Err(conflict(format!("tag {seen}"), message));
    }
    moves::confirm(tx, number, receipt.when)?;
    tx.execute(
        "UPDATE relocation_item SET state = ?3, received_at = ?4, tag = ?5 WHERE plan_id = ?1 AND position = ?2",
        values![plan_id, position, state, time_text(receipt.when), receipt.tag.map(|tag| tag.to_string())],
    )?;
    for (position, item) in plan.items.iter().enumerate() {
        let (target, next) = match (item.state, plan.undone) {
            (MoveState::Waiting, None) => (&item.to, "moving"),
            (MoveState::Waiting, Some(_)) => (&item.from, "returning"),
            _ => continue,
        };
        if is_free(tx, target)? {
            moves::begin(tx, &item.box_number, target, receipt.when)?;
            set_state(tx, plan_id, position, next)?;
        }
    }
    Ok(required(tx, key)?.1)
}

/// Cancels what has not moved and sends back what has.
pub(crate) fn undo(tx: &Transaction<'_>, key: &RequestKey, when: DateTime<Utc>) -> Result<Relocation, Error> {
    let (plan_id, plan) = required(tx, key)?;
    if plan.undone.is_some() {
        return Ok(plan);
    }
    tx.execute("UPDATE relocation SET undone_at = ?2 WHERE id = ?1", values![plan_id, time_text(when)])?;
    evidence::append(tx, None, &Event::RelocationUndone { plan: key.clone(), at: when })?;
    for (position, item) in plan.items.iter().enumerate() {
        match item.state {
            MoveState::Waiting => set_state(tx, plan_id, position, "cancelled")?,
            MoveState::Moving => {
                moves::cancel(tx, &item.box_number, when)?;
                set_state(tx, plan_id, position, "cancelled")?;
            }
            _ => {}
        }
    }
    // Backwards, since the last box that moved may stand where an earlier one came from.
    let own: Vec<&SlotAddress> =
        plan.items.iter().filter(|item| item.state == MoveState::Moved).map(|item| &item.to).collect();
    for (position, item) in plan.items.iter().enumerate().rev().filter(|(_, i)| i.state == MoveState::Moved) {
        let present = moves::status(tx, &item.box_number)?;
        if present.slot != item.to || present.moving_to.is_some() {
            let message = format!("went on to another slot than {} since: undo that first", item.to);
            return Err(conflict(format!("box {}", item.box_number), message));
        }
        if is_free(tx, &item.from)? {
            moves::begin(tx, &item.box_number, &item.from, when)?;
            set_state(tx, plan_id, position, "returning")?;
        } else if own.contains(&&item.from) {
            set_state(tx, plan_id, position, "waiting")?;
        } else {
            let message = format!("is taken since box {} left it: free it first", item.box_number);
            return Err(conflict(format!("slot {}", item.from), message));
        }
    }
    Ok(required(tx, key)?.1)
}
