//! 移库: plans of many moves, to be looked at step by step.

use std::collections::BTreeMap;
use std::sync::Arc;

use archive_core::holding::SlotAddress;
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_store::MoveState;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::problem::{Failures, PathOf, Problem};
use super::super::work::Shared;
use crate::relocation::RelocationProgress;

/// The most moves that one answer gives.
const MOST: usize = 5000;

/// Which plan.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfPlan {
    /// The key by which the plan is known.
    #[param(
        min_length = 1,
        max_length = 128,
        pattern = r"^[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]([^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff])?$"
    )]
    key: String,
}

/// A plan and how far it has come.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlanView {
    /// The key by which it is known.
    key: String,
    /// Its moves, in their order; the first 5000.
    moves: Vec<MoveView>,
    /// How many moves it has.
    all: usize,
    /// How often an aisle is opened.
    openings: usize,
    /// Whether it is being taken back, or was.
    undone: bool,
    /// Whether nothing is left to be moved.
    done: bool,
}

/// One move of a plan.
#[derive(Debug, Serialize, ToSchema)]
struct MoveView {
    /// From 1; a stage begins when the one before is done.
    stage: usize,
    /// 盒号.
    #[serde(rename = "box")]
    #[schema(rename = "box")]
    box_number: String,
    /// Where it stands before; none where nobody can tell.
    from: Option<String>,
    /// Where it goes.
    to: String,
    /// How far it has come; none where its stage was not begun.
    #[schema(value_type = Option<String>)]
    state: Option<MoveState>,
}

/// The keys of all plans, in order.
#[utoipa::path(get, path = "/api/v1/relocations", tag = "room",
    responses((status = 200, description = "Their keys", body = Vec<String>), Failures))]
pub(super) async fn relocations(State(shared): State<Arc<Shared>>) -> Result<Json<Vec<String>>, Problem> {
    let keys = shared.ask(|shared| shared.archive.relocations()).await?;
    Ok(Json(keys.into_iter().map(String::from).collect()))
}

/// A plan with its moves in order.
#[utoipa::path(get, path = "/api/v1/relocations/{key}", tag = "room", params(OfPlan),
    responses((status = 200, description = "The plan", body = PlanView), Failures))]
pub(super) async fn relocation(
    State(shared): State<Arc<Shared>>,
    PathOf(OfPlan { key }): PathOf<OfPlan>,
) -> Result<Json<PlanView>, Problem> {
    let key: RequestKey = key.parse()?;
    let view = shared.ask(move |shared| {
        let progress = shared.archive.relocation(&key)?;
        let begins =
            |number: &BoxNumber| shared.archive.catalogue().box_status(number).ok().map(|status| status.slot);
        Ok(view(progress, begins))
    });
    Ok(Json(view.await?))
}

/// The moves with where each begins: where the plan says so, where its box's move before it ended, or where it stands.
fn view(progress: RelocationProgress, stands: impl Fn(&BoxNumber) -> Option<SlotAddress>) -> PlanView {
    let all = progress.moves.len();
    let mut ended: BTreeMap<BoxNumber, SlotAddress> = BTreeMap::new();
    let moves = progress.moves.into_iter().take(MOST).map(|planned| {
        let before = ended.insert(planned.box_number.clone(), planned.to.clone());
        let from = planned.from.or(before).or_else(|| stands(&planned.box_number));
        MoveView {
            stage: planned.stage,
            box_number: planned.box_number.to_string(),
            from: from.map(|slot| slot.to_string()),
            to: planned.to.to_string(),
            state: planned.state,
        }
    });
    PlanView {
        key: progress.key.to_string(),
        moves: moves.collect(),
        all,
        openings: progress.openings,
        undone: progress.undone,
        done: progress.done,
    }
}
