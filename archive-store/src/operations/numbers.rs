//! Drawing the next number of a counter, in the caller's transaction.

use crate::Error;
use crate::filing::Draw;
use crate::sql::{Dialect, Transaction, conflict, values};
use archive_core::identifier::quoted;

/// A counter as a transaction that draws from it sees it.
#[derive(Debug)]
pub(crate) struct Counter {
    kind: &'static str,
    scope: String,
    first: u64,
    /// The number that is drawn next.
    pub(crate) next: u64,
    /// Up to where the counter's row says that numbers were drawn.
    written: u64,
}

/// The counter of `draw` among those of the transaction, made where there is none.
fn counter(tx: &Transaction<'_>, kind: &'static str, scope: &str, first: u64) -> Result<usize, Error> {
    let met = tx.pending.borrow().counters.iter().position(|c| c.kind == kind && c.scope == scope);
    if let Some(met) = met {
        return Ok(met);
    }
    // The numbers say more than the counter where somebody else's program drew them.
    let known: Option<(u64, u64, Option<u64>)> = tx.one(
        "SELECT first, next, (SELECT max(value) FROM number WHERE kind = ?1 AND scope = ?2) FROM counter
         WHERE kind = ?1 AND scope = ?2",
        values![kind, scope],
        |row| Ok((row.int(0)?, row.int(1)?, row.int_option(2)?)),
    )?;
    let (first, written, last) = match known {
        Some(known) => known,
        None => {
            tx.execute(
                "INSERT INTO counter (kind, scope, first, next) VALUES (?1, ?2, ?3, ?3)",
                values![kind, scope, first],
            )?;
            (first, first, None)
        }
    };
    let next = last.map_or(written, |last| written.max(last + 1));
    let counters = &mut tx.pending.borrow_mut().counters;
    counters.push(Counter { kind, scope: scope.to_owned(), first, next, written });
    Ok(counters.len() - 1)
}

/// Moves the counters by all that the transaction drew from them.
pub(crate) fn write_counters(tx: &Transaction<'_>) -> Result<(), Error> {
    let all = std::mem::take(&mut tx.pending.borrow_mut().counters);
    for counter in all.iter().filter(|counter| counter.next > counter.written) {
        match tx.dialect() {
            Dialect::Sqlite => tx.execute(
                "UPDATE counter SET next = ?3 WHERE kind = ?1 AND scope = ?2",
                values![counter.kind, &counter.scope, counter.next],
            )?,
            // There, each number moves its counter.
            #[cfg(feature = "postgres")]
            Dialect::Postgres => 0,
        };
    }
    Ok(())
}

/// Draws the next number and enters it. Returns its row.
pub(crate) fn draw<N: AsRef<str>>(
    tx: &Transaction<'_>,
    kind: &'static str,
    draw: &Draw<N>,
) -> Result<(i64, N), Error> {
    let named = || format!("counter {}", quoted(&draw.scope));
    let met = counter(tx, kind, &draw.scope, draw.first)?;
    let (first, next) = {
        let counter = &tx.pending.borrow().counters[met];
        (counter.first, counter.next)
    };
    if first != draw.first {
        let message = format!("began at {first}, not at {}: two rules use one counter", draw.first);
        return Err(conflict(named(), message));
    }
    if next > draw.last {
        let message = format!("is full: {} was its last number; open a new series or year", draw.last);
        return Err(conflict(named(), message));
    }
    let number = draw.write(next)?;
    let code = number.as_ref();
    let entered = tx.insert(
        "INSERT INTO number (kind, scope, value, code) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, code) DO NOTHING",
        values![kind, &draw.scope, next, code],
    )?;
    match entered {
        Some(id) => {
            tx.pending.borrow_mut().counters[met].next = next + 1;
            Ok((id, number))
        }
        None => {
            let counter = named();
            let message = format!(
                "was given before, and now again as number {next} of {counter}: the rule is ambiguous"
            );
            Err(conflict(format!("number {}", quoted(code)), message))
        }
    }
}
