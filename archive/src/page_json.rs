//! The JSON forms of what a page says, for programs in other languages.
//!
//! ```
//! use archive_core::record::Record;
//! # use archive_ocr::{PageImage, PageReading, Reader};
//! # fn show(reading: &PageReading) -> Result<(), archive::Error> {
//! let record = Record::new([("ct_ratio".parse()?, "800/5".to_owned())]);
//! println!("{}", archive::page_json::reading(reading));
//! println!("{}", archive::page_json::evidence(reading, &record));
//! # Ok(())
//! # }
//! ```

use archive_core::record::Record;
use archive_ocr::PageReading;
use serde_json::{Map, Value, json};

/// What was read: `doc_type`, `title`, `width`, `height`, `seconds`, and `fields` by name, each with
/// `value` (canonical), `text` (as printed), `confidence` (0 to 1), `box` (`[x0, y0, x1, y1]` in
/// pixels) and `alternatives` (other values, best first).
#[must_use]
pub fn reading(reading: &PageReading) -> Value {
    let fields: Map<String, Value> = reading
        .fields
        .iter()
        .map(|(name, field)| {
            let others: Vec<&str> = field.alternatives.iter().map(|other| other.value.as_str()).collect();
            let field = json!({
                "value": field.value,
                "text": field.text,
                "confidence": field.confidence,
                "box": field.region,
                "alternatives": others,
            });
            (name.to_string(), field)
        })
        .collect();
    json!({
        "doc_type": reading.document_type,
        "title": reading.title,
        "width": reading.width,
        "height": reading.height,
        "seconds": reading.timing.total.as_secs_f64(),
        "fields": fields,
    })
}

/// What the page says of each claim of `record`: a list of `field`, `verdict` (`match`, `mismatch`,
/// `unreadable`), `suspicion` (nats), `read`, `record`, `box`, and `differences`, the characters that
/// speak against the claim, each with `read`, `record` and `box`.
#[must_use]
pub fn evidence(reading: &PageReading, record: &Record) -> Value {
    record
        .iter()
        .map(|(field, claim)| {
            let evidence = reading.verify(field, claim);
            let differences: Vec<Value> = evidence
                .disagreements
                .iter()
                .map(|d| json!({ "read": d.read, "record": d.claimed, "box": d.region }))
                .collect();
            json!({
                "field": field,
                "verdict": evidence.verdict,
                "suspicion": evidence.suspicion,
                "read": evidence.read,
                "record": claim,
                "box": evidence.region,
                "differences": differences,
            })
        })
        .collect()
}
