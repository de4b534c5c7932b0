//! A document of pages, and what is drawn on them.

use std::collections::{BTreeSet, HashMap};

use archive_core::{Error, ErrorKind};
use krilla::Document;
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::TextDirection;

use super::Font;

/// Points in a millimetre.
const MM: f32 = 72.0 / 25.4;

/// How a text lies about its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// It begins there.
    Left,
    /// Its middle is there.
    Middle,
    /// It ends there.
    Right,
}

/// A finished document.
#[derive(Debug, Clone)]
pub struct Printout {
    /// The bytes of the PDF.
    pub pdf: Vec<u8>,
    /// How many pages it has.
    pub pages: usize,
    /// Characters that the font lacks: they stand as empty boxes.
    pub missing: BTreeSet<char>,
}

/// A document under way.
pub struct Canvas<'f> {
    document: Document,
    font: krilla::text::Font,
    metrics: ttf_parser::Face<'f>,
    widths: HashMap<char, f32>,
    missing: BTreeSet<char>,
    pages: usize,
}

impl std::fmt::Debug for Canvas<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Canvas({} pages)", self.pages)
    }
}

impl<'f> Canvas<'f> {
    /// A4 upright, in millimetres.
    pub const A4_PORTRAIT: (f32, f32) = (210.0, 297.0);
    /// A4 lying, in millimetres.
    pub const A4_LANDSCAPE: (f32, f32) = (297.0, 210.0);

    /// An empty document in `font` with a title.
    ///
    /// # Panics
    /// Never: a [`Font`] was parsed when it was opened.
    #[must_use]
    pub fn new(font: &'f Font, title: &str) -> Self {
        let parsed = krilla::text::Font::new(font.data().into(), font.face());
        let mut document = Document::new();
        document.set_metadata(Metadata::new().title(title.to_owned()).language("zh-CN".to_owned()));
        Self {
            document,
            font: parsed.expect("the font was parsed when it was opened"),
            metrics: font.metrics().expect("the font was parsed when it was opened"),
            widths: HashMap::new(),
            missing: BTreeSet::new(),
            pages: 0,
        }
    }

    /// Adds a page of `size` in millimetres, drawn by `draw`.
    ///
    /// # Panics
    /// Where a side of `size` is not above 0.
    pub fn page(&mut self, size: (f32, f32), draw: impl FnOnce(&mut Page<'_, '_>)) {
        let settings = PageSettings::from_wh(size.0 * MM, size.1 * MM).expect("a page has an area");
        let mut page = self.document.start_page_with(settings);
        {
            let mut drawing = Page {
                surface: page.surface(),
                font: &self.font,
                metrics: &self.metrics,
                widths: &mut self.widths,
                missing: &mut self.missing,
            };
            draw(&mut drawing);
        }
        page.finish();
        self.pages += 1;
    }

    /// How wide `text` is in `points`, in millimetres.
    pub fn width(&mut self, points: f32, text: &str) -> f32 {
        width(&self.metrics, &mut self.widths, points, text)
    }

    /// The document's bytes.
    ///
    /// # Errors
    /// `Internal` where it cannot be written.
    pub fn finish(self) -> Result<Printout, Error> {
        let pdf = self
            .document
            .finish()
            .map_err(|e| Error::new(ErrorKind::Internal, "PDF", format!("cannot be written: {e:?}")))?;
        Ok(Printout { pdf, pages: self.pages, missing: self.missing })
    }
}

fn width(metrics: &ttf_parser::Face<'_>, widths: &mut HashMap<char, f32>, points: f32, text: &str) -> f32 {
    let em = f32::from(metrics.units_per_em());
    let sum: f32 = text
        .chars()
        .map(|c| {
            *widths.entry(c).or_insert_with(|| {
                let glyph = metrics.glyph_index(c).unwrap_or_default();
                f32::from(metrics.glyph_hor_advance(glyph).unwrap_or(metrics.units_per_em())) / em
            })
        })
        .sum();
    sum * points / MM
}

