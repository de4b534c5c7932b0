//! Measures the Modbus driver on this machine: what it adds to a bare call, how soon a stop is answered
//! behind a full queue, and what 64 devices cost.
//!
//! The controllers run in a child process, so that their time does not count.

use std::io::BufRead;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use archive_shelving::dial::TcpDial;
use archive_shelving::layout::BankLayout;
use archive_shelving::modbus::{Framing, ModbusMap};
use archive_shelving::motion::ShelfMotion;
use archive_shelving::polled::PolledShelf;
use archive_shelving::simulated::{SimulatedController, SimulatedRoom};
use tokio_modbus::prelude::{Reader, Slave, tcp};

const DEVICES: usize = 64;
const CALLS: usize = 20_000;
const STOPS: usize = 1_000;

fn map() -> ModbusMap {
    // Family A with a short pulse: what is measured is the driver, not the pulse.
    let text = include_str!("../src/modbus/controller_a.toml").replace("pulse_ms = 100", "pulse_ms = 1");
    ModbusMap::parse("controller_a.toml", &text).expect("the shipped map is well-formed")
}

/// Serves the controllers and prints their addresses.
async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    for _ in 0..DEVICES {
        let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3"])?;
        let room = SimulatedRoom::builder([bank]).build()?;
        let controller = SimulatedController::new(room.shelf_of(&"HZ/R1/B1/C2/A/1/1/1".parse()?)?, map());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        tokio::spawn(controller.listen(listener));
    }
    std::future::pending().await
}

fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * share) as usize]
}

/// The processor time of this process so far, in seconds.
fn processor_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // utime and stime, in hundredths of a second on Linux.
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / 100.0)
}

async fn measure(addresses: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let connect = |address: &String| {
        PolledShelf::over_modbus("bank", 4, map(), Framing::Tcp, TcpDial::new(address.clone()))
    };
    // Two registers, as the climate needs.
    let mut bare = tcp::connect_slave(addresses[0].parse()?, Slave(1)).await?;
    let shelf = connect(&addresses[1]);
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
        "two registers: bare p50 {p50:?} p99 {:?}, driver p50 {q50:?} p99 {:?}: {:+.1}% at p50",
        percentile(&mut plain, 0.99),
        percentile(&mut driven, 0.99),
        (q50.as_secs_f64() / p50.as_secs_f64() - 1.0) * 100.0
    );

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

    let shelves: Vec<PolledShelf> = addresses.iter().map(connect).collect();
    for shelf in &shelves {
        shelf.state().await?;
    }
    let (begun, used) = (Instant::now(), processor_seconds()?);
    let mut polls = 0;
    let mut ticks = tokio::time::interval(Duration::from_millis(200));
    while begun.elapsed() < Duration::from_secs(10) {
        ticks.tick().await;
        for shelf in &shelves {
            let shelf = shelf.clone();
            tokio::spawn(async move { shelf.state().await });
            polls += 1;
        }
    }
    let share = (processor_seconds()? - used) / begun.elapsed().as_secs_f64();
    println!("{DEVICES} devices, {polls} polls in 10 s: {:.1}% of a core", share * 100.0);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return serve().await;
    }
    let mut child = Command::new(std::env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().ok_or("the child has an output")?;
    let addresses = std::io::BufReader::new(output).lines().take(DEVICES).collect::<Result<Vec<_>, _>>()?;
    let measured = measure(&addresses).await;
    child.kill()?;
    child.wait()?;
    measured
}
