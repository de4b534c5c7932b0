//! What checking a rule text found: the proofs that held, and for each that failed the shortest
//! counterexample.
//!
//! ```
//! use archive_numbering::report::{Counterexample, Proof, check};
//!
//! let report = check("demo.rule", "
//!     rule file version 1 effective 2024-01-01
//!       year = digits{2} from filing-date
//!       no   = sequence{4} per (year) gapless refuse-when-full
//!       format \"{year}-{no}\"
//! ");
//! assert!(!report.sound);
//! let finding = &report.findings[0];
//! assert_eq!(finding.proof, Some(Proof::Writing));
//! assert_eq!(finding.line, 3);
//! let Some(Counterexample::SameWriting { values, writing, .. }) = &finding.counterexample else { panic!() };
//! assert_eq!((values, writing.as_str()), (&["1900".to_owned(), "2000".to_owned()], "00"));
//! ```

use std::fmt;

use archive_core::{Error, ErrorKind};
use serde::Serialize;

/// What is proven of each rule before it gives a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// 1: two values of a field are never written alike.
    Writing,
    /// 2: a number is read in one way only.
    Reading,
    /// 3: what a counter counts within is printed, so that two files never get one number.
    Scope,
    /// 4: no number belongs to two rules of a namespace, unless they share their counter.
    Namespace,
    /// 5: numbers sorted as bytes stand in the declared order.
    Order,
    /// 6: nothing grows beyond its digits unless the rule says how far.
    Capacity,
    /// 7: input aliases never turn one input into two numbers.
    Aliases,
}

impl Proof {
    /// All proofs, in their order.
    pub const ALL: [Self; 7] = [
        Self::Writing,
        Self::Reading,
        Self::Scope,
        Self::Namespace,
        Self::Order,
        Self::Capacity,
        Self::Aliases,
    ];

    /// What the proof shows, as a sentence.
    #[must_use]
    pub fn claim(self) -> &'static str {
        match self {
            Self::Writing => "each value of a field has its own writing",
            Self::Reading => "each number is read in one way",
            Self::Scope => "what a counter counts within is printed",
            Self::Namespace => "no number belongs to two rules",
            Self::Order => "byte order is the declared order",
            Self::Capacity => "nothing grows beyond its declared digits",
            Self::Aliases => "no input means two numbers",
        }
    }
}

/// A field and what is written for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldWriting {
    /// The field's name.
    pub field: String,
    /// Its writing or, for a field that is not printed, its value.
    pub text: String,
}

/// A rule and its version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RuleName {
    /// The rule's name.
    pub name: String,
    /// Its version.
    pub version: u32,
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} version {}", self.name, self.version)
    }
}

/// Values under which a proof fails. Of all that there are, one with the shortest number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Counterexample {
    /// Two values of one field are written alike.
    SameWriting {
        /// The field.
        field: String,
        /// The two values.
        values: [String; 2],
        /// What both are written as.
        writing: String,
    },
    /// One number can be cut into fields in two ways.
    TwoReadings {
        /// The number.
        number: String,
        /// The two ways.
        readings: [Vec<FieldWriting>; 2],
    },
    /// Two files would both get one number.
    SameNumber {
        /// The number.
        number: String,
        /// The fields in which the two files differ, or `None` where they differ in nothing that
        /// the rule knows.
        files: [Vec<FieldWriting>; 2],
    },
    /// Two rules both give one number.
    TwoRules {
        /// The number.
        number: String,
        /// The two rules.
        rules: [RuleName; 2],
        /// What each counts within for this number, where they share a counter.
        scopes: Option<[Vec<FieldWriting>; 2]>,
    },
    /// Two numbers whose bytes and whose declared order disagree.
    WrongOrder {
        /// The number that bytes put first.
        first: String,
        /// The number that bytes put second, and the declared order first.
        second: String,
        /// The field that decides the declared order.
        field: String,
    },
    /// A value that does not fit its digits.
    TooWide {
        /// The field.
        field: String,
        /// The first value that does not fit.
        value: u64,
        /// How many digits the rule gives it.
        digits: u32,
    },
    /// One input stands for two numbers.
    MergedInput {
        /// The input.
        input: String,
        /// The numbers.
        numbers: [String; 2],
    },
}

