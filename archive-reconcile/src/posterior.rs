//! How probable it is that a record is wrong, given what papers show, and whether that is worth an
//! alert.
//!
//! ```
//! use archive_reconcile::posterior::{Costs, ErrorRate, expected_false_alarms};
//!
//! // Of 1000 reviewed capacities, 12 were wrong in the system.
//! let capacity = ErrorRate::default().after(12, 988);
//! // A missed error costs as much as 20 needless looks at a paper.
//! let costs = Costs::new(20.0)?;
//! // Two papers speak against the record, with 3 and 4 nats.
//! let wrong = capacity.posterior([3.0, 4.0]);
//! assert!(wrong > 0.9 && costs.is_alert(wrong));
//! // Doubtful evidence leaves the record as it was.
//! assert!(!costs.is_alert(capacity.posterior([0.1])));
//! assert!(expected_false_alarms(&costs, [wrong, 0.01]) < 0.1);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Evidence is a log-likelihood ratio in nats: how much better the image is explained by another
//! value than by the record's. It is added to the log-odds that the field was wrong before anybody
//! looked. An alert is raised where leaving an error costs more, on average, than looking.
//!
//! Limits: papers count as independent witnesses. Two scans of one sheet are not: give the larger
//! evidence of the two.

use archive_core::Error;
use serde::{Deserialize, Serialize};

/// How often a field of the system is wrong, learned from reviews.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 2]", into = "[f64; 2]")]
pub struct ErrorRate {
    confirmed: f64,
    false_alarms: f64,
}

/// One wrong value in a hundred, weighed as two reviews are: it yields to experience quickly.
impl Default for ErrorRate {
    fn default() -> Self {
        Self { confirmed: 0.02, false_alarms: 1.98 }
    }
}

impl ErrorRate {
    /// The rate after more reviews: `confirmed` values were wrong and `right` were not. Reviews of
    /// alerts alone overstate it; let some of the values without an alert be reviewed too.
    #[must_use]
    pub fn after(self, confirmed: u64, right: u64) -> Self {
        Self { confirmed: self.confirmed + confirmed as f64, false_alarms: self.false_alarms + right as f64 }
    }

    /// The probability that a value is wrong before anybody looked.
    #[must_use]
    pub fn prior(self) -> f64 {
        self.confirmed / (self.confirmed + self.false_alarms)
    }

    /// The probability that a value is wrong, given the evidence of papers against it in nats.
    /// Evidence that is no number says nothing; endless evidence against endless evidence neither.
    #[must_use]
    pub fn posterior(self, evidence: impl IntoIterator<Item = f64>) -> f64 {
        let known = evidence.into_iter().filter(|nats| !nats.is_nan());
        let sum: f64 = known.sum();
        let sum = if sum.is_nan() { 0.0 } else { sum };
        let prior = self.prior();
        let log_odds = prior.ln() - (1.0 - prior).ln() + sum;
        1.0 / (1.0 + (-log_odds).exp())
    }
}

impl TryFrom<[f64; 2]> for ErrorRate {
    type Error = Error;

    fn try_from([confirmed, false_alarms]: [f64; 2]) -> Result<Self, Error> {
        if [confirmed, false_alarms].iter().all(|n| n.is_finite() && *n > 0.0) {
            Ok(Self { confirmed, false_alarms })
        } else {
            Err(Error::invalid(
                format!("error rate {confirmed}:{false_alarms}"),
                "must be two numbers above 0",
            ))
        }
    }
}

impl From<ErrorRate> for [f64; 2] {
    fn from(rate: ErrorRate) -> [f64; 2] {
        [rate.confirmed, rate.false_alarms]
    }
}

/// What mistakes cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Costs {
    missed: f64,
}

impl Costs {
    /// A missed error costs as much as `missed` false alarms.
    ///
    /// # Errors
    /// `InvalidInput` where that is no number above 0.
    pub fn new(missed: f64) -> Result<Self, Error> {
        if missed.is_finite() && missed > 0.0 {
            Ok(Self { missed })
        } else {
            Err(Error::invalid(format!("cost ratio {missed}"), "must be a number above 0"))
        }
    }

