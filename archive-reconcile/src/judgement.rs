//! Papers against a record, field by field: how probable an error of the record is, what is to be done,
//! and what a setting will cost.
//!
//! ```
//! use archive_core::evidence::Verdict;
//! use archive_core::record::Record;
//! use archive_reconcile::judgement::{Decision, Priors, Review, forecast, judge};
//! use archive_reconcile::posterior::Costs;
//! use archive_reconcile::{PaperReading, Schema};
//!
//! let record = Record::new([("ct_ratio".parse()?, "200/5".to_owned())]);
//! let paper = |document: &str, evidence| PaperReading {
//!     document: document.into(),
//!     field: "ct_ratio".parse().unwrap(),
//!     value: Some("100/5".into()),
//!     verdict: Some(Verdict::Mismatch),
//!     evidence,
//! };
//! let (priors, costs) = (Priors::default(), Costs::new(20.0)?);
//! let papers = [paper("contract.jpg", 3.0), paper("work-order.jpg", 4.0)];
//! let judgements = judge(&Schema::reference(), &papers, &record, &priors, costs);
//! assert_eq!(judgements[0].decision, Decision::Alert);
//! // What a review found makes the next judgement better.
//! let wiser = priors.learn("ct_ratio".parse()?, Review::FalseAlarm);
//! assert!(wiser.of("ct_ratio").prior() < priors.of("ct_ratio").prior());
//! // What other settings would bring, before one is chosen.
//! let settings = forecast(judgements.iter().map(|j| j.posterior), [1.0, 20.0, 500.0])?;
//! assert!(settings[0].alerts <= settings[2].alerts);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Evidence is what `archive-ocr` gives: a log-likelihood ratio in nats against the record's claim,
//! negative where the image shows the claim. Documents count as independent witnesses, each once:
//! of several readings of one document, the one that says most speaks.

use std::collections::BTreeMap;

use archive_core::Error;
use archive_core::evidence::Verdict;
use archive_core::identifier::FieldName;
use archive_core::record::Record;
use serde::{Deserialize, Serialize};

use crate::customer::PaperReading;
use crate::posterior::{Costs, ErrorRate};
use crate::schema::Schema;

/// What a person found who looked at an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Review {
    /// The record was wrong.
    Confirmed,
    /// The record was right.
    FalseAlarm,
}

/// How often each field of the system is wrong, learned from reviews.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Priors {
    rates: BTreeMap<FieldName, ErrorRate>,
}

impl Priors {
    /// The rate of a field; the default where nothing was reviewed yet.
    #[must_use]
    pub fn of(&self, field: &str) -> ErrorRate {
        self.rates
            .iter()
            .find(|(name, _)| name.as_str() == field)
            .map_or_else(ErrorRate::default, |(_, r)| *r)
    }

    /// The priors after one more review of a value of `field`. Let some values without an alert be
    /// reviewed too: alerts alone overstate how often records are wrong.
    #[must_use]
    pub fn learn(&self, field: FieldName, review: Review) -> Self {
        let mut next = self.clone();
        let rate = next.rates.entry(field).or_default();
        *rate = match review {
            Review::Confirmed => rate.after(1, 0),
            Review::FalseAlarm => rate.after(0, 1),
        };
        next
    }
}

/// What is to be done about a field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Somebody should look: leaving it costs more, on average.
    Alert,
    /// The papers give no reason to look.
    Accept,
    /// No paper could be read well enough to say anything.
    Unreadable,
}

/// What the papers say of one field of a record, all together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The field.
    pub field: FieldName,
    /// The probability that the record is wrong.
    pub posterior: f64,
    /// What is to be done.
    pub decision: Decision,
    /// The evidence of each document that had some, in nats; against the record where positive.
    pub evidence: BTreeMap<String, f64>,
}

/// The evidence in a comparison of values alone, where nobody asked the image: a reader of printed
/// fields is right in 98 of 100, so that another value speaks against the record with ln 49.
const VALUE_EVIDENCE: f64 = 3.891_820_298_110_627;

/// Judges each field of `record` of which `papers` have a reading, in the schema's order.
#[must_use]
pub fn judge(
    schema: &Schema,
    papers: &[PaperReading],
    record: &Record,
    priors: &Priors,
    costs: Costs,
) -> Vec<Judgement> {
    let judge = |field: &crate::schema::Comparison| {
        let claim = record.get(field.name.as_str())?;
        let readings: Vec<_> = papers.iter().filter(|p| p.field == field.name).collect();
        if readings.is_empty() {
            return None;
        }
        let mut evidence: BTreeMap<String, f64> = BTreeMap::new();
        for reading in readings {
            let nats = match (reading.verdict, &reading.value) {
                (Some(Verdict::Unreadable), _) | (None, None) => continue,
                (Some(_), _) => reading.evidence,
                (None, Some(value)) if field.equal(value, claim) => -VALUE_EVIDENCE,
                (None, Some(_)) => VALUE_EVIDENCE,
            };
            if nats.is_nan() {
                continue;
            }
            let known = evidence.entry(reading.document.clone()).or_insert(nats);
            if nats.abs() > known.abs() {
                *known = nats;
            }
        }
        let posterior = priors.of(field.name.as_str()).posterior(evidence.values().copied());
        let decision = match (evidence.is_empty(), costs.is_alert(posterior)) {
            (true, _) => Decision::Unreadable,
            (false, true) => Decision::Alert,
            (false, false) => Decision::Accept,
        };
        Some(Judgement { field: field.name.clone(), posterior, decision, evidence })
    };
    schema.fields().filter_map(judge).collect()
}

