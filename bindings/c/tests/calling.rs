//! Every call that an archive takes by name, on an archive with a file in it.

use std::ffi::{CStr, c_char};
use std::ptr::null_mut;

use marketing_archive::*;
use serde_json::{Value, json};

/// An archive that keeps scans without reading them, and its directory.
struct Holdings {
    place: tempfile::TempDir,
    archive: *mut MaArchive,
}

impl Holdings {
    fn new(name: &str) -> Self {
        let place = tempfile::tempdir().expect("a scratch directory is made");
        let path = place.path().join(name);
        let path = path.to_str().expect("scratch paths are UTF-8");
        let open = |how: Opener| {
            let (mut archive, mut error) = (null_mut(), null_mut());
            // SAFETY: the path is as long as said, and the answers are writable.
            let status = unsafe { how(path.as_ptr().cast(), path.len(), &raw mut archive, &raw mut error) };
            assert_eq!(status, MaStatus::Ok);
            archive
        };
        // SAFETY: nobody else has it.
        unsafe { ma_archive_free(open(ma_archive_create)) };
        let settings = place.path().join(name).join("archive.toml");
        let text = std::fs::read_to_string(&settings).expect("there are settings");
        let text = text.replace("hasten = 50.0", "hasten = 2000.0");
        std::fs::write(&settings, format!("reading = \"off\"\n{text}")).expect("the settings are written");
        let archive = open(ma_archive_open);
        Self { place, archive }
    }

    fn path(&self, name: &str) -> String {
        self.place.path().join(name).display().to_string()
    }

    /// What a function of the interface answers to `request`, as JSON; on failure the status and the message.
    fn ask(&self, function: Function, request: &Value) -> Result<Value, (MaStatus, String)> {
        let request = request.to_string();
        let (mut answer, mut error) = (null_mut(), null_mut());
        // SAFETY: the archive is open, the request is as long as said, and the answers are writable and freed once.
        unsafe {
            let data = request.as_ptr().cast();
            let status = function(self.archive, data, request.len(), &raw mut answer, &raw mut error);
            if status != MaStatus::Ok {
                let message = CStr::from_ptr(ma_error_message(error)).to_string_lossy().into_owned();
                ma_error_free(error);
                return Err((status, message));
            }
            let text = CStr::from_ptr(answer).to_string_lossy().into_owned();
            ma_string_free(answer);
            Ok(serde_json::from_str(&text).expect("answers are JSON"))
        }
    }

    fn call(&self, request: Value) -> Value {
        self.ask(ma_archive_call, &request).unwrap_or_else(|e| panic!("{request}: {e:?}"))
    }

    fn refused(&self, request: Value) -> MaStatus {
        self.ask(ma_archive_call, &request).expect_err("this is refused").0
    }
}

impl Drop for Holdings {
    fn drop(&mut self) {
        // SAFETY: the archive is open, and nobody uses it any more.
        unsafe { ma_archive_free(self.archive) }
    }
}

type Opener = unsafe extern "C" fn(*const c_char, usize, *mut *mut MaArchive, *mut *mut MaError) -> MaStatus;
type Function = unsafe extern "C" fn(
    *const MaArchive,
    *const c_char,
    usize,
    *mut *mut c_char,
    *mut *mut MaError,
) -> MaStatus;

