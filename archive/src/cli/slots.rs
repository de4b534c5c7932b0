//! `archive slots`: proposals, advice and space; `archive round`: in which order to visit aisles.

use std::path::PathBuf;
use std::time::Duration;

use archive::Error;
use archive::rounds::RoundTimes;
use archive::slots::NewBox;
use archive::slots::blocked::BlockedColumn;
use archive_core::identifier::{BoxNumber, CustomerNumber, ProcessCode};
use archive_core::record::CustomerClass;
use archive_core::units::Millimetres;
use archive_shelving::layout::BankName;
use archive_shelving::plan::slot_choice::Block;
use chrono::Datelike as _;
use clap::{Args, Subcommand, ValueEnum};

use super::{Directory, Outcome, output};

/// Verbs on slots.
#[derive(Debug, Subcommand)]
pub(super) enum Slots {
    /// Propose a slot for a box and say why, with the runners-up.
    Propose(Propose),
    /// Advise which boxes to move, and how much opening time a month that saves.
    Advise(Advise),
    /// Forecast when each site will be full, and what electronic custody would free.
    Space(Space),
    /// Put no new box on a column that is locked or out of order.
    Block(BlockColumn),
    /// Use a column again.
    Unblock(UnblockColumn),
    /// List the columns on which nothing is put.
    Blocked {
        #[command(flatten)]
        directory: Directory,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Slots {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Propose(verb) => verb.run(),
            Self::Advise(verb) => verb.run(),
            Self::Space(verb) => verb.run(),
            Self::Block(verb) => verb.run(),
            Self::Unblock(verb) => verb.run(),
            Self::Blocked { directory, json } => {
                let blocked = directory.open()?.blocked_columns()?;
                if *json {
                    output::print_json(&blocked)?;
                } else {
                    let line = |b: &BlockedColumn| {
                        output::print(format_args!("column {} of bank {}: {}", b.column, b.bank, b.block))
                    };
                    blocked.iter().try_for_each(line)?;
                }
                Ok(Outcome::Done)
            }
        }
    }
}

/// Why nothing is put on a column, on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reason {
    Locked,
    Faulty,
}

/// Arguments of `archive slots block`.
#[derive(Debug, Args)]
pub(super) struct BlockColumn {
    /// Its bank: site/room/bank.
    bank: BankName,
    /// Its name, as in addresses of slots.
    column: String,
    /// Why.
    #[arg(long = "as", value_enum, default_value = "faulty")]
    reason: Reason,
    #[command(flatten)]
    directory: Directory,
}

impl BlockColumn {
    fn run(&self) -> Result<Outcome, Error> {
        let block = match self.reason {
            Reason::Locked => Block::Locked,
            Reason::Faulty => Block::Faulty,
        };
        self.directory.open()?.block_column(&self.bank, &self.column, Some(block))?;
        Ok(Outcome::Done)
    }
}

/// Arguments of `archive slots unblock`.
#[derive(Debug, Args)]
pub(super) struct UnblockColumn {
    /// Its bank: site/room/bank.
    bank: BankName,
    /// Its name, as in addresses of slots.
    column: String,
    #[command(flatten)]
    directory: Directory,
}

impl UnblockColumn {
    fn run(&self) -> Result<Outcome, Error> {
        self.directory.open()?.block_column(&self.bank, &self.column, None)?;
        Ok(Outcome::Done)
    }
}

/// 客户类别 on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Class {
    Residential,
    Business,
}

