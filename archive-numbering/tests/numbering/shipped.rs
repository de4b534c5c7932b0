//! The shipped rules: sound, with the numbers that practice writes.

use archive_numbering::report::check;
use archive_numbering::{Keywords, Rule, RuleSet, Validity, format_text, shipped};
use chrono::NaiveDate;

#[test]
fn shipped_rules_check_clean_and_stand_in_the_formatter_s_layout() {
    for file in shipped::all() {
        let report = check(file.path, file.text);
        assert!(report.sound, "{report}");
        for rule in &report.rules {
            assert!(rule.example.is_some(), "{}", rule.rule);
        }
        assert_eq!(format_text(file.text, None).unwrap(), file.text, "{}", file.path);
    }
}

/// `canonical` is read field by field, printed back, and is what each of `typed` stands for.
#[track_caller]
fn number(rule: &str, canonical: &str, fields: &[(&str, &str)], typed: &[&str]) {
    let rule = shipped::rule(rule).unwrap();
    let parsed = rule.parse(canonical).unwrap();
    assert_eq!(parsed.fields().collect::<Vec<_>>(), fields);
    assert_eq!(rule.format(&parsed.values()).unwrap().as_str(), canonical);
    assert!(rule.language().unwrap().matches(canonical));
    for input in typed {
        let validity = rule.validate(input);
        assert_eq!(validity, Validity::Alias { canonical: canonical.to_owned() }, "{input}");
        assert!(!rule.language().unwrap().matches(input));
    }
}

#[track_caller]
fn wrong(rule: &str, text: &str, explanation: &str) {
    let rule = shipped::rule(rule).unwrap();
    assert_eq!(rule.explain(text).unwrap().to_string(), explanation);
    let error = rule.parse(text).unwrap_err();
    assert!(error.to_string().ends_with(explanation), "{error}");
}

#[test]
fn items_of_da_t_22() {
    let fields = [
        ("全宗号", "Z109"),
        ("门类", "WS"),
        ("年度", "2011"),
        ("保管期限", "Y"),
        ("机构", "BGS"),
        ("件号", "0001"),
    ];
    let typed = ["Z109—WS•2011–Y‐BGS−0001", "Ｚ１０９－ＷＳ·2011-Y-BGS-0001", "z109-ws·2011-y-bgs-0001"];
    number("DA-T-22-件", "Z109-WS·2011-Y-BGS-0001", &fields, &typed);
    wrong(
        "DA-T-22-件",
        "Z109-WS·2011-Y-BGS-001",
        "ends too early, after character 22: expected 0-9 in 件号 (a number from 1 to 9999 in 4 digits)",
    );
    wrong(
        "DA-T-22-件",
        "Z109-WS·2011-Y-BGS-0000",
        "character 23 ('0') does not fit: expected 1-9 in 件号 (a number from 1 to 9999 in 4 digits)",
    );
    wrong(
        "DA-T-22-件",
        "Z109-XX·2011-Y-BGS-0001",
        "character 6 ('X') does not fit: expected HKW in 门类 (one of HT (供用电合同), KH (客户档案), WS (文书))",
    );
    wrong("DA-T-22-件", "Z109-WS·2011-Y-BGS-00011", "character 24 ('1') does not fit: expected the end");
    let rule = shipped::rule("DA-T-22-件").unwrap();
    let id = rule.field("保管期限").unwrap();
    assert_eq!(rule.label(id, "Y"), Some("永久"));
    assert_eq!(rule.capacity().per_counter, Some(9999));
    assert!(rule.is_gapless());
}

