//! Identifiers with check characters: citizen IDs (公民身份号码) and credit codes (统一社会信用代码).

use archive_core::check_characters::CheckSystem;
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
        let holds = |system: CheckSystem| value.len() == 18 && system.verify(value).unwrap_or(false);
        match self {
            Self::CitizenId => holds(CheckSystem::Gb11643),
            Self::CreditCode => holds(CheckSystem::Gb32100),
            Self::Either => holds(CheckSystem::Gb11643) || holds(CheckSystem::Gb32100),
        }
    }
}

/// The 18 characters of a citizen ID of 15 or 18, folded and in upper case. `None` where it is neither.
#[must_use]
pub fn citizen_id(value: &str) -> Option<String> {
    match value.len() {
        15 if value.bytes().all(|b| b.is_ascii_digit()) => {
            let long = format!("{}19{}", &value[..6], &value[6..]);
            let check = CheckSystem::Gb11643.compute(&long).ok()?;
            Some(format!("{long}{check}"))
        }
        18 if CheckScheme::CitizenId.holds(value) => Some(value.to_owned()),
        _ => None,
    }
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
