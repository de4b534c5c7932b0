//! Filed papers against a table of the marketing system.

use archive_core::identifier::CustomerNumber;
use archive_core::{Error, ErrorKind};
use archive_reconcile::{Finding, PaperReading, reconcile};
use archive_store::{FilingState, Locator};
use serde::Serialize;

use crate::archive::Archive;
use crate::filing::FiledDocument;
use crate::records::RecordTable;

/// What comparing one row of the table ended in.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum RowComparison {
    /// The customer has filed papers; these are the differences.
    Compared {
        /// The customer.
        customer: CustomerNumber,
        /// The differences, in the schema's order.
        findings: Vec<Finding>,
    },
    /// The system knows the customer and the archive has no papers.
    NoPapers {
        /// The customer.
        customer: CustomerNumber,
    },
}

impl Archive {
    /// Compares every row of `table`, whose key is the customer number, with what was read from that
    /// customer's papers when they were filed.
    ///
    /// The images are not asked again: values are compared in their canonical forms.
    ///
    /// # Errors
    /// Those of the catalogue; `InvalidInput` where a key is no customer number.
    pub fn reconcile(&self, table: &RecordTable) -> Result<Vec<RowComparison>, Error> {
        table
            .iter()
            .map(|(key, record)| {
                let customer: CustomerNumber = key.parse()?;
                let papers = self.papers_of(&customer)?;
                Ok(match papers {
                    Some(papers) => RowComparison::Compared {
                        customer,
                        findings: reconcile(self.schema(), &papers, record),
                    },
                    None => RowComparison::NoPapers { customer },
                })
            })
            .collect()
    }

    /// What was read from a customer's papers; `None` where none are filed.
    pub(crate) fn papers_of(&self, customer: &CustomerNumber) -> Result<Option<Vec<PaperReading>>, Error> {
        let Some(documents) = self.documents_of(customer)? else { return Ok(None) };
        let readings = documents.into_iter().flat_map(|document| {
            let name = document.name;
            document.fields.into_iter().map(move |(field, read)| PaperReading {
                document: name.clone(),
                field,
                value: Some(read.value),
                verdict: None,
                evidence: 0.0,
            })
        });
        Ok(Some(readings.collect()))
    }

    /// The documents of all files of a customer that are in force; `None` where there is no such file.
    pub(crate) fn documents_of(
        &self,
        customer: &CustomerNumber,
    ) -> Result<Option<Vec<FiledDocument>>, Error> {
        let located = match self.catalogue.locate(&Locator::Customer(customer.clone())) {
            Ok(located) => located,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut documents = Vec::new();
        let mut live = 0;
        for file in located.iter().filter(|file| file.filed.state != FilingState::Void) {
            live += 1;
            let of_file: Vec<FiledDocument> = serde_json::from_str(&file.readings).map_err(|e| {
                let object = format!("readings of {} in the catalogue", file.filed.reference);
                Error::new(ErrorKind::Corrupt, object, "cannot be read back").with_source(e)
            })?;
            documents.extend(of_file);
        }
        Ok((live > 0).then_some(documents))
    }
}
