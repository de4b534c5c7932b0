//! A format compiled to steps that read and write bytes without allocating.

use archive_core::language::{CharClass, Language, StateId};

use crate::check_characters::{CheckCharacters, CheckSystem};
use crate::checked::CheckedRule;
use crate::field::{Kind, Numeric};
use crate::limits;

/// Where each field stands in a number, as byte offsets.
pub(crate) type Spans = [(u8, u8); limits::FIELDS];

/// One part of the format.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) action: Action,
    pub(crate) field: usize,
    /// For what needs more than one look ahead.
    language: Language,
}

#[derive(Debug)]
pub(crate) enum Action {
    Literal(Word),
    LongLiteral(Box<[u8]>),
    /// Characters of an ASCII class.
    Ascii {
        bit: u16,
        min: u8,
        max: u8,
    },
    /// Exactly so many digits, at most eight, whose text lies between two others. In one width,
    /// numbers stand in the order of their digits.
    Digits {
        width: u8,
        low: u64,
        high: u64,
        /// The values, and what they are divided by for a year that is cut.
        first: u64,
        last: u64,
        modulus: u64,
    },
    /// As many digits as there are.
    Number(Numeric),
    /// One of a few short codes, longest first.
    Codes(Box<[Word]>),
    /// Whatever the step's language takes.
    Walk,
}

/// One to eight bytes, the first one lowest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    pub(crate) bytes: u64,
    mask: u64,
    pub(crate) length: u8,
}

impl Word {
    /// `text` as a word, where it is short enough.
    pub(crate) fn new(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > 8 {
            return None;
        }
        let bytes = text.bytes().rev().fold(0, |word, b| word << 8 | u64::from(b));
        let length = text.len() as u8;
        Some(Self { bytes, mask: u64::MAX >> (64 - 8 * u32::from(length)), length })
    }

    /// Whether `text` is this word.
    #[inline]
    pub(crate) fn is(&self, text: &str) -> bool {
        text.len() == usize::from(self.length)
            && text.bytes().rev().fold(0, |word, b| word << 8 | u64::from(b)) == self.bytes
    }
}

/// A field of check characters and the fields that it covers.
#[derive(Debug)]
struct Check {
    field: usize,
    system: CheckSystem,
    of: Box<[usize]>,
}

impl Check {
    /// What the check should be and what it is.
    fn due_and_given<'a>(&self, text: &'a str, spans: &Spans) -> Option<(CheckCharacters, &'a str)> {
        let part = |field: usize| &text[usize::from(spans[field].0)..usize::from(spans[field].1)];
        Some((check(self.system, self.of.iter().map(|&f| part(f).as_bytes()))?, part(self.field)))
    }
}

/// How many codes are compared one by one before an automaton is faster.
const FEW_CODES: usize = 12;

#[derive(Debug)]
pub(crate) struct Machine {
    steps: Box<[Step]>,
    /// How each field, printed or not, takes a value by itself.
    fields: Box<[(Action, Language)]>,
    /// For each byte, the classes that it is in.
    classes: Box<[u16; 256]>,
    /// Whether each part can take as much as it can without looking further: what may follow
    /// never continues it.
    greedy: bool,
    checks: Box<[Check]>,
}

