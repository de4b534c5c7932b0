//! Several pages that make one document: a contract of twelve pages is one paper.
//!
//! A field may stand on more than one page. Its readings are weighed together, so that a page that
//! shows it well mends one that shows it badly; where two pages show different values so clearly
//! that both cannot be the same, the document contradicts itself, which is a finding and no reading.

use std::collections::{BTreeMap, BTreeSet};

use archive_core::Error;
use archive_core::evidence::{Region, Verdict};
use archive_core::identifier::{DocumentType, FieldName};
use archive_core::units::Confidence;
use serde::{Deserialize, Serialize};

use crate::evidence::{Evidence, MISMATCH};
use crate::page_image::PageImage;
use crate::reader::{ReadOptions, Reader};
use crate::reading::{FieldReading, PageReading};

/// What was read on the pages of one document.
#[derive(Debug, Clone)]
pub struct DocumentReading {
    /// The kind of paper: that of the first page whose title was recognised.
    pub document_type: Option<DocumentType>,
    /// Its pages, in the order in which they came.
    pub pages: Vec<PageReading>,
    /// The fields, each over all pages on which it stands.
    pub fields: BTreeMap<FieldName, DocumentField>,
    /// What is wrong with the document as a whole.
    pub findings: Vec<DocumentFinding>,
}

/// A field of a document.
#[derive(Clone)]
pub struct DocumentField {
    /// The value in its canonical form.
    pub value: String,
    /// The value as printed on [`page`](Self::page).
    pub text: String,
    /// The probability that the value is right, where its pages agree that of the best one.
    pub confidence: Confidence,
    /// The page that shows it best, counted from 0.
    pub page: usize,
    /// Where it stands there.
    pub region: Region,
    /// All pages on which the field was found, counted from 0.
    pub pages: Vec<usize>,
}

/// Values may be personal data and stay out of logs.
impl std::fmt::Debug for DocumentField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DocumentField").field("page", &self.page).finish_non_exhaustive()
    }
}

/// What is wrong with a document as a whole. Pages are counted from 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "finding")]
#[non_exhaustive]
pub enum DocumentFinding {
    /// Two pages show different values of one field.
    Contradiction {
        /// The field.
        field: FieldName,
        /// What the pages show.
        shown: Vec<Shown>,
        /// How much less likely the same value on all pages is, in nats.
        suspicion: f64,
    },
    /// Pages of different kinds of paper in one document.
    SeveralPapers {
        /// The first page of another kind than the pages before.
        page: usize,
        /// Its kind.
        document_type: DocumentType,
    },
    /// A page bears a smaller number than one before it.
    OutOfOrder {
        /// The page.
        page: usize,
        /// The number printed on it.
        printed: u32,
    },
    /// Two pages bear the same number.
    Repeated {
        /// The later page.
        page: usize,
        /// The number printed on both.
        printed: u32,
    },
    /// Numbers that no page bears, though every page's number could be read.
    Missing {
        /// The numbers.
        printed: Vec<u32>,
    },
}

/// What one page shows of a field.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The page, counted from 0.
    pub page: usize,
    /// The value that it shows.
    pub value: String,
    /// Where it stands.
    pub region: Region,
}

/// Values may be personal data and stay out of logs.
impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shown(page {}, {:?})", self.page, self.region)
    }
}

impl Reader {
    /// Reads the pages of one document, and what they say together.
    ///
    /// # Errors
    /// The first error among the pages, and what the engine fails with.
    pub fn read_document(
        &self,
        pages: impl IntoIterator<Item = Result<PageImage, Error>>,
        options: &ReadOptions,
    ) -> Result<DocumentReading, Error> {
        let options = ReadOptions { page_numbers: true, ..options.clone() };
        let read = |page: Result<PageImage, Error>| self.read_with(&page?, &options);
        Ok(DocumentReading::of_pages(pages.into_iter().map(read).collect::<Result<_, _>>()?))
    }
}

impl DocumentReading {
    /// What pages that were read one by one say together.
    #[must_use]
    pub fn of_pages(pages: Vec<PageReading>) -> Self {
        let document_type = pages.iter().find_map(|p| p.document_type.clone());
        let mut findings = order(&pages);
        let other = pages.iter().position(|p| p.document_type.is_some() && p.document_type != document_type);
        if let Some((page, document_type)) =
            other.and_then(|page| Some((page, pages[page].document_type.clone()?)))
        {
            findings.push(DocumentFinding::SeveralPapers { page, document_type });
        }
        let names: BTreeSet<&FieldName> = pages.iter().flat_map(|p| p.fields.keys()).collect();
        let mut fields = BTreeMap::new();
        for name in names {
            let on_pages: Vec<(usize, &FieldReading)> =
                pages.iter().enumerate().filter_map(|(i, p)| Some((i, p.fields.get(name)?))).collect();
            let Some((field, contradiction)) = reconcile(name, &on_pages) else { continue };
            fields.insert(name.clone(), field);
            findings.extend(contradiction);
        }
        Self { document_type, pages, fields, findings }
    }

