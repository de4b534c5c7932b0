//! How long opening, finding and searching take in a large catalogue, and how much memory.
//!
//! `cargo bench -p archive-benches --bench store_at_scale -- fill CATALOGUE RECORDS`, then
//! `… -- measure CATALOGUE`. Names and addresses are made up from a few hundred characters, so that
//! every pair of them is frequent.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use archive_core::holding::{BoxKey, Retention};
use archive_core::policy::PolicyVersion;
use archive_core::record::{Carrier, Digest, Document};
use archive_core::units::Pages;
use archive_store::{Catalogue, Custody, Draw, FilingEntry, Locator, Search, SqliteCatalogue};

const CITIES: [&str; 8] = ["杭州市", "宁波市", "温州市", "嘉兴市", "湖州市", "绍兴市", "金华市", "台州市"];
const STREETS: &str = "文一二三西湖东南北中山河江海林松竹梅兰菊春夏秋冬平安和顺康宁福禄寿喜";
const NAMES: &str =
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英华玉红";
const TRADES: [&str; 6] = ["纺织", "机械", "食品", "电子", "物流", "印染"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["fill", path, records] => fill(Path::new(path), records.parse()?),
        ["measure", path] => measure(Path::new(path)),
        // Without arguments, as when all benches run: small, and away afterwards.
        [] => {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("catalogue.db");
            fill(&path, 20_000)?;
            measure(&path)
        }
        _ => Err("usage: store_at_scale fill CATALOGUE RECORDS | store_at_scale measure CATALOGUE".into()),
    }
}

/// Made-up text that is the same in every run.
fn pick(text: &str, seed: u64) -> char {
    let chars: Vec<char> = text.chars().collect();
    chars[(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as usize % chars.len()]
}

fn entry(n: u64) -> Result<FilingEntry, archive_core::Error> {
    let city = CITIES[(n * 7 % 8) as usize];
    let street: String = (0..2).map(|k| pick(STREETS, n * 3 + k)).collect();
    let name: String = (0..3).map(|k| pick(NAMES, n * 5 + k)).collect();
    let trade = TRADES[(n * 11 % 6) as usize];
    let address = format!("{city}{street}路{}号", n % 999 + 1);
    let readings = serde_json::json!({
        "customer_name": format!("{city}{name}{trade}有限公司"), "supply_address": address,
        "contract_capacity_kva": 50 + n % 40 * 10,
    });
    Ok(FilingEntry {
        request: format!("r{n}").parse()?,
        digest: Digest([1; 32]),
        when: chrono::Utc::now(),
        expires: None,
        customer: format!("33{n:08}").parse()?,
        process: "new-connection-lv".parse()?,
        system_record: format!("order {n}").parse()?,
        key: BoxKey {
            fonds: "Z109".parse()?,
            year: 2015 + (n / 7 % 10) as u16,
            retention: Retention::D30,
            organisation: "YX".parse()?,
        },
        policy: PolicyVersion { name: "example".into(), version: "1".into() },
        number: Draw::new("KH-D30-YX", 1, 99_999_999, |n| format!("Z109-KH-D30-YX-{n:08}").parse()),
        documents: vec![Document {
            id: format!("r{n}/contract").parse()?,
            document_type: Some("supply_contract".parse()?),
            carrier: Carrier::Electronic,
            pages: Pages(4),
            date: None,
            digest: Digest([2; 32]),
            path: "contract.jpg".into(),
        }],
        readings: readings.to_string(),
        findings: "[]".into(),
        custody: Custody::Electronic,
        joins: None,
    })
}

fn fill(path: &Path, records: u64) -> Result<(), Box<dyn Error>> {
    let catalogue = SqliteCatalogue::open(path)?;
    let start = Instant::now();
    for part in 0..records.div_ceil(10_000) {
        let numbers = part * 10_000..records.min((part + 1) * 10_000);
        catalogue.file_batch(numbers.map(entry).collect::<Result<_, _>>()?)?;
    }
    let rate = records as f64 / start.elapsed().as_secs_f64();
    println!("{records} records filed at {rate:.0}/s, {} MB", path.metadata()?.len() / 1_000_000);
    Ok(())
}

/// The longest and the middle of 20 runs.
fn timed(
    mut run: impl FnMut() -> Result<usize, archive_core::Error>,
) -> Result<(usize, Duration, Duration), Box<dyn Error>> {
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..20 {
        let start = Instant::now();
        found = run()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok((found, times[10], times[19]))
}

fn measure(path: &Path) -> Result<(), Box<dyn Error>> {
    let (_, middle, worst) = timed(|| SqliteCatalogue::open(path).map(|_| 0))?;
    println!("open: {middle:.1?}, worst {worst:.1?}");
    let catalogue = SqliteCatalogue::open(path)?;
    for words in [
        "杭州",
        "纺织",
        "西湖",
        "有限公司",
        "杭州 纺织 西湖",
        "电话",
        "湖",
        "33000123",
        "Z109-KH-D30-YX-00000077",
    ] {
        let (found, middle, worst) = timed(|| catalogue.search(&Search::words(words)).map(|f| f.len()))?;
        println!("search {words}: {found} shown, {middle:.1?}, worst {worst:.1?}");
    }
    let filtered = Search { year: Some(2020), ..Search::words("纺织") };
    let (found, middle, worst) = timed(|| catalogue.search(&filtered).map(|f| f.len()))?;
    println!("search 纺织 of 2020: {found} shown, {middle:.1?}, worst {worst:.1?}");
    let mut n = 0_u64;
    let (_, middle, worst) = timed(|| {
        n += 12_345;
        catalogue.locate(&Locator::Customer(format!("33{:08}", n % 20_000).parse()?)).map(|f| f.len())
    })?;
    println!("locate by customer: {middle:.1?}, worst {worst:.1?}");
    let status = std::fs::read_to_string("/proc/self/status")?;
    println!("{}", status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("memory: unknown here"));
    Ok(())
}
