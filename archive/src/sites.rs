//! Several sites (库区), one catalogue: consignments between them, and sites that were cut off.
//!
//! A site that is cut off keeps working in an archive directory of its own, whose settings give it a range
//! of numbers that nobody else draws from:
//!
//! ```toml
//! [numbers]
//! site = "XS"        # the name of the range
//! first = 5001
//! last = 5999
//! ```
//!
//! The central archive's settings reserve the same range (`[[reserved]]`), and
//! [`merge_site`](crate::Archive::merge_site) takes over what the site filed, number by number.

use std::collections::{BTreeSet, HashSet};

use archive_core::identifier::{BoxNumber, ReferenceCode, RequestKey};
use archive_core::{Error, ErrorKind};
use archive_shelving::layout::BankName;
use archive_store::{
    Custody, FilingEntry, FilingState, Located, Locator, MoveState, PlannedMove, Relocation, RelocationPlan,
    Search, ShelfReceipt, Shelving, SlotFilter,
};
use chrono::Utc;
use serde::Serialize;

use crate::archive::Archive;
use crate::config::SETTINGS;
use crate::intake::stored_case;

/// A consignment (移交批次) and where its boxes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consignment {
    /// Its key.
    pub key: RequestKey,
    /// The site that it goes to.
    pub to: String,
    /// Boxes that are on their way.
    pub under_way: Vec<BoxNumber>,
    /// Boxes that arrived.
    pub arrived: Vec<BoxNumber>,
    /// Boxes that are sent back, since it was recalled.
    pub coming_back: Vec<BoxNumber>,
    /// Boxes that are where they were before, since it was recalled.
    pub back: Vec<BoxNumber>,
}

impl Consignment {
    /// `relocation` as a consignment; `None` where it moves boxes within a site.
    fn of(relocation: Relocation) -> Option<Self> {
        let first = relocation.items.first()?;
        let to = first.to.site().to_owned();
        if relocation.items.iter().any(|item| item.from.site() == to || item.to.site() != to) {
            return None;
        }
        let key = relocation.key;
        let mut consignment = Self {
            key,
            to,
            under_way: Vec::new(),
            arrived: Vec::new(),
            coming_back: Vec::new(),
            back: Vec::new(),
        };
        for item in relocation.items {
            let boxes = match item.state {
                MoveState::Waiting | MoveState::Moving => &mut consignment.under_way,
                MoveState::Moved => &mut consignment.arrived,
                MoveState::Returning => &mut consignment.coming_back,
                MoveState::Cancelled | MoveState::Returned => &mut consignment.back,
            };
            boxes.push(item.box_number);
        }
        Some(consignment)
    }

    fn boxes(&self) -> impl Iterator<Item = &BoxNumber> {
        [&self.under_way, &self.arrived, &self.coming_back, &self.back].into_iter().flatten()
    }
}

/// What a merge took over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// Files that are new here.
    pub new: Vec<ReferenceCode>,
    /// How many were here already.
    pub known: usize,
}

fn never_sent(key: &RequestKey) -> Error {
    Error::new(ErrorKind::NotFound, format!("consignment {key}"), "was never sent")
}

