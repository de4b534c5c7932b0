//! Candidates for rows that stand on one side only, as a table.

use std::sync::Arc;

use archive_core::{Error, ErrorKind};
use archive_reconcile::Schema;
use archive_reconcile::linkage::Settings;
use archive_reconcile::tables::{OneSidedKeys, Snapshot, link_tables};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};

use super::Findings;

/// Finds which rows with `one_sided` keys may be one customer's and writes them to `out`, with the
/// columns `left_key`, `right_key`, `weight` (in bits), `probability` and `reason`, the most probable
/// first. Gives how many there are.
///
/// # Errors
/// Those of [`link_tables`], and of writing.
pub fn write_candidates(
    left: &dyn Snapshot,
    right: &dyn Snapshot,
    keys: &[String],
    schema: &Schema,
    one_sided: &OneSidedKeys,
    mut out: Findings,
) -> Result<usize, Error> {
    let linked = link_tables(left, right, keys, schema, one_sided, &Settings::default())?;
    let mut candidates = linked.linkage.candidates;
    candidates.sort_by(|a, b| b.weight.total_cmp(&a.weight).then((a.left, a.right).cmp(&(b.left, b.right))));
    let readable = |key: &str| key.replace('\u{1f}', "/");
    let column = |cells: Vec<String>| Arc::new(StringArray::from(cells)) as ArrayRef;
    let columns = vec![
        column(candidates.iter().map(|c| readable(&linked.left[c.left].key)).collect()),
        column(candidates.iter().map(|c| readable(&linked.right[c.right].key)).collect()),
        column(candidates.iter().map(|c| format!("{:.2}", c.weight)).collect()),
        column(candidates.iter().map(|c| format!("{:.6}", c.probability)).collect()),
        column(candidates.iter().map(|c| c.reason.clone()).collect()),
    ];
    let names = ["left_key", "right_key", "weight", "probability", "reason"];
    let fields: Vec<Field> = names.iter().map(|name| Field::new(*name, DataType::Utf8, false)).collect();
    let schema = Arc::new(ArrowSchema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns).map_err(|e| {
        Error::new(ErrorKind::Internal, "candidates", "cannot be put in a batch").with_source(e)
    })?;
    out.begin_table(schema)?;
    out.write(&batch)?;
    out.finish()?;
    Ok(candidates.len())
}
