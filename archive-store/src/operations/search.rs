//! The search index in tables: FTS5 in one dialect, arrays under a GIN index in the other, and the same
//! tokens in both.

use archive_core::holding::{BoxKey, Retention};
use archive_core::record::Document;

use super::lookup;
use crate::Error;
use crate::filing::{Filed, FilingEntry, FilingState, Located};
use crate::search::{Search, index_text, match_expression, phrases, text_of};
use crate::sql::{Dialect, Transaction, values};

/// What the index keeps of one file.
#[derive(Debug)]
pub(crate) struct Words {
    file_id: i64,
    words: String,
    facets: String,
}

/// What the index will keep of a file whose number is not drawn yet: the work that needs no transaction.
#[derive(Debug)]
pub(crate) struct Unnumbered {
    words: String,
    facets: String,
}

impl Unnumbered {
    pub(crate) fn of(entry: &FilingEntry) -> Self {
        let names = [
            entry.customer.as_str(),
            entry.system_record.as_str(),
            entry.request.as_str(),
            entry.process.as_str(),
        ];
        Self::from(names, &entry.key, &entry.documents, &entry.readings)
    }

    fn from(names: [&str; 4], key: &BoxKey, documents: &[Document], readings: &str) -> Self {
        let facets =
            facets(Some(names[3]), Some(key.year), Some(key.retention), Some(key.organisation.as_str()));
        Self { words: index_text(&text_of(names, documents, readings)), facets: facets.join(" ") }
    }
}

impl Words {
    pub(crate) fn of(file_id: i64, reference: &str, rest: &Unnumbered) -> Self {
        let words = format!("{} {}", index_text(reference), rest.words);
        Self { file_id, words, facets: rest.facets.clone() }
    }

    /// The same, of a file that is in the catalogue.
    pub(crate) fn of_located(file_id: i64, located: &Located) -> Self {
        let filed = &located.filed;
        let names = [
            filed.customer.as_str(),
            filed.system_record.as_str(),
            filed.request.as_str(),
            filed.process.as_str(),
        ];
        let rest = Unnumbered::from(names, &filed.key, &located.documents, &located.readings);
        Self::of(file_id, filed.reference.as_str(), &rest)
    }
}

/// Enters the words that the transaction gathered.
pub(crate) fn enter_words(tx: &Transaction<'_>) -> Result<(), Error> {
    let all = std::mem::take(&mut tx.pending.borrow_mut().words);
    for entry in &all {
        match tx.dialect() {
            Dialect::Sqlite => tx.execute(
                "INSERT INTO search (rowid, words, facets) VALUES (?1, ?2, ?3)",
                values![entry.file_id, &entry.words, &entry.facets],
            )?,
            #[cfg(feature = "postgres")]
            Dialect::Postgres => tx.execute(
                "INSERT INTO search (file_id, tokens, grams) VALUES (?1, ' ' || ?2 || ' ', string_to_array(?3, ' '))",
                values![entry.file_id, &entry.words, grams_of(entry)],
            )?,
        };
    }
    Ok(())
}

/// Takes the words of a file out again, which must be those that were entered.
pub(crate) fn remove_words(tx: &Transaction<'_>, words: &Words) -> Result<(), Error> {
    match tx.dialect() {
        Dialect::Sqlite => tx.execute(
            "INSERT INTO search (search, rowid, words, facets) VALUES ('delete', ?1, ?2, ?3)",
            values![words.file_id, &words.words, &words.facets],
        )?,
        #[cfg(feature = "postgres")]
        Dialect::Postgres => tx.execute("DELETE FROM search WHERE file_id = ?1", values![words.file_id])?,
    };
    Ok(())
}

/// Beginnings of words are tokens of their own where the index cannot look for a beginning, up to so
/// many characters; what a longer beginning finds is compared with the text.
#[cfg(feature = "postgres")]
const BEGINNING: usize = 8;

#[cfg(feature = "postgres")]
fn beginning(token: &str) -> String {
    format!("^{}", token.chars().take(BEGINNING).collect::<String>())
}

/// The array that stands for a file: its tokens, their beginnings and its facets.
#[cfg(feature = "postgres")]
fn grams_of(entry: &Words) -> String {
    let mut grams = std::collections::BTreeSet::new();
    for token in entry.words.split(' ').filter(|token| !token.is_empty()) {
        grams.insert(token.to_owned());
        let mut begins = String::from("^");
        for character in token.chars().take(BEGINNING) {
            begins.push(character);
            grams.insert(begins.clone());
        }
    }
    grams.extend(entry.facets.split(' ').map(|facet| format!("#{facet}")));
    grams.into_iter().collect::<Vec<_>>().join(" ")
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

pub(crate) fn search(tx: &Transaction<'_>, search: &Search) -> Result<Vec<Filed>, Error> {
    let phrases = phrases(&search.words)?;
    let facets = facets(
        search.process.as_ref().map(AsRef::as_ref),
        search.year,
        search.retention,
        search.organisation.as_ref().map(AsRef::as_ref),
    );
    let state = search.state.map(FilingState::as_str);
    let site = search.site.as_ref().map(|site| format!("{site}/"));
    let limit = i64::try_from(search.limit).unwrap_or(i64::MAX);
    let filters = "((CAST(?1 AS TEXT) IS NULL AND f.state <> 'void') OR f.state = ?1)
         AND (CAST(?2 AS TEXT) IS NULL OR
             substr(coalesce(stands.address, awaits.address), 1, length(CAST(?2 AS TEXT))) = ?2)";
    if phrases.is_empty() && facets.is_empty() {
        let condition = format!("{filters} ORDER BY f.id DESC LIMIT ?3");
        return lookup::matching(tx, &condition, values![state, site, limit]);
    }
    match tx.dialect() {
        Dialect::Sqlite => {
            let mut parts = Vec::new();
            parts.extend(match_expression(&phrases).map(|words| format!("words : ({words})")));
            if !facets.is_empty() {
                parts.push(format!("facets : ({})", facets.join(" AND ")));
            }
            let condition = format!("search MATCH ?4 AND {filters} ORDER BY search.rowid DESC LIMIT ?3");
            let index = "search CROSS JOIN file f ON f.id = search.rowid";
            lookup::matching_index(tx, index, &condition, values![state, site, limit, parts.join(" AND ")])
        }
        #[cfg(feature = "postgres")]
        Dialect::Postgres => {
            let mut grams: Vec<String> = facets.iter().map(|facet| format!("#{facet}")).collect();
            let mut patterns = Vec::new();
            for phrase in &phrases {
                let whole = phrase.tokens.len() - usize::from(phrase.prefix);
                grams.extend(phrase.tokens[..whole].iter().cloned());
                grams.extend(phrase.tokens[whole..].iter().map(|token| beginning(token)));
                // Tokens hold letters, digits and ideographs alone: no character of a pattern.
                let end = if phrase.prefix { "%" } else { " %" };
                patterns.push(format!("% {}{end}", phrase.tokens.join(" ")));
            }
            let condition = format!(
                "s.grams @> string_to_array(?4, ' ') AND s.tokens LIKE ALL (string_to_array(?5, chr(10)))
                 AND {filters} ORDER BY f.id DESC LIMIT ?3"
            );
            let index = "search s JOIN file f ON f.id = s.file_id";
            let parameters = values![state, site, limit, grams.join(" "), patterns.join("\n")];
            lookup::matching_index(tx, index, &condition, parameters)
        }
    }
}
