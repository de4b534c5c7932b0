//! The seven proofs. Each looks for a counterexample among all numbers of a rule, the shortest
//! first; that there is none is the proof.

mod order;

use archive_core::language::Language;

use crate::checked::CheckedRule;
use crate::field::{Date, DateToken, Field, Kind, power_of_ten};
use crate::report::{Counterexample, FieldWriting, Proof};
use crate::tracks::{TooComplex, Tracks, TwoWalks, shortest_disagreement};

/// A proof that failed: at which place of the text, and why.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) proof: Proof,
    pub(crate) at: usize,
    pub(crate) message: String,
    pub(crate) counterexample: Option<Counterexample>,
}

impl Failure {
    fn new(proof: Proof, at: usize, counterexample: Counterexample, advice: &str) -> Self {
        Self {
            proof,
            at,
            message: format!("{counterexample}: {advice}"),
            counterexample: Some(counterexample),
        }
    }

    fn too_complex(proof: Proof, at: usize) -> Self {
        let message = "the rule is too complex to prove: shorten its fields or separate them".to_owned();
        Self { proof, at, message, counterexample: None }
    }
}

/// Proves what concerns `rule` alone.
pub(crate) fn prove(rule: &CheckedRule, tracks: &Tracks) -> Vec<Failure> {
    let mut failures = Vec::new();
    failures.extend(rule.fields.iter().filter_map(writing));
    failures.extend(reading(rule, tracks));
    failures.extend(scope(rule));
    failures.extend(order::order(rule, tracks));
    failures.extend(rule.fields.iter().filter_map(capacity));
    failures.extend(aliases(rule));
    failures
}

/// 1: two values of a field are never written alike.
fn writing(field: &Field) -> Option<Failure> {
    let (values, writing, advice) = match &field.kind {
        Kind::Codes { codes, .. } => {
            let mut sorted: Vec<_> = codes.iter().enumerate().collect();
            sorted.sort_by(|a, b| {
                (a.1.text.chars().count(), &a.1.text, a.0).cmp(&(b.1.text.chars().count(), &b.1.text, b.0))
            });
            let pair = sorted.windows(2).find(|pair| pair[0].1.text == pair[1].1.text)?;
            let label = |code: &crate::field::Code| code.label.clone().unwrap_or_else(|| code.text.clone());
            ([label(pair[0].1), label(pair[1].1)], pair[0].1.text.clone(), "give each a code of its own")
        }
        Kind::Digits { number, .. } if number.cut && number.high - number.low >= power_of_ten(number.max) => {
            let other = number.low + power_of_ten(number.max);
            let values = [number.low.to_string(), other.to_string()];
            (values, number.write(number.low), "declare the century, such as 世纪 (century) 1970..2069")
        }
        Kind::Chars(chars) => {
            let pad = chars.pad.filter(|&pad| chars.min < chars.max && chars.class.contains(pad))?;
            let value = |n: u32| pad.to_string().repeat(n as usize);
            let values = [value(chars.min), value(chars.min + 1)];
            (values, value(chars.max), "pad with a character that is not in the class")
        }
        Kind::Date(date) => {
            let (first, second) = same_writing(date)?;
            let advice = match date.year_digits() {
                Some(_) => "declare the century, such as 世纪 (century) 1970..2069",
                None => "print the year",
            };
            let full = Date { pattern: full_pattern(date), ..*date };
            let value = |year| full.write(year, 1, 1);
            ([value(first), value(second)], date.write(first, 1, 1), advice)
        }
        _ => return None,
    };
    let counterexample = Counterexample::SameWriting { field: field.name.clone(), values, writing };
    Some(Failure::new(Proof::Writing, field.at, counterexample, advice))
}

/// The first two years that `date` writes alike.
fn same_writing(date: &Date) -> Option<(u64, u64)> {
    let step = match date.year_digits() {
        Some(4) => return None,
        Some(_) => 100,
        None => 1,
    };
    (date.high - date.low >= step).then_some((date.low, date.low + step))
}

/// `date`'s pattern with the whole year, to tell its values apart.
fn full_pattern(date: &Date) -> Vec<DateToken> {
    let mut pattern = vec![DateToken::Year(4)];
    for token in [DateToken::Month, DateToken::Day] {
        if date.shows(token) {
            pattern.extend([DateToken::Sign('-'), token]);
        }
    }
    pattern
}

