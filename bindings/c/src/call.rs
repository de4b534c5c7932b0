//! Everything else that an archive does, as one function over named requests: a new request needs no new symbol.

use std::ffi::c_char;
use std::path::{Path, PathBuf};
use std::time::Duration;

use archive::cataloguing::{Printed, Table};
use archive::checks::Occasion;
use archive::printing::Font;
use archive::rounds::RoundTimes;
use archive::slots::NewBox;
use archive::snapshots::CsvStyle;
use archive::transfer::{self, Layout};
use archive::using::ReadingRequest;
use archive::{Archive, Config, Error, ErrorKind, FilingOutcome, SubmittedDocument};
use archive_core::data_file;
use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::identifier::{BoxNumber, DocumentId, ReferenceCode, RequestKey};
use archive_core::policy::Policy;
use archive_core::units::Millimetres;
use archive_shelving::layout::BankName;
use archive_shelving::plan::slot_choice::Block;
use archive_store::Search;
use chrono::{NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::archive_handle::{MaArchive, answer};
use crate::boundary::{MaError, MaStatus, taken};

/// What is asked of an archive.
#[derive(Deserialize)]
#[serde(tag = "call", rename_all = "kebab-case", deny_unknown_fields)]
enum Call {
    Search {
        words: String,
        year: Option<u16>,
        site: Option<String>,
        limit: Option<usize>,
    },
    Join {
        reference: ReferenceCode,
        key: RequestKey,
        documents: Vec<SubmittedDocument>,
    },
    LateFiles {
        reference: ReferenceCode,
    },
    Reminders {
        since: NaiveDate,
    },
    History {
        reference: ReferenceCode,
    },
    WayTo {
        slot: SlotAddress,
    },
    Overdue,
    Holds,
    DisposalList {
        key: RequestKey,
    },
    Consignment {
        key: RequestKey,
    },
    CheckNatures {
        reference: Option<ReferenceCode>,
        occasion: Occasion,
    },
    FixityScan {
        budget: Option<u64>,
    },
    Restore {
        copies: PathBuf,
    },
    Report {
        outcomes: Vec<FilingOutcome>,
        directory: PathBuf,
    },
    PolicyImpact {
        pack: PathBuf,
    },
    MergeSite {
        site: PathBuf,
    },
    Write {
        list: List,
        path: PathBuf,
        #[serde(default)]
        lossless: bool,
    },
    Export {
        references: Vec<ReferenceCode>,
        layout: Layout,
        path: PathBuf,
    },
    TakeIn {
        path: PathBuf,
    },
    ValidatePackage {
        path: PathBuf,
    },
    EvidencePackage {
        reference: ReferenceCode,
        purpose: String,
        path: PathBuf,
    },
    ReadingCopy {
        reference: ReferenceCode,
        reader: String,
        purpose: String,
        documents: Option<Vec<DocumentId>>,
        path: PathBuf,
    },
    ProposeSlot {
        number: BoxNumber,
        #[serde(default)]
        runners_up: usize,
    },
    ProposeSlotForNew {
        wanted: NewBox,
        #[serde(default)]
        runners_up: usize,
    },
    AdviseSlots {
        most: usize,
        #[serde(default)]
        least: f64,
    },
    Space {
        months: u32,
    },
    BlockColumn {
        bank: BankName,
        column: String,
        reason: Option<Block>,
    },
    BlockedColumns,
    PlanRetrieval {
        names: Vec<String>,
        stay: Option<f64>,
        way: Option<f64>,
    },
    PlanInventoryWalk {
        stay: Option<f64>,
        way: Option<f64>,
    },
    PlanRelocation {
        key: RequestKey,
        wanted: Vec<(BoxNumber, SlotAddress)>,
    },
    Relocation {
        key: RequestKey,
    },
    Relocations,
    CarryOutRelocation {
        key: RequestKey,
        most: usize,
    },
    ReceiveRelocated {
        key: RequestKey,
        number: BoxNumber,
        tag: Option<TagEpc>,
    },
    UndoRelocation {
        key: RequestKey,
    },
    Synchronise,
    AcceptInventory {
        key: RequestKey,
        #[serde(default)]
        boxes: Vec<BoxNumber>,
    },
    SyncChanges,
    UndoSync {
        id: RequestKey,
    },
    ReboxingProposals {
        least_saving: u32,
    },
}

/// What is written for the printer or a spreadsheet.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum List {
    Items {
        year: Option<u16>,
    },
    Box(BoxNumber),
    Volume(ReferenceCode),
    HandOver {
        references: Vec<ReferenceCode>,
        giver: String,
        taker: String,
        day: NaiveDate,
    },
    Cover(ReferenceCode),
    Note {
        number: BoxNumber,
        arranger: String,
        #[serde(default)]
        checker: String,
    },
    Spines(Vec<BoxNumber>),
}

