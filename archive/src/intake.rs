//! The one call: capture, read, verify, assess, file, shelve.

mod entering;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use archive_core::completeness::{Case, Completeness, Holding, assess};
use archive_core::holding::CustodyMode;
use archive_core::identifier::ReferenceCode;
use archive_core::policy::Process;
use archive_core::record::{Carrier, Digest, Document, Record};
use archive_core::units::Pages;
use archive_core::{Error, ErrorKind};
use archive_ocr::pdf::PdfRenderer;
use archive_ocr::{DocumentFinding, DocumentReading, PageFiles, PageImage, ReadOptions};
use archive_reconcile::{Finding, PaperReading, reconcile};
use archive_shelving::plan::slot_choice::Proposal;
use archive_store::{Filed, Located, Locator};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::archive::Archive;
use crate::capture::{self, Duplicate, Format, Look, PdfFacts};
use crate::config::Reading;
use crate::content;
use crate::filing::{
    FiledDocument, FilingOutcome, FilingRequest, ReadField, RejectedDocument, SubmittedDocument,
};

/// What the catalogue keeps of a filing beside its own columns, as JSON.
#[derive(Serialize, Deserialize)]
struct Assessment {
    request: Digest,
    rejected: Vec<RejectedDocument>,
    completeness: Completeness,
    findings: Vec<Finding>,
    #[serde(default)]
    duplicates: Vec<Duplicate>,
    /// What was proposed for a new box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot_choice: Option<Proposal>,
    /// What was said of the case, so that it can be judged again.
    #[serde(default)]
    case: CaseFile,
}

/// What of a request decides completeness, beside its documents.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CaseFile {
    /// The class of the customer; none where it was filed before it was kept.
    pub(crate) class: Option<archive_core::record::CustomerClass>,
    /// 户名, as the marketing system held it.
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) facts: archive_core::facts::Facts,
    pub(crate) stage: Option<archive_core::identifier::StageCode>,
    pub(crate) date: Option<NaiveDate>,
    /// The file that these papers join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) joins: Option<ReferenceCode>,
}

impl Archive {
    /// Files a customer's papers: keeps and reads them, checks them against the record and for
    /// completeness, gives the archive number, box and slot, and has the box put on the shelf.
    ///
    /// The same request again under the same key changes nothing and gives the same answer, with
    /// [`FilingOutcome::repeated`] set; where its box is not on the shelf yet, the call goes on from
    /// there. A document that cannot be read is rejected by itself and the others are filed.
    ///
    /// # Errors
    /// - `InvalidInput`: the request contradicts itself, or none of its documents can be read.
    /// - `NotFound`: the policy does not know the process.
    /// - `Conflict`: the key was used for another request, or shelves or numbers are exhausted.
    /// - `Unavailable`: models, catalogue or disk are out of reach; the same call again goes on.
    pub fn file(&self, request: &FilingRequest) -> Result<FilingOutcome, Error> {
        self.file_as(request, self.config.reading)
    }

    /// Files a customer's papers, reading pages as `reading` says.
    pub(crate) fn file_as(&self, request: &FilingRequest, reading: Reading) -> Result<FilingOutcome, Error> {
        self.file_joining(request, reading, None)
    }

