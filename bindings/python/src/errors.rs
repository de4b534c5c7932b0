//! Exceptions: one class for each kind of error, and no panic past this layer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use archive_core::{Error, ErrorKind};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

create_exception!(
    marketing_archive,
    ArchiveError,
    PyException,
    "Why a call failed; its class says what to do."
);
create_exception!(marketing_archive, InvalidInput, ArchiveError, "Fix the value that was given.");
create_exception!(marketing_archive, NotFound, ArchiveError, "What was named does not exist.");
create_exception!(marketing_archive, Conflict, ArchiveError, "The same name means something else already.");
create_exception!(
    marketing_archive,
    Unavailable,
    ArchiveError,
    "A part is out of reach: restore it and call again."
);
create_exception!(marketing_archive, Refused, ArchiveError, "A device or a rule said no.");
create_exception!(
    marketing_archive,
    OutcomeUnknown,
    ArchiveError,
    "Sent, and no answer came: read the state first."
);
create_exception!(marketing_archive, Unsupported, ArchiveError, "This part cannot do it.");
create_exception!(marketing_archive, Denied, ArchiveError, "The caller lacks the right to do it.");
create_exception!(marketing_archive, Corrupt, ArchiveError, "Stored data is not what was written.");
create_exception!(marketing_archive, Internal, ArchiveError, "A fault of the library.");

/// Adds the exceptions to the module.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
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
    module.add("Internal", py.get_type::<Internal>())
}

/// What messages call by its verb of the command line, and what does it in Python.
const VERBS: [(&str, &str); 6] = [
    ("`archive setup`", "`python -m marketing_archive setup`"),
    ("`archive init`", "`marketing_archive.Archive.create(path)`"),
    ("`archive audit catalogue`", "`Archive.audit()`"),
    ("`archive rule check`", "`marketing_archive.check_rule(text)`"),
    ("`archive relocate list`", "`Archive.relocations()`"),
    ("`archive sync --list`", "`Archive.sync_changes()`"),
];

/// The exception for an error, by its kind.
pub(crate) fn raise(error: Error) -> PyErr {
    let named = |message: String, (verb, call): &(&str, &str)| message.replace(verb, call);
    let message = VERBS.iter().fold(error.report(), named);
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

/// What stands for a panic: `except Exception` would miss the one that `PyO3` makes of it.
pub(crate) fn panicked() -> Error {
    Error::new(ErrorKind::Internal, "library", "panicked; report it")
}

/// Runs `work` without the interpreter; an error or a panic becomes an exception.
pub(crate) fn detached<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> PyResult<T> {
    let caught = py.detach(|| catch_unwind(AssertUnwindSafe(work)));
    caught
        .unwrap_or_else(|payload| {
            // The payload's own drop may panic too; it is given up instead.
            std::mem::forget(payload);
            Err(panicked())
        })
        .map_err(raise)
}

/// `value` as JSON text.
pub(crate) fn json(value: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(value)
        .map_err(|e| Internal::new_err(format!("answer: cannot be written as JSON: {e}")))
}

/// What `text` says as JSON; `what` stands in the error, beside the key whose value is wrong.
pub(crate) fn taken<T: DeserializeOwned>(what: &str, text: &str) -> PyResult<T> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(|error| {
        let message = error.inner().to_string();
        // The text was made on the way here: nobody knows its lines.
        let reason = message.rfind(" at line ").map_or(message.as_str(), |end| &message[..end]);
        let key = match error.path().iter().next() {
            Some(_) => format!(": {}", error.path()),
            None => String::new(),
        };
        raise(Error::invalid("argument", format!("is no {what}{key}: {reason}")))
    })
}
