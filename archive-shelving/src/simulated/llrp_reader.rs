//! A reader that speaks LLRP 1.0.1 in front of a simulated room, on the wire or in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use archive_core::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::line::{Line, MemoryDial, Served, listen};
use super::reader::SimulatedReader;
use super::wire_fault::{Harm, HarmedSender, WireFault};
use crate::device_error::DeviceError;
use crate::dial::{Dial, Link};
use crate::llrp::{ElementBuilder, FrameDecoder, Message};
use crate::reading::{AntennaPort, InventoryReport, InventoryRequest, TagInventory, TagRead};

/// An LLRP reader: one client, reader operations of inventories, reports, keep-alives.
#[derive(Debug, Clone)]
pub struct SimulatedLlrpReader(Arc<Device>);

#[derive(Debug)]
struct Device {
    reader: SimulatedReader,
    line: Line,
    harm: Harm,
    busy: AtomicBool,
}

const SUCCESS: u64 = 0;
const FIELD_ERROR: u64 = 101;
const UNSUPPORTED_MESSAGE: u64 = 109;
const UNSUPPORTED_VERSION: u64 = 110;
/// How long an operation without a stop trigger reads before it reports.
const SLICE: Duration = Duration::from_millis(200);

type Running = Pin<Box<dyn Future<Output = Result<InventoryReport, DeviceError>> + Send>>;

/// What one client has set up.
struct Client<'a, S> {
    device: &'a Device,
    stream: &'a mut S,
    sender: HarmedSender,
    next_id: u32,
    operations: BTreeMap<u32, Operation>,
    running: Option<(u32, Running)>,
    keepalive: Option<Duration>,
    next_keepalive: Instant,
    clock: Instant,
}

#[derive(Debug, Clone)]
struct Operation {
    message: Message,
    enabled: bool,
}

impl SimulatedLlrpReader {
    /// A reader with the antennas and the room of `reader`.
    #[must_use]
    pub fn new(reader: SimulatedReader) -> Self {
        Self(Arc::new(Device { reader, line: Line::new(), harm: Harm::none(), busy: AtomicBool::new(false) }))
    }

    /// Cuts or mends the line: open connections end, and nobody gets through.
    pub fn set_line(&self, up: bool) {
        self.0.line.set(up);
    }

    /// Queues a fault for the next message.
    pub fn inject(&self, fault: WireFault) {
        self.0.harm.inject(fault);
    }

    /// Harms so large a share of all messages by chance, with all faults.
    pub fn harm(&self, share: f64, seed: u64) {
        self.0.harm.set(share, seed);
    }

    /// Dials this reader in memory; needs a runtime when it is used.
    #[must_use]
    pub fn dial(&self) -> impl Dial + use<> {
        MemoryDial(self.clone())
    }

    /// Serves every connection of `listener`, one client at a time, for ever.
    pub async fn listen(self, listener: TcpListener) -> Infallible {
        listen(self, listener).await
    }

    /// Serves one connection until it ends; a second client is told so and let go.
    ///
    /// # Errors
    /// `InvalidData` where the client sends no LLRP, `ConnectionReset` where the line is cut, and the
    /// stream's.
    pub async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin + Send) -> io::Result<()> {
        let taken = self.0.busy.swap(true, Ordering::Relaxed);
        let clock = Instant::now();
        let mut client = Client {
            device: &self.0,
            stream: &mut stream,
            sender: HarmedSender::default(),
            next_id: 1,
            operations: BTreeMap::new(),
            running: None,
            keepalive: None,
            next_keepalive: clock,
            clock,
        };
        if taken {
            return client.greet(2).await;
        }
        let served = self.0.line.guard(client.run()).await;
        self.0.busy.store(false, Ordering::Relaxed);
        served
    }
}

