//! Loans in tables.

use archive_core::identifier::RequestKey;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::evidence;
use super::fault::Fault;
use super::lookup::{parsed, parsed_option, time_text};
use crate::evidence_log::{Event, digest_of};
use crate::loan::{Loan, LoanRequest};
use crate::{Error, ErrorKind};

const LOAN: &str =
    "SELECT l.key, n.code, l.borrower, l.purpose, l.lent_at, l.due_at, l.returned_at, l.file_id
    FROM loan l JOIN file f ON f.id = l.file_id JOIN number n ON n.id = f.number_id";

fn loan(row: &Row<'_>) -> rusqlite::Result<Loan> {
    Ok(Loan {
        request: LoanRequest {
            key: parsed(row, 0)?,
            reference: parsed(row, 1)?,
            borrower: row.get(2)?,
            purpose: row.get(3)?,
            when: parsed(row, 4)?,
            due: parsed_option(row, 5)?,
        },
        returned: parsed_option(row, 6)?,
    })
}

fn find(connection: &Connection, fault: Fault<'_>, key: &RequestKey) -> Result<Option<(Loan, i64)>, Error> {
    connection
        .prepare_cached(&format!("{LOAN} WHERE l.key = ?1"))
        .and_then(|mut s| s.query_row([key.as_str()], |row| Ok((loan(row)?, row.get(7)?))).optional())
        .map_err(|e| fault.of(e))
}

pub(super) fn lend(connection: &Connection, fault: Fault<'_>, request: &LoanRequest) -> Result<Loan, Error> {
    if let Some((known, _)) = find(connection, fault, &request.key)? {
        if known.request == *request {
            return Ok(known);
        }
        let message = "was used before for another loan: give this one a key of its own";
        return Err(Error::new(ErrorKind::Conflict, format!("loan {}", request.key), message));
    }
    let object = format!("file {}", request.reference);
    let file: Option<(i64, String, String)> = connection
        .prepare_cached(
            "SELECT f.id, f.state, f.custody FROM file f JOIN number n ON n.id = f.number_id
             WHERE n.kind = 'file' AND n.code = ?1",
        )
        .and_then(|mut s| {
            let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            s.query_row([request.reference.as_str()], columns).optional()
        })
        .map_err(|e| fault.of(e))?;
    let Some((file_id, state, custody)) = file else {
        return Err(Error::new(ErrorKind::NotFound, object, "is not in the catalogue"));
    };
    if custody != "central-paper" || state != "confirmed" {
        let message = format!("is {state} in {custody} custody: only paper that stands on the shelf is lent");
        return Err(Error::new(ErrorKind::Conflict, object, message));
    }
    let present: Option<Loan> = connection
        .prepare_cached(&format!("{LOAN} WHERE l.file_id = ?1 AND l.returned_at IS NULL"))
        .and_then(|mut s| s.query_row([file_id], loan).optional())
        .map_err(|e| fault.of(e))?;
    if let Some(present) = present {
        let message =
            format!("is out since {} under loan {}: wait for it", present.request.when, present.request.key);
        return Err(Error::new(ErrorKind::Conflict, object, message));
    }
    connection
        .prepare_cached(
            "INSERT INTO loan (key, file_id, borrower, purpose, lent_at, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .and_then(|mut s| {
            s.execute(params![
                request.key.as_str(),
                file_id,
                request.borrower,
                request.purpose,
                time_text(request.when),
                request.due.map(time_text),
            ])
        })
        .map_err(|e| fault.of(e))?;
    let event = Event::Lent {
        reference: request.reference.clone(),
        loan: request.key.clone(),
        content: digest_of(request)?,
        at: request.when,
    };
    evidence::append(connection, fault, Some(file_id), &event)?;
    Ok(Loan { request: request.clone(), returned: None })
}

pub(super) fn give_back(
    connection: &Connection,
    fault: Fault<'_>,
    key: &RequestKey,
    when: DateTime<Utc>,
) -> Result<Loan, Error> {
    let Some((known, file_id)) = find(connection, fault, key)? else {
        return Err(Error::new(ErrorKind::NotFound, format!("loan {key}"), "is not in the catalogue"));
    };
    if known.returned.is_some() {
        return Ok(known);
    }
    connection
        .prepare_cached("UPDATE loan SET returned_at = ?2 WHERE key = ?1")
        .and_then(|mut s| s.execute(params![key.as_str(), time_text(when)]))
        .map_err(|e| fault.of(e))?;
    let event = Event::Returned { reference: known.request.reference.clone(), loan: key.clone(), at: when };
    evidence::append(connection, fault, Some(file_id), &event)?;
    Ok(Loan { returned: Some(when), ..known })
}

pub(super) fn open(connection: &Connection, fault: Fault<'_>) -> Result<Vec<Loan>, Error> {
    connection
        .prepare_cached(&format!("{LOAN} WHERE l.returned_at IS NULL ORDER BY l.id"))
        .and_then(|mut s| s.query_map([], loan)?.collect())
        .map_err(|e| fault.of(e))
}
