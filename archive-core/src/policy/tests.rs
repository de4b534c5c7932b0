use super::*;
use crate::completeness::{Case, Holding, State, assess};
use crate::facts::Fact;
use chrono::NaiveDate;

#[test]
fn the_shipped_policy_is_sound_and_complete() {
    let policy = Policy::reference();
    let known: Vec<&str> = policy.processes().map(|p| p.code.as_str()).collect();
    let named = [
        "capacity-change",
        "closing",
        "default",
        "dunning",
        "inspection",
        "meter-change",
        "new-connection-hv",
        "new-connection-lv",
        "new-connection-residential",
        "tariff-change",
        "transfer-of-name",
    ];
    assert_eq!(known, named);
    assert_eq!(policy.custody(CustomerClass::Residential), CustodyMode::Electronic);
    assert_eq!(policy.custody(CustomerClass::Business), CustodyMode::CentralPaper);
    assert_eq!(policy.interim_states(CustomerClass::Business).count(), 2);
    assert_eq!(policy.scan_standard(None).unwrap().least_dpi, 200);
    assert_eq!(policy.scan_standard(Some(&"test_report".parse().unwrap())).unwrap().least_dpi, 300);
}

#[test]
fn a_process_has_the_papers_of_the_one_it_extends() {
    let policy = Policy::reference();
    let names = |code: &str| -> Vec<String> {
        policy.process(&code.parse().unwrap()).unwrap().requirements.iter().map(|r| r.name.clone()).collect()
    };
    assert!(names("default").starts_with(&names("dunning")));
}

#[test]
fn the_longest_period_decides() {
    let policy = Policy::reference();
    let process = policy.process(&"inspection".parse().unwrap()).unwrap();
    let record = "inspection_record".parse().unwrap();
    let notice = "violation_notice".parse().unwrap();
    assert_eq!(policy.retention(process, [&record]).period, Retention::D10);
    let decision = policy.retention(process, [&record, &notice]);
    assert_eq!((decision.period, decision.because_of), (Retention::D30, Some(notice)));
}

#[test]
fn facts_that_the_policy_does_not_know_are_refused() {
    let policy = Policy::reference();
    let facts = |name: &str, fact: Fact| Facts::from([(name.parse().unwrap(), fact)]);
    assert!(policy.check_facts(&facts("delegated", true.into())).is_ok());
    assert!(policy.check_facts(&facts("voltage_kv", Fact::Number(10.into()))).is_ok());
    let error = policy.check_facts(&facts("delegate", true.into())).unwrap_err();
    assert!(error.to_string().contains("it knows voltage_kv"), "{error}");
    let error = policy.check_facts(&facts("delegated", Fact::Number(1.into()))).unwrap_err();
    assert!(error.to_string().contains("neither true nor false"), "{error}");
    let error = policy.check_facts(&facts("high_voltage", true.into())).unwrap_err();
    assert!(error.to_string().contains("follows from \"voltage_kv >= 10\""), "{error}");
}

