//! 移交: boxes that go to another site, with list, hand-over and receipt.
//!
//! ```
//! use archive_core::units::Millimetres;
//! use archive_shelving::plan::consignment::{Consignment, Item, State};
//!
//! let item = |number: &str| -> Result<Item, archive_core::Error> {
//!     let from = format!("HZ/R1/B1/C1/A/1/1/{number}").parse()?;
//!     Ok(Item { number: format!("X{number}").parse()?, spine: Millimetres(30), from })
//! };
//! let list = Consignment::new("2026-17", "HZ", "NB", vec![item("1")?, item("2")?])?;
//! let on_the_way = list.hand_over("Li", "Wang", "2026-11-25T08:00:00Z".parse().unwrap())?;
//! // One box arrives; the other one is missing, and stays so until it is found.
//! let when = "2026-11-25T15:00:00Z".parse().unwrap();
//! let arrived = on_the_way.receive("Zhao", when, &["X1".parse()?])?;
//! assert_eq!(arrived.state(), State::ReceivedInPart);
//! assert_eq!(arrived.outstanding().count(), 1);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A consignment is a value: each step gives a new one or says why it cannot be taken, and the store
//! keeps it. [`List`](State::Listed) → [`HandedOver`](State::HandedOver) →
//! [`Received`](State::Received), or [`ReceivedInPart`](State::ReceivedInPart) until all boxes are
//! found. A list may be [`Withdrawn`](State::Withdrawn) before hand-over. A box that arrives and is
//! not on the list is no step: [`Consignment::foreign`] names it.
//!
//! The boxes leave their slots at hand-over, not before, and get new ones at the other site by
//! [`slot_choice`](super::slot_choice) when they are received.

use std::collections::BTreeSet;
use std::fmt;

use archive_core::holding::SlotAddress;
use archive_core::identifier::{BoxNumber, quoted};
use archive_core::units::Millimetres;
use archive_core::{Error, ErrorKind};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// 盒号.
    pub number: BoxNumber,
    /// The thickness of its spine.
    pub spine: Millimetres,
    /// The slot that it leaves.
    pub from: SlotAddress,
}

/// Who gave the boxes to whom, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// 移交人.
    pub by: String,
    /// Who carries them.
    pub carrier: String,
    /// When.
    pub when: DateTime<Utc>,
}

/// 签收: who found which boxes, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// 接收人.
    pub by: String,
    /// When.
    pub when: DateTime<Utc>,
    /// The boxes that were found.
    pub boxes: Vec<BoxNumber>,
}

/// How far a consignment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The boxes are listed, and still in their slots.
    Listed,
    /// They are on the way.
    HandedOver,
    /// Some arrived; the others are missing.
    ReceivedInPart,
    /// All arrived.
    Received,
    /// It was given up before hand-over.
    Withdrawn,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Listed => "listed",
            Self::HandedOver => "handed over",
            Self::ReceivedInPart => "received in part",
            Self::Received => "received",
            Self::Withdrawn => "withdrawn",
        })
    }
}

/// Boxes that go together from one site to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Consignment(Raw);

/// The same before it is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    from: String,
    to: String,
    items: Vec<Item>,
    hand_over: Option<HandOver>,
    receipts: Vec<Receipt>,
    withdrawn: bool,
}

impl Consignment {
    /// The most boxes of one list.
    pub const LIMIT: usize = 100_000;

