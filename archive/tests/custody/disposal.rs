//! Due lists, holds, two-person approval, destruction; closed files and late documents.

use archive::ErrorKind;
use archive_core::completeness::State;
use archive_core::identifier::{ReferenceCode, RequestKey, RoleCode};
use archive_store::{DisposalState, Draw, FilingState};

use crate::scene::{Scene, request};

fn role(code: &str) -> RoleCode {
    code.parse().unwrap()
}

/// A dunning case of 2010, whose ten years are over.
fn old(scene: &Scene, archive: &archive::Archive, key: &str) -> ReferenceCode {
    let mut request = scene.dunning(key);
    request.date = "2010-03-01".parse().unwrap();
    archive.file(&request).unwrap().reference_code
}

#[test]
fn what_is_destroyed_keeps_its_entry_and_two_persons_agreed() {
    let scene = Scene::new();
    let archive = scene.open();
    let (first, second) = (old(&scene, &archive, "r-1"), old(&scene, &archive, "r-2"));
    let young = scene.file(&archive, "r-3").reference_code;
    let today = "2026-01-01".parse().unwrap();
    let due = archive.due_for_disposal(today).unwrap();
    assert_eq!(due.iter().map(|d| &d.reference).collect::<Vec<_>>(), [&first, &second]);

    let key = || "d-1".parse().unwrap();
    let propose = |references: Vec<ReferenceCode>| {
        archive.propose_disposal(key(), references, "李", &role("archivist"))
    };
    assert_eq!(propose(vec![young]).unwrap_err().kind(), ErrorKind::Conflict, "it is not due");
    propose(vec![first.clone(), second.clone()]).unwrap();
    assert_eq!(
        propose(vec![first.clone()]).unwrap_err().kind(),
        ErrorKind::Conflict,
        "another list under the key"
    );
    assert_eq!(archive.carry_out_disposal(&key()).unwrap_err().kind(), ErrorKind::Denied);
    archive.approve_disposal(&key(), "王", &role("archive-manager")).unwrap();
    assert_eq!(archive.approve_disposal(&key(), "李", &role("legal")).unwrap_err().kind(), ErrorKind::Denied);
    let counter = archive.approve_disposal(&key(), "钱", &role("counter")).unwrap_err();
    assert!(counter.to_string().contains("archive-manager, legal may"), "{counter}");
    let again = archive.approve_disposal(&key(), " 王 ", &role("legal")).unwrap();
    assert!(!again.is_approved(), "one person in two roles is one person");
    let list = archive.approve_disposal(&key(), "赵", &role("legal")).unwrap();
    assert!(list.is_approved());
    assert_eq!(list.approvals[0].role, Some(role("archive-manager")), "{list:?}");

    // A hold set at the last moment stops everything.
    archive.hold(&second, "诉讼", "赵", &role("legal")).unwrap();
    archive.hold(&second, "诉讼", "赵", &role("legal")).unwrap();
    let voided = archive.catalogue().void_number(&second, "清库", chrono::Utc::now()).unwrap_err();
    assert_eq!(voided.kind(), ErrorKind::Conflict, "the catalogue keeps it from everybody: {voided}");
    let error = archive.carry_out_disposal(&key()).unwrap_err();
    assert!(error.kind() == ErrorKind::Conflict && error.to_string().contains("诉讼"), "{error}");
    assert_eq!(archive.due_for_disposal(today).unwrap()[1].held_back.as_deref(), Some("held: 诉讼"));
    assert_eq!(archive.lift_hold(&second, "王", &role("counter")).unwrap_err().kind(), ErrorKind::Denied);
    archive.lift_hold(&second, "赵", &role("legal")).unwrap();
    // Held once more, and lifted once more: each hold is one of its own in the catalogue.
    archive.hold(&second, "再诉", "赵", &role("legal")).unwrap();
    archive.lift_hold(&second, "赵", &role("legal")).unwrap();
    let holds = archive.catalogue().legal_holds(&second).unwrap();
    assert_eq!(holds.iter().filter(|hold| hold.lifted.is_some()).count(), 2, "{holds:?}");

    let destroyed = archive.carry_out_disposal(&key()).unwrap();
    assert_eq!((destroyed.files, destroyed.contents), (2, 4));
    assert_eq!(destroyed.to_table().rows.len(), 2);
    let located = archive.locate(first.as_str()).unwrap();
    assert_eq!(located[0].filed.state, FilingState::Void);
    assert!(located[0].filed.void_reason.as_deref().unwrap().contains("list d-1: 保管期满"));
    assert_eq!(located[0].documents.len(), 2, "the entry is kept");
    assert_eq!(archive.content(&located[0].documents[0]).unwrap_err().kind(), ErrorKind::NotFound);
    let again = archive.carry_out_disposal(&key()).unwrap();
    assert_eq!((again.files, again.contents), (2, 0), "again gives the certificate and destroys nothing");
    assert!(archive.catalogue().audit().unwrap().is_empty());
    assert!(archive.due_for_disposal(today).unwrap().is_empty());
    let late = archive.reject_disposal(&key(), "赵", &role("legal"), "still needed").unwrap_err();
    assert!(late.kind() == ErrorKind::Conflict && late.to_string().contains("executed"), "{late}");
}

