//! How each field is compared and how much a difference matters, as data.
//!
//! ```
//! use archive_reconcile::{Schema, Severity};
//!
//! let schema = Schema::reference();
//! let voltage = schema.field("supply_voltage_kv").unwrap();
//! assert!(voltage.equal("10", "10.0"));
//! assert_eq!(voltage.severity_of("10", "20"), Severity::Critical);
//! ```
//!
//! Limits: on papers, a field that the schema does not name is not compared; between tables it is,
//! by its column's type. Codes have no dates of validity.

use std::collections::BTreeMap;

use archive_core::Error;
use archive_core::data_file;
use archive_core::identifier::FieldName;
use archive_core::record::ValueKind;
use archive_core::units::parse_number;
use archive_core::writing::fold;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::tables::form::Form;

/// The text of the shipped schema, to start one's own from.
pub const REFERENCE_TEXT: &str = include_str!("../schema/reference.toml");

/// How much a difference matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// To be mended when somebody is at it.
    Minor,
    /// To be mended.
    Major,
    /// Money or a lawsuit hangs on it: at once.
    Critical,
}

/// Whether a field's values are compared by what they mean or by how they are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Comparator {
    /// By what values of the field's kind mean: `100.00kVA` is `100`.
    #[default]
    Kind,
    /// Letter by letter.
    Exact,
}

/// How one field is compared.
///
/// A value that is absent (null, or text of nothing but white space) equals an absent value and
/// differs from every other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The field's name on papers and in records.
    pub name: FieldName,
    /// Its name for people.
    pub label: String,
    /// What its values mean.
    pub kind: ValueKind,
    /// How much a difference matters.
    pub severity: Severity,
    /// The relative difference of numbers from which it is critical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_above: Option<f64>,
    /// Why it matters.
    pub reason: String,
    /// By meaning or by letter.
    #[serde(default)]
    pub comparator: Comparator,
    /// The difference up to which two numbers are one, in the kind's unit. It is no canonical form
    /// (a chain of small differences is a large one), so it is asked cell by cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Decimal>,
    /// Codes that mean another code now, such as a tariff's old code and its new one. A code that
    /// does not stand here means itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, String>,
}

impl Comparison {
    /// How a column that no schema names is compared: without weight, and for no stated reason.
    pub(crate) fn unnamed(name: &str, kind: ValueKind, comparator: Comparator) -> Result<Self, Error> {
        Ok(Self {
            name: name.parse()?,
            label: name.to_owned(),
            kind,
            severity: Severity::Minor,
            critical_above: None,
            reason: "the values differ".to_owned(),
            comparator,
            tolerance: None,
            codes: BTreeMap::new(),
        })
    }

    /// Whether two values, in whatever writing, are one value. A value that is none of the field's
    /// kind equals only its own writing.
    #[must_use]
    pub fn equal(&self, a: &str, b: &str) -> bool {
        let (mut left, mut right) = (String::new(), String::new());
        let (a, b) = (Form::of_text(self, a, &mut left), Form::of_text(self, b, &mut right));
        a == b
            || match (self.tolerance, a.number(), b.number()) {
                (Some(tolerance), Some(a), Some(b)) => {
                    a.checked_sub(b).is_some_and(|difference| difference.abs() <= tolerance)
                }
                _ => false,
            }
    }

    /// How much the difference between a paper's value and a record's matters.
    #[must_use]
    pub fn severity_of(&self, paper: &str, record: &str) -> Severity {
        let number = |text: &str| self.kind.normalise(text).as_deref().and_then(parse_number);
        let relative: Option<f64> = match (number(paper), number(record)) {
            (Some(p), Some(r)) if !p.is_zero() => {
                let relative = p.checked_sub(r).and_then(|d| d.checked_div(p));
                // What no decimal can hold is far above any limit.
                Some(relative.and_then(|r| r.abs().try_into().ok()).unwrap_or(f64::INFINITY))
            }
            _ => None,
        };
        match (self.critical_above, relative) {
            (Some(limit), Some(difference)) if difference > limit => Severity::Critical,
            _ => self.severity,
        }
    }
}

/// How much it matters that a row is missing or stands twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowRule {
    /// How much it matters.
    pub severity: Severity,
    /// Why it matters.
    pub reason: String,
}

/// How much differences of whole rows matter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RowRules {
    /// A key that stands on the right only.
    pub missing_left: RowRule,
    /// A key that stands on the left only.
    pub missing_right: RowRule,
    /// A key that stands more than once on a side.
    pub duplicate: RowRule,
}

impl Default for RowRules {
    fn default() -> Self {
        let major = |reason: &str| RowRule { severity: Severity::Major, reason: reason.to_owned() };
        Self {
            missing_left: major("the key stands on the right only"),
            missing_right: major("the key stands on the left only"),
            duplicate: major("the key stands more than once"),
        }
    }
}

/// How all fields are compared.
#[derive(Debug, Clone)]
pub struct Schema {
    name: String,
    version: String,
    fields: Vec<Comparison>,
    position: BTreeMap<String, usize>,
    ignore: Vec<String>,
    rows: RowRules,
}

