//! Verbs of custody: completeness, lending, printing, checks, transfer, evidence.

use std::path::{Path, PathBuf};

use archive::cataloguing::Printed;
use archive::cataloguing::table::Table;
use archive::checks::{Answer, Occasion};
use archive::printing::{Font, Printout};
use archive::snapshots::CsvStyle;
use archive::transfer::{Encoding, Layout, bagit};
use archive::using::{LendRequest, ReadingRequest};
use archive::{Error, ErrorKind};
use archive_core::identifier::{BoxNumber, ReferenceCode, RequestKey};
use archive_store::Search;
use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};

use super::{Directory, Outcome, output};

/// Arguments of `archive completeness`.
#[derive(Debug, Args)]
pub(super) struct Completeness {
    #[command(flatten)]
    directory: Directory,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Exit with 1 where a file is incomplete or somebody must look at it.
    #[arg(long)]
    check: bool,
}

impl Completeness {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let matrix = self.directory.open()?.completeness_matrix()?;
        let figures = &matrix.figures;
        if self.json {
            output::print_json(&matrix)?;
        } else {
            for row in &matrix.rows {
                let f = &row.figures;
                output::print(format_args!(
                    "{} {}: {} files, {} complete, {} with deferrals, {} to be looked at, {} incomplete",
                    row.process,
                    row.name,
                    f.cases,
                    f.complete,
                    f.complete_with_deferrals,
                    f.unverified,
                    f.incomplete
                ))?;
                for cell in row.cells.iter().filter(|c| c.missing + c.overdue + c.unverified + c.deferred > 0)
                {
                    output::print(format_args!(
                        "  {}: {} missing, {} overdue, {} deferred, {} unverified ({})",
                        cell.paper,
                        cell.missing,
                        cell.overdue,
                        cell.deferred,
                        cell.unverified,
                        cell.by.as_ref().map_or("", |by| by.as_str())
                    ))?;
                }
            }
            output::print(format_args!(
                "{} files under {}: {} complete, {} incomplete",
                figures.cases, matrix.policy, figures.complete, figures.incomplete
            ))?;
        }
        let open = figures.incomplete + figures.unverified > 0;
        Ok(if self.check && open { Outcome::Findings } else { Outcome::Done })
    }
}

/// Arguments of `archive remind`.
#[derive(Debug, Args)]
pub(super) struct Remind {
    #[command(flatten)]
    directory: Directory,
    /// The day of the last run, whose reminders were given already.
    #[arg(long, value_name = "DAY")]
    since: NaiveDate,
    /// Print one JSON line a file.
    #[arg(long)]
    json: bool,
}

impl Remind {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        for found in self.directory.open()?.reminders(self.since)? {
            if self.json {
                output::print_json(&found)?;
                continue;
            }
            for r in &found.reminders {
                let by = r.by.as_ref().map_or(String::new(), |by| format!(" ({by})"));
                output::print(format_args!(
                    "{} {}: {} is due {}, {} days left{by}",
                    found.customer, found.reference, r.paper, r.due, r.days_left
                ))?;
            }
        }
        Ok(Outcome::Done)
    }
}

/// Verbs on loans.
#[derive(Debug, Subcommand)]
pub(super) enum Loan {
    /// Lend a file's paper.
    Lend {
        /// The archive number.
        reference: ReferenceCode,
        /// The loan's key.
        #[arg(long)]
        key: RequestKey,
        /// Who takes it.
        #[arg(long)]
        borrower: String,
        /// What for.
        #[arg(long)]
        purpose: String,
        #[command(flatten)]
        directory: Directory,
    },
    /// Record that a loan came back.
    Return {
        /// The loan's key.
        key: RequestKey,
        #[command(flatten)]
        directory: Directory,
    },
    /// List the loans whose time is over; exit with 1 where there are some.
    Overdue {
        #[command(flatten)]
        directory: Directory,
        /// Print one JSON line a loan.
        #[arg(long)]
        json: bool,
    },
}

impl Loan {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Lend { reference, key, borrower, purpose, directory } => {
                let loan = directory.open()?.lend_file(&LendRequest {
                    key: key.clone(),
                    reference: reference.clone(),
                    borrower: borrower.clone(),
                    purpose: purpose.clone(),
                })?;
                let due = loan.request.due.map_or(String::new(), |d| format!(", due {}", d.date_naive()));
                output::print(format_args!("{reference} is lent as {key}{due}"))?;
            }
            Self::Return { key, directory } => {
                let loan = directory.open()?.take_back(key)?;
                output::print(format_args!("{} is back", loan.request.reference))?;
            }
            Self::Overdue { directory, json } => {
                let late = directory.open()?.overdue(chrono::Utc::now())?;
                for overdue in &late {
                    if *json {
                        output::print_json(overdue)?;
                    } else {
                        let request = &overdue.loan.request;
                        output::print(format_args!(
                            "{} {}: {} days over",
                            request.key, request.reference, overdue.days
                        ))?;
                    }
                }
                if !late.is_empty() {
                    return Ok(Outcome::Findings);
                }
            }
        }
        Ok(Outcome::Done)
    }
}

