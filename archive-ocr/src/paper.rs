//! Paper as bright everywhere: the shadow of a fold, a lamp from one side, the grey of a copy of a copy.
//!
//! The models were trained on even paper. On a poor scan that is shaded, the detector misses faint values
//! and the recogniser mistakes their characters; divided by the paper's own brightness around them, most
//! come back.

use std::borrow::Cow;

use crate::page_image::PageImage;

/// Cells along the longer side: one is about as high as a small character, two millimetres of A4.
const CELLS: u32 = 146;

/// The paper's brightness around a cell is the brightest's of this many cells to each side: no text is
/// as dense.
const REACH: usize = 2;

/// How often the cells' brightness is smoothed, each time over as many cells as it is looked for.
const SMOOTHINGS: usize = 3;

/// What is darker than this part of the page's paper is no paper in the shade, but print.
const DARKEST: f32 = 0.4;

/// A page whose paper is as bright as white up to this part, everywhere, stays as it is.
const EVEN: f32 = 0.985;

/// The page with paper that is white everywhere.
pub(crate) fn evened(page: &PageImage) -> Cow<'_, PageImage> {
    let cell = page.width().max(page.height()).div_ceil(CELLS) as usize;
    let mut grid = Grid::of_means(page, cell);
    grid.widen();
    for _ in 0..SMOOTHINGS {
        grid.smooth();
    }
    let brightest = grid.values.iter().copied().fold(0.0, f32::max);
    grid.values.iter_mut().for_each(|v| *v = v.max(brightest * DARKEST).max(1.0));
    if grid.values.iter().all(|v| *v >= EVEN * 255.0) {
        return Cow::Borrowed(page);
    }
    Cow::Owned(page.with_plane(grid.divide(page, cell)))
}

/// Values of square cells of the page, row by row.
struct Grid {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Grid {
    /// The mean brightness of each cell.
    fn of_means(page: &PageImage, cell: usize) -> Self {
        let (columns, rows) = (page.width() as usize, page.height() as usize);
        let (width, height) = (columns.div_ceil(cell), rows.div_ceil(cell));
        let mut values = Vec::with_capacity(width * height);
        for band in page.plane().chunks(columns * cell) {
            let mut sums = vec![0_u32; width];
            for row in band.chunks_exact(columns) {
                for (sum, part) in sums.iter_mut().zip(row.chunks(cell)) {
                    *sum += part.iter().map(|v| u32::from(*v)).sum::<u32>();
                }
            }
            let deep = band.len() / columns;
            let wide = |at: usize| cell.min(columns - at * cell);
            values.extend(sums.iter().enumerate().map(|(at, sum)| *sum as f32 / (deep * wide(at)) as f32));
        }
        Self { width, height, values }
    }

    /// Each cell becomes the brightest of those around it.
    fn widen(&mut self) {
        self.each_line(|near| near.iter().copied().fold(0.0, f32::max));
    }

    /// Each cell becomes the mean of those around it.
    fn smooth(&mut self) {
        self.each_line(|near| near.iter().sum::<f32>() / near.len() as f32);
    }

    /// Each cell becomes what `of` makes of those within reach, first along rows, then along columns.
    fn each_line(&mut self, of: impl Fn(&[f32]) -> f32) {
        let (width, height) = (self.width, self.height);
        let mut line = Vec::new();
        let mut along = |start: usize, step: usize, count: usize| {
            line.clear();
            line.extend((0..count).map(|i| self.values[start + i * step]));
            for i in 0..count {
                let near = i.saturating_sub(REACH)..(i + REACH + 1).min(count);
                self.values[start + i * step] = of(&line[near]);
            }
        };
        (0..height).for_each(|row| along(row * width, 1, width));
        (0..width).for_each(|column| along(column, width, height));
    }

    /// The page's plane divided by what lies between the middles of the cells.
    fn divide(&self, page: &PageImage, cell: usize) -> Vec<u8> {
        let columns = page.width() as usize;
        let place = |at: usize, count: usize| {
            let middle = ((at as f32 + 0.5) / cell as f32 - 0.5).clamp(0.0, (count - 1) as f32);
            let first = middle as usize;
            (first, (first + 1).min(count - 1), middle - first as f32)
        };
        let across: Vec<_> = (0..columns).map(|x| place(x, self.width)).collect();
        let mut between = vec![0.0; self.width];
        let mut plane = Vec::with_capacity(page.plane().len());
        for (y, row) in page.plane().chunks_exact(columns).enumerate() {
            let (upper, lower, down) = place(y, self.height);
            let (upper, lower) = (&self.values[upper * self.width..], &self.values[lower * self.width..]);
            for (value, (u, l)) in between.iter_mut().zip(upper.iter().zip(lower)) {
                *value = u + (l - u) * down;
            }
            plane.extend(row.iter().zip(&across).map(|(pixel, &(left, right, along))| {
                let paper = between[left] + (between[right] - between[left]) * along;
                (f32::from(*pixel) * 255.0 / paper).min(255.0) as u8
            }));
        }
        plane
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: u32, height: u32, value: impl Fn(u32, u32) -> f32) -> PageImage {
        let plane = (0..width * height).map(|i| value(i % width, i / width) as u8).collect();
        PageImage::from_plane("p", width, height, plane).unwrap()
    }

    #[test]
    fn shade_goes_and_ink_keeps_its_part_of_the_brightness() {
        let shade = |x: u32| 250.0 - 0.1 * x as f32;
        let ink = |x: u32, y: u32| x % 40 < 3 && y % 50 < 12;
        let shaded = page(800, 1100, |x, y| if ink(x, y) { 0.4 * shade(x) } else { shade(x) });
        let even = evened(&shaded);
        for (at, value) in even.plane().iter().enumerate() {
            let (x, y) = (at as u32 % 800, at as u32 / 800);
            let expected = if ink(x, y) { 0.4 * 255.0 } else { 255.0 };
            assert!((f32::from(*value) - expected).abs() < 8.0, "{value} at {x}, {y}");
        }
    }

    #[test]
    fn an_even_page_is_not_copied() {
        assert!(matches!(
            evened(&page(300, 400, |x, _| if x % 9 == 0 { 0.0 } else { 255.0 })),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn what_is_black_stays_black() {
        let dark = page(400, 600, |x, y| if x > 200 && y > 300 { 20.0 } else { 230.0 });
        let even = evened(&dark);
        assert!(even.plane()[500 * 400 + 350] < 60, "{}", even.plane()[500 * 400 + 350]);
        let black = page(64, 64, |_, _| 0.0);
        assert!(evened(&black).plane().iter().all(|v| *v == 0));
    }

    #[test]
    fn pages_of_any_shape_keep_their_size() {
        for (width, height) in [(16, 16), (16, 3000), (3001, 17), (147, 293)] {
            let grey = page(width, height, |_, _| 128.0);
            assert_eq!(evened(&grey).plane().len(), (width * height) as usize);
        }
    }
}
