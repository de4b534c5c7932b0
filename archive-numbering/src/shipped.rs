//! The rules that come with the crate. Copy one, change it, compile it.
//!
//! ```
//! use archive_numbering::shipped;
//!
//! let rule = shipped::rule("合同编号")?;
//! assert_eq!(rule.parse("SGZJ202312345678")?.number("年度"), Some(2023));
//! assert!(shipped::all().iter().any(|file| file.path == "da-t-22-2015.rule"));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Limits: widths and codes of DA/T 22 and DA/T 13 are those that practice reports; a province's
//! own differ, which is why they are text.

use std::sync::OnceLock;

use archive_core::Error;

use crate::rule::Rule;
use crate::rule_set::RuleSet;

/// A rule file of the crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleFile {
    /// Its name in the crate's `rules` folder.
    pub path: &'static str,
    /// What it numbers.
    pub title: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! files {
    ($($path:literal, $title:literal;)*) => {
        &[$(RuleFile { path: $path, title: $title, text: include_str!(concat!("../rules/", $path)) }),*]
    };
}

const FILES: &[RuleFile] = files! {
    "da-t-22-2015.rule", "DA/T 22-2015: items filed one by one (按件)";
    "da-t-13-2022-volume.rule", "DA/T 13-2022: volumes and the items in them (按卷)";
    "da-t-13-2022-item.rule", "DA/T 13-2022: items filed one by one (按件)";
    "customer-file.rule", "A marketing customer's file, by customer number (户号)";
    "contract.rule", "Supply contracts (供用电合同)";
    "box.rule", "Boxes (档案盒)";
    "meter-asset.rule", "Meters (电能表资产编号)";
    "citizen-id.rule", "GB 11643: citizen IDs (居民身份证号码)";
    "social-credit.rule", "GB 32100: unified social credit codes (统一社会信用代码)";
};

/// All shipped rule files.
#[must_use]
pub fn all() -> &'static [RuleFile] {
    FILES
}

/// The shipped rules, compiled once, each file by itself.
fn sets() -> Result<&'static [RuleSet], Error> {
    static SETS: OnceLock<Result<Vec<RuleSet>, String>> = OnceLock::new();
    let sets = SETS.get_or_init(|| {
        let compile = |file: &RuleFile| {
            RuleSet::compile(file.text).map_err(|rejection| format!("{}: {rejection}", file.path))
        };
        FILES.iter().map(compile).collect()
    });
    match sets {
        Ok(sets) => Ok(sets),
        Err(message) => Err(Error::new(archive_core::ErrorKind::Internal, "shipped rules", message)),
    }
}

/// All shipped rules.
///
/// # Errors
/// None in practice: they are tested.
pub fn rules() -> Result<impl Iterator<Item = &'static Rule>, Error> {
    Ok(sets()?.iter().flat_map(RuleSet::rules))
}

/// The newest version of the shipped rule `name`.
///
/// # Errors
/// `NotFound` where there is none.
pub fn rule(name: &str) -> Result<Rule, Error> {
    let mut missing = None;
    for set in sets()? {
        match set.get(name) {
            Ok(rule) => return Ok(rule.clone()),
            Err(error) => missing = Some(error),
        }
    }
    let names: Vec<&str> = rules()?.map(|rule| rule.name().name.as_str()).collect();
    let message = format!("is no shipped rule: there are {}", names.join(", "));
    Err(missing.map_or_else(
        || Error::new(archive_core::ErrorKind::Internal, "shipped rules", "are missing"),
        |error| Error::new(archive_core::ErrorKind::NotFound, error.object(), message),
    ))
}
