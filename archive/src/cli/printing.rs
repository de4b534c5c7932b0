//! `archive print`, and where lists go.

use std::path::{Path, PathBuf};

use archive::cataloguing::Printed;
use archive::cataloguing::table::Table;
use archive::printing::{Font, Printout};
use archive::snapshots::CsvStyle;
use archive::{Error, ErrorKind};
use archive_core::identifier::{BoxNumber, ReferenceCode};
use archive_store::Search;
use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::{Directory, Outcome, output};

/// What is printed.
#[derive(Debug, Subcommand)]
pub(super) enum Print {
    /// 归档文件目录: the item catalogue.
    Items {
        /// Only files of this year.
        #[arg(long)]
        year: Option<u16>,
        #[command(flatten)]
        target: Target,
    },
    /// 盒内文件目录: what lies in a box.
    Box {
        /// The box.
        number: BoxNumber,
        #[command(flatten)]
        target: Target,
    },
    /// 卷内文件目录: the documents of a file.
    Volume {
        /// The archive number.
        reference: ReferenceCode,
        #[command(flatten)]
        target: Target,
    },
    /// 案卷封面: the cover of a volume.
    Cover {
        /// The archive number.
        reference: ReferenceCode,
        #[command(flatten)]
        target: Target,
    },
    /// 盒脊标签: spine labels with QR codes, in their true width.
    Spines {
        /// The boxes.
        #[arg(required = true)]
        numbers: Vec<BoxNumber>,
        #[command(flatten)]
        target: Target,
    },
    /// 备考表: the note that closes a box.
    Note {
        /// The box.
        number: BoxNumber,
        /// 整理人.
        #[arg(long)]
        arranger: String,
        /// 检查人.
        #[arg(long, default_value = "")]
        checker: String,
        #[command(flatten)]
        target: Target,
    },
    /// 移交清单: a hand-over list.
    HandOver {
        /// The archive numbers.
        #[arg(required = true)]
        references: Vec<ReferenceCode>,
        /// Who hands over.
        #[arg(long)]
        from: String,
        /// Who takes over.
        #[arg(long)]
        to: String,
        /// The day.
        #[arg(long)]
        day: NaiveDate,
        #[command(flatten)]
        target: Target,
    },
}

/// Where a list goes.
#[derive(Debug, Args)]
pub(super) struct Target {
    #[command(flatten)]
    pub(super) directory: Directory,
    /// The file: .pdf, and for lists .xlsx or .csv as well.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// Write CSV for programs: cells that a spreadsheet would take for formulas stay as they are.
    #[arg(long)]
    pub(super) lossless: bool,
}

impl Target {
    fn kind(&self) -> &str {
        self.out.extension().and_then(|e| e.to_str()).unwrap_or_default()
    }

    pub(super) fn table(&self, table: &Table) -> Result<Outcome, Error> {
        let bytes = match self.kind() {
            "pdf" => return self.printed(&Printed::Table(table)),
            "xlsx" => table.to_xlsx()?,
            "csv" if self.lossless => table.to_csv(CsvStyle::Lossless)?.into_bytes(),
            "csv" => table.to_csv(CsvStyle::FormulaSafe)?.into_bytes(),
            _ => {
                return Err(Error::invalid(
                    self.out.display().to_string(),
                    "must end in .pdf, .xlsx or .csv",
                ));
            }
        };
        write(&self.out, &bytes)?;
        output::print(format_args!("{}: {} rows", self.out.display(), table.rows.len()))?;
        Ok(Outcome::Done)
    }

    fn printed(&self, printed: &Printed<'_>) -> Result<Outcome, Error> {
        if self.kind() != "pdf" {
            return Err(Error::invalid(self.out.display().to_string(), "must end in .pdf"));
        }
        print_out(&self.out, &printed.to_pdf(&Font::find()?)?)
    }
}

pub(super) fn print_out(path: &Path, printout: &Printout) -> Result<Outcome, Error> {
    write(path, &printout.pdf)?;
    output::print(format_args!("{}: {} pages", path.display(), printout.pages))?;
    if !printout.missing.is_empty() {
        let missing: String = printout.missing.iter().collect();
        let message =
            format!("lacks {missing}, which stand as empty boxes: name another font in ARCHIVE_FONT");
        output::complain(&Error::new(ErrorKind::Unsupported, "font", message));
    }
    Ok(Outcome::Done)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|e| Error::io(path, "write", e))
}

impl Print {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Items { year, target } => {
                let search = Search { year: *year, limit: usize::MAX, ..Search::words("") };
                target.table(&target.directory.open()?.item_catalogue(&search)?)
            }
            Self::Box { number, target } => target.table(&target.directory.open()?.box_catalogue(number)?),
            Self::Volume { reference, target } => {
                target.table(&target.directory.open()?.volume_catalogue(reference)?)
            }
            Self::Cover { reference, target } => {
                target.printed(&Printed::Cover(&target.directory.open()?.volume_cover(reference)?))
            }
            Self::Spines { numbers, target } => {
                let archive = target.directory.open()?;
                let labels = numbers.iter().map(|n| archive.spine_label(n)).collect::<Result<Vec<_>, _>>()?;
                target.printed(&Printed::Spines(&labels))
            }
            Self::Note { number, arranger, checker, target } => {
                let note = target.directory.open()?.box_note(number, arranger, checker)?;
                target.printed(&Printed::Note(&note))
            }
            Self::HandOver { references, from, to, day, target } => {
                target.table(&target.directory.open()?.hand_over_list(references, from, to, *day)?)
            }
        }
    }
}
