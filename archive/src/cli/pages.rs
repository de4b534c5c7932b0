//! `archive read` and `archive verify`: pages without a catalogue.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use archive::records::RecordTable;
use archive::{Error, ErrorKind, NumberRules, load_fields, open_reader};
use archive_core::evidence::{Region, Verdict};
use archive_core::identifier::{DocumentType, FieldName};
use archive_core::record::Digest;
use archive_ocr::pdf::PdfRenderer;
use archive_ocr::quality::Quality;
use archive_ocr::{PageFiles, PageReading, Reader, Timing};
use clap::Args;
use serde::Serialize;

use super::backlog::{self, Journal, PageId, PageResult};
use super::{Outcome, output};

/// Which models to read with.
#[derive(Debug, Args)]
struct Models {
    /// The directory of engine and models, instead of the one that `archive setup` filled.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// How many threads to read with; all cores by default.
    #[arg(long)]
    threads: Option<usize>,
    /// A file of fields and papers to read beside those that are shipped; may be given several times.
    #[arg(long, value_name = "FILE")]
    fields: Vec<PathBuf>,
    /// A file of number rules that the patterns of fields may name; may be given several times.
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
}

impl Models {
    fn reader(&self) -> Result<Reader, Error> {
        let rules = NumberRules::with(&self.rules)?;
        open_reader(self.models.as_deref(), self.threads, load_fields(&self.fields, &rules)?)
    }
}

/// Arguments of `archive read`.
#[derive(Debug, Args)]
pub(super) struct Read {
    /// Files of pages (JPEG, PNG, TIFF, PDF), or folders of them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON line a page.
    #[arg(long)]
    json: bool,
    /// Write one JSON line a page to this file instead; the same command again goes on where it
    /// ended, without reading a page twice.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    #[command(flatten)]
    models: Models,
}

/// One line of `archive read --json` and of its journal.
#[derive(Debug, Serialize)]
struct ReadLine<'a> {
    image: String,
    path: String,
    digest: Digest,
    page: u32,
    fields: BTreeMap<&'a FieldName, FieldLine<'a>>,
    doc_type: Option<&'a DocumentType>,
    quality: Option<&'a Quality>,
    /// Why the page could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct FieldLine<'a> {
    value: &'a str,
    text: &'a str,
    confidence: f64,
    r#box: Region,
}

impl Read {
    pub(super) fn run(&self, explain: bool) -> Result<Outcome, Error> {
        let files = backlog::files_of(&self.files)?;
        let journal = self.journal.as_deref().map(Journal::open).transpose()?;
        let reader = self.models.reader()?;
        let mut sum = PageTimes::default();
        let begun = Instant::now();
        let page_files = PageFiles::with_pdf(PdfRenderer::from_environment());
        let is_done = |page: &PageId| journal.as_ref().is_some_and(|j| j.has(page));
        let outcome = backlog::each_page(&reader, &page_files, &files, "reading", is_done, |result| {
            if explain {
                explain_timing(result);
                sum.add(result);
            }
            match (&journal, &result.reading) {
                // A fault of this machine passes: the next run tries the page again.
                (Some(_), Err(error)) if is_of_this_machine(error.kind()) => Ok(()),
                (Some(journal), _) => journal.add(&read_line(result)),
                (None, Ok(_)) if self.json => output::print_json(&read_line(result)),
                (None, Ok(reading)) => print_reading(&result.id, reading),
                (None, Err(_)) => Ok(()),
            }
        })?;
        if explain {
            sum.explain(reader.threads(), begun.elapsed());
        }
        Ok(outcome)
    }
}

/// Faults of this machine, which pass; everything else is the page's own.
fn is_of_this_machine(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unavailable | ErrorKind::Internal | ErrorKind::NotFound | ErrorKind::Denied)
}

/// Where the time of one page went.
fn explain_timing(result: &PageResult) {
    let Ok(reading) = &result.reading else { return };
    let Timing { detect, recognise, prepare, decide, lines, second_looks, .. } = reading.timing;
    let [total, decode, detect, recognise, prepare, decide] =
        [result.total, result.decode, detect, recognise, prepare, decide].map(|part| part.as_secs_f64());
    eprintln!(
        "{} page {}: {total:.3} s: decoding {decode:.3}, finding text {detect:.3}, reading {lines} lines \
         ({second_looks} of them second looks) {recognise:.3}, cutting them out {prepare:.3}, labels and values \
         {decide:.3}; summed over threads",
        result.id.path.display(),
        result.id.page,
    );
}

