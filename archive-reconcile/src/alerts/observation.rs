//! What the book of alerts is told: a finding of any comparison.

use archive_core::Error;
use archive_core::identifier::quoted;
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use serde::{Deserialize, Serialize};

use crate::customer::{Finding, FindingKind};
use crate::schema::Severity;
use crate::tables::cells::render;
use crate::tables::{Difference, Snapshot};

/// The columns of a table of findings that follow its key.
const COLUMNS: [&str; 6] = ["kind", "field", "left_value", "right_value", "severity", "reason"];

/// A finding, as the comparison gives it: a row of [`crate::tables::findings_schema`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The customer's key; parts of a key of several columns stand with a slash between them.
    pub key: String,
    /// `missing_left`, `missing_right`, `duplicate` or `mismatch`; of papers that a person reviewed, `unreadable`
    /// or `missing_in_record`, too.
    pub kind: String,
    /// The field, for a mismatch.
    pub field: Option<String>,
    /// The file whose papers say it, where a person reviewed them; none of a comparison of tables, which knows
    /// customers alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What the papers say.
    pub left: Option<String>,
    /// What the system says.
    pub right: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// Why it matters.
    pub reason: String,
}

impl Observation {
    /// What one customer's papers say against the record, as a comparison of tables would say it; `None`
    /// where they do not contradict it.
    #[must_use]
    pub fn of_papers(key: &str, finding: &Finding) -> Option<Self> {
        match finding.kind {
            FindingKind::Mismatch | FindingKind::PapersDisagree => Some(Self {
                key: key.to_owned(),
                kind: Difference::Mismatch.as_str().to_owned(),
                field: Some(finding.field.to_string()),
                file: None,
                left: finding.paper.clone(),
                right: finding.record.clone(),
                severity: finding.severity,
                reason: finding.reason.clone(),
            }),
            FindingKind::Unreadable | FindingKind::MissingInRecord => None,
        }
    }

    /// Reads a table of findings ([`crate::tables::findings_schema`]), as a comparison wrote it.
    ///
    /// # Errors
    /// Those of reading it; `InvalidInput`, naming table and column, or table and row, where it is no table of
    /// findings or a cell has no meaning in one.
    pub fn read(findings: &dyn Snapshot) -> Result<Vec<Self>, Error> {
        let schema = findings.schema();
        let keys = schema.fields().len().saturating_sub(COLUMNS.len());
        let names = schema.fields().iter().skip(keys).map(|f| f.name().as_str());
        if keys == 0 || !names.eq(COLUMNS) {
            let message = format!(
                "is no table of findings: its columns must be those of the key, then {}",
                COLUMNS.join(", ")
            );
            return Err(Error::invalid(findings.name(), message));
        }
        let mut observations = Vec::new();
        let columns: Vec<usize> = (0..keys + COLUMNS.len()).collect();
        for batch in findings.read(&columns)? {
            let batch = batch?;
            for row in 0..batch.num_rows() {
                let place = format!("{} row {}", findings.name(), observations.len() + 1);
                observations.push(Self::of_row(&batch, row, keys, &place)?);
            }
        }
        Ok(observations)
    }

    fn of_row(batch: &RecordBatch, row: usize, keys: usize, place: &str) -> Result<Self, Error> {
        let cell = |column: usize| {
            let mut text = String::new();
            (render(batch.column(column).as_ref(), row, &mut text) && !text.is_empty()).then_some(text)
        };
        let unknown = |column: &str, value: Option<&str>| {
            Error::invalid(place, format!("has the {column} {}", quoted(value.unwrap_or_default())))
        };
        let (kind, severity) = (cell(keys), cell(keys + 4));
        let known_kind = kind.as_deref().and_then(Difference::named);
        let known_severity = severity.as_deref().and_then(Severity::named);
        let parts: Vec<String> = (0..keys).map(|column| cell(column).unwrap_or_default()).collect();
        Ok(Self {
            key: parts.join("/"),
            kind: known_kind.ok_or_else(|| unknown("kind", kind.as_deref()))?.as_str().to_owned(),
            field: cell(keys + 1),
            file: None,
            left: cell(keys + 2),
            right: cell(keys + 3),
            severity: known_severity.ok_or_else(|| unknown("severity", severity.as_deref()))?,
            reason: cell(keys + 5).unwrap_or_default(),
        })
    }

    /// The findings of a batch that a comparison by `keys` columns handed on, each with the parts of
    /// its key; a part is empty where rows had none.
    #[must_use]
    pub fn of_findings(batch: &RecordBatch, keys: usize) -> Vec<(Vec<String>, Self)> {
        let cell = |column: usize, row: usize| {
            let column = batch.column(column).as_string::<i32>();
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        let finding = |row| {
            let parts: Vec<String> = (0..keys).map(|i| cell(i, row).unwrap_or_default()).collect();
            let severity = cell(keys + 4, row).as_deref().and_then(Severity::named);
            let finding = Self {
                key: parts.join("/"),
                kind: cell(keys, row).unwrap_or_default(),
                field: cell(keys + 1, row),
                file: None,
                left: cell(keys + 2, row),
                right: cell(keys + 3, row),
                severity: severity.unwrap_or(Severity::Minor),
                reason: cell(keys + 5, row).unwrap_or_default(),
            };
            (parts, finding)
        };
        (0..batch.num_rows()).map(finding).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, StringArray};

    use super::*;
    use crate::tables::MemorySnapshot;

    fn table(columns: &[(&str, &str)]) -> MemorySnapshot {
        let columns = columns.iter().map(|(name, cell)| {
            let cell = (!cell.is_empty()).then_some(*cell);
            (*name, Arc::new(StringArray::from(vec![cell])) as ArrayRef)
        });
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        MemorySnapshot::new("findings.csv", batch.schema(), vec![batch]).unwrap()
    }

    const ROW: [(&str, &str); 7] = [
        ("account_no", "0001"),
        ("kind", "mismatch"),
        ("field", "ct_ratio"),
        ("left_value", "200/5"),
        ("right_value", ""),
        ("severity", "critical"),
        ("reason", "r"),
    ];

    #[test]
    fn a_table_of_findings_is_read_back() {
        let found = Observation::read(&table(&ROW)).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].key.as_str(), found[0].severity), ("0001", Severity::Critical));
        assert_eq!((found[0].left.as_deref(), found[0].right.as_deref()), (Some("200/5"), None));
    }

    #[test]
    fn another_table_is_refused_with_its_place() {
        let refusal = |columns: &[(&str, &str)]| Observation::read(&table(columns)).unwrap_err().to_string();
        assert!(refusal(&ROW[1..]).contains("findings.csv: is no table of findings"));
        assert!(refusal(&ROW[..3]).contains("is no table of findings"));
        let mut changed = ROW;
        changed[1].1 = "differs";
        assert_eq!(refusal(&changed), "findings.csv row 1: has the kind \"differs\"");
        changed = ROW;
        changed[5].1 = "";
        assert!(refusal(&changed).starts_with("findings.csv row 1: has the severity"));
    }
}
