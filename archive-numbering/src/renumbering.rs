//! From old numbers to new ones, with the proof that nothing collides.
//!
//! ```
//! use archive_numbering::{Rule, renumbering::Renumbering};
//!
//! let old = Rule::compile("rule file version 1 effective 2010-01-01
//!     year = digits{4} range 2000..2099
//!     no   = sequence{3} per (year) refuse-when-full
//!     format \"{year}-{no}\"")?;
//! let new = Rule::compile("rule file version 2 effective 2024-01-01
//!     kind = codes{KH, HT}
//!     year = digits{4} range 2000..2099
//!     no   = sequence{5} per (kind, year) refuse-when-full
//!     format \"{kind}·{year}-{no}\"")?;
//! let plan = Renumbering::new(&old, &new).constant("kind", "KH")?.prove()?;
//! assert_eq!(plan.renumber("2019-042")?.as_str(), "KH·2019-00042");
//!
//! // Without the year, two files would meet.
//! let shorter = Rule::compile("rule file version 3 effective 2024-01-01
//!     no = sequence{3} refuse-when-full
//!     format \"F-{no}\"")?;
//! let rejection = Renumbering::new(&old, &shorter).prove().unwrap_err();
//! assert_eq!(rejection.faults()[0].to_string(), "2000-001 and 2001-001 would both become F-001: carry year over");
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Ideas: fields of one name are carried over, by value where both are numbers; others are given
//! as constants, as other fields or as tables of codes. The proof is about all numbers of the old
//! rule, not only those that were given: each has a new number, no two have the same, and no new
//! number is an old one that still means another file. The caller writes `old → new` as an alias,
//! so that old numbers resolve.
//!
//! Limits: a sequence is carried over, never drawn anew: numbers keep their order and their gaps.

mod rejection;

use std::collections::BTreeMap;

use archive_core::identifier::{ReferenceCode, quoted};
use archive_core::language::Language;
use archive_core::{Error, ErrorKind};

pub use rejection::{PlanFault, PlanRejection};

use crate::field::{Kind, Numeric};
use crate::limits;
use crate::proofs::two_shortest;
use crate::rule::Rule;
use crate::tracks::{TooComplex, shortest_disagreement};
use crate::values::{FieldId, Value};

/// How a new field gets its value.
#[derive(Debug, Clone)]
enum Source {
    Field(usize),
    Mapped(usize, BTreeMap<String, String>),
    Constant(String),
}

/// How numbers of one rule become numbers of another, before it is proven.
#[derive(Debug, Clone)]
pub struct Renumbering {
    old: Rule,
    new: Rule,
    /// One for each field of the new rule; check characters have none.
    sources: Vec<Option<Source>>,
}

impl Renumbering {
    /// From numbers of `old` to numbers of `new`; fields of one name are carried over.
    #[must_use]
    pub fn new(old: &Rule, new: &Rule) -> Self {
        let is_check =
            |rule: &Rule, field: usize| matches!(rule.checked().fields[field].kind, Kind::Check { .. });
        let sources = new
            .field_names()
            .enumerate()
            .map(|(i, name)| {
                let same = old.field_names().position(|other| other == name)?;
                let printed = old.checked().piece_of(same).is_some();
                (printed && !is_check(old, same) && !is_check(new, i)).then_some(Source::Field(same))
            })
            .collect();
        Self { old: old.clone(), new: new.clone(), sources }
    }

    fn set(mut self, field: &str, source: Source) -> Result<Self, Error> {
        let id = self.new.field(field)?;
        self.sources[usize::from(id.0)] = Some(source);
        Ok(self)
    }

    fn printed(&self, field: &str) -> Result<usize, Error> {
        let at = usize::from(self.old.field(field)?.0);
        match self.old.checked().piece_of(at) {
            Some(_) => Ok(at),
            None => Err(Error::new(
                ErrorKind::NotFound,
                format!("field {} of rule {}", quoted(field), self.old.name()),
                "is not printed, so that old numbers do not tell it",
            )),
        }
    }

