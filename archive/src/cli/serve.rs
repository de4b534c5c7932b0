//! `archive serve`: pages and an API of HTTP over an archive; `archive map`: a site as a drawing.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use archive::console::{Console, ConsoleOptions, PORT, Token};
use archive::room_map::{Shown, Style};
use archive::{Error, ErrorKind};
use clap::Args;

use super::alerts::BookFile;
use super::{Directory, Outcome, output};

/// Arguments of `archive serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    directory: Directory,
    /// Listen here; port 0 takes a free one.
    #[arg(long, value_name = "IP:PORT", default_value_t = SocketAddr::from(([127, 0, 0, 1], PORT)))]
    listen: SocketAddr,
    /// Let machines other than this one reach it; there is no TLS, so put a proxy in front.
    #[arg(long)]
    beyond_this_machine: bool,
    /// A name under which it is reached besides the address, such as a proxy's; may be given again.
    #[arg(long = "name", value_name = "HOST")]
    names: Vec<String>,
    /// A file with the token, readable by its owner alone; else one is made at each start.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    book: BookFile,
    /// How many hours a browser's session lasts.
    #[arg(long, value_name = "HOURS", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=720))]
    session_hours: u64,
    /// How many requests work on the archive at a time.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,
}

impl Serve {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        if !self.listen.ip().is_loopback() {
            if !self.beyond_this_machine {
                let message = "is not of this machine alone: say --beyond-this-machine if that is meant";
                return Err(Error::invalid(format!("--listen {}", self.listen), message));
            }
            eprintln!(
                "archive: WARNING: {} can be reached from other machines, and what is sent can be read on the way: \
                 put a proxy with TLS in front",
                self.listen
            );
        }
        let token = match &self.token_file {
            Some(path) => Token::load(path)?,
            None => Token::generate()?,
        };
        let options = ConsoleOptions {
            address: self.listen,
            names: self.names.clone(),
            session: Duration::from_secs(self.session_hours * 3600),
            alerts: Some(self.book.path(&self.directory)),
            workers: usize::from(self.workers),
            ..ConsoleOptions::new(token)
        };
        let archive = Arc::new(self.directory.open()?);
        let console = Console::bind(archive, options)?;
        // Whoever gave a file knows the token, and keeps it out of terminals and logs.
        let link = match &self.token_file {
            Some(_) => format!("http://{}/", console.address()),
            None => console.link(),
        };
        output::print(link)?;
        console.serve(interrupted())?;
        Ok(Outcome::Done)
    }
}

/// Waits until somebody ends the program.
async fn interrupted() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = interrupt.await;
}

/// Arguments of `archive map`.
#[derive(Debug, Args)]
pub(super) struct Map {
    /// The site; that of the settings where absent, or the only one.
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    #[command(flatten)]
    directory: Directory,
    /// Draw how often files were fetched within a year instead of the states of boxes.
    #[arg(long)]
    heat: bool,
    /// Print the figures as JSON instead of a drawing.
    #[arg(long)]
    json: bool,
}

impl Map {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        let archive = self.directory.open()?;
        let site = match self.site.as_deref().or_else(|| archive.config().site()) {
            Some(site) => site.to_owned(),
            None => match &archive.catalogue().sites()?[..] {
                [only] => only.site.clone(),
                [] => return Err(Error::new(ErrorKind::NotFound, "sites", "are none in the catalogue")),
                several => {
                    let names: Vec<&str> = several.iter().map(|s| s.site.as_str()).collect();
                    return Err(Error::invalid(
                        "--site",
                        format!("is needed: {} are there", names.join(", ")),
                    ));
                }
            },
        };
        let map = archive.room_map(&site)?;
        let shown = if self.heat { Shown::Heat } else { Shown::States };
        match self.json {
            true => output::print_json(&map)?,
            false => output::print(map.to_svg(Style::Embedded, shown))?,
        }
        Ok(Outcome::Done)
    }
}
