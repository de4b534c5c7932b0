//! The same with the catalogue in a server: clients that are killed, and writers on two handles.

use std::time::{Duration, Instant};

use archive_store::{Catalogue, PostgresCatalogue};

use crate::gapless;
use crate::kill::{child_at, kill_after};
use crate::ledger::verify_at;
use crate::server::{Server, server};

/// After so many kills the next one gets a new place, so that checking stays quick.
const KILLS_PER_PLACE: u64 = 50;

/// So many kills, and so many numbers for each writer.
pub(crate) fn run(kills: Option<u64>, numbers: Option<u64>) {
    if kills.or(numbers).is_none() {
        return;
    }
    let Some(server) = server() else {
        println!("PostgreSQL: SKIPPED, since it is not installed");
        return;
    };
    kills.into_iter().for_each(|kills| kill(&server, kills));
    numbers.into_iter().for_each(|numbers| draw(&server, numbers));
}

fn kill(server: &Server, kills: u64) {
    let start = Instant::now();
    let (mut acknowledged, mut silent) = (0, 0);
    let mut url = String::new();
    for kill in 0..kills {
        if kill % KILLS_PER_PLACE == 0 {
            url = server.url();
        }
        let delay = Duration::from_micros(500 + (kill * 7919 * 13) % 60_000);
        let child = child_at(&url, &format!("s{kill}"), 4, u64::MAX).spawn().unwrap();
        // Every third kill strikes while tables are made or connections opened, the others in mid-transaction.
        let ledger = kill_after(child, delay, kill % 3 != 0);
        assert!(ledger.errors.is_empty(), "kill {kill}: the child failed: {:?}", ledger.errors);
        let thorough = kill % KILLS_PER_PLACE == KILLS_PER_PLACE - 1 || kill + 1 == kills;
        if let Err(fault) = verify_at(&url, &ledger, thorough) {
            panic!("kill {kill} after {delay:?}: {fault}");
        }
        acknowledged += ledger.len();
        silent += u64::from(ledger.len() == 0);
    }
    println!(
        "kill -9 of a server's client: {kills} kills in {:.1} s, {acknowledged} acknowledged requests, 0 lost, 0 gaps; {silent} kills before the first",
        start.elapsed().as_secs_f64()
    );
}

fn draw(server: &Server, numbers: u64) {
    let catalogue = PostgresCatalogue::open(&server.url()).unwrap();
    let drawn = gapless::draw(&catalogue as &dyn Catalogue, numbers);
    let (requests, commits) = catalogue.requests_and_commits();
    println!("gapless in a server: {requests} requests in {commits} commits; {drawn}");
}
