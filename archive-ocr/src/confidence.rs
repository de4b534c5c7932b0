//! From scores to a probability that a reading is right, with weights for each field.

use archive_core::units::Confidence;
use serde::Deserialize;

use crate::candidates::Candidate;
use crate::lattice::log_add;

/// A greater lead makes no reading surer.
const LEAD_LIMIT: f64 = 12.0;

/// A reading that fits worse is no less sure.
const FIT_LIMIT: f64 = -20.0;

/// How sure a reading of a field is: the logistic function of
/// `lead` × its lead in nats (at most 12) + `fit` × its fit in nats (at least −20) + `offset`.
///
/// The weights are fitted on pages of which the truth is known, by `benches/ocr/calibrate.py`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Calibration {
    /// What a nat of lead over all other values weighs; above 0, at most 10.
    pub lead: f64,
    /// What a nat of fit weighs; from 0 to 10.
    pub fit: f64,
    /// What speaks for a reading before its scores are known; from −20 to 20.
    pub offset: f64,
}

impl Calibration {
    /// The weights over all fields together.
    pub const OVERALL: Self = Self { lead: 1.1, fit: 0.16, offset: 0.3 };

    /// Whether the weights lie within what they may be.
    #[must_use]
    pub(crate) fn is_sound(self) -> bool {
        self.lead > 0.0
            && self.lead <= 10.0
            && (0.0..=10.0).contains(&self.fit)
            && (-20.0..=20.0).contains(&self.offset)
    }

    /// The probability that a reading with this lead and fit is right.
    pub(crate) fn confidence(self, lead: f64, fit: f64) -> Confidence {
        let odds = self.lead * lead.min(LEAD_LIMIT) + self.fit * fit.max(FIT_LIMIT) + self.offset;
        let probability = 1.0 / (1.0 + (-odds).exp());
        Confidence::try_from(probability.clamp(0.0, 1.0)).unwrap_or(Confidence::ZERO)
    }
}

impl Default for Calibration {
    fn default() -> Self {
        Self::OVERALL
    }
}

/// How far a value is ahead of all others together, in nats; infinite where there is no other.
pub(crate) fn lead(first: &Candidate, others: &[Candidate]) -> f64 {
    first.score - others.iter().map(|c| c.score).fold(f64::NEG_INFINITY, log_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_lead_and_a_better_fit_are_surer() {
        let of = |lead, fit| f64::from(Calibration::OVERALL.confidence(lead, fit));
        assert!(of(5.0, -1.0) > of(1.0, -1.0) && of(5.0, -1.0) > of(5.0, -9.0));
        assert!(of(f64::INFINITY, 0.0) > 0.99 && of(f64::INFINITY, 0.0) <= 1.0);
        assert!(of(0.0, f64::NEG_INFINITY) < 0.1);
        let steep = Calibration { lead: 1.6, ..Calibration::OVERALL };
        assert!(steep.confidence(5.0, -1.0) > Calibration::OVERALL.confidence(5.0, -1.0));
    }

    #[test]
    fn weights_that_mean_nothing_are_unsound() {
        let unsound = [
            Calibration { lead: 0.0, ..Calibration::OVERALL },
            Calibration { lead: f64::NAN, ..Calibration::OVERALL },
            Calibration { fit: -0.1, ..Calibration::OVERALL },
            Calibration { offset: f64::INFINITY, ..Calibration::OVERALL },
        ];
        assert!(unsound.iter().all(|c| !c.is_sound()));
        assert!(Calibration::default().is_sound());
    }
}
