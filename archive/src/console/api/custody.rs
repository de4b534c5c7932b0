//! Loans, and how complete files are.

use std::sync::Arc;

use archive_core::Error;
use archive_core::completeness::State as Complete;
use archive_core::completeness::branch;
use archive_core::identifier::{CustomerNumber, ReferenceCode};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::problem::{Failures, PathOf, Problem, QueryOf};
use super::super::work::Shared;
use super::finding::OfFile;
use super::limits;
use super::views::{NeededPaper, customer_name};
use crate::completeness::AssessedFile;
use crate::using::days_over;

/// The most loans that one answer gives.
const MOST: usize = 1000;
/// The most files that one answer gives.
const MOST_FILES: usize = 200;

/// Which loans.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only those whose time is over.
    #[serde(default)]
    #[param(default = false)]
    overdue: bool,
    /// Those that came back, too, the newest first.
    #[serde(default)]
    #[param(default = false)]
    returned: bool,
}

/// A loan.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LoanView {
    /// The key by which it is known.
    key: String,
    /// 档号.
    reference: String,
    /// 借阅人.
    borrower: String,
    /// What for.
    purpose: String,
    /// Since when.
    lent: DateTime<Utc>,
    /// Until when.
    due: Option<DateTime<Utc>>,
    /// When it came back; none where it is out.
    returned: Option<DateTime<Utc>>,
    /// By how many whole days its time is over, or was when it came back.
    days_overdue: Option<i64>,
}

/// The files that are out, oldest loan first; or the latest loans, out or back, newest first. At most 1000.
#[utoipa::path(get, path = "/api/v1/loans", tag = "custody", params(Which),
    responses((status = 200, description = "The loans", body = Vec<LoanView>), Failures))]
pub(super) async fn loans(
    State(shared): State<Arc<Shared>>,
    QueryOf(which): QueryOf<Which>,
) -> Result<Json<Vec<LoanView>>, Problem> {
    let found = shared.ask(move |shared| {
        let now = Utc::now();
        let catalogue = shared.archive.catalogue();
        // What is out comes first, so that it is not cut off for what came back.
        let mut loans = catalogue.open_loans()?;
        if which.returned {
            loans.extend(catalogue.latest_loans(MOST)?.into_iter().filter(|loan| loan.returned.is_some()));
        }
        let view = |loan: archive_store::Loan| {
            let days_overdue = days_over(&loan, now);
            let request = loan.request;
            LoanView {
                key: request.key.to_string(),
                reference: request.reference.to_string(),
                borrower: request.borrower,
                purpose: request.purpose,
                lent: request.when,
                due: request.due,
                returned: loan.returned,
                days_overdue,
            }
        };
        let wanted = |loan: &LoanView| !which.overdue || loan.days_overdue.is_some();
        let mut shown: Vec<LoanView> = loans.into_iter().map(view).filter(wanted).take(MOST).collect();
        if which.returned {
            shown.sort_by(|a, b| (b.lent, &b.key).cmp(&(a.lent, &a.key)));
        }
        Ok(shown)
    });
    Ok(Json(found.await?))
}

/// How complete a file is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CompletenessView {
    /// 档号.
    reference: String,
    /// `complete`, `complete-with-deferrals`, `unverified` or `incomplete`.
    #[schema(value_type = String)]
    state: Complete,
    /// The papers that it needs, in the order of the policy.
    papers: Vec<NeededPaper>,
}

/// How complete a file is today, under the policy in force.
#[utoipa::path(get, path = "/api/v1/records/{reference}/completeness", tag = "custody",
    params(OfFile),
    responses((status = 200, description = "Its papers", body = CompletenessView), Failures))]
pub(super) async fn completeness(
    State(shared): State<Arc<Shared>>,
    PathOf(OfFile { reference }): PathOf<OfFile>,
) -> Result<Json<CompletenessView>, Problem> {
    let reference: ReferenceCode = reference.parse()?;
    let judged = shared.ask(move |shared| {
        let completeness = shared.archive.completeness(&reference)?;
        Ok(CompletenessView {
            reference: reference.to_string(),
            state: completeness.state(),
            papers: completeness.items.into_iter().map(NeededPaper::from).collect(),
        })
    });
    Ok(Json(judged.await?))
}

/// Which files, and how many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichFiles {
    /// The files after this place: 0 begins, and the `next` of an answer goes on.
    #[param(default = 0)]
    #[serde(default)]
    after: u64,
    /// Only files that have not all papers.
    #[serde(default)]
    #[param(default = false)]
    open: bool,
    /// Only files of this customer, all of them.
    #[param(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]([^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff])?$"
    )]
    customer: Option<String>,
    /// At most so many, in the order of filing.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Customers' files and their papers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FilesView {
    /// In the order of filing.
    files: Vec<CustomerFile>,
    /// What `after` has to be for those that follow; none at the end.
    next: Option<u64>,
}

