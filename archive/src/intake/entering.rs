//! What the catalogue gets of a filing (number, box key, slots for a new box, documents), and what it gives.

use archive_core::boxing::BoxBeginning;
use archive_core::holding::{BoxKey, CustodyMode};
use archive_core::policy::Process;
use archive_core::record::Carrier;
use archive_core::units::Pages;
use archive_core::{Error, ErrorKind};
use archive_store::{Custody, Event, Filed, FilingEntry};
use chrono::{Datelike, Utc};

use super::{Assessment, as_catalogued};
use crate::archive::Archive;
use crate::filing::{BoxGrowth, FiledDocument, FilingOutcome, FilingRequest, Shelving};
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
                let spines = boxing.beginnings();
                choice = self.choose_slot(&SlotNeed {
                    key: &key,
                    process: &request.process,
                    customer: &request.customer.number,
                    thickness,
                    spines: &spines,
                })?;
                let box_number = self.numbers.box_number(&key)?;
                let slots = Some(choice.candidates());
                let grows = boxing.begin == BoxBeginning::Thinnest;
                Custody::CentralPaper(archive_store::Shelving { thickness, spines, box_number, slots, grows })
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

    /// Whether the box of a file grew for it.
    pub(super) fn growth(&self, filed: &Filed) -> Result<Option<BoxGrowth>, Error> {
        if filed.place.is_none() || self.policy().boxing().begin == BoxBeginning::Widest {
            return Ok(None);
        }
        for entry in self.catalogue.history(&filed.reference)? {
            if let Ok(Event::BoxGrown { from, to, .. }) = entry.event() {
                return Ok(Some(BoxGrowth { from, to }));
            }
        }
        Ok(None)
    }
}

/// What the catalogue and the shelf say of a filing.
pub(super) struct Filing<'a> {
    pub(super) filed: &'a Filed,
    pub(super) custody: CustodyMode,
    pub(super) box_grew: Option<BoxGrowth>,
    pub(super) shelving: Shelving,
}

impl Filing<'_> {
    pub(super) fn outcome(
        self,
        documents: Vec<FiledDocument>,
        assessment: Assessment,
        repeated: bool,
    ) -> FilingOutcome {
        let Self { filed, custody, box_grew, shelving } = self;
        // A file that joined a box, or whose box was moved, stands where another choice put it.
        let slot_choice = assessment.slot_choice.zip(filed.place.as_ref()).and_then(|(mut choice, place)| {
            let chosen = choice.slots().any(|slot| *slot == place.slot);
            choice.number = place.archive_box.number.clone();
            chosen.then_some(choice)
        });
        FilingOutcome {
            key: filed.request.clone(),
            repeated,
            reference_code: filed.reference.clone(),
            custody,
            box_number: filed.place.as_ref().map(|p| p.archive_box.number.clone()),
            slot: filed.place.as_ref().map(|p| p.slot.clone()),
            box_grew,
            shelving,
            policy: filed.policy.clone(),
            documents,
            rejected: assessment.rejected,
            completeness: assessment.completeness,
            findings: assessment.findings,
            duplicates: assessment.duplicates,
            slot_choice,
        }
    }
}
