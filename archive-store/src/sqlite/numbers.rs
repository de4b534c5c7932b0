//! Drawing the next number of a counter, in the caller's transaction.

use archive_core::identifier::quoted;
use rusqlite::{Connection, OptionalExtension, params};

use super::fault::{Fault, conflict, is_taken};
use crate::Error;
use crate::filing::Draw;

/// Draws the next number and enters it. Returns its row.
pub(super) fn draw<N: AsRef<str>>(
    connection: &Connection,
    fault: Fault<'_>,
    kind: &str,
    draw: &Draw<N>,
) -> Result<(i64, N), Error> {
    let counter = || format!("counter {}", quoted(&draw.scope));
    let known: Option<(u64, u64)> = connection
        .prepare_cached("SELECT first, next FROM counter WHERE kind = ?1 AND scope = ?2")
        .and_then(|mut s| s.query_row([kind, &draw.scope], |row| Ok((row.get(0)?, row.get(1)?))).optional())
        .map_err(|e| fault.of(e))?;
    let next = match known {
        Some((first, _)) if first != draw.first => {
            let message = format!("began at {first}, not at {}: two rules use one counter", draw.first);
            return Err(conflict(counter(), message));
        }
        Some((_, next)) => next,
        None => {
            connection
                .prepare_cached("INSERT INTO counter (kind, scope, first, next) VALUES (?1, ?2, ?3, ?3)")
                .and_then(|mut s| s.execute(params![kind, draw.scope, draw.first]))
                .map_err(|e| fault.of(e))?;
            draw.first
        }
    };
    if next > draw.last {
        let message = format!("is full: {} was its last number; open a new series or year", draw.last);
        return Err(conflict(counter(), message));
    }
    let number = draw.write(next)?;
    let code = number.as_ref();
    let entered = connection
        .prepare_cached("INSERT INTO number (kind, scope, value, code) VALUES (?1, ?2, ?3, ?4)")
        .and_then(|mut s| s.execute(params![kind, draw.scope, next, code]));
    match entered {
        Ok(_) => Ok((connection.last_insert_rowid(), number)),
        Err(error) if is_taken(&error) => {
            let counter = counter();
            let message = format!(
                "was given before, and now again as number {next} of {counter}: the rule is ambiguous"
            );
            Err(conflict(format!("number {}", quoted(code)), message))
        }
        Err(error) => Err(fault.of(error)),
    }
}
