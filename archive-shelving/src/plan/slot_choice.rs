//! 储位选择: the slot for a box, and why this one.
//!
//! ```
//! use archive_core::holding::Slot;
//! use archive_core::units::{Grams, Millimetres};
//! use archive_shelving::plan::slot_choice::{BoxProfile, Hold, SlotIndex, SlotPolicy};
//!
//! let slots: Vec<Slot> = (1..=20)
//!     .map(|n| Ok(Slot { address: format!("HZ/R1/B1/C{n}/A/1/1/1").parse()?, width: Millimetres(50) }))
//!     .collect::<Result<_, archive_core::Error>>()?;
//! let mut index = SlotIndex::new(SlotPolicy::reference(), &slots)?;
//! let profile = |number: &str| -> Result<BoxProfile, archive_core::Error> {
//!     Ok(BoxProfile {
//!         number: number.parse()?,
//!         key: archive_core::holding::BoxKey {
//!             fonds: "Z109".parse()?,
//!             year: 2026,
//!             retention: archive_core::holding::Retention::D30,
//!             organisation: "YX01".parse()?,
//!         },
//!         process: "new-connection-hv".parse()?,
//!         customer: Some("3301".parse()?),
//!         spine: Millimetres(30),
//!         mass: Grams(1800),
//!         custody: archive_core::holding::CustodyMode::CentralPaper,
//!         site: None,
//!         monthly_retrievals: 0.4,
//!     })
//! };
//! let proposal = index.choose(&profile("X1")?, 3)?;
//! assert_eq!((proposal.possible, proposal.runners_up.len()), (20, 3));
//! index.hold(&profile("X1")?, &proposal.best.slot, Hold::Reserved)?;
//! assert_eq!(index.choose(&profile("X2")?, 3)?.ruled_out.reserved, 1);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Hard rules come first: site and custody mode, columns that are locked or faulty, slots that are
//! taken or reserved, the spine, what a level carries, what must not stand on one level, and room
//! that is kept for boxes announced to a site. Among the slots that are left the least cost decides.
//! All costs have one unit, seconds of opening time a month ([`Costs`]), and weights that are policy
//! ([`SlotPolicy`]):
//!
//! - what the opening time of the whole room grows by, if a box fetched so often stands in this aisle,
//!   with those of its customer that stand there and are often fetched with it;
//! - what an average box would gain from the slot, which keeps rarely fetched boxes out of busy aisles;
//! - standing apart from its series, taking the last room of what grows, filling one column more than
//!   the others, and one aisle more to open at disposal.
//!
//! A choice looks at aisles and faces (面), of which a million slots have about two thousand, then at
//! the levels of the best. [`SlotIndex::assign`] places a batch as one assignment problem, and
//! [`SlotIndex::advise`] says which boxes to move.
//!
//! Limits: boxes stand upright, one a slot; what the room will be asked for is expected, not known.

mod batch;
mod policy;
mod prices;
mod proposal;
mod reslotting;
mod shelves;
mod stock;
mod traffic;
mod traits;
mod transport;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use archive_core::holding::{Slot, SlotAddress};
use archive_core::identifier::BoxNumber;
use archive_core::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

pub use self::batch::{Assignment, Unplaced};
pub use self::policy::{REFERENCE_TEXT, Separation, SlotPolicy, Weights};
use self::prices::Rates;
pub use self::proposal::{Choice, Costs, Proposal, RuledOut};
pub use self::reslotting::{Advice, Improvement};
use self::shelves::{Content, Shelves};
use self::stock::{Held, Stock};
pub use self::traits::{BoxProfile, Series};
use self::traits::{Names, Traits};
use crate::layout::BankName;

/// Whether a box stands in its slot or is on its way there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// It stands there.
    Standing,
    /// The slot is kept for it.
    Reserved,
}

/// Why no box goes to or from a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// Locked by its keeper.
    Locked,
    /// Out of order.
    Faulty,
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Locked => "locked",
            Self::Faulty => "faulty",
        })
    }
}

/// All slots of some sites and what stands in them, arranged so that a choice takes no scan.
#[derive(Debug)]
pub struct SlotIndex<'a> {
    policy: SlotPolicy,
    names: Names,
    shelves: Shelves<'a>,
    stock: Stock,
    held: HashMap<BoxNumber, Held>,
    /// Slots that are kept for what is no box of this index.
    kept: HashSet<usize>,
    blocked: HashMap<u32, Block>,
    /// For each site the boxes that were announced and have no slot yet.
    pending: HashMap<u32, u64>,
}

