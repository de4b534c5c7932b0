//! 库房图: a site with its banks, columns and levels, and in which state the boxes there are.
//!
//! ```
//! use archive::{Archive, Config};
//!
//! # let scratch = tempfile::tempdir().unwrap();
//! let archive = Archive::open(Config::create(&scratch.path().join("holdings"))?)?;
//! let site = archive.config().slots()[0].address.site().to_owned();
//! let map = archive.room_map(&site)?;
//! assert_eq!(map.counts().free, archive.config().slots().len() as u64);
//! // A drawing that stands alone.
//! assert!(map.to_svg(archive::room_map::Style::Embedded, archive::room_map::Shown::States).starts_with("<svg"));
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! A box is present, misplaced or missing by the latest inventory that looked for it, and unverified where none had an
//! answer yet. Its heat is how often it was fetched within [`HEAT_DAYS`].
//!
//! Limits: banks come in order of their names and columns as they stand on the rails; a map does not know walls and doors.

mod heat;
mod svg;

use std::collections::BTreeMap;

use archive_core::holding::SlotAddress;
use archive_core::identifier::{BoxNumber, quoted};
use archive_core::units::Millimetres;
use archive_core::{Error, ErrorKind};
use archive_shelving::layout::{AisleId, BankName, NamePart, natural_order};
use archive_shelving::plan::slot_choice::Block;
use archive_store::{MappedSlot, Sighting, SlotUse};
use chrono::{DateTime, Days, Utc};
use serde::Serialize;

use crate::archive::Archive;
use heat::HeatScale;
pub use svg::{Shown, Style};

/// For so many days back loans are counted as heat.
pub const HEAT_DAYS: u64 = 365;

/// In which state a slot and its box are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BoxState {
    /// The latest inventory saw the box in its place.
    Present,
    /// The latest inventory looked for it and did not see it.
    Missing,
    /// The latest inventory saw it elsewhere.
    Misplaced,
    /// No inventory had an answer yet.
    Unverified,
    /// The slot is kept for a box that does not stand there yet.
    Reserved,
    /// Nothing stands in the slot.
    Free,
}

impl BoxState {
    /// All states, those that need somebody first.
    pub const ALL: [Self; 6] =
        [Self::Missing, Self::Misplaced, Self::Unverified, Self::Present, Self::Reserved, Self::Free];

    /// Its name in JSON and in style sheets.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Missing => "missing",
            Self::Misplaced => "misplaced",
            Self::Unverified => "unverified",
            Self::Reserved => "reserved",
            Self::Free => "free",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Present => "在位 present",
            Self::Missing => "缺失 missing",
            Self::Misplaced => "错架 misplaced",
            Self::Unverified => "待核实 unverified",
            Self::Reserved => "预留 reserved",
            Self::Free => "空闲 free",
        }
    }

    /// A sign of its own, for those who cannot tell the colours.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Present => '✓',
            Self::Missing => '✕',
            Self::Misplaced => '↷',
            Self::Unverified => '?',
            Self::Reserved => '◷',
            Self::Free => '·',
        }
    }

    fn of(slot: &MappedSlot) -> Self {
        match (slot.used, slot.archive_box.as_ref().and_then(|b| b.last_seen.as_ref())) {
            (SlotUse::Free, _) => Self::Free,
            (SlotUse::Reserved, _) => Self::Reserved,
            (SlotUse::Confirmed, Some(Sighting::Present)) => Self::Present,
            (SlotUse::Confirmed, Some(Sighting::Missing)) => Self::Missing,
            (SlotUse::Confirmed, Some(Sighting::Misplaced { .. })) => Self::Misplaced,
            (SlotUse::Confirmed, Some(Sighting::Unverified) | None) => Self::Unverified,
        }
    }
}

/// How many slots are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "console", derive(utoipa::ToSchema))]
pub struct Counts {
    /// Boxes in their place.
    pub present: u64,
    /// Boxes that were looked for and not seen.
    pub missing: u64,
    /// Boxes that were seen elsewhere.
    pub misplaced: u64,
    /// Boxes of which no inventory had an answer yet.
    pub unverified: u64,
    /// Slots that are kept for a box.
    pub reserved: u64,
    /// Slots with nothing in them.
    pub free: u64,
}

impl Counts {
    /// The slots in `state`.
    #[must_use]
    pub fn of(&self, state: BoxState) -> u64 {
        match state {
            BoxState::Present => self.present,
            BoxState::Missing => self.missing,
            BoxState::Misplaced => self.misplaced,
            BoxState::Unverified => self.unverified,
            BoxState::Reserved => self.reserved,
            BoxState::Free => self.free,
        }
    }

    /// All slots.
    #[must_use]
    pub fn slots(&self) -> u64 {
        BoxState::ALL.iter().map(|state| self.of(*state)).sum()
    }

