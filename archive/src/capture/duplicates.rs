//! Documents that are there already: by their bytes, or by their look.

use std::collections::BTreeSet;

use archive_core::identifier::{DocumentId, ReferenceCode};
use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};
use archive_store::{FilingState, Located, Locator, Search};
use serde::{Deserialize, Serialize};

use super::Look;
use crate::archive::Archive;
use crate::cataloguing::gathering::read_back;
use crate::filing::{FiledDocument, FilingRequest};

/// How a document is like another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Likeness {
    /// Byte by byte.
    Content,
    /// It looks like it, in all but so many of 512 bits: a hint for a person.
    Look {
        /// The bits.
        distance: u32,
    },
}

/// A document that is like another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// The file name of the document that came in.
    pub document: String,
    /// The document that it is like.
    pub of: DocumentId,
    /// The file that holds that one; none where it came in with the same request.
    pub file: Option<ReferenceCode>,
    /// How.
    #[serde(flatten)]
    pub likeness: Likeness,
}

impl Archive {
    /// The documents of `request` that are like one another, like one of the customer's files, or byte
    /// by byte like any document of the catalogue. Only content that is `known`, since it was kept
    /// before, is looked for in other customers' files.
    pub(crate) fn duplicates(
        &self,
        request: &FilingRequest,
        documents: &[FiledDocument],
        known: &BTreeSet<Digest>,
    ) -> Result<Vec<Duplicate>, Error> {
        let mut found = Vec::new();
        for (index, document) in documents.iter().enumerate() {
            for earlier in &documents[..index] {
                found.extend(compare(document, &earlier.id, earlier.digest, earlier.look, None));
            }
        }
        let customer = Locator::Customer(request.customer.number.clone());
        let files = match self.catalogue.locate(&customer) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        for file in files.iter().filter(|f| f.filed.state != FilingState::Void) {
            for held in read_back(file)? {
                let reference = Some(&file.filed.reference);
                for document in documents {
                    found.extend(compare(document, &held.id, held.digest, held.look, reference));
                }
            }
        }
        self.add_elsewhere(documents, known, &files, &mut found)?;
        Ok(found)
    }

    /// The same bytes in another customer's file are found by the digest in the search index.
    fn add_elsewhere(
        &self,
        documents: &[FiledDocument],
        known: &BTreeSet<Digest>,
        own: &[Located],
        found: &mut Vec<Duplicate>,
    ) -> Result<(), Error> {
        for document in documents.iter().filter(|d| known.contains(&d.digest)) {
            let search = Search { limit: 8, ..Search::words(document.digest.to_string()) };
            for filed in self.catalogue.search(&search)? {
                if filed.state == FilingState::Void
                    || own.iter().any(|f| f.filed.reference == filed.reference)
                {
                    continue;
                }
                for file in self.catalogue.locate(&Locator::Reference(filed.reference.clone()))? {
                    for held in read_back(&file)?.into_iter().filter(|h| h.digest == document.digest) {
                        let reference = Some(&file.filed.reference);
                        found.extend(compare(document, &held.id, held.digest, None, reference));
                    }
                }
            }
        }
        Ok(())
    }
}

fn compare(
    document: &FiledDocument,
    of: &DocumentId,
    digest: Digest,
    look: Option<Look>,
    file: Option<&ReferenceCode>,
) -> Option<Duplicate> {
    let likeness = if document.digest == digest {
        Likeness::Content
    } else {
        let distance = document.look?.distance(look?);
        (distance < Look::SAME).then_some(Likeness::Look { distance })?
    };
    Some(Duplicate { document: document.name.clone(), of: of.clone(), file: file.cloned(), likeness })
}