/// 2: a number is read in one way.
fn reading(rule: &CheckedRule, tracks: &Tracks) -> Option<Failure> {
    let differ = |x: &crate::tracks::Track, y: &crate::tracks::Track| {
        tracks.piece_of[x.to as usize] != tracks.piece_of[y.to as usize]
    };
    match shortest_disagreement(tracks, tracks, false, differ) {
        Err(TooComplex) => Some(Failure::too_complex(Proof::Reading, rule.format_at)),
        Ok(None) => None,
        Ok(Some(TwoWalks { input, states: [a, b], .. })) => {
            let readings = [tracks.reading(rule, &input, &a), tracks.reading(rule, &input, &b)];
            let counterexample = Counterexample::TwoReadings { number: input, readings };
            let advice = "separate the fields, or fix their widths";
            Some(Failure::new(Proof::Reading, rule.format_at, counterexample, advice))
        }
    }
}

/// 3: what a counter counts within is printed.
fn scope(rule: &CheckedRule) -> Vec<Failure> {
    let mut failures = Vec::new();
    let smallest = || -> String {
        rule.pieces.iter().map(|piece| piece.language.shortest().unwrap_or_default()).collect()
    };
    for (i, field) in rule.fields.iter().enumerate() {
        let Kind::Sequence(sequence) = &field.kind else { continue };
        if rule.piece_of(i).is_none() {
            let files = [1, 2].map(|n| {
                let text = sequence.number.write(sequence.number.low + n - 1);
                vec![FieldWriting { field: field.name.clone(), text }]
            });
            let counterexample = Counterexample::SameNumber { number: smallest(), files };
            failures.push(Failure::new(Proof::Scope, field.at, counterexample, "print the sequence"));
            continue;
        }
        for &within in &sequence.scope {
            if is_determined(rule, within) {
                continue;
            }
            let Some(two) = two_values(&rule.fields[within]) else { continue };
            let files = two.map(|text| vec![FieldWriting { field: rule.fields[within].name.clone(), text }]);
            let counterexample = Counterexample::SameNumber { number: smallest(), files };
            let advice = format!("print {}, or do not count within it", rule.fields[within].name);
            failures.push(Failure::new(Proof::Scope, field.at, counterexample, &advice));
        }
    }
    // A rule that prints nothing but one text gives every file the same number.
    if rule.drawn().is_none() && rule.pieces.iter().all(|piece| piece.field.is_none()) {
        let counterexample = Counterexample::SameNumber { number: smallest(), files: [vec![], vec![]] };
        failures.push(Failure::new(Proof::Scope, rule.format_at, counterexample, "print a sequence"));
    }
    failures
}

/// Whether the printed fields tell the value of `field`.
fn is_determined(rule: &CheckedRule, field: usize) -> bool {
    if rule.piece_of(field).is_some() {
        return true;
    }
    // A part of a date can be seen from another field of the same date that shows as much.
    let Some(source) = &rule.fields[field].source else { return false };
    let needs = |token: fn(&Kind) -> bool| token(&rule.fields[field].kind);
    rule.fields.iter().enumerate().any(|(i, other)| {
        rule.piece_of(i).is_some()
            && other.source.as_ref() == Some(source)
            && (!needs(shows_year) || shows_year(&other.kind) && writing(other).is_none())
            && (!needs(shows_month) || shows_month(&other.kind))
            && (!needs(shows_day) || shows_day(&other.kind))
    })
}

fn shows_year(kind: &Kind) -> bool {
    use crate::syntax::DatePart;
    matches!(kind, Kind::Digits { part: Some(DatePart::Year), .. })
        || matches!(kind, Kind::Date(date) if date.year_digits().is_some())
}

fn shows_month(kind: &Kind) -> bool {
    use crate::syntax::DatePart;
    matches!(kind, Kind::Digits { part: Some(DatePart::Month), .. })
        || matches!(kind, Kind::Date(date) if date.shows(DateToken::Month))
}

fn shows_day(kind: &Kind) -> bool {
    use crate::syntax::DatePart;
    matches!(kind, Kind::Digits { part: Some(DatePart::Day), .. })
        || matches!(kind, Kind::Date(date) if date.shows(DateToken::Day))
}

/// The two shortest writings of a field; `None` where it has but one.
fn two_values(field: &Field) -> Option<[String; 2]> {
    let language = field.kind.language().ok()?;
    two_shortest(&language)
}

