//! An archive of made-up holdings to open the console on: `cargo run -p archive --example console_holdings -- DIR`.
//!
//! It has what the console shows: files with their papers and what is missing of them, hostile texts in every field that takes
//! text (markup, turned directions, control characters, 200 characters), boxes that an inventory saw, missed and found
//! elsewhere, loans that are out, late and back, exceptions to decide on, a plan of moves. Carriages move as slowly as life.
//! `DIR/texts.json` names the hostile texts, so that a test knows what to look for.

use std::collections::BTreeSet;
use std::path::Path;

use archive::alert_book::AlertBook;
use archive::config::SETTINGS;
use archive::{Archive, Config, Error, FilingOutcome, FilingRequest, samples};
use archive_core::holding::SlotAddress;
use archive_core::identifier::BoxNumber;
use archive_reconcile::Severity;
use archive_reconcile::alerts::{Observation, Rules, Vanished};
use archive_store::{Inventory, InventoryFinding, LoanRequest, Sighting};
use chrono::{DateTime, Days, Utc};
use serde_json::json;

/// What sets `window.injected` where a page takes text for markup.
const MARKUP: &str = "</script><img src=x onerror=\"window.injected=1\"><script>window.injected=1</script>";
/// Names of customers: plain ones, then those that attack.
const NAMES: [&str; 9] = [
    "徐州鑫达汽车零部件有限公司",
    "杭州永泰纺织有限公司",
    "宁波北仑港务机械厂",
    "温州瓯江电镀有限公司",
    "嘉兴南湖区第一人民医院",
    "绍兴柯桥印染集团",
    MARKUP,
    "\u{202e}moc.elpmaxe\u{202c} 公司",
    "甲\u{200b}\u{2066}\u{feff}乙",
];

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory] = &arguments[..] else { panic!("usage: console_holdings DIR") };
    let directory = Path::new(directory);
    let archive = open(&directory.join("holdings"))?;
    let scans = directory.join("scans");
    samples::write(&scans, "scans".parse()?)?;
    let longest = "长".repeat(200);
    let names: Vec<&str> = NAMES.into_iter().chain([longest.as_str()]).collect();
    let files = file_all(&archive, &scans, &names)?;
    let now = Utc::now();
    lend(&archive, &files, now)?;
    spread(&archive, &files, now)?;
    take_stock(&archive, &files, now)?;
    observe(&archive)?;
    plan(&archive, &files)?;
    let texts = json!({ "markup": MARKUP, "turned": NAMES[7], "unseen": NAMES[8], "longest": longest,
        "references": files.iter().map(|f| f.reference_code.as_str()).collect::<Vec<_>>() });
    std::fs::write(directory.join("texts.json"), texts.to_string()).expect("the texts are written");
    println!("{} files in {}", files.len(), directory.join("holdings").display());
    Ok(())
}

/// An archive that reads no pages, with a second bank whose columns are named so that their order shows.
fn open(directory: &Path) -> Result<Archive, Error> {
    Config::create(directory)?;
    let path = directory.join(SETTINGS);
    let shipped = std::fs::read_to_string(&path).expect("the settings");
    let quick = shipped.replace("hasten = 50.0", "hasten = 2000.0");
    let bank = "\n[[bank]]\nsite = \"HZ\"\nroom = \"R1\"\nname = \"B2\"\ncolumns = 6\nbays = 2\nlevels = 4\npositions = 8\nwidth_mm = 50\n";
    std::fs::write(&path, format!("reading = \"off\"\n{quick}{bank}")).expect("the settings are written");
    let archive = Archive::open(Config::load(directory)?)?;
    // What opens it next sees carriages that move.
    std::fs::write(
        &path,
        format!("reading = \"off\"\n{}{bank}", shipped.replace("hasten = 50.0", "hasten = 4.0")),
    )
    .expect("the settings are written");
    Ok(archive)
}

/// Two files of each customer, so that each year has a box of its own: complete, or with a paper missing.
fn file_all(archive: &Archive, scans: &Path, names: &[&str]) -> Result<Vec<FilingOutcome>, Error> {
    let mut files = Vec::new();
    for (n, name) in names.iter().enumerate() {
        for year in [2018 + 2 * n % 7, 2018 + (2 * n + 1) % 7] {
            let path = scans.join(format!("{n}-{year}.jpg"));
            // Each scan is one of its own: a comment behind the end of the image.
            let mut scan = std::fs::read(scans.join("contract.jpg")).expect("a scan");
            scan.extend(format!("{n}-{year}").bytes());
            std::fs::write(&path, scan).expect("the scan is written");
            let receipt = scans.join("work-order.jpg");
            let paper = |path: &Path, kind: &str| json!({ "path": path, "type": kind });
            let documents = match n % 3 {
                0 if year % 2 == 0 => vec![paper(&path, "dunning_notice")],
                _ => vec![paper(&path, "dunning_notice"), paper(&receipt, "dunning_receipt")],
            };
            let request: FilingRequest = serde_json::from_value(json!({
                "key": format!("made-{n:02}-{year}"),
                "customer": { "number": format!("33889855{n:02}"), "name": name, "class": "business" },
                "process": "dunning",
                "date": format!("{year}-05-{:02}", n + 1),
                "documents": documents,
            }))
            .expect("a request");
            archive.catalogue().enter_customer(&request.customer, Utc::now())?;
            files.push(archive.file(&request)?);
        }
    }
    Ok(files)
}

