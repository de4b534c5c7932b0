//! What is left after a crash. A program of its own, since each trial needs a process to kill.
//!
//! `cargo test -p archive-store --test crash` runs the short version; `NAME=0` leaves a trial out. The long one:
//! `cargo test --release -p archive-store --test crash -- kills=10000 shared=500 numbers=100000 tampers=1000000 points=100000 disks=4600 server-kills=1000 server-numbers=100000`

mod child;
mod gapless;
mod kill;
mod ledger;
mod postgres;
mod power_cut;
#[path = "../support/server.rs"]
mod server;
mod tamper;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|a| a == "child") {
        child::run(&arguments[1..]);
        return;
    }
    // So many, or none where 0 leaves the trial out.
    let number = |name: &str, short: u64| {
        let found = arguments.iter().find_map(|a| a.strip_prefix(name)?.strip_prefix('='));
        let number =
            found.map_or(short, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")));
        (number > 0).then_some(number)
    };
    if let Some(kills) = number("kills", 25) {
        kill::run(kills);
        kill::full_disk();
    }
    number("shared", 4).into_iter().for_each(kill::many_processes);
    number("numbers", 150).into_iter().for_each(gapless::run);
    postgres::run(number("server-kills", 10), number("server-numbers", 40));
    number("tampers", 2000).into_iter().for_each(tamper::run);
    let (points, disks) = (number("points", 120), number("disks", 40));
    if points.or(disks).is_none() {
        return;
    }
    if !cfg!(target_os = "linux") {
        println!("power cuts and failing disks: SKIPPED, since the shim is for Linux");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    if let Some(shim) = power_cut::build_shim(folder.path()) {
        points.into_iter().for_each(|points| power_cut::run(&shim, points));
        disks.into_iter().for_each(|disks| power_cut::failing_disk(&shim, disks));
    }
}
