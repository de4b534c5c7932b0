//! An inventory under way: what each visit of an aisle adds to what is known of each tag.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use archive_core::Error;
use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::identifier::BoxNumber;
use foldhash::fast::RandomState;

use super::finding::Finding;
use super::likelihood::{Likelihood, Strengths};
use super::model::{Model, TagHistory};
use super::places::{Looks, Place, Places, ReadBank, SlotFinder};
use crate::epc::Epc;
use crate::reading::{Dbm, InventoryReport};

/// A box of the register: what an inventory expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedBox {
    /// 盒号.
    pub number: BoxNumber,
    /// 电子标签.
    pub tag: TagEpc,
    /// 储位.
    pub slot: SlotAddress,
    /// What earlier inventories heard of the tag.
    pub history: TagHistory,
}

/// One visit: an aisle stood open and was read for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The open aisle.
    pub place: Place,
    /// When reading began, since the begin of the inventory.
    pub begun: Duration,
    /// What was read.
    pub report: InventoryReport,
}

/// Foreign tags that are kept by name; a flood of made-up codes must not take the memory.
const FOREIGN_LIMIT: usize = 100_000;

/// A visit is deaf where it reads fewer than this share of what it should, …
const DEAF_SHARE: f64 = 0.25;
/// … and should read so many boxes that this is no chance.
const DEAF_LEAST: f64 = 8.0;

/// No number: the end of a list, or no place.
pub(super) const NONE: u32 = u32::MAX;

/// What visits of one place heard of one tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    tag: TagEpc,
    number: u32,
    pub(super) place: u32,
    /// How many visits read it, and how many of those count only for what they read.
    pub(super) visits: u32,
    pub(super) partial: u32,
    pub(super) strengths: Strengths,
    /// The begin of the first and of the last visit that read it.
    pub(super) first: Duration,
    pub(super) last: Duration,
}

/// Of each tag, what each place heard of it, in the order of places.
pub(super) struct HeardOf<'a> {
    /// Where each tag's entries begin, and behind them where the last ones end.
    begin: Vec<u32>,
    heard: Vec<&'a Heard>,
}

impl<'a> HeardOf<'a> {
    fn new(taking: &'a StockTaking) -> Self {
        let all = || taking.heard.iter().flatten();
        let mut begin = vec![0_u32; taking.boxes.len() + taking.foreign.len() + 2];
        // Shifted by two, so that filling leaves each begin where it belongs.
        all().for_each(|heard| begin[heard.number as usize + 2] += 1);
        (1..begin.len()).for_each(|n| begin[n] += begin[n - 1]);
        let mut sorted: Vec<Option<&Heard>> = vec![None; all().count()];
        for heard in all() {
            let at = &mut begin[heard.number as usize + 1];
            sorted[*at as usize] = Some(heard);
            *at += 1;
        }
        Self { begin, heard: sorted.into_iter().flatten().collect() }
    }

    pub(super) fn tag(&self, number: u32) -> &[&'a Heard] {
        let number = number as usize;
        &self.heard[self.begin[number] as usize..self.begin[number + 1] as usize]
    }
}

/// 盘点: an inventory under way. Visits are added in any order and number; answers may be asked for
/// at any time.
pub struct StockTaking {
    pub(super) model: Model,
    pub(super) likelihood: Likelihood,
    pub(super) places: Places,
    pub(super) boxes: Vec<ExpectedBox>,
    /// For each box the number of its aisle, or [`NONE`].
    pub(super) home: Vec<u32>,
    /// Of each tag its number: that of its box, or a number beyond all boxes.
    tags: HashMap<TagEpc, u32, RandomState>,
    foreign: Vec<TagEpc>,
    /// Boxes whose tag another box has, too.
    pub(super) shared: BTreeMap<TagEpc, BTreeSet<u32>>,
    /// What each place heard, in the order of tags. A visit brings many tags that the place knows: sorted
    /// reads meet sorted entries, instead of one jump through memory a read.
    heard: Vec<Vec<Heard>>,
    /// For each place: how many of its visits count in full.
    pub(super) full_visits: Vec<u32>,
    /// For each place: how many of its boxes a visit should read, on average.
    expected: Vec<f64>,
    visits: u64,
    /// For each bank's name the end of its last visit.
    ends: HashMap<String, Duration, RandomState>,
    findings: BTreeMap<Finding, u64>,
    more_foreign: u64,
}

