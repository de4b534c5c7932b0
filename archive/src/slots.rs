//! 储位选择: which slot a box gets, why, and which boxes should stand elsewhere.
//!
//! ```
//! use archive::{Archive, Config};
//! use archive::slots::NewBox;
//!
//! # let scratch = tempfile::tempdir().unwrap();
//! let archive = Archive::open(Config::create(&scratch.path().join("holdings"))?)?;
//! let wanted = NewBox {
//!     process: "new-connection-hv".parse()?,
//!     class: archive_core::record::CustomerClass::Business,
//!     year: 2026,
//!     customer: None,
//!     spine: archive_core::units::Millimetres(50),
//!     site: None,
//! };
//! let proposal = archive.propose_slot(&wanted, 2)?;
//! assert_eq!(proposal.runners_up.len(), 2);
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! The index of slots is made at the first question and follows the catalogue's evidence log from then on,
//! so that it knows what other processes filed and moved, too. Weights and rules are the policy of slots
//! (key `slot_policy` of `archive.toml`). How often a box will be fetched is learnt from all loans so far,
//! by business process and age, when the index is made.
//!
//! A proposal may be out of date when it is used: the store takes the first of its slots that is free, and
//! where all went meanwhile, filing asks again.
//!
//! Limits: an index takes about 1 KiB a slot, and seconds to be made of a million; rates are those of the
//! moment at which it was made.

pub mod blocked;
pub mod space;

use std::collections::{BTreeMap, HashMap};

use archive_core::holding::{BoxKey, CustodyMode, Slot, SlotAddress};
use archive_core::identifier::{BoxNumber, CustomerNumber, ProcessCode};
use archive_core::record::CustomerClass;
use archive_core::units::Millimetres;
use archive_core::{Error, ErrorKind};
use archive_shelving::plan::demand::{OLDEST, RetrievalHistory};
use archive_shelving::plan::slot_choice::{Advice, BoxProfile, Hold, Proposal, Series, SlotIndex};
use archive_store::{Catalogue, Retrieval, ShelvedBox, SlotFilter, Standing, Stock};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::archive::Archive;

/// How many runners-up a filing names to the store, for when the best slot went meanwhile.
const RUNNERS_UP: usize = 7;

/// How many of them are kept with the reason of the choice.
const KEPT_RUNNERS_UP: usize = 2;

const DAYS_A_MONTH: f64 = 365.25 / 12.0;

/// A box that is not made yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewBox {
    /// The process of its files, which decides its fonds and retention.
    pub process: ProcessCode,
    /// The class of its customers.
    pub class: CustomerClass,
    /// 年度.
    pub year: u16,
    /// 户号, where all its files will be of one customer.
    pub customer: Option<CustomerNumber>,
    /// The thickness of its spine.
    pub spine: Millimetres,
    /// The site at which it must stand; that of this archive where absent.
    pub site: Option<String>,
}

/// The slots for a new box of a filing, or why there is none.
#[derive(Debug, Default)]
pub(crate) struct SlotChoice {
    pub(crate) proposal: Option<Proposal>,
    pub(crate) refused: Option<Error>,
}

impl SlotChoice {
    /// What the store tries, in this order.
    pub(crate) fn candidates(&self) -> Vec<SlotAddress> {
        self.proposal.iter().flat_map(Proposal::slots).cloned().collect()
    }

    /// The choice as it is kept with the filing.
    pub(crate) fn reason(&self) -> Option<Proposal> {
        let mut kept = self.proposal.clone()?;
        kept.runners_up.truncate(KEPT_RUNNERS_UP);
        Some(kept)
    }
}

/// What a filing needs of a slot where it begins a new box.
#[derive(Debug)]
pub(crate) struct SlotNeed<'a> {
    pub(crate) key: &'a BoxKey,
    pub(crate) process: &'a ProcessCode,
    pub(crate) customer: &'a CustomerNumber,
    /// How much of the box the file takes.
    pub(crate) thickness: Millimetres,
    /// The spines that the box may have, the most wanted first.
    pub(crate) spines: &'a [Millimetres],
}

/// The index of slots, and how far it follows the log.
#[derive(Debug)]
pub(crate) struct ShelfPlan {
    index: SlotIndex<'static>,
    history: RetrievalHistory,
    upto: u64,
    /// For boxes on their way, the slot that is kept for them.
    moving: HashMap<BoxNumber, SlotAddress>,
    /// The columns of which the index knows that nothing is put on them.
    blocks: blocked::Blocks,
}

