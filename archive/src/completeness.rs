//! Completeness of what is filed: judged again at any time, for a file, a branch, or under another pack.

use std::collections::HashMap;

use archive_core::Error;
use archive_core::completeness::branch::{Branch, BranchCase, Matrix};
use archive_core::completeness::reminder::{Reminder, reminders_since};
use archive_core::completeness::{Case, Completeness, Holding, State, assess};
use archive_core::holding::CustodyMode;
use archive_core::identifier::{CustomerNumber, ReferenceCode};
use archive_core::policy::{FileSummary, Impact, Policy, impact};
use archive_core::record::CustomerClass;
use archive_store::{FilingState, Located, Locator};
use chrono::NaiveDate;
use serde::Serialize;

use crate::archive::Archive;
use crate::cataloguing::gathering::read_back;
use crate::intake::{CaseFile, stored_case};

/// How many files are read at a time, so that a branch of any size is judged in little memory.
const PAGE: usize = 1000;
/// How many are read at a time where few are asked for.
const LOOKED: usize = 200;
/// After so many files that nobody asked for, what was found is given.
const MOST_LOOKED: usize = 2000;

/// A file, how complete it is, and whom to remind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reminded {
    /// 档号.
    pub reference: ReferenceCode,
    /// 户号.
    pub customer: CustomerNumber,
    /// What to remind of.
    pub reminders: Vec<Reminder>,
}

/// A file and how complete it is.
#[derive(Debug, Clone, PartialEq)]
pub struct AssessedFile {
    /// The file.
    pub file: Located,
    /// Which of its papers are there.
    pub completeness: Completeness,
}

/// Some files and how complete each is.
#[derive(Debug, Clone, PartialEq)]
pub struct AssessedFiles {
    /// In the order of filing.
    pub files: Vec<AssessedFile>,
    /// The place to go on after; `None` at the end.
    pub next: Option<u64>,
}

impl Archive {
    /// How complete each live file is after `place`, in the order of filing, `limit` at most; 0 begins. With `open`, only
    /// those that have not all papers. After two thousand files it gives fewer, with where to go on. A
    /// file that joined another counts with that one, and a process that the policy no longer knows asks for nothing.
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn completeness_after(&self, place: u64, limit: usize, open: bool) -> Result<AssessedFiles, Error> {
        let (mut last, mut looked, mut files) = (place, 0, Vec::new());
        // One more than is asked for tells whether there are more.
        let looked_at_once = if open { LOOKED } else { LOOKED.min(limit.saturating_add(1)) };
        loop {
            let page = self.catalogue.files_after(last, looked_at_once)?;
            if page.is_empty() {
                return Ok(AssessedFiles { files, next: None });
            }
            for (at, file) in page {
                if files.len() == limit || looked == MOST_LOOKED {
                    return Ok(AssessedFiles { files, next: Some(last) });
                }
                (last, looked) = (at, looked + 1);
                files.extend(self.assessed(file, open)?);
            }
        }
    }

    /// How complete each live file of `customer` is; with `open`, only those that have not all papers.
    ///
    /// # Errors
    /// `NotFound` for a customer without files; those of the catalogue.
    pub fn completeness_of(&self, customer: &CustomerNumber, open: bool) -> Result<AssessedFiles, Error> {
        let mut files = Vec::new();
        for file in self.catalogue.locate(&Locator::Customer(customer.clone()))? {
            if file.filed.state != FilingState::Void {
                files.extend(self.assessed(file, open)?);
            }
        }
        Ok(AssessedFiles { files, next: None })
    }

    fn assessed(&self, file: Located, open: bool) -> Result<Option<AssessedFile>, Error> {
        if self.policy().process(&file.filed.process).is_err() || stored_case(&file)?.joins.is_some() {
            return Ok(None);
        }
        let completeness = self.assess_file(&file)?;
        let wanted = !open || completeness.state() != State::Complete;
        Ok(wanted.then_some(AssessedFile { file, completeness }))
    }

    /// How complete the file `reference` is today, under the policy in force.
    ///
    /// # Errors
    /// `NotFound` where no live file bears the number, or the policy no longer knows its process.
    pub fn completeness(&self, reference: &ReferenceCode) -> Result<Completeness, Error> {
        self.assess_file(&self.live_file(reference)?)
    }

    /// The documents of a file and of those that joined it.
    pub(crate) fn held_with(&self, file: &Located) -> Result<Vec<Holding>, Error> {
        let mut held = holdings(file)?;
        for late in self.late_files(&file.filed.reference)? {
            held.extend(holdings(&late)?);
        }
        Ok(held)
    }

    /// How complete `file`, which is live, is today with the papers of its main file.
    pub(crate) fn assess_file(&self, file: &Located) -> Result<Completeness, Error> {
        let case = stored_case(file)?;
        let mut summary = summary(file, &case)?;
        summary.held = match &case.joins {
            Some(main) => self.held_with(&self.live_file(main)?)?,
            None => self.held_with(file)?,
        };
        let process = self.policy().process(&summary.process)?;
        let stage = case.stage.and_then(|stage| process.stage_index(&stage));
        let today = self.today();
        let case =
            Case { held: &summary.held, facts: Some(&summary.facts), stage, filed: summary.filed, today };
        Ok(assess(process, &case))
    }