    fn add(&mut self, state: BoxState) {
        *match state {
            BoxState::Present => &mut self.present,
            BoxState::Missing => &mut self.missing,
            BoxState::Misplaced => &mut self.misplaced,
            BoxState::Unverified => &mut self.unverified,
            BoxState::Reserved => &mut self.reserved,
            BoxState::Free => &mut self.free,
        } += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.present += other.present;
        self.missing += other.missing;
        self.misplaced += other.misplaced;
        self.unverified += other.unverified;
        self.reserved += other.reserved;
        self.free += other.free;
    }
}

/// The slots of one level of one column, both sides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "console", derive(utoipa::ToSchema))]
pub struct LevelMap {
    /// 层.
    pub level: String,
    /// Its slots by state.
    pub counts: Counts,
    /// The width of its boxes together, in millimetres.
    pub spine_mm: u64,
    /// How much of that is taken by files, in millimetres.
    pub filled_mm: u64,
    /// How often a file of its boxes was fetched within [`HEAT_DAYS`].
    pub loans: u64,
}

/// A column of a bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "console", derive(utoipa::ToSchema))]
pub struct ColumnMap {
    /// 列.
    pub column: String,
    /// Its levels, the lowest first.
    pub levels: Vec<LevelMap>,
    /// Why nothing new is put there; `None` where it may be.
    #[cfg_attr(feature = "console", schema(value_type = Option<String>))]
    pub blocked: Option<Block>,
}

/// A bank of mobile shelving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "console", derive(utoipa::ToSchema))]
pub struct BankMap {
    /// 区, as site/room/bank.
    #[cfg_attr(feature = "console", schema(value_type = String))]
    pub bank: BankName,
    /// Its columns, as they stand.
    pub columns: Vec<ColumnMap>,
    /// What the devices say of it now.
    pub motion: BankMotion,
    /// Some slot of it, to ask its devices by.
    #[serde(skip)]
    slot: SlotAddress,
}

/// What the devices say of a bank now. That nobody can tell is an answer of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "console", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum BankMotion {
    /// The carriages stand.
    Standing {
        /// The aisle that is open, counted from the left end, from 0; `None` where all are closed.
        #[cfg_attr(feature = "console", schema(value_type = Option<u16>))]
        open: Option<AisleId>,
    },
    /// A carriage moves.
    Moving,
    /// Nobody can tell.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "console", derive(utoipa::ToSchema))]
pub struct SiteMap {
    /// 库区.
    pub site: String,
    /// Its banks, in order of their names.
    pub banks: Vec<BankMap>,
}

impl SiteMap {
    /// The slots of the whole site by state.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let levels = self.banks.iter().flat_map(|b| &b.columns).flat_map(|c| &c.levels);
        levels.for_each(|level| counts.merge(&level.counts));
        counts
    }
}

/// A slot of one column, for whoever looks closer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "console", derive(utoipa::ToSchema))]
pub struct SlotDetail {
    /// 储位.
    #[cfg_attr(feature = "console", schema(value_type = String))]
    pub slot: SlotAddress,
    /// Its state.
    #[cfg_attr(feature = "console", schema(value_type = String))]
    pub state: BoxState,
    /// 盒号.
    #[cfg_attr(feature = "console", schema(value_type = Option<String>))]
    pub box_number: Option<BoxNumber>,
    /// The width of the box in millimetres.
    #[cfg_attr(feature = "console", schema(value_type = Option<u32>))]
    pub spine_mm: Option<Millimetres>,
    /// How much of it is taken, in millimetres.
    #[cfg_attr(feature = "console", schema(value_type = Option<u32>))]
    pub filled_mm: Option<Millimetres>,
    /// The live files in it.
    pub files: u32,
    /// How often a file of it was fetched within [`HEAT_DAYS`].
    pub loans: u32,
    /// The same in classes: 0 never, up to 5 as often as the box of this column that is fetched most.
    pub heat: u8,
    /// Where it was seen, where that is elsewhere.
    #[cfg_attr(feature = "console", schema(value_type = Option<String>))]
    pub seen: Option<SlotAddress>,
    /// When the latest inventory looked for it.
    #[cfg_attr(feature = "console", schema(value_type = Option<String>, format = DateTime))]
    pub seen_at: Option<DateTime<Utc>>,
}

impl From<MappedSlot> for SlotDetail {
    fn from(mapped: MappedSlot) -> Self {
        let state = BoxState::of(&mapped);
        let slot = mapped.slot.address;
        let Some(found) = mapped.archive_box else {
            return Self {
                slot,
                state,
                box_number: None,
                spine_mm: None,
                filled_mm: None,
                files: 0,
                loans: 0,
                heat: 0,
                seen: None,
                seen_at: None,
            };
        };
        Self {
            slot,
            state,
            box_number: Some(found.number),
            spine_mm: Some(found.spine),
            filled_mm: Some(found.filled),
            files: found.files,
            loans: found.loans,
            heat: 0,
            seen: match found.last_seen {
                Some(Sighting::Misplaced { seen }) => Some(seen),
                _ => None,
            },
            seen_at: found.seen_at,
        }
    }
}

