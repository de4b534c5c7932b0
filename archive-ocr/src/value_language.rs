//! How values are written: the language that each kind of value is read under, and all the ways
//! to write one claimed value.
//!
//! ```
//! use archive_core::record::ValueKind;
//! use archive_ocr::value_language::{default_language, writings};
//!
//! let dates = default_language(ValueKind::Date)?;
//! assert!(dates.matches("二零二一年七月五日") && dates.matches("2021.7.5") && !dates.matches("2021.13.5"));
//! assert!(writings(ValueKind::CapacityKva, "400").contains(&"400千伏安".to_owned()));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A language may be wider than the values are (the 31st of February is in it): what is read under
//! it is still checked by [`ValueKind::normalise`].

use archive_core::Error;
use archive_core::check_characters::CheckSystem;
use archive_core::language::Language;
use archive_core::record::ValueKind;
use archive_core::units::{Unit, parse_number};
use archive_core::writing::{amount_writing, date_writings, parse_date};
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::pattern;

const NUMBER: &str = "(0|[1-9][0-9]{0,5})(\\.[0-9]{1,3})?";
const MONTH: &str = "(0?[1-9]|1[0-2])";
const DAY: &str = "(0?[1-9]|[12][0-9]|3[01])";
const YEAR: &str = "(19|20)[0-9]{2}";
const CHINESE_DATE: &str = "[一二][零〇一二三四五六七八九]{3}年([一二三四五六七八九]|十[一二]?)月\
                            ([一二三四五六七八九]|[一二三]?十|二?十[一二三四五六七八九]|三十一)日";

/// A rule about a number's check character, which a language can hold exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckRule {
    /// 公民身份号码, GB 11643: 17 digits, and a digit or X.
    CitizenId,
    /// 统一社会信用代码, GB 32100: 18 digits and letters.
    CreditCode,
}

impl CheckRule {
    /// The numbers whose check character holds.
    ///
    /// # Errors
    /// None in practice: both languages are far below the limits of [`Language`].
    pub fn language(self) -> Result<Language, Error> {
        match self {
            Self::CitizenId => checked(CheckSystem::Gb11643, |_| DIGITS),
            // The second to eighth characters: kind of organisation, and division code.
            Self::CreditCode => checked(CheckSystem::Gb32100, |place| match place {
                2..8 => DIGITS,
                _ => CREDIT_CHARACTERS,
            }),
        }
    }
}

const DIGITS: &str = "0123456789";
const CREDIT_CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Characters before the check character.
const COVERED: usize = 17;

/// Texts of the characters that may stand at each place, and their check character.
fn checked(system: CheckSystem, characters: impl Fn(usize) -> &'static str) -> Result<Language, Error> {
    Language::from_steps(
        (0, system.start()),
        |&(place, _)| place > COVERED,
        |&(place, state)| match place {
            0..COVERED => characters(place)
                .chars()
                .filter_map(|c| Some((c..=c, (place + 1, system.step(state, c)?))))
                .collect(),
            COVERED => {
                let check = system.finish(state);
                check.as_str().chars().map(|c| (c..=c, (place + 1, system.start()))).collect()
            }
            _ => Vec::new(),
        },
    )
}

/// The language of a kind of value where a schema gives none of its own.
///
/// # Errors
/// None in practice: a test makes them all.
pub fn default_language(kind: ValueKind) -> Result<Language, Error> {
    let pattern = match kind {
        ValueKind::Identifier => "[0-9A-Z.-]{4,32}".to_owned(),
        ValueKind::CapacityKva => format!("{NUMBER}(万?(k|K)(v|V)(a|A)|万?千伏安|兆伏安|MVA)"),
        ValueKind::VoltageKv => format!("{NUMBER}((k|K)(v|V)|千?伏|V)"),
        ValueKind::Date => format!(
            "{YEAR}年{MONTH}月{DAY}日|{YEAR}-{MONTH}-{DAY}|{YEAR}\\.{MONTH}\\.{DAY}|{YEAR}/{MONTH}/{DAY}|{YEAR}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])|{CHINESE_DATE}"
        ),
        ValueKind::AmountCny => {
            let group = "([壹贰叁肆伍陆柒捌玖]仟)?(零?[壹贰叁肆伍陆柒捌玖]佰)?(零?[壹贰叁肆伍陆柒捌玖]?拾)?(零?[壹贰叁肆伍陆柒捌玖])?";
            format!("(人民币)?({group}万)?零?{group}[元圆][整正]?|¥?[1-9][0-9]{{2,9}}(\\.00)?元?[整正]?")
        }
        ValueKind::Ratio => "[1-9][0-9]{0,4}[/:][15]".to_owned(),
        ValueKind::Decimal => "[0-9]{1,6}(\\.[0-9]{1,4})?".to_owned(),
        _ => "[一-龥A-Za-z0-9()·.&/-]{2,60}".to_owned(),
    };
    pattern::compile(&pattern)
}

