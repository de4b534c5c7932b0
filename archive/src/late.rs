//! Late documents (补归): papers that join a file which is there already, until it is closed (办结).

use archive_core::identifier::{ReferenceCode, RequestKey};
use archive_core::{Error, ErrorKind};
use archive_store::{Closing, FilingState, Located, Locator};
use chrono::Utc;

use crate::archive::Archive;
use crate::filing::{FilingOutcome, FilingRequest, SubmittedDocument};
use crate::intake::stored_case;

impl Archive {
    /// Adds documents to the file `reference`. They get an item number of their own in the same class, and the
    /// catalogue ties them to the file: completeness is judged over all of them together, a hold binds and a
    /// disposal takes them together. The same request again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown file; `InvalidInput` where it joined another itself; `Refused` where it was
    /// closed; those of [`Archive::file`].
    pub fn join(
        &self,
        reference: &ReferenceCode,
        key: RequestKey,
        documents: Vec<SubmittedDocument>,
    ) -> Result<FilingOutcome, Error> {
        let file = self.live_file(reference)?;
        let case = stored_case(&file)?;
        if let Some(main) = &case.joins {
            let message = format!("joined {main} itself: name that one");
            return Err(Error::invalid(format!("file {reference}"), message));
        }
        let (Some(class), Some(date)) = (case.class, case.date) else {
            let message = "was filed before its case was kept: file the documents as a process of their own";
            return Err(Error::new(ErrorKind::Unsupported, format!("file {reference}"), message));
        };
        let request = FilingRequest {
            key,
            customer: archive_core::record::Customer {
                number: file.filed.customer.clone(),
                name: case.name.clone(),
                class,
            },
            process: file.filed.process.clone(),
            date,
            stage: case.stage,
            documents,
            record: archive_core::record::Record::default(),
            facts: case.facts,
        };
        self.file_joining(&request, self.config.reading, Some(reference))
    }

    /// 办结: closes a file; it takes no more documents. Closing again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown file; `Conflict` where it is void or joined another itself; `InvalidInput`
    /// without a person or a reason.
    pub fn close_file(&self, reference: &ReferenceCode, by: &str, reason: &str) -> Result<Closing, Error> {
        self.catalogue.close(reference, by.trim(), reason.trim(), Utc::now())
    }

    /// Refuses a file that takes no more documents, before they are read.
    pub(crate) fn refuse_if_closed(&self, reference: &ReferenceCode) -> Result<(), Error> {
        match self.catalogue.closing(reference)? {
            None => Ok(()),
            Some(closing) => {
                let day = closing.when.date_naive();
                let message = format!("was closed on {day}: file the documents as a process of their own");
                Err(Error::new(ErrorKind::Refused, format!("file {reference}"), message))
            }
        }
    }

    /// The live files of late documents that joined the file `reference`, oldest first.
    ///
    /// # Errors
    /// `NotFound` for an unknown file.
    pub fn late_files(&self, reference: &ReferenceCode) -> Result<Vec<Located>, Error> {
        let mut late = self.catalogue.locate(&Locator::Joins(reference.clone()))?;
        late.retain(|file| file.filed.state != FilingState::Void);
        Ok(late)
    }

    /// The live file that bears `reference`, or that it joined.
    pub(crate) fn main_file(&self, reference: &ReferenceCode) -> Result<Located, Error> {
        let file = self.live_file(reference)?;
        match stored_case(&file)?.joins {
            Some(main) => self.live_file(&main),
            None => Ok(file),
        }
    }
}
