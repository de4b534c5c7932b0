//! What a report shows, gathered from the catalogue: which file and paper each finding is about.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use archive_core::Error;
use archive_core::identifier::CustomerNumber;
use archive_reconcile::Finding;
use archive_reconcile::judgement::Judgement;
use archive_store::{FilingState, Located, Locator};

use super::pictures::Pictures;
use super::{Exception, FileState, Picture, Report, Subject};
use crate::archive::Archive;
use crate::cataloguing::gathering::read_back;
use crate::comparison::RowComparison;
use crate::completeness::MatrixOfFiles;
use crate::filing::{FiledDocument, FilingOutcome};
use crate::judging::RowJudgement;

/// A finding before it is known whether the page has room for it.
struct Found<'a> {
    finding: &'a Finding,
    probability: Option<f64>,
    file: usize,
}

/// A file with what was read from its papers.
struct ReadFile {
    located: Located,
    documents: Vec<FiledDocument>,
}

impl Archive {
    /// Writes the exception page on `outcomes` into `directory`; gives its path.
    ///
    /// # Errors
    /// Those of the catalogue and of writing files. A document whose image is missing or damaged is shown
    /// without its picture.
    pub fn report_filings(&self, directory: &Path, outcomes: &[FilingOutcome]) -> Result<PathBuf, Error> {
        let mut gathering = Gathering::new(self)?;
        for outcome in outcomes {
            let located = gathering.live(&Locator::Reference(outcome.reference_code.clone()))?;
            let found: Vec<_> = outcome.findings.iter().map(|f| (f, None)).collect();
            let from = gathering.add(located, &found)?;
            if let Some(file) = gathering.report.files.get_mut(from) {
                // What the filing said: the papers of this request, also where it joined another file.
                file.papers.clone_from(&outcome.completeness.items);
                file.rejected.clone_from(&outcome.rejected);
                file.shelving = Some(outcome.shelving.clone());
            }
        }
        gathering.report.compared = outcomes.len();
        gathering.write(directory)
    }

    /// Writes the exception page on what judging a table said into `directory`; gives its path.
    ///
    /// # Errors
    /// As [`Archive::report_filings`].
    pub fn report_judgements(&self, directory: &Path, rows: &[RowJudgement]) -> Result<PathBuf, Error> {
        let mut gathering = Gathering::new(self)?;
        for row in rows {
            match row {
                RowJudgement::Judged { customer, judgements, findings, silent } => {
                    let probability = |f: &Finding| {
                        let of_field = |j: &&Judgement| j.field == f.field;
                        judgements.iter().find(of_field).map(|j| j.posterior)
                    };
                    let found: Vec<_> = findings.iter().map(|f| (f, probability(f))).collect();
                    gathering.add_customer(customer, &found)?;
                    gathering.report.silent.extend(silent.iter().cloned());
                }
                RowJudgement::NoPapers { customer } => {
                    gathering.report.without_papers.push(customer.clone());
                }
            }
        }
        gathering.write(directory)
    }

    /// Writes the exception page on what comparing a table said into `directory`; gives its path.
    ///
    /// # Errors
    /// As [`Archive::report_filings`].
    pub fn report_comparisons(&self, directory: &Path, rows: &[RowComparison]) -> Result<PathBuf, Error> {
        let mut gathering = Gathering::new(self)?;
        for row in rows {
            match row {
                RowComparison::Compared { customer, findings } => {
                    let found: Vec<_> = findings.iter().map(|f| (f, None)).collect();
                    gathering.add_customer(customer, &found)?;
                }
                RowComparison::NoPapers { customer } => {
                    gathering.report.without_papers.push(customer.clone());
                }
            }
        }
        gathering.write(directory)
    }
}

struct Gathering<'a> {
    archive: &'a Archive,
    report: Report,
    files: Vec<ReadFile>,
    found: Vec<Found<'a>>,
    papers: MatrixOfFiles<'a>,
}

impl<'a> Gathering<'a> {
    fn new(archive: &'a Archive) -> Result<Self, Error> {
        let report = Report {
            archive: archive.catalogue.checkpoint()?,
            made: archive.today(),
            compared: 0,
            without_papers: Vec::new(),
            silent: Vec::new(),
            exceptions: Vec::new(),
            left_out: 0,
            files: Vec::new(),
            completeness: None,
        };
        let papers = MatrixOfFiles::new(archive)?;
        Ok(Self { archive, report, files: Vec::new(), found: Vec::new(), papers })
    }

