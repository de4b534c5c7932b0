//! Where each box is, given everything that was read and everything that was not.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::finding::{Answer, BoxAnswer, Conclusion, Doubt, Finding, Posterior};
use super::likelihood::{Strengths, ln_ghost_strength, ln_strength, ln_sum};
use super::model::TagHistory;
use super::places::Place;
use super::stock_taking::{Heard, HeardOf, NONE, StockTaking};

/// Places that are weighed for one tag; reads in further ones count as ghosts. A tag that is heard in
/// more places than these is a fault or an attack.
const MOST_PLACES: usize = 8;

/// What may be the case with one box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hypothesis {
    At(u32),
    /// In its place, and its tag no longer answers.
    Dead,
    /// In a place near which nothing was heard of it.
    Unheard,
    Missing,
    /// Two tags of its code.
    Two(u32, u32),
}

/// Visits that have not been made, and what they would hear of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Imagined {
    /// One visit of a place, which reads it.
    Read { place: u32 },
    /// So many visits of a place, silent all.
    Silent { place: u32, visits: u32 },
    /// So many visits of every place, silent all.
    SilentEverywhere { visits: u32 },
}

/// What visits of one place, or of several, say of one tag.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    read: u32,
    missed: u32,
    strengths: Strengths,
}

impl Tally {
    fn join(self, other: Self) -> Self {
        Self {
            read: self.read + other.read,
            missed: self.missed + other.missed,
            strengths: self.strengths.join(other.strengths),
        }
    }
}

/// The weights of all hypotheses for one box.
pub(super) struct Weighed {
    hypotheses: Vec<(Hypothesis, f64)>,
    /// ln P(everything read and not read).
    pub(super) ln_evidence: f64,
    pub(super) posterior: Posterior,
    two: f64,
    best: Option<(u32, f64)>,
    heard_anywhere: bool,
}

/// Everything that is the same for all boxes.
pub(super) struct Weigher<'a> {
    taking: &'a StockTaking,
    heard: HeardOf<'a>,
    /// How many places were visited so often, with so many visits beside.
    visited: Vec<([u32; 2], f64)>,
    unheard: RefCell<HashMap<(TagHistory, u32), f64, RandomState>>,
}

impl<'a> Weigher<'a> {
    pub(super) fn new(taking: &'a StockTaking) -> Self {
        let mut groups: BTreeMap<[u32; 2], f64> = BTreeMap::new();
        for place in 0..taking.places.len() {
            let visits = |p: u32| taking.full_visits[p as usize];
            let beside = taking.places.beside(place).into_iter().flatten().map(visits).sum();
            *groups.entry([visits(place), beside]).or_default() += 1.0;
        }
        Self {
            taking,
            heard: taking.heard_of(),
            visited: groups.into_iter().collect(),
            unheard: RefCell::default(),
        }
    }

    /// ln P(silence everywhere | it stands somewhere), after so many more visits of every place.
    fn ln_unheard(&self, history: TagHistory, more: u32) -> f64 {
        if let Some(value) = self.unheard.borrow().get(&(history, more)) {
            return *value;
        }
        let grid = &self.taking.likelihood.grid;
        let ln_all = f64::from(self.taking.places.len()).ln();
        // Beside most places lie two others; counting one of them claims less silence than there was.
        let value = ln_sum(self.visited.iter().map(|([own, beside], places)| {
            let missed = history.missed + own + more;
            places.ln() - ln_all + grid.ln_mean(history.seen, missed, beside + more)
        }));
        self.unheard.borrow_mut().insert((history, more), value);
        value
    }

    fn tally(&self, heard: &[&Heard], place: u32, imagined: Option<Imagined>) -> Tally {
        let full = self.taking.full_visits[place as usize];
        let mut tally = match heard.iter().find(|h| h.place == place) {
            None => Tally { missed: full, ..Tally::default() },
            Some(h) => {
                let missed = full - (h.visits - h.partial);
                Tally { read: h.visits, missed, strengths: h.strengths }
            }
        };
        match imagined {
            Some(Imagined::Read { place: at }) if at == place => {
                tally.read += 1;
                tally.strengths.add(self.typical());
            }
            Some(Imagined::Silent { place: at, visits }) if at == place => tally.missed += visits,
            Some(Imagined::SilentEverywhere { visits }) => tally.missed += visits,
            _ => {}
        }
        tally
    }