impl fmt::Debug for StockTaking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (boxes, visits) = (self.boxes.len(), self.visits);
        f.debug_struct("StockTaking").field("boxes", &boxes).field("visits", &visits).finish_non_exhaustive()
    }
}

impl StockTaking {
    /// An inventory of `boxes` in `banks`.
    ///
    /// # Errors
    /// `InvalidInput` where the model is none ([`Model::check`]), a bank or a box stands twice, there is no
    /// bank, or there are more than four thousand million boxes.
    pub fn new(
        model: Model,
        banks: Vec<ReadBank>,
        boxes: impl IntoIterator<Item = ExpectedBox>,
    ) -> Result<Self, Error> {
        model.check()?;
        let places = Places::new(banks)?;
        let boxes: Vec<ExpectedBox> = boxes.into_iter().collect();
        if boxes.len() >= NONE as usize - FOREIGN_LIMIT {
            return Err(Error::invalid(
                "inventory",
                "has more boxes than 32 bits count: take one site at a time",
            ));
        }
        let mut numbers: HashSet<&BoxNumber, RandomState> =
            HashSet::with_capacity_and_hasher(boxes.len(), RandomState::default());
        if let Some(twice) = boxes.iter().find(|b| !numbers.insert(&b.number)) {
            let message = "stands twice in the inventory's register: give it one slot";
            return Err(Error::invalid(format!("box {}", twice.number), message));
        }
        drop(numbers);
        let mut tags = HashMap::with_capacity_and_hasher(boxes.len(), RandomState::default());
        let mut shared: BTreeMap<TagEpc, BTreeSet<u32>> = BTreeMap::new();
        let mut expected = vec![0.0; places.len() as usize];
        let mut home = Vec::with_capacity(boxes.len());
        let mut finder = SlotFinder::new(&places);
        for (at, expected_box) in (0..).zip(&boxes) {
            let first = *tags.entry(expected_box.tag).or_insert(at);
            if first != at {
                shared.entry(expected_box.tag).or_insert_with(|| BTreeSet::from([first])).insert(at);
            }
            let place = finder.place_of(&expected_box.slot);
            home.push(place.unwrap_or(NONE));
            if let Some(place) = place {
                let history = expected_box.history.faded();
                let (seen, missed) = (f64::from(history.seen), f64::from(history.missed));
                let (a, b) = (model.rates.a + seen, model.rates.b + missed);
                expected[place as usize] += a / (a + b);
            }
        }
        Ok(Self {
            likelihood: Likelihood::new(&model),
            model,
            full_visits: vec![0; places.len() as usize],
            heard: vec![Vec::new(); places.len() as usize],
            expected,
            places,
            boxes,
            home,
            tags,
            foreign: Vec::new(),
            shared,
            visits: 0,
            ends: HashMap::default(),
            findings: BTreeMap::new(),
            more_foreign: 0,
        })
    }