/// The levels of a column in the order of people.
type Levels = BTreeMap<Vec<NamePart>, LevelMap>;

impl Archive {
    /// The map of `site` as it is now, by catalogue and devices.
    ///
    /// # Errors
    /// `NotFound` for a site without slots; those of the catalogue.
    pub fn room_map(&self, site: &str) -> Result<SiteMap, Error> {
        let object = format!("site {}", quoted(site));
        let slots = self.mapped(site, site, object)?;
        let blocks = self.blocked_columns()?;
        // Numbers in names count as numbers, so that level 10 stands above level 9.
        let mut banks: BTreeMap<BankName, BTreeMap<(Vec<NamePart>, String), Levels>> = BTreeMap::new();
        let mut first = BTreeMap::new();
        for slot in &slots {
            let address = &slot.slot.address;
            let bank = BankName::of(address);
            first.entry(bank.clone()).or_insert_with(|| address.clone());
            let columns = banks.entry(bank).or_default();
            let column = address.column();
            let levels = columns.entry((natural_order(column), column.to_owned())).or_default();
            let level = levels
                .entry(natural_order(address.level()))
                .or_insert_with(|| LevelMap { level: address.level().to_owned(), ..LevelMap::default() });
            level.counts.add(BoxState::of(slot));
            if let Some(found) = slot.archive_box.as_ref().filter(|_| slot.used == SlotUse::Confirmed) {
                level.spine_mm += u64::from(found.spine.0);
                level.filled_mm += u64::from(found.filled.0);
                level.loans += u64::from(found.loans);
            }
        }
        let banks = banks.into_iter().map(|(bank, columns)| {
            let columns = columns.into_iter().map(|((_, column), levels)| {
                let blocked = blocks.iter().find(|b| b.bank == bank && b.column == column).map(|b| b.block);
                ColumnMap { column, levels: levels.into_values().collect(), blocked }
            });
            let columns = columns.collect();
            let slot = first[&bank].clone();
            BankMap { bank, columns, motion: self.bank_motion(&slot), slot }
        });
        Ok(SiteMap { site: site.to_owned(), banks: banks.collect() })
    }

    /// Asks the devices anew how the carriages of a map stand; boxes stay as they are on it.
    pub fn renew_motion(&self, map: &mut SiteMap) {
        for bank in &mut map.banks {
            bank.motion = self.bank_motion(&bank.slot);
        }
    }

    fn bank_motion(&self, slot: &SlotAddress) -> BankMotion {
        let asked = self.devices.shelf(slot).and_then(|shelf| {
            let state = self.runtime.run(async move { shelf.state().await })?;
            state.map_err(Error::from)
        });
        match asked {
            Ok(state) if state.moving => BankMotion::Moving,
            Ok(state) => BankMotion::Standing { open: state.open },
            Err(error) => BankMotion::Unknown { reason: error.report() },
        }
    }

    /// The slots of one column of `bank`, in order of their addresses.
    ///
    /// # Errors
    /// `NotFound` for a column without slots; those of the catalogue.
    pub fn column_map(&self, bank: &BankName, column: &str) -> Result<Vec<SlotDetail>, Error> {
        let within = format!("{bank}/{column}");
        let object = format!("column {} of bank {bank}", quoted(column));
        let mut slots: Vec<SlotDetail> =
            self.mapped(&within, column, object)?.into_iter().map(SlotDetail::from).collect();
        slots.sort_by(|a, b| a.slot.cmp(&b.slot));
        let scale = HeatScale::up_to(slots.iter().map(|s| s.loans.into()).max().unwrap_or(0));
        slots.iter_mut().for_each(|s| s.heat = scale.class(s.loans.into()));
        Ok(slots)
    }

    /// The slots below `within`, an address that ends with `name`.
    fn mapped(&self, within: &str, name: &str, object: String) -> Result<Vec<MappedSlot>, Error> {
        if name.contains('/') {
            return Err(Error::new(ErrorKind::NotFound, object, "is no name: it has a \"/\""));
        }
        let since = Utc::now().checked_sub_days(Days::new(HEAT_DAYS)).unwrap_or_default();
        let slots = self.catalogue.shelf_map(within, since)?;
        match slots.is_empty() {
            true => Err(Error::new(ErrorKind::NotFound, object, "has no slots in the catalogue")),
            false => Ok(slots),
        }
    }
}
