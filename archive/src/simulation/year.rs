//! The year itself, day by day.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::identifier::{BoxNumber, ReferenceCode, RequestKey};
use archive_core::{Error, ErrorKind};
use archive_shelving::layout::AisleId;
use archive_shelving::motion::ShelfMotion;
use archive_shelving::reading::TagInventory;
use archive_store::Checkpoint;
use chrono::{Days, NaiveDate};

use super::papers::{self, Chance};
use super::{Summary, Year, checks};
use crate::archive::Archive;
use crate::config::{Config, DEFAULT_SETTINGS, SETTINGS};
use crate::devices::{ByHand, Devices};
use crate::filing::{FilingOutcome, FilingRequest, Shelving};
use crate::using::LendRequest;

/// People who put boxes away, and a program that dies when it is told to.
#[derive(Debug, Default)]
struct Mortal {
    dying: AtomicBool,
}

impl Devices for Mortal {
    fn shelf(&self, slot: &SlotAddress) -> Result<Arc<dyn ShelfMotion>, Error> {
        ByHand.shelf(slot)
    }

    fn reader(&self, slot: &SlotAddress) -> Result<Arc<dyn TagInventory>, Error> {
        ByHand.reader(slot)
    }

    fn aisle(&self, slot: &SlotAddress) -> Result<AisleId, Error> {
        if self.dying.swap(false, Ordering::SeqCst) {
            // Between the reservation and its answer: nothing after this line runs.
            std::panic::panic_any(Crash);
        }
        ByHand.aisle(slot)
    }

    fn place(&self, tag: TagEpc, slot: &SlotAddress) -> Result<(), Error> {
        ByHand.place(tag, slot)
    }
}

/// What a simulated crash unwinds with.
struct Crash;

/// The branch under simulation.
struct Branch {
    directory: PathBuf,
    papers: PathBuf,
    archive: Option<Archive>,
    devices: Arc<Mortal>,
    chance: Chance,
    summary: Summary,
    /// Live files on paper, which can be lent.
    shelved: Vec<ReferenceCode>,
    /// Loans that are out.
    out: Vec<RequestKey>,
    /// Requests whose box nobody confirmed yet.
    unconfirmed: Vec<RequestKey>,
    boxes: BTreeSet<BoxNumber>,
    sent: BTreeSet<BoxNumber>,
    checkpoint: Option<Checkpoint>,
}

pub(super) fn run(year: &Year, directory: &Path) -> Result<Summary, Error> {
    if directory.exists() && std::fs::read_dir(directory).is_ok_and(|mut d| d.next().is_some()) {
        let message = "is not empty: name a new directory for the simulation";
        return Err(Error::new(ErrorKind::Conflict, directory.display().to_string(), message));
    }
    quiet_crashes();
    let papers = directory.join("papers");
    std::fs::create_dir_all(&papers).map_err(|e| Error::io(&papers, "create a directory", e))?;
    settle(&directory.join("centre"), "HZ XS LA", None)?;
    settle(&directory.join("la"), "LA", Some(()))?;
    let devices = Arc::new(Mortal::default());
    let mut branch = Branch {
        directory: directory.to_path_buf(),
        papers,
        archive: None,
        devices,
        chance: Chance::new(year.seed),
        summary: Summary::default(),
        shelved: Vec::new(),
        out: Vec::new(),
        unconfirmed: Vec::new(),
        boxes: BTreeSet::new(),
        sent: BTreeSet::new(),
        checkpoint: None,
    };
    branch.begin(year)?;
    let first = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap_or_default();
    let mut number = 0;
    for (day, count) in first.iter_days().take(365).zip(1_usize..) {
        while number < year.processes * count / 365 {
            let cut_off = (90..120).contains(&count) && branch.chance.happens(330);
            branch.process(&format!("p-{number:06}"), day, cut_off)?;
            number += 1;
        }
        branch.evening(day)?;
        if count % 30 == 0 {
            branch.month(count / 30, day)?;
        }
        if count == 120 {
            branch.merge()?;
        }
    }
    branch.finish()?;
    Ok(branch.summary)
}

