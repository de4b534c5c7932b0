//! Plans for a room: values in, values out, as JSON.

use archive_core::Error;
use archive_core::holding::{Slot, SlotAddress};
use archive_core::identifier::BoxNumber;
use archive_shelving::plan::relocation::{self, Standing};
use pyo3::prelude::*;
use serde::de::DeserializeOwned;

use crate::errors::{detached, json, raise};

fn taken<T: DeserializeOwned>(what: &str, text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|e| raise(Error::invalid(what, "has a wrong form").with_source(e)))
}

/// The fewest moves that bring each box to its slot.
#[pyfunction]
pub(crate) fn plan_relocation(py: Python<'_>, slots: &str, standing: &str, wanted: &str) -> PyResult<String> {
    let slots: Vec<Slot> = taken("slots", slots)?;
    let standing: Vec<Standing> = taken("standing boxes", standing)?;
    let wanted: Vec<(BoxNumber, SlotAddress)> = taken("wanted slots", wanted)?;
    let plan = detached(py, || relocation::relocate(&slots, &standing, &wanted))?;
    json(&serde_json::json!({
        "moves": plan.moves(),
        "closed_cycles": plan.closed_cycles(),
        "openings": plan.openings(),
    }))
}
