//! Boxes that are still open: where a file that arrives goes, and when a box grows.
//!
//! ```
//! use archive_core::boxing::open_box::{OpenBox, Placement, place};
//! use archive_core::policy::Policy;
//! use archive_core::units::Millimetres;
//!
//! let policy = Policy::reference();
//! let open = [OpenBox { spine: Millimetres(20), filled: Millimetres(18), slot_width: Millimetres(50) }];
//! // The papers move into the next wider box, which takes the same slot.
//! assert_eq!(place(&open, Millimetres(5), policy.boxing())?, Placement::Grow { index: 0, spine: Millimetres(30) });
//! # Ok::<(), archive_core::Error>(())
//! ```

use super::BoxingRule;
use crate::error::Error;
use crate::units::Millimetres;

/// A box that takes more files, all of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenBox {
    /// Its spine.
    pub spine: Millimetres,
    /// How much of it is filled.
    pub filled: Millimetres,
    /// The thickest spine that its slot takes.
    pub slot_width: Millimetres,
}

/// Where a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Into an open box as it is.
    Into {
        /// Which.
        index: usize,
    },
    /// Into an open box whose papers move into a wider box in the same slot.
    Grow {
        /// Which.
        index: usize,
        /// The wider spine.
        spine: Millimetres,
    },
    /// Into a new box.
    New {
        /// Its spine, the thinnest that takes the file.
        spine: Millimetres,
    },
}

/// Where a file of `thickness` goes, given the `open` boxes of its key, the oldest first.
///
/// The newest box is filled first, so that boxes hold consecutive files; it grows as far as its slot
/// allows before a new one is begun.
///
/// # Errors
/// `InvalidInput` where the file is thicker than every box.
pub fn place(open: &[OpenBox], thickness: Millimetres, rule: &BoxingRule) -> Result<Placement, Error> {
    let new = rule.spine_for(thickness).filter(|_| thickness.0 > 0).ok_or_else(|| {
        let message = format!("fills no box: boxes take 1 to {}", rule.widest());
        Error::invalid(format!("file of {thickness}"), message)
    })?;
    let Some((index, newest)) = open.iter().enumerate().next_back() else {
        return Ok(Placement::New { spine: new });
    };
    let filled = Millimetres(newest.filled.0.saturating_add(thickness.0));
    if filled <= newest.spine {
        return Ok(Placement::Into { index });
    }
    match rule.spine_for(filled).filter(|spine| *spine <= newest.slot_width) {
        Some(spine) => Ok(Placement::Grow { index, spine }),
        None => Ok(Placement::New { spine: new }),
    }
}

/// The thinnest spine for a box that is closed: its papers may move into a thinner one.
#[must_use]
pub fn closing_spine(open: &OpenBox, rule: &BoxingRule) -> Millimetres {
    rule.spine_for(open.filled).map_or(open.spine, |spine| spine.min(open.spine))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    fn open(spine: u32, filled: u32, width: u32) -> OpenBox {
        OpenBox { spine: Millimetres(spine), filled: Millimetres(filled), slot_width: Millimetres(width) }
    }

    #[track_caller]
    fn check(boxes: &[OpenBox], thickness: u32, expected: Placement) {
        let rule = Policy::reference().boxing().clone();
        assert_eq!(place(boxes, Millimetres(thickness), &rule).unwrap(), expected);
    }

    #[test]
    fn a_box_grows_as_far_as_its_slot_allows() {
        check(&[], 5, Placement::New { spine: Millimetres(20) });
        check(&[open(20, 15, 50)], 5, Placement::Into { index: 0 });
        check(&[open(20, 15, 50)], 6, Placement::Grow { index: 0, spine: Millimetres(30) });
        check(&[open(20, 15, 50)], 35, Placement::Grow { index: 0, spine: Millimetres(50) });
        check(&[open(20, 15, 50)], 36, Placement::New { spine: Millimetres(40) });
        check(&[open(20, 15, 20)], 6, Placement::New { spine: Millimetres(20) });
        // Only the newest takes files: an older one would mix up the order.
        check(&[open(50, 1, 50), open(20, 20, 20)], 6, Placement::New { spine: Millimetres(20) });
    }

    #[test]
    fn a_closed_box_needs_no_more_than_its_papers() {
        let rule = Policy::reference().boxing().clone();
        assert_eq!(closing_spine(&open(50, 22, 50), &rule), Millimetres(30));
        assert_eq!(closing_spine(&open(20, 20, 50), &rule), Millimetres(20));
    }

    #[test]
    fn hostile_thickness_is_refused() {
        let rule = Policy::reference().boxing().clone();
        assert!(place(&[], Millimetres(0), &rule).is_err());
        assert!(place(&[open(50, 1, 50)], Millimetres(u32::MAX), &rule).is_err());
    }
}
