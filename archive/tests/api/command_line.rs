//! The fixed forms of the command line, and its exit codes.

use std::sync::atomic::Ordering;

use archive::Shelving;

use crate::scene::{Scene, assert_fails, command, models_are_there, run, text};

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [["read", "--no-such-flag"], ["no-such-verb", ""], ["verify", "x.jpg"]] {
        assert_eq!(run(&mut command(arguments)).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn read_prints_one_json_line_an_image_and_goes_on_after_a_broken_one() {
    if !models_are_there("read_prints_one_json_line_an_image_and_goes_on_after_a_broken_one") {
        return;
    }
    let scene = Scene::new();
    let documents = scene.request("r-1").documents;
    let broken = scene.path("broken.jpg");
    std::fs::write(&broken, b"no image").unwrap();
    let output = run(&mut command([
        "read",
        "--json",
        text(&documents[0].path),
        text(&broken),
        text(&documents[2].path),
    ]));
    assert_fails(&output, 3, &["broken.jpg"]);
    let lines: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["image"], "contract.jpg");
    assert_eq!(lines[0]["doc_type"], "supply_contract");
    assert!(lines[0]["seconds"].as_f64().unwrap() > 0.0);
    let field = &lines[0]["fields"]["account_no"];
    assert_eq!(field["value"], "3342125369");
    assert!(field["confidence"].as_f64().unwrap() > 0.5);
    // Where the value stands, within a few pixels of the truth (the page is rotated a little).
    let found: Vec<f64> = field["box"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    for (found, truth) in found.iter().zip([290.0, 384.0, 436.0, 405.0]) {
        assert!((found - truth).abs() < 25.0, "{field}");
    }
    assert_eq!(lines[1]["image"], "work-order.jpg");
}

#[test]
fn verify_prints_one_json_line_a_cell() {
    if !models_are_there("verify_prints_one_json_line_a_cell") {
        return;
    }
    let scene = Scene::new();
    let documents = scene.request("r-1").documents;
    let records = scene.path("scans").join("records.csv");
    let contract = text(&documents[0].path);
    let output = run(&mut command(["verify", "--check", "--records", text(&records), "--json", contract]));
    assert_eq!(output.status.code(), Some(1), "findings, and --check asks: {output:?}");
    let mut wrong = Vec::new();
    let stdout = String::from_utf8(output.stdout).unwrap();
    for line in stdout.lines() {
        let cell: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(cell["image"], "contract.jpg");
        assert!(cell["suspicion"].is_number() && cell["record"].is_string());
        match cell["verdict"].as_str() {
            Some("match") => {}
            Some("mismatch") => wrong.push(cell["field"].as_str().unwrap().to_owned()),
            other => panic!("{other:?}: {line}"),
        }
    }
    assert_eq!(stdout.lines().count(), 15);
    wrong.sort();
    assert_eq!(wrong, ["contract_capacity_kva", "ct_ratio", "deposit_cny", "phone"]);
}

#[test]
fn an_image_without_a_row_is_an_input_error() {
    if !models_are_there("an_image_without_a_row_is_an_input_error") {
        return;
    }
    let scene = Scene::new();
    let documents = scene.request("r-1").documents;
    let records = scene.path("r.csv");
    std::fs::write(&records, "image,ct_ratio\nother.jpg,50/5\n").unwrap();
    let output = run(&mut command(["verify", "--records", text(&records), text(&documents[0].path)]));
    assert_fails(&output, 3, &["r.csv", "contract.jpg"]);
}

#[test]
fn the_demo_files_reports_and_locates() {
    if !models_are_there("the_demo_files_reports_and_locates") {
        return;
    }
    let scene = Scene::new();
    let out = scene.path("out");
    let output = run(command(["demo", "--out"]).arg(&out));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(stdout.matches("ALERT").count(), 4, "{stdout}");
    assert!(stdout.contains("1 of 1 boxes seen"), "{stdout}");

    let page = std::fs::read_to_string(out.join("report/index.html")).unwrap();
    let data = page.split("type=\"application/json\"").nth(1).unwrap();
    let data = data.split_once('>').unwrap().1.split("</script>").next().unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let shown = data["exceptions"].as_array().unwrap();
    assert_eq!(shown.len(), 4);
    for exception in shown {
        let picture = exception["picture"]["path"].as_str().unwrap();
        assert!(out.join("report").join(picture).exists(), "{picture}");
        assert!(exception["picture"]["region"].is_array() && exception["site"].is_string(), "{exception}");
    }
    assert!(
        !page.contains("https:") && page.matches("http:").count() == 1,
        "only the name of SVG is an address"
    );

    let output = run(command(["locate", "3342125369", "--json", "--archive"]).arg(out.join("archive")));
    let located: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(located["filed"]["state"], "confirmed");
    // A second run files into the same box.
    let output = run(command(["demo", "--json", "--out"]).arg(&out));
    let second: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(second["box_number"], located["filed"]["place"]["archive_box"]["number"]);
}

#[test]
fn file_reports_findings_by_its_exit_code() {
    if !models_are_there("file_reports_findings_by_its_exit_code") {
        return;
    }
    let scene = Scene::new();
    let request = scene.request_file(&scene.short_request("r-1"));
    let broken = scene.path("broken.json");
    std::fs::write(&broken, "{\"key\": 3}").unwrap();
    let output =
        run(command(["file", "--check", "--json", text(&request), "--archive"]).arg(scene.holdings()));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let output = run(command(["file", text(&broken), text(&request), "--archive"]).arg(scene.holdings()));
    assert_fails(&output, 3, &["broken.json", "is no filing request"]);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("filed before"),
        "the rest of the batch went on"
    );
}

#[test]
fn two_tables_are_compared_by_key() {
    let scene = Scene::new();
    let path = |name: &str| scene.path(name);
    std::fs::write(path("l.csv"), "account_no,ct_ratio\n1,２００／５\n2,150/5\n3,50/5\n").unwrap();
    std::fs::write(path("r.csv"), "account_no,ct_ratio\n1,200/5\n2,100/5\n").unwrap();
    let compare = |out: &str| {
        let mut compare =
            command(["reconcile", "--key", "account_no", "--memory", "64MiB", "--check", "--json"]);
        compare.arg("--left").arg(path("l.csv")).arg("--right").arg(path("r.csv"));
        compare.arg("--out").arg(path(out));
        compare
    };
    let output = run(&mut compare("d.csv"));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["mismatches"], &summary["missing_right"]), (&1.into(), &1.into()));
    let found = std::fs::read_to_string(path("d.csv")).unwrap();
    assert!(found.contains("2,mismatch,ct_ratio,150/5,100/5,critical"), "{found}");
    assert_eq!(run(&mut compare("d.txt")).status.code(), Some(3));
    // Half of the arguments are no way to call it.
    // The fixed form writes Parquet where D has no ending.
    let mut fixed = command(["reconcile", "--key", "account_no", "--date", "2024-05-01"]);
    fixed.arg("--left").arg(path("l.csv")).arg("--right").arg(path("r.csv")).arg("--out").arg(path("D"));
    fixed.arg("--scratch").arg(path(".")).arg("--candidates").arg(path("c.csv"));
    let output = run(&mut fixed);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(std::fs::read(path("D")).unwrap().starts_with(b"PAR1"));
    assert!(std::fs::read_to_string(path("c.csv")).unwrap().contains("left_key,right_key,weight"));
    assert_eq!(run(command(["reconcile", "--left"]).arg(path("l.csv"))).status.code(), Some(2));
    assert_eq!(run(&mut command(["reconcile", "--json"])).status.code(), Some(2));
}

