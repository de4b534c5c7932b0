//! 自动同步: the catalogue follows what readers and shelves report, and each change can be undone.
//!
//! ```
//! use archive::{Archive, Config};
//!
//! # let scratch = tempfile::tempdir().unwrap();
//! let archive = Archive::open(Config::create(&scratch.path().join("holdings"))?)?;
//! let followed = archive.synchronise(&archive.inventory()?.evidence()?)?;
//! assert!(followed.changes.is_empty() && followed.findings.is_empty());
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! [`archive_shelving::sync::decide`] says what follows from the evidence. A box in another slot is moved in
//! the catalogue; one that stands nowhere is recorded as missing, one that came back as present. Every change is
//! written to the journal `sync.jsonl` before it is made and after, so that a crash between the two is finished
//! at the next run, and [`Archive::undo_sync`] takes any of them back. The catalogue's own evidence log holds
//! them, too. What the evidence does not decide is a finding, and changes nothing.
//!
//! Limits: a box with a move under way is left to that move. Undoing a move needs the old slot to be free still.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_core::{Error, ErrorKind};
use archive_shelving::sync::{Decision, Evidence, Ledger, Place, Standing, decide};
use archive_store::{Inventory, InventoryFinding, Locator, Sighting, SlotFilter, SlotUse};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::archive::Archive;
use crate::inventory::{BoxSighting, InventoryReport};
use crate::shelve::tag_of;

/// What a synchronisation did and what it left to a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SyncReport {
    /// The changes that were made, in their order.
    pub changes: Vec<SyncChange>,
    /// What nobody may decide but a person: a sentence each.
    pub findings: Vec<String>,
}

/// One automatic change of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncChange {
    /// The name by which it can be undone.
    pub id: RequestKey,
    /// When it was made.
    pub when: DateTime<Utc>,
    /// The box.
    pub box_number: BoxNumber,
    /// What was changed.
    pub decision: Decision,
    /// Whether it was taken back.
    pub undone: bool,
}

/// One line of the journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Entry {
    Begun(SyncChange),
    Done(RequestKey),
    Undone(RequestKey),
}

impl InventoryReport {
    /// What the inventory concluded, for [`Archive::synchronise`]; boxes that are unverified say nothing.
    ///
    /// # Errors
    /// None that a box of the catalogue can cause.
    pub fn evidence(&self) -> Result<Vec<Evidence>, Error> {
        let of_box = |b: &BoxSighting| evidence_of(&b.box_number, &b.slot, &b.sighting).transpose();
        self.boxes.iter().filter_map(of_box).collect()
    }
}

/// What a sighting of a box that should stand in `slot` says; nothing where it is unverified.
fn evidence_of(
    number: &BoxNumber,
    slot: &SlotAddress,
    sighting: &Sighting,
) -> Result<Option<Evidence>, Error> {
    let tag = tag_of(number)?;
    let seen_in = |slot: &SlotAddress| Some(Evidence::Seen { tag, place: Place::Slot(slot.clone()) });
    Ok(match sighting {
        Sighting::Present => seen_in(slot),
        Sighting::Misplaced { seen } => seen_in(seen),
        Sighting::Missing => Some(Evidence::Absent { tag }),
        Sighting::Unverified => None,
    })
}

impl Archive {
    /// Lets the catalogue follow the evidence where it decides, and tells what it does not decide.
    ///
    /// # Errors
    /// Those of the catalogue and of the journal. What was changed before stays, and is in the journal.
    pub fn synchronise(&self, evidence: &[Evidence]) -> Result<SyncReport, Error> {
        let mut journal = Journal::open(self)?;
        journal.finish_begun(self)?;
        let (ledger, numbers) = self.ledger(&journal)?;
        let (mut changes, mut findings) = (Vec::new(), Vec::new());
        for decision in decide(&ledger, evidence) {
            if let Decision::Finding { tag, conflict } = &decision {
                let name = numbers.get(tag).map_or_else(|| format!("tag {tag}"), |n| format!("box {n}"));
                findings.push(format!("{name}: {conflict}"));
                continue;
            }
            // Only boxes of the ledger are decided of.
            let Some(box_number) = numbers.get(&decision.tag()).cloned() else { continue };
            let when = Utc::now();
            let id: RequestKey = format!("sync-{}", when.format("%Y%m%dT%H%M%S%.9f")).parse()?;
            let change = SyncChange { id, when, box_number, decision, undone: false };
            journal.write(&Entry::Begun(change.clone()))?;
            self.follow(&change)?;
            journal.write(&Entry::Done(change.id.clone()))?;
            tracing::info!(id = %change.id, box_number = %change.box_number, "catalogue followed a report");
            changes.push(change);
        }
        Ok(SyncReport { changes, findings })
    }

