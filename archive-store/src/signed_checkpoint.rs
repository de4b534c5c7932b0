//! Checkpoints of the evidence log, signed, and proofs that are checked without the catalogue.
//!
//! ```
//! use archive_store::signed_note::{NoteSigner, SigningKey};
//! use archive_store::{Catalogue, LogProof, MemoryCatalogue, SignedCheckpoint};
//!
//! let secret = SigningKey::generate("archive.example/hz")?;
//! let public = secret.public_key();
//! let catalogue = MemoryCatalogue::new()?;
//! # catalogue.add_slots(vec![archive_core::holding::Slot {
//! #     address: "HZ/R1/B1/C01/A/1/1/1".parse()?, width: archive_core::units::Millimetres(50) }])?;
//! // Text that is kept where the catalogue's owner cannot write.
//! let kept = SignedCheckpoint::sign(&catalogue.checkpoint()?, &secret)?.to_string();
//!
//! // Later: the log still begins with what it held then.
//! let kept: SignedCheckpoint = kept.parse()?;
//! assert!(catalogue.verify(&[kept.verified_by(&public)?])?.holds());
//!
//! // One entry, proven to somebody who has the public key and nothing else.
//! let proof = LogProof::of(&catalogue, 0, &kept, &public)?.to_string();
//! assert_eq!(proof.parse::<LogProof>()?.verified_by(&public)?.position, 0);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! The formats are C2SP tlog-checkpoint and tlog-proof: <https://c2sp.org/tlog-checkpoint>,
//! <https://c2sp.org/tlog-proof>. The origin of a checkpoint is the name of the key that signs it, and the
//! extra data of a proof is the entry itself.

use std::fmt;
use std::str::FromStr;

use archive_core::identifier::quoted;
use archive_core::record::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::evidence_log::{Checkpoint, InclusionProof, LogEntry};
use crate::signed_note::{NOTE_LIMIT, NoteSigner, PublicKey, SignedNote};
use crate::{Catalogue, Error, ErrorKind};

/// A checkpoint with the signatures of those who stand for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint(SignedNote);

impl SignedCheckpoint {
    /// Signs `checkpoint` in the name of the signer's key.
    ///
    /// # Errors
    /// The signer's own.
    pub fn sign(checkpoint: &Checkpoint, signer: &dyn NoteSigner) -> Result<Self, Error> {
        let root = BASE64.encode(checkpoint.root.0);
        let text = format!("{}\n{}\n{root}\n", signer.public_key().name(), checkpoint.size);
        SignedNote::sign(&text, &[signer]).map(Self)
    }

    /// The checkpoint, once `key` is seen to have signed it as its own log's.
    ///
    /// # Errors
    /// As [`SignedNote::verified_by`]; `InvalidInput` where what was signed is no checkpoint or one of
    /// another log.
    pub fn verified_by(&self, key: &PublicKey) -> Result<Checkpoint, Error> {
        let text = self.0.verified_by(key)?;
        let wrong =
            |message: &str| Error::invalid(format!("checkpoint {}", quoted(text)), message.to_owned());
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        if lines.next() != Some(key.name()) {
            return Err(wrong("is of another log than its key's: name the key of that log"));
        }
        let size = lines.next().and_then(|line| Some((line, line.parse::<u64>().ok()?)));
        let size = size.filter(|(line, size)| size.to_string() == *line).map(|(_, size)| size);
        let size = size.ok_or_else(|| wrong("has no number of entries in its second line"))?;
        let root = lines.next().and_then(hash).ok_or_else(|| wrong("has no root hash in its third line"))?;
        if lines.any(str::is_empty) {
            return Err(wrong("has an empty line among its extensions"));
        }
        Ok(Checkpoint { size, root })
    }
}

/// 32 bytes in base64, in their one writing.
fn hash(line: &str) -> Option<Digest> {
    let bytes = Some(line).filter(|line| line.len() == 44).and_then(|line| BASE64.decode(line).ok())?;
    bytes.try_into().ok().map(Digest)
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SignedCheckpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse().map(Self)
    }
}

const PROOF_TITLE: &str = "c2sp.org/tlog-proof@v1";

/// The proof that one entry stands in the log of a signed checkpoint, which is all that it takes to check
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    proof: InclusionProof,
    checkpoint: SignedCheckpoint,
}

impl LogProof {
    /// Proves the entry at `position` of `catalogue`, in the log of a `checkpoint` that `key` signed.
    ///
    /// # Errors
    /// Those of [`SignedCheckpoint::verified_by`] and [`Catalogue::prove_inclusion`]; `Corrupt` where the
    /// catalogue's log is not that of the checkpoint: [`Catalogue::verify`] says more.
    pub fn of(
        catalogue: &dyn Catalogue,
        position: u64,
        checkpoint: &SignedCheckpoint,
        key: &PublicKey,
    ) -> Result<Self, Error> {
        let proof = catalogue.prove_inclusion(position, checkpoint.verified_by(key)?.size)?;
        let proof = Self { proof, checkpoint: checkpoint.clone() };
        proof.verified_by(key).map(|_| proof.clone())
    }

    /// The entry, once it is seen to stand in the log of a checkpoint that `key` signed.
    ///
    /// # Errors
    /// Those of [`SignedCheckpoint::verified_by`]; `Corrupt` where the entry is not in that log.
    pub fn verified_by(&self, key: &PublicKey) -> Result<&LogEntry, Error> {
        if self.proof.holds(&self.checkpoint.verified_by(key)?) {
            return Ok(&self.proof.entry);
        }
        let message = "is not in the log of the checkpoint: it, the proof or the log was changed";
        Err(Error::new(ErrorKind::Corrupt, format!("log entry {}", self.proof.entry.position), message))
    }
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let InclusionProof { entry, hashes } = &self.proof;
        writeln!(f, "{PROOF_TITLE}\nextra {}\nindex {}", BASE64.encode(&entry.event), entry.position)?;
        hashes.iter().try_for_each(|hash| writeln!(f, "{}", BASE64.encode(hash.0)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for LogProof {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |message: &str| Error::invalid(format!("proof {}", quoted(text)), message.to_owned());
        if text.len() > 2 * NOTE_LIMIT {
            return Err(wrong("is longer than 2000000 bytes"));
        }
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or_else(|| wrong("has no empty line before its checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(PROOF_TITLE) {
            return Err(wrong("does not begin with c2sp.org/tlog-proof@v1"));
        }
        let event = lines.next().and_then(|line| BASE64.decode(line.strip_prefix("extra ")?).ok());
        let event = event.and_then(|bytes| String::from_utf8(bytes).ok());
        let event = event.ok_or_else(|| wrong("does not bear the entry as its extra data, in base64"))?;
        let position = lines.next().and_then(|line| line.strip_prefix("index "));
        let position = position.and_then(|text| text.parse::<u64>().ok().filter(|n| n.to_string() == text));
        let position = position.ok_or_else(|| wrong("does not say the entry's index"))?;
        // A path to the root is no longer than a position has bits.
        let hashes: Option<Vec<Digest>> = lines.take(65).map(hash).collect();
        let hashes = hashes.filter(|hashes| hashes.len() <= 64);
        let hashes = hashes.ok_or_else(|| wrong("has a hash that is not 32 bytes in base64, or too many"))?;
        let proof = InclusionProof { entry: LogEntry { position, event }, hashes };
        Ok(Self { proof, checkpoint: checkpoint.parse()? })
    }
}
