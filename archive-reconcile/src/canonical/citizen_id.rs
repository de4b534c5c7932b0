//! Identifiers with check characters: citizen IDs (公民身份号码) and credit codes (统一社会信用代码).

use serde::{Deserialize, Serialize};

/// A scheme of check characters, which tells a slip of the pen from another person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CheckScheme {
    /// GB 11643: 17 digits, and a digit or X. The 15 digits of before 1999 are the same ID.
    CitizenId,
    /// GB 32100: 18 digits and letters.
    CreditCode,
    /// Whichever of the two the value may be.
    Either,
}

impl CheckScheme {
    /// Whether the check character of a folded value in upper case holds.
    #[must_use]
    pub fn holds(self, value: &str) -> bool {
        let Ok(characters) = <[u8; 18]>::try_from(value.as_bytes()) else { return false };
        let citizen = || citizen_check(&characters[..17]) == Some(characters[17]);
        let credit = || credit_check(&characters[..17]) == Some(characters[17]);
        match self {
            Self::CitizenId => citizen(),
            Self::CreditCode => credit(),
            Self::Either => citizen() || credit(),
        }
    }
}

/// The 18 characters of a citizen ID of 15 or 18, folded and in upper case. `None` where it is neither.
#[must_use]
pub fn citizen_id(value: &str) -> Option<String> {
    match value.len() {
        15 if value.bytes().all(|b| b.is_ascii_digit()) => {
            let mut long = format!("{}19{}", &value[..6], &value[6..]);
            long.push(char::from(citizen_check(long.as_bytes())?));
            Some(long)
        }
        18 if CheckScheme::CitizenId.holds(value) => Some(value.to_owned()),
        _ => None,
    }
}

fn citizen_check(digits: &[u8]) -> Option<u8> {
    let sum = digits.iter().zip((1..=17).rev()).try_fold(0_u32, |sum, (digit, power)| {
        digit.is_ascii_digit().then(|| sum + u32::from(digit - b'0') * (2_u32.pow(power) % 11))
    })?;
    Some(b"10X98765432"[(sum % 11) as usize])
}

fn credit_check(characters: &[u8]) -> Option<u8> {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let sum = characters.iter().try_fold((0_usize, 1_usize), |(sum, weight), c| {
        let value = ALPHABET.iter().position(|a| a == c)?;
        Some((sum + value * weight, weight * 3 % 31))
    })?;
    Some(ALPHABET[(31 - sum.0 % 31) % 31])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_characters_hold_or_not() {
        // A district code that is no longer given.
        assert!(CheckScheme::CitizenId.holds("110102194910010016"));
        assert!(!CheckScheme::CitizenId.holds("110102194910010017"));
        assert!(!CheckScheme::CitizenId.holds("11010219491001001é"));
        // The example of the standard.
        assert!(CheckScheme::CreditCode.holds("91350100M000100Y43"));
        assert!(!CheckScheme::CreditCode.holds("91350100M000100Y44"));
        assert!(CheckScheme::Either.holds("91350100M000100Y43"));
        assert!(!CheckScheme::Either.holds(""));
    }

    #[test]
    fn an_old_citizen_id_is_the_new_one() {
        assert_eq!(citizen_id("110102491001001").as_deref(), Some("110102194910010016"));
        assert_eq!(citizen_id("110102194910010016").as_deref(), Some("110102194910010016"));
        for bad in ["", "11010249100100", "11010249100100X", "110102194910010011", "一二三四五"] {
            assert_eq!(citizen_id(bad), None, "{bad}");
        }
    }
}
