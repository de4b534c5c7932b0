//! A value's place as one recognition saw it: its lattice, and where each frame lies on the page.

use std::ops::Range;

use archive_core::evidence::Region;

use crate::detection::{Segment, Skew};
use crate::fields::Window;
use crate::lattice::Lattice;
use crate::text_lines::ReadSegment;

/// One look at a value's place.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) lattice: Lattice,
    strips: Vec<Strip>,
    /// Whether it begins where the detector saw a text begin.
    pub(crate) begins_segment: bool,
    /// Whether it ends where the detector saw a text end.
    pub(crate) ends_segment: bool,
    skew: Skew,
    page: (u32, u32),
}

/// Frames that lie beside each other on one segment.
#[derive(Debug, Clone)]
struct Strip {
    frames: usize,
    segment: Segment,
    pixels_a_frame: f32,
}

impl View {
    /// The window as the segments' own recognition saw it; `None` for a window without a place.
    pub(crate) fn of_window(
        window: &Window,
        segments: &[ReadSegment],
        skew: Skew,
        page: (u32, u32),
    ) -> Option<Self> {
        let lattice = window.lattice(segments)?;
        let strip = |piece: &crate::fields::Piece| {
            let read = &segments[piece.segment];
            let at = |frame: usize| read.segment.left + frame as f32 * read.pixels_a_frame;
            let segment =
                Segment { left: at(piece.frames.start), right: at(piece.frames.end), ..read.segment };
            Strip { frames: piece.frames.len(), segment, pixels_a_frame: read.pixels_a_frame }
        };
        let begins_segment = window.pieces.first().is_some_and(|p| p.frames.start == 0);
        let is_whole = |p: &crate::fields::Piece| p.frames.end == segments[p.segment].lattice.len();
        let ends_segment = window.pieces.last().is_some_and(is_whole);
        let strips = window.pieces.iter().map(strip).collect();
        Some(Self { lattice, strips, begins_segment, ends_segment, skew, page })
    }

    /// A place that was recognised by itself.
    pub(crate) fn of_segment(read: ReadSegment, skew: Skew, page: (u32, u32)) -> Self {
        let frames = read.lattice.len();
        let strip = Strip { frames, segment: read.segment, pixels_a_frame: read.pixels_a_frame };
        Self {
            lattice: read.lattice,
            strips: vec![strip],
            begins_segment: false,
            ends_segment: false,
            skew,
            page,
        }
    }

    /// The part of each segment on which `frames` lie.
    pub(crate) fn segments(&self, frames: Range<usize>) -> Vec<Segment> {
        let mut start = 0;
        let mut found = Vec::new();
        for strip in &self.strips {
            let (from, to) = (frames.start.max(start), frames.end.min(start + strip.frames));
            if from < to {
                let at = |frame: usize| strip.segment.left + (frame - start) as f32 * strip.pixels_a_frame;
                found.push(Segment { left: at(from), right: at(to), ..strip.segment });
            }
            start += strip.frames;
        }
        found
    }

    /// Where `frames` lie on the page; `None` where none of them does.
    pub(crate) fn region(&self, frames: Range<usize>) -> Option<Region> {
        let regions = self.segments(frames).into_iter().filter_map(|s| s.region(self.skew, self.page));
        regions.reduce(Region::union)
    }
}
