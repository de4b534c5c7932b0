//! Policy as data: how long, in which form and in which boxes files are kept, and which papers
//! a business process needs.
//!
//! ```
//! use archive_core::holding::Retention;
//! use archive_core::policy::Policy;
//!
//! let policy = Policy::reference();
//! let process = policy.process(&"new-connection-lv".parse()?)?;
//! assert_eq!(process.retention, Retention::D30);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Standards differ by province and year: a policy is a versioned TOML text, and every decision
//! records the policy's name and version. [`Policy::reference`] is the one that is shipped; its
//! comments give each rule's source and how sure it is.
//!
//! Limits: retention follows the business process, not yet the single document.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::boxing::BoxingRule;
use crate::completeness::Requirement;
use crate::data_file;
use crate::error::{Error, ErrorKind};
use crate::holding::{CustodyMode, Retention};
use crate::identifier::{FondsNumber, OrganisationCode, ProcessCode};
use crate::record::CustomerClass;
use crate::units::Millimetres;

/// The text of the shipped policy, to start one's own from.
pub const REFERENCE_TEXT: &str = include_str!("../policy/reference.toml");

/// Which policy, in which version, made a decision.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// The policy's name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A checked policy.
#[derive(Debug, Clone)]
pub struct Policy {
    version: PolicyVersion,
    effective: NaiveDate,
    fonds: FondsNumber,
    organisation: OrganisationCode,
    custody: BTreeMap<CustomerClass, CustodyMode>,
    boxing: BoxingRule,
    processes: BTreeMap<ProcessCode, Process>,
}

/// 业务: what the policy says of one business process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its code in requests.
    pub code: ProcessCode,
    /// Its name for people.
    pub name: String,
    /// How long its files are kept.
    pub retention: Retention,
    /// The papers that it needs.
    pub requirements: Vec<Requirement>,
}

impl Policy {
    /// Reads a policy from TOML; `name` (a path, usually) stands in errors.
    ///
    /// # Errors
    /// `InvalidInput`, naming file, line and key, where the text is no policy or contradicts itself.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let raw: RawPolicy = data_file::parse(name, text)?;
        let at = |span, message: String| data_file::error_at(name, text, span, &message);

        let mut spines: Vec<u32> = raw.boxing.spines_mm.get_ref().clone();
        if spines.is_empty() || spines.windows(2).any(|pair| pair[0] >= pair[1]) || spines[0] == 0 {
            return Err(at(
                raw.boxing.spines_mm.span(),
                "must list spines above 0 mm, thinnest first".into(),
            ));
        }
        if spines.last().is_some_and(|s| *s > 1000) {
            return Err(at(raw.boxing.spines_mm.span(), "lists a spine above 1000 mm".into()));
        }
        let boxing = BoxingRule {
            spines: spines.drain(..).map(Millimetres).collect(),
            sheet_micrometres: raw.boxing.sheet_um,
            cover_micrometres: raw.boxing.cover_um,
        };

