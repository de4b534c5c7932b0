//! What the catalogue gets of a filing: number, box key, slots for a new box, documents.

use archive_core::holding::{BoxKey, CustodyMode};
use archive_core::policy::Process;
use archive_core::record::Carrier;
use archive_core::units::{Millimetres, Pages};
use archive_core::{Error, ErrorKind};
use archive_store::{Custody, Filed, FilingEntry};
use chrono::{Datelike, Utc};

use super::{Assessment, as_catalogued};
use crate::archive::Archive;
use crate::filing::{FiledDocument, FilingRequest};
use crate::slots::{SlotChoice, SlotNeed};

impl Archive {
    /// Enters a filing in the catalogue. Where its slots went while they were chosen, others are chosen: each
    /// time somebody else got one, so that this ends with the slots at the latest.
    pub(super) fn enter(
        &self,
        request: &FilingRequest,
        process: &Process,
        documents: &[FiledDocument],
        assessment: &mut Assessment,
    ) -> Result<Filed, Error> {
        loop {
            let (entry, choice) = self.entry(request, process, documents, assessment)?;
            match self.catalogue.file(entry) {
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    if !self.slots_went(&choice)? {
                        return Err(match choice.refused {
                            Some(refused) => error.with_source(refused),
                            None => error,
                        });
                    }
                }
                other => return other,
            }
        }
    }

    fn entry(
        &self,
        request: &FilingRequest,
        process: &Process,
        documents: &[FiledDocument],
        assessment: &mut Assessment,
    ) -> Result<(FilingEntry, SlotChoice), Error> {
        let policy = self.policy();
        let year = u16::try_from(request.date.year()).map_err(|_| {
            Error::invalid(format!("request {}", request.key), format!("has the date {}", request.date))
        })?;
        let key = BoxKey {
            fonds: policy.fonds().clone(),
            year,
            retention: policy
                .retention(process, documents.iter().filter_map(|d| d.document_type.as_ref()))
                .period,
            organisation: policy.grouping(request.customer.class, process),
        };
        // What was born digital takes no shelf.
        let papers = documents.iter().filter(|d| d.carrier == Carrier::Paper);
        let pages: Vec<Pages> = papers.map(|d| d.pages).collect();
        let mut choice = SlotChoice::default();
        let custody = match policy.custody(request.customer.class) {
            CustodyMode::CentralPaper if !pages.is_empty() => {
                let boxing = policy.boxing();
                let thickness = boxing.thickness(&pages);
                // A wide box takes many customers' files before the next one is begun.
                let spines: Vec<Millimetres> = boxing.spines.iter().rev().copied().collect();
                choice = self.choose_slot(&SlotNeed {
                    key: &key,
                    process: &request.process,
                    customer: &request.customer.number,
                    thickness,
                    spines: &spines,
                })?;
                let box_number = self.numbers.box_number(&key)?;
                let slots = Some(choice.candidates());
                Custody::CentralPaper(archive_store::Shelving { thickness, spines, box_number, slots })
            }
            _ => Custody::Electronic,
        };
        assessment.slot_choice = choice.reason();
        let json = |what: &str, value: serde_json::Result<String>| {
            value.map_err(|e| Error::new(ErrorKind::Internal, what, "cannot be written").with_source(e))
        };
        let entry = FilingEntry {
            request: request.key.clone(),
            digest: assessment.request,
            when: Utc::now(),
            expires: None,
            customer: request.customer.number.clone(),
            process: request.process.clone(),
            system_record: request.customer.number.as_str().parse()?,
            number: self.numbers.file_number(&key)?,
            key,
            policy: policy.version().clone(),
            documents: documents.iter().map(as_catalogued).collect(),
            readings: json("readings", serde_json::to_string(documents))?,
            findings: json("findings", serde_json::to_string(assessment))?,
            custody,
            joins: assessment.case.joins.clone(),
        };
        Ok((entry, choice))
    }
}
