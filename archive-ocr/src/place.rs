//! A place where a field's value may stand, and the looks at it: how each cuts it out, and whether
//! another one may change what is read.

use std::ops::Range;
use std::sync::Arc;

use crate::candidates::{Candidate, candidates, readings};
use crate::confidence::lead;
use crate::decode::{self, Hypothesis};
use crate::lattice::Lattice;
use crate::reading::FieldReading;
use crate::schema::FieldSchema;
use crate::view::View;

/// A lead over the next value that calls for no second look, in nats.
pub(crate) const CLEAR_LEAD: f64 = 5.5;

/// A score that calls for no second look, in nats.
const CLEAR_SCORE: f64 = -2.0;

/// One way to cut a value's place out anew.
pub(crate) struct Look {
    /// What is added above and below, in parts of the place's height.
    pub(crate) margin: f32,
    /// How many times as wide as on the page.
    pub(crate) stretch: f32,
    pub(crate) care: Care,
}

/// How exact a look is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Care {
    /// [`Engine::glance`](crate::engine::Engine::glance).
    Glance,
    /// [`Engine::recognise`](crate::engine::Engine::recognise).
    Full,
}

/// How further looks cut a value's place, one after the other while there is doubt; the latter two
/// only where the lead is small.
pub(crate) const LOOKS: [Look; 2] = [
    Look { margin: 0.1, stretch: 0.9, care: Care::Glance },
    Look { margin: -0.06, stretch: 0.9, care: Care::Glance },
];
pub(crate) const THIRD_LOOKS: [Look; 2] = [
    Look { margin: 0.02, stretch: 1.12, care: Care::Full },
    Look { margin: 0.04, stretch: 0.77, care: Care::Full },
];

/// How much worse the whole of a value may fit than a part of it, in nats.
const GOES_ON: f64 = 2.0;

/// How many characters the detector may miss at either end of a text.
const MISSED: usize = 2;

/// A lead that calls for no third look, in nats.
pub(crate) const FAIR_LEAD: f64 = 3.5;

/// Where a field's value stands, as far as is known by now.
pub(crate) struct Place {
    pub(crate) views: Vec<View>,
    /// What the views may read there.
    pub(crate) readings: Vec<Hypothesis>,
    pub(crate) candidates: Vec<Candidate>,
    /// What speaks against the place, in nats.
    pub(crate) doubt: f64,
    /// The best candidate's score without that.
    pub(crate) merit: f64,
}

impl Place {
    pub(crate) fn new(schema: &FieldSchema, view: View, doubt: f64) -> Option<Self> {
        let readings = readings(schema, &view.lattice);
        let candidates = candidates(schema, &[&view.lattice], &readings);
        let merit = candidates.first()?.score - doubt;
        Some(Self { views: vec![view], readings, candidates, doubt, merit })
    }

    /// How far the best value is ahead of the next one, in nats.
    pub(crate) fn lead(&self) -> f64 {
        match &self.candidates[..] {
            [] => 0.0,
            [_] => f64::INFINITY,
            [first, second, ..] => first.score - second.score,
        }
    }

    /// Whether this place, which was cut out wider than `narrower`, shows one or two more characters of
    /// the same value: those that `more` gives of a text and the part of it that was known.
    pub(crate) fn completes(
        &self,
        narrower: &Self,
        more: for<'t> fn(&'t str, &'t str) -> Option<&'t str>,
    ) -> bool {
        let (Some(own), Some(other)) = (self.candidates.first(), narrower.candidates.first()) else {
            return false;
        };
        let more = more(&own.text, &other.text).unwrap_or_default();
        (1..=MISSED).contains(&more.chars().count())
            && more.chars().all(char::is_alphanumeric)
            && self.merit > narrower.merit - GOES_ON
    }

    /// Whether another look may bring another value. A value that is a part of the first one says how
    /// far it reaches and not what stands there: looks do not change their distance.
    pub(crate) fn is_uncertain(&self) -> bool {
        let Some(first) = self.candidates.first() else { return true };
        let rival = self.candidates.iter().skip(1).find(|c| !first.text.contains(&c.text));
        first.score < CLEAR_SCORE || rival.is_some_and(|rival| first.score - rival.score < CLEAR_LEAD)
    }
}

/// The frames from the first to the last character of a text.
pub(crate) fn span(schema: &FieldSchema, lattice: &Lattice, text: &str) -> Option<Range<usize>> {
    let spans = decode::align(lattice, schema.is_open, text)?;
    Some(spans.first()?.start..spans.last()?.end)
}

pub(crate) fn reading(schema: &Arc<FieldSchema>, place: Place) -> Option<FieldReading> {
    let Place { views, mut candidates, merit, .. } = place;
    if candidates.is_empty() {
        return None;
    }
    let first = candidates.remove(0);
    // The text may come from a later view, and not fit on the first one.
    let region = views.iter().find_map(|view| view.region(span(schema, &view.lattice, &first.text)?))?;
    let lead = lead(&first, &candidates);
    Some(FieldReading {
        value: first.value,
        text: first.text,
        confidence: schema.calibration.confidence(lead, merit),
        lead,
        fit: merit,
        region,
        alternatives: candidates,
        score: first.score,
        legibility: 1.0,
        schema: Arc::clone(schema),
        views,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, merit: f64) -> Place {
        let candidate = Candidate { value: text.to_owned(), text: text.to_owned(), score: merit };
        Place { views: Vec::new(), readings: Vec::new(), candidates: vec![candidate], doubt: 0.0, merit }
    }

    #[track_caller]
    fn check(narrower: &str, wider: &str, merit: f64, expected: [bool; 2]) {
        let (narrower, wider) = (place(narrower, 0.0), place(wider, merit));
        let at_end = wider.completes(&narrower, |text, known| text.strip_prefix(known));
        let at_start = wider.completes(&narrower, |text, known| text.strip_suffix(known));
        assert_eq!([at_end, at_start], expected);
    }

    #[test]
    fn one_or_two_characters_more_complete_a_value() {
        check("2023-07-1", "2023-07-14", -1.0, [true, false]);
        check("10kV", "110kV", 0.0, [false, true]);
        check("绍兴天元铸造", "绍兴天元铸造厂", 0.0, [true, false]);
    }

    #[test]
    fn more_than_that_is_another_text() {
        check("张勇", "张勇以下简称", 0.0, [false, false]);
        check("张勇", "张勇(", 0.0, [false, false]);
        check("张勇", "张勇", 0.0, [false, false]);
        check("2023-07-1", "2023-07-14", -GOES_ON - 1.0, [false, false]);
        let empty = Place { candidates: Vec::new(), ..place("", 0.0) };
        assert!(!empty.completes(&place("1", 0.0), |text, known| text.strip_prefix(known)));
    }
}
