//! What is filed and what it is compared with: customers, documents, marketing-system records.
//!
//! ```
//! use archive_core::record::{Record, ValueKind};
//!
//! let record = Record::new([("contract_capacity_kva".parse().unwrap(), "400".to_owned())]);
//! assert_eq!(record.get("contract_capacity_kva"), Some("400"));
//! assert_eq!(ValueKind::CapacityKva.normalise("400千伏安").as_deref(), Some("400"));
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::identifier::{CustomerNumber, DocumentId, DocumentType, FieldName};
use crate::units::{Pages, Quantity, Unit, parse_number};
use crate::writing::{fold, parse_amount, parse_date};

/// Whether a customer's papers are kept electronically or on a shelf as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CustomerClass {
    /// 居民: a household.
    Residential,
    /// 非居民: everyone else.
    Business,
}

impl fmt::Display for CustomerClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Residential => "residential",
            Self::Business => "business",
        })
    }
}

/// 客户: a party that takes electricity.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// 户号.
    pub number: CustomerNumber,
    /// 户名, as the marketing system holds it.
    pub name: String,
    /// Decides the custody mode.
    pub class: CustomerClass,
}

/// The name is personal data and stays out of logs.
impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer")
            .field("number", &self.number)
            .field("name", &"…")
            .field("class", &self.class)
            .finish()
    }
}

/// What carries a document's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carrier {
    /// A sheet of paper, with or without its scan.
    Paper,
    /// A photograph or another image without an original on paper.
    Image,
    /// A file that was born digital.
    Electronic,
    /// Sound.
    Audio,
    /// Moving images.
    Video,
}

/// Whether a document is an original or a copy of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentForm {
    /// 原件.
    Original,
    /// 复印件.
    Copy,
}

/// The SHA-256 digest of a file's bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl std::str::FromStr for Digest {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, crate::Error> {
        let wrong = || {
            crate::Error::invalid(
                format!("digest {}", crate::identifier::quoted(text)),
                "is not 64 hexadecimal digits",
            )
        };
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// 文件: one item of a customer's file, with where its content lies and what proves it unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its name in the catalogue.
    pub id: DocumentId,
    /// What kind of document it is; `None` where nobody could tell.
    pub document_type: Option<DocumentType>,
    /// What carries its content.
    pub carrier: Carrier,
    /// How many pages it has.
    pub pages: Pages,
    /// The day that it bears, where one was read.
    pub date: Option<NaiveDate>,
    /// The fixity of its content.
    pub digest: Digest,
    /// Where its content lies.
    pub path: PathBuf,
}

/// One row of the marketing system: field names and the values it claims.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record {
    fields: BTreeMap<FieldName, String>,
}

impl Record {
    /// A record of `fields`; empty values are left out, since an empty cell claims nothing.
    #[must_use]
    pub fn new(fields: impl IntoIterator<Item = (FieldName, String)>) -> Self {
        let fields = fields.into_iter().filter(|(_, v)| !v.trim().is_empty()).collect();
        Self { fields }
    }

    /// The claimed value of `field`.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&str> {
        self.iter().find(|(name, _)| name.as_str() == field).map(|(_, value)| value)
    }

    /// All claims, by field name.
    pub fn iter(&self) -> impl Iterator<Item = (&FieldName, &str)> {
        self.fields.iter().map(|(name, value)| (name, value.as_str()))
    }

    /// Whether it claims nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Values may be personal data and stay out of logs.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}

/// What a field's value means, and so how it is brought to one canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ValueKind {
    /// Running text: names, addresses, classes.
    Text,
    /// A number that is a name: digits and Latin letters, upper case.
    Identifier,
    /// Apparent power in kVA.
    CapacityKva,
    /// Voltage in kV.
    VoltageKv,
    /// A day.
    Date,
    /// Whole yuan, in capital numerals or digits.
    AmountCny,
    /// A ratio such as `200/5`.
    Ratio,
    /// A plain decimal number.
    Decimal,
}

