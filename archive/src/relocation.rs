//! 批量移库: boxes to other slots by a mapping, in the fewest moves, with a receipt for each.
//!
//! ```
//! use archive::{Archive, Config};
//!
//! # let scratch = tempfile::tempdir().unwrap();
//! let archive = Archive::open(Config::create(&scratch.path().join("holdings"))?)?;
//! let unknown = [("H0001".parse()?, "HZ/R1/B1/C01/A/01/1/01".parse()?)];
//! let error = archive.plan_relocation(&"move-7".parse()?, &unknown).unwrap_err();
//! assert_eq!(error.kind(), archive::ErrorKind::NotFound);
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! [`archive_shelving::plan::relocation`] says which moves, and in which order. The catalogue carries out
//! stages of them: in a stage no box moves twice and no slot is wanted twice, so that a box that makes room
//! for a closed cycle comes to its slot in a later stage. Stages are kept in `relocations/` in the archive's
//! directory before the first move; where each box is, the catalogue knows. So any process goes on after any
//! step, and [`Archive::undo_relocation`] leads back, stage by stage.
//!
//! Limits: one site; boxes go to another one as a consignment. A plan keeps the slots of its present stage
//! alone: a slot that somebody else takes meanwhile stops a later stage, which names it.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use archive_core::holding::{Slot, SlotAddress, TagEpc};
use archive_core::identifier::{BoxNumber, RequestKey};
use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};
use archive_shelving::plan::relocation::{Standing, relocate};
use archive_store::{MoveState, PlannedMove, RelocationPlan, ShelfReceipt, SlotFilter, SlotStatus, SlotUse};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::archive::Archive;
use crate::content;
use crate::shelve::tag_of;

/// The most moves of one stage: each keeps a slot, and each receipt reads its stage.
const STAGE_LIMIT: usize = 500;

/// A plan as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    key: RequestKey,
    /// The digest of the mapping: tells the same plan from another under its key.
    mapping: Digest,
    when: DateTime<Utc>,
    closed_cycles: usize,
    openings: usize,
    stages: Vec<Vec<PlannedMove>>,
    undone: bool,
}

/// How far one move of a plan has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StagedMove {
    /// From 1; a stage begins when the one before is done.
    pub stage: usize,
    /// 盒号.
    pub box_number: BoxNumber,
    /// Where it stood; `None` where its stage was not begun.
    pub from: Option<SlotAddress>,
    /// Where it goes.
    pub to: SlotAddress,
    /// How far it has come; `None` where its stage was not begun.
    pub state: Option<MoveState>,
}

/// A batch relocation and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RelocationProgress {
    /// Its key.
    pub key: RequestKey,
    /// Its moves, in their order.
    pub moves: Vec<StagedMove>,
    /// Closed cycles, each of which takes one move more than it has boxes.
    pub closed_cycles: usize,
    /// How often an aisle is opened, where each bank has one open aisle at a time.
    pub openings: usize,
    /// Whether it is being taken back, or was.
    pub undone: bool,
    /// Whether nothing is left to be moved.
    pub done: bool,
}

/// What became of the moves that were to be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CarriedOut {
    /// The boxes that got their receipt in this call.
    pub received: Vec<BoxNumber>,
    /// Why it stopped before the end; `None` where all is done, or as much as was asked for.
    pub stopped: Option<String>,
    /// How far the plan has come.
    pub progress: RelocationProgress,
}

/// Reads a mapping: CSV with the columns `box` and `slot`.
///
/// # Errors
/// `InvalidInput`, naming file and line, where a column or a value is missing or none; `NotFound` or
/// `Unavailable` where the file cannot be read.
pub fn load_mapping(path: &Path) -> Result<Vec<(BoxNumber, SlotAddress)>, Error> {
    let name = path.display().to_string();
    let text = String::from_utf8(content::read(path)?)
        .map_err(|e| Error::invalid(name.clone(), "is no text in UTF-8").with_source(e))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let malformed = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        Error::invalid(format!("{name}, line {line}"), "is no row of CSV").with_source(error)
    };
    let header = reader.headers().map_err(malformed)?.clone();
    let column = |wanted: &str| {
        header.iter().position(|name| name.trim_start_matches('\u{feff}') == wanted).ok_or_else(|| {
            Error::invalid(name.clone(), format!("has no column {wanted:?}: a mapping has box and slot"))
        })
    };
    let (box_column, slot_column) = (column("box")?, column("slot")?);
    let mut mapping = Vec::new();
    for row in reader.records() {
        let row = row.map_err(malformed)?;
        let line = row.position().map_or(0, csv::Position::line);
        let at = |error: Error| {
            Error::invalid(format!("{name}, line {line}"), "names no box and slot").with_source(error)
        };
        let number = row.get(box_column).unwrap_or_default().parse().map_err(at)?;
        mapping.push((number, row.get(slot_column).unwrap_or_default().parse().map_err(at)?));
    }
    if mapping.is_empty() {
        return Err(Error::invalid(name, "has no rows: name a box and its slot in each"));
    }
    Ok(mapping)
}

