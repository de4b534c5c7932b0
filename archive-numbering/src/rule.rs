//! A compiled rule: proven sound, immutable, shared by its clones.

use std::fmt;
use std::sync::{Arc, OnceLock};

use archive_core::identifier::{ReferenceCode, quoted};
use archive_core::language::Language;
use archive_core::{Error, ErrorKind};
use chrono::NaiveDate;
use serde::Serialize;

use crate::check_characters::CheckSystem;
use crate::checked::CheckedRule;
use crate::draw::Draw;
use crate::explanation::{Completion, Explanation};
use crate::field::Kind;
use crate::limits;
use crate::machine::{Machine, Spans};
use crate::parsed::{Parsed, Places};
use crate::report::{Rejection, RuleName};
use crate::rule_set::RuleSet;
use crate::tracks::{AliasCharacters, Tracks};
use crate::values::{FieldId, Value, Values};
use crate::writer::{self, NumberBuffer};

/// 档号规则: how one kind of archive number is written, read and counted.
///
/// All seven proofs of [`crate::report::Proof`] held when it was compiled.
#[derive(Clone)]
pub struct Rule(Arc<Inner>);

struct Inner {
    checked: CheckedRule,
    machine: Machine,
    tracks: Tracks,
    /// The tracks of what may be typed, where the rule has aliases.
    typed: Option<Tracks>,
    aliases: AliasCharacters,
    /// What is expected after each state, in words, where it was asked for.
    expected: Vec<OnceLock<Box<str>>>,
    language: OnceLock<Language>,
}

/// How many numbers a rule has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Capacity {
    /// How many numbers each counter gives; `None` where the rule has no sequence.
    pub per_counter: Option<u64>,
    /// How many numbers there are in all; `None` where they are more than `u64::MAX`.
    pub numbers: Option<u64>,
}

/// What an input is under a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "validity", rename_all = "kebab-case")]
pub enum Validity {
    /// A number, as it must be written.
    Canonical,
    /// A number in a writing that the rule's aliases accept.
    Alias {
        /// The number as it must be written.
        canonical: String,
    },
    /// No number of the rule.
    Invalid {
        /// Where it fails and what was expected there.
        explanation: Explanation,
    },
}

impl Rule {
    /// Compiles a text with one rule, or with versions of one rule, of which the newest is meant.
    ///
    /// # Errors
    /// A [`Rejection`] with what is wrong: where the text is no rule, or with a counterexample for
    /// each proof that fails. It converts into the workspace's error (`InvalidInput`).
    pub fn compile(text: &str) -> Result<Self, Rejection> {
        RuleSet::compile(text)?.into_single(text)
    }

    pub(crate) fn new(checked: CheckedRule, tracks: Tracks) -> Self {
        let machine = Machine::new(&checked);
        let typed =
            (!checked.aliases.is_empty()).then(|| Tracks::new(&checked).with_aliases(&checked.aliases));
        let aliases = AliasCharacters::new(&checked.aliases);
        let (expected, language) = (vec![OnceLock::new(); tracks.tracks.len()], OnceLock::new());
        Self(Arc::new(Inner { checked, machine, tracks, typed, aliases, expected, language }))
    }

    #[inline]
    pub(crate) fn checked(&self) -> &CheckedRule {
        &self.0.checked
    }

    #[inline]
    pub(crate) fn machine(&self) -> &Machine {
        &self.0.machine
    }

    pub(crate) fn tracks(&self) -> &Tracks {
        &self.0.tracks
    }

    /// What is expected after `state`, which `words` puts into words the first time.
    pub(crate) fn expected_after(&self, state: u32, words: impl FnOnce() -> String) -> &str {
        self.0.expected[state as usize].get_or_init(|| words().into())
    }

    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The rule's name and version.
    #[must_use]
    pub fn name(&self) -> &RuleName {
        &self.0.checked.name
    }

    /// The first day on which the rule applies.
    #[must_use]
    pub fn effective(&self) -> NaiveDate {
        self.0.checked.effective
    }

    /// The first day on which it no longer applies, where there is one.
    #[must_use]
    pub fn until(&self) -> Option<NaiveDate> {
        self.0.checked.until
    }

