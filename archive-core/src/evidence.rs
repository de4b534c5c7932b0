//! Doubt as a result: verdicts with three answers, and where on a page something stands.
//!
//! ```
//! use archive_core::evidence::{Region, Verdict};
//!
//! let region = Region::new(10, 20, 110, 44).unwrap();
//! assert_eq!((region.width(), region.height()), (100, 24));
//! assert_eq!(Verdict::Unreadable.to_string(), "unreadable");
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an image says of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The paper shows the claimed value.
    Match,
    /// The paper shows another value.
    Mismatch,
    /// The paper does not allow an answer.
    Unreadable,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Match => "match",
            Self::Mismatch => "mismatch",
            Self::Unreadable => "unreadable",
        })
    }
}

/// What a person decided who looked at a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReviewDecision {
    /// The record is wrong, as the finding says.
    Confirm,
    /// The record is right: it was a false alarm.
    Reject,
    /// Paper and record alone do not tell.
    Unsure,
}

impl ReviewDecision {
    /// Its name in data.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Reject => "reject",
            Self::Unsure => "unsure",
        }
    }
}

impl fmt::Display for ReviewDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A rectangle on a page image, in pixels from its top left corner: `[x0, y0, x1, y1]`, with the
/// right and lower edges outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "[u32; 4]", try_from = "[u32; 4]")]
pub struct Region {
    x0: u32,
    y0: u32,
    x1: u32,
    y1: u32,
}

impl Region {
    /// The rectangle between two corners; `None` where it has no area.
    #[must_use]
    pub fn new(x0: u32, y0: u32, x1: u32, y1: u32) -> Option<Self> {
        (x0 < x1 && y0 < y1).then_some(Self { x0, y0, x1, y1 })
    }

    /// The left edge.
    #[must_use]
    pub fn left(self) -> u32 {
        self.x0
    }

    /// The upper edge.
    #[must_use]
    pub fn top(self) -> u32 {
        self.y0
    }

    /// The right edge, outside.
    #[must_use]
    pub fn right(self) -> u32 {
        self.x1
    }

    /// The lower edge, outside.
    #[must_use]
    pub fn bottom(self) -> u32 {
        self.y1
    }

    /// The width in pixels, at least 1.
    #[must_use]
    pub fn width(self) -> u32 {
        self.x1 - self.x0
    }

    /// The height in pixels, at least 1.
    #[must_use]
    pub fn height(self) -> u32 {
        self.y1 - self.y0
    }

    /// Whether the middle of `other` lies in this rectangle: neighbours that merely touch share none.
    #[must_use]
    pub fn contains_middle_of(self, other: Self) -> bool {
        let (x, y) = (other.x0.midpoint(other.x1), other.y0.midpoint(other.y1));
        (self.x0..self.x1).contains(&x) && (self.y0..self.y1).contains(&y)
    }

    /// The smallest rectangle around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
        }
    }
}

impl From<Region> for [u32; 4] {
    fn from(r: Region) -> [u32; 4] {
        [r.x0, r.y0, r.x1, r.y1]
    }
}

impl TryFrom<[u32; 4]> for Region {
    type Error = crate::Error;

    fn try_from([x0, y0, x1, y1]: [u32; 4]) -> Result<Self, crate::Error> {
        Self::new(x0, y0, x1, y1)
            .ok_or_else(|| crate::Error::invalid(format!("region {x0},{y0},{x1},{y1}"), "has no area"))
    }
}