/// A customer's file and its papers.
#[derive(Debug, Serialize, ToSchema)]
struct CustomerFile {
    /// 户号.
    customer: String,
    /// 户名, as it was entered, or else as it was filed.
    customer_name: Option<String>,
    /// 档号.
    reference: String,
    /// The business process.
    process: String,
    /// Its name for people.
    process_name: String,
    /// `complete`, `complete-with-deferrals`, `unverified` or `incomplete`.
    #[schema(value_type = String)]
    state: Complete,
    /// The papers that it needs, in the order of the policy.
    papers: Vec<NeededPaper>,
}

/// The completeness of customers' files, paper by paper: files of processes that the policy knows, each with what joined it.
#[utoipa::path(get, path = "/api/v1/completeness/files", tag = "custody", params(WhichFiles),
    responses((status = 200, description = "Files and their papers", body = FilesView), Failures))]
pub(super) async fn by_customer(
    State(shared): State<Arc<Shared>>,
    QueryOf(which): QueryOf<WhichFiles>,
) -> Result<Json<FilesView>, Problem> {
    let limit = limits::rows(which.limit, 50, MOST_FILES)?;
    if i64::try_from(which.after).is_err() {
        return Err(
            Error::invalid(format!("after {}", which.after), "is no place that an answer gave").into()
        );
    }
    let customer = which.customer.map(|number| number.parse::<CustomerNumber>()).transpose()?;
    let assessed = shared.ask(move |shared| {
        let archive = &shared.archive;
        let page = match &customer {
            Some(customer) => archive.completeness_of(customer, which.open)?,
            None => archive.completeness_after(which.after, limit, which.open)?,
        };
        let view = |file: AssessedFile| -> Result<CustomerFile, Error> {
            Ok(CustomerFile {
                customer: file.file.filed.customer.to_string(),
                customer_name: customer_name(archive, &file.file),
                reference: file.file.filed.reference.to_string(),
                process_name: archive.policy().process(&file.file.filed.process)?.name.clone(),
                process: file.file.filed.process.to_string(),
                state: file.completeness.state(),
                papers: file.completeness.items.into_iter().map(NeededPaper::from).collect(),
            })
        };
        Ok(FilesView { files: page.files.into_iter().map(view).collect::<Result<_, _>>()?, next: page.next })
    });
    Ok(Json(assessed.await?))
}

/// How complete all live files are.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MatrixView {
    /// The policy that decided.
    policy: String,
    /// The day of the answer.
    day: NaiveDate,
    /// Over all processes.
    figures: FiguresView,
    /// The processes, by code.
    processes: Vec<ProcessView>,
}

/// How many files stand how.
#[derive(Debug, Serialize, ToSchema)]
struct FiguresView {
    /// All.
    files: u64,
    /// With all papers.
    complete: u64,
    /// With all papers or commitments.
    complete_with_deferrals: u64,
    /// Somebody must look at.
    unverified: u64,
    /// With a paper missing or overdue.
    incomplete: u64,
}

impl From<&branch::Figures> for FiguresView {
    fn from(figures: &branch::Figures) -> Self {
        Self {
            files: figures.cases,
            complete: figures.complete,
            complete_with_deferrals: figures.complete_with_deferrals,
            unverified: figures.unverified,
            incomplete: figures.incomplete,
        }
    }
}

/// One process over all its files.
#[derive(Debug, Serialize, ToSchema)]
struct ProcessView {
    /// Its code.
    process: String,
    /// Its name for people.
    name: String,
    /// How its files stand.
    figures: FiguresView,
    /// Its papers, in the order of the policy.
    papers: Vec<PaperView>,
}

/// In how many files a paper is there.
#[derive(Debug, Serialize, ToSchema)]
struct PaperView {
    /// Its name.
    paper: String,
    /// Who can put it right.
    by: Option<String>,
    /// It is there.
    present: u64,
    /// It may come later.
    deferred: u64,
    /// Its time is over.
    overdue: u64,
    /// It is missing.
    missing: u64,
    /// Nobody can tell.
    unverified: u64,
    /// It is not needed (yet).
    not_needed: u64,
}

/// The completeness of all live files: processes and papers.
#[utoipa::path(get, path = "/api/v1/completeness", tag = "custody",
    responses((status = 200, description = "The matrix", body = MatrixView), Failures))]
pub(super) async fn matrix(State(shared): State<Arc<Shared>>) -> Result<Json<MatrixView>, Problem> {
    let matrix = shared.ask(Shared::matrix).await?;
    let paper = |cell: &branch::Cell| PaperView {
        paper: cell.paper.clone(),
        by: cell.by.as_ref().map(ToString::to_string),
        present: cell.present,
        deferred: cell.deferred,
        overdue: cell.overdue,
        missing: cell.missing,
        unverified: cell.unverified,
        not_needed: cell.not_needed,
    };
    Ok(Json(MatrixView {
        policy: matrix.policy.to_string(),
        day: matrix.day,
        figures: (&matrix.figures).into(),
        processes: matrix
            .rows
            .iter()
            .map(|row| ProcessView {
                process: row.process.to_string(),
                name: row.name.clone(),
                figures: (&row.figures).into(),
                papers: row.cells.iter().map(paper).collect(),
            })
            .collect(),
    }))
}
