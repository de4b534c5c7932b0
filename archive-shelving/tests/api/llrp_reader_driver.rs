//! The LLRP driver against the simulated reader: the kit, strange readers, real sockets.

use std::io;
use std::time::Duration;

use archive_core::ErrorKind;
use archive_core::holding::{SlotAddress, TagEpc};
use archive_shelving::dial::{Dial, Link, TcpDial};
use archive_shelving::epc::UserCode;
use archive_shelving::layout::{AisleId, BankLayout};
use archive_shelving::llrp::{FrameDecoder, Message};
use archive_shelving::llrp_reader::{LlrpReader, OWN_RANGE};
use archive_shelving::reading::{Antenna, AntennaPort, InventoryRequest, TagInventory};
use archive_shelving::simulated::{SimulatedLlrpReader, SimulatedRoom};
use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

fn slots() -> [SlotAddress; 2] {
    ["HZ/R1/B1/C1/A/1/1/1", "HZ/R1/B1/C2/A/1/1/1"].map(|slot| slot.parse().unwrap())
}

fn room() -> SimulatedRoom {
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"]).unwrap();
    SimulatedRoom::builder([bank]).build().unwrap()
}

fn tag(number: u64) -> TagEpc {
    UserCode::new(7, number).unwrap().to_tag()
}

fn request(aisle: Option<u16>) -> InventoryRequest {
    InventoryRequest { aisle: aisle.map(AisleId), duration: Duration::from_secs(1) }
}

fn bench() -> (SimulatedRoom, SimulatedLlrpReader, LlrpReader) {
    let room = room();
    let device = room.reader_of(&slots()[0]).unwrap();
    let antennas = device.capabilities().antennas;
    let server = SimulatedLlrpReader::new(device);
    let reader = LlrpReader::new("reader HZ/R1/B1", antennas, server.dial());
    (room, server, reader)
}

