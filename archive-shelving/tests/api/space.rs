//! Space: forecasts beside simulated futures, and hostile figures.

use archive_core::ErrorKind;
use archive_core::policy::Policy;
use archive_core::record::CustomerClass;
use archive_shelving::plan::space::{
    FARTHEST, Forecast, Growth, Holding, Site, forecast, freed_by_electronic_custody,
};
use proptest::prelude::*;

fn site(slots: u64, taken: u64) -> Site {
    Site { name: "HZ".into(), slots, taken, kept: 0 }
}

fn growth(monthly: Vec<u32>) -> Growth {
    Growth { series: "lv".into(), site: "HZ".into(), monthly, disposals: Vec::new() }
}

fn one(site: Site, growth: Vec<Growth>) -> Forecast {
    forecast(&[site], &growth, FARTHEST).unwrap().remove(0)
}

#[test]
fn a_steady_series_fills_a_site_when_it_must() {
    let future = one(site(1000, 400), vec![growth(vec![10; 24])]);
    // 600 slots at 10 a month: full in the 61st month, when the 601st box comes.
    let full = future.full_after.unwrap();
    assert_eq!(full.expected, 61);
    assert!(full.earliest < 61 && full.latest.unwrap() > 61, "{future}");
    assert_eq!(future.growth, [("lv".to_owned(), 10.0)]);
    assert!(
        future.to_string().starts_with("site HZ: 600 slots free, full in 61 months (4 of 5: "),
        "{future}"
    );
}

#[test]
fn a_trend_counts_where_it_is_sure_and_disposal_gives_back() {
    let rising = one(site(1000, 0), vec![growth((0..24).map(|month| 10 + month).collect())]);
    let level = one(site(1000, 0), vec![growth(vec![21; 24])]);
    assert!(rising.full_after.unwrap().expected < level.full_after.unwrap().expected);
    let scattered = one(site(1000, 0), vec![growth(vec![10, 30, 12, 28, 9, 33, 11, 27])]);
    assert!((scattered.growth[0].1 - 20.0).abs() < 0.01, "{scattered}");
    let disposed = Growth { disposals: vec![21; 1200], ..growth(vec![21; 24]) };
    assert_eq!(one(site(1000, 0), vec![disposed]).full_after, None);
    assert_eq!(one(site(1000, 999), vec![growth(vec![0; 12])]).full_after, None);
    assert_eq!(one(site(0, 0), vec![growth(vec![5; 12])]).full_after.unwrap().expected, 1);
}

/// Of many futures that scatter as the past did, about one in ten is full before the earliest month
/// and one in ten after the latest.
#[test]
fn four_of_five_futures_lie_where_they_should() {
    let mut state = 1_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % 41
    };
    let (mut early, mut late) = (0, 0);
    for _ in 0..2000 {
        let past: Vec<u32> = (0..36).map(|_| next()).collect();
        // A past that seems to fall says that the site is never full.
        let Some(full) = one(site(600, 0), vec![growth(past)]).full_after else { continue };
        let (mut boxes, mut month) = (0, 0);
        while boxes <= 600 {
            boxes += next();
            month += 1;
        }
        early += usize::from(month < full.earliest);
        late += usize::from(full.latest.is_some_and(|latest| month > latest));
    }
    assert!((100..=300).contains(&early) && (100..=300).contains(&late), "{early} {late} of 2000");
}

#[test]
fn electronic_custody_frees_what_holds_households_alone() {
    let holding = |class, boxes| Holding { site: "HZ".into(), class, boxes, mixed: 7, boxes_a_month: 2.5 };
    let holdings = [holding(CustomerClass::Residential, 300), holding(CustomerClass::Business, 900)];
    let freed = freed_by_electronic_custody(&Policy::reference(), &holdings).unwrap();
    assert_eq!((freed.len(), freed[0].slots, freed[0].mixed), (1, 300, 7));
    assert!((freed[0].slots_a_month - 2.5).abs() < 1e-9);
    let endless = Holding { boxes_a_month: f64::NAN, ..holdings[0].clone() };
    let error = freed_by_electronic_custody(&Policy::reference(), &[endless]).unwrap_err();
    assert_eq!(error.to_string(), "holding at site HZ: has NaN new boxes a month");
}

#[test]
fn what_cannot_be_foretold_is_named() {
    #[track_caller]
    fn check(sites: &[Site], growth: &[Growth], months: u32, kind: ErrorKind, expected: &str) {
        let error = forecast(sites, growth, months).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, expected));
    }
    use ErrorKind::{InvalidInput, NotFound};
    let hz = site(10, 4);
    check(&[hz.clone(), hz.clone()], &[], 12, InvalidInput, "site HZ: is given twice");
    check(&[site(10, 11)], &[], 12, InvalidInput, "site HZ: has 11 slots taken and 0 kept of 10");
    let full = Site { taken: u64::MAX, kept: u64::MAX, ..hz.clone() };
    let message = format!("site HZ: has {0} slots taken and {0} kept of 10", u64::MAX);
    check(&[full], &[], 12, InvalidInput, &message);
    let none = growth(Vec::new());
    let message = "series lv at site HZ: has no past month to learn from";
    check(std::slice::from_ref(&hz), &[none], 12, InvalidInput, message);
    let long = growth(vec![1; 1201]);
    let message = "series lv at site HZ: has more than 1200 months";
    check(std::slice::from_ref(&hz), &[long], 12, InvalidInput, message);
    let other = Growth { site: "NB".into(), ..growth(vec![1]) };
    check(
        std::slice::from_ref(&hz),
        &[other],
        12,
        NotFound,
        "series lv at site NB: is at no site of this forecast",
    );
    check(&[hz], &[], 1201, InvalidInput, "forecast: looks 1201 months ahead, more than 1200");
}

proptest! {
    #[test]
    fn any_figures_give_an_ordered_answer(
        slots in any::<u64>(),
        share in 0.0..1.0,
        monthly in prop::collection::vec(any::<u32>(), 1..40),
        disposals in prop::collection::vec(any::<u32>(), 0..40),
    ) {
        let taken = ((slots as f64 * share) as u64).min(slots);
        let future = one(site(slots, taken), vec![Growth { disposals, ..growth(monthly) }]);
        if let Some(full) = future.full_after {
            prop_assert!(full.earliest <= full.expected && full.expected >= 1);
            prop_assert!(full.latest.is_none_or(|latest| latest >= full.expected));
        }
        prop_assert!(future.growth[0].1.is_finite());
    }
}