    /// The completeness of all live files: a matrix of processes and papers, and its figures.
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn completeness_matrix(&self) -> Result<Matrix, Error> {
        let mut holdings = MatrixOfFiles::new(self)?;
        self.each_file(&mut |file| holdings.add(file))?;
        holdings.finish()
    }

    /// 催办: whom to remind of which deferred papers, for every day after `last` up to today.
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn reminders(&self, last: NaiveDate) -> Result<Vec<Reminded>, Error> {
        let today = self.today();
        let mut found = Vec::new();
        self.each_file(&mut |file| {
            if self.policy().process(&file.filed.process).is_err() || stored_case(file)?.joins.is_some() {
                return Ok(());
            }
            let reminders = reminders_since(&self.assess_file(file)?, self.policy().reminders(), last, today);
            if !reminders.is_empty() {
                let (reference, customer) = (file.filed.reference.clone(), file.filed.customer.clone());
                found.push(Reminded { reference, customer, reminders });
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Which live files the pack `new` would touch, before it applies.
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn policy_impact(&self, new: &Policy) -> Result<Impact, Error> {
        let mut summaries = Vec::new();
        self.each_file(&mut |file| {
            summaries.push(summary(file, &stored_case(file)?)?);
            Ok(())
        })?;
        Ok(impact(self.policy(), new, &summaries, self.today()))
    }

    /// Hands every live file to `look`, in the order of filing.
    pub(crate) fn each_file(&self, look: &mut dyn FnMut(&Located) -> Result<(), Error>) -> Result<(), Error> {
        let mut last = 0;
        loop {
            let page = self.catalogue.files_after(last, PAGE)?;
            let Some((place, _)) = page.last() else { return Ok(()) };
            last = *place;
            for (_, file) in &page {
                look(file)?;
            }
        }
    }
}

/// The matrix of some files, taken one after the other.
pub(crate) struct MatrixOfFiles<'a> {
    archive: &'a Archive,
    branch: Branch,
    today: NaiveDate,
    cases: Vec<BranchCase>,
    places: HashMap<ReferenceCode, usize>,
    late: Vec<(ReferenceCode, Vec<Holding>)>,
}

impl<'a> MatrixOfFiles<'a> {
    pub(crate) fn new(archive: &'a Archive) -> Result<Self, Error> {
        let branch = Branch::new(archive.policy())?;
        let (cases, places, late) = (Vec::new(), HashMap::new(), Vec::new());
        Ok(Self { archive, branch, today: archive.today(), cases, places, late })
    }

    /// Takes a live file; one that was taken counts once.
    pub(crate) fn add(&mut self, file: &Located) -> Result<(), Error> {
        let case = stored_case(file)?;
        let summary = summary(file, &case)?;
        if let Some(main) = case.joins {
            self.late.push((main, summary.held));
        } else if let Ok(process) = self.archive.policy().process(&summary.process)
            // A process that the policy no longer knows asks for nothing.
            && !self.places.contains_key(&summary.reference)
        {
            let stage = case.stage.and_then(|stage| process.stage_index(&stage));
            let (held, facts, filed) = (&summary.held[..], Some(&summary.facts), summary.filed);
            self.places.insert(summary.reference, self.cases.len());
            let case = Case { held, facts, stage, filed, today: self.today };
            self.cases.push(self.branch.case(&summary.process, &case)?);
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Matrix, Error> {
        // Late papers count with the file that they joined, which may bear another number since.
        for (main, held) in self.late {
            let now = match self.places.get(&main) {
                Some(&place) => Some(place),
                None => {
                    let found = self.archive.catalogue.locate(&Locator::Reference(main))?;
                    found.first().and_then(|file| self.places.get(&file.filed.reference).copied())
                }
            };
            if let Some(place) = now {
                self.branch.join(&mut self.cases[place], &held);
            }
        }
        Ok(self.branch.matrix(&self.cases, self.today))
    }
}

/// The documents of a file, as a policy asks for them.
fn holdings(file: &Located) -> Result<Vec<Holding>, Error> {
    let documents = read_back(file)?.into_iter();
    Ok(documents.map(|d| Holding { document_type: d.document_type, form: d.form, name: d.name }).collect())
}

/// What of a file matters to a policy.
fn summary(file: &Located, case: &CaseFile) -> Result<FileSummary, Error> {
    // A file from before classes were kept: paper was business.
    let class = case.class.unwrap_or(match file.custody {
        CustodyMode::Electronic => CustomerClass::Residential,
        CustodyMode::CentralPaper => CustomerClass::Business,
    });
    Ok(FileSummary {
        reference: file.filed.reference.clone(),
        class,
        process: file.filed.process.clone(),
        retention: file.filed.key.retention,
        custody: file.custody,
        organisation: file.filed.key.organisation.clone(),
        held: holdings(file)?,
        facts: case.facts.clone(),
        filed: case.date.unwrap_or_else(|| file.filed.filed.date_naive()),
    })
}
