//! Which column of one table is compared with which of the other, and how.

use std::collections::BTreeSet;

use archive_core::Error;
use archive_core::identifier::quoted;
use archive_core::record::ValueKind;
use arrow_schema::{DataType, SchemaRef};

use super::snapshot::Snapshot;
use crate::schema::{Comparator, Comparison, Schema};

/// The columns of two tables, joined by name.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The key columns' names, in the caller's order.
    pub(crate) keys: Vec<String>,
    /// How the other common columns are compared, in the left table's order.
    pub(crate) fields: Vec<Comparison>,
    /// For each field, which other holds the day on which its codes were written.
    pub(crate) dates: Vec<Option<usize>>,
    /// Positions of keys and fields in the left table.
    pub(crate) left: Vec<usize>,
    /// Positions of keys and fields in the right table, and of the columns of [`Plan::process`].
    pub(crate) right: Vec<usize>,
    /// Which of the right columns has the business process, and which the day on which it ended.
    pub(crate) process: Option<(usize, Option<usize>)>,
}

/// What values of a column are, as far as comparing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Text,
    Number,
    Float,
    Day,
    Other,
    Nothing,
}

fn class(data_type: &DataType) -> Option<Class> {
    Some(match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Class::Text,
        DataType::Dictionary(_, values) => class(values)?,
        t if t.is_integer() => Class::Number,
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) => Class::Number,
        DataType::Float32 | DataType::Float64 => Class::Float,
        DataType::Date32 | DataType::Date64 => Class::Day,
        DataType::Timestamp(..) | DataType::Boolean => Class::Other,
        DataType::Null => Class::Nothing,
        _ => return None,
    })
}

impl Plan {
    /// Joins the columns of two tables.
    ///
    /// # Errors
    /// `InvalidInput`, naming table and column, where a key is missing, a column stands on one side
    /// only and is not ignored, a name stands twice, or two types cannot be compared.
    pub(crate) fn new(
        left: &dyn Snapshot,
        right: &dyn Snapshot,
        keys: &[String],
        schema: &Schema,
    ) -> Result<Self, Error> {
        let (l, r) = (left.schema(), right.schema());
        check_names(left.name(), &l, schema)?;
        check_names(right.name(), &r, schema)?;
        if keys.is_empty() {
            return Err(Error::invalid(
                "the comparison",
                "has no key column: name one that both tables have",
            ));
        }
        let same = |a: &str, b: &str| schema.field_of_column(a) == schema.field_of_column(b);
        let position = |side: &dyn Snapshot, table: &SchemaRef, name: &str| {
            let found = table.fields().iter().position(|f| same(f.name(), name));
            found.ok_or_else(|| {
                let columns: Vec<_> = table.fields().iter().take(12).map(|f| f.name().as_str()).collect();
                let message =
                    format!("has no key column {}; its columns are {}", quoted(name), columns.join(", "));
                Error::invalid(side.name(), message)
            })
        };
        let mut plan = Self {
            keys: keys.to_vec(),
            fields: Vec::new(),
            dates: Vec::new(),
            left: Vec::new(),
            right: Vec::new(),
            process: None,
        };
        for (i, key) in keys.iter().enumerate() {
            if keys[..i].contains(key) {
                return Err(Error::invalid(format!("key column {}", quoted(key)), "is named twice"));
            }
            let (i, j) = (position(left, &l, key)?, position(right, &r, key)?);
            let classes = (column_class(left, &l, i)?, column_class(right, &r, j)?);
            // A key column that is null throughout names no row, whatever the other one's are.
            if !matches!(
                classes,
                (Class::Text, Class::Text)
                    | (Class::Number, Class::Number)
                    | (Class::Day, Class::Day)
                    | (Class::Nothing, Class::Nothing | Class::Text | Class::Number | Class::Day)
                    | (Class::Text | Class::Number | Class::Day, Class::Nothing)
            ) {
                let message = format!(
                    "key column {} is {} here and {} in {}: write it as text on both sides, since numbers lose leading zeros",
                    quoted(key),
                    l.field(i).data_type(),
                    r.field(j).data_type(),
                    right.name(),
                );
                return Err(Error::invalid(left.name(), message));
            }
            plan.left.push(i);
            plan.right.push(j);
        }
        let process = schema.process();
        let mut ignored: BTreeSet<&str> = schema.ignored().collect();
        // They say when a difference was met, and may stand on one side only.
        ignored.extend(
            process.iter().flat_map(|p| [Some(&p.column), p.ended.as_ref()]).flatten().map(String::as_str),
        );
        let compared = |name: &str| {
            !ignored.contains(name)
                && !ignored.contains(schema.field_of_column(name))
                && !keys.iter().any(|k| same(k, name))
        };
        for (i, field) in l.fields().iter().enumerate().filter(|(_, f)| compared(f.name())) {
            let Some(j) = r.fields().iter().position(|f| same(f.name(), field.name())) else {
                return Err(one_sided(left.name(), right.name(), field.name()));
            };
            let classes = (column_class(left, &l, i)?, column_class(right, &r, j)?);
            let types = (l.field(i).data_type(), r.field(j).data_type());
            plan.fields.push(comparison(schema, schema.field_of_column(field.name()), classes).map_err(
                |reason| {
                    let message = format!(
                        "column {} is {} here and {} in {}: {reason}",
                        quoted(field.name()),
                        types.0,
                        types.1,
                        right.name(),
                    );
                    Error::invalid(left.name(), message)
                },
            )?);
            plan.left.push(i);
            plan.right.push(j);
        }
        if let Some(field) = r
            .fields()
            .iter()
            .find(|f| compared(f.name()) && l.fields().iter().all(|g| !same(g.name(), f.name())))
        {
            return Err(one_sided(right.name(), left.name(), field.name()));
        }
        plan.dates = plan.dates(left.name())?;
        if let Some(process) = process {
            let mut add = |name: &str| -> Result<usize, Error> {
                plan.right.push(position(right, &r, name).map_err(|_| {
                    let message =
                        format!("has no column {}, in which the schema looks for a process", quoted(name));
                    Error::invalid(right.name(), message)
                })?);
                Ok(plan.right.len() - 1)
            };
            let column = add(&process.column)?;
            plan.process = Some((column, process.ended.as_deref().map(add).transpose()?));
        }
        Ok(plan)
    }

