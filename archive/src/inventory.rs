//! Stock-taking: every aisle with boxes is opened, its tags are read, and each box is present,
//! misplaced or unverified.

use std::collections::{BTreeMap, BTreeSet};

use archive_core::Error;
use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_shelving::layout::{AisleId, BankName};
use archive_shelving::reading::InventoryRequest;
use archive_store::{Inventory, InventoryFinding, Sighting, SlotFilter, SlotUse};
use chrono::Utc;
use serde::Serialize;

use crate::archive::Archive;
use crate::shelve::{ROUND, ROUNDS, tag_of};

/// What a stock-taking found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InventoryReport {
    /// The key under which the catalogue keeps it.
    pub key: RequestKey,
    /// Every box that should stand in a slot.
    pub boxes: Vec<BoxSighting>,
    /// Tags that were read and belong to no box of the catalogue.
    pub foreign: Vec<TagEpc>,
    /// Aisles that could not be opened or read, and why; their boxes are unverified.
    pub unread: Vec<String>,
}

/// What was seen of one box.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoxSighting {
    /// 盒号.
    pub box_number: BoxNumber,
    /// Where the catalogue says that it stands.
    pub slot: SlotAddress,
    /// What was seen.
    #[serde(flatten)]
    pub sighting: Sighting,
}

impl InventoryReport {
    /// Whether every box was seen and nothing else.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.foreign.is_empty() && self.boxes.iter().all(|b| b.sighting == Sighting::Present)
    }
}

impl Archive {
    /// 盘点: opens each aisle that has boxes, reads its tags and keeps the result in the catalogue.
    ///
    /// A box is present where its tag was read in its own aisle or a neighbouring one, since readers
    /// hear through a row of boxes; it is unverified where the tag was not read, or only in an aisle
    /// further away. Not reading a tag proves nothing: dense shelves hide some for many rounds.
    ///
    /// # Errors
    /// Those of the catalogue. What devices refuse is part of the report.
    pub fn inventory(&self) -> Result<InventoryReport, Error> {
        let when = Utc::now();
        let filter = SlotFilter { used: Some(SlotUse::Confirmed), ..SlotFilter::default() };
        let mut aisles: BTreeMap<(BankName, AisleId), Vec<(BoxNumber, SlotAddress)>> = BTreeMap::new();
        let mut expected = BTreeSet::new();
        for status in self.catalogue.slots(&filter)? {
            let (Some(number), slot) = (status.box_number, status.slot.address) else { continue };
            expected.insert(tag_of(&number)?);
            let aisle = self.devices.aisle(&slot)?;
            aisles.entry((BankName::of(&slot), aisle)).or_default().push((number, slot));
        }
        let mut seen: BTreeMap<TagEpc, BTreeSet<(BankName, AisleId)>> = BTreeMap::new();
        let mut unread = Vec::new();
        for ((bank, aisle), boxes) in &aisles {
            // Every aisle in the map has at least one box.
            let slot = &boxes[0].1;
            match self.read_aisle(
                slot,
                *aisle,
                &boxes.iter().map(|(number, _)| tag_of(number)).collect::<Result<_, _>>()?,
            ) {
                Ok(tags) => {
                    for tag in tags {
                        seen.entry(tag).or_default().insert((bank.clone(), *aisle));
                    }
                }
                Err(error) => unread.push(error.report()),
            }
        }
        let mut boxes = Vec::new();
        for ((bank, aisle), members) in aisles {
            for (box_number, slot) in members {
                let near = |place: &(BankName, AisleId)| place.0 == bank && place.1.0.abs_diff(aisle.0) <= 1;
                let places = seen.get(&tag_of(&box_number)?);
                let present = places.is_some_and(|places| places.iter().any(near));
                let sighting = if present { Sighting::Present } else { Sighting::Unverified };
                boxes.push(BoxSighting { box_number, slot, sighting });
            }
        }
        let foreign = seen.into_keys().filter(|tag| !expected.contains(tag)).collect();
        let key: RequestKey = format!("inventory-{}", when.format("%Y%m%dT%H%M%S%.6f")).parse()?;
        let findings = boxes
            .iter()
            .map(|b| InventoryFinding { box_number: b.box_number.clone(), sighting: b.sighting.clone() })
            .collect();
        self.catalogue.record_inventory(Inventory { key: key.clone(), when, findings })?;
        Ok(InventoryReport { key, boxes, foreign, unread })
    }

    /// The tags that are read in the aisle before `slot`, until all `wanted` are among them or the
    /// rounds are used up.
    fn read_aisle(
        &self,
        slot: &SlotAddress,
        aisle: AisleId,
        wanted: &BTreeSet<TagEpc>,
    ) -> Result<BTreeSet<TagEpc>, Error> {
        if let Some(reason) = self.open_aisle(slot, "inventory")? {
            return Err(Error::new(crate::ErrorKind::Refused, format!("inventory of {slot}"), reason));
        }
        let reader = self.devices.reader(slot)?;
        let wanted = wanted.clone();
        let tags = self.runtime.run(async move {
            let mut tags = BTreeSet::new();
            for _ in 0..ROUNDS {
                let request = InventoryRequest { aisle: Some(aisle), duration: ROUND };
                tags.extend(reader.inventory(request).await?.reads.iter().map(|read| read.epc));
                if wanted.is_subset(&tags) {
                    break;
                }
            }
            Ok::<_, archive_shelving::device_error::DeviceError>(tags)
        })??;
        Ok(tags)
    }
}
