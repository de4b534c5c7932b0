//! What the API answers, and its description.

use std::process::Command;

use archive::report::Subject;
use archive::using::LendRequest;
use archive_core::identifier::ReferenceCode;
use archive_reconcile::alerts::{Observation, Rules, Vanished};
use archive_reconcile::{FindingKind, Severity};
use archive_store::{Inventory, InventoryFinding, Sighting};
use serde_json::{Value, json};

use crate::scene::Scene;
use crate::served::{Served, encoded};

#[test]
fn the_committed_description_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    let made = archive::console::api::description();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &made).expect("the description is written");
    }
    let committed = std::fs::read_to_string(path).expect("docs/openapi.json");
    assert!(
        committed == made,
        "docs/openapi.json is another: run with UPDATE_GOLDEN=1 and look at what changed"
    );
    let scene = Scene::new();
    let served = Served::new(scene.open());
    assert_eq!(served.get("/api/v1/openapi.json").text(), made);
}

#[test]
fn a_file_is_found_and_shows_its_three_ends() {
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = scene.file(&archive, "r-1");
    let (reference, number, slot) = (
        outcome.reference_code.to_string(),
        outcome.box_number.unwrap().to_string(),
        outcome.slot.unwrap().to_string(),
    );
    let served = Served::new(archive);
    for words in ["3388985508", "r-1", "dunning"] {
        let found = served.get(&format!("/api/v1/search?words={words}")).json();
        assert_eq!(found["files"][0]["reference"], reference.as_str(), "{words}");
        assert_eq!((found["more"].as_bool(), found["files"].as_array().unwrap().len()), (Some(false), 1));
    }
    let site = slot.split('/').next().unwrap();
    for (filter, hits) in [
        (format!("site={site}"), 1),
        ("site=none".into(), 0),
        ("year=1999".into(), 0),
        ("state=void".into(), 0),
        ("state=confirmed&limit=1".into(), 1),
        ("process=dunning&retention=Y".into(), 0),
    ] {
        let found = served.get(&format!("/api/v1/search?{filter}")).json();
        assert_eq!(found["files"].as_array().unwrap().len(), hits, "{filter}");
    }
    for name in [&reference, &number, &slot] {
        assert_eq!(
            served.get(&format!("/api/v1/locate?name={}", encoded(name))).json()[0]["reference"],
            reference.as_str()
        );
    }
    let record = served.get(&format!("/api/v1/records/{}", encoded(&reference))).json();
    assert_eq!(record["documents"].as_array().unwrap().len(), 2);
    assert_eq!(record["labels"]["ct_ratio"], "电流互感器变比");
    assert_eq!(record["system_record"]["customer_name"], "杭州永泰纺织有限公司", "as it was filed");
    assert_eq!(record["system_record"]["customer"], "3388985508");
    assert_eq!(record["place"]["slot"], slot.as_str());
    assert!(record["place"]["way"].as_str().unwrap().contains("aisle"), "{record}");
    let proof = served.get(&format!("/api/v1/records/{}/proof", encoded(&reference))).json();
    assert_eq!(proof["holds"], true);
    assert!(proof["entries"][0]["event"].as_str().unwrap().contains(&reference));
    assert_eq!(served.get("/api/v1/checkpoint").json()["size"], proof["checkpoint"]["size"]);
    let papers = served.get(&format!("/api/v1/records/{}/completeness", encoded(&reference))).json();
    assert_eq!(papers["state"], "complete", "{papers}");
    assert_eq!(served.get("/api/v1/completeness").json()["figures"]["complete"], 1);
    assert_eq!(served.get("/api/v1/health").json()["state"], "ok");
    served.get("/api/v1/records/Z109-KH%C2%B72024-D30-YX-9999").is_problem(404, &["Z109-KH"]);
}

