//! From addresses to gaps: which aisle (通道) gives access to a slot.
//!
//! ```
//! use archive_shelving::layout::{AisleId, BankLayout};
//!
//! let bank = BankLayout::new("HZ", "R1", "B1", ["C01", "C02", "C03"])?;
//! let slot = "HZ/R1/B1/C02/A/01/4/05".parse()?;
//! // The left side (A) of the second carriage is reached through the gap before it.
//! assert_eq!(bank.aisle_of(&slot)?, AisleId(1));
//! assert_eq!(bank.aisles().count(), 4);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A bank (区) of mobile shelving is a row of carriages (列) on rails. With n carriages there are
//! n + 1 gaps: aisle 0 lies left of the first carriage, aisle i between carriage i and the next, where
//! carriages count from 1.
//! Side A (also `L`, `1`, 左) looks left, side B (also `R`, `2`, 右) looks right. One aisle serves two
//! sides: the right side of one carriage and the left side of the next.
//!
//! Limits: at most 999 carriages in a bank. Fixed carriages are the device's business: it refuses an
//! aisle that it cannot open.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use archive_core::Error;
use archive_core::holding::SlotAddress;
use archive_core::identifier::quoted;
use serde::{Deserialize, Serialize};

/// 通道: a gap beside a carriage, counted from the left end of the bank, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AisleId(pub u16);

impl fmt::Display for AisleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "aisle {}", self.0)
    }
}

/// 面: the side of a carriage that a slot is reached from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Towards the first carriage: `A`, `L`, `1`, 左.
    Left,
    /// Towards the last carriage: `B`, `R`, `2`, 右.
    Right,
}

impl FromStr for Side {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "A" | "a" | "L" | "l" | "1" | "01" | "左" => Ok(Self::Left),
            "B" | "b" | "R" | "r" | "2" | "02" | "右" => Ok(Self::Right),
            _ => Err(Error::invalid(
                format!("side {}", quoted(text)),
                "is neither left (A, L, 1, 左) nor right (B, R, 2, 右)",
            )),
        }
    }
}

/// The name of a bank: site/room/bank, as in the addresses of its slots.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BankName(Box<str>);

impl BankName {
    /// The bank that a slot belongs to.
    #[must_use]
    pub fn of(slot: &SlotAddress) -> Self {
        Self(format!("{}/{}/{}", slot.site(), slot.room(), slot.bank()).into())
    }

    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BankName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BankName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() > 72 || text.split('/').count() != 3 || !text.split('/').all(is_name) {
            return Err(Error::invalid(
                format!("bank {}", quoted(text)),
                "is not site/room/bank in letters, digits and \"-\", 72 bytes at most",
            ));
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for BankName {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<BankName> for String {
    fn from(name: BankName) -> String {
        name.0.into()
    }
}

/// The same alphabet as a part of a [`SlotAddress`].
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '-')
}

/// The carriages of one bank, from left to right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankLayout {
    name: BankName,
    columns: Vec<Box<str>>,
}

impl BankLayout {
    /// The most carriages in a bank.
    pub const LIMIT: usize = 999;

    /// A bank with its carriages from left to right.
    ///
    /// # Errors
    /// `InvalidInput` where a name is not made of letters, digits and `-`, or a carriage is named
    /// twice, or there is none, or there are more than [`BankLayout::LIMIT`].
    pub fn new<C: Into<String>>(
        site: &str,
        room: &str,
        bank: &str,
        columns: impl IntoIterator<Item = C>,
    ) -> Result<Self, Error> {
        Self::named(format!("{site}/{room}/{bank}").parse()?, columns.into_iter().map(Into::into))
    }

    fn named(name: BankName, columns: impl Iterator<Item = String>) -> Result<Self, Error> {
        let object = || format!("bank {name}");
        let columns: Vec<Box<str>> = columns.take(Self::LIMIT + 1).map(String::into).collect();
        if columns.is_empty() || columns.len() > Self::LIMIT {
            return Err(Error::invalid(object(), "has no carriage, or more than 999"));
        }
        if let Some(bad) = columns.iter().find(|c| !is_name(c)) {
            return Err(Error::invalid(
                object(),
                format!("carriage {} is not made of letters, digits and \"-\"", quoted(bad)),
            ));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = columns.iter().find(|c| !seen.insert(*c)) {
            return Err(Error::invalid(object(), format!("carriage {} stands twice", quoted(twice))));
        }
        Ok(Self { name, columns })
    }

    /// The banks that the addresses of `slots` describe, each with its carriages in the order of
    /// their names (numbers by value, so that `C2` stands before `C10`).
    ///
    /// # Errors
    /// `InvalidInput` where a side is unknown or a bank has more than [`BankLayout::LIMIT`] carriages.
    pub fn of_slots<'a>(slots: impl IntoIterator<Item = &'a SlotAddress>) -> Result<Vec<Self>, Error> {
        let mut banks: BTreeMap<BankName, BTreeSet<(Vec<NamePart>, String)>> = BTreeMap::new();
        for slot in slots {
            slot.side().parse::<Side>()?;
            let columns = banks.entry(BankName::of(slot)).or_default();
            columns.insert((natural_order(slot.column()), slot.column().to_owned()));
        }
        banks
            .into_iter()
            .map(|(name, columns)| Self::named(name, columns.into_iter().map(|(_, text)| text)))
            .collect()
    }

