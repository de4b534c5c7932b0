//! Decisions that come back from the exception page, and files that only look like such.

use archive::alert_book::AlertBook;
use archive::report::Subject;
use archive::review::{Imported, Review};
use archive::{Archive, ErrorKind, FilingOutcome, RowComparison};
use archive_core::evidence::ReviewDecision;
use archive_reconcile::alerts::{AlertId, Rules, State};
use archive_reconcile::{Finding, FindingKind, Severity};
use archive_store::Event;
use serde_json::{Value, json};

use crate::scene::{Scene, request};

/// A finding about the notice of a dunning case.
fn subject(outcome: &FilingOutcome, field: &str, record: &str) -> Subject {
    Subject {
        reference: outcome.reference_code.clone(),
        customer: "3388985508".parse().unwrap(),
        kind: FindingKind::Mismatch,
        field: field.parse().unwrap(),
        document: outcome.documents[0].name.clone(),
        paper: Some("50/5".into()),
        record: Some(record.into()),
        severity: Severity::Critical,
        reason: "metered energy is multiplied by the wrong ratio".into(),
    }
}

fn today() -> String {
    (chrono::Utc::now() + chrono::TimeDelta::hours(8)).date_naive().to_string()
}

fn decision(subject: &Subject, decision: &str, by: &str) -> Value {
    json!({
        "finding": subject.id(), "subject": subject, "decision": decision, "note": "看过原件", "by": by, "day": today(),
    })
}

/// The file that the page of `archive` would export.
fn file(archive: &Archive, decisions: &[Value]) -> Value {
    let log = archive.catalogue().checkpoint().unwrap();
    json!({ "format": "marketing-archive review", "version": 1, "archive": log, "decisions": decisions })
}

fn parsed(file: &Value) -> Review {
    Review::parse("review.json", &file.to_string()).unwrap()
}

#[track_caller]
fn refused_text(file: &Value, kind: ErrorKind, words: &[&str]) {
    let error = Review::parse("review.json", &file.to_string()).unwrap_err();
    let report = error.report();
    assert_eq!(error.kind(), kind, "{report}");
    assert!(words.iter().all(|word| report.contains(word)), "{words:?} in {report}");
    assert!(report.len() < 2000, "a message is no flood: {} bytes", report.len());
}

#[test]
fn decisions_reach_the_book_and_the_log_once() {
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = scene.file(&archive, "a");
    let (ratio, meter) = (subject(&outcome, "ct_ratio", "800/5"), subject(&outcome, "meter_no", "12"));
    let phone = subject(&outcome, "phone", "1");
    let review = parsed(&file(
        &archive,
        &[
            decision(&ratio, "confirm", "李"),
            decision(&meter, "reject", "李"),
            decision(&phone, "unsure", "王"),
        ],
    ));
    let path = scene.path("alerts.json");
    let mut book = AlertBook::open(&path).unwrap();
    let imported = archive.import_review(&review, &mut book, &Rules::reference()).unwrap();
    assert_eq!(imported, Imported { taken: 3, known: 0 });
    let states: Vec<State> = book.book.iter().map(|(_, alert)| alert.state).collect();
    assert_eq!(states, [State::Acknowledged, State::False, State::Open]);
    let event = book.book.get(AlertId(0)).unwrap().decided().unwrap().clone();
    assert_eq!((event.by.as_deref(), event.note.as_deref()), (Some("李"), Some("看过原件")));
    drop(book);

    // The file again, the page's older state of the log included, changes nothing.
    let mut book = AlertBook::open(&path).unwrap();
    let stored = std::fs::read(&path).unwrap();
    let again = archive.import_review(&review, &mut book, &Rules::reference()).unwrap();
    assert_eq!(again, Imported { taken: 0, known: 3 });
    assert_eq!(std::fs::read(&path).unwrap(), stored);
    let logged: Vec<_> = archive
        .catalogue()
        .history(&outcome.reference_code)
        .unwrap()
        .iter()
        .filter_map(|entry| match entry.event().unwrap() {
            Event::Reviewed { finding, decision, .. } => Some((finding, decision)),
            _ => None,
        })
        .collect();
    assert_eq!(logged.len(), 3);
    assert_eq!(logged[0], (ratio.digest(), ReviewDecision::Confirm));

    // A doubt may be settled, a decision not turned round; and then nothing of the file is taken.
    let settled = parsed(&file(&archive, &[decision(&phone, "confirm", "赵")]));
    assert_eq!(archive.import_review(&settled, &mut book, &Rules::reference()).unwrap().taken, 1);
    let new = subject(&outcome, "deposit_cny", "3");
    let turned = file(&archive, &[decision(&new, "confirm", "赵"), decision(&ratio, "reject", "赵")]);
    let before = (archive.catalogue().checkpoint().unwrap(), std::fs::read(&path).unwrap());
    let error = archive.import_review(&parsed(&turned), &mut book, &Rules::reference()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("ct_ratio") && error.report().contains("by 李"), "{}", error.report());
    assert_eq!((archive.catalogue().checkpoint().unwrap(), std::fs::read(&path).unwrap()), before);
    assert_eq!(book.book.iter().count(), 3);
}

