//! A list with its heading, columns and rows.
//!
//! ```
//! use archive::cataloguing::table::{Column, Table};
//!
//! let mut table = Table::new("移交清单", vec![Column::new("档号", 60.0), Column::new("备注", 40.0)]);
//! table.rows.push(vec!["Z109-KH·2024-D30-YX01-0001".into(), "=HYPERLINK(\"x\")".into()]);
//! // A spreadsheet takes the cell for text.
//! assert!(table.to_csv(Default::default())?.contains("'=HYPERLINK"));
//! # Ok::<(), archive::Error>(())
//! ```

use archive_core::{Error, ErrorKind};
use serde::Serialize;

use super::spreadsheet;
use crate::snapshots::CsvStyle;

/// A column of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// How wide it is printed, in millimetres.
    pub width: f32,
}

impl Column {
    /// A column of `width` millimetres.
    #[must_use]
    pub fn new(name: &str, width: f32) -> Self {
        Self { name: name.to_owned(), width }
    }
}

/// A list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// Its heading.
    pub title: String,
    /// What stands under the heading: the box, the year, the site.
    pub subtitle: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, a cell a column.
    pub rows: Vec<Vec<String>>,
    /// What stands under the list: who hands over, who takes over.
    pub signatures: Vec<String>,
}

impl Table {
    /// An empty list.
    #[must_use]
    pub fn new(title: &str, columns: Vec<Column>) -> Self {
        Self {
            title: title.to_owned(),
            subtitle: String::new(),
            columns,
            rows: Vec::new(),
            signatures: Vec::new(),
        }
    }

    /// As CSV in UTF-8.
    ///
    /// # Errors
    /// `Internal` where it cannot be written.
    pub fn to_csv(&self, style: CsvStyle) -> Result<String, Error> {
        let failed =
            |e: csv::Error| Error::new(ErrorKind::Internal, "CSV", "cannot be written").with_source(e);
        let mut writer = csv::Writer::from_writer(style.begin().to_vec());
        writer.write_record(self.columns.iter().map(|c| &c.name)).map_err(failed)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| style.cell(cell).into_owned())).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|e| {
            Error::new(ErrorKind::Internal, "CSV", "cannot be written").with_source(e.into_error())
        })?;
        String::from_utf8(bytes)
            .map_err(|e| Error::new(ErrorKind::Internal, "CSV", "is not UTF-8").with_source(e))
    }

    /// As a workbook with one sheet; every cell is text.
    ///
    /// # Errors
    /// `InvalidInput` where it has more rows or longer cells than a workbook can hold.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, Error> {
        spreadsheet::write(self)
    }
}
