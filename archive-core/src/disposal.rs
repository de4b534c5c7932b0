//! Disposal (鉴定销毁): when a file's time is over.
//!
//! ```
//! use archive_core::disposal::end_of_retention;
//! use archive_core::holding::Retention;
//!
//! // Ten years are counted from the year after the file's own.
//! assert_eq!(end_of_retention(2014, Retention::D10), chrono::NaiveDate::from_ymd_opt(2024, 12, 31));
//! assert_eq!(end_of_retention(2014, Retention::Y), None, "for ever");
//! ```
//!
//! Limits: lists, approvals and holds are kept by the catalogue; how many must approve, and in which role,
//! stands in the policy ([`crate::policy::Policy::disposal`], [`crate::policy::Ability`]).

use chrono::NaiveDate;

use crate::holding::Retention;

/// The last day on which a file of `year` must be kept; none where it is kept for ever.
#[must_use]
pub fn end_of_retention(year: u16, retention: Retention) -> Option<NaiveDate> {
    let years = match retention {
        Retention::D10 => 10,
        Retention::D30 => 30,
        Retention::Y => return None,
    };
    NaiveDate::from_ymd_opt(i32::from(year) + years, 12, 31)
}