#[test]
fn a_page_of_another_archive_and_unknown_findings_are_refused() {
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = scene.file(&archive, "a");
    scene.make("other");
    let other = scene.open_named("other");
    let foreign = scene.file(&other, "b");
    let ratio = subject(&outcome, "ct_ratio", "800/5");
    let path = scene.path("alerts.json");
    let mut book = AlertBook::open(&path).unwrap();
    let mut refused = |file: &Value, kind: ErrorKind, words: &[&str]| {
        let before = archive.catalogue().checkpoint().unwrap();
        let error = archive.import_review(&parsed(file), &mut book, &Rules::reference()).unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.report());
        assert!(words.iter().all(|word| error.report().contains(word)), "{words:?} in {}", error.report());
        assert_eq!(archive.catalogue().checkpoint().unwrap(), before);
        assert!(!path.exists() && book.book.iter().next().is_none(), "nothing is taken");
    };
    let known = decision(&ratio, "confirm", "李");
    refused(&file(&other, std::slice::from_ref(&known)), ErrorKind::Conflict, &["another archive"]);
    let mut forged = file(&archive, std::slice::from_ref(&known));
    for size in [json!(0), json!(u64::MAX)] {
        forged["archive"]["size"] = size;
        refused(&forged, ErrorKind::Conflict, &["another archive"]);
    }
    let change = |spoil: &dyn Fn(&mut Subject)| {
        let mut subject = ratio.clone();
        spoil(&mut subject);
        file(&archive, &[known.clone(), decision(&subject, "confirm", "李")])
    };
    let unknown = change(&|s| s.reference = "Z109-KH·2030-D30-YX01-0001".parse().unwrap());
    refused(&unknown, ErrorKind::NotFound, &["Z109-KH·2030-D30-YX01-0001", "no file"]);
    let customer = change(&|s| s.customer = "3300000000".parse().unwrap());
    refused(&customer, ErrorKind::NotFound, &["3300000000", "no file"]);
    let paper = change(&|s| s.document = format!("\u{202e}{}", foreign.documents[0].name));
    refused(&paper, ErrorKind::NotFound, &["which is not in the file", "\\u{202e}"]);
    let field = change(&|s| s.field = "shoe_size".parse().unwrap());
    refused(&field, ErrorKind::NotFound, &["shoe_size", "does not compare"]);
    for day in ["1999-01-01", "2999-01-01"] {
        let mut late = file(&archive, std::slice::from_ref(&known));
        late["decisions"][0]["day"] = day.into();
        refused(&late, ErrorKind::InvalidInput, &[day]);
    }
}

