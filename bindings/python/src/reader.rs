//! Page images: fields read, claims verified.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use archive::{NumberRules, page_json};
use archive_core::Error;
use archive_core::record::Record;
use archive_ocr::{PageImage, PageReading};
use pyo3::prelude::*;

use crate::errors::{detached, json, raise};
use crate::waiting::interruptible;

/// A page image as Python gives it.
#[derive(FromPyObject)]
enum Source {
    /// A file in memory.
    Bytes(Vec<u8>),
    /// Width, height, and brightness row by row.
    Plane(u32, u32, Vec<u8>),
    /// A file.
    Path(PathBuf),
}

impl Source {
    fn open(self, name: &str) -> Result<PageImage, Error> {
        match self {
            Self::Bytes(bytes) => PageImage::from_bytes(name, &bytes),
            Self::Plane(width, height, plane) => PageImage::from_plane(name, width, height, plane),
            Self::Path(path) => PageImage::open(path),
        }
    }
}

/// A page reader.
#[pyclass(frozen, module = "marketing_archive._native")]
pub(crate) struct Reader {
    reader: Arc<archive_ocr::Reader>,
}

#[pymethods]
impl Reader {
    #[new]
    fn new(
        py: Python<'_>,
        models: Option<PathBuf>,
        threads: Option<usize>,
        fields: Vec<PathBuf>,
        rules: Vec<PathBuf>,
    ) -> PyResult<Self> {
        let reader = detached(py, || {
            let rules = NumberRules::with(&rules)?;
            archive::open_reader(models.as_deref(), threads, archive::load_fields(&fields, &rules)?)
        })?;
        Ok(Self { reader: Arc::new(reader) })
    }

    /// Reads a page.
    fn read(&self, py: Python<'_>, name: &str, image: Source) -> PyResult<Reading> {
        let work = move || self.reader.read(&image.open(name)?);
        Ok(Reading { reading: interruptible(py, &AtomicBool::new(false), work)? })
    }
}

/// What was read on a page: more than its fields, so that claims can be verified on it.
#[pyclass(frozen, module = "marketing_archive._native")]
pub(crate) struct Reading {
    reading: PageReading,
}

#[pymethods]
impl Reading {
    /// Everything that is known of the page, as JSON.
    fn summary(&self) -> PyResult<String> {
        json(&page_json::reading(&self.reading))
    }

    /// What the page says of each claim of a record, as JSON.
    fn verify(&self, py: Python<'_>, record: BTreeMap<String, String>) -> PyResult<String> {
        let claims: Vec<_> = record
            .into_iter()
            .map(|(field, claim)| Ok((field.parse()?, claim)))
            .collect::<Result<_, Error>>()
            .map_err(raise)?;
        let record = Record::new(claims);
        json(&detached(py, || Ok(page_json::evidence(&self.reading, &record)))?)
    }
}
