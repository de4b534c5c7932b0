//! Reading, writing and compiling archive numbers, beside what one would write by hand.
//!
//! `cargo bench -p archive-benches --bench numbering` prints times; where valgrind is at hand it
//! runs this program again under callgrind and adds instruction counts.

use std::fmt::Write;
use std::hint::black_box;
use std::ops::Range;
use std::process::Command;

use archive_benches::{Candidate, Table, compare};
use archive_numbering::{FieldId, NumberBuffer, Rule, RuleSet, shipped};
use regex::Regex;

const NUMBER: &str = "Z109-KH·2024-D30-BGS-0007";
const PATTERN: &str = r"^([0-9A-Z]{4})-(HT|KH|WS)·(20[0-9]{2})-(D10|D30|Y)-([0-9A-Z]{2,8})-([0-9]{4})$";

/// What a careful programmer writes for this one rule: the same checks, the same result.
struct Parts<'a> {
    fonds: &'a str,
    category: &'a str,
    year: u32,
    retention: &'a str,
    organisation: &'a str,
    item: u32,
}

fn parse_by_hand(text: &str) -> Option<Parts<'_>> {
    let code = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (fonds, rest) = text.split_once('-')?;
    let (category, rest) = rest.split_once('·')?;
    let (year, rest) = rest.split_once('-')?;
    let (retention, rest) = rest.split_once('-')?;
    let (organisation, item) = rest.split_once('-')?;
    if fonds.len() != 4 || !code(fonds) || !matches!(category, "HT" | "KH" | "WS") {
        return None;
    }
    if year.len() != 4 || !digits(year) || !matches!(retention, "D10" | "D30" | "Y") {
        return None;
    }
    if !(2..=8).contains(&organisation.len()) || !code(organisation) || item.len() != 4 || !digits(item) {
        return None;
    }
    let (year, item) = (year.parse().ok()?, item.parse().ok()?);
    if !(2000..=2099).contains(&year) || item == 0 {
        return None;
    }
    Some(Parts { fonds, category, year, retention, organisation, item })
}

/// The fastest one: positions are known, and only the organisation's width varies.
fn parse_by_position(text: &str) -> Option<Parts<'_>> {
    let bytes = text.as_bytes();
    let code = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    let number = |part: &[u8]| -> Option<u32> {
        part.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0')))
    };
    let separators =
        bytes.len() >= 22 && bytes[4] == b'-' && &bytes[7..9] == "·".as_bytes() && bytes[13] == b'-';
    if !separators || !bytes[..4].iter().all(code) || !matches!(&bytes[5..7], b"HT" | b"KH" | b"WS") {
        return None;
    }
    let year = number(&bytes[9..13]).filter(|year| (2000..=2099).contains(year))?;
    let length = match &bytes[14..] {
        [b'D', b'1' | b'3', b'0', b'-', ..] => 3,
        [b'Y', b'-', ..] => 1,
        _ => return None,
    };
    let organisation = 14 + length + 1;
    let end = bytes.len() - 5;
    if !(2..=8).contains(&end.checked_sub(organisation)?) || bytes[end] != b'-' {
        return None;
    }
    if !bytes[organisation..end].iter().all(code) {
        return None;
    }
    let item = number(&bytes[end + 1..]).filter(|item| *item > 0)?;
    Some(Parts {
        fonds: &text[..4],
        category: &text[5..7],
        year,
        retention: &text[14..14 + length],
        organisation: &text[organisation..end],
        item,
    })
}

fn sum(parsed: &Parts<'_>) -> u64 {
    let lengths =
        parsed.fonds.len() + parsed.category.len() + parsed.retention.len() + parsed.organisation.len();
    lengths as u64 + u64::from(parsed.year) + u64::from(parsed.item)
}

/// The candidates: five that read, five that write. The first of each is what others are measured by.
const NAMES: [&str; 10] = [
    "parse: by position",
    "parse: by hand",
    "parse: compiled rule",
    "parse: regex captures",
    "parse: regex is_match",
    "format: format!",
    "format: write!",
    "format: compiled rule",
    "format: compiled rule, as bytes",
    "format: by hand",
];

struct Subject {
    rule: Rule,
    ids: [FieldId; 6],
    regex: Regex,
    out: String,
    buffer: NumberBuffer,
}

impl Subject {
    fn new() -> Self {
        let rule = shipped::rule("DA-T-22-件").unwrap();
        let ids =
            ["全宗号", "门类", "年度", "保管期限", "机构", "件号"].map(|name| rule.field(name).unwrap());
        Self {
            rule,
            ids,
            regex: Regex::new(PATTERN).unwrap(),
            out: String::with_capacity(256),
            buffer: NumberBuffer::new(),
        }
    }

    /// One run of the candidate `NAMES[candidate]`.
    fn run(&mut self, candidate: usize) -> u64 {
        if candidate < 5 { self.read(candidate) } else { self.write(candidate) }
    }

