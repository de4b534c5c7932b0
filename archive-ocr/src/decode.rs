//! Reading a lattice under a language, and scoring a given text on it.
//!
//! A window on a line rarely holds the value alone: a colon before it, a bracket, the next words of
//! the sentence after it. So both ends may skip frames, at a price for each one that is not blank.
//! All scores are relative to the freest reading of the same frames, whose score is 0: a score of
//! −3 says that the text is e³ times less likely than whatever else might stand there.

use std::ops::Range;

use archive_core::language::{Language, StateId};

use crate::lattice::{Lattice, log_add};

/// The price of skipping a frame before the value that holds a mark or a rest of the form: the value
/// should begin where the label ends.
const BEFORE: f64 = 1.2;

/// The price of skipping a frame before the value that holds a letter or a digit: it is most likely
/// part of the value.
const BEFORE_TEXT: f64 = 2.4;

/// The price on either side of a value that may be any text: nothing else keeps its first and its
/// last character.
const OPEN: f64 = 4.0;

/// The price of skipping a frame after the value: the longer of two readings explains more.
const AFTER: f64 = 1.0;

/// What comes after a value is not its business: beyond this price the rest is free.
const AFTER_LIMIT: f64 = 8.0;

/// A character this much less likely than the best one of its frame is not tried.
const TRIED: f32 = -11.0;

/// Readings that are kept while going through the frames.
const BEAM: usize = 40;

/// A reading this much worse than the best one is dropped on the way.
const BEAM_DEPTH: f64 = 16.0;

/// A text and its score; see the [module](self).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hypothesis {
    pub(crate) text: String,
    pub(crate) score: f64,
}

/// What may be skipped around a text, and at what price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skipping {
    /// Around a value whose language says where it ends.
    Value,
    /// Around a value that may be any text.
    OpenValue,
    /// Around a label: what comes after it is free.
    Label,
}

/// A lattice with the prices of skipping, on which texts are scored.
pub(crate) struct Scorer<'a> {
    lattice: &'a Lattice,
    /// For each frame, the price of skipping all before it.
    before: Vec<f64>,
    /// For each frame, the price of skipping it and all after it.
    after: Vec<f64>,
}

impl<'a> Scorer<'a> {
    /// Of a value's place; `is_open` where any text may be a value.
    pub(crate) fn of_value(lattice: &'a Lattice, is_open: bool) -> Self {
        Self::new(lattice, if is_open { Skipping::OpenValue } else { Skipping::Value })
    }

    fn new(lattice: &'a Lattice, skipping: Skipping) -> Self {
        let price_after = match skipping {
            Skipping::Value => AFTER,
            Skipping::OpenValue => OPEN,
            Skipping::Label => 0.0,
        };
        let price_before = |t: usize| match lattice.best_character(t) {
            _ if skipping == Skipping::OpenValue => OPEN,
            Some(c) if c.is_alphanumeric() => BEFORE_TEXT,
            _ => BEFORE,
        };
        let count = lattice.len();
        let inked = |t: usize| is_inked(lattice, t);
        let (mut before, mut after) = (vec![0.0; count + 1], vec![0.0; count + 1]);
        for t in 0..count {
            before[t + 1] = before[t] - if inked(t) { price_before(t) } else { 0.0 };
        }
        for t in (0..count).rev() {
            after[t] = (after[t + 1] - if inked(t) { price_after } else { 0.0 }).max(-AFTER_LIMIT);
        }
        Self { lattice, before, after }
    }

    fn blank(&self, t: usize) -> f64 {
        f64::from(self.lattice.blank(t) - self.lattice.best(t))
    }

    fn class(&self, t: usize, class: u32) -> f64 {
        f64::from(self.lattice.log_probability(t, class) - self.lattice.best(t))
    }

    /// The score of `text`, as [`n_best`] would give it with an endless beam.
    pub(crate) fn score(&self, text: &str) -> f64 {
        self.ending(text).map_or(f64::NEG_INFINITY, |end| end.0)
    }

