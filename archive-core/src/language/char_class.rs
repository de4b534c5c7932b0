//! Sets of characters.

use std::ops::RangeInclusive;

/// A set of characters, held as ranges in ascending order that neither overlap nor touch.
///
/// ```
/// use archive_core::language::CharClass;
///
/// let code = CharClass::from_ranges(['A'..='Z', '0'..='9', 'B'..='D']);
/// assert_eq!(code.ranges().collect::<Vec<_>>(), ['0'..='9', 'A'..='Z']);
/// assert!(code.contains('C') && !code.contains('c'));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct CharClass {
    ranges: Vec<(char, char)>,
}

impl CharClass {
    /// The characters of all `ranges`, in any order; an empty range adds nothing.
    #[must_use]
    pub fn from_ranges(ranges: impl IntoIterator<Item = RangeInclusive<char>>) -> Self {
        let mut given: Vec<(char, char)> =
            ranges.into_iter().filter(|r| r.start() <= r.end()).map(|r| (*r.start(), *r.end())).collect();
        given.sort_unstable();
        let mut ranges: Vec<(char, char)> = Vec::with_capacity(given.len());
        for (lo, hi) in given {
            match ranges.last_mut() {
                Some(last) if lo <= last.1 || successor(last.1) == Some(lo) => last.1 = last.1.max(hi),
                _ => ranges.push((lo, hi)),
            }
        }
        Self { ranges }
    }

    /// The characters of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::from_ranges(text.chars().map(|c| c..=c))
    }

    /// Whether `c` is in the set.
    #[must_use]
    pub fn contains(&self, c: char) -> bool {
        let after = self.ranges.partition_point(|&(lo, _)| lo <= c);
        after > 0 && c <= self.ranges[after - 1].1
    }

    /// The ranges, ascending, with gaps between them.
    pub fn ranges(&self) -> impl Iterator<Item = RangeInclusive<char>> + '_ {
        self.ranges.iter().map(|&(lo, hi)| lo..=hi)
    }

    /// Whether the set has no character.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many characters there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges().map(Iterator::count).sum()
    }

    /// The characters of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::from_ranges(self.ranges().chain(other.ranges()))
    }

    /// The characters that are in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.complement().union(&other.complement()).complement()
    }

    /// All characters that are not in the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = Some('\0');
        for &(lo, hi) in &self.ranges {
            if let (Some(from), Some(to)) = (next, predecessor(lo))
                && from <= to
            {
                ranges.push((from, to));
            }
            next = successor(hi);
        }
        ranges.extend(next.map(|from| (from, char::MAX)));
        Self { ranges }
    }
}

impl FromIterator<RangeInclusive<char>> for CharClass {
    fn from_iter<I: IntoIterator<Item = RangeInclusive<char>>>(ranges: I) -> Self {
        Self::from_ranges(ranges)
    }
}

/// The next character; surrogates are none.
pub(super) fn successor(c: char) -> Option<char> {
    match c {
        '\u{d7ff}' => Some('\u{e000}'),
        _ => char::from_u32(c as u32 + 1),
    }
}

/// The character before.
pub(super) fn predecessor(c: char) -> Option<char> {
    match c {
        '\u{e000}' => Some('\u{d7ff}'),
        _ => (c as u32).checked_sub(1).and_then(char::from_u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_meet_across_the_surrogates() {
        let all = CharClass::from_ranges(['\u{e000}'..=char::MAX, '\0'..='\u{d7ff}']);
        assert_eq!(all.ranges().collect::<Vec<_>>(), ['\0'..=char::MAX]);
        assert!(all.complement().is_empty());
        assert_eq!(CharClass::default().complement(), all);
        assert_eq!(all.len(), 0x11_0000 - 0x800);
    }

    #[test]
    fn a_complement_of_a_complement_is_the_set() {
        for set in [CharClass::of("\0az"), CharClass::of("0123-·"), CharClass::of("\u{d7ff}\u{10ffff}")] {
            assert_eq!(set.complement().complement(), set);
            assert!(set.ranges().all(|r| !set.complement().contains(*r.start())));
        }
    }

    #[test]
    fn a_reversed_range_is_empty() {
        assert!(CharClass::from_ranges(['z'..='a']).is_empty());
    }
}
