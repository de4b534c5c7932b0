//! Continuous mode: a day's changes of either side, without reading everything again.
//!
//! ```
//! use std::sync::Arc;
//! use archive_reconcile::Schema;
//! use archive_reconcile::tables::{Changes, Continuous, MemorySnapshot, Options, Side};
//! use arrow_array::{ArrayRef, RecordBatch, StringArray};
//!
//! let batch = |ratios: Vec<&str>| {
//!     let keys: ArrayRef = Arc::new(StringArray::from_iter_values((1..=ratios.len()).map(|i| i.to_string())));
//!     let ratios: ArrayRef = Arc::new(StringArray::from(ratios));
//!     RecordBatch::try_from_iter([("account_no", keys), ("ct_ratio", ratios)]).unwrap()
//! };
//! let table = |name: &str, ratios| {
//!     let batch = batch(ratios);
//!     MemorySnapshot::new(name, batch.schema(), vec![batch]).unwrap()
//! };
//! let (papers, system) = (table("papers", vec!["50/5", "75/5"]), table("system", vec!["100/5", "75/5"]));
//! let keys = ["account_no".to_owned()];
//! let mut watch = Continuous::start(&papers, &system, &keys, Schema::reference(), &Options::default())?;
//! assert_eq!(watch.findings().count(), 1);
//! // The system is mended.
//! let mended = batch(vec!["50/5"]);
//! let delta = watch.apply(Side::Right, &Changes { upserted: &[mended], removed: &[] }, &Options::default())?;
//! assert_eq!((delta.settled.len(), delta.appeared.len()), (1, 0));
//! assert_eq!(watch.findings().count(), 0);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! After any changes the findings are those that a full run over the changed tables gives. A change
//! costs the rows of its keys, which are fetched from the tables by position; the tables themselves
//! must stay as they were at the start.
//!
//! Limits: 16 bytes of memory a row, and the rows that changed. Rows without a key cannot be changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use archive_core::{Error, ErrorKind};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::cells::render;
use super::form::Form;
use super::snapshot::{Batches, Snapshot, pick_rows};
use super::{Options, reconcile_tables};
use crate::alerts::Observation;
use crate::schema::Schema;

/// A side of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// What the papers say.
    Left,
    /// What the system says.
    Right,
}

/// What changed on one side.
#[derive(Debug, Clone, Copy)]
pub struct Changes<'c> {
    /// The rows of the keys that are new or changed: all that such a key has from now on.
    pub upserted: &'c [RecordBatch],
    /// Keys that are gone, part by part.
    pub removed: &'c [Vec<String>],
}

/// What changes did to the findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// Findings that are gone.
    pub settled: Vec<Observation>,
    /// Findings that are new.
    pub appeared: Vec<Observation>,
}

/// A comparison that is kept up to date.
pub struct Continuous<'a> {
    left: Watched<'a>,
    right: Watched<'a>,
    keys: Vec<String>,
    schema: Schema,
    hasher: RandomState,
    findings: BTreeMap<String, Vec<Observation>>,
}

impl std::fmt::Debug for Continuous<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Continuous").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// One side: the table as it was at the start, and the rows that changed since.
struct Watched<'a> {
    base: &'a dyn Snapshot,
    /// Positions of the key columns.
    key_columns: Vec<usize>,
    /// Hash of the key and position of each row with a key, in the order of hashes.
    rows: Vec<(u64, u64)>,
    /// The rows of each key that changed; none where it is gone.
    changed: HashMap<String, Vec<(Arc<RecordBatch>, usize)>>,
}

/// Batches whose columns may be of any type that renders as the table's.
struct Loose<'a> {
    name: &'a str,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Snapshot for Loose<'_> {
    fn name(&self) -> &str {
        self.name
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn row_count(&self) -> Option<u64> {
        Some(self.batches.iter().map(|b| b.num_rows() as u64).sum())
    }

    fn read(&self, columns: &[usize]) -> Result<Batches<'_>, Error> {
        let columns = columns.to_vec();
        let project = move |batch: &RecordBatch| {
            let missing = |e| Error::invalid(self.name, "has no such column").with_source(e);
            batch.project(&columns).map_err(missing)
        };
        Ok(Box::new(self.batches.iter().map(project)))
    }

    fn fetch<'b>(&'b self, columns: &[usize], rows: &'b [u64]) -> Result<Batches<'b>, Error> {
        Ok(pick_rows(self.read(columns)?, rows))
    }
}