/// Arguments of `archive slots propose`.
#[derive(Debug, Args)]
pub(super) struct Propose {
    /// A box that has a slot: where would it stand best? A new box where absent.
    #[arg(conflicts_with_all = ["process", "class", "year", "customer", "spine", "site"])]
    number: Option<BoxNumber>,
    /// The business process of a new box.
    #[arg(long, required_unless_present = "number")]
    process: Option<ProcessCode>,
    /// The class of its customers.
    #[arg(long, value_enum, default_value = "business")]
    class: Class,
    /// Its year; this year where absent.
    #[arg(long)]
    year: Option<u16>,
    /// Its customer, where all its files will be of one.
    #[arg(long)]
    customer: Option<CustomerNumber>,
    /// The thickness of its spine in mm; the widest box of the policy where absent.
    #[arg(long, value_name = "MM")]
    spine: Option<u32>,
    /// The site at which it must stand.
    #[arg(long)]
    site: Option<String>,
    /// How many runners-up to name.
    #[arg(long, default_value_t = 3)]
    runners_up: usize,
    #[command(flatten)]
    directory: Directory,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Propose {
    fn run(&self) -> Result<Outcome, Error> {
        let archive = self.directory.open()?;
        let proposal = match (&self.number, &self.process) {
            (Some(number), _) => archive.propose_slot_for(number, self.runners_up)?,
            (None, Some(process)) => {
                let widest = archive.policy().boxing().spines.last().copied().unwrap_or_default();
                let this_year = u16::try_from(chrono::Utc::now().year()).unwrap_or(u16::MAX);
                let wanted = NewBox {
                    process: process.clone(),
                    class: match self.class {
                        Class::Residential => CustomerClass::Residential,
                        Class::Business => CustomerClass::Business,
                    },
                    year: self.year.unwrap_or(this_year),
                    customer: self.customer.clone(),
                    spine: self.spine.map_or(widest, Millimetres),
                    site: self.site.clone(),
                };
                archive.propose_slot(&wanted, self.runners_up)?
            }
            // The declarations above leave no other way.
            (None, None) => return Err(Error::invalid("arguments", "need a box, or --process")),
        };
        if self.json {
            output::print_json(&proposal)?
        } else {
            output::print(&proposal)?
        }
        Ok(Outcome::Done)
    }
}

/// Arguments of `archive slots advise`.
#[derive(Debug, Args)]
pub(super) struct Advise {
    /// The most boxes to move.
    #[arg(long, default_value_t = 100)]
    most: usize,
    /// What a move must save at least, in seconds of opening time a month.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    least: f64,
    /// Write the moves as a mapping for `archive relocate plan`: CSV with the columns box and slot.
    #[arg(long, value_name = "CSV")]
    out: Option<PathBuf>,
    #[command(flatten)]
    directory: Directory,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Advise {
    fn run(&self) -> Result<Outcome, Error> {
        let advice = self.directory.open()?.advise_slots(self.most, self.least)?;
        if let Some(path) = &self.out {
            let mut csv = String::from("box,slot\n");
            advice.moves.iter().for_each(|m| csv.push_str(&format!("{},{}\n", m.number, m.to)));
            std::fs::write(path, csv).map_err(|e| Error::io(path, "write", e))?;
        }
        if self.json {
            output::print_json(&advice)?;
            return Ok(Outcome::Done);
        }
        for m in &advice.moves {
            output::print(format_args!(
                "box {} from {} to {}: saves {:.1} s a month",
                m.number, m.from, m.to, m.saved
            ))?;
        }
        output::print(&advice)?;
        Ok(Outcome::Done)
    }
}

/// Arguments of `archive slots space`.
#[derive(Debug, Args)]
pub(super) struct Space {
    /// How many months to look ahead.
    #[arg(long, default_value_t = 240)]
    months: u32,
    #[command(flatten)]
    directory: Directory,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Space {
    fn run(&self) -> Result<Outcome, Error> {
        let outlook = self.directory.open()?.space(self.months)?;
        if self.json {
            output::print_json(&outlook)?;
            return Ok(Outcome::Done);
        }
        outlook.sites.iter().try_for_each(output::print)?;
        for freed in &outlook.freed {
            output::print(format_args!(
                "site {}: electronic custody would free {} slots and {:.1} a month; {} boxes stay for others' papers",
                freed.site, freed.slots, freed.slots_a_month, freed.mixed
            ))?;
        }
        Ok(Outcome::Done)
    }
}

/// Arguments of `archive round`.
#[derive(Debug, Args)]
pub(super) struct Round {
    /// What to fetch: archive numbers, boxes, customers, slots.
    #[arg(required_unless_present = "inventory", conflicts_with = "inventory")]
    names: Vec<String>,
    /// A walk through all aisles with boxes.
    #[arg(long)]
    inventory: bool,
    /// How long it takes to fetch a box, or to read an aisle, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    stay: u64,
    /// How long it takes to walk from one bank to another, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    way: u64,
    #[command(flatten)]
    directory: Directory,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Round {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let archive = self.directory.open()?;
        let times = RoundTimes { stay: Duration::from_secs(self.stay), way: Duration::from_secs(self.way) };
        let planned = match self.inventory {
            true => archive.plan_inventory_walk(&times)?,
            false => archive.plan_retrieval(&self.names, &times)?,
        };
        if self.json {
            output::print_json(&planned)?;
            return Ok(Outcome::Done);
        }
        for (stop, boxes) in planned.round.stops().iter().zip(&planned.boxes) {
            let at = stop.enter.as_secs();
            output::print(format_args!(
                "{} of {}, after {at} s, {} boxes",
                stop.aisle,
                stop.bank,
                boxes.len()
            ))?;
            if !self.inventory {
                for (slot, number) in boxes {
                    output::print(format_args!("  {slot} box {number}"))?;
                }
            }
        }
        output::print(&planned.round)?;
        Ok(Outcome::Done)
    }
}
