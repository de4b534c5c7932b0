//! Numbering rules: one number at a time, and whole columns.

use std::collections::BTreeMap;

use archive_core::Error;
use archive_core::identifier::quoted;
use archive_numbering::identifiers::Identifier;
use archive_numbering::{self as numbering, Validity, Value};
use chrono::NaiveDate;
use pyo3::prelude::*;

use crate::capsule::Chunks;
use crate::errors::{detached, json, raise};
use crate::number_columns;
use crate::table::{Column, Table};

/// A compiled numbering rule.
#[pyclass(frozen, module = "marketing_archive._native")]
pub(crate) struct Rule {
    rule: numbering::Rule,
}

#[pymethods]
impl Rule {
    #[new]
    fn new(text: &str) -> PyResult<Self> {
        Ok(Self { rule: numbering::Rule::compile(text).map_err(|rejection| raise(rejection.into()))? })
    }

    /// The rule that is shipped under `name`.
    #[staticmethod]
    fn shipped(name: &str) -> PyResult<Self> {
        Ok(Self { rule: numbering::shipped::rule(name).map_err(raise)? })
    }

    fn name(&self) -> String {
        self.rule.name().to_string()
    }

    fn field_names(&self) -> Vec<String> {
        self.rule.field_names().map(str::to_owned).collect()
    }

    /// How many numbers a counter gives, and how many there are in all.
    fn capacity(&self) -> (Option<u64>, Option<u64>) {
        let capacity = self.rule.capacity();
        (capacity.per_counter, capacity.numbers)
    }

    fn example(&self) -> Option<String> {
        self.rule.example().map(|code| code.to_string())
    }

    fn parse(&self, number: &str) -> PyResult<BTreeMap<String, String>> {
        let parsed = self.rule.parse(number).map_err(raise)?;
        Ok(parsed.fields().map(|(field, text)| (field.to_owned(), text.to_owned())).collect())
    }

    /// The canonical writing; `None` where the text is no number.
    fn canonical(&self, number: &str) -> Option<String> {
        match self.rule.validate(number) {
            Validity::Canonical => Some(number.to_owned()),
            Validity::Alias { canonical } => Some(canonical),
            Validity::Invalid { .. } => None,
        }
    }

    /// Where a text fails, as JSON; `None` for a number.
    fn explain(&self, number: &str) -> PyResult<Option<String>> {
        self.rule
            .explain(number)
            .map(|explanation| {
                json(&serde_json::json!({ "message": explanation.to_string(), "at": explanation }))
            })
            .transpose()
    }

    /// What can follow a beginning, as JSON.
    fn complete(&self, beginning: &str) -> PyResult<String> {
        json(&self.rule.complete(beginning).map_err(raise)?)
    }

    /// The number after `last` in a counter.
    #[pyo3(signature = (last=None))]
    fn next(&self, last: Option<u64>) -> PyResult<u64> {
        self.rule.next(last).map_err(raise)
    }

    /// The number of the texts and numbers in `values` and the dates that fields are taken from.
    fn format(
        &self,
        values: BTreeMap<String, FieldValue>,
        dates: BTreeMap<String, NaiveDate>,
    ) -> PyResult<String> {
        let mut given = self.rule.values();
        let result = (|| {
            for (name, date) in &dates {
                given.set_date(name, *date)?;
            }
            for (name, value) in &values {
                given.set(name, value.borrowed())?;
            }
            self.rule.format(&given)
        })();
        Ok(result.map_err(raise)?.to_string())
    }

    /// Takes a column of numbers apart.
    fn parse_column(&self, py: Python<'_>, column: &Bound<'_, PyAny>) -> PyResult<Table> {
        let pieces = Chunks::of("numbers", column)?;
        let (schema, batches) =
            detached(py, || number_columns::parse(&self.rule, &pieces.into_column("numbers")?))?;
        Ok(Table::new(schema, batches))
    }

    /// Makes numbers of the columns of a table.
    fn format_table(&self, py: Python<'_>, table: &Bound<'_, PyAny>, or_null: bool) -> PyResult<Column> {
        let rows = Chunks::of("values", table)?;
        let column = detached(py, || {
            let (schema, batches) = rows.into_table("values")?;
            number_columns::format(&self.rule, &schema, &batches, or_null)
        })?;
        Ok(Column::new(column))
    }
}

/// A value from Python: a text, a number, or a day.
#[derive(FromPyObject)]
enum FieldValue {
    Text(String),
    Number(u64),
    Date(NaiveDate),
}

impl FieldValue {
    fn borrowed(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Number(number) => Value::Number(*number),
            Self::Date(date) => Value::Date(*date),
        }
    }
}

/// Checks a rule text and reports every proof, as JSON and for people.
#[pyfunction]
pub(crate) fn check_rule(source: &str, text: &str) -> PyResult<(bool, String, String)> {
    let report = numbering::check(source, text);
    Ok((report.sound, json(&report)?, report.to_string()))
}

/// Lays a rule text out.
#[pyfunction]
pub(crate) fn format_rule(text: &str) -> PyResult<String> {
    numbering::format_text(text, None).map_err(|rejection| raise(rejection.into()))
}

/// The texts of the shipped rules: path, what it numbers, text.
#[pyfunction]
pub(crate) fn shipped_rules() -> Vec<(&'static str, &'static str, &'static str)> {
    numbering::shipped::all().iter().map(|file| (file.path, file.title, file.text)).collect()
}

/// Whether a text is an identifier of the kind `kind`: its canonical writing, and what is wrong.
#[pyfunction]
pub(crate) fn check_identifier(kind: &str, text: &str) -> PyResult<(Option<String>, Option<String>)> {
    let identifier = match kind {
        "citizen-id" => Identifier::CitizenId,
        "social-credit-code" => Identifier::SocialCreditCode,
        "organisation-code" => Identifier::OrganisationCode,
        "meter-asset" => Identifier::MeterAsset,
        "contract" => Identifier::Contract,
        _ => {
            let kinds = "citizen-id, social-credit-code, organisation-code, meter-asset or contract";
            return Err(raise(Error::invalid(
                format!("kind {}", quoted(kind)),
                format!("is none of {kinds}"),
            )));
        }
    };
    Ok(match identifier.validate(text).map_err(raise)? {
        Validity::Canonical => (Some(text.to_owned()), None),
        Validity::Alias { canonical } => (Some(canonical), None),
        Validity::Invalid { explanation } => (None, Some(explanation.to_string())),
    })
}
