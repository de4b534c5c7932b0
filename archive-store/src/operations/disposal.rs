//! Disposal lists and legal holds in tables.

use archive_core::identifier::{ReferenceCode, RequestKey, RoleCode, quoted};
use chrono::{DateTime, Utc};

use super::evidence;
use super::filing::void;
use super::lookup::{self, time_text};
use crate::disposal::{Approval, DisposalList, DisposalProposal, DisposalState, LegalHold};
use crate::evidence_log::{Event, digest_of};
use crate::filing::FilingState;
use crate::sql::{Transaction, conflict, values};
use crate::{Error, ErrorKind};

fn object(key: &RequestKey) -> String {
    format!("disposal list {key}")
}

pub(crate) fn list(tx: &Transaction<'_>, key: &RequestKey) -> Result<Option<DisposalList>, Error> {
    let found = tx.one(
        "SELECT id, reason, proposed_by, at, state, ended_at, rejected_because, rejected_by, proposer_role, needed
         FROM disposal_list WHERE key = ?1",
        values![key.as_str()],
        |row| {
            let list = DisposalList {
                proposal: DisposalProposal {
                    key: key.clone(),
                    references: Vec::new(),
                    reason: row.string(1)?,
                    by: row.string(2)?,
                    role: row.parsed_option(8)?,
                    needed: row.int(9)?,
                    when: row.parsed(3)?,
                },
                approvals: Vec::new(),
                state: match row.text(4)? {
                    "proposed" => DisposalState::Proposed,
                    "rejected" => DisposalState::Rejected,
                    "executed" => DisposalState::Executed,
                    other => return Err(row.unknown(4, other)),
                },
                ended: row.parsed_option(5)?,
                rejected_by: row.string_option(7)?,
                rejected_because: row.string_option(6)?,
            };
            Ok((row.int::<i64>(0)?, list))
        },
    )?;
    let Some((id, mut list)) = found else { return Ok(None) };
    list.proposal.references = tx.all(
        "SELECT n.code FROM disposal_item i JOIN file f ON f.id = i.file_id JOIN number n ON n.id = f.number_id
         WHERE i.list_id = ?1 ORDER BY i.position",
        values![id],
        |row| row.parsed(0),
    )?;
    list.approvals = tx.all(
        "SELECT person, role, at FROM disposal_approval WHERE list_id = ?1 ORDER BY person",
        values![id],
        |row| Ok(Approval { person: row.string(0)?, role: row.parsed_option(1)?, when: row.parsed(2)? }),
    )?;
    Ok(Some(list))
}

fn required(tx: &Transaction<'_>, key: &RequestKey) -> Result<(i64, DisposalList), Error> {
    let unknown = || Error::new(ErrorKind::NotFound, object(key), "is not in the catalogue");
    let id =
        tx.one("SELECT id FROM disposal_list WHERE key = ?1", values![key.as_str()], |row| row.int(0))?;
    Ok((id.ok_or_else(unknown)?, list(tx, key)?.ok_or_else(unknown)?))
}

