//! kill -9 in a loop, and a disk that fills up.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::ledger::{Ledger, verify};

/// After so many kills the next one gets a new file, so that checking stays quick.
const KILLS_PER_FILE: u64 = 50;

pub(crate) fn child(path: &Path, run: &str, threads: u64, requests: u64) -> Command {
    child_at(path.to_str().unwrap(), run, threads, requests)
}

/// As [`child`], wherever the catalogue is.
pub(crate) fn child_at(url: &str, run: &str, threads: u64, requests: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", url, run, &threads.to_string(), &requests.to_string()]);
    command.stdout(Stdio::piped());
    command
}

/// Kills `child` after `delay`, counted from its start or from its first acknowledgement.
pub(crate) fn kill_after(mut child: Child, delay: Duration, from_first: bool) -> Ledger {
    let mut output = child.stdout.take().unwrap();
    let (heard, first) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut bytes = vec![0; 1];
        let read = output.read_exact(&mut bytes);
        // Nobody may be waiting for it.
        let _ = heard.send(());
        if read.is_err() {
            return Vec::new();
        }
        output.read_to_end(&mut bytes).unwrap();
        bytes
    });
    if from_first {
        first.recv_timeout(Duration::from_secs(60)).expect("the child acknowledges within a minute");
    }
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut ledger = Ledger::default();
    ledger.read(&reader.join().unwrap());
    ledger
}

/// Kills a filing process `kills` times at moments spread over its life.
pub(crate) fn run(kills: u64) {
    let start = Instant::now();
    let (mut acknowledged, mut silent) = (0, 0);
    let mut folder = tempfile::tempdir().unwrap();
    for kill in 0..kills {
        if kill % KILLS_PER_FILE == 0 {
            folder = tempfile::tempdir().unwrap();
        }
        let path = folder.path().join("catalogue.db");
        // Every third kill strikes while the catalogue is made or opened, the others while it is written.
        let delay = Duration::from_micros(500 + (kill * 7919 * 13) % 40_000);
        let child = child(&path, &format!("k{kill}"), 4, u64::MAX).spawn().unwrap();
        let ledger = kill_after(child, delay, kill % 3 != 0);
        assert!(ledger.errors.is_empty(), "kill {kill}: the child failed: {:?}", ledger.errors);
        let thorough = kill % KILLS_PER_FILE == KILLS_PER_FILE - 1 || kill + 1 == kills;
        if let Err(fault) = verify(&path, &ledger, thorough) {
            panic!("kill {kill} after {delay:?}: {fault}");
        }
        acknowledged += ledger.len();
        silent += u64::from(ledger.len() == 0);
    }
    assert!(acknowledged > 0, "no child lived long enough to file anything");
    println!(
        "kill -9: {kills} kills in {:.1} s, {acknowledged} acknowledged requests, 0 lost, 0 gaps; {silent} kills before the first",
        start.elapsed().as_secs_f64()
    );
}

/// Several processes make one catalogue and file into it at once, `times` times.
pub(crate) fn many_processes(times: u64) {
    let mut acknowledged = 0;
    for _ in 0..times {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.db");
        let all: Vec<Child> = ["a", "b", "c"].map(|run| child(&path, run, 2, 8).spawn().unwrap()).into();
        let mut ledger = Ledger::default();
        for child in all {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success());
            ledger.read(&output.stdout);
        }
        assert_eq!(ledger.errors, Vec::<String>::new());
        assert_eq!(ledger.len(), 48);
        verify(&path, &ledger, true).unwrap();
        acknowledged += ledger.len();
    }
    println!(
        "three processes on one file: {times} times, {acknowledged} acknowledged requests, 0 lost, 0 gaps"
    );
}

/// A limit on the size of files stops the child's writes, as a full disk does.
#[cfg(unix)]
pub(crate) fn full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    let mut refused = 0;
    let mut ledger = Ledger::default();
    // In blocks of 512 bytes; the first does not take the schema.
    for (n, blocks) in [100, 600, 1200, 2400].into_iter().enumerate() {
        let plain = child(&path, &format!("f{n}"), 4, 2000);
        // The signal is ignored so that the write fails instead.
        let mut limited = Command::new("sh");
        limited.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
        limited.arg(plain.get_program()).args(plain.get_args()).stdout(Stdio::piped());
        let output = limited.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        ledger.read(&output.stdout);
        refused += ledger.errors.len();
        for error in ledger.errors.drain(..) {
            let kind = error.split(' ').next().unwrap_or_default();
            assert!(matches!(kind, "unavailable" | "outcome-unknown"), "{error}");
            assert!(error.contains("catalogue.db"), "{error}");
        }
        verify(&path, &ledger, true).unwrap();
    }
    assert!(refused > 0 && ledger.len() > 0, "{refused} refused, {} filed", ledger.len());
    println!("full disk: {} acknowledged requests, {refused} refusals, 0 lost", ledger.len());
}

#[cfg(not(unix))]
pub(crate) fn full_disk() {
    println!("full disk: skipped, since this system has no limit on the size of files");
}