/// A page that is being drawn.
pub struct Page<'p, 'f> {
    surface: Surface<'p>,
    font: &'p krilla::text::Font,
    metrics: &'p ttf_parser::Face<'f>,
    widths: &'p mut HashMap<char, f32>,
    missing: &'p mut BTreeSet<char>,
}

impl std::fmt::Debug for Page<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Page")
    }
}

impl Page<'_, '_> {
    /// Writes `text` with its base line at `y`, beginning at `x`.
    pub fn text(&mut self, x: f32, y: f32, points: f32, text: &str) {
        self.aligned(x, y, points, text, Align::Left);
    }

    /// Writes `text` with its base line at `y`, aligned at `x`.
    pub fn aligned(&mut self, x: f32, y: f32, points: f32, text: &str, align: Align) {
        if text.is_empty() {
            return;
        }
        let lacking = text.chars().filter(|c| !c.is_whitespace() && self.metrics.glyph_index(*c).is_none());
        self.missing.extend(lacking);
        let x = match align {
            Align::Left => x,
            Align::Middle => x - self.width(points, text) / 2.0,
            Align::Right => x - self.width(points, text),
        };
        let start = Point::from_xy(x * MM, y * MM);
        self.surface.draw_text(start, self.font.clone(), points, text, false, TextDirection::LeftToRight);
    }

    /// How wide `text` is in `points`, in millimetres.
    pub fn width(&mut self, points: f32, text: &str) -> f32 {
        width(self.metrics, self.widths, points, text)
    }

    /// Writes `text` into a box of `width`, in as many lines as it takes but no more than `lines`; the
    /// last one ends in "…" where it is cut. The first base line is at `y`. Gives the number of lines.
    pub fn wrapped(&mut self, x: f32, y: f32, width: f32, points: f32, text: &str, lines: usize) -> usize {
        let broken = self.broken(width, points, text, lines);
        for (line, number) in broken.iter().zip(0_u16..) {
            self.text(x, y + f32::from(number) * points * 1.25 / MM, points, line);
        }
        broken.len()
    }

    /// `text` in lines of at most `width`.
    pub fn broken(&mut self, width: f32, points: f32, text: &str, most: usize) -> Vec<String> {
        let mut lines = vec![String::new()];
        let mut used = 0.0;
        for c in text.chars() {
            let advance = self.width(points, c.encode_utf8(&mut [0; 4]));
            if (used + advance > width && used > 0.0) || c == '\n' {
                if lines.len() == most {
                    let last = &mut lines[most - 1];
                    last.pop();
                    last.push('…');
                    return lines;
                }
                lines.push(String::new());
                used = 0.0;
                if c == '\n' {
                    continue;
                }
            }
            used += advance;
            lines.last_mut().expect("there is a line").push(c);
        }
        lines
    }