#[test]
fn every_call_is_answered() {
    let holdings = Holdings::new("holdings");
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");
    let [paper, late] = ["contract", "application"].map(|name| format!("{samples}/{name}.jpg"));
    let outcome = holdings
        .ask(
            ma_archive_file,
            &json!({
                "key": "request-1", "process": "new-connection-lv", "date": "2024-05-10", "documents": [paper],
                "customer": { "number": "3342125369", "name": "甲", "class": "business" }, "record": {},
            }),
        )
        .expect("the papers are filed");
    let [reference, number, slot] = ["reference_code", "box_number", "slot"]
        .map(|name| outcome[name].as_str().expect("is given").to_owned());

    let found = holdings.call(json!({ "call": "search", "words": "3342125369", "limit": 5 }));
    assert_eq!(found[0]["reference"], reference.as_str());
    holdings.call(json!({ "call": "join", "reference": reference, "key": "late-1", "documents": [late] }));
    assert_eq!(
        holdings.call(json!({ "call": "late-files", "reference": reference })).as_array().map(Vec::len),
        Some(1)
    );
    assert!(holdings.call(json!({ "call": "history", "reference": reference }))[0]["event"].is_object());
    assert!(holdings.call(json!({ "call": "way-to", "slot": slot }))["words"].is_string());
    for call in ["overdue", "holds", "blocked-columns", "relocations", "sync-changes"] {
        assert_eq!(holdings.call(json!({ "call": call })), json!([]), "{call}");
    }
    holdings.call(json!({ "call": "reminders", "since": "2024-01-01" }));
    assert_eq!(holdings.refused(json!({ "call": "disposal-list", "key": "none" })), MaStatus::NotFound);
    assert_eq!(holdings.refused(json!({ "call": "consignment", "key": "none" })), MaStatus::NotFound);

    holdings.call(json!({ "call": "check-natures", "reference": reference, "occasion": "filing" }));
    holdings.call(json!({ "call": "check-natures", "occasion": "long-term" }));
    assert_eq!(holdings.call(json!({ "call": "fixity-scan" }))["damaged"], json!([]));
    let content = holdings.path("holdings/content");
    assert_eq!(holdings.call(json!({ "call": "restore", "copies": content }))["restored"], json!([]));
    holdings.call(json!({ "call": "report", "outcomes": [outcome], "directory": holdings.path("report") }));
    let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/../../archive-core/policy/reference.toml");
    holdings.call(json!({ "call": "policy-impact", "pack": pack }));
    let other = Holdings::new("other");
    let site = other.path("other");
    assert_eq!(holdings.refused(json!({ "call": "merge-site", "site": site })), MaStatus::InvalidInput);

    for (list, rows) in [
        (json!({ "items": {} }), 2),
        (json!({ "box": number }), 2),
        (json!({ "volume": reference }), 2),
        (
            json!({ "hand-over": { "references": [reference], "giver": "甲", "taker": "乙", "day": "2025-01-02" } }),
            1,
        ),
    ] {
        let written =
            holdings.call(json!({ "call": "write", "list": list, "path": holdings.path("list.csv") }));
        assert_eq!(written["rows"], rows, "{list}");
    }
    let spines =
        json!({ "call": "write", "list": { "spines": [number] }, "path": holdings.path("spines.csv") });
    assert_eq!(holdings.refused(spines), MaStatus::InvalidInput);
    let package = holdings.path("package");
    holdings.call(json!({ "call": "export", "references": [reference], "layout": "bagit", "path": package }));
    assert_eq!(holdings.call(json!({ "call": "validate-package", "path": package }))["faults"], json!([]));
    assert_eq!(
        other.call(json!({ "call": "take-in", "path": package }))["files"].as_array().map(Vec::len),
        Some(1)
    );

    assert!(holdings.call(json!({ "call": "propose-slot", "number": number }))["best"].is_object());
    let wanted = json!({ "process": "new-connection-lv", "class": "business", "year": 2024, "spine": 30 });
    let proposal =
        holdings.call(json!({ "call": "propose-slot-for-new", "wanted": wanted, "runners_up": 1 }));
    let to = &proposal["best"]["slot"];
    holdings.call(json!({ "call": "advise-slots", "most": 3 }));
    holdings.call(json!({ "call": "space", "months": 12 }));
    holdings.call(json!({ "call": "reboxing-proposals", "least_saving": 20 }));
    let parts: Vec<&str> = slot.split('/').collect();
    let (bank, column) = (parts[..3].join("/"), parts[3]);
    holdings.call(json!({ "call": "block-column", "bank": bank, "column": column, "reason": "locked" }));
    holdings.call(json!({ "call": "block-column", "bank": bank, "column": column, "reason": null }));
    holdings.call(json!({ "call": "plan-retrieval", "names": [number], "stay": 5.5 }));
    holdings.call(json!({ "call": "plan-inventory-walk" }));
    holdings.call(json!({ "call": "plan-relocation", "key": "move-1", "wanted": [[number, to]] }));
    holdings.call(json!({ "call": "receive-relocated", "key": "move-1", "number": number }));
    holdings.call(json!({ "call": "undo-relocation", "key": "move-1" }));
    let carried = holdings.call(json!({ "call": "carry-out-relocation", "key": "move-1", "most": 10 }));
    assert_eq!(carried["received"], json!([number]));
    assert_eq!(holdings.call(json!({ "call": "relocation", "key": "move-1" }))["key"], "move-1");
    assert_eq!(holdings.call(json!({ "call": "synchronise" }))["changes"], json!([]));
    assert_eq!(holdings.refused(json!({ "call": "accept-inventory", "key": "none" })), MaStatus::NotFound);
    assert_eq!(holdings.refused(json!({ "call": "undo-sync", "id": "none" })), MaStatus::NotFound);
}

