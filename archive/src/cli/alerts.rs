//! `archive alerts`: the book of alerts, from the day a finding is seen to the day it is settled.

use std::path::{Path, PathBuf};

use archive::Error;
use archive::alert_book::{AlertBook, read_orders};
use archive::snapshots::open_source;
use archive_core::data_file;
use archive_reconcile::alerts::{Action, Alert, AlertId, Book, Notice, Observation, Rules, State, Vanished};
use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::{Directory, Outcome, output};

/// Verbs of `archive alerts`.
#[derive(Debug, Subcommand)]
pub(super) enum Alerts {
    /// Take the findings of a comparison; tell whom to tell at once.
    Observe(Observe),
    /// List alerts: the list of the day, or all.
    List(List),
    /// Say what was done about alerts.
    Act(Act),
}

impl Alerts {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Observe(verb) => verb.run(),
            Self::List(verb) => verb.run(),
            Self::Act(verb) => verb.run(),
        }
    }
}

/// Where the alerts are.
#[derive(Debug, Args)]
pub(super) struct BookFile {
    /// The book of alerts, which begins empty where there is no such file; alerts.json in the archive's directory
    /// where absent.
    #[arg(id = "book", long, value_name = "FILE")]
    path: Option<PathBuf>,
}

impl BookFile {
    /// The book that was named, or that of the archive.
    pub(super) fn path(&self, archive: &Directory) -> PathBuf {
        self.path.clone().unwrap_or_else(|| AlertBook::path_in(&archive.path))
    }
}

/// Arguments of `archive alerts observe`.
#[derive(Debug, Args)]
pub(super) struct Observe {
    #[command(flatten)]
    directory: Directory,
    #[command(flatten)]
    book: BookFile,
    /// The findings that `archive reconcile` wrote: Parquet, Arrow or CSV.
    #[arg(long, value_name = "FILE")]
    findings: String,
    /// The rules of early warning; the shipped ones where absent.
    #[arg(long, value_name = "TOML")]
    rules: Option<PathBuf>,
    /// A CSV table of open change orders, with the columns key, process and opened.
    #[arg(long, value_name = "CSV")]
    orders: Option<PathBuf>,
    /// What it means that a difference is not among the findings any more.
    #[arg(long, value_enum, default_value_t = Gone::Unknown)]
    gone: Gone,
    /// The day; today where absent.
    #[arg(long, value_name = "DATE")]
    date: Option<NaiveDate>,
    /// Print JSON: one line a notice.
    #[arg(long)]
    json: bool,
}

/// What it means that a difference is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Gone {
    /// Nothing: the findings are not all there are.
    Unknown,
    /// The system was mended: only it changed since the last time.
    System,
    /// The papers were mended: only they changed since the last time.
    Paper,
}

impl Observe {
    fn run(&self) -> Result<Outcome, Error> {
        let rules = rules_of(self.rules.as_deref())?;
        let orders = self.orders.as_deref().map_or(Ok(Vec::new()), read_orders)?;
        let findings = Observation::read(&*open_source(&self.findings)?)?;
        let vanished = match self.gone {
            Gone::Unknown => Vanished::Unknown,
            Gone::System => Vanished::ResolvedInSystem,
            Gone::Paper => Vanished::ResolvedInPaper,
        };
        let mut file = AlertBook::open(&self.book.path(&self.directory))?;
        let today = today_or(self.date);
        let mut notices = file.book.observe(&rules, &findings, &orders, vanished, today);
        notices.extend(file.book.escalate(today));
        file.save()?;
        print_notices(&file.book, &notices, self.json)?;
        if !self.json {
            let (live, daily) =
                (file.book.iter().filter(|(_, a)| a.state.is_live()).count(), file.book.daily_list().len());
            output::print(format_args!(
                "{} findings; {live} alerts are open, {daily} in the daily list",
                findings.len()
            ))?;
        }
        Ok(Outcome::Done)
    }
}

/// Arguments of `archive alerts list`.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    directory: Directory,
    #[command(flatten)]
    book: BookFile,
    /// Settled and suppressed alerts too, and those that were told at once.
    #[arg(long)]
    all: bool,
    /// Print JSON: one line an alert.
    #[arg(long)]
    json: bool,
    /// Exit with 1 where the list is not empty.
    #[arg(long)]
    check: bool,
}

