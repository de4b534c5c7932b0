//! 复核: what a reviewer decides on a finding, and what becomes of its alert.

use archive_core::evidence::ReviewDecision;
use archive_core::{Error, ErrorKind};
use chrono::NaiveDate;

use super::{Book, Event, Observation, Rules, State, Vanished, difference};

/// A reviewer's decision on a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What was decided.
    pub decision: ReviewDecision,
    /// Who decided.
    pub by: String,
    /// What the reviewer noted.
    pub note: Option<String>,
    /// The day.
    pub day: NaiveDate,
}

impl Book {
    /// Takes a reviewer's decision on `finding`, which becomes an alert where it was none. Confirmed, it is
    /// looked after; rejected, it was a false alarm; of an unsure one the note is kept. Gives whether anything
    /// changed: the same decision again does not.
    ///
    /// # Errors
    /// `Conflict` where the finding shows other values by now, or was decided or settled otherwise.
    pub fn decide(&mut self, rules: &Rules, finding: &Observation, decided: &Decided) -> Result<bool, Error> {
        self.index();
        if !self.by_difference.contains_key(&difference(finding)) {
            // A rule may say that nobody is told of such a finding; whoever decided on it was.
            let rules = if rules.rule(finding).is_some() { rules } else { &Rules::reference() };
            self.observe(rules, std::slice::from_ref(finding), &[], Vanished::Unknown, decided.day);
        }
        let Some(id) = self.by_difference.get(&difference(finding)) else { return Ok(false) };
        let Some(alert) = self.alerts.get_mut(id) else { return Ok(false) };
        let conflict =
            |message: String| Err(Error::new(ErrorKind::Conflict, format!("alert {}", id.0), message));
        if (&alert.finding.left, &alert.finding.right) != (&finding.left, &finding.right) {
            return conflict("shows other values by now: review it on a new page".into());
        }
        let decision = decided.decision;
        if let Some(Event { decision: Some(before), by, day, .. }) = alert.decided() {
            if *before == decision {
                return Ok(false);
            }
            if *before != ReviewDecision::Unsure {
                let by = by.as_deref().unwrap_or("somebody");
                return conflict(format!("was decided otherwise already: {before}, by {by} on {day}"));
            }
        }
        let state = match (alert.state, decision) {
            (State::Open | State::Acknowledged, ReviewDecision::Confirm) => State::Acknowledged,
            (State::Open | State::Acknowledged, ReviewDecision::Reject) => State::False,
            (State::Open | State::Acknowledged, ReviewDecision::Unsure) => alert.state,
            (State::ResolvedInSystem, ReviewDecision::Confirm)
            | (State::ResolvedInPaper | State::False, ReviewDecision::Reject) => return Ok(false),
            _ => return conflict("is settled already, and otherwise than decided".into()),
        };
        if state != alert.state {
            (alert.state, alert.since) = (state, decided.day);
        }
        let (by, note) = (Some(decided.by.clone()), decided.note.clone());
        alert.history.push(Event { day: decided.day, state, by, decision: Some(decision), note });
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;
    use crate::alerts::tests::{day, finding};
    use crate::alerts::{Action, AlertId};
    use crate::judgement::Review;

    #[test]
    fn a_reviewer_decides_once_and_may_settle_a_doubt() {
        use ReviewDecision::{Confirm, Reject, Unsure};
        let mut book = Book::default();
        let rules = Rules::reference();
        let found = finding("2", "ct_ratio", "x", Severity::Critical);
        let by = |decision, by: &str| Decided { decision, by: by.into(), note: None, day: day(1) };
        let id = AlertId(0);
        // A finding that was no alert yet becomes one.
        assert!(book.decide(&rules, &found, &by(Unsure, "li")).unwrap());
        assert!(!book.decide(&rules, &found, &by(Unsure, "li")).unwrap(), "the same again changes nothing");
        assert_eq!((book.get(id).unwrap().state, book.get(id).unwrap().review()), (State::Open, None));
        assert!(book.decide(&rules, &found, &by(Confirm, "wang")).unwrap());
        let alert = book.get(id).unwrap();
        assert_eq!((alert.state, alert.review()), (State::Acknowledged, Some(Review::Confirmed)));
        assert!(!book.decide(&rules, &found, &by(Confirm, "zhao")).unwrap());
        for contradiction in [Reject, Unsure] {
            let error = book.decide(&rules, &found, &by(contradiction, "li")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict);
            assert!(error.to_string().contains("confirm, by wang"), "{error}");
        }
        // Other values are another finding.
        let other = finding("2", "ct_ratio", "y", Severity::Critical);
        assert!(
            book.decide(&rules, &other, &by(Confirm, "li")).unwrap_err().to_string().contains("other values")
        );
        book.observe(&rules, std::slice::from_ref(&other), &[], Vanished::Unknown, day(2));
        book.act(id, Action::ResolveInSystem, "wang", day(3)).unwrap();
        assert!(!book.decide(&rules, &other, &by(Confirm, "li")).unwrap(), "it is mended as decided");
        // It shows again: the old decision was about what was mended.
        book.observe(&rules, std::slice::from_ref(&other), &[], Vanished::Unknown, day(4));
        assert!(book.get(id).unwrap().decided().is_none());
        assert!(book.decide(&rules, &other, &by(Reject, "li")).unwrap());
        assert_eq!(book.get(id).unwrap().state, State::False);
        assert!(book.decide(&rules, &other, &by(Confirm, "li")).is_err());
    }

    #[test]
    fn looking_after_an_alert_stays_with_whoever_began_while_others_review_it() {
        let mut book = Book::default();
        let rules = Rules::reference();
        let found = finding("2", "ct_ratio", "x", Severity::Critical);
        book.observe(&rules, std::slice::from_ref(&found), &[], Vanished::Unknown, day(0));
        book.act(AlertId(0), Action::Acknowledge, "li", day(1)).unwrap();
        let note = Some("ask the branch".to_owned());
        let doubt = Decided { decision: ReviewDecision::Unsure, by: "wang".into(), note, day: day(2) };
        book.decide(&rules, &found, &doubt).unwrap();
        let error = book.act(AlertId(0), Action::Acknowledge, "wang", day(3)).unwrap_err();
        assert!(error.to_string().contains("looked after by li"), "{error}");
        assert_eq!(book.get(AlertId(0)).unwrap().decided().unwrap().note.as_deref(), Some("ask the branch"));
        let stored = serde_json::to_string(&book).unwrap();
        assert_eq!(serde_json::from_str::<Book>(&stored).unwrap().get(AlertId(0)), book.get(AlertId(0)));
    }
}