pub(crate) fn propose(tx: &Transaction<'_>, proposal: &DisposalProposal) -> Result<DisposalList, Error> {
    let content = digest_of(proposal)?;
    let known = tx.one(
        "SELECT digest, at FROM disposal_list WHERE key = ?1",
        values![proposal.key.as_str()],
        |row| Ok((row.string(0)?, row.parsed(1)?)),
    )?;
    if let Some((known, when)) = known {
        // The same list proposed at another moment is the same list.
        if known == digest_of(&DisposalProposal { when, ..proposal.clone() })?.to_string() {
            return Ok(required(tx, &proposal.key)?.1);
        }
        return Err(conflict(object(&proposal.key), "was proposed before with other files: use another key"));
    }
    let list_id = tx.insert_new(
        "INSERT INTO disposal_list (key, digest, reason, proposed_by, at, proposer_role, needed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        values![
            proposal.key.as_str(),
            content.to_string(),
            &proposal.reason,
            &proposal.by,
            time_text(proposal.when),
            proposal.role.as_ref().map(|role| role.as_str()),
            u16::from(proposal.needed),
        ],
    )?;
    for (position, reference) in proposal.references.iter().enumerate() {
        let file_id = lookup::required_row(tx, reference)?;
        let filed = lookup::file_in(tx, file_id)?;
        let file = || format!("file {reference}");
        if filed.state != FilingState::Confirmed {
            return Err(conflict(file(), "is not in the holdings: only a confirmed file is disposed of"));
        }
        refuse_if_held(tx, &filed.request)?;
        let other: Option<String> = tx.one(
            "SELECT l.key FROM disposal_item i JOIN disposal_list l ON l.id = i.list_id
             WHERE i.file_id = ?1 AND l.state = 'proposed' AND l.id <> ?2",
            values![file_id, list_id],
            |row| row.string(0),
        )?;
        if let Some(other) = other {
            return Err(conflict(
                file(),
                format!("is on disposal list {other} already: reject that one first"),
            ));
        }
        tx.execute(
            "INSERT INTO disposal_item (list_id, position, file_id) VALUES (?1, ?2, ?3)",
            values![list_id, position, file_id],
        )?;
    }
    refuse_if_split(tx, list_id)?;
    let event = Event::DisposalProposed { list: proposal.key.clone(), content, at: proposal.when };
    evidence::append(tx, None, &event)?;
    Ok(required(tx, &proposal.key)?.1)
}

/// A file goes with the late documents that joined it.
fn refuse_if_split(tx: &Transaction<'_>, list_id: i64) -> Result<(), Error> {
    let split: Option<(String, String)> = tx.one(
        "SELECT n.code, ln.code FROM disposal_item i JOIN joined_file j ON j.main_id = i.file_id
         JOIN file l ON l.id = j.file_id AND l.state <> 'void' JOIN number ln ON ln.id = l.number_id
         JOIN file f ON f.id = i.file_id JOIN number n ON n.id = f.number_id
         WHERE i.list_id = ?1
           AND NOT EXISTS (SELECT 1 FROM disposal_item x WHERE x.list_id = ?1 AND x.file_id = l.id)
         ORDER BY i.position, l.id LIMIT 1",
        values![list_id],
        |row| Ok((row.string(0)?, row.string(1)?)),
    )?;
    match split {
        Some((number, late)) => {
            let message = format!("has late documents, {late}, that are not on the list: propose both");
            Err(conflict(format!("file {number}"), message))
        }
        None => Ok(()),
    }
}

fn refuse_if_ended(list: &DisposalList) -> Result<(), Error> {
    let state = match list.state {
        DisposalState::Proposed => return Ok(()),
        DisposalState::Rejected => "rejected",
        DisposalState::Executed => "executed",
    };
    Err(conflict(object(&list.proposal.key), format!("was {state} before: propose a new one")))
}

pub(crate) fn approve(
    tx: &Transaction<'_>,
    key: &RequestKey,
    person: &str,
    role: Option<&RoleCode>,
    when: DateTime<Utc>,
) -> Result<DisposalList, Error> {
    let (list_id, list) = required(tx, key)?;
    if list.approvals.iter().any(|approval| approval.person == person) {
        return Ok(list);
    }
    refuse_if_ended(&list)?;
    if list.proposal.by == person {
        let message = "is approved by others than its proposer: ask two others";
        return Err(Error::new(ErrorKind::Denied, object(key), message));
    }
    tx.execute(
        "INSERT INTO disposal_approval (list_id, person, role, at) VALUES (?1, ?2, ?3, ?4)",
        values![list_id, person, role.map(|role| role.as_str()), time_text(when)],
    )?;
    let approval = Approval { person: person.to_owned(), role: role.cloned(), when };
    let event = Event::DisposalApproved { list: key.clone(), content: digest_of(&approval)?, at: when };
    evidence::append(tx, None, &event)?;
    Ok(required(tx, key)?.1)
}

