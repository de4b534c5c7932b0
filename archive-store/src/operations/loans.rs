//! Loans in tables.

use super::evidence;
use super::lookup::time_text;
use crate::evidence_log::{Event, digest_of};
use crate::loan::{Loan, LoanRequest};
use crate::sql::{Row, Transaction, values};
use crate::{Error, ErrorKind};
use archive_core::identifier::RequestKey;
use chrono::{DateTime, Utc};

const LOAN: &str =
    "SELECT l.key, n.code, l.borrower, l.purpose, l.lent_at, l.due_at, l.returned_at, l.file_id
    FROM loan l JOIN file f ON f.id = l.file_id JOIN number n ON n.id = f.number_id";

fn loan(row: &Row<'_>) -> Result<Loan, Error> {
    Ok(Loan {
        request: LoanRequest {
            key: row.parsed(0)?,
            reference: row.parsed(1)?,
            borrower: row.string(2)?,
            purpose: row.string(3)?,
            when: row.parsed(4)?,
            due: row.parsed_option(5)?,
        },
        returned: row.parsed_option(6)?,
    })
}

fn find(tx: &Transaction<'_>, key: &RequestKey) -> Result<Option<(Loan, i64)>, Error> {
    tx.one(&format!("{LOAN} WHERE l.key = ?1"), values![key.as_str()], |row| Ok((loan(row)?, row.int(7)?)))
}

pub(crate) fn lend(tx: &Transaction<'_>, request: &LoanRequest) -> Result<Loan, Error> {
    if let Some((known, _)) = find(tx, &request.key)? {
        if known.request == *request {
            return Ok(known);
        }
        let message = "was used before for another loan: give this one a key of its own";
        return Err(Error::new(ErrorKind::Conflict, format!("loan {}", request.key), message));
    }
    let object = format!("file {}", request.reference);
    let file: Option<(i64, String, String)> = tx.one(
        "SELECT f.id, f.state, f.custody FROM file f JOIN number n ON n.id = f.number_id
         WHERE n.kind = 'file' AND n.code = ?1",
        values![request.reference.as_str()],
        |row| Ok((row.int(0)?, row.string(1)?, row.string(2)?)),
    )?;
    let Some((file_id, state, custody)) = file else {
        return Err(Error::new(ErrorKind::NotFound, object, "is not in the catalogue"));
    };
    if custody != "central-paper" || state != "confirmed" {
        let message = format!("is {state} in {custody} custody: only paper that stands on the shelf is lent");
        return Err(Error::new(ErrorKind::Conflict, object, message));
    }
    let present: Option<Loan> =
        tx.one(&format!("{LOAN} WHERE l.file_id = ?1 AND l.returned_at IS NULL"), values![file_id], loan)?;
    if let Some(present) = present {
        let message =
            format!("is out since {} under loan {}: wait for it", present.request.when, present.request.key);
        return Err(Error::new(ErrorKind::Conflict, object, message));
    }
    tx.execute(
        "INSERT INTO loan (key, file_id, borrower, purpose, lent_at, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        values![
            request.key.as_str(),
            file_id,
            &request.borrower,
            &request.purpose,
            time_text(request.when),
            request.due.map(time_text),
        ],
    )?;
    let event = Event::Lent {
        reference: request.reference.clone(),
        loan: request.key.clone(),
        content: digest_of(request)?,
        at: request.when,
    };
    evidence::append(tx, Some(file_id), &event)?;
    Ok(Loan { request: request.clone(), returned: None })
}

pub(crate) fn give_back(tx: &Transaction<'_>, key: &RequestKey, when: DateTime<Utc>) -> Result<Loan, Error> {
    let Some((known, file_id)) = find(tx, key)? else {
        return Err(Error::new(ErrorKind::NotFound, format!("loan {key}"), "is not in the catalogue"));
    };
    if known.returned.is_some() {
        return Ok(known);
    }
    tx.execute("UPDATE loan SET returned_at = ?2 WHERE key = ?1", values![key.as_str(), time_text(when)])?;
    let event = Event::Returned { reference: known.request.reference.clone(), loan: key.clone(), at: when };
    evidence::append(tx, Some(file_id), &event)?;
    Ok(Loan { returned: Some(when), ..known })
}

pub(crate) fn open(tx: &Transaction<'_>) -> Result<Vec<Loan>, Error> {
    tx.all(&format!("{LOAN} WHERE l.returned_at IS NULL ORDER BY l.id"), values![], loan)
}

/// The latest loans, out or back, the newest first.
pub(crate) fn latest(tx: &Transaction<'_>, limit: usize) -> Result<Vec<Loan>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.all(&format!("{LOAN} ORDER BY l.id DESC LIMIT ?1"), values![limit], loan)
}