    /// A straight line of `weight` millimetres.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), weight: f32) {
        let mut path = PathBuilder::new();
        path.move_to(from.0 * MM, from.1 * MM);
        path.line_to(to.0 * MM, to.1 * MM);
        let Some(path) = path.finish() else { return };
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke { width: weight * MM, ..Stroke::default() }));
        self.surface.draw_path(&path);
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill::default()));
    }

    /// The outline of a rectangle.
    pub fn outline(&mut self, x: f32, y: f32, width: f32, height: f32, weight: f32) {
        let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)];
        for pair in corners.windows(2) {
            self.line(pair[0], pair[1], weight);
        }
    }

    /// A filled rectangle, in a grey from 0 (black) to 255.
    pub fn filled(&mut self, x: f32, y: f32, width: f32, height: f32, grey: u8) {
        let Some(rect) = Rect::from_xywh(x * MM, y * MM, width * MM, height * MM) else { return };
        let mut path = PathBuilder::new();
        path.push_rect(rect);
        let Some(path) = path.finish() else { return };
        self.surface.set_fill(Some(Fill { paint: luma::Color::new(grey).into(), ..Fill::default() }));
        self.surface.draw_path(&path);
        self.surface.set_fill(Some(Fill::default()));
    }

    /// A QR code of `text` with a side of `side` millimetres, quiet zone included.
    ///
    /// # Errors
    /// `InvalidInput` where the text is too long for one.
    pub fn qr(&mut self, x: f32, y: f32, side: f32, text: &str) -> Result<(), Error> {
        let code = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::M)
            .map_err(|e| Error::invalid("QR code", "has too long a text").with_source(e))?;
        let count = code.width();
        #[expect(clippy::cast_precision_loss, reason = "a code has at most 177 modules and 8 of margin")]
        let module = side / (count + 8) as f32;
        let colours = code.to_colors();
        let mut path = PathBuilder::new();
        for (row, cells) in colours.chunks(count).enumerate() {
            // Neighbours are one rectangle: no printer shows a seam between them.
            let mut column = 0;
            while column < count {
                let run = cells[column..].iter().take_while(|c| **c == qrcode::Color::Dark).count();
                if run > 0 {
                    #[expect(clippy::cast_precision_loss, reason = "as above")]
                    let (left, top, wide) = ((column + 4) as f32, (row + 4) as f32, run as f32);
                    let rect = Rect::from_xywh(
                        (x + left * module) * MM,
                        (y + top * module) * MM,
                        wide * module * MM,
                        module * MM,
                    );
                    if let Some(rect) = rect {
                        path.push_rect(rect);
                    }
                }
                column += run.max(1);
            }
        }
        if let Some(path) = path.finish() {
            self.surface.set_fill(Some(Fill::default()));
            self.surface.draw_path(&path);
        }
        Ok(())
    }

    /// An image, as large as a box of `width` × `height` allows, in its middle. Gives whether it could be
    /// shown.
    pub fn image(&mut self, x: f32, y: f32, width: f32, height: f32, content: &[u8]) -> bool {
        let data = content.to_vec().into();
        let image = match image::guess_format(content) {
            Ok(image::ImageFormat::Jpeg) => Image::from_jpeg(data, true),
            Ok(image::ImageFormat::Png) => Image::from_png(data, true),
            _ => match image::load_from_memory(content) {
                Ok(decoded) => {
                    let rgba = decoded.to_rgba8();
                    let (columns, rows) = rgba.dimensions();
                    Ok(Image::from_rgba8(rgba.into_raw(), columns, rows))
                }
                Err(_) => return false,
            },
        };
        let Ok(image) = image else { return false };
        let (columns, rows) = image.size();
        #[expect(clippy::cast_precision_loss, reason = "an image has less than 2^24 pixels on a side")]
        let (columns, rows) = (columns as f32, rows as f32);
        let scale = (width / columns).min(height / rows);
        let Some(size) = Size::from_wh(columns * scale * MM, rows * scale * MM) else { return false };
        let left = x + (width - columns * scale) / 2.0;
        let top = y + (height - rows * scale) / 2.0;
        self.surface.push_transform(&Transform::from_translate(left * MM, top * MM));
        self.surface.draw_image(image, size);
        self.surface.pop();
        true
    }

    /// A watermark: `text` again and again across the page of `size`, slanted and pale.
    pub fn watermark(&mut self, size: (f32, f32), points: f32, text: &str) {
        let step = (self.width(points, text) + 15.0).max(20.0);
        self.surface.set_fill(Some(Fill {
            paint: luma::Color::new(90).into(),
            opacity: NormalizedF32::new(0.28).unwrap_or(NormalizedF32::ONE),
            ..Fill::default()
        }));
        let middle = (size.0 * MM / 2.0, size.1 * MM / 2.0);
        self.surface.push_transform(&Transform::from_rotate_at(-35.0, middle.0, middle.1));
        let reach = size.0.max(size.1);
        let mut y = -reach / 2.0;
        while y < reach * 1.5 {
            let mut x = -reach / 2.0;
            while x < reach * 1.5 {
                let start = Point::from_xy(x * MM, y * MM);
                self.surface.draw_text(
                    start,
                    self.font.clone(),
                    points,
                    text,
                    false,
                    TextDirection::LeftToRight,
                );
                x += step;
            }
            y += 32.0;
        }
        self.surface.pop();
        self.surface.set_fill(Some(Fill::default()));
    }
}