impl List {
    fn run(&self) -> Result<Outcome, Error> {
        let file = AlertBook::open(&self.book.path(&self.directory))?;
        let list = if self.all { file.book.iter().collect() } else { file.book.daily_list() };
        list.iter().try_for_each(|(id, alert)| print_alert(*id, alert, self.json))?;
        Ok(if self.check && !list.is_empty() { Outcome::Findings } else { Outcome::Done })
    }
}

/// Arguments of `archive alerts act`.
#[derive(Debug, Args)]
pub(super) struct Act {
    #[command(flatten)]
    directory: Directory,
    #[command(flatten)]
    book: BookFile,
    /// What was done.
    #[arg(value_enum)]
    action: Done,
    /// The alerts, by the numbers that `archive alerts list` shows.
    #[arg(required = true, value_name = "ALERT")]
    alerts: Vec<u64>,
    /// Who did it.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// The day; today where absent.
    #[arg(long, value_name = "DATE")]
    date: Option<NaiveDate>,
}

/// What was done about an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Done {
    /// Somebody looks after it.
    Acknowledge,
    /// The system was wrong and was mended.
    System,
    /// The paper was wrong or missing and was replaced.
    Paper,
    /// It was a false alarm.
    False,
}

impl Act {
    fn run(&self) -> Result<Outcome, Error> {
        let action = match self.action {
            Done::Acknowledge => Action::Acknowledge,
            Done::System => Action::ResolveInSystem,
            Done::Paper => Action::ResolveInPaper,
            Done::False => Action::CallFalse,
        };
        let mut file = AlertBook::open(&self.book.path(&self.directory))?;
        let day = today_or(self.date);
        let mut failed = None;
        for alert in &self.alerts {
            if let Err(error) = file.book.act(AlertId(*alert), action, &self.by, day) {
                output::complain(&error);
                failed = Some(error.kind());
            }
        }
        file.save()?;
        Ok(failed.map_or(Outcome::Done, Outcome::PartlyFailed))
    }
}

/// The rules in a file, or the shipped ones.
pub(super) fn rules_of(path: Option<&Path>) -> Result<Rules, Error> {
    match path {
        Some(path) => Rules::parse(&path.display().to_string(), &data_file::read(path)?),
        None => Ok(Rules::reference()),
    }
}

/// The day that was given, or this one.
pub(super) fn today_or(date: Option<NaiveDate>) -> NaiveDate {
    date.unwrap_or_else(|| chrono::Local::now().date_naive())
}

/// Tells whom to tell at once.
pub(super) fn print_notices(book: &Book, notices: &[Notice], as_json: bool) -> Result<(), Error> {
    for notice in notices {
        let Some(alert) = book.get(notice.alert) else { continue };
        if as_json {
            output::print_json(&json!({ "notice": notice, "alert": alert }))?;
        } else {
            output::print(format_args!("AT ONCE, level {}, {}:", notice.level, notice.cause))?;
            print_alert(notice.alert, alert, false)?;
        }
    }
    Ok(())
}

fn print_alert(id: AlertId, alert: &Alert, as_json: bool) -> Result<(), Error> {
    if as_json {
        return output::print_json(&json!({ "id": id, "alert": alert }));
    }
    let finding = &alert.finding;
    let state = match alert.state {
        State::Open if alert.is_suppressed => "waits for an order",
        State::Open => "open",
        State::Acknowledged => "acknowledged",
        State::ResolvedInSystem => "resolved in the system",
        State::ResolvedInPaper => "resolved in the paper",
        State::False => "false",
    };
    output::print(format_args!(
        "{:>6} {:<8} {} {}{}: paper {}, system {}: {} ({state} since {})",
        id.0,
        finding.severity.as_str(),
        finding.key,
        finding.kind,
        finding.field.as_ref().map_or(String::new(), |field| format!(" of {field}")),
        finding.left.as_deref().unwrap_or("–"),
        finding.right.as_deref().unwrap_or("–"),
        finding.reason,
        alert.since,
    ))
}
