//! Verbs on an archive directory: init, file, resume, locate, inventory, reconcile.

use std::path::{Path, PathBuf};
use std::time::Duration;

use archive::capture::Likeness;
use archive::records::RecordTable;
use archive::{Config, Error, FilingOutcome, FilingRequest, RowComparison, Shelving};
use archive_core::completeness::Presence;
use archive_core::data_file;
use archive_reconcile::{Finding, FindingKind};
use archive_shelving::inventory::{CycleCount, Place};
use archive_store::{FilingState, Sighting};
use chrono::NaiveDate;
use clap::Args;

use super::custody::due;
use super::{Directory, Outcome, output, snapshots};

/// Arguments of `archive init`.
#[derive(Debug, Args)]
pub(super) struct Init {
    #[command(flatten)]
    directory: Directory,
    /// Print what was made as JSON.
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let config = Config::create(&self.directory.path)?;
        if self.json {
            let (slots, policy) = (config.slots().len(), config.policy().version());
            let made = serde_json::json!({ "archive": config.directory(), "slots": slots, "policy": policy });
            output::print_json(&made)?;
            return Ok(Outcome::Done);
        }
        output::print(format_args!(
            "{}: {} slots, policy {} {}; change archive.toml to suit",
            config.directory().display(),
            config.slots().len(),
            config.policy().version().name,
            config.policy().version().version,
        ))?;
        Ok(Outcome::Done)
    }
}

