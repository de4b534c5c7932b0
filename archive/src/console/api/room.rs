//! The store-room: sites, banks, columns, boxes; and inventories.

use std::sync::Arc;

use archive_core::{Error, ErrorKind};
use archive_shelving::layout::BankName;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};

use super::super::problem::{Failures, PathOf, Problem, QueryOf};
use super::super::work::Shared;
use super::limits;
use crate::inventory::InventoryProgress;
use crate::room_map::{Shown, SiteMap, SlotDetail, Style};

/// A site in figures.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SiteView {
    /// 库区.
    site: String,
    /// Slots in all.
    slots: u64,
    /// Slots that nothing stands in and nothing is meant to.
    free: u64,
    /// Boxes that stand there.
    boxes: u64,
    /// Live files in them.
    files: u64,
}

/// The sites.
#[utoipa::path(get, path = "/api/v1/sites", tag = "room",
    responses((status = 200, description = "In order of their names", body = Vec<SiteView>), Failures))]
pub(super) async fn sites(State(shared): State<Arc<Shared>>) -> Result<Json<Vec<SiteView>>, Problem> {
    let sites = shared.ask(|shared| shared.archive.catalogue().sites()).await?;
    let view = |s: archive_store::SiteStatus| SiteView {
        site: s.site,
        slots: s.slots,
        free: s.free,
        boxes: s.boxes,
        files: s.files,
    };
    Ok(Json(sites.into_iter().map(view).collect()))
}

/// The room of a site now: banks, columns, levels, boxes by state, and how the carriages stand.
#[utoipa::path(get, path = "/api/v1/sites/{site}", tag = "room",
    params(("site" = String, Path, description = "库区", max_length = 64)),
    responses((status = 200, description = "The room", body = SiteMap), Failures))]
pub(super) async fn map(
    State(shared): State<Arc<Shared>>,
    PathOf(site): PathOf<String>,
) -> Result<Json<SiteMap>, Problem> {
    Ok(Json(shared.ask(move |shared| shared.map(&site)).await?))
}

/// What a drawing shows of each level.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum DrawingOf {
    /// Boxes by state, and how full they are.
    States,
    /// How often files were fetched within a year.
    Heat,
}

/// How a room is drawn.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Drawn {
    /// What it shows of each level; states where absent.
    #[param(inline)]
    shows: Option<DrawingOf>,
}

/// The room of a site now as a drawing, for the console's own page. Unchanged, it is not sent again (`If-None-Match`).
#[utoipa::path(get, path = "/api/v1/sites/{site}/map.svg", tag = "room",
    params(("site" = String, Path, description = "库区", max_length = 64), Drawn),
    responses(
        (status = 200, description = "SVG without styles", body = String, content_type = "image/svg+xml"),
        (status = 304, description = "As the caller has it"),
        Failures,
    ))]
pub(super) async fn drawing(
    State(shared): State<Arc<Shared>>,
    PathOf(site): PathOf<String>,
    QueryOf(drawn): QueryOf<Drawn>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let shown = match drawn.shows {
        None | Some(DrawingOf::States) => Shown::States,
        Some(DrawingOf::Heat) => Shown::Heat,
    };
    let drawing = shared.ask(move |shared| Ok(shared.map(&site)?.to_svg(Style::OfPage, shown))).await?;
    let digest = archive_core::record::Digest(Sha256::digest(drawing.as_bytes()).into());
    let tag = format!("\"{digest}\"");
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, "image/svg+xml")], drawing).into_response(),
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
        // Kept by the page, and asked about each time.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    Ok(response)
}

/// The slots of one column with their boxes.
#[utoipa::path(get, path = "/api/v1/sites/{site}/rooms/{room}/banks/{bank}/columns/{column}", tag = "room",
    params(
        ("site" = String, Path, description = "库区", max_length = 64),
        ("room" = String, Path, description = "库房", max_length = 64),
        ("bank" = String, Path, description = "区", max_length = 64),
        ("column" = String, Path, description = "列", max_length = 64),
    ),
    responses((status = 200, description = "In order of their addresses", body = Vec<SlotDetail>), Failures))]
pub(super) async fn column(
    State(shared): State<Arc<Shared>>,
    PathOf((site, room, bank, column)): PathOf<(String, String, String, String)>,
) -> Result<Json<Vec<SlotDetail>>, Problem> {
    let none =
        |error| Error::new(ErrorKind::NotFound, "bank", "is none that can be there").with_source(error);
    let bank: BankName = format!("{site}/{room}/{bank}").parse().map_err(none)?;
    Ok(Json(shared.ask(move |shared| shared.archive.column_map(&bank, &column)).await?))
}

/// Which inventories.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Latest {
    /// At most so many, newest first.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<usize>,
}

/// The inventory under way and those that were.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Inventories {
    /// The one under way in this process; none where there is none.
    running: Option<InventoryProgress>,
    /// Those recorded, newest first.
    latest: Vec<InventoryView>,
}

/// An inventory in figures.
#[derive(Debug, Serialize, ToSchema)]
struct InventoryView {
    /// The key by which it is known.
    key: String,
    /// When it was made.
    when: DateTime<Utc>,
    /// Boxes where the catalogue says.
    present: u64,
    /// Boxes that were seen elsewhere.
    misplaced: u64,
    /// Boxes that were looked for and not seen.
    missing: u64,
    /// Boxes of which the reads do not allow an answer.
    unverified: u64,
}

/// The inventory under way, and the latest ones in figures.
#[utoipa::path(get, path = "/api/v1/inventories", tag = "room", params(Latest),
    responses((status = 200, description = "Inventories", body = Inventories), Failures))]
pub(super) async fn inventories(
    State(shared): State<Arc<Shared>>,
    QueryOf(which): QueryOf<Latest>,
) -> Result<Json<Inventories>, Problem> {
    let limit = limits::rows(which.limit, 10, 100)?;
    let found = shared.ask(move |shared| shared.archive.catalogue().inventories(limit)).await?;
    let view = |i: archive_store::InventorySummary| InventoryView {
        key: i.key.to_string(),
        when: i.when,
        present: i.present,
        misplaced: i.misplaced,
        missing: i.missing,
        unverified: i.unverified,
    };
    Ok(Json(Inventories {
        running: shared.archive.inventory_progress(),
        latest: found.into_iter().map(view).collect(),
    }))
}

/// That an inventory was begun.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Begun {
    /// Where to see how far it is.
    see: &'static str,
}

/// Begins an inventory: carriages move, one aisle after the other, under their own protections. One runs at a time.
#[utoipa::path(post, path = "/api/v1/inventories", tag = "room",
    responses((status = 202, description = "It was begun", body = Begun), Failures))]
pub(super) async fn take_stock(
    State(shared): State<Arc<Shared>>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let Some(turn) = shared.begin_inventory() else {
        let message = "is under way: wait for its end";
        return Err(Error::new(ErrorKind::Conflict, "inventory", message).into());
    };
    let archive = Arc::clone(&shared.archive);
    // It takes minutes to hours: a thread of its own, so that it takes no place from those who ask.
    let begun = std::thread::Builder::new().name("archive-inventory".to_owned()).spawn(move || {
        let _turn = turn;
        if let Err(error) = archive.inventory() {
            tracing::error!(error = %error.report(), "the inventory that was begun from the console failed");
        }
    });
    begun.map_err(|e| Error::new(ErrorKind::Unavailable, "inventory", "cannot be begun").with_source(e))?;
    Ok((StatusCode::ACCEPTED, Json(Begun { see: "/api/v1/inventories" })))
}
