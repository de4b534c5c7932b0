//! A short year; `archive simulate-year` is the long one.

use archive::simulation::{Year, simulate};

#[test]
fn a_short_year_ends_with_every_invariant_intact() {
    let scratch = tempfile::tempdir().unwrap();
    let summary = simulate(&Year { processes: 240, seed: 20_250_101 }, &scratch.path().join("year")).unwrap();
    assert!(summary.broken.is_empty(), "{summary}");
    assert_eq!(summary.processes, 252);
    for (what, count) in [
        ("crashes", summary.crashes),
        ("device faults", summary.device_faults),
        ("repeated", summary.repeated),
        ("late", summary.late),
        ("loans", summary.loans),
        ("returned", summary.returned),
        ("sent", summary.boxes_sent),
        ("merged", summary.merged),
        ("held", summary.held),
        ("restored", summary.restored),
    ] {
        assert!(count > 0, "the year saw no {what}: {summary}");
    }
}
