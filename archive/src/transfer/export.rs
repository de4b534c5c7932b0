//! Handing files over, and taking them in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use archive_core::facts::Facts;
use archive_core::identifier::{CustomerNumber, DocumentType, ProcessCode, ReferenceCode, StageCode, quoted};
use archive_core::record::{Carrier, Customer, CustomerClass, Digest, DocumentForm, Record};
use archive_core::units::Pages;
use archive_core::{Error, ErrorKind};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::bagit::{self, BagWriter};
use super::medium::{self, Line, MediumWriter};
use crate::archive::Archive;
use crate::capture::Suite;
use crate::cataloguing::gathering::{document_name, read_back};
use crate::config::Reading;
use crate::content;
use crate::filing::{FilingOutcome, FilingRequest, SubmittedDocument};
use crate::intake::stored_case;

/// The file that holds what is needed to take files in again.
const CATALOGUE: &str = "catalogue.json";

/// The encoding of a medium's text files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// GB18030.
    Gb18030,
}

impl Encoding {
    /// Its name in XML.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030",
        }
    }

    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Gb18030 => encoding_rs::GB18030.encode(text).0.into_owned(),
        }
    }

    /// The text of an XML file in the encoding that it declares.
    pub(super) fn decode_xml(name: &str, bytes: &[u8]) -> Result<String, Error> {
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).to_lowercase();
        let encoding = if head.contains("gb18030") || head.contains("gbk") || head.contains("gb2312") {
            encoding_rs::GB18030
        } else {
            encoding_rs::UTF_8
        };
        let (text, _, broken) = encoding.decode(bytes);
        if broken {
            return Err(Error::invalid(name, format!("is not {}", encoding.name())));
        }
        Ok(text.into_owned())
    }
}

/// The form of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Layout {
    /// A BagIt bag.
    BagIt,
    /// The medium layout.
    Medium(Encoding, Suite),
}

impl Layout {
    /// The names of those that may be asked for by name.
    pub const NAMES: [&str; 3] = ["bagit", "medium", "medium-gb18030"];
}

impl FromStr for Layout {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "bagit" => Ok(Self::BagIt),
            "medium" => Ok(Self::Medium(Encoding::Utf8, Suite::Sha256)),
            "medium-gb18030" => Ok(Self::Medium(Encoding::Gb18030, Suite::Sha256)),
            _ => {
                let message = format!("is no layout: give {}", Self::NAMES.join(", "));
                Err(Error::invalid(format!("layout {}", quoted(name)), message))
            }
        }
    }
}

impl TryFrom<String> for Layout {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        name.parse()
    }
}

/// What was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Where the package stands.
    pub path: PathBuf,
    /// How many files.
    pub files: usize,
    /// How many documents.
    pub documents: usize,
    /// How many bytes of content.
    pub bytes: u64,
}

/// What was taken in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Taken {
    /// For each file its number in the package and what became of it here.
    pub files: Vec<(ReferenceCode, FilingOutcome)>,
}

/// A file in a package, with everything that its documents do not say themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackedFile {
    reference: ReferenceCode,
    customer: CustomerNumber,
    customer_name: String,
    class: CustomerClass,
    process: ProcessCode,
    date: NaiveDate,
    stage: Option<StageCode>,
    facts: Facts,
    documents: Vec<PackedDocument>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackedDocument {
    /// From the top of the package.
    path: String,
    name: String,
    document_type: Option<DocumentType>,
    form: Option<DocumentForm>,
    carrier: Carrier,
    pages: Pages,
    digest: Digest,
}

