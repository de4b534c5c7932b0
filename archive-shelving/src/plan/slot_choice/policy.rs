//! What a slot must offer and what its costs are worth, as data.

use std::collections::BTreeMap;
use std::time::Duration;

use archive_core::holding::CustodyMode;
use archive_core::policy::PolicyVersion;
use archive_core::units::{Grams, Millimetres};
use archive_core::{Error, data_file};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::plan::opening::{Drive, Opening};

/// The text of the shipped policy, to start one's own from.
pub const REFERENCE_TEXT: &str = include_str!("../../../policy/slots.toml");

/// What the boxes of one level (层) may be required to have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Separation {
    /// 全宗.
    Fonds,
    /// 年度.
    Year,
    /// 保管期限.
    Retention,
    /// 机构(问题).
    Organisation,
    /// 业务.
    Process,
    /// 客户.
    Customer,
}

/// What each cost is worth: 1 as it is, 0 not at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// The room's opening time.
    pub opening: f64,
    /// What other boxes would gain from the slot.
    pub room_for_others: f64,
    /// Standing apart from its series.
    pub series: f64,
    /// Taking the last slots of an aisle.
    pub growth: f64,
    /// Filling one column more than its bank.
    pub balance: f64,
    /// Opening one aisle more at disposal.
    pub disposal: f64,
}

/// A checked policy of slot choice.
#[derive(Debug, Clone)]
pub struct SlotPolicy {
    version: PolicyVersion,
    opening: Opening,
    level_load: Grams,
    grams_a_millimetre: f64,
    separation: Vec<Separation>,
    weights: Weights,
    with_customer: f64,
    with_series: f64,
    growth_months: f64,
    reserve: f64,
    sites: BTreeMap<String, Vec<CustodyMode>>,
}