    /// The strength in dBm at which a tag is read in its own aisle; the model's check keeps it in i16.
    fn typical(&self) -> i16 {
        self.taking.model.strength.own.round() as i16
    }

    fn beside(&self, heard: &[&Heard], place: u32, imagined: Option<Imagined>) -> Tally {
        let places = self.taking.places.beside(place).into_iter().flatten();
        places.map(|p| self.tally(heard, p, imagined)).fold(Tally::default(), Tally::join)
    }

    /// ln P(reads | one tag stands at a place and nothing else has its code).
    fn ln_at(&self, own: Tally, beside: Tally, all: Tally, history: TagHistory) -> f64 {
        let l = &self.taking.likelihood;
        let read = own.read + beside.read;
        l.grid.ln_mean(read + history.seen, own.missed + history.missed, beside.missed)
            + f64::from(beside.read) * l.ln_stray
            + ln_strength(&l.strength, own.strengths, beside.strengths)
            + self.ln_ghosts(
                all.read - read,
                all.strengths.count - own.strengths.count - beside.strengths.count,
            )
    }

    fn ln_ghosts(&self, reads: u32, strengths: u32) -> f64 {
        f64::from(reads) * self.taking.likelihood.ln_ghost + f64::from(strengths) * ln_ghost_strength()
    }

    /// The probability that a box whose home is `home` stands at `place`, before anything is read.
    fn prior(&self, home: u32, place: u32) -> f64 {
        let model = &self.taking.model;
        let all = f64::from(self.taking.places.len());
        if home == NONE {
            return (1.0 - model.missing) / all;
        }
        if home == place {
            return 1.0 - model.misplaced - model.missing - model.dead;
        }
        // Every bank has two aisles at least.
        let beside = self.taking.places.beside(home).into_iter().flatten().count() as f64;
        let far = all - 1.0 - beside;
        let adjacent = if far == 0.0 { 1.0 } else { model.adjacent };
        model.misplaced
            * if self.taking.places.are_near(home, place) {
                adjacent / beside
            } else {
                (1.0 - adjacent) / far
            }
    }

    /// Weighs all that may be the case with a box, with visits that have not been made where given.
    pub(super) fn weigh(&self, number: u32, imagined: Option<Imagined>) -> Weighed {
        let taking = self.taking;
        let home = taking.home[number as usize];
        let history = taking.boxes[number as usize].history.faded();
        let mut heard = self.heard.tag(number);
        let mut all = heard.iter().fold(Tally::default(), |all, h| {
            all.join(Tally { read: h.visits, missed: 0, strengths: h.strengths })
        });
        let mut most = Vec::new();
        if heard.len() > MOST_PLACES {
            most.extend_from_slice(heard);
            most.sort_unstable_by_key(|h| (std::cmp::Reverse(h.visits), h.place));
            most.truncate(MOST_PLACES);
            heard = &most;
        }
        let mut candidates: Vec<u32> = heard.iter().map(|h| h.place).collect();
        if let Some(Imagined::Read { place }) = imagined {
            all.read += 1;
            all.strengths.add(self.typical());
            candidates.push(place);
        }
        let beside: Vec<u32> = candidates.iter().flat_map(|p| taking.places.beside(*p)).flatten().collect();
        candidates.extend(beside);
        if home != NONE {
            candidates.push(home);
        }
        candidates.sort_unstable();
        candidates.dedup();

        let model = &taking.model;
        let mut hypotheses = Vec::with_capacity(candidates.len() + 4);
        let mut weighed_prior = 0.0;
        for place in &candidates {
            let prior = self.prior(home, *place);
            let (own, near) = (self.tally(heard, *place, imagined), self.beside(heard, *place, imagined));
            hypotheses.push((Hypothesis::At(*place), prior.ln() + self.ln_at(own, near, all, history)));
            weighed_prior += if *place == home { 0.0 } else { prior };
        }
        let ln_history = taking.likelihood.grid.ln_mean(history.seen, history.missed, 0);
        let ln_ghosts = self.ln_ghosts(all.read, all.strengths.count);
        hypotheses.push((Hypothesis::Missing, model.missing.ln() + ln_history + ln_ghosts));
        if home != NONE {
            hypotheses.push((Hypothesis::Dead, model.dead.ln() + ln_history + ln_ghosts));
        }
        let elsewhere = if home == NONE { 1.0 - model.missing } else { model.misplaced };
        let left = elsewhere - weighed_prior;
        let more = match imagined {
            Some(Imagined::SilentEverywhere { visits }) => visits,
            _ => 0,
        };
        if left > elsewhere * 1e-9 {
            hypotheses.push((Hypothesis::Unheard, left.ln() + self.ln_unheard(history, more) + ln_ghosts));
        }
        self.weigh_pairs(heard, all, home, history, imagined, &mut hypotheses);
        Weighed::new(hypotheses, home, all.read > 0)
    }