impl Archive {
    /// The best slot for a box that is not made yet, with `runners_up` others and what the rules ruled out.
    /// Nothing is changed.
    ///
    /// # Errors
    /// `NotFound` where the policy does not know the process; `Conflict` where no slot takes the box, with
    /// the reasons; `Unsupported` where the policy keeps such papers electronically.
    pub fn propose_slot(&self, wanted: &NewBox, runners_up: usize) -> Result<Proposal, Error> {
        let policy = self.policy();
        let process = policy.process(&wanted.process)?;
        if policy.custody(wanted.class) == CustodyMode::Electronic {
            let object = format!("papers of {} customers", wanted.class);
            let message = "are kept electronically by the policy, and need no slot";
            return Err(Error::new(ErrorKind::Unsupported, object, message));
        }
        let key = BoxKey {
            fonds: policy.fonds().clone(),
            year: wanted.year,
            retention: policy.retention(process, []).period,
            organisation: policy.grouping(wanted.class, process),
        };
        self.with_plan(|plan| {
            let profile = plan.new_box(
                &self.config,
                &key,
                &wanted.process,
                wanted.customer.as_ref(),
                wanted.spine,
                wanted.site.as_deref(),
            )?;
            plan.index.choose(&profile, runners_up)
        })
    }

    /// Where a box that has a slot would stand best, its own slot counted among the free ones. Nothing is
    /// changed.
    ///
    /// # Errors
    /// `NotFound` where no such box has a slot; `Conflict` where no slot takes it.
    pub fn propose_slot_for(&self, number: &BoxNumber, runners_up: usize) -> Result<Proposal, Error> {
        self.catalogue.box_status(number)?;
        let stock = self.catalogue.stock(None)?;
        let known = stock.boxes.into_iter().find(|shelved| shelved.status.archive_box.number == *number);
        let Some(shelved) = known else {
            return Err(Error::new(ErrorKind::NotFound, format!("box {number}"), "has no slot"));
        };
        self.with_plan(|plan| {
            let profile = plan.profile(&shelved, &self.config, Utc::now());
            plan.index.release(number)?;
            let proposal = plan.index.choose(&profile, runners_up);
            plan.index.hold(&profile, &shelved.status.slot, hold_of(&shelved))?;
            proposal
        })
    }

    /// 调位: which boxes to move one by one, `most` at most, each saving at least `least` seconds of opening
    /// time a month as far as retrievals are expected. Nothing is changed.
    ///
    /// # Errors
    /// Those of reading the catalogue.
    pub fn advise_slots(&self, most: usize, least: f64) -> Result<Advice, Error> {
        self.with_plan(|plan| Ok(plan.index.advise(most, least)))
    }

    /// The slots for the new box of a filing, if it needs one.
    ///
    /// # Errors
    /// Those of reading the catalogue. That no slot takes the box is an answer: it may not need one.
    pub(crate) fn choose_slot(&self, need: &SlotNeed<'_>) -> Result<SlotChoice, Error> {
        self.with_plan(|plan| {
            let mut choice = SlotChoice::default();
            for spine in need.spines.iter().filter(|spine| **spine >= need.thickness) {
                // A box that this file fills by half will take those of others, too.
                let alone = need.thickness.0.saturating_mul(2) > spine.0;
                let customer = alone.then_some(need.customer);
                let profile = plan.new_box(&self.config, need.key, need.process, customer, *spine, None)?;
                match plan.index.choose(&profile, RUNNERS_UP) {
                    Ok(proposal) => return Ok(SlotChoice { proposal: Some(proposal), refused: None }),
                    Err(error) if error.kind() == ErrorKind::Conflict => choice.refused = Some(error),
                    Err(error) => return Err(error),
                }
            }
            Ok(choice)
        })
    }

    /// Whether all slots of a choice were taken since, so that another choice helps.
    pub(crate) fn slots_went(&self, choice: &SlotChoice) -> Result<bool, Error> {
        let candidates = choice.candidates();
        self.with_plan(|plan| {
            Ok(!candidates.is_empty() && candidates.iter().all(|slot| !plan.index.is_free(slot)))
        })
    }

    /// Asks the index of slots, which is made or brought up to date first.
    fn with_plan<T>(&self, ask: impl FnOnce(&mut ShelfPlan) -> Result<T, Error>) -> Result<T, Error> {
        let mut kept = self.slots.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Taken out, so that an error or a panic leaves no half-made index behind.
        let followed = match kept.take() {
            Some(mut plan) => {
                let stock = self.catalogue.stock(Some(plan.upto))?;
                (!stock.whole && plan.follow(&stock, &self.config).is_ok()).then_some(plan)
            }
            None => None,
        };
        let mut plan = match followed {
            Some(plan) => plan,
            None => ShelfPlan::make(&*self.catalogue, &self.config)?,
        };
        let blocks = self.read_blocks()?;
        if blocks != plan.blocks {
            blocked::take_over(&mut plan.index, &plan.blocks, &blocks);
            plan.blocks = blocks;
        }
        let answer = ask(&mut plan);
        *kept = Some(plan);
        answer
    }
}

