//! An exception page of made-up findings: `cargo run -p archive --example exception_page -- DIR COUNT`.
//!
//! Shows what a page of many findings looks like and costs to open, and what it makes of hostile texts. The
//! first findings are such: markup, turned directions, control characters, 200 characters, missing images.

use std::path::Path;

use archive::report::{Exception, FileState, Picture, Report, Subject};
use archive::{Error, samples};
use archive_core::completeness::{Item, Presence};
use archive_core::evidence::Region;
use archive_core::policy::PolicyVersion;
use archive_core::record::Digest;
use archive_core::units::Confidence;
use archive_reconcile::{FindingKind, Schema, Severity};
use archive_store::Checkpoint;
use chrono::{Days, NaiveDate};

/// Page images beside the page; findings share them.
const IMAGES: usize = 60;

/// What the sample contract says and where, from `samples/truth.jsonl`.
const PLACES: [(&str, &str, [u32; 4]); 6] = [
    ("ct_ratio", "50/5", [163, 1036, 216, 1061]),
    ("contract_capacity_kva", "80", [787, 757, 881, 776]),
    ("meter_no", "3375532945599807548106", [518, 985, 843, 1006]),
    ("customer_name", "徐州鑫达汽车零部件有限公司", [252, 330, 592, 357]),
    ("service_address", "济南市岳麓区人民路777号", [351, 657, 657, 683]),
    ("supply_voltage_kv", "6", [386, 894, 438, 912]),
];

const SITES: [&str; 4] = ["HZ", "NB", "WZ", "JX"];

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (directory, count) = match arguments.as_slice() {
        [directory] => (directory, 200),
        [directory, count] => (directory, count.parse().expect("a number of findings")),
        _ => panic!("usage: exception_page DIR [COUNT]"),
    };
    let directory = Path::new(directory);
    let pages = directory.join("pages");
    let scans = directory.join("scans");
    samples::write(&scans, "page".parse()?)?;
    std::fs::create_dir_all(&pages).expect("the directory of images");
    for image in 0..IMAGES {
        std::fs::copy(scans.join("contract.jpg"), pages.join(format!("{image:04}.jpg"))).expect("an image");
    }
    std::fs::remove_dir_all(&scans).expect("the scans are copied");
    let schema = Schema::reference();
    let mut exceptions = (0..count).map(|n| exception(n, &schema)).collect::<Result<Vec<_>, _>>()?;
    for (place, spoil) in HOSTILE.iter().enumerate().take(count) {
        let exception = &mut exceptions[place];
        exception.subject.severity = Severity::Critical;
        spoil(exception);
        exception.id = exception.subject.id();
    }
    exceptions.sort_by_key(|e| std::cmp::Reverse(e.subject.severity));
    let files = exceptions.iter().take(300).map(file).collect::<Result<Vec<_>, Error>>()?;
    let report = Report {
        archive: Checkpoint { size: 1, root: Digest([7; 32]) },
        made: day(600),
        compared: count * 3,
        without_papers: vec!["3300000001".parse()?],
        silent: Vec::new(),
        exceptions,
        left_out: 0,
        files,
        completeness: None,
    };
    println!("{}", report.write(directory)?.display());
    Ok(())
}

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2023, 1, 1).expect("a day") + Days::new(n)
}