pub(crate) fn reject(
    tx: &Transaction<'_>,
    key: &RequestKey,
    person: &str,
    reason: &str,
    when: DateTime<Utc>,
) -> Result<DisposalList, Error> {
    let (list_id, list) = required(tx, key)?;
    if list.state == DisposalState::Rejected {
        return Ok(list);
    }
    refuse_if_ended(&list)?;
    tx.execute(
        "UPDATE disposal_list SET state = 'rejected', ended_at = ?2, rejected_by = ?3, rejected_because = ?4
         WHERE id = ?1",
        values![list_id, time_text(when), person, reason],
    )?;
    let event = Event::DisposalRejected { list: key.clone(), reason: reason.to_owned(), at: when };
    evidence::append(tx, None, &event)?;
    Ok(required(tx, key)?.1)
}

pub(crate) fn execute(
    tx: &Transaction<'_>,
    key: &RequestKey,
    when: DateTime<Utc>,
) -> Result<DisposalList, Error> {
    let (list_id, list) = required(tx, key)?;
    if list.state == DisposalState::Executed {
        return Ok(list);
    }
    refuse_if_ended(&list)?;
    if !list.is_approved() {
        let (found, needed) = (list.approvals.len(), list.proposal.needed);
        let message = format!("has {found} of {needed} approvals: let other persons approve it");
        return Err(Error::new(ErrorKind::Denied, object(key), message));
    }
    refuse_if_split(tx, list_id)?;
    let reason = format!("disposed of under list {key}: {}", list.proposal.reason);
    for reference in &list.proposal.references {
        let filed = lookup::file_in(tx, lookup::required_row(tx, reference)?)?;
        if filed.state == FilingState::Void {
            return Err(conflict(
                format!("file {reference}"),
                "was voided since the list was proposed: reject the list",
            ));
        }
        void(tx, &filed.request, &reason, when)?;
    }
    tx.execute(
        "UPDATE disposal_list SET state = 'executed', ended_at = ?2 WHERE id = ?1",
        values![list_id, time_text(when)],
    )?;
    evidence::append(tx, None, &Event::Disposed { list: key.clone(), at: when })?;
    Ok(required(tx, key)?.1)
}

fn hold_in(tx: &Transaction<'_>, key: &RequestKey) -> Result<Option<(i64, LegalHold)>, Error> {
    let found = tx.one(
        "SELECT id, reason, placed_by, at, lifted_at FROM legal_hold WHERE key = ?1",
        values![key.as_str()],
        |row| {
            let hold = LegalHold {
                key: key.clone(),
                references: Vec::new(),
                reason: row.string(1)?,
                by: row.string(2)?,
                when: row.parsed(3)?,
                lifted: row.parsed_option(4)?,
            };
            Ok((row.int::<i64>(0)?, hold))
        },
    )?;
    let Some((id, mut hold)) = found else { return Ok(None) };
    hold.references = tx.all(
        "SELECT n.code FROM legal_hold_item i JOIN file f ON f.id = i.file_id JOIN number n ON n.id = f.number_id
         WHERE i.hold_id = ?1 ORDER BY n.code",
        values![id],
        |row| row.parsed(0),
    )?;
    Ok(Some((id, hold)))
}

