//! Plans for a room: values in, values out; no device, no clock, no database.
//!
//! - [`relocation`]: the fewest moves that bring a batch of boxes to their slots, in an order in
//!   which each can be carried out.
//!
//! What a plan says is a proposal: the store records each step, and a device refuses what is unsafe.

pub mod relocation;