    /// Files papers that are a file of their own, or that join one.
    pub(crate) fn file_joining(
        &self,
        request: &FilingRequest,
        reading: Reading,
        joins: Option<&ReferenceCode>,
    ) -> Result<FilingOutcome, Error> {
        let today = self.today();
        request.check(today)?;
        let process = self.policy().process(&request.process)?;
        let stage = stage_of(request, process)?;
        self.policy().check_facts(&request.facts)?;
        let digest = request.digest()?;
        if let Some(outcome) = self.repeat(request, &digest)? {
            return Ok(outcome);
        }
        joins.map_or(Ok(()), |main| self.refuse_if_closed(main))?;

        let mut documents = Vec::new();
        let mut rejected = Vec::new();
        for (index, submitted) in request.documents.iter().enumerate() {
            match self.capture(submitted, &request.record, reading) {
                Ok(captured) => documents.push((index, captured)),
                // A fault of this machine is no fault of the document: nothing is filed without it.
                Err(error) if is_passing(error.kind()) => return Err(error),
                Err(error) => rejected.push(RejectedDocument {
                    name: file_name(&submitted.path),
                    kind: error.kind().to_string(),
                    message: error.report(),
                }),
            }
        }
        if documents.is_empty() {
            let reasons: Vec<&str> = rejected.iter().map(|r| r.message.as_str()).collect();
            let object = format!("request {}", request.key);
            return Err(Error::invalid(object, format!("has no readable document: {}", reasons.join("; "))));
        }
        let known: BTreeSet<Digest> =
            documents.iter().filter(|(_, c)| c.was_known).map(|(_, c)| c.digest).collect();
        let documents: Vec<FiledDocument> = documents
            .into_iter()
            .map(|(index, captured)| captured.into_document(&digest, index))
            .collect::<Result<_, _>>()?;

        let mut held = holdings(&documents, &rejected);
        if let Some(main) = joins {
            held.extend(self.held_with(&self.live_file(main)?)?);
        }
        let case = Case { held: &held, facts: Some(&request.facts), stage, filed: request.date, today };
        let completeness = assess(process, &case);
        let duplicates = self.duplicates(request, &documents, &known)?;
        let findings = reconcile(self.schema(), &paper_readings(&documents), &request.record);
        let case = CaseFile {
            class: Some(request.customer.class),
            name: request.customer.name.clone(),
            facts: request.facts.clone(),
            stage: request.stage.clone(),
            date: Some(request.date),
            joins: joins.cloned(),
        };
        let slot_choice = None;
        let mut assessment =
            Assessment { request: digest, rejected, completeness, findings, duplicates, slot_choice, case };
        let filed = self.enter(request, process, &documents, &mut assessment)?;
        self.keep_what_went(request, documents.iter().filter(|d| known.contains(&d.digest)))?;
        tracing::info!(request = %request.key, reference = %filed.reference, "filed");
        if filed.already {
            // Another call with this key was faster; its answer is the answer.
            return self.repeat(request, &digest)?.ok_or_else(|| {
                Error::new(
                    ErrorKind::Internal,
                    format!("request {}", request.key),
                    "vanished from the catalogue",
                )
            });
        }
        let shelving = self.shelve(&filed)?;
        let custody = custody_of(&filed);
        let filing = entering::Filing { filed: &filed, custody, box_grew: self.growth(&filed)?, shelving };
        Ok(filing.outcome(documents, assessment, false))
    }

