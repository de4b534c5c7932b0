//! The archive itself: requests and answers cross as the facade's JSON forms.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::AtomicBool;

use archive::{Config, FilingOutcome, FilingRequest, samples, setup as models};
use archive_core::Error;
use archive_core::identifier::{BoxNumber, ReferenceCode, RequestKey};
use archive_store::{LoanRequest, Search};
use chrono::{DateTime, NaiveDate, Utc};
use pyo3::prelude::*;

use crate::errors::{detached, json, raise, taken};
use crate::waiting::interruptible;

/// Fetches the engine and the models where they are not there yet; gives their directory.
#[pyfunction]
pub(crate) fn setup(py: Python<'_>) -> PyResult<String> {
    let fetch = || models::ensure(&models::cache_dir()?, &mut |_| {});
    let directory = interruptible(py, &AtomicBool::new(false), fetch)?;
    Ok(directory.display().to_string())
}

/// Starts the inference engine with the library in `directory`.
#[pyfunction]
pub(crate) fn start_engine(py: Python<'_>, directory: PathBuf) -> PyResult<()> {
    detached(py, || archive_ocr::engine::start_engine(&directory))
}

/// Writes the sample papers into `directory`; gives the request that files them.
#[pyfunction]
pub(crate) fn write_samples(py: Python<'_>, directory: PathBuf, key: &str) -> PyResult<String> {
    let key: RequestKey = key.parse().map_err(raise)?;
    json(&detached(py, || samples::write(&directory, key))?)
}

/// An open archive.
#[pyclass(frozen, module = "marketing_archive._native")]
pub(crate) struct Archive {
    archive: archive::Archive,
}

impl Archive {
    /// The facade.
    pub(crate) fn facade(&self) -> &archive::Archive {
        &self.archive
    }
}

#[pymethods]
impl Archive {
    #[new]
    fn new(py: Python<'_>, path: PathBuf, create: bool) -> PyResult<Self> {
        let open = || {
            let config = if create { Config::create(&path)? } else { Config::load(&path)? };
            archive::Archive::open(config)
        };
        Ok(Self { archive: detached(py, open)? })
    }

    /// Files papers.
    fn file(&self, py: Python<'_>, request: &str) -> PyResult<String> {
        let request: FilingRequest = taken("filing request", request)?;
        json(&interruptible(py, &AtomicBool::new(false), || self.archive.file(&request))?)
    }

    /// Finds files.
    fn locate(&self, py: Python<'_>, name: &str) -> PyResult<String> {
        json(&detached(py, || self.archive.locate(name))?)
    }

    /// Takes stock.
    fn inventory(&self, py: Python<'_>) -> PyResult<String> {
        json(&interruptible(py, &AtomicBool::new(false), || self.archive.inventory())?)
    }

    /// Writes the findings of filings as a page; gives its path.
    fn report(&self, py: Python<'_>, outcomes: &str, directory: PathBuf) -> PyResult<PathBuf> {
        let outcomes: Vec<FilingOutcome> = taken("report request", outcomes)?;
        detached(py, || self.archive.report_filings(&directory, &outcomes))
    }

    /// Lends a file.
    fn lend(&self, py: Python<'_>, request: &str) -> PyResult<String> {
        let request: LoanRequest = taken("loan request", request)?;
        json(&detached(py, || self.archive.catalogue().lend(&request))?)
    }

    /// Takes a loan back.
    fn give_back(&self, py: Python<'_>, loan: &str, when: DateTime<Utc>) -> PyResult<String> {
        let loan: RequestKey = loan.parse().map_err(raise)?;
        json(&detached(py, || self.archive.catalogue().give_back(&loan, when))?)
    }

    /// The loans that are out for too long.
    fn overdue(&self, py: Python<'_>, now: DateTime<Utc>) -> PyResult<String> {
        json(&detached(py, || self.archive.overdue(now))?)
    }

    /// The loans that are out.
    fn open_loans(&self, py: Python<'_>) -> PyResult<String> {
        json(&detached(py, || self.archive.catalogue().open_loans())?)
    }

    /// Reserves another slot for a box.
    fn move_box(&self, py: Python<'_>, number: &str, to: &str, when: DateTime<Utc>) -> PyResult<String> {
        let number: BoxNumber = number.parse().map_err(raise)?;
        let to = to.parse().map_err(raise)?;
        json(&detached(py, || self.archive.catalogue().move_box(&number, &to, when))?)
    }

