//! The search index in tables.

use archive_core::holding::Retention;
use rusqlite::{Connection, params};

use super::fault::Fault;
use super::lookup;
use crate::Error;
use crate::filing::{Filed, FilingEntry, FilingState};
use crate::search::{Search, index_text, match_expression, text_of};

/// What the index keeps of one file.
#[derive(Debug)]
pub(super) struct Words {
    file_id: i64,
    words: String,
    facets: String,
}

impl Words {
    pub(super) fn of(file_id: i64, entry: &FilingEntry, reference: &str) -> Self {
        let facets = facets(
            Some(entry.process.as_str()),
            Some(entry.key.year),
            Some(entry.key.retention),
            Some(entry.key.organisation.as_str()),
        );
        Self { file_id, words: index_text(&text_of(entry, reference)), facets: facets.join(" ") }
    }
}

pub(super) fn enter(connection: &Connection, all: &[Words]) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("INSERT INTO search (rowid, words, facets) VALUES (?1, ?2, ?3)")?;
    for words in all {
        statement.execute(params![words.file_id, words.words, words.facets])?;
    }
    Ok(())
}

/// One token for each thing that is given. A code may hold any character, so its bytes are written in
/// hexadecimal.
fn facets(
    process: Option<&str>,
    year: Option<u16>,
    retention: Option<Retention>,
    organisation: Option<&str>,
) -> Vec<String> {
    let code = |name: char, code: &str| {
        let mut token = String::from(name);
        code.bytes().for_each(|byte| token.push_str(&format!("{byte:02x}")));
        token
    };
    [
        process.map(|p| code('p', p)),
        year.map(|y| format!("y{y}")),
        retention.map(|r| code('r', r.code())),
        organisation.map(|o| code('o', o)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) fn search(
    connection: &Connection,
    fault: Fault<'_>,
    search: &Search,
) -> Result<Vec<Filed>, Error> {
    let mut parts = Vec::new();
    parts.extend(match_expression(&search.words)?.map(|words| format!("words : ({words})")));
    let facets = facets(
        search.process.as_ref().map(AsRef::as_ref),
        search.year,
        search.retention,
        search.organisation.as_ref().map(AsRef::as_ref),
    );
    if !facets.is_empty() {
        parts.push(format!("facets : ({})", facets.join(" AND ")));
    }
    let expression = (!parts.is_empty()).then(|| parts.join(" AND "));
    let state = search.state.map(|state| match state {
        FilingState::Reserved => "reserved",
        FilingState::Confirmed => "confirmed",
        FilingState::Void => "void",
    });
    let site = search.site.as_ref().map(|site| format!("{site}/"));
    let limit = i64::try_from(search.limit).unwrap_or(i64::MAX);
    let filters = "((?2 IS NULL AND f.state <> 'void') OR f.state = ?2)
         AND (?3 IS NULL OR substr(coalesce(stands.address, awaits.address), 1, length(?3)) = ?3)";
    let parameters = params![expression, state, site, limit];
    if expression.is_some() {
        let condition = format!("{filters} ORDER BY search.rowid DESC LIMIT ?4");
        lookup::matching_words(connection, fault, &condition, parameters)
    } else {
        let condition = format!("?1 IS NULL AND {filters} ORDER BY f.id DESC LIMIT ?4");
        lookup::matching(connection, fault, &condition, parameters)
    }
}
