//! What a recogniser says of a line: for each frame, how likely each character stands there.
//!
//! ```
//! use std::sync::Arc;
//! use archive_ocr::lattice::{Alphabet, Lattice};
//!
//! let alphabet = Arc::new(Alphabet::new("ab".chars()));
//! // Three frames of probabilities for: nothing, a, b.
//! let lattice = Lattice::prune(alphabet, &[0.1, 0.9, 0.0, 0.8, 0.1, 0.1, 0.2, 0.1, 0.7])?;
//! assert_eq!(lattice.greedy().text(), "ab");
//! assert!(lattice.log_likelihood("ab", 0..3) > lattice.log_likelihood("bb", 0..3));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A line's characters follow the rules of connectionist temporal classification (CTC): each frame
//! holds one character or nothing (the blank); a character may last several frames, and a repeated
//! one needs a blank between. A lattice keeps, of thousands of characters a frame, those above
//! [`KEPT`]; the rest are at [`FLOOR`].
//!
//! Forms of a character that mean the same (full width, compatibility forms) are one character
//! here. White space and the underline of a filled-in blank mean nothing, and count as blank.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use archive_core::{Error, ErrorKind};

/// The least probability that is kept.
pub const KEPT: f32 = 1e-6;

/// The log-probability of whatever was not kept.
pub const FLOOR: f32 = -16.0;

/// The most characters that are kept in a frame.
const KEPT_A_FRAME: usize = 48;

/// The characters that a recogniser knows; class 0 is the blank.
#[derive(Debug, Clone)]
pub struct Alphabet {
    characters: Vec<char>,
    classes: HashMap<char, u32>,
    /// For each class the first one of the same meaning.
    canonical: Vec<u32>,
}

impl Alphabet {
    /// An alphabet of `characters`, which get the classes from 1 on.
    #[must_use]
    pub fn new(characters: impl IntoIterator<Item = char>) -> Self {
        let characters: Vec<char> = characters.into_iter().map(fold_character).collect();
        let mut classes = HashMap::new();
        let mut canonical = vec![0];
        for (class, c) in (1..).zip(&characters) {
            let means_nothing = c.is_whitespace() || *c == '_';
            canonical.push(if means_nothing { 0 } else { *classes.entry(*c).or_insert(class) });
        }
        Self { characters, classes, canonical }
    }

    /// The number of classes, the blank among them.
    #[must_use]
    pub fn class_count(&self) -> usize {
        self.characters.len() + 1
    }

    /// The class of a character.
    #[must_use]
    pub fn class(&self, c: char) -> Option<u32> {
        self.classes.get(&c).copied()
    }

    /// The character of a class; `None` for the blank and beyond the end.
    #[must_use]
    pub fn character(&self, class: u32) -> Option<char> {
        self.characters.get((class as usize).checked_sub(1)?).copied()
    }
}

/// One frame: its kept classes, most likely first.
#[derive(Debug, Clone)]
struct Frame {
    blank: f32,
    kept: Vec<(u32, f32)>,
}

/// A line as a recogniser saw it; see the [module](self).
#[derive(Debug, Clone)]
pub struct Lattice {
    alphabet: Arc<Alphabet>,
    frames: Vec<Frame>,
}

/// One character of a reading, and the frames that it stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct Glyph {
    /// The character.
    pub character: char,
    /// The frames on which it is the most likely one.
    pub frames: Range<usize>,
    /// The log-probability of its best frame, at most 0.
    pub log_probability: f32,
}

/// A line's characters with their frames.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Glyphs(pub Vec<Glyph>);

impl Glyphs {
    /// The characters as a text.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.iter().map(|g| g.character).collect()
    }
}

impl Lattice {
    /// Keeps what is likely of `probabilities`, one row of all classes for each frame.
    ///
    /// # Errors
    /// `Corrupt` where the values are no whole number of rows: the model is of another kind.
    pub fn prune(alphabet: Arc<Alphabet>, probabilities: &[f32]) -> Result<Self, Error> {
        let classes = alphabet.class_count();
        if !probabilities.len().is_multiple_of(classes) {
            let message =
                format!("gave {} values, no multiple of its {classes} classes", probabilities.len());
            return Err(Error::new(ErrorKind::Corrupt, "recogniser", message));
        }
        let frames =
            probabilities.chunks_exact(classes).map(|p| prune_frame(p, &alphabet.canonical)).collect();
        Ok(Self { alphabet, frames })
    }

