//! What is left after a crash. A program of its own, since each trial needs a process to kill.
//!
//! `cargo test -p archive-store --test crash` runs the short version. The long one:
//! `cargo test --release -p archive-store --test crash -- kills=10000 shared=500 numbers=100000 tampers=1000000 points=100000 disks=100000 server-kills=1000 server-numbers=100000`

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
    let number = |name: &str, short: u64| {
        let found = arguments.iter().find_map(|a| a.strip_prefix(name)?.strip_prefix('='));
        found.map_or(short, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
    };
    kill::run(number("kills", 25));
    kill::many_processes(number("shared", 4));
    kill::full_disk();
    gapless::run(number("numbers", 150));
    postgres::run(number("server-kills", 10), number("server-numbers", 40));
    tamper::run(number("tampers", 2000));
    if cfg!(target_os = "linux") {
        let folder = tempfile::tempdir().unwrap();
        if let Some(shim) = power_cut::build_shim(folder.path()) {
            power_cut::run(&shim, number("points", 120));
            power_cut::failing_disk(&shim, number("disks", 40));
        }
    } else {
        println!("power cuts and failing disks: SKIPPED, since the shim is for Linux");
    }
}
