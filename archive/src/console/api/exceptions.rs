//! 异常: differences between papers and system that somebody decides on.

use std::sync::Arc;

use archive_core::{Error, ErrorKind};
use archive_reconcile::alerts::{Action, Alert, AlertId, Rules, State as Life};
use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::problem::{Failures, JsonOf, PathOf, Problem, QueryOf};
use super::super::work::Shared;
use super::limits;
use crate::archive::Archive;
use crate::review::{Imported, Review};

/// The most alerts that one answer gives.
const MOST: usize = 1000;

/// Which alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Settled and suppressed ones too.
    #[serde(default)]
    #[param(default = false)]
    all: bool,
    /// At most so many, most severe and longest waiting first.
    #[param(minimum = 1, maximum = 1000, default = 200)]
    limit: Option<usize>,
}

/// A difference and its life.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AlertView {
    /// By which it is decided on.
    id: u64,
    /// The customer's key.
    key: String,
    /// `missing_left`, `missing_right`, `duplicate` or `mismatch`.
    kind: String,
    /// The field, for a mismatch.
    field: Option<String>,
    /// Its name for people, where the archive compares it.
    label: Option<String>,
    /// 档号 of the file that was reviewed; none of a comparison of tables.
    file: Option<String>,
    /// What the papers say.
    paper: Option<String>,
    /// What the system says.
    system: Option<String>,
    /// `minor`, `major` or `critical`.
    severity: String,
    /// Why it matters.
    reason: String,
    /// Where it is in its life.
    #[schema(value_type = String)]
    state: Life,
    /// How often it went one level higher.
    level: u32,
    /// Whether it waits for a change order to be closed.
    waits_for_order: bool,
    /// Since when it is so.
    since: NaiveDate,
    /// Its life.
    history: Vec<Step>,
}

/// What happened to an alert.
#[derive(Debug, Serialize, ToSchema)]
struct Step {
    /// The day.
    day: NaiveDate,
    /// The state that it led to.
    #[schema(value_type = String)]
    state: Life,
    /// Who did it; none for the comparison itself.
    by: Option<String>,
}

impl AlertView {
    fn of(archive: &Archive, id: AlertId, alert: &Alert) -> Self {
        let finding = alert.finding.clone();
        let compared = finding
            .field
            .as_ref()
            .and_then(|field| archive.schema().fields().find(|f| f.name.as_str() == field));
        Self {
            label: compared.map(|field| field.label.clone()),
            file: finding.file,
            id: id.0,
            key: finding.key,
            kind: finding.kind,
            field: finding.field,
            paper: finding.left,
            system: finding.right,
            severity: finding.severity.as_str().to_owned(),
            reason: finding.reason,
            state: alert.state,
            level: alert.level,
            waits_for_order: alert.is_suppressed,
            since: alert.since,
            history: alert
                .history
                .iter()
                .map(|event| Step { day: event.day, state: event.state, by: event.by.clone() })
                .collect(),
        }
    }
}

/// Differences between papers and system: those that somebody still has to act on, or all.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "exceptions", params(Which),
    responses((status = 200, description = "The alerts", body = Vec<AlertView>), Failures))]
pub(super) async fn alerts(
    State(shared): State<Arc<Shared>>,
    QueryOf(which): QueryOf<Which>,
) -> Result<Json<Vec<AlertView>>, Problem> {
    let limit = limits::rows(which.limit, 200, MOST)?;
    let archive = Arc::clone(&shared.archive);
    let found = shared.ask_book(move |file| {
        let wanted = |alert: &Alert| which.all || (alert.state.is_live() && !alert.is_suppressed);
        let mut list: Vec<_> = file.book.iter().filter(|(_, alert)| wanted(alert)).collect();
        list.sort_by_key(|(id, alert)| (std::cmp::Reverse(alert.finding.severity), alert.since, *id));
        Ok(list.into_iter().take(limit).map(|(id, alert)| AlertView::of(&archive, id, alert)).collect())
    });
    Ok(Json(found.await?))
}

/// What somebody decides on an alert.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    /// What was done.
    action: Done,
    /// Who decides.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff][^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*$"
    )]
    by: String,
}

/// What was done about an alert.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Done {
    /// I look after it.
    Acknowledge,
    /// The system was wrong and was mended.
    ResolveInSystem,
    /// The paper was wrong or missing and was replaced.
    ResolveInPaper,
    /// It was a false alarm.
    CallFalse,
}

/// Decides on an alert.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/decisions", tag = "exceptions",
    params(("id" = u64, Path, description = "Which alert")), request_body = Decision,
    responses((status = 200, description = "The alert as it is now", body = AlertView), Failures))]
pub(super) async fn decide(
    State(shared): State<Arc<Shared>>,
    PathOf(id): PathOf<u64>,
    JsonOf(decision): JsonOf<Decision>,
) -> Result<Json<AlertView>, Problem> {
    let archive = Arc::clone(&shared.archive);
    let decided = shared.ask_book(move |file| {
        let action = match decision.action {
            Done::Acknowledge => Action::Acknowledge,
            Done::ResolveInSystem => Action::ResolveInSystem,
            Done::ResolveInPaper => Action::ResolveInPaper,
            Done::CallFalse => Action::CallFalse,
        };
        file.book.act(AlertId(id), action, decision.by.trim(), archive.today())?;
        file.save()?;
        let alert = file.book.get(AlertId(id));
        let alert =
            alert.ok_or_else(|| Error::new(ErrorKind::Internal, format!("alert {id}"), "went away"))?;
        Ok(AlertView::of(&archive, AlertId(id), alert))
    });
    Ok(Json(decided.await?))
}

/// Takes the decisions of an exception page, as its export writes them: all or nothing, into the alerts and the log. The
/// same again changes nothing. Up to 32 MiB.
#[utoipa::path(post, path = "/api/v1/reviews", tag = "exceptions", request_body = Review,
    responses((status = 200, description = "How many were new", body = Imported), Failures))]
pub(super) async fn review(
    State(shared): State<Arc<Shared>>,
    JsonOf(review): JsonOf<Review>,
) -> Result<Json<Imported>, Problem> {
    let archive = Arc::clone(&shared.archive);
    let imported = shared.ask_book(move |file| {
        // A page of another archive is told as such, whatever else is wrong with it.
        archive.refuse_other_archive(&review)?;
        archive.import_review(&review.checked("body")?, file, &Rules::reference())
    });
    Ok(Json(imported.await?))
}
