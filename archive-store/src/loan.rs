//! 借阅: paper that left the shelf, to whom, and until when.
//!
//! ```
//! use archive_store::LoanRequest;
//!
//! let request = LoanRequest {
//!     key: "loan-7".parse()?,
//!     reference: "Z109-KH·2024-D30-YX-0001".parse()?,
//!     borrower: "Audit office".into(),
//!     purpose: "tariff review".into(),
//!     when: "2024-06-01T09:00:00Z".parse().unwrap(),
//!     due: None,
//! };
//! // Who borrows stays out of logs.
//! assert!(!format!("{request:?}").contains("Audit office"));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A file is out once at a time. Its place on the shelf is kept for it.

use std::fmt;

use archive_core::identifier::{ReferenceCode, RequestKey};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::filing::{check_text, check_time};

/// A wish to borrow a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoanRequest {
    /// The key by which the loan is known.
    pub key: RequestKey,
    /// 档号.
    pub reference: ReferenceCode,
    /// Who takes it.
    pub borrower: String,
    /// What for.
    pub purpose: String,
    /// When it leaves the shelf.
    pub when: DateTime<Utc>,
    /// When it should be back.
    pub due: Option<DateTime<Utc>>,
}

/// The borrower is personal data and stays out of logs.
impl fmt::Debug for LoanRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoanRequest")
            .field("key", &self.key)
            .field("reference", &self.reference)
            .field("when", &self.when)
            .field("due", &self.due)
            .finish_non_exhaustive()
    }
}

impl LoanRequest {
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_text("borrower", &self.borrower)?;
        check_text("purpose", &self.purpose)?;
        check_time("lending time", self.when)?;
        self.due.map_or(Ok(()), |due| check_time("due time", due))
    }
}

/// A loan and whether it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loan {
    /// What was asked for.
    pub request: LoanRequest,
    /// When the file came back.
    pub returned: Option<DateTime<Utc>>,
}
