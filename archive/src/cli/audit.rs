//! Verbs on evidence: what must hold of the catalogue, signed checkpoints, and proofs for others.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use archive::{Error, ErrorKind};
use archive_core::data_file;
use archive_core::identifier::ReferenceCode;
use archive_store::signed_note::{NoteSigner, PublicKey, SigningKey};
use archive_store::{LogProof, SignedCheckpoint};
use clap::{Args, Subcommand};

use super::{Directory, Outcome, output};

/// Verbs on evidence.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Check the catalogue from each end; exit with 1 where something is broken.
    Catalogue {
        #[command(flatten)]
        directory: Directory,
        /// Print one JSON line a break.
        #[arg(long)]
        json: bool,
    },
    /// Make a key that signs checkpoints, and print its public half.
    Key {
        /// Whose log it signs, such as archive.example/hz.
        name: String,
        /// The new file of the secret key, readable by its owner alone.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Sign the present state of the evidence log; keep it where the archive's operators cannot write.
    Checkpoint {
        /// The file of the secret key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// A new file for it; else it is printed.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        directory: Directory,
    },
    /// Compare the evidence log with checkpoints kept elsewhere; exit with 1 where it is not theirs.
    Verify {
        /// Checkpoints that were kept; the more, the closer is a change placed.
        #[arg(long = "checkpoint", value_name = "FILE", required = true)]
        checkpoints: Vec<PathBuf>,
        #[command(flatten)]
        public_key: SignedBy,
        #[command(flatten)]
        directory: Directory,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write a proof of each log entry on a file, to be checked without the archive.
    Prove {
        /// The archive number.
        reference: ReferenceCode,
        /// The signed checkpoint that the proofs lead to.
        #[arg(long, value_name = "FILE")]
        checkpoint: PathBuf,
        #[command(flatten)]
        public_key: SignedBy,
        /// A new directory for the proofs.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        #[command(flatten)]
        directory: Directory,
    },
    /// Check proofs with nothing but the public key, and print the entries that they prove.
    CheckProof {
        /// The proofs.
        #[arg(required = true)]
        proofs: Vec<PathBuf>,
        #[command(flatten)]
        public_key: SignedBy,
    },
}

/// Whose signature counts.
#[derive(Debug, Args)]
pub(super) struct SignedBy {
    /// The public key, or a file that holds it.
    #[arg(long = "public-key", value_name = "KEY")]
    text: String,
}

impl SignedBy {
    fn key(&self) -> Result<PublicKey, Error> {
        if self.text.contains('+') {
            return self.text.parse();
        }
        data_file::read(Path::new(&self.text))?.trim().parse()
    }
}

/// The error of the text of `path`, with the path where the text alone says too little.
fn read<T: std::str::FromStr<Err = Error>>(path: &Path) -> Result<T, Error> {
    data_file::read(path)?.parse().map_err(|e: Error| {
        Error::new(e.kind(), path.display().to_string(), "is not what it should be").with_source(e)
    })
}

/// Writes a file that was not there; one that is secret is its owner's alone.
fn write_new(path: &Path, text: &str, secret: bool) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = secret;
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Error::new(ErrorKind::Conflict, path.display().to_string(), "is there already: name a new file")
        }
        _ => Error::io(path, "write", e),
    })
}

impl Audit {
    pub(super) fn run(&self) -> Result<Outcome, Error> {
        match self {
            Self::Catalogue { directory, json } => {
                let breaks = directory.open()?.catalogue().audit()?;
                for found in &breaks {
                    match json {
                        true => output::print_json(found)?,
                        false => output::print(found)?,
                    }
                }
                if !breaks.is_empty() {
                    return Ok(Outcome::Findings);
                }
                if !json {
                    output::print("nothing is broken")?;
                }
            }
            Self::Key { name, out } => {
                let key = SigningKey::generate(name)?;
                write_new(out, &format!("{}\n", key.to_secret_text()), true)?;
                output::print(key.public_key())?;
            }
            Self::Checkpoint { key, out, directory } => {
                let key: SigningKey = data_file::read(key)?.trim().parse()?;
                let checkpoint = directory.open()?.catalogue().checkpoint()?;
                let signed = SignedCheckpoint::sign(&checkpoint, &key)?;
                match out {
                    Some(path) => {
                        write_new(path, &signed.to_string(), false)?;
                        output::print(format_args!("{}: {} entries", path.display(), checkpoint.size))?;
                    }
                    None => output::print(signed.to_string().trim_end())?,
                }
            }
            Self::Verify { checkpoints, public_key, directory, json } => {
                let key = public_key.key()?;
                let kept = checkpoints
                    .iter()
                    .map(|path| read::<SignedCheckpoint>(path)?.verified_by(&key))
                    .collect::<Result<Vec<_>, _>>()?;
                let found = directory.open()?.catalogue().verify(&kept)?;
                if *json {
                    output::print_json(&found)?;
                } else {
                    found.breaks.iter().try_for_each(output::print)?;
                    let agreed = found.agreed.map_or(0, |c| c.size);
                    output::print(match found.disputed {
                        None => format!("the log's {} entries go on from {agreed} kept", found.present.size),
                        Some(c) => format!(
                            "the first entry that differs is one of {agreed} to {}",
                            c.size.max(1) - 1
                        ),
                    })?;
                }
                if !found.holds() {
                    return Ok(Outcome::Findings);
                }
            }
            Self::Prove { reference, checkpoint, public_key, out, directory } => {
                let (key, signed) = (public_key.key()?, read::<SignedCheckpoint>(checkpoint)?);
                let size = signed.verified_by(&key)?.size;
                let archive = directory.open()?;
                let entries = archive.catalogue().history(reference)?;
                std::fs::create_dir(out).map_err(|e| Error::io(out, "make the directory", e))?;
                let mut written = 0;
                for entry in entries.iter().filter(|entry| entry.position < size) {
                    let proof = LogProof::of(archive.catalogue(), entry.position, &signed, &key)?;
                    write_new(
                        &out.join(format!("entry-{}.tlog-proof", entry.position)),
                        &proof.to_string(),
                        false,
                    )?;
                    written += 1;
                }
                output::print(format_args!(
                    "{}: proofs of {written} entries on {reference}; {} came after the checkpoint",
                    out.display(),
                    entries.len() - written
                ))?;
            }
            Self::CheckProof { proofs, public_key } => {
                let key = public_key.key()?;
                for path in proofs {
                    let proof: LogProof = read(path)?;
                    output::print(&proof.verified_by(&key)?.event)?;
                }
            }
        }
        Ok(Outcome::Done)
    }
}
