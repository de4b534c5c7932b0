//! The native part of the Python module `marketing_archive`.
//!
//! Python classes in `python/marketing_archive/` wrap what stands here. Requests and answers cross as
//! JSON text, which keeps this layer thin; tables cross as Arrow data, without a copy. Long calls
//! release the interpreter and end on Ctrl-C; a panic becomes the exception `Internal`.

mod alerts;
mod archive;
mod capsule;
mod checks;
mod columns;
mod errors;
mod inventory;
mod lists;
mod number_columns;
mod packages;
mod plans;
mod reader;
mod room;
mod rule;
mod shelf;
mod table;
mod tables;
mod waiting;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<archive::Archive>()?;
    module.add_class::<reader::Reader>()?;
    module.add_class::<reader::Reading>()?;
    module.add_class::<rule::Rule>()?;
    module.add_class::<shelf::Shelf>()?;
    module.add_class::<table::Column>()?;
    module.add_class::<table::Table>()?;
    module.add_function(wrap_pyfunction!(alerts::act_on_alert, module)?)?;
    module.add_function(wrap_pyfunction!(alerts::list_alerts, module)?)?;
    module.add_function(wrap_pyfunction!(alerts::observe_alerts, module)?)?;
    module.add_function(wrap_pyfunction!(archive::setup, module)?)?;
    module.add_function(wrap_pyfunction!(archive::start_engine, module)?)?;
    module.add_function(wrap_pyfunction!(archive::write_samples, module)?)?;
    module.add_function(wrap_pyfunction!(checks::check_natures, module)?)?;
    module.add_function(wrap_pyfunction!(checks::content, module)?)?;
    module.add_function(wrap_pyfunction!(checks::fixity_scan, module)?)?;
    module.add_function(wrap_pyfunction!(checks::restore, module)?)?;
    module.add_function(wrap_pyfunction!(inventory::infer_inventory, module)?)?;
    module.add_function(wrap_pyfunction!(lists::write_box_catalogue, module)?)?;
    module.add_function(wrap_pyfunction!(lists::write_box_note, module)?)?;
    module.add_function(wrap_pyfunction!(lists::write_hand_over_list, module)?)?;
    module.add_function(wrap_pyfunction!(lists::write_item_catalogue, module)?)?;
    module.add_function(wrap_pyfunction!(lists::write_spine_labels, module)?)?;
    module.add_function(wrap_pyfunction!(lists::write_volume_catalogue, module)?)?;
    module.add_function(wrap_pyfunction!(lists::write_volume_cover, module)?)?;
    module.add_function(wrap_pyfunction!(packages::evidence_package, module)?)?;
    module.add_function(wrap_pyfunction!(packages::export, module)?)?;
    module.add_function(wrap_pyfunction!(packages::merge_site, module)?)?;
    module.add_function(wrap_pyfunction!(packages::policy_impact, module)?)?;
    module.add_function(wrap_pyfunction!(packages::reading_copy, module)?)?;
    module.add_function(wrap_pyfunction!(packages::take_in, module)?)?;
    module.add_function(wrap_pyfunction!(packages::validate_package, module)?)?;
    module.add_function(wrap_pyfunction!(plans::plan_cycle_count, module)?)?;
    module.add_function(wrap_pyfunction!(plans::plan_relocation, module)?)?;
    module.add_function(wrap_pyfunction!(plans::plan_round, module)?)?;
    module.add_function(wrap_pyfunction!(plans::propose_slot, module)?)?;
    module.add_function(wrap_pyfunction!(room::accept_inventory, module)?)?;
    module.add_function(wrap_pyfunction!(room::advise_slots, module)?)?;
    module.add_function(wrap_pyfunction!(room::block_column, module)?)?;
    module.add_function(wrap_pyfunction!(room::blocked_columns, module)?)?;
    module.add_function(wrap_pyfunction!(room::carry_out_relocation, module)?)?;
    module.add_function(wrap_pyfunction!(room::plan_moves, module)?)?;
    module.add_function(wrap_pyfunction!(room::plan_walk, module)?)?;
    module.add_function(wrap_pyfunction!(room::propose_slot_of, module)?)?;
    module.add_function(wrap_pyfunction!(room::reboxing_proposals, module)?)?;
    module.add_function(wrap_pyfunction!(room::receive_relocated, module)?)?;
    module.add_function(wrap_pyfunction!(room::relocation, module)?)?;
    module.add_function(wrap_pyfunction!(room::relocations, module)?)?;
    module.add_function(wrap_pyfunction!(room::space, module)?)?;
    module.add_function(wrap_pyfunction!(room::sync_changes, module)?)?;
    module.add_function(wrap_pyfunction!(room::synchronise, module)?)?;
    module.add_function(wrap_pyfunction!(room::undo_relocation, module)?)?;
    module.add_function(wrap_pyfunction!(room::undo_sync, module)?)?;
    module.add_function(wrap_pyfunction!(rule::check_identifier, module)?)?;
    module.add_function(wrap_pyfunction!(rule::check_rule, module)?)?;
    module.add_function(wrap_pyfunction!(rule::format_rule, module)?)?;
    module.add_function(wrap_pyfunction!(rule::shipped_rules, module)?)?;
    module.add_function(wrap_pyfunction!(tables::key_buckets, module)?)?;
    module.add_function(wrap_pyfunction!(tables::reconcile, module)?)?;
    errors::add_to(module)
}
