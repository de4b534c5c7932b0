//! `archive simulate`: shelves and readers on the wire, without hardware.

use std::path::{Path, PathBuf};

use archive::{Archive, Config, Error, ErrorKind};
use archive_core::holding::{SlotAddress, TagEpc};
use archive_shelving::dial::{Dial, SerialDial};
use archive_shelving::epc::UserCode;
use archive_shelving::http_controller::HttpMap;
use archive_shelving::layout::{BankLayout, BankName};
use archive_shelving::modbus::ModbusMap;
use archive_shelving::simulated::{
    Physics, Radio, ReadRates, SimulatedController, SimulatedHttpController, SimulatedLlrpReader,
    SimulatedRoom, SimulatedUdpController,
};
use archive_shelving::udp_controller::UdpMap;
use archive_store::SlotFilter;
use clap::{ArgGroup, Args, Subcommand};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

use super::line::{self, ParityArgument};
use super::{Outcome, output};

/// Devices that can be simulated; each serves until it is interrupted.
#[derive(Debug, Subcommand)]
pub(super) enum Simulate {
    /// A bank of mobile shelving behind a controller, and its reader where --llrp is given.
    Shelf(Shelf),
    /// A tag reader in front of a bank whose aisles all stand open.
    Reader(Reader),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("line").required(true).multiple(true))]
pub(super) struct Shelf {
    /// Serve Modbus TCP here; port 0 takes a free one.
    #[arg(long, value_name = "HOST:PORT", group = "line")]
    modbus: Option<String>,
    /// Serve Modbus RTU on this serial port.
    #[arg(long, value_name = "PATH", group = "line")]
    rtu: Option<PathBuf>,
    /// Serve UDP frames (family B) here.
    #[arg(long, value_name = "HOST:PORT", group = "line")]
    udp: Option<String>,
    /// Serve HTTP (family C) here.
    #[arg(long, value_name = "HOST:PORT", group = "line")]
    http: Option<String>,
    /// Serve the bank's reader by LLRP here.
    #[arg(long, value_name = "HOST:PORT")]
    llrp: Option<String>,
    /// The map that the Modbus controller understands; the shipped one of family A where absent.
    #[arg(long, value_name = "TOML")]
    map: Option<PathBuf>,
    /// The speed of the serial line.
    #[arg(long, value_name = "BITS", default_value_t = 19_200)]
    baud: u32,
    /// The check bit of the serial line.
    #[arg(long, value_enum, default_value_t)]
    parity: ParityArgument,
    /// Move so many times faster than life.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    hasten: f64,
    /// Harm so large a share of all answers: loss, delay, doubling, reordering, wrong numbers, resets.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    faults: f64,
    #[command(flatten)]
    room: Room,
}

#[derive(Debug, Args)]
pub(super) struct Reader {
    /// Serve LLRP here; port 0 takes a free one.
    #[arg(long, value_name = "HOST:PORT")]
    llrp: String,
    #[command(flatten)]
    room: Room,
}

/// The bank and the tags in it.
#[derive(Debug, Args)]
struct Room {
    /// An archive whose catalogue says which boxes stand where; without one, a bank of its own with a tag
    /// every few slots.
    #[arg(long = "archive", value_name = "DIR")]
    archive: Option<PathBuf>,
    /// Which bank of the catalogue; needed where it has several.
    #[arg(long, value_name = "SITE/ROOM/BANK", requires = "archive")]
    bank: Option<String>,
    /// How many carriages a bank of its own has.
    #[arg(long, value_name = "N", default_value_t = 5, conflicts_with = "archive",
          value_parser = clap::value_parser!(u16).range(1..=200))]
    carriages: u16,
    /// How likely a round reads a tag, the same for all; where absent, each tag has a rate of its own, drawn
    /// from Beta(1.3, 0.7).
    #[arg(long, value_name = "RATE")]
    rate: Option<f64>,
    /// A CSV table with columns `tag` and `rate`, for tags with rates of their own.
    #[arg(long, value_name = "CSV")]
    rates: Option<PathBuf>,
    /// Another seed gives other reads and faults.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl Simulate {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Shelf(shelf) => shelf.run(),
            Self::Reader(reader) => reader.run(),
        }
    }
}

