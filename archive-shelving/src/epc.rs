//! What stands on a tag: GS1's 96-bit schemes, and a plain user code.
//!
//! ```
//! use archive_shelving::epc::{Epc, Gdti96};
//!
//! let document = Gdti96::new("0614141", "12345", 400)?;
//! assert_eq!(document.to_tag().to_string(), "2C14257BF460720000000190");
//! assert_eq!(document.to_string(), "urn:epc:id:gdti:0614141.12345.400");
//! assert_eq!(Epc::from_tag(document.to_tag()), Epc::Gdti(document));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! - GDTI (header 2C) numbers documents and is what a box of files carries: the organisation's GS1
//!   prefix, a document type, and a serial number.
//! - GRAI (33) and GIAI (34) number returnable and individual assets, for crates and equipment.
//! - [`UserCode`] serves a closed store-room without a GS1 prefix: an issuer and a number under a
//!   header that GS1 gives to nobody.
//!
//! A tag that is none of these, or breaks its scheme's rules, is [`Epc::Other`]: strays are normal.
//!
//! Limits: 96-bit forms only, numeric serials without leading zeros; the serial of a GDTI ends at
//! 2⁴¹ − 1.

use std::fmt;
use std::str::FromStr;

use archive_core::Error;
use archive_core::holding::TagEpc;
use archive_core::identifier::quoted;

/// What a tag's code says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Epc {
    /// A document, or a box of them.
    Gdti(Gdti96),
    /// A returnable asset.
    Grai(Grai96),
    /// An individual asset.
    Giai(Giai96),
    /// A code of the store-room's own.
    User(UserCode),
    /// Something else: another scheme, or a code that breaks its scheme's rules.
    Other(TagEpc),
}

impl Epc {
    /// Reads a tag's code; never fails, since foreign tags are normal.
    #[must_use]
    pub fn from_tag(tag: TagEpc) -> Self {
        let read = match tag.0[0] {
            0x2C => Partitioned::decode(&GDTI, tag).map(|p| Self::Gdti(Gdti96(p))),
            0x33 => Partitioned::decode(&GRAI, tag).map(|p| Self::Grai(Grai96(p))),
            0x34 => Partitioned::decode(&GIAI, tag).map(|p| Self::Giai(Giai96(p))),
            UserCode::HEADER => Some(Self::User(UserCode::decode(tag))),
            _ => None,
        };
        read.unwrap_or(Self::Other(tag))
    }
}

/// The layout of one GS1 scheme: a header, 3 bits of filter, 3 of partition, then the company
/// prefix, a reference whose width complements the prefix, and a serial of fixed width.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Scheme {
    name: &'static str,
    header: u8,
    /// Bits and digits of the reference by partition.
    reference_bits: [u32; 7],
    reference_digits: [usize; 7],
    /// 0 where the reference itself is the serial number (GIAI).
    serial_bits: u32,
}

/// Bits and digits of the company prefix by partition, the same in all schemes.
const PREFIX_BITS: [u32; 7] = [40, 37, 34, 30, 27, 24, 20];
const PREFIX_DIGITS: [usize; 7] = [12, 11, 10, 9, 8, 7, 6];

const GDTI: Scheme = Scheme {
    name: "gdti",
    header: 0x2C,
    reference_bits: [1, 4, 7, 11, 14, 17, 21],
    reference_digits: [0, 1, 2, 3, 4, 5, 6],
    serial_bits: 41,
};
const GRAI: Scheme = Scheme {
    name: "grai",
    header: 0x33,
    reference_bits: [4, 7, 10, 14, 17, 20, 24],
    reference_digits: [0, 1, 2, 3, 4, 5, 6],
    serial_bits: 38,
};
const GIAI: Scheme = Scheme {
    name: "giai",
    header: 0x34,
    reference_bits: [42, 45, 48, 52, 55, 58, 62],
    reference_digits: [13, 14, 15, 16, 17, 18, 19],
    serial_bits: 0,
};

/// A number under a company prefix; digits are kept as numbers, their widths in the partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Partitioned {
    filter: u8,
    partition: u8,
    prefix: u64,
    reference: u64,
    serial: u64,
}

