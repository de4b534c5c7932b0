//! The work on one page: recognising segments, and finding each field's best reading.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use archive_core::Error;

use crate::cancellation::Cancellation;
use crate::candidates::{add_readings, candidates, readings};
use crate::crowd::Crowd;
use crate::decode;
use crate::detection::{Detection, Segment, Turn, cut};
use crate::engine::Engine;
use crate::fields::{Piece, Window, gaps, windows};
use crate::ink::is_inked;
use crate::lattice::Lattice;
use crate::page_image::PageImage;
use crate::page_number::{self, PageNumber};
use crate::place::{CLEAR_LEAD, Care, FAIR_LEAD, LOOKS, Look, Place, THIRD_LOOKS, reading, span};
use crate::reading::{FieldReading, Timing};
use crate::schema::FieldSchema;
use crate::text_lines::{Occurrence, ReadSegment, TextLines};
use crate::underline::is_underlined;
use crate::view::View;

/// Lines are cut to widths that are multiples of this: engines keep memory for each width.
const WIDTH_BUCKET: usize = 16;

/// A longer line, in multiples of its height, is no line of text.
const ASPECT_LIMIT: f32 = 60.0;

/// A smaller segment, in parts of the page's usual height, is a speck or a piece of a stamp.
const SPECK: f32 = 0.55;

/// A longer segment, in multiples of its height, may be a line of running text.
const LONG: f32 = 11.0;

/// From this many underlined lines on, a paper has its values in underlined blanks.
const UNDERLINED_FORM: usize = 3;

/// How many segments are read before the fields are looked at.
const ROUND: usize = 16;

/// A reading this bad calls for a look where the detector may have missed the value.
const MISSED: f64 = -5.0;

/// A cut on which the first reading scores less shows another place.
const MISPLACED: f64 = -20.0;

/// What speaks against a value without a label, in nats.
const DOUBT_UNLABELLED: f64 = 4.0;

/// How well a value without a label must be read, in nats.
const UNLABELLED: f64 = -3.0;

/// How far from a text its missed first character may begin, or its missed last one end, in heights of
/// the line.
const FURTHER: f32 = 1.5;

/// The least width of a character, in heights of its line.
const ROOM: f32 = 0.2;

/// How wide lines are read at first, in parts of their width: that costs as much less, and nothing is
/// lost. At three quarters, long numbers lose digits of which two alike stand beside each other.
const FIRST_STRETCH: f32 = 0.85;

/// A page read with less confidence at a glance is read with full care from the beginning.
const HARD: f32 = 0.9;

/// A page read with this confidence is not upside down.
const LEGIBLE: f32 = 0.8;

/// How much more confidently a page must be read from its other side to be turned.
const MORE_LEGIBLE: f32 = 0.1;

/// How many segments are read from both sides.
const PROBES: usize = 4;

/// Adds up time over threads.
#[derive(Debug, Default)]
struct Stopwatch(AtomicU64);

impl Stopwatch {
    fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = work();
        self.0.fetch_add(begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
        done
    }

    fn sum(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// A page on which a reader works.
pub(crate) struct PageWork<'a> {
    engine: &'a dyn Engine,
    page: &'a PageImage,
    detection: &'a Detection,
    cancellation: &'a Cancellation,
    crowd: &'a Crowd,
    /// The least care of any look.
    care: Care,
    recognised: Stopwatch,
    prepared: Stopwatch,
    decided: Stopwatch,
    lines: AtomicUsize,
    looks: AtomicUsize,
}

impl<'a> PageWork<'a> {
    pub(crate) fn new(
        engine: &'a dyn Engine,
        page: &'a PageImage,
        detection: &'a Detection,
        cancellation: &'a Cancellation,
        crowd: &'a Crowd,
    ) -> Self {
        Self {
            engine,
            page,
            detection,
            cancellation,
            crowd,
            care: Care::Glance,
            recognised: Stopwatch::default(),
            prepared: Stopwatch::default(),
            decided: Stopwatch::default(),
            lines: AtomicUsize::new(0),
            looks: AtomicUsize::new(0),
        }
    }