    /// Records that a box stands in the slot that it was moved to.
    fn confirm_move(&self, py: Python<'_>, number: &str, when: DateTime<Utc>) -> PyResult<String> {
        let number: BoxNumber = number.parse().map_err(raise)?;
        json(&detached(py, || self.archive.catalogue().confirm_move(&number, when))?)
    }

    /// Undoes a move that was not confirmed.
    fn cancel_move(&self, py: Python<'_>, number: &str, when: DateTime<Utc>) -> PyResult<String> {
        let number: BoxNumber = number.parse().map_err(raise)?;
        json(&detached(py, || self.archive.catalogue().cancel_move(&number, when))?)
    }

    /// Checks everything that must hold; gives what does not.
    fn audit(&self, py: Python<'_>) -> PyResult<String> {
        json(&interruptible(py, &AtomicBool::new(false), || self.archive.catalogue().audit())?)
    }
    /// Goes on with every filing whose box is not known to stand in its slot.
    fn resume(&self, py: Python<'_>) -> PyResult<String> {
        let resumed = interruptible(py, &AtomicBool::new(false), || self.archive.resume())?;
        let rows: Vec<_> = resumed
            .iter()
            .map(|(filed, shelving)| serde_json::json!({ "filed": filed, "shelving": shelving }))
            .collect();
        json(&rows)
    }

    /// Files that have all `words`, the newest first.
    fn search(&self, py: Python<'_>, words: &str, limit: usize) -> PyResult<String> {
        let search = Search { limit, ..Search::words(words) };
        json(&detached(py, || self.archive.catalogue().search(&search))?)
    }

    /// Adds late documents to a file.
    fn join(&self, py: Python<'_>, reference: &str, key: &str, documents: &str) -> PyResult<String> {
        let (reference, key): (ReferenceCode, RequestKey) = (parsed(reference)?, parsed(key)?);
        let documents = taken("list of documents", documents)?;
        json(&interruptible(py, &AtomicBool::new(false), || self.archive.join(&reference, key, documents))?)
    }

    /// How complete a file is.
    fn completeness(&self, py: Python<'_>, reference: &str) -> PyResult<String> {
        let reference: ReferenceCode = parsed(reference)?;
        json(&detached(py, || self.archive.completeness(&reference))?)
    }

    /// How complete all live files are.
    fn completeness_matrix(&self, py: Python<'_>) -> PyResult<String> {
        json(&interruptible(py, &AtomicBool::new(false), || self.archive.completeness_matrix())?)
    }

    /// Whom to remind of deferred papers.
    fn reminders(&self, py: Python<'_>, last: NaiveDate) -> PyResult<String> {
        json(&detached(py, || self.archive.reminders(last))?)
    }

    /// The files whose time is over.
    fn due_for_disposal(&self, py: Python<'_>, today: NaiveDate) -> PyResult<String> {
        json(&detached(py, || self.archive.due_for_disposal(today))?)
    }

    /// The legal holds that stand.
    fn holds(&self, py: Python<'_>) -> PyResult<String> {
        json(&detached(py, || self.archive.holds())?)
    }

    /// Keeps a file from disposal.
    fn hold(&self, py: Python<'_>, reference: &str, reason: &str, by: &str, role: &str) -> PyResult<()> {
        let (reference, role) = (parsed(reference)?, parsed(role)?);
        detached(py, || self.archive.hold(&reference, reason, by, &role))
    }

    /// Lifts the hold on a file.
    fn lift_hold(&self, py: Python<'_>, reference: &str, by: &str, role: &str) -> PyResult<()> {
        let (reference, role) = (parsed(reference)?, parsed(role)?);
        detached(py, || self.archive.lift_hold(&reference, by, &role))
    }

    /// Proposes files for disposal.
    fn propose_disposal(
        &self,
        py: Python<'_>,
        key: &str,
        references: Vec<String>,
        person: &str,
        role: &str,
    ) -> PyResult<String> {
        let (key, role) = (parsed(key)?, parsed(role)?);
        let references = references.iter().map(|r| parsed(r)).collect::<PyResult<Vec<_>>>()?;
        json(&detached(py, || self.archive.propose_disposal(key, references, person, &role))?)
    }