/// All the ways in which a paper may print `value`, most frequent first, without repetition.
#[must_use]
pub fn writings(kind: ValueKind, value: &str) -> Vec<String> {
    let value = kind.normalise(value).unwrap_or_else(|| archive_core::writing::fold(value));
    let mut all = match kind {
        ValueKind::CapacityKva => {
            let mut all = with_units(&value, Unit::Kilovoltampere);
            if let Some(number) = parse_number(&value).filter(|n| !n.is_zero()) {
                let scaled = (number / Decimal::from(10_000)).normalize();
                all.extend(["万kVA", "万千伏安"].map(|unit| format!("{scaled}{unit}")));
            }
            all
        }
        ValueKind::VoltageKv => {
            let mut all = with_units(&value, Unit::Kilovolt);
            if let Some(number) = parse_number(&value) {
                let volts = (number * Decimal::from(1000)).normalize();
                all.extend(["V", "伏"].map(|unit| format!("{volts}{unit}")));
            }
            all
        }
        ValueKind::Date => parse_date(&value).map(date_writings).unwrap_or_default(),
        ValueKind::AmountCny => {
            let numeral = value.parse().ok().and_then(amount_writing);
            let mut all: Vec<String> = numeral.into_iter().collect();
            // Where a group ends in a zero, the next one may begin with one or not.
            all.extend(all.clone().iter().filter(|w| w.contains("万零")).map(|w| w.replace("万零", "万")));
            for writing in all.clone() {
                all.extend([
                    writing.replace('元', "圆"),
                    writing.replace('整', "正"),
                    writing.replace('整', ""),
                ]);
                all.extend(writing.strip_prefix("人民币").map(str::to_owned));
            }
            all.extend(["元", "", ".00元", ".00"].map(|unit| format!("{value}{unit}")));
            all.push(format!("¥{value}.00"));
            all
        }
        ValueKind::Ratio => vec![value.clone(), value.replace('/', ":")],
        _ => vec![value.clone()],
    };
    if all.is_empty() {
        all.push(value);
    }
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|w| seen.insert(w.clone()));
    all
}

fn with_units(value: &str, unit: Unit) -> Vec<String> {
    unit.writings().iter().map(|unit| format!("{value}{unit}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: ValueKind, value: &str) {
        let language = default_language(kind).unwrap();
        let known: Vec<_> = writings(kind, value).into_iter().filter(|w| language.matches(w)).collect();
        assert!(!known.is_empty(), "{kind:?} has no writing of {value}");
        for writing in known {
            assert_eq!(kind.normalise(&writing).as_deref(), Some(value), "{writing}");
        }
    }

    #[test]
    fn every_writing_in_a_language_means_the_value() {
        check(ValueKind::CapacityKva, "400");
        check(ValueKind::CapacityKva, "31500");
        check(ValueKind::VoltageKv, "0.4");
        check(ValueKind::VoltageKv, "110");
        for day in ["2019-03-05", "2021-12-31", "2009-10-10", "2020-02-29", "2014-01-20", "2014-01-21"] {
            check(ValueKind::Date, day);
        }
        for amount in ["1000", "10500", "472600", "900000", "100300", "836400", "110000"] {
            check(ValueKind::AmountCny, amount);
        }
        check(ValueKind::Ratio, "200/5");
        check(ValueKind::Decimal, "0.90");
        check(ValueKind::Identifier, "SGZJ201224118530");
        check(ValueKind::Text, "徐州鑫达汽车零部件有限公司");
    }

    #[test]
    fn check_characters_are_part_of_the_language() {
        let citizen = CheckRule::CitizenId.language().unwrap();
        assert!(citizen.matches("11010519491231002X"));
        assert!(!citizen.matches("110105194912310021"));
        let credit = CheckRule::CreditCode.language().unwrap();
        assert!(credit.matches("91350100M000100Y43"));
        assert!(!credit.matches("91350100M000100Y44"));
    }

    #[test]
    fn a_hostile_claim_has_writings_too() {
        for kind in ValueKind::ALL {
            for claim in ["", "\u{0}", "9".repeat(100_000).as_str(), "-1", "二零二一年七月"] {
                assert!(!writings(kind, claim).is_empty());
            }
        }
    }
}