impl Archive {
    /// Plans to bring each box of `mapping` to its slot, in the fewest moves; boxes that stand there already
    /// are left. The same plan again changes nothing and says how far it has come.
    ///
    /// # Errors
    /// - `InvalidInput`: a box or a slot stands twice in the mapping, a box is wider than its slot, or the
    ///   slot is at another site: send the box as a consignment.
    /// - `NotFound`: a box that stands nowhere, or an unknown slot.
    /// - `Conflict`: a slot is taken by a box that stays, kept for another or on a blocked column, a closed cycle has no empty
    ///   slot to use, nothing is left to move, or the key was used for another mapping.
    pub fn plan_relocation(
        &self,
        key: &RequestKey,
        mapping: &[(BoxNumber, SlotAddress)],
    ) -> Result<RelocationProgress, Error> {
        let text = serde_json::to_vec(mapping)
            .map_err(|e| Error::new(ErrorKind::Internal, "mapping", "cannot be written").with_source(e))?;
        let digest = content::digest(&text);
        let conflict = |message: &str| Error::new(ErrorKind::Conflict, format!("relocation {key}"), message);
        if let Some(known) = self.kept_relocation(key)? {
            if known.mapping != digest {
                return Err(conflict("was planned before with another mapping: use another key"));
            }
            return self.advance(&known);
        }
        let stock = self.catalogue.stock(None)?;
        let mut standing = Vec::new();
        // Slots that are kept for a box or a request take none, and no box of this plan.
        let mut kept: HashSet<SlotAddress> = stock.kept.into_iter().collect();
        for shelved in stock.boxes {
            let status = shelved.status;
            kept.extend(status.moving_to);
            match status.standing {
                archive_store::Standing::Reserved => {
                    kept.insert(status.slot);
                }
                archive_store::Standing::Confirmed => standing.push(Standing {
                    number: status.archive_box.number,
                    spine: status.archive_box.spine,
                    slot: status.slot,
                }),
            }
        }
        if let Some((number, slot)) = mapping.iter().find(|(_, slot)| kept.contains(slot)) {
            let message =
                format!("is kept for another box, and wanted for box {number}: wait, or choose another");
            return Err(Error::new(ErrorKind::Conflict, format!("slot {slot}"), message));
        }
        let block_of = self.blocked_slots()?;
        for (number, slot) in mapping {
            if let Some(block) = block_of(slot) {
                let message = format!("is on a {block} column, and wanted for box {number}: choose another");
                return Err(Error::new(ErrorKind::Conflict, format!("slot {slot}"), message));
            }
        }
        // No box waits in a slot that is kept, or on a column on which nothing is put.
        let usable = |status: &SlotStatus| {
            let address = &status.slot.address;
            !kept.contains(address) && (status.used != SlotUse::Free || block_of(address).is_none())
        };
        let all = self.catalogue.slots(&SlotFilter::default())?;
        let slots: Vec<Slot> = all.into_iter().filter(usable).map(|status| status.slot).collect();
        let plan = relocate(&slots, &standing, mapping)?;
        if plan.moves().is_empty() {
            return Err(conflict("has nothing to move: every box stands in its slot"));
        }
        let mut stages: Vec<Vec<PlannedMove>> = Vec::new();
        let mut named: (HashSet<&BoxNumber>, HashSet<&SlotAddress>) = Default::default();
        for m in plan.moves() {
            let full = stages.last().is_none_or(|stage| stage.len() == STAGE_LIMIT);
            if full || named.0.contains(&m.number) || named.1.contains(&m.to) {
                stages.push(Vec::new());
                named = Default::default();
            }
            named.0.insert(&m.number);
            named.1.insert(&m.to);
            if let Some(stage) = stages.last_mut() {
                stage.push(PlannedMove { box_number: m.number.clone(), to: m.to.clone() });
            }
        }
        let kept = Kept {
            key: key.clone(),
            mapping: digest,
            when: Utc::now(),
            closed_cycles: plan.closed_cycles(),
            openings: plan.openings(),
            stages,
            undone: false,
        };
        self.keep_relocation(&kept)?;
        self.advance(&kept)
    }