impl ShelfPlan {
    fn make(catalogue: &dyn Catalogue, config: &crate::Config) -> Result<Self, Error> {
        // Slots are read after boxes, so that no box stands in a slot that is not known yet.
        let stock = catalogue.stock(None)?;
        let slots: Vec<Slot> =
            catalogue.slots(&SlotFilter::default())?.into_iter().map(|status| status.slot).collect();
        let now = Utc::now();
        let history = history(&stock.boxes, &catalogue.retrievals()?, now)?;
        let index = SlotIndex::new(config.slot_policy().clone(), slots)?;
        let mut plan =
            Self { index, history, upto: stock.upto, moving: HashMap::new(), blocks: BTreeMap::new() };
        plan.expect(&stock.boxes, now)?;
        for shelved in &stock.boxes {
            plan.stand(shelved, config, now)?;
        }
        stock.kept.iter().try_for_each(|slot| plan.index.keep(slot))?;
        tracing::info!(boxes = stock.boxes.len(), upto = plan.upto, "index of slots made");
        Ok(plan)
    }

    /// Takes over what changed.
    fn follow(&mut self, stock: &Stock, config: &crate::Config) -> Result<(), Error> {
        let now = Utc::now();
        stock.given_up.iter().try_for_each(|slot| self.index.give_up(slot))?;
        let changed = stock.boxes.iter().map(|shelved| &shelved.status.archive_box.number);
        for number in changed.chain(&stock.gone) {
            if let Some(slot) = self.moving.remove(number) {
                self.index.give_up(&slot)?;
            }
            if self.index.slot_of(number).is_some() {
                self.index.release(number)?;
            }
        }
        for shelved in &stock.boxes {
            self.stand(shelved, config, now)?;
        }
        stock.kept.iter().try_for_each(|slot| self.index.keep(slot))?;
        self.upto = stock.upto;
        Ok(())
    }

    fn stand(
        &mut self,
        shelved: &ShelvedBox,
        config: &crate::Config,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let profile = self.profile(shelved, config, now);
        self.index.hold(&profile, &shelved.status.slot, hold_of(shelved))?;
        if let Some(to) = &shelved.status.moving_to {
            self.index.keep(to)?;
            self.moving.insert(profile.number, to.clone());
        }
        Ok(())
    }

    /// Learns by how much series grow from the boxes of the last year.
    fn expect(&mut self, boxes: &[ShelvedBox], now: DateTime<Utc>) -> Result<(), Error> {
        let recent = boxes.iter().filter(|shelved| (now - shelved.made).num_days() < 365);
        let mut grown: BTreeMap<Series, f64> = BTreeMap::new();
        let mut rates = Vec::new();
        for shelved in recent {
            let Some(process) = &shelved.process else { continue };
            rates.push(self.history.monthly(process, 0).min(BoxProfile::MOST_RETRIEVALS));
            let key = &shelved.status.archive_box.key;
            let series = Series {
                fonds: key.fonds.clone(),
                organisation: key.organisation.clone(),
                process: process.clone(),
                retention: key.retention,
            };
            *grown.entry(series).or_default() += 1.0 / 12.0;
        }
        for (series, boxes) in &grown {
            self.index.expect_growth(series, *boxes)?;
        }
        self.index.expect_boxes(rates)
    }

    fn profile(&self, shelved: &ShelvedBox, config: &crate::Config, now: DateTime<Utc>) -> BoxProfile {
        let known = &shelved.status.archive_box;
        let process = shelved.process.clone().unwrap_or_else(nobodys_process);
        let rate = match &shelved.process {
            Some(process) => self.history.monthly(process, age(shelved.made, now)),
            None => 0.0,
        };
        BoxProfile {
            number: known.number.clone(),
            key: known.key.clone(),
            process,
            customer: shelved.customer.clone(),
            spine: known.spine,
            mass: config.slot_policy().full_box(known.spine),
            custody: CustodyMode::CentralPaper,
            // To another site it goes as a consignment.
            site: Some(shelved.status.slot.site().to_owned()),
            monthly_retrievals: rate.min(BoxProfile::MOST_RETRIEVALS),
        }
    }

