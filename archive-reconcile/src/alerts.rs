//! Early warning: findings become alerts, each with its life from the day it is seen to the day it is
//! settled.
//!
//! ```
//! use archive_reconcile::Severity;
//! use archive_reconcile::alerts::{Action, Book, Observation, Rules, State, Vanished};
//!
//! let day = |text: &str| text.parse().unwrap();
//! let rules = Rules::reference();
//! let mut book = Book::default();
//! let finding = Observation {
//!     key: "3342125369".into(),
//!     kind: "mismatch".into(),
//!     field: Some("ct_ratio".into()),
//!     file: None,
//!     left: Some("200/5".into()),
//!     right: Some("800/5".into()),
//!     severity: Severity::Critical,
//!     reason: "metered energy is multiplied by the wrong ratio".into(),
//! };
//! let notices = book.observe(&rules, &[finding], &[], Vanished::Unknown, day("2024-05-01"));
//! assert_eq!(notices.len(), 1, "critical: at once");
//! let id = notices[0].alert;
//! book.act(id, Action::Acknowledge, "li", day("2024-05-02"))?;
//! book.act(id, Action::ResolveInSystem, "li", day("2024-05-03"))?;
//! assert_eq!(book.get(id).unwrap().state, State::ResolvedInSystem);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! ```text
//!            ┌──── acknowledge ────► acknowledged ──┐
//! open ──────┤                            │         ├─► resolved in the system
//!   ▲        └────────────────────────────┴─────────┼─► resolved in the paper
//!   │                                               └─► false
//!   └─ the difference shows again; after `false`, only with other values
//! ```
//!
//! Rules are data ([`REFERENCE_TEXT`] is what is shipped); the book is a value, stored as its owner
//! likes; days come from the caller.

mod deciding;
mod observation;
mod reviewing;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use archive_core::evidence::ReviewDecision;
use archive_core::identifier::quoted;
use archive_core::{Error, ErrorKind};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use deciding::{NAME_LIMIT, fault_of_name};
pub use observation::Observation;
pub use reviewing::Decided;
pub use rules::{ChangeOrder, REFERENCE_TEXT, Route, Rule, Rules, Suppression};

use crate::judgement::{Priors, Review};

/// Names an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertId(pub u64);

/// Where an alert is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nobody has looked yet.
    Open,
    /// Somebody looks after it.
    Acknowledged,
    /// The system was wrong and has been mended.
    ResolvedInSystem,
    /// The paper was wrong or missing and has been replaced.
    ResolvedInPaper,
    /// It is no difference that matters.
    False,
}

impl State {
    /// Whether somebody still has to act.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Self::Open | Self::Acknowledged)
    }
}

/// What somebody does about an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// I look after it.
    Acknowledge,
    /// The system was mended.
    ResolveInSystem,
    /// The paper was replaced.
    ResolveInPaper,
    /// It was a false alarm.
    CallFalse,
}

/// What happened to an alert, and who did it; `None` for the comparison itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The day.
    pub day: NaiveDate,
    /// The state that it led to.
    pub state: State,
    /// Who did it.
    pub by: Option<String>,
    /// What was decided on the finding, where it was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<ReviewDecision>,
    /// What the reviewer noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What was found, as it was seen last.
    pub finding: Observation,
    /// When people are told.
    pub route: Route,
    /// Where it is in its life.
    pub state: State,
    /// How often it went one level higher.
    pub level: u32,
    /// Whether it waits for a change order to be closed.
    pub is_suppressed: bool,
    /// After how many days without anybody acting it goes one level higher.
    pub escalate_after_days: Option<u32>,
    /// The day from which the next escalation is counted.
    pub since: NaiveDate,
    /// Its life.
    pub history: Vec<Event>,
}

impl Alert {
    /// What its end says about the record, to learn from, or a reviewer who confirmed it; `None` before.
    #[must_use]
    pub fn review(&self) -> Option<Review> {
        match self.state {
            State::ResolvedInSystem => Some(Review::Confirmed),
            State::ResolvedInPaper | State::False => Some(Review::FalseAlarm),
            State::Open | State::Acknowledged => {
                let confirmed = self.decided().and_then(|e| e.decision) == Some(ReviewDecision::Confirm);
                confirmed.then_some(Review::Confirmed)
            }
        }
    }