impl Call {
    /// Asks `archive`, and gives the answer as JSON.
    fn answer(self, archive: &Archive) -> Result<Value, Error> {
        match self {
            Self::Search { words, year, site, limit } => {
                let whole = Search::words(words);
                let limit = limit.unwrap_or(whole.limit);
                value(&archive.catalogue().search(&Search { year, site, limit, ..whole })?)
            }
            Self::Join { reference, key, documents } => value(&archive.join(&reference, key, documents)?),
            Self::LateFiles { reference } => value(&archive.late_files(&reference)?),
            Self::Reminders { since } => value(&archive.reminders(since)?),
            Self::History { reference } => value(&archive.history(&reference)?),
            Self::WayTo { slot } => {
                let way = archive.way_to(&slot)?;
                Ok(json!({ "way": value(&way)?, "words": way.to_string() }))
            }
            Self::Overdue => value(&archive.overdue(Utc::now())?),
            Self::Holds => value(&archive.holds()?),
            Self::DisposalList { key } => value(&archive.disposal_list(&key)?),
            Self::Consignment { key } => value(&archive.consignment(&key)?),
            Self::CheckNatures { reference: Some(reference), occasion } => {
                value(&archive.check_file(&reference, occasion)?)
            }
            Self::CheckNatures { reference: None, occasion } => value(&archive.check_holdings(occasion)?),
            Self::FixityScan { budget } => value(&archive.fixity_scan(budget)?),
            Self::Restore { copies } => value(&archive.restore(&copies)?),
            Self::Report { outcomes, directory } => value(&archive.report_filings(&directory, &outcomes)?),
            Self::PolicyImpact { pack } => {
                let pack = Policy::parse(&pack.display().to_string(), &data_file::read(&pack)?)?;
                value(&archive.policy_impact(&pack)?)
            }
            Self::MergeSite { site } => value(&archive.merge_site(&Archive::open(Config::load(&site)?)?)?),
            Self::Write { list, path, lossless } => {
                let style = CsvStyle::of(lossless);
                list.write(archive, &path, style)
            }
            Self::Export { references, layout, path } => {
                value(&archive.export(&references, layout, &path)?)
            }
            Self::TakeIn { path } => value(&archive.take_in(&path)?),
            Self::ValidatePackage { path } => value(&transfer::validate(&path)?),
            Self::EvidencePackage { reference, purpose, path } => {
                value(&archive.evidence_package(&reference, &purpose, &path, &Font::find()?)?)
            }
            Self::ReadingCopy { reference, reader, purpose, documents, path } => {
                let request = ReadingRequest { reference, reader, purpose, documents };
                let copy = archive.reading_copy(&request, &Font::find()?)?;
                let written = copy.printout.write(&path)?;
                Ok(json!({ "written": value(&written)?, "not_shown": value(&copy.not_shown)? }))
            }
            Self::ProposeSlot { number, runners_up } => {
                value(&archive.propose_slot_for(&number, runners_up)?)
            }
            Self::ProposeSlotForNew { wanted, runners_up } => {
                value(&archive.propose_slot(&wanted, runners_up)?)
            }
            Self::AdviseSlots { most, least } => value(&archive.advise_slots(most, least)?),
            Self::Space { months } => value(&archive.space(months)?),
            Self::BlockColumn { bank, column, reason } => {
                value(&archive.block_column(&bank, &column, reason)?)
            }
            Self::BlockedColumns => value(&archive.blocked_columns()?),
            Self::PlanRetrieval { names, stay, way } => {
                value(&archive.plan_retrieval(&names, &times(stay, way)?)?)
            }
            Self::PlanInventoryWalk { stay, way } => value(&archive.plan_inventory_walk(&times(stay, way)?)?),
            Self::PlanRelocation { key, wanted } => value(&archive.plan_relocation(&key, &wanted)?),
            Self::Relocation { key } => value(&archive.relocation(&key)?),
            Self::Relocations => value(&archive.relocations()?),
            Self::CarryOutRelocation { key, most } => value(&archive.carry_out_relocation(&key, most)?),
            Self::ReceiveRelocated { key, number, tag } => {
                value(&archive.receive_relocated(&key, &number, tag)?)
            }
            Self::UndoRelocation { key } => value(&archive.undo_relocation(&key)?),
            Self::Synchronise => value(&archive.synchronise(&archive.inventory()?.evidence()?)?),
            Self::AcceptInventory { key, boxes } => value(&archive.accept_inventory(&key, &boxes)?),
            Self::SyncChanges => value(&archive.sync_changes()?),
            Self::UndoSync { id } => value(&archive.undo_sync(&id)?),
            Self::ReboxingProposals { least_saving } => {
                value(&archive.reboxing_proposals(Millimetres(least_saving))?)
            }
        }
    }
}