    /// Adds what a visit read. Nothing that a reader reports is an error: what does not fit becomes a
    /// [`Finding`].
    pub fn add(&mut self, visit: &Visit) {
        let reads = &visit.report.reads;
        let Some(place) = self.places.number(&visit.place) else {
            let reads = reads.len() as u64;
            let place = visit.place.clone();
            self.count(reads, |reads| Finding::UnknownPlace { place: place.clone(), reads });
            return;
        };
        self.visits += 1;
        self.note_times(visit);
        let mut here = self.reads_of(visit, place);
        // Antennas of one aisle, and rounds of one visit, are anything but independent: a visit counts
        // once, with its strongest read.
        here.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        here.dedup_by_key(|(tag, _)| *tag);
        let mut entries = std::mem::take(&mut self.heard[place as usize]);
        let (known, mut at) = (entries.len(), 0);
        let mut of_this_place = 0;
        let mut hit = Vec::with_capacity(here.len());
        for (tag, strength) in here {
            while at < known && entries[at].tag < tag {
                at += 1;
            }
            let entry = if at < known && entries[at].tag == tag {
                at
            } else if let Some(number) = self.number_of(tag) {
                entries.push(Heard {
                    tag,
                    number,
                    place,
                    visits: 0,
                    partial: 0,
                    strengths: Strengths::default(),
                    first: visit.begun,
                    last: visit.begun,
                });
                entries.len() - 1
            } else {
                self.more_foreign += 1;
                continue;
            };
            of_this_place += u32::from(self.home.get(entries[entry].number as usize) == Some(&place));
            hit.push((entry, strength));
        }
        let full = self.counts_in_full(visit, place, of_this_place);
        self.full_visits[place as usize] += u32::from(full);
        for (entry, strength) in hit {
            let heard = &mut entries[entry];
            heard.visits += 1;
            heard.partial += u32::from(!full);
            heard.first = heard.first.min(visit.begun);
            heard.last = heard.last.max(visit.begun);
            strength.into_iter().for_each(|dbm| heard.strengths.add(dbm));
        }
        if entries.len() > known {
            entries.sort_unstable_by_key(|heard| heard.tag);
        }
        self.heard[place as usize] = entries;
    }

    /// The reads by antennas that look into the visited aisle, with their possible strengths.
    fn reads_of(&mut self, visit: &Visit, place: u32) -> Vec<(TagEpc, Option<i16>)> {
        let at = &visit.place;
        let mut here = Vec::with_capacity(visit.report.reads.len());
        let mut looked = None;
        for read in &visit.report.reads {
            let antenna = read.antenna;
            let looks = match looked {
                Some((known, looks)) if known == antenna => looks,
                _ => self.places.looks(place, antenna),
            };
            looked = Some((antenna, looks));
            match looks {
                Looks::Here => {}
                Looks::Unknown => {
                    self.count(1, |reads| Finding::UnknownAntenna { place: at.clone(), antenna, reads });
                    continue;
                }
                Looks::Elsewhere => {
                    self.count(1, |reads| Finding::OtherAisle { place: at.clone(), antenna, reads });
                    continue;
                }
            }
            let strength = read.rssi.map(|Dbm(dbm)| dbm);
            let possible = strength.filter(|dbm| (-120..=20).contains(dbm));
            if strength != possible {
                self.count(1, |reads| Finding::ImpossibleStrength { place: at.clone(), reads });
            }
            here.push((read.epc, possible));
        }
        here
    }

    /// Whether it says something that this visit did not read a tag.
    fn counts_in_full(&mut self, visit: &Visit, place: u32, read: u32) -> bool {
        let (at, begun) = (visit.place.clone(), visit.begun);
        if !visit.report.complete {
            self.findings.insert(Finding::IncompleteVisit { place: at, begun }, 1);
            return false;
        }
        let expected = self.expected[place as usize];
        if expected >= DEAF_LEAST && f64::from(read) < expected * DEAF_SHARE {
            // No more boxes are expected than there are.
            let expected = expected.round() as u32;
            self.findings.insert(Finding::DeafVisit { place: at, begun, read, expected }, 1);
            return false;
        }
        true
    }

    fn note_times(&mut self, visit: &Visit) {
        let (report, at) = (&visit.report, &visit.place);
        let end = self.ends.entry(at.bank.as_str().to_owned()).or_default();
        let overlaps = visit.begun < *end;
        *end = (*end).max(visit.begun.saturating_add(report.lasted));
        if overlaps {
            let finding = Finding::OverlappingVisit { place: at.clone(), begun: visit.begun };
            self.findings.insert(finding, 1);
        }
        let mut before = Duration::ZERO;
        let mut wrong = 0;
        for time in report.reads.iter().filter_map(|read| read.at) {
            wrong += u64::from(time < before || time > report.lasted);
            before = time;
        }
        if wrong > 0 {
            self.count(wrong, |reads| Finding::TimesOutOfOrder { place: at.clone(), reads });
        }
        if report.foreign > 0 {
            let reads = u64::from(report.foreign);
            self.count(reads, |reads| Finding::OtherCodeLength { place: at.clone(), reads });
        }
    }

