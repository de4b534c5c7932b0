//! Signed notes (C2SP signed-note): a text with the signatures of those who stand for it.
//!
//! ```
//! use archive_store::signed_note::{NoteSigner, SignedNote, SigningKey};
//!
//! let secret = SigningKey::generate("archive.example/hz")?;
//! let note = SignedNote::sign("holdings of 2024\n", &[&secret])?;
//! // What is kept or sent is text; the public key is text, too.
//! let public = secret.public_key().to_string().parse()?;
//! assert_eq!(note.to_string().parse::<SignedNote>()?.verified_by(&public)?, "holdings of 2024\n");
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! The format is that of the Go checksum database and of transparency logs, so that their tools read what
//! is written here: <https://c2sp.org/signed-note>. A key's name says who signs; it is not looked up
//! anywhere, and a public key must come to its holder by a way that the signer does not control.
//!
//! Limits: signatures by Ed25519 alone are made and checked; those of other kinds are kept as they are.

use std::fmt;
use std::str::FromStr;

use archive_core::identifier::quoted;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::randomness::random;
use crate::{Error, ErrorKind};

/// The most bytes that a note may have.
pub const NOTE_LIMIT: usize = 1_000_000;
/// The most signatures that a note may have.
pub const SIGNATURE_LIMIT: usize = 100;

/// The signature type of Ed25519.
const ED25519: u8 = 1;
const DASH: &str = "\u{2014} ";

fn check_name(name: &str) -> Result<(), Error> {
    let fine = !name.is_empty()
        && name.len() <= 255
        && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+');
    match fine {
        true => Ok(()),
        false => Err(Error::invalid(
            format!("key name {}", quoted(name)),
            "is not 1 to 255 bytes without spaces and plus signs, such as archive.example/hz",
        )),
    }
}

/// A public key with the name of its holder. As text: `name+id+key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
}

impl PublicKey {
    /// Whose key it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// By which signatures name the key beside its name.
    #[must_use]
    pub fn id(&self) -> u32 {
        key_id(&self.name, &self.key)
    }

    /// The type and the key, as they are written.
    fn typed(key: &VerifyingKey) -> [u8; 33] {
        let mut bytes = [ED25519; 33];
        bytes[1..].copy_from_slice(key.as_bytes());
        bytes
    }
}

fn key_id(name: &str, key: &VerifyingKey) -> u32 {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(name)
        .chain_update("\n")
        .chain_update(PublicKey::typed(key))
        .finalize()
        .into();
    let [a, b, c, d, ..] = digest;
    u32::from_be_bytes([a, b, c, d])
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:08x}+{}", self.name, self.id(), BASE64.encode(Self::typed(&self.key)))
    }
}

/// The three parts of a key's text, with the 32 bytes of an Ed25519 key.
fn key_parts<'a>(text: &'a str, what: &str) -> Result<(&'a str, u32, [u8; 32]), Error> {
    let wrong = |message: &str| Error::invalid(what.to_owned(), message.to_owned());
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(wrong("is not name+id+key"));
    };
    check_name(name)?;
    let hexadecimal = id.len() == 8 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let id = u32::from_str_radix(id, 16).ok().filter(|_| hexadecimal);
    let id = id.ok_or_else(|| wrong("has an id that is not 8 hexadecimal digits"))?;
    // What is longer than any key is not decoded.
    let bytes = Some(key).filter(|key| key.len() <= 128).and_then(|key| BASE64.decode(key).ok());
    match bytes.as_deref().and_then(<[u8]>::split_first) {
        Some((&ED25519, key)) => match key.try_into() {
            Ok(key) => Ok((name, id, key)),
            Err(_) => Err(wrong("has a key that is not 32 bytes long")),
        },
        Some(_) => {
            let message = "is of another kind than Ed25519: use a key of that kind";
            Err(Error::new(ErrorKind::Unsupported, what.to_owned(), message))
        }
        None => Err(wrong("has a key that is not base64")),
    }
}

