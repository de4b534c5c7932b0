//! Power cuts, by recording what a filing process wrote and flushed and replaying it with what was not
//! flushed dropped or torn; and disks that fail, at every call in turn.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::kill::child;
use crate::ledger::{Ledger, verify};
use crate::tamper::step;

const DATABASE: u8 = 1;
const LOG: u8 = 2;
const DIRECTORY: u8 = 4;

/// What the shim saw, in order.
#[derive(Debug, Clone)]
enum Event {
    Opened(u8),
    Written(u8, u64, Vec<u8>),
    Truncated(u8, u64),
    Flushed(u8),
    Unlinked(u8),
    Said(Vec<u8>),
}

/// The shim, built with the system's C compiler; `None` where there is none.
pub(crate) fn build_shim(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("shim.c"), folder.join("shim.so"));
    std::fs::write(&source, include_str!("shim.c")).unwrap();
    let built = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .args(["-ldl", "-lpthread"])
        .output();
    match built {
        Ok(output) if output.status.success() => Some(library),
        Ok(output) => panic!("the shim does not compile: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            println!("power cuts and failing disks: SKIPPED, since there is no C compiler (cc: {error})");
            None
        }
    }
}

/// A directory in memory where there is one: replaying makes and opens thousands of catalogues.
fn quick_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn record(shim: &Path, run: &str, requests: u64) -> Vec<Event> {
    let folder = quick_folder();
    let log = folder.path().join("events");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let output = child(&data.join("catalogue.db"), run, 1, requests)
        .env("LD_PRELOAD", shim)
        .env("SHIM_DIR", &data)
        .env("SHIM_LOG", &log)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(output.success(), "the recorded process failed");
    parse(&std::fs::read(&log).unwrap())
}

fn parse(mut bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some((header, rest)) = bytes.split_at_checked(16) {
        let (kind, file) = (header[0], header[1]);
        let length = u32::from_ne_bytes(header[4..8].try_into().unwrap()) as usize;
        let offset = u64::from_ne_bytes(header[8..16].try_into().unwrap());
        let (data, rest) = rest.split_at(if matches!(kind, b'W' | b'A') { length } else { 0 });
        bytes = rest;
        events.push(match kind {
            b'O' => Event::Opened(file),
            b'W' => Event::Written(file, offset, data.to_vec()),
            b'T' => Event::Truncated(file, offset),
            b'S' => Event::Flushed(file),
            b'U' => Event::Unlinked(file),
            b'A' => Event::Said(data.to_vec()),
            _ => panic!("the shim recorded a {kind}"),
        });
    }
    events
}

/// A file as a disk sees it: what surely lasts, and what was written since.
#[derive(Debug, Clone, Default)]
struct Disk {
    lasting: Vec<u8>,
    since: Vec<Event>,
    /// Whether its name surely lasts.
    named: bool,
}

fn apply(bytes: &mut Vec<u8>, event: &Event, part: Option<(usize, usize)>) {
    match event {
        Event::Written(_, offset, data) => {
            let (from, to) = part.unwrap_or((0, data.len()));
            let start = *offset as usize;
            if bytes.len() < start + to {
                bytes.resize(start + to, 0);
            }
            bytes[start + from..start + to].copy_from_slice(&data[from..to]);
        }
        Event::Truncated(_, length) => bytes.resize(*length as usize, 0),
        _ => {}
    }
}

impl Disk {
    /// What is found after a cut. The disk may have kept any of the writes since the last flush, in
    /// sectors of 512 bytes: none, all, the first few, or any, with one of them torn.
    fn after_cut(&self, state: &mut u64) -> Option<Vec<u8>> {
        let mut bytes = self.lasting.clone();
        let way = step(state) % 4;
        if !self.named && way == 0 {
            return None;
        }
        let kept = step(state) as usize % (self.since.len() + 1);
        for (n, event) in self.since.iter().enumerate() {
            let keep = match way {
                0 => false,
                1 => true,
                2 => n < kept,
                _ => step(state).is_multiple_of(2),
            };
            if keep {
                apply(&mut bytes, event, None);
            } else if let Event::Written(_, _, data) = event
                && way >= 2
                && step(state).is_multiple_of(4)
            {
                let sectors = data.len() / 512;
                if sectors > 1 {
                    let from = step(state) as usize % sectors;
                    let to = from + 1 + step(state) as usize % (sectors - from);
                    apply(&mut bytes, event, Some((from * 512, to * 512)));
                }
            }
        }
        Some(bytes)
    }
}

