//! 循环盘点: which aisles to take stock of next, where there is no time for all.

use std::collections::BTreeMap;
use std::time::Duration;

use archive_core::Error;
use archive_shelving::inventory::{AisleRisk, Check, CycleCount, Place, cycle_count};
use archive_shelving::layout::{BankLayout, BankName};
use archive_store::SlotFilter;
use chrono::Utc;

use crate::archive::Archive;

impl Archive {
    /// The aisles whose check finds the most errors within `time`: of each aisle counts how many boxes it
    /// holds, for how long an inventory had no answer on one of them, and how often they were opened since.
    /// `reading` is how long it takes to read an open aisle; opening it is added by the policy of slots.
    /// [`Archive::inventory_of`] checks them.
    ///
    /// # Errors
    /// `InvalidInput` where the time or the reading is longer than 30 days and a day, the reading takes no
    /// time, or a number of the rule is none; those of reading the catalogue.
    pub fn plan_cycle_count(
        &self,
        rule: &CycleCount,
        time: Duration,
        reading: Duration,
    ) -> Result<Check, Error> {
        let now = Utc::now();
        let all = self.catalogue.slots(&SlotFilter::default())?;
        let layouts = BankLayout::of_slots(all.iter().map(|status| &status.slot.address))?;
        let layouts: BTreeMap<&BankName, &BankLayout> =
            layouts.iter().map(|layout| (layout.name(), layout)).collect();
        let lasts = reading.saturating_add(self.config.slot_policy().opening().width());
        let mut aisles: BTreeMap<Place, AisleRisk> = BTreeMap::new();
        for used in self.catalogue.box_uses()? {
            let bank = BankName::of(&used.slot);
            // The layouts were made of all slots; one that was added since counts next time.
            let Some(layout) = layouts.get(&bank) else { continue };
            let place = Place { aisle: layout.aisle_of(&used.slot)?, bank };
            let days = (now - used.checked).as_seconds_f64().max(0.0) / 86_400.0;
            let aisle = aisles.entry(place.clone()).or_insert(AisleRisk {
                place,
                days: 0.0,
                boxes: 0,
                accesses: 0,
                harm: 1.0,
                lasts,
            });
            aisle.days = aisle.days.max(days);
            aisle.boxes += 1;
            aisle.accesses = aisle.accesses.saturating_add(used.accesses);
        }
        let aisles: Vec<AisleRisk> = aisles.into_values().collect();
        cycle_count(&aisles, rule, time)
    }
}
