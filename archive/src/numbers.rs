//! Archive numbers and box numbers by proven rules.

mod rules;

use archive_core::Error;
use archive_core::holding::BoxKey;
use archive_core::identifier::{BoxNumber, ReferenceCode};
use archive_numbering::{Rule, Values};
use archive_store::Draw;

pub use self::rules::NumberRules;
use self::rules::{Source, source};
use crate::config::NumberRange;

/// 门类 of the files that are filed here: customer files (客户档案).
const CATEGORY: &str = "KH";

/// The rules of one archive.
#[derive(Debug)]
pub(crate) struct Numbers {
    file: Rule,
    container: Rule,
    range: Option<NumberRange>,
    /// The first number that others have reserved; nobody here draws it or a higher one.
    limit: Option<u64>,
}

impl Numbers {
    /// The rules of an archive, drawing from `range` or below what is `reserved` for others.
    pub(crate) fn new(rules: &NumberRules, range: Option<NumberRange>, reserved: &[NumberRange]) -> Self {
        let limit = reserved.iter().map(|r| r.first).min();
        Self { file: rules.file().clone(), container: rules.container().clone(), range, limit }
    }

    /// The range that numbers are drawn from.
    pub(crate) fn range(&self) -> Option<&NumberRange> {
        self.range.as_ref()
    }

    /// The counter, first and last number of a draw: those of the range, or below what others reserved.
    fn bounds(&self, counter: &str, first: u64, last: u64) -> (String, u64, u64) {
        match (&self.range, self.limit) {
            (Some(range), _) => {
                (format!("{counter}@{}", range.site), range.first.max(first), range.last.min(last))
            }
            (None, Some(limit)) => (counter.to_owned(), first, last.min(limit - 1)),
            (None, None) => (counter.to_owned(), first, last),
        }
    }

    /// How the next archive number of a file in boxes of `key` is drawn.
    ///
    /// # Errors
    /// `InvalidInput` where the rule cannot write the key: a year out of its range, a fonds number
    /// of another length.
    pub(crate) fn file_number(&self, key: &BoxKey) -> Result<Draw<ReferenceCode>, Error> {
        let draw = self.file.draw(&values(&self.file, key)?)?;
        let (counter, first, last) = self.bounds(draw.counter(), draw.first(), draw.last());
        Ok(Draw::new(counter, first, last, draw.clone().into_fn()))
    }

    /// Whether `reference` is a number that the rule of files can have written.
    ///
    /// # Errors
    /// `InvalidInput`, saying where it departs from the rule.
    pub(crate) fn is_file_number(&self, reference: &ReferenceCode) -> Result<(), Error> {
        self.file.parse(reference.as_str()).map(|_| ())
    }

    /// How the next number of a box of `key` is drawn.
    ///
    /// # Errors
    /// As for [`Numbers::file_number`].
    pub(crate) fn box_number(&self, key: &BoxKey) -> Result<Draw<BoxNumber>, Error> {
        let draw = self.container.draw(&values(&self.container, key)?)?;
        let number = draw.clone().into_fn();
        let (counter, first, last) = self.bounds(draw.counter(), draw.first(), draw.last());
        Ok(Draw::new(counter, first, last, move |n| number(n)?.as_str().parse()))
    }
}

