//! Boxes that are still open: where a file that arrives goes, and when a box grows.
//!
//! ```
//! use archive_core::boxing::open_box::{OpenBox, Placement, place};
//! use archive_core::units::Millimetres;
//!
//! let spines = [20, 30, 40, 50].map(Millimetres);
//! let open = OpenBox { spine: Millimetres(20), filled: Millimetres(18), slot_width: Millimetres(50) };
//! // The papers move into the next wider box, which takes the same slot.
//! assert_eq!(place(Some(open), Millimetres(5), &spines), Placement::Grow { spine: Millimetres(30) });
//! ```
//!
//! Only the newest box of a key takes files, so that boxes hold consecutive files: an older one with room
//! would mix up the order.

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
    /// Into the newest box as it is.
    Into,
    /// Into the newest box, whose papers move into a wider one in the same slot.
    Grow {
        /// The wider spine, the thinnest that takes everything.
        spine: Millimetres,
    },
    /// Into a new box.
    New,
}

/// Where a file of `thickness` goes, given the `newest` open box of its key and the `spines` that boxes may
/// have, in any order.
#[must_use]
pub fn place(newest: Option<OpenBox>, thickness: Millimetres, spines: &[Millimetres]) -> Placement {
    let Some(newest) = newest else { return Placement::New };
    let filled = Millimetres(newest.filled.0.saturating_add(thickness.0));
    if filled <= newest.spine {
        return Placement::Into;
    }
    let wider = spines.iter().copied().filter(|spine| *spine >= filled && *spine <= newest.slot_width);
    wider.min().map_or(Placement::New, |spine| Placement::Grow { spine })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check((spine, filled, slot_width): (u32, u32, u32), thickness: u32, expected: Placement) {
        let open = OpenBox {
            spine: Millimetres(spine),
            filled: Millimetres(filled),
            slot_width: Millimetres(slot_width),
        };
        let spines = [50, 20, 40, 30].map(Millimetres);
        assert_eq!(place(Some(open), Millimetres(thickness), &spines), expected);
    }

    #[test]
    fn a_box_grows_as_far_as_its_slot_allows() {
        let grow = |spine| Placement::Grow { spine: Millimetres(spine) };
        check((20, 15, 50), 5, Placement::Into);
        check((20, 15, 50), 6, grow(30));
        check((20, 15, 50), 35, grow(50));
        check((20, 15, 50), 36, Placement::New);
        check((20, 15, 20), 6, Placement::New);
        check((20, 15, 29), 6, Placement::New);
        check((50, 1, 50), u32::MAX, Placement::New);
        assert_eq!(place(None, Millimetres(5), &[]), Placement::New);
    }
}
