//! Packs that would be in force together and say different things.

use std::fmt;

use serde::Serialize;

use super::Policy;
use crate::record::CustomerClass;

/// Two packs that say different things of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// The key.
    pub key: String,
    /// Where the one pack says so: file, line, key.
    pub place: String,
    /// What it says.
    pub says: String,
    /// Where the other pack says so.
    pub other_place: String,
    /// What that says.
    pub other_says: String,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, place, says, other_place, other_says } = self;
        write!(
            f,
            "{place}: says {says} of {key}, and {other_place} says {other_says}: let one pack supersede the other"
        )
    }
}

/// What each pair of `packs` contradicts each other in.
///
/// Packs of different fonds never meet. A pack that supersedes another takes its place, so the two are
/// not in force together. What only one of them speaks of is no contradiction.
#[must_use]
pub fn contradictions(packs: &[Policy]) -> Vec<Contradiction> {
    let mut found = Vec::new();
    for (index, one) in packs.iter().enumerate() {
        for other in &packs[index + 1..] {
            if one.fonds() == other.fonds() && !replaces(one, other) && !replaces(other, one) {
                compare(one, other, &mut found);
            }
        }
    }
    found
}

fn replaces(newer: &Policy, older: &Policy) -> bool {
    newer.supersedes().is_some_and(|s| s == older.version().name || s == older.version().to_string())
}

fn compare(one: &Policy, other: &Policy, found: &mut Vec<Contradiction>) {
    let mut check = |key: String, says: String, other_says: String| {
        if says != other_says {
            let (place, other_place) = (one.places.get(&key), other.places.get(&key));
            found.push(Contradiction { key, place, says, other_place, other_says });
        }
    };
    if one.version() == other.version() {
        let date = |p: &Policy| p.effective().to_string();
        check("effective".into(), date(one), date(other));
    }
    check("numbering.organisation".into(), one.organisation().to_string(), other.organisation().to_string());
    for (class, name) in [(CustomerClass::Residential, "residential"), (CustomerClass::Business, "business")]
    {
        let mode = |p: &Policy| p.custody(class).to_string();
        check(format!("custody.{name}"), mode(one), mode(other));
        let order = |p: &Policy| format!("{:?}", p.filing_order(class).order);
        check(format!("filing.{name}"), order(one), order(other));
    }
    let spines = |p: &Policy| format!("{:?} mm", p.boxing().spines.iter().map(|s| s.0).collect::<Vec<_>>());
    check("boxing.spines_mm".into(), spines(one), spines(other));
    check("lending.days".into(), one.lending().days.to_string(), other.lending().days.to_string());
    let approvals = |p: &Policy| p.disposal().approvals.to_string();
    check("disposal.approvals".into(), approvals(one), approvals(other));
    for document in one.documents() {
        if let (Some(says), Some(Some(other_says))) =
            (document.retention, other.document(&document.code).map(|d| d.retention))
        {
            check(format!("document.{}", document.code), says.to_string(), other_says.to_string());
        }
    }
    for process in one.processes() {
        let Ok(counterpart) = other.process(&process.code) else { continue };
        let key = format!("process.{}.retention", process.code);
        check(key, process.retention.to_string(), counterpart.retention.to_string());
        for requirement in &process.requirements {
            let Some(same) = counterpart.requirements.iter().find(|r| r.name == requirement.name) else {
                continue;
            };
            let describe = |r: &crate::completeness::Requirement| {
                let types: Vec<&str> = r.one_of.iter().map(AsRef::as_ref).collect();
                let when = r.when.as_ref().map_or_else(|| "always".to_owned(), |w| format!("where {w}"));
                let form = r.form.map_or(String::new(), |f| format!(", as {f:?}"));
                let deferral = match r.deferral.as_ref() {
                    None => String::new(),
                    Some(d) => {
                        let days = d.within_days.map_or(String::new(), |days| format!(" for {days} days"));
                        format!(", deferred by {}{days}", d.commitment)
                    }
                };
                format!("{} {when}{form}{deferral}", types.join(" or "))
            };
            let key = format!("process.{}.requires.{}", process.code, requirement.name);
            check(key, describe(requirement), describe(same));
        }
    }
}
