//! Transfer (移交) and exchange: BagIt bags and the medium layout, written, checked and read back.
//!
//! ```
//! use archive::transfer::bagit;
//!
//! # let scratch = tempfile::tempdir().unwrap();
//! let bag = scratch.path().join("bag");
//! let mut writer = bagit::BagWriter::begin(&bag)?;
//! writer.add("2024/KH/scan.jpg", b"content")?;
//! writer.finish(&[("Source-Organization", "Z109")])?;
//! assert!(bagit::validate(&bag)?.is_valid());
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! - [`bagit`]: BagIt 1.0 (RFC 8493), and older bags when they are read;
//! - [`medium`]: `说明文件.TXT`, `文件目录.XML`, `电子档案/`, `其他/`, in UTF-8 or GB18030;
//! - [`validate()`]: whether a package of either layout may be used;
//! - [`names`]: which paths a package may name.
//!
//! A package is written beside its place and renamed into it once it is whole. One that does not check
//! is taken in by nobody: not a single document of it.

pub mod bagit;
mod export;
pub mod medium;
pub mod names;
mod validation;

pub use self::export::{Encoding, Exported, Layout, Taken};
pub use self::validation::{PackageReport, validate};