impl List {
    fn write(&self, archive: &Archive, path: &Path, style: CsvStyle) -> Result<Value, Error> {
        let table: Table = match self {
            Self::Items { year } => {
                let search = Search { year: *year, ..Search::all() };
                archive.item_catalogue(&search)?
            }
            Self::Box(number) => archive.box_catalogue(number)?,
            Self::Volume(reference) => archive.volume_catalogue(reference)?,
            Self::HandOver { references, giver, taker, day } => {
                archive.hand_over_list(references, giver, taker, *day)?
            }
            Self::Cover(reference) => {
                return value(&Printed::Cover(&archive.volume_cover(reference)?).write(path, style)?);
            }
            Self::Note { number, arranger, checker } => {
                let note = archive.box_note(number, arranger, checker)?;
                return value(&Printed::Note(&note).write(path, style)?);
            }
            Self::Spines(numbers) => {
                let labels = numbers.iter().map(|n| archive.spine_label(n)).collect::<Result<Vec<_>, _>>()?;
                return value(&Printed::Spines(&labels).write(path, style)?);
            }
        };
        value(&Printed::Table(&table).write(path, style)?)
    }
}

/// Times in seconds; the usual ones where absent.
fn times(stay: Option<f64>, way: Option<f64>) -> Result<RoundTimes, Error> {
    let usual = RoundTimes::default();
    let time = |name: &str, seconds: Option<f64>, usual: Duration| match seconds {
        None => Ok(usual),
        Some(seconds) => Duration::try_from_secs_f64(seconds).map_err(|e| {
            Error::invalid(format!("{name} of a round"), "is no time in seconds").with_source(e)
        }),
    };
    Ok(RoundTimes { stay: time("stay", stay, usual.stay)?, way: time("way", way, usual.way)? })
}

fn value<T: Serialize>(answer: &T) -> Result<Value, Error> {
    serde_json::to_value(answer)
        .map_err(|e| Error::new(ErrorKind::Internal, "answer", "cannot be written as JSON").with_source(e))
}

/// Asks an archive for what has no function of its own. `request` is a JSON object: `call` names what is
/// asked, and its other keys are those of that call; `*out` becomes the answer as JSON, the same as the
/// facade's. `docs/c.md` lists the calls and their keys; an unknown one is refused with the list of those
/// that there are.
///
/// # Safety
/// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error`
/// must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_call(
    archive: *const MaArchive,
    request: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let call: Call = taken("call", request, length)?;
            call.answer(archive)
        })
    }
}