    /// The page's pixels in a row, and its rows.
    fn size(&self) -> (u32, u32) {
        (self.page.width(), self.page.height())
    }

    /// Where the time went, but for the detector's and the whole.
    pub(crate) fn timing(&self) -> Timing {
        Timing {
            recognise: self.recognised.sum(),
            prepare: self.prepared.sum(),
            decide: self.decided.sum(),
            lines: self.lines.load(Ordering::Relaxed),
            second_looks: self.looks.load(Ordering::Relaxed),
            ..Timing::default()
        }
    }

    /// Times work of finding labels and values.
    pub(crate) fn deciding<T>(&self, work: impl FnOnce() -> T) -> T {
        self.decided.time(work)
    }

    /// The page's segments in the rounds in which they are worth reading.
    ///
    /// Where values are filled into underlined blanks, long lines without one are boilerplate, and
    /// come last. Elsewhere papers state what matters first: from top to bottom.
    pub(crate) fn rounds(&self) -> Vec<Vec<Segment>> {
        let usual = usual_height(&self.detection.segments);
        let is_text = |s: &Segment| s.width() < ASPECT_LIMIT * s.height() && s.height() > SPECK * usual;
        let segments: Vec<Segment> = self.detection.segments.iter().copied().filter(is_text).collect();
        let is_long = |s: &Segment| s.width() > LONG * s.height();
        let underlined = |s: &Segment| is_underlined(self.page, self.detection.skew, s);
        let blanks: Vec<bool> = segments.iter().map(|s| is_long(s) && underlined(s)).collect();
        if blanks.iter().filter(|b| **b).count() < UNDERLINED_FORM {
            return segments.chunks(ROUND).map(<[Segment]>::to_vec).collect();
        }
        let (first, rest): (Vec<_>, Vec<_>) =
            segments.into_iter().zip(blanks).partition(|(s, blank)| *blank || !is_long(s));
        [first, rest].map(|round| round.into_iter().map(|(s, _)| s).collect()).to_vec()
    }

    /// Reads segments side by side, the longest first.
    pub(crate) fn recognise(&self, segments: &[Segment]) -> Result<Vec<ReadSegment>, Error> {
        let mut order: Vec<&Segment> = segments.iter().collect();
        order.sort_by(|a, b| (b.width() / b.height()).total_cmp(&(a.width() / a.height())));
        self.crowd.each(order, |segment| self.read_segment(*segment))
    }

    /// Reads segments with full care, and all that comes after them, where a glance read them with
    /// little confidence.
    pub(crate) fn recognise_with_care(
        &mut self,
        glanced: Vec<ReadSegment>,
    ) -> Result<Vec<ReadSegment>, Error> {
        if !self.engine.glances() || legibility(&glanced) > HARD {
            return Ok(glanced);
        }
        self.care = Care::Full;
        let segments: Vec<Segment> = glanced.iter().map(|read| read.segment).collect();
        self.recognise(&segments)
    }

    /// Whether the page lies the other way round than it was read: what is read with little
    /// confidence is read anew from its other side.
    pub(crate) fn is_reversed(&self, read: &[ReadSegment]) -> Result<bool, Error> {
        let confidence = legibility(read);
        let on_its_side = matches!(self.detection.skew.turn(), Turn::Clockwise | Turn::Anticlockwise);
        if !on_its_side && confidence > LEGIBLE {
            return Ok(false);
        }
        let mut probes: Vec<&ReadSegment> = read.iter().filter(|r| is_probe(&r.segment)).collect();
        probes.sort_by(|a, b| b.segment.width().total_cmp(&a.segment.width()));
        probes.truncate(PROBES);
        let segments: Vec<Segment> = probes.iter().map(|r| r.segment).collect();
        let reversed = Detection { segments: segments.clone(), ..*self.detection }.reversed();
        let other = PageWork::new(self.engine, self.page, &reversed, self.cancellation, self.crowd);
        let other = other.recognise(&reversed.segments)?;
        let own = legibility(read.iter().filter(|r| segments.contains(&r.segment)));
        Ok(legibility(&other) > own + MORE_LEGIBLE)
    }