    /// How far a plan has come.
    ///
    /// # Errors
    /// `NotFound` where there is no plan of this key.
    pub fn relocation(&self, key: &RequestKey) -> Result<RelocationProgress, Error> {
        self.progress(&self.required_relocation(key)?)
    }

    /// The keys of all plans, in order.
    ///
    /// # Errors
    /// Those of reading the archive's directory; `Corrupt` where a plan in it is none.
    pub fn relocations(&self) -> Result<BTreeSet<RequestKey>, Error> {
        let directory = self.relocation_directory();
        if !directory.exists() {
            return Ok(BTreeSet::new());
        }
        let entries = fs::read_dir(&directory).map_err(|e| Error::io(&directory, "read", e))?;
        let mut keys = BTreeSet::new();
        for entry in entries {
            let path = entry.map_err(|e| Error::io(&directory, "read", e))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                keys.insert(read_kept(&path)?.key);
            }
        }
        Ok(keys)
    }

    /// Carries out the next moves of a plan, `most` at most: opens the aisle, has the box put there, and
    /// gives its receipt once its tag was seen. What the devices refuse stops the call; the next goes on.
    ///
    /// # Errors
    /// `NotFound` where there is no plan of this key; those of the catalogue.
    pub fn carry_out_relocation(&self, key: &RequestKey, most: usize) -> Result<CarriedOut, Error> {
        let kept = self.required_relocation(key)?;
        let mut received = Vec::new();
        let mut progress = self.advance(&kept)?;
        let mut stopped = None;
        while received.len() < most {
            let next = progress.moves.iter().find_map(|m| match (m.state?, &m.from) {
                (MoveState::Moving, _) => Some((m.stage, m.box_number.clone(), m.to.clone())),
                (MoveState::Returning, Some(from)) => Some((m.stage, m.box_number.clone(), from.clone())),
                _ => None,
            });
            let Some((stage, number, to)) = next else { break };
            let tag = tag_of(&number)?;
            match self.put_box(tag, &to, key.as_str()) {
                Ok(None) => {}
                Ok(Some(reason)) => stopped = Some(format!("box {number}: {reason}")),
                Err(error) => stopped = Some(format!("box {number}: {}", error.report())),
            }
            if stopped.is_some() {
                break;
            }
            self.receive_in_stage(&kept, stage, &number, Some(tag))?;
            tracing::info!(%key, %number, %to, "box stands in its new slot");
            received.push(number);
            progress = self.advance(&kept)?;
        }
        Ok(CarriedOut { received, stopped, progress })
    }

    /// Gives the receipt of a box that a person put where the plan sends it now. Again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown plan or a box that it does not move; `Conflict` where the box waits for
    /// another, or another tag was seen.
    pub fn receive_relocated(
        &self,
        key: &RequestKey,
        number: &BoxNumber,
        tag: Option<TagEpc>,
    ) -> Result<RelocationProgress, Error> {
        let kept = self.required_relocation(key)?;
        let progress = self.advance(&kept)?;
        let of_box = || progress.moves.iter().filter(|m| m.box_number == *number);
        let under_way = |m: &&StagedMove| {
            matches!(m.state, Some(MoveState::Moving | MoveState::Returning | MoveState::Waiting))
        };
        // Where nothing of it is under way, the last that was begun says why, or that it was received.
        let asked = of_box().find(under_way).or_else(|| of_box().rfind(|m| m.state.is_some()));
        match (asked, of_box().next()) {
            (Some(asked), _) => self.receive_in_stage(&kept, asked.stage, number, tag)?,
            (None, Some(later)) => {
                let message =
                    format!("moves in stage {} of relocation {key}, which was not begun", later.stage);
                return Err(Error::new(ErrorKind::Conflict, format!("box {number}"), message));
            }
            (None, None) => {
                let message = format!("is not part of relocation {key}");
                return Err(Error::new(ErrorKind::NotFound, format!("box {number}"), message));
            }
        }
        self.advance(&kept)
    }

    /// Takes a plan back: what has not moved stays, what has moved is sent back, each box with its receipt.
    /// Again changes nothing.
    ///
    /// # Errors
    /// `NotFound` where there is no plan of this key; `Conflict` where a box went on since or its old slot
    /// is taken.
    pub fn undo_relocation(&self, key: &RequestKey) -> Result<RelocationProgress, Error> {
        let mut kept = self.required_relocation(key)?;
        if !kept.undone {
            kept.undone = true;
            self.keep_relocation(&kept)?;
        }
        self.advance(&kept)
    }

    /// Begins the next stage, or the undoing of the one before, where the present one is done.
    fn advance(&self, kept: &Kept) -> Result<RelocationProgress, Error> {
        if kept.undone {
            for stage in (1..=kept.stages.len()).rev() {
                let Some(known) = self.catalogue.relocation(&stage_key(kept, stage)?)? else { continue };
                if !self.catalogue.undo_relocation(&known.key, Utc::now())?.is_done() {
                    break;
                }
            }
        } else {
            for (moves, stage) in kept.stages.iter().zip(1..) {
                let plan =
                    RelocationPlan { key: stage_key(kept, stage)?, when: kept.when, moves: moves.clone() };
                if !self.catalogue.plan_relocation(&plan)?.is_done() {
                    break;
                }
            }
        }
        self.progress(kept)
    }

    fn progress(&self, kept: &Kept) -> Result<RelocationProgress, Error> {
        let mut moves = Vec::new();
        let mut done = true;
        for (planned, stage) in kept.stages.iter().zip(1..) {
            let known = self.catalogue.relocation(&stage_key(kept, stage)?)?;
            done &= match &known {
                Some(known) => known.is_done() && known.undone.is_some() == kept.undone,
                None => kept.undone,
            };
            let items = known.map(|known| known.items).unwrap_or_default();
            moves.extend(planned.iter().enumerate().map(|(at, m)| {
                let item = items.get(at);
                StagedMove {
                    stage,
                    box_number: m.box_number.clone(),
                    from: item.map(|item| item.from.clone()),
                    to: m.to.clone(),
                    state: item.map(|item| item.state),
                }
            }));
        }
        Ok(RelocationProgress {
            key: kept.key.clone(),
            moves,
            closed_cycles: kept.closed_cycles,
            openings: kept.openings,
            undone: kept.undone,
            done,
        })
    }

    fn receive_in_stage(
        &self,
        kept: &Kept,
        stage: usize,
        number: &BoxNumber,
        tag: Option<TagEpc>,
    ) -> Result<(), Error> {
        let receipt = ShelfReceipt { when: Utc::now(), tag };
        self.catalogue.receive_relocated(&stage_key(kept, stage)?, number, receipt).map(drop)
    }

    fn relocation_directory(&self) -> PathBuf {
        self.config.directory().join("relocations")
    }

    /// A key may hold what no file name may, so that its digest names the file.
    fn relocation_path(&self, key: &RequestKey) -> PathBuf {
        let name = content::digest(key.as_str().as_bytes()).to_string();
        self.relocation_directory().join(format!("{}.json", &name[..32]))
    }

    fn kept_relocation(&self, key: &RequestKey) -> Result<Option<Kept>, Error> {
        let path = self.relocation_path(key);
        if path.exists() { read_kept(&path).map(Some) } else { Ok(None) }
    }

    fn required_relocation(&self, key: &RequestKey) -> Result<Kept, Error> {
        self.kept_relocation(key)?.ok_or_else(|| {
            let message = "was never planned: `archive relocate list` shows all";
            Error::new(ErrorKind::NotFound, format!("relocation {key}"), message)
        })
    }

    fn keep_relocation(&self, kept: &Kept) -> Result<(), Error> {
        let path = self.relocation_path(&kept.key);
        let directory = self.relocation_directory();
        fs::create_dir_all(&directory).map_err(|e| Error::io(&directory, "make", e))?;
        let text = serde_json::to_vec(kept).map_err(|e| {
            Error::new(ErrorKind::Internal, format!("relocation {}", kept.key), "cannot be written")
                .with_source(e)
        })?;
        content::write_whole(&path, &text).map_err(|e| Error::io(&path, "write", e))
    }
}

fn stage_key(kept: &Kept, stage: usize) -> Result<RequestKey, Error> {
    format!("{}.{stage}", kept.key).parse()
}

fn read_kept(path: &Path) -> Result<Kept, Error> {
    let bytes = content::read(path)?;
    serde_json::from_slice(&bytes).map_err(|e| {
        let message = "is no plan of a relocation: restore it from a copy";
        Error::new(ErrorKind::Corrupt, path.display().to_string(), message).with_source(e)
    })
}
