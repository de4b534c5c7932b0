//! Whether print goes on where the detector saw a text end.

use crate::detection::{Segment, Skew};
use crate::page_image::PageImage;

/// The part of a text's height, from its upper and lower edge, that is left out: there lie the
/// underlines of filled-in blanks and the edges of tables.
const EDGES: (f32, f32) = (0.15, 0.3);

/// The least part of a place's pixels that a character inks; specks of a poor scan ink less.
const LEAST: f32 = 0.03;

/// A place that is inked more is no character, but a shade or the edge of the scan.
const MOST: f32 = 0.6;

/// A character has a stroke that is this high, or ink over this much of the place's width: the dots
/// of a colon have neither.
const STROKE: f32 = 0.6;

/// A stroke that goes on this far above and below, in heights of the text, is a line of a table.
const BEYOND: f32 = 0.2;

/// How many steps a place is looked at in, along the line and across it.
const STEPS: (usize, usize) = (32, 24);

/// Whether there is a character in `place` about as dark as those of `text`, beside which it lies.
pub(crate) fn is_inked(page: &PageImage, skew: Skew, text: &Segment, place: &Segment) -> bool {
    let mut known: Vec<u8> = columns(page, skew, text).flatten().collect();
    known.sort_unstable();
    let (Some(ink), Some(paper)) = (known.get(known.len() / 20), known.get(known.len() * 3 / 4)) else {
        return false;
    };
    // What the detector missed is fainter than what it saw.
    let dark = ((2 * u16::from(*ink) + 3 * u16::from(*paper)) / 5) as u8;
    let is_dark = |value: &u8| *value < dark;
    let beyond = BEYOND * place.height();
    let above = Segment { top: place.top - beyond, bottom: place.top, ..*place };
    let below = Segment { top: place.bottom, bottom: place.bottom + beyond, ..*place };
    let around = columns(page, skew, &above).zip(columns(page, skew, &below));
    let inked: Vec<f32> = columns(page, skew, place)
        .zip(around)
        .map(|(column, (above, below))| {
            let goes_on = above.iter().any(is_dark) && below.iter().any(is_dark);
            let inked = column.iter().filter(|value| is_dark(value)).count();
            if goes_on { 0.0 } else { inked as f32 / column.len().max(1) as f32 }
        })
        .collect();
    let width = inked.len().max(1) as f32;
    let share = inked.iter().sum::<f32>() / width;
    let is_high = inked.iter().any(|column| *column >= STROKE);
    let is_wide = inked.iter().filter(|column| **column > 0.0).count() as f32 >= STROKE * width;
    // Where a text has no print itself, nothing beside it is known to be print.
    ink < paper && (LEAST..MOST).contains(&share) && (is_high || is_wide)
}

/// A sample of a segment's pixels without its edges, column by column.
fn columns(page: &PageImage, skew: Skew, segment: &Segment) -> impl Iterator<Item = Vec<u8>> {
    let (top, bottom) =
        (segment.top + EDGES.0 * segment.height(), segment.bottom - EDGES.1 * segment.height());
    let at = |from: f32, to: f32, step: usize, steps: usize| {
        from + (to - from) * (step as f32 + 0.5) / steps as f32
    };
    let Segment { left, right, .. } = *segment;
    (0..STEPS.0).map(move |column| {
        let u = at(left, right, column, STEPS.0);
        (0..STEPS.1).filter_map(|row| skew.pixel(page, u, at(top, bottom, row, STEPS.1))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text from 20 to 200, and what `draw` draws right of it.
    #[track_caller]
    fn check(draw: impl Fn(u32, u32) -> bool, expected: bool) {
        let text = |x: u32, y: u32| (20..200).contains(&x) && x % 12 < 4 && (18..42).contains(&y);
        let is_dark = |x: u32, y: u32| text(x, y) || (x >= 200 && draw(x, y));
        let plane = (0..400 * 60).map(|i| if is_dark(i % 400, i / 400) { 60 } else { 230 }).collect();
        let page = PageImage::from_plane("p", 400, 60, plane).unwrap();
        let text = Segment { left: 16.0, right: 204.0, top: 10.0, bottom: 50.0 };
        let place = Segment { left: 204.0, right: 240.0, ..text };
        assert_eq!(is_inked(&page, Skew::new(0.0), &text, &place), expected);
    }

    #[test]
    fn a_thin_character_is_print() {
        check(|x, y| (216..219).contains(&x) && (18..42).contains(&y), true);
        check(|x, y| (208..232).contains(&x) && (28..31).contains(&y), true);
    }

    #[test]
    fn paper_underlines_and_specks_are_none() {
        check(|_, _| false, false);
        check(|_, y| (45..48).contains(&y), false);
        check(|x, y| x % 19 == 0 && y % 11 == 0, false);
        check(|_, _| true, false);
    }

    #[test]
    fn colons_and_lines_of_tables_are_none() {
        check(|x, y| (210..215).contains(&x) && matches!(y, 20..25 | 32..37), false);
        check(|x, _| (216..219).contains(&x), false);
    }

    #[test]
    fn beside_an_empty_text_nothing_is_print() {
        let page = PageImage::from_plane("p", 100, 60, vec![200; 6000]).unwrap();
        let text = Segment { left: 0.0, right: 50.0, top: 0.0, bottom: 60.0 };
        let place = Segment { left: 50.0, right: 100.0, ..text };
        let beyond = Segment { left: 500.0, right: 600.0, ..text };
        assert!(!is_inked(&page, Skew::new(0.0), &text, &place));
        assert!(!is_inked(&page, Skew::new(0.0), &beyond, &beyond));
    }
}
