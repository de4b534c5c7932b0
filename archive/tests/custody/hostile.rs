//! Bad input: each a clear answer with nothing half done.

use archive::{ErrorKind, FilingRequest};

use crate::scene::{Scene, request};

#[track_caller]
fn check_refused(scene: &Scene, request: &FilingRequest, kind: ErrorKind, words: &str) {
    let archive = scene.open();
    let error = archive.file(request).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.report().contains(words), "{}", error.report());
    assert_eq!(archive.catalogue().counters().unwrap().len(), 0, "no number was given");
}

#[test]
fn a_request_that_contradicts_itself_is_refused() {
    let scene = Scene::new();
    let good = scene.dunning("r-1");
    let mut future = good.clone();
    future.date = "2999-01-01".parse().unwrap();
    check_refused(&scene, &future, ErrorKind::InvalidInput, "lies in the future");
    let mut nobody = good.clone();
    nobody.customer.name = " ".into();
    check_refused(&scene, &nobody, ErrorKind::InvalidInput, "needs a customer name");
    let mut stage = good.clone();
    stage.stage = Some("completion".parse().unwrap());
    check_refused(&scene, &stage, ErrorKind::InvalidInput, "has the stage completion");
    let mut fact = good.clone();
    fact.facts.insert("colour".parse().unwrap(), true.into());
    check_refused(&scene, &fact, ErrorKind::InvalidInput, "it knows voltage_kv");
    let mut process = good;
    process.process = "magic".parse().unwrap();
    check_refused(&scene, &process, ErrorKind::NotFound, "it knows capacity-change");
    let text = r#"{ "key": "r", "process": "dunning", "date": "2024-05-01", "documents": ["x"] }"#;
    let error = serde_json::from_str::<FilingRequest>(text).unwrap_err();
    assert!(error.to_string().contains("customer"), "{error}");
}

#[test]
fn documents_that_no_archive_keeps_are_rejected_and_the_others_filed() {
    let scene = Scene::new();
    let archive = scene.open();
    let mut request = scene.dunning("r-1");
    request.documents.push(scene.document("virus.exe", None, "MZ\u{90}"));
    request.documents.push(scene.document("letter.txt", None, "hello"));
    request.documents.push(scene.document("broken.pdf", None, ""));
    std::fs::write(scene.path("broken.pdf"), b"%PDF-1.4 nothing").unwrap();
    let outcome = archive.file(&request).unwrap();
    assert_eq!((outcome.documents.len(), outcome.rejected.len()), (2, 3));
    assert!(outcome.rejected.iter().all(|r| r.message.len() > 20), "{:?}", outcome.rejected);
    assert!(archive.catalogue().audit().unwrap().is_empty());
}

#[test]
fn nothing_is_filed_where_every_document_is_rejected() {
    let scene = Scene::new();
    let text = scene.document("letter.txt", None, "hello");
    check_refused(&scene, &request("r-1", "dunning", vec![text]), ErrorKind::InvalidInput, "plain text");
}