        let mut processes = BTreeMap::new();
        for raw in raw.process {
            let span = raw.code.span();
            let code = raw.code.into_inner();
            let mut names = BTreeSet::new();
            for requirement in &raw.requires {
                let item = requirement.get_ref();
                if item.one_of.is_empty() {
                    return Err(at(
                        requirement.span(),
                        format!("requirement {:?} accepts no document", item.name),
                    ));
                }
                if !names.insert(item.name.clone()) {
                    return Err(at(requirement.span(), format!("requirement {:?} stands twice", item.name)));
                }
            }
            let process = Process {
                code: code.clone(),
                name: raw.name,
                retention: raw.retention,
                requirements: raw.requires.into_iter().map(Spanned::into_inner).collect(),
            };
            if processes.insert(code.clone(), process).is_some() {
                return Err(at(span, format!("process {code} stands twice")));
            }
        }
        Ok(Self {
            version: PolicyVersion { name: raw.name, version: raw.version },
            effective: raw.effective,
            fonds: raw.numbering.fonds,
            organisation: raw.numbering.organisation,
            custody: BTreeMap::from([
                (CustomerClass::Residential, raw.custody.residential),
                (CustomerClass::Business, raw.custody.business),
            ]),
            boxing,
            processes,
        })
    }

    /// The policy that is shipped, for State-Grid-style marketing files.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn reference() -> Self {
        Self::parse("reference.toml", REFERENCE_TEXT).expect("the shipped policy is checked by a test")
    }

    /// Its name and version, for the record of a decision.
    #[must_use]
    pub fn version(&self) -> &PolicyVersion {
        &self.version
    }

    /// The day from which it holds.
    #[must_use]
    pub fn effective(&self) -> NaiveDate {
        self.effective
    }

    /// 全宗号 of the files filed under this policy.
    #[must_use]
    pub fn fonds(&self) -> &FondsNumber {
        &self.fonds
    }

    /// 机构(问题)代码 of the files filed under this policy.
    #[must_use]
    pub fn organisation(&self) -> &OrganisationCode {
        &self.organisation
    }

    /// How the papers of a customer of `class` are kept.
    #[must_use]
    pub fn custody(&self, class: CustomerClass) -> CustodyMode {
        // `parse` filled in both classes.
        self.custody[&class]
    }

    /// How boxes are filled.
    #[must_use]
    pub fn boxing(&self) -> &BoxingRule {
        &self.boxing
    }

    /// What it says of the process `code`.
    ///
    /// # Errors
    /// `NotFound` where it does not know the process; the message lists those that it knows.
    pub fn process(&self, code: &ProcessCode) -> Result<&Process, Error> {
        self.processes.get(code).ok_or_else(|| {
            let known: Vec<&str> = self.processes.keys().map(ProcessCode::as_str).collect();
            Error::new(
                ErrorKind::NotFound,
                format!("process {code}"),
                format!(
                    "is not in policy {} {}; it knows {}",
                    self.version.name,
                    self.version.version,
                    known.join(", ")
                ),
            )
        })
    }

    /// All processes, by code.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.processes.values()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    name: String,
    version: String,
    #[serde(deserialize_with = "toml_date")]
    effective: NaiveDate,
    numbering: RawNumbering,
    custody: RawCustody,
    boxing: RawBoxing,
    #[serde(default)]
    process: Vec<RawProcess>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNumbering {
    fonds: FondsNumber,
    organisation: OrganisationCode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCustody {
    residential: CustodyMode,
    business: CustodyMode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBoxing {
    spines_mm: Spanned<Vec<u32>>,
    sheet_um: u32,
    cover_um: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProcess {
    code: Spanned<ProcessCode>,
    name: String,
    retention: Retention,
    #[serde(default)]
    requires: Vec<Spanned<Requirement>>,
}

fn toml_date<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    use serde::de::Error as _;
    let date = toml::value::Datetime::deserialize(deserializer)?;
    date.date
        .filter(|_| date.time.is_none())
        .and_then(|d| NaiveDate::from_ymd_opt(d.year.into(), d.month.into(), d.day.into()))
        .ok_or_else(|| D::Error::custom("must be a day such as 2024-01-01"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_policy_is_sound() {
        let policy = Policy::reference();
        assert!(policy.processes().count() >= 3);
        assert_eq!(policy.custody(CustomerClass::Residential), CustodyMode::Electronic);
        assert_eq!(policy.custody(CustomerClass::Business), CustodyMode::CentralPaper);
    }

    #[track_caller]
    fn check_broken(from: &str, to: &str, place: &str, message: &str) {
        assert!(REFERENCE_TEXT.contains(from));
        let error = Policy::parse("p.toml", &REFERENCE_TEXT.replacen(from, to, 1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.object().starts_with("p.toml line ") && error.object().ends_with(place), "{error}");
        assert!(error.message().contains(message), "{error}");
    }

    #[test]
    fn a_broken_policy_names_line_and_key() {
        check_broken(
            "spines_mm = [20, 30, 40, 50]",
            "spines_mm = [20, 20]",
            "boxing.spines_mm",
            "thinnest first",
        );
        check_broken(
            "spines_mm = [20, 30, 40, 50]",
            "spines_mm = []",
            "boxing.spines_mm",
            "must list spines",
        );
        check_broken("sheet_um = 100", "sheet_um = -1", "boxing.sheet_um", "invalid value");
        check_broken(
            "residential = \"electronic\"",
            "residential = \"cloud\"",
            "custody.residential",
            "unknown variant",
        );
        check_broken("effective = 2024-01-01", "effective = 10:00:00", "effective", "must be a day");
        check_broken("fonds = \"Z109\"", "fonds = \"\"", "numbering.fonds", "is empty");
        check_broken("[custody]", "[custody]\nvip = 1", "custody.vip", "unknown field");
        check_broken(
            "code = \"capacity-change\"",
            "code = \"new-connection-lv\"",
            "process.code",
            "stands twice",
        );
    }

    #[test]
    fn an_unknown_process_lists_the_known() {
        let error = Policy::reference().process(&"magic".parse().unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.message().contains("new-connection-lv"));
    }
}
