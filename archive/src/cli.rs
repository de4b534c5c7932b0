//! The command line: the facade's verbs, for people and (with `--json`) for programs.
//!
//! Exit codes: 0 done; 1 findings, where a flag asks for it; 2 wrong usage; 3 something that was
//! given is wrong; 4 something is out of reach (engine, models, catalogue, device, disk).

mod alerts;
mod audit;
mod backlog;
mod catalogue;
mod catalogued;
mod custody;
mod demo;
mod disposal;
mod judge;
mod late;
mod line;
mod output;
mod pages;
mod pdf_pages;
mod policies;
mod printing;
mod prove;
mod relocate;
mod review;
mod rules;
mod sealed;
mod serve;
mod setup;
mod simulate;
mod simulated_year;
mod sites;
mod slots;
mod snapshots;
mod sync;
mod transfer;

use std::path::PathBuf;
use std::process::ExitCode;

use archive::{Archive, Config, Error, ErrorKind};
use clap::{Args, Parser, Subcommand};
use tracing::Level;

/// File, find and check the papers of electricity customers.
#[derive(Debug, Parser)]
#[command(name = "archive", version, arg_required_else_help = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    /// Say what is being done; twice, in detail.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 findings, where --check asks for it; 2 wrong usage; \
3 something that was given is wrong; 4 something is out of reach.";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the main job on the sample scans, end to end.
    Demo(demo::Demo),
    /// Fetch the inference engine and the models, once.
    Setup(setup::Setup),
    /// Make an archive directory with the shipped settings.
    Init(catalogued::Init),
    /// File a customer's papers.
    File(catalogued::File),
    /// Go on with files whose box is not known to stand in its slot; exit with 1 where one still does not.
    Resume(catalogued::Resume),
    /// Read the fields of pages.
    Read(pages::Read),
    /// Verify a table's claims on pages.
    Verify(pages::Verify),
    /// Find a file by anything that names it.
    Locate(catalogued::Locate),
    /// Read the tags of all aisles with boxes and compare with the catalogue.
    Inventory(catalogued::Inventory),
    /// Let the catalogue follow what the readers see; every change can be undone.
    Sync(sync::Sync),
    /// Propose slots, advise which boxes to move, and forecast space.
    #[command(subcommand)]
    Slots(slots::Slots),
    /// Move many boxes to other slots by a mapping, in the fewest moves, with receipts.
    #[command(subcommand)]
    Relocate(relocate::Relocate),
    /// Plan the shortest round through the aisles, to fetch boxes or to take stock.
    Round(slots::Round),
    /// Compare filed papers with a table of the marketing system, or two tables with each other.
    Reconcile(catalogued::Reconcile),
    /// Judge a table of the marketing system by the images of filed papers: what is probably wrong.
    Judge(judge::Judge),
    /// Early warning: alerts from the day a finding is seen to the day it is settled.
    #[command(subcommand)]
    Alerts(alerts::Alerts),
    /// Take back what reviewers decided on the exception page.
    #[command(subcommand)]
    Review(review::Review),
    /// Render the PDF on standard input for the program that reads it.
    #[command(name = archive_ocr::pdf::ARGUMENT, hide = true)]
    PdfPages,
    /// Sum up which papers are missing, by process, paper and role.
    Completeness(custody::Completeness),
    /// List whom to remind of deferred papers.
    Remind(custody::Remind),
    /// Lend files and take them back.
    #[command(subcommand)]
    Loan(custody::Loan),
    /// Print catalogues, labels, notes and lists.
    #[command(subcommand)]
    Print(printing::Print),
    /// Check the four natures of a file or of all holdings.
    Check(custody::Check),
    /// Scan content against its fixity, and restore it.
    #[command(subcommand)]
    Fixity(custody::Fixity),
    /// Write, check and take in transfer packages.
    #[command(subcommand)]
    Transfer(transfer::Transfer),
    /// Make a copy for the reading room, with a watermark.
    Copy(transfer::ReadingCopy),
    /// Write an evidence package on a file.
    Evidence(transfer::Evidence),
    /// Check the catalogue, sign checkpoints of its evidence log, and prove entries to others.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Back the catalogue up, write it to Parquet files, and read those back.
    #[command(subcommand)]
    Catalogue(catalogue::Catalogue),
    /// Seal personal data, show it for a purpose, and change the keys.
    #[command(subcommand)]
    Sealed(sealed::Sealed),
    /// List, hold, propose, approve and destroy what is due.
    #[command(subcommand)]
    Disposal(disposal::Disposal),
    /// Send boxes between sites, and merge a site that was cut off.
    #[command(subcommand)]
    Consign(sites::Consign),
    /// Propose to join boxes that are half full.
    Rebox(sites::Rebox),
    /// Add late documents to a file.
    Join(late::Join),
    /// Close a file, which takes no more documents.
    Close(late::Close),
    /// Simulate a year of a county branch, with faults and crashes, and check every invariant.
    SimulateYear(simulated_year::SimulateYear),
    /// Check policy packs, and see what a change of pack would touch.
    #[command(subcommand)]
    Policy(policies::Packs),
    /// Check or format numbering rules.
    #[command(subcommand)]
    Rule(rules::Rule),
    /// Serve a console at this machine: pages to search, look and decide, and an API of HTTP.
    Serve(serve::Serve),
    /// Draw the room of a site as SVG, boxes by state or how often they were fetched.
    Map(serve::Map),
    /// Serve simulated shelves and readers, for development without hardware.
    #[command(subcommand)]
    Simulate(simulate::Simulate),
    /// Run the conformance kit against a device.
    #[command(subcommand)]
    Prove(prove::Prove),
}