    fn dates(&self, table: &str) -> Result<Vec<Option<usize>>, Error> {
        let date_of = |field: &Comparison| {
            let Some(date) = &field.dated_by else { return Ok(None) };
            let found = self.fields.iter().position(|f| f.name == *date);
            found.map(Some).ok_or_else(|| {
                let message = format!("has no column {date}, by which the codes of {} are dated", field.name);
                Error::invalid(table, message)
            })
        };
        self.fields.iter().map(date_of).collect()
    }
}

fn one_sided(has: &str, lacks: &str, column: &str) -> Error {
    let column = quoted(column);
    let message = format!("has no column {column}, which {has} has: add it, or ignore it in the schema");
    Error::invalid(lacks, message)
}

fn check_names(name: &str, table: &SchemaRef, schema: &Schema) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    match table.fields().iter().find(|f| !seen.insert(schema.field_of_column(f.name()))) {
        Some(twice) => Err(Error::invalid(name, format!("has two columns {}", quoted(twice.name())))),
        None => Ok(()),
    }
}

fn column_class(side: &dyn Snapshot, schema: &SchemaRef, i: usize) -> Result<Class, Error> {
    let field = schema.field(i);
    class(field.data_type()).ok_or_else(|| {
        let message = format!(
            "column {} is {}, which cannot be compared: ignore it in the schema, or write it as text",
            quoted(field.name()),
            field.data_type(),
        );
        Error::invalid(side.name(), message)
    })
}

/// How the column `name` is compared: as the schema says, else by the types.
fn comparison(schema: &Schema, name: &str, classes: (Class, Class)) -> Result<Comparison, String> {
    let (a, b) = classes;
    let same = a == b || a == Class::Nothing || b == Class::Nothing;
    let numbers = |c| matches!(c, Class::Number | Class::Float);
    if let Some(field) = schema.field(name) {
        let by_letter = field.comparator != Comparator::Kind
            || matches!(field.kind, ValueKind::Text | ValueKind::Identifier);
        return if same || !by_letter || (numbers(a) && numbers(b)) {
            Ok(field.clone())
        } else {
            Err("compared by letter they would always differ: give it a kind in the schema".to_owned())
        };
    }
    let (kind, comparator) = match (a, b) {
        _ if numbers(a) || numbers(b) => (ValueKind::Decimal, Comparator::Kind),
        _ if a == Class::Day || b == Class::Day => (ValueKind::Date, Comparator::Kind),
        _ => (ValueKind::Text, Comparator::Exact),
    };
    let fits = |c| match kind {
        ValueKind::Decimal => numbers(c) || matches!(c, Class::Text | Class::Nothing),
        ValueKind::Date => matches!(c, Class::Day | Class::Text | Class::Nothing | Class::Other),
        _ => same,
    };
    if !(fits(a) && fits(b)) {
        return Err("give both one type, or name its kind in the schema".to_owned());
    }
    Comparison::unnamed(name, kind, comparator).map_err(|e| e.message().to_owned())
}
