//! Whether what was filed is still what it was.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use archive::checks::Occasion;
use archive_core::record::Document;
use pyo3::prelude::*;

use crate::archive::{Archive, parsed};
use crate::errors::{detached, json, taken};
use crate::waiting::interruptible;

/// The four natures of a file, or of all holdings.
#[pyfunction]
pub(crate) fn check_natures(
    py: Python<'_>,
    archive: &Archive,
    reference: Option<&str>,
    occasion: &str,
) -> PyResult<String> {
    let occasion: Occasion = taken("occasion of a check", &serde_json::Value::from(occasion).to_string())?;
    let reference = reference.map(parsed).transpose()?;
    json(&interruptible(py, &AtomicBool::new(false), || match &reference {
        Some(reference) => archive.facade().check_file(reference, occasion),
        None => archive.facade().check_holdings(occasion),
    })?)
}

/// Reads contents again, as many bytes as `budget` allows, and compares their digests.
#[pyfunction]
pub(crate) fn fixity_scan(py: Python<'_>, archive: &Archive, budget: Option<u64>) -> PyResult<String> {
    json(&interruptible(py, &AtomicBool::new(false), || archive.facade().fixity_scan(budget))?)
}

/// Puts damaged contents right from a copy.
#[pyfunction]
pub(crate) fn restore(py: Python<'_>, archive: &Archive, copies: PathBuf) -> PyResult<String> {
    json(&interruptible(py, &AtomicBool::new(false), || archive.facade().restore(&copies))?)
}

/// The bytes of a document, which `locate` gave.
#[pyfunction]
pub(crate) fn content(py: Python<'_>, archive: &Archive, document: &str) -> PyResult<Vec<u8>> {
    let document: Document = taken("document", document)?;
    detached(py, || archive.facade().content(&document))
}
