//! Sealed values: ID numbers, phones and photographs of IDs, which nobody reads from the database's files.
//!
//! ```
//! use std::sync::Arc;
//! use archive_core::policy::Policy;
//! use archive_store::key_provider::{KeyBytes, KeyProvider, KeyRing};
//! use archive_store::sealed::{Access, SealEntry, SealedKind, Secret};
//! use archive_store::{Catalogue, MemoryCatalogue};
//!
//! let keys: Arc<dyn KeyProvider> = Arc::new(KeyRing::new("2026-11".parse()?, KeyBytes::generate()?));
//! let catalogue = MemoryCatalogue::new()?;
//! let when = "2026-11-25T08:00:00Z".parse().unwrap();
//! let phone = Secret::new("135 0000 0000")?;
//! catalogue.seal(&SealEntry { customer: "3388985508".parse()?, kind: SealedKind::Phone, value: phone, when }, &keys)?;
//!
//! // Every look at it names a role that may, a person and a purpose, and is a leaf of the evidence log.
//! let access = Access::under(&Policy::reference(), &"counter".parse()?, "王受理", "回访", when)?;
//! let found = catalogue.unseal(&"3388985508".parse()?, Some(SealedKind::Phone), &access, &keys)?;
//! assert_eq!(found[0].value.expose(), "135 0000 0000");
//! assert_eq!(catalogue.find_sealed(SealedKind::Phone, &Secret::new("+86 13500000000")?, &access, &keys)?.len(), 1);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! - A value is sealed by XChaCha20-Poly1305 with a nonce of its own. What the seal is bound to (table,
//!   column, row, customer, kind, key) is part of it, so that no row can be passed off as another.
//! - Equality is asked of a blind index: HMAC-SHA-256 over the value in its one writing.
//! - Both use keys that are drawn from the provider's by HMAC, one for each use.
//! - Which key a value is sealed with stands beside it; [`Catalogue::reseal`] goes over to the current one,
//!   some at a time, and goes on where it stopped.
//!
//! Limits: who can read the program's memory, or has the keys, reads the values. The blind index shows which
//! customers share a value. A photograph's reference is sealed, not its bytes.
//!
//! [`Catalogue::reseal`]: crate::Catalogue::reseal

use std::fmt;
use std::str::FromStr;

use archive_core::identifier::{CustomerNumber, RoleCode, quoted};
use archive_core::policy::{Ability, Policy};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::filing::{check_text, check_time};
use crate::key_provider::{KeyBytes, KeyId};
use crate::randomness::random;
use crate::{Error, ErrorKind};

/// The most bytes of a sealed value.
pub const SECRET_LIMIT: usize = 1024;
/// The most values that one call reseals.
pub const RESEAL_LIMIT: usize = 10_000;

/// What kind of value is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SealedKind {
    /// 证件号码: of a citizen's ID card or another document.
    IdNumber,
    /// 联系电话.
    Phone,
    /// 证件照片: a reference to the photograph's content, such as its digest.
    IdPhotograph,
}

impl SealedKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::IdNumber, Self::Phone, Self::IdPhotograph];

    /// Its code in tables and commands.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::IdNumber => "id-number",
            Self::Phone => "phone",
            Self::IdPhotograph => "id-photograph",
        }
    }

    /// The one writing of `value`, by which it is compared: full-width and half-width are one, and separators
    /// and the country code of a phone are left out.
    fn canonical(self, value: &Secret) -> Zeroizing<String> {
        let plain = value.expose().nfkc().filter(|c| !c.is_whitespace());
        Zeroizing::new(match self {
            Self::IdNumber => plain.filter(|c| *c != '-').flat_map(char::to_uppercase).collect(),
            Self::Phone => {
                let digits: Zeroizing<String> =
                    Zeroizing::new(plain.filter(|c| c.is_ascii_alphanumeric() || *c == '+').collect());
                let national = digits.strip_prefix("+86").or_else(|| digits.strip_prefix("0086"));
                national.unwrap_or(&digits).to_owned()
            }
            Self::IdPhotograph => plain.collect(),
        })
    }
}

impl fmt::Display for SealedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for SealedKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|kind| kind.code() == text).ok_or_else(|| {
            let message = "is none of id-number, phone, id-photograph";
            Error::invalid(format!("kind of sealed value {}", quoted(text)), message)
        })
    }
}

/// A value that stays out of logs, errors and `Debug`, and is forgotten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes `value`.
    ///
    /// # Errors
    /// `InvalidInput` where it is empty, longer than [`SECRET_LIMIT`] bytes or has control characters; the
    /// error does not show it.
    pub fn new(value: impl Into<String>) -> Result<Self, Error> {
        let value = Zeroizing::new(value.into());
        let fault = if value.trim().is_empty() {
            "is empty"
        } else if value.len() > SECRET_LIMIT {
            "is longer than 1024 bytes"
        } else if value.chars().any(char::is_control) {
            "contains a control character"
        } else {
            return Ok(Self(value));
        };
        Err(Error::invalid("a value to be sealed", fault))
    }

    /// The value itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A value to be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealEntry {
    /// 户号: whose value it is.
    pub customer: CustomerNumber,
    /// What it is.
    pub kind: SealedKind,
    /// The value, in any writing.
    pub value: Secret,
    /// When it was entered.
    pub when: DateTime<Utc>,
}