impl FromStr for PublicKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.starts_with("PRIVATE+KEY+") {
            let message = "is a private key: keep it secret and give the public one";
            return Err(Error::invalid("public key", message));
        }
        let what = format!("public key {}", quoted(text));
        let (name, id, bytes) = key_parts(text, &what)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|e| {
            Error::invalid(what.clone(), "is no point of the curve: copy it again").with_source(e)
        })?;
        if key.is_weak() {
            return Err(Error::invalid(what, "is a weak key, by which anybody can sign: use another"));
        }
        match key_id(name, &key) == id {
            true => Ok(Self { name: name.to_owned(), key }),
            false => Err(Error::invalid(what, "has an id that is not its key's: copy it again")),
        }
    }
}

/// Holds a secret key and signs: in memory ([`SigningKey`]), or in a device that never gives it away.
///
/// # Contract
/// - What `sign` returns is the Ed25519 signature of exactly `text` by the key of `public_key`.
/// - The secret key stands in neither errors nor `Debug`.
pub trait NoteSigner: fmt::Debug + Send + Sync {
    /// The key by which its signatures are checked.
    fn public_key(&self) -> PublicKey;

    /// Signs `text`.
    ///
    /// # Errors
    /// The holder's own, such as `Unavailable` for a device that is not there.
    fn sign(&self, text: &[u8]) -> Result<[u8; 64], Error>;
}

/// A secret key in memory, forgotten when dropped. As text: `PRIVATE+KEY+name+id+key`.
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A new key of the system's randomness, held by `name`.
    ///
    /// # Errors
    /// `InvalidInput` where the name has a space or a plus sign; `Unavailable` without randomness.
    pub fn generate(name: &str) -> Result<Self, Error> {
        check_name(name)?;
        let secret = random()?;
        Ok(Self { name: name.to_owned(), key: ed25519_dalek::SigningKey::from_bytes(&secret) })
    }

    /// The key as text, for its file. Whoever reads it can sign.
    #[must_use]
    pub fn to_secret_text(&self) -> String {
        let mut bytes = [ED25519; 33];
        bytes[1..].copy_from_slice(self.key.as_bytes());
        let id = key_id(&self.name, &self.key.verifying_key());
        format!("PRIVATE+KEY+{}+{id:08x}+{}", self.name, BASE64.encode(bytes))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl FromStr for SigningKey {
    type Err = Error;

    /// Errors do not show the text, which may hold the key.
    fn from_str(text: &str) -> Result<Self, Error> {
        let what = "private key";
        let rest = text
            .strip_prefix("PRIVATE+KEY+")
            .ok_or_else(|| Error::invalid(what, "does not begin with PRIVATE+KEY+"))?;
        let (name, id, bytes) = key_parts(rest, what)?;
        let key = ed25519_dalek::SigningKey::from_bytes(&bytes);
        match key_id(name, &key.verifying_key()) == id {
            true => Ok(Self { name: name.to_owned(), key }),
            false => Err(Error::invalid(what, "has an id that is not its key's: restore it from a copy")),
        }
    }
}

impl NoteSigner for SigningKey {
    fn public_key(&self) -> PublicKey {
        PublicKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    fn sign(&self, text: &[u8]) -> Result<[u8; 64], Error> {
        Ok(self.key.sign(text).to_bytes())
    }
}

/// One signature of a note, of whatever kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: String,
    /// The key's id.
    pub id: u32,
    /// The signature itself.
    pub bytes: Vec<u8>,
}

/// A text and its signatures. As text: the text, an empty line, a line for each signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

fn check_text(text: &str) -> Result<(), Error> {
    let fault = if text.len() > NOTE_LIMIT {
        "is longer than 1000000 bytes"
    } else if !text.ends_with('\n') {
        "does not end with a line end"
    } else if text.chars().any(|c| c < ' ' && c != '\n') {
        "contains a control character"
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("note {}", quoted(text)), fault))
}

