//! Verbs on sealed values. A value comes from standard input, never from the command line, which other
//! programs can see.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::sync::Arc;

use archive::{Archive, Error};
use archive_core::identifier::{CustomerNumber, RoleCode};
use archive_store::{Access, KeyId, KeyProvider, KeyRing, SealEntry, SealedKind, Secret};
use chrono::Utc;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Directory, Outcome, output};

/// Verbs on sealed values.
#[derive(Debug, Subcommand)]
pub(super) enum Sealed {
    /// Make a new key in the key ring, from now on the one that values are sealed with.
    Key {
        /// The key's id, such as the month.
        id: KeyId,
        #[command(flatten)]
        keys: Keys,
    },
    /// Seal a customer's value, which is read from standard input.
    Enter {
        /// The customer.
        customer: CustomerNumber,
        /// id-number, phone or id-photograph.
        kind: SealedKind,
        #[command(flatten)]
        keys: Keys,
        #[command(flatten)]
        directory: Directory,
    },
    /// Show a customer's values; the look is logged.
    Show {
        /// The customer.
        customer: CustomerNumber,
        /// Of this kind alone.
        #[arg(long)]
        kind: Option<SealedKind>,
        #[command(flatten)]
        looker: Looker,
        #[command(flatten)]
        keys: Keys,
        #[command(flatten)]
        directory: Directory,
        /// Print one JSON line a value.
        #[arg(long)]
        json: bool,
    },
    /// List the customers who have the value on standard input; the question is logged.
    Find {
        /// id-number, phone or id-photograph.
        kind: SealedKind,
        #[command(flatten)]
        looker: Looker,
        #[command(flatten)]
        keys: Keys,
        #[command(flatten)]
        directory: Directory,
    },
    /// Take a value out for good.
    Withdraw {
        /// The value's id, as `show` prints it.
        id: u64,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        directory: Directory,
    },
    /// Seal every value anew with the current key; a run that was stopped is gone on with.
    Rotate {
        /// How many values in one transaction.
        #[arg(long, default_value_t = 1000)]
        batch: usize,
        #[command(flatten)]
        keys: Keys,
        #[command(flatten)]
        directory: Directory,
    },
    /// List how many values are sealed with each key.
    Keys {
        #[command(flatten)]
        directory: Directory,
    },
}

/// The key ring.
#[derive(Debug, Args)]
pub(super) struct Keys {
    /// The file of the key ring.
    #[arg(long, value_name = "FILE", env = "ARCHIVE_KEYS")]
    keys: PathBuf,
}

impl Keys {
    fn open(&self) -> Result<Arc<dyn KeyProvider>, Error> {
        Ok(Arc::new(KeyRing::from_file(&self.keys)?))
    }
}

/// Who looks, and what for.
#[derive(Debug, Args)]
pub(super) struct Looker {
    /// In which role.
    #[arg(long)]
    role: RoleCode,
    /// Who looks.
    #[arg(long)]
    by: String,
    /// What for.
    #[arg(long)]
    purpose: String,
}

impl Looker {
    fn access(&self, archive: &Archive) -> Result<Access, Error> {
        Access::under(archive.policy(), &self.role, &self.by, &self.purpose, Utc::now())
    }
}

/// The value on the first line of standard input.
fn secret() -> Result<Secret, Error> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprintln!("the value, then Enter:");
    }
    let mut line = String::new();
    let limit = archive_store::sealed::SECRET_LIMIT as u64 + 2;
    std::io::Read::take(stdin.lock(), limit)
        .read_line(&mut line)
        .map_err(|e| Error::invalid("standard input", "cannot be read as UTF-8 text").with_source(e))?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Secret::new(line)
}

impl Sealed {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Key { id, keys } => {
                KeyRing::add_to_file(&keys.keys, id)?;
                output::print(format_args!(
                    "{}: {id} is current; keep a copy elsewhere",
                    keys.keys.display()
                ))?;
            }
            Self::Enter { customer, kind, keys, directory } => {
                let (customer, kind) = (customer.clone(), *kind);
                let entry = SealEntry { customer, kind, value: secret()?, when: Utc::now() };
                let id = directory.open()?.catalogue().seal(&entry, &keys.open()?)?;
                output::print(format_args!("sealed as {id}"))?;
            }
            Self::Show { customer, kind, looker, keys, directory, json } => {
                let archive = directory.open()?;
                let access = looker.access(&archive)?;
                for found in archive.catalogue().unseal(customer, *kind, &access, &keys.open()?)? {
                    let value = found.value.expose();
                    match json {
                        true => output::print_json(&json!({
                            "id": found.id, "kind": found.kind, "value": value, "entered": found.entered,
                        }))?,
                        false => output::print(format_args!("{} {}: {value}", found.id, found.kind))?,
                    }
                }
            }
            Self::Find { kind, looker, keys, directory } => {
                let archive = directory.open()?;
                let access = looker.access(&archive)?;
                let found = archive.catalogue().find_sealed(*kind, &secret()?, &access, &keys.open()?)?;
                found.iter().try_for_each(output::print)?;
            }
            Self::Withdraw { id, reason, directory } => {
                directory.open()?.catalogue().withdraw_sealed(*id, reason, Utc::now())?;
                output::print(format_args!("{id} is withdrawn"))?;
            }
            Self::Rotate { batch, keys, directory } => {
                let (archive, keys) = (directory.open()?, keys.open()?);
                let mut all = 0;
                loop {
                    let step = archive.catalogue().reseal(*batch, Utc::now(), &keys)?;
                    all += step.resealed;
                    if step.left == 0 {
                        break;
                    }
                }
                output::print(format_args!("{all} values were resealed with {}", keys.current()?))?;
            }
            Self::Keys { directory } => {
                for (id, values) in directory.open()?.catalogue().sealing_keys()? {
                    output::print(format_args!("{id}: {values} values"))?;
                }
            }
        }
        Ok(Outcome::Done)
    }
}
