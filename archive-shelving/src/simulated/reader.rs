//! The driver of a simulated reader, and the radio model behind it.

use std::sync::Arc;
use std::time::Duration;

use archive_core::Error;
use async_trait::async_trait;

use super::chance::Chance;
use super::room::SimulatedRoom;
use crate::device_error::DeviceError;
use crate::layout::{AisleId, BankLayout};
use crate::reading::{
    Antenna, AntennaPort, Dbm, InventoryReport, InventoryRequest, ReaderCapabilities, TagInventory, TagRead,
};

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
/// neighbouring aisle's tag strays in; a round takes 100 ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Radio {
    /// The read rates of tags in the open aisle.
    pub rates: ReadRates,
    /// The share of its rate at which a tag one aisle away is read.
    pub stray: f64,
    /// The share of its rate at which a tag in a closed aisle is read by that aisle's antenna.
    pub closed: f64,
    /// How long one round takes, at least 1 ms.
    pub round: Duration,
}

impl Default for Radio {
    fn default() -> Self {
        Self {
            rates: ReadRates::Beta { a: 1.3, b: 0.7 },
            stray: 1.0 / 30.0,
            closed: 0.2,
            round: Duration::from_millis(100),
        }
    }
}

impl Radio {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let share = |x: f64| (0.0..=1.0).contains(&x);
        let rates = match self.rates {
            ReadRates::Fixed(rate) => share(rate),
            // Far smaller parameters would make the draw loop for very long.
            ReadRates::Beta { a, b } => [a, b].iter().all(|x| (0.05..=50.0).contains(x) && a + b <= 20.0),
        };
        let round = (Duration::from_millis(1)..=Duration::from_secs(60)).contains(&self.round);
        if rates && share(self.stray) && share(self.closed) && round {
            return Ok(());
        }
        Err(Error::invalid(
            "simulated radio",
            "needs rates and shares of 0 to 1, Beta parameters of 0.05 to 20, and rounds of 1 ms to 60 s",
        ))
    }
}

/// The driver of the reader of one bank in a [`SimulatedRoom`]: antenna n looks into aisle n − 1.
#[derive(Debug, Clone)]
pub struct SimulatedReader {
    room: SimulatedRoom,
    layout: Arc<BankLayout>,
}

impl SimulatedReader {
    pub(crate) fn new(room: SimulatedRoom, layout: Arc<BankLayout>) -> Self {
        Self { room, layout }
    }

    fn object(&self) -> String {
        format!("reader {}", self.layout.name())
    }

    /// One round of one antenna.
    fn read_round(&self, aisle: AisleId, at: Duration, reads: &mut Vec<TagRead>) -> Result<(), DeviceError> {
        let mut guard = self.room.lock();
        let inner = &mut *guard;
        let place = inner.banks.get_mut(self.layout.name()).expect("a room never loses a bank");
        if !place.bank.link_up {
            return Err(DeviceError::not_sent(
                self.object(),
                "does not answer: check the line and its power",
            ));
        }
        place.settle();
        let open = place.bank.openness(aisle);
        for (epc, tag) in inner.tags.iter().filter(|(_, tag)| tag.bank == *self.layout.name()) {
            let (share, strength) = match tag.aisle.0.abs_diff(aisle.0) {
                0 => (inner.radio.closed + (1.0 - inner.radio.closed) * open, -55.0),
                1 => (inner.radio.stray, -68.0),
                _ => continue,
            };
            if inner.chance.happens(tag.rate * share) {
                // A few dB of scatter stay far inside i16.
                let rssi = Some(Dbm(inner.chance.around(strength, 3.0).round() as i16));
                let port = AntennaPort(aisle.0 + 1);
                merge(
                    reads,
                    TagRead { epc: *epc, antenna: port, aisle: Some(aisle), rssi, at: Some(at), count: 1 },
                );
            }
        }
        Ok(())
    }
}

/// Joins a read with earlier ones of the same tag by the same antenna, as readers do.
fn merge(reads: &mut Vec<TagRead>, read: TagRead) {
    let same = |r: &&mut TagRead| -> bool { (r.epc, r.antenna) == (read.epc, read.antenna) };
    match reads.iter_mut().find(same) {
        Some(known) => {
            known.count = known.count.saturating_add(1);
            known.rssi = known.rssi.max(read.rssi);
        }
        None => reads.push(read),
    }
}

#[async_trait]
impl TagInventory for SimulatedReader {
    fn capabilities(&self) -> ReaderCapabilities {
        let antenna = |aisle: AisleId| Antenna { port: AntennaPort(aisle.0 + 1), aisle: Some(aisle) };
        ReaderCapabilities {
            name: self.object(),
            antennas: self.layout.aisles().map(antenna).collect(),
            longest: Duration::from_secs(600),
            answer_limit: Duration::from_secs(1),
        }
    }

    async fn inventory(&self, request: InventoryRequest) -> Result<InventoryReport, DeviceError> {
        let longest = self.capabilities().longest;
        if request.duration.is_zero() || request.duration > longest {
            let message = format!("cannot read for {:?}: choose up to {longest:?}", request.duration);
            return Err(DeviceError::invalid(self.object(), message));
        }
        let aisles: Vec<AisleId> = match request.aisle {
            Some(aisle) if aisle.0 >= self.layout.aisle_count() => {
                return Err(DeviceError::invalid(self.object(), format!("has no antenna in {aisle}")));
            }
            Some(aisle) => vec![aisle],
            None => self.layout.aisles().collect(),
        };
        let round = self.room.lock().radio.round;
        let mut reads = Vec::new();
        let mut lasted = Duration::ZERO;
        while lasted < request.duration {
            for aisle in &aisles {
                self.read_round(*aisle, lasted, &mut reads)?;
            }
            let step = round.min(request.duration - lasted);
            tokio::time::sleep(step).await;
            lasted += step;
        }
        Ok(InventoryReport { reads, foreign: 0, lasted, complete: true })
    }
}
