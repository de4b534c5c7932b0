//! Eight bytes at once: what lets a compiled rule read and write a field in a few instructions.
//!
//! A word holds up to eight bytes, the first one lowest, as little-endian machines load them.

use archive_core::language::CharClass;

/// The highest bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The bits of the first `length` bytes, at most eight.
pub(crate) const fn first_bytes(length: usize) -> u64 {
    match length {
        0 => 0,
        8.. => u64::MAX,
        _ => u64::MAX >> (64 - 8 * length),
    }
}

/// The highest bit of each of the first `length` bytes, at most eight.
#[inline]
pub(crate) fn highest_bits(length: usize) -> u64 {
    const BITS: [u64; 9] = {
        let mut bits = [0; 9];
        let mut length = 0;
        while length < 9 {
            bits[length] = first_bytes(length) & HIGH;
            length += 1;
        }
        bits
    };
    BITS[length.min(8)]
}

/// One to eight bytes of text; none for an absent text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) bytes: u64,
    pub(crate) length: usize,
}

impl Word {
    /// Before everything.
    pub(crate) const EMPTY: Self = Self { bytes: 0, length: 0 };

    /// `text` as a word, where it is short enough.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let length = text.len();
        let bytes = short(text.as_bytes()).filter(|_| length > 0)?;
        Some(Self { bytes, length })
    }
}

/// A text that is read eight bytes at a time; zeros stand behind its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a> {
    bytes: &'a [u8],
    /// The last eight bytes, for where fewer are left.
    last: u64,
}

impl<'a> Words<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let last = match bytes.last_chunk() {
            Some(chunk) => u64::from_le_bytes(*chunk),
            None => short(bytes).unwrap_or(0).checked_shl(64 - 8 * bytes.len() as u32).unwrap_or(0),
        };
        Self { bytes, last }
    }

    /// The last eight bytes; zeros before them where there are fewer.
    #[inline]
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// All whole eights of bytes, from the first one on.
    #[inline]
    pub(crate) fn each(&self) -> impl Iterator<Item = u64> + use<'a> {
        self.bytes.as_chunks().0.iter().map(|chunk| u64::from_le_bytes(*chunk))
    }

    /// The eight bytes from `at` on, which is not beyond the end.
    #[inline]
    pub(crate) fn at(&self, at: usize) -> u64 {
        match self.bytes.get(at..).and_then(<[u8]>::first_chunk) {
            Some(chunk) => u64::from_le_bytes(*chunk),
            // In two steps, since nothing may be left: a shift by 64 is none.
            None => self.last >> (56 - 8 * (self.bytes.len().wrapping_sub(at) & 7)) >> 8,
        }
    }
}

/// At most eight bytes as a word; `None` for more.
#[inline]
pub(crate) fn short(bytes: &[u8]) -> Option<u64> {
    let length = bytes.len();
    // Two loads that overlap reach any length.
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) if length <= 8 => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            Some(u64::from(first) | u64::from(last) << (8 * (length - 4)))
        }
        (None, _) => Some(match *bytes {
            [a, b, c] => u64::from(a) | u64::from(b) << 8 | u64::from(c) << 16,
            [a, b] => u64::from(a) | u64::from(b) << 8,
            [a] => u64::from(a),
            _ => 0,
        }),
        _ => None,
    }
}

/// What may stand at each of up to eight bytes.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    ranges: [ByteRange; 2],
    /// The highest bit of those bytes that have it.
    high: u64,
}

impl Pattern {
    /// Whether a pattern says all of `class`, and not only that a byte lies between its ends.
    pub(crate) fn says_all(class: &CharClass) -> bool {
        class.ranges().count() <= 2
    }

