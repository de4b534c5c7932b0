//! 智能盘点: where each box is, inferred from noisy reads; values in, values out.
//!
//! ```
//! use std::time::Duration;
//!
//! use archive_shelving::inventory::{Answer, ExpectedBox, Model, Place, ReadBank, StockTaking, TagHistory, Visit};
//! use archive_shelving::layout::{AisleId, BankLayout};
//! use archive_shelving::reading::{AntennaPort, Dbm, InventoryReport, TagRead};
//!
//! let layout = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"])?;
//! let expected = |number: &str, tag: &str, slot: &str, seen| -> Result<_, archive_core::Error> {
//!     let history = TagHistory { seen, missed: 0 };
//!     Ok(ExpectedBox { number: number.parse()?, tag: tag.parse()?, slot: slot.parse()?, history })
//! };
//! let boxes = [
//!     expected("X1", "2C14257BF460720000000001", "HZ/R1/B1/C1/A/1/1/1", 0)?,
//!     expected("X2", "2C14257BF460720000000002", "HZ/R1/B1/C1/A/1/1/2", 9)?,
//!     expected("X3", "2C14257BF460720000000003", "HZ/R1/B1/C1/A/1/1/3", 0)?,
//! ];
//! let tags = boxes.each_ref().map(|b| b.tag);
//! let mut inventory = StockTaking::new(Model::default(), vec![ReadBank::new(layout.clone())], boxes)?;
//! for round in 0..9 {
//!     for aisle in layout.aisles() {
//!         let lasted = Duration::from_millis(200);
//!         let read = TagRead {
//!             epc: tags[0], antenna: AntennaPort(1), aisle: Some(AisleId(0)), rssi: Some(Dbm(-55)), at: None, count: 1,
//!         };
//!         // Only the first box's tag is ever read.
//!         let reads = if aisle == AisleId(0) { vec![read] } else { vec![] };
//!         let report = InventoryReport { reads, foreign: 0, lasted, complete: true };
//!         let begun = Duration::from_secs(10 * (round * 4 + u64::from(aisle.0)));
//!         inventory.add(&Visit { place: Place { bank: layout.name().clone(), aisle }, begun, report });
//!     }
//! }
//! let boxes = inventory.conclude().boxes;
//! assert_eq!(boxes[0].answer, Answer::Present);
//! // Its tag was read in nine of nine earlier visits: it is gone.
//! assert_eq!(boxes[1].answer, Answer::Missing);
//! // One tag in 25 is silent for nine passes: without a history, silence says little.
//! assert!(matches!(boxes[2].answer, Answer::Unverified { .. }));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! The ideas:
//! - **A tag has a read rate of its own**, Beta-distributed over tags and constant between passes. Passes
//!   are therefore not independent: a tag that was missed nine times is one that is hard to read, or gone.
//!   What earlier inventories heard of it ([`TagHistory`]) tells which.
//! - **Geometry.** A tag is read in its own aisle at its rate, in the aisles beside at a small share of
//!   it and more weakly, farther away never, but for a rare garbled code. So a read next door is
//!   evidence for the box in its place.
//! - **A visit counts once**, with its strongest read: rounds of one visit are anything but independent.
//! - **Three answers, and a fourth.** Present, elsewhere (where), missing; *unverified* where no state is
//!   as probable as [`Limits`] ask, with the reason ([`Doubt`]).
//! - **What cannot be trusted counts by what it read only**: a visit that lost reads, or one that read
//!   hardly anything where it should have read much.
//!
//! [`StockTaking::more_passes`] says where more visits pay, and nothing where none does;
//! [`cycle_count()`] says which aisles to check next; [`Correction`]s bring what was found into a register
//! and out of it again.
//!
//! Limits: readers tell aisles apart, not slots: a box in a wrong slot of its own aisle is present. At
//! most some hundred visits of an aisle.

mod correction;
mod cycle_count;
mod finding;
mod likelihood;
mod model;
mod more_passes;
mod places;
mod posterior;
mod stock_taking;

pub use correction::{Belief, Correction, Register, Stands};
pub use cycle_count::{AisleRisk, Check, CycleCount, cycle_count};
pub use finding::{Answer, BoxAnswer, Conclusion, Doubt, Finding, Posterior};
pub use model::{Limits, Model, RatePrior, Strength, TagHistory};
pub use more_passes::{MorePasses, VisitCost};
pub use places::{Place, ReadBank};
pub use stock_taking::{ExpectedBox, StockTaking, Visit};
