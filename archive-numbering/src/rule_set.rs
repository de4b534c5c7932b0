//! The rules of a namespace, old versions included: no number belongs to two of them.

use archive_core::identifier::quoted;
use archive_core::language::Language;
use archive_core::{Error, ErrorKind};
use chrono::NaiveDate;

use crate::checked::{self, CheckedRule};
use crate::parsed::Parsed;
use crate::proofs::{self, Failure};
use crate::report::{Finding, Proof, Rejection, Report, RuleName, RuleReport};
use crate::rule::Rule;
use crate::syntax::{self, Keywords};
use crate::tracks::Tracks;

/// Rules that were proven together.
///
/// ```
/// use archive_numbering::RuleSet;
///
/// let rules = RuleSet::compile("
///     rule box version 1 effective 2020-01-01 until 2024-01-01
///       no = sequence{4} gapless refuse-when-full
///       format \"H{no}\"
///     rule box version 2 effective 2024-01-01
///       no = sequence{5} gapless refuse-when-full
///       format \"H{no}\"
/// ")?;
/// // Old numbers still read.
/// assert_eq!(rules.parse("H0042")?.rule().name().version, 1);
/// assert_eq!(rules.parse("H00042")?.rule().name().version, 2);
/// # Ok::<(), archive_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RuleSet {
    rules: Vec<Rule>,
}

impl RuleSet {
    /// Compiles all rules of a text and proves them, each alone and all together.
    ///
    /// # Errors
    /// A [`Rejection`] with what is wrong.
    pub fn compile(text: &str) -> Result<Self, Rejection> {
        let compiled = compile(text);
        if compiled.findings.is_empty() {
            Ok(Self {
                rules: compiled
                    .rules
                    .into_iter()
                    .map(|(checked, tracks)| Rule::new(checked, tracks))
                    .collect(),
            })
        } else {
            Err(Rejection { findings: compiled.findings })
        }
    }

    /// The rules of several sets in one, proven together where they share a namespace: a
    /// province's rules in several files, or old versions kept apart.
    ///
    /// # Errors
    /// A [`Rejection`] where a number belongs to rules of two sets. Its places are those of the
    /// later rule in its own text.
    pub fn join(sets: impl IntoIterator<Item = Self>) -> Result<Self, Rejection> {
        let rules: Vec<Rule> = sets.into_iter().flat_map(|set| set.rules).collect();
        let parts: Vec<_> = rules.iter().map(|rule| (rule.checked(), rule.tracks())).collect();
        let findings: Vec<Finding> =
            together(&parts).into_iter().map(|(rule, failure)| finding("", Some(rule), failure)).collect();
        if findings.is_empty() { Ok(Self { rules }) } else { Err(Rejection { findings }) }
    }

    /// All rules, in the order of the text.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The newest version of the rule `name`.
    ///
    /// # Errors
    /// `NotFound` where there is none.
    pub fn get(&self, name: &str) -> Result<&Rule, Error> {
        let versions = self.rules.iter().filter(|rule| rule.name().name == name);
        versions.max_by_key(|rule| rule.name().version).ok_or_else(|| self.not_found(name, ""))
    }

    /// The newest version of the rule `name` that applies on `day`.
    ///
    /// # Errors
    /// `NotFound` where there is none.
    pub fn at(&self, name: &str, day: NaiveDate) -> Result<&Rule, Error> {
        let applies = |rule: &&Rule| {
            rule.name().name == name
                && rule.effective() <= day
                && rule.until().is_none_or(|until| day < until)
        };
        let versions = self.rules.iter().filter(applies);
        versions
            .max_by_key(|rule| rule.name().version)
            .ok_or_else(|| self.not_found(name, &format!(" that applies on {day}")))
    }

    fn not_found(&self, name: &str, which: &str) -> Error {
        let names: Vec<String> = self.rules.iter().map(|rule| rule.name().to_string()).collect();
        Error::new(
            ErrorKind::NotFound,
            format!("rule {}", quoted(name)),
            format!("has no version{which}: there are {}", names.join(", ")),
        )
    }

    /// Reads a number by the rule that it belongs to.
    ///
    /// # Errors
    /// `InvalidInput` where it belongs to none, with the account of the rule that came furthest.
    pub fn parse<'a>(&'a self, text: &'a str) -> Result<Parsed<'a>, Error> {
        let mut furthest: Option<(usize, Error)> = None;
        for rule in self.rules.iter().rev() {
            match rule.parse(text) {
                Ok(parsed) => return Ok(parsed),
                Err(error) => {
                    let at = rule.explain(text).map_or(0, |explanation| explanation.byte);
                    if furthest.as_ref().is_none_or(|known| at > known.0) {
                        furthest = Some((at, error));
                    }
                }
            }
        }
        Err(furthest.map_or_else(|| Error::invalid("rule set", "has no rule"), |(_, error)| error))
    }

    /// All numbers of all rules.
    ///
    /// # Errors
    /// `InvalidInput` where the automaton would be too large.
    pub fn language(&self) -> Result<Language, Error> {
        let languages = self.rules.iter().map(Rule::language).collect::<Result<Vec<_>, _>>()?;
        Language::any_of(&languages)
    }

