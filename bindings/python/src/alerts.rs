//! Early warning: the book of alerts in a file, opened, changed and written by each call.

use std::path::PathBuf;

use archive::alert_book::AlertBook;
use archive::snapshots;
use archive_core::{Error, data_file};
use archive_reconcile::alerts::{Action, AlertId, ChangeOrder, Notice, Observation, Rules, Vanished};
use archive_reconcile::tables::MemorySnapshot;
use chrono::NaiveDate;
use pyo3::prelude::*;

use crate::capsule::Chunks;
use crate::errors::{detached, json, raise, taken};

/// Takes the findings of a comparison, and moves what nobody acted on one level higher; gives whom to tell.
#[pyfunction]
pub(crate) fn observe_alerts(
    py: Python<'_>,
    book: PathBuf,
    findings: &Bound<'_, PyAny>,
    rules: Option<PathBuf>,
    orders: &str,
    gone: &str,
    today: NaiveDate,
) -> PyResult<String> {
    let orders: Vec<ChangeOrder> = taken("list of change orders", orders)?;
    let vanished = match gone {
        "unknown" => Vanished::Unknown,
        "system" => Vanished::ResolvedInSystem,
        "paper" => Vanished::ResolvedInPaper,
        _ => return Err(raise(Error::invalid("argument gone", "is none of unknown, system or paper"))),
    };
    let path = findings.extract::<PathBuf>().ok();
    let chunks = if path.is_none() { Some(Chunks::of("findings", findings)?) } else { None };
    let notices = detached(py, || {
        let rules = match &rules {
            Some(path) => Rules::parse(&path.display().to_string(), &data_file::read(path)?)?,
            None => Rules::reference(),
        };
        let observations = match (path, chunks) {
            (Some(path), _) => Observation::read(&*snapshots::open(&path)?)?,
            (None, Some(chunks)) => {
                let (schema, batches) = chunks.into_table("findings")?;
                Observation::read(&MemorySnapshot::new("findings", schema, batches)?)?
            }
            (None, None) => Vec::new(),
        };
        let mut file = AlertBook::open(&book)?;
        let mut notices = file.book.observe(&rules, &observations, &orders, vanished, today);
        notices.extend(file.book.escalate(today));
        file.save()?;
        Ok(notices.iter().map(|notice| told(&file, notice)).collect::<Vec<_>>())
    })?;
    json(&notices)
}

fn told(file: &AlertBook, notice: &Notice) -> serde_json::Value {
    serde_json::json!({ "notice": notice, "alert": file.book.get(notice.alert) })
}

/// All alerts, or the list of the day.
#[pyfunction]
pub(crate) fn list_alerts(py: Python<'_>, book: PathBuf, all: bool) -> PyResult<String> {
    let rows = detached(py, || {
        let file = AlertBook::open(&book)?;
        let list = if all { file.book.iter().collect() } else { file.book.daily_list() };
        Ok(list
            .into_iter()
            .map(|(id, alert)| serde_json::json!({ "id": id, "alert": alert }))
            .collect::<Vec<_>>())
    })?;
    json(&rows)
}

/// Somebody does something about an alert; gives it as it stands then.
#[pyfunction]
pub(crate) fn act_on_alert(
    py: Python<'_>,
    book: PathBuf,
    id: u64,
    action: &str,
    by: &str,
    day: NaiveDate,
) -> PyResult<String> {
    let action: Action = serde_json::from_value(action.into()).map_err(|_| {
        let message = "is none of acknowledge, resolve-in-system, resolve-in-paper or call-false";
        raise(Error::invalid("argument action", message))
    })?;
    let alert = detached(py, || {
        let mut file = AlertBook::open(&book)?;
        file.book.act(AlertId(id), action, by, day)?;
        file.save()?;
        Ok(serde_json::json!({ "id": id, "alert": file.book.get(AlertId(id)) }))
    })?;
    json(&alert)
}