impl Machine {
    pub(crate) fn new(rule: &CheckedRule) -> Self {
        let mut classes = Box::new([0_u16; 256]);
        let mut known: Vec<CharClass> = Vec::new();
        let mut steps = Vec::new();
        for (at, piece) in rule.pieces.iter().enumerate() {
            let action = match (&piece.literal, piece.field) {
                (Some(literal), _) => match Word::new(literal) {
                    Some(word) => Action::Literal(word),
                    None => Action::LongLiteral(literal.as_bytes().into()),
                },
                (None, Some(field)) => action(&rule.fields[field].kind, &mut known),
                (None, None) => Action::Walk,
            };
            // Digits that follow digits need the automaton: a range such as 8..12 can end where
            // another digit stands.
            let digits_follow = rule.pieces.get(at + 1).is_some_and(|next| {
                next.language
                    .transitions(next.language.start())
                    .any(|(r, _)| *r.start() <= '9' && *r.end() >= '0')
            });
            let action = match action {
                Action::Number(_) if digits_follow => Action::Walk,
                action => action,
            };
            if matches!(action, Action::Walk) {
                // An automaton makes a table when it is first walked. Better now than under a
                // reader that counts on no allocation.
                let _ = piece.language.matches("0");
            }
            steps.push(Step {
                action,
                field: piece.field.unwrap_or(usize::MAX),
                language: piece.language.clone(),
            });
        }
        let fields: Vec<(Action, Language)> = rule
            .fields
            .iter()
            .enumerate()
            .map(|(i, field)| {
                let language = match rule.piece_of(i) {
                    Some(piece) => rule.pieces[piece].language.clone(),
                    // Its size was checked with the rule.
                    None => field.kind.language().unwrap_or_else(|_| Language::empty()),
                };
                (action(&field.kind, &mut known), language)
            })
            .collect();
        for (bit, class) in known.iter().enumerate() {
            for byte in 0..128_u8 {
                classes[usize::from(byte)] |= u16::from(class.contains(char::from(byte))) << bit;
            }
        }
        let greedy = rule.pieces.windows(2).all(|pair| ends_by_itself(&pair[0].language, &pair[1].language));
        let checks = rule.fields.iter().enumerate().filter_map(|(i, field)| match &field.kind {
            Kind::Check { system, of } => Some(Check { field: i, system: *system, of: of.clone().into() }),
            _ => None,
        });
        Self { steps: steps.into(), fields: fields.into(), classes, greedy, checks: checks.collect() }
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether `byte` is in the class `bit`.
    #[inline]
    pub(crate) fn is_in(&self, bit: u16, byte: u8) -> bool {
        self.classes[usize::from(byte)] & bit != 0
    }

    pub(crate) fn field_languages(&self) -> impl Iterator<Item = &Language> {
        self.fields.iter().map(|(_, language)| language)
    }

    /// Whether `text` is a writing of the printed or unprinted field `field`.
    #[inline]
    pub(crate) fn takes(&self, field: usize, text: &str) -> bool {
        match &self.fields[field] {
            (Action::Ascii { bit, min, max }, _) => {
                (usize::from(*min)..=usize::from(*max)).contains(&text.len())
                    && text.bytes().all(|b| self.classes[usize::from(b)] & bit != 0)
            }
            (Action::Codes(codes), _) => Word::new(text)
                .is_some_and(|w| codes.iter().any(|code| code.length == w.length && code.bytes == w.bytes)),
            (_, language) => text.len() <= limits::NUMBER_BYTES && language.matches(text),
        }
    }

    /// Where the fields stand in `text`; `None` where it is no number of the rule.
    pub(crate) fn read(&self, text: &str) -> Option<Spans> {
        if text.len() > limits::NUMBER_BYTES {
            return None;
        }
        let mut spans = [(0, 0); limits::FIELDS];
        if self.greedy && text.len() <= 64 - 8 {
            self.read_greedily::<64>(text, &mut spans)?;
        } else if self.greedy {
            self.read_greedily::<{ limits::NUMBER_BYTES + 8 }>(text, &mut spans)?;
        } else {
            self.read_by_trial(text, &mut spans)?;
        }
        self.checks_hold(text, &spans).then_some(spans)
    }

    /// Reads from a copy that zeros follow: a zero is in no number, so that no step need look where
    /// the text ends, and each can load eight bytes at once.
    fn read_greedily<const ROOM: usize>(&self, text: &str, spans: &mut Spans) -> Option<()> {
        let mut bytes = [0_u8; ROOM];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        let mut at = 0;
        for step in &self.steps {
            let word = load(&bytes, at)?;
            let length = match &step.action {
                Action::Literal(literal) => {
                    if word & literal.mask != literal.bytes {
                        return None;
                    }
                    at += usize::from(literal.length);
                    continue;
                }
                Action::LongLiteral(literal) => {
                    if !bytes.get(at..)?.starts_with(literal) {
                        return None;
                    }
                    at += literal.len();
                    continue;
                }
                Action::Ascii { bit, min, max } if *max <= 8 => {
                    let mut length = 0;
                    let mut rest = word;
                    while length < *max && self.is_in(*bit, rest as u8) {
                        rest >>= 8;
                        length += 1;
                    }
                    if length < *min {
                        return None;
                    }
                    usize::from(length)
                }
                Action::Ascii { bit, min, max } => {
                    let rest = bytes.get(at..)?;
                    let limit = rest.len().min(usize::from(*max));
                    let length = rest[..limit].iter().position(|&b| !self.is_in(*bit, b)).unwrap_or(limit);
                    if length < usize::from(*min) {
                        return None;
                    }
                    length
                }
                Action::Digits { width, low, high, .. } => {
                    let digits = word.swap_bytes() >> (64 - 8 * u32::from(*width));
                    if digits < *low || digits > *high || !are_digits(digits, *width) {
                        return None;
                    }
                    usize::from(*width)
                }
                Action::Number(number) => {
                    let rest = bytes.get(at..)?;
                    let limit = rest.len().min(number.max as usize);
                    let length = rest[..limit].iter().position(|b| !b.is_ascii_digit()).unwrap_or(limit);
                    number.read(&rest[..length])?;
                    length
                }
                Action::Codes(codes) => {
                    usize::from(codes.iter().find(|code| word & code.mask == code.bytes)?.length)
                }
                Action::Walk => longest_match(&step.language, text.get(at..)?)?,
            };
            spans[step.field] = (at as u8, (at + length) as u8);
            at += length;
        }
        (at == text.len()).then_some(())
    }

    /// Finds from the back where each part can begin, then takes the one way from the front.
    fn read_by_trial(&self, text: &str, spans: &mut Spans) -> Option<()> {
        // Bit p of `viable[i]`: from byte p on, the text is a member of the parts from i on.
        let mut viable = [[0_u128; 2]; limits::PARTS + 1];
        let get = |set: &[u128; 2], p: usize| set[p / 128] >> (p % 128) & 1 == 1;
        let parts = self.steps.len();
        viable[parts][text.len() / 128] = 1 << (text.len() % 128);
        for (i, step) in self.steps.iter().enumerate().rev() {
            for p in 0..=text.len() {
                if text.is_char_boundary(p)
                    && ends(&step.language, text, p).any(|end| get(&viable[i + 1], end))
                {
                    viable[i][p / 128] |= 1 << (p % 128);
                }
            }
        }
        let mut at = 0;
        for (i, step) in self.steps.iter().enumerate() {
            let end = ends(&step.language, text, at).find(|&end| get(&viable[i + 1], end))?;
            if step.field != usize::MAX {
                spans[step.field] = (at as u8, end as u8);
            }
            at = end;
        }
        Some(())
    }

    fn checks_hold(&self, text: &str, spans: &Spans) -> bool {
        self.checks
            .iter()
            .all(|check| check.due_and_given(text, spans).is_some_and(|(due, given)| due == *given))
    }

    /// The first check that fails: its field, where it stands, and what it should be.
    pub(crate) fn failing_check(&self, text: &str) -> Option<(usize, usize, String)> {
        if text.len() > limits::NUMBER_BYTES {
            return None;
        }
        let mut spans = [(0, 0); limits::FIELDS];
        self.read_by_trial(text, &mut spans)?;
        self.checks.iter().find_map(|check| {
            let (due, given) = check.due_and_given(text, &spans)?;
            let start = usize::from(spans[check.field].0);
            (due != *given).then(|| (check.field, start, due.as_str().to_owned()))
        })
    }
}

/// Eight bytes from `at` on, the first one lowest.
#[inline]
fn load<const ROOM: usize>(bytes: &[u8; ROOM], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// Whether the low `width` bytes of `word` are digits.
#[inline]
fn are_digits(word: u64, width: u8) -> bool {
    let all = u64::MAX >> (64 - 8 * u32::from(width));
    let values = word ^ (0x3030_3030_3030_3030 & all);
    (values | values.wrapping_add(0x0606_0606_0606_0606 & all)) & 0xf0f0_f0f0_f0f0_f0f0 == 0
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

fn action(kind: &Kind, known: &mut Vec<CharClass>) -> Action {
    match kind {
        Kind::Chars(chars) if chars.pad.is_none() && is_ascii(&chars.class) => {
            let at = known.iter().position(|class| *class == chars.class).unwrap_or_else(|| {
                known.push(chars.class.clone());
                known.len() - 1
            });
            // At most as many classes as fields: sixteen.
            Action::Ascii { bit: 1 << at, min: chars.min as u8, max: chars.max as u8 }
        }
        Kind::Digits { number, .. } => digits(*number),
        Kind::Sequence(sequence) => digits(sequence.number),
        Kind::Codes { codes, .. } if codes.len() <= FEW_CODES && codes.iter().all(|c| c.text.len() <= 8) => {
            let mut words: Vec<Word> = codes.iter().filter_map(|code| Word::new(&code.text)).collect();
            words.sort_by_key(|word| std::cmp::Reverse(word.length));
            Action::Codes(words.into())
        }
        _ => Action::Walk,
    }
}

fn digits(number: Numeric) -> Action {
    if number.min != number.max {
        return Action::Number(number);
    }
    match number.ranges(number.max).as_slice() {
        &[(low, high)] if number.max <= 8 => Action::Digits {
            width: number.max as u8,
            low: digit_text(low, number.max),
            high: digit_text(high, number.max),
            first: number.low,
            last: number.high,
            modulus: crate::field::power_of_ten(number.max),
        },
        _ => Action::Walk,
    }
}

/// The digits of `value` as a word, the first one highest.
fn digit_text(value: u64, digits: u32) -> u64 {
    (0..digits)
        .rev()
        .fold(0, |word, at| word << 8 | (u64::from(b'0') + value / crate::field::power_of_ten(at) % 10))
}

fn is_ascii(class: &CharClass) -> bool {
    class.ranges().all(|range| range.end().is_ascii())
}

/// Whether no member of `part` can be continued, within `part`, by what `next` begins with.
fn ends_by_itself(part: &Language, next: &Language) -> bool {
    let first: CharClass = next.transitions(next.start()).map(|(range, _)| range).collect();
    crate::checked::reachable(part).into_iter().filter(|&state| part.is_accepting(state)).all(|state| {
        let onward: CharClass = part.transitions(state).map(|(range, _)| range).collect();
        onward.is_empty() || first.intersection(&onward).is_empty()
    })
}

/// How many bytes of `text` its longest beginning in `language` has.
fn longest_match(language: &Language, text: &str) -> Option<usize> {
    let mut state = language.start();
    let mut longest = None;
    for (at, c) in text.char_indices() {
        if language.is_accepting(state) {
            longest = Some(at);
        }
        match language.step(state, c) {
            Some(next) => state = next,
            None => return longest,
        }
    }
    if language.is_accepting(state) { Some(text.len()) } else { longest }
}

/// Where a member of `language` that begins at byte `start` can end.
fn ends<'a>(language: &'a Language, text: &'a str, start: usize) -> impl Iterator<Item = usize> + 'a {
    let rest = text.get(start..).unwrap_or("");
    let mut state: Option<StateId> = Some(language.start());
    rest.char_indices()
        .map_while(move |(at, c)| {
            state = language.step(state?, c);
            state.map(|state| (start + at + c.len_utf8(), state))
        })
        .filter(|&(_, state)| language.is_accepting(state))
        .map(|(end, _)| end)
}

impl PartialEq<str> for CheckCharacters {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}
