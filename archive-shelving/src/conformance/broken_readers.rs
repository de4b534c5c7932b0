//! Reader drivers that break one line of the contract each: the kit must name the line.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use archive_core::holding::SlotAddress;
use async_trait::async_trait;

use super::{NoRig, SimulatedReaderRig, check_reader};
use crate::device_error::DeviceError;
use crate::layout::{AisleId, BankLayout};
use crate::reading::{
    AntennaPort, Dbm, InventoryReport, InventoryRequest, ReaderCapabilities, TagInventory, TagRead,
};
use crate::simulated::{SimulatedReader, SimulatedRoom};

/// What a driver gets wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    DeclaresAnAntennaTwice,
    NeverAnswers,
    ReadsForNoTime,
    MapsAnUnknownAisle,
    IsDeaf,
    InventsAnAntenna,
    ReadsEveryAisle,
    StampsReadsAfterTheEnd,
    MistakesTheSignalsScale,
    ReturnsEarlierReads,
    StaysBusyAfterACancelledCall,
    KeepsReadsOfACancelledCall,
    RefusesASecondCall,
    CallsACutLineEmpty,
    HidesLostReads,
    NeverReconnects,
    NeverEnds,
}

use Wrong::*;

/// Each fault and the check that names it.
const CAUGHT: [(Wrong, &str); 17] = [
    (NeverAnswers, "device-answers"),
    (DeclaresAnAntennaTwice, "capabilities-are-sound"),
    (ReadsForNoTime, "impossible-durations-are-invalid"),
    (MapsAnUnknownAisle, "unknown-aisle-is-invalid"),
    (IsDeaf, "a-placed-tag-is-seen"),
    (InventsAnAntenna, "reads-name-declared-antennas"),
    (ReadsEveryAisle, "only-the-aisle-asked-for"),
    (StampsReadsAfterTheEnd, "times-lie-within-the-call"),
    (MistakesTheSignalsScale, "times-lie-within-the-call"),
    (ReturnsEarlierReads, "a-removed-tag-is-not-seen"),
    (StaysBusyAfterACancelledCall, "cancelled-call-leaves-it-ready"),
    (KeepsReadsOfACancelledCall, "cancelled-reads-do-not-come-later"),
    (RefusesASecondCall, "overlapping-calls-both-answer"),
    (CallsACutLineEmpty, "cut-line-is-unavailable"),
    (HidesLostReads, "cut-during-a-call-is-told"),
    (NeverReconnects, "a-mended-line-reads-again"),
    (NeverEnds, "cancelled-call-leaves-it-ready"),
];

/// A simulated reader behind a driver that is wrong in one way.
#[derive(Debug)]
struct Broken {
    wrong: Wrong,
    inner: SimulatedReader,
    busy: AtomicBool,
    lost: AtomicBool,
    buffer: Mutex<Vec<TagRead>>,
}

fn room() -> (SimulatedRoom, Vec<SlotAddress>) {
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
    let slots = ["HZ/R1/B1/C1/A/1/1/1", "HZ/R1/B1/C2/A/1/1/1"].map(|slot| slot.parse().unwrap());
    (SimulatedRoom::builder([bank]).build().unwrap(), slots.into())
}

impl Broken {
    fn new(wrong: Wrong) -> (Self, SimulatedReaderRig) {
        let (room, slots) = room();
        let inner = room.reader_of(&slots[0]).unwrap();
        let broken = Self {
            wrong,
            inner,
            busy: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            buffer: Mutex::default(),
        };
        (broken, SimulatedReaderRig::new(room, slots))
    }

    /// Reads in small steps, so that a cancelled call leaves what it has read in the buffer.
    async fn buffered(&self, request: InventoryRequest) -> Result<InventoryReport, DeviceError> {
        let step = InventoryRequest { duration: Duration::from_millis(100), ..request };
        let mut lasted = Duration::ZERO;
        while lasted < request.duration {
            let part = self.inner.inventory(step).await?;
            lasted += step.duration;
            self.buffer.lock().unwrap().extend(part.reads);
        }
        let mut buffer = self.buffer.lock().unwrap();
        let reads = if self.wrong == KeepsReadsOfACancelledCall {
            std::mem::take(&mut *buffer)
        } else {
            buffer.clone()
        };
        Ok(InventoryReport { reads, foreign: 0, lasted, complete: true })
    }
}

