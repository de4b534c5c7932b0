//! What the catalogue may follow by itself of what readers and shelves report, and what a person must decide.
//!
//! ```
//! use archive_shelving::sync::{Evidence, Place, Decision, Ledger, Standing, decide};
//!
//! let tag = "2C14257BF460720000000190".parse()?;
//! let (old, new) = ("HZ/R1/B1/C01/A/1/1/1".parse()?, "HZ/R1/B1/C03/B/1/2/4".parse()?);
//! let mut ledger = Ledger::default();
//! ledger.add_free(new);
//! ledger.add_box(tag, Standing::In(old));
//!
//! // A slot's own sensor says where the box was put back.
//! let seen = Evidence::Seen { tag, place: Place::Slot("HZ/R1/B1/C03/B/1/2/4".parse()?) };
//! assert!(matches!(decide(&ledger, &[seen]).as_slice(), [Decision::Moved { .. }]));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! - Values in, values out: what to do with a decision, how to log and how to undo it is the caller's.
//! - Evidence is what inference concluded, not single reads: *seen at a place*, or *looked for everywhere and
//!   absent*. A tag of which nothing is concluded has no evidence, and nothing is decided of it.
//! - A change is decided only where one reading of the evidence fits the whole ledger: the box was seen in one
//!   place, the place names one slot that is free, and no other box was seen there. Everything else is a
//!   [`Conflict`] for a person.
//! - The order of the evidence does not matter. A box that was followed needs nothing more; its old slot is then
//!   free for another, so that deciding again may go further.
//!
//! Limits: an aisle names a slot only where it has a single free one. A box on loan or on its way is changed by
//! its loan or its move, not here: what is seen of it is confirmed or reported.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use archive_core::holding::{SlotAddress, TagEpc};
use serde::{Deserialize, Serialize};

use crate::layout::{AisleId, BankName};

/// Where a tag was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In one slot, as its own antenna or sensor tells.
    Slot(SlotAddress),
    /// In one aisle of a bank.
    Aisle(BankName, AisleId),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot(slot) => write!(f, "slot {slot}"),
            Self::Aisle(bank, aisle) => write!(f, "{aisle} of bank {bank}"),
        }
    }
}

/// What was concluded of one tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// It was seen there, beyond doubt of strays.
    Seen {
        /// Which.
        tag: TagEpc,
        /// Where.
        place: Place,
    },
    /// It was looked for in every place of the ledger, often enough to conclude that it is in none.
    Absent {
        /// Which.
        tag: TagEpc,
    },
}

impl Evidence {
    fn tag(&self) -> TagEpc {
        match self {
            Self::Seen { tag, .. } | Self::Absent { tag } => *tag,
        }
    }
}

/// What the catalogue says of a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It stands in a slot.
    In(SlotAddress),
    /// It is on its way from one slot to another, or to its first.
    OnItsWay {
        /// Where it stood.
        from: Option<SlotAddress>,
        /// What is kept for it.
        to: SlotAddress,
    },
    /// It was taken out; its slot is kept.
    Out(SlotAddress),
}

impl Standing {
    /// The slots that are its own.
    fn slots(&self) -> impl Iterator<Item = &SlotAddress> {
        let (first, second) = match self {
            Self::In(slot) | Self::Out(slot) => (Some(slot), None),
            Self::OnItsWay { from, to } => (from.as_ref(), Some(to)),
        };
        first.into_iter().chain(second)
    }
}

/// What the catalogue says, as far as it matters here.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    boxes: BTreeMap<TagEpc, Standing>,
    free: BTreeSet<SlotAddress>,
    aisles: BTreeMap<SlotAddress, (BankName, AisleId)>,
}

impl Ledger {
    /// Adds a box.
    pub fn add_box(&mut self, tag: TagEpc, standing: Standing) {
        self.boxes.insert(tag, standing);
    }

    /// Adds a slot that is free and kept for nobody.
    pub fn add_free(&mut self, slot: SlotAddress) {
        self.free.insert(slot);
    }

    /// Says through which aisle a slot is reached; without it an aisle never names the slot.
    pub fn set_aisle(&mut self, slot: SlotAddress, aisle: AisleId) {
        let bank = BankName::of(&slot);
        self.aisles.insert(slot, (bank, aisle));
    }

