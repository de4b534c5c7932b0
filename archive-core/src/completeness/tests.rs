use super::*;
use crate::facts::{Fact, FactKind, FactRule};

fn requirement(name: &str, one_of: &[&str]) -> Requirement {
    Requirement {
        name: name.into(),
        one_of: one_of.iter().map(|t| t.parse().unwrap()).collect(),
        when: None,
        form: None,
        stage: 0,
        deferral: None,
        by: "counter".parse().unwrap(),
        basis: "C: test".parse().unwrap(),
    }
}

fn process(requirements: Vec<Requirement>) -> Process {
    let policy = crate::policy::Policy::reference();
    let mut process = policy.process(&"new-connection-hv".parse().unwrap()).unwrap().clone();
    process.requirements = requirements;
    process
}

fn holding(kind: Option<&str>, form: Option<DocumentForm>) -> Holding {
    Holding { document_type: kind.map(|k| k.parse().unwrap()), form, name: kind.unwrap_or("scan").into() }
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 31).unwrap()
}

fn presence_of(requirement: &Requirement, case: &Case<'_>) -> Option<Presence> {
    assess(&process(vec![requirement.clone()]), case).items.pop().map(|item| item.presence)
}

#[test]
fn any_one_of_a_group_will_do() {
    let title = process(vec![requirement("title", &["title_deed", "lease"])]);
    let held = [holding(Some("lease"), None)];
    assert_eq!(assess(&title, &Case::new(&held, day())).state(), State::Complete);
    let result = assess(&title, &Case::new(&[], day()));
    assert_eq!(result.state(), State::Incomplete);
    assert_eq!(result.items[0].by.as_ref().unwrap().as_str(), "counter");
    assert!(
        result.items[0].why.starts_with("always needed, from stage application"),
        "{}",
        result.items[0].why
    );
}

#[test]
fn a_document_of_unknown_type_leaves_doubt() {
    let held = [holding(None, None)];
    let found = presence_of(&requirement("title", &["title_deed"]), &Case::new(&held, day()));
    assert_eq!(found, Some(Presence::Unverified { reason: "scan is of unknown type".into() }));
}

#[test]
fn conditions_have_three_answers() {
    let mut item = requirement("power of attorney", &["power_of_attorney"]);
    let rules = [FactRule::new("delegated".parse().unwrap(), "委托", FactKind::Flag)];
    item.when = Some(Condition::parse("delegated", &rules).unwrap());
    let state = |facts: &Facts| presence_of(&item, &Case { facts: Some(facts), ..Case::new(&[], day()) });
    let facts = |flag| Facts::from([("delegated".parse().unwrap(), Fact::Flag(flag))]);
    assert_eq!(state(&facts(false)), None);
    assert_eq!(state(&facts(true)), Some(Presence::Missing));
    assert_eq!(state(&Facts::new()), Some(Presence::Unverified { reason: "nobody said delegated".into() }));
}

#[test]
fn an_original_may_stand_for_its_copy_and_not_the_other_way() {
    let wanting = |form| Requirement { form, ..requirement("paper", &["power_of_attorney"]) };
    let with = |found: Option<DocumentForm>, wanted| {
        let held = [holding(Some("power_of_attorney"), found)];
        presence_of(&wanting(wanted), &Case::new(&held, day())).unwrap().state()
    };
    let (original, copy) = (Some(DocumentForm::Original), Some(DocumentForm::Copy));
    assert_eq!(with(original, copy), State::Complete);
    assert_eq!(with(copy, original), State::Incomplete);
    assert_eq!(with(None, original), State::Unverified);
    assert_eq!(with(None, None), State::Complete);
}

#[test]
fn a_commitment_defers_until_its_day_or_its_stage() {
    let mut item = requirement("title", &["title_deed"]);
    let commitment = "commitment_letter".parse().unwrap();
    item.deferral = Some(Deferral { commitment, within_days: Some(30), before_stage: Some(1) });
    let held = [holding(Some("commitment_letter"), None)];
    let due = NaiveDate::from_ymd_opt(2024, 3, 1);
    let document = || "commitment_letter".to_owned();
    let at =
        |today, stage| presence_of(&item, &Case { today, stage: Some(stage), ..Case::new(&held, day()) });
    assert_eq!(at(due.unwrap(), 0), Some(Presence::Deferred { document: document(), due }));
    let late = Some(Presence::Overdue { document: document(), due });
    assert_eq!(at(due.unwrap().succ_opt().unwrap(), 0), late);
    assert_eq!(at(day(), 1), late, "the stage has begun");
}

#[test]
fn a_paper_of_a_later_stage_is_not_asked_for_yet() {
    let item = Requirement { stage: 2, ..requirement("drawing", &["as_built_drawing"]) };
    let at = |stage| presence_of(&item, &Case { stage, ..Case::new(&[], day()) });
    assert_eq!(at(Some(1)), None);
    assert_eq!(at(Some(2)), Some(Presence::Missing));
    assert_eq!(at(None), Some(Presence::Missing));
}