#[track_caller]
fn check_broken(from: &str, to: &str, place: &str, message: &str) {
    assert!(REFERENCE_TEXT.contains(from), "{from}");
    let error = Policy::parse("p.toml", &REFERENCE_TEXT.replacen(from, to, 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.object().starts_with("p.toml line ") && error.object().ends_with(place), "{error}");
    assert!(error.message().contains(message), "{error}");
}

#[test]
fn a_broken_policy_names_line_and_key() {
    let spines = "spines_mm = [20, 30, 40, 50]";
    check_broken(spines, "spines_mm = [20, 20]", "boxing.spines_mm", "thinnest first");
    check_broken(spines, "spines_mm = []", "boxing.spines_mm", "must list spines");
    check_broken("sheet_um = 100", "sheet_um = -1", "boxing.sheet_um", "invalid value");
    check_broken("sheet_um = 100", "sheet_um = 0", "boxing.sheet_um", "without thickness");
    check_broken(", \"retention\", ", ", ", "boxing.separate", "must be exactly");
    check_broken("mode = \"electronic\"", "mode = \"cloud\"", "custody.residential.mode", "unknown variant");
    check_broken("effective = 2024-01-01", "effective = 10:00:00", "effective", "must be a day");
    check_broken("fonds = \"Z109\"", "fonds = \"\"", "numbering.fonds", "is empty");
    check_broken("[lending]", "[lending]\nvip = 1", "lending.vip", "unknown field");
    check_broken(
        "code = \"capacity-change\"",
        "code = \"new-connection-lv\"",
        "process.code",
        "stands twice",
    );
    check_broken(
        "basis = \"A: DA/T 22-2015 §6.4\"",
        "basis = \"hearsay\"",
        "boxing.basis",
        "how sure the rule is",
    );
    check_broken("approvals = 2", "approvals = 1", "disposal.approvals", "2 to 10 different persons");
    check_broken("least_dpi = 200", "least_dpi = 20000", "scan.least_dpi", "between 50 and 1200");
    check_broken("most_skew = 1.0", "most_skew = nan", "scan.most_skew", "between 0 and 45");
    check_broken("before_days = [7, 1]", "before_days = [1, 7]", "reminders.before_days", "most first");
}

#[test]
fn a_rule_that_goes_in_a_circle_is_refused() {
    check_broken(
        "retention = \"D10\"\nbasis = \"B: 供电营业规则\"",
        "retention = \"D10\"\nextends = \"default\"\nbasis = \"B: 供电营业规则\"",
        "process.extends",
        "goes in a circle: dunning → default → dunning",
    );
    check_broken(
        "is = \"voltage_kv >= 10\"",
        "is = \"heavy\"\nbasis = \"C: x\"\n[[fact]]\nname = \"heavy\"\nlabel = \"x\"\nis = \"high_voltage\"",
        "fact.is",
        "goes in a circle: high_voltage → heavy → high_voltage",
    );
    check_broken(
        "then = \"central-paper\"",
        "then = \"paper-at-hall\"",
        "interim.then",
        "goes in a circle: paper-at-hall → paper-in-transit → paper-at-hall",
    );
}

#[test]
fn a_rule_that_nothing_can_fulfil_is_refused() {
    check_broken(
        "when = \"project\"",
        "when = \"project and not project\"",
        "requires.when",
        "can never hold",
    );
    check_broken(
        "when = \"project\"",
        "when = \"high_voltage or voltage_kv < 10\"",
        "requires.when",
        "always holds",
    );
    check_broken("when = \"project\"", "when = \"projects\"", "requires.when", "one of the facts");
    check_broken("within_days = 30", "within_days = 0", "requires.within_days", "no day");
    check_broken(
        "deferred_by = \"commitment_letter\"\nwithin_days = 30",
        "deferred_by = \"commitment_letter\"",
        "requires.deferred_by",
        "for ever",
    );
    check_broken(
        "deferred_by = \"commitment_letter\"\nbefore",
        "before",
        "requires.within_days",
        "without a commitment",
    );
    check_broken(
        "before_stage = \"construction\"",
        "before_stage = \"application\"",
        "requires.before_stage",
        "not after",
    );
    check_broken("stage = \"completion\"", "stage = \"ending\"", "requires.stage", "no stage of process");
    check_broken("one_of = [\"site_plan\"]", "one_of = []", "requires.one_of", "accepts no document");
    check_broken("one_of = [\"site_plan\"]", "one_of = [\"plan\"]", "requires.one_of", "no document here");
    check_broken("by = \"counter\"", "by = \"nobody\"", "requires.by", "no role");
    let all = "\"approve-disposal\"";
    let none = REFERENCE_TEXT.replace(&format!(", {all}]"), "]").replace(&format!("[{all}, "), "[");
    let error = Policy::parse("p.toml", &none).unwrap_err();
    assert!(
        error.message().contains("no role may give") && error.object().ends_with("disposal.approvals"),
        "{error}"
    );
}

#[test]
fn an_unknown_process_lists_the_known() {
    let error = Policy::reference().process(&"magic".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("new-connection-lv"));
}

fn pack(name: &str, from: &str, to: &str) -> Policy {
    assert!(REFERENCE_TEXT.contains(from));
    let text = REFERENCE_TEXT.replacen("state-grid-marketing", name, 1).replacen(from, to, 1);
    Policy::parse(&format!("{name}.toml"), &text).unwrap()
}

#[test]
fn packs_that_contradict_each_other_are_told_with_both_places() {
    let national = Policy::reference();
    let province = pack("province", "retention = \"D30\"", "retention = \"D10\"");
    let found = contradictions(&[national.clone(), province]);
    let [found] = found.as_slice() else { panic!("one contradiction: {found:?}") };
    assert!(
        found.place.starts_with("reference.toml line ")
            && found.other_place.starts_with("province.toml line ")
    );
    assert_eq!((found.says.as_str(), found.other_says.as_str()), ("D30", "D10"));

    let newer = pack("newer", "[numbering]", "supersedes = \"state-grid-marketing\"\n[numbering]");
    assert!(contradictions(&[national.clone(), newer]).is_empty(), "one takes the place of the other");
    let elsewhere = pack("elsewhere", "fonds = \"Z109\"", "fonds = \"Z110\"");
    assert!(contradictions(&[national.clone(), elsewhere]).is_empty(), "another fonds");
    let deadline = pack("deadline", "within_days = 60", "within_days = 61");
    assert_eq!(contradictions(&[national, deadline]).len(), 1);
}

fn summary(process: &str, held: &[&str], retention: Retention) -> FileSummary {
    FileSummary {
        reference: "Z109-KH·2024-D30-YX01-0001".parse().unwrap(),
        class: CustomerClass::Business,
        process: process.parse().unwrap(),
        retention,
        custody: CustodyMode::CentralPaper,
        organisation: "YX01".parse().unwrap(),
        held: held.iter().map(|t| Holding::of(t.parse().unwrap(), t)).collect(),
        facts: Facts::from([("disputed".parse().unwrap(), true.into())]),
        filed: day(),
    }
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 5, 1).unwrap()
}

