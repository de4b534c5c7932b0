//! Any text is a rule or an error with a place; any number is read or explained.

use archive_core::{Error, ErrorKind};
use archive_numbering::report::check;
use archive_numbering::{Rule, Validity, format_text, limits, shipped};
use proptest::prelude::*;

/// The rule text is refused with `message` at this line and column.
#[track_caller]
fn refused(text: &str, line: usize, column: usize, message: &str) {
    let rejection = Rule::compile(text).unwrap_err();
    let finding = &rejection.findings()[0];
    assert!(finding.message.contains(message), "{finding}");
    assert_eq!((finding.line, finding.column), (line, column), "{finding}");
    let error: Error = rejection.into();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.object().starts_with(&format!("rule text line {line} column {column}")), "{error}");
    assert!(error.report().len() < 100_000, "a message stays short");
}

const HEAD: &str = "规则 a 版本 1 启用 2024-01-01\n";

#[track_caller]
fn statement(text: &str, column: usize, message: &str) {
    refused(&format!("{HEAD}{text}"), 2, column, message);
}

#[test]
fn errors_say_what_was_expected_where() {
    refused("", 1, 1, "expected 规则 (rule), found the end of the text");
    refused("rule", 1, 5, "expected a name, found the end of the text");
    refused("rule 格式", 1, 6, "which is no keyword");
    refused("rule a version 1 effective 2024-02-30", 1, 28, "is no day of the calendar");
    refused("rule a version 1 effective 2024-01-01 until 2023-01-01", 1, 45, "before it begins");
    refused("rule a version 9999999999 effective 2024-01-01", 1, 16, "a version is at most");
    statement("x 字符", 3, "expected '=', found \"字符\"");
    statement("x = 文字{4}", 5, "expected 字符 (chars) or 数字 (digits) or 代码 (codes)");
    statement("x = 字符{4}", 7, "expected '[', found '{'");
    statement("x = 字符[z-a]{4}", 8, "the range z-a is empty: write a-z");
    statement("x = 字符[ ]{4}", 8, "a number has no white space");
    statement("x = 字符[a]{0}", 10, "a width is at least 1");
    statement("x = 字符[a]{4,2}", 10, "the width {4,2} is empty: write {2,4}");
    statement("x = 字符[\u{200b}]{4}", 7, "\\u{200b} cannot stand in a number");
    statement("x = 数字{4} 范围 9..1", 14, "the range 9..1 is empty: write 1..9");
    statement("x = 代码{a, b < c}", 12, "not by both");
    statement("x = 代码{a,}", 10, "expected a code, found '}'");
    statement("x = 日期{DDMMYYYY}", 8, "is no date pattern");
    statement("x = 校验 CRC32(y)", 8, "is none of ISO7064-11-2");
    statement("x = 流水{4} 始 1 始 2", 15, "始 is said twice");
    refused(&format!("{HEAD}x = 字符[a]{{1}} # why\n格式 \"{{x"), 3, 4, "the quotes are not closed");
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    refused(&format!("{HEAD}x = 字符[a]{{1}}"), 1, 4, "the rule has no 格式 (format)");
    refused(
        &format!("{HEAD}x = 字符[a]{{1}}\nx = 字符[b]{{1}}\n格式 \"{{x}}\""),
        3,
        1,
        "there are two fields \"x\"",
    );
    refused(
        &format!("{HEAD}x = 字符[a]{{1}}\n格式 \"{{y}}\""),
        3,
        4,
        "there is no field \"y\": the rule's fields are x",
    );
    refused(&format!("{HEAD}x = 字符[a]{{1}}\n格式 \"{{x}}{{x}}\""), 3, 4, "the format prints x twice");
    refused(&format!("{HEAD}x = 字符[a]{{1}}\n格式 \"b\""), 2, 1, "x is neither printed nor counted within");
    refused(&format!("{HEAD}x = 字符[a]{{1}}\n格式 \"{{x}}\"\n格式 \"{{x}}\""), 4, 4, "two statements");
    let check = |of: &str| {
        format!("{HEAD}a = 字符[0-9]{{3}}\nb = 字符[a-z]{{1}}\nc = 校验 LUHN({of})\n格式 \"{{a}}{{c}}{{b}}\"")
    };
    refused(&check("b"), 4, 1, "must be printed behind the fields that it checks");
    refused(&check("a, b"), 4, 1, "must be printed behind");
    let alphabet = format!("{HEAD}b = 字符[0-9a]{{1}}\nc = 校验 LUHN(b)\n格式 \"{{b}}{{c}}\"");
    refused(&alphabet, 3, 1, "LUHN does not cover 'a'");
    let length = format!("{HEAD}b = 字符[0-9]{{16}}\nc = 校验 GB11643(b)\n格式 \"{{b}}{{c}}\"");
    refused(&length, 3, 1, "GB11643 covers exactly 17 characters, not 16 to 16");
    let alias = format!("{HEAD}b = 字符[0-9]{{2}}\n格式 \"{{b}}\"\n录入别名 {{O}}->\"0\" {{O}}->\"1\"");
    refused(&alias, 4, 15, "'O' stands for '0' and for '1'");
    let itself = format!("{HEAD}n = 流水{{2}} 按 (n) 满则拒绝\n格式 \"{{n}}\"");
    refused(&itself, 2, 1, "n cannot count within itself");
}

