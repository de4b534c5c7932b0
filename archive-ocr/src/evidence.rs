//! What a page says of a claimed value.

use archive_core::evidence::{Region, Verdict};
use archive_core::identifier::FieldName;

use crate::candidates::{self, Candidate};
use crate::decode;
use crate::lattice::log_add;
use crate::reading::{FieldReading, PageReading};
use crate::view::View;

/// From this suspicion on, the paper contradicts the claim.
pub(crate) const MISMATCH: f64 = 3.0;

/// How much less a nat weighs on a page of which nothing is legible.
const ILLEGIBLE: f64 = 15.0;

/// A reading worse than this, in nats a character, is none.
const READABLE: f64 = -6.0;

/// What speaks against a claim at most: the score of a text that the lattice has nothing of.
const WORST: f64 = -60.0;

/// The suspicion where a field was not found on a legible page: nothing was seen for the claim, so somebody
/// has to look, as where a mismatch is barely one.
const NOT_FOUND: f64 = MISMATCH;

/// What a page says of a claimed value.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Match, mismatch or unreadable.
    pub verdict: Verdict,
    /// The log-likelihood ratio of the best other reading against the claim, in nats, which weigh less on a page
    /// that is hard to read: the higher, the more likely the record is wrong.
    pub suspicion: f64,
    /// The value as read; `None` where the field was not found.
    pub read: Option<String>,
    /// Where the value stands.
    pub region: Option<Region>,
    /// The characters that speak against the claim.
    pub disagreements: Vec<Disagreement>,
}

/// A character of the paper that the claim has otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Disagreement {
    /// What the paper shows; `None` where the claim has a character more.
    pub read: Option<char>,
    /// What the claim has; `None` where the paper has a character more.
    pub claimed: Option<char>,
    /// Where the character stands.
    pub region: Option<Region>,
}

impl Evidence {
    /// Of a field that was not found on a page of this legibility.
    pub(crate) fn of_nothing(legibility: f32) -> Self {
        Self {
            verdict: Verdict::Unreadable,
            suspicion: NOT_FOUND / doubt(legibility),
            read: None,
            region: None,
            disagreements: Vec::new(),
        }
    }
}

impl PageReading {
    /// What this page says of the claim that `field` is `claimed`.
    ///
    /// The claim is scored on the image in all the ways to write it, against the best other
    /// reading: it need not be what was read to be confirmed.
    #[must_use]
    pub fn verify(&self, field: &FieldName, claimed: &str) -> Evidence {
        match self.fields.get(field) {
            Some(reading) => reading.verify(claimed),
            None => Evidence::of_nothing(self.legibility),
        }
    }
}

impl FieldReading {
    /// What this field says of the claim that its value is `claimed`.
    #[must_use]
    pub fn verify(&self, claimed: &str) -> Evidence {
        let claim = self.claim(claimed);
        let kind = self.schema.kind;
        let canonical = self.schema.normalise(claimed).unwrap_or_default();
        let is_claim = |c: &&Candidate| kind.equal(&c.value, &canonical);
        let others = std::iter::once(self.best())
            .chain(self.alternatives.iter().cloned())
            .filter(|c| !is_claim(&c))
            .map(|c| c.score)
            .fold(f64::NEG_INFINITY, log_add);
        let mut claimed_score = claim.as_ref().map_or(WORST, |c| c.score.max(WORST));
        // A paper may write the value in a way that nobody thought of.
        let alternatives = std::iter::once(self.best()).chain(self.alternatives.iter().cloned());
        for same in alternatives.filter(|c| is_claim(&c)) {
            claimed_score = claimed_score.max(same.score);
        }
        let suspicion = (others.max(2.0 * READABLE) - claimed_score) / doubt(self.legibility);
        let readable = self.score.max(claimed_score) > READABLE * (self.text.chars().count() as f64).sqrt();
        let verdict = if suspicion > MISMATCH {
            Verdict::Mismatch
        } else if readable {
            Verdict::Match
        } else {
            Verdict::Unreadable
        };
        let disagreements = if verdict == Verdict::Match {
            Vec::new()
        } else {
            self.disagreements(claim.as_ref().map_or(claimed, |c| c.text.as_str()))
        };
        Evidence {
            verdict,
            suspicion,
            read: Some(self.value.clone()),
            region: Some(self.region),
            disagreements,
        }
    }