fn listed(fields: &[FieldWriting]) -> String {
    fields.iter().map(|f| format!("{}={:?}", f.field, f.text)).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameWriting { field, values: [a, b], writing } => {
                write!(f, "{field} {a} and {field} {b} would both be written {writing:?}")
            }
            Self::TwoReadings { number, readings: [a, b] } => {
                write!(f, "{number} could be read as {} or as {}", listed(a), listed(b))
            }
            Self::SameNumber { number, files: [a, b] } => {
                if a.is_empty() {
                    write!(f, "all files would get {number}: nothing counts them")
                } else {
                    write!(
                        f,
                        "these two files would both get {number}: one with {}, one with {}",
                        listed(a),
                        listed(b)
                    )
                }
            }
            Self::TwoRules { number, rules: [a, b], scopes } => {
                write!(f, "{number} could be given by {a} and by {b}")?;
                match scopes {
                    Some([a, b]) => write!(
                        f,
                        ", which share a counter but would count it within {} and within {}",
                        listed(a),
                        listed(b)
                    ),
                    None => Ok(()),
                }
            }
            Self::WrongOrder { first, second, field } => {
                write!(f, "{first} comes before {second} as bytes, and after it by {field}")
            }
            Self::TooWide { field, value, digits } => {
                write!(f, "{field} {value} needs more than {digits} digits")
            }
            Self::MergedInput { input, numbers: [a, b] } => {
                write!(f, "the input {input} would stand for {a} and for {b}")
            }
        }
    }
}

/// One thing that is wrong with a rule text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule, where it is known.
    pub rule: Option<RuleName>,
    /// The proof that failed; `None` where the text could not be understood as a rule.
    pub proof: Option<Proof>,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// The line itself, cut after 120 characters.
    pub text: String,
    /// What is wrong, with what was expected or what to do.
    pub message: String,
    /// Why the proof failed.
    pub counterexample: Option<Counterexample>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}: ", self.line, self.column)?;
        if let Some(rule) = &self.rule {
            write!(f, "rule {rule}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Why a rule text was not accepted: at least one finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    pub(crate) findings: Vec<Finding>,
}

impl Rejection {
    /// What is wrong, in the order of the text.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rule text: ")?;
        for (i, finding) in self.findings.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejection {}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        let first = rejection.findings.first();
        let object =
            first.map_or("rule text".into(), |f| format!("rule text line {} column {}", f.line, f.column));
        let mut message = first.map_or(String::new(), |f| match &f.rule {
            Some(rule) => format!("rule {rule}: {}", f.message),
            None => f.message.clone(),
        });
        // The first stands in the message already.
        let others: Vec<Finding> = rejection.findings.into_iter().skip(1).collect();
        if others.is_empty() {
            return Self::new(ErrorKind::InvalidInput, object, message);
        }
        message.push_str(&format!(" (and {} more)", others.len()));
        Self::new(ErrorKind::InvalidInput, object, message).with_source(Rejection { findings: others })
    }
}

/// What [`check`] has to say of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleReport {
    /// The rule.
    pub rule: RuleName,
    /// Each proof, and whether it held.
    pub proofs: Vec<(Proof, bool)>,
    /// How many numbers each counter can give, where the rule has one.
    pub capacity: Option<u64>,
    /// The smallest number that the rule gives.
    pub example: Option<String>,
}

/// The outcome of checking a rule text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Where the text is from.
    pub source: String,
    /// Whether all proofs of all rules held.
    pub sound: bool,
    /// The rules that could be read.
    pub rules: Vec<RuleReport>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Report {
    /// For people: a line a proof, counterexamples below what they refute.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in &self.rules {
            writeln!(f, "{}: {}", self.source, rule.rule)?;
            for (proof, held) in &rule.proofs {
                writeln!(f, "  {} {}", if *held { "proven:" } else { "FAILS: " }, proof.claim())?;
            }
            if let Some(example) = &rule.example {
                writeln!(f, "  first number: {example}")?;
            }
            if let Some(capacity) = rule.capacity {
                writeln!(f, "  capacity: {capacity} numbers a counter")?;
            }
        }
        for finding in &self.findings {
            writeln!(f, "{}:{}:{}: {}", self.source, finding.line, finding.column, finding.message)?;
            writeln!(f, "    {}", finding.text.trim())?;
        }
        write!(f, "{}: {}", self.source, if self.sound { "sound" } else { "rejected" })
    }
}

/// Checks the rule text `text` and reports every proof; `source` (a path, usually) stands in the
/// report. This is what `archive rule check` prints.
#[must_use]
pub fn check(source: &str, text: &str) -> Report {
    crate::rule_set::check(source, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(lines: &[usize]) -> Rejection {
        let finding = |line: &usize| Finding {
            line: *line,
            column: 1,
            text: String::new(),
            rule: None,
            proof: None,
            message: format!("fault {line}"),
            counterexample: None,
        };
        Rejection { findings: lines.iter().map(finding).collect() }
    }

    #[test]
    fn each_fault_is_said_once() {
        let report = |lines: &[usize]| Error::from(rejection(lines)).report();
        assert_eq!(report(&[1]), "rule text line 1 column 1: fault 1");
        let two = "rule text line 1 column 1: fault 1 (and 1 more): rule text: line 2 column 1: fault 2";
        assert_eq!(report(&[1, 2]), two);
    }
}