    /// Adds to a finding that counts; its own count stays 0 until it is told.
    fn count(&mut self, more: u64, finding: impl Fn(u64) -> Finding) {
        *self.findings.entry(finding(0)).or_insert(0) += more;
    }

    /// The number of a tag; `None` where too many foreign ones are known already.
    fn number_of(&mut self, tag: TagEpc) -> Option<u32> {
        if let Some(number) = self.tags.get(&tag) {
            return Some(*number);
        }
        if self.foreign.len() >= FOREIGN_LIMIT {
            return None;
        }
        // Numbers of boxes, then those of foreign tags; the constructor leaves room for these.
        let number = (self.boxes.len() + self.foreign.len()) as u32;
        self.tags.insert(tag, number);
        self.foreign.push(tag);
        Some(number)
    }

    /// What was heard, tag by tag.
    pub(super) fn heard_of(&self) -> HeardOf<'_> {
        HeardOf::new(self)
    }

    /// The findings about visits, tags and the register; those about reads of boxes are not among them.
    pub(super) fn findings_so_far(&self, heard: &HeardOf<'_>) -> Vec<Finding> {
        let told = |(finding, count): (&Finding, &u64)| {
            let mut finding = finding.clone();
            match &mut finding {
                Finding::UnknownAntenna { reads, .. }
                | Finding::OtherAisle { reads, .. }
                | Finding::UnknownPlace { reads, .. }
                | Finding::TimesOutOfOrder { reads, .. }
                | Finding::ImpossibleStrength { reads, .. }
                | Finding::OtherCodeLength { reads, .. } => *reads = *count,
                _ => {}
            }
            finding
        };
        let mut findings: Vec<Finding> = self.findings.iter().map(told).collect();
        if self.more_foreign > 0 {
            findings.push(Finding::MoreForeignTags { reads: self.more_foreign });
        }
        let number = |at: &u32| self.boxes[*at as usize].number.clone();
        let shared = self.shared.iter();
        findings.extend(shared.map(|(tag, boxes)| Finding::SharedTag {
            tag: *tag,
            numbers: boxes.iter().map(number).collect(),
        }));
        let nowhere = self.boxes.iter().zip(&self.home).filter(|(_, home)| **home == NONE);
        findings.extend(
            nowhere.map(|(b, _)| Finding::UnknownSlot { number: b.number.clone(), slot: b.slot.clone() }),
        );
        findings.extend((0..).zip(&self.foreign).filter_map(|(n, tag)| self.foreign_finding(heard, n, *tag)));
        findings
    }

    fn foreign_finding(&self, heard: &HeardOf<'_>, number: u32, tag: TagEpc) -> Option<Finding> {
        let heard = heard.tag(self.boxes.len() as u32 + number).iter();
        // Of two places with as many visits, the stronger, then the first.
        let most = heard.max_by_key(|h| {
            let strength = h.strengths.sum / i64::from(h.strengths.count.max(1));
            (h.visits, strength, std::cmp::Reverse(h.place))
        })?;
        let (place, visits) = (self.places.place(most.place), most.visits);
        let says = match Epc::from_tag(tag) {
            Epc::Gdti(code) => code.to_string(),
            Epc::Grai(code) => code.to_string(),
            Epc::Giai(code) => code.to_string(),
            Epc::User(code) => format!("user code {}.{}", code.issuer(), code.number()),
            Epc::Other(_) => return Some(Finding::UndecodableTag { tag, place, visits }),
        };
        Some(Finding::ForeignTag { tag, says, place, visits })
    }
}