/// Arguments of `archive file`.
#[derive(Debug, Args)]
pub(super) struct File {
    /// Requests as JSON files; document paths are relative to the request's file.
    #[arg(required = true, value_name = "REQUEST")]
    requests: Vec<PathBuf>,
    #[command(flatten)]
    directory: Directory,
    /// Print one JSON line a request.
    #[arg(long)]
    json: bool,
    /// Exit with 1 where papers and system differ, or a paper is missing.
    #[arg(long)]
    check: bool,
    /// Write the exception page into this directory.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

impl File {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let archive = self.directory.open()?;
        let bar = output::bar(self.requests.len(), "filing");
        let mut result = Outcome::Done;
        let mut outcomes = Vec::new();
        for path in &self.requests {
            match load_request(path).and_then(|request| archive.file(&request)) {
                Ok(outcome) => {
                    bar.suspend(|| {
                        if self.json { output::print_json(&outcome) } else { print_outcome(&outcome) }
                    })?;
                    outcomes.push(outcome);
                }
                Err(error) => {
                    bar.suspend(|| output::complain(&error));
                    result = Outcome::PartlyFailed(error.kind());
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if let Some(directory) = &self.report {
            archive.report_filings(directory, &outcomes)?;
        }
        let differs = |o: &FilingOutcome| {
            !o.findings.is_empty() || o.completeness.state() != archive_core::completeness::State::Complete
        };
        Ok(if result == Outcome::Done && self.check && outcomes.iter().any(differs) {
            Outcome::Findings
        } else {
            result
        })
    }
}

/// Reads a request; its documents lie beside it.
pub(super) fn load_request(path: &Path) -> Result<FilingRequest, Error> {
    let text = data_file::read(path)?;
    let mut request: FilingRequest = serde_json::from_str(&text)
        .map_err(|e| Error::invalid(path.display().to_string(), "is no filing request").with_source(e))?;
    let directory = path.parent().unwrap_or(Path::new(""));
    for document in &mut request.documents {
        document.path = directory.join(&document.path);
    }
    Ok(request)
}

/// Prints what became of a request, for people.
pub(super) fn print_outcome(outcome: &FilingOutcome) -> Result<(), Error> {
    let again = if outcome.repeated { " (filed before)" } else { "" };
    output::print(format_args!("{}{again}", outcome.key))?;
    output::print(format_args!("  archive number  {}", outcome.reference_code))?;
    if let (Some(number), Some(slot)) = (&outcome.box_number, &outcome.slot) {
        output::print(format_args!("  box             {number}"))?;
        output::print(format_args!("  slot            {slot}"))?;
        if let Some(growth) = &outcome.box_grew {
            let (from, to) = (growth.from, growth.to);
            output::print(format_args!("  box is full     move its papers from {from} into a box of {to}"))?;
        }
        if let Some(choice) = &outcome.slot_choice {
            let others = choice.runners_up.len();
            output::print(format_args!("  why there       {}; {others} runners-up", choice.best.costs))?;
        }
    }
    match &outcome.shelving {
        Shelving::NotNeeded => output::print("  shelf           not needed, kept electronically")?,
        Shelving::Confirmed { tag } => {
            output::print(format_args!("  shelf           confirmed, tag {tag} seen"))?
        }
        Shelving::Pending { reason } => output::print(format_args!("  shelf           pending: {reason}"))?,
    }
    for document in &outcome.documents {
        let kind = document.document_type.as_ref().map_or("of unknown type", |t| t.as_str());
        let fields = document.fields.len();
        output::print(format_args!("  document        {}: {kind}, {fields} fields read", document.name))?;
    }
    for document in &outcome.rejected {
        output::print(format_args!("  not filed       {}", document.message))?;
    }
    for item in &outcome.completeness.items {
        let state = match &item.presence {
            Presence::Present { document } => format!("present: {document}"),
            Presence::Deferred { document, due } => {
                let due = due.map_or(String::new(), |day| format!(", due {day}"));
                format!("deferred by {document}{due}")
            }
            Presence::Overdue { document, due } => {
                let due = due.map_or(String::new(), |day| format!(", due {day}"));
                format!("OVERDUE, deferred by {document}{due}")
            }
            Presence::Missing => {
                let by = item.by.as_ref().map_or(String::new(), |by| format!(" ({by} can put it right)"));
                format!("MISSING, {}{by}", item.why)
            }
            Presence::Unverified { reason } => format!("unverified: {reason}"),
        };
        output::print(format_args!("  paper           {}: {state}", item.name))?;
    }
    for finding in &outcome.findings {
        print_finding(finding, confidence(outcome, finding))?;
    }
    for like in &outcome.duplicates {
        let file = like.file.as_ref().map_or(String::new(), |file| format!(" in {file}"));
        let how = match like.likeness {
            Likeness::Content => "is the same file as".to_owned(),
            Likeness::Look { distance } => format!("looks like (in all but {distance} of 512 bits)"),
        };
        output::print(format_args!("  duplicate       {} {how} {}{file}", like.document, like.of))?;
    }
    Ok(())
}

/// How sure the reader was of the value that a finding rests on.
fn confidence(outcome: &FilingOutcome, finding: &Finding) -> Option<f64> {
    let document = outcome.documents.iter().find(|d| d.name == finding.document)?;
    Some(document.fields.get(&finding.field)?.confidence.get())
}

fn print_finding(finding: &Finding, confidence: Option<f64>) -> Result<(), Error> {
    let kind = match finding.kind {
        FindingKind::Mismatch => "differs",
        FindingKind::PapersDisagree => "differs between papers",
        FindingKind::Unreadable => "cannot be read",
        FindingKind::MissingInRecord => "is not in the system",
    };
    let confidence = confidence.map_or(String::new(), |c| format!(", confidence {c:.3}"));
    // Where only values were compared, nothing was measured.
    let nats =
        if finding.evidence == 0.0 { String::new() } else { format!("; {:.1} nats", finding.evidence) };
    output::print(format_args!(
        "  ALERT {:<9} {} {kind}: paper {}, system {} ({}{confidence}{nats}): {}",
        finding.severity,
        finding.label,
        finding.paper.as_deref().unwrap_or("–"),
        finding.record.as_deref().unwrap_or("–"),
        finding.document,
        finding.reason,
    ))
}

/// Arguments of `archive locate`.
#[derive(Debug, Args)]
pub(super) struct Locate {
    /// Archive number, customer, document, box, slot, request or tag.
    name: String,
    #[command(flatten)]
    directory: Directory,
    /// Print one JSON line a file.
    #[arg(long)]
    json: bool,
}

impl Locate {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let archive = self.directory.open()?;
        let found = archive.locate(&self.name)?;
        if self.json {
            return found.iter().try_for_each(output::print_json).map(|()| Outcome::Done);
        }
        let loans = archive.catalogue().open_loans()?;
        for located in found {
            let filed = &located.filed;
            output::print(format_args!(
                "{} (customer {}, {})",
                filed.reference, filed.customer, filed.state
            ))?;
            match &filed.place {
                Some(place) => {
                    output::print(format_args!("  box {} in slot {}", place.archive_box.number, place.slot))?;
                    output::print(format_args!("  way: {}", archive.way_to(&place.slot)?))?;
                }
                None if filed.state == FilingState::Void => {
                    let reason = filed.void_reason.as_deref().unwrap_or("no reason was kept");
                    output::print(format_args!("  void: {reason}"))?;
                }
                None => output::print("  kept electronically")?,
            }
            for loan in loans.iter().filter(|loan| loan.request.reference == filed.reference) {
                let (key, borrower) = (&loan.request.key, &loan.request.borrower);
                output::print(format_args!("  lent to {borrower} as {key}{}", due(loan)))?;
            }
            for document in &located.documents {
                let place = archive.content_place(document);
                output::print(format_args!("  document {} {place}", document.id))?;
            }
            for late in archive.late_files(&filed.reference)? {
                output::print(format_args!("  joined by {}", late.filed.reference))?;
            }
        }
        Ok(Outcome::Done)
    }
}

/// Arguments of `archive inventory`.
#[derive(Debug, Args)]
pub(super) struct Inventory {
    #[command(flatten)]
    directory: Directory,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Exit with 1 where a box was not seen or a foreign tag was.
    #[arg(long)]
    check: bool,
    /// Read those aisles alone whose check finds the most errors in so many minutes.
    #[arg(long, value_name = "MINUTES")]
    minutes: Option<u64>,
    /// How long it takes to read an open aisle, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "minutes")]
    reading: u64,
    /// Say which aisles those are, and read none.
    #[arg(long, requires = "minutes")]
    plan: bool,
}

impl Inventory {
    /// The aisles of a cycle count, which it tells.
    fn aisles(&self, archive: &archive::Archive, minutes: u64) -> Result<Vec<Place>, Error> {
        let (time, reading) = (minutes.saturating_mul(60), Duration::from_secs(self.reading));
        let check = archive.plan_cycle_count(&CycleCount::default(), Duration::from_secs(time), reading)?;
        if self.plan && self.json {
            output::print_json(&check)?;
        } else if !self.json {
            check.places.iter().try_for_each(output::print)?;
            for place in &check.overdue_left {
                output::print(format_args!("{place}: overdue, and no time for it"))?;
            }
            output::print(format_args!(
                "{} aisles in {} s: {:.3} errors to be found, at most {:.3} in this time",
                check.places.len(),
                check.lasts.as_secs(),
                check.found,
                check.at_most
            ))?;
        }
        Ok(check.places)
    }

    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let archive = self.directory.open()?;
        let report = match self.minutes {
            None => archive.inventory()?,
            Some(minutes) => {
                let aisles = self.aisles(&archive, minutes)?;
                if self.plan {
                    return Ok(Outcome::Done);
                }
                archive.inventory_of(&aisles)?
            }
        };
        if self.json {
            output::print_json(&report)?;
        } else {
            let present = report.boxes.iter().filter(|b| b.sighting == Sighting::Present).count();
            output::print(format_args!(
                "{present} of {} boxes present ({})",
                report.boxes.len(),
                report.key
            ))?;
            for b in &report.boxes {
                let (number, slot) = (&b.box_number, &b.slot);
                match &b.sighting {
                    Sighting::Present => {}
                    Sighting::Misplaced { seen } => output::print(format_args!(
                        "  misplaced: {number} of {slot}, seen in the aisle before {seen}"
                    ))?,
                    Sighting::Missing => output::print(format_args!("  missing: {number} of {slot}"))?,
                    Sighting::Unverified => match b.doubt {
                        Some(doubt) => {
                            output::print(format_args!("  unverified: {number} in {slot}, {doubt}"))?;
                        }
                        None => output::print(format_args!("  unverified: {number} in {slot}"))?,
                    },
                }
            }
            for tag in &report.foreign {
                output::print(format_args!("  foreign tag: {tag}"))?;
            }
            for aisle in &report.unread {
                output::print(format_args!("  not read: {aisle}"))?;
            }
        }
        Ok(if self.check && !report.is_clean() { Outcome::Findings } else { Outcome::Done })
    }
}

/// Arguments of `archive reconcile`: filed papers against a table, or two tables.
#[derive(Debug, Args)]
pub(super) struct Reconcile {
    /// A CSV table of the marketing system with a column `account_no` and one for each field, to be
    /// compared with what was read from filed papers.
    #[arg(long, value_name = "CSV", required_unless_present = "left", conflicts_with = "left")]
    records: Option<PathBuf>,
    #[command(flatten)]
    directory: Directory,
    /// The archive's table, to be compared with --right: a Parquet, Arrow or CSV file, catalogue:DIR, or
    /// postgresql://USER@HOST/DATABASE#TABLE.
    #[arg(long, value_name = "TABLE", requires_all = ["right", "key", "out"])]
    left: Option<String>,
    /// The marketing system's table.
    #[arg(long, value_name = "TABLE", requires = "left")]
    right: Option<String>,
    /// A column that names a row; several make one key.
    #[arg(long, value_name = "COLUMN", requires = "left")]
    key: Vec<String>,
    /// The file of findings: .parquet, .arrow, .csv or .xlsx; or a directory for findings.parquet.
    #[arg(long, value_name = "FILE", requires = "left")]
    out: Option<PathBuf>,
    /// A file of candidates for rows that stand on one side only because their key is wrong.
    #[arg(long, value_name = "FILE", requires = "left")]
    candidates: Option<PathBuf>,
    /// How fields are compared; the shipped schema where absent.
    #[arg(long, value_name = "TOML", requires = "left")]
    schema: Option<PathBuf>,
    /// A column that is not compared.
    #[arg(long, value_name = "COLUMN", requires = "left")]
    ignore: Vec<String>,
    /// The memory that fingerprints and differing rows may take, such as 4GiB.
    #[arg(long, value_name = "BYTES", requires = "left", value_parser = snapshots::parse_bytes)]
    memory: Option<u64>,
    /// The directory for fingerprints that do not fit the memory; the system's where absent.
    #[arg(long, value_name = "DIR", requires = "left")]
    scratch: Option<PathBuf>,
    /// The day of the comparison, from which the schema's grace is counted; today where absent.
    #[arg(long, value_name = "DATE", requires = "left")]
    date: Option<NaiveDate>,
    /// Write CSV for programs: cells that a spreadsheet would take for formulas stay as they are.
    #[arg(long, requires = "left")]
    lossless: bool,
    /// Write the exception page on filed papers into this directory.
    #[arg(long, value_name = "DIR", requires = "records")]
    report: Option<PathBuf>,
    /// Print JSON: one line a customer, or one for two tables.
    #[arg(long)]
    json: bool,
    /// Exit with 1 where there are differences.
    #[arg(long)]
    check: bool,
}

impl Reconcile {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match (&self.left, &self.right, &self.out, &self.records) {
            (Some(left), Some(right), Some(out), _) => snapshots::run(&snapshots::Tables {
                left,
                right,
                keys: &self.key,
                schema: self.schema.as_deref(),
                ignore: &self.ignore,
                memory: self.memory,
                scratch: self.scratch.as_deref(),
                today: self.date.unwrap_or_else(|| chrono::Local::now().date_naive()),
                out,
                candidates: self.candidates.as_deref(),
                lossless: self.lossless,
                json: self.json,
                check: self.check,
            }),
            (_, _, _, Some(records)) => self.run_on_catalogue(records),
            // The declarations above leave no other way.
            _ => Err(Error::invalid("arguments", "need --records, or --left, --right, --key and --out")),
        }
    }

