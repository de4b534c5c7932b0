//! The room of an archive: slots, rounds, relocations, and what readers saw.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use archive::rounds::RoundTimes;
use archive::slots::NewBox;
use archive_core::holding::SlotAddress;
use archive_core::identifier::BoxNumber;
use archive_core::units::Millimetres;
use archive_shelving::plan::slot_choice::Block;
use pyo3::prelude::*;

use crate::archive::{Archive, box_numbers, parsed};
use crate::errors::{detached, json, taken};
use crate::waiting::interruptible;

/// The best slot for a box that is there, or for one that is not made yet.
#[pyfunction]
pub(crate) fn propose_slot_of(
    py: Python<'_>,
    archive: &Archive,
    number: Option<&str>,
    new_box: Option<&str>,
    runners_up: usize,
) -> PyResult<String> {
    let number: Option<BoxNumber> = number.map(parsed).transpose()?;
    let wanted: NewBox = match (&number, new_box) {
        (Some(number), _) => {
            return json(&detached(py, || archive.facade().propose_slot_for(number, runners_up))?);
        }
        (None, new_box) => taken("box that is not made yet", new_box.unwrap_or_default())?,
    };
    json(&detached(py, || archive.facade().propose_slot(&wanted, runners_up))?)
}

/// 调位.
#[pyfunction]
pub(crate) fn advise_slots(py: Python<'_>, archive: &Archive, most: usize, least: f64) -> PyResult<String> {
    json(&interruptible(py, &AtomicBool::new(false), || archive.facade().advise_slots(most, least))?)
}

/// 库容预测.
#[pyfunction]
pub(crate) fn space(py: Python<'_>, archive: &Archive, months: u32) -> PyResult<String> {
    json(&detached(py, || archive.facade().space(months))?)
}

/// Blocks a column, or frees it where no reason is given.
#[pyfunction]
pub(crate) fn block_column(
    py: Python<'_>,
    archive: &Archive,
    bank: &str,
    column: &str,
    reason: Option<&str>,
) -> PyResult<()> {
    let bank = parsed(bank)?;
    let block: Option<Block> = reason
        .map(|reason| taken("reason to block a column", &serde_json::Value::from(reason).to_string()))
        .transpose()?;
    detached(py, || archive.facade().block_column(&bank, column, block))
}

/// The columns on which nothing is put.
#[pyfunction]
pub(crate) fn blocked_columns(py: Python<'_>, archive: &Archive) -> PyResult<String> {
    json(&detached(py, || archive.facade().blocked_columns())?)
}

/// The shortest round to fetch what `names` name; where there are none, through all aisles with boxes.
#[pyfunction]
pub(crate) fn plan_walk(
    py: Python<'_>,
    archive: &Archive,
    names: Option<Vec<String>>,
    stay: Duration,
    way: Duration,
) -> PyResult<String> {
    let times = RoundTimes { stay, way };
    json(&detached(py, || match &names {
        Some(names) => archive.facade().plan_retrieval(names, &times),
        None => archive.facade().plan_inventory_walk(&times),
    })?)
}

/// Plans a batch of moves under a key.
#[pyfunction]
pub(crate) fn plan_moves(
    py: Python<'_>,
    archive: &Archive,
    key: &str,
    wanted: Vec<(String, String)>,
) -> PyResult<String> {
    let key = parsed(key)?;
    let pair = |(number, slot): &(String, String)| Ok((parsed(number)?, parsed(slot)?));
    let mapping: Vec<(BoxNumber, SlotAddress)> = wanted.iter().map(pair).collect::<PyResult<_>>()?;
    json(&interruptible(py, &AtomicBool::new(false), || archive.facade().plan_relocation(&key, &mapping))?)
}

/// How far a batch of moves is.
#[pyfunction]
pub(crate) fn relocation(py: Python<'_>, archive: &Archive, key: &str) -> PyResult<String> {
    let key = parsed(key)?;
    json(&detached(py, || archive.facade().relocation(&key))?)
}

/// The keys of all batches of moves.
#[pyfunction]
pub(crate) fn relocations(py: Python<'_>, archive: &Archive) -> PyResult<Vec<String>> {
    let keys = detached(py, || archive.facade().relocations())?;
    Ok(keys.iter().map(ToString::to_string).collect())
}

/// Carries out moves with the devices, each with its receipt.
#[pyfunction]
pub(crate) fn carry_out_relocation(
    py: Python<'_>,
    archive: &Archive,
    key: &str,
    most: usize,
) -> PyResult<String> {
    let key = parsed(key)?;
    let carry_out = || archive.facade().carry_out_relocation(&key, most);
    json(&interruptible(py, &AtomicBool::new(false), carry_out)?)
}

/// Records that a box stands where the plan wants it.
#[pyfunction]
pub(crate) fn receive_relocated(
    py: Python<'_>,
    archive: &Archive,
    key: &str,
    number: &str,
    tag: Option<&str>,
) -> PyResult<String> {
    let (key, number) = (parsed(key)?, parsed(number)?);
    let tag = tag.map(parsed).transpose()?;
    json(&detached(py, || archive.facade().receive_relocated(&key, &number, tag))?)
}

/// Undoes a batch of moves.
#[pyfunction]
pub(crate) fn undo_relocation(py: Python<'_>, archive: &Archive, key: &str) -> PyResult<String> {
    let key = parsed(key)?;
    json(&detached(py, || archive.facade().undo_relocation(&key))?)
}

/// Takes stock, and lets the catalogue follow what was seen.
#[pyfunction]
pub(crate) fn synchronise(py: Python<'_>, archive: &Archive) -> PyResult<String> {
    json(&interruptible(py, &AtomicBool::new(false), || {
        archive.facade().synchronise(&archive.facade().inventory()?.evidence()?)
    })?)
}

/// Accepts what an inventory found.
#[pyfunction]
pub(crate) fn accept_inventory(
    py: Python<'_>,
    archive: &Archive,
    key: &str,
    boxes: Vec<String>,
) -> PyResult<String> {
    let (key, boxes) = (parsed(key)?, box_numbers(&boxes)?);
    json(&detached(py, || archive.facade().accept_inventory(&key, &boxes))?)
}

/// The changes that followed from what was seen.
#[pyfunction]
pub(crate) fn sync_changes(py: Python<'_>, archive: &Archive) -> PyResult<String> {
    json(&detached(py, || archive.facade().sync_changes())?)
}

/// Takes such a change back.
#[pyfunction]
pub(crate) fn undo_sync(py: Python<'_>, archive: &Archive, id: &str) -> PyResult<String> {
    let id = parsed(id)?;
    json(&detached(py, || archive.facade().undo_sync(&id))?)
}

/// Which boxes to put together.
#[pyfunction]
pub(crate) fn reboxing_proposals(py: Python<'_>, archive: &Archive, least_saving: u32) -> PyResult<String> {
    json(&detached(py, || archive.facade().reboxing_proposals(Millimetres(least_saving)))?)
}