fn number(object: &str, what: &str, text: &str) -> Result<u64, Error> {
    let digits = text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= 20;
    match (text, digits) {
        ("", _) => Ok(0),
        (_, true) => text.parse().map_err(|_| Error::invalid(object, format!("{what} {text} is too large"))),
        _ => Err(Error::invalid(object, format!("{what} {} is not made of digits", quoted(text)))),
    }
}

impl Partitioned {
    fn new(scheme: &Scheme, prefix: &str, reference: &str, serial: u64) -> Result<Self, Error> {
        let object = format!("{} {}.{}.{serial}", scheme.name, shown(prefix), shown(reference));
        let Some(partition) = PREFIX_DIGITS.iter().position(|n| *n == prefix.len()) else {
            return Err(Error::invalid(object, "has a company prefix that is not 6 to 12 digits long"));
        };
        let width = scheme.reference_digits[partition];
        let individual = scheme.serial_bits == 0;
        if !individual && reference.len() != width {
            let message = format!("needs a type of {width} digits beside a prefix of {}", prefix.len());
            return Err(Error::invalid(object, message));
        }
        if individual && (reference.is_empty() || reference.len() > 1 && reference.starts_with('0')) {
            return Err(Error::invalid(object, "has an asset reference that is empty or begins with zero"));
        }
        let value = Self {
            filter: 0,
            partition: partition as u8,
            prefix: number(&object, "company prefix", prefix)?,
            reference: number(&object, "reference", reference)?,
            serial,
        };
        if value.fits(scheme) {
            Ok(value)
        } else {
            Err(Error::invalid(object, "has a number too large for 96 bits"))
        }
    }

    fn fits(&self, scheme: &Scheme) -> bool {
        let p = usize::from(self.partition);
        let below = |value: u64, digits: usize, bits: u32| {
            u128::from(value) < 10_u128.pow(digits as u32) && u128::from(value) < 1_u128 << bits
        };
        below(self.prefix, PREFIX_DIGITS[p], PREFIX_BITS[p])
            && below(self.reference, scheme.reference_digits[p], scheme.reference_bits[p])
            && (scheme.serial_bits == 0 || self.serial < 1 << scheme.serial_bits)
    }

    fn encode(&self, scheme: &Scheme) -> TagEpc {
        let p = usize::from(self.partition);
        let fields = [
            (u64::from(scheme.header), 8),
            (u64::from(self.filter), 3),
            (u64::from(self.partition), 3),
            (self.prefix, PREFIX_BITS[p]),
            (self.reference, scheme.reference_bits[p]),
            (self.serial, scheme.serial_bits),
        ];
        let value = fields.iter().fold(0_u128, |all, (field, bits)| all << bits | u128::from(*field));
        let mut tag = [0; 12];
        tag.copy_from_slice(&value.to_be_bytes()[4..]);
        TagEpc(tag)
    }

    fn decode(scheme: &Scheme, tag: TagEpc) -> Option<Self> {
        let mut bytes = [0; 16];
        bytes[4..].copy_from_slice(&tag.0);
        let value = u128::from_be_bytes(bytes);
        let mut left = 88;
        let mut take = |bits: u32| {
            left -= bits;
            (value >> left & ((1 << bits) - 1)) as u64
        };
        let (filter, partition) = (take(3) as u8, take(3) as u8);
        let p = usize::from(partition);
        let value = Self {
            filter,
            partition,
            prefix: take(*PREFIX_BITS.get(p)?),
            reference: take(scheme.reference_bits[p]),
            serial: take(scheme.serial_bits),
        };
        value.fits(scheme).then_some(value)
    }

    fn write(&self, scheme: &Scheme, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p = usize::from(self.partition);
        write!(f, "urn:epc:id:{}:{:0width$}.", scheme.name, self.prefix, width = PREFIX_DIGITS[p])?;
        if scheme.serial_bits == 0 {
            return write!(f, "{}", self.reference);
        }
        match scheme.reference_digits[p] {
            0 => f.write_str("")?,
            width => write!(f, "{:0width$}", self.reference)?,
        }
        write!(f, ".{}", self.serial)
    }

