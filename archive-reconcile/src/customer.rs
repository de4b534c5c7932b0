//! One customer's papers against the marketing system's record.
//!
//! ```
//! use archive_core::record::Record;
//! use archive_reconcile::{PaperReading, Schema, reconcile};
//!
//! let record = Record::new([("sign_date".parse()?, "2013-02-20".to_owned())]);
//! let paper = PaperReading {
//!     document: "contract.jpg".into(),
//!     field: "sign_date".parse()?,
//!     value: Some("2013年2月20日".into()),
//!     verdict: None,
//!     evidence: 0.0,
//! };
//! assert!(reconcile(&Schema::reference(), &[paper], &record).is_empty());
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A field is often printed on several papers. Where one of them contradicts the record and another
//! agrees with it, the papers contradict each other, and that is a finding of its own kind. A field
//! on no paper is not reported here: whether papers are missing is a matter of completeness.

use archive_core::evidence::Verdict;
use archive_core::identifier::FieldName;
use archive_core::record::Record;
use serde::{Deserialize, Serialize};

use crate::schema::{Comparison, Occasion, Schema, Severity};

/// What one paper says of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaperReading {
    /// The paper.
    pub document: String,
    /// The field.
    pub field: FieldName,
    /// The value read, in any writing; `None` where nothing could be read.
    pub value: Option<String>,
    /// What the image says of the record's claim; `None` where it was not asked, and values are
    /// compared instead.
    pub verdict: Option<Verdict>,
    /// The evidence against the record's claim, in nats.
    pub evidence: f64,
}

/// In what way papers and record differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// A paper shows another value than the record.
    Mismatch,
    /// Some papers agree with the record and others do not.
    PapersDisagree,
    /// No paper with this field could be read well enough.
    Unreadable,
    /// A paper shows a value and the record has none.
    MissingInRecord,
}

/// One difference between a customer's papers and the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The field.
    pub field: FieldName,
    /// Its name for people.
    pub label: String,
    /// In what way they differ.
    pub kind: FindingKind,
    /// The paper that speaks most clearly.
    pub document: String,
    /// Its value, where one was read.
    pub paper: Option<String>,
    /// The record's value, where it has one.
    pub record: Option<String>,
    /// The evidence against the record's claim, in nats: the sum over the papers that contradict it.
    pub evidence: f64,
    /// How much it matters.
    pub severity: Severity,
    /// Why it matters.
    pub reason: String,
}

/// Compares what papers say with what the record claims, field by field in the schema's order.
///
/// Readings of fields that the schema does not name are left out.
#[must_use]
pub fn reconcile(schema: &Schema, papers: &[PaperReading], record: &Record) -> Vec<Finding> {
    reconcile_on(schema, papers, record, &Occasion::default())
}

/// As [`reconcile`], for a customer in a business process: the schema's rules for it hold.
#[must_use]
pub fn reconcile_on(
    schema: &Schema,
    papers: &[PaperReading],
    record: &Record,
    occasion: &Occasion,
) -> Vec<Finding> {
    schema
        .fields()
        .filter_map(|field| {
            let readings: Vec<&PaperReading> = papers.iter().filter(|p| p.field == field.name).collect();
            compare(schema, field, &readings, record.get(field.name.as_str()), occasion)
        })
        .collect()
}

