//! The API, version 1. Each handler declares its route, its parameters and its answers; the router and the description are
//! both made of that.
//!
//! ```
//! let description: serde_json::Value = serde_json::from_str(&archive::console::api::description()).unwrap();
//! assert_eq!(description["openapi"], "3.1.0");
//! assert!(description["paths"]["/api/v1/search"]["get"].is_object());
//! ```

mod custody;
mod evidence;
mod exceptions;
mod finding;
mod limits;
mod moves;
mod room;
mod views;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::response::IntoResponse;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::problem::Problem;
use super::work::Shared;
use crate::review::Review;

/// Where reviews are posted to: what they hold is larger than what other requests do.
const REVIEWS: &str = "/api/v1/reviews";

/// So many bytes may a request to `path` have in its body, where others have at most `usual`.
pub(super) fn body_limit(path: &str, usual: usize) -> usize {
    if path == REVIEWS { Review::SIZE_LIMIT } else { usual }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "marketing-archive console",
        version = "1",
        description = "Files of a power utility's customers, where they stand, and whether papers and records agree. \
                       Failures are RFC 9457 problems.",
        license(name = "MIT OR Apache-2.0")
    ),
    components(schemas(Problem)),
    modifiers(&Secured),
    security(("token" = [])),
    tags(
        (name = "finding", description = "Files, their three ends, and their documents"),
        (name = "evidence", description = "The log and its proofs"),
        (name = "custody", description = "Loans and completeness"),
        (name = "exceptions", description = "Differences that somebody decides on"),
        (name = "room", description = "The store-room and its inventories"),
        (name = "service", description = "The console itself"),
    )
)]
struct Description;

/// The token as a Bearer.
struct Secured;

impl Modify for Secured {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        api.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// The routes, and what describes them.
pub(super) fn router() -> (Router<Arc<Shared>>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(finding::search))
        .routes(routes!(finding::locate))
        .routes(routes!(finding::record))
        .routes(routes!(finding::document))
        .routes(routes!(evidence::proof))
        .routes(routes!(evidence::checkpoint))
        .routes(routes!(custody::loans))
        .routes(routes!(custody::completeness))
        .routes(routes!(custody::matrix))
        .routes(routes!(custody::by_customer))
        .routes(routes!(exceptions::alerts))
        .routes(routes!(exceptions::decide))
        .routes(routes!(exceptions::review).layer(DefaultBodyLimit::max(Review::SIZE_LIMIT)))
        .routes(routes!(room::sites))
        .routes(routes!(room::map))
        .routes(routes!(room::drawing))
        .routes(routes!(room::column))
        .routes(routes!(room::inventories, room::take_stock))
        .routes(routes!(moves::relocations))
        .routes(routes!(moves::relocation))
        .routes(routes!(evidence::health))
        .routes(routes!(openapi))
        .split_for_parts()
}

/// The description of the API (OpenAPI 3.1), as it is served and committed.
#[must_use]
pub fn description() -> String {
    // Everything in it can be written as JSON.
    router().1.to_pretty_json().unwrap_or_default() + "\n"
}

/// The description of this API.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "service", responses(
    (status = 200, description = "OpenAPI 3.1", body = serde_json::Value), super::problem::Failures))]
async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], description())
}