impl Archive {
    /// 移交: writes the files that bear `references` as a package at `target`.
    ///
    /// Each document is checked against its fixity before anything is written; the package stands at its
    /// place only once it is whole.
    ///
    /// # Errors
    /// `InvalidInput` for no files; `NotFound` for an unknown number; `Corrupt` where a document is not
    /// what was filed; `Conflict` where something stands at `target`; those of writing.
    pub fn export(
        &self,
        references: &[ReferenceCode],
        layout: Layout,
        target: &Path,
    ) -> Result<Exported, Error> {
        if references.is_empty() {
            return Err(Error::invalid("package", "has no files: name an archive number"));
        }
        let mut packed = Vec::new();
        let mut contents: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for reference in references {
            let (file, files) = self.pack(reference)?;
            contents.extend(files);
            packed.push(file);
        }
        let catalogue = serde_json::to_vec_pretty(&packed)
            .map_err(|e| Error::new(ErrorKind::Internal, CATALOGUE, "cannot be written").with_source(e))?;
        let documents = packed.iter().map(|p| p.documents.len()).sum();
        let bytes = contents.values().map(|c| c.len() as u64).sum();
        let fonds = self.policy().fonds().as_str();
        let today = self.today().to_string();
        let path = match layout {
            Layout::BagIt => {
                let mut bag = BagWriter::begin(target)?;
                bag.add(CATALOGUE, &catalogue)?;
                for (path, content) in &contents {
                    bag.add(path, content)?;
                }
                let count = packed.len().to_string();
                bag.finish(&[
                    ("Source-Organization", fonds),
                    ("Bagging-Date", &today),
                    ("Bag-Group-Identifier", &count),
                    ("Bag-Software-Agent", concat!("marketing-archive ", env!("CARGO_PKG_VERSION"))),
                ])?
            }
            Layout::Medium(encoding, suite) => {
                let mut medium = MediumWriter::begin(target, encoding, suite)?;
                for file in &packed {
                    let group = format!("{}-KH", file.date.format("%Y"));
                    let files: Vec<(String, Vec<u8>)> = file
                        .documents
                        .iter()
                        .map(|d| {
                            let name = d.path.rsplit('/').next().unwrap_or(&d.path).to_owned();
                            (name, contents.get(&d.path).cloned().unwrap_or_default())
                        })
                        .collect();
                    medium.add(&group, self.line_of(file), &files)?;
                }
                medium.add_other(CATALOGUE, &catalogue)?;
                medium.finish(&format!("移交全宗：{fonds}\r\n移交日期：{today}"))?
            }
        };
        Ok(Exported { path, files: packed.len(), documents, bytes })
    }

    /// A file with the contents of its documents, by their paths in a package.
    fn pack(&self, reference: &ReferenceCode) -> Result<(PackedFile, BTreeMap<String, Vec<u8>>), Error> {
        let file = self.live_file(reference)?;
        let case = stored_case(&file)?;
        let details = read_back(&file)?;
        let mut contents = BTreeMap::new();
        let mut documents = Vec::new();
        for (document, number) in file.documents.iter().zip(1..) {
            let detail = details.iter().find(|d| d.id == document.id);
            let extension = document.path.extension().and_then(|e| e.to_str()).unwrap_or("bin");
            let title = document_name(self.policy(), document).replace(['/', '\\'], "、");
            let path = format!("{}/{number:03}_{title}.{extension}", file.filed.reference);
            contents.insert(path.clone(), self.content(document)?);
            documents.push(PackedDocument {
                path,
                name: detail.map_or_else(|| document.id.to_string(), |d| d.name.clone()),
                document_type: document.document_type.clone(),
                form: detail.and_then(|d| d.form),
                carrier: document.carrier,
                pages: document.pages,
                digest: document.digest,
            });
        }
        let packed = PackedFile {
            reference: reference.clone(),
            customer: file.filed.customer.clone(),
            customer_name: case.name.clone(),
            class: case.class.unwrap_or(CustomerClass::Business),
            process: file.filed.process.clone(),
            date: case.date.unwrap_or_else(|| file.filed.filed.date_naive()),
            stage: case.stage,
            facts: case.facts,
            documents,
        };
        Ok((packed, contents))
    }

