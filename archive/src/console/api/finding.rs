//! Files: searched for, looked up by any of their names, with their documents.

use std::sync::Arc;

use archive_core::holding::Retention;
use archive_core::identifier::{OrganisationCode, ProcessCode, ReferenceCode, quoted};
use archive_core::{Error, ErrorKind};
use archive_store::search::{QUERY_LIMIT, Search};
use archive_store::{FilingState, Locator};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::problem::{Failures, PathOf, Problem, QueryOf};
use super::super::work::Shared;
use super::limits;
use super::views::{FoundFile, Record};
use crate::capture::{self, Format};

/// The most files that one search gives.
const MOST: usize = 200;

/// The most characters of a site's name: an address of a slot holds no more.
const SITE_LIMIT: usize = 64;

/// What is searched for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Words with spaces between them, all of which must be there.
    #[param(max_length = 200)]
    #[serde(default)]
    words: String,
    /// 库区: only files whose box stands or will stand there.
    #[param(max_length = 64)]
    site: Option<String>,
    /// Only files of this business process.
    #[param(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]([^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff])?$"
    )]
    process: Option<String>,
    /// Only files of this year.
    #[param(maximum = 65535)]
    year: Option<u16>,
    /// Only files kept so long.
    #[param(inline)]
    retention: Option<Kept>,
    /// Only files of this organisation.
    #[param(
        min_length = 1,
        max_length = 32,
        pattern = r"^[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]([^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff])?$"
    )]
    organisation: Option<String>,
    /// Only files in this state; live ones where absent.
    #[param(inline)]
    state: Option<FileState>,
    /// At most so many, newest first.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// 保管期限.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
enum Kept {
    D10,
    D30,
    Y,
}

/// How far a file has come.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum FileState {
    Reserved,
    Confirmed,
    Void,
}

impl Wanted {
    fn search(self) -> Result<Search, Error> {
        let limit = limits::rows(self.limit, 50, MOST)?;
        if self.words.chars().nth(QUERY_LIMIT).is_some() {
            return Err(Error::invalid(
                "words",
                format!("have more than {QUERY_LIMIT} characters: shorten them"),
            ));
        }
        if self.site.as_ref().is_some_and(|site| site.chars().count() > SITE_LIMIT) {
            return Err(Error::invalid(
                "site",
                format!("has more than {SITE_LIMIT} characters: no site has"),
            ));
        }
        Ok(Search {
            words: self.words,
            site: self.site,
            process: self.process.map(|code| code.parse::<ProcessCode>()).transpose()?,
            year: self.year,
            retention: self.retention.map(|kept| match kept {
                Kept::D10 => Retention::D10,
                Kept::D30 => Retention::D30,
                Kept::Y => Retention::Y,
            }),
            organisation: self.organisation.map(|code| code.parse::<OrganisationCode>()).transpose()?,
            state: self.state.map(|state| match state {
                FileState::Reserved => FilingState::Reserved,
                FileState::Confirmed => FilingState::Confirmed,
                FileState::Void => FilingState::Void,
            }),
            limit,
        })
    }
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Found {
    /// Newest first.
    files: Vec<FoundFile>,
    /// Whether there may be more than were asked for.
    more: bool,
}

/// Searches files by words in any of their names and readings.
#[utoipa::path(get, path = "/api/v1/search", tag = "finding", params(Wanted),
    responses((status = 200, description = "The files", body = Found), Failures))]
pub(super) async fn search(
    State(shared): State<Arc<Shared>>,
    QueryOf(wanted): QueryOf<Wanted>,
) -> Result<Json<Found>, Problem> {
    let search = wanted.search()?;
    let limit = search.limit;
    let found = shared.ask(move |shared| {
        let files = shared.archive.catalogue().search(&search)?;
        Ok(files.iter().map(|filed| FoundFile::of(&shared.archive, filed)).collect::<Vec<_>>())
    });
    let files = found.await?;
    Ok(Json(Found { more: files.len() == limit, files }))
}

/// A name of a file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Named {
    /// An archive number, customer, document, box, slot, request or tag.
    #[param(max_length = 200)]
    name: String,
}

