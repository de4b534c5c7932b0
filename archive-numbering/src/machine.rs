//! A rule compiled to what reads and writes bytes without allocating.
//!
//! Writing takes a step for each field, with the literal text before it: words of eight bytes for
//! what is ASCII and short, the field's automaton for the rest. Reading goes by [`Shapes`].

use archive_core::language::Language;

use crate::check_characters::{CheckCharacters, CheckSystem};
use crate::checked::CheckedRule;
use crate::field::{Kind, Numeric, power_of_ten};
use crate::limits;
use crate::shapes::Shapes;
use crate::word::{self, ByteClass, DigitText, Word, Words, highest_bits};

/// Where each field stands in a number, as byte offsets.
pub(crate) type Spans = [(u8, u8); limits::FIELDS];

/// No field.
const NONE: usize = usize::MAX;

/// One field of the format and the literal text before it.
#[derive(Debug)]
pub(crate) struct Step {
    /// What stands before the field, where that is short.
    pub(crate) before: Word,
    pub(crate) action: Action,
    /// Beyond all fields where the action is literal text.
    pub(crate) field: usize,
}

#[derive(Debug)]
pub(crate) enum Action {
    /// Literal text behind the last field, or too long for a word.
    Literal(Box<[u8]>),
    /// So many characters of an ASCII class, at most eight.
    Fixed {
        class: ByteClass,
        width: usize,
        /// The highest bit of each character in a word.
        highest: u64,
    },
    /// Some characters of an ASCII class.
    Run {
        class: ByteClass,
        min: usize,
        max: usize,
    },
    Digits(Digits),
    /// One of a few short codes.
    Codes(Box<[Word]>),
    /// Whatever the field's language takes.
    Any,
}

/// Numbers in exactly so many digits, at most eight.
#[derive(Debug)]
pub(crate) struct Digits {
    pub(crate) width: usize,
    /// The values.
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// What the values are divided by for a year that is cut.
    pub(crate) modulus: Option<u64>,
    /// The writings, where no year is cut.
    texts: Option<DigitText>,
}

/// A field of check characters and the fields that it covers.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) field: usize,
    system: CheckSystem,
    of: Box<[usize]>,
}

impl Check {
    /// What the check should be and what it is.
    pub(crate) fn due_and_given<'a>(
        &self,
        text: &'a str,
        spans: &Spans,
    ) -> Option<(CheckCharacters, &'a str)> {
        let part = |field: usize| &text[usize::from(spans[field].0)..usize::from(spans[field].1)];
        Some((check(self.system, self.of.iter().map(|&f| part(f).as_bytes()))?, part(self.field)))
    }
}

/// How many codes are compared one by one before an automaton is faster.
const FEW_CODES: usize = 12;

#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) steps: Box<[Step]>,
    /// Each part of the format: its field, if it is none of literal text, and its writings.
    pub(crate) parts: Box<[(Option<usize>, Language)]>,
    /// How each field, printed or not, takes a value by itself.
    fields: Box<[(Action, Language)]>,
    /// All shapes of a number, where they are few.
    pub(crate) shapes: Option<Shapes>,
    pub(crate) checks: Box<[Check]>,
}

impl Machine {
    pub(crate) fn new(rule: &CheckedRule) -> Self {
        let mut steps = Vec::new();
        let mut before = Word::EMPTY;
        for (part, piece) in rule.pieces.iter().enumerate() {
            let Some(field) = piece.field else {
                let literal = piece.literal.as_deref().unwrap_or_default();
                match Word::new(literal).filter(|_| part + 1 < rule.pieces.len() && before == Word::EMPTY) {
                    Some(word) => before = word,
                    None => {
                        let action = Action::Literal(literal.as_bytes().into());
                        steps.push(Step { before, action, field: NONE });
                        before = Word::EMPTY;
                    }
                }
                continue;
            };
            let action = action(&rule.fields[field].kind);
            steps.push(Step { before, action, field });
            before = Word::EMPTY;
        }
        let fields = rule.fields.iter().enumerate().map(|(i, field)| {
            let language = match rule.piece_of(i) {
                Some(piece) => rule.pieces[piece].language.clone(),
                // Its size was checked with the rule.
                None => field.kind.language().unwrap_or_else(|_| Language::empty()),
            };
            (action(&field.kind), language)
        });
        let checks = rule.fields.iter().enumerate().filter_map(|(i, field)| match &field.kind {
            Kind::Check { system, of } => Some(Check { field: i, system: *system, of: of.clone().into() }),
            _ => None,
        });
        let shapes = Shapes::new(rule);
        let fields: Box<[(Action, Language)]> = fields.collect();
        // An automaton makes a table when it is first walked. Better now than under a reader or a
        // writer that counts on no allocation.
        let walked_by_fields = fields.iter().filter(|(action, _)| matches!(action, Action::Any));
        let walked_by_parts = rule.pieces.iter().filter(|_| shapes.is_none());
        for language in walked_by_fields.map(|(_, l)| l).chain(walked_by_parts.map(|piece| &piece.language)) {
            let _ = language.matches("0");
        }
        Self {
            steps: steps.into(),
            parts: rule.pieces.iter().map(|piece| (piece.field, piece.language.clone())).collect(),
            fields,
            shapes,
            checks: checks.collect(),
        }
    }

