//! 复核: what a reviewer decides on a finding, and what becomes of its alert.

use archive_core::evidence::ReviewDecision;
use archive_core::{Error, ErrorKind};
use chrono::NaiveDate;

use super::{AlertId, Book, Event, Observation, Rules, State, difference, same_values};

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
    /// Takes a reviewer's decision on `finding`, which becomes an alert where it was none: one for each file, where
    /// several of a customer differ in one field. Confirmed, it is
    /// looked after; rejected, it was a false alarm; of an unsure one the note is kept. Gives whether anything
    /// changed: the same decision again does not.
    ///
    /// # Errors
    /// `Conflict` where the finding shows other values by now, or was decided or settled otherwise.
    pub fn decide(&mut self, rules: &Rules, finding: &Observation, decided: &Decided) -> Result<bool, Error> {
        self.index();
        let known = self.reviewed_as(finding);
        let id = match known {
            Some(id) => id,
            None => {
                // A rule may say that nobody is told of such a finding; whoever decided on it was.
                let reference = Rules::reference();
                let Some(rule) = rules.rule(finding).or_else(|| reference.rule(finding)) else {
                    return Ok(false);
                };
                self.enter(finding, rule, false, decided.day)
            }
        };
        let Some(alert) = self.alerts.get_mut(&id) else { return Ok(false) };
        let conflict =
            |message: String| Err(Error::new(ErrorKind::Conflict, format!("alert {}", id.0), message));
        if !same_values(&alert.finding, finding) {
            return conflict("shows other values by now: review it on a new page".into());
        }
        alert.finding.file.clone_from(&finding.file);
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

    /// The alert that a review of `finding` is about: that of its file, or one that a comparison of tables made, which
    /// does not know of which file it is. Such a one is of another file where the paper says something else of a
    /// record that is as it was; where the record is another, the page that was reviewed is too old.
    fn reviewed_as(&self, finding: &Observation) -> Option<AlertId> {
        let known = self.by_difference.get(&difference(finding))?;
        let of = |fits: &dyn Fn(&Observation) -> bool| {
            known.iter().copied().find(|id| self.get(*id).is_some_and(|alert| fits(&alert.finding)))
        };
        of(&|known| known.file == finding.file)
            .or_else(|| of(&|known| known.file.is_none() && same_values(known, finding)))
            .or_else(|| of(&|known| known.file.is_none() && known.right != finding.right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;
    use crate::alerts::Action;
    use crate::alerts::Vanished;
    use crate::alerts::tests::{day, finding};
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
        // Another file of the customer says something else of the same record: an alert of its own.
        let other = Observation { file: Some("F2".into()), left: Some("c".into()), ..found.clone() };
        assert!(book.decide(&rules, &other, &by(Reject, "li")).unwrap());
        assert!(!book.decide(&rules, &other, &by(Reject, "li")).unwrap());
        assert!(!book.decide(&rules, &found, &by(Confirm, "li")).unwrap(), "the first stays as it was");
        assert_eq!(book.get(AlertId(1)).unwrap().state, State::False);
        let older = Observation { right: Some("b".into()), ..other.clone() };
        assert_eq!(book.decide(&rules, &older, &by(Reject, "li")).unwrap_err().kind(), ErrorKind::Conflict);
        // A comparison of tables shows the one of its values, and none that is new.
        let shown = Observation { file: None, ..other.clone() };
        assert!(book.observe(&rules, &[shown], &[], Vanished::ResolvedInSystem, day(2)).is_empty());
        assert_eq!(
            book.iter().map(|(_, a)| a.state).collect::<Vec<_>>(),
            [State::Acknowledged, State::False]
        );
        // A book from a file knows them apart, too.
        let mut read: Book = serde_json::from_str(&serde_json::to_string(&book).unwrap()).unwrap();
        assert!(!read.decide(&rules, &other, &by(Reject, "li")).unwrap());
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