pub(crate) fn place_hold(tx: &Transaction<'_>, wanted: &LegalHold) -> Result<LegalHold, Error> {
    if let Some((_, known)) = hold_in(tx, &wanted.key)? {
        let mut references = wanted.references.clone();
        references.sort();
        let same =
            LegalHold { references, when: known.when, lifted: known.lifted, ..wanted.clone() } == known;
        if same {
            return Ok(known);
        }
        let message = "is known with other files, person or reason: use another key";
        return Err(conflict(format!("legal hold {}", wanted.key), message));
    }
    let hold_id = tx.insert_new(
        "INSERT INTO legal_hold (key, reason, placed_by, at) VALUES (?1, ?2, ?3, ?4)",
        values![wanted.key.as_str(), &wanted.reason, &wanted.by, time_text(wanted.when)],
    )?;
    for reference in &wanted.references {
        let file_id = lookup::required_row(tx, reference)?;
        if lookup::file_in(tx, file_id)?.state == FilingState::Void {
            return Err(conflict(format!("file {reference}"), "is void: it cannot be held any more"));
        }
        let new = tx.execute(
            "INSERT INTO legal_hold_item (hold_id, file_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            values![hold_id, file_id],
        )?;
        if new == 0 {
            let message = format!("names file {reference} under two of its numbers");
            return Err(Error::invalid(format!("legal hold {}", wanted.key), message));
        }
    }
    let event = Event::HoldPlaced { hold: wanted.key.clone(), content: digest_of(wanted)?, at: wanted.when };
    evidence::append(tx, None, &event)?;
    required_hold(tx, &wanted.key).map(|(_, hold)| hold)
}

fn required_hold(tx: &Transaction<'_>, key: &RequestKey) -> Result<(i64, LegalHold), Error> {
    hold_in(tx, key)?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("legal hold {key}"), "is not in the catalogue")
    })
}

pub(crate) fn lift_hold(
    tx: &Transaction<'_>,
    key: &RequestKey,
    person: &str,
    when: DateTime<Utc>,
) -> Result<LegalHold, Error> {
    let (hold_id, known) = required_hold(tx, key)?;
    if known.lifted.is_some() {
        return Ok(known);
    }
    tx.execute(
        "UPDATE legal_hold SET lifted_by = ?2, lifted_at = ?3 WHERE id = ?1",
        values![hold_id, person, time_text(when)],
    )?;
    evidence::append(tx, None, &Event::HoldLifted { hold: key.clone(), at: when })?;
    Ok(LegalHold { lifted: Some(when), ..known })
}

/// The holds that were ever placed on a file, in order of their keys.
pub(crate) fn holds_on(tx: &Transaction<'_>, number: &ReferenceCode) -> Result<Vec<LegalHold>, Error> {
    let file_id = lookup::required_row(tx, number)?;
    let keys: Vec<RequestKey> = tx.all(
        "SELECT h.key FROM legal_hold_item i JOIN legal_hold h ON h.id = i.hold_id
         WHERE i.file_id = ?1 ORDER BY h.key",
        values![file_id],
        |row| row.parsed(0),
    )?;
    keys.iter().map(|key| required_hold(tx, key).map(|(_, hold)| hold)).collect()
}

/// The holds that stand, in order of their keys.
pub(crate) fn standing_holds(tx: &Transaction<'_>) -> Result<Vec<LegalHold>, Error> {
    let keys: Vec<RequestKey> =
        tx.all("SELECT key FROM legal_hold WHERE lifted_at IS NULL ORDER BY key", values![], |row| {
            row.parsed(0)
        })?;
    keys.iter().map(|key| required_hold(tx, key).map(|(_, hold)| hold)).collect()
}

/// A file under a legal hold, or one that joined it, is not voided.
pub(crate) fn refuse_if_held(tx: &Transaction<'_>, request: &RequestKey) -> Result<(), Error> {
    let held: Option<(String, String, String)> = tx.one(
        "SELECT n.code, h.key, h.reason FROM file f JOIN number n ON n.id = f.number_id
         JOIN legal_hold_item i ON i.file_id = f.id
             OR i.file_id = (SELECT main_id FROM joined_file j WHERE j.file_id = f.id)
         JOIN legal_hold h ON h.id = i.hold_id
         WHERE f.request = ?1 AND h.lifted_at IS NULL ORDER BY h.id",
        values![request.as_str()],
        |row| Ok((row.string(0)?, row.string(1)?, row.string(2)?)),
    )?;
    match held {
        Some((number, hold, reason)) => {
            let message = format!("is under legal hold {hold} ({}): it must be kept", quoted(&reason));
            Err(conflict(format!("file {number}"), message))
        }
        None => Ok(()),
    }
}
