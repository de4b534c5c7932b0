//! What reads pixels: a small trait, so that everything above it runs on a script in tests.
//!
//! ```
//! use archive_ocr::engine::{Engine, HeatMap, ScriptedEngine};
//! use archive_ocr::Plane;
//!
//! let engine = ScriptedEngine::new(HeatMap::new(2, 1, vec![0.0, 1.0]).unwrap(), "户号3388985508");
//! let line = engine.recognise(&Plane::new(96, 48, vec![1.0; 96 * 48]).unwrap())?;
//! assert_eq!(line.greedy().text(), "户号3388985508");
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! [`OnnxEngine`] runs models through ONNX Runtime, which it opens as a library when it starts:
//! nothing is linked, and a missing library is an error that says what to do.

mod network;
mod onnx;
mod scripted;

use std::fmt;

use archive_core::Error;

pub use self::onnx::{OnnxEngine, find_library, start_engine};
pub use self::scripted::ScriptedEngine;
use crate::lattice::Lattice;
use crate::plane::Plane;

/// Finds text on a page and reads lines of it.
///
/// # Contract
/// - All methods may be called from several threads at once.
/// - A plane is never larger than the reader's limits; its values lie between 0 and 1.
/// - The same input gives the same output.
pub trait Engine: fmt::Debug + Send + Sync {
    /// Both sides of what [`Engine::detect`] takes are multiples of this.
    fn detector_multiple(&self) -> u32;

    /// How likely each pixel of a page belongs to text.
    ///
    /// # Errors
    /// `Internal` or `Corrupt` where the model fails or gives another shape.
    fn detect(&self, page: &Plane) -> Result<HeatMap, Error>;

    /// The height of what [`Engine::recognise`] takes.
    fn line_height(&self) -> u32;

    /// What stands on a line.
    ///
    /// # Errors
    /// `Internal` or `Corrupt` where the model fails or gives another shape.
    fn recognise(&self, line: &Plane) -> Result<Lattice, Error>;

    /// What stands on a line, at a glance: faster than [`Engine::recognise`] where the engine knows
    /// a way, and a little less exact.
    ///
    /// # Errors
    /// As [`Engine::recognise`].
    fn glance(&self, line: &Plane) -> Result<Lattice, Error> {
        self.recognise(line)
    }

    /// Whether [`Engine::glance`] is another look than [`Engine::recognise`].
    fn glances(&self) -> bool {
        false
    }
}

/// How likely each pixel of a page belongs to text, from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl HeatMap {
    /// A map of `values`, row by row; `None` where their number is not `width` times `height`.
    #[must_use]
    pub fn new(width: usize, height: usize, values: Vec<f32>) -> Option<Self> {
        (width.checked_mul(height) == Some(values.len())).then_some(Self { width, height, values })
    }

    /// Values in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// All values, row by row.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}
