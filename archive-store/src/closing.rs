//! 办结与补归: files that take late documents until they are closed.
//!
//! ```
//! use archive_store::Closing;
//!
//! let closing = Closing {
//!     by: "李档案".into(),
//!     reason: "办结".into(),
//!     when: "2024-06-01T09:00:00Z".parse().unwrap(),
//! };
//! // Persons stay out of logs.
//! assert!(!format!("{closing:?}").contains("李档案"));
//! ```
//!
//! Documents that come after a file was filed are filed under a number of their own and join it
//! ([`FilingEntry::joins`](crate::FilingEntry::joins)): [`Locator::Joins`](crate::Locator::Joins) finds them.
//! A hold on the file binds them, too. Once the file is closed, nothing joins it any more; the schema itself
//! holds these rules.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// That a file takes no more documents.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// Who closed it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub when: DateTime<Utc>,
}

/// The person stays out of logs.
impl fmt::Debug for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closing").field("when", &self.when).finish_non_exhaustive()
    }
}
