//! From scores to a probability that a reading is right.

use archive_core::units::Confidence;

use crate::candidates::Candidate;
use crate::lattice::log_add;
use crate::schema::FieldSchema;

/// The probability that `first` is right, given the other candidates and how well it fits.
pub(crate) fn of(_: &FieldSchema, first: &Candidate, others: &[Candidate], merit: f64) -> Confidence {
    let rest = others.iter().map(|c| c.score).fold(f64::NEG_INFINITY, log_add);
    let margin = (first.score - rest).min(12.0);
    let probability = 1.0 / (1.0 + (-(0.8 * margin + 1.6 + 0.3 * merit.max(-20.0))).exp());
    Confidence::try_from(probability.clamp(0.0, 1.0)).unwrap_or(Confidence::ZERO)
}