    /// From what each byte may be, as characters of the same numbers; anything behind. `None` where
    /// a byte may be of ASCII and not.
    pub(crate) fn new(bytes: &[CharClass]) -> Option<Self> {
        let mut pattern = Self { ranges: [ByteRange::NONE; 2], high: 0 };
        for at in 0..8 {
            let mut ranges = [None, None];
            match bytes.get(at) {
                None => ranges[0] = Some((0, 0x7f)),
                Some(class) => {
                    let all: Vec<(u8, u8)> = class
                        .ranges()
                        .map(|range| {
                            Some((u8::try_from(*range.start()).ok()?, u8::try_from(*range.end()).ok()?))
                        })
                        .collect::<Option<_>>()?;
                    let (low, high) = (all.first()?.0, all.last()?.1);
                    if low >> 7 != high >> 7 {
                        return None;
                    }
                    pattern.high |= u64::from(low & 0x80) << (8 * at);
                    let low_bits = |&(low, high): &(u8, u8)| (low & 0x7f, high & 0x7f);
                    match all.as_slice() {
                        [one] => ranges[0] = Some(low_bits(one)),
                        [one, two] => ranges = [Some(low_bits(one)), Some(low_bits(two))],
                        _ => ranges[0] = Some(low_bits(&(low, high))),
                    }
                }
            }
            for (range, found) in pattern.ranges.iter_mut().zip(ranges) {
                if let Some((low, high)) = found {
                    range.set(at, low, high);
                }
            }
        }
        Some(pattern)
    }

    /// Whether `word` is as the pattern says.
    #[inline]
    pub(crate) fn takes(&self, word: u64) -> bool {
        let low_bits = word & !HIGH;
        let members = self.ranges[0].members(low_bits) | self.ranges[1].members(low_bits);
        // Each byte in its range, and each highest bit as it is due.
        members & !(word ^ self.high) & HIGH == HIGH
    }
}

/// A class of ASCII characters, asked about eight bytes at once.
#[derive(Debug, Clone)]
pub(crate) struct ByteClass {
    /// Most classes have one or two ranges.
    first: [ByteRange; 2],
    more: Box<[ByteRange]>,
}

#[derive(Debug, Clone, Copy)]
struct ByteRange {
    /// Added to a byte below 128, this sets the highest bit of those from the first one on.
    from: u64,
    /// And this of those behind the last one.
    behind: u64,
}

impl ByteRange {
    const NONE: Self = Self { from: 0, behind: 0 };

    fn new(low: u8, high: u8) -> Self {
        Self { from: each(0x80 - low), behind: each(0x7f - high) }
    }

    /// The range of one byte.
    fn set(&mut self, at: usize, low: u8, high: u8) {
        self.from |= u64::from(0x80 - low) << (8 * at);
        self.behind |= u64::from(0x7f - high) << (8 * at);
    }

    #[inline]
    fn members(self, low_bits: u64) -> u64 {
        // No sum is more than 255, so that bytes do not carry into each other.
        (low_bits + self.from) & !(low_bits + self.behind)
    }
}

impl ByteClass {
    /// `class`, where all of it is ASCII.
    pub(crate) fn new(class: &CharClass) -> Option<Self> {
        let range = |range: std::ops::RangeInclusive<char>| -> Option<ByteRange> {
            let (low, high) = (u8::try_from(*range.start()).ok()?, u8::try_from(*range.end()).ok()?);
            (high < 0x80).then(|| ByteRange::new(low, high))
        };
        let ranges: Vec<ByteRange> = class.ranges().map(range).collect::<Option<_>>()?;
        let first = [0, 1].map(|i| ranges.get(i).copied().unwrap_or(ByteRange::NONE));
        Some(Self { first, more: ranges.get(2..).unwrap_or_default().into() })
    }

    /// The highest bit of each byte of `word` that is in the class; other bits mean nothing.
    #[inline]
    fn members(&self, word: u64) -> u64 {
        let low_bits = word & !HIGH;
        let mut members = self.first[0].members(low_bits) | self.first[1].members(low_bits);
        for range in &self.more {
            members |= range.members(low_bits);
        }
        members & !word
    }

    /// Whether all bytes of `word` are in the class of which `highest` has the highest bits.
    #[inline]
    pub(crate) fn takes(&self, word: u64, highest: u64) -> bool {
        self.members(word) & highest == highest
    }

