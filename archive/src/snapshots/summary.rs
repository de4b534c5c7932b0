//! The JSON form of what was compared.

use archive_reconcile::tables::Summary;
use serde_json::{Value, json};

/// How many rows were compared and how many differences of each kind were found: `left_rows`,
/// `right_rows`, `missing_left`, `missing_right`, `duplicates`, `mismatches`, `keyless_left`,
/// `keyless_right`, `fields`, `passes`.
#[must_use]
pub fn summary_json(summary: &Summary) -> Value {
    let counts = summary.counts;
    json!({
        "left_rows": summary.left_rows,
        "right_rows": summary.right_rows,
        "missing_left": counts.missing_left,
        "missing_right": counts.missing_right,
        "duplicates": counts.duplicates,
        "mismatches": counts.mismatches,
        "keyless_left": counts.keyless_left,
        "keyless_right": counts.keyless_right,
        "fields": summary.fields,
        "passes": summary.passes,
    })
}