    fn is_at(&self, slot: &SlotAddress, place: &Place) -> bool {
        match place {
            Place::Slot(seen) => seen == slot,
            Place::Aisle(bank, aisle) => self.aisles.get(slot).is_some_and(|(b, a)| (b, a) == (bank, aisle)),
        }
    }

    /// The one free slot that a place names.
    fn free_slot(&self, place: &Place) -> Result<&SlotAddress, Conflict> {
        if let Place::Slot(slot) = place {
            return self.free.get(slot).ok_or_else(|| match self.owner_of(slot) {
                Some(owner) => Conflict::SlotTaken { slot: slot.clone(), owner },
                None => Conflict::UnknownSlot { slot: slot.clone() },
            });
        }
        let mut candidates = self.free.iter().filter(|slot| self.is_at(slot, place));
        match (candidates.next(), candidates.next()) {
            (Some(slot), None) => Ok(slot),
            (None, _) => Err(Conflict::NoRoom { place: place.clone() }),
            (Some(_), Some(_)) => Err(Conflict::SlotUnclear { place: place.clone() }),
        }
    }

    fn owner_of(&self, slot: &SlotAddress) -> Option<TagEpc> {
        let owns = |(_, standing): &(&TagEpc, &Standing)| standing.slots().any(|own| own == slot);
        self.boxes.iter().find(owns).map(|(tag, _)| *tag)
    }
}

/// What follows for one tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It was put back in another slot: the catalogue may follow.
    Moved {
        /// Which.
        tag: TagEpc,
        /// Where the catalogue says that it stands.
        from: SlotAddress,
        /// Where it stands.
        to: SlotAddress,
    },
    /// It stands in no slot and nobody asked for it: the catalogue may say so.
    TakenOut {
        /// Which.
        tag: TagEpc,
        /// Where the catalogue says that it stands.
        from: SlotAddress,
    },
    /// A box that was out stands in its slot again: the catalogue may follow.
    PutBack {
        /// Which.
        tag: TagEpc,
        /// Where.
        slot: SlotAddress,
    },
    /// A person must look.
    Finding {
        /// Which.
        tag: TagEpc,
        /// Why nothing was decided.
        conflict: Conflict,
    },
}

impl Decision {
    /// The tag that it is about.
    #[must_use]
    pub fn tag(&self) -> TagEpc {
        match self {
            Self::Moved { tag, .. }
            | Self::TakenOut { tag, .. }
            | Self::PutBack { tag, .. }
            | Self::Finding { tag, .. } => *tag,
        }
    }
}

/// Why the evidence does not decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Conflict {
    /// The tag belongs to no box of the catalogue.
    UnknownTag {
        /// Where it was seen.
        place: Place,
    },
    /// It was seen in places that do not agree, or seen and absent.
    Contradiction {
        /// Where it was seen.
        places: Vec<Place>,
    },
    /// It was seen in a slot that the catalogue keeps for another box.
    SlotTaken {
        /// The slot.
        slot: SlotAddress,
        /// The other box.
        owner: TagEpc,
    },
    /// It was seen in a slot that the catalogue does not have.
    UnknownSlot {
        /// The slot.
        slot: SlotAddress,
    },
    /// It was seen in an aisle without a free slot.
    NoRoom {
        /// Where it was seen.
        place: Place,
    },
    /// It was seen in an aisle with several free slots.
    SlotUnclear {
        /// Where it was seen.
        place: Place,
    },
    /// Several boxes were seen where one slot is free.
    SlotDisputed {
        /// The slot.
        slot: SlotAddress,
        /// All boxes that were seen there.
        tags: Vec<TagEpc>,
    },
    /// It is on its way and was seen elsewhere.
    OnItsWay {
        /// Where it was seen.
        place: Place,
    },
    /// It was out and was seen in another place than its slot.
    BackElsewhere {
        /// Where it was seen.
        place: Place,
    },
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownTag { place } => write!(f, "a tag that no box has was seen in {place}"),
            Self::Contradiction { places } => {
                f.write_str("the evidence contradicts itself: seen in ")?;
                for (number, place) in places.iter().enumerate() {
                    write!(f, "{}{place}", if number > 0 { " and " } else { "" })?;
                }
                if places.len() == 1 { f.write_str(", and absent") } else { Ok(()) }
            }
            Self::SlotTaken { slot, owner } => {
                write!(f, "seen in slot {slot}, which is kept for the box with tag {owner}")
            }
            Self::UnknownSlot { slot } => write!(f, "seen in slot {slot}, which the catalogue does not have"),
            Self::NoRoom { place } => write!(f, "seen in {place}, which has no free slot"),
            Self::SlotUnclear { place } => write!(f, "seen in {place}, which has several free slots"),
            Self::SlotDisputed { slot, tags } => {
                write!(f, "{} boxes were seen where only slot {slot} is free", tags.len())
            }
            Self::OnItsWay { place } => write!(f, "on its way to another slot, and seen in {place}"),
            Self::BackElsewhere { place } => write!(f, "taken out, and seen in {place} instead of its slot"),
        }
    }
}

