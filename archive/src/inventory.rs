//! Stock-taking: every aisle with boxes is opened and its tags are read, again where that changes an
//! answer; each box is present, elsewhere, missing or unverified.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_core::{Error, ErrorKind};
use archive_shelving::inventory::{
    Answer, BoxAnswer, Doubt, ExpectedBox, Finding, Model, Place, Posterior, ReadBank, StockTaking,
    TagHistory, Visit, VisitCost,
};
use archive_shelving::layout::{BankLayout, BankName};
use archive_shelving::reading::{InventoryRequest, TagInventory};
use archive_store::{Inventory, InventoryFinding, Sighting, SlotFilter, SlotUse, TagHeard};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::archive::Archive;
use crate::shelve::{ROUND, ROUNDS, tag_of};

/// How often the inference is asked where more visits pay.
const ASKS: usize = 3;

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
    /// What else does not fit: tags in two places, deaf readers, reads of unknown antennas.
    pub findings: Vec<Finding>,
}

/// What was seen of one box.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoxSighting {
    /// 盒号.
    pub box_number: BoxNumber,
    /// Where the catalogue says that it stands.
    pub slot: SlotAddress,
    /// What was seen. Readers tell aisles apart, not slots: a misplaced box was seen in the aisle before
    /// the slot that is named, which is the aisle's first.
    #[serde(flatten)]
    pub sighting: Sighting,
    /// How probable each state is.
    pub posterior: Posterior,
    /// Why it is unverified, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

impl InventoryReport {
    /// Whether every box was seen and nothing else.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.foreign.is_empty() && self.boxes.iter().all(|b| b.sighting == Sighting::Present)
    }
}

/// An inventory that is under way in this process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "console", derive(utoipa::ToSchema))]
pub struct InventoryProgress {
    /// When it began.
    #[cfg_attr(feature = "console", schema(value_type = String, format = DateTime))]
    pub begun: DateTime<Utc>,
    /// The aisles that are read once at least.
    pub aisles: usize,
    /// How many of them have been.
    pub read: usize,
    /// The boxes that are looked for.
    pub boxes: usize,
    /// The aisle that is being read.
    pub at: Option<String>,
}

/// An inventory under way, with what its report needs besides.
struct Walk<'a> {
    archive: &'a Archive,
    taking: StockTaking,
    begun: Instant,
    unread: BTreeMap<Place, String>,
    /// A slot of each aisle of the banks that have boxes, to find its devices by.
    slots: BTreeMap<Place, SlotAddress>,
    /// The aisles that may be read; all where absent.
    only: Option<&'a BTreeSet<Place>>,
}

impl Archive {
    /// 盘点: opens each aisle that has boxes, reads its tags, reads on where that changes an answer, and
    /// keeps the result in the catalogue.
    ///
    /// Where each box is follows from [`archive_shelving::inventory`]. Not reading a tag proves little:
    /// dense shelves hide some for many rounds. What was heard of each tag is kept for the next inventory,
    /// which may then say that a box is missing. The catalogue moves nothing by itself:
    /// [`Archive::accept_inventory`] does.
    ///
    /// # Errors
    /// Those of the catalogue. What devices refuse is part of the report.
    pub fn inventory(&self) -> Result<InventoryReport, Error> {
        self.take_stock(None)
    }

    /// The same of some aisles alone: of their boxes, and of those that were found there and stand elsewhere
    /// by the catalogue. Nothing is said of others.
    ///
    /// # Errors
    /// `NotFound` for an aisle without slots; those of [`Archive::inventory`].
    pub fn inventory_of(&self, aisles: &[Place]) -> Result<InventoryReport, Error> {
        self.take_stock(Some(&aisles.iter().cloned().collect()))
    }