impl<'a> SlotIndex<'a> {
    /// An index of empty slots, which are borrowed or its own.
    ///
    /// # Errors
    /// `InvalidInput` where a slot is given twice, a side is unknown, a bank has too many carriages or
    /// there are more than 4,000,000,000 slots.
    pub fn new(policy: SlotPolicy, slots: impl Into<Cow<'a, [Slot]>>) -> Result<Self, Error> {
        let slots = slots.into();
        if slots.len() > 4_000_000_000 {
            return Err(Error::invalid("slots", "are more than 4000000000"));
        }
        let mut names = Names::default();
        let (shelves, aisles) = Shelves::new(slots, |site| names.site_number(site))?;
        let sizes = shelves.aisles.iter().map(|(slots, _)| *slots).collect();
        let stock = Stock::new(policy.opening(), &aisles, sizes);
        Ok(Self {
            policy,
            names,
            shelves,
            stock,
            held: HashMap::new(),
            kept: HashSet::new(),
            blocked: HashMap::new(),
            pending: HashMap::new(),
        })
    }

    /// Notes that a box has a slot. What already stands is believed: no rule but one box a slot is
    /// applied.
    ///
    /// # Errors
    /// `InvalidInput` where the box is none that can stand; `NotFound` for an unknown slot; `Conflict`
    /// where the slot is taken or the box has one already.
    pub fn hold(&mut self, profile: &BoxProfile, slot: &SlotAddress, hold: Hold) -> Result<(), Error> {
        let at = self.shelves.slot(slot)?;
        if let Some(held) = self.held.get(&profile.number) {
            let message = format!("has slot {} already", self.shelves.slots[held.slot].address);
            return Err(Error::new(ErrorKind::Conflict, format!("box {}", profile.number), message));
        }
        if self.shelves.content[at] != Content::Free {
            let message = format!("is taken, and wanted for box {}", profile.number);
            return Err(Error::new(ErrorKind::Conflict, format!("slot {slot}"), message));
        }
        let traits = self.names.learn(profile, self.policy.separation())?;
        self.put(profile.number.clone(), traits, at, hold);
        Ok(())
    }

    fn put(&mut self, number: BoxNumber, traits: Traits, slot: usize, hold: Hold) {
        let content = match hold {
            Hold::Standing => Content::Standing,
            Hold::Reserved => Content::Reserved,
        };
        self.put_content(number, traits, slot, content);
    }

    fn put_content(&mut self, number: BoxNumber, traits: Traits, slot: usize, content: Content) {
        self.shelves.fill(slot, content, &traits);
        self.stock.add(self.shelves.aisle_of(slot), &traits, &self.policy);
        self.held.insert(number, Held { slot, traits });
    }

    /// Frees the slot of a box, and says which it was.
    ///
    /// # Errors
    /// `NotFound` where the box has no slot.
    pub fn release(&mut self, number: &BoxNumber) -> Result<&SlotAddress, Error> {
        let Some(held) = self.held.remove(number) else {
            return Err(Error::new(ErrorKind::NotFound, format!("box {number}"), "has no slot in this plan"));
        };
        self.stock.remove(self.shelves.aisle_of(held.slot), &held.traits, &self.policy);
        self.shelves.clear(held.slot, &held.traits);
        Ok(&self.shelves.slots[held.slot].address)
    }

    /// The slot of a box.
    #[must_use]
    pub fn slot_of(&self, number: &BoxNumber) -> Option<&SlotAddress> {
        self.held.get(number).map(|held| &self.shelves.slots[held.slot].address)
    }

    /// Keeps a slot for something that is no box of this index yet: a request that will come, or the way
    /// of a box that stands elsewhere still. Again, or for a slot that is taken, it changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown slot.
    pub fn keep(&mut self, slot: &SlotAddress) -> Result<(), Error> {
        let at = self.shelves.slot(slot)?;
        if self.shelves.content[at] == Content::Free {
            self.shelves.occupy(at, Content::Reserved);
            self.kept.insert(at);
        }
        Ok(())
    }

    /// Gives up what [`SlotIndex::keep`] kept; a slot that it did not keep stays as it is.
    ///
    /// # Errors
    /// `NotFound` for an unknown slot.
    pub fn give_up(&mut self, slot: &SlotAddress) -> Result<(), Error> {
        let at = self.shelves.slot(slot)?;
        if self.kept.remove(&at) {
            self.shelves.leave(at);
        }
        Ok(())
    }

    /// Whether nothing stands in a slot and nothing is meant to; an unknown slot is not free.
    #[must_use]
    pub fn is_free(&self, slot: &SlotAddress) -> bool {
        self.shelves.slot(slot).is_ok_and(|at| self.shelves.content[at] == Content::Free)
    }