    /// The last decision since the difference showed, or showed again.
    #[must_use]
    pub fn decided(&self) -> Option<&Event> {
        let opened = |e: &&Event| e.state == State::Open && e.by.is_none();
        self.history.iter().rev().take_while(|e| !opened(e)).find(|e| e.decision.is_some())
    }

    /// Who looks after it: whoever acknowledged it first.
    fn holder(&self) -> Option<&str> {
        let held = self.history.iter().rev().take_while(|e| e.state == State::Acknowledged);
        held.last().and_then(|e| e.by.as_deref())
    }

    fn enter(&mut self, state: State, by: Option<&str>, day: NaiveDate) {
        self.state = state;
        self.since = day;
        self.history.push(Event { day, state, by: by.map(str::to_owned), decision: None, note: None });
    }
}

/// Why people are told of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// It is new.
    New,
    /// It was settled, and the difference shows again.
    Again,
    /// Nobody acted for too long.
    Escalated,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::Again => "again",
            Self::Escalated => "escalated",
        })
    }
}

/// Somebody is to be told at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Of which alert.
    pub alert: AlertId,
    /// Why.
    pub cause: Cause,
    /// At which level: 0 is whoever works on it, 1 the one above.
    pub level: u32,
}

/// What a difference that is gone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vanished {
    /// The findings are not all there are; what is not among them is left as it is.
    Unknown,
    /// The findings are all there are, and since the last time only the system changed.
    ResolvedInSystem,
    /// The findings are all there are, and since the last time only the papers changed.
    ResolvedInPaper,
}

/// All alerts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    alerts: BTreeMap<AlertId, Alert>,
    /// The alerts of each difference: its key, kind and field. One, or one for each file of the customer that a
    /// person reviewed, the oldest first.
    #[serde(skip)]
    by_difference: BTreeMap<(String, String, Option<String>), Vec<AlertId>>,
    next: u64,
}

impl Book {
    /// An alert.
    #[must_use]
    pub fn get(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.get(&id)
    }

    /// How often each field of the system is wrong, by how its alerts ended.
    #[must_use]
    pub fn priors(&self) -> Priors {
        let reviews = self.alerts.values().filter_map(|alert| {
            let field = alert.finding.field.as_ref()?.parse().ok()?;
            Some((field, alert.review()?))
        });
        reviews.fold(Priors::default(), |priors, (field, review)| priors.learn(field, review))
    }

