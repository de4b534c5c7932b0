//! Codes that mean another code now, with the days from which and until which they did.

use std::collections::BTreeMap;

use archive_core::writing::fold;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What one code means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// The code that is used now.
    pub to: String,
    /// The first day on which the old code meant it; from ever without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// The last day on which it did; for ever without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

impl Meaning {
    fn is_dated(&self) -> bool {
        self.from.is_some() || self.until.is_some()
    }

    fn holds_on(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let before = |end: Option<NaiveDate>, start: Option<NaiveDate>| matches!((end, start), (Some(end), Some(start)) if end < start);
        !before(self.until, other.from) && !before(other.until, self.from)
    }
}

/// Old codes and what they mean, such as a tariff's. A code that does not stand here means itself.
///
/// In a schema: `{ "0101" = "1101" }`, or with days
/// `{ "0101" = { to = "1101", until = "2020-12-31" } }`, or a list of these where a code was given
/// another meaning later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Entry>", into = "BTreeMap<String, Vec<Meaning>>")]
pub struct CodeMap {
    /// By folded code.
    meanings: BTreeMap<String, Vec<Meaning>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Always(String),
    Dated(Meaning),
    Several(Vec<Meaning>),
}

impl TryFrom<BTreeMap<String, Entry>> for CodeMap {
    type Error = String;

    fn try_from(entries: BTreeMap<String, Entry>) -> Result<Self, String> {
        let mut meanings: BTreeMap<String, Vec<Meaning>> = BTreeMap::new();
        for (old, entry) in entries {
            let list = match entry {
                Entry::Always(to) => vec![Meaning { to, from: None, until: None }],
                Entry::Dated(meaning) => vec![meaning],
                Entry::Several(list) => list,
            };
            for meaning in list {
                if matches!((meaning.from, meaning.until), (Some(from), Some(until)) if until < from) {
                    return Err(format!("code {old} means {} until before it begins to", meaning.to));
                }
                // Values are looked up in their folded form.
                let meaning = Meaning { to: fold(&meaning.to), ..meaning };
                let known = meanings.entry(fold(&old)).or_default();
                if let Some(other) = known.iter().find(|other| other.overlaps(&meaning)) {
                    return Err(format!("code {old} means {} and {} on one day", other.to, meaning.to));
                }
                known.push(meaning);
            }
        }
        let leads_on = |(old, list): (&String, &Vec<Meaning>)| {
            // A meaning that another code has in its time may be led on only where both may hold at once.
            let next = list.iter().find(|m| {
                meanings.get(&m.to).is_some_and(|next| next.iter().any(|n| n.to != m.to && n.overlaps(m)))
            })?;
            Some(format!("code {old} leads to {}, which leads on: name the last code", next.to))
        };
        match meanings.iter().find_map(leads_on) {
            Some(message) => Err(message),
            None => Ok(Self { meanings }),
        }
    }
}

impl From<CodeMap> for BTreeMap<String, Vec<Meaning>> {
    fn from(map: CodeMap) -> Self {
        map.meanings
    }
}

impl CodeMap {
    /// Whether it maps nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.meanings.is_empty()
    }

    /// Whether any meaning has days.
    #[must_use]
    pub fn is_dated(&self) -> bool {
        self.meanings.values().flatten().any(Meaning::is_dated)
    }

    /// What the folded `code` of a value of the day `day` means now. Without a day, a code with dated
    /// meanings means itself: which of them held is not known.
    #[must_use]
    pub fn current<'a>(&'a self, code: &'a str, day: Option<NaiveDate>) -> &'a str {
        let Some(meanings) = self.meanings.get(code) else { return code };
        let holds = |meaning: &&Meaning| match day {
            Some(day) => meaning.holds_on(day),
            None => !meaning.is_dated(),
        };
        meanings.iter().find(holds).map_or(code, |meaning| &meaning.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> Result<CodeMap, String> {
        #[derive(Deserialize)]
        struct Wrapped {
            codes: CodeMap,
        }
        toml::from_str::<Wrapped>(&format!("codes = {text}")).map(|w| w.codes).map_err(|e| e.to_string())
    }

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_code_means_what_it_meant_on_its_day() {
        let codes = map(r#"{ "０101" = [
            { to = "1101", until = "2020-12-31" },
            { to = "2200", from = "2022-01-01" },
        ], "0102" = "1102" }"#)
        .unwrap();
        assert!(codes.is_dated());
        assert_eq!(codes.current("0101", day("2019-05-01")), "1101");
        assert_eq!(codes.current("0101", day("2020-12-31")), "1101");
        assert_eq!(codes.current("0101", day("2021-06-01")), "0101", "nobody gave it a meaning then");
        assert_eq!(codes.current("0101", day("2023-01-01")), "2200");
        assert_eq!(codes.current("0101", None), "0101");
        assert_eq!(codes.current("0102", None), "1102");
        assert_eq!(codes.current("9", day("2023-01-01")), "9");
    }

    #[test]
    fn contradictions_are_refused() {
        let check = |text: &str, part: &str| {
            let error = map(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        check(r#"{ "1" = [{ to = "2" }, { to = "3", from = "2020-01-01" }] }"#, "2 and 3 on one day");
        check(r#"{ "1" = { to = "2", from = "2021-01-01", until = "2020-01-01" } }"#, "until before");
        check(r#"{ "1" = "2", "2" = "3" }"#, "name the last code");
        check(r#"{ "1" = { to = "2", on = "x" } }"#, "");
    }
}