    /// Lets nothing be put on a column, or again everything with `None`.
    ///
    /// # Errors
    /// `NotFound` for an unknown column.
    pub fn block(&mut self, bank: &BankName, column: &str, block: Option<Block>) -> Result<(), Error> {
        let name = (bank.as_str().to_owned(), column.to_owned());
        let Some(number) = self.shelves.column_names.get(&name) else {
            let object = format!("column {column} of bank {bank}");
            return Err(Error::new(ErrorKind::NotFound, object, "has no slot in this plan"));
        };
        match block {
            Some(block) => self.blocked.insert(*number, block),
            None => self.blocked.remove(number),
        };
        Ok(())
    }

    /// Keeps room for `count` boxes that were announced to a site and have no slot yet. The number
    /// replaces the one before.
    ///
    /// # Errors
    /// `NotFound` for a site without slots.
    pub fn keep_for_pending(&mut self, site: &str, count: u64) -> Result<(), Error> {
        let known = self.names.sites.get(site).copied();
        match known.filter(|number| self.shelves.faces.iter().any(|face| face.site == *number)) {
            Some(number) => self.pending.insert(number, count),
            None => {
                let message = "has no slot in this plan";
                return Err(Error::new(ErrorKind::NotFound, format!("site {site:?}"), message));
            }
        };
        Ok(())
    }

    /// Notes by how many boxes a month a series grows, so that room is left beside it.
    ///
    /// # Errors
    /// `InvalidInput` where that is negative or no number.
    pub fn expect_growth(&mut self, series: &Series, boxes_a_month: f64) -> Result<(), Error> {
        if !(0.0..=1e9).contains(&boxes_a_month) {
            let message = format!("grows by {boxes_a_month} boxes a month");
            return Err(Error::invalid(format!("series {series}"), message));
        }
        let number = self.names.series_number(series.clone());
        self.stock.set_growth(number, boxes_a_month);
        Ok(())
    }

    /// Notes how often boxes will be fetched a month that are to come, so that the first ones leave
    /// them the slots that suit them. It replaces what was noted before.
    ///
    /// # Errors
    /// `InvalidInput` where one is negative or no number.
    pub fn expect_boxes(&mut self, monthly_retrievals: impl IntoIterator<Item = f64>) -> Result<(), Error> {
        let mut expected = Rates::default();
        for rate in monthly_retrievals {
            if !(0.0..=BoxProfile::MOST_RETRIEVALS).contains(&rate) {
                return Err(Error::invalid("expected box", format!("is fetched {rate} times a month")));
            }
            expected.add(rate, 1.0);
        }
        self.stock.set_expected(expected);
        Ok(())
    }

    /// What all aisles together take to open in a month, in seconds, as far as retrievals are expected.
    #[must_use]
    pub fn opening_seconds_a_month(&self) -> f64 {
        self.stock.traffic.seconds()
    }

    /// The best slot for a box and the best of `runners_up` faces that come next. Nothing is changed.
    ///
    /// # Errors
    /// `InvalidInput` where the box is none that can stand; `Conflict` where it has a slot already, or
    /// no slot takes it: the message counts why.
    pub fn choose(&self, profile: &BoxProfile, runners_up: usize) -> Result<Proposal, Error> {
        let traits = self.names.find(profile, self.policy.separation())?;
        if let Some(held) = self.held.get(&profile.number) {
            let message = format!("has slot {} already", self.shelves.slots[held.slot].address);
            return Err(Error::new(ErrorKind::Conflict, format!("box {}", profile.number), message));
        }
        let (choices, ruled_out) = self.best(&traits, runners_up + 1);
        let mut choices = choices.into_iter().map(|(slot, costs)| {
            let slot = self.shelves.slots[slot].address.clone();
            Choice { slot, costs }
        });
        let Some(best) = choices.next() else {
            let message = format!("no slot takes it ({ruled_out}): free some, or give it another site");
            return Err(Error::new(ErrorKind::Conflict, format!("box {}", profile.number), message));
        };
        Ok(Proposal {
            number: profile.number.clone(),
            best,
            runners_up: choices.collect(),
            possible: self.shelves.slots.len() as u64 - ruled_out.total(),
            ruled_out,
            policy: self.policy.version().clone(),
        })
    }

    /// The best slots of the best faces, `count` at most, and what the rules ruled out.
    fn best(&self, traits: &Traits, count: usize) -> (Vec<(usize, Costs)>, RuledOut) {
        let (ruled_out, site_open) = self.ruled_out(traits);
        let aisles = self.stock.costs(traits, &self.shelves.aisles, &self.policy);
        let mut ranked = self.ranked_faces(traits, &aisles, &site_open);
        let mut choices = Vec::new();
        while choices.len() < count {
            let Some((_, face)) = ranked.pop() else { break };
            if let Some(slot) = self.shelves.best_slot(face, traits, self.policy.level_load().0) {
                choices
                    .push((slot, self.with_balance(aisles[self.shelves.faces[face].aisle as usize], face)));
            }
        }
        (choices, ruled_out)
    }