/// Loans that are out, late, back in time and back too late.
fn lend(archive: &Archive, files: &[FilingOutcome], now: DateTime<Utc>) -> Result<(), Error> {
    let before = |days| now - Days::new(days);
    let mut lent = 0;
    let mut lend = |file: usize, began: u64, back: Option<u64>, borrower: &str| -> Result<(), Error> {
        lent += 1;
        let key = format!("loan-{lent}").parse()?;
        let request = LoanRequest {
            key,
            reference: files[file].reference_code.clone(),
            borrower: borrower.into(),
            purpose: format!("核对电价 {MARKUP}"),
            when: before(began),
            due: Some(before(began) + Days::new(30)),
        };
        archive.catalogue().lend(&request)?;
        if let Some(back) = back {
            archive.catalogue().give_back(&request.key, before(back))?;
        }
        Ok(())
    };
    for n in 0..12 {
        lend(n % 4, 330 - 24 * n as u64, Some(322 - 24 * n as u64), "审计科")?;
    }
    lend(4, 120, Some(70), "稽查班 <b>Wang</b>")?;
    lend(0, 20, None, "法务部")?;
    lend(6, 45, None, MARKUP)?;
    lend(8, 31, None, "\u{202e}kcabnur 供电所")
}

/// Boxes in several aisles, so that an inventory has to open each.
fn spread(archive: &Archive, files: &[FilingOutcome], now: DateTime<Utc>) -> Result<(), Error> {
    let slots = [
        "HZ/R1/B1/C01/A/02/3/04",
        "HZ/R1/B1/C04/B/03/5/01",
        "HZ/R1/B2/C02/A/01/2/03",
        "HZ/R1/B2/C05/B/02/4/08",
    ];
    for (number, slot) in boxes(files).iter().skip(2).zip(slots) {
        archive.catalogue().move_box(number, &slot.parse()?, now)?;
        archive.catalogue().confirm_move(number, now)?;
    }
    Ok(())
}

/// The boxes of `files`, in order of their numbers.
fn boxes(files: &[FilingOutcome]) -> Vec<BoxNumber> {
    let numbers: BTreeSet<BoxNumber> = files.iter().filter_map(|file| file.box_number.clone()).collect();
    numbers.into_iter().collect()
}

/// An inventory that saw most boxes, one elsewhere, one not, and one without an answer.
fn take_stock(archive: &Archive, files: &[FilingOutcome], now: DateTime<Utc>) -> Result<(), Error> {
    let elsewhere: SlotAddress = "HZ/R1/B2/C03/A/01/2/01".parse()?;
    let findings = boxes(files).into_iter().enumerate().map(|(n, box_number)| InventoryFinding {
        box_number,
        sighting: match n {
            1 => Sighting::Misplaced { seen: elsewhere.clone() },
            2 => Sighting::Missing,
            3 => Sighting::Unverified,
            _ => Sighting::Present,
        },
        heard: None,
    });
    let inventory = Inventory { key: "count-2026".parse()?, when: now, findings: findings.collect() };
    archive.catalogue().record_inventory(inventory)
}

/// Exceptions of each severity.
fn observe(archive: &Archive) -> Result<(), Error> {
    let finding =
        |key: &str, field: &str, paper: Option<&str>, system: &str, severity, reason: &str| Observation {
            key: key.into(),
            kind: "mismatch".into(),
            field: Some(field.into()),
            file: None,
            left: paper.map(str::to_owned),
            right: Some(system.into()),
            severity,
            reason: reason.into(),
        };
    let findings = [
        finding(
            "3388985500",
            "ct_ratio",
            Some("200/5"),
            "300/5",
            Severity::Critical,
            "计量倍率错误，电量按错误倍率结算",
        ),
        finding(
            "3388985501",
            "contract_capacity_kva",
            Some("800"),
            "80",
            Severity::Critical,
            "合同容量与系统不符",
        ),
        finding(
            "3388985502",
            "customer_name",
            Some("宁波北仑港务机械厂"),
            "宁波北伦港务机械厂",
            Severity::Major,
            "户名不同",
        ),
        finding(
            "3388985503",
            "service_address",
            None,
            "温州市瓯海大道7号",
            Severity::Major,
            "纸质上无法识读",
        ),
        finding("3388985506", "customer_name", Some(MARKUP), "\u{202e}gnorw\u{0}", Severity::Major, MARKUP),
        finding(
            "3388985509",
            "customer_name",
            Some(&"长".repeat(200)),
            &"短".repeat(200),
            Severity::Minor,
            "户名不同",
        ),
    ];
    let mut file = AlertBook::open(&AlertBook::path_in(archive.config().directory()))?;
    file.book.observe(&Rules::reference(), &findings, &[], Vanished::Unknown, Utc::now().date_naive());
    file.save()
}

/// Two boxes to the other bank.
fn plan(archive: &Archive, files: &[FilingOutcome]) -> Result<(), Error> {
    let slots = ["HZ/R1/B2/C01/A/01/1/01", "HZ/R1/B2/C04/B/02/3/02"];
    let mapping =
        boxes(files).into_iter().take(2).zip(slots).map(|(number, slot)| Ok((number, slot.parse()?)));
    let mapping = mapping.collect::<Result<Vec<_>, Error>>()?;
    archive.plan_relocation(&"move-to-b2".parse()?, &mapping).map(drop)
}