    /// 采纳: lets the catalogue follow what the inventory `key` saw of the boxes `only`, of all where none is
    /// named. Each change can be taken back by [`Archive::undo_sync`]. What another inventory saw otherwise
    /// since is left, and told.
    ///
    /// # Errors
    /// `NotFound` where there is no such inventory, or it did not look for a box that is named; those of
    /// [`Archive::synchronise`].
    pub fn accept_inventory(&self, key: &RequestKey, only: &[BoxNumber]) -> Result<SyncReport, Error> {
        let missing = |object: String, message: String| Err(Error::new(ErrorKind::NotFound, object, message));
        let Some(inventory) = self.catalogue.inventory(key)? else {
            return missing(format!("inventory {key}"), "is not in the catalogue".into());
        };
        let looked_for = |number: &&BoxNumber| inventory.findings.iter().any(|f| f.box_number == **number);
        if let Some(number) = only.iter().find(|number| !looked_for(number)) {
            return missing(format!("box {number}"), format!("was not looked for by inventory {key}"));
        }
        let (mut evidence, mut outdated) = (Vec::new(), Vec::new());
        for finding in inventory.findings {
            let number = &finding.box_number;
            if !only.is_empty() && !only.contains(number) {
                continue;
            }
            let files = self.catalogue.locate(&Locator::Box(number.clone()))?;
            if files.first().is_some_and(|file| file.last_seen.as_ref() != Some(&finding.sighting)) {
                outdated.push(format!("box {number}: another inventory saw it otherwise since"));
                continue;
            }
            let slot = self.catalogue.box_status(number)?.slot;
            evidence.extend(evidence_of(number, &slot, &finding.sighting)?);
        }
        let mut report = self.synchronise(&evidence)?;
        report.findings.extend(outdated);
        Ok(report)
    }

    /// The automatic changes so far, oldest first.
    ///
    /// # Errors
    /// Those of reading the journal; `Corrupt` where a line of it is none.
    pub fn sync_changes(&self) -> Result<Vec<SyncChange>, Error> {
        Ok(Journal::open(self)?.changes)
    }

    /// Takes an automatic change back. Doing so again changes nothing.
    ///
    /// # Errors
    /// `NotFound` where no change has this name; `Conflict` where the box's old slot is taken by now.
    pub fn undo_sync(&self, id: &RequestKey) -> Result<SyncChange, Error> {
        let mut journal = Journal::open(self)?;
        journal.finish_begun(self)?;
        let known = journal.changes.iter().find(|change| change.id == *id).cloned();
        let change = known.ok_or_else(|| {
            let message = "is no automatic change of this archive: `archive sync --list` shows them";
            Error::new(ErrorKind::NotFound, format!("change {id}"), message)
        })?;
        if change.undone {
            return Ok(change);
        }
        match &change.decision {
            Decision::Moved { from, .. } => self.set_slot(&change.box_number, from)?,
            Decision::TakenOut { .. } | Decision::PutBack { .. } | Decision::Finding { .. } => {
                self.record_sighting(&change, "undo", Sighting::Unverified)?;
            }
        }
        journal.write(&Entry::Undone(id.clone()))?;
        Ok(SyncChange { undone: true, ..change })
    }

    /// Makes a change; making it again changes nothing.
    fn follow(&self, change: &SyncChange) -> Result<(), Error> {
        match &change.decision {
            Decision::Moved { to, .. } => self.set_slot(&change.box_number, to),
            Decision::TakenOut { .. } => self.record_sighting(change, "seen", Sighting::Missing),
            Decision::PutBack { .. } => self.record_sighting(change, "seen", Sighting::Present),
            Decision::Finding { .. } => Ok(()),
        }
    }

    fn set_slot(&self, number: &BoxNumber, slot: &SlotAddress) -> Result<(), Error> {
        if self.catalogue.box_status(number)?.slot == *slot {
            return Ok(());
        }
        let when = Utc::now();
        self.catalogue.move_box(number, slot, when)?;
        self.catalogue.confirm_move(number, when).map(drop)
    }

    fn record_sighting(&self, change: &SyncChange, what: &str, sighting: Sighting) -> Result<(), Error> {
        let findings =
            vec![InventoryFinding { box_number: change.box_number.clone(), sighting, heard: None }];
        let key = format!("{what}-{}", change.id).parse()?;
        self.catalogue.record_inventory(Inventory { key, when: change.when, findings })
    }