    /// The number of frames.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether it has no frame.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The characters that it speaks of.
    #[must_use]
    pub fn alphabet(&self) -> &Arc<Alphabet> {
        &self.alphabet
    }

    /// The log-probability of `class` in a frame.
    #[must_use]
    pub fn log_probability(&self, frame: usize, class: u32) -> f32 {
        let Some(frame) = self.frames.get(frame) else { return FLOOR };
        if class == 0 {
            return frame.blank;
        }
        frame.kept.iter().find(|(c, _)| *c == class).map_or(FLOOR, |(_, p)| *p)
    }

    /// The log-probability of the blank in a frame.
    #[must_use]
    pub fn blank(&self, frame: usize) -> f32 {
        self.frames.get(frame).map_or(FLOOR, |f| f.blank)
    }

    /// The kept classes of a frame other than the blank, most likely first.
    pub fn kept(&self, frame: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        self.frames.get(frame).into_iter().flat_map(|f| f.kept.iter().copied())
    }

    /// The log-probability of the likeliest class of a frame, the blank among them.
    #[must_use]
    pub fn best(&self, frame: usize) -> f32 {
        let kept = self.kept(frame).next().map_or(FLOOR, |(_, p)| p);
        kept.max(self.blank(frame))
    }

    /// The likeliest character of a frame, the blank left aside.
    #[must_use]
    pub fn best_character(&self, frame: usize) -> Option<char> {
        self.kept(frame).next().and_then(|(class, _)| self.alphabet.character(class))
    }

    /// This lattice with another one after it.
    #[must_use]
    pub fn join(mut self, next: &Self) -> Self {
        self.frames.extend(next.frames.iter().cloned());
        self
    }

    /// A part of the lattice.
    #[must_use]
    pub fn slice(&self, frames: Range<usize>) -> Self {
        let end = frames.end.min(self.len());
        let start = frames.start.min(end);
        Self { alphabet: Arc::clone(&self.alphabet), frames: self.frames[start..end].to_vec() }
    }

    /// The likeliest character of each frame, joined by the rules of CTC.
    #[must_use]
    pub fn greedy(&self) -> Glyphs {
        let mut glyphs: Vec<Glyph> = Vec::new();
        let mut last = 0;
        for (index, frame) in self.frames.iter().enumerate() {
            let (class, log_probability) = match frame.kept.first() {
                Some(&(class, p)) if p > frame.blank => (class, p),
                _ => (0, frame.blank),
            };
            if let Some(character) = self.alphabet.character(class) {
                match glyphs.last_mut() {
                    Some(glyph) if class == last => {
                        glyph.frames.end = index + 1;
                        glyph.log_probability = glyph.log_probability.max(log_probability);
                    }
                    _ => glyphs.push(Glyph { character, frames: index..index + 1, log_probability }),
                }
            }
            last = class;
        }
        Glyphs(glyphs)
    }

    /// The log-probability that the frames hold exactly `text`, over all alignments (the forward
    /// algorithm). A character that the alphabet lacks counts as never seen.
    #[must_use]
    pub fn log_likelihood(&self, text: &str, frames: Range<usize>) -> f64 {
        let labels: Vec<u32> = text.chars().map(|c| self.alphabet.class(c).unwrap_or(u32::MAX)).collect();
        // States: blank, label 0, blank, label 1, …, blank.
        let count = 2 * labels.len() + 1;
        let mut forward = vec![f64::NEG_INFINITY; count];
        let mut next = forward.clone();
        forward[0] = 0.0;
        for frame in frames {
            let blank = f64::from(self.blank(frame));
            for state in 0..count {
                let mut total = forward[state];
                if state > 0 {
                    total = log_add(total, forward[state - 1]);
                }
                let label = state / 2;
                if state % 2 == 1 && label > 0 && labels[label] != labels[label - 1] {
                    total = log_add(total, forward[state - 2]);
                }
                next[state] = total
                    + if state % 2 == 0 {
                        blank
                    } else {
                        f64::from(self.log_probability(frame, labels[label]))
                    };
            }
            std::mem::swap(&mut forward, &mut next);
        }
        if count == 1 { forward[0] } else { log_add(forward[count - 1], forward[count - 2]) }
    }
}

