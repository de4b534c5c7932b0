//! What the API answers with: the same whatever changes inside.

use std::collections::BTreeMap;

use archive_core::completeness::{Item, Presence};
use archive_core::holding::CustodyMode;
use archive_core::record::Document;
use archive_store::{Filed, FilingState, Located, Sighting, Standing};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::archive::Archive;
use crate::intake::stored_case;
use crate::using::Way;

/// A file as it is found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FoundFile {
    /// 档号.
    reference: String,
    /// `reserved`, `confirmed` or `void`.
    #[schema(value_type = String)]
    state: FilingState,
    /// 户号.
    customer: String,
    /// The business process.
    process: String,
    /// Its name for people, where the policy knows it.
    process_name: Option<String>,
    /// 全宗号.
    fonds: String,
    /// 年度.
    year: u16,
    /// 保管期限: `D10`, `D30` or `Y`.
    retention: &'static str,
    /// 机构.
    organisation: String,
    /// When it was filed.
    filed: DateTime<Utc>,
    /// 盒号.
    #[serde(rename = "box")]
    #[schema(rename = "box")]
    box_number: Option<String>,
    /// 储位.
    slot: Option<String>,
}

impl FoundFile {
    pub(super) fn of(archive: &Archive, filed: &Filed) -> Self {
        Self {
            reference: filed.reference.to_string(),
            state: filed.state,
            customer: filed.customer.to_string(),
            process: filed.process.to_string(),
            process_name: archive.policy().process(&filed.process).ok().map(|p| p.name.clone()),
            fonds: filed.key.fonds.to_string(),
            year: filed.key.year,
            retention: filed.key.retention.code(),
            organisation: filed.key.organisation.to_string(),
            filed: filed.filed,
            box_number: filed.place.as_ref().map(|p| p.archive_box.number.to_string()),
            slot: filed.place.as_ref().map(|p| p.slot.to_string()),
        }
    }
}

/// A file with its three ends: documents, system record, slot.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Record {
    file: FoundFile,
    /// The request that filed it.
    request: String,
    /// The policy that decided.
    policy: String,
    /// `electronic` or `central-paper`.
    #[schema(value_type = String)]
    custody: CustodyMode,
    /// Why its number is void.
    void_reason: Option<String>,
    /// The first end: its documents, in order.
    documents: Vec<DocumentView>,
    /// The second end: the row of the marketing system.
    system_record: SystemRecord,
    /// The third end: box and slot; none in electronic custody.
    place: Option<PlaceView>,
    /// What was read from its papers.
    #[schema(value_type = serde_json::Value)]
    readings: serde_json::Value,
    /// The names for people of the fields that the archive compares, by code.
    labels: BTreeMap<String, String>,
    /// What was doubtful or wrong.
    #[schema(value_type = serde_json::Value)]
    findings: serde_json::Value,
}

/// A row of the marketing system, as the file is tied to it.
#[derive(Debug, Serialize, ToSchema)]
struct SystemRecord {
    /// Its key.
    key: String,
    /// 户号.
    customer: String,
    /// 户名, as it was entered, or else as it was filed.
    customer_name: Option<String>,
}

/// A document of a file.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DocumentView {
    /// By which its content is asked for, from 1.
    number: u32,
    /// Its name in the catalogue.
    id: String,
    /// What kind of document it is; none where nobody could tell.
    document_type: Option<String>,
    /// Its kind for people.
    name: String,
    /// What carries it.
    carrier: String,
    /// How many pages it has.
    pages: u32,
    /// The day that it bears, where one was read.
    date: Option<NaiveDate>,
    /// Its fixity.
    sha256: String,
}

/// Box and slot of a file.
#[derive(Debug, Serialize, ToSchema)]
struct PlaceView {
    /// 盒号.
    #[serde(rename = "box")]
    #[schema(rename = "box")]
    box_number: String,
    /// 储位.
    slot: String,
    /// `reserved` or `confirmed`.
    #[schema(value_type = String)]
    standing: Standing,
    /// 电子标签.
    tag: Option<String>,
    /// How thick its paper is.
    thickness_mm: u32,
    /// What the latest inventory saw of the box: `present`, `misplaced`, `missing` or `unverified`.
    last_seen: Option<&'static str>,
    /// Where it was seen, where that is elsewhere.
    seen_at: Option<String>,
    /// The way there, in words; none where nobody can tell.
    way: Option<String>,
    /// The aisle that has to stand open, counted from the left end of the bank, from 0.
    aisle: Option<u16>,
}

