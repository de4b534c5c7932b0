//! Snapshots for the comparison of whole tables: Parquet, Arrow, CSV, the catalogue and PostgreSQL in;
//! Parquet, Arrow, CSV and workbooks out.
//!
//! ```
//! use archive::snapshots::{reconcile_files, Findings};
//! use archive_reconcile::Schema;
//! use archive_reconcile::tables::Options;
//!
//! # let directory = tempfile::tempdir().unwrap();
//! let path = |name: &str| directory.path().join(name);
//! std::fs::write(path("papers.csv"), "account_no,ct_ratio\n0001,２００／５\n0002,150/5\n").unwrap();
//! std::fs::write(path("system.csv"), "account_no,ct_ratio\n0001,200/5\n0002,100/5\n").unwrap();
//! let out = Findings::create(&path("findings.csv"))?;
//! let (left, right) = (path("papers.csv"), path("system.csv"));
//! let summary =
//!     reconcile_files(&left, &right, &["account_no".into()], &Schema::reference(), &Options::default(), out)?;
//! assert_eq!(summary.counts.mismatches, 1);
//! let text = std::fs::read_to_string(path("findings.csv")).unwrap();
//! assert!(text.contains("0002,mismatch,ct_ratio,150/5,100/5,critical"));
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! A file's format is told by its first bytes, not by its name. CSV is UTF-8, with or without a byte
//! order mark, or GB18030, one of them throughout; its cells are text, which the schema of comparison
//! gives a meaning. What was found is written beside its final name and renamed when it is whole.
//!
//! Limits: one file a snapshot.

mod arrow_file;
mod candidates;
mod catalogued;
mod csv_file;
mod encoding;
mod parquet_file;
#[cfg(feature = "postgres")]
mod postgres;
mod read_ahead;
mod scratch;
mod sink;
mod summary;
mod workbook;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use archive_core::{Error, data_file};
use archive_reconcile::Schema;
use archive_reconcile::tables::{Options, Snapshot, Summary, reconcile_tables};
use arrow_array::RecordBatch;

pub use candidates::write_candidates;
pub use catalogued::PapersTable;
#[cfg(feature = "postgres")]
pub use postgres::PostgresTable;
pub use scratch::ScratchDirectory;
pub use sink::{CsvStyle, Findings};
pub use summary::summary_json;

/// Rows that are read at a time: 8192 rows of a dozen columns stay in a core's cache.
const BATCH_ROWS: usize = 8192;

/// How workbooks begin: the new ones (zip archives), and the old ones.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

/// Opens the table at `path`, of whatever format.
///
/// # Errors
/// Those of opening the file; `InvalidInput` where it is of no known format or has columns that are
/// none; `Corrupt` where it is damaged or cut off.
pub fn open(path: &Path) -> Result<Box<dyn Snapshot>, Error> {
    let mut start = Vec::new();
    let mut file = File::open(path).map_err(|e| Error::io(path, "open the table", e))?;
    file.by_ref().take(512).read_to_end(&mut start).map_err(|e| Error::io(path, "read the table", e))?;
    if start.starts_with(b"PAR1") {
        return Ok(Box::new(parquet_file::ParquetFile::open(path)?));
    }
    if start.starts_with(b"ARROW1") {
        return Ok(Box::new(arrow_file::ArrowFile::open(path)?));
    }
    if start.is_empty() {
        return Err(Error::invalid(path.display().to_string(), "is empty: a table has a header at least"));
    }
    if WORKBOOKS.iter().any(|first| start.starts_with(first)) {
        let message = "is a workbook, or another archive of files: save its sheet as CSV (UTF-8) or write it as Parquet";
        return Err(Error::invalid(path.display().to_string(), message));
    }
    if start.contains(&0) {
        let message = "is neither Parquet nor Arrow nor text: write it as one of them (CSV in UTF-8)";
        return Err(Error::invalid(path.display().to_string(), message));
    }
    Ok(Box::new(csv_file::CsvFile::open(path)?))
}

/// Opens what `name` names: `catalogue:DIRECTORY`, the papers of an archive;
/// `postgresql://USER@HOST/DATABASE#TABLE`; or else the file at that path.
///
/// # Errors
/// Those of [`open`], of opening the archive, and of reaching the database; `Unsupported` where this
/// build reads no database.
pub fn open_source(name: &str) -> Result<Box<dyn Snapshot>, Error> {
    if let Some(directory) = name.strip_prefix("catalogue:") {
        let archive = crate::Archive::open(crate::Config::load(Path::new(directory))?)?;
        return Ok(Box::new(PapersTable::of(archive)?));
    }
    if name.starts_with("postgresql://") || name.starts_with("postgres://") {
        return open_database(name);
    }
    open(Path::new(name))
}

