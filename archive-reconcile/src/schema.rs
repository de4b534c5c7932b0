//! How each field is compared and how much a difference matters, as data.
//!
//! ```
//! use archive_reconcile::schema::Occasion;
//! use archive_reconcile::{Schema, Severity};
//!
//! let schema = Schema::reference();
//! let voltage = schema.field("supply_voltage_kv").unwrap();
//! assert!(voltage.equal("10", "10.0"));
//! let (severity, _reason) = schema.assess(voltage, Some("10"), Some("20"), &Occasion::default());
//! assert_eq!(severity, Severity::Critical);
//! ```
//!
//! Limits: on papers, a field that the schema does not name is not compared; between tables it is,
//! by its column's type.

mod codes;
mod comparison;
mod rules;

use std::collections::BTreeMap;
use std::fmt;

use archive_core::Error;
use archive_core::data_file;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use codes::{CodeMap, Meaning};
pub use comparison::{Comparator, Comparison};
pub use rules::{CapacityFact, Occasion, ProcessColumns, Rule};

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

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With a width, as in a column of a list.
        f.pad(self.as_str())
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
    /// The field of each other name of a column.
    columns: BTreeMap<String, usize>,
    ignore: Vec<String>,
    rows: RowRules,
    rules: Vec<Rule>,
    process: Option<ProcessColumns>,
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
            #[serde(default)]
            rule: Vec<toml::Spanned<Rule>>,
            #[serde(default)]
            process: Option<ProcessColumns>,
        }
        let raw: Raw = data_file::parse(name, text)?;
        let mut fields = Vec::with_capacity(raw.field.len());
        let (mut position, mut columns) = (BTreeMap::new(), BTreeMap::new());
        for field in raw.field {
            let span = field.span();
            let field = field.into_inner();
            if let Err(message) = field.check() {
                return Err(data_file::error_at(name, text, span, &message));
            }
            if field.critical_above.is_some_and(|limit| !limit.is_finite() || limit <= 0.0) {
                let message = format!("critical_above of {} must be a number above 0", field.name);
                return Err(data_file::error_at(name, text, span, &message));
            }
            if field.tolerance.is_some_and(|tolerance| tolerance < Decimal::ZERO) {
                let message = format!("tolerance of {} must not be below 0", field.name);
                return Err(data_file::error_at(name, text, span, &message));
            }
            for column in &field.columns {
                if columns.insert(column.clone(), fields.len()).is_some() {
                    let message = format!("column {column} belongs to two fields");
                    return Err(data_file::error_at(name, text, span, &message));
                }
            }
            if position.insert(field.name.to_string(), fields.len()).is_some() {
                let message = format!("field {} stands twice", field.name);
                return Err(data_file::error_at(name, text, span, &message));
            }
            fields.push(field);
        }
        for rule in &raw.rule {
            let unknown = rule.get_ref().field.as_ref().filter(|f| !position.contains_key(f.as_str()));
            let message = match unknown {
                Some(field) => Err(format!("a rule is about {field}, which is no field of this schema")),
                None => rule.get_ref().check(),
            };
            if let Err(message) = message {
                return Err(data_file::error_at(name, text, rule.span(), &message));
            }
        }
        Ok(Self {
            name: raw.name,
            version: raw.version,
            fields,
            position,
            columns,
            ignore: raw.ignore,
            rows: raw.rows,
            rules: raw.rule.into_iter().map(toml::Spanned::into_inner).collect(),
            process: raw.process,
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

    /// What decides a difference's severity by its occasion, in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
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

    /// The field that a table's column holds: its own name, unless the schema gives it to a field.
    #[must_use]
    pub fn field_of_column<'a>(&'a self, column: &'a str) -> &'a str {
        self.columns.get(column).map_or(column, |i| self.fields[*i].name.as_str())
    }

    /// Where the system's table says in which business process a customer is.
    #[must_use]
    pub fn process(&self) -> Option<&ProcessColumns> {
        self.process.as_ref()
    }

    /// How much a difference of `field` matters, met on `occasion`, and why: by the first rule that
    /// is about it, else by the field.
    #[must_use]
    pub fn assess(
        &self,
        field: &Comparison,
        paper: Option<&str>,
        record: Option<&str>,
        occasion: &Occasion,
    ) -> (Severity, String) {
        let relative = paper.zip(record).and_then(|(paper, record)| field.relative_difference(paper, record));
        if let Some((severity, reason)) = rules::assess(&self.rules, &field.name, relative, occasion) {
            return (severity, reason);
        }
        let severity = match (field.critical_above, relative) {
            (Some(limit), Some(relative)) if relative > limit => Severity::Critical,
            _ => field.severity,
        };
        (severity, field.reason.clone())
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
        let dated =
            text.replace("\"0102\" = \"1101\"", "\"0102\" = { to = \"1101\", until = \"2020-01-01\" }");
        let error = Schema::parse("s.toml", &dated).unwrap_err();
        assert!(error.to_string().contains("dated_by"), "{error}");
    }

    #[test]
    fn a_field_says_which_capacity_it_holds_and_what_a_kilowatt_is() {
        let text = r#"
            name = "s"
            version = "1"
            [[field]]
            name = "contract_capacity_kva"
            label = "合同容量"
            kind = "capacity-kva"
            severity = "major"
            reason = "r"
            fact = "contract"
            power_factor = "0.8"
            columns = ["合同容量"]
        "#;
        let schema = Schema::parse("s.toml", text).unwrap();
        assert_eq!(schema.field_of_column("合同容量"), "contract_capacity_kva");
        let capacity = schema.field("contract_capacity_kva").unwrap();
        assert!(capacity.equal("400kW", "500kVA") && capacity.equal("合同容量：500千伏安", "500"));
        assert!(!capacity.equal("运行容量500千伏安", "500") && !capacity.equal("400kW", "400"));
        let without = Schema::parse("s.toml", &text.replace("power_factor = \"0.8\"", "")).unwrap();
        assert!(!without.field("contract_capacity_kva").unwrap().equal("400kW", "500kVA"));
        for (from, to, part) in [
            ("[\"合同容量\"]", "[\"运行容量\"]", "never compared"),
            ("\"0.8\"", "\"1.2\"", "power_factor"),
            ("kind = \"capacity-kva\"", "kind = \"date\"", "capacity"),
        ] {
            let error = Schema::parse("s.toml", &text.replace(from, to)).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn severity_follows_the_size_of_the_difference() {
        let schema = Schema::reference();
        let capacity = schema.field("contract_capacity_kva").unwrap();
        let severity =
            |paper, record| schema.assess(capacity, Some(paper), Some(record), &Occasion::default()).0;
        assert_eq!(severity("400", "420"), Severity::Major);
        assert_eq!(severity("400", "500"), Severity::Critical);
        assert_eq!(severity("0", "500"), Severity::Major);
        let (tiny, vast) = ("0.00000000000000001", "999999999999999999");
        assert_eq!(severity(tiny, vast), Severity::Critical, "beyond what a decimal holds");
        assert!(capacity.equal("400千伏安", "400.0"));
    }
}
