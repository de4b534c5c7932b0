//! A page's text as lines: which segments stand beside each other, and where a label stands.

use std::ops::Range;

use crate::decode;
use crate::detection::Segment;
use crate::lattice::Lattice;

/// A segment with what was read on it.
#[derive(Debug)]
pub(crate) struct ReadSegment {
    pub(crate) segment: Segment,
    pub(crate) lattice: Lattice,
    /// Pixels along the line for each frame.
    pub(crate) pixels_a_frame: f32,
}

/// One character of the page, in reading order.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) character: char,
    pub(crate) segment: usize,
    pub(crate) line: usize,
    pub(crate) frames: Range<usize>,
}

/// The characters of a page in reading order.
#[derive(Debug, Default)]
pub(crate) struct TextLines {
    pub(crate) marks: Vec<Mark>,
}

impl TextLines {
    pub(crate) fn new(segments: &[ReadSegment]) -> Self {
        let lines = group(segments);
        let mut marks = Vec::new();
        for (line, members) in lines.iter().enumerate() {
            for &segment in members {
                marks.extend(segments[segment].lattice.greedy().0.into_iter().map(|glyph| Mark {
                    character: glyph.character,
                    segment,
                    line,
                    frames: glyph.frames,
                }));
            }
        }
        Self { marks }
    }
}

/// Segments that stand beside each other, as lines from top to bottom, each from left to right.
fn group(segments: &[ReadSegment]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..segments.len()).collect();
    let middle = |i: usize| segments[i].segment.middle();
    order.sort_by(|a, b| middle(*a).total_cmp(&middle(*b)));
    let mut lines: Vec<Vec<usize>> = Vec::new();
    for at in order {
        let segment = &segments[at].segment;
        let beside = |other: &usize| {
            let other = &segments[*other].segment;
            let height = segment.height().min(other.height());
            // Segments are drawn wider than their ink, so neighbours may overlap.
            let apart = segment.left > other.right - height || other.left > segment.right - height;
            (segment.middle() - other.middle()).abs() < 0.45 * height && apart
        };
        // A line is left open for a while: a tall cell's neighbours lie a little lower.
        let open = lines.len().saturating_sub(3);
        match lines[open..].iter().rposition(|line| line.iter().any(beside)) {
            Some(line) => lines[open + line].push(at),
            None => lines.push(vec![at]),
        }
    }
    for line in &mut lines {
        line.sort_by(|a, b| segments[*a].segment.left.total_cmp(&segments[*b].segment.left));
    }
    lines
}

/// A place where a label stands: its marks, and in how many characters it differs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Occurrence {
    pub(crate) owner: usize,
    pub(crate) marks: Range<usize>,
    pub(crate) edits: usize,
    pub(crate) length: usize,
}

/// Where the labels stand, none over another: the longer one wins, then the one read better.
pub(crate) fn find_labels<'a>(
    marks: &[Mark],
    labels: impl IntoIterator<Item = (usize, &'a str)>,
) -> Vec<Occurrence> {
    let text: Vec<char> = marks.iter().map(|m| m.character).collect();
    let mut found: Vec<Occurrence> = Vec::new();
    for (owner, label) in labels {
        let label: Vec<char> = label.chars().collect();
        let allowed = match label.len() {
            0..=3 => 0,
            4..=6 => 1,
            _ => 2,
        };
        for start in 0..text.len() {
            let head = &text[start..(start + 2).min(text.len())];
            if !label.iter().take(2).any(|c| head.contains(c)) {
                continue;
            }
            let best = (label.len().saturating_sub(allowed)..=label.len() + allowed)
                .filter(|length| start + length <= text.len() && *length > 0)
                .map(|length| (edit_distance(&text[start..start + length], &label), length))
                .min_by_key(|(edits, length)| (*edits, length.abs_diff(label.len())));
            if let Some((edits, length)) = best.filter(|b| b.0 <= allowed) {
                found.push(Occurrence { owner, marks: start..start + length, edits, length: label.len() });
            }
        }
    }
    found.sort_by_key(|o| (std::cmp::Reverse(o.length.saturating_sub(2 * o.edits)), o.edits, o.marks.start));
    let mut taken = vec![false; marks.len()];
    found.retain(|occurrence| {
        let free = !taken[occurrence.marks.clone()].iter().any(|t| *t);
        if free {
            taken[occurrence.marks.clone()].fill(true);
        }
        free
    });
    found.sort_by_key(|o| o.marks.start);
    found
}

/// A label read this badly, in nats a character, is none.
const FAINT: f64 = -2.4;

/// Nats for which one misread character of a label counts.
const FAINT_EDIT: f64 = 4.0;

