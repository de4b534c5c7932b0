//! Any text is a number, in one writing, or is explained; both ways lead back.
#![no_main]

use archive_numbering::{Validity, shipped};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for file in ["DA-T-22-件", "DA-T-13-卷内件", "户号档案", "居民身份证号码", "统一社会信用代码"] {
        let Ok(rule) = shipped::rule(file) else { panic!("{file} does not compile") };
        let Ok(language) = rule.language() else { panic!("{file} has no language") };
        assert_eq!(rule.validate(text) == Validity::Canonical, language.matches(text));
        match rule.parse(text) {
            Ok(parsed) => {
                let again = rule.format(&parsed.values()).map(|number| number.to_string());
                assert_eq!(again.ok().as_deref(), Some(parsed.as_str()));
                assert!(language.matches(parsed.as_str()));
            }
            Err(_) => assert!(rule.explain(text).is_some_and(|explanation| explanation.byte <= text.len())),
        }
        let _ = rule.complete(text);
    }
});