    fn parse(scheme: &Scheme, text: &str) -> Result<Self, Error> {
        let object = || format!("{} {}", scheme.name, quoted(text));
        let wrong =
            || Error::invalid(object(), "is not urn:epc:id: with a prefix, a type and a serial number");
        let prefix = format!("urn:epc:id:{}:", scheme.name);
        let parts = text.strip_prefix(&prefix).unwrap_or(text);
        let parts: Vec<&str> = parts.splitn(4, '.').collect();
        match parts[..] {
            [prefix, reference] if scheme.serial_bits == 0 => Self::new(scheme, prefix, reference, 0),
            [prefix, reference, serial] if scheme.serial_bits > 0 => {
                if serial.is_empty() || serial.len() > 1 && serial.starts_with('0') {
                    return Err(Error::invalid(
                        object(),
                        "has a serial number that is empty or begins with zero",
                    ));
                }
                Self::new(scheme, prefix, reference, number(&object(), "serial number", serial)?)
            }
            _ => Err(wrong()),
        }
    }
}

/// A hostile value must not flood the message that rejects it.
fn shown(text: &str) -> &str {
    text.char_indices().nth(24).map_or(text, |(cut, _)| &text[..cut])
}

macro_rules! schemes {
    ($($(#[$doc:meta])* $type:ident, $scheme:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// `Display` writes the pure-identity URI, `FromStr` reads it with or without
        /// `urn:epc:id:…:`. The filter is 0 unless a tag brought another.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $type(Partitioned);

        impl $type {
            /// The tag's code.
            #[must_use]
            pub fn to_tag(&self) -> TagEpc {
                self.0.encode(&$scheme)
            }

            /// The filter value, 0 to 7.
            #[must_use]
            pub fn filter(&self) -> u8 {
                self.0.filter
            }

            /// The company prefix with its leading zeros.
            #[must_use]
            pub fn company_prefix(&self) -> String {
                format!("{:0width$}", self.0.prefix, width = PREFIX_DIGITS[usize::from(self.0.partition)])
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(&$scheme, f)
            }
        }

        impl FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Partitioned::parse(&$scheme, text).map(Self)
            }
        }
    )*};
}

schemes! {
    /// A global document type identifier with its serial number: a document, or a box of them.
    Gdti96, GDTI;
    /// A global returnable asset identifier with its serial number.
    Grai96, GRAI;
    /// A global individual asset identifier.
    Giai96, GIAI;
}

impl Gdti96 {
    /// A document by the organisation's GS1 prefix (6 to 12 digits), the document type (the digits
    /// that make the prefix up to 12) and the serial number.
    ///
    /// # Errors
    /// `InvalidInput` where a length or a digit is wrong, or the serial is 2⁴¹ or more.
    pub fn new(company_prefix: &str, document_type: &str, serial: u64) -> Result<Self, Error> {
        Partitioned::new(&GDTI, company_prefix, document_type, serial).map(Self)
    }

    /// The serial number.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.0.serial
    }
}

impl Grai96 {
    /// A returnable asset by prefix, asset type and serial number.
    ///
    /// # Errors
    /// `InvalidInput` where a length or a digit is wrong, or the serial is 2³⁸ or more.
    pub fn new(company_prefix: &str, asset_type: &str, serial: u64) -> Result<Self, Error> {
        Partitioned::new(&GRAI, company_prefix, asset_type, serial).map(Self)
    }

    /// The serial number.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.0.serial
    }
}

impl Giai96 {
    /// An individual asset by prefix and reference.
    ///
    /// # Errors
    /// `InvalidInput` where the prefix is not 6 to 12 digits long or the reference does not fit.
    pub fn new(company_prefix: &str, reference: u64) -> Result<Self, Error> {
        Partitioned::new(&GIAI, company_prefix, &reference.to_string(), 0).map(Self)
    }

    /// The asset's number.
    #[must_use]
    pub fn reference(&self) -> u64 {
        self.0.reference
    }
}

/// A code of the store-room's own: an issuer (0 to 2²⁴ − 1) and a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserCode {
    issuer: u32,
    number: u64,
}

impl UserCode {
    /// In the range that the EPC tag data standard leaves unassigned.
    const HEADER: u8 = 0xA0;

    /// A code by issuer, for instance one a site, and number, for instance the box's.
    ///
    /// # Errors
    /// `InvalidInput` where the issuer is 2²⁴ or more.
    pub fn new(issuer: u32, number: u64) -> Result<Self, Error> {
        if issuer >= 1 << 24 {
            return Err(Error::invalid(
                format!("user code {issuer}.{number}"),
                "has an issuer above 16777215",
            ));
        }
        Ok(Self { issuer, number })
    }