    /// Gives the new field `field` one value.
    ///
    /// # Errors
    /// `NotFound` where the new rule has no such field.
    pub fn constant(self, field: &str, value: &str) -> Result<Self, Error> {
        self.set(field, Source::Constant(value.to_owned()))
    }

    /// Carries the old field `from` over to the new field `field`.
    ///
    /// # Errors
    /// `NotFound` where a rule has no such field, or the old one does not print it.
    pub fn carry(self, field: &str, from: &str) -> Result<Self, Error> {
        let from = self.printed(from)?;
        self.set(field, Source::Field(from))
    }

    /// Turns each writing of the old field `from` into that which `table` has for it.
    ///
    /// # Errors
    /// `NotFound` where a rule has no such field, or the old one does not print it.
    pub fn map<S: Into<String>>(
        self,
        field: &str,
        from: &str,
        table: impl IntoIterator<Item = (S, S)>,
    ) -> Result<Self, Error> {
        let from = self.printed(from)?;
        let table = table.into_iter().map(|(a, b)| (a.into(), b.into())).collect();
        self.set(field, Source::Mapped(from, table))
    }

    /// Proves that every old number has a new one of its own, which is no old one of another file.
    ///
    /// # Errors
    /// A [`PlanRejection`] with a counterexample for each thing that does not hold.
    pub fn prove(self) -> Result<Plan, PlanRejection> {
        let mut faults = self.missing();
        if faults.is_empty() {
            faults.extend(self.unfit());
        }
        if faults.is_empty() {
            faults.extend(self.merged());
            faults.extend(self.taken());
        }
        if faults.is_empty() { Ok(Plan(self)) } else { Err(PlanRejection::new(faults)) }
    }

    fn missing(&self) -> Vec<PlanFault> {
        let fields = &self.new.checked().fields;
        let lacks = |&i: &usize| {
            self.sources[i].is_none()
                && self.new.checked().piece_of(i).is_some()
                && !matches!(fields[i].kind, Kind::Check { .. })
        };
        (0..fields.len())
            .filter(lacks)
            .map(|i| PlanFault::Missing { field: fields[i].name.clone() })
            .collect()
    }

    /// A small old number in which `field` reads `writing`.
    fn old_number(&self, field: usize, writing: &str) -> String {
        let shortest: Vec<Option<String>> =
            self.old.machine().field_languages().map(Language::shortest).collect();
        let mut values = self.old.values();
        for (i, text) in shortest.iter().enumerate() {
            let text = if i == field { Some(writing) } else { text.as_deref() };
            if let Some(text) = text {
                values.put(FieldId(i as u8), Value::Text(text));
            }
        }
        let mut text = String::new();
        // The writings are members of their fields.
        let _ = self.old.format_into(&values, &mut text);
        text
    }

    fn languages(&self, old: usize, new: usize) -> Option<(&Language, &Language)> {
        Some((self.old.machine().field_languages().nth(old)?, self.new.machine().field_languages().nth(new)?))
    }

