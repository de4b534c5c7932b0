//! Where the keys of sealed values come from: a file, memory, or a service of one's own.
//!
//! ```
//! use archive_store::key_provider::{KeyProvider, KeyRing};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let path = folder.path().join("keys.toml");
//! KeyRing::add_to_file(&path, &"2026-11".parse()?)?;
//! let ring = KeyRing::from_file(&path)?;
//! assert_eq!(ring.current()?.as_str(), "2026-11");
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A key is 32 bytes under an id. The key of a value stands beside it by its id alone; a lost key means lost
//! values, so the file is kept as the catalogue is, and elsewhere than its backups.
//!
//! Limits: a key ring's file is as safe as its directory; on Unix it is refused where others may read it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use archive_core::data_file;
use archive_core::identifier::quoted;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::randomness::random;
use crate::{Error, ErrorKind};

/// The name of a key: 1 to 64 letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

impl KeyId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            return Ok(Self(text.to_owned()));
        }
        let message = "is not 1 to 64 letters, digits, -, _ and .";
        Err(Error::invalid(format!("key id {}", quoted(text)), message))
    }
}

impl TryFrom<String> for KeyId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 32 secret bytes, forgotten when dropped and never shown.
#[derive(Clone)]
pub struct KeyBytes(Zeroizing<[u8; 32]>);

impl KeyBytes {
    /// The key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new key of the system's randomness.
    ///
    /// # Errors
    /// `Unavailable` without randomness.
    pub fn generate() -> Result<Self, Error> {
        random().map(Self::new)
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyBytes(…)")
    }
}

/// Gives the keys of sealed values.
///
/// # Contract
/// - The same id always gives the same key.
/// - A key that values are sealed with is given for as long as there are such values.
/// - Keys stand in neither errors nor `Debug`.
pub trait KeyProvider: fmt::Debug + Send + Sync {
    /// The key that new values are sealed with.
    ///
    /// # Errors
    /// The provider's own, such as `Unavailable` for a service that is out of reach.
    fn current(&self) -> Result<KeyId, Error>;

    /// The key `id`.
    ///
    /// # Errors
    /// `Denied` where the provider does not hold it; the provider's own.
    fn key(&self, id: &KeyId) -> Result<KeyBytes, Error>;
}

/// Keys in memory, or read from a file.
#[derive(Clone)]
pub struct KeyRing {
    place: String,
    current: KeyId,
    keys: BTreeMap<KeyId, KeyBytes>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("current", &self.current).field("ids", &self.keys.keys()).finish()
    }
}

/// The file of a key ring: which key is current, and each key in base64.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RingFile {
    current: KeyId,
    keys: BTreeMap<KeyId, String>,
}

impl Drop for RingFile {
    fn drop(&mut self) {
        self.keys.values_mut().for_each(Zeroize::zeroize);
    }
}

impl KeyRing {
    /// A ring with one key, which is current.
    #[must_use]
    pub fn new(id: KeyId, key: KeyBytes) -> Self {
        Self { place: "the key ring".into(), current: id.clone(), keys: BTreeMap::from([(id, key)]) }
    }

    /// Adds a key and makes it the current one.
    ///
    /// # Errors
    /// `Conflict` where the ring has a key of that id.
    pub fn add(&mut self, id: KeyId, key: KeyBytes) -> Result<(), Error> {
        if self.keys.contains_key(&id) {
            let message = "is in the key ring already: name a new one";
            return Err(Error::new(ErrorKind::Conflict, format!("key {id}"), message));
        }
        self.keys.insert(id.clone(), key);
        self.current = id;
        Ok(())
    }

    /// Reads the ring in the file at `path`.
    ///
    /// # Errors
    /// Those of reading it; `Denied` where others than its owner may read it (on Unix); `InvalidInput` where
    /// it is no key ring.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        check_mode(path)?;
        let text = Zeroizing::new(data_file::read(path)?);
        let place = path.display().to_string();
        // The parser's own message may show the line, and with it a key.
        let file: RingFile = toml_of(&text).ok_or_else(|| {
            Error::invalid(&place, "is no key ring: `current = ID` and `[keys]` of `ID = BASE64`")
        })?;
        let mut keys = BTreeMap::new();
        for (id, text) in &file.keys {
            let bytes = Zeroizing::new(BASE64.decode(text).unwrap_or_default());
            let bytes = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| {
                Error::invalid(&place, format!("has a key {id} that is not 32 bytes in base64"))
            })?;
            keys.insert(id.clone(), KeyBytes::new(bytes));
        }
        if !keys.contains_key(&file.current) {
            let message = format!("lacks its current key {}: restore it from a copy", file.current);
            return Err(Error::invalid(place, message));
        }
        Ok(Self { place, current: file.current.clone(), keys })
    }

    /// Makes a new key `id` in the file at `path`, which is made where it is not there, and makes it the
    /// current one. The file is replaced as a whole.
    ///
    /// # Errors
    /// Those of [`KeyRing::from_file`], [`KeyRing::add`] and of writing the file.
    pub fn add_to_file(path: &Path, id: &KeyId) -> Result<(), Error> {
        let ring = if path.exists() {
            let mut ring = Self::from_file(path)?;
            ring.add(id.clone(), KeyBytes::generate()?)?;
            ring
        } else {
            Self::new(id.clone(), KeyBytes::generate()?)
        };
        // Room for all of it, so that no shorter piece is left behind when it grows.
        let mut text = Zeroizing::new(String::with_capacity(256 + 128 * ring.keys.len()));
        text.push_str(&format!("current = \"{}\"\n\n[keys]\n", ring.current));
        for (id, key) in &ring.keys {
            let key = Zeroizing::new(BASE64.encode(key.expose()));
            text.push_str(&Zeroizing::new(format!("\"{id}\" = \"{}\"\n", key.as_str())));
        }
        write_private(path, text.as_bytes()).map_err(|e| Error::io(path, "write the key ring", e))
    }
}

fn toml_of(text: &str) -> Option<RingFile> {
    data_file::parse("", text).ok()
}

/// Refuses a file that others than its owner may read.
fn check_mode(path: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path)
            .map_err(|e| Error::io(path, "read the key ring", e))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            let message = "may be read by others than its owner: take their rights away (chmod 600)";
            return Err(Error::new(ErrorKind::Denied, path.display().to_string(), message));
        }
    }
    Ok(())
}

/// Writes beside `path` a file that is its owner's alone, flushes it and renames it into place.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let directory = path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = options
        .open(&partial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&partial, path))
        .and_then(|()| std::fs::File::open(directory)?.sync_all());
    written.inspect_err(|_| {
        // What is half a ring must not lie about.
        let _ = std::fs::remove_file(&partial);
    })
}

impl KeyProvider for KeyRing {
    fn current(&self) -> Result<KeyId, Error> {
        Ok(self.current.clone())
    }

    fn key(&self, id: &KeyId) -> Result<KeyBytes, Error> {
        self.keys.get(id).cloned().ok_or_else(|| {
            let message = format!("is not in {}: give the ring that holds it, or restore it", self.place);
            Error::new(ErrorKind::Denied, format!("key {id}"), message)
        })
    }
}