    fn read(&self, candidate: usize) -> u64 {
        let text = black_box(NUMBER);
        match candidate {
            0 => sum(&parse_by_position(text).unwrap()),
            1 => sum(&parse_by_hand(text).unwrap()),
            2 => {
                let parsed = self.rule.parse(text);
                let parsed = parsed.as_ref().unwrap();
                let [fonds, category, year, retention, organisation, item] = self.ids;
                sum(&Parts {
                    fonds: parsed.get(fonds).unwrap(),
                    category: parsed.get(category).unwrap(),
                    year: parsed.value(year).unwrap() as u32,
                    retention: parsed.get(retention).unwrap(),
                    organisation: parsed.get(organisation).unwrap(),
                    item: parsed.value(item).unwrap() as u32,
                })
            }
            3 => {
                let captures = self.regex.captures(text).unwrap();
                (1..=6).map(|i| captures[i].len() as u64).sum()
            }
            _ => u64::from(self.regex.is_match(text)),
        }
    }

    fn write(&mut self, candidate: usize) -> u64 {
        let values = black_box(("Z109", "KH", 2024_u64, "D30", "BGS", 7_u64));
        match candidate {
            9 => {
                let (fonds, category, year, retention, organisation, item) = values;
                self.out.clear();
                for part in [fonds, "-", category, "·"] {
                    self.out.push_str(part);
                }
                for divisor in [1000, 100, 10, 1] {
                    self.out.push(char::from(b'0' + (year / divisor % 10) as u8));
                }
                for part in ["-", retention, "-", organisation, "-"] {
                    self.out.push_str(part);
                }
                for divisor in [1000, 100, 10, 1] {
                    self.out.push(char::from(b'0' + (item / divisor % 10) as u8));
                }
                self.out.len() as u64
            }
            7 => {
                let (fonds, category, year, retention, organisation, item) = values;
                let ids = &self.ids;
                let mut set = self.rule.values();
                set.put(ids[0], fonds).put(ids[1], category).put(ids[2], year);
                set.put(ids[3], retention).put(ids[4], organisation).put(ids[5], item);
                self.out.clear();
                self.rule.format_into(&set, &mut self.out).unwrap();
                self.out.len() as u64
            }
            8 => {
                let (fonds, category, year, retention, organisation, item) = values;
                let ids = &self.ids;
                let mut set = self.rule.values();
                set.put(ids[0], fonds).put(ids[1], category).put(ids[2], year);
                set.put(ids[3], retention).put(ids[4], organisation).put(ids[5], item);
                self.rule.format_bytes(&set, &mut self.buffer).unwrap().len() as u64
            }
            6 => {
                let (fonds, category, year, retention, organisation, item) = values;
                self.out.clear();
                write!(self.out, "{fonds}-{category}·{year:04}-{retention}-{organisation}-{item:04}")
                    .unwrap();
                self.out.len() as u64
            }
            5 => {
                let (fonds, category, year, retention, organisation, item) = values;
                format!("{fonds}-{category}·{year:04}-{retention}-{organisation}-{item:04}").len() as u64
            }
            other => panic!("no candidate {other}"),
        }
    }
}

/// Instructions for one run, from two runs of this program under callgrind.
fn instructions(candidate: usize) -> Option<f64> {
    let count = |times: u32| -> Option<f64> {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(std::env::current_exe().ok()?)
            .args(["--count", &candidate.to_string(), &times.to_string()])
            .output()
            .ok()?;
        let log = String::from_utf8(output.stderr).ok()?;
        let line = log.lines().find(|line| line.contains("Collected"))?;
        line.rsplit(' ').next()?.replace(',', "").parse().ok()
    };
    // Compiling the rule costs a little more or less each time, which many runs outweigh.
    Some((count(21_000)? - count(1000)?) / 20_000.0)
}

fn table(title: &str, which: Range<usize>) -> Table {
    let mut subjects: Vec<Subject> = which.clone().map(|_| Subject::new()).collect();
    let mut candidates: Vec<Candidate<'_>> = which
        .clone()
        .zip(&mut subjects)
        .map(|(k, subject)| (NAMES[k], Box::new(move || subject.run(k)) as Box<_>))
        .collect();
    let mut table = compare(title, 2000, &mut candidates);
    for (row, k) in table.rows.iter_mut().zip(which) {
        row.instructions = instructions(k);
    }
    table
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, count, candidate, times] = arguments.as_slice()
        && count == "--count"
    {
        let mut subject = Subject::new();
        let candidate = candidate.parse().unwrap();
        let total: u64 = (0..times.parse().unwrap()).map(|_| subject.run(candidate)).sum();
        assert!(black_box(total) > 0);
        return;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("SKIPPED: instruction counts need valgrind (apt-get install valgrind)");
    }
    println!("{}", table("reading one number", 0..5));
    println!("{}", table("writing one number", 5..10));

    let mut candidates: Vec<Candidate<'_>> = shipped::all()
        .iter()
        .map(|file| {
            let run = || RuleSet::compile(black_box(file.text)).unwrap().rules().len() as u64;
            (file.path, Box::new(run) as Box<_>)
        })
        .collect();
    println!("{}", compare("compiling with all proofs", 100, &mut candidates));
}