    /// The names of its fields, in the order of the text.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        self.0.checked.fields.iter().map(|field| field.name.as_str())
    }

    /// The field `name`.
    ///
    /// # Errors
    /// `NotFound` where the rule has no such field.
    pub fn field(&self, name: &str) -> Result<FieldId, Error> {
        match self.field_names().position(|field| field == name) {
            Some(at) => Ok(FieldId(at as u8)),
            None => {
                let names: Vec<&str> = self.field_names().collect();
                Err(Error::new(
                    ErrorKind::NotFound,
                    format!("field {} of rule {}", quoted(name), self.name()),
                    format!("is none of {}", names.join(", ")),
                ))
            }
        }
    }

    /// The field that [`Rule::draw`] counts: the last sequence of the text.
    #[must_use]
    pub fn sequence(&self) -> Option<FieldId> {
        self.0.checked.drawn().map(|(at, _)| FieldId(at as u8))
    }

    /// Whether the value of `field` follows from those of others: a check character, which nobody sets.
    #[must_use]
    pub fn is_computed(&self, field: FieldId) -> bool {
        let field = self.0.checked.fields.get(usize::from(field.0));
        field.is_some_and(|field| matches!(field.kind, Kind::Check { .. }))
    }

    /// Whether `field` stands in the number.
    #[must_use]
    pub fn is_printed(&self, field: FieldId) -> bool {
        self.0.checked.piece_of(usize::from(field.0)).is_some()
    }

    /// Whether the store must leave no gap in the sequence (连续).
    #[must_use]
    pub fn is_gapless(&self) -> bool {
        self.0.checked.drawn().is_some_and(|(_, sequence)| sequence.gapless)
    }

    /// What people call the code `code` of `field`: 永久 for `Y`.
    #[must_use]
    pub fn label(&self, field: FieldId, code: &str) -> Option<&str> {
        match &self.0.checked.fields.get(usize::from(field.0))?.kind {
            Kind::Codes { codes, .. } => codes.iter().find(|c| c.text == code)?.label.as_deref(),
            _ => None,
        }
    }

    /// Whether `value` can be written in `field`.
    ///
    /// # Errors
    /// `InvalidInput`, saying what fits, where it cannot.
    pub fn fits<'a>(&'a self, field: FieldId, value: impl Into<Value<'a>>) -> Result<(), Error> {
        let mut values = Values::new(self);
        values.put(field, value);
        writer::field_text(self, usize::from(field.0), &values).map(drop)
    }

    /// No values yet, to be set field by field.
    #[inline]
    #[must_use]
    pub fn values(&self) -> Values<'_> {
        Values::new(self)
    }

    /// The number of `values`. Check characters are computed, not given.
    ///
    /// # Errors
    /// `InvalidInput` where a value is missing or does not fit its field.
    pub fn format(&self, values: &Values<'_>) -> Result<ReferenceCode, Error> {
        let mut text = String::with_capacity(limits::NUMBER_CHARS);
        self.format_into(values, &mut text)?;
        text.parse()
    }

    /// Appends the number of `values` to `out`. Allocates nothing where `out` has room; on failure
    /// `out` is left as it was.
    ///
    /// # Errors
    /// `InvalidInput` where a value is missing or does not fit its field.
    pub fn format_into(&self, values: &Values<'_>, out: &mut String) -> Result<(), Error> {
        let mut buffer = NumberBuffer::new();
        self.format_bytes(values, &mut buffer)?;
        out.push_str(buffer.as_str());
        Ok(())
    }

    /// Writes the number of `values` into `buffer` and returns its bytes, which are UTF-8. The
    /// fastest way: nothing is allocated or checked twice. On failure the buffer is empty.
    ///
    /// # Errors
    /// `InvalidInput` where a value is missing or does not fit its field.
    pub fn format_bytes<'b>(
        &self,
        values: &Values<'_>,
        buffer: &'b mut NumberBuffer,
    ) -> Result<&'b [u8], Error> {
        writer::write(self, values, buffer)?;
        Ok(buffer.as_bytes())
    }

    /// Reads a number: where each field stands in it. Allocates nothing for a number in its
    /// canonical writing; one that needs the rule's aliases is rewritten first.
    ///
    /// # Errors
    /// `InvalidInput` for what is no number of the rule, with the place and what was expected.
    #[inline]
    pub fn parse<'a>(&'a self, text: &'a str) -> Result<Parsed<'a>, Error> {
        let mut parsed = Parsed::new(self, text);
        if self.0.machine.read(text, &mut parsed.spans) {
            return Ok(parsed);
        }
        self.parse_alias(text)
    }

    /// Where the fields of a number stand in `bytes`, which need not be text: for callers that have nothing but bytes,
    /// and would check twice what is a number only in UTF-8.
    ///
    /// `None` says nothing yet: ask [`Rule::parse`], which knows aliases, check characters and what is wrong.
    #[inline]
    #[must_use]
    pub fn places(&self, bytes: &[u8]) -> Option<Places<'_>> {
        self.0.machine.read_bytes(bytes).map(Places)
    }

    /// Reads what is no number in its canonical writing.
    #[cold]
    fn parse_alias(&self, text: &str) -> Result<Parsed<'_>, Error> {
        if let Some(canonical) = self.undo_aliases(text) {
            let mut spans = Spans::default();
            if self.0.machine.read(&canonical, &mut spans) {
                return Ok(Parsed::canonical(self, canonical, spans));
            }
        }
        // What the tracks accept and the machine does not would be a fault of this crate.
        let message =
            Explanation::message(self, text).unwrap_or_else(|| "is no number of the rule".to_owned());
        Err(Error::invalid(format!("number {} under rule {}", quoted(text), self.name()), message))
    }

    /// Whether `text` is a number, as it must be written, in an accepted writing, or not at all.
    #[must_use]
    pub fn validate(&self, text: &str) -> Validity {
        match self.parse(text) {
            Ok(parsed) => match parsed.into_alias() {
                None => Validity::Canonical,
                Some(canonical) => Validity::Alias { canonical },
            },
            Err(_) => Validity::Invalid { explanation: self.explain(text).unwrap_or_default() },
        }
    }

    /// Where `text` fails and what was expected there; `None` for a number.
    #[must_use]
    pub fn explain(&self, text: &str) -> Option<Explanation> {
        Explanation::of(self, text)
    }

    /// What can follow `beginning` on the way to a number.
    ///
    /// # Errors
    /// `InvalidInput` where no number begins so, with the place and what was expected, or where
    /// [`Rule::language`] is too large.
    pub fn complete(&self, beginning: &str) -> Result<Completion, Error> {
        Completion::of(self, beginning)
    }

    /// `text` with each alias replaced by what it stands for; `None` where that gives no number.
    pub(crate) fn undo_aliases(&self, text: &str) -> Option<String> {
        let typed = self.0.typed.as_ref()?;
        // Without an alias it would come back as it is, and was refused before.
        if text.len() > limits::NUMBER_BYTES * 4 || !text.chars().any(|c| self.0.aliases.contains(c)) {
            return None;
        }
        // The states after each character, one layer behind the other: which state, from which entry, meant as.
        let mut entries: Vec<(u32, usize, char)> = Vec::with_capacity(2 * text.len());
        entries.push((0, 0, '\0'));
        let mut layer = 0..1;
        for c in text.chars() {
            for before in layer.clone() {
                for track in &typed.tracks[entries[before].0 as usize] {
                    if track.lo <= c
                        && c <= track.hi
                        && entries[layer.end..].iter().all(|known| known.0 != track.to)
                    {
                        entries.push((track.to, before, track.meant.unwrap_or(c)));
                    }
                }
            }
            layer = layer.end..entries.len();
            if layer.is_empty() {
                return None;
            }
        }
        // Proof 7: at most one number is meant, so that any way to an end will do.
        let mut entry = layer.into_iter().find(|&at| typed.accepting[entries[at].0 as usize])?;
        let mut canonical: Vec<char> = Vec::with_capacity(text.len());
        while entry > 0 {
            let (_, before, meant) = entries[entry];
            canonical.push(meant);
            entry = before;
        }
        Some(canonical.iter().rev().collect())
    }

    /// All numbers of the rule, check characters included, as an automaton: for a reader to
    /// decode under. Made at the first call, then shared.
    ///
    /// # Errors
    /// `InvalidInput` where the check characters multiply the format beyond
    /// [`archive_core::language::STATE_LIMIT`].
    pub fn language(&self) -> Result<Language, Error> {
        if let Some(language) = self.0.language.get() {
            return Ok(language.clone());
        }
        let language = self.make_language()?;
        Ok(self.0.language.get_or_init(|| language).clone())
    }

    fn make_language(&self) -> Result<Language, Error> {
        let rule = &self.0.checked;
        let checks: Vec<(usize, CheckSystem, &[usize])> = rule
            .fields
            .iter()
            .enumerate()
            .filter_map(|(i, field)| match &field.kind {
                Kind::Check { system, of } => Some((i, *system, of.as_slice())),
                _ => None,
            })
            .collect();
        if checks.is_empty() {
            return Language::sequence(rule.pieces.iter().map(|piece| &piece.language));
        }
        let tracks = &self.0.tracks;
        let start: Vec<u16> = checks.iter().map(|(_, system, _)| system.start()).collect();
        // A state: where in the format, and what each check remembers.
        Language::from_steps(
            (0_u32, start),
            |(state, _)| tracks.accepting[*state as usize],
            |(state, memory)| {
                let mut steps = Vec::new();
                for track in &tracks.tracks[*state as usize] {
                    let piece = tracks.piece_of[track.to as usize] as usize;
                    let field = rule.pieces[piece].field;
                    let watched = field.is_some_and(|f| checks.iter().any(|c| c.0 == f || c.2.contains(&f)));
                    if !watched {
                        steps.push((track.lo..=track.hi, (track.to, memory.clone())));
                        continue;
                    }
                    for c in track.lo..=track.hi {
                        let mut memory = memory.clone();
                        let step = |(k, &(own, system, of)): (usize, &(usize, CheckSystem, &[usize]))| {
                            if field == Some(own) {
                                // States of a part are numbered from its beginning.
                                let at = (track.to - tracks.base[piece]) as usize;
                                let due = system.finish(memory[k]);
                                let fits = due.as_bytes().get(at - 1) == Some(&(c as u32 as u8));
                                if at == system.width() {
                                    memory[k] = 0;
                                }
                                fits
                            } else if field.is_some_and(|f| of.contains(&f)) {
                                system.step(memory[k], c).is_some_and(|next| {
                                    memory[k] = next;
                                    true
                                })
                            } else {
                                true
                            }
                        };
                        if checks.iter().enumerate().all(step) {
                            steps.push((c..=c, (track.to, memory)));
                        }
                    }
                }
                steps
            },
        )
    }

    /// The number after `last` in a counter, `None` standing for a counter that has given none
    /// yet. The store calls this inside its transaction.
    ///
    /// # Errors
    /// `Refused` where the counter is full; `Unsupported` where the rule has no sequence;
    /// `Corrupt` where `last` is none of the sequence's numbers.
    pub fn next(&self, last: Option<u64>) -> Result<u64, Error> {
        let (field, sequence) = self.drawn()?;
        let number = &sequence.number;
        let object = || format!("{} of rule {}", self.0.checked.fields[field].name, self.name());
        match last {
            None => Ok(number.low),
            Some(last) if last == number.high => Err(Error::new(
                ErrorKind::Refused,
                object(),
                format!(
                    "is full: {} was its last number; continue in another class, or with a new version of the rule",
                    number.high
                ),
            )),
            Some(last) if (number.low..number.high).contains(&last) => Ok(last + 1),
            Some(last) => Err(Error::new(
                ErrorKind::Corrupt,
                object(),
                format!(
                    "counts from {} to {}, but {last} was stored as its last number",
                    number.low, number.high
                ),
            )),
        }
    }

    pub(crate) fn drawn(&self) -> Result<(usize, &crate::field::Sequence), Error> {
        self.0.checked.drawn().ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                format!("rule {}", self.name()),
                "has no sequence to draw from: its numbers are given by others",
            )
        })
    }

    /// What a store needs to draw a number: the counter's key, its bounds, and how a drawn number
    /// is printed. `values` holds every field but the sequence and the check characters.
    ///
    /// # Errors
    /// `InvalidInput` where a value is missing or does not fit; `Unsupported` where the rule has no
    /// sequence.
    pub fn draw(&self, values: &Values<'_>) -> Result<Draw, Error> {
        Draw::new(self, values)
    }

    /// How many numbers there are.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        let per_counter =
            self.0.checked.drawn().map(|(_, s)| (s.number.high - s.number.low).saturating_add(1));
        let is_check = |field: Option<usize>| {
            field.is_some_and(|f| matches!(self.0.checked.fields[f].kind, Kind::Check { .. }))
        };
        let numbers = self
            .0
            .checked
            .pieces
            .iter()
            .filter(|piece| !is_check(piece.field))
            .try_fold(1_u64, |product, piece| product.checked_mul(piece.language.size()?));
        Capacity { per_counter, numbers }
    }

    /// The smallest of the shortest numbers.
    #[must_use]
    pub fn example(&self) -> Option<ReferenceCode> {
        let mut out = String::new();
        let shortest: Vec<Option<String>> =
            self.machine().field_languages().map(Language::shortest).collect();
        let mut values = self.values();
        for (i, text) in shortest.iter().enumerate() {
            if let Some(text) = text {
                values.put(FieldId(i as u8), Value::Text(text));
            }
        }
        self.format_into(&values, &mut out).ok()?;
        out.parse().ok()
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({})", self.name())
    }
}