    fn add_customer(
        &mut self,
        customer: &CustomerNumber,
        found: &[(&'a Finding, Option<f64>)],
    ) -> Result<(), Error> {
        self.report.compared += 1;
        let located = self.live(&Locator::Customer(customer.clone()))?;
        if !found.is_empty() {
            self.add(located, found)?;
        }
        Ok(())
    }

    /// The live files that go by `locator`, whose papers count in the matrix.
    fn live(&mut self, locator: &Locator) -> Result<Vec<Located>, Error> {
        let mut located = self.archive.catalogue.locate(locator)?;
        located.retain(|file| file.filed.state != FilingState::Void);
        located.iter().try_for_each(|file| self.papers.add(file))?;
        Ok(located)
    }

    /// Takes findings of papers that lie in one of the files `located`; gives the place of the first file.
    fn add(&mut self, located: Vec<Located>, found: &[(&'a Finding, Option<f64>)]) -> Result<usize, Error> {
        let from = self.files.len();
        for located in located {
            let documents = read_back(&located)?;
            self.report.files.push(self.state_of(&located)?);
            self.files.push(ReadFile { located, documents });
        }
        let files = &self.files[from..];
        for (finding, probability) in found {
            // Papers of several files of a customer may bear the same name: the one that shows the value.
            let shows = |d: &FiledDocument| {
                let read = d.fields.get(&finding.field).map(|read| &read.value);
                d.name == finding.document && read == finding.paper.as_ref()
            };
            let place = files
                .iter()
                .position(|f| f.documents.iter().any(shows))
                .or_else(|| files.iter().position(|f| f.documents.iter().any(|d| d.name == finding.document)))
                .unwrap_or(0);
            if !files.is_empty() {
                self.found.push(Found { finding, probability: *probability, file: from + place });
            }
        }
        Ok(from)
    }

    fn state_of(&self, located: &Located) -> Result<FileState, Error> {
        let filed = &located.filed;
        // A process that the policy no longer knows asks for nothing.
        let papers = match self.archive.policy().process(&filed.process) {
            Ok(_) => self.archive.assess_file(located)?.items,
            Err(_) => Vec::new(),
        };
        Ok(FileState {
            reference: filed.reference.clone(),
            customer: filed.customer.clone(),
            process: filed.process.clone(),
            request: filed.request.clone(),
            box_number: filed.place.as_ref().map(|p| p.archive_box.number.clone()),
            slot: filed.place.as_ref().map(|p| p.slot.clone()),
            shelving: None,
            policy: filed.policy.clone(),
            papers,
            rejected: Vec::new(),
        })
    }

    fn write(mut self, directory: &Path) -> Result<PathBuf, Error> {
        let mut pictures = Pictures::new(self.archive, directory)?;
        self.found.sort_by_key(|f| std::cmp::Reverse(f.finding.severity));
        self.report.left_out = self.found.len().saturating_sub(Report::EXCEPTION_LIMIT);
        let shown = self.found.iter().take(Report::EXCEPTION_LIMIT);
        let mut seen = BTreeSet::new();
        for found in shown {
            let exception = exception(found, &self.files[found.file], &mut pictures);
            // A table that names a customer twice has each of its findings twice.
            if seen.insert(exception.id.clone()) {
                self.report.exceptions.push(exception);
            }
        }
        self.report.completeness = Some(self.papers.finish()?);
        self.report.write(directory)
    }
}

fn exception(found: &Found<'_>, file: &ReadFile, pictures: &mut Pictures<'_>) -> Exception {
    let (finding, filed) = (found.finding, &file.located.filed);
    let subject = Subject::new(filed.reference.clone(), filed.customer.clone(), finding);
    let named = |d: &&FiledDocument| d.name == finding.document;
    let document = file.documents.iter().find(named);
    let read = document.and_then(|d| d.fields.get(&finding.field));
    let picture = match document {
        Some(document) => pictures.of(document, read.map_or(0, |r| r.page), read.map(|r| r.region)),
        None => {
            Picture::Absent { reason: format!("{} is not among the papers of the file", finding.document) }
        }
    };
    Exception {
        id: subject.id(),
        subject,
        label: finding.label.clone(),
        site: filed.place.as_ref().map(|p| p.slot.site().to_owned()),
        day: filed.filed.date_naive(),
        evidence: finding.evidence,
        probability: found.probability,
        confidence: read.map(|r| r.confidence),
        printed: read.map(|r| r.text.clone()),
        picture,
    }
}
