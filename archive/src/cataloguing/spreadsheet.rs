//! A list as a workbook.

use archive_core::Error;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, XlsxError};

use super::Table;

/// Millimetres in a character of the default font.
const CHARACTER_MM: f64 = 2.2;

pub(super) fn write(table: &Table) -> Result<Vec<u8>, Error> {
    let failed =
        |e: XlsxError| Error::invalid(format!("list {:?}", table.title), "fits no workbook").with_source(e);
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let last = u16::try_from(table.columns.len().max(1) - 1).unwrap_or(u16::MAX);
    let title = Format::new().set_bold().set_font_size(16).set_align(FormatAlign::Center);
    let heading = Format::new().set_bold().set_border(FormatBorder::Thin).set_align(FormatAlign::Center);
    let cell = Format::new().set_border(FormatBorder::Thin).set_text_wrap().set_num_format("@");
    if last > 0 {
        sheet.merge_range(0, 0, 0, last, &table.title, &title).map_err(failed)?;
    } else {
        sheet.write_string_with_format(0, 0, &table.title, &title).map_err(failed)?;
    }
    sheet.write_string(1, 0, &table.subtitle).map_err(failed)?;
    for (column, number) in table.columns.iter().zip(0_u16..) {
        sheet.set_column_width(number, f64::from(column.width) / CHARACTER_MM).map_err(failed)?;
        sheet.write_string_with_format(2, number, &column.name, &heading).map_err(failed)?;
    }
    for (row, line) in table.rows.iter().zip(3_u32..) {
        for (text, column) in row.iter().zip(0_u16..) {
            // As text always: a cell that begins with "=" is no formula.
            sheet
                .write_string_with_format(row_or_error(line, table)?, column, text, &cell)
                .map_err(failed)?;
        }
    }
    sheet.set_freeze_panes(3, 0).map_err(failed)?;
    sheet
        .set_landscape()
        .set_paper_size(9)
        .set_print_fit_to_pages(1, 0)
        .set_repeat_rows(0, 2)
        .map_err(failed)?;
    workbook.save_to_buffer().map_err(failed)
}

fn row_or_error(line: u32, table: &Table) -> Result<u32, Error> {
    const MOST: u32 = 1_048_576;
    if line < MOST {
        return Ok(line);
    }
    Err(Error::invalid(
        format!("list {:?}", table.title),
        format!("has more rows than a workbook holds ({MOST})"),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::table::Column;
    use super::*;
    use std::io::Read as _;

    #[test]
    fn a_workbook_holds_text_and_no_formula() {
        let mut table =
            Table::new("盒内文件目录", vec![Column::new("档号", 60.0), Column::new("备注", 30.0)]);
        table.rows.push(vec!["Z109-KH·2024-D30-YX01-0001".into(), "=1+1".into()]);
        let bytes = write(&table).unwrap();
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut sheet = String::new();
        zip.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
        assert!(!sheet.contains("<f>"), "no formula");
        let mut strings = String::new();
        zip.by_name("xl/sharedStrings.xml").unwrap().read_to_string(&mut strings).unwrap();
        assert!(strings.contains("=1+1") && strings.contains("盒内文件目录"));
    }

    #[test]
    fn a_cell_too_long_for_a_workbook_is_an_error() {
        let mut table = Table::new("x", vec![Column::new("a", 10.0)]);
        table.rows.push(vec!["x".repeat(40_000)]);
        assert!(write(&table).unwrap_err().to_string().contains("fits no workbook"));
    }
}
