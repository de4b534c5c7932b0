//! From a page to its segments of text: sizes, the heat map's islands, the skew of the page.

use std::f32::consts::{FRAC_PI_4, PI};
use std::time::{Duration, Instant};

use archive_core::Error;
use archive_core::evidence::Region;
use serde::Serialize;

use crate::engine::{Engine, HeatMap};
use crate::page_image::PageImage;
use crate::plane::Plane;

/// A pixel belongs to text from this heat on.
const HEAT: f32 = 0.3;

/// An island of less mean heat is no text.
const MEAN_HEAT: f32 = 0.5;

/// The detector draws text thinner than it is: an island grows by its area times this over its
/// perimeter.
const GROWTH: f32 = 1.6;

/// More islands than any page of text has: the rest is noise.
const SEGMENT_LIMIT: usize = 1000;

/// Islands that stand upright must outweigh those that lie by this much for a page on its side.
const ON_ITS_SIDE: f32 = 1.5;

/// How a page lies: by how many quarter turns, clockwise, it was turned from upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// As it should.
    #[default]
    Upright,
    /// By 90 degrees: its lines run from top to bottom.
    Clockwise,
    /// By 180 degrees.
    UpsideDown,
    /// By 270 degrees: its lines run from bottom to top.
    Anticlockwise,
}

/// A turn of the page: `u` runs along its lines of text, `v` across them.
///
/// A page that lies on its side or upside down has a turn of 90 degrees and more, so that whatever
/// works along lines need not know of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Skew {
    cos: f32,
    sin: f32,
}

impl Skew {
    /// A page whose lines fall by `radians`, clockwise.
    #[must_use]
    pub fn new(radians: f32) -> Self {
        Self { cos: radians.cos(), sin: radians.sin() }
    }

    /// How far the lines fall, in degrees, clockwise, beside the quarter turns.
    #[must_use]
    pub fn degrees(self) -> f32 {
        let whole = self.sin.atan2(self.cos).to_degrees();
        whole - 90.0 * (whole / 90.0).round()
    }

    /// The quarter turns.
    #[must_use]
    pub fn turn(self) -> Turn {
        if self.cos.abs() >= self.sin.abs() {
            if self.cos >= 0.0 { Turn::Upright } else { Turn::UpsideDown }
        } else if self.sin >= 0.0 {
            Turn::Clockwise
        } else {
            Turn::Anticlockwise
        }
    }

    /// This turn and half a turn more.
    fn reversed(self) -> Self {
        Self { cos: -self.cos, sin: -self.sin }
    }

    /// From where to where a page of this size reaches along its lines.
    pub(crate) fn extent(self, page: (u32, u32)) -> (f32, f32) {
        self.bounds(page, |(u, _)| u)
    }

    /// From where to where a page of this size reaches across its lines.
    pub(crate) fn extent_across(self, page: (u32, u32)) -> (f32, f32) {
        self.bounds(page, |(_, v)| v)
    }

    fn bounds(self, (width, height): (u32, u32), side: impl Fn((f32, f32)) -> f32) -> (f32, f32) {
        let (width, height) = (width as f32, height as f32);
        [(0.0, 0.0), (width, 0.0), (0.0, height), (width, height)]
            .map(|(x, y)| side(self.along(x, y)))
            .into_iter()
            .fold((f32::MAX, f32::MIN), |(low, high), at| (low.min(at), high.max(at)))
    }

    fn along(self, x: f32, y: f32) -> (f32, f32) {
        (x * self.cos + y * self.sin, y * self.cos - x * self.sin)
    }

    /// The brightness at a place; `None` beyond the page.
    pub(crate) fn pixel(self, page: &PageImage, u: f32, v: f32) -> Option<u8> {
        let (x, y) = self.back(u, v);
        let inside = x >= 0.0 && y >= 0.0 && x < page.width() as f32 && y < page.height() as f32;
        inside.then(|| page.plane()[y as usize * page.width() as usize + x as usize])
    }

    fn back(self, u: f32, v: f32) -> (f32, f32) {
        (u * self.cos - v * self.sin, u * self.sin + v * self.cos)
    }
}

