//! Numbering rules: one number at a time, and whole columns.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use archive_core::Error;
use archive_core::identifier::quoted;
use archive_numbering::identifiers::Identifier;
use archive_numbering::{self as numbering, FieldId, NumberBuffer, Validity, Value, Values};
use arrow_array::builder::{StringBuilder, StringViewBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use chrono::NaiveDate;
use pyo3::prelude::*;
use rayon::prelude::*;

use crate::capsule::Chunks;
use crate::columns::{Cell, Cells};
use crate::errors::{detached, json, raise};
use crate::table::{Column, Table};

/// Rows that one thread takes at a time.
const CHUNK_ROWS: usize = 1 << 15;

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
        let (schema, batches) = detached(py, || self.parse_pieces(&pieces.into_column("numbers")?))?;
        Ok(Table::new(schema, batches))
    }

    /// Makes numbers of the columns of a table.
    fn format_table(&self, py: Python<'_>, table: &Bound<'_, PyAny>, or_null: bool) -> PyResult<Column> {
        let rows = Chunks::of("values", table)?;
        let column = detached(py, || {
            let (schema, batches) = rows.into_table("values")?;
            self.format_batches(&schema, &batches, or_null)
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

impl Rule {
    fn parse_pieces(&self, pieces: &[ArrayRef]) -> Result<(Arc<Schema>, Vec<RecordBatch>), Error> {
        let text = |name: &str| Field::new(name, DataType::Utf8View, true);
        let mut fields: Vec<Field> = self.rule.field_names().map(text).collect();
        let taken = |name: &str| fields.iter().any(|field| field.name() == name);
        // A rule may have a field of one of these names.
        let free = |name: &str| if taken(name) { format!("{name}_") } else { name.to_owned() };
        let (number, error) = (free("number"), free("error"));
        fields.extend([text(&number), text(&error)]);
        let schema = Arc::new(Schema::new(fields));
        let cells = pieces.iter().map(|piece| Cells::of("numbers", piece)).collect::<Result<Vec<_>, _>>()?;
        let chunks: Vec<_> = cells.iter().flat_map(|cells| cells.chunks(CHUNK_ROWS)).collect();
        let batches = chunks
            .par_iter()
            .map(|(cells, rows)| self.parse_rows(&schema, cells, rows.clone()))
            .collect::<Result<Vec<_>, Error>>()?;
        Ok((schema, batches))
    }

    fn parse_rows(
        &self,
        schema: &Arc<Schema>,
        cells: &Cells<'_>,
        rows: Range<usize>,
    ) -> Result<RecordBatch, Error> {
        let ids: Vec<FieldId> =
            self.rule.field_names().map(|name| self.rule.field(name)).collect::<Result<_, _>>()?;
        let builder = || StringViewBuilder::with_capacity(rows.len());
        let mut parts: Vec<StringViewBuilder> = ids.iter().map(|_| builder()).collect();
        let (mut numbers, mut errors) = (builder(), builder());
        for row in rows.clone() {
            let parsed = match cells.get(row) {
                Cell::Text(text) => self.rule.parse(text).map(Some),
                Cell::Absent => Ok(None),
                other => Err(Error::invalid("number", format!("is {other}, not a text"))),
            };
            match parsed {
                Ok(Some(parsed)) => {
                    for (part, id) in parts.iter_mut().zip(&ids) {
                        part.append_option(parsed.get(*id));
                    }
                    numbers.append_value(parsed.as_str());
                    errors.append_null();
                }
                other => {
                    parts.iter_mut().for_each(StringViewBuilder::append_null);
                    numbers.append_null();
                    errors.append_option(other.err().map(|e| e.report()));
                }
            }
        }
        let columns = parts.iter_mut().chain([&mut numbers, &mut errors]);
        let columns: Vec<ArrayRef> = columns.map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        RecordBatch::try_new(Arc::clone(schema), columns).map_err(impossible)
    }

    fn format_batches(
        &self,
        schema: &Schema,
        batches: &[RecordBatch],
        or_null: bool,
    ) -> Result<ArrayRef, Error> {
        let ids = schema
            .fields()
            .iter()
            .map(|field| self.rule.field(field.name()))
            .collect::<Result<Vec<_>, _>>()?;
        let mut first = 0;
        let mut chunks = Vec::new();
        for batch in batches {
            let columns = schema.fields().iter().zip(batch.columns());
            let cells = columns
                .map(|(field, column)| Cells::of(field.name(), column))
                .collect::<Result<Vec<_>, _>>()?;
            for start in (0..batch.num_rows()).step_by(CHUNK_ROWS) {
                let end = (start + CHUNK_ROWS).min(batch.num_rows());
                chunks.push((cells.clone(), start..end, first));
            }
            first += batch.num_rows();
        }
        let pieces = chunks
            .par_iter()
            .map(|(cells, rows, first)| self.format_rows(&ids, cells, rows.clone(), *first, or_null))
            .collect::<Result<Vec<StringBuilder>, Error>>()?;
        let pieces: Vec<ArrayRef> =
            pieces.into_iter().map(|mut piece| Arc::new(piece.finish()) as ArrayRef).collect();
        crate::columns::joined(&pieces)
    }

    fn format_rows(
        &self,
        ids: &[FieldId],
        cells: &[Cells<'_>],
        rows: Range<usize>,
        first: usize,
        or_null: bool,
    ) -> Result<StringBuilder, Error> {
        let mut out = StringBuilder::with_capacity(rows.len(), rows.len() * 32);
        let mut buffer = NumberBuffer::new();
        let mut values: Values<'_> = self.rule.values();
        for row in rows {
            let mut complete = true;
            for (id, cells) in ids.iter().zip(cells) {
                match cells.get(row) {
                    Cell::Text(text) => values.put(*id, Value::Text(text)),
                    Cell::Number(number) => values.put(*id, Value::Number(number)),
                    Cell::Day(day) => values.put(*id, Value::Date(day)),
                    Cell::Negative(_) | Cell::Absent => {
                        complete = false;
                        &mut values
                    }
                };
            }
            let written = if complete {
                self.rule.format_bytes(&values, &mut buffer).map(|_| ())
            } else {
                Err(Error::invalid("values", "lack a value, or have a negative one"))
            };
            match written {
                Ok(()) => out.append_value(buffer.as_str()),
                Err(_) if or_null => out.append_null(),
                Err(error) => {
                    return Err(
                        Error::invalid(format!("row {}", first + row), "makes no number").with_source(error)
                    );
                }
            }
        }
        Ok(out)
    }
}

fn impossible(error: arrow_schema::ArrowError) -> Error {
    Error::new(archive_core::ErrorKind::Internal, "columns", "do not go together").with_source(error)
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