    /// Content that was there already may have gone with a file that was destroyed meanwhile. Now that a file
    /// is entered that needs it, it stays.
    fn keep_what_went<'a>(
        &self,
        request: &FilingRequest,
        known: impl Iterator<Item = &'a FiledDocument>,
    ) -> Result<(), Error> {
        for document in known {
            let extension = document.content.extension().and_then(|e| e.to_str()).unwrap_or("bin");
            if self.content.has(&document.digest, extension)? {
                continue;
            }
            for submitted in request.documents.iter().filter(|d| file_name(&d.path) == document.name) {
                let bytes = content::read(&submitted.path)?;
                if content::digest(&bytes) == document.digest {
                    self.content.keep(&document.digest, extension, &bytes)?;
                }
            }
        }
        Ok(())
    }

    /// The answer to a request that was filed before; `None` where it was not.
    fn repeat(&self, request: &FilingRequest, digest: &Digest) -> Result<Option<FilingOutcome>, Error> {
        let Some(located) = self.located(request)? else { return Ok(None) };
        let conflict =
            |message: &str| Err(Error::new(ErrorKind::Conflict, format!("request {}", request.key), message));
        let (documents, assessment) = stored(&located)?;
        if assessment.request != *digest {
            return conflict("was filed with other content; use a new key for a new request");
        }
        for (path, document) in request.documents.iter().map(|d| &d.path).flat_map(|path| {
            let name = file_name(path);
            documents.iter().find(|d| d.name == name).map(|d| (path, d))
        }) {
            // The caller may have removed its scans since; what is still there must be the same.
            if content::read(path).is_ok_and(|bytes| content::digest(&bytes) != document.digest) {
                return conflict(&format!("was filed with another {}; use a new key", document.name));
            }
        }
        let shelving = self.shelve(&located.filed)?;
        let (filed, custody) = (&located.filed, located.custody);
        let filing = entering::Filing { filed, custody, box_grew: self.growth(filed)?, shelving };
        Ok(Some(filing.outcome(documents, assessment, true)))
    }

    fn located(&self, request: &FilingRequest) -> Result<Option<Located>, Error> {
        match self.catalogue.locate(&Locator::Request(request.key.clone())) {
            Ok(mut found) => Ok(found.pop()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps one document's content and reads it.
    fn capture(
        &self,
        submitted: &SubmittedDocument,
        record: &Record,
        reading: Reading,
    ) -> Result<Captured, Error> {
        let path = &submitted.path;
        let name = path.display().to_string();
        let bytes = content::read(path)?;
        let format = capture::identify(&name, &bytes)?;
        let carrier = submitted.carrier.unwrap_or(format.carrier());
        if !format.may_be_on(carrier) {
            let message = format!("is {format:?}, which is not on the carrier {carrier:?} that is claimed");
            return Err(Error::invalid(name, message));
        }
        if submitted.pages == Some(Pages(0)) {
            return Err(Error::invalid(name, "is said to have no pages; give 1 or more, or leave it out"));
        }
        let digest = content::digest(&bytes);
        let mut captured = Captured {
            name: file_name(path),
            digest,
            content: PathBuf::new(),
            was_known: false,
            document_type: submitted.document_type.clone(),
            form: submitted.form,
            carrier,
            format,
            pages: submitted.pages.unwrap_or(Pages(1)),
            look: None,
            fields: BTreeMap::new(),
            findings: Vec::new(),
        };
        if format == Format::Pdf {
            let facts = PdfFacts::of(&name, &bytes)?;
            if facts.encrypted {
                return Err(Error::invalid(
                    name,
                    "is an encrypted PDF, which nobody may be able to open one day",
                ));
            }
            captured.pages = submitted.pages.unwrap_or(facts.pages);
        }
        if has_fields(carrier, format) && reading == Reading::Pages {
            let reading = self.read_pages(&name, bytes.clone())?;
            // What the caller knows goes before what a title seems to say.
            captured.document_type = captured.document_type.or_else(|| reading.document_type.clone());
            captured.pages =
                submitted.pages.unwrap_or(Pages(u32::try_from(reading.pages.len()).unwrap_or(u32::MAX)));
            captured.fields = reading
                .fields
                .keys()
                .map(|field| (field.clone(), read_field(&reading, field, record)))
                .collect();
            captured.findings = reading.findings;
            // A document of several pages has no single look.
            captured.look = PageImage::from_bytes(&name, &bytes)
                .ok()
                .map(|image| Look::of(image.width(), image.height(), image.plane()));
        }
        captured.was_known = self.content.has(&digest, format.extension())?;
        captured.content = self.content.keep(&digest, format.extension(), &bytes)?;
        tracing::info!(document = %name, %digest, fields = captured.fields.len(), "kept and read");
        Ok(captured)
    }

    /// Reads the pages of one document's content.
    pub(crate) fn read_pages(&self, name: &str, bytes: Vec<u8>) -> Result<DocumentReading, Error> {
        let files = PageFiles::with_pdf(PdfRenderer::from_environment());
        self.reader()?.read_document(files.pages_of(name, bytes)?, &ReadOptions::default())
    }
}

/// The place of the request's stage among those of its process.
fn stage_of(request: &FilingRequest, process: &Process) -> Result<Option<usize>, Error> {
    let Some(stage) = &request.stage else { return Ok(None) };
    let place = process.stage_index(stage).ok_or_else(|| {
        let known: Vec<&str> = process.stages.iter().map(|s| s.code.as_str()).collect();
        let message = format!("has the stage {stage}; process {} has {}", process.code, known.join(", "));
        Error::invalid(format!("request {}", request.key), message)
    })?;
    Ok(Some(place))
}

/// A document that was kept and read.
struct Captured {
    name: String,
    digest: Digest,
    content: PathBuf,
    /// Whether the same content had been kept before.
    was_known: bool,
    document_type: Option<archive_core::identifier::DocumentType>,
    form: Option<archive_core::record::DocumentForm>,
    carrier: Carrier,
    format: Format,
    pages: Pages,
    look: Option<Look>,
    fields: BTreeMap<archive_core::identifier::FieldName, ReadField>,
    findings: Vec<DocumentFinding>,
}

impl Captured {
    fn into_document(self, request: &Digest, index: usize) -> Result<FiledDocument, Error> {
        Ok(FiledDocument {
            id: format!("{}-{:03}", &request.to_string()[..16], index + 1).parse()?,
            name: self.name,
            document_type: self.document_type,
            form: self.form,
            carrier: self.carrier,
            format: Some(self.format),
            pages: self.pages,
            look: self.look,
            digest: self.digest,
            content: self.content,
            fields: self.fields,
            findings: self.findings,
        })
    }
}

/// Whether a document shows fields to read: a photograph has none.
pub(crate) fn has_fields(carrier: Carrier, format: Format) -> bool {
    carrier != Carrier::Image && (format.is_image() || format == Format::Pdf)
}

/// Faults of this machine, which pass; everything else is the document's own.
pub(crate) fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unavailable | ErrorKind::Internal)
}

