//! Numbers that others give: citizen IDs, credit codes, meters. Each is checked by a shipped rule.
//!
//! ```
//! use archive_numbering::identifiers::Identifier;
//! use archive_numbering::Validity;
//!
//! // 110102 with a birth date of 1949 and a check that does not fit.
//! let Validity::Invalid { explanation } = Identifier::CitizenId.validate("110102194910010013")? else { panic!() };
//! assert_eq!(explanation.to_string(), "character 18 ('3') does not fit: expected 6 as 校验码 by the other characters");
//! assert_eq!(Identifier::CitizenId.validate("110102194910010016")?, Validity::Canonical);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Limits: that a number is well formed does not say that it was given to anybody. District codes
//! are not compared with a table, since tables grow old while numbers stay.

use std::sync::OnceLock;

use archive_core::Error;

use crate::check_characters::CheckSystem;
use crate::rule::{Rule, Validity};
use crate::shipped;

/// A kind of identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Identifier {
    /// 居民身份证号码, GB 11643.
    CitizenId,
    /// 统一社会信用代码, GB 32100, with its inner organisation code.
    SocialCreditCode,
    /// 组织机构代码, GB 11714, written with or without its hyphen.
    OrganisationCode,
    /// 电能表资产编号, 22 digits.
    MeterAsset,
    /// 供用电合同编号.
    Contract,
}

impl Identifier {
    /// The rule that the identifier follows.
    ///
    /// # Errors
    /// `Internal` where the crate's own rules do not compile, which its tests exclude.
    pub fn rule(self) -> Result<Rule, Error> {
        match self {
            Self::CitizenId => shipped::rule("居民身份证号码"),
            Self::SocialCreditCode => shipped::rule("统一社会信用代码"),
            Self::OrganisationCode => organisation_code(),
            Self::MeterAsset => shipped::rule("表计资产编号"),
            Self::Contract => shipped::rule("合同编号"),
        }
    }

    /// Whether `text` is such an identifier, as it must be written, in an accepted writing, or not
    /// at all.
    ///
    /// # Errors
    /// As [`Identifier::rule`].
    pub fn validate(self, text: &str) -> Result<Validity, Error> {
        Ok(self.rule()?.validate(text))
    }
}

fn organisation_code() -> Result<Rule, Error> {
    static RULE: OnceLock<Rule> = OnceLock::new();
    if let Some(rule) = RULE.get() {
        return Ok(rule.clone());
    }
    let rule = Rule::compile(&format!(
        "规则 组织机构代码 版本 1 启用 1997-07-01
           本体 = 字符[0-9A-Z]{{8}}
           校验 = 校验 {}(本体)
           格式 \"{{本体}}-{{校验}}\"
           录入别名 {{‐ – — −}}->\"-\" 全角 小写",
        CheckSystem::Gb11714
    ))?;
    Ok(RULE.get_or_init(|| rule).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(identifier: Identifier, text: &str) -> Option<String> {
        match identifier.validate(text).unwrap() {
            Validity::Canonical => Some(text.to_owned()),
            Validity::Alias { canonical } => Some(canonical),
            Validity::Invalid { .. } => None,
        }
    }

    #[track_caller]
    fn check(identifier: Identifier, text: &str, expected: Option<&str>) {
        assert_eq!(canonical(identifier, text).as_deref(), expected, "{identifier:?} {text}");
    }

    /// Numbers of retired districts (110103, 110104) and of none (999999).
    #[test]
    fn identifiers_have_one_form() {
        let body = "11010319491001001";
        let id = format!("{body}{}", CheckSystem::Gb11643.compute(body).unwrap());
        check(Identifier::CitizenId, &id, Some(&id));
        check(Identifier::CitizenId, &id[..17], None);
        check(Identifier::CitizenId, &id.replace("1949", "1799"), None);
        check(Identifier::CitizenId, &id.replacen("1001", "1301", 1), None);

        let organisation = "99999999";
        let inner = CheckSystem::Gb11714.compute(organisation).unwrap();
        let body = format!("91999999{organisation}{inner}");
        let code = format!("{body}{}", CheckSystem::Gb32100.compute(&body).unwrap());
        check(Identifier::SocialCreditCode, &code, Some(&code));
        check(Identifier::SocialCreditCode, &code.to_lowercase(), Some(&code));
        let dashed = format!("{organisation}-{inner}");
        check(Identifier::OrganisationCode, &dashed, Some(&dashed));
        check(Identifier::OrganisationCode, &format!("{organisation}—{inner}"), Some(&dashed));

        check(Identifier::MeterAsset, "3312345678901234567890", Some("3312345678901234567890"));
        check(Identifier::MeterAsset, "３３12345678901234567890", Some("3312345678901234567890"));
        check(Identifier::MeterAsset, "33123456789012345678", None);
        check(Identifier::Contract, "sgzj202312345678", Some("SGZJ202312345678"));
        check(Identifier::Contract, "SGZJ202300000000", None);
    }

    /// A credit code can have a right outer check over a wrong inner one.
    #[test]
    fn the_inner_organisation_code_is_checked() {
        let body = "91999999999999991";
        assert_ne!(CheckSystem::Gb11714.compute("99999999").unwrap().as_str(), "1");
        let code = format!("{body}{}", CheckSystem::Gb32100.compute(body).unwrap());
        let Validity::Invalid { explanation } = Identifier::SocialCreditCode.validate(&code).unwrap() else {
            panic!("{code}")
        };
        assert_eq!((explanation.field.as_deref(), explanation.character), (Some("机构校验"), 17));
    }

    #[test]
    fn hostile_identifiers_are_refused() {
        let long = "9".repeat(1_000_000);
        for identifier in [
            Identifier::CitizenId,
            Identifier::SocialCreditCode,
            Identifier::OrganisationCode,
            Identifier::MeterAsset,
            Identifier::Contract,
        ] {
            for bad in ["", " ", "\0", "号", "1101021949100100161", long.as_str()] {
                check(identifier, bad, None);
            }
        }
    }
}
