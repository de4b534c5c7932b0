//! Files, settings and disks that are not what they should be: one clear error for each, the rest of
//! the batch goes on, and what is stored stays whole.

use archive::{Archive, Config, ErrorKind};
use archive_core::completeness::State;

use crate::scene::{Scene, assert_fails, command, models_are_there, run, text};

#[test]
fn a_request_that_contradicts_itself_is_refused() {
    let scene = Scene::new();
    let archive = scene.open();
    let mut request = scene.request("r-1");
    request.documents.clear();
    assert!(archive.file(&request).unwrap_err().to_string().contains("has no documents"));
    let mut request = scene.request("r-1");
    request.documents = vec!["x.jpg".into(); 1001];
    assert!(archive.file(&request).unwrap_err().to_string().contains("more than 1000"));
    let mut request = scene.request("r-1");
    request.customer.name = " ".into();
    assert!(archive.file(&request).unwrap_err().to_string().contains("customer name"));
    let mut request = scene.request("r-1");
    request.process = "magic".parse().unwrap();
    assert_eq!(archive.file(&request).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(archive.pending().unwrap().is_empty());
}

#[test]
fn a_broken_scan_is_named_and_the_others_are_filed() {
    if !models_are_there("a_broken_scan_is_named_and_the_others_are_filed") {
        return;
    }
    let scene = Scene::new();
    let archive = scene.open();
    let mut request = scene.short_request("r-1");
    let good = std::fs::read(&request.documents[0].path).unwrap();
    let cases: [(&str, &[u8]); 4] = [
        ("empty.jpg", b""),
        ("text.jpg", b"no image at all"),
        ("cut.jpg", &good[..300]),
        ("huge.png", HUGE_PNG),
    ];
    for (name, content) in cases {
        std::fs::write(scene.path(name), content).unwrap();
        request.documents.push(scene.path(name).into());
    }
    request.documents.push(scene.path("none.jpg").into());
    let outcome = archive.file(&request).unwrap();
    assert_eq!(outcome.documents.len(), 1);
    let rejected: Vec<_> = outcome.rejected.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(rejected, ["empty.jpg", "text.jpg", "cut.jpg", "huge.png", "none.jpg"]);
    assert!(outcome.rejected.iter().all(|r| r.message.contains(&r.name)), "{:?}", outcome.rejected);
    // Any of the rejected may be the missing paper.
    assert_eq!(outcome.completeness.state(), State::Unverified);
    assert!(archive.file(&request).unwrap().repeated);
}

/// A PNG header that claims 50,000 × 50,000 pixels.
const HUGE_PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xc3\x50\x00\x00\xc3\x50\x08\x02\x00\x00\x00\x9b\x1b\xb5\x6c\x00\x00\x00\x00IEND\xaeB`\x82";

#[test]
fn a_request_with_nothing_readable_files_nothing() {
    if !models_are_there("a_request_with_nothing_readable_files_nothing") {
        return;
    }
    let scene = Scene::new();
    let archive = scene.open();
    let mut request = scene.request("r-1");
    request.documents = vec![scene.path("none.jpg").into()];
    let error = archive.file(&request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("none.jpg"), "{error}");
    assert!(archive.locate("r-1").is_err());
    assert!(archive.catalogue().counters().unwrap().iter().all(|c| c.given == 0));
}

#[test]
fn broken_settings_and_policies_name_file_line_and_key() {
    let scene = Scene::new();
    let settings = scene.holdings().join("archive.toml");
    let shipped = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(scene.holdings().join("policy.toml"), "name = 1").unwrap();
    std::fs::write(&settings, format!("policy = \"policy.toml\"\n{shipped}")).unwrap();
    let output = run(&mut command(["inventory", "--archive", text(&scene.holdings())]));
    assert_fails(&output, 3, &["policy.toml line 1, key name"]);
    std::fs::write(&settings, "hasten").unwrap();
    let output = run(&mut command(["inventory", "--archive", text(&scene.holdings())]));
    assert_fails(&output, 3, &["archive.toml line 1"]);
}

#[test]
fn a_directory_without_an_archive_says_what_to_do() {
    let output = run(&mut command(["locate", "x", "--archive", "none/here"]));
    assert_fails(&output, 3, &["none/here", "archive init"]);
}

#[test]
fn a_damaged_catalogue_is_not_touched() {
    let scene = Scene::new();
    let path = std::path::PathBuf::from(scene.config().catalogue());
    std::fs::write(&path, b"this is no database, but somebody's notes").unwrap();
    let error = Archive::open(scene.config()).unwrap_err();
    assert!(error.to_string().contains("catalogue.db"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"this is no database, but somebody's notes");
}

#[test]
fn a_locked_catalogue_is_waited_for_and_then_named() {
    let scene = Scene::new();
    drop(scene.open());
    let lock = rusqlite::Connection::open(scene.config().catalogue()).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let output = run(&mut command(["inventory", "--archive", text(&scene.holdings())]));
    assert_fails(&output, 4, &["catalogue.db"]);
    lock.execute_batch("ROLLBACK").unwrap();
    let output = run(&mut command(["inventory", "--archive", text(&scene.holdings())]));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_full_disk_is_one_clear_error_and_the_next_call_goes_on() {
    if !models_are_there("a_full_disk_is_one_clear_error_and_the_next_call_goes_on") {
        return;
    }
    let scene = Scene::new();
    drop(scene.open());
    let request = scene.request_file(&scene.short_request("r-1"));
    // No file may grow beyond 100 blocks of 512 bytes, as if the disk were full: the scan is larger.
    let script = "trap '' XFSZ; ulimit -f 100; exec \"$@\"";
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", script, "sh", env!("CARGO_BIN_EXE_archive"), "file", text(&request), "--archive"]);
    limited.arg(scene.holdings());
    let output = run(&mut limited);
    assert_fails(&output, 4, &["content", "cannot write"]);

    let archive = scene.open();
    assert!(archive.locate("r-1").is_err(), "nothing was filed");
    assert!(archive.catalogue().audit().unwrap().is_empty());
    drop(archive);
    let output = run(command(["file", text(&request), "--archive"]).arg(scene.holdings()));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn missing_models_say_how_to_get_them() {
    let scene = Scene::new();
    let scan = scene.request("r-1").documents[0].path.clone();
    let cache = scene.path("cache");
    let read = || {
        let mut read = command(["read", text(&scan)]);
        read.env("ARCHIVE_CACHE", &cache).env_remove("ARCHIVE_MODELS");
        read
    };
    assert_fails(&run(&mut read()), 4, &["archive setup"]);
    // A directory without the library.
    std::fs::create_dir(&cache).unwrap();
    assert_fails(&run(read().env("ARCHIVE_MODELS", &cache)), 4, &["archive setup"]);
    // Finding files needs no models.
    let output = run(command(["inventory", "--archive"]).arg(scene.holdings()).env("ARCHIVE_CACHE", &cache));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn setup_without_python_or_network_says_so() {
    let scene = Scene::new();
    let setup = || {
        let mut setup = command(["setup"]);
        setup.env("ARCHIVE_CACHE", scene.path("cache")).env_remove("ARCHIVE_MODELS");
        setup
    };
    assert_fails(&run(setup().env("PYTHON", "no-such-python")), 4, &["install Python 3 with pip"]);
    // A python that fetches nothing, as without a network.
    let broken = scene.path("python");
    std::fs::write(&broken, "#!/bin/sh\necho 'ERROR: No matching distribution found' >&2\nexit 1\n").unwrap();
    make_executable(&broken);
    assert_fails(&run(setup().env("PYTHON", &broken)), 4, &["No matching distribution", "check the network"]);
    // A python that fetches something else than what is pinned.
    let wrong = "#!/bin/sh\nwhile [ \"$1\" != --dest ]; do shift; done\necho other > \"$2/x.whl\"\n";
    std::fs::write(&broken, wrong).unwrap();
    assert_fails(&run(setup().env("PYTHON", &broken)), 3, &["is pinned; it was not used"]);
    let left: Vec<_> = std::fs::read_dir(scene.path("cache")).unwrap().flatten().collect();
    assert!(left.is_empty(), "nothing half fetched stays: {left:?}");
}

fn make_executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn settings_beyond_the_limits_are_refused() {
    let scene = Scene::new();
    let settings = scene.holdings().join("archive.toml");
    let shipped = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, shipped.replace("columns = 4", "columns = 60000")).unwrap();
    let error = Config::load(&scene.holdings()).unwrap_err();
    assert!(error.to_string().contains("2000000 slots"), "{error}");
}

#[test]
fn a_policy_that_no_number_can_be_made_for_is_refused_by_the_archive_s_rules() {
    let scene = Scene::new();
    let path = scene.path("policy.toml");
    let pack = archive_core::policy::REFERENCE_TEXT.replace("fonds = \"Z109\"", "fonds = \"H7\"");
    std::fs::write(&path, pack).unwrap();
    let output = run(&mut command(["policy", "check", text(&path)]));
    assert_fails(&output, 3, &["fonds H7 of policy", "DA-T-22-件", "4 characters", "numbering.fonds"]);
    assert!(output.stdout.is_empty(), "it is not called sound");
    // An archive whose own rules print such a fonds takes it.
    let rules = |name: &str, behind: &str| {
        format!(
            "rule {name} version 1 effective 2024-01-01\n  fonds = chars[A-Z0-9]{{2}}\n  n = sequence{{4}} start 1 per (fonds) \
             gapless refuse-when-full\n  format \"{{fonds}}{behind}{{n}}\"\n"
        )
    };
    let holdings = scene.path("holdings");
    std::fs::write(holdings.join("file.rule"), rules("short", "-")).unwrap();
    std::fs::write(holdings.join("box.rule"), rules("short-box", "-H")).unwrap();
    let settings = holdings.join("archive.toml");
    let before = std::fs::read_to_string(&settings).unwrap();
    let own = "rules = [\"file.rule\", \"box.rule\"]\nnumber_rule = \"short\"\nbox_rule = \"short-box\"\n";
    std::fs::write(&settings, format!("{own}{before}")).unwrap();
    let output = run(&mut command(["policy", "check", text(&path), "--archive", text(&holdings)]));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