/// What is printed.
#[derive(Debug, Subcommand)]
pub(super) enum Print {
    /// 归档文件目录: the item catalogue.
    Items {
        /// Only files of this year.
        #[arg(long)]
        year: Option<u16>,
        #[command(flatten)]
        target: Target,
    },
    /// 盒内文件目录: what lies in a box.
    Box {
        /// The box.
        number: BoxNumber,
        #[command(flatten)]
        target: Target,
    },
    /// 卷内文件目录: the documents of a file.
    Volume {
        /// The archive number.
        reference: ReferenceCode,
        #[command(flatten)]
        target: Target,
    },
    /// 案卷封面: the cover of a volume.
    Cover {
        /// The archive number.
        reference: ReferenceCode,
        #[command(flatten)]
        target: Target,
    },
    /// 盒脊标签: spine labels with QR codes, in their true width.
    Spines {
        /// The boxes.
        #[arg(required = true)]
        numbers: Vec<BoxNumber>,
        #[command(flatten)]
        target: Target,
    },
    /// 备考表: the note that closes a box.
    Note {
        /// The box.
        number: BoxNumber,
        /// 整理人.
        #[arg(long)]
        arranger: String,
        /// 检查人.
        #[arg(long, default_value = "")]
        checker: String,
        #[command(flatten)]
        target: Target,
    },
    /// 移交清单: a hand-over list.
    HandOver {
        /// The archive numbers.
        #[arg(required = true)]
        references: Vec<ReferenceCode>,
        /// Who hands over.
        #[arg(long)]
        from: String,
        /// Who takes over.
        #[arg(long)]
        to: String,
        /// The day.
        #[arg(long)]
        day: NaiveDate,
        #[command(flatten)]
        target: Target,
    },
}

/// Where a list goes.
#[derive(Debug, Args)]
pub(super) struct Target {
    #[command(flatten)]
    pub(super) directory: Directory,
    /// The file: .pdf, and for lists .xlsx or .csv as well.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write CSV for programs: cells that a spreadsheet would take for formulas stay as they are.
    #[arg(long)]
    lossless: bool,
}

impl Target {
    fn kind(&self) -> &str {
        self.out.extension().and_then(|e| e.to_str()).unwrap_or_default()
    }

    pub(super) fn table(&self, table: &Table) -> Result<Outcome, Error> {
        let bytes = match self.kind() {
            "pdf" => return self.printed(&Printed::Table(table)),
            "xlsx" => table.to_xlsx()?,
            "csv" if self.lossless => table.to_csv(CsvStyle::Lossless)?.into_bytes(),
            "csv" => table.to_csv(CsvStyle::FormulaSafe)?.into_bytes(),
            _ => {
                return Err(Error::invalid(
                    self.out.display().to_string(),
                    "must end in .pdf, .xlsx or .csv",
                ));
            }
        };
        write(&self.out, &bytes)?;
        output::print(format_args!("{}: {} rows", self.out.display(), table.rows.len()))?;
        Ok(Outcome::Done)
    }

    fn printed(&self, printed: &Printed<'_>) -> Result<Outcome, Error> {
        if self.kind() != "pdf" {
            return Err(Error::invalid(self.out.display().to_string(), "must end in .pdf"));
        }
        print_out(&self.out, &printed.to_pdf(&Font::find()?)?)
    }
}

fn print_out(path: &Path, printout: &Printout) -> Result<Outcome, Error> {
    write(path, &printout.pdf)?;
    output::print(format_args!("{}: {} pages", path.display(), printout.pages))?;
    if !printout.missing.is_empty() {
        let missing: String = printout.missing.iter().collect();
        let message =
            format!("lacks {missing}, which stand as empty boxes: name another font in ARCHIVE_FONT");
        output::complain(&Error::new(ErrorKind::Unsupported, "font", message));
    }
    Ok(Outcome::Done)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|e| Error::io(path, "write", e))
}

