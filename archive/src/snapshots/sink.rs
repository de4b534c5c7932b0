//! Files that findings are written to.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use archive_core::{Error, ErrorKind};
use archive_reconcile::tables::findings_schema;
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_ipc::writer::FileWriter;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::workbook::{self, FindingsWorkbook};

/// How cells are written to CSV.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CsvStyle {
    /// For spreadsheets: a byte order mark, and an apostrophe before what a spreadsheet would take for
    /// a formula.
    #[default]
    FormulaSafe,
    /// For programs: every cell as it is.
    Lossless,
}

impl CsvStyle {
    /// For programs where `lossless`, else for spreadsheets.
    #[must_use]
    pub fn of(lossless: bool) -> Self {
        if lossless { Self::Lossless } else { Self::FormulaSafe }
    }
}

/// A file of findings. It stands at its path only once it is whole.
#[derive(Debug)]
pub struct Findings {
    path: PathBuf,
    part: PathBuf,
    format: Format,
    style: CsvStyle,
    writer: Option<Writer>,
    /// Whether there is a part that is to be removed.
    begun: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Parquet,
    Arrow,
    Csv,
    Workbook,
}

enum Writer {
    Parquet(Box<ArrowWriter<File>>),
    Arrow(Box<FileWriter<BufWriter<File>>>),
    Workbook(Box<FindingsWorkbook>),
    Csv(Box<csv::Writer<BufWriter<File>>>),
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Findings {
    /// Findings at `path`, by its ending as Parquet, Arrow, CSV or a workbook (`.xlsx`); without an ending
    /// as Parquet, and in a directory as its `findings.parquet`. Nothing is written yet.
    ///
    /// # Errors
    /// `InvalidInput` where the ending is another.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let inside = path.join("findings.parquet");
        let path = if path.is_dir() { &inside } else { path };
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        let format = match ending.as_str() {
            "parquet" | "" => Format::Parquet,
            "arrow" | "feather" => Format::Arrow,
            "csv" => Format::Csv,
            "xlsx" => Format::Workbook,
            _ => {
                let message = "ends in none of .parquet, .arrow, .csv and .xlsx: the ending says how findings are written";
                return Err(Error::invalid(path.display().to_string(), message));
            }
        };
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        Ok(Self {
            path: path.to_owned(),
            part: part.into(),
            format,
            style: CsvStyle::default(),
            writer: None,
            begun: false,
        })
    }

    /// Chooses how CSV is written.
    #[must_use]
    pub fn with_style(mut self, style: CsvStyle) -> Self {
        self.style = style;
        self
    }

    /// Where the findings will stand.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn begin(&mut self, keys: &[String]) -> Result<(), Error> {
        self.begin_table(findings_schema(keys))
    }

    /// Begins a table of text columns.
    pub(super) fn begin_table(&mut self, schema: SchemaRef) -> Result<(), Error> {
        let mut file =
            File::create(&self.part).map_err(|e| Error::io(&self.part, "write the findings", e))?;
        self.begun = true;
        self.writer = Some(match self.format {
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .build();
                let writer =
                    ArrowWriter::try_new(file, schema, Some(properties)).map_err(|e| self.unwritten(e))?;
                Writer::Parquet(Box::new(writer))
            }
            Format::Arrow => {
                let writer =
                    FileWriter::try_new(BufWriter::new(file), &schema).map_err(|e| self.unwritten(e))?;
                Writer::Arrow(Box::new(writer))
            }
            // It is written when it is whole; the file shows before that there is a place for it.
            Format::Workbook => Writer::Workbook(Box::new(FindingsWorkbook::new(&schema))),
            Format::Csv => {
                if self.style == CsvStyle::FormulaSafe {
                    file.write_all(b"\xef\xbb\xbf")
                        .map_err(|e| Error::io(&self.part, "write the findings", e))?;
                }
                let mut writer = csv::Writer::from_writer(BufWriter::new(file));
                let header = schema.fields().iter().map(|f| self.style.cell(f.name()));
                writer
                    .write_record(header.map(Cow::into_owned).collect::<Vec<_>>())
                    .map_err(|e| self.unwritten(e))?;
                Writer::Csv(Box::new(writer))
            }
        });
        Ok(())
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let style = self.style;
        let result: Result<(), Box<dyn std::error::Error + Send + Sync>> = match &mut self.writer {
            Some(Writer::Parquet(writer)) => writer.write(batch).map_err(Into::into),
            Some(Writer::Csv(writer)) => write_csv(writer, batch, style).map_err(Into::into),
            Some(Writer::Arrow(writer)) => writer.write(batch).map_err(Into::into),
            Some(Writer::Workbook(workbook)) => workbook.write(batch).map_err(Into::into),
            None => {
                return Err(Error::new(
                    ErrorKind::Internal,
                    "findings",
                    "were written before they were begun",
                ));
            }
        };
        result.map_err(|e| self.unwritten(e))
    }

    pub(super) fn finish(mut self) -> Result<(), Error> {
        match self.writer.take() {
            Some(Writer::Parquet(writer)) => writer.close().map(drop).map_err(|e| self.unwritten(e))?,
            Some(Writer::Csv(mut writer)) => writer.flush().map_err(|e| self.unwritten(e))?,
            Some(Writer::Arrow(mut writer)) => {
                writer.finish().map_err(|e| self.unwritten(e))?;
                writer.get_mut().flush().map_err(|e| self.unwritten(e))?;
            }
            Some(Writer::Workbook(workbook)) => {
                workbook.save(&self.part).map_err(|e| workbook::unwritten(&self.path, e))?;
            }
            None => {}
        }
        std::fs::rename(&self.part, &self.path)
            .map_err(|e| Error::io(&self.path, "put the findings in place", e))?;
        self.begun = false;
        Ok(())
    }

    fn unwritten(&self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let message = "cannot be written: is there room on the disk?";
        Error::new(ErrorKind::Unavailable, self.path.display().to_string(), message).with_source(cause)
    }
}

/// Half a file of findings would look like a whole one.
impl Drop for Findings {
    fn drop(&mut self) {
        self.writer = None;
        if self.begun {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

fn write_csv(
    writer: &mut csv::Writer<BufWriter<File>>,
    batch: &RecordBatch,
    style: CsvStyle,
) -> Result<(), csv::Error> {
    for row in 0..batch.num_rows() {
        for column in batch.columns() {
            let column = column.as_string::<i32>();
            let cell = if column.is_null(row) { "" } else { column.value(row) };
            writer.write_field(style.cell(cell).as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(())
}

impl CsvStyle {
    /// What a file begins with: the mark by which spreadsheets know UTF-8.
    pub(crate) fn begin(self) -> &'static [u8] {
        match self {
            Self::FormulaSafe => b"\xef\xbb\xbf",
            Self::Lossless => b"",
        }
    }

    /// A cell as it is written.
    pub(crate) fn cell(self, text: &str) -> Cow<'_, str> {
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
        match self {
            Self::FormulaSafe if formula => Cow::Owned(format!("'{text}")),
            _ => Cow::Borrowed(text),
        }
    }
}