impl Shelf {
    fn run(&self) -> Result<Outcome, Error> {
        if !(0.0..=1.0).contains(&self.faults) {
            return Err(Error::invalid("--faults", format!("is {}, not 0 to 1", self.faults)));
        }
        let map = line::map_of(self.map.as_ref(), ModbusMap::family_a, ModbusMap::parse)?;
        let physics = Physics::default().hastened(self.hasten);
        let (room, slot) = self.room.build(physics, Radio::default())?;
        let shelf = room.shelf_of(&slot)?;
        line::run(async {
            let mut served = JoinSet::new();
            if let Some(address) = &self.modbus {
                let controller = SimulatedController::new(shelf.clone(), map.clone());
                controller.harm(self.faults, self.room.seed);
                let listener = listen(address).await?;
                announce("Modbus TCP", &map.title(), &local(&listener)?)?;
                served.spawn(async move { match controller.listen(listener).await {} });
            }
            if let Some(path) = &self.rtu {
                let controller = SimulatedController::new(shelf.clone(), map.clone());
                controller.harm(self.faults, self.room.seed);
                let dial = SerialDial::new(path, self.baud, self.parity.into());
                let object = path.display().to_string();
                let port = dial.dial().await.map_err(|error| {
                    let message = "cannot be opened: check the path, the rights and who else uses it";
                    Error::new(ErrorKind::Unavailable, &object, message).with_source(error)
                })?;
                announce("Modbus RTU", &map.title(), &object)?;
                served.spawn(async move {
                    let ended = controller.serve_rtu(port).await;
                    let message = "the serial line ended: plug it in again and start anew";
                    let gone = Error::new(ErrorKind::Unavailable, object, message);
                    Err(match ended {
                        Ok(()) => gone,
                        Err(error) => gone.with_source(error),
                    })
                });
            }
            if let Some(address) = &self.udp {
                let map = UdpMap::simulated_b();
                let controller = SimulatedUdpController::new(shelf.clone(), map.clone());
                controller.harm(self.faults, self.room.seed);
                let socket = UdpSocket::bind(address).await.map_err(|error| cannot_listen(address, error))?;
                let zone = SimulatedUdpController::ZONE;
                let bound = socket.local_addr().map_err(|error| cannot_listen(address, error))?;
                announce("UDP", &format!("{}, zone {zone}", map.title()), &bound.to_string())?;
                let address = address.clone();
                served.spawn(async move {
                    controller.listen(socket).await.map_err(|error| cannot_listen(&address, error))
                });
            }
            if let Some(address) = &self.http {
                let controller = SimulatedHttpController::new(shelf.clone());
                controller.harm(self.faults, self.room.seed);
                let listener = listen(address).await?;
                announce("HTTP", &HttpMap::simulated_c().title(), &local(&listener)?)?;
                served.spawn(async move { match controller.listen(listener).await {} });
            }
            if let Some(address) = &self.llrp {
                let reader = serve_reader(&room, &slot, address, &mut served).await?;
                reader.harm(self.faults, self.room.seed);
            }
            until_one_ends(served).await
        })
    }
}

impl Reader {
    fn run(&self) -> Result<Outcome, Error> {
        let radio = Radio { closed: 1.0, ..Radio::default() };
        let (room, slot) = self.room.build(Physics::default(), radio)?;
        line::run(async {
            let mut served = JoinSet::new();
            serve_reader(&room, &slot, &self.llrp, &mut served).await?;
            until_one_ends(served).await
        })
    }
}

async fn serve_reader(
    room: &SimulatedRoom,
    slot: &SlotAddress,
    address: &str,
    served: &mut JoinSet<Result<(), Error>>,
) -> Result<SimulatedLlrpReader, Error> {
    let reader = SimulatedLlrpReader::new(room.reader_of(slot)?);
    let listener = listen(address).await?;
    announce("LLRP", &format!("{} antennas", room.aisles(slot)?), &local(&listener)?)?;
    let serving = reader.clone();
    served.spawn(async move { match serving.listen(listener).await {} });
    Ok(reader)
}

/// Serves until something ends, or somebody interrupts.
async fn until_one_ends(mut served: JoinSet<Result<(), Error>>) -> Result<Outcome, Error> {
    match served.join_next().await {
        Some(Ok(ended)) => ended.map(|()| Outcome::Done),
        _ => Err(Error::new(ErrorKind::Internal, "simulated devices", "ended by themselves")),
    }
}

fn announce(protocol: &str, what: &str, address: &str) -> Result<(), Error> {
    output::print(format_args!("{protocol} ({what}): {address}"))
}

