//! Check characters: what a number says about its own misreading.
//!
//! ```
//! use archive_core::check_characters::CheckSystem;
//!
//! // A citizen ID of a retired district prefix.
//! assert_eq!(CheckSystem::Gb11643.compute("11010219491001001")?.as_str(), "6");
//! assert!(!CheckSystem::Iso7064Mod11_2.verify("0795")?);
//! assert!(CheckSystem::Iso7064Mod11_2.verify("079X")?);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Each system reads its characters from left to right with a small state, so that it is an
//! automaton too: a rule's language knows its check characters, and a reader under it cannot read
//! a number whose check fails.
//!
//! Limits: systems read the alphabet that their standard names; full width and lower case are a
//! rule's input aliases to undo.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::error::Error;
use crate::identifier::quoted;
use crate::language::CharClass;

/// A system of check characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "&'static str")]
#[non_exhaustive]
pub enum CheckSystem {
    /// ISO/IEC 7064 MOD 11-2: digits; one of `0`–`9`, `X`.
    Iso7064Mod11_2,
    /// ISO/IEC 7064 MOD 37-2: digits and capitals; one of `0`–`9`, `A`–`Z`, `*`.
    Iso7064Mod37_2,
    /// ISO/IEC 7064 MOD 97-10: digits (capitals count as 10 to 35); two digits.
    Iso7064Mod97_10,
    /// ISO/IEC 7064 MOD 11,10: digits; one digit.
    Iso7064Mod11_10,
    /// ISO/IEC 7064 MOD 37,36: digits and capitals; one of the same.
    Iso7064Mod37_36,
    /// GB 11643 citizen ID (居民身份证): MOD 11-2 over 17 digits.
    Gb11643,
    /// GB 32100 unified social credit code (统一社会信用代码): modulo 31 over 17 characters.
    Gb32100,
    /// GB 11714 organisation code (组织机构代码): modulo 11 over 8 characters.
    Gb11714,
    /// GS1 modulo 10, weights 3 and 1: digits; one digit.
    Gs1,
    /// Luhn's modulo 10: digits; one digit.
    Luhn,
}

use CheckSystem::*;

/// The check characters of a text: one or two ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CheckCharacters {
    text: [u8; 2],
    length: u8,
}

impl CheckCharacters {
    fn one(c: u8) -> Self {
        Self { text: [c, 0], length: 1 }
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // All systems give ASCII.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The same, as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }
}

impl fmt::Display for CheckCharacters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const DIGITS_AND_CAPITALS: &[u8; 37] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";
/// GB 32100 leaves out I, O, S, V and Z.
const GB32100_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const GB11714_WEIGHTS: [u16; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// What a system remembers of the characters so far.
pub type State = u16;

impl CheckSystem {
    /// All systems.
    pub const ALL: [Self; 10] = [
        Iso7064Mod11_2,
        Iso7064Mod37_2,
        Iso7064Mod97_10,
        Iso7064Mod11_10,
        Iso7064Mod37_36,
        Gb11643,
        Gb32100,
        Gb11714,
        Gs1,
        Luhn,
    ];

    /// Its name in rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Iso7064Mod11_2 => "ISO7064-11-2",
            Iso7064Mod37_2 => "ISO7064-37-2",
            Iso7064Mod97_10 => "ISO7064-97-10",
            Iso7064Mod11_10 => "ISO7064-11,10",
            Iso7064Mod37_36 => "ISO7064-37,36",
            Gb11643 => "GB11643",
            Gb32100 => "GB32100",
            Gb11714 => "GB11714",
            Gs1 => "GS1",
            Luhn => "LUHN",
        }
    }

    /// The characters that it can check.
    #[must_use]
    pub fn alphabet(self) -> CharClass {
        match self {
            Iso7064Mod11_2 | Iso7064Mod11_10 | Gb11643 | Gs1 | Luhn => CharClass::from_ranges(['0'..='9']),
            Iso7064Mod37_2 | Iso7064Mod37_36 | Iso7064Mod97_10 | Gb11714 => {
                CharClass::from_ranges(['0'..='9', 'A'..='Z'])
            }
            Gb32100 => GB32100_ALPHABET.iter().map(|&b| char::from(b)..=char::from(b)).collect(),
        }
    }