    pub(crate) fn into_single(self, text: &str) -> Result<Rule, Rejection> {
        let newest = self.rules.iter().max_by_key(|rule| rule.name().version);
        let name = newest.map(|rule| rule.name().name.clone()).unwrap_or_default();
        match newest {
            Some(rule) if self.rules.iter().all(|other| other.name().name == name) => Ok(rule.clone()),
            _ => {
                let message = format!(
                    "the text has {} rules of different names: compile it as a set",
                    self.rules.len()
                );
                let failure = Failure { proof: Proof::Namespace, at: 0, message, counterexample: None };
                Err(Rejection { findings: vec![Finding { proof: None, ..finding(text, None, failure) }] })
            }
        }
    }
}

/// What became of a text.
struct Compiled {
    rules: Vec<(CheckedRule, Tracks)>,
    findings: Vec<Finding>,
}

fn compile(text: &str) -> Compiled {
    let mut compiled = Compiled { rules: Vec::new(), findings: Vec::new() };
    let file = match syntax::parse(text) {
        Ok(file) => file,
        Err(fault) => {
            compiled.findings.push(place(text, fault.at, None, None, fault.message));
            return compiled;
        }
    };
    for rule in &file.rules {
        let name = RuleName { name: rule.name.value.clone(), version: rule.version };
        match checked::build(&file, rule) {
            Ok(checked) => {
                let tracks = Tracks::new(&checked);
                for failure in proofs::prove(&checked, &tracks) {
                    compiled.findings.push(finding(text, Some(name.clone()), failure));
                }
                compiled.rules.push((checked, tracks));
            }
            Err(faults) => compiled.findings.extend(
                faults
                    .into_iter()
                    .map(|fault| place(text, fault.at, Some(name.clone()), None, fault.message)),
            ),
        }
    }
    let parts: Vec<_> = compiled.rules.iter().map(|(checked, tracks)| (checked, tracks)).collect();
    for (rule, failure) in together(&parts) {
        compiled.findings.push(finding(text, Some(rule), failure));
    }
    compiled.findings.sort_by_key(|finding| (finding.line, finding.column));
    compiled
}

/// Proof 4 over all pairs of one namespace.
fn together(rules: &[(&CheckedRule, &Tracks)]) -> Vec<(RuleName, Failure)> {
    let mut failures = Vec::new();
    for (i, later) in rules.iter().enumerate() {
        for earlier in rules[..i].iter().filter(|earlier| earlier.0.namespace == later.0.namespace) {
            if earlier.0.name == later.0.name {
                let message =
                    format!("there are two rules {}: give the later one a new version", later.0.name);
                let failure =
                    Failure { proof: Proof::Namespace, at: later.0.at, message, counterexample: None };
                failures.push((later.0.name.clone(), failure));
            } else if let Some(failure) = proofs::disjoint(*earlier, *later) {
                failures.push((later.0.name.clone(), failure));
            }
        }
    }
    failures
}

fn finding(text: &str, rule: Option<RuleName>, failure: Failure) -> Finding {
    let mut finding = place(text, failure.at, rule, Some(failure.proof), failure.message);
    finding.counterexample = failure.counterexample;
    finding
}

fn place(text: &str, at: usize, rule: Option<RuleName>, proof: Option<Proof>, message: String) -> Finding {
    const SHOWN: usize = 120;
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line_text: String = text
        .get(start..)
        .unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(SHOWN)
        .collect();
    Finding {
        rule,
        proof,
        line: before.matches('\n').count() + 1,
        column: before[start..].chars().count() + 1,
        text: line_text,
        message,
        counterexample: None,
    }
}

pub(crate) fn check(source: &str, text: &str) -> Report {
    let compiled = compile(text);
    let failed = |name: &RuleName, proof: Proof| {
        compiled.findings.iter().any(|f| f.rule.as_ref() == Some(name) && f.proof == Some(proof))
    };
    let mut rules = Vec::new();
    for (checked, _) in &compiled.rules {
        let proofs = Proof::ALL.iter().map(|&proof| (proof, !failed(&checked.name, proof))).collect();
        rules.push(RuleReport { rule: checked.name.clone(), proofs, capacity: None, example: None });
    }
    for (report, (checked, tracks)) in rules.iter_mut().zip(compiled.rules) {
        let rule = Rule::new(checked, tracks);
        report.capacity = rule.capacity().per_counter;
        report.example = rule.example().map(|number| number.to_string());
    }
    Report {
        source: source.to_owned(),
        sound: compiled.findings.is_empty(),
        rules,
        findings: compiled.findings,
    }
}

/// Lays a rule text out anew: a statement a line, signs of equality in line, comments kept.
///
/// `keywords` chooses the language of the keywords; `None` keeps that of the text's first one.
///
/// # Errors
/// A [`Rejection`] where the text is no rule file. Its proofs are not asked for.
pub fn format_text(text: &str, keywords: Option<Keywords>) -> Result<String, Rejection> {
    match syntax::parse(text) {
        Ok(file) => Ok(syntax::print(&file, keywords.unwrap_or(file.keywords))),
        Err(fault) => Err(Rejection { findings: vec![place(text, fault.at, None, None, fault.message)] }),
    }
}