    /// What the document says of the claim that `field` is `claimed`: the evidence of all pages on
    /// which the field stands, added up. Place and characters are those of the page that says most.
    #[must_use]
    pub fn verify(&self, field: &FieldName, claimed: &str) -> Evidence {
        let evidence: Vec<Evidence> = self
            .pages
            .iter()
            .filter(|p| p.fields.contains_key(field))
            .map(|p| p.verify(field, claimed))
            .collect();
        let sum: f64 = evidence.iter().map(|e| e.suspicion).sum();
        let all_unreadable = evidence.iter().all(|e| e.verdict == Verdict::Unreadable);
        // The page that says most in the direction in which all point together.
        let most = evidence.into_iter().max_by(|a, b| (a.suspicion * sum).total_cmp(&(b.suspicion * sum)));
        let Some(most) = most else {
            let clearest = self.pages.iter().map(|p| p.legibility).fold(0.0, f32::max);
            return Evidence::of_nothing(clearest);
        };
        let verdict = match sum {
            sum if sum > MISMATCH => Verdict::Mismatch,
            _ if all_unreadable => Verdict::Unreadable,
            _ => Verdict::Match,
        };
        Evidence { verdict, suspicion: sum, ..most }
    }
}

/// A field over all pages that bear it, and whether they contradict each other.
fn reconcile(
    name: &FieldName,
    on_pages: &[(usize, &FieldReading)],
) -> Option<(DocumentField, Option<DocumentFinding>)> {
    let against = |value: &str| on_pages.iter().map(|(_, r)| r.verify(value).suspicion).sum::<f64>();
    let candidates: BTreeSet<&str> = on_pages.iter().map(|(_, r)| r.value.as_str()).collect();
    let (value, suspicion) =
        candidates.into_iter().map(|value| (value, against(value))).min_by(|a, b| a.1.total_cmp(&b.1))?;
    let shows = |reading: &FieldReading| reading.schema.kind.equal(&reading.value, value);
    let showing = on_pages.iter().filter(|(_, r)| shows(r));
    let (page, best) = showing.max_by(|a, b| a.1.confidence.get().total_cmp(&b.1.confidence.get()))?;
    let field = DocumentField {
        value: value.to_owned(),
        text: best.text.clone(),
        confidence: best.confidence,
        page: *page,
        region: best.region,
        pages: on_pages.iter().map(|(page, _)| *page).collect(),
    };
    let contradicts = |reading: &FieldReading| reading.verify(value).verdict == Verdict::Mismatch;
    let contradiction = on_pages.iter().any(|(_, r)| contradicts(r)).then(|| {
        let shown = on_pages.iter().map(|(page, reading)| Shown {
            page: *page,
            value: reading.value.clone(),
            region: reading.region,
        });
        DocumentFinding::Contradiction {
            field: name.clone(),
            shown: shown.collect(),
            suspicion: suspicion - on_pages.iter().map(|(_, r)| r.verify(&r.value).suspicion).sum::<f64>(),
        }
    });
    Some((field, contradiction))
}

/// What the numbers on the pages say of their order.
fn order(pages: &[PageReading]) -> Vec<DocumentFinding> {
    let numbers: Vec<(usize, u32, Option<u32>)> = pages
        .iter()
        .enumerate()
        .filter_map(|(page, reading)| {
            let number = reading.page_number?;
            Some((page, number.number, number.of))
        })
        .collect();
    let mut findings = Vec::new();
    let mut highest = 0;
    let mut seen = BTreeSet::new();
    for &(page, printed, _) in &numbers {
        if !seen.insert(printed) {
            findings.push(DocumentFinding::Repeated { page, printed });
        } else if printed < highest {
            findings.push(DocumentFinding::OutOfOrder { page, printed });
        }
        highest = highest.max(printed);
    }
    let last = numbers.iter().filter_map(|n| n.2).chain([highest]).max().unwrap_or(0);
    // A page without a readable number may be the one that seems to be missing.
    if numbers.len() == pages.len() {
        let missing: Vec<u32> = (1..=last).filter(|n| !seen.contains(n)).collect();
        if !missing.is_empty() {
            findings.push(DocumentFinding::Missing { printed: missing });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::detection::{Detection, Skew};
    use crate::page_number::PageNumber;
    use crate::quality::Quality;

    fn numbered(number: Option<(u32, Option<u32>)>) -> PageReading {
        let image = PageImage::from_plane("p", 100, 100, vec![255; 10_000]).unwrap();
        let nothing = Detection { skew: Skew::new(0.0), segments: Vec::new(), model_time: Duration::ZERO };
        PageReading {
            document_type: None,
            title: None,
            fields: BTreeMap::new(),
            page_number: number.map(|(number, of)| PageNumber { number, of }),
            legibility: 1.0,
            quality: Quality::of(&image, &nothing),
            width: 100,
            height: 100,
            timing: crate::reading::Timing::default(),
        }
    }

    #[track_caller]
    fn check(numbers: &[Option<(u32, Option<u32>)>], expected: &[DocumentFinding]) {
        let pages = numbers.iter().map(|n| numbered(*n)).collect();
        assert_eq!(DocumentReading::of_pages(pages).findings, expected, "{numbers:?}");
    }

    #[test]
    fn pages_in_their_order_are_no_finding() {
        check(&[Some((1, Some(2))), Some((2, Some(2)))], &[]);
        check(&[None, None], &[]);
        check(&[], &[]);
    }

    #[test]
    fn pages_out_of_order_missing_or_twice_are_findings() {
        let out_of_order = DocumentFinding::OutOfOrder { page: 1, printed: 1 };
        check(&[Some((2, None)), Some((1, None))], &[out_of_order]);
        let missing = DocumentFinding::Missing { printed: vec![2, 4] };
        check(&[Some((1, Some(4))), Some((3, Some(4)))], std::slice::from_ref(&missing));
        // The page without a number may be the missing one.
        check(&[Some((1, Some(4))), None, Some((3, Some(4)))], &[]);
        let repeated = DocumentFinding::Repeated { page: 1, printed: 1 };
        check(&[Some((1, None)), Some((1, None))], &[repeated]);
    }
}