    /// How far the inventory is that is under way in this process; `None` where there is none.
    #[must_use]
    pub fn inventory_progress(&self) -> Option<InventoryProgress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_progress(&self, change: impl FnOnce(&mut Option<InventoryProgress>)) {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn take_stock(&self, only: Option<&BTreeSet<Place>>) -> Result<InventoryReport, Error> {
        let report = self.walk_and_conclude(only);
        self.note_progress(|progress| *progress = None);
        report
    }

    fn walk_and_conclude(&self, only: Option<&BTreeSet<Place>>) -> Result<InventoryReport, Error> {
        let when = Utc::now();
        let all = self.catalogue.slots(&SlotFilter::default())?;
        let layouts = BankLayout::of_slots(all.iter().map(|status| &status.slot.address))?;
        let layout_of = |slot: &SlotAddress| {
            let bank = BankName::of(slot);
            layouts.iter().find(|layout| *layout.name() == bank)
        };
        let place_of = |slot: &SlotAddress| -> Result<Place, Error> {
            let aisle = self.devices.aisle(slot)?;
            let by_address = layout_of(slot).and_then(|layout| layout.aisle_of(slot).ok());
            if by_address != Some(aisle) {
                // Neighbours would be taken for strangers, and strangers for neighbours.
                let message = format!(
                    "is reached through {aisle}, and through {by_address:?} by the order of the carriages' names: \
                     name carriages in the order in which they stand"
                );
                return Err(Error::invalid(format!("slot {slot}"), message));
            }
            Ok(Place { bank: BankName::of(slot), aisle })
        };
        let histories = self.tag_histories()?;
        let mut expected = Vec::new();
        let mut wanted: BTreeMap<Place, BTreeSet<TagEpc>> = BTreeMap::new();
        let mut slots = BTreeMap::new();
        for status in all.iter().filter(|status| status.used == SlotUse::Confirmed) {
            let Some(number) = status.box_number.clone() else { continue };
            let (slot, tag) = (status.slot.address.clone(), tag_of(&number)?);
            let place = place_of(&slot)?;
            wanted.entry(place.clone()).or_default().insert(tag);
            slots.entry(place).or_insert_with(|| slot.clone());
            let history = histories.get(&tag).copied().unwrap_or_default();
            expected.push(ExpectedBox { number, tag, slot, history });
        }
        // The answer on each box weighs reads of all aisles; opened are those that were asked for.
        if let Some(only) = only {
            wanted.retain(|place, _| only.contains(place));
            for place in only {
                let reached = |slot: &&SlotAddress| {
                    BankName::of(slot) == place.bank && place_of(slot).is_ok_and(|at| at == *place)
                };
                let Some(slot) = all.iter().map(|status| &status.slot.address).find(reached) else {
                    let message = "has no slots in the catalogue";
                    return Err(Error::new(ErrorKind::NotFound, place.to_string(), message));
                };
                slots.entry(place.clone()).or_insert_with(|| slot.clone());
                wanted.entry(place.clone()).or_default();
            }
        }
        let mut banks = BTreeMap::new();
        for slot in slots.values() {
            let Some(layout) = layout_of(slot).filter(|l| !banks.contains_key(l.name())) else { continue };
            let bank = match self.devices.reader(slot) {
                Ok(reader) => ReadBank::with_antennas(layout.clone(), reader.capabilities().antennas)?,
                // Reading its aisles will fail, and the report say why.
                Err(_) => ReadBank::new(layout.clone()),
            };
            banks.insert(layout.name().clone(), bank);
        }
        // A box that is silent may stand in an aisle where none should: those are read where that pays.
        for slot in all.iter().map(|status| &status.slot.address) {
            let Some(aisle) = layout_of(slot).and_then(|layout| layout.aisle_of(slot).ok()) else { continue };
            let place = Place { bank: BankName::of(slot), aisle };
            if banks.contains_key(&place.bank)
                && !slots.contains_key(&place)
                && place_of(slot).is_ok_and(|at| at == place)
            {
                slots.insert(place, slot.clone());
            }
        }
        let mut report = InventoryReport {
            key: format!("inventory-{}", when.format("%Y%m%dT%H%M%S%.6f")).parse()?,
            boxes: Vec::new(),
            foreign: Vec::new(),
            unread: Vec::new(),
            findings: Vec::new(),
        };
        let mut heard = BTreeMap::new();
        if !wanted.is_empty() {
            let (aisles, boxes) = (wanted.len(), wanted.values().map(BTreeSet::len).sum());
            self.note_progress(|progress| {
                *progress = Some(InventoryProgress { begun: when, aisles, read: 0, boxes, at: None });
            });
            let taking = StockTaking::new(Model::default(), banks.into_values().collect(), expected)?;
            let mut walk =
                Walk { archive: self, taking, begun: Instant::now(), unread: BTreeMap::new(), slots, only };
            walk.read(&wanted)?;
            let first_slot = |place: &Place| {
                let slots = all.iter().map(|status| &status.slot.address);
                slots.filter(|slot| place_of(slot).is_ok_and(|at| at == *place)).min()
            };
            heard = walk.conclude(&mut report, &histories, first_slot)?;
        }
        if let Some(only) = only {
            report.boxes.retain(|b| {
                matches!(b.sighting, Sighting::Misplaced { .. })
                    || place_of(&b.slot).is_ok_and(|at| only.contains(&at))
            });
        }
        let finding = |b: &BoxSighting| InventoryFinding {
            box_number: b.box_number.clone(),
            sighting: b.sighting.clone(),
            heard: heard.get(&b.box_number).copied(),
        };
        let findings = report.boxes.iter().map(finding).collect();
        self.catalogue.record_inventory(Inventory { key: report.key.clone(), when, findings })?;
        Ok(report)
    }
}

impl Archive {
    /// What earlier inventories heard of tags.
    fn tag_histories(&self) -> Result<BTreeMap<TagEpc, TagHistory>, Error> {
        let heard = self.catalogue.tag_histories()?.into_iter();
        Ok(heard.map(|h| (h.tag, TagHistory { seen: h.seen, missed: h.missed })).collect())
    }
}

impl Walk<'_> {
    /// Reads every aisle until all its tags were read or the rounds are used up, then those that pay.
    fn read(&mut self, wanted: &BTreeMap<Place, BTreeSet<TagEpc>>) -> Result<(), Error> {
        for (place, tags) in wanted {
            self.read_aisle(place, ROUNDS, tags)?;
            self.archive.note_progress(|progress| {
                progress.iter_mut().for_each(|p| p.read += 1);
            });
        }
        let cost = VisitCost { reading: ROUND, ..VisitCost::default() };
        for _ in 0..ASKS {
            let mut proposals = self.taking.more_passes(&cost)?;
            proposals.retain(|more| self.only.is_none_or(|only| only.contains(&more.place)));
            if proposals.is_empty() {
                break;
            }
            for more in proposals {
                self.read_aisle(&more.place, more.visits, &BTreeSet::new())?;
            }
        }
        Ok(())
    }

