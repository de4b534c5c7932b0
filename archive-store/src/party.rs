//! Customers and the business processes that made their papers, as the marketing system knows them.
//!
//! ```
//! use archive_store::BusinessProcess;
//!
//! let process = BusinessProcess {
//!     key: "work order 7".parse()?,
//!     customer: "3388985508".parse()?,
//!     process: "new-connection-lv".parse()?,
//!     opened: "2024-05-01T09:00:00Z".parse().unwrap(),
//!     closed: None,
//! };
//! assert!(process.closed.is_none());
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Filing asks for neither: papers may come before the marketing system's rows do. Where a row is known,
//! a file that names another customer for it is refused.

use archive_core::identifier::{CustomerNumber, ProcessCode, SystemRecordKey};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// 业务流程: one case of a business process, which is a row of the marketing system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessProcess {
    /// The row of the marketing system.
    pub key: SystemRecordKey,
    /// 户号.
    pub customer: CustomerNumber,
    /// What kind of process it is.
    pub process: ProcessCode,
    /// When it began.
    pub opened: DateTime<Utc>,
    /// When it ended, where it did.
    pub closed: Option<DateTime<Utc>>,
}
