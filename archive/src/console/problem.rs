//! What failed, as RFC 9457 says it: which object, why, and what the caller can do.

use archive_core::{Error, ErrorKind};
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, ResponsesBuilder};
use utoipa::{IntoResponses, ToSchema};

/// A problem (`application/problem+json`, RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is, as a name that stays.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    problem: String,
    /// The kind for people.
    title: &'static str,
    /// The status of HTTP.
    status: u16,
    /// Which object, what is wrong with it, and why.
    detail: String,
    /// The object.
    object: String,
    /// What the caller can do.
    advice: &'static str,
}

/// The one status of each kind of error.
#[must_use]
pub(crate) fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::InvalidInput => StatusCode::BAD_REQUEST,
        ErrorKind::Denied => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::OutcomeUnknown => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn words_of(kind: ErrorKind) -> (&'static str, &'static str) {
    match kind {
        ErrorKind::InvalidInput => ("A value is wrong", "mend the value and ask again"),
        ErrorKind::Denied => ("Not allowed", "ask for the right to do it"),
        ErrorKind::NotFound => ("Not found", "reload, and look for it by another name"),
        ErrorKind::Conflict => ("In conflict", "reload, look at what is there now, and decide again"),
        ErrorKind::Refused => ("Refused", "read the reason: a device or a rule said no"),
        ErrorKind::Unsupported => ("Not supported", "choose another way"),
        ErrorKind::Unavailable => ("Out of reach", "wait a moment and ask again"),
        ErrorKind::OutcomeUnknown => ("Outcome unknown", "look at the present state before anything else"),
        ErrorKind::Corrupt => ("Stored data is damaged", "stop, and tell whoever keeps the archive"),
        _ => ("A fault of this program", "stop, and tell whoever keeps the archive"),
    }
}

impl Problem {
    fn new(
        status: StatusCode,
        name: &str,
        title: &'static str,
        object: &str,
        message: &str,
        advice: &'static str,
    ) -> Self {
        Self {
            problem: format!("urn:marketing-archive:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: format!("{object}: {message}"),
            object: object.to_owned(),
            advice,
        }
    }

    /// Nobody knows who asks.
    pub(super) fn unknown_caller(message: &str) -> Self {
        let advice = "send the token that the console printed when it was started";
        Self::new(StatusCode::UNAUTHORIZED, "unknown-caller", "Who asks?", "request", message, advice)
    }

    /// Another site may have sent it.
    pub(super) fn cross_site(message: &str) -> Self {
        let advice = "open the console's own page and ask from there, or send the token as a Bearer";
        Self::new(StatusCode::FORBIDDEN, "cross-site", "From another site", "request", message, advice)
    }

    /// The host that the request names is none that is served here.
    pub(super) fn wrong_host(message: &str) -> Self {
        let advice = "use the address that the console printed, or start it with --name";
        Self::new(StatusCode::MISDIRECTED_REQUEST, "wrong-host", "No such host here", "Host", message, advice)
    }

    /// It is longer than is read.
    pub(super) fn too_long(message: &str) -> Self {
        Self::new(StatusCode::URI_TOO_LONG, "too-long", "Too long", "address", message, "shorten it")
    }

    /// It is larger than is read.
    pub(super) fn too_large(message: &str) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", "body", message, "send less")
    }

    /// It took too long.
    pub(super) fn too_slow(message: &str) -> Self {
        let advice = "send it at once, or ask for less";
        Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "Too slow", "request", message, advice)
    }

    fn malformed(object: &str, status: StatusCode, message: &str) -> Self {
        let (name, title) = match status {
            StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "Too large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ("not-json", "Not JSON"),
            _ => ("invalid-input", words_of(ErrorKind::InvalidInput).0),
        };
        // What is no sentence of the agreed form is a wrong value, whichever way it is wrong.
        let status =
            if status == StatusCode::UNPROCESSABLE_ENTITY { StatusCode::BAD_REQUEST } else { status };
        Self::new(status, name, title, object, message, words_of(ErrorKind::InvalidInput).1)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = error.kind();
        let (title, advice) = words_of(kind);
        Self {
            problem: format!("urn:marketing-archive:problem:{kind}"),
            title,
            status: status_of(kind).as_u16(),
            detail: error.report(),
            object: error.object().to_owned(),
            advice,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::warn!(status = self.status, detail = %self.detail, "answered with a problem");
        }
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"))
            }
            _ => None,
        };
        response
    }
}

/// Every answer of the API that is none of those that an endpoint names.
pub(super) struct Failures;

impl IntoResponses for Failures {
    fn responses() -> std::collections::BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let problem = |words: &str| {
            let schema = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            ResponseBuilder::new().description(words).content("application/problem+json", schema).build()
        };
        ResponsesBuilder::new()
            .response("4XX", problem("The caller can mend it: see its advice."))
            .response("5XX", problem("The archive cannot answer: see its advice."))
            .build()
            .into()
    }
}

pub(super) async fn no_such_page(uri: Uri) -> Problem {
    let object = archive_core::identifier::quoted(uri.path());
    Error::new(ErrorKind::NotFound, object, "is no address of this console; /api/v1/openapi.json lists them")
        .into()
}

pub(super) async fn no_such_method(method: Method, uri: Uri) -> Problem {
    let object = archive_core::identifier::quoted(uri.path());
    let message = format!("does not take {method}");
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "no-such-method",
        "No such method",
        &object,
        &message,
        "see Allow for those that it takes",
    )
}

/// A body of JSON; what is wrong with it is a problem.
pub(super) struct JsonOf<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonOf<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let taken: Result<Json<T>, JsonRejection> = Json::from_request(request, state).await;
        taken
            .map(|Json(value)| Self(value))
            .map_err(|e| Problem::malformed("body", e.status(), &e.body_text()))
    }
}

/// What follows `?`; what is wrong with it is a problem.
pub(super) struct QueryOf<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let taken: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        taken
            .map(|Query(value)| Self(value))
            .map_err(|e| Problem::malformed("query", e.status(), &e.body_text()))
    }
}

/// The named parts of the address; what is wrong with them is a problem.
pub(super) struct PathOf<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let taken: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        taken
            .map(|Path(value)| Self(value))
            .map_err(|e| Problem::malformed("address", e.status(), &e.body_text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_object_cause_and_advice() {
        let error = Error::new(ErrorKind::Conflict, "alert 7", "is settled already").with_source("by li");
        let problem = serde_json::to_value(Problem::from(error)).unwrap();
        assert_eq!(problem["type"], "urn:marketing-archive:problem:conflict");
        assert_eq!((problem["status"].as_u64(), problem["object"].as_str()), (Some(409), Some("alert 7")));
        assert_eq!(problem["detail"], "alert 7: is settled already: by li");
        assert!(problem["advice"].as_str().unwrap().contains("reload"));
    }

    #[test]
    fn each_kind_has_its_status() {
        use ErrorKind::*;
        let all = [
            InvalidInput,
            NotFound,
            Conflict,
            Unavailable,
            Refused,
            OutcomeUnknown,
            Unsupported,
            Denied,
            Corrupt,
        ];
        let statuses: std::collections::BTreeSet<u16> = all.map(|kind| status_of(kind).as_u16()).into();
        assert_eq!(statuses.len(), all.len());
        assert_eq!(status_of(Internal), status_of(Corrupt), "both: stop, and report");
    }
}
