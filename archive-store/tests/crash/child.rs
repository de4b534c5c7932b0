//! The process that is killed: it files from several threads and says so only after the catalogue did.

use std::io::Write;

use archive_store::conformance::{at, entry, shelving, slot};
use archive_store::{Catalogue, Custody, Draw, Error, Filed, FilingEntry, ShelfReceipt};

/// `child URL RUN THREADS REQUESTS`: `RUN` makes the request keys of this life its own.
pub(crate) fn run(arguments: &[String]) {
    let [path, run, threads, requests] = arguments else { panic!("child URL RUN THREADS REQUESTS") };
    let (threads, requests): (u64, u64) = (threads.parse().unwrap(), requests.parse().unwrap());
    let catalogue = match archive_store::open(path) {
        Ok(catalogue) => catalogue,
        Err(error) => return refused(&error),
    };
    if let Err(error) = catalogue.add_slots((1..=500).map(|n| slot(n, 50)).collect()) {
        return refused(&error);
    }
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let catalogue = catalogue.as_ref();
            scope.spawn(move || {
                for n in 0..requests {
                    if run == "early" {
                        say(&format!("{run}-{thread}-{n} ? early\n"));
                    }
                    // A refused request is made once more: the same key finds out what became of it.
                    if one(catalogue, run, thread, n).or_else(|_| one(catalogue, run, thread, n)).is_err() {
                        return;
                    }
                }
            });
        }
    });
}

/// Files one request and takes it one or two steps further.
fn one(catalogue: &dyn Catalogue, run: &str, thread: u64, n: u64) -> Result<(), Error> {
    let mut entry: FilingEntry = entry(&format!("{run}-{thread}-{n}"));
    entry.custody = match n % 4 {
        0 => Custody::CentralPaper(shelving(1)),
        _ => Custody::Electronic,
    };
    // Many lives share one counter.
    entry.number =
        Draw::new("KH·2024-D30-YX", 1, 9_999_999, |n| format!("Z109-KH·2024-D30-YX-{n:07}").parse());
    let (request, paper) = (entry.request.clone(), n.is_multiple_of(4));
    acknowledge(catalogue.file(entry))?;
    if paper && n.is_multiple_of(8) {
        acknowledge(catalogue.confirm(&request, ShelfReceipt { when: at(1), tag: None }))?;
    } else if paper {
        acknowledge(catalogue.cancel(&request, "a test", at(1)))?;
    }
    Ok(())
}

/// Says what the catalogue answered.
fn acknowledge(answer: Result<Filed, Error>) -> Result<(), Error> {
    match answer {
        Ok(filed) => {
            say(&format!("{} {} {:?}\n", filed.request, filed.reference, filed.state));
            Ok(())
        }
        Err(error) => {
            refused(&error);
            Err(error)
        }
    }
}

fn refused(error: &Error) {
    say(&format!("error {} {}\n", error.kind(), error.report()));
}

/// One line, in one write, so that a kill leaves no half of it.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    // A parent that stopped listening does not want the line.
    let _ = output.write_all(line.as_bytes()).and_then(|()| output.flush());
}
