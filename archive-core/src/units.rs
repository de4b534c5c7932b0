//! Quantities with their units, in all the ways that papers write them.
//!
//! ```
//! use archive_core::units::{Quantity, Unit};
//!
//! let capacity: Quantity = "400千伏安".parse().unwrap();
//! assert_eq!(capacity, "４００ KVA".parse().unwrap());
//! assert_eq!(capacity.to_string(), "400 kVA");
//! assert_eq!(capacity.unit(), Unit::Kilovoltampere);
//! ```
//!
//! A quantity never converts between units of different facts: kVA (apparent power) and kW (active
//! power) stay apart, since only a stated power factor joins them.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::identifier::quoted;
use crate::writing::fold;

/// A unit of the electricity trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// 千伏安, apparent power.
    Kilovoltampere,
    /// 千瓦, active power.
    Kilowatt,
    /// 千伏, voltage.
    Kilovolt,
    /// 安, current.
    Ampere,
}

/// One way to write a unit, and the power of ten by which its number is scaled to the base unit.
struct UnitWriting {
    text: &'static str,
    unit: Unit,
    exponent: i32,
}

const fn writing(text: &'static str, unit: Unit, exponent: i32) -> UnitWriting {
    UnitWriting { text, unit, exponent }
}

/// Every accepted writing after [`fold`], in upper case where Latin.
const WRITINGS: [UnitWriting; 18] = [
    writing("万KVA", Unit::Kilovoltampere, 4),
    writing("万千伏安", Unit::Kilovoltampere, 4),
    writing("KVA", Unit::Kilovoltampere, 0),
    writing("千伏安", Unit::Kilovoltampere, 0),
    writing("兆伏安", Unit::Kilovoltampere, 3),
    writing("MVA", Unit::Kilovoltampere, 3),
    writing("伏安", Unit::Kilovoltampere, -3),
    writing("VA", Unit::Kilovoltampere, -3),
    writing("万千瓦", Unit::Kilowatt, 4),
    writing("千瓦", Unit::Kilowatt, 0),
    writing("KW", Unit::Kilowatt, 0),
    writing("MW", Unit::Kilowatt, 3),
    writing("千伏", Unit::Kilovolt, 0),
    writing("KV", Unit::Kilovolt, 0),
    writing("伏", Unit::Kilovolt, -3),
    writing("V", Unit::Kilovolt, -3),
    writing("安", Unit::Ampere, 0),
    writing("A", Unit::Ampere, 0),
];

impl Unit {
    /// The unit's international symbol.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Kilovoltampere => "kVA",
            Self::Kilowatt => "kW",
            Self::Kilovolt => "kV",
            Self::Ampere => "A",
        }
    }

    /// The ways in which papers write this unit at the scale of its symbol, most frequent first.
    #[must_use]
    pub fn writings(self) -> &'static [&'static str] {
        match self {
            Self::Kilovoltampere => &["kVA", "千伏安", "KVA", "kva", "KVa"],
            Self::Kilowatt => &["kW", "千瓦", "KW", "kw"],
            Self::Kilovolt => &["kV", "千伏", "KV", "kv"],
            Self::Ampere => &["A", "安"],
        }
    }
}

/// A number with its unit, at the scale of the unit's symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quantity {
    value: Decimal,
    unit: Unit,
}

impl Quantity {
    /// `value` in `unit`; equal values are one value whatever their trailing zeros.
    #[must_use]
    pub fn new(value: Decimal, unit: Unit) -> Self {
        Self { value: value.normalize(), unit }
    }

    /// The number, in the unit of [`Quantity::unit`].
    #[must_use]
    pub fn value(self) -> Decimal {
        self.value
    }

    /// The unit.
    #[must_use]
    pub fn unit(self) -> Unit {
        self.unit
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.unit.symbol())
    }
}

impl FromStr for Quantity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let folded = fold(text).to_uppercase();
        let split = folded.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(folded.len());
        let (number, unit) = folded.split_at(split);
        let value = parse_number(number).ok_or_else(|| {
            Error::invalid(format!("quantity {}", quoted(text)), "does not begin with a number")
        })?;
        let written = WRITINGS.iter().find(|w| w.text == unit).ok_or_else(|| {
            Error::invalid(
                format!("quantity {}", quoted(text)),
                format!("has no known unit: {} is none of kVA, kW, kV, A and their writings", quoted(unit)),
            )
        })?;
        let value = scale_by_ten(value, written.exponent)
            .ok_or_else(|| Error::invalid(format!("quantity {}", quoted(text)), "is too large"))?;
        Ok(Self::new(value, written.unit))
    }
}

fn scale_by_ten(value: Decimal, exponent: i32) -> Option<Decimal> {
    let factor = Decimal::from(10_i64.pow(exponent.unsigned_abs()));
    if exponent >= 0 { value.checked_mul(factor) } else { value.checked_div(factor) }
}

/// An unsigned decimal number of at most 18 digits: digits, or digits, a point and digits.
///
/// Thousands separators are not accepted: in a scan a comma and a point look alike.
#[must_use]
pub fn parse_number(text: &str) -> Option<Decimal> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    (text.len() <= 19 && digits(whole) && digits(fraction))
        .then(|| Decimal::from_str(text).ok())
        .flatten()
        .map(|d| d.normalize())
}

macro_rules! counts {
    ($($(#[$doc:meta])* $type:ident, $symbol:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(pub u32);

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{} ", $symbol), self.0)
            }
        }
    )*};
}

counts! {
    /// A length in whole millimetres.
    Millimetres, "mm";
    /// A number of pages.
    Pages, "pages";
    /// A mass in whole grams.
    Grams, "g";
}

/// How sure a reader is of a value: a probability between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Confidence(f64);

impl Confidence {
    /// No confidence at all.
    pub const ZERO: Self = Self(0.0);
    /// Certainty.
    pub const ONE: Self = Self(1.0);

    /// The probability, between 0 and 1.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Confidence {
    type Error = Error;

    fn try_from(value: f64) -> Result<Self, Error> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(Error::invalid(format!("confidence {value}"), "must lie between 0 and 1"))
        }
    }
}

impl From<Confidence> for f64 {
    fn from(confidence: Confidence) -> f64 {
        confidence.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expected: &str) {
        let quantity: Quantity = input.parse().unwrap();
        assert_eq!(quantity.to_string(), expected);
        assert_eq!(expected.parse::<Quantity>().unwrap(), quantity);
    }

    #[test]
    fn every_writing_is_one_value() {
        check("400kVA", "400 kVA");
        check("400 ＫＶＡ", "400 kVA");
        check("0.04万kVA", "400 kVA");
        check("31.5MVA", "31500 kVA");
        check("10千伏", "10 kV");
        check("380V", "0.38 kV");
        check("100.50 kW", "100.5 kW");
    }

    #[test]
    fn a_unit_is_never_guessed() {
        for bad in ["400", "kVA", "", "4OO kVA", "1.2.3 kV", "1,000 kVA", "10 kg", "99999999999999999999 kVA"]
        {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
    }

    #[test]
    fn confidence_is_a_probability() {
        assert!(Confidence::try_from(1.1).is_err());
        assert!(Confidence::try_from(f64::NAN).is_err());
    }
}