fn compare(
    schema: &Schema,
    field: &Comparison,
    readings: &[&PaperReading],
    claim: Option<&str>,
    occasion: &Occasion,
) -> Option<Finding> {
    let clearest = |list: &[&PaperReading]| -> Option<PaperReading> {
        list.iter().copied().max_by(|a, b| a.evidence.total_cmp(&b.evidence)).cloned()
    };
    let finding = |kind, paper: PaperReading, evidence, severity| Finding {
        field: field.name.clone(),
        label: field.label.clone(),
        kind,
        document: paper.document,
        paper: paper.value,
        record: claim.map(str::to_owned),
        evidence,
        severity,
        reason: field.reason.clone(),
    };
    let Some(claim) = claim else {
        let paper = readings.iter().find(|r| r.value.is_some()).copied().cloned()?;
        return Some(finding(FindingKind::MissingInRecord, paper, 0.0, Severity::Minor));
    };
    let of = |wanted| -> Vec<&PaperReading> {
        readings.iter().copied().filter(|r| verdict(field, r, claim) == wanted).collect()
    };
    let (against, agreeing, unreadable) =
        (of(Verdict::Mismatch), of(Verdict::Match), of(Verdict::Unreadable));
    if let Some(paper) = clearest(&against) {
        let kind = if agreeing.is_empty() { FindingKind::Mismatch } else { FindingKind::PapersDisagree };
        let (severity, reason) = schema.assess(field, paper.value.as_deref(), Some(claim), occasion);
        let evidence = against.iter().map(|r| r.evidence).sum();
        return Some(Finding { reason, ..finding(kind, paper, evidence, severity) });
    }
    if agreeing.is_empty() {
        let paper = clearest(&unreadable)?;
        let evidence = paper.evidence;
        return Some(finding(FindingKind::Unreadable, paper, evidence, Severity::Minor));
    }
    None
}

fn verdict(field: &Comparison, reading: &PaperReading, claim: &str) -> Verdict {
    reading.verdict.unwrap_or_else(|| match &reading.value {
        Some(value) if field.equal(value, claim) => Verdict::Match,
        Some(_) => Verdict::Mismatch,
        None => Verdict::Unreadable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(document: &str, value: Option<&str>, verdict: Option<Verdict>, evidence: f64) -> PaperReading {
        let field = "ct_ratio".parse().unwrap();
        PaperReading { document: document.into(), field, value: value.map(Into::into), verdict, evidence }
    }

    #[track_caller]
    fn check(papers: &[PaperReading], claim: Option<&str>, expected: Option<(FindingKind, &str, f64)>) {
        let record = Record::new(claim.map(|c| ("ct_ratio".parse().unwrap(), c.to_owned())));
        let findings = reconcile(&Schema::reference(), papers, &record);
        let found = findings.first().map(|f| (f.kind, f.document.as_str(), f.evidence));
        assert_eq!(found, expected);
        assert!(findings.len() <= 1);
    }

    #[test]
    fn papers_that_agree_are_no_finding() {
        check(&[paper("a", Some("200／5"), None, 0.0)], Some("200/5"), None);
        check(&[], Some("200/5"), None);
    }

    #[test]
    fn evidence_of_contradicting_papers_adds_up() {
        let a = paper("a", Some("100/5"), Some(Verdict::Mismatch), 3.0);
        let b = paper("b", Some("100/5"), Some(Verdict::Mismatch), 4.0);
        check(&[a, b], Some("200/5"), Some((FindingKind::Mismatch, "b", 7.0)));
    }

    #[test]
    fn one_for_and_one_against_is_a_contradiction_between_papers() {
        let a = paper("a", Some("100/5"), None, 3.0);
        let b = paper("b", Some("200/5"), None, 0.0);
        check(&[a, b], Some("200/5"), Some((FindingKind::PapersDisagree, "a", 3.0)));
    }

    #[test]
    fn doubt_stays_doubt_unless_another_paper_settles_it() {
        let blurred = paper("a", None, None, 0.5);
        check(std::slice::from_ref(&blurred), Some("200/5"), Some((FindingKind::Unreadable, "a", 0.5)));
        check(&[blurred, paper("b", Some("200/5"), None, 0.0)], Some("200/5"), None);
    }

    #[test]
    fn the_image_decides_over_the_reading() {
        // The best reading differs by a doubtful character, but the image does not contradict.
        let doubtful = paper("a", Some("208/5"), Some(Verdict::Match), 0.4);
        check(&[doubtful], Some("200/5"), None);
    }

    #[test]
    fn a_record_without_a_value_is_told_so() {
        check(&[paper("a", Some("200/5"), None, 0.0)], None, Some((FindingKind::MissingInRecord, "a", 0.0)));
    }
}
