//! Plans for a room: values in, values out, as JSON.

use std::path::PathBuf;
use std::time::Duration;

use archive_core::data_file;
use archive_core::holding::{Slot, SlotAddress};
use archive_core::identifier::BoxNumber;
use archive_shelving::inventory::{AisleRisk, CycleCount, cycle_count};
use archive_shelving::plan::aisle_order::{BankStart, Visit, shortest_round};
use archive_shelving::plan::relocation::{self, Standing};
use archive_shelving::plan::slot_choice::{BoxProfile, Hold, SlotIndex, SlotPolicy};
use pyo3::prelude::*;

use crate::errors::{detached, json, taken};

/// The fewest moves that bring each box to its slot.
#[pyfunction]
pub(crate) fn plan_relocation(py: Python<'_>, slots: &str, standing: &str, wanted: &str) -> PyResult<String> {
    let slots: Vec<Slot> = taken("list of slots", slots)?;
    let standing: Vec<Standing> = taken("list of standing boxes", standing)?;
    let wanted: Vec<(BoxNumber, SlotAddress)> = taken("list of wanted slots", wanted)?;
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
    let banks: Vec<BankStart> = taken("list of banks", banks)?;
    let visits: Vec<Visit> = taken("list of visits", visits)?;
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
    let aisles: Vec<AisleRisk> = taken("list of aisles", aisles)?;
    let rule: CycleCount = taken("rule of a cycle count", rule)?;
    let check = detached(py, || cycle_count(&aisles, &rule, time))?;
    json(&serde_json::json!({
        "places": check.places,
        "overdue_left": check.overdue_left,
        "lasts": check.lasts.as_secs_f64(),
        "found": check.found,
        "at_most": check.at_most,
    }))
}

/// The best slot for a box, those that come next, and why not the others.
#[pyfunction]
pub(crate) fn propose_slot(
    py: Python<'_>,
    slots: &str,
    standing: &str,
    profile: &str,
    runners_up: usize,
    policy: Option<PathBuf>,
) -> PyResult<String> {
    let slots: Vec<Slot> = taken("list of slots", slots)?;
    let standing: Vec<(BoxProfile, SlotAddress)> = taken("list of standing boxes", standing)?;
    let profile: BoxProfile = taken("box", profile)?;
    let proposal = detached(py, || {
        let policy = match &policy {
            Some(path) => SlotPolicy::parse(&path.display().to_string(), &data_file::read(path)?)?,
            None => SlotPolicy::reference(),
        };
        let mut index = SlotIndex::new(policy, &slots)?;
        for (held, slot) in &standing {
            index.hold(held, slot, Hold::Standing)?;
        }
        index.choose(&profile, runners_up)
    })?;
    json(&proposal)
}
