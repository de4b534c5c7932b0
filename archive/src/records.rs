//! Tables of the marketing system's records, read from CSV.
//!
//! ```
//! use archive::records::RecordTable;
//!
//! # let directory = tempfile::tempdir().unwrap();
//! # let path = directory.path().join("records.csv");
//! std::fs::write(&path, "image,ct_ratio\ncontract.jpg,200/5\n").unwrap();
//! let table = RecordTable::load(&path, "image")?;
//! assert_eq!(table.get("contract.jpg")?.get("ct_ratio"), Some("200/5"));
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! UTF-8 with or without a byte order mark. An empty cell claims nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use archive_core::identifier::{FieldName, quoted};
use archive_core::record::Record;
use archive_core::{Error, ErrorKind};

/// Records by the value of one column.
#[derive(Debug, Clone)]
pub struct RecordTable {
    path: PathBuf,
    key: String,
    rows: BTreeMap<String, Record>,
}

impl RecordTable {
    /// The most rows of one table; larger ones are a matter for the reconciliation of snapshots.
    pub const ROW_LIMIT: usize = 1_000_000;

    /// Reads the table at `path`, whose column `key` names each row. The key column is a claim like
    /// any other, unless it is called `image`.
    ///
    /// # Errors
    /// Those of reading the file; `InvalidInput`, naming file and line, where a row is no CSV, has
    /// more or fewer cells than the header, has no key or the key of an earlier row, or where the
    /// header lacks `key` or names a column twice.
    pub fn load(path: &Path, key: &str) -> Result<Self, Error> {
        let text = std::fs::read(path).map_err(|e| Error::io(path, "read", e))?;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let mut reader = csv::ReaderBuilder::new().from_reader(text);
        let place = |line: u64| format!("{} line {line}", path.display());
        let malformed = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            Error::invalid(place(line), "is no row of this table").with_source(error)
        };
        let header = reader.headers().map_err(malformed)?.clone();
        let key_column = header.iter().position(|name| name == key).ok_or_else(|| {
            Error::invalid(
                place(1),
                format!("has no column {}; it has {}", quoted(key), quoted(&header_text(&header))),
            )
        })?;
        let mut names: Vec<Option<FieldName>> = Vec::new();
        for (column, name) in header.iter().enumerate() {
            if header.iter().take(column).any(|earlier| earlier == name) {
                return Err(Error::invalid(place(1), format!("names the column {} twice", quoted(name))));
            }
            let is_claim = name != "image";
            let parsed = is_claim.then(|| name.parse()).transpose();
            names.push(parsed.map_err(|e: Error| Error::invalid(place(1), e.to_string()))?);
        }
        let mut rows = BTreeMap::new();
        for row in reader.records() {
            let row = row.map_err(malformed)?;
            let line = row.position().map_or(0, csv::Position::line);
            let name = row.get(key_column).unwrap_or_default().trim().to_owned();
            if name.is_empty() {
                return Err(Error::invalid(
                    place(line),
                    format!("has no value in the column {}", quoted(key)),
                ));
            }
            if rows.len() == Self::ROW_LIMIT {
                return Err(Error::invalid(place(line), format!("is beyond {} rows", Self::ROW_LIMIT)));
            }
            let cells = names
                .iter()
                .zip(&row)
                .filter_map(|(field, cell)| Some((field.clone()?, cell.trim().to_owned())));
            if rows.insert(name.clone(), Record::new(cells)).is_some() {
                return Err(Error::invalid(place(line), format!("repeats {key} {}", quoted(&name))));
            }
        }
        Ok(Self { path: path.to_path_buf(), key: key.to_owned(), rows })
    }

    /// The row whose key is `name`.
    ///
    /// # Errors
    /// `NotFound` where there is none.
    pub fn get(&self, name: &str) -> Result<&Record, Error> {
        self.rows.get(name).ok_or_else(|| {
            let message = format!("has no row whose {} is {}", self.key, quoted(name));
            Error::new(ErrorKind::NotFound, self.path.display().to_string(), message)
        })
    }

    /// All rows, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Record)> {
        self.rows.iter().map(|(name, record)| (name.as_str(), record))
    }
}

fn header_text(header: &csv::StringRecord) -> String {
    header.iter().collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(bytes: &[u8]) -> Result<RecordTable, Error> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("r.csv");
        std::fs::write(&path, bytes).unwrap();
        RecordTable::load(&path, "image")
    }

    #[track_caller]
    fn check_broken(bytes: &[u8], line: &str, message: &str) {
        let error = load(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.object().ends_with(line) && error.report().contains(message), "{}", error.report());
    }

    #[test]
    fn a_byte_order_mark_and_empty_cells_are_harmless() {
        let table = load("\u{feff}image,phone,id_no\na.jpg,, 91\n".as_bytes()).unwrap();
        let record = table.get("a.jpg").unwrap();
        assert_eq!((record.get("phone"), record.get("id_no"), record.get("image")), (None, Some("91"), None));
    }

    #[test]
    fn broken_tables_name_the_line() {
        check_broken(b"a,b\n1,2\n", "line 1", "has no column \"image\"; it has \"a,b\"");
        check_broken(b"", "line 1", "has no column");
        check_broken(b"image,b\na.jpg\n", "line 2", "is no row");
        check_broken(b"image,b\na.jpg,1\na.jpg,2\n", "line 3", "repeats image");
        check_broken(b"image,b\n,1\n", "line 2", "has no value");
        check_broken(b"image,b,b\nx,1,2\n", "line 1", "twice");
        check_broken(b"image,b\nx,\xd5\xc5\n", "line 2", "UTF-8");
    }

    #[test]
    fn an_unknown_row_is_named() {
        let error = load(b"image\nx\n").unwrap().get("y").unwrap_err();
        assert!(error.to_string().contains("has no row whose image is \"y\""), "{error}");
    }
}