impl Schema {
    /// Reads a schema from TOML; `name` (a path, usually) stands in errors.
    ///
    /// # Errors
    /// `InvalidInput`, naming file, line and key, where the text is no schema, names a field twice,
    /// or sets a limit that is no positive number.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            name: String,
            version: String,
            field: Vec<toml::Spanned<Comparison>>,
            #[serde(default)]
            ignore: Vec<String>,
            #[serde(default)]
            rows: RowRules,
        }
        let raw: Raw = data_file::parse(name, text)?;
        let mut fields = Vec::with_capacity(raw.field.len());
        let mut position = BTreeMap::new();
        for field in raw.field {
            let span = field.span();
            let mut field = field.into_inner();
            // Values are looked up in their folded form.
            field.codes = field.codes.iter().map(|(old, new)| (fold(old), fold(new))).collect();
            if field.critical_above.is_some_and(|limit| !limit.is_finite() || limit <= 0.0) {
                let message = format!("critical_above of {} must be a number above 0", field.name);
                return Err(data_file::error_at(name, text, span, &message));
            }
            if field.tolerance.is_some_and(|tolerance| tolerance < Decimal::ZERO) {
                let message = format!("tolerance of {} must not be below 0", field.name);
                return Err(data_file::error_at(name, text, span, &message));
            }
            if let Some(old) = field.codes.iter().find(|(_, new)| field.codes.contains_key(*new)) {
                let message = format!(
                    "code {} of {} leads to {}, which leads on: name the last code",
                    old.0, field.name, old.1
                );
                return Err(data_file::error_at(name, text, span, &message));
            }
            if position.insert(field.name.to_string(), fields.len()).is_some() {
                let message = format!("field {} stands twice", field.name);
                return Err(data_file::error_at(name, text, span, &message));
            }
            fields.push(field);
        }
        Ok(Self {
            name: raw.name,
            version: raw.version,
            fields,
            position,
            ignore: raw.ignore,
            rows: raw.rows,
        })
    }

    /// The schema that is shipped.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn reference() -> Self {
        Self::parse("reference.toml", REFERENCE_TEXT).expect("the shipped schema is checked by a test")
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How the field `name` is compared.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Comparison> {
        self.position.get(name).map(|i| &self.fields[*i])
    }

    /// How much differences of whole rows matter.
    #[must_use]
    pub fn rows(&self) -> &RowRules {
        &self.rows
    }

    /// Columns that are not compared, and that may stand on one side only.
    pub fn ignored(&self) -> impl Iterator<Item = &str> {
        self.ignore.iter().map(String::as_str)
    }

    /// The same schema, with more columns that are not compared.
    #[must_use]
    pub fn ignoring(mut self, columns: impl IntoIterator<Item = String>) -> Self {
        self.ignore.extend(columns);
        self
    }

    /// All fields, in the schema's order.
    pub fn fields(&self) -> impl Iterator<Item = &Comparison> {
        self.fields.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_schema_is_sound() {
        assert_eq!(Schema::reference().fields().count(), 15);
    }

    #[test]
    fn a_broken_schema_names_line_and_key() {
        let twice = REFERENCE_TEXT.replacen("name = \"contract_no\"", "name = \"account_no\"", 1);
        let error = Schema::parse("s.toml", &twice).unwrap_err();
        assert!(error.to_string().contains("account_no stands twice"), "{error}");
        let kind = REFERENCE_TEXT.replacen("kind = \"ratio\"", "kind = \"guess\"", 1);
        let error = Schema::parse("s.toml", &kind).unwrap_err();
        assert!(error.object().ends_with("key field.kind"), "{error}");
        let limit = REFERENCE_TEXT.replacen("critical_above = 0.10", "critical_above = nan", 1);
        assert!(Schema::parse("s.toml", &limit).unwrap_err().to_string().contains("above 0"));
    }

    #[test]
    fn codes_and_tolerances_are_part_of_equality() {
        let text = r#"
            name = "s"
            version = "1"
            [[field]]
            name = "tariff"
            label = "t"
            kind = "text"
            severity = "major"
            reason = "r"
            codes = { "0101" = "1101", "0102" = "1101" }
            [[field]]
            name = "capacity"
            label = "c"
            kind = "capacity-kva"
            severity = "major"
            reason = "r"
            tolerance = "0.5"
        "#;
        let schema = Schema::parse("s.toml", text).unwrap();
        let tariff = schema.field("tariff").unwrap();
        assert!(tariff.equal("0101", "１１０１") && tariff.equal("0101", "0102"));
        assert!(!tariff.equal("0101", "0103"));
        let capacity = schema.field("capacity").unwrap();
        assert!(capacity.equal("400", "400.5 kVA") && !capacity.equal("400", "400.6"));
        assert!(!capacity.equal("400", "unknown"));
        let chain = text.replace("\"0102\" = \"1101\"", "\"1101\" = \"1201\"");
        let error = Schema::parse("s.toml", &chain).unwrap_err();
        assert!(error.to_string().contains("name the last code"), "{error}");
        let negative = text.replace("0.5", "-1");
        assert!(Schema::parse("s.toml", &negative).unwrap_err().to_string().contains("below 0"));
    }

    #[test]
    fn severity_follows_the_size_of_the_difference() {
        let schema = Schema::reference();
        let capacity = schema.field("contract_capacity_kva").unwrap();
        assert_eq!(capacity.severity_of("400", "420"), Severity::Major);
        assert_eq!(capacity.severity_of("400", "500"), Severity::Critical);
        assert_eq!(capacity.severity_of("0", "500"), Severity::Major);
        let (tiny, vast) = ("0.00000000000000001", "999999999999999999");
        assert_eq!(capacity.severity_of(tiny, vast), Severity::Critical, "beyond what a decimal holds");
        assert!(capacity.equal("400千伏安", "400.0"));
    }
}
