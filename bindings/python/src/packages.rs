//! What leaves the archive and comes from another: packages, evidence, copies for readers.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use archive::printing::Font;
use archive::transfer::{self, Layout};
use archive::using::ReadingRequest;
use archive_core::data_file;
use archive_core::policy::Policy;
use pyo3::prelude::*;

use crate::archive::{Archive, parsed};
use crate::errors::{detached, json};
use crate::waiting::interruptible;

/// Writes files as a package.
#[pyfunction]
pub(crate) fn export(
    py: Python<'_>,
    archive: &Archive,
    references: Vec<String>,
    layout: &str,
    path: PathBuf,
) -> PyResult<String> {
    let references = references.iter().map(|r| parsed(r)).collect::<PyResult<Vec<_>>>()?;
    let layout: Layout = parsed(layout)?;
    let write = || archive.facade().export(&references, layout, &path);
    json(&interruptible(py, &AtomicBool::new(false), write)?)
}

/// Checks a package.
#[pyfunction]
pub(crate) fn validate_package(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    json(&interruptible(py, &AtomicBool::new(false), || transfer::validate(&path))?)
}

/// Files what a package holds.
#[pyfunction]
pub(crate) fn take_in(py: Python<'_>, archive: &Archive, path: PathBuf) -> PyResult<String> {
    json(&interruptible(py, &AtomicBool::new(false), || archive.facade().take_in(&path))?.files)
}

/// Writes an evidence package.
#[pyfunction]
pub(crate) fn evidence_package(
    py: Python<'_>,
    archive: &Archive,
    reference: &str,
    purpose: &str,
    path: PathBuf,
) -> PyResult<PathBuf> {
    let reference = parsed(reference)?;
    detached(py, || archive.facade().evidence_package(&reference, purpose, &path, &Font::find()?))
}

/// Writes a copy with a watermark.
#[pyfunction]
pub(crate) fn reading_copy(
    py: Python<'_>,
    archive: &Archive,
    reference: &str,
    reader: &str,
    purpose: &str,
    documents: Option<Vec<String>>,
    path: PathBuf,
) -> PyResult<String> {
    let documents =
        documents.map(|ids| ids.iter().map(|id| parsed(id)).collect::<PyResult<Vec<_>>>()).transpose()?;
    let (reader, purpose) = (reader.to_owned(), purpose.to_owned());
    let request = ReadingRequest { reference: parsed(reference)?, reader, purpose, documents };
    let (written, not_shown) = detached(py, || {
        let copy = archive.facade().reading_copy(&request, &Font::find()?)?;
        Ok((copy.printout.write(&path)?, copy.not_shown))
    })?;
    json(&serde_json::json!({ "written": written, "not_shown": not_shown }))
}

/// Takes over what a site filed while it was cut off.
#[pyfunction]
pub(crate) fn merge_site(py: Python<'_>, archive: &Archive, site: &Archive) -> PyResult<String> {
    let merge = || archive.facade().merge_site(site.facade());
    json(&interruptible(py, &AtomicBool::new(false), merge)?)
}

/// Which files another policy pack would touch.
#[pyfunction]
pub(crate) fn policy_impact(py: Python<'_>, archive: &Archive, pack: PathBuf) -> PyResult<String> {
    json(&interruptible(py, &AtomicBool::new(false), || {
        let new = Policy::parse(&pack.display().to_string(), &data_file::read(&pack)?)?;
        archive.facade().policy_impact(&new)
    })?)
}