    /// The characters that it can give.
    #[must_use]
    pub fn check_alphabet(self) -> CharClass {
        match self {
            Iso7064Mod11_2 | Gb11643 | Gb11714 => CharClass::of("0123456789X"),
            Iso7064Mod37_2 => CharClass::from_ranges(['0'..='9', 'A'..='Z', '*'..='*']),
            Iso7064Mod97_10 | Iso7064Mod11_10 | Gs1 | Luhn => CharClass::from_ranges(['0'..='9']),
            Iso7064Mod37_36 | Gb32100 => self.alphabet(),
        }
    }

    /// How many check characters it gives: 1 or 2.
    #[must_use]
    pub fn width(self) -> usize {
        if self == Iso7064Mod97_10 { 2 } else { 1 }
    }

    /// How many characters it must be given, where its standard says so.
    #[must_use]
    pub fn covers(self) -> Option<usize> {
        match self {
            Gb11643 | Gb32100 => Some(17),
            Gb11714 => Some(8),
            _ => None,
        }
    }

    /// The check characters of `text`, which does not hold them yet.
    ///
    /// # Errors
    /// `InvalidInput` for a character outside [`Self::alphabet`] or the wrong length.
    pub fn compute(self, text: &str) -> Result<CheckCharacters, Error> {
        let object = || format!("{} of {}", self.name(), quoted(text));
        let mut state = self.start();
        for (at, c) in text.chars().enumerate() {
            state = self.step(state, c).ok_or_else(|| {
                Error::invalid(
                    object(),
                    format!("character {} is {c:?}, which the system does not cover", at + 1),
                )
            })?;
        }
        match self.covers() {
            Some(length) if text.len() != length => {
                Err(Error::invalid(object(), format!("has {} characters, not {length}", text.len())))
            }
            _ if text.is_empty() => Err(Error::invalid(object(), "is empty: there is nothing to check")),
            _ => Ok(self.finish(state)),
        }
    }

    /// Whether `text` ends in the check characters of what is before them.
    ///
    /// # Errors
    /// `InvalidInput` for a text that the system does not cover.
    pub fn verify(self, text: &str) -> Result<bool, Error> {
        let cut = text.char_indices().rev().nth(self.width() - 1).map_or(0, |(at, _)| at);
        let (covered, given) = text.split_at(cut);
        Ok(self.compute(covered)?.as_str() == given)
    }

    /// The state before the first character.
    #[must_use]
    pub fn start(self) -> State {
        match self {
            Iso7064Mod11_10 => 10,
            Iso7064Mod37_36 => 36,
            _ => 0,
        }
    }

    /// The state after one more character; `None` where the system does not cover it.
    #[must_use]
    pub fn step(self, state: State, c: char) -> Option<State> {
        let digit = || c.to_digit(10).map(|d| d as u16);
        // Capitals count as 10 to 35.
        let value = || c.to_digit(36).filter(|_| !c.is_ascii_lowercase()).map(|d| d as u16);
        let hybrid = |value: u16, modulus: u16| {
            let sum = match (state + value) % modulus {
                0 => modulus,
                sum => sum,
            };
            sum * 2 % (modulus + 1)
        };
        Some(match self {
            Iso7064Mod11_2 | Gb11643 => (state + digit()?) * 2 % 11,
            Iso7064Mod37_2 => (state + value()?) * 2 % 37,
            Iso7064Mod97_10 => {
                let value = value()?;
                let shift = if value > 9 { 100 } else { 10 };
                ((u32::from(state) * shift + u32::from(value)) % 97) as u16
            }
            Iso7064Mod11_10 => hybrid(digit()?, 10),
            Iso7064Mod37_36 => hybrid(value()?, 36),
            // The weights are 3⁰, 3¹, … from the left. Divided by 3 at each step (21 is the inverse
            // of 3 modulo 31), the sum needs no position.
            Gb32100 => {
                let at = GB32100_ALPHABET.iter().position(|&b| char::from(b) == c)?;
                (state + at as u16) * 21 % 31
            }
            // Position and sum in one.
            Gb11714 => {
                let (at, sum) = (state / 11, state % 11);
                let weight = GB11714_WEIGHTS.get(usize::from(at))?;
                (at + 1) * 11 + (sum + weight * value()?) % 11
            }
            // Two sums: one if this is the last character, one if it is the last but one.
            Gs1 => {
                let (last, before) = (state / 10, state % 10);
                (before + 3 * digit()?) % 10 * 10 + (last + digit()?) % 10
            }
            Luhn => {
                let (last, before) = (state / 10, state % 10);
                let doubled = 2 * digit()? / 10 + 2 * digit()? % 10;
                (before + doubled) % 10 * 10 + (last + digit()?) % 10
            }
        })
    }

