//! The exception page.

use std::path::Path;

use archive::judging::Witness;
use archive::records::RecordTable;
use archive_reconcile::judgement::Priors;
use archive_reconcile::posterior::Costs;
use serde_json::Value;

use crate::scene::{Scene, assert_fails, command, models_are_there, run, text};

/// The data of the page in `directory`.
#[track_caller]
fn shown(directory: &Path) -> Value {
    let page = std::fs::read_to_string(directory.join("index.html")).unwrap();
    let data = page.split_once("type=\"application/json\"").unwrap().1.split_once('>').unwrap().1;
    serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn a_page_shows_what_was_filed_judged_and_compared_and_what_it_cannot_show() {
    if !models_are_there("a_page_shows_what_was_filed_judged_and_compared_and_what_it_cannot_show") {
        return;
    }
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = archive.file(&scene.short_request("r-1")).unwrap();
    let filed = scene.path("filed");
    archive.report_filings(&filed, std::slice::from_ref(&outcome)).unwrap();
    let page = shown(&filed);
    assert_eq!(page["exceptions"].as_array().unwrap().len(), outcome.findings.len());
    assert_eq!(page["files"][0]["reference"], outcome.reference_code.as_str());
    assert_eq!(page["files"][0]["shelving"]["state"], "confirmed");
    assert!(page["files"][0]["papers"].as_array().unwrap().iter().any(|item| item["state"] == "missing"));

    let table_path = scene.path("system.csv");
    std::fs::write(&table_path, "account_no,ct_ratio\n3342125369,800/5\n3300000000,50/5\n").unwrap();
    let table = RecordTable::load(&table_path, "account_no").unwrap();
    let judged = scene.path("judged");
    let rows =
        archive.judge(&table, &Priors::default(), Costs::new(20.0).unwrap(), Witness::Readings).unwrap();
    archive.report_judgements(&judged, &rows).unwrap();
    let page = shown(&judged);
    assert_eq!((&page["compared"], &page["without_papers"][0]), (&1.into(), &"3300000000".into()));
    let ratio = page["exceptions"].as_array().unwrap().iter().find(|e| e["field"] == "ct_ratio").unwrap();
    assert_eq!((&ratio["record"], &ratio["kind"]), (&"800/5".into(), &"mismatch".into()));
    assert!(ratio["probability"].as_f64().unwrap() > 0.1, "{ratio}");
    assert!(judged.join(ratio["picture"]["path"].as_str().unwrap()).exists());
    assert_eq!(page["completeness"]["figures"]["cases"], 1);

    // What a reviewer decided there comes back by the command, once.
    let keys =
        ["reference", "customer", "kind", "field", "document", "paper", "record", "severity", "reason"];
    let subject: serde_json::Map<_, _> =
        keys.iter().map(|key| ((*key).to_owned(), ratio[*key].clone())).collect();
    let decision = serde_json::json!({
        "finding": ratio["id"], "subject": subject, "decision": "confirm", "note": "", "by": "李", "day": page["made"],
    });
    let review = serde_json::json!({
        "format": "marketing-archive review", "version": 1, "archive": page["archive"], "decisions": [decision],
    });
    let (file, book) = (scene.path("review.json"), scene.path("alerts.json"));
    std::fs::write(&file, review.to_string()).unwrap();
    for expected in [r#"{"taken":1,"known":0}"#, r#"{"taken":0,"known":1}"#] {
        let arguments = ["review", "import", text(&file), "--json", "--book", text(&book), "--archive"];
        let output = run(command(arguments).arg(scene.holdings()));
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), expected, "{output:?}");
    }
    let output = run(&mut command(["alerts", "list", "--all", "--book", text(&book)]));
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(listed.contains("ct_ratio") && listed.contains("acknowledged"), "{listed}");
    std::fs::write(&file, review.to_string().replace("confirm", "reject")).unwrap();
    let arguments = ["review", "import", text(&file), "--book", text(&book), "--archive"];
    assert_fails(&run(command(arguments).arg(scene.holdings())), 3, &["ct_ratio", "confirm, by 李"]);

    // An image that is gone since costs its picture and nothing else.
    std::fs::remove_file(archive.config().content().join(&outcome.documents[0].content)).unwrap();
    let compared = scene.path("compared");
    archive.report_comparisons(&compared, &archive.reconcile(&table).unwrap()).unwrap();
    let page = shown(&compared);
    let ratio = page["exceptions"].as_array().unwrap().iter().find(|e| e["field"] == "ct_ratio").unwrap();
    assert_eq!((&ratio["picture"]["state"], &ratio["probability"]), (&"absent".into(), &Value::Null));
    assert!(!ratio["picture"]["reason"].as_str().unwrap().is_empty());
}
