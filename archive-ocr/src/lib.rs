//! Reads fields from scanned pages and verifies claimed values on the image itself.
//!
//! ```
//! use archive_core::evidence::Verdict;
//! use archive_ocr::engine::{HeatMap, ScriptedEngine};
//! use archive_ocr::{PageImage, Reader, ReaderConfig};
//!
//! // A page with one line of text, which the scripted engine reads. The product's engine runs
//! // models: `Reader::open(&ReaderConfig::new(directory))`.
//! let heat = (0..64 * 64).map(|i| if (30..34).contains(&(i / 64)) { 0.9 } else { 0.0 }).collect();
//! let engine = ScriptedEngine::new(HeatMap::new(64, 64, heat).unwrap(), "用电容量:400千伏安");
//! let reader = Reader::with_engine(Box::new(engine), &ReaderConfig::new("."))?;
//! let page = PageImage::from_plane("scan", 640, 640, vec![255; 640 * 640])?;
//!
//! let reading = reader.read(&page)?;
//! let capacity = &reading.fields[&"contract_capacity_kva".parse()?];
//! assert_eq!((capacity.text.as_str(), capacity.value.as_str()), ("400千伏安", "400"));
//!
//! // Does the paper contradict what the marketing system holds?
//! let evidence = capacity.verify("500");
//! assert_eq!(evidence.verdict, Verdict::Mismatch);
//! assert_eq!(evidence.disagreements[0].read, Some('4'));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! In reading order:
//! - [`page_image`], [`page_file`], [`pdf`]: a scan, decoded within limits, and files of many pages;
//! - [`manifest`], [`engine`]: the models, and what runs them;
//! - [`detection`], [`lattice`]: where text stands, and what each place may hold;
//! - [`schema`], [`value_language`]: papers and fields as data, and all the ways to write a value;
//! - [`candidates`], [`Reader`], [`PageReading`], [`Evidence`]: the values that a place may hold, and
//!   what they say of a claim;
//! - [`document`], [`page_number`]: what the pages of one document say together;
//! - [`quality`]: how good the scan is.
//!
//! Limits: printed simplified Chinese; values on one line; lines level within a few degrees, whichever
//! way the page lies.
#![forbid(unsafe_code)]

mod cancellation;
pub mod candidates;
mod confidence;
mod crowd;
mod decode;
pub mod detection;
pub mod document;
pub mod engine;
mod evidence;
mod fields;
mod ink;
pub mod lattice;
pub mod manifest;
pub mod page_file;
pub mod page_image;
pub mod page_number;
mod page_work;
mod paper;
mod pattern;
pub mod pdf;
mod place;
mod plane;
pub mod quality;
mod reader;
mod reading;
pub mod schema;
mod text_lines;
mod tiff_pages;
mod underline;
pub mod value_language;
mod view;

pub use archive_core::Error;
pub use cancellation::Cancellation;
pub use confidence::Calibration;
pub use document::{DocumentFinding, DocumentReading};
pub use evidence::{Disagreement, Evidence};
pub use page_file::PageFiles;
pub use page_image::PageImage;
pub use plane::Plane;
pub use reader::{ReadOptions, Reader, ReaderConfig};
pub use reading::{FieldReading, PageReading, Timing};

/// The crate's README, whose example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
