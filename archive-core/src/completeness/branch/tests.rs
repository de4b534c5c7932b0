use super::*;
use crate::completeness::{Holding, assess};
use crate::facts::Fact;
use proptest::prelude::*;

fn day(n: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(739_000 + n).unwrap()
}

/// Any case of any process of the reference policy.
fn any_case() -> impl Strategy<Value = (ProcessCode, Vec<Holding>, Facts, Option<usize>, i32)> {
    let policy = Policy::reference();
    let processes: Vec<ProcessCode> = policy.processes().map(|p| p.code.clone()).collect();
    let types: Vec<DocumentType> = policy.documents().map(|d| d.code.clone()).collect();
    let form = prop::option::of(prop_oneof![Just(DocumentForm::Original), Just(DocumentForm::Copy)]);
    let holding = (prop::option::weighted(0.97, prop::sample::select(types)), form)
        .prop_map(|(document_type, form)| Holding { document_type, form, name: "x".into() });
    let flags = ["delegated", "leased", "critical_user", "project", "paid_up", "violation", "disputed"];
    let flag = prop::sample::select(flags.to_vec()).prop_map(|name| name.parse().unwrap());
    let fact = prop_oneof![
        (flag, any::<bool>().prop_map(Fact::Flag)),
        (Just("voltage_kv".parse().unwrap()), (0_u32..40).prop_map(|v| Fact::Number(v.into()))),
        (Just("subject".parse().unwrap()), Just(Fact::Choice("firm".into()))),
    ];
    (
        prop::sample::select(processes),
        prop::collection::vec(holding, 0..30),
        prop::collection::vec(fact, 0..8).prop_map(|pairs| pairs.into_iter().collect::<Facts>()),
        prop::option::of(0_usize..3),
        -100_i32..100,
    )
}

proptest! {
    #[test]
    fn the_matrix_judges_as_a_single_case_is_judged((process, held, facts, stage, filed) in any_case()) {
        let policy = Policy::reference();
        let branch = Branch::new(&policy).unwrap();
        let case = Case { held: &held, facts: Some(&facts), stage, filed: day(filed), today: day(0) };
        let single = assess(policy.process(&process).unwrap(), &case);
        let compact = branch.case(&process, &case).unwrap();
        prop_assert_eq!(branch.state(&compact, day(0)), single.state());
        let matrix = branch.matrix(&[compact], day(0));
        let open: u64 = matrix.open_by_role.values().sum();
        prop_assert_eq!(usize::try_from(open).unwrap(), single.open_items().count());
        prop_assert_eq!(matrix.figures.cases, 1);
    }
}

#[test]
fn a_branch_is_summed_up_by_process_paper_and_role() {
    let policy = Policy::reference();
    let branch = Branch::new(&policy).unwrap();
    let code: ProcessCode = "meter-change".parse().unwrap();
    let known = Facts::from([("disputed".parse().unwrap(), false.into())]);
    let order = [Holding::of("meter_work_order".parse().unwrap(), "order")];
    let with = |held| branch.case(&code, &Case { facts: Some(&known), ..Case::new(held, day(0)) }).unwrap();
    let matrix = branch.matrix(&[with(&order), with(&order), with(&[])], day(0));
    let [row] = matrix.rows.as_slice() else { panic!("one process") };
    assert_eq!((row.figures.complete, row.figures.incomplete), (2, 1));
    assert_eq!((row.cells[0].present, row.cells[0].missing, row.cells[1].not_needed), (2, 1, 3));
    assert_eq!(matrix.open_by_role, BTreeMap::from([("meter-team".parse().unwrap(), 1)]));
    let error = branch.case(&"magic".parse().unwrap(), &Case::new(&[], day(0))).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::NotFound);
}