/// Finds files by anything that names them; none where nothing goes by that name.
#[utoipa::path(get, path = "/api/v1/locate", tag = "finding", params(Named),
    responses((status = 200, description = "The files, oldest first", body = Vec<FoundFile>), Failures))]
pub(super) async fn locate(
    State(shared): State<Arc<Shared>>,
    QueryOf(named): QueryOf<Named>,
) -> Result<Json<Vec<FoundFile>>, Problem> {
    if named.name.chars().nth(QUERY_LIMIT).is_some() {
        return Err(
            Error::invalid("name", format!("has more than {QUERY_LIMIT} characters: no name has")).into()
        );
    }
    let found = shared.ask(move |shared| {
        let located = match shared.archive.locate(&named.name) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        Ok(located.iter().map(|found| FoundFile::of(&shared.archive, &found.filed)).collect())
    });
    Ok(Json(found.await?))
}

/// Which file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfFile {
    /// 档号.
    #[param(
        min_length = 1,
        max_length = 128,
        pattern = r"^[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]([^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff])?$"
    )]
    pub(super) reference: String,
}

/// Which document of a file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfDocument {
    /// 档号.
    #[param(
        min_length = 1,
        max_length = 128,
        pattern = r"^[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]([^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff])?$"
    )]
    reference: String,
    /// Which document, from 1.
    #[param(minimum = 1)]
    number: u32,
}

/// A file with its three ends: documents, system record, slot with the way there.
#[utoipa::path(get, path = "/api/v1/records/{reference}", tag = "finding",
    params(OfFile),
    responses((status = 200, description = "The file", body = Record), Failures))]
pub(super) async fn record(
    State(shared): State<Arc<Shared>>,
    PathOf(OfFile { reference }): PathOf<OfFile>,
) -> Result<Json<Record>, Problem> {
    let reference: ReferenceCode = reference.parse()?;
    let found = shared.ask(move |shared| {
        let located = one(shared, reference)?;
        Ok(Record::of(&shared.archive, &located))
    });
    Ok(Json(found.await?))
}

/// The file that bears `reference`.
fn one(shared: &Shared, reference: ReferenceCode) -> Result<archive_store::Located, Error> {
    let name = format!("file {}", quoted(reference.as_str()));
    let found = shared.archive.catalogue().locate(&Locator::Reference(reference))?;
    found.into_iter().next().ok_or_else(|| Error::new(ErrorKind::NotFound, name, "is not in the catalogue"))
}

/// The content of a document, checked against its fixity. What no browser shows by itself is sent to be saved.
#[utoipa::path(get, path = "/api/v1/records/{reference}/documents/{number}", tag = "finding",
    params(OfDocument),
    responses(
        (status = 200, description = "Its bytes, as what they are", content(
            (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/tiff"), (Vec<u8> = "application/pdf"),
            (Vec<u8> = "application/octet-stream"))),
        Failures,
    ))]
pub(super) async fn document(
    State(shared): State<Arc<Shared>>,
    PathOf(OfDocument { reference, number }): PathOf<OfDocument>,
) -> Result<Response, Problem> {
    let reference: ReferenceCode = reference.parse()?;
    let object = format!("document {number} of {reference}");
    let found = shared.ask(move |shared| {
        let located = one(shared, reference)?;
        let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
        let document = index.and_then(|i| located.documents.get(i)).ok_or_else(|| {
            let message = format!("is not there: the file has {}, counted from 1", located.documents.len());
            Error::new(ErrorKind::NotFound, object, message)
        })?;
        shared.archive.content(document)
    });
    let bytes = found.await?;
    // By content: what a name claims is no reason to let a browser run it.
    let (kind, shown, extension) = match capture::identify("document", &bytes) {
        Ok(Format::Jpeg) => ("image/jpeg", true, "jpg"),
        Ok(Format::Png) => ("image/png", true, "png"),
        Ok(Format::Tiff) => ("image/tiff", false, "tif"),
        Ok(Format::Pdf) => ("application/pdf", false, "pdf"),
        Ok(other) => ("application/octet-stream", false, other.extension()),
        Err(_) => ("application/octet-stream", false, "bin"),
    };
    let disposition = if shown { "inline" } else { "attachment" };
    let disposition = format!("{disposition}; filename=\"document-{number}.{extension}\"");
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
