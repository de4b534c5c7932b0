//! Three papers of one synthetic customer, and what the marketing system claims: the demo's input.
//!
//! ```
//! # let scratch = tempfile::tempdir().unwrap();
//! let request = archive::samples::write(scratch.path(), "demo-1".parse()?)?;
//! assert_eq!(request.documents.len(), 3);
//! assert_eq!(request.record.get("ct_ratio"), Some("800/5"), "the papers say 50/5");
//! # Ok::<(), archive::Error>(())
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use archive_core::identifier::RequestKey;
use archive_core::record::{Customer, CustomerClass};
use archive_core::{Error, ErrorKind};
use chrono::NaiveDate;

use crate::filing::FilingRequest;
use crate::records::RecordTable;

/// The sample files: their names and contents.
pub const FILES: [(&str, &[u8]); 4] = [
    ("contract.jpg", include_bytes!("../../samples/contract.jpg")),
    ("application.jpg", include_bytes!("../../samples/application.jpg")),
    ("work-order.jpg", include_bytes!("../../samples/work-order.jpg")),
    ("records.csv", include_bytes!("../../samples/records.csv")),
];

/// Writes the sample files into `directory` and gives the request, under `key`, that files them.
///
/// # Errors
/// Those of writing files.
pub fn write(directory: &Path, key: RequestKey) -> Result<FilingRequest, Error> {
    std::fs::create_dir_all(directory).map_err(|e| Error::io(directory, "create a directory", e))?;
    for (name, content) in FILES {
        let path = directory.join(name);
        std::fs::write(&path, content).map_err(|e| Error::io(&path, "write", e))?;
    }
    let table = RecordTable::load(&directory.join("records.csv"), "image")?;
    let record = table.get("contract.jpg")?.clone();
    let claim = |field: &str| {
        let missing = || Error::new(ErrorKind::Internal, "sample record", format!("has no {field}"));
        record.get(field).map(str::to_owned).ok_or_else(missing)
    };
    Ok(FilingRequest {
        key,
        customer: Customer {
            number: claim("account_no")?.parse()?,
            name: claim("customer_name")?,
            class: CustomerClass::Business,
        },
        process: "new-connection-lv".parse()?,
        date: NaiveDate::from_ymd_opt(2012, 5, 10).unwrap_or_default(),
        stage: None,
        documents: FILES
            .iter()
            .filter(|(name, _)| name.ends_with(".jpg"))
            .map(|(name, _)| directory.join(name).into())
            .collect(),
        record,
        facts: BTreeMap::new(),
    })
}
