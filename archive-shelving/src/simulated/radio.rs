//! How simulated tags are heard: read rates of their own, strays from the next aisle.

use std::time::Duration;

use archive_core::Error;

use super::chance::Chance;
use crate::reading::Dbm;

/// The mean strength in dBm of a tag heard in its own aisle, and of one heard through a row of boxes.
const OWN_STRENGTH: f64 = -55.0;
const STRAY_STRENGTH: f64 = -68.0;

/// The scatter of one tag's reads, as a standard deviation in dB.
const SCATTER: f64 = 3.0;

/// What is peculiar to one tag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TagRadio {
    /// The probability that a round in its open aisle reads it.
    pub(crate) rate: f64,
    /// By how many dB it is stronger than the mean.
    pub(crate) offset: f64,
}

/// How read rates are spread over tags.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ReadRates {
    /// Every tag is read with the same probability a round.
    Fixed(f64),
    /// Each tag has a rate of its own, drawn from Beta(a, b): some tags are hard to read for ever.
    Beta {
        /// The first parameter, above 0.
        a: f64,
        /// The second parameter, above 0.
        b: f64,
    },
}

impl ReadRates {
    pub(crate) fn draw(self, chance: &mut Chance) -> f64 {
        match self {
            Self::Fixed(rate) => rate,
            Self::Beta { a, b } => chance.beta(a, b),
        }
    }
}

/// How tags are read. By default rates are Beta(1.3, 0.7), mean 0.65; one read in thirty of a
/// neighbouring aisle's tag strays in; tags differ by 3 dB; a round takes 100 ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Radio {
    /// The read rates of tags in the open aisle.
    pub rates: ReadRates,
    /// The share of its rate at which a tag one aisle away is read.
    pub stray: f64,
    /// The share of its rate at which a tag in a closed aisle is read by that aisle's antenna.
    pub closed: f64,
    /// How far tags differ in strength, one from the other, as a standard deviation in dB.
    pub tag_spread: f64,
    /// How long one round takes, at least 1 ms.
    pub round: Duration,
}

impl Default for Radio {
    fn default() -> Self {
        Self {
            rates: ReadRates::Beta { a: 1.3, b: 0.7 },
            stray: 1.0 / 30.0,
            closed: 0.2,
            tag_spread: 3.0,
            round: Duration::from_millis(100),
        }
    }
}

impl Radio {
    /// A tag as it leaves the factory: some are weak for ever.
    pub(crate) fn draw(&self, chance: &mut Chance) -> TagRadio {
        let rate = self.rates.draw(chance);
        TagRadio { rate, offset: chance.around(0.0, self.tag_spread) }
    }

    /// One round: how strongly a tag is heard `distance` aisles from where it stands, if it is heard.
    /// `openness` is that of the aisle listened in: 0 closed, 1 open.
    pub(crate) fn hear(
        &self,
        tag: TagRadio,
        distance: u16,
        openness: f64,
        chance: &mut Chance,
    ) -> Option<Dbm> {
        let (share, strength) = match distance {
            0 => (self.closed + (1.0 - self.closed) * openness, OWN_STRENGTH),
            1 => (self.stray, STRAY_STRENGTH),
            _ => return None,
        };
        chance
            .happens(tag.rate * share)
            // Some dB of scatter stay far inside i16.
            .then(|| Dbm(chance.around(strength + tag.offset, SCATTER).round() as i16))
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let share = |x: f64| (0.0..=1.0).contains(&x);
        let rates = match self.rates {
            ReadRates::Fixed(rate) => share(rate),
            // Far smaller parameters would make the draw loop for very long.
            ReadRates::Beta { a, b } => [a, b].iter().all(|x| (0.05..=50.0).contains(x) && a + b <= 20.0),
        };
        let round = (Duration::from_millis(1)..=Duration::from_secs(60)).contains(&self.round);
        let spread = (0.0..=20.0).contains(&self.tag_spread);
        if rates && share(self.stray) && share(self.closed) && spread && round {
            return Ok(());
        }
        Err(Error::invalid(
            "simulated radio",
            "needs rates and shares of 0 to 1, Beta parameters of 0.05 to 20, a spread of tags of 0 to 20 dB, \
             and rounds of 1 ms to 60 s",
        ))
    }
}