    fn line_of(&self, file: &PackedFile) -> Line {
        let process = self
            .policy()
            .process(&file.process)
            .map_or_else(|_| file.process.to_string(), |p| p.name.clone());
        Line {
            reference: file.reference.to_string(),
            responsible: file.customer_name.clone(),
            title: format!("[{process}档案]"),
            date: Some(file.date),
            secrecy: String::new(),
            note: format!("户号 {}", file.customer),
            files: Vec::new(),
        }
    }

    /// 接收: files what the package at `source` holds, under numbers of this archive.
    ///
    /// The whole package is checked first; where anything is wrong, nothing is filed. The same package
    /// again changes nothing, and a call that was interrupted goes on when it is repeated.
    ///
    /// # Errors
    /// `Corrupt` for a package that is incomplete or changed, saying where; `InvalidInput` for one that this
    /// software did not write; those of [`Archive::file`].
    pub fn take_in(&self, source: &Path) -> Result<Taken, Error> {
        let root = checked_root(source)?;
        let list = root.join(CATALOGUE);
        let bytes = medium::bounded_file(&list)?;
        let name = list.display().to_string();
        let packed: Vec<PackedFile> = serde_json::from_slice(&bytes)
            .map_err(|e| Error::invalid(&name, "is no catalogue of a package").with_source(e))?;
        let files_root =
            if root.ends_with(medium::OTHERS) { source.join(medium::FILES) } else { root.clone() };
        let package = content::digest(&bytes).to_string();
        let mut requests = Vec::new();
        for file in &packed {
            // Before anything is filed: the process must be known here, and each document be what it was.
            self.policy().process(&file.process)?;
            self.policy().check_facts(&file.facts)?;
            requests.push((file.reference.clone(), request(file, &files_root, &package)?));
        }
        let mut taken = Taken { files: Vec::new() };
        for (reference, request) in requests {
            taken.files.push((reference, self.file_as(&request, Reading::Off)?));
        }
        Ok(taken)
    }
}

/// Where the catalogue of a sound package lies.
fn checked_root(source: &Path) -> Result<PathBuf, Error> {
    if source.join("bagit.txt").exists() {
        let report = bagit::validate(source)?;
        if report.is_valid() {
            return Ok(source.join("data"));
        }
        let shown: Vec<String> = report.faults.iter().take(10).map(ToString::to_string).collect();
        let message =
            format!("has {} faults, and nothing of it was taken: {}", report.faults.len(), shown.join("; "));
        return Err(Error::new(ErrorKind::Corrupt, source.display().to_string(), message));
    }
    medium::read(source)?;
    Ok(source.join(medium::OTHERS))
}

fn request(file: &PackedFile, root: &Path, package: &str) -> Result<FilingRequest, Error> {
    let mut documents = Vec::new();
    for document in &file.documents {
        let relative = super::names::safe(&document.path)?;
        let direct = root.join(&relative);
        let grouped = root.join(format!("{}-KH", file.date.format("%Y"))).join(&relative);
        let path = if direct.is_file() { direct } else { grouped };
        let bytes = fs::read(&path).map_err(|e| Error::io(&path, "read", e))?;
        if content::digest(&bytes) != document.digest {
            let message = "is not what the package's catalogue says; nothing of the package was taken";
            return Err(Error::new(ErrorKind::Corrupt, path.display().to_string(), message));
        }
        documents.push(SubmittedDocument {
            path,
            document_type: document.document_type.clone(),
            form: document.form,
            carrier: Some(document.carrier),
            pages: Some(document.pages),
        });
    }
    let name = if file.customer_name.trim().is_empty() { "未载户名" } else { &file.customer_name };
    Ok(FilingRequest {
        key: format!("in-{}-{}", &package[..16], file.reference).parse()?,
        customer: Customer { number: file.customer.clone(), name: name.to_owned(), class: file.class },
        process: file.process.clone(),
        date: file.date,
        stage: file.stage.clone(),
        documents,
        record: Record::default(),
        facts: file.facts.clone(),
    })
}
