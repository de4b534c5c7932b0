//! One-call filing of customer papers: the facade over all crates, and the command line.
//!
//! ```
//! use archive::{Archive, Config};
//!
//! # let scratch = tempfile::tempdir().unwrap();
//! // A directory with the shipped policy and a bank of simulated shelves.
//! let archive = Archive::open(Config::create(&scratch.path().join("holdings"))?)?;
//! assert!(archive.pending()?.is_empty());
//! assert!(archive.inventory()?.is_clean());
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! [`Archive::file`] is the one call: it keeps a customer's papers, reads them, checks them against
//! the marketing system's record and for completeness, gives the archive number, chooses box and
//! slot in one transaction, and has the box put on the shelf. [`FilingOutcome`] says what was done
//! and what is missing or doubtful.
//!
//! In reading order: [`filing`], requests and outcomes; [`config`], an archive's directory;
//! [`devices`], shelves and readers; [`records`], tables of the marketing system; [`judging`] and
//! [`alert_book`], how probable its errors are and who is told; [`report`], the findings as a page, and [`review`],
//! what was decided there; [`page_json`], readings for other languages; [`catalogue_files`], the whole catalogue in
//! Parquet; [`setup`], engine and models; [`samples`], the demo's papers.
//!
//! Around them: [`capture`], [`checks`] and [`disposal`], a document from its arrival to its end; [`cataloguing`] and
//! [`printing`], lists and labels; [`using`] and [`transfer`], loans, evidence and packages; [`slots`], [`rounds`],
//! [`relocation`], [`room_map`] and [`simulation`], the store-room; [`snapshots`], two tables compared.
//!
//! Limits: shelves and readers of one site a directory; other sites are reached by consignments and merges
//! ([`sites`]).
#![forbid(unsafe_code)]

pub mod alert_book;
mod archive;
pub mod capture;
pub mod catalogue_files;
pub mod cataloguing;
pub mod checks;
mod comparison;
mod completeness;
pub mod config;
#[cfg(feature = "console")]
pub mod console;
mod content;
mod cycle_counts;
pub mod devices;
pub mod disposal;
pub mod filing;
mod intake;
mod inventory;
pub mod judging;
mod late;
mod numbers;
pub mod page_json;
pub mod printing;
mod reboxing;
pub mod records;
pub mod relocation;
pub mod report;
pub mod review;
pub mod room_map;
pub mod rounds;
pub mod samples;
pub mod setup;
mod shelve;
pub mod simulation;
pub mod sites;
pub mod slots;
pub mod snapshots;
mod sync;
pub mod transfer;
pub mod using;

pub use crate::archive::{Archive, ContentCopy, load_fields, open_reader};
pub use crate::numbers::NumberRules;
pub use archive_core::{Error, ErrorKind};
pub use comparison::RowComparison;
pub use completeness::{AssessedFile, AssessedFiles, Reminded};
pub use config::Config;
pub use filing::{FilingOutcome, FilingRequest, Shelving, SubmittedDocument};
pub use inventory::{BoxSighting, InventoryProgress, InventoryReport};
pub use sync::{SyncChange, SyncReport};

/// The crate's README, whose example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The guide for embedders, whose examples run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
struct Embedding;
