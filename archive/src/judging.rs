//! The marketing system's claims on trial: the images of a customer's papers are asked about each, and what
//! they say together decides whether somebody should look.
//!
//! ```no_run
//! use archive::judging::{RowJudgement, Witness};
//! use archive::records::RecordTable;
//! use archive::{Archive, Config};
//! use archive_reconcile::judgement::Priors;
//! use archive_reconcile::posterior::Costs;
//!
//! let archive = Archive::open(Config::load("holdings".as_ref())?)?;
//! let table = RecordTable::load("system.csv".as_ref(), "account_no")?;
//! // A missed error costs as much as 20 needless looks.
//! let rows = archive.judge(&table, &Priors::default(), Costs::new(20.0)?, Witness::Images)?;
//! for row in rows {
//!     if let RowJudgement::Judged { customer, judgements, .. } = row {
//!         println!("{customer}: {judgements:?}");
//!     }
//! }
//! # Ok::<(), archive::Error>(())
//! ```

use archive_core::Error;
use archive_core::identifier::CustomerNumber;
use archive_core::record::Record;
use archive_reconcile::judgement::{Judgement, Priors, judge};
use archive_reconcile::posterior::Costs;
use archive_reconcile::{Finding, PaperReading, reconcile};
use serde::Serialize;

use crate::archive::Archive;
use crate::filing::FiledDocument;
use crate::intake::{has_fields, is_passing};
use crate::records::RecordTable;

/// Who is asked about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// The images of the papers, read again for the claim: some tenths of a second a page.
    Images,
    /// What was read when the papers were filed; values that differ count as evidence of a fixed size.
    Readings,
}

/// A document that could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Silent {
    /// The document.
    pub document: String,
    /// Why.
    pub reason: String,
}

/// What judging one row of the table ended in.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum RowJudgement {
    /// The customer has filed papers.
    Judged {
        /// The customer.
        customer: CustomerNumber,
        /// How probable it is that each field is wrong, in the schema's order.
        judgements: Vec<Judgement>,
        /// The differences.
        findings: Vec<Finding>,
        /// Documents that could not be asked, which is a finding by itself.
        silent: Vec<Silent>,
    },
    /// The system knows the customer and the archive has no papers.
    NoPapers {
        /// The customer.
        customer: CustomerNumber,
    },
}

impl Archive {
    /// Judges every row of `table`, whose key is the customer number, by that customer's papers.
    ///
    /// # Errors
    /// Those of the catalogue; `InvalidInput` where a key is no customer number; `Unavailable` where images are
    /// asked and engine or models are out of reach. A document that is damaged or cannot be read is silent, and
    /// the others are asked.
    pub fn judge(
        &self,
        table: &RecordTable,
        priors: &Priors,
        costs: Costs,
        witness: Witness,
    ) -> Result<Vec<RowJudgement>, Error> {
        let rows = table.iter().map(|(key, record)| {
            let customer: CustomerNumber = key.parse()?;
            let Some(documents) = self.documents_of(&customer)? else {
                return Ok(RowJudgement::NoPapers { customer });
            };
            let mut silent = Vec::new();
            let papers = match witness {
                Witness::Images => self.ask(&documents, record, &mut silent)?,
                Witness::Readings => self.papers_of(&customer)?.unwrap_or_default(),
            };
            let judgements = judge(self.schema(), &papers, record, priors, costs);
            let findings = reconcile(self.schema(), &papers, record);
            Ok(RowJudgement::Judged { customer, judgements, findings, silent })
        });
        rows.collect()
    }

    /// What the images of `documents` say of each claim of `record`.
    fn ask(
        &self,
        documents: &[FiledDocument],
        record: &Record,
        silent: &mut Vec<Silent>,
    ) -> Result<Vec<PaperReading>, Error> {
        let mut papers = Vec::new();
        for document in documents {
            if !document.format.is_some_and(|format| has_fields(document.carrier, format)) {
                continue;
            }
            let reading = self
                .content
                .load(&document.content, &document.digest)
                .and_then(|bytes| self.read_pages(&document.name, bytes));
            let reading = match reading {
                Ok(reading) => reading,
                // A fault of this machine says nothing of the paper.
                Err(error) if is_passing(error.kind()) => return Err(error),
                Err(error) => {
                    silent.push(Silent { document: document.name.clone(), reason: error.report() });
                    continue;
                }
            };
            let claims = record.iter().filter(|(field, _)| reading.fields.contains_key(*field));
            papers.extend(claims.map(|(field, claim)| {
                let evidence = reading.verify(field, claim);
                PaperReading {
                    document: document.name.clone(),
                    field: field.clone(),
                    value: evidence.read,
                    verdict: Some(evidence.verdict),
                    evidence: evidence.suspicion,
                }
            }));
        }
        Ok(papers)
    }
}
