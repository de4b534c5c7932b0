//! Everything that must hold, asked of the tables themselves and not of their indexes' word.

use super::evidence;
use crate::Error;
use crate::audit::{Break, CounterState, End};
use crate::sql::{Dialect, Transaction, values};

/// Each query returns the object and what is wrong with it, and returns nothing where all is well.
const CHECKS: &[(End, &str)] = &[
    // From the archival unit.
    (End::Archive, "SELECT 'file of request ' || f.request, 'has no number' FROM file f
        WHERE NOT EXISTS (SELECT 1 FROM number n WHERE n.id = f.number_id AND n.kind = 'file')"),
    (End::Archive, "SELECT 'file ' || n.code, 'is live but its number is void: ' || n.void_reason FROM file f
        JOIN number n ON n.id = f.number_id WHERE f.state <> 'void' AND n.voided_at IS NOT NULL"),
    (End::Archive, "SELECT 'file ' || n.code, 'is void but its number is not' FROM file f
        JOIN number n ON n.id = f.number_id WHERE f.state = 'void' AND n.voided_at IS NULL"),
    (End::Archive, "SELECT 'file ' || n.code, 'belongs to system record ' || f.system_record ||
            ', which is not there with customer ' || f.customer FROM file f JOIN number n ON n.id = f.number_id
        WHERE NOT EXISTS (SELECT 1 FROM system_record r WHERE r.key = f.system_record AND r.customer = f.customer)"),
    (End::Archive, "SELECT 'file ' || n.code, 'lies in a box that is not there or withdrawn' FROM file f
        JOIN number n ON n.id = f.number_id WHERE f.custody = 'central-paper' AND f.state <> 'void'
        AND NOT EXISTS (SELECT 1 FROM box b WHERE b.id = f.box_id AND b.state <> 'withdrawn')"),
    (End::Archive, "SELECT 'file ' || n.code, 'lies in a box that has no slot' FROM file f
        JOIN number n ON n.id = f.number_id WHERE f.custody = 'central-paper' AND f.state <> 'void'
        AND NOT EXISTS (SELECT 1 FROM slot s WHERE s.box_id = f.box_id)"),
    (End::Archive, "SELECT 'file ' || n.code, 'is confirmed but its box is not' FROM file f
        JOIN number n ON n.id = f.number_id WHERE f.custody = 'central-paper' AND f.state = 'confirmed'
        AND EXISTS (SELECT 1 FROM slot s WHERE s.box_id = f.box_id)
        AND NOT EXISTS (SELECT 1 FROM slot s WHERE s.box_id = f.box_id AND s.state = 'confirmed')"),
    (End::Archive, "SELECT 'file ' || n.code, 'has no document' FROM file f JOIN number n ON n.id = f.number_id
        WHERE NOT EXISTS (SELECT 1 FROM document d WHERE d.file_id = f.id)"),
    (End::Archive, "SELECT 'document ' || d.id, 'is filed twice' FROM document d NOT INDEXED WHERE d.live = 1
        GROUP BY d.id HAVING count(*) > 1"),
    // From the row of the marketing system.
    (End::Record, "SELECT 'system record ' || r.key, 'has no file' FROM system_record r
        WHERE NOT EXISTS (SELECT 1 FROM file f WHERE f.system_record = r.key)
        AND NOT EXISTS (SELECT 1 FROM business_process p WHERE p.key = r.key)"),
    (End::Record, "SELECT 'system record ' || r.key, 'of customer ' || r.customer ||
            ' has a file of customer ' || f.customer FROM system_record r JOIN file f ON f.system_record = r.key
        WHERE f.customer <> r.customer"),
    // From the slot.
    (End::Slot, "SELECT 'slot ' || s.address, 'is taken by a box that is not there or withdrawn' FROM slot s
        WHERE s.box_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM box b WHERE b.id = s.box_id AND b.state <> 'withdrawn')"),
    (End::Slot, "SELECT 'slot ' || s.address, 'is ' || s.state || ' without a box' FROM slot s
        WHERE s.state <> 'free' AND s.box_id IS NULL"),
    (End::Slot, "SELECT 'slot ' || s.address, 'is ' || s.width || ' mm wide and its box ' || b.spine || ' mm'
        FROM slot s JOIN box b ON b.id = s.box_id WHERE s.width < b.spine"),
    (End::Slot, "SELECT 'slot ' || s.address, 'is kept for a box that holds no file' FROM slot s
        WHERE s.state = 'reserved' AND s.box_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM file f WHERE f.box_id = s.box_id AND f.state <> 'void')
        AND NOT EXISTS (SELECT 1 FROM slot t WHERE t.box_id = s.box_id AND t.state = 'confirmed')"),
    (End::Slot, "SELECT 'box ' || n.code, 'stands in ' || count(*) || ' slots' FROM slot s NOT INDEXED
        JOIN box b ON b.id = s.box_id JOIN number n ON n.id = b.number_id
        GROUP BY s.box_id, s.state, n.code HAVING count(*) > 1"),
    (End::Slot, "SELECT 'box ' || n.code, 'counts ' || b.filled || ' mm and holds ' ||
            (SELECT coalesce(sum(f.thickness), 0) FROM file f WHERE f.box_id = b.id AND f.state <> 'void') || ' mm'
        FROM box b JOIN number n ON n.id = b.number_id WHERE b.filled <>
            (SELECT coalesce(sum(f.thickness), 0) FROM file f WHERE f.box_id = b.id AND f.state <> 'void')"),
    (End::Slot, "SELECT 'box ' || n.code, 'holds ' || b.filled || ' mm in ' || b.spine || ' mm' FROM box b
        JOIN number n ON n.id = b.number_id WHERE b.filled > b.spine OR b.filled < 0"),
    (End::Slot, "SELECT DISTINCT 'box ' || n.code, 'mixes fonds, years, retention or organisations' FROM box b
        JOIN number n ON n.id = b.number_id JOIN file f ON f.box_id = b.id
        WHERE (f.fonds, f.year, f.retention, f.organisation) <> (b.fonds, b.year, b.retention, b.organisation)"),
    // From the counters: as many numbers as were drawn, all of them between the ends.
    (End::Number, "SELECT 'counter ' || c.kind || ' ' || c.scope, 'gave ' || (c.next - c.first) || ' numbers and ' ||
            count(n.id) || ' are on record, from ' || coalesce(CAST(min(n.value) AS TEXT), 'none') || ' to ' ||
            coalesce(CAST(max(n.value) AS TEXT), 'none')
        FROM counter c LEFT JOIN number n ON n.kind = c.kind AND n.scope = c.scope GROUP BY c.kind, c.scope, c.first, c.next
        HAVING count(n.id) <> c.next - c.first OR count(DISTINCT n.value) <> c.next - c.first
            OR (count(n.id) > 0 AND (min(n.value) <> c.first OR max(n.value) <> c.next - 1))"),
    (End::Number, "SELECT 'number ' || n.code, 'was given ' || count(*) || ' times' FROM number n NOT INDEXED
        GROUP BY n.kind, n.code HAVING count(*) > 1"),
    (End::Number, "SELECT 'number ' || n.code, 'belongs to counter ' || n.scope || ', which is not there' FROM number n
        WHERE NOT EXISTS (SELECT 1 FROM counter c WHERE c.kind = n.kind AND c.scope = n.scope)"),
    (End::Number, "SELECT 'number ' || n.code, 'is on no file and no box' FROM number n
        WHERE NOT EXISTS (SELECT 1 FROM file f WHERE f.number_id = n.id)
        AND NOT EXISTS (SELECT 1 FROM alias a WHERE a.number_id = n.id)
        AND NOT EXISTS (SELECT 1 FROM box b WHERE b.number_id = n.id)"),
];

/// What only SQLite can say of its own file.
const SQLITE_CHECKS: &[(End, &str)] = &[
    (
        End::Store,
        "SELECT 'table ' || \"table\", 'row ' || coalesce(rowid, '?') || ' refers to a row of ' || parent ||
            ' that is not there' FROM pragma_foreign_key_check",
    ),
    (
        End::Store,
        "SELECT 'the file', integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    ),
];

/// A server keeps its own pages; that nobody turned its rules off is asked.
#[cfg(feature = "postgres")]
const POSTGRES_CHECKS: &[(End, &str)] = &[
    (
        End::Store,
        "SELECT 'table ' || c.relname, 'has its rule ' || t.tgname || ' turned off' FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND t.tgenabled NOT IN ('O', 'A')",
    ),
    (
        End::Store,
        "SELECT 'table ' || c.relname, 'has its rule ' || k.conname || ' unchecked' FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND NOT k.convalidated",
    ),
];

/// The most breaks that one check reports, so that a ruined file gives an answer and not a flood.
const LIMIT: usize = 1000;

pub(crate) fn audit(tx: &Transaction<'_>) -> Result<Vec<Break>, Error> {
    let mut breaks = Vec::new();
    let own = match tx.dialect() {
        Dialect::Sqlite => SQLITE_CHECKS,
        #[cfg(feature = "postgres")]
        Dialect::Postgres => POSTGRES_CHECKS,
    };
    for (end, sql) in CHECKS.iter().chain(own) {
        let sql = match tx.dialect() {
            Dialect::Sqlite => format!("{sql} LIMIT {LIMIT}"),
            // Only SQLite has indexes that could be damaged apart from their table.
            #[cfg(feature = "postgres")]
            Dialect::Postgres => format!("{} LIMIT {LIMIT}", sql.replace(" NOT INDEXED", "")),
        };
        breaks.extend(tx.all(&sql, values![], |row| Ok(Break::new(*end, row.text(0)?, row.text(1)?)))?);
    }
    breaks.extend(evidence::verify(tx, &[])?.breaks);
    breaks.extend(evidence::compare_files(tx)?);
    Ok(breaks)
}

pub(crate) fn counters(tx: &Transaction<'_>) -> Result<Vec<CounterState>, Error> {
    tx.all(
        "SELECT c.scope, c.kind, c.first, c.next, count(n.id), count(n.voided_at) FROM counter c
         LEFT JOIN number n ON n.kind = c.kind AND n.scope = c.scope
         GROUP BY c.kind, c.scope, c.first, c.next ORDER BY c.kind DESC, c.scope",
        values![],
        |row| {
            Ok(CounterState {
                scope: row.string(0)?,
                boxes: row.text(1)? == "box",
                first: row.int(2)?,
                next: row.int(3)?,
                given: row.int(4)?,
                voided: row.int(5)?,
            })
        },
    )
}