    /// The probability of an error from which an alert is worth its review.
    #[must_use]
    pub fn threshold(self) -> f64 {
        1.0 / (1.0 + self.missed)
    }

    /// Whether a value that is wrong with this probability is to be reviewed.
    #[must_use]
    pub fn is_alert(self, posterior: f64) -> bool {
        posterior > self.threshold()
    }
}

impl TryFrom<f64> for Costs {
    type Error = Error;

    fn try_from(missed: f64) -> Result<Self, Error> {
        Self::new(missed)
    }
}

impl From<Costs> for f64 {
    fn from(costs: Costs) -> f64 {
        costs.missed
    }
}

/// How many of the alerts that `costs` raises over these posteriors will prove false, on average.
#[must_use]
pub fn expected_false_alarms(costs: &Costs, posteriors: impl IntoIterator<Item = f64>) -> f64 {
    // An empty sum of floats is -0.
    posteriors.into_iter().filter(|p| costs.is_alert(*p)).map(|p| 1.0 - p).sum::<f64>() + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A generator of numbers in [0, 1), the same in every run.
    fn uniform(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 11) as f64 / (1_u64 << 53) as f64
    }

    #[test]
    fn the_stated_number_of_false_alarms_is_what_happens() {
        // Values are wrong at a known rate; a paper's evidence is drawn from what it would show.
        let rate = ErrorRate { confirmed: 3.0, false_alarms: 97.0 };
        let costs = Costs::new(5.0).unwrap();
        let (mut state, mut happened, mut posteriors) = (1, 0.0, Vec::new());
        for _ in 0..200_000 {
            let wrong = uniform(&mut state) < rate.prior();
            // A paper that contradicts 90% of wrong values and 4% of right ones.
            let says_wrong = uniform(&mut state) < if wrong { 0.9 } else { 0.04 };
            let nats = if says_wrong { (0.9_f64 / 0.04).ln() } else { (0.1_f64 / 0.96).ln() };
            let posterior = rate.posterior([nats]);
            happened += f64::from(u8::from(costs.is_alert(posterior) && !wrong));
            posteriors.push(posterior);
        }
        let stated = expected_false_alarms(&costs, posteriors);
        assert!(
            happened > 1000.0 && (stated - happened).abs() < 4.0 * happened.sqrt(),
            "{stated} {happened}"
        );
    }

    #[test]
    fn reviews_move_the_prior() {
        let start = ErrorRate::default();
        assert!((start.prior() - 0.01).abs() < 1e-12);
        let after = start.after(50, 50);
        assert!(after.prior() > 0.45 && after.prior() < 0.55);
        assert!(start.after(0, 10_000).prior() < 1e-5);
    }

    #[test]
    fn hostile_evidence_stays_a_probability() {
        let rate = ErrorRate::default();
        assert_eq!(rate.posterior([f64::INFINITY]), 1.0);
        assert_eq!(rate.posterior([f64::NEG_INFINITY]), 0.0);
        assert!((rate.posterior([f64::NAN]) - rate.prior()).abs() < 1e-12);
        assert!((rate.posterior([f64::INFINITY, f64::NEG_INFINITY]) - rate.prior()).abs() < 1e-12);
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Costs::new(bad).unwrap_err().to_string().contains("above 0"));
        }
        for bad in [[0.0, 1.0], [-1.0, 3.0], [f64::NAN, 1.0], [1.0, f64::INFINITY]] {
            assert!(ErrorRate::try_from(bad).unwrap_err().to_string().contains("above 0"));
        }
        assert_eq!(ErrorRate::try_from(<[f64; 2]>::from(rate)).unwrap(), rate);
        assert_eq!(expected_false_alarms(&Costs::new(1.0).unwrap(), []).to_string(), "0");
    }

    proptest! {
        #[test]
        fn more_evidence_is_never_less_probable(a in -50.0..50.0_f64, b in 0.0..50.0_f64, more in 0_u64..1000) {
            let rate = ErrorRate::default().after(more, more);
            let (one, two) = (rate.posterior([a]), rate.posterior([a, b]));
            prop_assert!((0.0..=1.0).contains(&one) && one <= two);
            // Papers in another order say the same.
            prop_assert!((rate.posterior([b, a]) - two).abs() < 1e-9);
        }
    }
}
