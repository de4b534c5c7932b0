//! 路径: the way to a slot, in words that a person can walk by.

use std::fmt;

use archive_core::holding::SlotAddress;
use archive_core::{Error, ErrorKind};
use archive_shelving::layout::{AisleId, BankLayout};
use archive_store::SlotFilter;
use serde::Serialize;

use crate::archive::Archive;

/// The way to a slot: where it is, and through which gap between carriages it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Way {
    /// 储位.
    pub slot: SlotAddress,
    /// The gap that has to stand open.
    pub aisle: AisleId,
    /// The carriage left of the gap; `None` at the end of the bank.
    pub left: Option<String>,
    /// The carriage right of the gap; `None` at the end of the bank.
    pub right: Option<String>,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot = &self.slot;
        write!(f, "site {}, room {}, bank {}, {} ", slot.site(), slot.room(), slot.bank(), self.aisle)?;
        match (&self.left, &self.right) {
            (Some(left), Some(right)) => write!(f, "between columns {left} and {right}")?,
            (None, Some(right)) => write!(f, "before column {right}")?,
            (Some(left), None) => write!(f, "behind column {left}")?,
            (None, None) => write!(f, "of a bank without columns")?,
        }
        let (column, side, bay) = (slot.column(), slot.side(), slot.bay());
        write!(f, ": column {column}, side {side}, bay {bay}, ")?;
        write!(f, "level {}, position {}", slot.level(), slot.position())
    }
}

impl Archive {
    /// The way to `slot`.
    ///
    /// # Errors
    /// `NotFound` for a slot that is not in the catalogue; `InvalidInput` where its bank is none that moves
    /// as the addresses of its slots say.
    pub fn way_to(&self, slot: &SlotAddress) -> Result<Way, Error> {
        let bank = format!("{}/{}/{}", slot.site(), slot.room(), slot.bank());
        let slots = self.catalogue.slots(&SlotFilter { within: Some(bank), ..SlotFilter::default() })?;
        if slots.iter().all(|status| status.slot.address != *slot) {
            return Err(Error::new(ErrorKind::NotFound, format!("slot {slot}"), "is not in the catalogue"));
        }
        let layouts = BankLayout::of_slots(slots.iter().map(|status| &status.slot.address))?;
        let unknown = || Error::new(ErrorKind::NotFound, format!("slot {slot}"), "is in no bank");
        let layout = layouts.first().ok_or_else(unknown)?;
        let aisle = layout.aisle_of(slot)?;
        let columns: Vec<&str> = layout.columns().collect();
        let column = |index: Option<usize>| index.and_then(|i| columns.get(i)).map(|c| (*c).to_owned());
        let right = usize::from(aisle.0);
        Ok(Way { slot: slot.clone(), aisle, left: column(right.checked_sub(1)), right: column(Some(right)) })
    }
}
