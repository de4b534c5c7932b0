//! The map of a room as a drawing.

use std::process::Command;

use archive::ErrorKind;
use archive::room_map::{Shown, Style};
use archive::using::LendRequest;
use archive_shelving::layout::BankName;
use archive_shelving::plan::slot_choice::Block;

use crate::scene::Scene;

#[test]
fn a_drawing_is_whole_and_tells_states_by_more_than_colour() {
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = scene.file(&archive, "r-1");
    let slot = outcome.slot.unwrap();
    archive.block_column(&BankName::of(&slot), slot.column(), Some(Block::Faulty)).unwrap();
    archive.inventory().unwrap();
    let map = archive.room_map(slot.site()).unwrap();
    let counts = map.counts();
    assert_eq!((counts.present + counts.unverified, counts.missing), (1, 0));
    let drawing = map.to_svg(Style::Embedded, Shown::States);
    let mut reader = quick_xml::Reader::from_str(&drawing);
    while reader.read_event().expect("well-formed") != quick_xml::events::Event::Eof {}
    for part in ["<style>", "prefers-color-scheme", "列 C02", "⛔", "faulty", "装满", "⇕"] {
        assert!(drawing.contains(part), "{part}");
    }
    assert!(!drawing.contains("data-column="));
    assert_eq!(drawing.matches("://").count(), 1, "the name of SVG itself, and no other host");
    let of_page = map.to_svg(Style::OfPage, Shown::States);
    assert!(of_page.contains("data-column") && of_page.contains("tabindex") && !of_page.contains("<style"));
    assert_eq!(archive.room_map("none").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(archive.room_map("").unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn heat_is_told_by_numbers_besides_colours() {
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = scene.file(&archive, "r-1");
    let slot = outcome.slot.unwrap();
    let heat = || archive.room_map(slot.site()).unwrap().to_svg(Style::OfPage, Shown::Heat);
    assert!(!heat().contains("heat-5"), "nothing was fetched");
    for n in 0..3 {
        let key: archive_core::identifier::RequestKey = format!("loan-{n}").parse().unwrap();
        let lend = LendRequest {
            key: key.clone(),
            reference: outcome.reference_code.clone(),
            borrower: "审计科".into(),
            purpose: "电价".into(),
        };
        archive.lend_file(&lend).unwrap();
        archive.take_back(&key).unwrap();
    }
    let drawing = heat();
    let hottest = r#"class="cell heat-5""#;
    assert_eq!(drawing.matches(hottest).count(), 2, "the level, and the legend: {drawing}");
    assert!(drawing.contains(r#"class="on-heat-5""#) && drawing.contains(">3</text>"), "{drawing}");
    let boxes = archive.column_map(&BankName::of(&slot), slot.column()).unwrap();
    let heats: Vec<u8> = boxes.iter().filter(|b| b.loans > 0).map(|b| b.heat).collect();
    assert_eq!(heats, [5]);
    assert!(boxes.iter().filter(|b| b.loans == 0).all(|b| b.heat == 0));
}

#[test]
fn the_command_draws_a_site() {
    let scene = Scene::new();
    let site = scene.open().config().slots()[0].address.site().to_owned();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_archive"));
        command.args(arguments).arg("--archive").arg(scene.path("holdings"));
        command.output().unwrap()
    };
    let drawn = run(&["map", "--site", &site]);
    assert!(drawn.status.success() && String::from_utf8_lossy(&drawn.stdout).trim_end().ends_with("</svg>"));
    assert_eq!(run(&["map"]).stdout, drawn.stdout, "the only site needs no name");
    assert!(String::from_utf8_lossy(&run(&["map", "--heat"]).stdout).contains("fetched within a year"));
    let figures: serde_json::Value = serde_json::from_slice(&run(&["map", "--json"]).stdout).unwrap();
    assert_eq!(figures["site"], site.as_str());
    let none = run(&["map", "--site", "<none>"]);
    assert_eq!(none.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&none.stderr).contains("<none>"));
}
