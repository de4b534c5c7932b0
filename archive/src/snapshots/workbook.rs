//! Findings as a workbook for a spreadsheet.

use std::path::Path;

use archive_core::{Error, ErrorKind};
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::SchemaRef;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// The most rows of a sheet, the header among them, that spreadsheets read.
const SHEET_ROWS: u32 = 1_048_576;

/// The most characters of a cell that they read.
const CELL_CHARACTERS: usize = 32_767;

/// A workbook that is being written: text cells alone, so that none is a formula. Findings beyond a
/// sheet's rows go on in the next.
pub(super) struct FindingsWorkbook {
    workbook: Workbook,
    header: Vec<String>,
    /// The next row of the last sheet; none yet where there is no sheet.
    row: Option<u32>,
}

impl FindingsWorkbook {
    pub(super) fn new(schema: &SchemaRef) -> Self {
        let header = schema.fields().iter().map(|f| f.name().clone()).collect();
        Self { workbook: Workbook::new(), header, row: None }
    }

    fn start_sheet(&mut self) -> Result<u32, XlsxError> {
        // Rows go to a scratch file as they are complete: a million of them take little memory.
        let sheet = self.workbook.add_worksheet_with_low_memory()?;
        let bold = Format::new().set_bold();
        sheet.set_freeze_panes(1, 0)?;
        for (column, name) in (0..).zip(&self.header) {
            sheet.write_string_with_format(0, column, name, &bold)?;
        }
        Ok(1)
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), XlsxError> {
        for row in 0..batch.num_rows() {
            let at = match self.row {
                Some(at) if at < SHEET_ROWS => at,
                _ => self.start_sheet()?,
            };
            let last = self.workbook.worksheets().len() - 1;
            let sheet = self.workbook.worksheet_from_index(last)?;
            for (column, cells) in (0..).zip(batch.columns()) {
                let cells = cells.as_string::<i32>();
                if cells.is_valid(row) {
                    sheet.write_string(at, column, shortened(cells.value(row)))?;
                }
            }
            self.row = Some(at + 1);
        }
        Ok(())
    }

    pub(super) fn save(mut self, path: &Path) -> Result<(), XlsxError> {
        if self.row.is_none() {
            self.start_sheet()?;
        }
        self.workbook.save(path)
    }
}

/// What a cell holds of a text that is longer: its beginning, and that there was more.
fn shortened(text: &str) -> String {
    if text.len() <= CELL_CHARACTERS || text.chars().count() <= CELL_CHARACTERS {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(CELL_CHARACTERS - 1).collect();
    short.push('…');
    short
}

/// The error of a workbook at `path`.
pub(super) fn unwritten(path: &Path, cause: XlsxError) -> Error {
    let message = "cannot be written as a workbook: is there room on the disk?";
    Error::new(ErrorKind::Unavailable, path.display().to_string(), message).with_source(cause)
}