    /// Each character of the text as printed, with its place on the page. Empty where no look at the
    /// value's place has room for the text.
    #[must_use]
    pub fn characters(&self) -> Vec<(char, Option<Region>)> {
        let place = |view: &View| {
            let spans = decode::align(&view.lattice, self.schema.is_open, &self.text)?;
            Some(spans.into_iter().map(|span| view.region(span)).collect::<Vec<_>>())
        };
        let places = self.views.iter().find_map(place).unwrap_or_default();
        self.text.chars().zip(places).collect()
    }

    fn best(&self) -> Candidate {
        Candidate { value: self.value.clone(), text: self.text.clone(), score: self.score }
    }

    /// The claim with its score over all views.
    fn claim(&self, claimed: &str) -> Option<Candidate> {
        let views: Vec<_> = self.views.iter().map(|v| &v.lattice).collect();
        candidates::claim(&self.schema, &views, claimed)
    }

    /// Where the reading and a writing of the claim differ, by the fewest changes.
    fn disagreements(&self, claimed: &str) -> Vec<Disagreement> {
        let (read, claimed): (Vec<char>, Vec<char>) =
            (self.text.chars().collect(), claimed.chars().take(200).collect());
        let places = self.characters();
        let region = |at: usize| places.get(at).and_then(|(_, region)| *region);
        let mut found = Vec::new();
        for (read_at, claimed_at) in differences(&read, &claimed) {
            found.push(Disagreement {
                read: read_at.map(|at| read[at]),
                claimed: claimed_at.map(|at| claimed[at]),
                region: read_at.and_then(region),
            });
        }
        found
    }
}

/// What the scores on a page of this legibility are divided by.
///
/// Where the characters around it are hard to make out, the lattice of a value is surer of a wrong character
/// than it should be, and right claims look as suspicious as wrong ones on a clear page.
fn doubt(legibility: f32) -> f64 {
    1.0 + ILLEGIBLE * (1.0 - f64::from(legibility.clamp(0.0, 1.0)))
}

/// Positions that differ between `a` and `b` on the shortest way from one to the other.
fn differences(a: &[char], b: &[char]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut cost = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            cost[i][j] = match (i, j) {
                (0, _) => j,
                (_, 0) => i,
                _ => {
                    let changed = cost[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    changed.min(cost[i - 1][j] + 1).min(cost[i][j - 1] + 1)
                }
            };
        }
    }
    let (mut i, mut j) = (a.len(), b.len());
    let mut found = Vec::new();
    while i > 0 || j > 0 {
        if i > 0 && j > 0 && cost[i][j] == cost[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]) {
            (i, j) = (i - 1, j - 1);
            if a[i] != b[j] {
                found.push((Some(i), Some(j)));
            }
        } else if i > 0 && cost[i][j] == cost[i - 1][j] + 1 {
            i -= 1;
            found.push((Some(i), None));
        } else {
            j -= 1;
            found.push((None, Some(j)));
        }
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_the_fewest() {
        let chars = |s: &str| s.chars().collect::<Vec<_>>();
        assert_eq!(differences(&chars("4000"), &chars("4100")), [(Some(1), Some(1))]);
        assert_eq!(differences(&chars("400"), &chars("40")).len(), 1);
        assert_eq!(differences(&[], &chars("4")), [(None, Some(0))]);
        assert_eq!(differences(&chars("甲"), &chars("甲")), []);
    }
}