#[tokio::test(start_paused = true)]
async fn hundreds_of_tags_come_over_the_wire() {
    let (room, _, reader) = bench();
    for number in 0..500 {
        room.place_with_rate(tag(number), &slots()[0], 1.0).unwrap();
    }
    let report = reader.inventory(request(Some(0))).await.unwrap();
    assert_eq!((report.reads.len(), report.foreign, report.complete), (500, 0, true));
    assert!(report.reads.iter().all(|read| read.antenna == AntennaPort(1) && read.rssi.is_some()));
    assert!(report.reads.iter().all(|read| read.at.unwrap() <= report.lasted && read.count > 1));
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept_alive() {
    let (_, _, reader) = bench();
    reader.inventory(request(None)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    reader.inventory(request(None)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_second_client_is_told_why() {
    let (room, server, first) = bench();
    first.inventory(request(None)).await.unwrap();
    let antennas = room.reader_of(&slots()[0]).unwrap().capabilities().antennas;
    let second = LlrpReader::new("reader", antennas, server.dial());
    let error = second.inventory(request(None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().starts_with("reader: serves another client: close that one"), "{error}");
    // The first is not disturbed.
    first.inventory(request(None)).await.unwrap();
}

/// A reader that does what a script says, once; then nobody is there.
#[derive(Debug)]
struct Scripted(std::sync::Mutex<Option<DuplexStream>>);

#[async_trait]
impl Dial for Scripted {
    async fn dial(&self) -> io::Result<Box<dyn Link>> {
        match self.0.lock().unwrap().take() {
            Some(link) => Ok(Box::new(link)),
            None => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    }
}

fn scripted() -> (LlrpReader, DuplexStream) {
    let (near, far) = tokio::io::duplex(1 << 20);
    let antennas = vec![Antenna { port: AntennaPort(1), aisle: Some(AisleId(0)) }];
    (LlrpReader::new("reader X", antennas, Scripted(std::sync::Mutex::new(Some(near)))), far)
}

fn greeting(status: u64) -> Vec<u8> {
    let message = Message::build("READER_EVENT_NOTIFICATION", 1, |m| {
        m.add("ReaderEventNotificationData", |data| {
            data.add("UTCTimestamp", |_| {});
            data.add("ConnectionAttemptEvent", |p| {
                p.set("Status", status);
            });
        });
    });
    message.unwrap().encode()
}

#[track_caller]
fn check(error: &archive_shelving::device_error::DeviceError, message: &str) {
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains(message), "{error}");
}

#[tokio::test(start_paused = true)]
async fn strange_readers_end_in_clear_errors() {
    // Silent after connecting.
    let (reader, _far) = scripted();
    check(&reader.inventory(request(None)).await.unwrap_err(), "reader X: stayed silent");

    // Speaks another protocol.
    let (reader, mut far) = scripted();
    far.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    check(&reader.inventory(request(None)).await.unwrap_err(), "the stream is out of step");

    // Refuses.
    let (reader, mut far) = scripted();
    far.write_all(&greeting(3)).await.unwrap();
    check(&reader.inventory(request(None)).await.unwrap_err(), "refused the connection (status 3)");

    // Hangs up after the greeting.
    let (reader, mut far) = scripted();
    far.write_all(&greeting(0)).await.unwrap();
    drop(far);
    assert_eq!(reader.inventory(request(None)).await.unwrap_err().kind(), ErrorKind::Unavailable);

    // Answers every request with another's id.
    let (reader, mut far) = scripted();
    far.write_all(&greeting(0)).await.unwrap();
    for id in 1000..1010 {
        let answer = Message::build("SET_READER_CONFIG_RESPONSE", id, |m| {
            m.add("LLRPStatus", |_| {});
        });
        far.write_all(&answer.unwrap().encode()).await.unwrap();
    }
    check(&reader.inventory(request(None)).await.unwrap_err(), "stayed silent");

    // Nobody there any more: the driver lives on and says so.
    let error = archive_core::Error::from(reader.inventory(request(None)).await.unwrap_err());
    assert!(error.report().starts_with("reader X: cannot be reached: check the line"), "{}", error.report());
}

/// Serves requests with success, and `extra` after each START.
async fn obey(
    mut far: DuplexStream,
    leftovers: &[u32],
    extra: impl Fn(u32) -> Vec<Message>,
) -> Vec<(String, u64)> {
    let mut frames = FrameDecoder::default();
    let mut seen = Vec::new();
    let mut bytes = [0; 4096];
    far.write_all(&greeting(0)).await.unwrap();
    while let Ok(count @ 1..) = far.read(&mut bytes).await {
        frames.push(&bytes[..count]);
        while let Some(message) = frames.next_message().unwrap() {
            let rospec = message.body().number("ROSpecID").unwrap_or_default();
            seen.push((message.name().to_owned(), rospec));
            let answer = Message::build(&format!("{}_RESPONSE", message.name()), message.id(), |m| {
                m.add("LLRPStatus", |_| {});
                for id in leftovers.iter().filter(|_| message.name() == "GET_ROSPECS") {
                    m.add("ROSpec", |spec| {
                        spec.set("ROSpecID", (*id).into());
                        spec.add("ROBoundarySpec", |p| {
                            p.add("ROSpecStartTrigger", |_| {}).add("ROSpecStopTrigger", |_| {});
                        });
                        spec.add("AISpec", |p| {
                            p.add("AISpecStopTrigger", |_| {}).add("InventoryParameterSpec", |_| {});
                        });
                    });
                }
            });
            let Ok(answer) = answer else { continue };
            // A client that said goodbye does not wait for the answer.
            let _ = far.write_all(&answer.encode()).await;
            if message.name() == "START_ROSPEC" {
                for message in extra(rospec as u32) {
                    far.write_all(&message.encode()).await.unwrap();
                }
            }
        }
    }
    seen
}

fn ended(rospec: u32) -> Message {
    Message::build("READER_EVENT_NOTIFICATION", 9, |m| {
        m.add("ReaderEventNotificationData", |data| {
            data.add("UTCTimestamp", |_| {});
            data.add("ROSpecEvent", |p| {
                p.set("EventType", 1).set("ROSpecID", rospec.into());
            });
        });
    })
    .unwrap()
}

/// A report of tags as (operation, antenna, code in bits); what is `None` is absent.
fn report(tags: &[(Option<u32>, Option<u16>, usize)]) -> Message {
    Message::build("RO_ACCESS_REPORT", 8, |m| {
        for (rospec, antenna, bits) in tags {
            m.add("TagReportData", |p| {
                p.add("EPCData", |p| {
                    p.set_bits("EPC", &vec![0xAA; bits.div_ceil(8)], *bits);
                });
                if let Some(rospec) = rospec {
                    p.add("ROSpecID", |p| {
                        p.set("ROSpecID", (*rospec).into());
                    });
                }
                if let Some(antenna) = antenna {
                    p.add("AntennaID", |p| {
                        p.set("AntennaID", (*antenna).into());
                    });
                }
            });
        }
    })
    .unwrap()
}

#[tokio::test(start_paused = true)]
async fn leftovers_of_its_own_are_deleted_and_no_others() {
    let (reader, far) = scripted();
    let own = OWN_RANGE.start() + 77;
    let device = tokio::spawn(async move { obey(far, &[5, own], |rospec| vec![ended(rospec)]).await });
    reader.inventory(request(None)).await.unwrap();
    drop(reader);
    let seen = device.await.unwrap();
    let deleted: Vec<u64> =
        seen.iter().filter(|(name, _)| name == "DELETE_ROSPEC").map(|(_, rospec)| *rospec).collect();
    assert!(
        deleted.contains(&u64::from(own)) && !deleted.contains(&5) && !deleted.contains(&0),
        "{deleted:?}"
    );
    assert_eq!(seen.last().unwrap().0, "CLOSE_CONNECTION");
}

#[tokio::test(start_paused = true)]
async fn only_reads_of_this_call_count_and_absent_fields_are_the_last_ones() {
    let (reader, far) = scripted();
    tokio::spawn(async move {
        obey(far, &[], |rospec| {
            let tags = [
                (Some(99), Some(1), 96),
                (Some(rospec), Some(1), 96),
                // As before: this operation, antenna 1.
                (None, None, 96),
                (None, None, 128),
                (Some(rospec), Some(4), 96),
            ];
            vec![report(&tags), ended(rospec)]
        })
        .await
    });
    let report = reader.inventory(request(None)).await.unwrap();
    assert_eq!((report.reads.len(), report.foreign), (2, 2), "{report:?}");
    assert!(report.reads.iter().all(|read| read.antenna == AntennaPort(1) && read.rssi.is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_reader_without_an_end_is_incomplete() {
    let (reader, far) = scripted();
    tokio::spawn(async move { obey(far, &[], |rospec| vec![report(&[(Some(rospec), Some(1), 96)])]).await });
    let report = reader.inventory(request(None)).await.unwrap();
    assert_eq!((report.reads.len(), report.complete), (1, false));
}

#[tokio::test]
async fn it_works_over_real_sockets() {
    let room = room();
    room.place_with_rate(tag(1), &slots()[0], 1.0).unwrap();
    let device = room.reader_of(&slots()[0]).unwrap();
    let antennas = device.capabilities().antennas;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(SimulatedLlrpReader::new(device).listen(listener));
    let reader = LlrpReader::new("reader", antennas, TcpDial::new(address));
    let request = InventoryRequest { aisle: Some(AisleId(0)), duration: Duration::from_millis(100) };
    let report = reader.inventory(request).await.unwrap();
    assert_eq!(report.reads.len(), 1);
}

/// Ends every link after so many bytes from the reader, or to it.
#[derive(Debug)]
struct CutShort {
    server: SimulatedLlrpReader,
    from_reader: usize,
    to_reader: usize,
    cuts: std::sync::atomic::AtomicUsize,
}

#[async_trait]
impl Dial for CutShort {
    async fn dial(&self) -> io::Result<Box<dyn Link>> {
        let (near, far) = tokio::io::duplex(4096);
        let (device, served) = tokio::io::duplex(4096);
        let server = self.server.clone();
        tokio::spawn(async move {
            let _ = server.serve(served).await;
        });
        // The first two links are cut; the third is whole.
        let whole = self.cuts.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 2;
        let limit = |bytes: usize| if whole { u64::MAX } else { bytes as u64 };
        let (from_reader, to_reader) = (limit(self.from_reader), limit(self.to_reader));
        tokio::spawn(async move {
            let ((mut near_in, mut near_out), (mut device_in, mut device_out)) =
                (tokio::io::split(far), tokio::io::split(device));
            let (mut up, mut down) = ((&mut near_in).take(to_reader), (&mut device_in).take(from_reader));
            // Whichever way ends first, both ends go.
            tokio::select! {
                _ = tokio::io::copy(&mut up, &mut device_out) => {}
                _ = tokio::io::copy(&mut down, &mut near_out) => {}
            }
        });
        Ok(Box::new(near))
    }
}

/// A connection that ends at any byte costs its call at most, and no read is made up.
#[tokio::test(start_paused = true)]
async fn a_reset_at_any_byte_is_survived() {
    for cut in (0..700).step_by(11) {
        let room = room();
        room.place_with_rate(tag(1), &slots()[0], 1.0).unwrap();
        let device = room.reader_of(&slots()[0]).unwrap();
        let antennas = device.capabilities().antennas;
        let (from_reader, to_reader) = if cut % 2 == 0 { (cut, 1 << 20) } else { (1 << 20, cut) };
        let server = SimulatedLlrpReader::new(device);
        let dial = CutShort { server, from_reader, to_reader, cuts: Default::default() };
        let reader = LlrpReader::new("reader", antennas, dial);
        let mut answers = Vec::new();
        for _ in 0..12 {
            let answer = reader.inventory(request(Some(0))).await;
            if let Ok(report) = &answer {
                assert!(report.reads.iter().all(|read| read.epc == tag(1)), "cut at {cut}");
                assert_eq!(report.reads.len(), 1, "cut at {cut}: {report:?}");
            }
            answers.push(answer.map(drop).map_err(|error| error.to_string()));
            // A reader needs a moment to notice that its client went.
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        let lost = answers.iter().filter(|answer| answer.is_err()).count();
        assert!(lost <= 2 && answers.last() == Some(&Ok(())), "cut at {cut}: {answers:?}");
    }
}

#[cfg(feature = "conformance")]
mod kit {
    use archive_shelving::conformance::{ReaderRig, RigAnswer, SimulatedReaderRig, check_reader};

    use super::*;

    #[derive(Debug)]
    struct WireRig {
        inner: SimulatedReaderRig,
        server: SimulatedLlrpReader,
    }

    #[async_trait]
    impl ReaderRig for WireRig {
        async fn reset(&self) {
            self.server.set_line(true);
        }

        async fn place(&self, tag: TagEpc, aisle: AisleId) -> RigAnswer {
            self.inner.place(tag, aisle).await
        }

        async fn remove(&self, tag: TagEpc) -> RigAnswer {
            self.inner.remove(tag).await
        }

        async fn link(&self, up: bool) -> RigAnswer {
            self.server.set_line(up);
            RigAnswer::Done
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_driver_is_green() {
        let (room, server, reader) = bench();
        let rig = WireRig { inner: SimulatedReaderRig::new(room, slots()), server };
        let report = check_reader(&reader, &rig).await;
        assert!(report.is_green(), "{report}");
        assert_eq!(report.skipped().count(), 0, "{report}");
    }
}
