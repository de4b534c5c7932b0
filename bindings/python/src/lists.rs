//! Catalogues, covers, labels and hand-over lists as files.

use std::path::{Path, PathBuf};

use archive::cataloguing::{Printed, Table};
use archive::snapshots::CsvStyle;
use archive_core::Error;
use archive_store::Search;
use chrono::NaiveDate;
use pyo3::prelude::*;

use crate::archive::{Archive, box_numbers, parsed};
use crate::errors::{detached, json};

/// A list as it goes to its file.
fn write_list(
    py: Python<'_>,
    path: &Path,
    lossless: bool,
    list: impl FnOnce() -> Result<Table, Error> + Send,
) -> PyResult<String> {
    let style = CsvStyle::of(lossless);
    json(&detached(py, || Printed::Table(&list()?).write(path, style))?)
}

/// 归档文件目录.
#[pyfunction]
pub(crate) fn write_item_catalogue(
    py: Python<'_>,
    archive: &Archive,
    path: PathBuf,
    year: Option<u16>,
    lossless: bool,
) -> PyResult<String> {
    let search = Search { year, ..Search::all() };
    write_list(py, &path, lossless, || archive.facade().item_catalogue(&search))
}

/// 盒内文件目录.
#[pyfunction]
pub(crate) fn write_box_catalogue(
    py: Python<'_>,
    archive: &Archive,
    number: &str,
    path: PathBuf,
    lossless: bool,
) -> PyResult<String> {
    let number = parsed(number)?;
    write_list(py, &path, lossless, || archive.facade().box_catalogue(&number))
}

/// 卷内文件目录.
#[pyfunction]
pub(crate) fn write_volume_catalogue(
    py: Python<'_>,
    archive: &Archive,
    reference: &str,
    path: PathBuf,
    lossless: bool,
) -> PyResult<String> {
    let reference = parsed(reference)?;
    write_list(py, &path, lossless, || archive.facade().volume_catalogue(&reference))
}

/// 移交清单.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn write_hand_over_list(
    py: Python<'_>,
    archive: &Archive,
    references: Vec<String>,
    giver: &str,
    taker: &str,
    day: NaiveDate,
    path: PathBuf,
    lossless: bool,
) -> PyResult<String> {
    let references = references.iter().map(|r| parsed(r)).collect::<PyResult<Vec<_>>>()?;
    write_list(py, &path, lossless, || archive.facade().hand_over_list(&references, giver, taker, day))
}

/// 案卷封面.
#[pyfunction]
pub(crate) fn write_volume_cover(
    py: Python<'_>,
    archive: &Archive,
    reference: &str,
    path: PathBuf,
) -> PyResult<String> {
    let reference = parsed(reference)?;
    json(&detached(py, || {
        Printed::Cover(&archive.facade().volume_cover(&reference)?).write(&path, CsvStyle::FormulaSafe)
    })?)
}

/// 备考表.
#[pyfunction]
pub(crate) fn write_box_note(
    py: Python<'_>,
    archive: &Archive,
    number: &str,
    arranger: &str,
    checker: &str,
    path: PathBuf,
) -> PyResult<String> {
    let number = parsed(number)?;
    json(&detached(py, || {
        let note = archive.facade().box_note(&number, arranger, checker)?;
        Printed::Note(&note).write(&path, CsvStyle::FormulaSafe)
    })?)
}

/// 盒脊标签.
#[pyfunction]
pub(crate) fn write_spine_labels(
    py: Python<'_>,
    archive: &Archive,
    numbers: Vec<String>,
    path: PathBuf,
) -> PyResult<String> {
    let numbers = box_numbers(&numbers)?;
    json(&detached(py, || {
        let label = |number| archive.facade().spine_label(number);
        let labels = numbers.iter().map(label).collect::<Result<Vec<_>, _>>()?;
        Printed::Spines(&labels).write(&path, CsvStyle::FormulaSafe)
    })?)
}