/// What a replay found.
#[derive(Debug, Default)]
struct Outcome {
    points: u64,
    lost: u64,
    /// The first point that lost something, and what.
    first: Option<(u64, String)>,
}

impl Outcome {
    fn with(self, other: Self) -> Self {
        let first = [self.first, other.first].into_iter().flatten().min();
        Self { points: self.points + other.points, lost: self.lost + other.lost, first }
    }
}

/// Cuts the power `points` times, spread evenly over `events`. All cores take turns at the points.
fn replay(events: &[Event], points: u64, seed: u64) -> Outcome {
    let shares = on_all_cores(|share| replay_share(events, points, seed, share));
    shares.into_iter().fold(Outcome::default(), Outcome::with)
}

/// Runs `work` once on each core, which is told its turn among how many.
fn on_all_cores<T: Send>(work: impl Fn((u64, u64)) -> T + Sync) -> Vec<T> {
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> =
            (0..workers).map(|worker| scope.spawn(move || work((worker, workers)))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Tries each point that falls to `worker` of `workers`.
fn replay_share(events: &[Event], points: u64, seed: u64, (worker, workers): (u64, u64)) -> Outcome {
    let folder = quick_folder();
    let mut disks: BTreeMap<u8, Disk> = BTreeMap::new();
    let mut ledger = Ledger::default();
    let (mut outcome, mut point) = (Outcome::default(), 0);
    for (n, event) in events.iter().enumerate() {
        match event {
            Event::Opened(file) => {
                disks.insert(*file, Disk::default());
            }
            Event::Written(file, ..) | Event::Truncated(file, _) => {
                disks.entry(*file).or_default().since.push(event.clone());
            }
            Event::Flushed(DIRECTORY) => disks.values_mut().for_each(|disk| disk.named = true),
            Event::Flushed(file) => {
                let disk = disks.entry(*file).or_default();
                for event in std::mem::take(&mut disk.since) {
                    apply(&mut disk.lasting, &event, None);
                }
                disk.named = true;
            }
            // The catalogue unlinks its log only when it closes, after all is in the database.
            Event::Unlinked(file) => {
                disks.remove(file);
            }
            Event::Said(line) => ledger.read(line),
        }
        let due = (n as u64 + 1) * points / events.len() as u64;
        while point < due {
            point += 1;
            if point % workers != worker {
                continue;
            }
            outcome.points += 1;
            if let Err(fault) = try_cut(folder.path(), point, &disks, &ledger, seed) {
                outcome.lost += 1;
                let told = format!("point {point}, after event {n} of {}: {fault}", events.len());
                outcome.first.get_or_insert((point, told));
            }
        }
    }
    outcome
}

fn try_cut(
    folder: &Path,
    point: u64,
    disks: &BTreeMap<u8, Disk>,
    ledger: &Ledger,
    seed: u64,
) -> Result<(), String> {
    let path = folder.join("catalogue.db");
    // From the point alone, so that a failure can be repeated whoever tries it.
    let mut state = seed ^ point.wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1;
    for _ in 0..4 {
        step(&mut state);
    }
    for (file, suffix) in [(DATABASE, ""), (LOG, "-wal"), (3, "-journal"), (99, "-shm")] {
        let path = folder.join(format!("catalogue.db{suffix}"));
        match disks.get(&file).and_then(|disk| disk.after_cut(&mut state)) {
            Some(bytes) => std::fs::write(path, bytes).unwrap(),
            None => drop(std::fs::remove_file(path)),
        }
    }
    verify(&path, ledger, point.is_multiple_of(64))
}

/// The same recording as other programs would have made it: without the flushes that they leave out.
fn mutant(events: &[Event], keeps: impl Fn(usize, &Event) -> bool) -> Vec<Event> {
    events.iter().enumerate().filter(|(n, event)| keeps(*n, event)).map(|(_, event)| event.clone()).collect()
}

/// Replays `points` cuts of the real program, and fewer of three programs that must be caught.
pub(crate) fn run(shim: &Path, points: u64) {
    let start = Instant::now();
    let events = record(shim, "p", 160);
    let real = replay(&events, points, 0x9e37_79b9_7f4a_7c15);
    let flushes = events.iter().filter(|e| matches!(e, Event::Flushed(_))).count();
    assert_eq!(real.lost, 0, "power cut: {:?}", real.first);
    println!(
        "power cuts: {} points over {} events with {flushes} flushes in {:.1} s, 0 acknowledged writes lost",
        real.points,
        events.len(),
        start.elapsed().as_secs_f64()
    );
    // With synchronous=NORMAL the log is flushed only before its pages go into the database.
    let normal = mutant(&events, |n, event| {
        !matches!(event, Event::Flushed(LOG))
            || matches!(events.get(n + 1), Some(Event::Written(DATABASE, ..)))
    });
    let off = mutant(&events, |_, event| !matches!(event, Event::Flushed(_)));
    let early = record(shim, "early", 160);
    // What they lose shows within a few hundred points.
    let points = (points / 4).clamp(60, 2500);
    for (name, events) in
        [("synchronous=NORMAL", normal), ("synchronous=OFF", off), ("early acknowledgement", early)]
    {
        let caught = replay(&events, points, 0x2545_f491_4f6c_dd1d);
        assert!(caught.lost > 0, "the mutant {name} was not caught in {} points", caught.points);
        println!("power cuts: mutant {name} caught at {} of {} points", caught.lost, caught.points);
    }
}

/// Makes each call to the disk fail in turn, once and from then on, as a broken disk and as a full one: about
/// so many trials, spread over all of these.
pub(crate) fn failing_disk(shim: &Path, about: u64) {
    let start = Instant::now();
    // Enough calls for making the catalogue and for a few requests of each kind; as many more as are to fail.
    let mut requests = 9;
    let mut calls = calls_to_disk(shim, requests);
    while calls * 4 < about {
        requests *= 2;
        calls = calls_to_disk(shim, requests);
    }
    // An odd step meets each of the four ways in which a call fails.
    let every = (calls * 4 / about).max(1) | 1;
    let shares = on_all_cores(|(worker, workers)| {
        let mut told = (0, 0, 0);
        for trial in (0..calls * 4).step_by(every as usize).filter(|t| t / every % workers == worker) {
            let (filed, refusals) = fail_one(shim, requests, trial);
            told = (told.0 + 1, told.1 + filed, told.2 + refusals);
        }
        told
    });
    let (trials, filed, refusals) =
        shares.into_iter().fold((0, 0, 0), |all, one| (all.0 + one.0, all.1 + one.1, all.2 + one.2));
    assert!(refusals > 0 && filed > 0, "{refusals} refusals, {filed} filed");
    println!(
        "failing disk: {trials} trials over {calls} calls in {:.1} s, {filed} acknowledged requests, {refusals} refusals, 0 wrong acknowledgements",
        start.elapsed().as_secs_f64()
    );
}

/// How many calls to the disk can fail in a life of so many requests.
fn calls_to_disk(shim: &Path, requests: u64) -> u64 {
    let fallible =
        |e: &&Event| matches!(e, Event::Written(..) | Event::Truncated(..) | Event::Flushed(DATABASE | LOG));
    record(shim, "calls", requests).iter().filter(fallible).count() as u64
}

/// One life of a process on a disk that fails; returns how many requests it acknowledged and refused.
fn fail_one(shim: &Path, requests: u64, trial: u64) -> (usize, usize) {
    let (call, full, sticky) = (trial / 4 + 1, trial % 2 == 1, trial / 2 % 2 == 1);
    let folder = quick_folder();
    let path = folder.path().join("catalogue.db");
    let mut command = child(&path, "d", 1, requests);
    // ENOSPC and EIO.
    command.env("LD_PRELOAD", shim).env("SHIM_DIR", folder.path()).env("SHIM_FAIL", call.to_string());
    command.env("SHIM_ERRNO", if full { "28" } else { "5" });
    if sticky {
        command.env("SHIM_STICKY", "1");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "call {call}: {}", String::from_utf8_lossy(&output.stderr));
    let mut ledger = Ledger::default();
    ledger.read(&output.stdout);
    for error in &ledger.errors {
        let kind = error.split(' ').next().unwrap_or_default();
        assert!(matches!(kind, "unavailable" | "outcome-unknown" | "denied"), "call {call}: {error}");
        assert!(error.contains("catalogue.db"), "call {call}: {error}");
    }
    if let Err(fault) = verify(&path, &ledger, true) {
        panic!("call {call}, full {full}, sticky {sticky}: {fault}; {:?}", ledger.errors);
    }
    (ledger.len(), ledger.errors.len())
}