impl Print {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Items { year, target } => {
                let search = Search { year: *year, limit: usize::MAX, ..Search::words("") };
                target.table(&target.directory.open()?.item_catalogue(&search)?)
            }
            Self::Box { number, target } => target.table(&target.directory.open()?.box_catalogue(number)?),
            Self::Volume { reference, target } => {
                target.table(&target.directory.open()?.volume_catalogue(reference)?)
            }
            Self::Cover { reference, target } => {
                target.printed(&Printed::Cover(&target.directory.open()?.volume_cover(reference)?))
            }
            Self::Spines { numbers, target } => {
                let archive = target.directory.open()?;
                let labels = numbers.iter().map(|n| archive.spine_label(n)).collect::<Result<Vec<_>, _>>()?;
                target.printed(&Printed::Spines(&labels))
            }
            Self::Note { number, arranger, checker, target } => {
                let note = target.directory.open()?.box_note(number, arranger, checker)?;
                target.printed(&Printed::Note(&note))
            }
            Self::HandOver { references, from, to, day, target } => {
                target.table(&target.directory.open()?.hand_over_list(references, from, to, *day)?)
            }
        }
    }
}

/// Arguments of `archive check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The archive number of a file; all holdings where absent.
    reference: Option<ReferenceCode>,
    /// When the check is made.
    #[arg(long, value_enum, default_value = "long-term")]
    occasion: When,
    #[command(flatten)]
    directory: Directory,
    /// Write the report as .pdf, .xlsx or .csv, too.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// When a check is made.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum When {
    Filing,
    Transfer,
    LongTerm,
}

impl Check {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let archive = self.directory.open()?;
        let occasion = match self.occasion {
            When::Filing => Occasion::Filing,
            When::Transfer => Occasion::Transfer,
            When::LongTerm => Occasion::LongTerm,
        };
        let report = match &self.reference {
            Some(reference) => archive.check_file(reference, occasion)?,
            None => archive.check_holdings(occasion)?,
        };
        if self.json {
            output::print_json(&report)?;
        } else {
            for result in report.results.iter().filter(|r| r.answer != Answer::Passed) {
                let (nature, object) = (result.nature.words(), result.object.as_deref().unwrap_or_default());
                output::print(format_args!(
                    "{nature} {}: {object}: {:?}: {}",
                    result.item, result.answer, result.message
                ))?;
            }
            output::print(format_args!(
                "{} checks, {} failed",
                report.results.len(),
                report.failed().count()
            ))?;
        }
        if let Some(out) = &self.out {
            let directory = Directory { path: self.directory.path.clone() };
            Target { directory, out: out.clone(), lossless: false }.table(&report.to_table())?;
        }
        Ok(if report.failed().next().is_some() { Outcome::Findings } else { Outcome::Done })
    }
}

/// Verbs on content.
#[derive(Debug, Subcommand)]
pub(super) enum Fixity {
    /// Read content on from where the last scan ended; exit with 1 where something is damaged.
    Scan {
        #[command(flatten)]
        directory: Directory,
        /// At most so many MiB; the policy's budget where absent.
        #[arg(long)]
        mib: Option<u64>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Put damaged content right from a copy of the content directory.
    Restore {
        /// The copy.
        copies: PathBuf,
        #[command(flatten)]
        directory: Directory,
    },
}

impl Fixity {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Scan { directory, mib, json } => {
                let scan = directory.open()?.fixity_scan(mib.map(|m| m << 20))?;
                if *json {
                    output::print_json(&scan)?;
                } else {
                    for (path, why) in &scan.damaged {
                        output::print(format_args!("{}: {why}", path.display()))?;
                    }
                    let round =
                        if scan.round_complete { "the round is complete" } else { "the next scan goes on" };
                    output::print(format_args!("{} documents, {} bytes; {round}", scan.checked, scan.bytes))?;
                    if scan.overdue {
                        output::print("the last whole round is longer ago than the policy allows")?;
                    }
                }
                Ok(if scan.damaged.is_empty() { Outcome::Done } else { Outcome::Findings })
            }
            Self::Restore { copies, directory } => {
                let outcome = directory.open()?.restore(copies)?;
                for path in &outcome.lost {
                    output::print(format_args!("{}: the copy has nothing better", path.display()))?;
                }
                output::print(format_args!(
                    "{} restored, {} lost",
                    outcome.restored.len(),
                    outcome.lost.len()
                ))?;
                Ok(if outcome.lost.is_empty() { Outcome::Done } else { Outcome::Findings })
            }
        }
    }
}

/// Verbs on transfer packages.
#[derive(Debug, Subcommand)]
pub(super) enum Transfer {
    /// Write files as a package.
    Export {
        /// The archive numbers.
        #[arg(required = true)]
        references: Vec<ReferenceCode>,
        /// Where the package is to stand.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The package's form.
        #[arg(long, value_enum, default_value = "bagit")]
        layout: Form,
        #[command(flatten)]
        directory: Directory,
    },
    /// Check a package: 3 where it is not sound.
    Validate {
        /// The package.
        package: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// File what a package holds.
    TakeIn {
        /// The package.
        package: PathBuf,
        #[command(flatten)]
        directory: Directory,
    },
}

/// The form of a package.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Form {
    Bagit,
    Medium,
    MediumGb18030,
}