    /// All alerts, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (AlertId, &Alert)> {
        self.alerts.iter().map(|(id, alert)| (*id, alert))
    }

    /// The list of the day: what somebody still has to act on and was not told at once, most severe and
    /// longest waiting first.
    #[must_use]
    pub fn daily_list(&self) -> Vec<(AlertId, &Alert)> {
        let mut list: Vec<_> = self
            .iter()
            .filter(|(_, a)| a.state.is_live() && a.route == Route::Daily && !a.is_suppressed)
            .collect();
        list.sort_by_key(|(id, a)| (std::cmp::Reverse(a.finding.severity), a.since, *id));
        list
    }

    /// Takes the findings of a comparison on the day `today`, with the orders that are open then.
    /// Gives whom to tell at once.
    pub fn observe(
        &mut self,
        rules: &Rules,
        findings: &[Observation],
        orders: &[ChangeOrder],
        vanished: Vanished,
        today: NaiveDate,
    ) -> Vec<Notice> {
        self.index();
        let mut notices = Vec::new();
        let mut seen: BTreeSet<AlertId> = BTreeSet::new();
        for finding in findings {
            let Some(rule) = rules.rule(finding) else { continue };
            let is_suppressed = rules.suppresses(finding, orders, today);
            let (id, cause) = match self.shown_by(finding) {
                Some(id) => (id, self.see_again(id, finding, is_suppressed, today)),
                None => (self.enter(finding, rule, is_suppressed, today), Some(Cause::New)),
            };
            // It still shows on all files on which it was reviewed: a table has one row of them all.
            seen.extend(self.by_difference.get(&difference(finding)).into_iter().flatten());
            if let (Some(alert), Some(cause)) = (self.alerts.get_mut(&id), cause) {
                (alert.route, alert.escalate_after_days) = (rule.route, rule.escalate_after_days);
                if alert.route == Route::AtOnce && !alert.is_suppressed {
                    notices.push(Notice { alert: id, cause, level: alert.level });
                }
            }
        }
        let resolved = match vanished {
            Vanished::Unknown => return notices,
            Vanished::ResolvedInSystem => State::ResolvedInSystem,
            Vanished::ResolvedInPaper => State::ResolvedInPaper,
        };
        for (id, alert) in &mut self.alerts {
            if alert.state.is_live() && !seen.contains(id) {
                alert.enter(resolved, None, today);
            }
        }
        notices
    }

    /// The alert that a comparison of tables shows again: the one of the same values, or else the oldest.
    fn shown_by(&self, finding: &Observation) -> Option<AlertId> {
        let known = self.by_difference.get(&difference(finding))?;
        let same =
            known.iter().find(|id| self.get(**id).is_some_and(|alert| same_values(&alert.finding, finding)));
        same.or(known.first()).copied()
    }

    /// Enters a new alert.
    fn enter(
        &mut self,
        finding: &Observation,
        rule: &Rule,
        is_suppressed: bool,
        today: NaiveDate,
    ) -> AlertId {
        let id = AlertId(self.next);
        self.next += 1;
        self.by_difference.entry(difference(finding)).or_default().push(id);
        let mut alert = Alert {
            finding: finding.clone(),
            route: rule.route,
            state: State::Open,
            level: 0,
            is_suppressed,
            escalate_after_days: rule.escalate_after_days,
            since: today,
            history: Vec::new(),
        };
        alert.enter(State::Open, None, today);
        self.alerts.insert(id, alert);
        id
    }

    /// A difference that is known shows again: why somebody is to be told, if at all.
    fn see_again(
        &mut self,
        id: AlertId,
        finding: &Observation,
        is_suppressed: bool,
        today: NaiveDate,
    ) -> Option<Cause> {
        let alert = self.alerts.get_mut(&id)?;
        let same = same_values(&alert.finding, finding);
        let waited = std::mem::replace(&mut alert.is_suppressed, is_suppressed);
        let file = finding.file.clone().or_else(|| alert.finding.file.take());
        alert.finding = Observation { file, ..finding.clone() };
        match alert.state {
            // What a person called false stays so until the values change.
            State::False if same => None,
            State::Open | State::Acknowledged => {
                // Its order was closed and it is still there: now it counts.
                (waited && !is_suppressed).then(|| {
                    alert.since = today;
                    Cause::New
                })
            }
            _ => {
                alert.level = 0;
                alert.enter(State::Open, None, today);
                Some(Cause::Again)
            }
        }
    }

    /// Moves alerts on which nobody acted one level higher. Gives whom to tell.
    pub fn escalate(&mut self, today: NaiveDate) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (id, alert) in &mut self.alerts {
            let Some(days) = alert.escalate_after_days.filter(|days| *days > 0) else { continue };
            let waited = (today - alert.since).num_days() >= i64::from(days);
            if alert.state.is_live() && !alert.is_suppressed && waited {
                alert.level += 1;
                alert.since = today;
                notices.push(Notice { alert: *id, cause: Cause::Escalated, level: alert.level });
            }
        }
        notices
    }

    /// Somebody does something about an alert.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is none; `NotFound` where there is no such alert; `Conflict` where it is
    /// settled already, or acknowledged by somebody else.
    pub fn act(&mut self, id: AlertId, action: Action, by: &str, day: NaiveDate) -> Result<(), Error> {
        if let Some(fault) = fault_of_name(by) {
            return Err(Error::invalid(format!("by {}", quoted(by)), fault));
        }
        let name = format!("alert {}", id.0);
        let Some(alert) = self.alerts.get_mut(&id) else {
            return Err(Error::new(ErrorKind::NotFound, name, "is not in the book"));
        };
        if !alert.state.is_live() {
            let message = "is settled already: it opens again where the difference shows again";
            return Err(Error::new(ErrorKind::Conflict, name, message));
        }
        let state = match action {
            Action::Acknowledge if alert.state == State::Acknowledged => {
                let holder = alert.holder();
                if holder == Some(by) {
                    return Ok(());
                }
                let message = format!("is looked after by {} already", holder.unwrap_or("somebody"));
                return Err(Error::new(ErrorKind::Conflict, name, message));
            }
            Action::Acknowledge => State::Acknowledged,
            Action::ResolveInSystem => State::ResolvedInSystem,
            Action::ResolveInPaper => State::ResolvedInPaper,
            Action::CallFalse => State::False,
        };
        alert.enter(state, Some(by), day);
        Ok(())
    }

    /// Makes the index of differences, which is not stored.
    fn index(&mut self) {
        if self.by_difference.is_empty() {
            for (id, alert) in &self.alerts {
                self.by_difference.entry(difference(&alert.finding)).or_default().push(*id);
            }
        }
    }
}

