//! Documents on every carrier, late ones, and those that are there already.

use archive::capture::{Format, Likeness};
use archive::{Config, ErrorKind, Shelving};
use archive_core::completeness::State;
use archive_core::facts::Fact;
use archive_core::holding::{CustodyMode, Retention};
use archive_core::record::Carrier;

use crate::scene::{Scene, original, request};

#[test]
fn one_call_takes_documents_of_every_carrier() {
    let scene = Scene::new();
    let archive = scene.open();
    let documents = vec![
        scene.document("record.png", Some("inspection_record"), "record"),
        scene.document("notice.pdf", Some("inspection_notice"), "notice"),
        original(scene.document("violation.pdf", Some("violation_notice"), "violation")),
        scene.document("call.wav", Some("site_recording"), "call"),
        scene.document("site.mp4", Some("site_recording"), "site"),
    ];
    let mut inspection = request("r-1", "inspection", documents);
    inspection.facts.insert("violation".parse().unwrap(), true.into());
    let outcome = archive.file(&inspection).unwrap();
    assert_eq!(outcome.completeness.state(), State::Complete, "{:?}", outcome.completeness);
    let found: Vec<_> = outcome.documents.iter().map(|d| (d.format.unwrap(), d.carrier, d.pages.0)).collect();
    let expected = [
        (Format::Png, Carrier::Paper, 1),
        (Format::Pdf, Carrier::Electronic, 2),
        (Format::Pdf, Carrier::Electronic, 2),
        (Format::Wav, Carrier::Audio, 1),
        (Format::Mp4, Carrier::Video, 1),
    ];
    assert_eq!(found, expected);
    // A violation notice is kept longer than inspections are.
    assert!(outcome.reference_code.as_str().contains(Retention::D30.code()), "{}", outcome.reference_code);
    assert_eq!(outcome.custody, CustodyMode::CentralPaper);
}

#[test]
fn what_was_born_digital_takes_no_shelf() {
    let scene = Scene::new();
    let documents = vec![
        scene.document("notice.pdf", Some("dunning_notice"), "a"),
        scene.document("call.wav", Some("site_recording"), "b"),
    ];
    let outcome = scene.open().file(&request("r-1", "dunning", documents)).unwrap();
    assert_eq!((outcome.custody, outcome.shelving), (CustodyMode::Electronic, Shelving::NotNeeded));
}

#[test]
fn documents_that_are_there_already_are_told() {
    let scene = Scene::new();
    let archive = scene.open();
    let first = scene.file(&archive, "r-1");
    assert!(first.duplicates.is_empty());
    let mut again = scene.dunning("r-2");
    again.documents[1].path = scene.path("r-1-receipt.png");
    // Another customer hands in the same receipt.
    again.customer.number = "3388985516".parse().unwrap();
    let outcome = archive.file(&again).unwrap();
    let [found] = outcome.duplicates.as_slice() else { panic!("{:?}", outcome.duplicates) };
    assert_eq!((found.likeness, found.file.as_ref()), (Likeness::Content, Some(&first.reference_code)));

    let mut twice = scene.dunning("r-3");
    twice.documents[1].path = twice.documents[0].path.clone();
    let outcome = archive.file(&twice).unwrap();
    assert!(
        outcome.duplicates.iter().any(|d| d.file.is_none()),
        "within one request: {:?}",
        outcome.duplicates
    );
}

#[test]
fn stages_facts_and_originals_decide_what_is_missing() {
    let scene = Scene::new();
    let archive = scene.open();
    let named = [
        ("application_form", "a.png"),
        ("title_deed", "b.png"),
        ("equipment_list", "c.png"),
        ("business_licence", "d.png"),
        ("site_plan", "e.png"),
        ("power_of_attorney", "f.png"),
        ("agent_identity_card", "g.png"),
    ];
    let documents = named.map(|(kind, name)| original(scene.document(name, Some(kind), name)));
    let mut connection = request("r-1", "new-connection-hv", documents.into());
    connection.stage = Some("application".parse().unwrap());
    let facts = ["leased", "project", "critical_user"].map(|f| (f.parse().unwrap(), false.into()));
    connection.facts.extend(facts);
    connection.facts.insert("delegated".parse().unwrap(), true.into());
    connection.facts.insert("voltage_kv".parse().unwrap(), Fact::Number(10.into()));
    let outcome = archive.file(&connection).unwrap();
    assert_eq!(outcome.completeness.state(), State::Complete, "{:?}", outcome.completeness);

    let matrix = archive.completeness_matrix().unwrap();
    assert_eq!(matrix.figures.complete, 1);
    connection.key = "r-2".parse().unwrap();
    connection.stage = Some("construction".parse().unwrap());
    let outcome = archive.file(&connection).unwrap();
    assert_eq!(outcome.completeness.open_items().count(), 4);
    assert_eq!(archive.completeness(&outcome.reference_code).unwrap(), outcome.completeness, "judged again");
    let matrix = archive.completeness_matrix().unwrap();
    assert_eq!((matrix.figures.complete, matrix.figures.incomplete), (1, 1));
    assert_eq!(matrix.open_by_role[&"surveyor".parse().unwrap()], 4);
}