#[test]
fn completeness_is_told_customer_by_customer() {
    let scene = Scene::new();
    let archive = scene.open();
    for (n, key) in ["r-1", "r-2", "r-3"].iter().enumerate() {
        let mut request = scene.dunning(key);
        request.customer.number = format!("338898550{n}").parse().unwrap();
        if n == 1 {
            request.documents.truncate(1);
        }
        archive.file(&request).unwrap();
        archive.catalogue().enter_customer(&request.customer, chrono::Utc::now()).unwrap();
    }
    let served = Served::new(archive);
    let asked = |query: &str| served.get(&format!("/api/v1/completeness/files?{query}")).json();
    let customers = |page: &Value| -> Vec<String> {
        let files = page["files"].as_array().unwrap().iter();
        files.map(|file| file["customer"].as_str().unwrap().to_owned()).collect()
    };
    let first = asked("limit=2");
    assert_eq!(customers(&first), ["3388985500", "3388985501"]);
    assert_eq!(
        (&first["files"][0]["state"], &first["files"][0]["customer_name"]),
        (&json!("complete"), &json!("杭州永泰纺织有限公司"))
    );
    let missing = first["files"][1]["papers"].as_array().unwrap().iter().find(|p| p["state"] == "missing");
    assert_eq!(missing.unwrap()["name"], "送达凭证");
    let rest = asked(&format!("limit=2&after={}", first["next"]));
    assert_eq!((customers(&rest), &rest["next"]), (vec!["3388985502".to_owned()], &Value::Null));
    assert_eq!(customers(&asked("open=true")), ["3388985501"]);
    assert_eq!(customers(&asked("open=true&limit=1&after=99999999")), [""; 0]);
    assert_eq!(customers(&asked("customer=3388985502")), ["3388985502"]);
    assert_eq!(customers(&asked("customer=3388985502&open=true")), [""; 0]);
    for (query, status, words) in [
        ("customer=3300000000", 404, "3300000000"),
        ("customer=%20", 400, "customer"),
        ("after=-1", 400, "after"),
        ("after=9223372036854775808", 400, "after"),
        ("limit=0", 400, "limit"),
        ("limit=201", 400, "limit"),
        ("page=1", 400, "page"),
    ] {
        served.get(&format!("/api/v1/completeness/files?{query}")).is_problem(status, &[words]);
    }
}

#[test]
fn a_document_is_sent_as_what_it_is() {
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = scene.file(&archive, "r-1");
    let reference = encoded(outcome.reference_code.as_str());
    let served = Served::new(archive);
    let answer = served.get(&format!("/api/v1/records/{reference}/documents/1"));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/png")));
    assert_eq!(answer.header("content-disposition"), Some("inline; filename=\"document-1.png\""));
    assert!(answer.header("content-security-policy").unwrap().contains("sandbox"));
    assert_eq!(answer.body, std::fs::read(scene.path("r-1-notice.png")).unwrap());
    served.get(&format!("/api/v1/records/{reference}/documents/3")).is_problem(404, &["document 3", "has 2"]);
    for number in ["0", "-1", "1e9", "99999999999999999999", "..", "%2e%2e", "1%00"] {
        let answer = served.get(&format!("/api/v1/records/{reference}/documents/{number}"));
        assert!(matches!(answer.status, 400 | 404), "{number}: {}", answer.status);
    }
    // Content that changed on the disk is not shown as if it were the paper.
    let content = scene.path("holdings").join("content");
    for (path, _) in crate::scene::snapshot(&content) {
        std::fs::write(path, b"<script>alert(1)</script>").unwrap();
    }
    served.get(&format!("/api/v1/records/{reference}/documents/1")).is_problem(500, &["SHA-256", "restore"]);
    std::fs::remove_dir_all(&content).unwrap();
    served.get(&format!("/api/v1/records/{reference}/documents/1")).is_problem(404, &["content"]);
}