#[cfg(feature = "postgres")]
fn open_database(name: &str) -> Result<Box<dyn Snapshot>, Error> {
    let Some((url, table)) = name.rsplit_once('#') else {
        let message = "names no table: write postgresql://USER@HOST/DATABASE#TABLE";
        return Err(Error::invalid("the address of a database", message));
    };
    Ok(Box::new(PostgresTable::open(url, table)?))
}

#[cfg(not(feature = "postgres"))]
fn open_database(_name: &str) -> Result<Box<dyn Snapshot>, Error> {
    let message = "cannot be read by this build: build it with the feature postgres, or export the table";
    Err(Error::new(archive_core::ErrorKind::Unsupported, "a table of PostgreSQL", message))
}

/// How tables are compared: by the schema in the file at `path`, or by the shipped one.
///
/// # Errors
/// Those of reading the file; `InvalidInput`, naming file, line and key, where it is no schema.
pub fn open_schema(path: Option<&Path>) -> Result<Schema, Error> {
    match path {
        Some(path) => Schema::parse(&path.display().to_string(), &data_file::read(path)?),
        None => Ok(Schema::reference()),
    }
}

/// Compares the tables at `left` and `right` and writes what differs to `out`.
///
/// # Errors
/// Those of [`open`], of [`reconcile_tables`], and of writing; nothing stands at `out`'s path then.
pub fn reconcile_files(
    left: &Path,
    right: &Path,
    keys: &[String],
    schema: &Schema,
    options: &Options<'_>,
    out: Findings,
) -> Result<Summary, Error> {
    refuse_overwriting(left, out.path())?;
    refuse_overwriting(right, out.path())?;
    reconcile_snapshots(open(left)?.as_ref(), open(right)?.as_ref(), keys, schema, options, out, &mut |_| {})
}

/// An error where findings would be written over one of the tables.
///
/// # Errors
/// `InvalidInput` where `input` and `out` are one file.
pub fn refuse_overwriting(input: &Path, out: &Path) -> Result<(), Error> {
    match (input.canonicalize(), out.canonicalize()) {
        (Ok(input), Ok(output)) if input == output => {
            let message = "is one of the tables to compare: choose another path for the findings";
            Err(Error::invalid(out.display().to_string(), message))
        }
        _ => Ok(()),
    }
}