/// Between the parts of a key.
const SEPARATOR: &str = "\u{1f}";

/// The canonical key of a row; `None` where it lacks a part.
fn key_of(batch: &RecordBatch, columns: &[usize], row: usize) -> Option<String> {
    let mut parts = Vec::with_capacity(columns.len());
    for column in columns {
        let mut text = String::new();
        render(batch.column(*column).as_ref(), row, &mut text);
        parts.push(canonical_part(&text)?);
    }
    Some(parts.join(SEPARATOR))
}

fn canonical_part(text: &str) -> Option<String> {
    match Form::of_key(text, &mut String::new()) {
        Form::Text(text) => Some(text.to_owned()),
        _ => None,
    }
}

impl<'a> Watched<'a> {
    fn new(
        base: &'a dyn Snapshot,
        keys: &[String],
        schema: &Schema,
        hasher: &RandomState,
    ) -> Result<Self, Error> {
        let table = base.schema();
        let of = |column: &str| schema.field_of_column(column).to_owned();
        let position = |key: &String| {
            let found = table.fields().iter().position(|f| of(f.name()) == of(key));
            found.ok_or_else(|| Error::invalid(base.name(), format!("has no key column {key}")))
        };
        let key_columns = keys.iter().map(position).collect::<Result<Vec<_>, _>>()?;
        let all: Vec<usize> = (0..key_columns.len()).collect();
        let (mut rows, mut next) = (Vec::new(), 0_u64);
        for batch in base.read(&key_columns)? {
            let batch = batch?;
            for row in 0..batch.num_rows() {
                if let Some(key) = key_of(&batch, &all, row) {
                    rows.push((hasher.hash_one(&key), next));
                }
                next += 1;
            }
        }
        rows.sort_unstable();
        Ok(Self { base, key_columns, rows, changed: HashMap::new() })
    }

    /// `batch` with the table's columns in the table's order.
    fn fit(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let (table, own) = (self.base.schema(), batch.schema());
        let position = |field: &Arc<arrow_schema::Field>| {
            let found =
                own.index_of(field.name()).ok().filter(|i| own.field(*i).data_type() == field.data_type());
            found.ok_or_else(|| {
                let message =
                    format!("lack column {} as {}, which the table has", field.name(), field.data_type());
                Error::invalid(format!("changes of {}", self.base.name()), message)
            })
        };
        let order = table.fields().iter().map(position).collect::<Result<Vec<_>, _>>()?;
        batch.project(&order).map_err(|e| {
            Error::new(ErrorKind::Internal, self.base.name(), "cannot take changes").with_source(e)
        })
    }

    /// Takes changes; gives their keys.
    fn take(&mut self, changes: &Changes<'_>) -> Result<BTreeSet<String>, Error> {
        let object = || format!("changes of {}", self.base.name());
        let mut taken: BTreeMap<String, Vec<(Arc<RecordBatch>, usize)>> = BTreeMap::new();
        for batch in changes.upserted {
            let batch = Arc::new(self.fit(batch)?);
            for row in 0..batch.num_rows() {
                let key = key_of(&batch, &self.key_columns, row).ok_or_else(|| {
                    Error::invalid(object(), format!("have no key in row {}: name the customer", row + 1))
                })?;
                taken.entry(key).or_default().push((batch.clone(), row));
            }
        }
        for parts in changes.removed {
            let key: Option<Vec<String>> = parts.iter().map(|part| canonical_part(part)).collect();
            let key = key.filter(|parts| parts.len() == self.key_columns.len()).ok_or_else(|| {
                Error::invalid(object(), format!("remove {parts:?}, which is no whole key"))
            })?;
            taken.entry(key.join(SEPARATOR)).or_default();
        }
        let keys = taken.keys().cloned().collect();
        self.changed.extend(taken);
        Ok(keys)
    }