#[test]
fn an_exception_is_decided_once() {
    let scene = Scene::new();
    let archive = scene.open();
    let book = archive.config().directory().join("alerts.json");
    let mut file = archive::alert_book::AlertBook::open(&book).unwrap();
    let finding = |key: &str, severity| Observation {
        key: key.into(),
        kind: "mismatch".into(),
        field: Some("ct_ratio".into()),
        file: None,
        left: Some("200/5".into()),
        right: Some("<img src=x onerror=alert(1)>".into()),
        severity,
        reason: "metered energy is multiplied by the wrong ratio".into(),
    };
    let findings = [finding("1", Severity::Critical), finding("2", Severity::Critical)];
    file.book.observe(&Rules::reference(), &findings, &[], Vanished::Unknown, "2024-05-01".parse().unwrap());
    file.save().unwrap();
    drop(file);
    let served = Served::new(archive);
    let alerts = served.get("/api/v1/alerts").json();
    assert_eq!(alerts.as_array().unwrap().len(), 2);
    assert_eq!(
        alerts[0]["system"], "<img src=x onerror=alert(1)>",
        "as it is: whoever shows it makes it text"
    );
    let path = format!("/api/v1/alerts/{}/decisions", alerts[0]["id"]);
    let decide = |body: &str| served.post(&path, body);
    decide(r#"{"action":"acknowledge","by":" "}"#).is_problem(400, &["by", "empty"]);
    decide(r#"{"action":"acknowledge","by":"li\u0000"}"#).is_problem(400, &["cannot be seen"]);
    decide(r#"{"action":"acknowledge","by":"li\u202e"}"#).is_problem(400, &["cannot be seen"]);
    decide(&format!(r#"{{"action":"acknowledge","by":"{}"}}"#, "李".repeat(101))).is_problem(400, &["100"]);
    decide(r#"{"action":"delete","by":"li"}"#).is_problem(400, &["delete"]);
    decide(r#"{"action":"acknowledge","by":"li","more":1}"#).is_problem(400, &["more"]);
    decide("{").is_problem(400, &[]);
    assert_eq!(
        decide(&format!(r#"{{"action":"acknowledge","by":"{}"}}"#, "李".repeat(100))).json()["state"],
        "acknowledged"
    );
    decide(r#"{"action":"acknowledge","by":"wang"}"#).is_problem(409, &["looked after"]);
    assert_eq!(decide(r#"{"action":"resolve-in-system","by":"wang"}"#).json()["state"], "resolved-in-system");
    decide(r#"{"action":"call-false","by":"wang"}"#).is_problem(409, &["settled"]);
    served
        .post("/api/v1/alerts/77/decisions", r#"{"action":"acknowledge","by":"li"}"#)
        .is_problem(404, &["alert 77"]);
    assert_eq!(served.get("/api/v1/alerts").json().as_array().unwrap().len(), 1);
    assert_eq!(served.get("/api/v1/alerts?all=true").json().as_array().unwrap().len(), 2);
    std::fs::write(&book, "{").unwrap();
    served.get("/api/v1/alerts").is_problem(500, &["alerts.json", "line 1"]);
}

#[test]
fn the_decisions_of_an_exception_page_are_taken_as_the_command_takes_them() {
    let scene = Scene::new();
    let archive = scene.open();
    let files = ["r-1", "r-2"].map(|key| scene.file(&archive, key));
    let log = archive.catalogue().checkpoint().unwrap();
    let today = (chrono::Utc::now() + chrono::TimeDelta::hours(8)).date_naive().to_string();
    // Two files of one customer that differ in one field: the paper of each says something of its own.
    let decisions: Vec<Value> = files
        .iter()
        .zip(["200/5", "<img src=x>"])
        .map(|(file, paper)| {
            let subject = Subject {
                reference: file.reference_code.clone(),
                customer: "3388985508".parse().unwrap(),
                kind: FindingKind::Mismatch,
                field: "ct_ratio".parse().unwrap(),
                document: file.documents[0].name.clone(),
                paper: Some(paper.into()),
                record: Some("300/5".into()),
                severity: Severity::Critical,
                reason: "metered energy is multiplied by the wrong ratio".into(),
            };
            json!({ "finding": subject.id(), "subject": subject, "decision": "confirm", "note": "", "by": "李", "day": today })
        })
        .collect();
    let review =
        json!({ "format": "marketing-archive review", "version": 1, "archive": log, "decisions": decisions });
    let served = Served::new(archive);
    let post = |body: &Value| served.post("/api/v1/reviews", &body.to_string());
    let spoilt = |pointer: &str, value: Value| {
        let mut spoilt = review.clone();
        *spoilt.pointer_mut(pointer).unwrap() = value;
        post(&spoilt)
    };
    spoilt("/archive/size", json!(99)).is_problem(409, &["another archive"]);
    spoilt("/decisions/0/subject/record", json!("400/5")).is_problem(400, &["does not bear the name"]);
    spoilt("/decisions/1/by", json!(" ")).is_problem(400, &["say who decides"]);
    spoilt("/decisions/1/decision", json!("delete")).is_problem(400, &["delete"]);
    spoilt("/version", json!(2)).is_problem(400, &["version 2"]);
    served.post("/api/v1/reviews", "{").is_problem(400, &[]);
    assert_eq!(served.get("/api/v1/alerts").json(), json!([]), "all or nothing");
    // More than other requests may bring, and no more than a file of decisions may have.
    let padded = format!("{}{}", " ".repeat(100_000), review);
    assert_eq!(served.post("/api/v1/reviews", &padded).json(), json!({ "taken": 2, "known": 0 }));
    served.post("/api/v1/reviews", &" ".repeat((32 << 20) + 1)).is_problem(413, &["33554432"]);
    let alerts = served.get("/api/v1/alerts").json();
    let said: Vec<_> =
        alerts.as_array().unwrap().iter().map(|a| (a["file"].clone(), a["paper"].clone())).collect();
    assert_eq!(said.len(), 2, "{alerts}");
    for (file, paper) in files.iter().zip(["200/5", "<img src=x>"]) {
        assert!(said.contains(&(json!(file.reference_code), json!(paper))), "{alerts}");
    }
    assert_eq!(
        (&alerts[0]["state"], &alerts[0]["label"]),
        (&json!("acknowledged"), &json!("电流互感器变比"))
    );
    // The command knows them all: it has the same book, and the same function behind it.
    let path = scene.path("review.json");
    std::fs::write(&path, review.to_string()).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_archive"));
        command.args(arguments).arg("--archive").arg(scene.path("holdings")).current_dir(scene.path("."));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let imported = run(&["review", "import", path.to_str().unwrap(), "--json"]);
    assert_eq!(imported.trim(), r#"{"taken":0,"known":2}"#);
    assert_eq!(run(&["alerts", "list", "--all", "--json"]).lines().count(), 2);
    run(&["alerts", "act", "system", "0", "--by", "王"]);
    assert_eq!(served.get("/api/v1/alerts").json().as_array().unwrap().len(), 1);
    assert!(!scene.path("alerts.json").exists(), "no second book where the command happens to run");
    let mut elsewhere = Command::new(env!("CARGO_BIN_EXE_archive"));
    let output = elsewhere.args(["alerts", "list", "--archive", "/nowhere"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(3) && said.contains("name that of the archive, or the book"),
        "{said}"
    );
}

#[test]
fn a_loan_that_is_out_is_not_cut_off_for_those_that_came_back() {
    let scene = Scene::new();
    let archive = scene.open();
    let [out, back] = ["r-1", "r-2"].map(|key| scene.file(&archive, key).reference_code);
    let lend = |key: String, reference: &ReferenceCode| {
        let (key, reference) = (key.parse().unwrap(), reference.clone());
        let lend = LendRequest { key, reference, borrower: "审计科".into(), purpose: "稽查".into() };
        archive.lend_file(&lend).unwrap();
        lend.key
    };
    lend("oldest".into(), &out);
    for n in 0..1000 {
        archive.take_back(&lend(format!("loan-{n}"), &back)).unwrap();
    }
    let served = Served::new(archive);
    let loans = served.get("/api/v1/loans?returned=true").json();
    let keys: Vec<&str> = loans.as_array().unwrap().iter().map(|l| l["key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), 1000, "an answer has a limit");
    assert_eq!((keys[0], keys[999]), ("loan-999", "oldest"), "the newest first");
}

#[test]
fn the_room_shows_what_was_seen() {
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = scene.file(&archive, "r-1");
    let (number, slot) = (outcome.box_number.unwrap(), outcome.slot.unwrap());
    let lend = LendRequest {
        key: "loan-1".parse().unwrap(),
        reference: outcome.reference_code,
        borrower: "审计科".into(),
        purpose: "<b>电价</b>".into(),
    };
    archive.lend_file(&lend).unwrap();
    let served = Served::new(archive);
    let loans = served.get("/api/v1/loans").json();
    assert_eq!(
        (loans[0]["borrower"].as_str(), loans[0]["purpose"].as_str()),
        (Some("审计科"), Some("<b>电价</b>"))
    );
    assert_eq!(served.get("/api/v1/loans?overdue=true").json().as_array().unwrap().len(), 0);
    served.archive.take_back(&"loan-1".parse().unwrap()).unwrap();
    assert_eq!(served.get("/api/v1/loans").json(), json!([]), "it came back");
    let all = served.get("/api/v1/loans?returned=true").json();
    assert!(all[0]["returned"].is_string() && all[0]["days_overdue"].is_null(), "{all}");
    let [site, room, bank, column] = [slot.site(), slot.room(), slot.bank(), slot.column()];
    let path = format!("/api/v1/sites/{site}");
    let unverified = |map: &serde_json::Value, state: &str| -> u64 {
        let levels = map["banks"].as_array().unwrap().iter().flat_map(|b| b["columns"].as_array().unwrap());
        levels
            .flat_map(|c| c["levels"].as_array().unwrap())
            .map(|l| l["counts"][state].as_u64().unwrap())
            .sum()
    };
    assert_eq!(unverified(&served.get(&path).json(), "unverified"), 1);
    let drawing = served.get(&format!("{path}/map.svg"));
    assert_eq!((drawing.status, drawing.header("content-type")), (200, Some("image/svg+xml")));
    assert!(served.get(&format!("{path}/map.svg?shows=heat")).text().contains("heat-5"));
    served.get(&format!("{path}/map.svg?shows=everything")).is_problem(400, &["everything"]);
    let tag = drawing.header("etag").unwrap().to_owned();
    let again = |tag: &str| {
        served.request(
            "GET",
            &format!("{path}/map.svg"),
            &format!("{}If-None-Match: {tag}\r\n", served.bearer()),
            "",
        )
    };
    assert_eq!(again(&tag).status, 304);
    let missing = InventoryFinding { box_number: number.clone(), sighting: Sighting::Missing, heard: None };
    let inventory =
        Inventory { key: "i-1".parse().unwrap(), when: chrono::Utc::now(), findings: vec![missing] };
    served.archive.catalogue().record_inventory(inventory).unwrap();
    assert_eq!(again(&tag).status, 200);
    assert_eq!(unverified(&served.get(&path).json(), "missing"), 1);
    let slots = served.get(&format!("{path}/rooms/{room}/banks/{bank}/columns/{column}")).json();
    let found = slots.as_array().unwrap().iter().find(|s| s["slot"] == slot.as_str()).unwrap();
    assert_eq!(
        (found["state"].as_str(), found["box_number"].as_str(), found["loans"].as_u64()),
        (Some("missing"), Some(number.as_str()), Some(1))
    );
    assert_eq!(served.get("/api/v1/sites").json()[0]["site"], site);
    let inventories = served.get("/api/v1/inventories").json();
    assert_eq!(
        (inventories["latest"][0]["missing"].as_u64(), inventories["running"].is_null()),
        (Some(1), true)
    );
    served.get("/api/v1/sites/none").is_problem(404, &["none"]);
    served.get(&format!("{path}/rooms/{room}/banks/{bank}/columns/%25")).is_problem(404, &["column"]);
}