struct Turn<'a>(&'a AtomicBool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[async_trait]
impl TagInventory for Broken {
    fn capabilities(&self) -> ReaderCapabilities {
        let mut limits = self.inner.capabilities();
        if self.wrong == DeclaresAnAntennaTwice {
            limits.antennas.push(limits.antennas[0]);
        }
        limits
    }

    async fn inventory(&self, mut request: InventoryRequest) -> Result<InventoryReport, DeviceError> {
        match self.wrong {
            ReadsForNoTime if request.duration.is_zero() => {
                let lasted = Duration::ZERO;
                return Ok(InventoryReport { reads: Vec::new(), foreign: 0, lasted, complete: true });
            }
            MapsAnUnknownAisle => request.aisle = request.aisle.map(|AisleId(aisle)| AisleId(aisle % 4)),
            ReadsEveryAisle => request.aisle = None,
            StaysBusyAfterACancelledCall | RefusesASecondCall if self.busy.swap(true, Ordering::Relaxed) => {
                return Err(DeviceError::conflict("reader", "is busy"));
            }
            NeverAnswers => return Err(DeviceError::not_sent("reader", "does not answer")),
            ReturnsEarlierReads | KeepsReadsOfACancelledCall => return self.buffered(request).await,
            NeverReconnects if self.lost.load(Ordering::Relaxed) => {
                return Err(DeviceError::not_sent("reader", "lost its line"));
            }
            NeverEnds if self.busy.swap(true, Ordering::Relaxed) => std::future::pending().await,
            _ => {}
        }
        // A call that frees the reader even when it is cancelled, and still refuses a second one.
        let _turn = (self.wrong == RefusesASecondCall).then(|| Turn(&self.busy));
        let begun = tokio::time::Instant::now();
        let answer = self.inner.inventory(request).await;
        self.busy.store(false, Ordering::Relaxed);
        let mut report = match answer {
            Ok(report) => report,
            Err(error) if error.certainty() == crate::device_error::Certainty::NotSent => {
                self.lost.store(error.message().contains("check the line"), Ordering::Relaxed);
                let cut = error.message().contains("check the line");
                let hides = match self.wrong {
                    CallsACutLineEmpty => begun.elapsed().is_zero(),
                    HidesLostReads => !begun.elapsed().is_zero(),
                    _ => false,
                };
                if !(hides && cut) {
                    return Err(error);
                }
                InventoryReport { reads: Vec::new(), foreign: 0, lasted: request.duration, complete: true }
            }
            Err(error) => return Err(error),
        };
        for read in &mut report.reads {
            match self.wrong {
                InventsAnAntenna => read.antenna = AntennaPort(0),
                StampsReadsAfterTheEnd => read.at = Some(report.lasted * 2),
                MistakesTheSignalsScale => read.rssi = read.rssi.map(|Dbm(dbm)| Dbm(dbm * 100)),
                _ => {}
            }
        }
        if self.wrong == IsDeaf {
            report.reads.clear();
        }
        Ok(report)
    }
}

#[tokio::test(start_paused = true)]
async fn a_good_driver_is_green_and_nothing_is_skipped() {
    let (room, slots) = room();
    let reader = room.reader_of(&slots[0]).unwrap();
    let report = check_reader(&reader, &SimulatedReaderRig::new(room, slots)).await;
    assert!(report.is_green(), "{report}");
    assert_eq!(report.skipped().count(), 0, "{report}");
}

#[tokio::test(start_paused = true)]
async fn without_a_rig_checks_are_skipped_and_named() {
    let (room, slots) = room();
    let report = check_reader(&room.reader_of(&slots[0]).unwrap(), &NoRig).await;
    assert!(report.is_green(), "{report}");
    assert!(report.skipped().any(|name| name == "a-placed-tag-is-seen"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn every_broken_driver_is_caught_by_the_check_that_names_its_fault() {
    let mut missed = Vec::new();
    for (wrong, check) in CAUGHT {
        let (broken, rig) = Broken::new(wrong);
        let report = check_reader(&broken, &rig).await;
        if !report.failed().any(|name| name == check) {
            missed.push(format!("{wrong:?} is not caught by {check}:\n{report}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