    /// What the catalogue and the journal say, and the boxes' numbers by their tags.
    fn ledger(&self, journal: &Journal) -> Result<(Ledger, BTreeMap<TagEpc, BoxNumber>), Error> {
        let (mut ledger, mut numbers) = (Ledger::default(), BTreeMap::new());
        for status in self.catalogue.slots(&SlotFilter::default())? {
            let slot = status.slot.address;
            if let Ok(aisle) = self.devices.aisle(&slot) {
                ledger.set_aisle(slot.clone(), aisle);
            }
            let Some(number) = status.box_number else {
                if status.used == SlotUse::Free {
                    ledger.add_free(slot);
                }
                continue;
            };
            let tag = tag_of(&number)?;
            let known = self.catalogue.box_status(&number)?;
            let standing = match known.moving_to {
                Some(to) => Standing::OnItsWay { from: Some(known.slot), to },
                None if status.used != SlotUse::Confirmed => Standing::OnItsWay { from: None, to: slot },
                None if journal.is_out(&number) => Standing::Out(slot),
                None => Standing::In(slot),
            };
            ledger.add_box(tag, standing);
            numbers.insert(tag, number);
        }
        Ok((ledger, numbers))
    }
}

/// The journal of automatic changes: one JSON line an event, flushed to the disk.
struct Journal {
    path: PathBuf,
    file: File,
    changes: Vec<SyncChange>,
    /// The last change was begun, and nobody knows whether it was made.
    begun: Option<RequestKey>,
}

impl Journal {
    fn open(archive: &Archive) -> Result<Self, Error> {
        let path = archive.config.directory().join("sync.jsonl");
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        let file = opened.map_err(|error| Error::io(&path, "open", error))?;
        let text = std::fs::read_to_string(&path).map_err(|error| Error::io(&path, "read", error))?;
        let mut journal = Self { path, file, changes: Vec::new(), begun: None };
        for (number, line) in text.split_inclusive('\n').enumerate() {
            match serde_json::from_str::<Entry>(line) {
                Ok(entry) => journal.take(entry),
                // The last line of a crash was never acted on.
                Err(_) if !line.ends_with('\n') => journal.cut(text.len() - line.len())?,
                Err(error) => {
                    let object = format!("{} line {}", journal.path.display(), number + 1);
                    let message = "is no line of the journal: restore it from a copy";
                    return Err(Error::new(ErrorKind::Corrupt, object, message).with_source(error));
                }
            }
        }
        Ok(journal)
    }

    fn cut(&self, length: usize) -> Result<(), Error> {
        self.file.set_len(length as u64).map_err(|error| Error::io(&self.path, "cut", error))
    }

    fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Begun(change) => {
                self.begun = Some(change.id.clone());
                self.changes.push(change);
            }
            Entry::Done(_) => self.begun = None,
            Entry::Undone(id) => {
                self.changes.iter_mut().filter(|change| change.id == id).for_each(|c| c.undone = true);
            }
        }
    }

    fn write(&mut self, entry: &Entry) -> Result<(), Error> {
        let mut line = serde_json::to_string(entry).map_err(|error| {
            Error::new(ErrorKind::Internal, "journal entry", "cannot be written").with_source(error)
        })?;
        line.push('\n');
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| Error::io(&self.path, "write", error))?;
        self.take(serde_json::from_str(&line).map_err(|error| {
            Error::new(ErrorKind::Internal, "journal entry", "does not read back").with_source(error)
        })?);
        Ok(())
    }

    /// Makes the change that a crash may have left half-made.
    fn finish_begun(&mut self, archive: &Archive) -> Result<(), Error> {
        let Some(id) = self.begun.clone() else { return Ok(()) };
        let change = self.changes.iter().find(|change| change.id == id).cloned();
        if let Some(change) = change {
            match archive.follow(&change) {
                // The world went on meanwhile: the change is given up, and told.
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    tracing::warn!(%id, %error, "an automatic change was given up");
                    self.write(&Entry::Undone(id.clone()))?;
                }
                other => other?,
            }
        }
        self.write(&Entry::Done(id))
    }

    /// Whether the last change of a box says that it was taken out.
    fn is_out(&self, number: &BoxNumber) -> bool {
        let last = self.changes.iter().rev().find(|change| change.box_number == *number && !change.undone);
        last.is_some_and(|change| matches!(change.decision, Decision::TakenOut { .. }))
    }
}
