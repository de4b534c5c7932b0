//! Flips, deletions, reorders and truncations of the evidence log, each against a checkpoint.

use std::time::Instant;

use archive_core::record::Digest;
use archive_store::Checkpoint;
use archive_store::evidence_log::LogCheck;
use archive_store::merkle::{Frontier, leaf_hash};

const ENTRIES: usize = 24;

/// A small generator, so that a failure can be repeated.
pub(crate) fn step(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

type Entry = (u64, Vec<u8>, Digest);

fn tree(log: &[Entry]) -> Frontier {
    let mut tree = Frontier::default();
    log.iter().for_each(|(_, event, _)| tree.push(leaf_hash(event)));
    tree
}

fn detected(log: &[Entry], head: &Frontier, checkpoint: &Checkpoint) -> bool {
    let mut check = LogCheck::new(&[*checkpoint]);
    for (position, event, hash) in log {
        check.push(*position, event, *hash);
    }
    !check.finish(head).holds()
}

/// Tampers `times` times; every second time, hashes, positions and head are made to fit again, as
/// somebody would who may write to the whole catalogue.
pub(crate) fn run(times: u64) {
    let start = Instant::now();
    let log: Vec<Entry> = (0..ENTRIES as u64)
        .map(|n| {
            let event = format!(r#"{{"event":"filed","reference":"Z109-{n:04}"}}"#).into_bytes();
            (n, event.clone(), leaf_hash(&event))
        })
        .collect();
    let head = tree(&log);
    let checkpoint = Checkpoint { size: head.size(), root: head.root() };
    assert!(!detected(&log, &head, &checkpoint), "an untouched log is not clean");
    let mut state = 0x2545_f491_4f6c_dd1d;
    let mut kinds = [0_u64; 4];
    for time in 0..times {
        let mut tampered = log.clone();
        let mut pick = |n: usize| step(&mut state) as usize % n;
        let kind = pick(4);
        match kind {
            0 => {
                let event = &mut tampered[pick(ENTRIES)].1;
                let place = pick(event.len());
                event[place] ^= 1 << pick(8);
            }
            1 => drop(tampered.remove(pick(ENTRIES))),
            2 => {
                let (a, b) = (pick(ENTRIES), pick(ENTRIES - 1));
                tampered.swap(a, if b >= a { b + 1 } else { b });
            }
            _ => tampered.truncate(pick(ENTRIES)),
        }
        let forged = time % 2 == 1;
        let head = if forged {
            for (n, entry) in tampered.iter_mut().enumerate() {
                *entry = (n as u64, entry.1.clone(), leaf_hash(&entry.1));
            }
            tree(&tampered)
        } else {
            head.clone()
        };
        kinds[kind] += 1;
        assert!(
            detected(&tampered, &head, &checkpoint),
            "time {time}: kind {kind}, forged {forged}, not seen"
        );
    }
    let [flips, deletions, reorders, truncations] = kinds;
    println!(
        "tampering: {flips} flips, {deletions} deletions, {reorders} reorders, {truncations} truncations in {:.1} s, all seen",
        start.elapsed().as_secs_f64()
    );
}