#[test]
fn numbering_rules_are_checked() {
    let scene = Scene::new();
    let path = scene.path("bad.rule");
    std::fs::write(&path, "nonsense").unwrap();
    let output = run(&mut command(["rule", "check", text(&path)]));
    assert_fails(&output, 3, &["bad.rule", "line 1"]);
}

/// A report a file, as a line of JSON where asked; one bad file does not stop the others.
#[test]
fn numbering_rules_are_reported_as_json() {
    let scene = Scene::new();
    let faulty = scene.path("faulty.rule");
    let rule = "rule r version 1 effective 2024-01-01\n year = digits{4} from filed\n \
                no = sequence{4} per (year) refuse-when-full\n format \"KH-{no}\"\n";
    std::fs::write(&faulty, rule).unwrap();
    let good = scene.path("good.rule");
    std::fs::write(&good, rule.replace("KH-", "{year}-")).unwrap();
    let absent = scene.path("absent.rule");
    let files = ["rule", "check", "--json", text(&faulty), text(&absent), text(&good)];
    let output = run(&mut command(files));
    assert!(!output.status.success(), "{output:?}");
    let complaints = String::from_utf8(output.stderr).unwrap();
    for part in ["faulty.rule line 3", "these two files would both get KH-0001", "absent.rule"] {
        assert!(complaints.contains(part), "{part}: {complaints}");
    }
    let reports: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(reports.len(), 2, "the absent file has none");
    assert_eq!((&reports[0]["sound"], &reports[1]["sound"]), (&false.into(), &true.into()));
    assert_eq!(reports[0]["findings"][0]["proof"], "scope");
    assert_eq!(reports[1]["rules"][0]["example"], "1900-0001");
    let output = run(&mut command(["rule", "check", text(&good)]));
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn numbering_rules_are_laid_out() {
    let scene = Scene::new();
    let path = scene.path("box.rule");
    std::fs::write(&path, "rule box version 1 effective 2024-01-01\nno=sequence{4} refuse-when-full # counted\n format \"H{no}\"").unwrap();
    let before = std::fs::read_to_string(&path).unwrap();
    assert_eq!(run(&mut command(["rule", "fmt", "--check", text(&path)])).status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before, "--check writes nothing");
    assert!(run(&mut command(["rule", "fmt", "--keywords", "chinese", text(&path)])).status.success());
    let after = std::fs::read_to_string(&path).unwrap();
    assert!(after.contains("流水{4}") && after.contains("# counted"), "{after}");
    assert!(run(&mut command(["rule", "fmt", "--check", text(&path)])).status.success());
    std::fs::write(&path, "nonsense").unwrap();
    assert_fails(&run(&mut command(["rule", "fmt", text(&path)])), 3, &["box.rule"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "nonsense", "what is no rule is left alone");
}

#[test]
fn what_was_left_half_done_lent_or_copied_is_told() {
    let scene = Scene::new();
    let settings = scene.holdings().join("archive.toml");
    let shipped = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, format!("reading = \"off\"\n{shipped}")).unwrap();
    let outcome = {
        let (archive, devices) = scene.open_breakable();
        devices.broken.store(true, Ordering::SeqCst);
        archive.file(&scene.short_request("r-1")).unwrap()
    };
    assert!(matches!(outcome.shelving, Shelving::Pending { .. }), "{:?}", outcome.shelving);
    let tell = |arguments: &[&str]| {
        let output = run(command([]).args(arguments).arg("--archive").arg(scene.holdings()));
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let reference = outcome.reference_code.as_str();
    assert!(tell(&["resume"]).starts_with(&format!("{reference} stands in its slot: tag ")));
    assert_eq!(tell(&["resume"]), "", "nothing is left");
    assert_eq!(tell(&["loan", "list"]), "");
    tell(&["loan", "lend", reference, "--key", "L-1", "--borrower", "li", "--purpose", "suit"]);
    assert!(tell(&["loan", "list"]).starts_with(&format!("L-1 {reference}: lent to li, due ")));
    assert!(tell(&["locate", reference]).contains("  lent to li as L-1, due "));
    tell(&["loan", "return", "L-1"]);
    assert!(!tell(&["locate", reference]).contains("lent to"));
    let copy = scene.path("copy.db");
    tell(&["catalogue", "back-up", "--out", text(&copy)]);
    assert!(copy.metadata().unwrap().len() > 0);
    let again =
        run(command(["catalogue", "back-up", "--out", text(&copy), "--archive"]).arg(scene.holdings()));
    assert_fails(&again, 3, &["copy.db", "already"]);
}

#[test]
fn states_are_told_in_the_words_of_the_data() {
    use archive::checks::Answer;
    use archive_core::completeness::State;
    use archive_core::holding::CustodyMode;
    use archive_core::record::CustomerClass;
    use archive_reconcile::Severity;
    use archive_reconcile::alerts::Cause;
    use archive_store::FilingState;

    fn check<T: serde::Serialize + std::fmt::Display>(values: impl IntoIterator<Item = T>) {
        for value in values {
            assert_eq!(serde_json::to_value(&value).unwrap(), value.to_string());
        }
    }
    check([FilingState::Reserved, FilingState::Confirmed, FilingState::Void]);
    check([Answer::Passed, Answer::Failed, Answer::Unverified]);
    check([CustodyMode::Electronic, CustodyMode::CentralPaper]);
    check([CustomerClass::Residential, CustomerClass::Business]);
    check([State::Complete, State::CompleteWithDeferrals, State::Unverified, State::Incomplete]);
    check([Severity::Minor, Severity::Major, Severity::Critical]);
    check([Cause::New, Cause::Again, Cause::Escalated]);
    assert_eq!(format!("{:<9}|", Severity::Major), "major    |");
}
