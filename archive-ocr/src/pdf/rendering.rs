//! The program's side: drawing the pages of a PDF.

use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use archive_core::{Error, ErrorKind};
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::object::Stream;
use hayro::hayro_syntax::page::Page;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};

use super::{GREETING, PAGE_LIMIT};
use crate::page_image::{BYTE_LIMIT, PIXEL_LIMIT};

/// Points to an inch.
const POINTS: f32 = 72.0;

/// Dots per inch at which a page without a large image is drawn, and the bounds for others.
const USUAL_DPI: f32 = 200.0;
const LEAST_DPI: f32 = 150.0;
const MOST_DPI: f32 = 300.0;

/// Reads a PDF from `input` and writes its pages to `output`, as
/// [`PdfRenderer`](super::PdfRenderer) reads them.
///
/// Meant for a process of its own, which limits its memory first ([`super::MEMORY_LIMIT`]): drawing
/// a hostile file may take any amount of it, and of time.
///
/// # Errors
/// `InvalidInput` where the input is no PDF that can be read; `Unavailable` where the other side
/// is gone.
pub fn serve(input: impl Read, mut output: impl Write) -> Result<(), Error> {
    let gone = |e| Error::new(ErrorKind::Unavailable, "the reader of the pages", "is gone").with_source(e);
    writeln!(output, "{GREETING}").map_err(gone)?;
    let mut bytes = Vec::new();
    input.take(BYTE_LIMIT + 1).read_to_end(&mut bytes).map_err(gone)?;
    let Some(pdf) = open(bytes) else {
        writeln!(output, "fault is damaged, protected by a password, or no PDF").map_err(gone)?;
        writeln!(output, "end").map_err(gone)?;
        return output.flush().map_err(gone);
    };
    for (index, page) in pdf.pages().iter().enumerate() {
        if index >= PAGE_LIMIT {
            writeln!(output, "fault has more than {PAGE_LIMIT} pages: split it").map_err(gone)?;
            break;
        }
        match catch_unwind(AssertUnwindSafe(|| draw(page))) {
            Ok(Ok(drawn)) => {
                let colour = u8::from(drawn.colour);
                writeln!(output, "page {} {} {colour}", drawn.width, drawn.height).map_err(gone)?;
                output.write_all(&drawn.plane).map_err(gone)?;
            }
            Ok(Err(message)) => writeln!(output, "fault {message}").map_err(gone)?,
            Err(_) => writeln!(output, "fault cannot be drawn: print it and scan it").map_err(gone)?,
        }
        output.flush().map_err(gone)?;
    }
    writeln!(output, "end").map_err(gone)?;
    output.flush().map_err(gone)
}

fn open(bytes: Vec<u8>) -> Option<Pdf> {
    if bytes.len() as u64 > BYTE_LIMIT {
        return None;
    }
    catch_unwind(|| Pdf::new(bytes).ok()).ok().flatten()
}

/// A page drawn on white: one plane of brightness.
struct Drawn {
    width: u32,
    height: u32,
    colour: bool,
    plane: Vec<u8>,
}

fn draw(page: &Page<'_>) -> Result<Drawn, String> {
    let (width, height) = page.render_dimensions();
    let scale = resolution(page, width) / POINTS;
    let pixels = f64::from(width * scale) * f64::from(height * scale);
    let is_page = |side: f32| (16.0..f32::from(u16::MAX)).contains(&(side * scale));
    if !is_page(width) || !is_page(height) || pixels > PIXEL_LIMIT as f64 {
        return Err(format!("has {width} x {height} points: not the size of a page"));
    }
    let settings = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    // A cache for each page: one that a fault interrupted is not used again.
    let cache = RenderCache::new();
    let pixmap = render(page, &cache, &InterpreterSettings::default(), &RenderSettings::default(), &settings);
    let pixels = pixmap.data_as_u8_slice().chunks_exact(4);
    // As of every scan, the red channel is kept: in it red stamps nearly vanish.
    let colour = pixels.clone().any(|p| p[0].abs_diff(p[1]).max(p[1].abs_diff(p[2])) > 32);
    let plane = pixels.map(|p| p[0]).collect();
    Ok(Drawn { width: pixmap.width().into(), height: pixmap.height().into(), colour, plane })
}

/// The dots per inch at which the widest image of the page keeps its own pixels.
fn resolution(page: &Page<'_>, width: f32) -> f32 {
    let images = &page.resources().x_objects;
    let widest = images
        .keys()
        .filter_map(|key| images.get::<Stream<'_>>(&*key))
        .filter_map(|stream| stream.dict().get::<u32>("Width"))
        .max();
    let own = widest.map_or(0.0, |pixels| pixels as f32 * POINTS / width.max(1.0));
    // An image much smaller than the page is a seal or a logo, not a scan.
    if own < LEAST_DPI / 2.0 { USUAL_DPI } else { own.clamp(LEAST_DPI, MOST_DPI) }
}