    /// The score of `text` where it ends best, and the frame after it.
    fn ending(&self, text: &str) -> Option<(f64, usize)> {
        let lattice = self.lattice;
        let labels: Vec<u32> =
            text.chars().map(|c| lattice.alphabet().class(c).unwrap_or(u32::MAX)).collect();
        let last = labels.len().checked_sub(1)?;
        // For each label: the likelihood of standing on it, and on the blank after it.
        let mut on = vec![f64::NEG_INFINITY; labels.len()];
        let mut off = on.clone();
        let mut best = None;
        for t in 0..lattice.len() {
            let blank = self.blank(t);
            // The first frames cannot have come to the later labels.
            for i in (0..=last.min(t)).rev() {
                let entered = if i == 0 {
                    self.before[t]
                } else if labels[i] == labels[i - 1] {
                    off[i - 1]
                } else {
                    log_add(on[i - 1], off[i - 1])
                };
                let stayed = log_add(on[i], off[i]) + blank;
                on[i] = log_add(on[i], entered) + self.class(t, labels[i]);
                off[i] = stayed;
            }
            let end = log_add(on[last], off[last]) + self.after[t + 1];
            if best.is_none_or(|(score, _)| end > score) {
                best = Some((end, t + 1));
            }
        }
        best
    }
}

fn is_inked(lattice: &Lattice, frame: usize) -> bool {
    lattice.best(frame) > lattice.blank(frame)
}

/// Whether a letter or a digit stands on one of the frames.
pub(crate) fn has_text(lattice: &Lattice, mut frames: Range<usize>) -> bool {
    frames.any(|t| is_inked(lattice, t) && lattice.best_character(t).is_some_and(char::is_alphanumeric))
}

/// A reading on the way: its text as a path through the nodes, and how likely it is.
struct Node {
    parent: usize,
    /// The readings that are longer by one character: the first, and the next one of the same parent.
    child: Option<usize>,
    sibling: Option<usize>,
    class: u32,
    character: char,
    state: StateId,
    best_end: f64,
    /// Its place in the next frame's readings.
    slot: Option<usize>,
}

impl Node {
    fn new(parent: usize, sibling: Option<usize>, class: u32, character: char, state: StateId) -> Self {
        let best_end = f64::NEG_INFINITY;
        Self { parent, child: None, sibling, class, character, state, best_end, slot: None }
    }
}

#[derive(Clone, Copy)]
struct Likelihood {
    blank: f64,
    inked: f64,
}

impl Likelihood {
    const NONE: Self = Self { blank: f64::NEG_INFINITY, inked: f64::NEG_INFINITY };

    fn total(self) -> f64 {
        log_add(self.blank, self.inked)
    }
}

/// A reading among those of a frame, and the sum of its likelihoods.
struct Standing {
    node: usize,
    likelihood: Likelihood,
    total: f64,
}

/// All readings that were met, as a tree; the first node is the empty reading.
struct Readings<'a> {
    language: &'a Language,
    nodes: Vec<Node>,
}

impl Readings<'_> {
    /// The reading that is longer by a character; `None` where the language has none.
    fn longer(&mut self, at: usize, class: u32, character: char) -> Option<usize> {
        let mut known = self.nodes[at].child;
        while let Some(child) = known {
            if self.nodes[child].class == class {
                return Some(child);
            }
            known = self.nodes[child].sibling;
        }
        let state = self.language.step(self.nodes[at].state, character)?;
        let node = Node::new(at, self.nodes[at].child, class, character, state);
        self.nodes.push(node);
        self.nodes[at].child = Some(self.nodes.len() - 1);
        self.nodes[at].child
    }

    /// A reading's likelihood in the next frame.
    fn next<'n>(&mut self, at: usize, next: &'n mut Vec<Standing>) -> &'n mut Likelihood {
        let slot = *self.nodes[at].slot.get_or_insert_with(|| {
            next.push(Standing { node: at, likelihood: Likelihood::NONE, total: f64::NEG_INFINITY });
            next.len() - 1
        });
        &mut next[slot].likelihood
    }
}