    /// Opens an aisle and reads it, at most `rounds` times, and until all `wanted` were read where any
    /// are. What the devices refuse is kept.
    fn read_aisle(&mut self, place: &Place, rounds: u32, wanted: &BTreeSet<TagEpc>) -> Result<(), Error> {
        // An aisle that refused once is not opened again and again, nor one without slots.
        let Some(slot) = self.slots.get(place).filter(|_| !self.unread.contains_key(place)) else {
            return Ok(());
        };
        self.archive.note_progress(|progress| {
            progress.iter_mut().for_each(|p| p.at = Some(place.to_string()));
        });
        let opened = self.archive.open_aisle(slot, "inventory").and_then(|refused| match refused {
            None => self.archive.devices.reader(slot),
            Some(reason) => Err(Error::new(ErrorKind::Refused, format!("inventory of {slot}"), reason)),
        });
        let reader = match opened {
            Ok(reader) => reader,
            Err(error) => {
                self.unread.insert(place.clone(), error.report());
                return Ok(());
            }
        };
        let mut left = wanted.clone();
        for _ in 0..rounds {
            let begun = self.begun.elapsed();
            let request = InventoryRequest { aisle: Some(place.aisle), duration: ROUND };
            let reading: Arc<dyn TagInventory> = Arc::clone(&reader);
            match self.archive.runtime.run(async move { reading.inventory(request).await })? {
                Ok(report) => {
                    report.reads.iter().for_each(|read| {
                        left.remove(&read.epc);
                    });
                    self.taking.add(&Visit { place: place.clone(), begun, report });
                }
                Err(error) => {
                    self.unread.insert(place.clone(), Error::from(error).report());
                    break;
                }
            }
            if left.is_empty() && !wanted.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Writes the report, and gives what was heard of those tags that are known better now.
    fn conclude<'a>(
        self,
        report: &mut InventoryReport,
        histories: &BTreeMap<TagEpc, TagHistory>,
        first_slot: impl Fn(&Place) -> Option<&'a SlotAddress>,
    ) -> Result<BTreeMap<BoxNumber, TagHeard>, Error> {
        let found = self.taking.conclude();
        let mut heard = BTreeMap::new();
        for answer in &found.boxes {
            let (tag, TagHistory { seen, missed, .. }) = (tag_of(&answer.number)?, answer.history);
            if histories.get(&tag).copied().unwrap_or_default() != answer.history {
                heard.insert(answer.number.clone(), TagHeard { tag, seen, missed });
            }
        }
        report.unread = self.unread.into_values().collect();
        report.foreign = found
            .findings
            .iter()
            .filter_map(|finding| match finding {
                Finding::ForeignTag { tag, .. } | Finding::UndecodableTag { tag, .. } => Some(*tag),
                _ => None,
            })
            .collect();
        report.foreign.sort_unstable();
        report.findings = found.findings;
        let sighting = |b: BoxAnswer| {
            let (sighting, doubt) = match &b.answer {
                Answer::Present => (Sighting::Present, None),
                Answer::Missing => (Sighting::Missing, None),
                Answer::Unverified { doubt } => (Sighting::Unverified, Some(*doubt)),
                Answer::Elsewhere { place } => match first_slot(place) {
                    Some(seen) => (Sighting::Misplaced { seen: seen.clone() }, None),
                    // The layout has the aisle, and no slot that is reached through it.
                    None => (Sighting::Unverified, Some(Doubt::SeveralPlaces)),
                },
            };
            BoxSighting { box_number: b.number, slot: b.slot, sighting, posterior: b.posterior, doubt }
        };
        report.boxes = found.boxes.into_iter().map(sighting).collect();
        Ok(heard)
    }
}
