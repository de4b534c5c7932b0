//! Numbers by their shape: how wide each part is.
//!
//! A format whose parts have few widths has few shapes, and of one length in bytes there are fewer
//! still. In a shape the place of each field is known, so that reading is to compare the whole
//! number with what may stand at each of its bytes, eight at a time. Where that says too little of
//! a field (`HT`, `KH`, `WS` is more than one of three letters before one of three others), the
//! field's own writings are asked as well. Parts of one shape are read in no other way: what is
//! accepted is a number whichever shape it has.

use archive_core::language::{CharClass, Language};

use crate::checked::characters::characters;
use crate::checked::{CheckedRule, Piece};
use crate::field::{Kind, Numeric};
use crate::limits;
use crate::machine::Spans;
use crate::word::{DigitText, Pattern, Words, first_bytes, short};

/// Formats with more shapes are read by their automata.
const LIMIT: usize = 256;

/// All shapes of a format.
#[derive(Debug)]
pub(crate) struct Shapes {
    /// Where the shapes of each length begin in `shapes`.
    of_length: Box<[u16]>,
    shapes: Box<[Shape]>,
}

#[derive(Debug)]
struct Shape {
    length: usize,
    /// How many choices of codes have these widths.
    codes: usize,
    /// What may stand in the last eight bytes.
    end: Pattern,
    /// And in each eight bytes from the first one on, up to those.
    patterns: Box<[Pattern]>,
    doubtful: Box<[Doubtful]>,
    spans: Spans,
}

/// A field of which the patterns say too little.
#[derive(Debug)]
struct Doubtful {
    from: u8,
    to: u8,
    writings: Writings,
}

#[derive(Debug)]
enum Writings {
    /// Codes of one width, as words with the bits that count.
    Codes {
        mask: u64,
        codes: Box<[u64]>,
    },
    Digits(DigitText),
    Language(Language),
}

impl Shapes {
    /// `None` where there are too many, or where a part's bytes are of several kinds.
    pub(crate) fn new(rule: &CheckedRule) -> Option<Self> {
        let widths = rule.pieces.iter().map(|piece| widths(rule, piece)).collect::<Option<Vec<_>>>()?;
        let count = widths.iter().try_fold(1_usize, |product, widths| product.checked_mul(widths.len()))?;
        if count > LIMIT {
            return None;
        }
        let mut combinations: Vec<Vec<usize>> = vec![Vec::new()];
        for widths in &widths {
            let longer = |known: &Vec<usize>| -> Vec<Vec<usize>> {
                widths.iter().map(|&width| [known.as_slice(), &[width]].concat()).collect()
            };
            combinations = combinations.iter().flat_map(longer).collect();
        }
        let mut shapes =
            combinations.iter().map(|widths| Shape::new(rule, widths)).collect::<Option<Vec<_>>>()?;
        // Of two shapes of one length, the one that more codes have is the likelier one.
        shapes.sort_by_key(|shape| (shape.length, std::cmp::Reverse(shape.codes)));
        let longest = shapes.last().map_or(0, |shape| shape.length);
        let before = |length| shapes.partition_point(|shape| shape.length < length) as u16;
        Some(Self { of_length: (0..=longest + 1).map(before).collect(), shapes: shapes.into() })
    }

    /// Where the fields stand in `text`, check characters left aside; `None` where it is no number.
    #[inline]
    pub(crate) fn read(&self, text: &[u8]) -> Option<&Spans> {
        let words = Words::new(text);
        let [first, end] = *self.of_length.get(text.len()..)?.first_chunk()?;
        let shapes = self.shapes.get(usize::from(first)..usize::from(end))?;
        shapes.iter().find(|shape| shape.takes(text, &words)).map(|shape| &shape.spans)
    }
}

impl Shape {
    #[inline]
    fn takes(&self, text: &[u8], words: &Words<'_>) -> bool {
        let mut each = words.each();
        self.end.takes(words.last())
            && self.patterns.iter().all(|pattern| each.next().is_some_and(|word| pattern.takes(word)))
            && self.doubtful.iter().all(|field| field.takes(text, words))
    }

    fn new(rule: &CheckedRule, widths: &[usize]) -> Option<Self> {
        let mut bytes: Vec<CharClass> = Vec::new();
        let mut doubtful = Vec::new();
        let mut choices = 1_usize;
        let mut spans = [(0, 0); limits::FIELDS];
        for (piece, &width) in rule.pieces.iter().zip(widths) {
            let from = bytes.len() as u8;
            let doubt = add(rule, piece, width, &mut bytes);
            let to = bytes.len() as u8;
            if let Some(writings) = doubt {
                doubtful.push(Doubtful { from, to, writings });
            }
            if let Some(field) = piece.field {
                spans[field] = (from, to);
                if let Kind::Codes { codes, .. } = &rule.fields[field].kind {
                    let of_width = codes.iter().filter(|code| code.text.len() == width).count();
                    choices = choices.saturating_mul(of_width);
                }
            }
        }
        let length = bytes.len();
        // Where there are fewer than eight bytes, zeros stand before them.
        let zeros = std::iter::repeat_n(CharClass::of("\0"), 8_usize.saturating_sub(length));
        let last: Vec<CharClass> = zeros.chain(bytes[length.saturating_sub(8)..].iter().cloned()).collect();
        let patterns = bytes.chunks(8).take(length.saturating_sub(1) / 8).map(Pattern::new);
        Some(Self {
            length,
            codes: choices,
            end: Pattern::new(&last)?,
            patterns: patterns.collect::<Option<_>>()?,
            doubtful: doubtful.into(),
            spans,
        })
    }
}