/// The likeliest members of `language`, best first; `is_open` where any text may be a value.
pub(crate) fn n_best(lattice: &Lattice, is_open: bool, language: &Language, count: usize) -> Vec<Hypothesis> {
    let scored = Scorer::of_value(lattice, is_open);
    let mut readings = Readings { language, nodes: vec![Node::new(0, None, 0, '\0', language.start())] };
    let (mut beam, mut next): (Vec<Standing>, Vec<Standing>) = (Vec::new(), Vec::new());
    for t in 0..lattice.len() {
        let blank = scored.blank(t);
        let best = lattice.best(t);
        let tried: Vec<(u32, char, f64)> = lattice
            .kept(t)
            .filter(|(_, p)| p - best > TRIED)
            .filter_map(|(class, p)| Some((class, lattice.alphabet().character(class)?, f64::from(p - best))))
            .collect();
        // The value may begin at any frame.
        let beginning = Likelihood { blank: scored.before[t], inked: f64::NEG_INFINITY };
        beam.push(Standing { node: 0, likelihood: beginning, total: beginning.blank });
        for Standing { node: at, likelihood, total } in beam.drain(..) {
            let own = readings.nodes[at].class;
            if at != 0 {
                let same = scored.class(t, own);
                let entry = readings.next(at, &mut next);
                entry.blank = log_add(entry.blank, total + blank);
                entry.inked = log_add(entry.inked, likelihood.inked + same);
            }
            for &(class, character, p) in &tried {
                let from = if class == own { likelihood.blank } else { total };
                if from == f64::NEG_INFINITY {
                    continue;
                }
                let Some(child) = readings.longer(at, class, character) else { continue };
                let entry = readings.next(child, &mut next);
                entry.inked = log_add(entry.inked, from + p);
            }
        }
        for standing in &mut next {
            standing.total = standing.likelihood.total();
            readings.nodes[standing.node].slot = None;
        }
        std::mem::swap(&mut beam, &mut next);
        // The node's number breaks ties, so that the same lattice always gives the same reading.
        beam.sort_by(|a, b| b.total.total_cmp(&a.total).then(a.node.cmp(&b.node)));
        beam.truncate(BEAM);
        if let Some(best) = beam.first().map(|b| b.total) {
            beam.retain(|b| b.total > best - BEAM_DEPTH);
        }
        for Standing { node, total, .. } in &beam {
            let node = &mut readings.nodes[*node];
            if language.is_accepting(node.state) {
                node.best_end = node.best_end.max(total + scored.after[t + 1]);
            }
        }
    }
    let nodes = readings.nodes;
    let mut ends: Vec<usize> =
        (1..nodes.len()).filter(|at| nodes[*at].best_end > f64::NEG_INFINITY).collect();
    ends.sort_by(|a, b| nodes[*b].best_end.total_cmp(&nodes[*a].best_end).then(a.cmp(b)));
    ends.truncate(count);
    ends.into_iter().map(|at| Hypothesis { text: path(&nodes, at), score: nodes[at].best_end }).collect()
}

fn path(nodes: &[Node], mut at: usize) -> String {
    let mut characters = Vec::new();
    while at != 0 {
        characters.push(nodes[at].character);
        at = nodes[at].parent;
    }
    characters.iter().rev().collect()
}

/// The score of `text`, as [`n_best`] would give it with an endless beam.
pub(crate) fn score(lattice: &Lattice, is_open: bool, text: &str) -> f64 {
    Scorer::of_value(lattice, is_open).score(text)
}

/// The score of `label` as a text with which a segment begins, and the frame after it.
pub(crate) fn label(lattice: &Lattice, label: &str) -> Option<(f64, usize)> {
    Scorer::new(lattice, Skipping::Label).ending(label)
}

