//! A process that is killed at any moment of a filing leaves a state that the next call completes.

use std::time::Duration;

use archive::Shelving;

use crate::scene::{Scene, command, models_are_there, text};

#[test]
fn a_killed_filing_is_completed_by_the_next_call() {
    if !models_are_there("a_killed_filing_is_completed_by_the_next_call") {
        return;
    }
    let scene = Scene::new();
    let request = scene.short_request("r-1");
    let file = scene.request_file(&request);
    // From the opening of the catalogue to the moving shelf: one kill after each so many milliseconds.
    for delay in [0, 20, 60, 150, 300, 450, 600, 800, 1000, 1300, 1700, 2200] {
        let mut child = command(["file", text(&file), "--archive"]).arg(scene.holdings()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        let _ = child.kill();
        child.wait().unwrap();
        let archive = scene.open();
        assert!(archive.catalogue().audit().unwrap().is_empty(), "after a kill at {delay} ms");
    }
    let archive = scene.open();
    let outcome = archive.file(&request).unwrap();
    assert!(matches!(outcome.shelving, Shelving::Confirmed { .. }), "{:?}", outcome.shelving);
    let counters = archive.catalogue().counters().unwrap();
    assert!(counters.iter().all(|c| c.given == 1 && c.voided == 0), "one number each: {counters:?}");
    assert!(archive.pending().unwrap().is_empty());
}