/// The two shortest members, of these the smallest.
pub(crate) fn two_shortest(language: &Language) -> Option<[String; 2]> {
    let first = language.shortest()?;
    let second = language.difference(&Language::literal(&first).ok()?).ok()?.shortest()?;
    Some([first, second])
}

/// 4: no number belongs to `a` and `b`, unless they share their counter.
pub(crate) fn disjoint(a: (&CheckedRule, &Tracks), b: (&CheckedRule, &Tracks)) -> Option<Failure> {
    let at = b.0.at;
    let shared = match (a.0.drawn(), b.0.drawn()) {
        (Some((_, x)), Some((_, y))) => {
            a.0.counter.is_some() && a.0.counter == b.0.counter && x.scope.len() == y.scope.len()
        }
        _ => false,
    };
    // With one counter, one number may belong to both if both would count it in the same place.
    let role = |(rule, tracks): (&CheckedRule, &Tracks), state: u32| -> Option<usize> {
        let field = rule.pieces[tracks.piece_of[state as usize] as usize].field?;
        let (drawn, sequence) = rule.drawn()?;
        if field == drawn { Some(usize::MAX) } else { sequence.scope.iter().position(|&f| f == field) }
    };
    let found = shortest_disagreement(a.1, b.1, !shared, |x, y| shared && role(a, x.to) != role(b, y.to));
    match found {
        Err(TooComplex) => Some(Failure::too_complex(Proof::Namespace, at)),
        Ok(None) => None,
        Ok(Some(TwoWalks { input, states: [x, y], .. })) => {
            let counted = |(rule, tracks): (&CheckedRule, &Tracks), states: &[u32]| -> Vec<FieldWriting> {
                let Some((drawn, sequence)) = rule.drawn() else { return Vec::new() };
                let counts = |f: usize| f == drawn || sequence.scope.contains(&f);
                let names: Vec<&str> = (0..rule.fields.len())
                    .filter(|&f| counts(f))
                    .map(|f| rule.fields[f].name.as_str())
                    .collect();
                let mut reading = tracks.reading(rule, &input, states);
                reading.retain(|writing| names.contains(&writing.field.as_str()));
                reading
            };
            let scopes = shared.then(|| [counted(a, &x), counted(b, &y)]);
            let counterexample = Counterexample::TwoRules {
                number: input.clone(),
                rules: [a.0.name.clone(), b.0.name.clone()],
                scopes,
            };
            let advice = if shared {
                "count both within the same fields"
            } else {
                "change the format, or let both share a counter by 计数器 (counter)"
            };
            Some(Failure::new(Proof::Namespace, at, counterexample, advice))
        }
    }
}

/// 6: nothing grows beyond its digits unless the rule says how far.
fn capacity(field: &Field) -> Option<Failure> {
    let number = field.kind.numeric()?;
    let (value, advice) = match &field.kind {
        Kind::Sequence(sequence) if !sequence.has_end => {
            let advice = "say what a full sequence does: 满则拒绝 (refuse-when-full) or 满则加宽 至 6 \
                          (widen-when-full to 6)";
            (number.high + 1, advice)
        }
        _ if number.wanted > number.high => (number.high + 1, "widen the field, or end its range before"),
        _ => return None,
    };
    let counterexample = Counterexample::TooWide { field: field.name.clone(), value, digits: number.max };
    Some(Failure::new(Proof::Capacity, field.at, counterexample, advice))
}

/// 7: no input means two numbers.
fn aliases(rule: &CheckedRule) -> Option<Failure> {
    if rule.aliases.is_empty() {
        return None;
    }
    let typed = Tracks::new(rule).with_aliases(&rule.aliases);
    // Of two tracks with one input, one is an alias and the other is not, or they mean the same.
    let differ = |x: &crate::tracks::Track, y: &crate::tracks::Track| x.meant != y.meant;
    match shortest_disagreement(&typed, &typed, false, differ) {
        Err(TooComplex) => Some(Failure::too_complex(Proof::Aliases, rule.aliases_at)),
        Ok(None) => None,
        Ok(Some(walks)) => {
            let counterexample = Counterexample::MergedInput { input: walks.input, numbers: walks.meant };
            let advice = "remove the alias, or the character from the fields";
            Some(Failure::new(Proof::Aliases, rule.aliases_at, counterexample, advice))
        }
    }
}