    /// How many bytes of `words` from `at` on are in the class, up to `max`.
    #[inline]
    pub(crate) fn run(&self, words: &Words<'_>, at: usize, max: usize) -> usize {
        let mut length = 0;
        loop {
            let strangers = !self.members(words.at(at + length)) & HIGH;
            let run = strangers.trailing_zeros() as usize / 8;
            length += run;
            if run < 8 || length >= max {
                return length.min(max);
            }
        }
    }
}

/// So many digits, one to eight, whose text lies between two others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DigitText {
    /// The first digit highest, so that texts stand in the order of words.
    low: u64,
    high: u64,
    zeros: u64,
    unused: u32,
}

impl DigitText {
    /// From the digits of `low` to those of `high`, both below 10⁸.
    pub(crate) fn new(low: u32, high: u32, width: usize) -> Self {
        let text = |value| digits(value, width).swap_bytes() >> (64 - 8 * width);
        Self { low: text(low), high: text(high), zeros: text(0), unused: 64 - 8 * width as u32 }
    }

    /// Whether `word` begins with such digits.
    #[inline]
    pub(crate) fn begins(&self, word: u64) -> bool {
        let text = word.swap_bytes() >> (self.unused & 63);
        // What a digit is beyond '0' stays below sixteen when six is added. Sixes are an eighth of '0'.
        let values = text ^ self.zeros;
        let excess = (values | values.wrapping_add(self.zeros >> 3)) & each(0xf0);
        text >= self.low && text <= self.high && excess == 0
    }
}

/// The number that the first `width` bytes of `word`, one to eight digits, write.
#[inline]
pub(crate) fn number(word: u64, width: usize) -> u64 {
    // Zeros come to stand before it; then pairs, fours and eights of digits are added up.
    let digits = (word << (64 - 8 * width)) & each(0x0f);
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff
}