impl Archive {
    /// Sends boxes to another site: a slot there is kept for each. The same consignment again changes
    /// nothing. It shares its keys with relocations.
    ///
    /// # Errors
    /// `InvalidInput` without boxes or with one named twice; `NotFound` for an unknown box; `Conflict` where
    /// the site has too few free slots, a box is there or on its way already, or the key was used for other
    /// boxes: then no box is sent.
    pub fn send(&self, key: &RequestKey, boxes: &[BoxNumber], to: &str) -> Result<Consignment, Error> {
        let conflict =
            |message: String| Error::new(ErrorKind::Conflict, format!("consignment {key}"), message);
        if boxes.is_empty() {
            return Err(Error::invalid(format!("consignment {key}"), "has no boxes"));
        }
        loop {
            if let Some(known) = self.catalogue.relocation(key)? {
                let named: BTreeSet<&BoxNumber> = boxes.iter().collect();
                let known = Consignment::of(known);
                return known
                    .filter(|known| known.to == to && known.boxes().collect::<BTreeSet<_>>() == named)
                    .ok_or_else(|| {
                        conflict("was sent with other boxes or to another site; use a new key".into())
                    });
            }
            let plan = self.plan_consignment(key, boxes, to)?;
            match self.catalogue.plan_relocation(&plan) {
                Ok(planned) => {
                    return Consignment::of(planned).ok_or_else(|| conflict("was not planned".into()));
                }
                // Somebody took a slot meanwhile: choose again, as long as there are others.
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    if self.all_free(&plan)? {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Chooses a slot at the site `to` for each box: the narrowest that takes it.
    fn plan_consignment(
        &self,
        key: &RequestKey,
        boxes: &[BoxNumber],
        to: &str,
    ) -> Result<RelocationPlan, Error> {
        let conflict =
            |message: String| Error::new(ErrorKind::Conflict, format!("consignment {key}"), message);
        let filter = SlotFilter { within: Some(to.to_owned()), ..SlotFilter::free() };
        let mut free = self.catalogue.slots(&filter)?;
        let mut moves = Vec::new();
        for number in boxes {
            let status = self.catalogue.box_status(number)?;
            if status.slot.site() == to {
                return Err(conflict(format!("has box {number}, which is at {to} already")));
            }
            if status.moving_to.is_some() {
                return Err(conflict(format!("has box {number}, which is on its way already")));
            }
            let wide = free.iter().enumerate().filter(|(_, s)| s.slot.width >= status.archive_box.spine);
            let (place, _) = wide
                .min_by_key(|(place, s)| (s.slot.width, *place))
                .ok_or_else(|| conflict(format!("finds no free slot at {to} for box {number}")))?;
            moves.push(PlannedMove { box_number: number.clone(), to: free.remove(place).slot.address });
        }
        Ok(RelocationPlan { key: key.clone(), when: Utc::now(), moves })
    }

    fn all_free(&self, plan: &RelocationPlan) -> Result<bool, Error> {
        let free = self.catalogue.slots(&SlotFilter::free())?;
        let free: BTreeSet<_> = free.into_iter().map(|status| status.slot.address).collect();
        Ok(plan.moves.iter().all(|planned| free.contains(&planned.to)))
    }

    /// Records that boxes of a consignment arrived, or came back after a recall; those that did not stay on
    /// their way. Again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown consignment; `InvalidInput` for a box that is not of it: then no box is
    /// recorded.
    pub fn receive(&self, key: &RequestKey, boxes: &[BoxNumber]) -> Result<Consignment, Error> {
        let mut consignment = self.consignment(key)?;
        if let Some(stranger) = boxes.iter().find(|n| !consignment.boxes().any(|b| b == *n)) {
            let message = format!("has no box {stranger}: set it aside and ask where it belongs");
            return Err(Error::invalid(format!("consignment {key}"), message));
        }
        for number in boxes {
            if consignment.under_way.contains(number) || consignment.coming_back.contains(number) {
                let receipt = ShelfReceipt { when: Utc::now(), tag: None };
                let received = self.catalogue.receive_relocated(key, number, receipt)?;
                consignment = Consignment::of(received).ok_or_else(|| never_sent(key))?;
            }
        }
        Ok(consignment)
    }

    /// Recalls a consignment: boxes on their way stay where they were, and those that arrived are sent back.
    /// Again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown consignment; `Conflict` where a box went on since, or its old slot is taken.
    pub fn recall(&self, key: &RequestKey) -> Result<Consignment, Error> {
        self.consignment(key)?;
        Consignment::of(self.catalogue.undo_relocation(key, Utc::now())?).ok_or_else(|| never_sent(key))
    }

    /// Where the boxes of a consignment are.
    ///
    /// # Errors
    /// `NotFound` where nothing was sent under the key.
    pub fn consignment(&self, key: &RequestKey) -> Result<Consignment, Error> {
        self.catalogue.relocation(key)?.and_then(Consignment::of).ok_or_else(|| never_sent(key))
    }

    /// Takes over what a site filed while it was cut off, under the numbers that it gave. Merging again
    /// takes over only what is new.
    ///
    /// The site's slots must be slots of this archive, too; its boxes keep their numbers and places.
    ///
    /// # Errors
    /// `InvalidInput` where the site draws from no range of its own; `Conflict` where a number, a box or a
    /// slot of it is taken here: the settings of the two contradict each other, and nothing more is merged.
    pub fn merge_site(&self, site: &Archive) -> Result<Merged, Error> {
        let range = site.numbers.range().ok_or_else(|| {
            let object = format!("archive {}", site.config.directory().display());
            Error::invalid(object, "draws from no range of its own: its settings need [numbers]")
        })?;
        if !self.config.keeps(range) {
            let message = format!(
                "is not reserved here: add [[reserved]] with first = {} and last = {}",
                range.first, range.last
            );
            return Err(Error::new(ErrorKind::Conflict, format!("range {}", range.site), message));
        }
        let mut files: Vec<Located> = Vec::new();
        for state in [FilingState::Reserved, FilingState::Confirmed, FilingState::Void] {
            let search = Search { state: Some(state), ..Search::all() };
            for filed in site.catalogue.search(&search)? {
                files.extend(site.catalogue.locate(&Locator::Reference(filed.reference))?);
            }
        }
        // A counter gives its numbers in order, so they are taken over in order.
        files.sort_by(|a, b| a.filed.reference.cmp(&b.filed.reference));
        let mut merged = Merged::default();
        let mut new = Vec::new();
        for file in &files {
            match self.catalogue.request(&file.filed.request)? {
                Some(_) => merged.known += 1,
                None => new.push(file),
            }
        }
        self.has_slots_of(site, &new)?;
        for file in new {
            self.take_over(site, file)?;
            merged.new.push(file.filed.reference.clone());
        }
        // What ended at the site ends here once everything is there that joined it.
        for file in &files {
            let (request, reference) = (&file.filed.request, &file.filed.reference);
            let here = self.catalogue.request(request)?.map(|filed| filed.state);
            if file.filed.state == FilingState::Void && here != Some(FilingState::Void) {
                let reason = file.filed.void_reason.as_deref().unwrap_or("void at its site");
                self.catalogue.void_number(reference, reason, Utc::now())?;
            } else if let Some(closing) = site.catalogue.closing(reference)? {
                self.catalogue.close(reference, &closing.by, &closing.reason, closing.when)?;
            }
        }
        Ok(merged)
    }

    /// Whether the slots in which boxes of the site lie are slots here.
    fn has_slots_of(&self, site: &Archive, files: &[&Located]) -> Result<(), Error> {
        let here: HashSet<&str> = self.config.slots().iter().map(|slot| slot.address.as_str()).collect();
        let places = files.iter().filter_map(|file| file.filed.place.as_ref());
        let Some(lacking) = places.map(|place| &place.slot).find(|slot| !here.contains(slot.as_str())) else {
            return Ok(());
        };
        let bank = BankName::of(lacking);
        let is_known = self.config.slots().iter().any(|slot| BankName::of(&slot.address) == bank);
        let lacks = match is_known {
            true => format!("has no slot {lacking} here"),
            false => "is none of this archive".to_owned(),
        };
        let message = format!(
            "{lacks}, and a box of the site lies there: write its [[bank]] into {} as it stands in {}, then merge again",
            self.config.directory().join(SETTINGS).display(),
            site.config.directory().join(SETTINGS).display()
        );
        Err(Error::new(ErrorKind::Conflict, format!("bank {bank}"), message))
    }

    fn take_over(&self, site: &Archive, file: &Located) -> Result<(), Error> {
        let filed = &file.filed;
        for document in &file.documents {
            match site.content(document) {
                Ok(bytes) => {
                    let extension = document.path.extension().and_then(|e| e.to_str()).unwrap_or("bin");
                    self.content.keep(&document.digest, extension, &bytes)?;
                }
                // What was destroyed at the site is not missed here.
                Err(error) if filed.state == FilingState::Void && error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let custody = match &filed.place {
            None => Custody::Electronic,
            Some(place) => Custody::CentralPaper(Shelving {
                thickness: place.thickness,
                spines: vec![place.archive_box.spine],
                box_number: site.numbers.box_number(&filed.key)?,
                slots: Some(vec![place.slot.clone()]),
                grows: false,
            }),
        };
        let taken = self.catalogue.file(FilingEntry {
            request: filed.request.clone(),
            digest: crate::intake::request_digest(file)?,
            when: filed.filed,
            expires: None,
            customer: filed.customer.clone(),
            process: filed.process.clone(),
            system_record: filed.system_record.clone(),
            key: filed.key.clone(),
            policy: filed.policy.clone(),
            number: site.numbers.file_number(&filed.key)?,
            documents: file.documents.clone(),
            readings: file.readings.clone(),
            findings: file.findings.clone(),
            custody,
            joins: stored_case(file)?.joins,
        })?;
        let conflict = |message: String| {
            Err(Error::new(ErrorKind::Conflict, format!("file {}", filed.reference), message))
        };
        if taken.reference != filed.reference {
            return conflict(format!(
                "would be {} here: numbers of the range were given by somebody else",
                taken.reference
            ));
        }
        let (here, there) = (taken.place.as_ref(), filed.place.as_ref());
        if here.map(|p| &p.archive_box.number) != there.map(|p| &p.archive_box.number) {
            return conflict(
                "would lie in another box here: give the site an organisation code of its own".into(),
            );
        }
        if filed.state == FilingState::Confirmed {
            let when = filed.confirmed.unwrap_or(filed.filed);
            let tag = there.and_then(|p| p.tag);
            self.catalogue.confirm(&filed.request, ShelfReceipt { when, tag })?;
        }
        Ok(())
    }
}
