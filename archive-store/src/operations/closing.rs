//! Closed files and late documents in tables.

use archive_core::identifier::ReferenceCode;
use chrono::{DateTime, Utc};

use super::evidence;
use super::lookup::{self, time_text};
use crate::closing::Closing;
use crate::evidence_log::{Event, digest_of};
use crate::filing::FilingState;
use crate::sql::{Transaction, conflict, values};
use crate::{Error, ErrorKind};

fn closing_of(tx: &Transaction<'_>, file_id: i64) -> Result<Option<Closing>, Error> {
    tx.one("SELECT closed_by, reason, at FROM closing WHERE file_id = ?1", values![file_id], |row| {
        Ok(Closing { by: row.string(0)?, reason: row.string(1)?, when: row.parsed(2)? })
    })
}

pub(crate) fn closing(tx: &Transaction<'_>, number: &ReferenceCode) -> Result<Option<Closing>, Error> {
    closing_of(tx, lookup::required_row(tx, number)?)
}

/// The number of the file that the one in row `file_id` joined.
fn main_of(tx: &Transaction<'_>, file_id: i64) -> Result<Option<String>, Error> {
    tx.one(
        "SELECT n.code FROM joined_file j JOIN file f ON f.id = j.main_id JOIN number n ON n.id = f.number_id
         WHERE j.file_id = ?1",
        values![file_id],
        |row| row.string(0),
    )
}

/// Refuses a file that is void or is itself a part of another.
fn refuse_if_no_main(tx: &Transaction<'_>, number: &ReferenceCode, file_id: i64) -> Result<(), Error> {
    let object = || format!("file {number}");
    if lookup::file_in(tx, file_id)?.state == FilingState::Void {
        return Err(conflict(object(), "is void: its papers were taken out of the holdings"));
    }
    match main_of(tx, file_id)? {
        Some(main) => Err(conflict(object(), format!("joined {main} itself: name that one"))),
        None => Ok(()),
    }
}

pub(crate) fn close(
    tx: &Transaction<'_>,
    number: &ReferenceCode,
    wanted: &Closing,
) -> Result<Closing, Error> {
    let file_id = lookup::required_row(tx, number)?;
    if let Some(known) = closing_of(tx, file_id)? {
        return Ok(known);
    }
    refuse_if_no_main(tx, number, file_id)?;
    tx.execute(
        "INSERT INTO closing (file_id, closed_by, reason, at) VALUES (?1, ?2, ?3, ?4)",
        values![file_id, &wanted.by, &wanted.reason, time_text(wanted.when)],
    )?;
    let event = Event::Closed { reference: number.clone(), content: digest_of(wanted)?, at: wanted.when };
    evidence::append(tx, Some(file_id), &event)?;
    Ok(wanted.clone())
}

/// Ties the file `late`, a row and its number, to the file `main`.
pub(crate) fn join(
    tx: &Transaction<'_>,
    main: &ReferenceCode,
    (late_id, late): (i64, &ReferenceCode),
    when: DateTime<Utc>,
) -> Result<(), Error> {
    let main_id = lookup::required_row(tx, main)?;
    refuse_if_no_main(tx, main, main_id)?;
    if closing_of(tx, main_id)?.is_some() {
        let message = "was closed and takes no more documents: file them as a process of their own";
        return Err(Error::new(ErrorKind::Refused, format!("file {main}"), message));
    }
    tx.execute("INSERT INTO joined_file (file_id, main_id) VALUES (?1, ?2)", values![late_id, main_id])?;
    let event = Event::Joined { reference: main.clone(), late: late.clone(), at: when };
    evidence::append(tx, Some(main_id), &event)
}