    /// A list of boxes of the site `from` that go to the site `to`.
    ///
    /// # Errors
    /// `InvalidInput` where a name is empty or long, the sites are one, there is no box or more than
    /// [`Consignment::LIMIT`], a box or a slot is listed twice, or a box stands at another site.
    pub fn new(name: &str, from: &str, to: &str, items: Vec<Item>) -> Result<Self, Error> {
        let object = || format!("consignment {}", quoted(name));
        let is_name = |text: &str| !text.trim().is_empty() && text.len() <= 96;
        if !is_name(name) || !is_name(from) || !is_name(to) {
            return Err(Error::invalid(object(), "needs a name and two sites, each of 1 to 96 bytes"));
        }
        if from == to {
            return Err(Error::invalid(object(), format!("stays at site {from}: plan a relocation")));
        }
        if items.is_empty() || items.len() > Self::LIMIT {
            let message = format!("lists {} boxes, not 1 to {}", items.len(), Self::LIMIT);
            return Err(Error::invalid(object(), message));
        }
        let (mut numbers, mut slots) = (BTreeSet::new(), BTreeSet::new());
        for item in &items {
            if !numbers.insert(&item.number) {
                return Err(Error::invalid(object(), format!("lists box {} twice", item.number)));
            }
            if !slots.insert(&item.from) {
                return Err(Error::invalid(object(), format!("lists slot {} twice", item.from)));
            }
            if item.from.site() != from {
                let message = format!("lists box {}, which stands at site {}", item.number, item.from.site());
                return Err(Error::invalid(object(), message));
            }
        }
        Ok(Self(Raw {
            name: name.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            items,
            hand_over: None,
            receipts: Vec::new(),
            withdrawn: false,
        }))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The site that the boxes leave.
    #[must_use]
    pub fn from(&self) -> &str {
        &self.0.from
    }

    /// The site that they go to.
    #[must_use]
    pub fn to(&self) -> &str {
        &self.0.to
    }

    /// 移交清单: the boxes.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.0.items
    }

    /// The hand-over, once there was one.
    #[must_use]
    pub fn handed_over(&self) -> Option<&HandOver> {
        self.0.hand_over.as_ref()
    }

    /// The receipts so far.
    #[must_use]
    pub fn receipts(&self) -> &[Receipt] {
        &self.0.receipts
    }

    /// How far it has come.
    #[must_use]
    pub fn state(&self) -> State {
        match &self.0 {
            Raw { withdrawn: true, .. } => State::Withdrawn,
            Raw { hand_over: None, .. } => State::Listed,
            Raw { receipts, .. } if receipts.is_empty() => State::HandedOver,
            _ if self.outstanding().next().is_some() => State::ReceivedInPart,
            _ => State::Received,
        }
    }

    /// The boxes that nobody has received yet.
    pub fn outstanding(&self) -> impl Iterator<Item = &Item> {
        let found: BTreeSet<&BoxNumber> = self.0.receipts.iter().flat_map(|receipt| &receipt.boxes).collect();
        self.0.items.iter().filter(move |item| !found.contains(&item.number))
    }