/// Where the labels of the `missing` owners may stand though they were read too badly to be found by
/// their characters: at the head of a segment on which no other label fits better. `known` are the
/// labels that were found.
pub(crate) fn faint_labels<'a>(
    text: &TextLines,
    segments: &[ReadSegment],
    labels: impl Iterator<Item = (usize, &'a str)> + Clone,
    missing: &[usize],
    known: &[Occurrence],
) -> Vec<Occurrence> {
    let mut found: Vec<(f64, Occurrence)> = Vec::new();
    for (at, read) in segments.iter().enumerate() {
        let of_segment = |m: &Mark| m.segment == at;
        let Some(start) = text.marks.iter().position(of_segment) else { continue };
        let length = text.marks[start..].iter().take_while(|m| of_segment(m)).count();
        if known.iter().any(|k| k.marks.start < start + length && start < k.marks.end) {
            continue;
        }
        // Two characters read badly may be any two.
        let long = labels.clone().filter(|(_, label)| label.chars().nth(2).is_some());
        let scored = long.filter_map(|(owner, label)| {
            let (score, end) = decode::label(&read.lattice, label)?;
            let length = label.chars().count();
            Some((score / length as f64, score, end, owner, length))
        });
        let Some((each, score, end, owner, label_length)) = scored.max_by(|a, b| a.0.total_cmp(&b.0)) else {
            continue;
        };
        let marks = text.marks[start..start + length].iter().take_while(|m| m.frames.start < end).count();
        if each > FAINT && missing.contains(&owner) && marks > 0 {
            let edits = 1 + (-score / FAINT_EDIT) as usize;
            found
                .push((each, Occurrence { owner, marks: start..start + marks, edits, length: label_length }));
        }
    }
    // One place each: the one that fits best.
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut owners = Vec::new();
    found.retain(|(_, o)| {
        !owners.contains(&o.owner) && {
            owners.push(o.owner);
            true
        }
    });
    found.into_iter().map(|(_, o)| o).collect()
}

/// The least number of characters to change, add or leave out to make one of the other.
pub(crate) fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lattice::Alphabet;

    fn marks(text: &str) -> Vec<Mark> {
        text.chars().map(|character| Mark { character, segment: 0, line: 0, frames: 0..1 }).collect()
    }

    #[track_caller]
    fn check(text: &str, labels: &[&str], expected: &[(usize, usize)]) {
        let found = find_labels(&marks(text), labels.iter().copied().enumerate());
        let found: Vec<_> = found.iter().map(|o| (o.owner, o.marks.start)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn labels_are_found_in_spite_of_a_misread_character() {
        check("用户编号:33用户缩号", &["用户编号"], &[(0, 0), (0, 7)]);
        check("户名张三", &["户名", "户号"], &[(0, 0)]);
        check("户各张三", &["户名"], &[]);
    }

    #[test]
    fn the_longer_label_wins() {
        check("用电保证金", &["保证金", "用电保证金"], &[(1, 0)]);
        check("统一社会信用代码/身份证号:", &["统一社会信用代码", "统一社会信用代码/身份证号"], &[(1, 0)]);
    }

    /// A segment on which each character of `text` is as likely as `likely` says, and `other` else.
    fn segment(text: &str, likely: f32, other: char) -> ReadSegment {
        let alphabet = Arc::new(Alphabet::new("电系联话户名号:1234567890签订日期x".chars()));
        let mut probabilities = Vec::new();
        for c in text.chars() {
            for (first, p) in [(alphabet.class(c).unwrap(), likely), (0, 0.9)] {
                let mut frame = vec![0.0001; alphabet.class_count()];
                frame[alphabet.class(other).unwrap() as usize] = 0.9 - likely.min(0.89);
                frame[first as usize] = p;
                probabilities.extend(frame);
            }
        }
        let lattice = Lattice::prune(alphabet, &probabilities).unwrap();
        let segment = Segment { left: 0.0, right: 100.0, top: 0.0, bottom: 20.0 };
        ReadSegment { segment, lattice, pixels_a_frame: 5.0 }
    }

    #[track_caller]
    fn check_faint(segments: &[ReadSegment], missing: &[usize], expected: &[(usize, Range<usize>)]) {
        let labels = [(0, "联系电话"), (1, "签订日期"), (2, "户名")];
        let text = TextLines::new(segments);
        let found = faint_labels(&text, segments, labels.into_iter(), missing, &[]);
        let found: Vec<_> = found.into_iter().map(|o| (o.owner, o.marks)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_faint_label_is_found_where_no_other_fits_better() {
        // Every character is the second choice of its frame.
        check_faint(&[segment("联系电话:123", 0.3, 'x')], &[0, 1], &[(0, 0..4)]);
        check_faint(&[segment("联系电话:123", 0.3, 'x')], &[1], &[]);
        check_faint(&[segment("1234567890", 0.9, 'x')], &[0, 1, 2], &[]);
        check_faint(&[], &[0], &[]);
    }

    #[test]
    fn distances() {
        let distance =
            |a: &str, b: &str| edit_distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(distance("合同编号", "合同号"), 1);
        assert_eq!(distance("", "ab"), 2);
    }
}
