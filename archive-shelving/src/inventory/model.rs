//! What an inventory takes for granted about tags, readers and people.

use archive_core::Error;
use serde::{Deserialize, Serialize};

/// How the read rates of tags are spread: a Beta distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatePrior {
    /// The first parameter.
    pub a: f64,
    /// The second parameter.
    pub b: f64,
}

/// How strong reads are, in dBm and dB.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Strength {
    /// The mean of a tag heard in its own aisle.
    pub own: f64,
    /// The mean of a tag heard through a row of boxes.
    pub stray: f64,
    /// The standard deviation from one tag to the other.
    pub between_tags: f64,
    /// The standard deviation from one read of a tag to the next.
    pub within_tag: f64,
}

/// How sure an answer must be; below, the box is unverified.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// The least probability of "present".
    pub present: f64,
    /// The least probability of "elsewhere", of one place.
    pub elsewhere: f64,
    /// The least probability of "missing".
    pub missing: f64,
}

/// What an inventory takes for granted before the first read. Probabilities are those of one box
/// since it was last seen in its place.
///
/// The defaults are those of a dense store-room: read rates Beta(1.3, 0.7), mean 0.65.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// How the read rates of tags are spread.
    pub rates: RatePrior,
    /// The share of its rate at which a tag is read from the aisle next to its own.
    pub stray: f64,
    /// How strong reads are.
    pub strength: Strength,
    /// The probability that a box stands elsewhere.
    pub misplaced: f64,
    /// The share of those that stand in an aisle next to their own.
    pub adjacent: f64,
    /// The probability that a box is in no aisle at all.
    pub missing: f64,
    /// The probability that a tag no longer answers though its box is in its place.
    pub dead: f64,
    /// The probability that a second tag has the same code.
    pub duplicated: f64,
    /// The probability that a visit reads a code that no tag near has: a garbled or far-off read.
    pub ghost: f64,
    /// How sure an answer must be.
    pub limits: Limits,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            rates: RatePrior { a: 1.3, b: 0.7 },
            stray: 0.03,
            strength: Strength { own: -55.0, stray: -68.0, between_tags: 3.5, within_tag: 3.5 },
            misplaced: 0.02,
            adjacent: 0.3,
            missing: 0.005,
            dead: 1e-4,
            duplicated: 1e-5,
            ghost: 1e-5,
            limits: Limits { present: 0.99, elsewhere: 0.95, missing: 0.95 },
        }
    }
}

impl Model {
    /// Whether every number can be calculated with.
    ///
    /// # Errors
    /// `InvalidInput` where one cannot, naming it.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |name: &str, value: f64, message: &str| {
            Err(Error::invalid(format!("inventory model: {name} {value}"), message))
        };
        for (name, value) in [("rates.a", self.rates.a), ("rates.b", self.rates.b)] {
            if !(0.1..=100.0).contains(&value) {
                return wrong(name, value, "must lie between 0.1 and 100");
            }
        }
        for (name, value) in [("strength.own", self.strength.own), ("strength.stray", self.strength.stray)] {
            if !(-120.0..=20.0).contains(&value) {
                return wrong(name, value, "must lie between -120 and 20 dBm");
            }
        }
        if self.strength.stray > self.strength.own {
            return wrong("strength.stray", self.strength.stray, "must not be above strength.own");
        }
        let spreads = [
            ("strength.between_tags", self.strength.between_tags),
            ("strength.within_tag", self.strength.within_tag),
        ];
        for (name, value) in spreads {
            if !(0.5..=40.0).contains(&value) {
                return wrong(name, value, "must lie between 0.5 and 40 dB");
            }
        }
        // Nothing is impossible: a probability of zero would never yield to evidence.
        let rare = [
            ("misplaced", self.misplaced),
            ("missing", self.missing),
            ("dead", self.dead),
            ("duplicated", self.duplicated),
            ("ghost", self.ghost),
        ];
        for (name, value) in rare {
            if !(1e-9..=0.2).contains(&value) {
                return wrong(name, value, "must lie between 1e-9 and 0.2");
            }
        }
        if !(1e-6..=0.9).contains(&self.stray) {
            return wrong("stray", self.stray, "must lie between 1e-6 and 0.9");
        }
        if !(0.0..=1.0).contains(&self.adjacent) {
            return wrong("adjacent", self.adjacent, "must lie between 0 and 1");
        }
        let limits = [
            ("limits.present", self.limits.present),
            ("limits.elsewhere", self.limits.elsewhere),
            ("limits.missing", self.limits.missing),
        ];
        for (name, value) in limits {
            // At one half or below, two answers could be sure at once.
            if !(value > 0.5 && value < 1.0) {
                return wrong(name, value, "must lie above 0.5 and below 1");
            }
        }
        Ok(())
    }
}

/// What earlier inventories heard of a tag while its box stood where it was taken to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct TagHistory {
    /// In how many visits of its aisle the tag was read.
    pub seen: u32,
    /// In how many it was not.
    pub missed: u32,
}

impl TagHistory {
    /// The visits that count: tags age and boxes are packed anew, so that a rate is never known
    /// better than from so many.
    pub const LIMIT: u32 = 64;

    /// The same shares of at most [`TagHistory::LIMIT`] visits.
    #[must_use]
    pub fn faded(self) -> Self {
        let all = u64::from(self.seen) + u64::from(self.missed);
        let limit = u64::from(Self::LIMIT);
        if all <= limit {
            return self;
        }
        // Half a visit is rounded to a missed one: a tag is not to look better than it is. The
        // quotient is at most the limit.
        let seen = (u64::from(self.seen) * limit / all) as u32;
        Self { seen, missed: Self::LIMIT - seen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_cannot_be_calculated_with_are_named() {
        let model = Model::default();
        model.check().unwrap();
        let check = |bad: Model, name: &str| {
            let error = bad.check().unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        };
        check(Model { rates: RatePrior { a: 0.0, b: 1.0 }, ..model }, "rates.a 0");
        check(Model { rates: RatePrior { a: 1.0, b: f64::NAN }, ..model }, "rates.b NaN");
        check(Model { missing: 0.0, ..model }, "missing 0");
        check(Model { misplaced: 1.0, ..model }, "misplaced 1");
        check(Model { stray: f64::INFINITY, ..model }, "stray inf");
        check(Model { adjacent: -0.1, ..model }, "adjacent -0.1");
        check(Model { limits: Limits { present: 0.5, ..model.limits }, ..model }, "limits.present 0.5");
        check(Model { strength: Strength { own: -70.0, ..model.strength }, ..model }, "strength.stray -68");
        check(Model { strength: Strength { within_tag: 0.0, ..model.strength }, ..model }, "within_tag 0");
    }

    #[test]
    fn a_long_history_keeps_its_shares() {
        assert_eq!(TagHistory { seen: 3, missed: 1 }.faded(), TagHistory { seen: 3, missed: 1 });
        assert_eq!(TagHistory { seen: 300, missed: 100 }.faded(), TagHistory { seen: 48, missed: 16 });
        let most = TagHistory { seen: u32::MAX, missed: u32::MAX }.faded();
        assert_eq!(most, TagHistory { seen: 32, missed: 32 });
    }
}