    /// Two tags of one code, in places of which neither explains the other's reads.
    fn weigh_pairs(
        &self,
        heard: &[&Heard],
        all: Tally,
        home: u32,
        history: TagHistory,
        imagined: Option<Imagined>,
        hypotheses: &mut Vec<(Hypothesis, f64)>,
    ) {
        let (places, model) = (&self.taking.places, &self.taking.model);
        let ln_all = f64::from(places.len()).ln();
        for (n, x) in heard.iter().enumerate() {
            for y in heard[n + 1..].iter().filter(|y| !places.are_near(x.place, y.place)) {
                // The tag at home has the history, and all that is heard near both.
                let (x, y) = if y.place == home { (y.place, x.place) } else { (x.place, y.place) };
                let own = self.tally(heard, x, imagined);
                let near = self.beside(heard, x, imagined);
                let second = self.tally(heard, y, imagined);
                let only_y = |p: &u32| !places.are_near(x, *p);
                let second_near = places.beside(y).into_iter().flatten().filter(only_y);
                let second_near =
                    second_near.map(|p| self.tally(heard, p, imagined)).fold(Tally::default(), Tally::join);
                let explained = second.join(second_near);
                let rest = Tally {
                    read: all.read - explained.read,
                    missed: 0,
                    strengths: Strengths {
                        count: all.strengths.count - explained.strengths.count,
                        ..Strengths::default()
                    },
                };
                let ln_first = if x == home { 0.0 } else { model.misplaced.ln() - ln_all };
                let weight = model.duplicated.ln() - ln_all
                    + ln_first
                    + self.ln_at(own, near, rest, history)
                    + self.ln_at(second, second_near, explained, TagHistory::default());
                hypotheses.push((Hypothesis::Two(x, y), weight));
            }
        }
    }

    /// What the weights say, as surely as the model asks.
    pub(super) fn answer(&self, number: u32, weighed: &Weighed) -> Answer {
        let taking = self.taking;
        let home = taking.home[number as usize];
        let limits = &taking.model.limits;
        let doubt = |doubt| Answer::Unverified { doubt };
        if taking.shared.get(&taking.boxes[number as usize].tag).is_some_and(|b| b.contains(&number)) {
            return doubt(Doubt::SharedTag);
        }
        if home == NONE {
            return doubt(Doubt::UnknownSlot);
        }
        if weighed.two > 0.5 {
            return doubt(Doubt::TagInTwoPlaces);
        }
        let posterior = weighed.posterior;
        // What people usually do is no answer: something must have been read.
        if weighed.heard_anywhere && posterior.present >= limits.present {
            return Answer::Present;
        }
        if posterior.missing >= limits.missing {
            return Answer::Missing;
        }
        match weighed.best {
            Some((place, probability)) if place != home && probability >= limits.elsewhere => {
                Answer::Elsewhere { place: taking.places.place(place) }
            }
            _ if weighed.heard_anywhere => doubt(Doubt::SeveralPlaces),
            _ if taking.full_visits[home as usize] == 0 => doubt(Doubt::AisleNotRead),
            _ => doubt(Doubt::Silent),
        }
    }

