//! Which backend keeps the catalogue, chosen at run time.

use std::path::Path;

use archive_core::identifier::quoted;

use crate::{Catalogue, Error, ErrorKind, MemoryCatalogue, SqliteCatalogue};

/// Opens the catalogue at `url`: `postgres://user@host/database` in a server (feature `postgres`), `memory:`
/// without a file, `sqlite:PATH` or a plain path in one file.
///
/// ```
/// use archive_store::{ErrorKind, open};
///
/// assert!(open("memory:")?.pending()?.is_empty());
/// let error = open("mysql://localhost/archive").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::InvalidInput);
/// # Ok::<(), archive_core::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` for a URL of another kind, `Unsupported` for a server where this program was built without
/// it; those of the backend.
pub fn open(url: &str) -> Result<Box<dyn Catalogue>, Error> {
    if url == "memory:" {
        return Ok(Box::new(MemoryCatalogue::new()?));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        #[cfg(feature = "postgres")]
        return Ok(Box::new(crate::PostgresCatalogue::open(url)?));
        #[cfg(not(feature = "postgres"))]
        return Err(Error::new(
            ErrorKind::Unsupported,
            "a catalogue in PostgreSQL",
            "needs this program built with feature `postgres`",
        ));
    }
    // A URL may hold a password, so no more of it is shown than its kind.
    if let Some((scheme, _)) = url.split_once("://") {
        let message = "is no kind of catalogue: name postgres://…, memory:, sqlite:PATH or a path";
        return Err(Error::new(ErrorKind::InvalidInput, format!("URL scheme {}", quoted(scheme)), message));
    }
    Ok(Box::new(SqliteCatalogue::open(Path::new(url.strip_prefix("sqlite:").unwrap_or(url)))?))
}