impl SignedNote {
    /// Signs `text`, which ends with a line end.
    ///
    /// # Errors
    /// `InvalidInput` where the text is none for a note or nobody signs it; the signers' own.
    pub fn sign(text: &str, signers: &[&dyn NoteSigner]) -> Result<Self, Error> {
        check_text(text)?;
        if signers.is_empty() || signers.len() > SIGNATURE_LIMIT {
            let message = format!("is signed by {} keys: name 1 to {SIGNATURE_LIMIT}", signers.len());
            return Err(Error::invalid(format!("note {}", quoted(text)), message));
        }
        let mut signatures = Vec::with_capacity(signers.len());
        for signer in signers {
            let key = signer.public_key();
            let bytes = signer.sign(text.as_bytes())?.to_vec();
            signatures.push(NoteSignature { id: key.id(), name: key.name, bytes });
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Who signed, in the order of the note; nothing of it is checked yet.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The text, once `key` is seen to have signed it.
    ///
    /// # Errors
    /// `NotFound` where the note bears no signature of the key, `Corrupt` where it bears one that is not
    /// the text's.
    pub fn verified_by(&self, key: &PublicKey) -> Result<&str, Error> {
        let (name, id) = (key.name(), key.id());
        let object = || format!("note {}", quoted(&self.text));
        let Some(found) = self.signatures.iter().find(|s| s.name == name && s.id == id) else {
            let by: Vec<String> =
                self.signatures.iter().take(5).map(|s| format!("{}+{:08x}", quoted(&s.name), s.id)).collect();
            let message =
                format!("is not signed by {name}+{id:08x} but by {}: name the key of one", by.join(", "));
            return Err(Error::new(ErrorKind::NotFound, object(), message));
        };
        let signature = <[u8; 64]>::try_from(found.bytes.as_slice()).map(|b| Signature::from_bytes(&b));
        let holds = signature.is_ok_and(|s| key.key.verify_strict(self.text.as_bytes(), &s).is_ok());
        match holds {
            true => Ok(&self.text),
            false => {
                let message = format!("bears a signature of {name} that is not its own: it was changed");
                Err(Error::new(ErrorKind::Corrupt, object(), message))
            }
        }
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| {
            let mut bytes = signature.id.to_be_bytes().to_vec();
            bytes.extend_from_slice(&signature.bytes);
            writeln!(f, "{DASH}{} {}", signature.name, BASE64.encode(bytes))
        })
    }
}

impl FromStr for SignedNote {
    type Err = Error;

    fn from_str(whole: &str) -> Result<Self, Error> {
        let wrong = |message: &str| Error::invalid(format!("note {}", quoted(whole)), message.to_owned());
        if whole.len() > NOTE_LIMIT {
            return Err(wrong("is longer than 1000000 bytes"));
        }
        let end = whole.rfind("\n\n").ok_or_else(|| wrong("has no empty line before its signatures"))?;
        let (text, signed) = (&whole[..=end], &whole[end + 2..]);
        check_text(text)?;
        let lines = signed.strip_suffix('\n').ok_or_else(|| wrong("does not end with a line end"))?;
        let signatures = lines
            .split('\n')
            .take(SIGNATURE_LIMIT + 1)
            .map(|line| {
                let (name, bytes) = line.strip_prefix(DASH)?.split_once(' ')?;
                check_name(name).ok()?;
                let bytes = BASE64.decode(bytes).ok()?;
                let (id, bytes) = bytes.split_first_chunk::<4>()?;
                let id = u32::from_be_bytes(*id);
                (!bytes.is_empty()).then(|| NoteSignature {
                    name: name.to_owned(),
                    id,
                    bytes: bytes.to_vec(),
                })
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| wrong("has a signature line that is not a dash, a name and base64"))?;
        if signatures.len() > SIGNATURE_LIMIT {
            return Err(wrong("has more than 100 signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }
}