/// A piece of a line of text: a rectangle along the page's lines, in pixels of the image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Its left end along the line.
    pub left: f32,
    /// Its right end along the line.
    pub right: f32,
    /// Its upper edge across the line.
    pub top: f32,
    /// Its lower edge across the line.
    pub bottom: f32,
}

impl Segment {
    /// The smallest segment around both.
    pub(crate) fn around(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            right: self.right.max(other.right),
            top: self.top.min(other.top),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// How high it is, in pixels.
    #[must_use]
    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    /// How long it is, in pixels.
    #[must_use]
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    /// Where its middle lies across the lines.
    #[must_use]
    pub fn middle(&self) -> f32 {
        (self.top + self.bottom) / 2.0
    }

    /// The upright rectangle around it on the page; `None` where none of it lies there.
    #[must_use]
    pub fn region(&self, skew: Skew, page: (u32, u32)) -> Option<Region> {
        let corners = [
            (self.left, self.top),
            (self.right, self.top),
            (self.left, self.bottom),
            (self.right, self.bottom),
        ]
        .map(|(u, v)| skew.back(u, v));
        let clamp = |v: f32, limit: u32| (v.max(0.0) as u32).min(limit);
        let x = |f: fn(f32, f32) -> f32| corners.iter().map(|c| c.0).reduce(f).unwrap_or(0.0);
        let y = |f: fn(f32, f32) -> f32| corners.iter().map(|c| c.1).reduce(f).unwrap_or(0.0);
        Region::new(
            clamp(x(f32::min).floor(), page.0),
            clamp(y(f32::min).floor(), page.1),
            clamp(x(f32::max).ceil(), page.0),
            clamp(y(f32::max).ceil(), page.1),
        )
    }
}

/// Where text stands on a page, in reading order, and how the page is turned.
#[derive(Debug, Clone)]
pub struct Detection {
    /// The turn of the page.
    pub skew: Skew,
    /// Its segments, from top to bottom.
    pub segments: Vec<Segment>,
    /// The time that the model took.
    pub model_time: Duration,
}

impl Detection {
    /// The same page seen the other way round.
    pub(crate) fn reversed(&self) -> Self {
        let reversed =
            |s: &Segment| Segment { left: -s.right, right: -s.left, top: -s.bottom, bottom: -s.top };
        Self {
            skew: self.skew.reversed(),
            segments: self.segments.iter().rev().map(reversed).collect(),
            model_time: self.model_time,
        }
    }
}

/// Finds the text of `page` on a copy whose longer side has about `side` pixels.
///
/// # Errors
/// What the engine fails with.
pub fn detect(engine: &dyn Engine, page: &PageImage, side: u32) -> Result<Detection, Error> {
    let multiple = engine.detector_multiple().max(1);
    let longer = page.width().max(page.height());
    let scaled = |length: u32| {
        let length = (u64::from(length) * u64::from(side) / u64::from(longer)) as u32;
        (length.div_ceil(multiple) * multiple).max(multiple)
    };
    let (width, height) = (scaled(page.width()), scaled(page.height()));
    let plane = shrink(page, width as usize, height as usize);
    let begun = Instant::now();
    let heat = engine.detect(&plane)?;
    let model_time = begun.elapsed();
    Ok(Detection { model_time, ..islands(&heat, page.width() as f32, page.height() as f32) })
}

/// A copy of `page` of another size, each value the mean of what it covers.
fn shrink(page: &PageImage, width: usize, height: usize) -> Plane {
    let (from_width, from_height) = (page.width() as usize, page.height() as usize);
    let bounds = |length: usize, from: usize| -> Vec<(usize, usize)> {
        (0..length)
            .map(|i| {
                let start = i * from / length;
                (start, ((i + 1) * from / length).clamp(start + 1, from))
            })
            .collect()
    };
    let columns = bounds(width, from_width);
    let mut values = Vec::with_capacity(width * height);
    let mut sums = vec![0_u32; from_width];
    for (top, bottom) in bounds(height, from_height) {
        sums.fill(0);
        for row in page.plane()[top * from_width..bottom * from_width].chunks_exact(from_width) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += u32::from(*value);
            }
        }
        values.extend(columns.iter().map(|&(left, right)| {
            let total: u32 = sums[left..right].iter().sum();
            total as f32 / (255 * (bottom - top) * (right - left)) as f32
        }));
    }
    Plane::new(width, height, values).expect("one value was made for each place")
}

