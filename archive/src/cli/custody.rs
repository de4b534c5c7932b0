//! Verbs of custody: completeness, reminders, lending, checks.

use std::path::PathBuf;

use archive::Error;
use archive::checks::{Answer, Occasion};
use archive::using::LendRequest;
use archive_core::identifier::{ReferenceCode, RequestKey};
use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};

use super::printing::Target;
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

/// When a loan is due, where it is.
pub(super) fn due(loan: &archive_store::Loan) -> String {
    loan.request.due.map_or(String::new(), |due| format!(", due {}", due.date_naive()))
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
    /// List the loans that are out, the oldest first.
    List {
        #[command(flatten)]
        directory: Directory,
        /// Print one JSON line a loan.
        #[arg(long)]
        json: bool,
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
                output::print(format_args!("{reference} is lent as {key}{}", due(&loan)))?;
            }
            Self::Return { key, directory } => {
                let loan = directory.open()?.take_back(key)?;
                output::print(format_args!("{} is back", loan.request.reference))?;
            }
            Self::List { directory, json } => {
                for loan in directory.open()?.catalogue().open_loans()? {
                    if *json {
                        output::print_json(&loan)?;
                    } else {
                        let request = &loan.request;
                        let (key, reference, borrower) =
                            (&request.key, &request.reference, &request.borrower);
                        let due = due(&loan);
                        output::print(format_args!("{key} {reference}: lent to {borrower}{due}"))?;
                    }
                }
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
                    "{nature} {}: {object}: {}: {}",
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
