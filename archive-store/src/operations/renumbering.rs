//! A new number for a file, whose old one goes on to resolve.

use archive_core::identifier::{ReferenceCode, quoted};
use chrono::{DateTime, Utc};

use super::evidence;
use super::lookup::{self, time_text};
use super::numbers::draw;
use super::search::{self, Words};
use crate::Error;
use crate::evidence_log::Event;
use crate::filing::{Draw, Filed, FilingState};
use crate::sql::{Transaction, conflict, values};

pub(crate) fn renumber(
    tx: &Transaction<'_>,
    number: &ReferenceCode,
    new: &Draw<ReferenceCode>,
    reason: &str,
    when: DateTime<Utc>,
) -> Result<Filed, Error> {
    let file_id = lookup::required_row(tx, number)?;
    let before = lookup::located_in(tx, file_id)?;
    let object = format!("reference code {number}");
    if before.filed.reference != *number {
        let message = format!("was replaced by {} before: renumber that one", before.filed.reference);
        return Err(conflict(object, message));
    }
    if before.filed.state == FilingState::Void {
        let why = before.filed.void_reason.unwrap_or_default();
        return Err(conflict(object, format!("is void ({}): it keeps its number", quoted(&why))));
    }
    // Words that wait for the end of this transaction must be in the index to be taken out of it.
    search::enter_words(tx)?;
    search::remove_words(tx, &Words::of_located(file_id, &before))?;
    let (number_id, reference) = draw(tx, "file", new)?;
    tx.execute(
        "INSERT INTO alias (number_id, file_id, reason, at)
         SELECT number_id, id, ?2, ?3 FROM file WHERE id = ?1",
        values![file_id, reason, time_text(when)],
    )?;
    tx.execute("UPDATE file SET number_id = ?2 WHERE id = ?1", values![file_id, number_id])?;
    let after = lookup::located_in(tx, file_id)?;
    tx.pending.borrow_mut().words.push(Words::of_located(file_id, &after));
    let event =
        Event::Renumbered { reference: number.clone(), to: reference, reason: reason.to_owned(), at: when };
    evidence::append(tx, Some(file_id), &event)?;
    Ok(after.filed)
}

/// The numbers that the file bore before, oldest first.
pub(crate) fn aliases(tx: &Transaction<'_>, number: &ReferenceCode) -> Result<Vec<ReferenceCode>, Error> {
    let file_id = lookup::required_row(tx, number)?;
    tx.all(
        "SELECT n.code FROM alias a JOIN number n ON n.id = a.number_id WHERE a.file_id = ?1 ORDER BY n.id",
        values![file_id],
        |row| row.parsed(0),
    )
}