    /// Old values that a new field cannot take. What the new numbers do not print hinders none.
    fn unfit(&self) -> Vec<PlanFault> {
        let mut faults = Vec::new();
        for (i, source) in self.sources.iter().enumerate() {
            if self.new.checked().piece_of(i).is_none() {
                continue;
            }
            let new_field = &self.new.checked().fields[i];
            let mut fault = |old: String, value: String| {
                faults.push(PlanFault::Unfit { old, field: new_field.name.clone(), value });
            };
            match source {
                Some(Source::Field(from)) => {
                    let old_kind = &self.old.checked().fields[*from].kind;
                    match (old_kind.numeric(), new_field.kind.numeric()) {
                        (Some(old), Some(new)) => {
                            let beyond =
                                [old.low, old.high, new.high.saturating_add(1)].into_iter().find(|v| {
                                    (old.low..=old.high).contains(v) && !(new.low..=new.high).contains(v)
                                });
                            if let Some(value) = beyond {
                                fault(self.old_number(*from, &old.write(value)), value.to_string());
                            }
                        }
                        _ => {
                            let left = self.languages(*from, i).map(|(old, new)| old.difference(new));
                            match left {
                                Some(Ok(left)) => {
                                    if let Some(value) = left.shortest() {
                                        fault(self.old_number(*from, &value), value);
                                    }
                                }
                                _ => faults.push(PlanFault::TooComplex),
                            }
                        }
                    }
                }
                Some(Source::Mapped(from, table)) => {
                    let Some((old, new)) = self.languages(*from, i) else { continue };
                    let known = Language::words(table.keys());
                    match known.and_then(|known| old.difference(&known)) {
                        Ok(left) => {
                            if let Some(value) = left.shortest() {
                                fault(self.old_number(*from, &value), value);
                            }
                        }
                        Err(_) => faults.push(PlanFault::TooComplex),
                    }
                    for (a, b) in table.iter().filter(|(a, b)| old.matches(a) && !new.matches(b)) {
                        let old = self.old_number(*from, a);
                        faults.push(PlanFault::Unfit {
                            old,
                            field: new_field.name.clone(),
                            value: b.clone(),
                        });
                    }
                }
                Some(Source::Constant(value)) => {
                    let fits = self.new.machine().field_languages().nth(i).is_some_and(|l| l.matches(value));
                    if !fits {
                        fault(self.old_number(usize::MAX, ""), value.clone());
                    }
                }
                None => {}
            }
        }
        faults
    }

    /// Old fields whose values get lost.
    fn merged(&self) -> Vec<PlanFault> {
        let mut faults = Vec::new();
        for (field, piece) in self.old.checked().pieces.iter().filter_map(|p| Some((p.field?, p))) {
            let old_field = &self.old.checked().fields[field];
            if matches!(old_field.kind, Kind::Check { .. }) {
                continue;
            }
            let mut two = two_shortest(&piece.language);
            for (i, source) in self.sources.iter().enumerate() {
                if self.new.checked().piece_of(i).is_none() {
                    continue;
                }
                match source {
                    Some(Source::Field(from)) if *from == field => two = None,
                    Some(Source::Mapped(from, table)) if *from == field => {
                        let old: Vec<(&String, &String)> =
                            table.iter().filter(|(a, _)| piece.language.matches(a)).collect();
                        let same = old.iter().enumerate().find_map(|(k, (a, to))| {
                            let (b, _) = old[k + 1..].iter().find(|(_, other)| other == to)?;
                            Some([(*a).clone(), (*b).clone()])
                        });
                        two = two.and(same);
                    }
                    _ => {}
                }
            }
            if let Some(two) = two {
                let old = two.map(|writing| self.old_number(field, &writing));
                let new = self.renumber(&old[0]).map(|n| n.to_string()).unwrap_or_default();
                faults.push(PlanFault::Merged { old, new, field: old_field.name.clone() });
            }
        }
        faults
    }

    /// New numbers that are old numbers too, and mean another file there.
    fn taken(&self) -> Option<PlanFault> {
        let old = self.old.checked();
        // Where both rules cut a text in the same way and keep each part, its number stays.
        let role_of_old = |state: u32| {
            let field = old.pieces[self.old.tracks().piece_of[state as usize] as usize].field?;
            self.sources
                .iter()
                .position(|source| matches!(source, Some(Source::Field(from)) if *from == field))
        };
        let role_of_new = |state: u32| {
            let field =
                self.new.checked().pieces[self.new.tracks().piece_of[state as usize] as usize].field?;
            matches!(self.sources[field], Some(Source::Field(_))).then_some(field)
        };
        let moved = shortest_disagreement(self.old.tracks(), self.new.tracks(), false, |x, y| {
            role_of_old(x.to) != role_of_new(y.to)
        });
        match moved {
            Err(TooComplex) => return Some(PlanFault::TooComplex),
            Ok(None) => return None,
            Ok(Some(_)) => {}
        }
        let Ok(common) = self.images().and_then(|images| {
            let olds = Language::sequence(old.pieces.iter().map(|piece| &piece.language))?;
            olds.intersection(&images)
        }) else {
            return Some(PlanFault::TooComplex);
        };
        match self.first_moved(&common) {
            Err(TooComplex) => Some(PlanFault::TooComplex),
            Ok(number) => number.map(|number| PlanFault::Taken {
                new: self.renumber(&number).ok().map(|new| new.to_string()),
                number,
            }),
        }
    }

