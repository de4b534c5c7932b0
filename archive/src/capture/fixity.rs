//! Fixity by SHA-256 or SM3, under the identifier of its suite.
//!
//! ```
//! use archive::capture::{Fixity, Suite};
//!
//! let fixity = Fixity::of(Suite::Sm3, b"abc");
//! let text = fixity.to_string();
//! assert!(text.starts_with("sm3:66c7f0f4"));
//! assert_eq!(text.parse::<Fixity>()?, fixity);
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! The catalogue keys content by SHA-256. SM3 (GB/T 32905) is for exchange with systems that ask for
//! it: transfer packages name the suite beside each digest.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use archive_core::Error;
use archive_core::identifier::quoted;
use archive_core::record::Digest;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// A digest function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suite {
    /// SHA-256.
    Sha256,
    /// SM3, GB/T 32905.
    Sm3,
}

impl Suite {
    /// Its identifier.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sm3 => "sm3",
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Suite {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "sha256" => Ok(Self::Sha256),
            "sm3" => Ok(Self::Sm3),
            _ => Err(Error::invalid(format!("suite {}", quoted(text)), "is neither sha256 nor sm3")),
        }
    }
}

/// A digest and the function that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fixity {
    /// The function.
    pub suite: Suite,
    /// Its digest.
    pub digest: Digest,
}

impl Fixity {
    /// That of `content`.
    #[must_use]
    pub fn of(suite: Suite, content: &[u8]) -> Self {
        let digest = match suite {
            Suite::Sha256 => sha2::Sha256::digest(content).into(),
            Suite::Sm3 => sm3::Sm3::digest(content).into(),
        };
        Self { suite, digest: Digest(digest) }
    }

    /// That of everything that `source` gives.
    ///
    /// # Errors
    /// That of reading.
    pub fn of_reader(suite: Suite, source: &mut dyn Read) -> std::io::Result<Self> {
        fn run<D: sha2::Digest>(source: &mut dyn Read) -> std::io::Result<Vec<u8>> {
            let mut hasher = D::new();
            let mut buffer = vec![0; 1 << 17];
            loop {
                match source.read(&mut buffer) {
                    Ok(0) => return Ok(hasher.finalize().to_vec()),
                    Ok(count) => hasher.update(&buffer[..count]),
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        let bytes = match suite {
            Suite::Sha256 => run::<sha2::Sha256>(source)?,
            Suite::Sm3 => run::<sm3::Sm3>(source)?,
        };
        let mut digest = [0; 32];
        digest.copy_from_slice(&bytes);
        Ok(Self { suite, digest: Digest(digest) })
    }
}

impl fmt::Display for Fixity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.suite, self.digest)
    }
}

impl FromStr for Fixity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (suite, digest) = text
            .split_once(':')
            .ok_or_else(|| Error::invalid(format!("fixity {}", quoted(text)), "is no suite:digest"))?;
        Ok(Self { suite: suite.parse()?, digest: digest.parse()? })
    }
}

impl TryFrom<String> for Fixity {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Fixity> for String {
    fn from(fixity: Fixity) -> Self {
        fixity.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(suite: Suite, content: &[u8], expected: &str) {
        assert_eq!(Fixity::of(suite, content).to_string(), format!("{suite}:{expected}"));
        assert_eq!(Fixity::of_reader(suite, &mut &content[..]).unwrap(), Fixity::of(suite, content));
    }

    #[test]
    fn digests_are_those_of_the_standards() {
        // FIPS 180-4 and GB/T 32905-2016, example 1.
        check(Suite::Sha256, b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check(Suite::Sm3, b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
        // GB/T 32905-2016, example 2.
        let long = b"abcd".repeat(16);
        check(Suite::Sm3, &long, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
    }

    #[test]
    fn hostile_texts_are_refused() {
        for bad in ["", "md5:00", "sm3", "sm3:", "sha256:zz", "SHA256:00"] {
            assert!(bad.parse::<Fixity>().is_err(), "{bad}");
        }
    }
}
