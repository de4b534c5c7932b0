//! The one judgement of a requirement, for a single case and for a whole branch alike.

use crate::record::DocumentForm;

/// What is seen of a requirement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    /// Whether its condition holds.
    pub(super) applies: Option<bool>,
    /// Whether the case has reached its stage.
    pub(super) due_in_stage: bool,
    /// Whether an accepted document is there in the right form.
    pub(super) right_form: bool,
    /// Whether one is there of which nobody said the form.
    pub(super) unsaid_form: bool,
    /// Whether a document is there whose type nobody could tell.
    pub(super) untyped: bool,
    /// Whether the customer committed to hand it in later.
    pub(super) committed: bool,
    /// Whether the time for that is over.
    pub(super) late: bool,
}

/// What becomes of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    NotNeeded,
    Present,
    Deferred,
    Overdue,
    Missing,
    Unverified(Doubt),
}

/// Why nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    Form,
    Condition,
    Type,
}

impl Sight {
    #[inline]
    pub(super) fn answer(self) -> Answer {
        if self.applies == Some(false) || !self.due_in_stage {
            return Answer::NotNeeded;
        }
        if self.right_form {
            return Answer::Present;
        }
        if self.unsaid_form {
            return Answer::Unverified(Doubt::Form);
        }
        match (self.committed, self.late, self.applies, self.untyped) {
            (true, false, ..) => Answer::Deferred,
            // Whether it is needed at all is asked before anybody is blamed for its lack.
            (_, _, None, _) => Answer::Unverified(Doubt::Condition),
            (_, _, _, true) => Answer::Unverified(Doubt::Type),
            (true, true, ..) => Answer::Overdue,
            (false, ..) => Answer::Missing,
        }
    }
}

/// Whether a document of form `found` answers a requirement of form `wanted`: an original may stand for
/// its copy.
pub(super) fn is_right_form(wanted: Option<DocumentForm>, found: Option<DocumentForm>) -> bool {
    match (wanted, found) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wanted), Some(found)) => wanted == found || found == DocumentForm::Original,
    }
}