/// The frames of each character of `text` on its likeliest alignment; `None` where it has more
/// characters than there are frames.
pub(crate) fn align(lattice: &Lattice, is_open: bool, text: &str) -> Option<Vec<Range<usize>>> {
    let labels: Vec<u32> = text.chars().map(|c| lattice.alphabet().class(c).unwrap_or(u32::MAX)).collect();
    let (count, frames) = (labels.len(), lattice.len());
    if count == 0 || count > frames {
        return None;
    }
    let scored = Scorer::of_value(lattice, is_open);
    // State 2i is on label i, 2i + 1 on the blank after it; `came[t][state]` is where from.
    const NEW: u32 = u32::MAX;
    let mut now = vec![f64::NEG_INFINITY; 2 * count];
    let mut came: Vec<Vec<u32>> = Vec::with_capacity(frames);
    let (mut best, mut best_at) = (f64::NEG_INFINITY, None);
    for t in 0..frames {
        let blank = scored.blank(t);
        let mut next = vec![f64::NEG_INFINITY; 2 * count];
        let mut from = vec![NEW; 2 * count];
        for i in 0..count {
            let p = scored.class(t, labels[i]);
            let mut options = vec![(now[2 * i], 2 * i as u32)];
            if i == 0 {
                options.push((scored.before[t], NEW));
            } else {
                options.push((now[2 * i - 1], 2 * i as u32 - 1));
                if labels[i] != labels[i - 1] {
                    options.push((now[2 * i - 2], 2 * i as u32 - 2));
                }
            }
            let (value, source) = options.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
            (next[2 * i], from[2 * i]) = (value + p, source);
            let (value, source) =
                if now[2 * i] > now[2 * i + 1] { (now[2 * i], 2 * i) } else { (now[2 * i + 1], 2 * i + 1) };
            (next[2 * i + 1], from[2 * i + 1]) = (value + blank, source as u32);
        }
        let end = next[2 * count - 2] + scored.after[t + 1];
        if end > best {
            (best, best_at) = (end, Some(t));
        }
        came.push(from);
        now = next;
    }
    let mut spans = vec![0..0; count];
    let (mut t, mut state) = (best_at?, 2 * count - 2);
    loop {
        if state % 2 == 0 {
            let span = &mut spans[state / 2];
            *span = t..if span.start == span.end { t + 1 } else { span.end };
        }
        let source = came[t][state];
        if source == NEW || t == 0 {
            break;
        }
        state = source as usize;
        t -= 1;
    }
    Some(spans)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lattice::Alphabet;
    use crate::pattern::compile;

    /// A lattice in which each character of `sure` is read at 0.9, `?` standing for an even choice of
    /// 1 and 7.
    fn lattice(sure: &str) -> Lattice {
        let alphabet = Arc::new(Alphabet::new("0123456789:kVA千伏安,".chars()));
        let classes = alphabet.class_count();
        let mut probabilities = Vec::new();
        for c in sure.chars() {
            let mut frame = vec![0.001; classes];
            if c == '?' {
                frame[alphabet.class('1').unwrap() as usize] = 0.45;
                frame[alphabet.class('7').unwrap() as usize] = 0.5;
            } else {
                frame[alphabet.class(c).unwrap() as usize] = 0.9;
            }
            probabilities.extend(frame);
            let mut blank = vec![0.001; classes];
            blank[0] = 0.95;
            probabilities.extend(blank);
        }
        Lattice::prune(alphabet, &probabilities).unwrap()
    }

    #[test]
    fn a_language_chooses_between_two_readings() {
        let lattice = lattice(":?00kVA,2");
        let free = n_best(&lattice, false, &compile("[0-9]+kVA").unwrap(), 5);
        assert_eq!(free[0].text, "700kVA");
        assert_eq!(free[1].text, "100kVA");
        let bound = n_best(&lattice, false, &compile("1[0-9]+kVA").unwrap(), 5);
        assert_eq!(bound[0].text, "100kVA");
        assert!(free[0].score > bound[0].score && bound[0].score > free[0].score - 1.0);
    }

    #[test]
    fn the_score_of_a_text_is_the_beams() {
        let lattice = lattice(":?00kVA,2");
        for hypothesis in n_best(&lattice, false, &compile("[0-9]+kVA").unwrap(), 2) {
            let difference = score(&lattice, false, &hypothesis.text) - hypothesis.score;
            assert!(difference.abs() < 0.05, "{hypothesis:?} {difference}");
        }
        assert!(score(&lattice, false, "200kVA") < -5.0);
        assert!(score(&lattice, false, "").is_infinite());
    }

    #[test]
    fn characters_are_found_in_their_place() {
        let lattice = lattice(":400千伏安");
        let spans = align(&lattice, false, "400千伏安").unwrap();
        assert_eq!(spans[0], 2..3);
        assert_eq!(spans.last().unwrap().start, 12);
        assert_eq!(align(&lattice, false, &"4".repeat(100)), None);
    }

    #[test]
    fn what_follows_a_label_costs_nothing() {
        let (short, long) = (lattice("千伏:"), lattice("千伏:4004004004"));
        let (a, end) = label(&short, "千伏").unwrap();
        let (b, _) = label(&long, "千伏").unwrap();
        assert!((a - b).abs() < 1e-9 && end >= 3, "{a} {b} {end}");
        assert!(label(&short, "伏千").unwrap().0 < a - 5.0);
        assert_eq!(label(&short, ""), None);
    }

    #[test]
    fn a_text_before_a_value_costs_more_than_a_mark() {
        let mark = score(&lattice(":400kVA"), false, "400kVA");
        let text = score(&lattice("伏400kVA"), false, "400kVA");
        assert!(text < mark - 1.0, "{text} {mark}");
        assert!(has_text(&lattice(":4"), 0..4) && !has_text(&lattice(":4"), 0..2));
    }

    #[test]
    fn an_empty_lattice_gives_nothing() {
        let lattice = lattice("");
        assert_eq!(n_best(&lattice, false, &compile("[0-9]+").unwrap(), 3), []);
        assert_eq!(align(&lattice, false, "4"), None);
    }
}
