//! Filled-in blanks: a printed line under a value.

use crate::detection::{Segment, Skew};
use crate::page_image::PageImage;

/// The least length of an underline, in heights of its segment: no stroke of a character is as long.
const LENGTH: f32 = 1.8;

/// How much darker than paper an underline is, of 255.
const DARKER: u8 = 40;

/// Pixels that an underline may be broken for.
const BREAK: u32 = 2;

/// Whether a line is drawn under some of the segment's text.
pub(crate) fn is_underlined(page: &PageImage, skew: Skew, segment: &Segment) -> bool {
    let height = segment.height();
    let needed = (LENGTH * height) as u32;
    let (from, to) = (segment.middle() as i32, (segment.bottom + 0.1 * height) as i32);
    let (left, right) = (segment.left as i32, segment.right as i32);
    let Some(paper) = paper(page, skew, segment) else { return false };
    let dark = paper.saturating_sub(DARKER);
    (from..to).any(|v| {
        let (mut run, mut broken) = (0, 0);
        (left..right).any(|u| {
            match skew.pixel(page, u as f32, v as f32) {
                Some(value) if value < dark => {
                    run += 1 + broken;
                    broken = 0;
                }
                _ if run > 0 && broken < BREAK => broken += 1,
                _ => (run, broken) = (0, 0),
            }
            run >= needed
        })
    })
}

/// The brightness of paper around the segment: the brightest tenth of a sample.
fn paper(page: &PageImage, skew: Skew, segment: &Segment) -> Option<u8> {
    let (steps_u, steps_v) = (64, 8);
    let mut values: Vec<u8> = (0..steps_u * steps_v)
        .filter_map(|i| {
            let u = segment.left + segment.width() * (i % steps_u) as f32 / steps_u as f32;
            let v = segment.top + segment.height() * (i / steps_u) as f32 / steps_v as f32;
            skew.pixel(page, u, v)
        })
        .collect();
    values.sort_unstable();
    values.get(values.len() * 9 / 10).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(draw: impl Fn(u32, u32) -> bool, expected: bool) {
        let plane = (0..400 * 60).map(|i| if draw(i % 400, i / 400) { 40 } else { 240 }).collect();
        let page = PageImage::from_plane("p", 400, 60, plane).unwrap();
        let segment = Segment { left: 0.0, right: 400.0, top: 10.0, bottom: 50.0 };
        assert_eq!(is_underlined(&page, Skew::new(0.0), &segment), expected);
    }

    #[test]
    fn a_long_dark_run_below_the_text_is_an_underline() {
        check(|x, y| (100..220).contains(&x) && y == 44, true);
        check(|x, y| (100..220).contains(&x) && x % 30 != 0 && y == 44, true);
    }

    #[test]
    fn strokes_of_characters_are_none() {
        check(|x, y| x % 40 < 30 && y == 44, false);
        check(|x, y| (100..220).contains(&x) && y == 14, false);
        check(|_, _| false, false);
    }
}
