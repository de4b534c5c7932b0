//! Plans for a room: values in, values out, as JSON.

use archive_core::Error;
use archive_core::holding::{Slot, SlotAddress};
use archive_core::identifier::BoxNumber;
use archive_shelving::inventory::{AisleRisk, CycleCount, cycle_count};
use archive_shelving::plan::aisle_order::{BankStart, Visit, shortest_round};
use archive_shelving::plan::relocation::{self, Standing};
use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use std::time::Duration;

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

/// The shortest round through aisles.
#[pyfunction]
pub(crate) fn plan_round(py: Python<'_>, banks: &str, visits: &str, way: Duration) -> PyResult<String> {
    let banks: Vec<BankStart> = taken("banks", banks)?;
    let visits: Vec<Visit> = taken("visits", visits)?;
    let round = detached(py, || shortest_round(&banks, &visits, way))?;
    let stops: Vec<_> = round
        .stops()
        .iter()
        .map(|stop| (&stop.bank, stop.aisle, stop.enter.as_secs_f64(), stop.leave.as_secs_f64()))
        .collect();
    let (time, bound) = (round.time().as_secs_f64(), round.bound().as_secs_f64());
    json(&serde_json::json!({ "stops": stops, "time": time, "bound": bound }))
}

/// The aisles whose check finds the most errors in a time.
#[pyfunction]
pub(crate) fn plan_cycle_count(py: Python<'_>, aisles: &str, rule: &str, time: Duration) -> PyResult<String> {
    let aisles: Vec<AisleRisk> = taken("aisles", aisles)?;
    let rule: CycleCount = taken("rule", rule)?;
    let check = detached(py, || cycle_count(&aisles, &rule, time))?;
    json(&serde_json::json!({
        "places": check.places,
        "overdue_left": check.overdue_left,
        "lasts": check.lasts.as_secs_f64(),
        "found": check.found,
        "at_most": check.at_most,
    }))
}