fn broken(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

fn status(element: &mut ElementBuilder, code: u64) {
    element.add("LLRPStatus", |p| {
        p.set("StatusCode", code);
    });
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Client<'_, S> {
    async fn run(&mut self) -> io::Result<()> {
        self.greet(SUCCESS).await?;
        let mut frames = FrameDecoder::default();
        let mut bytes = [0; 4096];
        loop {
            while let Some(message) = frames.next_message().map_err(broken)? {
                if !self.answer(message).await? {
                    return Ok(());
                }
            }
            let next_keepalive = self.keepalive.map(|_| self.next_keepalive);
            tokio::select! {
                read = self.stream.read(&mut bytes) => match read? {
                    0 => return Ok(()),
                    count => frames.push(&bytes[..count]),
                },
                ended = finished(&mut self.running) => self.report(ended).await?,
                () = until(next_keepalive) => {
                    let id = self.fresh_id();
                    self.send(Message::build("KEEPALIVE", id, |_| {})).await?;
                    self.next_keepalive = Instant::now() + self.keepalive.unwrap_or(SLICE);
                }
            }
        }
    }

    fn fresh_id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }

    /// The reader's clock, in microseconds since the connection.
    fn now(&self) -> u64 {
        self.clock.elapsed().as_micros() as u64
    }

    async fn send(&mut self, message: Result<Message, Error>) -> io::Result<()> {
        /// The last byte of a message's id.
        const NUMBER: usize = 9;
        let message = message.map_err(broken)?.encode();
        self.sender.send(self.stream, message, NUMBER, self.device.harm.next(false)).await
    }

    async fn event(&mut self, name: &str, fill: impl FnOnce(&mut ElementBuilder)) -> io::Result<()> {
        let (id, now) = (self.fresh_id(), self.now());
        let message = Message::build("READER_EVENT_NOTIFICATION", id, |m| {
            m.add("ReaderEventNotificationData", |data| {
                data.add("UTCTimestamp", |p| {
                    p.set("Microseconds", now);
                });
                data.add(name, fill);
            });
        });
        self.send(message).await
    }

    async fn greet(&mut self, outcome: u64) -> io::Result<()> {
        self.event("ConnectionAttemptEvent", |p| {
            p.set("Status", outcome);
        })
        .await
    }

    async fn rospec_event(&mut self, rospec: u32, event: u64) -> io::Result<()> {
        self.event("ROSpecEvent", |p| {
            p.set("EventType", event).set("ROSpecID", rospec.into());
        })
        .await
    }

    /// Answers a message; `false` where the connection is to be closed.
    async fn answer(&mut self, message: Message) -> io::Result<bool> {
        let (id, name) = (message.id(), message.name());
        let rospec = message.body().number("ROSpecID").and_then(|n| u32::try_from(n).ok());
        if name.starts_with("GET_SUPPORTED_VERSION") || name.starts_with("SET_PROTOCOL_VERSION") {
            self.send(Message::build("ERROR_MESSAGE", id, |m| status(m, UNSUPPORTED_VERSION))).await?;
            return Ok(true);
        }
        let code = match name {
            "KEEPALIVE_ACK" | "ENABLE_EVENTS_AND_REPORTS" | "GET_REPORT" => return Ok(true),
            "GET_READER_CAPABILITIES" => {
                self.send(self.capabilities(id)).await?;
                return Ok(true);
            }
            "GET_ROSPECS" => {
                self.send(self.listing(id)).await?;
                return Ok(true);
            }
            // It keeps no access operations, so that deleting and listing them is done at once.
            "GET_READER_CONFIG" | "DELETE_ACCESSSPEC" | "GET_ACCESSSPECS" => SUCCESS,
            "SET_READER_CONFIG" => {
                self.configure(&message);
                SUCCESS
            }
            "ADD_ROSPEC" => self.add(message),
            "DELETE_ROSPEC" => self.delete(rospec.unwrap_or_default()),
            "ENABLE_ROSPEC" | "DISABLE_ROSPEC" => {
                self.enable(rospec.unwrap_or_default(), name == "ENABLE_ROSPEC")
            }
            "START_ROSPEC" | "STOP_ROSPEC" | "CLOSE_CONNECTION" => SUCCESS,
            _ => {
                self.send(Message::build("ERROR_MESSAGE", id, |m| status(m, UNSUPPORTED_MESSAGE))).await?;
                return Ok(true);
            }
        };
        let rospec = rospec.unwrap_or_default();
        let startable = self.operations.get(&rospec).is_some_and(|o| o.enabled) && self.running.is_none();
        let code = if name == "START_ROSPEC" && !startable { FIELD_ERROR } else { code };
        self.send(Message::build(&format!("{name}_RESPONSE"), id, |m| status(m, code))).await?;
        let immediate = name == "ENABLE_ROSPEC" && startable && self.starts_at_once(rospec);
        if code == SUCCESS && (name == "START_ROSPEC" || immediate) {
            self.begin(rospec).await?;
        }
        if name == "STOP_ROSPEC" && self.running.as_ref().is_some_and(|(id, _)| *id == rospec) {
            self.running = None;
            self.rospec_event(rospec, 1).await?;
        }
        Ok(name != "CLOSE_CONNECTION")
    }

    fn capabilities(&self, id: u32) -> Result<Message, Error> {
        let antennas = self.device.reader.capabilities().antennas;
        Message::build("GET_READER_CAPABILITIES_RESPONSE", id, |m| {
            status(m, SUCCESS);
            m.add("GeneralDeviceCapabilities", |p| {
                p.set("MaxNumberOfAntennaSupported", antennas.len() as u64).set("HasUTCClockCapability", 1);
                p.set_bytes("ReaderFirmwareVersion", b"simulated");
                p.add("ReceiveSensitivityTableEntry", |_| {}).add("GPIOCapabilities", |_| {});
                for antenna in &antennas {
                    p.add("PerAntennaAirProtocol", |p| {
                        p.set("AntennaID", antenna.port.0.into()).set_bytes("ProtocolID", &[1]);
                    });
                }
            });
            m.add("LLRPCapabilities", |p| {
                p.set("MaxNumROSpecs", 16).set("MaxNumSpecsPerROSpec", 1);
                p.set("MaxNumInventoryParameterSpecsPerAISpec", 1);
            });
            m.add("RegulatoryCapabilities", |p| {
                p.set("CountryCode", 156).add("UHFBandCapabilities", |band| {
                    band.add("TransmitPowerLevelTableEntry", |p| {
                        p.set("Index", 1).set_signed("TransmitPowerValue", 3000);
                    });
                    band.add("FrequencyInformation", |p| {
                        p.add("FixedFrequencyTable", |p| {
                            p.set_bytes("Frequency", &922_625_u32.to_be_bytes());
                        });
                    });
                    band.add("C1G2UHFRFModeTable", |table| {
                        table.add("C1G2UHFRFModeTableEntry", |_| {});
                    });
                });
            });
            m.add("C1G2LLRPCapabilities", |_| {});
        })
    }

    /// The operations as they were added.
    fn listing(&self, id: u32) -> Result<Message, Error> {
        let listed = Message::build("GET_ROSPECS_RESPONSE", id, |m| status(m, SUCCESS))?;
        Ok(self.operations.values().fold(listed, |all, operation| all.with_parameters_of(&operation.message)))
    }

    fn configure(&mut self, message: &Message) {
        let Some(spec) = message.body().parameter("KeepaliveSpec") else { return };
        let period = spec.number("PeriodicTriggerValue").unwrap_or_default().max(1);
        let periodic = spec.number("KeepaliveTriggerType") == Some(1);
        self.keepalive = periodic.then(|| Duration::from_millis(period));
        self.next_keepalive = Instant::now() + Duration::from_millis(period);
    }

    fn add(&mut self, message: Message) -> u64 {
        let spec = message.body().parameter("ROSpec");
        let Some(id) = spec.and_then(|s| s.number("ROSpecID")).and_then(|n| u32::try_from(n).ok()) else {
            return FIELD_ERROR;
        };
        if id == 0 || self.operations.contains_key(&id) || self.operations.len() == 16 {
            return FIELD_ERROR;
        }
        self.operations.insert(id, Operation { message, enabled: false });
        SUCCESS
    }

    /// Deletes one operation, or all of them for 0.
    fn delete(&mut self, rospec: u32) -> u64 {
        if rospec != 0 && self.operations.remove(&rospec).is_none() {
            return FIELD_ERROR;
        }
        if rospec == 0 {
            self.operations.clear();
        }
        self.running.take_if(|(id, _)| rospec == 0 || *id == rospec);
        SUCCESS
    }

    fn enable(&mut self, rospec: u32, on: bool) -> u64 {
        match self.operations.get_mut(&rospec) {
            Some(operation) => {
                operation.enabled = on;
                if !on {
                    self.running.take_if(|(id, _)| *id == rospec);
                }
                SUCCESS
            }
            None => FIELD_ERROR,
        }
    }

    fn starts_at_once(&self, rospec: u32) -> bool {
        let trigger = |operation: &Operation| {
            let boundary = operation.message.body().parameter("ROSpec")?.parameter("ROBoundarySpec")?;
            boundary.parameter("ROSpecStartTrigger")?.number("ROSpecStartTriggerType")
        };
        self.operations.get(&rospec).and_then(trigger) == Some(1)
    }

    async fn begin(&mut self, rospec: u32) -> io::Result<()> {
        self.start_reading(rospec);
        self.rospec_event(rospec, 0).await
    }

    fn start_reading(&mut self, rospec: u32) {
        let Some(operation) = self.operations.get(&rospec) else { return };
        let duration = stop_after(&operation.message).unwrap_or(SLICE);
        let reader = self.device.reader.clone();
        let reading = async move { reader.inventory(InventoryRequest { aisle: None, duration }).await };
        self.running = Some((rospec, Box::pin(reading)));
    }

    /// Sends what an operation read, and its end where it has one.
    async fn report(&mut self, ended: (u32, Result<InventoryReport, DeviceError>)) -> io::Result<()> {
        let (rospec, report) = ended;
        let Some(operation) = self.operations.get(&rospec).cloned() else { return Ok(()) };
        // A bank that cannot be read gives no reads, as an antenna without a cable.
        let (reads, lasted) = report.map(|report| (report.reads, report.lasted)).unwrap_or_default();
        let ports = antenna_ports(&operation.message);
        let asked = |read: &&TagRead| ports.contains(&0) || ports.contains(&read.antenna.0);
        let wanted: Vec<&TagRead> = reads.iter().filter(asked).collect();
        let begun = self.now().saturating_sub(lasted.as_micros() as u64);
        for some in wanted.chunks(100) {
            let id = self.fresh_id();
            let message = Message::build("RO_ACCESS_REPORT", id, |m| {
                for read in some {
                    add_read(m, rospec, read, begun);
                }
            });
            self.send(message).await?;
        }
        if stop_after(&operation.message).is_some() {
            return self.rospec_event(rospec, 1).await;
        }
        self.start_reading(rospec);
        Ok(())
    }
}