impl Doubtful {
    #[inline]
    fn takes(&self, text: &[u8], words: &Words<'_>) -> bool {
        let from = usize::from(self.from);
        match &self.writings {
            Writings::Codes { mask, codes } => {
                let word = words.at(from) & mask;
                codes.contains(&word)
            }
            Writings::Digits(digits) => digits.begins(words.at(from)),
            Writings::Language(language) => {
                let part = text.get(from..usize::from(self.to)).and_then(|part| str::from_utf8(part).ok());
                part.is_some_and(|part| language.matches(part))
            }
        }
    }
}

/// How many bytes `piece` can have; `None` where its characters differ in that.
fn widths(rule: &CheckedRule, piece: &Piece) -> Option<Vec<usize>> {
    if let Some(literal) = &piece.literal {
        return Some(vec![literal.len()]);
    }
    if let Kind::Codes { codes, .. } = &rule.fields[piece.field?].kind {
        let mut widths: Vec<usize> = codes.iter().map(|code| code.text.len()).collect();
        widths.sort_unstable();
        widths.dedup();
        return Some(widths);
    }
    let is_ascii = characters(&piece.language).ranges().all(|range| range.end().is_ascii());
    let shortest = piece.language.shortest()?.len();
    is_ascii.then_some((shortest..=piece.language.longest()?).collect())
}

/// Adds what may stand at each byte of `piece` in the width `width`; says how to ask further where
/// that says too little. Bytes stand for the characters of the same numbers.
fn add(rule: &CheckedRule, piece: &Piece, width: usize, bytes: &mut Vec<CharClass>) -> Option<Writings> {
    let one = |byte: u8| CharClass::from_ranges([char::from(byte)..=char::from(byte)]);
    let kind = match (&piece.literal, piece.field) {
        (None, Some(field)) => &rule.fields[field].kind,
        (literal, _) => {
            bytes.extend(literal.iter().flat_map(|literal| literal.bytes()).map(one));
            return None;
        }
    };
    let by_language = || {
        // An automaton makes a table when it is first walked. Better now than under a reader that
        // counts on no allocation.
        let _ = piece.language.matches("0");
        Writings::Language(piece.language.clone())
    };
    match kind {
        Kind::Codes { codes, .. } => {
            let of_width =
                || codes.iter().map(|code| code.text.as_bytes()).filter(|code| code.len() == width);
            let mut all: Vec<&[u8]> = of_width().collect();
            all.sort_unstable();
            all.dedup();
            let at = |i: usize| -> CharClass {
                all.iter().map(|code| char::from(code[i])..=char::from(code[i])).collect()
            };
            let sets: Vec<CharClass> = (0..width).map(at).collect();
            // Any choice of one from each place: no more texts than there are codes?
            let choices = sets.iter().try_fold(1_usize, |product, set| product.checked_mul(set.len()));
            let says_all = choices == Some(all.len()) && sets.iter().all(Pattern::says_all);
            bytes.extend(sets);
            if says_all {
                return None;
            }
            let words: Option<Vec<u64>> = all.iter().map(|code| short(code)).collect();
            // Long lists are found sooner by an automaton.
            match words.filter(|words| words.len() <= 12) {
                Some(words) => Some(Writings::Codes { mask: first_bytes(width), codes: words.into() }),
                None => Some(by_language()),
            }
        }
        Kind::Digits { number, .. } => add_digits(number, width, bytes, by_language),
        Kind::Sequence(sequence) => add_digits(&sequence.number, width, bytes, by_language),
        _ => {
            let class = characters(&piece.language);
            // Any character at any place, in this kind of field.
            let is_free = matches!(kind, Kind::Chars(chars) if chars.pad.is_none())
                || matches!(kind, Kind::Check { .. });
            let says_all = is_free && Pattern::says_all(&class);
            bytes.extend(std::iter::repeat_n(class, width));
            (!says_all).then(by_language)
        }
    }
}

fn add_digits(
    number: &Numeric,
    width: usize,
    bytes: &mut Vec<CharClass>,
    by_language: impl Fn() -> Writings,
) -> Option<Writings> {
    let any = CharClass::from_ranges(['0'..='9']);
    let &[(low, high)] = number.ranges(width as u32).as_slice() else {
        bytes.extend(std::iter::repeat_n(any, width));
        return Some(by_language());
    };
    let (first, last) = (format!("{low:0width$}"), format!("{high:0width$}"));
    let same = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
    for (i, (a, b)) in first.chars().zip(last.chars()).enumerate() {
        bytes.push(if i <= same { CharClass::from_ranges([a..=b]) } else { any.clone() });
    }
    // From 2000 to 2099: any digit behind those that are given.
    let rest = (same + 1).min(width);
    if first[rest..].bytes().all(|b| b == b'0') && last[rest..].bytes().all(|b| b == b'9') {
        return None;
    }
    match (u32::try_from(low), u32::try_from(high)) {
        (Ok(low), Ok(high)) if width <= 8 => Some(Writings::Digits(DigitText::new(low, high, width))),
        _ => Some(by_language()),
    }
}