async fn listen(address: &str) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|error| cannot_listen(address, error))
}

fn local(listener: &TcpListener) -> Result<String, Error> {
    listener.local_addr().map(|address| address.to_string()).map_err(|error| cannot_listen("listener", error))
}

fn cannot_listen(address: &str, error: std::io::Error) -> Error {
    let message = "cannot listen: is the port in use? Choose another, or end what uses it";
    Error::new(ErrorKind::Unavailable, address, message).with_source(error)
}

impl Room {
    /// The room, and a slot of the bank that is served.
    fn build(&self, physics: Physics, radio: Radio) -> Result<(SimulatedRoom, SlotAddress), Error> {
        let rates = self.rate.map_or(radio.rates, ReadRates::Fixed);
        let (slots, tags) = match &self.archive {
            Some(directory) => self.of_catalogue(directory)?,
            None => self.of_its_own()?,
        };
        let builder = SimulatedRoom::builder(BankLayout::of_slots(&slots)?);
        let room = builder.physics(physics).radio(Radio { rates, ..radio }).seed(self.seed).build()?;
        for (tag, slot) in &tags {
            room.place(*tag, slot)?;
        }
        if let Some(path) = &self.rates {
            set_rates(&room, path)?;
        }
        output::print(format_args!("{} tags in bank {}", tags.len(), BankName::of(&slots[0])))?;
        Ok((room, slots[0].clone()))
    }

    /// The slots of one bank of a catalogue, and the tags of the boxes that stand in them.
    fn of_catalogue(&self, directory: &Path) -> Result<Population, Error> {
        // Closed again at once: whoever files meanwhile needs the catalogue.
        let archive = Archive::open(Config::load(directory)?)?;
        let slots = archive.catalogue().slots(&SlotFilter::default())?;
        let mut slots: Vec<SlotAddress> = slots.into_iter().map(|status| status.slot.address).collect();
        let mut banks: Vec<BankName> = slots.iter().map(BankName::of).collect();
        banks.sort_unstable();
        banks.dedup();
        let names = banks.iter().map(BankName::as_str).collect::<Vec<_>>().join(", ");
        let bank = match (&self.bank, banks.as_slice()) {
            (Some(name), _) => banks.iter().find(|bank| bank.as_str() == name).ok_or_else(|| {
                let message = format!("is not in the catalogue, which has {names}");
                Error::new(ErrorKind::NotFound, format!("bank {name}"), message)
            })?,
            (None, [bank]) => bank,
            (None, _) => {
                return Err(Error::invalid("--bank", format!("is needed to choose between {names}")));
            }
        };
        slots.retain(|slot| BankName::of(slot) == *bank);
        let mut tags = archive.standing_tags()?;
        tags.retain(|(_, slot)| BankName::of(slot) == *bank);
        Ok((slots, tags))
    }

    fn of_its_own(&self) -> Result<Population, Error> {
        let mut tags = Vec::new();
        for carriage in 1..=self.carriages {
            for side in ["A", "B"] {
                for position in 1..=10 {
                    let slot: SlotAddress =
                        format!("HZ/R1/B1/C{carriage:02}/{side}/1/1/{position}").parse()?;
                    let number = tags.len() as u64 + 1;
                    tags.push((UserCode::new(1, number)?.to_tag(), slot));
                }
            }
        }
        Ok((tags.iter().map(|(_, slot)| slot.clone()).collect(), tags))
    }
}

/// The slots of a bank, one at least, and the tags in them.
type Population = (Vec<SlotAddress>, Vec<(TagEpc, SlotAddress)>);

/// Gives tags the rates that a table names.
fn set_rates(room: &SimulatedRoom, path: &Path) -> Result<(), Error> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Row {
        tag: String,
        rate: f64,
    }
    let mut table = csv::Reader::from_path(path).map_err(|error| {
        Error::new(ErrorKind::Unavailable, path.display().to_string(), "cannot be read").with_source(error)
    })?;
    for (number, row) in table.deserialize::<Row>().enumerate() {
        let object = format!("{} row {}", path.display(), number + 1);
        let row = row.map_err(|error| Error::invalid(&object, "has no tag and rate").with_source(error))?;
        let tag: TagEpc = row.tag.parse()?;
        let slot = room.slot_of(tag).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, object, format!("names tag {tag}, which is not in the bank"))
        })?;
        room.place_with_rate(tag, &slot, row.rate)?;
    }
    Ok(())
}
