//! Serves a simulated shelf over Modbus TCP and a simulated reader over LLRP, for development without
//! hardware: `simulated_devices [MODBUS_HOST:PORT [LLRP_HOST:PORT]]`, by default 127.0.0.1:1502 and :5084.
//!
//! The room has one bank of five carriages and a tagged box in every slot of its first level. Stops with
//! Ctrl-C.

use archive_shelving::epc::UserCode;
use archive_shelving::layout::BankLayout;
use archive_shelving::modbus::ModbusMap;
use archive_shelving::simulated::{SimulatedController, SimulatedLlrpReader, SimulatedRoom};
use tokio::net::TcpListener;

async fn listen(address: &str) -> Result<TcpListener, String> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| format!("{address}: cannot listen: {error}: choose another port"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let shelf_address = arguments.next().unwrap_or_else(|| "127.0.0.1:1502".to_owned());
    let reader_address = arguments.next().unwrap_or_else(|| "127.0.0.1:5084".to_owned());
    let columns = ["C1", "C2", "C3", "C4", "C5"];
    let room = SimulatedRoom::builder([BankLayout::new("HZ", "R1", "B1", columns)?]).build()?;
    let mut number = 0;
    for column in columns {
        for side in ["A", "B"] {
            for position in 1..=10 {
                number += 1;
                let slot = format!("HZ/R1/B1/{column}/{side}/1/1/{position}").parse()?;
                room.place(UserCode::new(1, number)?.to_tag(), &slot)?;
            }
        }
    }
    let slot = "HZ/R1/B1/C1/A/1/1/1".parse()?;
    let controller = SimulatedController::new(room.shelf_of(&slot)?, ModbusMap::family_a());
    let reader = SimulatedLlrpReader::new(room.reader_of(&slot)?);
    let (shelf_port, reader_port) = (listen(&shelf_address).await?, listen(&reader_address).await?);
    println!("Modbus TCP, family A, 6 aisles: {}", shelf_port.local_addr()?);
    println!("LLRP 1.0.1, 6 antennas, {number} tags: {}", reader_port.local_addr()?);
    tokio::join!(controller.listen(shelf_port), reader.listen(reader_port));
    Ok(())
}
