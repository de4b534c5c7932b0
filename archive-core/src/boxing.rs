//! How thick a file is, which box it needs, and how files fill boxes best.
//!
//! ```
//! use archive_core::boxing::{BoxBeginning, BoxingRule};
//! use archive_core::units::{Millimetres, Pages};
//!
//! let rule = BoxingRule { spines: vec![Millimetres(20), Millimetres(50)], sheet_micrometres: 100, cover_micrometres: 400, begin: BoxBeginning::Widest };
//! // Three documents of 40 pages: 20 sheets each, printed on both sides.
//! assert_eq!(rule.thickness(&[Pages(40); 3]), Millimetres(8));
//! assert_eq!(rule.spine_for(Millimetres(21)), Some(Millimetres(50)));
//! ```
//!
//! - [`packing`] plans boxes for many files at once, in the order of their numbers or for the best use;
//! - [`open_box`] says where a file that arrives later goes, and when an open box grows;
//! - [`reboxing`] proposes to empty boxes that disposal and corrections left half full.
//!
//! A box never mixes fonds, years, retention or organisations (DA/T 22-2015 §6.4): plans keep a
//! [`BoxKey`](crate::holding::BoxKey) together with each file, and the catalogue's schema holds it too.

pub mod open_box;
pub mod packing;
pub mod reboxing;

use serde::{Deserialize, Serialize};

use crate::units::{Millimetres, Pages};

/// As what a new box begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BoxBeginning {
    /// As the widest at hand, which takes many files before the next one is begun.
    #[default]
    Widest,
    /// As the thinnest that takes its first file; its papers move into a wider one when it is full.
    Thinnest,
}

/// The boxes at hand and how thick paper is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxingRule {
    /// The spines of the boxes at hand, thinnest first.
    pub spines: Vec<Millimetres>,
    /// The thickness of a sheet in µm.
    pub sheet_micrometres: u32,
    /// What a document's cover and staples add, in µm.
    pub cover_micrometres: u32,
    /// As what a new box begins.
    #[serde(default)]
    pub begin: BoxBeginning,
}

impl BoxingRule {
    /// How thick documents of so many pages are together, two pages a sheet, rounded up to a
    /// millimetre and never nothing.
    #[must_use]
    pub fn thickness(&self, documents: &[Pages]) -> Millimetres {
        let micrometres: u64 = documents
            .iter()
            .map(|pages| {
                u64::from(pages.0.div_ceil(2)) * u64::from(self.sheet_micrometres)
                    + u64::from(self.cover_micrometres)
            })
            .sum();
        Millimetres(u32::try_from(micrometres.div_ceil(1000)).unwrap_or(u32::MAX).max(1))
    }

    /// The thinnest spine that takes `thickness`; `None` where it fills no box.
    #[must_use]
    pub fn spine_for(&self, thickness: Millimetres) -> Option<Millimetres> {
        self.spines.iter().copied().find(|spine| *spine >= thickness)
    }

    /// The spines that a new box may have, the most wanted first.
    #[must_use]
    pub fn beginnings(&self) -> Vec<Millimetres> {
        match self.begin {
            BoxBeginning::Widest => self.spines.iter().rev().copied().collect(),
            BoxBeginning::Thinnest => self.spines.clone(),
        }
    }

    /// The widest spine at hand.
    #[must_use]
    pub fn widest(&self) -> Millimetres {
        self.spines.last().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> BoxingRule {
        BoxingRule {
            spines: vec![Millimetres(20), Millimetres(30)],
            sheet_micrometres: 100,
            cover_micrometres: 400,
            begin: BoxBeginning::Widest,
        }
    }

    #[test]
    fn thickness_rounds_up_and_never_overflows() {
        assert_eq!(rule().thickness(&[]), Millimetres(1));
        assert_eq!(rule().thickness(&[Pages(1)]), Millimetres(1));
        assert_eq!(rule().thickness(&[Pages(13)]), Millimetres(2));
        assert!(rule().thickness(&[Pages(u32::MAX); 4]).0 > 400_000);
    }

    #[test]
    fn the_rule_says_which_box_is_begun() {
        assert_eq!(rule().beginnings(), [30, 20].map(Millimetres));
        let thin = BoxingRule { begin: BoxBeginning::Thinnest, ..rule() };
        assert_eq!(thin.beginnings(), [20, 30].map(Millimetres));
    }

    #[test]
    fn a_file_thicker_than_every_box_has_none() {
        assert_eq!(rule().spine_for(Millimetres(30)), Some(Millimetres(30)));
        assert_eq!(rule().spine_for(Millimetres(31)), None);
    }
}
