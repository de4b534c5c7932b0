//! From tag reports to reads.

use std::time::Duration;

use archive_core::holding::TagEpc;

use crate::llrp::{Element, Message};
use crate::reading::{Antenna, AntennaPort, Dbm, TagRead};

/// What one reader operation reported so far.
#[derive(Debug)]
pub(super) struct Collector {
    rospec: u64,
    pub(super) reads: Vec<TagRead>,
    pub(super) foreign: u32,
    pub(super) complete: bool,
    pub(super) ended: bool,
    /// The reader's clock when the operation began, in microseconds.
    begun: Option<u64>,
    /// A field that is enabled and absent has the value that it had last.
    last_rospec: Option<u64>,
    last_antenna: Option<u16>,
}

/// More reads than any bank has tags: a reader that floods is cut off here, and it is told.
const MOST_READS: usize = 200_000;

impl Collector {
    pub(super) fn new(rospec: u32) -> Self {
        Self {
            rospec: rospec.into(),
            reads: Vec::new(),
            foreign: 0,
            complete: true,
            ended: false,
            begun: None,
            last_rospec: None,
            last_antenna: None,
        }
    }

    /// Takes a report or an event; others are not for it.
    pub(super) fn take(&mut self, message: &Message, antennas: &[Antenna]) {
        match message.name() {
            "RO_ACCESS_REPORT" => {
                for report in message.body().parameters().filter(|p| p.name() == "TagReportData") {
                    self.take_report(report, antennas);
                }
            }
            "READER_EVENT_NOTIFICATION" => {
                if let Some(event) = message.body().parameter("ReaderEventNotificationData") {
                    self.take_event(event);
                }
            }
            _ => {}
        }
    }

    fn take_event(&mut self, data: Element<'_>) {
        if data.parameter("ReportBufferOverflowErrorEvent").is_some() {
            self.complete = false;
        }
        let Some(event) = data.parameter("ROSpecEvent") else { return };
        if event.number("ROSpecID") != Some(self.rospec) {
            return;
        }
        match event.number("EventType") {
            Some(0) => self.begun = timestamp(data, ["UTCTimestamp", "Uptime"]),
            Some(1) => self.ended = true,
            // Pre-empted by another operation: what it would have read is lost.
            _ => (self.ended, self.complete) = (true, false),
        }
    }

    fn take_report(&mut self, report: Element<'_>, antennas: &[Antenna]) {
        let number = |name: &str| report.parameter(name).and_then(|p| p.number(name));
        self.last_rospec = number("ROSpecID").or(self.last_rospec);
        self.last_antenna = number("AntennaID").and_then(|n| u16::try_from(n).ok()).or(self.last_antenna);
        if self.last_rospec.is_some_and(|id| id != self.rospec) {
            return;
        }
        let Some(epc) = code(report) else {
            self.foreign = self.foreign.saturating_add(1);
            return;
        };
        let port = AntennaPort(self.last_antenna.unwrap_or_default());
        let Some(antenna) = antennas.iter().find(|antenna| antenna.port == port) else {
            // Read by an antenna that nobody declared: it cannot be given a place.
            self.foreign = self.foreign.saturating_add(1);
            return;
        };
        let signal = report.parameter("PeakRSSI").and_then(|p| p.signed("PeakRSSI"));
        let seen = timestamp(report, ["FirstSeenTimestampUTC", "FirstSeenTimestampUptime"]);
        let count = report.parameter("TagSeenCount").and_then(|p| p.number("TagCount")).unwrap_or(1);
        let read = TagRead {
            epc,
            antenna: port,
            aisle: antenna.aisle,
            rssi: signal.and_then(|dbm| i16::try_from(dbm).ok()).map(Dbm),
            at: seen.zip(self.begun).map(|(seen, begun)| Duration::from_micros(seen.saturating_sub(begun))),
            count: u16::try_from(count).unwrap_or(u16::MAX).max(1),
        };
        if self.reads.len() < MOST_READS {
            self.reads.push(read);
        } else {
            self.complete = false;
        }
    }
}

fn timestamp(element: Element<'_>, names: [&str; 2]) -> Option<u64> {
    names.iter().find_map(|name| element.parameter(name)?.number("Microseconds"))
}

/// The tag's code, where it has 96 bits.
fn code(report: Element<'_>) -> Option<TagEpc> {
    let bytes = match report.parameter("EPC_96") {
        Some(code) => code.bytes("EPC")?,
        None => report.parameter("EPCData").filter(|code| code.count("EPC") == Some(96))?.bytes("EPC")?,
    };
    bytes.try_into().ok().map(TagEpc)
}
