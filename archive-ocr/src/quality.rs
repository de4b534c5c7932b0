//! How good a scan is: what DA/T 31 asks of one, as far as pixels tell.
//!
//! ```
//! use archive_ocr::quality::{QualityFault, QualityVerdict};
//!
//! assert_eq!(QualityFault::Cropped.verdict(), QualityVerdict::ScanAgain);
//! assert!(QualityFault::Cropped.reason().contains("edge"));
//! ```
//!
//! The order of pages is a matter of the whole document: see
//! [`DocumentFinding`](crate::document::DocumentFinding).

use serde::Serialize;

use crate::detection::{Detection, Segment, Turn};
use crate::page_image::PageImage;

/// Fewer dots per inch than this make characters ambiguous; the standard asks for 200.
const RESOLUTION_MINIMUM: f32 = 200.0;

/// A page is cut a little short of A4 by most scanners.
const SHORT_OF_A4: f32 = 0.97;

/// A page turned further than this should be scanned again or straightened.
const SKEW_LIMIT: f32 = 1.0;

/// The least distance between ink and paper, of 255.
const CONTRAST_MINIMUM: u8 = 90;

/// The least share of the contrast that the steepest edges of most lines cross within two pixels.
const SHARPNESS_MINIMUM: f32 = 0.5;

/// The columns along an edge on which a cropped character has ink.
const EDGE: u32 = 2;

/// Which part of the edge a character covers: less is dust, more the shadow of the paper's own edge.
const EDGE_INK: std::ops::Range<f32> = 0.08..0.75;

/// The measures of a scan, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// What to do with the scan: the worst that its faults call for.
    pub verdict: QualityVerdict,
    /// What is wrong; empty for a good scan.
    pub faults: Vec<QualityFault>,
    /// Dots per inch, if the page is A4: files often state none, or a wrong one.
    pub resolution_dpi: f32,
    /// How far the lines fall, in degrees, clockwise.
    pub skew_degrees: f32,
    /// How the page lies.
    pub turn: Turn,
    /// The distance between ink and paper, of 255.
    pub contrast: u8,
    /// Which share of the contrast the steepest edges of most lines cross within two pixels: near 1
    /// for a sharp scan.
    pub sharpness: f32,
    /// The segments of text that were found.
    pub segments: usize,
}

/// What to do with a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum QualityVerdict {
    /// Nothing.
    Good,
    /// Somebody should look at it.
    Look,
    /// Scan it again.
    ScanAgain,
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
    /// The page lies on its side or upside down.
    Turned,
    /// Ink and paper are too near to each other.
    LowContrast,
    /// Edges of characters run over several pixels.
    Blurred,
    /// Characters are cut off at an edge.
    Cropped,
    /// The file ends before the picture does.
    EndsEarly,
}

impl QualityFault {
    /// What to do about it.
    #[must_use]
    pub fn verdict(self) -> QualityVerdict {
        match self {
            Self::Blank | Self::Skewed | Self::Turned => QualityVerdict::Look,
            Self::LowResolution | Self::LowContrast | Self::Blurred | Self::Cropped | Self::EndsEarly => {
                QualityVerdict::ScanAgain
            }
        }
    }

    /// What it means, as a sentence.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Blank => "no text was found: the page may be blank, or lie with its back to the scanner",
            Self::LowResolution => "it has fewer than 200 dots per inch: scan it at 300",
            Self::Skewed => "its lines fall or rise by more than a degree: straighten it",
            Self::Turned => "it lies on its side or upside down: turn it",
            Self::LowContrast => "ink and paper are too near to each other: scan it darker",
            Self::Blurred => "its characters have no sharp edges: scan it again",
            Self::Cropped => "characters are cut off at an edge: scan the whole page",
            Self::EndsEarly => "its file ends before the picture does: copy the file again, or scan it again",
        }
    }
}