    /// The check characters of what led to `state`.
    #[must_use]
    pub fn finish(self, state: State) -> CheckCharacters {
        let digit = |value: u16| CheckCharacters::one(DIGITS_AND_CAPITALS[usize::from(value)]);
        let or_x = |value: u16| if value == 10 { CheckCharacters::one(b'X') } else { digit(value) };
        match self {
            Iso7064Mod11_2 | Gb11643 => or_x((12 - state) % 11),
            Iso7064Mod37_2 => digit((38 - state) % 37),
            Iso7064Mod97_10 => {
                let value = 98 - u32::from(state) * 100 % 97;
                CheckCharacters { text: [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8], length: 2 }
            }
            Iso7064Mod11_10 => digit((11 - state) % 10),
            Iso7064Mod37_36 => digit((37 - state) % 36),
            Gb32100 => {
                // 3¹⁷ is 22 modulo 31: the weight that the steps divided by.
                let sum = state * 22 % 31;
                CheckCharacters::one(GB32100_ALPHABET[usize::from((31 - sum) % 31)])
            }
            Gb11714 => or_x((11 - state % 11) % 11),
            Gs1 | Luhn => digit((10 - state / 10) % 10),
        }
    }
}

impl PartialEq<str> for CheckCharacters {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl From<CheckSystem> for &'static str {
    fn from(system: CheckSystem) -> Self {
        system.name()
    }
}

impl fmt::Display for CheckSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for CheckSystem {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|system| system.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|system| system.name()).collect();
            Error::invalid(
                format!("check system {}", quoted(text)),
                format!("is none of {}", names.join(", ")),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(system: CheckSystem, text: &str, expected: &str) {
        assert_eq!(system.compute(text).unwrap().as_str(), expected, "{system} of {text}");
        assert!(system.verify(&format!("{text}{expected}")).unwrap());
    }

    /// Examples of the standards' own texts, or of their published explanations.
    #[test]
    fn published_examples() {
        check(Iso7064Mod11_2, "0794", "0");
        check(Iso7064Mod11_2, "079", "X");
        check(Iso7064Mod37_2, "G123489654321", "Y");
        check(Iso7064Mod97_10, "99991234567890121414", "90");
        check(Iso7064Mod97_10, "4354111611551114", "31");
        check(Iso7064Mod11_10, "0794", "5");
        check(Iso7064Mod37_36, "A12425GABC1234002", "M");
        check(Gs1, "629104150021", "3");
        check(Luhn, "7992739871", "3");
        // GB 11714 itself computes D2143569-X.
        check(Gb11714, "D2143569", "X");
    }

    /// An error in one character always shows where the modulus is prime.
    #[test]
    fn single_errors_show() {
        for system in [Iso7064Mod11_2, Iso7064Mod37_2, Iso7064Mod97_10, Iso7064Mod11_10, Gs1, Luhn] {
            let text = "20240137";
            let good = format!("{text}{}", system.compute(text).unwrap());
            for at in 0..good.len() {
                for c in '0'..='9' {
                    let mut bad = good.clone();
                    bad.replace_range(at..=at, &c.to_string());
                    assert_eq!(system.verify(&bad).unwrap_or(false), bad == good, "{system} {bad}");
                }
            }
        }
    }

    #[test]
    fn hostile_texts_are_refused() {
        for system in CheckSystem::ALL {
            for bad in ["", "é", "１２", "1 2345", "\0", "abc"] {
                assert!(system.compute(bad).is_err(), "{system} {bad:?}");
                assert!(system.verify(bad).is_err(), "{system} {bad:?}");
            }
            assert_eq!(system.name().parse::<CheckSystem>().unwrap(), system);
        }
        assert!(Gb11643.compute("1101011949123").is_err());
        let long = "7".repeat(1_000_000);
        assert!(Luhn.compute(&long).is_ok());
        assert!(Gb11714.compute(&long).is_err());
        assert!("MOD 10".parse::<CheckSystem>().unwrap_err().to_string().contains("GB32100"));
    }
}
