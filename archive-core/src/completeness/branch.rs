//! The completeness of a whole branch: a matrix of processes and papers, and its figures.
//!
//! ```
//! use archive_core::completeness::branch::Branch;
//! use archive_core::completeness::{Case, Holding};
//! use archive_core::policy::Policy;
//!
//! let policy = Policy::reference();
//! let branch = Branch::new(&policy)?;
//! let today = chrono::NaiveDate::from_ymd_opt(2024, 5, 1).unwrap();
//! let held = [Holding::of("dunning_notice".parse()?, "notice.jpg")];
//! let case = branch.case(&"dunning".parse()?, &Case::new(&held, today))?;
//! let matrix = branch.matrix(&[case], today);
//! assert_eq!(matrix.figures.incomplete, 1);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A case becomes a few machine words ([`BranchCase`]), so that a million of them are judged within a
//! second; the judgement itself is the one of [`assess`](super::assess), which a property test holds.

mod compiled;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use self::compiled::{CaseFacts, CompiledList, FactIndex};
use super::judgement::Answer;
use super::{Case, Holding, State, TYPE_LIMIT};
use crate::error::Error;
use crate::facts::Facts;
use crate::identifier::{DocumentType, ProcessCode, RoleCode};
use crate::policy::{Policy, PolicyVersion};
use crate::record::DocumentForm;

/// The checklists of a policy in the form that judges fast.
#[derive(Debug)]
pub struct Branch {
    policy: PolicyVersion,
    types: BTreeMap<DocumentType, u32>,
    facts: FactIndex,
    lists: Vec<CompiledList>,
    processes: BTreeMap<ProcessCode, u16>,
}

/// One case, compact.
#[derive(Debug, Clone, Copy)]
pub struct BranchCase {
    originals: u128,
    copies: u128,
    unsaid: u128,
    facts: CaseFacts,
    filed: i32,
    process: u16,
    stage: u8,
    untyped: bool,
}

/// What became of one paper over all cases of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The paper's name.
    pub paper: String,
    /// Who can put it right.
    pub by: Option<RoleCode>,
    /// In so many cases it is there.
    pub present: u64,
    /// In so many it may come later.
    pub deferred: u64,
    /// In so many its time is over.
    pub overdue: u64,
    /// In so many it is missing.
    pub missing: u64,
    /// In so many nobody can tell.
    pub unverified: u64,
    /// In so many it is not needed (yet).
    pub not_needed: u64,
}

/// One process over all its cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The process.
    pub process: ProcessCode,
    /// Its name for people.
    pub name: String,
    /// How its cases stand.
    pub figures: Figures,
    /// Its papers, in the order of the policy.
    pub cells: Vec<Cell>,
}

/// How many cases stand how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// All.
    pub cases: u64,
    /// With all papers.
    pub complete: u64,
    /// With all papers or commitments.
    pub complete_with_deferrals: u64,
    /// Somebody must look at.
    pub unverified: u64,
    /// With a paper missing or overdue.
    pub incomplete: u64,
}

impl Figures {
    fn add(&mut self, state: State) {
        self.cases += 1;
        *match state {
            State::Complete => &mut self.complete,
            State::CompleteWithDeferrals => &mut self.complete_with_deferrals,
            State::Unverified => &mut self.unverified,
            State::Incomplete => &mut self.incomplete,
        } += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.cases += other.cases;
        self.complete += other.complete;
        self.complete_with_deferrals += other.complete_with_deferrals;
        self.unverified += other.unverified;
        self.incomplete += other.incomplete;
    }
}

/// The matrix of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// The policy that decided.
    pub policy: PolicyVersion,
    /// The day of the answer.
    pub day: NaiveDate,
    /// Over all processes.
    pub figures: Figures,
    /// The processes, by code.
    pub rows: Vec<Row>,
    /// How many papers each role has to put right.
    pub open_by_role: BTreeMap<RoleCode, u64>,
}