/// A connected part of the heat map.
#[derive(Default)]
struct Island {
    heat: f32,
    /// Corners of its pixels, in pixels of the page.
    points: Vec<(f32, f32)>,
}

impl Island {
    /// The direction in which it extends, within a quarter turn either way, and how much that weighs.
    fn direction(&self) -> (f32, f32) {
        let count = self.points.len() as f32;
        let (mx, my) = self.points.iter().fold((0.0, 0.0), |a, p| (a.0 + p.0 / count, a.1 + p.1 / count));
        let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
        for (x, y) in &self.points {
            xx += (x - mx) * (x - mx);
            yy += (y - my) * (y - my);
            xy += (x - mx) * (y - my);
        }
        // A short or square island says little about direction.
        let weight = if xx.max(yy) > 36.0 * xx.min(yy) { (xx.max(yy) / count).sqrt() } else { 0.0 };
        (0.5 * (2.0 * xy).atan2(xx - yy), weight)
    }
}

fn islands(heat: &HeatMap, page_width: f32, page_height: f32) -> Detection {
    let (width, height) = (heat.width(), heat.height());
    let (sx, sy) = (page_width / width as f32, page_height / height as f32);
    let mut seen = vec![false; width * height];
    let mut found = Vec::new();
    let mut queue = Vec::new();
    for start in 0..seen.len() {
        if seen[start] || heat.values()[start] < HEAT {
            continue;
        }
        seen[start] = true;
        queue.push(start);
        let mut island = Island::default();
        while let Some(at) = queue.pop() {
            let (x, y) = (at % width, at / width);
            island.heat += heat.values()[at];
            island.points.push(((x as f32 + 0.5) * sx, (y as f32 + 0.5) * sy));
            let mut visit = |next: usize| {
                if !seen[next] && heat.values()[next] >= HEAT {
                    seen[next] = true;
                    queue.push(next);
                }
            };
            if x > 0 {
                visit(at - 1);
            }
            if x + 1 < width {
                visit(at + 1);
            }
            if y > 0 {
                visit(at - width);
            }
            if y + 1 < height {
                visit(at + width);
            }
        }
        if island.points.len() >= 8 && island.heat / island.points.len() as f32 >= MEAN_HEAT {
            found.push(island);
        }
    }
    found.sort_by_key(|i| std::cmp::Reverse(i.points.len()));
    found.truncate(SEGMENT_LIMIT);
    let skew = Skew::new(direction(found.iter().map(Island::direction)));
    let mut segments: Vec<Segment> =
        found.iter().filter_map(|island| segment(island, skew, sx, sy)).collect();
    segments.sort_by(|a, b| a.middle().total_cmp(&b.middle()));
    Detection { skew, segments, model_time: Duration::ZERO }
}

fn segment(island: &Island, skew: Skew, sx: f32, sy: f32) -> Option<Segment> {
    let mut segment = Segment { left: f32::MAX, right: f32::MIN, top: f32::MAX, bottom: f32::MIN };
    for (x, y) in &island.points {
        let (u, v) = skew.along(*x, *y);
        segment.left = segment.left.min(u - sx / 2.0);
        segment.right = segment.right.max(u + sx / 2.0);
        segment.top = segment.top.min(v - sy / 2.0);
        segment.bottom = segment.bottom.max(v + sy / 2.0);
    }
    let (width, height) = (segment.width(), segment.height());
    let growth = GROWTH * width * height / (2.0 * (width + height));
    segment.left -= growth;
    segment.right += growth;
    segment.top -= growth;
    segment.bottom += growth;
    (height > 2.0 * sy && width > 2.0 * sx).then_some(segment)
}