#[test]
fn volumes_and_items_of_da_t_13() {
    let volume = [("全宗号", "Z109"), ("类别号", "KH"), ("案卷号", "001")];
    number("DA-T-13-案卷", "Z109-KH-001", &volume, &["Ｚ109—KH—001"]);
    let item = [("全宗号", "Z109"), ("类别号", "KH"), ("案卷号", "001"), ("件号", "0007")];
    number("DA-T-13-卷内件", "Z109-KH-001-0007", &item, &["z109-kh-001-0007"]);
    let alone = [("全宗号", "Z109"), ("类别号", "KH"), ("件号", "0007")];
    number("DA-T-13-件", "Z109-KH-0007", &alone, &["Z109−KH−0007"]);
    let file = shipped::all().iter().find(|f| f.path == "da-t-13-2022-volume.rule").unwrap();
    let rules = RuleSet::compile(file.text).unwrap();
    assert_eq!(rules.parse("Z109-KH-001").unwrap().rule().name().name, "DA-T-13-案卷");
    assert_eq!(rules.parse("Z109-KH-001-0007").unwrap().rule().name().name, "DA-T-13-卷内件");
}

#[test]
fn customers_contracts_boxes_and_meters() {
    let customer = [("全宗号", "Z109"), ("户号", "3388985508"), ("件号", "012")];
    number("户号档案", "Z109-3388985508-012", &customer, &["z109—３３８８９８５５０８—012"]);
    let contract = [("单位", "SGZJ"), ("年度", "2013"), ("序号", "83926284")];
    number("合同编号", "SGZJ201383926284", &contract, &["sgzj201383926284", "ＳＧＺＪ201383926284"]);
    let fields =
        [("全宗号", "Z109"), ("年度", "2024"), ("保管期限", "D30"), ("机构", "BGS"), ("盒号", "0042")];
    number("盒号", "Z109-2024-D30-BGS-H0042", &fields, &["Z109–2024–d30–bgs–h0042"]);
    let meter = [("省码", "33"), ("序号", "12345678901234567890")];
    number("表计资产编号", "3312345678901234567890", &meter, &["３312345678901234567890"]);
}

/// What the store calls: the counter's key, its bounds, the next number, the printed number.
#[test]
fn numbers_are_drawn() {
    let rule = shipped::rule("DA-T-22-件").unwrap();
    let mut values = rule.values();
    for (field, value) in [("全宗号", "Z109"), ("门类", "KH"), ("保管期限", "D30"), ("机构", "BGS")]
    {
        values.set(field, value).unwrap();
    }
    let missing = rule.draw(&values).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "年度 of rule DA-T-22-件 version 1: has no value: give a number from 2000 to 2099 in 4 digits"
    );
    values.set_date("形成日期", NaiveDate::from_ymd_opt(2024, 12, 31).unwrap()).unwrap();
    let draw = rule.draw(&values).unwrap();
    assert_eq!(draw.counter(), "客户文件-件/Z109/KH/2024/D30/BGS");
    assert_eq!((draw.first(), draw.last()), (1, 9999));
    assert_eq!(rule.next(None).unwrap(), 1);
    assert_eq!(rule.next(Some(9998)).unwrap(), 9999);
    let full = rule.next(Some(9999)).unwrap_err();
    assert_eq!(full.kind(), archive_core::ErrorKind::Refused);
    assert!(full.to_string().contains("is full: 9999 was its last number"), "{full}");
    assert_eq!(rule.next(Some(10_000)).unwrap_err().kind(), archive_core::ErrorKind::Corrupt);
    assert!(draw.format(10_000).is_err() && draw.format(0).is_err());
    assert_eq!(draw.format(9999).unwrap().as_str(), "Z109-KH·2024-D30-BGS-9999");

    fn shared<T: Send + Sync + 'static>(_: &T) {}
    shared(&rule);
    shared(&draw);
    shared(&draw.clone().into_fn());
    let contract = shipped::rule("表计资产编号").unwrap();
    assert_eq!(contract.next(None).unwrap_err().kind(), archive_core::ErrorKind::Unsupported);
}

