//! Languages against sets of texts.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::automaton::Draft;
use super::*;

/// How long the texts are that brute force looks at.
const LENGTH: usize = 5;
const ALPHABET: [char; 4] = ['a', 'b', 'c', '·'];

type Set = BTreeSet<String>;

/// All texts up to [`LENGTH`] over [`ALPHABET`].
fn universe() -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut first = 0;
    for _ in 0..LENGTH {
        let end = texts.len();
        for at in first..end {
            for c in ALPHABET {
                texts.push(format!("{}{c}", texts[at]));
            }
        }
        first = end;
    }
    texts
}

fn short(text: &str) -> bool {
    text.chars().count() <= LENGTH
}

fn members(language: &Language) -> Set {
    universe().into_iter().filter(|text| language.matches(text)).collect()
}

fn products(a: &Set, b: &Set) -> Set {
    a.iter().flat_map(|x| b.iter().map(move |y| format!("{x}{y}"))).filter(|t| short(t)).collect()
}

/// How a language is made, so that a set can be made in the same way.
#[derive(Debug, Clone)]
enum Plan {
    Words(Vec<String>),
    Class(Vec<char>),
    Concat(Box<Plan>, Box<Plan>),
    Union(Box<Plan>, Box<Plan>),
    And(Box<Plan>, Box<Plan>),
    Without(Box<Plan>, Box<Plan>),
    Repeat(Box<Plan>, u32, Option<u32>),
}

impl Plan {
    fn language(&self) -> Language {
        match self {
            Self::Words(words) => Language::words(words),
            Self::Class(chars) => Ok(Language::class(&CharClass::from_ranges(chars.iter().map(|&c| c..=c)))),
            Self::Concat(a, b) => a.language().concat(&b.language()),
            Self::Union(a, b) => a.language().union(&b.language()),
            Self::And(a, b) => a.language().intersection(&b.language()),
            Self::Without(a, b) => a.language().difference(&b.language()),
            Self::Repeat(a, min, max) => a.language().repeat(*min, *max),
        }
        .unwrap()
    }

    fn set(&self) -> Set {
        match self {
            Self::Words(words) => words.iter().filter(|w| short(w)).cloned().collect(),
            Self::Class(chars) => chars.iter().map(char::to_string).collect(),
            Self::Concat(a, b) => products(&a.set(), &b.set()),
            Self::Union(a, b) => a.set().union(&b.set()).cloned().collect(),
            Self::And(a, b) => a.set().intersection(&b.set()).cloned().collect(),
            Self::Without(a, b) => a.set().difference(&b.set()).cloned().collect(),
            Self::Repeat(a, min, max) => {
                let one = a.set();
                let mut power = Set::from([String::new()]);
                let mut all = Set::new();
                // Beyond LENGTH + min repetitions only empty parts could be added.
                for count in 0..=max.unwrap_or(LENGTH as u32 + min) {
                    if count >= *min {
                        all.extend(power.iter().cloned());
                    }
                    power = products(&power, &one);
                }
                all
            }
        }
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    let word = prop::collection::vec(prop::sample::select(ALPHABET.to_vec()), 0..4);
    let words = prop::collection::vec(word.prop_map(String::from_iter), 0..5).prop_map(Plan::Words);
    let class = prop::collection::vec(prop::sample::select(ALPHABET.to_vec()), 0..4).prop_map(Plan::Class);
    prop_oneof![words, class].prop_recursive(4, 12, 2, |inner| {
        let two = (inner.clone(), inner.clone()).prop_map(|(a, b)| (Box::new(a), Box::new(b)));
        prop_oneof![
            two.clone().prop_map(|(a, b)| Plan::Concat(a, b)),
            two.clone().prop_map(|(a, b)| Plan::Union(a, b)),
            two.clone().prop_map(|(a, b)| Plan::And(a, b)),
            two.prop_map(|(a, b)| Plan::Without(a, b)),
            (inner, 0_u32..3, prop::option::of(0_u32..4)).prop_map(|(a, min, max)| Plan::Repeat(
                Box::new(a),
                min,
                max
            )),
        ]
    })
}

proptest! {
    #[test]
    fn languages_agree_with_sets(plan in plan()) {
        let language = plan.language();
        let set = plan.set();
        prop_assert_eq!(members(&language), set.clone());
        let shortest = set.iter().min_by_key(|t| (t.chars().count(), (*t).clone())).cloned();
        if shortest.is_some() {
            prop_assert_eq!(language.shortest(), shortest);
        }
        if let Some(longest) = language.longest().filter(|&n| n <= LENGTH) {
            prop_assert_eq!(language.size(), Some(set.len() as u64));
            prop_assert_eq!(set.iter().map(|t| t.chars().count()).max(), Some(longest));
        }
        prop_assert_eq!(language.is_empty(), language.shortest().is_none());
    }

    /// Two ways to one language meet in one automaton, and no two of its states are equal.
    #[test]
    fn equal_languages_are_equal_values(a in plan(), b in plan()) {
        let (a, b) = (a.language(), b.language());
        let one = a.union(&b).unwrap();
        let other = b.union(&a.difference(&b).unwrap()).unwrap();
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(one.state_count(), other.state_count());
        prop_assert_eq!(&a.union(&a).unwrap(), &a);
        prop_assert_eq!(a.intersection(&b).unwrap(), a.difference(&a.difference(&b).unwrap()).unwrap());
    }

    #[test]
    fn each_state_leads_to_a_member_and_differs_from_the_others(plan in plan()) {
        let language = plan.language();
        let states = language.state_count();
        let from = |start: u32| {
            let state = |s: u32| language.automaton.edges(s).to_vec();
            let draft = Draft {
                start,
                accepting: (0..states as u32).map(|s| language.automaton.is_accepting(s)).collect(),
                edges: (0..states as u32).map(state).collect(),
            };
            Language::from(minimise::minimise(draft).unwrap())
        };
        let tails: Vec<Language> = (0..states as u32).map(from).collect();
        for (i, tail) in tails.iter().enumerate() {
            prop_assert!(states == 1 || !tail.is_empty());
            prop_assert!(tails[..i].iter().all(|other| other != tail));
        }
    }
}

#[test]
fn steps_agree_with_and_without_the_ascii_table() {
    let words: Vec<String> = (0..3000).map(|i| format!("{:04}·{}", i * 7 % 10_000, i % 13)).collect();
    let large = Language::words(&words).unwrap();
    assert!(words.iter().all(|w| large.matches(w)));
    assert!(!large.matches("0001·1"));
    for state in (0..large.state_count() as u32).map(StateId) {
        for (range, to) in large.transitions(state) {
            assert_eq!(large.step(state, *range.start()), Some(to));
            assert_eq!(large.step(state, *range.end()), Some(to));
        }
    }
    assert_eq!(large.step(StateId(u32::MAX), 'a'), None);
    assert!(!large.is_accepting(StateId(u32::MAX)));
    assert_eq!(large.transitions(StateId(u32::MAX)).count(), 0);
}

#[test]
fn characters_beyond_the_basic_plane_are_characters() {
    let all = Language::class(&CharClass::default().complement());
    for text in ["\0", "号", "\u{d7ff}", "\u{e000}", "\u{10ffff}"] {
        assert!(all.matches(text));
    }
    assert_eq!(all.size(), Some(0x11_0000 - 0x800));
    assert!(!all.matches("ab") && !all.matches(""));
}

#[track_caller]
fn refused(result: Result<Language, crate::Error>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("more than 262144 states"), "{error}");
}

