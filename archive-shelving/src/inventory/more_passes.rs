//! Where another visit would change an answer, and where it would not pay.

use std::collections::BTreeMap;
use std::time::Duration;

use archive_core::Error;
use serde::{Deserialize, Serialize};

use super::finding::{Answer, Doubt};
use super::places::Place;
use super::posterior::{Imagined, Weigher};
use super::stock_taking::{NONE, StockTaking};

/// How many further visits in a row are weighed up: silence may need several until it says something.
const AHEAD: [u32; 5] = [1, 2, 4, 8, 16];

/// Another place is worth a visit for a box that is there at least so probably.
const WORTH_A_LOOK: f64 = 0.05;

/// What visits take, and what they save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitCost {
    /// Opening an aisle.
    pub opening: Duration,
    /// Reading it once while it stands open.
    pub reading: Duration,
    /// A person looking for one unverified box.
    pub by_hand: Duration,
}

impl Default for VisitCost {
    /// An aisle opens in 10 s and is read in 3 s; a person takes a minute.
    fn default() -> Self {
        let [opening, reading, by_hand] = [10, 3, 60].map(Duration::from_secs);
        Self { opening, reading, by_hand }
    }
}

/// Visits that pay: they save more of people's time than they take of the shelf's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MorePasses {
    /// The aisle to open.
    pub place: Place,
    /// How often to read it while it stands open.
    pub visits: u32,
    /// How long that takes.
    pub lasts: Duration,
    /// How many boxes that are unverified now will probably have an answer then; of a pass over all aisles,
    /// each aisle's share.
    pub answers: f64,
}

/// The answers that visits would give, by how many they are ([`AHEAD`]).
type Answers = [f64; AHEAD.len()];

/// What is to be gained.
#[derive(Default)]
struct Gains {
    /// From visits of one place.
    at: BTreeMap<u32, Answers>,
    /// From passes over all places.
    everywhere: Answers,
}

/// A number of visits that pays.
#[derive(Clone, Copy)]
struct Visits {
    visits: u32,
    answers: f64,
    /// What each visited place takes.
    lasts: Duration,
    /// Seconds saved, over all visited places.
    saved: f64,
}

impl Visits {
    fn rate(&self) -> f64 {
        self.answers / self.lasts.as_secs_f64()
    }

    fn of(self, place: Place) -> MorePasses {
        MorePasses { place, visits: self.visits, lasts: self.lasts, answers: self.answers }
    }
}

/// The number of visits of each of `places` that saves most; `None` where none saves anything.
fn best(cost: &VisitCost, places: u32, answers: &Answers) -> Option<Visits> {
    let choices = AHEAD.iter().zip(answers).map(|(visits, answers)| {
        let lasts = cost.opening + cost.reading * *visits;
        let saved = answers * cost.by_hand.as_secs_f64() - f64::from(places) * lasts.as_secs_f64();
        Visits { visits: *visits, answers: *answers, lasts, saved }
    });
    choices.filter(|v| v.saved > 0.0).max_by(|a, b| a.saved.total_cmp(&b.saved))
}

impl StockTaking {
    /// The visits that pay, the most answers for their time first; none where no visit would change
    /// enough answers to be worth its time.
    ///
    /// Either some aisles are worth their visits, each by itself, or all of them together are: where boxes
    /// are gone from their places, only a pass over all aisles tells whether they are missing.
    ///
    /// For each unverified box, the model foretells what a visit would read and what the answer would
    /// be then. Only visits after which a box has an answer count, so that aisles full of certainty,
    /// and boxes that stay doubtful whatever is read, ask for nothing.
    ///
    /// # Errors
    /// `InvalidInput` where reading an aisle takes no time, or anything takes more than a day.
    pub fn more_passes(&self, cost: &VisitCost) -> Result<Vec<MorePasses>, Error> {
        let day = Duration::from_secs(86_400);
        if cost.reading.is_zero() || [cost.opening, cost.reading, cost.by_hand].iter().any(|d| *d > day) {
            let message = "needs a reading time above zero, and no time above a day";
            return Err(Error::invalid("cost of a visit", message));
        }
        let weigher = Weigher::new(self);
        let mut gains = Gains::default();
        // The constructor limits boxes to 32 bits.
        for number in 0..self.boxes.len() as u32 {
            self.add_gains(&weigher, number, &mut gains);
        }
        let all = self.places.len();
        let single = gains.at.iter().filter_map(|(place, answers)| Some((*place, best(cost, 1, answers)?)));
        let single: Vec<(u32, Visits)> = single.collect();
        let saved_by_single: f64 = single.iter().map(|(_, visits)| visits.saved).sum();
        let mut chosen: Vec<(u32, Visits)> = match best(cost, all, &gains.everywhere) {
            Some(pass) if pass.saved > saved_by_single => {
                let each = Visits { answers: pass.answers / f64::from(all), ..pass };
                (0..all).map(|place| (place, each)).collect()
            }
            _ => single,
        };
        chosen.sort_by(|a, b| b.1.rate().total_cmp(&a.1.rate()).then(a.0.cmp(&b.0)));
        Ok(chosen.into_iter().map(|(place, visits)| visits.of(self.places.place(place))).collect())
    }

    /// Adds the probability that visits give box `number` an answer, to the places to visit for it.
    fn add_gains(&self, weigher: &Weigher<'_>, number: u32, gains: &mut Gains) {
        let home = self.home[number as usize];
        let now = weigher.weigh(number, None);
        let open = match weigher.answer(number, &now) {
            Answer::Unverified { doubt } => {
                matches!(doubt, Doubt::AisleNotRead | Doubt::Silent | Doubt::SeveralPlaces)
            }
            _ => false,
        };
        if !open || home == NONE {
            return;
        }
        let other = now.best_place().filter(|(place, share)| *place != home && *share >= WORTH_A_LOOK);
        let answered = |imagined| {
            let then = weigher.weigh(number, Some(imagined));
            (!matches!(weigher.answer(number, &then), Answer::Unverified { .. }), then.ln_evidence)
        };
        let ahead = |answers: &mut Answers, read: (bool, f64), silence: &dyn Fn(u32) -> Imagined| {
            for (answers, visits) in answers.iter_mut().zip(AHEAD) {
                let (silence_decides, ln_silent) = answered(silence(visits));
                // The model's own forecast: how probable are these visits without a read?
                let silent = (ln_silent - now.ln_evidence).exp().clamp(0.0, 1.0);
                *answers += if silence_decides { silent } else { 0.0 };
                *answers += if read.0 { 1.0 - silent } else { 0.0 };
            }
        };
        let read_at_home = answered(Imagined::Read { place: home });
        ahead(gains.at.entry(home).or_default(), read_at_home, &|visits| Imagined::Silent {
            place: home,
            visits,
        });
        if let Some((place, _)) = other {
            let read = answered(Imagined::Read { place });
            ahead(gains.at.entry(place).or_default(), read, &|visits| Imagined::Silent { place, visits });
        }
        // A box that is not in its place may be in any other: then only a pass over all aisles tells.
        ahead(&mut gains.everywhere, read_at_home, &|visits| Imagined::SilentEverywhere { visits });
    }
}
