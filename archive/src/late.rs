//! Late documents (补归): papers that join a file which is there already.

use archive_core::identifier::{ReferenceCode, RequestKey};
use archive_core::{Error, ErrorKind};

use crate::archive::Archive;
use crate::filing::{FilingOutcome, FilingRequest, SubmittedDocument};
use crate::intake::stored_case;

impl Archive {
    /// Adds documents to the file `reference`. They get an item number of their own in the same class, tied
    /// to the file, which the log of the file cannot be made to say otherwise; completeness is judged over
    /// all of them together.
    ///
    /// # Errors
    /// `NotFound` for an unknown file; `Refused` where it was closed; those of [`Archive::file`].
    pub fn join(
        &self,
        reference: &ReferenceCode,
        key: RequestKey,
        documents: Vec<SubmittedDocument>,
    ) -> Result<FilingOutcome, Error> {
        let file = self.live_file(reference)?;
        if self.is_closed(reference)? {
            let message = "was closed and takes no more documents: file them as a process of their own";
            return Err(Error::new(ErrorKind::Refused, format!("file {reference}"), message));
        }
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
}