    fn box_answer(&self, number: u32, findings: &mut Vec<Finding>) -> BoxAnswer {
        let taking = self.taking;
        let expected = &taking.boxes[number as usize];
        let weighed = self.weigh(number, None);
        let answer = self.answer(number, &weighed);
        let stands = match (&answer, weighed.best) {
            (Answer::Present, _) => Some(taking.home[number as usize]),
            (Answer::Elsewhere { .. }, Some((place, _))) => Some(place),
            _ => None,
        };
        let mut history = expected.history;
        if let Some(place) = stands {
            let own = self.tally(self.heard.tag(number), place, None);
            history.seen = history.seen.saturating_add(own.read);
            history.missed = history.missed.saturating_add(own.missed);
        }
        if answer == (Answer::Unverified { doubt: Doubt::TagInTwoPlaces }) {
            findings.extend(self.two_places(number, &weighed));
        }
        let place_of = |(place, probability)| (taking.places.place(place), probability);
        BoxAnswer {
            number: expected.number.clone(),
            slot: expected.slot.clone(),
            answer,
            posterior: weighed.posterior,
            likeliest: weighed.best.filter(|_| weighed.heard_anywhere).map(place_of),
            history,
        }
    }

    /// Two tags, or one that was carried: then it was heard in one place before the other.
    fn two_places(&self, number: u32, weighed: &Weighed) -> Option<Finding> {
        let two = weighed.hypotheses.iter().filter(|(h, _)| matches!(h, Hypothesis::Two(..)));
        let (Hypothesis::Two(x, y), _) = two.max_by(|a, b| a.1.total_cmp(&b.1))? else { return None };
        let taking = self.taking;
        let expected = &taking.boxes[number as usize];
        let (tag, number_of_box) = (expected.tag, expected.number.clone());
        let heard = |place: u32| self.heard.tag(number).iter().find(|h| h.place == place);
        let (first, second) = (heard(*x)?, heard(*y)?);
        let place = |heard: &Heard| -> Place { taking.places.place(heard.place) };
        let (first, second) = if first.first <= second.first { (first, second) } else { (second, first) };
        Some(if first.last < second.first {
            Finding::CarriedTag { tag, number: number_of_box, from: place(first), to: place(second) }
        } else {
            let mut places = [place(first), place(second)];
            places.sort();
            Finding::DuplicatedTag { tag, number: number_of_box, places }
        })
    }
}

impl Weighed {
    fn new(hypotheses: Vec<(Hypothesis, f64)>, home: u32, heard_anywhere: bool) -> Self {
        let ln_evidence = ln_sum(hypotheses.iter().map(|(_, weight)| *weight));
        let mut posterior = Posterior { present: 0.0, elsewhere: 0.0, missing: 0.0 };
        let mut two = 0.0;
        let mut best: Option<(u32, f64)> = None;
        for (hypothesis, weight) in &hypotheses {
            let probability = (weight - ln_evidence).exp();
            match hypothesis {
                Hypothesis::At(place) => {
                    if best.is_none_or(|(_, most)| probability > most) {
                        best = Some((*place, probability));
                    }
                    let at_home = *place == home;
                    *(if at_home { &mut posterior.present } else { &mut posterior.elsewhere }) += probability;
                }
                Hypothesis::Dead => posterior.present += probability,
                Hypothesis::Unheard => posterior.elsewhere += probability,
                Hypothesis::Missing => posterior.missing += probability,
                Hypothesis::Two(..) => two += probability,
            }
        }
        Self { hypotheses, ln_evidence, posterior, two, best, heard_anywhere }
    }

    /// The most probable place, and how probable it is.
    pub(super) fn best_place(&self) -> Option<(u32, f64)> {
        self.best
    }
}

impl StockTaking {
    /// An answer for each box, and what does not fit.
    #[must_use]
    pub fn conclude(&self) -> Conclusion {
        let weigher = Weigher::new(self);
        let mut findings = self.findings_so_far(&weigher.heard);
        // The constructor limits boxes to 32 bits.
        let boxes = (0..self.boxes.len() as u32).map(|n| weigher.box_answer(n, &mut findings)).collect();
        findings.sort();
        Conclusion { boxes, findings }
    }
}
