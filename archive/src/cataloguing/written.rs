//! Lists, labels and notes as files, whose ending says in which form.

use std::collections::BTreeSet;
use std::path::Path;

use archive_core::Error;
use serde::Serialize;

use super::Printed;
use crate::printing::{Font, Printout};
use crate::snapshots::CsvStyle;

/// What a written file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Of a list in a spreadsheet or as CSV, how many rows.
    pub rows: Option<usize>,
    /// Of a PDF, how many pages.
    pub pages: Option<usize>,
    /// Characters that the font of a PDF lacks: they stand as empty boxes. Name another font in `ARCHIVE_FONT`.
    pub lacking: BTreeSet<char>,
}

impl Printed<'_> {
    /// Writes it to `path`: as a PDF where that ends in `.pdf`, and lists in `.xlsx` or `.csv` as well. `style`
    /// is that of CSV.
    ///
    /// # Errors
    /// `InvalidInput` for another ending, or where it does not fit its form; `NotFound` where a PDF has no font;
    /// those of writing the file.
    pub fn write(&self, path: &Path, style: CsvStyle) -> Result<Written, Error> {
        let kind = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let bytes = match (kind, self) {
            ("pdf", _) => return self.to_pdf(&Font::find()?)?.write(path),
            ("xlsx", Printed::Table(table)) => table.to_xlsx()?,
            ("csv", Printed::Table(table)) => table.to_csv(style)?.into_bytes(),
            (_, Printed::Table(_)) => {
                return Err(Error::invalid(path.display().to_string(), "must end in .pdf, .xlsx or .csv"));
            }
            _ => return Err(Error::invalid(path.display().to_string(), "must end in .pdf")),
        };
        write(path, &bytes)?;
        let rows = if let Printed::Table(table) = self { Some(table.rows.len()) } else { None };
        Ok(Written { rows, pages: None, lacking: BTreeSet::new() })
    }
}

impl Printout {
    /// Writes the PDF to `path`.
    ///
    /// # Errors
    /// Those of writing the file.
    pub fn write(self, path: &Path) -> Result<Written, Error> {
        write(path, &self.pdf)?;
        Ok(Written { rows: None, pages: Some(self.pages), lacking: self.missing })
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|e| Error::io(path, "write", e))
}