/// The direction of most text: along the page, or across it where that outweighs the former.
fn direction(islands: impl Iterator<Item = (f32, f32)>) -> f32 {
    let (lying, standing): (Vec<_>, Vec<_>) = islands.partition(|(angle, _)| angle.abs() < FRAC_PI_4);
    let weight = |islands: &[(f32, f32)]| islands.iter().map(|i| i.1).sum::<f32>();
    if weight(&standing) <= ON_ITS_SIDE * weight(&lying) {
        return weighted_median(lying);
    }
    // Both ends of the range are the same upright line.
    weighted_median(standing.into_iter().map(|(angle, w)| (angle.rem_euclid(PI), w)).collect())
}

/// The angle in the middle of the weights; 0 where nothing weighs.
fn weighted_median(mut angles: Vec<(f32, f32)>) -> f32 {
    angles.retain(|(_, weight)| *weight > 0.0);
    angles.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = angles.iter().map(|a| a.1).sum::<f32>() / 2.0;
    let mut passed = 0.0;
    angles
        .iter()
        .find(|(_, weight)| {
            passed += weight;
            passed >= half
        })
        .map_or(0.0, |a| a.0)
}

/// Cuts a segment out of the page, upright and `height` pixels high; its width is rounded up to a
/// multiple of `bucket` with paper, since an engine keeps memory for each width that it has seen.
///
/// It is `stretch` times as wide as it is on the page.
#[must_use]
pub fn cut(
    page: &PageImage,
    skew: Skew,
    segment: &Segment,
    height: u32,
    bucket: usize,
    stretch: f32,
) -> Plane {
    let height = height as usize;
    let scale = segment.height() / height as f32;
    let across = scale / stretch;
    let inked = ((segment.width() / across).round() as usize).max(1);
    let width = inked.div_ceil(bucket) * bucket;
    // Where the page is finer than the cut, each value is the mean of several samples.
    let samples = (scale.ceil() as usize).clamp(1, 4);
    let step = scale / samples as f32;
    let mut values = Vec::with_capacity(width * height);
    let mut totals = vec![0.0_f32; inked];
    let offsets: Vec<f32> = (0..samples).map(|i| (i as f32 + 0.5) * step / stretch).collect();
    for row in 0..height {
        totals.fill(0.0);
        for j in 0..samples {
            let v = segment.top + row as f32 * scale + (j as f32 + 0.5) * step;
            let place = |column: usize, offset: f32| {
                let (x, y) = skew.back(segment.left + column as f32 * across + offset, v);
                (x - 0.5, y - 0.5)
            };
            // A row is straight: where both its ends lie well within the page, all of it does.
            let ends = [place(0, offsets[0]), place(inked - 1, offsets[samples - 1])];
            let is_inside = ends.iter().all(|end| is_well_within(page, *end));
            for (column, total) in totals.iter_mut().enumerate() {
                for at in offsets.iter().map(|offset| place(column, *offset)) {
                    *total += if is_inside { between(page, at) } else { sample(page, at) };
                }
            }
        }
        values.extend(totals.iter().map(|total| total / (255 * samples * samples) as f32));
        values.extend(std::iter::repeat_n(PAD, width - inked));
    }
    Plane::new(width, height, values).expect("one value was made for each place")
}

/// What recognisers were trained to see right of a line: the middle of the range.
const PAD: f32 = 0.5;

/// Whether a place lies so far within the page that rounding leaves four pixels around it.
fn is_well_within(page: &PageImage, (x, y): (f32, f32)) -> bool {
    let within = |at: f32, length: u32| at >= 1.0 && at < length as f32 - 3.0;
    within(x, page.width()) && within(y, page.height())
}

/// The brightness between four pixels; beyond the page its edge goes on.
fn sample(page: &PageImage, (x, y): (f32, f32)) -> f32 {
    let (width, height) = (page.width() as usize, page.height() as usize);
    let x = x.clamp(0.0, (width - 1) as f32);
    let y = y.clamp(0.0, (height - 1) as f32);
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let at = |x: usize, y: usize| page.plane()[y * width + x];
    let corners = [at(left, top), at(right, top), at(left, bottom), at(right, bottom)];
    mixed(corners, x - left as f32, y - top as f32)
}

