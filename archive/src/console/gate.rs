//! The gate: who may ask, from where, and with what headers every answer goes out.
//!
//! In this order: the host that the request names is one of the console's own, so that a name that was made to point here
//! (DNS rebinding) leads nowhere; the address is no longer than [`ADDRESS_LIMIT`]; the caller bears the token
//! (`Authorization: Bearer`) or the cookie of a session. A cookie goes along with whatever makes a browser ask, and cookies do
//! not tell ports apart: so with one, what changes something needs the console's own `Origin` or `Sec-Fetch-Site`, and
//! nothing may come from another site. Pages, which hold no data, are free to all.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::Problem;
use super::work::Shared;

/// The most bytes of an address with its query.
pub const ADDRESS_LIMIT: usize = 4096;

/// What a page of the console may do: its own scripts, styles and pictures, no other source, in no frame.
const CONTENT_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
     connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The hosts under which the console is served.
#[derive(Debug)]
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    pub(super) fn new(address: SocketAddr, names: &[String]) -> Self {
        let port = address.port();
        let mut hosts = vec![address.to_string()];
        if address.ip().is_loopback() || address.ip().is_unspecified() {
            hosts.extend(["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}")));
        }
        // A proxy in front may pass its own name on, with or without a port.
        hosts.extend(
            names
                .iter()
                .flat_map(|name| [name.to_ascii_lowercase(), format!("{name}:{port}").to_ascii_lowercase()]),
        );
        Self(hosts)
    }

    fn serve(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.0.contains(&host)
    }
}

/// Lets a request through, or says why not.
pub(super) async fn check(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = match admit(&shared, &request) {
        Err(problem) => problem.into_response(),
        Ok(()) => match tokio::time::timeout(shared.request_limit, next.run(request)).await {
            Ok(response) => response,
            Err(_) => {
                let message =
                    format!("was not sent and answered within {} s", shared.request_limit.as_secs_f32());
                Problem::too_slow(&message).into_response()
            }
        },
    };
    // The query may hold what was searched for, and stays out of logs.
    tracing::info!(%method, path, status = response.status().as_u16(), "asked");
    protect(response.headers_mut());
    response
}

fn admit(shared: &Shared, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // An address in absolute form names a host of its own.
    let named = request.uri().authority().map(|authority| authority.as_str());
    let mut hosts = host.into_iter().chain(named).peekable();
    if headers.get_all(header::HOST).iter().count() != 1 || !hosts.all(|host| shared.hosts.serve(host)) {
        return Err(Problem::wrong_host("names no host of this console"));
    }
    let length = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if length > ADDRESS_LIMIT {
        return Err(Problem::too_long(&format!("has {length} bytes, more than {ADDRESS_LIMIT}")));
    }
    let said =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let path = request.uri().path();
    let most = super::api::body_limit(path, shared.body_limit);
    if said.is_some_and(|said| said > most as u64) {
        // Known from the head alone: nobody waits for what would not be read.
        return Err(Problem::too_large(&format!("has more than {most} bytes")));
    }
    // What is free is said here; what comes to be is not, until somebody says so.
    if path == "/" || path.starts_with("/assets/") {
        return Ok(());
    }
    if path == "/session" && *request.method() == Method::POST {
        // The token is in its body. Another site's must not open a session in somebody's browser.
        return from_here(headers, false);
    }
    if let Some(given) = headers.get(header::AUTHORIZATION) {
        let given = given.to_str().ok().and_then(|text| text.split_once(' '));
        let right = given.is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer") && shared.token.is(token.trim())
        });
        return match right {
            true => Ok(()),
            false => Err(Problem::unknown_caller("Authorization bears another token than this console's")),
        };
    }
    if !shared.sessions.has(headers) {
        return Err(Problem::unknown_caller("bears no token, and no session is open or it ran out"));
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    from_here(headers, !reads)
}

/// Whether the console's own page sent it, by what browsers say of themselves; where they must say so, silence is no.
fn from_here(headers: &HeaderMap, must_say: bool) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("unreadable"));
    let host = text(header::HOST).unwrap_or_default();
    let origin = text(header::ORIGIN);
    if let Some(origin) = origin {
        let own = ["http://", "https://"].iter().filter_map(|scheme| origin.strip_prefix(scheme)).next();
        if own.is_none_or(|own| !own.eq_ignore_ascii_case(host)) {
            return Err(Problem::cross_site("comes from another origin"));
        }
    }
    let site = text(header::HeaderName::from_static("sec-fetch-site"));
    match site {
        Some("same-origin") => Ok(()),
        // Typed by the user, or a bookmark: nobody changes anything that way.
        Some("none") if !must_say => Ok(()),
        Some(_) => Err(Problem::cross_site("comes from another site")),
        None if origin.is_some() || !must_say => Ok(()),
        None => {
            Err(Problem::cross_site("does not say where it comes from: it needs Origin or Sec-Fetch-Site"))
        }
    }
}

/// The headers that every answer bears, where it has no stricter ones.
fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
