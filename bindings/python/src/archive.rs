//! The archive itself: requests and answers cross as the facade's JSON forms.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use archive::{Config, FilingOutcome, FilingRequest, report, samples, setup as models};
use archive_core::Error;
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_store::LoanRequest;
use chrono::{DateTime, Utc};
use pyo3::prelude::*;
use serde::de::DeserializeOwned;

use crate::errors::{detached, json, raise};
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

fn taken<T: DeserializeOwned>(what: &str, text: &str) -> PyResult<T> {
    serde_json::from_str(text)
        .map_err(|e| raise(Error::invalid("request", format!("is no {what} request")).with_source(e)))
}

/// An open archive.
#[pyclass(frozen, module = "marketing_archive._native")]
pub(crate) struct Archive {
    archive: archive::Archive,
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
        let request: FilingRequest = taken("filing", request)?;
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
        let outcomes: Vec<FilingOutcome> = taken("report", outcomes)?;
        detached(py, || report::write(&directory, &outcomes, &self.archive.config().content()))
    }

    /// Lends a file.
    fn lend(&self, py: Python<'_>, request: &str) -> PyResult<String> {
        let request: LoanRequest = taken("loan", request)?;
        json(&detached(py, || self.archive.catalogue().lend(&request))?)
    }

    /// Takes a loan back.
    fn give_back(&self, py: Python<'_>, loan: &str, when: DateTime<Utc>) -> PyResult<String> {
        let loan: RequestKey = loan.parse().map_err(raise)?;
        json(&detached(py, || self.archive.catalogue().give_back(&loan, when))?)
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
}