    /// The rows that have one of `keys` now.
    fn rows_of(&self, keys: &BTreeSet<String>, hasher: &RandomState) -> Result<Loose<'a>, Error> {
        let mut batches = Vec::new();
        let mut places = Vec::new();
        for key in keys {
            match self.changed.get(key) {
                Some(rows) => batches.extend(rows.iter().map(|(batch, row)| batch.slice(*row, 1))),
                None => {
                    let hash = hasher.hash_one(key);
                    let start = self.rows.partition_point(|(h, _)| *h < hash);
                    let same = self.rows[start..].iter().take_while(|(h, _)| *h == hash);
                    places.extend(same.map(|(_, place)| *place));
                }
            }
        }
        places.sort_unstable();
        let all: Vec<usize> = (0..self.base.schema().fields().len()).collect();
        if !places.is_empty() {
            for batch in self.base.fetch(&all, &places)? {
                let batch = batch?;
                for row in 0..batch.num_rows() {
                    // Another key may share the hash.
                    let key = key_of(&batch, &self.key_columns, row);
                    if key.is_some_and(|key| keys.contains(&key) && !self.changed.contains_key(&key)) {
                        batches.push(batch.slice(row, 1));
                    }
                }
            }
        }
        Ok(Loose { name: self.base.name(), schema: self.base.schema(), batches })
    }
}

impl<'a> Continuous<'a> {
    /// Compares both tables once, as [`reconcile_tables`] does, and remembers where each key stands.
    ///
    /// # Errors
    /// Those of [`reconcile_tables`].
    pub fn start(
        left: &'a dyn Snapshot,
        right: &'a dyn Snapshot,
        keys: &[String],
        schema: Schema,
        options: &Options<'_>,
    ) -> Result<Self, Error> {
        let hasher = RandomState::new();
        let findings = compare(left, right, keys, &schema, options)?;
        Ok(Self {
            left: Watched::new(left, keys, &schema, &hasher)?,
            right: Watched::new(right, keys, &schema, &hasher)?,
            keys: keys.to_vec(),
            schema,
            hasher,
            findings,
        })
    }

    /// All findings as they are now, in the order of keys.
    pub fn findings(&self) -> impl Iterator<Item = &Observation> {
        self.findings.values().flatten()
    }

    /// Takes what changed on one side, and compares the keys that it touches.
    ///
    /// # Errors
    /// `InvalidInput` where rows have other columns than the table, or no key; those of fetching rows of
    /// the tables. Nothing is taken then.
    pub fn apply(
        &mut self,
        side: Side,
        changes: &Changes<'_>,
        options: &Options<'_>,
    ) -> Result<Delta, Error> {
        let watched = match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        };
        let before = watched.changed.clone();
        let keys = watched.take(changes)?;
        let found = self.compare_keys(&keys, options);
        let mut found = match found {
            Ok(found) => found,
            Err(error) => {
                match side {
                    Side::Left => self.left.changed = before,
                    Side::Right => self.right.changed = before,
                }
                return Err(error);
            }
        };
        let mut delta = Delta::default();
        for key in keys {
            let now = found.remove(&key).unwrap_or_default();
            let was = self.findings.remove(&key).unwrap_or_default();
            delta.settled.extend(was.iter().filter(|f| !now.contains(f)).cloned());
            delta.appeared.extend(now.iter().filter(|f| !was.contains(f)).cloned());
            if !now.is_empty() {
                self.findings.insert(key, now);
            }
        }
        Ok(delta)
    }

    fn compare_keys(
        &self,
        keys: &BTreeSet<String>,
        options: &Options<'_>,
    ) -> Result<BTreeMap<String, Vec<Observation>>, Error> {
        let left = self.left.rows_of(keys, &self.hasher)?;
        let right = self.right.rows_of(keys, &self.hasher)?;
        compare(&left, &right, &self.keys, &self.schema, options)
    }
}

