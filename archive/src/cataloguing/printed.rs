//! Catalogues, labels and notes on paper.
//!
//! Lists stand on A4 lying, with the heading and the column names on every page and the page's number
//! at its foot. Spine labels stand side by side on A4 upright in the true width of each spine, with marks
//! to cut along. Print at 100%, without fitting to the page.

use archive_core::Error;
use chrono::NaiveDate;

use super::gathering::{BoxNote, SpineLabel, VolumeCover};
use super::table::Table;
use crate::printing::{Align, Canvas, Font, Page, Printout};

/// The height of a spine label.
const LABEL_HEIGHT: f32 = 240.0;
/// The height of a row of a list.
const ROW: f32 = 9.0;
/// The margins of a page.
const MARGIN: f32 = 10.0;

/// Something that can be printed.
#[derive(Debug, Clone, Copy)]
pub enum Printed<'a> {
    /// A catalogue or list.
    Table(&'a Table),
    /// Labels for spines, on as many sheets as they take.
    Spines(&'a [SpineLabel]),
    /// 备考表.
    Note(&'a BoxNote),
    /// 案卷封面.
    Cover(&'a VolumeCover),
}

impl Printed<'_> {
    /// As a PDF.
    ///
    /// # Errors
    /// `InvalidInput` where it does not fit its page.
    pub fn to_pdf(&self, font: &Font) -> Result<Printout, Error> {
        match self {
            Self::Table(table) => print_table(table, font),
            Self::Spines(labels) => print_spines(labels, font),
            Self::Note(note) => {
                let mut canvas = Canvas::new(font, "备考表");
                canvas.page(Canvas::A4_PORTRAIT, |page| draw_note(page, note));
                canvas.finish()
            }
            Self::Cover(cover) => {
                let mut canvas = Canvas::new(font, "案卷封面");
                canvas.page(Canvas::A4_PORTRAIT, |page| draw_cover(page, cover));
                canvas.finish()
            }
        }
    }
}

fn print_table(table: &Table, font: &Font) -> Result<Printout, Error> {
    let (width, height) = Canvas::A4_LANDSCAPE;
    let asked: f32 = table.columns.iter().map(|c| c.width).sum();
    if table.columns.is_empty() || asked <= 0.0 || asked.is_nan() {
        return Err(Error::invalid(format!("list {:?}", table.title), "has no columns to print"));
    }
    let scale = (width - 2.0 * MARGIN) / asked;
    let widths: Vec<f32> = table.columns.iter().map(|c| c.width * scale).collect();
    let top = 32.0;
    let signing = if table.signatures.is_empty() { 0.0 } else { 16.0 };
    // At most two dozen rows fit a page.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
    let per_page = ((height - top - MARGIN - 8.0 - signing) / ROW) as usize - 1;
    let pages: Vec<&[Vec<String>]> =
        if table.rows.is_empty() { vec![&[]] } else { table.rows.chunks(per_page).collect() };
    let mut canvas = Canvas::new(font, &table.title);
    for (rows, number) in pages.iter().zip(1..) {
        canvas.page(Canvas::A4_LANDSCAPE, |page| {
            page.aligned(width / 2.0, 18.0, 18.0, &table.title, Align::Middle);
            page.text(MARGIN, 28.0, 10.0, &table.subtitle);
            let names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
            page.filled(MARGIN, top, width - 2.0 * MARGIN, ROW, 232);
            draw_row(page, top, &widths, &names, true);
            let mut y = top + ROW;
            for row in *rows {
                draw_row(page, y, &widths, row, false);
                y += ROW;
            }
            if number == pages.len() {
                let step = (width - 2.0 * MARGIN) / table.signatures.len().max(1) as f32;
                let mut x = MARGIN;
                for signature in &table.signatures {
                    page.text(x, y + 12.0, 10.5, &format!("{signature}：________________"));
                    x += step;
                }
            }
            let foot = format!("第 {number} 页 / 共 {} 页", pages.len());
            page.aligned(width / 2.0, height - 7.0, 9.0, &foot, Align::Middle);
        });
    }
    canvas.finish()
}

fn draw_row(page: &mut Page<'_, '_>, y: f32, widths: &[f32], cells: &[String], heading: bool) {
    let mut x = MARGIN;
    for (width, cell) in widths.iter().zip(cells) {
        page.outline(x, y, *width, ROW, 0.2);
        if heading {
            page.aligned(x + width / 2.0, y + 6.0, 10.0, cell, Align::Middle);
        } else {
            draw_cell(page, (x, y), *width, cell);
        }
        x += width;
    }
}

/// A cell's text in one line where it fits, else in two smaller ones.
fn draw_cell(page: &mut Page<'_, '_>, (x, y): (f32, f32), width: f32, cell: &str) {
    let room = width - 2.0;
    let points = [9.0, 8.0, 7.0].into_iter().find(|p| page.width(*p, cell) <= room);
    match points {
        Some(points) => page.text(x + 1.0, y + 5.8, points, cell),
        None => {
            page.wrapped(x + 1.0, y + 3.8, room, 6.8, cell, 2);
        }
    }
}

fn print_spines(labels: &[SpineLabel], font: &Font) -> Result<Printout, Error> {
    let (width, _) = Canvas::A4_PORTRAIT;
    let room = width - 2.0 * MARGIN;
    let mut sheets: Vec<Vec<&SpineLabel>> = Vec::new();
    let mut left = 0.0;
    for label in labels {
        #[expect(clippy::cast_precision_loss, reason = "a spine has some tens of millimetres")]
        let spine = label.spine.0 as f32;
        if !(10.0..=room).contains(&spine) {
            let message = format!("has a spine of {}, which no label sheet takes", label.spine);
            return Err(Error::invalid(format!("box {}", label.number), message));
        }
        if sheets.is_empty() || spine > left {
            sheets.push(Vec::new());
            left = room;
        }
        left -= spine;
        sheets.last_mut().expect("there is a sheet").push(label);
    }
    if sheets.is_empty() {
        return Err(Error::invalid("spine labels", "are none: name a box"));
    }
    let mut canvas = Canvas::new(font, "盒脊标签");
    let mut result = Ok(());
    for sheet in sheets {
        canvas.page(Canvas::A4_PORTRAIT, |page| {
            let mut x = MARGIN;
            for label in &sheet {
                #[expect(clippy::cast_precision_loss, reason = "as above")]
                let spine = label.spine.0 as f32;
                if let Err(error) = draw_spine(page, x, spine, label) {
                    result = Err(error);
                }
                x += spine;
            }
            page.text(MARGIN, 287.0, 7.0, "按 100% 打印，沿线裁切");
        });
    }
    result?;
    canvas.finish()
}

fn draw_spine(page: &mut Page<'_, '_>, x: f32, spine: f32, label: &SpineLabel) -> Result<(), Error> {
    let top = 20.0;
    page.outline(x, top, spine, LABEL_HEIGHT, 0.15);
    let middle = x + spine / 2.0;
    let points = if spine < 25.0 { 9.0 } else { 12.0 };
    let parts = [
        ("全宗号", label.fonds.clone()),
        ("年度", label.year.to_string()),
        ("保管期限", label.retention.clone()),
        ("机构(问题)", label.organisation.clone()),
        ("起始件号", label.items.as_ref().map_or(String::new(), |(first, _)| first.clone())),
        ("终止件号", label.items.as_ref().map_or(String::new(), |(_, last)| last.clone())),
    ];
    let mut y = top + 9.0;
    for (name, value) in parts {
        page.aligned(middle, y, 6.5, name, Align::Middle);
        fitted(page, middle, y + 8.0, spine - 2.0, points + 2.0, &value);
        page.line((x, y + 13.0), (x + spine, y + 13.0), 0.1);
        y += 21.0;
    }
    page.aligned(middle, y, 6.5, "盒号", Align::Middle);
    let running = label.number.as_str().rsplit('-').next().unwrap_or(label.number.as_str());
    fitted(page, middle, y + 9.0, spine - 2.0, points + 6.0, running);
    fitted(page, middle, y + 16.0, spine - 1.0, 6.0, label.number.as_str());
    let side = (spine - 2.0).min(34.0);
    page.qr(middle - side / 2.0, y + 20.0, side, label.number.as_str())?;
    if let Some(slot) = &label.slot {
        let mut line = y + 26.0 + side;
        for part in [
            format!("{}/{}/{}", slot.site(), slot.room(), slot.bank()),
            format!("{}/{}/{}/{}/{}", slot.column(), slot.side(), slot.bay(), slot.level(), slot.position()),
        ] {
            fitted(page, middle, line, spine - 1.0, 7.5, &part);
            line += 5.0;
        }
    }
    Ok(())
}

/// A text about `middle` in the largest size up to `points` that `width` takes.
fn fitted(page: &mut Page<'_, '_>, middle: f32, y: f32, width: f32, points: f32, text: &str) {
    let natural = page.width(points, text);
    let points = if natural > width { points * width / natural } else { points };
    page.aligned(middle, y, points, text, Align::Middle);
}

fn day(day: Option<NaiveDate>) -> String {
    day.map_or_else(|| "　　　　年　　月　　日".to_owned(), |d| d.format("%Y年%m月%d日").to_string())
}

fn draw_note(page: &mut Page<'_, '_>, note: &BoxNote) {
    let (left, right) = (30.0, 180.0);
    page.aligned(105.0, 38.0, 22.0, "备 考 表", Align::Middle);
    page.outline(left, 50.0, right - left, 215.0, 0.4);
    page.text(left + 6.0, 62.0, 12.0, &format!("编号：{}", note.object));
    page.line((left, 68.0), (right, 68.0), 0.2);
    page.text(left + 6.0, 79.0, 12.0, "盒内文件情况说明：");
    let (files, pages) = note.counts;
    page.text(left + 12.0, 90.0, 12.0, &format!("共 {files} 件，{pages} 页。"));
    let mut y = 101.0;
    for text in note.notes.iter().take(8) {
        let lines = page.wrapped(left + 12.0, y, right - left - 20.0, 11.0, text, 2);
        y += 8.0 * lines as f32;
    }
    if note.notes.len() > 8 {
        page.text(left + 12.0, y, 11.0, &format!("另有 {} 项，见系统记录。", note.notes.len() - 8));
    }
    for ((name, on), label, y) in [(&note.arranger, "整理人", 200.0), (&note.checker, "检查人", 232.0)]
    {
        page.line((left, y), (right, y), 0.2);
        page.text(left + 60.0, y + 13.0, 12.0, &format!("{label}：{name}"));
        page.text(left + 60.0, y + 25.0, 12.0, &format!("日　期：{}", day(*on)));
    }
}

fn draw_cover(page: &mut Page<'_, '_>, cover: &VolumeCover) {
    page.outline(25.0, 25.0, 160.0, 247.0, 0.6);
    page.aligned(105.0, 55.0, 24.0, "客 户 档 案", Align::Middle);
    page.aligned(105.0, 70.0, 13.0, &format!("全宗号　{}", cover.fonds), Align::Middle);
    let mut y = 105.0;
    for line in page.broken(120.0, 18.0, &cover.title, 4) {
        page.aligned(105.0, y, 18.0, &line, Align::Middle);
        y += 12.0;
    }
    let days = cover.days.map_or(String::new(), |(first, last)| {
        format!("{} — {}", first.format("%Y年%m月%d日"), last.format("%Y年%m月%d日"))
    });
    let (count, pages) = cover.counts;
    let rows = [
        ("档　　号", cover.reference.to_string()),
        ("户　　号", cover.customer.to_string()),
        ("起止日期", days),
        ("保管期限", cover.retention.clone()),
        ("件 / 页数", format!("{count} 件　{pages} 页")),
    ];
    let mut y = 180.0;
    for (name, value) in rows {
        page.text(45.0, y, 13.0, name);
        let natural = page.width(13.0, &value);
        page.text(75.0, y, if natural > 100.0 { 13.0 * 100.0 / natural } else { 13.0 }, &value);
        page.line((73.0, y + 2.0), (168.0, y + 2.0), 0.15);
        y += 16.0;
    }
}