impl ValueKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::Identifier,
        Self::CapacityKva,
        Self::VoltageKv,
        Self::Date,
        Self::AmountCny,
        Self::Ratio,
        Self::Decimal,
    ];

    /// The canonical form of a value as printed or typed, or `None` where it is no such value.
    ///
    /// The canonical form is what the marketing system exports: `400千伏安` is `400`,
    /// `2019年3月5日` is `2019-03-05`. It is its own canonical form.
    #[must_use]
    pub fn normalise(self, text: &str) -> Option<String> {
        let folded = fold(text);
        match self {
            Self::Text => (!folded.is_empty()).then_some(folded),
            Self::Identifier => {
                let upper = folded.to_uppercase();
                let valid = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
                (!upper.is_empty() && upper.bytes().all(valid)).then_some(upper)
            }
            Self::CapacityKva => quantity(&folded, Unit::Kilovoltampere),
            Self::VoltageKv => quantity(&folded, Unit::Kilovolt),
            Self::Date => parse_date(&folded).map(|date| date.to_string()),
            Self::AmountCny => parse_amount(&folded).map(|amount| amount.to_string()),
            Self::Ratio => {
                let (primary, secondary) = folded.split_once(['/', ':'])?;
                let primary = parse_number(primary)?;
                let secondary = parse_number(secondary)?;
                (!primary.is_zero() && !secondary.is_zero()).then(|| format!("{primary}/{secondary}"))
            }
            // Trailing zeros are kept: 0.90 is how the marketing system writes a power factor.
            Self::Decimal => parse_number(&folded).map(|_| folded),
        }
    }

    /// Whether two canonical values are one value: numbers by their value, the rest by letter.
    #[must_use]
    pub fn equal(self, a: &str, b: &str) -> bool {
        match self {
            Self::CapacityKva | Self::VoltageKv | Self::AmountCny | Self::Decimal => {
                match (parse_number(a), parse_number(b)) {
                    (Some(a), Some(b)) => a == b,
                    _ => a == b,
                }
            }
            _ => a == b,
        }
    }
}

/// The number of a quantity in `unit`; a bare number is taken to be in that unit already.
fn quantity(folded: &str, unit: Unit) -> Option<String> {
    let value: Decimal = match parse_number(folded) {
        Some(value) => value,
        None => folded.parse::<Quantity>().ok().filter(|q| q.unit() == unit)?.value(),
    };
    Some(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(kind: ValueKind, input: &str, expected: &str) {
        assert_eq!(kind.normalise(input).unwrap_or_default(), expected, "{input}");
    }

    #[test]
    fn values_have_one_form() {
        check(ValueKind::CapacityKva, "400 KVA", "400");
        check(ValueKind::CapacityKva, "400", "400");
        check(ValueKind::CapacityKva, "10kV", "");
        check(ValueKind::VoltageKv, "0.4千伏", "0.4");
        check(ValueKind::VoltageKv, "380V", "0.38");
        check(ValueKind::Date, "2013.2.20", "2013-02-20");
        check(ValueKind::AmountCny, "人民币叁仟伍佰元整", "3500");
        check(ValueKind::Ratio, "２００／５", "200/5");
        check(ValueKind::Ratio, "0/5", "");
        check(ValueKind::Decimal, "0.90", "0.90");
        check(ValueKind::Identifier, "sgzj2013 83926284", "SGZJ201383926284");
        check(ValueKind::Identifier, "甲1", "");
        check(ValueKind::Text, "（杭州）有限公司 ", "(杭州)有限公司");
    }

    #[test]
    fn numbers_are_compared_by_value() {
        assert!(ValueKind::Decimal.equal("0.9", "0.90"));
        assert!(!ValueKind::Identifier.equal("0.9", "0.90"));
    }

    #[test]
    fn personal_data_stays_out_of_debug() {
        let customer = Customer {
            number: "3388985508".parse().unwrap(),
            name: "钱芳光".into(),
            class: CustomerClass::Residential,
        };
        assert!(!format!("{customer:?}").contains("钱"));
        let record = Record::new([("customer_name".parse().unwrap(), "钱芳光".into())]);
        assert!(!format!("{record:?}").contains("钱"));
    }

    proptest! {
        #[test]
        fn a_canonical_value_is_its_own_form(text in "[0-9一二三年月日./千伏安kVA元壹拾-]{0,16}") {
            for kind in ValueKind::ALL {
                if let Some(value) = kind.normalise(&text) {
                    prop_assert_eq!(kind.normalise(&value), Some(value.clone()));
                }
            }
        }
    }
}
