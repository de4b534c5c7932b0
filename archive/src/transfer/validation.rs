//! Whether a package may be used, whatever its layout.

use std::path::Path;

use archive_core::{Error, ErrorKind};
use serde::Serialize;

use super::bagit::{self, Fault};
use super::medium;

/// Whether a package may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageReport {
    /// Its layout: `bagit` or `medium`.
    pub layout: &'static str,
    /// How many files it carries.
    pub files: usize,
    /// What makes it unsound.
    pub faults: Vec<Fault>,
    /// What is allowed and suspicious.
    pub warnings: Vec<Fault>,
}

impl PackageReport {
    /// Whether it is complete and each file is what its lists say.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Checks the package in the directory `path`, and finds by itself which layout it has.
///
/// # Errors
/// `NotFound` where nothing stands at `path`; those of reading it. What is wrong with a package is in the report.
pub fn validate(path: &Path) -> Result<PackageReport, Error> {
    if !path.join("bagit.txt").exists() && path.join(medium::DIRECTORY).exists() {
        let (files, faults) = match medium::read(path) {
            Ok(lines) => (lines.iter().map(|line| line.files.len()).sum(), Vec::new()),
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::InvalidInput) => {
                let fault = Fault { file: error.object().to_owned(), message: error.message().to_owned() };
                (0, vec![fault])
            }
            Err(error) => return Err(error),
        };
        return Ok(PackageReport { layout: "medium", files, faults, warnings: Vec::new() });
    }
    let report = bagit::validate(path)?;
    let (files, faults, warnings) = (report.payload.len(), report.faults, report.warnings);
    Ok(PackageReport { layout: "bagit", files, faults, warnings })
}
