//! The values that a window may hold, and how much each is to be believed.

use crate::decode::{self, Hypothesis, Scorer};
use crate::lattice::{Lattice, log_add};
use crate::schema::FieldSchema;

/// Nats that a value outside the dictionary, or with a wrong check character, needs more.
const UNEXPECTED: f64 = 7.0;

/// Nats that a value which few papers bear needs more.
const UNUSUAL: f64 = 2.0;

/// How many readings are looked at.
const READINGS: usize = 24;

/// One value that a window may hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The value in its canonical form.
    pub value: String,
    /// Its likeliest writing on the paper.
    pub text: String,
    /// How likely it is, in nats: 0 is as likely as the freest reading of the same place.
    pub score: f64,
}

/// The texts that a place may hold under the schema, as one look saw it.
pub(crate) fn readings(schema: &FieldSchema, view: &Lattice) -> Vec<Hypothesis> {
    let mut texts = decode::n_best(view, schema.is_open, &schema.language, READINGS);
    // The expected ones may lie below the beam of all others.
    if let Some(expected) = &schema.expected {
        add_readings(&mut texts, decode::n_best(view, schema.is_open, expected, READINGS / 2));
    }
    texts
}

/// Adds those that are not among `texts`.
pub(crate) fn add_readings(texts: &mut Vec<Hypothesis>, more: Vec<Hypothesis>) {
    for reading in more {
        if !texts.iter().any(|t| t.text == reading.text) {
            texts.push(reading);
        }
    }
}

/// The values that a place may hold under the schema, best first, of the [`readings`] of all its
/// views. Each view is one look at the place; a text's score is its mean over all of them.
pub(crate) fn candidates(
    schema: &FieldSchema,
    views: &[&Lattice],
    readings: &[Hypothesis],
) -> Vec<Candidate> {
    let scorers = scorers(schema, views);
    let mut found: Vec<Candidate> = Vec::new();
    for reading in readings {
        if let Some(value) = schema.normalise(&reading.text) {
            let score = if views.len() > 1 { mean_score(&scorers, &reading.text) } else { reading.score };
            let score = score + prior(schema, &value, &reading.text);
            add(schema, &mut found, Candidate { value, text: reading.text.clone(), score });
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found
}

/// The claimed value as a candidate: its score over all its writings. `None` where no writing of it
/// is in the field's language.
pub(crate) fn claim(schema: &FieldSchema, views: &[&Lattice], value: &str) -> Option<Candidate> {
    let scorers = scorers(schema, views);
    let mut found = Vec::new();
    for text in schema.writings(value) {
        if schema.language.matches(&text)
            && let Some(value) = schema.normalise(&text)
        {
            let score = mean_score(&scorers, &text) + prior(schema, &value, &text);
            add(schema, &mut found, Candidate { value, text, score });
        }
    }
    found.into_iter().next()
}

fn scorers<'v>(schema: &FieldSchema, views: &[&'v Lattice]) -> Vec<Scorer<'v>> {
    views.iter().map(|view| Scorer::of_value(view, schema.is_open)).collect()
}

fn mean_score(scorers: &[Scorer], text: &str) -> f64 {
    scorers.iter().map(|scorer| scorer.score(text)).sum::<f64>() / scorers.len() as f64
}

/// Adds a candidate, or its score to that of the same value in another writing.
fn add(schema: &FieldSchema, found: &mut Vec<Candidate>, next: Candidate) {
    match found.iter_mut().find(|c| schema.kind.equal(&c.value, &next.value)) {
        Some(known) => {
            let score = log_add(known.score, next.score);
            if next.score > known.score {
                *known = next;
            }
            known.score = score;
        }
        None => found.push(next),
    }
}

/// What is known of a value before looking, in nats, at most 0.
fn prior(schema: &FieldSchema, value: &str, text: &str) -> f64 {
    let unexpected = schema.expected.as_ref().is_some_and(|e| !e.matches(text));
    let unusual = !schema.usual.is_empty() && !schema.usual.iter().any(|u| schema.kind.equal(u, value));
    -(if unexpected { UNEXPECTED } else { 0.0 } + if unusual { UNUSUAL } else { 0.0 })
}