fn add_read(report: &mut ElementBuilder, rospec: u32, read: &TagRead, begun: u64) {
    let AntennaPort(port) = read.antenna;
    report.add("TagReportData", |p| {
        p.add("EPC_96", |p| {
            p.set_bytes("EPC", &read.epc.0);
        });
        p.add("ROSpecID", |p| {
            p.set("ROSpecID", rospec.into());
        });
        p.add("AntennaID", |p| {
            p.set("AntennaID", port.into());
        });
        if let Some(rssi) = read.rssi {
            p.add("PeakRSSI", |p| {
                p.set_signed("PeakRSSI", rssi.0.clamp(-128, 127).into());
            });
        }
        p.add("FirstSeenTimestampUTC", |p| {
            p.set("Microseconds", begun + read.at.unwrap_or_default().as_micros() as u64);
        });
        p.add("TagSeenCount", |p| {
            p.set("TagCount", read.count.into());
        });
    });
}

/// How long an operation reads, where it has a duration.
fn stop_after(operation: &Message) -> Option<Duration> {
    let trigger =
        operation.body().parameter("ROSpec")?.parameter("AISpec")?.parameter("AISpecStopTrigger")?;
    let milliseconds = trigger.number("DurationTrigger")?.clamp(1, 600_000);
    (trigger.number("AISpecStopTriggerType") == Some(1)).then(|| Duration::from_millis(milliseconds))
}

fn antenna_ports(operation: &Message) -> Vec<u16> {
    let spec = operation.body().parameter("ROSpec").and_then(|spec| spec.parameter("AISpec"));
    let bytes = spec.and_then(|spec| spec.bytes("AntennaIDs")).unwrap_or_default();
    bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

/// The running operation's end; pends for ever where none runs.
async fn finished(running: &mut Option<(u32, Running)>) -> (u32, Result<InventoryReport, DeviceError>) {
    match running {
        Some((rospec, reading)) => {
            let (rospec, report) = (*rospec, reading.await);
            *running = None;
            (rospec, report)
        }
        None => std::future::pending().await,
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

impl Served for SimulatedLlrpReader {
    fn line(&self) -> &Line {
        &self.0.line
    }

    async fn serve_link(self, link: Box<dyn Link>) -> io::Result<()> {
        self.serve(link).await
    }
}
