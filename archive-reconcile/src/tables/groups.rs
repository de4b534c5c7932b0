//! Kept rows, brought together by key and compared cell by cell.

use std::collections::HashMap;
use std::ops::Range;

use archive_core::Error;
use archive_core::writing::parse_date;
use chrono::NaiveDate;

use super::findings::{Difference, Findings, Row};
use super::form::Form;
use super::index::state;
use super::plan::Plan;
use super::rows::Rows;
use super::snapshot::Snapshot;
use super::{Counts, Stop};
use crate::schema::{Comparison, Occasion, Schema, Severity};

/// Left rows beyond the first by key.
#[derive(Clone, Copy)]
pub(crate) struct Repeats<'a>(pub(crate) &'a HashMap<u64, u64>);

impl Repeats<'_> {
    /// How many left rows have `key`, which at least one has.
    fn count(self, key: u64) -> u64 {
        1 + self.0.get(&key).copied().unwrap_or(0)
    }
}

/// What the first readings kept.
pub(crate) struct Kept<'a> {
    pub(crate) repeats: Repeats<'a>,
    /// Left rows, and their state in the index.
    pub(crate) left: Rows,
    pub(crate) states: Vec<u8>,
    /// Right rows that equal no left row, or whose key stands more than once.
    pub(crate) right: Rows,
    /// How many right rows of a key were kept or, beyond the limit, only counted.
    pub(crate) right_counts: HashMap<u64, u64>,
    pub(crate) group_limit: u64,
}

/// How what differs is weighed.
pub(crate) struct Judge<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) schema: &'a Schema,
    pub(crate) today: Option<NaiveDate>,
    pub(crate) sides: [&'a dyn Snapshot; 2],
}

impl Judge<'_> {
    /// The day on which the codes of the field `i` of a row were written.
    fn day(&self, rows: &Rows, row: usize, i: usize) -> Option<NaiveDate> {
        let date = self.plan.dates[i]?;
        let text = rows.cell(row, self.plan.keys.len() + date)?;
        Form::of_text(&self.plan.fields[date], text, &mut String::new()).day()
    }

    /// In which business process the right row's customer is.
    fn occasion(&self, right: &Rows, row: usize) -> Occasion {
        let Some((process, ended)) = self.plan.process else {
            return Occasion { today: self.today, ..Occasion::default() };
        };
        let day = ended.and_then(|column| right.cell(row, column)).and_then(parse_date);
        Occasion {
            process: right.cell(row, process).map(|text| text.trim().to_owned()),
            ended: day,
            today: self.today,
        }
    }
}

/// All kept rows of one key.
struct Group<'a> {
    key: &'a str,
    fingerprint: u64,
    left: &'a [Member],
    right: &'a [Member],
}

/// A kept row: its key's fingerprint, its side (right after left), and its number.
type Member = (u64, bool, u32);

/// Between the parts of a key.
const SEPARATOR: char = '\u{1f}';

/// Finds what differs among the kept rows.
///
/// # Errors
/// [`Stop::Collision`] where two keys share a fingerprint; nothing was handed on then.
pub(crate) fn compare(
    judge: &Judge<'_>,
    kept: &Kept<'_>,
    findings: &mut Findings<'_>,
    counts: &mut Counts,
) -> Result<(), Stop> {
    let members = members(kept);
    for (key, range) in gather(judge.plan, kept, &members)? {
        let rows = &members[range];
        let (left, right) = rows.split_at(rows.partition_point(|(_, is_right, _)| !is_right));
        // A range is not empty.
        let group = Group { key: &key, fingerprint: rows[0].0, left, right };
        Comparing { judge, kept, group: &group, findings, counts }.run()?;
    }
    Ok(findings.flush()?)
}

fn members(kept: &Kept<'_>) -> Vec<Member> {
    // There are fewer rows than 32 bits count: the index and its limit see to it on the left, and
    // kept rows have at least a byte of memory each on the right.
    let left = (0..kept.left.len()).map(|i| (kept.left.key(i), false, i as u32));
    let right = (0..kept.right.len()).map(|i| (kept.right.key(i), true, i as u32));
    let mut members: Vec<Member> = left.chain(right).collect();
    members.sort_unstable();
    members
}

