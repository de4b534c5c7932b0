//! 移库: a plan that moves many boxes, with a receipt for each and one call that undoes it.
//!
//! ```
//! use archive_store::{PlannedMove, RelocationPlan};
//!
//! let plan = RelocationPlan {
//!     key: "relocation-7".parse()?,
//!     when: "2024-06-01T09:00:00Z".parse().unwrap(),
//!     moves: vec![PlannedMove { box_number: "H0001".parse()?, to: "HZ/R2/B1/C01/A/1/1/1".parse()? }],
//! };
//! assert_eq!(plan.moves.len(), 1);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Planning keeps every target slot at once. A target that another box of the plan has yet to leave is
//! waited for: that move begins with the receipt of the one before it. Undoing cancels what has not
//! moved and sends back what has; each box that is sent back needs its receipt too, since nobody but the
//! one who carries it knows that it stands there.

use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::identifier::{BoxNumber, RequestKey};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::filing::check_time;

/// The most boxes that one plan may move.
pub const MOVE_LIMIT: usize = 100_000;

/// One box and where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedMove {
    /// 盒号.
    pub box_number: BoxNumber,
    /// 储位.
    pub to: SlotAddress,
}

/// Boxes that are to be moved, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelocationPlan {
    /// The key by which the plan is known.
    pub key: RequestKey,
    /// When it was made.
    pub when: DateTime<Utc>,
    /// The moves, in the order in which they are carried out.
    pub moves: Vec<PlannedMove>,
}

impl RelocationPlan {
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_time("time of the plan", self.when)?;
        let object = format!("relocation {}", self.key);
        if self.moves.is_empty() || self.moves.len() > MOVE_LIMIT {
            let message = format!("has {} moves: name 1 to {MOVE_LIMIT}", self.moves.len());
            return Err(Error::invalid(object, message));
        }
        let (mut boxes, mut slots) = (std::collections::HashSet::new(), std::collections::HashSet::new());
        for planned in &self.moves {
            if !boxes.insert(&planned.box_number) {
                return Err(Error::invalid(object, format!("moves box {} twice", planned.box_number)));
            }
            if !slots.insert(&planned.to) {
                return Err(Error::invalid(object, format!("moves two boxes to slot {}", planned.to)));
            }
        }
        Ok(())
    }
}

/// How far one box of a plan has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveState {
    /// Its slot is not free yet.
    Waiting,
    /// Its slot is kept for it.
    Moving,
    /// It has its receipt.
    Moved,
    /// It stays where it was.
    Cancelled,
    /// It is sent back.
    Returning,
    /// It is back, with its receipt.
    Returned,
}

/// One box of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelocationItem {
    /// 盒号.
    pub box_number: BoxNumber,
    /// Where it stood.
    pub from: SlotAddress,
    /// Where it goes.
    pub to: SlotAddress,
    /// How far it has come.
    pub state: MoveState,
    /// When its last receipt was given.
    pub received: Option<DateTime<Utc>>,
    /// The tag that was seen then.
    pub tag: Option<TagEpc>,
}

/// A plan and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relocation {
    /// The key by which the plan is known.
    pub key: RequestKey,
    /// When it was made.
    pub when: DateTime<Utc>,
    /// When it was undone.
    pub undone: Option<DateTime<Utc>>,
    /// Its boxes, in the plan's order.
    pub items: Vec<RelocationItem>,
}

impl Relocation {
    /// Whether nothing is left to be moved.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let open = [MoveState::Waiting, MoveState::Moving, MoveState::Returning];
        self.items.iter().all(|item| !open.contains(&item.state))
    }
}