#[test]
fn a_deferred_paper_is_asked_for_when_its_day_is_over() {
    let scene = Scene::new();
    let archive = scene.open();
    let named =
        ["supply_contract", "application_form", "identity_card", "commitment_letter", "meter_work_order"];
    let documents = named.map(|kind| scene.document(&format!("{kind}.png"), Some(kind), kind));
    let mut connection = request("r-1", "new-connection-residential", documents.into());
    connection.facts.insert("delegated".parse().unwrap(), false.into());
    let outcome = archive.file(&connection).unwrap();
    // It was filed with a date long past, so the thirty days are over.
    assert_eq!(outcome.completeness.state(), State::Incomplete);
    let found = archive.reminders("2024-05-01".parse().unwrap()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].reminders[0].paper, "产权证明");
    assert!(found[0].reminders[0].days_left < -300);
}

#[test]
fn a_carrier_that_the_format_cannot_be_on_is_refused() {
    let scene = Scene::new();
    let mut document = scene.document("call.wav", Some("site_recording"), "call");
    document.carrier = Some(Carrier::Paper);
    let error = scene.open().file(&request("r-1", "dunning", vec![document])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("not on the carrier"), "{error}");
}

#[test]
fn an_archive_numbers_and_reads_by_files_of_its_own() {
    let scene = Scene::new();
    let settings = scene.path("holdings").join("archive.toml");
    let shipped = std::fs::read_to_string(&settings).unwrap();
    let own = "rules = [\"own.rule\"]\nnumber_rule = \"county\"\nfields = [\"own.toml\"]\n";
    std::fs::write(&settings, format!("{own}{shipped}")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(scene.path("holdings").join(name), text).unwrap();
    write(
        "own.rule",
        "rule county version 1 effective 2024-01-01\n  fonds = chars[A-Z0-9]{4}\n  year = digits{4} range 2000..2099\n  \
         n = sequence{6} start 1 per (fonds, year) gapless refuse-when-full\n  format \"{fonds}/{year}/{n}\"\n",
    );
    write(
        "own.toml",
        "[field.file_no]\nlabels = [\"档案号\"]\nkind = \"identifier\"\nform = \"<county>|<合同编号>\"\n\
         [document.file_card]\ntitles = [\"档案卡\"]\nfields = [\"file_no\"]\n",
    );
    let archive = scene.open();
    let outcome = scene.file(&archive, "r-1");
    assert_eq!(outcome.reference_code.as_str(), "Z109/2024/000001");
    assert_eq!(scene.file(&archive, "r-2").reference_code.as_str(), "Z109/2024/000002");
    let field = archive.config().fields().field("file_no").unwrap();
    assert!(field.language.matches("Z109/2024/000001") && field.language.matches("SGZJ202312345678"));
    assert!(
        !field.language.matches("Z109/1999/000001")
            && archive.config().fields().document("file_card").is_some()
    );

    let refused = |name: &str, text: &str, says: &str| {
        write(name, text);
        let error = Config::load(&scene.path("holdings")).unwrap_err().report();
        assert!(error.contains(name) && error.contains(says), "{error}");
    };
    let no_such = "[field.file_no]\nlabels = [\"档案号\"]\nkind = \"identifier\"\nform = \"<none>\"\n";
    refused("own.toml", no_such, "there is no list");
    refused("own.rule", "rule county", "no sound rule");
    std::fs::remove_file(scene.path("holdings").join("own.rule")).unwrap();
    assert!(Config::load(&scene.path("holdings")).unwrap_err().to_string().contains("own.rule"));
}
