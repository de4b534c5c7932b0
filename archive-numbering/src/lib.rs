//! Archive-number rules (档号规则) that are proven sound before the first number is given.
//!
//! ```
//! use archive_numbering::Rule;
//!
//! let rule = Rule::compile("
//!     规则 客户文件 版本 1 启用 2024-01-01
//!       门类 = 代码{HT=供用电合同, KH=客户档案}
//!       年度 = 数字{4} 范围 2000..2099 取自 形成日期
//!       件号 = 流水{4} 按 (门类, 年度) 连续 满则拒绝
//!       格式 \"{门类}·{年度}-{件号}\"
//!       录入别名 {— －}->\"-\"
//! ")?;
//! let number = rule.parse("KH·2024—0007")?;
//! assert_eq!(number.as_str(), "KH·2024-0007");
//! assert_eq!(number.number("件号"), Some(7));
//! assert_eq!(rule.format(&number.values())?.as_str(), number.as_str());
//!
//! // Two years, one number: the rule is rejected, and the reason is two files.
//! let rejection = Rule::compile("
//!     规则 客户文件 版本 2 启用 2024-01-01
//!       年度 = 数字{4} 取自 形成日期
//!       件号 = 流水{4} 按 (年度) 连续 满则拒绝
//!       格式 \"KH-{件号}\"
//! ").unwrap_err();
//! assert!(rejection.to_string().contains(
//!     "these two files would both get KH-0001: one with 年度=\"1900\", one with 年度=\"1901\""
//! ), "{rejection}");
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! In reading order:
//! - [`rule`]: what a compiled rule does; [`values`], [`draw`], [`explanation`] beside it;
//! - [`rule_set`]: the rules of a namespace, proven together;
//! - [`report`]: the seven proofs and their counterexamples;
//! - [`renumbering`]: from old numbers to new ones;
//! - [`shipped`], [`identifiers`]: rules of the field, ready to use;
//! - [`check_characters`]: ISO 7064 and its kin;
//! - [`limits`]: how large rules and numbers may be.
//!
//! Ideas: a rule is an automaton over characters. Each proof searches all numbers of a rule for a
//! counterexample, shortest first, and accepts the rule where there is none. What the proofs show
//! never rests on a check character. The rule language is described in `docs/numbering.md`.
//!
//! Limits: no input or output, no clock, no counters; a store keeps those. Fields are never empty
//! and a format has no optional parts; two formats are two rules.
#![forbid(unsafe_code)]

mod checked;
pub mod draw;
pub mod explanation;
mod field;
pub mod identifiers;
pub mod limits;
mod machine;
mod parsed;
mod proofs;
mod reader;
pub mod renumbering;
pub mod report;
pub mod rule;
pub mod rule_set;
mod shapes;
pub mod shipped;
mod syntax;
mod tracks;
pub mod values;
mod word;
mod writer;

pub use archive_core::check_characters;
pub use draw::Draw;
pub use parsed::{Parsed, Places};
pub use report::{Rejection, check};
pub use rule::{Rule, Validity};
pub use rule_set::{RuleSet, format_text};
pub use syntax::Keywords;
pub use values::{FieldId, Value, Values};
pub use writer::NumberBuffer;

/// The crate's README, whose example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
