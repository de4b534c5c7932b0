//! Drivers and codecs of devices: LLRP decoding, what a driver adds to a bare call, how soon a stop is on the
//! wire behind a full queue, what 64 polled devices cost.
//!
//! `cargo bench -p archive-benches --bench devices` prints a table. The controllers run in a child process, so
//! that their time does not count.

use std::error::Error;
use std::io::BufRead;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use archive_benches::processor_seconds;
use archive_shelving::dial::{TcpDial, UdpDial};
use archive_shelving::http_controller::HttpMap;
use archive_shelving::layout::BankLayout;
use archive_shelving::llrp::{FrameDecoder, Message};
use archive_shelving::modbus::{Framing, ModbusMap};
use archive_shelving::motion::ShelfMotion;
use archive_shelving::polled::PolledShelf;
use archive_shelving::simulated::{
    SimulatedController, SimulatedHttpController, SimulatedRoom, SimulatedUdpController,
};
use archive_shelving::udp_controller::UdpMap;
use tokio_modbus::prelude::{Reader, Slave, tcp};

const DEVICES: usize = 64;
/// Pairs of a bare and a driven call; more than enough for a median on a busy machine.
const CALLS: usize = 20_000;
const STOPS: usize = 1_000;
const POLLED: Duration = Duration::from_secs(10);
/// Bytes to decode: a second or so.
const DECODED: usize = 256 << 20;
/// As from a socket.
const PIECE: usize = 64 << 10;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn map() -> ModbusMap {
    // Family A with a short pulse: what is measured is the driver, not the pulse.
    let text = include_str!("../../archive-shelving/src/modbus/controller_a.toml");
    let text = text.replace("pulse_ms = 100", "pulse_ms = 1");
    ModbusMap::parse("controller_a.toml", &text).expect("the shipped map is well-formed")
}

/// Serves the controllers and prints their addresses: Modbus, UDP and HTTP in turn.
async fn serve() -> Outcome<()> {
    for _ in 0..DEVICES {
        let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"])?;
        let room = SimulatedRoom::builder([bank]).build()?;
        let shelf = room.shelf_of(&"HZ/R1/B1/C2/A/1/1/1".parse()?)?;
        let modbus = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let udp = tokio::net::UdpSocket::bind("127.0.0.1:0").await?;
        let http = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}\n{}\n{}", modbus.local_addr()?, udp.local_addr()?, http.local_addr()?);
        tokio::spawn(SimulatedController::new(shelf.clone(), map()).listen(modbus));
        tokio::spawn(SimulatedUdpController::new(shelf.clone(), UdpMap::simulated_b()).listen(udp));
        tokio::spawn(SimulatedHttpController::new(shelf).listen(http));
    }
    std::future::pending().await
}

fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * share) as usize]
}

/// Megabytes a processor second.
fn decode_speed(input: &[u8]) -> Outcome<f64> {
    let mut frames = FrameDecoder::default();
    let mut message = Message::build("KEEPALIVE", 0, |_| {})?;
    let (begun, mut done, mut parameters) = (processor_seconds()?, 0, 0);
    while done < DECODED {
        for piece in input.chunks(PIECE) {
            frames.push(piece);
            while frames.next_into(&mut message)? {
                parameters += message.body().parameters().count();
            }
        }
        done += input.len();
    }
    std::hint::black_box(parameters);
    Ok(done as f64 / (processor_seconds()? - begun) / 1e6)
}

fn measure_decoding() -> Outcome<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = [
        ("dx101_a.bin", root.join("../shared/fixtures/llrp/dx101_a.bin")),
        ("dx101_a, one of each kind", root.join("archive-shelving/testdata/llrp/dx101_a_kinds.bin")),
        ("dx101_b.bin", root.join("archive-shelving/testdata/llrp/dx101_b.bin")),
    ];
    for (name, path) in files {
        match std::fs::read(path) {
            Ok(input) => println!("LLRP decode, {name}: {:.0} MB/s", decode_speed(&input)?),
            Err(error) => println!("LLRP decode, {name}: SKIPPED, {error}"),
        }
    }
    Ok(())
}

