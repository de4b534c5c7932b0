//! From lines and labels to the windows in which values stand.

use std::ops::Range;

use archive_core::record::ValueKind;

use crate::detection::Segment;
use crate::lattice::Lattice;
use crate::schema::FieldSchema;
use crate::text_lines::{Mark, Occurrence, ReadSegment, TextLines};

/// A part of a segment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) segment: usize,
    pub(crate) frames: Range<usize>,
}

/// Where a value may stand, and what speaks against this place.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) pieces: Vec<Piece>,
    /// Nats against the place itself, at least 0.
    pub(crate) doubt: f64,
}

impl Window {
    /// The frames of all pieces, one after the other.
    pub(crate) fn lattice(&self, segments: &[ReadSegment]) -> Option<Lattice> {
        let part = |piece: &Piece| segments[piece.segment].lattice.slice(piece.frames.clone());
        self.pieces.iter().map(part).reduce(|joined, next| joined.join(&next))
    }
}

/// A label read with a mistake.
const DOUBT_EDIT: f64 = 2.0;
/// A label in the midst of a sentence, with nothing to set it off from what follows.
const DOUBT_RUN_ON: f64 = 2.0;
/// For a value that may be any text, what follows such a label is most likely the sentence.
const DOUBT_RUN_ON_OPEN: f64 = 8.0;
/// A value on the line after its label.
const DOUBT_NEXT_LINE: f64 = 1.0;
/// A value below its label.
const DOUBT_BELOW: f64 = 1.5;

/// A value where the detector saw no text.
const DOUBT_GAP: f64 = 1.0;
/// How wide a character is, in heights of its line: a Chinese one, and a digit.
const WIDE: f32 = 0.8;
const NARROW: f32 = 0.45;
/// What is left out above and below where a value may be lower print than its label, in heights.
const TRIM: f32 = 0.12;
/// The longest value without a bound that is looked for there, in characters.
const OPEN_LENGTH: usize = 30;

/// The windows of one occurrence of a field's label.
pub(crate) fn windows(
    schema: &FieldSchema,
    occurrence: &Occurrence,
    occurrences: &[Occurrence],
    text: &TextLines,
    segments: &[ReadSegment],
) -> Vec<Window> {
    let marks = &text.marks;
    let last = &marks[occurrence.marks.end - 1];
    let open = schema.is_open;
    let mut start = occurrence.marks.end;
    let mut set_off = marks.get(start).is_none_or(|m| m.segment != last.segment);
    // In a sentence, 为 ("is") does what a colon does elsewhere.
    let sets_off = |m: &Mark| matches!(m.character, ':' | ';' | '.' | '为');
    while marks.get(start).is_some_and(|m| m.line == last.line && sets_off(m)) {
        set_off = true;
        start += 1;
    }
    let mut doubt = occurrence.edits as f64 * DOUBT_EDIT;
    if !set_off {
        doubt += if open { DOUBT_RUN_ON_OPEN } else { DOUBT_RUN_ON };
    }
    let end_of = |start: usize, line: usize| {
        let next_label = occurrences.iter().map(|o| o.marks.start).find(|s| *s >= start);
        let mut end = start;
        while marks.get(end).is_some_and(|m| m.line == line) && next_label.is_none_or(|n| end < n) {
            end += 1;
        }
        end
    };
    let mut found = Vec::new();
    let end = end_of(start, last.line);
    let right = cut_open(schema, open, marks, start..end, segments);
    if !right.is_empty() {
        // Frames right behind the label may hold a faint first character: begin where it ends.
        let from = if marks[right.start].segment == last.segment {
            Some(marks[right.start - 1].frames.end)
        } else {
            None
        };
        found.push(Window { pieces: pieces(marks, right.clone(), from, segments), doubt });
    }
    if right.len() < 2 || !set_off {
        if let Some(next) = next_line(marks, last, segments, &segments[marks[occurrence.marks.start].segment])
        {
            let end = end_of(next, marks[next].line);
            let range = cut_open(schema, open, marks, next..end, segments);
            if !range.is_empty() {
                let pieces = pieces(marks, range, None, segments);
                found.push(Window { pieces, doubt: doubt + DOUBT_NEXT_LINE });
            }
        }
        if let Some(segment) = below(&marks[occurrence.marks.clone()], segments) {
            let frames = 0..segments[segment].lattice.len();
            found.push(Window { pieces: vec![Piece { segment, frames }], doubt: doubt + DOUBT_BELOW });
        }
    }
    found
}

/// For a value that may be any text, the marks before what ends it: a stop, punctuation, a gap.
fn cut_open(
    schema: &FieldSchema,
    open: bool,
    marks: &[Mark],
    range: Range<usize>,
    segments: &[ReadSegment],
) -> Range<usize> {
    if !open {
        return range;
    }
    let text: Vec<char> = marks[range.clone()].iter().map(|m| m.character).collect();
    let is_stop = |at: usize| {
        matches!(text[at], ',' | '。' | ';' | ':' | '、')
            || schema
                .stops
                .iter()
                .any(|stop| text[at..].iter().copied().take(stop.chars().count()).eq(stop.chars()))
    };
    let is_gap = |at: usize| {
        let (before, after) = (&marks[range.start + at - 1], &marks[range.start + at]);
        before.segment != after.segment && {
            let (before, after) = (&segments[before.segment].segment, &segments[after.segment].segment);
            after.left - before.right > 0.8 * before.height()
        }
    };
    let end = (0..text.len()).find(|&at| is_stop(at) || (at > 0 && is_gap(at))).unwrap_or(text.len());
    range.start..range.start + end
}

