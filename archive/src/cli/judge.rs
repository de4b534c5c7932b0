//! `archive judge`: how probable it is that each of the system's claims is wrong.

use std::path::PathBuf;

use archive::Error;
use archive::alert_book::{AlertBook, read_orders};
use archive::judging::{RowJudgement, Witness};
use archive::records::RecordTable;
use archive_reconcile::Finding;
use archive_reconcile::alerts::{Observation, Vanished};
use archive_reconcile::judgement::{Decision, Judgement, Priors, forecast};
use archive_reconcile::posterior::Costs;
use chrono::NaiveDate;
use clap::Args;
use serde_json::json;

use super::alerts::{print_notices, rules_of, today_or};
use super::{Directory, Outcome, output};

/// Cost ratios whose consequences are told beside those of the one that was chosen.
const OTHER_RATIOS: [f64; 4] = [1.0, 5.0, 20.0, 100.0];

/// Arguments of `archive judge`.
#[derive(Debug, Args)]
pub(super) struct Judge {
    /// A CSV table of the marketing system with a column `account_no` and one for each field.
    #[arg(long, value_name = "CSV")]
    records: PathBuf,
    #[command(flatten)]
    directory: Directory,
    /// A missed error costs as much as this many needless looks at a paper.
    #[arg(long, value_name = "NUMBER", default_value_t = 20.0)]
    cost_ratio: f64,
    /// Judge by what was read when the papers were filed, without asking their images again.
    #[arg(long)]
    filed: bool,
    /// The book of alerts: how its alerts ended says how often each field is wrong, and what is worth an alert
    /// goes into it.
    #[arg(long, value_name = "FILE")]
    book: Option<PathBuf>,
    /// The rules of early warning; the shipped ones where absent.
    #[arg(long, value_name = "TOML", requires = "book")]
    rules: Option<PathBuf>,
    /// A CSV table of open change orders, with the columns key, process and opened.
    #[arg(long, value_name = "CSV", requires = "book")]
    orders: Option<PathBuf>,
    /// The day; today where absent.
    #[arg(long, value_name = "DATE", requires = "book")]
    date: Option<NaiveDate>,
    /// Write the exception page into this directory.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Print JSON: one line a customer, then one with what each cost ratio would bring.
    #[arg(long)]
    json: bool,
    /// Exit with 1 where there are alerts.
    #[arg(long)]
    check: bool,
}

impl Judge {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let table = RecordTable::load(&self.records, "account_no")?;
        let costs = Costs::new(self.cost_ratio)?;
        let orders = self.orders.as_deref().map_or(Ok(Vec::new()), read_orders)?;
        let rules = rules_of(self.rules.as_deref())?;
        let archive = self.directory.open()?;
        let priors = match &self.book {
            Some(path) => AlertBook::open(path)?.book.priors(),
            None => Priors::default(),
        };
        let witness = if self.filed { Witness::Readings } else { Witness::Images };
        let rows = archive.judge(&table, &priors, costs, witness)?;
        let (mut posteriors, mut observations) = (Vec::new(), Vec::new());
        for row in &rows {
            self.print(row)?;
            let RowJudgement::Judged { customer, judgements, findings, .. } = row else { continue };
            // What nobody could read has no probability of its own.
            let heard = judgements.iter().filter(|j| j.decision != Decision::Unreadable);
            posteriors.extend(heard.map(|j| j.posterior));
            let alerts = judgements.iter().filter(|j| j.decision == Decision::Alert);
            let found = alerts.filter_map(|j| findings.iter().find(|f| f.field == j.field));
            observations.extend(found.filter_map(|f| Observation::of_papers(customer.as_str(), f)));
        }
        let ratios =
            OTHER_RATIOS.into_iter().filter(|ratio| *ratio != self.cost_ratio).chain([self.cost_ratio]);
        let settings = forecast(posteriors, ratios)?;
        if self.json {
            output::print_json(&json!({ "settings": settings }))?;
        } else {
            for setting in &settings {
                output::print(format_args!(
                    "at cost ratio {}: {} alerts, of which {:.1} will prove false; {:.1} errors without one",
                    setting.cost_ratio, setting.alerts, setting.false_alarms, setting.missed,
                ))?;
            }
        }
        if let Some(directory) = &self.report {
            archive.report_judgements(directory, &rows)?;
        }
        if let Some(path) = &self.book {
            // The book is not held while images are read.
            let mut file = AlertBook::open(path)?;
            let today = today_or(self.date);
            let notices = file.book.observe(&rules, &observations, &orders, Vanished::Unknown, today);
            file.save()?;
            print_notices(&file.book, &notices, self.json)?;
        }
        Ok(if self.check && !observations.is_empty() { Outcome::Findings } else { Outcome::Done })
    }

    fn print(&self, row: &RowJudgement) -> Result<(), Error> {
        if self.json {
            return output::print_json(row);
        }
        match row {
            RowJudgement::NoPapers { customer } => {
                output::print(format_args!("{customer}\n  no papers are filed"))
            }
            RowJudgement::Judged { customer, judgements, findings, silent } => {
                let telling: Vec<&Judgement> =
                    judgements.iter().filter(|j| j.decision != Decision::Accept).collect();
                if telling.is_empty() && silent.is_empty() {
                    return Ok(());
                }
                output::print(customer)?;
                for judgement in telling {
                    print_judgement(judgement, findings.iter().find(|f| f.field == judgement.field))?;
                }
                silent.iter().try_for_each(|s| {
                    output::print(format_args!("  {} was not heard: {}", s.document, s.reason))
                })
            }
        }
    }
}

fn print_judgement(judgement: &Judgement, finding: Option<&Finding>) -> Result<(), Error> {
    if judgement.decision == Decision::Unreadable {
        return output::print(format_args!("  {}: no paper can be read", judgement.field));
    }
    let values = finding.map_or(String::new(), |f| {
        let of = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
        format!(": paper {}, system {}", of(&f.paper), of(&f.record))
    });
    let documents: Vec<String> =
        judgement.evidence.iter().map(|(document, nats)| format!("{document} {nats:+.1} nats")).collect();
    output::print(format_args!(
        "  ALERT {} is wrong with probability {:.3}{values} ({})",
        judgement.field,
        judgement.posterior,
        documents.join(", "),
    ))
}
