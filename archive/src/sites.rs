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

use archive_core::identifier::{BoxNumber, ReferenceCode, RequestKey};
use archive_core::units::Millimetres;
use archive_core::{Error, ErrorKind};
use archive_store::{
    Custody, FilingEntry, FilingState, Located, Locator, Search, ShelfReceipt, Shelving, SlotFilter,
};
use chrono::Utc;
use serde::Serialize;

use crate::archive::Archive;
use crate::register::Happened;

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
}

/// What a merge took over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// Files that are new here.
    pub new: Vec<ReferenceCode>,
    /// How many were here already.
    pub known: usize,
}

impl Archive {
    /// Sends boxes to another site: a slot there is kept for each. The same consignment again changes
    /// nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown box; `Conflict` where the site has too few free slots, a box is on its way
    /// already, or the key was used for other boxes: then no box is sent.
    pub fn send(&self, key: &RequestKey, boxes: &[BoxNumber], to: &str) -> Result<Consignment, Error> {
        let conflict =
            |message: String| Error::new(ErrorKind::Conflict, format!("consignment {key}"), message);
        if boxes.is_empty() {
            return Err(Error::invalid(format!("consignment {key}"), "has no boxes"));
        }
        if let Some((known, site)) = self.sent(key)? {
            if known != boxes || site != to {
                return Err(conflict("was sent with other boxes or to another site; use a new key".into()));
            }
        } else {
            let filter = SlotFilter { within: Some(to.to_owned()), ..SlotFilter::free() };
            let mut free = self.catalogue.slots(&filter)?;
            for number in boxes {
                let status = self.catalogue.box_status(number)?;
                if status.slot.site() == to {
                    return Err(conflict(format!("has box {number}, which is at {to} already")));
                }
                if status.moving_to.is_some() {
                    return Err(conflict(format!("has box {number}, which is on its way already")));
                }
                let spine: Millimetres = status.archive_box.spine;
                let place = free.iter().position(|s| s.slot.width >= spine);
                let place =
                    place.ok_or_else(|| conflict(format!("finds no free slot at {to} for box {number}")))?;
                free.remove(place);
            }
            let sent = Happened::Sent { key: key.clone(), to: to.to_owned(), boxes: boxes.to_vec() };
            self.register.append(|_| Ok(Some(sent)))?;
        }
        // From here a crash leaves a consignment that the same call completes.
        for number in boxes {
            let status = self.catalogue.box_status(number)?;
            if status.moving_to.is_none() && status.slot.site() != to {
                let filter = SlotFilter {
                    within: Some(to.to_owned()),
                    at_least: status.archive_box.spine,
                    limit: Some(1),
                    ..SlotFilter::free()
                };
                let slot = self.catalogue.slots(&filter)?.pop();
                let slot =
                    slot.ok_or_else(|| conflict(format!("finds no free slot at {to} for box {number}")))?;
                self.catalogue.move_box(number, &slot.slot.address, Utc::now())?;
            }
        }
        self.consignment(key)
    }

    /// Records that boxes of a consignment arrived; those that did not stay on their way. Again changes
    /// nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown consignment; `InvalidInput` for a box that is not of it.
    pub fn receive(&self, key: &RequestKey, boxes: &[BoxNumber]) -> Result<Consignment, Error> {
        let consignment = self.consignment(key)?;
        for number in boxes {
            if !consignment.under_way.contains(number) && !consignment.arrived.contains(number) {
                let message = format!("has no box {number}: set it aside and ask where it belongs");
                return Err(Error::invalid(format!("consignment {key}"), message));
            }
        }
        for number in boxes.iter().filter(|n| consignment.under_way.contains(n)) {
            self.catalogue.confirm_move(number, Utc::now())?;
        }
        let new: Vec<BoxNumber> =
            boxes.iter().filter(|n| !consignment.arrived.contains(n)).cloned().collect();
        if !new.is_empty() {
            self.register.append(|_| Ok(Some(Happened::Arrived { key: key.clone(), boxes: new })))?;
        }
        self.consignment(key)
    }

    /// Where the boxes of a consignment are.
    ///
    /// # Errors
    /// `NotFound` where nothing was sent under the key.
    pub fn consignment(&self, key: &RequestKey) -> Result<Consignment, Error> {
        let (boxes, to) = self
            .sent(key)?
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("consignment {key}"), "was never sent"))?;
        let mut arrived: Vec<BoxNumber> = Vec::new();
        for happened in self.register.all()? {
            if let Happened::Arrived { key: k, boxes } = happened {
                arrived.extend(boxes.into_iter().filter(|_| k == *key));
            }
        }
        let under_way = boxes.into_iter().filter(|b| !arrived.contains(b)).collect();
        Ok(Consignment { key: key.clone(), to, under_way, arrived })
    }

    fn sent(&self, key: &RequestKey) -> Result<Option<(Vec<BoxNumber>, String)>, Error> {
        Ok(self.register.all()?.into_iter().find_map(|happened| match happened {
            Happened::Sent { key: k, to, boxes } if k == *key => Some((boxes, to)),
            _ => None,
        }))
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
            let search = Search { state: Some(state), limit: usize::MAX, ..Search::words("") };
            for filed in site.catalogue.search(&search)? {
                files.extend(site.catalogue.locate(&Locator::Reference(filed.reference))?);
            }
        }
        // A counter gives its numbers in order, so they are taken over in order.
        files.sort_by(|a, b| a.filed.reference.cmp(&b.filed.reference));
        let mut merged = Merged::default();
        for file in files {
            if self.catalogue.request(&file.filed.request)?.is_some() {
                merged.known += 1;
                continue;
            }
            self.take_over(site, &file)?;
            merged.new.push(file.filed.reference);
        }
        Ok(merged)
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
        match filed.state {
            FilingState::Confirmed => {
                let when = filed.confirmed.unwrap_or(filed.filed);
                let tag = there.and_then(|p| p.tag);
                self.catalogue.confirm(&filed.request, ShelfReceipt { when, tag })?;
            }
            FilingState::Void => {
                let reason = filed.void_reason.as_deref().unwrap_or("void at its site");
                self.catalogue.void_number(&filed.reference, reason, Utc::now())?;
            }
            FilingState::Reserved => {}
        }
        Ok(())
    }
}