impl Branch {
    /// The checklists of `policy`.
    ///
    /// # Errors
    /// `Unsupported` where it asks for more than 64 flags or more than 4 quantities and choices.
    pub fn new(policy: &Policy) -> Result<Self, Error> {
        let facts = FactIndex::new(policy.fact_rules())?;
        let types: BTreeMap<DocumentType, u32> =
            policy.documents().take(TYPE_LIMIT).zip(0..).map(|(d, bit)| (d.code.clone(), bit)).collect();
        let lists = policy.processes().map(|p| CompiledList::new(p, &types, &facts)).collect();
        let processes = policy.processes().zip(0..).map(|(p, index)| (p.code.clone(), index)).collect();
        Ok(Self { policy: policy.version().clone(), types, facts, lists, processes })
    }

    /// A case of `process` in compact form.
    ///
    /// # Errors
    /// `NotFound` where the policy does not know the process.
    pub fn case(&self, process: &ProcessCode, case: &Case<'_>) -> Result<BranchCase, Error> {
        let index = self.processes.get(process).ok_or_else(|| {
            let message = format!("is not in policy {}", self.policy);
            Error::new(crate::ErrorKind::NotFound, format!("process {process}"), message)
        })?;
        let mut compact = BranchCase {
            originals: 0,
            copies: 0,
            unsaid: 0,
            facts: self.facts.values(case.facts.unwrap_or(&Facts::new())),
            filed: case.filed.num_days_from_ce(),
            process: *index,
            stage: case.stage.map_or(u8::MAX, |s| u8::try_from(s).unwrap_or(u8::MAX)),
            untyped: false,
        };
        self.join(&mut compact, case.held);
        Ok(compact)
    }

    /// Counts `held`, which came late, with the papers of `case`.
    pub fn join(&self, case: &mut BranchCase, held: &[Holding]) {
        for held in held {
            // A type that the policy does not know answers nothing, and is known not to.
            let Some(document_type) = &held.document_type else {
                case.untyped = true;
                continue;
            };
            let Some(bit) = self.types.get(document_type) else { continue };
            *match held.form {
                Some(DocumentForm::Original) => &mut case.originals,
                Some(DocumentForm::Copy) => &mut case.copies,
                None => &mut case.unsaid,
            } |= 1 << bit;
        }
    }

    /// How one case stands on the day `today`.
    #[must_use]
    pub fn state(&self, case: &BranchCase, today: NaiveDate) -> State {
        let list = &self.lists[usize::from(case.process)];
        let answers = list.answers(case, today.num_days_from_ce());
        answers.map(state_of).max().unwrap_or(State::Complete)
    }

    /// The matrix of `cases` on the day `today`.
    #[must_use]
    pub fn matrix(&self, cases: &[BranchCase], today: NaiveDate) -> Matrix {
        let mut rows: Vec<Row> = self.lists.iter().map(CompiledList::empty_row).collect();
        let day = today.num_days_from_ce();
        for case in cases {
            let index = usize::from(case.process);
            let row = &mut rows[index];
            let mut worst = State::Complete;
            for (answer, cell) in self.lists[index].answers(case, day).zip(&mut row.cells) {
                *match answer {
                    Answer::NotNeeded => &mut cell.not_needed,
                    Answer::Present => &mut cell.present,
                    Answer::Deferred => &mut cell.deferred,
                    Answer::Overdue => &mut cell.overdue,
                    Answer::Missing => &mut cell.missing,
                    Answer::Unverified(_) => &mut cell.unverified,
                } += 1;
                worst = worst.max(state_of(answer));
            }
            row.figures.add(worst);
        }
        rows.retain(|row| row.figures.cases > 0);
        let mut figures = Figures::default();
        let mut open_by_role: BTreeMap<RoleCode, u64> = BTreeMap::new();
        for row in &rows {
            figures.merge(&row.figures);
            for cell in &row.cells {
                let open = cell.missing + cell.overdue + cell.unverified;
                if let Some(role) = cell.by.as_ref().filter(|_| open > 0) {
                    *open_by_role.entry(role.clone()).or_default() += open;
                }
            }
        }
        Matrix { policy: self.policy.clone(), day: today, figures, rows, open_by_role }
    }
}

fn state_of(answer: Answer) -> State {
    match answer {
        Answer::NotNeeded | Answer::Present => State::Complete,
        Answer::Deferred => State::CompleteWithDeferrals,
        Answer::Unverified(_) => State::Unverified,
        Answer::Overdue | Answer::Missing => State::Incomplete,
    }
}

#[cfg(test)]
mod tests;