/// The brightness between four pixels of a place well within the page.
fn between(page: &PageImage, (x, y): (f32, f32)) -> f32 {
    let width = page.width() as usize;
    let (left, top) = (x as u32 as usize, y as u32 as usize);
    let upper = &page.plane()[top * width + left..][..width + 2];
    mixed([upper[0], upper[1], upper[width], upper[width + 1]], x - left as f32, y - top as f32)
}

/// The value between four corners, row by row.
fn mixed(corners: [u8; 4], along: f32, down: f32) -> f32 {
    let [a, b, c, d] = corners.map(f32::from);
    let upper = a + along * (b - a);
    let lower = c + along * (d - c);
    upper + down * (lower - upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_line_becomes_one_upright_segment() {
        let (width, height, slope) = (200, 100, 0.05_f32);
        let heat: Vec<f32> = (0..width * height)
            .map(|i| {
                let (x, y) = ((i % width) as f32, (i / width) as f32);
                if (20.0..180.0).contains(&x) && (y - 40.0 - slope * x).abs() < 4.0 { 0.9 } else { 0.0 }
            })
            .collect();
        let found = islands(&HeatMap::new(width, height, heat).unwrap(), 400.0, 200.0);
        assert!((found.skew.degrees() - 2.86).abs() < 0.1, "{}", found.skew.degrees());
        let [segment] = found.segments[..] else { panic!("{:?}", found.segments) };
        let region = segment.region(found.skew, (400, 200)).unwrap();
        assert!(region.left() < 40 && region.right() > 360, "{region:?}");
        assert!(segment.height() < 50.0, "the box does not grow by the slope: {segment:?}");
    }

    #[test]
    fn a_page_on_its_side_keeps_its_regions() {
        let heat: Vec<f32> = (0..100 * 200)
            .map(|i| if (40..48).contains(&(i % 100)) && (20..180).contains(&(i / 100)) { 0.9 } else { 0.0 })
            .collect();
        let found = islands(&HeatMap::new(100, 200, heat).unwrap(), 200.0, 400.0);
        assert_eq!(found.skew.turn(), Turn::Clockwise);
        assert!(found.skew.degrees().abs() < 0.1);
        let [segment] = found.segments[..] else { panic!("{:?}", found.segments) };
        assert!(segment.width() > 5.0 * segment.height(), "{segment:?}");
        let reversed = found.reversed();
        assert_eq!(reversed.skew.turn(), Turn::Anticlockwise);
        let region = segment.region(found.skew, (200, 400));
        assert_eq!(reversed.segments[0].region(reversed.skew, (200, 400)), region);
        assert_eq!(reversed.reversed().segments, found.segments);
        let (from, to) = reversed.skew.extent((200, 400));
        assert!((from + 400.0).abs() < 1.0 && to.abs() < 1.0, "{from} {to}");
    }

    #[test]
    fn noise_all_over_ends() {
        let heat: Vec<f32> = (0..300 * 300).map(|i| if i % 2 == 0 { 1.0 } else { 0.0 }).collect();
        let found = islands(&HeatMap::new(300, 300, heat).unwrap(), 300.0, 300.0);
        assert!(found.segments.len() <= SEGMENT_LIMIT);
        let blank = islands(&HeatMap::new(30, 30, vec![0.0; 900]).unwrap(), 300.0, 300.0);
        assert_eq!(blank.segments, []);
    }

    #[test]
    fn a_cut_keeps_what_it_covers() {
        let plane = (0..100 * 100).map(|i| if i % 100 < 50 { 0 } else { 255 }).collect();
        let page = PageImage::from_plane("p", 100, 100, plane).unwrap();
        let segment = Segment { left: 0.0, right: 100.0, top: 0.0, bottom: 96.0 };
        let cut = cut(&page, Skew::new(0.0), &segment, 48, 8, 1.0);
        assert_eq!((cut.width(), cut.height()), (56, 48));
        assert!(cut.values()[10] < 0.01 && cut.values()[40] > 0.99);
    }
}
