//! Where files are kept: boxes, slots, retention and custody.
//!
//! ```
//! use archive_core::holding::SlotAddress;
//!
//! let slot: SlotAddress = "HZ/R1/B1/C03/A/02/4/05".parse().unwrap();
//! assert_eq!(slot.column(), "C03");
//! assert_eq!(slot.to_string().parse::<SlotAddress>().unwrap(), slot);
//! ```
//!
//! Different years, organisations or retention periods never share a box (DA/T 22-2015 §6.4):
//! [`BoxKey`] is what a box is homogeneous in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::identifier::{BoxNumber, FondsNumber, OrganisationCode, quoted};
use crate::units::Millimetres;

/// 保管期限: how long a file must be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Retention {
    /// 10 年.
    D10,
    /// 30 年.
    D30,
    /// 永久.
    Y,
}

impl Retention {
    /// The code in archive numbers (DA/T 22-2015).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::D10 => "D10",
            Self::D30 => "D30",
            Self::Y => "Y",
        }
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Retention {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "D10" => Ok(Self::D10),
            "D30" => Ok(Self::D30),
            "Y" => Ok(Self::Y),
            _ => Err(Error::invalid(format!("retention {}", quoted(text)), "is none of Y, D30, D10")),
        }
    }
}

/// How a customer's papers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CustodyMode {
    /// Electronic files alone; there is no box and no slot.
    Electronic,
    /// Paper in a central store-room, with scans.
    CentralPaper,
}

impl fmt::Display for CustodyMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Electronic => "electronic",
            Self::CentralPaper => "central-paper",
        })
    }
}

/// What all files in one box have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BoxKey {
    /// 全宗号.
    pub fonds: FondsNumber,
    /// 年度.
    pub year: u16,
    /// 保管期限.
    pub retention: Retention,
    /// 机构(问题).
    pub organisation: OrganisationCode,
}

/// 档案盒: a box of files, which stands in at most one slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveBox {
    /// 盒号.
    pub number: BoxNumber,
    /// What its files have in common.
    pub key: BoxKey,
    /// The thickness of its spine, which its slot must offer.
    pub spine: Millimetres,
    /// How much of the spine its files take.
    pub filled: Millimetres,
}

impl ArchiveBox {
    /// The room that is left.
    #[must_use]
    pub fn room(&self) -> Millimetres {
        Millimetres(self.spine.0.saturating_sub(self.filled.0))
    }
}

/// 储位: the address of a place for one box: site/room/bank/column/side/bay/level/position.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SlotAddress {
    text: Box<str>,
}

impl SlotAddress {
    const LEVELS: usize = 8;
    const LIMIT: usize = 96;

    fn part(&self, index: usize) -> &str {
        // Construction checked that all parts are there.
        self.text.split('/').nth(index).unwrap_or_default()
    }

    /// The site (库区).
    #[must_use]
    pub fn site(&self) -> &str {
        self.part(0)
    }

    /// The room within the site (库房).
    #[must_use]
    pub fn room(&self) -> &str {
        self.part(1)
    }

    /// The bank of mobile shelving within the room (区).
    #[must_use]
    pub fn bank(&self) -> &str {
        self.part(2)
    }

    /// The carriage within the bank (列).
    #[must_use]
    pub fn column(&self) -> &str {
        self.part(3)
    }

    /// The side of the carriage (面).
    #[must_use]
    pub fn side(&self) -> &str {
        self.part(4)
    }

    /// The bay along the carriage (节).
    #[must_use]
    pub fn bay(&self) -> &str {
        self.part(5)
    }

    /// The level above the floor (层).
    #[must_use]
    pub fn level(&self) -> &str {
        self.part(6)
    }

    /// The place on the level (格).
    #[must_use]
    pub fn position(&self) -> &str {
        self.part(7)
    }

    /// The address as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for SlotAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |message: &str| Err(Error::invalid(format!("slot {}", quoted(text)), message));
        if text.len() > Self::LIMIT {
            return wrong("is longer than 96 bytes");
        }
        let valid = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-');
        if text.split('/').count() != Self::LEVELS || !text.split('/').all(valid) {
            return wrong(
                "is not site/room/bank/column/side/bay/level/position in letters, digits and \"-\"",
            );
        }
        Ok(Self { text: text.into() })
    }
}

impl TryFrom<String> for SlotAddress {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<SlotAddress> for String {
    fn from(address: SlotAddress) -> String {
        address.text.into()
    }
}

impl fmt::Display for SlotAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// 储位: a place for one box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Where it is.
    pub address: SlotAddress,
    /// The thickest spine that fits.
    pub width: Millimetres,
}

/// 电子标签: the 96-bit code of an RFID tag.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TagEpc(pub [u8; 12]);

impl fmt::Display for TagEpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for TagEpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TagEpc({self})")
    }
}

impl FromStr for TagEpc {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let value = (text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit()))
            .then(|| u128::from_str_radix(text, 16).ok())
            .flatten()
            .ok_or_else(|| Error::invalid(format!("tag {}", quoted(text)), "is not 24 hexadecimal digits"))?;
        let mut bytes = [0; 12];
        bytes.copy_from_slice(&value.to_be_bytes()[4..]);
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for TagEpc {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<TagEpc> for String {
    fn from(tag: TagEpc) -> String {
        tag.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_addresses_are_rejected() {
        let long = format!("HZ/R1/B1/C1/A/1/1/{}", "9".repeat(100));
        for bad in
            ["", "HZ", "HZ/R1/B1/C1/A/1/1/", "HZ/R1/B1/C1/A/1/1/1/1", "../R1/B1/C1/A/1/1/1", long.as_str()]
        {
            assert!(bad.parse::<SlotAddress>().is_err(), "{bad}");
        }
    }

    #[test]
    fn tags_read_back() {
        let text = "2C14257BF460720000000190";
        assert_eq!(text.parse::<TagEpc>().unwrap().to_string(), text);
        assert!("2C14".parse::<TagEpc>().is_err());
        assert!("+C14257BF46072000000019".parse::<TagEpc>().is_err());
    }
}