    fn new_box(
        &self,
        config: &crate::Config,
        key: &BoxKey,
        process: &ProcessCode,
        customer: Option<&CustomerNumber>,
        spine: Millimetres,
        site: Option<&str>,
    ) -> Result<BoxProfile, Error> {
        Ok(BoxProfile {
            // Its number is drawn when it is filed.
            number: "NEW".parse()?,
            key: key.clone(),
            process: process.clone(),
            customer: customer.cloned(),
            spine,
            mass: config.slot_policy().full_box(spine),
            custody: CustodyMode::CentralPaper,
            site: site.or(config.site()).map(str::to_owned),
            monthly_retrievals: self.history.monthly(process, 0).min(BoxProfile::MOST_RETRIEVALS),
        })
    }
}

fn hold_of(shelved: &ShelvedBox) -> Hold {
    match shelved.status.standing {
        Standing::Confirmed => Hold::Standing,
        Standing::Reserved => Hold::Reserved,
    }
}

/// The process of a box without files.
fn nobodys_process() -> ProcessCode {
    "empty".parse().expect("a constant code is valid")
}

/// The age of a box in whole years. A clock that went backwards makes no box younger than new.
fn age(made: DateTime<Utc>, when: DateTime<Utc>) -> u16 {
    let years = (when - made).num_days().max(0) / 365;
    u16::try_from(years).unwrap_or(u16::MAX).min(OLDEST)
}

/// 借阅史: how often boxes were fetched, by process and age in years, against the months that they stood.
///
/// # Errors
/// None that a catalogue can cause.
fn history(
    boxes: &[ShelvedBox],
    retrievals: &[Retrieval],
    now: DateTime<Utc>,
) -> Result<RetrievalHistory, Error> {
    let mut cells: BTreeMap<(&ProcessCode, u16), (f64, u64)> = BTreeMap::new();
    for shelved in boxes {
        let Some(process) = &shelved.process else { continue };
        let mut left = (now - shelved.made).num_days().max(0) as f64 / DAYS_A_MONTH;
        for year in 0..=OLDEST {
            let months = if year == OLDEST { left } else { left.min(12.0) };
            if months <= 0.0 {
                break;
            }
            cells.entry((process, year)).or_default().0 += months;
            left -= months;
        }
    }
    for retrieval in retrievals {
        cells.entry((&retrieval.process, age(retrieval.made, retrieval.when))).or_default().1 += 1;
    }
    let mut history = RetrievalHistory::default();
    for ((process, year), (months, fetched)) in cells {
        // Where all boxes of a cell are gone, or made today, nobody knows for how long they stood.
        if months > 0.0 {
            history.observe(process, year, months, fetched)?;
        }
    }
    Ok(history)
}

#[cfg(test)]
mod tests {
    use super::*;
    use archive_core::holding::{ArchiveBox, Retention};
    use archive_store::BoxStatus;
    use chrono::TimeDelta;

    fn shelved(process: &str, days: i64, now: DateTime<Utc>) -> ShelvedBox {
        let key = BoxKey {
            fonds: "Z109".parse().unwrap(),
            year: 2026,
            retention: Retention::D30,
            organisation: "YX01".parse().unwrap(),
        };
        let archive_box = ArchiveBox {
            number: "X1".parse().unwrap(),
            key,
            spine: Millimetres(30),
            filled: Millimetres(10),
        };
        ShelvedBox {
            status: BoxStatus {
                archive_box,
                tag: None,
                slot: "HZ/R1/B1/C1/A/1/1/1".parse().unwrap(),
                standing: Standing::Confirmed,
                moving_to: None,
            },
            process: Some(process.parse().unwrap()),
            customer: None,
            made: now - TimeDelta::days(days),
        }
    }

    #[test]
    fn loans_are_counted_against_the_months_that_boxes_stood() {
        let now: DateTime<Utc> = "2026-06-01T00:00:00Z".parse().unwrap();
        let boxes: Vec<_> = (0..1000).map(|_| shelved("a", 730, now)).collect();
        let fetched = |after: i64| Retrieval {
            process: "a".parse().unwrap(),
            made: now - TimeDelta::days(730),
            when: now - TimeDelta::days(730 - after),
        };
        // 2400 in the first year, 240 in the second; one before its box was made, by a wrong clock.
        let mut loans: Vec<_> = (0..2400).map(|_| fetched(10)).collect();
        loans.extend((0..240).map(|_| fetched(400)));
        loans.push(fetched(-50));
        let history = history(&boxes, &loans, now).unwrap();
        let process = "a".parse().unwrap();
        assert!((history.monthly(&process, 0) - 0.2).abs() < 0.01, "{}", history.monthly(&process, 0));
        assert!((history.monthly(&process, 1) - 0.02).abs() < 0.01);
        // A process without boxes has no months, and no rate of its own.
        let gone = Retrieval { process: "b".parse().unwrap(), ..fetched(0) };
        let alone = super::history(&[], &[gone], now).unwrap();
        assert_eq!(alone.monthly(&"b".parse().unwrap(), 0), 0.0);
    }
}