/// The ranges of members with one key, in the order of keys.
fn gather(plan: &Plan, kept: &Kept<'_>, members: &[Member]) -> Result<Vec<(String, Range<usize>)>, Stop> {
    let mut groups = Vec::new();
    let mut start = 0;
    let mut other = String::new();
    for rows in members.chunk_by(|a, b| a.0 == b.0) {
        let mut key = String::new();
        for (i, (_, is_right, row)) in rows.iter().enumerate() {
            let rows = if *is_right { &kept.right } else { &kept.left };
            let to = if i == 0 { &mut key } else { &mut other };
            to.clear();
            write_key(plan, rows, *row as usize, to);
            if i > 0 && other != key {
                return Err(Stop::Collision);
            }
        }
        groups.push((key, start..start + rows.len()));
        start += rows.len();
    }
    groups.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(groups)
}

fn write_key(plan: &Plan, rows: &Rows, row: usize, out: &mut String) {
    let mut scratch = String::new();
    for column in 0..plan.keys.len() {
        if column > 0 {
            out.push(SEPARATOR);
        }
        // Rows without a key are not kept.
        if let Form::Text(text) = Form::of_key(rows.cell(row, column).unwrap_or_default(), &mut scratch) {
            out.push_str(text);
        }
    }
}

struct Comparing<'c, 'k, 's> {
    judge: &'c Judge<'c>,
    kept: &'c Kept<'k>,
    group: &'c Group<'c>,
    findings: &'c mut Findings<'s>,
    counts: &'c mut Counts,
}

