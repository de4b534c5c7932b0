//! The driver of a simulated reader.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::room::SimulatedRoom;
use crate::device_error::DeviceError;
use crate::layout::{AisleId, BankLayout};
use crate::reading::{
    Antenna, AntennaPort, InventoryReport, InventoryRequest, ReaderCapabilities, TagInventory, TagRead,
};

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
            let distance = tag.aisle.0.abs_diff(aisle.0);
            if let Some(strength) = inner.radio.hear(tag.radio, distance, open, &mut inner.chance) {
                let rssi = Some(strength);
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
