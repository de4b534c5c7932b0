//! Any text is a schema, a manifest, or an error that names the file; any text is a page's number or none.
#![no_main]

use archive_ocr::manifest::ModelManifest;
use archive_ocr::page_number::PageNumber;
use archive_ocr::schema::Schemas;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut schemas = Schemas::shipped();
    if let Err(error) = schemas.add("fuzz.toml", text) {
        assert!(error.to_string().contains("fuzz.toml"), "{error}");
    }
    if let Err(error) = ModelManifest::parse("fuzz.toml", text) {
        assert!(error.to_string().contains("fuzz.toml"), "{error}");
    }
    if let Some(number) = PageNumber::parse(text) {
        assert!(number.number >= 1 && number.of.is_none_or(|of| number.number <= of));
    }
});