    /// Who issued the number.
    #[must_use]
    pub fn issuer(&self) -> u32 {
        self.issuer
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The tag's code.
    #[must_use]
    pub fn to_tag(&self) -> TagEpc {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&self.issuer.to_be_bytes());
        bytes[0] = Self::HEADER;
        bytes[4..].copy_from_slice(&self.number.to_be_bytes());
        TagEpc(bytes)
    }

    fn decode(tag: TagEpc) -> Self {
        let [_, a, b, c, number @ ..] = tag.0;
        Self { issuer: u32::from_be_bytes([0, a, b, c]), number: u64::from_be_bytes(number) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(tag: &str, uri: &str) {
        let tag: TagEpc = tag.parse().unwrap();
        let (read, back) = match Epc::from_tag(tag) {
            Epc::Gdti(code) => (code.to_string(), uri.parse::<Gdti96>().unwrap().to_tag()),
            Epc::Grai(code) => (code.to_string(), uri.parse::<Grai96>().unwrap().to_tag()),
            Epc::Giai(code) => (code.to_string(), uri.parse::<Giai96>().unwrap().to_tag()),
            other => panic!("{tag} was read as {other:?}"),
        };
        assert_eq!((read.as_str(), back), (uri, tag));
    }

    #[test]
    fn golden_codes() {
        check("2C14257BF460720000000190", "urn:epc:id:gdti:0614141.12345.400");
        // Computed from the standard's tables by hand: filter 0, partition 5.
        check("3314257BF40C0E4000000190", "urn:epc:id:grai:0614141.12345.400");
        check("3414257BF400000000003039", "urn:epc:id:giai:0614141.12345");
    }

    #[test]
    fn foreign_and_broken_codes_are_other() {
        for tag in ["000000000000000000000000", "E28011606000020000000001", "2CFFFFFFFFFFFFFFFFFFFFFF"] {
            let tag: TagEpc = tag.parse().unwrap();
            assert_eq!(Epc::from_tag(tag), Epc::Other(tag));
        }
    }

    #[test]
    fn hostile_numbers_are_rejected() {
        assert!(Gdti96::new("06141", "12345", 1).is_err());
        assert!(Gdti96::new("0614141", "1234", 1).is_err());
        assert!(Gdti96::new("06l4141", "12345", 1).is_err());
        assert!(Gdti96::new("0614141", "12345", 1 << 41).is_err());
        assert!(Giai96::new("061414112345", u64::MAX).is_err());
        assert!(UserCode::new(1 << 24, 1).is_err());
        for bad in ["", "urn:epc:id:gdti:", "0614141.12345", "0614141.12345.", "0614141.12345.007", "a.b.c.d"]
        {
            let error = bad.parse::<Gdti96>().unwrap_err();
            assert_eq!(error.kind(), archive_core::ErrorKind::InvalidInput, "{bad}");
        }
        let error = "9".repeat(1_000_000).parse::<Gdti96>().unwrap_err();
        assert!(error.to_string().len() < 300);
    }

    proptest! {
        #[test]
        fn every_gdti_reads_back(prefix in 0_u64..10_000_000, kind in 0_u32..100_000, serial in 0_u64..1 << 41) {
            let code = Gdti96::new(&format!("{prefix:07}"), &format!("{kind:05}"), serial).unwrap();
            prop_assert_eq!(Epc::from_tag(code.to_tag()), Epc::Gdti(code));
            prop_assert_eq!(code.to_string().parse::<Gdti96>().unwrap(), code);
        }

        #[test]
        fn reading_any_tag_gives_its_bytes_back(bytes: [u8; 12]) {
            let tag = TagEpc(bytes);
            let back = match Epc::from_tag(tag) {
                Epc::Gdti(code) => code.to_tag(),
                Epc::Grai(code) => code.to_tag(),
                Epc::Giai(code) => code.to_tag(),
                Epc::User(code) => code.to_tag(),
                Epc::Other(tag) => tag,
            };
            prop_assert_eq!(back, tag);
        }
    }
}
