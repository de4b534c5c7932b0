//! Any text is a request in one writing, or is refused.
#![no_main]

use archive_shelving::http_controller::HttpRequest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(request) = text.parse::<HttpRequest>() {
        assert_eq!(request.to_string().parse::<HttpRequest>().ok(), Some(request));
    }
});