    /// Somebody agrees to a disposal list.
    fn approve_disposal(&self, py: Python<'_>, key: &str, person: &str, role: &str) -> PyResult<String> {
        let (key, role) = (parsed(key)?, parsed(role)?);
        json(&detached(py, || self.archive.approve_disposal(&key, person, &role))?)
    }

    /// Somebody says no to a disposal list.
    fn reject_disposal(
        &self,
        py: Python<'_>,
        key: &str,
        person: &str,
        role: &str,
        reason: &str,
    ) -> PyResult<String> {
        let (key, role) = (parsed(key)?, parsed(role)?);
        json(&detached(py, || self.archive.reject_disposal(&key, person, &role, reason))?)
    }

    /// Carries a disposal list out.
    fn carry_out_disposal(&self, py: Python<'_>, key: &str) -> PyResult<String> {
        let key = parsed(key)?;
        json(&detached(py, || self.archive.carry_out_disposal(&key))?)
    }

    /// A disposal list as it stands.
    fn disposal_list(&self, py: Python<'_>, key: &str) -> PyResult<String> {
        let key = parsed(key)?;
        json(&detached(py, || self.archive.disposal_list(&key))?)
    }

    /// Closes a file.
    fn close_file(&self, py: Python<'_>, reference: &str, by: &str, reason: &str) -> PyResult<String> {
        let reference = parsed(reference)?;
        json(&detached(py, || self.archive.close_file(&reference, by, reason))?)
    }

    /// The files of late documents that joined a file.
    fn late_files(&self, py: Python<'_>, reference: &str) -> PyResult<String> {
        let reference = parsed(reference)?;
        json(&detached(py, || self.archive.late_files(&reference))?)
    }

    /// The way to a slot: as JSON, and in words.
    fn way_to(&self, py: Python<'_>, slot: &str) -> PyResult<(String, String)> {
        let slot = parsed(slot)?;
        let way = detached(py, || self.archive.way_to(&slot))?;
        Ok((json(&way)?, way.to_string()))
    }

    /// Sends boxes to another site.
    fn send(&self, py: Python<'_>, key: &str, boxes: Vec<String>, to: &str) -> PyResult<String> {
        let (key, boxes) = (parsed(key)?, box_numbers(&boxes)?);
        json(&detached(py, || self.archive.send(&key, &boxes, to))?)
    }

    /// Records that boxes of a consignment arrived.
    fn receive(&self, py: Python<'_>, key: &str, boxes: Vec<String>) -> PyResult<String> {
        let (key, boxes) = (parsed(key)?, box_numbers(&boxes)?);
        json(&detached(py, || self.archive.receive(&key, &boxes))?)
    }

    /// Recalls a consignment.
    fn recall(&self, py: Python<'_>, key: &str) -> PyResult<String> {
        let key = parsed(key)?;
        json(&detached(py, || self.archive.recall(&key))?)
    }

    /// Where the boxes of a consignment are.
    fn consignment(&self, py: Python<'_>, key: &str) -> PyResult<String> {
        let key = parsed(key)?;
        json(&detached(py, || self.archive.consignment(&key))?)
    }

    /// What the evidence log says of a file.
    fn history(&self, py: Python<'_>, reference: &str) -> PyResult<String> {
        let reference: ReferenceCode = parsed(reference)?;
        json(&detached(py, || self.archive.history(&reference))?)
    }

    /// The state of the whole evidence log, as text.
    fn checkpoint(&self, py: Python<'_>) -> PyResult<String> {
        Ok(detached(py, || self.archive.catalogue().checkpoint())?.to_string())
    }

    /// Checks the evidence log from end to end and against checkpoints that were kept elsewhere.
    fn verify(&self, py: Python<'_>, checkpoints: Vec<String>) -> PyResult<String> {
        let checkpoints = checkpoints.iter().map(|text| parsed(text)).collect::<PyResult<Vec<_>>>()?;
        let verify = || self.archive.catalogue().verify(&checkpoints);
        json(&interruptible(py, &AtomicBool::new(false), verify)?)
    }
}

pub(crate) fn parsed<T: FromStr<Err = Error>>(text: &str) -> PyResult<T> {
    text.parse().map_err(raise)
}

pub(crate) fn box_numbers(numbers: &[String]) -> PyResult<Vec<BoxNumber>> {
    numbers.iter().map(|number| parsed(number)).collect()
}