/// What follows from the evidence: at most one decision a tag, in the order of tags. A box that was seen where
/// the catalogue has it has none.
#[must_use]
pub fn decide(ledger: &Ledger, evidence: &[Evidence]) -> Vec<Decision> {
    let mut of_tag: BTreeMap<TagEpc, (BTreeSet<&Place>, bool)> = BTreeMap::new();
    for item in evidence {
        let (places, absent) = of_tag.entry(item.tag()).or_default();
        match item {
            Evidence::Seen { place, .. } => drop(places.insert(place)),
            Evidence::Absent { .. } => *absent = true,
        }
    }
    let mut decisions: Vec<Decision> =
        of_tag.iter().filter_map(|(tag, (places, absent))| of_one(ledger, *tag, places, *absent)).collect();

    // Two boxes never go to one slot: where several would, none does.
    let mut claims: BTreeMap<SlotAddress, Vec<TagEpc>> = BTreeMap::new();
    for decision in &decisions {
        if let Decision::Moved { tag, to, .. } = decision {
            claims.entry(to.clone()).or_default().push(*tag);
        }
    }
    for decision in &mut decisions {
        let Decision::Moved { tag, to, .. } = &*decision else { continue };
        let tags = &claims[to];
        if tags.len() > 1 {
            let conflict = Conflict::SlotDisputed { slot: to.clone(), tags: tags.clone() };
            *decision = Decision::Finding { tag: *tag, conflict };
        }
    }
    decisions
}

fn of_one(ledger: &Ledger, tag: TagEpc, places: &BTreeSet<&Place>, absent: bool) -> Option<Decision> {
    let finding = |conflict| Some(Decision::Finding { tag, conflict });
    let Some(standing) = ledger.boxes.get(&tag) else {
        // That a foreign tag is absent is as it should be.
        return places.first().and_then(|place| finding(Conflict::UnknownTag { place: (*place).clone() }));
    };
    // A slot says more than the aisle before it: both are one sighting.
    let finer: Vec<&Place> = places
        .iter()
        .copied()
        .filter(|place| {
            let within = |other: &&Place| match other {
                Place::Slot(slot) => *other != *place && ledger.is_at(slot, place),
                Place::Aisle(..) => false,
            };
            !places.iter().any(within)
        })
        .collect();
    let place = match (finer.as_slice(), absent) {
        ([], false) => return None,
        ([], true) => {
            return match standing {
                Standing::In(from) => Some(Decision::TakenOut { tag, from: from.clone() }),
                // As the catalogue has it, or about to be.
                Standing::Out(_) | Standing::OnItsWay { .. } => None,
            };
        }
        ([place], false) => *place,
        (several, _) => {
            return finding(Conflict::Contradiction {
                places: several.iter().map(|p| (*p).clone()).collect(),
            });
        }
    };
    match standing {
        Standing::In(slot) if ledger.is_at(slot, place) => None,
        Standing::In(from) => match ledger.free_slot(place) {
            Ok(to) => Some(Decision::Moved { tag, from: from.clone(), to: to.clone() }),
            Err(conflict) => finding(conflict),
        },
        Standing::OnItsWay { .. } if standing.slots().any(|slot| ledger.is_at(slot, place)) => None,
        Standing::OnItsWay { .. } => finding(Conflict::OnItsWay { place: place.clone() }),
        Standing::Out(slot) if ledger.is_at(slot, place) => {
            Some(Decision::PutBack { tag, slot: slot.clone() })
        }
        Standing::Out(_) => finding(Conflict::BackElsewhere { place: place.clone() }),
    }
}
