//! Any bytes are pages within the limits, or errors that name the file.
#![no_main]

use archive_ocr::PageFiles;
use archive_ocr::page_image::PIXEL_LIMIT;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match PageFiles::images().pages_of("fuzz", bytes.to_vec()) {
        Ok(pages) => {
            for page in pages.take(8) {
                match page {
                    Ok(page) => assert!(page.plane().len() as u64 <= PIXEL_LIMIT),
                    Err(error) => assert!(error.to_string().starts_with("fuzz"), "{error}"),
                }
            }
        }
        Err(error) => assert!(error.to_string().starts_with("fuzz"), "{error}"),
    }
});