impl SealEntry {
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_time("time of sealing", self.when)?;
        match self.kind.canonical(&self.value).is_empty() {
            true => {
                Err(Error::invalid(format!("the {} to be sealed", self.kind), "has no characters that count"))
            }
            false => Ok(()),
        }
    }
}

/// A right to look at sealed values that a policy gave, with who looks and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    role: RoleCode,
    person: String,
    purpose: String,
    when: DateTime<Utc>,
}

impl Access {
    /// The access of `person` in `role`, where `policy` lets the role read personal values.
    ///
    /// # Errors
    /// `Denied` where the role may not or is unknown; `InvalidInput` without a person or a purpose.
    pub fn under(
        policy: &Policy,
        role: &RoleCode,
        person: &str,
        purpose: &str,
        when: DateTime<Utc>,
    ) -> Result<Self, Error> {
        check_text("person", person)?;
        check_text("purpose", purpose)?;
        check_time("time of the look", when)?;
        let may = |role: &archive_core::policy::Role| role.may.contains(&Ability::ReadPersonal);
        if policy.role(role).is_some_and(may) {
            let (role, person, purpose) = (role.clone(), person.to_owned(), purpose.to_owned());
            return Ok(Self { role, person, purpose, when });
        }
        let able: Vec<&str> = policy.roles().filter(|r| may(r)).map(|r| r.code.as_str()).collect();
        let message =
            format!("may not read personal values under {}; may: {}", policy.version(), able.join(", "));
        Err(Error::new(ErrorKind::Denied, format!("role {role}"), message))
    }

    /// In which role.
    #[must_use]
    pub fn role(&self) -> &RoleCode {
        &self.role
    }

    /// Who looks.
    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }

    /// What for.
    #[must_use]
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// When.
    #[must_use]
    pub fn when(&self) -> DateTime<Utc> {
        self.when
    }
}

/// A value that was unsealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsealed {
    /// By which it is withdrawn.
    pub id: u64,
    /// What it is.
    pub kind: SealedKind,
    /// The value, as it was entered.
    pub value: Secret,
    /// When it was entered.
    pub entered: DateTime<Utc>,
}

/// How far going over to the current key has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resealed {
    /// How many values were resealed by this call.
    pub resealed: u64,
    /// How many are left under other keys.
    pub left: u64,
}

/// The keys of one id, drawn from the provider's key, each for one use.
pub(crate) struct Keys {
    pub(crate) id: KeyId,
    seal: Zeroizing<[u8; 32]>,
    index: Zeroizing<[u8; 32]>,
    /// Stands in the catalogue, and tells another key under the same id.
    pub(crate) proof: [u8; 32],
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("id", &self.id).finish_non_exhaustive()
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        // Lengths first, so that no two lists of parts are the same bytes.
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// What a seal is bound to.
#[derive(Debug)]
pub(crate) struct Bound<'a> {
    pub(crate) row: u64,
    pub(crate) customer: &'a str,
    pub(crate) kind: SealedKind,
}

const NONCE: usize = 24;

impl Keys {
    pub(crate) fn of(id: KeyId, key: &KeyBytes) -> Self {
        let drawn =
            |usage: &str| mac(key.expose(), &[b"archive-store", usage.as_bytes(), id.as_str().as_bytes()]);
        let (seal, index, proof) = (drawn("seal 1"), drawn("blind index 1"), drawn("key proof 1"));
        Self { id, seal: Zeroizing::new(seal), index: Zeroizing::new(index), proof }
    }

    fn bytes_of(&self, bound: &Bound<'_>) -> Vec<u8> {
        let row = bound.row.to_string();
        let parts = ["sealed_value", "sealed", &row, bound.customer, bound.kind.code(), self.id.as_str()];
        // No part holds a NUL, so no two lists of parts are the same bytes.
        parts.join("\0").into_bytes()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.seal).into())
    }

    /// The nonce, then the sealed bytes with their tag.
    pub(crate) fn seal(&self, value: &Secret, bound: &Bound<'_>) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE] = random()?;
        let payload = Payload { msg: value.expose().as_bytes(), aad: &self.bytes_of(bound) };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| {
            Error::new(ErrorKind::Internal, "a value to be sealed", "cannot be sealed: report it")
        })?;
        Ok([&nonce[..], &sealed].concat())
    }

    pub(crate) fn open(&self, sealed: &[u8], bound: &Bound<'_>) -> Result<Secret, Error> {
        let corrupt = || {
            let message = "is not what was sealed: it was changed or moved; restore a backup";
            Error::new(ErrorKind::Corrupt, format!("sealed value {}", bound.row), message)
        };
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(corrupt)?;
        let payload = Payload { msg: sealed, aad: &self.bytes_of(bound) };
        let bytes = self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| corrupt())?;
        match String::from_utf8(bytes) {
            Ok(text) => Secret::new(text).map_err(|_| corrupt()),
            Err(_) => Err(corrupt()),
        }
    }

    /// By which a value is asked for: the same for every writing of it.
    pub(crate) fn blind(&self, kind: SealedKind, value: &Secret) -> [u8; 32] {
        mac(&self.index, &[kind.code().as_bytes(), kind.canonical(value).as_bytes()])
    }
}
