//! Sessions of browsers: opened with the token, kept by a cookie that scripts and other sites cannot use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use archive_core::Error;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::problem::{JsonOf, Problem};
use super::token::Token;
use super::work::Shared;

/// The cookie's name.
pub(super) const COOKIE: &str = "archive_session";
/// The most sessions at a time: one more ends the oldest.
const MOST: usize = 64;

/// The open sessions, by the digest of what the cookie holds: looking one up tells nothing by how long it takes.
#[derive(Debug)]
pub(super) struct Sessions {
    open: Mutex<HashMap<[u8; 32], Instant>>,
    lifetime: Duration,
}

impl Sessions {
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { open: Mutex::default(), lifetime }
    }

    /// Opens a session and gives what its cookie holds.
    fn open(&self) -> Result<String, Error> {
        let id = Token::generate()?;
        let now = Instant::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, ends| *ends > now);
        if open.len() >= MOST
            && let Some(oldest) = open.iter().min_by_key(|(_, ends)| **ends).map(|(id, _)| *id)
        {
            open.remove(&oldest);
        }
        open.insert(digest(id.reveal()), now + self.lifetime);
        Ok(id.reveal().to_owned())
    }

    /// Whether the cookie among `headers` is that of an open session.
    pub(super) fn has(&self, headers: &HeaderMap) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        cookie(headers).is_some_and(|id| open.get(&digest(id)).is_some_and(|ends| *ends > Instant::now()))
    }

    fn close(&self, headers: &HeaderMap) {
        if let Some(id) = cookie(headers) {
            self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&digest(id));
        }
    }
}

fn digest(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .find_map(|part| part.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// What a browser posts to open a session.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    token: String,
}

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/session", post(open).delete(close))
}

async fn open(
    State(shared): State<Arc<Shared>>,
    JsonOf(opening): JsonOf<Opening>,
) -> Result<Response, Problem> {
    if !shared.token.is(&opening.token) {
        return Err(Problem::unknown_caller("the token is not that of this console"));
    }
    let id = shared.sessions.open()?;
    let lifetime = shared.sessions.lifetime.as_secs();
    Ok(with_cookie(&format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={lifetime}")))
}

async fn close(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    shared.sessions.close(&headers);
    with_cookie(&format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"))
}

fn with_cookie(cookie: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    // It is made of base64 and numbers.
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, cookie.parse().unwrap())])
    }

    #[test]
    fn sessions_end_by_time_by_number_and_by_wish() {
        let sessions = Sessions::new(Duration::from_secs(60));
        let id = sessions.open().unwrap();
        let mine = headers(&format!("theme=dark; {COOKIE}={id}"));
        assert!(sessions.has(&mine) && !sessions.has(&headers(&format!("{COOKIE}={id}x"))));
        assert!(!sessions.has(&headers(&format!("x{COOKIE}={id}"))) && !sessions.has(&HeaderMap::new()));
        for _ in 0..MOST {
            sessions.open().unwrap();
        }
        assert!(!sessions.has(&mine), "the oldest made room");
        let last = headers(&format!("{COOKIE}={}", sessions.open().unwrap()));
        sessions.close(&last);
        assert!(!sessions.has(&last));
        let brief = Sessions::new(Duration::ZERO);
        let id = brief.open().unwrap();
        assert!(!brief.has(&headers(&format!("{COOKIE}={id}"))), "expired");
    }
}
