//! Rows that stand on one side only, read again to find which of them may be one customer's.

use std::collections::HashSet;

use archive_core::Error;
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};

use super::cells::render;
use super::form::Form;
use super::plan::Plan;
use super::snapshot::Snapshot;
use crate::linkage::{Linkage, OneSided, Settings, link};
use crate::schema::{Comparison, Schema};

/// The keys that stand on one side only, gathered from findings.
#[derive(Debug, Clone, Default)]
pub struct OneSidedKeys {
    left: HashSet<String>,
    right: HashSet<String>,
}

/// Between the parts of a key.
const SEPARATOR: &str = "\u{1f}";

impl OneSidedKeys {
    /// Takes the keys of missing rows out of a batch of findings of a comparison by `keys` columns.
    pub fn gather(&mut self, batch: &RecordBatch, keys: usize) {
        let column = |i: usize| batch.column(i).as_string::<i32>();
        for row in 0..batch.num_rows() {
            let to = match column(keys).value(row) {
                "missing_left" => &mut self.right,
                "missing_right" => &mut self.left,
                _ => continue,
            };
            // Rows without a key are counted together, and have none here.
            if (0..keys).all(|i| column(i).is_valid(row)) {
                let parts: Vec<&str> = (0..keys).map(|i| column(i).value(row)).collect();
                to.insert(parts.join(SEPARATOR));
            }
        }
    }
}

/// The rows that stand on one side only, and which may be one customer's.
#[derive(Debug, Clone)]
pub struct Linked {
    /// Rows of the left table.
    pub left: Vec<OneSided>,
    /// Rows of the right table.
    pub right: Vec<OneSided>,
    /// Pairs of them.
    pub linkage: Linkage,
}

/// Reads the rows with `one_sided` keys and finds which may be one customer's.
///
/// # Errors
/// As [`super::reconcile_tables`].
pub fn link_tables(
    left: &dyn Snapshot,
    right: &dyn Snapshot,
    keys: &[String],
    schema: &Schema,
    one_sided: &OneSidedKeys,
    settings: &Settings,
) -> Result<Linked, Error> {
    let plan = Plan::new(left, right, keys, schema)?;
    let names: Vec<&str> = plan.fields.iter().map(|f| f.name.as_str()).collect();
    let columns = |all: &[usize]| all[..plan.keys.len() + plan.fields.len()].to_vec();
    let left = rows(left, &columns(&plan.left), &plan, &one_sided.left)?;
    let right = rows(right, &columns(&plan.right), &plan, &one_sided.right)?;
    let linkage = link(&names, &left, &right, settings);
    Ok(Linked { left, right, linkage })
}

fn rows(
    side: &dyn Snapshot,
    columns: &[usize],
    plan: &Plan,
    wanted: &HashSet<String>,
) -> Result<Vec<OneSided>, Error> {
    let mut rows = Vec::new();
    if wanted.is_empty() {
        return Ok(rows);
    }
    let (mut text, mut scratch) = (String::new(), String::new());
    for batch in side.read(columns)? {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            let mut parts = Vec::with_capacity(plan.keys.len());
            for column in &batch.columns()[..plan.keys.len()] {
                text.clear();
                render(column.as_ref(), row, &mut text);
                if let Form::Text(part) = Form::of_key(&text, &mut scratch) {
                    parts.push(part.to_owned());
                }
            }
            let key = parts.join(SEPARATOR);
            if parts.len() < plan.keys.len() || !wanted.contains(&key) {
                continue;
            }
            let cells = batch.columns()[plan.keys.len()..].iter();
            let values = plan.fields.iter().zip(cells).map(|(field, column)| {
                text.clear();
                render(column.as_ref(), row, &mut text);
                canonical(field, &text)
            });
            rows.push(OneSided { values: values.collect(), key });
        }
    }
    Ok(rows)
}

fn canonical(field: &Comparison, text: &str) -> Option<String> {
    let mut scratch = String::new();
    let form = Form::of_text(field, text, &mut scratch);
    match form {
        Form::Absent => None,
        Form::Text(text) | Form::Foreign(text) => Some(text.to_owned()),
        Form::Number(_) | Form::Day(_) => Some(form.to_key()),
    }
}