/// Hostile sizes end in a refusal, after bounded work.
#[test]
fn blow_up_is_refused() {
    let ab = Language::class(&CharClass::of("ab"));
    let a = Language::literal("a").unwrap();
    // The k-th character from the end is an a: 2^k states.
    let tail = |k| ab.repeat(0, None).unwrap().concat(&a).unwrap().concat(&ab.repeat(k, Some(k)).unwrap());
    assert_eq!(tail(8).unwrap().state_count(), 512);
    refused(tail(40));
    refused(ab.repeat(1_000_000_000, Some(1_000_000_000)));
    refused(ab.repeat(0, Some(u32::MAX)));
    refused(Language::literal(&"x".repeat(STATE_LIMIT + 1)));
}

#[test]
fn long_texts_cost_linear_time() {
    let text = "0123456789".repeat(20_000);
    let language = Language::literal(&text).unwrap();
    assert_eq!(language.state_count(), text.len() + 1);
    assert_eq!(language.longest(), Some(text.len()));
    let circle = Language::literal(&text[..50_000]).unwrap().repeat(1, None).unwrap();
    assert_eq!(circle.size(), None);
    assert!(circle.matches(&text[..100_000]));
}

#[test]
fn the_smallest_cases() {
    assert!(Language::empty().is_empty());
    assert_eq!(Language::words(Vec::<String>::new()).unwrap(), Language::empty());
    assert_eq!(Language::literal("").unwrap(), Language::epsilon());
    assert_eq!(Language::class(&CharClass::default()), Language::empty());
    assert_eq!(Language::empty().repeat(0, None).unwrap(), Language::epsilon());
    assert_eq!(Language::epsilon().repeat(3, None).unwrap(), Language::epsilon());
    assert_eq!(Language::literal("a").unwrap().repeat(3, Some(2)).unwrap(), Language::empty());
    assert_eq!(Language::sequence([]).unwrap(), Language::epsilon());
    assert_eq!(Language::any_of([]).unwrap(), Language::empty());
    assert_eq!(Language::empty().size(), Some(0));
    assert_eq!(Language::epsilon().longest(), Some(0));
}
