//! Pages for printers: A4 sheets with an embedded, subset Chinese font.
//!
//! ```no_run
//! use archive::printing::{Canvas, Font};
//!
//! let font = Font::find()?;
//! let mut canvas = Canvas::new(&font, "目录");
//! canvas.page(Canvas::A4_PORTRAIT, |page| page.text(20.0, 30.0, 16.0, "归档文件目录"));
//! std::fs::write("catalogue.pdf", canvas.finish()?.pdf)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! All lengths are millimetres from the upper left corner, font sizes are points. The font is found by
//! [`Font::find`]; what it lacks is reported, since a rare character of a name (生僻字) must not
//! vanish from a label unseen.

mod canvas;
mod font;

pub use self::canvas::{Align, Canvas, Page, Printout};
pub use self::font::Font;