fn approved(archive: &archive::Archive, key: &str, references: Vec<ReferenceCode>) -> RequestKey {
    let key: RequestKey = key.parse().unwrap();
    archive.propose_disposal(key.clone(), references, "李", &role("archivist")).unwrap();
    for (person, code) in [("王", "archive-manager"), ("赵", "legal")] {
        archive.approve_disposal(&key, person, &role(code)).unwrap();
    }
    key
}

#[test]
fn a_destruction_that_was_cut_short_goes_on() {
    let scene = Scene::new();
    let archive = scene.open();
    let first = old(&scene, &archive, "r-1");
    let key = approved(&archive, "d-1", vec![first.clone()]);
    // The power goes after the catalogue voided the files and before their content went.
    archive.catalogue().execute_disposal(&key, chrono::Utc::now()).unwrap();
    drop(archive);
    let archive = scene.open();
    let documents = archive.locate(first.as_str()).unwrap()[0].documents.clone();
    archive.content(&documents[0]).unwrap();
    let destroyed = archive.carry_out_disposal(&key).unwrap();
    assert_eq!((destroyed.files, destroyed.contents), (1, 2));
    assert_eq!(archive.content(&documents[0]).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(archive.carry_out_disposal(&key).unwrap().contents, 0);
}

#[test]
fn a_list_that_is_refused_destroys_nothing() {
    let scene = Scene::new();
    let archive = scene.open();
    let first = old(&scene, &archive, "r-1");
    let key = approved(&archive, "d-1", vec![first.clone()]);
    let reject = |code: &str, reason: &str| archive.reject_disposal(&key, "赵", &role(code), reason);
    assert_eq!(reject("counter", "no").unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(reject("legal", " ").unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(reject("legal", "still needed").unwrap().state, DisposalState::Rejected);
    let refused = archive.carry_out_disposal(&key).unwrap_err();
    assert!(refused.to_string().contains("rejected"), "{refused}");
    assert_eq!(archive.locate(first.as_str()).unwrap()[0].filed.state, FilingState::Confirmed);
    let unknown = "none".parse().unwrap();
    assert_eq!(archive.carry_out_disposal(&unknown).unwrap_err().kind(), ErrorKind::NotFound);
    for (references, person) in [
        (vec![], "李"),
        (vec![first.clone(), first.clone()], "李"),
        (vec![first.clone()], " "),
        (vec![first], "李\n二"),
    ] {
        let key = "d-2".parse().unwrap();
        let error = archive.propose_disposal(key, references, person, &role("archivist")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
}

/// Late documents are part of the file that they joined: held, kept and destroyed together.
#[test]
fn a_file_goes_with_its_late_documents_or_not_at_all() {
    let scene = Scene::new();
    let archive = scene.open();
    let main = old(&scene, &archive, "r-1");
    let receipt = vec![scene.document("late.png", Some("dunning_receipt"), "late receipt")];
    let late = archive.join(&main, "r-2".parse().unwrap(), receipt).unwrap().reference_code;
    archive.hold(&late, "诉讼", "赵", &role("legal")).unwrap();
    assert_eq!(archive.holds().unwrap()[0].references, std::slice::from_ref(&main), "the whole is held");
    let due = archive.due_for_disposal("2026-01-01".parse().unwrap()).unwrap();
    assert_eq!(due.iter().filter(|d| d.held_back.as_deref() == Some("held: 诉讼")).count(), 2);
    archive.lift_hold(&late, "赵", &role("legal")).unwrap();
    let propose = |key: &str, references: &[&ReferenceCode]| {
        let references = references.iter().map(|r| (*r).clone()).collect();
        archive.propose_disposal(key.parse().unwrap(), references, "李", &role("archivist"))
    };
    let alone = propose("d-1", &[&main]).unwrap_err();
    assert!(alone.kind() == ErrorKind::Conflict && alone.to_string().contains(late.as_str()), "{alone}");
    propose("d-2", &[&main, &late]).unwrap();
}

#[test]
fn half_empty_boxes_are_proposed_to_be_joined() {
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = scene.file(&archive, "r-1");
    // A box of 50 mm holds two sheets: one of 20 mm would do.
    let proposals = archive.reboxing_proposals(archive_core::units::Millimetres(30)).unwrap();
    assert_eq!(proposals.len(), 1);
    assert_eq!(proposals[0].kept, [(outcome.box_number.unwrap(), archive_core::units::Millimetres(20))]);
    assert!(archive.reboxing_proposals(archive_core::units::Millimetres(31)).unwrap().is_empty());
}

#[test]
fn a_thin_box_grows_where_the_policy_begins_thin() {
    let scene = Scene::new();
    let policy = archive_core::policy::REFERENCE_TEXT.replace("begin = \"widest\"", "begin = \"thinnest\"");
    std::fs::write(scene.path("holdings/policy.toml"), policy).unwrap();
    let settings = scene.path("holdings").join(archive::config::SETTINGS);
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, format!("policy = \"policy.toml\"\n{text}")).unwrap();
    let archive = scene.open();
    let thick = |key: &str| {
        let mut request = scene.dunning(key);
        request.documents[0].pages = Some(archive_core::units::Pages(240));
        archive.file(&request).unwrap()
    };
    let (first, second) = (thick("r-1"), thick("r-2"));
    assert_eq!((first.box_grew, &first.box_number), (None, &second.box_number));
    let growth = second.box_grew.unwrap();
    assert_eq!((growth.from.0, growth.to.0), (20, 30));
    assert_eq!(thick("r-2").box_grew, second.box_grew, "again gives the same answer");
    let label = archive.spine_label(&second.box_number.unwrap()).unwrap();
    assert_eq!(label.spine.0, 30);
    assert!(archive.catalogue().audit().unwrap().is_empty());
}

#[test]
fn what_is_due_is_told_or_written() {
    let scene = Scene::new();
    let archive = scene.open();
    let (first, second) = (old(&scene, &archive, "r-1"), old(&scene, &archive, "r-2"));
    scene.file(&archive, "r-3");
    archive.hold(&second, "suit 7", "赵", &role("legal")).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_archive"));
        let output = command.args(arguments).arg("--archive").arg(scene.path("holdings")).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let told = format!(
        "{first}: kept until 2020-12-31\n{second}: kept until 2020-12-31, held: suit 7\n2 files are due\n"
    );
    assert_eq!(run(&["disposal", "due"]), (Some(0), told));
    let list = scene.path("due.csv");
    let (code, told) = run(&["disposal", "due", "--out", list.to_str().unwrap()]);
    assert!(code == Some(0) && told.ends_with("due.csv: 2 rows\n"), "{told}");
    assert!(std::fs::read_to_string(&list).unwrap().contains(second.as_str()));
    assert_eq!(run(&["disposal", "due", "--lossless"]).0, Some(2), "nothing is written");
    // States are told in the words of the data.
    let (_, told) = run(&["locate", first.as_str()]);
    let customer = &archive.locate(first.as_str()).unwrap()[0].filed.customer;
    assert!(told.starts_with(&format!("{first} (customer {customer}, confirmed)\n")), "{told}");
}

#[test]
fn content_that_another_file_needs_is_not_destroyed() {
    let scene = Scene::new();
    let archive = scene.open();
    let first = old(&scene, &archive, "r-1");
    let mut sharing = scene.dunning("r-2");
    sharing.documents[0].path = scene.path("r-1-notice.png");
    archive.file(&sharing).unwrap();
    let key = approved(&archive, "d-1", vec![first]);
    assert_eq!(archive.carry_out_disposal(&key).unwrap().contents, 1);
    for document in &archive.locate("r-2").unwrap()[0].documents {
        archive.content(document).unwrap();
    }
}

#[test]
fn late_documents_join_a_file_until_it_is_closed() {
    let scene = Scene::new();
    let archive = scene.open();
    let notice = scene.document("notice.png", Some("dunning_notice"), "late notice");
    let main = archive.file(&request("r-1", "dunning", vec![notice])).unwrap();
    assert_eq!(main.completeness.state(), State::Incomplete);
    let receipt = || vec![scene.document("receipt.png", Some("dunning_receipt"), "late receipt")];
    let late = archive.join(&main.reference_code, "r-2".parse().unwrap(), receipt()).unwrap();
    assert_eq!(late.completeness.state(), State::Complete, "judged together");
    assert_eq!(archive.completeness(&main.reference_code).unwrap().state(), State::Complete);
    assert_eq!(archive.completeness(&late.reference_code).unwrap().state(), State::Complete);
    assert_eq!(archive.completeness_matrix().unwrap().figures.cases, 1, "one case in two items");
    assert_eq!(late.box_number, main.box_number);
    assert!(archive.join(&main.reference_code, "r-2".parse().unwrap(), receipt()).unwrap().repeated);
    let chain = archive.join(&late.reference_code, "r-3".parse().unwrap(), receipt()).unwrap_err();
    assert!(chain.to_string().contains("joined"), "{chain}");

    // A new number for the file changes nothing of what belongs to it.
    let draw = Draw::new("NEW", 1, 9, |n| format!("NEW-{n}").parse());
    archive.catalogue().renumber(&main.reference_code, draw, "换号", chrono::Utc::now()).unwrap();
    assert_eq!(archive.completeness(&main.reference_code).unwrap().state(), State::Complete);
    assert_eq!(archive.late_files(&main.reference_code).unwrap()[0].filed.reference, late.reference_code);

    let closing = archive.close_file(&main.reference_code, "李", "办结").unwrap();
    assert_eq!(archive.close_file(&main.reference_code, "王", "办结").unwrap(), closing);
    assert!(archive.join(&main.reference_code, "r-2".parse().unwrap(), receipt()).unwrap().repeated);
    let part = archive.close_file(&late.reference_code, "李", "办结").unwrap_err();
    assert_eq!(part.kind(), ErrorKind::Conflict, "{part}");
    let error = archive.join(&main.reference_code, "r-4".parse().unwrap(), receipt()).unwrap_err();
    assert!(error.kind() == ErrorKind::Refused && error.to_string().contains("was closed"), "{error}");
    assert!(archive.locate("r-4").is_err(), "nothing half done");
    assert!(archive.join(&"none".parse().unwrap(), "r-5".parse().unwrap(), receipt()).is_err());
}
