//! `archive prove`: the conformance kit against a device on the wire.

use std::path::PathBuf;

use archive::{Error, ErrorKind};
use archive_shelving::conformance::{NoRig, Report, check_reader, check_shelf};
use archive_shelving::dial::{SerialDial, TcpDial, UdpDial};
use archive_shelving::http_controller::HttpMap;
use archive_shelving::layout::AisleId;
use archive_shelving::llrp_reader::LlrpReader;
use archive_shelving::modbus::{Framing, ModbusMap};
use archive_shelving::polled::PolledShelf;
use archive_shelving::reading::{Antenna, AntennaPort};
use archive_shelving::udp_controller::UdpMap;
use clap::{ArgGroup, Args, Subcommand};

use super::line::{self, ParityArgument};
use super::{Outcome, output};

/// Devices that can be proven.
#[derive(Debug, Subcommand)]
pub(super) enum Prove {
    /// Prove a shelf's controller. THE CARRIAGES REALLY MOVE: keep the bank clear and stand beside the
    /// emergency stop.
    Shelf(Shelf),
    /// Prove a tag reader.
    Reader(Reader),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("line").required(true))]
pub(super) struct Shelf {
    /// A Modbus TCP controller.
    #[arg(long, value_name = "HOST:PORT", group = "line")]
    modbus: Option<String>,
    /// A Modbus RTU controller on a serial port.
    #[arg(long, value_name = "PATH", group = "line")]
    rtu: Option<PathBuf>,
    /// A UDP controller (family B).
    #[arg(long, value_name = "HOST:PORT", group = "line")]
    udp: Option<String>,
    /// An HTTP controller (family C).
    #[arg(long, value_name = "HOST:PORT", group = "line")]
    http: Option<String>,
    /// The vendor's map; without one, that of the simulated controller.
    #[arg(long, value_name = "TOML")]
    map: Option<PathBuf>,
    /// How many carriages the bank has.
    #[arg(long, value_name = "N")]
    carriages: u8,
    /// The zone of a UDP controller that is the bank.
    #[arg(long, value_name = "N", default_value_t = 1)]
    zone: u8,
    /// The speed of a serial line.
    #[arg(long, value_name = "BITS", default_value_t = 19_200)]
    baud: u32,
    /// The check bit of a serial line.
    #[arg(long, value_enum, default_value_t)]
    parity: ParityArgument,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Reader {
    /// An LLRP reader.
    #[arg(long, value_name = "HOST:PORT")]
    llrp: String,
    /// How many antennas it has; antenna n is taken to look into aisle n - 1.
    #[arg(long, value_name = "N")]
    antennas: u16,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

impl Prove {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let (report, json) = match self {
            Self::Shelf(shelf) => {
                let prove = async { Ok(check_shelf(&shelf.connect()?, &NoRig).await) };
                (line::run(prove)?, shelf.json)
            }
            Self::Reader(reader) => {
                let prove = async { Ok(check_reader(&reader.connect()?, &NoRig).await) };
                (line::run(prove)?, reader.json)
            }
        };
        print(&report, json)?;
        Ok(if report.is_green() { Outcome::Done } else { Outcome::Findings })
    }
}

fn print(report: &Report, json: bool) -> Result<(), Error> {
    if json { output::print_json(report) } else { output::print(report) }
}

impl Shelf {
    fn connect(&self) -> Result<PolledShelf, Error> {
        let aisles = u16::from(self.carriages) + 1;
        let map = self.map.as_ref();
        if let Some(address) = &self.modbus {
            let map = line::map_of(map, ModbusMap::family_a, ModbusMap::parse)?;
            let (name, dial) = (format!("bank at {address}"), TcpDial::new(address));
            return Ok(PolledShelf::over_modbus(name, aisles, map, Framing::Tcp, dial));
        }
        if let Some(path) = &self.rtu {
            let map = line::map_of(map, ModbusMap::family_a, ModbusMap::parse)?;
            let name = format!("bank at {}", path.display());
            let dial = SerialDial::new(path, self.baud, self.parity.into());
            return Ok(PolledShelf::over_modbus(name, aisles, map, Framing::Rtu, dial));
        }
        if let Some(address) = &self.udp {
            let map = line::map_of(map, UdpMap::simulated_b, UdpMap::parse)?;
            let (name, dial) = (format!("bank at {address}"), UdpDial::new(address));
            return PolledShelf::over_udp(name, self.zone, self.carriages, map, dial);
        }
        if let Some(address) = &self.http {
            let map = line::map_of(map, HttpMap::simulated_c, HttpMap::parse)?;
            let (name, dial) = (format!("bank at {address}"), TcpDial::new(address));
            return PolledShelf::over_http(name, self.carriages.into(), map, dial);
        }
        // The declarations above leave no other way.
        Err(Error::new(ErrorKind::InvalidInput, "arguments", "need --modbus, --rtu, --udp or --http"))
    }
}

impl Reader {
    fn connect(&self) -> Result<LlrpReader, Error> {
        if self.antennas == 0 {
            return Err(Error::invalid("--antennas", "is 0: a reader has one at least"));
        }
        let antenna = |n: u16| Antenna { port: AntennaPort(n), aisle: Some(AisleId(n - 1)) };
        let antennas = (1..=self.antennas).map(antenna).collect();
        Ok(LlrpReader::new(format!("reader at {}", self.llrp), antennas, TcpDial::new(&self.llrp)))
    }
}