impl Quality {
    pub(crate) fn of(page: &PageImage, detection: &Detection) -> Self {
        let resolution_dpi = page.width().min(page.height()) as f32 / 8.27;
        let skew_degrees = detection.skew.degrees();
        let turn = detection.skew.turn();
        let contrast = contrast(page.plane());
        let segments = detection.segments.len();
        let sharpness = sharpness(page, detection, contrast);
        let faults = [
            (segments == 0, QualityFault::Blank),
            (resolution_dpi < SHORT_OF_A4 * RESOLUTION_MINIMUM, QualityFault::LowResolution),
            (skew_degrees.abs() > SKEW_LIMIT, QualityFault::Skewed),
            (turn != Turn::Upright, QualityFault::Turned),
            (segments > 0 && contrast < CONTRAST_MINIMUM, QualityFault::LowContrast),
            (segments > 0 && sharpness < SHARPNESS_MINIMUM, QualityFault::Blurred),
            (
                detection.segments.iter().any(|s| is_cropped(page, detection, s, contrast / 2)),
                QualityFault::Cropped,
            ),
            (page.ends_early(), QualityFault::EndsEarly),
        ];
        let faults: Vec<QualityFault> = faults.into_iter().filter(|(is, _)| *is).map(|(_, f)| f).collect();
        let verdict = faults.iter().map(|f| f.verdict()).max().unwrap_or(QualityVerdict::Good);
        Self { verdict, faults, resolution_dpi, skew_degrees, turn, contrast, sharpness, segments }
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

/// The steepest step over two pixels along the middle of each segment, as a share of the contrast:
/// the median of all segments. 1 where there is none.
fn sharpness(page: &PageImage, detection: &Detection, contrast: u8) -> f32 {
    let step = |segment: &Segment| {
        let (from, to) = (segment.left as i32, segment.right as i32);
        let value = |u: i32| detection.skew.pixel(page, u as f32, segment.middle());
        (from..to.min(from + 4000))
            .filter_map(|u| Some(value(u)?.abs_diff(value(u + 2)?)))
            .max()
            .map(|steepest| f32::from(steepest) / f32::from(contrast.max(1)))
    };
    let mut steps: Vec<f32> = detection.segments.iter().filter_map(step).collect();
    steps.sort_by(f32::total_cmp);
    steps.get(steps.len() / 2).map_or(1.0, |step| step.min(1.0))
}

/// Whether ink of the segment, darker than its paper by more than `ink`, lies on the page's left or
/// right edge.
fn is_cropped(page: &PageImage, detection: &Detection, segment: &Segment, ink: u8) -> bool {
    let (width, height) = (page.width(), page.height());
    let Some(region) = segment.region(detection.skew, (width, height)) else { return false };
    let plane = page.plane();
    let paper = |row: u32| {
        let row = &plane[row as usize * width as usize..][..width as usize];
        row.iter().step_by(16).copied().max().unwrap_or(255)
    };
    let has_ink = |columns: std::ops::Range<u32>| {
        let rows = region.top()..region.bottom();
        let is_dark = |row: &u32| {
            let dark = paper(*row).saturating_sub(ink);
            columns.clone().all(|x| plane[*row as usize * width as usize + x as usize] < dark)
        };
        let dark = rows.clone().filter(is_dark).count();
        EDGE_INK.contains(&(dark as f32 / rows.len().max(1) as f32))
    };
    (region.left() == 0 && has_ink(0..EDGE)) || (region.right() == width && has_ink(width - EDGE..width))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::detection::Skew;

    const WIDTH: u32 = 1700;
    const HEIGHT: u32 = 2300;

    /// A page on which a pixel is as dark as `ink` says, of 255, with one segment of text.
    #[track_caller]
    fn check(ink: impl Fn(u32, u32) -> u32, segments: Vec<Segment>, expected: &[QualityFault]) {
        let plane = (0..WIDTH * HEIGHT).map(|i| 240 - ink(i % WIDTH, i / WIDTH) as u8).collect();
        let page = PageImage::from_plane("p", WIDTH, HEIGHT, plane).unwrap();
        let detection = Detection { skew: Skew::new(0.0), segments, model_time: Duration::ZERO };
        let quality = Quality::of(&page, &detection);
        assert_eq!(quality.faults, expected, "{quality:?}");
        let worst = expected.iter().map(|f| f.verdict()).max();
        assert_eq!(quality.verdict, worst.unwrap_or(QualityVerdict::Good));
    }

    fn line(left: f32, right: f32) -> Vec<Segment> {
        vec![Segment { left, right, top: 100.0, bottom: 140.0 }]
    }

    /// Strokes four pixels wide, all over the page.
    fn strokes(x: u32, _: u32) -> u32 {
        if x % 20 < 4 { 200 } else { 0 }
    }

    #[test]
    fn a_good_scan_has_no_fault() {
        check(strokes, line(200.0, 800.0), &[]);
    }

    #[test]
    fn a_page_without_text_is_blank() {
        check(|_, _| 0, Vec::new(), &[QualityFault::Blank]);
    }

    #[test]
    fn soft_edges_are_blurred() {
        let soft = |x: u32, _: u32| (x % 40).abs_diff(20) * 10;
        check(soft, line(200.0, 800.0), &[QualityFault::Blurred]);
    }

    #[test]
    fn pale_ink_lacks_contrast() {
        check(|x, y| strokes(x, y) / 4, line(200.0, 800.0), &[QualityFault::LowContrast]);
    }

    #[test]
    fn characters_on_an_edge_are_cropped() {
        let at_edge =
            |x: u32, y: u32| if x < 30 && (115..125).contains(&y) { 200 } else { strokes(x + 9, y) };
        check(at_edge, line(0.0, 400.0), &[QualityFault::Cropped]);
        // The shadow of the paper's edge runs past the line.
        let shadow = |x: u32, y: u32| if x < 6 { 200 } else { strokes(x + 9, y) };
        check(shadow, line(0.0, 400.0), &[]);
    }

    #[test]
    fn a_small_page_lacks_resolution() {
        let page = PageImage::from_plane("p", 800, 1100, vec![200; 800 * 1100]).unwrap();
        let detection = Detection { skew: Skew::new(0.05), segments: Vec::new(), model_time: Duration::ZERO };
        let quality = Quality::of(&page, &detection);
        let expected = [QualityFault::Blank, QualityFault::LowResolution, QualityFault::Skewed];
        assert_eq!(quality.faults, expected);
        assert_eq!(quality.contrast, 0);
    }

    #[test]
    fn a_page_upside_down_is_told() {
        let page = PageImage::from_plane("p", 1700, 2300, vec![240; 1700 * 2300]).unwrap();
        let skew = Skew::new(std::f32::consts::PI);
        let quality =
            Quality::of(&page, &Detection { skew, segments: Vec::new(), model_time: Duration::ZERO });
        assert_eq!(quality.turn, Turn::UpsideDown);
        assert!(quality.faults.contains(&QualityFault::Turned) && quality.skew_degrees.abs() < 0.1);
    }
}