impl Transfer {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Export { references, out, layout, directory } => {
                let suite = archive::capture::Suite::Sha256;
                let layout = match layout {
                    Form::Bagit => Layout::BagIt,
                    Form::Medium => Layout::Medium(Encoding::Utf8, suite),
                    Form::MediumGb18030 => Layout::Medium(Encoding::Gb18030, suite),
                };
                let done = directory.open()?.export(references, layout, out)?;
                output::print(format_args!(
                    "{}: {} files, {} documents",
                    done.path.display(),
                    done.files,
                    done.documents
                ))?;
            }
            Self::Validate { package, json } => return validate(package, *json),
            Self::TakeIn { package, directory } => {
                for (reference, outcome) in directory.open()?.take_in(package)?.files {
                    let again = if outcome.repeated { " (taken in before)" } else { "" };
                    output::print(format_args!("{reference} is {} here{again}", outcome.reference_code))?;
                }
            }
        }
        Ok(Outcome::Done)
    }
}

fn validate(package: &Path, json: bool) -> Result<Outcome, Error> {
    if !package.join("bagit.txt").exists() && package.join(archive::transfer::medium::DIRECTORY).exists() {
        let lines = archive::transfer::medium::read(package)?;
        output::print(format_args!("{}: sound; {} lines", package.display(), lines.len()))?;
        return Ok(Outcome::Done);
    }
    let report = bagit::validate(package)?;
    if json {
        output::print_json(&report)?;
    } else {
        for warning in &report.warnings {
            output::print(format_args!("warning: {warning}"))?;
        }
        for fault in &report.faults {
            output::print(format_args!("fault: {fault}"))?;
        }
    }
    if report.is_valid() {
        if !json {
            output::print(format_args!("{}: sound; {} files", package.display(), report.payload.len()))?;
        }
        return Ok(Outcome::Done);
    }
    let message = format!("is no sound bag: {} faults", report.faults.len());
    Err(Error::new(ErrorKind::Corrupt, package.display().to_string(), message))
}

/// Arguments of `archive copy`.
#[derive(Debug, Args)]
pub(super) struct ReadingCopy {
    /// The archive number.
    reference: ReferenceCode,
    /// 查阅人.
    #[arg(long)]
    reader: String,
    /// 利用目的.
    #[arg(long)]
    purpose: String,
    /// The PDF.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    directory: Directory,
}

impl ReadingCopy {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let request = ReadingRequest {
            reference: self.reference.clone(),
            reader: self.reader.clone(),
            purpose: self.purpose.clone(),
            documents: None,
        };
        let copy = self.directory.open()?.reading_copy(&request, &Font::find()?)?;
        for id in &copy.not_shown {
            output::print(format_args!("{id}: cannot be shown on paper"))?;
        }
        print_out(&self.out, &copy.printout)
    }
}

/// Arguments of `archive evidence`.
#[derive(Debug, Args)]
pub(super) struct Evidence {
    /// The archive number.
    reference: ReferenceCode,
    /// What the evidence is for.
    #[arg(long)]
    purpose: String,
    /// Where the package is to stand.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    directory: Directory,
}

impl Evidence {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let archive = self.directory.open()?;
        let path = archive.evidence_package(&self.reference, &self.purpose, &self.out, &Font::find()?)?;
        output::print(format_args!("{}: a bag with documents, digests and proofs", path.display()))?;
        Ok(Outcome::Done)
    }
}

/// Arguments of `archive simulate-year`.
#[derive(Debug, Args)]
pub(super) struct SimulateYear {
    /// How many business processes end in the year; each has about five documents.
    #[arg(long, default_value_t = 20_000)]
    processes: usize,
    /// Decides everything that chance decides.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// A new directory for it.
    #[arg(long, value_name = "DIR")]
    directory: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl SimulateYear {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        use archive::simulation::{Year, simulate};
        let began = std::time::Instant::now();
        let summary = simulate(&Year { processes: self.processes, seed: self.seed }, &self.directory)?;
        if self.json {
            output::print_json(&summary)?;
        } else {
            output::print(&summary)?;
            output::print(format_args!("time        {:.1} s", began.elapsed().as_secs_f64()))?;
        }
        Ok(if summary.broken.is_empty() { Outcome::Done } else { Outcome::Findings })
    }
}
