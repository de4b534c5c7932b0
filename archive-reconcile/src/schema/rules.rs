//! How much a difference matters, by field, size and business process, and how long it may be left.

use archive_core::Error;
use archive_core::identifier::FieldName;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::Severity;

/// One rule: what it is about, and what then holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The field; every field without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldName>,
    /// The business processes, any of them; whatever the process, or none, where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<String>,
    /// The relative difference of numbers that must be exceeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// How much it matters then.
    pub severity: Severity,
    /// Why it does.
    pub reason: String,
    /// The days after a process ended during which the difference is minor: papers follow later.
    #[serde(default)]
    pub grace_days: u32,
}

/// Where a row of the system's table says in which business process its customer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessColumns {
    /// The column with the code of the customer's last business process.
    pub column: String,
    /// The column with the day on which it ended; empty while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

/// When and in which business process a difference was met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Occasion {
    /// The code of the customer's last business process.
    pub process: Option<String>,
    /// The day on which it ended.
    pub ended: Option<NaiveDate>,
    /// The day of the comparison; without it nothing is in grace.
    pub today: Option<NaiveDate>,
}

impl Rule {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.above.is_some_and(|limit| !limit.is_finite() || limit <= 0.0) {
            return Err("above of a rule must be a number above 0".to_owned());
        }
        Ok(())
    }

    fn is_about(&self, field: &FieldName, relative: Option<f64>, occasion: &Occasion) -> bool {
        self.field.as_ref().is_none_or(|own| own == field)
            && (self.processes.is_empty()
                || occasion.process.as_ref().is_some_and(|process| self.processes.contains(process)))
            && self.above.is_none_or(|limit| relative.is_some_and(|relative| relative > limit))
    }

    /// The last day of grace, where the occasion is in it.
    fn grace(&self, occasion: &Occasion) -> Option<NaiveDate> {
        let (ended, today) = (occasion.ended?, occasion.today?);
        let last = ended.checked_add_days(Days::new(self.grace_days.into()))?;
        (self.grace_days > 0 && (ended..=last).contains(&today)).then_some(last)
    }
}

/// What the first of `rules` that is about a difference says of it.
pub(super) fn assess(
    rules: &[Rule],
    field: &FieldName,
    relative: Option<f64>,
    occasion: &Occasion,
) -> Option<(Severity, String)> {
    let rule = rules.iter().find(|rule| rule.is_about(field, relative, occasion))?;
    Some(match rule.grace(occasion) {
        Some(last) => (Severity::Minor, format!("{}; in grace until {last}", rule.reason)),
        None => (rule.severity, rule.reason.clone()),
    })
}

/// Which of the two capacities of a customer a field holds. They are never compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CapacityFact {
    /// 合同容量, what was agreed.
    Contract,
    /// 运行容量, what is connected now.
    Operating,
}

impl CapacityFact {
    /// The fact that a label or a column's name states.
    pub(crate) fn stated_in(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let any = |parts: [&str; 3]| parts.iter().any(|part| lower.contains(part));
        match (
            any(["合同容量", "contract_cap", "contracted_cap"]),
            any(["运行容量", "operating_cap", "run_cap"]),
        ) {
            (true, false) => Some(Self::Contract),
            (false, true) => Some(Self::Operating),
            _ => None,
        }
    }

    /// An error where a field of this fact is joined to a column of the other.
    pub(super) fn check(self, field: &FieldName, columns: &[String]) -> Result<(), Error> {
        let names = std::iter::once(field.as_str()).chain(columns.iter().map(String::as_str));
        for name in names {
            if Self::stated_in(name).is_some_and(|stated| stated != self) {
                let message =
                    "states the other capacity: 合同容量 and 运行容量 are two facts, never compared";
                return Err(Error::invalid(format!("column {name} of field {field}"), message));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        toml::from_str(&format!("severity = \"critical\"\nreason = \"r\"\n{text}")).unwrap()
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rules = [
            rule("field = \"cap\"\nprocesses = [\"capacity-change\"]\ngrace_days = 15"),
            rule("field = \"cap\"\nabove = 0.1"),
        ];
        let field: FieldName = "cap".parse().unwrap();
        let day = |text: &str| Some(text.parse::<NaiveDate>().unwrap());
        let change = |today| Occasion {
            process: Some("capacity-change".into()),
            ended: day("2024-05-01"),
            today: day(today),
        };
        let severity = |relative, occasion: &Occasion| assess(&rules, &field, relative, occasion);
        assert_eq!(
            severity(Some(0.5), &change("2024-05-16")),
            Some((Severity::Minor, "r; in grace until 2024-05-16".into()))
        );
        assert_eq!(severity(Some(0.5), &change("2024-05-17")), Some((Severity::Critical, "r".into())));
        assert_eq!(severity(Some(0.5), &change("2024-04-30")).unwrap().0, Severity::Critical);
        assert_eq!(severity(Some(0.05), &Occasion::default()), None);
        assert_eq!(severity(Some(0.11), &Occasion::default()).unwrap().0, Severity::Critical);
        assert_eq!(severity(None, &Occasion::default()), None);
    }

    #[test]
    fn the_two_capacities_are_told_apart() {
        assert_eq!(CapacityFact::stated_in("合同容量(kVA)"), Some(CapacityFact::Contract));
        assert_eq!(CapacityFact::stated_in("operating_capacity_kva"), Some(CapacityFact::Operating));
        assert_eq!(CapacityFact::stated_in("合同容量/运行容量"), None);
        let field = "contract_capacity_kva".parse().unwrap();
        assert!(CapacityFact::Contract.check(&field, &["合同容量".into()]).is_ok());
        assert!(CapacityFact::Contract.check(&field, &["运行容量".into()]).is_err());
    }
}
