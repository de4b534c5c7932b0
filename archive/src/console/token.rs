//! The secret that lets callers in.

use std::fmt;
use std::path::Path;

use archive_core::data_file;
use archive_core::{Error, ErrorKind};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

/// The fewest characters of a token from a file: 128 bits in hexadecimal.
const SHORTEST: usize = 32;
const LONGEST: usize = 512;

/// A secret that lets callers in. It does not show itself in logs.
#[derive(Clone)]
pub struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// A token of 256 random bits.
    ///
    /// # Errors
    /// `Unavailable` where the system has no randomness.
    pub fn generate() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|e| {
            let message = "is not to be had: the system gives none";
            Error::new(ErrorKind::Unavailable, "randomness", message).with_source(e)
        })?;
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The token in the file at `path`, which only its owner, who is this process's user, may read.
    ///
    /// # Errors
    /// `Denied` where others may read the file or own it; `InvalidInput` where the token is short, long or has other
    /// characters than letters, digits, `-` and `_`; those of reading it.
    pub fn load(path: &Path) -> Result<Self, Error> {
        check_owner(path)?;
        let text = data_file::read(path)?;
        let token = text.trim();
        let printable = token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !printable || !(SHORTEST..=LONGEST).contains(&token.len()) {
            let message = format!(
                "holds no token of {SHORTEST} to {LONGEST} letters, digits, \"-\" and \"_\": write one by \
                 `head -c 32 /dev/urandom | base64 | tr +/ -_ | tr -d =`"
            );
            return Err(Error::invalid(path.display().to_string(), message));
        }
        Ok(Self(token.to_owned()))
    }

    /// Whether `given` is the token; how long that takes does not depend on where they differ.
    #[must_use]
    pub fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// The token itself, to be shown to whoever started the console.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(unix)]
fn check_owner(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt as _;

    let meta = std::fs::metadata(path).map_err(|e| Error::io(path, "read the token", e))?;
    let denied = |message| Err(Error::new(ErrorKind::Denied, path.display().to_string(), message));
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return denied("belongs to another user: a token is its owner's alone");
    }
    if meta.mode() & 0o077 != 0 {
        return denied("can be read by others: run `chmod 600` on it");
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Path) -> Result<(), Error> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_random_and_hidden() {
        let (one, other) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_eq!(one.reveal().len(), 43);
        assert!(one.is(one.reveal()) && !one.is(other.reveal()) && !one.is(""));
        assert!(!one.is(&one.reveal()[..42]) && !format!("{one:?}").contains(one.reveal()));
    }

    #[cfg(unix)]
    #[test]
    fn a_token_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let write = |text: &str, mode| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            Token::load(&path)
        };
        let good = "a-b_".repeat(10);
        assert!(write(&format!("{good}\n"), 0o600).unwrap().is(&good));
        for mode in [0o644, 0o660, 0o606] {
            let error = write(&good, mode).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Denied);
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        for bad in ["", "short", &"x".repeat(513), &format!("{good} {good}"), &"口令".repeat(40)] {
            assert_eq!(write(bad, 0o600).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
        assert_eq!(Token::load(&directory.path().join("none")).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