fn difference(finding: &Observation) -> (String, String, Option<String>) {
    (finding.key.clone(), finding.kind.clone(), finding.field.clone())
}

fn same_values(left: &Observation, right: &Observation) -> bool {
    (&left.left, &left.right) == (&right.left, &right.right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    pub(super) fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 5, 1).unwrap() + chrono::Days::new(n.into())
    }

    pub(super) fn finding(key: &str, field: &str, right: &str, severity: Severity) -> Observation {
        Observation {
            key: key.into(),
            kind: "mismatch".into(),
            field: Some(field.into()),
            file: None,
            left: Some("a".into()),
            right: Some(right.into()),
            severity,
            reason: "r".into(),
        }
    }

    fn states(book: &Book) -> Vec<State> {
        book.iter().map(|(_, alert)| alert.state).collect()
    }

    #[test]
    fn critical_is_told_at_once_and_the_rest_in_the_daily_list() {
        let mut book = Book::default();
        let rules = Rules::reference();
        let found = [
            finding("1", "phone", "x", Severity::Minor),
            finding("2", "ct_ratio", "x", Severity::Critical),
            finding("3", "sign_date", "x", Severity::Major),
        ];
        let notices = book.observe(&rules, &found, &[], Vanished::Unknown, day(0));
        assert_eq!(notices, [Notice { alert: AlertId(1), cause: Cause::New, level: 0 }]);
        let list: Vec<_> = book.daily_list().iter().map(|(id, _)| id.0).collect();
        assert_eq!(list, [2, 0], "the more severe first");
        // The same findings again are nothing new.
        assert!(book.observe(&rules, &found, &[], Vanished::Unknown, day(1)).is_empty());
        assert_eq!(book.iter().count(), 3);
    }

    #[test]
    fn what_nobody_acts_on_goes_higher() {
        let mut book = Book::default();
        let found = [finding("2", "ct_ratio", "x", Severity::Critical)];
        book.observe(&Rules::reference(), &found, &[], Vanished::Unknown, day(0));
        assert!(book.escalate(day(2)).is_empty());
        let notice = |level| Notice { alert: AlertId(0), cause: Cause::Escalated, level };
        assert_eq!(book.escalate(day(3)), [notice(1)]);
        assert!(book.escalate(day(4)).is_empty());
        assert_eq!(book.escalate(day(6)), [notice(2)]);
        for nobody in ["", " ", "l\u{202e}i", &"李".repeat(101)] {
            let error = book.act(AlertId(0), Action::Acknowledge, nobody, day(7)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
        book.act(AlertId(0), Action::Acknowledge, "li", day(7)).unwrap();
        assert!(book.escalate(day(9)).is_empty(), "acting starts the days anew");
        book.act(AlertId(0), Action::CallFalse, "li", day(9)).unwrap();
        assert!(book.escalate(day(99)).is_empty());
    }

    #[test]
    fn an_open_order_suppresses_what_it_changes_and_nothing_else() {
        let mut book = Book::default();
        let rules = Rules::reference();
        let found = [
            finding("1", "contract_capacity_kva", "x", Severity::Critical),
            finding("1", "supply_voltage_kv", "x", Severity::Critical),
            finding("2", "contract_capacity_kva", "x", Severity::Critical),
        ];
        let order = ChangeOrder { key: "1".into(), process: "capacity-change".into(), opened: day(0) };
        let told: Vec<u64> = book
            .observe(&rules, &found, std::slice::from_ref(&order), Vanished::Unknown, day(1))
            .iter()
            .map(|n| n.alert.0)
            .collect();
        assert_eq!(told, [1, 2]);
        assert!(book.escalate(day(50)).iter().all(|n| n.alert != AlertId(0)));
        // The order is closed and the difference is still there.
        let notices = book.observe(&rules, &found, &[], Vanished::Unknown, day(51));
        assert_eq!(notices, [Notice { alert: AlertId(0), cause: Cause::New, level: 0 }]);
        // An order that is forgotten suppresses nothing for ever.
        let mut book = Book::default();
        assert_eq!(book.observe(&rules, &found, &[order], Vanished::Unknown, day(61)).len(), 3);
    }

    #[test]
    fn an_alert_lives_as_its_states_allow() {
        let mut book = Book::default();
        let rules = Rules::reference();
        let found = [finding("2", "ct_ratio", "x", Severity::Critical)];
        book.observe(&rules, &found, &[], Vanished::Unknown, day(0));
        let id = AlertId(0);
        book.act(id, Action::Acknowledge, "li", day(1)).unwrap();
        book.act(id, Action::Acknowledge, "li", day(1)).unwrap();
        let error = book.act(id, Action::Acknowledge, "wang", day(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains("looked after by li"), "{error}");
        book.act(id, Action::CallFalse, "li", day(2)).unwrap();
        assert_eq!(book.get(id).unwrap().review(), Some(Review::FalseAlarm));
        let known = Priors::default().learn("ct_ratio".parse().unwrap(), Review::FalseAlarm);
        assert_eq!(book.priors(), known, "its end is what the priors learn from");
        assert_eq!(
            book.act(id, Action::ResolveInPaper, "li", day(2)).unwrap_err().kind(),
            ErrorKind::Conflict
        );
        assert_eq!(
            book.act(AlertId(9), Action::CallFalse, "li", day(2)).unwrap_err().kind(),
            ErrorKind::NotFound
        );
        // The same values stay false; others open it again.
        assert!(book.observe(&rules, &found, &[], Vanished::Unknown, day(3)).is_empty());
        let other = [finding("2", "ct_ratio", "y", Severity::Critical)];
        let notices = book.observe(&rules, &other, &[], Vanished::Unknown, day(4));
        assert_eq!(notices[0].cause, Cause::Again);
        assert_eq!(states(&book), [State::Open]);
        let life: Vec<_> = book.get(id).unwrap().history.iter().map(|e| e.state).collect();
        assert_eq!(life, [State::Open, State::Acknowledged, State::False, State::Open]);
    }

    #[test]
    fn a_difference_that_is_gone_is_settled_on_the_side_that_changed() {
        for (vanished, state, review) in [
            (Vanished::ResolvedInSystem, State::ResolvedInSystem, Some(Review::Confirmed)),
            (Vanished::ResolvedInPaper, State::ResolvedInPaper, Some(Review::FalseAlarm)),
            (Vanished::Unknown, State::Open, None),
        ] {
            let mut book = Book::default();
            let found = [finding("2", "ct_ratio", "x", Severity::Critical)];
            book.observe(&Rules::reference(), &found, &[], Vanished::Unknown, day(0));
            book.observe(&Rules::reference(), &[], &[], vanished, day(1));
            assert_eq!(states(&book), [state]);
            assert_eq!(book.get(AlertId(0)).unwrap().review(), review);
        }
    }

    #[test]
    fn a_stored_book_goes_on_where_it_was() {
        let mut book = Book::default();
        let rules = Rules::reference();
        let found = [finding("2", "ct_ratio", "x", Severity::Critical)];
        book.observe(&rules, &found, &[], Vanished::Unknown, day(0));
        let text = serde_json::to_string(&book).unwrap();
        let mut again: Book = serde_json::from_str(&text).unwrap();
        assert!(again.observe(&rules, &found, &[], Vanished::Unknown, day(1)).is_empty());
        assert_eq!(again.iter().count(), 1);
    }
}
