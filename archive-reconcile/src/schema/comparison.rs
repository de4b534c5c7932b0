//! How one field is compared.

use archive_core::Error;
use archive_core::identifier::FieldName;
use archive_core::record::ValueKind;
use archive_core::writing::fold;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{CapacityFact, CodeMap, Severity};
use crate::canonical::{self, CheckScheme, likeness};
use crate::tables::form::Form;

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
    /// As names of companies and people: see [`crate::canonical::name`].
    Name,
    /// As addresses: see [`crate::canonical::address`].
    Address,
    /// As sets, whose members may come in any order: see [`crate::canonical::set`].
    Set,
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
    /// Codes that mean another code now, such as a tariff's old code and its new one.
    #[serde(default, skip_serializing_if = "CodeMap::is_empty")]
    pub codes: CodeMap,
    /// The field whose date says on which day a code was written; needed where codes have days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated_by: Option<FieldName>,
    /// The scheme of an identifier's check character.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckScheme>,
    /// The power factor by which kW are kVA; without it, they are two facts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_factor: Option<Decimal>,
    /// Which capacity it holds; a value that states the other is none of this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<CapacityFact>,
    /// Other names that its column has in tables, such as 户号.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
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
            codes: CodeMap::default(),
            dated_by: None,
            check: None,
            power_factor: None,
            fact: None,
            columns: Vec::new(),
        })
    }

    /// What is wrong with it as a part of a schema.
    pub(super) fn check(&self) -> Result<(), String> {
        let is_capacity = self.kind == ValueKind::CapacityKva;
        let name = &self.name;
        if (self.power_factor.is_some() || self.fact.is_some()) && !is_capacity {
            return Err(format!("power_factor and fact of {name} are for the kind capacity-kva alone"));
        }
        if self.power_factor.is_some_and(|factor| factor <= Decimal::ZERO || factor > Decimal::ONE) {
            return Err(format!("power_factor of {name} must be above 0 and at most 1"));
        }
        if let Some(fact) = self.fact {
            fact.check(name, &self.columns).map_err(|e| e.to_string())?;
        }
        if self.codes.is_dated() && self.dated_by.is_none() {
            return Err(format!("codes of {name} have days: say by dated_by which field holds a row's day"));
        }
        if self.dated_by.as_ref() == Some(name) {
            return Err(format!("{name} cannot be dated by itself"));
        }
        Ok(())
    }

    /// Whether two values, in whatever writing, are one value. A value that is none of the field's
    /// kind equals only its own writing. Codes mean what they mean without a day.
    #[must_use]
    pub fn equal(&self, a: &str, b: &str) -> bool {
        self.equal_on((a, None), (b, None))
    }

    /// As [`Comparison::equal`], of values that were written on certain days.
    #[must_use]
    pub fn equal_on(&self, a: (&str, Option<NaiveDate>), b: (&str, Option<NaiveDate>)) -> bool {
        let (mut left, mut right) = (String::new(), String::new());
        let a = Form::of_dated_text(self, a.0, a.1, &mut left);
        let b = Form::of_dated_text(self, b.0, b.1, &mut right);
        a == b
            || match (self.tolerance, a.number(), b.number()) {
                (Some(tolerance), Some(a), Some(b)) => {
                    a.checked_sub(b).is_some_and(|difference| difference.abs() <= tolerance)
                }
                _ => false,
            }
    }

    /// The difference of a paper's and a record's number, relative to the paper's.
    pub(super) fn relative_difference(&self, paper: &str, record: &str) -> Option<f64> {
        let (mut left, mut right) = (String::new(), String::new());
        let number = |text, scratch| Form::of_text(self, text, scratch).number();
        let (p, r) = (number(paper, &mut left)?, number(record, &mut right)?);
        if p.is_zero() {
            return None;
        }
        let relative = p.checked_sub(r).and_then(|d| d.checked_div(p));
        // What no decimal can hold is far above any limit.
        Some(relative.and_then(|r| r.abs().try_into().ok()).unwrap_or(f64::INFINITY))
    }

    /// What may help a person who looks at two values that differ.
    pub(crate) fn hint(&self, left: &str, right: &str) -> Option<String> {
        if let Some(scheme) = self.check {
            let holds = |text: &str| scheme.holds(&fold(text).to_uppercase());
            return match (holds(left), holds(right)) {
                (false, true) => Some("the left one's check character does not hold".to_owned()),
                (true, false) => Some("the right one's check character does not hold".to_owned()),
                (false, false) => Some("neither check character holds".to_owned()),
                (true, true) => None,
            };
        }
        let likeness = match self.comparator {
            Comparator::Name => likeness(&canonical::name(left), &canonical::name(right)),
            Comparator::Address => likeness(&canonical::address(left), &canonical::address(right)),
            _ => return None,
        };
        if likeness.sound {
            return Some("both sound alike".to_owned());
        }
        (likeness.letters >= 0.75).then(|| format!("{:.0}% alike", likeness.letters * 100.0))
    }
}
