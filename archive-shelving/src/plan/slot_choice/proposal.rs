//! A proposed slot, and why.

use std::fmt;

use archive_core::holding::SlotAddress;
use archive_core::identifier::BoxNumber;
use archive_core::policy::PolicyVersion;
use serde::{Deserialize, Serialize};

/// What a slot costs, by cause, in seconds of opening time a month after weighting. Less is better;
/// a negative cost is a gain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// What the room's opening time grows by, its customer's boxes nearby counted.
    pub opening: f64,
    /// What another box would gain here.
    pub room_for_others: f64,
    /// What standing apart from its series costs.
    pub series: f64,
    /// What taking room from that which grows here costs.
    pub growth: f64,
    /// What filling this column more than its bank costs.
    pub balance: f64,
    /// What one more aisle at disposal costs.
    pub disposal: f64,
}

impl Costs {
    /// The sum.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.opening + self.room_for_others + self.series + self.growth + self.balance + self.disposal
    }
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+.3} s a month", self.total())?;
        let parts = [
            ("opening", self.opening),
            ("room for others", self.room_for_others),
            ("apart from its series", self.series),
            ("growth", self.growth),
            ("balance", self.balance),
            ("disposal", self.disposal),
        ];
        let mut open = " (";
        for (name, value) in parts.iter().filter(|(_, value)| *value != 0.0) {
            write!(f, "{open}{name} {value:+.3}")?;
            open = ", ";
        }
        if open == ", " { f.write_str(")") } else { Ok(()) }
    }
}

/// A slot that takes the box, and its cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The slot.
    pub slot: SlotAddress,
    /// What it costs.
    pub costs: Costs,
}

/// How many slots each hard rule ruled out. A slot counts at the first rule that it breaks, in the
/// order of the fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuledOut {
    /// At another site than the box must stand at, or at one that does not take its custody mode.
    pub site: u64,
    /// On a column that is locked.
    pub locked: u64,
    /// On a column that is faulty.
    pub faulty: u64,
    /// With a box in it.
    pub taken: u64,
    /// Reserved for a box that is on its way.
    pub reserved: u64,
    /// Narrower than the spine.
    pub narrow: u64,
    /// On a level that does not carry the box.
    pub load: u64,
    /// On a level whose boxes it must not stand beside.
    pub mixing: u64,
    /// Kept for boxes that were announced to the site.
    pub pending: u64,
}

impl RuledOut {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts().iter().map(|(_, count)| count).sum()
    }

    fn counts(&self) -> [(&'static str, u64); 9] {
        [
            ("not at a site that takes it", self.site),
            ("on a locked column", self.locked),
            ("on a faulty column", self.faulty),
            ("taken", self.taken),
            ("reserved", self.reserved),
            ("too narrow", self.narrow),
            ("on a level that does not carry it", self.load),
            ("on a level whose boxes it must not stand beside", self.mixing),
            ("kept for boxes that were announced", self.pending),
        ]
    }
}

impl fmt::Display for RuledOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (name, count) in self.counts().iter().filter(|(_, count)| *count > 0) {
            write!(f, "{}{count} {name}", if first { "" } else { ", " })?;
            first = false;
        }
        if first { f.write_str("none") } else { Ok(()) }
    }
}

/// The slot proposed for a box, those that come next, and why not the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// 盒号.
    pub number: BoxNumber,
    /// The best slot.
    pub best: Choice,
    /// The best slots of the faces (面) that come next, the better first.
    pub runners_up: Vec<Choice>,
    /// What the hard rules ruled out.
    pub ruled_out: RuledOut,
    /// How many slots of the room the box could stand in.
    pub possible: u64,
    /// The policy that decided.
    pub policy: PolicyVersion,
}

impl Proposal {
    /// The slots, the most wanted first, such as a store tries them.
    pub fn slots(&self) -> impl Iterator<Item = &SlotAddress> {
        std::iter::once(&self.best).chain(&self.runners_up).map(|choice| &choice.slot)
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "box {}: slot {}, {}", self.number, self.best.slot, self.best.costs)?;
        for (place, next) in self.runners_up.iter().enumerate() {
            writeln!(f, "  {}. {}, {}", place + 2, next.slot, next.costs)?;
        }
        write!(
            f,
            "  of {} slots it fits in; ruled out: {} (policy {} {})",
            self.possible, self.ruled_out, self.policy.name, self.policy.version
        )
    }
}
