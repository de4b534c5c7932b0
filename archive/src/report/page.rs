//! The report's one page.

use std::collections::BTreeMap;

use archive_core::completeness::Presence;
use archive_core::evidence::Region;
use archive_core::record::Digest;
use archive_reconcile::{Finding, FindingKind, Severity};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Picture;
use crate::filing::{FiledDocument, FilingOutcome, Shelving};

const STYLE: &str = include_str!("style.css");

type Pictures = BTreeMap<Digest, Picture>;

pub(super) fn render(outcomes: &[FilingOutcome], pictures: &Pictures) -> Markup {
    let findings: usize = outcomes.iter().map(|o| o.findings.len()).sum();
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Filing report 归档报告" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Filing report 归档报告" }
                p.soft { (outcomes.len()) " filed, " (findings) " differences between papers and the marketing system" }
                @for outcome in outcomes { (filing(outcome, pictures)) }
            }
        }
    }
}

fn filing(outcome: &FilingOutcome, pictures: &Pictures) -> Markup {
    html! {
        section.filing {
            h2 { "档号 " (outcome.reference_code) }
            dl {
                dt { "Request" } dd { (outcome.key) }
                dt { "Box 盒号" } dd { (outcome.box_number.as_ref().map_or("–", |b| b.as_str())) }
                dt { "Slot 储位" } dd { (outcome.slot.as_ref().map_or("–", |s| s.as_str())) }
                dt { "On the shelf" } dd { (shelving(&outcome.shelving)) }
                dt { "Policy" } dd { (outcome.policy.name) " " (outcome.policy.version) }
            }
            h2 { "Papers 材料" }
            table {
                thead { tr { th { "Needed" } th { "State" } } }
                tbody {
                    @for item in &outcome.completeness.items {
                        tr { td { (item.name) } td { (presence(&item.presence)) } }
                    }
                    @for document in &outcome.rejected {
                        tr { td { (document.name) } td.bad { "✗ not filed: " (document.message) } }
                    }
                }
            }
            h2 { "Differences 差异" }
            @if outcome.findings.is_empty() {
                p.good { "✓ Papers and marketing system agree in every field that was compared." }
            }
            @for finding in &outcome.findings { (difference(finding, outcome, pictures)) }
        }
    }
}

fn shelving(shelving: &Shelving) -> Markup {
    html! {
        @match shelving {
            Shelving::NotNeeded => { "not needed: kept electronically" }
            Shelving::Confirmed { tag } => { span.good { "✓ tag " (tag) " seen" } }
            Shelving::Pending { reason } => { span.doubt { "? pending: " (reason) } }
        }
    }
}

fn presence(presence: &Presence) -> Markup {
    html! {
        @match presence {
            Presence::Present { document } => { span.good { "✓ present: " (document) } }
            Presence::Deferred { document, due } => {
                span.doubt { "… deferred by " (document) @if let Some(due) = due { ", due " (due) } }
            }
            Presence::Overdue { document, due } => {
                span.bad { "✗ overdue, deferred by " (document) @if let Some(due) = due { ", due " (due) } }
            }
            Presence::Missing => { span.bad { "✗ missing" } }
            Presence::Unverified { reason } => { span.doubt { "? unverified: " (reason) } }
        }
    }
}

fn difference(finding: &Finding, outcome: &FilingOutcome, pictures: &Pictures) -> Markup {
    let document = outcome.documents.iter().find(|d| d.name == finding.document);
    let field = document.and_then(|d| d.fields.get(&finding.field));
    html! {
        article {
            div {
                h3 { (finding.label) " " (severity(finding.severity)) }
                dl.values {
                    dt { "Paper 纸质" } dd { b { (finding.paper.as_deref().unwrap_or("unreadable")) } }
                    dt { "System 系统" } dd { b { (finding.record.as_deref().unwrap_or("–")) } }
                }
                dl {
                    dt { "Finding" } dd { (kind(finding.kind)) }
                    dt { "Evidence" } dd { (format!("{:.1} nats against the system's value", finding.evidence)) }
                    @if let Some(field) = field {
                        dt { "Confidence" } dd { (format!("{:.3}", field.confidence.get())) }
                        dt { "As printed" } dd { (field.text) }
                    }
                    dt { "On" } dd { (finding.document) }
                    dt { "Why it matters" } dd { (finding.reason) }
                }
            }
            @if let (Some(document), Some(field)) = (document, field) {
                (evidence(document, field.region, pictures))
            }
        }
    }
}

/// The crop enlarged, and the whole page with the region marked.
fn evidence(document: &FiledDocument, region: Region, pictures: &Pictures) -> Markup {
    let Some(picture) = pictures.get(&document.digest) else {
        return html! { p.doubt { "The image of " (document.name) " cannot be shown." } };
    };
    let margin = region.height();
    let left = region.left().saturating_sub(margin);
    let top = region.top().saturating_sub(margin / 2);
    let crop = format!("{left} {top} {} {}", region.width() + 2 * margin, region.height() + margin);
    let whole = format!("0 0 {} {}", picture.width, picture.height);
    html! {
        div {
            @for (view, what) in [(crop, "the place enlarged"), (whole, "the page with the place marked")] {
                svg viewBox=(view) role="img" aria-label=(format!("{}: {what}", document.name)) {
                    image href=(picture.path) width=(picture.width) height=(picture.height) {}
                    rect x=(region.left()) y=(region.top()) width=(region.width()) height=(region.height()) {}
                }
            }
        }
    }
}

fn severity(severity: Severity) -> Markup {
    html! {
        @match severity {
            Severity::Critical => { span.bad { "‼ critical" } }
            Severity::Major => { span.bad { "! major" } }
            Severity::Minor => { span.doubt { "· minor" } }
        }
    }
}

fn kind(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Mismatch => "the paper shows another value",
        FindingKind::PapersDisagree => "the papers contradict each other",
        FindingKind::Unreadable => "the paper cannot be read well enough",
        FindingKind::MissingInRecord => "the system has no value",
    }
}