impl Record {
    pub(super) fn of(archive: &Archive, found: &Located) -> Self {
        let filed = &found.filed;
        Self {
            file: FoundFile::of(archive, filed),
            request: filed.request.to_string(),
            policy: filed.policy.to_string(),
            custody: found.custody,
            void_reason: filed.void_reason.clone(),
            documents: (1..).zip(&found.documents).map(|(n, d)| DocumentView::of(archive, n, d)).collect(),
            system_record: SystemRecord {
                key: filed.system_record.to_string(),
                customer: filed.customer.to_string(),
                customer_name: customer_name(archive, found),
            },
            place: filed.place.as_ref().map(|place| {
                let way: Option<Way> = archive.way_to(&place.slot).ok();
                PlaceView {
                    box_number: place.archive_box.number.to_string(),
                    slot: place.slot.to_string(),
                    standing: place.standing,
                    tag: place.tag.map(|tag| tag.to_string()),
                    thickness_mm: place.thickness.0,
                    last_seen: found.last_seen.as_ref().map(|seen| match seen {
                        Sighting::Present => "present",
                        Sighting::Misplaced { .. } => "misplaced",
                        Sighting::Missing => "missing",
                        Sighting::Unverified => "unverified",
                    }),
                    seen_at: match &found.last_seen {
                        Some(Sighting::Misplaced { seen }) => Some(seen.to_string()),
                        _ => None,
                    },
                    way: way.as_ref().map(Way::to_string),
                    aisle: way.map(|way| way.aisle.0),
                }
            }),
            readings: json(&found.readings),
            labels: archive.schema().fields().map(|f| (f.name.to_string(), f.label.clone())).collect(),
            findings: json(&found.findings),
        }
    }
}

/// 户名 of a file's customer, as it was entered, or else as the file has it. One that cannot be read is none: the file is
/// found all the same.
pub(super) fn customer_name(archive: &Archive, found: &Located) -> Option<String> {
    let entered = archive.catalogue().customer(&found.filed.customer).ok().flatten().map(|c| c.name);
    let filed = || stored_case(found).ok().map(|case| case.name);
    entered.or_else(filed).filter(|name| !name.is_empty())
}

/// Stored JSON; the store checked that it is some, or empty.
fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|_| serde_json::json!({}))
}

impl DocumentView {
    fn of(archive: &Archive, number: u32, document: &Document) -> Self {
        Self {
            number,
            id: document.id.to_string(),
            document_type: document.document_type.as_ref().map(ToString::to_string),
            name: crate::cataloguing::gathering::document_name(archive.policy(), document),
            carrier: serde_json::to_value(document.carrier)
                .ok()
                .and_then(|value| value.as_str().map(str::to_owned))
                .unwrap_or_default(),
            pages: document.pages.0,
            date: document.date,
            sha256: document.digest.to_string(),
        }
    }
}

/// A paper that a file needs, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NeededPaper {
    /// Its name for people.
    name: String,
    /// `present`, `deferred`, `overdue`, `missing` or `unverified`.
    state: &'static str,
    /// The document that answers it, or that commits to it.
    document: Option<String>,
    /// The last day for it.
    due: Option<NaiveDate>,
    /// Why nobody can tell.
    reason: Option<String>,
    /// Why it is needed.
    why: String,
    /// Who can put it right.
    by: Option<String>,
}

impl From<Item> for NeededPaper {
    fn from(item: Item) -> Self {
        let (state, document, due, reason) = match item.presence {
            Presence::Present { document } => ("present", Some(document), None, None),
            Presence::Deferred { document, due } => ("deferred", Some(document), due, None),
            Presence::Overdue { document, due } => ("overdue", Some(document), due, None),
            Presence::Missing => ("missing", None, None, None),
            Presence::Unverified { reason } => ("unverified", None, None, Some(reason)),
        };
        let by = item.by.map(|role| role.to_string());
        Self { name: item.name, state, document, due, reason, why: item.why, by }
    }
}
