//! Whether a condition can hold at all, by trying every combination that can make a difference.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::condition::Condition;
use super::{Fact, FactKind, FactRule, Facts};
use crate::identifier::FactName;

/// The most combinations that are tried.
const TRIAL_LIMIT: usize = 1 << 20;

/// What a condition can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Possibility {
    /// It holds in some cases and not in others.
    Sometimes,
    /// It holds whatever the facts are.
    Always,
    /// It never holds.
    Never,
    /// There are too many combinations to try.
    Unproven,
}

impl Condition {
    /// Whether it can hold, and whether it can fail to.
    ///
    /// A number is tried at each bound that it is compared with and on both sides of it, a choice at
    /// each of its words: no other value can change the answer.
    #[must_use]
    pub fn possible(&self, rules: &[FactRule]) -> Possibility {
        let mut trials: BTreeMap<&FactName, Vec<Fact>> = BTreeMap::new();
        self.collect_trials(rules, &mut trials);
        let total = trials.values().try_fold(1_usize, |n, values| n.checked_mul(values.len()));
        if total.is_none_or(|n| n > TRIAL_LIMIT) {
            return Possibility::Unproven;
        }
        let trials: Vec<(&FactName, Vec<Fact>)> = trials.into_iter().collect();
        let mut seen = [false; 2];
        self.try_all(&trials, &mut Facts::new(), &mut seen);
        match seen {
            [true, true] => Possibility::Sometimes,
            [false, _] => Possibility::Always,
            [true, false] => Possibility::Never,
        }
    }

    fn try_all(&self, trials: &[(&FactName, Vec<Fact>)], facts: &mut Facts, seen: &mut [bool; 2]) {
        if seen[0] && seen[1] {
            return;
        }
        let Some(((name, values), rest)) = trials.split_first() else {
            if let Some(holds) = self.holds(facts) {
                seen[usize::from(holds)] = true;
            }
            return;
        };
        for value in values {
            facts.insert((*name).clone(), value.clone());
            self.try_all(rest, facts, seen);
        }
    }

    fn collect_trials<'a>(&'a self, rules: &[FactRule], trials: &mut BTreeMap<&'a FactName, Vec<Fact>>) {
        match self {
            Self::Flag(name) => {
                trials.entry(name).or_insert_with(|| vec![Fact::Flag(false), Fact::Flag(true)]);
            }
            Self::Number(name, _, bound) => {
                let step = Decimal::new(1, 3);
                let values = trials.entry(name).or_default();
                for value in [*bound - step, *bound, *bound + step] {
                    let fact = Fact::Number(value);
                    // Facts are never negative.
                    if !value.is_sign_negative() && !values.contains(&fact) {
                        values.push(fact);
                    }
                }
            }
            Self::Choice { name, .. } => {
                let words = rules.iter().find(|r| r.name == *name).and_then(|r| match &r.kind {
                    FactKind::Choice { of } => Some(of.iter().cloned().map(Fact::Choice).collect()),
                    _ => None,
                });
                trials.entry(name).or_insert_with(|| words.unwrap_or_default());
            }
            Self::Not(inner) => inner.collect_trials(rules, trials),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|p| p.collect_trials(rules, trials)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Possibility) {
        let rule = |name: &str, kind| FactRule::new(name.parse().unwrap(), name, kind);
        let rules = [
            rule("a", FactKind::Flag),
            rule("v", FactKind::Number { unit: "kV".into() }),
            rule("t", FactKind::Choice { of: vec!["x".into(), "y".into()] }),
        ];
        assert_eq!(Condition::parse(text, &rules).unwrap().possible(&rules), expected, "{text}");
    }

    #[test]
    fn contradictions_and_truisms_are_found() {
        check("v >= 10", Possibility::Sometimes);
        check("v >= 10 and v < 10", Possibility::Never);
        check("v >= 10 or v < 10", Possibility::Always);
        check("v > 10 and v < 10.001", Possibility::Never);
        check("v < 0", Possibility::Never);
        check("a and not a", Possibility::Never);
        check("t = 'x' and t = 'y'", Possibility::Never);
        check("t = 'x' or t != 'x'", Possibility::Always);
        check("a and (v = 10 or t = 'x')", Possibility::Sometimes);
    }
}
