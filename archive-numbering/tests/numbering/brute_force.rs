//! Random rules: the proofs against brute force, and numbers there and back again.
//!
//! `ARCHIVE_RANDOM_RULES=1000000` sets how many; the short run is for every day.

use std::collections::BTreeSet;

use archive_numbering::report::{Counterexample, Proof, check};
use archive_numbering::{Rule, Validity};

use crate::random_rules::{self, Random};

pub(crate) fn count(default: u64) -> u64 {
    std::env::var("ARCHIVE_RANDOM_RULES").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// Where the random rules begin: another one looks at other rules.
pub(crate) fn first_seed() -> u64 {
    std::env::var("ARCHIVE_RANDOM_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Brute force compares each row with each other.
const ROWS: usize = 64;

fn name(proof: Proof) -> &'static str {
    match proof {
        Proof::Writing => "writing",
        Proof::Reading => "reading",
        Proof::Scope => "scope",
        Proof::Namespace => "namespace",
        Proof::Order => "order",
        Proof::Capacity => "capacity",
        Proof::Aliases => "aliases",
    }
}

fn length(texts: &[&String]) -> usize {
    texts.iter().map(|text| text.chars().count()).sum()
}

/// How long a counterexample is, in the measure of brute force.
fn length_of(counterexample: &Counterexample) -> usize {
    match counterexample {
        Counterexample::TwoReadings { number, .. } => length(&[number]),
        Counterexample::WrongOrder { first, second, .. } => length(&[first, second]),
        Counterexample::MergedInput { input, .. } => length(&[input]),
        Counterexample::TwoRules { number, .. } => length(&[number]),
        _ => 0,
    }
}

/// The proofs agree with brute force on whether a rule is sound, and on how short the shortest
/// counterexample is.
#[test]
fn proofs_agree_with_brute_force() {
    let total = count(1_000);
    let mut sound = 0;
    let mut refuted = std::collections::BTreeMap::new();
    let (mut seed, mut done) = (first_seed(), 0);
    while done < total {
        seed += 1;
        let mut random = Random::new(seed);
        let rule = random_rules::Rule::random(&mut random, "r");
        if rule.rows() > ROWS {
            continue;
        }
        done += 1;
        let report = check("random", &rule.text);
        assert!(report.findings.iter().all(|f| f.proof.is_some()), "{}\n{report}", rule.text);
        let mut expected = random_rules::brute_force(&rule);
        let mut found = std::collections::BTreeMap::new();
        for finding in &report.findings {
            let proof = name(finding.proof.unwrap());
            let length = finding.counterexample.as_ref().map_or(0, length_of);
            let known = found.entry(proof).or_insert(length);
            *known = length.min(*known);
        }
        // The order of numbers that cannot be told apart means nothing.
        if expected.contains_key("writing") || expected.contains_key("reading") || found.contains_key("scope")
        {
            expected.remove("order");
            found.remove("order");
        }
        assert_eq!(found, expected, "seed {seed}\n{}\n{report}", rule.text);
        sound += u64::from(report.sound);
        for proof in expected.keys() {
            *refuted.entry(*proof).or_insert(0_u64) += 1;
        }
        if report.sound {
            there_and_back(&rule, &mut random);
        }
    }
    println!("{total} rules: {sound} sound, refuted {refuted:?}");
    // A generator that makes only sound or only faulty rules would test nothing.
    assert!(sound * 20 > total && refuted.len() == 6, "{sound} {refuted:?}");
}

/// Where one code begins the other, what stands behind them decides: `5aa·` comes before `5aba`,
/// and after it by f0. These were found by the long form of the test above.
#[test]
fn codes_that_begin_each_other_stand_before_what_sorts() {
    for (fields, length) in [
        (
            "f0 = codes{ba,·,01}\nf1 = codes{a<aa}\nn = sequence{1} start 5 end 8 per (f0,f1) refuse-when-full\n\
             format \"{n}{f1}{f0}\"\nsort n, f0",
            8,
        ),
        (
            "f0 = codes{01<0}\nf1 = codes{01<ba<·}\nn = sequence{2} start 0 end 0 per (f0,f1) refuse-when-full\n\
             format \"{n}{f0}{f1}\"\nsort f1, f0, n",
            10,
        ),
        // aaaa0 is a, aa, aa0 or aa, aa, 0: the field that decides is read with a shift.
        (
            "f0 = codes{aa,0}\nf1 = codes{a<aa}\nf2 = codes{aa,0}\nformat \"{f1}{f2}{f0}\"\nsort f2, f1, f0",
            10,
        ),
    ] {
        let report = check("together", &format!("rule r version 1 effective 2024-01-01\n{fields}\n"));
        let [finding] = report.findings.as_slice() else { panic!("{report}") };
        assert_eq!(finding.counterexample.as_ref().map(length_of), Some(length), "{report}");
    }
}

/// Where a field of many characters is read with a shift, a pair that breaks the order is still found, and a
/// rule of which nothing can be shown is refused.
#[test]
fn wide_fields_behind_codes_that_begin_each_other_are_never_passed() {
    for fields in [
        "f0 = codes{a<aa}\nf1 = chars[一-龥]{2}\nformat \"{f0}{f1}\"\nsort f1, f0",
        "f0 = codes{一<一一}\nf1 = chars[一-龥]{2}\nf2 = digits{6}\nformat \"{f0}{f1}{f2}\"\nsort f2, f1, f0",
        "f0 = codes{0<00}\nf1 = digits{18}\nf2 = digits{18}\nformat \"{f0}{f1}{f2}\"\nsort f2, f1, f0",
    ] {
        let report = check("together", &format!("rule r version 1 effective 2024-01-01\n{fields}\n"));
        assert!(report.findings.iter().any(|f| f.proof == Some(Proof::Order)), "{report}");
    }
}

/// Every number of a sound rule is read back as it was written, and nothing else is a number.
fn there_and_back(model: &random_rules::Rule, random: &mut Random) {
    let rule = Rule::compile(&model.text).unwrap();
    let language = rule.language().unwrap();
    let mut all = BTreeSet::new();
    for row in model.combinations() {
        let text = model.print(&row);
        let parsed = rule.parse(&text).unwrap();
        assert_eq!(parsed.as_str(), text);
        for (f, writing) in model.writings(&row) {
            assert_eq!(parsed.text(&model.fields[f].name), Some(writing.as_str()), "{}", model.text);
        }
        assert_eq!(rule.format(&parsed.values()).unwrap().as_str(), text);
        assert_eq!(rule.explain(&text), None);
        all.insert(text);
    }
    assert_eq!(language.size(), Some(all.len() as u64), "{}", model.text);
    for _ in 0..20 {
        let mut text: String = random.pick(&all.iter().collect::<Vec<_>>()).to_string();
        let at = text.char_indices().map(|(at, _)| at).nth(random.number(0, 3) as usize).unwrap_or(0);
        match random.number(0, 2) {
            0 => {
                text.remove(at);
            }
            1 => text.insert(at, *random.pick(&['a', 'b', '0', '1', '-', '·', '—', 'O'])),
            _ => {
                let c = text.remove(at);
                text.push(c);
            }
        }
        let is_number = all.contains(&text);
        assert_eq!(language.matches(&text), is_number);
        match rule.validate(&text) {
            Validity::Canonical => assert!(is_number, "{text}\n{}", model.text),
            Validity::Alias { canonical } => assert!(!is_number && all.contains(&canonical), "{text}"),
            Validity::Invalid { explanation } => {
                assert!(!is_number, "{text}\n{}", model.text);
                assert!(explanation.byte <= text.len() && !explanation.to_string().is_empty());
            }
        }
    }
}

/// Two rules of one namespace: disjoint, or sharing a counter in the same places.
#[test]
fn namespaces_agree_with_brute_force() {
    let total = count(400);
    let (mut apart, mut together) = (0_u64, 0_u64);
    let mut seed = first_seed();
    while apart + together < total {
        seed += 1;
        let mut random = Random::new(seed);
        let a = random_rules::Rule::random(&mut random, "a");
        // Half of the pairs are two versions of one rule, with another counter or the same.
        let mut b = if random.chance(50) { a.clone() } else { random_rules::Rule::random(&mut random, "b") };
        b.text = b.text.replacen("rule a version 1", "rule a version 2", 1);
        let rows = a.rows().max(b.rows());
        let is_readable = |rule: &random_rules::Rule| {
            let failed = random_rules::brute_force(rule);
            !failed.contains_key("reading") && !failed.contains_key("scope")
        };
        if rows > ROWS || !is_readable(&a) || !is_readable(&b) {
            continue;
        }
        let report = check("random", &format!("{}\n{}", a.text, b.text));
        let found = report
            .findings
            .iter()
            .find(|finding| finding.proof == Some(Proof::Namespace))
            .map(|finding| finding.counterexample.as_ref().map_or(0, length_of));
        let expected = random_rules::collide(&a, &b);
        assert_eq!(found, expected, "seed {seed}\n{}\n{}\n{report}", a.text, b.text);
        if expected.is_some() { together += 1 } else { apart += 1 }
    }
    println!("{total} pairs: {apart} disjoint, {together} not");
    assert!(apart * 10 > total && together * 10 > total, "{apart} {together}");
}