#[test]
fn hostile_sizes_are_refused_by_named_limits() {
    statement("n = 流水{1000000000} 满则拒绝", 7, "a width of 1000000000 is more than 18");
    statement("n = 流水{99999999999999999999999} 满则拒绝", 8, "beyond every limit");
    statement("x = 字符[a]{4000000000}", 10, "more than 40");
    let many: String = (0..100_000).map(|i| format!("f{i} = 字符[a]{{1}}\n")).collect();
    refused(&format!("{HEAD}{many}"), 1, 1, &format!("more than {}", limits::TEXT));
    let fields: String = (0..17).map(|i| format!("f{i} = 字符[a]{{1}}\n")).collect();
    refused(&format!("{HEAD}{fields}格式 \"{{f0}}\""), 1, 4, "17 fields, more than 16");
    let rules = format!("{HEAD}格式 \"a\"\n").repeat(65);
    refused(&rules, 129, 1, "a file has at most 64 rules");
    let codes: String = (0..2000).map(|i| format!("c{i},")).collect();
    let rejection = Rule::compile(&format!("{HEAD}x = 代码{{{codes}c}}\n格式 \"{{x}}\"")).unwrap_err();
    assert!(rejection.to_string().contains("at most 1024 codes"), "{rejection}");
    statement(&format!("{} = 字符[a]{{1}}", "名".repeat(41)), 1, "a name has at most 40 characters");
    statement(&format!("格式 \"{}\"", "a".repeat(2000)), 4, "a format has at most 1024 bytes");
    let wide: String = (0..16).map(|i| format!("f{i} = 字符[a-z]{{40}}\n")).collect();
    let format: String = (0..16).map(|i| format!("{{f{i}}}")).collect();
    let rejection = Rule::compile(&format!("{HEAD}{wide}格式 \"{format}\"")).unwrap_err();
    assert!(rejection.to_string().contains("its longest number has 640 characters"), "{rejection}");
}

/// The worst that the limits allow ends, with an answer.
#[test]
fn the_hardest_rules_end() {
    let started = std::time::Instant::now();
    // Sixteen fields that all run into each other.
    let fields: String = (0..16).map(|i| format!("f{i} = 字符[0-9]{{1,8}}\n")).collect();
    let format: String = (0..16).map(|i| format!("{{f{i}}}")).collect();
    let report = check("hard", &format!("{HEAD}{fields}格式 \"{format}\""));
    assert!(!report.sound);
    // A thousand codes, each the beginning of others.
    let codes: Vec<String> = (0..1000).map(|i| format!("{i:b}")).collect();
    let report = check(
        "hard",
        &format!("{HEAD}x = 代码{{{}}}\ny = 代码{{{0}}}\n格式 \"{{x}}{{y}}\"\n排序 x, y", codes.join("<")),
    );
    assert!(!report.sound);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn hostile_numbers_are_refused() {
    let long = "9".repeat(10_000_000);
    for file in shipped::all() {
        let Ok(rules) = archive_numbering::RuleSet::compile(file.text) else { panic!("{}", file.path) };
        for rule in rules.rules() {
            for bad in ["", "\0", "-", "·", "Z109", "\u{202e}Z109-KH", "Ｚ", long.as_str()] {
                let error = rule.parse(bad).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert!(error.to_string().len() < 1000, "{}", error.to_string().len());
                assert!(matches!(rule.validate(bad), Validity::Invalid { .. }));
            }
        }
    }
}

proptest! {
    /// Whatever is typed: a rule, or findings with a place within the text.
    #[test]
    fn any_text_is_a_rule_or_an_error(text in "\\PC{0,80}") {
        let report = check("any", &text);
        prop_assert!(report.sound || !report.findings.is_empty());
    }

    /// Shipped rules with a few characters changed.
    #[test]
    fn damaged_rules_are_rules_or_errors(
        file in 0..shipped::all().len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), "[{}\"=0-9<,()a-c·\\\\ \n流水]{0,2}"), 1..4),
    ) {
        let mut chars: Vec<char> = shipped::all()[file].text.chars().collect();
        for (at, with) in edits {
            let at = at.index(chars.len());
            chars.splice(at..=at, with.chars());
        }
        let text: String = chars.iter().collect();
        let report = check("damaged", &text);
        for finding in &report.findings {
            prop_assert!(finding.line <= text.lines().count() + 1);
            prop_assert!(!finding.message.is_empty());
        }
        if let Ok(formatted) = format_text(&text, None) {
            prop_assert_eq!(format_text(&formatted, None).unwrap(), formatted.clone());
            prop_assert_eq!(check("damaged", &formatted).rules, report.rules);
        }
    }

    /// Whatever is typed as a number: read, or explained with a place within the text.
    #[test]
    fn any_number_is_read_or_explained(text in "[Z0-9KHDY·•—a-c-]{0,26}|\\PC{0,12}") {
        let rule = shipped::rule("DA-T-22-件").unwrap();
        match rule.parse(&text) {
            Ok(parsed) => prop_assert!(rule.parse(parsed.as_str()).is_ok()),
            Err(_) => {
                let explanation = rule.explain(&text).unwrap();
                prop_assert!(explanation.byte <= text.len());
            }
        }
        let _ = rule.complete(&text);
    }
}
