//! What an inventory says: an answer for each box, and findings about everything else.

use std::fmt;
use std::time::Duration;

use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::identifier::BoxNumber;
use serde::{Deserialize, Serialize};

use super::model::TagHistory;
use super::places::Place;
use crate::reading::AntennaPort;

/// How probable each state of a box is; the three sum to 1, less what "two tags of one code" takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Posterior {
    /// In the aisle of its slot.
    pub present: f64,
    /// In another aisle.
    pub elsewhere: f64,
    /// In no aisle.
    pub missing: f64,
}

/// What is known of a box, as surely as [`Limits`](super::Limits) ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// In the aisle of its slot.
    Present,
    /// In another aisle.
    Elsewhere {
        /// Which.
        place: Place,
    },
    /// In no aisle.
    Missing,
    /// The reads allow no answer.
    Unverified {
        /// Why.
        doubt: Doubt,
    },
}

/// Why a box is unverified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// Its aisle was not visited, or only by visits that count for nothing.
    AisleNotRead,
    /// Its tag was not read, and is not known to be read so well that this says something.
    Silent,
    /// Its tag was read, and more than one place explains the reads.
    SeveralPlaces,
    /// Its tag was read in places of which one tag explains only one.
    TagInTwoPlaces,
    /// The register gives its tag to several boxes.
    SharedTag,
    /// The register puts it in a slot of no bank that takes part.
    UnknownSlot,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AisleNotRead => "its aisle was not read",
            Self::Silent => "its tag was not read, and tags like it are often silent",
            Self::SeveralPlaces => "its tag was read where more than one place explains it",
            Self::TagInTwoPlaces => "its tag was read in two places far apart",
            Self::SharedTag => "the register gives its tag to several boxes",
            Self::UnknownSlot => "its slot belongs to no bank of the inventory",
        })
    }
}

/// The answer for one box.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoxAnswer {
    /// 盒号.
    pub number: BoxNumber,
    /// The slot that the register gives it.
    pub slot: SlotAddress,
    /// What is known.
    #[serde(flatten)]
    pub answer: Answer,
    /// How probable each state is.
    pub posterior: Posterior,
    /// The most probable place and its probability, whatever the answer; `None` where nothing was read.
    pub likeliest: Option<(Place, f64)>,
    /// The history of its tag with this inventory's visits, where the answer says where it stands;
    /// else as it was.
    pub history: TagHistory,
}

/// What does not fit, and what was left out because of it. Every read is in an answer or in one of these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Finding {
    /// A tag of a known scheme that belongs to no box of the register.
    ForeignTag {
        /// The tag.
        tag: TagEpc,
        /// What its code says.
        says: String,
        /// Where it was read most.
        place: Place,
        /// In how many visits it was read there.
        visits: u32,
    },
    /// A tag whose code is of no known scheme, and that belongs to no box of the register.
    UndecodableTag {
        /// The tag.
        tag: TagEpc,
        /// Where it was read most.
        place: Place,
        /// In how many visits it was read there.
        visits: u32,
    },
    /// Reads of foreign tags beyond those that are kept by name.
    MoreForeignTags {
        /// How many.
        reads: u64,
    },
    /// Reads of codes that are not 96 bits long.
    OtherCodeLength {
        /// Where.
        place: Place,
        /// How many.
        reads: u64,
    },
    /// One code was read in two places, again and again: two tags carry it.
    DuplicatedTag {
        /// The code.
        tag: TagEpc,
        /// The box that the register gives it to.
        number: BoxNumber,
        /// The two places.
        places: [Place; 2],
    },
    /// A tag was read in one place and from then on in another: somebody carried it.
    CarriedTag {
        /// The tag.
        tag: TagEpc,
        /// Its box.
        number: BoxNumber,
        /// Where it was first.
        from: Place,
        /// Where it was last.
        to: Place,
    },
    /// The register gives one tag to several boxes.
    SharedTag {
        /// The tag.
        tag: TagEpc,
        /// The boxes.
        numbers: Vec<BoxNumber>,
    },
    /// The register puts a box in a slot of no bank that takes part.
    UnknownSlot {
        /// The box.
        number: BoxNumber,
        /// The slot.
        slot: SlotAddress,
    },
    /// Reads by an antenna that the reader of the bank does not have. They count for nothing.
    UnknownAntenna {
        /// Where the reads were made.
        place: Place,
        /// The antenna.
        antenna: AntennaPort,
        /// How many reads.
        reads: u64,
    },
    /// Reads by an antenna that looks into another aisle than the visited one. They count for nothing.
    OtherAisle {
        /// The visited aisle.
        place: Place,
        /// The antenna.
        antenna: AntennaPort,
        /// How many reads.
        reads: u64,
    },
    /// A visit of an aisle that no bank has. Its reads count for nothing.
    UnknownPlace {
        /// The place.
        place: Place,
        /// How many reads.
        reads: u64,
    },
    /// Reads whose times run backwards or lie beyond the end of their visit. The reads count, their times
    /// do not.
    TimesOutOfOrder {
        /// The visited aisle.
        place: Place,
        /// How many reads.
        reads: u64,
    },
    /// A visit that began before the one before it in the same bank had ended. Its reads count.
    OverlappingVisit {
        /// The visited aisle.
        place: Place,
        /// When it began.
        begun: Duration,
    },
    /// Strengths outside −120 to 20 dBm. The reads count, their strengths do not.
    ImpossibleStrength {
        /// The visited aisle.
        place: Place,
        /// How many reads.
        reads: u64,
    },
    /// A visit that lost reads. What it read counts; that it did not read a tag does not.
    IncompleteVisit {
        /// The visited aisle.
        place: Place,
        /// When it began.
        begun: Duration,
    },
    /// A visit that read fewer than a quarter of the boxes that it should have read: a deaf reader, or
    /// an emptied aisle. What it read counts; that it did not read a tag does not.
    DeafVisit {
        /// The visited aisle.
        place: Place,
        /// When it began.
        begun: Duration,
        /// How many of the aisle's boxes it read.
        read: u32,
        /// How many were expected.
        expected: u32,
    },
}

/// What an inventory found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Conclusion {
    /// An answer for each box, in the order of the register.
    pub boxes: Vec<BoxAnswer>,
    /// What does not fit, in a fixed order.
    pub findings: Vec<Finding>,
}
