//! Random rules with wide fields, long literals, dates and check characters: too many numbers for
//! brute force, so that reading and writing, which go eight bytes at a time, are compared with the
//! rule's automaton, which goes character by character.

use std::fmt::Write;

use archive_core::language::Language;
use archive_numbering::{NumberBuffer, Rule, Validity};

use crate::brute_force::{count, first_seed};
use crate::random_rules::Random;

/// A field's text, and whether it can only have one width.
fn field(random: &mut Random, i: usize) -> (String, bool) {
    let class = *random.pick(&["0-9", "0-9A-Z", "A-HJ-NP-RTUW-Y", "aceg", "!-,.-9", "档号0-9", "é-ü", "盒"]);
    let width = random.number(1, 12);
    let wider = width + random.number(1, 4);
    let digits = width.min(11);
    let high = 10_u64.pow(digits as u32) - 1;
    let low = random.number(0, high).min(random.number(0, high));
    match random.number(0, 8) {
        0 => (format!("chars[{class}]{{{width}}}"), true),
        1 => (format!("chars[{class}]{{{width},{wider}}}"), false),
        2 => (format!("digits{{{digits}}}"), true),
        3 => (format!("digits{{{digits}}} range {low}..{}", random.number(low, high)), true),
        4 => (format!("digits{{1,{digits}}} range {low}..{}", random.number(low, high)), false),
        5 => (format!("digits{{2}} century {0}..{1} from day{i}", 1970 + low % 50, 2019 + low % 50), true),
        6 => (format!("date{{{}}} from day{i}", random.pick(&["YYYYMMDD", "YYMM", "MM-DD"])), true),
        7 => (format!("chars[1-9]{{{width},{wider}}} pad \"0\""), true),
        _ => {
            let letters = ['D', 'Y', '1', '3', '0', 'K', '卷'];
            let word = |random: &mut Random| -> String {
                (0..random.number(1, 9)).map(|_| *random.pick(&letters)).collect()
            };
            let words: Vec<String> = (0..random.number(1, 15)).map(|_| word(random)).collect();
            (format!("codes{{{}}}", words.join(",")), false)
        }
    }
}

fn rule_text(random: &mut Random) -> String {
    let mut text = String::from("rule r version 1 effective 2024-01-01\n");
    let mut format = String::new();
    let mut needs_sign = false;
    for i in 0..random.number(1, 5) as usize {
        let (field, has_one_width) = field(random, i);
        if i > 0 && (needs_sign || random.chance(60)) {
            format.push_str(random.pick(&["-", "-", "·", "~~", "-档案-", "~a long literal text~"]).trim());
        }
        let _ = writeln!(text, "  f{i} = {field}");
        let _ = write!(format, "{{f{i}}}");
        needs_sign = !has_one_width;
    }
    if random.chance(30) {
        let system = *random.pick(&["LUHN", "GS1", "ISO7064-11-2", "ISO7064-97-10", "ISO7064-11,10"]);
        let _ =
            writeln!(text, "  body = chars[0-9]{{{}}}\n  check = check {system}(body)", random.number(1, 9));
        format.push_str("-{body}{check}");
    }
    if random.chance(70) {
        let _ = writeln!(text, "  n = sequence{{{}}} refuse-when-full", random.number(1, 11));
        format.push_str("-{n}");
    }
    let end = if random.chance(20) { "-档" } else { "" };
    let format = format.replace("a long literal text", "a-long-literal-text");
    let _ = writeln!(text, "  format \"{format}{end}\"");
    text
}

/// A member of `language`, by a way through its automaton.
fn member(language: &Language, random: &mut Random) -> String {
    let mut state = language.start();
    let mut text = String::new();
    loop {
        let ways: Vec<_> = language.transitions(state).collect();
        if language.is_accepting(state) && (ways.is_empty() || random.chance(20)) {
            return text;
        }
        let (range, to) = random.pick(&ways);
        let (low, high) = (u32::from(*range.start()), u32::from(*range.end()));
        // The first and the last one often: a fault would be there.
        let c = match random.number(0, 3) {
            0 => low,
            1 => high,
            _ => random.number(low.into(), high.into()) as u32,
        };
        text.push(char::from_u32(c).unwrap());
        state = *to;
    }
}

/// `text` with one character changed, added, taken away or moved.
fn damaged(text: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = random.number(0, chars.len() as u64 - 1) as usize;
    let other = *random.pick(&['0', '9', 'A', 'Z', '/', ':', '-', '·', '卷', 'é', '\0', '\u{7f}', '１']);
    match random.number(0, 4) {
        0 => chars[at] = other,
        1 => chars.insert(at, other),
        2 => {
            chars.remove(at);
        }
        3 => chars.push(other),
        _ => {
            let last = chars.len() - 1;
            chars.swap(at, last);
        }
    }
    chars.into_iter().collect()
}

/// Says what a failed comparison was about.
struct OnPanic<'a>(u64, &'a str, &'a str);

impl Drop for OnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}, number {}\n{}", self.0, self.2, self.1);
        }
    }
}

/// Numbers are read back as they were written, by texts and by values.
fn there_and_back(rule: &Rule, text: &str) {
    let parsed = rule.parse(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(parsed.as_str(), text);
    assert_eq!(rule.explain(text), None);
    let mut values = parsed.values();
    assert_eq!(rule.format(&values).unwrap().as_str(), text, "by texts");
    let names: Vec<&str> = rule.field_names().collect();
    for name in names {
        let id = rule.field(name).unwrap();
        let Some(value) = parsed.value(id) else { continue };
        assert_eq!(parsed.number(name), Some(value));
        let written: u64 = parsed.get(id).unwrap().parse().unwrap();
        assert!(value == written || value % 100 == written, "{name}: {value} for {written}");
        values.put(id, value);
    }
    let mut out = String::from("before ");
    rule.format_into(&values, &mut out).unwrap();
    assert_eq!(out.strip_prefix("before "), Some(text), "by values");
    let mut buffer = NumberBuffer::new();
    assert_eq!(rule.format_bytes(&values, &mut buffer).unwrap(), text.as_bytes());
}

#[test]
fn reading_and_writing_agree_with_the_automaton() {
    let total = count(2_000) / 10;
    let (mut tried, mut done, mut damages, mut refused) = (0, 0, 0, 0);
    while done < total {
        tried += 1;
        let seed = first_seed() + tried;
        let mut random = Random::new(seed);
        let text = rule_text(&mut random);
        let Ok(rule) = Rule::compile(&text) else { continue };
        let Ok(language) = rule.language() else { continue };
        done += 1;
        for _ in 0..20 {
            let number = member(&language, &mut random);
            let _context = OnPanic(seed, &text, &number);
            there_and_back(&rule, &number);
            for _ in 0..10 {
                let other = damaged(&number, &mut random);
                let is_number = language.matches(&other);
                assert_eq!(rule.validate(&other) == Validity::Canonical, is_number, "{other:?}");
                damages += 1;
                refused += u64::from(!is_number);
            }
        }
    }
    println!("{done} wide rules of {tried} texts, {damages} damaged numbers, {refused} of them none");
    // Both answers must occur, and most texts be rules.
    assert!(done * 4 > tried && refused * 2 > damages && refused < damages, "{done} of {tried}");
}