/// A number that looks drawn and is the same every time.
fn drawn(n: usize, salt: u64) -> usize {
    let mut x = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(salt);
    x = (x ^ (x >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    usize::try_from(x >> 33).expect("31 bits")
}

fn exception(n: usize, schema: &Schema) -> Result<Exception, Error> {
    let (field, paper, [left, top, right, bottom]) = PLACES[drawn(n, 1) % PLACES.len()];
    let compared = schema.fields().find(|f| f.name.as_str() == field).expect("a field of the schema");
    // One character of the system's value is another, or one is missing.
    let at = drawn(n, 2) % paper.chars().count();
    let record: String = paper
        .chars()
        .enumerate()
        .filter_map(|(i, c)| match (i == at, drawn(n, 3) % 4) {
            (true, 0) => None,
            (true, _) => Some(if c == '8' { '3' } else { '8' }),
            _ => Some(c),
        })
        .collect();
    let (kind, paper, record) = match drawn(n, 4) % 12 {
        0 => (FindingKind::Unreadable, None, Some(record)),
        1 => (FindingKind::MissingInRecord, Some(paper.to_owned()), None),
        2 => (FindingKind::PapersDisagree, Some(paper.to_owned()), Some(record)),
        _ => (FindingKind::Mismatch, Some(paper.to_owned()), Some(record)),
    };
    let severity = match drawn(n, 5) % 10 {
        0 => Severity::Critical,
        1..5 => Severity::Major,
        _ => Severity::Minor,
    };
    let subject = Subject {
        reference: format!("Z109-ZF·YH·2023-Y-{n:06}").parse()?,
        customer: format!("33{:08}", drawn(n, 6) % 100_000_000).parse()?,
        kind,
        field: field.parse()?,
        document: "contract.jpg".into(),
        paper: paper.clone(),
        record,
        severity,
        reason: compared.reason.clone(),
    };
    Ok(Exception {
        id: subject.id(),
        label: compared.label.clone(),
        site: (!drawn(n, 7).is_multiple_of(9)).then(|| SITES[drawn(n, 8) % SITES.len()].to_owned()),
        day: day(drawn(n, 9) as u64 % 540),
        evidence: if kind == FindingKind::Mismatch { 0.5 + (drawn(n, 10) % 140) as f64 / 10.0 } else { 0.0 },
        probability: Some((drawn(n, 11) % 1000) as f64 / 1000.0),
        confidence: Some(Confidence::try_from(0.9)?),
        printed: paper,
        picture: Picture::Shown {
            path: format!("pages/{:04}.jpg", n % IMAGES),
            width: 1240,
            height: 1754,
            region: Region::new(left, top, right, bottom),
        },
        subject,
    })
}

fn file(exception: &Exception) -> Result<FileState, Error> {
    let item = |name: &str, presence| Item { name: name.into(), presence, why: String::new(), by: None };
    Ok(FileState {
        reference: exception.subject.reference.clone(),
        customer: exception.subject.customer.clone(),
        process: "new-connection-lv".parse()?,
        request: format!("page-{}", exception.subject.customer).parse()?,
        box_number: None,
        slot: None,
        shelving: None,
        policy: PolicyVersion { name: "reference".into(), version: "1".into() },
        papers: vec![
            item("供用电合同", Presence::Present { document: "contract.jpg".into() }),
            item("营业执照", Presence::Missing),
            item("授权委托书", Presence::Unverified { reason: "nobody said".into() }),
        ],
        rejected: Vec::new(),
    })
}

const MARKUP: &str =
    "</script><script>window.injected=1</script><img src=x onerror=window.injected=1>&quot;'\"";

/// What spoils the first findings, one after the other.
const HOSTILE: [fn(&mut Exception); 7] = [
    |e| {
        for text in [&mut e.label, &mut e.subject.document, &mut e.subject.reason] {
            *text = MARKUP.into();
        }
        e.subject.paper = Some(MARKUP.into());
        e.subject.record = Some(MARKUP.replace("script", "style"));
        e.printed = Some(MARKUP.into());
        e.site = Some(MARKUP.into());
    },
    |e| {
        // Direction marks and control characters that would turn or hide what follows.
        e.subject.paper = Some("A\u{202e}001\u{0}\u{7}\u{200b}شركة".into());
        e.subject.record = Some("A100\u{1b}[31mشركة".into());
        e.subject.document = "scan\u{202e}gpj.exe".into();
    },
    |e| {
        e.subject.paper = Some("杭州".repeat(100));
        e.subject.record = Some(format!("{}舟", "杭州".repeat(99)));
        e.subject.document = format!("{}.jpg", "合".repeat(196));
        e.label = "户".repeat(200);
    },
    |e| {
        if let Picture::Shown { path, .. } = &mut e.picture {
            *path = "pages/is-not-there.jpg".into();
        }
    },
    |e| {
        e.evidence = f64::NAN;
        (e.confidence, e.probability) = (None, None);
        e.picture = Picture::Absent { reason: "contract.jpg: cannot be shown: is damaged".into() };
    },
    |e| {
        if let Picture::Shown { region, .. } = &mut e.picture {
            *region = Region::new(5000, 9000, 6000, 9100);
        }
    },
    |e| {
        e.subject.paper = Some("1".repeat(5000));
        e.subject.record = Some("2".repeat(5000));
        e.evidence = -2.5;
    },
];