    /// Those of `boxes` that are not on the list: they came with it, and belong elsewhere.
    pub fn foreign<'a>(&self, boxes: &'a [BoxNumber]) -> Vec<&'a BoxNumber> {
        let listed: BTreeSet<&BoxNumber> = self.0.items.iter().map(|item| &item.number).collect();
        boxes.iter().filter(|number| !listed.contains(number)).collect()
    }

    /// 移交: the boxes leave their slots.
    ///
    /// # Errors
    /// `InvalidInput` where a name is empty or long; `Conflict` where it was handed over or withdrawn.
    pub fn hand_over(&self, by: &str, carrier: &str, when: DateTime<Utc>) -> Result<Self, Error> {
        self.must_be(&[State::Listed], "be handed over")?;
        self.check_person(by)?;
        self.check_person(carrier)?;
        let hand_over = HandOver { by: by.to_owned(), carrier: carrier.to_owned(), when };
        Ok(Self(Raw { hand_over: Some(hand_over), ..self.0.clone() }))
    }

    /// 签收: some or all boxes are found at the other site.
    ///
    /// # Errors
    /// `InvalidInput` where a name is empty or long, no box is named, one is named twice or is not on
    /// the list, or it was before the hand-over; `Conflict` where the boxes are not on the way, or one
    /// was received before.
    pub fn receive(&self, by: &str, when: DateTime<Utc>, boxes: &[BoxNumber]) -> Result<Self, Error> {
        self.must_be(&[State::HandedOver, State::ReceivedInPart], "be received")?;
        self.check_person(by)?;
        if self.0.hand_over.as_ref().is_some_and(|hand_over| when < hand_over.when) {
            return Err(Error::invalid(self.object(), "cannot be received before it was handed over"));
        }
        if boxes.is_empty() {
            return Err(Error::invalid(self.object(), "cannot be received without a box: name those found"));
        }
        if let Some(foreign) = self.foreign(boxes).first() {
            return Err(Error::invalid(self.object(), format!("does not list box {foreign}")));
        }
        let outstanding: BTreeSet<&BoxNumber> = self.outstanding().map(|item| &item.number).collect();
        let mut named = BTreeSet::new();
        for number in boxes {
            if !named.insert(number) {
                return Err(Error::invalid(self.object(), format!("is received with box {number} twice")));
            }
            if !outstanding.contains(number) {
                let message = format!("was received with box {number} before");
                return Err(Error::new(ErrorKind::Conflict, self.object(), message));
            }
        }
        let mut next = self.0.clone();
        next.receipts.push(Receipt { by: by.to_owned(), when, boxes: boxes.to_vec() });
        Ok(Self(next))
    }

    /// Gives it up: the boxes stay where they are.
    ///
    /// # Errors
    /// `Conflict` after hand-over: send the boxes back as a consignment.
    pub fn withdraw(&self) -> Result<Self, Error> {
        self.must_be(&[State::Listed], "be withdrawn")?;
        Ok(Self(Raw { withdrawn: true, ..self.0.clone() }))
    }

    fn object(&self) -> String {
        format!("consignment {}", quoted(&self.0.name))
    }

    fn must_be(&self, states: &[State], what: &str) -> Result<(), Error> {
        if states.contains(&self.state()) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, self.object(), format!("is {} and cannot {what}", self.state())))
    }

    fn check_person(&self, name: &str) -> Result<(), Error> {
        if name.trim().is_empty() || name.len() > 128 {
            return Err(Error::invalid(self.object(), "needs a person's name of 1 to 128 bytes"));
        }
        Ok(())
    }
}

impl TryFrom<Raw> for Consignment {
    type Error = Error;

    /// Takes the steps again, so that what was stored cannot be what no steps lead to.
    fn try_from(raw: Raw) -> Result<Self, Error> {
        let mut consignment = Self::new(&raw.name, &raw.from, &raw.to, raw.items)?;
        if let Some(HandOver { by, carrier, when }) = &raw.hand_over {
            consignment = consignment.hand_over(by, carrier, *when)?;
        }
        for Receipt { by, when, boxes } in &raw.receipts {
            consignment = consignment.receive(by, *when, boxes)?;
        }
        if raw.withdrawn { consignment.withdraw() } else { Ok(consignment) }
    }
}

impl From<Consignment> for Raw {
    fn from(consignment: Consignment) -> Self {
        consignment.0
    }
}

impl fmt::Display for Consignment {
    /// 移交清单, for people: one line a box.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "consignment {} from {} to {}: {}", self.0.name, self.0.from, self.0.to, self.state())?;
        for (line, item) in self.0.items.iter().enumerate() {
            writeln!(f, "{:>6}  {}  {}  {}", line + 1, item.number, item.spine, item.from)?;
        }
        if let Some(HandOver { by, carrier, when }) = &self.0.hand_over {
            writeln!(f, "handed over by {by} to {carrier}, {when}")?;
        }
        for Receipt { by, when, boxes } in &self.0.receipts {
            writeln!(f, "{} received by {by}, {when}", boxes.len())?;
        }
        let left = self.outstanding().count();
        write!(f, "{left} of {} outstanding", self.0.items.len())
    }
}
