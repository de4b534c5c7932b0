//! How good a scan is: what DA/T 31 asks of one, as far as pixels tell.

use serde::Serialize;

use crate::detection::Detection;
use crate::page_image::PageImage;

/// Fewer dots per inch than this make characters ambiguous; the standard asks for 200.
const RESOLUTION_MINIMUM: f32 = 200.0;

/// A page turned further than this should be scanned again or straightened.
const SKEW_LIMIT: f32 = 1.0;

/// The least distance between ink and paper, of 255.
const CONTRAST_MINIMUM: u8 = 90;

/// The measures of a scan, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// Dots per inch, if the page is A4: files often state none, or a wrong one.
    pub resolution_dpi: f32,
    /// How far the lines fall, in degrees, clockwise.
    pub skew_degrees: f32,
    /// The distance between ink and paper, of 255.
    pub contrast: u8,
    /// The segments of text that were found.
    pub segments: usize,
    /// What is wrong; empty for a good scan.
    pub faults: Vec<QualityFault>,
}

/// A fault of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum QualityFault {
    /// No text on it.
    Blank,
    /// Too few dots per inch.
    LowResolution,
    /// Lines are not level.
    Skewed,
    /// Ink and paper are too near to each other.
    LowContrast,
}

impl Quality {
    pub(crate) fn of(page: &PageImage, detection: &Detection) -> Self {
        let resolution_dpi = page.width().min(page.height()) as f32 / 8.27;
        let skew_degrees = detection.skew.degrees();
        let contrast = contrast(page.plane());
        let segments = detection.segments.len();
        let faults = [
            (segments == 0, QualityFault::Blank),
            // A page is cut a little short of A4 by most scanners.
            (resolution_dpi < 0.97 * RESOLUTION_MINIMUM, QualityFault::LowResolution),
            (skew_degrees.abs() > SKEW_LIMIT, QualityFault::Skewed),
            (segments > 0 && contrast < CONTRAST_MINIMUM, QualityFault::LowContrast),
        ];
        let faults = faults.into_iter().filter(|(is, _)| *is).map(|(_, fault)| fault).collect();
        Self { resolution_dpi, skew_degrees, contrast, segments, faults }
    }
}

/// Between the darkest hundredth and the median of a sample of the pixels.
fn contrast(plane: &[u8]) -> u8 {
    let mut counts = [0_usize; 256];
    let sample = plane.iter().step_by((plane.len() / 50_000).max(1) | 1);
    sample.for_each(|v| counts[usize::from(*v)] += 1);
    let total: usize = counts.iter().sum();
    let quantile = |share: usize| {
        let mut passed = 0;
        let at = counts.iter().position(|c| {
            passed += c;
            passed * share >= total
        });
        at.unwrap_or(255) as u8
    };
    quantile(2).saturating_sub(quantile(100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::Skew;

    #[test]
    fn a_blank_grey_page_is_told() {
        let page = PageImage::from_plane("p", 800, 1100, vec![200; 800 * 1100]).unwrap();
        let detection = Detection { skew: Skew::new(0.0), segments: Vec::new() };
        let quality = Quality::of(&page, &detection);
        assert_eq!(quality.faults, [QualityFault::Blank, QualityFault::LowResolution]);
        assert_eq!(quality.contrast, 0);
    }

    #[test]
    fn ink_on_paper_has_contrast() {
        let plane = (0..100_000).map(|i| if i % 20 == 0 { 30 } else { 240 }).collect::<Vec<u8>>();
        assert!(contrast(&plane) > 200);
    }
}
