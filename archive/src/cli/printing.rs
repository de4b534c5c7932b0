//! `archive print`, and where lists go.

use std::path::{Path, PathBuf};

use archive::cataloguing::table::Table;
use archive::cataloguing::{Printed, Written};
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
    pub(super) fn table(&self, table: &Table) -> Result<Outcome, Error> {
        self.printed(&Printed::Table(table))
    }

    fn printed(&self, printed: &Printed<'_>) -> Result<Outcome, Error> {
        let style = CsvStyle::of(self.lossless);
        say(&self.out, &printed.write(&self.out, style)?)
    }
}

/// Says what was written.
pub(super) fn say(path: &Path, written: &Written) -> Result<Outcome, Error> {
    if let Some(rows) = written.rows {
        output::print(format_args!("{}: {rows} rows", path.display()))?;
    }
    if let Some(pages) = written.pages {
        output::print(format_args!("{}: {pages} pages", path.display()))?;
    }
    if !written.lacking.is_empty() {
        let lacking: String = written.lacking.iter().collect();
        let message =
            format!("lacks {lacking}, which stand as empty boxes: name another font in ARCHIVE_FONT");
        output::complain(&Error::new(ErrorKind::Unsupported, "font", message));
    }
    Ok(Outcome::Done)
}

impl Print {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Items { year, target } => {
                let search = Search { year: *year, ..Search::all() };
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