impl Comparing<'_, '_, '_> {
    fn run(mut self) -> Result<(), Error> {
        let (kept, group) = (self.kept, self.group);
        // One equal right row may be remembered by a bit of its left row instead of being kept.
        let first = group.left.first();
        let equal = first.is_some_and(|(_, _, row)| kept.states[*row as usize] & state::EQUAL != 0);
        let left = if first.is_some() { kept.repeats.count(group.fingerprint) } else { 0 };
        let right = kept.right_counts.get(&group.fingerprint).copied().unwrap_or(0) + u64::from(equal);
        if left == 0 {
            self.counts.missing_left += 1;
            self.push_rule(Difference::MissingLeft, None, None, "")?;
        } else if right == 0 {
            self.counts.missing_right += 1;
            self.push_rule(Difference::MissingRight, None, None, "")?;
        }
        let limit = kept.group_limit;
        let beyond = left > limit || right > limit;
        if left > 1 || right > 1 {
            self.counts.duplicates += 1;
            let note = match beyond {
                true => format!("; rows beyond {limit} of one key are counted, not compared"),
                false => String::new(),
            };
            self.push_rule(Difference::Duplicate, Some(&left.to_string()), Some(&right.to_string()), &note)?;
        }
        if left == 0 || right == 0 || beyond {
            return Ok(());
        }
        match (group.left, group.right) {
            // The pair that nearly every group is.
            ([l], [r]) if !equal => self.compare_pair(l.2, r.2),
            // The left row is paired with its equal; the rest are extra rows.
            ([l], rest) if equal => rest.iter().try_for_each(|r| self.compare_pair(l.2, r.2)),
            (lefts, rights) => self.compare_many(lefts, rights),
        }
    }

    /// Pairs equal rows first, then the others in the order of their cells; rows left over are
    /// compared with the other side's first. The order of rows in the files plays no part, so that
    /// a partitioned run finds the same.
    fn compare_many(&mut self, lefts: &[Member], rights: &[Member]) -> Result<(), Error> {
        let sorted = |rows: &Rows, of: &[Member]| {
            let mut all: Vec<_> =
                of.iter().map(|(_, _, row)| (self.canonical(rows, *row as usize), *row)).collect();
            all.sort();
            all
        };
        let (all_left, all_right) = (sorted(&self.kept.left, lefts), sorted(&self.kept.right, rights));
        let (mut l, mut r) = (all_left.iter().peekable(), all_right.iter().peekable());
        let (mut only_left, mut only_right) = (Vec::new(), Vec::new());
        loop {
            let order = match (l.peek(), r.peek()) {
                (Some(a), Some(b)) => a.0.cmp(&b.0),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => break,
            };
            if order.is_le() {
                only_left.extend(l.next().filter(|_| order.is_lt()));
            }
            if order.is_ge() {
                only_right.extend(r.next().filter(|_| order.is_gt()));
            }
        }
        // Both sides have a row, else the key would be missing on one.
        let (first_left, first_right) = (&all_left[0], &all_right[0]);
        for i in 0..only_left.len().max(only_right.len()) {
            let l = only_left.get(i).copied().unwrap_or(first_left);
            let r = only_right.get(i).copied().unwrap_or(first_right);
            self.compare_pair(l.1, r.1)?;
        }
        Ok(())
    }

    /// The canonical forms of a row's fields.
    fn canonical(&self, rows: &Rows, row: usize) -> Vec<String> {
        let mut scratch = String::new();
        let keys = self.judge.plan.keys.len();
        let form = |(i, field): (usize, &Comparison)| match rows.cell(row, keys + i) {
            Some(text) => {
                Form::of_dated_text(field, text, self.judge.day(rows, row, i), &mut scratch).to_key()
            }
            None => String::new(),
        };
        self.judge.plan.fields.iter().enumerate().map(form).collect()
    }

    fn compare_pair(&mut self, l: u32, r: u32) -> Result<(), Error> {
        let (judge, kept, l, r) = (self.judge, self.kept, l as usize, r as usize);
        for (i, field) in judge.plan.fields.iter().enumerate() {
            let column = judge.plan.keys.len() + i;
            let (a, b) = (kept.left.cell(l, column), kept.right.cell(r, column));
            let (x, y) = (a.unwrap_or_default(), b.unwrap_or_default());
            let days = match judge.plan.dates[i] {
                None if x == y => continue,
                None => (None, None),
                Some(_) => (judge.day(&kept.left, l, i), judge.day(&kept.right, r, i)),
            };
            if field.equal_on((x, days.0), (y, days.1)) {
                continue;
            }
            self.counts.mismatches += 1;
            let (severity, mut reason) = judge.schema.assess(field, a, b, &judge.occasion(&kept.right, r));
            if let Some(hint) = a.zip(b).and_then(|(a, b)| field.hint(a, b)) {
                reason.push_str("; ");
                reason.push_str(&hint);
            }
            let name = field.name.as_str();
            let key: Vec<&str> = self.group.key.splitn(judge.plan.keys.len(), SEPARATOR).collect();
            for side in judge.sides {
                if let Some(witness) = side.witness(&key, name)? {
                    reason.push_str("; ");
                    reason.push_str(&witness);
                }
            }
            self.push(Difference::Mismatch, Some(name), (a, b), severity, &reason)?;
        }
        Ok(())
    }

    fn push_rule(
        &mut self,
        kind: Difference,
        left: Option<&str>,
        right: Option<&str>,
        note: &str,
    ) -> Result<(), Error> {
        let rules = self.judge.schema.rows();
        let rule = match kind {
            Difference::MissingLeft => &rules.missing_left,
            Difference::MissingRight => &rules.missing_right,
            Difference::Duplicate | Difference::Mismatch => &rules.duplicate,
        };
        let reason = format!("{}{note}", rule.reason);
        self.push(kind, None, (left, right), rule.severity, &reason)
    }

    fn push(
        &mut self,
        kind: Difference,
        field: Option<&str>,
        (left, right): (Option<&str>, Option<&str>),
        severity: Severity,
        reason: &str,
    ) -> Result<(), Error> {
        let key = self.group.key.splitn(self.judge.plan.keys.len(), SEPARATOR).map(Some);
        self.findings.push(key, &Row { kind, field, left, right, severity, reason })
    }
}
