//! 借阅、归还、催还: lending, giving back, and what is overdue.

use archive_core::identifier::{ReferenceCode, RequestKey};
use archive_core::{Error, ErrorKind};
use archive_store::{Loan, LoanRequest};
use chrono::{DateTime, Days, Utc};
use serde::{Deserialize, Serialize};

use crate::archive::Archive;

/// A wish to borrow a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LendRequest {
    /// The key by which the loan is known; the same again changes nothing.
    pub key: RequestKey,
    /// 档号.
    pub reference: ReferenceCode,
    /// Who takes it.
    pub borrower: String,
    /// What for.
    pub purpose: String,
}

/// A loan whose time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overdue {
    /// The loan.
    pub loan: Loan,
    /// By how many whole days.
    pub days: i64,
}

impl Archive {
    /// 借阅: lends a file's paper for as long as the policy says.
    ///
    /// # Errors
    /// `NotFound` for an unknown file; `Conflict` where it is out already, is not on the shelf, or the key
    /// was used for another loan; `InvalidInput` for a borrower or a purpose of no words.
    pub fn lend_file(&self, request: &LendRequest) -> Result<Loan, Error> {
        let when = self.moment_of(&request.key)?.unwrap_or_else(Utc::now);
        let days = Days::new(self.policy().lending().days.into());
        self.catalogue.lend(&LoanRequest {
            key: request.key.clone(),
            reference: request.reference.clone(),
            borrower: request.borrower.clone(),
            purpose: request.purpose.clone(),
            when,
            due: when.checked_add_days(days),
        })
    }

    /// When the open loan `key` began, so that the same request again is the same loan.
    fn moment_of(&self, key: &RequestKey) -> Result<Option<DateTime<Utc>>, Error> {
        let open = self.catalogue.open_loans()?;
        Ok(open.into_iter().find(|loan| loan.request.key == *key).map(|loan| loan.request.when))
    }

    /// 归还: records that a loan came back. Returning again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for what was never lent.
    pub fn take_back(&self, loan: &RequestKey) -> Result<Loan, Error> {
        self.catalogue.give_back(loan, Utc::now()).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let message = "was never lent: look for the archive number on the file instead";
                Error::new(ErrorKind::NotFound, format!("loan {loan}"), message).with_source(error)
            }
            _ => error,
        })
    }

    /// 催还: the loans whose time is over at `now`, the longest first.
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn overdue(&self, now: DateTime<Utc>) -> Result<Vec<Overdue>, Error> {
        let open = self.catalogue.open_loans()?.into_iter();
        let late = open.filter_map(|loan| Some(Overdue { days: days_over(&loan, now)?, loan }));
        let mut late: Vec<Overdue> = late.collect();
        late.sort_by_key(|o| (std::cmp::Reverse(o.days), o.loan.request.key.clone()));
        Ok(late)
    }
}

/// By how many whole days the time of a loan is over at `now`, or was when it came back; `None` where it is not.
pub(crate) fn days_over(loan: &Loan, now: DateTime<Utc>) -> Option<i64> {
    let end = loan.returned.unwrap_or(now);
    loan.request.due.filter(|due| *due < end).map(|due| (end - due).num_days())
}
