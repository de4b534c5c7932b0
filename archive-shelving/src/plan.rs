//! Plans for a room: values in, values out; no device, no clock, no database.
//!
//! - [`aisle_order`]: in which order to visit aisles, for retrievals and inventories;
//! - [`consignment`]: boxes that go to another site, with list, hand-over and receipt;
//! - [`demand`]: how often a box will be fetched, from history;
//! - [`opening`]: how long an aisle takes to open, for both models of drive;
//! - [`slot_choice`]: the slot for a box or a batch, and why;
//! - [`relocation`]: the fewest moves that bring a batch of boxes to their slots, in an order in
//!   which each can be carried out.
//! - [`space`]: when which site will be full, and what electronic custody would free.
//!
//! What a plan says is a proposal: the store records each step, and a device refuses what is unsafe.

pub mod aisle_order;
pub mod consignment;
pub mod demand;
mod faces;
mod lookup;
pub mod opening;
pub mod relocation;
pub mod slot_choice;
pub mod space;
