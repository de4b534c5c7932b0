//! Archive numbers and box numbers by proven rules.

use archive_core::Error;
use archive_core::holding::BoxKey;
use archive_core::identifier::{BoxNumber, ReferenceCode};
use archive_numbering::{Rule, Values, shipped};
use archive_store::Draw;

use crate::config::NumberRange;

/// The shipped rules: DA/T 22-2015 for files, item by item, and the box numbers that go with it.
const FILE_RULE: &str = "DA-T-22-件";
const BOX_RULE: &str = "盒号";

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
    /// The shipped rules, drawing from `range` or below what is `reserved` for others.
    pub(crate) fn shipped(range: Option<NumberRange>, reserved: &[NumberRange]) -> Result<Self, Error> {
        let limit = reserved.iter().map(|r| r.first).min();
        Ok(Self { file: shipped::rule(FILE_RULE)?, container: shipped::rule(BOX_RULE)?, range, limit })
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
        let year = u64::from(key.year);
        let mut values = common(&self.file, key)?;
        values.set("门类", CATEGORY)?.set("年度", year)?;
        let draw = self.file.draw(&values)?;
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
        let year = u64::from(key.year);
        let mut values = common(&self.container, key)?;
        values.set("年度", year)?;
        let draw = self.container.draw(&values)?;
        let number = draw.clone().into_fn();
        let (counter, first, last) = self.bounds(draw.counter(), draw.first(), draw.last());
        Ok(Draw::new(counter, first, last, move |n| number(n)?.as_str().parse()))
    }
}

/// The values that both rules print.
fn common<'a>(rule: &'a Rule, key: &'a BoxKey) -> Result<Values<'a>, Error> {
    let mut values = rule.values();
    values
        .set("全宗号", key.fonds.as_str())?
        .set("保管期限", key.retention.code())?
        .set("机构", key.organisation.as_str())?;
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
        let numbers = Numbers::shipped(None, &[]).unwrap();
        let file = numbers.file_number(&key("Z109", 2024)).unwrap();
        assert_eq!(file.write(7).unwrap().as_str(), "Z109-KH·2024-D30-YX01-0007");
        let container = numbers.box_number(&key("Z109", 2024)).unwrap();
        assert_eq!(container.write(7).unwrap().as_str(), "Z109-2024-D30-YX01-H0007");
    }

    #[test]
    fn what_the_rule_cannot_write_is_named() {
        let numbers = Numbers::shipped(None, &[]).unwrap();
        let error = numbers.file_number(&key("Z109", 1999)).unwrap_err();
        assert!(error.to_string().contains("年度"), "{error}");
        let error = numbers.file_number(&key("Z1", 2024)).unwrap_err();
        assert!(error.to_string().contains("全宗号"), "{error}");
    }
}