/// Values of different files never meet in one counter key.
#[test]
fn counter_keys_tell_scopes_apart() {
    let rule = Rule::compile(
        "rule r version 1 effective 2024-01-01
           a = chars[a/%]{1,3}
           b = chars[a/%]{1,3}
           n = sequence{2} per (a, b) refuse-when-full
           format \"{a}-{b}-{n}\"",
    )
    .unwrap();
    let key = |a: &'static str, b: &'static str| {
        let mut values = rule.values();
        values.set("a", a).unwrap().set("b", b).unwrap();
        rule.draw(&values).unwrap().counter().to_owned()
    };
    assert_eq!(key("a", "/a"), "r@1/a/%2Fa");
    let keys = std::collections::BTreeSet::from([
        key("a", "/a"),
        key("a/", "a"),
        key("a", "a"),
        key("%", "a"),
        key("a", "%"),
    ]);
    assert_eq!(keys.len(), 5);
}

#[test]
fn beginnings_are_completed() {
    let rule = shipped::rule("居民身份证号码").unwrap();
    let completion = rule.complete("11010219491001001").unwrap();
    assert_eq!((completion.forced.as_str(), completion.is_number), ("6", true));
    let rule = shipped::rule("DA-T-22-件").unwrap();
    let completion = rule.complete("Z109-K").unwrap();
    assert_eq!(completion.forced, "H·20");
    assert_eq!(completion.example.as_deref(), Some("Z109-KH·2000-Y-00-0001"));
    assert_eq!(completion.next[0].field.as_deref(), Some("年度"));
    let error = rule.complete("Z109/").unwrap_err();
    assert!(error.to_string().contains("character 5 ('/') does not fit: expected \"-\""), "{error}");
}

/// A part of a date counts as printed where another printed field of the same date shows it.
#[test]
fn a_printed_date_tells_its_year() {
    let text = |format: &str| {
        format!(
            "rule r version 1 effective 2024-01-01
               day  = date{{{format}}} range 2000..2099 from filed
               year = digits{{4}} range 2000..2099 from filed
               no   = sequence{{3}} per (year) refuse-when-full
               format \"{{day}}-{{no}}\""
        )
    };
    let rule = Rule::compile(&text("YYYYMMDD")).unwrap();
    let mut values = rule.values();
    values.set_date("filed", NaiveDate::from_ymd_opt(2024, 2, 29).unwrap()).unwrap();
    let draw = rule.draw(&values).unwrap();
    assert_eq!((draw.counter(), draw.format(1).unwrap().as_str()), ("r@1/2024", "20240229-001"));
    assert!(Rule::compile(&text("MMDD")).is_err());
}

/// Both languages of keywords mean one rule.
#[test]
fn keywords_translate_there_and_back() {
    for file in shipped::all() {
        let english = format_text(file.text, Some(Keywords::English)).unwrap();
        assert!(!english.contains("规则 ") && !english.contains("格式 "), "{english}");
        assert_eq!(format_text(&english, None).unwrap(), english, "the formatter is idempotent");
        assert_eq!(format_text(&english, Some(Keywords::Chinese)).unwrap(), file.text);
        assert_eq!(check(file.path, &english).rules, check(file.path, file.text).rules);
    }
}

#[test]
fn versions_apply_by_date() {
    let text = "rule a version 1 effective 2020-01-01 until 2024-01-01
                  n = sequence{3} refuse-when-full
                  format \"{n}\"
                rule a version 2 effective 2024-01-01
                  n = sequence{4} refuse-when-full
                  format \"{n}\"";
    let rules = RuleSet::compile(text).unwrap();
    let day = |y| NaiveDate::from_ymd_opt(y, 6, 1).unwrap();
    assert_eq!(rules.at("a", day(2021)).unwrap().name().version, 1);
    assert_eq!(rules.at("a", day(2025)).unwrap().name().version, 2);
    let error = rules.at("a", day(2019)).unwrap_err();
    assert!(error.to_string().contains("has no version that applies on 2019-06-01"), "{error}");
    // Two files of one namespace are proven together too.
    let again = RuleSet::compile(
        "rule b version 1 effective 2024-01-01\n n = sequence{4} refuse-when-full\n format \"{n}\"",
    )
    .unwrap();
    let rejection = RuleSet::join([rules, again]).unwrap_err();
    assert!(
        rejection.to_string().contains("0001 could be given by a version 2 and by b version 1"),
        "{rejection}"
    );
}
