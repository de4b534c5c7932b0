//! From a claim of the marketing system to an alert and its end.

use std::path::Path;

use archive::judging::{RowJudgement, Witness};
use archive::records::RecordTable;
use archive_reconcile::Schema;
use archive_reconcile::alerts::Rules;
use archive_reconcile::judgement::{Decision, Priors};
use archive_reconcile::posterior::Costs;

use crate::scene::{Scene, assert_fails, command, models_are_there, run, text};

/// What a verb printed, a JSON value a line.
#[track_caller]
fn lines(output: &std::process::Output) -> Vec<serde_json::Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    String::from_utf8_lossy(&output.stdout).lines().map(parse).collect()
}

#[test]
fn images_are_asked_about_each_claim_and_reviews_make_the_next_judgement_wiser() {
    if !models_are_there("images_are_asked_about_each_claim_and_reviews_make_the_next_judgement_wiser") {
        return;
    }
    let scene = Scene::new();
    let archive = scene.open();
    let filed = archive.file(&scene.short_request("r-1")).unwrap();
    let table_path = scene.path("system.csv");
    std::fs::write(
        &table_path,
        "account_no,ct_ratio,supply_voltage_kv\n3342125369,800/5,6\n3300000000,50/5,10\n",
    )
    .unwrap();
    let table = RecordTable::load(&table_path, "account_no").unwrap();
    let costs = Costs::new(20.0).unwrap();
    let rows = archive.judge(&table, &Priors::default(), costs, Witness::Images).unwrap();
    assert!(matches!(&rows[0], RowJudgement::NoPapers { customer } if customer.as_str() == "3300000000"));
    let RowJudgement::Judged { judgements, silent, .. } = &rows[1] else { panic!("{rows:?}") };
    assert!(silent.is_empty(), "{silent:?}");
    let decision = |field: &str| judgements.iter().find(|j| j.field.as_str() == field).unwrap();
    assert_eq!(decision("ct_ratio").decision, Decision::Alert);
    assert!(decision("ct_ratio").evidence["contract.jpg"] > 3.9, "the image says more than a value alone");
    assert_eq!(decision("supply_voltage_kv").decision, Decision::Accept);
    let by_value = archive.judge(&table, &Priors::default(), costs, Witness::Readings).unwrap();
    let RowJudgement::Judged { judgements: by_value, .. } = &by_value[1] else { panic!("{by_value:?}") };
    assert_eq!(by_value.iter().find(|j| j.field.as_str() == "ct_ratio").unwrap().decision, Decision::Alert);

    // The same from the command, into a book; its end is what the next run learns from.
    let (holdings, book) = (scene.holdings(), scene.path("alerts.json"));
    let judge = || {
        let arguments = ["judge", "--archive", text(&holdings), "--records", text(&table_path), "--json"];
        run(command(arguments).args(["--filed", "--book", text(&book), "--check", "--date", "2024-05-01"]))
    };
    let posterior = |output: &std::process::Output| {
        let judged = lines(output).into_iter().find(|line| line["state"] == "judged").unwrap();
        let fields = judged["judgements"].as_array().unwrap().clone();
        fields.iter().find(|j| j["field"] == "ct_ratio").unwrap()["posterior"].as_f64().unwrap()
    };
    let first = judge();
    assert_eq!(first.status.code(), Some(1), "an alert, and --check asks: {first:?}");
    let notices: Vec<_> = lines(&first).into_iter().filter(|line| line.get("notice").is_some()).collect();
    assert_eq!(notices.len(), 1, "{first:?}");
    assert_eq!(notices[0]["alert"]["finding"]["right"], "800/5");
    run(&mut command(["alerts", "act", "--book", text(&book), "false", "0", "--by", "李"]));
    assert!(posterior(&judge()) < posterior(&first));

    // A paper that was damaged since is silent, and says why.
    let content = archive.config().content().join(&filed.documents[0].content);
    std::fs::write(&content, b"damaged").unwrap();
    let rows = archive.judge(&table, &Priors::default(), costs, Witness::Images).unwrap();
    let RowJudgement::Judged { judgements, silent, .. } = &rows[1] else { panic!("{rows:?}") };
    assert!(judgements.is_empty());
    assert!(silent[0].reason.contains("restore it from a copy"), "{silent:?}");
}

