//! Findings brought into a register, and taken back.
//!
//! A register says where each box is taken to stand. An inventory only proposes: somebody accepts its
//! corrections, all or some, and may undo them.

use std::collections::{BTreeMap, BTreeSet};

use archive_core::holding::SlotAddress;
use archive_core::identifier::BoxNumber;
use archive_core::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use super::finding::{Answer, Conclusion};
use super::model::TagHistory;
use super::places::Place;

/// Where a box is taken to stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stands", rename_all = "kebab-case")]
pub enum Stands {
    /// In its slot.
    InSlot,
    /// In an aisle that is not its own, until somebody puts it back.
    InAisle {
        /// Which.
        place: Place,
    },
    /// Nowhere.
    Missing,
}

/// What a register knows of a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Belief {
    /// Its own slot.
    pub slot: SlotAddress,
    /// Where it is taken to stand.
    #[serde(flatten)]
    pub stands: Stands,
    /// What was heard of its tag so far.
    pub history: TagHistory,
}

/// One change of a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// 盒号.
    pub number: BoxNumber,
    /// What the register knew.
    pub before: Belief,
    /// What it knows after.
    pub after: Belief,
}

impl Correction {
    /// The correction that takes this one back.
    #[must_use]
    pub fn undo(&self) -> Self {
        Self { number: self.number.clone(), before: self.after.clone(), after: self.before.clone() }
    }

    /// Whether a box is taken to stand elsewhere than before; else only its tag is known better.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.before.stands != self.after.stands
    }
}

/// Where each box is taken to stand.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Register {
    beliefs: BTreeMap<BoxNumber, Belief>,
}

impl Register {
    /// A register of what is believed.
    #[must_use]
    pub fn new(beliefs: impl IntoIterator<Item = (BoxNumber, Belief)>) -> Self {
        Self { beliefs: beliefs.into_iter().collect() }
    }

    /// What is known of a box.
    #[must_use]
    pub fn get(&self, number: &BoxNumber) -> Option<&Belief> {
        self.beliefs.get(number)
    }

    /// All boxes, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (&BoxNumber, &Belief)> {
        self.beliefs.iter()
    }

    /// The corrections that an inventory suggests. An unverified box gives none.
    ///
    /// # Errors
    /// `NotFound` where the inventory names a box that the register does not have, `Conflict` where the
    /// box got another slot since.
    pub fn propose(&self, conclusion: &Conclusion) -> Result<Vec<Correction>, Error> {
        let mut corrections = Vec::new();
        for found in &conclusion.boxes {
            let before = self.beliefs.get(&found.number).ok_or_else(|| unknown(&found.number))?;
            if before.slot != found.slot {
                let message = format!("stands in slot {} now: take its inventory again", before.slot);
                return Err(Error::new(ErrorKind::Conflict, format!("box {}", found.number), message));
            }
            let stands = match &found.answer {
                Answer::Present => Stands::InSlot,
                Answer::Elsewhere { place } => Stands::InAisle { place: place.clone() },
                Answer::Missing => Stands::Missing,
                Answer::Unverified { .. } => continue,
            };
            let after = Belief { slot: before.slot.clone(), stands, history: found.history };
            if *before != after {
                corrections.push(Correction { number: found.number.clone(), before: before.clone(), after });
            }
        }
        Ok(corrections)
    }

    /// Accepts corrections, all or none.
    ///
    /// # Errors
    /// `NotFound` where the register lacks a box, `Conflict` where it knows something else of it by now
    /// than the correction says (so that nothing is accepted or undone twice), `InvalidInput` where a box
    /// is corrected twice. Nothing is changed then.
    pub fn accept(&mut self, corrections: &[Correction]) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for correction in corrections {
            let object = || format!("box {}", correction.number);
            if !seen.insert(&correction.number) {
                return Err(Error::invalid(object(), "is corrected twice: choose one"));
            }
            let now = self.beliefs.get(&correction.number).ok_or_else(|| unknown(&correction.number))?;
            if *now != correction.before {
                let message = "is not where this correction found it: propose corrections anew";
                return Err(Error::new(ErrorKind::Conflict, object(), message));
            }
        }
        for correction in corrections {
            self.beliefs.insert(correction.number.clone(), correction.after.clone());
        }
        Ok(())
    }
}

fn unknown(number: &BoxNumber) -> Error {
    Error::new(ErrorKind::NotFound, format!("box {number}"), "is not in the register")
}
