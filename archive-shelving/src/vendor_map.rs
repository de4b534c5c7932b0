//! What the maps of all families share: alarm codes that mean protections, and times.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::device_error::Interlock;

/// A vendor's alarm codes, as the map writes them (`0x2A` or `42`), and the protection that each means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct AlarmCodes(BTreeMap<String, Interlock>);

impl AlarmCodes {
    /// Refuses a code that is no number of the controller's width; `width` says which, in words.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub(crate) fn check<N: TryFrom<u64>>(&self, width: &str) -> Result<(), String> {
        match self.0.keys().find(|code| number::<N>(code).is_none()) {
            Some(code) => Err(format!("interlocks.codes: {code:?} is no number{width}, such as 0x2A")),
            None => Ok(()),
        }
    }

    /// The protection that a code means, where the map knows it.
    pub(crate) fn interlock<N: TryFrom<u64> + PartialEq>(&self, code: N) -> Option<Interlock> {
        self.0.iter().find(|(text, _)| number::<N>(text).as_ref() == Some(&code)).map(|(_, lock)| *lock)
    }

    /// A code that means a protection, where the map has one.
    pub(crate) fn code_of<N: TryFrom<u64>>(&self, interlock: Interlock) -> Option<N> {
        self.0.iter().filter(|(_, lock)| **lock == interlock).find_map(|(text, _)| number(text))
    }
}

fn number<N: TryFrom<u64>>(text: &str) -> Option<N> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    N::try_from(number?).ok()
}

/// Refuses a time that is zero or beyond ten minutes.
///
/// # Errors
/// What is wrong, for people.
pub(crate) fn check_times(milliseconds: &[(&str, u64)]) -> Result<(), String> {
    match milliseconds.iter().find(|(_, ms)| !(1..=600_000).contains(ms)) {
        Some((key, ms)) => Err(format!("{key} is {ms}, not 1 to 600000")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_numbers_of_their_width() {
        let codes = [("0x2A", Interlock::Person), ("46", Interlock::Smoke)];
        let codes = AlarmCodes(codes.map(|(code, lock)| (code.to_owned(), lock)).into());
        assert_eq!(codes.interlock(0x2A_u8), Some(Interlock::Person));
        assert_eq!(codes.interlock(0x2E_u64), Some(Interlock::Smoke));
        assert_eq!(codes.interlock(7_u16), None);
        assert_eq!(codes.code_of::<u16>(Interlock::Smoke), Some(46));
        assert_eq!(codes.code_of::<u16>(Interlock::Door), None);
        assert_eq!(codes.check::<u8>(" of 8 bits"), Ok(()));
        let wide = AlarmCodes([("0x100".to_owned(), Interlock::Drive)].into());
        assert_eq!(wide.check::<u16>(""), Ok(()));
        let fault = wide.check::<u8>(" of 8 bits").unwrap_err();
        assert_eq!(fault, "interlocks.codes: \"0x100\" is no number of 8 bits, such as 0x2A");
    }

    #[test]
    fn a_time_of_nothing_is_refused() {
        assert_eq!(check_times(&[("call_ms", 1), ("move_ms", 600_000)]), Ok(()));
        assert!(check_times(&[("call_ms", 0)]).unwrap_err().starts_with("call_ms is 0"));
    }
}
