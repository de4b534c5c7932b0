//! Checklists and facts as machine words.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::{BranchCase, Cell, Figures, Row};
use crate::completeness::Requirement;
use crate::completeness::judgement::{Answer, Sight};
use crate::error::{Error, ErrorKind};
use crate::facts::{Comparison, Condition, Fact, FactKind, FactRule, Facts};
use crate::identifier::{DocumentType, FactName, ProcessCode, RoleCode};
use crate::policy::Process;
use crate::record::DocumentForm;

const FLAGS: usize = 64;
const NUMBERS: usize = 4;

/// The facts of one case.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CaseFacts {
    known_flags: u64,
    flags: u64,
    known_numbers: u8,
    /// Thousandths of a quantity, or the index of a word.
    numbers: [i64; NUMBERS],
}

/// Where each fact stands in [`CaseFacts`].
#[derive(Debug)]
pub(super) struct FactIndex {
    flags: BTreeMap<FactName, usize>,
    numbers: BTreeMap<FactName, (usize, Vec<String>)>,
}

impl FactIndex {
    pub(super) fn new(rules: &[FactRule]) -> Result<Self, Error> {
        let mut index = Self { flags: BTreeMap::new(), numbers: BTreeMap::new() };
        for rule in rules {
            match &rule.kind {
                FactKind::Flag => {
                    index.flags.insert(rule.name.clone(), index.flags.len());
                }
                FactKind::Number { .. } => {
                    index.numbers.insert(rule.name.clone(), (index.numbers.len(), Vec::new()));
                }
                FactKind::Choice { of } => {
                    index.numbers.insert(rule.name.clone(), (index.numbers.len(), of.clone()));
                }
                FactKind::Derived(_) => {}
            }
        }
        if index.flags.len() > FLAGS || index.numbers.len() > NUMBERS {
            let message =
                format!("knows more than {FLAGS} flags or more than {NUMBERS} quantities and choices");
            return Err(Error::new(ErrorKind::Unsupported, "matrix of this policy", message));
        }
        Ok(index)
    }

    pub(super) fn values(&self, facts: &Facts) -> CaseFacts {
        let mut values = CaseFacts::default();
        for (name, fact) in facts {
            match fact {
                Fact::Flag(flag) => {
                    if let Some(bit) = self.flags.get(name) {
                        values.known_flags |= 1 << bit;
                        values.flags |= u64::from(*flag) << bit;
                    }
                }
                Fact::Number(_) | Fact::Choice(_) => {
                    let Some((place, words)) = self.numbers.get(name) else { continue };
                    let number = match fact {
                        Fact::Number(number) if words.is_empty() => thousandths(*number),
                        Fact::Choice(word) => {
                            words.iter().position(|w| w == word).and_then(|n| i64::try_from(n).ok())
                        }
                        _ => None,
                    };
                    if let Some(number) = number {
                        values.known_numbers |= 1 << place;
                        values.numbers[*place] = number;
                    }
                }
            }
        }
        values
    }
}

fn thousandths(number: Decimal) -> Option<i64> {
    (number * Decimal::ONE_THOUSAND).to_i64()
}

/// A condition by places instead of names.
#[derive(Debug)]
enum Test {
    Flag(usize),
    Number(usize, Comparison, i64),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
    Unknown,
}

impl Test {
    fn new(condition: &Condition, index: &FactIndex) -> Self {
        match condition {
            Condition::Flag(name) => index.flags.get(name).map_or(Self::Unknown, |bit| Self::Flag(*bit)),
            Condition::Number(name, comparison, bound) => {
                match (index.numbers.get(name), thousandths(*bound)) {
                    (Some((place, _)), Some(bound)) => Self::Number(*place, *comparison, bound),
                    _ => Self::Unknown,
                }
            }
            Condition::Choice { name, word, equal } => {
                let comparison = if *equal { Comparison::Equal } else { Comparison::Unequal };
                let place = index.numbers.get(name).and_then(|(place, words)| {
                    let number = words.iter().position(|w| w == word)?;
                    Some((*place, i64::try_from(number).ok()?))
                });
                place.map_or(Self::Unknown, |(place, number)| Self::Number(place, comparison, number))
            }
            Condition::Not(inner) => Self::Not(Box::new(Self::new(inner, index))),
            Condition::All(parts) => Self::All(parts.iter().map(|p| Self::new(p, index)).collect()),
            Condition::Any(parts) => Self::Any(parts.iter().map(|p| Self::new(p, index)).collect()),
        }
    }

