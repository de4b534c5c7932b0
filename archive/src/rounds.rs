//! 调卷次序: in which order to visit aisles, to fetch boxes or to take stock.

use std::collections::BTreeMap;
use std::time::Duration;

use archive_core::holding::SlotAddress;
use archive_core::identifier::BoxNumber;
use archive_core::{Error, ErrorKind};
use archive_shelving::layout::{AisleId, BankLayout, BankName};
use archive_shelving::plan::aisle_order::{BankStart, Round, Visit, shortest_round};
use archive_store::{SlotFilter, SlotUse};
use serde::Serialize;

use crate::archive::Archive;

/// How long things take on a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundTimes {
    /// To take out one box, or to read the tags of one aisle.
    pub stay: Duration,
    /// To walk from one bank to another.
    pub way: Duration,
}

impl Default for RoundTimes {
    fn default() -> Self {
        Self { stay: Duration::from_secs(30), way: Duration::from_secs(20) }
    }
}

/// Aisles in their order, with what is fetched there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedRound {
    /// The aisles, and how long the round takes.
    #[serde(flatten)]
    pub round: Round,
    /// For each stop the boxes to fetch, by slot; all that stand there, for an inventory.
    pub boxes: Vec<Vec<(SlotAddress, BoxNumber)>>,
}

impl Archive {
    /// The shortest round to fetch what `names` name (archive numbers, boxes, customers, …), each box once.
    ///
    /// # Errors
    /// `NotFound` for a name that nothing goes by; `Conflict` where its papers are electronic alone or their
    /// box does not stand on a shelf yet.
    pub fn plan_retrieval(&self, names: &[String], times: &RoundTimes) -> Result<PlannedRound, Error> {
        let mut wanted = BTreeMap::new();
        for name in names {
            let mut found = false;
            for located in self.locate(name)? {
                let Some(place) = located.filed.place else { continue };
                if place.standing == archive_store::Standing::Confirmed {
                    found = true;
                    wanted.insert(place.slot, place.archive_box.number);
                }
            }
            if !found {
                let message = "is on no shelf: it is kept electronically, or its box was not put there yet";
                return Err(Error::new(ErrorKind::Conflict, name.clone(), message));
            }
        }
        self.plan_round(wanted, times, |boxes| u32::try_from(boxes).unwrap_or(u32::MAX))
    }

    /// The shortest round through all aisles with boxes.
    ///
    /// # Errors
    /// Those of reading the catalogue.
    pub fn plan_inventory_walk(&self, times: &RoundTimes) -> Result<PlannedRound, Error> {
        let filter = SlotFilter { used: Some(SlotUse::Confirmed), ..SlotFilter::default() };
        let standing = self.catalogue.slots(&filter)?.into_iter();
        let wanted = standing.filter_map(|status| Some((status.slot.address, status.box_number?))).collect();
        self.plan_round(wanted, times, |_| 1)
    }

    fn plan_round(
        &self,
        wanted: BTreeMap<SlotAddress, BoxNumber>,
        times: &RoundTimes,
        stays: impl Fn(usize) -> u32,
    ) -> Result<PlannedRound, Error> {
        let all = self.catalogue.slots(&SlotFilter::default())?;
        let layouts = BankLayout::of_slots(all.iter().map(|status| &status.slot.address))?;
        let layouts: BTreeMap<&BankName, &BankLayout> =
            layouts.iter().map(|layout| (layout.name(), layout)).collect();
        let mut aisles: BTreeMap<(BankName, AisleId), Vec<(SlotAddress, BoxNumber)>> = BTreeMap::new();
        for (slot, number) in wanted {
            let bank = BankName::of(&slot);
            // The layouts were made of all slots of the catalogue.
            let aisle = layouts[&bank].aisle_of(&slot)?;
            aisles.entry((bank, aisle)).or_default().push((slot, number));
        }
        let mut banks: BTreeMap<BankName, BankStart> = BTreeMap::new();
        for ((bank, _), boxes) in &aisles {
            if !banks.contains_key(bank) {
                let (opening, open) = (self.config.slot_policy().opening(), self.open_at(&boxes[0].0));
                banks.insert(bank.clone(), BankStart { name: bank.clone(), opening, open });
            }
        }
        let visits: Vec<Visit> = aisles
            .iter()
            .map(|((bank, aisle), boxes)| Visit {
                bank: bank.clone(),
                aisle: *aisle,
                stay: times.stay.saturating_mul(stays(boxes.len())),
            })
            .collect();
        let banks: Vec<BankStart> = banks.into_values().collect();
        let round = shortest_round(&banks, &visits, times.way)?;
        let boxes = round
            .stops()
            .iter()
            .map(|stop| aisles.remove(&(stop.bank.clone(), stop.aisle)).unwrap_or_default())
            .collect();
        Ok(PlannedRound { round, boxes })
    }

    /// The aisle that stands open in the bank of a slot; `None` where its shelf does not say.
    fn open_at(&self, slot: &SlotAddress) -> Option<AisleId> {
        let shelf = self.devices.shelf(slot).ok()?;
        self.runtime.run(async move { shelf.state().await }).ok()?.ok()?.open
    }
}
