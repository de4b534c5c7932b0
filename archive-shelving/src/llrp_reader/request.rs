//! The messages that the driver sends.

use std::time::Duration;

use archive_core::Error;

use crate::llrp::Message;
use crate::reading::AntennaPort;

/// How often the reader shows that it is alive.
pub(super) const KEEPALIVE: Duration = Duration::from_secs(5);

/// Asks for keep-alives, and for events of operations and lost reports.
pub(super) fn configure(id: u32) -> Result<Message, Error> {
    const ROSPEC_EVENT: u64 = 2;
    const BUFFER_EVENT: u64 = 3;
    Message::build("SET_READER_CONFIG", id, |m| {
        m.add("ReaderEventNotificationSpec", |spec| {
            for event in [ROSPEC_EVENT, BUFFER_EVENT] {
                spec.add("EventNotificationState", |p| {
                    p.set("EventType", event).set("NotificationState", 1);
                });
            }
        });
        m.add("KeepaliveSpec", |p| {
            p.set("KeepaliveTriggerType", 1).set("PeriodicTriggerValue", KEEPALIVE.as_millis() as u64);
        });
    })
}

/// An operation that reads with `ports` (all where empty) for `duration`, and reports at its end.
pub(super) fn add_operation(
    id: u32,
    rospec: u32,
    ports: &[AntennaPort],
    duration: Duration,
) -> Result<Message, Error> {
    // 0 means every antenna.
    let ports: Vec<u16> = if ports.is_empty() { vec![0] } else { ports.iter().map(|port| port.0).collect() };
    let milliseconds = duration.as_millis().min(u128::from(u32::MAX)).max(1) as u64;
    Message::build("ADD_ROSPEC", id, |m| {
        m.add("ROSpec", |spec| {
            spec.set("ROSpecID", rospec.into());
            spec.add("ROBoundarySpec", |p| {
                p.add("ROSpecStartTrigger", |_| {}).add("ROSpecStopTrigger", |_| {});
            });
            spec.add("AISpec", |ai| {
                ai.set_list("AntennaIDs", &ports);
                ai.add("AISpecStopTrigger", |p| {
                    p.set("AISpecStopTriggerType", 1).set("DurationTrigger", milliseconds);
                });
                ai.add("InventoryParameterSpec", |p| {
                    p.set("InventoryParameterSpecID", 1).set("ProtocolID", 1);
                });
            });
            spec.add("ROReportSpec", |report| {
                // At the end of the operation, whatever the number of tags.
                report.set("ROReportTrigger", 2).set("N", 0);
                report.add("TagReportContentSelector", |p| {
                    for field in [
                        "EnableROSpecID",
                        "EnableAntennaID",
                        "EnablePeakRSSI",
                        "EnableFirstSeenTimestamp",
                        "EnableTagSeenCount",
                    ] {
                        p.set(field, 1);
                    }
                });
            });
        });
    })
}

/// A message about one operation: delete, enable, start.
pub(super) fn about(name: &str, id: u32, rospec: u32) -> Result<Message, Error> {
    Message::build(name, id, |m| {
        m.set("ROSpecID", rospec.into());
    })
}

/// A message without contents.
pub(super) fn plain(name: &str, id: u32) -> Result<Message, Error> {
    Message::build(name, id, |_| {})
}
