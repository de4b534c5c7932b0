//! Compares what the papers say with what the marketing system says.
//!
//! ```
//! use archive_core::evidence::Verdict;
//! use archive_core::record::Record;
//! use archive_reconcile::{FindingKind, PaperReading, Schema, Severity, reconcile};
//!
//! let schema = Schema::reference();
//! let record = Record::new([("contract_capacity_kva".parse()?, "400".to_owned())]);
//! let paper = PaperReading {
//!     document: "contract.jpg".into(),
//!     field: "contract_capacity_kva".parse()?,
//!     value: Some("500".into()),
//!     verdict: Some(Verdict::Mismatch),
//!     evidence: 14.2,
//! };
//! let findings = reconcile(&schema, &[paper], &record);
//! assert_eq!(findings.len(), 1);
//! assert_eq!(findings[0].kind, FindingKind::Mismatch);
//! assert_eq!(findings[0].severity, Severity::Critical, "off by more than 10%");
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! In reading order: [`schema`], how each field is compared and how much a difference matters, as
//! data; [`canonical`], what names and addresses are in one writing; [`customer`], one customer's papers
//! against one record; [`posterior`] and [`judgement`], how probable an error is, and whether it is worth
//! an alert; [`tables`], two tables of millions of rows by key, once or day by day; [`linkage`], rows
//! whose key is wrong; [`alerts`], findings as alerts with a life.
//!
//! Values in, values out: no I/O, no clock. What a paper says comes with the evidence that its
//! reader has for and against the record's claim, in nats; a doubt stays a doubt.
#![forbid(unsafe_code)]

pub mod alerts;
pub mod canonical;
pub mod customer;
pub mod judgement;
pub mod linkage;
pub mod posterior;
pub mod schema;
pub mod tables;

pub use archive_core::Error;
pub use customer::{Finding, FindingKind, PaperReading, reconcile, reconcile_on};
pub use schema::{Comparator, Comparison, Occasion, RowRule, RowRules, Schema, Severity};

/// The crate's README, whose example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
