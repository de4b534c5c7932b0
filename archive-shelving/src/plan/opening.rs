//! How long a bank takes to open an aisle (通道) when another one stands open.
//!
//! ```
//! use std::time::Duration;
//! use archive_shelving::layout::AisleId;
//! use archive_shelving::plan::opening::{Drive, Opening};
//!
//! let (near, far) = (AisleId(4), AisleId(9));
//! let together = Opening::new(Drive::Together, Duration::from_secs(12))?;
//! let one_at_a_time = Opening::new(Drive::OneAtATime, Duration::from_secs(12))?;
//! assert_eq!(together.time(Some(near), far), Duration::from_secs(12));
//! assert_eq!(one_at_a_time.time(Some(near), far), Duration::from_secs(60));
//! assert_eq!(one_at_a_time.time(Some(far), far), Duration::ZERO);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A bank has room for one open aisle. To open aisle b while aisle a is open, the carriages between
//! the two move by the width of an aisle: all together, or one after the other. Where the bank
//! stands is unknown, one opening is counted.

use std::time::Duration;

use archive_core::Error;
use serde::{Deserialize, Serialize};

use crate::layout::AisleId;

/// How the carriages of a bank move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drive {
    /// All that must move start at once: every opening takes the same time.
    Together,
    /// Each carriage waits for the one before: an opening takes the longer, the farther it is.
    OneAtATime,
}

/// The drive of a bank, and how long one carriage takes to move by the width of an aisle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Opening {
    drive: Drive,
    width: Duration,
}

impl Opening {
    /// The longest time that one carriage may take.
    pub const LIMIT: Duration = Duration::from_secs(3600);

    /// A drive whose carriages take `width` to move by the width of an aisle.
    ///
    /// # Errors
    /// `InvalidInput` where that is nothing, or more than [`Opening::LIMIT`].
    pub fn new(drive: Drive, width: Duration) -> Result<Self, Error> {
        if width.is_zero() || width > Self::LIMIT {
            let message = format!("must take more than nothing and at most an hour, not {width:?}");
            return Err(Error::invalid("opening of an aisle", message));
        }
        Ok(Self { drive, width })
    }

    /// How the carriages move.
    #[must_use]
    pub fn drive(self) -> Drive {
        self.drive
    }

    /// How long one carriage takes to move by the width of an aisle.
    #[must_use]
    pub fn width(self) -> Duration {
        self.width
    }

    /// How many widths of an aisle one carriage after the other moves to open `to`.
    pub(crate) fn steps(self, from: Option<AisleId>, to: AisleId) -> u32 {
        match (from, self.drive) {
            (Some(from), _) if from == to => 0,
            (Some(from), Drive::OneAtATime) => u32::from(from.0.abs_diff(to.0)),
            (Some(_), Drive::Together) | (None, _) => 1,
        }
    }

    /// How long it takes to open `to` where `from` is open; `None` means that nobody knows.
    #[must_use]
    pub fn time(self, from: Option<AisleId>, to: AisleId) -> Duration {
        self.width * self.steps(from, to)
    }
}