/// The segments' parts that the marks cover, with the blank frames at both ends.
fn pieces(marks: &[Mark], range: Range<usize>, from: Option<usize>, segments: &[ReadSegment]) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    for at in range.clone() {
        let mark = &marks[at];
        match found.last_mut() {
            Some(piece) if piece.segment == mark.segment => piece.frames.end = mark.frames.end,
            _ => {
                let before = at.checked_sub(1).map(|b| &marks[b]).filter(|b| b.segment == mark.segment);
                let start = before.map_or(0, |b| b.frames.end);
                found.push(Piece { segment: mark.segment, frames: start..mark.frames.end });
            }
        }
    }
    if let (Some(piece), Some(from)) = (found.first_mut(), from) {
        piece.frames.start = from;
    }
    if let Some(piece) = found.last_mut() {
        let after = marks.get(range.end).filter(|m| m.segment == piece.segment);
        piece.frames.end = after.map_or(segments[piece.segment].lattice.len(), |m| m.frames.start);
    }
    found
}

/// The first mark of the line on which a sentence goes on.
fn next_line(marks: &[Mark], last: &Mark, segments: &[ReadSegment], label: &ReadSegment) -> Option<usize> {
    let height = label.segment.height();
    let at = marks.iter().position(|m| m.line > last.line)?;
    let segment = &segments[marks[at].segment].segment;
    let near = segment.middle() - label.segment.middle() < 2.5 * height;
    // A sentence goes on at the left margin, a table's next row anywhere.
    (near && segment.left < label.segment.left + height).then_some(at)
}

/// The places right of a label where the detector may have missed a value, and what speaks against
/// them: up to the next label or the page's end, and as wide as the value is where its characters are
/// narrow.
pub(crate) fn gaps(
    schema: &FieldSchema,
    occurrence: &Occurrence,
    occurrences: &[Occurrence],
    text: &TextLines,
    segments: &[ReadSegment],
    page_end: f32,
) -> (Vec<Segment>, f64) {
    let marks = &text.marks;
    let last = &marks[occurrence.marks.end - 1];
    let read = &segments[last.segment];
    let at = |mark: &Mark, frame: usize| {
        let read = &segments[mark.segment];
        read.segment.left + frame as f32 * read.pixels_a_frame
    };
    let left = at(last, last.frames.end);
    let height = read.segment.height();
    let longest = schema.language.longest().unwrap_or(OPEN_LENGTH).min(OPEN_LENGTH);
    let next = occurrences
        .iter()
        .map(|o| &marks[o.marks.start])
        .filter(|m| m.line == last.line)
        .map(|m| at(m, m.frames.start))
        .filter(|u| *u > left)
        .fold(page_end, f32::min);
    let widest = next - left;
    let wide = widest.min((longest as f32 + 2.0) * WIDE * height);
    let narrow = (longest as f32 + 2.0) * NARROW * height;
    let mut places = vec![Segment { left, right: left + wide, ..read.segment }];
    let is_narrow = matches!(schema.kind, ValueKind::Identifier | ValueKind::Ratio | ValueKind::Decimal);
    if is_narrow && !schema.is_open && narrow < 0.9 * wide {
        // Where the detector saw a part of the value, it tells how high above its blank it stands.
        let on_line = marks[occurrence.marks.end..].iter().take_while(|m| m.line == last.line);
        let part = on_line.map(|m| m.segment).find(|segment| *segment != last.segment);
        let part = part.map_or(read.segment, |segment| segments[segment].segment);
        let narrow = Segment { left, right: left + narrow, ..part };
        let trim = TRIM * part.height();
        places.extend([narrow, Segment { top: part.top + trim, bottom: part.bottom - trim, ..narrow }]);
    }
    places.retain(|place| place.width() > height);
    (places, occurrence.edits as f64 * DOUBT_EDIT + DOUBT_GAP)
}

/// The segment right below a label.
fn below(label: &[Mark], segments: &[ReadSegment]) -> Option<usize> {
    let first = label.first()?;
    let segment = &segments[first.segment];
    let left = segment.segment.left + first.frames.start as f32 * segment.pixels_a_frame;
    let right = segment.segment.left + label.last()?.frames.end as f32 * segment.pixels_a_frame;
    let height = segment.segment.height();
    let candidates = segments.iter().enumerate().filter(|(at, other)| {
        let other = &other.segment;
        let distance = other.middle() - segment.segment.middle();
        *at != first.segment
            && distance > 0.6 * height
            && distance < 2.8 * height
            && other.left < right
            && other.right > left
    });
    candidates.min_by(|a, b| a.1.segment.middle().total_cmp(&b.1.segment.middle())).map(|(at, _)| at)
}