/// The last `width` digits of `value`, which is below 10⁸.
#[inline]
pub(crate) fn digits(value: u32, width: usize) -> u64 {
    // Halves, then quarters, then single digits, each beside the other. The products are exact
    // quotients: 10486 / 2²⁰ for hundredths of numbers below 10⁴, 103 / 2¹⁰ for tenths below 100.
    let halves = match value {
        ..10_000 => u64::from(value) << 32,
        _ => u64::from(value / 10_000) | u64::from(value % 10_000) << 32,
    };
    let hundreds = (halves.wrapping_mul(10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | (halves - 100 * hundreds) << 16;
    let tens = (pairs.wrapping_mul(103) >> 10) & 0x000f_000f_000f_000f;
    let digits = tens | (pairs - 10 * tens) << 8;
    (digits | each(0x30)) >> (64 - 8 * width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_up_to_eight_bytes() {
        let text = "档号-AB01";
        for length in 0..=8 {
            let bytes = &text.as_bytes()[..length];
            let expected = bytes.iter().rev().fold(0, |word, &b| word << 8 | u64::from(b));
            assert_eq!(short(bytes), Some(expected), "{length}");
            assert_eq!(Words::new(bytes).at(0), expected);
        }
        assert_eq!(short(&text.as_bytes()[..9]), None);
        for text in [text.as_bytes(), b"01234567", b"abc", b""] {
            let words = Words::new(text);
            for at in 0..=text.len() {
                let rest = &text[at..];
                assert_eq!(Some(words.at(at)), short(&rest[..rest.len().min(8)]), "{at}");
            }
        }
        assert_eq!((Word::new(""), Word::new("123456789")), (None, None));
    }

    /// Each byte at each place, beside bytes that are as they should be.
    #[test]
    fn patterns_agree_with_their_classes() {
        let classes = ["0-9", "0-9A-Z", "·", "a", "!-~"].map(|text| match text {
            // The second byte of "·", and the first of "档" and "号".
            "·" => CharClass::of("\u{b7}\u{e5}\u{e6}"),
            text => class(text),
        });
        let good = [b'7', b'Z', 0xe6, b'a', b'!'];
        for length in 0..=5 {
            let pattern = Pattern::new(&classes[..length]).unwrap();
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = good;
                    bytes[at] = byte;
                    let word = short(&bytes[..length]).unwrap();
                    let is_member = classes[at].contains(char::from(byte));
                    assert_eq!(pattern.takes(word), is_member, "{length} {at} {byte}");
                }
            }
        }
        assert!(!Pattern::says_all(&class("aceg")) && Pattern::says_all(&class("a-c0-9")));
        let wide = Pattern::new(&[class("aceg")]).unwrap();
        assert!(wide.takes(short(b"b").unwrap()) && !wide.takes(short(b"h").unwrap()));
        assert!(Pattern::new(&[CharClass::of("a\u{b7}")]).is_none());
    }

    /// The class that is written so in a rule.
    fn class(text: &str) -> CharClass {
        let mut characters = text.chars();
        let mut ranges = Vec::new();
        while let Some(low) = characters.next() {
            let mut rest = characters.clone();
            let high = (rest.next() == Some('-')).then(|| rest.next()).flatten();
            if high.is_some() {
                characters = rest;
            }
            ranges.push(low..=high.unwrap_or(low));
        }
        ranges.into_iter().collect()
    }

    /// Each byte at each place of a word, beside bytes of all kinds, for classes of one range and
    /// of many.
    #[test]
    fn classes_agree_with_their_characters() {
        for text in ["0-9", "0-9A-Z", "1-9A-HJ-NP-RTUW-Y", "!-~", "a", "\x01-\x7f"] {
            let class = class(text);
            let fast = ByteClass::new(&class).unwrap();
            let member = class.ranges().next().map(|r| *r.start() as u8).unwrap();
            for byte in 0..=u8::MAX {
                let is_member = byte < 0x80 && class.contains(char::from(byte));
                for other in [member, 0, 0x7f, 0x80, 0xff] {
                    for at in 0..8 {
                        let mut bytes = [other; 8];
                        bytes[at] = byte;
                        let members = fast.members(u64::from_le_bytes(bytes)) & HIGH;
                        assert_eq!(members >> (8 * at) & 0xff, if is_member { 0x80 } else { 0 });
                    }
                }
                let bytes = [[member; 13].as_slice(), &[byte], &[member; 3]].concat();
                for (max, expected) in [(40, if is_member { 15 } else { 11 }), (9, 9), (3, 3)] {
                    assert_eq!(fast.run(&Words::new(&bytes), 2, max), expected);
                }
                let word = short(&bytes[10..]).unwrap();
                assert!(fast.takes(word, highest_bits(3)));
                assert_eq!(fast.takes(word, highest_bits(4)), is_member);
            }
        }
        assert!(ByteClass::new(&CharClass::of("0档")).is_none());
    }

    #[test]
    fn numbers_and_their_digits() {
        for width in 1..=8_usize {
            let end = 10_u64.pow(width as u32);
            let step = (end / 5003).max(1);
            for value in (0..end).step_by(step as usize).chain([end - 1]) {
                let text = format!("{value:0width$}");
                let word = short(text.as_bytes()).unwrap();
                assert_eq!(digits(value as u32, width), word, "{text}");
                // Whatever stands behind it.
                let behind = if width < 8 { word | u64::MAX << (8 * width) } else { word };
                assert_eq!(number(behind, width), value);
                let text = DigitText::new((end / 3) as u32, (end / 2) as u32, width);
                assert_eq!(text.begins(behind), (end / 3..=end / 2).contains(&value), "{value}");
            }
            for byte in 0..=u8::MAX {
                for at in 0..width {
                    let mut bytes = [b'0'; 8];
                    bytes[at] = byte;
                    let all = DigitText::new(0, (end - 1) as u32, width);
                    assert_eq!(all.begins(u64::from_le_bytes(bytes)), byte.is_ascii_digit());
                }
            }
        }
        assert_eq!(digits(20_240_137, 2), short(b"37").unwrap());
    }
}