/// Where the time of a run went.
#[derive(Debug, Default)]
struct PageTimes {
    pages: u32,
    decode: Duration,
    models: Duration,
    rest: Duration,
}

impl PageTimes {
    fn add(&mut self, result: &PageResult) {
        let Ok(reading) = &result.reading else { return };
        let Timing { detect, recognise, prepare, decide, .. } = reading.timing;
        self.pages += 1;
        self.decode += result.decode;
        self.models += detect + recognise;
        self.rest += prepare + decide;
    }

    fn explain(&self, threads: usize, elapsed: Duration) {
        let sum = (self.decode + self.models + self.rest).as_secs_f64().max(f64::MIN_POSITIVE);
        let share = |part: Duration| 100.0 * part.as_secs_f64() / sum;
        eprintln!(
            "{} pages in {:.2} s on {threads} threads: models {:.1}%, decoding {:.1}%, everything else {:.1}%",
            self.pages,
            elapsed.as_secs_f64(),
            share(self.models),
            share(self.decode),
            share(self.rest),
        );
    }
}

fn read_line(result: &PageResult) -> ReadLine<'_> {
    let reading = result.reading.as_ref().ok();
    let fields = reading.into_iter().flat_map(|r| &r.fields).map(|(name, field)| {
        let line = FieldLine {
            value: &field.value,
            text: &field.text,
            confidence: field.confidence.get(),
            r#box: field.region,
        };
        (name, line)
    });
    ReadLine {
        image: image_name(&result.id.path),
        path: result.id.path_text(),
        digest: result.id.digest,
        page: result.id.page,
        fields: fields.collect(),
        doc_type: reading.and_then(|r| r.document_type.as_ref()),
        quality: reading.map(|r| &r.quality),
        error: result.reading.as_ref().err().map(Error::report),
        seconds: result.total.as_secs_f64(),
    }
}

fn print_reading(id: &PageId, reading: &PageReading) -> Result<(), Error> {
    let kind = reading.document_type.as_ref().map_or("document of unknown type", |t| t.as_str());
    let page = if id.page > 1 { format!(", page {}", id.page) } else { String::new() };
    output::print(format_args!("{}{page}: {kind}", id.path.display()))?;
    for fault in &reading.quality.faults {
        output::print(format_args!("  scan: {}", fault.reason()))?;
    }
    for (name, field) in &reading.fields {
        output::print(format_args!("  {name:<24} {:<32} {:.3}", field.value, field.confidence.get()))?;
    }
    Ok(())
}

/// Arguments of `archive verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// A CSV table with a column `image` and one for each field.
    #[arg(long, value_name = "CSV")]
    records: PathBuf,
    /// Files of pages; each needs a row in the table.
    #[arg(required = true, value_name = "FILE")]
    images: Vec<PathBuf>,
    /// Print one JSON line a cell.
    #[arg(long)]
    json: bool,
    /// Exit with 1 where a cell does not match.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    models: Models,
}

/// One line of `archive verify --json`.
#[derive(Debug, Serialize)]
struct VerifyLine<'a> {
    image: String,
    field: &'a FieldName,
    suspicion: f64,
    verdict: Verdict,
    read: Option<String>,
    record: &'a str,
}

impl Verify {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let table = RecordTable::load(&self.records, "image")?;
        let reader = self.models.reader()?;
        let mut mismatches = 0;
        let page_files = PageFiles::with_pdf(PdfRenderer::from_environment());
        let never = |_: &PageId| false;
        let outcome = backlog::each_page(&reader, &page_files, &self.images, "verifying", never, |result| {
            let Ok(reading) = &result.reading else { return Ok(()) };
            let path = &result.id.path;
            let record = table.get(&image_name(path))?;
            for (field, claim) in record.iter() {
                let evidence = reading.verify(field, claim);
                mismatches += usize::from(evidence.verdict == Verdict::Mismatch);
                if self.json {
                    output::print_json(&VerifyLine {
                        image: image_name(path),
                        field,
                        suspicion: evidence.suspicion,
                        verdict: evidence.verdict,
                        read: evidence.read,
                        record: claim,
                    })?;
                } else if evidence.verdict != Verdict::Match {
                    let read = evidence.read.as_deref().unwrap_or("–");
                    output::print(format_args!(
                        "{} {field}: {}: paper {read}, system {claim} ({:.1} nats)",
                        path.display(),
                        evidence.verdict,
                        evidence.suspicion,
                    ))?;
                }
            }
            Ok(())
        })?;
        Ok(if outcome == Outcome::Done && self.check && mismatches > 0 { Outcome::Findings } else { outcome })
    }
}

/// The name by which tables know an image: its file name.
fn image_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