    /// The faces that may have a slot for the box, the cheapest last.
    fn ranked_faces(&self, traits: &Traits, aisles: &[Costs], site_open: &[bool]) -> Vec<(f64, usize)> {
        let mut ranked: Vec<(f64, usize)> = (0..self.shelves.faces.len())
            .filter(|face| {
                site_open[self.shelves.faces[*face].site as usize]
                    && !self.blocked.contains_key(&self.shelves.faces[*face].column)
                    && self.shelves.fitting(*face, traits.spine) > 0
            })
            .map(|face| {
                (self.with_balance(aisles[self.shelves.faces[face].aisle as usize], face).total(), face)
            })
            .collect();
        // Among equals the aisle that is nearest to the middle of its bank, then what was given first.
        let place =
            |face: usize| (self.stock.traffic.off_middle(self.shelves.faces[face].aisle as usize), face);
        ranked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| place(b.1).cmp(&place(a.1))));
        ranked
    }

    /// The costs of an aisle on one of its faces.
    fn with_balance(&self, mut costs: Costs, face: usize) -> Costs {
        let (slots, taken) = self.shelves.columns[self.shelves.faces[face].column as usize];
        let all = (self.shelves.slots.len() as f64).max(1.0);
        let fill = f64::from(taken) / f64::from(slots.max(1)) - self.held.len() as f64 / all;
        costs.balance = self.policy.weights().balance * fill.max(0.0);
        costs
    }

    /// How many slots each rule rules out, and which sites take the box.
    fn ruled_out(&self, traits: &Traits) -> (RuledOut, Vec<bool>) {
        let mut out = RuledOut::default();
        let limit = self.policy.level_load().0;
        let takes: HashMap<u32, bool> = self
            .names
            .sites
            .iter()
            .map(|(name, number)| (*number, self.policy.site_takes(name, traits.custody)))
            .collect();
        let mut takes_site = vec![false; self.names.sites.len()];
        for (number, site) in takes_site.iter_mut().enumerate() {
            *site = takes[&(number as u32)] && traits.site.is_none_or(|wanted| wanted == number as u32);
        }
        let mut left = vec![0_u64; takes_site.len()];
        for (number, face) in self.shelves.faces.iter().enumerate() {
            let slots = u64::from(face.slots);
            if !takes_site[face.site as usize] {
                out.site += slots;
                continue;
            }
            match self.blocked.get(&face.column) {
                Some(Block::Locked) => out.locked += slots,
                Some(Block::Faulty) => out.faulty += slots,
                None => {
                    out.taken += u64::from(face.standing);
                    out.reserved += u64::from(face.reserved);
                    let fitting = self.shelves.fitting(number, traits.spine);
                    out.narrow += u64::from(face.free() - fitting);
                    left[face.site as usize] += self.judge_levels(number, traits, fitting, limit, &mut out);
                }
            }
        }
        for (site, count) in left.iter().enumerate() {
            let kept = self.pending.get(&(site as u32)).copied().unwrap_or(0);
            if kept >= *count {
                out.pending += count;
                takes_site[site] = false;
            }
        }
        (out, takes_site)
    }

    /// Counts the `fitting` slots of a face that load and mixing rule out; gives those that are left.
    fn judge_levels(
        &self,
        face: usize,
        traits: &Traits,
        fitting: u32,
        limit: u32,
        out: &mut RuledOut,
    ) -> u64 {
        let state = &self.shelves.faces[face];
        let carries = state.most_load.saturating_add(traits.mass) <= limit;
        let alone = state.only_group.is_some_and(|group| group == traits.group || group == traits::UNKNOWN);
        if fitting == 0 || carries && alone {
            return fitting.into();
        }
        let mut left = 0;
        for level in self.shelves.levels_of(face) {
            let level = *level as usize;
            let fits = |slot: &&u32| {
                let slot = **slot as usize;
                self.shelves.content[slot] == Content::Free
                    && self.shelves.slots[slot].width.0 >= traits.spine
            };
            let count = self.shelves.slots_of(level).iter().filter(fits).count() as u64;
            let state = &self.shelves.levels[level];
            if state.load.saturating_add(traits.mass) > limit {
                out.load += count;
            } else if state.boxes > 0 && state.group != traits.group {
                out.mixing += count;
            } else {
                left += count;
            }
        }
        left
    }
}