/// Compares two snapshots, writes what differs to `out`, and shows each batch of findings to `watch`.
///
/// # Errors
/// Those of [`reconcile_tables`], and of writing; nothing stands at `out`'s path then.
pub fn reconcile_snapshots(
    left: &dyn Snapshot,
    right: &dyn Snapshot,
    keys: &[String],
    schema: &Schema,
    options: &Options<'_>,
    mut out: Findings,
    watch: &mut dyn FnMut(&RecordBatch),
) -> Result<Summary, Error> {
    out.begin(keys)?;
    let summary = reconcile_tables(left, right, keys, schema, options, &mut |batch| {
        watch(&batch);
        out.write(&batch)
    })?;
    out.finish()?;
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use archive_core::ErrorKind;
    use arrow_array::{ArrayRef, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::file::properties::WriterProperties;

    use super::*;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
            std::fs::write(self.path(name), bytes).unwrap();
            self.path(name)
        }

        /// 20,000 customers in four row groups. Statuses are few and become a dictionary, numbers are
        /// many and don't; every 1000th customer's status is `odd`.
        fn parquet(&self, name: &str, odd: &str) -> PathBuf {
            let number: ArrayRef =
                Arc::new(StringArray::from_iter_values((0..20_000).map(|i| format!("{i:010}"))));
            let status = (0..20_000).map(|i| if i % 1000 == 7 { odd } else { "正常" });
            let status: ArrayRef = Arc::new(StringArray::from_iter_values(status));
            let batch = RecordBatch::try_from_iter([("account_no", number), ("status", status)]).unwrap();
            let properties = WriterProperties::builder()
                .set_max_row_group_row_count(Some(5000))
                .set_dictionary_page_size_limit(4096)
                .build();
            let file = File::create(self.path(name)).unwrap();
            let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            self.path(name)
        }

        fn run(&self, left: &Path, right: &Path) -> Result<Summary, Error> {
            let keys = ["account_no".to_owned()];
            let out = Findings::create(&self.path("out.csv"))?.with_style(CsvStyle::Lossless);
            reconcile_files(left, right, &keys, &Schema::reference(), &Options::default(), out)
        }

        fn found(&self) -> String {
            std::fs::read_to_string(self.path("out.csv")).unwrap()
        }

        #[track_caller]
        fn check_error(&self, left: &Path, right: &Path, kind: ErrorKind, parts: &[&str]) {
            let error = self.run(left, right).unwrap_err();
            assert_eq!(error.kind(), kind, "{}", error.report());
            for part in parts {
                assert!(error.report().contains(part), "{:?} lacks {part:?}", error.report());
            }
            let left_over = [self.path("out.csv"), self.path("out.csv.part")];
            assert!(left_over.iter().all(|p| !p.exists()), "half a file of findings stands");
        }
    }

    #[test]
    fn the_same_table_in_every_format_is_equal() {
        let place = Place::new();
        let parquet = place.parquet("a.parquet", "销户");
        let snapshot = open(&parquet).unwrap();
        let batches: Vec<_> = snapshot.read(&[0, 1]).unwrap().collect::<Result<_, _>>().unwrap();
        // Few statuses are read as a dictionary, many numbers as views.
        assert!(format!("{:?}", batches[0].schema()).contains("Dictionary"));
        let mut csv = "\u{feff}status,account_no\n".to_owned();
        for i in 0..20_000 {
            csv += &format!("{},{i:010}\r\n", if i % 1000 == 7 { "销户" } else { "\"正常\"" });
        }
        let csv = place.write("a.csv", csv);
        let text = open(&csv).unwrap();
        let batches: Vec<_> = text.read(&[1, 0]).unwrap().collect::<Result<_, _>>().unwrap();
        let file = File::create(place.path("a.arrow")).unwrap();
        let mut arrow = arrow_ipc::writer::FileWriter::try_new(file, &batches[0].schema()).unwrap();
        batches.iter().for_each(|batch| arrow.write(batch).unwrap());
        arrow.finish().unwrap();
        for other in [parquet.clone(), place.path("a.arrow"), csv.clone()] {
            // Columns come in the order in which they are asked for, whatever the file's.
            let snapshot = open(&other).unwrap();
            let position = |name| snapshot.schema().index_of(name).unwrap();
            let (number, status) = (position("account_no"), position("status"));
            for order in [[number, status], [status, number]] {
                let batch = snapshot.read(&order).unwrap().next().unwrap().unwrap();
                let fetched = snapshot.fetch(&order, &[0, 7, 19_999]).unwrap();
                let rows: usize = fetched.map(|b| b.unwrap().num_rows()).sum();
                assert_eq!(rows, 3, "{}", other.display());
                let schema = batch.schema();
                let names: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
                assert_eq!(names, order.map(|i| if i == number { "account_no" } else { "status" }));
            }
        }
        for other in [place.path("a.arrow"), csv] {
            let summary = place.run(&parquet, &other).unwrap();
            assert!(summary.counts.is_equal(), "{}: {summary:?}", other.display());
            assert_eq!((summary.left_rows, summary.right_rows), (20_000, 20_000));
        }
    }

    #[test]
    fn rows_that_differ_are_fetched_across_row_groups() {
        let place = Place::new();
        let (left, right) = (place.parquet("a.parquet", "销户"), place.parquet("b.parquet", "暂停"));
        let summary = place.run(&left, &right).unwrap();
        assert_eq!(summary.counts.mismatches, 20);
        let text = place.found();
        assert!(text.starts_with("account_no,kind,field,left_value,right_value,severity,reason\n"));
        assert_eq!(text.lines().count(), 21);
        assert!(text.contains("\n0000019007,mismatch,status,销户,暂停,minor,"), "{text}");
    }

    #[test]
    fn findings_as_parquet_have_the_same_rows() {
        let place = Place::new();
        let (left, right) = (place.parquet("a.parquet", "销户"), place.parquet("b.parquet", "暂停"));
        let out = Findings::create(&place.path("out.parquet")).unwrap();
        let keys = ["account_no".to_owned()];
        reconcile_files(&left, &right, &keys, &Schema::reference(), &Options::default(), out).unwrap();
        let file = File::open(place.path("out.parquet")).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 20);
    }

    #[test]
    fn a_spreadsheet_is_given_no_formula() {
        let place = Place::new();
        let left = place.write("l.csv", "account_no,note\n1,\"=HYPERLINK(\"\"x\"\")\"\n2,-5\n3,ok\n");
        let right = place.write("r.csv", "account_no,note\n1,a\n2,＝1\n3,\"o\nk\"\n");
        let out = Findings::create(&place.path("safe.csv")).unwrap();
        let keys = ["account_no".to_owned()];
        reconcile_files(&left, &right, &keys, &Schema::reference(), &Options::default(), out).unwrap();
        let safe = std::fs::read_to_string(place.path("safe.csv")).unwrap();
        assert!(safe.starts_with('\u{feff}') && safe.contains("\"'=HYPERLINK(\"\"x\"\")\",a"), "{safe}");
        assert!(safe.contains(",'-5,'＝1,"), "{safe}");
        place.run(&left, &right).unwrap();
        assert!(
            place.found().contains("1,mismatch,note,\"=HYPERLINK(\"\"x\"\")\",a,"),
            "lossless is as it is"
        );
    }

    #[test]
    fn a_table_in_gb18030_equals_the_same_in_utf8() {
        let place = Place::new();
        let text = "account_no,户名\n1,镕基\n2,\"正常,\n𠀀\"\n";
        let utf8 = place.write("utf8.csv", text);
        let gb18030 = place.write("gb.csv", encoding_rs::GB18030.encode(text).0);
        let summary = place.run(&utf8, &gb18030).unwrap();
        assert!(summary.counts.is_equal() && summary.left_rows == 2, "{summary:?}");
        assert_eq!(summary.fields, ["customer_name"]);
    }

    #[test]
    fn findings_in_every_format_are_the_same_rows() {
        let place = Place::new();
        let left = place.write("l.csv", "account_no,note\n1,=1+1\n2,b\n");
        let right = place.write("r.csv", "account_no,note\n1,a\n3,b\n");
        let keys = ["account_no".to_owned()];
        for name in ["d.parquet", "d.arrow", "d.csv", "d.xlsx", "d", "."] {
            let out = Findings::create(&place.path(name)).unwrap();
            reconcile_files(&left, &right, &keys, &Schema::reference(), &Options::default(), out).unwrap();
        }
        for name in ["d.parquet", "d.arrow", "d", "findings.parquet"] {
            let snapshot = open(&place.path(name)).unwrap();
            let rows: usize = snapshot.read(&[0, 1]).unwrap().map(|b| b.unwrap().num_rows()).sum();
            assert_eq!(rows, 3, "{name}");
        }
        let workbook = std::fs::read(place.path("d.xlsx")).unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
        let mut part = |name: &str| {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut archive.by_name(name).unwrap(), &mut text).unwrap();
            text
        };
        let sheet = part("xl/worksheets/sheet1.xml");
        assert_eq!(sheet.matches("<row ").count(), 4);
        let all = sheet + &part("xl/sharedStrings.xml");
        assert!(all.contains("=1+1") && !all.contains("<f>"), "text, and no formula");
    }

    #[test]
    fn little_memory_spills_to_disk_and_finds_the_same() {
        let place = Place::new();
        let (left, right) = (place.parquet("a.parquet", "销户"), place.parquet("b.parquet", "暂停"));
        let whole = place.run(&left, &right).unwrap();
        let found = place.found();
        let scratch = ScratchDirectory::new(place.0.path());
        let options = Options { memory: Some(900_000), scratch: Some(&scratch), ..Options::default() };
        let out = Findings::create(&place.path("out.csv")).unwrap().with_style(CsvStyle::Lossless);
        let keys = ["account_no".to_owned()];
        let spilled = reconcile_files(&left, &right, &keys, &Schema::reference(), &options, out).unwrap();
        assert_eq!((spilled.counts, spilled.passes), (whole.counts, 1));
        assert_eq!(place.found(), found);
    }

    #[test]
    fn candidates_are_written_for_rows_with_a_wrong_key() {
        let place = Place::new();
        let row = |key: &str, i: usize| format!("{key},客户{i}公司,人民路{i}号\n");
        let head = "account_no,customer_name,service_address\n";
        let left: String = (0..40).map(|i| row(&format!("33420000{i:02}"), i)).collect();
        let right: String =
            (0..40).map(|i| row(&format!("3342000{}{i:02}", u8::from(i % 10 == 3)), i)).collect();
        let left = place.write("l.csv", format!("{head}{left}"));
        let right = place.write("r.csv", format!("{head}{right}"));
        let (left, right) = (open(&left).unwrap(), open(&right).unwrap());
        let keys = ["account_no".to_owned()];
        let out = Findings::create(&place.path("d.csv")).unwrap();
        let mut one_sided = archive_reconcile::tables::OneSidedKeys::default();
        let schema = Schema::reference();
        let options = Options::default();
        reconcile_snapshots(left.as_ref(), right.as_ref(), &keys, &schema, &options, out, &mut |batch| {
            one_sided.gather(batch, 1);
        })
        .unwrap();
        let out = Findings::create(&place.path("c.csv")).unwrap();
        let count = write_candidates(left.as_ref(), right.as_ref(), &keys, &schema, &one_sided, out).unwrap();
        assert_eq!(count, 4);
        let text = std::fs::read_to_string(place.path("c.csv")).unwrap();
        assert!(text.contains("3342000003,3342000103,"), "{text}");
        assert!(
            text.contains("one character of the key differs; same customer_name, service_address"),
            "{text}"
        );
    }

    #[test]
    fn damaged_files_are_refused_and_leave_nothing_behind() {
        let place = Place::new();
        let whole = place.parquet("whole.parquet", "销户");
        let bytes = std::fs::read(&whole).unwrap();
        let cut = place.write("cut.parquet", &bytes[..bytes.len() / 2]);
        place.check_error(&whole, &cut, ErrorKind::Corrupt, &["cut.parquet", "cut off or damaged"]);
        let footer = place.write("footer.parquet", [b"PAR1".as_slice(), &[0xff; 64], b"PAR1"].concat());
        place.check_error(&footer, &whole, ErrorKind::Corrupt, &["footer.parquet"]);
        // Zeros in the middle of the pages: an error, or other findings, but no panic and no end.
        let mut holes = bytes.clone();
        for byte in &mut holes[200..20_000] {
            *byte = 0;
        }
        let holes = place.write("holes.parquet", &holes);
        place.check_error(&holes, &whole, ErrorKind::Corrupt, &["holes.parquet", "damaged after 0 rows"]);
        let arrow = place.write("cut.arrow", b"ARROW1\0\0\xff\xff\xff\xff\x10\0\0\0");
        place.check_error(&arrow, &whole, ErrorKind::Corrupt, &["cut.arrow", "cut off or damaged"]);
    }

    #[test]
    fn broken_csv_names_file_line_and_column() {
        let place = Place::new();
        let good = place.write("good.csv", "account_no,note\n1,a\n");
        let check = |bytes: &[u8], parts: &[&str]| {
            let bad = place.write("bad.csv", bytes);
            place.check_error(&good, &bad, ErrorKind::InvalidInput, parts);
            place.check_error(&bad, &good, ErrorKind::InvalidInput, parts);
        };
        // 正常 in GB18030 beside 正常 in UTF-8.
        check(
            b"account_no,note\n1,\xe6\xad\xa3\xe5\xb8\xb8\n2,\xd5\xfd\xb3\xa3\n",
            &["bad.csv line 3", "is GB18030 and line 2 is UTF-8"],
        );
        check(b"account_no,note\n1,\xff\xff\n", &["bad.csv line 2", "neither UTF-8 nor GB18030"]);
        check(b"account_no,note\n1,a\n2\n", &["bad.csv line 3", "has 1 cells and the header 2"]);
        check(b"account_no,note\n1,a,b\n", &["bad.csv line 2", "has 3 cells"]);
        check(b"account_no,note,\n1,a,b\n", &["bad.csv line 1", "column 3 has no name"]);
        check(b"account_no,note,note\n1,a,b\n", &["bad.csv", "two columns", "note"]);
        check(b"", &["bad.csv", "is empty"]);
        check(b"PK\x03\x04 and no zero among the first bytes", &["bad.csv", "is a workbook", "as CSV"]);
        check(
            "account_no,note\n1,a\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().as_slice(),
            &["bad.csv", "neither Parquet nor Arrow nor text"],
        );
        let mut open_quote = b"account_no,note\n1,\"a\n".to_vec();
        open_quote.resize(40 << 20, b'x');
        check(&open_quote, &["bad.csv line", "a quote is not closed"]);
    }

    #[test]
    fn wrong_paths_are_told_apart() {
        let place = Place::new();
        let good = place.write("good.csv", "account_no\n1\n");
        let error = place.run(&place.path("nowhere.csv"), &good).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let clash = place.write("out.csv", "account_no\n1\n");
        let error = place.run(&good, &clash).unwrap_err();
        assert!(error.to_string().contains("is one of the tables"), "{error}");
        assert_eq!(std::fs::read_to_string(&clash).unwrap(), "account_no\n1\n");
        let error = Findings::create(&place.path("out.xls")).unwrap_err();
        assert!(error.to_string().contains("none of .parquet"), "{error}");
        let error = place.run(place.0.path(), &good).unwrap_err();
        assert!(error.report().contains("read the table"), "{}", error.report());
    }
}