/// Crashes are part of the simulation: they write no traces. Other panics still do.
fn quiet_crashes() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.payload().is::<Crash>() {
                before(info);
            }
        }));
    });
}

/// Settings of the centre with three sites, or of a site that draws from its own range.
fn settle(directory: &Path, sites: &str, range: Option<()>) -> Result<(), Error> {
    std::fs::create_dir_all(directory).map_err(|e| Error::io(directory, "create a directory", e))?;
    let head = DEFAULT_SETTINGS.split("[[bank]]").next().unwrap_or_default();
    let mut text = format!("reading = \"off\"\n{head}");
    if range.is_some() {
        text =
            format!("policy = \"policy.toml\"\n{text}[numbers]\nsite = \"LA\"\nfirst = 5001\nlast = 9999\n");
        let policy = archive_core::policy::REFERENCE_TEXT
            .replace("organisation = \"YX01\"", "organisation = \"YX02\"");
        let path = directory.join("policy.toml");
        std::fs::write(&path, policy).map_err(|e| Error::io(&path, "write", e))?;
    }
    for site in sites.split(' ') {
        text.push_str(&format!(
            "[[bank]]\nsite = \"{site}\"\nroom = \"R1\"\nname = \"B1\"\ncolumns = 6\nbays = 5\nlevels = 6\n\
             positions = 8\nwidth_mm = 50\n"
        ));
    }
    let path = directory.join(SETTINGS);
    std::fs::write(&path, text).map_err(|e| Error::io(&path, "write", e))
}

impl Branch {
    fn archive(&mut self) -> Result<&Archive, Error> {
        if self.archive.is_none() {
            self.archive = Some(self.open("centre")?);
        }
        Ok(self.archive.as_ref().expect("it was opened just now"))
    }

    fn open(&self, name: &str) -> Result<Archive, Error> {
        let mut config = Config::load(&self.directory.join(name))?;
        if name == "centre" {
            // The range of the site that may be cut off. Its organisation has counters of its own, so the
            // centre's numbers need not end below it.
            config.keep_for(crate::config::NumberRange { site: "LA".into(), first: 5001, last: 9999 });
        }
        let devices: Arc<dyn Devices> = Arc::<Mortal>::clone(&self.devices);
        Archive::open_with(config, devices)
    }

    /// The program dies and is started again.
    fn crash(&mut self) {
        self.archive = None;
        self.summary.crashes += 1;
    }

    /// Files from before the year, of which some are due for disposal.
    fn begin(&mut self, year: &Year) -> Result<(), Error> {
        let day = NaiveDate::from_ymd_opt(2012, 6, 1).unwrap_or_default();
        for number in 0..(year.processes / 200).max(12) {
            self.process(&format!("old-{number:05}"), day, false)?;
        }
        self.evening(day)
    }

    fn process(&mut self, key: &str, day: NaiveDate, cut_off: bool) -> Result<(), Error> {
        let policy = archive_core::policy::Policy::reference();
        let request = papers::request(key, day, &policy, &mut self.chance, &self.papers)?;
        if cut_off {
            let site = self.open("la")?;
            let outcome = site.file(&request)?;
            if outcome.slot.is_some() {
                site.confirm_by_hand(&request.key)?;
            }
            self.count(&request, &outcome);
            return self.remove_papers(&request);
        }
        if self.chance.happens(4) {
            self.devices.dying.store(true, Ordering::SeqCst);
        }
        let archive = self.archive()?;
        let outcome = match catch_unwind(AssertUnwindSafe(|| archive.file(&request))) {
            Ok(outcome) => outcome?,
            Err(cause) if cause.is::<Crash>() => {
                self.crash();
                // The business application did not get its answer and asks again.
                self.archive()?.file(&request)?
            }
            Err(cause) => std::panic::resume_unwind(cause),
        };
        // An electronic file crosses no device, so the crash waits for the next one: not here.
        self.devices.dying.store(false, Ordering::SeqCst);
        if matches!(outcome.shelving, Shelving::Pending { .. }) {
            if self.chance.happens(60) {
                self.summary.device_faults += 1;
                self.unconfirmed.push(request.key.clone());
            } else {
                self.archive()?.confirm_by_hand(&request.key)?;
                self.shelved.push(outcome.reference_code.clone());
            }
            self.boxes.extend(outcome.box_number.clone());
        }
        if self.chance.happens(10) {
            let again = self.archive()?.file(&request)?;
            self.summary.repeated += 1;
            if again.reference_code != outcome.reference_code || !again.repeated {
                self.summary.broken.push(format!("request {key} was filed twice"));
            }
        }
        self.count(&request, &outcome);
        if self.chance.happens(10) {
            self.late(key, &outcome)?;
        }
        if self.chance.happens(3) && !self.unconfirmed.contains(&request.key) {
            let archive = self.archive()?;
            archive.catalogue.void_number(&outcome.reference_code, "误归", chrono::Utc::now())?;
            self.shelved.retain(|r| *r != outcome.reference_code);
            self.summary.voided += 1;
        }
        self.remove_papers(&request)
    }