/// What lies this far below another likelihood adds nothing to it that a sum of them would show.
const NEGLIGIBLE: f64 = 32.0;

/// ln(eᵃ + eᵇ), to within e⁻³².
#[must_use]
pub(crate) fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low > high - NEGLIGIBLE { high + (low - high).exp().ln_1p() } else { high }
}

/// The one form of a character that stands for all forms of the same meaning.
fn fold_character(c: char) -> char {
    let mut forms =
        archive_core::writing::fold(c.encode_utf8(&mut [0; 4])).chars().collect::<Vec<_>>().into_iter();
    match (forms.next(), forms.next()) {
        (Some(folded), None) => folded,
        // What falls apart into several characters stays whole: a frame holds one.
        _ => c,
    }
}

fn prune_frame(probabilities: &[f32], canonical: &[u32]) -> Frame {
    let mut blank = probabilities[0];
    let mut kept: Vec<(u32, f32)> = Vec::new();
    // Nearly all values are far below what is kept: looking at blocks first is several times faster.
    for (block, values) in probabilities.chunks(64).enumerate() {
        if !values.iter().fold(false, |any, p| any | (*p >= KEPT)) {
            continue;
        }
        for (offset, p) in values.iter().enumerate().filter(|(_, p)| **p >= KEPT) {
            let class = block * 64 + offset;
            match canonical[class] {
                _ if class == 0 => {}
                0 => blank += p,
                class => kept.push((class, *p)),
            }
        }
    }
    kept.sort_unstable_by_key(|(class, _)| *class);
    kept.dedup_by(|next, first| {
        let same = next.0 == first.0;
        if same {
            first.1 += next.1;
        }
        same
    });
    kept.sort_by(|a, b| b.1.total_cmp(&a.1));
    kept.truncate(KEPT_A_FRAME);
    kept.iter_mut().for_each(|(_, p)| *p = p.ln().min(0.0));
    Frame { blank: blank.max(f32::MIN_POSITIVE).ln().clamp(FLOOR, 0.0), kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alphabet() -> Arc<Alphabet> {
        Arc::new(Alphabet::new("ab".chars()))
    }

    #[test]
    fn likelihoods_of_all_texts_sum_to_one() {
        let lattice = Lattice::prune(alphabet(), &[0.5, 0.3, 0.2, 0.1, 0.6, 0.3, 0.3, 0.3, 0.4]).unwrap();
        let mut texts = vec![String::new()];
        let mut total = 0.0;
        for _ in 0..=3 {
            total += texts.iter().map(|t| lattice.log_likelihood(t, 0..3).exp()).sum::<f64>();
            texts = texts.iter().flat_map(|t| [format!("{t}a"), format!("{t}b")]).collect();
        }
        assert!((total - 1.0).abs() < 1e-6, "{total}");
    }

    #[test]
    fn a_repeated_character_needs_a_blank() {
        let lattice = Lattice::prune(alphabet(), &[0.0, 1.0, 0.0, 0.0, 1.0, 0.0]).unwrap();
        assert!(lattice.log_likelihood("a", 0..2) > -1e-6);
        assert!(lattice.log_likelihood("aa", 0..2) < -10.0);
        assert_eq!(lattice.greedy().text(), "a");
    }

    #[test]
    fn a_character_outside_the_alphabet_is_unlikely_not_fatal() {
        let lattice = Lattice::prune(alphabet(), &[0.0, 1.0, 0.0]).unwrap();
        assert!(lattice.log_likelihood("字", 0..1) <= f64::from(FLOOR));
    }

    #[test]
    fn forms_of_one_character_are_one_and_spaces_are_nothing() {
        let alphabet = Arc::new(Alphabet::new("：: _".chars()));
        let lattice = Lattice::prune(alphabet, &[0.1, 0.4, 0.4, 0.05, 0.05]).unwrap();
        assert_eq!(lattice.greedy().text(), ":");
        assert!((lattice.blank(0).exp() - 0.2).abs() < 1e-6);
    }

    #[test]
    fn a_model_of_another_kind_is_noticed() {
        let error = Lattice::prune(alphabet(), &[0.1; 4]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn hostile_probabilities_do_not_panic() {
        let lattice = Lattice::prune(alphabet(), &[f32::NAN, f32::INFINITY, -1.0]).unwrap();
        assert!(lattice.greedy().text().len() <= 1);
    }
}
