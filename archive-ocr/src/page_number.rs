//! The number that a page bears at its head or foot, and whether the pages of a document lie in
//! their order.
//!
//! ```
//! use archive_ocr::page_number::PageNumber;
//!
//! let number: PageNumber = PageNumber::parse("第3页 共8页").unwrap();
//! assert_eq!((number.number, number.of), (3, Some(8)));
//! assert_eq!(PageNumber::parse("用电人:张三"), None);
//! ```

use archive_core::writing::{fold, parse_small_number};
use serde::Serialize;

use crate::detection::{Detection, Segment};

/// A page's number as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PageNumber {
    /// The number, from 1.
    pub number: u32,
    /// How many pages there are, where the page says so.
    pub of: Option<u32>,
}

/// A larger number is none of a page.
const LARGEST: u32 = 2000;

/// How much of a page is its head and its foot.
const HEAD: f32 = 0.06;
const FOOT: f32 = 0.09;

/// A longer line, in multiples of its height, holds more than a number.
const LONGEST: f32 = 16.0;

/// How many places at each end are looked at.
const PLACES: usize = 2;

impl PageNumber {
    /// The number that is the whole of `text`: 第3页, 第三页共八页, 3/8, - 3 -, Page 3 of 8.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = fold(text).to_lowercase();
        let text: String = text.chars().filter(|c| !c.is_whitespace() && !",。、".contains(*c)).collect();
        let (number, of) = Self::of_words(&text).or_else(|| Self::of_marks(&text))?;
        let is_page = |n: u32| (1..=LARGEST).contains(&n);
        (is_page(number) && of.is_none_or(|of| is_page(of) && number <= of)).then_some(Self { number, of })
    }

    fn of_words(text: &str) -> Option<(u32, Option<u32>)> {
        if let Some(rest) = text.strip_prefix("page") {
            let (number, of) = rest.split_once("of").map_or((rest, None), |(n, of)| (n, Some(of)));
            return Some((numeral(number)?, of.map(numeral).map_or(Some(None), |of| of.map(Some))?));
        }
        let (of, text) = match text.strip_prefix('共').and_then(|rest| rest.split_once('页')) {
            Some((of, rest)) => (Some(numeral(of)?), rest),
            None => (None, text),
        };
        let (number, rest) = text.strip_prefix('第')?.split_once('页')?;
        let number = numeral(number)?;
        match rest.trim_start_matches('/').strip_prefix('共').and_then(|rest| rest.strip_suffix('页')) {
            Some(total) => Some((number, Some(numeral(total)?))),
            None if rest.is_empty() => Some((number, of)),
            None => None,
        }
    }

    fn of_marks(text: &str) -> Option<(u32, Option<u32>)> {
        if let Some((number, of)) = text.split_once('/') {
            return Some((numeral(number)?, Some(numeral(of)?)));
        }
        // A bare number could be anything; between dashes it is a page's.
        let inner = text.strip_prefix(['-', '—', '·'])?.strip_suffix(['-', '—', '·'])?;
        Some((numeral(inner.trim_matches(['-', '—', '·']))?, None))
    }
}

fn numeral(text: &str) -> Option<u32> {
    if text.len() > 12 {
        return None;
    }
    text.parse().ok().or_else(|| parse_small_number(text))
}

/// The segments on which a page's number may stand.
pub(crate) fn places(detection: &Detection, (from, to): (f32, f32)) -> Vec<Segment> {
    let height = to - from;
    let is_short = |s: &&Segment| s.width() < LONGEST * s.height();
    let foot = detection.segments.iter().rev().filter(|s| s.middle() > to - FOOT * height);
    let head = detection.segments.iter().filter(|s| s.middle() < from + HEAD * height);
    foot.filter(is_short).take(PLACES).chain(head.filter(is_short).take(PLACES)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(u32, Option<u32>)>) {
        assert_eq!(PageNumber::parse(text).map(|n| (n.number, n.of)), expected, "{text}");
    }

    #[test]
    fn numbers_are_read_in_all_their_forms() {
        check("第3页", Some((3, None)));
        check("第 3 页，共 8 页", Some((3, Some(8))));
        check("共8页 第3页", Some((3, Some(8))));
        check("第十二页 共二十页", Some((12, Some(20))));
        check("3/8", Some((3, Some(8))));
        check("- 3 -", Some((3, None)));
        check("—12—", Some((12, None)));
        check("Page 3 of 8", Some((3, Some(8))));
    }

    #[test]
    fn other_texts_are_none() {
        for text in
            ["", "3", "第页", "第3条", "9/8", "0/8", "200/5/3", "第3页共页", "page", "- -", "第99999页"]
        {
            check(text, None);
        }
        check(&"9".repeat(100_000), None);
    }
}