/// Which archive a verb works on.
#[derive(Debug, Args)]
struct Directory {
    /// The archive's directory.
    #[arg(long = "archive", value_name = "DIR", env = "ARCHIVE_DIR", default_value = "archive")]
    path: PathBuf,
}

impl Directory {
    fn open(&self) -> Result<Archive, Error> {
        Archive::open(Config::load(&self.path)?)
    }
}

/// What a verb ended in, where it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    /// There are findings, and a flag asks to tell by the exit code.
    Findings,
    /// Parts of a batch failed with this kind and were reported; the rest is done.
    PartlyFailed(ErrorKind),
}

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging(cli.verbose);
    let result = match &cli.verb {
        Verb::Demo(verb) => verb.run(),
        Verb::Setup(verb) => verb.run(),
        Verb::Init(verb) => verb.run(),
        Verb::File(verb) => verb.run(),
        Verb::Resume(verb) => verb.run(),
        Verb::Read(verb) => verb.run(cli.verbose > 0),
        Verb::Verify(verb) => verb.run(),
        Verb::Locate(verb) => verb.run(),
        Verb::Inventory(verb) => verb.run(),
        Verb::Sync(verb) => verb.run(),
        Verb::Slots(verb) => verb.run(),
        Verb::Relocate(verb) => verb.run(),
        Verb::Round(verb) => verb.run(),
        Verb::Reconcile(verb) => verb.run(),
        Verb::Judge(verb) => verb.run(),
        Verb::Alerts(verb) => verb.run(),
        Verb::Review(verb) => verb.run(),
        Verb::PdfPages => pdf_pages::run(),
        Verb::Completeness(verb) => verb.run(),
        Verb::Remind(verb) => verb.run(),
        Verb::Loan(verb) => verb.run(),
        Verb::Print(verb) => verb.run(),
        Verb::Check(verb) => verb.run(),
        Verb::Fixity(verb) => verb.run(),
        Verb::Transfer(verb) => verb.run(),
        Verb::Copy(verb) => verb.run(),
        Verb::Evidence(verb) => verb.run(),
        Verb::Audit(verb) => verb.run(),
        Verb::Catalogue(verb) => verb.run(),
        Verb::Sealed(verb) => verb.run(),
        Verb::Disposal(verb) => verb.run(),
        Verb::Consign(verb) => verb.run(),
        Verb::Rebox(verb) => verb.run(),
        Verb::Join(verb) => verb.run(),
        Verb::Close(verb) => verb.run(),
        Verb::SimulateYear(verb) => verb.run(),
        Verb::Policy(verb) => verb.run(),
        Verb::Rule(verb) => verb.run(),
        Verb::Serve(verb) => verb.run(),
        Verb::Map(verb) => verb.run(),
        Verb::Simulate(verb) => verb.run(),
        Verb::Prove(verb) => verb.run(),
    };
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Ok(Outcome::PartlyFailed(kind)) => ExitCode::from(exit_code(kind)),
        Err(error) => {
            output::complain(&error);
            ExitCode::from(exit_code(error.kind()))
        }
    }
}

fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::InvalidInput
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::Unsupported
        | ErrorKind::Corrupt => 3,
        _ => 4,
    }
}

fn start_logging(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => Level::INFO,
        _ => Level::DEBUG,
    };
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).with_target(false).init();
}