#[test]
fn a_change_of_pack_shows_what_it_would_touch() {
    let old = Policy::reference();
    let files = [summary("meter-change", &["meter_work_order", "meter_photo"], Retention::D10)];
    assert!(impact(&old, &old, &files, day()).touched.is_empty());

    let longer =
        pack("new", "subject = \"HB\"\nretention = \"D10\"", "subject = \"HB\"\nretention = \"D30\"");
    let found = impact(&old, &longer, &files, day());
    assert_eq!(found.touched[0].changes, [Change::Retention { from: Retention::D10, to: Retention::D30 }]);

    let stricter = pack("new", "one_of = [\"meter_photo\"]", "one_of = [\"site_photo\"]");
    let found = impact(&old, &stricter, &files, day());
    let expected = Change::Completeness {
        from: State::Complete,
        to: State::Incomplete,
        newly_open: vec!["表计照片".into()],
        no_longer_open: vec![],
    };
    assert_eq!(found.touched[0].changes, [expected]);

    let by_type = pack(
        "new",
        "order = \"time\"\nbasis = \"B: filing by time sequence or by business type\"\n\n[[scan]]",
        "order = \"process\"\nbasis = \"B: x\"\n\n[[scan]]",
    );
    let found = impact(&old, &by_type, &files, day());
    assert!(matches!(&found.touched[0].changes[..], [Change::Grouping { to, .. }] if to.as_str() == "HB"));

    let gone = [summary("unheard-of", &[], Retention::D10)];
    assert_eq!(impact(&old, &old, &gone, day()).touched[0].changes, [Change::ProcessGone]);
}

#[test]
fn high_voltage_papers_are_asked_for_stage_by_stage() {
    let policy = Policy::reference();
    let process = policy.process(&"new-connection-hv".parse().unwrap()).unwrap();
    let held: Vec<Holding> =
        ["application_form", "title_deed", "equipment_list", "business_licence", "site_plan"]
            .map(|t| Holding::of(t.parse().unwrap(), t))
            .into();
    let facts: Facts = [
        ("voltage_kv", Fact::Number(10.into())),
        ("delegated", false.into()),
        ("leased", false.into()),
        ("project", false.into()),
        ("critical_user", false.into()),
    ]
    .map(|(name, fact)| (name.parse().unwrap(), fact))
    .into();
    let at =
        |stage| assess(process, &Case { facts: Some(&facts), stage: Some(stage), ..Case::new(&held, day()) });
    assert_eq!(at(0).state(), State::Complete);
    assert_eq!(at(1).open_items().count(), 4);
    let open: Vec<_> = at(2).open_items().map(|i| i.by.clone().unwrap().to_string()).collect();
    assert!(open.iter().any(|by| by == "meter-team") && open.iter().any(|by| by == "surveyor"));
}
