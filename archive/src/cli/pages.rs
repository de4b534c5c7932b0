//! `archive read` and `archive verify`: page images without a catalogue.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use archive::records::RecordTable;
use archive::{Error, open_reader};
use archive_core::evidence::{Region, Verdict};
use archive_core::identifier::{DocumentType, FieldName};
use archive_ocr::{PageImage, PageReading, Reader, Timing};
use clap::Args;
use serde::Serialize;

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
}

impl Models {
    fn reader(&self) -> Result<Reader, Error> {
        open_reader(self.models.as_deref(), self.threads)
    }
}

/// Arguments of `archive read`.
#[derive(Debug, Args)]
pub(super) struct Read {
    /// Page images: JPEG, PNG or TIFF.
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// Print one JSON line an image.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    models: Models,
}

/// One line of `archive read --json`.
#[derive(Debug, Serialize)]
struct ReadLine<'a> {
    image: String,
    fields: BTreeMap<&'a FieldName, FieldLine<'a>>,
    doc_type: Option<&'a DocumentType>,
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
        let reader = self.models.reader()?;
        each_image(&reader, &self.images, "reading", |path, reading, seconds| {
            if explain {
                explain_timing(path, reading, seconds);
            }
            if self.json {
                output::print_json(&read_line(path, reading, seconds))
            } else {
                print_reading(path, reading)
            }
        })
    }
}

/// Says where the time of one page went.
fn explain_timing(path: &Path, reading: &PageReading, seconds: f64) {
    let Timing { detect, recognise, lines, second_looks, total } = reading.timing;
    let [detect, recognise, total] = [detect, recognise, total].map(|part| part.as_secs_f64());
    eprintln!(
        "{}: {seconds:.3} s, of which {:.3} decoding the image and {detect:.3} finding text; reading {lines} lines, \
         {second_looks} of them twice, took {recognise:.3}, summed over threads",
        path.display(),
        seconds - total,
    );
}

fn read_line<'a>(path: &Path, reading: &'a PageReading, seconds: f64) -> ReadLine<'a> {
    let fields = reading.fields.iter().map(|(name, field)| {
        let line = FieldLine {
            value: &field.value,
            text: &field.text,
            confidence: field.confidence.get(),
            r#box: field.region,
        };
        (name, line)
    });
    ReadLine {
        image: image_name(path),
        fields: fields.collect(),
        doc_type: reading.document_type.as_ref(),
        seconds,
    }
}

fn print_reading(path: &Path, reading: &PageReading) -> Result<(), Error> {
    let kind = reading.document_type.as_ref().map_or("document of unknown type", |t| t.as_str());
    output::print(format_args!("{}: {kind}", path.display()))?;
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
    /// Page images; each needs a row in the table.
    #[arg(required = true, value_name = "IMAGE")]
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
        let outcome = each_image(&reader, &self.images, "verifying", |path, reading, _| {
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

/// Reads each image and hands it on; an image that fails is reported and the rest goes on.
fn each_image(
    reader: &Reader,
    images: &[PathBuf],
    what: &'static str,
    mut handle: impl FnMut(&Path, &PageReading, f64) -> Result<(), Error>,
) -> Result<Outcome, Error> {
    let bar = output::bar(images.len(), what);
    let mut outcome = Outcome::Done;
    for path in images {
        let begin = Instant::now();
        let result = PageImage::open(path)
            .and_then(|image| reader.read(&image))
            .and_then(|reading| bar.suspend(|| handle(path, &reading, begin.elapsed().as_secs_f64())));
        if let Err(error) = result {
            bar.suspend(|| output::complain(&error));
            outcome = Outcome::PartlyFailed(error.kind());
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(outcome)
}

/// The name by which tables know an image: its file name.
fn image_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