    fn count(&mut self, request: &FilingRequest, outcome: &FilingOutcome) {
        self.summary.processes += 1;
        self.summary.documents += outcome.documents.len() as u64;
        if outcome.documents.len() != request.documents.len() {
            self.summary
                .broken
                .push(format!("request {} lost a document: {:?}", request.key, outcome.rejected));
        }
    }

    fn late(&mut self, key: &str, outcome: &FilingOutcome) -> Result<(), Error> {
        let path = self.papers.join(format!("{key}-late.png"));
        let content = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), key.as_bytes(), b" late"].concat();
        std::fs::write(&path, content).map_err(|e| Error::io(&path, "write", e))?;
        let late: RequestKey = format!("{key}-late").parse()?;
        let joined =
            self.archive()?.join(&outcome.reference_code, late.clone(), vec![path.clone().into()])?;
        if joined.slot.is_some() {
            self.archive()?.confirm_by_hand(&late)?;
            self.boxes.extend(joined.box_number);
        }
        self.summary.late += 1;
        std::fs::remove_file(&path).map_err(|e| Error::io(&path, "remove", e))
    }

    fn remove_papers(&self, request: &FilingRequest) -> Result<(), Error> {
        for document in &request.documents {
            std::fs::remove_file(&document.path).map_err(|e| Error::io(&document.path, "remove", e))?;
        }
        Ok(())
    }

    /// What waits is put away; files are lent and come back.
    fn evening(&mut self, day: NaiveDate) -> Result<(), Error> {
        for key in std::mem::take(&mut self.unconfirmed) {
            let filed = self.archive()?.confirm_by_hand(&key)?;
            self.shelved.push(filed.reference);
        }
        for turn in 0..2 {
            if let Some(reference) = self.chance.pick(&self.shelved).cloned() {
                let key: RequestKey = format!("loan-{day}-{turn}").parse()?;
                let (borrower, purpose) = ("用电检查班".to_owned(), "现场核对".to_owned());
                let lent = self.archive()?.lend_file(&LendRequest {
                    key: key.clone(),
                    reference,
                    borrower,
                    purpose,
                });
                match lent {
                    Ok(_) => {
                        self.summary.loans += 1;
                        self.out.push(key);
                    }
                    // It is out already.
                    Err(error) if error.kind() == ErrorKind::Conflict => {}
                    Err(error) => return Err(error),
                }
            }
        }
        if self.out.len() > 20 {
            let index = usize::try_from(self.chance.number(self.out.len() as u64)).unwrap_or(0);
            let key = self.out.swap_remove(index);
            self.archive()?.take_back(&key)?;
            self.summary.returned += 1;
        }
        Ok(())
    }

    /// Boxes go to another site; content is damaged, found and restored; the log is checked.
    fn month(&mut self, month: usize, day: NaiveDate) -> Result<(), Error> {
        let boxes: Vec<BoxNumber> = self.boxes.difference(&self.sent).take(5).cloned().collect();
        if !boxes.is_empty() {
            let key: RequestKey = format!("consignment-{month}").parse()?;
            self.archive()?.send(&key, &boxes, "XS")?;
            if self.chance.happens(500) {
                self.crash();
            }
            let (arrived, late) = boxes.split_at(boxes.len() / 2);
            self.archive()?.receive(&key, arrived)?;
            self.archive()?.receive(&key, late)?;
            self.sent.extend(boxes.iter().cloned());
            self.summary.boxes_sent += boxes.len() as u64;
        }
        if month == 2 {
            self.dispose(day)?;
        }
        if month.is_multiple_of(3) {
            self.damage_and_restore()?;
        }
        let kept = self.checkpoint;
        let catalogue = self.archive()?.catalogue();
        let breaks = catalogue.verify(kept.as_slice())?.breaks;
        let checkpoint = catalogue.checkpoint()?;
        self.summary.broken.extend(breaks.iter().map(ToString::to_string));
        self.checkpoint = Some(checkpoint);
        Ok(())
    }

    fn dispose(&mut self, day: NaiveDate) -> Result<(), Error> {
        let archive = self.archive()?;
        let due: Vec<ReferenceCode> = archive
            .due_for_disposal(day + Days::new(1))?
            .into_iter()
            .filter(|d| d.held_back.is_none())
            .map(|d| d.reference)
            .collect();
        let Some((held, rest)) = due.split_first() else { return Ok(()) };
        archive.hold(held, "诉讼", "赵法务", &"legal".parse()?)?;
        let key: RequestKey = "disposal-1".parse()?;
        if !rest.is_empty() {
            archive.propose_disposal(key.clone(), rest.to_vec(), "李档案", &"archivist".parse()?)?;
            archive.approve_disposal(&key, "王主管", &"archive-manager".parse()?)?;
            archive.approve_disposal(&key, "赵法务", &"legal".parse()?)?;
            archive.carry_out_disposal(&key)?;
        }
        self.summary.held += 1;
        self.summary.destroyed += rest.len() as u64;
        self.shelved.retain(|r| !rest.contains(r));
        Ok(())
    }

    fn damage_and_restore(&mut self) -> Result<(), Error> {
        let mut contents = BTreeSet::new();
        self.archive()?.each_file(&mut |file| {
            contents.extend(file.documents.iter().map(|d| d.path.clone()));
            Ok(())
        })?;
        let contents: Vec<PathBuf> = contents.into_iter().collect();
        let Some(victim) = self.chance.pick(&contents).cloned() else { return Ok(()) };
        let root = self.directory.join("centre/content");
        let (path, copy) = (root.join(&victim), self.directory.join("copies").join(&victim));
        let bytes = std::fs::read(&path).map_err(|e| Error::io(&path, "read", e))?;
        if let Some(parent) = copy.parent() {
            std::fs::create_dir_all(parent).map_err(|e| Error::io(parent, "create a directory", e))?;
        }
        std::fs::write(&copy, &bytes).map_err(|e| Error::io(&copy, "write", e))?;
        let mut damaged = bytes;
        if let Some(last) = damaged.last_mut() {
            *last ^= 1;
        }
        std::fs::write(&path, damaged).map_err(|e| Error::io(&path, "write", e))?;
        let copies = self.directory.join("copies");
        let scan = self.archive()?.fixity_scan(Some(u64::MAX))?;
        let restored = self.archive()?.restore(&copies)?;
        if scan.damaged.len() != 1 || restored.restored != [victim.clone()] {
            self.summary.broken.push(format!("{}: was damaged and not found", victim.display()));
        }
        self.summary.restored += restored.restored.len() as u64;
        Ok(())
    }

    fn merge(&mut self) -> Result<(), Error> {
        let site = self.open("la")?;
        let merged = self.archive()?.merge_site(&site)?;
        let again = self.archive()?.merge_site(&site)?;
        if !again.new.is_empty() {
            self.summary.broken.push("merging again took files over twice".into());
        }
        self.summary.merged = merged.new.len() as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Error> {
        let (out, loans) = (self.out.clone(), self.summary.loans - self.summary.returned);
        let archive = self.archive()?;
        let found = checks::check(archive, &out, loans)?;
        self.summary.boxes = found.boxes;
        self.summary.broken.extend(found.broken);
        Ok(())
    }
}
