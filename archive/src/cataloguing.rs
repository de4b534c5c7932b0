//! Catalogues, labels and lists of boxes and files: for the printer, for spreadsheets, for programs.
//!
//! ```no_run
//! use archive::cataloguing::{Catalogued, Printed};
//! use archive::snapshots::CsvStyle;
//! use archive::{Archive, Config};
//!
//! let archive = Archive::open(Config::load("holdings".as_ref())?)?;
//! let number = "Z109-2024-D30-YX01-H0001".parse()?;
//! // What lies in the box, as it lies in the box: one sheet on top of the papers.
//! let catalogue = archive.box_catalogue(&number)?;
//! Printed::Table(&catalogue).write("box.pdf".as_ref(), CsvStyle::FormulaSafe)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The item catalogue has the columns of DA/T 22-2015: 序号, 档号, 文号, 责任者, 题名, 日期, 密级, 页数, 备注.
//! Titles are made by the software and stand in `[ ]`, as the standard asks of titles that the archivist
//! made. A date is 8 digits. Volumes (案卷) have a cover, a catalogue of their documents and a 备考表.
//!
//! - [`table`]: what the lists say; as CSV and xlsx, where no cell can become a formula;
//! - [`gathering`]: where it comes from in the catalogue;
//! - [`printed`]: how it stands on A4 and on label sheets, and [`Printed::write`] as a file.

pub mod gathering;
pub mod printed;
mod spreadsheet;
pub mod table;
mod written;

pub use self::gathering::{BoxNote, Catalogued, SpineLabel, VolumeCover};
pub use self::printed::Printed;
pub use self::table::Table;
pub use self::written::Written;
