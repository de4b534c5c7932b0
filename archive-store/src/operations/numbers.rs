//! Drawing the next number of a counter, in the caller's transaction.

use crate::Error;
use crate::filing::Draw;
use crate::sql::{Transaction, conflict, values};
use archive_core::identifier::quoted;

/// Draws the next number and enters it. Returns its row.
pub(crate) fn draw<N: AsRef<str>>(
    tx: &Transaction<'_>,
    kind: &str,
    draw: &Draw<N>,
) -> Result<(i64, N), Error> {
    let counter = || format!("counter {}", quoted(&draw.scope));
    let known: Option<(u64, u64)> = tx.one(
        "SELECT first, next FROM counter WHERE kind = ?1 AND scope = ?2",
        values![kind, &draw.scope],
        |row| Ok((row.int(0)?, row.int(1)?)),
    )?;
    let next = match known {
        Some((first, _)) if first != draw.first => {
            let message = format!("began at {first}, not at {}: two rules use one counter", draw.first);
            return Err(conflict(counter(), message));
        }
        Some((_, next)) => next,
        None => {
            tx.execute(
                "INSERT INTO counter (kind, scope, first, next) VALUES (?1, ?2, ?3, ?3)",
                values![kind, &draw.scope, draw.first],
            )?;
            draw.first
        }
    };
    if next > draw.last {
        let message = format!("is full: {} was its last number; open a new series or year", draw.last);
        return Err(conflict(counter(), message));
    }
    let number = draw.write(next)?;
    let code = number.as_ref();
    let entered = tx.insert(
        "INSERT INTO number (kind, scope, value, code) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, code) DO NOTHING",
        values![kind, &draw.scope, next, code],
    )?;
    match entered {
        Some(id) => Ok((id, number)),
        None => {
            let counter = counter();
            let message = format!(
                "was given before, and now again as number {next} of {counter}: the rule is ambiguous"
            );
            Err(conflict(format!("number {}", quoted(code)), message))
        }
    }
}