/// What a setting of the cost ratio will bring, on average.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Forecast {
    /// A missed error costs as much as this many false alarms.
    pub cost_ratio: f64,
    /// Alerts.
    pub alerts: usize,
    /// Alerts that will prove false.
    pub false_alarms: f64,
    /// Errors without an alert.
    pub missed: f64,
}

/// What each of `cost_ratios` will bring over values of these posteriors.
///
/// # Errors
/// `InvalidInput` where a ratio is no number above 0.
pub fn forecast(
    posteriors: impl IntoIterator<Item = f64>,
    cost_ratios: impl IntoIterator<Item = f64>,
) -> Result<Vec<Forecast>, Error> {
    let posteriors: Vec<f64> = posteriors.into_iter().collect();
    let at = |cost_ratio: f64| {
        let costs = Costs::new(cost_ratio)?;
        let mut forecast = Forecast { cost_ratio, alerts: 0, false_alarms: 0.0, missed: 0.0 };
        for posterior in &posteriors {
            if costs.is_alert(*posterior) {
                forecast.alerts += 1;
                forecast.false_alarms += 1.0 - posterior;
            } else {
                forecast.missed += posterior;
            }
        }
        Ok(forecast)
    };
    cost_ratios.into_iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(document: &str, value: Option<&str>, verdict: Option<Verdict>, evidence: f64) -> PaperReading {
        let field = "ct_ratio".parse().unwrap();
        PaperReading { document: document.into(), field, value: value.map(Into::into), verdict, evidence }
    }

    #[track_caller]
    fn check(papers: &[PaperReading], decision: Decision, documents: usize) -> f64 {
        let record = Record::new([("ct_ratio".parse().unwrap(), "200/5".to_owned())]);
        let costs = Costs::new(20.0).unwrap();
        let all = judge(&Schema::reference(), papers, &record, &Priors::default(), costs);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].decision, all[0].evidence.len()), (decision, documents));
        all[0].posterior
    }

    #[test]
    fn documents_are_combined_and_each_speaks_once() {
        let against = |document| paper(document, Some("100/5"), Some(Verdict::Mismatch), 2.0);
        let one = check(&[against("a")], Decision::Alert, 1);
        let twice = check(&[against("a"), against("a")], Decision::Alert, 1);
        let two = check(&[against("a"), against("b")], Decision::Alert, 2);
        assert!(one == twice && two > one);
        let agreeing = paper("c", Some("200/5"), Some(Verdict::Match), -9.0);
        check(&[against("a"), against("b"), agreeing], Decision::Accept, 3);
    }

    #[test]
    fn doubt_is_a_decision_of_its_own() {
        check(&[paper("a", None, Some(Verdict::Unreadable), 0.3)], Decision::Unreadable, 0);
        check(&[paper("a", None, None, 0.0)], Decision::Unreadable, 0);
        check(&[paper("a", Some("x"), Some(Verdict::Mismatch), f64::NAN)], Decision::Unreadable, 0);
        check(&[paper("a", Some("２００／５"), None, 0.0)], Decision::Accept, 1);
        check(&[paper("a", Some("100/5"), None, 0.0)], Decision::Alert, 1);
    }

    #[test]
    fn reviews_move_only_their_field() {
        let field: FieldName = "ct_ratio".parse().unwrap();
        let mut priors = Priors::default();
        for _ in 0..50 {
            priors = priors.learn(field.clone(), Review::FalseAlarm);
        }
        assert!(priors.of("ct_ratio").prior() < 0.001);
        assert_eq!(priors.of("phone"), ErrorRate::default());
        let text = serde_json::to_string(&priors).unwrap();
        assert_eq!(serde_json::from_str::<Priors>(&text).unwrap(), priors);
        assert!(serde_json::from_str::<Priors>("{\"ct_ratio\": [0, -1]}").is_err());
    }

    #[test]
    fn a_forecast_counts_alerts_false_ones_and_missed_errors() {
        let found = forecast([0.9, 0.2, 0.01], [1.0, 9.0]).unwrap();
        assert_eq!((found[0].alerts, found[1].alerts), (1, 2));
        assert!((found[1].false_alarms - 0.9).abs() < 1e-12 && (found[1].missed - 0.01).abs() < 1e-12);
        assert!(forecast([0.5], [0.0]).is_err());
    }
}
