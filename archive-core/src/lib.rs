//! Vocabulary of customer archives (营销客户档案): what every other crate speaks.
//!
//! Power utilities keep a file for each customer. This crate holds the words for it, as types that
//! cannot hold a wrong value, and the rules that are data.
//!
//! ```
//! use archive_core::identifier::CustomerNumber;
//! use archive_core::record::ValueKind;
//!
//! let customer: CustomerNumber = "3388985508".parse()?;
//! assert_eq!(customer.as_str(), "3388985508");
//! // The paper and the marketing system write one capacity differently.
//! let kind = ValueKind::CapacityKva;
//! assert_eq!(kind.normalise("４００千伏安"), kind.normalise("400 kVA"));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! In reading order:
//! - [`error`]: one error type, whose kind says what the caller can do;
//! - [`identifier`], [`units`], [`writing`]: names, quantities, and how papers write them;
//! - [`record`], [`holding`], [`evidence`]: what is filed, where it is kept, what an image says;
//! - [`language`]: the automaton over characters that numbering compiles to and OCR decodes under;
//! - [`data_file`], [`facts`], [`policy`], [`completeness`], [`boxing`], [`disposal`]: rules as data, and the
//!   decisions that follow from them.
//!
//! Limits: no input or output but the reading of data files, no clock; what depends on today takes a date.
#![forbid(unsafe_code)]

pub mod boxing;
pub mod check_characters;
pub mod completeness;
pub mod data_file;
pub mod disposal;
pub mod error;
pub mod evidence;
pub mod facts;
pub mod holding;
pub mod identifier;
pub mod language;
pub mod policy;
pub mod record;
pub mod units;
pub mod writing;

pub use error::{Error, ErrorKind};

/// The crate's README, whose example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
