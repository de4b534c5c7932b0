//! What `Archive::file` costs apart from reading pages: `cargo run --release -p archive --example file_cpu`.
//!
//! Files high-voltage connections of ten documents of 200 KiB each and prints the CPU time of one, over all
//! threads, as the kernel counts it. Linux only.

use archive::devices::ByHand;
use archive::{Archive, Config, Error, FilingRequest, SubmittedDocument};
use std::sync::Arc;

const FILINGS: u32 = 300;
const KIND: [&str; 10] = [
    "application_form",
    "title_deed",
    "equipment_list",
    "business_licence",
    "site_plan",
    "design_qualification",
    "construction_qualification",
    "equipment_data",
    "grid_certificate",
    "supply_contract",
];

/// CPU time of this process in seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|f| f.parse::<f64>().ok()).unwrap_or_default();
    // The 14th and 15th field of the line, in hundredths of a second.
    (ticks(11) + ticks(12)) / 100.0
}

fn main() -> Result<(), Error> {
    let scratch = tempfile::tempdir().map_err(|e| Error::invalid("scratch directory", e.to_string()))?;
    let mut config = Config::create(&scratch.path().join("holdings"))?;
    config.reading = archive::config::Reading::Off;
    let archive = Archive::open_with(config, Arc::new(ByHand))?;
    let mut requests = Vec::new();
    for number in 0..FILINGS {
        let mut request: FilingRequest = serde_json::from_value(serde_json::json!({
            "key": format!("r-{number}"),
            "customer": { "number": format!("33{number:08}"), "name": "杭州永泰纺织有限公司", "class": "business" },
            "process": "new-connection-hv",
            "date": "2024-05-01",
            "documents": [],
        }))
        .map_err(|e| Error::invalid("request", e.to_string()))?;
        for (kind, index) in KIND.iter().zip(0_u32..) {
            let path = scratch.path().join(format!("{number}-{index}.png"));
            let mut content = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
            content.extend(
                (0..200_u32 << 10).map(|i| (i.wrapping_mul(2_654_435_761 ^ number) >> 13 ^ index) as u8),
            );
            std::fs::write(&path, content).map_err(|e| Error::io(&path, "write", e))?;
            request.documents.push(SubmittedDocument::of_type(path, kind.parse()?));
        }
        requests.push(request);
    }
    let (began, before) = (std::time::Instant::now(), cpu());
    for request in &requests {
        archive.file(request)?;
    }
    let (cpu, wall) = (cpu() - before, began.elapsed().as_secs_f64());
    let each = |seconds: f64| seconds * 1000.0 / f64::from(FILINGS);
    println!("archive file, 10 documents of 200 KiB: {:.2} ms CPU, {:.2} ms elapsed", each(cpu), each(wall));
    Ok(())
}
