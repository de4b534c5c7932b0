//! Reminders (催办) of papers that were deferred.
//!
//! ```
//! use archive_core::completeness::reminder::reminders;
//! use archive_core::completeness::{Completeness, Item, Presence};
//! use archive_core::policy::Policy;
//! use chrono::NaiveDate;
//!
//! let day = |d| NaiveDate::from_ymd_opt(2024, 5, d).unwrap();
//! let presence = Presence::Deferred { document: "letter.jpg".into(), due: Some(day(20)) };
//! let item = Item { name: "产权证明".into(), presence, why: String::new(), by: None };
//! let file = Completeness { items: vec![item] };
//! // The shipped policy reminds 7 days before the deadline.
//! let rule = Policy::reference().reminders().clone();
//! assert_eq!(reminders(&file, &rule, day(13)).len(), 1);
//! assert!(reminders(&file, &rule, day(12)).is_empty());
//! ```
//!
//! The answer depends on the day alone, so that a run that is repeated reminds nobody twice a day,
//! and [`reminders_since`] makes up for days on which nobody ran it.

use chrono::NaiveDate;
use serde::Serialize;

use super::{Completeness, Presence};
use crate::identifier::RoleCode;
use crate::policy::ReminderRule;

/// A paper that somebody should be reminded of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reminder {
    /// The paper.
    pub paper: String,
    /// Who can put it right.
    pub by: Option<RoleCode>,
    /// The last day for it.
    pub due: NaiveDate,
    /// How many days are left; below 0 where it is overdue.
    pub days_left: i64,
}

/// The reminders of the day `today`.
#[must_use]
pub fn reminders(file: &Completeness, rule: &ReminderRule, today: NaiveDate) -> Vec<Reminder> {
    let due_items = file.items.iter().filter_map(|item| match &item.presence {
        Presence::Deferred { due: Some(due), .. } | Presence::Overdue { due: Some(due), .. } => {
            Some((item, *due))
        }
        _ => None,
    });
    due_items
        .filter(|(_, due)| is_reminding(rule, (*due - today).num_days()))
        .map(|(item, due)| Reminder {
            paper: item.name.clone(),
            by: item.by.clone(),
            due,
            days_left: (due - today).num_days(),
        })
        .collect()
}

/// The reminders of every day after `last` up to `today`, the latest of each paper alone.
#[must_use]
pub fn reminders_since(
    file: &Completeness,
    rule: &ReminderRule,
    last: NaiveDate,
    today: NaiveDate,
) -> Vec<Reminder> {
    const DAYS_LIMIT: usize = 3660;
    let mut found: Vec<Reminder> = Vec::new();
    let mut day = today;
    for _ in 0..DAYS_LIMIT {
        if day <= last {
            break;
        }
        for mut reminder in reminders(file, rule, day) {
            if !found.iter().any(|r| r.paper == reminder.paper) {
                reminder.days_left = (reminder.due - today).num_days();
                found.push(reminder);
            }
        }
        match day.pred_opt() {
            Some(earlier) => day = earlier,
            None => break,
        }
    }
    found
}

fn is_reminding(rule: &ReminderRule, days_left: i64) -> bool {
    if days_left >= 0 {
        rule.before_days.iter().any(|days| i64::from(*days) == days_left)
    } else {
        days_left % i64::from(rule.overdue_every_days.max(1)) == 0 || days_left == -1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::completeness::Item;
    use crate::policy::Policy;

    fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 5, d).unwrap()
    }

    fn file(due: NaiveDate) -> Completeness {
        let presence = Presence::Deferred { document: "letter".into(), due: Some(due) };
        Completeness {
            items: vec![Item {
                name: "title".into(),
                presence,
                why: String::new(),
                by: "counter".parse().ok(),
            }],
        }
    }

    #[test]
    fn an_overdue_paper_is_asked_for_again_and_again() {
        let rule = Policy::reference().reminders().clone();
        let days: Vec<u32> =
            (1..=31).filter(|d| !reminders(&file(day(10)), &rule, day(*d)).is_empty()).collect();
        assert_eq!(days, [3, 9, 11, 17, 24, 31]);
    }

    #[test]
    fn days_without_a_run_are_made_up_for_once() {
        let rule = Policy::reference().reminders().clone();
        let found = reminders_since(&file(day(10)), &rule, day(1), day(31));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].days_left, -21);
        assert!(reminders_since(&file(day(10)), &rule, day(31), day(31)).is_empty());
    }
}