/// What a box tells of the fields of `rule`.
fn values<'a>(rule: &'a Rule, key: &'a BoxKey) -> Result<Values<'a>, Error> {
    let mut values = rule.values();
    for name in rule.field_names() {
        match source(name) {
            Some(Source::Fonds) => values.set(name, key.fonds.as_str())?,
            Some(Source::Category) => values.set(name, CATEGORY)?,
            Some(Source::Year) => values.set(name, u64::from(key.year))?,
            Some(Source::Retention) => values.set(name, key.retention.code())?,
            Some(Source::Organisation) => values.set(name, key.organisation.as_str())?,
            // The sequence is drawn, and check characters are computed.
            None => continue,
        };
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use archive_core::holding::Retention;

    fn key(fonds: &str, year: u16) -> BoxKey {
        let organisation = "YX01".parse().unwrap();
        BoxKey { fonds: fonds.parse().unwrap(), year, retention: Retention::D30, organisation }
    }

    #[test]
    fn numbers_follow_the_standard() {
        let numbers = Numbers::new(&NumberRules::shipped().unwrap(), None, &[]);
        let file = numbers.file_number(&key("Z109", 2024)).unwrap();
        assert_eq!(file.write(7).unwrap().as_str(), "Z109-KH·2024-D30-YX01-0007");
        let container = numbers.box_number(&key("Z109", 2024)).unwrap();
        assert_eq!(container.write(7).unwrap().as_str(), "Z109-2024-D30-YX01-H0007");
    }

    #[test]
    fn what_the_rule_cannot_write_is_named() {
        let numbers = Numbers::new(&NumberRules::shipped().unwrap(), None, &[]);
        let error = numbers.file_number(&key("Z109", 1999)).unwrap_err();
        assert!(error.to_string().contains("年度"), "{error}");
        let error = numbers.file_number(&key("Z1", 2024)).unwrap_err();
        assert!(error.to_string().contains("全宗号"), "{error}");
    }

    #[test]
    fn a_policy_that_no_number_can_be_made_for_is_named() {
        let policy = |from: &str, to: &str| {
            let text = archive_core::policy::REFERENCE_TEXT.replacen(from, to, 1);
            archive_core::policy::Policy::parse("p.toml", &text).unwrap()
        };
        let rules = NumberRules::shipped().unwrap();
        rules.check_policy(&policy("Z109", "H201")).unwrap();
        for (from, to, names) in [
            ("Z109", "Z10", ["fonds Z10 of policy", "DA-T-22-件", "numbering.fonds", "全宗号"]),
            (
                "Z109",
                "全宗甲乙",
                ["fonds 全宗甲乙 of policy", "DA-T-22-件", "numbering.fonds", "4 characters"],
            ),
            (
                "\"YX01\"",
                "\"YX-01\"",
                ["organisation YX-01 of policy", "DA-T-22-件", "numbering.organisation", "机构"],
            ),
        ] {
            let error = rules.check_policy(&policy(from, to)).unwrap_err();
            names.iter().for_each(|name| assert!(error.report().contains(name), "{}", error.report()));
        }
    }

    const PROVINCE: &str = r#"
rule province version 1 effective 2024-01-01
  fonds        = chars[A-Z0-9]{4}
  year         = digits{4} range 2000..2099
  retention    = codes{D10 < D30 < Y}
  organisation = chars[A-Z0-9]{2,8}
  n            = sequence{5} start 1 per (fonds, year, retention, organisation) gapless refuse-when-full
  format "{fonds}.{year}.{retention}.{organisation}.{n}"
"#;

    #[test]
    fn a_province_numbers_by_rules_of_its_own() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("province.rule");
        std::fs::write(&path, PROVINCE).unwrap();
        let load = |file, container| NumberRules::load(&[&path], file, container);
        let numbers = Numbers::new(&load("province", NumberRules::BOX_RULE).unwrap(), None, &[]);
        let draw = numbers.file_number(&key("Z109", 2024)).unwrap();
        assert_eq!(draw.write(7).unwrap().as_str(), "Z109.2024.D30.YX01.00007");
        assert!(numbers.is_file_number(&"Z109-KH·2024-D30-YX01-0007".parse().unwrap()).is_err());

        let refused = |text: &str, says: &str| {
            std::fs::write(&path, text).unwrap();
            let error = load("province", NumberRules::BOX_RULE).unwrap_err();
            assert!(error.report().contains(says), "{}", error.report());
        };
        refused("nonsense", "province.rule");
        refused(&PROVINCE.replace("organisation", "county"), "asks for county, which a box does not tell");
        refused(&PROVINCE.replace("province", "other"), "there are");
        // Two numbers that are written alike: the proof finds them when the archive is opened.
        refused(&PROVINCE.replace("format \"{fonds}.{year}", "format \"{fonds}"), "no sound rule");
        refused(
            "rule province version 1 effective 2024-01-01\n  fonds = chars[A-Z]{4}\n  format \"{fonds}\"\n",
            "counts nothing",
        );
        std::fs::remove_file(&path).unwrap();
        assert_eq!(
            load("province", NumberRules::BOX_RULE).unwrap_err().kind(),
            archive_core::ErrorKind::NotFound
        );
    }
}