#[test]
fn a_file_that_is_no_file_of_decisions_is_refused() {
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = scene.file(&archive, "a");
    let ratio = subject(&outcome, "ct_ratio", "800/5");
    let good = file(&archive, &[decision(&ratio, "confirm", "李")]);
    let invalid = |spoil: &dyn Fn(&mut Value), words: &[&str]| {
        let mut file = good.clone();
        spoil(&mut file);
        refused_text(&file, ErrorKind::InvalidInput, words);
    };
    invalid(&|f| f["format"] = "x".repeat(100_000).into(), &["review.json", "is \"xxx"]);
    invalid(&|f| f["version"] = 2.into(), &["version 2", "version 1"]);
    invalid(&|f| f["more"] = 1.into(), &["no file of decisions", "more"]);
    invalid(&|f| f["decisions"][0]["more"] = 1.into(), &["unknown field `more`"]);
    invalid(&|f| f["decisions"][0]["subject"]["more"] = 1.into(), &["unknown field `more`"]);
    invalid(&|f| f["decisions"][0]["decision"] = "delete".into(), &["unknown variant `delete`"]);
    invalid(&|f| f["decisions"][0]["day"] = "yesterday".into(), &["no file of decisions"]);
    invalid(&|f| drop(f.as_object_mut().unwrap().remove("archive")), &["archive"]);
    // A finding that was made up, or whose words were changed after the page was written.
    invalid(
        &|f| f["decisions"][0]["subject"]["record"] = "50/5".into(),
        &["ct_ratio", "does not bear the name"],
    );
    invalid(&|f| f["decisions"][0]["finding"] = "0".repeat(1_000).into(), &["does not bear the name"]);
    invalid(&|f| f["decisions"][0]["by"] = "".into(), &["finding ", "is empty: say who decides"]);
    invalid(&|f| f["decisions"][0]["by"] = "李\u{1b}[31m".into(), &["cannot be seen"]);
    invalid(&|f| f["decisions"][0]["by"] = "李\u{202e}".into(), &["cannot be seen"]);
    invalid(&|f| f["decisions"][0]["by"] = "李".repeat(101).into(), &["longer than 100 characters"]);
    invalid(&|f| f["decisions"][0]["note"] = "注".repeat(2001).into(), &["a note of more than 2000"]);
    invalid(&|f| f["decisions"][0]["note"] = "\u{0}".into(), &["control character"]);
    for text in ["", "[]", "null", "{", "\u{feff}{}", &"[".repeat(100_000)] {
        let error = Review::parse("review.json", text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text:.20}");
    }
    let flood = " ".repeat(Review::SIZE_LIMIT + 1);
    assert!(Review::parse("review.json", &flood).unwrap_err().to_string().contains("more than 33554432"));

    // Twice the same is once; twice otherwise is a contradiction.
    let mut twice = good.clone();
    twice["decisions"].as_array_mut().unwrap().push(decision(&ratio, "confirm", "王"));
    assert_eq!(parsed(&twice).decisions.len(), 1);
    twice["decisions"][1]["decision"] = "reject".into();
    refused_text(&twice, ErrorKind::Conflict, &["decided twice", "confirm by \"李\"", "reject by \"王\""]);

    // A path that is no file, and one of bytes that are no text.
    assert_eq!(Review::load(&scene.path("absent.json")).unwrap_err().kind(), ErrorKind::NotFound);
    std::fs::write(scene.path("bytes.json"), [0xff, 0xfe, 0]).unwrap();
    assert!(Review::load(&scene.path("bytes.json")).unwrap_err().to_string().contains("bytes.json"));
}

#[test]
fn a_page_shows_each_format_as_far_as_it_can_be_shown() {
    let scene = Scene::new();
    let archive = scene.open();
    let names = ["a.png", "page\u{202e}gnp.png", "scan.tif", "call.wav"];
    let mut documents: Vec<_> =
        names.iter().map(|name| scene.document(name, Some("dunning_notice"), name)).collect();
    // What browsers do not show is shown as PNG.
    let page = image::DynamicImage::ImageLuma8(image::GrayImage::from_pixel(90, 70, image::Luma([200])));
    page.save(scene.path("scan.tif")).unwrap();
    documents.push(scene.document("receipt.png", Some("dunning_receipt"), "receipt"));
    archive.file(&request("a", "dunning", documents)).unwrap();

    let finding = |document: &str| Finding {
        field: "ct_ratio".parse().unwrap(),
        label: "电流互感器变比".into(),
        kind: FindingKind::Mismatch,
        document: document.into(),
        paper: Some(document.into()),
        record: None,
        evidence: f64::NAN,
        severity: Severity::Minor,
        reason: "户".repeat(200),
    };
    let findings = names.iter().chain(&["absent.png"]).map(|name| finding(name)).collect();
    let customer = "3388985508".parse().unwrap();
    let rows = [RowComparison::Compared { customer, findings }];
    let directory = scene.path("page");
    let page = std::fs::read_to_string(archive.report_comparisons(&directory, &rows).unwrap()).unwrap();
    let data = page.split_once("type=\"application/json\"").unwrap().1.split_once('>').unwrap().1;
    let data: Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
    let exceptions = data["exceptions"].as_array().unwrap();
    assert_eq!(exceptions.len(), 5, "each is shown, whatever its image");
    let pictures: Vec<&Value> = exceptions.iter().map(|e| &e["picture"]).collect();
    for (picture, size) in pictures[..3].iter().zip([(160, 220), (160, 220), (90, 70)]) {
        let path = picture["path"].as_str().unwrap();
        assert_eq!(image::image_dimensions(directory.join(path)).unwrap(), size, "{picture}");
        assert!(path.ends_with(".png") && path.is_ascii() && picture["region"].is_null(), "{picture}");
        assert_eq!(
            (picture["width"].as_u64().unwrap(), picture["height"].as_u64().unwrap()),
            (size.0.into(), size.1.into())
        );
    }
    assert!(pictures[3]["reason"].as_str().unwrap().contains("call.wav"), "{}", pictures[3]);
    assert!(pictures[4]["reason"].as_str().unwrap().contains("not among the papers"), "{}", pictures[4]);
    assert!(exceptions.iter().all(|e| e["evidence"].is_null()), "not a number is no evidence");
    assert_eq!(data["completeness"]["figures"]["cases"], 1);
}