fn findings(path: &Path, severity: &str, right: &str) {
    let header = "account_no,kind,field,left_value,right_value,severity,reason\n";
    let row =
        format!("0001,mismatch,contract_capacity_kva,200,{right},{severity},the basic charge follows it\n");
    std::fs::write(path, format!("{header}{row}")).unwrap();
}

#[test]
fn an_alert_goes_from_finding_to_end_by_commands() {
    let scene = Scene::new();
    let (book, table) = (scene.path("alerts.json"), scene.path("findings.csv"));
    findings(&table, "critical", "315");
    let observe = |more: &[&str]| {
        let arguments = ["alerts", "observe", "--json", "--book", text(&book), "--findings", text(&table)];
        let output = run(command(arguments).args(more));
        assert!(output.status.success(), "{output:?}");
        lines(&output)
    };
    let orders = scene.path("orders.csv");
    std::fs::write(&orders, "key,process,opened\n0001,capacity-change,2024-05-01\n").unwrap();
    assert!(observe(&["--date", "2024-05-02", "--orders", text(&orders)]).is_empty(), "its order is open");
    let told = observe(&["--date", "2024-05-20"]);
    assert_eq!(told[0]["notice"]["cause"], "new");
    // Nobody acts: it goes higher.
    let told = observe(&["--date", "2024-05-24"]);
    assert_eq!((&told[0]["notice"]["cause"], &told[0]["notice"]["level"]), (&"escalated".into(), &1.into()));
    let act = |action: &str, by: &str| {
        run(command(["alerts", "act", "--book", text(&book), action, "0"]).args(["--by", by]))
    };
    assert!(act("acknowledge", "李").status.success());
    assert_fails(&act("acknowledge", "王"), 3, &["alert 0", "looked after by 李"]);
    assert!(act("system", "李").status.success());
    let list =
        |more: &[&str]| lines(&run(command(["alerts", "list", "--json", "--book", text(&book)]).args(more)));
    assert!(list(&[]).is_empty(), "nothing is left to do");
    assert_eq!(list(&["--all"])[0]["alert"]["state"], "resolved-in-system");
    // The difference shows again.
    let told = observe(&["--date", "2024-06-20"]);
    assert_eq!(told[0]["notice"]["cause"], "again");
    // A whole comparison without it: the system was mended.
    std::fs::write(&table, "account_no,kind,field,left_value,right_value,severity,reason\n").unwrap();
    assert!(observe(&["--gone", "system"]).is_empty());
    assert_eq!(list(&["--all"])[0]["alert"]["state"], "resolved-in-system");
}

#[test]
fn what_is_no_table_of_findings_changes_no_book() {
    let scene = Scene::new();
    let (book, table) = (scene.path("alerts.json"), scene.path("findings.csv"));
    let observe =
        || run(&mut command(["alerts", "observe", "--book", text(&book), "--findings", text(&table)]));
    std::fs::write(&table, "account_no,ct_ratio\n0001,50/5\n").unwrap();
    assert_fails(&observe(), 3, &["findings.csv", "is no table of findings", "left_value"]);
    findings(&table, "enormous", "315");
    assert_fails(&observe(), 3, &["findings.csv row 1", "the severity \"enormous\""]);
    assert!(!book.exists());
    findings(&table, "critical", "315");
    std::fs::write(&book, "[]").unwrap();
    assert_fails(&observe(), 3, &["alerts.json", "is no book of alerts"]);
    assert_eq!(std::fs::read_to_string(&book).unwrap(), "[]");
}

#[test]
fn shipped_rules_name_processes_that_the_shipped_policy_has() {
    let policy = archive_core::policy::Policy::reference();
    let known: Vec<&str> = policy.processes().map(|process| process.code.as_str()).collect();
    let mut named: Vec<String> =
        Rules::reference().suppress.iter().flat_map(|s| s.processes.iter().cloned()).collect();
    named.extend(Schema::reference().rules().iter().flat_map(|rule| rule.processes.iter().cloned()));
    assert!(!named.is_empty());
    for process in named {
        assert!(known.contains(&process.as_str()), "{process} is none of {known:?}");
    }
}