impl SlotPolicy {
    /// Reads a policy from TOML; `name` (a path, usually) stands in errors.
    ///
    /// # Errors
    /// `InvalidInput`, naming file, line and key, where the text is no policy, a weight is negative or
    /// no number, a probability is none, or a site stands twice.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let raw: RawPolicy = data_file::parse(name, text)?;
        let number = |value: &Spanned<f64>, low: f64, high: f64| {
            let number = *value.get_ref();
            if (low..=high).contains(&number) {
                return Ok(number);
            }
            let message = format!("must lie between {low} and {high}, not {number}");
            Err(data_file::error_at(name, text, value.span(), &message))
        };
        let weight = |value: &Spanned<f64>| number(value, 0.0, 1e6);
        let seconds = number(&raw.opening.seconds, 0.001, Opening::LIMIT.as_secs_f64())?;
        let kilograms = number(&raw.load.level_kg, 0.001, 100_000.0)?;
        let grams_a_millimetre = number(&raw.load.full_box_g_per_mm, 0.001, 100_000.0)?;
        let mut sites = BTreeMap::new();
        for site in raw.site {
            let span = site.name.span();
            if sites.insert(site.name.into_inner(), site.custody).is_some() {
                return Err(data_file::error_at(name, text, span, "names a site that stands above"));
            }
        }
        Ok(Self {
            version: PolicyVersion { name: raw.name, version: raw.version },
            opening: Opening::new(raw.opening.drive, Duration::from_secs_f64(seconds))?,
            level_load: Grams((kilograms * 1000.0) as u32),
            grams_a_millimetre,
            separation: raw.mixing.level,
            weights: Weights {
                opening: weight(&raw.weights.opening)?,
                room_for_others: weight(&raw.weights.room_for_others)?,
                series: weight(&raw.weights.series)?,
                growth: weight(&raw.weights.growth)?,
                balance: weight(&raw.weights.balance)?,
                disposal: weight(&raw.weights.disposal)?,
            },
            with_customer: number(&raw.together.customer, 0.0, 1.0)?,
            with_series: number(&raw.together.series, 0.0, 1.0)?,
            growth_months: number(&raw.growth.months, 0.0, 1200.0)?,
            reserve: number(&raw.growth.reserve, 0.0, 1.0)?,
            sites,
        })
    }

    /// The policy that is shipped.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn reference() -> Self {
        Self::parse("slots.toml", REFERENCE_TEXT).expect("the shipped policy is checked by a test")
    }

    /// The same policy for rooms whose carriages move otherwise.
    #[must_use]
    pub fn with_opening(self, opening: Opening) -> Self {
        Self { opening, ..self }
    }

    /// Its name and version, for the record of a decision.
    #[must_use]
    pub fn version(&self) -> &PolicyVersion {
        &self.version
    }

    /// How carriages move.
    #[must_use]
    pub fn opening(&self) -> Opening {
        self.opening
    }

    /// What one level carries.
    #[must_use]
    pub fn level_load(&self) -> Grams {
        self.level_load
    }

    /// What a full box of this spine weighs.
    #[must_use]
    pub fn full_box(&self, spine: Millimetres) -> Grams {
        // A float that is too large becomes the largest mass, which no level carries.
        Grams((f64::from(spine.0) * self.grams_a_millimetre).ceil() as u32)
    }

    /// What the boxes of one level must have in common.
    #[must_use]
    pub fn separation(&self) -> &[Separation] {
        &self.separation
    }

    /// What costs are worth.
    #[must_use]
    pub fn weights(&self) -> Weights {
        self.weights
    }

    /// How likely a box is fetched with another one of its customer.
    #[must_use]
    pub fn with_customer(&self) -> f64 {
        self.with_customer
    }

    /// How likely a box is fetched with another one of its series.
    #[must_use]
    pub fn with_series(&self) -> f64 {
        self.with_series
    }

    /// For how many months of growth there shall be room in an aisle.
    #[must_use]
    pub fn growth_months(&self) -> f64 {
        self.growth_months
    }

    /// The share of an aisle that is left to what stands there.
    #[must_use]
    pub fn reserve(&self) -> f64 {
        self.reserve
    }

    /// Whether a site takes boxes in this mode of custody. A site that the policy does not name takes
    /// paper.
    #[must_use]
    pub fn site_takes(&self, site: &str, custody: CustodyMode) -> bool {
        match self.sites.get(site) {
            Some(modes) => modes.contains(&custody),
            None => custody == CustodyMode::CentralPaper,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    name: String,
    version: String,
    opening: RawOpening,
    load: RawLoad,
    mixing: RawMixing,
    weights: RawWeights,
    together: RawTogether,
    growth: RawGrowth,
    #[serde(default)]
    site: Vec<RawSite>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOpening {
    drive: Drive,
    seconds: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLoad {
    level_kg: Spanned<f64>,
    full_box_g_per_mm: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMixing {
    level: Vec<Separation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWeights {
    opening: Spanned<f64>,
    room_for_others: Spanned<f64>,
    series: Spanned<f64>,
    growth: Spanned<f64>,
    balance: Spanned<f64>,
    disposal: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTogether {
    customer: Spanned<f64>,
    series: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGrowth {
    months: Spanned<f64>,
    reserve: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSite {
    name: Spanned<String>,
    custody: Vec<CustodyMode>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_policy_is_sound() {
        let policy = SlotPolicy::reference();
        assert_eq!(policy.level_load(), Grams(60_000));
        assert_eq!(policy.full_box(Millimetres(30)), Grams(1800));
        assert!(policy.site_takes("HZ", CustodyMode::CentralPaper));
        assert!(!policy.site_takes("HZ", CustodyMode::Electronic));
    }

    #[track_caller]
    fn check_broken(from: &str, to: &str, expected: &str) {
        assert!(REFERENCE_TEXT.contains(from), "{from}");
        let error = SlotPolicy::parse("s.toml", &REFERENCE_TEXT.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.object().starts_with("s.toml line "), "{error}");
    }

    #[test]
    fn a_broken_policy_names_line_and_key() {
        check_broken(
            "balance = 0.05",
            "balance = nan",
            "key weights.balance: must lie between 0 and 1000000",
        );
        check_broken("balance = 0.05", "balance = -1.0", "key weights.balance");
        check_broken("balance = 0.05", "balance = inf", "key weights.balance");
        check_broken("level_kg = 60.0", "level_kg = 0.0", "key load.level_kg");
        check_broken("g_per_mm = 60.0", "g_per_mm = -1.0", "key load.full_box_g_per_mm");
        check_broken("seconds = 12.0", "seconds = 1e300", "key opening.seconds");
        check_broken("customer = 0.5", "customer = 1.5", "key together.customer");
        check_broken("reserve = 0.1", "reserve = 2.0", "key growth.reserve");
        check_broken("level = [\"fonds\"]", "level = [\"colour\"]", "unknown variant");
        check_broken("drive = \"together\"", "drive = \"sideways\"", "key opening.drive");
        let twice = "[[site]]\nname = \"HZ\"\ncustody = [\"central-paper\"]\n".repeat(2) + "[together]";
        check_broken("[together]", &twice, "key site.name: names a site that stands above");
    }
}
