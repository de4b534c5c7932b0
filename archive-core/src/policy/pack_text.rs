//! The form that a policy pack has in TOML, before it is checked.

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use super::{Ability, Basis, FilingOrder};
use crate::boxing::BoxBeginning;
use crate::holding::{CustodyMode, Retention};
use crate::identifier::{
    DocumentType, FactName, FondsNumber, OrganisationCode, ProcessCode, RoleCode, StageCode,
};
use crate::record::{Carrier, CustomerClass, DocumentForm};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackText {
    pub(super) name: Spanned<String>,
    pub(super) version: Spanned<String>,
    #[serde(deserialize_with = "spanned_toml_date")]
    pub(super) effective: Spanned<NaiveDate>,
    pub(super) supersedes: Option<Spanned<String>>,
    pub(super) numbering: NumberingText,
    pub(super) custody: CustodyText,
    #[serde(default)]
    pub(super) interim: Vec<Spanned<InterimText>>,
    pub(super) boxing: BoxingText,
    pub(super) filing: FilingText,
    #[serde(default)]
    pub(super) scan: Vec<Spanned<ScanText>>,
    #[serde(default)]
    pub(super) role: Vec<RoleText>,
    pub(super) reminders: RemindersText,
    pub(super) lending: LendingText,
    pub(super) disposal: DisposalText,
    pub(super) fixity: FixityText,
    #[serde(default)]
    pub(super) fact: Vec<FactText>,
    #[serde(default)]
    pub(super) document: Vec<DocumentText>,
    #[serde(default)]
    pub(super) process: Vec<ProcessText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberingText {
    pub(super) fonds: Spanned<FondsNumber>,
    pub(super) organisation: Spanned<OrganisationCode>,
    #[expect(
        dead_code,
        reason = "every rule must say where it comes from; numbers are no policy of their own"
    )]
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CustodyText {
    pub(super) residential: ClassCustodyText,
    pub(super) business: ClassCustodyText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClassCustodyText {
    pub(super) mode: Spanned<CustodyMode>,
    #[serde(default)]
    pub(super) originals_returned: bool,
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InterimText {
    pub(super) state: Spanned<String>,
    pub(super) class: CustomerClass,
    pub(super) at_most_days: Spanned<u16>,
    pub(super) then: Spanned<String>,
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoxingText {
    pub(super) spines_mm: Spanned<Vec<u32>>,
    pub(super) sheet_um: Spanned<u32>,
    pub(super) cover_um: u32,
    #[serde(default)]
    pub(super) begin: BoxBeginning,
    pub(super) separate: Spanned<Vec<String>>,
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FilingText {
    pub(super) residential: ClassFilingText,
    pub(super) business: ClassFilingText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClassFilingText {
    pub(super) order: Spanned<FilingOrder>,
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScanText {
    pub(super) name: String,
    #[serde(default)]
    pub(super) documents: Vec<DocumentType>,
    pub(super) least_dpi: Spanned<u32>,
    pub(super) most_skew: Spanned<f64>,
    pub(super) formats: Spanned<Vec<String>>,
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleText {
    pub(super) code: Spanned<RoleCode>,
    pub(super) name: String,
    pub(super) may: Vec<Ability>,
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemindersText {
    pub(super) before_days: Spanned<Vec<u16>>,
    pub(super) overdue_every_days: Spanned<u16>,
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LendingText {
    pub(super) days: Spanned<u16>,
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DisposalText {
    pub(super) approvals: Spanned<u8>,
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FixityText {
    pub(super) every_days: Spanned<u16>,
    pub(super) budget_mib: Spanned<u32>,
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactText {
    pub(super) name: Spanned<FactName>,
    pub(super) label: String,
    pub(super) unit: Option<String>,
    pub(super) one_of: Option<Spanned<Vec<String>>>,
    /// The condition that it follows from.
    pub(super) is: Option<Spanned<String>>,
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentText {
    pub(super) code: Spanned<DocumentType>,
    pub(super) name: String,
    pub(super) retention: Option<Spanned<Retention>>,
    #[serde(default)]
    pub(super) carriers: Vec<Carrier>,
    pub(super) basis: Basis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProcessText {
    pub(super) code: Spanned<ProcessCode>,
    pub(super) name: String,
    pub(super) subject: OrganisationCode,
    pub(super) retention: Spanned<Retention>,
    pub(super) extends: Option<Spanned<ProcessCode>>,
    #[serde(default)]
    pub(super) stages: Vec<Spanned<StageText>>,
    pub(super) basis: Basis,
    #[serde(default)]
    pub(super) requires: Vec<Spanned<RequirementText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StageText {
    pub(super) code: StageCode,
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequirementText {
    pub(super) name: String,
    pub(super) one_of: Spanned<Vec<DocumentType>>,
    pub(super) when: Option<Spanned<String>>,
    pub(super) form: Option<DocumentForm>,
    pub(super) stage: Option<Spanned<StageCode>>,
    pub(super) deferred_by: Option<Spanned<DocumentType>>,
    pub(super) within_days: Option<Spanned<u16>>,
    pub(super) before_stage: Option<Spanned<StageCode>>,
    pub(super) by: Spanned<RoleCode>,
    /// That of the process where absent.
    pub(super) basis: Option<Basis>,
}

fn spanned_toml_date<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Spanned<NaiveDate>, D::Error> {
    use serde::de::Error as _;
    let date = Spanned::<toml::value::Datetime>::deserialize(deserializer)?;
    let span = date.span();
    let date = date.into_inner();
    date.date
        .filter(|_| date.time.is_none())
        .and_then(|d| NaiveDate::from_ymd_opt(d.year.into(), d.month.into(), d.day.into()))
        .map(|day| Spanned::new(span, day))
        .ok_or_else(|| D::Error::custom("must be a day such as 2024-01-01"))
}
