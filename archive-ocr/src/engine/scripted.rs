//! An engine that follows a script.

use std::sync::{Arc, Mutex, PoisonError};

use archive_core::Error;

use super::{Engine, HeatMap};
use crate::lattice::{Alphabet, Lattice};
use crate::plane::Plane;

/// Says the same of every page, and of each line the next text of its script.
///
/// For tests of whatever stands above an engine: one's own form schemas, for example. Lines are
/// asked for in no fixed order; a script of one text serves them all.
#[derive(Debug)]
pub struct ScriptedEngine {
    heat: HeatMap,
    texts: Mutex<Vec<String>>,
    alphabet: Arc<Alphabet>,
}

impl ScriptedEngine {
    /// An engine that finds text where `heat` says, and reads `text` on every line.
    #[must_use]
    pub fn new(heat: HeatMap, text: &str) -> Self {
        Self::with_lines(heat, [text])
    }

    /// An engine that reads `lines` one after the other, and the last one for ever.
    #[must_use]
    pub fn with_lines<S: Into<String>>(heat: HeatMap, lines: impl IntoIterator<Item = S>) -> Self {
        let mut texts: Vec<String> = lines.into_iter().map(Into::into).collect();
        let mut characters: Vec<char> = texts.iter().flat_map(|t| t.chars()).chain('0'..='9').collect();
        characters.sort_unstable();
        characters.dedup();
        texts.reverse();
        Self { heat, texts: Mutex::new(texts), alphabet: Arc::new(Alphabet::new(characters)) }
    }
}

impl Engine for ScriptedEngine {
    fn detector_multiple(&self) -> u32 {
        1
    }

    fn detect(&self, _: &Plane) -> Result<HeatMap, Error> {
        Ok(self.heat.clone())
    }

    fn line_height(&self) -> u32 {
        48
    }

    fn recognise(&self, line: &Plane) -> Result<Lattice, Error> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let text = if texts.len() > 1 { texts.pop() } else { texts.first().cloned() }.unwrap_or_default();
        let classes: Vec<usize> =
            text.chars().filter_map(|c| self.alphabet.class(c)).map(|c| c as usize).collect();
        // A character and a blank take turns, spread over the line's width.
        let frames = (line.width() / 8).max(2 * classes.len());
        let count = self.alphabet.class_count();
        let mut probabilities = vec![0.001 / count as f32; frames * count];
        for frame in 0..frames {
            let step = frame * 2 * classes.len() / frames;
            let class = if step.is_multiple_of(2) { classes.get(step / 2).copied().unwrap_or(0) } else { 0 };
            probabilities[frame * count + class] = 0.999;
        }
        Lattice::prune(Arc::clone(&self.alphabet), &probabilities)
    }
}