    /// The first of the old numbers `numbers`, in the order of their text, that does not stay.
    fn first_moved(&self, numbers: &Language) -> Result<Option<String>, TooComplex> {
        let mut seen = 0;
        let mut stack = vec![(numbers.start(), String::new())];
        while let Some((state, text)) = stack.pop() {
            let stays = || self.renumber(&text).is_ok_and(|new| new.as_str() == text);
            if numbers.is_accepting(state) && !stays() {
                return Ok(Some(text));
            }
            let longer = stack.len();
            for (range, to) in numbers.transitions(state) {
                for c in range {
                    seen += 1;
                    if seen > limits::PROOF_STATES {
                        return Err(TooComplex);
                    }
                    stack.push((to, format!("{text}{c}")));
                }
            }
            stack[longer..].reverse();
        }
        Ok(None)
    }

    /// The new numbers that can come out.
    fn images(&self) -> Result<Language, Error> {
        let parts = self.new.checked().pieces.iter().map(|piece| {
            match piece.field.and_then(|field| Some((field, self.sources[field].as_ref()?))) {
                Some((field, Source::Field(from))) => {
                    let kind =
                        |rule: &Rule, field: usize| rule.checked().fields[field].kind.numeric().copied();
                    match (kind(&self.old, *from), kind(&self.new, field)) {
                        // The new writings of the old values.
                        (Some(old), Some(new)) => Numeric { low: old.low, high: old.high, ..new }.language(),
                        _ => Ok(self
                            .languages(*from, field)
                            .map_or_else(Language::empty, |(old, _)| old.clone())),
                    }
                }
                Some((_, Source::Constant(value))) => Language::literal(value),
                Some((_, Source::Mapped(_, table))) => Language::words(table.values()),
                None => Ok(piece.language.clone()),
            }
        });
        Language::sequence(&parts.collect::<Result<Vec<_>, _>>()?)
    }

    fn renumber(&self, old: &str) -> Result<ReferenceCode, Error> {
        let parsed = self.old.parse(old)?;
        let mut values = self.new.values();
        for (i, source) in self.sources.iter().enumerate() {
            let value = match source {
                Some(Source::Field(from)) => {
                    let text = parsed.get(FieldId(*from as u8)).unwrap_or_default();
                    let old = self.old.checked().fields[*from].kind.numeric();
                    match (old, self.new.checked().fields[i].kind.numeric()) {
                        (Some(old), Some(_)) => old.read(text.as_bytes()).map(Value::Number),
                        _ => Some(Value::Text(text)),
                    }
                }
                Some(Source::Mapped(from, table)) => table
                    .get(parsed.get(FieldId(*from as u8)).unwrap_or_default())
                    .map(|text| Value::Text(text)),
                Some(Source::Constant(value)) => Some(Value::Text(value)),
                None => None,
            };
            if let Some(value) = value {
                values.put(FieldId(i as u8), value);
            }
        }
        self.new.format(&values)
    }
}

/// A proven renumbering.
#[derive(Debug, Clone)]
pub struct Plan(Renumbering);

impl Plan {
    /// The new number of `old`.
    ///
    /// # Errors
    /// `InvalidInput` for what is no number of the old rule.
    pub fn renumber(&self, old: &str) -> Result<ReferenceCode, Error> {
        self.0.renumber(old)
    }

    /// The old and the new number of each of `numbers`, one at a time.
    ///
    /// # Errors
    /// Each `InvalidInput` for what is no number of the old rule.
    pub fn apply<'a>(
        &'a self,
        numbers: impl IntoIterator<Item = &'a ReferenceCode> + 'a,
    ) -> impl Iterator<Item = Result<(&'a ReferenceCode, ReferenceCode), Error>> + 'a {
        numbers.into_iter().map(|old| Ok((old, self.0.renumber(old.as_str())?)))
    }
}