    fn read_segment(&self, segment: Segment) -> Result<ReadSegment, Error> {
        self.read_stretched(segment, FIRST_STRETCH, Care::Glance)
    }

    fn read_stretched(&self, segment: Segment, stretch: f32, care: Care) -> Result<ReadSegment, Error> {
        self.cancellation.check(self.page.name())?;
        let height = self.engine.line_height();
        let line = self
            .prepared
            .time(|| cut(self.page, self.detection.skew, &segment, height, WIDTH_BUCKET, stretch));
        let lattice = self.recognised.time(|| match care.max(self.care) {
            Care::Glance => self.engine.glance(&line),
            Care::Full => self.engine.recognise(&line),
        })?;
        self.lines.fetch_add(1, Ordering::Relaxed);
        let pixels = line.width() as f32 * segment.height() / (line.height() as f32 * stretch);
        let pixels_a_frame = pixels / lattice.len().max(1) as f32;
        Ok(ReadSegment { segment, lattice, pixels_a_frame })
    }

    /// The number that the page bears at its head or foot.
    pub(crate) fn page_number(&self, known: &[ReadSegment]) -> Result<Option<PageNumber>, Error> {
        for place in page_number::places(self.detection, self.detection.skew.extent_across(self.size())) {
            let text = match known.iter().find(|k| k.segment == place) {
                Some(read) => read.lattice.greedy().text(),
                None => self.read_segment(place)?.lattice.greedy().text(),
            };
            if let Some(number) = PageNumber::parse(&text) {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// The place of a field's best value over all places where it may stand: those that `own`, the
    /// occurrences of its labels, point to. `None` where there is none, or where reading on may find
    /// a better one.
    pub(crate) fn place(
        &self,
        schema: &FieldSchema,
        is_last_round: bool,
        own: &[&Occurrence],
        all: &[Occurrence],
        text: &TextLines,
        segments: &[ReadSegment],
    ) -> Result<Option<Place>, Error> {
        let mut best: Option<Place> = None;
        let mut consider = |view: View, doubt: f64| {
            if let Some(place) = self.deciding(|| Place::new(schema, view, doubt))
                && best.as_ref().is_none_or(|b| place.merit > b.merit)
            {
                best = Some(place);
            }
            best.as_ref().map_or(f64::NEG_INFINITY, |b| b.merit)
        };
        let (skew, size) = (self.detection.skew, self.size());
        let mut merit = f64::NEG_INFINITY;
        for occurrence in own {
            for window in windows(schema, occurrence, all, text, segments) {
                if let Some(view) = View::of_window(&window, segments, skew, size) {
                    merit = consider(view, window.doubt);
                }
            }
        }
        if merit < MISSED && !is_last_round {
            return Ok(None);
        }
        // The detector may have missed the value, or a part of it: look right of the label.
        if merit < MISSED {
            for occurrence in own {
                let (places, doubt) = gaps(schema, occurrence, all, text, segments, skew.extent(size).1);
                for place in places {
                    let view = View::of_segment(self.read_segment(place)?, skew, size);
                    // A narrower cut shows more where a wide one holds a stamp, too.
                    if consider(view, doubt) >= MISSED {
                        break;
                    }
                }
            }
        }
        Ok(best)
    }

    /// The reading of a field whose label could not be read: where one segment, and no other, bears
    /// a value of the field's language.
    pub(crate) fn unlabelled(
        &self,
        schema: &Arc<FieldSchema>,
        known: &[&FieldReading],
        segments: &[ReadSegment],
    ) -> Result<Option<FieldReading>, Error> {
        let (skew, size) = (self.detection.skew, self.size());
        let is_known = |segment: &Segment| {
            let region = segment.region(skew, size);
            known.iter().any(|k| region.is_some_and(|r| r.contains_middle_of(k.region)))
        };
        let mut best: Option<Place> = None;
        let mut next = f64::NEG_INFINITY;
        for (at, read) in segments.iter().enumerate().filter(|(_, s)| !is_known(&s.segment)) {
            let window = Window {
                pieces: vec![Piece { segment: at, frames: 0..read.lattice.len() }],
                doubt: DOUBT_UNLABELLED,
            };
            let view = View::of_window(&window, segments, skew, size);
            let place = view.and_then(|v| self.deciding(|| Place::new(schema, v, window.doubt)));
            let Some(place) = place else { continue };
            let merit = place.merit;
            if best.as_ref().is_some_and(|b| b.merit >= merit) {
                next = next.max(merit);
            } else {
                next = next.max(best.replace(place).map_or(f64::NEG_INFINITY, |b| b.merit));
            }
        }
        let clear = |p: &Place| p.merit + p.doubt > UNLABELLED && p.merit - next > CLEAR_LEAD;
        best.filter(clear).map_or(Ok(None), |place| self.settle(schema, place, segments))
    }

    /// The reading at a place, after further looks where it leaves doubt.
    pub(crate) fn settle(
        &self,
        schema: &Arc<FieldSchema>,
        mut place: Place,
        segments: &[ReadSegment],
    ) -> Result<Option<FieldReading>, Error> {
        if let Some(segment) = self.further_left(schema, &place, segments)
            && let Some(wider) = self.cut_wider(schema, &place, segment)?
            && (wider.merit > place.merit || wider.completes(&place, |text, known| text.strip_suffix(known)))
        {
            place = wider;
        }
        if let Some(segment) = self.further_right(schema, &place, segments)
            && let Some(wider) = self.cut_wider(schema, &place, segment)?
            && wider.completes(&place, |text, known| text.strip_prefix(known))
        {
            place = wider;
        }
        for look in &LOOKS {
            if place.is_uncertain() {
                self.look_again(schema, &mut place, std::slice::from_ref(look))?;
            }
        }
        if place.is_uncertain() && place.lead() < FAIR_LEAD {
            self.look_again(schema, &mut place, &THIRD_LOOKS)?;
        }
        Ok(reading(schema, place))
    }

    /// A place as a wider cut of it shows it.
    fn cut_wider(&self, schema: &FieldSchema, place: &Place, wider: Segment) -> Result<Option<Place>, Error> {
        let view = View::of_segment(self.read_segment(wider)?, self.detection.skew, self.size());
        Ok(self.deciding(|| Place::new(schema, view, place.doubt)))
    }

    /// The place from further left, where the best value leaves out a text that stands before it, or
    /// print lies there: the detector may have missed a first character as thin as 一, and without it
    /// what follows does not fit.
    fn further_left(&self, schema: &FieldSchema, place: &Place, segments: &[ReadSegment]) -> Option<Segment> {
        let view = place.views.first().filter(|view| view.begins_segment)?;
        let (span, whole) = whole(schema, place, view)?;
        let height = whole.height();
        let before = beside(segments, &whole).map(|s| s.right).filter(|r| *r < whole.left + 0.3 * height);
        let (page_begin, _) = self.detection.skew.extent(self.size());
        let left = before.fold(page_begin, f32::max).max(whole.left - FURTHER * height);
        let further = Segment { left: left.max(whole.left - height), right: whole.left, ..whole };
        let goes_on = left < whole.left
            && (decode::has_text(&view.lattice, 0..span.start) || self.is_print(&whole, &further));
        goes_on.then_some(Segment { left, ..whole })
    }

    /// The place to further right, where print goes on behind the end of the value: the detector may
    /// have missed a last character.
    fn further_right(
        &self,
        schema: &FieldSchema,
        place: &Place,
        segments: &[ReadSegment],
    ) -> Option<Segment> {
        let view = place.views.first().filter(|view| view.ends_segment)?;
        let (span, whole) = whole(schema, place, view)?;
        if decode::has_text(&view.lattice, span.end..view.lattice.len()) {
            return None;
        }
        let height = whole.height();
        let behind = beside(segments, &whole).map(|s| s.left).filter(|l| *l > whole.right - 0.3 * height);
        let (_, page_end) = self.detection.skew.extent(self.size());
        let right = behind.fold(page_end, f32::min).min(whole.right + FURTHER * height);
        let further = Segment { left: whole.right, right: right.min(whole.right + height), ..whole };
        self.is_print(&whole, &further).then_some(Segment { right, ..whole })
    }

    /// Whether there is room for a character beside a text, and print in it.
    fn is_print(&self, text: &Segment, place: &Segment) -> bool {
        place.width() > ROOM * text.height() && is_inked(self.page, self.detection.skew, text, place)
    }

    /// Cuts the value's place out anew, in several ways, and weighs all views together.
    fn look_again(&self, schema: &FieldSchema, place: &mut Place, looks: &[Look]) -> Result<(), Error> {
        let (Some(view), Some(first)) = (place.views.first(), place.candidates.first()) else {
            return Ok(());
        };
        let Some(span) = span(schema, &view.lattice, &first.text) else { return Ok(()) };
        let Some(whole) = view.segments(span).into_iter().reduce(Segment::around) else { return Ok(()) };
        let height = whole.height();
        self.looks.fetch_add(looks.len(), Ordering::Relaxed);
        let mut views = Vec::new();
        for look in looks {
            let segment = Segment {
                left: whole.left - 0.3 * height,
                right: whole.right + 0.4 * height,
                top: whole.top - look.margin * height,
                bottom: whole.bottom + look.margin * height,
            };
            let read = self.read_stretched(segment, look.stretch, look.care)?;
            let view = View::of_segment(read, self.detection.skew, self.size());
            // A cut that shows another text missed the place.
            if decode::score(&view.lattice, schema.is_open, &first.text) > MISPLACED {
                views.push(view);
            }
        }
        self.deciding(|| {
            for view in views {
                add_readings(&mut place.readings, readings(schema, &view.lattice));
                place.views.push(view);
            }
            let lattices: Vec<&Lattice> = place.views.iter().map(|v| &v.lattice).collect();
            place.candidates = candidates(schema, &lattices, &place.readings);
        });
        Ok(())
    }
}

/// The frames of a place's best value in one of its views, and the piece of the line that it shows.
fn whole(schema: &FieldSchema, place: &Place, view: &View) -> Option<(Range<usize>, Segment)> {
    let span = span(schema, &view.lattice, &place.candidates.first()?.text)?;
    let whole = view.segments(0..view.lattice.len()).into_iter().reduce(Segment::around)?;
    Some((span, whole))
}

/// The segments on the line of a text.
fn beside<'s>(segments: &'s [ReadSegment], text: &Segment) -> impl Iterator<Item = &'s Segment> {
    let (middle, height) = (text.middle(), text.height());
    segments.iter().map(|s| &s.segment).filter(move |s| (s.middle() - middle).abs() < 0.5 * height)
}

/// Whether a segment has enough text to tell which way round it is, and no more than is cheap.
fn is_probe(segment: &Segment) -> bool {
    (3.0..25.0).contains(&(segment.width() / segment.height()))
}

/// How sure the recogniser is of what it read: the mean probability of its characters.
pub(crate) fn legibility<'a>(read: impl IntoIterator<Item = &'a ReadSegment>) -> f32 {
    let (mut sum, mut count) = (0.0, 0);
    for glyph in read.into_iter().flat_map(|r| r.lattice.greedy().0) {
        sum += glyph.log_probability.exp();
        count += 1;
    }
    if count == 0 { 0.0 } else { sum / count as f32 }
}

/// The height of most text on the page: the median over its length.
fn usual_height(segments: &[Segment]) -> f32 {
    let mut heights: Vec<(f32, f32)> = segments.iter().map(|s| (s.height(), s.width())).collect();
    heights.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = heights.iter().map(|h| h.1).sum::<f32>() / 2.0;
    let mut passed = 0.0;
    let middle = heights.iter().find(|h| {
        passed += h.1;
        passed >= half
    });
    middle.map_or(0.0, |h| h.0)
}