#[test]
fn what_is_printed_needs_a_font_and_is_a_pdf() {
    let holdings = Holdings::new("holdings");
    assert_eq!(
        holdings.refused(
            json!({ "call": "evidence-package", "reference": "none", "purpose": "x", "path": "/none" })
        ),
        MaStatus::NotFound
    );
    let copy = json!({ "call": "reading-copy", "reference": "none", "reader": "a", "purpose": "b", "path": "/none/x.pdf" });
    assert_eq!(holdings.refused(copy), MaStatus::NotFound);
    let items = json!({ "call": "write", "list": { "items": {} }, "path": holdings.path("items.pdf") });
    assert_eq!(holdings.call(items)["pages"], 1);
    let bytes = std::fs::read(holdings.path("items.pdf")).expect("the list is written");
    assert!(bytes.starts_with(b"%PDF"));
}

#[test]
fn a_reader_knows_papers_of_ones_own() {
    let place = tempfile::tempdir().expect("a scratch directory is made");
    let file = |name: &str, text: &str| {
        let path = place.path().join(name);
        std::fs::write(&path, text).expect("the scratch directory is writable");
        path.display().to_string()
    };
    let fields = file(
        "fields.toml",
        "[field.contract_no]\nlabels = [\"合同编号\"]\nkind = \"identifier\"\nform = \"<合同编号>|<own>\"\n",
    );
    let rule = file(
        "own.rule",
        "rule own version 1 effective 2024-01-01\n  n = sequence{4} start 1 refuse-when-full\n  format \"X{n}\"\n",
    );
    let open = |request: Value| {
        let request = request.to_string();
        let (mut reader, mut error) = (null_mut(), null_mut());
        // SAFETY: the request is as long as said, and the answers are writable and freed once.
        unsafe {
            let data = request.as_ptr().cast();
            match ma_reader_open_with(data, request.len(), &raw mut reader, &raw mut error) {
                MaStatus::Ok => Ok(reader),
                status => {
                    let message = CStr::from_ptr(ma_error_message(error)).to_string_lossy().into_owned();
                    ma_error_free(error);
                    Err((status, message))
                }
            }
        }
    };
    let check = |request: Value, expected: MaStatus, says: &str| {
        let (status, message) = open(request.clone()).expect_err("this is refused");
        assert!(status == expected && message.contains(says), "{request}: {status:?}: {message}");
    };
    check(json!({ "fields": [fields] }), MaStatus::InvalidInput, "there is no list");
    check(json!({ "fields": [fields], "rules": [fields] }), MaStatus::InvalidInput, "no sound rule");
    check(json!({ "fields": ["none.toml"] }), MaStatus::NotFound, "none.toml");
    check(json!({ "fields": "fields.toml" }), MaStatus::InvalidInput, "is no reader request");
    check(json!({ "fieldz": [] }), MaStatus::InvalidInput, "is no reader request");
    let own = |models: &str| json!({ "models": models, "threads": 0, "fields": [fields], "rules": [rule] });
    // Fields and rules are good; the models are not there.
    check(own("none/here"), MaStatus::Unavailable, "none/here");

    let Ok(models) = std::env::var("ARCHIVE_MODELS") else {
        eprintln!("skipped: no page is read without ARCHIVE_MODELS");
        return;
    };
    let image = include_bytes!("../../../samples/contract.jpg");
    let read = |reader: *mut MaReader| -> Value {
        let (mut reading, mut answer) = (null_mut(), null_mut());
        // SAFETY: the reader is open, the image as long as said; all is freed once.
        unsafe {
            let name = c"contract.jpg";
            let status = ma_reader_read(
                reader,
                name.as_ptr(),
                name.count_bytes(),
                image.as_ptr(),
                image.len(),
                &raw mut reading,
                null_mut(),
            );
            assert_eq!(status, MaStatus::Ok);
            assert_eq!(ma_reading_json(reading, &raw mut answer, null_mut()), MaStatus::Ok);
            let text = CStr::from_ptr(answer).to_string_lossy().into_owned();
            ma_string_free(answer);
            ma_reading_free(reading);
            ma_reader_free(reader);
            serde_json::from_str(&text).expect("answers are JSON")
        }
    };
    let usual = read(open(json!({ "models": models })).expect("the models are there"));
    let found = read(open(own(&models)).expect("the models are there"));
    assert_eq!(found["fields"]["contract_no"]["value"], usual["fields"]["contract_no"]["value"]);
}