    /// The bank's name.
    #[must_use]
    pub fn name(&self) -> &BankName {
        &self.name
    }

    /// The carriages from left to right.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(|c| &**c)
    }

    /// How many aisles the bank has: one more than carriages.
    #[must_use]
    pub fn aisle_count(&self) -> u16 {
        // The constructor limits carriages to 999.
        self.columns.len() as u16 + 1
    }

    /// The aisles from left to right.
    pub fn aisles(&self) -> impl Iterator<Item = AisleId> + use<> {
        (0..self.aisle_count()).map(AisleId)
    }

    /// The aisle through which a slot is reached.
    ///
    /// # Errors
    /// `InvalidInput` where the slot's side is neither left nor right, `NotFound` where the slot
    /// belongs to another bank or names a carriage that the bank does not have.
    pub fn aisle_of(&self, slot: &SlotAddress) -> Result<AisleId, Error> {
        let side: Side = slot.side().parse()?;
        if BankName::of(slot) != self.name {
            return Err(self.not_here(slot, "belongs to another bank"));
        }
        let column = self
            .columns
            .iter()
            .position(|c| **c == *slot.column())
            .ok_or_else(|| self.not_here(slot, "names a carriage that the bank does not have"))?;
        let left = column as u16;
        Ok(AisleId(match side {
            Side::Left => left,
            Side::Right => left + 1,
        }))
    }

    fn not_here(&self, slot: &SlotAddress, what: &str) -> Error {
        Error::new(
            archive_core::ErrorKind::NotFound,
            format!("slot {slot}"),
            format!("{what} (bank {} has {} carriages)", self.name, self.columns.len()),
        )
    }
}

/// A part of a name, as people order names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NamePart {
    /// Digits, by their value.
    Number(u128),
    /// Anything else.
    Text(String),
}

/// Splits a name into numbers and text, so that people's order and the program's agree: `C2` stands before `C10`.
#[must_use]
pub fn natural_order(name: &str) -> Vec<NamePart> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (part, tail) = rest.split_at(end);
        // A number beyond u128 is ordered as text: no shelf has it, an attacker may send it.
        parts.push(match part.parse() {
            Ok(number) if digits => NamePart::Number(number),
            _ => NamePart::Text(part.to_owned()),
        });
        rest = tail;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(text: &str) -> SlotAddress {
        text.parse().unwrap()
    }

    #[test]
    fn one_aisle_serves_two_sides() {
        let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2"]).unwrap();
        let right = bank.aisle_of(&slot("HZ/R1/B1/C1/B/1/1/1")).unwrap();
        let left = bank.aisle_of(&slot("HZ/R1/B1/C2/左/1/1/1")).unwrap();
        assert_eq!((right, left), (AisleId(1), AisleId(1)));
    }

    #[test]
    fn carriages_are_ordered_by_number() {
        let slots = ["HZ/R1/B1/C10/A/1/1/1", "HZ/R1/B1/C2/A/1/1/1", "HZ/R2/B1/C1/B/1/1/1"].map(slot);
        let banks = BankLayout::of_slots(&slots).unwrap();
        assert_eq!(banks.len(), 2);
        assert_eq!(banks[0].columns().collect::<Vec<_>>(), ["C2", "C10"]);
    }

    #[test]
    fn a_slot_elsewhere_is_named_in_the_error() {
        let bank = BankLayout::new("HZ", "R1", "B1", ["C1"]).unwrap();
        let error = bank.aisle_of(&slot("HZ/R1/B2/C1/A/1/1/1")).unwrap_err();
        assert!(error.to_string().starts_with("slot HZ/R1/B2/C1/A/1/1/1: belongs to another bank"));
        let error = bank.aisle_of(&slot("HZ/R1/B1/C9/A/1/1/1")).unwrap_err();
        assert_eq!(error.kind(), archive_core::ErrorKind::NotFound);
        let error = bank.aisle_of(&slot("HZ/R1/B1/C1/X/1/1/1")).unwrap_err();
        assert!(error.to_string().starts_with("side \"X\": is neither left"));
    }

    #[test]
    fn hostile_layouts_are_rejected() {
        assert!(BankLayout::new("HZ", "R1", "B1", Vec::<String>::new()).is_err());
        assert!(BankLayout::new("HZ", "R1", "B1", ["C1", "C1"]).is_err());
        assert!(BankLayout::new("HZ", "R1", "B1", ["C/1"]).is_err());
        assert!(BankLayout::new("HZ", "R1/X", "B1", ["C1"]).is_err());
        // An endless list must end in an error, not in an endless loop.
        assert!(BankLayout::new("HZ", "R1", "B1", (0..).map(|n| format!("C{n}"))).is_err());
    }
}