    /// Filed papers against a table of the marketing system.
    fn run_on_catalogue(&self, records: &Path) -> Result<Outcome, Error> {
        let table = RecordTable::load(records, "account_no")?;
        let archive = self.directory.open()?;
        let rows = archive.reconcile(&table)?;
        if let Some(directory) = &self.report {
            archive.report_comparisons(directory, &rows)?;
        }
        let mut differences = 0;
        for row in &rows {
            if self.json {
                output::print_json(row)?;
            }
            match row {
                RowComparison::Compared { customer, findings } => {
                    differences += findings.len();
                    if !self.json && !findings.is_empty() {
                        output::print(customer)?;
                        findings.iter().try_for_each(|finding| print_finding(finding, None))?;
                    }
                }
                RowComparison::NoPapers { customer } => {
                    differences += 1;
                    if !self.json {
                        output::print(format_args!("{customer}\n  no papers are filed"))?;
                    }
                }
            }
        }
        if !self.json {
            output::print(format_args!("{} customers compared, {differences} differences", rows.len()))?;
        }
        Ok(if self.check && differences > 0 { Outcome::Findings } else { Outcome::Done })
    }
}

/// Arguments of `archive resume`.
#[derive(Debug, Args)]
pub(super) struct Resume {
    #[command(flatten)]
    directory: Directory,
    /// Print one JSON line a file.
    #[arg(long)]
    json: bool,
}

impl Resume {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let mut outcome = Outcome::Done;
        for (filed, shelving) in self.directory.open()?.resume()? {
            if self.json {
                output::print_json(&serde_json::json!({ "filed": filed, "shelving": shelving }))?;
            }
            let told = match &shelving {
                Shelving::NotNeeded => "is kept electronically".to_owned(),
                Shelving::Confirmed { tag } => format!("stands in its slot: tag {tag} was seen"),
                Shelving::Pending { reason } => {
                    outcome = Outcome::Findings;
                    format!("is still to be shelved: {reason}")
                }
            };
            if !self.json {
                output::print(format_args!("{} {told}", filed.reference))?;
            }
        }
        Ok(outcome)
    }
}
