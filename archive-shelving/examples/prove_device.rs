//! Runs the conformance kit against a device on the wire, without a rig.
//!
//! - `prove_device modbus MAP.toml HOST:PORT AISLES`: **the carriages really move.** Keep the bank clear and
//!   stand beside the emergency stop.
//! - `prove_device llrp HOST:PORT ANTENNAS`: antenna n is taken to look into aisle n − 1.
//!
//! Ends with status 0 where the report is green, 1 where it is not, 2 where the arguments are wrong.

use std::process::ExitCode;

use archive_shelving::conformance::{NoRig, Report, check_reader, check_shelf};
use archive_shelving::dial::TcpDial;
use archive_shelving::layout::AisleId;
use archive_shelving::llrp_reader::LlrpReader;
use archive_shelving::modbus::{Framing, ModbusMap};
use archive_shelving::polled::PolledShelf;
use archive_shelving::reading::{Antenna, AntennaPort};

const USAGE: &str =
    "usage: prove_device modbus MAP.toml HOST:PORT AISLES | prove_device llrp HOST:PORT ANTENNAS";

async fn prove(arguments: &[&str]) -> Result<Report, Box<dyn std::error::Error>> {
    match arguments {
        ["modbus", path, address, aisles] => {
            let text =
                std::fs::read_to_string(path).map_err(|error| format!("{path}: cannot read: {error}"))?;
            let map = ModbusMap::parse(path, &text)?;
            let aisles = aisles.parse().map_err(|_| format!("{aisles} is no number of aisles"))?;
            let shelf = PolledShelf::over_modbus(
                format!("bank at {address}"),
                aisles,
                map,
                Framing::Tcp,
                TcpDial::new(*address),
            );
            Ok(check_shelf(&shelf, &NoRig).await)
        }
        ["llrp", address, antennas] => {
            let count: u16 = antennas.parse().map_err(|_| format!("{antennas} is no number of antennas"))?;
            let antenna = |n: u16| Antenna { port: AntennaPort(n), aisle: Some(AisleId(n - 1)) };
            let antennas = (1..=count).map(antenna).collect();
            let reader = LlrpReader::new(format!("reader at {address}"), antennas, TcpDial::new(*address));
            Ok(check_reader(&reader, &NoRig).await)
        }
        _ => Err(USAGE.into()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match prove(&arguments).await {
        Ok(report) => {
            println!("{report}");
            if report.is_green() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
