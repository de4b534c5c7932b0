//! The native part of the Python module `marketing_archive`.
//!
//! Python classes in `python/marketing_archive/__init__.py` wrap what stands here. Requests and
//! answers cross as JSON text, which keeps this layer thin; long calls release the interpreter.
//! Panics do not reach here as errors: `PyO3` turns them into `PanicException`.

use std::collections::BTreeMap;
use std::path::Path;

use archive::{Config, FilingRequest, setup as models};
use archive_core::record::Record;
use archive_core::{Error, ErrorKind};
use archive_numbering as numbering;
use archive_ocr::PageImage;
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use serde::Serialize;

create_exception!(_native, ArchiveError, PyException, "Why a call failed; its class says what to do.");
create_exception!(_native, InvalidInput, ArchiveError, "Fix the value that was given.");
create_exception!(_native, NotFound, ArchiveError, "What was named does not exist.");
create_exception!(_native, Conflict, ArchiveError, "The same name means something else already.");
create_exception!(_native, Unavailable, ArchiveError, "A part is out of reach: restore it and call again.");
create_exception!(_native, Refused, ArchiveError, "A device or a rule said no.");
create_exception!(_native, OutcomeUnknown, ArchiveError, "Sent, and no answer came: read the state first.");
create_exception!(_native, Unsupported, ArchiveError, "This part cannot do it.");
create_exception!(_native, Denied, ArchiveError, "The caller lacks the right to do it.");
create_exception!(_native, Corrupt, ArchiveError, "Stored data is not what was written.");
create_exception!(_native, Internal, ArchiveError, "A fault of the library.");

/// The exception for an error, by its kind.
fn raise(error: Error) -> PyErr {
    let message = error.report();
    match error.kind() {
        ErrorKind::InvalidInput => InvalidInput::new_err(message),
        ErrorKind::NotFound => NotFound::new_err(message),
        ErrorKind::Conflict => Conflict::new_err(message),
        ErrorKind::Unavailable => Unavailable::new_err(message),
        ErrorKind::Refused => Refused::new_err(message),
        ErrorKind::OutcomeUnknown => OutcomeUnknown::new_err(message),
        ErrorKind::Unsupported => Unsupported::new_err(message),
        ErrorKind::Denied => Denied::new_err(message),
        ErrorKind::Corrupt => Corrupt::new_err(message),
        _ => Internal::new_err(message),
    }
}

fn json(value: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(value)
        .map_err(|e| Internal::new_err(format!("answer: cannot be written as JSON: {e}")))
}

/// Fetches the engine and the models where they are not there yet; gives their directory.
#[pyfunction]
fn setup(py: Python<'_>) -> PyResult<String> {
    let directory = py.detach(|| models::ensure(&models::cache_dir()?, &mut |_| {})).map_err(raise)?;
    Ok(directory.display().to_string())
}

/// An open archive.
#[pyclass(frozen, module = "marketing_archive._native")]
struct Archive {
    archive: archive::Archive,
}

#[pymethods]
impl Archive {
    #[new]
    fn new(py: Python<'_>, path: &str, create: bool) -> PyResult<Self> {
        let open = || {
            let path = Path::new(path);
            let config = if create { Config::create(path)? } else { Config::load(path)? };
            archive::Archive::open(config)
        };
        Ok(Self { archive: py.detach(open).map_err(raise)? })
    }

    fn file(&self, py: Python<'_>, request: &str) -> PyResult<String> {
        let request: FilingRequest = serde_json::from_str(request)
            .map_err(|e| raise(Error::invalid("request", "is no filing request").with_source(e)))?;
        json(&py.detach(|| self.archive.file(&request)).map_err(raise)?)
    }

    fn locate(&self, py: Python<'_>, name: &str) -> PyResult<String> {
        json(&py.detach(|| self.archive.locate(name)).map_err(raise)?)
    }

    fn inventory(&self, py: Python<'_>) -> PyResult<String> {
        json(&py.detach(|| self.archive.inventory()).map_err(raise)?)
    }
}

/// A page reader.
#[pyclass(frozen, module = "marketing_archive._native")]
struct Reader {
    reader: archive_ocr::Reader,
}

#[pymethods]
impl Reader {
    #[new]
    fn new(py: Python<'_>, models: Option<&str>, threads: Option<usize>) -> PyResult<Self> {
        let reader = py.detach(|| archive::open_reader(models.map(Path::new), threads)).map_err(raise)?;
        Ok(Self { reader })
    }

    fn read(&self, py: Python<'_>, name: &str, image: &[u8]) -> PyResult<String> {
        let reading = py.detach(|| self.reader.read(&PageImage::from_bytes(name, image)?)).map_err(raise)?;
        let fields: BTreeMap<_, _> = reading
            .fields
            .iter()
            .map(|(name, field)| {
                let field = serde_json::json!({
                    "value": field.value,
                    "text": field.text,
                    "confidence": field.confidence,
                    "box": field.region,
                });
                (name, field)
            })
            .collect();
        json(&serde_json::json!({ "doc_type": reading.document_type, "fields": fields }))
    }

    fn verify(
        &self,
        py: Python<'_>,
        name: &str,
        image: &[u8],
        record: BTreeMap<String, String>,
    ) -> PyResult<String> {
        let record: Vec<_> = record
            .into_iter()
            .map(|(field, claim)| Ok((field.parse()?, claim)))
            .collect::<Result<_, Error>>()
            .map_err(raise)?;
        let record = Record::new(record);
        let reading = py.detach(|| self.reader.read(&PageImage::from_bytes(name, image)?)).map_err(raise)?;
        let cells: Vec<_> = record
            .iter()
            .map(|(field, claim)| {
                let evidence = reading.verify(field, claim);
                serde_json::json!({
                    "field": field,
                    "verdict": evidence.verdict,
                    "suspicion": evidence.suspicion,
                    "read": evidence.read,
                    "record": claim,
                })
            })
            .collect();
        json(&cells)
    }
}

/// A compiled numbering rule.
#[pyclass(frozen, module = "marketing_archive._native")]
struct Rule {
    rule: numbering::Rule,
}

#[pymethods]
impl Rule {
    #[new]
    fn new(text: &str) -> PyResult<Self> {
        Ok(Self { rule: numbering::Rule::compile(text).map_err(|rejection| raise(rejection.into()))? })
    }

    fn parse(&self, number: &str) -> PyResult<BTreeMap<String, String>> {
        let parsed = self.rule.parse(number).map_err(raise)?;
        Ok(parsed.fields().map(|(field, text)| (field.to_owned(), text.to_owned())).collect())
    }
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add_class::<Archive>()?;
    module.add_class::<Reader>()?;
    module.add_class::<Rule>()?;
    module.add_function(wrap_pyfunction!(setup, module)?)?;
    module.add("ArchiveError", py.get_type::<ArchiveError>())?;
    module.add("InvalidInput", py.get_type::<InvalidInput>())?;
    module.add("NotFound", py.get_type::<NotFound>())?;
    module.add("Conflict", py.get_type::<Conflict>())?;
    module.add("Unavailable", py.get_type::<Unavailable>())?;
    module.add("Refused", py.get_type::<Refused>())?;
    module.add("OutcomeUnknown", py.get_type::<OutcomeUnknown>())?;
    module.add("Unsupported", py.get_type::<Unsupported>())?;
    module.add("Denied", py.get_type::<Denied>())?;
    module.add("Corrupt", py.get_type::<Corrupt>())?;
    module.add("Internal", py.get_type::<Internal>())?;
    Ok(())
}