/// The findings of a comparison by key.
fn compare(
    left: &dyn Snapshot,
    right: &dyn Snapshot,
    keys: &[String],
    schema: &Schema,
    options: &Options<'_>,
) -> Result<BTreeMap<String, Vec<Observation>>, Error> {
    let mut findings: BTreeMap<String, Vec<Observation>> = BTreeMap::new();
    reconcile_tables(left, right, keys, schema, options, &mut |batch| {
        for (parts, finding) in Observation::of_findings(&batch, keys.len()) {
            findings.entry(parts.join(SEPARATOR)).or_default().push(finding);
        }
        Ok(())
    })?;
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::MemorySnapshot;
    use super::*;
    use arrow_array::{ArrayRef, StringArray};
    use proptest::prelude::*;

    type Row = (String, String);

    fn batch(rows: &[Row]) -> RecordBatch {
        let column = |pick: fn(&Row) -> &String| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(rows.iter().map(pick)))
        };
        RecordBatch::try_from_iter([("k", column(|r| &r.0)), ("v", column(|r| &r.1))]).unwrap()
    }

    fn table(name: &str, rows: &[Row]) -> MemorySnapshot {
        let batch = batch(rows);
        MemorySnapshot::new(name, batch.schema(), vec![batch]).unwrap()
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        prop::collection::vec(("[1-9 ]", "[ab]"), 0..16)
    }

    fn change() -> impl Strategy<Value = (bool, Vec<Row>, Vec<String>)> {
        (any::<bool>(), prop::collection::vec(("[1-9]", "[abc]"), 0..4), prop::collection::vec("[1-9]", 0..3))
    }

    /// What the changes make of a table.
    fn changed(rows: &mut Vec<Row>, upserted: &[Row], removed: &[String]) {
        let touched = |key: &str| upserted.iter().any(|(k, _)| k == key) || removed.iter().any(|k| k == key);
        rows.retain(|(key, _)| !touched(key));
        rows.extend(upserted.iter().cloned());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn findings_after_changes_are_those_of_a_full_run(
            mut left in rows(),
            mut right in rows(),
            changes in prop::collection::vec(change(), 1..5),
        ) {
            let keys = ["k".to_owned()];
            let options = Options::default();
            let (base_left, base_right) = (table("l", &left), table("r", &right));
            let mut watch = Continuous::start(&base_left, &base_right, &keys, Schema::reference(), &options).unwrap();
            for (is_left, upserted, removed) in changes {
                // A key that is changed and removed is changed: it has rows.
                let (side, rows) = if is_left { (Side::Left, &mut left) } else { (Side::Right, &mut right) };
                changed(rows, &upserted, &removed);
                let parts: Vec<Vec<String>> = removed.iter().map(|k| vec![k.clone()]).collect();
                let before: Vec<Observation> = watch.findings().cloned().collect();
                let delta = watch.apply(side, &Changes { upserted: &[batch(&upserted)], removed: &parts }, &options).unwrap();
                let full = compare(&table("l", &left), &table("r", &right), &keys, &Schema::reference(), &options).unwrap();
                let now: Vec<Observation> = watch.findings().cloned().collect();
                let keyed = |f: &&Observation| !f.key.is_empty();
                let whole: Vec<_> = full.values().flatten().filter(keyed).cloned().collect();
                prop_assert_eq!(now.iter().filter(keyed).cloned().collect::<Vec<_>>(), whole);
                prop_assert!(delta.settled.iter().all(|f| before.contains(f) && !now.contains(f)));
                prop_assert!(delta.appeared.iter().all(|f| !before.contains(f) && now.contains(f)));
            }
        }
    }

    #[test]
    fn changes_that_do_not_fit_are_refused_and_change_nothing() {
        let row = |k: &str, v: &str| (k.to_owned(), v.to_owned());
        let (left, right) = (table("l.csv", &[row("1", "a")]), table("r.csv", &[row("1", "b")]));
        let keys = ["k".to_owned()];
        let options = Options::default();
        let mut watch = Continuous::start(&left, &right, &keys, Schema::reference(), &options).unwrap();
        let mut check = |upserted: &[RecordBatch], removed: &[Vec<String>], part: &str| {
            let error = watch.apply(Side::Left, &Changes { upserted, removed }, &options).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
            assert_eq!(watch.findings().count(), 1);
        };
        check(&[batch(&[row(" ", "a")])], &[], "changes of l.csv: have no key in row 1");
        let other: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
        check(&[RecordBatch::try_from_iter([("k", other)]).unwrap()], &[], "lack column v");
        check(&[], &[vec![]], "no whole key");
        check(&[], &[vec![String::new()]], "no whole key");
    }
}