    pub(crate) fn field_languages(&self) -> impl Iterator<Item = &Language> {
        self.fields.iter().map(|(_, language)| language)
    }

    /// Whether `text` is a writing of the printed or unprinted field `field`.
    #[inline]
    pub(crate) fn takes(&self, field: usize, text: &str) -> bool {
        match &self.fields[field] {
            (Action::Fixed { class, width, .. }, _) => takes(class, text, *width, *width),
            (Action::Run { class, min, max }, _) => takes(class, text, *min, *max),
            (_, language) => text.len() <= limits::NUMBER_BYTES && language.matches(text),
        }
    }

    /// The value of `text`, a writing of the field `field`, where a word holds it.
    #[inline]
    pub(crate) fn value(&self, field: usize, text: &[u8]) -> Option<u64> {
        match &self.fields.get(field)?.0 {
            Action::Digits(digits) => digits.read(text),
            _ => None,
        }
    }
}

/// Whether `text` is `min` to `max` characters of `class`.
#[inline]
pub(crate) fn takes(class: &ByteClass, text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len()) && class.run(&Words::new(text.as_bytes()), 0, max) == text.len()
}

/// The check characters over `parts`, which are ASCII.
pub(crate) fn check<'a>(
    system: CheckSystem,
    parts: impl Iterator<Item = &'a [u8]>,
) -> Option<CheckCharacters> {
    let mut state = system.start();
    for &byte in parts.flatten() {
        state = system.step(state, char::from(byte))?;
    }
    Some(system.finish(state))
}

fn action(kind: &Kind) -> Action {
    match kind {
        Kind::Chars(chars) if chars.pad.is_none() => {
            let (min, max) = (chars.min as usize, chars.max as usize);
            match ByteClass::new(&chars.class) {
                Some(class) if min == max && max <= 8 => {
                    Action::Fixed { class, width: max, highest: highest_bits(max) }
                }
                Some(class) => Action::Run { class, min, max },
                None => Action::Any,
            }
        }
        Kind::Digits { number, .. } => digits(*number),
        Kind::Sequence(sequence) => digits(sequence.number),
        Kind::Codes { codes, .. } if codes.len() <= FEW_CODES && codes.iter().all(|c| c.text.len() <= 8) => {
            Action::Codes(codes.iter().filter_map(|code| Word::new(&code.text)).collect())
        }
        _ => Action::Any,
    }
}

fn digits(number: Numeric) -> Action {
    match number.max {
        width @ ..=8 if number.min == width => Action::Digits(Digits {
            width: width as usize,
            first: number.low,
            last: number.high,
            modulus: number.cut.then(|| power_of_ten(number.max)),
            texts: match (u32::try_from(number.low), u32::try_from(number.high)) {
                (Ok(low), Ok(high)) if !number.cut => Some(DigitText::new(low, high, width as usize)),
                _ => None,
            },
        }),
        _ => Action::Any,
    }
}

impl Digits {
    /// The value that `text`, a writing of the field, stands for.
    #[inline]
    fn read(&self, text: &[u8]) -> Option<u64> {
        let written = word::number(word::short(text)?, self.width);
        // Of the years that end so, the first one in the range.
        Some(
            self.modulus
                .map_or(written, |modulus| self.first + (written + modulus - self.first % modulus) % modulus),
        )
    }

    /// Whether `text`, of the width of the field, is one of its writings; `false` says nothing of a year that is cut.
    #[inline]
    pub(crate) fn takes(&self, text: u64) -> bool {
        self.texts.as_ref().is_some_and(|texts| texts.begins(text))
    }

    /// The digits of `value`; `None` where it is no value of the field.
    #[inline]
    pub(crate) fn write(&self, value: u64) -> Option<u64> {
        if value < self.first || value > self.last {
            return None;
        }
        let written = self.modulus.map_or(value, |modulus| value % modulus);
        Some(word::digits(written as u32, self.width))
    }
}