    fn holds(&self, facts: &CaseFacts) -> Option<bool> {
        match self {
            Self::Flag(bit) => (facts.known_flags >> bit & 1 == 1).then_some(facts.flags >> bit & 1 == 1),
            Self::Number(place, comparison, bound) => (facts.known_numbers >> place & 1 == 1)
                .then(|| comparison.holds(&facts.numbers[*place], bound)),
            Self::Not(inner) => inner.holds(facts).map(|holds| !holds),
            Self::All(parts) => {
                let mut answer = Some(true);
                for part in parts {
                    match part.holds(facts) {
                        Some(false) => return Some(false),
                        Some(true) => {}
                        None => answer = None,
                    }
                }
                answer
            }
            Self::Any(parts) => {
                let mut answer = Some(false);
                for part in parts {
                    match part.holds(facts) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => answer = None,
                    }
                }
                answer
            }
            Self::Unknown => None,
        }
    }
}

#[derive(Debug)]
struct Check {
    accepted: u128,
    when: Option<Test>,
    form: Option<DocumentForm>,
    stage: u8,
    commitment: u128,
    within_days: Option<i32>,
    before_stage: Option<u8>,
}

/// The checklist of one process.
#[derive(Debug)]
pub(super) struct CompiledList {
    process: ProcessCode,
    name: String,
    checks: Vec<Check>,
    papers: Vec<(String, RoleCode)>,
}

impl CompiledList {
    pub(super) fn new(process: &Process, types: &BTreeMap<DocumentType, u32>, facts: &FactIndex) -> Self {
        let bits = |wanted: &[DocumentType]| {
            wanted.iter().filter_map(|t| types.get(t)).fold(0_u128, |bits, bit| bits | 1 << bit)
        };
        let check = |r: &Requirement| Check {
            accepted: bits(&r.one_of),
            when: r.when.as_ref().map(|w| Test::new(w, facts)),
            form: r.form,
            stage: u8::try_from(r.stage).unwrap_or(u8::MAX),
            commitment: r.deferral.as_ref().map_or(0, |d| bits(std::slice::from_ref(&d.commitment))),
            within_days: r.deferral.as_ref().and_then(|d| d.within_days).map(i32::from),
            before_stage: r.deferral.as_ref().and_then(|d| d.before_stage).and_then(|s| u8::try_from(s).ok()),
        };
        Self {
            process: process.code.clone(),
            name: process.name.clone(),
            checks: process.requirements.iter().map(check).collect(),
            papers: process.requirements.iter().map(|r| (r.name.clone(), r.by.clone())).collect(),
        }
    }

    pub(super) fn empty_row(&self) -> Row {
        let cell = |(paper, by): &(String, RoleCode)| Cell {
            paper: paper.clone(),
            by: Some(by.clone()),
            ..Cell::default()
        };
        Row {
            process: self.process.clone(),
            name: self.name.clone(),
            figures: Figures::default(),
            cells: self.papers.iter().map(cell).collect(),
        }
    }

    pub(super) fn answers(&self, case: &BranchCase, today: i32) -> impl Iterator<Item = Answer> {
        let held = case.originals | case.copies | case.unsaid;
        self.checks.iter().map(move |check| {
            let right = match check.form {
                None => held,
                Some(DocumentForm::Original) => case.originals,
                Some(DocumentForm::Copy) => case.originals | case.copies,
            };
            let is_late_by_day = check.within_days.is_some_and(|days| case.filed + days < today);
            let all_stages = case.stage == u8::MAX;
            Sight {
                applies: check.when.as_ref().map_or(Some(true), |w| w.holds(&case.facts)),
                due_in_stage: case.stage >= check.stage,
                right_form: right & check.accepted != 0,
                unsaid_form: case.unsaid & check.accepted != 0,
                untyped: case.untyped,
                committed: held & check.commitment != 0,
                late: is_late_by_day
                    || check.before_stage.is_some_and(|limit| !all_stages && case.stage >= limit),
            }
            .answer()
        })
    }
}
