//! Any text is a rule or an error with a place; what is laid out means the same.
#![no_main]

use archive_numbering::{check, format_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let report = check("fuzz", text);
    assert!(report.sound || !report.findings.is_empty());
    if let Ok(formatted) = format_text(text, None) {
        assert_eq!(format_text(&formatted, None).as_deref(), Ok(formatted.as_str()));
        assert_eq!(check("fuzz", &formatted).rules, report.rules);
    }
});