/// What a document is called in messages and reports.
fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn read_field(
    reading: &DocumentReading,
    name: &archive_core::identifier::FieldName,
    record: &Record,
) -> ReadField {
    let field = &reading.fields[name];
    let evidence = record.get(name.as_str()).map(|claim| reading.verify(name, claim));
    ReadField {
        value: field.value.clone(),
        text: field.text.clone(),
        confidence: field.confidence,
        page: field.page,
        region: field.region,
        verdict: evidence.as_ref().map(|e| e.verdict),
        evidence: evidence.as_ref().map(|e| e.suspicion),
    }
}

fn holdings(documents: &[FiledDocument], rejected: &[RejectedDocument]) -> Vec<Holding> {
    let filed = documents.iter().map(|d| Holding {
        document_type: d.document_type.clone(),
        form: d.form,
        name: d.name.clone(),
    });
    // What could not be read may be any paper.
    let unread = rejected.iter().map(|r| Holding { document_type: None, form: None, name: r.name.clone() });
    filed.chain(unread).collect()
}

fn paper_readings(documents: &[FiledDocument]) -> Vec<PaperReading> {
    let fields = documents.iter().flat_map(|d| d.fields.iter().map(move |(name, field)| (d, name, field)));
    fields
        .map(|(document, name, field)| PaperReading {
            document: document.name.clone(),
            field: name.clone(),
            value: Some(field.value.clone()),
            verdict: field.verdict,
            evidence: field.evidence.unwrap_or(0.0),
        })
        .collect()
}

fn as_catalogued(document: &FiledDocument) -> Document {
    Document {
        id: document.id.clone(),
        document_type: document.document_type.clone(),
        carrier: document.carrier,
        pages: document.pages,
        date: document.fields.get(&date_field()).and_then(|f| f.value.parse().ok()),
        digest: document.digest,
        path: document.content.clone(),
    }
}

/// The field that bears a document's own day.
fn date_field() -> archive_core::identifier::FieldName {
    "sign_date".parse().expect("a constant name is valid")
}

/// What the catalogue kept of a filing.
fn stored(located: &Located) -> Result<(Vec<FiledDocument>, Assessment), Error> {
    let corrupt = |e| {
        let object = format!("request {} in the catalogue", located.filed.request);
        Error::new(ErrorKind::Corrupt, object, "cannot be read back").with_source(e)
    };
    let documents = serde_json::from_str(&located.readings).map_err(corrupt)?;
    let assessment = serde_json::from_str(&located.findings).map_err(corrupt)?;
    Ok((documents, assessment))
}

/// The digest of the request that filed `located`.
pub(crate) fn request_digest(located: &Located) -> Result<Digest, Error> {
    Ok(stored(located)?.1.request)
}

/// What was said of a case when it was filed.
pub(crate) fn stored_case(located: &Located) -> Result<CaseFile, Error> {
    #[derive(Deserialize)]
    struct Kept {
        #[serde(default)]
        case: CaseFile,
    }
    if located.findings.is_empty() {
        return Ok(CaseFile::default());
    }
    let kept: Kept = serde_json::from_str(&located.findings).map_err(|e| {
        let object = format!("request {} in the catalogue", located.filed.request);
        Error::new(ErrorKind::Corrupt, object, "cannot be read back").with_source(e)
    })?;
    Ok(kept.case)
}

fn custody_of(filed: &Filed) -> CustodyMode {
    if filed.place.is_some() { CustodyMode::CentralPaper } else { CustodyMode::Electronic }
}