async fn measure_overhead(addresses: &[String]) -> Outcome<PolledShelf> {
    // Two registers, as the climate needs.
    let mut bare = tcp::connect_slave(addresses[0].parse()?, Slave(1)).await?;
    let shelf = modbus(&addresses[3]);
    let sensors = shelf.as_environment().ok_or("the map has sensors")?;
    let (mut plain, mut driven) = (Vec::new(), Vec::new());
    // In turn, so that both meet the same load of the machine.
    for _ in 0..CALLS {
        let begun = Instant::now();
        bare.read_holding_registers(11, 1).await??;
        bare.read_holding_registers(12, 1).await??;
        plain.push(begun.elapsed());
        let begun = Instant::now();
        sensors.climate().await?;
        driven.push(begun.elapsed());
    }
    let (p50, q50) = (percentile(&mut plain, 0.5), percentile(&mut driven, 0.5));
    println!(
        "Modbus, two registers: bare p50 {p50:?} p99 {:?}, driver p50 {q50:?} p99 {:?}: {:+.1} % at p50",
        percentile(&mut plain, 0.99),
        percentile(&mut driven, 0.99),
        (q50.as_secs_f64() / p50.as_secs_f64() - 1.0) * 100.0
    );
    Ok(shelf)
}

async fn measure_stop(shelf: &PolledShelf) -> Outcome<()> {
    let flood: Vec<_> = (0..200)
        .map(|_| {
            let shelf = shelf.clone();
            tokio::spawn(async move {
                loop {
                    let _ = shelf.state().await;
                }
            })
        })
        .collect();
    let mut stops = Vec::new();
    for _ in 0..STOPS {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let begun = Instant::now();
        shelf.stop().await?;
        stops.push(begun.elapsed());
    }
    flood.iter().for_each(|task| task.abort());
    println!(
        "stop behind 200 pollers, until it is answered: p50 {:?} p99 {:?} worst {:?}",
        percentile(&mut stops, 0.5),
        percentile(&mut stops, 0.99),
        percentile(&mut stops, 1.0)
    );
    Ok(())
}

async fn measure_polling(protocol: &str, shelves: &[PolledShelf]) -> Outcome<()> {
    for shelf in shelves {
        shelf.state().await?;
    }
    let (begun, used) = (Instant::now(), processor_seconds()?);
    let (mut polls, mut ticks) = (0, tokio::time::interval(Duration::from_millis(200)));
    while begun.elapsed() < POLLED {
        ticks.tick().await;
        for shelf in shelves {
            let shelf = shelf.clone();
            tokio::spawn(async move { shelf.state().await });
            polls += 1;
        }
    }
    let share = (processor_seconds()? - used) / begun.elapsed().as_secs_f64();
    println!("{DEVICES} devices over {protocol}, {polls} polls in 10 s: {:.1} % of a core", share * 100.0);
    Ok(())
}

fn modbus(address: &String) -> PolledShelf {
    PolledShelf::over_modbus("bank", 4, map(), Framing::Tcp, TcpDial::new(address))
}

async fn measure(addresses: &[String]) -> Outcome<()> {
    let shelf = measure_overhead(addresses).await?;
    measure_stop(&shelf).await?;
    let shelves: Vec<PolledShelf> = addresses.iter().step_by(3).map(modbus).collect();
    measure_polling("Modbus TCP", &shelves).await?;
    let over_udp = |a: &String| PolledShelf::over_udp("bank", 1, 3, UdpMap::simulated_b(), UdpDial::new(a));
    let shelves = addresses.iter().skip(1).step_by(3).map(over_udp).collect::<Result<Vec<_>, _>>()?;
    measure_polling("UDP", &shelves).await?;
    let over_http = |a: &String| PolledShelf::over_http("bank", 3, HttpMap::simulated_c(), TcpDial::new(a));
    let shelves = addresses.iter().skip(2).step_by(3).map(over_http).collect::<Result<Vec<_>, _>>()?;
    measure_polling("HTTP", &shelves).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return serve().await;
    }
    measure_decoding()?;
    let mut child = Command::new(std::env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().ok_or("the child has an output")?;
    let lines = std::io::BufReader::new(output).lines().take(3 * DEVICES);
    let addresses = lines.collect::<Result<Vec<_>, _>>()?;
    let measured = measure(&addresses).await;
    child.kill()?;
    child.wait()?;
    measured
}
