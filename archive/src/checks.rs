//! The four natures (四性: 真实性, 完整性, 可用性, 安全性) of what is kept, by DA/T 70-2018.
//!
//! ```
//! use archive::checks::{Answer, Occasion};
//! use archive::{Archive, Config};
//!
//! # let scratch = tempfile::tempdir().unwrap();
//! let archive = Archive::open(Config::create(&scratch.path().join("holdings"))?)?;
//! let report = archive.check_holdings(Occasion::LongTerm)?;
//! assert!(report.failed().next().is_none());
//! # assert!(report.results.iter().any(|r| r.answer == Answer::Passed));
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! Each check passes, fails, or could not be made, which is an answer of its own: without a scanner nobody
//! knows that content is free of malware. At filing and transfer a single file is checked; at long-term
//! intervals all of the holdings.
//!
//! - [`fixity_scan`](crate::Archive::fixity_scan) reads content at intervals within a budget;
//! - [`restore`](crate::Archive::restore) puts damaged content right from a copy.
//!
//! Limits: of PDF and OFD their structure is opened, of recordings their head.

mod file_checks;
mod fixity_scan;
mod restoring;

use std::fmt::{self, Debug};

use archive_core::Error;
use archive_core::identifier::ReferenceCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use self::file_checks::ScannerCommand;
pub use self::fixity_scan::FixityScan;
pub use self::restoring::Restored;
use crate::cataloguing::table::{Column, Table};

/// When a check is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// 归档.
    Filing,
    /// 移交与接收.
    Transfer,
    /// 长期保存.
    LongTerm,
}

/// One of the four natures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nature {
    /// 真实性.
    Authenticity,
    /// 完整性.
    Integrity,
    /// 可用性.
    Usability,
    /// 安全性.
    Safety,
}

impl Nature {
    /// Its Chinese name.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Authenticity => "真实性",
            Self::Integrity => "完整性",
            Self::Usability => "可用性",
            Self::Safety => "安全性",
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It is as it should be.
    Passed,
    /// It is not.
    Failed,
    /// It could not be told.
    Unverified,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unverified => "unverified",
        })
    }
}

/// One check and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    /// The nature.
    pub nature: Nature,
    /// What was checked.
    pub item: &'static str,
    /// The file or document, or none for the holdings as a whole.
    pub object: Option<String>,
    /// What was found.
    pub answer: Answer,
    /// Why, where it did not pass.
    pub message: String,
}

/// The report of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FourNatures {
    /// When it was made.
    pub occasion: Occasion,
    /// On which day.
    pub day: NaiveDate,
    /// The file that was checked; none for the holdings.
    pub file: Option<ReferenceCode>,
    /// The checks.
    pub results: Vec<CheckResult>,
}

impl FourNatures {
    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &CheckResult> {
        self.results.iter().filter(|r| r.answer == Answer::Failed)
    }

    /// The report as a list, for print or spreadsheet.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let columns = [("性质", 22.0), ("检测项目", 60.0), ("对象", 80.0), ("结果", 20.0), ("说明", 95.0)];
        let mut table = Table::new("四性检测报告", columns.map(|(n, w)| Column::new(n, w)).into());
        let occasion = match self.occasion {
            Occasion::Filing => "归档",
            Occasion::Transfer => "移交与接收",
            Occasion::LongTerm => "长期保存",
        };
        let file = self.file.as_ref().map_or_else(|| "全部馆藏".to_owned(), ToString::to_string);
        table.subtitle = format!("环节：{occasion}　对象：{file}　日期：{}", self.day.format("%Y%m%d"));
        table.rows = self
            .results
            .iter()
            .map(|r| {
                let answer = match r.answer {
                    Answer::Passed => "通过",
                    Answer::Failed => "不通过",
                    Answer::Unverified => "未能检测",
                };
                vec![
                    r.nature.words().to_owned(),
                    r.item.to_owned(),
                    r.object.clone().unwrap_or_default(),
                    answer.to_owned(),
                    r.message.clone(),
                ]
            })
            .collect();
        table.signatures = vec!["检测人（签字）".to_owned()];
        table
    }
}

/// Looks for malware: the hook to whatever scanner a site has.
pub trait MalwareScanner: Debug + Send + Sync {
    /// Its name and the date of its signatures, for the report.
    fn name(&self) -> String;

    /// What was found in `content`; none where it is clean.
    ///
    /// # Errors
    /// Where the scanner could not be asked: then nobody knows.
    fn scan(&self, name: &str, content: &[u8]) -> Result<Option<String>, Error>;
}
